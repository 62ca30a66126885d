#!/usr/bin/env bash
# The scripts that count and compare, with programs made up here, in a language that writes 1,5 for one and a half.
set -u
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset LC_ALL LC_NUMERIC LANG

printf 'LC_NUMERIC\ndecimal_point ","\nthousands_sep "."\ngrouping 3;3\nEND LC_NUMERIC\n' >"$scratch/source"
localedef --no-archive -c -i "$scratch/source" -f ANSI_X3.4-1968 "$scratch/comma" >/dev/null 2>&1 # it lacks all the rest
commas=(env "LOCPATH=$scratch" LC_NUMERIC=comma)
# shellcheck disable=SC2016 # in that shell
case $("${commas[@]}" bash -c 'echo "$EPOCHREALTIME"') in
*,*) ;;
*) echo 'no language with a decimal comma can be made here'; exit 77 ;;
esac

mkdir "$scratch/bin" "$scratch/run"
made() { { echo '#!/bin/sh'; cat; } >"$scratch/bin/$1" && chmod +x "$scratch/bin/$1"; }
made mlr <<<'exec sleep .1'
# A run, whose files are left out where they are not asked for, and comparisons of two cells.
cat >"$scratch/run/host.json" <<<'{"model": "made up", "release": "6.1", "date": "2026-01-02"}'
printf 'runqueue_ns,user_ns,sys_ns\n100,900,100\n' >"$scratch/run/trials.csv"
made poolbench <<'END'
[ "$1" = compare ] || exit 0
echo experiment,size_ns,in_bytes,pool,ratio,lo,hi,verdict,base
for pool in python prefork; do
    echo "c,1500,0,$pool,1.39,1.35,1.43,slower,1555.5"
done
END
export PATH=$scratch/bin:$PATH

perf() { "${commas[@]}" scripts/perf-summarise 4 >"$scratch/perf" || [ $? -eq 3 ]; } # 3: something here took longer
explain() { cat "$scratch/perf" "$scratch/page"; } 2>/dev/null
check 'perf-summarise' perf
check 'times are seconds' grep -qE ', at most 0\.5x: [a-zA-Z]+ \([0-9]{1,3}\.[0-9]+ s, [0-9]{1,3}\.[0-9]+ s\)$' "$scratch/perf"

page() { "${@:2}" scripts/folklore "$scratch/run" >"$scratch/$1"; }
check 'the page of folklore' page page env
check 'has the comparisons' grep -qF '| 1.5 us | none | 1.56 us | 1.39x [1.35 .. 1.43] | wrong |' "$scratch/page"
check 'the page there' page other "${commas[@]}"
check 'is the same' cmp "$scratch/page" "$scratch/other"
closing
