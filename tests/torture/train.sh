#!/bin/sh
# SPDX-License-Identifier: MIT
# Training survives: killed, out of disk, or without power, a run goes on from what it last saved,
# and ends as if nothing had been. NT_TORTURE=10 takes ten times as many moments, or all of them.
. "$(dirname "$0")/../lib.sh"

torture=${NT_TORTURE:-1}
export torture
disk=$NT_BUILD/torture/disk.so
tools=$root/tests/torture
export disk tools

data=$work/data
mkdir "$data"
awk 'BEGIN { for (i = 0; i < 120; i++) { for (k = 0; k < 12; k++)
	printf "%s ", substr("the cat sat on a mat and saw the rat", 1 + (i * 7 + k * 5) % 30, 6);
	printf "\n" } }' | nt-tokenize -q -t bytes --split=line | nt-pack -q -o "$data/data.bin"
export data

shape='--hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 --batch-size=2 --learning-rate=0.01'
export shape
train() { nt-train -q -j1 $shape --max-steps=12 --save-every=4 --eval-every=6 "$@" "$data/data.bin"; }
# ... with the settings of tests/torture/disk.c before it
on_disk() { env ASAN_OPTIONS=$ASAN_OPTIONS:verify_asan_link_order=0:detect_leaks=0 LD_PRELOAD="$disk" "$@" nt-train -q -j1 $shape \
	--max-steps=12 --save-every=4 --eval-every=6 "$data/data.bin"; }
# What a run that nothing disturbs makes, and the run in ckpt/ must.
(cd "$data" && train) || exit 1
as_undisturbed() {
	cmp ckpt/latest/model.safetensors "$data/ckpt/latest/model.safetensors"
	cmp ckpt/latest/trainer.safetensors "$data/ckpt/latest/trainer.safetensors"
	$PYTHON "$tools/curve.py" "$data/ckpt/log.jsonl" ckpt/log.jsonl 4
	[ -z "$(find ckpt -name "*.part")" ]
}

t 'killed at a change of its files, whichever, a run goes on and ends with the same bytes' '
	n=1 killed=0
	while on_disk NT_DISK_KILL=$n; [ $? = 137 ]; do
		train
		as_undisturbed
		rm -r ckpt
		killed=$((killed + 1))
		[ $torture -gt 1 ] && n=$((n + 1)) || n=$((n + 37))
	done
	as_undisturbed
	echo killed at $killed changes
	[ $killed -ge 6 ]'

t 'killed at any moment, it does so too' '
	killed=0
	while [ $killed -lt $((10 * torture)) ]; do
		rm -rf ckpt
		for i in 1 2 3 4 5 6 7 8 9; do
			$PYTHON -c "import random, time; time.sleep(random.random() * 0.2)" &
			wait=$!
			nt-train -q -j1 $shape --max-steps=12 --save-every=4 --eval-every=6 "$data/data.bin" & pid=$!
			wait $wait
			kill -9 $pid || :
			got=0; wait $pid || got=$?
			[ $got != 0 ] || break
			[ $got = 137 ]
			killed=$((killed + 1))
		done
		train
		as_undisturbed
	done
	echo killed $killed times'

# A folder copied file by file while a run writes into it is of no one moment: the link to the latest
# step may be older than the steps, the log newer.
t 'from copies of its folder, taken at any moment while it saves, a run goes on too' '
	taken=0 saving=0
	while [ $taken -lt $((5 * torture)) ]; do
		mkdir -p live; cd live
		nt-train -q -j1 $shape --max-steps=400 --save-every=1 --keep=9 "$data/data.bin" & pid=$!
		cd ..
		while [ $taken -lt $((5 * torture)) ] && kill -0 $pid 2>&-; do
			$PYTHON -c "import random, time; time.sleep(random.random() * 0.05)"
			rm -rf copy; mkdir copy
			cp -a live/ckpt copy/ 2>&- || : # a file may go while it is copied
			[ -L copy/ckpt/latest ] || continue
			ls copy/ckpt | grep -q part && saving=$((saving + 1)) || :
			(cd copy && nt-train -q -j1 $shape --max-steps=400 --save-every=400 --resume=auto "$data/data.bin")
			[ $taken -gt 0 ] || cp copy/ckpt/latest/model.safetensors first
			cmp copy/ckpt/latest/model.safetensors first
			taken=$((taken + 1))
		done
		kill -9 $pid 2>&- || :
		wait $pid || :
		rm -rf live
	done
	echo $taken copies, $saving with a step half written'

