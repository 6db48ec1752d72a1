#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-tokenize: text to token stream, and back
. "$(dirname "$0")/../lib.sh"

# two documents with units, odd bytes and no newline at the end
two_documents() { printf 'One line.\n\nA second\nparagraph.\n\n\nEnd\0\303\244\tcaf\303\251 12345 \360\237\230\200  \n'; }

t 'text comes back byte by byte' '
	two_documents | tr "\0" "x" >text
	nt-tokenize text -o a.nts 2>said
	grep "^nt-tokenize: 1 document, 3 units, [0-9]* tokens, [0-9.]* bytes/token$" said
	nt-tokenize -d a.nts >back
	cmp text back'

t 'documents come back with a NUL between them' '
	two_documents | nt-tokenize -0 2>said >a.nts
	nt-tokenize -d a.nts >back
	grep "2 documents, 4 units" said
	two_documents | cmp - back'

t 'bytes that are not UTF-8 are kept, counted and reported' '
	printf "ab\377\376cd \303" >text
	nt-tokenize text 2>said >a.nts
	nt-tokenize -d a.nts | cmp - text
	grep "warning: invalid UTF-8: 3 bytes, kept" said
	printf "\377" | nt-tokenize 2>said >a.nts; grep "warning: invalid UTF-8: 1 byte, kept" said'

t '--strict refuses bytes that are not UTF-8 and says where' '
	printf "ab\377\376cd" >text
	exits 3 nt-tokenize --strict text 2>said >out
	grep "^nt-tokenize: text: not UTF-8 at byte 2$" said
	printf "\303\244" >good
	nt-tokenize --strict good >out'

t 'every byte comes back under every kind of vocabulary' '
	i=0; while [ $i -lt 256 ]; do printf "\\$(printf %03o $i)"; i=$((i + 1)); done >text
	cat text text >two
	for how in -q "-t bytes" "--pattern gpt2" "--pattern o200k" "--pattern [a-z]+"; do
		nt-tokenize $how --split=none two >a.nts
		nt-tokenize -d a.nts | cmp - two
	done'

t '--ids writes a line of numbers a document, and reads them again' '
	printf "a\0\0bc" | nt-tokenize -t bytes --ids -0 >ids
	printf "97\n\n98 99\n" | cmp - ids
	nt-tokenize -t bytes --ids -d <ids >back
	printf "a\0\0bc" | cmp - back'

t 'the embedded vocabulary is the list of ranks in share/vocab' '
	two_documents >text
	nt-tokenize -q <text >embedded
	nt-tokenize -q -t "$root/share/vocab/nt-8k.tiktoken" --pattern cl100k <text >listed
	cmp embedded listed'

t '--pieces cuts the text visibly, and every byte can be told' '
	printf "a|\\\\ \n\n\t\000\377\303\244z" >text
	nt-tokenize -q --split=none --pieces -t bytes text >got; cat got
	printf "%s\n" "a|\\||\\\\| |\\n" "\\n" "\\t|\\x00|\\xff|\\xc3|\\xa4|z" | cmp - got
	printf "\303\244 e\314\201 \342\200\213" | nt-tokenize -q --pieces --pattern cl100k >got; cat got
	grep -F "ä" got; grep -F "\\xe2" got'

t '--pieces can be undone: what it shows is the text' '
	"$PYTHON" - <<-"END" >all
		import random, sys
		r = random.Random(1)
		planes = [chr(c) for c in range(0, 0x110000, 97) if not 0xd800 <= c < 0xe000]
		sys.stdout.buffer.write(bytes(range(256)) + b"|a\\|\\n\\x41\n\n" +
		    "".join(r.sample(planes, len(planes))).encode() + bytes(r.randrange(256) for _ in range(3000)))
	END
	nt-tokenize -q --split=none --pieces all >shown
	"$PYTHON" - shown <<-"END" >back
		import re, sys
		shown = open(sys.argv[1], "rb").read()
		named = {b"n": b"\n", b"r": b"\r", b"t": b"\t"}
		def undo(m):
		    e = m.group(1)
		    if e is None: return b""
		    if e[:1] == b"x": return bytes([int(e[1:], 16)])
		    if e[:1] == b"u": return chr(int(e[2:-1], 16)).encode()
		    return named.get(e, e)
		pattern = rb"\\(x[0-9a-f]{2}|u\{[0-9a-f]+\}|.)|[|\n]"
		sys.stdout.buffer.write(re.sub(pattern, undo, shown))
	END
	cmp all back'

