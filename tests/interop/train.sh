#!/bin/sh
# SPDX-License-Identifier: MIT
# Our merges beside those of Hugging Face's trainer, down to pairs that occur once, and what
# we learned in tiktoken.
. "$(dirname "$0")/../lib.sh"

. "$root/tests/clients.sh"

clients_or_skip 'the trainer of other people'
# ours of the same lines, as documents that keep their newline
ours() { # ours TEXT PATTERN
	"$PYTHON" -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8", newline="\n"):
    print(json.dumps({"text": line}))' "$1" >lines.jsonl
	nt-vocab -q -n 30002 --min-frequency 1 --alphabet=seen --pattern "$2" lines.jsonl -o v.json
	"$PYTHON" -c '
import json
for pair in json.load(open("v.json"))["model"]["merges"]:
    print(pair if isinstance(pair, str) else " ".join(pair))' >ours
}
same_merges() { # same_merges TEXT PATTERN HF-PATTERN
	ours "$1" "$2"
	node "$root/tests/interop/train.js" "$3" "$1" theirs
	cmp ours theirs
	[ "$(wc -l <ours)" -gt "$4" ]
}
cl100k="(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
export cl100k

t 'what is learned is the same ids in tiktoken, as ranks' '
	cat "$root"/docs/*.md "$root"/lib/*/*.c >text
	nt-vocab -q -n 3000 text -o v.json
	nt-vocab -q --convert --format=tiktoken v.json -o v.tiktoken
	node "$root/tests/interop/tokenizers.js" texts >texts.jsonl
	nt-tokenize -q -t v.json --ids --split=jsonl texts.jsonl >ids
	node "$root/tests/interop/ranks.js" v.tiktoken "$cl100k" texts.jsonl ids'
t 'prose and code give the same merges with gpt2' '
	cat "$root"/docs/*.md "$root"/lib/*/*.c >text
	same_merges text gpt2 gpt2 5000'
t 'prose and code give the same merges with cl100k' '
	cat "$root"/docs/*.md "$root"/lib/*/*.c >text
	same_merges text cl100k "$cl100k" 5000'
t 'text of few letters, in which most counts are equal, gives the same merges' '
	"$PYTHON" -c "
import random
random.seed(5)
for _ in range(3000):
    print(\"\".join(random.choice(\"aaabcde  \u00e9\u4e2d\") for _ in range(random.randrange(60))))" >text
	same_merges text gpt2 gpt2 5000'
if [ -n "$shared" ]; then
	t 'many languages give the same merges' '
		zstd -dqo docs.jsonl "$shared/data/corpora/handbook-de-es-ja-ru.jsonl.zst"
		nt-cat -q docs.jsonl | tr "\0" "\n" >text
		same_merges text cl100k "$cl100k" 20000'
else
	skip 'many languages give the same merges' 'no shared data'
fi
done_testing
