# shellcheck shell=bash disable=SC2034,SC2154 # for those who read it; scratch is theirs
# poolbench for aarch64, built here with Debian's cross compiler into build/aarch64. Its libraries are fetched by apt into
# build/aarch64-sysroot.
. tests/machines/apt.sh
triplet='aarch64-linux-gnu'
aarch64=build/aarch64
sysroot=$PWD/build/aarch64-sysroot

# Puts the libraries that poolbench and its tests need, of arm64, with those that they need, into directory $1.
sysroot_fetch()
{
    apt_begin arm64 "$1/apt" &&
        apt_whole libhwloc-dev libgsl-dev libjansson-dev libinih-dev libcsv-dev libcmocka-dev zlib1g &&
        apt_unpack "$1" 'lib*' 'linux-libc-dev_*' 'zlib1g_*' || return # without the tools among them
    [ -e "$1/lib" ] || ln -s usr/lib "$1/lib" || return # where the program loader is looked for
    rm -rf "$1/apt"
}

# Has it there, or prints why not. $scratch is for notes.
sysroot_make()
{
    [ -d "$sysroot" ] && return
    command -v apt-get >/dev/null || { echo 'libraries of arm64 are fetched with apt-get, which is not here'; return 1; }
    mkdir -p build && rm -rf "$sysroot.new"
    if ! (set -o pipefail && sysroot_fetch "$sysroot.new" 2>&1 | tee "$scratch/fetch.log" >&2); then
        rm -rf "$sysroot.new"
        echo "apt-get has no libraries of arm64: $(grep -h '^[EW]:' "$scratch/fetch.log" | tail -n 1)"
        return 1
    fi
    mv "$sysroot.new" "$sysroot"
}

aarch64_make() # TARGET...
{
    PKG_CONFIG_LIBDIR=$sysroot/usr/lib/$triplet/pkgconfig:$sysroot/usr/share/pkgconfig PKG_CONFIG_SYSROOT_DIR=$sysroot \
        make -j2 CC="$triplet-gcc --sysroot=$sysroot" CFLAGS='-O2 -Werror' B=$aarch64 "$@"
}
