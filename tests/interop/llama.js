// SPDX-License-Identifier: MIT
// llama.js - our GGUF files in llama.cpp, through node-llama-cpp, and in @huggingface/gguf
//
//	node llama.js tokens model.gguf texts.jsonl ids   ids are those of nt-tokenize --ids
//	node llama.js back model.gguf texts.jsonl         the text of each text's ids is that text
//	node llama.js greedy model.gguf ids N             prints N ids behind each line of ids
//	node llama.js nll model.gguf ids                  prints -log p of each id of a line but the first
//	node llama.js ends model.gguf                     prints each id that ends a text
//	node llama.js parse model.gguf                    prints what @huggingface/gguf sees
'use strict';
const fs = require('fs');
const path = require('path');
const { pathToFileURL } = require('url');

// `import` looks for packages above the script's real place, which is not where they are
const from = (name, file) => import(pathToFileURL(path.join(process.env.NODE_PATH, name, file)));

function lines(file) {
	return fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
}

const idsOf = (line) => (line === '' ? [] : line.split(' ').map(Number));

async function open(file, vocabOnly) {
	const { getLlama } = await from('node-llama-cpp', 'dist/index.js');
	const llama = await getLlama({ gpu: false, build: 'never', maxThreads: 1, logLevel: 'error' });
	return llama.loadModel({ modelPath: file, vocabOnly });
}

// What llama.cpp cuts otherwise, whatever file it is given: it folds no long s in contractions.
const known = /'\u017f/;

async function tokens(file, textFile, idFile) {
	const model = await open(file, true), texts = lines(textFile), ids = lines(idFile);
	if (texts.length !== ids.length) throw new Error(`${texts.length} texts, ${ids.length} lines of ids`);
	let agreed = 0, passed = 0;
	const other = [];
	texts.forEach((line, i) => {
		const text = JSON.parse(line).text;
		if (known.test(text)) { passed++; return; }
		if (model.tokenize(text, false).join(' ') === ids[i]) agreed++;
		else other.push([line, ids[i], model.tokenize(text, false).join(' ')]);
	});
	console.log(`${agreed} of ${texts.length} texts agree, ${passed} passed over`);
	for (const [line, ours, theirs] of other.slice(0, 5)) console.log(`${line}\n  ours   ${ours}\n  theirs ${theirs}`);
	if (other.length || agreed < 0.9 * texts.length) process.exitCode = 1;
}

async function back(file, textFile) {
	const model = await open(file, true), texts = lines(textFile).map((line) => JSON.parse(line).text);
	const other = texts.filter((text) => model.detokenize(model.tokenize(text, false)) !== text);
	console.log(`${texts.length - other.length} of ${texts.length} texts come back`);
	if (other.length) throw new Error(JSON.stringify(other[0]));
}

async function sequence(model, n) {
	const context = await model.createContext({ contextSize: n, sequences: 1, batchSize: n });
	return context.getSequence();
}

async function greedy(file, idFile, n) {
	const model = await open(file, false);
	const all = await sequence(model, model.trainContextSize);
	for (const line of lines(idFile)) {
		const out = [];
		await all.clearHistory();
		for await (const id of all.evaluate(idsOf(line), { temperature: 0 })) {
			out.push(id);
			if (out.length === Number(n)) break;
		}
		console.log(out.join(' '));
	}
}

// The whole distribution: without these options what is unlikely would be cut off first.
const everything = { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } };

async function nll(file, idFile) {
	const model = await open(file, false);
	const all = await sequence(model, model.trainContextSize);
	for (const line of lines(idFile)) {
		const ids = idsOf(line);
		await all.clearHistory();
		const seen = await all.controlledEvaluate(ids.slice(0, -1).map((id) => [id, { generateNext: everything }]));
		console.log(seen.map((s, i) => -Math.log(s.next.probabilities.get(ids[i + 1]))).join(' '));
	}
}

async function ends(file) {
	const model = await open(file, true);
	console.log([...model.iterateAllTokens()].filter((id) => model.isEogToken(id)).join(' '));
}

async function parse(file) {
	const { gguf } = await from('@huggingface/gguf', 'dist/index.mjs');
	const { metadata, tensorInfos } = await gguf(file, { allowLocalFile: true });
	const { version, tensor_count, kv_count } = metadata;
	console.log(JSON.stringify({ version: Number(version), tensors: Number(tensor_count), keys: Number(kv_count),
		architecture: metadata['general.architecture'], pre: metadata['tokenizer.ggml.pre'],
		tokens: metadata['tokenizer.ggml.tokens'].length,
		shapes: tensorInfos.map((t) => [t.name, ...t.shape.map(Number)].join(' ')) }));
}

const [what, ...args] = process.argv.slice(2);
({ tokens, back, greedy, nll, ends, parse })[what](...args).then(() => process.exit()).catch((error) => {
	console.error(error.message.slice(0, 2000));
	process.exit(1);
});
