#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-export: every tensor of a GGUF file beside the checkpoint's, through a reader of its own; what
# llama.cpp makes of such files, tests/interop/llama.sh asks.
. "$(dirname "$0")/../lib.sh"

gguf="$PYTHON $root/tests/cmd/gguf.py"
export gguf work
"$PYTHON" -c 'import numpy' 2>/dev/null || {
	skip 'models as GGUF files' 'numpy is not here'
	done_testing
	exit
}
printf '%s\n' 'the cat sat on a mat' 'and saw the rat' 'on the mat' 'a rat sat' >"$work/text"
nt-tokenize -q -t bytes --split=line "$work/text" | nt-pack -q -o "$work/data.bin"
nt-vocab -q --convert bytes -o "$work/bytes.json"

# every DTYPE of the checkpoint ckpt
agree() {
	for dtype in f32 f16 bf16 q8_0 q4_0; do
		nt-export -q --gguf --dtype $dtype ckpt -o model.gguf
		$gguf compare model.gguf ckpt $dtype
		[ "$(nt-info --json model.gguf | grep -o '"tensor_bytes": [0-9]*' | tr -dc 0-9)" -gt 0 ]
	done
}
trained() { # trained ARCH OPTION...
	arch=$1
	shift
	nt-train -q --arch=$arch --hidden-size=32 --num-hidden-layers=2 --num-attention-heads=4 --seq-len=16 \
		--batch-size=2 --max-steps=3 --val "$work/data.bin" "$@" "$work/data.bin"
}
made() { # made FAMILY KEY=VALUE...
	family=$1
	shift
	$gguf made $family ckpt "$@" && cp "$work/bytes.json" ckpt/tokenizer.json
}

for arch in llama qwen3 qwen2 mistral; do
	for tied in true false; do
		t "$arch, tie_word_embeddings $tied: every tensor in every dtype" "
			trained $arch --num-key-value-heads=2 --tie-word-embeddings=$tied && agree"
	done
done
t 'gpt2: matrices are turned over, positions stay f32' 'trained gpt2; agree'
t 'gpt2 with a head of its own' 'trained gpt2 --tie-word-embeddings=false; agree'
t 'biases of attention and MLP, with rows of q and k in their places' '
	made llama attention_bias=true mlp_bias=true; agree'
t 'positions stretched as Llama 3.1 does, by its own formula' '
	made llama "rope_parameters={\"rope_type\":\"llama3\",\"rope_theta\":500.0,\"factor\":8.0,\"low_freq_factor\":1.0,
		\"high_freq_factor\":4.0,\"original_max_position_embeddings\":32}"; agree
	$gguf keys model.gguf | grep -qx "llama.rope.freq_base = 500.0"'
t 'heads wider than the model, and rows that are no whole blocks' '
	made qwen3 head_dim=24 hidden_size=48 intermediate_size=80; agree'
t 'values of every size' 'made llama _wild=true; nt-export -q --dtype f16 ckpt -o m; $gguf compare m ckpt f16'

t 'a folder in f32, f16 or bf16: each number the nearest, and a checkpoint like any other' '
	trained qwen3
	for dtype in f32 f16 bf16; do
		nt-export -q --safetensors --dtype $dtype ckpt -o $dtype
		$gguf rounded $dtype ckpt $dtype
		nt-sample -q --greedy -n 8 $dtype >text.$dtype
		nt-export -q --gguf --dtype f32 $dtype -o model.gguf
	done
	cmp text.f32 text.f16; cmp f32/model.safetensors ckpt/model.safetensors
	cmp f16/tokenizer.json ckpt/tokenizer.json; grep -q "\"torch_dtype\": \"bfloat16\"" bf16/config.json'

t 'a folder that is there is left alone, and what a folder cannot be is refused' '
	trained llama; mkdir old
	exits 2 nt-export --safetensors --dtype f16 ckpt -o old 2>said; [ -z "$(ls old)" ]; grep -q "is there already" said
	exits 2 nt-export --safetensors --dtype q8_0 ckpt -o new 2>said; grep -q "f32, f16 or bf16" said
	exits 2 nt-export --safetensors ckpt 2>said; grep -q "name it with -o" said
	exits 2 nt-export --safetensors --gguf ckpt -o new 2>said; [ ! -e new ]'

