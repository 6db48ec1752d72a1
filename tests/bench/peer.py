#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A training step of a program in C or C++ that was built elsewhere.

    peer.py llm.c|llama.cpp PROGRAM LAYERS WIDTH HEADS VOCAB T B THREADS

Prints tokens/s of the median step, and peak memory in MiB. Weights and tokens are made up, in the
program's own formats. A program says a line for each step; the time from one to the next is the
step's. It is stopped after some ten seconds, the first step not counted; after a single one where
steps take long; and given up where the first two take five minutes.

llm.c: train_gpt2, its B and T taken from the environment; as it comes, it knows 4 x 64 alone.
llama.cpp: train-text-from-scratch, which left it in July 2024; twice as fast as it was of 12 June,
the last day on which OpenBLAS multiplied for it. It knows no GPT-2: this is a Llama with as many
weights in its layers, and an output matrix of its own.
"""
import array
import os
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import threading
import time

ENOUGH, LONG, TOO_LONG = 10, 30, 300  # seconds


def write_floats(f, count):
    some = array.array("f", (random.uniform(-0.05, 0.05) for _ in range(1 << 16))).tobytes()
    for left in range(4 * count, 0, -len(some)):
        f.write(some[:left])


def write_llmc(layers, width, heads, vocab, T, tokens):
    """What llm.c's train_gpt2 opens: a checkpoint of version 3, and tokens of version 1."""
    with open("gpt2_124M.bin", "wb") as f:
        f.write(struct.pack("256i", 20240326, 3, T, vocab, layers, heads, width, vocab, *[0] * 248))
        write_floats(f, (vocab + T) * width + layers * (12 * width + 13) * width + 2 * width)
    os.makedirs("dev/data/tinyshakespeare")
    for name in "train", "val":
        with open(f"dev/data/tinyshakespeare/tiny_shakespeare_{name}.bin", "wb") as f:
            f.write(struct.pack("256i", 20240520, 1, tokens, *[0] * 253))
            f.write(struct.pack(f"{tokens}H", *(random.randrange(vocab) for _ in range(tokens))))


def gguf(value):
    """The value of a key in a GGUF file: its type, and its bytes."""
    if isinstance(value, list):
        kind = gguf(value[0])[:4]
        return struct.pack("<I4sQ", 9, kind, len(value)) + b"".join(gguf(v)[4:] for v in value)
    if isinstance(value, str):
        return struct.pack("<IQ", 8, len(value.encode())) + value.encode()
    return struct.pack("<If", 6, value) if isinstance(value, float) else struct.pack("<II", 4, value)


def write_llamacpp(layers, width, heads, vocab, T, tokens):
    """What llama.cpp takes a vocabulary from: a GGUF file of version 3 without tensors. And text."""
    entries = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    entries += [f"w{i}" for i in range(vocab - len(entries))]
    keys = {
        "general.architecture": "llama", "llama.context_length": T, "llama.block_count": layers,
        "llama.embedding_length": width, "llama.feed_forward_length": feed_forward(width),
        "llama.attention.head_count": heads, "llama.rope.dimension_count": width // heads,
        "llama.attention.layer_norm_rms_epsilon": 1e-5, "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": entries, "tokenizer.ggml.scores": [-float(i) for i in range(vocab)],
        "tokenizer.ggml.token_type": [2, 3, 3] + [6] * 256 + [1] * (vocab - 259),
        "tokenizer.ggml.bos_token_id": 1, "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }
    with open("vocab.gguf", "wb") as f:
        f.write(struct.pack("<4sIQQ", b"GGUF", 3, 0, len(keys)))
        for key, value in keys.items():
            f.write(struct.pack("<Q", len(key)) + key.encode() + gguf(value))
    with open("text", "wb") as f:
        f.write(bytes(random.choices(range(1, 128), k=tokens)))


def feed_forward(width):
    """Three matrices instead of GPT-2's two of 4 widths."""
    return (8 * width // 3 + 31) // 32 * 32


def lines_of(command, environment):
    """The lines of a program, which it believes a person reads, and so does not hold back."""
    ours, its = os.openpty()
    child = subprocess.Popen(command, stdout=its, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                             env={**os.environ, **environment})
    os.close(its)
    alarm = threading.Timer(TOO_LONG, child.kill)
    alarm.start()
    try:
        with open(ours, errors="replace") as f:
            yield from f
    except OSError:  # EIO: it has ended
        pass
    finally:
        alarm.cancel()
        child.kill()
        child.wait()


def time_steps(lines, mark):
    """Seconds of each step but the first: a matching line stands between two steps."""
    took, begin, last = [], time.monotonic(), None
    for line in lines:
        if not re.search(mark, line):
            continue
        now = time.monotonic()
        if last:
            took.append(now - last)
        last, passed = now, now - begin
        if took and (passed > LONG or len(took) > 2 and passed > ENOUGH):
            break
    return took


def main():
    kind, program, shape = sys.argv[1], os.path.abspath(sys.argv[2]), [int(a) for a in sys.argv[3:]]
    layers, width, heads, vocab, T, B, threads = shape
    random.seed(1)
    with tempfile.TemporaryDirectory() as work:
        os.chdir(work)
        if kind == "llm.c":
            write_llmc(layers, width, heads, vocab, T, 50 * B * T + 1)
            command, mark = [program], r"^step \d+: train loss"
        else:
            write_llamacpp(layers, width, heads, vocab, T, 50 * B * T)
            command, mark = [program, "--vocab-model", "vocab.gguf", "--train-data", "text", "--model-out", "",
                             "--checkpoint-out", "", "--checkpoint-in", "", "--threads", threads, "--embd", width,
                             "--head", heads, "--layer", layers, "--ff", feed_forward(width), "--ctx", T,
                             "--batch", B, "--no-checkpointing", "--seed", 1], r"iter= *[1-9]"
        took = time_steps(lines_of([str(a) for a in command],
                                   {"B": str(B), "T": str(T), "OMP_NUM_THREADS": str(threads),
                                    "OPENBLAS_NUM_THREADS": str(threads)}), mark)
        os.chdir("/")
    if not took:
        sys.exit(f"peer.py: {program}: no two steps in {TOO_LONG} seconds")
    median = sorted(took)[len(took) // 2]
    print(f"{B * T / median:.1f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f}")


main()
