#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-shuffle: every document once, in an order that the seed alone decides.
. "$(dirname "$0")/../lib.sh"

documents() { seq -f 'document %g' "$1" | tr '\n' '\0'; }
bytes() { nt-tokenize -q -0 -t bytes "$@"; }
numbers() { nt-tokenize -q -d "$@" | tr '\0' '\n' | sed 's/document //'; }

t 'every document comes out once, in another order' '
	documents 1000 | bytes | nt-shuffle -q | numbers >got
	seq 1000 >all
	not cmp -s got all
	sort -n got | cmp - all'

t 'the same seed gives the same bytes, another one another order' '
	documents 300 | bytes >in.nts
	nt-shuffle -q in.nts >a; nt-shuffle -q -s 1337 -j 2 <in.nts >b; cmp a b
	nt-shuffle -q -s 7 in.nts | numbers >c
	numbers a | not cmp -s - c'

t 'the order does not depend on the memory' '
	seq 40000 | sed "s/.*/& and & again/" >lines
	nt-tokenize -q --split=line lines >in.nts
	nt-shuffle in.nts >large 2>said; grep -q "in memory" said
	for s in 1 64k 200k 1M; do
		nt-shuffle -S $s in.nts >small 2>said; grep -q "through a temporary file" said
		cmp large small
	done'

t 'nothing is left in TMPDIR, and a missing one is named' '
	seq 20000 >lines; nt-tokenize -q --split=line lines >in.nts; mkdir tmp
	TMPDIR=$PWD/tmp nt-shuffle -q -S 64k in.nts >out; [ -z "$(ls -A tmp)" ]
	TMPDIR=/nowhere exits 4 nt-shuffle -S 64k in.nts >out 2>said
	grep -q "/nowhere: cannot make a temporary file" said'

t 'units stay as they are' '
	printf "a\n\nb\n\n\0c\n\n" | bytes | nt-shuffle -q | nt-info --json | grep -q "\"units\": 3,"'

t 'a document larger than the memory goes through' '
	head -c 300000 /dev/zero | tr "\0" x >big
	printf small >small
	bytes big small big | nt-shuffle -q -S 64k | nt-tokenize -q -d | tr -d "\0" | wc -c >got
	[ "$(cat got)" = 600005 ]'

t 'a data file comes in as the documents it was made of' '
	documents 100 | bytes | nt-pack -q >data.bin
	documents 100 | bytes | nt-pack -q --seq-len 16 --buffer 7 >rows.bin
	documents 100 | bytes | nt-shuffle -q | numbers >due
	nt-shuffle -q data.bin | numbers | cmp - due
	nt-shuffle -q rows.bin | numbers | cmp - due
	nt-shuffle -q <data.bin | numbers | cmp - due
	nt-shuffle -q data.bin data.bin | nt-info --json | grep -q "\"documents\": 200"'

t 'sources of data files, which a stream has no place for, are missed aloud' '
	documents 9 | bytes | nt-pack -q --source wiki >a.bin; documents 9 | bytes | nt-pack -q --source books >b.bin
	nt-shuffle a.bin 2>said >a.nts; grep "warning: .*nt-pack it with --source .wiki. again" said
	nt-shuffle a.bin b.bin 2>said >ab.nts; grep "warning: the input is of several sources" said
	nt-shuffle a.nts 2>said >c.nts; not grep warning said
	nt-shuffle -q a.bin | nt-pack -q --source wiki -o c.bin; nt-info c.bin | grep "^source  *wiki: 9 documents"'

t 'data files of two tokenizers are not mixed' '
	documents 3 | bytes | nt-pack -q >a.bin
	documents 3 | nt-tokenize -q -0 | nt-pack -q >b.bin
	exits 3 nt-shuffle a.bin b.bin >got 2>said
	grep -q "two vocabularies" said'

t 'nothing is refused, and a stream of nothing is passed on' '
	exits 3 nt-shuffle </dev/null 2>said
	grep -q "standard input: empty" said
	printf "" | bytes | nt-shuffle -q | nt-info --json | grep -q "\"documents\": 0"'

t 'a cut stream is refused' '
	documents 9 | bytes | head -c -1 | exits 3 nt-shuffle 2>said >got
	grep -q "cut at byte" said; [ ! -s got ]'

t 'a full disk is an error' 'documents 9 | bytes | exits 4 nt-shuffle >/dev/full'

t 'a full disk under the temporary files is an error, too' '
	seq 40000 >lines; nt-tokenize -q --split=line lines >in.nts
	(
		trap "" XFSZ # a write past the limit then fails like one to a full disk
		ulimit -f 16
		exits 4 nt-shuffle -S 64k -o out in.nts 2>said
	)
	grep -q "temporary file: cannot write" said'

t 'a closed pipe ends it without a word' '
	documents 9 | bytes | nt-shuffle -q 2>said | head -c 1 >got; [ ! -s said ]'

t 'an unknown option is refused with the nearest one' '
	exits 2 nt-shuffle --sead 3 2>said
	grep -q -- "--seed" said'

t 'a terminal gets no binary' '
	documents 9 | bytes >in.nts
	script -qec "nt-shuffle in.nts" /dev/null </dev/null >said || true
	grep -q "is a terminal" said'

done_testing