t 'a value that the dtype cannot hold is refused before anything is made, of a folder as of a file' '
	made llama _first=1e5
	for form in gguf safetensors; do
		exits 1 nt-export --$form --dtype f16 ckpt -o new 2>said; cat said
		grep -q "has a value of 100000, which f16 cannot hold: take bf16" said; [ ! -e new ]
		exits 1 nt-export --$form --dtype f16 ckpt -o new 2>said; [ ! -e new.part ]
	done
	nt-export -q --safetensors --dtype bf16 ckpt -o new; nt-export -q --dtype q4_0 ckpt -o m
	rm -r ckpt; made llama _first=-1e6; nt-export -q --dtype q8_0 ckpt -o m; rm m
	exits 1 nt-export --dtype q4_0 ckpt -o m 2>said; grep -q "of -1e+06, which q4_0 cannot hold" said; [ ! -e m ]
	exits 1 nt-export --dtype q4_0 ckpt 2>said >m; [ ! -s m ]'
t 'a folder with another tokenizer: no more ids than the model, and its ends of text' '
	made llama vocab_size=200 bos_token_id=1 eos_token_id=2
	exits 3 nt-export --safetensors -t "$work/bytes.json" ckpt -o new 2>said; cat said
	grep -q "258 ids, the model 200" said; [ ! -e new ]
	rm -r ckpt; made llama vocab_size=1000 bos_token_id=1 "eos_token_id=[2,3]"
	nt-export -q --safetensors -t "$work/bytes.json" ckpt -o new
	for file in config generation_config; do
		grep -q "\"bos_token_id\": 256,$" new/$file.json; grep -q "\"eos_token_id\": 257,*$" new/$file.json
	done
	grep -q "\"eos_token\": \"<" new/tokenizer_config.json
	nt-export -q -t "$work/bytes.json" ckpt -o m; $gguf keys m >keys
	grep -qx "tokenizer.ggml.bos_token_id = 256" keys; grep -qx "tokenizer.ggml.eos_token_id = 257" keys
	exits 1 grep -q eot keys'
t 'several ends of text are written, those of generation_config.json too' '
	made llama "eos_token_id=[257,3]"; echo "{\"eos_token_id\": [3, 10, 257], \"top_p\": 0.9}" >ckpt/generation_config.json
	nt-export -q --safetensors -t "$work/bytes.json" ckpt -o special; grep -q "\"eos_token_id\": 257,$" special/config.json
	nt-export -q --safetensors ckpt -o new
	grep -q "\"eos_token_id\": \[257, 3, 10\],$" new/config.json
	grep -q "\"eos_token_id\": \[257, 3, 10\]$" new/generation_config.json
	nt-export ckpt -o m 2>said; nt-info m >keys; not grep -q "will not stop" said
	for key in eos:257 eot:10 eom:3; do grep -Eqx "  tokenizer.ggml.${key%:*}_token_id +${key#*:}" keys; done'
t '... and of more than three those that have no name llama.cpp knows, or a warning' '
	ends() { # ends LIST KEY:ID...
		list=$1; shift
		sed -i "s/\"eos_token_id\": [^]]*\]/\"eos_token_id\": [$list]/" ckpt/config.json
		nt-export ckpt -o m 2>said; cat said; $gguf keys m | grep "eo[stm]_token_id" | sed "s/.*ggml.//" | tee keys
		printf "%s\n" "$@" | sed "s/:/_token_id = /" | cmp - keys
	}
	made llama "eos_token_id=[257,3,10,11]" vocab_size=264
	$gguf specials ckpt/tokenizer.json "<|im_end|>" "<|not_known|>" "<EOT>"
	ends "257, 3, 10, 11" eos:257 eot:11 eom:10; grep -q "^nt-export: warning: .* three ends .* not stop at 3$" said
	ends "257, 258, 3, 11" eos:257 eot:11 eom:3; not grep -q "not stop" said
	ends "257, 3, 259, 11, 10, 258" eos:257 eot:10 eom:11; grep -q "not stop at 3, 259$" said
	ends "258, 3, 11, 260" eos:258 eot:11 eom:3; not grep -q "not stop" said
	ends "257, 258, 260" eos:257 eot:260 eom:258; not grep -q "not stop" said'

