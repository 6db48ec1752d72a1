#!/bin/sh
# SPDX-License-Identifier: MIT
# Every family beside a definition of it in PyTorch, in f64: logits and the gradient of every
# tensor, of random models and of those that nt-train wrote. Single precision need not have the
# gradients of trained models: those of some tensors are sums of next to nothing.
. "$(dirname "$0")/../lib.sh"

"$PYTHON" -c 'import torch' 2>/dev/null || {
	skip 'models beside PyTorch' 'PyTorch is not here'
	done_testing
	exit
}
reference="$PYTHON $root/tests/interop/model.py"
export reference
printf '%s\n' 'the cat sat on a mat' 'and saw the rat' 'on the mat sat a rat and a cat' |
	nt-tokenize -q -t bytes --split=line | nt-pack -q -o "$work/data.bin"
export work

# Tests take every folder of references there is: logits first, then gradients.
compare() { # compare PRECISION: how many of the two agree
	CMOCKA_MESSAGE_OUTPUT=TAP NT_SHARED=$PWD "$NT_BUILD/test/$1/model_reference" >log 2>&1 || :
	cat log >&2
	! grep -qi skip log && grep -c '^ok [12]' log
}
for case in $($reference cases); do
	export case
	t "$case, with random weights" '
		$reference made $case data/golden/$case
		[ "$(compare golden)" = 2 ]; [ "$(compare unit)" = 2 ]'
done
for arch in llama gpt2 qwen3 qwen2 mistral; do
	for tied in true false; do
		export arch tied
		t "$arch as nt-train writes it, tie_word_embeddings $tied" '
			nt-train -q --arch=$arch --tie-word-embeddings=$tied --hidden-size=32 --num-hidden-layers=2 \
				--num-attention-heads=4 --num-key-value-heads=$([ $arch = gpt2 ] && echo 4 || echo 2) \
				--seq-len=32 --batch-size=2 --max-steps=60 --learning-rate=0.02 --optimizer=adamw \
				--val "$work/data.bin" "$work/data.bin"
			$reference read ckpt data/golden/$arch
			[ "$(compare golden)" = 2 ]; [ "$(compare unit)" -ge 1 ]; grep "^ok 1" log'
	done
done
done_testing