t '--pieces has colours when asked, a special its own, and an empty line between documents' '
	printf "a b\0\0<|end_of_text|>" >text
	nt-tokenize -q -0 --pieces text >plain
	printf "a| b\n\n\n<|\\||end|_|of|_t|ext|\\||>\n" | cmp - plain
	nt-tokenize -q -0 --pieces --allow-special --color=always text >colored
	grep "$(printf "\033")" colored | grep -F "<|end_of_text|>"
	NO_COLOR=1 nt-tokenize -q -0 --pieces text | cmp - plain'

t '--offsets says which bytes each id stands for' '
	printf "ab\0\0\303\244 c" >text
	nt-tokenize -q -0 --offsets -t bytes text >got
	cat >want <<-END
		{"doc": 0, "source": "text:1", "bytes": 2, "ids": [97, 98], "offsets": [[0, 1], [1, 2]]}
		{"doc": 1, "source": "text:2", "bytes": 0, "ids": [], "offsets": []}
		{"doc": 2, "source": "text:3", "bytes": 4, "ids": [195, 164, 32, 99], "offsets": [[0, 1], [1, 2], [2, 3], [3, 4]]}
	END
	cmp want got
	two_documents | nt-tokenize -q -0 --ids >ids
	two_documents | nt-tokenize -q -0 --offsets -o lines
	sed "s/.*\"ids\": \[//; s/\].*//; s/,//g" lines | cmp - ids'

t '--stats counts tokens, documents and what never comes' '
	printf "aab\0a\0" | nt-tokenize -0 -t bytes --stats --top 1 >got; cat got
	grep "^tokenizer  *bytes, 256 entries and 2 specials$" got
	grep "^documents  *2$" got; grep "^tokens  *4$" got; grep "^bytes/token  *1.000$" got
	grep "^entropy  *0.811 bits/token, 0.811 bits/byte$" got
	grep "^tokens/document  *mean 2.0, least 1, median 3, p90 3, most 3$" got
	grep "^reached  *2 entries, 0.78 %; 254 never$" got
	[ "$(tail -n 1 got)" = " 75.0000 %             3        97  \"a\"" ]
	nt-tokenize --stats </dev/null >empty 2>said; grep "^tokens  *0$" empty; [ ! -s said ]'

t '--stats --json holds every entry, come or not' '
	two_documents | nt-tokenize -q -0 --stats --json >got
	two_documents | nt-tokenize -q -0 --ids | tr " " "\n" | grep -v "^$" | sort -n >ids
	"$PYTHON" - got ids <<-"END"
		import json, sys, collections
		d = json.load(open(sys.argv[1]))
		ids = collections.Counter(int(i) for i in open(sys.argv[2]))
		assert {c["id"]: c["count"] for c in d["counts"]} == ids
		assert [c["count"] for c in d["counts"]] == sorted(ids.values(), reverse=True)
		assert d["tokens"] == sum(ids.values()) and d["documents"] == 2
		assert len(d["unreached_ids"]) == d["unreached"] == d["entries"] - d["reached"]
		assert not ids.keys() & set(d["unreached_ids"])
		assert abs(sum(c["share"] for c in d["counts"]) - 1) < 1e-6
	END'

t 'the forms are told apart, and ask for text' '
	exits 2 nt-tokenize --ids --pieces </dev/null 2>said; grep "choose one" said
	exits 2 nt-tokenize -d --stats </dev/null 2>said; grep "with -d" said
	exits 2 nt-tokenize --json </dev/null 2>said; grep -e "--stats" said
	printf "a\377" >text
	exits 3 nt-tokenize --strict --offsets text >out 2>said; grep "not UTF-8 at byte 1" said'

t 'a line that is not ids is refused by its place' '
	printf "1 2\n3 x\n" >ids
	exits 3 nt-tokenize --ids -d ids 2>said
	grep "ids.*2" said
	printf "1 8192\n" | exits 3 nt-tokenize --ids -d 2>said
	grep "8192" said'

