#!/usr/bin/env bash
# shellcheck disable=SC1003,SC2016 # what stands in fields is for others to expand
# Runs that somebody made to do harm: whatever stands in their files, and whatever lies where their files should be,
# reading them executes nothing, changes nothing outside their directory, tells a terminal nothing, and comes to an end.
set -u
. tests/support.sh
root=$PWD build=$PWD/${BUILD:-build/default}
recorded=$PWD/tests/recorded
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch/home NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME XDG_STATE_HOME
mkdir home
PATH=$build:$PATH
here=$PATH hit=$scratch/HIT
has_gnuplot=$(command -v gnuplot)

# ---- what is written into fields ----

# Texts in the languages that a field gets into. Each is in a pool, a workload, an experiment, a reason and a run's name.
harm=(
    $'\n!touch '"$hit"$'\nsystem("touch '"$hit"$'")\n'
    "';system('touch $hit');a='"
    "\`touch $hit\`\$(touch $hit)"
    "\";system(\"touch $hit\");\""
    '</script><script>x</script>]]>--><img src=x onerror=y>'
    $'\e[2J\e]0;t\a\302\2331m\302\205'
    $'\u202e\u2066\u200f\u2028\u061c\u2069'
    $'\r# Heading\r\n\r\n<b>\r'
    "=cmd|' /C calc'!A0"
    '@SUM(1)|**b**[x](javascript:y)![i](//h)$x$'
    $'\\input{/etc/passwd}^^M%n%s\\'
    $'# \t"\n1 2 3\n\n\n4'
    "$(printf '%0140d' 0)"
)
export HARM
HARM=$(printf '%s\001' "${harm[@]}")

# The recorded run $1 as $2, with a text of these at the end of each of its own, and checksums that fit; FIRST=1: before it.
harm_run() { "$build/test_hostile_texts" "$recorded/$1" "$2" "$shift" || exit 1; }

picture='<svg><desc>Produced by GNUPLOT</desc><script>x</script></svg>'

# The same, with such texts in what is no CSV.
hostile_run()
{
    harm_run "$1" "$2"
    mkdir "$2/charts"
    { printf '# %s\n' "${harm[@]}"; cat "$recorded/$1/suite.ini"; } >"$2/suite.ini"
    {
        echo "all: x, $(($(wc -l <"$recorded/$1/trials.csv") - 1)) trials."
        echo "time: Time${harm[4]}${harm[5]}${harm[6]}${harm[7]}"
    } >"$2/charts/captions.txt"
    echo "$picture" >"$2/charts/time.svg"
}

# ---- what is looked at ----

limit=60
# A verb, into out; beyond the limit it hangs, and over 125 it crashed. Everything that it says goes to a terminal.
read_run() # VERB ARGUMENT...
{
    timeout -k 5 $limit poolbench "$@" </dev/null >out 2>&1
    status=$?
    [ $status -le 4 ] && plain out && [ ! -e "$hit" ]
}
explain()
{
    echo "exit $status"
    [ -e "$hit" ] && echo "HIT: something was executed" && rm -f "$hit"
    LC_ALL=C grep -naP "$told" out | cat -v | cut -c1-300 | head -5
    tail -3 out | cat -v | cut -c1-600
    [ -d victims ] && victims_compare
}

# What tells a terminal or an editor something: C0 but for tab and line end, DEL, C1, what turns the direction of text.
told='[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c'
plain() { ! LC_ALL=C grep -qaP "$told" "$@"; }

# Every verb that reads a run, whatever it makes of this one.
read_all() # RUN WORDS
{
    local run=$1 call
    for call in "summarise $run" "compare $run" "compare $run --format csv" "compare $run --format markdown" \
        "compare $run --format latex" "compare $run $run" "compare $run --by workload" "isolation $run" \
        "isolation $run --format csv" "explain $run" "explain $run --format csv" "explain $run $run" "trace $run c001" "scaling $run" "scaling $run --format csv" "targets $run targets.ini" \
        "targets $run targets.ini --format csv" "advise $run --size 100us" "summarise $run --format hyperfine" "report $run" "plan --like $run" "pack $run --out packed-$RANDOM.tar" "repair $run"; do
        # shellcheck disable=SC2086 # words
        check "$call, $2" read_run $call
    done
    check "charts $run, $2" read_run charts "$run"
    check "report $run with its charts, $2" read_run report "$run"
}
printf 'metric = wall\n[a pool beside another]\ncell = workers=%s\nbase = workers=%s\nat_most = 10x\n' 2 1 >targets.ini

