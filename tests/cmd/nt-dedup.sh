#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-dedup: what repeats goes, the first stays, and nobody is told otherwise.
. "$(dirname "$0")/../lib.sh"

bytes() { nt-tokenize -q -t bytes "$@"; }
text() { nt-tokenize -q -d "$@"; }
seven='one\n\ntwo\n\none\n\nthree\n\n'

t 'a repeated paragraph goes and the first stays in its place' '
	printf "$seven" | bytes | nt-dedup -q | text >got
	printf "one\n\ntwo\n\nthree\n\n" | cmp - got'

t 'the last paragraph is a repeat although no blank line follows it' '
	for tokenizer in "" "-t bytes"; do
		printf "It rained.\n\nIt shone!\n\nIt rained.\n" | nt-tokenize -q $tokenizer | nt-dedup -q | text >got
		printf "It rained.\n\nIt shone!\n\n" | cmp - got
		printf "It rained.\n\nIt shone!\n\n\nIt rained." | nt-tokenize -q $tokenizer | nt-dedup -q | text >got
		printf "It rained.\n\nIt shone!\n\n\n" | cmp - got
	done'

t 'repeats are found across documents, and an emptied document goes whole' '
	printf "a\n\nb\n\n\0b\n\n\0c\n\na\n\n" | bytes | nt-dedup 2>said | text >got
	printf "a\n\nb\n\n\0c\n\n" | cmp - got
	grep -q "2 of 5 units repeat (40.00 %); 2 of 3 documents and 9 of 15 tokens kept" said'

t 'whole documents are compared with --by=document' '
	printf "a\n\na\n\n\0b\0a\n\na\n\n\0b" | bytes | nt-dedup -q --by=document --kept kept | text >got
	printf "a\n\na\n\n\0b" | cmp - got
	printf "0\n1\n" | cmp - kept'

t 'lines are compared with --by=line, blank ones as well' '
	printf "x\ny\n\nx\n\nz\ny\n" | bytes | nt-dedup -q --by=line | text >got
	printf "x\ny\n\nz\n" | cmp - got'

t 'lines are those of the text whatever the vocabulary' '
	printf "It rained.\nIt shone.\nIt rained.\n  It rained.\n" | nt-tokenize -q | nt-dedup -q --by=line | text >got
	printf "It rained.\nIt shone.\n  It rained.\n" | cmp - got'

t 'lines of ids go in and out, each a document' '
	printf "1 2 3\n4\n1 2 3\n\n\n4 4\n" | nt-dedup -q --ids --kept kept >got
	printf "1 2 3\n4\n\n\n4 4\n" | cmp - got
	printf "0\n1\n3\n4\n5\n" | cmp - kept'

t 'a line that holds something else than ids is named' '
	printf "1 2\n3 x\n" >ids
	exits 3 nt-dedup --ids ids 2>said >got
	grep -q "ids:2: not a number" said
	printf "1 4294967295\n" | exits 3 nt-dedup --ids 2>said >got
	grep -q "standard input:1: a number too large" said'

t '--check says whether anything repeats and writes nothing' '
	printf "$seven" | bytes >twice.nts
	exits 1 nt-dedup --check twice.nts >got 2>said
	[ ! -s got ]
	grep -q "1 of 4 units repeat" said
	nt-dedup -q twice.nts | nt-dedup --check 2>said
	grep -q "0 of 3 units repeat" said'

t 'the bytes that go are counted, so that what is left keeps its own' '
	printf "$seven" | nt-tokenize -q | nt-dedup -q | nt-info --json >json
	grep -q "\"source_bytes\": 17" json
	grep -q "\"nt-dedup\",.*\"in\":{\"documents\":1,\"units\":4,\"tokens\":[0-9]*,\"bytes\":22}" json'

t '-o writes the file whole or not at all' '
	printf "$seven" | bytes >in.nts
	nt-dedup -q -o out.nts in.nts; nt-dedup -q in.nts | cmp - out.nts
	head -c 500 in.nts >cut.nts; cp out.nts before.nts
	exits 3 nt-dedup -q -o out.nts cut.nts
	cmp out.nts before.nts; [ ! -e out.nts.part ]'

