# Latency over a trial: a panel for every cell, a dot for every task; grey is what is cut.
cuts = 0
do for [p = 1:panels] { if (panel_cut[p] > 0) { cuts = cuts + 1 } }
if (cuts) { keys = keys + 1; key_text[keys] = 'cut: not steady'; key_shape[keys] = -1; key_colour[keys] = '#dddddd' }
if (deadline > 0) { keys = keys + 1; key_text[keys] = 'deadline ' . short(deadline); key_shape[keys] = 0 }
data = chart_name . '.dat'
x_text = 'due, since the gate'
y_text = 'latency'
space_right = 26.0
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        x_unit = unit_of(panel_until[p])
        set xrange [0:panel_until[p] / x_unit * 1.01]
        set xtics step_of(panel_until[p] / x_unit * 56 / (panel_right - panel_left))
        set format x '%g ' . unit_name(panel_until[p])
        unit = unit_of(panel_most[p])
        if (panel_most[p] > 20 * panel_least[p]) {
            unit = 1e9
            set logscale y
            set yrange [panel_least[p] / unit * 0.7:panel_most[p] / unit * 1.4]
            set format y '%.0s %cs'
            if (panel_most[p] < 1000 * panel_least[p]) {
                do for [d = floor(log10(panel_least[p] / unit)) - 1:floor(log10(panel_most[p] / unit)) + 1] {
                    set ytics add (10.0 ** d, 2 * 10.0 ** d, 5 * 10.0 ** d)
                }
            }
        } else {
            set yrange [0:panel_most[p] / unit * 1.1]
            set format y '%g ' . unit_name(panel_most[p])
        }
        if (panel_cut[p] > 0) {
            set object 101 rectangle from first 0, graph 0 to first panel_cut[p] / x_unit, graph 1 \
                behind fillcolor rgb '#dddddd' fillstyle solid noborder
        }
        if (deadline > 0 && deadline < 1.4 * panel_most[p]) {
            set arrow 101 from graph 0, first deadline / unit to graph 1, first deadline / unit nohead linestyle 101 back
        }
        eval sprintf("plot data index %d using ($1 / x_unit):($2 / unit) with points pointtype 7 pointsize 0.3 linecolor rgb '%s'", p - 1, hue(panel_look[p]))
        eval panel_end
    }
    eval page_end
}
