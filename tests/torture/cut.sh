#!/bin/sh
# SPDX-License-Identifier: MIT
# A prefix is never taken for a whole, and a flipped bit never for what was written: files of
# every format are cut, and damaged, at borders of their parts and at random places.
#
# Text and lists of ids have no end that could be missing. Lines of a .tiktoken file, members of a
# tar or a WARC, and events of a log could have been all there are: behind one of them a cut is not
# refused, and what is read then is what was whole.
. "$(dirname "$0")/../small.sh"
make_inputs
n_cut=$([ "$n_torture" = 1 ] && echo 4 || echo 500)
n_flip=$n_cut

(
	set -e
	cd "$in"
	for how in zstd:zst xz:xz bzip2:bz2 lz4:lz4; do ${how%:*} -qkc a.txt >a.txt.${how#*:}; done
	zip -q c.zip a.txt b.jsonl
	7z a -bd c.7z a.txt b.jsonl >/dev/null
	nt-export -q -o model.gguf ckpt
	nt-pack -q --format olmo -o olmo a.nts
	nt-pack -q --format datatrove -o trove a.nts
	nt-pack -q --format llmc -o llmc a.nts
	nt-cat -q --manifest manifest a.txt >text
	nt-vocab -q --convert --format tiktoken -o t.tiktoken tok.json
	for i in 1 2 3 4 5 6; do
		head -n $((i * 9)) a.txt >m$i.txt
		printf "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:$i>\r\nContent-Type: text/plain\r\nContent-Length: $(wc -c <m$i.txt)\r\n\r\n"
		cat m$i.txt; printf "\r\n\r\n"
	done >m.warc
	tar -cf m.tar m?.txt
	cp -R ckpt state
	# a JSON text is whole without the end of its last line
	for file in tok.json manifest ckpt/config.json ckpt/tokenizer.json; do printf %s "$(cat $file)" >whole.json; cat whole.json >$file; done
) || exit 1

# places FILE N: of cuts: behind every 64th byte, where parts of our formats begin, N of them and
# the last three, and N random ones
places() {
	size=$(wc -c <"$1")
	awk -v size="$size" -v n="$2" 'BEGIN {
		srand(size); border = int((size - 1) / 64)
		for (i = 1; i <= border; i++) if (border <= n || i > border - 3 || rand() < n / border) print 64 * i
		for (i = 0; i < n; i++) print 1 + int(rand() * (size - 1))
		for (i = 1; i <= 8; i += 3) print i
		print size - 1 }' | sort -rnu
}

# refused FILE STATUS COMMAND [N]: COMMAND reads "$cut", FILE cut anywhere, and exits with STATUS
refused() {
	cp "$in/$1" "$cut" && eval "$3" >/dev/null 2>"$said" || { echo "$1, whole: $(cat "$said")"; return 1; }
	places "$in/$1" "${4:-$n_cut}" >"$work/at"
	while read -r at <&7; do
		truncate -s "$at" "$cut"
		eval "$3" >/dev/null 2>"$said" && got=0 || got=$?
		[ "$got" = "$2" ] && [ "$(grep -c "" "$said")" = 1 ] ||
			{ echo "$1 cut at $at of $(wc -c <"$in/$1"): $got, not $2: $3: $(cat "$said")"; return 1; }
		n_refused=$((n_refused + 1))
	done 7<"$work/at"
}

# whole_parts FILE COMMAND: "$cut" is refused, or what COMMAND writes of it stands in $work/parts among the
# outputs of the first parts of the whole. (Status 1: a log that has no loss yet.)
whole_parts() {
	places "$in/$1" "$n_cut" >"$work/at"
	cp "$in/$1" "$cut"
	while read -r at <&7; do
		truncate -s "$at" "$cut"
		eval "$2" >"$work/got" 2>"$said" && got=0 || got=$?
		case $got in
		1 | 3) [ "$(grep -c "" "$said")" = 1 ] && n_refused=$((n_refused + 1)) ;;
		0) cmp -s "$work/got" "$work/parts/$(md5sum <"$work/got" | cut -c1-32)" && n_part=$((n_part + 1)) ;;
		*) false ;;
		esac || { echo "$1 cut at $at of $(wc -c <"$in/$1"): $got: $2: $(cat "$said")"; return 1; }
	done 7<"$work/at"
}
keep() { md5=$(tee "$work/part" | md5sum | cut -c1-32) && cp "$work/part" "$work/parts/$md5"; }

