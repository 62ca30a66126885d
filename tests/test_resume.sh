#!/usr/bin/env bash
# Runs that end before their plan: told to end, killed at random moments (KILLS=12, SEED=1), stopped and continued,
# out of disk, with nowhere to print to. Their files can be read, no process stays, and `resume` makes them whole: every
# trial of the plan once.
set -u -m # -m: what runs in the background has the default action for SIGINT
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
mounted=
trap '[ -n "$mounted" ] && umount "$mounted"; rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch POOLBENCH_TEST=$scratch # the mark of our processes
unset XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }
said() { grep -q -- "$1" err; }
ended() { [ "$status" -eq "$1" ]; }

processes() { started_with "POOLBENCH_TEST=$scratch" 'p[bo]*'; } # pb-trial, poolbench
sleepers() { started_with "POOLBENCH_TEST=$scratch" sleep; }
# A killed one's children take a moment to be gone.
none_left()
{
    local wait
    for wait in 0 .05 .1 .2 .5 1 2 4; do
        nap $wait
        [ -z "$(processes)" ] && return
    done
    processes
    return 1
}

# Every trial of the plan of the run $1 is there once, with its samples, and nothing else; all in the order of
# the plan, but for blocks ($2: late) that were made whole behind others.
whole()
{
    awk -F , -v tasks=$tasks -v late="${2:-}" '
        FNR == 1 { file++ }
        file == 1 { rows++; planned[$3, $4]++; place[$3, $4] = $5 }
        file == 2 && !(($4, $5) in first) { # what is run again comes later, but was first where the plan has it
            first[$4, $5]
            wrong += $6 != place[$4, $5] || (FNR > 2 && ($6 <= position[$5] || ($5 < block && !late)))
            position[$5] = $6 + 0; block = $5 + 0
        }
        file == 2 && FNR == 2 { version = $1 }
        file == 2 && /,disturbed,/ { aside[$3]; next }
        file == 2 { rows--; ran[$4, $5]++ }
        file == 2 && FNR > 1 { trial[$3]; wrong += $1 != version }
        file == 3 && FNR > 1 { samples[$1]++ }
        END {
            for (key in planned) wrong += planned[key] != 1 || ran[key] != 1
            for (id in trial) wrong += samples[id] != tasks
            for (id in samples) wrong += !(id in trial) && !(id in aside)
            if (rows || wrong) print rows, "rows are missing;", wrong, "are not as they should be"
            exit rows || wrong
        }' "$1/plan.csv" "$1/trials.csv" "$1/samples.csv"
}
# No line of its files is torn but for the last one.
readable()
{
    awk -F , '
        FNR == 1 { fields = held = NF }
        held != fields { print FILENAME ": torn before line " FNR; exit 1 }
        { held = NF }' "$1/trials.csv" "$1/samples.csv" "$1/latency.csv" || return
    poolbench summarise "$1" >out 2>err || grep -qE 'no trial|summary.csv: cannot be written: No space' err
}

# The time that host.json of the run $1 tells for the whole of it holds what its trials measured.
took_all()
{
    awk '/"took_ns"/ { took = $2 + 0 } /"measured_ns"/ { measured = $2 + 0 }
        END { print "took", took, "measured", measured; exit !(measured > 0 && took >= measured) }' "$1/host.json"
}

tasks=40
cat >suite.ini <<END
samples = all
seed = 3
blocks = 5
[experiment small]
pool = serial, pthread, prefork, fork, hybrid
workload = spin
size = 50us
tasks = $tasks
workers = 2
place = none
END
poolbench run suite.ini --blocks 1 --out warm >out 2>err # calibrates
check "a run that nothing happens to is whole" whole warm
poolbench resume warm >out 2>err
status=$?
check "resuming a complete run is no error" ended 0
check "and says so" said 'is complete: 5 trials in 1 block'

