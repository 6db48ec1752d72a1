#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench BENCH=memory: does a filter need more memory for more text? The peak of each at two
# sizes, of text that comes through a pipe; fails if one that should be flat grows by over 5 %
# (and by half a MB: the peak of the same run differs by a few pages from time to time).
#
#	SIZES='1000 10000'   MB of text
#	TEXT='files'         repeated as tests/bench/data.c says; without it, as tests/bench/text.sh
#
# What nt-dedup remembers grows with what is different: it is shown for each document more.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/bench/text.sh"
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM
bench_text >"$work/some"
cd "$work"
set -- ${SIZES:-1000 10000}
small=$1 large=$2 is_flat=yes

text() { data feed "${1}000000" some; }
tokens() { text "$1" | nt-tokenize -q -0; }
file() { tokens "$1" | nt-pack -q; } # a data file cannot be read from a pipe

documents() { text "$1" | tr -dc '\0' | wc -c; }
more=$(($(documents "$large") - $(documents "$small")))

# Prints `PEAK SIZE`, in KiB, of a command that reads what FROM writes.
peak() { # peak text|tokens|file MB COMMAND...
	from=$1 size=$2
	shift 2
	case $from in
	file) $from "$size" >data.bin && data cost "$@" data.bin ;;
	*) $from "$size" | data cost "$@" ;;
	esac | cut -d' ' -f3
}

row() { # row flat|grows text|tokens|file COMMAND...
	kind=$1 from=$2
	shift 2
	a=$(peak "$from" "$small" "$@")
	b=$(peak "$from" "$large" "$@")
	verdict=$(awk -v a="$a" -v b="$b" -v k="$kind" -v n="$more" 'BEGIN {
		growth = 100 * (b / a - 1)
		if (k == "grows") printf "%.1f bytes/document", 1024 * (b - a) / n
		else printf "%+.1f %%%s", growth, (growth > 5 && b - a > 512) ? ", NOT FLAT" : "" }')
	case $verdict in *NOT*) is_flat=no ;; esac
	echo "$a $b" | awk -v c="$*" -v v="$verdict" '{ printf "| %-32s | %8.1f | %8.1f | %20s |\n", c, $1 / 1024, $2 / 1024, v }'
}

printf '| %-32s | %8s | %8s | %20s |\n' 'peak memory, MB, of' "$small MB" "$large MB" growth
printf '|---|---:|---:|---:|\n'
row flat text nt-cat -q -0
row flat text nt-cat -q -0 --jsonl
! command -v nt-filter >/dev/null || row flat text nt-filter -q -0
row flat text nt-tokenize -q -0
row flat tokens nt-tokenize -q -d
row flat file nt-tokenize -q -d
row grows tokens nt-dedup -q
row grows tokens nt-dedup -q --by=document
! nt-dedup --help | grep -q -- --near || row grows tokens nt-dedup -q --near
row flat tokens nt-shuffle -q -S 64M
row flat tokens nt-pack -q
row flat tokens nt-pack -q --seq-len 2048
row flat tokens nt-info
row flat file nt-info -q --verify
[ "$is_flat" = yes ]
