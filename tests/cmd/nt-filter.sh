#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

# Prose that every rule likes: eight sentences of other words each.
good() {
	cat <<-'EOF'
	The river rises in the hills to the north and runs down through a wide valley that farmers have worked for ages.
	In spring it floods the meadows, and people have to move their cattle with great care to higher ground.
	A mill was built there long ago, of grey stone with a roof that is still good after two hundred winters.
	Children would come to fish below the weir, where trout and eels hide under the roots of old willows.
	Nobody owns the path along the bank; it belongs to whoever walks it early enough to meet a heron.
	On market days the town fills with carts, and you can be sure to hear every dialect of the county.
	That sound has faded since the railway came, but older women remember songs about bridges and storms.
	Now the water carries only leaves and light, and it seems to be of no use except for being looked at.
	EOF
}

verdict() { # verdict RULES TEXT: the rule that drops the text, or kept
	printf '%s' "$2" | nt-filter -q --split=none --explain --rules "$1" | awk -F'\t' 'NR == 2 { print $4 == "" ? $3 : $4 }'
}

t 'a good document stays, byte for byte' '
	good >a; nt-filter a >b 2>err; cmp a b
	head -n 1 err | grep -x "nt-filter: 1 document, 825 bytes; 1 document kept (100.00 %), 825 bytes (100.00 %)"
	[ "$(wc -l <err)" = 1 ]'

t 'bytes that are not UTF-8 stay too, and are counted' '
	{ good; printf "Not \377 of \302 text.\r\n\0"; good; } >a
	nt-filter <a >b 2>err; cmp a b; grep "invalid UTF-8: 2 bytes, kept" err'

t 'kept and rejected documents are written as nt-cat writes them' '
	good >1; echo short >2; good | sed s/river/brook/ >3; : >4
	nt-filter --rejected no 1 2 3 4 >yes 2>err
	nt-cat -q 1 3 | cmp - yes; nt-cat -q 2 4 | cmp - no
	grep "gopher_short_doc  *2  *50.00 %" err'

t 'each document is explained, with the value and the threshold' '
	good >good.txt; echo short >bad.txt
	nt-filter -q --explain good.txt bad.txt >got
	printf "doc\tsource\tverdict\trule\tvalue\tthreshold\n0\tgood.txt\tkept\t\t\t\n1\tbad.txt\tdropped\tgopher_short_doc\t1\t50\n" | cmp - got'

t 'the report is JSON with every rule that was asked' '
	good >good.txt; echo short >bad.txt
	nt-filter -q --rules gopher --report r.json good.txt bad.txt >/dev/null
	"$PYTHON" -c "
