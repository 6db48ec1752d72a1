#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A training step of GPT-2 in PyTorch, as one would ordinarily write it for speed.

    step.py f32|bf16 LAYERS WIDTH HEADS VOCAB T B THREADS

Prints tokens/s of the median step, and peak memory in MiB. The model is that of shakespeare.py;
bf16 is autocast around the forward pass, the loss in f32. AdamW, clipped gradients, made-up
tokens. Steps are repeated for some ten seconds, the first one not counted.
"""
import math
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, width, heads, longest):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.register_buffer("unseen", torch.ones(longest, longest).triu(1).bool())

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (z.view(B, T, self.heads, C // self.heads).transpose(1, 2)
                   for z in self.qkv(self.ln_1(x)).split(C, dim=2))
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // self.heads)
        y = F.softmax(scores.masked_fill(self.unseen, float("-inf")), dim=-1) @ v
        x = x + self.proj(y.transpose(1, 2).reshape(B, T, C))
        return x + self.down(F.gelu(self.up(self.ln_2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, layers, width, heads, vocab, longest):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, width), nn.Embedding(longest, width)
        self.blocks = nn.Sequential(*[Block(width, heads, longest) for _ in range(layers)])
        self.ln_f = nn.LayerNorm(width)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        return self.ln_f(self.blocks(x)) @ self.wte.weight.t()


def main():
    dtype, shape = sys.argv[1], [int(a) for a in sys.argv[2:]]
    layers, width, heads, vocab, T, B, threads = shape
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = Model(layers, width, heads, vocab, T)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.1)
    ids = torch.randint(vocab, (B, T + 1))
    took, begin = [], time.perf_counter()
    while len(took) < 4 or time.perf_counter() - begin < 10:
        start = time.perf_counter()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bf16"):
            logits = model(ids[:, :-1])
        loss = F.cross_entropy(logits.float().view(-1, vocab), ids[:, 1:].reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        took.append(time.perf_counter() - start)
    median = sorted(took[1:])[len(took[1:]) // 2]
    print(f"{B * T / median:.1f} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")


main()
