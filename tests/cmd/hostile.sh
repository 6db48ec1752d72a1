#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that somebody made to hurt who reads them (hostile.py), and ours with lies in them. Each is refused in
# one line with exit status 3, or taken; within seconds, in 384 MB of address space, without a file beside the
# outputs, and without a byte that a terminal obeys.
. "$(dirname "$0")/../lib.sh"

mkdir "$work/hostile"
"$PYTHON" "$root/tests/cmd/hostile.py" "$work/hostile"
memory=402653184
[ -z "${SAN:-}" ] || memory=unlimited # shadows lie all over

bounded() { # bounded COMMAND...: its status in $status, what it said in said
	status=0
	prlimit --as="$memory" timeout 60 "$@" >out 2>said </dev/null || status=$?
	if LC_ALL=C grep -aq "[[:cntrl:]]\|$(printf '\302[\200-\237]\|\342\200[\252-\256]')" said; then
		echo "said what a terminal obeys: $*"
		od -c said | head
		return 1
	fi
}
refused() { # refused COMMAND...
	bounded "$@" || return 1
	if [ "$status" != 3 ] || [ "$(wc -l <said)" != 1 ]; then
		echo "exit status $status: $*"
		cat said
		return 1
	fi
}
borne() { # borne COMMAND...: done, or refused
	bounded "$@" || return 1
	case $status in
	0 | 1 | 3) ;;
	*) echo "exit status $status: $*"; head -c 1000 said; return 1 ;;
	esac
}
# each KIND COMMAND...: with every file of a kind behind it
each() {
	kind=$1
	shift
	some=
	for verdict in refused borne; do
		for file in "$work/hostile/$verdict/$kind"/*; do
			[ -e "$file" ] || continue
			some=1
			$verdict "$@" "$file" || return 1
		done
	done
	[ "$some" ]
}

t 'vocabularies with lies in them are refused' '
	yes a | head -n 200 | tr -d "\n" >text
	for file in "$work/hostile/refused/tokenizer.json"/*; do refused nt-tokenize -q --ids -t "$file" text || exit 1; done
	for file in "$work/hostile/borne/tokenizer.json"/*; do borne nt-tokenize -q --ids -t "$file" text || exit 1; done
	for file in "$work/hostile/refused/tiktoken"/*; do refused nt-tokenize -q --ids --pattern gpt2 -t "$file" text || exit 1; done'
t 'configurations with lies in them are refused' 'each checkpoint nt-info -q'
t 'tensor files with lies in them are refused' 'each safetensors nt-info -q; each gguf nt-info -q'
t 'JSON lines with lies in them are refused' 'each jsonl nt-cat -q --split=jsonl'
t 'what a log says is drawn or refused, and is never markup' '
	for file in "$work/hostile/borne/log"/*; do
		borne nt-report -q "$file"
		not grep -i "<script>alert" out
		borne nt-report -q --terminal --color=never "$file"
		not grep -a "$(printf "[\001-\011\013-\037\177]")" out
	done'
t 'archives with lies in them are refused, and nothing is unpacked' '
	mkdir inside; cd inside
	each archive nt-cat -q
	for file in "$work"/hostile/*/archive/tar-* "$work"/hostile/*/archive/warc-*; do borne nt-cat --lenient -v "$file"; done
	cd ..; [ "$(ls -A)" = inside ]; [ "$(ls inside | tr "\n" " ")" = "out said " ]
	[ ! -e /escaped-at-root ]'
if [ -n "${SAN:-}" ]; then
	skip 'a window of 2 GB takes no more memory than what comes' 'a sanitizer takes more'
else
	t 'a window of 2 GB takes no more memory than what comes' '
	"$PYTHON" -c "import os, subprocess, sys
cat = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(cat.pid, 0)
print(used.ru_maxrss)
sys.exit(status != 0 or used.ru_maxrss > 200000)" nt-cat -q "$work/hostile/borne/window/zstd.zst" >out
	[ "$(head -n 1 out)" = text ]'
fi
t 'what unpacks to much more passes in the same memory' 'each bomb nt-cat -q'

printf 'one\n\ntwo\0three\n' >"$work/text"
nt-tokenize -q -0 -t bytes "$work/text" >"$work/a.nts"
nt-pack -q "$work/a.nts" -o "$work/a.ntd"
nt-dedup -q --state "$work/a.state" "$work/a.nts" >/dev/null
nt-tokenize -q -d "$work/a.nts" >"$work/a.text"
# lies FILE COMMAND...: eight bytes of it at every place, all ones, then all zeros. What is not
# refused was not needed: the output is that of the true file.
lies() {
	file=$1
	shift
	"$PYTHON" -c 'import sys
whole = open(sys.argv[1], "rb").read()
step = max(4, len(whole) // 64)
for at in range(0, len(whole), step):
    for fill in b"\xff", b"\0":
        lie = whole[:at] + fill * min(8, len(whole) - at) + whole[at + 8:]
        if lie != whole:
            open("lie.%04d.%d" % (at, fill[0]), "wb").write(lie)' "$file"
	for lie in lie.*; do
		borne "$@" "$lie" || return 1
		[ "$status" = 3 ] || cmp out "$work/a.text" || return 1
	done
}
t 'token streams with lies in them are refused' 'lies "$work/a.nts" nt-tokenize -q -d'
t 'data files with lies in them are refused' 'lies "$work/a.ntd" nt-tokenize -q -d'
t 'bytes that are no text pass, and come back' '
	"$PYTHON" -c "import sys
sys.stdout.buffer.write(bytes(range(256)) * 256 + b\"\xf4\x90\x80\x80\xed\xa0\x80\xc0\xaf\xfe\xff\" * 4096)" >noise
	borne nt-tokenize -q --split=none noise; [ "$status" = 0 ]
	nt-tokenize -q -d out | cmp - noise'
t 'a part that is a link is not followed' '
	echo kept >kept; ln -s kept b.nts.part
	exits 4 nt-tokenize -q "$work/text" -o b.nts 2>said; grep "b.nts.part" said
	[ "$(cat kept)" = kept ]'
done_testing
