#!/bin/sh
# SPDX-License-Identifier: MIT
# What the system refuses while an output is written is noticed: every call of every small run
# that makes, writes, syncs, closes or renames a file or folder fails once (strace), and disks are full and
# limits met at every place. Exit 4 and one line; outputs are complete or as they were.
. "$(dirname "$0")/../small.sh"

# A disk of 64 KB is made in a mount namespace of this script's own.
if [ -z "$NT_UNSHARED" ] && unshare -rm true 2>/dev/null; then
	NT_UNSHARED=1 exec unshare -rm sh "$0"
fi
make_inputs
slice='state|pack'

# refused NAME COMMAND: each of these calls fails
refused() {
	undisturbed "$1" "$2" || return 1
	output_calls "$1" "$2" >"$work/at" || return 1
	while read -r call n <&7; do
		fresh "$1" old
		traced "$2" -e inject=$call:error=EIO:when="$n" && got=0 || got=$?
		# the same number of another thread may be a call that matters to nobody
		grep INJECTED "$work/st" | grep -v '[(]2<' | grep -q "$out\|deleted\|TMPFILE" || continue
		# a file without a name is a wish: one whose name is removed at once will do
		grep INJECTED "$work/st" | grep -q O_TMPFILE && wished=0 || wished=
		verdict "$1" "$got" 4 $wished || { echo "$call $n"; grep INJECTED "$work/st"; return 1; }
		n_refused=$((n_refused + 1))
	done 7<"$work/at"
}

# sizes NAME: of the files that it writes
sizes() { find "$want/$1" -type f -printf '%s\n' | sort -nu; }

limited() { # limited NAME COMMAND: no file may be larger than ...
	undisturbed "$1" "$2" || return 1
	for size in $(sizes "$1"); do
		for limit in $((size / 2)) $((size - 1)); do
			[ "$limit" -ge 512 ] || continue # the message needs a file, too
			fresh "$1" old
			eval "prlimit --fsize=$limit $2" 2>"$said" && got=0 || got=$?
			verdict "$1" "$got" 4 || { echo "limit $limit"; return 1; }
			n_refused=$((n_refused + 1))
		done
	done
}

filled() { # filled NAME COMMAND: a disk of 64 KB beside what is there, with ever more room, until it is enough
	mkdir -p "$work/disk"
	umount "$work/disk" 2>/dev/null
	out=$work/here
	undisturbed "$1" "$2" || return 1
	fresh "$1"
	mount -t tmpfs -o size=$((64 + $(du -sk "$out" | cut -f1)))k none "$work/disk" || return 1
	out=$work/disk/out got=4
	for left in 0 1 2 3 4 5 6 8 10 12 14; do
		rm -f "$work/disk/filler"
		fresh "$1"
		head -c $(((16 - left) * 4096)) /dev/zero >"$work/disk/filler" 2>/dev/null || :
		eval "$2" 2>"$said" && got=0 || got=$?
		verdict "$1" "$got" 0 4 || { echo "$left pages left"; return 1; }
		[ "$got" = 4 ] || break
		n_refused=$((n_refused + 1))
	done
	umount "$work/disk"
}

full() { # full NAME COMMAND: each file that an option names is /dev/full
	undisturbed "$1" "$2" || return 1
	for file in "$want/$1"/*; do
		file=${file##*/}
		case $2 in *"\$out/$file"*) ;; *) continue ;; esac
		case $file in manifest | state | ckpt) continue ;; esac # are read first, and refused as what they are not
		command=$(echo "$2" | sed "s|\$out/$file|/dev/full|")
		fresh "$1"
		eval "$command" 2>"$said" && got=0 || got=$?
		verdict "$1" "$got" 4 || return 1
		command=$(echo "$2" | sed "s|-o \$out/$file|>/dev/full|")
		eval "$command" 2>"$said" && got=0 || got=$?
		[ "$command" = "$2" ] || verdict "$1" "$got" 4 || return 1
		n_refused=$((n_refused + 1))
	done
}

t 'every call that an output depends on fails once: exit 4 and one line' '
	n_refused=0; each output refused; echo "$n_refused refusals"; [ "$n_refused" -ge 3 ]'

t 'a file-size limit below an output: exit 4 and one line' '
	n_refused=0; each output limited; echo "$n_refused refusals"; [ "$n_refused" -ge 3 ]'

t '/dev/full as any output: exit 4 and one line' '
	n_refused=0; each all full; echo "$n_refused refusals"; [ "$n_refused" -ge 3 ]'

if [ -n "$NT_UNSHARED" ]; then
	t 'a disk that is full at any place: exit 4 and one line' '
		n_refused=0; each output filled; echo "$n_refused refusals"; [ "$n_refused" -ge 3 ]'
else
	skip 'a disk that is full at any place: exit 4 and one line' 'this system lets nobody mount a small one'
fi

done_testing
