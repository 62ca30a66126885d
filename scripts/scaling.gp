# Laws of scaling over what was measured. Marks on the curves stand at the measured numbers of workers.
array law_name[3] = ['Amdahl', 'Universal Scalability Law', 'sleeping tasks']
array law_drawn[3] = [0, 0, 0]
do for [p = 1:panels] {
    if (panel_amdahl[p]) { law_drawn[1] = 1 }
    if (panel_usl[p]) { law_drawn[2] = 1 }
    if (panel_sleep[p]) { law_drawn[3] = 1 }
}
keys = 1
key_text[1] = 'measured'; key_shape[1] = 7; key_colour[1] = '#000000'
do for [k = 1:3] {
    if (law_drawn[k]) { keys = keys + 1; key_text[keys] = law_name[k]; key_shape[keys] = mark(k + 3); key_colour[keys] = hue(k + 3) }
}
keys = keys + 1
key_text[keys] = 'ideal'; key_shape[keys] = 0
space_left = 80.0
# The curve of law k in panel p, in that column of the data.
curve(k, column) = sprintf("'%s.dat' index %d using 1:%d with lines dashtype %d linewidth 1.5 linecolor rgb '%s', ", \
        chart_name, 3 * p - 1, column, dashes[k + 4], hue(k + 3)) \
    . sprintf("'%s.dat' index %d using 1:%d with points pointtype %d linecolor rgb '%s', ", \
        chart_name, 3 * p - 2, column, mark(k + 3), hue(k + 3))
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        eval 'set xtics (' . panel_tics[p] . ')'
        if (panel_log[p]) {
            set logscale xy
            set xrange [panel_from[p] / 1.4:panel_to[p] * 1.4]
        } else {
            set xrange [panel_from[p] - 0.5:panel_to[p] + 0.5]
            set yrange [0:*]
        }
        set format y panel_log[p] ? '%.0s%c' : '%.1s%c'
        eval sprintf("plot '%s.dat' index %d using 1:4 with lines linestyle 101, ", chart_name, 3 * p - 1) \
            . (panel_amdahl[p] ? curve(1, 2) : '') . (panel_usl[p] ? curve(2, 3) : '') . (panel_sleep[p] ? curve(3, 2) : '') \
            . sprintf("'%s.dat' index %d using 1:2:3:4 with yerrorbars pointtype 7 pointsize 0.6 linecolor rgb '#000000'", \
                chart_name, 3 * p - 3)
        eval panel_end
    }
    eval page_end
}
