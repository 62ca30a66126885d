#!/usr/bin/env bash
# What a user's surroundings must not change: dispositions and masks that were inherited, limits, settings of the programs
# that are started; words that are no text; readers that have gone; input that would take for ever.
set -u
# Not a wrapper that looks at HOME and takes its time.
python=$(python3 -c 'import sys; print(sys.executable)' 2>/dev/null) || { echo 'there is no python3 to read files with'; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch/home XDG_CACHE_HOME=$scratch/cache
mkdir home
passed=0 failed=0

# Says what was expected, and what there was instead ($4), unless $2 and $3 are equal.
is()
{
    if [ "$2" = "$3" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: expected %s, found %s\n%s\n' "$1" "$3" "$2" "${4-}"
    fi
}

mkdir bin # draws nothing, at once
printf '#!/bin/sh\nexit 3\n' >bin/gnuplot
chmod +x bin/gnuplot
undrawn() { PATH=$PWD/bin:$PATH "$@"; }
tiny=(--pool "serial,pthread,fork" --workload spin --size 20us --workers 2 --tasks 20 --blocks 2 --seed 7)
poolbench run "${tiny[@]}" --out run >log 2>&1
is 'a run' "$?" 0 "$(cat log)"
described='synthetic:pack:2 core:2 pu:2'
poolbench topo --topology "$described" >/dev/null || exit 1
cp run/topology.xml here.xml

# ---- surroundings x verbs --------------------------------------------------------------------------------------------
# Each runs its words in other surroundings.
with_nothing() { "$@"; }
with_children_ignored() { env --ignore-signal=CHLD "$@"; }
with_all_ignored() { env --ignore-signal=CHLD,ALRM,USR1,USR2,PIPE,XFSZ,SEGV,ABRT,PROF,VTALRM,HUP,INT,QUIT "$@"; }
with_all_blocked() { env --block-signal "$@"; }
with_a_small_stack() (ulimit -s 64 && "$@")
with_no_input() { "$@" <&-; }
with_few_files() (ulimit -n 24 && "$@")
with_a_umask() (umask 777 && "$@")
with_core_files() (ulimit -c unlimited && "$@")
with_no_home() { env -u HOME "$@"; }
with_little_environment() { env -i PATH="$PATH" XDG_CACHE_HOME="$XDG_CACHE_HOME" "$@"; }
with_words_of_elsewhere()
{
    env LC_ALL=de_DE.UTF-8 LANG=tr_TR LC_NUMERIC=de_DE LANGUAGE=de TZ=Asia/Kathmandu TERM=no-such COLUMNS=-7 LINES=x \
        TMPDIR=/nonexistent NO_COLOR= CLICOLOR_FORCE=1 "$@"
}
surroundings=$(compgen -A function with_ | grep -v '^with_nothing$')
verbs=('topo' "topo --topology $described" 'topo --topology here.xml' 'summarise run' 'report run'
    'list options' 'plan run/suite.ini')

run_verb()
{
    local -a words
    case $1 in
    *synthetic*) words=(topo --topology "$described") ;;
    *) read -ra words <<<"$1" ;;
    esac
    "${@:2}" poolbench "${words[@]}" 2>err </dev/null
}
turn=0 # every surrounding meets every third verb, and with ALL=1 all of them
for verb in "${verbs[@]}"; do
    run_verb "$verb" with_nothing >expected
    is "$verb" "$?" 0 "$(cat err)"
    for around in $surroundings; do
        turn=$((turn + 1))
        [ -n "${ALL-}" ] || [ $((turn % 3)) -eq 0 ] || continue
        run_verb "$verb" "$around" >found
        is "$verb $around: exit" "$?" 0 "$(cat err)"
        # free memory and how long a run will take differ from one moment to the next
        is "$verb $around: words" "$(grep -vE '^memory |^plan|about' found)" "$(grep -vE '^memory |^plan|about' expected)"
    done
done

