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
	# what UBSan of gcc finds comes as an abort, which ASan reports; one that a test wants is not meant
	o=log_path=$work/report abort=abort_on_error=1:handle_abort=2
	ASAN_OPTIONS=$o:$abort UBSAN_OPTIONS=$o:$abort:print_stacktrace=1 TSAN_OPTIONS=$o MSAN_OPTIONS=$o \
		VALGRIND_OPTS="-q --log-file=$work/report.%p --num-callers=20" "$@" >"$work/said" 2>&1 && status=0 || status=$?
	find "$work" -maxdepth 1 -name "report.*" -empty -delete
	for report in "$work"/report.*; do
		[ ! -e "$report" ] || grep -q nt_assert_failed "$report" || { head -n 25 "$report"; return 1; }
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
planted() { "$@" -g -O1 -pthread -w -o planted "$root/tests/sanitize/planted.c"; }
pool() { "$@" -std=c11 -D_GNU_SOURCE -I"$root" -I"$root/include" -I"$root/lib" -g -O1 "$root"/lib/base/*.c "$root/tests/unit/base_pool.c" \
	-o base_pool -lcmocka -lxxhash -lpthread -lm; }
asan="-fsanitize=address,undefined -fno-sanitize-recover=undefined"

t 'mistakes that are planted are reported by the sanitizers of gcc, and the pool makes none' '
	planted gcc $asan
	found heap-buffer-overflow overrun ./planted
	found shift_out_of_bounds shift ./planted
	planted gcc -fsanitize=thread
	found "data race" race ./planted
	pool gcc $asan
	clean ./base_pool
	pool gcc -fsanitize=thread
	clean ./base_pool'

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

t 'all of `make check` under ASan and UBSan: 0 reports' '
	clean env MAKEFLAGS= ${MAKE:-make} -C "$root" SAN=1 check-run'

t 'what has threads under TSan: 0 reports' '
	built thread
	under thread $(programs thread $(grep -lE "pool_new|n_thread|nt_thread|turns|relay" "$root"/tests/unit/*.c))
	under thread $(commands nt-tokenize nt-dedup nt-shuffle nt-filter nt-train nt-sample)
	clean small_under "$root/build/san-thread/bin" 4'

# Stores that clang makes of loops for AVX-512 are lost on it.
if command -v clang >/dev/null; then
	t 'test programs and commands under MSan, which is told what libraries write: 0 reports' '
		planted clang -fsanitize=memory
		found use-of-uninitialized-value uninitialized ./planted
		built memory
		export NT_ISA=avx2
		under memory $(programs memory "$root"/tests/unit/*.c "$root"/tests/golden/*.c)
		clean small_under "$root/build/san-memory/bin"'
else
	skip 'test programs and commands under MSan, which is told what libraries write: 0 reports' 'clang is not here'
fi

# It knows no AVX-512, and shows programs a CPU that has none.
if command -v valgrind >/dev/null; then
	t 'commands under valgrind: 0 reports' '
		planted gcc
		found "uninitialised value" uninitialized valgrind ./planted
		found "Invalid write" overrun valgrind ./planted
		mkdir bin
		for program in "$NT_BUILD"/bin/nt*; do
			printf "#!/bin/sh\nexec valgrind \"%s\" \"\$@\"\n" "$program" >"bin/${program##*/}"
		done
		chmod +x bin/*
		clean small_under "$PWD/bin"'
else
	skip 'commands under valgrind: 0 reports' 'valgrind is not here'
fi
done_testing
