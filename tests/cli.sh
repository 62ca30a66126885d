#!/usr/bin/env bash
# Replays the transcripts in tests/cli/ (or those named) and compares what the commands say now. A transcript:
#
#   Words on what it is about, up to the first command.
#
#   # A remark on the next ones.
#   $ poolbench list nonsense
#   ! poolbench: list: there is nothing called 'nonsense' ...
#   [exit 2]
#
# Below a command stand its stdout, then its stderr with `! ` in front of every line, then its exit status where it is not
# 0. `...` stands for any text within a line, and alone on a line for any number of lines; blank lines do not count, nor
# do remarks, which begin with `# `. No line of a screen has more than 80
# columns, unless it is a single word. All commands of a transcript run in one fresh directory. None has a time to keep: ten
# minutes end one that hangs, where nobody looks for silence.
set -u
unset CDPATH BASH_ENV ENV # of the caller: `cd` goes elsewhere by the first, shells read files by the others
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
export LC_ALL=C TZ=UTC NO_COLOR=1 PATH="$root/${BUILD:-build/default}:$PATH"
export POOLBENCH_OUTSIDE=/nowhere # what else runs here runs no trial again (tests/test_again.sh)
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
# A home for all of them: what one has measured, such as a calibration, the next may use.
export HOME=$scratch/home
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
mkdir "$HOME"

# The transcript $1, with what its commands say now.
replay()
{
    local line status columns
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '$ '*) ;;
        *) continue ;;
        esac
        echo "$line"
        printf . >&2 # shows that it goes on
        timeout --kill-after=5 600 bash -c "${line#??}" </dev/null >"$scratch/out" 2>"$scratch/err"
        status=$?
        case $line in # what is for programs is as wide as it is
        *'|'* | *--format* | *'help --'*) columns=100000 ;;
        '$ poolbench '*) columns=80 ;;
        *) columns=100000 ;;
        esac
        awk -v columns=$columns '
            FILENAME ~ /err$/ { print "! " $0; next } # each line ends with this
            { print (length > columns && NF > 2 ? "more than 80 columns: " : "") $0 }' "$scratch/out" "$scratch/err"
        [ "$status" -ne 0 ] && echo "[exit $status]"
    done <"$1"
}

# Whether the lines of $2 are those that $1 expects.
same()
{
    awk '
        function fits(line, pattern) {
            gsub(/[][\\.^$*+?(){}|]/, "\\\\&", pattern)
            gsub(/\\\.\\\.\\\./, ".*", pattern)
            return line ~ ("^" pattern "$")
        }
        function follow(i, j) {
            for (; i <= wants; i++) {
                if (want[i] == "...") {
                    for (; j <= gots + 1; j++)
                        if (follow(i + 1, j))
                            return 1
                    return 0
                }
                if (j > gots || !fits(got[j++], want[i]))
                    return 0
            }
            return j == gots + 1
        }
        NR == FNR { want[++wants] = $0; next }
        { got[++gots] = $0 }
        END { exit !follow(1, 1) }' "$1" "$2"
}

passed=0 failed=0
[ $# -eq 0 ] && set -- "$root"/tests/cli/*.txt
for transcript in "$@"; do
    transcript=$(realpath "$transcript")
    rm -rf "$scratch/here"
    mkdir "$scratch/here"
    printf '\n%s ' "${transcript##*/}"
    sed -n '/^\$ /,$ { /^# /d; /./p }' "$transcript" >"$scratch/expected"
    (cd "$scratch/here" && replay "$transcript") | sed '/^$/d; /^! $/d' >"$scratch/actual"
    if [ -s "$scratch/expected" ] && same "$scratch/expected" "$scratch/actual"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo
        diff -u --label "$(basename "$transcript") expected" --label actual "$scratch/expected" "$scratch/actual"
    fi
done
printf '\n%s passed, %s failed\n' $passed $failed
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
