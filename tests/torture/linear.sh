#!/bin/sh
# SPDX-License-Identifier: MIT
# Text that other programs choke on: one letter, spaces, emoji, bytes in turn, marks that normal
# forms put in order, without any end of a word, or nothing but ends of lines. Every way to cut it, every rule of
# nt-filter, every mode of nt-dedup and JSON lines are linear in it, in a stack of 256 KB.
# A byte of 1 MB may take 1.6 times the CPU time of a byte of 64 KB (n to the 1.5 takes 4 times that), in the
# long tier one of 16 MB three times that of one of 1 MB, as it no longer fits the caches, and all of it 10 s.
# In memory a text takes at most 16 MB and so many times its size as its test says.
. "$(dirname "$0")/../lib.sh"

most=1048576 growth=1.6
[ -z "${NT_TORTURE:-}" ] || { most=16777216 growth=3; }
ulimit -s 256
vocabulary=$root/share/vocab/nt-8k.tiktoken

# each is there in both sizes, and there is one without a byte
cat >"$work/texts.py" <<'END'
import sys
kinds = {"letter": "a", "spaces": " ", "emoji": "\U0001f600", "han": "\u4e2d", "digits": "1", "newlines": "\n",
         "marks": "a\u0301\u0323\u0315\u0334\u0301\u0323", "jamo": "\u1100\u1161\u11a8", "words": " a", "signs": "a'",
         "lines": "a\n", "citations": "a.[1]"}
most = int(sys.argv[1])
open("none", "wb")
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
def put(name, pre, normalizer=None, names=[]):
    whole = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    steps = {"type": "Sequence", "pretokenizers": pre + [whole]}
    added = base["added_tokens"] + [dict(name, id=1000 + i) for i, name in enumerate(names)]
    json.dump(dict(base, added_tokens=added, pre_tokenizer=steps, normalizer=normalizer), open(name + ".json", "w"))
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
# names that begin alike: only behind many letters does it show that a text has none of them
names = [dict(content="a" * n + "!", single_word=False, lstrip=False, rstrip=False, special=False) for n in range(1, 1000)]
put("alike", [], None, [dict(name, normalized=False) for name in names])
put("alike-normalized", [], {"type": "Lowercase"}, [dict(name, normalized=True) for name in names])
pieces = ["<unk>"] + ["<0x%02X>" % i for i in range(256)] + ["\u2581", "a", "aa", "aaaa", "\u2581a", "\u2581\u2581", "1", "11"]
model = dict(type="BPE", unk_token="<unk>", fuse_unk=True, byte_fallback=True, vocab={p: i for i, p in enumerate(pieces)},
             merges=["a a", "aa aa", "\u2581 a", "\u2581 \u2581", "1 1"])
meta = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
for fallback in True, False: # characters that are no tokens are bytes, or unknown
    model = dict(model, byte_fallback=fallback)
    json.dump(dict(base, added_tokens=[], model=model, pre_tokenizer=meta, decoder=meta, normalizer=None),
              open("metaspace.json" if fallback else "metaspace-unknown.json", "w"))
# the same, cut in front of each space, and as Llama 2's and Gemma's write it: by a normalizer
def spaced(name, pre, *steps):
    normalizer = {"type": "Sequence", "normalizers": list(steps)} if steps else None
    json.dump(dict(base, added_tokens=[], model=dict(model, byte_fallback=True), decoder=meta, pre_tokenizer=pre,
                   normalizer=normalizer), open(name + ".json", "w"))
replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
spaced("metaspace-cut", dict(meta, split=True, prepend_scheme="always"))
spaced("llama", None, {"type": "Prepend", "prepend": "\u2581"}, replace)
spaced("gemma", dict(split("")[0], pattern={"String": " "}, behavior="MergedWithPrevious"), replace)
END
mkdir "$work/texts" "$work/vocabularies"
(cd "$work/texts" && "$PYTHON" "$work/texts.py" $most)
# printable ASCII and nothing to learn from: the letters that all else is written with
(cd "$work/vocabularies" && nt-vocab -q -n 600 <"$root/docs/style.md" >base.json && "$PYTHON" "$work/vocabularies.py")

