#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-model: generating and scoring, tokens a second and the time to the first byte, beside
# llama.cpp with weights of the same precision, and PyTorch where it is installed.
#
#	MODELS='gpt2 15m'         of GPT-2 124M, and Llamas of 15M and 42M; weights are random
#	DTYPES='f32 bf16 q8_0 q4_0'
#	WHAT='decode:0:96 decode:864:64 prompt:512 score:512:4 batch:32:24 first'
#	                          as llamacpp.py has it
#	RUNS=5                    turns, of which medians are shown; programs take turns
#	THREADS=2                 ours, and the most of others'
#	LLAMACPP=FOLDER           libllama and ggml built here, instead of npm's node-llama-cpp
#	NO_TORCH=1                leave PyTorch out, which takes long
#	BUSY=1                    on a machine that others use: everyone on one thread, and processor time
#	                          counts; ours are then two runs of different lengths, one less the other
#
# llama.cpp is given the best of its settings, one thread or all, attention fused (f) or not, found
# for each row by a run of each. Of it llama_decode alone is timed; ours are what nt-sample and
# nt-score say of whole runs, tokens drawn and written and losses summed; the first byte is that of
# nt-sample's output since it was started, and for llama.cpp the first logits since its library was
# opened. PyTorch has one thread or all, whichever is faster, and no blocks of 8 or 4 bits.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tests/bench
shared=${NT_SHARED-$root/../shared}
[ -d "$shared/data" ] || shared=
. "$root/tests/clients.sh"
: "${PYTHON:=/usr/bin/python3}" "${RUNS:=5}" "${THREADS:=$(nproc)}" "${MODELS:=gpt2 15m}" "${DTYPES:=f32 bf16 q8_0 q4_0}"
: "${WHAT:=decode:0:96 decode:864:64 prompt:512 score:512:4 batch:32:24 first}" "${LLAMACPP:=}" "${NO_TORCH:=}"
[ -z "${BUSY:=}" ] || THREADS=1 WHAT=${WHAT% first}
export BUSY
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

if [ -z "$LLAMACPP" ] && llama_install; then
	LLAMACPP=$(dirname "$ggml")
fi
[ -n "$LLAMACPP" ] || echo 'llama.cpp is not here: npm cannot install node-llama-cpp'
ranks=$(clients_install && vocabulary r50k_base) || { LLAMACPP= && echo 'a vocabulary for llama.cpp is not here'; }
"$PYTHON" -c 'import torch' 2>/dev/null || NO_TORCH=1

# --- models ----------------------------------------------------------------------------

shape_of() { # shape_of MODEL: LAYERS WIDTH HEADS FEED-FORWARD VOCAB POSITIONS
	case $1 in
	gpt2) echo 12 768 12 3072 50257 1024 ;;
	15m) echo 6 288 6 768 32000 1024 ;;
	42m) echo 8 512 8 1376 32000 1024 ;;
	*) echo "no model '$1'" >&2 && exit 2 ;;
	esac
}
# The first entries of GPT-2's vocabulary, for llama.cpp: it opens no file without one.
tokenizer() { # tokenizer MODEL: a tokenizer.json of as many entries as the model has
	case $1 in
	gpt2) nt-vocab -q --convert "$ranks" ;;
	*) head -31998 "$ranks" >"$work/ranks.tiktoken" && nt-vocab -q --convert --pattern gpt2 "$work/ranks.tiktoken" ;;
	esac
}
# A bf16 checkpoint is its own; blocks of 8 and 4 bits are made of f32, as people have them made.
make_model() { # make_model MODEL DTYPE: $ckpt, $gguf
	case $1 in gpt2) family=gpt2 ;; *) family=llama ;; esac
	case $2 in bf16) stored=bf16 ;; *) stored=f32 ;; esac
	ckpt=$work/$1-$stored gguf=$work/$1-$2.gguf
	[ -d "$ckpt" ] || "$PYTHON" "$here/random_model.py" $family "$ckpt" $stored $(shape_of "$1")
	if [ -n "$LLAMACPP" ]; then
		[ -f "$work/$1.json" ] || tokenizer "$1" >"$work/$1.json"
		nt-export -q -t "$work/$1.json" --dtype "$2" "$ckpt" -o "$gguf"
	fi
}

# --- programs: each prints one number ------------------------------------------------------

llamacpp() { # llamacpp WHAT SETTING
	"$PYTHON" "$here/llamacpp.py" "$LLAMACPP" "$gguf" "$2" "$1"
}
# glibc gives pages back after each step unless told otherwise
torch() { # torch WHAT THREADS
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 "$PYTHON" "$here/generate.py" $family "$dtype" $(shape_of "$model") "$2" "$1"
}

ids() { # ids N: any token ids
	awk -v n="$1" -v seed="$1" 'BEGIN { srand(seed); while (n-- > 0) printf "%d ", rand() * 30000 }' | sed 's/ $//'
}
# "12 prompt tokens at 1600 tokens/s, 64 generated at 80 tokens/s" is on standard error
sample() { # sample OPTION...
	nt-sample -j "$THREADS" --ids --greedy --ignore-eos --dtype "$dtype" "$@" "$ckpt" 2>&1 >"$work/text"
}
ours() { # ours WHAT
	(
		what=$1
		IFS=:
		set -- $1
		IFS=' 	
'
		case $what in
		decode:*) sample -n "$3" -p "$(ids $(($2 + 1)))" | sed -n 's/.* generated at \([0-9.]*\) .*/\1/p' ;;
		prompt:*) sample -n 1 -p "$(ids "$2")" | sed -n 's/.*prompt tokens at \([0-9.]*\) .*/\1/p' ;;
		batch:*)
			yes "$(ids 1)" | head -"$2" | sample -n "$3" --lines --batch "$2" | sed -n 's/.* generated at \([0-9.]*\) .*/\1/p'
			;;
		score:*)
			for i in $(seq "$3"); do ids $(($2 + 1)) && echo; done |
				nt-score -j "$THREADS" --ids --total --dtype "$dtype" "$ckpt" 2>&1 >"$work/text" | sed -n 's/.*, \([0-9.]*\) targets.s$/\1/p'
			;;
		first) "$PYTHON" "$here/cost.py" first nt-sample -q -j "$THREADS" --ids --dtype "$dtype" -n 8 -p 7 "$ckpt" ;;
		esac
	)
}

