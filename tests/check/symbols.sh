#!/bin/sh
# SPDX-License-Identifier: MIT
# Every symbol the library exports begins with nt_, so it can live in anybody's program.
. "$(dirname "$0")/../lib.sh"

foreign() { nm -g --defined-only "$NT_BUILD/libnt.a" 2>/dev/null |
	awk 'NF == 3 && $3 !~ /^(nt_|__asan|__odr|__ubsan)/ { print $3 }'; }

t 'every exported symbol begins with nt_' 'foreign >found; cat found; [ ! -s found ]'
t 'the library exports symbols at all' '
	[ "$(nm -g --defined-only "$NT_BUILD/libnt.a" 2>/dev/null | grep -c " T nt_")" -gt 20 ]'
t 'no filter loads the linear algebra it does not need' '
	for c in nt-cat nt-tokenize nt-dedup nt-shuffle nt-pack; do
		! ldd "$NT_BUILD/bin/$c" | grep -i blas || { echo "$c"; exit 1; }
	done'
done_testing
