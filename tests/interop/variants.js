// SPDX-License-Identifier: MIT
// variants.js - tokenizer.json files of every part we have, tried on random Unicode
//
//	node variants.js FOLDER SEED COUNT
//	node variants.js ids FILE TEXTS
//
// Writes FOLDER/N.json, FOLDER/N.texts.jsonl and FOLDER/N.ids, which holds what Hugging Face's
// client makes of the texts with special tokens recognised, as nt-tokenize --ids prints it; or
// prints that of one file.
'use strict';
const fs = require('fs');
const { spawnSync } = require('child_process');
const { Tokenizer } = require('tokenizers');

let state = 1;
function below(n) {
	state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
	return Math.floor((state / 2 ** 32) * n);
}
const pick = (list) => list[below(list.length)];
const chance = (percent) => below(100) < percent;

// --- texts

const alphabet = [
	...'aabcdeestlmvrdABCESTZ0123456789      \n\n\r\t\'\'"/-._$+<|>(){}[]=*#~^',
	"'s", "'ll", "'RE", ' the', ' and', '  ', '\n\n', '\r\n', '    ', 'word', 'a word ', '<a>', '<a><b>',
	'\u00a0', '\u0085', '\u3000', '\u2028', '\u200b', '\ufeff', '\u0000', '\u0001', '\u001c', '▁', '▁▁',
	'ä', 'É', 'ß', 'ſ', 'İ', 'ǅ', 'ʰ', '中', '文', 'あ', 'が', 'ア', '한', '한', 'ж', 'Ж', 'ع', 'א', 'ก', '²',
	'\u0301', '\u0323', '\u0308', '\u0334', '\u0345', '\u093c', '\u09be', '\u20dd', 'क', 'ড়', 'ﬁ', 'Å', '\u0344', '٣', 'Ⅷ', '½',
	'€', '—', '…', '“', '😀', '👍🏽', '👨‍👩‍👧', '\ue000',
];
function anyCharacter() {
	for (;;) {
		const c = chance(60) ? below(0x3000) : chance(70) ? below(0x20000) : below(0x110000);
		if (c < 0xd800 || c > 0xdfff) return String.fromCodePoint(c);
	}
}
function text() {
	let s = '';
	const wild = chance(30);
	for (let n = 1 + below(30); n > 0; n--) s += wild && chance(50) ? anyCharacter() : pick(alphabet);
	return s;
}

// --- parts

const behaviors = ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'];
const regexes = [
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
	'\\p{N}{1,3}', '[A-Za-z]+', '\\s+', ' ?[^\\s]+', '[^\\p{L}\\p{M}]', '(?=\\d)', 'x*', '[0-9][0-9][0-9]', 'a|b', '\\d', '\\w+',
	'^a', '\\S$', '[\\p{P}\\p{S}]', '(?<=a)b', '\\p{Lu}', '[^\\S\\n]+', '.', 'e\\b', '[[:punct:]]', '\\h',
];
const strings = [' ', 'a', '▁', '\n', '  ', '.', 'ab', '<'];
const pattern = () => (chance(50) ? { String: pick(strings) } : { Regex: pick(regexes) });

// the client aborts where it should replace nothing by something, and finds names that become
// nothing everywhere
const visible = () => {
	const p = pattern();
	return ['(?=\\d)', 'x*', '.'].includes(p.Regex) ? { Regex: '\\p{N}{1,3}' } : p;
};
const normalizers = [
	() => ({ type: 'NFC' }), () => ({ type: 'NFD' }), () => ({ type: 'NFKC' }), () => ({ type: 'NFKD' }),
	() => ({ type: 'Lowercase' }), () => ({ type: 'StripAccents' }), () => ({ type: 'Nmt' }),
	() => ({ type: 'Strip', strip_left: chance(50), strip_right: chance(50) }),
	() => ({ type: 'Replace', pattern: visible(), content: pick(['▁', '', 'xy', ' ', 'é']) }),
	() => ({ type: 'Replace', pattern: { String: ' ' }, content: '▁' }),
	() => ({ type: 'Prepend', prepend: pick(['▁', 'a', ' ']) }),
];
const cutters = [
	() => ({ type: 'Split', pattern: pattern(), behavior: pick(behaviors), invert: chance(30) }),
	() => ({ type: 'Split', pattern: pattern(), behavior: pick(behaviors), invert: chance(30) }),
	() => ({ type: 'Digits', individual_digits: chance(50) }),
	() => ({ type: 'Punctuation', behavior: pick(behaviors) }),
	() => ({ type: 'WhitespaceSplit' }), () => ({ type: 'Whitespace' }),
];
const metaspace = () => ({ type: 'Metaspace', replacement: '▁', prepend_scheme: pick(['always', 'first', 'never']), split: chance(70) });
const byteLevel = () => ({ type: 'ByteLevel', add_prefix_space: chance(30), trim_offsets: true, use_regex: chance(50) });

function list(type, key, steps) {
	if (steps.length === 0) return chance(50) ? null : { type: 'Sequence', [key]: [] };
	return steps.length === 1 && chance(70) ? steps[0] : { type: 'Sequence', [key]: steps };
}
function some(most, makers) {
	const steps = [];
	for (let n = below(most + 1); n > 0; n--) steps.push(pick(makers)());
	return steps;
}

