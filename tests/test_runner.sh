#!/usr/bin/env bash
# tests/run itself, with tests made up here: what it counts, what it shows of them, and what of the caller it leaves out.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
tree=$scratch/made-up
mkdir "$tree"
printf '#!/bin/sh\necho 77777 88888\n' >"$tree/cost" # a process of this tree, as of a sanitizer's
chmod +x "$tree/cost"
explain() { cat "$scratch/said"; }

# A test called $1, of the lines on stdin.
made() { { echo '#!/usr/bin/env bash'; cat; } >"$tree/$1" && chmod +x "$tree/$1"; }
# Runs the tests named; what that says is in a file.
runs() { BUILD=$build SEED=1 ALL='' SHORT='' SLOW='' SILENCE='' LIMIT='' tests/run "${@/#/$tree/}" >"$scratch/said" 2>&1; }
said() { grep -qE "$1" "$scratch/said"; }
ends_with() { [ "$(tail -n 1 "$scratch/said")" = "$1" ]; }

made passes <<<"printf '2 passed, 0 failed\n'"
made fails <<<"printf '1 passed, 1 failed\n'; exit 1"
made stops <<<'exit 0'
# shellcheck disable=SC2016 # for the test
made kills <<<'kill -KILL "$(awk "{ print \$4 }" "/proc/$PPID/stat")"; sleep .2'
made skips <<<"printf 'nothing to see here\n'; exit 77"
made leaves_out <<'END'
echo '7 passed, 7 failed' # of something that it runs
echo 'skipped: a disk that fills: no file system can be mounted here'
echo '3 passed, 0 failed, 1 skipped'
END
made surroundings <<<"[ -z \"\${CDPATH+.}\${BASH_ENV+.}\${ENV+.}\" ] && echo '1 passed, 0 failed'"

check 'tests that pass, whole or in part, or are skipped' runs passes skips leaves_out
check 'their sum' ends_with '5 passed, 0 failed, 2 skipped'
check 'why one is skipped' said '^skip  skips .* nothing to see here$'
check 'why a part of one is' said '^ +skipped: a disk that fills: no file system can be mounted here$'
check 'what a process costs is told of the plain tree' said 'a process costs [0-9.]+ us here'
check 'and not of the last' eval '! said 77777'

check 'tests that fail' eval '! runs passes fails stops kills'
check 'their sum' ends_with '3 passed, 3 failed'
check 'one that ends before its closing lines' said '^FAIL  stops \[made-up\] .* 1 failed \(it does not say what it ran\)'
check 'one that kills the shell it is run by' said '^FAIL  .*/kills: the shell that ran it was killed$'

check 'what shells of the caller read and where they look' env CDPATH=/:. BASH_ENV=/dev/null ENV=/dev/null \
    bash -c "$(declare -f runs); build=\$1 tree=\$2 scratch=\$3; runs surroundings" runs "$build" "$tree" "$scratch"
closing
