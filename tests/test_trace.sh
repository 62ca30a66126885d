#!/usr/bin/env bash
# Timelines for Perfetto of short real runs, decoded by others than who wrote them: by the wire format (tests/tools/traced.c),
# and by the published messages where there is protoc. Slices nest, every flow has two ends, and
# all times are those of samples.csv and spans.csv. How long anything took is not looked at.
# shellcheck disable=SC2016,SC2034 # `eval` is to expand them
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
messages=$PWD/tests/tools/perfetto.proto
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { tail -20 screen said 2>/dev/null; }

made() { poolbench run "$@" --workload spin --size 100us --seed 3 --trial-limit 20s >screen 2>&1; }
written() # RUN CELL [OPTION...]: decoded, in `trace`
{
    poolbench trace "$@" --out t.pftrace >said 2>&1 && "$build/traced" <t.pftrace >trace && rm t.pftrace
}

# On each track an end has a beginning, nothing is left open, and time goes on; all tracks are declared, once.
nests()
{
    awk -F '\t' '
        $1 == "track" { bad += $2 in parent; parent[$2] = $3; next }
        { bad += $2 < at[$3] || !($3 in parent); at[$3] = $2 }
        $1 == "begin" { open[$3]++ }
        $1 == "end" { bad += --open[$3] < 0; ends++ }
        END { for (t in open) bad += open[t] != 0; exit bad > 0 || !ends }' trace
}
# A flow comes from one event and leads to one that is not earlier.
flows_have_two_ends()
{
    awk -F '\t' '
        $1 == "track" { next }
        $5 { bad += $5 in from; from[$5] = $2; flows++ }
        $6 { bad += $6 in to || !($6 in from) || $2 < from[$6]; to[$6] = $2 }
        END { for (f in from) bad += !(f in to); exit bad > 0 || !flows }' trace
}
# Each task of the trial ($2) in samples.csv is there with its times, and no other; submits and reaps, too.
is_samples() # SAMPLES TRIAL
{
    awk -v trial="$2" '
        BEGIN { FS = "," }
        FNR == 1 && FILENAME != "trace" { for (i = 1; i <= NF; i++) at[$i] = i; next }
        FILENAME != "trace" {
            if ($at["trial_id"] == trial) {
                k = $at["task"]; tasks++
                start[k] = $at["start_ns"]; end[k] = $at["end_ns"]; submit[k] = $at["submit_ns"]; reap[k] = $at["reap_ns"]
            }
            next
        }
        FNR == 1 { FS = "\t"; $0 = $0 }
        $1 == "end" && $3 in current { bad += $2 != end[current[$3]]; delete current[$3]; ended++; next }
        $4 ~ /^task / && $1 != "track" {
            k = substr($4, 6); bad += !(k in start) || $2 != start[k]; seen++
            bad += index("," $7 ",", ",start_ns=" start[k] ",") == 0 || index("," $7 ",", ",reap_ns=" reap[k] ",") == 0
            if ($1 == "begin") current[$3] = k; else bad += end[k] != start[k]
        }
        $4 ~ /^submit / { bad += $2 != submit[substr($4, 8)]; submits++ }
        $4 ~ /^reap / { bad += $2 != reap[substr($4, 6)]; reaps++ }
        END { print tasks, seen, ended, submits, reaps, bad + 0; exit bad > 0 || !tasks || seen != tasks || submits != tasks || reaps != tasks }' "$1" trace
}
# The slices of slots are the rows of spans.csv of that trial.
is_spans() # SPANS TRIAL
{
    awk -F, -v trial="$2" '$1 == trial && $2 == "" { print $6 "\t" $8 }' "$1" | sort >rows
    awk -F '\t' '$1 == "track" && $4 ~ /^worker .*: states$/ { is[$2] = 1 }
        $1 == "begin" && $3 in is { sub(/,.*/, "", $4); print $2 "\t" $4 }' trace | sort >slices
    [ -s rows ] && cmp rows slices
}
trial_of() { tr -s '\n ' ' ' <said | sed -n 's/.*trial \([0-9]*\), block.*/\1/p'; }
told() { tr -s '\n ' ' ' <said | grep -q "$1"; }
tracks() { awk -F '\t' -v name="$1" '$1 == "track" && $4 ~ name { n++ } END { print n + 0 }' trace; } # NAME-PATTERN

