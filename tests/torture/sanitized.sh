#!/bin/sh
# SPDX-License-Identifier: MIT
# No test meets undefined behaviour, memory that is not its own or that nobody wrote, a leak, or a
# race of threads: tests run under the sanitizers of gcc and clang and under valgrind, and 0 reports are
# written. For `make check` it is shown that a mistake would be reported, and the pool goes through
# all of them; `make check SAN=...` runs the rest under one.
. "$(dirname "$0")/../lib.sh"
unset NT_TORTURE
: "${MAKE:=make}"

# Whatever a test makes of the status of a program: what a sanitizer has to say is in a file.
clean() { # clean COMMAND...
	rm -f "$work"/report.*
	o="log_path=$work/report:history_size=4"
	ASAN_OPTIONS=$o UBSAN_OPTIONS=$o:print_stacktrace=1 TSAN_OPTIONS=$o MSAN_OPTIONS=$o \
		VALGRIND_OPTS="-q --log-file=$work/report.%p --num-callers=20" "$@" >"$work/said" 2>&1 && status=0 || status=$?
	find "$work" -maxdepth 1 -name "report.*" -empty -delete
	for report in "$work"/report.*; do
		[ ! -e "$report" ] || { head -n 25 "$report"; return 1; }
	done
	[ $status = 0 ] || { grep -v "ok$\|^ok" "$work/said" | tail -n 25; return 1; }
}

# tests_under SANITIZER TESTS...: run from a build under it
tests_under() {
	san=$1
	shift
	b=$root/build/san-$san
	clean env SAN=$san NT_BUILD="$b" PATH="$b/bin:$PATH" CMOCKA_MESSAGE_OUTPUT=TAP prove -e "sh $root/tests/tap.sh" "$@"
}
built() { MAKEFLAGS= $MAKE -C "$root" SAN=$1 check-build >make.log 2>&1 || { tail -n 20 make.log; return 1; }; }
units() { find "$root/build/san-$1/test" -type f -perm -u+x | grep -v "$2" | sort; }
commands() { for name; do echo "$root/tests/cmd/$name.sh"; done; }

