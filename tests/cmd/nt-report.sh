#!/bin/sh
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/../lib.sh"

# log RUN STEPS [LOSS]: a log like that of a run, with held-out losses every tenth of it.
log() {
	awk -v n="$2" -v loss="${3:-4}" 'BEGIN {
		printf "{\"event\": \"start\", \"step\": 0, \"tokens\": 0, \"time\": 0.1, \"max_steps\": %d}\n", n
		for (i = 1; i <= n; i++) {
			printf "{\"event\": \"step\", \"step\": %d, \"tokens\": %d, \"time\": %.3f, \"loss\": %.6f, ", i, 512 * i, i / 20, loss + 5 / i
			printf "\"lr\": %.6g, \"grad_norm\": 1.5, \"tokens_per_s\": 10240, \"mfu\": 0.41}\n", 0.001 * i / n
			if (i % (n / 10) == 0 && i < n)
				printf "{\"event\": \"eval\", \"step\": %d, \"tokens\": %d, \"time\": %.3f, \"val_loss\": %.6f, \"val_bpb\": %.6f}\n", i, 512 * i, i / 20, loss + 6 / i, loss / 2
		}
		printf "{\"event\": \"end\", \"step\": %d, \"tokens\": %d, \"time\": %.3f, \"val_loss\": %.6f, \"val_bpb\": %.6f}\n", n, 512 * n, n / 20, loss + 0.25, loss / 2
	}' >"$1"
}
log "$work/one" 400
log "$work/two" 200 3

