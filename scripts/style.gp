# What all charts share: size, colours, words around the panels, and where the panels go. A chart's own script says what
# stands in them:
#
#     eval key_of_pools                     # or: keys = 2; key_text[1] = 'queue'; key_shape[1] = 5; key_colour[1] = ...
#     eval pages_fit                        # how many panels a page has; sets pages
#     do for [page = 1:pages] {
#         eval page_begin                   # the picture, its titles and its key; sets n, the panels of this page
#         do for [i = 0:n - 1] {
#             eval panel_begin              # margins, title and labels of panel i of n; sets p, its number overall
#             plot ...
#             eval panel_end
#         }
#         eval page_end
#     }
#
# It gets from C: chart_name, chart_title, chart_format, chart_width (0: what the panels need), chart_columns (0: as many
# as are wide enough to read), chart_bare (1: nothing above the panels), chart_source, chart_note;
# of the chart's `make`, where it differs from what stands right below: panels, page_panels, array panel_title[panels],
# x_text, y_text, pools, array pool_name[pools], array pool_drawn[pools], array pool_look[pools]. All measures are in pixels of 1/96 inch. All words go through say().

if (!exists('panels')) { panels = 1 }
if (!exists('panel_title')) { array panel_title[panels]; do for [p = 1:panels] { panel_title[p] = '' } }
if (!exists('page_panels')) { page_panels = 12 }
if (!exists('x_text')) { x_text = '' }
if (!exists('y_text')) { y_text = '' }
if (!exists('pools')) { pools = 0 }
if (!exists('chart_columns')) { chart_columns = 0 }
if (!exists('chart_bare')) { chart_bare = 0 }
if (!exists('pool_look')) { array pool_look[pools + 1]; do for [k = 1:pools + 1] { pool_look[k] = k + 3 } }
if (!exists('pool_drawn')) { array pool_drawn[pools + 1]; do for [k = 1:pools] { pool_drawn[k] = 1 } }

# What a script may change before page_begin.
panel_width = 400.0                  # of one of several, where no width was asked for; of a single one:
panel_alone = 640.0
panel_height = 210.0                 # of the inside
space_left = 78.0; space_right = 16.0; space_below = 46.0

# Okabe and Ito's colours, which people with any kind of colour vision tell apart; bench/show/report/style.c has the same.
# Shapes and dashes differ, so that a print in grey can be read. What a pool looks like is the same in every chart
# (bench/show/pool_look.h): no two have colour and shape in common.
array palette[8] = ['#000000', '#999999', '#009E73', '#CC79A7', '#0072B2', '#D55E00', '#E69F00', '#56B4E9']
array shapes[8]  = [2, 6, 9, 12, 7, 4, 10, 5]
array dashes[8]  = [1, 3, 4, 5, 1, 2, 4, 2]
hue(look)    = palette[look % 8 + 1] # of a look, from 0
mark(look)   = shapes[(look + look / 8) % 8 + 1]
colour_of(k) = hue(pool_look[int(k)]) # of a pool, from 1
rgb_of(k)    = int('0x' . colour_of(k)[2:7])
shape_of(k)  = mark(pool_look[int(k)])
dash_of(k)   = dashes[pool_look[int(k)] % 8 + 1]

# Grey, thin and behind everything: the lines that are no measurement.
set style line 101 linecolor rgb '#777777' linewidth 1.2 dashtype 2
set style line 103 linecolor rgb '#333333' linewidth 1.5 dashtype 3
set style line 102 linecolor rgb '#dddddd' linewidth 0.6
set border 3 linecolor rgb '#666666'
set tics nomirror out scale 0.6
set grid x y linestyle 102
set datafile missing 'NaN'
set pointsize 0.8
set pointintervalbox 0
set encoding utf8
set micro
unset key

# ---- words -----------------------------------------------------------------------------------------------------------
# LaTeX reads some letters as commands.
tex_letter(c) = c eq '\' ? '\textbackslash{}' : c eq '<' ? '\textless{}' : c eq '>' ? '\textgreater{}' : \
    c eq '|' ? '\textbar{}' : c eq '~' ? '\textasciitilde{}' : c eq '^' ? '\textasciicircum{}' : \
    c eq 'µ' ? '$\mu$' : strstrt('%&#_${}', c) ? '\' . c : c
