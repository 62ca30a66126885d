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
span = ratio_most / ratio_least
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set ylabel ''
        set yrange [lines_most + 0.6:0.4]
        set logscale x
        set xrange [ratio_least / span ** 0.05:ratio_most * span ** 0.05]
        if (span < 8) { set xtics span < 1.3 ? 0.05 : span < 2 ? 0.2 : 1; set xtics add ('1' 1) }
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
