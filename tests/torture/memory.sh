#!/bin/sh
# SPDX-License-Identifier: MIT
# Out of memory ends cleanly: every allocation of small runs fails once, and the address space is
# cut to ever less. Exit 4 and one line, or all of the output; no crash, and no other output.
. "$(dirname "$0")/../small.sh"
make_inputs
slice='tokenize|pack|info|train'
shim=$NT_BUILD/torture/memory.so

# As many as there are; for `make check` one of a dozen or so, another place in each run.
starved() { # starved NAME COMMAND
	undisturbed "$1" "$2" || return 1
	fresh "$1"
	eval "NT_FAIL_SAYS=$work/n LD_PRELOAD=$shim $2" || return 1
	n=$(cat "$work/n") step=1
	[ "$n" -lt 4000 ] || step=$((n / 1000)) # a page makes one string like another, and so do tensors
	[ "$n_torture" -gt 1 ] || step=$((n / 12 + 1))
	for i in $(seq 1 "$step" "$n"); do
		fresh "$1" old
		eval "timeout -s KILL 60 env NT_FAIL_AT=$i LD_PRELOAD=$shim $2" 2>"$said" && got=0 || got=$?
		# libarchive and what it loads, and OpenBLAS and the Fortran library below it, end the program
		# by themselves, or crash, when they have no memory for their own
		[ "$got" = 1 ] && grep -q "^Fatal Internal Error in libarchive: No memory" "$said" && continue
		[ "$got" = 1 ] && grep -q "^Memory allocation failed" "$said" && continue
		case $got in 1 | 139) grep -q "^Operating system error: " "$said" && continue ;; esac
		[ "$got" = 127 ] && grep -qx "out of memory" "$said" && continue
		verdict "$1" "$got" 0 4 || { echo "allocation $i of $n"; return 1; }
		n_starved=$((n_starved + 1))
	done
}

squeezed() { # squeezed NAME COMMAND: from what is enough down to what not even starts
	undisturbed "$1" "$2" || return 1
	for kib in 600000 300000 200000 150000 120000 100000 80000 70000 60000 50000 45000 40000 35000 30000; do
		fresh "$1" old
		eval "prlimit --as=$((kib * 1024)) timeout -s KILL 60 $2" 2>"$said" && got=0 || got=$?
		[ "$got" != 127 ] || break # the loader's: the libraries did not fit
		grep -q "^OpenBLAS\|^Memory allocation failed" "$said" && continue
		verdict "$1" "$got" 0 4 || { echo "$kib KiB"; return 1; }
		n_starved=$((n_starved + 1))
	done
}

# Two products at a time want two of OpenBLAS's buffers, of 128 MB each, besides the threads' own.
blas_squeezed() {
	run="nt-train -q -j2 $shape --dtype=f32 --max-steps=2 --save-every=2"
	$run -o "$work/enough" "$in/a.ntd" || return 1
	for mib in 600 500 440 400 380 360 340 324 310 300 280 250 220 195 176 150 100 70 49 40; do
		rm -rf "$work/less"
		prlimit --as=$((mib << 20)) timeout -s KILL 60 $run -o "$work/less" "$in/a.ntd" 2>"$said" && got=0 || got=$?
		[ "$got" != 127 ] || break
		grep -q "^OpenBLAS\|^Memory allocation failed" "$said" && continue
		[ "$got" = 0 ] || [ "$got" = 4 ] && [ "$(grep -c "" "$said")" = "$((got / 4))" ] ||
			{ echo "$mib MiB: exit status $got: $(head -c 300 "$said")"; return 1; }
		[ "$got" = 4 ] || cmp "$work/enough/latest/model.safetensors" "$work/less/latest/model.safetensors" || return 1
		echo "$got" >>"$work/got"
	done
	grep -q 0 "$work/got" && grep -q 4 "$work/got"
}

if [ -n "$SAN" ]; then
	skip 'every allocation fails once' 'the sanitizer has an allocator of its own'
else
	t 'every allocation fails once: exit 4 and one line, or all of the output' '
		n_starved=0; each all starved; echo "$n_starved starved"; [ "$n_starved" -ge 12 ]'
	t 'with ever less address space: exit 4 and one line, or all of the output' '
		n_starved=0; each all squeezed; echo "$n_starved squeezed"; [ "$n_starved" -ge 5 ]'
	t 'with ever less address space for OpenBLAS: exit 4 and one line, or the same weights' '
		export NT_ISA=ref
		blas_squeezed'
fi

done_testing
