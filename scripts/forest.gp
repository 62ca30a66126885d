# Forest plot: a panel for every group of cells, a line for every pool with the interval of its ratio to the baseline,
# what would be equal as a band, and 1 as a line.
longest = 0; lines_most = 0
do for [k = 1:pools] { longest = strlen(pool_name[k]) > longest ? strlen(pool_name[k]) : longest }
do for [p = 1:panels] { lines_most = panel_lines[p] > lines_most ? panel_lines[p] : lines_most }
name_letters = longest < 20 ? longest : 20
named(s) = strlen(s) <= name_letters ? s : s[1:name_letters - 1] . '~'
space_left = 7.2 * name_letters + 28
panel_height = 24.0 * lines_most + 10
panel_alone = 560.0
x_text = 'cost / cost of ' . (strlen(baseline) <= 24 ? baseline : 'the baseline')
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        # Of each panel by itself: one pool that is a thousand times slower must not hide the others.
        stats chart_name . '.dat' index p - 1 using 3 name 'low' nooutput
        stats chart_name . '.dat' index p - 1 using 4 name 'high' nooutput
        set ylabel ''
        set yrange [lines_most + 0.6:0.4]
        set logscale x
        least = low_min < 0.95 ? low_min : 0.95
        most = high_max > 1.06 ? high_max : 1.06
        span = most / least
        set xrange [least / span ** 0.06:most * span ** 0.06]
        if (span < 8) {
            set xtics nomirror out scale 0.6 ()
            step = span < 1.25 ? 0.05 : span < 1.6 ? 0.1 : span < 2.5 ? 0.25 : span < 4 ? 0.5 : 1
            do for [e = int(ceil(least / step)):int(floor(most / step))] { set xtics add (sprintf('%g', e * step) e * step) }
        } else {
            set xtics nomirror out scale 0.6 autofreq
        }
        set ytics scale 0
        set grid noy
        set object 101 rectangle from first 1 / (1 + margin), graph 0 to first 1 + margin, graph 1 behind \
            fillcolor rgb '#e4e4e4' fillstyle solid noborder
        set arrow 101 from first 1, graph 0 to first 1, graph 1 nohead linestyle 101 back
        plot chart_name . '.dat' index p - 1 using 2:1:3:4 with xerrorbars pointsize 0 linewidth 1.2 linecolor rgb '#444444', \
            '' index p - 1 using 2:1:(shape_of($6)):(rgb_of($6)):ytic(say(named(pool_name[int($6)]))) with points \
                pointtype variable linecolor rgb variable
        eval panel_end
    }
    eval page_end
}