t 'the keys say what llama.cpp asks for' '
	made mistral; nt-export -q ckpt -o model.gguf; $gguf keys model.gguf >keys; cat keys
	for key in "general.architecture = llama" "general.name = ckpt" "general.file_type = 1" \
		"llama.block_count = 2" "llama.context_length = 64" "llama.embedding_length = 32" \
		"llama.feed_forward_length = 64" "llama.attention.head_count = 4" "llama.attention.head_count_kv = 2" \
		"llama.attention.key_length = 16" "llama.rope.dimension_count = 16" "llama.vocab_size = 258" \
		"tokenizer.ggml.model = gpt2" "tokenizer.ggml.tokens = 258" "tokenizer.ggml.token_type = 258" \
		"tokenizer.ggml.merges = 0" "tokenizer.ggml.bos_token_id = 256" "tokenizer.ggml.eos_token_id = 257" \
		"tokenizer.ggml.add_bos_token = True" "tokenizer.ggml.add_eos_token = False"; do
		grep -qxF "$key" keys || { echo "no $key"; exit 1; }
	done
	nt-export -q --dtype q4_0 --name "my model" ckpt -o model.gguf; $gguf keys model.gguf >keys
	grep -qx "general.file_type = 2" keys; grep -qx "general.name = my model" keys'
