#!/bin/sh
# SPDX-License-Identifier: MIT
# The promises that programs keep together: a pipe that breaks anywhere is noticed, two
# vocabularies never mix, joining with cat works, and the same work gives the same bytes.
. "$(dirname "$0")/../lib.sh"

corpus() { awk -v n="$1" 'BEGIN { for (i = 1; i <= n; i++) { printf "Paragraph %d of the text.\n\n", i % 997; if (i % 10 == 0) printf "@" } }' | tr @ '\0'; }

t 'the pipeline needs no options' '
	corpus 2000 | nt-tokenize -q | nt-dedup -q | nt-pack -q >data.bin
	nt-info data.bin | grep -q "^documents  *100$"'

t 'every stage gives the same bytes at any number of threads' '
	corpus 20000 >in
	for j in 1 2 5; do
		nt-tokenize -q -j$j <in | nt-dedup -q -j$j | nt-shuffle -q -j$j | nt-pack -q -j$j --seq-len 64 >$j.bin
		cmp 1.bin $j.bin
	done'

t 'sources cleaned of what the ones before them have, shuffled and packed by themselves, keep their names' '
	corpus 2000 >wiki; corpus 9000 >books # 200 and 900 documents; what repeats of a text stays in one of them
	for s in wiki books; do
		nt-tokenize -q <$s | nt-dedup -q --by=document --state seen.ntk | nt-shuffle -q | nt-pack -q --source $s -o $s.bin
	done
	cat wiki.bin books.bin >both.bin
	[ "$(nt-tokenize -q -d both.bin | tr "\0" @ | tr -s "\n" " " | tr @ "\n" | sort | uniq -d | wc -l)" = 0 ]
	nt-info both.bin | grep "^source  *wiki: 200 documents"; nt-info both.bin | grep "^source  *books: 700 documents"
	nt-train --plan --arch=gpt2 --hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 \
		--max-steps=2 wiki.bin:0.7 books.bin:0.3 | grep "^source  *wiki: 0.7 of the targets"'

t 'a killed producer is noticed by whoever reads' '
	corpus 50000 >in
	mkfifo text stream
	for stage in nt-dedup nt-shuffle nt-pack nt-info "nt-tokenize -d"; do
		nt-tokenize -q -0 <text >stream & producer=$!
		$stage <stream >out 2>said & reader=$!
		exec 9>text
		cat in >&9
		kill -9 "$producer"
		wait "$producer" || :
		got=0 && wait "$reader" || got=$?
		exec 9>&-
		[ "$got" = 3 ] && grep -Eq "cut at byte|empty" said || { echo "$stage: $got"; cat said; exit 1; }
	done'

t 'a producer that fails is noticed although the pipe hides it' '
	exits 3 sh -c "nt-tokenize -q /nowhere/at/all | nt-dedup -q | nt-pack -q >data.bin" 2>said
	grep -q "nt-pack: standard input: empty" said'

t 'text that is handed on with a manifest says its whole story' '
	corpus 2000 >a.txt; corpus 500 | gzip >b
	nt-cat -q --manifest run.json -0 a.txt b | nt-filter -q -0 --rules none --set min_words=1 --manifest run.json |
		nt-tokenize -q -0 --manifest run.json | nt-dedup -q | nt-shuffle -q | nt-pack -q -o data.bin
	nt-info --json data.bin >json
	${PYTHON:-python3} -c "
