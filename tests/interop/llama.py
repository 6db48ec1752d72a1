# SPDX-License-Identifier: MIT
"""llama.py model.gguf ckpt libggml-base.so - the bytes of every matrix beside ggml's own of the same weights"""
import ctypes
import os
import re
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.environ["root"], "tests/cmd"))
import gguf  # noqa: E402

path, folder, library = sys.argv[1:]
ggml = ctypes.CDLL(library)
ggml.ggml_quantize_chunk.restype = ctypes.c_size_t
ggml.ggml_quantize_chunk.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64,
                                     ctypes.c_int64, ctypes.c_void_p]
number = {name: n for n, (name, _, _) in gguf.TYPES.items()}
g = gguf.Gguf(path)
n = 0
for name, x in gguf.checkpoint(folder).items():
    dtype, shape, _, ours = g.tensors[gguf.renamed(name)]
    if x.ndim < 2 or dtype == "f32":
        continue
    x = x.T if re.search(r"(c_attn|c_proj|c_fc)\.weight$", name) else x
    if g.keys["general.architecture"] == "llama" and re.search(r"[qk]_proj", name):
        x = gguf.turn(x, g.keys["llama.attention.head_count" + ("" if "q_proj" in name else "_kv")])
    x = np.ascontiguousarray(x, "<f4")
    theirs = ctypes.create_string_buffer(len(ours))
    size = ggml.ggml_quantize_chunk(number[dtype], x.ctypes.data, theirs, 0, *shape, None)
    assert size == len(ours), (name, size, len(ours))
    assert theirs.raw == ours, name
    n += x.size
assert n > 0
print(f"{n} values have ggml's bytes")
