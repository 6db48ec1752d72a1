# SPDX-License-Identifier: MIT
"""hostile.py FOLDER: files that somebody made to hurt who reads them, a folder for each kind.

FOLDER/refused/KIND/NAME must be refused; FOLDER/borne/KIND/NAME may be taken or refused. The
names say what is wrong. What must not happen is said in hostile.sh.
"""
import ctypes, gzip, io, json, lzma, os, struct, sys, tarfile, zipfile

os.chdir(sys.argv[1])
ESCAPE = "\x1b]0;own\x07\x1b[2J\x9b31m\u202e\r\n"
DEEP = 200000
MANY = "[%s{}]" % ("{}," * 1000000) # three bytes a value: trees of it take hundreds of times as much


def put(kind, name, data, verdict="refused"):
    os.makedirs("%s/%s" % (verdict, kind), exist_ok=True)
    with open("%s/%s/%s" % (verdict, kind, name), "wb") as f:
        f.write(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)


def tokenizer(**change):
    letters = [chr(c) for c in list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256)) + list(range(256, 324))]
    whole = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    j = {"version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": whole, "decoder": whole,
         "model": {"type": "BPE", "vocab": {c: i for i, c in enumerate(letters)}, "merges": []}}
    j["model"].update(change.pop("model", {}))
    j.update(change)
    return j


def split(regex):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": "Isolated", "invert": False}


def tokenizers():
    base = tokenizer()
    vocab = base["model"]["vocab"]
    bad = {
        "not-json": "{", "values-many": '{"a":%s}' % MANY, "deep-arrays": "[" * DEEP, "deep-objects": '{"a":' * DEEP, "half": json.dumps(base)[:-20],
        "unknown-model": json.dumps(tokenizer(model={"type": ESCAPE})),
        "unknown-step": json.dumps(tokenizer(pre_tokenizer={"type": ESCAPE})),
        "ids-past-32-bits": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=1 << 32)})),
        "ids-past-64-bits": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=1 << 64)})),
        "ids-far-apart": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=4000000000)})),
        "ids-with-a-gap": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=16000000)})),
        "ids-negative": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=-1)})),
        "ids-not-whole": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=1e308)})),
        "ids-twice": json.dumps(tokenizer(model={"vocab": dict(vocab, zz=5)})),
        "merge-of-nothing": json.dumps(tokenizer(model={"merges": [[ESCAPE, "b"]]})),
        "regex-unclosed": json.dumps(tokenizer(pre_tokenizer=split("(" * 1000))),
        "regex-too-large": json.dumps(tokenizer(pre_tokenizer=split("((((a{1000}){1000}){1000}){1000})"))),
        "added-far": json.dumps(tokenizer(added_tokens=[{"id": 4294967295, "content": ESCAPE, "special": True}])),
    }
    for name, text in bad.items():
        put("tokenizer.json", name + ".json", text)
    for name, regex in ("nested", "(a+)+$"), ("recursive", "(?R)?a"), ("backwards", "(?<=a{1,100})(a|aa)+c"), ("empty", "(?=a)*"):
        put("tokenizer.json", "regex-" + name + ".json", json.dumps(tokenizer(pre_tokenizer=split(regex))), "borne")
    chain = {"type": "Sequence", "pretokenizers": []}
    for _ in range(30):
        chain = {"type": "Sequence", "pretokenizers": [chain, chain]} if len(json.dumps(chain)) < 100000 else chain
    put("tokenizer.json", "steps-in-steps.json", json.dumps(tokenizer(pre_tokenizer=chain)), "borne")
    for name, text in {"rank-past-32-bits": "YQ== 4294967296\n", "rank-past-64-bits": "YQ== 99999999999999999999\n",
                       "rank-alone": "YQ== 4294967294\n", "rank-far": "YQ== 8000000\n", "no-rank": "YQ==\n", "not-base64": "\x1b[2J 0\n", "rank-twice": "YQ== 0\nYg== 0\n",
                       "token-twice": "YQ== 0\nYQ== 1\n", "one-line": "A" * (1 << 22), "negative": "YQ== -1\n"}.items():
        put("tiktoken", name + ".tiktoken", text)


