#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

# A tiny model of bytes that has read one sentence until it knows it.
ckpt=$work/ckpt
printf 'h\303\251 said \342\202\254 to the cat' | nt-tokenize -q -t bytes | nt-pack -q -o "$work/data.bin"
nt-train -q "$work/data.bin" -o "$ckpt" --max-steps 150 --hidden-size 32 --num-hidden-layers 1 \
	--num-attention-heads 2 --seq-len 32 --batch-size 1 --learning-rate 1e-2 --warmup-steps 5 --optimizer adamw \
	2>"$work/train.log" || cat "$work/train.log"
sentence=$(printf 'h\303\251 said \342\202\254 to the cat')

t 'greedy decoding says what was learned, and stops at its end' '
	nt-sample --greedy "$ckpt" </dev/null >out 2>err
	[ "$(cat out)" = "$sentence" ]
	grep -q "the text ended" err
	nt-sample -q --temp 0 "$ckpt" </dev/null | cmp - out'

t 'a prompt comes from an option, an operand or standard input' '
	nt-sample -q --greedy "$ckpt" -p "$(printf "h\\303\\251 sa")" >a
	nt-sample -q --greedy "$ckpt" "$(printf "h\\303\\251 sa")" >b
	printf "h\\303\\251 sa" | nt-sample -q --greedy "$ckpt" >c
	[ "$(cat a)" = "$sentence" ] && cmp a b && cmp a c
	printf "h\\303\\251 sa" | nt-sample -q --greedy --no-prompt "$ckpt" >d
	[ "h$(printf "\\303\\251") sa$(cat d)" = "$sentence" ]
	exits 2 nt-sample "$ckpt" one two 2>err
	exits 2 nt-sample "$ckpt" -p one two 2>err'

t 'nothing is added behind the text' '
	nt-sample -q --greedy "$ckpt" </dev/null | tail -c 1 >out && printf t | cmp - out'

t 'ids go in and come out where there is no tokenizer' '
	mkdir m && cp -L "$ckpt/config.json" "$ckpt/model.safetensors" m/
	nt-sample -q --greedy --ids m -p "256 104" >out
	[ "$(cut -c 1-19 out)" = "256 104 195 169 32 " ]
	[ "$(sed "s/.* //" out)" = 257 ]
	nt-sample -q --greedy --ids m </dev/null | cmp - out
	echo "256 104" | nt-sample -q --greedy --ids m | cmp - out
	exits 3 nt-sample m -p x 2>err && grep -q "tokenizer.json" err
	exits 2 nt-sample --ids m -p "1 x" 2>err && grep -q "x" err
	exits 2 nt-sample --ids m -p "1 258" 2>err && grep -q "258" err'

t 'a seed repeats itself, at any number of threads, and another one differs' '
	nt-sample -q --temp 5 --top-k 0 --top-p 1 --min-p 0 -n 20 -j1 "$ckpt" -p a >a
	nt-sample -q --temp 5 --top-k 0 --top-p 1 --min-p 0 -n 20 -j2 "$ckpt" -p a >b
	nt-sample -q --temp 5 --top-k 0 --top-p 1 --min-p 0 -n 20 -s 7 "$ckpt" -p a >c
	cmp a b && ! cmp a c'

t 'top-k 1, top-p 0 and min-p 1 each leave the likeliest' '
	nt-sample -q --greedy "$ckpt" -p "h" >want
	for how in "--top-k 1" "--top-p 0" "--min-p 1"; do
		nt-sample -q --temp 5 $how "$ckpt" -p "h" | cmp - want
	done'

t '-n counts tokens, and the context ends them' '
	nt-sample -q --greedy --no-prompt -n 3 "$ckpt" -p "to the" >out
	[ "$(cat out)" = " ca" ]
	nt-sample --ignore-eos -n 0 --ids "$ckpt" -p 256 >out 2>err
	grep -q "the context is full" err && [ "$(wc -w <out)" = 33 ]
	exits 2 nt-sample "$ckpt" -p "$(seq 1 100)" 2>err && grep -q "does not fit" err'

t 'only whole characters are written, and at the end what there is' '
	printf "h\\303" >want
	nt-sample -q --greedy -n 1 "$ckpt" -p "h" | cmp - want
	nt-sample -q --greedy -n 2 "$ckpt" -p "$(printf "\\377h")" | head -c 2 | od -An -tx1 | grep -q "ff 68"'

t 'mistakes are named' '
	exits 2 nt-sample 2>err && grep -q "no checkpoint" err
	exits 2 nt-sample --tmp 1 "$ckpt" 2>err && grep -q -- "--temp" err
	exits 2 nt-sample --top-p 2 "$ckpt" 2>err
	echo text >file; exits 3 nt-sample file 2>err </dev/null && grep -q "file: not a checkpoint" err
	exits 4 nt-sample nowhere 2>err </dev/null && grep -q "nowhere: " err'

t 'a full disk is noticed, a closed pipe ends it quietly' '
	exits 4 nt-sample -q "$ckpt" -p h >/dev/full 2>err && grep -q "standard output" err
	nt-sample -q "$ckpt" -p h 2>err | head -c1 >out && [ ! -s err ]'

done_testing
