#!/usr/bin/env bash
# Pools on other people's libraries, those that `make peers` has built here: their tasks come back, right, each once,
# under bursts and windows (`poolbench conformance --pool NAME` asks much more and takes longer). Those that are not built
# say how to get them.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME POOLBENCH_PLUGINS
passed=0 failed=0 skipped=0
case ${BUILD:-} in *address* | *thread*) echo 'a sanitizer would have to be in the peers too'; exit 77 ;; esac
names=$(awk -F'[ =]' '/^peers=/ { on = 1; gsub("\"", "", $2); print $2; next } on { print $1 } on && /"$/ { exit }' \
    scripts/peers)
root=$PWD/${BUILD:-build/default}
cd "$scratch" || exit 1

for name in $names; do
    if [ "$name" = py ]; then
        kind='--workload'
        check=(poolbench run --workload py --pool serial --pool pthread --pool fork --size 200us --tasks 40)
    else
        kind='--pool'
        check=(poolbench run --pool "$name" --size 20us --tasks 300 --arrival burst --arrival window:4 --payload 100:100)
    fi
    if [ ! -e "$root/plugins/$name.so" ]; then
        check=(poolbench plan "$kind" "$name")
        timeout 20 "${check[@]}" 2>&1 | grep -q "$name is not built here; .make peers." || {
            failed=$((failed + 1))
            echo "not so: $name says that make peers builds it"
            continue
        }
        skipped=$((skipped + 1))
        echo "skipped: $name is not built (make peers)"
    elif timeout 60 "${check[@]}" --workers 2 --blocks 1 --out "run-$name" >out 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not so: ${check[*]}"
        sed 's/^/    /' out | tail -12
    fi
done
for name in $names; do
    [ "$name" = py ] || timeout 20 poolbench plan --pool "pthread,?$name" >out 2>&1 || {
        failed=$((failed + 1))
        echo "not so: ?$name is left out where it is not built"
    }
done
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
