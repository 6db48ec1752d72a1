# SPDX-License-Identifier: MIT
# lib.sh - a shell test is a list of sentences, each with the commands that prove it
#
#	. "$(dirname "$0")/../lib.sh"
#	t 'an empty stream packs to an empty file' '
#		nt-tokenize </dev/null | nt-pack >out && nt-info out | grep -q "documents *0"'
#	done_testing
#
# Each runs in its own empty folder with `set -e` (a pipe's status is its last command's).
# What it printed is shown when it fails. $root is the project, $shared its shared data or "".

root=$(cd "$(dirname "$0")/../.." && pwd)
# Alone, a test takes the usual build: without one, checks of every program in
# $NT_BUILD/bin would go through those of the system.
NT_BUILD=${NT_BUILD:-$root/build}
PYTHON=${PYTHON:-/usr/bin/python3}
PATH=$NT_BUILD/bin:$PATH
export NT_BUILD PATH PYTHON
shared=${NT_SHARED-$root/../shared}
[ -d "$shared/data" ] || shared=
LC_ALL=C
export LC_ALL root shared
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM
n_test=0
n_failed=0

t() { # t SENTENCE COMMANDS
	n_test=$((n_test + 1))
	mkdir "$work/$n_test"
	# not as a condition: the shell would ignore -e inside it
	(
		cd "$work/$n_test"
		set -e
		eval "$2"
	) >"$work/log" 2>&1
	if [ $? -eq 0 ]; then
		echo "ok $n_test - $1"
	else
		n_failed=$((n_failed + 1))
		echo "not ok $n_test - $1"
		tail -n 30 "$work/log" | sed 's/^/# /'
	fi
	rm -rf "${work:?}/$n_test"
}

skip() { # skip SENTENCE WHY
	n_test=$((n_test + 1))
	echo "ok $n_test - $1 # SKIP $2"
}

# exits STATUS COMMAND...: the command ends with exactly this status
exits() {
	want=$1
	shift
	got=0
	"$@" || got=$?
	[ "$got" = "$want" ] || { echo "exit status $got, not $want: $*"; return 1; }
}

# not COMMAND...: the command fails. A line that begins with "!" cannot end a test.
not() {
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

done_testing() {
	echo "1..$n_test"
	[ "$n_failed" = 0 ]
}