t 'the same bytes whatever the number of threads' '
	i=0; while [ $i -lt 3000 ]; do echo "line $i of a text that is cut into lines"; i=$((i + 1)); done >text
	for j in 1 2 5; do
		nt-tokenize --split=line -j$j text >$j.nts
		nt-tokenize --split=line --ids -j$j text >$j.ids
	done
	cmp 1.nts 2.nts; cmp 1.nts 5.nts; cmp 1.ids 2.ids; cmp 1.ids 5.ids
	[ "$(wc -l <1.ids)" = 3000 ]'

t 'a JSON line as large as a batch takes no document with it' '
	awk "BEGIN { for (i = 0; i < 30000; i++) {
		printf \"{\\\"text\\\": \\\"%d\", i; for (k = i == 100 ? 500000 : 20; k; k--) printf \" words\"
		print \"\\\"}\" } }" >a.jsonl
	nt-cat -q a.jsonl >text
	for j in 1 2 4; do
		nt-tokenize -q -j$j a.jsonl >$j.nts
		nt-tokenize -d $j.nts | cmp - text
	done'

t 'ids of a document do not depend on its units' '
	printf "a\n\nb\n \n\n  c\r\n\r\nd" >text
	nt-tokenize --ids text >whole
	nt-tokenize text >a.nts
	nt-tokenize -d a.nts >back
	nt-tokenize --ids back >again
	cmp whole again'

t 'specials written out in the text are text unless they are allowed' '
	printf "x<|end_of_text|>" >text
	nt-tokenize --ids text >ids
	if grep -w 8191 ids; then exit 1; fi
	nt-tokenize --ids --allow-special text >ids
	[ "$(cat ids)" = "120 8191" ]'

t 'JSON lines are documents, their field is the text' '
	printf "{\"text\": \"a\"}\n{\"text\": \"b\\\\u00e9\"}\n" >two.jsonl
	nt-tokenize -t bytes --ids two.jsonl >ids
	printf "97\n98 195 169\n" | cmp - ids
	printf "{\"body\": \"c\"}\n" | nt-tokenize -t bytes --ids --split=jsonl --field body >ids
	echo 99 | cmp - ids'

t 'no input at all is a stream without text' '
	: >empty
	nt-tokenize </dev/null >empty.nts
	[ -s empty.nts ]
	nt-tokenize -d empty.nts | cmp - empty'

t 'streams come through named pipes too' '
	two_documents | nt-tokenize -0 >a.nts
	mkfifo pipe
	cat a.nts >pipe &
	nt-tokenize -d pipe >back
	two_documents | cmp - back'

t 'a data file comes back as text' '
	two_documents | nt-tokenize -0 >a.nts
	nt-pack a.nts -o data.bin
	nt-tokenize -d data.bin >back
	two_documents | cmp - back
	nt-tokenize -d <data.bin | cmp - back'

t 'rows come back as whole documents' '
	i=0; while [ $i -lt 40 ]; do [ $i = 0 ] || printf "\0"; printf "document %s goes on and on and on" $i; i=$((i + 1)); done >text
	nt-tokenize -0 -t bytes text >a.nts
	nt-pack --seq-len 24 -o rows.bin a.nts
	nt-tokenize -d rows.bin >back
	tr "\0" "\n" <text | sort >want
	tr "\0" "\n" <back | sort >got
	cmp want got'

t 'two streams are one, of one tokenizer' '
	printf a | nt-tokenize -t bytes >a.nts
	printf b | nt-tokenize >b.nts
	printf b | nt-tokenize -t bytes >c.nts
	cat a.nts c.nts | nt-tokenize -d >back
	printf "a\0b" | cmp - back
	exits 3 nt-tokenize -d a.nts b.nts >back 2>said
	nt-pack a.nts -o a.bin; nt-pack b.nts -o b.bin
	exits 3 nt-tokenize -d a.bin b.bin >back 2>said
	grep "b.bin: of another tokenizer" said'

t 'a cut stream is refused' '
	two_documents | nt-tokenize >a.nts
	size=$(wc -c <a.nts)
	for n in 0 1 63 64 500 $((size - 64)) $((size - 1)); do
		head -c $n a.nts >cut
		exits 3 nt-tokenize -d cut >out 2>said
		grep "^nt-tokenize: " said
	done'

