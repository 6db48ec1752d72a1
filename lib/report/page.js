"use strict";
// Values under the pointer. Everything comes out of the page itself: curves are paths in a box that
// is stretched over the plot, and data-x and data-y say which values its ends are.
{
	const namesIn = legend => [...legend.querySelectorAll(".name")].map(e => e.textContent);
	const runs = namesIn(document.querySelector(".legend") ?? document.body);
	const tip = document.body.appendChild(document.createElement("div"));
	tip.className = "tip";
	tip.hidden = true;

	const short = (x, digits) => String(Number(x.toPrecision(digits)));
	const time = x => x < 60 ? short(x, 3) + "s" : x < 3600 ? Math.floor(x / 60) + "m" + Math.round(x % 60) + "s"
		: Math.floor(x / 3600) + "h" + Math.round(x % 3600 / 60) + "m";
	const count = x => x < 1e4 ? String(Math.round(x)) : x < 1e6 ? short(x / 1e3, 4) + "k" : x < 1e9 ? short(x / 1e6, 4) + "M"
		: short(x / 1e9, 4) + "G";
	const say = (x, unit) => unit === 1 ? count(x) : unit === 2 ? time(x) : unit === 3 ? short(100 * x, 3) + " %" : short(x, 4);
	const axis = text => {
		const [lo, hi, isLog, unit] = text.split(" ").map(Number);
		return { unit, at: share => isLog ? lo * (hi / lo) ** share : lo + (hi - lo) * share };
	};

	// A curve's points, as shares of the plot: x to the right, y up.
	const read = (path, width, height) => {
		const number = path.getAttribute("d").match(/-?[\d.]+/g).map(Number), points = [];
		for (let i = 0; i + 1 < number.length; i += 2)
			points.push({ x: number[i] / width, y: 1 - number[i + 1] / height });
		return points;
	};
	const load = svg => {
		const [, , width, height] = svg.querySelector("svg").getAttribute("viewBox").split(" ").map(Number);
		return [...svg.querySelectorAll("path.smooth, path.plain, path.marks")].map(path => ({
			run: Number(path.getAttribute("class").match(/c(\d)/)[1]),
			isMarks: path.classList.contains("marks"),
			points: read(path, width, height),
		}));
	};
	const nearest = (points, x) => {
		let lo = 0, hi = points.length - 1;
		while (lo < hi) {
			const mid = lo + hi >> 1;
			if (points[mid].x < x) lo = mid + 1; else hi = mid;
		}
		return lo > 0 && x - points[lo - 1].x < points[lo].x - x ? points[lo - 1] : points[lo];
	};

	const place = event => {
		const width = tip.offsetWidth, height = tip.offsetHeight;
		tip.style.left = Math.max(4, event.clientX + 16 + width > innerWidth ? event.clientX - width - 12 : event.clientX + 16) + "px";
		tip.style.top = Math.max(4, Math.min(event.clientY + 14, innerHeight - height - 4)) + "px";
	};
	const row = (curve, text, name) => {
		const line = document.createElement("div"), key = document.createElement("i"), value = document.createElement("b");
		key.className = "c" + curve.run + (curve.isMarks ? " hollow" : "");
		value.textContent = text;
		line.append(key, name, value);
		return line;
	};

	for (const svg of document.querySelectorAll("svg.chart")) {
		const x = axis(svg.dataset.x), y = axis(svg.dataset.y);
		const hair = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "line"));
		const title = [...svg.querySelectorAll(":scope > text.m")].pop().textContent;
		const own = svg.closest("figure").querySelector(".legend"), names = own ? namesIn(own) : runs;
		let curves;
		const hide = () => { tip.hidden = true; hair.removeAttribute("class"); };
		svg.addEventListener("pointermove", event => {
			const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width;
			curves ??= load(svg);
			const kinds = new Set(curves.map(c => c.isMarks)).size;
			const near = curves.map(c => ({ ...c, name: names[c.run] ?? "", point: nearest(c.points, at) }))
				.filter(c => Math.abs(c.point.x - at) < (c.isMarks && kinds > 1 ? 0.02 : 0.05));
			if (at < 0 || at > 1 || !near.length) return hide();
			near.sort((a, b) => b.point.y - a.point.y);
			tip.replaceChildren(title + " " + say(x.at(near[0].point.x), x.unit),
				...near.map(c => row(c, say(y.at(c.point.y), y.unit), names.length > 1 ? c.name : kinds > 1 ? c.isMarks ? "held out" : "training" : "")));
			tip.hidden = false;
			for (const end of ["x1", "x2"]) hair.setAttribute(end, 100 * near[0].point.x + "%");
			hair.setAttribute("y2", "100%");
			hair.setAttribute("class", "hair");
			place(event);
		});
		svg.addEventListener("pointerleave", hide);
	}

	// Tokens have a title for those without a script; here it comes at once.
	for (const passage of document.querySelectorAll(".passage")) {
		passage.addEventListener("pointermove", event => {
			const token = event.target.closest("i");
			if (!token) { tip.hidden = true; return; }
			if (token.title) { token.dataset.tip = token.title; token.removeAttribute("title"); }
			tip.textContent = token.dataset.tip;
			tip.hidden = false;
			place(event);
		});
		passage.addEventListener("pointerleave", () => { tip.hidden = true; });
	}
}
