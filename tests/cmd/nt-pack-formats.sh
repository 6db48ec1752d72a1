#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-pack --format and --from: other people's token files, byte for byte and back.
. "$(dirname "$0")/../lib.sh"

bytes() { nt-tokenize -q -0 -t bytes "$@"; }
texts() { nt-tokenize -q -d "$@" | tr '\0' '|'; }
documents() { seq -f 'this is document %g of many' "$1" | tr '\n' '\0'; }
hex() { od -An -tx1 -v "$@" | tr -d ' \n'; }
# 4 documents, the third empty, of a vocabulary where [B] is 256 and [E] 257 (0100 and 0101)
four() { printf 'ab\0c\0\0d' | bytes; }
# A vocabulary of 256 bytes and one mark, as GPT-2 has it, 256.
one_mark() { echo text | nt-vocab -q -n 257 --byte-ids value --special "<|endoftext|>"; }
all="nanogpt llmc megatron olmo datatrove"

t 'nanogpt is tokens of 16 bits, [E] behind every document' '
	four | nt-pack -q --format nanogpt >train.bin
	[ "$(hex train.bin)" = 610062000101630001010101""64000101 ]
	four | nt-pack -q --format nanogpt -o named; cmp train.bin named'

t 'llmc has a header of 1024 bytes with the count, and [B] in front' '
	four | nt-pack -q --format llmc -o x; [ "$(echo *)" = x_000000.bin ]
	[ "$(head -c 12 x_000000.bin | hex)" = 88d8340101000000""08000000 ]
	[ "$(head -c 1024 x_000000.bin | tail -c 1012 | tr -d "\0" | wc -c)" = 0 ]
	[ "$(tail -c +1025 x_000000.bin | hex)" = 0001610062000001""630000010001""6400 ]'

t 'llmc goes on in files of so many tokens, and a name with .bin is that of the first' '
	four | nt-pack -q --format llmc --file-tokens 3 -o x; [ "$(echo *)" = "x_000000.bin x_000001.bin x_000002.bin" ]
	[ "$(tail -c +1025 x_000001.bin | hex)" = 0001""63000001 ]; [ "$(head -c 12 x_000002.bin | hex)" = 88d8340101000000""02000000 ]
	four | nt-pack -q --format llmc --file-tokens 4 -o y.bin; [ "$(echo y*)" = "y.bin y_000001.bin" ]
	nt-pack -q --from llmc -t bytes x* >a; nt-pack -q --from llmc -t bytes y* >b; cmp a b
	[ "$(texts a)" = "ab|c||d" ]'

t 'a file that an earlier run with more of them left is named' '
	four | nt-pack -q --format llmc --file-tokens 3 -o x; four | nt-pack --format llmc -o x 2>said
	grep -q "warning: x_000001.bin is of an earlier run" said'

t 'megatron has an index of sequences and documents; an empty one has no sequence' '
	four | nt-pack -q --format megatron -o x.bin; [ "$(echo *)" = "x.bin x.idx" ]
	[ "$(hex x.bin)" = 61006200010163000101""64000101 ]
	[ "$(hex x.idx)" = 4d4d494449445800000100000000000000080300000000000000050000000000000003000000""\
02000000020000000000000000000000060000000000000""00a00000000000000""0000000000000000""0100000000000000""\
0200000000000000""0200000000000000""0300000000000000 ]'

t 'olmo has tokens called .npy, and start, end and number of every document' '
	four | nt-pack -q --format olmo -o x; [ "$(echo *)" = "x.csv.gz x.npy" ]
	[ "$(hex x.npy)" = 610062000101630001010101""64000101 ]
	gzip -dc x.csv.gz | tr -d "\r" >got; printf "0,3,0,,1\n3,5,1,,2\n5,6,2,,3\n6,8,3,,4\n" | cmp - got
	four | nt-pack -q --format olmo -o y; cmp x.csv.gz y.csv.gz'