def configs():
    base = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64, "intermediate_size": 128,
            "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 4, "vocab_size": 256,
            "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 1e4, "hidden_act": "silu"}
    bad = {"deep": '{"a":' * DEEP, "values-many": '{"a":%s}' % MANY, "not-object": "[]", "half": json.dumps(base)[:-9], "model": json.dumps(dict(base, model_type=ESCAPE))}
    for key in "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "num_key_value_heads":
        for name, value in ("0", 0), ("-1", -1), ("2^31", 1 << 31), ("2^63", 1 << 63), ("1e308", 1e308), ("text", ESCAPE):
            bad["%s-%s" % (key, name)] = json.dumps(dict(base, **{key: value}))
    bad["all-large"] = json.dumps(dict(base, hidden_size=1 << 24, intermediate_size=1 << 26, num_hidden_layers=1 << 16, vocab_size=1 << 30))
    for name, text in bad.items():
        os.makedirs("refused/checkpoint/" + name)
        put("checkpoint/" + name, "config.json", text)
        put("checkpoint/" + name, "model.safetensors", struct.pack("<Q", 2) + b"{}")


def safetensors():
    def file(header, data=b"\0" * 64):
        text = header if isinstance(header, str) else json.dumps(header)
        return struct.pack("<Q", len(text)) + text.encode() + data

    def tensor(shape, start, end, dtype="F32"):
        return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    one = json.dumps(tensor([4], 0, 16))
    bad = {
        "header-2^63": struct.pack("<Q", 1 << 63) + b"{}", "header-past-end": struct.pack("<Q", 1 << 26) + b"{}",
        "header-0": struct.pack("<Q", 0), "short": b"\0\0\0", "deep": file('{"a":' * DEEP), "values-many": file('{"a":%s}' % MANY),
        "shape-overflows": file({"a": tensor([1 << 32, 1 << 32], 0, 0)}),
        "shape-overflows-to-fit": file({"a": tensor([1 << 62, 16, 1], 0, 0)}),
        "shape-2^64": file({"a": tensor([1 << 64], 0, 64)}), "shape-negative": file({"a": tensor([-4], 0, 16)}),
        "shape-long": file({"a": tensor([1] * 100000, 0, 4)}),
        "offsets-past-end": file({"a": tensor([1 << 20], 0, 4 << 20)}), "offsets-back": file({"a": tensor([4], 16, 0)}),
        "overlap": file({"a": tensor([8], 0, 32), "b": tensor([8], 16, 48), "c": tensor([4], 48, 64)}),
        "name-twice": file('{"a":%s,"a":%s}' % (one, json.dumps(tensor([12], 16, 64)))),
        "dtype": file({"a": tensor([4], 0, 16, ESCAPE)}), "name": file({ESCAPE: tensor([5], 0, 16)}),
    }
    for name, data in bad.items():
        put("safetensors", name + ".safetensors", data)


def ggufs():
    def text(s):
        return struct.pack("<Q", len(s)) + s
    head = b"GGUF" + struct.pack("<I", 3)
    def file(n_tensor, n_kv, rest=b""):
        return head + struct.pack("<QQ", n_tensor, n_kv) + rest
    def tensor(dims, kind=0, offset=0):
        return text(b"a") + struct.pack("<I", len(dims)) + b"".join(struct.pack("<Q", d) for d in dims) + struct.pack("<IQ", kind, offset)
    array = text(b"k") + struct.pack("<I", 9)
    bad = {
        "tensors-2^60": file(1 << 60, 0), "values-2^60": file(0, 1 << 60), "version": b"GGUF" + struct.pack("<I", 1 << 31) + b"\0" * 16,
        "key-2^63": file(0, 1, struct.pack("<Q", 1 << 63)), "text-2^63": file(0, 1, text(b"k") + struct.pack("<IQ", 8, 1 << 63)),
        "array-2^62": file(0, 1, array + struct.pack("<IQ", 10, 1 << 62)), "array-of-texts-2^60": file(0, 1, array + struct.pack("<IQ", 8, 1 << 60)),
        "arrays-in-arrays": file(0, 1, array + struct.pack("<IQ", 9, 1) * DEEP), "value-type": file(0, 1, text(ESCAPE.encode()) + struct.pack("<I", 77)),
        "dims-overflow": file(1, 0, tensor([1 << 32, 1 << 32]) + b"\0" * 64), "dims-many": file(1, 0, tensor([1] * 1000) + b"\0" * 64),
        "offset-2^63": file(1, 0, tensor([4], offset=(1 << 64) - 32) + b"\0" * 64),
        "past-end": file(1, 0, tensor([1 << 30]) + b"\0" * 64),
        "alignment-0": file(1, 1, text(b"general.alignment") + struct.pack("<II", 4, 0) + tensor([4]) + b"\0" * 64),
        "alignment-2^31": file(1, 1, text(b"general.alignment") + struct.pack("<II", 4, 1 << 31) + tensor([4]) + b"\0" * 64),
        "name-twice": file(2, 0, tensor([4]) + tensor([4]) + b"\0" * 256),
    }
    for name, data in bad.items():
        put("gguf", name + ".gguf", data)
    put("gguf", "kind.gguf", file(1, 0, tensor([4], kind=1 << 30) + b"\0" * 64), "borne")
    put("gguf", "dims-0.gguf", file(1, 0, tensor([0, 1 << 63]) + b"\0" * 64), "borne")


