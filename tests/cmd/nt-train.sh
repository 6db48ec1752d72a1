#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-train: runs that stop and go on, what is refused, and what lies in the folder.
. "$(dirname "$0")/../lib.sh"

# text and data for all tests, made once
data=$work/data
mkdir "$data"
awk 'BEGIN { for (i = 0; i < 120; i++) { for (k = 0; k < 12; k++)
	printf "%s ", substr("the cat sat on a mat and saw the rat", 1 + (i * 7 + k * 5) % 30, 6);
	printf "\n" } }' >"$data/text"
nt-tokenize -q -t bytes --split=line "$data/text" >"$data/stream"
nt-pack -q -o "$data/data.bin" <"$data/stream"
nt-pack -q --seq-len=65 -o "$data/rows.bin" <"$data/stream"
head -n 60 "$data/text" | nt-tokenize -q -t bytes --split=line | nt-pack -q -o "$data/other.bin"
export data

tiny='--hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 --batch-size=2 --learning-rate=0.01'
export tiny
train() { nt-train $tiny "$@"; }
checksum() { cksum <"$1"; }
wait_for() { # wait_for WORDS: until the log says them
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
		[ -s ckpt/log.jsonl ] && grep -q "$1" ckpt/log.jsonl && return
		sleep 0.2
	done
}

t 'a run writes a checkpoint, links to it, and a log, and sums up in one line' '
	train --max-steps=6 "$data/data.bin" 2>err
	[ "$(readlink ckpt/latest)" = step-000006 ]
	[ "$(readlink ckpt/config.json)" = latest/config.json ]
	for f in model.safetensors config.json generation_config.json tokenizer.json tokenizer_config.json \
		trainer.safetensors trainer.json; do [ -s ckpt/latest/$f ]; done
	grep "ckpt finished at step 6 of 6: loss [0-9.]*, held out [0-9.]* nats/token, [0-9.]* bits/byte" err
	not grep -q "$(printf "\r")" err
	[ ! -e ckpt/step-000006.part ]'

t 'the log is JSON, one event a line' '
	train --max-steps=4 --eval-every=2 -q "$data/data.bin" 2>err
	not grep -v hint err
	cat >check.py <<-"END"
	import json
	events = [json.loads(line) for line in open("ckpt/log.jsonl")]
	kinds = [e["event"] for e in events]
	assert kinds[0] == "start" and kinds[-1] == "end" and kinds.count("step") == 4, kinds
	assert "eval" in kinds and "save" in kinds, kinds
	step = [e for e in events if e["event"] == "step"][-1]
	for key in "step tokens time loss lr grad_norm tokens_per_s mfu".split(): assert key in step, key
	assert {"val_loss", "val_bpb"} <= set(events[-1])
	END
	$PYTHON check.py'

t 'wound back and resumed, it ends with the same bytes at -j1 and -j2' '
	train -q --max-steps=12 --save-every=6 -j1 -o straight "$data/data.bin"
	cp -R straight half
	rm -r half/step-000012 half/latest
	ln -s step-000006 half/latest
	train --max-steps=12 -j2 -o half "$data/data.bin" 2>err
	grep "resuming half at step 6 of 12" err
	cmp straight/model.safetensors half/model.safetensors
	cmp straight/latest/trainer.safetensors half/latest/trainer.safetensors'

t 'NorMuon resumes with the same bytes, keeps a number for each output, and cannot be changed' '
	train -q --max-steps=8 --save-every=4 -j1 -o straight "$data/data.bin"
	cp -R straight half
	rm -r half/step-000008 half/latest
	ln -s step-000004 half/latest
	exits 2 train --max-steps=8 -o half --optimizer=adamw "$data/data.bin" 2>err
	grep "its optimizer is \"normuon\", and \"adamw\" was asked" err
	train -q --max-steps=8 -j2 -o half "$data/data.bin"
	cmp straight/model.safetensors half/model.safetensors
	cmp straight/latest/trainer.safetensors half/latest/trainer.safetensors
	head -c 20000 half/latest/trainer.safetensors | tr -d "\0" >names
	grep -q "momentum_buffer.model.layers.0.self_attn.q_proj.weight" names
	grep -q "exp_avg_sq.model.embed_tokens.weight" names
	grep -q "exp_avg_sq.model.layers.0.self_attn.q_proj.weight\":{\"dtype\":\"F32\",\"shape\":\[16\]" names
	train -q --max-steps=2 -o plain --optimizer=muon "$data/data.bin"
	head -c 20000 plain/latest/trainer.safetensors | tr -d "\0" >names
	grep -q "momentum_buffer.model.layers.0.self_attn.q_proj.weight" names
	not grep -q "exp_avg_sq.model.layers.0.self_attn.q_proj.weight" names'

t 'moments in bf16 take half the memory and half the disk, learn, and repeat bit for bit' '
	bench() { nt-train --plan --json $wider "$@" "$data/data.bin"; }
	wider="--hidden-size=64 --seq-len=32 --max-steps=1 --optimizer=adamw"
	bench >f32; bench --moments=bf16 >bf16
	$PYTHON -c "
