#!/usr/bin/env bash
# Trials under a command of the user's: its words stand before the trial program, what it writes is found, what it costs is
# told, and nothing of it is among the results. With strace, where that is installed and may trace.
# shellcheck disable=SC2016 # `eval` is to expand them
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { tail -20 screen 2>/dev/null; }
made() { poolbench run --pool serial,prefork --workload spin --size 50us --tasks 40 --workers 2 --blocks 2 --seed 3 "$@" >screen 2>&1; }
said() { tr -s '\n ' ' ' <screen | grep -q -- "$1"; }

cat >before <<'END'
#!/bin/sh
file=$1
shift
echo "$@" >"$file"
exec "$@"
END
chmod +x before
check "a run with a command" made --wrap './before {file}' --out run
check "each cell has run under it once" eval 'grep -q "/poolbench-trial$" run/profile/wrap-c001 &&
    grep -q "/poolbench-trial$" run/profile/wrap-c002 && test "$(find run/profile -type f | wc -l)" -eq 2'
check "what it costs is told" said '--wrap: prefork .*: [0-9.]*x the time of its published trials; .*run/profile/wrap-c002'
check "the results have nothing of it" eval 'test "$(tail -n +2 run/trials.csv | grep -vc ",disturbed,")" -eq 4 && poolbench summarise run >said 2>&1'
check "words have no shell" made --wrap './before {file} env A=$HOME;' --out words
check "so that a word is what it is" grep -q '^env A=$HOME; .*/poolbench-trial$' words/profile/wrap-c001
check "a command that fails is told" eval 'made --wrap false --out fails && said "the trial did not come to its end"'
check "one that is not there is refused" eval '! made --wrap "nobody-has-this -o {file}" --out none &&
    said "wrap.*.nobody-has-this. is no program that can be executed here" && test ! -e none'
if strace -c -f -o traced true 2>/dev/null; then
    check "strace" made --wrap 'strace -c -f -o {file}' --out traces
    check "counts system calls" grep -q 'total$' traces/profile/wrap-c002
else
    skip "strace" "it is not installed, or may not trace here"
fi
closing