# damaged FILE COMMAND: what COMMAND writes of FILE with one bit of "$cut" flipped is a part of
# what it writes of the whole file, and all of it only if it exits with 0; and --verify finds it
damaged() {
	cp "$in/$1" "$cut"
	eval "$2" >"$work/good" 2>"$said" || { echo "$1, whole: $(cat "$said")"; return 1; }
	size=$(wc -c <"$cut")
	for at in $(awk -v size="$size" -v n="$n_flip" 'BEGIN { srand(n); for (i = 0; i < n; i++) print int(rand() * size); print 0; print size - 1 }'); do
		byte=$(od -An -tu1 -j"$at" -N1 "$in/$1")
		put "$at" $((byte ^ (1 << (at % 8))))
		eval "$2" >"$work/got" 2>"$said" && got=0 || got=$?
		case $got in 0) cmp -s "$work/got" "$work/good" ;; 1 | 3) cmp -s -n "$(wc -c <"$work/got")" "$work/got" "$work/good" ;; *) false ;; esac ||
			{ echo "$1 with bit $((at % 8)) of byte $at flipped: $got: $(cat "$said")"; return 1; }
		nt-info -q --verify "${3:-$cut}" >/dev/null 2>"$said" && got=0 || got=$?
		case $got in 1 | 3) ;; *) echo "$1 with bit $((at % 8)) of byte $at flipped: --verify: $got"; return 1 ;; esac
		put "$at" "$byte"
		n_found=$((n_found + 1))
	done
}
put() { printf "$(printf '\\%03o' "$2")" | dd of="$cut" bs=1 seek="$1" conv=notrunc 2>/dev/null; }

t 'a stream, a data file or a state that is cut is refused by all that read it' '
	cut=$work/cut n_refused=0
	for reader in "nt-info" "nt-dedup" "nt-shuffle" "nt-pack" "nt-tokenize -d"; do refused a.nts 3 "$reader -q \$cut"; done
	refused a.nts 3 "nt-tokenize -q -d \$cut" 200 # at all borders, also without time
	for file in a.ntd rows.ntd; do
		for reader in "nt-info" "nt-tokenize -d" "nt-pack" "nt-train $shape -o $work/no --restart --max-steps=1"; do refused $file 3 "$reader -q \$cut"; done
	done
	refused a.ntk 3 "cp \$cut $work/s && nt-dedup -q --by=document --state $work/s $in/a.nts"
	refused a.ntc 3 "nt-vocab -q -n 300 \$cut"
	refused manifest 3 "cp \$cut $work/m && nt-tokenize -q --manifest $work/m $in/text"
	echo "$n_refused"'

t 'a compressed file or an archive that is cut is refused' '
	n_refused=0
	for end in gz zst xz bz2 lz4; do cut=$work/cut.txt.$end; refused a.txt.$end 3 "nt-cat -q \$cut"; done
	for end in zip 7z; do cut=$work/cut.$end; refused c.$end 3 "nt-cat -q \$cut"; done'

t 'a vocabulary or a model that is cut is refused' '
	cut=$work/cut.json n_refused=0
	refused tok.json 3 "nt-tokenize -q -t \$cut $in/a.txt"
	cut=$work/cut.safetensors
	refused ckpt/latest/model.safetensors 3 "nt-info -q \$cut"
	cut=$work/cut.gguf
	refused model.gguf 3 "nt-info -q \$cut"
	cp -RL "$in/ckpt" "$work/tree"
	for file in config.json model.safetensors tokenizer.json; do
		cut=$work/tree/$file
		refused ckpt/$file 3 "nt-score -q --total $work/tree $in/a.txt"
		cp "$in/ckpt/$file" "$cut"
	done'