def lines():
    bad = {"deep": "[" * DEEP, "deep-in-field": '{"a":' + '{"b":[' * DEEP, "unclosed": '{"text":"' + "a" * (1 << 22), "escape-half": '{"text":"\\u12',
           "not-text": '{"text":7}', "two-values": '{"text":"a"}{"text":"b"}', "key": '{"%s' % ("k" * (1 << 20)),
           "no-field": '{"a":1}', "number": '{"text":"a","n":%s}' % ("1" * 100000 + "e")}
    for name, text in bad.items():
        put("jsonl", name + ".jsonl", text + "\n")
    much = '{"text":"a","x":%s}\n' % MANY
    put("jsonl", "values-many.jsonl", much, "borne")
    put("jsonl", "values-many.jsonl.gz", gzip.compress(much.replace("{}", "[]").encode(), mtime=0), "borne")
    put("jsonl", "number-long.jsonl", '{"text":"a","n":%s}\n' % ("1" * (1 << 20)), "borne")
    put("jsonl", "control.jsonl", '{"text":"\x1b[2J"}\n', "borne")
    put("jsonl", "surrogates.jsonl", '{"text":"\\ud800 \\udc00\\ud800"}\n' * 1000, "borne")
    put("jsonl", "keys-the-same.jsonl", "{%s}\n" % ",".join(['"text":"a"'] * 100000), "borne")
    start = '{"event":"start","step":0,"tokens":0,"time":0}\n'
    for name, text in {"deep": "[" * DEEP, "numbers": '{"event":"step","step":1e308,"loss":1e999,"tokens":-1}', "steps": '{"event":"step","step":18446744073709551615,"loss":1}' * 2,
                       "text": json.dumps({"event": "step", "step": 1, "loss": ESCAPE}), "long": '{"event":"' + "x" * (1 << 22), "bytes": "\x1b[2J\0\x07",
                       "sample": json.dumps({"event": "sample", "step": 1, "text": "</script><script>alert(1)</script>" + ESCAPE})}.items():
        put("log", name + ".jsonl", start + text + "\n", "borne")


