# SPDX-License-Identifier: MIT
# text.sh - documents to measure the data tools with, a NUL between them: those of $TEXT, else
# manuals, code, books and web-like pages out of shared data, else what examples/ finds here
#
#	. tests/bench/text.sh         needs $root
#	bench_text >some
bench_text() {
	shared=${NT_SHARED-$root/../shared}/data/corpora
	if [ -n "${TEXT-}" ]; then
		nt-cat -q $TEXT
	elif [ -d "$shared" ]; then
		nt-cat -q "$shared/man-en.jsonl.zst" "$shared/code-lua-py.jsonl.zst" \
			"$shared/handbook-de-es-ja-ru.jsonl.zst" "$shared/gutenberg-A.jsonl.zst" \
			"$shared/neardup-A/docs.jsonl.zst"
	else
		sh "$root/examples/austen.sh" --chapters 2>/dev/null || sh "$root/examples/fallback.sh"
	fi
}
