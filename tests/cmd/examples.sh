#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

sh "$root/examples/fallback.sh" >"$work/text" 2>"$work/err"
if [ -s "$work/text" ]; then
	t 'the text of this system is bounded, and documents of UTF-8 with a NUL between them' '
		size=$(wc -c <"$work/text"); [ "$size" -lt 4200000 ]
		nt-cat --jsonl <"$work/text" >got 2>err
		[ "$(wc -l <got)" -gt 10 ]; ! grep "not UTF-8" err'
else
	t 'a system without a text is told from an empty one' 'grep "no text in" "$work/err"'
fi

t 'a package that is not the novels is refused in one line' '
	echo x >x.deb; exits 1 sh "$root/examples/austen.sh" x.deb >out 2>err
	[ "$(wc -l <err)" = 1 ]; grep "x.deb: no .*Rdata.rdb in it" err; [ ! -s out ]'

t 'without a package and without apt the novels are refused in one line' '
	mkdir bin; for c in sh mktemp rm; do ln -s "$(command -v $c)" bin; done
	PATH=$PWD/bin exits 1 sh "$root/examples/austen.sh" >out 2>err; cat err
	[ "$(wc -l <err)" = 1 ]; [ ! -s out ]'

t 'markup is taken off: HTML, manual pages, and what is no UTF-8 is left out' '
	for i in 1 2 3 4 5 6 7 8; do echo "<p>Some <b>words</b> &amp; more &#233; to make a document of it, $i.</p>"; done >a.html
	echo a.html | perl "$root/share/corpus/plain.pl" html 100000 | tr "\0" "|" >got
	grep -F "Some words & more $(printf "\303\251") to make a document of it, 1." got; tail -n 1 got | grep -F "|"
	for i in 1 2 3 4 5 6 7 8; do printf ".PP\n.BR open (2)\nreturns \\\\fBa\\\\fP \\\\-1 and tells why in errno, every time\n"; done >a.1
	echo a.1 | perl "$root/share/corpus/plain.pl" roff 100000 >got; grep -F "open(2)" got
	grep -F "returns a -1 and tells" got
	{ cat a.html; printf "\377"; } >b.txt
	[ "$(echo b.txt | perl "$root/share/corpus/plain.pl" text 100000 | wc -c)" = 0 ]'
done_testing