// --- vocabularies

function byteAlphabet() {
	const own = (b) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
	let next = 256;
	return Array.from({ length: 256 }, (_, b) => String.fromCharCode(own(b) ? b : next++));
}
const letters = byteAlphabet();
const asLetters = (s) => [...Buffer.from(s)].map((b) => letters[b]);

// Merges of what stands side by side in texts.
function vocabulary(isBytes) {
	const vocab = new Map(), merges = [], isMerge = new Set();
	const add = (s) => vocab.has(s) || vocab.set(s, vocab.size);
	if (isBytes) letters.forEach(add);
	else {
		add('<unk>');
		if (chance(70)) for (let b = 0; b < 256; b++) if (chance(97)) add(`<0x${b.toString(16).toUpperCase().padStart(2, '0')}>`);
		for (const a of alphabet) for (const c of a) if (chance(80)) add(c);
		add('▁');
	}
	for (let n = below(300); n > 0; n--) {
		const s = isBytes ? asLetters(text()) : [...text().replace(/ /g, '▁')];
		const at = below(s.length);
		let whole = s[at];
		for (let k = at + 1; k < s.length && k < at + 4 && vocab.has(whole) && vocab.has(s[k]); k++) {
			const name = `${whole}\u0000${s[k]}`;
			if (!isMerge.has(name)) merges.push([whole, s[k]]);
			isMerge.add(name);
			whole += s[k];
			add(whole);
		}
	}
	for (let i = merges.length - 1; i > 0; i--) {
		const k = below(i + 1);
		[merges[i], merges[k]] = [merges[k], merges[i]];
	}
	return { vocab, merges };
}

function added(vocab, isBytes) {
	// one is normalized, lest two come to the same: which the client then finds is chance
	const contents = ['<a>', '<b>', '<a><b>', '  ', '\n\n', 'word', ' x', 'É', '▁▁', 'ab', '<unk>', '中', '\t', 'e\u0301'];
	const list = [];
	let next = vocab.size;
	for (const content of contents) {
		if (!chance(25) || (isBytes && vocab.has(content) && !/^[!-~]+$/.test(content))) continue;
		const isSpace = /\s/.test(content);
		list.push({ id: vocab.has(content) ? vocab.get(content) : next++, content, single_word: chance(20),
			lstrip: !isSpace && chance(20), rstrip: !isSpace && chance(20), normalized: !list.some((a) => a.normalized) && chance(30), special: chance(50) });
	}
	return list.sort((a, b) => a.id - b.id);
}

function variant() {
	const isBytes = chance(50);
	const { vocab, merges } = vocabulary(isBytes);
	const steps = some(2, isBytes ? cutters : [...cutters, metaspace, metaspace]);
	if (isBytes) {
		steps.push(byteLevel());
		if (chance(20)) steps.push(pick(cutters)());
	}
	const joined = merges.every(([a, b]) => !/ /.test(a + b)) && chance(50);
	return {
		version: '1.0', truncation: null, padding: null, added_tokens: added(vocab, isBytes),
		normalizer: list('Sequence', 'normalizers', some(chance(50) ? 0 : 3, normalizers)),
		pre_tokenizer: list('Sequence', 'pretokenizers', steps),
		post_processor: null, decoder: null,
		model: {
			type: 'BPE', dropout: null, unk_token: isBytes ? null : '<unk>', continuing_subword_prefix: null,
			end_of_word_suffix: null, fuse_unk: chance(50), byte_fallback: !isBytes && chance(70),
			ignore_merges: chance(30), vocab: Object.fromEntries(vocab),
			merges: joined ? merges.map((m) => m.join(' ')) : merges,
		},
	};
}

async function encode(json, texts) {
	const client = Tokenizer.fromString(json), ids = [];
	for (const t of texts) ids.push((await client.encode(t, null, { addSpecialTokens: false })).getIds().join(' '));
	return ids.map((line) => line + '\n').join('');
}

async function one(head) {
	const json = variant(), texts = Array.from({ length: 60 }, text);
	const ids = await encode(JSON.stringify(json), texts);
	fs.writeFileSync(`${head}.json`, JSON.stringify(json));
	fs.writeFileSync(`${head}.texts.jsonl`, texts.map((t) => JSON.stringify({ text: t }) + '\n').join(''));
	fs.writeFileSync(`${head}.ids`, ids);
}

// A process for each: some files the client refuses (two names that normalize alike), and on
// some texts it aborts (an added token inside the white space that another has taken in).
function main([folder, seed, count, number]) {
	if (folder === 'ids') {
		const texts = fs.readFileSync(count, 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line).text);
		return encode(fs.readFileSync(seed, 'utf8'), texts).then((ids) => process.stdout.write(ids));
	}
	if (number !== undefined) {
		state = (Number(seed) * 100003 + Number(number)) >>> 0;
		for (let i = 0; i < 8; i++) below(2);
		return one(`${folder}/${number}`).catch(() => process.exit(1));
	}
	for (let i = 0; i < Number(count); i++)
		spawnSync(process.execPath, [__filename, folder, seed, count, String(i)]);
}

main(process.argv.slice(2));
