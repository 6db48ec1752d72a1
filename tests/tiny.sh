# SPDX-License-Identifier: MIT
# tiny.sh - a text of a page as data, and runs of a tiny model on it, for tests of training
#
#	. "$(dirname "$0")/../tiny.sh"
#	t '...' 'train --max-steps=2 "$data/data.bin"'
. "$(dirname "$0")/../lib.sh"

data=$work/data
mkdir "$data"
awk 'BEGIN { for (i = 0; i < 120; i++) { for (k = 0; k < 12; k++)
	printf "%s ", substr("the cat sat on a mat and saw the rat", 1 + (i * 7 + k * 5) % 30, 6);
	printf "\n" } }' >"$data/text"
nt-tokenize -q -t bytes --split=line "$data/text" >"$data/stream"
nt-pack -q -o "$data/data.bin" <"$data/stream"
nt-pack -q --seq-len=65 -o "$data/rows.bin" <"$data/stream"
head -n 60 "$data/text" | nt-tokenize -q -t bytes --split=line | nt-pack -q -o "$data/other.bin"
export data

tiny='--hidden-size=16 --num-hidden-layers=1 --num-attention-heads=2 --seq-len=32 --batch-size=2 --learning-rate=0.01'
export tiny
train() { nt-train $tiny "$@"; }
checksum() { cksum <"$1"; }
wait_for() { # wait_for WORDS: until the log says them
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25; do
		[ -s ckpt/log.jsonl ] && grep -q "$1" ckpt/log.jsonl && return
		sleep 0.2
	done
}
