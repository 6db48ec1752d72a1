#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""GPT-2 and Llama in PyTorch, generating and scoring as one would write it for speed.

    generate.py gpt2|llama f32|bf16 LAYERS WIDTH HEADS FEED-FORWARD VOCAB LONGEST THREADS WHAT

WHAT is as llamacpp.py has it; what is printed is tokens/s. Weights are random and, in bf16, all of
it. Keys and values lie in tensors that are written in place; scoring takes some texts at a time.
"""
import math
import os
import sys
import time

import torch
import torch.nn.functional as F


clock = time.process_time if os.environ.get("BUSY") else time.perf_counter


def rand(*shape):
    return torch.randn(*shape) * 0.02


class Model:
    def __init__(self, family, dtype, layers, width, heads, feed, vocab, longest):
        self.is_llama, self.heads, self.longest = family == "llama", heads, longest
        self.wte, self.wpe = rand(vocab, width).to(dtype), rand(longest, width).to(dtype)
        self.norm = torch.ones(width, dtype=dtype), torch.zeros(width, dtype=dtype)
        shapes = (3 * width, width), (width, width), (feed * (1 + self.is_llama), width), (width, feed)
        self.layers = [[(rand(o, i).to(dtype), None if self.is_llama else torch.zeros(o, dtype=dtype)) for o, i in shapes]
                       for _ in range(layers)]
        self.unseen = torch.ones(longest, longest).triu(1).bool()
        half = width // heads // 2
        turns = torch.arange(longest)[:, None] / 10000 ** (torch.arange(half) / half)
        self.turn = torch.polar(torch.ones_like(turns), turns)  # e^(i turn)

    def normed(self, x):
        if self.is_llama:
            return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-5) * self.norm[0]
        return F.layer_norm(x, x.shape[-1:], *self.norm)

    def turned(self, x, at):
        """Neighbours are turned, which is llama.cpp's order; with random weights any is."""
        pairs = torch.view_as_complex(x.float().unflatten(-1, (-1, 2)))
        return torch.view_as_real(pairs * self.turn[at:at + x.shape[2]]).flatten(-2).to(x.dtype)

    def fed(self, x, up, down):
        x = F.linear(self.normed(x), *up)
        if self.is_llama:
            gate, x = x.chunk(2, -1)
            return F.linear(F.silu(gate) * x, *down)
        return F.linear(F.gelu(x, approximate="tanh"), *down)

    def start(self, B):
        d = self.wte.shape[1] // self.heads
        self.cache = [torch.zeros(2, B, self.heads, self.longest, d, dtype=self.wte.dtype) for _ in self.layers]

    def __call__(self, ids, at, all_logits=False):
        """ids [B][n] that stand at `at`; logits of the last, or of all"""
        B, n = ids.shape
        x = self.wte[ids] if self.is_llama else self.wte[ids] + self.wpe[at:at + n]
        for (qkv, out, up, down), cache in zip(self.layers, self.cache):
            q, k, v = (z.view(B, n, self.heads, -1).transpose(1, 2) for z in F.linear(self.normed(x), *qkv).split(x.shape[-1], 2))
            if self.is_llama:
                q, k = self.turned(q, at), self.turned(k, at)
            cache[0, :, :, at:at + n], cache[1, :, :, at:at + n] = k, v
            k, v = cache[:, :, :, :at + n]
            scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
            if n > 1:
                scores = scores.masked_fill(self.unseen[at:at + n, :at + n], float("-inf"))
            x = x + F.linear((F.softmax(scores, -1) @ v).transpose(1, 2).reshape(B, n, -1), *out)
            x = x + self.fed(x, up, down)
        x = self.normed(x if all_logits else x[:, -1:])
        return x @ self.wte.t()


def main():
    family, dtype, *shape, threads, what = sys.argv[1:]
    shape = [int(a) for a in shape]
    torch.set_num_threads(int(threads))
    model, vocab = Model(family, {"f32": torch.float32, "bf16": torch.bfloat16}[dtype], *shape), shape[4]
    what, a, n = (what.split(":") + ["1"])[:3]
    a, n = int(a), int(n)
    ids = torch.randint(vocab, (32, 1024))

    def steps(B, at):
        model.start(B)
        if at:
            model(ids[:B, :at], 0)
        model(ids[:B, at:at + 1], at)
        begin = clock()
        for i in range(at + 1, at + 1 + n):
            model(ids[:B, i:i + 1], i).argmax(-1)
        return B * n / (clock() - begin)

    def rows(B, n, T, score):
        model.start(B)
        model(ids[:B, :T], 0)
        begin = clock()
        for _ in range(n):
            logits = model(ids[:B, :T], 0, score)
            if score:
                F.cross_entropy(logits.float().view(-1, vocab), ids[:B, 1:T + 1].reshape(-1))
        return n * B * T / (clock() - begin)

    with torch.inference_mode():
        speed = {"decode": lambda: steps(1, a), "batch": lambda: steps(a, 0), "prompt": lambda: rows(1, 1, a, False),
                 "score": lambda: rows(2, max(n // 2, 1), a, True)}[what]()
    print(f"{speed:.1f}")


main()
