# The map of winners: tiles of task size over workers, each in the colour and with the letter of the fastest pool; pale where
# another may be as fast.
keys = 0
do for [k = 1:pools] {
    if (pool_stands[k]) { keys = keys + 1; key_text[keys] = pool_name[k]; key_shape[keys] = 5; key_colour[keys] = colour_of(k) }
}
pale(part) = 255 - (255 - part) / 4 # of a colour
pale_of(rgb) = pale(rgb / 65536) * 65536 + pale(rgb / 256 % 256) * 256 + pale(rgb % 256)
data = chart_name . '.dat'
set style textbox opaque fillcolor rgb 'white' noborder margins 0.8, 0.6
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        set xtics (); do for [tic = 1:x_count] { set xtics add (x_names[tic] tic - 1) }
        set ytics (); do for [tic = 1:y_count] { set ytics add (y_names[tic] tic - 1) }
        set xrange [-0.5:x_count - 0.5]
        set yrange [-0.5:y_count - 0.5]
        unset grid
        plot data index p - 1 using 1:2:(0.49):(0.49):($4 > 0 ? pale_of(rgb_of($3)) : rgb_of($3)) \
                with boxxyerror fillstyle solid noborder fillcolor rgb variable, \
            data index p - 1 using 1:2:(say(stringcolumn(6))) with labels boxed font sized(11)
        eval panel_end
    }
    eval page_end
}
