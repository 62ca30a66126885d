# Every trial over the time of the run, as a change from its cell's median. One wide panel.
eval key_of_pools
if (failed) { keys = keys + 1; key_text[keys] = 'failed'; key_shape[keys] = 2; key_colour[keys] = '#000000' }
panel_alone = 800.0
space_left = 90.0
x_text = 'since the start of the run'
y_text = 'time per task, from its cell''s median'
data = chart_name . '.dat'
margin = 0.08 * (y_hi - y_lo)
edge(y, side) = side > 0 ? y_hi + margin * 0.5 : y_lo - margin * 0.5

eval pages_fit
eval page_begin
eval panel_begin
set xrange [-0.01 * x_last - 0.001:x_last * 1.01 + 0.001]
set yrange [y_lo - margin * (failed ? 2 : 1):y_hi + margin]
set format x '%g s'
set format y chart_format eq 'tex' ? '%+g \%%' : '%+g %%'
set arrow 101 from graph 0, first 0 to graph 1, first 0 nohead linecolor rgb '#999999' linewidth 0.8 back
crosses = failed ? ", data index pools + 1 using 1:(y_lo - margin * 1.5) with points pointtype 2 pointsize 0.8 linewidth 1.5 linecolor rgb '#000000'" : ''
eval "plot for [k = 1:pools] data index k - 1 \
        using 1:($3 == 0 ? $2 : edge($2, $3)):($3 == 0 ? shape_of(k) : $3 > 0 ? 8 : 10) \
        with points pointtype variable pointsize 0.5 linecolor rgb colour_of(k), \
    data index pools using 1:3:($2 - $1):(0) with vectors nohead linewidth 2.2 linecolor rgb '#000000'" . crosses
eval panel_end
eval page_end
