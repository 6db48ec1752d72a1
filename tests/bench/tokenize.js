// SPDX-License-Identifier: MIT
// tokenize.js - tokenizers of npm, called and answering as tests/bench/tokenize.c says
//
//	node tokenize.js PROGRAM VOCABULARY PATTERN TEXT PASSES
'use strict';
const fs = require('fs');
const path = require('path');

const [program, vocabulary, , textPath, passes] = process.argv.slice(2);
const name = path.basename(vocabulary).replace('.tiktoken', '');
const cannot = (why) => { console.error(why); process.exit(3); };

// Each returns a function from a text to its ids, or a promise of them.
const programs = {
	tiktoken() {
		const { get_encoding } = require('tiktoken');
		const encoding = get_encoding(name === 'r50k_base' ? 'gpt2' : name);
		return (text) => encoding.encode_ordinary(text);
	},
	'gpt-tokenizer'() {
		const encoding = require(`gpt-tokenizer/cjs/encoding/${name}`);
		return (text) => encoding.encode(text, { disallowedSpecial: new Set() });
	},
	async tokenizers() {
		const { Tokenizer } = require('tokenizers');
		const tokenizer = await Tokenizer.fromFile(vocabulary);
		return async (text) => (await tokenizer.encode(text, null, { addSpecialTokens: false })).getIds();
	},
};

function hash(ids) {
	let a = 0x811c9dc5, b = 0;
	for (const id of ids) {
		a = Math.imul(a ^ id, 0x01000193);
		b = Math.imul(b ^ id, 0x9e3779b1);
		b = (b << 15) | (b >>> 17);
	}
	const hex = (x) => (x >>> 0).toString(16).padStart(8, '0');
	return hex(a) + hex(b);
}

async function main() {
	const text = fs.readFileSync(textPath, 'utf8');
	const seconds = (since) => (Number(process.hrtime.bigint() - since) / 1e9).toFixed(6);
	let began = process.hrtime.bigint(), encode, ids;
	try {
		encode = await programs[program]();
	} catch (error) {
		cannot(error.message);
	}
	console.log('load', seconds(began));
	for (let i = 0; i < passes; i++) {
		began = process.hrtime.bigint();
		ids = await encode(text);
		console.log('pass', seconds(began));
	}
	console.log('ids', ids.length, hash(ids));
}

main();
