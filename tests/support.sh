# shellcheck shell=bash disable=SC2034,SC2154 # they set `scratch`, and what it sets is for them
# What shell tests share. `. tests/support.sh` at their beginning; every check shows that the test goes on.
export LC_ALL=C # numbers have a point, whatever the language
export POOLBENCH_OUTSIDE=/nowhere # what else runs here runs no trial again (tests/test_again.sh)
unset CDPATH BASH_ENV ENV # of the caller
passed=0 failed=0 skipped=0

# Whether the command ($2...) succeeds, which the words $1 say. What it prints, and what `explain` does where a test has
# that, is shown where it does not.
check()
{
    local words=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        passed=$((passed + 1))
        printf .
    else
        failed=$((failed + 1))
        printf '\nFAILED: %s\n' "$words"
        cat "$scratch/check.log"
        if declare -F explain >/dev/null; then explain; fi
    fi
}

# Runs a command of which one may hang: it is ended in time to be named, before the test is for its silence.
limited() { timeout --kill-after=5 150 "$@"; }

# Says that something was not tried, and why.
skip() # WHAT WHY
{
    skipped=$((skipped + 1))
    printf '\nskipped: %s: %s\n' "$1" "$2"
}

# The last lines of a test, and its exit status.
closing()
{
    printf '\n%s passed, %s failed' $passed $failed
    [ $skipped -gt 0 ] && printf ', %s skipped' $skipped
    echo
    [ $failed -eq 0 ]
}

# Draws cells of a matrix as tests/sample.h does: sets `sample` to the numbers, below $2, of those that fit into the time that
# a matrix may take here when one of them takes about $3 programs; says how many of all the $1 that is.
draw_sample() # OF CELLS PROGRAMS
{
    local of=$1 cells=$2 fits i j kept numbers=()
    fits=$((5000000 / ($3 * ${PROGRAM_US:-1000})))
    [ $fits -lt 6 ] && fits=6
    if [ "${ALL:-}" = 1 ] || [ $fits -gt "$cells" ]; then
        fits=$cells
    fi
    for ((i = 0; i < cells; i++)); do numbers+=("$i"); done
    RANDOM=$((${SEED:-1} % 32768))
    for ((i = 0; i < fits; i++)); do # where more fit, the same are among them
        j=$((i + RANDOM % (cells - i)))
        kept=${numbers[i]}
        numbers[i]=${numbers[j]}
        numbers[j]=$kept
    done
    sample=("${numbers[@]:0:fits}")
    printf '\n%s of %s %s, seed %s\n' "$fits" "$cells" "$of" "${SEED:-1}"
}

# The /proc/PID of the processes that were started with $1 in their environment and whose name matches $2.
started_with() # WORD NAME-PATTERN
{
    local environment name
    grep -lzxsF -- "$1" /proc/[0-9]*/environ | while IFS= read -r environment; do
        read -r name 2>/dev/null <"${environment%/*}/comm" || continue
        # shellcheck disable=SC2254 # a pattern
        case $name in $2) echo "${environment%/*}" ;; esac
    done
}

# Waits for so many seconds, without a process; and until the file $1 has more than $2 lines.
exec {never}<> <(:)
nap() { read -rt "$1" -u "$never" _; }
wait_for_lines()
{
    local lines=()
    while mapfile -t lines 2>/dev/null <"$1"; [ ${#lines[@]} -le "$2" ]; do nap .01; done
}

# A PATH that has all of this one but gnuplot: drawing takes longer than the runs of most tests.
without_gnuplot()
{
    local directories i
    IFS=: read -ra directories <<<"$PATH"
    mkdir "$scratch/bin"
    for ((i = ${#directories[@]} - 1; i >= 0; i--)); do # the first wins
        ln -sf "${directories[i]}"/* "$scratch/bin/" 2>/dev/null
    done
    rm -f "$scratch"/bin/gnuplot*
    PATH=$scratch/bin
}