# ---- told to end ----
for signal in INT TERM HUP; do
    # far more than run before it is told, however slow this shell is
    poolbench run suite.ini --blocks 60 --out "$signal" >out 2>err &
    wait_for_lines "$signal/trials.csv" 4
    kill -$signal $!
    wait $! 2>/dev/null
    status=$?
    check "exit code after $signal" ended $((128 + $(kill -l $signal)))
    check "how to go on after $signal" said "poolbench resume $signal"
    check "no process after $signal" none_left
    check "files after $signal" readable $signal
done
interrupted=$(grep -c ,interrupted, TERM/trials.csv) # none, where the signal came between two trials
printf '99,torn' >>TERM/trials.csv
printf '1,2\n3' >>TERM/samples.csv
poolbench resume TERM >out 2>err
status=$?
check "resume after SIGTERM" ended 0
check "says what it cut off" said 'cut off 12 bytes'
[ "$interrupted" -eq 0 ] || check "says what runs again" said "$interrupted interrupted trial runs again"
check "whole after SIGTERM" whole TERM
check "has its report" [ -s TERM/report.html ]
check "tells the time of both parts" took_all TERM
touch -d '1 hour ago' TERM/report.html TERM/summary.csv # as if it had been killed before it wrote those of the whole run
poolbench resume TERM >out 2>err
# not older: within one tick of the kernel's clock both have the same time
check "a report of a part is written anew" [ ! TERM/report.html -ot TERM/host.json ]
check "and so is its summary" [ ! TERM/summary.csv -ot TERM/host.json ]
rm TERM/summary.csv
poolbench resume TERM >out 2>err
check "a report does not stand for a summary" [ -s TERM/summary.csv ]

# What `--more` adds to the plan of a run that is not whole: blocks that nobody began go.
poolbench run --more HUP --blocks 2 >out 2>err
check "a plan with more has no block twice" [ "$(cut -d , -f 3,4 HUP/plan.csv | sort | uniq -d | wc -l)" -eq 0 ]
poolbench resume HUP >out 2>err
check "whole after --more and resume" whole HUP late

# ---- stopped and continued ----
poolbench run suite.ini --size 2ms --blocks 4 --out stopped >out 2>err &
wait_for_lines "stopped/trials.csv" 4
# Stops the harness; false, and it goes on, where that was between two trials. (No loop: bash leaves one when a job stops.)
stop_within_trial()
{
    kill -TSTP "$1"
    nap .3
    states=$(for process in $(processes); do cut -d ' ' -f 2,3 "$process/stat"; done)
    grep -q '^(pb-trial)' <<<"$states" && return
    kill -CONT "$1"
    nap .03
    return 1
}
stop_within_trial $! || stop_within_trial $! || stop_within_trial $! || stop_within_trial $!
check "the harness stands still" grep -q '^(poolbench) T' <<<"$states"
check "its trial stands still" [ "$(grep -E '^\(pb-(trial|worker)' <<<"$states" | grep -cv ' [TZ]$')" -eq 0 ]
kill -CONT $!
wait -f $! 2>/dev/null # -f: to its end, whatever bash has heard of by now
status=$?
check "a run that was stopped" ended 0
check "its trial is marked" grep -q ',disturbed,stood still for ' stopped/trials.csv
check "and was run again with its row" whole stopped

# ---- told twice, with a task that never ends ----
poolbench run --pool pthread,prefork --workload spin --size 100us --tasks 50 --workers 2 --blocks 1 --trial-limit 6s \
    --faults hang:task=7 --out twice >out 2>err &
wait_for_lines twice/trials.csv 0
nap .2
kill -INT $!
kill -INT $!
wait $! 2>/dev/null
status=$?
check "exit code after two Ctrl-C" ended 130
check "its trial was not waited for" eval '! grep -q ,timeout, twice/trials.csv'
check "no process after two" none_left
poolbench resume twice >out 2>err
status=$?
check "resume with that task" ended 1
check "both trials have a row" [ "$(wc -l <twice/trials.csv)" -eq 3 ]

