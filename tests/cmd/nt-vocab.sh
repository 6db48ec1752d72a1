#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-vocab: learning a vocabulary, and writing one in another form
. "$(dirname "$0")/../lib.sh"

# prose that every checkout has
prose() { cat "$root"/docs/cli.md "$root"/docs/house.md "$root"/docs/style.md "$root"/LICENSE; }

t 'a vocabulary is learned, loads, and gives the bytes back' '
	prose >text
	nt-vocab -n 1000 text >v.json 2>said
	grep "^nt-vocab: 1000 entries from 1 document, [0-9]* bytes, [0-9]* pieces$" said
	nt-tokenize -t v.json text >a.nts
	nt-tokenize -d a.nts | cmp - text
	nt-tokenize -t v.json --ids text | wc -w >n_id
	[ $(($(cat n_id) * 2)) -lt $(wc -c <text) ]'

t 'the same file whatever the threads, the order and the division of the texts' '
	prose | grep . >text
	nt-vocab -n 600 --split=line -j1 text -o 1.json
	nt-vocab -n 600 --split=line -j2 text -o 2.json
	tac text | nt-vocab -n 600 --split=line -j5 -o 3.json
	cmp 1.json 2.json; cmp 1.json 3.json'

t 'a document of many parts is learned from as one, from a file and from a pipe' '
	while [ "$(wc -c <text 2>/dev/null || echo 0)" -lt 20000000 ]; do prose >>text; done
	nt-vocab -n 600 -j1 text -o 1.json 2>said; grep "from 1 document, $(wc -c <text) bytes" said
	cat text | nt-vocab -n 600 -j3 -o 2.json 2>said
	grep "one document: no NUL" said; grep "from 1 document, $(wc -c <text) bytes" said
	cmp 1.json 2.json'

t 'ids are bytes, merges in order, then [B] and [E]' '
	printf "abab ab ab abab" | nt-vocab -n 260 -o v.json
	printf "!a\0\255" | nt-tokenize -t v.json --ids --split=none >ids
	[ "$(cat ids)" = "0 64 188 255" ]
	printf "abab ab ab abab" | nt-vocab -n 260 --byte-ids=value -o w.json
	printf "\0\1\377a" | nt-tokenize -t w.json --ids --split=none >ids
	[ "$(cat ids)" = "0 1 255 97" ]
	printf "ab<|begin_of_text|><|end_of_text|>" | nt-tokenize -t v.json --ids --allow-special >ids
	[ "$(cat ids)" = "256 258 259" ]'

t 'special tokens stand before [B] and [E], or in their place' '
	prose | nt-vocab -n 300 --special "<a>" --special "<b>" -o v.json
	printf "<a><b><|begin_of_text|><|end_of_text|>" | nt-tokenize -t v.json --ids --allow-special >ids
	[ "$(cat ids)" = "296 297 298 299" ]
	prose | nt-vocab -n 300 --special "<|endoftext|>" -o w.json
	printf "<|endoftext|>" | nt-tokenize -t w.json --ids --allow-special >ids
	[ "$(cat ids)" = 299 ]
	not grep begin_of_text w.json'

t 'learning stops when no pair is frequent enough, and says so' '
	printf "ab ab" | nt-vocab -n 300 -o v.json 2>said
	grep "warning: 259 entries instead of 300: no other pair occurs 2 times" said
	printf "ab ab" | nt-vocab -n 300 --min-frequency 3 -o v.json 2>said
	grep "warning: 258 entries" said'

t 'with the alphabet of the text a character is an id' '
	printf "hello world" | nt-vocab -n 10 --alphabet seen -o v.json
	printf "held" | nt-tokenize -t v.json --ids >ids
	[ "$(cat ids)" = "2 1 3 0" ]
	printf "x" | exits 3 nt-tokenize -t v.json --ids 2>said
	grep "no token for the byte 0x78" said'

