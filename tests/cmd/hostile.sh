#!/bin/sh
# SPDX-License-Identifier: MIT
# Files that somebody made to hurt who reads them (hostile.py), and ours with lies in them. Each is refused in
# one line with exit status 3, or taken; within seconds, in 384 MB of address space, without a file beside the
# outputs, and without a byte that a terminal obeys.
. "$(dirname "$0")/../lib.sh"

mkdir "$work/hostile"
"$PYTHON" "$root/tests/cmd/hostile.py" "$work/hostile"
memory=402653184 seconds=20
[ -z "${SAN:-}" ] || memory=unlimited seconds=60 # shadows lie all over
# What a terminal obeys: controls of one byte and of two, and what turns a line round.
obeyed="[[:cntrl:]]\|$(printf '\302[\200-\237]\|\330\234\|\342\200[\216\217\250-\256]\|\342\201[\246-\251]')"

bounded() { # bounded COMMAND...: its status in $status, its output in out, what it said in said
	status=0
	prlimit --as="$memory" timeout "$seconds" "$@" >out 2>said </dev/null || status=$?
	printable said || return 1
	[ "$1" != nt-info ] || printable out
}
printable() { # printable FILE
	if grep -aq "$obeyed" "$1"; then
		echo "a terminal would obey this:"
		grep -a "$obeyed" "$1" | od -c | head
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

printf 'one\n\ntwo\0three\n' >"$work/text"
nt-tokenize -q -0 -t bytes "$work/text" >"$work/a.nts"
nt-pack -q "$work/a.nts" -o "$work/a.ntd"
nt-dedup -q --state "$work/a.state" "$work/a.nts" >/dev/null
nt-tokenize -q -d "$work/a.nts" >"$work/a.text"
nt-vocab -q --counts "$work/text" >"$work/a.ntc"
t 'vocabularies with lies in them are refused' '
	yes a | head -n 200 | tr -d "\n" >text
	for file in "$work/hostile/refused/tokenizer.json"/*; do refused nt-tokenize -q --ids -t "$file" text || exit 1; done
	for file in "$work/hostile/borne/tokenizer.json"/*; do borne nt-tokenize -q --ids -t "$file" text || exit 1; done
	for file in "$work/hostile/refused/tiktoken"/*; do refused nt-tokenize -q --ids --pattern gpt2 -t "$file" text || exit 1; done'
t 'configurations with lies in them are refused' 'each checkpoint nt-info -q'
t 'tensor files with lies in them are refused' 'each safetensors nt-info -q; each gguf nt-info -q'
t 'a kind of value that GGUF does not have is said as the file has it' '
	exits 3 nt-info "$work/hostile/refused/gguf/value-type.gguf" 2>err; grep "is of kind 77, and GGUF has those from 0 to 12" err
	exits 3 nt-info "$work/hostile/refused/gguf/arrays-in-arrays.gguf" 2>err; grep "k. is an array of arrays" err'
t 'what files say of themselves is shown without what a terminal obeys' '
	each described nt-info -q
	nt-train -q -o ckpt --max-steps 1 --arch=llama --hidden-size=16 --num-hidden-layers=1 \
		--num-attention-heads=2 --seq-len=4 --batch-size=1 --label "$(printf "own \033]0;\302\233\342\200\256")" "$work/a.ntd"
	borne nt-info -q ckpt; grep "^label *own ?\]0;?????$" out'
t 'JSON lines with lies in them are refused' 'each jsonl nt-cat -q --split=jsonl'
t 'what a log says is drawn or refused, and is never markup' '
	for file in "$work/hostile/borne/log"/*; do
		borne nt-report -q "$file"
		not grep -i "<script>alert" out
		borne nt-report -q --terminal --color=never "$file"
		printable out
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

# lies FILE: files lie.*, with eight bytes of it at every place, all ones, then all zeros
lies() {
	"$PYTHON" -c 'import sys
whole = open(sys.argv[1], "rb").read()
step = max(4, len(whole) // 64)
for at in range(0, len(whole), step):
    for fill in b"\xff", b"\0":
        lie = whole[:at] + fill * min(8, len(whole) - at) + whole[at + 8:]
        if lie != whole:
            open("lie.%04d.%d" % (at, fill[0]), "wb").write(lie)' "$1"
}
# A lie that is not refused was not needed: the output is that of the true file.
decoded() {
	lies "$1"
	for lie in lie.*; do
		borne nt-tokenize -q -d "$lie" || return 1
		[ "$status" = 3 ] || cmp out "$work/a.text" || return 1
	done
}
t 'token streams with lies in them are refused' 'decoded "$work/a.nts"'
t 'data files with lies in them are refused' 'decoded "$work/a.ntd"'
t 'counts with lies in them are refused' '
	lies "$work/a.ntc"; rm lie.000[0-7].* # of another magic it would be text
	for lie in lie.*; do refused nt-vocab -q --counts -o b.ntc "$lie"; done; [ ! -e b.ntc ]
	each counts nt-vocab -q -n 300 -f -o x.json'
t 'states with lies in them are refused, and stay as they are' '
	lies "$work/a.state"
	for lie in lie.*; do cp "$lie" seen; refused nt-dedup -q --state seen "$work/a.nts"; cmp seen "$lie"; done
	each state nt-info -q
	each state nt-dedup -q "$work/a.nts" --state
	each state nt-dedup -q --near "$work/a.nts" --state'
t 'indexes of other programs with lies in them are refused or taken' '
	for format in megatron:idx olmo:csv.gz datatrove:ds.index; do
		nt-pack -q --format "${format%:*}" -o a "$work/a.nts"
		lies "a.${format#*:}"
		for lie in lie.*; do mv "$lie" "a.${format#*:}"; borne nt-pack -q --from "${format%:*}" -t bytes a.*; done
		rm a.*
	done'
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
