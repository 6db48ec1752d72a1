/* SPDX-License-Identifier: MIT */
/*
 * kern_wide.h - the kernels for any register width, as text that a table includes once
 *
 * Whoever includes this names its registers first:
 *
 *	WIDTH, REGISTERS		floats in one, and how many there are
 *	wide				the type; + - * / work on it, element by element
 *	load(x, m), store(x, m, v)	the first min(m, WIDTH) elements; touch no memory behind them,
 *					where load gives 0; whole registers are to go plainly
 *					(avx512.h says why)
 *	all(f)				WIDTH times f
 *	either(m, v, w)			v, and w behind the first m elements
 *	fused(a, b, c)			a b + c, rounded once
 *	root(v), larger(a, b)		element by element
 *	sum_of(v), top_of(v)		over the elements
 *	between(low, x, high)		x, or the bound it is beyond; a NaN stays one
 *	twos(x)				x / ln 2, to the nearest integer
 *	scaled(v, k)			v 2^k, for such integers
 *	get_f16(x), put_f16(x, v)	WIDTH elements from f16 and, to nearest, into them
 *	wide_f64			half as many doubles
 *	places(v, w)			a bit for every element of v that is at least w's
 *	fused_f64(a, b, c)		a b + c
 *	squares(s, v)			adds the squares of v to wide_f64 s[2]
 *	squares_sum(s)			over both and their elements
 *	ISA, TABLE			what the table is called
 *
 * Everything here is static: nothing built for one instruction set can be linked into a
 * program's portable part, which is why a shared header of inline functions would not do.
 *
 * Every loop takes WIDTH elements at a time, the last ones in part, so none has a
 * scalar tail. Long sums run in four registers: an addition takes four cycles, and two
 * can start in each.
 */

#include <string.h>

#include "base/least.h"
#include "kern/kv.h"

static float add_up(const wide s[4])
{
	return sum_of((s[0] + s[1]) + (s[2] + s[3]));
}

static float dot(const float *x, const float *y, size_t n)
{
	wide s[4] = {all(0), all(0), all(0), all(0)};
	size_t whole = WIDTH;
	size_t i = 0;
	for (; i + 4 * WIDTH <= n; i += 4 * WIDTH)
		for (size_t j = 0; j < 4; j++)
			s[j] = fused(load(x + i + WIDTH * j, whole), load(y + i + WIDTH * j, whole), s[j]);
	for (; i < n; i += WIDTH) {
		size_t m = n - i;
		s[0] = fused(load(x + i, m), load(y + i, m), s[0]);
	}
	return add_up(s);
}

static float sum(const float *x, size_t n)
{
	wide s[4] = {all(0), all(0), all(0), all(0)};
	size_t whole = WIDTH;
	size_t i = 0;
	for (; i + 4 * WIDTH <= n; i += 4 * WIDTH)
		for (size_t j = 0; j < 4; j++)
			s[j] += load(x + i + WIDTH * j, whole);
	for (; i < n; i += WIDTH)
		s[0] += load(x + i, n - i);
	return add_up(s);
}

static double sum_squares(const float *x, size_t n)
{
	wide_f64 s[2] = {{0}};
	for (size_t i = 0; i < n; i += WIDTH)
		squares(s, load(x + i, n - i));
	return squares_sum(s);
}

static float top(const float *x, size_t n)
{
	wide t = all(x[0]);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		t = larger(t, either(m, load(x + i, m), t));
	}
	return top_of(t);
}

/* exp, of arguments clamped to where 2^k is a normal number: the polynomial of kern_ref.c, its
 * multiplications and additions fused. */
static wide power(wide x)
{
	x = between(-87, x, 88);
	wide k = twos(x);
	wide r = fused(k, all(2.12194440e-4f), fused(k, all(-0.693359375f), x));
	wide p = fused(all(1.9875691500e-4f), r, all(1.3981999507e-3f));
	p = fused(p, r, all(8.3334519073e-3f));
	p = fused(p, r, all(4.1665795894e-2f));
	p = fused(p, r, all(1.6666665459e-1f));
	p = fused(p, r, all(5.0000001201e-1f));
	return scaled(fused(p * r, r, r + all(1)), k);
}

static float logsumexp(const float *x, size_t n)
{
	float high = top(x, n);
	wide s = all(0);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		s += either(m, power(load(x + i, m) - all(high)), all(0));
	}
	return high + logf(sum_of(s));
}

static void exp_shift(float *x, size_t n, float shift)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(x + i, m, power(load(x + i, m) - all(shift)));
	}
}

static float softmax(float *x, size_t n, float scale)
{
	float high = top(x, n);
	wide s = all(0);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide e = power(load(x + i, m) - all(high));
		s += either(m, e, all(0));
		store(x + i, m, e);
	}
	float total = sum_of(s);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(x + i, m, load(x + i, m) * all(scale / total));
	}
	return high + logf(total);
}

