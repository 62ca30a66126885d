# Latency against the offered rate: a panel for every group of cells, for every pool p99 over p50.
eval key_of_pools
if (deadline > 0) { keys = keys + 1; key_text[keys] = 'deadline ' . short(deadline); key_shape[keys] = 0 }
x_text = 'offered rate, tasks a second'
y_text = 'latency'
space_right = 28.0
data(s, lower) = sprintf("'%s.dat' index %d using 1:($2 / 1e9)", chart_name, 3 * s - 3 + lower)
upper_of(s) = data(s, 0) . sprintf(":($3 / 1e9):($4 / 1e9) with yerrorbars pointsize 0.9 %s, ", look_of(line_pool[s])) \
    . data(s, 0) . sprintf(" with lines linewidth 1.5 linecolor rgb '%s', ", colour_of(line_pool[s]))
lower_of(s) = data(s, 1) . sprintf(" with linespoints linewidth 0.6 pointsize 0.5 %s, ", look_of(line_pool[s]))
theory_of(s) = line_theory[s] ? data(s, 2) . sprintf(" with lines dashtype 3 linewidth 1.5 linecolor rgb '%s', ", colour_of(line_pool[s])) : ''
theories = 0
do for [s = 1:panel_last[panels]] { theories = theories + line_theory[s] }
if (theories > 0) { keys = keys + 1; key_text[keys] = 'p99 predicted by theory'; key_shape[keys] = 99 }
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        if (panel_to[p] > 10 * panel_from[p]) { set logscale x }
        set logscale y
        set ytics ()
        do for [decade = -9:4] { do for [digit in '1 2 5'] { set ytics add (digit * 10.0 ** decade) } }
        set format x '%.4g'
        set format y '%.0s %cs'
        set xrange [panel_from[p] / 1.1:panel_to[p] * 1.1]
        top = deadline > panel_most[p] && deadline < 10 * panel_most[p] ? deadline : panel_most[p]
        set yrange [panel_least[p] / 1.5e9:top / 1e9 * 1.5]
        if (deadline > 0) {
            set arrow 101 from graph 0, first deadline / 1e9 to graph 1, first deadline / 1e9 nohead linestyle 101 back
        }
        command = ''
        do for [s = panel_first[p]:panel_last[p]] { command = command . theory_of(s) . lower_of(s) . (line_upper[s] ? upper_of(s) : '') }
        eval 'plot ' . command[1:strlen(command) - 2]
        eval panel_end
    }
    eval page_end
}
