#!/bin/sh
# SPDX-License-Identifier: MIT
# Our GGUF files in llama.cpp, through node-llama-cpp: its ids, its text, its -log p, its own
# quantizers. GGUF=folder keeps the files.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/clients.sh"

command -v "$PYTHON" >/dev/null && "$PYTHON" -c 'import numpy' 2>/dev/null && llama_install || {
	skip 'models in llama.cpp' 'npm or numpy is not here, or npm cannot install'
	done_testing
	exit
}
client() { node "$root/tests/interop/llama.js" "$@"; }
gguf() { "$PYTHON" "$root/tests/cmd/gguf.py" "$@"; }
pieces() { "$PYTHON" "$root/tests/cmd/pieces.py" "$@"; }

# One model of each kind, trained until it is sure of something: a text, in rows shorter than it.
cat "$root"/docs/*.md | head -c 60000 >"$work/text"
nt-tokenize -q --split=none "$work/text" | nt-pack -q -o "$work/data.bin"
trained() { # trained ARCH OPTION...: $work/ARCH
	[ -d "$work/$1" ] || nt-train -q --arch="$@" --hidden-size=64 --num-hidden-layers=2 --num-attention-heads=4 --seq-len=64 \
		--batch-size=4 --max-steps=150 --learning-rate=0.01 --val "$work/data.bin" -o "$work/$1" "$work/data.bin"
}
# Sequences of the text, each with [B] in front: 8190.
prompts() { # prompts N LENGTH
	nt-tokenize -q --ids --split=none "$work/text" | tr ' ' '\n' | head -$(($1 * $2)) | paste -d' ' $(yes - | head -$2) |
		sed 's/^/8190 /'
}
export work

# ids NAME: the same ids for every text
ids() {
	node "$root/tests/interop/tokenizers.js" texts >texts.jsonl
	nt-tokenize -q --ids --split=jsonl "$@" texts.jsonl >ids
}
t 'llama.cpp cuts every text as we do: the embedded vocabulary' '
	trained llama; nt-export -q "$work/llama" -o m.gguf; ids; client tokens m.gguf texts.jsonl ids'
for pattern in gpt2 cl100k qwen2 deepseek; do
	t "... one learned with $pattern" "
		cat \"\$root\"/docs/*.md \"\$root\"/lib/token/*.c | nt-vocab -q -n 1500 --pattern $pattern -o v.json
		gguf made llama ckpt vocab_size=1500 && nt-export -q -t v.json ckpt -o m.gguf
		ids -t v.json && client tokens m.gguf texts.jsonl ids"
done
t '... the 256 bytes' '
	nt-vocab -q --convert bytes -o v.json; gguf made llama ckpt; nt-export -q -t v.json ckpt -o m.gguf
	ids -t bytes; client tokens m.gguf texts.jsonl ids'

# spelt TOKENIZER.JSON: ids and text of one of SentencePiece's kind, in m.gguf
spelt() {
	gguf made llama ckpt vocab_size=32000 bos_token_id=1 eos_token_id=2 && nt-export -t "$1" ckpt -o m.gguf
	ids -t "$1" && client tokens m.gguf texts.jsonl ids && client back m.gguf texts.jsonl
}
for words in 'all' 'one' 'late' 'gemma' 'never'; do
	t "... of SentencePiece's kind, learned here: $words" "pieces \"\$work/text\" 400 v.json $words && spelt v.json"
done
t '... with a space put in front by Metaspace, but for text that begins with one' '
	pieces "$work/text" 400 v.json first; not spelt v.json 2>said; grep -q "text that begins with one" said
	grep -v "^{.text.:\" " texts.jsonl >some.jsonl; nt-tokenize -q --ids --split=jsonl -t v.json some.jsonl >ids
	client tokens m.gguf some.jsonl ids'
if [ -n "$shared" ]; then
	t "... Llama 2's, in text of many languages too" '
		zstd -dqo v.json "$shared/data/vocabs/llama2.tokenizer.json.zst"; spelt v.json
		zstd -dqc "$shared/data/corpora/multiling-ud-dev.jsonl.zst" >real.jsonl
		nt-cat real.jsonl | nt-cat -0 --jsonl >texts.jsonl; nt-tokenize -q --ids --split=jsonl -t v.json texts.jsonl >ids
		client tokens m.gguf texts.jsonl ids'
else
	skip "... Llama 2's, in text of many languages too" 'no shared data'
fi
t '... and the test finds out scores that are not those' '
	pieces "$work/text" 400 v.json all; spelt v.json; gguf unscored m.gguf wrong.gguf
	not client tokens wrong.gguf texts.jsonl ids >said; grep -q "theirs" said'

# The same ids as nt-sample, for 20 behind each of 8 prompts.
greedy() { # greedy MODEL.gguf CKPT
	prompts 8 12 >prompt
	while read -r p; do
		nt-sample -q --ids --greedy --ignore-eos --no-prompt -n 20 "$2" -p "$p"
	done <prompt >ours
	client greedy "$1" prompt 20 >theirs
	cmp ours theirs
}
# -log p of every id of 8 sequences, within 0.02 nats: llama.cpp keeps keys and values in f16
agrees() { # agrees MODEL.gguf CKPT
	prompts 8 50 >seen
	nt-score -q --ids --tsv "$2" seen | tail -n +2 | cut -f7 >ours
	client nll "$1" seen | tr " " "\n" >theirs
	paste ours theirs | awk "{ d = \$1 - \$2; d = d < 0 ? -d : d; most = d > most ? d : most; n++ }
		END { print n, \"targets, at most\", most, \"nats apart\"; exit !(n == 400 && most < 0.02) }"
}
for arch in llama gpt2 qwen3 qwen2 mistral; do
	case $arch in
	gpt2) heads= ;;
	*) heads=--num-key-value-heads=2 ;;
	esac
	export arch heads
	t "$arch: the same greedy text, the same -log p, and a second reader reads it" '
		trained $arch $heads; nt-export -q --dtype f32 "$work/$arch" -o m.gguf
		greedy m.gguf "$work/$arch"; agrees m.gguf "$work/$arch"
		client parse m.gguf | grep "\"tokens\":8192"
		[ -z "${GGUF-}" ] || { mkdir -p "$GGUF" && cp m.gguf "$GGUF/$arch.gguf"; }'
done
t 'a head of its own, and biases of attention and MLP' '
	trained llama
	gguf made llama ckpt attention_bias=true mlp_bias=true vocab_size=8192 bos_token_id=8190 eos_token_id=8191
	cp "$work/llama/tokenizer.json" ckpt; nt-export -q --dtype f32 ckpt -o m.gguf; agrees m.gguf ckpt'
t 'positions stretched as Llama 3.1 does' '
	trained llama
	gguf made llama ckpt vocab_size=8192 bos_token_id=8190 eos_token_id=8191 "rope_parameters={\"rope_type\":\"llama3\",
		\"rope_theta\":500.0,\"factor\":8.0,\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,
		\"original_max_position_embeddings\":32}"
	cp "$work/llama/tokenizer.json" ckpt; nt-export -q --dtype f32 ckpt -o m.gguf; agrees m.gguf ckpt
	sed -i "s/\"factor\": 8.0/\"factor\": 1.0/" ckpt/config.json; not agrees m.gguf ckpt'
t "a model of SentencePiece's kind of tokens: the same greedy text, the same -log p" '
	pieces "$work/text" 400 v.json all; nt-tokenize -q -t v.json --split=none "$work/text" | nt-pack -q -o data.bin
	nt-train -q --hidden-size=64 --num-hidden-layers=2 --num-attention-heads=4 --seq-len=64 --batch-size=4 --max-steps=150 \
		--learning-rate=0.01 --val data.bin -o ckpt data.bin; nt-export -q --dtype f32 ckpt -o m.gguf
	prompts() { nt-tokenize -q --ids -t v.json --split=none "$work/text" | tr " " "\n" | head -$(($1 * $2)) |
		paste -d" " $(yes - | head -$2) | sed "s/^/1 /"; }
	greedy m.gguf ckpt; agrees m.gguf ckpt'
t 'rows of q and k left as Hugging Face has them are found out' '
	trained llama; nt-export -q --dtype f32 "$work/llama" -o m.gguf; agrees m.gguf "$work/llama"
	gguf unturn m.gguf wrong.gguf
	not agrees wrong.gguf "$work/llama"; not greedy wrong.gguf "$work/llama"'
# nt-sample and llama.cpp end the text there, and both would go on
t 'a text ends at each of three ends, be it the first, the second or the last' '
	ended() { awk -v end="$end" "{ for (i = 1; i <= NF && \$i != end; i++) printf \"%s \", \$i; print \"\" }" "$@"; }
	trained llama; cp -r "$work/llama" ckpt; nt-export -q --dtype f32 ckpt -o m.gguf; prompts 8 12 >prompt
	client greedy m.gguf prompt 20 | tee whole
	end=$(awk "{ for (i = 2; i <= NF; i++) if (\$i != \$1) { print \$i; exit } }" whole); ended whole >want
	for list in "$end, 8191, 8189" "8191, $end, 8189" "8191, 8189, $end"; do
		for file in config generation_config; do
			cp "$work/llama/$file.json" ckpt; sed -i "s/\"eos_token_id\": 8191/\"eos_token_id\": [$list]/" ckpt/$file.json
		done
		nt-export -q --dtype f32 ckpt -o m.gguf; client greedy m.gguf prompt 20 >theirs; not cmp -s theirs whole
		sed "s/\$/ /; s/^ \$//" theirs | cmp - want
		while read -r p; do nt-sample -q --ids --greedy --no-prompt -n 20 ckpt -p "$p"; done <prompt | ended | cmp - want
	done'
t '... at every name that we count on, and not where a warning says so' '
	nt-vocab -q --convert bytes -o v.json
	gguf specials v.json "<|eot_id|>" "<|im_end|>" "<end_of_turn>" "<|endoftext|>" "<|eom_id|>" "<EOT>"
	gguf made llama ckpt vocab_size=264 "eos_token_id=[257,258,259,260,261,262,263,10]"; cp v.json ckpt/tokenizer.json
	nt-export ckpt -o m.gguf 2>said; not grep "will not stop" said
	client ends m.gguf | tee ends; grep -qx "10 257 258 259 260 261 262 263" ends
	nt-vocab -q --convert bytes -o ckpt/tokenizer.json; sed -i "s/\[257.*10\]/[257, 9, 10, 11, 12]/" ckpt/config.json
	nt-export ckpt -o m.gguf 2>said; grep "will not stop at 9, 10$" said
	client ends m.gguf | tee ends; grep -qx "11 12 257" ends'
t 'weights of 4 bits are scored with the values that llama.cpp has of them' '
	for arch in llama gpt2; do
		trained $arch; nt-export -q --dtype q4_0 "$work/$arch" -o $arch.gguf
		prompts 8 50 >seen; client nll $arch.gguf seen | tr " " "\n" >theirs
		for dtype in q4_0 f32; do
			nt-score -q --dtype $dtype --ids --tsv "$work/$arch" seen | tail -n +2 | cut -f7 | paste - theirs |
				awk "{ sum += (\$1 - \$2) ^ 2 } END { print sum / NR }" >$dtype
		done
		paste q4_0 f32; paste q4_0 f32 | awk "{ exit !(4 * \$1 < \$2) }"
	done'
# Both round rows, to bf16 or to 8 bits, and what was rounded otherwise once goes its own way from there.
for dtype in bf16 q8_0 q4_0; do
	export dtype
	t "$dtype: scored in it, -log p is llama.cpp's but for how rows are rounded" '
		for arch in llama gpt2; do
			trained $arch; nt-export -q --dtype $dtype "$work/$arch" -o m.gguf
			prompts 8 50 >seen; client nll m.gguf seen | tr " " "\n" >theirs
			nt-score -q --dtype $dtype --ids --tsv "$work/$arch" seen | tail -n +2 | cut -f7 | paste - theirs |
				awk "{ d = \$1 - \$2; sum += d; all += d * d; n++ }
					END { print sum / n, sqrt(all / n); exit !(n == 400 && (sum / n) ^ 2 < 0.005 ^ 2 && all / n < 0.025 ^ 2) }"
		done'
done
for dtype in f16 bf16 q8_0 q4_0; do
	export dtype
	t "$dtype: every byte is that of ggml itself, whatever the values" '
		for arch in llama gpt2; do
			trained $arch; nt-export -q --dtype $dtype "$work/$arch" -o m.gguf
			"$PYTHON" "$root/tests/interop/llama.py" m.gguf "$work/$arch" "$ggml"
			client greedy m.gguf /dev/null 1
		done
		gguf made qwen2 wild _wild=true; nt-vocab -q --convert bytes -o wild/tokenizer.json
		nt-export -q --dtype $dtype wild -o m.gguf; "$PYTHON" "$root/tests/interop/llama.py" m.gguf wild "$ggml"'
done
done_testing
