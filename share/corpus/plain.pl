#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# plain.pl - text out of marked-up files, documents with a NUL behind each
#
#	plain.pl KIND BYTES < list-of-files > documents
#
# KIND is text, html, xml, roff, or dict. At most about BYTES are written: where there is
# more, files are left out evenly along the list, so that the rest is spread over it.
# Documents that are not UTF-8, or shorter than a few lines, are left out.
# Runs on perl-base alone.
use strict;
use warnings;

my ($kind, $budget) = @ARGV;
my %named = (amp => '&', lt => '<', gt => '>', quot => '"', apos => "'", nbsp => ' ',
	ndash => "\xe2\x80\x93", mdash => "\xe2\x80\x94", copy => "\xc2\xa9", hellip => '...',
	lsquo => "\xe2\x80\x98", rsquo => "\xe2\x80\x99", ldquo => "\xe2\x80\x9c",
	rdquo => "\xe2\x80\x9d", para => '', larr => '<-', rarr => '->');

sub slurp {
	my ($path) = @_;
	my @how = $path =~ /\.(gz|dz)$/ ? ("-|:raw", "gzip", "-dc", $path) : ("<:raw", $path);
	open(my $f, shift @how, @how) or die "$path: $!\n";
	local $/;
	return readline($f) // '';
}

sub character { my $c = chr $_[0]; utf8::encode($c); return $c }

sub entities {
	my ($s) = @_;
	$s =~ s/&#x([0-9a-fA-F]{1,5});/character(hex $1)/ge;
	$s =~ s/&#([0-9]{1,6});/character($1)/ge;
	$s =~ s/&([a-zA-Z]+);/$named{$1} \/\/ "&$1;"/ge;
	return $s;
}

# Tags go, blocks become paragraphs, what is preformatted keeps its lines.
sub markup {
	my ($s) = @_;
	my @part;
	$s =~ s/<!--.*?-->//gs;
	$s =~ s/<(script|style|head|nav|footer|info|credit)\b.*?<\/\1>//gsi;
	for (split /(<(?:pre|screen|code style="block")\b.*?<\/(?:pre|screen|code)>)/si, $s) {
		my $verbatim = /^<(pre|screen|code)/i;
		tr/ \t\r\n/ /s unless $verbatim;
		s/<(br|\/tr)\b[^>]*>\s*/\n/gi;
		s/<\/?(p|div|h[1-6]|ul|ol|dl|table|pre|screen|blockquote|section|title|page|note|steps|list)\b[^>]*>\s*/\n\n/gi;
		s/<\/?(li|dt|dd|item|td|th)\b[^>]*>\s*/\n/gi;
		s/<[^>]*>//g;
		push @part, entities($_);
	}
	return join '', @part;
}

# Macros of man(7), as far as text goes; tables and pages in mdoc(7) are left out.
sub roff {
	my ($s) = @_;
	return '' if $s =~ /^\.Dd /m;
	my %glyph = (aq => "'", cq => "'", oq => "'", dq => '"', lq => '"', rq => '"', bu => '*',
		em => '--', en => '-', rs => '\\', ha => '^', ti => '~', co => '(c)', mu => 'x', '->' => '->');
	my $out = '';
	$s =~ s/^\.TS.*?^\.TE//gms;
	for (split /\n/, $s) {
		if (/^[.']\s*(SH|SS|B|I|BR|BI|IR|RB|RI|IB|SM|SB|TP|IP|PP|P|LP|UR|MT|br|nf|fi)\b\s*(.*)/) {
			my ($macro, $rest) = ($1, $2);
			$out .= "\n" if $macro =~ /^(SH|SS|TP|IP|PP|P|LP|nf)$/;
			next if $macro =~ /^(TP|PP|P|LP|br|nf|fi)$/;
			my @word = map { defined $_ ? $_ : () } $rest =~ /"((?:[^"]|"")*)"|(\S+)/g;
			@word = $word[0] // () if $macro eq 'IP';
			$_ = join $macro =~ /^([BIR][BIR])$/ ? '' : ' ', @word;
		} elsif (/^[.']/) {
			next;
		}
		s/\\f(\[[^\]]*\]|\(..|.)//g;
		s/\\s[-+]?\d//g;
		s/\\\((..)/$glyph{$1} \/\/ ''/ge;
		s/\\\[([^\]]*)\]/$glyph{$1} \/\/ ''/ge;
		s/\\[&|^%:c\/,]//g;
		s/\\"//;
		s/\\e/\\/g;
		s/\\([-'`. ~])/$1 eq '~' ? ' ' : $1/ge;
		$out .= "$_\n";
	}
	return $out;
}

# Entries begin at the left margin; some hundred of them make a document.
sub entries {
	my ($s) = @_;
	my ($chunk, @document) = ('');
	$s =~ s/\s*\[(1913 Webster|PJC|WordNet 1\.5|Webster 1913 Suppl\.|Century Dict\.[^\]]*)[^\]]*\]//g;
	for (split /^(?=\S)/m, $s) {
		$chunk .= $_;
		push(@document, $chunk), $chunk = '' if length $chunk > 20000;
	}
	return (@document, $chunk);
}

my @document;
while (my $path = <STDIN>) {
	chomp $path;
	my $text = slurp($path);
	$text =~ tr/\0//d;
	push @document, $kind eq 'dict' ? entries($text) : $kind eq 'roff' ? roff($text)
		: $kind eq 'html' || $kind eq 'xml' ? markup($text) : $text;
}
my $total = 0;
for (@document) {
	s/[ \t\r]+$//gm if $kind ne 'text';
	s/\n{3,}/\n\n/g if $kind ne 'text';
	s/^\n+//;
	my $copy = $_;
	$_ = '' if length $_ < 200 || !utf8::decode($copy);
	$total += length;
}
my $credit = 0;
binmode STDOUT;
for (@document) {
	next unless length;
	$credit += $total > $budget ? length() * $budget / $total : length;
	next if $credit < length() / 2;
	$credit -= length;
	print "$_\0";
}