import json
r = json.load(open(\"r.json\"))
assert r[\"read\"] == {\"documents\": 2, \"bytes\": 831}, r
assert r[\"kept\"][\"documents\"] == 1
assert r[\"rules\"][0] == {\"rule\": \"gopher_short_doc\", \"family\": \"gopher_quality\", \"threshold\": 50,
	\"dropped\": {\"documents\": 1, \"bytes\": 6}}, r[\"rules\"][0]
assert len(r[\"rules\"]) == 23, len(r[\"rules\"])"'

t 'the same bytes at any number of threads' '
	i=0; while [ $i -lt 400 ]; do good | sed "s/river/stream $i/"; printf "\0%04000d\0" $i; i=$((i + 1)); done >a
	nt-filter -q -j1 --rejected r1 <a >k1; nt-filter -q -j5 --rejected r5 <a >k5
	cmp k1 k5; cmp r1 r5; [ -s k1 ]; [ -s r1 ]'

t 'a document as large as a batch takes none of the others with it' '
	awk "BEGIN { for (i = 0; i < 30000; i++) {
		printf \"%d\", i; for (k = i == 100 ? 500000 : 20; k; k--) printf \" words\"; print \"\" } }" >a
	for j in 1 2 4; do
		nt-filter -q -j$j --rules none --split=line a >kept
		{ tr "\0" "\n" <kept; echo; } | cmp - a
	done'

t 'rules are chosen, changed and switched off' '
	[ "$(verdict gopher word)" = gopher_short_doc ]
	[ "$(verdict none word)" = kept ]
	[ "$(verdict lorem_ipsum "a lorem Ipsum line")" = lorem_ipsum ]
	echo word >a
	nt-filter -q --rules none --set min_chars=5 a | cmp - a
	[ "$(nt-filter -q --rules none --set min_chars=6 a | wc -c)" = 0 ]
	good >a; nt-filter -q --set gopher_short_doc=500 a | cmp - /dev/null
	nt-filter -q --set gopher_short_doc=500 --no gopher_short_doc a | cmp - a'

t 'a misspelt rule is named, with the nearest' '
	exits 2 nt-filter --rules gofer </dev/null 2>err
	grep -x "nt-filter: unknown rule .gofer.: did you mean .gopher.?" err
	exits 2 nt-filter --set gopher_short_docs=3 </dev/null 2>err; grep "did you mean .gopher_short_doc.?" err
	exits 2 nt-filter --no c5 </dev/null 2>err; grep "did you mean .c4.?" err
	exits 2 nt-filter --set lorem_ipsum=3 </dev/null 2>err; grep "on or off" err
	exits 2 nt-filter --rules min_chars </dev/null 2>err; grep "min_chars=VALUE" err
	exits 2 nt-filter --set min_chars=x </dev/null 2>err; grep "no number" err'

t 'JSON lines go through as they are' '
	good >good.txt
	{ printf "{\"text\": \"short\", \"n\": 1.0}\r\n\n"
	  "$PYTHON" -c "import json; print(json.dumps({\"url\": \"x\", \"text\": open(\"good.txt\").read()}, indent=None), end=\"\")"
	} >a.jsonl
	nt-filter -q --jsonl --rejected no a.jsonl >yes
	{ tail -n 1 a.jsonl; echo; } | cmp - yes; head -n 1 a.jsonl | cmp - no
	nt-filter -q --jsonl a.jsonl a.jsonl a.jsonl | sort -u | cmp - yes
	nt-filter -q --jsonl <a.jsonl | cmp - yes
	exits 2 nt-filter --jsonl good.txt 2>err; grep "good.txt is no JSON line" err'

t 'the table in docs/data.md is what --list-rules says' '
	nt-filter --list-rules </dev/null | tail -n +2 |
		awk -F"\t" "{ printf \"| %s | \140%s\140 | %s | %s | %s |\n\", \$1, \$2, \$4, \$5, \$6 }" >want
	sed -n "/nt-filter --list-rules -->/,/^\$/p" "$root/docs/data.md" | grep "^| [a-z]" | grep -v "^| family" | cmp - want'

t 'perplexity and its bounds belong together' '
	exits 2 nt-filter --below 5 </dev/null 2>err; grep perplexity err
	exits 2 nt-filter --perplexity x </dev/null 2>err; grep "below X or --above X" err'

t 'a model is asked about what the rules left' '
	good >good.txt; good | tr a-z n-za-m >odd.txt; echo short >short.txt
	nt-tokenize -q good.txt good.txt good.txt good.txt | nt-pack -q >d.bin
	nt-train -q d.bin -o ckpt --max-steps 30 --hidden-size 32 --num-hidden-layers 1 --num-attention-heads 2 \
		--seq-len 128 --batch-size 2 --progress never >/dev/null 2>&1
	ppl() { nt-score --total --json ckpt $1 | "$PYTHON" -c "import json, sys; print(json.load(sys.stdin)[\"perplexity\"])"; }
	low=$(ppl good.txt); high=$(ppl odd.txt)
	between=$("$PYTHON" -c "print(($low + $high) / 2)")
	nt-filter -q --rules none --perplexity ckpt --below $between good.txt odd.txt | cmp - good.txt
	nt-filter -q --rules none --perplexity ckpt --above $between good.txt odd.txt | cmp - odd.txt
	nt-filter -q --rules none --set min_words=5 --perplexity ckpt --below $between --explain short.txt odd.txt good.txt |
		awk -F"\t" "NR > 1 { print \$4, \$5 }" >got
	"$PYTHON" -c "
rows = [l.split() for l in open(\"got\")]
assert rows[0] == [\"min_words\", \"1\"] and rows[1][0] == \"perplexity\" and rows[2] == [], rows
assert abs(float(rows[1][1]) / $high - 1) < 1e-4, rows"'

t 'empty input, a closed pipe and a full disk' '
	nt-filter </dev/null >out 2>err; cmp out /dev/null; grep "0 documents" err
	good >a; exits 4 nt-filter a >/dev/full 2>err
	i=0; while [ $i -lt 300 ]; do good | sed "s/river/stream $i/"; printf "\0"; i=$((i + 1)); done >b
	nt-filter -q b -0 | head -c1 >/dev/null'

done_testing
