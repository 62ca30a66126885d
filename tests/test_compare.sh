#!/usr/bin/env bash
# The verb compare on runs made up here, whose truth is known: verdicts, exit codes, two runs, formats, and bad input.
set -u
poolbench=$(cd "$(dirname "$0")/.." && pwd)/${BUILD:-build/default}/poolbench
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export LC_ALL=C NO_COLOR=1
failures=0

# A run: make DIRECTORY BLOCKS key=value...; noise is +-0.2 % by hash, and blocks differ by tens of percents.
cat >make.py <<'PY'
import csv, json, os, sys
where, blocks = sys.argv[1], int(sys.argv[2])
arg = dict(a.split("=", 1) for a in sys.argv[3:])
seed, speed = arg.get("seed", "11"), float(arg.get("speed", 1))
factor = {"prefork": 1, "pthread": float(arg.get("pthread", 0.9)), "fork": float(arg.get("fork", 1.2)),
          "same_pool": float(arg.get("same", 1.001)), "noisy:x=1": 1.01}
os.mkdir(where)
columns = ("schema_version run_id trial_id cell_id block position experiment pool workload size_ns size_dist iterations "
           "tasks workers place arrival collect in_bytes out_bytes ballast faults timing seed status reason wall_ns "
           "user_ns sys_ns open_ns pss_bytes").split()
def noise(*key):
    h = 0
    for c in repr(key): h = (h * 1000003 ^ ord(c)) % 2**61
    return (h * 2654435761 % 1000003) / 1000003 - 0.5
with open(where + "/trials.csv", "w", newline="") as f:
    out = csv.DictWriter(f, columns, lineterminator="\n", restval="")
    out.writeheader()
    n = 0
    for b in range(1, blocks + 1):
        for s, size in enumerate((10000, 100000)):
            for p, pool in enumerate(factor):
                if pool == arg.get("without") and size == 100000: continue
                n += 1
                spread = 0.2 if pool.startswith("noisy") else 0.004
                ns = size * speed * (1 + 0.3 * (b % 3)) * factor[pool] * (1 + spread * noise(where, b, s, p))
                ok = pool != arg.get("broken") and "all" != arg.get("broken")
                row = dict(schema_version=arg.get("schema", 1), run_id=where, trial_id=n, cell_id="c%03d" % (s * 5 + p + 1),
                           block=b, position=p, pool=pool, workload="spin", size_ns=size, size_dist="fixed",
                           iterations=arg.get("iterations", size), tasks=100, workers=2, place="compact",
                           arrival="burst", collect="completed", in_bytes=0, out_bytes=0, ballast=0, timing="task",
                           seed=seed, status="ok" if ok else "crashed", reason="" if ok else "killed")
                if ok: row.update(wall_ns=int(ns * 100), user_ns=int(ns * 90), sys_ns=int(ns * 10), open_ns=1000)
                out.writerow(row)
json.dump({"hostname": arg.get("host", "a"), "cpu": {"model": arg.get("host", "a") + " & co"},
           "kernel": {"release": "6.1"}, "machine": {"cores": 2}}, open(where + "/host.json", "w"))
PY
make() { python3 make.py "$@" || exit 1; }

# expect STATUS PATTERN WORDS...: exit status, and a pattern in what it says (stdout and stderr).
expect()
{
    local status=$1 pattern=$2 got
    shift 2
    timeout 20 "$poolbench" compare "$@" >out 2>err
    got=$?
    if [ "$got" -ne "$status" ] || ! cat out err | tr -s ' \n' ' ' | grep -qE -e "$pattern"; then
        echo "compare $*: expected exit $status and /$pattern/, found exit $got:"
        cat out err
        failures=$((failures + 1))
    fi
}

make one 12
make few 5
make other 12 pthread=1.05
make seed 12 seed=12
make iterations 12 iterations=7
make machine 12 host=b speed=3 pthread=1.2
make broken 12 broken=fork
make dead 12 broken=all
make schema 12 schema=9
make hole 12 without=prefork
mkdir empty