static float softmax_part(float *x, size_t n, float *high, float *sum)
{
	float before = *high, now = top(x, n);
	wide s = all(0);
	*high = now < before ? before : now;
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide e = power(load(x + i, m) - all(*high));
		s += either(m, e, all(0));
		store(x + i, m, e);
	}
	float keep = expf(before - *high);
	*sum = *sum * keep + sum_of(s);
	return keep;
}

static void times(float *x, size_t n, float factor)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(x + i, m, load(x + i, m) * all(factor));
	}
}

static void softmax_back(float *dp, const float *p, size_t n, float delta, float scale)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(dp + i, m, all(scale) * load(p + i, m) * (load(dp + i, m) - all(delta)));
	}
}

static wide sigmoid(wide x)
{
	return all(1) / (all(1) + power(all(0) - x));
}

#define GELU_A 0.79788456080286535588f /* sqrt(2 / pi) */
#define GELU_B 0.044715f

/* s(2u), u = A (x + B x^3) */
static wide gelu_gate(wide x, wide xx)
{
	wide u = all(GELU_A) * x * fused(all(GELU_B), xx, all(1));
	return sigmoid(u + u);
}

static void gelu(float *out, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide v = load(x + i, m);
		store(out + i, m, v * gelu_gate(v, v * v));
	}
}

static void gelu_back(float *dx, float *out, const float *dout, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide v = load(x + i, m), vv = v * v, s = gelu_gate(v, vv);
		wide du = all(GELU_A) * fused(all(3 * GELU_B), vv, all(1));
		store(out + i, m, v * s);
		store(dx + i, m, load(dout + i, m) * fused((v + v) * s * (all(1) - s), du, s));
	}
}

static void swiglu(float *out, const float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide g = load(gate + i, m);
		store(out + i, m, g * sigmoid(g) * load(up + i, m));
	}
}

static void swiglu_back(float *dgate, float *dup, float *out, const float *dout, const float *gate,
			const float *up, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide g = load(gate + i, m), u = load(up + i, m), s = sigmoid(g), ds = load(dout + i, m) * s;
		store(out + i, m, g * s * u);
		store(dgate + i, m, ds * u * fused(g, all(1) - s, all(1)));
		store(dup + i, m, ds * g);
	}
}

static float rmsnorm(float *out, const float *x, const float *w, size_t n, float eps)
{
	float r = 1 / sqrtf(dot(x, x, n) / (float)n + eps);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(out + i, m, load(w + i, m) * (load(x + i, m) * all(r)));
	}
	return r;
}

static void rmsnorm_back(float *dx, const float *dy, const float *x, const float *w, size_t n, float r)
{
	wide s = all(0);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		s = fused(load(w + i, m) * load(dy + i, m), load(x + i, m), s);
	}
	wide mean = all(-sum_of(s) / (float)n * r * r);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide g = fused(load(x + i, m), mean, load(w + i, m) * load(dy + i, m));
		store(dx + i, m, fused(all(r), g, load(dx + i, m)));
	}
}

static void layernorm(float *out, const float *x, const float *w, const float *b, size_t n, float eps,
		      float stat[2])
{
	float mean = sum(x, n) / (float)n;
	wide s = all(0);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide d = either(m, load(x + i, m) - all(mean), all(0));
		s = fused(d, d, s);
	}
	float r = 1 / sqrtf(sum_of(s) / (float)n + eps);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide h = (load(x + i, m) - all(mean)) * all(r);
		store(out + i, m, fused(load(w + i, m), h, load(b + i, m)));
	}
	stat[0] = mean;
	stat[1] = r;
}

static void layernorm_back(float *dx, const float *dy, const float *x, const float *w, size_t n,
			   const float stat[2])
{
	wide s = all(0), sh = all(0), mean = all(stat[0]), r = all(stat[1]);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide g = load(w + i, m) * load(dy + i, m);
		s += g;
		sh = fused(g, (load(x + i, m) - mean) * r, sh);
	}
	wide mean_g = all(sum_of(s) / (float)n), mean_gh = all(-sum_of(sh) / (float)n);
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		wide g = load(w + i, m) * load(dy + i, m) - mean_g;
		g = fused((load(x + i, m) - mean) * r, mean_gh, g);
		store(dx + i, m, fused(r, g, load(dx + i, m)));
	}
}

/* Down four registers' columns at a time; the rows lie pages apart, where the CPU does not look
 * ahead. */
enum { STRIPE = 4 * WIDTH, ROWS_AHEAD = 16 };

static void load_stripe(wide s[4], size_t m[4], const float *x, size_t left)
{
	for (size_t v = 0; v < 4; v++) {
		m[v] = left > v * WIDTH ? left - v * WIDTH : 0;
		s[v] = load(x + v * WIDTH, m[v]);
	}
}

static void store_stripe(float *x, const size_t m[4], const wide s[4])
{
	for (size_t v = 0; v < 4; v++)
		store(x + v * WIDTH, m[v], s[v]);
}

