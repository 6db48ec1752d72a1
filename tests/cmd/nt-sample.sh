#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

# A tiny model of bytes that has read one sentence until it knows it.
ckpt=$work/ckpt
printf 'h\303\251 said \342\202\254 to the cat' | nt-tokenize -q -t bytes | nt-pack -q -o "$work/data.bin"
nt-train -q "$work/data.bin" -o "$ckpt" --max-steps 150 --hidden-size 32 --num-hidden-layers 1 \
	--num-attention-heads 2 --seq-len 32 --batch-size 1 --learning-rate 1e-2 --warmup-steps 5 --optimizer adamw \
	2>"$work/train.log" || cat "$work/train.log"
printf 'h\303\251 said \342\202\254 to the cat' >"$work/said"
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
	[ "$(cat a)" = "$sentence" ]; cmp a b; cmp a c
	printf "h\\303\\251 sa" | nt-sample -q --greedy --no-prompt "$ckpt" >d
	[ "h$(printf "\\303\\251") sa$(cat d)" = "$sentence" ]
	exits 2 nt-sample "$ckpt" one two 2>err
	exits 2 nt-sample "$ckpt" -p one two 2>err'

t 'nothing is added behind the text' '
	nt-sample -q --greedy "$ckpt" </dev/null | tail -c 1 >out; printf t | cmp - out'

# At the ends of attention's blocks and of a prompt's pieces is a single row left.
t 'OpenBLAS is not loaded where products are our own, to train or to generate' '
	grep -qwE "avx2|asimd" /proc/cpuinfo || exit 0
	seq 1 4000 | nt-tokenize -q -t bytes | nt-pack -q -o long.bin
	for isa in "" avx2; do
		[ -z "$isa" ] || export NT_ISA=$isa
		LD_DEBUG=files nt-train -q long.bin -o "long$isa" --max-steps=1 --hidden-size=16 --num-hidden-layers=1 \
			--num-attention-heads=2 --seq-len=520 --batch-size=1 2>err
		grep -q libc.so err && ! grep -i openblas err || exit 1
		for n in 1 129 513; do
			seq 1 "$n" | awk "{ print \$1 % 100 }" |
				LD_DEBUG=files nt-sample -q --ids --ignore-eos -n 2 "long$isa" >out 2>err
			[ "$(wc -w <out)" = "$((n + 2))" ]
			grep -q libc.so err && ! grep -i openblas err || exit 1
		done
	done'

