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
	# what UBSan of gcc finds comes as an abort, which ASan reports
	o="log_path=$work/report:abort_on_error=1:handle_abort=2"
	ASAN_OPTIONS=$o UBSAN_OPTIONS=$o:print_stacktrace=1 TSAN_OPTIONS=$o MSAN_OPTIONS=$o \
		VALGRIND_OPTS="-q --log-file=$work/report.%p --num-callers=20" "$@" >"$work/said" 2>&1 && status=0 || status=$?
	find "$work" -maxdepth 1 -name "report.*" -empty -delete
	for report in "$work"/report.*; do
		[ ! -e "$report" ] || { head -n 25 "$report"; return 1; }
	done
	[ $status = 0 ] || { grep -v "ok$\|^ok" "$work/said" | tail -n 25; return 1; }
}

# found REPORT MISTAKE COMMAND...: the program with that mistake is reported so, and without one not at all
found() {
	says=$1 mistake=$2
	shift 2
	clean "$@"
	not clean "$@" $mistake >said
	grep "$says" said
}
planted() { "$@" -g -O1 -pthread -Wno-maybe-uninitialized -Wno-uninitialized -o planted "$root/tests/sanitize/planted.c"; }

t 'a write behind the end, a shift too far and a race are reported by the sanitizers of gcc' '
	planted gcc -fsanitize=address,undefined -fno-sanitize-recover=undefined
	found heap-buffer-overflow overrun ./planted
	found shift_out_of_bounds shift ./planted
	planted gcc -fsanitize=thread
	found "data race" race ./planted'

done_testing
