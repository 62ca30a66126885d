#!/usr/bin/env bash
# Draws all charts of a small run, in every format and narrow: gnuplot has nothing to say, and no picture is large.
set -u
command -v gnuplot >/dev/null || { echo 'there is no gnuplot'; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME=$scratch/cache
passed=0 failed=0

# Says what was expected, and what there was instead ($3), unless $1 and $2 are equal.
expect()
{
    if [ "$1" = "$2" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'expected %s, found %s\n%s\n' "$2" "$1" "${3-}"
    fi
}

poolbench run --pool serial,pthread,fork --workload mixed,sleep --size 100us --arrival burst,window:4,rate:2k --workers 2 \
    --tasks 120 --blocks 6 --samples all --out "$scratch/run" >"$scratch/log" 2>&1
expect "$?" 0 "$(cat "$scratch/log")"

for given in 'svg' 'svg --width 84mm' 'png' 'pdf' 'tex'; do
    # shellcheck disable=SC2086 # two words
    poolbench charts "$scratch/run" --format $given >"$scratch/out" 2>"$scratch/err"
    expect "$?" 0
    expect "$(wc -c <"$scratch/err")" 0 "$given: $(cat "$scratch/err")"
    for chart in throughput time latency costs order workers forest; do
        expect "$(grep -c "drew .*/$chart\.${given%% *}: " "$scratch/out")" 1 "$given: $(cat "$scratch/out")"
    done
done
for chart in throughput time latency costs order workers forest; do
    size=$(wc -c <"$scratch/run/charts/$chart.svg")
    expect "$((size > 5000 && size < 300000))" 1 "$chart.svg has $size bytes"
done

# What was drawn can be drawn again where it lies.
rm "$scratch/run/charts/workers.tex"
(cd "$scratch/run/charts" && LC_ALL=C.UTF-8 gnuplot workers.gp) 2>"$scratch/err"
expect "$?$(cat "$scratch/err")" 0
expect "$(test -s "$scratch/run/charts/workers.tex" && echo drawn)" drawn

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
