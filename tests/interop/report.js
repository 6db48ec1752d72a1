// SPDX-License-Identifier: MIT
// The pages of nt-report and nt-score in a browser that people use.
//
//	node report.js page FILE LOG     a page of one run, whose log is LOG: what is seen and said
//	node report.js scores FILE TEXT  a page of nt-score, whose one text is in TEXT
//	node report.js hostile FILE      a page of texts that would be markup
//	node report.js picture FILE      an SVG file, alone and as a picture
//	node report.js shots FILE DIR    screenshots, light and dark, wide and narrow, for people
//
// Every one fails if the page asks for anything, or the console says anything.
const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const puppeteer = require("puppeteer-core");

const [what, file, other] = process.argv.slice(2);
const address = "file://" + path.resolve(file);
const wide = { width: 1200, height: 900 }, narrow = { width: 360, height: 740, isMobile: true };

async function open(browser, options = {}) {
	const page = await browser.newPage();
	page.said = [];
	page.asked = [];
	page.on("console", m => page.said.push(m.text()));
	page.on("pageerror", e => page.said.push(String(e)));
	page.on("request", r => page.asked.push(r.url()));
	await page.setViewport(options.size ?? wide);
	await page.setJavaScriptEnabled(options.script ?? true);
	await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: options.scheme ?? "light" }]);
	await page.goto(options.address ?? address, { waitUntil: "networkidle0" });
	return page;
}

async function close(page) {
	assert.deepStrictEqual(page.said, [], "the console says something");
	assert.deepStrictEqual(page.asked.filter(a => a !== address && !a.startsWith("data:")), [], "the page asks for something");
	await page.close();
}

const seen = page => page.$$eval("svg.chart", all => all.map(e => e.getBoundingClientRect()).filter(b => b.width && b.height)
	.map(b => ({ left: b.left, right: b.right, width: b.width, height: b.height })));
const tip = page => page.$eval(".tip", e => e.hidden ? "" : e.innerText);

// How much lighter one colour is than another, as WCAG counts it; 4.5 is enough for text.
const contrast = page => page.evaluate(() => {
	const light = color => color.match(/[\d.]+/g).slice(0, 3).map(Number).map(v => v / 255)
		.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const paper = light(getComputedStyle(document.body).backgroundColor);
	return [...document.querySelectorAll("h1, header p, dt, figcaption, svg.chart text, path.smooth, td, small")].map(e => {
		const style = getComputedStyle(e), ink = light(e.tagName === "path" ? style.stroke : e.ownerSVGElement ? style.fill : style.color);
		return { least: e.tagName === "path" ? 3 : 4.5, is: (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) };
	});
});

// Under the pointer, two thirds into the loss: the step, and what the log says around it.
async function hover(page, log) {
	const chart = await page.evaluateHandle(() => [...document.querySelectorAll(".wide svg.chart")].find(e => e.clientWidth));
	const box = await chart.boundingBox();
	await page.mouse.move(box.x + box.width * 2 / 3, box.y + box.height / 2);
	const text = await tip(page), step = Number(text.match(/^steps (\d+)/)[1]);
	const losses = log.filter(e => e.event === "step" && Math.abs(e.step - step) <= 20).map(e => e.loss);
	const said = Number(text.match(/training\s+([\d.]+)/)[1]);
	assert(said >= Math.min(...losses) - 0.01 && said <= Math.max(...losses) + 0.01, `${text} is not of ${losses}`);
	await page.mouse.move(1, 1);
	assert.strictEqual(await tip(page), "");
}

async function token(page) {
	const [first] = await page.$$(".passage i");
	await first.hover();
	const lines = (await tip(page)).split("\n");
	assert.match(lines[0], /^".*" +[\d.e-]+ %, [\d.]+ nats, rank \d+$/);
	assert.match(lines[1], /^(likelier|next): /);
	const shares = lines.slice(1).map(line => Number(line.match(/(?:^|: )".*" +([\d.e-]+) %$/)[1]));
	assert.strictEqual(shares.length, 4);
	assert.deepStrictEqual(shares, shares.toSorted((a, b) => b - a));
	await page.mouse.move(1, 1);
}

// The same of tokens, whose shade lies on the panel.
const shaded = page => page.evaluate(() => {
	const numbers = color => color.match(/[\d.]+/g).map(Number);
	const light = rgb => rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	return [...document.querySelectorAll(".passage i")].map(e => {
		const panel = numbers(getComputedStyle(e.closest(".passage")).backgroundColor);
		const [r, g, b, alpha = 1] = numbers(getComputedStyle(e).backgroundColor);
		const paper = light([r, g, b].map((v, i) => v * alpha + panel[i] * (1 - alpha)));
		const ink = light(numbers(getComputedStyle(e.querySelector("s") ?? e).color).slice(0, 3));
		return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
	});
});

