#!/bin/sh
# SPDX-License-Identifier: MIT
# Each target for FUZZ_SECONDS, beginning with the corpus that it left behind the last time.
#   FUZZ_SECONDS=60 sh tests/fuzz/run.sh build/fuzz/TARGET...
set -eu
for f; do
	echo "== $f"
	mkdir -p "$f.corpus"
	"$f" -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 -artifact_prefix="${f%/*}/" "$f.corpus"
done
