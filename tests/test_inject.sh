#!/usr/bin/env bash
# Makes single calls of libc functions fail, one after another, in the harness and in the trial program
# (tests/preload/inject.c), during a run of all kinds of pools. Whatever fails: the run ends in time, with an error line or
# with right results; its rows are whole, no process and no draft of a file stays, and `resume` makes up for what is missing.
# In short it is one call of each, or of as many as fit, drawn by SEED; DEPTH=60 takes the first 60 of all.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
inject=$build/inject.so
[ -e "$inject" ] || { echo "there is no $inject"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
explain() { cat err; }
export HOME=$scratch POOLBENCH_TEST=$scratch # the mark of our processes
unset XDG_CACHE_HOME
tasks=20 rows=10 late=(1 1 2 3 5 8 13)

cat >suite.ini <<END
blocks = 1
samples = all
seed = 3
[experiment tiny]
pool = fork, prefork:transport=ring/pipe/socket, pthread:transport=ring/pipe/socket/condvar, hybrid
workload = spin
size = 10us
tasks = $tasks
workers = 2
END
without_gnuplot
PATH=$build:$PATH
poolbench run suite.ini --out warm >/dev/null 2>&1 # calibrates
rm -rf warm

processes() { started_with "POOLBENCH_TEST=$scratch" 'p[bo]*'; } # pb-trial, poolbench

# What is not as it should be with the rows of the run `run`; an ok trial has times and all its samples, others have none.
rows_wrong()
{
    awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; fields = NF; next }
        FILENAME ~ /trials/ && FNR > 1 {
            if (NF != fields) print "a row of", NF, "fields"
            status = $column["status"]
            if ((status == "ok") != ($column["wall_ns"] != "")) print "times of a trial that is", status
            if (seen[$column["cell_id"], $column["block"]]++) print "twice:", $column["cell_id"], $column["block"]
            if (status == "ok") ok[$column["trial_id"]]
        }
        FILENAME ~ /samples/ && FNR > 1 { samples[$1]++ }
        END { for (id in ok) if (samples[id] != tasks) print "trial", id, "has", samples[id] + 0, "samples" }' \
        tasks=$tasks run/trials.csv run/samples.csv
}

# The $2-th call of $1 fails with $3 in $4. 1: there was no such call.
try()
{
    local status wrong left
    rm -rf run hit
    INJECT=$1:$2:$3:$4 INJECT_HIT=$PWD/hit LD_PRELOAD=$inject${LD_PRELOAD:+:$LD_PRELOAD} \
        limited poolbench run suite.ini --out run >out 2>err
    status=$?
    [ -e hit ] || return 1
    wrong=
    case $status in
    0) ;;
    1 | 2) [ -s err ] || [ -s run/trials.csv ] || wrong="exit code $status without a word" ;;
    124 | 137) wrong="hangs" ;;
    *) wrong="exit code $status" ;;
    esac
    sleep .01
    left=$(processes)
    [ -n "$left" ] && sleep .5 && left=$(processes)
    [ -n "$left" ] && wrong="$wrong; leaves $left"
    if [ -e run/trials.csv ]; then
        left=$(rows_wrong)
        [ -n "$left" ] && wrong="$wrong; $left"
        compgen -G 'run/.[!.]*' >/dev/null && wrong="$wrong; leaves drafts"
        if [ "$(wc -l <run/trials.csv)" -ne $rows ]; then
            limited poolbench resume run >out 2>>err || wrong="$wrong; resume exits with $?"
            left=$(rows_wrong)
            [ -n "$left" ] && wrong="$wrong; resumed: $left"
            [ "$(wc -l <run/trials.csv)" -ne $rows ] && wrong="$wrong; resume leaves trials out"
        elif [ "$status" -ne 0 ] && [ ! -s err ]; then
            grep -qE ',(failed|crashed|timeout),' run/trials.csv || wrong="$wrong; fails and does not say so"
        fi
    elif [ $status -eq 0 ]; then
        wrong="$wrong; exit code 0 without a run"
    elif [ -e run ]; then
        wrong="$wrong; leaves half a run: $(ls -A run)"
    fi
    check "call $2 of $1 fails in $4${wrong:+: ${wrong#; }}" [ -z "$wrong" ]
}

calls=()
while read -r call error programs; do
    for program in $programs; do calls+=("$call $error $program"); done
done <<END
fork 11 poolbench poolbench-trial
vfork 11 poolbench
pthread_create 11 poolbench-trial
mmap 12 poolbench poolbench-trial
madvise 22 poolbench-trial
malloc 12 poolbench poolbench-trial
calloc 12 poolbench poolbench-trial
realloc 12 poolbench poolbench-trial
open 24 poolbench poolbench-trial
openat 24 poolbench
fdopen 12 poolbench
fopen 24 poolbench poolbench-trial
open_memstream 12 poolbench
fclose 28 poolbench
write 28 poolbench poolbench-trial
read 5 poolbench poolbench-trial
pread 5 poolbench
send 32 poolbench poolbench-trial
rename 28 poolbench
mkdir 28 poolbench
renameat 28 poolbench
mkdirat 28 poolbench
unlink 2 poolbench
symlink 28 poolbench
readlink 2 poolbench
flock 37 poolbench
lseek 5 poolbench
ftruncate 28 poolbench
memfd_create 24 poolbench
socketpair 24 poolbench-trial
pipe2 24 poolbench poolbench-trial
dup2 24 poolbench
execv 7 poolbench
ppoll 12 poolbench poolbench-trial
signalfd 24 poolbench
sigaction 22 poolbench poolbench-trial
waitpid 4 poolbench poolbench-trial
wait4 4 poolbench-trial
sched_setaffinity 22 poolbench poolbench-trial
sched_getaffinity 22 poolbench poolbench-trial
pidfd_open 24 poolbench poolbench-trial
END

# In short: a sample of them, each at one moment, so that most come soon.
if [ -n "${DEPTH:-}" ]; then
    for call in "${calls[@]}"; do
        read -r call error program <<<"$call"
        for ((n = 1; n <= DEPTH; n++)); do
            try "$call" $n "$error" "$program" || break
        done
    done
else
    draw_sample 'calls that fail' ${#calls[@]} 20 # a run of ten trials, and what looks at it
    for number in "${sample[@]}"; do
        read -r call error program <<<"${calls[number]}"
        n=${late[RANDOM % ${#late[@]}]}
        try "$call" "$n" "$error" "$program" || { [ "$n" -gt 1 ] && try "$call" 1 "$error" "$program"; } ||
            skip "$call in $program" 'it is not called here'
    done
fi

# The only worker dies, and there is no process for another in that moment: soon there is, and nothing but its task is lost.
rm -rf run hit
INJECT=fork:2:11:poolbench-trial INJECT_HIT=$PWD/hit LD_PRELOAD=$inject${LD_PRELOAD:+:$LD_PRELOAD} limited poolbench run \
    --pool prefork --size 10us --tasks 20 --workers 1 --blocks 1 --faults kill:task=7 --out run >out 2>err
status=$?
check "no process for another worker, for a moment: exit code $status" [ -e hit -a $status -eq 0 ]
closing
