#!/bin/sh
# SPDX-License-Identifier: MIT
# Every part of a tokenizer.json that we have, in random files on random Unicode, beside
# Hugging Face's client. SEED and COUNT widen the search.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/clients.sh"

clients_or_skip 'tokenizers of other people'
cp "$root/tests/interop/variants.js" "$clients/variants.js"

agree_on() { # agree_on SEED COUNT: 60 texts for each of COUNT files
	mkdir -p v
	node "$clients/variants.js" v "$1" "$2"
	n=0
	for json in v/*.json; do
		nt-tokenize -q -t "$json" --ids --allow-special --split=jsonl "${json%.json}.texts.jsonl" >ids
		cmp ids "${json%.json}.ids" || { cat "$json"; return 1; }
		# and once more by its canonical form, which the client, too, reads as the same
		nt-vocab --convert "$json" -o again.json
		nt-tokenize -q -t again.json --ids --allow-special --split=jsonl "${json%.json}.texts.jsonl" | cmp - ids
		test $((n % 5)) -ne 0 ||
			node "$clients/variants.js" ids again.json "${json%.json}.texts.jsonl" | cmp - ids
		n=$((n + 1))
	done
	echo "$n files agree"
	test "$n" -gt $(($2 / 2))
}

t 'a tokenizer.json of any parts gives the ids of Hugging Face' "agree_on ${SEED:-1} ${COUNT:-150}"
done_testing
