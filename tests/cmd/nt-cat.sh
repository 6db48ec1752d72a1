#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

is() { # is WANT COMMAND...: the command prints exactly this, NUL shown as |, newline as /
	wanted=$1
	shift
	got=$("$@" | tr '\0\n' '|/')
	[ "$got" = "$wanted" ] || { echo "got '$got' instead of '$wanted'"; return 1; }
}

flip() { # flip FILE BYTE: the lowest bit of that byte
	"$PYTHON" -c 'import sys; f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 1]))' "$1" "$2"
}

t 'one file comes out byte for byte, and the summary counts it' '
	printf "a\r\n\377\n\n" >a; nt-cat a >b 2>err; cmp a b
	[ "$(cat err)" = "nt-cat: 1 document, 6 bytes" ]'

t 'n files are n documents with n - 1 NULs between them' '
	echo a >1; echo b >2; : >3; echo c >4
	is "a/|b/||c/" nt-cat -q 1 2 3 4'

t 'documents survive a second nt-cat, empty ones at the end too' '
	: >e; echo a >a
	for files in "a" "a e" "e a" "e e" "a e e a"; do
		nt-cat -q $files >x; nt-cat -q <x | cmp x -
		[ "$(nt-cat -q --jsonl <x | wc -l)" = "$(echo $files | wc -w)" ]
	done'

t 'empty input is no document' '
	for split in auto none line blank nul jsonl x; do
		[ "$(nt-cat --jsonl --split=$split </dev/null 2>err | wc -c)" = 0 ]
		grep "0 documents, 0 bytes" err
	done'

t 'a stream is cut at NULs even where the first comes late, and a note says so' '
	head -c 300000 /dev/zero | tr "\0" x >long
	{ cat long; printf "\0two\0"; } | nt-cat --jsonl >got 2>err
	[ "$(wc -l <got)" = 2 ]; grep "documents with a NUL between them" err'

t 'a stream of JSON lines is seen as one, also when its first line is long' '
	long=$(head -c 100000 /dev/zero | tr "\0" y)
	printf "{\"text\": \"%s\"}\n{\"text\": \"two\"}\n" "$long" | nt-cat --jsonl 2>err >got
	[ "$(wc -l <got)" = 2 ]; grep "JSON lines" err
	[ "$(tail -n 1 got)" = "{\"text\": \"two\", \"id\": \"1\", \"source\": \"standard input:2\"}" ]'

t 'JSON that lacks the field, or is no line, is one document of text' '
	is "{\"body\": 1}" eval "printf \"{\\\"body\\\": 1}\" | nt-cat -q"
	printf "{\n\"text\": \"x\"\n}\n" | nt-cat 2>err | wc -l | grep -x 3
	grep "one document: no NUL and no JSON lines" err'

t 'JSON lines: fields are joined, ids kept, lines named' '
	printf "%s\n" "{\"title\":\"T\",\"meta\":{\"x\":\"M\"},\"text\":\"B\",\"id\":17}" >a.jsonl
	is "T//M//B" nt-cat -q --field title,meta.x --field text a.jsonl
	[ "$(nt-cat -q --jsonl a.jsonl)" = "{\"text\": \"B\", \"id\": \"17\", \"source\": \"a.jsonl:1\"}" ]'

t 'JSON lines behind a byte order mark are JSON lines' '
	printf "\357\273\277{\"text\":\"a\"}\r\n{\"text\":\"b\"}\r\n" >a.jsonl
	is "a|b" nt-cat -q a.jsonl
	is "a|b" nt-cat -q <a.jsonl
	printf "\357\273\277{\"text\":}" >b.jsonl; exits 3 nt-cat b.jsonl 2>err; grep "at byte 11:" err'

t 'a bad JSON line ends with exit 3, its file and its line' '
	printf "{\"text\":\"a\"}\n{\"text\":}\n" >a.jsonl
	exits 3 nt-cat a.jsonl >out 2>err; grep "a.jsonl:2: not a JSON line" err
	printf "{\"txt\":\"a\"}\n" >b.jsonl
	exits 3 nt-cat b.jsonl 2>err; grep "b.jsonl:1: no field .text." err'

t 'fields that nobody asks for may hold what they will' '
	deep=$(printf "%070d" 0 | tr 0 "[")$(printf "%070d" 0 | tr 0 "]")
	for other in "\"simhash\":340282366920938463463374607431768211455" "\"n\":-99999999999999999999" "\"deep\":$deep" \
		"\"text\\u0000x\":\"FAKE\""; do
		printf "%s\n" "{\"text\":\"hello\",$other}" >a.jsonl
		is hello nt-cat -q a.jsonl
		is hello nt-cat -q <a.jsonl
	done'