tex_of(s) = strlen(s) < 2 ? tex_letter(s) : tex_of(s[1:strlen(s) / 2]) . tex_of(s[strlen(s) / 2 + 1:*])
say(s) = chart_format eq 'tex' && strlen(s) ? tex_of(s) : s
sized(px) = chart_format eq 'svg' ? sprintf(',%g', px) : sprintf(',%g', px * 0.75)

# Lines of at most k letters, broken at spaces where there are any.
letters(width, px) = int(width / (0.58 * px)) < 8 ? 8 : int(width / (0.58 * px)) > 200 ? 200 : int(width / (0.58 * px))
space_up_to(s, k) = k < 2 ? 0 : s[k:k] eq ' ' ? k - 1 : space_up_to(s, k - 1)
cut_of(s, k) = strlen(s) <= k ? strlen(s) : space_up_to(s, k + 1) ? space_up_to(s, k + 1) : k
rest_of(s, k) = s[cut_of(s, k) + 1:cut_of(s, k) + 1] eq ' ' ? s[cut_of(s, k) + 2:*] : s[cut_of(s, k) + 1:*]
lines_of(s, k) = strlen(s) <= k ? strlen(s) > 0 : 1 + lines_of(rest_of(s, k), k)
line_of(s, k, j) = j == 1 ? s[1:cut_of(s, k)] : line_of(rest_of(s, k), k, j - 1)

# ---- times: in the unit that suits the longest, tics at round numbers ------------------------------------------------
unit_of(ns) = ns < 2e3 ? 1.0 : ns < 2e6 ? 1e3 : ns < 2e9 ? 1e6 : 1e9 # in ns
unit_name(ns) = ns < 2e3 ? 'ns' : ns < 2e6 ? 'µs' : ns < 2e9 ? 'ms' : 's'
short(ns) = ns < 999.5 ? sprintf('%.3g ns', ns) : ns < 999.5e3 ? sprintf('%.3g µs', ns / 1e3) : \
    ns < 999.5e6 ? sprintf('%.3g ms', ns / 1e6) : sprintf('%.4g s', ns / 1e9)
round_up(x) = x <= 1 ? 1 : x <= 2 ? 2 : x <= 5 ? 5 : 10
step_of(x) = 10 ** floor(log10(x)) * round_up(x / 10 ** floor(log10(x))) # the round number from x on

# ---- what the colours mean: entries below the panels -----------------------------------------------------------------
keys = 0
array key_text[80]; array key_shape[80]; array key_colour[80] # shape 0: a dashed grey line, 99: a dotted one, -1: a rectangle
key_of_pools = "\
keys = 0; \
do for [k = 1:pools] { \
    if (pool_drawn[k]) { \
        keys = keys + 1; key_text[keys] = pool_name[k]; key_shape[keys] = shape_of(k); key_colour[keys] = colour_of(k) \
    } \
}"

# ---- pages: pictures of up to page_panels panels, in as many columns as are wide enough to read ----------------------
page = 1; i = 0
pages = (panels + page_panels - 1) / page_panels
panels_of(page) = page < pages ? page_panels : panels - (pages - 1) * page_panels
x_of(px) = px / wide
y_of(px) = 1 - px / high # from the top

