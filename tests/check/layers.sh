#!/bin/sh
# SPDX-License-Identifier: MIT
# Each room may include only itself and the rooms that the table in docs/house.md allows, and
# of the public headers only those that such a room stands behind.
. "$(dirname "$0")/../lib.sh"
cd "$root"

layers() {
	find "$1/lib" "$1/cmd" -name '*.[ch]' | sort | xargs awk -v top="$1/" '
	BEGIN {
		n = split("base:|io:base|text:base|kern:base|cli:base|token:base io text|filter:base io text|data:base io|" \
			  "model:base io kern|train:base io data kern model|report:base io model|" \
			  "answer:base io text token model|cmd:cli", row, "|")
		for (i = 1; i <= n; i++) {
			split(row[i], kv, ":")
			may[kv[1]] = " " kv[1] " " kv[2] " "
		}
		n = split("base:cpu err hash ident mem pool random real version|io:choices docs file gguf idlines lines nultext prompts|" \
			  "text:text|filter:filter|token:encode inspect tokenizer vocab|" \
			  "data:data dedup foreign manifest near overlap pack shuffle stream substring table words|model:generate lanes model safetensors|" \
			  "train:train|report:report show|answer:answer quiz", row, "|")
		for (i = 1; i <= n; i++) {
			split(row[i], kv, ":")
			m = split(kv[2], header, " ")
			for (j = 1; j <= m; j++)
				behind["nt/" header[j] ".h"] = kv[1]
		}
	}
	/^#[ \t]*include[ \t]*"/ {
		split(substr(FILENAME, length(top) + 1), path, "/")
		room = path[1] == "lib" ? path[2] : path[1]
		split($0, word, "\"")
		split(word[2], inc, "/")
		from = inc[1] == "nt" ? behind[word[2]] : inc[1]
		if (from == "") {
			printf "%s:%d: no room stands behind %s\n", FILENAME, FNR, word[2]
			bad = 1
		} else if (!(room == "cmd" && inc[1] == "nt") && !index(may[room], " " from " ")) {
			printf "%s:%d: %s may not include %s\n", FILENAME, FNR, room, word[2]
			bad = 1
		}
	}
	END { exit bad }'
}

t 'every room includes only the rooms it may' 'layers "$root"'

t 'a room that looks upstairs is caught' '
	mkdir -p lib/io cmd; : >cmd/x.c; echo "#include \"model/layer.h\"" >lib/io/bad.c
	not layers "$PWD" >found
	grep "io may not include model/layer.h" found
	echo "#include \"nt/tokenizer.h\"" >lib/io/bad.c
	not layers "$PWD" >found
	grep "io may not include nt/tokenizer.h" found'

done_testing
