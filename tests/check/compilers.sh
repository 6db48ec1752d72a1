#!/bin/sh
# SPDX-License-Identifier: MIT
# Both compilers take every file without a warning, headers alone included.
. "$(dirname "$0")/../lib.sh"
cd "$root"

flags="-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wconversion -Wno-sign-conversion -Werror -I. -Iinclude -Ilib $(pkg-config --cflags openblas json-c libarchive)"

isa() {
	case $1 in
	*_avx2.c) echo -mavx2 -mfma -mf16c -mbmi -mbmi2 -maes ;;
	*_avx512bf16.c) echo -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mfma ;;
	*_avx512vnni.c) echo -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mfma ;;
	*_avx512.c) echo -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mbmi -mbmi2 -maes ;;
	esac
}

each_file() { (cd "$root" && for f in lib/*/*.c cmd/*.c tests/fuzz/*.c tests/bench/*.c; do $1 $flags $(isa "$f") -fsyntax-only "$f" || exit 1; done); }
each_header() { (cd "$root" && for h in include/nt/*.h; do
	echo "#include \"nt/${h##*/}\"" | $1 $flags -fsyntax-only -x c - || exit 1
done); }

for cc in gcc clang; do
	if command -v $cc >/dev/null; then
		t "$cc takes every file without a warning" 'each_file $cc'
		t "$cc takes every public header alone" 'each_header $cc'
	else
		skip "$cc takes every file without a warning" "$cc is not here"
	fi
done

t 'every file says its licence' '
	cd "$root"
	for f in Makefile $(find lib cmd include tests examples share -name "*.[ch]" -o -name "*.sh" -o -name "*.py"); do
		head -n 3 $f | grep -q "SPDX-License-Identifier: MIT" || { echo $f; exit 1; }
	done'
t 'the Makefile is one page of under 200 lines' '[ "$(wc -l <"$root/Makefile")" -lt 200 ]'
t 'the top level holds what it should and nothing else' '
	git -C "$root" ls-files 2>/dev/null | sed "s,/.*,," | sort -u | grep -v "^\." >have || exit 0
	printf "%s\n" LICENSE Makefile README.md SECURITY.md cmd docs examples include lib share tests >want
	diff want have'
done_testing
