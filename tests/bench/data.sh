#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench-data: every stage from files to data.bin beside what others have for it, in one run,
# and beside what this machine can do at all.
#
#	TEXT='files'   documents, as nt-cat finds them; without it, as tests/bench/text.sh
#	MB=200         of it, repeated as tests/bench/data.c says if there is less
#	RUNS=5         of which medians are shown; the programs of a stage take turns
#	STAGES='...'   of: cat filter tokenize lines dedup near shuffle pack shards
#
# Every program runs alone on one thread, if it can be told to, from files that are in memory
# already, to /dev/null. MB are those of the text, also where a program reads its tokens. CPU is
# what one core would do alone: MB by the seconds of all its threads. "time" is that of ours, the
# first of its stage, times so many. All figures go to build/bench-data.tsv as well.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/bench/text.sh"
runs=${RUNS:-5}
table=$root/build/bench-data.tsv
NT_THREADS=1
LC_ALL=C
export NT_THREADS LC_ALL
work=$(mktemp -d "${TMPDIR:-/tmp}/nt-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM
bench_text >"$work/some"
cd "$work"

# --- the text ------------------------------------------------------------------------------

make_text() {
	data feed "$((${MB:-200} * 1000000))" some >text
	tr '\0' '\n' <text >lines
	nt-cat -q -0 --jsonl <text >text.jsonl
	gzip -c text >text.gz
	zstd -q -3 text -o text.zst
	nt-tokenize -q -0 -j2 <text >text.nts
	bytes=$(wc -c <text)
	documents=$(nt-info --json text.nts | sed 's/.*"documents": \([0-9]*\).*/\1/')
}

# --- a stage -------------------------------------------------------------------------------

stage() { # stage WORD SENTENCE: begins one, or returns 1 if it was not asked for
	case " ${STAGES:-cat filter tokenize lines dedup near shuffle pack shards} " in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
	name=$1 n_job=0
	printf '\n%s\n\n' "$2"
	printf '| %-34s | %7s | %7s | %9s | %7s | %6s |\n' program MB/s CPU docs/s 'RSS MB' time
	printf '|---|---:|---:|---:|---:|---:|\n'
}

job() { # job PROGRAM SHELL-TEXT
	n_job=$((n_job + 1))
	printf '%s\n' "$1" >"job.$n_job"
	printf '%s\n' "$2" >"job.$n_job.sh"
	: >"job.$n_job.cost"
}

peer() { # peer COMMAND PROGRAM SHELL-TEXT: a job, if there is such a command
	if command -v "$1" >/dev/null; then job "$2" "$3"; else missing="${missing-} $1"; fi
}

measure() {
	for run in $(seq "$runs"); do
		for i in $(seq "$n_job"); do
			data cost sh "job.$i.sh" >>"job.$i.cost" 2>err || { cat "job.$i.sh" err >&2; exit 1; }
		done
	done
	for i in $(seq "$n_job"); do
		for column in 1 2 3; do
			cut -d' ' -f$column "job.$i.cost" | sort -n | sed -n "$(((runs + 1) / 2))p"
		done | tr '\n' ' ' >"median"
		[ "$i" != 1 ] || cp median ours
		cat median ours | tr '\n' ' ' | program=$(cat "job.$i") awk -v b="$bytes" -v d="$documents" -v s="$name" -v t="$table" '{
			p = ENVIRON["program"]
			printf "| %-34s | %7.0f | %7.0f | %9.0f | %7.1f | %6.2f |\n", p, b / $1 / 1e6, b / $2 / 1e6, d / $1, $3 / 1024, $1 / $4
			printf "%s\t%s\t%.1f\t%.1f\t%.0f\t%.1f\t%.3f\t%.6f\t%.6f\n", s, p, b / $1 / 1e6, b / $2 / 1e6, d / $1, $3 / 1024, $1 / $4, $1, $2 >>t
		}'
	done
}

has() { nt-"$1" --help 2>/dev/null | grep -q -- "$2"; } # has COMMAND OPTION

# --- what is measured ----------------------------------------------------------------------

mkdir -p "$root/build"
printf 'stage\tprogram\tMB/s\tMB/s of CPU\tdocuments/s\tRSS MB\ttime of ours\tseconds\tCPU seconds\n' >"$table"
sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | sort | uniq -c
make_text
echo "$bytes bytes of text, $documents documents, $(wc -l <lines) lines; medians of $runs runs"

printf '\nLimits of this machine, MB/s:\n\n'
for run in $(seq "$runs"); do data limits "$work"; done >limits
cut -f1 limits | awk '!seen[$0]++' | while read -r what; do
	grep "^$what	" limits | cut -f2 | sort -n | sed -n "$(((runs + 1) / 2))p" >median
	printf '| %-34s | %7s |\n' "$what" "$(cat median)"
	printf 'limit\t%s\t%s\t\t\t\t\t\t\n' "$what" "$(cat median)" >>"$table"
done

