// SPDX-License-Identifier: MIT
// tokenizers.js - our tokenizer.json in Hugging Face's two clients, our ids in tiktoken
//
//	node tokenizers.js texts > texts.jsonl
//	node tokenizers.js hf tokenizer.json texts.jsonl ids
//	node tokenizers.js tiktoken cl100k_base texts.jsonl ids
//
// ids is what nt-tokenize --ids makes of texts.jsonl. Every line must agree, and decode
// to the text again. Prints how many did; a client skips what it is known to see differently.
'use strict';
const fs = require('fs');
const assert = require('assert');

// Characters of every class, none newer than Unicode 8, since clients bring their own tables,
const alphabet = [
	...'aabcdeestlmvrdABCESTZ0123456789     \n\n\r\t\'\'"/-._$+<|>(){}[]=*#~^',
	"'s", "'ll", "'RE", ' the', ' and', '  ', '\n\n', '\r\n', '    ',
	'\u00a0', '\u0085', '\u3000', '\u2028', '\u200b', '\ufeff', '\u0000', '\u0001', '\u001c',
	'ä', 'É', 'ß', 'ſ', 'ǅ', 'ʰ', '中', '文', 'あ', 'ア', '한', 'ж', 'Ж', 'ع', 'א', 'ก',
	'\u0301', '\u093e', '\u20dd', '٣', 'Ⅷ', '½', '€', '—', '…', '“', '😀', '👍🏽', '👨‍👩‍👧', '\ue000',
];

function* texts() {
	let state = 12345;
	const below = (n) => {
		state = (Math.imul(state, 1103515245) + 12345) >>> 0;
		return Math.floor((state / 2 ** 32) * n);
	};
	yield '';
	for (const a of alphabet) yield a;
	for (let i = 0; i < 4000; i++) {
		let text = '';
		for (let n = 1 + below(40); n > 0; n--) text += alphabet[below(alphabet.length)];
		yield text;
	}
	for (const a of ['a', ' ', '=', '\n', 'ab', '1', '中', '😀']) yield a.repeat(2000);
}

function lines(path) {
	return fs.readFileSync(path, 'utf8').split('\n').slice(0, -1);
}

// clients: name -> {encode(text) -> ids, decode(ids) -> text}
function compare(clients, texts, ids) {
	assert.strictEqual(texts.length, ids.length, 'lines of ids');
	for (const [name, client] of Object.entries(clients)) {
		let agreed = 0;
		texts.forEach((line, i) => {
			const text = JSON.parse(line).text;
			if (client.skips && client.skips.test(text)) return;
			const ours = ids[i] === '' ? [] : ids[i].split(' ').map(Number);
			assert.deepStrictEqual([...client.encode(text)], ours, `${name}: ${line}`);
			assert.strictEqual(client.decode(ours), text, `${name} decodes: ${line}`);
			agreed++;
		});
		console.log(`${name}: ${agreed} of ${texts.length} texts agree`);
	}
}

async function hf(path) {
	const { Tokenizer } = require('tokenizers');
	const modern = await import('@huggingface/tokenizers');
	const rust = await Tokenizer.fromFile(path);
	const script = new modern.Tokenizer(JSON.parse(fs.readFileSync(path, 'utf8')), {});
	const encoded = new Map();
	return {
		encodeAll: async (all) => {
			for (const text of all)
				encoded.set(text, (await rust.encode(text, null, { addSpecialTokens: false })).getIds());
			const decoded = new Map();
			for (const [text, ids] of encoded) decoded.set(ids.join(), await rust.decode(ids, false));
			return {
				'tokenizers': { encode: (t) => encoded.get(t), decode: (ids) => decoded.get(ids.join()) },
				'@huggingface/tokenizers': {
					// JavaScript's \s: without U+0085, and with U+FEFF
					skips: /[\u0085\ufeff]/,
					encode: (t) => script.encode(t, { add_special_tokens: false }).ids,
					decode: (ids) => ids.length === 0 ? '' : script.decode(ids, {
						skip_special_tokens: false, clean_up_tokenization_spaces: false }),
				},
			};
		},
	};
}

async function main([what, which, textPath, idPath]) {
	if (what === 'texts') {
		for (const text of texts()) console.log(JSON.stringify({ text }));
		return;
	}
	const text = lines(textPath), ids = lines(idPath);
	if (what === 'hf') {
		const loaded = await hf(which);
		compare(await loaded.encodeAll(text.map((line) => JSON.parse(line).text)), text, ids);
	} else {
		const encoding = require('tiktoken').get_encoding(which);
		const bytes = (list) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(encoding.decode(Uint32Array.from(list)));
		compare({ tiktoken: { encode: (t) => encoding.encode_ordinary(t),
				      decode: (list) => list.length ? bytes(list) : '' } }, text, ids);
	}
}

main(process.argv.slice(2)).catch((error) => {
	console.error(error.message.slice(0, 2000));
	process.exit(1);
});
