#!/usr/bin/env bash
# poolbench tour --live under a pseudo-terminal (script, of bsdutils): rows of workers come, are kept within the terminal,
# and are gone at the end; Ctrl-C leaves no process and nothing to put back.
set -u
. tests/support.sh
PATH=${BUILD:-build/default}:$PATH
type script >/dev/null 2>&1 || { echo "script is not installed"; exit 77; }
script -qec true /dev/null >/dev/null 2>&1 </dev/null || { echo "no pseudo-terminal can be made here"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
unset COLUMNS LINES NO_COLOR
export TERM=xterm
explain() { head -c 4000 "$log" | cat -v; }

# Runs the commands on a terminal of $1 columns and $2 rows; what came out of it is in the log.
on_terminal()
{
    script -qec "stty cols $1 rows $2; $3" /dev/null </dev/null >"$log"
}

seen() { grep -aqE "$1" "$log"; }
unseen() { ! seen "$1"; }
# No line without its escape sequences is longer than $1.
fits()
{
    sed 's/\x1b\[[0-9]*[A-Za-z]//g; s/\r/\n/g' "$log" | grep -aE '^(live|  worker|  +[0-9-]+  (sub|pro|thr))' |
        awk -v most="$1" 'length > most { wide = 1 } END { exit wide || !NR }'
}
# The cursor never goes up further than the terminal has rows.
stays() { grep -ao $'\x1b''\[[0-9]*A' "$log" | tr -dc '0-9\n' | awk -v rows="$1" '$1 >= rows { exit 1 }'; }

# None of the pids in rows exists any more.
all_ended()
{
    local pid pids
    pids=$(grep -aoE '  (process|submitter) +[0-9]+' "$log" | awk '{ print $2 }' | sort -u)
    [ -n "$pids" ] || return 1
    for pid in $pids; do
        ! [ -e "/proc/$pid" ] || return 1
    done
}

# One step with tasks of 50 ms: workers 0 to 4, processes, each with a task by its name.
on_terminal 80 24 "poolbench tour 2 --live"
check "rows of workers" seen '  4  process  +[0-9]+ +[0-9]+ +[0-9]+  (sleeping|running) '
check "tasks by their names" seen '  [0-4]  process .*  (0 A|1 B|2 C|3 D|4 E) '
check "results handed on" seen '^live .* of 10 results handed on|[^a-z]live .* of 10 results handed on'
check "busy workers in green" seen $'\x1b''\[32m  '
check "the same table at the end" seen '  3 D +20ms .*Input/output error'
check "80 columns" fits 79
check "cursor and colours as before" unseen $'\x1b''\[\?'

# Threads have the pid of the submitter.
on_terminal 80 24 "NO_COLOR=1 poolbench tour 4 --live"
check "threads and processes" seen '  [3-5]  thread '
check "no colours" unseen $'\x1b''\[32m'

# Fewer rows than workers, and fewer columns.
on_terminal 40 8 "poolbench tour 1 --live"
check "40 columns" fits 39
check "8 rows" stays 8
check "what is left out" seen 'and [0-9]+ more'

# Ctrl-C in the middle of tasks that take seconds.
interrupt()
{
    local tries
    for ((tries = 0; tries < 3000; tries++)); do # of rows there may be none for as long as it takes to start
        nap .02
        seen '  4  process ' && break
    done
    kill -INT "$(cat "$scratch/pid")"
}
: >"$log"
interrupt &
on_terminal 80 24 "sh -c 'echo \$\$ >$scratch/pid; exec poolbench tour 2 --live --slow'; echo status \$?"
wait
check "exit code of an interrupted tour" seen 'status 130'
check "no rows are left" seen $'\r\x1b''\[J.*interrupted'
check "workers have ended" all_ended

# Without a terminal: one line, and the tour.
poolbench tour 2 --live >"$log" 2>"$log.err"
check "the tour without a terminal" seen 'Input/output error'
check "no escape sequences there" unseen $'\x1b'
check "says why" grep -q '^poolbench tour: --live needs a terminal' "$log.err"

closing
