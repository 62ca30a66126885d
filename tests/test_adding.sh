#!/usr/bin/env bash
# The pages docs/ADDING-A-*.md promise that they can be followed to the letter. So they are: the files, edits and commands
# of their chapters "Built in" are taken from the pages and done in a copy of the tree, and what they show of the screen
# is compared, but for what was measured.
set -u
. tests/support.sh
shopt -s extglob
exec 3>&1
repository=$PWD build=${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME POOLBENCH_PLUGINS
# a make that runs this in one of several jobs shares none of them, and its own would say so
MAKEFLAGS=$(sed -E 's/ -j[0-9]*|--jobserver[^ ]*//g' <<<" ${MAKEFLAGS:-}")
case $build in *address* | *thread*) echo 'the pages are of the tree without sanitizers'; exit 77 ;; esac
[ -z "${SLOW:-}" ] || { echo 'most of it is compiling, which SLOW makes slow, and tells nothing by it'; exit 77; }
read -ra cc <<<"${CC:-cc}"
command -v "${cc[0]}" >/dev/null || { echo "there is no compiler (${cc[0]})"; exit 77; }
[ -e "$build/c-tests" ] || { echo "the C tests are not built: make tests"; exit 77; }

# Objects as well, with their times, and the commit they tell of: what the pages do not touch is not compiled again.
mkdir -p "$scratch/tree/$build"
cp -a Makefile .clang-format bench pools workloads include scripts tests docs examples "$scratch/tree"
cp -a "$build"/{bench,pools,workloads,tests,flags,info.h,list.h,libpoolbench.a} "$scratch/tree/$build"
commit=$(sed -n 's/^#define POOLBENCH_COMMIT "\(.*\)"$/\1/p' "$build/info.h")
cd "$scratch/tree" || exit 1
without_charts=$(without_gnuplot && echo "$PATH") # they are not what is tried here
[ "$build" = build/default ] || ln -s "$build/poolbench" poolbench

# ---- what a page says to write ----

write() { ! [ -e "$1" ] && printf '%s' "$2" >"$1"; } # FILE TEXT

# Makes an edit, of which the lines that are kept or removed must be there, once.
edit() # FILE DIFF
{
    local text old=$'\n' new=$'\n' line rest
    text=$'\n'$(<"$1")$'\n' || return
    while IFS= read -r line; do
        case $line in
        -*) old+=${line:1}$'\n' ;;
        +*) new+=${line:1}$'\n' ;;
        *) old+=${line:1}$'\n' new+=${line:1}$'\n' ;;
        esac
    done < <(printf '%s' "$2")
    rest=${text#*"$old"}
    if [ "$rest" = "$text" ]; then
        printf 'these lines are not in %s:%s' "$1" "$old"
        return 1
    elif [[ $'\n'$rest == *"$old"* ]]; then
        printf 'these lines are in %s more than once:%s' "$1" "$old"
        return 1
    fi
    text=${text/"$old"/"$new"}
    printf '%s' "${text:1}" >"$1"
}

# ---- what it says to run ----

# The tests named: one of the new workload goes through the table, but those of other workloads are left out; the matrix
# of test_contract is the same for all, and takes longer than all of this.
run_tests() # NAMES
{
    local name
    for name in $1; do
        check "$page: there is a test $name" test -e "tests/test_$name.c"
        case $name in
        contract) continue ;;
        workloads)
            sed -i -E '/^ +cmocka_unit_test\(/ { /\((table_|results_|crc_)/! d }' tests/test_workloads.c
            ;;
        esac
        check "$page: test $name is built" limited make -s commit="$commit" "$build/test_$name" "$build/poolbench-trial"
        check "$page: test $name passes" limited "$build/test_$name"
    done
}

# A dot for every few files: who watches this sees that it goes on.
build_all()
{
    local line files=0
    timeout --kill-after=5 600 make commit="$commit" build 2>&1 | while IFS= read -r line; do
        case $line in
        '  '[A-Z]*) ((++files % 40)) || printf . >&3 ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
    return "${PIPESTATUS[0]}"
}

run_command() # LINE
{
    local line=$1 words
    case $line in
    'clang-format -i '*)
        command -v clang-format >/dev/null || { skip "$line" 'clang-format is not there'; return; }
        read -ra words <<<"$line"
        check "$page: $line" "${words[@]}"
        ;;
    make)
        check "$page: $line" build_all
        cp "$scratch/check.log" "$scratch/built"
        check "$page: what it builds has no warning" diff /dev/null "$scratch/built"
        ;;
    'make check TEST="'*'"') line=${line#*\"} && run_tests "${line%\"}" ;;
    './poolbench run '*' --out /tmp/'*)
        out=$scratch/${line##*/}
        read -ra words <<<"${line% --out *}"
        check "$page: $line" limited env PATH="$without_charts" "${words[@]}" --blocks 2 --out "$out"
        cp "$scratch/check.log" "$scratch/screen"
        ;;
    './poolbench '*)
        read -ra words <<<"${line//\/tmp\//$scratch/}"
        check "$page: $line" limited "${words[@]}"
        cp "$scratch/check.log" "$scratch/${words[1]}"
        ;;
    *) check "$page: a command that this test knows: $line" false ;;
    esac
}

