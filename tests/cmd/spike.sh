#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-train: a loss that is far above those before it, because of the text or of the weights.
. "$(dirname "$0")/../lib.sh"

data=$work/data
mkdir "$data"
# every hundredth document is noise, of which one is met behind step 100
awk 'BEGIN { for (i = 0; i < 400; i++) { if (i % 100 == 99) for (k = 0; k < 60; k++) printf "%c", 33 + (k * k * 37 + k * i) % 94
	else for (k = 0; k < 12; k++) printf "%s ", substr("the cat sat on a mat and saw the rat", 1 + (i * 7 + k * 5) % 30, 6);
	printf "\n" } }' | nt-tokenize -q -t bytes --split=line | nt-pack -q -o "$data/data.bin"
export data
train() { nt-train -j1 --hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 --batch-size=1 \
	--learning-rate=0.01 --dtype=f32 --max-steps=400 --save-every=100 --keep=9 "$@" "$data/data.bin"; }
same() { cmp $1/latest/model.safetensors $2/latest/model.safetensors && cmp $1/latest/trainer.safetensors $2/latest/trainer.safetensors; }
spikes() { grep "\"spike\"" $1/log.jsonl | sed "s/\"time\": [0-9.]*, //"; }

t 'a step of noise is told with its documents and trained on; nothing else is told' '
	train 2>err
	[ $(spikes ckpt | wc -l) = 1 ]
	grep "warning: step 358: the loss is [0-9.]*, where it was about 1.[0-9]*: trained on" err
	spikes ckpt | grep "\"deviations\": 3[0-9].*\"action\": \"warn\", \"rows\": \[{\"loss\": [0-9.]*, \"documents\": \[{\"file\": \".*/data.bin\", \"document\": 399}"
	train -q --on-spike=off -o off; [ ! "$(spikes off)" ]
	same ckpt off'

t 'a document that a window lies in is named once' '
	awk "BEGIN { for (i = 0; i < 60; i++) { if (i == 30) for (k = 0; k < 900; k++) printf \"%c\", 33 + (k * k * 37 + k * i) % 94
		else for (k = 0; k < 40; k++) printf \"%s \", substr(\"the cat sat on a mat and saw the rat\", 1 + (i * 7 + k * 5) % 30, 6)
		printf \"\\n\" } }" | nt-tokenize -q -t bytes --split=line | nt-pack -q -o data.bin
	nt-train -q -j1 --hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 --batch-size=1 \
		--learning-rate=0.01 --dtype=f32 --max-steps=120 --rows=concat data.bin
	spikes ckpt | grep "\"documents\": \[{\"file\": \"data.bin\", \"document\": 30}\]"'

t '--on-spike=skip leaves it out, and a run that was stopped on the way does the same' '
	train -q --on-spike=off -o off
	train --on-spike=skip -o straight 2>err; grep "step 358: .*: left out" err
	not same straight off 2>/dev/null
	cp -R straight half
	rm -r half/step-000400 half/latest
	ln -s step-000300 half/latest
	train -q -o half
	same straight half
	[ "$(spikes straight)" = "$(spikes half | tail -n 1)" ]
	grep "\"band\": .*\"skipped\": 1}" half/latest/trainer.json
	[ "$(grep "\"band\"" half/latest/trainer.json)" = "$(grep "\"band\"" straight/latest/trainer.json)" ]'

t '--on-spike=stop saves what there is before it, and can be gone on from with skip' '
	train -q --on-spike=skip -o straight
	exits 1 train -q --on-spike=stop 2>err
	grep "step 358: the loss is .*, and other rows have none such: .*--on-spike=skip" err
	[ $(readlink ckpt/latest) = step-000357 ]
	exits 1 train -q
	train -q --on-spike=skip
	same ckpt straight'

t 'weights that a rate far too high has ruined are never saved, and end the run' '
	for rate in 1 40; do
		exits 1 train -q --learning-rate=$rate --warmup-steps=400 --lr-schedule=constant --save-every=5 --keep=2 \
			--on-spike=skip --restart 2>err
		grep "step [0-9]*: the loss.* it diverged; last checkpoint: ckpt/step-" err
		nt-info --verify ckpt
		nt-score --json ckpt "$data/data.bin" >score
		$PYTHON -c "import json; assert json.load(open('"'"'score'"'"'))[\"nats_per_token\"] < 11.2"
	done'

done_testing
