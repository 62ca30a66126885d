#!/usr/bin/env bash
# Dose and recovery through the whole program: a known CPU time a task is put into workers or into the submitter of one of
# two builds that run in the same blocks (tests/preload/plant.c); explain finds it in the state where it was put, and not
# in the others. Sums of CPU time over all trials: of 50 us, a clock that samples and a busy machine leave most.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
[ -e "$build/plant.so" ] || { echo "skipped: nothing can be planted in this build"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat screen said 2>/dev/null | tail -40; }
blocks=12 tasks=200 dose=50000

mkdir planted
cat >planted/poolbench-trial <<END
#!/bin/sh
LD_PRELOAD="$build/plant.so \$LD_PRELOAD" exec "$build/poolbench-trial" "\$@"
END
chmod +x planted/poolbench-trial

dosed() # RUN PLANT
{
    PLANT=$2 poolbench run --pool serial,prefork:transport=pipe --workload spin --size 100us --tasks $tasks --workers 2 \
        --trial-program planted=planted --blocks $blocks --drop no --seed 3 --trial-limit 20s --samples none \
        --out "$1" >screen 2>&1
}
# What the planted build has more of a state than this one, in ns a task, over all blocks that have both.
more_of() # RUN STATE
{
    poolbench explain "$1" --format csv >states.csv
    awk -F, -v state="$2" -v tasks=$tasks '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        FILENAME != "states.csv" {
            if ($at[FILENAME, "pool"] != "serial" && $at[FILENAME, "status"] == "ok") {
                block[$1 = $at[FILENAME, "trial_id"]] = $at[FILENAME, "block"]
                sign[$1] = $at[FILENAME, "trial_program"] == "this" ? -1 : 1
                both[block[$1]]++
            }
            next
        }
        $1 in sign && both[block[$1]] == 2 && $at[FILENAME, "state"] == state { sum += sign[$1] * $at[FILENAME, "ns"] }
        END { for (b in both) n += both[b] == 2; printf "%.0f\n", n ? sum / n / tasks : -1 }' "$1/trials.csv" states.csv
}
# The submitter's CPU time, likewise, by trials.csv.
more_served() # RUN
{
    awk -F, -v tasks=$tasks '
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["pool"] != "serial" && $at["status"] == "ok" {
            sum += ($at["trial_program"] == "this" ? -1 : 1) * $at["submitter_ns"]
            n++
        }
        END { printf "%.0f\n", n ? sum / (n / 2) / tasks : -1 }' "$1/trials.csv"
}
within() { [ "$1" -ge $((dose * 6 / 10)) ] && [ "$1" -le $((dose * 16 / 10)) ]; } # 60 to 160 % of the dose
little() { [ "$1" -ge $((-dose / 3)) ] && [ "$1" -le $((dose / 3)) ]; }

check "a run without a dose" dosed none burn=0
check "has nothing more between tasks" little "$(more_of none handing-over)"
check "and its submitter as much to do" little "$(more_served none)"
check "a dose of CPU time in workers" dosed burn burn=$dose
check "is found between tasks" within "$(more_of burn handing-over)"
check "and not in bodies" little "$(more_of burn body-excess)"
check "nor in the submitter" little "$(more_served burn)"
check "a dose in the submitter" dosed serve serve=$dose
check "is found there" within "$(more_served serve)"
check "and not between tasks" little "$(more_of serve handing-over)"
closing
