#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-tokenize: our tokenizers and other people's over the same texts, in one run.
#
#   TEXT='a.txt b.txt'      texts; without it, books and a mix of languages and code out of
#                           shared data, or what examples/ finds on this system
#   VOCABULARIES='...'      of those below; TOKENIZERS=folder  where their files lie
#   PEERS=folder            more programs, called and answering as tests/bench/tokenize.c says
#   RUNS=5                  of which medians are shown
#
# Every program runs alone, on one thread if not said otherwise. Ids are compared before time
# is shown: a row of other ids has no times. Programs that take minutes for the whole
# text get its first 2 MB, and so does ours when they are compared.
#
# cold is a text new to the encoder, warm the same one again; pipe is nt-tokenize from its
# start to its end, start the same over no text at all, load what opening a vocabulary takes.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
shared=${NT_SHARED-$root/../shared}
[ -d "$shared/data" ] || shared=
. "$root/tests/clients.sh"
runs=${RUNS:-5}
slice_bytes=2000000
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

pattern_of() {
	case $1 in
	r50k_base) echo gpt2 ;;
	*_base) echo "${1%_base}" ;;
	*) echo - ;;
	esac
}

default_texts() {
	if [ -n "$shared" ]; then
		data=$shared/data/corpora
		for f in austen.txt kjv.txt gutenberg-A.jsonl; do nt-cat -q "$data/$f.zst"; done >"$work/books"
		for f in handbook-de-es-ja-ru.jsonl multiling-ud-dev.jsonl code-lua-py.jsonl; do
			nt-cat -q "$data/$f.zst"
		done >"$work/mix"
	else
		sh "$root/examples/austen.sh" >"$work/books" 2>/dev/null ||
			sh "$root/examples/fallback.sh" >"$work/books"
		find "$root" -name '*.[ch]' -o -name '*.md' | xargs cat >"$work/mix"
	fi
	echo "$work/books $work/mix"
}

# --- one program, one vocabulary, one text ----------------------------------------------

median() { # median WORD FILE: of the numbers behind WORD; nothing if there are none
	sed -n "s/^$1 //p" "$2" | sort -n | awk '{ x[NR] = $1 } END { if (NR) print x[int((NR + 1) / 2)] }'
}
speed() { # speed BYTES SECONDS: MB/s, or a dash
	awk -v b="$1" -v s="${2:-0}" 'BEGIN { if (s > 0) printf "%.0f\n", b / s / 1e6; else print "-" }'
}

milliseconds() { awk '{ printf "%.1f\n", 1e3 * $1 }'; }

# Runs COMMAND TEXT-PASSES-THREADS... as often as asked into $work/times, where the first
# pass of a run is called cold and the others warm. Returns 1 if it cannot do the vocabulary.
time_program() { # time_program THREADS TEXT COMMAND...
	threads=$1 text=$2
	shift 2
	passes=2
	[ "$threads" = 1 ] || passes=1
	: >"$work/times"
	i=0
	while [ $i -lt "$runs" ]; do
		"$@" "$text" $passes "$threads" >"$work/out" 2>"$work/err" || return 1
		awk '$1 == "pass" { $1 = n++ ? "warm" : "cold" } { print }' "$work/out" >>"$work/times"
		i=$((i + 1))
	done
	ids=$(sed -n 's/^ids //p' "$work/out")
}

row() { # row TEXT VOCABULARY PROGRAM COLUMN...
	printf '| %-8s | %-11s | %-18s |' "$1" "$2" "$3"
	shift 3
	printf ' %9s |' "$@"
	echo
}

# Prints the row of a program other than ours, whose ids must be $want.
peer_row() { # peer_row PROGRAM TEXT COMMAND...
	peer=$1 file=$2
	shift 2
	time_program 1 "$file" "$@" || return 0
	if [ "$ids" != "$want" ]; then
		row "$label" "$name" "$peer" 'other ids' - - - - - -
		return
	fi
	size=$(wc -c <"$file")
	cold=$(speed "$size" "$(median cold "$work/times")")
	warm=$(speed "$size" "$(median warm "$work/times")")
	load=$(median load "$work/times" | milliseconds)
	two=-
	case $1 in
	node) ;;
	*) time_program 2 "$file" "$@" && two=$(speed "$size" "$(median cold "$work/times")") ;;
	esac
	row "$label" "$name" "$peer" "$cold" "$warm" "$two" - - "$load" -
}

