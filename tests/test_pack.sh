#!/usr/bin/env bash
# An archive of a run: other programs read it, its checksums hold, it is the same each time, tells no name of a host, and is
# a run.
# shellcheck disable=SC2016 # what stands in quotes is for eval
set -u
. tests/support.sh
root=$PWD build=$PWD/${BUILD:-build/default}
for tool in tar gzip; do command -v $tool >/dev/null || { echo "there is no $tool"; exit 77; }; done
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME XDG_STATE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat out 2>/dev/null; }
code() { "$@" >out 2>&1; echo $?; }

cp -r "$root/tests/recorded/sizes" a-run
rm a-run/said.txt
python3=$(command -v python3)
# What tells of a host, in every place that does.
sed -i -e '/"row_sum"/d' -e 's/"hostname": "[^"]*"/"hostname": "secret-host"/' \
    -e 's/"command_line": \("[^"]*"\|null\)/"command_line": "root=UUID=secret-disk"/' a-run/host.json
sed -i 's|<object type="Machine"[^>]*>|&\n    <info name="HostName" value="secret-host"/>\n    <info name="DMIProductSerial" value="secret-serial"/>|' \
    a-run/topology.xml
poolbench report a-run >out 2>&1
check 'the report tells of the host' grep -q secret-host a-run/report.html
mkdir -p a-run/charts && echo '# data' >a-run/charts/time.dat
ln -s /etc/passwd a-run/link.csv
echo draft >a-run/.draft.csv

check 'an archive' test "$(code poolbench pack a-run)" = 0
check 'that tar and gzip read' tar -tzf a-run.tar.gz
mkdir un && tar -xzf a-run.tar.gz -C un
check 'checksums hold' eval '(cd un/a-run && sha256sum -c SHA256SUMS) >out 2>&1'
check 'of all files' test "$(wc -l <un/a-run/SHA256SUMS)" = "$(($(find un -type f | wc -l) - 1))"
check 'with run, plan, charts, guide' test -s un/a-run/trials.csv -a -s un/a-run/plan.csv -a -s un/a-run/charts/time.dat -a -s un/a-run/README.txt
check 'no links, no drafts' test ! -e un/a-run/link.csv -a ! -e un/a-run/.draft.csv
check 'nothing tells of the host' eval '! grep -r secret un'
check 'the rest of host.json is there, with a checksum that fits' eval 'poolbench summarise un/a-run 2>out >/dev/null && ! grep -q host.json out'
check 'rows are as they were' cmp un/a-run/trials.csv a-run/trials.csv
mv a-run.tar.gz first.tar.gz
check 'the same again' eval 'poolbench pack a-run >out && cmp a-run.tar.gz first.tar.gz'
check 'it does not replace a file' test "$(code poolbench pack a-run)" = 2
check 'with the host' eval 'poolbench pack a-run --with-host --out host.tar >out && mkdir host && tar -xf host.tar -C host && grep -q secret-host host/a-run/host.json && grep -q secret-serial host/a-run/topology.xml'
check 'what ends in neither is refused' test "$(code poolbench pack a-run --out a.zip)" = 2
check 'no run' test "$(code poolbench pack nowhere)" = 2
[ -z "$python3" ] || check 'Python reads it, too' "$python3" -c 'import tarfile; t = tarfile.open("first.tar.gz"); assert all(m.isreg() and m.uid == 0 and m.mode == 0o644 for m in t.getmembers())'
ln -s "$build/poolbench" poolbench
mkdir tools && for tool in sh cat; do ln -s "$(command -v $tool)" tools; done
check 'without gzip, that is said' eval 'PATH=$PWD/tools ./poolbench pack a-run --out no.tar.gz >out 2>&1; grep -q "there is no gzip" out && test ! -e no.tar.gz'
closing