# Nothing of a report is markup but what is ours: its tags are closed in order, are of those that it is made of, and have
# no attribute that executes or loads anything. Of its two scripts one is data, which is JSON, the other is that of
# scripts/, letter by letter, and the policy names its hash.
cat >report.py <<'END'
import base64, hashlib, html.parser, json, sys
tags = set('html head meta title style body main header section h1 h2 h3 p ul li dl div dt dd pre code table thead tbody tr '
           'th td span small figure figcaption b img nav a script'.split())
names = set('lang charset name content http-equiv class role tabindex aria-label scope alt src id href type'.split())
class Report(html.parser.HTMLParser):
    open = []
    scripts = []
    policy = ''
    def handle_starttag(self, tag, attributes):
        wrong = [n for n, _ in attributes if n not in names]
        source = dict(attributes).get('src')
        if tag not in tags or wrong or (source and not source.startswith('data:image/svg+xml,%3C')) or \
                not dict(attributes).get('href', '#').startswith('#') or ('type' in dict(attributes)) != (attributes == data):
            sys.exit('%s: <%s %s>' % (self.getpos(), tag, attributes))
        if tag == 'script':
            self.scripts.append([attributes, ''])
        self.policy = dict(attributes).get('content', '') if dict(attributes).get('http-equiv') else self.policy
        if tag not in ('meta', 'img'):
            self.open.append(tag)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit('%s: </%s>' % (self.getpos(), tag))
    def handle_data(self, text):
        if self.open and self.open[-1] == 'script':
            self.scripts[-1][1] += text
    def handle_comment(self, text):
        sys.exit('%s: a comment' % (self.getpos(),))
    unknown_decl = handle_pi = handle_comment
data = [('type', 'application/json'), ('id', 'data')]
report = Report()
report.feed(open(sys.argv[1], encoding='utf-8', newline='').read())
report.close()
ours = open(sys.argv[2], encoding='utf-8', newline='').read()
if [s[0] for s in report.scripts] != [data, []] or report.scripts[1][1] != ours:
    sys.exit('scripts that are not ours: %s' % [(s[0], s[1][:80]) for s in report.scripts])
json.loads(report.scripts[0][1])
digest = base64.b64encode(hashlib.sha256(ours.encode()).digest()).decode()
if "script-src 'sha256-%s'" % digest not in report.policy or "default-src 'none'" not in report.policy or 'unsafe' in report.policy:
    sys.exit('the policy: ' + report.policy)
sys.exit('%s is open' % report.open if report.open else 0)
END
has_python=$(command -v python3)
[ -n "$has_python" ] || skip 'HTML and JSON by parsers' 'no python3'
report_is_plain()
{
    status=- && : >out
    [ -e "$1/report.html" ] || return 1
    ! sed -e '/^<script>/,/^<\/script>/d' "$1/report.html" | grep -av '^<script type="application/json" id="data">$' |
        grep -aiqE '<script|<img [^a]|<b>[^F]|onerror=y>|javascript:y\)\[' && ! grep -aq '^# Heading' "$1/report.md" &&
        ! grep -aqE '(^|[^\\])<(script|img|b>)' <(grep -av '^    ' "$1/report.md") && plain "$1/report.html" "$1/report.md" || return 1
    [ -z "$has_python" ] || python3 report.py "$1/report.html" "$root/scripts/report.js" >out 2>&1
}

# The tasks of a run for other people's scripts are JSON.
json_is_plain()
{
    read_run summarise "$1" --format hyperfine || return 1
    timeout -k 5 $limit poolbench summarise "$1" --format hyperfine </dev/null >json 2>/dev/null
    [ -z "$has_python" ] || python3 -m json.tool json >/dev/null 2>out || return 1
    for call in "summarise $1 --format google-benchmark" "summarise $1 --format json" "compare $1 --format json" \
        "scaling $1 --format json" "explain $1 --format json"; do
        # shellcheck disable=SC2086 # words
        read_run $call || return 1
        # shellcheck disable=SC2086 # words
        timeout -k 5 $limit poolbench $call </dev/null >json 2>/dev/null
        [ -z "$has_python" ] || [ ! -s json ] || python3 -m json.tool json >/dev/null 2>out || return 1
    done
}

