#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench BENCH=vocab: learning a vocabulary, beside other people's trainers.
#
#   TEXT=file       a text; without it, the books out of shared data, or what examples/ finds
#   ENTRIES='8192 32000'  RUNS=5  THREADS='1 2'
#   YTTM=program    YouTokenToMe's train_bpe, called TEXT MODEL ENTRIES THREADS
#
# Hugging Face's trainer, from npm, always learns 30,000 entries, and of the first 10 MB: all
# takes minutes. Its merges and ours are compared in tests/interop/train.sh. Seconds are the
# median of the runs, MB what the largest of them held.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
shared=${NT_SHARED-$root/../shared}
[ -d "$shared/data" ] || shared=
. "$root/tests/clients.sh"
PYTHON=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

if [ -z "${TEXT-}" ]; then
	TEXT=$work/books
	if [ -n "$shared" ]; then
		for f in austen.txt kjv.txt gutenberg-A.jsonl man-en.jsonl; do
			nt-cat -q "$shared/data/corpora/$f.zst" | tr '\0' '\n'
		done >"$TEXT"
	else
		sh "$root/examples/austen.sh" >"$TEXT" 2>/dev/null || sh "$root/examples/fallback.sh" >"$TEXT"
	fi
fi

row() { # row RUNS PROGRAM ENTRIES THREADS TEXT COMMAND...
	runs=$1 what=$2 entries=$3 threads=$4 text=$5
	shift 5
	"$PYTHON" - "$runs" "$@" <<-'END' >"$work/figures" || { printf '%s failed\n' "$what" && return; }
	import os, resource, subprocess, sys, time
	runs, walls, users = int(sys.argv[1]), [], []
	for _ in range(runs):
	    before, began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.monotonic()
	    subprocess.run(sys.argv[2:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
	    walls.append(time.monotonic() - began)
	    users.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
	middle = lambda x: sorted(x)[len(x) // 2]
	print('%.2f %.2f %.0f' % (middle(walls), middle(users),
	      resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))
	END
	read -r wall user mb <"$work/figures"
	printf '| %-16s | %7s | %7s | %9s | %7s | %7s | %5s |\n' "$what" "$entries" "$threads" \
		"$(($(wc -c <"$text") / 1000000)) MB" "$wall" "$user" "$mb"
}

printf '| %-16s | %7s | %7s | %9s | %7s | %7s | %5s |\n' program entries threads text seconds user MB
echo '|---|---|---|---|---|---|---|'
for n in ${ENTRIES:-8192 32000}; do
	for j in ${THREADS:-1 2}; do
		row "${RUNS:-5}" nt-vocab "$n" "$j" "$TEXT" nt-vocab -q -n "$n" -j "$j" -o "$work/v.json" "$TEXT"
		[ -z "${YTTM-}" ] ||
			row "${RUNS:-5}" YouTokenToMe "$n" "$j" "$TEXT" "$YTTM" "$TEXT" "$work/v.yttm" "$n" "$j"
	done
done
if clients_install; then
	head -c 10000000 "$TEXT" | iconv -c -f utf-8 -t utf-8 >"$work/slice" || :
	row "${RUNS:-5}" nt-vocab 30000 all "$work/slice" nt-vocab -q -n 30000 --pattern gpt2 -o "$work/v.json" "$work/slice"
	row 1 'HF tokenizers' 30000 all "$work/slice" node "$root/tests/interop/train.js" gpt2 "$work/slice" "$work/merges"
fi
