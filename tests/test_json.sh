#!/usr/bin/env bash
# Tables as JSON say what the CSV says, of every recorded run; what others' programs read has what these ask for; and the
# scripts of examples/data read a run.
# shellcheck disable=SC2016 # what stands in quotes is for eval
set -u
. tests/support.sh
root=$PWD build=$PWD/${BUILD:-build/default}
command -v python3 >/dev/null || { echo 'there is no python3'; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME XDG_STATE_HOME
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }

# A document by docs/table.schema.json, of which this knows what is used there; and where there is CSV, its values.
cat >table.py <<'END'
import csv, json, sys
kinds = {'string': str, 'integer': int, 'number': (int, float), 'null': type(None), 'object': dict, 'array': list}
known = {'$schema', 'title', 'description', 'type', 'required', 'additionalProperties', 'properties', 'minimum', 'items', 'anyOf'}
def fits(value, schema):
    assert set(schema) <= known, set(schema) - known
    types = schema.get('type', [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, kinds[t]) and not isinstance(value, bool) for t in types):
        return False
    if 'minimum' in schema and value < schema['minimum'] or 'anyOf' in schema and not any(fits(value, s) for s in schema['anyOf']):
        return False
    if isinstance(value, list):
        return all(fits(v, schema.get('items', {})) for v in value)
    if isinstance(value, dict):
        named, rest = schema.get('properties', {}), schema.get('additionalProperties', True)
        return set(schema.get('required', [])) <= set(value) and all(
            fits(v, named[k]) if k in named else rest is True or rest is not False and fits(v, rest) for k, v in value.items())
    return True
def refuse(constant):
    raise ValueError(constant) # NaN and Infinity are no JSON
document = json.load(open(sys.argv[1], encoding='utf-8'), parse_constant=refuse)
assert fits(document, json.load(open(sys.argv[2]))), 'does not fit its schema'
assert not fits({**document, 'rows': [[]]}, json.load(open(sys.argv[2])))
rows = document['rows']
if len(sys.argv) > 3:
    wanted = list(csv.DictReader(open(sys.argv[3], newline='', encoding='utf-8')))
    assert len(wanted) == len(rows), (len(wanted), len(rows))
    for want, have in zip(wanted, rows):
        want.pop('row_sum', None) # of the text of a CSV file
        assert list(want) == list(have), (list(want), list(have))
        for name, text in want.items():
            value = have[name]
            same = value is None and text in ('', 'inf', '-inf') or isinstance(value, str) and text in (value, "'" + value) or \
                isinstance(value, (int, float)) and float(text) == value
            assert same, (name, text, value)
print(len(rows))
END
same() # WORDS... : as JSON and as CSV; the exit status is that of the verb
{
    poolbench "$@" --format csv >as.csv 2>err
    local status=$?
    poolbench "$@" --format json >as.json 2>err
    test $? = $status || return 1
    if [ -s as.csv ]; then python3 table.py as.json "$root/docs/table.schema.json" as.csv; else test ! -s as.json; fi
}
fits() { python3 table.py "$1" "$root/docs/table.schema.json"; }

