#!/bin/sh
# SPDX-License-Identifier: MIT
# The text that the embedded vocabulary is learned from, out of Debian packages.
#
#	sh share/corpus/fetch.sh [-d FOLDER] > corpus.nul
#	sh share/vocab/learn.sh corpus.nul
#
# Downloads the packages into FOLDER (a temporary one unless said; what is there is not
# fetched again), installs nothing, and writes documents with a NUL between them: mostly
# English prose, then documentation, then code, then some thirty other languages. The same
# packages give the same bytes. SOURCES.md has versions, licences and sizes.
# Needs apt-get, dpkg-deb, tar, xz, gzip and perl-base.
set -eu
LC_ALL=C
export LC_ALL

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/corpus.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
folder=$tmp
[ "${1-}" != -d ] || { folder=$2; mkdir -p "$folder"; }
folder=$(cd "$folder" && pwd)

fail() { echo "fetch.sh: $1" >&2; exit 1; }

# package, kind of markup, most kB to take, and which paths (extended regular expression).
# A path in a tar inside the package stands behind the tar's, with a colon.
sources() {
	cat <<-'END'
	r-cran-janeaustenr   austen 4100 .
	anarchism            html 6000 /html/.*\.html$
	dict-gcide           dict 3000 gcide\.dict\.dz$
	dict-jargon          dict 1500 jargon\.dict\.dz$
	dict-devil           dict 500 devil\.dict\.dz$
	debian-handbook      html 1500 /html/en-US/[^/]*\.html$
	debian-reference-en  html 700 /ch[0-9]*\.en\.html$
	developers-reference text 400 /_sources/.*\.rst\.txt$
	gnome-user-docs      xml 700 /help/C/.*\.page$
	manpages             roff 2000 /man/man.*\.gz$
	manpages-dev         roff 1000 /man/man.*\.gz$
	git-doc              text 1500 /git-doc/.*\.txt$
	perl-doc             text 2500 /pod/perl[a-tv-z].*\.pod$
	python3.11-doc       html 2500 /html/(tutorial|howto|library|reference|faq)/.*\.html$
	rust-doc             html 1500 /html/(book|nomicon|rust-by-example)/[a-z0-9-]*\.html$
	libpython3.11-stdlib text 3000 \.py$
	glibc-source         text 2500 \.tar\.xz:.*/(stdio-common|string|stdlib|malloc|posix|io|time|nptl|elf)/[^/]*\.[ch]$
	golang-1.19-src      text 1500 /src/(fmt|io|net|os|sort|strconv|strings|sync|time|go|encoding|bufio|bytes)/.*[a-su-z]\.go$
	libjs-jquery         text 300 /jquery\.js$
	END
	for code in de-DE es-ES fr-FR it-IT pt-BR ru-RU ja-JP zh-CN; do
		echo "debian-handbook html 400 /html/$code/[^/]*\\.html\$"
	done
	for code in nl-NL pl-PL cs-CZ sv-SE nb-NO da-DK ro-RO id-ID tr-TR vi-VN ar-MA fa-IR ko-KR zh-TW; do
		echo "debian-handbook html 200 /html/$code/[^/]*\\.html\$"
	done
	for code in uk el hu ca hi ta te sr lv lt sl 'fi'; do
		echo "gnome-user-docs xml 120 /help/$code/.*\\.page\$"
	done
	for code in de fr es ru ja pl it zh pt-br; do
		echo "manpages-$code roff 200 /man/[a-zA-Z_]*/man.*\\.gz\$"
	done
}

fetch() { # fetch PACKAGE: prints the path of its .deb
	set -- "$1" "$folder/$1"_*.deb
	if [ ! -f "$2" ]; then
		(cd "$folder" && apt-get download -qq "$1" >"$tmp/log" 2>&1) ||
			fail "cannot download $1: $(grep '^E:' "$tmp/log" | head -n 1)"
		set -- "$1" "$folder/$1"_*.deb
	fi
	echo "$2"
}

# unpack DEB: its files, and those of a tar inside, below $tmp/files
unpack() {
	rm -rf "$tmp/files"
	dpkg-deb -x "$1" "$tmp/files" || fail "$1: cannot be unpacked"
	find "$tmp/files" -name '*.tar.xz' | while read -r tar; do
		mkdir "$tar:" && tar -xJf "$tar" -C "$tar:"
	done
}

previous=
sources | sort -s -k1,1 | while read -r package kind kilobytes paths; do
	if [ "$package" != "$previous" ]; then
		deb=$(fetch "$package")
		unpack "$deb"
		previous=$package
	fi
	if [ "$kind" = austen ]; then
		sh "$here/../../examples/austen.sh" --chapters "$deb" >"$tmp/piece"
		printf '\0' >>"$tmp/piece"
	else
		find "$tmp/files" -type f | grep -E -e "$paths" | sort |
			perl "$here/plain.pl" "$kind" "${kilobytes}000" >"$tmp/piece"
	fi
	[ -s "$tmp/piece" ] || fail "$package: no text under $paths"
	cat "$tmp/piece" >>"$tmp/all"
	echo "$(wc -c <"$tmp/piece") $package $kind $paths" >&2
done
# Licences at the head of each file, and what a translation left in English, would count
# as often as they stand there: of long lines that repeat, the first stays. A NUL stands
# between documents: none behind the last.
# shellcheck disable=SC2016 # the dollars are perl's
perl -ne '
	my ($nul, $line) = /^(\0*)(.*)/s;
	$_ = $nul if length $line > 40 && $seen{$line}++;
	chop if eof && /\0$/;
	print' "$tmp/all"
