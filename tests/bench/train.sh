#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-train: tokens a second, share of the peak (MFU) and peak memory of a training step, in
# f32 and bf16, beside PyTorch where it is installed, and beside llm.c and llama.cpp where they are
# built and named. Programs take turns; medians.
#
#	SHAPES='a b c d'             which of those of shapes.sh
#	RUNS=1                       turns; llm.c and llama.cpp, whose steps take long, have one
#	THREADS=2
#	LLMC=FILE LLAMACPP=FILE      these programs: peer.py says which, and how built
#
# MFU takes what a product reaches here, measured by nt-train; for others, too.
set -eu
: "${PYTHON:=/usr/bin/python3}" "${RUNS:=1}" "${THREADS:=$(nproc)}" "${SHAPES:=a b c d}" "${LLMC:=}" "${LLAMACPP:=}"
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

# Each prints `TOKENS/S MiB`, ours the MFU, too.
ours() { # ours DTYPE
	nt-train --bench --json -q -j "$THREADS" --arch=gpt2 --dtype="$1" --optimizer=adamw --num-hidden-layers="$layers" \
		--hidden-size="$width" --num-attention-heads="$heads" --vocab-size="$vocab" --seq-len="$T" \
		--batch-size="$B" --gradient-accumulation-steps=1 --max-steps=1 |
		sed 's/.*"tokens_per_s": \([0-9.]*\), "mfu": \([0-9.]*\), "peak_rss": \([0-9]*\).*/\1 \3 \2/' |
		awk '{ print $1, $2 / 1048576, $3 }'
}
# glibc gives pages back after each step unless told otherwise: PyTorch is a third slower then
torch() { # torch DTYPE
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 \
		"$PYTHON" "$here/step.py" "$1" "$layers" "$width" "$heads" "$vocab" "$T" "$B" "$THREADS"
}
other() { # other llm.c|llama.cpp FILE
	"$PYTHON" "$here/peer.py" "$1" "$2" "$layers" "$width" "$heads" "$vocab" "$T" "$B" "$THREADS"
}
llmc() { other llm.c "$LLMC"; }
llamacpp() { other llama.cpp "$LLAMACPP"; }

# The line whose speed is the median one.
median() { sort -n | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'; }

programs='ours:bf16 ours:f32' once=
if "$PYTHON" -c 'import torch' 2>/dev/null; then
	programs="$programs torch:bf16 torch:f32"
else
	echo 'PyTorch is not here: apt-get install python3-torch'
fi
if [ -n "$LLMC" ]; then once=llmc:f32; else echo 'llm.c is not here: LLMC=FILE'; fi
if [ -n "$LLAMACPP" ]; then once="$once llamacpp:f32"; else echo 'llama.cpp is not here: LLAMACPP=FILE'; fi

measure() { # measure PROGRAM:DTYPE; one that fails has no row
	"${1%:*}" "${1#*:}" >"$work/now" && cat "$work/now" >>"$work/$name.$1" || echo "$1: failed on ($name)" >&2
}

shape() { # shape WORD LAYERS WIDTH HEADS VOCAB T B
	name=$1 layers=$2 width=$3 heads=$4 vocab=$5 T=$6 B=$7
	for run in $(seq "$RUNS"); do
		for p in $programs; do measure "$p"; done
	done
	for p in $once; do measure "$p"; done
	printf '\n(%s) %s layers, width %s, V %s, %s x %s positions\n\n' "$name" "$layers" "$width" "$vocab" "$B" "$T"
	for p in $programs $once; do
		[ ! -f "$work/$name.$p" ] || echo "$p $(median <"$work/$name.$p")"
	done | awk '
		BEGIN { printf "| %-16s | %8s | %6s | %8s | %5s |\n|---|---:|---:|---:|---:|\n", "", "tokens/s", "MFU", "peak MiB", "time" }
		{ split($1, p, ":") }
		p[1] == "ours" { share[p[2]] = $4 / $2 }
		NR == 1 { best = $2 }
		{
			sub("ours", "nt-train", p[1]); sub("torch", "PyTorch", p[1])
			sub("llmc", "llm.c", p[1]); sub("llamacpp", "llama.cpp", p[1])
			printf "| %-16s | %8.0f | %4.1f %% | %8.0f | %5.2f |\n", p[1] ", " p[2], $2, 100 * $2 * share[p[2]], $3, best / $2
		}'
}
. "$here/shapes.sh"
