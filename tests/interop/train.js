// SPDX-License-Identifier: MIT
// train.js - Hugging Face's trainer: node train.js PATTERN text merges
//
// Learns as its client does, 30,000 entries down to pairs that occur once, and writes the
// merges, a line each. It reads line by line, each with its newline.
'use strict';
const fs = require('fs');
const { Tokenizer } = require('tokenizers');

const byteLevel = (use_regex) => ({ type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex });
const [, , pattern, text, merges] = process.argv;
const tokenizer = Tokenizer.fromString(JSON.stringify({
	version: '1.0', truncation: null, padding: null, added_tokens: [], normalizer: null,
	pre_tokenizer: pattern === 'gpt2' ? byteLevel(true) : { type: 'Sequence', pretokenizers: [
		{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }, byteLevel(false)] },
	post_processor: null, decoder: null,
	model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null,
		 fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab: {}, merges: [] },
}));
tokenizer.train([text]);
tokenizer.save(merges + '.json');
const learned = JSON.parse(fs.readFileSync(merges + '.json', 'utf8')).model.merges;
fs.writeFileSync(merges, learned.map((pair) => (Array.isArray(pair) ? pair.join(' ') : pair) + '\n').join(''));