# What says of itself what a terminal obeys, else well made.
def described():
    text = lambda s: struct.pack("<Q", len(s.encode())) + s.encode()
    put("described", "manifest.json", json.dumps([{"program": "x" + ESCAPE, "options": {ESCAPE: ESCAPE}, "out": {"tokens": ESCAPE}, ESCAPE: {ESCAPE: 1}}], ensure_ascii=False)
        .replace(', "', ',"').replace('": ', '":'), "borne")
    head = json.dumps({"__metadata__": {ESCAPE: ESCAPE}, ESCAPE: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    put("described", "tensors.safetensors", struct.pack("<Q", len(head)) + head + b"\0" * 4, "borne")
    put("described", "tensors.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text(ESCAPE) + struct.pack("<I", 8) + text(ESCAPE) + b"\0" * 64, "borne")
    put("described", "rule.ntc", counts(b"\0\0", 0, 0, "\\p{L}+" + ESCAPE), "borne")


def xxh3(data, bits):
    if bits == 64:
        hash64 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
        hash64.restype, hash64.argtypes = ctypes.c_uint64, [ctypes.c_char_p, ctypes.c_size_t]
        return struct.pack("<Q", hash64(data, len(data)))
    class Both(ctypes.Structure):
        _fields_ = [("lo", ctypes.c_uint64), ("hi", ctypes.c_uint64)]
    hash128 = ctypes.CDLL("libxxhash.so.0").XXH3_128bits
    hash128.restype, hash128.argtypes = Both, [ctypes.c_char_p, ctypes.c_size_t]
    both = hash128(data, len(data))
    return struct.pack("<QQ", both.lo, both.hi)


def counts(run, n_distinct, n_piece, rule=""):
    data = b"\x89NTC\r\n\x1a\n" + struct.pack("<II", 1, len(rule.encode())) + rule.encode() + run + struct.pack("<QQQQ", n_distinct, n_piece, 1, 1)
    return data + xxh3(data, 64) + b"NTCEND\r\n"


def leb128(n):
    return bytes([n & 0x7f | 0x80]) + leb128(n >> 7) if n > 0x7f else bytes([n])


# Their hashes are right: who makes a file to hurt can hash it.
def hashed():
    longer = b"".join(leb128(i) + b"\1a\1" for i in range(100000)) + b"\0\0" # each a byte longer than the one before: 5 GB
    put("counts", "longer.ntc", counts(longer, 100000, 100000))
    put("counts", "shares-too-much.ntc", counts(leb128(1 << 62) + b"\1a\1\0\0", 1, 1))
    put("counts", "long.ntc", counts(b"\0" + leb128(1 << 62) + b"a\1\0\0", 1, 1))
    put("counts", "sum.ntc", counts(b"\0\1a" + leb128(1 << 62) + b"\0\1b" + leb128(1 << 62) + b"\0\0", 2, 1 << 63))
    put("counts", "no-end.ntc", counts(b"\0\1a\1", 1, 1))
    put("counts", "empty.ntc", counts(b"\0\0", 0, 0), "borne")
    def state(kind, n, entries=b"", bands=0, rows=0):
        data = b"\x89NTK\r\n\x1a\n" + struct.pack("<II16sQIIQQ", 1, kind, b"", 7, bands, rows, n, 0) + entries
        return data + xxh3(data, 128) + b"NTKEND\r\n"
    bad = {"2^60": state(1, 1 << 60), "2^60-lines": state(3, 1 << 60), "none-of-many": state(3, 1000), "kind-0": state(0, 0), "kind-2^31": state(1 << 31, 0),
           "bands-0": state(4, 1, b"\0" * 16), "bands-overflow": state(4, 1 << 40, b"", 1 << 31, 1 << 31), "bands-2^31": state(4, 0, b"", 1 << 31, 1),
           "behind": state(1, 0) + b"\0", "entries-more": state(3, 0, b"\0" * 16)}
    for name, data in bad.items():
        put("state", name + ".state", data)
    put("state", "many-bands.state", state(4, 4, b"\0" * 16384, 4096, 1), "borne")
    put("state", "keys-the-same.state", state(1, 10000, b"\7" * 160000), "borne")


def tar(name, size=b"00000000004\0", kind=b"0", data=b"text\n", prefix=b""):
    head = bytearray(512)
    for at, part in (0, name[:100]), (100, b"0000644\0"), (124, size), (136, b"00000000000\0"), (148, b" " * 8), (156, kind), (257, b"ustar\00000"), (345, prefix):
        head[at:at + len(part)] = part
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head) + data + b"\0" * (-len(data) % 512)


def archives():
    end = b"\0" * 1024
    for name in "../escaped", "/escaped-at-root", "a/../../escaped", "\x1b]0;own\x07\x1b[2J", "\u202egnp.exe":
        put("archive", "tar-name-%d.tar" % sum(name.encode()), tar(name.encode()) + end, "borne")
    for i, kind in enumerate((b"1", b"2", b"3", b"4", b"6")):
        put("archive", "tar-link-%d.tar" % i, tar(b"link", kind=kind, size=b"00000000000\0", data=b"") + end, "borne")
    put("archive", "tar-size.tar", tar(b"a\x1b[2J", size=b"\x80" + b"\0" * 3 + b"\x7f" + b"\xff" * 7) + end)
    put("archive", "tar-size-octal.tar", tar(b"a\x1b[2J", size=b"77777777777\0") + end)
    put("archive", "tar-long-name.tar", tar(b"././@LongLink", size=b"77777777777\0", kind=b"L") + end)
    put("archive", "tar-pax-size.tar", tar(b"pax", size=b"77777777777\0", kind=b"x") + end)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("../escaped" + "\x1b[2J", b"text\n" * 100)
    packed = packed.getvalue()
    put("archive", "zip-name.zip", packed, "borne")
    for at in range(0, len(packed) - 4, 2):
        put("archive", "zip-%d.zip" % at, packed[:at] + b"\xff\xff\xff\x7f" + packed[at + 4:], "borne")
    text = gzip.compress(b"text\n" * 1000, mtime=0)
    put("archive", "gzip-name.gz", text[:3] + b"\x08" + text[4:10] + b"\x1b[2J" * (1 << 20))
    put("archive", "gzip-size.gz", text[:-4] + b"\xff\xff\xff\xff")
    put("archive", "gzip-half.gz", text[:-20])
    put("archive", "gzip-behind.gz", text + b"\x1f\x8b\x08\xff")
    # a window of 2 GB, and a dictionary of 4 GB, for some bytes
    put("window", "zstd.zst", b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + struct.pack("<I", 1 | 5 << 3)[:3] + b"text\n", "borne")
    put("archive", "zstd-size.zst", b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8 + struct.pack("<I", 1 | 5 << 3)[:3] + b"text\n")
    put("archive", "lzma-dictionary.lzma", b"\x5d\xff\xff\xff\xff" + b"\xff" * 8 + b"\0" * 16, "borne")
    xz = bytearray(lzma.compress(b"text\n" * 100))
    put("archive", "xz-half.xz", bytes(xz[:-12]))
    seven = b"7z\xbc\xaf\x27\x1c\0\4"
    put("archive", "7z-header.7z", seven + b"\0" * 4 + struct.pack("<QQI", 0, 1 << 62, 0) + b"\0" * 32)
    put("archive", "ar-size.deb", b"!<arch>\n" + b"%-16s%-12s%-6s%-6s%-8s%-10s`\n" % (b"debian-binary", b"0", b"0", b"0", b"100644", b"9999999999") + b"2.0\n", "borne")
    cpio = lambda name, size: b"070701" + b"%08x" * 13 % (1, 0o100644, 0, 0, 1, 0, size, 0, 0, 0, 0, name, 0)
    put("archive", "cpio-name.cpio", cpio(0xdddddddd, 0) + b"a" * 200)
    put("archive", "cpio-second-name.cpio", cpio(2, 99999) + b"a\0" + b"\n" * 100000 + cpio(0x7fffffff, 5) + b"a" * 200)
    put("archive", "cpio-lost-name.cpio", cpio(2, 1) + b"a\0" + b"x" * 60 + cpio(0x7fffffff, 5) + b"a" * 200)
    put("archive", "cpio-size.cpio", cpio(2, 0xffffffff) + b"a\0" + b"\n" * 100000)
    for name, size in ("2^63", 1 << 63), ("past-end", 1 << 40), ("negative", -1):
        record = "WARC/1.0\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:\x1b[2J>\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\ntext" % size
        put("archive", "warc-%s.warc" % name, record)
    put("archive", "warc-header.warc", "WARC/1.0\r\n" + "X: " + "a" * (1 << 22))
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as z:
        for _ in range(64):
            z.write(b"\0" * (1 << 20))
    put("bomb", "zeros.gz", packed.getvalue(), "borne")
    put("bomb", "zeros.gz.gz", gzip.compress(packed.getvalue()), "borne")


tokenizers()
configs()
safetensors()
ggufs()
lines()
described()
hashed()
archives()
