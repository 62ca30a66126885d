#!/usr/bin/env bash
# Runs that are moved, replaced or deleted while poolbench is at work on them, by one of their own tasks or by what draws
# their charts: a moved one goes on where it is and says so, of a deleted one is told behind the block, and what has the
# name of the run meanwhile is never touched.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch
unset XDG_CACHE_HOME XDG_STATE_HOME
without_gnuplot
PATH=$build:$scratch/fake:$PATH
explain() { cat err 2>/dev/null; }
said() { tr -s '\n ' ' ' <err | grep -q -- "$1"; }

# Tasks count themselves, one after the other; that of number AT does what DO says, and so does gnuplot.
cat >task <<'END_TASK'
#!/usr/bin/env bash
echo >>tasks
[ "$(wc -l <tasks)" != "$AT" ] || eval "$DO"
END_TASK
mkdir fake
cat >fake/gnuplot <<'END_GNUPLOT' # which has no environment of ours
#!/usr/bin/env bash
cd "${0%/*}/.." && [ -e as-drawn ] && mv as-drawn drawn && . ./drawn
exit 1
END_GNUPLOT
chmod +x task fake/gnuplot
export AT=0 DO=''
words=(--pool 'serial,fork' --workers 1 --workload cmd:line=./task --tasks 2 --samples all --seed 3)
rows() { [ "$(wc -l <"$1/trials.csv")" -eq $((1 + $2)) ]; }
afresh() { rm -rf tasks run moved drawn as-drawn results; }
doing() # WHAT COMMAND...: WHAT happens while COMMAND is at work
{
    local DO=$1
    shift
    export DO
    [ "$AT" != charts ] || echo "$DO" >as-drawn
    limited "$@" >out 2>err
}
sum_of() { find "$1" -type f -exec cksum {} + | sort; }

poolbench run "${words[@]}" --blocks 2 --out other >out 2>err || { cat err; exit 1; }
before=$(sum_of other)
all=$(($(wc -l <tasks) * 2)) # tasks of 4 blocks, where there were 2: warm-up, too
replace='mv run moved; cp -r other run'
unchanged() { [ "$(sum_of run | sed 's: run/: other/:')" = "$before" ]; }

moved_well() # WHAT
{
    check "$1: it ends well" [ $status -eq 0 ]
    check "$1: it says where it is" said 'run was moved to moved'
    check "$1: all trials are there" rows moved "$2"
    check "$1: they are what was written" poolbench summarise moved
    check "$1: no draft stays" eval '! compgen -G "moved/.[!.]*"'
    check "$1: it is complete" eval 'poolbench resume moved 2>&1 | grep -q "is complete"'
}
for AT in 1 $((all / 2)) $all charts; do
    afresh
    doing 'mv run moved' poolbench run "${words[@]}" --blocks 4 --out run
    status=$?
    moved_well "moved at $AT" 8
    check "moved at $AT: nothing has the old name" [ ! -e run ]
    check "moved at $AT: with its report" [ -s moved/report.html ]
    afresh
    doing "$replace" poolbench run "${words[@]}" --blocks 4 --out run
    status=$?
    moved_well "replaced at $AT" 8
    check "replaced at $AT: the other is untouched" unchanged
done

# Deleted, whole or one file.
half=$((all / 2 + 1)) # the third block
for AT in 1 $half $all; do
    for what in run run/trials.csv run/samples.csv run/latency.csv run/plan.csv run/host.json run/suite.ini; do
        afresh
        doing "rm -r $what" poolbench run "${words[@]}" --blocks 4 --out run
        check "$what deleted at $AT: exit code 1" [ $? -eq 1 ]
        check "$what deleted at $AT: it is said" said "$what was deleted"
        [ "$AT" = $all ] || check "$what deleted at $AT: behind the block" [ "$(wc -l <tasks)" -lt $all ]
        [ $what != run ] || check "$what deleted at $AT: it is not made again" [ ! -e run ]
    done
done
AT=$half
for file in trials.csv samples.csv latency.csv; do
    afresh
    doing "cp other/$file new; mv new run/$file" poolbench run "${words[@]}" --blocks 4 --out run
    check "$file replaced: exit code 1" [ $? -eq 1 ]
    check "$file replaced: it is said" said "run/$file was deleted or replaced"
    check "$file replaced: the other is untouched" cmp "other/$file" "run/$file"
done

# What is latest.
afresh
AT=$half
doing 'mv results/2* results/named' poolbench run "${words[@]}" --blocks 4
check 'moved within results/' said 'was moved to results/named'
check 'it is the latest still' [ "$(readlink results/latest)" = named ]
AT=0 limited poolbench run "${words[@]}" --blocks 1 >out 2>err
second=$(readlink results/latest)
rm -f tasks
AT=1
doing "mv results/named elsewhere" poolbench resume results/named
check 'what is complete is not moved by anybody' [ -d results/named ]
AT=1
doing "mv results/named elsewhere" poolbench run --more results/named --blocks 1
check '--more of a moved run goes on' rows elsewhere 10
check 'and another stays latest' [ "$(readlink results/latest)" = "$second" ]
rm -rf elsewhere

# What goes on with a run, and what looks at one.
for AT in 1 3 charts; do
    for verb in more resume; do
        afresh
        cp -r other run
        case $verb in
        more) set -- run --more run --blocks 2 ;;
        resume) head -n 2 other/trials.csv >run/trials.csv; set -- resume run ;;
        esac
        doing "$replace" poolbench "$@"
        status=$?
        [ $verb = more ] && wanted=8 || wanted=4
        moved_well "$verb of one that is replaced at $AT" "$wanted"
        check "$verb of one that is replaced at $AT: the other is untouched" unchanged
    done
done
afresh
cp -r other run
AT=charts
doing "$replace" poolbench charts run
check 'charts of one that is replaced: it is said' said 'run was moved to moved'
check 'charts of one that is replaced: they are there' [ -s moved/charts/captions.txt ]
check 'charts of one that is replaced: the other is untouched' unchanged
afresh
cp -r other run
AT=charts
doing 'rm -r run' poolbench charts run
check 'charts of one that is deleted fail' [ $? -eq 1 ]
check 'charts of one that is deleted: it is not made again' [ ! -e run ]
closing
