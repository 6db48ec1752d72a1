#!/bin/sh
# SPDX-License-Identifier: MIT
# make install puts everything under DESTDIR and nowhere else; make uninstall takes it away.
. "$(dirname "$0")/../lib.sh"

make_() { (cd "$root" && ${MAKE:-make} ${SAN:+SAN=1} "$@"); }

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
	make_ uninstall DESTDIR="$PWD/stage" PREFIX=/usr
	[ -z "$(find stage -type f)" ]'
t 'a second build has nothing to do' '
	make_ all pages | tee said; ! grep -E "^ +(cc|link|ar)" said'
done_testing
