#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench [BENCH='train shakespeare']: speed, beside others where they are installed.
# A shared machine is noisy: compare figures of one run. OpenBLAS chooses its kernels.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
for name in ${*:-train shakespeare}; do
	[ -f "$here/$name.sh" ] || { echo "no bench '$name'" >&2; exit 2; }
	printf '\n== %s\n' "$name"
	sh "$here/$name.sh"
done
