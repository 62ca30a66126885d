# The spectrum of latency: a panel for every group of cells, a line for every pool, with its interval as a band. Marks
# stand at 0, 90, 99, 99.9 %.
eval key_of_pools
lates = 0
do for [p = 1:panels] { if (panel_late[p] > 0) { lates = 1 } }
if (lates) { keys = keys + 1; key_text[keys] = 'late, p99'; key_shape[keys] = 0 }
set style fill transparent solid 0.15 noborder
data = chart_name . '.dat'
x_text = '% of tasks that are faster'
share_text(e) = e == 1 ? '90' : e == 2 ? '99' : '99.' . '9999'[1:e - 2] # 1 - 10 ** -e
space_right = 24.0
# Where one panel needs a logarithmic axis all have one, and the same.
all_least = panel_least[1]; all_most = panel_most[1]; by_factor = 0
do for [p = 1:panels] {
    all_least = panel_least[p] < all_least ? panel_least[p] : all_least
    all_most = panel_most[p] > all_most ? panel_most[p] : all_most
    by_factor = by_factor || panel_most[p] > 20 * panel_least[p]
}
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set logscale x
        set xrange [1:panel_reach[p] * 1.05]
        decade = (panel_right - panel_left) / log10(panel_reach[p] * 1.05) # in pixels
        set xtics ('0' 1)
        if (decade > 60) { set xtics add ('50' 2) }
        do for [e = (decade < 48 ? 2 : 1):6:decade < 48 ? 2 : 1] { set xtics add (share_text(e) 10.0 ** e) }
        unit = unit_of(panel_most[p])
        if (by_factor) {
            unit = 1e9
            set logscale y
            set yrange [all_least / unit * 0.7:all_most / unit * 1.4]
            set format y '%.0s %cs'
            if (all_most < 1000 * all_least) {
                do for [d = floor(log10(all_least / unit)) - 1:floor(log10(all_most / unit)) + 1] {
                    set ytics add (10.0 ** d, 2 * 10.0 ** d, 5 * 10.0 ** d)
                }
            }
        } else {
            set yrange [0:panel_most[p] / unit * 1.1]
            set format y '%g ' . unit_name(panel_most[p])
        }
        if (panel_late[p] > panel_least[p] / 20) {
            set arrow 101 from graph 0, first panel_late[p] / unit to graph 1, first panel_late[p] / unit nohead linestyle 101 back
        }
        bands = ''; lines = ''; marks = ''
        do for [s = panel_first[p]:panel_last[p]] {
            colour = sprintf("linecolor rgb '%s', ", colour_of(line_pool[s]))
            if (line_band[s]) {
                bands = bands . sprintf('data index %d using 1:($3 / unit):($4 / unit) with filledcurves ', s - 1) . colour
            }
            lines = lines . sprintf('data index %d using 1:($2 / unit) with lines linewidth 1.4 dashtype %d ', s - 1, \
                dash_of(line_pool[s])) . colour
            marks = marks . sprintf('data index %d using 1:($5 > 0 ? $2 / unit : NaN) with points pointtype %d ', s - 1, \
                shape_of(line_pool[s])) . colour
        }
        eval 'plot ' . bands . lines . marks[1:strlen(marks) - 2]
        eval panel_end
    }
    eval page_end
}