t 'the pre-tokenizer is named, each by the one of the same expression' '
	made llama vocab_size=400
	for pair in gpt2:gpt-2 cl100k:llama-bpe qwen2:qwen2 o200k:gpt-4o deepseek:deepseek-v3; do
		cat "$root"/docs/*.md | nt-vocab -q -n 400 --pattern ${pair%:*} -o v.json
		nt-export -t v.json ckpt -o model.gguf 2>said
		$gguf keys model.gguf | grep -qx "tokenizer.ggml.pre = ${pair#*:}"
		[ "$(grep -c "cuts elsewhere" said)" = $([ $pair = o200k:gpt-4o ] && echo 1 || echo 0) ]
	done'
t 'ids that the tokenizer has not are unused ones, those it has too many are refused' '
	made llama vocab_size=300; nt-export -q ckpt -o m; nt-info --json m | grep -q "\"items\": 300"
	rm -r ckpt m; made llama vocab_size=200 bos_token_id=1 eos_token_id=2
	exits 3 nt-export ckpt -o m 2>said; grep -q "258 ids, the model 200" said; [ ! -e m ]'
t 'what llama.cpp has no name for is refused before anything is written' '
	made llama vocab_size=400
	cat "$root"/docs/*.md >text
	nt-vocab -q -n 400 --pattern none text -o v.json; exits 2 nt-export -t v.json ckpt -o m 2>said
	grep -q "does not cut text" said
	nt-vocab -q -n 400 --pattern "[a-z]+|[^a-z]+" text -o v.json; exits 2 nt-export -t v.json ckpt -o m 2>said
	grep -q "expression of its own" said; [ ! -e m ]'
# pieces WORD...: v.json, of SentencePiece's kind
pieces() { "$PYTHON" "$root/tests/cmd/pieces.py" "$root/docs/model.md" 60 v.json "$@"; }
t "a tokenizer of SentencePiece's kind goes with scores, in the order of merges" '
	made llama vocab_size=800; pieces all; nt-export -t v.json ckpt -o m 2>said; $gguf keys m >keys; cat keys
	for key in "tokenizer.ggml.model = llama" "tokenizer.ggml.pre = default" "tokenizer.ggml.add_space_prefix = True" \
		"tokenizer.ggml.unknown_token_id = 0" "tokenizer.ggml.scores = 800"; do
		grep -qxF "$key" keys || { echo "no $key"; exit 1; }
	done
	not grep -q merges keys; not grep -q "llama.cpp" said; $gguf pieces m v.json
	pieces gemma; nt-export -q -t v.json ckpt -o m; $gguf keys m | grep -qx "tokenizer.ggml.add_space_prefix = False"'
t '... and what llama.cpp would merge otherwise is refused by name' '
	made llama vocab_size=800
	refused() { # refused SENTENCE WORD...
		sentence=$1; shift
		pieces "$@"; exits 2 nt-export -t v.json ckpt -o m 2>said; cat said
		grep -q "$sentence" said; [ ! -e m ]
	}
	refused "is not made by merges" unmade
	refused "cuts text at spaces, over which" always over
	refused "merges bytes of unknown characters" bytes
	refused "byte_fallback" unbytes
	refused "ignore_merges" whole
	refused "found before all else and writes spaces" mark
	refused "looked for in normalized text" normalized
	sed -i "s/Prepend/Lowercase/" v.json; exits 2 nt-export -t v.json ckpt -o m 2>said
	grep -q "does not write spaces as SentencePiece" said; [ ! -e m ]'
t 'a model llama.cpp has not is refused' '
	made qwen3 attention_bias=true; exits 2 nt-export ckpt -o m 2>said; grep -q "qwen3 has no biases" said
	rm -r ckpt; made qwen2 "rope_parameters={\"rope_type\":\"llama3\",\"rope_theta\":500.0,\"factor\":8.0,
		\"low_freq_factor\":1.0,\"high_freq_factor\":4.0,\"original_max_position_embeddings\":32}"
	exits 2 nt-export ckpt -o m 2>said; grep -q "not in qwen2" said; [ ! -e m ]'
t 'no checkpoint, two, none there, no tokenizer' '
	made llama
	exits 2 nt-export 2>said; grep -q "no checkpoint" said
	exits 2 nt-export ckpt ckpt 2>said; grep -q "one checkpoint" said
	exits 4 nt-export none -o m 2>said
	rm ckpt/tokenizer.json; exits 3 nt-export ckpt -o m 2>said; grep -q "tokenizer.json" said; [ ! -e m ]'
t 'the same bytes every time, on standard output as in a file; a full disk is said' '
	made llama; nt-export -q ckpt >a; nt-export -q -j 2 ckpt -o b; cmp a b
	exits 4 nt-export -q ckpt >/dev/full 2>said
	nt-export -q ckpt | head -c1 | grep -q G'

t 'nt-info shows keys and tensors of a GGUF file, and of safetensors' '
	made llama; nt-export -q --dtype q8_0 ckpt -o m; nt-info m >shown; cat shown
	grep -Eq "^format +GGUF 3$" shown; grep -Eq "^dtype +Q8_0$" shown; grep -Eq "^  llama.block_count +2$" shown
	grep -Eq "^  tokenizer.ggml.tokens +258 items: .* \.\.\.$" shown
	grep -Eq "^  blk.1.ffn_down.weight +Q8_0 +32 x 64 +2176 bytes$" shown
	nt-info ckpt/model.safetensors >shown
	grep -Eq "^  model.layers.1.mlp.down_proj.weight +F32 +32 x 64 +8192 bytes$" shown
	nt-info --json m | "$PYTHON" -c "
import json, sys
o = json.load(sys.stdin)
assert o[\"tensors\"] == len(o[\"list\"]) == 21 and o[\"metadata\"][\"general.quantization_version\"] == 2
assert sum(t[\"bytes\"] for t in o[\"list\"]) == o[\"tensor_bytes\"]"'
t 'a GGUF file cut anywhere is refused, and so is one of another version' '
	made llama num_hidden_layers=1; nt-export -q ckpt -o m; size=$(stat -c %s m)
	for n in 4 7 20 30 100 5000 $((size - 65)); do
		head -c $n m >cut; exits 3 nt-info cut 2>said >&2; grep -q "cut" said
	done
	(printf "GGUF\001" && tail -c +6 m) >old; exits 3 nt-info old 2>said; grep -q "version 1" said'
done_testing
