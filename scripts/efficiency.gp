# Efficiency against task size: a panel for every workload and number of workers, a series for every pool. Where a pool
# crosses the 50 % line, half of the CPU time goes into handling tasks instead of running them.
eval key_of_pools
keys = keys + 1
key_text[keys] = '50 %'; key_shape[keys] = 0
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        eval 'set xtics (' . x_tics . ')'
        by_factor = 1
        set logscale x
        set xrange [x_min / 1.6:x_max * 1.6]
        set yrange [0:y_most > 100 ? y_most * 1.05 : 105]
        set arrow 101 from graph 0, first 50 to graph 1, first 50 nohead linestyle 101 back
        eval panel_draw
        eval panel_end
    }
    eval page_end
}
