// SPDX-License-Identifier: MIT
// differential.js - our ids beside the reference's, over much text
//
//	node differential.js take SEED BYTES VOCABULARY < docs.jsonl > some.jsonl
//	node differential.js random COUNT SEED VOCABULARY > some.jsonl
//	node differential.js compare VOCABULARY some.jsonl ids decoded
//
// take chooses about BYTES of text out of documents, all over them, by SEED.
// random makes texts of every plane; never a lone surrogate, which no UTF-8 has.
// Neither gives a text that names a special token.
// compare asks the reference, npm's tiktoken for ranks and tokenizers for a tokenizer.json,
// and looks at what `nt-tokenize --ids` made of the texts, and `--ids -d` of those ids.
// Prints how much was compared; exits 1 at a difference, with the first of them.
'use strict';
const fs = require('fs');
const path = require('path');

const lines = (file) => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);

// A long document in parts of some 32 kB, cut at lines.
function* parts(text) {
	for (let at = 0, end; at < text.length; at = end) {
		end = text.indexOf('\n', at + 32000) + 1 || text.length;
		yield text.slice(at, end);
	}
}

// The names of special tokens: to the reference they are never text, to us they are.
function specials(vocabulary) {
	if (vocabulary.endsWith('.tiktoken')) return []; // encode_ordinary agrees with us
	return JSON.parse(fs.readFileSync(vocabulary, 'utf8')).added_tokens.filter((t) => t.special).map((t) => t.content);
}

function take(seed, bytes, vocabulary) {
	const names = specials(vocabulary);
	const all = lines(0).flatMap((line) => [...parts(JSON.parse(line).text.toWellFormed())])
		.filter((text) => !names.some((name) => text.includes(name)));
	const total = all.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
	const step = Math.max(1, total / bytes);
	for (let i = seed % 1000 / 1000 * step; i < all.length; i += step)
		console.log(JSON.stringify({ text: all[Math.floor(i)] }));
}

function randomTexts(count, seed, vocabulary) {
	const names = specials(vocabulary);
	let state = seed >>> 0;
	const below = (n) => { // mulberry32
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * n);
	};
	const between = (lo, hi) => lo + below(hi - lo + 1);
	const spaces = [9, 10, 11, 12, 13, 32, 0x85, 0xa0, 0x1680, 0x2003, 0x2028, 0x202f, 0x205f, 0x3000];
	const kinds = [
		() => between(0x20, 0x7e), () => between(0x61, 0x7a), () => between(0x30, 0x39),
		() => spaces[below(spaces.length)], () => between(0x300, 0x36f), // marks
		() => between(0, 0x2fff), () => between(0x3000, 0xd7ff), () => between(0xe000, 0xffff),
		() => between(0x10000, 0x1ffff), () => between(0x20000, 0x10ffff),
		() => between(0xac00, 0xd7a3), () => between(0x1100, 0x11ff), // Hangul, composed and not
		() => between(0x1f300, 0x1faff), () => 0x200d, () => between(0x4e00, 0x9fff),
	];
	const scraps = ["'s", "'LL", "'\u017f", "n't", '\r\n', '\n\n', '    ', ' \t ', ' the', 'HTTPServer', 'camelCase',
		'1234567', '...', '//', '=====', '\u0301', 'e\u0301', '\u3000', '\u2581', '\ufeff', '\u1e9e', '\u01c5'];
	for (let i = 0; i < count; i++) {
		let text = '';
		// a run of one kind is a word, or nearly; changes of kind are where patterns differ
		while (text.length < 4 + below(60)) {
			const kind = kinds[below(kinds.length)];
			if (below(4) === 0) text += scraps[below(scraps.length)];
			else for (let n = 1 + below(5); n > 0; n--) text += String.fromCodePoint(kind());
		}
		if (i % 1000 === 0) text = text.repeat(300); // long pieces, and many of them
		if (!names.some((name) => text.includes(name))) console.log(JSON.stringify({ text }));
	}
}

async function reference(vocabulary) {
	if (vocabulary.endsWith('.tiktoken')) { // its decoder gives bytes, which are the text's
		const encoding = require('tiktoken').get_encoding(path.basename(vocabulary, '.tiktoken').replace('r50k_base', 'gpt2'));
		return { encode: async (texts) => texts.map((text) => encoding.encode_ordinary(text)) };
	}
	const tokenizer = await require('tokenizers').Tokenizer.fromFile(vocabulary);
	return {
		encode: async (texts) => (await tokenizer.encodeBatch(texts, { addSpecialTokens: false })).map((e) => e.getIds()),
		decode: (ids) => tokenizer.decode(ids, false),
	};
}

function differ(name, text, want, got) {
	console.log(`${name}: ${JSON.stringify(text).slice(0, 400)}`);
	console.log(`the reference: ${[...want].slice(0, 60).join(' ')}`);
	console.log(`nt-tokenize:   ${got.slice(0, 60).join(' ')}`);
	process.exit(1);
}

async function compare(vocabulary, textPath, idPath, decodedPath) {
	const { encode, decode } = await reference(vocabulary), texts = lines(textPath).map((line) => JSON.parse(line).text);
	const ids = lines(idPath);
	const decoded = fs.readFileSync(decodedPath);
	let bytes = 0, tokens = 0, changed = 0, at = 0;
	if (texts.length !== ids.length) throw new Error(`${ids.length} lines of ids for ${texts.length} texts`);
	for (let first = 0; first < texts.length; first += 64) {
		const some = texts.slice(first, first + 64), want = await encode(some);
		for (const [i, text] of some.entries()) {
			const got = ids[first + i] === '' ? [] : ids[first + i].split(' ').map(Number);
			if (got.length !== want[i].length || got.some((id, k) => id !== want[i][k]))
				differ('ids', text, want[i], got);
			// -d writes the texts with a NUL between them. Only what a normalizer changed comes
			// back changed, and then as from the reference.
			let back = Buffer.from(text);
			if (decode && !decoded.subarray(at, at + back.length).equals(back))
				back = Buffer.from(await decode(got));
			if (!decoded.subarray(at, at + back.length).equals(back)) differ('decoded', text, [], got);
			changed += back.toString() !== text;
			at += back.length + 1;
			bytes += Buffer.byteLength(text);
			tokens += got.length;
		}
	}
	console.log(`0 differences in ${texts.length} texts, ${bytes} bytes, ${tokens} ids; ${changed} texts normalized`);
}

const [what, ...args] = process.argv.slice(2);
const verbs = {
	take: () => take(Number(args[0]), Number(args[1]), args[2]),
	random: () => randomTexts(Number(args[0]), Number(args[1]), args[2]),
	compare: () => compare(...args),
};
Promise.resolve(verbs[what]()).catch((error) => {
	console.log(error.message.slice(0, 2000));
	process.exit(1);
});