# What is drawn is well-formed, and what it is drawn from has a line a line.
charts_are_plain()
{
    local file
    status=- && : >out
    # captions are of the run where gnuplot is not
    for file in "$1"/charts/*; do
        case $file in
            *.svg) [ -z "$has_gnuplot" ] || plain "$file" ;;
            *) plain "$file" ;;
        esac || { echo "$file" >out; return 1; }
        case $file in
            *.svg) if [ -n "$has_gnuplot" ] && command -v xmllint >/dev/null; then xmllint --noout "$file" >>out 2>&1 || return 1; fi ;;
        esac
    done
}

# LaTeX reads no command but ours, in tables and in charts.
latex_is_plain()
{
    read_run compare "$1" --format latex
    ! grep -av '^%' out | grep -aE '\\input|\^\^M|[^\\]\$' || return 1
    [ -n "$has_gnuplot" ] || return 0
    read_run charts "$1" --format tex || return 1
    ! grep -aE '\\input\{|\^\^M' "$1"/charts/*.tex
}

# ---- texts ----

shift=0
for run in places metg capacity crossover failures faults nested scaling sleep ballast; do
    hostile_run $run $run
    read_all $run 'with hostile texts'
    check "the report of $run" report_is_plain $run
    check "the tasks of $run" json_is_plain $run
    [ -n "$has_gnuplot" ] && check "the charts of $run" charts_are_plain $run
    shift=$((shift + 3))
done

shift=9
hostile_run metg latex
check 'LaTeX' latex_is_plain latex
[ -n "$has_gnuplot" ] && check 'charts as LaTeX have these texts' grep -aqF 'textbackslash{}input' latex/charts/*.tex

# Who reads a run loads no plug-in that it names: this one says when it is loaded.
echo '#include <fcntl.h>
__attribute__((constructor)) static void loaded(void) { open(HIT, O_CREAT | O_WRONLY, 0600); }' >plugin.c
if ${CC:-cc} -shared -fPIC -DHIT="\"$hit\"" -o plugin.so plugin.c 2>out; then
    for run in places failures arrivals; do
        HARM=$scratch/plugin.so:$'\001' FIRST=1 harm_run $run plugged-$run
        read_all plugged-$run 'that names a plug-in'
    done
else
    skip 'a plug-in of a run' 'no compiler'
fi

# On a terminal, and with a name that is no name.
on_terminal() # COMMAND
{
    TERM=xterm timeout -k 5 $limit script -qec "$1" typescript </dev/null >/dev/null 2>&1
    status=$?
    LC_ALL=C sed -e '1d;$d' -e 's/\r$//' typescript >out
    plain out && [ ! -e "$hit" ]
}
if command -v script >/dev/null; then
    check 'summarise on a terminal' on_terminal 'poolbench summarise failures'
    check 'compare on a terminal' on_terminal 'poolbench compare scaling'
fi
name=$'a\n!touch HIT\n'"';system('touch HIT');a='"$'\e[2J\u202e'
mkdir -p "$name" && cp "$recorded"/places/*.csv "$recorded"/places/*.json "$recorded"/places/*.ini "$name"
for verb in summarise charts report compare explain; do
    check "$verb of a run with a hostile name" read_run $verb "$name"
done
check 'nothing ran in it' test -z "$(find . -name HIT)"
mkdir results && cp -r "$name" "results/20260101T000000-$name"
check 'list of runs' read_run list runs

# Cells of tables for people are no formulas; files of the run keep what they have.
cat >cells.py <<'END'
import csv, sys
for row in csv.reader(open(sys.argv[1], encoding='utf-8', newline='')):
    for cell in row:
        if cell[1:] and cell[0] in '=+-@\t\r\uFF1D\uFF0B\uFF0D\uFF20':
            float(cell)
END
cells_are_plain() # VERB ARGUMENT...
{
    read_run "$@" || return 1
    timeout -k 5 $limit poolbench "$@" </dev/null >cells 2>/dev/null
    grep -q , cells && ! grep -aqE '(^|,)"?[=+@]' cells || return 1
    [ -z "$has_python" ] || python3 cells.py cells 2>out
}
formulas=('=cmd|/C calc!A0 ' '+1+' '-1+' '@SUM(1)' $'\t=1+' $'\uFF1D1+')
export HARM FIRST
HARM=$(printf '%s\001' "${formulas[@]}") FIRST=1
for shift in 8 9; do
    harm_run places formula$shift
    harm_run scaling scaled$shift
    for call in "explain formula$shift" "scaling scaled$shift"; do
        # shellcheck disable=SC2086 # words
        check "cells of $call" cells_are_plain $call --format csv
    done
done
shift=8
harm_run sleep slept
check 'cells of compare' cells_are_plain compare slept --format csv
HARM=$'=x\001' harm_run crossover aimed
printf '[=a target]\nmetric = wall\ncell = pool==xfork\nbase = pool==xpthread\nat_most = 1000x\n' >aimed.ini
check 'cells of targets' cells_are_plain targets aimed aimed.ini --format csv
check 'and they are of the target' grep -q "'=xpthread" cells
unset FIRST
read_run summarise formula8
check 'summary.csv keeps its values' grep -qE '(^|,)"?=cmd' formula8/summary.csv

# ---- numbers ----

printf 'trial_id,task,worker,pid,cpu_planned,cpu,status,code,due_ns,submit_ns,start_ns,end_ns,reap_ns,result\n' >samples
numbers_run() # FROM TO NUMBER ALL
{
    local file
    mkdir "$2"
    cp "$recorded/$1"/*.json "$recorded/$1"/*.ini "$2"
    for file in "$recorded/$1"/*.csv; do
        LC_ALL=C awk -F, -v OFS=, -v number="$3" -v all="$4" '
            NR == 1 { for (i = 1; i <= NF; i++) name[i] = $i; print; next }
            {
                for (i = 1; i <= NF; i++)
                    if ($i ~ /^-?[0-9.]+(e[-+]?[0-9]+)?$/ && name[i] !~ /^(schema_version|samples_end|latency_end)$/ &&
                        !(name[i] ~ /^(trial_id|block|position)$/ && all) && (all ? NR % 3 : (NR + i) % 23 == 0))
                        $i = number
                print
            }' "$file" >"$2/${file##*/}"
    done
    sed -E "/\"row_sum\"/d; s/: [0-9]+(,?)\$/: $3\1/; s/(\"schema_version\"): .*,/\1: 2,/" "$recorded/$1/host.json" >"$2/host.json"
}
for number in 9223372036854775807 -9223372036854775808 18446744073709551615 -1 0 1e308 -1e308 nan inf 1e-308; do
    for run in sizes metg; do
        for all in 0 1; do
            numbers_run $run numbers $number $all
            for call in 'summarise numbers' 'compare numbers' 'explain numbers' 'trace numbers c001' 'report numbers' 'scaling numbers' 'isolation numbers' \
                'advise numbers --size 100us'; do
                # shellcheck disable=SC2086 # words
                check "$call of $run with $number" read_run $call
            done
            if [ "$all$run" = 1sizes ]; then check "charts of $run with $number" read_run charts numbers; fi
            rm -r numbers
        done
    done
