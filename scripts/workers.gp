# Who ran which task when: a panel for every pool, a row for every worker, a bar for every task. All panels have the same
# axes.
# The two shades of computing are dark, those of sleeping light, in grey too. With states (of profiled siblings) a bar is
# what a worker's slot did, and how high it is tells states apart as well as its colour does.
if (!exists('has_states')) { has_states = 0 }
array kind_colour[8] = ['#004C7A', '#0072B2', '#EDB12E', '#F9DD9B', '#000000', '#56B4E9', '#D55E00', '#444444']
array kind_text[8] = ['computes', '', 'sleeps', '', 'failed', 'on a CPU between tasks', 'waits for a CPU', 'no process runs']
array kind_high[8] = [0.42, 0.42, 0.42, 0.42, 0.42, 0.42, 0.22, 0.07]
if (has_states) { kind_text[1] = 'on a CPU in a task'; kind_text[3] = 'off a CPU in a task'; kind_colour[3] = kind_colour[4] }
do for [k = 1:8] {
    if ((k > 5 && kinds & (1 << k)) || (k % 2 && k < 6 && kinds & ((k < 5 ? 3 : 1) << k))) {
        keys = keys + 1; key_text[keys] = kind_text[k]; key_shape[keys] = 5; key_colour[keys] = kind_colour[k]
    }
}
x_text = 'since the gate'
y_text = 'worker'
space_left = 60.0; space_right = 26.0
row_px = rows_most > 32 ? 6.0 : rows_most > 16 ? 9.0 : 16.0
panel_height = row_px * rows_most + 8 > 60 ? row_px * rows_most + 8 : 60
data = chart_name . '.dat'
set style fill solid noborder
eval pages_fit
do for [page = 1:pages] {
    eval page_begin
    do for [i = 0:n - 1] {
        eval panel_begin
        unit = unit_of(x_end)
        set xrange [0:x_end / unit * 1.01]
        rows_shown = panel_rows[p] > rows_most / 2 ? panel_rows[p] : (rows_most + 1) / 2
        set yrange [rows_shown - 0.4:-0.6]
        set xtics step_of(x_end / unit * 56 / (panel_right - panel_left))
        set format x '%g ' . unit_name(x_end)
        set ytics 0, (rows_most > 32 ? 8 : rows_most > 16 ? 4 : rows_most > 8 ? 2 : 1), panel_rows[p] - 1
        set grid noy
        command = ''
        do for [k = 1:8] {
            if (panel_kinds[p] & (1 << k)) {
                command = command . sprintf("data index %d using (0):3:($4 == %d ? $1 / unit : NaN):($2 / unit):($3 - %g):($3 + %g) with boxxyerror linecolor rgb '%s', ", p - 1, k, kind_high[k], kind_high[k], kind_colour[k])
            }
        }
        eval 'plot ' . command[1:strlen(command) - 2]
        eval panel_end
    }
    eval page_end
}
