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
	grep -q "^ *1  \[B\] " out; grep -q "^ *8  .* \[E\] " out'

t 'a line holds p, rank, rival, margin and cost of the target, which fit together' '
	printf "the cat" | nt-score -q --color=never "$ckpt" | grep " % " >table
	printf "the cat" | nt-score -q --tsv "$ckpt" | tail -n +2 >tsv
	"$PYTHON" - <<-"END"
	import math, re
	rows = [l.rstrip("\n").split("\t") for l in open("tsv")]
	for line, row in zip(open("table"), rows, strict=True):
	    cells = re.match(r"^ *(\d+)  (.{12})  (.{12})  *([\d.]+) %  (.{12})  *([\d.]+) %  *(\d+)  (.{12})  *"
	                     r"([-+][\d.]+)  *([\d.]+)  *([\d.]+)$", line).groups()
	    n, _, _, p_pred, _, p, rank, rival, margin, nll, cum = cells
	    nll, margin = float(nll), float(margin)
	    assert int(n) == int(row[1]) + 1 and int(rank) == int(row[8])
	    assert abs(nll - float(row[6])) < 1e-3 and abs(float(cum) - float(row[7])) < 1e-3
	    assert abs(float(p) - 100 * math.exp(-nll)) < 0.01 and abs(float(p_pred) - 100 * float(row[11])) < 0.01
	    assert (margin > 0) == (int(rank) == 1), line
	    if int(rank) > 1:  # the rival is the prediction
	        assert abs(margin - (-nll - math.log(float(row[11])))) < 0.02, line
	END'

t 'colours say what a target cost, and only where they were asked for' '
	printf "the cat" | nt-score -q --color=always "$ckpt" >colored
	printf "the cat" | nt-score -q "$ckpt" >plain
	grep -q "$(printf "\033")\[3[123]m" colored
	sed "s/$(printf "\033")\[[0-9]*m//g" colored | cmp - plain
	printf "the cat" | nt-score -q --color=always -o file "$ckpt"; cmp file plain'

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

t 'with a window, a stride and sources they are what training logged, to 1e-6' '
	seq 1 60 | nt-tokenize -q -t bytes >a.nts; seq 100 -1 60 | nt-tokenize -q -t bytes >b.nts
	for s in a b; do nt-pack -q --source $s $s.nts >$s.bin; done
	cat a.bin b.bin >val.bin
	for stride in 8 5; do
		nt-train -q "$data" --val val.bin -o c$stride --max-steps 2 --hidden-size 16 --num-hidden-layers 1 \
			--num-attention-heads 2 --seq-len 8 --stride $stride --batch-size 2 --dtype f32
		nt-score -q --json --seq-len 8 --stride $stride c$stride val.bin >out$stride
	done
	"$PYTHON" - <<-"END"
	import json
	said = []
	for stride in (8, 5):
	    last = [json.loads(l) for l in open(f"c{stride}/log.jsonl")][-1]
	    got = json.load(open(f"out{stride}"))
	    said.append(got["nats_per_token"])
	    def same(a, b):  # the last digit that the log has, and 1e-6
	        assert abs(a - b) < 1e-6 * abs(b) + 5e-7, (a, b)
	    same(last["val_loss"], got["nats_per_token"])
	    same(last["val_bpb"], got["bits_per_byte"])
	    for s in ("a", "b"):
	        same(last["sources"][s]["val_loss"], got["sources"][s]["nats_per_token"])
	END'