t 'datatrove has ends of documents, and a file about the tokens' '
	four | nt-pack -q --format datatrove -o x.ds; [ "$(echo *)" = "x.ds x.ds.index x.ds.metadata" ]
	[ "$(hex x.ds)" = 610062000101630001010101""64000101 ]
	[ "$(hex x.ds.index)" = 0300000000000000""0500000000000000""0600000000000000""0800000000000000 ]
	printf "bytes|2\n8\n8.00 T" | cmp - x.ds.metadata
	documents 9999 | bytes | nt-pack -q --format datatrove -o many; [ "$(tail -n 1 many.ds.metadata)" = "299 kT" ]'

t 'the documents come back from each of them, empty ones, too' '
	for f in $all; do
		four | nt-pack -q --format $f -o $f; nt-pack -q --from $f -t bytes $f* >back
		[ "$(texts back)" = "ab|c||d" ]; nt-info -q --verify back >/dev/null
		documents 3000 >in; bytes in | nt-pack -q --format $f -o big; nt-pack -q --from $f -t bytes big* >back
		nt-tokenize -q -d back >got; head -c -1 in | cmp - got; rm big*
	done'

t 'so they do where [B] and [E] are one token' '
	one_mark >tok; printf "ab\0c\0\0d" | nt-tokenize -q -0 -t tok >in.nts
	nt-pack -q --format nanogpt in.nts >n; [ "$(hex n)" = 610062000001630000010001""64000001 ]
	nt-pack -q --format llmc -o l in.nts; [ "$(tail -c +1025 l_000000.bin | hex)" = 00016100620000016300000100016400 ]
	for f in $all; do
		nt-pack -q --format $f -o $f in.nts; nt-pack -q --from $f -t tok $f* >back; [ "$(texts back)" = "ab|c||d" ]
	done'

t 'more than 65,536 entries are 32 bits, but not in nanogpt' '
	"$PYTHON" - >big <<-"END"
		import base64
		for i in range(256):
		    print(base64.b64encode(bytes([i])).decode(), i)
		n = 256
		for a in range(256):
		    for b in range(256):
		        print(base64.b64encode(bytes([a, b])).decode(), n)
		        n += 1
	END
	nt-vocab -q --convert big --pattern gpt2 >tok
	printf "abx\0c\0\0d" | nt-tokenize -q -0 -t tok >in.nts
	exits 2 nt-pack --format nanogpt in.nts 2>said >got; grep -q "nanogpt: its tokens are of 16 bits.*65794: --format olmo" said
	for f in llmc megatron olmo datatrove; do
		nt-pack -q --format $f -o $f in.nts; nt-pack -q --from $f -t tok $f* >back; [ "$(texts back)" = "abx|c||d" ]
	done
	[ "$(head -c 12 llmc_000000.bin | hex)" = a1d9340107000000""08000000 ]
	[ "$(tail -c +18 megatron.idx | head -c 1 | hex)" = 04 ]; [ "$(head -c 8 olmo.npy | hex)" = 6262000078000000 ]
	grep -q "|4$" datatrove.ds.metadata'

t 'a data file, of rows, too, goes out as the stream it was made of' '
	documents 500 >in; bytes in >in.nts; nt-pack -q in.nts >a.bin; nt-pack -q --seq-len 64 in.nts >rows.bin
	nt-pack -q --format nanogpt in.nts >due
	for i in a.bin rows.bin; do nt-pack -q --format nanogpt $i | cmp - due; nt-pack -q --format nanogpt <$i | cmp - due; done
	nt-pack -q rows.bin a.bin | not nt-pack -q --format nanogpt >/dev/null 2>&1
	nt-pack -q rows.bin a.bin >both.bin; cat in in | tr -d "\0" >twice; nt-tokenize -q -d both.bin | tr -d "\0" | cmp - twice'

t 'held-out documents go to files of the same format' '
	documents 2000 | bytes >in.nts; nt-pack -q --holdout 0.1:val.bin in.nts >train.bin
	for f in $all; do
		nt-pack -q --format $f --holdout 0.1:v_$f -o t_$f in.nts
		nt-pack -q --from $f -t bytes v_$f* | nt-info --json >got 2>/dev/null || { nt-pack -q --from $f -t bytes v_$f* >got.bin; nt-info --json got.bin >got; }
		nt-info --json val.bin >due
		for k in hash documents source_bytes; do
			[ "$(grep -o "\"$k\": [^,]*" got | head -n 1)" = "$(grep -o "\"$k\": [^,]*" due | head -n 1)" ]
		done
	done'