# A run in all that can be had together, with the same results; what has no stdout says so.
sums()
{
    "$python" -c 'import csv, sys
for row in csv.DictReader(open(sys.argv[1], encoding="utf-8", newline=""), strict=True):
    print(row["cell_id"], row["status"], row["result_sum"])' "$1/trials.csv" | sort -u
}
(
    ulimit -s 64
    umask 777
    undrawn env --block-signal --ignore-signal=CHLD,PIPE,XFSZ,ALRM,HUP poolbench run --like run --out around <&- >log 2>&1
)
is 'a run in bad surroundings' "$?" 0 "$(cat log)"
is 'has the results of any other' "$(sums around)" "$(sums run)"
poolbench list pools >&- 2>err
is 'no standard output' "$?" 1 "$(cat err)"

# ---- readers that have gone, disks that are full ---------------------------------------------------------------------
exec 5> >(:)
wait $!
for verb in 'list options' 'help' 'summarise run'; do
    # shellcheck disable=SC2086 # two words
    (exec poolbench $verb) >&5 2>err
    is "$verb for nobody" "$?$(cat err)" 141
    # shellcheck disable=SC2086
    poolbench $verb >/dev/full 2>err
    is "$verb on a full disk" "$? $(cat err)" '1 poolbench: standard output: No space left on device'
done
(exec poolbench run --like run --out unread) >&5 2>err
is 'a run for nobody' "$?$(cat err)" 141
is 'is whole' "$(sums unread)" "$(sums run)"
exec 5>&-

# ---- words that are no text ------------------------------------------------------------------------------------------
latin=$'caf\xe9'
refused()
{
    "${@:2}" >out 2>err
    is "$1: exit" "$?" 2 "$(cat err)"
    is "$1: lines" "$(wc -l <err) $(wc -c <out)" '1 0' "$(cat err)"
    is "$1: is text" "$(iconv -f UTF-8 -t UTF-8 <err >/dev/null 2>&1; echo $?)" 0
}
refused 'an --out in Latin-1' poolbench run "${tiny[@]}" --out "$latin"
refused 'a command in Latin-1' poolbench run --workload "cmd:line='cat $latin'" --tasks 1 --blocks 1 --out never
refused 'a line in a name' poolbench run "${tiny[@]}" --out $'two\nlines'
refused 'a terminal told what to do' poolbench summarise $'\e[2Jrun'
is 'nothing was made' "$(ls -d caf* never two* 2>/dev/null)" ''
printf '# caf\xe9\nblocks = 1\n' >latin.ini
refused 'a suite in Latin-1' poolbench plan latin.ini
is 'names its line' "$(cat err)" 'poolbench plan: latin.ini:1: is not UTF-8'
printf '\xef\xbb\xbfblocks = 1\r\npool = serial\r\nworkload = empty\r\ntasks = 5' >marked.ini
is 'a suite of an editor elsewhere' "$(poolbench plan marked.ini 2>&1 | grep -c serial)" 1
# A file of that name by a pattern, and by a list of files that an editor elsewhere has written.
mkdir files && echo hello >"files/$latin"
printf '\xef\xbb\xbf# of names\r\nfiles/%s\r\n' "$latin" >files.txt
for files in "'files/*'" files.txt; do
    rm -rf found
    undrawn poolbench run --pool serial --workload "cmd:line='cat {file}':files=$files:repeatable=yes" --tasks 2 --blocks 1 --out found >log 2>&1
    is "a file in Latin-1 by $files" "$?" 0 "$(cat log)"
done

