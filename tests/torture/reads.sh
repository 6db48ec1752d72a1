#!/bin/sh
# SPDX-License-Identifier: MIT
# A read that fails is never the end of a file, and one that is short or interrupted is gone on
# with: small runs, each of whose reads of its inputs fails once, or all of which are
# interrupted first, or bring one byte.
. "$(dirname "$0")/../small.sh"
make_inputs
slice='tokenize|dedup|foreign|total'

# reading COMMAND OPTION...: the run under strace, which looks only at what is read
reading() {
	command=$1
	shift
	(exec strace -f -y -qq -o "$work/st" -e signal=none -e trace=read,pread64,mmap "$@" sh -c "exec $command" 2>"$said")
}

# input_reads NAME COMMAND: what is read of $in, or of $out to go on from it: lines of CALL NUMBER, counted as strace's when= does
input_reads() {
	fresh "$1"
	reading "$2" || return 1
	awk -v in_="<$in" -v out="<$out/" '
	{ call = substr($2, 1, index($2, "(") - 1); n = ++count[$1 " " call] }
	index($0, in_) || index($0, out) { print call, n }' "$work/st" | sort -u
}

failing() { # failing NAME COMMAND: each fails
	undisturbed "$1" "$2" && input_reads "$1" "$2" >"$work/at" || return 1
	while read -r call n <&7; do
		fresh "$1" old
		error=EIO else=
		[ "$call" != mmap ] || error=ENODEV else=0 # it may be read instead
		reading "$2" -e inject="$call:error=$error:when=$n" && got=0 || got=$?
		grep INJECTED "$work/st" | grep -q "<$in\|<$out/" || continue # another thread's
		verdict "$1" "$got" 4 $else || { echo "$call $n"; grep INJECTED "$work/st"; return 1; }
		n_failed_read=$((n_failed_read + 1))
	done 7<"$work/at"
}

interrupted() { # interrupted NAME COMMAND: every second read is, from the first of an input on
	undisturbed "$1" "$2" || return 1
	fresh "$1"
	# of these files only: a library that is loaded is not ours to read
	reading "$2" $(find "$in" "$out" -type f | sed 's/^/-P /') -e inject=read,pread64:error=EINTR:when=1+2 && got=0 || got=$?
	grep -q INJECTED "$work/st" || return 0
	verdict "$1" "$got" 0 || return 1
	n_failed_read=$((n_failed_read + 1))
}

written() { # written NAME COMMAND: the same of what it writes
	undisturbed "$1" "$2" || return 1
	fresh "$1"
	traced "$2" -e inject=write:error=EINTR:when=1+2 && got=0 || got=$?
	verdict "$1" "$got" 0 || return 1
	n_failed_read=$((n_failed_read + 1))
}

t 'each read or mapping of an input fails once: exit 4 and one line' '
	n_failed_read=0; each all failing; echo "$n_failed_read failed"; [ "$n_failed_read" -ge 4 ]'
t 'reads of an input that are interrupted are done again' '
	n_failed_read=0; each all interrupted; echo "$n_failed_read runs"; [ "$n_failed_read" -ge 2 ]'
t 'writes that are interrupted are done again' '
	n_failed_read=0; each output written; echo "$n_failed_read runs"; [ "$n_failed_read" -ge 2 ]'

t 'a pipe that brings one byte at a time brings the same' '
	for run in "a.txt|nt-cat" "a.txt|nt-filter --rules none" "b.jsonl|nt-tokenize" "a.nts|nt-dedup" "a.nts|nt-shuffle" \
		"a.nts|nt-pack" "a.nts|nt-tokenize -d" "a.txt|nt-score --tsv $in/ckpt -" "a.ids|nt-pack --ids -t bytes" "a.txt.gz|nt-cat" "c.tar|nt-cat"; do
		head -c 3000 "$in/${run%%|*}" >part
		[ "${run%%|*}" != a.txt ] && cat "$in/${run%%|*}" >part || :
		${run#*|} -q <part >want
		dd bs=1 if=part 2>/dev/null | ${run#*|} -q >got
		cmp got want
	done'

t 'a mapped file that becomes shorter ends the run with exit 4 and one line' '
	# 64 MB: the pages behind the first are not there yet when it is cut
	awk "BEGIN { for (i = 0; i < 400000; i++) printf \"%d one two three four five six seven eight nine ten\n\", i }" |
		nt-tokenize -q -t bytes --split=line | nt-pack -q -o long.ntd
	mkfifo out
	nt-tokenize -q -d long.ntd >out 2>err & reader=$!
	exec 9<out; head -c 1 <&9 >/dev/null # it is open, and being read
	truncate -s 8192 long.ntd
	cat <&9 >/dev/null
	got=0; wait "$reader" || got=$?
	exec 9<&-
	cat err; [ "$got" = 4 ]; [ "$(grep -c "" err)" = 1 ]; grep "became shorter" err'

done_testing
