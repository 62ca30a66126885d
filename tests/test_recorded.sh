#!/usr/bin/env bash
# What is said of runs that were recorded once (tests/recorded/, of schema 1): every screen, table, chart's data and report
# is what it was, byte by byte. `UPDATE=1 tests/test_recorded.sh` writes down what is said now; what that changes, a commit
# explains.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
recorded=$PWD/tests/recorded
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME
without_gnuplot # its data is compared, not what it draws
PATH=$build:$PATH
explain() { diff -u "$recorded/$run/said.txt" said.txt | head -40; }

# COMMAND...: its words, what it says and its exit status.
say()
{
    local status
    echo "\$ $*"
    "$@" 2>err
    status=$?
    sed 's/^/! /' err
    [ $status -eq 0 ] || echo "[exit $status]"
}

# A file with its name above.
file()
{
    echo "==> $1"
    cat "$1"
}

# All that is said of the run $1, in a copy of it; of report.html, which is long, a hash.
all_of()
{
    local verb chart
    for verb in summarise compare isolation scaling report charts; do
        say poolbench $verb "$1"
    done
    say poolbench compare "$1" --format csv
    say poolbench compare "$1" --metric latency_p99
    say poolbench compare "$1" --baseline serial --format markdown
    say poolbench advise "$1" --size 100us
    say poolbench explain "$1"
    file "$1/summary.csv"
    file "$1/report.md"
    for chart in "$1"/charts/*.dat; do
        file "$chart"
        echo "==> ${chart%.dat}.gp"
        sed '/^$/q' "${chart%.dat}.gp"
    done
    file "$1/charts/captions.txt"
    echo "==> $1/report.html: $(sha256sum <"$1/report.html")"
}

for run in "$recorded"/*/; do
    run=$(basename "$run")
    cp -r "$recorded/$run" .
    rm -f "$run/said.txt"
    all_of "$run" >said.txt 2>&1
    [ -n "${UPDATE:-}" ] && cp said.txt "$recorded/$run/said.txt"
    check "what is said of $run" cmp -s said.txt "$recorded/$run/said.txt"
done

# Nothing that is for people is wider than 80 columns.
narrow()
{
    local verb
    for verb in summarise compare isolation scaling explain 'compare --metric latency_p99' 'advise --size 100us' 'plan --like'; do
        # shellcheck disable=SC2086 # words
        poolbench $verb "$1" 2>/dev/null | awk -v of="$verb $1" 'length > 80 { print of ": " $0 }'
    done | tee wide
    ! [ -s wide ]
}
for run in "$recorded"/*/; do
    check "80 columns: $(basename "$run")" narrow "$(basename "$run")"
done

# One that is run again asks for what it meant then, but for what is asked for today.
ways() { poolbench plan --like arrivals "$@" 2>&1 | awk '/^c0/ { print $3, $4 }' | sort -u | paste -sd ' '; }
check 'a run of schema 1 joins under waves' \
    test "$(ways --arrival wave:4,window:4)" = 'wave:4 joined wave:4 ordered window:4 completed window:4 ordered'
check 'what is asked for beside it means what it means today' \
    test "$(ways --arrival wave:4,window:4 --collect completed,ordered)" = \
    'wave:4 completed wave:4 ordered window:4 completed window:4 ordered'
check 'hybrid of schema 1 has the workers of both kinds that it had' \
    grep -q '^c007  hybrid:processes=2:threads=2  20us   4 ' <(poolbench plan --like sizes)
closing
