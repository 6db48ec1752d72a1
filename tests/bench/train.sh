#!/bin/sh
# SPDX-License-Identifier: MIT
# Training speed of a few shapes: the reference curve's, and larger ones of both families.
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
cat /usr/share/common-licenses/* | nt-tokenize -q | nt-pack -q -o "$work/data.bin"
bench() { # bench NAME OPTION...
	printf '%-28s ' "$1"
	shift
	nt-train --bench --json "$@" "$work/data.bin" 2>/dev/null
}
bench '0.8M, 12 x 64' --arch=gpt2 --hidden-size=128 --num-hidden-layers=4 --seq-len=64 --batch-size=12 --max-steps=1
bench '14M (6L 6H C384), 16 x 256' --arch=gpt2 --hidden-size=384 --num-hidden-layers=6 --seq-len=256 --batch-size=16 --max-steps=1
bench '14M, the same as Llama' --hidden-size=384 --num-hidden-layers=6 --seq-len=256 --batch-size=16 --max-steps=1
bench '92M (12L 12H C768), 4 x 64' --arch=gpt2 --hidden-size=768 --num-hidden-layers=12 --seq-len=64 --batch-size=4 --max-steps=1
