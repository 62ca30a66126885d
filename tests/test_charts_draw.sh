#!/usr/bin/env bash
# Draws all charts of a small run, in every format and narrow: gnuplot has nothing to say, and no picture is large.
set -u
. tests/support.sh
command -v gnuplot >/dev/null || { echo 'there is no gnuplot'; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache

# Whether $1 is $2; what there was instead ($3).
expect() { check "$2" equal "$@"; }
equal()
{
    [ "$1" = "$2" ] && return
    printf 'expected %s, found %s\n%s\n' "$2" "$1" "${3-}"
    return 1
}

# Runs and searches draw nothing here by themselves: all is drawn once, below. As SVG, and in formats of a sample.
with_gnuplot=$PATH
without_gnuplot
draw_charts() { PATH=$with_gnuplot poolbench charts "$@" >"$scratch/out" 2>"$scratch/err"; }
number=0
draw_sample 'formats of runs beside SVG' 10 250
chosen() { [ "$1" = svg ] || [[ " ${sample[*]} " = *" $((number++)) "* ]]; }

poolbench run --pool serial,pthread,fork --workload mixed,sleep --size 100us --arrival burst,window:4,rate:2k --workers 2 \
    --tasks 120 --blocks 6 --samples all --out "$scratch/run" >"$scratch/log" 2>&1
expect "$?" 0 "$(cat "$scratch/log")"

for given in 'svg' 'png' 'pdf' 'tex' 'svg --width 84mm'; do
    chosen "$given" || continue
    # shellcheck disable=SC2086 # two words
    draw_charts "$scratch/run" --format $given
    expect "$?" 0
    expect "$(wc -c <"$scratch/err")" 0 "$given: $(cat "$scratch/err")"
    for chart in time latency course costs order workers forest; do
        expect "$(grep -c "drew .*/$chart\.${given%% *}: " "$scratch/out")" 1 "$given: $(cat "$scratch/out")"
    done
done
for chart in time latency course costs order workers forest; do
    size=$(wc -c <"$scratch/run/charts/$chart.svg")
    expect "$((size > 5000 && size < 500000))" 1 "$chart.svg has $size bytes"
done

# No picture is taller than a page, whatever its width and columns, and all panels are in one of them. Bare ones have nothing
# above the panels.
height_of() { sed -n 's/.*viewBox="0 0 [0-9.]* \([0-9]*\).*/\1/p' "$1" | head -1; }
panels_in() { cat "$scratch"/reference/charts/time*.svg | grep -o '>of workers x wall, per task<' | wc -l; }
cp -r results/reference "$scratch/reference"
panels=0
for given in '' '--width 84mm' '--columns 4 --bare'; do
    # shellcheck disable=SC2086 # words
    draw_charts "$scratch/reference" $given
    expect "$?$(cat "$scratch/err")" 0
    for picture in "$scratch"/reference/charts/*.svg; do
        expect "$(($(height_of "$picture") <= 960))" 1 "$given: $picture is $(height_of "$picture") high"
    done
    [ "$panels" -gt 0 ] || panels=$(panels_in)
    expect "$((panels > 9))$(panels_in)" "1$panels" "$given"
done
expect "$(cat "$scratch"/reference/charts/*.svg | grep -c 'Throughput against workers\|run reference')" 0 "bare"
expect "$(cat "$scratch"/reference/charts/*.svg "$scratch/run/charts/latency.svg" | grep -c '[0-9] *us\b')" 0 "us in a picture"
expect "$(poolbench charts "$scratch/run" --columns 9 >"$scratch/out" 2>&1; echo $?)" 2 "$(cat "$scratch/out")"

# A pool has the same colour in every chart of every run.
colours_of() { cat "$1"/charts/*.gp | awk -v pool="$2" -F "[][ =']+" '/^pool_look\[/ { look[$2] = $3 } /^pool_name\[/ && $3 == pool { print look[$2] }' | sort -u; }
looks=$(colours_of "$scratch/reference" pthread)
expect "$(colours_of "$scratch/run" pthread)" "$looks"
expect "$(wc -w <<<"$looks")" 1 "looks of pthread: $looks"

# Captions: what all pictures share once, then a line for every picture, of sentences.
captions=$scratch/run/charts/captions.txt
expect "$(grep -c '^all: .* trials\.$' "$captions")" 1 "$(cat "$captions")"
expect "$(grep -c '^all: ' "$captions")" 1
expect "$(grep -cE '^costs: .*\. Medians, n = 6 trials a point; bars: ' "$captions")" 1 "$(cat "$captions")"

# Several ballasts, and pools that lie beyond a panel of ratios or have no interval: nothing to complain of either.
poolbench run --pool pthread,prefork,fork --workload empty --workers 2 --tasks 100 --blocks 2 --ballast 0,1MiB,32MiB \
    --out "$scratch/ballast" >"$scratch/log" 2>&1
expect "$?" 0 "$(cat "$scratch/log")"
for given in 'svg' 'pdf --width 84mm' 'tex'; do
    chosen "$given" || continue
    # shellcheck disable=SC2086 # two words
    draw_charts "$scratch/ballast" --format $given
    expect "$?$(cat "$scratch/err")" 0
    expect "$(grep -cE 'drew .*/(ballast|forest|costs)\.' "$scratch/out")" 3 "$given: $(cat "$scratch/out")"
done
expect "$(grep -c '>per task<' "$scratch/ballast/charts/costs.svg")" 1

# A copy without its large files is drawn as far as it goes.
rm "$scratch/ballast/latency.csv" "$scratch/ballast/samples.csv"
draw_charts "$scratch/ballast"
expect "$?$(cat "$scratch/err")" 0
expect "$(grep -cE '^did not draw (latency|workers): .*(latency|samples).csv' "$scratch/out")" 2 "$(cat "$scratch/out")"

expect "$(colours_of "$scratch/ballast" pthread)" "$looks"

# Searches: what they went through, with and without something found.
poolbench metg --pool fork,pthread --workers 1 --range 100us..5ms --blocks 6 --budget 10s --seed 1 --out "$scratch/metg" \
    >"$scratch/log" 2>&1
code=$?
expect "$((code == 4 ? 0 : code))" 0 "$(cat "$scratch/log")" # 4: too noisy to tell
poolbench capacity --pool pthread --workers 1 --size 10us --p99 1us --range 20000..40000 --blocks 6 --budget 10s \
    --out "$scratch/capacity" >"$scratch/log" 2>&1
code=$?
expect "$((code == 4 ? 0 : code))" 0 "$(cat "$scratch/log")"
for search in metg capacity; do
    for given in 'svg' 'pdf --width 84mm' 'tex'; do
        chosen "$given" || continue
        # shellcheck disable=SC2086 # two words
        draw_charts "$scratch/$search" --format $given
        expect "$?$(cat "$scratch/err")" 0
        expect "$(grep -c "drew .*/$search\.${given%% *}: " "$scratch/out")" 1 "$given: $(cat "$scratch/out")"
    done
done

# What is for LaTeX compiles there.
if command -v pdflatex >/dev/null; then
    draw_charts "$scratch/run" --format tex
    poolbench report "$scratch/run" >/dev/null
    (
        cd "$scratch/run/charts" || exit 1
        { printf '%s\n' '\documentclass{article}\usepackage{graphicx,color,booktabs}\begin{document}'
            for picture in *.tex; do case $picture in *-lines.tex) ;; *) printf '\\input{%s}\n\n' "${picture%.tex}" ;; esac; done
            printf '%s\n' '\input{../table}' '\end{document}'
        } >all.tex
        limited pdflatex -interaction=nonstopmode -halt-on-error all.tex
    ) >"$scratch/out" 2>&1
    expect "$?" 0 "$(tail -20 "$scratch/out")"
else
    skip 'charts in a document' 'there is no pdflatex'
fi

# What was drawn can be drawn again where it lies.
draw_charts "$scratch/metg" --format svg
rm "$scratch/metg/charts/metg.svg"
(cd "$scratch/metg/charts" && PATH=$with_gnuplot LC_ALL=C.UTF-8 gnuplot metg.gp) 2>"$scratch/err"
expect "$?$(cat "$scratch/err")" 0
expect "$(test -s "$scratch/metg/charts/metg.svg" && echo drawn)" drawn

closing
