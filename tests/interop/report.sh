#!/bin/sh
# SPDX-License-Identifier: MIT
# The pages and pictures of nt-report and nt-score in Chromium: drawn, nothing said, nothing asked for.
# SHOTS=folder keeps screenshots.
. "$(dirname "$0")/../lib.sh"
. "$root/tests/clients.sh"

clients_or_skip 'pages in a browser'
CHROMIUM=$(command -v chromium || command -v chromium-browser) || {
	skip 'pages in a browser' 'chromium is not here'
	done_testing
	exit
}
export CHROMIUM
client() { node "$root/tests/interop/report.js" "$@"; }

# A model of bytes with a few hundred steps, samples and held-out text.
(
	cd "$work"
	cat "$root"/docs/*.md >text
	head -c 4000 text | nt-tokenize -q -t bytes --split=none | nt-pack -q -o val.bin
	tail -c +4001 text | nt-tokenize -q -t bytes --split=blank | nt-dedup -q | nt-pack -q -o train.bin
	for rate in 0.01 0.003; do
		nt-train -q train.bin --val val.bin -o "rate$rate" --label "rate $rate" --learning-rate $rate \
			--max-steps 300 --eval-every 30 --hidden-size 32 --num-hidden-layers 1 \
			--num-attention-heads 2 --seq-len 64 --batch-size 4 --sample-prompt 'The '
	done
) 2>"$work/train.log" || cat "$work/train.log"

t 'a page is drawn, light and dark, wide and narrow, with a script and without' '
	cd "$work"; nt-report -q -o page.html rate0.01
	client page page.html rate0.01/log.jsonl'
t 'a page of two runs is drawn' '
	cd "$work"; nt-report -q -o both.html rate0.01 rate0.003
	mkdir shots; client shots both.html shots; [ "$(ls shots | wc -l)" = 4 ]
	[ -z "${SHOTS-}" ] || { mkdir -p "$SHOTS" && cp shots/*.png "$SHOTS"; }'
t 'texts that would be markup stay texts' '
	bad="</script><img src=x onerror=alert(1)>"
	sed "1s|\"label\": \"[^\"]*\"|\"label\": \"$bad\", \"cpu\": \"$bad\"|; s|\"text\": \"|&$bad|" \
		"$work/rate0.01/log.jsonl" >log.jsonl
	nt-report -q -o page.html .; client hostile page.html'
t 'a page of scores is drawn, light and dark, wide and narrow, with a script and without' '
	printf "The weather in London is bad.\n</script><img src=x onerror=alert(1)> & \"cats\"\n" >text
	cat "$work/text" | head -c 300 >>text
	nt-score -q --html -o page.html "$work/rate0.01" text; client scores page.html text
	client hostile page.html
	mkdir shots; client shots page.html shots; [ "$(ls shots | wc -l)" = 4 ]
	[ -z "${SHOTS-}" ] || for f in shots/*.png; do cp "$f" "$SHOTS/score-${f#shots/}"; done'
t 'a chart is a picture by itself' '
	nt-report -q --svg -o chart.svg "$work/rate0.01" "$work/rate0.003"; client picture chart.svg'
done_testing
