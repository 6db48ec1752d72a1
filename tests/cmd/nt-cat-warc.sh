#!/bin/sh
# SPDX-License-Identifier: MIT
# Records made by hand: what of them is a document, and what is wrong with them.
. "$(dirname "$0")/../lib.sh"

# record FIELDS FILE: one whose block is the file; FIELDS are lines, \r\n between them
record() {
	printf 'WARC/1.0\r\n%b\r\nContent-Length: %d\r\n\r\n' "$1" "$(wc -c <"$2")"
	cat "$2"
	printf '\r\n\r\n'
}

# page HEAD FILE: a response with this HTTP head, \r\n between its lines, and the file behind it
page() {
	printf 'HTTP/1.1 200 OK\r\n%b\r\n\r\n' "$1" >http
	cat "$2" >>http
	record 'WARC-Type: response\r\nContent-Type: application/http; msgtype=response\r\nWARC-Target-URI: http://a.b/\r\nWARC-Date: 2024-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:uuid:1>' http
}

wet() { # wet FILE...: a conversion of each
	for f; do
		record 'WARC-Type: conversion\r\nContent-Type: text/plain\r\nWARC-Target-URI: http://c/'"$f" "$f"
	done
}

is() { # is WANT COMMAND...: the command prints exactly this, NUL shown as |, newline as /
	wanted=$1
	shift
	got=$("$@" | tr '\0\n' '|/')
	[ "$got" = "$wanted" ] || { echo "got '$got' instead of '$wanted'"; return 1; }
}

t 'the text of WET comes out, its address, date and id with it' '
	echo one >1; printf two >2; wet 1 2 >x.wet
	is "one/|two" nt-cat -q x.wet
	page "Content-Type: text/plain" 1 >x
	[ "$(nt-cat -q --jsonl x)" = "{\"text\": \"one\\n\", \"id\": \"<urn:uuid:1>\", \"source\": \"x:1\", \"url\": \"http://a.b/\", \"date\": \"2024-01-02T03:04:05Z\"}" ]
	nt-cat -q --jsonl x.wet | tail -n 1 | grep -F "\"id\": \"1\", \"source\": \"x.wet:2\", \"url\": \"http://c/2\"}"'

t 'a member of gzip or a frame of zstd for each record is read as one file, from a pipe too' '
	echo one >1; echo two >2
	for c in gzip zstd xz cat; do
		{ wet 1 | $c; wet 2 | $c; } >x; is "one/|two/" nt-cat -q x; is "one/|two/" nt-cat -q <x
	done
	gzip -c x >y; tar -cf t.tar x y; is "one/|two/|one/|two/" nt-cat -q t.tar'

t 'requests, metadata, revisits and the like are passed over and counted' '
	echo one >1; : >0; { for type in warcinfo request metadata revisit new-fangled; do
		record "WARC-Type: $type\r\nContent-Type: text/plain" 1
	done; wet 1; record "WARC-Type: resource\r\nContent-Type: text/x-any" 1
	record "WARC-Type: response\r\nContent-Type: text/dns" 1
	record "WARC-Type: resource\r\nWARC-Target-URI: metadata://gnu.org/software/wget/wget.log\r\nContent-Type: text/plain" 1
	record "WARC-Type: response\r\nContent-Type: text/plain\r\nWARC-Segment-Number: 1" 1
	record "WARC-Type: continuation\r\nWARC-Segment-Number: 2" 1; wet 0; } >x
	is "one/|one/||" eval "nt-cat x 2>err"
	grep "documents in 3 of 12 records; passed over 7 of other types, 2 in segments" err'

t 'what is not text is passed over and counted; what has no type is looked at' '
	printf "\211PNG\r\n\032\n\0\0" >png; echo one >1
	{ for type in image/png application/pdf video/mp4 image/svg+xml application/octet-stream; do
		page "Content-Type: $type" png
	done; page "X: y" png; page "X: y" 1; page "Content-Type: unk" 1
	for type in "TEXT/HTML; charset=x" application/xhtml+xml application/json application/rss+xml; do
		page "content-type:$type" 1
	done; } >x
	is "one/|one/|one/|one/|one/|one/" eval "nt-cat x 2>err"
	grep "6 of 12 records, 2 in HTML, tags and all; passed over 6 not text" err'

