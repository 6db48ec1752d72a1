#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-train on the reference models: ten AdamW steps in three variants, from the command line.
. "$(dirname "$0")/../lib.sh"

golden=$shared/data/golden
export golden

# 64 entries: padding, [B], [E], and 61 characters
cat >"$work/tokenizer.py" <<'END'
import json
special = ["<|pad|>", "<|bos|>", "<|eos|>"]
byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
print(json.dumps({
    "version": "1.0", "normalizer": None, "pre_tokenizer": byte_level, "decoder": byte_level,
    "added_tokens": [{"id": i, "content": s, "single_word": False, "lstrip": False, "rstrip": False,
                      "normalized": False, "special": True} for i, s in enumerate(special)],
    "model": {"type": "BPE", "merges": [],
              "vocab": {s: i for i, s in enumerate(special + [chr(33 + k) for k in range(61)])}}}))
END

# Every step's loss and gradient norm, and the loss after the last step, against adamw.json. The
# reference may have followed the sum over 26 targets; the log speaks of the mean.
cat >"$work/compare.py" <<'END'
import json, sys
want = json.load(open(sys.argv[1]))[sys.argv[2]]
n = 26 if want["reduction"] == "sum" else 1
steps = [e for e in map(json.loads, open("ckpt/log.jsonl")) if e["event"] == "step"]
assert len(steps) == len(want["steps"]) == 10
loose = float(sys.argv[3])
def near(what, a, b, rel=1e-5): assert abs(a - b) <= loose * rel * abs(b), (what, a, b)
for got, w in zip(steps, want["steps"]):
    near("lr", got["lr"], w["lr"], 1e-8)
    near("loss", got["loss"], w["loss_before"] / n)
    near("norm", got["grad_norm"], w["grad_norm"] / n, 3e-5)
near("final loss", json.load(open("total"))["nats"], want["final_loss_sum"])
END

variant() { # variant FAMILY NAME DTYPE OPTION...
	family=$1 name=$2 dtype=$3 loose=1
	shift 3
	[ $dtype = f32 ] || loose=1000 # 8 bits of a number instead of 24
	model=$golden/$family
	cat "$model/seq0_nll.tsv" "$model/seq1_nll.tsv" |
		awk '/^[0-9]/ && $3 != 2 { printf "%s ", $3 } $3 == 2 { print "" }' >ids
	$PYTHON "$work/tokenizer.py" >tokenizer.json
	nt-pack -q --ids -t tokenizer.json -o data.bin ids
	rm -rf ckpt
	nt-train -q --init "$model" --val data.bin --seq-len=16 --batch-size=2 --max-steps=10 --dtype=$dtype --optimizer=adamw \
		--learning-rate=1e-3 --adam-beta2=0.99 "$@" data.bin
	nt-score -q --json --total ckpt data.bin >total
	$PYTHON "$work/compare.py" "$model/adamw.json" "$name" $loose
}

# Adam divides a gradient of any scale by its own size: the sum's steps are the mean's with
# epsilon divided as well.
plain='--lr-schedule=constant --warmup-steps=0 --adam-eps=3.8461538e-10'
export plain

if [ -n "$shared" ] && [ -d "$golden/gpt2" ]; then
	for family in gpt2 llama; do
		t "ten plain steps of the $family reference" "
			variant $family sum_plain f32 \$plain --weight-decay=0 --max-grad-norm=0"
		t "ten steps of the $family reference, clipped and decayed" "
			variant $family sum_clip_wd f32 --lr-schedule=constant --warmup-steps=0"
		t "ten steps of the $family reference with warm-up and cosine" "
			variant $family mean_clip_wd_cosine f32 --warmup-steps=2 --min-learning-rate=1e-4"
		if nt-train --version | grep -q "^kernels:.*bf16"; then
			t "ten steps of the $family reference in bf16, to two digits" "
				variant $family sum_plain bf16 \$plain --weight-decay=0 --max-grad-norm=0"
		else
			skip "ten steps of the $family reference in bf16" 'this CPU does not multiply it'
		fi
	done
else
	skip 'nt-train takes the steps of the references' 'no reference models here'
fi
done_testing
