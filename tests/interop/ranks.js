// SPDX-License-Identifier: MIT
// ranks.js - our ranks in tiktoken: node ranks.js v.tiktoken PATTERN texts.jsonl ids
//
// ids is what nt-tokenize --ids makes of texts.jsonl; every line must agree.
'use strict';
const fs = require('fs');
const assert = require('assert');
const { Tiktoken } = require('tiktoken');

const [, , ranks, pattern, texts, ids] = process.argv;
const lines = (path) => fs.readFileSync(path, 'utf8').split('\n').slice(0, -1);
// this client's form: a mark, the first rank, and the tokens of that rank and those behind it
const tokens = lines(ranks).map((line, i) => {
	const [token, rank] = line.split(' ');
	assert.strictEqual(Number(rank), i, 'ranks without holes');
	return token;
});
const encoding = new Tiktoken(`! 0 ${tokens.join(' ')}`, {}, pattern);
const want = lines(ids);
lines(texts).forEach((line, i) => {
	const ours = want[i] === '' ? [] : want[i].split(' ').map(Number);
	assert.deepStrictEqual([...encoding.encode_ordinary(JSON.parse(line).text)], ours, line);
});
console.log(`tiktoken: ${want.length} texts agree`);
