# Where a task's time goes: a panel for every group of cells, a bar for every pool, of parts that add up. Solid, hatched,
# light and empty parts follow one another, so that they can be told apart in grey.
array part_text[8] = ['late (rate)', 'queue', 'service', 'return', 'user', 'system', 'waiting for a CPU', 'rest: asleep, idle']
array part_fill[8] = [2, 4, 3, 1, 3, 5, 2, 0]
array part_colour[8] = ['#000000', '#E69F00', '#0072B2', '#CC79A7', '#0072B2', '#D55E00', '#009E73', '#777777']
set style fill border linecolor rgb '#444444'

# Of parts that are nowhere, nothing is said.
array part_used[8]
do for [k = 1:8] { part_used[k] = 0 }
do for [p = 1:panels] {
    do for [k = 1:4] { if (panel_known[p] & (1 << (k - 1))) { part_used[k + (panel_latency[p] ? 0 : 4)] = 1 } }
}
do for [k = 1:8] {
    if (part_used[k]) {
        keys = keys + 1
        key_text[keys] = part_text[k]; key_shape[keys] = -1 - part_fill[k]; key_colour[keys] = part_colour[k]
    }
}

longest = 0; bars_most = 0
do for [k = 1:pools] { longest = strlen(pool_name[k]) > longest ? strlen(pool_name[k]) : longest }
do for [p = 1:panels] { bars_most = panel_bars[p] > bars_most ? panel_bars[p] : bars_most }
name_letters = longest < 18 ? longest : 18
space_left = 7.2 * (name_letters + 8) + 20
space_below = 48.0
panel_height = 26.0 * bars_most + 12
panel_alone = 520.0
space_right = 26.0
named(s) = strlen(s) <= name_letters ? s : s[1:name_letters - 1] . '~'

part_of(k) = valid(k + 1) ? column(k + 1) : 0
upto(k) = k < 1 ? 0 : upto(k - 1) + part_of(k)
end_of(c) = column(c) > panel_most[p] ? panel_most[p] : column(c)
set style arrow 1 nohead linecolor rgb '#000000' linewidth 1.6
set style arrow 2 head filled size screen 0.008, 20 linecolor rgb '#000000' linewidth 1.6
data = chart_name . '.dat'

do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set ylabel ''
        set yrange [panel_bars[p] + 0.6:0.4]
        unit = unit_of(panel_most[p])
        name = unit_name(panel_most[p])
        set xrange [0:panel_most[p] / unit * 1.03]
        set format x '%g ' . name
        set xtics step_of(panel_most[p] / unit * 56 / (panel_right - panel_left))
        set xlabel say(panel_latency[p] ? 'latency of a task' : 'workers x wall, per task') offset 0, 0.3
        first = panel_latency[p] ? 0 : 4
        set grid noy
        set ytics scale 0
        bars = "for [k = 1:4] data index p - 1 using (0):1:(upto(k - 1) / unit):(upto(k) / unit) \
            :($1 - 0.36):($1 + 0.36):ytic(say(named(strcol(10)) . '  ' . short($6))) \
            with boxxyerror fillstyle pattern part_fill[first + k] border linecolor rgb '#444444' \
            fillcolor rgb part_colour[first + k] linewidth 0.6"
        intervals = ", '' index p - 1 using ($7 / unit):1:((end_of(8) - $7) / unit):(0):($8 > panel_most[p] ? 2 : 1) \
            with vectors arrowstyle variable"
        eval 'plot ' . bars . (panel_intervals[p] ? intervals : '')
        eval panel_end
    }
    eval page_end
}
