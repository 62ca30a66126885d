# Latency against the rate of arrivals, with the rates that were sought: bench/show/charts/search.c says what the data has.
eval key_of_pools
space_right = 28.0
keys = keys + 1
key_text[keys] = level_text; key_shape[keys] = 0
colour(s) = colour_of(series_pool[s])
data(s, what) = sprintf("'%s.dat' index %d", chart_name, 4 * s - 4 + what)
upper_of(s) = data(s, 0) . sprintf(" using 1:2:3:4 with yerrorbars pointsize 0.9 %s, ", look_of(series_pool[s])) \
    . (series_joined[s] ? data(s, 0) . sprintf(" using 1:2 with lines linewidth 1.5 linecolor rgb '%s', ", colour(s)) : '')
mark_of(s) = data(s, 1) . sprintf(" using 1:2:3:4 with xerrorbars linewidth 2.5 pointsize 1.9 %s, ", look_of(series_pool[s]))
lower_of(s) = data(s, 2) . sprintf(" using 1:2 with linespoints linewidth 0.6 pointsize 0.5 %s, ", look_of(series_pool[s]))
theory_of(s) = data(s, 3) . sprintf(" using 1:2 with lines dashtype 3 linewidth 1.5 linecolor rgb '%s', ", colour(s))
theories = 0
do for [s = 1:series] { theories = theories + series_theory[s] }
if (theories > 0) { keys = keys + 1; key_text[keys] = theory_text; key_shape[keys] = 99 }
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        if (x_most > 10 * x_least) { set logscale x }
        set logscale y
        set ytics ()
        do for [decade = -9:4] { do for [digit in '1 2 5'] { set ytics add (digit * 10.0 ** decade) } }
        set format x '%.0s%c/s'
        set format y '%.0s%cs'
        set xrange [x_least:x_most]
        set yrange [y_least:y_most]
        set arrow 101 from graph 0, first level to graph 1, first level nohead linestyle 101 back
        command = ''
        do for [s = 1:series] {
            if (series_panel[s] == p) {
                command = command . (series_upper[s] ? upper_of(s) : '') . (series_lower[s] ? lower_of(s) : '') \
                    . (series_theory[s] ? theory_of(s) : '') . (series_found[s] ? mark_of(s) : '')
            }
        }
        eval 'plot ' . command[1:strlen(command) - 2]
        eval panel_end
    }
    eval page_end
}
