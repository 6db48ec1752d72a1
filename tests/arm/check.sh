#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh - arm64 without an arm64 (make check-arm): everything is cross-compiled into build/arm,
# against libraries of its own, and what depends on the CPU runs under an emulator that has BF16.
set -eu
cd "$(dirname "$0")/../.."
b=$PWD/build/arm
sysroot=$b/sysroot
sh share/sysroot.sh arm64 "$sysroot" libc6-dev libzstd-dev zlib1g-dev libisal-dev libxxhash-dev \
	libopenblas-dev libarchive-dev libjson-c-dev libpcre2-dev libcmocka-dev

emulate="qemu-aarch64 -L $sysroot -cpu max"
units=
for t in base kern model; do
	for f in tests/unit/${t}_*.c; do
		units="$units $b/test/unit/$(basename "$f" .c)"
	done
done
units="$units $b/test/unit/data_near"
(
	PKG_CONFIG_LIBDIR=$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig
	PKG_CONFIG_SYSROOT_DIR=$sysroot
	export PKG_CONFIG_LIBDIR PKG_CONFIG_SYSROOT_DIR
	${MAKE:-make} CC="aarch64-linux-gnu-gcc --sysroot=$sysroot" B="$b" RUN="$emulate" all $units
)

CMOCKA_MESSAGE_OUTPUT=TAP
export CMOCKA_MESSAGE_OUTPUT
prove -e "sh tests/tap.sh $emulate" $units
