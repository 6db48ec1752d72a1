# SPDX-License-Identifier: MIT
"""An independent reader of GGUF files, and what must hold of one that was made of a checkpoint.

    gguf.py compare model.gguf ckpt DTYPE   every tensor, turned back, beside the checkpoint's
    gguf.py keys model.gguf                 one line a key: name = value, long arrays as their length
    gguf.py unturn model.gguf out.gguf      the same with rows of q and k as Hugging Face has them
    gguf.py pieces model.gguf tokenizer.json   tokens, types and scores are the tokenizer's
    gguf.py unscored model.gguf out.gguf    the same with every token's score 0
    gguf.py specials tokenizer.json NAME... specials that the tokenizer gets, behind all its tokens
    gguf.py made FAMILY ckpt key=value...   a checkpoint of random weights, with these settings
"""
import json
import os
import re
import struct
import sys

import numpy as np

KINDS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TYPES = {0: ("f32", 1, 4), 1: ("f16", 1, 2), 2: ("q4_0", 32, 18), 8: ("q8_0", 32, 34), 30: ("bf16", 1, 2)}


class Gguf:
    def __init__(self, path):
        self.b = open(path, "rb").read()
        self.p = 4
        assert self.b[:4] == b"GGUF" and self.one("I") == 3
        n_tensor, n_key = self.one("Q"), self.one("Q")
        self.keys = {}
        for _ in range(n_key):
            key = self.string()
            assert key not in self.keys, key
            self.keys[key] = self.value(self.one("I"))
        infos = []
        for _ in range(n_tensor):
            name, n_dim = self.string(), self.one("I")
            shape = [self.one("Q") for _ in range(n_dim)][::-1]
            infos.append((name, shape, self.one("I"), self.one("Q")))
        start = (self.p + 31) // 32 * 32
        assert not any(self.b[self.p:start])
        self.tensors, end = {}, 0
        for name, shape, type_, offset in infos:
            assert offset == end and offset % 32 == 0, (name, offset, end)
            dtype, block, size = TYPES[type_]
            n = int(np.prod(shape))
            assert shape[-1] % block == 0 and name not in self.tensors
            at, n_bytes = start + offset, n // block * size
            self.tensors[name] = (dtype, shape, at, self.b[at:at + n_bytes])
            end = (offset + n_bytes + 31) // 32 * 32
            assert not any(self.b[at + n_bytes:start + end]), name
        assert start + end == len(self.b), (start + end, len(self.b))

    def one(self, kind):
        (v,) = struct.unpack_from("<" + kind, self.b, self.p)
        self.p += struct.calcsize("<" + kind)
        return v

    def string(self):
        n = self.one("Q")
        self.p += n
        return self.b[self.p - n:self.p].decode()

    def value(self, kind):
        if kind == 8:
            return self.string()
        if kind == 9:
            kind, n = self.one("I"), self.one("Q")
            return [self.value(kind) for _ in range(n)]
        return self.one(KINDS[kind])

    def read(self, name):
        """Values in f64, and the most by which rounding may have changed each."""
        dtype, shape, _, raw = self.tensors[name]
        if dtype == "f32":
            x = np.frombuffer(raw, "<f4").astype("f8")
            slack = 0 * x
        elif dtype == "f16":
            x = np.frombuffer(raw, "<f2").astype("f8")
            slack = np.maximum(abs(x) * 2.0**-11, 2.0**-25)
        elif dtype == "bf16":
            x = (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4").astype("f8")
            slack = abs(x) * 2.0**-8
        elif dtype == "q8_0":
            b = np.frombuffer(raw, [("d", "<f2"), ("q", "i1", 32)])
            d = b["d"].astype("f8")[:, None]
            x = (d * b["q"]).ravel()
            slack = np.repeat(abs(d) * (0.5 + 127 * 2.0**-11) + 1e-7, 32)
        else:
            b = np.frombuffer(raw, [("d", "<f2"), ("q", "u1", 16)])
            d = b["d"].astype("f8")[:, None]
            q = np.concatenate([b["q"] & 15, b["q"] >> 4], 1).astype("f8") - 8
            x = (d * q).ravel()
            slack = np.repeat(abs(d) * (1 + 8 * 2.0**-11) + 1e-7, 32)  # q is at most 7, not 8
        return x.reshape(shape), slack.reshape(shape)


def checkpoint(folder):
    raw = open(folder + "/model.safetensors", "rb").read()
    (n,) = struct.unpack_from("<Q", raw)
    head = json.loads(raw[8:8 + n])
    head.pop("__metadata__", None)
    out = {}
    for name, t in head.items():
        assert t["dtype"] == "F32"
        begin, end = t["data_offsets"]
        out[name] = np.frombuffer(raw[8 + n + begin:8 + n + end], "<f4").reshape(t["shape"]).astype("f8")
    return out


LAYER = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm", "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down", "ln_1": "attn_norm", "attn.c_attn": "attn_qkv",
    "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down",
}
OTHER = {
    "model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output",
    "transformer.wte": "token_embd", "transformer.wpe": "position_embd", "transformer.ln_f": "output_norm",
}


