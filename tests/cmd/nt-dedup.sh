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

t 'lines are compared with --by=line, and blank ones go with the line before them' '
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
	nt-dedup -q -o out.nts in.nts && nt-dedup -q in.nts | cmp - out.nts
	head -c 500 in.nts >cut.nts && cp out.nts before.nts
	exits 3 nt-dedup -q -o out.nts cut.nts
	cmp out.nts before.nts && [ ! -e out.nts.part ]'

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

t 'a terminal gets no binary' '
	printf "$seven" | bytes >in.nts
	script -qec "nt-dedup in.nts" /dev/null </dev/null >said || true
	grep -q "is a terminal" said'

done_testing
