#!/bin/sh
# SPDX-License-Identifier: MIT
# A sentence of a test fails when any of its commands does. `set -e` does not see to that in a line
# "A && B" of which A fails, nor in one that begins with "!", unless it is the last: such lines are
# written "A; B" and "not A".
. "$(dirname "$0")/../lib.sh"

# Lines of sentences' bodies that may fail unnoticed; strings, which may be programs, and what
# parentheses hold are passed over.
unnoticed() {
	awk '
	FNR == 1 { body = quoted = 0 }
	!body && /^[ \t]*t ['\''"].*['\''"] '\''$/ { body = 1; next }
	!body { next }
	{
		line = $0
		gsub(/\\./, "", line)
		if (quoted && sub(/^[^"]*"/, "", line))
			quoted = 0
		else if (quoted)
			line = ""
		gsub(/"[^"]*"/, "", line)
		if (sub(/".*/, "", line))
			quoted = 1
		while (gsub(/\([^()]*\)/, "", line))
			;
		if (/'\''$/)
			body = 0
	}
	line ~ /^[ \t]*#/ || line ~ /\|\|/ || line ~ /^[ \t]*(if|elif|while|until|case) / || line ~ /&& (continue|break)$/ { next }
	line ~ /(^|;)[ \t]*! / || line ~ / && / { print FILENAME ":" FNR ":" $0 }' "$@"
}

t 'no command of a test fails unnoticed' '
	cd "$root/tests"
	unnoticed */*.sh >"$work/found"
	cat "$work/found"; [ ! -s "$work/found" ]'

t 'a line that may is found' '
	printf "%s\n" "t \"x\" '\''" "	a && b" "	! c" "	d \"&& !\" (e && f)" "	g || h'\''" >bad
	[ "$(unnoticed bad | cut -d: -f2 | tr "\n" " ")" = "2 3 " ]'

done_testing
