# Time per task against ballast: a panel for every group of cells, a series for every pool. The time is on a
# logarithmic axis where it spans decades. So is the ballast where it spans more than a factor of 4; no ballast then
# stands left of the smallest, by a factor of 8, behind a line.
eval key_of_pools
by_decades = x_above_0 > 0 && x_max > 4 * x_above_0
at(x) = !by_decades ? x : x > 0 ? log10(x) : log10(x_above_0 / 8)
from = at(x_min); to = at(x_max)
x_at(x, k, b) = at(x) + 0.014 * (to - from) * (k - (pools + 1) / 2.0)
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        eval 'set xtics (' . x_tics . ')'
        by_factor = 0
        set xrange [from - 0.1 * (to - from):to + 0.1 * (to - from)]
        if (by_decades && x_min == 0) {
            set arrow 101 from first at(x_above_0 / 3), graph 0 to first at(x_above_0 / 3), graph 1 nohead linestyle 101 back
        }
        if (log_scale) { set logscale y; set yrange [y_least / 1.3:y_most * 1.3] }
        if (!log_scale && y_shared) { set yrange [0:y_most * 1.06] }
        if (!log_scale && !y_shared) { set yrange [0:*] }
        set format y '%.1s%cs'
        eval panel_draw
        eval panel_end
    }
    eval page_end
}
