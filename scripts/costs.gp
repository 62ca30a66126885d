# What a pool costs beside the work: a panel for every cost, a line for every pool. What is in numbers beside a point is
# its value; words stand where there is none.
longest = 0
do for [l = 1:cost_lines] { k = line_pool[l]; longest = strlen(pool_name[k]) > longest ? strlen(pool_name[k]) : longest }
name_letters = longest < 14 ? longest : 14
named(s) = strlen(s) <= name_letters ? s : s[1:name_letters - 1] . '~'
space_left = 7.2 * name_letters + 28; space_right = 24.0; space_below = 30.0
panel_width = 320.0
panel_height = 26.0 * cost_lines + 14
sized_of(b) = b < 1024 ? sprintf('%.3g B', b) : b < 1048576 ? sprintf('%.3g KiB', b / 1024) : sprintf('%.3g MiB', b / 1048576)
value_text(v) = panel_bytes[p] ? sized_of(v) : short(v)
far = -9 # a line that no panel shows: where what a line does not have is put
data = chart_name . '.dat'
# Names that are cut are said in full below.
if (longest > name_letters) { eval key_of_pools }
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        stats data index p - 1 using 4 name 'top' nooutput
        stats data index p - 1 using 3 name 'low' nooutput
        by_factor = low_min > 0 && top_max > 20 * low_min
        set ylabel ''
        set yrange [cost_lines + 0.5:0.3]
        set ytics scale 0 ()
        do for [l = 1:cost_lines] { set ytics add (say(named(pool_name[line_pool[l]])) l) }
        set grid noy
        if (by_factor) {
            set logscale x
            span = top_max / low_min
            set xrange [low_min / span ** 0.15:top_max * span ** 0.15]
        } else {
            set xrange [0:top_max * 1.3]
            unit = panel_bytes[p] ? (top_max < 2048 ? 1.0 : top_max < 2097152 ? 1024.0 : 1048576.0) : unit_of(top_max)
        }
        set xlabel ''
        unset xtics
        set xtics nomirror out scale 0.6 ()
        if (by_factor) {
            decades = int(ceil(log10(top_max))) - int(floor(log10(low_min)))
            do for [e = int(floor(log10(low_min))):int(ceil(log10(top_max))):decades > 4 ? 2 : 1] {
                set xtics add (value_text(10.0 ** e) 10.0 ** e)
            }
        } else {
            do for [e = 0:4] {
                at = e * step_of(top_max / unit / 3) * unit
                set xtics add (sprintf('%g %s', at / unit, panel_bytes[p] ? (unit < 2 ? 'B' : unit < 2048 ? 'KiB' : 'MiB') \
                    : unit_name(top_max)) at)
            }
        }
        # Where there is no interval, there is no bar; the last column has words where there is no value.
        plot data index p - 1 using 2:($4 > $3 ? $1 : far):3:4 with xerrorbars pointsize 0 linewidth 1.2 \
                linecolor rgb '#444444', \
            '' index p - 1 using 2:1:(shape_of($6)):(rgb_of($6)) with points pointtype variable linecolor rgb variable, \
            '' index p - 1 using 2:1:(value_text($2)) with labels offset 0, 0.75 font sized(10), \
            '' index p - 1 using (by_factor ? low_min : 0.02 * top_max):($5 == 0 ? $1 : far):(say(stringcolumn(7))) \
                with labels left textcolor rgb '#666666' font sized(10)
        eval panel_end
    }
    eval page_end
}