t 'a list of ranks that nobody knows needs a pattern' '
	printf "YQ== 0\nYg== 1\nYWI= 2\n" >my.tiktoken
	printf abb >text
	exits 2 nt-tokenize -t my.tiktoken text 2>said >out
	grep "^nt-tokenize: my.tiktoken: .*--pattern" said
	[ "$(nt-tokenize -t my.tiktoken --pattern gpt2 --ids -v text 2>said)" = "2 1" ]
	grep "added: <|begin_of_text|> is token 3, <|end_of_text|> is token 4" said'

t 'a damaged or foreign tokenizer is refused with its name' '
	printf "{\"model\": {\"type\": \"Unigram\"}}" >u.json
	exits 3 nt-tokenize -t u.json </dev/null 2>said >out
	grep "^nt-tokenize: u.json: .*Unigram" said
	printf "YQ== 0\nYg= 1\n" >r.tiktoken
	exits 3 nt-tokenize -t r.tiktoken </dev/null 2>said >out
	grep "r.tiktoken: line 2" said
	exits 4 nt-tokenize -t nowhere.json </dev/null 2>said >out
	grep "nowhere.json" said
	exits 2 nt-tokenize --pattern cl10k </dev/null 2>said >out
	grep "cl10k" said
	exits 2 nt-tokenize -t bytes --pattern gpt2 </dev/null 2>said >out
	grep "pattern .gpt2.: the tokenizer .bytes. does not cut text" said'

t 'a folder with a tokenizer.json will do' '
	mkdir model
	nt-vocab --convert --pattern cl100k -o model/tokenizer.json "$root/share/vocab/nt-8k.tiktoken"
	two_documents | tr "\0" "\n" >text
	nt-tokenize -t model --ids text >a
	nt-tokenize --ids text >b
	cmp a b'

t 'a tokenizer is called after its file, or the folder of a tokenizer.json' '
	mkdir -p a/b; nt-vocab --convert --pattern cl100k -o tokenizer.json "$root/share/vocab/nt-8k.tiktoken"
	cp tokenizer.json a/b; cp tokenizer.json a/mine.tokenizer.json; cp tokenizer.json a/v.json
	called() { # called NAME PATH
		echo x | nt-tokenize -q -t "$2" | nt-info | grep -x "tokenizer  *$1"
	}
	called mine a/mine.tokenizer.json; called v ./a/v.json; called b a/b; called b a/b//; called b a/b//tokenizer.json
	called tokenizer tokenizer.json; called tokenizer .; called v a/b/../v.json
	nt-vocab --convert <a/v.json 2>said >out; grep "^nt-vocab: tokenizer: 8[0-9]* entries" said'

t 'megabytes of one letter take no longer than other text' '
	head -c 4000000 /dev/zero | tr "\0" a >text
	timeout 30 nt-tokenize text >a.nts
	nt-tokenize -d a.nts | cmp - text'

t 'a full disk is an error and nothing else is said' '
	echo x | nt-tokenize -q >x.nts
	for what in "" --ids --pieces --offsets --stats "-d x.nts"; do
		echo x | exits 4 nt-tokenize $what >/dev/full 2>said
		[ "$(cat said)" = "nt-tokenize: standard output: cannot write: No space left on device" ]
	done'
t 'a reader that leaves early is not' 'two_documents | nt-tokenize | head -c1 >one; [ -s one ]'
t 'a stream does not go to a terminal, ids do' '
	echo x >text
	script -qec "nt-tokenize text; echo status \$?" /dev/null >said </dev/null
	grep "status 2" said
	script -qec "nt-tokenize --ids text; echo status \$?" /dev/null >said </dev/null
	grep "status 0" said'
t 'on a terminal pieces have colours, and no progress line among them' '
	printf "a b" >text
	script -qec "nt-tokenize -q --pieces text" /dev/null </dev/null | tr -d "\r" >said
	printf "\033[30;46ma\033[0m\033[30;42m b\033[0m\n" | cmp - said
	NO_COLOR=1 script -qec "nt-tokenize -q --pieces text" /dev/null </dev/null | tr -d "\r" >said
	echo "a| b" | cmp - said'
