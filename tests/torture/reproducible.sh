#!/bin/sh
# SPDX-License-Identifier: MIT
# Two builds in two folders, at other times, in other languages and with another number of jobs,
# give the same bytes: in `make check` the objects of one room, with NT_TORTURE every object, the
# library, every program and page, with gcc and with clang.
. "$(dirname "$0")/../lib.sh"

goals='all pages' last=bin/nt
compilers='gcc clang'
if [ -z "${NT_TORTURE:-}" ]; then
	goals=$(cd "$root" && for f in lib/base/*.c; do echo "build/obj/${f%.c}.o"; done)
	last=${goals##*/}
	compilers=${CC:-cc}
fi

build() { # build COMPILER FOLDER JOBS
	mkdir -p "$2"
	(cd "$root" && tar -cf - Makefile cmd include lib share) | tar -xf - -C "$2"
	MAKEFLAGS= ${MAKE:-make} -C "$2" CC="$1" SAN= -j"$3" $goals >/dev/null
	(cd "$2/build" && find . -type f ! -name '*.d' | sort | xargs sha256sum) >"$2.sums"
}

for cc in $compilers; do
	if ! command -v $cc >/dev/null; then
		skip "$cc makes the same bytes in two folders" "$cc is not here"
		continue
	fi
	t "$cc makes the same bytes in two folders" '
		build $cc one 1
		(umask 077; TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 build $cc some/where/else 2)
		grep -q "/$last\$" one.sums; diff one.sums some/where/else.sums'
done
done_testing
