#!/usr/bin/env bash
# Programs as tasks of which some fail, under pools that run them one by one and such as hand whole lists on: with
# ignore=yes all have the same sum of what was run, also who cannot tell which have failed.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch
unset XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }
column() # RUN COLUMN : without its heading
{
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1/trials.csv"
}

command -v xargs >/dev/null || { echo 'xargs is not there'; exit 77; }
mkdir in && touch in/1 in/2 in/3 in/4 in/5 in/6
# shellcheck disable=SC2016 # the script's own
printf '#!/bin/sh\ntest "$1" != in/3\n' >but_one
chmod +x but_one
cmd() # PROGRAM OPTIONS RUN
{
    limited poolbench run --pool fork,prefork,pthread,zygote,xargs --workload "cmd:line='./$1 {file}':files=in$2" \
        --workers 2 --blocks 2 --out "$3" >out 2>err
}
check 'a program that fails for one file, which may be' cmd but_one :ignore=yes some
check 'all trials are ok' test "$(column some status | sort -u)" = ok
check 'they agree on what was run' test "$(column some result_sum | sort -u | wc -l)" = 1
check 'xargs believes none, the others all but one' \
    test "$(column some tasks_ok | sort | uniq -c | tr -s ' \n' ' ')" = ' 2 0 8 5 '
cmd but_one '' none
check 'else no trial is ok' test "$(column none status | sort -u)" = failed
closing