import json
chain = json.load(open(\"json\"))[\"manifest\"]
assert [e[\"program\"][3:] for e in chain] == [\"cat\", \"filter\", \"tokenize\", \"dedup\", \"shuffle\", \"pack\"]
for a, b in zip(chain, chain[1:]):
    assert a[\"out\"] == b[\"in\"], (a, b)
assert chain[0][\"in\"][\"file_bytes\"] < chain[0][\"out\"][\"bytes\"] and chain[1][\"dropped\"] == {\"min_words\": 0}"'

t 'what became documents stands in the manifest of every program that reads text' '
	printf "%s\n" "{\"a\":\"one\",\"b\":\"two\"}" >a.jsonl
	nt-cat -q --split jsonl --field a --where a!=x --manifest run.json a.jsonl >text
	grep -q "\"split\":\"jsonl\",\"field\":\[\"a\"\],\"where\":\[\"a!=x\"\]" run.json
	nt-filter -q --rules none --field a,b --manifest run.json a.jsonl >text
	grep -q "\"split\":\"auto\",\"field\":\[\"a,b\"\]" run.json
	nt-tokenize -q --field a --field b a.jsonl | nt-info --json | tr -d " \n" | grep -q "\"field\":\[\"a\",\"b\"\]"'

t 'with a manifest a producer of text that fails is noticed, too, and an old one is not believed' '
	corpus 2000 >a.txt; head -c 100 a.txt >b.txt
	nt-cat -q --manifest run.json -0 a.txt >whole
	exits 3 sh -c "nt-cat -q --manifest run.json -0 a.txt missing | nt-tokenize -q -0 --manifest run.json | nt-pack -q >data.bin" 2>said
	cat said; grep -q "run.json: not there" said
	nt-cat -q --manifest run.json -0 a.txt >whole
	for stage in "nt-filter -q --rules none" "nt-tokenize -q"; do
		exits 3 $stage -0 --manifest run.json <b.txt >out 2>said; cat said; grep -q "run.json: nt-cat let 200 documents" said
	done
	nt-filter -q --rules none -0 --manifest run.json a.txt b.txt | nt-tokenize -q -0 --manifest run.json | nt-info | grep -q "nt-filter"'

t '--manifest replaces no file that is something else' '
	echo "my notes" >notes; echo text >a.txt
	for stage in nt-cat nt-filter; do exits 2 $stage -q --manifest notes a.txt >out 2>said; grep -q "notes is another kind of file" said; done
	grep -q "my notes" notes'

t 'what is no text is refused by what it is and who takes it, wherever text is read' '
	corpus 100 >in
	nt-tokenize -q -0 -o a.nts in; nt-pack -q -o a.ntd a.nts; nt-dedup -q --state a.ntk a.nts >cleaned
	nt-vocab -q --counts -o a.ntc in
	nt-train -q --hidden-size=32 --num-hidden-layers=1 --seq-len=32 --max-steps=2 -o ckpt a.ntd
	nt-export -q -o a.gguf ckpt; cp ckpt/model.safetensors .
	gzip -k a.nts
	for f in a.nts a.nts.gz a.ntd a.ntk a.ntc a.gguf model.safetensors ckpt ckpt/latest; do
		for c in nt-cat "nt-cat -j2 in" "nt-cat -j2 --split=line in" nt-tokenize nt-filter "nt-vocab in" "nt-score ckpt" \
			"nt-score --choices ckpt" "nt-dedup a.nts --against" "nt-pack --ids" "nt-dedup --ids" \
			"nt-score --ids ckpt" "nt-tokenize -d --ids"; do
			case $c:$f in
			nt-vocab*.ntc | "nt-score ckpt:a.ntd" | *--ids*:a.nts.gz | *--ids*:ckpt*) continue ;;
			esac
			echo "$c $f"
			exits 3 $c $f >out 2>err
			grep "^${c%% *}: $f: .*, not text: .*" err; [ "$(wc -l <err)" = 1 ]
		done
	done
	for f in a.nts a.ntd a.gguf; do
		for c in nt-cat "nt-tokenize -0" "nt-vocab --split=line" "nt-score ckpt" "nt-sample ckpt" "nt-sample --lines ckpt" \
			"nt-sample --jsonl ckpt" "nt-pack --ids"; do
			cat $f | exits 3 $c >out 2>err
			grep "^${c%% *}: standard input: .*, not text: .*" err; [ "$(wc -l <err)" = 1 ]
		done
	done
	mkdir folder; cp in a.nts a.gguf folder; mv folder/a.gguf folder/0
	for c in "nt-cat -j1" "nt-cat -j2" nt-tokenize nt-filter nt-vocab; do
		exits 3 $c folder 2>err >out
		grep "^${c%% *}: folder/0: a GGUF file, not text: nt-info .*; nt-cat --lenient passes over it$" err
	done
	exits 3 nt-tokenize folder ckpt 2>err >out; grep "^nt-tokenize: ckpt: a model, not text: [^;]*$" err; [ ! -s out ]
	rm folder/0
	nt-cat --lenient folder 2>err | cmp - in; grep "1 place, the first: folder/a.nts: a token stream" err
	printf "NTS1 and GGUF are text" >words; nt-cat -q words | cmp - words'

t 'an output whose folder is not there is refused before the work, and the folder is named' '
	corpus 100 >in; nt-tokenize -q -0 -o a.nts in; nt-pack -q -o a.ntd a.nts; : >file
	check() { # FOLDER COMMAND...
		folder=$1
		shift
		exits 4 "$@" 2>err >out; cat err
		grep "cannot create: there is no folder $folder; mkdir" err; [ "$(wc -l <err)" = 1 ]; [ ! -s out ]
	}
	for c in "nt-cat in" "nt-tokenize in" "nt-filter in" "nt-vocab in" "nt-dedup a.nts" "nt-shuffle a.nts" "nt-pack a.nts" \
		"nt-info a.nts" "nt-pack --format megatron a.nts"; do
		check no/where $c -o no/where/x
	done
	check no nt-pack --holdout 0.1:no/val a.nts -o data.bin
	check no nt-dedup --state no/x a.nts; check no nt-dedup --near --state no/x a.nts
	check no nt-filter --report no/x in; check no nt-filter --rejected no/x in
	check no nt-cat --manifest no/x in
	check no nt-train -q --max-steps=2 --hidden-size=32 --num-hidden-layers=1 a.ntd -o no/x
	nt-train -q --max-steps=2 --hidden-size=32 --num-hidden-layers=1 a.ntd -o ckpt
	check no nt-export ckpt -o no/x; check no nt-export --safetensors ckpt -o no/x
	check no nt-report ckpt -o no/x; check no nt-score ckpt in -o no/x; check no nt-sample ckpt -o no/x
	exits 4 nt-cat in -o file/x 2>err; grep "^nt-cat: file/x: cannot create: file is no folder$" err
	exits 2 nt-train -q a.ntd -o file 2>err; grep "^nt-train: file: is no folder" err
	exits 2 nt-cat in -o "" 2>err; grep "name of an output is empty" err'

t 'a data file that comes through a pipe is refused in one line where it has to be mapped' '
	corpus 100 | nt-tokenize -q | nt-pack -q >a.bin
	mkfifo pipe
	cat a.bin >pipe & exits 2 nt-train pipe 2>err; wait
	grep "^nt-train: pipe: a pipe or device cannot be mapped: put it into a file first$" err; [ "$(wc -l <err)" = 1 ]
	cat a.bin | exits 2 nt-train - 2>err
	grep "^nt-train: standard input cannot be mapped: put it into a file" err; [ "$(wc -l <err)" = 1 ]
	cat a.bin | exits 2 nt-train 2>err; grep "no data file: name what nt-pack wrote" err
	for c in "nt-pack" "nt-shuffle" "nt-tokenize -d" "nt-info"; do
		cat a.bin | exits 3 $c 2>err >out; grep "standard input: a data file, .* so name the file" err
	done'

t 'a stream cut anywhere is refused at every stage' '
	corpus 3000 | nt-tokenize -q >whole.nts
	size=$(wc -c <whole.nts)
	for at in 1 63 64 65 1000 $((size / 2)) $((size - 64)) $((size - 1)); do
		head -c "$at" whole.nts >cut
		for stage in "nt-dedup -q" "nt-shuffle -q" "nt-pack -q" "nt-info"; do
			exits 3 $stage cut >out 2>said
			grep -q "cut: cut at byte" said || { echo "$stage $at"; cat said; exit 1; }
		done
	done'

t 'a data file cut anywhere is refused' '
	corpus 3000 | nt-tokenize -q | nt-pack -q >whole.bin
	size=$(wc -c <whole.bin)
	for at in 1 4095 4096 8192 $((size / 2)) $((size - 4096)) $((size - 1)); do
		head -c "$at" whole.bin >cut
		exits 3 nt-info cut >out 2>said
		grep -q "cut" said || { echo "$at"; cat said; exit 1; }
	done'

t 'two vocabularies are not mixed in a stream or in a data file' '
	corpus 20 >in
	nt-tokenize -q in >a.nts; nt-tokenize -q -t bytes in >b.nts
	for stage in nt-dedup nt-shuffle nt-pack nt-info; do
		cat a.nts b.nts | exits 3 $stage >out 2>said
		grep -q "two vocabularies cannot be mixed" said
	done
	exits 3 nt-pack a.nts b.nts >out 2>said
	grep -q "b.nts: .*two vocabularies" said
	nt-pack -q a.nts >a.bin; nt-pack -q b.nts >b.bin; cat a.bin b.bin >ab.bin
	exits 3 nt-info ab.bin >out 2>said
	grep -q "two vocabularies" said'

t 'cat joins streams and data files' '
	corpus 200 >in
	nt-tokenize -q <in >a.nts; cat a.nts a.nts a.nts >aaa.nts
	nt-info --json aaa.nts | grep -q "\"documents\": 60,"
	nt-dedup -q aaa.nts | nt-info --json | grep -q "\"documents\": 20,"
	nt-pack -q a.nts >a.bin; cat a.bin a.bin >aa.bin; nt-pack -q a.nts >>aa.bin
	nt-info --json --verify aa.bin | grep -q "\"documents\": 60, .*\"segments\": 3,"'

t 'work divided by documents and joined in order gives the bytes of the whole' '
	for i in 1 2 3 4 5 6 7 8 9; do corpus $((i * 311)) >$i.txt; done
	nt-tokenize -q -0 *.txt | nt-dedup -q | nt-shuffle -q | nt-pack -q --seq-len 64 | cat >whole.bin
	for f in *.txt; do nt-tokenize -q -0 -j1 $f >$f.nts; done
	cat *.nts | nt-dedup -q | nt-shuffle -q | nt-pack -q --seq-len 64 | cat >joined.bin
	cmp whole.bin joined.bin'

t 'the hash of a text is that of its documents, in any order, in parts or whole' '
	hash() { nt-tokenize -q "$@" | nt-info --json | sed "s/.*\"hash\":\"\([0-9a-f]*\)\".*/\1/"; }
	corpus 905 >in; awk "BEGIN { for (i = 0; i < 400000; i++) print i }" >long.txt
	{ cat in; printf "\0"; cat long.txt; } >ab; { cat long.txt; printf "\0"; cat in; } >ba
	[ "$(hash <ab)" = "$(hash <ba)" ]; [ "$(hash <ab)" != "$(hash <in)" ]
	[ "$(hash long.txt)" = "$(hash -j1 long.txt)" ]
	[ "$(hash long.txt)" = "$(hash --split=none -t bytes <long.txt)" ]
	nt-tokenize -q <ab | nt-shuffle -q | nt-tokenize -q -d >shuffled
	not cmp -s ab shuffled; [ "$(hash <ab)" = "$(hash <shuffled)" ]'

t 'text comes back byte for byte, the repeats apart' '
	corpus 905 >in
	nt-tokenize -q <in | nt-dedup -q | nt-pack -q | cat >data.bin
	nt-tokenize -q -d data.bin | cmp - in'

t 'no progress and no carriage return where standard error is no terminal' '
	corpus 20000 | nt-tokenize 2>said | nt-dedup 2>>said | nt-shuffle 2>>said | nt-pack 2>>said >data.bin
	tr -d -c "\r" <said | not grep -q .; [ "$(wc -l <said)" -le 6 ]'

python=${PYTHON:-python3}
if "$python" -c 'import numpy' 2>/dev/null; then
	t 'a reader written from docs/formats.md gets the same documents' '
		corpus 500 | nt-tokenize -q >s.nts
		nt-pack -q s.nts >a.bin; nt-pack -q --seq-len 50 s.nts >rows.bin
		cat a.bin a.bin >aa.bin; cat rows.bin rows.bin >rr.bin
		for f in a.bin rows.bin aa.bin rr.bin; do
			"$python" "$root/examples/read_data.py" $f >got
			nt-tokenize -q -d $f | cmp - got
		done
		head -c 8192 a.bin >cut
		exits 1 "$python" "$root/examples/read_data.py" cut 2>said
		grep -q "cut" said'
	t 'the ten lines of docs/formats.md do what they say' '
		sed -n "/^## Reading a data file/,\$p" "$root/docs/formats.md" | sed -n "/^import/,/^print/p" >ten.py
		printf "ab" | nt-tokenize -q -t bytes | nt-pack -q >data.bin
		"$python" ten.py | grep -q "97  *98"'
else
	skip 'a reader written from docs/formats.md gets the same documents' 'no numpy'
fi

done_testing