# ---- words that are markup, quotes and separators somewhere ----------------------------------------------------------
nasty="a\"b'c|d\`e<f>&g,h;i\$j{k}^l_m*n~é%#[o]=\\p"
command=${nasty//\\/\\\\} # as a word of a command line, and then as a text between quotes
command="printf %s ${command//\"/\\\"} {task}"
quoted=${command//\'/\'\'}
words=(--pool "serial,pthread" --workload "cmd:line='$quoted':ignore=yes" --workers 1 --tasks 2 --blocks 2 --seed 3)
poolbench run "${words[@]}" --out "$nasty" >log 2>err
is 'a run with nasty words' "$?" 0 "$(cat log err)"
cat >look.py <<'END'
import csv, html.parser, json, os, shlex, sys, xml.etree.ElementTree as tree
run, words = sys.argv[1], sys.argv[2:]
for folder, _, files in os.walk(run):
    for name in files:
        path = os.path.join(folder, name)
        text = open(path, encoding='utf-8', newline='').read()
        if any(ord(c) < 32 and c not in '\n\t' for c in text):
            print(name, 'has control characters')
        if name.endswith('.csv'):
            rows = list(csv.reader(open(path, encoding='utf-8', newline=''), strict=True))
            if {len(row) for row in rows} != {len(rows[0])}:
                print(name, 'has rows of', {len(row) for row in rows})
        elif name.endswith('.json'):
            argv = json.loads(text)['run']['argv']
            if argv != words:
                print(name, 'tells', argv)
        elif name.endswith(('.svg', '.xml')):
            tree.parse(path)
        elif name == 'report.html':
            html.parser.HTMLParser().feed(text)
            if '<f>' in text:
                print(name, 'has markup of ours')
        elif name == 'report.md':
            code = text.split('This was run')[1].split('\n\n')[1]
            told = shlex.split('\n'.join(line[4:] for line in code.split('\n')).replace(' \\\n', ' '))
            if told != ['poolbench', 'run'] + words:
                print(name, 'tells', told)
END
is 'its files' "$("$python" look.py "$nasty" "${words[@]}" --out "$nasty" 2>&1)" ''
cells() { poolbench plan "$@" 2>&1 | grep -F 'printf'; }
is 'its suite asks for the same' "$(cells "$nasty/suite.ini")" "$(cells "${words[@]}")"
undrawn poolbench run --like "$nasty" --out again >log 2>&1
is 'it is run again' "$?" 0 "$(cat log)"
is 'with the same results' "$(sums again)" "$(sums "$nasty")"

# ---- input without an end --------------------------------------------------------------------------------------------
soon() { refused "$1" timeout 60 "${@:2}"; }
{
    echo 'blocks = 1'
    for key in size arrival payload ballast tasks; do
        printf '%s = ' "$key"
        for i in $(seq 1 60); do
            case $key in
            size) word=${i}us ;;
            arrival) word=window:$i ;;
            payload) word=$i:$i ;;
            ballast) word=${i}KiB ;;
            tasks) word=$i ;;
            esac
            [ $((i % 12)) -ne 1 ] || [ "$i" -eq 1 ] || printf '\n    '
            [ "$i" -eq 1 ] || [ $((i % 12)) -eq 1 ] || printf ', '
            printf '%s' "$word"
        done
        echo
    done
} >many.ini
soon 'a suite of 777 million cells' poolbench plan many.ini
soon 'as many workers' poolbench plan --workers 1..100000000
soon 'as many CPUs' poolbench topo --topology 'synthetic:pu:100000000'
mkdir endless wide
{ head -n 1 run/trials.csv && printf '"' && head -c 8000000 /dev/zero | tr '\0' x && echo; } >endless/trials.csv
soon 'a quote that is not closed' poolbench summarise endless
{ head -c 1000000 /dev/zero | tr '\0' , && echo; } >wide/trials.csv
soon 'a million columns' poolbench summarise wide
cp -r run deep && head -c 1000000 /dev/zero | tr '\0' '[' >deep/host.json
timeout 60 poolbench summarise deep >out 2>err
is 'JSON a million deep' "$?" 0 "$(cat err)"

# A FIFO in the place of a file has nobody who writes into it.
mkfifo fifo
for file in trials.csv plan.csv host.json; do
    rm -rf piped && cp -r run piped && rm "piped/$file" && mkfifo "piped/$file"
    case $file in
    trials.csv) soon 'a FIFO for trials.csv' poolbench summarise piped ;;
    plan.csv) soon 'a FIFO for plan.csv' poolbench resume piped ;;
    host.json) soon 'a FIFO for host.json' poolbench plan --like piped ;;
    esac
    is "and is named ($file)" "$(grep -c 'is no regular file' err)" 1 "$(cat err)"
