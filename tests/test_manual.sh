#!/usr/bin/env bash
# What `help` prints for others to read: the manual page, completion for bash and docs/COMMAND-LINE.md. All come from the
# program's tables, so each must name what the tables have; completion is asked the way bash asks it.
set -u
unset CDPATH BASH_ENV ENV # of the caller: `cd` goes elsewhere by the first, shells read files by the others
cd "$(dirname "$0")/.." || exit 1
. tests/support.sh
export LC_ALL=C
build=${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export PATH="$PWD/$build:$PATH"

silent() # COMMAND...: says nothing
{
    "$@" 2>&1 | tee "$scratch/said"
    ! [ -s "$scratch/said" ]
}

# The page has no date on purpose; that is the only thing mandoc may find.
mandoc_clean()
{
    ! mandoc -T lint -W warning <"$scratch/page" 2>&1 | grep -v 'missing date, using ""'
}

first_words() # of the rows that `poolbench list $1` prints
{
    poolbench list "$1" | sed -n 's/^\([^ ]\{1,\}\) .*/\1/p'
}

# Names, options as --name, that must stand in the manual, the completion and the page.
verbs=$(poolbench help | sed -n '/^usage/,/^$/s/^  .\{9\}\([a-z]\{1,\}\) .*/\1/p' | paste -sd ' ')
options=$(for verb in $verbs; do poolbench help "$verb"; done | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort -u)
names="$verbs $(first_words pools) $(first_words workloads) $(first_words suites)"

names_all() # FILE
{
    local name missing=0
    for name in $names $options; do
        grep -qE -e "(^|[^a-z-])$name([^a-z-]|\$)" "$1" || { echo "$name is missing"; missing=1; }
    done
    return $missing
}

# Splits the words after "poolbench" as readline does, asks for the last of them, and prints the answers on one line.
complete_words() # WORD...
{
    (
        cd "$scratch/here" && bash --norc -c '
            set -u
            . "$1"
            shift
            COMP_WORDBREAKS=$'\'' \t\n"\047><=;|&(:'\''
            COMP_WORDS=(poolbench)
            for word; do
                while [[ $word == *[:=]* ]]; do
                    before=${word%%[:=]*}
                    [[ -n $before ]] && COMP_WORDS+=("$before")
                    word=${word#"$before"}
                    COMP_WORDS+=("${word:0:1}")
                    word=${word:1}
                    [[ -z $word ]] && continue 2
                done
                COMP_WORDS+=("$word")
            done
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _poolbench poolbench "${COMP_WORDS[COMP_CWORD]}" ""
            echo "${COMPREPLY[*]-}"' bash "$scratch/completion" "$@"
    )
}

offers() # ANSWERS WORD...
{
    local expected=$1 answers
    shift
    answers=$(complete_words "$@" 2>&1)
    [ "$answers" = "$expected" ] && return
    echo "poolbench $*: expected '$expected', found '$answers'"
    return 1
}

# Every example parses; those that run trials are only planned here.
example_works()
{
    sed -n '/^## Examples/,$ s/^poolbench //p' "$scratch/markdown" | sed 's/^run /plan /; /^charts /d' >"$scratch/examples"
    [ "$(wc -l <"$scratch/examples")" -ge 4 ] || return
    while IFS= read -r example; do
        echo "poolbench $example"
        bash -c "timeout 150 poolbench $example" </dev/null || return
    done <"$scratch/examples"
}

# Another PREFIX links the programs anew: in a copy of the tree, as other tests are running those that are here.
tree_copied()
{
    mkdir -p "$scratch/tree/$build" && tar -c --exclude=./build --exclude=./results/2* --exclude=./.git . | tar -x -C "$scratch/tree" &&
        cp -a "$build/." "$scratch/tree/$build" && cd "$scratch/tree" || exit 1
}

installed()
{
    (tree_copied && make install PREFIX=/usr "DESTDIR=$scratch/root") &&
        cmp "$scratch/root/usr/share/man/man1/poolbench.1" "$scratch/page" &&
        cmp "$scratch/root/usr/share/bash-completion/completions/poolbench" "$scratch/completion" &&
        cmp "$scratch/root/usr/share/zsh/site-functions/_poolbench" "$scratch/completion.zsh" &&
        cmp "$scratch/root/usr/share/fish/vendor_completions.d/poolbench.fish" "$scratch/completion.fish" &&
        (cd "$scratch/tree" && make install PREFIX=/usr mandir=/usr/man "DESTDIR=$scratch/other") &&
        test -s "$scratch/other/usr/man/man1/poolbench.1"
}

uninstalled()
{
    (cd "$scratch/tree" && make uninstall PREFIX=/usr "DESTDIR=$scratch/root") && silent find "$scratch/root" ! -type d
}

poolbench help --man >"$scratch/page" && poolbench help --completion >"$scratch/completion" &&
    poolbench help --markdown >"$scratch/markdown" || exit 1
mkdir -p "$scratch/here/results/20260102T030405-abcd" "$scratch/here/results/no-run" "$scratch/here/sub"
touch "$scratch/here/results/20260102T030405-abcd/trials.csv" "$scratch/here/mine.ini" "$scratch/here/notes.txt"
ln -s 20260102T030405-abcd "$scratch/here/results/latest"

same_words() { cmp <(words_of "$scratch/completion") <(words_of "$1"); }
words_of() { sed -n "s/^\\(set \\)\\{0,1\\}words[= ]'\\(.*\\)'$/\\2/p" "$1"; }
for shell in zsh fish; do
    poolbench help --completion --shell $shell >"$scratch/completion.$shell" || exit 1
    check "completion for $shell names what bash's does" same_words "$scratch/completion.$shell"
    if command -v $shell >/dev/null; then
        check "$shell reads its completion" silent $shell -n "$scratch/completion.$shell"
    else
        skip "$shell reads its completion" 'not installed'
    fi
done
fish_offers() # WORD LINE: among what it offers for a line
{
    # shellcheck disable=SC2016 # fish's own
    fish --no-config -c 'source $argv[1]; cd $argv[2]; complete --do-complete $argv[3]' "$scratch/completion.fish" \
        "$scratch/here" "$2" | tee "$scratch/said" | cut -f 1 | grep -qx -e "$1" || { cat "$scratch/said"; false; }
}
if command -v fish >/dev/null; then
    check 'fish: verbs' fish_offers summarise 'poolbench su'
    check 'fish: options' fish_offers --pool 'poolbench run --po'
    check 'fish: a comma list' fish_offers fork,prefork 'poolbench run --pool fork,pre'
    check 'fish: parameters' fish_offers hybrid:route=nested 'poolbench run --pool hybrid:route=n'
    check 'fish: behind =' fish_offers --pool=pthread 'poolbench run --pool=pth'
    check 'fish: runs' fish_offers latest 'poolbench charts la'
fi

check 'there are verbs, options and names to look for' test "$(wc -w <<<"$verbs $options $names")" -gt 50
if command -v mandoc >/dev/null; then check 'mandoc finds nothing' mandoc_clean; else skip mandoc 'not installed'; fi
if command -v groff >/dev/null && [ -e "$(find /usr/share/groff /usr/local/share/groff -name an.tmac -print -quit 2>/dev/null)" ]; then
    check 'groff finds nothing' silent groff -man -ww -z "$scratch/page"
else
    skip groff 'not installed with its man macros'
fi
if command -v shellcheck >/dev/null; then
    check 'shellcheck finds nothing in the completion' silent shellcheck -s bash "$scratch/completion"
else
    skip shellcheck 'not installed'
fi
sed 's/\\-/-/g; s/\\f[BIR]/ /g' "$scratch/page" >"$scratch/plain"
check 'the manual names everything' names_all "$scratch/plain"
check 'the page names everything' names_all "$scratch/markdown"
for section in NAME SYNOPSIS DESCRIPTION VERBS OPTIONS POOLS WORKLOADS PLACES FILES ENVIRONMENT 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
    check "the manual has $section" grep -qx "\.SH $section" "$scratch/page"
done
check 'the same page is printed again' cmp "$scratch/page" <(poolbench help --man)
check 'docs/COMMAND-LINE.md is what the program prints; make schema writes it' diff docs/COMMAND-LINE.md "$scratch/markdown"
check 'the examples work' example_works

check 'a verb begun' offers 'run resume repair remote report' r
check 'all verbs' offers "$verbs" ''
check 'verbs after help' offers "$verbs" help ''
check 'an option begun' offers '--pool' run --po
check 'options of a verb' offers "--help $(poolbench help charts | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | paste -sd ' ')" charts --
check 'a pool begun' offers 'prefork' run --pool pre
check 'the last of a comma list' offers 'serial,prefork' run --pool serial,pr
check 'behind an equals sign' offers 'prefork' run --pool=pre
check 'a comma list behind an equals sign' offers 'serial,prefork' run --pool=serial,pr
check 'behind a label' offers 'prefork' run --pool old=pre
check 'behind a second label' offers 'prefork' run --pool old=fork,new=pre
check 'parameters behind a label' offers 'block' run --pool old=pthread:wait=bl
check 'parameters of a pool' offers \
    'route=class route=nested processes= threads= wait=adaptive wait=spin wait=block max_tasks=' run --pool hybrid:
check 'the choices of a parameter' offers 'class nested' run --pool serial,hybrid:route=
check 'behind a choice' offers 'block' run --pool pthread:wait=bl
check 'a second parameter' offers 'threads=' run --pool hybrid:processes=2:thr
check 'parameters of a workload' offers 'slack=' plan --workload=spin,sleep:
check 'a pool without parameters' offers '' run --pool serial:
check 'a place' offers 'compact cores' topo --place co
check 'choices' offers "$(poolbench help charts | sed -n 's/^  --format //p' | tr '|' ' ')" charts --format ''
check 'a value that several begin with' offers 'task= rate=' run --faults error:
check 'an arrival begun' offers 'wave:' run --arrival wa
check 'a value nobody can guess' offers '' run --size ''
check 'a flag takes no value' offers '20260102T030405-abcd latest' run --recalibrate --like ''
check 'runs' offers '20260102T030405-abcd latest' summarise ''
check 'a run begun' offers 'latest' charts --format png la
check 'no second run' offers '' summarise latest ''
check 'suites and their files' offers "$(first_words suites | tr '\n' ' ')mine.ini results sub" run ''
check 'a second suite' offers 'mine.ini' run quick mi
check 'directories' offers 'results sub' run --out ''
check 'words of list' offers 'pools places' list p
check 'steps of the tour' offers '1 2 3 4 5' tour ''
check 'a verb that does not exist' offers '' nonsense ''

check 'make install puts the manual and the completion in place' installed
check 'make uninstall takes them away' uninstalled
closing
