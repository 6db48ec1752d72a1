#!/bin/sh
# SPDX-License-Identifier: MIT
# No test meets undefined behaviour, memory that is not its own or that nobody wrote, a leak, or a
# race of threads: tests run under the sanitizers of gcc and clang and under valgrind, and 0 reports are
# written. For `make check` it is shown that a mistake would be reported, and the pool goes through
# all of them; `make check SAN=...` runs the rest under one.
. "$(dirname "$0")/../small.sh"

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
pool() { "$@" -std=c11 -D_GNU_SOURCE -I"$root" -I"$root/include" -I"$root/lib" -g -O1 "$root"/lib/base/*.c "$root/tests/unit/base_pool.c" \
	-o base_pool -lcmocka -lxxhash -lpthread -lm; }
asan="-fsanitize=address,undefined -fno-sanitize-recover=undefined"


if [ "${NT_TORTURE:-1}" = 1 ]; then
	done_testing
	exit
fi
unset NT_TORTURE

# built SANITIZER: the tests and programs of a build under it
built() { MAKEFLAGS= ${MAKE:-make} -C "$root" SAN=$1 check-build >make.log 2>&1 || { tail -n 20 make.log; return 1; }; }
# under SANITIZER TEST...: tests in that build
under() {
	san=$1 b=$root/build/san-$1
	shift
	clean env SAN=$san NT_BUILD="$b" PATH="$b/bin:$PATH" CMOCKA_MESSAGE_OUTPUT=TAP prove -e "sh $root/tests/tap.sh" "$@"
}
# programs SANITIZER SOURCE...: the test programs of these sources; one that reads gigabytes is enough without
programs() {
	b=$root/build/san-$1/test
	shift
	for source; do case $source in *data_large.c) ;; *) source=${source#*tests/}; echo "$b/${source%.c}" ;; esac; done
}
commands() { for name; do echo "$root/tests/cmd/$name.sh"; done; }
# small_under FOLDER [THREADS]: the small runs by the programs there, their inputs too
small_under() (
	PATH=$1:$PATH threads=${2:-1}
	run() { undisturbed "$1" "$(echo "$2" | sed "s/ -j1/ -j$threads/")"; }
	make_inputs
	each all run
)
n_torture=10
t 'what has threads under TSan: 0 reports' '
	built thread
	under thread $(programs thread $(grep -lE "pool_new|n_thread|nt_thread|turns|relay" "$root"/tests/unit/*.c))
	under thread $(commands nt-tokenize nt-dedup nt-shuffle nt-filter nt-train nt-sample)
	clean small_under "$root/build/san-thread/bin" 4'

done_testing
