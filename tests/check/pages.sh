#!/bin/sh
# SPDX-License-Identifier: MIT
# Parsing, --help, the manual and three completions come from one table: do they agree?
. "$(dirname "$0")/../lib.sh"
cd "$root"
commands=$(ls "$NT_BUILD/bin")

from_help() { "$1" --help | grep -o -e '^ *\(-[a-zA-Z0-9], \)\?--[a-z0-9-]*' | grep -o -e '--[a-z0-9-]*' | sort -u; }
from_man() { "$1" --help-man | sed -n 's/^\.It .*Fl -\([a-z0-9-]*\).*/--\1/p' | sort -u; }
from_bash() { "$1" --completion=bash | grep -o -e '--[a-z0-9-]*' | grep -v -e '^--$' | sort -u; }
from_zsh() { "$1" --completion=zsh | grep -o -e "['{,]--[a-z0-9-]*" | tr -d "'{," | sort -u; }
from_fish() { "$1" --completion=fish | sed -n 's/.* -l \([a-z0-9-]*\).*/--\1/p' | sort -u; }

for c in $commands; do
	t "$c: help, manual and completions list the same options" '
		from_help $c >help
		[ "$(wc -l <help)" -ge 8 ]
		for form in man bash zsh fish; do from_$form $c >$form; diff help $form; done'
	t "$c: the manual passes mandoc -T lint" '
		$c --help-man >$c.1; mandoc -T lint -W warning $c.1'
	t "$c: the manual shows examples and every exit status" '
		$c --help-man >page
		grep -q "^.Sh EXAMPLES" page; grep -q "^.Sh EXIT STATUS" page; grep -q "^.Sh SEE ALSO" page'
	t "$c: completions are scripts their shells can read" '
		$c --completion=bash | bash -n
		if command -v zsh >/dev/null; then $c --completion=zsh | zsh -n; fi
		if command -v fish >/dev/null; then $c --completion=fish | fish -n; fi'
	t "$c: an unknown option is refused with the nearest name" '
		exits 2 $c --verbsoe 2>said; grep -q "did you mean .--verbose" said
		exits 2 $c --nothing-like-it 2>said; grep -q -e "--help lists" said'
	t "$c: --help to a full disk is exit 4" '
		exits 4 $c --help >/dev/full 2>said; grep -q "No space left" said'
	t "$c: -V prints the version" '$c -V | grep -q "(nt) [0-9]"'
done

t 'nt lists every command with what it says of itself' '
	for c in $commands; do
		[ "$c" = nt ] || echo "${c#nt-}:$($c -h | sed -n 2p)"
	done | sort >each
	nt | sed -n "s/^  \([a-z]*\)  *\(.*\)/\1:\2/p" | sort | diff each -'

t 'what NT_THREADS and NT_ISA cannot be is refused' '
	NT_THREADS=two exits 2 nt-tokenize </dev/null 2>said; grep "NT_THREADS: .two. is not a number" said
	NT_ISA=avx1024 exits 2 nt-tokenize </dev/null 2>said; grep "NT_ISA: .avx1024. is not ref, avx2, avx512 or neon" said
	NT_ISA=ref nt-tokenize --ids </dev/null'

cat >"$work/complete.bash" <<'END'
# complete.bash WORD...: what is offered for the last of the words
source <(nt --completion=bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_nt
echo "${COMPREPLY[*]}"
END
if command -v bash >/dev/null; then
	t 'behind the umbrella bash completes commands, their pages and their options' '
		[ "$(bash "$work/complete.bash" nt tr)" = train ]
		[ "$(bash "$work/complete.bash" nt help pa)" = pack ]
		[ "$(bash "$work/complete.bash" nt train --lr)" = --lr-schedule ]
		[ "$(bash "$work/complete.bash" nt dedup --by = d)" = document ]
		[ -z "$(bash "$work/complete.bash" nt no-command --x)" ]'
fi
if command -v fish >/dev/null; then
	t 'and so does fish' '
		for c in nt nt-train; do $c --completion=fish; done >all.fish
		fish --no-config -c "source all.fish; for l in \"nt tr\" \"nt help pa\" \"nt train --lr\"
			complete -C \$l; end" | cut -f1 >got
		printf "%s\n" train pack --lr-schedule | diff - got'
fi

t 'every command of docs/cli.md that is built is listed by the umbrella, and the reverse' '
	nt | sed -n "s/^  \([a-z]*\) .*/nt-\1/p" | sort >listed
	for c in $commands; do [ $c = nt ] || echo $c; done | sort >built
	diff listed built'
t 'the umbrella runs a command, hands its status on, and suggests a name' '
	nt info --help | grep -q "usage: nt-info"
	exits 2 nt info --nonsense
	exits 2 nt trian 2>said; grep -q "did you mean .train" said
	exits 2 nt help trian 2>said; grep -q "did you mean .train" said
	exits 2 nt -q info 2>said; grep -q "behind it" said
	nt nt-info --help | grep -q "usage: nt-info"'
t 'without its manual pages the umbrella shows the help' '
	mkdir bin; cp "$NT_BUILD/bin/nt" "$NT_BUILD/bin/nt-pack" bin
	bin/nt help pack | grep -q "usage: nt-pack"; bin/nt help | grep -q "usage: nt COMMAND"'
t 'the umbrella opens a manual page' '
	if command -v man >/dev/null; then MANPAGER=cat nt help pack | grep -qi "nt-pack"; else nt help pack; fi'
done_testing