t 'a field may hold a number that no 64 bits hold' '
	printf "%s\n" "{\"text\":\"a\",\"id\":340282366920938463463374607431768211455}" "{\"text\":\"b\",\"id\":18446744073709551616}" >a.jsonl
	[ "$(nt-cat -q --jsonl a.jsonl | head -n 1)" = "{\"text\": \"a\", \"id\": \"340282366920938463463374607431768211455\", \"source\": \"a.jsonl:1\"}" ]
	is a nt-cat -q --where id=340282366920938463463374607431768211455 a.jsonl
	is b nt-cat -q --where id!=340282366920938463463374607431768211455 a.jsonl
	is b nt-cat -q --where "id<1e20" a.jsonl
	printf "%s\n" "{\"text\":\"a\",\"score\":NaN}" "{\"text\":\"b\",\"score\":Infinity}" >a.jsonl
	is b nt-cat -q --where "score>=0.5" a.jsonl'
t 'a line that nests too deeply is refused as one, also where it comes first in a pipe' '
	printf "{\"text\":\"a\",\"x\":%0200d" 0 | tr 0 "[" >a.jsonl
	exits 3 nt-cat -q a.jsonl 2>err; grep "a.jsonl:1: not a JSON line: .*nested too deeply" err
	exits 3 nt-cat -q <a.jsonl 2>err >out; grep ":1: not a JSON line: .*nested too deeply" err; [ ! -s out ]'
t '--where takes the JSON lines in which it is so' '
	cat >a.jsonl <<-"END"
	{"text":"a","lang":"en","score":0.7,"ok":true,"tags":["x","y"],"meta":{"q":{"z":3}},"n":9007199254740993}
	{"text":"b","lang":"de","score":0.2,"ok":false,"date":"2024-01-02","a.b":"c,d"}
	{"text":"c","lang":"fr","score":5,"s":"12"}
	END
	for try in "a:lang=en" "a|b:lang=en,de" "a|c:score>=0.5" "b:score<0.5" "a|b:score!=5" "c:score=5.0" "a:ok=true" \
		"b:ok=false" "a:tags=y" "b|c:tags!=y" "a:meta.q.z=3" "a:meta.q.z>2" ":meta.q.z>3" "a:n=9007199254740993" \
		":n=9007199254740992" "c:lang!=en,de" "b:date>2023" "b:date<=2024-01-02" "a|c:date=null" "c:s>9" "b:a.b>c" ":x<1"; do
		is "${try%%:*}" nt-cat -q --where "${try#*:}" a.jsonl
	done
	is "a" nt-cat -q --where lang=en,fr --where "score<1" a.jsonl
	is "a" eval "nt-cat --where lang=en <a.jsonl 2>err"; grep "where passed over 2 of 3 JSON lines" err
	echo "{\"lang\":\"xx\"}" >>a.jsonl; is "a" nt-cat -q --where lang=en a.jsonl
	for bad in lang "=en" "!en" ""; do exits 2 nt-cat --where "$bad" a.jsonl 2>err; grep "expected FIELD=VALUE" err; done
	echo text >t; exits 2 nt-cat --where lang=en t 2>err; grep "where asks about JSON lines" err'

t '--jsonl keeps address and date of JSON lines, whatever they are called' '
	printf "%s\n" "{\"text\":\"a\",\"url\":\"u\",\"date\":\"d\",\"id\":null}" "{\"text\":\"b\",\"timestamp\":17,\"metadata\":{\"url\":\"v\"}}" >a.jsonl
	nt-cat -q --jsonl a.jsonl >b; nt-cat -q --jsonl --split=jsonl b | sed "s/\"source\": \"[^\"]*\"/S/" >c
	[ "$(head -n 1 c)" = "{\"text\": \"a\", \"id\": \"0\", S, \"url\": \"u\", \"date\": \"d\"}" ]
	[ "$(tail -n 1 c)" = "{\"text\": \"b\", \"id\": \"1\", S, \"url\": \"v\", \"date\": \"17\"}" ]'

