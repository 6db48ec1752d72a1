/* SPDX-License-Identifier: MIT */
/*
 * kern_ref.c - what every kernel computes, in the shortest loops that are right
 *
 * This is the specification, the only table of the double-precision build, and what
 * runs on a CPU without a table of its own; so the loops are written for a compiler to
 * vectorise them: no branches, no calls, and sums in LANES partial sums, since without
 * -ffast-math a compiler may not reorder a sum by itself.
 *
 * exp in single precision is 2^k times a polynomial over [-ln 2 / 2, ln 2 / 2], the
 * coefficients of Cephes' expf (Moshier 1989): 2 ulp, about ten times as fast as a call.
 * Arguments are clamped to where 2^k is a normal number; a NaN stays a NaN.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/half.h"
#include "kern/kern.h"
#include "kern/kv.h"

enum { LANES = 8 };

#define GELU_A ((nt_real)0.79788456080286535588) /* sqrt(2 / pi) */
#define GELU_B ((nt_real)0.044715)

#ifdef NT_REAL_IS_DOUBLE
#define real_sqrt sqrt
#define real_log log
static inline double real_exp(double x)
{
	return exp(x);
}
#else
#define real_sqrt sqrtf
#define real_log logf
static inline float real_exp(float x)
{
	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	/* Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits. */
	float shifted = x * 1.44269504088896341f + 12582912.0f;
	float k = shifted - 12582912.0f;
	float r = x - k * 0.693359375f + k * 2.12194440e-4f; /* ln 2 in two parts */
	float p = 1.9875691500e-4f;
	p = p * r + 1.3981999507e-3f;
	p = p * r + 8.3334519073e-3f;
	p = p * r + 4.1665795894e-2f;
	p = p * r + 1.6666665459e-1f;
	p = p * r + 5.0000001201e-1f;
	p = p * r * r + r + 1.0f;
	uint32_t bits;
	float scale;
	memcpy(&bits, &shifted, sizeof(bits));
	bits = (bits << 23) + 0x3f800000u;
	memcpy(&scale, &bits, sizeof(scale));
	return p * scale;
}
#endif

static nt_real add_lanes(const nt_real s[LANES])
{
	nt_real half[LANES / 2];
	for (int j = 0; j < LANES / 2; j++)
		half[j] = s[j] + s[j + LANES / 2];
	return (half[0] + half[2]) + (half[1] + half[3]);
}

static nt_real dot(const nt_real *x, const nt_real *y, size_t n)
{
	nt_real s[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			s[j] += x[i + j] * y[i + j];
	for (size_t j = 0; i + j < n; j++)
		s[j] += x[i + j] * y[i + j];
	return add_lanes(s);
}

static nt_real sum(const nt_real *x, size_t n)
{
	nt_real s[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			s[j] += x[i + j];
	for (size_t j = 0; i + j < n; j++)
		s[j] += x[i + j];
	return add_lanes(s);
}

static double sum_squares(const nt_real *x, size_t n)
{
	double s[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			s[j] += (double)x[i + j] * (double)x[i + j];
	for (size_t j = 0; i + j < n; j++)
		s[j] += (double)x[i + j] * (double)x[i + j];
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static nt_real max(const nt_real *x, size_t n)
{
	nt_real top[LANES];
	size_t i = 0;
	for (size_t j = 0; j < LANES; j++)
		top[j] = x[0];
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			top[j] = top[j] > x[i + j] ? top[j] : x[i + j];
	for (; i < n; i++)
		top[0] = top[0] > x[i] ? top[0] : x[i];
	for (size_t j = 1; j < LANES; j++)
		top[0] = top[0] > top[j] ? top[0] : top[j];
	return top[0];
}

static nt_real logsumexp(const nt_real *x, size_t n)
{
	nt_real top = max(x, n), s[LANES] = {0};
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t j = 0; j < LANES; j++)
			s[j] += real_exp(x[i + j] - top);
	for (size_t j = 0; i + j < n; j++)
		s[j] += real_exp(x[i + j] - top);
	return top + real_log(add_lanes(s));
}

static void exp_shift(nt_real *x, size_t n, nt_real shift)
{
	for (size_t i = 0; i < n; i++)
		x[i] = real_exp(x[i] - shift);
}

static nt_real softmax(nt_real *x, size_t n, nt_real scale)
{
	nt_real top = max(x, n);
	exp_shift(x, n, top);
	nt_real total = sum(x, n), factor = scale / total;
	for (size_t i = 0; i < n; i++)
		x[i] *= factor;
	return top + real_log(total);
}

static nt_real softmax_part(nt_real *x, size_t n, nt_real *high, nt_real *sum_before)
{
	nt_real before = *high, now = max(x, n);
	*high = now < before ? before : now;
	exp_shift(x, n, *high);
	nt_real keep = real_exp(before - *high);
	*sum_before = *sum_before * keep + sum(x, n);
	return keep;
}

static void times(nt_real *x, size_t n, nt_real factor)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= factor;
}

static void softmax_back(nt_real *dp, const nt_real *p, size_t n, nt_real delta, nt_real scale)
{
	for (size_t i = 0; i < n; i++)
		dp[i] = scale * p[i] * (dp[i] - delta);
}

static void gelu(nt_real *out, const nt_real *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nt_real u = GELU_A * (x[i] + GELU_B * x[i] * x[i] * x[i]);
		out[i] = x[i] / (1 + real_exp(-2 * u));
	}
}

/* d/dx x s(2u) = s + 2 x s (1 - s) u' */
static void gelu_back(nt_real *dx, nt_real *out, const nt_real *dout, const nt_real *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nt_real xx = x[i] * x[i];
		nt_real u = GELU_A * (x[i] + GELU_B * x[i] * xx);
		nt_real du = GELU_A * (1 + 3 * GELU_B * xx);
		nt_real s = 1 / (1 + real_exp(-2 * u));
		out[i] = x[i] * s;
		dx[i] = dout[i] * (s + 2 * x[i] * s * (1 - s) * du);
	}
}

