#!/bin/sh
# SPDX-License-Identifier: MIT
# Only objects with an instruction set in their name may hold instructions beyond the
# x86-64 baseline: VEX and EVEX forms, mask registers, the BMI integer group.
. "$(dirname "$0")/../lib.sh"

wide='[[:space:]](v[a-z0-9]+[[:space:]].*%[xyz]mm|vzero|k(mov|or|and)[bwdq]|(sh[lr]|sar|ror|mul)x|andn[lq]?[[:space:]]|bls(r|i|msk)[lq]?[[:space:]]|bextr|bzhi|pext|pdep)'
holds_wide() { objdump -d --no-show-raw-insn "$1" | grep -Eq "$wide"; }
baseline_only() {
	for o in $(find "$NT_BUILD/obj/lib" "$NT_BUILD/obj/cmd" -name '*.o' ! -name '*_avx*'); do
		! holds_wide "$o" || { echo "$o: instructions beyond the baseline"; return 1; }
	done
}

if [ "$(uname -m)" = x86_64 ]; then
	t 'no object but the wide kernels holds a wide instruction' baseline_only
	t 'the wide kernels do hold them, so the pattern can see' '
		for o in $(find "$NT_BUILD/obj/lib" -name "*_avx*.o"); do holds_wide "$o"; done'
else
	skip 'no object but the wide kernels holds a wide instruction' 'not x86-64'
fi
done_testing
