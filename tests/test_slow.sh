#!/usr/bin/env bash
# That `make check SLOW=2ms` is what it says: the layer (tests/preload/slow.c) delays every call that it names, the trial
# program's too, and changes nothing else.
set -u
build=$PWD/${BUILD:-build/default}
layer=$build/slow.so
[ -e "$layer" ] || { echo "there is no $layer: sanitizers want to be loaded first"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
. tests/support.sh
export HOME=$scratch
unset XDG_CACHE_HOME LD_PRELOAD SLOW
calls='fork clone vfork posix_spawn posix_spawnp system popen pthread_create execv execve execvp execvpe execl execlp
execle _exit _Exit fexecve futex'

slowed() { SLOW=$1 LD_PRELOAD=$layer "$build/slowed" >"$scratch/times"; }
# Call $1 took at least $2 us. That one took less is not asked: nobody knows how long one takes here.
lasted() { awk -v call="$1" -v least="$2" '$1 == call && $2 >= least { found = 1 } END { exit !found }' "$scratch/times"; }
explain() { cat "$scratch/times" 2>/dev/null; }

slowed 60ms
case $? in
0) ;;
77) cat "$scratch/times"; exit 77 ;;
*) check 'all calls work with the layer' false ;;
esac
for call in $calls; do
    check "$call is slowed by 60 ms" lasted "$call" 60000
done
check 'every wrapped function is measured' [ "$(wc -l <"$scratch/times")" -eq "$(wc -w <<<"$calls")" ]
check 'a time that is none is refused' eval '! slowed 2 2>/dev/null'

# Tasks of fork are forked one after the other by the trial program.
run=(poolbench run --pool fork --size 1us --tasks 20 --workers 1 --blocks 1 --samples all)
check 'a run that is slowed ends well' env SLOW=20ms "LD_PRELOAD=$layer" "${run[@]}" --out "$scratch/run"
# shellcheck disable=SC2016 # columns of awk
check 'its tasks began 20 ms apart, or more' awk -F , '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { start[++n] = $at["start_ns"] }
    END { exit !(n == 20 && start[20] - start[1] >= 19 * 20e6) }' "$scratch/run/samples.csv"
closing