cpu() { "$PYTHON" "$here/cost.py" cpu "$@"; }
cpu_sample() { cpu nt-sample -q -j 1 --ids --greedy --ignore-eos --dtype "$dtype" "$@" "$ckpt"; }
cpu_batch() { yes "$(ids 1)" | head -"$1" | cpu_sample -n "$2" --lines --batch "$1"; }
cpu_prompts() { yes "$(ids "$2")" | head -"$1" | cpu_sample -n 1 --lines --batch 1; }
cpu_score() { # cpu_score LINES LENGTH
	for i in $(seq "$1"); do ids "$2" && echo; done >"$work/ids"
	cpu nt-score -q -j 1 --ids --total --dtype "$dtype" "$ckpt" "$work/ids"
}
busy() { # busy WHAT: tokens for each second that they made the run longer
	(
		what=$1
		IFS=:
		set -- $1
		IFS=' 	
'
		case $what in
		decode:*) echo "$3 $(cpu_sample -n 1 -p "$(ids $(($2 + 1)))") $(cpu_sample -n $(($3 + 1)) -p "$(ids $(($2 + 1)))")" ;;
		prompt:*) echo "$((8 * $2)) $(cpu_prompts 1 "$2") $(cpu_prompts 9 "$2")" ;;
		batch:*) echo "$(($2 * $3)) $(cpu_batch "$2" 1) $(cpu_batch "$2" $(($3 + 1)))" ;;
		score:*) echo "$((8 * $2)) $(cpu_score 1 $(($2 + 1))) $(cpu_score 9 $(($2 + 1)))" ;;
		esac | awk '{ printf "%.1f\n", $1 / ($3 - $2) }'
	)
}

# --- rows ------------------------------------------------------------------------------------

median() { sort -n | awk '{ x[NR] = $1 } END { print NR ? x[int((NR + 1) / 2)] : "-" }'; }

# The setting whose number is best, of one run each.
best() { # best PROGRAM WHAT SETTING...
	program=$1 asked=$2
	shift 2
	for setting; do echo "$("$program" "$asked" "$setting" || echo -) $setting"; done |
		awk -v first="$asked" '$1 != "-" && (best == "" || (first == "first" ? $1 < least : $1 > least)) { best = $2; least = $1 }
			END { print best }'
}

settings_of() { # settings_of PROGRAM
	for t in 1 "$THREADS"; do
		echo "$t"
		[ "$1" = torch ] || echo "${t}f"
	done | sort -u
}

# Programs take turns, so that what else the machine does meets all of them.
row() { # row MODEL DTYPE WHAT
	programs=ours set_llamacpp= set_torch=
	[ -z "$BUSY" ] || programs=busy
	if [ -n "$LLAMACPP" ]; then
		programs="llamacpp $programs"
		set_llamacpp=$(best llamacpp "$3" $(settings_of llamacpp))
	fi
	case $NO_TORCH$2:$3 in
	*:first) ;;
	f32:* | bf16:*)
		programs="$programs torch"
		set_torch=$(best torch "$3" $(settings_of torch))
		;;
	esac
	rm -f "$work"/took.*
	for run in $(seq "$RUNS"); do
		for p in $programs; do
			eval "setting=\${set_$p-}"
			"$p" "$3" $setting >>"$work/took.$p" || :
		done
	done
	for p in llamacpp torch ours busy; do
		[ ! -f "$work/took.$p" ] || median <"$work/took.$p" | sed "s/^/$p /; s/^busy/ours/"
	done | awk -v model="$1" -v dtype="$2" -v what="$3" -v l="$set_llamacpp" -v t="$set_torch" '
		{ x[$1] = $2 }
		function ratio(p) {
			return x[p] > 0 && x["ours"] > 0 ? sprintf("%.2f", what == "first" ? x[p] / x["ours"] : x["ours"] / x[p]) : "-"
		}
		function cell(p) { return x[p] > 0 ? sprintf(x[p] < 100 ? "%.1f" : "%.0f", x[p]) : "-" }
		END {
			printf "| %-5s | %-7s | %-14s | %9s %-3s | %9s %-2s | %9s | %6s | %6s |\n", model, dtype, what, cell("llamacpp"), l,
				cell("torch"), t, cell("ours"), ratio("llamacpp"), ratio("torch")
		}'
}

echo 'Tokens a second, and for the first byte ms; settings are threads, and f where attention is fused.'
echo
printf '| %-5s | %-7s | %-14s | %13s | %12s | %9s | %6s | %6s |\n' model weights what llama.cpp PyTorch ours ratio ratio
echo '|---|---|---|---:|---:|---:|---:|---:|'
for model in $MODELS; do
	for dtype in $DTYPES; do
		make_model "$model" "$dtype"
		for what in $WHAT; do row "$model" "$dtype" "$what"; done
	done
done
