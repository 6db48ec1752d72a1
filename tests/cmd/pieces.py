# SPDX-License-Identifier: MIT
"""A tokenizer.json of SentencePiece's kind, learned from a text: pieces.py TEXT N out.json [WORD...]

N merges make tokens of words, a space written as U+2581; ids are SentencePiece's: unknown, ends, bytes, what
merges make, characters. WORDS:
    all          every pair whose text is a token is a merge, as Hugging Face's converter lists them; else one for each
    late         the same, and half of them go to the end: none of these ever merges
    first, always, never    Metaspace puts a space in front of text, or not; else normalizers do
    gemma        ... which leave that out
    unmade, over, bytes, unbytes, whole, mark, normalized   what llama.cpp cannot do
"""
import collections
import json
import sys

MARK = "\u2581"


def learn(text, n):
    words = [list(w) for w in collections.Counter((MARK + text.replace(" ", MARK + " ")).split(" ")).elements()]
    counts = collections.Counter("\0".join(w) for w in words)
    words = [[w.split("\0"), k] for w, k in counts.items()]
    merges = []
    while len(merges) < n:
        pairs = collections.Counter()
        for w, k in words:
            for pair in zip(w, w[1:]):
                pairs[pair] += k
        left, right = best = min(pairs, key=lambda p: (-pairs[p], p))
        merges.append(best)
        for w, _ in words:
            i = 0
            while i + 1 < len(w):
                if w[i] == left and w[i + 1] == right:
                    w[i:i + 2] = [left + right]
                i += 1
    return merges


def every_pair(tokens, vocab):
    out = []
    for t in tokens:
        cuts = [(t[:i], t[i:]) for i in range(1, len(t)) if t[:i] in vocab and t[i:] in vocab]
        out += sorted(cuts, key=lambda c: (-len(c[0]), -len(c[1])))
    return out


path, n, out, *how = sys.argv[1:]
text = open(path, encoding="utf-8").read()
merges = learn(text, int(n))
made = list(dict.fromkeys(a + b for a, b in merges))
characters = sorted({c for c in text if c != " "} | {MARK})
tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + made + characters
if "unbytes" in how:
    tokens.remove("<0x41>")
if "unmade" in how:  # a token that nothing makes, of two that are there
    tokens.append(made[0] + made[0])
if "bytes" in how:
    merges.append(("<0xC3>", "<0xA9>"))
    tokens.append("<0xC3><0xA9>")
vocab = {t: i for i, t in enumerate(tokens)}
if "all" in how:
    merges = every_pair(made, vocab)
if "late" in how:
    spare = [m for m in every_pair(made, vocab) if m not in merges]
    merges += spare[::2]
if "over" in how:
    merges.append(("e", MARK))
    vocab["e" + MARK] = len(vocab)
added = [{"id": i, "content": t, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
          "special": True} for i, t in enumerate(tokens[:3])]
if "mark" in how:
    added.append({**added[0], "id": vocab[MARK], "content": MARK, "special": False})
if "normalized" in how:
    added.append({**added[0], "id": len(vocab), "content": "<|a|>", "special": False, "normalized": True})
scheme = {"first", "always", "never"} & set(how)
write = {"type": "Replace", "pattern": {"String": " "}, "content": MARK}
back = {"type": "Replace", "pattern": {"String": MARK}, "content": " "}
prepends = not scheme and "gemma" not in how
strip = [] if "gemma" in how or "never" in how else [{"type": "Strip", "content": " ", "start": 1, "stop": 0}]
json.dump({
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
    "normalizer": None if scheme else {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": MARK}] * prepends + [write]},
    "pre_tokenizer": {"type": "Metaspace", "replacement": MARK, "prepend_scheme": scheme.pop(), "split": "over" in how}
    if scheme else None,
    "post_processor": None,
    "decoder": {"type": "Sequence", "decoders": [back, {"type": "ByteFallback"}, {"type": "Fuse"}] + strip},
    "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
              "ignore_merges": "whole" in how, "vocab": vocab, "merges": [a + " " + b for a, b in merges]},
}, open(out, "w"))
