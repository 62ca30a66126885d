# Efficiency against task size, with the sizes that were sought: bench/show/charts/search.c says what the data has.
eval key_of_pools
space_right = 28.0
keys = keys + 1
key_text[keys] = level_text; key_shape[keys] = 0
points_of(s) = sprintf("'%s.dat' index %d using 1:2:3:4 with yerrorbars pointsize 0.6 %s, ", chart_name, 2 * s - 2, look_of(series_pool[s])) \
    . (series_joined[s] ? sprintf("'%s.dat' index %d using 1:2 with lines dashtype %d linecolor rgb '%s', ", chart_name, 2 * s - 2, dash_of(series_pool[s]), colour_of(series_pool[s])) : '')
mark_of(s) = sprintf("'%s.dat' index %d using 1:2:3:4 with xerrorbars linewidth 2 pointsize 1.8 %s, ", chart_name, 2 * s - 1, look_of(series_pool[s]))
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set logscale x
        set format x '%.0s%cs'
        set yrange [0:105 < *]
        set xrange [x_least:x_most]
        set arrow 101 from graph 0, first level to graph 1, first level nohead linestyle 101 back
        command = ''
        do for [s = 1:series] {
            if (series_panel[s] == p) { command = command . points_of(s) . (series_found[s] ? mark_of(s) : '') }
        }
        eval 'plot ' . command[1:strlen(command) - 2]
        eval panel_end
    }
    eval page_end
}
