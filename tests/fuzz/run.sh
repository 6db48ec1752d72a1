#!/bin/sh
# SPDX-License-Identifier: MIT
# Each target for FUZZ_SECONDS, beginning with seeds.py's seeds and with the corpus that it left behind the last time.
#   FUZZ_SECONDS=60 sh tests/fuzz/run.sh build/fuzz/TARGET...
set -eu
seed=${1%/*}/seed
rm -rf "$seed"
"${PYTHON:-/usr/bin/python3}" "${0%/*}/seeds.py" "$seed"
for f; do
	name=${f##*/}
	echo "== $name"
	mkdir -p "$f.corpus"
	mib=2048 # in one piece, at most
	[ "$name" != archive ] || mib=4100 # a dictionary of liblzma, which takes memory as it fills
	"$f" -malloc_limit_mb=$mib -max_total_time="$FUZZ_SECONDS" -print_final_stats=1 -artifact_prefix="${f%/*}/" \
		-dict="$seed/$name.dict" "$f.corpus" "$seed/$name"
done