async function fits(page, size) {
	assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "it is wider than the window");
	for (const box of await seen(page))
		assert(box.left > 20 && box.right <= size.width && box.width > 200, JSON.stringify(box));
}

const tasks = {
	async page(browser) {
		const log = fs.readFileSync(other, "utf8").trim().split("\n").map(l => JSON.parse(l));
		for (const scheme of ["light", "dark"])
			for (const size of [wide, narrow]) {
				const page = await open(browser, { scheme, size });
				assert.strictEqual((await seen(page)).length, 6);
				await fits(page, size);
				for (const c of await contrast(page))
					assert(c.is >= c.least, `${scheme}: a contrast of ${c.is}`);
				if (size === wide) {
					await hover(page, log);
					await token(page);
					for (const [id, name] of [["xk", "tokens"], ["xt", "time"], ["xs", "steps"]]) {
						await page.click(`label[for=${id}]`);
						assert.strictEqual((await seen(page)).length, 6);
						assert(await page.$eval(`.plot.${id}`, e => e.innerText || e.textContent).then(t => t.includes(name)));
					}
				}
				await close(page);
			}
		const still = await open(browser, { script: false });
		assert.strictEqual((await seen(still)).length, 6);
		await still.click("label[for=xt]");
		assert.strictEqual((await seen(still)).length, 6);
		await close(still);
	},
	async scores(browser) {
		const text = fs.readFileSync(other, "utf8");
		for (const scheme of ["light", "dark"])
			for (const size of [wide, narrow]) {
				const page = await open(browser, { scheme, size });
				await fits(page, size);
				for (const c of await contrast(page))
					assert(c.is >= c.least, `${scheme}: a contrast of ${c.is}`);
				assert(Math.min(...await shaded(page)) >= 4.5, `${scheme}: a token is hard to read`);
				const name = await page.$eval(".passage h3", e => e.innerText);
				assert.match(name, /^[^ ]+: \d+ tokens/, "an only text needs no number");
				const shown = await page.$$eval(".passage p", all => all.map(e => e.textContent).join(""));
				assert.strictEqual(shown.replaceAll("\u21b5\n", "\n").replace(/<\|.*?\|>$/, ""), text);
				const [totals, first] = await page.$$eval(".totals, .passage", all => all.map(e => e.getBoundingClientRect().top)
					.sort((a, b) => a - b));
				assert(totals < first && await page.$eval(".totals", (e, top) => e.getBoundingClientRect().top === top, totals));
				const shades = await page.$$eval(".passage i", all => new Set(all.map(e => getComputedStyle(e).backgroundColor)).size);
				assert(shades > 10, `${shades} shades`);
				if (size === wide)
					await token(page);
				await page.click("summary");
				assert(await page.$eval("details table", e => e.getBoundingClientRect().height > 50));
				await close(page);
			}
		const still = await open(browser, { script: false });
		assert(await still.$eval(".passage i", e => e.title.includes("rank")));
		await close(still);
	},
	async hostile(browser) {
		const page = await open(browser);
		assert.strictEqual(await page.evaluate(() => document.images.length + document.scripts.length), 1);
		assert(await page.evaluate(() => document.body.innerText.includes("</script><img src=x onerror=alert(1)>")));
		await close(page);
	},
	async picture(browser) {
		const page = await open(browser);
		assert(await page.$$eval("path", all => all.length) > 3);
		await close(page);
		const frame = file + ".html";
		fs.writeFileSync(frame, `<img src="${path.basename(file)}">`);
		const around = await open(browser, { address: "file://" + path.resolve(frame) });
		assert.deepStrictEqual(await around.$eval("img", e => [e.naturalWidth, e.naturalHeight]), [760, 440]);
		assert.deepStrictEqual(around.said, []);
		assert.strictEqual(around.asked.length, 2);
	},
	async shots(browser) {
		for (const scheme of ["light", "dark"])
			for (const [name, size] of [["wide", wide], ["narrow", narrow]]) {
				const page = await open(browser, { scheme, size });
				await page.screenshot({ path: path.join(other, `${scheme}-${name}.png`), fullPage: true });
				await close(page);
			}
	},
};

(async () => {
	const browser = await puppeteer.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
	try {
		await tasks[what](browser);
	} finally {
		await browser.close();
	}
})().catch(e => { console.error(e); process.exit(1); });
