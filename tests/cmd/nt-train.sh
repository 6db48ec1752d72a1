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
	! grep -q "$(printf "\r")" err
	[ ! -e ckpt/step-000006.part ]'

t 'the log is JSON, one event a line' '
	train --max-steps=4 --eval-every=2 -q "$data/data.bin" 2>err
	! grep -v hint err
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

t 'SIGTERM saves, exits 143, and the same command goes on' '
	nt-train $tiny -q --max-steps=100000 --lr-schedule=constant --warmup-steps=0 "$data/data.bin" &
	pid=$!
	wait_for "\"step\": 3,"
	kill -TERM $pid
	exits 143 wait $pid
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
	grep "already trained for all of its 3 steps" err
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
	exits 3 nt-train -q --init first --max-steps=2 -o third words.bin'

t '--plan prints memory and FLOPs and writes nothing' '
	train --plan --max-steps=2 "$data/data.bin" >plan
	grep "^parameters *[0-9]" plan && grep "^total_bytes *[0-9]" plan && grep "^flops_per_token" plan
	train --plan --json --max-steps=2 "$data/data.bin" |
		$PYTHON -c "import json,sys; p = json.load(sys.stdin); assert p[\"param_bytes\"] == 4 * p[\"parameters\"]"
	[ ! -e ckpt ]'

t '--bench prints the speed and writes nothing' '
	train --bench --json --max-steps=2 "$data/data.bin" 2>err |
		$PYTHON -c "import json,sys; b = json.load(sys.stdin); assert all(b[k] > 0 for k in (\"tokens_per_s\", \"mfu\", \"peak_rss\", \"step_ms\"))"
	[ ! -e ckpt ]'

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

t 'a few words get the smallest model, and are read a hundred times, not for ten minutes' '
	printf "five words and no more" | nt-tokenize -q | nt-pack -q -o few.bin
	timeout 60 nt-train few.bin 2>err
	grep "too little text to hold any out" err
	grep " 100 steps of 16 tokens, 100 epochs" err
	grep "chosen for 600 s.* --hidden-size=64 " err'

t 'empty and cut data are refused with a sentence' '
	: >empty
	exits 3 nt-train empty 2>err && [ -s err ]
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
	exits 2 train --max-steps=1 "$data/data.bin:2" 2>err
	grep "without weights" err
	exits 2 train --max-steps=2 --warmup-steps=5 "$data/data.bin"'

t 'a full disk ends --plan with exit 4' '
	exits 4 train --plan --max-steps=2 "$data/data.bin" >/dev/full'

t 'a folder that holds a model of another program is not touched without -f' '
	mkdir ckpt && echo "{}" >ckpt/config.json
	exits 2 train -q --max-steps=1 "$data/data.bin" 2>err
	grep "was not written by nt-train" err
	[ "$(cat ckpt/config.json)" = "{}" ]
	train -q -f --max-steps=1 "$data/data.bin"
	grep -q hidden_size ckpt/config.json'

t 'a damaged checkpoint is named and the one before it offered' '
	train -q --max-steps=4 --save-every=2 "$data/data.bin"
	printf x | dd of=ckpt/step-000004/model.safetensors bs=1 seek=3000 conv=notrunc 2>/dev/null
	exits 3 train --max-steps=6 "$data/data.bin" 2>err
	grep "step-000004/model.safetensors: damaged" err
	grep "step-000002 is intact" err'

t 'a run that diverges exits 1, and saves nothing that gives no loss' '
	wild="--arch=gpt2 --learning-rate=100 --weight-decay=100 --lr-schedule=constant --warmup-steps=0"
	exits 1 nt-train -q --hidden-size=16 --seq-len=32 --batch-size=2 $wild --save-every=1 \
		--eval-every=1 --max-steps=50 "$data/data.bin" 2>err
	grep "step [0-9]*: the .* is nan: it diverged; last checkpoint: ckpt/step-" err
	nt-info --verify ckpt
	! grep -i nan ckpt/log.jsonl
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
