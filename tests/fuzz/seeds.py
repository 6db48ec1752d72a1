# SPDX-License-Identifier: MIT
"""seeds.py FOLDER: files for the fuzzers to begin with, FOLDER/TARGET/NAME.

What our programs write comes from them (in PATH), what others write is made here by the letter of their
formats, and what was made to hurt is tests/cmd/hostile.py's. All are small: a fuzzer does most with
hundreds of bytes. A target that wants more than a file's bytes says in its own file what stands in front.
"""
import base64, gzip, hashlib, io, json, lzma, bz2, os, re, shutil, struct, subprocess, sys, tarfile, zipfile, zlib

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.abspath(sys.argv[1])
LARGEST = 1 << 14
TEXT = ("It's 2 dogs,\tand  a cat; they're OK!\n\n\u00dcber na\u00efve caf\u00e9s: \u4f60\u597d\u4e16\u754c "
        "\u0645\u0631\u062d\u0628\u0627 \U0001f469\u200d\U0001f680 e\u0301\u0323 \ufb01 \u1e9b\u0323 \uac00\u11a8 \r\n\u00a0\u2003x")


def put(target, name, data):
    data = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
    if len(data) <= LARGEST:
        os.makedirs(f"{FOLDER}/{target}", exist_ok=True)
        with open(f"{FOLDER}/{target}/{name}", "wb") as f:
            f.write(data)


