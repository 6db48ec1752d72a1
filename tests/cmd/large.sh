#!/bin/sh
# SPDX-License-Identifier: MIT
# More than 2^32 tokens from end to end, without holes: minutes, and 18 GB under TMPDIR, so
# only where it is asked for. What can be checked with holes is in tests/unit/data_large.c.
. "$(dirname "$0")/../lib.sh"

value() { nt-info --json "$1" | sed -n 's/.*"'"$2"'": \([^,}]*\),.*/\1/p'; }
# 64 documents of 2^20 tokens
part() { awk 'BEGIN { for (d = 0; d < 64; d++) { for (i = 0; i < 1048576; i++) printf("%d ", (i * 7 + d) % 251); print "" } }'; }

all='4,362,076,160 tokens are shuffled, packed, verified, written for llm.c and read from there'
if [ "${NT_LARGE-}" = 1 ]; then
	t "$all" '
		part | nt-pack -q --ids -t bytes -o part.bin; nt-shuffle -q part.bin >part.nts
		for i in $(seq 65); do cat part.nts; done | nt-shuffle -q -S 512M | nt-pack -q -o data.bin
		[ "$(value data.bin documents)" = 4160 ]; [ "$(value data.bin tokens)" = 4362084480 ]
		nt-info -q --verify data.bin >/dev/null; value data.bin hash >due
		nt-pack -q --format llmc --file-tokens 1000M -o x data.bin; [ "$(echo x_*)" = \
			"x_000000.bin x_000001.bin x_000002.bin x_000003.bin x_000004.bin" ]
		[ "$(wc -c <x_000004.bin)" = $(((4362080320 - 4000000000) * 2 + 1024)) ]; rm data.bin
		nt-pack -q --from llmc -t bytes -o data.bin x_*; value data.bin hash | cmp - due'
else
	skip "$all" 'NT_LARGE=1 runs it: minutes, and 18 GB under TMPDIR'
fi

long='a file of 2^31 tokens without a mark is refused in 6 GB of memory'
if [ "${NT_LARGE-}" = 1 ]; then
	t "$long" '
		truncate -s 4G raw.bin
		(ulimit -v 7000000; exits 3 nt-pack -q --from nanogpt -t bytes -o data.bin raw.bin 2>said)
		grep "raw.bin: the document that ends at token 10737[0-9]*, or behind it, has more than 2^30" said'
else
	skip "$long" 'NT_LARGE=1 runs it: it takes 6 GB of memory'
fi

done_testing
