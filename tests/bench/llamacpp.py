#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""llama.cpp at generating and scoring, called from its library as a program in C would.

    llamacpp.py FOLDER MODEL.gguf SETTING WHAT

FOLDER holds libllama and ggml's libraries. SETTING is threads, and f where attention is fused
("2f"). WHAT is one of these, and what is printed is tokens/s, or milliseconds:

    decode:AT:N   N tokens one after the other, behind AT
    prompt:N      N tokens at once, logits of the last
    score:T:N     N texts of T tokens, logits of every one
    batch:S:N     N tokens of each of S texts at once
    first         ms from opening the library to the first token's logits

With BUSY set it is processor time that counts. Nothing is drawn and nothing summed up: what is timed is llama_decode. Structures of which the
library says how they begin are taken as bytes, and filled in where their defaults show what is what.
"""
import ctypes as c
import glob
import os
import random
import sys
import time


clock = time.process_time if os.environ.get("BUSY") else time.perf_counter


class Batch(c.Structure):
    _fields_ = [("n", c.c_int32), ("token", c.POINTER(c.c_int32)), ("embd", c.c_void_p), ("pos", c.POINTER(c.c_int32)),
                ("n_seq", c.POINTER(c.c_int32)), ("seq", c.POINTER(c.POINTER(c.c_int32))), ("logits", c.POINTER(c.c_int8))]


class Params(c.Structure):
    """Any structure of parameters, and room behind it: it is handed over on the stack."""
    _fields_ = [("word", c.c_int32 * 128)]


@c.CFUNCTYPE(None, c.c_int, c.c_char_p, c.c_void_p)
def quiet(level, text, arg):
    pass


class Llama:
    def __init__(self, folder, path):
        ggml = c.CDLL(glob.glob(folder + "/libggml.*so*")[0], mode=c.RTLD_GLOBAL)
        self.lib = lib = c.CDLL([f for f in glob.glob(folder + "/libllama.*so*") if "common" not in f][0])
        for name in "llama_model_default_params", "llama_context_default_params":
            getattr(lib, name).restype = Params
        for name in "llama_model_load_from_file", "llama_init_from_model", "llama_get_memory", "llama_get_logits_ith":
            getattr(lib, name).restype = c.c_void_p
        lib.llama_batch_init.restype = Batch
        lib.llama_decode.argtypes = [c.c_void_p, Batch]
        lib.llama_log_set(quiet, None)
        ggml.ggml_backend_load_all_from_path(folder.encode())
        self.model = lib.llama_model_load_from_file(path.encode(), lib.llama_model_default_params())
        if not self.model:
            sys.exit(f"llamacpp.py: {path}: llama.cpp does not load it")

    def context(self, setting, n_ctx, n_seq=1):
        threads, p = int(setting.rstrip("f")), self.lib.llama_context_default_params()
        word = list(p.word[:24])
        assert word[:4] == [512, 2048, 512, 1], word
        threads_at = next(i for i in range(24) if word[i:i + 2] == [4, 4])
        flash_at = next(i for i in range(24) if word[i:i + 4] == [-1] * 4) + 3
        p.word[0:4] = [n_ctx, max(n_ctx // n_seq, 512), 512, n_seq]
        p.word[6] = 0  # outputs of a sequence: as many as there are
        p.word[threads_at:threads_at + 2] = [threads, threads]
        p.word[flash_at] = setting.endswith("f")
        self.ctx = c.c_void_p(self.lib.llama_init_from_model(c.c_void_p(self.model), p))
        assert self.ctx
        self.batch = self.lib.llama_batch_init(max(n_ctx, n_seq), 0, 1)

    def fill(self, rows, all_logits=False):
        """rows of (position, sequence), of any token"""
        b = self.batch
        b.n = len(rows)
        for i, (pos, seq) in enumerate(rows):
            b.token[i], b.pos[i], b.n_seq[i], b.seq[i][0] = random.randrange(1000), pos, 1, seq
            b.logits[i] = all_logits or i + 1 == len(rows) or rows[i + 1][1] != seq

    def decode(self, rows, all_logits=False):
        """Seconds."""
        self.fill(rows, all_logits)
        begin = clock()
        if self.lib.llama_decode(self.ctx, self.batch) != 0:
            sys.exit("llamacpp.py: llama_decode fails")
        self.lib.llama_get_logits_ith(self.ctx, self.batch.n - 1)
        return clock() - begin

    def clear(self):
        self.lib.llama_memory_clear(c.c_void_p(self.lib.llama_get_memory(self.ctx)), True)


def measure(llama, setting, what, sizes):
    if what == "decode":
        at, n = sizes
        llama.context(setting, at + n + 8)
        if at:
            llama.decode([(i, 0) for i in range(at)])
        llama.decode([(at, 0)])
        return n / sum(llama.decode([(at + 1 + i, 0)]) for i in range(n))
    if what == "batch":
        s, n = sizes
        llama.context(setting, s * (n + 8), s)
        llama.decode([(0, k) for k in range(s)])
        return s * n / sum(llama.decode([(1 + i, k) for k in range(s)]) for i in range(n))
    t, n = sizes if what == "score" else (sizes[0], 1)
    llama.context(setting, t)
    llama.decode([(i, 0) for i in range(16)])  # wakes threads
    took = 0
    for _ in range(n):
        llama.clear()
        took += llama.decode([(i, 0) for i in range(t)], what == "score")
    return t * n / took


def main():
    folder, path, setting, what = sys.argv[1:]
    begin = time.perf_counter()
    llama = Llama(folder, path)
    if what == "first":
        llama.context(setting, 1024)
        llama.decode([(0, 0)])
        print(f"{1e3 * (time.perf_counter() - begin):.2f}", flush=True)
    else:
        name, *sizes = what.split(":")
        print(f"{measure(llama, setting, name, [int(s) for s in sizes]):.1f}", flush=True)
    os._exit(0)


main()
