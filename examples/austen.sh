#!/bin/sh
# SPDX-License-Identifier: MIT
# Jane Austen's six novels on standard output, from a Debian package that is read, not installed.
#
#	sh examples/austen.sh [--chapters] [DEB] > austen.txt
#
# --chapters   one document a chapter, with a NUL between them, for nt-tokenize
# DEB          r-cran-janeaustenr_*.deb; without it, apt-get downloads the package
#
# The novels are in the public domain, from Project Gutenberg; the package carries them as
# data of the statistics language R. R keeps objects in one .rdb file: for each, its length in
# 4 big-endian bytes and a zlib stream of it. perl-base, which every Debian has, knows no
# zlib, but gzip does: a zlib stream whose 2-byte header is replaced by that of a .gz comes
# out whole before gzip complains that the 8 bytes at its end are not what it expects.
# What comes out is R's serialisation of a vector of strings, a line of a book each.
#
# One line of the six books is not ASCII (the pounds of "her beauty, and her 20,000", in
# Mansfield Park). It is left out: the text that figures are known for lacks it.
#	sha256 b40aadddab599ac5216969e6128fad2390cfe78a0a19edd658568b6c366178e0
# Chapters keep their title pages and blank lines: without the NULs they are the same bytes.
set -eu

chapters=0
deb=
for arg; do
	case $arg in
	--chapters) chapters=1 ;;
	-*) echo "austen.sh: unknown option '$arg'; there is --chapters" >&2; exit 2 ;;
	*) deb=$arg ;;
	esac
done

package=r-cran-janeaustenr
rdb=./usr/lib/R/site-library/janeaustenr/data/Rdata.rdb
tmp=$(mktemp -d "${TMPDIR:-/tmp}/austen.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

fail() { echo "austen.sh: $1" >&2; exit 1; }

if [ -z "$deb" ]; then
	command -v apt-get >/dev/null || fail 'there is no apt-get here to download the package with'
	(cd "$tmp" && apt-get download -qq "$package" >log 2>&1) ||
		fail "cannot download $package: $(grep '^E:' "$tmp/log" | head -n 1)"
	deb=$(echo "$tmp/$package"_*.deb)
fi
if ! dpkg-deb --fsys-tarfile "$deb" 2>/dev/null | tar -xOf - "$rdb" >"$tmp/rdb" 2>/dev/null; then
	fail "$deb: no $rdb in it"
fi

# shellcheck disable=SC2016 # the dollars are perl's
perl -e '
use strict;
my ($tmp, $chapters) = @ARGV;
binmode STDOUT;
$SIG{PIPE} = "IGNORE"; # gzip stops reading at the end of its stream

sub slurp {
	open my $f, "<:raw", $_[0] or die "$_[0]: $!\n";
	local $/;
	return scalar readline $f;
}

sub unpacked { # the zlib stream that begins at offset $at, its header left out
	open my $gzip, "|-:raw", "gzip -dc >$tmp/object 2>/dev/null" or die "gzip: $!\n";
	print $gzip "\x1f\x8b\x08\0\0\0\0\0\0\x03", substr($_[0], $_[1]);
	close $gzip;
	return slurp("$tmp/object");
}

# "X\n", three integers, from version 3 on the name of an encoding; then 16 for a vector
# of strings, how many, and each as flags (9 in the low byte), length, bytes.
sub lines {
	my ($x) = @_;
	my ($format, $version) = unpack "a2 N", $x;
	return unless $format eq "X\n";
	my $at = 14 + ($version >= 3 ? 4 + unpack("N", substr($x, 14, 4)) : 0);
	my ($type, $n) = unpack "N N", substr($x, $at, 8);
	return unless ($type & 255) == 16;
	$at += 8;
	my @line;
	for (1 .. $n) {
		my ($flags, $len) = unpack "N N", substr($x, $at, 8);
		die "a string was expected at byte $at\n" unless ($flags & 255) == 9;
		push @line, substr($x, $at + 8, $len);
		$at += 8 + $len;
	}
	return @line;
}

# A chapter begins at its heading, or at that of a volume before it; the first of a book at
# the title page.
sub chapters {
	my @chapter = ("");
	my ($open, $volume) = (1, 0); # has the chapter no heading yet? was the last a volume?
	for (@_) {
		if (/^(CHAPTER|Chapter|VOLUME) [IVXL0-9]+\s*$/) {
			push @chapter, "" unless $open || $volume;
			$volume = $1 eq "VOLUME";
			$open = 0 unless $volume;
		} elsif (/\S/) {
			$volume = 0;
		}
		$chapter[-1] .= "$_\n";
	}
	return @chapter;
}

my $rdb = slurp("$tmp/rdb");
my @book;
while ($rdb =~ /(.{4})\x78[\x01\x5e\x9c\xda]/gs) {
	my ($at, $len) = (pos $rdb, unpack "N", $1);
	next if $len < 1e5 || $len > 2e7; # a novel is not as short as an index, nor longer
	my $object = unpacked($rdb, $at);
	next if length $object != $len; # these bytes only looked like a header
	my @line = grep { !/[^\0-\x7f]/ } lines($object) or next;
	push @book, \@line;
}
die "six novels were expected, ", scalar @book, " were found\n" if @book != 6;
print join $chapters ? "\0" : "", map { chapters(@$_) } @book;
' "$tmp" "$chapters" || fail "$deb: cannot be read as the package that this script knows"