def renamed(name):
    stem, what = name.rsplit(".", 1)
    m = re.fullmatch(r"(?:model\.layers|transformer\.h)\.(\d+)\.(.*)", stem)
    return f"blk.{m[1]}.{LAYER[m[2]]}.{what}" if m else f"{OTHER[stem]}.{what}"


def turn(x, heads):
    """Rows of Hugging Face's q or k in llama.cpp's order, as llama.cpp's converter does it."""
    return x.reshape(heads, 2, x.shape[0] // heads // 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)


def compare(path, folder, dtype):
    g, config = Gguf(path), json.load(open(folder + "/config.json"))
    family = config["model_type"]
    arch = g.keys["general.architecture"]
    assert arch == ("llama" if family == "mistral" else family)
    want = {renamed(name): (name, x) for name, x in checkpoint(folder).items()}
    extra = {"rope_freqs.weight"} if config.get("rope_parameters", {}).get("factor") else set()
    assert set(want) | extra == set(g.tensors), set(want) ^ set(g.tensors)
    tied = "output.weight" not in want
    for name, (ours, x) in want.items():
        got_type, shape, at, _ = g.tensors[name]
        if re.search(r"(c_attn|c_proj|c_fc)\.weight$", ours):
            x = x.T
        if arch == "llama" and re.search(r"attn_[qk]\.", name):
            heads = config["num_attention_heads" if "attn_q." in name else "num_key_value_heads"]
            x = turn(x, heads)
        expected = dtype
        if x.ndim == 1 or name == "position_embd.weight":
            expected = "f32"
        elif dtype in ("q8_0", "q4_0") and x.shape[-1] % 32:
            expected = "f16"
        elif dtype == "q4_0" and name == ("token_embd.weight" if tied else "output.weight"):
            expected = "q8_0"
        assert got_type == expected, (name, got_type, expected)
        assert list(x.shape) == shape and at % 32 == 0, (name, x.shape, shape)
        y, slack = g.read(name)
        worst = (abs(x - y) - slack).max()
        assert worst <= 0, (name, worst)
        if got_type != "f32":
            assert np.corrcoef(x.ravel(), y.ravel())[0, 1] > (0.98 if got_type == "q4_0" else 0.999), name
    if extra:
        check_frequencies(g, config)
    print(f"{len(want)} tensors agree")


def check_frequencies(g, config):
    """By wavelengths, as Llama 3.1 says it, where the writer counts turns."""
    s, D = config["rope_parameters"], config["head_dim"]
    theta = s["rope_theta"]
    want, old = [], s["original_max_position_embeddings"]
    for i in range(D // 2):
        wavelength = 2 * np.pi * theta ** (2 * i / D)
        if wavelength < old / s["high_freq_factor"]:
            want.append(1.0)
        elif wavelength > old / s["low_freq_factor"]:
            want.append(s["factor"])
        else:
            smooth = (old / wavelength - s["low_freq_factor"]) / (s["high_freq_factor"] - s["low_freq_factor"])
            want.append(1 / ((1 - smooth) / s["factor"] + smooth))
    assert 1.0 in want and s["factor"] in want, want
    assert np.allclose(g.read("rope_freqs.weight")[0], want, rtol=1e-6)


def unturn(path, out):
    g = Gguf(path)
    b = bytearray(g.b)
    arch = g.keys["general.architecture"]
    for name, (dtype, shape, at, raw) in g.tensors.items():
        if not re.search(r"attn_[qk]\.", name):
            continue
        assert dtype == "f32"
        heads = g.keys[f"{arch}.attention.head_count" + ("" if "attn_q." in name else "_kv")]
        x = np.frombuffer(raw, "<f4").reshape(shape)
        x = x.reshape(heads, shape[0] // heads // 2, 2, *shape[1:]).swapaxes(1, 2).reshape(shape)
        b[at:at + len(raw)] = x.tobytes()
    open(out, "wb").write(b)


def pieces(path, tokenizer):
    g, t = Gguf(path).keys, json.load(open(tokenizer))
    tokens, scores, types = (g["tokenizer.ggml." + key] for key in ("tokens", "scores", "token_type"))
    vocab = t["model"]["vocab"]
    assert [vocab[x] for x in tokens[:len(vocab)]] == list(range(len(vocab)))
    made = [b for a, b in sorted((-scores[i], i) for i in vocab.values() if scores[i] or i == 259)]
    assert made == sorted(made) and made[0] == 259 and len(made) > 50, made  # ids have the order of merges
    assert all(vocab[m.replace(" ", "")] in made for m in t["model"]["merges"])
    for x, i in vocab.items():
        special = {"<unk>": 2, "<s>": 3, "</s>": 3}.get(x, 6 if re.fullmatch("<0x..>", x) else 1)
        assert types[i] == special, (x, types[i])
    assert set(types[len(vocab):]) == {5}


def unscored(path, out):
    b = bytearray(open(path, "rb").read())
    at = b.index(b"tokenizer.ggml.scores") + len("tokenizer.ggml.scores") + 8  # array, f32
    (n,) = struct.unpack_from("<Q", b, at)
    b[at + 8:at + 8 + 4 * n] = bytes(4 * n)
    open(out, "wb").write(b)


def shapes(c):
    C, F, D, V = c["hidden_size"], c["intermediate_size"], c["head_dim"], c["vocab_size"]
    H, K = c["num_attention_heads"] * D, c["num_key_value_heads"] * D
    family = c["model_type"]
    out = {"model.embed_tokens.weight": [V, C], "model.norm.weight": [C]}
    for i in range(c["num_hidden_layers"]):
        layer = {"input_layernorm": [C], "post_attention_layernorm": [C], "self_attn.q_proj": [H, C],
                 "self_attn.k_proj": [K, C], "self_attn.v_proj": [K, C], "self_attn.o_proj": [C, H],
                 "mlp.gate_proj": [F, C], "mlp.up_proj": [F, C], "mlp.down_proj": [C, F]}
        biased = []
        if family == "qwen2" or c.get("attention_bias"):
            biased += ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"]
        if c.get("attention_bias"):
            biased += ["self_attn.o_proj"]
        if c.get("mlp_bias"):
            biased += ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
        if family == "qwen3":
            layer |= {"self_attn.q_norm": [D], "self_attn.k_norm": [D]}
        for name, shape in layer.items():
            out[f"model.layers.{i}.{name}.weight"] = shape
        for name in biased:
            out[f"model.layers.{i}.{name}.bias"] = layer[name][:1]
    if not c["tie_word_embeddings"]:
        out["lm_head.weight"] = [V, C]
    return out


CLASS = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}


def made(family, folder, *settings):
    c = {"architectures": [CLASS[family] + "ForCausalLM"], "model_type": family, "vocab_size": 258,
         "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
         "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
         "hidden_act": "silu", "tie_word_embeddings": False, "bos_token_id": 256, "eos_token_id": 257,
         "rope_parameters": {"rope_type": "default", "rope_theta": 500.0}, "sliding_window": None}
    for setting in settings:
        key, value = setting.split("=", 1)
        c[key] = json.loads(value)
    random, at, head, data = np.random.default_rng(1), 0, {"__metadata__": {"format": "pt"}}, b""
    for name, shape in shapes(c).items():
        x = random.normal(1 if "norm" in name else 0, 0.2, shape).astype("<f4")
        if c.get("_wild"):  # values of every size, and a row without any
            x = (random.choice([-1, 1], shape) * 2.0 ** random.uniform(-30, 12, shape)).astype("<f4")
            x[-1] = 0
        if "_first" in c and not at:
            x.flat[0] = c["_first"]
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + x.nbytes]}
        at, data = at + x.nbytes, data + x.tobytes()
    os.makedirs(folder)
    text = json.dumps(head).encode()
    open(folder + "/model.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + data)
    json.dump(c, open(folder + "/config.json", "w"))


def specials(path, *names):
    t = json.load(open(path))
    first = 1 + max(x["id"] for x in t["added_tokens"])
    t["added_tokens"] += [{"id": first + i, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                           "normalized": False, "special": True} for i, name in enumerate(names)]
    json.dump(t, open(path, "w"))


def keys(path):
    for key, value in Gguf(path).keys.items():
        print(key, "=", len(value) if isinstance(value, list) else value)


def rounded(folder, original, dtype):
    """Every tensor of the folder is the original's, each number the nearest of the dtype."""
    raw = open(folder + "/model.safetensors", "rb").read()
    size = struct.unpack("<Q", raw[:8])[0]
    head, want = json.loads(raw[8:8 + size]), checkpoint(original)
    assert set(head) - {"__metadata__"} == set(want)
    for name, x in want.items():
        t = head[name]
        first, end = (8 + size + at for at in t["data_offsets"])
        assert t["dtype"] == dtype.upper() and t["shape"] == list(x.shape), (name, t)
        if dtype == "bf16":
            bits = x.astype("<f4").view("<u4").astype(np.uint64)
            y = ((bits + 0x7fff + (bits >> 16 & 1)) >> 16).astype("<u2")
        else:
            y = x.astype("<f2" if dtype == "f16" else "<f4")
        assert y.tobytes() == raw[first:end], name


if __name__ == "__main__":
    {"compare": compare, "rounded": rounded, "keys": keys, "unturn": unturn, "unscored": unscored, "pieces": pieces,
     "specials": specials, "made": made}[sys.argv[1]](*sys.argv[2:])
