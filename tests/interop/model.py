#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The families in PyTorch, in f64, as one would ordinarily write them: references for ours.

    model.py made CASE OUT       a random model of one of the CASES below
    model.py read DIR OUT        the model that lies in DIR, as nt-train wrote it

OUT gets config.json, model.safetensors, batch.safetensors (two documents and padding),
logits.safetensors, and grads_sum.safetensors: the gradient of -log p summed over all targets.
Modules have the names of Hugging Face's classes, and a DIR must load into them strictly: every
key, every shape.
"""
import json
import math
import os
import shutil
import struct
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
ROWS, LENGTH = 2, 16
TYPES = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}


def read_tensors(path):
    raw = bytearray(open(path, "rb").read())
    size = struct.unpack_from("<Q", raw)[0]
    header = json.loads(bytes(raw[8:8 + size]))
    assert header.pop("__metadata__")["format"] == "pt"
    out = {}
    for name, t in header.items():
        first, end = t["data_offsets"]
        flat = torch.frombuffer(raw, dtype=TYPES[t["dtype"]], offset=8 + size + first,
                                count=(end - first) // (8 if t["dtype"] == "F64" else 4))
        out[name] = flat.reshape(t["shape"])
    return out


def write_tensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, t in tensors.items():
        raw = t.detach().contiguous().numpy().tobytes()
        kind = {torch.float64: "F64", torch.int64: "I64"}[t.dtype]
        header[name] = {"dtype": kind, "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


# --- Llama and its relatives -----------------------------------------------------------


class RMSNorm(nn.Module):
    def __init__(self, size, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(size)), eps

    def forward(self, x):
        return self.weight * x / torch.sqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


def frequencies(c, D):
    rope = c.get("rope_parameters") or {}
    theta = rope.get("rope_theta") or c["rope_theta"]
    plain = theta ** (-torch.arange(0, D, 2, dtype=torch.float64) / D)
    rope = c.get("rope_scaling") or rope
    if rope.get("rope_type", "default") == "default":
        return plain
    old, low, high = rope["original_max_position_embeddings"], rope["low_freq_factor"], rope["high_freq_factor"]
    out = []
    for f in plain.tolist():
        length = 2 * math.pi / f
        if length < old / high:
            out.append(f)
        elif length > old / low:
            out.append(f / rope["factor"])
        else:
            smooth = (old / length - low) / (high - low)
            out.append((1 - smooth) * f / rope["factor"] + smooth * f)
    return torch.tensor(out)


def rotate(x, angle):
    half = x.shape[-1] // 2
    turned = torch.cat((-x[..., half:], x[..., :half]), -1)
    angle = torch.cat((angle, angle), -1)
    return x * angle.cos() + turned * angle.sin()


def attend(q, k, v):
    T = q.shape[2]
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    hidden = torch.triu(torch.ones(T, T), 1).bool()
    return F.softmax(scores.masked_fill(hidden, -math.inf), -1) @ v


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        C, self.H, self.K = c["hidden_size"], c["num_attention_heads"], c["num_key_value_heads"]
        self.D = c.get("head_dim") or C // self.H
        bias = c.get("attention_bias", False)
        into = bias or c["model_type"] == "qwen2"
        self.q_proj = nn.Linear(C, self.H * self.D, bias=into)
        self.k_proj = nn.Linear(C, self.K * self.D, bias=into)
        self.v_proj = nn.Linear(C, self.K * self.D, bias=into)
        self.o_proj = nn.Linear(self.H * self.D, C, bias=bias)
        self.has_norm = c["model_type"] == "qwen3"
        if self.has_norm:
            self.q_norm, self.k_norm = RMSNorm(self.D, c["rms_norm_eps"]), RMSNorm(self.D, c["rms_norm_eps"])
        self.frequency = frequencies(c, self.D)

    def forward(self, x):
        B, T, _ = x.shape
        q = self.q_proj(x).view(B, T, self.H, self.D)
        k = self.k_proj(x).view(B, T, self.K, self.D)
        v = self.v_proj(x).view(B, T, self.K, self.D).transpose(1, 2)
        if self.has_norm:
            q, k = self.q_norm(q), self.k_norm(k)
        angle = torch.arange(T)[:, None] * self.frequency
        q, k = rotate(q.transpose(1, 2), angle), rotate(k.transpose(1, 2), angle)
        k, v = (z.repeat_interleave(self.H // self.K, 1) for z in (k, v))
        return self.o_proj(attend(q, k, v).transpose(1, 2).reshape(B, T, -1))


class MLP(nn.Module):
    def __init__(self, c):
        super().__init__()
        C, inner, bias = c["hidden_size"], c["intermediate_size"], c.get("mlp_bias", False)
        self.gate_proj, self.up_proj = nn.Linear(C, inner, bias=bias), nn.Linear(C, inner, bias=bias)
        self.down_proj = nn.Linear(inner, C, bias=bias)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.input_layernorm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        self.self_attn = Attention(c)
        self.post_attention_layernorm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        self.mlp = MLP(c)

    def forward(self, x):
        x = x + self.self_attn(self.input_layernorm(x))
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.model = nn.Module()
        self.model.embed_tokens = nn.Embedding(c["vocab_size"], c["hidden_size"])
        self.model.layers = nn.Sequential(*[Layer(c) for _ in range(c["num_hidden_layers"])])
        self.model.norm = RMSNorm(c["hidden_size"], c["rms_norm_eps"])
        if not c.get("tie_word_embeddings"):
            self.lm_head = nn.Linear(c["hidden_size"], c["vocab_size"], bias=False)

    def forward(self, ids):
        x = self.model.norm(self.model.layers(self.model.embed_tokens(ids)))
        return self.lm_head(x) if hasattr(self, "lm_head") else x @ self.model.embed_tokens.weight.t()


# --- GPT-2 -----------------------------------------------------------------------------


class Conv1D(nn.Module):
    def __init__(self, into, out):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.empty(into, out)), nn.Parameter(torch.empty(out))

    def forward(self, x):
        return x @ self.weight + self.bias


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        C, self.H = c["n_embd"], c["n_head"]
        inner = c.get("n_inner") or 4 * C
        self.ln_1 = nn.LayerNorm(C, eps=c["layer_norm_epsilon"])
        self.attn = nn.ModuleDict({"c_attn": Conv1D(C, 3 * C), "c_proj": Conv1D(C, C)})
        self.ln_2 = nn.LayerNorm(C, eps=c["layer_norm_epsilon"])
        self.mlp = nn.ModuleDict({"c_fc": Conv1D(C, inner), "c_proj": Conv1D(inner, C)})

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = (z.view(B, T, self.H, C // self.H).transpose(1, 2)
                   for z in self.attn["c_attn"](self.ln_1(x)).split(C, 2))
        x = x + self.attn["c_proj"](attend(q, k, v).transpose(1, 2).reshape(B, T, C))
        return x + self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))


class GPT2(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(c["vocab_size"], c["n_embd"]), "wpe": nn.Embedding(c["n_positions"], c["n_embd"]),
            "h": nn.Sequential(*[Block(c) for _ in range(c["n_layer"])]),
            "ln_f": nn.LayerNorm(c["n_embd"], eps=c["layer_norm_epsilon"])})
        if not c.get("tie_word_embeddings", True):
            self.lm_head = nn.Linear(c["n_embd"], c["vocab_size"], bias=False)

    def forward(self, ids):
        t = self.transformer
        x = t["ln_f"](t["h"](t["wte"](ids) + t["wpe"](torch.arange(ids.shape[1]))))
        return self.lm_head(x) if hasattr(self, "lm_head") else x @ t["wte"].weight.t()


# --- what there is to compare ------------------------------------------------------------

CLASSES = {"llama": "LlamaForCausalLM", "gpt2": "GPT2LMHeadModel", "qwen3": "Qwen3ForCausalLM",
           "qwen2": "Qwen2ForCausalLM", "mistral": "MistralForCausalLM"}
SHAPE = {"vocab_size": 61, "hidden_size": 32, "intermediate_size": 56, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-6,
         "hidden_act": "silu", "tie_word_embeddings": False, "bos_token_id": 1, "eos_token_id": 2}
PLAIN = {**SHAPE, "rope_theta": 10000.0}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32}
CASES = {
    "qwen3": {**PLAIN, "model_type": "qwen3", "head_dim": 12, "attention_bias": False, "sliding_window": None,
              "use_sliding_window": False, "max_window_layers": 2, "rope_scaling": None},
    "qwen3-biased": {**PLAIN, "model_type": "qwen3", "head_dim": 8, "attention_bias": True,
                     "tie_word_embeddings": True, "num_key_value_heads": 1},
    "qwen2": {**PLAIN, "model_type": "qwen2", "sliding_window": 4, "use_sliding_window": False},
    "qwen2-tied": {**SHAPE, "model_type": "qwen2", "tie_word_embeddings": True, "num_key_value_heads": 4,
                   "rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}},
    "mistral": {**PLAIN, "model_type": "mistral", "head_dim": None, "sliding_window": None},
    "mistral-wide": {**PLAIN, "model_type": "mistral", "head_dim": 10, "sliding_window": 64},
    "llama": {**PLAIN, "model_type": "llama", "pretraining_tp": 1, "num_key_value_heads": 1},
    "llama-biased": {**PLAIN, "model_type": "llama", "attention_bias": True, "mlp_bias": True},
    "llama3": {**PLAIN, "model_type": "llama", "rope_scaling": LLAMA3, "head_dim": 16},
    "llama3-v5": {**SHAPE, "model_type": "llama", "rope_parameters": {**LLAMA3, "rope_theta": 500.0}},
    "gpt2": {"model_type": "gpt2", "vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64,
             "n_inner": None, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new", "attn_pdrop": 0.1},
}


def make(c):
    """Weights large enough for every term to be seen; norms around 1."""
    model = (GPT2 if c["model_type"] == "gpt2" else Llama)(c)
    torch.manual_seed(5)
    with torch.no_grad():
        for name, p in model.named_parameters():
            is_norm = "norm" in name or "ln_" in name
            p.copy_(torch.randn_like(p) * (0.1 if is_norm else 0.2) + (is_norm and name.endswith("weight")))
    return model


def batch(c):
    """A document of a whole row, and a short one with padding behind it."""
    torch.manual_seed(7)
    ids = torch.randint(0, c["vocab_size"], (ROWS, LENGTH + 1))
    labels = ids[:, 1:].clone()
    labels[1, 10:] = -100
    return ids[:, :-1].contiguous(), labels


def refer(c, model, out):
    ids, labels = batch(c)
    logits = model(ids)
    F.cross_entropy(logits.view(-1, logits.shape[-1]), labels.view(-1), reduction="sum").backward()
    write_tensors(out + "/batch.safetensors", {"input_ids": ids, "labels": labels})
    write_tensors(out + "/logits.safetensors", {"logits": logits})
    write_tensors(out + "/grads_sum.safetensors", {k: p.grad for k, p in model.named_parameters()})


def main(command, source, out):
    os.makedirs(out)
    if command == "made":
        c = {**CASES[source], "architectures": [CLASSES[CASES[source]["model_type"]]]}
        model = make(c)
        json.dump(c, open(out + "/config.json", "w"))
        write_tensors(out + "/model.safetensors", dict(model.named_parameters()))
    else:
        c = json.load(open(source + "/config.json"))
        assert c["architectures"] == [CLASSES[c["model_type"]]]
        model = (GPT2 if c["model_type"] == "gpt2" else Llama)(c)
        model.load_state_dict(read_tensors(source + "/model.safetensors"), strict=True)
        for name in "config.json", "model.safetensors":
            shutil.copy(f"{source}/{name}", out)
    refer(c, model, out)


if __name__ == "__main__":
    if sys.argv[1:] == ["cases"]:
        print(*CASES)
    else:
        main(*sys.argv[1:])
