#!/bin/sh
# SPDX-License-Identifier: MIT
# Which lines of the parsers (tests/fuzz/parsers) are reached: by the fuzzers, from their seeds and what
# `make fuzz` has left in build/fuzz; and by these and the unit tests.
#   MAKE=make sh tests/fuzz/coverage.sh
set -eu
here=tests/fuzz
build=build/coverage
PATH=$PWD/build/bin:$PATH
flags='-fprofile-instr-generate -fcoverage-mapping'
LLVM_PROFILE_FILE=/dev/null $MAKE B=$build F=$build/fuzz CC=clang HARDEN= CFLAGS="-O1 -g $flags" LDFLAGS="$flags" \
	FUZZ="$flags" coverage-build
rm -rf "$build/seed" "$build/profile"
mkdir -p "$build/profile/fuzz" "$build/profile/unit"
"${PYTHON:-/usr/bin/python3}" "$here/seeds.py" "$build/seed"

trace() { # trace NAME OBJECTS PROFILE...: NAME.lcov
	name_=$1 objects_=$2
	shift 2
	llvm-profdata merge -sparse -o "$build/$name_.profile" "$@"
	llvm-cov export -format=lcov -instr-profile="$build/$name_.profile" $objects_ >"$build/$name_.lcov" 2>/dev/null
}

objects=
for target in $here/*.c; do
	name=$(basename "$target" .c)
	f=$build/fuzz/$name
	left=build/fuzz/$name.corpus
	[ -d "$left" ] || left=
	LLVM_PROFILE_FILE=$build/profile/fuzz/$name "$f" -runs=0 -artifact_prefix="$build/" "$build/seed/$name" $left >"$build/log" 2>&1 || {
		cat "$build/log"
		exit 1
	}
	objects="$objects -object $f"
	trace "$name" "$f" "$build/profile/fuzz/$name"
done
for u in "$build"/test/unit/*; do
	case ${u##*/} in
	*.d | *_large | kern_* | base_* | cli_*) continue ;;
	model_checkpoint | train_run) ;;
	model_* | train_*) continue ;; # no bytes from outside
	esac
	LLVM_PROFILE_FILE=$build/profile/unit/${u##*/} "$u" >"$build/log" 2>&1 || {
		cat "$build/log"
		exit 1
	}
	objects="$objects -object $u"
done
trace fuzzed "$f $objects" "$build"/profile/fuzz/*
trace all "$f $objects" "$build"/profile/fuzz/* "$build"/profile/unit/*
"${PYTHON:-/usr/bin/python3}" "$here/coverage.py" "$here/parsers" "$build"