t 'a stride is a window that slides over the text, each target predicted once' '
	printf "the cat sat on the log and the dog sat on the mat, both of them asleep" >text
	ids=$(nt-tokenize -q -t bytes --ids text)
	nt-tokenize -q -t bytes text | nt-pack -q -o doc.bin
	b=$(nt-info --json doc.bin | sed "s/.*\"bos_token_id\": \([0-9]*\).*/\1/")
	e=$(nt-info --json doc.bin | sed "s/.*\"eos_token_id\": \([0-9]*\).*/\1/")
	set -- $b $ids $e
	# as in the guide of Hugging Face: windows of 20 tokens, whose first ones are only context
	at=0; seen=0
	while [ "$seen" -lt "$#" ]; do
		echo "$@" | tr " " "\n" | tail -n +$((at + 1)) | head -n 20 | paste -s -d" " - >window
		nt-score -q --ids --tsv "$ckpt" window |
			awk -F"\t" -v c=$((seen ? seen - at : 1)) "NR > c { print \$7 }"
		seen=$((at + 20)) at=$((at + 7))
	done >want
	nt-score -q --tsv --seq-len 19 --stride 7 "$ckpt" text | awk -F"\t" "NR > 1 { print \$7 }" >got
	[ "$(wc -l <got)" = $(($# - 1)) ]
	paste want got | awk "{ d = \$1 - \$2; if (NF != 2 || d > 1e-4 || d < -1e-4) exit 1 }"
	for in in text doc.bin; do
		near "$(awk "{ s += \$1 } END { printf \"%.6f\", s }" want)" \
			"$(nt-score -q --tsv --total --seq-len 19 --stride 7 "$ckpt" $in | tail -1 | cut -f 1)"
	done
	exits 2 nt-score --seq-len 10 --stride 11 "$ckpt" text 2>err; grep -q "stride of 11 is more" err
	exits 2 nt-score --seq-len 1000 "$ckpt" text 2>err; grep -q "max_position_embeddings is 32" err'

t 'products in bf16 come near, and what is not known is not said' '
	for dtype in f32 bf16 q8_0 q4_0; do
		seq 1 30 | nt-score -q --total --tsv --seq-len 20 --dtype $dtype "$ckpt" | tail -1 >$dtype
	done
	awk "{ x[NR] = \$1 } END { d = x[1] / x[2] - 1; exit !(d * d < 1e-4) }" f32 bf16
	[ "$(cat f32 bf16 q8_0 q4_0 | sort -u | wc -l)" -ge 3 ]
	mkdir c; cp "$ckpt"/config.json "$ckpt"/model.safetensors c
	echo "1 2 3" | nt-score --ids --total c >table 2>err; grep -q " targets/s$" err
	not grep -qE "bits|bytes" table; grep -qx "position    1: [0-9.]* nats/token, 1 target" table'

t 'totals tell sources apart, and positions by what stood before' '
	seq 1 40 >a.txt; seq 50 60 >b.txt
	nt-score -q --json --total "$ckpt" a.txt b.txt >both; nt-score -q --json --total "$ckpt" a.txt >a
	nt-score -q --tsv "$ckpt" a.txt b.txt >each; nt-score -q --total "$ckpt" a.txt b.txt >table
	"$PYTHON" - <<-"END"
	import json, math
	both, a = json.load(open("both")), json.load(open("a"))
	assert list(both["sources"]) == ["a.txt", "b.txt"] and "sources" not in a
	assert abs(both["sources"]["a.txt"]["nats"] - a["nats"]) < 1e-5
	bins = {}
	for line in open("each").read().split("\n")[1:-1]:
	    cells = line.split("\t")
	    bin = int(math.log2(int(cells[1]) % 32 + 1))  # the context is 32 inputs
	    bins.setdefault(bin, []).append(float(cells[6]))
	assert len(both["by_position"]) == len(bins) == 6
	for i, b in enumerate(both["by_position"]):
	    assert (b["from"], b["to"], b["targets"]) == (2**i, 2 ** (i + 1) - 1, len(bins[i])), b
	    assert abs(b["nats_per_token"] - sum(bins[i]) / len(bins[i])) < 1e-4
	END
	grep -q "^position    4-7: [0-9.]* nats/token, [0-9]* targets$" table
	grep -q "^source      b.txt: " table'

t 'rows with a stride have the loss of the sliding window' '
	printf "the cat sat on the log and the dog sat on the mat, both of them asleep" >text
	nt-tokenize -q -t bytes text >in.nts; nt-pack -q --seq-len 20 --stride 8 in.nts >rows.bin
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
	printf "the cat" | nt-tokenize -q -t bytes >a.nts; printf "on the mat\0a log" | nt-tokenize -q -t bytes >b.nts
	for how in "" "--seq-len 10"; do
		nt-pack -q $how --source cats a.nts >a.bin; nt-pack -q $how --source "mats and logs" b.nts >b.bin
		cat a.bin b.bin a.bin >all.bin; nt-score -q --json "$ckpt" all.bin >both
		nt-score -q --json "$ckpt" a.bin >a; nt-score -q --json "$ckpt" b.bin >b
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

t 'a page holds every text, and nothing of it is markup' '
	printf "the </script><img src=x onerror=alert(1)> & \"cat\" \001\377" >x.txt
	nt-score -q --html -o page.html "$ckpt" x.txt; nt-score -q --html "$ckpt" x.txt | cmp - page.html
	[ "$(grep -o "</script>" page.html | wc -l)" = 1 ]; not grep -q "<img" page.html
	not grep -q "$(printf "[\001\033\377]")" page.html
	[ "$(grep -o "<i style" page.html | wc -l)" = $(($(wc -c <x.txt) + 1)) ]
	grep -q "Content-Security-Policy" page.html; [ "$(grep -o "https*://[^\"]*" page.html)" = http://www.w3.org/2000/svg ]
	tail -1 page.html | grep -q "</html>"
	for word in perplexity nats/token bits/byte "by position" "rank 1"; do grep -q "$word" page.html; done
	echo "1 2 3" | nt-score -q --html --ids "$ckpt" | grep -q "nats, rank"'

t 'a data file gets a page of its totals' '
	nt-score -q --html "$ckpt" "$data" >page.html; grep -q "<dt>perplexity</dt>" page.html
	not grep -q "<i style" page.html'

cat >"$work/quiz.jsonl" <<-"END"
{"ind": 1, "ctx": "the cat sat on", "endings": ["the mat", "a zebra", "xyzzy", "the log"], "label": "3"}

{"question": "the dog sat on ", "choices": {"text": ["the log", "!"], "label": ["X", "Y"]}, "answerKey": "Y"}
{"prompt": "the", "choices": [" cat", " dogs and cats"], "answer": "B"}
{"prompt": "", "choices": ["the", "on"]}
END
cat >"$work/quiz.py" <<-"END"
# What each choice costs, the long way: every line of ids scored alone.
import json, subprocess, sys
def tsv(*args, **kw):
    out = subprocess.run(["nt-score", "-q", "--tsv", *args], check=True, capture_output=True, text=True, **kw).stdout
    return [line.split("\t") for line in out.split("\n")[1:-1]]
def costs(ckpt, bos, context, choice):
    gap = "" if context == "" or context[-1:].isspace() or choice[:1].isspace() else " "
    ids = [bos] + list((context + gap + choice).encode())
    n_context = 1 + len(context.rstrip().encode())
    rows = tsv("--ids", ckpt, input=" ".join(map(str, ids)) + "\n")
    return sum(float(r[6]) for r in rows[n_context - 1:])
ckpt, bos, name = sys.argv[1:4]
items = [json.loads(l) for l in open(name) if l.strip()]
got = [json.loads(l) for l in open("out")]
assert len(got) == len(items) == 4
for item, line in zip(items, got):
    context = item.get("ctx", item.get("question", item.get("prompt")))
    choices = item.get("endings", item.get("choices"))
    choices = choices["text"] if isinstance(choices, dict) else choices
    want = [costs(ckpt, bos, context, c) for c in choices]
    for c, w, g in zip(choices, want, line["choices"], strict=True):
        assert abs(w - g["nats"]) < 1e-3 and g["bytes"] == len(c), (item, w, g)
    assert line["likeliest"] == want.index(min(want))
    each = [w / len(c) for w, c in zip(want, choices)]
    assert line["likeliest_by_byte"] == each.index(min(each))
assert [g.get("answer") for g in got] == [3, 1, 1, None]
right = [g["likeliest"] == g["answer"] for g in got[:3]]
by_byte = [g["likeliest_by_byte"] == g["answer"] for g in got[:3]]
total = json.load(open("total"))
assert total["items"] == 4 and total["answered"] == 3
for name, r in (("acc", right), ("acc_by_byte", by_byte)):
    p = sum(r) / 3
    assert abs(total[name] - p) < 1e-6 and abs(total[name + "_stderr"] - (p * (1 - p) / 2) ** 0.5) < 1e-6
END

t 'choices cost what they cost behind their context, and the cheapest is the answer' '
	bos=$(nt-info --json "$data" | sed "s/.*\"bos_token_id\": \([0-9]*\).*/\1/")
	nt-score -q --choices --json "$ckpt" "$work/quiz.jsonl" >out
	nt-score -q --choices --json --total "$ckpt" "$work/quiz.jsonl" >total
	"$PYTHON" "$work/quiz.py" "$ckpt" "$bos" "$work/quiz.jsonl"
	nt-score --choices --total "$ckpt" "$work/quiz.jsonl" >table 2>err
	grep -q "^accuracy  *0[.0-9]* +- 0[.0-9]*$" table; grep -q "4 items, accuracy 0" err
	nt-score -q --choices --tsv "$ckpt" "$work/quiz.jsonl" >tsv; [ "$(wc -l <tsv)" = 11 ]
	nt-score -q --choices "$ckpt" "$work/quiz.jsonl" | grep -c "likeliest" | grep -qx 4'

t 'choices are weighed with the weights that --dtype names, as the rest is' '
	nt-score -q --choices --json "$ckpt" "$work/quiz.jsonl" >f32
	for dtype in bf16 q8_0 q4_0; do
		nt-score -q --choices --json --dtype $dtype "$ckpt" "$work/quiz.jsonl" >$dtype
		exits 1 cmp f32 $dtype
		"$PYTHON" - $dtype <<-"END"
		import json, sys
		for a, b in zip(open("f32"), open(sys.argv[1]), strict=True):
		    for x, y in zip(json.loads(a)["choices"], json.loads(b)["choices"], strict=True):
		        assert abs(x["nats"] - y["nats"]) < 0.05 * x["nats"], (x, y)
		END
	done'

t 'choices longer than the context lose its beginning, all as much' '
	long="once upon a time there was a cat and it sat on"
	echo "{\"ctx\": \"$long\", \"endings\": [\"the mat\", \"a log\"]}" >long.jsonl
	nt-score -q --choices --json "$ckpt" long.jsonl >out
	"$PYTHON" - "$ckpt" "$long" <<-"END"
	import json, subprocess, sys
	line = json.load(open("out"))
	for i, choice in enumerate(["the mat", "a log"]):
	    whole = list((sys.argv[2] + " " + choice).encode())
	    ids = whole[len(sys.argv[2]) + 8 - 33:]  # the longer one has 33 ids left: 32 inputs
	    rows = subprocess.run(["nt-score", "-q", "--tsv", "--ids", sys.argv[1]], check=True, capture_output=True,
	                          text=True, input=" ".join(map(str, ids)) + "\n").stdout.split("\n")[1:-1]
	    want = sum(float(r.split("\t")[6]) for r in rows[-1 - len(choice):])
	    assert abs(want - line["choices"][i]["nats"]) < 1e-3, (i, want, line)
	END
	echo "{\"ctx\": \"a\", \"endings\": [\"$long\", \"b\"]}" >bad.jsonl
	exits 3 nt-score -q --choices "$ckpt" bad.jsonl 2>err; grep -q "bad.jsonl:1: choice 0: " err'

t 'fields of choices have other names, and lines without them are refused' '
	echo "{\"goal\": \"the cat\", \"sols\": [\"sat\", \"zzz\"], \"best\": 0}" >other.jsonl
	nt-score -q --choices --json --context-field goal --choices-field sols --answer-field best "$ckpt" other.jsonl |
		grep -q "\"answer\": 0"
	exits 3 nt-score --choices "$ckpt" other.jsonl 2>err; grep -q "other.jsonl:1: .*--context-field" err
	for bad in "{" "[1]" "{\"ctx\": \"a\", \"endings\": [\"b\"]}" "{\"ctx\": 1, \"endings\": [\"b\", \"c\"]}" \
		"{\"ctx\": \"a\", \"endings\": [\"b\", \"c\"], \"label\": 2}" \
		"{\"ctx\": \"a\", \"endings\": [\"b\", \"c\"], \"label\": -1}"; do
		echo "$bad" >bad.jsonl; exits 3 nt-score -q --choices "$ckpt" bad.jsonl 2>err
		grep -q "bad.jsonl:1: " err; [ "$(wc -l <err)" = 1 ]
	done
	exits 2 nt-score --choices --html "$ckpt" other.jsonl 2>err; exits 2 nt-score --answer-field x "$ckpt" 2>err
	nt-score -q --choices --total --json "$ckpt" </dev/null | grep -q "\"acc\": null.*\"items\": 0"'

t 'the same bytes come out at any number of threads' '
	seq 1 300 >text
	nt-score -q --tsv -j1 "$ckpt" text >one; nt-score -q --tsv -j2 "$ckpt" text >two; cmp one two
	nt-score -q --json -j1 "$ckpt" "$data" >one; nt-score -q --json -j2 "$ckpt" "$data" >two
	cmp one two
	for j in 1 2; do nt-score -q --json --choices -j$j "$ckpt" "$work/quiz.jsonl" >quiz$j; done; cmp quiz1 quiz2
	for j in 1 2; do nt-score -q --html --stride 9 -j$j "$ckpt" text >page$j; done; cmp page1 page2'

t 'empty input has nothing but its end to predict' '
	nt-score -q --tsv "$ckpt" </dev/null >out; [ "$(wc -l <out)" -le 2 ]
	: >empty; nt-score -q --tsv "$ckpt" empty >out; [ "$(wc -l <out)" = 2 ]
	nt-score -q --tsv --ids "$ckpt" empty >out; [ "$(wc -l <out)" = 1 ]
	nt-score -q --total --ids "$ckpt" empty >out; grep -q "^nats/token  0.0" out'

t 'data of another tokenizer is refused' '
	printf "the cat" | nt-tokenize -q | nt-pack -q -o other.bin
	exits 3 nt-score "$ckpt" other.bin 2>err; grep -q "tokenizer" err'

t 'cut and damaged files are refused with a sentence' '
	head -c 5000 "$data" >cut.bin; exits 3 nt-score "$ckpt" cut.bin 2>err; grep -q cut.bin err
	mkdir m; cp -L "$ckpt"/*.json m/; head -c 3000 "$ckpt/model.safetensors" >m/model.safetensors
	echo x | exits 3 nt-score m 2>err; grep -q "m/model.safetensors: " err
	rm m/config.json; echo x | exits 4 nt-score m 2>err; grep -q "m/config.json: " err
	exits 4 nt-score nowhere 2>err </dev/null; grep -q "nowhere: " err'

t 'a model directory without tokenizer scores ids only' '
	mkdir m; cp -L "$ckpt/config.json" "$ckpt/model.safetensors" m/
	echo "1 2 3" | nt-score --ids m >out; grep -q "^ *1  1  " out
	echo x | exits 3 nt-score m 2>err; grep -q "ids does without" err'

t 'mistakes are named' '
	exits 2 nt-score 2>err; grep -q "no checkpoint" err
	exits 2 nt-score --tvs "$ckpt" 2>err; grep -q -- "--tsv" err
	exits 2 nt-score --tsv --json "$ckpt" 2>err; exits 2 nt-score --tsv --html "$ckpt" 2>err
	echo x >text; exits 2 nt-score "$ckpt" "$data" text 2>err; grep -q "text" err'

t 'a full disk is noticed, a closed pipe ends it quietly' '
	seq 1 100 | exits 4 nt-score -q --tsv "$ckpt" >/dev/full 2>err; grep -q "standard output" err
	seq 1 1000 | nt-score -q --tsv "$ckpt" 2>err | head -c1 >out; [ ! -s err ]'

done_testing