import json
a, b = json.load(open(\"f32\")), json.load(open(\"bf16\"))
assert a[\"moment_bytes\"] == 8 * a[\"parameters\"] == 2 * b[\"moment_bytes\"], (a, b)"
	train -q --max-steps=30 -o long "$data/data.bin"
	train -q --max-steps=30 --moments=bf16 --save-every=10 -j1 -o straight "$data/data.bin"
	loss() { tail -n 1 $1/log.jsonl | sed "s/.*\"val_loss\": \([0-9.]*\).*/\1/"; }
	awk "BEGIN { d = $(loss long) - $(loss straight); exit !(d * d < 0.01) }"
	cp -R straight half; rm -r half/step-000030 half/latest; ln -s step-000020 half/latest
	train -q --max-steps=30 -j2 -o half "$data/data.bin"
	cmp straight/model.safetensors half/model.safetensors
	cmp straight/latest/trainer.safetensors half/latest/trainer.safetensors
	[ $(wc -c <long/latest/trainer.safetensors) -gt $(($(wc -c <straight/latest/trainer.safetensors) * 3 / 2)) ]
	head -c 400 straight/latest/trainer.safetensors | tr -d "\0" | grep -q "exp_avg.*BF16"
	exits 2 train --max-steps=40 --moments=f32 -o straight "$data/data.bin" 2>err; grep "its moments is \"bf16\"" err
	NT_ISA=ref train -q --max-steps=1 --moments=bf16 --dtype=f32 -o ref "$data/data.bin"'

t 'threads are as many as the CPUs that it may run on' '
	taskset -c "$(taskset -cp $$ | sed "s/.*: *\([0-9]*\).*/\1/")" nt-train $tiny -q --max-steps=1 "$data/data.bin"
	grep "\"cpus\": 1, \"threads\": 1," ckpt/log.jsonl'

t 'SIGTERM and SIGHUP save, exit 143 and 129, and the same command goes on' '
	for signal in HUP:129 TERM:143; do
		rm -rf ckpt
		nt-train $tiny -q --max-steps=100000 --lr-schedule=constant --warmup-steps=0 "$data/data.bin" &
		pid=$!
		wait_for "\"step\": 3,"
		kill -${signal%:*} $pid
		exits ${signal#*:} wait $pid
	done
	[ -s ckpt/model.safetensors ]
	step=$(readlink ckpt/latest | sed "s/step-0*//")
	[ "$step" -ge 3 ]
	train -q --max-steps=$((step + 2)) --lr-schedule=constant --warmup-steps=0 "$data/data.bin"
	[ "$(readlink ckpt/latest | sed "s/step-0*//")" = $((step + 2)) ]'

t 'stopped while the machine is still being measured, it saves what there is and goes on' '
	nt-train --time=30s "$data/data.bin" 2>err &
	pid=$!
	sleep 1
	kill -INT $pid
	exits 130 wait $pid
	grep "stopped and saved at step" err
	nt-info --verify ckpt'

t 'a finished run run again says so and changes nothing' '
	train -q --max-steps=3 "$data/data.bin"
	before=$(checksum ckpt/log.jsonl)
	train --max-steps=3 "$data/data.bin" 2>err
	grep "already trained for 3 steps, which is all" err
	[ "$(checksum ckpt/log.jsonl)" = "$before" ]
	train -q --max-steps=5 "$data/data.bin"
	[ "$(readlink ckpt/latest)" = step-000005 ]'

t 'other data, and another model, are refused with what differs; --restart takes them' '
	train -q --max-steps=2 "$data/data.bin"
	exits 2 train --max-steps=2 "$data/other.bin" 2>err
	grep "trained on other data" err
	exits 2 nt-train --hidden-size=32 "$data/data.bin" 2>err
	grep "its hidden-size is 16, and 32 was asked" err
	exits 2 nt-train --learning-rate=0.02 "$data/data.bin" 2>err
	grep "its learning-rate is 0.01" err
	train -q --max-steps=2 --restart "$data/other.bin"
	train -q --max-steps=2 -o elsewhere "$data/data.bin"'

t 'data of another tokenizer is refused with exit 3' '
	train -q --max-steps=2 "$data/data.bin"
	nt-tokenize -q "$data/text" | nt-pack -q -o words.bin
	exits 3 train --max-steps=2 words.bin 2>err
	grep "tokenizer" err
	exits 3 train --max-steps=2 -o x "$data/data.bin" words.bin
	exits 3 train --max-steps=2 -o x --val words.bin "$data/data.bin"'

t 'packed rows are trained on as they are, and give the length of a row' '
	nt-train -q --hidden-size=16 --max-steps=3 --batch-size=2 "$data/rows.bin"
	grep "\"seq_len\": 64" ckpt/latest/trainer.json
	exits 2 nt-train --hidden-size=16 --max-steps=3 --seq-len=32 -o x "$data/rows.bin" 2>err
	grep "seq-len must be 64" err'

t 'windows of concatenated text train too' '
	train -q --rows=concat --max-steps=3 --arch=gpt2 "$data/data.bin" "$data/other.bin"
	exits 2 train --rows=concat --max-steps=3 -o x "$data/rows.bin"'

t 'weights mix files, and the log tells the loss of each' '
	seq 1000 1300 | nt-tokenize -q -t bytes --split=line | nt-pack -q -o numbers.bin
	train --max-steps=10 --batch-size=10 --eval-every=5 "$data/data.bin:0.7" numbers.bin:0.3 2>err
	grep "data.bin: 70.0 % of what is trained on, [0-9.]* epochs of " err
	grep "held out by source: .*data.bin [0-9.]*, numbers.bin [0-9.]* nats/token" err
	cat >check.py <<-"END"
	import json, sys
	events = [json.loads(line) for line in open("ckpt/log.jsonl")]
	n = [0, 0]
	for e in events:
	    if e["event"] not in ("step", "eval", "end"): continue
	    one, two = sorted(e["sources"].items())
	    assert one[0].endswith("data.bin") and two[0] == "numbers.bin", e
	    both = (one[1], two[1])
	    if e["event"] == "step":
	        mean = sum(s["loss"] * s["targets"] for s in both) / sum(s["targets"] for s in both)
	        assert abs(mean - e["loss"]) < 1e-6, e
	        n = [a + s["targets"] for a, s in zip(n, both)]
	        continue
	    assert {"val_loss", "val_bpb", "targets"} == set(two[1])
	    nats = 0.7 * both[0]["val_loss"] + 0.3 * both[1]["val_loss"]
	    bytes = 0.7 * both[0]["val_loss"] / both[0]["val_bpb"] + 0.3 * both[1]["val_loss"] / both[1]["val_bpb"]
	    assert abs(nats - e["val_loss"]) < 1e-6 and abs(nats / bytes - e["val_bpb"]) < 1e-6, e
	    assert both[0]["targets"] != both[1]["targets"] and abs(both[0]["val_loss"] - both[1]["val_loss"]) > 1e-4, e
	assert abs(n[0] / sum(n) - 0.7) < 0.02, n
	END
	$PYTHON check.py'

t 'stopped in the middle of a mixture it goes on with the same bits, and no other mixture' '
	mix() { train -q --save-every=5 "$@" "$data/data.bin:3" "$data/other.bin:1"; }
	mix --max-steps=10 -j1 -o straight
	cp -R straight half; rm -r half/step-000010 half/latest; ln -s step-000005 half/latest
	mix --max-steps=10 -j2 -o half
	cmp straight/model.safetensors half/model.safetensors
	cmp straight/latest/trainer.safetensors half/latest/trainer.safetensors
	tail -n 1 straight/log.jsonl | sed "s/.*\"sources\"//" >a
	tail -n 1 half/log.jsonl | sed "s/.*\"sources\"//" | cmp - a
	exits 2 train -o half --max-steps=12 "$data/data.bin:1" "$data/other.bin:1" 2>err
	grep "its sources were mixed as .3:[0-9]* 1:[0-9]*. (WEIGHT:TOKENS), and .1:[0-9]* 1:[0-9]*. was asked" err
	exits 2 train -o half --max-steps=12 "$data/data.bin" "$data/other.bin" 2>err'

t 'sources that have names have a loss each, in documents, rows and windows, without weights' '
	nt-pack -q --source cats <"$data/stream" >a.bin
	nt-tokenize -q -d "$data/other.bin" | nt-tokenize -q -t bytes | nt-pack -q --source "the \"others\"" >b.bin
	cat a.bin b.bin >ab.bin
	nt-pack -q --seq-len=33 --source cats a.bin >ar.bin
	nt-pack -q --seq-len=33 --source "the \"others\"" b.bin >br.bin
	train -q --max-steps=4 --batch-size=8 -o docs ab.bin
	train -q --max-steps=4 --batch-size=8 -o two a.bin b.bin
	train -q --max-steps=4 --batch-size=8 -o concat --rows=concat ab.bin
	train -q --max-steps=4 --batch-size=8 -o rows ar.bin br.bin
	cmp docs/model.safetensors two/model.safetensors
	for run in docs concat rows; do
		for e in step eval end; do
			grep "\"event\": \"$e\"" $run/log.jsonl >events
			grep "\"cats\": {\"targets\": " events; grep "\"the ..others..\": {\"targets\": " events
		done
	done
	train -q --max-steps=2 -o one a.bin
	not grep sources one/log.jsonl
	train --plan --max-steps=2 --weight cats=0.1 --weight "the \"others\"=0.9" ab.bin b.bin >plan
	grep "^source  *cats: 0.1 of the targets" plan; grep "^source  *the .others.: 0.9 of the targets" plan
	exits 2 train --max-steps=2 --weight dogs=1 -o x ab.bin 2>err; grep "no source has that name; the data has .cats" err'

t '--plan shows the mixture' '
	train --plan --max-steps=10 "$data/data.bin:0.75" "$data/other.bin:0.25" >plan
	grep "^source .*data.bin: 0.75 of the targets, [0-9]* to train on, [0-9]* held out, [0-9.]* epochs$" plan
	train --plan --json --max-steps=10 "$data/data.bin:3" "$data/other.bin:1" | $PYTHON -c "
import json, sys
s = list(json.load(sys.stdin)[\"sources\"].values())
assert [x[\"share\"] for x in s] == [0.75, 0.25]
assert abs(s[0][\"epochs\"] * s[0][\"targets\"] / s[1][\"epochs\"] / s[1][\"targets\"] - 3) < 1e-9"'

t 'a file whose name ends like a weight is a file' '
	cp "$data/data.bin" run:2
	train -q --max-steps=1 run:2; not grep mixed ckpt/latest/trainer.json
	grep "\"mixture\": \"\"" ckpt/latest/trainer.json'

t 'files that differ in kind or row length are refused by name' '
	nt-pack -q --seq-len=40 -o short.bin <"$data/stream"
	exits 2 nt-train --max-steps=1 "$data/rows.bin:1" short.bin:1 2>err
	grep "rows.bin and short.bin differ in kind or row length" err
	exits 2 nt-train --max-steps=1 "$data/data.bin" "$data/rows.bin" 2>err
	grep "data.bin and .*rows.bin differ" err'

t '--stride overlaps the rows of long documents, is pinned, and is for those alone' '
	tr "\n" " " <"$data/text" | nt-tokenize -q -t bytes | nt-pack -q >long.bin
	train --plan --json --max-steps=2 long.bin >a; train --plan --json --max-steps=2 --stride=8 long.bin >b
	$PYTHON -c "
import json
a, b = json.load(open(\"a\")), json.load(open(\"b\"))
assert a[\"targets\"] + a[\"held_out_targets\"] == b[\"targets\"] + b[\"held_out_targets\"]
assert a[\"padding\"] < 0.02 and 0.7 < b[\"padding\"] < 0.8, (a, b)"
	train -q --max-steps=2 --stride=8 long.bin
	exits 2 train --max-steps=3 --stride=9 long.bin 2>err; grep "its stride is 8, and 9 was asked" err
	train -q --max-steps=3 long.bin
	exits 2 train --max-steps=2 --stride=33 -o x long.bin 2>err; grep "more than --seq-len 32" err
	exits 2 nt-train --max-steps=2 --stride=8 -o x "$data/rows.bin" 2>err; grep "rows already" err
	exits 2 train --max-steps=2 --stride=8 --rows=concat -o x long.bin 2>err'

t 'rows of nt-pack --stride give the held-out loss of nt-score' '
	tr "\n" " " <"$data/text" | head -c 3000 | nt-tokenize -q -t bytes | nt-pack -q --seq-len=33 --stride=8 >val.bin
	train -q --max-steps=3 --val val.bin "$data/data.bin"
	nt-score -q --json ckpt val.bin >total
	$PYTHON -c "
import json
total, end = json.load(open(\"total\")), json.loads(open(\"ckpt/log.jsonl\").readlines()[-1])
assert abs(total[\"nats_per_token\"] - end[\"val_loss\"]) < 1e-6, (total, end)
assert abs(total[\"bits_per_byte\"] - end[\"val_bpb\"]) < 1e-6, (total, end)
assert total[\"targets\"] == 3001"'

if [ -n "$shared" ] && [ -s "$shared/data/corpora/tinystories-sample.txt.zst" ]; then
	t 'two real sources, each with its losses' '
		for name in tinystories-sample.txt tinyshakespeare.txt; do
			nt-tokenize -q "$shared/data/corpora/$name.zst" | nt-pack -q --source "${name%.*}" -o "${name%.*}.bin"
		done
		train -q --max-steps=20 --batch-size=8 tinystories-sample.bin:0.25 tinyshakespeare.bin:0.75
		cat >check.py <<-"END"
		import json
		events = [json.loads(line) for line in open("ckpt/log.jsonl")]
		steps = [e["sources"] for e in events if e["event"] == "step"]
		n = {s: sum(e[s]["targets"] for e in steps) for s in ("tinystories-sample", "tinyshakespeare")}
		assert abs(n["tinystories-sample"] / sum(n.values()) - 0.25) < 0.01, n
		for s in n: assert events[-1]["sources"][s]["val_loss"] < steps[0][s]["loss"]
		END
		$PYTHON check.py'
else
	skip 'two real sources, each with its losses' 'no corpora here'
fi

t 'a held-out file is evaluated, and going on without it is refused' '
	train --max-steps=2 --val "$data/other.bin" "$data/data.bin" 2>err
	grep "held out" err
	exits 2 train --max-steps=4 "$data/data.bin" 2>err
	grep "give the same --val" err'

t '--init goes on from a model, with a fresh optimizer' '
	train -q --max-steps=30 -o first "$data/data.bin"
	nt-train -q --init first --max-steps=2 --seq-len=32 --batch-size=2 -o second "$data/data.bin"
	loss() { sed -n "s/.*\"step\": 1,.*\"loss\": \([0-9.]*\).*/\1/p" $1/log.jsonl; }
	awk "BEGIN { exit !($(loss second) < $(loss first) - 0.5) }"
	nt-tokenize -q "$data/text" | nt-pack -q -o words.bin
	exits 3 nt-train -q --init first --max-steps=2 -o third words.bin
	exits 2 nt-train -q --init first/model.safetensors --max-steps=2 -o third "$data/data.bin" 2>err
	grep "a file: name the folder that has a config.json beside it, .first.$" err; [ ! -e third ]'

t 'a run can be told in tokens or epochs, its steps in positions, its saves in time' '
	nt-train $tiny --plan --max-tokens=1e4 "$data/data.bin" >a
	nt-train $tiny --plan --max-tokens=10k "$data/data.bin" | cmp - a
	nt-train $tiny --plan --epochs=0.5 "$data/data.bin" | grep "^epochs *0.5"
	exits 2 train --epochs=2 --max-steps=3 "$data/data.bin" 2>err
	grep "three ways to say how long: give one of them" err
	train -q --max-tokens=500 --save-every=0.001s --eval-every=0.001s --label "first try" "$data/data.bin"
	grep "\"start\".*\"label\": \"first try\"" ckpt/log.jsonl
	grep "\"save_every\": \"0.001s\", \"keep\": 2, \"label\": \"first try\"" ckpt/latest/trainer.json
	nt-info ckpt | grep "^label *first try$"
	nt-train --plan --batch-tokens=320 --seq-len=32 --hidden-size=16 --max-steps=1 -o x "$data/data.bin" |
		grep "^batch_size *10$"
	exits 2 nt-train --save-every=now "$data/data.bin" 2>err
	grep "is not a count or a time" err'

t '--z-loss changes what is learnt, not what is told of the first step, and is pinned' '
	train -q --max-steps=3 -o without "$data/data.bin"
	train -q --max-steps=3 --z-loss=0.1 -o with "$data/data.bin"
	not cmp -s without/model.safetensors with/model.safetensors
	loss() { sed -n "s/.*\"step\": $2,.*\"loss\": \([0-9.]*\),.*grad.*/\1/p" $1/log.jsonl; }
	[ -n "$(loss with 1)" ]; [ "$(loss with 1)" = "$(loss without 1)" ]
	exits 2 train --max-steps=5 --z-loss=0.2 -o with "$data/data.bin" 2>err; grep "its z-loss is 0.1" err'

t 'a step is saved before it is evaluated' '
	train -q --max-steps=6 --save-every=3 --eval-every=3 "$data/data.bin"
	sed -n "s/.*\"event\": \"\([a-z]*\)\", \"step\": \([36]\),.*/\1 \2/p" ckpt/log.jsonl >order
	printf "%s\n" "step 3" "save 3" "eval 3" "step 6" "save 6" "end 6" | cmp - order'

t '--finetune goes on from a model more gently' '
	train -q --max-steps=3 -o first "$data/data.bin"
	exits 2 nt-train --finetune "$data/data.bin" 2>err; grep "name it, as in --init DIR" err
	nt-train --finetune --init first --seq-len=32 --batch-size=8 "$data/data.bin" 2>err
	grep "3 epochs$" err; grep "the same again: --finetune --arch=llama" err
	grep "\"optimizer\": \"adamw\"" ckpt/latest/trainer.json
	grep "\"min_learning_rate\": 0," ckpt/latest/trainer.json
	grep "\"lr_schedule\": \"wsd\"" ckpt/latest/trainer.json'

t '--plan prints memory and FLOPs and writes nothing' '
	train --plan --max-steps=2 "$data/data.bin" >plan
	grep "^parameters *[0-9]" plan; grep "^total_bytes *[0-9]" plan; grep "^flops_per_token" plan
	train --plan --json --max-steps=2 "$data/data.bin" |
		$PYTHON -c "import json,sys; p = json.load(sys.stdin); assert p[\"param_bytes\"] == 4 * p[\"parameters\"]"
	[ ! -e ckpt ]'

wider='--hidden-size=128 --num-hidden-layers=4 --num-attention-heads=4 --seq-len=64 --max-steps=1'
export wider
cat >"$data/compare.py" <<END
import json
plan, took = json.load(open("plan"))["total_bytes"], json.load(open("took"))["peak_rss"]
assert 0.9 * took < plan < 1.1 * took, (plan, took)
END
cat >"$data/fits.py" <<END
import json
a, b, c = (json.load(open("plan." + m)) for m in ("200M", "80M", "44M"))
for p in a, b, c: assert p["batch_size"] * p["gradient_accumulation_steps"] == 64, p
assert [p["recompute"] for p in (a, b, c)] == [0, 0, 1], (a, b, c)
assert a["batch_size"] == 64 and 8 <= b["batch_size"] < 64 and c["batch_size"] <= 8, (a, b, c)
assert a["total_bytes"] < 200 << 20 and b["total_bytes"] < 80 << 20 and c["total_bytes"] < 44 << 20, (a, b, c)
END
t '--plan says what memory a run takes' '
	[ -z "${SAN:-}" ] || exit 0 # shadows of memory are not planned
	for how in "--batch-size=12" "--batch-size=64" "--batch-size=64 --recompute=yes" \
		"--batch-size=64 --arch=qwen3"; do
		nt-train --plan --json $wider $how "$data/data.bin" >plan
		nt-train --bench --json $wider $how "$data/data.bin" >took 2>err
		$PYTHON "$data/compare.py"
	done'

t 'memory grows with the length of a row, not with its square' '
	[ -z "${SAN:-}" ] || exit 0
	long="--hidden-size=64 --num-hidden-layers=2 --num-attention-heads=2 --batch-size=1"
	for T in 2048 4096 8192; do
		nt-train --plan --json $long --gradient-accumulation-steps=1 --max-steps=1 --seq-len=$T "$data/data.bin" >plan.$T
	done
	$PYTHON -c "
import json
a, b, c = (json.load(open(f\"plan.{T}\"))[\"total_bytes\"] for T in (2048, 4096, 8192))
assert 1.98 * (b - a) < c - b < 2.02 * (b - a), (a, b, c)"
	mv plan.8192 plan
	nt-train --bench --json $long --seq-len=8192 --vocab-size=258 >took 2>err
	$PYTHON "$data/compare.py"'

t 'less memory is smaller batches, then layers worked out twice, and what cannot be is refused' '
	[ -z "${SAN:-}" ] || exit 0 # whose own memory counts
	plan() { nt-train --plan --json $wider --batch-tokens=4096 --memory=$1 "$data/data.bin" >plan.$1; }
	plan 200M; plan 80M; plan 44M
	$PYTHON "$data/fits.py"
	exits 2 nt-train --plan $wider --memory=20M "$data/data.bin" 2>err
	grep "memory 20971520 is too little: this model takes [0-9]* bytes" err'

t 'what no machine holds is planned, and refused in one line before any memory is taken' '
	[ -z "${SAN:-}" ] || exit 0
	nt-train --plan --hidden-size=65536 --num-hidden-layers=1000 --max-steps=9 "$data/data.bin" 2>err >plan
	grep "^total_bytes  *[0-9]\{15\}$" plan
	for o in "--max-steps=9 --hidden-size=65536 --num-hidden-layers=1000" "--time=1s --arch=gpt2 --head-dim=64 --num-attention-heads=4096"; do
		exits 4 prlimit --as=4000000000 nt-train -q $o -o ckpt "$data/data.bin" 2>err
		[ "$(wc -l <err)" = 1 ]; [ ! -e ckpt ]
		grep "out of memory: a model of width [0-9]* and [0-9]*M weights takes [0-9.]* GB .* insist with --memory [0-9]*G$" err
	done'

t 'a run that works layers out twice has the same bits, and can go on without' '
	train -q --max-steps=4 -o once "$data/data.bin"
	train -q --max-steps=4 --save-every=2 --recompute=yes -o twice "$data/data.bin"
	cmp once/latest/model.safetensors twice/latest/model.safetensors'

t 'qwen3 trains, goes on to the same bits, also with layers worked out twice, and generates' '
	qwen3() { train -q --arch=qwen3 --lr-schedule=constant --warmup-steps=1 "$@" "$data/data.bin"; }
	qwen3 --max-steps=4 -o once
	qwen3 --max-steps=4 -o twice --recompute=yes -j1
	qwen3 --max-steps=2 -o halves
	qwen3 --max-steps=4 -o halves
	cmp once/model.safetensors twice/model.safetensors; cmp once/model.safetensors halves/model.safetensors
	grep "\"Qwen3ForCausalLM\"" once/config.json; grep "\"head_dim\": 8" once/config.json
	grep -a -q "model.layers.0.self_attn.q_norm.weight" once/model.safetensors
	nt-sample -q --greedy -n 9 once -p "the cat" >text; [ $(wc -c <text) -gt 7 ]
	nt-score -q --json once "$data/data.bin" | grep "\"nats\""'

t 'heads may be as wide as one likes, and a model of such heads is gone on with' '
	wide="--hidden-size=20 --num-attention-heads=3 --num-key-value-heads=1 --num-hidden-layers=1 --seq-len=32 --batch-size=2"
	exits 2 nt-train $wide --max-steps=2 "$data/data.bin" 2>err; grep "not a multiple of --num-attention-heads 3" err
	nt-train $wide --head-dim=6 --max-steps=2 --lr-schedule=constant --arch=qwen3 "$data/data.bin" 2>err
	grep "\"head_dim\": 6," ckpt/config.json; nt-train --plan "$data/data.bin" | grep "^head_dim  *6$"
	nt-train -q --max-steps=3 "$data/data.bin"; grep "\"head_dim\": 6," ckpt/config.json
	exits 2 nt-train --head-dim=8 --max-steps=4 "$data/data.bin" 2>err; grep "its head-dim is 6, and 8 was asked" err
	nt-train -q --init ckpt --seq-len=32 --max-steps=1 -o next "$data/data.bin"; cmp ckpt/config.json next/config.json
	nt-train --head-dim=8 --hidden-size=32 --plan --max-steps=1 -o x "$data/data.bin" | grep "^num_attention_heads  *4$"
	exits 2 nt-train --arch=gpt2 $wide --head-dim=6 --max-steps=2 -o x "$data/data.bin" 2>err
	grep "hidden_size 20 is not 3 heads of 6, as gpt2 has it" err'

t '--bench prints the speed and writes nothing' '
	train --bench --json --max-steps=2 "$data/data.bin" 2>err |
		$PYTHON -c "import json,sys; b = json.load(sys.stdin); assert all(b[k] > 0 for k in (\"tokens_per_s\", \"mfu\", \"peak_rss\", \"step_ms\", \"steps\"))"
	[ ! -e ckpt ]'

t '--bench needs no data: it makes tokens up, reads and writes nothing' '
	nt-train --bench --json --hidden-size=16 --num-hidden-layers=1 --seq-len=32 --vocab-size=300 --batch-tokens=64 2>err |
		$PYTHON -c "import json,sys; b = json.load(sys.stdin); assert all(b[k] > 0 for k in (\"tokens_per_s\", \"mfu\", \"peak_rss\", \"step_ms\", \"steps\"))"
	grep "0.01M parameters, steps of 64 tokens that are made up" err
	[ "$(ls)" = err ]
	exits 2 train --bench --vocab-size=300 "$data/data.bin" 2>err; grep "a data file names its vocabulary" err
	exits 2 nt-train --vocab-size=300 2>err; grep "no data file" err
	exits 2 nt-train --bench --hidden-size=15 --num-attention-heads=2 2>err; grep "not a multiple" err'

t 'samples stand in the log, are those of nt-sample, and change nothing' '
	train -q --max-steps=6 --eval-every=2 -o silent "$data/data.bin"
	train -q --max-steps=6 --eval-every=2 --sample-prompt="the \"cat" -o asked "$data/data.bin"
	cmp silent/model.safetensors asked/model.safetensors
	not grep sample silent/log.jsonl
	nt-sample -q -n 64 -p "the \"cat" asked >said
	$PYTHON -c "
import json, re
e = [json.loads(line) for line in open(\"asked/log.jsonl\")]
s = [x for x in e if x[\"event\"] == \"sample\"]
assert [x[\"step\"] for x in s] == [2, 4, 6] and all(x[\"text\"].startswith(\"the \\\"cat\") for x in s), s
damage = lambda text: re.sub(\"\ufffd+\", \"?\", text)
assert damage(s[2][\"text\"]) == damage(open(\"said\", \"rb\").read().decode(errors=\"replace\")), s[2]
"
	train -q --max-steps=6 --sample-every=4 -o often "$data/data.bin"
	[ "$(grep -c sample often/log.jsonl)" = 2 ]
	exits 2 train --max-steps=6 --sample-prompt="$(head -c 40 "$data/text")" -o x "$data/data.bin" 2>err
	grep "sample-prompt: of 41 tokens, it does not fit into the model.s context of 32" err'

t '--plan and --bench speak of a new run where a checkpoint contradicts, and leave it alone' '
	train -q --max-steps=2 "$data/data.bin"
	before=$(checksum ckpt/log.jsonl)
	nt-train --plan "$data/data.bin" | grep "^hidden_size *16$"
	nt-train --plan --hidden-size=24 --max-steps=2 "$data/data.bin" 2>err | grep "^hidden_size *24$"
	grep "its hidden-size is 16.* this is about a new run" err
	nt-train --bench --json --hidden-size=24 --max-steps=2 "$data/other.bin" 2>err | grep step_ms
	exits 2 nt-train --plan --hidden-size=24 --num-attention-heads=5 "$data/data.bin"
	[ "$(checksum ckpt/log.jsonl)" = "$before" ]
	[ "$(readlink ckpt/latest)" = step-000002 ]'

t 'without options the size is chosen from the time, printed, and pinned' '
	nt-train --time=3s "$data/data.bin" 2>err
	grep "chosen for 3 s on this machine; the same again: --arch=llama" err
	grep "ckpt finished at step" err
	grep -q "\"max_steps\": [1-9]" ckpt/latest/trainer.json'

t 'widths that do not go with the shape that is asked are passed over, and none left is said' '
	plan() { nt-train --plan --json --seq-len=32 -o x "$@" "$data/data.bin"; }
	same() { "$PYTHON" -c "import json; p = json.load(open(\"plan\")); assert $1, p"; }
	plan --time=3s --arch=gpt2 --head-dim=48 >plan; same "p[\"hidden_size\"] == 48 * p[\"num_attention_heads\"]"
	plan --time=3s --num-attention-heads=6 >plan; same "p[\"hidden_size\"] % 12 == 0"
	plan --time=3s --num-key-value-heads=2 >plan; same "p[\"num_attention_heads\"] % 2 == 0"
	plan --time=3s --num-attention-heads=7 >plan; same "p[\"hidden_size\"] % 14 == 0"
	plan --time=3s --num-attention-heads=7 --head-dim=16 >plan; same "p[\"hidden_size\"] % 7 == 0"
	plan --max-steps=1 --hidden-size=160 --head-dim=48 >plan; same "p[\"num_attention_heads\"] == 2"
	none="no width that is tried goes with the shape that is asked"
	plan --time=3s --num-key-value-heads=5 >plan; same "p[\"num_attention_heads\"] % 5 == 0"
	exits 2 plan --time=3s --arch=gpt2 --num-attention-heads=4 --num-key-value-heads=2 2>err; cat err; grep "$none: .*gpt2" err
	plan --max-steps=1 --size=500k --arch=gpt2 --head-dim=48 >plan; same "p[\"hidden_size\"] == 48 * p[\"num_attention_heads\"]"
	plan --max-steps=1 --size=1M --num-attention-heads=7 --head-dim=16 >plan; same "p[\"num_attention_heads\"] == 7"
	plan --max-steps=1 --size=170k --arch=gpt2 --num-attention-heads=3 --head-dim=26 >plan; same "p[\"hidden_size\"] == 78"
	exits 2 plan --max-steps=1 --size=1M --head-dim=33 2>err; grep "$none: head_dim 33 is odd" err
	exits 2 plan --max-steps=1 --size=1M --num-attention-heads=3000 2>err; grep "the nearest has" err'

t 'a size is met as well with any heads that are asked' '
	seq 3000 | nt-tokenize -q | nt-pack -q -o words.bin
	for heads in attention=1 attention=3 attention=7 attention=9 attention=12 key-value=3 key-value=4 key-value=8; do
		for size in 1 6 40; do
			nt-train --plan --json --seq-len=32 --max-steps=1 --size=${size}M -o x words.bin \
				--num-${heads%=*}-heads=${heads#*=} >plan
			$PYTHON -c "
import json
p, want = json.load(open(\"plan\")), ${size}e6
print(p[\"hidden_size\"], p[\"num_hidden_layers\"], p[\"parameters\"])
heads, n = \"$heads\".replace(\"-\", \"_\").split(\"=\")
assert p[f\"num_{heads}_heads\"] == int(n) and want / 1.15 < p[\"parameters\"] < want * 1.15"
		done
	done'

slow='--hidden-size=64 --num-hidden-layers=3 --seq-len=32 --batch-size=4 --eval-every=1000000 --save-every=1000000'
export slow
setting() { $PYTHON -c "import json; print(json.load(open(\"$1/latest/trainer.json\"))[\"options\"][\"$2\"])"; }
cat >"$data/ends.py" <<END
import json, sys
end = json.loads(open("ckpt/log.jsonl").readlines()[-1])
assert end["event"] == "end" and abs(end["time"] - float(sys.argv[1])) < 0.05 * float(sys.argv[1]) + 0.1, end
END
t 'a run ends with its --time, also if it was stopped on the way, and can be done again' '
	[ -z "${SAN:-}" ] || exit 0 # a step takes other times than were measured
	nt-train $slow -q --time=6s "$data/data.bin" &
	pid=$!
	wait_for "\"step\": 50,"
	kill -STOP $pid
	sleep 3
	kill -CONT $pid
	wait $pid
	$PYTHON "$data/ends.py" 6
	[ "$(setting ckpt replanned)" ]; grep "{\"event\": \"plan\", .*\"max_steps\": $(setting ckpt max_steps)}" ckpt/log.jsonl
	nt-train $slow -q --max-steps=$(setting ckpt max_steps) --replanned=$(setting ckpt replanned) \
		--warmup-steps=$(setting ckpt warmup_steps) -o again "$data/data.bin"
	cmp ckpt/model.safetensors again/model.safetensors
	cmp ckpt/latest/trainer.safetensors again/latest/trainer.safetensors
	[ "$(setting again time)" = 0 ]; not grep "\"event\": \"plan\"" again/log.jsonl'

t 'interrupted and gone on with it ends with its --time, and can be done again' '
	nt-train $slow -q --time=5s --lr-schedule=wsd "$data/data.bin" &
	pid=$!
	wait_for "\"step\": 50,"
	kill -TERM $pid
	exits 143 wait $pid
	nt-train -q "$data/data.bin"
	$PYTHON "$data/ends.py" 5
	nt-train $slow -q --max-steps=$(setting ckpt max_steps) --replanned=$(setting ckpt replanned) \
		--warmup-steps=$(setting ckpt warmup_steps) -o again --lr-schedule=wsd "$data/data.bin"
	cmp ckpt/model.safetensors again/model.safetensors'

t 'a run that was stopped for longer than its --time says so; steps that are asked are not late' '
	[ -z "${SAN:-}" ] || exit 0 # a step takes other times than were measured
	nt-train $slow --time=2s "$data/data.bin" 2>err &
	pid=$!
	wait_for "\"step\": 20,"
	kill -STOP $pid
	sleep 4
	kill -CONT $pid
	wait $pid
	grep "[1-9]s longer than --time" err
	train --max-steps=3 -o steps "$data/data.bin" 2>err; not grep "longer than" err
	exits 2 train --replanned=3:9 -o x "$data/data.bin" 2>err; grep "says what --max-steps was earlier" err
	exits 2 train --replanned=9:3 --max-steps=20 -o x "$data/data.bin" 2>err; grep "not what --replanned says" err'

t 'the loss is predicted for the vocabulary and the sizes that the law knows' '
	plan() { nt-train --plan --json --num-hidden-layers=2 --seq-len=256 --batch-size=4 -o x "$@"; }
	nt-tokenize -q --split=line "$data/text" "$data/text" | nt-pack -q -o words.bin
	plan --hidden-size=64 --max-steps=600 words.bin >a
	plan --hidden-size=64 --max-steps=6000 words.bin >b
	$PYTHON -c "
import json
a, b = json.load(open(\"a\")), json.load(open(\"b\"))
assert 2.39 < b[\"predicted_loss\"] < a[\"predicted_loss\"] < 9, (a, b)"
	plan --hidden-size=64 --max-steps=1 words.bin | not grep predicted
	plan --hidden-size=1024 --max-steps=600 words.bin | not grep predicted
	plan --hidden-size=64 --max-steps=6000 "$data/data.bin" | not grep predicted'

t '--size is one dial for the shape, which is pinned, not the dial' '
	nt-train -q --size=1M --seq-len=32 --max-steps=1 "$data/data.bin"
	nt-info --json ckpt >info
	nt-train --plan --json --size=1M --seq-len=32 --max-steps=1 -o x "$data/data.bin" >plan
	$PYTHON -c "
import json
o, p = json.load(open(\"info\"))[\"options\"], json.load(open(\"plan\"))
assert 0.8e6 < p[\"parameters\"] < 1.25e6, p
assert \"size\" not in o and all(o[k] == p[k] for k in (\"hidden_size\", \"num_hidden_layers\", \"num_attention_heads\"))"
	nt-train -q --size=1M --max-steps=2 "$data/data.bin"
	nt-train -q --max-steps=3 "$data/data.bin"
	exits 2 nt-train --size=3M --max-steps=4 "$data/data.bin" 2>err; grep "weights, and --size 3000000 was asked" err
	exits 2 nt-train --size=1M --hidden-size=64 -o x "$data/data.bin" 2>err; grep "leave it out beside --hidden-size" err
	exits 2 nt-train --size=10 -o x "$data/data.bin" 2>err; grep "no model has about so many" err
	nt-train --bench --json --size=500k --vocab-size=300 --seq-len=32 2>err | grep step_ms'

t 'a few words get the smallest model, and are read a hundred times, not for ten minutes' '
	printf "five words and no more" | nt-tokenize -q | nt-pack -q -o few.bin
	timeout 60 nt-train few.bin 2>err
	grep "too little text to hold any out" err
	grep -E " parameters, [0-9] targets, 100 steps of 16 tokens, 100 epochs" err
	grep "chosen for 600 s.* --hidden-size=64 " err'

t 'empty and cut data are refused with a sentence' '
	: >empty
	exits 3 nt-train empty 2>err; [ -s err ]
	head -c 9000 "$data/data.bin" >cut.bin
	exits 3 nt-train cut.bin 2>err
	grep -q "cut.bin: " err
	exits 4 nt-train missing.bin
	[ ! -e ckpt ]'

t 'wrong options are refused with exit 2, near names are suggested' '
	exits 2 nt-train
	exits 2 nt-train --hiden-size=3 "$data/data.bin" 2>err
	grep "did you mean .--hidden-size" err
	exits 2 train --num-attention-heads=3 --max-steps=1 "$data/data.bin" 2>err
	grep "not a multiple" err
	exits 2 train --max-steps=0 "$data/data.bin"
	exits 2 train --max-steps=1 "$data/data.bin:0" 2>err
	grep "a weight is a number above 0" err
	exits 2 train --max-steps=1 "$data/data.bin:1" "$data/other.bin" 2>err
	grep "leave nothing of 1" err
	exits 4 train --max-steps=1 "$data/missing.bin:2" 2>err
	grep "missing.bin: " err
	exits 2 train --max-steps=2 --warmup-steps=5 "$data/data.bin"'

t 'a full disk ends --plan with exit 4' '
	exits 4 train --plan --max-steps=2 "$data/data.bin" >/dev/full'

t 'a folder that holds a model of another program is not touched without -f' '
	mkdir ckpt; echo "{}" >ckpt/config.json
	exits 2 train -q --max-steps=1 "$data/data.bin" 2>err
	grep "was not written by nt-train" err
	[ "$(cat ckpt/config.json)" = "{}" ]
	train -q -f --max-steps=1 "$data/data.bin"
	grep -q hidden_size ckpt/config.json'

t '... nor is a log that another program wrote' '
	mkdir ckpt; printf "{\"iter\": 1}\n{\"iter\": 2}" >ckpt/log.jsonl; cp ckpt/log.jsonl want
	exits 2 train -q --max-steps=1 "$data/data.bin" 2>err
	grep "log.jsonl: it was not written by nt-train" err; cmp ckpt/log.jsonl want
	train -q -f --max-steps=1 "$data/data.bin"
	not grep iter ckpt/log.jsonl; head -n 1 ckpt/log.jsonl | grep "\"event\": "'

t 'under nohup it goes on when the terminal is gone' '
	nohup nt-train $tiny -q --max-steps=60 "$data/data.bin" &
	pid=$!
	wait_for "\"step\": 1,"
	kill -HUP $pid
	wait $pid
	[ "$(readlink ckpt/latest)" = step-000060 ]'

t 'a damaged step is not among those to keep' '
	train -q --max-steps=8 --save-every=4 "$data/data.bin"
	truncate -s -1 ckpt/step-000008/model.safetensors
	train -q --resume=auto --max-steps=10 --save-every=5 --keep=2 "$data/data.bin"
	[ "$(cd ckpt; echo step-*)" = "step-000005 step-000008.damaged step-000010" ]'

t 'a damaged checkpoint is named and the one before it offered' '
	train -q --max-steps=4 --save-every=2 "$data/data.bin"
	printf x | dd of=ckpt/step-000004/model.safetensors bs=1 seek=3000 conv=notrunc 2>/dev/null
	exits 3 train --max-steps=6 "$data/data.bin" 2>err
	grep "step-000004/model.safetensors: damaged" err
	grep "step-000002 is intact" err'

t 'a run that diverges exits 1, and saves nothing that gives no loss' '
	wild="--arch=gpt2 --learning-rate=100 --weight-decay=100 --lr-schedule=constant --warmup-steps=0 --on-spike=off"
	exits 1 nt-train -q --hidden-size=16 --seq-len=32 --batch-size=2 $wild --save-every=1 \
		--eval-every=1 --max-steps=50 "$data/data.bin" 2>err
	grep "step [0-9]*: the .* is nan: it diverged; last checkpoint: ckpt/step-" err
	nt-info --verify ckpt
	not grep -i nan ckpt/log.jsonl
	nt-score --json ckpt "$data/other.bin" | $PYTHON -c "import json, sys; assert json.load(sys.stdin)[\"nats\"] > 0"
	last=$(readlink ckpt/latest | sed "s/step-0*//")
	exits 1 nt-train -q --hidden-size=16 --seq-len=32 --batch-size=2 $wild --max-steps=$((last + 1)) \
		-o other "$data/data.bin"
	[ ! -e other/step-00000$((last + 1)) ]'

t 'two runs do not write one folder' '
	nt-train $tiny -q --max-steps=100000 "$data/data.bin" &
	pid=$!
	wait_for start
	bad=
	exits 4 train --max-steps=100000 "$data/data.bin" 2>err || bad=1
	kill -TERM $pid
	exits 143 wait $pid
	[ -z "$bad" ]
	grep "another nt-train is writing it" err'

t '--json without something to print as JSON is refused' '
	exits 2 nt-train --json data.bin 2>said
	grep -q -e "--json goes with --plan or --bench" said'

done_testing
