#!/bin/sh
# SPDX-License-Identifier: MIT
# Learns the embedded vocabulary again: sh share/vocab/learn.sh [CORPUS]
#
# CORPUS is what share/corpus/fetch.sh writes; without it, it is fetched. The same packages
# and the same nt-vocab give the same file, share/vocab/nt-8k.tiktoken.
#
# 8,192 entries: 256 bytes, 7,934 merges, and <|begin_of_text|> and <|end_of_text|> as the
# last two ids, which a list of ranks leaves out and the program adds. The pattern is
# cl100k's; what each pattern gives with a vocabulary of this size, in bytes a token:
#
#	          Austen  tiny Shakespeare  Lua and Python  wikitext-2
#	gpt2      3.536   2.727             3.414           3.221
#	cl100k    3.604   2.939             3.434           3.053
#	qwen2     3.610   2.943             3.411           3.033
#	o200k     3.604   2.939             3.433           3.053
#
# (wikitext-2 has a space before every comma, which gpt2 alone likes.) A word glued to the
# newline or quote before it is what gains; single digits would cost code more than they
# give prose.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
nt_vocab=${NT_VOCAB:-$root/build/bin/nt-vocab}
work=$(mktemp -d "${TMPDIR:-/tmp}/learn.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
corpus=${1-}
if [ -z "$corpus" ]; then
	corpus=$work/corpus.nul
	sh "$root/share/corpus/fetch.sh" >"$corpus"
fi
"$nt_vocab" -0 -n 8192 --pattern cl100k --byte-ids=value -o "$work/tokenizer.json" "$corpus"
"$nt_vocab" --convert --format tiktoken -q -o "$root/share/vocab/nt-8k.tiktoken" "$work/tokenizer.json"
