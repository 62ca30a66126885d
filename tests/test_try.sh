#!/usr/bin/env bash
# The counterfactual: explain --try runs A and B again and beside them, in the same blocks, both with a change. What goes
# away depends on the machine and is not looked at; what was run, and what is written of it, is.
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
explain() { tail -40 said 2>/dev/null; }

# A column of tries.csv of the row with that change.
of() # RUN CHANGE COLUMN
{
    awk -F, -v change="$2" -v column="$3" '
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["change"] == change { print $at[column] }' "$1/tries.csv"
}
# Blocks that have a trial which went well of a pool (as it is shown) with that payload.
blocks_of() # RUN POOL IN_BYTES
{
    awk -F, -v pool="$2" -v in_bytes="$3" '
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["status"] == "ok" && $at["pool"] == pool && $at["in_bytes"] == in_bytes { n++ }
        END { print n + 0 }' "$1/trials.csv"
}
shares_stand() # RUN
{
    awk -F, '
        FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        { has = $at["share"] != ""; bad += has != ($at["lo"] != "") || has != ($at["hi"] != "") }
        has && ($at["share"] + 0 < $at["lo"] + 0 || $at["share"] + 0 > $at["hi"] + 0) { bad++ }
        END { exit bad > 0 || NR < 4 }' "$1/tries.csv"
}
tried() # EXIT_CODES WORDS...: explain --try ends with one of them
{
    local codes=$1 code
    shift
    poolbench explain "$@" >said 2>&1
    code=$?
    [[ $codes == *$code* ]]
}

poolbench run --pool serial,prefork,prefork:transport=pipe --workload spin --size 20us --tasks 60 --workers 2 \
    --payload 4KiB:0 --blocks 8 --seed 5 --trial-limit 20s --out r >said 2>&1
check "a run to be explained" [ -f r/trials.csv ]

# Named: each of them, A/A, and what is told of two together. 4: the difference is not told here and now.
check "what is named is tried" tried 04 r --try payload=0:0,timing=trial,pool=static prefork,prefork:transport=pipe --budget 60s \
    --out t
check "a row a change" [ "$(of t payload=0:0 change)$(of t timing=trial change)" = payload=0:0timing=trial ]
check "also another pool in B's place" [ "$(of t pool=static change)" = pool=static ]
check "which is run" [ "$(blocks_of t static 4096)" -ge 8 ]
check "A/A among them" [ "$(of t again change)" = again ]
n=$(of t payload=0:0 n)
check "in blocks" [ "${n:-0}" -ge 8 ]
check "all of them the same" [ "$n" = "$(of t again n)" ]
check "A without the change" [ "$(blocks_of t prefork 4096)" -ge "$n" ]
check "and with it" [ "$(blocks_of t prefork 0)" -ge "$n" ]
check "B with it" [ "$(blocks_of t prefork:transport=pipe 0)" -ge "$n" ]
check "A/A under its label" [ "$(blocks_of t again=prefork 4096)" -ge "$n" ]
check "the same tasks as before" \
    [ "$(sed -n 's/^seed *= *//p' t/suite.ini)" = "$(sed -n 's/^seed *= *//p' r/suite.ini)" ]
check "a share stands only with its interval, and where the ratio is told" shares_stand t
check "the screen says what went away" grep -q 'goes away' said
check "and what it cannot rest on" grep -q 'nothing (the same two again)' said
check "it is a run like others" poolbench summarise t

# Chosen by the states.
check "without names the states choose" tried 04 r --try prefork,prefork:transport=pipe --budget 40s --out own
check "at least one, and A/A" [ "$(wc -l <own/tries.csv)" -ge 3 ]
closing