t 'nothing is refused, and a stream of nothing is passed on' '
	exits 3 nt-dedup </dev/null 2>said
	grep -q "standard input: empty" said
	printf "" | bytes | nt-dedup -q | nt-info --json | grep -q "\"documents\": 0"'

t 'a cut stream is refused with what is missing' '
	printf "$seven" | bytes >whole
	head -c -1 whole | exits 3 nt-dedup 2>said >got
	grep -q "cut at byte" said'

t 'a full disk is an error' 'printf "$seven" | bytes | exits 4 nt-dedup >/dev/full'

t 'a closed pipe ends it without a word' '
	printf "$seven" | bytes | nt-dedup -q 2>said | head -c 1 >got
	[ ! -s said ]'

t 'an unknown option is refused with the nearest one' '
	exits 2 nt-dedup --bye=unit 2>said
	grep -q -- "--by" said
	exits 2 nt-dedup --kept x --by=unit </dev/null 2>said
	grep -q -- "--by=document" said'

t 'numbers and documents are not written to one place' '
	for where in "--kept -" "--kept x -o x"; do
		exits 2 nt-dedup $where --by=document </dev/null 2>said
		grep -q "name another file" said
	done'

awk_lines() { awk '!seen[$0]++' "$@"; }
lines_as_awk() {
	nt-tokenize -q --split=none $1 "$2" | nt-dedup -q --by=line | nt-tokenize -q -d >got
	awk_lines "$2" | cmp - got
}
t 'by line, what stays is what awk leaves, whatever the tokens are' '
	{ cat "$root"/tests/cmd/*.sh; printf "  indented\n\n\n    more\n\tx \nx\nx \n\r\n\r\nlast\n"; } >text
	for tokenizer in "" "-t bytes"; do lines_as_awk "$tokenizer" text; done'

if [ -n "$shared" ]; then
	t 'so it is with real text and code' '
		for f in austen.txt code-lua-py.jsonl handbook-de-es-ja-ru.jsonl; do
			zstd -qdcf "$shared/data/corpora/$f.zst" >text
			lines_as_awk "" text
		done'
fi

t '--keep-blank compares blank lines with nothing' '
	printf "x\n\ny\n\nx\n\nz\n" | bytes | nt-dedup -q --by=line --keep-blank | text >got
	printf "x\n\ny\n\nz\n" | cmp - got'

# Documents of 60 words; each third is the one before with case, spacing and a word changed.
words() {
	awk 'BEGIN {
		srand(4)
		for (d = 0; d < 300; d++) {
			for (i = 0; i < 60 && d % 3 < 2; i++)
				w[i] = sprintf("w%x", rand() * 1000000)
			for (i = 0; i < 60; i++)
				printf "%s%s", d % 3 < 2 ? w[i] " " : (i == 58 ? "other" : toupper(w[i])) ",\n  ", i == 59 && d < 299 ? "|" : ""
		}
	}' | tr '|' '\0'
}
t '--near drops what differs by a word, case and spacing' '
	words >docs
	nt-tokenize -q -0 docs | nt-dedup --near --kept kept 2>said >near.nts
	grep -q "^nt-dedup: 100 of 300 documents are near duplicates (33.33 %); 200 of 300 documents" said
	awk "BEGIN { for (d = 0; d < 300; d++) if (d % 3 < 2) print d }" | cmp - kept
	nt-info --json near.nts | grep -q "\"near\":0.592,\"bands\":14,\"rows\":8,\"two_pass\":false,\"seed\":1337"'

t 'which ones does not depend on the tokenizer, threads, or when they were seen' '
	words >docs
	nt-tokenize -q -0 docs | nt-dedup -q --near -j3 --kept kept >near.nts
	nt-tokenize -q -0 -t bytes docs | nt-dedup -q --near --kept other >bytes.nts
	cmp kept other
	nt-tokenize -q -0 docs | nt-dedup -q -j1 --near | cmp - near.nts
	nt-tokenize -q -0 --ids docs | nt-dedup -q --near --ids --kept other >ids
	cmp kept other
	nt-tokenize -q -0 --ids -t bytes docs | nt-dedup -q --near --ids -t bytes --kept other >ids
	cmp kept other
	echo 70000 | exits 3 nt-dedup --near --ids 2>said >out
	grep -q "standard input:1: id 70000 is none of the 8192 of nt-8k: -t names another" said
	nt-tokenize -q -0 docs | nt-dedup -q --near --two-pass --kept other >groups.nts
	cmp kept other
	head -c 30000 docs | nt-tokenize -q -0 | nt-dedup -q --near --state seen >first.nts
	nt-info seen | grep -q "near duplicates"
	nt-tokenize -q -0 docs | nt-dedup -q --near --state seen 2>said >rest.nts
	nt-tokenize -q -0 docs | nt-dedup --near --state seen --check 2>said || true
	grep -q "300 of 300 documents are near duplicates" said'

if [ -n "$shared" ]; then
	# The scorer that comes with the set; nothing of J < 0.6 may be dropped but 0.5 %.
	score() {
		nt-tokenize -q --split=jsonl docs.jsonl | nt-dedup -q --near --kept kept >near.nts
		awk '{ printf "d%05d\n", $1 }' kept >ids
		/usr/bin/python3 "$shared/data/corpora/neardup-A/eval_dedup.py" . ids 0.8 >score
		tr -d ' ",:{}' <score | awk '
			/^dropped[0-9]/ { dropped = substr($0, 8) }
			/^dropped_by/ { inside = 1; next }
			/^wrong/ { inside = 0 }
			inside && /^0\.[0-5]/ { wrong += substr($0, 5) }
			/^pair_detection/ { pairs = 1; next }
			pairs && /^0\./ {
				s = substr($0, 1, 4) + 0.025; found = substr($0, 5)
				due = 1 - (1 - s ^ 8) ^ 14
				if (s > 0.6 && found < due - 3.29 * sqrt(due * (1 - due) / 450)) { print "found", s, found; bad = 1 }
			}
			END { print dropped, wrong; exit bad || dropped < 4400 || wrong > 0.005 * dropped }'
	}
	t 'of labelled documents it finds what bands promise, and drops few others' '
		for f in docs.jsonl truth_docs.tsv truth_pairs.tsv; do
			zstd -qdcf "$shared/data/corpora/neardup-A/$f.zst" >$f
		done
		score'
fi

t '--state makes runs go on from each other' '
	printf "a\n\nb\n\n" | bytes >one.nts
	printf "b\n\nc\n\n" | bytes >two.nts
	for by in unit document line; do
		rm -f seen
		nt-dedup --by=$by --state seen one.nts 2>said | text >got
		grep -q "seen: not there: begun" said
		nt-dedup -q --by=$by --state seen two.nts | text >>got
		cp seen before
		exits 1 nt-dedup --by=$by --state seen --check one.nts two.nts >out 2>said
		cmp seen before
		[ $by != document ] || printf "a\n\nb\n\nb\n\nc\n\n" | cmp - got
		[ $by != unit ] || printf "a\n\nb\n\nc\n\n" | cmp - got
		[ $by != line ] || printf "a\n\nb\nc\n" | cmp - got
	done
	exits 3 nt-dedup --state seen --by=unit one.nts >out 2>said
	grep -q "a state of lines, not of units" said'

t 'a run that fails leaves the state of the one before' '
	printf "a\n\nb\n\n" | bytes >one.nts
	printf "b\n\nc\n\n" | bytes >two.nts
	rm -f seen; nt-dedup -q --state seen one.nts >out; cp seen before
	head -c -1 two.nts | exits 3 nt-dedup -q --state seen >out 2>said
	cmp seen before; [ ! -e seen.part ]
	exits 4 nt-dedup -q --state seen two.nts >/dev/full 2>said
	cmp seen before
	head -c 70 seen >cut
	exits 3 nt-dedup -q --state cut two.nts >out 2>said
	grep -q "cut: cut or damaged" said'

t '--against drops paragraphs that a test text has thirteen words of' '
	printf "{\"question\": \"Which of the seven grey cats sat on the old red mat in the hall?\", \"answer\": \"four\"}\n" >test.jsonl
	printf "One.\n\nHe asked which of the SEVEN grey cats sat on the old red mat, in the hall.\n\nTwo.\n" >train
	nt-tokenize -q train | nt-dedup --against test.jsonl --field question,answer 2>said | text >got
	printf "One.\n\nTwo.\n" | cmp - got
	grep -q "1 text to test on, 4 grams of 13 words; 0 with fewer than 8 words passed over" said
	nt-tokenize -q -t bytes train | nt-dedup -q --against test.jsonl --field question --by=document | nt-info --json |
		grep -q "\"documents\": 0"
	nt-tokenize -q train >train.nts
	exits 3 nt-dedup --against test.jsonl train.nts >out 2>said
	exits 2 nt-dedup --against test.jsonl --near train.nts >out 2>said
	grep -q "three things" said'

t '--substring takes out what stood before, and only that' '
	for d in 1 2; do printf "doc $d "; for i in $(seq 40); do printf "common%d " $i; done; printf "end $d"; [ $d = 2 ] || printf "\0"; done >docs
	nt-tokenize -q -t bytes docs | nt-dedup --substring 50 2>said | text >got
	tr "\0" "\n" <got >got.lines; tail -n 1 got.lines | grep -q "^doc 2"
	[ "$(tail -n 1 got.lines | wc -c)" -lt 15 ]
	grep -q "tokens repeat" said
	exits 2 nt-dedup --substring 50 --state s x.nts >out 2>said
	exits 2 nt-dedup --substring 5 x.nts >out 2>said'

t 'a terminal gets no binary' '
	printf "$seven" | bytes >in.nts
	script -qec "nt-dedup in.nts" /dev/null </dev/null >said || true
	grep -q "is a terminal" said'

t '--part: copies meet in a part, and all parts together are what one run keeps' '
	awk "BEGIN { for (i = 0; i < 300; i++) printf \"Text %d.%c\", i % 190, 0 }" >in
	nt-tokenize -q -0 in >all.nts; nt-dedup -q --by=document all.nts | nt-tokenize -q -d | tr "\0" "\n" | sort >want
	head -c 1500 in | nt-tokenize -q -0 >a.nts; tail -c +1501 in | nt-tokenize -q -0 >b.nts
	for i in 1 2 3; do
		for f in a b; do nt-dedup -q --by=document --part $i/3 -o $f.$i $f.nts; done
		cat a.$i b.$i | nt-dedup -q --by=document >$i.nts
		cat a.nts b.nts | nt-dedup -q --by=document --part $i/3 | nt-tokenize -q -d >got; nt-tokenize -q -d $i.nts | cmp - got
		nt-info --json $i.nts | grep "\"options\":{\"by\":\"document\",\"part\":\"$i/3\"}"
	done
	cat a.nts b.nts | nt-dedup -q --by=document | nt-tokenize -q -d | tr "\0" "\n" | sort >want
	cat 1.nts 2.nts 3.nts | nt-tokenize -q -d | tr "\0" "\n" | sort | cmp - want
	[ "$(nt-info --json 2.nts | sed "s/.*\"documents\": \([0-9]*\), \"units.*/\1/")" -gt 30 ]
	for p in 0/3 4/3 1 1/ x/3 1/3x -1/3 -3/-1 1/99999999999999999999; do exits 2 nt-dedup --by=document --part=$p all.nts 2>said; grep "is not I/N" said; done
	exits 2 nt-dedup --part 1/3 all.nts 2>said; grep "by=document" said'

done_testing
