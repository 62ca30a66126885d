#!/usr/bin/env bash
# Every fuzz target with its corpus and FUZZ_MUTATIONS=1500 seeded mutations of it (`make fuzz` goes on for longer); under
# the sanitizers where they are built.
set -u
. tests/support.sh
build=${BUILD:-build/default}
[ -z "${SLOW:-}" ] && [ -x build/address+undefined/fuzz_csv ] && build=build/address+undefined # these want to be loaded first
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
for source in tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    mutations=${FUZZ_MUTATIONS:-1500}
    case $target in
        fuzz_topology) mutations=$((mutations / 5)) ;; # hwloc tries each in a process of its own
        fuzz_run) mutations=$((mutations / 15)) ;;     # each is a whole run, read and drawn
    esac
    "$build/$target" "tests/fuzz/corpus/${target#fuzz_}" "$mutations" "${SEED:-1}" # shows that it goes on
    check "$target" [ $? -eq 0 ]
done
closing
