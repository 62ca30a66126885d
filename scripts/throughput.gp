# Throughput against workers: a panel for every workload, a series for every pool, and what the CPUs could do at best.
# Where values or workers span decades, both axes are logarithmic, so that the ideal stays a straight line.
eval key_of_pools
keys = keys + 1
key_text[keys] = 'ideal'; key_shape[keys] = 0
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        eval 'set xtics (' . x_tics . ')'
        by_factor = log_scale
        if (by_factor) {
            set logscale xy
            set xrange [x_min / 1.4:x_max * 1.4]
            set yrange [y_least / 1.3:y_most * 1.3]
            if (y_most < 1000 * y_least) {
                do for [d = floor(log10(y_least)):ceil(log10(y_most))] {
                    set ytics add (10.0 ** d, 2 * 10.0 ** d, 5 * 10.0 ** d)
                }
            }
        } else {
            set xrange [x_min - 0.5:x_max + 0.5]
            if (y_shared) { set yrange [0:y_most * 1.06] } else { set yrange [0:*]; set offsets 0, 0, graph 0.06, 0 }
        }
        set format y '%.1s%c'
        eval panel_draw
        eval panel_end
    }
    eval page_end
}