# A page of a document, within its margins: no picture is taller. All pages have panels of the same size.
page_height = 940.0
pages_fit = "\
columns = panels == 1 ? 1 : panels == 2 || panels == 4 ? 2 : 3; \
if (chart_width > 0) { fitting = int(chart_width / 290); columns = fitting < 1 ? 1 : fitting < columns ? fitting : columns }; \
if (chart_columns > 0) { columns = chart_columns < panels ? chart_columns : panels }; \
wide = chart_width > 0 ? 1.0 * int(chart_width + 0.5) : panels == 1 ? panel_alone : columns * panel_width; \
if (chart_bare) { chart_title = ''; chart_source = ''; chart_note = '' }; \
title_letters = letters(wide / columns - space_left - space_right, 12); \
title_lines = 0; \
do for [p = 1:panels] { \
    lines = lines_of(panel_title[p], title_letters); title_lines = lines > title_lines ? lines : title_lines \
}; \
title_height = 15.0 * title_lines + 12; \
heading_letters = letters(wide - 28, 15); small_letters = letters(wide - 28, 11); \
head_height = 12.0 + 20 * lines_of(strlen(chart_title) ? chart_title . ' (99 of 99)' : '', heading_letters) \
    + 15 * lines_of(chart_source, small_letters) + 15 * lines_of(chart_note, small_letters); \
eval key_fit; \
room = page_height - head_height - foot_height - title_height - space_below; \
if (panel_height * (panels == 1 ? 1.25 : 1) > room) { panel_height = room / (panels == 1 ? 1.25 : 1) }; \
rows_fit = int((page_height - head_height - foot_height) / (title_height + panel_height + space_below)); \
fitting = columns * (rows_fit < 1 ? 1 : rows_fit); \
page_panels = page_panels < fitting ? page_panels : fitting; \
pages = (panels + page_panels - 1) / page_panels"
key_fit = "\
key_longest = 0; \
do for [k = 1:keys] { key_longest = strlen(key_text[k]) > key_longest ? strlen(key_text[k]) : key_longest }; \
key_width = 7.2 * key_longest + 44; \
key_columns = int((wide - 28) / key_width); \
key_columns = key_columns < 1 ? 1 : key_columns > keys ? keys : key_columns; \
foot_height = keys ? 19.0 * ((keys + key_columns - 1) / key_columns) + 10 : 6"

page_begin = "\
n = panels_of(page); \
rows = (n + columns - 1) / columns; \
heading = chart_title . (pages > 1 && strlen(chart_title) ? sprintf(' (%d of %d)', page, pages) : ''); \
head_height = 12.0 + 20 * lines_of(heading, heading_letters) + 15 * lines_of(chart_source, small_letters) \
    + 15 * lines_of(chart_note, small_letters); \
row_height = title_height + panel_height * (panels == 1 ? 1.25 : 1) + space_below; \
high = 1.0 * int(head_height + rows * row_height + foot_height + 0.5); \
if (chart_format eq 'png') { \
    set terminal pngcairo size 2 * wide, 2 * high font 'sans,9' fontscale 2 linewidth 2 pointscale 2 background rgb 'white' noenhanced \
}; \
if (chart_format eq 'svg') { \
    set terminal svg size wide, high font 'sans,12' background rgb 'white' noenhanced \
}; \
if (chart_format eq 'pdf') { \
    set terminal pdfcairo size wide / 96 in, high / 96 in font 'sans,9' background rgb 'white' noenhanced \
}; \
if (chart_format eq 'tex') { \
    set terminal cairolatex pdf input colortext size wide / 96 in, high / 96 in font ',9' background rgb 'white' \
}; \
picture = chart_name . (page > 1 ? sprintf('-%d', page) : ''); \
set output picture . (chart_format eq 'tex' ? '-lines.tex' : '.' . chart_format); \
set multiplot; \
tag = 0; down = 8.0; \
do for [j = 1:lines_of(heading, heading_letters)] { \
    down = down + 19; tag = tag + 1; \
    set label tag say(line_of(heading, heading_letters, j)) at screen x_of(14), y_of(down - 5) font sized(15) front \
}; \
do for [j = 1:lines_of(chart_source, small_letters)] { \
    down = down + 15; tag = tag + 1; \
    set label tag say(line_of(chart_source, small_letters, j)) at screen x_of(14), y_of(down - 4) font sized(11) textcolor rgb '#444444' front \
}; \
do for [j = 1:lines_of(chart_note, small_letters)] { \
    down = down + 15; tag = tag + 1; \
    set label tag say(line_of(chart_note, small_letters, j)) at screen x_of(14), y_of(down - 4) font sized(11) textcolor rgb '#444444' front \
}; \
do for [k = 1:keys] { \
    tag = tag + 1; down = high - foot_height + 19.0 * ((k - 1) / key_columns) + 9; \
    across = (wide - key_columns * key_width) / 2 + 26 + ((k - 1) % key_columns) * key_width; \
    set label tag say(key_text[k]) at screen x_of(across), y_of(down) front; \
    if (key_shape[k] > 0 && key_shape[k] < 99) { \
        tag = tag + 1; \
        set label tag '' at screen x_of(across - 12), y_of(down) point pointtype key_shape[k] linecolor rgb key_colour[k] front \
    }; \
    if (key_shape[k] < 0) { \
        set object k rectangle from screen x_of(across - 20), y_of(down + 5) to screen x_of(across - 5), y_of(down - 5) \
            front fillcolor rgb key_colour[k] fillstyle solid 1.0 border linecolor rgb '#444444' \
    }; \
    if (key_shape[k] == 0 || key_shape[k] == 99) { \
        set arrow k from screen x_of(across - 28), y_of(down) to screen x_of(across - 6), y_of(down) nohead linestyle (key_shape[k] ? 103 : 101) \
    } \
}"

