#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-train: what a run takes, what is chosen for it, and whether it ends when it was to.
. "$(dirname "$0")/../tiny.sh"

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

t 'a full disk ends --plan with exit 4' '
	exits 4 train --plan --max-steps=2 "$data/data.bin" >/dev/full'

t '--json without something to print as JSON is refused' '
	exits 2 nt-train --json data.bin 2>said
	grep -q -e "--json goes with --plan or --bench" said'

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

done_testing
