#!/usr/bin/env bash
# The protocols by which workers and submitter hand over tasks, survive deaths, sleep and wake, checked in every
# interleaving by spin (spinroot.com), and models of them with one piece left out, which must be found wanting: else a
# model that cannot fail proves nothing.
set -u
models=$PWD/tests/model
if ! command -v spin >/dev/null; then
    echo 'spin is not installed'
    exit 77
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
passed=0 failed=0

# Explores model $2 with the definitions after it; $1: what must come of it.
explore()
{
    local expected=$1 model=$2 found level=-O1
    shift 2
    printf . >&2 # shows that it goes on
    [ "$expected" = holds ] || level=-O0 # found after few states: compiling is what takes time
    if ! spin -a "$@" "$models/$model" >log 2>&1 || ! ${CC:-cc} $level -w -DSAFETY -DCOLLAPSE -o pan pan.c >>log 2>&1; then
        found='no explorer'
    else
        ./pan -m20000 >log 2>&1
        case $(sed -n 's/.*errors: //p' log; grep -c 'max search depth too small\|out of memory' log) in
        $'0\n0') found=holds ;;
        $'1\n0') found=fails ;;
        *) found='no answer' ;;
        esac
    fi
    if [ "$found" = "$expected" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s %s: %s, expected: %s\n' "$model" "$*" "$found" "$expected"
        tail -20 log
    fi
}

explore holds wake.pml
explore holds wake.pml -DLONG_TASKS
explore holds wake.pml -DDEFER -DMUTANT_NO_PATIENCE
explore holds wake.pml -DDEFER -DLONG_TASKS
explore fails wake.pml -DDEFER -DLONG_TASKS -DMUTANT_NO_PATIENCE
explore fails wake.pml -DMUTANT_NO_SECOND_LOOK
explore fails wake.pml -DDEFER -DMUTANT_NO_PATIENCE -DMUTANT_NO_SECOND_LOOK
explore fails wake.pml -DLONG_TASKS -DMUTANT_WOKEN_WAKES_NOBODY
explore holds news.pml -DLAST=1
explore holds news.pml -DWORKERS=1 -DEACH=5 -DRING=4
explore holds news.pml -DWORKERS=1 -DEACH=5 -DRING=4 -DMOST=2
explore holds news.pml -DWORKERS=1 -DEACH=3 -DDEATH
# two groups (-DLAST=1 -DGROUPS) and a death beside others (-DLAST=1 -DDEATH) hold as well: many more states
explore fails news.pml -DLAST=1 -DMUTANT_NO_SECOND_LOOK
explore fails news.pml -DWORKERS=1 -DEACH=5 -DRING=4 -DMUTANT_NO_FLUSH
explore fails news.pml -DEACH=3 -DMUTANT_BIT_FROM_AN_OLD_LOOK
explore fails news.pml -DWORKERS=1 -DEACH=3 -DRING=1 -DMUTANT_ROOM_WITHOUT_A_LOOK
explore fails news.pml -DWORKERS=1 -DEACH=5 -DRING=4 -DMUTANT_A_FULL_RING_IS_NO_NEWS
explore fails news.pml -DWORKERS=1 -DEACH=4 -DRING=4 -DMUTANT_FOUND_AND_STILL_WANTED
explore fails news.pml -DWORKERS=1 -DEACH=3 -DMUTANT_COUNTS_TO_NOUGHT_ALONE
explore fails news.pml -DWORKERS=1 -DEACH=3 -DDEATH -DMUTANT_A_DEATH_IS_NO_NEWS
# three tasks with lines and deaths at once hold as well: ten million states, for whoever changes the queue
explore holds queue.pml -DTASKS=2 -DTOGETHER
explore holds queue.pml -DLINE=9
explore holds queue.pml -DDEATHS=0
while read -r mutant; do
    explore fails queue.pml -DTASKS=2 -DTOGETHER "-D$mutant"
done < <(grep -o 'MUTANT_[A-Z_]*' "$models/queue.pml" | sort -u)

printf '\n%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