static void norm_weight(float *dw, const float *dy, const float *x, const float *stat, size_t ld,
			size_t n_row, size_t n)
{
	for (size_t at = 0; at < n; at += STRIPE) {
		wide s[4];
		size_t m[4];
		load_stripe(s, m, dw + at, n - at);
		for (size_t r = 0; r < n_row; r++) {
			wide mean = all(stat[2 * r]), scale = all(stat[2 * r + 1]);
			for (size_t v = 0; v < 4; v++) {
				size_t i = r * ld + at + v * WIDTH;
				__builtin_prefetch(dy + i + ROWS_AHEAD * ld);
				__builtin_prefetch(x + i + ROWS_AHEAD * ld);
				s[v] = fused(load(dy + i, m[v]), (load(x + i, m[v]) - mean) * scale, s[v]);
			}
		}
		store_stripe(dw + at, m, s);
	}
}

static void sum_rows(float *sum, const float *x, size_t ld, size_t n_row, size_t n)
{
	for (size_t at = 0; at < n; at += STRIPE) {
		wide s[4];
		size_t m[4];
		load_stripe(s, m, sum + at, n - at);
		for (size_t r = 0; r < n_row; r++) {
			for (size_t v = 0; v < 4; v++) {
				size_t i = r * ld + at + v * WIDTH;
				__builtin_prefetch(x + i + ROWS_AHEAD * ld);
				s[v] += load(x + i, m[v]);
			}
		}
		store_stripe(sum + at, m, s);
	}
}

static void add(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(y + i, m, load(y + i, m) + load(x + i, m));
	}
}

static void turn(float *x, const float *cosine, const float *sine, size_t half, float sign)
{
	for (size_t i = 0; i < half; i += WIDTH) {
		size_t m = half - i;
		wide low = load(x + i, m), high = load(x + half + i, m);
		wide c = load(cosine + i, m), s = all(sign) * load(sine + i, m);
		store(x + i, m, low * c - high * s);
		store(x + half + i, m, high * c + low * s);
	}
}

static void blend(float *y, float a, const float *x, float b, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t m = n - i;
		store(y + i, m, fused(all(a), load(y + i, m), all(b) * load(x + i, m)));
	}
}

/* Compilers convert between these two by themselves, whatever the registers. */
typedef uint16_t halves __attribute__((vector_size(2 * WIDTH)));
typedef uint32_t words __attribute__((vector_size(4 * WIDTH)));

static void widen(float *out, const uint16_t *x, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		halves h = {0};
		if (n - i < WIDTH)
			memcpy(&h, x + i, (n - i) * sizeof(*x));
		else
			memcpy(&h, x + i, sizeof(h));
		store(out + i, n - i, (wide)(__builtin_convertvector(h, words) << 16));
	}
}

/* 16 bits of each that look random: kern_ref.c. */
static words chance(words x)
{
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x >> 16;
}

static void narrow(uint16_t *out, const float *x, size_t n, uint32_t noise)
{
	words at;
	for (uint32_t k = 0; k < WIDTH; k++)
		at[k] = noise + k;
	for (size_t i = 0; i < n; i += WIDTH, at += WIDTH) {
		words bits = (words)load(x + i, n - i);
		halves h = __builtin_convertvector((bits + chance(at)) >> 16, halves);
		if (n - i < WIDTH)
			memcpy(out + i, &h, (n - i) * sizeof(*out));
		else
			memcpy(out + i, &h, sizeof(h));
	}
}

static void from_f16(float *out, const uint16_t *x, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		uint16_t last[WIDTH] = {0};
		if (n - i < WIDTH)
			memcpy(last, x + i, (n - i) * sizeof(*x));
		store(out + i, n - i, get_f16(n - i < WIDTH ? last : x + i));
	}
}

static void to_f16(uint16_t *out, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		uint16_t last[WIDTH];
		put_f16(n - i < WIDTH ? last : out + i, load(x + i, n - i));
		if (n - i < WIDTH)
			memcpy(out + i, last, (n - i) * sizeof(*out));
	}
}

static void adamw(float *w, float *m, float *v, const float *g, size_t n, const struct nt_adamw *a)
{
	for (size_t i = 0; i < n; i += WIDTH) {
		size_t k = n - i;
		wide gi = all(a->g_scale) * load(g + i, k);
		wide mi = fused(all(a->beta1), load(m + i, k), all(1 - a->beta1) * gi);
		wide vi = fused(all(a->beta2), load(v + i, k), all(1 - a->beta2) * gi * gi);
		wide step = all(a->lr_step) * mi / fused(root(vi), all(a->root_v), all(a->eps));
		store(m + i, k, mi);
		store(v + i, k, vi);
		store(w + i, k, all(a->keep) * load(w + i, k) - step);
	}
}

#include "kern/kv_wide.h"
#include "kern/logits_wide.h"

const struct nt_kern TABLE = {
	.isa = ISA,
	NT_KERN_LOOPS,
};
