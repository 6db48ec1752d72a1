#!/bin/sh
# SPDX-License-Identifier: MIT
# Text that a Debian has without a network: at most about 4 MB of it on standard output,
# documents with a NUL between them, the same each time on the same machine.
#
#	sh examples/fallback.sh > text.nul
#
# Manual pages in English, what packages say about themselves, then licences and copyright
# notices: those are all that is left on an image from which documentation was removed.
# They repeat each other a lot; nt-dedup takes care of that.
set -eu
LC_ALL=C
export LC_ALL
plain=$(cd "$(dirname "$0")/.." && pwd)/share/corpus/plain.pl

files() { find "$@" -type f 2>/dev/null | sort; } # a folder that is missing holds none
some() { awk -v n="$1" '{ line[NR] = $0 } # n of the lines, evenly
	END { step = NR > n ? NR / n : 1; for (i = 1; i <= NR; i += step) print line[int(i)] }'; }
documents() {
	files /usr/share/man/man[1-9] | some 500 | perl "$plain" roff 2000000
	files /usr/share/doc | grep -E '/(README|NEWS|FAQ|TODO|HACKING|AUTHORS|THANKS)[^/]*$|\.txt(\.gz)?$' |
		some 500 | perl "$plain" text 1000000
	files /usr/share/common-licenses | perl "$plain" text 400000
	files /usr/share/doc | grep '/copyright$' | some 500 | perl "$plain" text 600000
}

# A NUL behind each document becomes one between them.
documents | perl -0 -ne '
	chomp;
	print "\0" if $n++;
	print;
	END { die "fallback.sh: no text in /usr/share/man or /usr/share/doc\n" unless $n }'
