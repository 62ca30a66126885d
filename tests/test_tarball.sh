#!/usr/bin/env bash
# What `make dist` packs: it has every file of the commit, builds where there is no git, and says which commit it is of.
# ALL=1 builds all of it, else the trial program.
set -u
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
version=$(sed -n 's/^VERSION = //p' Makefile)
tree=$scratch/poolbench-$version
tarball=$scratch/clone/build/poolbench-$version.tar.gz
target=build/default/poolbench-trial
[ -n "${ALL:-}" ] && target=build

# Packed in a clone, so that nothing here is written.
packed() { git clone -q . "$scratch/clone" && make -C "$scratch/clone" dist && tar -xzf "$tarball" -C "$scratch"; }
same_files() { diff <(git ls-tree -r --name-only HEAD | sort) <(cd "$tree" && find . ! -type d | sed 's,^\./,,' | sort); }
says_commit() { grep -qxE '[0-9a-f]{7,40}' "$tree/scripts/commit"; }
same_again() { cp "$tarball" "$scratch/first" && make -C "$scratch/clone" dist && cmp "$tarball" "$scratch/first"; }
built() { make -C "$tree" -j"$(nproc)" DEPS=never "$target" && [ -x "$tree/build/default/poolbench-trial" ]; }
built_says() { "$tree/build/default/poolbench" version | grep -F "$(cat "$tree/scripts/commit")"; }

if git rev-parse HEAD >"$scratch/said" 2>&1; then
    check 'make dist packs' packed
    check 'it has the files of the commit' same_files
    check 'it says which commit it is of' says_commit
    check 'packed again it is the same, byte by byte' same_again
    check 'it builds' built
    [ -z "${ALL:-}" ] || check 'and says which commit it is' built_says
else
    skip 'make dist' "git knows no commit here: $(head -n 1 "$scratch/said")"
fi
closing
