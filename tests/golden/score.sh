#!/bin/sh
# SPDX-License-Identifier: MIT
# nt-score and nt-sample on the reference models: losses line by line, greedy texts.
. "$(dirname "$0")/../lib.sh"

golden=$shared/data/golden

# The ids of a reference sequence: the first input, then every target.
ids() { awk '/^[0-9]/ { if (!n++) printf "%s", $2; printf " %s", $3 } END { print "" }' "$1"; }

# Its lines as position, input, target, loss, running sum, prediction; and ours.
want() { awk '/^[0-9]/ { print $1, $2, $3, $4, $5, $6 }' "$1"; }
got() { awk -F'\t' 'NR > 1 { print $2, $3, $5, $7, $8, $10 }'; }

same() { # same GOT WANT: numbers within 1e-5, and as many lines
	paste -d' ' "$1" "$2" | awk '
		function off(a, b) { return a > b ? a - b : b - a }
		$1 != $7 || $2 != $8 || $3 != $9 || $6 != $12 || off($4, $10) > 1e-5 || off($5, $11) > 1e-5 {
			print "differs: " $0; bad = 1
		}
		END { exit bad || NR == 0 }'
}

reference() { # reference FAMILY WEIGHTS
	for s in 0 1; do
		file=$golden/$1/seq${s}_nll.tsv
		ids "$file" | nt-score -q --ids --tsv "$golden/$1$2" | got >got
		want "$file" >want
		same got want
	done
}

total() { # total FAMILY SUM
	{ ids "$golden/$1/seq0_nll.tsv"; ids "$golden/$1/seq1_nll.tsv"; } >ids
	nt-score -q --ids --total --tsv "$golden/$1" ids >sums
	awk -v want="$2" 'NR == 2 { d = $1 - want; good = d < 1e-4 && d > -1e-4 && $6 == 26 }
		END { exit !good }' sums
}

greedy() { # greedy FAMILY IDS
	[ "$(nt-sample -q --ids --greedy --ignore-eos -n 15 -p 1 "$golden/$1")" = "$2" ]
}

if [ -n "$shared" ] && [ -d "$golden/gpt2" ]; then
	t 'the losses of the gpt2 reference come out line by line' 'reference gpt2 ""'
	t 'the losses of the llama reference come out line by line' 'reference llama ""'
	t 'the files of single precision give the same' '
		reference gpt2 /model.f32.safetensors; reference llama /model.f32.safetensors'
	t 'every instruction set gives the same' '
		for isa in ref avx2 avx512 neon; do
			NT_ISA=$isa reference gpt2 ""; NT_ISA=$isa reference llama ""
		done'
	t 'the sums over both sequences are the references'"'"'' '
		total gpt2 128.143884; total llama 126.127254'
	t 'greedy texts are the references'"'"'' '
		greedy gpt2 "1 11 1 1 1 1 61 61 61 53 61 53 61 11 1 11"
		greedy llama "1 2 37 16 16 16 16 61 16 16 16 16 16 16 16 16"'
else
	skip 'nt-score agrees with the references' 'no reference models here'
fi
done_testing
