#!/usr/bin/env bash
# The queue, the completion rings and the event word as they are compiled, on a machine whose stores are seen late and out
# of order (tests/weak/weak.h): first as they are, which must hold; then, for each place that accesses atomically with
# more than relaxed order, with a weaker one, most of which must be found wanting: else the machine is not weak enough to
# prove anything. WEAK=20000 is the number of executions, SEED=7 which ones.
set -u
executions=${WEAK:-800}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
compiler=${CC:-gcc}
if ! "$compiler" --version 2>/dev/null | grep -q 'Free Software Foundation'; then
    echo "$compiler is not gcc, whose calls of ThreadSanitizer's library tests/weak/weak.c has"
    exit 77
fi
flags='-std=gnu11 -D_GNU_SOURCE -O1 -g -fno-inline -pthread -I. -Iinclude -Itests/weak'
instrument='-fsanitize=thread -fno-builtin-memcpy -Dmemcpy=weak_memcpy'
for source in pools/parts/{queue,worker,reap,event}.c tests/weak/queue.c; do
    # shellcheck disable=SC2086 # words
    "$compiler" $flags $instrument -c "$source" -o "$scratch/$(tr / _ <<<"$source").o" || exit 1
done
# shellcheck disable=SC2086
"$compiler" $flags -no-pie tests/weak/weak.c "$scratch"/*.o -o "$scratch/weak" || exit 1
passed=0 failed=0
verdict() # WORDS COMMAND...
{
    local words=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $words"
    fi
}
"$scratch/weak" "${SEED:-1}" "$executions" | tee "$scratch/said" | grep --line-buffered -o '^[a-z]*' | tr '\n' ' '
echo
killed=0 lives=0
while read -r word step address ran why; do
    case $word in
    holds: | fails:) echo "$word $step $address $ran $why" ;;
    killed | lives)
        [ "$word" = killed ] && killed=$((killed + 1)) || lives=$((lives + 1))
        mapfile -t where < <(addr2line -f -s -e "$scratch/weak" "$address" 2>/dev/null)
        echo "$word: ${where[0]:-$address} ${where[1]:-}: ${why:-no difference found} ($ran executions)"
        ;;
    esac
done <"$scratch/said"
verdict 'the code as it is holds' grep -q '^holds' "$scratch/said"
verdict 'weaker orders are found wanting' test $killed -ge 12
echo "$killed of $((killed + lives)) weaker orders were found wanting, $executions executions each, seed ${SEED:-1}"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