done
soon 'a FIFO for a list of files' poolbench plan --workload "cmd:line='cat {file}':files=fifo"
is 'and is named (files)' "$(grep -c 'is no regular file' err)" 1 "$(cat err)"
soon 'a FIFO for a suite' poolbench plan ./fifo
soon 'a FIFO for a plug-in' poolbench plan --pool ./fifo

# ---- where nothing can be made ---------------------------------------------------------------------------------------
touch plain
soon 'an --out in what is not there' poolbench run "${tiny[@]}" --out none/run
soon 'a plan of it' poolbench plan "${tiny[@]}" --out none/run
soon 'an --out in a file' poolbench run "${tiny[@]}" --out plain/run
mkdir with && touch with/results
soon 'results that is a file' env -C with poolbench run "${tiny[@]}"
is 'before anything is measured' "$(cat err)" 'poolbench run: results: is no directory; see --out'
for blocks in 1 8; do # the first file, and what is shared with a trial
    (ulimit -f $blocks && refused "files of $blocks KiB" poolbench run "${tiny[@]}" --out small && echo "$failed") 2>&1 | grep -qx 0
    is "files of $blocks KiB are refused" $? 0
    is 'and ulimit -f is named' "$(grep -c 'ulimit -f' err)$(test -e small; echo $?)" 11 "$(cat err)"
done

# ---- names that are options, or that a terminal obeys -----------------------------------------------------------------
for name in -x -h; do
    undrawn poolbench run "${tiny[@]}" --out $name >out 2>err
    is "a run called $name" "$?$(test -e "./$name/trials.csv"; echo $?)" 00 "$(cat out err)"
done
poolbench run --pool -h >out 2>err
is 'as any value' "$?" 2
poolbench run "${tiny[@]}" -h >out 2>err
is 'help is still to be had' "$?$(head -n 1 out | grep -c run)" 01 "$(cat err)"
rm ./-x/plan.csv
refused 'a run that cannot be gone on with' poolbench resume -- -x
is 'is not told of what nobody gave' "$(grep -c -- '--like' err)" 0 "$(cat err)"
mkdir -p named/results && cp -r run named/results/$'a\e[2Jb\n\xe9'
{
    env -C named poolbench list runs
    env -C named poolbench summarise a
    env -C named poolbench report a
} >out 2>err
is 'names are text' "$(LC_ALL=C grep -c $'\e\|\xe9' out err | tr '\n' ' ')" 'out:0 err:0 ' "$(cat -v out err)"
is 'on a line' "$(grep -cF 'a\x1b[2Jb\x0a\xe9' out)" 4 "$(cat -v out err)"

# ---- where calibrations are kept --------------------------------------------------------------------------------------
XDG_CACHE_HOME=$scratch/x/y/z undrawn poolbench run "${tiny[@]}" --out deeply >log 2>&1
is 'a cache some levels deep' "$(ls x/y/z/poolbench)" calibrations.json "$(cat log)"
XDG_CACHE_HOME=x/relative undrawn poolbench run "${tiny[@]}" --out relative >log 2>&1
is 'a relative one is ignored' "$(ls -d x/relative home/.cache/poolbench 2>/dev/null)" home/.cache/poolbench "$(cat log)"

# ---- host.json of another ---------------------------------------------------------------------------------------------
cp -r run newer && sed -i 's/"schema_version": [0-9]*/"schema_version": 99/' newer/host.json
poolbench report newer >out 2>err
is 'a newer host.json, a report all the same' "$?$(grep -c 'expected at most [0-9]*, found 99: it is not read' err)" 01 "$(cat err)"
is 'tells nothing of it' "$(grep -c 'Not known: host.json cannot be read' newer/report.md)" 1
refused 'a run like it' poolbench run --like newer --out never
is 'and says why' "$(grep -c 'found 99: it is not read' err)" 1 "$(cat err)"
poolbench compare run newer >out 2>err
is 'compared: is said' "$(grep -c 'found 99: it is not read' err)" 1 "$(cat err)"
cp -r run dark
"$python" - <<'END'
import json
host = json.load(open('dark/host.json'))
host['cpu']['mitigations'] = dict.fromkeys(['meltdown', 'mds'])
del host['row_sum']
json.dump(host, open('dark/host.json', 'w'))
END
poolbench report dark >out 2>err
is 'mitigations that could not be read' "$(grep -c 'Not told:.*Mitigations' dark/report.md)$(grep -c 'none needed' dark/report.md)" 10 \
    "$(grep -E 'Mitigations|Not told' dark/report.md)"

