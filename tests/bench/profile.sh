#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench BENCH=profile: what of a training step is spent where, on one core, by perf.
#
#	SHAPES='a c'    which of those of shapes.sh
#	DTYPES=bf16     and f32
#
# Needs perf. Builds nt-train once more, with frame pointers, so that it is known for whom a
# kernel worked; other programs lengthen no second of it, since only its own CPU time is counted.
set -eu
: "${PYTHON:=/usr/bin/python3}" "${SHAPES:=a c}" "${DTYPES:=bf16}"
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v perf >/dev/null || { echo 'perf is not here: apt-get install linux-perf'; exit 0; }
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM
cd "$root"
bin=build/profile/bin/nt-train
"${MAKE:-make}" -s B=build/profile CFLAGS='-O2 -g -fno-omit-frame-pointer -fno-optimize-sibling-calls' "$bin" >&2
kern peaks >"$work/peaks"
cat "$work/peaks"

shape() { # shape WORD LAYERS WIDTH HEADS VOCAB T B
	for dtype in $DTYPES; do
		perf record -q -g -e cpu-clock:u -F 997 -o "$work/samples" \
			"$bin" --bench --json -q -j1 --arch=gpt2 --dtype="$dtype" --optimizer=adamw --num-hidden-layers="$2" \
			--hidden-size="$3" --num-attention-heads="$4" --vocab-size="$5" --seq-len="$6" --batch-size="$7" \
			--gradient-accumulation-steps=1 --max-steps=1 >"$work/bench"
		printf '\n(%s) %s layers, width %s, V %s, %s x %s positions, %s\n\n' "$1" "$2" "$3" "$5" "$7" "$6" "$dtype"
		perf script -i "$work/samples" -F ip,sym 2>/dev/null |
			"$PYTHON" tests/bench/profile.py "$work/bench" "$work/peaks" "$dtype" "$2" "$3" "$5" "$6" "$7"
	done
}
. tests/bench/shapes.sh
