#!/bin/sh
# SPDX-License-Identifier: MIT
# From books to a sample, in one run of a few minutes.
#
#   make demo                       Jane Austen's novels, from a Debian package
#   make demo CORPUS='a.txt b.zst'  your own text: any files or folders nt-cat reads
#   make demo TIME=20m              a longer run, a larger model
#
# Without a network it says so and takes text that every Debian has.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${DEMO_OUT:-build/demo}
time=${TIME:-4m}
mkdir -p "$out/data"
began=$(date +%s)
step() { printf '\n== %s (%d s)\n' "$1" $(($(date +%s) - began)); }
show() {
	printf '$ %s\n' "$*"
	"$@"
}

# What a compressor makes of the held-out text: alone, and behind the text that the model was
# trained on (16 MB of it at most), where it is charged with what that text makes longer.
beside() { # beside NAME COMMAND...: the command packs standard input
	name=$1
	shift
	bytes=$(wc -c <"$out/val.txt")
	before=$(head -c -"$bytes" "$out/both.txt" | "$@" | wc -c)
	alone=$("$@" <"$out/val.txt" | wc -c)
	both=$("$@" <"$out/both.txt" | wc -c)
	awk -v n="$name" -v b="$bytes" -v a="$alone" -v d=$((both - before)) \
		'BEGIN { printf "%-22s %10.3f %24.3f\n", n, 8 * a / b, 8 * d / b }'
}
ppmd() {
	rm -f "$out/ppmd.7z"
	7z a -bso0 -bsp0 -si -m0=PPMd:o=6:mem=256m "$out/ppmd.7z"
	cat "$out/ppmd.7z"
}

step 'the corpus'
if [ $# -gt 0 ]; then
	nt-cat "$@" >"$out/corpus"
elif [ -s "$out/austen.nul" ]; then
	cp "$out/austen.nul" "$out/corpus"
elif sh "$here/austen.sh" --chapters >"$out/austen.nul"; then
	cp "$out/austen.nul" "$out/corpus"
else
	rm -f "$out/austen.nul"
	echo 'No network or no package: going on with the licences, documentation and manual pages of this system.'
	sh "$here/fallback.sh" >"$out/corpus"
fi
# Standard input, so that NULs are seen as what they are: the ends of documents.
ls -l "$out/corpus" | awk '{ print $5 " bytes of text" }'

step 'text to training data'
echo '$ nt-cat | nt-tokenize | nt-dedup | nt-shuffle | nt-pack --holdout=0.05:val.bin > train.bin'
nt-cat <"$out/corpus" | nt-tokenize | nt-dedup | nt-shuffle |
	nt-pack --holdout="0.05:$out/val.bin" >"$out/train.bin"
show nt-info "$out/train.bin"

# The text that is trained on has words of its own, which a token each makes shorter. Those of the
# held-out text are not looked at: a compressor does not know them either.
step 'a vocabulary of the training text, and the same data in its tokens'
echo '$ nt-tokenize -d train.bin | nt-vocab -0 -n 8192 > tokenizer.json'
nt-tokenize -d "$out/train.bin" | nt-vocab -0 -n 8192 -o "$out/tokenizer.json"
for part in train val; do
	echo "\$ nt-tokenize -d $part.bin | nt-tokenize -0 -t tokenizer.json | nt-pack > data/$part.bin"
	nt-tokenize -d "$out/$part.bin" | nt-tokenize -0 -t "$out/tokenizer.json" |
		nt-pack -f -o "$out/data/$part.bin"
done

# Whole documents are held out; of a handful none may be, and nt-train then finds its own.
val=--val=$out/data/val.bin
if nt-info "$out/val.bin" | grep -q '^documents *0$'; then
	val=
fi

step "training for $time"
rm -rf "$out/ckpt"
# The text is read several times over: weights that decay faster learn less of it by heart.
show nt-train --time="$time" --weight-decay=0.4 $val -o "$out/ckpt" "$out/data/train.bin"

if [ -n "$val" ]; then
	step 'the held-out text: this model beside compressors'
	show nt-score --total "$out/ckpt" "$out/data/val.bin"
	nt-tokenize -q -d "$out/val.bin" >"$out/val.txt"
	nt-tokenize -q -d "$out/train.bin" | tail -c 16000000 | cat - "$out/val.txt" >"$out/both.txt"
	printf '%-22s %10s %24s\n' 'bits/byte' 'by itself' 'behind the training text'
	beside 'xz -9e' xz -9ec
	if command -v 7z >/dev/null; then # Debian's p7zip-full
		beside 'PPMd, order 6 (7z)' ppmd
	fi
fi

step 'the loss of a sentence, token by token'
echo '$ echo "The weather in London is bad" | nt-score ckpt'
echo 'The weather in London is bad' | nt-score "$out/ckpt"

step 'a sample'
echo "$ nt-sample $out/ckpt -n 200 -p 'It was a'"
nt-sample "$out/ckpt" -n 200 -p 'It was a'
printf '\n'
step "done: the model is $out/ckpt; try  build/bin/nt-sample $out/ckpt -p 'My dear'"
