# SPDX-License-Identifier: MIT
# small.sh - a small run of each command, for tests that break what is under it
#
#	. "$(dirname "$0")/../small.sh"
#	make_inputs                     # $in: small files of every format
#	small_runs WHICH | while ...    # lines of NAME and COMMAND
#
# A run takes files of $in and writes into the empty folder $out, and is deterministic
# (-j1, no clock). `undisturbed` leaves in $want/NAME what it should have written; `verdict` says
# whether a disturbed one kept the promise: it did all, or it said no with one line, and no
# file of its outputs is another than the undisturbed one. Training goes on from a checkpoint
# at step 2 and saves steps 3 and 4: the latest must be one of the three, and lead to the same.

# fsync of a disk that others use takes the time of hundreds of runs: none is needed here.
[ -n "$TMPDIR" ] || [ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "$0")/../lib.sh"

# Leaks are not looked for under strace, which keeps the sanitizer from it.
[ -z "$SAN" ] || export ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
in=$work/in out=$work/out want=$work/want said=$work/said
export in out
n_torture=${NT_TORTURE:-1} # 1: a slice for `make check`; more, as `make check-torture` asks: all

shape='--arch=llama --hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 --batch-size=2'
export shape
make_inputs() {
	mkdir -p "$in" "$want"
	(
		set -e
		cd "$in"
		awk 'BEGIN { for (i = 0; i < 60; i++) { for (k = 0; k < 12; k++)
			printf "%s ", substr("the cat sat on a mat and saw the rat", 1 + (i * 7 + k * 5) % 30, 6)
			printf i % 9 ? "\n" : ".\n\n" } }' >a.txt
		awk '{ printf "{\"text\": \"%s and %d\", \"id\": %d}\n", $0, NR, NR }' a.txt >b.jsonl
		tar -cf c.tar a.txt b.jsonl
		gzip -nk a.txt
		nt-tokenize -q -t bytes --split=line a.txt >a.nts
		nt-pack -q -o a.ntd a.nts
		nt-pack -q --seq-len 32 -o rows.ntd a.nts
		nt-pack -q --format megatron -o meg a.nts
		nt-tokenize --ids -q -t bytes --split=line a.txt >a.ids
		nt-dedup -q --by=document --state a.ntk a.nts >/dev/null
		nt-vocab -q -n 300 -o tok.json a.txt
		nt-vocab -q --counts -o a.ntc a.txt
		nt-train -q $shape --max-steps=2 -j1 -o ckpt a.ntd
		awk '{ printf "{\"prompt\": \"%s\"}\n", substr($0, 1, 9) }' a.txt >prompts
	)
}

# NAME, tab, COMMAND. Those of `output` name all they write with options, the others add
# what only reads, or writes standard output.
small_runs() {
	cat <<-'END'
	cat	nt-cat -q -j1 --manifest $out/manifest -o $out/text $in/a.txt $in/b.jsonl $in/c.tar $in/a.txt.gz
	filter	nt-filter -q -j1 --rules none --set min_words=9 --rejected $out/rejected --report $out/report -o $out/text $in/a.txt $in/b.jsonl
	vocab	nt-vocab -q -j1 -n 300 -o $out/tok.json $in/a.txt
	counts	nt-vocab -q -j1 --counts -o $out/counts $in/a.txt
	convert	nt-vocab -q -j1 --convert --format tiktoken -o $out/ranks $in/tok.json
	tokenize	nt-tokenize -q -j1 -t $in/tok.json -o $out/stream $in/a.txt $in/b.jsonl
	decode	nt-tokenize -q -j1 -d -o $out/text $in/a.ntd
	offsets	nt-tokenize -q -j1 --offsets -o $out/offsets $in/b.jsonl
	dedup	nt-dedup -q -j1 --by=document --kept $out/kept -o $out/stream $in/a.nts
	state	nt-dedup -q -j1 --by=document --state $out/state -o $out/stream $in/a.nts
	near	nt-dedup -q -j1 --near -o $out/stream $in/a.nts
	substring	nt-dedup -q -j1 --substring 20 -o $out/stream $in/a.nts
	shuffle	nt-shuffle -q -j1 -o $out/stream $in/a.nts
	pack	nt-pack -q -j1 --holdout 0.2:$out/val -o $out/data $in/a.nts
	rows	nt-pack -q -j1 --seq-len 32 -o $out/rows $in/a.nts
	megatron	nt-pack -q -j1 --format megatron -o $out/m $in/a.nts
	olmo	nt-pack -q -j1 --format olmo -o $out/o $in/a.nts
	llmc	nt-pack -q -j1 --format llmc --file-tokens 2000 -o $out/l $in/a.nts
	datatrove	nt-pack -q -j1 --format datatrove -o $out/d $in/a.nts
	score	nt-score -q -j1 --tsv -o $out/table $in/ckpt $in/a.txt
	page	nt-score -q -j1 --html -o $out/page $in/ckpt $in/a.txt
	text	nt-sample -q -j1 -n 40 --ignore-eos -p cat -o $out/text $in/ckpt
	answers	nt-sample -q -j1 -n 20 --jsonl -o $out/answers $in/ckpt <$in/prompts
	export	nt-export -q -j1 -o $out/gguf $in/ckpt
	report	nt-report -q -j1 --passages=0 -o $out/page $in/ckpt
	svg	nt-report -q -j1 --svg -o $out/svg $in/ckpt
	train	nt-train -q -j1 $shape --max-steps=4 --save-every=1 -o $out/ckpt $in/a.ntd
	END
	[ "$1" = output ] || cat <<-'END'
	info	nt-info -q -j1 --verify $in/a.ntd $in/rows.ntd $in/a.nts $in/ckpt >$out/stdout
	stats	nt-tokenize -q -j1 --stats $in/a.txt >$out/stdout
	foreign	nt-pack -q -j1 --from megatron -t bytes $in/meg >$out/stdout
	ids	nt-pack -q -j1 --ids -t bytes $in/a.ids >$out/stdout
	total	nt-score -q -j1 --total --json $in/ckpt $in/a.ntd >$out/stdout
	sample	nt-sample -q -j1 -n 20 -p cat $in/ckpt >$out/stdout
	terminal	nt-report -q -j1 --terminal $in/ckpt >$out/stdout
	END
}

