#!/bin/sh
# SPDX-License-Identifier: MIT
# What SECURITY.md says of the default build: programs are loaded anywhere, tables are read-only once
# they are linked, stacks and copies are guarded, and nothing says in which folder they were built.
. "$(dirname "$0")/../lib.sh"

each_program() { # each_program FUNCTION: it holds for every program, or the program is named
	for c in $(ls "$NT_BUILD/bin"); do
		"$1" "$NT_BUILD/bin/$c" || { echo "$c"; return 1; }
	done
}
is_pie() { readelf -hdW "$1" >elf && grep -q 'Type: *DYN' elf && grep -q 'FLAGS_1.*PIE' elf; }
is_bound_early() { readelf -ldW "$1" >elf && grep -q GNU_RELRO elf && grep -q 'FLAGS.*NOW' elf; }
# No memory is both written and run, and no path of ours leads to a library.
is_separate() {
	readelf -ldW "$1" >elf && grep -q 'GNU_STACK.* RW ' elf && ! grep -E ' RWE |TEXTREL|RPATH|RUNPATH' elf
}
is_guarded() { readelf -W --dyn-syms "$1" >elf && grep -q __stack_chk_fail elf; }
is_checked() { readelf -W --dyn-syms "$1" >elf && grep -q '__[a-z]*_chk@' elf; }
is_placeless() { ! grep -aF "$root" "$1" >found; }

if [ -n "${SAN:-}" ]; then
	skip 'the default build is hardened' 'under a sanitizer another one is tested'
	done_testing
	exit
fi

t 'every program is position-independent' 'each_program is_pie'
t 'every program is bound at its start, and what was bound is read-only then' 'each_program is_bound_early'
t 'no program has memory that is both written and run, nor a path to libraries' 'each_program is_separate'
t 'every program guards its stack' 'each_program is_guarded'
t 'every program checks copies against the size of what they fill' 'each_program is_checked'
case $(uname -m) in
x86_64) marks='IBT, SHSTK' ;;
aarch64) marks='BTI, PAC' ;;
*) marks= ;;
esac
# A program is marked only where every object in it is, those of the C library included.
t 'jumps may go only where the compiler let them, in every object' '
	[ -n "$marks" ] || exit 0
	for o in $(find "$NT_BUILD/obj/lib" "$NT_BUILD/obj/cmd" -name "*.o"); do
		readelf -nW "$o" | grep -q "$marks" || { echo "$o"; exit 1; }
	done'
t 'no program and not the library says where it was built' '
	each_program is_placeless; is_placeless "$NT_BUILD/libnt.a"'
done_testing
