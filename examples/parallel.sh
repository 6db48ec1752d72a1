#!/bin/sh
# SPDX-License-Identifier: MIT
# A corpus of many files to one data file, with GNU parallel, on the cores of this machine.
#
#	sh examples/parallel.sh OUT FILE|FOLDER...      OUT/data.bin
#	JOBS=16 TOKENIZE='-t tokenizer.json' sh examples/parallel.sh OUT corpus/
#
# One process a file and a thread a process: on files of some MB each that keeps every core
# busy, without one process waiting for another. shards.sh has the options and the why.
set -eu
shards=$(cd "$(dirname "$0")" && pwd)/shards.sh
out=$1
sh "$shards" list "$@"
seq "$(wc -l <"$out/list")" |
	NT_THREADS=1 parallel --will-cite --halt soon,fail=1 -j "${JOBS:-100%}" sh "$shards" shard "$out"
sh "$shards" join "$out"
