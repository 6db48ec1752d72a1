#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-pack: what goes into a data file comes out of it.
. "$(dirname "$0")/../lib.sh"

bytes() { nt-tokenize -q -0 -t bytes "$@"; }
documents() { seq -f 'this is document %g of many' "$1" | tr '\n' '\0'; }
json() { nt-info --json "$1" | sed -n 's/.*"'"$2"'": \([^,}]*\),.*/\1/p'; }

t 'documents get [B] in front and [E] behind' '
	printf "ab\0c" | bytes | nt-pack -q >data.bin
	od -An -tu2 -j4096 -N14 -v data.bin >got
	set -- $(cat got)
	[ "$#" = 7 ]; [ "$2 $3 $6" = "97 98 99" ]; [ "$1" = "$5" ]; [ "$4" = "$7" ]; [ "$1" != "$4" ]'

t 'the documents come out again, from rows too' '
	documents 500 >in
	bytes in | nt-pack -q >data.bin; nt-tokenize -q -d data.bin | tr -d "\0" >got
	tr -d "\0" <in | cmp - got
	bytes in | nt-pack -q --seq-len 20 >rows.bin; nt-tokenize -q -d rows.bin | tr -d "\0" >got
	tr -d "\0" <in | cmp - got
	nt-info -q --verify data.bin rows.bin >/dev/null'

t 'rows waste little, and the summary says how much' '
	awk "BEGIN { for (i = 0; i < 2000; i++) { s = i; for (k = i * 37 % 101; k; k--) s = s \"x\"; print s } }" |
		nt-tokenize -q -t bytes --split=line | nt-pack --seq-len 256 >rows.bin 2>said
	grep -Eq "2000 documents, [0-9]+ tokens in [0-9]+ rows of 256, 0\.[0-9]+ % padding, 0 documents cut" said'

t 'with --stride long documents overlap, and come out again' '
	seq 3000 >long; documents 50 >in; bytes in long >in.nts
	nt-pack --seq-len 100 --stride 40 -o rows.bin in.nts 2>said
	grep -Eq "1 document cut, 5[0-9]\.[0-9]+ % repeated as context" said
	nt-info -q --verify rows.bin >/dev/null
	nt-tokenize -q -d in.nts >want; nt-tokenize -q -d rows.bin | cmp - want
	"$PYTHON" "$root/examples/read_data.py" rows.bin | cmp - want
	nt-pack -q --seq-len 100 --stride 99 -o a.bin in.nts; nt-pack -q --seq-len 100 -o b.bin in.nts
	[ "$(json a.bin hash)" = "$(json b.bin hash)" ]'

t '--stride is below --seq-len and needs it' '
	printf a | bytes >in.nts
	exits 2 nt-pack --seq-len 10 --stride 10 in.nts 2>said >got; grep -q "below --seq-len, 10" said
	exits 2 nt-pack --stride 10 in.nts 2>said >got; grep -q "give their --seq-len" said
	exits 2 nt-pack --seq-len 10 --stride 0 in.nts 2>said >got'

t 'the name of a source outlives cat, in documents and rows' '
	documents 5 | bytes >a.nts; documents 7 | bytes >b.nts
	for how in "" "--seq-len 20"; do
		nt-pack -q --source wiki $how a.nts >a.bin; nt-pack -q --source "books, old" $how b.nts >b.bin
		cat a.bin b.bin >ab.bin
		nt-info ab.bin | grep "^source  *wiki: 5 documents, [0-9]* tokens$"
		nt-info ab.bin | grep "^source  *books, old: 7 documents, [0-9]* tokens$"
		"$PYTHON" "$root/examples/read_data.py" ab.bin --sources >got
		grep "^5 [0-9]* wiki$" got; grep "^7 [0-9]* books, old$" got
	done
	nt-info --json ab.bin | grep -q "\"sources\": {\"wiki\": {\"documents\": 5, "
	nt-pack -q -o n.bin a.nts; nt-info n.bin >said; grep "^documents" said; not grep "^source .*: " said
	nt-pack -q --source wiki --holdout 0.5:val.bin a.nts >a.bin
	nt-info val.bin | grep "^source  *wiki: "'

t 'a data file that is packed again keeps the name, and is warned of several' '
	documents 5 | bytes | nt-pack -q --source wiki >a.bin; documents 7 | bytes | nt-pack -q --source books >b.bin
	cat a.bin b.bin >ab.bin; cat a.bin a.bin >aa.bin
	for in in a.bin aa.bin "a.bin aa.bin"; do
		nt-pack --seq-len 20 $in -o r.bin 2>said; nt-info r.bin | grep "^source  *wiki: "
		not grep warning said
	done
	for in in ab.bin "a.bin b.bin"; do
		nt-pack --seq-len 20 $in -o r.bin 2>said; nt-info r.bin | not grep "^source  "
		grep "warning: the input is of several sources" said
	done
	nt-pack --source both ab.bin -o r.bin 2>said; nt-info r.bin | grep "^source  *both: 12 documents"
	not grep warning said'