t 'shards that were counted apart give the vocabulary of all of them' '
	prose >a; cat "$root"/lib/token/*.c >b; cat "$root"/tests/cmd/*.sh >c
	nt-vocab -n 900 --pattern gpt2 a b c -o 1.json 2>said; sed "s/.* from/from/" said >want
	nt-vocab --counts --pattern gpt2 -j1 b -o b.ntc 2>said
	grep "^nt-vocab: counted 1 document, $(wc -c <b) bytes, [0-9]* pieces" said
	nt-vocab --counts --pattern gpt2 c -q >c.ntc
	nt-vocab -n 900 --pattern gpt2 b.ntc a c.ntc -o 2.json 2>said; sed "s/.* from/from/" said | cmp - want
	cmp 1.json 2.json
	nt-vocab --counts b.ntc c.ntc -q -o bc.ntc; nt-vocab --counts --pattern gpt2 -q c b | cmp - bc.ntc
	cat c.ntc b.ntc >joined.ntc
	nt-vocab -q --counts --pattern gpt2 a -o a.ntc; nt-vocab -n 900 a.ntc joined.ntc -o 3.json
	cmp 1.json 3.json'

t 'nt-info says what counts are of' '
	printf "a b a b b" | nt-vocab -q --counts --pattern gpt2 -o a.ntc
	nt-info a.ntc >said; cat said
	grep "^kind  *counts$" said; grep "^pieces  *5$" said; grep "^distinct  *3$" said
	cat a.ntc a.ntc >b.ntc; nt-info --json b.ntc | grep "\"documents\": 2, \"pieces\": 10, "
	head -c 100 a.ntc >cut.ntc; exits 3 nt-info cut.ntc'

t 'a little memory gives the same by way of temporary files, and leaves none' '
	for i in 1 2 3 4 5 6 7 8 9; do cat "$root"/lib/*/*.c; done >text
	mkdir tmp; export TMPDIR=$PWD/tmp
	nt-vocab -n 600 --split=line text -o 1.json
	nt-vocab -n 600 --split=line -v -S 1 text -o 2.json 2>said
	grep "[0-9]* bytes in temporary files" said
	cmp 1.json 2.json
	[ -z "$(ls tmp)" ]'

t 'counts of another pattern, cut or damaged are refused' '
	prose | nt-vocab -q --counts -o a.ntc
	exits 3 nt-vocab --pattern gpt2 a.ntc 2>said; grep "^nt-vocab: a.ntc: its pieces were cut by another pattern" said
	for n in 8 15 40 500 $(($(wc -c <a.ntc) - 1)); do
		head -c $n a.ntc >cut.ntc
		exits 3 nt-vocab cut.ntc 2>said; grep "^nt-vocab: cut.ntc: .*cut" said
	done
	(head -c 3000 a.ntc; printf x; tail -c +3002 a.ntc) >damaged.ntc
	exits 3 nt-vocab damaged.ntc 2>said; grep "^nt-vocab: damaged.ntc: " said
	exits 3 nt-vocab <a.ntc 2>said; grep "counts" said
	exits 4 nt-vocab --counts a.ntc >/dev/full 2>said
	exits 2 nt-vocab --counts --convert a.ntc'

t 'an alphabet can be limited, and rare pieces left out' '
	printf "aaabbc aaab" | nt-vocab -n 4 --limit-alphabet 2 -o v.json
	printf ab | nt-tokenize -t v.json --ids >ids; [ "$(cat ids)" = "0 1" ]
	printf c | exits 3 nt-tokenize -t v.json --ids
	printf "ab ab cd cd cd" | nt-vocab -n 300 --min-count 3 --min-frequency 1 -o v.json 2>said
	grep "warning: 260 entries" said'

t 'a tokenizer.json and its list of ranks are one vocabulary' '
	prose >text
	nt-vocab -n 800 -o v.json text
	nt-vocab --convert --format tiktoken v.json -o v.tiktoken
	nt-vocab --convert --pattern cl100k v.tiktoken -o again.json
	cmp v.json again.json
	nt-tokenize -t v.json --ids text >a
	nt-tokenize -t v.tiktoken --pattern cl100k --ids text >b
	cmp a b'

t 'merges that ranks cannot say are not written as ranks' '
	cat >v.json <<-"END"
	{"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false}, "model": {"vocab":
	{"a": 0, "b": 1, "c": 2, "ab": 3, "bc": 4}, "merges": ["b c", "a b"]}}
	END
	exits 3 nt-vocab --convert --format tiktoken v.json -o v.tiktoken 2>said
	grep "ranks" said
	[ ! -e v.tiktoken ]'

t 'no text at all gives the bytes' '
	nt-vocab -n 300 </dev/null -o v.json 2>said
	grep "^nt-vocab: 258 entries" said
	[ "$(printf hi | nt-tokenize -t v.json --ids)" = "71 72" ]'

