# Forest plot: a panel for every group of cells, a line for every pool with the interval of its ratio to the baseline,
# what would be equal as a band, and 1 as a line. A panel ends at `frame` times the baseline's cost and at its `frame`-th
# part: what lies beyond is an arrow with its numbers, so that one pool that is a thousand times slower does not hide how
# the others compare.
frame = 2.0
longest = 0; lines_most = 0
do for [k = 1:pools] { longest = strlen(pool_name[k]) > longest ? strlen(pool_name[k]) : longest }
do for [p = 1:panels] { lines_most = panel_lines[p] > lines_most ? panel_lines[p] : lines_most }
name_letters = longest < 20 ? longest : 20
named(s) = strlen(s) <= name_letters ? s : s[1:name_letters - 1] . '~'
space_left = 7.2 * name_letters + 28
panel_height = 24.0 * lines_most + 10
panel_alone = 560.0
x_text = 'cost / cost of ' . (strlen(baseline) <= 24 ? baseline : 'the baseline')
ratio_text(r) = r < 99.5 ? sprintf('%.3g', r) : sprintf('%.0f', r)
beyond_text(r, lo, hi) = ratio_text(r) . (hi > lo ? ' [' . ratio_text(lo) . ' .. ' . ratio_text(hi) . ']' : '')
inside(r) = r < edge_lo ? edge_lo : r > edge_hi ? edge_hi : r
outside(r) = r < edge_lo || r > edge_hi
mark_at(r) = r < edge_lo ? edge_lo * tip : r > edge_hi ? edge_hi / tip : r # of a point beyond the frame: just within it
far = -9 # a line that no panel shows: where what a line does not have is put
set style arrow 101 head filled size screen 0.006, 20 linewidth 1.2 linecolor rgb '#444444'
set style arrow 102 head filled size screen 0.006, 20 linewidth 1.2 linecolor rgb variable
data = chart_name . '.dat'
# One scale for all panels, as far to the left as to the right.
reach = 1.06
do for [p = 1:panels] {
    stats data index p - 1 using 3 name 'low' nooutput
    stats data index p - 1 using 4 name 'high' nooutput
    reach = high_max > reach ? high_max : reach
    if (low_min > 0) { reach = 1 / low_min > reach ? 1 / low_min : reach }
}
reach = reach < frame ? reach : frame
least = 1 / reach; most = reach
edge_lo = least / reach ** 0.12; edge_hi = most * reach ** 0.12
tip = (edge_hi / edge_lo) ** 0.05 # of an arrow, as a factor
ratio_tics = reach < 1.12 ? '0.9 0.95 1 1.05 1.1' : reach < 1.3 ? '0.8 0.9 1 1.1 1.25' : '0.5 0.67 0.8 1 1.25 1.5 2'
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set ylabel ''
        set yrange [lines_most + 0.6:0.4]
        set logscale x
        set xrange [edge_lo:edge_hi]
        set xtics nomirror out scale 0.6 ()
        do for [ratio in ratio_tics] { if (ratio >= edge_lo && ratio <= edge_hi) { set xtics add (ratio ratio + 0) } }
        set ytics scale 0
        set grid noy
        set object 101 rectangle from first 1 / (1 + margin), graph 0 to first 1 + margin, graph 1 behind \
            fillcolor rgb '#e4e4e4' fillstyle solid noborder
        set arrow 101 from first 1, graph 0 to first 1, graph 1 nohead linestyle 101 back
        # In this order: intervals that are whole, those that go on above and below, points, and what is said of points
        # beyond the frame.
        plot data index p - 1 using 2:($4 > $3 && $3 >= edge_lo && $4 <= edge_hi ? $1 : far):3:4 with xerrorbars \
                pointsize 0 linewidth 1.2 linecolor rgb '#444444', \
            '' index p - 1 using (inside($3)):($4 > edge_hi && $2 <= edge_hi ? $1 : far):(edge_hi - inside($3)):(0) \
                with vectors arrowstyle 101, \
            '' index p - 1 using (inside($4)):($3 < edge_lo && $2 >= edge_lo ? $1 : far):(edge_lo - inside($4)):(0) \
                with vectors arrowstyle 101, \
            '' index p - 1 using (mark_at($2)):1:(shape_of($6)):(rgb_of($6)):ytic(say(named(pool_name[int($6)]))) \
                with points pointtype variable linecolor rgb variable, \
            '' index p - 1 using (mark_at($2)):(outside($2) ? $1 : far):(inside($2) - mark_at($2)):(0):(rgb_of($6)) \
                with vectors arrowstyle 102, \
            '' index p - 1 using (mark_at($2)):($2 > edge_hi ? $1 : far):(say(beyond_text($2, $3, $4))) \
                with labels right offset -1, 0 font sized(10), \
            '' index p - 1 using (mark_at($2)):($2 < edge_lo ? $1 : far):(say(beyond_text($2, $3, $4))) \
                with labels left offset 1, 0 font sized(10)
        eval panel_end
    }
    eval page_end
}