# ---- killed ----
RANDOM=${SEED:-1}
kills=0 runs=0
while [ $kills -lt "${KILLS:-12}" ]; do
    runs=$((runs + 1))
    verb=(run suite.ini --out "killed$runs")
    for ((tries = 0; tries < 4 && kills < ${KILLS:-12}; tries++)); do
        poolbench "${verb[@]}" >out 2>err &
        nap "$(printf '0.%03d' $((RANDOM % 800)))"
        kill -KILL $! 2>/dev/null && kills=$((kills + 1))
        wait $! 2>/dev/null
        check "no process after kill $kills" none_left
        [ -e "killed$runs/trials.csv" ] || break # nothing had begun
        check "files after kill $kills" readable "killed$runs"
        verb=(resume "killed$runs")
    done
    if [ -e "killed$runs/trials.csv" ]; then
        poolbench resume "killed$runs" >out 2>err
        status=$?
        check "resume after kills" ended 0
        check "whole after kills" whole "killed$runs"
        check "tells the time of all parts" took_all "killed$runs"
    elif [ -e "killed$runs" ]; then
        poolbench resume "killed$runs" >out 2>err
        status=$?
        check "a run that had not begun" ended 2
        check "says so" said 'no run'
    fi
done

# Behind each block host.json has how many rows there are: of what was killed, too, none goes without a word.
poolbench run suite.ini --blocks 200 --out gone >out 2>err &
wait_for_lines gone/trials.csv 12
{ poolbench resume gone; poolbench run --more gone; } >/dev/null 2>lock
check "a second harness is kept out" [ "$(grep -c 'another poolbench is at work on this run' lock)" -eq 2 ]
kill -KILL $!
wait $! 2>/dev/null
committed=$(sed -n 's/.*"committed": \([0-9]*\).*/\1/p' gone/host.json)
check "rows of whole blocks are committed" [ "${committed:-0}" -ge 5 -a "${committed:-0}" -lt "$(wc -l <gone/trials.csv)" ]
poolbench summarise gone >out 2>err
check "all rows are there" eval '! grep -q "not there" out err'
head -n "${committed:-1}" gone/trials.csv >less && cp less gone/trials.csv
poolbench summarise gone >out 2>err
check "the last one of a block is gone, which is said" grep -q 'gone/trials.csv: 1 row that was written is not there' out err
poolbench run --more gone --blocks 1 >out 2>err
status=$?
check "which goes on" ended 0
poolbench summarise gone >out 2>err
check "with as many as there are" eval '! grep -q "not there" out err'

# What its tasks have run, in sessions of their own, ends with it too.
poolbench run --pool prefork --workload "cmd:line='sh -c \"setsid sleep 4250 & sleep 4251\"'" --tasks 4 --workers 2 \
    --blocks 1 --out far >out 2>err &
for wait in .1 .2 .5 1 2 4 8; do
    nap $wait
    [ "$(sleepers | wc -l)" -ge 2 ] && break
done
check "tasks run programs" [ "$(sleepers | wc -l)" -ge 2 ]
kill -KILL $!
wait $! 2>/dev/null
check "no process" none_left
for wait in .1 .2 .5 1 2; do
    [ -n "$(sleepers)" ] && nap $wait
done
check "no program in a session of its own" [ -z "$(sleepers)" ]

# ---- no more processes to be had, from the middle of a run on ----
for pids in /sys/fs/cgroup/pids /sys/fs/cgroup; do
    [ -e $pids/cgroup.procs ] && mkdir "$pids/poolbench-$$" 2>/dev/null && group=$pids/poolbench-$$ && break
