#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-train: runs that stop and go on, what is refused, and what lies in the folder.
. "$(dirname "$0")/../tiny.sh"

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

done_testing
