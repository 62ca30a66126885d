#!/usr/bin/env bash
# Damage to one file of a run, through the programs: each verb prints what it prints of the whole run, or exits with
# something else than 0, or names the file on stderr; whatever is said of a file has the path of its run. ALL=1: 50 a
# file and verb.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch/home NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME XDG_STATE_HOME
mkdir home
without_gnuplot # its data is compared
PATH=$build:$PATH

poolbench run --pool serial,prefork,pthread --size 20us --tasks 40 --workers 2 --blocks 6 --seed 5 --samples all \
    --out good >/dev/null 2>err || { cat err; exit 1; }
poolbench run --pool serial,pthread --size 20us --tasks 40 --workers 2 --blocks 6 --seed 6 --samples all \
    --out other >/dev/null 2>err || { cat err; exit 1; }
printf 'metric = wall\n[a pool beside another]\ncell = pool=pthread\nbase = pool=prefork\nat_most = 2x\n' >targets.ini

# What a verb says of the run, with the files that it makes of it.
verbs=(summarise 'summarise --format hyperfine' compare 'compare --format csv' explain isolation scaling 'advise --size 20us'
    charts report targets 'plan --like' resume)
files=(trials.csv latency.csv samples.csv plan.csv suite.ini)
said() # VERB
{
    local words
    # shellcheck disable=SC2206 # words
    words=($1)
    case $1 in
        targets) words=(targets run targets.ini) ;;
        'plan --like') words=(plan --like run) ;;
        *) words=("${words[0]}" run "${words[@]:1}") ;;
    esac
    rm -rf run && cp -a given run
    timeout -k 5 60 poolbench "${words[@]}" </dev/null >out 2>err
    status=$?
    case $1 in
        charts) cat run/charts/*.dat >>out 2>/dev/null ;;
        report) cat run/report.md >>out ;;
        summarise) cat run/summary.csv >>out ;;
    esac
}
rm -rf given && cp -a good given
for v in "${!verbs[@]}"; do
    said "${verbs[v]}"
    cp out "said$v" && echo $status >"status$v"
done

each=50 tried=0 same=0 refused=0 told=0
one() # FILE VERB-NUMBER NUMBER
{
    rm -rf given && cp -a good given
    SEED=$((${SEED:-1} + $3)) "$build/test_damage_read" damage "good/$1" "other/$1" "$3" >"given/$1" || return 1
    said "${verbs[$2]}"
    tried=$((tried + 1))
    if grep -E '(trials|latency|samples|plan|summary)\.csv|(suite|targets)\.ini|host\.json|topology\.xml' err |
        grep -vE '(^| )run[/:]|(^| )targets.ini'; then
        echo "${verbs[$2]}, $1, number $3: without the path of its run"
        return 1
    fi
    if cmp -s out "said$2"; then
        same=$((same + 1))
    elif [ $status -ne 0 ] && [ $status -ne "$(cat "status$2")" ] && [ $status -lt 124 ]; then
        refused=$((refused + 1))
    elif grep -q "run/$1:" err; then
        told=$((told + 1))
    else
        echo "${verbs[$2]}, $1, number $3: exit $status"
        diff "said$2" out | head -5
        head -3 err
        return 1
    fi
}
draw_sample 'damaged files' $((${#files[@]} * ${#verbs[@]} * each)) 25
for at in "${sample[@]}"; do
    file=${files[at % ${#files[@]}]} rest=$((at / ${#files[@]}))
    check "$file, ${verbs[rest % ${#verbs[@]}]}" one "$file" $((rest % ${#verbs[@]})) $((rest / ${#verbs[@]}))
done
printf '\n%s tried, %s the same, %s refused, %s told, %s silent\n' $tried $same $refused $told $failed
closing
