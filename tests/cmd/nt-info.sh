#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-info: what a file is, how it came about, and whether it is whole.
. "$(dirname "$0")/../lib.sh"

bytes() { nt-tokenize -q -0 -t bytes "$@"; }
sample() { printf 'one\n\ntwo\n\none\n\n\0three'; }

t 'a stream is described from standard input and from a file' '
	sample | bytes | nt-info >a
	grep -q "^kind  *token stream$" a; grep -q "^documents  *2$" a; grep -q "^units  *4$" a
	grep -q "^tokens  *20$" a; grep -q "^source bytes  *20$" a; grep -q "^fingerprint  *[0-9a-f]\{32\}$" a
	sample | bytes >s.nts; nt-info s.nts | sed 1d >b; sed 1d a | cmp - b'

t 'a data file is described from a file and from standard input that is one' '
	sample | bytes | nt-pack -q >data.bin
	nt-info data.bin >a; nt-info - <data.bin >b
	grep -q "^holds  *documents$" a; grep -q "^tokens  *24$" a; grep -q "^segments  *1$" a
	sed 1d a >c; sed 1d b | cmp - c'

t 'rows are described with their padding' '
	sample | bytes | nt-pack -q --seq-len 16 >rows.bin
	nt-info rows.bin >a
	grep -q "^rows  *2$" a; grep -q "^seq len  *16$" a; grep -q "^padding  *[0-9]" a'

t 'the manifest is printed as a funnel, each program with what it let through and lost' '
	sample | bytes | nt-dedup -q | nt-shuffle -q | nt-pack -q --seq-len 16 >rows.bin
	nt-info rows.bin | sed -n "/^made by/,\$p" >funnel
	grep -Eqx "made by +bytes +documents +tokens *" funnel
	grep -Eqx "  nt-tokenize +20 +2 +20 *" funnel
	grep -Eqx "  nt-dedup +15 +-25 % +2 +15 +-25 % *" funnel
	grep -qx "      by=unit units=3 of 4" funnel
	grep -Eqx "  nt-shuffle +15 +2 +15 *" funnel; grep -q "seed=1337" funnel
	grep -Eqx "  nt-pack +15 +2 +19 *" funnel; grep -q "seq_len=16.* padding=" funnel
	not grep "................................................................................." funnel'

t 'every stage says what came and what it let through, and the first which text' '
	sample | bytes | nt-dedup -q | nt-shuffle -q | nt-pack -q | cat >data.bin
	nt-info --json data.bin >json
	${PYTHON:-python3} -c "