static void swiglu(nt_real *out, const nt_real *gate, const nt_real *up, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = gate[i] / (1 + real_exp(-gate[i])) * up[i];
}

static void swiglu_back(nt_real *dgate, nt_real *dup, nt_real *out, const nt_real *dout,
			const nt_real *gate, const nt_real *up, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		nt_real s = 1 / (1 + real_exp(-gate[i])), d = dout[i];
		out[i] = gate[i] * s * up[i];
		dup[i] = d * gate[i] * s;
		dgate[i] = d * up[i] * s * (1 + gate[i] * (1 - s));
	}
}

static nt_real rmsnorm(nt_real *out, const nt_real *x, const nt_real *w, size_t n, nt_real eps)
{
	nt_real r = 1 / real_sqrt(dot(x, x, n) / (nt_real)n + eps);
	for (size_t i = 0; i < n; i++)
		out[i] = w[i] * (x[i] * r);
	return r;
}

static void rmsnorm_back(nt_real *dx, const nt_real *dy, const nt_real *x, const nt_real *w, size_t n,
			 nt_real r)
{
	nt_real s[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		s[i % LANES] += w[i] * dy[i] * x[i];
	nt_real mean = add_lanes(s) / (nt_real)n * r * r;
	for (size_t i = 0; i < n; i++)
		dx[i] += r * (w[i] * dy[i] - x[i] * mean);
}

static void layernorm(nt_real *out, const nt_real *x, const nt_real *w, const nt_real *b, size_t n,
		      nt_real eps, nt_real stat[2])
{
	nt_real m = sum(x, n) / (nt_real)n, s[LANES] = {0};
	for (size_t i = 0; i < n; i++)
		s[i % LANES] += (x[i] - m) * (x[i] - m);
	nt_real r = 1 / real_sqrt(add_lanes(s) / (nt_real)n + eps);
	for (size_t i = 0; i < n; i++)
		out[i] = w[i] * ((x[i] - m) * r) + b[i];
	stat[0] = m;
	stat[1] = r;
}

static void layernorm_back(nt_real *dx, const nt_real *dy, const nt_real *x, const nt_real *w,
			   size_t n, const nt_real stat[2])
{
	nt_real m = stat[0], r = stat[1], s[LANES] = {0}, sh[LANES] = {0};
	for (size_t i = 0; i < n; i++) {
		s[i % LANES] += w[i] * dy[i];
		sh[i % LANES] += w[i] * dy[i] * ((x[i] - m) * r);
	}
	nt_real mean = add_lanes(s) / (nt_real)n, mean_h = add_lanes(sh) / (nt_real)n;
	for (size_t i = 0; i < n; i++)
		dx[i] += r * (w[i] * dy[i] - mean - (x[i] - m) * r * mean_h);
}

static void norm_weight(nt_real *dw, const nt_real *dy, const nt_real *x, const nt_real *stat, size_t ld,
			size_t n_row, size_t n)
{
	for (size_t r = 0; r < n_row; r++, dy += ld, x += ld, stat += 2)
		for (size_t i = 0; i < n; i++)
			dw[i] += dy[i] * ((x[i] - stat[0]) * stat[1]);
}

static void sum_rows(nt_real *sum, const nt_real *x, size_t ld, size_t n_row, size_t n)
{
	for (size_t r = 0; r < n_row; r++, x += ld)
		for (size_t i = 0; i < n; i++)
			sum[i] += x[i];
}

static void add(nt_real *y, const nt_real *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

static void turn(nt_real *x, const nt_real *cosine, const nt_real *sine, size_t half, nt_real sign)
{
	for (size_t i = 0; i < half; i++) {
		nt_real low = x[i], high = x[half + i], s = sign * sine[i];
		x[i] = low * cosine[i] - high * s;
		x[half + i] = high * cosine[i] + low * s;
	}
}

static void blend(nt_real *y, nt_real a, const nt_real *x, nt_real b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = a * y[i] + b * x[i];
}

static void widen(nt_real *out, const uint16_t *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t bits = (uint32_t)x[i] << 16;
		float f;
		memcpy(&f, &bits, sizeof(f));
		out[i] = f;
	}
}

/* 16 bits that look random; multipliers: Wellons 2018, "Prospecting for Hash Functions". */
static uint32_t chance(uint32_t x)
{
	x = (x ^ x >> 16) * 0x7feb352du;
	x = (x ^ x >> 15) * 0x846ca68bu;
	return x >> 16;
}

static void narrow(uint16_t *out, const nt_real *x, size_t n, uint32_t noise)
{
	for (size_t i = 0; i < n; i++) {
		float f = (float)x[i];
		uint32_t bits;
		memcpy(&bits, &f, sizeof(f));
		out[i] = (uint16_t)((bits + chance(noise + (uint32_t)i)) >> 16);
	}
}

static void from_f16(nt_real *out, const uint16_t *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = nt_from_f16(x[i]);
}

static void to_f16(uint16_t *out, const nt_real *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = nt_to_f16((float)x[i]);
}

static void tops(nt_real *top, const nt_real *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i % NT_TOPS_BLOCK == 0)
			top[i / NT_TOPS_BLOCK] = -(nt_real)INFINITY;
		if (x[i] > top[i / NT_TOPS_BLOCK])
			top[i / NT_TOPS_BLOCK] = x[i];
	}
}

