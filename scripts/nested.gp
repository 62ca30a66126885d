# The map of nested pools: tiles of processes over threads, the darker the nearer to the best of equally many workers.
data = chart_name . '.dat'
set style textbox opaque fillcolor rgb 'white' noborder margins 0.8, 0.6
set palette defined (0 '#0072B2', 1 '#e6eff6')
set cbrange [1:shade_most]
unset colorbox
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set xtics (); do for [tic = 1:x_count] { set xtics add (x_names[tic] tic - 1) }
        set ytics (); do for [tic = 1:y_count] { set ytics add (y_names[tic] tic - 1) }
        set xrange [-0.5:x_count - 0.5]
        set yrange [-0.5:y_count - 0.5]
        unset grid
        # What is not resolved is crossed out, by lines: a pattern has seams on paper.
        crossed = panel_hatched[p] ? "data index p - 1 using ($4 > 0 ? $1 - 0.49 : NaN):($2 - 0.49):(0.98):(0.98) \
            with vectors nohead linewidth 0.8 linecolor rgb '#666666', " : ''
        eval "plot data index p - 1 using 1:2:(0.49):(0.49):5 with boxxyerror fillstyle solid noborder fillcolor palette, " \
            . crossed . "data index p - 1 using 1:2:(say(stringcolumn(6))) with labels boxed font sized(11)"
        eval panel_end
    }
    eval page_end
}