done
if [ -n "${group:-}" ] && [ -w "$group/pids.max" ]; then
    # shellcheck disable=SC2016 # of the shell that is limited
    bash -c 'echo $$ >"$0/cgroup.procs"; exec poolbench run --pool fork,prefork --workload spin --size 100us \
        --tasks 300 --workers 2 --blocks 6 --out crowded' "$group" >out 2>err &
    wait_for_lines "crowded/trials.csv" 3
    echo 4 >"$group/pids.max" # harness, warden, guard and a trial, and nobody for it
    wait $! 2>/dev/null
    status=$?
    check "a run without processes" ended 1
    check "says what was refused" grep -q 'Resource temporarily unavailable' crowded/trials.csv
    check "no process of it" none_left
    check "files of it" readable crowded
    check "every trial has its row" [ "$(wc -l <crowded/trials.csv)" -eq 13 ]
    rmdir "$group"
else
    [ -n "${group:-}" ] && rmdir "$group"
    skip "a run without processes" "no control group of processes can be made here"
fi

# ---- nowhere to write ----
for verb in version topo 'list options' 'help run' 'summarise warm' 'plan suite.ini'; do
    # shellcheck disable=SC2086 # words
    poolbench $verb >/dev/full 2>err
    status=$?
    check "$verb on a full disk" ended 1
    check "$verb says that it is full" said 'standard output: No space left on device'
    # shellcheck disable=SC2086 # words
    poolbench $verb >&- 2>err
    status=$?
    check "$verb without an output" ended 1
    check "$verb says that there is none" said 'standard output: Bad file descriptor'
    check "$verb says it in a line" [ "$(wc -l <err)" -eq 1 ]
done
(sleep .2; poolbench help) 2>err | :
status=${PIPESTATUS[0]}
check "a reader that is gone ends it as it ends others" ended 141
check "without a word" [ ! -s err ]

# ---- limits ----
(ulimit -f 260; poolbench run suite.ini --blocks 30 --out limited >out 2>err)
status=$?
check "a limit on the size of files" ended 1
check "the file it stopped at" said 'limited/[a-z]*.csv: File too large; [0-9]* trials'
check "no process after that" none_left
poolbench resume limited >out 2>err
check "whole without that limit" whole limited
for limit in 4 6 8 10; do
    (ulimit -n $limit; poolbench run suite.ini --out "files$limit" >out 2>err)
    check "a limit of $limit descriptors" said 'Too many open files'
    check "no process with $limit descriptors" none_left
    [ -e "files$limit" ] || continue
    poolbench resume "files$limit" >out 2>err
    check "whole with more than $limit descriptors" whole "files$limit"
done
(ulimit -v 30000; poolbench run suite.ini --tasks 4000000 --blocks 1 --out memory >out 2>err)
status=$?
check "a limit on memory" [ $status -ne 0 ]
check "is named" grep -qE 'memory|allocate' err memory/trials.csv
check "no process after that" none_left

mkdir small
if mount -t tmpfs -o size=1m none small 2>/dev/null; then
    mounted=$scratch/small
    poolbench run suite.ini --blocks 60 --out small/run >out 2>err
    status=$?
    check "a disk that fills" ended 1
    check "the file it filled with" said 'small/run/[a-z.]*: No space left on device; [0-9]* trials'
    check "files on a full disk" readable small/run
    check "no process on a full disk" none_left
    mount -o remount,size=30m none small
    poolbench resume small/run >out 2>err
    status=$?
    check "resume when there is room" ended 0
    check "whole when there was room" whole small/run
    mount -o remount,ro none small
    poolbench run suite.ini --out small/none >out 2>err
    check "a disk that cannot be written" said 'Read-only file system'
    umount small
    mount -t tmpfs -o size=12k none small
    poolbench run suite.ini --out small/run >out 2>err
    check "a disk without room for a plan" said 'No space left on device'
    check "nothing half begun stays on it" [ ! -e small/run ]
    umount small
    mounted=
else
    skip "full disks" "no file system can be mounted here"
fi

closing