t 'an unknown option is met with the nearest one' '
	exits 2 nt-tokenize --tokeniser x 2>said; grep -e --tokenizer said'
t 'no carriage return goes to a file of messages' '
	two_documents | nt-tokenize >out 2>said; not grep "$(printf "\r")" said'

if [ -n "$shared" ]; then
	t 'real books come back byte by byte under cl100k' '
		zstd -dqo austen.txt "$shared/data/corpora/austen.txt.zst"
		zstd -dqo cl100k.tiktoken "$shared/data/vocabs/cl100k_base.tiktoken.zst"
		nt-tokenize -t cl100k.tiktoken austen.txt >a.nts
		nt-tokenize -d a.nts | cmp - austen.txt'
else
	skip 'real books come back byte by byte under cl100k' 'no shared data'
fi
# longer than a part: lines that end in blanks, blank lines, and lines longer than a part
large() {
	awk 'BEGIN {
		for (i = 0; i < 40000; i++) {
			printf "It is line %d, he said  \n%s", i, i % 7 ? "" : "\n \n"
			if (i % 9000 == 0)
				for (k = 0; k < 70000; k++)
					printf "word%d ", k
		}
	}'
}
t 'a document in parts has the tokens and units of the whole' '
	large > text
	nt-cat --jsonl text > lines.jsonl
	nt-tokenize --ids text > parts
	nt-tokenize --ids lines.jsonl > whole
	cmp parts whole
	nt-tokenize text 2>&1 > parts.nts | sed "s/.*: //" > said
	nt-tokenize lines.jsonl 2>&1 > whole.nts | tail -n 1 | sed "s/.*: //" | cmp - said
	nt-tokenize -d parts.nts | cmp - text
	nt-dedup parts.nts | nt-tokenize -d > from_parts
	nt-dedup whole.nts | nt-tokenize -d | cmp - from_parts'
t 'and the same bytes from any number of threads' '
	large > text
	nt-tokenize -j1 text > one.nts
	nt-tokenize -j5 text > five.nts
	cmp one.nts five.nts
	cat text | nt-tokenize | cmp - one.nts'

handed_on() { # what a program would write that let the text on standard input through
	nt-tokenize -q -0 | nt-info --json |
		sed "s/.*\"in\":\({[^}]*}\).*/[{\"program\":\"x\",\"options\":{\"k\":1},\"out\":\1}]/"
}

t '--manifest takes over what the program before counted' '
	printf "one\0two" >text; handed_on <text >run.json
	nt-tokenize -q -0 --manifest run.json <text | nt-dedup -q | nt-info >got; cat got
	grep -Eq "^  x +6 +2 +- *$" got; grep -q "^ *k=1 text=[0-9a-f]*$" got
	sed -n "/^made by/,\$p" got | grep -c "^  [nx]" | grep -qx 3'

t '--manifest: text that is not all of what was let through is refused, and there is no stream' '
	printf "one\0two" >text; handed_on <text >run.json
	printf "one" | exits 3 nt-tokenize -q -0 --manifest run.json 2>said >got.nts; cat said
	grep -q "run.json: x let 2 documents of 6 bytes through, and what came is 1 of 3" said
	exits 3 nt-info got.nts 2>said; grep -Eq "END frame is missing|empty" said
	printf "one\0tvo" | exits 3 nt-tokenize -q -0 --manifest run.json 2>said >got.nts
	grep -q "2 of 6, or other text" said'

t '--manifest: a file that is missing or no manifest is refused' '
	echo x | exits 3 nt-tokenize -q --manifest none.json 2>said >got.nts; grep -q "none.json: not there" said
	echo "{}" >a.json; echo x | exits 3 nt-tokenize -q --manifest a.json 2>said >got.nts; grep -q "not a manifest" said
	echo "[]" >b.json; echo x | exits 3 nt-tokenize -q --manifest b.json 2>said >got.nts; grep -q "does not say what text" said
	echo "[{\"out\":3}]" >c.json; echo x | exits 3 nt-tokenize -q --manifest c.json 2>said >got.nts
	grep -q "does not say what text" said
	echo x | exits 2 nt-tokenize -q --ids --manifest a.json 2>said'

done_testing