# linear TIMES FOLDER COMMAND...: nanoseconds of CPU time and bytes of memory a byte of each text in both sizes, of
# which no more than TIMES; thirty seconds end one. What starting takes is left out, and of what is measured the
# least counts: others use the machine, too, and 20 ns are what caches cost that they fill.
cat >"$work/linear.py" <<'END'
import glob, os, resource, subprocess, sys
most, growth, times, folder = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
def run(path):
    program = subprocess.Popen(sys.argv[5:] + [path], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(program.pid, 0)
    if status != 0:
        sys.exit("%s: status %d after %g s" % (path, status, used.ru_utime))
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024
start, room = map(min, zip(*(run(folder + "/none") for _ in range(3))))
sanitized = os.environ.get("SAN") # its memory counts, too
for path in sorted(glob.glob("%s/*.%d" % (folder, most))):
    long = short = 1e9
    for tries in range(8):
        seconds, memory = run(path)
        long = min(long, seconds)
        short = min(short, run("%s.%d" % (os.path.splitext(path)[0], most // 16))[0])
        each = [1e9 * max(t - start, 0.001) / n for t, n in ((short, most // 16), (long, most))]
        print(os.path.basename(path), *map(round, each), "ns,", round((memory - room) / most, 1), "bytes")
        if memory - room > times * most + (16 << 20) and not sanitized:
            sys.exit("too much memory")
        if long <= 10 and each[1] <= max(growth * each[0], each[0] + 20):
            break
    else:
        sys.exit("not linear")
END
linear() { "$PYTHON" "$work/linear.py" $most $growth "$@"; }
times=20
is_linear() { linear $times "$work/texts" nt-tokenize -q -j1 --split=none "$@"; }

for pattern in gpt2 cl100k qwen2 o200k deepseek none '[a-z]+'; do
	t "text cut as $pattern says takes time in proportion to it" '
		is_linear -t "$vocabulary" --pattern "$pattern"'
done
for file in "$work"/vocabularies/*.json; do
	case ${file##*/} in
	[mgl]*[!d].json) times=24 ;; # which write a space in three bytes
	*) times=20 ;;
	esac
	t "text cut as in the tokenizer.json \"$(basename "$file" .json)\" takes time in proportion to it" 'is_linear -t "$file"'
done

# vocabularies that take long by what is in them: one token of a million bytes, and many names that end in a space
cat >"$work/long.py" <<'END'
import base64, json, struct, sys
n = 1000000
def varint(v):
    return bytes([v]) if v < 128 else bytes([v & 127 | 128]) + varint(v >> 7)
def part(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data
def piece(text, score, kind):
    return part(1, part(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([24, kind]))
runs = ["a" * k for k in (1, 2, 4, 8, n // 2, n)]
for name, some in ("long", runs), ("short", runs[:4] + ["\u2581", "\u2581a", "\u2581\u2581"]):
    with open(name + ".model", "wb") as f:
        f.write(piece("<unk>", 0, 2) + b"".join(piece("<0x%02X>" % i, 0, 6) for i in range(256)))
        f.write(b"".join(piece(text, -len(text), 1) for text in some) + part(2, b"\x18\x02\x98\x02\x01"))
with open("long.tiktoken", "wb") as f:
    for i, text in enumerate([bytes([i]) for i in range(256)] + [text.encode() for text in runs[1:]]):
        f.write(base64.b64encode(text) + b" %d\n" % i)
base = json.load(open(sys.argv[1]))
names = [dict(id=1000 + i, content="<%d> " % i, single_word=False, lstrip=False, rstrip=False, special=False, normalized=False)
         for i in range(200000)]
json.dump(dict(base, added_tokens=base["added_tokens"] + names), open("names.json", "w"))
END
(cd "$work" && "$PYTHON" long.py vocabularies/base.json)
t 'text cut as in a SentencePiece model takes time in proportion to it' 'times=24; is_linear -t "$work/short.model"'
t 'a SentencePiece piece of a million bytes is cut into its halves in seconds' '
	ulimit -t 10
	echo aa | nt-tokenize -q -t "$work/long.model" >out'
t 'a token of a million bytes is merged from its ranks in seconds' '
	ulimit -t 10
	echo aa | nt-tokenize -q -t "$work/long.tiktoken" --pattern none >out'
t 'two hundred thousand added tokens that end in a space are trimmed in seconds' '
	ulimit -t 10
	echo aa | nt-tokenize -q -t "$work/names.json" >out
	nt-dedup -q out >rest'

# besides, texts that hardly repeat themselves: in one, nearly every byte is a word
cat >"$work/noise.py" <<'END'
import random, sys
most = int(sys.argv[1])
noise = random.Random(1).randbytes(most)
for size in most, most // 16:
    open("noise.%d" % size, "wb").write(noise[:size].translate(b"\"()[],?;" * 32))
    open("lists.%d" % size, "wb").write(noise[:size].translate(b"abcdefgh\n0123456" * 16))
END
(cd "$work/texts" && "$PYTHON" "$work/noise.py" $most)

# streams of one document, and of one for each line of a part: a document costs more than its bytes
mkdir "$work/streams"
for file in "$work"/texts/*; do
	nt-tokenize -q --split=none "$file" >"$work/streams/${file##*/}"
done
for file in "$work"/texts/lines.* "$work"/texts/lists.* "$work"/texts/newlines.*; do
	head -c $((${file##*.} / 16)) "$file" | nt-tokenize -q --split=line >"$work/streams/each-${file##*/}"
done
for mode in --by=unit --by=line --by=document --near '--near --two-pass' --substring=50 "--against=$work/texts/lists.$most"; do
	t "tokens compared by nt-dedup ${mode%%/*} take time in proportion to them" '
		linear 20 "$work/streams" nt-dedup -q -j1 $mode'
done

# JSON lines: one that is long by what it says, or by what stands around that, and many short ones
cat >"$work/json.py" <<'END'
import sys
most = int(sys.argv[1])
text = '{"text": "a"}\n'
kinds = {"letters": ('{"text": "', "a", '"}'), "escapes": ('{"text": "', "\\n", '"}'), "codes": ('{"text": "', "\\u0061", '"}'),
         "pairs": ('{"text": "', "\\ud83d\\ude00", '"}'), "halves": ('{"text": "', "\\ud83d", '"}'),
         "emoji": ('{"text": "', "\U0001f600", '"}'), "again": ('{"text": "a"', ', "text": "a"', "}"),
         "fields": ('{"text": "a"', ', "b": 1', "}"), "name": ('{"', "b", '": 1, "text": "a"}'),
         "blanks": ("{", " ", '"text": "a"}'), "number": ('{"b": 1', "1", ', "text": "a"}'),
         "array": ('{"b": [1', ",1", '], "text": "a"}'), "objects": ('{"b": [1', ',{"b":{}}', '], "text": "a"}'),
         "lines": ("", text, ""), "nothing": ("", "\n", text)}
for size in most, most // 16:
    for kind, (head, part, tail) in kinds.items():
        part = part.encode()
        open("%s.%d" % (kind, size), "wb").write(head.encode() + part * (size // len(part)) + tail.encode())
open("none", "w")
END
mkdir "$work/json"
(cd "$work/json" && "$PYTHON" "$work/json.py" $most)
for options in '' '--jsonl --where=text!=b'; do
	t "JSON lines take time in proportion to them by nt-cat --field=text $options" '
		linear 8 "$work/json" nt-cat -q -j1 --split=jsonl --field=text $options'
done

# By thresholds that nothing is beyond, so that no rule hides the next one, and by rules that count all runs of words.
# What is more than a block of words is cut again for each of their questions: that is no growth.
growth=3
every=$(nt-filter --list-rules | awk -F'\t' '$4 == "at least" { print $2 "=0" } $4 == "at most" { print $2 "=1e12" }' | paste -sd,)
t 'text judged by every rule takes time in proportion to it' '
	linear 8 "$work/texts" nt-filter -q -j1 --split=none --rules c4 --set "$every"'
for rule in top_2_gram top_4_gram duplicated_5_n_grams duplicated_10_n_grams; do
	t "text judged by $rule takes time in proportion to it" '
		linear 12 "$work/texts" nt-filter -q -j1 --split=none --rules none --set "$rule=0"'
done
done_testing
