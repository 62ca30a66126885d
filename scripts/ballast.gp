# Time per task against ballast: a panel for every group of cells, a series for every pool. The time is on a
# logarithmic axis where it spans decades.
eval key_of_pools
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        eval 'set xtics (' . x_tics . ')'
        by_factor = 0
        x_at(x, k, b) = x + 0.008 * x_max * (k - (pools + 1) / 2.0)
        set xrange [-0.1 * x_max:1.1 * x_max]
        if (panel_log[p]) { set logscale y } else { set yrange [0:*] }
        set format y '%.1s%cs'
        eval panel_draw
        eval panel_end
    }
    eval page_end
}
