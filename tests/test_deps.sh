#!/usr/bin/env bash
# scripts/deps with nothing there but a made-up package manager: what it asks each for, as whom, and how it ends.
set -u
deps=$PWD/scripts/deps
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset DEPS CC
passed=0 failed=0 skipped=0
around=() # what the script is started by

# A bin/ with what the script itself needs, package manager $1, user id $2, and more programs that do nothing.
machine()
{
    rm -rf "${scratch:?}/bin"
    mkdir "$scratch/bin"
    for tool in sh mktemp rm tr env; do
        ln -s "$(command -v $tool)" "$scratch/bin/$tool"
    done
    printf '#!/bin/sh\necho %s\n' "$2" >"$scratch/bin/id"
    [ -n "$1" ] && printf '#!/bin/sh\necho ran %s "$@"\n' "$1" >"$scratch/bin/$1"
    shift 2
    for tool in "$@"; do
        printf '#!/bin/sh\n' >"$scratch/bin/$tool"
    done
    chmod +x "$scratch"/bin/*
}

# Runs it; $1: exit status, $2: a pattern that what it says must match.
expect()
{
    local said status
    said=$(PATH=$scratch/bin "${around[@]}" "$deps" </dev/null 2>&1)
    status=$?
    # shellcheck disable=SC2053 # a pattern
    if [ $status -eq "$1" ] && [[ $said == $2 ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'exit %s, expected %s; said:\n%s\nexpected: %s\n' "$status" "$1" "$said" "$2"
    fi
}

all='compiler make pkg-config hwloc libcsv gsl jansson inih libdw gnuplot cmocka'
machine apt-get 1000 sudo
expect 2 "deps: missing: $all
deps: this gets them: sudo apt-get * update; sudo env * apt-get * install -y --no-install-recommends gcc libc6-dev make *"
machine apt-get 1000
expect 2 "deps: missing: $all
deps: this gets them, as root: apt-get * update; env * apt-get * install -y --no-install-recommends gcc libc6-dev make *"
machine dnf 1000 sudo
expect 2 '*: sudo dnf install -y gcc glibc-devel make *inih-devel*'
machine pacman 1000 sudo
expect 2 '*no package known here for: libcsv*: sudo pacman -S *libinih*'
machine zypper 1000 sudo
expect 2 '*: sudo zypper --non-interactive install *libinih-devel*'
machine apt-get 0
expect 2 '*ran apt-get *Lock::Timeout=* update*ran apt-get *Lock::Timeout=* install -y --no-install-recommends *libcmocka-dev
deps: still missing:*
deps: this gets them, once apt-get can: apt-get *libcmocka-dev'
machine '' 0
expect 2 "deps: missing: $all
deps: no package known here for: $all"
export CC=clang
machine apt-get 1000
expect 2 '*no-install-recommends clang libc6-dev *'

# Another machine's compiler: libraries of that architecture, tools of this one; nothing is guessed for other managers.
export CC=aarch64-linux-gnu-gcc
all=${all/libdw /} # names of functions are this machine's alone
machine apt-get 1000
expect 2 "deps: missing: $all emulator
*: dpkg --add-architecture arm64; apt-get *-recommends gcc-aarch64-linux-gnu libc6-dev-arm64-cross make pkg-config \
libhwloc-dev:arm64 libcsv-dev:arm64 * gnuplot-nox libcmocka-dev:arm64 qemu-user-static"
machine dnf 1000
expect 2 "*no package known here for: $all emulator"
unset CC

# Root in a container whose file system is read-only.
read_only=(unshare -rm sh -c 'mount --bind /usr /usr && mount -o remount,bind,ro /usr && exec "$@"' sh)
if "${read_only[@]}" true 2>/dev/null; then
    machine apt-get 0
    for tool in unshare mount; do
        ln -s "$(command -v $tool)" "$scratch/bin/$tool"
    done
    around=("${read_only[@]}")
    expect 2 '*deps: nothing can be installed here: /usr is read-only; *: apt-get * update; *'
    around=()
else
    skipped=1
    echo 'no mount namespace to be had: a read-only /usr was not tried'
fi
export DEPS=never
expect 0 ''

echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
