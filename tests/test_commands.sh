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

# Tasks of one file that write one file.
refused() # WORDS ARGUMENT...
{
    local words=$1
    shift
    limited "$@" >out 2>err
    test $? = 2 && grep -qF "$words" err
}
each="cmd:line='./but_one {file}':files=in:repeatable=yes"
check 'one output for tasks of one file is refused' \
    refused "write over each other's {file}.out, expected {task}" poolbench plan --workload "$each:output={file}.out"
check 'with {task} it is not' limited poolbench plan --workload "$each:output={file}.{task}.out"

# What commands cost: as getrusage() tells of the same ones, by turns. Others may slow either down at any moment, so that
# the test has wide slack; docs/RESULTS.md says how well it was seen to hold.
cat >load.py <<'END'
import hashlib
for i in range(60000): hashlib.sha256(b"%d" % i).digest()
END
cat >agree.py <<'END'
import csv, resource, statistics, subprocess, sys
pools, line, turns, tasks, slack = sys.argv[1].split(","), sys.argv[2].split(), *map(float, sys.argv[3:6])
def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
ours, theirs = {pool: [] for pool in pools}, []
for turn in range(int(turns)):
    before = used()
    for i in range(int(tasks)):
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
    theirs.append((used() - before) / tasks)
    out = f"turn{turn}"
    subprocess.run(["poolbench", "run", "--pool", ",".join(pools), "--workers", "1", "--blocks", "1", "--seed", "7", "--tasks", str(int(tasks)),
                    "--workload", "cmd:line='" + " ".join(line) + "'", "--out", out], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    for row in csv.DictReader(open(out + "/summary.csv")):
        ours[row["pool"]].append(float(row["command_cpu_ns"]) / 1e9)
for pool in pools:
    ratios = [a / b for a, b in zip(ours[pool], theirs)]
    print(pool, "over getrusage: %.4f, of turns %.4f" % (statistics.median(ours[pool]) / statistics.median(theirs),
                                                     statistics.median(ratios)))
    assert 1 / slack < statistics.median(ratios) < slack
END
if command -v python3 >/dev/null; then
    check 'CPU time of a command agrees with getrusage' \
        limited python3 agree.py fork,prefork,pthread,zygote "python3 load.py" 6 3 1.5
    check 'the screen has it' grep -q 'largest memory' <(poolbench summarise turn0)
    poolbench compare turn0 turn1 --metric command_cpu >out 2>err # of one block, nothing can be told
    check 'two runs are compared by it' grep -q '4 comparisons need at least 8 blocks' err
    poolbench summarise turn0 --format hyperfine >/dev/full 2>err
    check 'a full disk' test "$?$(cat err)" = '1poolbench: standard output: No space left on device'
else
    skip 'CPU time of a command' 'python3 is not there'
fi

# Ctrl-C while commands run that have started others: nothing of them is left.
set -m # what runs in the background has the default action for SIGINT
printf '#!/bin/sh\nsleep 97 &\nsleep 97\n' >nest
chmod +x nest
marked() { grep -lsaE "^INTERRUPTED_RUN=$$\$|INTERRUPTED_RUN=$$[^0-9]" /proc/[0-9]*/environ | wc -l; }
within() # SECONDS WORDS... : until they succeed
{
    local left=$(($1 * 20))
    shift
    until "$@"; do [ $((left--)) -gt 0 ] || return 1; sleep 0.05; done
}
run_them() { [ "$(marked)" -ge 5 ]; }
none_is_left() { [ "$(marked)" = 0 ]; }
for pool in fork prefork pthread zygote; do
    INTERRUPTED_RUN=$$ poolbench run --pool $pool --workload "cmd:line='./nest {task}'" --workers 2 --tasks 4 --blocks 1 \
        --out "stopped-$pool" >out 2>err &
    check "commands of $pool run" within 20 run_them
    kill -INT $!
    wait $!
    check "$pool, interrupted, says so" test $? = 130
    check "$pool leaves nothing" within 5 none_is_left
done
closing
