#!/usr/bin/env bash
# Causes that are planted in real short runs: the states of every trial close over its slots, and the states and counts
# that must show a cause show it. How long anything took is not looked at; what is said, only where it is told.
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
explain() { cat screen said 2>/dev/null | tail -40; }

made() { poolbench run "$@" --workload spin --drop no --seed 3 --trial-limit 20s >screen 2>&1; }

# The states of each trial that ended well sum up to workers x wall, to the nanosecond; under serial to wall.
closes() # RUN
{
    poolbench explain "$1" --format csv >states.csv &&
        awk -F, '
            FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
            FILENAME == "states.csv" { sum[$1] += $at[FILENAME, "ns"]; next }
            $at[FILENAME, "status"] == "ok" {
                slots = $at[FILENAME, "pool"] == "serial" ? 1 : $at[FILENAME, "workers"]
                if (sum[$at[FILENAME, "trial_id"]] != slots * $at[FILENAME, "wall_ns"])
                    bad++
                trials++
            }
            END { print trials " trials, " bad + 0 " do not close"; exit bad > 0 || !trials }' states.csv "$1/trials.csv"
}

# The sum of a state over all trials of a pool, in ns; 0 where it has none.
state_of() # RUN POOL STATE [BY]
{
    poolbench explain "$1" --format csv >states.csv
    awk -F, -v pool="$2" -v state="$3" -v by="${4:-}" '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        FILENAME != "states.csv" { is[$at[FILENAME, "trial_id"]] = $at[FILENAME, "pool"] == pool; next }
        is[$1] && $at[FILENAME, "state"] == state && (by == "" || $at[FILENAME, "by"] == by) { sum += $at[FILENAME, "ns"] }
        END { printf "%.0f\n", sum }' "$1/trials.csv" states.csv
}
more() { [ "$(state_of "$1" "$2" "${@:4}")" -gt "$(state_of "$1" "$3" "${@:4}")" ]; } # RUN POOL POOL STATE [BY]

# A number of the counts below the answer: the column of A (3rd from the end with its interval) and of B.
count_of() # LABEL
{
    sed -n "s/^$1  *//p" said | awk '{ print $1, $2 }'
}
count_grows() # LABEL TIMES
{
    count_of "$1" | awk -v times="$2" '{ seen = 1; ok = $2 > times * $1 } END { exit !(seen && ok) }'
}
explained() { poolbench explain "$@" >said 2>&1; }
# Where it is told, it is explained in sentences; elsewhere it is said that it is not.
answered() { tr -s '\n ' ' ' <said | grep -Eq 'Explained is|do not surely differ|cannot be told yet'; }

# Copying, by the submitter: 256 KiB a task into the slots of processes, none for threads.
check "a run with payload" made --pool serial,pthread,prefork,fork --size 100us --tasks 60 --workers 2 \
    --payload 0:0,256KiB:0 --blocks 9 --samples 60 --out copy
check "its states close" closes copy
check "it is explained" explained copy 2 pthread,prefork
check "with an answer" answered
check "the submitter of processes copies" count_grows "submitter's CPU time, [a-z]*" 3
if grep -q 'Explained is' said && grep -q 'waiting for a CPU that the submitter had' said; then
    check "that it copies is named" eval 'tr -s "\n " " " <said | grep -q "copying 256 KiB"'
fi

# A process for each task: the submitter makes it, page faults are its birth's.
check "fork is explained" explained copy 1 prefork,fork
check "its processes are made by the submitter" more copy fork prefork being-made own-submitter
check "and faults are counted" count_grows "page faults" 10
check "the row of it is there" grep -q '^its process is being made' said
check "what it cannot tell apart is one state" grep -q '^waits for a CPU, or idle' said

# More workers than CPUs: they wait for each other, or are idle; never more than the slots.
cpus=$(poolbench topo --format json 2>/dev/null | sed -n 's/.*"effective_cpus": *\([0-9]*\).*/\1/p' | head -1)
cpus=${cpus:-$(nproc)}
check "a run with more workers than CPUs" made --pool serial,pthread --size 200us --tasks 120 \
    --workers "$cpus,$((3 * cpus))" --place none --blocks 8 --out many
check "its states close" closes many
check "it is explained by workers" explained many --by workers "$cpus,$((3 * cpus))"
check "with an answer" answered
check "others of the pool had the CPU" [ "$(state_of many pthread waiting own-worker)" -gt 0 ]

# Imbalance: one task as long as all others, dealt out beforehand or not; with all samples there.
echo 20ms >sizes
for i in {1..19}; do echo 100us; done >>sizes
check "a run with uneven tasks" made --pool serial,static,pthread --size-dist file:sizes --tasks 20 --workers 2 \
    --blocks 8 --samples 20 --out uneven
check "its states close" closes uneven
check "it is explained" explained uneven static,pthread
# On a busy machine waiting to answer hides it: it is then in the state that is not told apart.
check "who has the long task is waited for" \
    [ $(($(state_of uneven pthread idle-end) + $(state_of uneven pthread off))) -gt 0 ]

# A neighbour on the CPUs of the second run: nothing of it in the first one.
check "a run to be disturbed" made --pool serial,prefork --size 1ms --tasks 40 --workers 2 --blocks 8 --out quiet
neighbours=()
for ((i = 0; i < 2 * cpus; i++)); do
    (while :; do :; done) &
    neighbours+=($!)
done
check "the same beside others" poolbench run --like quiet --out loud
kill "${neighbours[@]}"
wait "${neighbours[@]}" 2>/dev/null
check "its states close" closes loud
check "the two are explained" explained quiet loud
check "with an answer" answered
check "waiting is there" [ "$(state_of loud prefork waiting)" -gt 0 ]

# Sleeping is no waiting: the sleep of serial is found in the slots of others.
check "a run that sleeps" poolbench run --pool serial,pthread --workload sleep --size 2ms --tasks 8 --workers 2 --blocks 8 \
    --seed 3 --out sleeps
check "its states close" closes sleeps
check "and they sleep" [ "$(state_of sleeps pthread sleep)" -gt $((8 * 8 * 1500000)) ]
closing
