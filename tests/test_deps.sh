#!/usr/bin/env bash
# scripts/deps with nothing there but a made-up package manager: what it asks each for, as whom, and how it ends.
set -u
deps=$PWD/scripts/deps
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset DEPS CC
passed=0 failed=0

# A bin/ with what the script itself needs, package manager $1, and user id $2.
machine()
{
    rm -rf "${scratch:?}/bin"
    mkdir "$scratch/bin"
    for tool in sh mktemp rm tr env; do
        ln -s "$(command -v $tool)" "$scratch/bin/$tool"
    done
    printf '#!/bin/sh\necho %s\n' "$2" >"$scratch/bin/id"
    [ -n "$1" ] && printf '#!/bin/sh\necho ran %s "$@"\n' "$1" >"$scratch/bin/$1"
    chmod +x "$scratch"/bin/*
}

# Runs it; $1: exit status, $2: a pattern that what it says must match.
expect()
{
    local said status
    said=$(PATH=$scratch/bin "$deps" </dev/null 2>&1)
    status=$?
    # shellcheck disable=SC2053 # a pattern
    if [ $status -eq "$1" ] && [[ $said == $2 ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'exit %s, expected %s; said:\n%s\nexpected: %s\n' "$status" "$1" "$said" "$2"
    fi
}

all='compiler make pkg-config hwloc libcsv gsl jansson inih gnuplot cmocka'
machine apt-get 1000
expect 2 "deps: missing: $all
deps: this gets them: sudo apt-get update; sudo env * apt-get install -y --no-install-recommends gcc libc6-dev make *"
machine dnf 1000
expect 2 '*: sudo dnf install -y gcc glibc-devel make *inih-devel*'
machine pacman 1000
expect 2 '*no package known here for: libcsv*: sudo pacman -S *libinih*'
machine zypper 1000
expect 2 '*: sudo zypper --non-interactive install *libinih-devel*'
machine apt-get 0
expect 2 '*ran apt-get update*ran apt-get install -y --no-install-recommends *libcmocka-dev*still missing:*'
machine '' 0
expect 2 "deps: missing: $all
deps: no package known here for: $all"
export CC=clang
machine apt-get 1000
expect 2 '*no-install-recommends clang libc6-dev *'
export DEPS=never
expect 0 ''

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
