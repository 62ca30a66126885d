#!/usr/bin/env bash
# Files of a run that were damaged, sorted, or saved by another program: what is read is what was written, or is refused
# by file; `repair` keeps what is whole; `resume` cuts off nothing that was committed.
# shellcheck disable=SC2016 # columns of awk
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch/home NO_COLOR=1 POOLBENCH_OUTSIDE=/nowhere
unset COLUMNS XDG_CACHE_HOME XDG_STATE_HOME
mkdir home
PATH=$build:$PATH

poolbench run --pool serial,prefork,pthread --size 20us --tasks 60 --workers 2 --blocks 3 --seed 5 --samples all \
    --out good >/dev/null 2>err || { cat err; exit 1; }
poolbench summarise good >screen 2>/dev/null || exit 1
cp good/summary.csv summary

# One damage: FILE of a copy goes through the command that follows. What is read must be what was written, or refused by
# the name of that file.
damaged() # NAME FILE COMMAND...
{
    local name=$1 file=$2
    shift 2
    rm -rf "$name" && cp -r good "$name" && "$@" <"good/$file" >"$name/$file" || return 1
    if poolbench summarise "$name" >out 2>err; then
        cmp -s summary "$name/summary.csv" || grep -q "$name/$file:" err
    else
        grep -q "$name/$file:" err || { [ "$file" = host.json ] && grep -q "$file" err; }
    fi
}
shuffled()
{
    awk 'NR == 1 { print; next } { print NR * 7919 % 1009 "\t" $0 }' | { IFS= read -r head; echo "$head"; sort -n | cut -f 2-; }
}
spreadsheet() # quotes around every field, CR LF, numbers as they like them
{
    sed 's/[^,]*/"&"/g; s/$/\r/'
}
column_first() # the column before the checksum goes to the front
{
    awk -F, -v OFS=, '{ last = $(NF - 1); $(NF - 1) = $NF; NF--; print last, $0 }'
}
for file in trials.csv latency.csv samples.csv; do
    for harmless in shuffled spreadsheet column_first tac_rows; do
        [ "$harmless" != tac_rows ] || tac_rows() { IFS= read -r head; echo "$head"; cat | tac; }
        check "$file: $harmless" damaged moved "$file" "$harmless"
        check "$file: $harmless is read" cmp -s summary moved/summary.csv
    done
    check "$file: a line twice" damaged hurt "$file" sed '5p'
    check "$file: a line gone" damaged hurt "$file" sed '5d'
    check "$file: cut in the middle" damaged hurt "$file" head -c 2500
done
# Trials may be taken out on purpose, which is said; of the others each row counts.
check "latency.csv: a line gone is refused" eval 'damaged hurt latency.csv sed 5d && ! poolbench summarise hurt 2>/dev/null'
check "samples.csv: a line twice is refused" eval 'damaged hurt samples.csv sed 5p && ! poolbench summarise hurt 2>/dev/null'

# Every digit of a row, one after the other, becomes another one.
digits_refused() # FILE LINE
{
    local length at
    length=$(sed -n "$2p" "good/$1" | wc -c)
    for ((at = 1; at < length; at += 3)); do
        damaged digit "$1" awk -v line="$2" -v at="$at" \
            'NR == line { c = substr($0, at, 1); if (c ~ /[0-9]/) $0 = substr($0, 1, at - 1) (c + 1) % 10 substr($0, at + 1) } 1' ||
            { echo "byte $at of line $2 of $1" >&2; return 1; }
    done
}
check "trials.csv: digits" digits_refused trials.csv 4
check "latency.csv: digits" digits_refused latency.csv 30
check "samples.csv: digits" digits_refused samples.csv 30