t 'a disk that is full while it saves costs one sentence and no checkpoint' '
	full=1000 stopped=0
	while on_disk NT_DISK_FULL=$full 2>err; [ $? = 4 ]; do
		[ $(wc -l <err) = 1 ]; grep -q "No space left on device" err
		if [ -e ckpt/latest ]; then nt-info --verify ckpt; fi
		train
		as_undisturbed
		rm -r ckpt
		stopped=$((stopped + 1))
		[ $torture -gt 1 ] && full=$((full + 4096)) || full=$((full + 61111))
	done
	as_undisturbed
	echo stopped $stopped times
	[ $stopped -ge 3 ]'

# images FIRST LAST [NAME]: folders cut-N as tests/torture/powercut.py makes them, in `saved` a
# line for each: its number and the step that had been announced as saved
images() {
	[ -e record ] || { on_disk NT_DISK_RECORD="$PWD/record" && mv ckpt whole; }
	$PYTHON "$tools/powercut.py" record $1 $2 cut $3 >saved
}
holds() { # holds IMAGE STEP: what had been announced is there, and whatever is there is whole
	[ $2 = none ] && return
	nt-info --verify $1/ckpt >/dev/null && [ $(readlink $1/ckpt/latest | sed "s/step-0*//") -ge $2 ]
}

t 'whatever a power cut leaves of its files, nothing is lost that was said to be saved' '
	images 1 $((5 * torture))
	while read -r seed step; do
		holds cut-$seed $step
		(cd cut-$seed; train; as_undisturbed)
	done <saved'

t '... and the cuts are such that a save which leaves out a sync would be found' '
	names=
	[ $torture = 1 ] || names="config.json.part tokenizer.json.part trainer.safetensors.part trainer.json.part
		step-000004.part step-000008.part ."
	for name in model.safetensors.part ckpt $names; do
		images 1 30 $name
		lost=0
		while [ $lost = 0 ] && read -r seed step; do
			holds cut-$seed $step || lost=$((lost + 1))
		done <saved
		rm -r cut-*
		echo without a sync of $name: $lost lost
		[ $lost -gt 0 ]
	done'

# A run that was killed behind its save at step 8.
to_step_8() {
	train --keep=3
	rm -r ckpt/step-000012
	ln -sfn step-000008 ckpt/latest
	sed -i "/\"save\", \"step\": 8,/q" ckpt/log.jsonl
}

t 'each file of the newest step cut, changed or gone is named, and --resume=auto takes the step before' '
	to_step_8
	mv ckpt whole
	for file in $(ls whole/latest/) .; do
		for how in cut changed gone; do
			cp -a whole ckpt
			at=ckpt/step-000008/$file
			[ $file != . ] || at=ckpt/step-000008
			case $file.$how in
			..*) rm -r $at ;;
			*.cut) truncate -s -1 $at ;;
			*.changed) printf "\377" | dd of=$at bs=1 seek=$(($(stat -c %s $at) / 2)) conv=notrunc status=none ;;
			*.gone) rm $at ;;
			esac
			exits 3 train 2>err
			grep "$at.*; step-000004 is intact: nt-train --resume=auto goes on from it" err
			[ $(readlink ckpt/latest) = step-000008 ]
			[ $torture = 1 ] && [ $file.$how != trainer.json.cut ] && [ $file != . ] && rm -r ckpt && continue
			train --resume=auto
			grep "\"warning\", \"step\": 4,.*$at.*going on from step-000004" ckpt/log.jsonl
			as_undisturbed
			rm -r ckpt
		done
	done'

t 'where no step is whole, --resume=auto says so' '
	to_step_8
	rm ckpt/step-*/config.json
	exits 3 train --resume=auto 2>err
	grep "step-000008/config.json: .*no older step is intact: --restart begins anew" err
	train --restart
	cmp ckpt/latest/model.safetensors "$data/ckpt/latest/model.safetensors"'

t 'without the link to the latest step the newest is gone on from' '
	to_step_8
	rm ckpt/latest
	train
	as_undisturbed
	grep "\"start\", \"step\": 8," ckpt/log.jsonl'

done_testing