import json
chain = json.load(open(\"json\"))[\"manifest\"]
assert [e[\"program\"] for e in chain] == [\"nt-tokenize\", \"nt-dedup\", \"nt-shuffle\", \"nt-pack\"]
for a, b in zip(chain, chain[1:]):
    assert a[\"out\"] == b[\"in\"], (a, b)
assert chain[0][\"in\"] == {\"documents\": 2, \"bytes\": 20, \"hash\": chain[0][\"in\"][\"hash\"]}
assert len(chain[0][\"in\"][\"hash\"]) == 32 and chain[3][\"in\"][\"tokens\"] == 15"'

t 'equal chains add up where streams are joined' '
	sample | bytes >a.nts
	cat a.nts a.nts | nt-pack -q | cat >data.bin
	nt-info data.bin | grep -Eq "nt-tokenize +40 +4 +40"
	cat data.bin data.bin >twice.bin
	nt-info twice.bin | grep -Eq "nt-pack +80 +8 +96"'

t 'other chains stand one behind the other, where each begins with a +' '
	sample | bytes >a.nts; sample | nt-tokenize -q --split=none -t bytes >b.nts
	nt-dedup -q a.nts b.nts | nt-info >got; cat got
	sed -n "/^made by/,\$p" got | grep "^[ +] nt" | sed "s/  */ /g" >rows
	printf "%s\n" " nt-tokenize 20 2 20" "+ nt-tokenize 21 1 21" " nt-dedup 21 -48.8 % 3 21 -48.8 %" | diff - rows'

t 'a manifest that lies beside a text is described' '
	sample | nt-cat -q -0 --manifest run.json >text; nt-info run.json >got; cat got
	grep -q "^kind  *manifest$" got; grep -Eqx "  nt-cat +20 +2 +-" got
	printf "[{\"a" >cut; for o in "" --json; do exits 3 nt-info $o cut 2>said >got; [ ! -s got ]; grep -q "cut: not a manifest" said; done'


t 'a manifest may say what it likes: nothing of it is obeyed or followed' '
	for what in "\"in\":7,\"out\":8,\"options\":5" "\"options\":[1],\"out\":[2]" "\"in\":\"a\",\"out\":\"b\"" "\"out\":{\"tokens\":{}}"; do
		echo "[{\"program\":\"x\",$what},{\"program\":null}]" >odd; nt-info odd | grep -Eq "^  x +- "
	done
	printf %s "[{\"program\":\"\\u001b[31mred\",\"options\":{\"a\\nb\":\"\\u0007\"}}]" >odd; nt-info odd >got
	grep -q "^  ?\[31mred" got; grep -q "^      a?b=?$" got'

t '--json is one object a file, a line each' '
	sample | bytes >s.nts; nt-pack -q <s.nts >data.bin
	nt-info --json s.nts data.bin >json
	[ "$(wc -l <json)" = 2 ]
	${PYTHON:-python3} -c "
import json
a, b = map(json.loads, open(\"json\"))
assert a[\"documents\"] == b[\"documents\"] == 2 and a[\"tokens\"] == 20 and b[\"tokens\"] == 24
assert a[\"fingerprint\"] == b[\"fingerprint\"] and b[\"manifest\"][1][\"program\"] == \"nt-pack\""'

t '-o writes to a file, which holds all or is not there' '
	sample | bytes >s.nts; nt-pack -q <s.nts >data.bin; head -c 50 s.nts >cut
	for o in "" --json; do
		nt-info $o s.nts data.bin >due; nt-info $o -o got s.nts data.bin >out; cmp due got; [ ! -s out ]
	done
	exits 3 nt-info -o none s.nts cut; [ ! -e none ]
	exits 3 nt-info s.nts cut >out; nt-info s.nts | cmp - out'

t 'every kind of file says in JSON which file it is and of what kind' '
	sample | bytes >s.nts; nt-pack -q <s.nts >data.bin; nt-dedup -q --state s.ntk s.nts >out; echo a b a b >a.txt
	nt-vocab -q --counts -o c.ntc a.txt; nt-vocab -q -n 260 -o tok.json a.txt; nt-cat -q --manifest m.json a.txt >out
	nt-train -q --hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=8 --max-steps=1 -o ckpt data.bin
	nt-export -q -o m.gguf ckpt; nt-export -q --safetensors -o folder ckpt
	for f in s.nts data.bin s.ntk c.ntc tok.json m.json ckpt m.gguf folder ckpt/model.safetensors; do
		nt-info --json $f | $PYTHON -c "
import json, sys
o = json.load(sys.stdin)
print(sys.argv[1], o[\"kind\"])
assert o[\"file\"] == sys.argv[1]" $f
	done'

t 'a tokenizer is described' '
	printf "some text to learn from, some more text" | nt-vocab -q -n 270 -o tokenizer.json
	nt-info tokenizer.json | grep -q "^vocab size  *2[0-9][0-9]$"'

t 'a safetensors file is described' '
	header="{\"__metadata__\":{\"format\":\"pt\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}}"
	{ printf "\\$(printf %o ${#header})\0\0\0\0\0\0\0%s" "$header"; head -c 24 /dev/zero; } >w.safetensors
	nt-info w.safetensors >got; grep -q "^parameters  *6$" got; grep -q "^dtype  *F32$" got'

t '--verify finds damage where nothing else looks' '
	sample | bytes | nt-pack -q >data.bin
	nt-info --verify data.bin 2>said >got; grep -q "1 file, no damage" said
	cp data.bin bad.bin
	printf Z | dd of=bad.bin bs=1 seek=4100 conv=notrunc 2>dd
	nt-info bad.bin >got
	exits 1 nt-info --verify bad.bin 2>said >got
	grep -q "bad.bin: the tokens at bytes 4096 to 4144 are damaged" said'

t '--verify looks at all files, and says of each what is damaged' '
	sample | bytes >s.nts; nt-pack -q <s.nts >data.bin; head -c -1 s.nts >cut; head -c 5000 data.bin >half
	exits 1 nt-info -q --verify --json cut data.bin half s.nts 2>said >got
	nt-info --json data.bin s.nts | cmp - got
	[ "$(wc -l <said)" = 3 ]; grep "^nt-info: cut: cut at byte" said; grep "^nt-info: half: cut at byte" said
	grep -x "nt-info: damage in 2 of 4 files" said
	exits 4 nt-info --verify cut missing half 2>said; not grep half said'

t 'a cut file is status 3, and with --verify 1' '
	sample | bytes >s.nts; nt-pack -q <s.nts >data.bin
	for f in s.nts data.bin; do
		head -c -1 $f >cut
		exits 3 nt-info cut 2>said >got; grep -q "cut: cut at byte" said
		exits 1 nt-info --verify cut 2>said >got
	done'

t 'what is no file of ours is refused' '
	: >empty; echo hello >text; printf "{}" >object
	exits 3 nt-info empty 2>said >got; grep -q "empty: empty" said
	exits 3 nt-info text 2>said >got; grep -q "not a file of this suite" said
	exits 3 nt-info object >got
	exits 4 nt-info missing >got
	exits 3 nt-info </dev/null 2>said >got'

t 'a full disk is an error' 'sample | bytes | exits 4 nt-info >/dev/full'

t 'a closed pipe ends it without a word' '
	sample | bytes | nt-info 2>said | head -c 1 >got; [ ! -s said ]'

t 'a data file out of a pipe is told apart from a stream' '
	echo x | nt-tokenize -q | nt-pack -q | exits 3 nt-info 2>said; grep -q "name the file" said'

t 'an unknown option is refused with the nearest one' '
	exits 2 nt-info --verfy 2>said
	grep -q -- "--verify" said'

done_testing