# host.json, too: a digit, a word, a line gone; order and space do no harm, and what is changed on purpose has no sum.
digits_of_host() # the first digit of each number, one after the other
{
    local n=0
    while :; do
        n=$((n + 1))
        damaged digit host.json awk -v RS='^$' -v ORS= -v n="$n" '{
            for (at = 0; n-- && match(substr($0, at + 1), /[ "a-z][0-9]/);) at += RSTART + 1
            if (n < 0) $0 = substr($0, 1, at - 1) (substr($0, at, 1) + 1) % 10 substr($0, at + 1) } 1' ||
            { echo "number $n of host.json" >&2; return 1; }
        cmp -s good/host.json digit/host.json && break
        grep -q 'host.json' err || { echo "number $n of host.json is not said" >&2; return 1; }
    done
    echo "$n numbers" && [ "$n" -gt 50 ]
}
check "host.json: digits" digits_of_host
check "host.json: a line gone" eval 'damaged hurt host.json sed "/\"hostname\"/d" && grep -q "hurt/host.json: row_sum" err'
check "host.json: no resume" eval '! poolbench resume hurt 2>err && grep -q "hurt/host.json: row_sum" err'
check "host.json: other space" eval 'damaged moved host.json sed "s/^ *//" && [ ! -s err ]'
check "host.json: changed on purpose" eval 'damaged moved host.json sed "/\"row_sum\"/d; s/\"hostname\": .*/\"hostname\": \"x\",/" && [ ! -s err ]'
check "host.json: gone on with" poolbench resume moved

# Columns contradict each other, where no checksum tells.
unsummed() # awk ASSIGNMENT
{
    awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 3 { '"$1"'; $at["row_sum"] = "" } 1'
}
says() # TEXT, of what damaged() refused
{
    grep -q -- "$1" err
}
check "wall_ns beside trial_ns" damaged hurt trials.csv unsummed '$at["wall_ns"] *= 100'
check "and says so" says 'trial 2: open_ns, wall_ns and close_ns'
check "a block below 1" damaged hurt trials.csv unsummed '$at["block"] = -5'
check "and says so" says 'block: expected at least 1, found -5'
check "more tasks than there are" damaged hurt trials.csv unsummed '$at["tasks_ok"]++'
check "and says so" says 'tasks_ok, tasks_failed and tasks_lost'

# repair: what is whole stays, what was there is kept, and a second time nothing is to be done.
repaired() # TRIALS STATUS
{
    poolbench repair hurt >out 2>err
    [ $? = "$2" ] && grep -q ": $1 trials in hurt" out && poolbench summarise hurt >/dev/null 2>err &&
        poolbench repair hurt >out 2>err && grep -q "^whole: $1 trials" out
}
damaged hurt latency.csv sed '7s/,/,1/2'
check "repair without a bucket" repaired 8 1
check "keeps the file as it was" eval 'sed "7s/,/,1/2" good/latency.csv | cmp -s - hurt/damaged/latency.csv'
damaged hurt samples.csv sed '9d'
check "repair without a sample" repaired 8 1
damaged hurt trials.csv sed '3s/ok/okay/'
check "repair without a trial" repaired 8 1
damaged hurt samples.csv sed '9p'
check "repair with a row too many" repaired 9 1
check "of a run that is whole" eval 'rm -rf hurt; cp -r good hurt; repaired 9 0; [ ! -e hurt/damaged ]'

# resume: a run that was broken off, sorted, and with an end that lost a digit.
broken_off()
{
    rm -rf part && cp -r good part && head -n 6 good/trials.csv >part/trials.csv 
}
rows() { wc -l <"part/$1"; }
broken_off
samples=$(rows samples.csv)
(IFS= read -r head && echo "$head" && sort -r) <part/trials.csv >sorted && cp sorted part/trials.csv
check "resume of sorted trials" poolbench resume part
check "has all samples" test "$(rows samples.csv)" = "$samples"
broken_off
awk -F, -v OFS=, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } NR == 6 { $at["samples_end"] = int($at["samples_end"] / 10) } 1' \
    part/trials.csv >less && cp less part/trials.csv
before=$(cksum <part/samples.csv)
check "no resume where an end lost a digit" eval '! poolbench resume part 2>err'
check "and says which row" grep -q 'part/trials.csv:6: ' err
check "and cuts nothing" test "$(cksum <part/samples.csv)" = "$before"
broken_off
shuffled <good/samples.csv >part/samples.csv
before=$(cksum <part/samples.csv)
check "no resume of shuffled samples" eval '! poolbench resume part 2>err'
check "and cuts nothing" test "$(cksum <part/samples.csv)" = "$before"
check "but after repair" eval 'poolbench repair part && poolbench resume part'
check "with all trials" test "$(rows trials.csv)" = 10

closing
