#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

# A tiny model of bytes, trained for a moment; $ckpt is its directory, $data what it read.
ckpt=$work/ckpt
data=$work/data.bin
printf 'the cat sat on the mat\nthe dog sat on the log\n' |
	nt-tokenize -q -t bytes --split=line | nt-pack -q -o "$data"
nt-train -q "$data" -o "$ckpt" --max-steps 3 --arch gpt2 --hidden-size 16 --num-hidden-layers 1 \
	--num-attention-heads 2 --seq-len 32 --batch-size 2 2>"$work/train.log" || cat "$work/train.log"
total() { awk -F'\t' 'NR > 1 { s += $7 } END { printf "%.4f\n", s }'; }
near() { awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; exit !(d < 1e-4 && d > -1e-4) }'; }

t 'a table has one line a target, the running sum at the right' '
	printf "the cat" | nt-score "$ckpt" >out 2>err
	[ "$(grep -c " % " out)" = 8 ]
	sum=$(grep " % " out | tail -1 | sed "s/.* //")
	grep -q "^L = $sum nats over 8 targets" out
	grep -q "bits/byte" out
	grep -q "1 document, 8 targets, $sum nats" err
	grep -q "^ *1  \[B\] " out && grep -q "^ *8  .* \[E\] " out'

t 'tab-separated output has the promised columns' '
	printf "a\\\\\\t\\303" | nt-score -q --tsv "$ckpt" >out
	head -1 out | tr "\t" " " >names
	echo "doc pos input_id input target_id target nll cum rank pred_id pred p_pred" | cmp - names
	awk -F"\t" "NF != 12 { exit 1 }" out
	cut -f 6 out | tr "\n" " " >targets
	grep -q "target a .x5c .x09 .xc3 <|end_of_text|> " targets'

t 'the sum is the last of the running sums, and what the total says' '
	printf "the dog sat" | nt-score -q --tsv "$ckpt" >out
	near "$(total <out)" "$(tail -1 out | cut -f 8)"
	printf "the dog sat" | nt-score -q --total "$ckpt" >all
	near "$(total <out)" "$(awk "/^nats / { print \$2 }" all)"
	grep -q "^targets *12$" all'

t 'JSON holds the same numbers, one object a document' '
	printf "one\0two" | nt-score -q -0 --json "$ckpt" >out
	"$PYTHON" - out <<-"END"
	import json, sys
	docs = [json.loads(line) for line in open(sys.argv[1])]
	assert [d["doc"] for d in docs] == [0, 1] and [d["bytes"] for d in docs] == [3, 3]
	for d in docs:
	    names = "pos input_id input target_id target nll cum rank pred_id pred p_pred"
	    assert all(set(p) == set(names.split()) for p in d["positions"])
	    assert len(d["positions"]) == d["targets"] == 4
	    assert abs(sum(p["nll"] for p in d["positions"]) - d["nats"]) < 1e-4
	END'

t 'a data file gives totals that are those of its texts' '
	printf "the cat sat on the mat\nthe dog sat on the log\n" |
		nt-score -q --split=line --tsv "$ckpt" >texts
	nt-score -q --json "$ckpt" "$data" >data
	"$PYTHON" -c "
