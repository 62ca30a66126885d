#!/usr/bin/env bash
# Every fuzz target with its corpus and FUZZ_MUTATIONS=1500 seeded mutations of it (`make fuzz` goes on for longer); under
# the sanitizers where they are built.
set -u
build=${BUILD:-build/default}
[ -x build/address+undefined/fuzz_csv ] && build=build/address+undefined
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
passed=0 failed=0
for source in tests/fuzz/fuzz_*.c; do
    target=$(basename "$source" .c)
    mutations=${FUZZ_MUTATIONS:-1500}
    [ "$target" = fuzz_topology ] && mutations=$((mutations / 5)) # hwloc tries each in a process of its own
    if timeout 60 "$build/$target" "tests/fuzz/corpus/${target#fuzz_}" "$mutations" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $target"
        tail -n 60 "$log"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
