#!/usr/bin/env bash
# One run of runs made elsewhere: what is kept, what is numbered anew, what is named, what is refused; and every verb that
# reads runs looks at it.
# shellcheck disable=SC2016 # what is evaluated later
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch
unset XDG_CACHE_HOME XDG_STATE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat out err 2>/dev/null; }
said() { tr -s '\n ' ' ' <err | grep -q -- "$1"; }
shown() { tr -s '\n ' ' ' <out | grep -q -- "$1"; }
does() # STATUS WORDS...: poolbench does what it is asked, and exits with that
{
    local expected=$1 status=0
    shift
    limited poolbench "$@" >out 2>err || status=$?
    [ $status -eq "$expected" ]
}
field() # FILE COLUMN: its values
{
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1"
}
rows() { [ "$(($(wc -l <"$1") - 1))" -eq "$2" ]; }
# As if it had run on a machine that is called so.
elsewhere() # RUN NAME
{
    sed -i -e "s/^  \"hostname\": .*/  \"hostname\": \"$2\",/" -e '/^  "row_sum"/d' "$1/host.json"
}

words=(--pool 'serial,prefork,pthread' --workers 2 --workload spin --size 20us --tasks 40 --blocks 8 --samples 10 --seed 7)
for run in a b; do
    does 0 run "${words[@]}" --out $run || { cat err; exit 1; }
done
does 0 run --like a --pool serial,prefork --out less || { cat err; exit 1; }
cp -r b other
elsewhere other elsewhere.example

# ---- runs of one host: further blocks ----
check 'two runs of one machine are one run' does 0 merge a b --out one
check 'it has all trials' rows one/trials.csv 48
check 'of one host' eval '[ "$(field one/trials.csv host | sort -u)" = h1 ]'
check 'in 16 blocks' eval '[ "$(field one/trials.csv block | sort -un | tail -1)" = 16 ]'
check 'in 3 cells' eval '[ "$(field one/trials.csv cell_id | sort -u | wc -l)" = 3 ]'
check 'it is whole' does 0 repair one
check 'so it says' shown '^whole: 48 trials'

# ---- two hosts ----
check 'runs of two machines are one run' does 0 merge a other --out two
check 'its screen tells of two hosts' shown '2 hosts: '
check 'it has all trials' rows two/trials.csv 48
check 'numbers of trials count on' eval '[ "$(field two/trials.csv trial_id | sort -n | uniq | tail -1)" = 48 ]'
check 'where they are from is kept' eval '[ "$(field two/trials.csv origin_run | sort | uniq -c | tr -s " \n" " ")" = " 24 a 24 b " ]'
check 'and their numbers there' eval '[ "$(field two/trials.csv origin_trial | sort -n | uniq -c | tr -s " " | cut -d" " -f2 | sort -u)" = 2 ]'
check 'cells by host are different cells' eval '[ "$(field two/trials.csv cell_id | sort -u | wc -l)" = 6 ]'
check 'a host has the blocks that it had' eval '[ "$(field two/trials.csv block | sort -un | tail -1)" = 8 ]'
check 'samples have numbers of trials that are there' eval '[ "$(field two/samples.csv trial_id | sort -un | tail -1)" = 48 ]'
check 'its plan has both' eval 'rows two/plan.csv 48 && [ "$(field two/plan.csv host | sort -u | tr "\n" " ")" = "h1 h2 " ]'
check 'hosts.csv names them' eval 'rows two/hosts.csv 2 && grep -q "^h2,elsewhere.example," two/hosts.csv'
check 'and nothing else does' eval '[ "$(grep -rl elsewhere.example two)" = two/hosts.csv ]'
check 'it is whole' does 0 repair two
check 'summarise reads it' does 0 summarise two
check 'and shows the hosts apart' shown 'h2'
check 'report reads it' does 0 report two
check 'explain reads it' does 0 explain two
check 'compare reads it' does 0 compare two
check 'and compares within each host' eval 'shown "pthread, .*h1" && shown "pthread, .*h2"'
check 'hosts are compared by their own baseline' does 0 compare two --by host
check 'because they ran at different times' shown 'ran at different times'
check 'by what is said' shown '0[.0-9]* of\|[1-9][.0-9]* of'
check 'explain does not compare absolute times of them' does 2 explain two --by host
check 'and says why' said 'ran at different times'
check 'it is not gone on with' does 2 resume two
check 'but its runs are' said 'made of other runs'
check 'nor are blocks added' does 2 run --more two --blocks 1

# ---- a merged run is a run ----
cp -r less third
elsewhere third third.example
check 'a merged run is merged with another' does 0 merge two third --out three
check 'cells that a host does not have are named' said 'plans differ: h3 lacks 1 of 3 cells: pthread'
check 'it has three hosts' eval '[ "$(field three/hosts.csv host | tr "\n" " ")" = "h1 h2 h3 " ]'
check 'trials are still from where they ran' eval '[ "$(field three/trials.csv origin_run | sort -u | tr "\n" " ")" = "a b less " ]'
check 'it is whole' does 0 repair three
check 'compare reads it' does 0 compare three

# ---- what differs is named ----
does 0 run "${words[@]}" --seed 8 --blocks 1 --out seed8 || { cat err; exit 1; }
check 'runs with other seeds can be one' does 0 merge a seed8 --out seeds
check 'that is named' said 'seeds differ: 1 of 2 runs'
sed -i -e 's,"measured_by": "\([^/]*\)/[^"]*","measured_by": "\1/0123456789abcdef",' -e '/^  "row_sum"/d' other/host.json
check 'runs of other builds can be one' does 0 merge a other --out builds
check 'that is named' said 'builds differ: h2 from the others'

# ---- what is refused ----
nothing() { [ ! -e no ]; }
cp -r a copy
check 'the same run, copied' does 2 merge a copy --out no
check 'that is said' said 'the same run'
check 'nothing is made of it' nothing
check 'the same path' does 2 merge a a --out no
check 'one run alone' does 2 merge a --out no
check 'what is no run' does 2 merge a "$scratch/fake" --out no
check 'a directory that exists' does 2 merge a b --out a
check 'the run there stays' rows a/trials.csv 24
sed -i '3s/[0-9]\(,[^,]*\)$/x\1/' copy/latency.csv
cp -r b damaged
awk -F, -v OFS=, 'NR == 3 { $4 = $4 + 1 } { print }' b/latency.csv >damaged/latency.csv
elsewhere damaged damaged.example
check 'a damaged run' does 2 merge a damaged --out no
check 'that is said' said 'row_sum'
check 'nothing is made of it' nothing
head -n 3 b/latency.csv >damaged/latency.csv
check 'a run that lost rows' does 2 merge a damaged --out no
check 'that is said' said 'were written'
check 'nothing is made of it' nothing

# ---- a merged run that is damaged ----
awk -F, -v OFS=, 'NR == 30 { $4 = $4 + 1 } { print }' two/latency.csv >changed && cp changed two/latency.csv
check 'damage is told' does 2 summarise two
check 'by its row' said 'row_sum'
check 'what is whole is kept' does 1 repair two
check 'and read' does 0 summarise two
sed -i '2d' three/plan.csv
check 'a plan that lost a row' does 0 summarise three
check 'is told' said 'plan.csv: is not as it was written'
closing
