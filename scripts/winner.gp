# The map of winners: tiles of task size over workers, each in the colour and with the letter of the fastest pool.
keys = 0
do for [k = 1:pools] {
    if (pool_stands[k]) { keys = keys + 1; key_text[keys] = pool_name[k]; key_shape[keys] = 5; key_colour[keys] = colour_of(k) }
}
number_of(colour) = int('0x' . colour[2:*])
data = chart_name . '.dat'
set style textbox opaque fillcolor rgb 'white' noborder margins 0.8, 0.6
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        eval 'set xtics (' . x_tics . ')'
        eval 'set ytics (' . y_tics . ')'
        set xrange [-0.5:x_count - 0.5]
        set yrange [-0.5:y_count - 0.5]
        unset grid
        hatch = panel_hatched[p] ? "data index p - 1 using ($4 > 0 ? $1 : NaN):2:(0.49):(0.49) \
            with boxxyerror fillstyle transparent pattern 4 noborder fillcolor rgb 'white', " : ''
        eval "plot data index p - 1 using 1:2:(0.49):(0.49):(number_of(colour_of(int($3)))) \
                with boxxyerror fillstyle solid noborder fillcolor rgb variable, " . hatch . \
            "data index p - 1 using 1:2:(say(stringcolumn(6))) with labels boxed font sized(11)"
        eval panel_end
    }
    eval page_end
}
