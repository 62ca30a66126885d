#!/usr/bin/env bash
# The report of a small run: one file with all it needs, the same from a copy, and nothing of what a hostile file in the
# directory has to say gets into the page as markup.
set -u
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
cd "$scratch" || exit 1
is() { check "$@"; }
is_not() { check "not: $1" not "${@:2}"; }
not() { ! "$@"; }

# A page without the pictures in it, and without its script, which tests/test_report_page.sh and test_hostile.sh look at.
words_of() { sed -e 's/src="data:[^"]*"//g' -e '/^<script>/,/^<\/script>/d' -e '/^<script type="application\/json" id="data">$/,/^<\/script>/d' "$1"; }
loads_or_runs() { words_of "$1" | grep -qiE 'https?://|<script|<link|src=|@import'; }

# Every tag that is opened is closed, in order; ids are there once; nothing refers to anything outside.
sound()
{
    words_of "$1" | grep -v '^ *<!--' | tr '\n' ' ' | awk '
        BEGIN { split("meta br hr img", names); for (i in names) empty[names[i]] = 1 }
        {
            rest = $0
            while (match(rest, /<[^>]*>/)) {
                tag = substr(rest, RSTART + 1, RLENGTH - 2)
                rest = substr(rest, RSTART + RLENGTH)
                if (tag ~ /^!/ || tag ~ /\/$/)
                    continue
                name = tag
                sub(/[ \t].*/, "", name)
                if (match(tag, / id="[^"]*"/) && seen[substr(tag, RSTART, RLENGTH)]++)
                    bad = "id twice: " tag
                if (name ~ /^\//) {
                    if (open[depth--] != substr(name, 2))
                        bad = "closes what is not open: " tag
                } else if (!empty[name]) {
                    open[++depth] = name
                }
                if (tag ~ /(src|href)=.[^#]/ || tag ~ / on[a-z]*=/ || tag ~ /url\([^#]/)
                    bad = "refers elsewhere: " tag
            }
        }
        END {
            if (depth || bad) {
                print depth, bad
                exit 1
            }
        }'
}

run="--size 100us --tasks 20 --workers 1,2"
# shellcheck disable=SC2086 # words
poolbench run $run --pool serial,prefork,pthread --workload spin --blocks 2 --out 'a run' >screen 2>log
is 'run writes a report' test -s 'a run/report.html' -a -s 'a run/report.md'
is 'the screen names it' grep -q 'report\.html' screen
page='a run/report.html'
is 'the page is sound' sound "$page"
is_not 'nothing to load, no script but ours' loads_or_runs "$page"
is 'one first heading' test "$(grep -c '<h1>' "$page")" = 1
is 'the table' grep -q '<th scope="row">spin, 2 workers</th>' "$page"
awk '/^<pre/ { on = 1; sub(/.*<code>/, "") } on { last = sub(/<.*/, ""); print; if (last) exit }' "$page" >words.sh
sed -i 's/^poolbench run/set --/' words.sh
# shellcheck disable=SC2016 # for the other shell
echo 'echo $# "${!#}"' >>words.sh
is 'the command, fit for a shell' test "$(bash words.sh)" = '14 a run'
is 'and one to ask again' grep -q "poolbench run --like 'a run'" "$page"
if command -v gnuplot >/dev/null; then
    is 'charts stand in the page' grep -q '<img alt="Throughput against workers" src="data:image/svg+xml,%3C' "$page"
    is 'and their captions' grep -q '<figcaption><b>Figure 1.</b> Throughput' "$page"
    is 'and are linked in the other' grep -q '(charts/throughput.svg)' 'a run/report.md'
else
    skip 'charts in the page' 'there is no gnuplot'
fi

cp -r 'a run' copy
rm copy/report.*
is 'report says what it wrote' test "$(poolbench report copy | tr '\n' ' ')" = 'copy/report.html copy/report.md copy/table.tex '
is 'a copy gives the same page' cmp copy/report.html "$page"
is 'and the same text' cmp copy/report.md 'a run/report.md'

if command -v gnuplot >/dev/null; then
    cp -r copy cut
    sed -i '$d' cut/trials.csv
    poolbench report cut >/dev/null
    is 'charts of other trials are left out, and it says so' \
        grep -qE 'drawn of [0-9]+ trials, and the run has [0-9]+' cut/report.html
    is_not 'none of them' grep -q '<img' cut/report.html
else
    skip 'charts of other trials' 'there is no gnuplot'
fi

# What is in the files is text, whatever it looks like.
evil='</title><script>alert(1)</script>'
sed -i "/\"row_sum\"/d; s|\"model\": [^,]*|\"model\": \"$evil\"|; s|\"argv\": \[|&\"$evil\", |" copy/host.json
echo "# $evil" >>copy/suite.ini
mkdir -p copy/charts
for svg in "<svg viewBox=\"0 0 1 1\"><desc>Produced by GNUPLOT</desc>$evil</svg>" \
    '<svg viewBox="0 0 1 1"><desc>Produced by GNUPLOT</desc><rect onclick="alert(1)"/></svg>' \
    '<svg viewBox="0 0 1 1"><desc>Produced by GNUPLOT</desc><use xlink:href="elsewhere.svg#a"/></svg>' \
    '<svg viewBox="0 0 1 1"><desc>Produced by GNUPLOT</desc><rect fill="url(elsewhere)"/></svg>' \
    '<svg viewBox="0 0 1 1"><desc>Produced by GNUPLOT</desc></svg></g></svg' \
    '<svg viewBox="0 0 1 1"><desc>Produced by GNUPLOT</desc><g>' \
    '<svg viewBox="0 0 1 1"><rect/></svg>'; do
    rm -f copy/charts/*
    echo "throughput: $evil" >copy/charts/captions.txt
    echo "$svg" >copy/charts/throughput.svg
    poolbench report copy >/dev/null
    is 'the page stays sound' sound copy/report.html
    is_not 'no markup of others' grep -qi '<script\|<svg\|alert(1)"\|elsewhere"' <(words_of copy/report.html)
done
is 'what is no chart is left out, and named' grep -q 'charts/throughput.svg is left out: it was not drawn by gnuplot' copy/report.html
is 'evil is text' grep -q '&lt;script&gt;alert(1)' copy/report.html
is 'here too' grep -q '&lt;script' copy/report.md
is_not 'only' grep -q '^[^ ].*<script' copy/report.md
rm copy/host.json
is 'no host.json, a report all the same' poolbench report copy
is 'that says so' grep -q 'host.json cannot be read' copy/report.html

# Failures, no charts, bad words.
# shellcheck disable=SC2086 # words
PATH=$(dirname "$(command -v poolbench)") poolbench run --size 20ms --tasks 20 --workers 2 --pool pthread --blocks 1 \
    --trial-limit 50ms --out failing >screen 2>log
is 'there is no answer' grep -q 'not one trial ended well' failing/report.html
is 'but a reason' grep -q '<td>timeout</td><td>ran longer than' failing/report.html
is 'and no chart, with the reason' grep -q 'not drawn: ' failing/report.html
is_not 'there is no such run' poolbench report nowhere
is 'which is bad input' test "$(poolbench report nowhere >/dev/null 2>&1; echo $?)" = 2
is 'as is one word too many' test "$(poolbench report copy failing >/dev/null 2>&1; echo $?)" = 2
is 'and an option' test "$(poolbench report --html >/dev/null 2>&1; echo $?)" = 2
chmod a-w copy
if [ -w copy ]; then
    skip "a directory that cannot be written" "root can write everywhere"
else
    is 'a directory that cannot be written is a failure' test "$(poolbench report copy >/dev/null 2>&1; echo $?)" = 1
fi
chmod u+w copy

closing