def put_all(target, texts):
    """Named by what they are, so that a seed keeps its name when others come."""
    for text in texts:
        data = text if isinstance(text, (str, bytes)) else json.dumps(text)
        put(target, hashlib.sha256(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")).hexdigest()[:12], data)


def nt(*command, given=None):
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def contents(path):
    with open(path, "rb") as f:
        return f.read()


# --- text, and lines of it -----------------------------------------------------------------------------------

def texts():
    parts = [TEXT, "", "a", "\0", "\ufeff", "a" * 300, " " * 70 + "\n" * 5, "\u2019s 'LL I'd 1234567 \u0661\u0662",
             "\xff\xfe\x80".encode("latin-1"), "\U0010ffff\u0800\ue000", "- one\n- two\n- one\n- one\n* three...\n{ lorem ipsum }\n",
             "Cookie policy. javascript is off.\nAll rights reserved!\n" * 3, b"\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80\xe2\x82",
             "# Words\n\nThe quick brown fox was not to be with that of the lazy dog. " * 4]
    put_all("utf8", parts)
    put_all("filter", parts)
    forms = [b"%c" % k for k in range(32)]
    put_all("docs", [k + p for k in forms for p in (b"one\n\ntwo\nthree", b"a\0b\0", b'{"text":"a","id":7}\n\n{"text":"b","url":"u","date":"d"}\n',
                                                   b'{"text":"cut', b"\n\n \n", b"")])
    put_all("docs", [b"%c" % k + b"x" * at + cut * 3 for k, cut in ((2, b"\n"), (4, b"\0"), (6, b"ab"), (7, b"\n\n")) for at in (1, 1021, 1022, 1023, 2047)]) # across blocks
    lines = b'x{"text":"a","id":7}\n{"text":"b"}\n{"text":"' + b"c" * 3000 + b'"}\n' # standard input begins behind its x
    put_all("docs", [b"%c" % k + p for k in (0, 24) for p in (lines, lines[:9], b"x" + lines[32:], b"xtext\n", b"x\xef\xbb\xbf" + lines[1:], b"x{\n")])


def lines():
    put_all("idlines", ["1 2 3\n4\n\n4294967294 0\n", "7", " 1  2 \r\n", "4294967295\n", "x\n", "1\t2\n", "-1\n", "99999999999999999999 1\n"])
    put_all("json", [r'{"a":[1,-2.5e+3,0.0,1E-9,true,false,null,"x"],"b":{"c":{}},"":[]}', r'"\u00e9\ud83d\ude00\ud800\b\f\n\r\t\/\\\""',
                     "[" * 63 + "]" * 63, "[" * 70, " [ 1 , 2 ] ", '{"a":1,"a":2}', "01", "1.", "-", "1e", "nul", '"\\x"', '"\x01"', "1 2",
                     "[1,]", '{"a"}', '{"a":}', '{a:1}', '"\xff"'.encode("latin-1"), '"\\u12', "18446744073709551616", "1e999"])
    put_all("jsonl", [{"text": "one", "id": "x", "url": "http://a", "date": "2020-01-01"}, {"text": "t", "id": 7, "metadata": {"url": "u", "timestamp": 1.5}},
                      {"text": "t", "a": {"b": "1"}, "c": 2}, {"text": "y", "a": {"b": ["x", 1, True, None]}, "c": "3"}, {"a.b": "p", "text": ""},
                      '{"text":"\\ud83d\\ude00\\ud800 \\n"}', '{"text":"a","text":"b"}', {"text": 7}, [], '{"text":"a"} x'])
    line = '{"lang":"en","score":0.5,"n":12,"ok":true,"none":null,"tags":["a","b",3],"meta":{"date":"2020-02-03","deep":{"x":"7"}},"text":"t"}'
    put_all("where", [c + "\n" + line for c in ("lang=en,de", "lang!=en", "score>=0.5", "score<1e3", "n=12.0", "n>11", "ok=true", "none=null", "none!=null",
                                                "tags=b,c", "tags!=3", "meta.date>2020-01", "meta.date<=2020-02-03", "meta.deep.x>=6", "no.such=null",
                                                "=x", "lang", "a..b=1", "lang=", "score>", "n!=a,b,12")])
    put_all("choices", [{"ctx": "A man", "endings": ["sits", "runs", "flies", "swims"], "label": 2}, {"question": "Why?", "choices": ["a", "b"], "answer": "B"},
                        {"question": "Why?", "choices": {"text": ["a", "b", "c"], "label": ["A", "B", "C"]}, "answerKey": "C"},
                        {"question": "Why?", "choices": {"text": ["a", "b"], "label": ["1", "2"]}, "answerKey": "2"}, {"query": "q", "options": ["x", "y"], "gold": "1"},
                        {"question": {"stem": "s", "choices": [{"text": "a", "label": "A"}, {"text": "b", "label": "B"}]}, "answerKey": "A"},
                        {"context": "c", "choices": [{"label": "A", "text": "x"}, {"text": "y", "label": "B"}], "answer": "B"}, {"a": "p", "b": ["1", "2"], "c": 0},
                        {"prompt": "p", "endings": ["only"], "label": 0}, {"ctx": "p", "endings": ["a", "b"], "label": 9}, {"ctx": "p", "endings": ["a", "b"], "label": ""},
                        {"ctx": "p", "endings": ["a", "b"], "label": "-1"}, {"ctx": "p", "endings": ["a", "b"], "label": 1.5}, {"ctx": 7, "endings": []}])
    put_all("prompts", ["one\ntwo\n\nlast", '{"a":"p","x":1,"b":2,"c":3}\n\n{"a":"q"}\n', '{"a":[1,2,3],"n":{"m":[]}}\n{"a":[]}\n', "1 2 3\n4\n", '{"c":"taken","a":"p"}\n',
                        '{"a":[4294967295]}\n', '{"a":[1.5,"x"]}\n', '{"n":1}\n', '{"a":"\\u0041\\n"}\r\n', "\n\n", "x" * 300 + "\n", '{"a":"p","a":"q"}\n'])


def patterns():
    put_all("pattern", [r + "\n" + TEXT for r in (
        r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s", r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}",
        r"[[:alpha:]]+|[^[:space:]]", r"\w+|[^\w\s]+", r"(?<=a)b|\bx\b", r"[\p{Lu}&&[^A-C]]+", r"[a-z[0-9]]", r"\h+|\H", r"(?<n>a)\k<n>", r"(a+)+$", r"\x{41}|\x41|A",
        r"(?>a|b)*+c", r"[^]a]", r"[]a]", r"\Q.*\E", r"(?#c)a", r"(?x) a b", r"a{2,}|b{,3}|c{1}", r".|\n", r"\R|\X", r"\p{Han}+|\p{^L}|\P{L}|\pL", "[a", "(a", "a)", "*", r"\p{Nope}",
        r"[\d\-\]]", r"^a|b$", r"\A\z\Z\G", r"(?m)^", r"(?s).", r"(?-i:a)", r"[\W]", r"[^\H]", r"\u0041", r"[\u0041-\u005a]", r"a{2}{3}", r"(?:a|b){2}+", r"a+{2}", r"[[:word:]\s]", r"[[:^alpha:]]", r"\p{Alpha}\p{^Digit}", r"\B\b", r"a{", r"a{x}", r"\k<n>", r"(?<=\p{L}+)x", "deepseek", "gpt2", "o200k", "none", "(?=a)", "|", "")])


# --- vocabularies ----------------------------------------------------------------------------------------------

def byte_letters():
    whole = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    return [chr(c) for c in whole + list(range(256, 324))]


def vocabulary(letters="abcdefgh \u2581", **change):
    vocab = {c: i for i, c in enumerate(letters)}
    model = {"type": "BPE", "vocab": vocab, "merges": ["a b", ["ab", "c"]], "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
             "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False}
    vocab.update({"ab": len(vocab), "abc": len(vocab) + 1})
    model.update(change.pop("model", {}))
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None, "model": model}
    whole.update(change)
    return whole


def added(id, content, **flags):
    return dict({"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}, **flags)


def vocabularies():
    text, made = TEXT.encode()[:120], []
    split = lambda regex, **k: dict({"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}, **k)
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    space = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True}
    sequence = lambda key, *steps: {"type": "Sequence", key: list(steps)}
    unknown = {"unk_token": "<unk>", "vocab": {"<unk>": 0, "a": 1, "b": 2, "ab": 3, "\u2581": 4}, "merges": ["a b"]}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    for step in ({"type": "NFC"}, {"type": "NFD"}, {"type": "NFKC"}, {"type": "NFKD"}, {"type": "Lowercase"}, {"type": "StripAccents"}, {"type": "Nmt"}, {"type": "Strip", "strip_left": True, "strip_right": False},
                 {"type": "Prepend", "prepend": "\u2581"}, replace, {"type": "Replace", "pattern": {"Regex": "a+"}, "content": ""}, {"type": "BertNormalizer"}, {"type": "Prepend"},
                 sequence("normalizers", {"type": "Prepend", "prepend": "\u2581"}, replace), sequence("normalizers", sequence("normalizers", {"type": "NFC"}), {"type": "Lowercase"})):
        made.append(vocabulary(normalizer=step))
    for behavior in "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous", "Nope":
        made += [vocabulary(pre_tokenizer=split("a+|\\s", behavior=behavior)), vocabulary(pre_tokenizer={"type": "Punctuation", "behavior": behavior}),
                 vocabulary(pre_tokenizer=dict(split("b", behavior=behavior, invert=True), pattern={"String": "b"}))]
    for step in ({"type": "Digits", "individual_digits": True}, {"type": "Digits", "individual_digits": False}, {"type": "Whitespace"}, {"type": "WhitespaceSplit"}, {"type": "BertPreTokenizer"}, space,
                 dict(space, prepend_scheme="first"), dict(space, prepend_scheme="never", split=False), {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": False}, dict(space, replacement="xy"),
                 sequence("pretokenizers", {"type": "Digits", "individual_digits": True}, split("\\s+")), sequence("pretokenizers", split("(?i:'s)|\\p{L}+"), level), sequence("pretokenizers", level, space)):
        made.append(vocabulary(pre_tokenizer=step))
    for step in (level, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}, space, replace, {"type": "BPEDecoder", "suffix": "</w>"}, {"type": "WordPiece"},
                 sequence("decoders", replace, {"type": "ByteFallback"}, {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0})):
        made.append(vocabulary(decoder=step))
    for model in ({"byte_fallback": True, "unk_token": "<unk>", "vocab": dict({"<unk>": 0, "<s>": 1, "a": 259, "b": 260, "ab": 261}, **{f"<0x{b:02X}>": b + 3 for b in range(256)}), "merges": ["a b"]}, unknown, dict(unknown, fuse_unk=True),
                  {"ignore_merges": True}, {"dropout": 0.1}, {"continuing_subword_prefix": "##"}, {"end_of_word_suffix": "</w>"}, {"type": "Unigram", "vocab": [["a", -1.0]]}, {"type": "WordPiece"},
                  {"merges": ["a b c"]}, {"merges": ["a  b"]}, {"merges": [["a"]]}, {"merges": [1]}, {"merges": ["a q"]}, {"merges": ["#version: 0.2", "a b"]}, {"vocab": {}}, {"vocab": []}, {"vocab": {"a": 1.5}}, {"merges": {}}):
        made.append(vocabulary(model=model))
    letters = byte_letters()
    made += [vocabulary(letters=letters, pre_tokenizer=level, decoder=level), vocabulary(letters=letters, pre_tokenizer=sequence("pretokenizers", split("\\p{N}{1,3}"), dict(level, use_regex=False)), decoder=level,
             added_tokens=[added(326, "<|endoftext|>"), added(327, " x", special=False, normalized=True), added(328, "<m>", lstrip=True, rstrip=True, single_word=True)], post_processor=level)]
    made += [vocabulary(added_tokens=[added(0, "a"), added(12, "<s>"), added(13, "dog", single_word=True, special=False), added(14, "Cat", normalized=True, lstrip=True)], normalizer={"type": "Lowercase"}),
             vocabulary(added_tokens=[added(12, "")]), vocabulary(added_tokens=[added(12, "x"), added(12, "y")]), vocabulary(added_tokens={}), vocabulary(added_tokens=[{}]), vocabulary(added_tokens=[added(-1, "x")]), [], {"model": None}, {}]
    tokens = [added(326, "<m>", lstrip=True, rstrip=True), added(327, "dog", single_word=True, normalized=True), added(328, "cat", lstrip=True, normalized=True), added(329, "\u00e9", rstrip=True), added(330, "<", single_word=True)]
    some, late = vocabulary(letters=letters, pre_tokenizer=level, decoder=level), vocabulary(letters=["a" * n + "b" for n in range(14, 34)] + ["a", "b"] + ["c" * 20 + c for c in "xyz"])
    found = b"x <m>  dog cat <m> dogs  cat\tdog\xc3\xa9 \xff<m>\xff <x<<m "
    put_all("tokenizer_json", [bytes([len(found)]) + found + json.dumps(dict(some, added_tokens=tokens[i:k])).encode() for i in range(5) for k in range(i + 1, 6)])
    late["model"]["merges"], some["model"] = ["a b"], {"type": "BPE", "merges": ["a b"], "vocab": some["model"]["vocab"]}
    put_all("tokenizer_json", [b"\3aab" + json.dumps(v).encode() for v in (late, some, dict(some, added_tokens=[added(326, "xy"), added(327, "yz", normalized=True), added(328, "q", normalized=True)]))])
    put_all("tokenizer_json", [bytes([len(text)]) + text + json.dumps(v).encode() for v in made])
    put_all("tokenizer_json", [b"\0" + json.dumps(v, ensure_ascii=False).encode() for v in made[::9]])
    put_all("tiktoken", [contents(HERE + "/../../share/vocab/nt-8k.tiktoken")[:4000].rpartition(b"\n")[0] + b"\n", "YQ== 0\nYg== 1\nYWI= 2\n", "YQ== 0\r\nYg== 7\n", "YQ== 0", "YQ 0\n", "Y*== 0\n", "YQ== 0\nYQ== 1\n", "= 0\n", " 0\n", "YQ==  0\n", "\n"])
    ranks = b"".join(b"%s %d\n" % (base64.b64encode(bytes([b])), b) for b in range(256))
    put_all("tiktoken", [ranks, ranks + b"YWI= 256\nYWJj 257\n", ranks + b"YWJj 256\n", ranks + b"YWI= 300\nYWJhYg== 301\n"])


def sentencepieces():
    def varint(n):
        out = b""
        while n > 127:
            out += bytes([n & 127 | 128])
            n >>= 7
        return out + bytes([n])

    def field(number, value):
        if isinstance(value, float):
            return varint(number << 3 | 5) + struct.pack("<f", value)
        if isinstance(value, int):
            return varint(number << 3) + varint(value)
        value = value.encode() if isinstance(value, str) else value
        return varint(number << 3 | 2) + varint(len(value)) + value

    def piece(text, score=0.0, kind=1):
        return field(1, field(1, text) + field(2, score) + field(3, kind))
    base = piece("<unk>", kind=2) + piece("<s>", kind=3) + piece("</s>", kind=3)
    fallback = b"".join(piece(f"<0x{b:02X}>", kind=6) for b in range(256))
    letters = b"".join(piece(c, -2.0 - i) for i, c in enumerate("abc\u2581\u00e9")) + piece("ab", -0.5) + piece("\u2581ab", -1.0)
    bpe, plain = field(2, field(3, 2)), field(3, field(1, "identity") + field(3, 1) + field(4, 0) + field(5, 1))
    whole = [base + letters + bpe + plain, base + fallback + letters + field(2, field(3, 2) + field(35, 1)) + plain, base + piece("<sep>", kind=4) + letters + bpe + plain,
             base + letters + bpe + field(3, field(3, 0) + field(4, 1) + field(5, 0)), base + letters + field(2, field(3, 1)) + plain, base + letters + field(2, field(3, 2) + field(24, 1)), base + letters + piece("x", kind=5) + bpe,
             base + letters + bpe + field(3, field(2, b"\0\1\2")), letters + bpe, base + piece("a") + piece("a") + bpe, base + piece("") + bpe, base + piece("\xff".encode("latin-1")) + bpe, base, b"\x0a\xff", b"\0", bytes([9]) + b"\1" * 8]
    put_all("sentencepiece", [bytes([30]) + b"ab \xc3\xa9 abc  <sep> <s> \xff\0 x" + b" " * 7 + w for w in whole] + [b"\0" + w for w in whole])


# --- models -----------------------------------------------------------------------------------------------------

LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1, "vocab_size": 8,
         "max_position_embeddings": 32, "rms_norm_eps": 1e-5, "rope_theta": 1e4, "hidden_act": "silu", "tie_word_embeddings": False, "attention_bias": False, "mlp_bias": False, "torch_dtype": "float32", "bos_token_id": 1, "eos_token_id": [2, 3]}
GPT2 = {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 16, "n_layer": 1, "n_head": 2, "n_positions": 32, "n_ctx": 32, "n_inner": None, "vocab_size": 8, "layer_norm_epsilon": 1e-5, "activation_function": "gelu_new"}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16}


def other(base, **change):
    return {k: v for k, v in dict(base, **change).items() if v != "-"}


def families():
    qwen3 = other(LLAMA, model_type="qwen3", architectures=["Qwen3ForCausalLM"], head_dim=8, use_sliding_window=False, sliding_window=None, max_window_layers=1, layer_types=["full_attention"])
    qwen2 = other(LLAMA, model_type="qwen2", architectures=["Qwen2ForCausalLM"], attention_bias="-", use_sliding_window=False, sliding_window=4096)
    mistral = other(LLAMA, model_type="mistral", architectures=["MistralForCausalLM"], sliding_window=None, head_dim=None)
    return {"llama": LLAMA, "tied": other(LLAMA, tie_word_embeddings=True), "biased": other(LLAMA, attention_bias=True, mlp_bias=True), "gpt2": GPT2, "qwen3": qwen3, "qwen2": qwen2, "mistral": mistral}


def configs():
    put_all("config", list(families().values()))
    put_all("config", [json.dumps(c, indent=2) for c in families().values()])
    put_all("config", [other(LLAMA, **c) for c in (
        {"rope_scaling": LLAMA3}, {"rope_parameters": dict(LLAMA3, rope_theta=5e5)}, {"rope_parameters": {"rope_type": "default", "rope_theta": 1e4}}, {"rope_scaling": {"type": "linear", "factor": 2.0}},
        {"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, {"rope_scaling": dict(LLAMA3, factor=0)}, {"rope_scaling": dict(LLAMA3, low_freq_factor=9.0)}, {"hidden_act": "gelu"}, {"num_key_value_heads": 3}, {"head_dim": 6},
        {"model_type": "bert"}, {"architectures": ["BertModel"]}, {"architectures": []}, {"model_type": "-"}, {"hidden_size": "-"}, {"vocab_size": 0}, {"hidden_size": 1.5}, {"dtype": "bfloat16", "torch_dtype": "-"}, {"torch_dtype": "int8"},
        {"unknown_key": 1}, {"sliding_window": 16}, {"pretraining_tp": 2}, {"eos_token_id": -1}, {"eos_token_id": list(range(1, 60))}, {"eos_token_id": []}, {"eos_token_id": ["x"]}, {"bos_token_id": "x"}, {"num_hidden_layers": 1 << 20}, {"rms_norm_eps": -1}, {"rope_theta": 0}, {"partial_rotary_factor": 0.5},
        {"max_position_embeddings": "-"}, {"num_key_value_heads": "-"}, {"attention_dropout": 0.1}, {"use_cache": False, "transformers_version": "4.40", "initializer_range": 0.02, "is_decoder": True}, {"is_decoder": 3})])
    put_all("config", [other(families()[f], **c) for f, c in (
        ("qwen3", {"layer_types": ["sliding_attention"]}), ("qwen3", {"layer_types": []}), ("qwen2", {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 0}), ("mistral", {"sliding_window": 8}), ("mistral", {"sliding_window": "-"}),
        ("gpt2", {"n_inner": 20}), ("gpt2", {"activation_function": "relu"}), ("gpt2", {"scale_attn_weights": False}), ("gpt2", {"reorder_and_upcast_attn": True}), ("gpt2", {"resid_pdrop": 0.1, "summary_type": "cls_index"}), ("gpt2", {"tie_word_embeddings": False}))])
    put_all("config", ["[]", "{}", "null", json.dumps(LLAMA)[:-9]])


def shapes(c):
    if c["model_type"] == "gpt2":
        C, F, V, T = c["n_embd"], 4 * c["n_embd"], c["vocab_size"], c["n_positions"]
        out = {"wte.weight": [V, C], "wpe.weight": [T, C], "ln_f.weight": [C], "ln_f.bias": [C]}
        for name, shape in {"ln_1.weight": [C], "ln_1.bias": [C], "attn.c_attn.weight": [C, 3 * C], "attn.c_attn.bias": [3 * C], "attn.c_proj.weight": [C, C], "attn.c_proj.bias": [C], "ln_2.weight": [C], "ln_2.bias": [C],
                            "mlp.c_fc.weight": [C, F], "mlp.c_fc.bias": [F], "mlp.c_proj.weight": [F, C], "mlp.c_proj.bias": [C]}.items():
            out["h.0." + name] = shape
        return out
    C, F, V = c["hidden_size"], c["intermediate_size"], c["vocab_size"]
    D = c.get("head_dim") or C // c["num_attention_heads"]
    q, k = D * c["num_attention_heads"], D * c["num_key_value_heads"]
    layer = {"input_layernorm.weight": [C], "self_attn.q_proj.weight": [q, C], "self_attn.k_proj.weight": [k, C], "self_attn.v_proj.weight": [k, C], "self_attn.o_proj.weight": [C, q], "post_attention_layernorm.weight": [C],
             "mlp.gate_proj.weight": [F, C], "mlp.up_proj.weight": [F, C], "mlp.down_proj.weight": [C, F]}
    if c["model_type"] == "qwen2" or c.get("attention_bias"):
        layer.update({"self_attn.q_proj.bias": [q], "self_attn.k_proj.bias": [k], "self_attn.v_proj.bias": [k]})
    if c.get("attention_bias"):
        layer["self_attn.o_proj.bias"] = [C]
    if c.get("mlp_bias"):
        layer.update({"mlp.gate_proj.bias": [F], "mlp.up_proj.bias": [F], "mlp.down_proj.bias": [C]})
    if c["model_type"] == "qwen3":
        layer.update({"self_attn.q_norm.weight": [D], "self_attn.k_norm.weight": [D]})
    out = {"model.embed_tokens.weight": [V, C], "model.norm.weight": [C]}
    out.update({"model.layers.0." + n: s for n, s in layer.items()})
    if not c.get("tie_word_embeddings"):
        out["lm_head.weight"] = [V, C]
    return out


def tensors(shape, dtype="F32", meta=None):
    size = {"F64": 8, "F32": 4, "I64": 8, "BF16": 2, "F16": 2, "U8": 1}[dtype]
    head, at = {"__metadata__": meta} if meta else {}, 0
    for name, dims in shape.items():
        n = size
        for d in dims:
            n *= d
        head[name] = {"dtype": dtype, "shape": dims, "data_offsets": [at, at + n]}
        at += n
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(range(64)) * (at // 64) + b"\1" * (at % 64)


def models():
    small = {"a": [2, 3], "b": [4], "c": [], "d": [0, 7]}
    for at in (0, 0), (4, 4): # nothing, beside something
        head = json.dumps({"b": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, "a": {"dtype": "F32", "shape": [0], "data_offsets": at}}).encode()
        put("safetensors", f"empty-{at[0]}", struct.pack("<Q", len(head)) + head + b"\0\0\0\0")
    put_all("safetensors", [tensors(small, d, m) for d in ("F32", "F16", "BF16", "F64", "U8", "I64") for m in (None, {"format": "pt", "x": ""})])
    for name, c in families().items():
        for dtype in "F32", "BF16", "F16":
            put("weights", f"{name}-{dtype}", json.dumps(c).encode() + b"\0" + tensors(shapes(c), dtype))
    put("weights", "prefixed", json.dumps(GPT2).encode() + b"\0" + tensors({"transformer." + n: s for n, s in shapes(GPT2).items()}, "BF16"))
    put("weights", "with-masks", json.dumps(GPT2).encode() + b"\0" + tensors(dict(shapes(GPT2), **{"h.0.attn.bias": [1, 1, 32, 32], "h.0.attn.masked_bias": []}), "F16"))
    put("weights", "lacks", json.dumps(LLAMA).encode() + b"\0" + tensors(dict(list(shapes(LLAMA).items())[1:]), "F16"))
    put("weights", "more", json.dumps(LLAMA).encode() + b"\0" + tensors(dict(shapes(LLAMA), more=[1]), "F16"))
    put("weights", "shape", json.dumps(LLAMA).encode() + b"\0" + tensors(dict(shapes(LLAMA), **{"model.norm.weight": [15]}), "F16"))
    both = tensors(dict(list(shapes(LLAMA).items())[:5]), "F16"), tensors(dict(list(shapes(LLAMA).items())[5:]), "F16")
    listed = {n: "a.safetensors" if i < 5 else "b.safetensors" for i, n in enumerate(shapes(LLAMA))}
    for name, index in ("sharded", listed), ("elsewhere", {n: "a.safetensors" for n in listed}), ("unlisted", dict(list(listed.items())[1:])), ("no-file", dict(listed, x="c.safetensors")), ("no-tensor", dict(listed, x="a.safetensors")):
        put("weights", name, json.dumps(LLAMA).encode() + b"\0" + json.dumps({"weight_map": index}).encode() + b"\0" + struct.pack("<H", len(both[0])) + both[0] + both[1])
    put_all("index", [{"metadata": {"total_size": 24}, "weight_map": {"b": "model-00002-of-00002.safetensors", "a": "model-00001-of-00002.safetensors"}}, {"weight_map": {"a": "../x"}}, {"weight_map": {"a": ".x"}}, {"weight_map": {"a": ""}},
                      {"weight_map": {"a": 1}}, {"weight_map": {}}, {"weight_map": []}, {}, '{"weight_map":{"a":"x","a":"x"}}', '{"weight_map":{"a":"x"},"weight_map":{"b":"y"}}', '{"weight_map":{"a":"x\\u0000y"}} x'])


def ggufs():
    text = lambda s: struct.pack("<Q", len(s)) + s.encode()
    def value(v, kind=None):
        if kind is None:
            kind = 7 if isinstance(v, bool) else 4 if isinstance(v, int) else 6 if isinstance(v, float) else 8 if isinstance(v, str) else 9
        form = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
        if kind == 8:
            return struct.pack("<I", 8) + text(v)
        if kind == 9:
            items = [value(i) for i in v]
            return struct.pack("<I", 9) + (items[0][:4] if items else struct.pack("<I", 4)) + struct.pack("<Q", len(v)) + b"".join(i[4:] for i in items)
        return struct.pack("<I", kind) + struct.pack("<" + form[kind], v)

    def file(pairs, tensors, version=3, align=32):
        head = b"GGUF" + struct.pack("<IQQ", version, len(tensors), len(pairs)) + b"".join(text(k) + (v if isinstance(v, bytes) else value(v)) for k, v in pairs)
        at, body = 0, b""
        for name, dims, kind, size in tensors:
            head += text(name) + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims) + struct.pack("<IQ", kind, at)
            body += bytes([at & 255]) * size + b"\0" * (-size % align)
            at = len(body)
        return head + b"\0" * (-len(head) % align) + body
    pairs = [("general.architecture", "llama"), ("general.name", "x"), ("llama.block_count", 1), ("tokenizer.ggml.tokens", ["a", "b", "<s>"]), ("tokenizer.ggml.scores", [0.5, 1.5]), ("tokenizer.ggml.token_type", [1, 2]),
             ("flag", True), ("empty", []), ("many", list(range(40))), ("flags", [True, False])] + [("k%d" % k, value(1, k)) for k in (0, 1, 2, 3, 5, 10, 11)] + [("d", value(0.5, 12))]
    kinds = [(0, 4), (1, 2), (30, 2), (28, 8), (24, 1), (25, 2), (26, 4), (27, 8)]
    blocks = [(2, 18), (3, 20), (6, 22), (7, 24), (8, 34)]
    wide = [(10, 84), (11, 110), (12, 144), (13, 176), (14, 210)]
    put_all("gguf", [file(pairs, [("t", [4], 0, 16), ("u", [2, 3], 1, 12)]), file(pairs[:1], []), file([], []), file([("deep", [[1, 2], [3]])], []), file([("inf", value(float("inf"), 12)), ("inf", 1)], []), file([("general.alignment", 64)], [("t", [4], 0, 16), ("u", [4], 0, 16)], align=64), file([("general.alignment", 3)], []),
                     file([], [("k%d" % k, [4], k, 4 * n) for k, n in kinds]), file([], [("b%d" % k, [32, 2], k, 2 * n) for k, n in blocks]), file([], [("w%d" % k, [256], k, n) for k, n in wide]), file([], [("t", [3], 8, 34)]),
                     file([], [("t", [4], 0, 16)], version=2), file([], [], version=1), file([("\x1b[2J", "\xff\n")], [])])


# --- archives -----------------------------------------------------------------------------------------------------

def archives():
    files = {"a.txt": b"text a\n", "dir/b.jsonl": b'{"text":"b"}\n', "c.gz": gzip.compress(b"text c\n", mtime=0), "empty": b""}
    made = {}
    for name, form in ("ustar", tarfile.USTAR_FORMAT), ("gnu", tarfile.GNU_FORMAT), ("pax", tarfile.PAX_FORMAT):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=form) as t:
            for path, data in list(files.items()) + ([("n" * 120 + "\u00e9", b"long")] if name != "ustar" else []):
                info = tarfile.TarInfo(path)
                info.size = len(data)
                t.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("link")
            link.type, link.linkname = tarfile.SYMTYPE, "a.txt"
            t.addfile(link)
        made[name + ".tar"] = out.getvalue().rstrip(b"\0") + b"\0" * 1100
    for name, method in ("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED), ("bzip2", zipfile.ZIP_BZIP2), ("lzma", zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as z:
            for path, data in files.items():
                z.writestr(zipfile.ZipInfo(path), data, method)
        made[name + ".zip"] = out.getvalue()
    made["newc.cpio"] = b"".join((b"070701" + b"%08x" * 13 % (i, 0o100644 if d is not None else 0, 0, 0, 1, 0, len(d or b""), 0, 0, 0, 0, len(n) + 1, 0) + n + b"\0").ljust(
        -(-(110 + len(n) + 1) // 4) * 4, b"\0") + (d or b"") + b"\0" * (-len(d or b"") % 4) for i, (n, d) in enumerate([(b"a.txt", b"text\n"), (b"TRAILER!!!", None)]))
    even = lambda data: data + b"\0" * (len(data) % 2)
    made["old.cpio"] = b"".join(struct.pack("<13H", 0o70707, 0, i, 0o100644 if d else 0, 1, 0, 0, 0, 0, 0, len(n) + 1, 0, len(d)) + even(n + b"\0") + even(d)
                                for i, (n, d) in enumerate([(b"a.txt", b"text\n"), (b"TRAILER!!!", b"")]))
    made["no.cpio"] = b"070707" + b"0" * 60 + b" is text\n" * 2
    made["debian.deb"] = b"!<arch>\n" + b"".join(b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (n, 0, 0, 0, b"100644", len(d)) + d + b"\n" * (len(d) % 2)
                                                for n, d in ((b"debian-binary", b"2.0\n"), (b"data.tar.gz", gzip.compress(made["ustar.tar"], mtime=0))))
    text = TEXT.encode() * 4
    raw = zlib.compress(text)
    named = b"\x1f\x8b\x08\x1e\0\0\0\0\0\3" + struct.pack("<H", 4) + b"ab\0\0" + b"name\0" + b"comment\0"
    named += struct.pack("<H", zlib.crc32(named) & 0xffff) + raw[2:-4] + struct.pack("<II", zlib.crc32(text), len(text))
    made.update({"a.gz": gzip.compress(text, mtime=0), "two.gz": gzip.compress(b"a", mtime=0) + gzip.compress(b"b", mtime=0), "zeros.gz": gzip.compress(b"a", mtime=0) + b"\0" * 40, "named.gz": named, "behind.gz": gzip.compress(b"a", mtime=0) + b"xy",
                 "a.xz": lzma.compress(text), "a.lzma": lzma.compress(text, lzma.FORMAT_ALONE), "a.bz2": bz2.compress(text), "gz.gz": gzip.compress(gzip.compress(b"deep", mtime=0), mtime=0), "tar.gz": gzip.compress(made["gnu.tar"], mtime=0)})
    for program, ending in ("zstd", "zst"), ("lz4", "lz4"):
        if shutil.which(program):
            packed = nt(program, "-qc", given=text)
            made["a." + ending], made["two." + ending] = packed, packed + packed
    if shutil.which("7z"):
        with open("a.txt", "wb") as f:
            f.write(text)
        nt("7z", "a", "-bso0", "-bsp0", "a.7z", "a.txt")
        made["a.7z"] = contents("a.7z")
    made["skippable.zst"] = b"\x50\x2a\x4d\x18\4\0\0\0abcd" + made.get("a.zst", b"")
    deep = text
    for i in range(10):
        deep = gzip.compress(deep, mtime=0)
    made.update({"deep.gz": deep, "bomb.gz": gzip.compress(b"\0" * (3 << 20), mtime=0)})
    made["bomb2.gz"] = made["bomb.gz"] + b"\0"
    for i, magic in enumerate((b"", b"W", b"\x1f\x8b", b"\x28\xb5\x2f", b"\xfd7zX", b"BZh91", b"\4\"M", b"PK\3", b"7z\xbc\xaf")): # archive.c tells names by the size
        made.update({f"begun-{i}": magic, f"text-{i}": b"a" * (9 + i), f"binary-{i}": b"\1" * (540 + i)})
    for name, data in made.items():
        put("archive", name, data)
        put("archive", "pipe-" + name, b"x" + data) # standard input begins at its byte 1
        put("archive", "pipe-more-" + name, b"x" + data + b"more")
        put("archive", "more-" + name, data + b"more")
        put("archive", "cut-" + name, data[:len(data) * 2 // 3])
        put("archive", "pipe-end-" + name, b"x" + data[:-1100 if "tar" in name else -22])
        put("docs", name, b"\0" + data)


def warcs():
    def record(kind, body, mime="text/plain", end="\r\n", **more):
        head = {"WARC-Type": kind, "WARC-Record-ID": "<urn:uuid:1>", "WARC-Date": "2020-01-01T00:00:00Z", "WARC-Target-URI": "http://a/b", "Content-Type": mime, "Content-Length": len(body)}
        head.update({k.replace("_", "-"): v for k, v in more.items()})
        return ("WARC/1.0" + end + "".join(f"{k}: {v}{end}" for k, v in head.items() if v is not None) + end).encode() + body + b"\r\n\r\n"

    def page(body, *heads, status="HTTP/1.1 200 OK"):
        return "\r\n".join((status,) + heads + ("", "")).encode() + body
    http = "application/http; msgtype=response"
    chunked = b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nTrailer: z\r\n\r\n"
    bodies = [page(b"<p>hi", "Content-Type: text/html; charset=utf-8"), page(chunked, "Transfer-Encoding: chunked", "Content-Type: text/html"), page(gzip.compress(b"zipped", mtime=0), "Content-Encoding: gzip", "Content-Type: text/plain"),
              page(zlib.compress(b"deflated"), "Content-Encoding: deflate", "Content-Type: text/plain"), page(zlib.compress(b"raw")[2:-4], "Content-Encoding: deflate", "Content-Type: text/plain"), page(b"x", "Content-Encoding: br", "Content-Type: text/plain"),
              page(b"png", "Content-Type: image/png"), page(b"moved", status="HTTP/1.1 301 Moved"), page(b"5\r\nhel", "Transfer-Encoding: chunked"), page(b"zz\r\n", "Transfer-Encoding: chunked"), b"no http", page(b"%x\r\n%s\r\n0\r\n\r\n" % (26, gzip.compress(b"zipped", mtime=0)), "transfer-encoding: Chunked", "content-encoding: x-gzip", "Content-Type: text/plain"),
              page(b"folded", "Content-Type: text/plain;\r\n charset=x"), page(b"", "Content-Type: application/json"), page(b"n", "Content-Type: text/plain").replace(b"\r\n", b"\n")]
    whole = [record("response", b, http) for b in bodies] + [record("conversion", b"plain text"), record("resource", b"r", "text/html"), record("resource", b"r", "image/gif"), record("warcinfo", b"software: x\r\n", "application/warc-fields"), record("request", b"GET", "application/http"),
             record("conversion", b"lf\n", end="\n"), record("conversion", b"x", WARC_Truncated="length"), record("response", bodies[0], http, WARC_Segment_Number="1"), record("continuation", b"y"), record("conversion", b"x", Content_Length=None), record("conversion", b"x", Content_Length=9), record("conversion", b"x", Content_Length="-1"),
             record("conversion", b"x", WARC_Target_URI="<http://a>"), record("revisit", b""), record("metadata", b"m"), b"WARC/0.18\r\n", b"WARC/1.1\r\nX\r\n\r\n", record("conversion", b"two") * 2, record("conversion", b"no end")[:-4], record("conversion", b"one end")[:-2]]
    for w in whole:
        put_all("warc", [w[8:] if w.startswith(b"WARC/1.0") else w])
    put_all("docs", [b"\0" + w for w in whole[:20]])
    put("archive", "pages.warc", b"".join(whole[:6]))
    put("archive", "pages.warc.gz", b"".join(gzip.compress(w, mtime=0) for w in whole[:6]))


# --- what our programs write -------------------------------------------------------------------------------------

def ours():
    text = "\n\n".join([TEXT[:60], "a b c", "a b c", "", "x" * 90, TEXT[:60]]).encode() + b"\0two\0"
    with open("text", "wb") as f:
        f.write(text)
    for name, command in ("bytes", ("-t", "bytes")), ("line", ("-t", "bytes", "--split=line")), ("nul", ("-t", "bytes", "-0")):
        put("stream", name + ".nts", nt("nt-tokenize", "-q", *command, "text"))
    stream = nt("nt-tokenize", "-q", "-t", "bytes", "-0", "text")
    put("stream", "empty.nts", nt("nt-tokenize", "-q", "-t", "bytes", "-0", given=b""))
    with open("a.nts", "wb") as f:
        f.write(stream)
    for name, command in ("docs", ()), ("rows", ("--seq-len", "32")):
        nt("nt-pack", "-q", *command, "a.nts", "-o", name + ".ntd")
        whole = contents(name + ".ntd")
        for at in 0, 4096, len(whole) - 128:
            put("data", f"{name}-{at}", struct.pack("<BH", 8 | (name == "rows"), at) + whole[at:at + 1000])
        for front in 16, 48: # documents or rows before it
            put("data", f"{name}-behind-{front}", struct.pack("<BHB", front | 8 | (name == "rows"), 4000, 0))
    for i, form in enumerate(("nanogpt", "llmc", "megatron", "olmo", "datatrove")):
        nt("nt-pack", "-q", "--format", form, "a.nts", "-o", "f-" + form)
        main, index = ({"nanogpt": ("", None), "llmc": ("_000000.bin", None), "megatron": (".bin", ".idx"), "olmo": (".npy", ".csv.gz"), "datatrove": (".ds", ".ds.index")})[form]
        tokens = contents("f-" + form + main) if os.path.exists("f-" + form + main) else contents("f-" + form)
        table = contents("f-" + form + index) if index else b""
        head = 1024 if form == "llmc" else 0
        marked = tokens[:head] + b"\t\0" + tokens[head + 2:].replace(b"\1\1", b"\b\0")
        way = {bits: next(k for k in range(256) if k % 5 == i and k & 0xf8 == bits) for bits in range(0, 256, 8)}
        for bits in 0, 8, 16, 32, 64, 128, 192: # vocabularies, marks, names
            put("foreign", f"{form}-{bits}", struct.pack("<BH", way[bits], len(table)) + table + tokens)
            put("foreign", f"{form}-marked-{bits}", struct.pack("<BH", way[bits], len(table)) + table + marked)
        put("foreign", f"{form}-more", struct.pack("<BH", way[0], len(table)) + table + tokens + b"\1\0")
        put("foreign", f"{form}-wide", struct.pack("<BH", way[32], 7) + b"gpt2|4\n" + b"\7\0\0\0" * 8)
    for name in "a.nts", "docs.ntd", "f-llmc_000000.bin": # of another kind
        put("foreign", f"nanogpt-of-{name}", struct.pack("<BH", 0, 0) + contents(name))
    for name, command in ("unit", ()), ("document", ("--by=document",)), ("near", ("--near",)), ("line", ("--by=line",)):
        nt("nt-dedup", "-q", *command, "--state", name + ".state", "a.nts")
        put("state", name, contents(name + ".state"))
        put("state", name + "-open", contents(name + ".state")[:-24])
    with open("words", "wb") as f:
        f.write(text * 3)
    counts = nt("nt-vocab", "-q", "--counts", "words")
    put("counts", "whole", counts)
    put("counts", "run", counts[16:-48])
    put_all("manifest", ["[]", '[{"program":"nt-cat","version":"1","inputs":[{"name":"a","bytes":3}],"counts":{"documents":2,"units":3,"tokens":4}}]', '[{"program":"nt-cat"},{"program":"nt-tokenize","counts":{"source_bytes":5}}]', "[1]", "[{}]", "{}", '[{"in":{"hash":"x"}}]',
                         '[[{"program":"a"}],[{"program":"b"}]]', '[{"program":"nt-filter","read":{"documents":1},"kept":{}}]'])
    for found in stream.split(b"[{")[1:]:
        put_all("manifest", [b"[{" + found[:i + 2] for i in range(len(found)) if found[i:i + 2] == b"}]"][:1])


def training():
    shape = ("--hidden-size", "8", "--num-hidden-layers", "1", "--num-attention-heads", "1", "--intermediate-size", "8", "--seq-len", "16", "--batch-size", "1", "--max-steps", "4", "--save-every", "2", "-j1")
    nt("nt-pack", "-q", "a.nts", "-o", "train.ntd")
    subprocess.run(("nt-train", "-q", "train.ntd", "-o", "ckpt") + shape, check=True, stdout=subprocess.DEVNULL)
    for folder, _, names in os.walk("ckpt"):
        for name in names:
            data = contents(folder + "/" + name)
            if name == "trainer.json":
                put("checkpoint", os.path.basename(folder), data)
                open_end = data[:data.rindex(b'  "xxh3_64"')]
                put("checkpoint", os.path.basename(folder) + "-open", open_end)
                config = contents(folder + "/config.json")
                for name in "config.json", "none":
                    one = re.sub(rb'"files": \[.*?\]', b'"files": [%s]' % b"".join(re.findall(rb'\{[^{}]*"%s"[^{}]*\}' % name.encode(), open_end)), open_end, flags=re.S)
                    put("checkpoint", os.path.basename(folder) + "-" + name, one + b"\0" + config)
                    put("checkpoint", os.path.basename(folder) + "-longer-" + name, one + b" \0" + config)
                two = config + b"\0" + data + b"\0"
            if name == "config.json":
                put("config", "ours", data)
            if name == "log.jsonl":
                put("runlog", "ours", data)
    events = [{"event": "start", "step": 0, "tokens": 0, "time": 0, "max_steps": 9, "label": "<x>", "data": ["a.ntd", {"path": "b", "weight": 2}], "val": "v.ntd", "cpu": "c", "cpus": 2, "threads": 2, "isa": "avx2", "version": "1", "settings": {"learning_rate": 1e-3},
               "manifest": [{"program": "nt-cat", "inputs": [{"name": "a"}], "counts": {"documents": 5, "bytes": 99}}, {"program": "nt-filter", "read": {"documents": 5}, "kept": {"documents": 3}}]},
              {"event": "plan", "max_steps": 20, "step": 0, "tokens": 0, "time": 0}] + [
              {"event": "step", "step": s, "tokens": 16 * s, "time": s / 2, "loss": 5.0 / s, "lr": 1e-3, "grad_norm": 1.0, "tokens_per_s": 100.0, "mfu": 0.1, "sources": {"wiki": {"targets": 9, "loss": 3.1}, "books": {"targets": 7, "loss": 2}}} for s in range(1, 6)] + [
              {"event": "eval", "step": 5, "tokens": 80, "time": 3, "val_loss": 2.5, "val_bpb": 1.1, "sources": {"wiki": {"targets": 9, "val_loss": 3.2}, "books": {"targets": 7, "val_loss": 2.2, "val_bpb": 1}}},
              {"event": "sample", "step": 5, "tokens": 80, "time": 3, "text": "</script>\u2028a"}, {"event": "warning", "step": 5, "text": "odd"}, {"event": "save", "step": 5}, {"event": "end", "step": 5, "tokens": 80, "time": 4, "val_loss": 2.0}]
    log = "".join(json.dumps(e) + "\n" for e in events)
    put("report", "two", two + log.encode() + b"\0" + log.replace("wiki", "web").replace("avx2", "neon").encode())
    put("report", "one", b"\0\0" + log.encode())
    put_all("runlog", [log, "\x80".encode("latin-1") + log.encode(), log + log, "\n".join(json.dumps(e) for e in events[::-1]), log.replace("5.0", "1e99").replace('"step": 3', '"step": 1'), "{}\n", '{"event":"step","step":1,"loss":2', "x\n\n[]\n", '{"event":"eval","step":1,"sources":[1]}\n{"event":"eval","step":2,"sources":{"a":3}}\n', '{"event":"eval","step":2,"tokens":8,"time":1,"val_loss":2.5,"sources":{"a\\u0000b":{"targets":9,"val_loss":1}}}\n'])


def described():
    """nt-info is asked about any file."""
    for target in "counts", "state", "manifest", "stream", "gguf", "safetensors":
        for name in sorted(os.listdir(f"{FOLDER}/{target}")):
            put("info", f"{target}-{name}", contents(f"{FOLDER}/{target}/{name}"))
    for name in "docs.ntd", "rows.ntd":
        put("info", name, contents(name))


def lies():
    """Numbers of a format, each as large and as small as can be, near its beginning and its end; and cuts."""
    for target in "stream", "foreign", "data", "state", "counts", "gguf":
        names = sorted(os.listdir(f"{FOLDER}/{target}"))
        for name in [n for n in names if n.endswith("-0") and "marked" not in n] if target == "foreign" else names[:6]:
            whole = contents(f"{FOLDER}/{target}/{name}")
            step = max(4, min(len(whole), 768) // 48)
            places = sorted(set(range(0, min(len(whole), 384), step)) | set(range(max(0, len(whole) - 384), len(whole), step)))
            for at in places:
                for fill in b"\xff\x01":
                    put(target, f"{name}-lie-{at}-{fill}", whole[:at] + bytes([fill]) * min(step, len(whole) - at) + whole[at + step:])
                put(target, f"{name}-cut-{at}", whole[:at])


def hostile():
    subprocess.run((sys.executable, HERE + "/../cmd/hostile.py", "."), check=True)
    for verdict in "refused", "borne":
        for kind, target, front in (("tokenizer.json", "tokenizer_json", b"\3aab"), ("tiktoken", "tiktoken", b""), ("safetensors", "safetensors", b""), ("gguf", "gguf", b""), ("jsonl", "jsonl", b""), ("log", "runlog", b""), ("archive", "archive", b"")):
            folder = f"{verdict}/{kind}"
            for name in os.listdir(folder) if os.path.isdir(folder) else ():
                put(target, "hostile-" + name, front + contents(folder + "/" + name))
    for folder, _, names in os.walk("refused/checkpoint"):
        for name in names:
            if name == "config.json":
                put("config", "hostile-" + os.path.basename(folder), contents(folder + "/" + name))


# --- dictionaries: the words that a parser knows, in quotes and without ------------------------------------------

def dictionaries():
    for line in open(HERE + "/parsers"):
        target, *files = line.split()
        if target == "#":
            continue
        words = set()
        for file in files:
            for word in re.findall(r'"((?:[^"\\\n]|\\.)+)"', contents(f"{HERE}/../../{file}").decode()):
                if len(word) < 40 and not re.search(r"[%;]|\\[^\"\\x]|\.h$|[a-z,:] ", word):
                    words.update((word, '\\"%s\\"' % word) if re.fullmatch("\\w+", word) else (word,))
        with open(f"{FOLDER}/{target}.dict", "w") as f:
            f.write("# what its source says in quotes\n")
            f.writelines('"%s"\n' % w for w in sorted(words))


def main():
    os.makedirs(FOLDER + "/work", exist_ok=True)
    os.chdir(FOLDER + "/work")
    for make in texts, lines, patterns, vocabularies, sentencepieces, configs, models, ggufs, archives, warcs, ours, training, described, lies, hostile, dictionaries:
        make()
    os.chdir("/")
    shutil.rmtree(FOLDER + "/work")


main()
