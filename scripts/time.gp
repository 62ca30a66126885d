# Where a task's time goes: a panel for every group of cells, a bar for every pool, of parts as shares; beside it how long it
# is. Dark and light parts follow one another, so that they can be told apart in grey.
array part_text[8] = ['late (rate)', 'queue', 'service', 'return', 'user', 'system', 'waiting for a CPU', 'rest: asleep, idle']
array part_colour[8] = ['#000000', '#F0B83C', '#0072B2', '#F3D9E8', '#0072B2', '#F0B83C', '#8A3B00', '#FFFFFF']

# Of parts that are nowhere, nothing is said.
array part_used[8]
do for [k = 1:8] { part_used[k] = 0 }
do for [p = 1:panels] {
    do for [k = 1:4] { if (panel_known[p] & (1 << (k - 1))) { part_used[k + (panel_latency[p] ? 0 : 4)] = 1 } }
}
do for [k = 1:8] {
    if (part_used[k]) {
        keys = keys + 1
        key_text[keys] = part_text[k]; key_shape[keys] = -1; key_colour[keys] = part_colour[k]
    }
}

longest = 0; bars_most = 0
do for [k = 1:pools] { longest = strlen(pool_name[k]) > longest ? strlen(pool_name[k]) : longest }
do for [p = 1:panels] { bars_most = panel_bars[p] > bars_most ? panel_bars[p] : bars_most }
name_letters = longest < 18 ? longest : 18
named(s) = strlen(s) <= name_letters ? s : s[1:name_letters - 1] . '~'
space_left = 7.2 * name_letters + 24
space_below = 48.0
space_right = 185.0
panel_width = 480.0
panel_height = 26.0 * bars_most + 12
panel_alone = 620.0
ends(p) = valid(7) && valid(8) ? ' [' . short(column(7)) . ' .. ' . short(column(8)) . ']' : ''

part_of(k) = valid(k + 1) ? column(k + 1) : 0
upto(k) = k < 1 ? 0 : upto(k - 1) + part_of(k)
share(k) = column(6) > 0 ? 100 * upto(k) / column(6) : 0
data = chart_name . '.dat'

eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set ylabel ''
        set yrange [bars_most + 0.6:0.4]
        set xrange [0:100]
        set xtics 0, 25, 100
        set format x chart_format eq 'tex' ? '%g \%%' : '%g %%'
        set xlabel say(panel_latency[p] ? 'of the latency of a task' : 'of workers x wall, per task') offset 0, 0.3
        first = panel_latency[p] ? 0 : 4
        set grid noy
        set ytics scale 0
        plot for [k = 1:4] data index p - 1 using (0):1:(share(k - 1)):(share(k)):($1 - 0.36):($1 + 0.36) \
                :ytic(say(named(strcol(10)))) \
                with boxxyerror fillstyle solid 1.0 border linecolor rgb '#444444' fillcolor rgb part_colour[first + k] \
                linewidth 0.6, \
            '' index p - 1 using (100):1:(say(short($6) . ends(p))) with labels left offset 1, 0 font sized(11)
        eval panel_end
    }
    eval page_end
}
