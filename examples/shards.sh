#!/bin/sh
# SPDX-License-Identifier: MIT
# A corpus of many files to one data file, a file at a time, by as many processes as you like.
#
#	sh examples/shards.sh list OUT FILE|FOLDER...   what there is to do: OUT/list, a file a line
#	sh examples/shards.sh shard OUT N               line N of it, from 1, to OUT/N.nts
#	sh examples/shards.sh join OUT                  all of them, in order, to OUT/data.bin
#
# parallel.sh does that on one machine, slurm.sh on many. Who does which line, and when, does not
# matter: the data file is byte for byte that of one process, `xargs nt-tokenize <OUT/list`.
#
# A stream is there whole or not at all, and one that is there is not made again: after a
# failure, run the same once more. Empty OUT to begin anew, or after a change of options.
#
#	TOKENIZE='-t tokenizer.json'   DEDUP='--by=document'   SHUFFLE='-s 7 -S 8G'
#	PACK='--seq-len 2048'          options of each program
#	FILTER='--rules gopher,c4'     of nt-filter, which is left out without
set -eu
LC_ALL=C
export LC_ALL

list() { # list OUT FILE|FOLDER...
	mkdir -p "$1"
	out=$1
	shift
	find "$@" -type f | sort >"$out/list.part"
	[ ! -e "$out/list" ] || cmp -s "$out/list.part" "$out/list" || {
		echo "shards.sh: $out/list: of other files: empty $out, or name another folder" >&2
		exit 1
	}
	mv "$out/list.part" "$out/list"
}

stream() { printf '%s/%08d.nts' "$1" "$2"; }

shard() { # shard OUT N
	to=$(stream "$1" "$2")
	file=$(sed -n "$2p" "$1/list")
	if [ -e "$to" ]; then
		return
	elif [ -z "${FILTER-}" ]; then
		nt-tokenize -q ${TOKENIZE-} -o "$to" -- "$file"
	else
		nt-filter -q $FILTER --manifest "$to.json" -- "$file" |
			nt-tokenize -q -0 ${TOKENIZE-} --manifest "$to.json" -o "$to"
		rm -f "$to.json"
	fi
}

streams() { # streams OUT: their names, in the order of the list
	n=0
	while read -r name; do
		n=$((n + 1))
		to=$(stream "$1" $n)
		[ -e "$to" ] || { echo "shards.sh: $name (line $n of $1/list) is not done" >&2; exit 1; }
		printf '%s\n' "$to"
	done <"$1/list"
}

join() { # join OUT
	streams "$1" >"$1/streams"
	tr '\n' '\0' <"$1/streams" | xargs -0 cat |
		nt-dedup ${DEDUP-} | nt-shuffle ${SHUFFLE-} | nt-pack ${PACK-} -o "$1/data.bin"
}

case ${1-} in
list | shard | join) "$@" ;;
*)
	sed -n 's/^#	sh/usage: sh/p' "$0" >&2
	exit 2
	;;
esac