static size_t at_least(uint32_t *found, const nt_real *x, size_t n, nt_real bound)
{
	size_t n_found = 0;
	for (size_t i = 0; i < n; i++)
		if (x[i] >= bound)
			found[n_found++] = (uint32_t)i;
	return n_found;
}

static double weights(double *w, const nt_real *x, size_t n, double top, double temperature)
{
	double s = 0;
	for (size_t i = 0; i < n; i++) {
		double z = ((double)x[i] - top) / temperature;
		w[i] = z > -700 ? exp(z) : 0;
		s += w[i];
	}
	return s;
}

/* An element of a block of keys and values. */
static inline nt_real kept(const struct nt_kv *kv, size_t position, size_t i)
{
	const void *block = kv->block + position / NT_KV_BLOCK * kv->stride;
	return kv->is_f16 ? (nt_real)nt_from_f16(((const uint16_t *)block)[i]) : ((const nt_real *)block)[i];
}

static void attend(const struct nt_kv_query *a, size_t first, size_t n, nt_real *o, size_t ldo, nt_real *lse,
		   size_t ld_lse)
{
	size_t D = a->kv.D, width = nt_kv_width(D);
	nt_real p[NT_KV_PART];
	for (size_t h = 0; h < a->n_head; h++, o += ldo) {
		memset(p, 0, sizeof(p));
		for (size_t t = 0; t < n; t += NT_KV_BLOCK)
			for (size_t d = 0; d < D; d++)
				for (size_t j = 0; j < NT_KV_BLOCK; j++)
					p[t + j] += a->q[h * a->ldq + d] * kept(&a->kv, first + t, d * NT_KV_BLOCK + j);
		times(p, n, 1 / real_sqrt((nt_real)D));
		lse[h * ld_lse] = softmax(p, n, 1);
		memset(o, 0, D * sizeof(*o));
		for (size_t t = 0; t < n; t++)
			for (size_t d = 0; d < D; d++)
				o[d] += p[t] * kept(&a->kv, first + t, D * NT_KV_BLOCK + t % NT_KV_BLOCK * width + d);
	}
}

static void adamw(nt_real *w, nt_real *m, nt_real *v, const nt_real *g, size_t n,
		  const struct nt_adamw *a)
{
	nt_real rest1 = 1 - a->beta1, rest2 = 1 - a->beta2;
	for (size_t i = 0; i < n; i++) {
		nt_real gi = a->g_scale * g[i];
		m[i] = a->beta1 * m[i] + rest1 * gi;
		v[i] = a->beta2 * v[i] + rest2 * gi * gi;
		w[i] = a->keep * w[i] - a->lr_step * m[i] / (real_sqrt(v[i]) * a->root_v + a->eps);
	}
}

const struct nt_kern nt_kern_ref = {
	.isa = NT_ISA_REF,
	NT_KERN_LOOPS,
};