t 'a state of training that is cut is refused' '
	n_refused=0
	for file in trainer.json trainer.safetensors; do
		rm -rf "$work/tree"; cp -R "$in/state" "$work/tree"
		cut=$work/tree/step-000002/$file
		refused state/step-000002/$file 3 "nt-train -q -j1 $shape --max-steps=2 -o $work/tree $in/a.ntd"
	done'

t 'a vocabulary in lines, an archive and a log are refused, or are what is whole of them' '
	n_refused=0 n_part=0; mkdir -p "$work/parts"
	for kind in tar warc; do
		for n in 0 1 2 3 4 5 6; do # members
			nt-cat -q --split=none /dev/null $(seq -f "$in/m%g.txt" $n) | keep
		done
		cut=$work/cut.$kind; whole_parts m.$kind "nt-cat -q --split=none \$cut"
	done
	lines=$(wc -l <"$in/t.tiktoken")
	for n in $(seq 256 $lines); do
		head -n $n "$in/t.tiktoken" >"$work/v.tiktoken"
		nt-tokenize -q --ids --pattern gpt2 -t "$work/v.tiktoken" "$in/a.txt" | keep
	done
	cut=$work/cut.tiktoken; whole_parts t.tiktoken "nt-tokenize -q --ids --pattern gpt2 -t \$cut $in/a.txt"
	for n in $(seq $(wc -l <"$in/ckpt/log.jsonl")); do
		head -n $n "$in/ckpt/log.jsonl" >"$work/cut.jsonl"
		nt-report -q --terminal "$work/cut.jsonl" | keep
	done
	cut=$work/cut.jsonl; whole_parts ckpt/log.jsonl "nt-report -q --terminal \$cut"
	echo "$n_refused refused, $n_part of whole parts"
	[ $n_refused -gt 4 ]; [ $n_part -gt 0 ]'

t 'a file of another trainer that says how long it is, is refused when it is shorter' '
	n_refused=0
	for file in meg.bin meg.idx; do
		cp "$in/meg.bin" "$work/f.bin"; cp "$in/meg.idx" "$work/f.idx"
		cut=$work/f.${file#*.}; refused $file 3 "nt-pack -q --from megatron -t bytes $work/f"
	done
	for file in trove.ds trove.ds.index; do
		cp "$in/trove.ds" "$work/f.ds"; cp "$in/trove.ds.index" "$work/f.ds.index"; cp "$in/trove.ds.metadata" "$work/f.ds.metadata"
		cut=$work/f.${file#*.}; refused $file 3 "nt-pack -q --from datatrove -t bytes $work/f.ds"
	done
	for file in olmo.npy olmo.csv.gz; do
		cp "$in/olmo.npy" "$work/f.npy"; cp "$in/olmo.csv.gz" "$work/f.csv.gz"
		cut=$work/f.${file#*.}; refused $file 3 "nt-pack -q --from olmo -t bytes $work/f.npy"
	done
	cut=$work/f_000000.bin; refused llmc_000000.bin 3 "nt-pack -q --from llmc -t bytes \$cut"'

t 'a flipped bit is found by --verify, and by the reader before it uses what is damaged' '
	cut=$work/cut n_found=0
	damaged a.nts "nt-tokenize -q -d \$cut"
	damaged a.ntd "nt-tokenize -q -d \$cut"
	damaged rows.ntd "nt-tokenize -q -d \$cut"
	rm -rf "$work/tree"; cp -R "$in/ckpt" "$work/tree"
	for file in model.safetensors config.json generation_config.json tokenizer.json tokenizer_config.json trainer.safetensors trainer.json; do
		cut=$work/tree/step-000002/$file
		damaged ckpt/step-000002/$file : "$work/tree"
		cp "$in/ckpt/latest/$file" "$cut"
	done
	echo "$n_found"'

done_testing