t '--lenient passes over bad lines, members and files, and warns how many' '
	printf "{\"text\":\"a\"}\n{\"text\":\n{\"txt\":1}\n{\"text\":\"b\"}\n" >a.jsonl; echo z >z
	is "a|b|z/" eval "nt-cat --lenient a.jsonl z 2>err"
	grep "nt-cat: warning: damage passed over in 2 places, the first: a.jsonl:2: not a JSON line" err
	seq 1000 >1; seq 2000 >2; seq 3000 >3; for f in 1 2 3; do gzip -c $f >$f.gz; done; flip 2.gz 200
	tar -cf t.tar 1.gz 2.gz 3.gz; exits 3 nt-cat t.tar >out 2>err
	nt-cat --lenient --jsonl t.tar >got 2>err; grep "in 1 place, the first: t.tar:2.gz: damaged" err
	grep -c "t.tar:[13].gz\"" got | grep -x 2
	zip -q -0 t.zip 1 2 3; at=$("$PYTHON" -c "print(open(\"t.zip\", \"rb\").read().find(b\"PK\\3\\4\", 9) + 400)"); flip t.zip $at
	exits 3 nt-cat t.zip >out 2>err; nt-cat -q --lenient --jsonl t.zip >got; grep "t.zip:3\"" got >out
	is "z/" eval "nt-cat --lenient 2.gz z 2>err | tail -c 2"; nt-cat --lenient z 2>err; not grep damage err'

t 'a NUL inside a document is reported, and JSON keeps it' '
	printf "{\"text\":\"a\\\\u0000b\"}\n" >a.jsonl
	is "a|b" nt-cat a.jsonl 2>err; grep "1 document with NUL bytes" err
	nt-cat -q --jsonl a.jsonl | grep -F "a\\u0000b"'

t 'bytes that are not UTF-8 come out as they are, and JSON counts what it lost' '
	printf "a\377\376b\303\251" >a; nt-cat a 2>err | cmp a -; not grep UTF-8 err
	nt-cat --jsonl a >out 2>err; grep "invalid UTF-8, which JSON cannot hold: 2 bytes" err
	grep -F "$(printf "a\357\277\275\357\277\275b\303\251")" out'

t '--split takes words and delimiters' '
	printf "a\n\nb\nc\n" >f
	is "a||b|c" nt-cat -q --split=line f
	is "a|b/c" nt-cat -q --split=blank f
	is "a|b/c/" nt-cat -q --split="\n\n" f
	is "a//|/c/" nt-cat -q --split=b f
	is "a//b/c/" nt-cat -q --split=none <f
	printf "x\0y" >g; is "x|y" nt-cat -q -0 g
	nt-cat --split=lines f 2>err >out; grep "nowhere in the text" err
	exits 2 nt-cat --split= f'

t 'a directory is walked in bytewise order, without hidden files and loops' '
	mkdir -p d/b d/.git d/B; for f in d/b/2 d/b/10 d/a d/B/x d/.git/h d/.h; do echo $f >$f; done
	ln -s .. d/b/up; ln -s ../a d/b/link; mkfifo d/pipe
	is "d/B/x/|d/a/|d/b/10/|d/b/2/|d/a/" nt-cat -q d
	nt-cat -q d/ >1; nt-cat -q d >2; cmp 1 2'

t 'every compression is undone, members behind each other too, whatever the name' '
	printf "{\"text\":\"one\"}\n" >a.jsonl; printf "{\"text\":\"two\"}\n" >b.jsonl
	for c in gzip zstd xz bzip2 lz4; do
		$c -c <a.jsonl >x; $c -c <b.jsonl >>x
		is "one|two" nt-cat -q <x
		cp x a.jsonl.gz; is "one|two" nt-cat -q a.jsonl.gz
		: | $c -c >empty; [ "$(nt-cat -q --jsonl empty)" = "{\"text\": \"\", \"id\": \"0\", \"source\": \"empty\"}" ]
	done'

t 'members of archives are documents, in other wrappings and of other wrappings' '
	mkdir d; echo one >d/1.txt; printf "{\"text\":\"j1\"}\n{\"text\":\"j2\"}\n" >d/2.jsonl
	echo three | gzip -c >d/3.gz; mkdir d/sub; echo four >d/sub/4
	want="one/|j1|j2|three/|four/"
	tar --sort=name -cf t.tar d; is "$want" nt-cat -q t.tar
	gzip -k t.tar; is "$want" nt-cat -q t.tar.gz; is "$want" nt-cat -q <t.tar.gz
	zstd -q t.tar.gz; is "$want" nt-cat -q t.tar.gz.zst
	zip -q -r t.zip d/1.txt d/2.jsonl d/3.gz d/sub; is "$want" nt-cat -q t.zip
	cat t.zip | is "$want" nt-cat -q
	zip -q -r u.zip t.tar; is "$want" nt-cat -q u.zip
	zip -q v.zip u.zip t.zip; is "$want|$want" nt-cat -q v.zip
	cat t.tar t.tar >tt.tar; is "$want|$want" nt-cat -q tt.tar
	nt-cat -q --jsonl t.tar.gz | grep -F "\"source\": \"t.tar.gz:d/2.jsonl:2\""'

