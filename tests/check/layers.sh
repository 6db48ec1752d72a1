#!/bin/sh
# SPDX-License-Identifier: MIT
# Each room may include only itself, the rooms the table in docs/house.md allows, and nt/*.h.
. "$(dirname "$0")/../lib.sh"
cd "$root"

layers() {
	find "$1/lib" "$1/cmd" -name '*.[ch]' | sort | xargs awk -v top="$1/" '
	BEGIN {
		n = split("base:|io:base|text:base|kern:base|cli:base|token:base io text|data:base io|" \
			  "model:base io kern|train:base io data kern model|cmd:cli", row, "|")
		for (i = 1; i <= n; i++) {
			split(row[i], kv, ":")
			may[kv[1]] = " " kv[1] " nt " kv[2] " "
		}
	}
	/^#[ \t]*include[ \t]*"/ {
		split(substr(FILENAME, length(top) + 1), path, "/")
		room = path[1] == "lib" ? path[2] : path[1]
		split($0, word, "\"")
		split(word[2], inc, "/")
		if (!index(may[room], " " inc[1] " ")) {
			printf "%s:%d: %s may not include %s\n", FILENAME, FNR, room, word[2]
			bad = 1
		}
	}
	END { exit bad }'
}

t 'every room includes only the rooms it may' 'layers "$root"'

t 'a room that looks upstairs is caught' '
	mkdir -p lib/io cmd && : >cmd/x.c && echo "#include \"model/layer.h\"" >lib/io/bad.c
	layers "$PWD" >found && exit 1
	grep "io may not include model/layer.h" found'

done_testing
