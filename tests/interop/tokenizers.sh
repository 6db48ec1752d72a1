#!/bin/sh
# SPDX-License-Identifier: MIT
# Our vocabularies in Hugging Face's tokenizers, and our ids beside tiktoken's.
. "$(dirname "$0")/../lib.sh"

. "$root/tests/clients.sh"

clients_or_skip 'tokenizers of other people'
# `import` looks for packages above the script's real place
cp "$root/tests/interop/tokenizers.js" "$clients/tokenizers.js"
client() { node "$clients/tokenizers.js" "$@"; }
prose() { cat "$root"/docs/*.md "$root"/share/vocab/learn.sh "$root"/lib/token/*.c; }

agree() { # agree TOKENIZER.JSON: the same ids from us and from both clients
	client texts >texts.jsonl
	nt-tokenize -t "$1" --ids --split=jsonl texts.jsonl >ids
	client hf "$1" texts.jsonl ids
}

for pattern in gpt2 cl100k qwen2 o200k none; do
	t "a vocabulary learned with $pattern gives the same ids" "
		prose | nt-vocab -n 1500 --pattern $pattern -o v.json
		agree v.json"
done
t 'a vocabulary with special tokens of its own gives the same ids' '
	prose | nt-vocab -n 700 --special "<|endoftext|>" --special "<|user|>" -o v.json
	agree v.json
	printf "{\"text\": \"a<|user|>b<|endoftext|>\"}\n" >special.jsonl
	nt-tokenize -t v.json --ids --allow-special --split=jsonl special.jsonl >ids
	client hf v.json special.jsonl ids'
t 'the embedded vocabulary gives the same ids' '
	nt-vocab --convert --pattern cl100k "$root/share/vocab/nt-8k.tiktoken" -o v.json
	agree v.json
	nt-tokenize --ids --split=jsonl texts.jsonl | cmp - ids'
t 'the 256 bytes give the same ids' '
	nt-vocab --convert bytes -o v.json
	agree v.json'

if [ -n "$shared" ]; then
	for name in r50k_base p50k_base cl100k_base o200k_base; do
		t "$name gives the ids of tiktoken, and as tokenizer.json those of the others" "
			zstd -dqo v.tiktoken \"\$shared/data/vocabs/$name.tiktoken.zst\"
			client texts >texts.jsonl
			nt-tokenize -t v.tiktoken --ids --split=jsonl texts.jsonl >ids
			client tiktoken $name texts.jsonl ids
			nt-vocab --convert v.tiktoken -o v.json
			client hf v.json texts.jsonl ids"
	done
	t 'real text in many languages gives the same ids' '
		zstd -dqo real.jsonl "$shared/data/corpora/multiling-ud-dev.jsonl.zst"
		nt-cat real.jsonl | nt-cat -0 --jsonl >texts.jsonl
		nt-vocab --convert --pattern cl100k "$root/share/vocab/nt-8k.tiktoken" -o v.json
		nt-tokenize --ids --split=jsonl texts.jsonl >ids
		client hf v.json texts.jsonl ids'
else
	skip 'published vocabularies give the ids of tiktoken' 'no shared data'
fi
done_testing