printf 'metric = wall\n[a pool beside another]\ncell = pool=pthread\nbase = pool=prefork\nat_most = 10x\n' >some.targets
for run in "$root"/tests/recorded/*/; do
    cp -r "$run" .
    name=$(basename "$run")
    [ -e "$name/trials.csv" ] || continue
    for words in "summarise $name" "compare $name" "explain $name" "targets $name some.targets" "scaling $name" "isolation $name"; do
        # shellcheck disable=SC2086 # words
        check "$words" same $words
    done
done
check 'summarise prints the rows of summary.csv' \
    python3 -c 'import csv, sys; a, b = (list(csv.DictReader(open(f))) for f in sys.argv[1:]); sys.exit(a != b)' \
    <(poolbench summarise sizes --format csv) <(poolbench summarise sizes >/dev/null && cat sizes/summary.csv)
check 'plan' same plan --workload sleep --size 1ms --workers 1,2
check 'topo' same topo --topology synthetic:'pack:2 core:4 pu:2'
check 'check looks, and runs no trial' eval 'poolbench check --format json >json && test "$(fits json)" -gt 5'
check 'conformance' eval 'poolbench conformance --pool serial --format json >json && test "$(fits json)" -gt 5'
for word in pools floors workloads places faults metrics suites options; do
    check "list $word" eval "poolbench list $word --format json >json && test \"\$(fits json)\" -gt 2"
done
check 'a list of lists' eval 'poolbench list --format json >json && fits json'
check 'what there is not is refused' eval '! poolbench list nothing --format json >json 2>err && test ! -s json'

# google-benchmark's: what tools/gbench/report.py asks of every entry, and times that are those of trials.csv.
cat >google.py <<'END'
import csv, json, statistics, sys
document = json.load(open(sys.argv[1]))
assert document['context']['json_schema_version'] == 1 and document['context']['num_cpus'] >= 0
trials = [t for t in csv.DictReader(open(sys.argv[2])) if t['status'] == 'ok']
entries = document['benchmarks']
names = {}
for e in entries:
    assert e['time_unit'] == 'ns' and e['real_time'] >= 0 and e['cpu_time'] >= 0 and e['iterations'] > 0, e
    assert e['run_name'] == e['name'][:len(e['run_name'])] and e['family_index'] >= 0
    if e['run_type'] == 'iteration':
        assert e['repetition_index'] == len(names.setdefault(e['name'], []))
        names[e['name']].append(e['real_time'])
    else:
        assert e['run_type'] == 'aggregate' and e['name'] == e['run_name'] + '_' + e['aggregate_name']
        values = names[e['run_name']]
        value = getattr(statistics, {'stddev': 'stdev'}.get(e['aggregate_name'], e['aggregate_name']))(values)
        assert abs(value - e['real_time']) <= 1e-6 * max(values), (e, value)
have = sorted(t for values in names.values() for t in values)
want = sorted(int(t['wall_ns']) / int(t['tasks']) for t in trials)
assert len(have) == len(want) > 0 and all(abs(a - b) <= 1e-6 * b for a, b in zip(have, want)), (have[:3], want[:3])
END
for name in sizes scaling failures; do
    poolbench summarise $name --format google-benchmark >google.json 2>err
    check "google-benchmark's, of $name" python3 google.py google.json $name/trials.csv
done

# The scripts begin with summary.csv alone.
mkdir alone && cp sizes/summary.csv alone
well_formed() { python3 -c 'import sys, xml.dom.minidom as d; t = d.parse(sys.argv[1]); sys.exit(len(t.getElementsByTagName(sys.argv[2])) < int(sys.argv[3]))' "$@"; }
cells=$(($(wc -l <alone/summary.csv) - 1))
python3 "$root/examples/data/plot.py" alone/summary.csv >plot.svg 2>err
check 'plot.py' well_formed plot.svg circle "$cells"
python3 "$root/examples/data/spreadsheet.py" alone/summary.csv >sheet.fods 2>err
check 'spreadsheet.py' well_formed sheet.fods table:table-row $((cells + 1))
if command -v soffice >/dev/null; then
    check 'a spreadsheet computes its formulas' eval 'soffice --headless --convert-to csv sheet.fods >out 2>err &&
        awk -F, "NR == 2 { exit \$0 !~ /,1,/ }" sheet.csv'
else
    skip 'the formulas of the spreadsheet' 'there is no LibreOffice'
fi
if command -v Rscript >/dev/null; then
    check 'plot.R' eval 'Rscript "$root/examples/data/plot.R" alone/summary.csv plot.pdf >out 2>err && head -c 4 plot.pdf | grep -q %PDF'
else
    skip 'plot.R' 'there is no R'
fi
closing