# A screen without what was measured: of each line the first column, and others that have words and no digit. Verdicts,
# and legends of marks, are left out, as there may be others, or none.
unmeasured() # FILE
{
    awk '/^ *(fastest|equal|cannot tell yet|slower|~): / { next }
        {
            sub(/^ +/, "")
            columns = split($0, column, /  +/)
            line = column[1]
            for (i = 2; i <= columns; i++)
                if (column[i] ~ /[a-z]/ && column[i] !~ /[0-9]/) line = line "  " column[i]
            if (line != "") print line
        }' "$1"
}

shows_the_lines_of() # FILE
{
    local missing
    unmeasured "$scratch/screen" >"$scratch/screen.words"
    missing=$(unmeasured "$1" | grep -vxFf "$scratch/screen.words")
    [ -z "$missing" ] && return
    printf 'not on the screen: %s\n' "$missing"
    cat "$scratch/screen"
    return 1
}

undo_names_all() # what it says to undo is what it has changed, each file once
{
    local said
    said=$(sed -E 's/git checkout|&& rm|\\$//g' <<<"$1" | xargs -n 1 | sort)
    diff <(printf '%s\n' "$said") <(printf '%s\n' "${touched[@]}" | sort -u)
}

# ---- a page ----

# Goes through the chapter "Built in": `FILE`: in front of a block says whose it is; other blocks are commands, what
# undoes all of it, or a screen.
follow() # PAGE
{
    local line text='' kind='' file='' undo='' screens=0 inside=false
    page=$1 touched=()
    while IFS= read -r line; do
        if [ -z "$kind" ]; then
            case $line in
            '## Built in') inside=true ;;
            '## '*) file='' ;;
            '```'*) kind=${line#'```'} text='' && kind=${kind:-plain} ;;
            *'`:')
                file=${line%'`:'}
                file=${file##*'`'}
                ;;
            esac
            continue
        elif [ "$line" != '```' ]; then
            text+=$line$'\n'
            continue
        fi
        if $inside; then
            case $kind:$text in
            c:*) touched+=("$file") && check "$page: $file is new" write "$file" "$text" ;;
            diff:*) touched+=("$file") && check "$page: an edit of $file" edit "$file" "$text" ;;
            plain:'git checkout '*) undo=$text ;;
            plain:clang-format*)
                text=${text//\\$'\n'/}
                while IFS= read -r line; do
                    run_command "${line//+( )/ }"
                done < <(printf '%s' "$text")
                ;;
            plain:*)
                screens=$((screens + 1))
                printf '%s' "$text" >"$scratch/shown"
                check "$page: the screen has the lines that it shows" shows_the_lines_of "$scratch/shown"
                ;;
            *) check "$page: a block of a kind that this test knows: $kind" false ;;
            esac
        fi
        kind=''
    done <"$repository/docs/$1"
    check "$page: shows a screen" test $screens -gt 0
    check "$page: undoing names the files that it changes" undo_names_all "$undo"
}

# What the page adds stands in `list`, with its summary.
is_listed() # FILE
{
    local name summary
    name=$(sed -n 's/^ *\.name = "\(.*\)",$/\1/p' "$1") summary=$(sed -n 's/^ *\.summary = "\(.*\)",$/\1/p' "$1")
    grep -E "^$name +" "$scratch/list" | grep -F -- "${summary:0:50}"
}

is_option() { "$scratch/tree/poolbench" run --help | grep -E -- "^ +$1( |\$)"; } # --NAME

# The values of a column, each once, in one line.
column_values() # COLUMN FILE.csv
{
    awk -F, -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at[name] }' "$2" |
        sort -nu | xargs
}

# Both files have what the line $1 says: as the page $2 has it, and as the source $3 does.
both_say() { tr '\n' ' ' <"$repository/docs/$1" | grep -F -- "$2" && grep -F -- "$4" "$3"; } # PAGE WORDS FILE SOURCE

follow ADDING-A-POOL.md
check "$page: the pool is listed" is_listed pools/background.c
check "$page: the matrix has that many workers" both_say "$page" '1, 2 and 5 workers' tests/test_contract.c '{1, 2, 5}'
check "$page: and tasks" both_say "$page" '0, 1, 7 and 1,000 tasks' tests/test_contract.c '{0, 1, 7, 1000}'
check "$page: and arrivals" both_say "$page" 'six arrivals' tests/test_contract.c '{"rate:50000:poisson", '
# The first listing of a page.
listing() { awk '/^```/ { inside = /^```c$/ && !done++; next } inside' "$repository/docs/$1"; }
check "$page: its plug-in is the example" diff <(listing "$page") <(sed '1,/\*\/$/d' examples/threads_pool.c)

follow ADDING-A-WORKLOAD.md
check "$page: the workload is listed" is_listed workloads/crc.c
check "$page: host.json has the fit of each buffer" grep -c '"crc\(:bytes=16MiB\)\?": {' "$out/host.json"
# shellcheck disable=SC2016 # awk's
check "$page: plan.csv has the iterations" awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    NR > 1 { rows++; if ($at["iterations"] < 1000) bad++; exit bad } END { exit bad || !rows }' "$out/plan.csv"
export CFLAGS=-O0 # all is compiled again, since all files know the factors
follow ADDING-A-FACTOR.md
check "$page: the factor is an option" is_option --nice
check "$page: and a column of trials.csv, of two values" test "$(column_values nice "$out/trials.csv")" = '0 19'
check "$page: and a key of a suite" grep -c '^nice = ' "$out/suite.ini"
check "$page: compare knows the metric" grep -w switches "$scratch/list"
check "$page: the verb prints the seed" grep -Fx "$(column_values seed "$out/trials.csv" | cut -d' ' -f1)" "$scratch/seed"
closing