our_row() {
	if ! time_program 1 "$text_file" tokenize "$vocab" "$pattern"; then
		row "$label" "$name" nt - - - - - - -
		return 1
	fi
	want=$ids
	cold=$(speed "$bytes" "$(median cold "$work/times")")
	warm=$(speed "$bytes" "$(median warm "$work/times")")
	decode=$(speed "$bytes" "$(median decode "$work/times")")
	load=$(median load "$work/times" | milliseconds)
	time_program 2 "$text_file" tokenize "$vocab" "$pattern"
	[ "$ids" = "$want" ] || { echo "$name: two threads give other ids than one" >&2; exit 1; }
	two=$(speed "$bytes" "$(median cold "$work/times")")
	pipe=$(speed "$bytes" "$(pipe_seconds "$text_file")")
	start=$(pipe_seconds /dev/null --ids | milliseconds)
	row "$label" "$name" nt "$cold" "$warm" "$two" "$pipe" "$decode" "$load" "$start"
}

# nt-tokenize as it stands in a pipeline, from start to end, one thread: its seconds.
pipe_seconds() { # pipe_seconds TEXT OPTION...
	from=$1
	shift
	i=0
	while [ $i -lt "$runs" ]; do
		began=$(date +%s%N)
		nt-tokenize -q -j1 ${vocab_option:+"$vocab_option"} "$@" <"$from" >/dev/null
		echo "$began $(date +%s%N)" | awk '{ printf "pipe %.6f\n", ($2 - $1) / 1e9 }'
		i=$((i + 1))
	done >"$work/pipe"
	median pipe "$work/pipe"
}

other_rows() {
	for peer in ${PEERS:+"$PEERS"/*}; do
		[ ! -x "$peer" ] || peer_row "${peer##*/}" "$text_file" "$peer" "$vocab" "$pattern"
	done
	[ -n "$has_npm" ] && [ "$name" != nt-8k ] || return 0
	slice=$work/slice
	head -c $slice_bytes "$text_file" | iconv -c -f UTF-8 -t UTF-8 >"$slice"
	want=$(tokenize "$vocab" "$pattern" "$slice" 1 1 | sed -n 's/^ids //p')
	case $vocab in
	*.tiktoken)
		peer_row 'npm tiktoken*' "$slice" node "$clients/bench.js" tiktoken "$vocab" "$pattern"
		peer_row 'npm gpt-tokenizer*' "$slice" node "$clients/bench.js" gpt-tokenizer "$vocab" "$pattern"
		nt-vocab -q --convert "$vocab" -o "$work/hf.json"
		peer_row 'npm tokenizers*' "$slice" node "$clients/bench.js" tokenizers "$work/hf.json" -
		;;
	*) peer_row 'npm tokenizers*' "$slice" node "$clients/bench.js" tokenizers "$vocab" - ;;
	esac
}

# --- the tables ----------------------------------------------------------------------------

has_npm=
if clients_install; then
	has_npm=1
	cp "$root/tests/bench/tokenize.js" "$clients/bench.js" # packages are looked for beside it
fi
[ $# -gt 0 ] || set -- $(default_texts)
names=
for name in ${VOCABULARIES:-cl100k_base o200k_base r50k_base qwen3 gemma3 llama2}; do
	! vocabulary "$name" >/dev/null || names="$names $name"
done

use() { # use NAME: sets what the rows need to know of a vocabulary
	name=$1 vocab=- pattern=- vocab_option=
	[ "$name" != nt-8k ] || return 0
	vocab=$(vocabulary "$name")
	pattern=$(pattern_of "$name")
	vocab_option=-t$vocab
}

sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
echo "MB of text a second, medians of $runs runs; load and start in ms. * the first $((slice_bytes / 1000000)) MB only."
echo
row text vocabulary program cold warm '2 threads' pipe decode load start
row --- --- --- ---: ---: ---: ---: ---: ---: ---:
for text_file; do
	bytes=$(wc -c <"$text_file")
	label=$(basename "$text_file" .txt)
	for name in nt-8k $names; do
		use "$name"
		our_row && other_rows
	done
done

odd_text() { # odd_text CHARACTER: 16 MB of it
	yes "$1" | tr -d '\n' | head -c 16000000 >"$work/odd"
}
echo
echo '16 MB of one character, cold, ours:'
echo
row text vocabulary program cold warm '2 threads' pipe decode load start
row --- --- --- ---: ---: ---: ---: ---: ---: ---:
for kind in 'a letter:a' 'spaces: ' 'emoji:😀'; do
	odd_text "${kind#*:}"
	label=${kind%:*} text_file=$work/odd bytes=16000000
	for name in nt-8k $names; do
		use "$name"
		our_row || :
	done
done
