#!/usr/bin/env bash
# Plug-ins as somebody outside builds them: poolbench is installed, the examples are compiled against its headers by
# pkg-config alone in a folder of their own, checked, run, and run again from what the run left. Then pools that break the
# contract, each in its own way: conformance and run name what is wrong.
set -u
. tests/support.sh
repository=$PWD
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME POOLBENCH_PLUGINS
case ${BUILD:-} in *address* | *thread*) echo 'a sanitizer would have to be in the plug-ins too'; exit 77 ;; esac
command -v pkg-config >/dev/null || { echo 'pkg-config is not there'; exit 77; }

is() { check "$@"; } # WHAT COMMAND...

# COMMAND exits with $1, and prints something that $2 matches.
says() # CODE PATTERN COMMAND...
{
    local code=$1 pattern=$2
    shift 2
    check "$* exits with $code and says: $pattern" exits_and_says "$@"
}
exits_and_says()
{
    limited "$@" >out 2>&1
    rc=$?
    cat out
    echo "exit status $rc"
    [ $rc -eq "$code" ] && grep -qE -- "$pattern" <(tr '\n' ' ' <out | tr -s ' ')
}

make install "DESTDIR=$scratch/root" >"$scratch/out" 2>&1 || { cat "$scratch/out"; exit 1; }
cd "$scratch" || exit 1
pc=$(dirname "$(find root -name poolbench.pc)")
export PKG_CONFIG_PATH=$scratch/$pc PKG_CONFIG_SYSROOT_DIR=$scratch/root
PATH=$(dirname "$(find "$scratch/root" -name poolbench -type f -perm -u+x)"):$PATH
read -ra flags < <(pkg-config --cflags poolbench)
cc=${CC:-cc}
mkdir mine && cp "$repository"/examples/*.* mine

# The compiler's words, as an outside user has them: nothing of the repository is on any path.
build() # OUTPUT ARGUMENTS...
{
    local output=$1
    shift
    # shellcheck disable=SC2086 # CC may be several words
    $cc -shared -fPIC -pthread -O2 "${flags[@]}" -o "$output" "$@"
}

# ---- the examples ----
is 'pkg-config knows poolbench' pkg-config --exists poolbench
is 'the pool of a library builds without a warning' \
    build threads.so -std=c11 -Wall -Wextra -Wpedantic -Werror mine/threads_pool.c mine/threads.c -D_POSIX_C_SOURCE=200809L
is 'and has fewer than 40 lines of code' test "$(grep -cvE '^( *|/?\*.*| \*.*)$' mine/threads_pool.c)" -lt 40
is 'the workload builds without a warning' build collatz.so -std=c11 -Wall -Wextra -Wpedantic -Werror mine/collatz_workload.c
says 0 'keeps the contract' poolbench conformance --pool ./threads.so
says 0 'threads .*old = threads' poolbench run --pool pthread,./threads.so,old=./threads.so --workload ./collatz.so:bits=20 \
    --size 20us --tasks 200 --workers 2 --blocks 2 --seed 7 --out r
is 'the CSV has label and base name, not paths' grep -q ',old=threads,collatz:bits=20,' r/trials.csv
is 'the suite has paths' grep -q "old=$scratch/threads.so" r/suite.ini
is 'host.json has file and hash' grep -q '"hash": "fnv1a64:' r/host.json
says 0 '' poolbench run r/suite.ini --out anew
says 0 '' poolbench run --like r --out again # with its calibrations
# What every cell gave, in order of cells.
sums()
{
    awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR > 1 { print $at["cell_id"], $at["result_sum"] }' \
        "$1/trials.csv" | sort -u
}
is 'the run again gives the same results' test "$(sums r)" = "$(sums again)" -a "$(sums r | wc -l)" -eq 3

# ---- C++ ----
cxx=${CXX:-c++}
if command -v "$cxx" >/dev/null && echo 'int main() {}' | "$cxx" -x c++ -o probe - 2>out; then
    is 'the pool in C++17 builds without a warning' "$cxx" -std=c++17 -Wall -Wextra -Werror -O2 -shared -fPIC -pthread \
        "${flags[@]}" -o queue.so mine/queue_pool.cc
    says 0 'keeps the contract' poolbench conformance --pool ./queue.so:batch=4
    says 2 "queue has no option 'bacth'; did you mean 'batch'" poolbench plan --pool ./queue.so:bacth=4
    says 2 "batch: '0' is out of range, expected 1 .. 1024" poolbench plan --pool ./queue.so:batch=0
else
    skip 'the pool in C++' 'there is no C++ compiler'
fi

# ---- other kinds: forked processes, executed ones, and a runtime that is entered ----
for kind in processes executed inside; do
    is "$kind builds" build $kind.so "$repository/tests/plugins/$kind.c"
    says 0 'keeps the contract' poolbench conformance --pool ./$kind.so
done

# ---- one that is full with one task: the submitter sleeps while it is at work ----
is 'single builds' build single.so "$repository/tests/plugins/single.c"
says 0 'single' poolbench run --pool ./single.so --workers 1 --workload sleep --size 5ms --tasks 20 --blocks 3 --out single
# shellcheck disable=SC2016 # columns of awk
is 'no submitter polls' awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    { share = $at["submitter_ns"] / $at["wall_ns"]; least = NR == 2 || share < least ? share : least }
    END { exit !(least < 0.1) }' single/trials.csv

# ---- by name ----
mkdir plugins && cp threads.so plugins && echo 'no ELF' >plugins/junk.so
export POOLBENCH_PLUGINS=$scratch/plugins
says 0 'plug-ins .*junk .*cannot be loaded.* threads +threads that share a list' poolbench list pools
says 0 'threads' poolbench plan --pool threads,pthread
says 2 "no pool is called 'thraeds'; did you mean 'threads'" poolbench plan --pool thraeds
unset POOLBENCH_PLUGINS
cp threads.so "$(find "$scratch/root" -type d -name plugins)"
says 0 'threads' poolbench plan --pool threads,pthread
mkdir other && cp threads.so other
says 2 "are both called 'threads', expected labels" poolbench plan --pool ./threads.so,./other/threads.so
cp threads.so pthread.so
says 2 "'pthread' is the name of one that is built in, expected a label" poolbench plan --pool ./pthread.so

# ---- what is no plug-in ----
broken() # NAME FLAGS...
{
    local name=$1
    shift
    is "$name builds" build "$name.so" "$@" "$repository/tests/plugins/broken.c"
}
says 2 'gone.so: No such file' poolbench run --pool ./gone.so
says 2 'junk.so: cannot be loaded: .*(short|ELF)' poolbench run --pool ./plugins/junk.so
says 2 'collatz.so: does not define poolbench_pool_plugin' poolbench run --pool ./collatz.so
says 2 'threads.so: does not define poolbench_workload_plugin' poolbench run --workload ./threads.so
broken abi -DWRONG_ABI
says 2 'abi.so: was built for interface 2 of plug-ins, this poolbench has 1' poolbench run --pool ./abi.so
broken size -DWRONG_SIZE
says 2 'size.so: its table has [0-9]+ bytes, this poolbench reads [0-9]+' poolbench run --pool ./size.so
broken preset '-DPARAM={"n", POOLBENCH_COUNT, "50", 1, 10, 0, "many"}'
says 2 "preset.so: param n: its default: '50' is out of range, expected 1 .. 10" poolbench plan --pool ./preset.so
broken param '-DPARAM={"N:", POOLBENCH_COUNT, "5", 1, 10, 0, "many"}'
says 2 "param.so: param 'N:': its name is not 1 .. 31 lower-case letters" poolbench plan --pool ./param.so
broken load -DBREAK=CRASHES_IN_LOAD
says 2 'load.so: crashes while it was loaded: killed by signal 6' poolbench run --pool ./load.so
broken shape -DBREAK=CRASHES_IN_SHAPE
says 2 'shape.so: crashes in shape: killed by signal 6' poolbench plan --pool ./shape.so
broken open -DBREAK=CRASHES_IN_OPEN
says 2 'open.so: crashes in open: killed by signal 6' poolbench run --pool ./open.so --out never
says 1 'open.so: crashes in open: killed by signal 6' poolbench conformance --pool ./open.so
broken refuses -DBREAK=REFUSES
says 2 'refuses.so: fails in open: there is no library to be had' poolbench run --pool ./refuses.so
broken enters -DBREAK=NEVER_ENTERS
says 2 'enters.so: fails while it ran its first tasks: enter did not call its body' poolbench run --pool ./enters.so
is 'nothing was written for any of them' test ! -e never -a ! -e results

# ---- what breaks the contract ----
few=(--size 1us --tasks 1000 --workers 1 --blocks 1 --trial-limit 2s)
declare -A wrong=(
    [DROPS]='task 500 never came back'
    [DOUBLES]='ran a task twice, or after it was finished: task 500'
    [EARLY]='returned a task before it was run: task 500'
    [FINISHES_TWICE]='has a reap, and finished a task otherwise, expected work in place of run: task 500'
    [INVENTS]='returned a task that was not handed in'
)
# Conformance names it; it need not go on then, with every trial that hangs. One goes to the end, below.
names() # WHAT PATTERN
{
    limited poolbench conformance --pool "./$1.so" --trial-limit 1s 2>&1 | awk -v pattern="$2" '
        { print; text = text " " $0; gsub(/ +/, " ", text); if (text ~ pattern) { found = 1; exit } }
        END { exit !found }'
}
for what in "${!wrong[@]}"; do
    broken "$what" "-DBREAK=$what"
    is "conformance of $what says: ${wrong[$what]}" names "$what" "BROKEN .*${wrong[$what]}"
    says 1 "${wrong[$what]}" poolbench run --pool "./$what.so" "${few[@]}" --out "r-$what"
done
says 1 'the contract is BROKEN' poolbench conformance --pool ./EARLY.so --trial-limit 1s
broken slow -DBREAK=IS_SLOW
says 4 'slow +too slow to tell: .*--trial-limit [0-9]+s or more .*cannot tell, it is too slow' \
    poolbench conformance --pool ./slow.so --trial-limit 1s
broken hangs -DBREAK=HANGS_IN_OPEN
says 2 'hangs.so: hangs in open: nothing came of it in 10s' poolbench run --pool ./hangs.so

closing
