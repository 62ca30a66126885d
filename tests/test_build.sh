#!/usr/bin/env bash
# The build itself: nothing is built twice, the trial program needs libc alone, and what install puts somewhere uninstall
# takes away.
set -u
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
build=${BUILD:-build/default}

nothing_to_do()
{
    ! make build | grep -E '^ +(CC|AR|LINK) '
}

libc_only()
{
    LD_PRELOAD='' ldd "$build/poolbench-trial" # what tests/preload/slow.c or a user preloads is listed as well
    ! LD_PRELOAD='' ldd "$build/poolbench-trial" | grep -vE 'linux-vdso|ld-linux|libc\.so|libpthread|libm\.so'
}

installed()
{
    make install "DESTDIR=$scratch/root" || return
    for file in bin/poolbench libexec/poolbench/poolbench-trial share/poolbench/scripts/suites/quick.ini; do
        find "$scratch/root" -path "*/$file" | grep . || return
    done
}

uninstalled()
{
    make uninstall "DESTDIR=$scratch/root" && find "$scratch/root" ! -type d && test -z "$(find "$scratch/root" ! -type d)"
}

check 'a second make builds nothing' nothing_to_do
case $build in
*address* | *thread*) skip 'poolbench-trial needs libc alone' 'sanitizers bring libraries of their own' ;;
*) check 'poolbench-trial needs libc alone' libc_only ;;
esac
check 'make install puts both programs and their files in place' installed
check 'make uninstall leaves no file' uninstalled
closing
