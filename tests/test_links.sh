#!/usr/bin/env bash
# Links in the pages (*.md): what a relative one names is there, and so is the heading that an #anchor means, by the
# names that GitHub gives to headings. Code, between fences or backticks, has no links.
set -u
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
mapfile -t pages < <(find . -path ./build -prune -o -path './.*' -prune -o -name '*.md' -print | sed 's,^\./,,' | sort)

# PAGE:LINE and, behind tabs, the anchor of a heading or the target of a link. A heading that a page has twice is called
# heading-1 the second time.
headings_and_links()
{
    awk '
        FNR == 1 { fenced = 0 }
        /^ *```/ { fenced = !fenced; next }
        fenced { next }
        /^#+ / {
            name = tolower($0)
            sub(/^#+ +/, "", name)
            gsub(/\]\([^)]*\)/, "", name)
            gsub(/[^a-z0-9_ -]/, "", name)
            gsub(/ /, "-", name)
            print FILENAME ":" FNR "\theading\t" name (n[FILENAME, name]++ ? "-" n[FILENAME, name] - 1 : "")
        }
        {
            gsub(/`[^`]*`/, "code")
            while (match($0, /\]\([^() ]+\)/)) {
                print FILENAME ":" FNR "\tlink\t" substr($0, RSTART + 2, RLENGTH - 3)
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' "$@"
}

links=0
broken()
{
    local where what target page path anchor status=0
    declare -A headings
    while IFS=$'\t' read -r where what target; do
        [ "$what" = heading ] && headings[${where%:*}#$target]=1
    done <"$scratch/found"
    while IFS=$'\t' read -r where what target; do
        [ "$what" = link ] || continue
        case $target in *://* | mailto:*) continue ;; esac
        links=$((links + 1))
        page=${where%:*} path=${target%%#*} anchor=${target#"$path"}
        if [ -z "$path" ]; then
            path=$page
        else
            [[ $page == */* ]] && path=${page%/*}/$path
            [ -e "$path" ] || { echo "$where: $target: there is no such file"; status=1; continue; }
        fi
        [ -n "$anchor" ] || continue
        [ "$path" = "$page" ] || path=$(realpath --relative-to=. "$path")
        [ -n "${headings[$path$anchor]:-}" ] && continue
        echo "$where: $target: there is no such heading"
        status=1
    done <"$scratch/found"
    return $status
}

headings_and_links "${pages[@]}" >"$scratch/found"
check 'links of the pages lead somewhere' broken
check 'there are links' test $links -gt 50
printf '\n%s links of %s pages' $links ${#pages[@]}
closing
