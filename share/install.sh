#!/bin/sh
# SPDX-License-Identifier: MIT
# Puts what was built where it belongs, or takes it away again.
#   PREFIX=/usr/local B=build PKGS='libzstd ...' sh share/install.sh install|uninstall COMMAND...
set -eu
verb=$1
shift

place() { # place MODE SOURCE TARGET
	if [ "$verb" = install ]; then
		install -D -m "$1" "$2" "$PREFIX/$3"
	else
		rm -f "$PREFIX/$3"
	fi
}

for c; do
	place 755 "$B/bin/$c" "bin/$c"
	place 644 "$B/man/$c.1" "share/man/man1/$c.1"
	place 644 "$B/completion/$c.bash" "share/bash-completion/completions/$c"
	place 644 "$B/completion/$c.zsh" "share/zsh/site-functions/_$c"
	place 644 "$B/completion/$c.fish" "share/fish/vendor_completions.d/$c.fish"
done

# The library: what it stands on is found through pkg-config, by the names it was built with.
version=$(sed -n 's/^#define NT_VERSION "\(.*\)"/\1/p' include/nt/version.h)
sed -e "s/@VERSION@/$version/" -e "s/@REQUIRES@/$PKGS/" share/nt.pc >"$B/nt.pc"
place 644 "$B/nt.pc" lib/pkgconfig/nt.pc
place 644 "$B/libnt.a" lib/libnt.a
for h in include/nt/*.h; do
	place 644 "$h" "$h"
done
