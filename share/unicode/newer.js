// SPDX-License-Identifier: MIT
// newer.js - what PCRE2 may not know yet: characters of each category since Unicode 13.0
//
// As pieces of a class in a regular expression, up to Unicode 16.0.
'use strict';
const short = { L: 'Letter', Lu: 'Uppercase_Letter', Ll: 'Lowercase_Letter', Lt: 'Titlecase_Letter', Lm: 'Modifier_Letter',
	Lo: 'Other_Letter', M: 'Mark', Mn: 'Nonspacing_Mark', Mc: 'Spacing_Mark', Me: 'Enclosing_Mark', N: 'Number',
	Nd: 'Decimal_Number', Nl: 'Letter_Number', No: 'Other_Number', P: 'Punctuation', Pc: 'Connector_Punctuation',
	Pd: 'Dash_Punctuation', Ps: 'Open_Punctuation', Pe: 'Close_Punctuation', Pi: 'Initial_Punctuation',
	Pf: 'Final_Punctuation', Po: 'Other_Punctuation', S: 'Symbol', Sm: 'Math_Symbol', Sc: 'Currency_Symbol',
	Sk: 'Modifier_Symbol', So: 'Other_Symbol' };
const from = (version, name) => new Set(require(`@unicode/unicode-${version}/General_Category/${name}/code-points.js`));

function ranges(name) {
	const old = from('13.0.0', name), out = [];
	for (const c of [...from('16.0.0', name)].filter((x) => !old.has(x)).sort((a, b) => a - b)) {
		if (out.length && out[out.length - 1][1] === c - 1) out[out.length - 1][1] = c;
		else out.push([c, c]);
	}
	return out.map(([a, b]) => (a === b ? [a] : [a, b]).map((c) => `\\\\x{${c.toString(16)}}`).join('-'));
}
function strings(list) {
	const lines = [''];
	for (const r of list) {
		if (lines[lines.length - 1].length + r.length > 90) lines.push('');
		lines[lines.length - 1] += r;
	}
	return lines.map((l) => `"${l}"`).join('\n\t\t');
}
console.log(`/* SPDX-License-Identifier: MIT */
/* newer_table.h - written by share/unicode/generate.sh; do not edit */
static const struct newer {
	const char *name, *ranges;
} newer[] = {
${Object.keys(short).map((k) => `\t{"${k}", ${strings(ranges(short[k]))}},`).join('\n')}
};`);