# XML that an independent parser takes, what of it a reader sees, and its curves.
xml() { "$PYTHON" -c '
import sys, xml.etree.ElementTree as E
root = E.parse(sys.argv[1]).getroot()
S = "{http://www.w3.org/2000/svg}"
for t in root.iter():
    if t.tag in (S + "text", S + "title"): print(t.tag[len(S):], t.text)
    if t.tag == S + "path" and t.get("d").count(" ") > 3: print("curve", t.get("class"), t.get("d"))
' "$1"; }

t 'a chart is an SVG file with curves, marks, round ticks and nothing from elsewhere' '
	nt-report --svg "$work/one" >a.svg
	xml a.svg >seen
	grep -q "^curve raw c0" seen; grep -q "^curve smooth c0" seen; grep -q "^curve marks c0" seen
	for tick in 0 100 200 300 400; do grep "^text $tick$" seen; done
	grep "^text nats/token" seen; grep "^text steps" seen
	grep "^title .*, steps 40: 4.15 nats/token$" seen
	[ "$(grep -c "^title" seen)" = 10 ]
	[ "$(grep -o "http[^\"]*" a.svg)" = http://www.w3.org/2000/svg ]
	not grep -i -e "<script" -e "url(" -e "@import" a.svg
	grep -q "prefers-color-scheme: dark" a.svg'
t 'a directory, its step and its log are the same run' '
	mkdir -p ckpt/step-000400; cp "$work/one" ckpt/log.jsonl
	for run in ckpt ckpt/ ckpt/step-000400 ckpt/log.jsonl; do nt-report --svg --title T --label L $run; done |
		grep -c "^<svg xmlns" | grep -x 4
	nt-report --svg --title T --label L ckpt >a
	nt-report --svg --title T --label L ckpt/step-000400 | cmp - a
	nt-report --svg --title T --label L - <"$work/one" | cmp - a
	nt-report --svg --title T --label L -o b ckpt; cmp a b'
t 'every chart is drawn, against steps, tokens and time, on any axes' '
	for chart in loss held-out bits lr grad-norm speed mfu; do
		for x in steps tokens time; do
			for log in none x y both; do
				nt-report --svg --chart $chart -x $x --log $log "$work/one" "$work/two" >a.svg
				xml a.svg >seen
				grep -q "^curve [a-z]* c0" seen; grep -q "^curve [a-z]* c1" seen
				grep -q "^text $x$" seen
			done
		done
	done
	grep "^text 40 %" seen'
t 'several runs have their labels, in their order' '
	sed "s/\"max_steps\"/\"label\": \"of the log\", \"max_steps\"/" "$work/two" >labelled
	nt-report --svg --label AdamW --label "Mu<on & co" "$work/one" labelled "$work/two" >a.svg
	xml a.svg | grep -x -e "text AdamW" -e "text Mu<on & co" -e "text $work/two" | wc -l | grep -x 3
	nt-report --svg "$work/one" labelled >a.svg; xml a.svg | grep -x "text of the log"
	exits 2 nt-report --svg --label a --label b "$work/one" 2>said; grep "2 labels for 1 run" said'
t 'a title, a size and a range are followed' '
	nt-report --svg --title "A <title>" --width 500 --height 300 --range 4:4.5 "$work/one" >a.svg
	grep "^<svg [^>]*width=\"500\" height=\"300\"" a.svg
	xml a.svg >seen; grep -x "text A <title>" seen; grep -x "text 4.1" seen; not grep -x "text 5" seen
	nt-report --svg --range :4.5 "$work/one" >b.svg; nt-report --svg --range 4: "$work/one" >c.svg
	for range in 3 4:4 5:4 a:b 1:2:3 nan:2 1:inf 1e99:; do
		exits 2 nt-report --svg --range $range "$work/one" 2>said; grep -e "--range: .$range. is not" said
	done
	exits 2 nt-report --svg --log y --range 0:4 "$work/one" 2>said; grep "logarithmic" said'

t 'of steps taken twice the later ones are drawn' '
	head -n 100 "$work/one" >stopped
	{ cat stopped
	  echo "{\"event\": \"step\", \"step\": 91, \"tokens\": 1, \"time\": 4, \"loss\": 77}"
	  echo "{\"event\": \"eval\", \"step\": 91, \"tokens\": 1, \"time\": 4, \"val_loss\": 78}"
	  echo "{\"event\": \"start\", \"step\": 90, \"tokens\": 46080, \"time\": 4.5, \"max_steps\": 400}"
	  awk "/\"step\": 91,/ { on = 1 } on" "$work/one"; } >resumed
	for c in loss held-out speed; do
		nt-report --svg --label L --chart $c "$work/one" >a; nt-report --svg --label L --chart $c resumed | cmp - a
	done'
t 'a run begun anew is only what came since' '
	{ cat "$work/two"; cat "$work/one"; } >both
	nt-report --svg --label L "$work/one" >a; nt-report --svg --label L both | cmp - a'
t 'a last line that is not whole yet is left alone' '
	head -c 30000 "$work/one" >cut; tail -c 1 cut | grep -q .
	nt-report --svg cut >a.svg 2>said; [ ! -s said ]
	sed "\$d" cut >whole; nt-report --svg --label L whole >a; nt-report --svg --label L cut | cmp - a'
t 'hostile lines are counted and passed over' '
	{ head -n 100 "$work/one"
	  printf "%s\n" "not JSON" "{\"event\": \"step\", \"step\": NaN}" "[1, 2]" "{}" "{\"event\": 7}" "" \
		"{\"event\": \"step\", \"step\": -5, \"loss\": 1}" "{\"event\": \"step\", \"loss\": 1}" \
		"{\"event\": \"step\", \"step\": 1e400, \"loss\": 1}"
	  printf "\000\001\377\n"
	  tail -n +101 "$work/one"; } >hostile
	nt-report --svg --label L "$work/one" >a
	nt-report --svg --label L hostile 2>said | cmp - a
	grep -x "nt-report: warning: hostile: 9 lines no event of a log, first line 101: not JSON at byte 0: an object is missing" said'
t 'what is no log is refused, and an empty one is a run that has not begun' '
	printf "some text\nand more\n" >text; nt-tokenize -q text | nt-pack -q >data.bin
	for f in text data.bin - "$work/one text"; do
		exits 3 nt-report $f <text 2>said >out; cat said; [ "$(wc -l <said)" = 1 ]; [ ! -s out ]
		grep "no log of nt-train.s: none of its lines is an event, first line 1: not JSON" said
	done
	printf "some text" >begun; head -c 17000000 /dev/zero >zeros; printf "{\"event\": \"sta" >log
	for f in text data.bin begun zeros; do
		exits 3 timeout 20 nt-report --follow -o page $f 2>said; grep "^nt-report: $f: no log of nt-train.s" said; [ ! -e page ]
	done
	exits 1 nt-report --svg log 2>said; grep "log: no loss to draw yet" said
	: >empty; nt-report empty >page; grep -q "</html>" page'
t 'numbers that no chart can hold are left out, events of other kinds as well' '
	{ head -n 60 "$work/one"
	  echo "{\"event\": \"step\", \"step\": 61, \"tokens\": 31232, \"time\": 3, \"loss\": 1e999, \"lr\": null, \"mfu\": \"x\"}"
	  echo "{\"event\": \"something new\", \"x\": [{}]}"
	  echo "{\"event\": \"step\", \"step\": 62, \"tokens\": 31744, \"time\": 3.1, \"loss\": 4.$(printf "%0400d" 0)1e00}"; } >odd
	nt-report --svg odd >a.svg 2>said
	[ ! -s said ]; xml a.svg | grep "^curve smooth" >curve
	not grep -i -e nan -e inf curve'
t 'as many looks as steps are no more than a chart has room for, the last among them' '
	sed -n "s/\"event\": \"step\"\(.*\)\"loss\": \([0-9.]*\).*/\"event\": \"eval\"\1\"val_loss\": \2}/p" "$work/one" >dense
	for k in 1 2 3 4 5; do awk -v k=$k "{ match(\$0, /\"step\": [0-9]+/); n = substr(\$0, RSTART + 8, RLENGTH - 8)
		sub(/\"step\": [0-9]+/, \"\\\"step\\\": \" n + 400 * (k - 1)); print }" dense; done >looks
	nt-report --svg --chart held-out looks >a.svg; xml a.svg >seen
	n=$(grep -c "^title" seen); [ "$n" -gt 100 ]; [ "$n" -le 400 ]
	grep "^title looks, steps 2000: 4.0125 nats/token" seen'
t 'a log of one step is drawn' '
	head -n 2 "$work/one" >short; nt-report --svg short >a.svg; xml a.svg >seen; grep "^text 1$" seen'
# Tags that are closed as they were opened, nothing from elsewhere; then the text of the page.
html() { "$PYTHON" -c '
import re, sys, html.parser
class Page(html.parser.HTMLParser):
    def __init__(self): super().__init__(); self.open, self.text, self.scripts = [], [], 0
    def handle_starttag(self, tag, attrs):
        for k, v in attrs:
            assert not k.startswith("on") and k != "src", (tag, k)
            assert k != "href" or v == "data:,", v
        self.scripts += tag == "script"
        if tag not in ("meta", "link", "input"): self.open.append(tag)
    def handle_startendtag(self, tag, attrs): pass
    def handle_endtag(self, tag): assert self.open.pop() == tag, (tag, self.getpos())
    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"): self.text.append(data)
text = open(sys.argv[1], encoding="utf-8").read()
page = Page(); page.feed(text); page.close()
assert not page.open and page.scripts == 1, (page.open, page.scripts)
assert set(re.findall("https?://[^\"]*", text)) <= {"http://www.w3.org/2000/svg"}
assert "default-src \x27none\x27" in text
print("\n".join(t for t in page.text if t.strip()))
' "$1"; }

t 'a page has every chart against steps, tokens and time, and what the run came to' '
	nt-report "$work/one" >a.html
	html a.html >text
	for chart in loss "held-out loss" "learning rate" "gradient norm" throughput "model FLOPs utilization"; do grep -x "$chart" text; done
	for x in steps tokens; do [ "$(grep -cx $x text)" = 7 ]; done
	[ "$(grep -c "<svg class=\"chart\"" a.html)" = 18 ]
	grep -x "4.25" text; grep -x "204.8k" text; grep -x "20s" text; grep -x "41.0 %" text
	grep -x "finished, 400 steps" text
	nt-report -o b.html "$work/one"; cmp a.html b.html
	head -n 30 "$work/one" >some; nt-report some >c.html; html c.html | grep -x "at step 29 of 400"'
t 'a setting that is a list or an object is shown as it is written' '
	sed "1s/{/{\"threads\": [1.125, 2.5], \"cpus\": {\"a\": 0.25}, \"isa\": 0.10000000149011612, \"cpu\": true, /" "$work/one" >log
	nt-report log >a.html; html a.html >text
	for x in "[1.125, 2.5]" "{\"a\": 0.25}" 0.100000001 true; do grep -Fx "$x" text; done'
t 'a page of several runs has a row each, and the best is marked' '
	nt-report --label first --label second "$work/one" "$work/two" >a.html
	html a.html >text; grep -x "2 runs" text; [ "$(grep -cx first text)" = 2 ]
	grep -o "class=\"best\">[0-9.]*" a.html | tr "\n" " " | grep -x "class=\"best\">3.25 class=\"best\">1.5 "'
t 'a run without a step is a page already' '
	head -n 1 "$work/one" >a; nt-report a >a.html; html a.html | grep -x "at step 0 of 400"'
t 'no text of the data becomes markup' '
	bad="</script><img src=x onerror=alert(1)>&amp;\\\"\\u0000\\u001b\\ud83d\\ude00"
	{ echo "{\"event\": \"start\", \"step\": 0, \"max_steps\": 400, \"label\": \"$bad\", \"cpu\": \"$bad\", \"manifest\": [{\"program\": \"$bad\", \"$bad\": \"$bad\", \"options\": {\"$bad\": \"$bad\"}, \"in\": {\"documents\": 4, \"bytes\": 10}, \"out\": {\"documents\": 3, \"bytes\": 8}}]}"
	  tail -n +2 "$work/one" | head -n 50
	  echo "{\"event\": \"sample\", \"step\": 50, \"text\": \"$bad\"}"
	  echo "{\"event\": \"warning\", \"step\": 50, \"text\": \"$bad\"}"; } >log.jsonl
	nt-report . >a.html 2>said; [ ! -s said ]
	html a.html >text; [ "$(grep -c "<img src=x" text)" -ge 8 ]; not grep "<img" a.html
	[ "$(grep -c "</script" a.html)" = 1 ]
	nt-report --label "$(printf "</script>\033\377")" --title "<b>" . >b.html; html b.html | grep -x "<b>"'
t 'the data are a funnel of what each program let through' '
	manifest="[{\"program\":\"nt-cat\",\"options\":{\"split\":\"auto\"},\"in\":{\"file_bytes\":900},\"out\":{\"documents\":10,\"bytes\":1000}},{\"program\":\"nt-filter\",\"in\":{\"documents\":10,\"bytes\":1000},\"dropped\":{\"short\":3},\"out\":{\"documents\":7,\"bytes\":1234567}},{\"program\":\"nt-tokenize\",\"in\":{\"documents\":7,\"bytes\":1234567},\"out\":{\"documents\":7,\"bytes\":1234567,\"tokens\":400}},{\"program\":\"nt-dedup\",\"in\":{\"tokens\":400},\"out\":{\"tokens\":100}}]"
	sed "1s/\"max_steps\"/\"manifest\": $manifest, \"max_steps\"/" "$work/one" >log
	nt-report log >a.html; html a.html >text
	for word in nt-cat nt-filter nt-dedup 1,234,567 "split auto" "short 3"; do grep -x "$word" text; done
	grep -o "width:[0-9.]*%" a.html | tr "\n" " " | grep -x "width:100% width:70% width:70% width:17.5% "
	for broken in "[7]" "[{\"in\": 7}]" "[{\"program\": 7}]" "7" "[]"; do
		sed "1s/\"max_steps\"/\"manifest\": $broken, \"max_steps\"/" "$work/one" >log
		nt-report log >a.html; html a.html >text
	done'

# A tiny model of bytes whose held-out text is markup.
printf "%s\n" "the cat sat on the mat" "the dog sat on the log" >"$work/text"
printf "%s" "the cat</script>&<b>\"'" >"$work/held"
nt-tokenize -q -t bytes --split=line "$work/text" | nt-pack -q -o "$work/train.bin"
nt-tokenize -q -t bytes "$work/held" | nt-pack -q -o "$work/val.bin"
train() { nt-train -q "$work/train.bin" --val "$work/val.bin" -o "$@" --hidden-size 16 --num-hidden-layers 1 \
	--num-attention-heads 2 --seq-len 32 --batch-size 2; }
(cd "$work" && train ckpt --max-steps 4 --sample-prompt the --label "<tiny>") 2>"$work/train.log" || cat "$work/train.log"

t 'a checkpoint shows held-out text by what it cost, samples, data, settings and machine' '
	nt-report "$work/ckpt" >a.html; html a.html >text
	tokens=$(sed -n "s/<[^>]*>//g; s/.*val.bin 0: \([0-9]*\) tokens.*/\1/p" a.html)
	[ "$tokens" = 23 ]
	[ "$(grep -o "<i style=\"--h" a.html | wc -l)" = 23 ]
	nt-score -q --json "$work/ckpt" "$work/held" >score
	"$PYTHON" -c "
import json, re
page, score = open(\"a.html\").read(), json.load(open(\"score\"))
got = [float(x) for x in re.findall(r\"%, ([0-9.]+) nats, rank\", page)]
want = [p[\"nll\"] for p in score[\"positions\"]]
assert len(got) == len(want) and all(abs(a - b) < 0.006 for a, b in zip(got, want)), (got, want)
# the first rival of each is the strongest, and all that is left of 1 is at least theirs
titles = re.findall(r\"<i style=[^>]*title=.([^>]*)%.>\", page)
assert len(titles) == len(want)
for title, p in zip(titles, score[\"positions\"]):
    own, *rivals = [float(x) for x in re.findall(r\"  ([0-9.e-]+) %?\", title)]
    assert len(rivals) == 4 and rivals == sorted(rivals, reverse=True) and own + sum(rivals) < 100.5, title
    assert p[\"rank\"] == 1 or abs(rivals[0] - 100 * p[\"p_pred\"]) < 0.006 * rivals[0], (title, p)"
	for word in "<tiny>" "nt-pack" "Samples through time" "Settings and machine" "hidden size" threads isa cpus; do grep -x -e "$word" text; done
	tr -d "\n" <text | grep -F "cat</script>&<b>\""'
t 'what a run held out of its data is found again: it costs what training logged' '
	cat "$root"/docs/*.md | head -c 60000 | nt-tokenize -q -t bytes --split=none | nt-pack -q -o data.bin
	nt-train -q data.bin --rows concat --max-steps 5 --hidden-size 16 --num-hidden-layers 1 --num-attention-heads 2 \
		--seq-len 128 --batch-size 2 -o run
	nt-report --passages 1000 run >a.html 2>said; [ ! -s said ]
	"$PYTHON" - <<-"END"
	import json, re
	want = [json.loads(l) for l in open("run/log.jsonl")][-1]["val_loss"]
	rows = re.findall(r"<h3>held-out row<span class=.number.> \d+</span>: (\d+) tokens, ([\d.]+) nats/token", open("a.html").read())
	n = sum(int(k) for k, _ in rows)
	got = sum(int(k) * float(x) for k, x in rows) / n
	assert n > 2000 and abs(got - want) < 2e-4, (n, got, want)
	END
	nt-train -q data.bin --max-steps 5 --hidden-size 16 --num-hidden-layers 1 --num-attention-heads 2 --seq-len 128 -o fit
	nt-report fit | grep -c "<h3>held-out row" | grep -x 3
	mv data.bin moved.bin; nt-report run 2>said >a.html; grep "no held-out text on the page: data.bin: cannot open" said
	cp "$work/val.bin" data.bin
	nt-report run 2>said >a.html; grep "run: it was trained on other data than data.bin" said'

t 'settings that differ stand side by side' '
	(cd "$work" && train "$OLDPWD/other" --max-steps 4 --learning-rate 0.025)
	nt-report "$work/ckpt" other >a.html; html a.html >text
	for words in "Settings that differ" "learning rate" 0.025; do grep -x "$words" text; done
	grep "that are the same" text
	# a hash by its beginning, the whole of it under the pointer
	hash=$(sed -n "s/.*\"val_hash\": \"\([0-9a-f]*\)\".*/\1/p" other/latest/trainer.json)
	[ ${#hash} = 32 ]
	grep -q "<abbr title=\"$hash\">$(echo $hash | cut -c1-12)…</abbr>" a.html'
t 'every run shows what it makes of the same held-out text' '
	(cd "$work" && train "$OLDPWD/other" --max-steps 4 --learning-rate 0.025)
	nt-report --label first --label second "$work/ckpt" other >a.html
	html a.html >text
	grep -x "What they make of held-out text" text
	for run in "$work/ckpt" other; do
		nt-score -q --json --total $run "$work/held" | sed "s, .perplexity.*,,; s,.*: ,,"
	done | awk "{ printf \"%.4f\n\", \$1 }" >want
	[ "$(sort -u want | wc -l)" = 2 ]
	sed -n "s/.*: 23 tokens, \([0-9.]*\) nats.*/\1/p" a.html >got
	cmp want got
	"$PYTHON" -c "
import re
section = open(\"a.html\").read().split(\"What they make\")[1].split(\"</section>\")[0]
names = re.findall(r\"<h3><i class=.key c(.).></i>(\\w+)</h3>|class=.passage.>\", section)
assert names == [(\"0\", \"first\"), (\"\", \"\"), (\"1\", \"second\"), (\"\", \"\")], names"
	mv other moved
	rm moved/latest
	nt-report "$work/ckpt" moved/log.jsonl 2>said >a.html
	grep "no held-out text on the page" said
	[ "$(grep -c "class=\"passage\"" a.html)" = 1 ]'
t 'passages are as many as asked, of the file that is named' '
	nt-report --passages 0 "$work/ckpt" >a.html; not grep "class=\"passage\"" a.html
	nt-report --passages 2 --val "$work/train.bin" "$work/ckpt" >a.html; [ "$(grep -c "class=\"passage\"" a.html)" = 2 ]
	exits 4 nt-report --val missing "$work/ckpt" >a.html 2>said; [ ! -s a.html ]; grep missing said
	nt-tokenize -q "$work/held" | nt-pack -q -o other.bin
	exits 3 nt-report --val other.bin "$work/ckpt" 2>said; grep "the model of another" said
	cp -r "$work/ckpt" moved; sed -i "s|\"val\": \"[^\"]*\"|\"val\": \"gone.bin\"|" moved/log.jsonl
	nt-report moved >a.html 2>said; grep "no held-out text on the page: gone.bin: cannot open" said
	html a.html >text'
t 'a checkpoint that is damaged still shows its log' '
	mkdir -p broken/latest; cp "$work/ckpt/log.jsonl" broken
	for text in "" "{" "[]" "{\"options\": 7}" "{\"options\": {\"a\": \"b\""; do
		printf "%s" "$text" >broken/latest/trainer.json; printf "%s" "$text" >broken/latest/config.json
		nt-report --passages 0 broken >a.html; html a.html >text
	done'

t 'a plot in characters fits the width, in Braille or in ASCII' '
	for width in 30 80 133; do
		LC_ALL=C.UTF-8 nt-report --terminal --width $width --height 20 "$work/one" >braille
		nt-report --terminal --width $width --height 20 "$work/one" "$work/two" >ascii
		for f in braille ascii; do
			[ "$(wc -l <$f)" = 20 ]
			"$PYTHON" -c "import sys; assert max(len(l.rstrip(\"\n\")) for l in open(sys.argv[1], encoding=\"utf-8\")) <= $width" $f
		done
	done
	grep -q "$(printf "\342\240")" braille; grep -q "$(printf "\342\227\217")" braille
	not grep "[^ -~]" ascii
	grep "\*" ascii; grep "+" ascii; grep "finished in 20s" ascii
	for chart in held-out bits lr grad-norm speed mfu; do nt-report --terminal --chart $chart -x time --log y "$work/one"; done'
t 'colours are for terminals and for who asks' '
	nt-report --terminal "$work/one" >a; not grep "$(printf "\033")" a
	nt-report --terminal --color always "$work/one" >a; grep -q "$(printf "\033\[38;5;33m")" a
	LC_ALL=C.UTF-8 nt-report --terminal --label "$(printf "a\033[2Jb\302\233c\377d\177")" "$work/one" >a
	grep "a?\[2Jb?c?d?  step 400" a'
t 'what is asked wrongly of a plot is said' '
	exits 2 nt-report --svg --terminal "$work/one" 2>said; grep "choose one" said
	exits 2 nt-report --follow "$work/one" 2>said; grep "standard output is not" said
	exits 2 nt-report --follow --terminal -o x "$work/one" 2>said; grep "leave -o out" said'

# watch SECONDS COMMAND...: what it writes to a terminal of 70 columns and 20 rows; INT after so long.
watch() { "$PYTHON" -c '
import fcntl, os, pty, signal, struct, sys, termios, time
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 70, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
signal.signal(signal.SIGALRM, lambda *a: os.kill(pid, signal.SIGINT))
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[1]))
while True:
    try: data = os.read(fd, 65536)
    except OSError: break
    if not data: break
    sys.stdout.buffer.write(data)
status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)
' "$@"; }

t 'a run is followed on a terminal until it ends' '
	head -n 100 "$work/one" >log
	{ sleep 1.5; head -n 200 "$work/one" | tail -n +101 >>log; sleep 1.5; tail -n +201 "$work/one" >>log; } &
	watch 20 nt-report --follow log >seen
	wait
	grep "step 97 of 400" seen; grep "step 400 of 400" seen; grep "finished in" seen
	grep -q "$(printf "\033\[20A")" seen || grep -q "$(printf "\033\[19A")" seen
	tr "\r" "\n" <seen | sed "s/$(printf "\033")[^a-zA-Z]*[a-zA-Z]//g" | awk "length > 70 { exit 1 }"'
t 'following waits for a run that has not begun, and ends when it is interrupted' '
	{ sleep 1.5; mkdir ckpt; head -n 50 "$work/one" >ckpt/log.jsonl; } &
	exits 130 watch 5 nt-report --follow ckpt >seen
	wait
	grep "ckpt: cannot open.*waiting for it" seen; grep "step 48 of 400" seen'
t 'a page is followed in a browser: it is written anew, and the last one stays' '
	head -n 100 "$work/one" >log
	nt-report --follow -o run.html log &
	sleep 2
	html run.html | grep -x "at step 97 of 400"
	grep -q "http-equiv=\"refresh\"" run.html
	tail -n +101 "$work/one" >>log
	wait $!
	html run.html | grep -x "finished, 400 steps"
	not grep "http-equiv=\"refresh\"" run.html'

# sourced RUN NAME LOSS NAME LOSS: looks at what is held out of two sources
sourced() {
	for step in 1 2 3 4 5; do
		cat <<-END
		{"event": "eval", "step": $step, "tokens": $step, "time": $step, "val_loss": 3, "sources": {"$2": {"targets": 5, "val_loss": $3.$step}, "$4": {"targets": 5, "val_loss": $5.$step}}}
		END
	done >"$1"
}
t 'sources of the data have a chart of their own, and one colour each in all runs' '
	sourced a "<wiki>" 3 books 4; sourced b books 3 code 2
	nt-report --svg --chart sources a b >a.svg; xml a.svg >seen
	for name in "<wiki>" books code; do grep -x "text $name" seen; done
	[ "$(grep -c "^curve marks" seen)" = 4 ]; grep "^curve marks c1 d1 " seen; grep "^title <wiki>, steps 5: 3.5" seen
	nt-report -o page.html a; html page.html | grep -qix "held-out loss by source"
	not nt-report --svg --chart sources "$work/one" 2>said; grep "no held-out loss by source to draw yet" said
	nt-report -o page.html "$work/one"; html page.html | not grep -qi "by source"
	nt-report --terminal --chart sources --color=never --width 60 a >seen; grep "wiki.*books" seen
	sed "s/.sources.: {/&\"bad\": 3, /" a >c; nt-report --svg c >c.svg'
t 'a loss of a source that is no number is no loss, and a name with a NUL is none' '
	sourced a wiki 3 books 4
	for x in null true \"5\" "[6.5]" "{}" 1e999; do
		sed -n "5s/3[.]5/$x/; 5s/.step.: 5/\"step\": 6/p" a
	done >more
	cat more >>a; nt-report --svg --chart sources a >a.svg; xml a.svg >seen
	grep "^title wiki, steps 5: 3.5" seen; grep "^title books, steps 6: 4.5" seen; not grep "^title wiki, steps 6" seen
	sourced b "w\\u0000a" 3 "w\\u0000b" 4; grep -F "w\u0000a" b
	not nt-report --svg --chart sources b 2>said; grep "no held-out loss by source to draw yet" said'
t 'many sources in many runs are numbered in no time' '
	mkdir many
	awk "BEGIN { for (i = 0; i < 64; i++) {
		printf \"{\\\"event\\\": \\\"eval\\\", \\\"step\\\": 1, \\\"tokens\\\": 1, \\\"time\\\": 1, \\\"val_loss\\\": 3, \\\"sources\\\": {\" >\"many/\" i
		for (k = 0; k < 64; k++) printf \"%s\\\"s%d.%d\\\": {\\\"val_loss\\\": 3}\", k ? \", \" : \"\", i, k >\"many/\" i
		printf \"}}\\n\" >\"many/\" i } }"
	timeout 20 nt-report --svg --chart sources many/* >a.svg; xml a.svg >seen
	for k in 0 7; do grep -x "text s0.$k" seen; done; not grep "text s0.8" seen'
t 'following ends where nt-train was killed' '
	head -n 100 "$work/one" >log
	"$PYTHON" -c "
import fcntl, os, time
f = open(\"log\"); fcntl.flock(f, fcntl.LOCK_EX); open(\"locked\", \"w\")
while not os.path.exists(\"run.html\"): time.sleep(0.1)
time.sleep(2.5)" &
	while [ ! -f locked ]; do sleep 0.1; done
	nt-report --follow -o run.html log 2>said
	wait
	grep "no nt-train is at it any more, and it has no end" said; html run.html | grep -x "at step 97 of 400"
	not grep "http-equiv=\"refresh\"" run.html'
t 'following ends soon where nt-train was gone already, and goes on where a log is brought from elsewhere' '
	head -n 100 "$work/one" >log; cp log old; touch -d "1 hour ago" old; cp -p old late
	{ sleep 2; sed -n 101,200p "$work/one" >>late; sleep 7; for run in log late; do tail -n +201 "$work/one" >>$run; done; } &
	nt-report --follow -o log.html log 2>said.log & log=$!
	nt-report --follow -o late.html late 2>said.late & late=$!
	exits 0 timeout 60 nt-report --follow -o old.html old 2>said
	grep "no nt-train is at it any more" said; html old.html | grep -x "at step 97 of 400"
	wait $log; wait $late
	for run in log late; do html $run.html | grep -x "finished, 400 steps"; done'

t 'what is no run is one clear line' '
	: >empty; exits 1 nt-report --svg empty 2>said; grep "empty: no loss to draw yet" said
	mkdir dir; exits 3 nt-report --svg dir 2>said; grep "dir: holds no log.jsonl" said
	exits 4 nt-report --svg missing 2>said; grep "missing: cannot open" said
	head -c 100000 /dev/urandom >noise; exits 3 nt-report --svg noise 2>said; grep "noise: no log of nt-train" said
	exits 2 nt-report --svg 2>said; grep "no run named" said
	head -n 30 "$work/one" | sed "s/loss/no/" >nothing; exits 1 nt-report --svg --log y nothing 2>said
	[ "$(wc -l <said)" = 1 ]'
t 'a full disk is exit 4, a closed pipe is quiet' '
	exits 4 nt-report --svg "$work/one" >/dev/full 2>said; grep "No space" said
	nt-report --svg "$work/one" 2>said | head -c 1 | grep -q "<"; [ ! -s said ]
	exits 4 nt-report --svg -o no/such/dir "$work/one" 2>said'
done_testing