if stage cat 'Documents out of files: plain, .gz, .zst, .jsonl'; then
	job 'nt-cat' 'exec nt-cat -q -0 <text'
	job 'cat' 'exec cat text'
	measure
	n_job=0
	job 'nt-cat, .gz' 'exec nt-cat -q -0 text.gz'
	peer gzip 'gzip -dc' 'exec gzip -dc text.gz'
	peer pigz 'pigz -dc' 'exec pigz -dc text.gz'
	peer igzip 'igzip -dc' 'exec igzip -dc text.gz'
	measure
	n_job=0
	job 'nt-cat, .zst' 'exec nt-cat -q -0 text.zst'
	peer zstd 'zstd -dc' 'exec zstd -qdc text.zst'
	measure
	n_job=0
	job 'nt-cat, .jsonl' 'exec nt-cat -q text.jsonl'
	peer jq 'jq' "exec jq -j '.text, \"\\u0000\"' text.jsonl"
	measure
fi

if command -v nt-filter >/dev/null && stage filter 'Documents by rule'; then
	job 'nt-filter' 'exec nt-filter -q -0 <text'
	measure
fi

if stage tokenize 'Text to tokens; others stand in make bench-tokenize'; then
	job 'nt-tokenize' 'exec nt-tokenize -q -0 <text'
	job 'nt-tokenize -d' 'exec nt-tokenize -q -d text.nts'
	measure
fi

if stage lines 'Lines that were there before, from text to text'; then
	job 'nt-dedup --by=line' 'exec nt-dedup -q --by=line <text.nts'
	job 'nt-tokenize, nt-dedup, nt-tokenize' 'nt-tokenize -q -0 <text | nt-dedup -q --by=line | nt-tokenize -q -d'
	peer awk "awk '!seen[\$0]++'" "exec awk '!seen[\$0]++' lines"
	peer sort 'sort -u' 'exec sort -u --parallel=1 -S 4G lines'
	measure
fi

if stage dedup 'Units and documents that were there before'; then
	job 'nt-dedup' 'exec nt-dedup -q text.nts'
	job 'nt-dedup --by=document' 'exec nt-dedup -q --by=document text.nts'
	job 'nt-dedup --by=document --part 1/16' 'exec nt-dedup -q --by=document --part 1/16 text.nts'
	peer awk "awk '!seen[\$0]++', RS NUL" "exec awk -v RS='\\0' -v ORS='\\0' '!seen[\$0]++' text"
	measure
fi

if has dedup --near && stage near 'Near duplicates'; then
	job 'nt-dedup --near' 'exec nt-dedup -q --near text.nts'
	job 'nt-tokenize, nt-dedup --near' 'nt-tokenize -q -0 <text | nt-dedup -q --near'
	measure
	printf '\nOf copies edited by chance, by their Jaccard similarity, are found:\n\n'
	# of documents that are unlike each other: a copy of one that went is no copy of what stayed
	nt-tokenize -q -0 <some | nt-dedup -q --near --threshold 0.5 | nt-tokenize -q -d | recall
fi

if stage shuffle 'Documents in another order; cp twice is what a disk allows'; then
	job 'nt-shuffle' 'exec nt-shuffle -q text.nts'
	peer shuf 'shuf -z' 'exec shuf -z text'
	measure
	n_job=0
	job 'nt-shuffle -S, a tenth of it' "exec nt-shuffle -q -S $((bytes / 20)) text.nts"
	job 'cp, twice' 'cp text.nts copy.1 && cp copy.1 copy.2 && rm copy.1 copy.2'
	peer terashuf 'terashuf, a tenth' "MEMORY=$(awk -v b="$bytes" 'BEGIN { print b / 1e10 }') TMPDIR=$work exec terashuf <lines"
	measure
fi

if stage pack 'Tokens to a file that training maps'; then
	job 'nt-pack' 'exec nt-pack -q text.nts'
	job 'nt-pack --seq-len 2048' 'exec nt-pack -q --seq-len 2048 text.nts'
	job 'cat, of the tokens' 'exec cat text.nts'
	! has pack --format || for f in nanogpt llmc megatron olmo datatrove; do
		job "nt-pack --format $f" "mkdir -p f && exec nt-pack -q -f --format $f -o f/$f text.nts"
	done
	measure
fi

if stage shards 'Text to tokens on two cores: one process, or one for each of 16 files'; then
	mkdir -p shard && split -n l/16 -d text.jsonl shard/ && for f in shard/??; do mv "$f" "$f.jsonl"; done
	job 'nt-tokenize -j2' 'exec nt-tokenize -q -j2 shard/*.jsonl'
	peer parallel 'GNU parallel nt-tokenize -j1' 'exec parallel --will-cite -k -j2 nt-tokenize -q -j1 ::: shard/*.jsonl'
	measure
fi

[ -z "${missing-}" ] || printf '\nNot on this machine:%s\n' "$missing"
printf '\nThe same as tab-separated values: %s\n' "build/bench-data.tsv"