import json, sys
d = json.load(open(\"data\"))
assert d[\"documents\"] == 2 and d[\"targets\"] == 46 and d[\"bytes\"] == 44, d
assert abs(d[\"nats\"] - float(sys.argv[1])) < 1e-4" "$(total <texts)"'

t 'the totals of held-out data are what training logged' '
	nt-train -q "$data" --val "$data" -o c --max-steps 2 --hidden-size 16 --num-hidden-layers 1 \
		--num-attention-heads 2 --seq-len 32 --batch-size 2
	nt-score -q --json c "$data" >out
	"$PYTHON" - <<-"END"
	import json
	last = [json.loads(l) for l in open("c/log.jsonl")][-1]
	got = json.load(open("out"))
	assert abs(last["val_loss"] - got["nats_per_token"]) < 1e-5, (last, got)
	assert abs(last["val_bpb"] - got["bits_per_byte"]) < 1e-5, (last, got)
	END'

t 'rows with a stride have the loss of the sliding window' '
	printf "the cat sat on the log and the dog sat on the mat, both of them asleep" >text
	nt-tokenize -q -t bytes text >in.nts && nt-pack -q --seq-len 20 --stride 8 in.nts >rows.bin
	nt-pack -q in.nts >doc.bin
	ids=$(nt-tokenize -q -t bytes --ids text)
	b=$(nt-info --json doc.bin | sed "s/.*\"bos_token_id\": \([0-9]*\).*/\1/")
	e=$(nt-info --json doc.bin | sed "s/.*\"eos_token_id\": \([0-9]*\).*/\1/")
	set -- $b $ids $e
	for at in 0 8 16 24 32 40 48 56; do # each window: 20 tokens, behind the first 12 of context
		[ "$#" -gt "$at" ] || continue
		echo "$@" | tr " " "\n" | tail -n +$((at + 1)) | head -n 20 | paste -s -d" " - >window
		nt-score -q --ids --tsv "$ckpt" window | awk -F"\t" -v c=$((at ? 12 : 1)) "NR > c { print \$7 }"
		[ $((at + 20)) -lt "$#" ] || break
	done >nll
	[ "$(wc -l <nll)" = $(($# - 1)) ]
	near "$(awk "{ s += \$1 } END { printf \"%.6f\", s }" nll)" "$(nt-score -q --tsv "$ckpt" rows.bin | tail -1 | cut -f 1)"
	[ "$(nt-score -q --tsv "$ckpt" rows.bin | tail -1 | cut -f 6,7)" = "$(nt-score -q --tsv "$ckpt" doc.bin | tail -1 | cut -f 6,7)" ]'

t 'sources that have names have totals of their own' '
	printf "the cat" | nt-tokenize -q -t bytes >a.nts && printf "on the mat\0a log" | nt-tokenize -q -t bytes >b.nts
	for how in "" "--seq-len 10"; do
		nt-pack -q $how --source cats a.nts >a.bin && nt-pack -q $how --source "mats and logs" b.nts >b.bin
		cat a.bin b.bin a.bin >all.bin && nt-score -q --json "$ckpt" all.bin >both
		nt-score -q --json "$ckpt" a.bin >a && nt-score -q --json "$ckpt" b.bin >b
		cat >check.py <<-"END"
		import json
		both, a, b = (json.load(open(name)) for name in ("both", "a", "b"))
		cats, mats = both["sources"]["cats"], both["sources"]["mats and logs"]
		assert "sources" not in a and list(both["sources"]) == ["cats", "mats and logs"]
		for key in ("nats", "documents", "targets", "bytes"):
		    assert abs(cats[key] - 2 * a[key]) < 1e-5 and abs(mats[key] - b[key]) < 1e-5, key
		    assert abs(both[key] - cats[key] - mats[key]) < 1e-5, key
		END
		$PYTHON check.py
	done
	nt-score -q "$ckpt" all.bin | grep "^source  *mats and logs: [0-9.]* nats/token, [0-9.]* bits/byte, 2 documents, [0-9]* targets$"'

t 'rows of a data file have the loss of their documents' '
	printf "the cat sat on the mat\nthe dog sat on the log\n" | nt-tokenize -q -t bytes --split=line |
		nt-pack -q --seq-len 31 -o rows.bin
	nt-score -q --tsv "$ckpt" "$data" | tail -1 | cut -f 1 >a
	nt-score -q --tsv "$ckpt" rows.bin | tail -1 | cut -f 1 >b
	near "$(cat a)" "$(cat b)"'

t 'a text longer than the context is cut, and every token is predicted once' '
	seq 1 200 >long
	nt-score -q --tsv "$ckpt" long >out
	[ "$(wc -l <out)" = $(($(wc -c <long) + 2)) ]
	nt-score -q --total --tsv "$ckpt" long >all
	near "$(total <out)" "$(tail -1 all | cut -f 1)"'

t 'ids are taken as they stand' '
	printf "116 104 101\n\n5\n" | nt-score -q --tsv --ids "$ckpt" >out
	[ "$(wc -l <out)" = 3 ]
	printf "the" | nt-score -q --tsv "$ckpt" | sed -n 3,4p | cut -f 5,6 >want
	tail -2 out | cut -f 5,6 | cmp - want
	echo "1 2 300" >bad; exits 3 nt-score --ids "$ckpt" bad 2>err
	grep -q "line 1: token 300" err'

t 'the same bytes come out at any number of threads' '
	seq 1 300 >text
	nt-score -q --tsv -j1 "$ckpt" text >one && nt-score -q --tsv -j2 "$ckpt" text >two && cmp one two
	nt-score -q --json -j1 "$ckpt" "$data" >one && nt-score -q --json -j2 "$ckpt" "$data" >two
	cmp one two'

t 'empty input has nothing but its end to predict' '
	nt-score -q --tsv "$ckpt" </dev/null >out && [ "$(wc -l <out)" -le 2 ]
	: >empty && nt-score -q --tsv "$ckpt" empty >out && [ "$(wc -l <out)" = 2 ]
	nt-score -q --tsv --ids "$ckpt" empty >out && [ "$(wc -l <out)" = 1 ]
	nt-score -q --total --ids "$ckpt" empty >out && grep -q "^nats/token  0.0" out'

t 'data of another tokenizer is refused' '
	printf "the cat" | nt-tokenize -q | nt-pack -q -o other.bin
	exits 3 nt-score "$ckpt" other.bin 2>err && grep -q "tokenizer" err'

t 'cut and damaged files are refused with a sentence' '
	head -c 5000 "$data" >cut.bin && exits 3 nt-score "$ckpt" cut.bin 2>err && grep -q cut.bin err
	mkdir m && cp -L "$ckpt"/*.json m/ && head -c 3000 "$ckpt/model.safetensors" >m/model.safetensors
	echo x | exits 3 nt-score m 2>err && grep -q "m/model.safetensors: " err
	rm m/config.json && echo x | exits 4 nt-score m 2>err && grep -q "m/config.json: " err
	exits 4 nt-score nowhere 2>err </dev/null && grep -q "nowhere: " err'

t 'a model directory without tokenizer scores ids only' '
	mkdir m && cp -L "$ckpt/config.json" "$ckpt/model.safetensors" m/
	echo "1 2 3" | nt-score --ids m >out && grep -q "^ *1  1  " out
	echo x | exits 3 nt-score m 2>err && grep -q "ids does without" err'

t 'mistakes are named' '
	exits 2 nt-score 2>err && grep -q "no checkpoint" err
	exits 2 nt-score --tvs "$ckpt" 2>err && grep -q -- "--tsv" err
	exits 2 nt-score --tsv --json "$ckpt" 2>err
	echo x >text && exits 2 nt-score "$ckpt" "$data" text 2>err && grep -q "text" err'

t 'a full disk is noticed, a closed pipe ends it quietly' '
	seq 1 100 | exits 4 nt-score -q --tsv "$ckpt" >/dev/full 2>err && grep -q "standard output" err
	seq 1 1000 | nt-score -q --tsv "$ckpt" 2>err | head -c1 >out && [ ! -s err ]'

done_testing
