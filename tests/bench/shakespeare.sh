#!/bin/sh
# SPDX-License-Identifier: MIT
# The reference curve: examples/shakespeare-char.sh against PyTorch, in turn, in one run.
#   shakespeare.sh [TEXT]     SEEDS="1 2 3" THREADS="1 2"; seed 1 unless said
# Ours is timed as a whole program, with evaluations, checkpoints and their fsyncs;
# PyTorch by its training loop alone, at the number of threads that suits it best.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
text=${1:-}
shared=${NT_SHARED:-$root/../shared}/data/corpora/tinyshakespeare.txt.zst
if [ -z "$text" ]; then
	[ -f "$shared" ] || { echo "shakespeare: no text: name one, or see examples/shakespeare-char.sh"; exit 0; }
	text=$work/text
	zstd -dcq "$shared" >"$text"
fi
now() { date +%s.%N; }

for seed in ${SEEDS:-1}; do
	begin=$(now)
	NT_BUILD=${NT_BUILD:-$root/build} env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE \
		sh "$root/examples/shakespeare-char.sh" "$text" "$work/nt" -s "$seed" 2>"$work/log"
	end=$(now)
	loss=$(sed -n 's/.*held out \([0-9.]*\) nats.*/\1/p' "$work/log" | tail -n 1)
	seconds=$(awk "BEGIN { printf \"%.2f\", $end - $begin }")
	echo "nt-train, tokenizing and all   seed $seed  $seconds s  $loss nats/char"
	"$python" -c 'import torch' 2>/dev/null || { echo 'PyTorch is not here: apt-get install python3-torch'; continue; }
	for threads in ${THREADS:-1 2}; do
		env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE \
			"$python" "$root/tests/bench/shakespeare.py" "$text" "$threads" "$seed" |
			{ read -r seconds loss
			echo "PyTorch, $threads threads, its loop     seed $seed  $seconds s  $loss nats/char"; }
	done
done