t 'a format of several files wants to know what they are called' '
	for f in llmc megatron olmo datatrove; do
		four | exits 2 nt-pack --format $f 2>said >got; grep -q "$f is more than one file: -o PREFIX" said; [ ! -s got ]
	done'

t 'what does not go together is refused' '
	four | exits 2 nt-pack --format nanogpt --seq-len 8 2>said >got; grep -q "rows are for nt-train" said
	four | exits 2 nt-pack --format olmo --file-tokens 8 -o x 2>said >got; grep -q "file-tokens is for --format=llmc" said
	exits 2 nt-pack --ids --from olmo 2>said </dev/null; grep -q "one or the other" said
	exits 2 nt-pack --from megatron 2>said </dev/null; grep -q "name them" said
	exits 2 nt-pack --format numpy 2>said </dev/null'

t 'a cut stream leaves no file' '
	documents 99 | bytes >in.nts
	for f in $all; do
		head -c 3000 in.nts | exits 3 nt-pack --format $f --holdout 0.5:val -o x 2>said
		[ "$(echo *)" = "in.nts said" ] || { echo *; exit 1; }
	done
	head -c 3000 in.nts | exits 3 nt-pack --format llmc --file-tokens 10 -o x 2>said; [ "$(echo *)" = "in.nts said" ]'

t 'a full disk is an error, and leaves nothing' '
	documents 40000 | bytes >in.nts; documents 9 | bytes | exits 4 nt-pack --format nanogpt >/dev/full
	for f in $all; do
		(
			trap "" XFSZ # a write past the limit then fails like one to a full disk
			ulimit -f 16
			exits 4 nt-pack --format $f -o x in.nts 2>said
		)
		grep -q "cannot write" said; [ "$(echo *)" = "in.nts said" ]
	done'

t 'an id outside the vocabulary is told with its first place' '
	printf "a\0b\0c\01d\0\0\01" >x.bin
	exits 3 nt-pack --from nanogpt -t bytes x.bin 2>said >got
	grep -q "x.bin: token 2 (at byte 4) is 355, not below the size of the vocabulary .bytes., 258: -t names another" said'

t 'half a token, and nothing at all, are refused' '
	printf "a\0b" >x.bin; : >y.bin
	for f in nanogpt olmo datatrove; do
		exits 3 nt-pack --from $f -t bytes x.bin 2>said >got; grep -q "x.bin: 3 bytes, and a token takes 2" said
		exits 3 nt-pack --from $f -t bytes <x.bin 2>said >got; grep -q "standard input: 3 bytes" said
		exits 3 nt-pack --from $f -t bytes y.bin 2>said >got; grep -q "y.bin: empty" said
	done'

t 'files of another kind are told apart' '
	four >x.nts; nt-pack -q x.nts >x.bin; four | nt-pack -q --format llmc -o l
	exits 3 nt-pack --from nanogpt x.nts 2>said >got; grep -q "x.nts: a token stream: it needs no --from" said
	exits 3 nt-pack --from olmo x.bin 2>said >got; grep -q "x.bin: a data file: it needs no --from" said
	exits 3 nt-pack --from nanogpt l_000000.bin 2>said >got; grep -q -- "--from llmc reads it" said
	exits 3 nt-pack --from llmc x.bin 2>said >got; grep -q "not a token file of llm.c" said
	printf "\223NUMPY\1\0v\0{}" >n.npy; exits 3 nt-pack --from olmo n.npy 2>said >got; grep -q "saved, with a header" said'

t 'a cut llmc file, one that goes on, and one of another version are refused' '
	four | nt-pack -q --format llmc -o x; head -c 1039 x_000000.bin >y; { cat x_000000.bin; printf a; } >z
	exits 3 nt-pack --from llmc -t bytes y 2>said >got; grep -q "y: cut at byte 1039: its header promises 8 tokens, and here are 7" said
	exits 3 nt-pack --from llmc -t bytes z 2>said >got; grep -q "z: goes on behind the 8 tokens" said
	head -c 99 x_000000.bin >y; exits 3 nt-pack --from llmc -t bytes y 2>said >got; grep -q "y: cut at byte 99" said
	{ head -c 4 x_000000.bin; printf "\3"; tail -c +6 x_000000.bin; } >y
	exits 3 nt-pack --from llmc -t bytes y 2>said >got; grep -q "version 3" said'

