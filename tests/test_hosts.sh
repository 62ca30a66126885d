#!/usr/bin/env bash
# One plan on several hosts, reached by something that is called as ssh is and runs everything here (tests/fake-ssh): no
# network, no root. What is wrong with a host is told, and the others go on.
# shellcheck disable=SC2016 # what is evaluated later
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
ssh=$PWD/tests/fake-ssh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
mkdir tmp
export HOME=$scratch TMPDIR=$scratch/tmp POOLBENCH_SSH=$ssh
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
ok_rows() { [ "$(field "$1" status | grep -c '^ok$')" -eq "$2" ]; }
tidy() # nothing of a host stays, after a while
{
    local i
    for ((i = 0; i < 300; i++)); do
        compgen -G 'tmp/poolbench-*' >left || return 0
        nap .1
    done
    return 1
}
words=(--pool 'serial,prefork' --workers 2 --workload spin --size 20us --tasks 20 --blocks 3 --samples 5 --seed 7)

# ---- all goes well ----
check 'three hosts run' does 0 run "${words[@]}" --hosts one,two,banner --out run
check 'all their trials are there' ok_rows run/trials.csv 18
check 'of three hosts' eval '[ "$(field run/trials.csv host | sort | uniq -c | tr -s " \n" " ")" = " 6 h1 6 h2 6 h3 " ]'
check 'with one seed' eval '[ "$(field run/trials.csv seed | sort -u)" = 7 ]'
check 'in the same blocks' eval '[ "$(field run/trials.csv block | sort | uniq -c | tr -s " \n" " ")" = " 6 1 6 2 6 3 " ]'
check 'hosts.csv names them' eval '[ "$(field run/hosts.csv name | tr "\n" " ")" = "one two banner " ]'
check 'and nothing else does' eval '[ "$(grep -rl banner run)" = run/hosts.csv ]'
check 'each is a run of its own' does 0 summarise run/hosts/h2
check 'it is whole' does 0 repair run
check 'it can be read' does 0 summarise run
check 'hosts reads it' does 0 hosts run
check 'and says what would tell' shown 'Too few blocks'
check 'it is complete' does 0 resume run
check 'nothing of a host stays there' tidy

# ---- hosts that are not as they should be ----
check 'others go on without them' does 5 run "${words[@]}" --blocks 1 --out some --hosts \
    one,nobody,without,older,chatty,path,large,hole,ahead
check 'those that ran are there' ok_rows some/trials.csv 4
check 'who does not answer is told' said 'h2 (nobody): it did not answer: .*Connection refused'
check 'where there is no program' said 'h3 (without): it did not answer: .*not found'
check 'where there is another' said 'h4 (older): it has another source: 0.0.1 (commit abc)'
check 'where there is something else' said 'h5 (chatty): it is no poolbench'
check 'a path is no file' said 'h6 (path): it sent what is no file of a run'
check 'and makes none' eval '[ -z "$(find . -name "evil*")" ]'
check 'nor is what is too long' said 'h7 (large): it sent what is no file of a run'
check 'nor what has a hole' said 'h8 (hole): samples.csv cannot be written here'
check 'another clock is told' said 'h9: its clock is .* ahead of ours'
check 'hosts.csv says why' eval '[ "$(field some/hosts.csv status | sort | uniq -c | tr -s " \n" " ")" = " 2 ok 7 refused " ]'
check 'how many is said' said '2 of 9 hosts ran all; `poolbench resume some`'

# ---- hosts that are lost ----
check 'others go on' does 5 run "${words[@]}" --out lost --hosts one,dies,torn,changed
check 'what came of them is there' eval '[ "$(field lost/trials.csv host | sort | uniq -c | tr -s " \n" " ")" = " 6 h1 5 h2 3 h3 " ]'
check 'their rows end with a status' eval '[ "$(field lost/trials.csv status | grep -c interrupted)" = 2 ]'
check 'and say why' grep -q 'the host was lost: it was cut off' lost/trials.csv
check 'what is damaged is none' said 'h4 (changed): what it sent is damaged'
check 'it is whole' does 0 repair lost
check 'it can be read' does 0 summarise lost
check 'hosts says which' eval 'does 0 hosts lost && shown "h2 (dies) is lost"'
touch mended
check 'resume asks them again' does 0 resume lost
check 'all trials are there' ok_rows lost/trials.csv 24
check 'no other row is' rows lost/trials.csv 24
check 'their blocks ran at other times' eval 'grep -q "\"together\": false" lost/host.json'
rm mended
check 'nothing of a host stays there' tidy

# ---- many, of which few answer ----
for ((i = 1; i <= 197; i++)); do echo "nobody$i"; done >many
printf '# those that are there\none\n two \nthree # the last\n' >>many
check '3 of 200 answer' does 5 run "${words[@]}" --blocks 1 --hosts many --out many.run
check 'they ran' ok_rows many.run/trials.csv 6
check 'that is said' said '3 of 200 hosts ran all'
check 'where none answers' does 1 run "${words[@]}" --hosts nobody1,nobody2 --out none
check 'there is no run' eval '[ ! -e none ]'

# ---- who asked is killed ----
poolbench run "${words[@]}" --blocks 12 --hosts one,two --out killed >out 2>err &
pid=$!
limited bash -c 'until [ -s killed/hosts/h2/trials.csv ]; do read -rt .05 -u 9 _; done 9<> <(:)'
kill -9 $pid
wait $pid 2>/dev/null
check 'its hosts end' tidy
check 'it can be gone on with' does 0 resume killed
check 'all trials are there' ok_rows killed/trials.csv 48

# ---- what is no list of hosts ----
refused() # WORDS HOSTS
{
    check "$1: is refused" does 2 run "${words[@]}" --hosts "$2" --out no
    check "$1: that names the option" said '--hosts: '
    check "$1: nothing is made" eval '[ ! -e no ]'
}
refused 'twice' one,two,one
refused 'a blank' 'one,two three'
refused 'a quote' "one,tw'o"
refused 'an option' 'one,-oProxyCommand=x'
refused 'nothing' 'one,,two'
refused 'Slurm' slurm:-N3
printf 'one\none\n' >list
refused 'a file that has one twice' list
check 'what decides as it goes' does 2 run "${words[@]}" --hosts one,two --precision 5% --out no
check '--hosts-in-turn alone' does 2 run "${words[@]}" --hosts-in-turn --out no
check 'they can take turns' does 0 run "${words[@]}" --blocks 1 --hosts one,two --hosts-in-turn --out turns
closing