done

# ---- files ----

victims_make()
{
    rm -rf victims run && mkdir victims victims/directory
    echo '{"schema_version": 2, "hostname": "SECRET"}' >victims/file
    touch -d @1 victims/file
    cp -r "$recorded/places" run && rm run/said.txt
    (cd victims && find . -printf '%p %y %T@ %s\n' | sort; cat file) >before
}
victims_compare() { (cd victims && find . -printf '%p %y %T@ %s\n' | sort; cat file) | diff before -; }
is_untouched() { victims_compare && ! grep -arq SECRET out run; }

without_gnuplot
without=$PATH
# What lies in the place of each file is neither followed, nor waited for, nor written to.
for file in charts charts/time.svg charts/time.gp charts/captions.txt report.html report.md .report.html .report.md \
    summary.csv .summary.csv suite.ini host.json latency.csv samples.csv trials.csv plan.csv; do
    for kind in link dangling directory fifo zero; do
        victims_make
        mkdir -p run/charts
        rm -rf "run/${file:?}"
        case $kind in
            link) ln -s "$scratch/victims/$([ $file = charts ] && echo directory || echo file)" "run/$file" ;;
            dangling) ln -s "$scratch/victims/new" "run/$file" ;;
            directory) mkdir "run/$file" ;;
            fifo) mkfifo "run/$file" ;;
            zero) ln -s /dev/zero "run/$file" ;;
        esac
        case $file in # gnuplot only where something of it is in question
            charts*) PATH=$here calls=('charts run' 'report run' 'summarise run') ;;
            suite.ini | host.json | plan.csv) calls=('summarise run' 'report run' 'charts run' 'plan --like run') ;;
            *) calls=('summarise run' 'report run' 'charts run') ;;
        esac
        for call in "${calls[@]}"; do
            # shellcheck disable=SC2086 # words
            check "$call where $file is a $kind" read_run $call
        done
        check "what $file, a $kind, points to" is_untouched
        PATH=$without
    done
done

# A directory of drafts that is there already, under any number.
PATH=$here
victims_make
mkdir run/charts
for ((pid = 1; pid < 40; pid++)); do ln -s "$scratch/victims/directory" "run/charts/.drawing.$((99000 + pid))"; done
check 'charts beside links in the place of drafts' read_run charts run
check 'what they point to' is_untouched