t 'chunks are joined, with extensions and trailers, and those that are joined already' '
	printf "4\r\nWiki\r\nB;name=value\r\npedia in\r\n\r\r\n0\r\nTrailer: x\r\n\r\n" >chunks
	page "Transfer-Encoding: chunked\r\nContent-Type: text/plain" chunks >x
	nt-cat -q x | od -c >got; printf "Wikipedia in\r\n\r" | od -c | cmp - got
	echo "Wiki has no size" >1; page "Transfer-Encoding: chunked\r\nContent-Type: text/plain" 1 >y
	is "Wiki has no size/" nt-cat -q y
	head -c 14 chunks >cut; page "Transfer-Encoding: chunked\r\nContent-Type: text/plain" cut >z
	is Wiki eval "nt-cat z 2>err"; grep "1 cut by the server" err'

t 'a body that was sent compressed is inflated, one that was decoded is left alone' '
	seq 1000 >1; gzip -c 1 >gz
	"$PYTHON" -c "import sys, zlib; d = open(\"1\", \"rb\").read(); open(\"z\", \"wb\").write(zlib.compress(d)); c = zlib.compressobj(9, zlib.DEFLATED, -15); open(\"raw\", \"wb\").write(c.compress(d) + c.flush())"
	for try in gzip:gz x-gzip:gz GZip:gz gzip:1 deflate:z deflate:raw deflate:1 identity:1 br:1; do
		page "Content-Encoding: ${try%:*}\r\nContent-Type: text/plain" ${try#*:} >x
		nt-cat -q x | cmp - 1
	done
	{ printf "%x\r\n" "$(wc -c <gz)"; cat gz; printf "\r\n0\r\n\r\n"; } >both
	page "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain" both >x
	nt-cat -q x | cmp - 1'

t 'a page whose gzip is cut comes out as far as it goes; one in br or zstd does not' '
	seq 10000 >1; gzip -c 1 | head -c 9000 >cut; echo end >2
	{ page "Content-Encoding: gzip\r\nContent-Type: text/plain" cut; wet 2; } >x
	nt-cat x 2>err >got; grep "2 of 2 records, 1 cut by the server" err
	tail -c 5 got | tr "\0" "|" | grep -x "|end"; head -c 1000 got | cmp -n 1000 - 1
	zstd -q 1; for coding in br zstd compress; do page "Content-Encoding: $coding\r\nContent-Type: text/plain" 1.zst; done >y
	nt-cat y 2>err | cmp - /dev/null; grep "0 of 3 records; passed over 3 in a Content-Encoding" err'

t 'a response without an HTTP head, or with nothing behind it, is no failure' '
	printf "HTTP/1.1 304 Not Modified\r\nX: y\r\n" >1; echo plain >2
	for f in 1 2; do record "WARC-Type: response\r\nContent-Type: application/http" $f; done >x
	is "|plain/" nt-cat -q x'

t 'names of any case, folded lines, 1.1, addresses in brackets, and a lone line feed' '
	printf "WARC/1.1\nwarc-type:conversion\nCONTENT-TYPE:\ttext/plain\nwarc-target-uri: <http://a/>\nWARC-Date: 2024-01-01T00:00:00.123Z\nX: a\n b: c\ncontent-length:  4 \n\none\n\n\n" >x
	printf "WARC/1.1\r\nWARC-Type:\r\n conversion\r\nContent-Length: 4\r\n\r\ntwo\n\r\n\r\n\r\n" >>x
	[ "$(nt-cat -q --jsonl x | head -n 1)" = "{\"text\": \"one\\n\", \"id\": \"0\", \"source\": \"x:1\", \"url\": \"http://a/\", \"date\": \"2024-01-01T00:00:00.123Z\"}" ]
	is "one/|two/" nt-cat -q x'

t 'a file cut at any place is refused, or ends where a record does' '
	echo one >1; { wet 1; page "Content-Type: text/html" 1; } >x; size=$(wc -c <x); border=$(wet 1 | wc -c)
	at=10; while [ $at -lt $size ]; do
		head -c $at x >cut
		if [ $at = $border ]; then is "one/" nt-cat -q cut; else exits 3 nt-cat cut >out 2>err; fi
		at=$((at + 1))
	done
	{ wet 1 | gzip; page "Content-Type: text/html" 1 | gzip; } >x.gz; size=$(wc -c <x.gz); border=$(wet 1 | gzip | wc -c)
	at=1; while [ $at -lt $size ]; do
		head -c $at x.gz >cut.gz
		if [ $at = $border ]; then is "one/" nt-cat -q cut.gz; else exits 3 nt-cat cut.gz >out 2>err; fi
		at=$((at + 1))
	done'

t 'lengths are claims: too long, too short, none, negative or beyond counting' '
	echo one >1; wet 1 1 >x
	for length in 3 5 0 7 100 99999999999999999999999 -4 4x ""; do
		sed "s/^Content-Length: 4/Content-Length: $length/" x >y
		exits 3 nt-cat y >out 2>err; grep "nt-cat: y:[12]: " err
	done
	grep -v Content-Length x >y; exits 3 nt-cat y 2>err; grep "no Content-Length" err
	sed "s/^WARC.1.0/WRAC\/1.0/2" x >y; { wet 1; echo junk; wet 1; } >y
	exits 3 nt-cat y 2>err; grep "y:2: damaged or cut WARC data: no record begins here" err
	{ printf "WARC/1.0\r\nX: "; head -c 400000 /dev/zero | tr "\0" x; } >y; exits 3 nt-cat y 2>err; grep "has no end" err'

t '--lenient goes on with the next record, in plain text and behind a damaged member' '
	for i in 1 2 3 4 5; do seq $i 200 >$i; done
	{ wet 1 2; wet 3 | sed "s/^Content-Length: .*/Content-Length: 17\r/"; wet 4 5; } >x
	exits 3 nt-cat x >out 2>err; nt-cat --lenient x 2>err | tr "\0" "\n" >got
	grep "passed over in 1 place, the first: x:3: " err; for i in 1 2 4 5; do seq $i 200; echo; done >want
	grep -c . got; [ "$(tail -n 1 got)" = 200 ]; [ "$(grep -cx 200 got)" = 4 ]
	for i in 1 2 3 4 5; do wet $i | gzip -c >$i.gz; done; cp 3.gz 3.bad
	printf "\377\377\377\377" | dd of=3.bad bs=1 seek=150 conv=notrunc 2>/dev/null
	cat 1.gz 2.gz 3.bad 4.gz 5.gz >y.gz
	exits 3 nt-cat y.gz >out 2>err; grep "damaged or cut gzip" err
	nt-cat --lenient --jsonl y.gz 2>err >got; grep "nt-cat: warning: damage passed over" err
	for i in 1 2 4 5; do grep -F "\"url\": \"http://c/$i\"" got >/dev/null; done
	cat 1.gz 3.bad >y.gz; nt-cat -q --lenient --jsonl y.gz >got; grep -c "\"source\": \"y.gz:" got | grep -x "$(wc -l <got)"
	# in the first of all, and in the checksum, behind which the next member begins at once
	for i in 1 3; do for back in 8 200; do
		cp $i.gz bad; printf "\377" | dd of=bad bs=1 seek=$(($(wc -c <bad) - back)) conv=notrunc 2>/dev/null
		for k in 1 2 3 4 5; do [ $k = $i ] && cat bad || cat $k.gz; done >y.gz
		nt-cat --lenient --jsonl y.gz 2>err >got; grep "passed over in [12] place" err
		for k in 1 2 3 4 5; do [ $k = $i ] || grep -F "\"url\": \"http://c/$k\"" got >/dev/null; done
	done; done'

t 'text about WARC is text' '
	echo "WARC/1.0 is a format" >a; is "WARC/1.0 is a format/" nt-cat -q a
	printf "WARC/2.0\r\n" >b; nt-cat -q b | cmp - b'

if [ -n "$shared" ]; then
	t 'a page of Common Crawl: the body of the response, the text of the WET' '
		zstd -dcq "$shared/data/corpora/sample.warc.zst" >x.warc
		nt-cat -q x.warc >got; [ "$(wc -c <got)" = 72848 ]; head -c 15 got | grep "<!DOCTYPE html>"
		nt-cat -q "$shared/data/corpora/sample.warc.zst" | cmp - got
		nt-cat -q --jsonl "$shared/data/corpora/sample.warc.wet.zst" >wet; [ "$(wc -l <wet)" = 1 ]
		grep -F "\"url\": \"https://an.wikipedia.org/wiki/Escopete\", \"date\": \"2024-05-18T01:58:10Z\"" wet'
else
	skip 'a page of Common Crawl: the body of the response, the text of the WET' 'no shared data here'
fi
done_testing
