#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs a test for prove: cmocka 1.1 reports a skipped case as "not ok N # SKIP", which prove
# counts as failed. The exit status, by which the sanitizers speak, stays the test's own. Signals
# that nohup or a shell's "&" has set aside are heeded again: programs have to be seen to be ended. What
# failed, and why, which prove keeps to itself, is said on standard error.
out=$(mktemp "${TMPDIR:-/tmp}/nt-tap.XXXXXX") || exit 1
trap 'rm -f "$out"' EXIT
trap 'exit 129' HUP INT TERM
case $1 in
*.sh) set -- sh "$@" ;; # a copy of the tree may have lost who can be executed
esac
env --default-signal=HUP,INT,QUIT true 2>/dev/null && set -- env --default-signal=HUP,INT,QUIT "$@"
"$@" >"$out"
status=$?
[ $status -eq 0 ] || grep -v '^ok\|^[0-9]' "$out" >&2
sed 's/^not ok \([0-9]* # SKIP\)/ok \1/' "$out"
exit $status
