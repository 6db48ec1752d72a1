#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

sh "$root/examples/fallback.sh" >"$work/text" 2>"$work/err"
if [ -s "$work/text" ]; then
	t 'the text of this system is bounded, and documents of UTF-8 with a NUL between them' '
		size=$(wc -c <"$work/text"); [ "$size" -lt 4200000 ]
		nt-cat --jsonl <"$work/text" >got 2>err
		[ "$(wc -l <got)" -gt 10 ]; not grep "not UTF-8" err'
else
	t 'a system without a text is told from an empty one' 'grep "no text in" "$work/err"'
fi

t 'a package that is not the novels is refused in one line' '
	echo x >x.deb; exits 1 sh "$root/examples/austen.sh" x.deb >out 2>err
	[ "$(wc -l <err)" = 1 ]; grep "x.deb: no .*Rdata.rdb in it" err; [ ! -s out ]'

t 'without a package and without apt the novels are refused in one line' '
	mkdir bin; for c in sh mktemp rm; do ln -s "$(command -v $c)" bin; done
	PATH=$PWD/bin exits 1 sh "$root/examples/austen.sh" >out 2>err; cat err
	[ "$(wc -l <err)" = 1 ]; [ ! -s out ]'

t 'markup is taken off: HTML, manual pages, and what is no UTF-8 is left out' '
	for i in 1 2 3 4 5 6 7 8; do echo "<p>Some <b>words</b> &amp; more &#233; to make a document of it, $i.</p>"; done >a.html
	echo a.html | perl "$root/share/corpus/plain.pl" html 100000 | tr "\0" "|" >got
	grep -F "Some words & more $(printf "\303\251") to make a document of it, 1." got; tail -n 1 got | grep -F "|"
	for i in 1 2 3 4 5 6 7 8; do printf ".PP\n.BR open (2)\nreturns \\\\fBa\\\\fP \\\\-1 and tells why in errno, every time\n"; done >a.1
	echo a.1 | perl "$root/share/corpus/plain.pl" roff 100000 >got; grep -F "open(2)" got
	grep -F "returns a -1 and tells" got
	{ cat a.html; printf "\377"; } >b.txt
	[ "$(echo b.txt | perl "$root/share/corpus/plain.pl" text 100000 | wc -c)" = 0 ]'

t 'the model of characters has three recipes, and no fourth' '
	for i in 1 2 3 4 5 6 7 8 9; do printf "A line of a play, the %dth.\n" $i; done >play.txt
	for recipe in nanogpt quick best; do
		RECIPE=$recipe sh "$root/examples/shakespeare-char.sh" play.txt "$recipe" -q --plan >"$recipe.plan"
	done
	grep "^hidden_size  *128$" nanogpt.plan; grep "^max_steps  *340$" quick.plan; grep "^seq_len  *128$" best.plan
	RECIPE=worst exits 2 sh "$root/examples/shakespeare-char.sh" play.txt worst >out 2>err
	grep "nanogpt, quick or best, not .worst" err'

# --- a corpus divided by files ---------------------------------------------------------

corpus() { # some files: plain, JSON lines, compressed, deeper, empty, and what repeats
	mkdir -p corpus/more
	for i in 1 2 3 4 5 6 7; do
		awk -v n=$i "BEGIN { for (i = 0; i < 20 * n; i++) printf \"Paragraph %d of the text.\n\n\", i * n }" >"corpus/$i a.txt"
		awk -v n=$i "BEGIN { for (i = 0; i < n; i++) printf \"{\\\"text\\\": \\\"Line %d of %d.\\\"}\n\", i, n }" >corpus/more/$i.jsonl
	done
	gzip corpus/3*.txt corpus/more/5.jsonl
	: >corpus/empty.txt
}

whole() { # the same by one process of each program
	corpus
	sh "$root/examples/shards.sh" list whole corpus
	tr "\n" "\0" <whole/list | xargs -0 nt-tokenize -q | nt-dedup -q | nt-shuffle -q | nt-pack -q -o whole.bin
	nt-info whole.bin | grep -q "^documents  *36$"
}

if parallel --version 2>/dev/null | grep -q GNU; then
	t 'files by GNU parallel give the data file of one process, byte for byte' '
		whole; JOBS=3 sh "$root/examples/parallel.sh" out corpus 2>err; cat err; cmp whole.bin out/data.bin'

	t 'a file that fails stops it, and the next run does what is missing' '
		whole; cp "corpus/3 a.txt.gz" kept; printf "\037\213\010" >"corpus/3 a.txt.gz"
		exits 3 env JOBS=1 sh "$root/examples/parallel.sh" out corpus 2>err; grep "3 a.txt.gz: " err
		[ ! -e out/data.bin ]; [ -e out/00000001.nts ]; touch -d 2001-01-01 out/00000001.nts
		cp kept "corpus/3 a.txt.gz"; sh "$root/examples/parallel.sh" out corpus 2>err; cmp whole.bin out/data.bin
		[ -z "$(find out -newermt 2002-01-01 -name 00000001.nts)" ]
		: >corpus/new; exits 1 sh "$root/examples/parallel.sh" out corpus 2>err; grep "out/list: of other files" err'
else
	skip 'files by GNU parallel give the data file of one process, byte for byte' 'no GNU parallel'
fi

t 'the same with a filter in front' '
	corpus; sh "$root/examples/shards.sh" list out corpus; FILTER="--rules none --set min_words=5"; export FILTER
	tr "\n" "\0" <out/list | xargs -0 nt-filter -q $FILTER --manifest run.json | nt-tokenize -q -0 --manifest run.json |
		nt-dedup -q | nt-shuffle -q | nt-pack -q -o whole.bin
	nt-info whole.bin | grep "^  nt-filter .* -[0-9.]* %.* -[0-9.]* %"
	for i in 1 0; do SLURM_SUBMIT_DIR=$root SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_ID=$i sh "$root/examples/slurm.sh" out; done
	sh "$root/examples/shards.sh" join out 2>err; cmp whole.bin out/data.bin; [ -z "$(find out -name "*.json")" ]'

t 'files by the tasks of a Slurm array give the data file of one process, in any order of tasks' '
	whole; sh "$root/examples/shards.sh" list out corpus
	for i in 3 0 2 1; do
		exits 1 sh "$root/examples/shards.sh" join out 2>err; grep "is not done" err
		SLURM_SUBMIT_DIR=$root SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_ID=$i sh "$root/examples/slurm.sh" out
	done
	sh "$root/examples/shards.sh" join out 2>err; cmp whole.bin out/data.bin
	rm out/00000003.nts out/data.bin
	SLURM_SUBMIT_DIR=$root TASKS=4 SLURM_ARRAY_TASK_COUNT=1 SLURM_ARRAY_TASK_ID=2 sh "$root/examples/slurm.sh" out
	sh "$root/examples/shards.sh" join out 2>err; cmp whole.bin out/data.bin'

done_testing