# What every run has.
check "a run" made --pool serial,prefork,fork --workers 2 --tasks 40 --blocks 2 --samples all --out plain
check "is a trace" written plain c002
check "slices nest" nests
check "flows have two ends" flows_have_two_ends
check "times are those of samples.csv" is_samples plain/samples.csv "$(trial_of)"
check "two workers, one submitter" eval '[ "$(tracks "^worker")" -eq 2 ] && [ "$(tracks "^submitter$")" -eq 1 ]'
check "what is missing is said" told 'Missing: states, switches.*run --profile states'
check "no task is" eval '! told "of 40 tasks, which"'
check "without a name it stands in the run" eval 'poolbench trace plain c003 >said 2>&1 && "$build/traced" <plain/c003.pftrace >trace && nests'
check "again" eval 'poolbench trace plain c003 >said 2>&1'
check "a trial by number" written plain --trial 1
check "times are its own" is_samples plain/samples.csv 1
check "on standard output" eval 'poolbench trace plain c001 --out - 2>said | "$build/traced" >trace && nests'
check "a file that is there stays" eval 'echo mine >there; ! poolbench trace plain c001 --out there 2>said; grep -q "there already" said && grep -q mine there'
check "a cell that is none" eval '! poolbench trace plain c009 2>said; told "c009: there is no such cell; expected CELL, one of the 3 of .*c001 .. c003"'
check "without a cell, too" eval '! poolbench trace plain 2>said; told "expected CELL, one of the 3"'
check "a trial that is none" eval '! poolbench trace plain --trial 99 2>said; told "no trial_id 99"'

# Workers that die.
check "a run with faults" made --pool prefork --workers 2 --tasks 40 --faults 'kill:rate=20%' --blocks 1 --samples all --out dies
check "is a trace of its only cell" written dies
check "slices nest" nests
check "flows have two ends" flows_have_two_ends
check "deaths are instants" eval '[ "$(grep -c "^instant.*	signalled " trace)" -eq "$(grep -c ",signalled," dies/samples.csv)" ] && grep -q "	signalled " trace'

# Some of the tasks.
check "a sampled run" made --pool prefork --workers 2 --tasks 40 --blocks 1 --samples 5 --out some
check "is a trace" written some
check "of those that are there" is_samples some/samples.csv "$(trial_of)"
check "others are missing" told 'Missing: 35 of 40 tasks, .*run --samples all'

# Siblings.
if poolbench check --no-measure 2>/dev/null | grep -q '^ok *profiling'; then
    check "a profiled run" made --pool prefork,fork --workers 2 --tasks 60 --blocks 3 --samples all --profile states --out siblings
    for cell in c001 c002; do
        check "$cell is a trace of a sibling" eval 'written siblings $cell && told "profiled trial"'
        check "slices nest" nests
        check "flows have two ends" flows_have_two_ends
        check "times are those of profile/samples.csv" is_samples siblings/profile/samples.csv "$(trial_of)"
        check "states are those of spans.csv" is_spans siblings/profile/spans.csv "$(trial_of)"
        check "there are CPUs" eval '[ "$(tracks "^CPU ")" -gt 0 ]'
        check "nothing is missing" eval '! told Missing'
    done
    check "spans are of one sibling a cell" eval '[ "$(tail -n +2 siblings/profile/spans.csv | cut -d, -f1 | uniq | wc -l)" -eq 2 ]'
    check "damaged spans are refused" eval 'echo "x,,worker,,,,,,," >>siblings/profile/spans.csv
        ! poolbench trace siblings c001 --out - >trace 2>said; told "spans.csv:[0-9]*:"'
else
    skip "profiled siblings" "switches are not recorded here (poolbench check says why)"
fi

# The published messages.
if command -v protoc >/dev/null; then
    for file in plain/c003.pftrace dies/c001.pftrace; do
        poolbench trace "${file%/*}" c001 >said 2>&1
        check "protoc reads $file" eval 'protoc -I "${messages%/*}" --decode perfetto.protos.Trace "${messages##*/}" <$file >text && "$build/traced" <$file >trace'
        check "it knows every field" eval '! grep -Eq "^ *[0-9]+[:{ ]" text'
        for field in timestamp:2 flow_ids:5 terminating_flow_ids:6; do
            check "${field%:*} is the same" eval 'sed -n "s/^ *${field%:*}: //p" text >theirs &&
                awk -F "\t" -v at=${field#*:} "\$1 != \"track\" && (at == 2 || \$at) { print \$at }" trace | cmp - theirs && [ -s theirs ]'
        done
        check "as many events and tracks" eval '[ "$(grep -c "^  track_" text)" -eq "$(wc -l <trace)" ]'
        check "names, too" eval 'sed -n "s/^    name: \"\(.*\)\"/\1/p" text | sort >theirs && awk -F "\t" "\$4 != \"\" { print \$4 }" trace | sort | cmp - theirs'
    done
else
    skip "the published messages" "there is no protoc (Debian: protobuf-compiler)"
fi
closing
