#!/bin/sh
# SPDX-License-Identifier: MIT
# Our ids beside those of the reference clients themselves: more than 100 MB of real text
# over ten vocabularies, and random text of every plane; and every byte decoded again.
#
#   sh differential.sh           all of it, two vocabularies at a time
#   sh differential.sh NAME...   these vocabularies
. "$(dirname "$0")/../lib.sh"
. "$root/tests/clients.sh"

ranks='r50k_base p50k_base cl100k_base o200k_base'       # npm's tiktoken: some 6 MB/s
jsons='llama3_1 gptoss qwen3 deepseek_v3 gemma3 llama2'  # npm's tokenizers: some 1.5 MB/s

# Books, manuals, code and languages: shared data, or what this system and npm's packages hold.
real_text() {
	if [ -n "$shared" ]; then
		for f in austen.txt kjv.txt gutenberg-A.jsonl handbook-de-es-ja-ru.jsonl enwiki-a.xml \
			multiling-ud-dev.jsonl code-lua-py.jsonl man-en.jsonl wikitext2-valid.txt; do
			nt-cat --jsonl "$shared/data/corpora/$f.zst"
		done
	else
		sh "$root/examples/fallback.sh" | nt-cat -0 --jsonl
		find "$root/docs" "$root/lib" "$clients/node_modules" -size -200k \
			\( -name '*.md' -o -name '*.[cht]s' -o -name '*.js' -o -name '*.[ch]' \) |
			sort | head -n 12000 | xargs nt-cat --jsonl
	fi 2>/dev/null
}

one() { # one VOCABULARY: the result into $work/NAME.real and $work/NAME.random
	name=$1
	vocab=$(vocabulary "$name") || { echo "cannot be had" >"$work/$name.none"; return; }
	case " $ranks " in
	*" $name "*) bytes=25000000 ;;
	*) bytes=5000000 ;;
	esac
	seed=$(echo "$name" | cksum | cut -d' ' -f1)
	client take "$seed" $bytes "$vocab" <"$work/docs.jsonl" >"$work/$name.texts"
	check_texts real
	client random 20000 "$seed" "$vocab" >"$work/$name.texts"
	check_texts random
}

check_texts() { # check_texts WHAT
	{
		nt-tokenize -q -t "$vocab" --ids --split=jsonl "$work/$name.texts" >"$work/$name.ids" &&
			nt-tokenize -q -t "$vocab" --ids -d "$work/$name.ids" >"$work/$name.back" &&
			client compare "$vocab" "$work/$name.texts" "$work/$name.ids" "$work/$name.back"
	} >"$work/$name.$1" 2>&1
	rm -f "$work/$name.ids" "$work/$name.back" "$work/$name.texts"
}
client() { node --max-old-space-size=3000 "$clients/differential.js" "$@"; }

clients_or_skip 'ids of the reference clients'
cp "$root/tests/interop/differential.js" "$clients/differential.js" # finds packages beside it
real_text >"$work/docs.jsonl"
[ $# -gt 0 ] || set -- $ranks $jsons
for name; do vocabulary "$name" >/dev/null || :; done
# the slow and the quick in turn, so that both processors have work to the end
(for name; do case " $ranks " in *" $name "*) one "$name" ;; esac; done) &
(for name; do case " $ranks " in *" $name "*) ;; *) one "$name" ;; esac; done)
wait

for name; do
	if [ -s "$work/$name.none" ]; then
		skip "$name: the ids of the reference" "$(cat "$work/$name.none")"
		continue
	fi
	for what in real random; do
		t "$name: the ids of the reference, and every byte back, over $what text" "
			cat \"\$work/$name.$what\"; grep '^0 differences' \"\$work/$name.$what\""
		sed "s/^/# $name, $what: /" "$work/$name.$what" | head -n 4
	done
done
cat "$work"/*.real | sed -n 's/.* texts, \([0-9]*\) bytes.*/\1/p' |
	awk '{ n += $1 } END { printf "# %.1f MB of real text\n", n / 1e6 }'
done_testing
