#!/usr/bin/env bash
# report.html in a browser: its script runs under its own policy, no other does; what a reader clicks does what it says, at
# two widths, light and dark.
# shellcheck disable=SC2016 # what stands in quotes is for eval
set -u
. tests/support.sh
root=$PWD build=$PWD/${BUILD:-build/default}
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || { echo 'there is no Chromium'; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME XDG_CONFIG_HOME XDG_STATE_HOME
PATH=$build:$PATH
explain() { tail -5 err; }
# The document as it is when its scripts have run.
dom() # PAGE [OPTION...]
{
    local page=$1
    shift
    limited "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$scratch/profile" \
        --virtual-time-budget=3000 "$@" --dump-dom "file://$scratch/$page" 2>err
}
echo '<html><body>x</body></html>' >empty.html
dom empty.html | grep -q '<body>x' || { echo 'Chromium does not start here'; exit 77; }

cp -r "$root/tests/recorded/sizes" "$root/tests/recorded/arrivals" .
poolbench report sizes >/dev/null && poolbench report arrivals >/dev/null
size=$(wc -c <sizes/report.html)
check 'the page is small' test "$size" -lt 5000000
dom sizes/report.html >plain.dom
check 'its own script runs' grep -q '<html[^>]*data-ready="yes"' plain.dom

# Others do not.
sed 's|</main>|<script>document.body.dataset.hit = 1</script><img src="x" onerror="document.body.dataset.hit = 1"><a href="javascript:1">x</a></main>|' \
    sizes/report.html >evil.html
dom evil.html >evil.dom
check 'no other script runs' eval 'grep -q "data-ready=" evil.dom && ! grep -q data-hit evil.dom'
sed "s|^'use strict';|&document.body.dataset.hit = 1;|" sizes/report.html >changed.html
dom changed.html >changed.dom
check 'nor this one with a line more' eval '! cmp -s changed.html sizes/report.html && ! grep -q "data-hit\|data-ready" changed.dom && grep -q "<th scope=\"row\">" changed.dom'

# Clicks: the page without its policy, and a script that clicks.
for run in sizes arrivals; do
    grep -v 'Content-Security-Policy' $run/report.html | sed '/^<\/html>$/d' >clicks-$run.html
    { echo '<script>'; cat "$root/tests/report_clicks.js"; echo '</script></html>'; } >>clicks-$run.html
    for width in 390 1200; do
        for colours in light dark; do
            [ $run = arrivals ] && [ $width$colours != 390dark ] && continue
            options=(--window-size="$width,900")
            [ $colours = dark ] && options+=(--blink-settings=preferredColorScheme=0 --force-dark-mode)
            dom clicks-$run.html "${options[@]}" >clicks.dom
            sed -n '/<pre id="said">/,/<\/pre>/p' clicks.dom | sed 's/<[^>]*>//g' >said
            check "$run, $width px, $colours" eval 'cat said; test "$(grep -c "^ok" said)" -gt 20 && ! grep -q FAILED said'
        done
    done
done
closing
