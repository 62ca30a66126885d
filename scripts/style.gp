# What all charts share: size, colours, and where the panels go. Colours are Okabe and Ito's, which people with any kind
# of colour vision tell apart; shapes differ too, so that a print in grey can be read.

array palette[7] = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00', '#000000']
array shapes[7]  = [7, 5, 9, 13, 11, 4, 6]
colour_of(k) = palette[(k - 1) % 7 + 1]
shape_of(k)  = shapes[(k - 1) % 7 + 1]

# Grey, thin and behind everything: the lines that are no measurement.
set style line 101 linecolor rgb '#999999' linewidth 1.2 dashtype 2
set style line 102 linecolor rgb '#dddddd' linewidth 0.6
set border 3 linecolor rgb '#666666'
set tics nomirror out scale 0.6
set grid x y linestyle 102
set datafile missing 'NaN'
set pointsize 0.9
set pointintervalbox 0

# Pictures of up to page_panels panels, in as few columns as keep them wide enough to read.
pages = (panels + page_panels - 1) / page_panels
panels_of(page) = page < pages ? page_panels : panels - (pages - 1) * page_panels
columns_of(n) = n == 1 ? 1 : n <= 4 ? 2 : 3
rows_of(n) = (n + columns_of(n) - 1) / columns_of(n)

# Measures in pixels: a panel with its labels, the head with the titles, the foot with the key.
panel_width = 400.0; panel_height = 290.0; head_height = 74.0
key_width = 170
do for [k = 1:pools] { if (strlen(pool_name[k]) * 8 + 60 > key_width) { key_width = strlen(pool_name[k]) * 8 + 60 } }
width_of(n) = columns_of(n) == 1 ? 640 : int(columns_of(n) * panel_width)
key_columns(n) = width_of(n) / key_width < 1 ? 1 : width_of(n) / key_width
key_rows(n) = (pools + 1 + key_columns(n) - 1) / key_columns(n)
foot_height(n) = 22.0 * key_rows(n) + 14
height_of(n) = int(head_height + foot_height(n) + rows_of(n) * (columns_of(n) == 1 ? 360 : panel_height))

# The inside of panel i (from 0) of n, as shares of the picture.
row_height(n) = (height_of(n) - head_height - foot_height(n)) / height_of(n) / rows_of(n)
left_of(n, i)   = (i % columns_of(n)) / (1.0 * columns_of(n)) + 84.0 / width_of(n)
right_of(n, i)  = (i % columns_of(n) + 1) / (1.0 * columns_of(n)) - 16.0 / width_of(n)
top_of(n, i)    = 1 - head_height / height_of(n) - (i / columns_of(n)) * row_height(n) - 26.0 / height_of(n)
bottom_of(n, i) = 1 - head_height / height_of(n) - (i / columns_of(n) + 1) * row_height(n) + 52.0 / height_of(n)

page_begin = "\
n = panels_of(page); \
if (chart_format eq 'png') { \
    set terminal pngcairo size width_of(n), height_of(n) font 'sans,10' background rgb 'white' noenhanced \
} else { \
    set terminal svg size width_of(n), height_of(n) font 'sans,12' background rgb 'white' noenhanced \
}; \
set output chart_name . (page > 1 ? sprintf('-%d', page) : '') . '.' . chart_format; \
set multiplot; \
set label 1 chart_title . (pages > 1 ? sprintf(' (%d of %d)', page, pages) : '') at screen 16.0 / width_of(n), \
    screen 1 - 20.0 / height_of(n) font ',14' front; \
set label 2 chart_source at screen 16.0 / width_of(n), screen 1 - 41.0 / height_of(n) front; \
set label 3 chart_note at screen 16.0 / width_of(n), screen 1 - 59.0 / height_of(n) front"

panel_begin = "\
set lmargin at screen left_of(n, i); set rmargin at screen right_of(n, i); \
set tmargin at screen top_of(n, i); set bmargin at screen bottom_of(n, i); \
p = (page - 1) * page_panels + i + 1; \
set title panel_title[p] offset 0, -0.6; unset key; \
set xlabel x_text offset 0, 0.4; set ylabel (i % columns_of(n) ? '' : y_text) offset 0.5, 0; \
set autoscale; unset logscale; set format y '%g'; \
eval 'set xtics (' . x_tics . ')'"

# Points of one x stand side by side, so that pools that are equal do not hide one another.
x_at(x, k, by_factor) = by_factor ? x * (1.02 * (x_max / x_min) ** 0.008) ** (k - (pools + 1) / 2.0) \
                                  : x + 0.05 * (k - (pools + 1) / 2.0)
look_of(s) = sprintf("pointtype %d linecolor rgb '%s'", shape_of(series_pool[s]), colour_of(series_pool[s]))
data_of(s, by_factor) = sprintf("'%s.dat' index %d using (x_at($1, %d, %d)):2", chart_name, s - 1, series_pool[s], by_factor)
# The plot elements of series s: interval bars where there are any, and over them points, joined where they make a trend.
series_plot(s, by_factor) = \
    (series_bars[s] ? data_of(s, by_factor) . ':3:4 with yerrorbars pointsize 0 ' . look_of(s) . ', ' : '') \
    . data_of(s, by_factor) . (series_joined[s] ? ' with linespoints ' : ' with points ') . look_of(s)

# Draws panel p; bound, where there is one, is a dashed line.
panel_draw = "\
command = panel_bound[p] ? sprintf(\"'%s.dat' index %d using 1:2 with lines linestyle 101, \", chart_name, panel_bound[p] - 1) : ''; \
do for [s = panel_first[p]:panel_last[p]] { command = command . series_plot(s, by_factor) . ', ' }; \
eval 'plot ' . command[1:strlen(command) - 2]; \
unset label 1; unset label 2; unset label 3"

# The key is a plot of its own below the panels.
page_end = "\
set lmargin at screen 0.02; set rmargin at screen 0.98; \
set bmargin at screen 0; set tmargin at screen (foot_height(n) - 4) / height_of(n); \
unset title; unset xlabel; unset ylabel; unset tics; unset border; unset grid; unset logscale; unset arrow; \
set xrange [0:1]; set yrange [0:1]; \
set key inside center center horizontal reverse Left width 2 samplen 2 maxrows key_rows(n); \
plot for [k = 1:pools] -1 with points pointtype shape_of(k) linecolor rgb colour_of(k) title pool_name[k], \
    -1 with lines linestyle 101 title bound; \
unset multiplot; unset output; \
set border 3 linecolor rgb '#666666'; set tics nomirror out scale 0.6; set grid x y linestyle 102; set autoscale"
