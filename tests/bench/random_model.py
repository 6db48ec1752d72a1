#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A checkpoint of random weights, as Hugging Face's library writes them.

    random_model.py gpt2|llama FOLDER f32|bf16 LAYERS WIDTH HEADS FEED-FORWARD VOCAB POSITIONS

Speed does not depend on what the weights are, as long as they are of ordinary size.
"""
import json
import os
import struct
import sys

import numpy as np


def shapes_of_gpt2(layers, C, F, V, T):
    yield "wte.weight", [V, C]
    yield "wpe.weight", [T, C]
    for i in range(layers):
        for name, shape in {"attn.c_attn": [C, 3 * C], "attn.c_proj": [C, C], "mlp.c_fc": [C, F], "mlp.c_proj": [F, C]}.items():
            yield f"h.{i}.{name}.weight", shape
            yield f"h.{i}.{name}.bias", shape[1:]
        for name in "ln_1", "ln_2":
            yield f"h.{i}.{name}.weight", [C]
            yield f"h.{i}.{name}.bias", [C]
    yield "ln_f.weight", [C]
    yield "ln_f.bias", [C]


def shapes_of_llama(layers, C, F, V, _):
    yield "model.embed_tokens.weight", [V, C]
    for i in range(layers):
        for name in "q_proj", "k_proj", "v_proj", "o_proj":
            yield f"model.layers.{i}.self_attn.{name}.weight", [C, C]
        for name, shape in {"gate_proj": [F, C], "up_proj": [F, C], "down_proj": [C, F]}.items():
            yield f"model.layers.{i}.mlp.{name}.weight", shape
        for name in "input_layernorm", "post_attention_layernorm":
            yield f"model.layers.{i}.{name}.weight", [C]
    yield "model.norm.weight", [C]


def config_of(family, layers, C, heads, F, V, T):
    common = {"model_type": family, "vocab_size": V, "bos_token_id": V - 1, "eos_token_id": V - 1, "tie_word_embeddings": True}
    if family == "gpt2":
        return common | {"architectures": ["GPT2LMHeadModel"], "n_layer": layers, "n_embd": C, "n_head": heads, "n_inner": F,
                         "n_positions": T, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-5}
    return common | {"architectures": ["LlamaForCausalLM"], "hidden_size": C, "intermediate_size": F, "num_hidden_layers": layers,
                     "num_attention_heads": heads, "num_key_value_heads": heads, "max_position_embeddings": T,
                     "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 10000.0}


def main():
    family, folder, dtype = sys.argv[1:4]
    layers, C, heads, F, V, T = [int(a) for a in sys.argv[4:]]
    random, head, data, at = np.random.default_rng(1), {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape in (shapes_of_gpt2 if family == "gpt2" else shapes_of_llama)(layers, C, F, V, T):
        x = random.standard_normal(shape, "f4") * 0.02
        if name.endswith("bias"):
            x[:] = 0
        elif len(shape) == 1:
            x[:] = 1
        if dtype == "bf16":
            x = (x.view("u4") >> 16).astype("<u2")
        head[name] = {"dtype": dtype.upper(), "shape": shape, "data_offsets": [at, at + x.nbytes]}
        at += x.nbytes
        data.append(x)
    os.makedirs(folder, exist_ok=True)
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(folder + "/model.safetensors", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for x in data:
            f.write(x.tobytes())
    with open(folder + "/config.json", "w") as f:
        json.dump(config_of(family, layers, C, heads, F, V, T), f)


main()
