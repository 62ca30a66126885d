# What failures cost: a panel for every cost, a line for every pool and failure. What is in numbers beside a point is its
# value; words stand where there is none.
longest = 0
do for [l = 1:fault_lines] { longest = strlen(line_name[l]) > longest ? strlen(line_name[l]) : longest }
name_letters = longest < 32 ? longest : 32
named(s) = strlen(s) <= name_letters ? s : s[1:name_letters - 1] . '~'
space_left = 6.4 * name_letters + 28; space_right = 30.0; space_below = 30.0
panel_width = 300.0 + space_left
panel_height = 24.0 * fault_lines + 14
percent(v) = sprintf('%.3g %%', 100 * v)
value_text(v) = panel_unit[p] eq 'ns' ? short(v) : panel_unit[p] eq 'share' ? percent(v) : sprintf('%.3gx', v)
# A tic's text is a format.
as_format(s) = strstrt(s, '%') ? s[1:strstrt(s, '%')] . '%' . as_format(s[strstrt(s, '%') + 1:*]) : s
far = -9 # a line that no panel shows: where what a line does not have is put
data = chart_name . '.dat'
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        stats data index p - 1 using 4 name 'top' nooutput
        stats data index p - 1 using 3 name 'low' nooutput
        by_factor = panel_unit[p] eq 'ns' && low_min > 0 && top_max > 20 * low_min
        set ylabel ''
        set yrange [fault_lines + 0.5:0.3]
        set ytics scale 0 ()
        do for [l = 1:fault_lines] { set ytics add (as_format(say(named(line_name[l]))) l) }
        set grid noy
        set xlabel ''
        unset xtics
        set xtics nomirror out scale 0.6 ()
        left = 0.0
        if (by_factor) {
            set logscale x
            span = top_max / low_min
            left = low_min / span ** 0.15
            set xrange [left:top_max * span ** 0.2]
            decades = int(ceil(log10(top_max))) - int(floor(log10(low_min)))
            do for [e = int(floor(log10(low_min))):int(ceil(log10(top_max))):decades > 4 ? 2 : 1] {
                set xtics add (value_text(10.0 ** e) 10.0 ** e)
            }
        } else {
            most = panel_unit[p] eq 'share' && top_max == 0 ? 0.01 : top_max
            set xrange [0:most * 1.3]
            unit = panel_unit[p] eq 'ns' ? unit_of(most) : 1.0
            do for [e = 0:4] {
                at = e * step_of(most / unit / 3) * unit
                set xtics add (at == 0 ? '0' : as_format(value_text(at)) at)
            }
        }
        if (panel_unit[p] eq 'ratio') { set arrow 101 from first 1, graph 0 to first 1, graph 1 nohead linestyle 101 back }
        # Where there is no interval, there is no bar; the last column has words where there is no value.
        plot data index p - 1 using 2:($4 > $3 ? $1 : far):3:4 with xerrorbars pointsize 0 linewidth 1.2 \
                linecolor rgb '#444444', \
            '' index p - 1 using 2:1:(shape_of($6)):(rgb_of($6)) with points pointtype variable linecolor rgb variable, \
            '' index p - 1 using 2:1:(value_text($2)) with labels left offset 1, 0.55 font sized(10), \
            '' index p - 1 using (by_factor ? left * 1.1 : 0.02 * most):($5 == 0 ? $1 : far):(say(stringcolumn(7))) \
                with labels left textcolor rgb '#666666' font sized(10)
        eval panel_end
    }
    eval page_end
}