# ---- gnuplot ---------------------------------------------------------------------------------------------------------
if command -v gnuplot >/dev/null; then
    pictures() { (cd run/charts && md5sum -- *); }
    before=$(pictures)
    mkdir -p home/.config/gnuplot lib
    printf 'set decimalsign ","\nset datafile separator ","\nset term dumb\nset xrange [0:1]\n' >home/.gnuplot
    cp home/.gnuplot home/.config/gnuplot/gnuplotrc
    env XDG_CONFIG_HOME="$HOME/.config" GNUTERM=dumb GNUPLOT_LIB="$PWD/lib" GDFONTPATH=/nonexistent LC_ALL=de_DE.UTF-8 \
        LC_NUMERIC=de_DE --ignore-signal=CHLD poolbench charts run >log 2>&1
    is "charts beside a user's settings" "$?" 0 "$(cat log)"
    is 'are the same bytes' "$(pictures)" "$before"
    for fails in 'kill -9 $$' 'exit 0' 'echo "<svg>" >throughput.svg'; do
        printf '#!/bin/sh\n%s\n' "$fails" >bin/gnuplot
        undrawn poolbench charts run >out 2>err
        is "gnuplot that does '$fails'" "$?$(grep -c '^drew' out)" 10 "$(cat out err)"
        is 'leaves the pictures' "$(pictures | grep svg)" "$(echo "$before" | grep svg)"
        is 'and nothing else' "$(find run/charts -name '.*')" ''
        is 'the last line of the screen names none' "$(poolbench summarise run | grep -c ', charts')" 0
        poolbench report run >/dev/null
        is 'nor has the report one' "$(grep -c '<svg' run/report.html)" 0
    done
    # One that does not end: what a run finds is kept all the same, and whoever ends poolbench ends it too.
    # shellcheck disable=SC2016
    printf '#!/bin/sh\necho $$ >>"$TMPDIR/started"\nexec sleep 1000\n' >bin/gnuplot
    for budget in 1s 10s 60s; do # the least that is long enough: how long charts may take depends on it
        TMPDIR=$scratch undrawn poolbench run "${tiny[@]}" --budget "$budget" --out hung >out 2>err
        status=$?
        grep -q 'is too short' err || break
    done
    is 'a run whose gnuplot hangs' "$status$(grep -c '^poolbench run: charts: chart .*gnuplot did not end within' err)" 01 "$(cat out err)"
    is 'has its report' "$(ls hung/summary.csv hung/report.html 2>&1)" 'hung/report.html
hung/summary.csv' "$(ls -R hung)"
    gone() { while [ -s "/proc/$1/cmdline" ]; do sleep 0.05; done; } # one that nobody has waited for has no words
    while read -r hangs; do gone "$hangs"; done <started
    is 'and nothing else' "$(find hung/charts -name '.*')" ''
    rm started
    PATH=$PWD/bin:$PATH TMPDIR=$scratch poolbench charts run >out 2>err &
    drawing=$!
    until [ -s started ]; do sleep 0.05; done
    kill "$drawing"
    wait "$drawing"
    is 'charts that are ended' "$?" 143
    gone "$(cat started)"
    is 'leave the pictures' "$(pictures | grep svg)" "$(echo "$before" | grep svg)"
    poolbench charts run >out 2>err
    is 'are drawn again' "$?$(find run/charts -name '.*')" 0 "$(cat out err)"
    printf '#!/bin/sh\nexit 3\n' >bin/gnuplot
    undrawn poolbench run "${tiny[@]}" --out undrawn >out 2>err
    is 'a run without charts says so' "$(grep -c '^poolbench run: charts: chart .*gnuplot' err)$(grep -c ', charts' out)" 10 \
        "$(cat err)"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