# Truth: pthread takes 0.9, fork 1.2, same_pool 1.001; noisy varies too much to tell.
expect 0 'pthread, spin, 10us, 2 workers 0\.90x 0\.[89][0-9] \.\. 0\.90 faster 1[0-9.]+ us 1[0-9.]+ us 12' one
expect 0 'fork, spin, 100us, 2 workers 1\.20x 1\.[12][0-9] \.\. 1\.2[0-9] slower' one
expect 0 'same_pool, spin, 10us, 2 workers 1\.00x .* equal' one
expect 0 'noisy:x=1, spin, 10us, 2 workers .* unresolved' one
expect 0 'Geometric mean over cells: 1\.0[0-9]x' one
expect 0 'run --(like|more) one' one
expect 0 'compared with pthread' one --baseline pthread
expect 0 'compared with 10us' one --by size
expect 0 'compared with noisy:x=1' one --baseline noisy
expect 0 'CPU time per task.* 8 comparisons: ' one --metric cpu
expect 3 'surely slower by more than 5 %' one --fail-if-slower 5%
expect 0 'slower' one --fail-if-slower 25%
expect 3 '2 of 8 cells unresolved' one --fail-if-unresolved
expect 1 'trials failed' broken --fail-if-slower 5%

# Two runs: pthread went from 0.9 to 1.05 of the same.
expect 0 'pthread, spin, 10us, 2 workers 1\.17x .* slower' one other
expect 0 'changed on the machine between the runs' one other
expect 3 'fork, spin, 10us, 2 workers 1\.00x .* equal' one other --fail-if-slower 10%
expect 0 'machines differ: CPU: "a & co" and "b & co".*' one machine
expect 0 'pthread, spin, 10us, 2 workers 1\.33x .* slower 1\.20 of 3[0-9.]+ us 0\.90 of 1[0-9.]+ us' one machine
expect 0 'fork, spin, 10us, 2 workers 1\.00x .* equal' one machine
expect 0 'pthread, spin, 10us, 2 workers 1\.17x' one other --baseline prefork

# Bad input.
expect 2 'has no trials.csv' ./empty
expect 2 'seed 11, seed has 12' one seed
expect 2 '10000 iterations in one, 7 in iterations' one iterations
expect 2 '8 comparisons need at least 9 blocks, there are 5' few
expect 1 'no comparison has a block in which both cells ended well: 192 of 192 trials failed' dead
expect 2 'schema_version: expected 1, found 9' schema
expect 0 'Without a partner: fork, spin, 100us' hole
expect 2 "no cell has 'prefrok'; did you mean 'prefork'" one --baseline prefrok
expect 2 '--by workers: all cells have 2; what differs here is pool, size' one --by workers
expect 2 "no factor 'worker'; did you mean 'workers'" one --by worker
expect 2 'no trial has it .*1,000' one --metric latency_p99
expect 2 "--metric: expected wall.*found 'wal'; did you mean 'wall'" one --metric wal
expect 2 "--margin: expected a share" one --margin wide
cp -r one torn && printf '1,torn,121,c0' >>torn/trials.csv
expect 0 'cut off; used up to trial 120' torn

# Formats; the same twice; within 96 columns.
"$poolbench" compare one --format csv >one.csv && python3 - <<'PY' || failures=$((failures + 1))
import csv
rows = list(csv.DictReader(open("one.csv")))
assert len(rows) == 8, rows
for r in rows:
    assert None not in r and None not in r.values()
    assert float(r["lo"]) <= float(r["ratio"]) <= float(r["hi"]) and float(r["base"]) > 0
    truth = {"pthread": 0.9, "fork": 1.2, "same_pool": 1.001}.get(r["pool"])
    assert truth is None or float(r["lo"]) < truth < float(r["hi"]), r
PY
"$poolbench" compare one --format latex >one.tex
if ! grep -qF 'same\_pool' one.tex || grep -v '^%' one.tex | grep -qE '[^\\][_%#]'; then
    echo "LaTeX: unescaped"
    failures=$((failures + 1))
fi
"$poolbench" compare one --format markdown | awk -F'|' '/^\|/ { rows++; bad += NF != 9 } END { exit bad || rows != 10 }' ||
    { echo "Markdown: not a table of 10 lines"; failures=$((failures + 1)); }
for format in text csv markdown latex; do
    "$poolbench" compare one other --format $format >a 2>&1
    "$poolbench" compare one other --format $format >b 2>&1
    cmp -s a b || { echo "$format: differs when repeated"; failures=$((failures + 1)); }
done
for runs in one 'one other' 'one machine'; do
    # shellcheck disable=SC2086 # two words
    "$poolbench" compare $runs 2>/dev/null | awk 'length > 96 { bad = 1; print } END { exit bad }' || failures=$((failures + 1))
done
exit $((failures > 0))