t 'what is no name of a source is refused' '
	documents 5 | bytes >a.nts
	for name in "" "$(printf "a\nb")" "$(printf "\377")"; do
		exits 2 nt-pack -q --source "$name" -o a.bin a.nts 2>said; grep "names no source" said
		[ ! -e a.bin ]
	done
	exits 2 nt-pack --source a --format nanogpt a.nts 2>said >got; grep "no place for a name" said'

t 'ids as text make the same file as the stream of them' '
	documents 50 | bytes | nt-pack -q | nt-tokenize -q -d >text || true
	documents 50 >in
	nt-tokenize -q -0 -t bytes --ids in | nt-pack -q --ids -t bytes >a.bin
	bytes in | nt-pack -q >b.bin
	[ "$(json a.bin hash)" = "$(json b.bin hash)" ]
	[ "$(json a.bin source_bytes)" = "$(json b.bin source_bytes)" ]'

t 'an id outside the vocabulary is refused' '
	printf "1 2\n257\n3 258\n" >lines; exits 3 nt-pack --ids -t bytes lines >got 2>said
	grep -q "nt-pack: lines:3: id 258 is none of the 258 of bytes: -t names another vocabulary" said'

t '--tokenizer is for --ids' '
	printf a | bytes | exits 2 nt-pack -t bytes 2>said >got; grep -q "brings its own" said'

t 'a document is on the same side of --holdout wherever it stands' '
	documents 2000 >in; bytes in >in.nts
	nt-pack -q --holdout 0.1:val.bin -o train.bin in.nts
	nt-shuffle -q in.nts | nt-pack -q --holdout 0.1:val2.bin -o train2.bin
	nt-tokenize -q -d val.bin | tr "\0" "\n" | sort >a
	nt-tokenize -q -d val2.bin | tr "\0" "\n" | sort | cmp - a
	[ "$(json val.bin documents)" -gt 150 ]; [ "$(json val.bin documents)" -lt 250 ]
	[ $(($(json val.bin documents) + $(json train.bin documents))) = 2000 ]
	[ $(($(json val.bin source_bytes) + $(json train.bin source_bytes))) = $(($(wc -c <in) - 2000)) ]
	nt-pack -q -s 8 --holdout 0.1:val3.bin -o train3.bin in.nts
	[ "$(json val3.bin hash)" != "$(json val.bin hash)" ]'

t 'a held-out part without documents is worth a warning' '
	printf "only one" | bytes | nt-pack --holdout 0.000001:val.bin 2>said >train.bin
	grep -q "warning: no document was held out" said; nt-info -q --verify val.bin >got'

t '--holdout without a file is refused' '
	for h in 0.1 0.1: 2:x :x -1:x nan:x; do
		printf a | bytes | exits 2 nt-pack --holdout=$h 2>said >got
		grep -q "FRACTION:FILE" said
	done'

t 'both sides of --holdout are not written to one place' '
	for where in "--holdout 0.5:-" "--holdout 0.5:x -o x"; do
		printf a | bytes | exits 2 nt-pack $where 2>said >got
		grep -q "name another file" said; [ ! -s got ]; [ ! -e x ]
	done'

t 'a stream without documents packs to a file without documents' '
	printf "" | bytes | nt-pack -q >data.bin
	nt-info data.bin | grep -q "^documents  *0"
	nt-info -q --verify data.bin >/dev/null
	printf "" | bytes | nt-pack -q --seq-len 8 | wc -c | grep -q 8192'

t 'nothing at all is refused' '
	exits 3 nt-pack </dev/null 2>said >got
	grep -q "standard input: empty" said'

t 'an empty document is [B] [E]' '
	: >empty; printf x >x; bytes empty x empty | nt-pack -q >data.bin
	[ "$(json data.bin tokens)" = $((2 * $(json data.bin documents) + 1)) ]'

t 'streams in a row are packed as one' '
	documents 5 | bytes >a.nts; printf "more\0of it" | bytes >b.nts
	cat a.nts b.nts | nt-pack -q >joined.bin; nt-pack -q a.nts b.nts | cmp - joined.bin
	[ "$(json joined.bin documents)" = 7 ]'

t 'a cut stream leaves no file' '
	documents 99 | bytes >in.nts
	head -c 3000 in.nts | exits 3 nt-pack -o data.bin --holdout 0.5:val.bin 2>said
	grep -q "cut at byte" said
	[ ! -e data.bin ]; [ ! -e val.bin ]; [ ! -e data.bin.part ]'

t 'a full disk is an error' '
	documents 9 | bytes | exits 4 nt-pack >/dev/full
	documents 9 | bytes | exits 4 nt-pack -o data.bin --holdout 0.5:/dev/full
	[ ! -e data.bin ]'

t 'a closed pipe ends it without a word' '
	documents 9 | bytes | nt-pack -q 2>said | head -c 1 >got; [ ! -s said ]'

t 'an unknown option is refused with the nearest one' '
	exits 2 nt-pack --seqlen 3 2>said
	grep -q -- "--seq-len" said
	exits 2 nt-pack --seq-len 1 2>said'

t 'a terminal gets no binary unless it is forced' '
	documents 9 | bytes >in.nts
	script -qec "nt-pack in.nts" /dev/null </dev/null >said || true
	grep -q "is a terminal" said
	script -qec "nt-pack -qf in.nts" /dev/null </dev/null >said
	grep -aq NTDEND said'

done_testing
