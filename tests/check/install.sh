#!/bin/sh
# SPDX-License-Identifier: MIT
# make install puts everything under DESTDIR and nowhere else; make uninstall takes it away.
. "$(dirname "$0")/../lib.sh"

make_() { (cd "$root" && ${MAKE:-make} ${SAN:+SAN=$SAN} "$@"); }

t 'install fills DESTDIR, what is installed runs, and uninstall empties it' '
	make_ install DESTDIR="$PWD/stage" PREFIX=/usr
	[ "$(ls stage)" = usr ]
	for c in $(ls "$NT_BUILD/bin"); do
		[ -x stage/usr/bin/$c ]
		[ -s stage/usr/share/man/man1/$c.1 ]
		[ -s stage/usr/share/bash-completion/completions/$c ]
		[ -s stage/usr/share/zsh/site-functions/_$c ]
		[ -s stage/usr/share/fish/vendor_completions.d/$c.fish ]
	done
	stage/usr/bin/nt info --help | grep -q "usage: nt-info"
	echo "the cat sat" | stage/usr/bin/nt-tokenize --ids | grep -q "[0-9]"
	[ -s stage/usr/lib/libnt.a ]
	make_ uninstall DESTDIR="$PWD/stage" PREFIX=/usr
	[ -z "$(find stage -type f)" ]'

case ${SAN:-} in
'') sanitize= ;;
1 | address) sanitize=-fsanitize=address,undefined ;;
*) sanitize=-fsanitize=$SAN ;;
esac
# A program of somebody else, who knows pkg-config and nothing of this folder.
outside() { # outside ARGUMENT...: the compiler, told only what nt.pc says
	env PKG_CONFIG_PATH="$PWD/stage/opt/nt/lib/pkgconfig" sh -c \
		'${CC:-cc} -std=gnu11 -Wall -Wextra -Werror "$@" $(pkg-config --cflags --libs nt)' sh \
		$sanitize "$@"
}
t 'a program is built with what was installed alone, and needs no linear algebra for ids' '
	make_ install DESTDIR="$PWD/stage" PREFIX=/opt/nt
	cp "$root/examples/tokenize.c" .
	outside tokenize.c -o tokenize
	printf "the cat sat on 1234567 mats\n" >text
	nt-tokenize --ids --split=none text >want
	./tokenize <text | cmp - want
	ldd tokenize | not grep -i blas
	exits 1 ./tokenize none.json </dev/null 2>said; grep "none.json" said
	[ "$(PKG_CONFIG_PATH=stage/opt/nt/lib/pkgconfig pkg-config --modversion nt)" = \
		"$(nt-tokenize -V | sed -n "s/.*(nt) //p")" ]'
t 'every public header stands alone' '
	make_ install DESTDIR="$PWD/stage" PREFIX=/opt/nt
	for h in stage/opt/nt/include/nt/*.h; do
		echo "#include <nt/${h##*/}>" >one.c
		outside -fsyntax-only one.c || { echo "$h"; exit 1; }
	done'
t 'a second build has nothing to do' '
	make_ all pages | tee said; not grep -E "^ +(cc|link|ar)" said'
done_testing
