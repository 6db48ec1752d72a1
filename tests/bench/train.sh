#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-train: tokens a second, share of the peak and peak memory of a training step, in f32
# and bf16, beside PyTorch where it is installed. Programs take turns; medians.
#
#	SHAPES='a b c d'   which of them
#	RUNS=3             turns
#	THREADS=2
set -eu
: "${PYTHON:=/usr/bin/python3}" "${RUNS:=3}" "${THREADS:=$(nproc)}" "${SHAPES:=a b c d}"
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT

ours() { # ours DTYPE: prints tokens/s MFU MB
	nt-train --bench --json -q -j "$THREADS" --arch=gpt2 --dtype="$1" --optimizer=adamw --num-hidden-layers="$layers" \
		--hidden-size="$width" --num-attention-heads="$heads" --vocab-size="$vocab" --seq-len="$T" \
		--batch-size="$B" --gradient-accumulation-steps=1 --max-steps=1 |
		sed 's/.*"tokens_per_s": \([0-9.]*\), "mfu": \([0-9.]*\), "peak_rss": \([0-9]*\).*/\1 \2 \3/' |
		awk '{ print $1, $2, $3 / 1048576 }'
}
# glibc gives pages back after each step unless told otherwise: PyTorch is a third slower then
torch() { # torch DTYPE
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 $PYTHON "$here/step.py" "$1" "$layers" "$width" "$heads" "$vocab" "$T" "$B" "$THREADS" |
		awk '{ print $1, "-", $2 }'
}
median() { sort -n | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'; }

programs='ours:bf16 ours:f32'
! $PYTHON -c 'import torch' 2>/dev/null || programs="$programs torch:bf16 torch:f32"

shape() { # shape WORD LAYERS WIDTH HEADS VOCAB T B
	case " $SHAPES " in *" $1 "*) ;; *) return 0 ;; esac
	name=$1 layers=$2 width=$3 heads=$4 vocab=$5 T=$6 B=$7
	for run in $(seq "$RUNS"); do
		for p in $programs; do ${p%:*} "${p#*:}" >>"$work/$name.$p"; done
	done
	printf '\n(%s) %s layers, width %s, V %s, %s x %s positions\n\n' "$name" "$layers" "$width" "$vocab" "$B" "$T"
	printf '| %-16s | %8s | %5s | %7s | %5s |\n|---|---:|---:|---:|---:|\n' '' tokens/s MFU 'RSS MB' time
	best=
	for p in $programs; do
		set -- $(median <"$work/$name.$p")
		best=${best:-$1}
		printf '| %-16s | %8.0f | %5s | %7.0f | %5s |\n' "$(echo "$p" | sed 's/ours:/nt-train, /; s/torch:/PyTorch, /')" \
			"$1" "$2" "$3" "$(awk -v a="$best" -v b="$1" 'BEGIN { printf "%.2f", a / b }')"
	done
}
shape a 6 384 6 8192 256 16
shape b 12 768 12 50257 512 4
shape c 12 768 12 50257 64 4
shape d 12 512 8 8192 2048 2