panel_begin = "\
p = (page - 1) * page_panels + i + 1; \
panel_left = (i % columns) * wide / columns + space_left; \
panel_top = head_height + (i / columns) * row_height + title_height; \
panel_right = (i % columns + 1) * wide / columns - space_right; \
panel_bottom = head_height + (i / columns + 1) * row_height - space_below; \
set lmargin at screen x_of(panel_left); set rmargin at screen x_of(panel_right); \
set tmargin at screen y_of(panel_top); set bmargin at screen y_of(panel_bottom); \
do for [j = 1:lines_of(panel_title[p], title_letters)] { \
    tag = tag + 1; \
    set label tag say(line_of(panel_title[p], title_letters, j)) \
        at screen x_of(panel_left), y_of(panel_top - 8 - 15 * (lines_of(panel_title[p], title_letters) - j)) front \
}; \
if (i % columns == 0 && strlen(y_text)) { \
    tag = tag + 1; \
    set label tag say(y_text) at screen x_of(12), y_of((panel_top + panel_bottom) / 2) center rotate by 90 front \
}; \
set xlabel say(x_text) offset 0, 0.3; set ylabel ''; \
set autoscale; unset logscale; set format x '%g'; set format y '%g'; set xtics autofreq; set ytics autofreq"

# The words around the panels stand with the first one drawn.
panel_end = "unset label; unset arrow; unset object; tag = 0"
# LaTeX's lines are in a file of their own, NAME-lines.pdf, which leaves NAME.pdf to --format pdf.
page_end = "\
unset multiplot; unset output; \
if (chart_format eq 'tex') { system(sprintf(\"mv '%s-lines.tex' '%s.tex'\", picture, picture)) }"

# ---- charts of bench/show/charts/panels.c ---------------------------------------------------------------------------------
at(x) = x # where on the axis x is
# Points of one x stand side by side, so that pools that are equal do not hide one another.
x_at(x, k, by_factor) = by_factor ? x * (1.02 * (x_max / x_min) ** 0.008) ** (k - (pools + 1) / 2.0) \
                                  : x + 0.05 * (k - (pools + 1) / 2.0)
look_of(k) = sprintf("pointtype %d linecolor rgb '%s'", shape_of(k), colour_of(k))
data_of(s, by_factor) = sprintf("'%s.dat' index %d using (x_at($1, %d, %d)):2", chart_name, s - 1, series_pool[s], by_factor)
# The plot elements of series s: interval bars where there are any, and over them points, joined where they make a trend.
series_plot(s, by_factor) = \
    (series_bars[s] ? data_of(s, by_factor) . ':3:4 with yerrorbars pointsize 0 ' . look_of(series_pool[s]) . ', ' : '') \
    . data_of(s, by_factor) . (series_joined[s] ? ' with linespoints ' : ' with points ') . look_of(series_pool[s])

# Draws panel p; bound, where there is one, is a dashed line.
panel_draw = "\
command = panel_bound[p] ? sprintf(\"'%s.dat' index %d using 1:2 with lines linestyle 101, \", chart_name, panel_bound[p] - 1) : ''; \
do for [s = panel_first[p]:panel_last[p]] { command = command . series_plot(s, by_factor) . ', ' }; \
eval 'plot ' . command[1:strlen(command) - 2]"