# gnuplot is looked for where PATH says, not where a run is.
victims_make
mkdir -p run/charts
printf '#!/bin/sh\ntouch %s\n' "$hit" >run/gnuplot
chmod +x run/gnuplot
cp run/gnuplot run/charts
PATH=$without
for path in ":$PATH" "$PATH:" "$PATH::." ".:$PATH" "run:$PATH" "./charts:$PATH"; do
    (cd run && PATH=$path:/nowhere timeout -k 5 $limit "$build/poolbench" charts .) >out 2>&1
    status=$?
    check "charts with PATH=${path//$PATH/..}" test ! -e "$hit"
done
PATH=$here

# ---- what executes ----

# A run whose suite has commands: made here, it may run again; made by somebody else, somebody has to say so.
rm -rf home results
poolbench run --pool serial --workload "cmd:line='touch $scratch/ran'" --tasks 1 --blocks 1 --workers 1 --out own >out 2>&1
check 'a run with a command' test -e ran
rm -f ran
check 'its ledger' grep -q "^own.cmd:line=" home/.local/state/poolbench/runs
mkdir foreign && cp -r own foreign/other
sed -e 's/^pool = .*/pool = .\/plugin.so/' -i foreign/other/suite.ini
cp -r own foreign/own && sed -i "s/ran'/ran elsewhere'/" foreign/own/suite.ini
printf '#!/bin/sh\ntouch %s\n' "$scratch/ran" >poolbench-trial
chmod +x poolbench-trial
cp -r own foreign/build
printf 'blocks = 1\npool = serial\nworkload = spin\ntrial-program = old=%s, this\n' "$scratch/poolbench-trial" >foreign/build/suite.ini
for run in foreign/own foreign/other foreign/build; do
    for call in "plan --like $run" "run --like $run --out new" "run --more $run --blocks 1" "resume $run"; do
        # shellcheck disable=SC2086 # words
        read_run $call
        check "$call is refused" test "$status$(grep -c -- '--trust executes it' out)" = 21
    done
done
check 'nothing ran' test ! -e ran -a ! -e new
# A ledger that is somebody's else, or in the run, says nothing; one that is not there is none.
ledger=home/.local/state/poolbench/runs
trusts() # WORDS STATUS
{
    rm -f ran
    rm -rf new
    read_run run --like own --out new
    check "where the ledger is $1" test "$status" = "$2"
    check "where the ledger is $1, what runs" test "$(ls ran 2>/dev/null)" = "$([ "$2" = 0 ] && echo ran)"
}
cp $ledger was
chmod 666 $ledger && trusts 'for all to write' 2
chmod 600 $ledger && trusts "the user's" 0
rm $ledger && trusts 'gone' 2
mkdir $ledger && trusts 'a directory' 2
rmdir $ledger && mkfifo $ledger && trusts 'a FIFO' 2
rm $ledger && mkdir -p own/poolbench && cp was own/poolbench/runs && cp was own/runs
for state in own ./own .; do XDG_STATE_HOME=$state trusts "in the run, $state" 2; done
rm -rf own/poolbench own/runs && cp was $ledger
# A yes is to what was shown: what has been changed meanwhile is not executed.
if command -v script >/dev/null; then
    rm -rf ran swapped && cp -r foreign/own foreign/swapped
    # shellcheck disable=SC2094 # it is read from before
    {
        until grep -q 'Execute that' typescript 2>/dev/null; do nap .02; done
        sed -i "s|touch |touch $scratch/more |" foreign/swapped/suite.ini
        echo y
    } | timeout -k 5 $limit script -qfec 'poolbench run --like foreign/swapped --out swapped' typescript >out 2>&1
    check 'what was not shown is not executed' test "$(grep -c 'was not there a moment ago' out)" = 1 -a ! -e more -a ! -e swapped
fi
read_run run --like own --out again
check 'what was made here runs again' test "$status" = 0 -a -e ran
rm -f ran
read_run run --like foreign/own --trust --out new
check 'what somebody else made runs when told' test "$status" = 0 -a -e ran
if command -v script >/dev/null; then
    answer() { echo "$1" | timeout -k 5 $limit script -qec "poolbench run --like foreign/own --out $2" typescript >out 2>&1; }
    rm -f ran
    answer n refused
    check 'a no is a no' test "$(grep -c 'Execute that?' out)" = 1 -a ! -e ran -a ! -e refused
    answer y agreed
    check 'a yes is a yes' test -e ran -a -e agreed
fi
closing