t 'ids go in and come out where there is no tokenizer' '
	mkdir m; cp -L "$ckpt/config.json" "$ckpt/model.safetensors" m/
	nt-sample -q --greedy --ids m -p "256 104" >out
	[ "$(cut -c 1-19 out)" = "256 104 195 169 32 " ]
	[ "$(sed "s/.* //" out)" = 257 ]
	nt-sample -q --greedy --ids m </dev/null | cmp - out
	echo "256 104" | nt-sample -q --greedy --ids m | cmp - out
	exits 3 nt-sample m -p x 2>err; grep -q "tokenizer.json" err
	exits 2 nt-sample --ids m -p "1 x" 2>err; grep -q "x" err
	exits 2 nt-sample --ids m -p "1 258" 2>err; grep -q "258" err'

t 'a seed repeats itself, at any number of threads, and another one differs' '
	nt-sample -q --temp 5 --top-k 0 --top-p 1 --min-p 0 -n 20 -j1 "$ckpt" -p a >a
	nt-sample -q --temp 5 --top-k 0 --top-p 1 --min-p 0 -n 20 -j2 "$ckpt" -p a >b
	nt-sample -q --temp 5 --top-k 0 --top-p 1 --min-p 0 -n 20 -s 7 "$ckpt" -p a >c
	cmp a b; not cmp a c'

t 'top-k 1, top-p 0 and min-p 1 each leave the likeliest' '
	nt-sample -q --greedy "$ckpt" -p "h" >want
	for how in "--top-k 1" "--top-p 0" "--min-p 1"; do
		nt-sample -q --temp 5 $how "$ckpt" -p "h" | cmp - want
	done'

t 'any end of text that config.json or generation_config.json lists ends it' '
	mkdir m; cp -L "$ckpt/config.json" "$ckpt/model.safetensors" "$ckpt/tokenizer.json" m/
	sed -i "s/\"eos_token_id\": 257/\"eos_token_id\": [257, 99]/" m/config.json
	nt-sample --greedy m </dev/null >out 2>err; grep -q "the text ended" err
	[ "$(cat out)" = "${sentence%cat}" ]
	printf "%s\n" "to the" "hat" | nt-sample -q --greedy --lines --no-prompt m >lines; [ "$(head -1 lines)" = " " ]
	nt-sample -q --greedy --ignore-eos -n 9 m -p "to the" >long; grep -q "to the cat" long
	cp -L "$ckpt/config.json" m/; nt-sample -q --greedy m </dev/null >whole; [ "$(cat whole)" = "$sentence" ]
	echo "{\"eos_token_id\": 99}" >m/generation_config.json; nt-sample -q --greedy m </dev/null | cmp - out
	echo "{\"eos_token_id\": 258}" >m/generation_config.json; exits 3 nt-sample m 2>err </dev/null
	grep -q "m/generation_config.json: eos_token_id 258" err'

t 'an object has no name twice' '
	for how in "--answer-field finish_reason" "--answer-field prompt" "--field q --answer-field q" "--field ids --ids" \
		"--jsonl --answer-field ids" "--jsonl --answer-field logprobs" "--lines --logprobs --answer-field prompt"; do
		exits 2 nt-sample -n 2 --json $how "$ckpt" </dev/null 2>err; grep -q "another field of that name" err
	done
	printf a | nt-sample -q -n 2 --json --answer-field said --field q "$ckpt" >out; grep -q "^{\"q\":\"a\",\"said\":" out
	nt-sample -q -n 2 --answer-field prompt "$ckpt" -p a >out
	echo "{\"prompt\": \"a\", \"ids\": 3}" | nt-sample -q -n 2 --jsonl --answer-field text "$ckpt" >out
	exits 1 grep -q "\"ids\"" out'

t 'speeds are said of what took time' '
	nt-sample -n 1 "$ckpt" -p a 2>err >out; cat err
	grep -Eq "prompt tokens at [0-9]+ tokens/s, 1 generated;" err
	nt-sample --ignore-eos -n 9 "$ckpt" -p a 2>err >out; cat err
	grep -Eq "prompt tokens at [1-9][0-9]* tokens/s, 9 generated at [1-9][0-9]* tokens/s;" err'

t '-n counts tokens, and the context ends them' '
	nt-sample -q --greedy --no-prompt -n 3 "$ckpt" -p "to the" >out
	[ "$(cat out)" = " ca" ]
	nt-sample --ignore-eos -n 0 --ids "$ckpt" -p 256 >out 2>err
	grep -q "the context is full" err; [ "$(wc -w <out)" = 33 ]
	exits 2 nt-sample "$ckpt" -p "$(seq 1 100)" 2>err; grep -q "does not fit" err'

t 'only whole characters are written, and at the end what there is' '
	printf "h\\303" >want
	nt-sample -q --greedy -n 1 "$ckpt" -p "h" | cmp - want
	nt-sample -q --greedy -n 2 "$ckpt" -p "$(printf "\\377h")" | head -c 2 | od -An -tx1 | grep -q "ff 68"'

t 'mistakes are named' '
	exits 2 nt-sample 2>err; grep -q "no checkpoint" err
	exits 2 nt-sample --tmp 1 "$ckpt" 2>err; grep -q -- "--temp" err
	exits 2 nt-sample --top-p 2 "$ckpt" 2>err
	echo text >file; exits 3 nt-sample file 2>err </dev/null; grep -q "file: not a checkpoint" err
	exits 4 nt-sample nowhere 2>err </dev/null; grep -q "nowhere: " err'

t 'a stop string ends the text in front of it, wherever tokens end' '
	nt-sample --greedy "$ckpt" --stop "to t" </dev/null >out 2>err
	printf "h\303\251 said \342\202\254 " | cmp - out
	grep -q "stopped at .to t." err
	nt-sample -q --greedy "$ckpt" --stop nowhere --stop "$(printf "\342\202\254")" --stop "id" </dev/null >out
	printf "h\303\251 sa" | cmp - out
	nt-sample -q --greedy "$ckpt" --stop "cats" </dev/null | cmp - "$work/said"
	nt-sample -q --greedy "$ckpt" -p "h" --stop "h" </dev/null >out # that of the prompt does not count
	printf "h\303\251 said \342\202\254 to t" | cmp - out
	not nt-sample -q --greedy "$ckpt" --stop "\\x" </dev/null 2>err; grep -q -e "--stop: unknown escape" err
	exits 2 nt-sample "$ckpt" --stop "" </dev/null 2>err
	exits 2 nt-sample "$ckpt" --ids --stop a </dev/null 2>err; grep -q -e "--json" err'

t 'log-probabilities are those of nt-score, one object a token and nothing else' '
	nt-sample -q --greedy "$ckpt" --logprobs=3 </dev/null >out
	printf %s "$sentence" | nt-score -q --tsv "$ckpt" >scored
	"$PYTHON" - out scored <<-END
		import json, sys
		said = [json.loads(line) for line in open(sys.argv[1])]
		rows = [line.rstrip("\n").split("\t") for line in open(sys.argv[2])]
		at = {name: i for i, name in enumerate(rows.pop(0))}
		assert len(said) == len(rows), (len(said), len(rows))
		for o, row in zip(said, rows):
		    assert o["id"] == int(row[at["target_id"]])
		    assert abs(o["logprob"] + float(row[at["nll"]])) < 1e-3, (o, row)
		    top = o["top_logprobs"]
		    assert len(top) == 3 and top[0]["id"] == o["id"]
		    assert top[0]["logprob"] >= top[1]["logprob"] >= top[2]["logprob"]
		assert said[1]["bytes"] == [195] and said[0]["token"] == "h" and "bytes" not in said[0]
		assert said[-1]["token"].startswith("<")
	END
	nt-sample -q --greedy "$ckpt" --logprobs -n 2 </dev/null >out
	[ $(wc -l <out) = 2 ]; not grep -q top_ out
	nt-sample -q --temp 3 -n 5 "$ckpt" --logprobs </dev/null | sed "s/.*\"id\":\([0-9]*\).*/\1/" | xargs >ids
	nt-sample -q --temp 3 -n 5 "$ckpt" --ids --no-prompt </dev/null | cmp - ids'

t 'prompts a line are answered a line, in order, as each would be alone' '
	printf "h\n\nto the\nhe \\\\ \001\n" >prompts
	nt-sample --greedy -n 7 "$ckpt" --lines <prompts >out 2>err
	[ $(wc -l <out) = 4 ]; grep -q "^nt-sample: 4 answers; .* length" err
	nt-sample -q --greedy -n 7 "$ckpt" -p h >one; echo >>one
	nt-sample -q --greedy -n 7 "$ckpt" </dev/null >>one; echo >>one
	nt-sample -q --greedy -n 7 "$ckpt" -p "to the" >>one; echo >>one
	head -n 3 out | cmp - one
	nt-sample -q --greedy -n 7 "$ckpt" -p "$(printf "he \\\\ \001")" >last
	sed -n 4p out | "$PYTHON" "$root/tests/cmd/unescape.py" | cmp - last
	printf "256 104\n\n" | nt-sample -q --greedy --ids --lines -n 2 "$ckpt" >out
	printf "256 104 195 169\n256 104 195\n" | cmp - out'

t 'an object a line keeps its fields, and says how the answer ended' '
	cat >in <<-END
		{"id": 7, "prompt": "h", "more": {"a": [1, 2.50, null]}}

		{"prompt": [256, 104, 195], "text2": "\u00e9", "finish_reason": "old"}
		{"prompt": "to the", "id": "x"}
	END
	nt-sample -q --greedy --stop "o t" --jsonl "$ckpt" <in >out
	"$PYTHON" - out <<-END
		import json, sys
		a, b, c = [json.loads(line) for line in open(sys.argv[1])]
		assert a == {"id": 7, "prompt": "h", "more": {"a": [1, 2.5, None]}, "text": "\u00e9 said \u20ac t",
		             "finish_reason": "stop", "stop": "o t", "prompt_tokens": 2, "completion_tokens": 16}, a
		assert list(a)[:4] == ["id", "prompt", "more", "text"]
		assert b["text2"] == "\u00e9" and b["finish_reason"] == "stop" and b["prompt"] == [256, 104, 195]
		assert c["text"] == " cat" and c["finish_reason"] == "eos" and c["completion_tokens"] == 5, c
	END
	echo "{\"q\": \"h\", \"text\": 1}" >in
	exits 3 nt-sample -q --jsonl --field q "$ckpt" <in 2>err; grep -q "standard input:1: .*--answer-field" err
	nt-sample -q --greedy -n 2 --jsonl --field q --answer-field said --ids --logprobs "$ckpt" <in >out
	grep -q "^{\"q\":\"h\",\"text\":1,\"said\":\"é\",\"ids\":\[195,169\],\"finish_reason\":\"length\",.*\"logprobs\":\[{\"id\":195," out
	nt-sample -q --greedy --json "$ckpt" -p h -n 2 >out
	grep -q "^{\"prompt\":\"h\",\"text\":\"é\",\"finish_reason\":\"length\",\"prompt_tokens\":2,\"completion_tokens\":2}" out'

t 'answers are the same bytes at any batch and any number of threads' '
	seq 1 50 >prompts
	nt-sample -q --temp 3 --lines --batch 1 -j1 "$ckpt" <prompts >one
	for how in "--batch 3 -j1" "--batch 32 -j2" "--batch 50 -j3" "-j2"; do
		nt-sample -q --temp 3 --lines $how "$ckpt" <prompts | cmp - one
	done
	[ $(sort -u one | wc -l) -gt 40 ]
	nt-sample -q --temp 3 --json "$ckpt" -p 1 >alone
	nt-sample -q --temp 3 --json --lines "$ckpt" <prompts | head -n 1 | cmp - alone
	yes h | head -n 5 | nt-sample -q --temp 9 --top-k 0 --top-p 1 --min-p 0 --lines "$ckpt" | sort -u >out; [ $(wc -l <out) -gt 1 ]'

t 'each answer comes before the next prompt is asked for, and an endless pipe ends when nobody reads' '
	mkfifo ask say
	nt-sample -q --greedy --no-prompt -n 3 --lines "$ckpt" <ask >say &
	exec 3>ask 4<say
	for i in 1 2 3; do
		echo "to the" >&3
		read -r answer <&4; [ "$answer" = "ca" ]
	done
	exec 3>&-; wait $!; exec 4<&-
	yes h | nt-sample -q --greedy --lines "$ckpt" 2>err | head -n 3 >out
	[ $(wc -l <out) = 3 ]; [ ! -s err ]'

t 'a line that is no prompt is named, and those before it are answered' '
	printf "{\"prompt\":\"to the\"}\n{\"prompt\":\"h\"}\n{\"prompt\":1}\n{\"prompt\":\"h\"}\n" >in
	exits 3 nt-sample --greedy --jsonl "$ckpt" <in >out 2>err
	[ $(wc -l <out) = 2 ]; [ $(wc -l <err) = 1 ]; grep -q "^nt-sample: standard input:3: field .prompt. is " err
	{ echo h; seq 1 100 | xargs; echo h; } | exits 3 nt-sample -q --lines "$ckpt" >out 2>err
	[ $(wc -l <out) = 1 ]; grep -q "standard input:2: .*does not fit" err
	echo "1 2 x" | exits 3 nt-sample -q --ids --lines "$ckpt" 2>err; grep -q "input:1: .x. is no token id" err
	echo "1 258" | exits 3 nt-sample -q --ids --lines "$ckpt" 2>err; grep -q "input:1: token 258" err
	nt-sample -q --lines "$ckpt" </dev/null >out; [ ! -s out ]
	echo h | exits 4 nt-sample -q --lines "$ckpt" >/dev/full 2>err
	for bad in "--lines --jsonl" "--lines -p x" "--interactive --lines" "--interactive --ids"; do
		exits 2 nt-sample "$ckpt" $bad </dev/null 2>err; [ $(wc -l <err) = 1 ]
	done'

t 'a conversation is one text' '
	printf "to\n the\n" | nt-sample -q --greedy -n 1 --interactive "$ckpt" >out
	nt-sample -q --greedy --no-prompt -n 1 "$ckpt" -p to >want; echo >>want
	nt-sample -q --greedy --no-prompt -n 1 "$ckpt" -p "to$(head -n 1 want) the" >>want; echo >>want
	cmp out want
	# what a stop string cut off is no part of it, and no line lets the model go on
	printf "h\n\n" | nt-sample -q --greedy --stop " said" --interactive "$ckpt" >out
	printf "\303\251\n\n" | cmp - out
	printf "\\\\\n\n" | nt-sample -v --greedy -p "to t" --interactive "$ckpt" -n 2 >out 2>err
	printf "h\n/reset\nh\n" | nt-sample -q --greedy -n 2 --interactive "$ckpt" >out
	printf "\303\251\n\303\251\n" | cmp - out
	seq 1 100 | xargs | nt-sample --greedy --interactive "$ckpt" >out 2>err
	grep -q "no room for.*/reset" err; [ ! -s out ]'

t 'on a terminal an interrupt ends the answer, and the end of input the conversation' '
	mkdir long; cp -L "$ckpt"/*.json "$ckpt"/*.safetensors long
	sed -i "s/\"max_position_embeddings\": 32/\"max_position_embeddings\": 1000000/" long/config.json
	grep -q 1000000 long/config.json; "$PYTHON" "$root/tests/cmd/talk.py" "$ckpt" long'

t 'an interrupt leaves the text so far on standard output, and no file' '
	mkdir long; cp -L "$ckpt"/*.json "$ckpt"/*.safetensors long
	sed -i "s/\"max_position_embeddings\": 32/\"max_position_embeddings\": 1000000/" long/config.json
	for signal in INT:130 TERM:143; do
		run="timeout --foreground --preserve-status -s ${signal%:*} 1 nt-sample --ignore-eos -n 0 long -p to"
		echo old >file
		exits ${signal#*:} $run >out 2>err; [ -s out ]; grep -q "; interrupted" err
		exits ${signal#*:} $run -o file 2>err; grep -q "interrupted: file is not written" err
		echo old | cmp - file; [ ! -e file.part ]
	done'

t 'a full disk is noticed, a closed pipe ends it quietly' '
	exits 4 nt-sample -q "$ckpt" -p h >/dev/full 2>err; grep -q "standard output" err
	nt-sample -q "$ckpt" -p h 2>err | head -c1 >out; [ ! -s err ]'

done_testing
