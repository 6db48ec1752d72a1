#!/bin/sh
# SPDX-License-Identifier: MIT
# Text that other tokenizers choke on: one letter, spaces, emoji, bytes in turn, marks that normal
# forms put in order, without any end of a word. Every way to cut is linear in it, in a stack of 256 KB.
# 16 MB take 10 s of CPU time at most. What no longer fits the caches takes up to thrice as long a byte, so
# of sixteen times the text less than 64 times the time is asked: n to the 1.5 takes that, its square 256.
# In `make check` it is 64 KB and 1 MB.
. "$(dirname "$0")/../lib.sh"

most=1048576
[ -z "${NT_TORTURE:-}" ] || most=16777216
ulimit -s 256
vocabulary=$root/share/vocab/nt-8k.tiktoken

# texts FOLDER: each is there in both sizes
cat >"$work/texts.py" <<'END'
import sys
kinds = {"letter": "a", "spaces": " ", "emoji": "\U0001f600", "han": "\u4e2d", "digits": "1", "newlines": "\n",
         "marks": "a\u0301\u0323\u0315\u0334\u0301\u0323", "jamo": "\u1100\u1161\u11a8", "words": " a", "signs": "a'"}
most = int(sys.argv[1])
for size in most, most // 16:
    for kind, text in kinds.items():
        text = text.encode()
        open("%s.%d" % (kind, size), "wb").write((text * (size // len(text) + 1))[:size])
    open("bytes.%d" % size, "wb").write(b"\x00\xff" * (size // 2))
    # all marks behind one letter: putting them in order must not be a sort by insertion
    open("stack.%d" % size, "wb").write(b"a" + "\u0301\u0323\u0315\u0334".encode() * (size // 8))
END
# Vocabularies in Hugging Face's form: the same one cut and normalized in other ways, and one that is not cut at all.
cat >"$work/vocabularies.py" <<'END'
import json, sys
base = json.load(open("base.json"))
def put(name, pre, normalizer=None):
    whole = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    steps = {"type": "Sequence", "pretokenizers": pre + [whole]}
    json.dump(dict(base, pre_tokenizer=steps, normalizer=normalizer), open(name + ".json", "w"))
def split(regex, behavior="Isolated"):
    return [{"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": False}]
for form in "NFC", "NFD", "NFKC", "NFKD":
    put(form, split("\\s+|\\S+"), {"type": form})
put("uncut", [])
put("Digits", [{"type": "Digits", "individual_digits": True}])
put("Punctuation", [{"type": "Punctuation", "behavior": "Isolated"}])
put("WhitespaceSplit", [{"type": "WhitespaceSplit"}])
put("words", split("\\w+|[^\\w\\s]+", "Removed"))
put("look-ahead", split("\\s+(?!\\S)|\\s+|\\S+"))
pieces = ["<unk>"] + ["<0x%02X>" % i for i in range(256)] + ["\u2581", "a", "aa", "aaaa", "\u2581a", "\u2581\u2581", "1", "11"]
model = dict(type="BPE", unk_token="<unk>", fuse_unk=True, byte_fallback=True, vocab={p: i for i, p in enumerate(pieces)},
             merges=["a a", "aa aa", "\u2581 a", "\u2581 \u2581", "1 1"])
meta = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
json.dump(dict(base, added_tokens=[], model=model, pre_tokenizer=meta, decoder=meta, normalizer=None), open("metaspace.json", "w"))
END
mkdir "$work/texts" "$work/vocabularies"
(cd "$work/texts" && "$PYTHON" "$work/texts.py" $most)
# printable ASCII and nothing to learn from: the letters that all else is written with
(cd "$work/vocabularies" && nt-vocab -q -n 600 <"$root/docs/style.md" >base.json && "$PYTHON" "$work/vocabularies.py")

# linear OPTION...: CPU seconds of each text in both sizes; thirty seconds end one
cat >"$work/linear.py" <<'END'
import glob, os, resource, subprocess, sys
most, folder = int(sys.argv[1]), sys.argv[2]
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
def seconds(path):
    tokenizer = subprocess.Popen(["nt-tokenize", "-q", "-j1", "--split=none"] + sys.argv[3:] + [path], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(tokenizer.pid, 0)
    if status != 0:
        sys.exit("%s: status %d after %g s" % (path, status, used.ru_utime))
    return used.ru_utime + used.ru_stime
for path in sorted(glob.glob("%s/*.%d" % (folder, most))):
    long = seconds(path)
    short = seconds("%s.%d" % (os.path.splitext(path)[0], most // 16))
    print(os.path.basename(path), round(short, 3), round(long, 3))
    # what starting costs, and a clock of 100 ticks a second, is no growth
    if long > 10 or long > 64 * max(short, 0.02):
        sys.exit("not linear")
END
is_linear() { "$PYTHON" "$work/linear.py" $most "$work/texts" "$@"; }

for pattern in gpt2 cl100k qwen2 o200k deepseek none '[a-z]+'; do
	t "text cut as $pattern says takes time in proportion to it" '
		is_linear -t "$vocabulary" --pattern "$pattern"'
done
for file in "$work"/vocabularies/*.json; do
	t "text cut as in the tokenizer.json \"$(basename "$file" .json)\" takes time in proportion to it" 'is_linear -t "$file"'
done
done_testing
