#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A table of what a training step of GPT-2 is made of, from `perf script -F ip,sym`.

    profile.py BENCH PEAKS f32|bf16 LAYERS WIDTH VOCAB T B <samples

BENCH is what `nt-train --bench --json` said, PEAKS what `kern peaks` said: the floors. A sample
belongs to the function of the model that its callers name. Bytes are those of the arrays that a
part reads and writes, each as often as it passes over it; FLOPs are six for each weight and
position, of attention seven for half of T x T. Where arrays fit into a cache, or more is read than
written, a part can be faster than a copy in memory.
"""
import json
import re
import sys

HZ = 997


def part_of(frames):
    """The row that a sample counts for; frames go from the kernel to main."""
    if "nt_train_one_step" not in frames:
        return None
    names = set(frames)

    def has(*some):
        return any(s in names for s in some)

    if has("nt_gemm_tiled", "nt_gemm_blas"):
        if any(f.startswith("pack_") for f in frames):
            return "packing for them"
        if has("nt_head_back"):
            return "products of the output"
        return "products of attention" if has("nt_attention", "nt_attention_back") else "products of layers"
    for row, functions in (
            ("attention: softmax and its way back", ("nt_attention", "nt_attention_back")),
            ("softmax and loss", ("loss_rows",)), ("norms", ("nt_norm", "nt_norm_back")),
            ("GELU", ("nt_activate", "nt_activate_back")), ("gradients of biases", ("bias_columns",)),
            ("embeddings", ("nt_embed", "nt_embed_back")), ("length of the gradient", ("nt_optimizer_norm",)),
            ("AdamW", ("nt_optimizer_update",))):
        if has(*functions):
            return row
    return "everything else"


def floors(L, C, V, T, B):
    """FLOPs and bytes of the rows that are bound by either."""
    N = B * T
    parameters = (V + T) * C + L * (12 * C + 13) * C + 2 * C
    flops = {
        "products of layers": 6 * N * L * 12 * C * C,
        "products of the output": 6 * N * C * V,
        "products of attention": 7 * N * T * C * L,
    }
    floats = {
        "softmax and loss": 2 * N * V,
        "norms": (2 * (4 * L + 1) + 7 * (2 * L + 1)) * N * C,
        "GELU": 24 * N * C * L,
        "gradients of biases": 9 * N * C * L,
        "embeddings": 9 * N * C,
        "length of the gradient": parameters,
        "AdamW": 7 * parameters,
    }
    return flops, {row: 4 * n for row, n in floats.items()}


def main():
    bench, peaks, dtype, shape = sys.argv[1], sys.argv[2], sys.argv[3], [int(a) for a in sys.argv[4:]]
    steps = 1 + json.load(open(bench))["steps"]  # the first is taken, too, and not counted there
    f32, bf16, copy = (float(x) for x in re.search(
        r"f32 ([\d.]+), in bf16 ([\d.]+);.* ([\d.]+) GB/s", open(peaks).read()).groups())
    peak = bf16 if dtype == "bf16" else f32
    seconds = {}
    for sample in sys.stdin.read().split("\n\n"):
        row = part_of([line.split()[-1] for line in sample.splitlines() if line.strip()])
        if row:
            seconds[row] = seconds.get(row, 0) + 1 / HZ / steps
    whole = sum(seconds.values())
    flops, bytes_moved = floors(*shape)
    print(f"| of {1e3 * whole:.0f} ms | share | ms | | of the floor |\n|---|---:|---:|---:|---:|")
    for row, s in sorted(seconds.items(), key=lambda item: -item[1]):
        rate = of = ""
        if row in flops:
            rate = f"{flops[row] / s * 1e-9:.0f} GFLOP/s"
            of = f"{flops[row] / s * 1e-7 / peak:.0f} %"
        elif row in bytes_moved:
            rate = f"{bytes_moved[row] / s * 1e-9:.1f} GB/s"
            of = f"{bytes_moved[row] / s * 1e-7 / copy:.0f} %"
        print(f"| {row} | {100 * s / whole:.1f} % | {1e3 * s:.1f} | {rate} | {of} |")


main()