# fresh NAME [old]: an empty $out, but for what the run goes on from. With `old`, files that it
# would replace lie there already.
fresh() {
	rm -rf "$out"
	mkdir "$out"
	case $1 in
	state) cp "$in/a.ntk" "$out/state" ;;
	train) cp -R "$in/ckpt" "$out/ckpt" && return ;;
	esac
	[ -z "$2" ] || for file in "$want/$1"/*; do
		case $file in */manifest | */state) ;; *) echo old >"$out/${file##*/}" ;; esac
	done
}

# undisturbed NAME COMMAND: what it writes, kept in $want/NAME
undisturbed() {
	fresh "$1"
	rm -rf "${want:?}/$1"
	eval "$2" 2>"$said" && [ -n "$(ls "$out")" ] && mv "$out" "$want/$1" && return
	echo "undisturbed, $1 fails: $(cat "$said")"
	return 1
}

# verdict NAME STATUS ALLOWED...: $out and $said after a disturbed run of that exit status
verdict() {
	name=$1 got=$2
	shift 2
	case " $* " in *" $got "*) ;; *) echo "$name: exit status $got, not one of $*: $(head -c 300 "$said")"; return 1 ;; esac
	lines=$(grep -c '' "$said")
	[ "$lines" = "$([ "$got" = 0 ] || [ "$got" -gt 128 ] && echo 0 || echo 1)" ] ||
		{ echo "$name: exit status $got with $lines lines: $(head -c 300 "$said")"; return 1; }
	whole_or_absent "$name" || return 1
	[ "$got" != 0 ] || as_undisturbed "$name"
}

# Times stand in a log, and in trainer.json, whose hashes nt-info --verify looks at.
as_undisturbed() { diff -rq -x log.jsonl -x trainer.json "$want/$1" "$out"; }

# goes_on: the latest step of $out/ckpt is whole and one that the undisturbed run has, none that was
# logged as saved is lost, and training goes on from it to the same end.
goes_on() {
	step=$(readlink "$out/ckpt/latest")
	logged=$(sed -n 's/.*"save", "step": \([0-9]*\).*/step-00000\1/p' "$out/ckpt/log.jsonl" | tail -n 1)
	[ "$step" != step-000002 ] && made=$want/train/ckpt || made=$in/ckpt
	rm -rf "$work/next"
	nt-info -q --verify "$out/ckpt" >/dev/null &&
		diff -rq -x trainer.json "$made/$step" "$out/ckpt/$step" &&
		printf '%s\n' "$logged" "$step" | sort -c &&
		cp -R "$out/ckpt" "$work/next" &&
		nt-train -q -j1 $shape --max-steps=4 --save-every=1 -o "$work/next" "$in/a.ntd" &&
		diff -rq -x log.jsonl -x trainer.json "$want/train/ckpt" "$work/next"
}

# Every file of $out is the undisturbed run's, or as it was before, but for standard output; a checkpoint
# is gone on from. Names that match SKIP, a pattern, are left out.
whole_or_absent() { # whole_or_absent NAME [SKIP]
	for file in "$out"/*; do
		case $file in
		"$out/*" | */stdout | ${2:-//}) continue ;;
		*/ckpt) goes_on && continue ;;
		esac
		cmp -s "$file" "$want/$1/${file##*/}" || echo old | cmp -s - "$file" ||
			{ [ "${file##*/}" = state ] && cmp -s "$file" "$in/a.ntk"; } ||
			{ echo "$1: ${file##*/} is neither what it should be nor what it was"; ls -l "$out"; return 1; }
	done
}

# each WHICH FUNCTION: FUNCTION NAME COMMAND for every small run, until one fails. For `make check`
# $slice has the names of the few that are enough there.
each() {
	small_runs "$1" >"$work/runs"
	[ "$n_torture" -gt 1 ] || sed -En -i "/^($slice)	/p" "$work/runs"
	while IFS='	' read -r name command <&8; do
		"$2" "$name" "$command" || return 1
	done 8<"$work/runs"
}

# traced COMMAND OPTION...: the run under strace, its calls that concern files in $work/st
traced() {
	command=$1
	shift
	# (exec: what this shell says of a signal is not to be in $said)
	(exec strace -f -y -qq -o "$work/st" -e signal=none -e trace=openat,write,pwrite64,fsync,ftruncate,mkdir,rename,symlink,close \
		"$@" sh -c "exec $command" 2>"$said")
}

# output_calls NAME COMMAND: lines of CALL NUMBER for what an output depends on: the number among
# the calls of that name in its thread, as strace's when= counts them.
output_calls() {
	fresh "$1"
	traced "$2" || return 1
	awk '
	{ call = substr($2, 1, index($2, "(") - 1); n = ++count[$1 " " call] }
	call == "openat" {
		split($0, part, " = ")
		writes[part[2] + 0] = /O_WRONLY/
		if (!/O_WRONLY|O_RDWR|O_DIRECTORY/) next
	}
	/\((0|2)</ || (call == "close" && !writes[substr($2, 7) + 0]) { next }
	{ print call, n }' "$work/st" | sort -u
}
