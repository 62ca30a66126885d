# What a pool costs beside the work: a panel for every cost, a line for every pool.
space_left = 96.0; space_right = 24.0; space_below = 30.0
named(s) = strlen(s) <= 10 ? s : s[1:9] . '~'
panel_height = 24.0 * pools + 14
key_needed = 0
do for [k = 1:pools] { if (strlen(pool_name[k]) > 10) { key_needed = 1 } }
if (key_needed) { eval key_of_pools }
sized_of(b) = b < 1024 ? sprintf('%.3g B', b) : b < 1048576 ? sprintf('%.3g KiB', b / 1024) : sprintf('%.3g MiB', b / 1048576)
data = chart_name . '.dat'
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        stats data index p - 1 using 4 name 'top' nooutput
        stats data index p - 1 using 3 name 'low' nooutput
        by_factor = low_min > 0 && top_max > 30 * low_min
        set ylabel ''
        set yrange [pools + 0.6:0.4]
        set ytics scale 0
        set grid noy
        if (by_factor) {
            set logscale x
            set xrange [low_min / (top_max / low_min) ** 0.15:top_max * (top_max / low_min) ** 0.1]
        } else {
            set xrange [0:top_max * 1.3]
            unit = panel_bytes[p] ? (top_max < 2048 ? 1.0 : top_max < 2097152 ? 1024.0 : 1048576.0) : unit_of(top_max)
        }
        set xlabel ''
        unset xtics
        if (by_factor) {
            set xtics nomirror out scale 0.6 ()
            do for [e = int(floor(log10(low_min))):int(ceil(log10(top_max)))] {
                set xtics add (panel_bytes[p] ? sized_of(10.0 ** e) : short(10.0 ** e) 10.0 ** e)
            }
        } else {
            set xtics nomirror out scale 0.6 ()
            do for [e = 0:4] {
                at = e * step_of(top_max / unit / 4) * unit
                set xtics add (sprintf('%g %s', at / unit, panel_bytes[p] ? (unit < 2 ? 'B' : unit < 2048 ? 'KiB' : 'MiB') \
                    : unit_name(top_max)) at)
            }
        }
        plot data index p - 1 using 2:1:3:4 with xerrorbars pointsize 0 linewidth 1.2 linecolor rgb '#444444', \
            '' index p - 1 using 2:1:(shape_of($1)):(rgb_of($1)):ytic(say(named(pool_name[int($1)]))) with points \
                pointtype variable linecolor rgb variable, \
            '' index p - 1 using 2:1:(panel_bytes[p] ? sized_of($2) : short($2)) with labels offset 0, 0.75 font sized(10)
        eval panel_end
    }
    eval page_end
}