t 'indexes that do not fit the tokens are refused' '
	for f in megatron olmo datatrove; do four | nt-pack -q --format $f -o $f; done
	for f in megatron.bin olmo.npy datatrove.ds; do
		cp $f keep; head -c 4 keep >$f; exits 3 nt-pack --from ${f%.*} -t bytes $f 2>said >got; grep -q "$f: cut after 2 tokens" said
		{ cat keep keep; } >$f; exits 3 nt-pack --from ${f%.*} -t bytes $f 2>said >got; grep -q "$f: more tokens than" said
		mv keep $f
	done
	head -c 60 megatron.idx >x.idx; cp megatron.bin x.bin
	exits 3 nt-pack --from megatron -t bytes x 2>said >got; grep -q "x.idx: of 60 bytes, it cannot hold the 3 sequences and 4 documents" said
	{ head -c 46 megatron.idx; printf "\1"; tail -c +48 megatron.idx; } >x.idx
	exits 3 nt-pack --from megatron -t bytes x 2>said >got; grep -q "x.idx: document 0: a sequence does not lie" said
	{ head -c 17 megatron.idx; printf "\7"; tail -c +19 megatron.idx; } >x.idx
	exits 3 nt-pack --from megatron -t bytes x 2>said >got; grep -q "tokens of type 7" said
	rm x.idx; exits 4 nt-pack --from megatron -t bytes x.bin 2>said >got; grep -q "x.idx: cannot open" said
	head -c 31 datatrove.ds.index >i; mv i datatrove.ds.index
	exits 3 nt-pack --from datatrove -t bytes datatrove.ds 2>said >got; grep -q "index: 31 bytes" said
	printf "0,3\n4,5\n" | gzip >olmo.csv.gz
	exits 3 nt-pack --from olmo -t bytes olmo.npy 2>said >got; grep -q "document 1: it does not lie behind" said
	printf "0;3\n" | gzip >olmo.csv.gz
	exits 3 nt-pack --from olmo -t bytes olmo.npy 2>said >got; grep -q "two numbers" said
	printf "0,3\n3,5\n" | gzip | head -c 22 >olmo.csv.gz
	exits 3 nt-pack --from olmo -t bytes olmo.npy 2>said >got; grep -q "cut or damaged" said'

t 'without an index marks tell where documents end' '
	for f in olmo datatrove; do
		four | nt-pack -q --format $f -o $f && rm $f.csv.gz $f.ds.index 2>/dev/null || true
		nt-pack -q --from $f -t bytes $f.* >back; [ "$(texts back)" = "ab|c||d" ]
	done
	four | nt-pack -q --format nanogpt | nt-pack -q --from nanogpt -t bytes >back; [ "$(texts back)" = "ab|c||d" ]
	printf "a\0b\0" >x.bin; printf "\1\1c\0" >y.bin; nt-pack -q --from nanogpt -t bytes x.bin y.bin >back
	[ "$(texts back)" = "ab||c" ]'

t 'what was read from is in the manifest' '
	four | nt-pack -q --format nanogpt | nt-pack -q --from nanogpt -t bytes >back
	nt-info --json back | grep -q "\"from\":\"nanogpt\""; nt-info --json back | grep -q "\"source_bytes\": 4,"'

t 'an index that promises a document of more than 2^30 tokens is refused before any is read' '
	head -c 4 /dev/zero >a.ds; printf "\001\000\000\100\000\000\000\000" >a.ds.index
	exits 3 nt-pack --from datatrove -t bytes a.ds 2>said >got
	grep "a.ds: the document that ends at token 1073741825, or behind it, has more than 2^30" said
	printf "\000\000\000\100\000\000\000\000" >a.ds.index
	exits 3 nt-pack --from datatrove -t bytes a.ds 2>said >got; grep "cut after 2 tokens" said'

done_testing