t 'what cannot be met is refused' '
	exits 2 nt-vocab -n 257 </dev/null 2>said; grep "need 258" said
	exits 2 nt-vocab --pattern "(" </dev/null 2>said; grep "regular expression" said
	exits 2 nt-vocab --special "<a>" --special "<a>" </dev/null 2>said; grep twice said
	exits 2 nt-vocab --convert a b 2>said; grep "one FILE" said
	exits 3 nt-vocab --convert </dev/null 2>said; grep "^nt-vocab: standard input: empty" said
	exits 2 nt-vocab --vocab-sice 3 2>said; grep -e --vocab-size said'

t 'a cut tokenizer.json is refused at every length' '
	prose | nt-vocab -n 270 -o v.json
	size=$(wc -c <v.json)
	for n in 1 2 100 1000 $((size / 2)) $((size - 5)); do
		head -c $n v.json >cut
		exits 3 nt-vocab --convert cut >out 2>said
		grep "^nt-vocab: cut: " said
	done'

t 'vocabularies are compared on a text, and the one with fewer tokens is named' '
	prose >text
	nt-vocab -q -n 700 text -o mine.json
	exits 4 nt-vocab --compare mine.json -- text missing
	nt-vocab --compare mine.json nt-8k bytes -- text >table
	[ "$(wc -l <table)" = 5 ]
	for v in mine.json nt-8k bytes; do
		case $v in nt-8k) t=;; *) t="-t $v" ;; esac
		n=$(nt-tokenize -q $t --ids text | wc -w)
		awk -v v=$v -v n=$n "\$1 == v && \$5 == n { found = 1 } END { exit !found }" table
	done
	grep "^nt-8k fits these texts best: [0-9.]* bytes a token, [0-9.]* % fewer tokens than mine.json$" table
	grep "^bytes  *256 .* 1.000 " table
	nt-vocab --compare bytes bytes <text >table; tail -1 table | grep "^bytes and bytes fit these texts alike"'

t 'a comparison is JSON on request' '
	prose | nt-vocab --compare bytes nt-8k --json | "$PYTHON" -c "
import json, sys
j = json.load(sys.stdin)
a, b = j[\"vocabularies\"]
assert j[\"best\"] == b[\"name\"] == \"nt-8k\" and j[\"documents\"] == 1
assert a[\"tokens\"] == j[\"bytes\"] and a[\"entries\"] == 256 and a[\"bytes_per_token\"] == 1
assert abs(b[\"tokens_per_word\"] * j[\"words\"] - b[\"tokens\"]) < 1e-3 * b[\"tokens\"]
assert 0 < b[\"bits_per_byte\"] < a[\"bits_per_byte\"] <= 8"'

t 'what cannot be compared is refused' '
	exits 2 nt-vocab --compare 2>said; grep "no vocabulary" said
	exits 2 nt-vocab --compare -- "$root/LICENSE" 2>said; grep "no vocabulary" said
	exits 4 nt-vocab --compare missing.json -- "$root/LICENSE" 2>said; grep missing.json said
	exits 3 nt-vocab --compare bytes </dev/null 2>said; grep "no text" said
	exits 2 nt-vocab --compare --counts bytes; exits 2 nt-vocab --json </dev/null'

t 'a full disk is an error and nothing else is said' '
	prose | exits 4 nt-vocab -n 300 >/dev/full 2>said
	[ "$(cat said)" = "nt-vocab: standard output: cannot write: No space left on device" ]'

t 'a run of megabytes is learned up to the longest token there may be' '
	head -c 8000000 /dev/zero | tr "\0" a >run
	nt-vocab -n 300 -o v.json run 2>said; grep "warning: 278 entries" said
	nt-tokenize -q -t v.json --ids run | wc -w | grep -x "1[0-9]"'

t 'a special token has a name' 'prose | exits 2 nt-vocab -n 300 --special ""'

t 'an output that cannot be written is refused before anything is read' '
	exits 4 nt-vocab -o no/such/folder missing.txt 2>said; grep "no/such/folder" said'
t 'a reader that leaves early is not' 'prose | nt-vocab -n 300 | head -c1 >one; [ -s one ]'

if [ -n "$shared" ]; then
	t 'published ranks become a tokenizer.json with the same ids' '
		zstd -dqo p50k.tiktoken "$shared/data/vocabs/p50k_base.tiktoken.zst"
		zstd -dqo play.txt "$shared/data/corpora/tinyshakespeare.txt.zst"
		nt-vocab --convert p50k.tiktoken -o v.json
		nt-tokenize -t p50k.tiktoken --ids play.txt >a
		nt-tokenize -t v.json --ids play.txt >b
		cmp a b'
else
	skip 'published ranks become a tokenizer.json with the same ids' 'no shared data'
fi
done_testing
