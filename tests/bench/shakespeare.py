#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The setting of examples/shakespeare-char.sh in PyTorch, as one would ordinarily write it.

    shakespeare.py TEXT THREADS SEED        prints: seconds of training, nats/char held out

GPT-2 with biases, pre-norm, tanh GELU, tied head; weights N(0, 0.02), those that write
to the residual stream divided by sqrt(2 layers); AdamW with decay on matrices only.
Seconds count the 2000 steps alone: no import, no evaluation, no saving.
"""
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

LAYERS, HEADS, WIDTH, CONTEXT, BATCH, STEPS = 4, 4, 128, 64, 12, 2000


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.register_buffer("mask", torch.tril(torch.ones(CONTEXT, CONTEXT)).bool())

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (z.view(B, T, HEADS, C // HEADS).transpose(1, 2)
                   for z in self.qkv(self.ln_1(x)).split(C, dim=2))
        scores = q @ k.transpose(-2, -1) / math.sqrt(C // HEADS)
        scores = scores.masked_fill(~self.mask[:T, :T], float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(B, T, C)
        x = x + self.proj(y)
        return x + self.down(F.gelu(self.up(self.ln_2(x)), approximate="tanh"))


class Model(nn.Module):
    def __init__(self, vocab):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocab, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
        self.ln_f = nn.LayerNorm(WIDTH)
        for name, p in self.named_parameters():
            if p.dim() >= 2:
                residual = name.endswith("proj.weight") or name.endswith("down.weight")
                nn.init.normal_(p, 0, 0.02 / math.sqrt(2 * LAYERS) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1]))
        return self.ln_f(self.blocks(x)) @ self.wte.weight.t()


def loss_of(model, x, y, reduction="mean"):
    logits = model(x)
    return F.cross_entropy(logits.view(-1, logits.shape[-1]), y.reshape(-1), reduction=reduction)


def rate(step):
    if step < 100:
        return 1e-3 * (step + 1) / 101
    return 1e-4 + 0.5 * (1 + math.cos(math.pi * (step - 100) / (STEPS - 100))) * 9e-4


def main():
    text = open(sys.argv[1], "rb").read()
    torch.set_num_threads(int(sys.argv[2]))
    torch.manual_seed(int(sys.argv[3]))
    chars = sorted(set(text))
    ids = torch.tensor([chars.index(c) for c in text])
    cut = int(0.9 * len(ids))
    train, val = ids[:cut], ids[cut:]
    model = Model(len(chars))
    params = list(model.parameters())
    optimizer = torch.optim.AdamW([
        {"params": [p for p in params if p.dim() >= 2], "weight_decay": 0.1},
        {"params": [p for p in params if p.dim() < 2], "weight_decay": 0.0},
    ], lr=1e-3, betas=(0.9, 0.99))
    start = time.time()
    for step in range(STEPS):
        at = torch.randint(len(train) - CONTEXT, (BATCH,))
        x = torch.stack([train[i:i + CONTEXT] for i in at])
        y = torch.stack([train[i + 1:i + 1 + CONTEXT] for i in at])
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad(set_to_none=True)
        loss_of(model, x, y).backward()
        torch.nn.utils.clip_grad_norm_(params, 1.0)
        optimizer.step()
    seconds = time.time() - start
    n = (len(val) - 1) // CONTEXT
    with torch.no_grad():
        x = val[:n * CONTEXT].view(n, CONTEXT)
        y = val[1:n * CONTEXT + 1].view(n, CONTEXT)
        total = sum(loss_of(model, a, b, "sum").item() for a, b in zip(x.split(256), y.split(256)))
    print(f"{seconds:.2f} {total / (n * CONTEXT):.4f}")


main()
