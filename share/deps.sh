#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what a target needs, or prints the exact command.
#   sh share/deps.sh [--look] build|arm|bench|check|coverage|demo|fuzz|interop|torch|torture ...
# --look   install nothing: only say what is missing, and how to get it
set -eu

CC=${CC:-cc}
look=
if [ "${1-}" = --look ]; then
	look=1
	shift
fi
missing=
want() { # want PACKAGE COMMAND...: PACKAGE unless COMMAND succeeds
	package=$1
	shift
	"$@" >/dev/null 2>&1 || missing="$missing $package"
}
module() { want "$1" pkg-config --exists "$2"; }
command_() { want "$1" command -v "$2"; }

for group; do
	case $group in
	build)
		command_ gcc "${CC%% *}"
		command_ pkg-config pkg-config
		module libzstd-dev libzstd
		module zlib1g-dev zlib
		module libisal-dev libisal
		module libxxhash-dev libxxhash
		module libopenblas-dev openblas
		module libarchive-dev libarchive
		module libjson-c-dev json-c
		module libpcre2-dev libpcre2-8
		;;
	check)
		module libcmocka-dev cmocka
		command_ perl prove
		command_ mandoc mandoc
		command_ zstd zstd
		command_ xz-utils xz
		command_ bzip2 bzip2
		command_ lz4 lz4
		command_ zip zip
		command_ cpio cpio
		command_ p7zip-full 7z
		command_ binutils ar
		want parallel sh -c 'parallel --version | grep GNU'
		command_ strace strace
		command_ zsh zsh
		command_ fish fish
		want python3-numpy /usr/bin/python3 -c 'import numpy'
		;;
	torch) # what training is measured beside
		want python3-torch /usr/bin/python3 -c 'import torch'
		;;
	bench) # what the data tools are measured beside
		command_ zstd zstd
		command_ pigz pigz
		command_ isal igzip
		command_ jq jq
		want parallel sh -c 'parallel --version | grep GNU'
		;;
	demo)
		command_ xz-utils xz
		;;
	arm) # a compiler and an emulator; share/sysroot.sh brings the libraries
		command_ gcc-aarch64-linux-gnu aarch64-linux-gnu-gcc
		command_ qemu-user qemu-aarch64
		;;
	fuzz) # the runtime is only recommended by the compiler
		command_ clang clang
		want libclang-rt-dev sh -c 'echo "int LLVMFuzzerTestOneInput() { return 0; }" | clang -fsanitize=fuzzer,address -x c -o /dev/null -'
		;;
	torture) # what tests run under
		command_ clang clang
		command_ valgrind valgrind
		;;
	coverage)
		command_ llvm llvm-profdata
		command_ llvm llvm-cov
		;;
	interop)
		command_ npm npm
		command_ chromium chromium
		;;
	esac
done

[ -n "$missing" ] || exit 0
as=
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null; then
		echo "missing:$missing; as root: apt-get install$missing" >&2
		exit 1
	fi
	as="sudo "
fi
if [ -n "$look" ]; then
	echo "missing:$missing; 'make deps', or: ${as}apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing" >&2
$as apt-get update -qq || echo "apt-get update failed; going on with the lists that are here" >&2
if ! $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	$missing >/dev/null; then
	echo "could not install:$missing; try: ${as}apt-get install$missing" >&2
	exit 1
fi
