#!/bin/sh
# SPDX-License-Identifier: MIT
# Models as others write them: in several files, in halves, and as nobody should.
. "$(dirname "$0")/../lib.sh"

data=$work/data
mkdir "$data"
printf '%s\n' 'the cat sat on a mat' 'and saw the rat' 'on the mat' 'a rat sat' >"$data/text"
nt-tokenize -q -t bytes --split=line "$data/text" | nt-pack -q -o "$data/data.bin"
export data
# model ARCH DIR [OPTION...]: a few steps of it, without what belongs to nt-train
model() {
	arch=$1 to=$2
	shift 2
	nt-train -q --hidden-size=16 --num-hidden-layers=2 --num-attention-heads=2 --seq-len=16 --batch-size=2 \
		--max-steps=2 --arch="$arch" --val "$data/data.bin" -o run "$@" "$data/data.bin"
	mkdir "$to"
	for file in config.json generation_config.json tokenizer.json tokenizer_config.json model.safetensors; do
		cp -L run/$file "$to"
	done
	rm -r run
}
# rewrite.py FROM TO COMMAND: reads the tensors, lets COMMAND change them, writes them
cat >"$data/rewrite.py" <<'END'
import json, os, shutil, struct, sys
source, to, change = sys.argv[1:]
raw = open(source + "/model.safetensors", "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + size])
meta = header.pop("__metadata__")
data = {k: raw[8 + size + v["data_offsets"][0]:8 + size + v["data_offsets"][1]] for k, v in header.items()}
config = json.load(open(source + "/config.json"))
def put(name, keys):
    at, out = 0, {"__metadata__": meta}
    for k in keys:
        out[k] = {"dtype": header[k]["dtype"], "shape": header[k]["shape"], "data_offsets": [at, at + len(data[k])]}
        at += len(data[k])
    text = json.dumps(out).encode()
    with open(f"{to}/{name}", "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(data[k] for k in keys))
def rename(k, new):
    header[new], data[new] = header.pop(k), data.pop(k)
def shards(n=2):
    names = list(header)
    where = {k: f"model-{i * n // len(names) + 1:05d}-of-{n:05d}.safetensors" for i, k in enumerate(names)}
    for f in sorted(set(where.values())):
        put(f, [k for k in names if where[k] == f])
    return where
def index(where, **more):
    json.dump({"metadata": {"total_size": 0}, "weight_map": where, **more},
              open(to + "/model.safetensors.index.json", "w"))
def narrow(dtype, convert):
    for k in header:
        header[k]["dtype"] = dtype
        data[k] = b"".join(convert(data[k][i:i + 4]) for i in range(0, len(data[k]), 4))
os.makedirs(to)
shutil.copy(source + "/tokenizer.json", to)
exec(change)
json.dump(config, open(to + "/config.json", "w"))
END
# manual.py DIR: settings, tensors and what is in other files are those of the tables in docs/model.md, no more and no less
cat >"$data/manual.py" <<'END'
import json, os, re, struct, sys
where = sys.argv[1]
config = json.load(open(where + "/config.json"))
arch = config["model_type"]
rows = [line.strip("|\n ").split(" | ") for line in open(os.environ["root"] + "/docs/model.md") if line.startswith("| `")]
names = lambda cell: re.findall("`([^`]*)`", cell)
settings = {k for row in rows if len(row) == 2 for k in names(row[0]) if row[1] == "all" or arch in row[1].split()}
settings |= {"rope_scaling"} if config.get("rope_parameters", {}).get("rope_type") == "llama3" else set()
assert settings == set(config), settings ^ set(config)
C = config.get("n_embd") or config["hidden_size"]
H = config.get("n_head") or config["num_attention_heads"]
size = {"V": config["vocab_size"], "C": C, "H": H, "K": config.get("num_key_value_heads", H),
        "D": config.get("head_dim", C // H), "F": config.get("n_inner") or config["intermediate_size"],
        "P": config.get("n_positions"), "3": 3}
def length(letters):
    n = 1
    for letter in letters.split():
        n *= size[letter]
    return n
def has(cell):
    key = names(cell)
    if cell.startswith("with"):
        return config.get(key[0], False)
    if "unless" in cell:
        return not config[key[0]]
    return arch in re.split("[ ,]+", cell) or bool(key) and config.get(key[0], False)
want = {}
for row in rows:
    if len(row) == 3 and row[1].startswith("[") and has(row[2]):
        for n in range(config.get("n_layer") or config["num_hidden_layers"]):
            want[names(row[0])[0].replace(".N.", f".{n}.")] = [length(d) for d in re.findall(r"\[([^]]*)\]", row[1])]
with open(where + "/model.safetensors", "rb") as f:
    header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
assert header.pop("__metadata__") == {"format": "pt"}
got = {k: v["shape"] for k, v in header.items()}
assert got == want, (set(got) ^ set(want), [k for k in got if got[k] != want.get(k)])
files = {names(row[0])[0]: names(row[1]) for row in rows if len(row) == 2 and row[0].endswith(".json`")}
assert len(files) == 2
for name, keys in files.items():
    beside = json.load(open(f"{where}/{name}"))
    assert set(beside) == set(keys), (name, beside)
    assert all(beside[k] == config[k] for k in beside if k.endswith("_id")), (name, beside)
    assert name[0] == "g" or beside["model_max_length"] == config.get("n_positions", config.get("max_position_embeddings"))
END
is_in_manual() { $PYTHON "$data/manual.py" "$1"; }
rewrite() { $PYTHON "$data/rewrite.py" "$@"; }
score() { nt-score -q --json "$1" "$data/data.bin" | sed "s/.*\"nats\": \([0-9.]*\),.*/\1/"; }
# goes_on DIR [OPTION...]: the likeliest tokens, through nt_lm_load
goes_on() { nt-sample -q --greedy --ignore-eos --ids -n 12 "$@" -p "97 32 99"; }

for arch in llama gpt2 qwen3 qwen2 mistral; do
	export arch
	t "$arch in several files is the same model" '
		model $arch one
		rewrite one many "index(shards(3))"
		nt-info one | grep -q "^arch  *$arch$"; nt-info many | grep -q "^files  *3$"
		[ -n "$(score one)" ]; [ "$(score one)" = "$(score many)" ]
		nt-sample -q --greedy -n 5 many -p "the" >a; nt-sample -q --greedy -n 5 one -p "the" | cmp - a
		nt-train -q --init many --seq-len=16 --max-steps=1 -o next "$data/data.bin"
		cmp one/config.json next/config.json'

	t "$arch is written as the manual says, tied or not" '
		model $arch tied; is_in_manual tied
		model $arch untied --tie-word-embeddings=false; is_in_manual untied
		grep -q "\"bos_token_id\": 256," untied/config.json; grep -q "\"eos_token_id\": 257," untied/config.json'
done

biased='
import random
random.seed(3)
def bias(k, n):
    header[k] = {"dtype": "F32", "shape": [n]}
    data[k] = struct.pack(f"<{n}f", *(random.gauss(0, 0.3) for _ in range(n)))
for n in range(2):
    for part, width in ("q", 16), ("k", 16), ("v", 16), ("o", 16):
        bias(f"model.layers.{n}.self_attn.{part}_proj.bias", width)
    for part, width in ("gate", 64), ("up", 64), ("down", 16):
        if config["model_type"] == "llama":
            bias(f"model.layers.{n}.mlp.{part}_proj.bias", width)
config["attention_bias"] = True
if config["model_type"] == "llama":
    config["mlp_bias"] = True
put("model.safetensors", header)'
export biased
t 'biases and stretched positions that a config asks for are read, trained, and written' '
	for arch in llama qwen3; do
		rm -rf one bias far next
		model $arch one
		rewrite one bias "$biased"
		rewrite bias far "
config[\"rope_scaling\"] = {\"rope_type\": \"llama3\", \"factor\": 8, \"low_freq_factor\": 1.0,
	\"high_freq_factor\": 4.0, \"original_max_position_embeddings\": 8}
del config[\"rope_parameters\"]
put(\"model.safetensors\", header)"
		[ "$(score one)" != "$(score bias)" ]; [ "$(score bias)" != "$(score far)" ]
		nt-train -q --init far --seq-len=16 --max-steps=1 -o next "$data/data.bin"
		is_in_manual next; grep -q "\"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 8.0" next/config.json
	done'

t 'halves are read, and the tied head that is written twice, and names without transformer.' '
	model llama one
	rewrite one twice "header[\"lm_head.weight\"] = header[\"model.embed_tokens.weight\"]
data[\"lm_head.weight\"] = data[\"model.embed_tokens.weight\"]
put(\"model.safetensors\", header)"; [ "$(score one)" = "$(score twice)" ]; [ "$(goes_on one)" = "$(goes_on twice)" ]
	[ "$(goes_on one | wc -w)" = 15 ]
	for half in bf16 f16; do
		rewrite one $half.file "
narrow(*{\"bf16\": (\"BF16\", lambda b: b[2:]),
	 \"f16\": (\"F16\", lambda b: struct.pack(\"<e\", struct.unpack(\"<f\", b)[0]))}[\"$half\"])
put(\"model.safetensors\", header)"
		$PYTHON -c "a, b = $(score one), $(score $half.file); assert 0 < abs(a - b) < 0.01 * a, (a, b)"
	done
	model gpt2 long; rewrite long short "
for k in list(header): rename(k, k.replace(\"transformer.\", \"\"))
put(\"model.safetensors\", header)"; [ "$(score long)" = "$(score short)" ]; [ "$(goes_on long)" = "$(goes_on short)" ]'

t 'what is multiplied at once may be of several dtypes' '
	model llama one
	rewrite one mixed "
for n in 0, 1:
    k = f\"model.layers.{n}.self_attn.q_proj.weight\"
    header[k][\"dtype\"] = \"F16\"
    data[k] = struct.pack(\"<256e\", *struct.unpack(\"<256f\", data[k]))
put(\"model.safetensors\", header)"
	rewrite mixed same "
for n in 0, 1:
    k = f\"model.layers.{n}.self_attn.q_proj.weight\"
    header[k][\"dtype\"] = \"F32\"
    data[k] = struct.pack(\"<256f\", *struct.unpack(\"<256e\", data[k]))
put(\"model.safetensors\", header)"
	[ "$(goes_on mixed | wc -w)" = 15 ]; [ "$(goes_on mixed)" = "$(goes_on same)" ]'

# refused WORDS CHANGE: what CHANGE makes of a model is refused in one line that has WORDS
refused() {
	rm -rf bad
	rewrite one bad "$2"
	exits 3 nt-score bad "$data/data.bin" 2>err >/dev/null && [ "$(wc -l <err)" = 1 ] && grep -q "$1" err ||
		{ cat err; return 1; }
}
t 'an index is not believed' '
	model llama one
	refused "is no name of a file beside" "w = shards(); w[\"model.norm.weight\"] = \"../one/model.safetensors\"; index(w)"
	refused "is no name of a file beside" "w = shards(); w[\"model.norm.weight\"] = \"$PWD/one/model.safetensors\"; index(w)"
	refused "is no name of a file beside" "w = shards(); w[\"model.norm.weight\"] = \"..\"; index(w)"
	refused "lies in .model-00009.safetensors., which is not here" "
w = shards(); w[\"model.norm.weight\"] = \"model-00009.safetensors\"; index(w)"
	refused "model.norm.weight. does not lie in .model-00001" "w = shards(); w[\"model.norm.weight\"] = \"model-00001-of-00002.safetensors\"; index(w)"
	refused ".x. does not lie in" "w = shards(); w[\"x\"] = \"model-00001-of-00002.safetensors\"; index(w)"
	refused "does not list .model.norm.weight" "w = shards(); del w[\"model.norm.weight\"]; index(w)"
	refused "lies in .model-00001-of-00002.safetensors. and in .model-00002" "
w = shards(); put(\"model-00002-of-00002.safetensors\", list(header)[1:]); index(w)"
	refused "stands in it twice" "
w = shards(); index(w); p = to + \"/model.safetensors.index.json\"; t = open(p).read()
open(p, \"w\").write(t.replace(\"\\\"weight_map\\\": {\", \"\\\"weight_map\\\": {\\\"model.norm.weight\\\": \\\"model-00001-of-00002.safetensors\\\", \"))"
	refused "no weight_map" "shards(); index({})"
	refused "weight_map" "w = shards(); index(w); p = to + \"/model.safetensors.index.json\"; t = open(p).read()
open(p, \"w\").write(t[:-1] + \", \\\"weight_map\\\": {}}\")"
	refused "JSON" "w = shards(); index(w); p = to + \"/model.safetensors.index.json\"; t = open(p).read(); open(p, \"w\").write(t[:-9])"'

t 'a model without weights, or with one too few or too many, is refused' '
	model qwen3 one
	refused "no weights: expected model.safetensors" ""
	refused "no tensor .model.layers.1.self_attn.k_norm.weight" "
del header[\"model.layers.1.self_attn.k_norm.weight\"]; put(\"model.safetensors\", header)"
	refused "holds 1 tensor that a model of config.json does not have" "
header[\"model.extra\"], data[\"model.extra\"] = header[\"model.norm.weight\"], data[\"model.norm.weight\"]
put(\"model.safetensors\", header)"
	refused "config.json makes it 8 x 1" "
k = \"model.layers.0.self_attn.q_norm.weight\"
header[k], data[k] = header[\"model.norm.weight\"], data[\"model.norm.weight\"]; put(\"model.safetensors\", header)"'

done_testing