t 'names in an archive need not be ASCII' '
	mkdir d; echo x >"d/caf$(printf "\303\251")"; tar --format=pax -cf t.tar d
	nt-cat -q --jsonl t.tar | grep "caf$(printf "\303\251")"
	zip -q -r t.zip d; nt-cat -q --jsonl t.zip | grep "caf$(printf "\303\251")"'

t 'text that looks like an mtree listing or a cpio archive is text' '
	printf "#mtree\n. type=dir\n" >a; is "#mtree/. type=dir/" nt-cat -q a
	printf "070701 and so on\n" >b; is "070701 and so on/" nt-cat -q b'

t 'a compressed file cut anywhere is refused with exit 3' '
	seq 300 >a; n=0
	for c in gzip:gz zstd:zst xz:xz bzip2:bz2 lz4:lz4; do
		${c%:*} -c a >whole.${c#*:}; size=$(wc -c <whole.${c#*:})
		for at in 0 1 2 3 4 6 9 $((size / 4)) $((size / 2)) $((size - 9)) $((size - 5)) \
			$((size - 4)) $((size - 1)); do
			head -c $at whole.${c#*:} >cut.${c#*:}
			exits 3 nt-cat cut.${c#*:} >out 2>err; grep -q "cut" err
		done
	done'

t 'an archive cut anywhere is refused with exit 3, also at the border of a member' '
	mkdir d; for i in 1 2 3; do seq $i 400 >d/$i; done
	tar -cf t.tar d; zip -q -r t.zip d; gzip -k t.tar
	# four headers and three files of 3 blocks; behind the zeros that follow a tar is whole
	[ "$(head -c 6656 t.tar | tail -c 40 | tr -d "\0" | wc -c)" = 0 ]
	for f in t.tar t.zip t.tar.gz; do
		size=$(wc -c <$f); step=$((size / 12))
		cuts="$(seq $step $step $((size - 1))) $((size - 1))"
		[ $f != t.tar ] || cuts=$(seq 512 512 6656)
		for at in $cuts; do
			head -c $at $f >cut.${f#t.}
			exits 3 nt-cat cut.${f#t.} >out 2>err
			[ $f = t.tar.gz ] || head -c $at $f | exits 3 nt-cat >out 2>err
		done
	done'

t 'damage is refused: a wrong CRC in a zip, a second member with a broken head' '
	seq 1000 >a; zip -q a.zip a
	printf "\252" | dd of=a.zip bs=1 seek=200 conv=notrunc 2>/dev/null
	exits 3 nt-cat a.zip >out
	gzip -c a >x.gz; { cat x.gz; printf "\037\213\377"; tail -c +4 x.gz; } >y.gz
	exits 3 nt-cat y.gz >out 2>err; grep "y.gz: damaged or cut gzip" err
	{ cat x.gz; head -c 100 /dev/zero; } >z.gz; nt-cat -q z.gz | cmp a -'

t 'one bit wrong in any of three members of a .gz or frames of a .zst is found' '
	seq 3000 >a; gzip -cn a >a.gz; zstd -qc a >a.zst
	for kind in gz zst; do
		size=$(wc -c <a.$kind); step=$((size / 7))
		for at in $(seq 60 $step $((size - 9))) $((size - 8)) $((size - 4)) $((size - 1)); do
			for member in 0 1 2; do
				cat a.$kind a.$kind a.$kind >x.$kind; flip x.$kind $((member * size + at))
				exits 3 nt-cat x.$kind >out 2>err; grep -q "x.$kind: damaged or cut" err
			done
		done
		for tail in j "\037" "\050\265" "\0\0x"; do
			{ cat a.$kind; printf "$tail"; } >x.$kind
			exits 3 nt-cat x.$kind >out 2>err; grep -q "x.$kind: damaged or cut" err
		done
	done
	cp a.gz x.gz; flip x.gz 0; exits 3 nt-cat x.gz >out 2>err; grep "name promises gzip" err
	cp a x.gz; nt-cat -q x.gz | cmp - a'

t 'heads of .gz members with all that they may hold are read, wherever a read ends' '
	"$PYTHON" - <<-"END"
	import gzip, struct, zlib
	out = b""
	for flags in range(32):
	    head = b"\x1f\x8b\x08" + bytes([flags]) + bytes(6)
	    head += struct.pack("<H", 5) + b"a\0b\0c" if flags & 4 else b""
	    head += b"name\0" if flags & 8 else b""
	    head += b"comment\0" if flags & 16 else b""
	    head += struct.pack("<H", zlib.crc32(head) & 0xffff) if flags & 2 else b""
	    out += head + gzip.compress(b"%d\n" % flags, mtime=0)[10:]
	open("x.gz", "wb").write(out)
	END
	seq 0 31 >want; nt-cat -q x.gz | cmp - want
	for at in 2 11 700 $(seq 900 925); do { head -c $at x.gz; sleep 0.02; tail -c +$((at + 1)) x.gz; } | nt-cat -q | cmp - want; done
	size=$(wc -c <x.gz); flip x.gz $((size - 28 - 3)); exits 3 nt-cat x.gz >out 2>err; grep "x.gz: damaged or cut gzip" err'

t 'long windows of zstd, skippable frames and frames without checksums are read' '
	seq 100000 >a; zstd -q --long=31 --ultra a -o long.zst; nt-cat -q long.zst | cmp - a
	printf "\122\052\115\030\003\0\0\0abc" >skip; zstd -q --no-check a -o plain.zst
	cat skip plain.zst skip >x; nt-cat -q x | cmp - a'

t 'what is in front of damage comes out' '
	seq 300000 >a; gzip -c a >x.gz; size=$(wc -c <x.gz); head -c $((size - 5)) x.gz >cut.gz
	exits 3 nt-cat cut.gz >got 2>err; cmp got a; exits 3 nt-cat -o new cut.gz 2>err; [ ! -e new ]'

t 'what unpacks without end is refused, with the option that allows more' '
	head -c 20000000 /dev/zero | gzip -c | gzip -c >b.gz; nt-cat -q b.gz >got; [ "$(wc -c <got)" = 20000000 ]
	exits 3 nt-cat --max-ratio=1000 b.gz 2>err >out; grep "b.gz: unpacks to more than 1000 times its size.*--max-ratio" err
	exits 3 nt-cat --max-size=1M b.gz 2>err >out; grep "more than 1048576 bytes.*--max-size" err
	[ "$(wc -c <out)" -le 1048576 ]; gzip -c b.gz | exits 3 nt-cat --max-ratio=1000 2>err >out
	seq 200000 >a; for c in gzip zstd xz; do $c -c a >x; nt-cat -q --max-ratio=1000 --max-size=2M x | cmp - a; done
	tar -cf t.tar b.gz; exits 3 nt-cat --max-ratio=500 t.tar >out 2>err; nt-cat -q --max-size=20000000 a b.gz >out'

t 'cpio, 7z and Debian packages are opened; cut, they are refused' '
	mkdir d; for i in 1 2 3; do seq $i 400 >d/$i; done; cat d/1 d/2 d/3 >want
	for format in bin odc newc crc; do
		printf "%s\n" d/1 d/2 d/3 | cpio -o --quiet -H $format >x.$format
		nt-cat -q x.$format | tr -d "\0" | cmp - want; nt-cat -q <x.$format | tr -d "\0" | cmp - want
		for at in 150 1000 2500 4000; do head -c $at x.$format >cut; exits 3 nt-cat cut >out 2>err; done
	done
	tar -czf control.tar.gz d/1; tar -cJf data.tar.xz d/2 d/3; echo 2.0 >debian-binary
	ar r x.deb debian-binary control.tar.gz data.tar.xz 2>/dev/null
	nt-cat -q --jsonl x.deb | grep -c "x.deb:\(control.tar.gz:d/1\|data.tar.xz:d/[23]\)\"" | grep -x 3
	size=$(wc -c <x.deb)
	for at in 7 100 132 $((size / 2)) $((size - 9)); do head -c $at x.deb >cut.deb; exits 3 nt-cat cut.deb >out 2>err; done
	ar r gone.deb debian-binary control.tar.gz 2>/dev/null; exits 3 nt-cat gone.deb 2>err; grep "Debian package is missing" err
	7z a -bd x.7z d >out; nt-cat -q x.7z | tr -d "\0" | cmp - want
	size=$(wc -c <x.7z); for at in 10 $((size / 2)) $((size - 1)); do head -c $at x.7z >cut.7z; exits 3 nt-cat cut.7z >out 2>err; done
	flip x.7z 60; exits 3 nt-cat x.7z >out 2>err'

t 'a 7z needs no file to be read from' '
	mkdir d; for i in 1 2 3; do seq $i 40000 >d/$i; done; cat d/1 d/2 d/3 >want; 7z a -bd x.7z d >out
	cat x.7z | nt-cat -q | tr -d "\0" | cmp - want
	gzip -k x.7z; nt-cat -q x.7z.gz | tr -d "\0" | cmp - want
	echo last >z; tar -cf t.tar x.7z z; cat t.tar | nt-cat -q | tr -d "\0" >got; { cat want; echo last; } | cmp - got
	nt-cat -q --jsonl t.tar | tail -n 2 | head -n 1 | grep -c "t.tar:x.7z:d/3\""
	size=$(wc -c <x.7z)
	for at in 10 $((size / 2)) $((size - 1)); do head -c $at x.7z | exits 3 nt-cat >out 2>err; done
	head -c 5000 x.7z.gz >cut.gz; exits 3 nt-cat cut.gz >out 2>err; grep "cut.gz: damaged or cut gzip" err
	exits 3 nt-cat --max-size=10000 <t.tar >out 2>err; grep "more than 10000 bytes.*--max-size" err
	cat x.7z | exits 3 nt-cat --max-size=10000 >out 2>err; grep "more than 10000 bytes.*--max-size" err
	cat x.7z | TMPDIR=/nothing exits 4 nt-cat >out 2>err; grep "/nothing: cannot make a temporary file" err'

t 'no name out of an archive is opened or written' '
	mkdir d; echo evil >d/x; tar --transform="s|d/x|../../escaped|" -cPf t.tar d/x; ln -s /etc/passwd link; tar -rf t.tar link
	is "evil/" nt-cat -q t.tar; [ ! -e ../../escaped ]; [ ! -e ../escaped ]'

t 'wrappings nested without end are refused' '
	echo x >x; for i in 1 2 3 4 5 6 7 8 9 10; do gzip -c x >y; mv y x; done
	exits 3 nt-cat x 2>err; grep "wrapped more than 8 deep" err'

t 'what is missing, unreadable or full is exit 4' '
	exits 4 nt-cat nothing 2>err; grep "nothing: cannot open: No such file" err
	echo a >a; exits 4 nt-cat a >/dev/full'

t 'a closed pipe ends it quietly' '
	seq 100000 >a; nt-cat a a a 2>err | head -c 1 >out; [ "$(cat out)" = 1 ]; [ ! -s err ]'

t '-o writes the whole file or none' '
	echo a >a; nt-cat -q -o out a; cmp a out
	exits 4 nt-cat -q -o new a nothing 2>err; [ ! -e new ]; [ ! -e new.part ]'

t 'an option that does not exist is exit 2, with the nearest one' '
	exits 2 nt-cat --feild text 2>err; grep -e "--field" err'

t 'the same bytes at any number of threads' '
	seq 1000 >a; nt-cat -q -j1 a a >1; nt-cat -q -j2 a a >2; cmp 1 2'

t 'standard error has no carriage return where it is no terminal' '
	seq 100 >a; nt-cat a >out 2>err; not grep "$(printf "\r")" err'

if [ -n "$shared" ]; then
	t 'a corpus of JSON lines under zstd is read as such' '
		f=$shared/data/corpora/handbook-de-es-ja-ru.jsonl.zst
		[ "$(nt-cat -q --jsonl "$f" | wc -l)" = "$(zstd -dcq "$f" | wc -l)" ]
		nt-cat -q --jsonl "$f" >a; zstd -dcq "$f" | nt-cat -q --jsonl |
			sed "s/\"source\": .*//" >b; sed "s/\"source\": .*//" a | cmp - b'
else
	skip 'a corpus of JSON lines under zstd is read as such' 'no shared data here'
fi
t 'a document that is read in parts has an end, wherever the last part does' '
	for n in 262143 262144 262145 524288 786432; do
		head -c $n /dev/zero | tr "\0" a >a.txt; cp a.txt b.txt
		nt-cat -q --jsonl a.txt b.txt >got; [ "$(tail -n 1 got | tail -c 3)" = "\"}" ]; [ "$(wc -l <got)" = 2 ]
		for f in a.txt - "-0 -"; do nt-cat $f <a.txt 2>said | cmp - a.txt; grep -q "^nt-cat: 1 document, $n bytes" said; done
	done'

done_testing
