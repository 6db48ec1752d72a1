/* SPDX-License-Identifier: MIT */
/*
 * kern_avx512.c - the kernels in 512-bit registers
 *
 * Every loop takes 16 elements at a time, the last ones under a mask, so no loop has a
 * scalar tail. Sums of long rows run in four registers, since an addition takes four
 * cycles and two can start in each. exp is the polynomial of kern_ref.c; VSCALEFPS does
 * the power of two and is right at every exponent, so nothing is clamped above.
 */
#include "kern/kern.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>
#include <math.h>

typedef __m512 v16;

static __mmask16 mask_of(size_t left)
{
	unsigned bits = left >= 16 ? 0xffff : (1u << left) - 1;
	return (__mmask16)bits;
}

static v16 load(const float *x, __mmask16 m)
{
	return _mm512_maskz_loadu_ps(m, x);
}

static void store(float *x, __mmask16 m, v16 v)
{
	_mm512_mask_storeu_ps(x, m, v);
}

static v16 all(float x)
{
	return _mm512_set1_ps(x);
}

static v16 exp16(v16 x)
{
	v16 k = _mm512_roundscale_ps(_mm512_mul_ps(x, all(1.44269504088896341f)), 8); /* nearest, quiet */
	v16 r = _mm512_fnmadd_ps(k, all(0.693359375f), x);
	r = _mm512_fmadd_ps(k, all(2.12194440e-4f), r);
	v16 p = all(1.9875691500e-4f);
	p = _mm512_fmadd_ps(p, r, all(1.3981999507e-3f));
	p = _mm512_fmadd_ps(p, r, all(8.3334519073e-3f));
	p = _mm512_fmadd_ps(p, r, all(4.1665795894e-2f));
	p = _mm512_fmadd_ps(p, r, all(1.6666665459e-1f));
	p = _mm512_fmadd_ps(p, r, all(5.0000001201e-1f));
	p = _mm512_fmadd_ps(_mm512_mul_ps(p, r), r, _mm512_add_ps(r, all(1)));
	return _mm512_scalef_ps(p, k);
}

/* exp where a clamped argument is near enough: inf - inf inside must not make a NaN */
static v16 exp_clamped(v16 x)
{
	/* min and max hand on their second operand if one is a NaN */
	x = _mm512_max_ps(all(-87.0f), x);
	return exp16(_mm512_min_ps(all(88.0f), x));
}

static v16 sigmoid(v16 x)
{
	v16 e = exp_clamped(_mm512_sub_ps(_mm512_setzero_ps(), x));
	return _mm512_div_ps(all(1), _mm512_add_ps(all(1), e));
}

static float add_up(const v16 s[4])
{
	return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s[0], s[1]), _mm512_add_ps(s[2], s[3])));
}

static float dot(const float *x, const float *y, size_t n)
{
	v16 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
	size_t i = 0;
	for (; i + 64 <= n; i += 64)
		for (size_t j = 0; j < 4; j++)
			s[j] = _mm512_fmadd_ps(_mm512_loadu_ps(x + i + 16 * j),
					       _mm512_loadu_ps(y + i + 16 * j), s[j]);
	for (; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		s[0] = _mm512_fmadd_ps(load(x + i, m), load(y + i, m), s[0]);
	}
	return add_up(s);
}

static float sum(const float *x, size_t n)
{
	v16 s[4] = {_mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps(), _mm512_setzero_ps()};
	size_t i = 0;
	for (; i + 64 <= n; i += 64)
		for (size_t j = 0; j < 4; j++)
			s[j] = _mm512_add_ps(s[j], _mm512_loadu_ps(x + i + 16 * j));
	for (; i < n; i += 16)
		s[0] = _mm512_add_ps(s[0], load(x + i, mask_of(n - i)));
	return add_up(s);
}

static double sum_squares(const float *x, size_t n)
{
	__m512d s[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
	for (size_t i = 0; i < n; i += 16) {
		v16 v = load(x + i, mask_of(n - i));
		__m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v));
		__m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
		s[0] = _mm512_fmadd_pd(low, low, s[0]);
		s[1] = _mm512_fmadd_pd(high, high, s[1]);
	}
	return _mm512_reduce_add_pd(_mm512_add_pd(s[0], s[1]));
}

static float top(const float *x, size_t n)
{
	v16 t = all(-INFINITY);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		t = _mm512_mask_max_ps(t, m, t, load(x + i, m));
	}
	return _mm512_reduce_max_ps(t);
}

static float logsumexp(const float *x, size_t n)
{
	float high = top(x, n);
	v16 s = _mm512_setzero_ps();
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 e = exp_clamped(_mm512_sub_ps(load(x + i, m), all(high)));
		s = _mm512_mask_add_ps(s, m, s, e);
	}
	return high + logf(_mm512_reduce_add_ps(s));
}

static void exp_shift(float *x, size_t n, float shift)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		store(x + i, m, exp_clamped(_mm512_sub_ps(load(x + i, m), all(shift))));
	}
}

static float softmax(float *x, size_t n, float scale)
{
	float high = top(x, n);
	v16 s = _mm512_setzero_ps();
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 e = exp_clamped(_mm512_sub_ps(load(x + i, m), all(high)));
		s = _mm512_mask_add_ps(s, m, s, e);
		store(x + i, m, e);
	}
	float total = _mm512_reduce_add_ps(s);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		store(x + i, m, _mm512_mul_ps(load(x + i, m), all(scale / total)));
	}
	return high + logf(total);
}

static void softmax_back(float *dp, const float *p, size_t n, float delta, float scale)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 d = _mm512_sub_ps(load(dp + i, m), all(delta));
		store(dp + i, m, _mm512_mul_ps(_mm512_mul_ps(all(scale), load(p + i, m)), d));
	}
}

#define GELU_A 0.79788456080286535588f
#define GELU_B 0.044715f

/* s(2u) */
static v16 gelu_gate(v16 x, v16 xx)
{
	v16 u = _mm512_mul_ps(_mm512_mul_ps(all(GELU_A), x), _mm512_fmadd_ps(all(GELU_B), xx, all(1)));
	return sigmoid(_mm512_add_ps(u, u));
}

static void gelu(float *out, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 v = load(x + i, m);
		store(out + i, m, _mm512_mul_ps(v, gelu_gate(v, _mm512_mul_ps(v, v))));
	}
}

static void gelu_back(float *dx, const float *dout, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 v = load(x + i, m), vv = _mm512_mul_ps(v, v), s = gelu_gate(v, vv);
		v16 du = _mm512_mul_ps(all(GELU_A), _mm512_fmadd_ps(all(3 * GELU_B), vv, all(1)));
		v16 slope = _mm512_mul_ps(_mm512_mul_ps(_mm512_add_ps(v, v), s), _mm512_sub_ps(all(1), s));
		store(dx + i, m, _mm512_mul_ps(load(dout + i, m), _mm512_fmadd_ps(slope, du, s)));
	}
}

static void swiglu(float *out, const float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 g = load(gate + i, m);
		store(out + i, m, _mm512_mul_ps(_mm512_mul_ps(g, sigmoid(g)), load(up + i, m)));
	}
}

static void swiglu_back(float *dgate, float *dup, const float *dout, const float *gate, const float *up,
			size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 g = load(gate + i, m), s = sigmoid(g), ds = _mm512_mul_ps(load(dout + i, m), s);
		v16 slope = _mm512_fmadd_ps(g, _mm512_sub_ps(all(1), s), all(1));
		store(dgate + i, m, _mm512_mul_ps(_mm512_mul_ps(ds, load(up + i, m)), slope));
		store(dup + i, m, _mm512_mul_ps(ds, g));
	}
}

static float rmsnorm(float *out, const float *x, const float *w, size_t n, float eps)
{
	float r = 1 / sqrtf(dot(x, x, n) / (float)n + eps);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		store(out + i, m, _mm512_mul_ps(load(w + i, m), _mm512_mul_ps(load(x + i, m), all(r))));
	}
	return r;
}

static void rmsnorm_back(float *dx, const float *dy, const float *x, const float *w, size_t n, float r)
{
	v16 s = _mm512_setzero_ps();
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		s = _mm512_fmadd_ps(_mm512_mul_ps(load(w + i, m), load(dy + i, m)), load(x + i, m), s);
	}
	v16 mean = all(_mm512_reduce_add_ps(s) / (float)n * r * r);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 g = _mm512_mul_ps(load(w + i, m), load(dy + i, m));
		g = _mm512_fnmadd_ps(load(x + i, m), mean, g);
		store(dx + i, m, _mm512_fmadd_ps(all(r), g, load(dx + i, m)));
	}
}

static void layernorm(float *out, const float *x, const float *w, const float *b, size_t n, float eps,
		      float stat[2])
{
	float mean = sum(x, n) / (float)n;
	v16 s = _mm512_setzero_ps();
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 d = _mm512_maskz_sub_ps(m, load(x + i, m), all(mean));
		s = _mm512_fmadd_ps(d, d, s);
	}
	float r = 1 / sqrtf(_mm512_reduce_add_ps(s) / (float)n + eps);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 h = _mm512_mul_ps(_mm512_sub_ps(load(x + i, m), all(mean)), all(r));
		store(out + i, m, _mm512_fmadd_ps(load(w + i, m), h, load(b + i, m)));
	}
	stat[0] = mean;
	stat[1] = r;
}

static void layernorm_back(float *dx, const float *dy, const float *x, const float *w, size_t n,
			   const float stat[2])
{
	v16 s = _mm512_setzero_ps(), sh = _mm512_setzero_ps(), mean = all(stat[0]), r = all(stat[1]);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 g = _mm512_mul_ps(load(w + i, m), load(dy + i, m));
		s = _mm512_add_ps(s, g);
		sh = _mm512_fmadd_ps(g, _mm512_mul_ps(_mm512_sub_ps(load(x + i, m), mean), r), sh);
	}
	v16 mean_g = all(_mm512_reduce_add_ps(s) / (float)n);
	v16 mean_h = all(_mm512_reduce_add_ps(sh) / (float)n);
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 g = _mm512_fmsub_ps(load(w + i, m), load(dy + i, m), mean_g);
		v16 h = _mm512_mul_ps(_mm512_sub_ps(load(x + i, m), mean), r);
		g = _mm512_fnmadd_ps(h, mean_h, g);
		store(dx + i, m, _mm512_fmadd_ps(r, g, load(dx + i, m)));
	}
}

static void norm_weight(float *dw, const float *dy, const float *x, size_t n, float mean, float r)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		v16 h = _mm512_mul_ps(_mm512_sub_ps(load(x + i, m), all(mean)), all(r));
		store(dw + i, m, _mm512_fmadd_ps(load(dy + i, m), h, load(dw + i, m)));
	}
}

static void add(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 m = mask_of(n - i);
		store(y + i, m, _mm512_add_ps(load(y + i, m), load(x + i, m)));
	}
}

static void adamw(float *w, float *m, float *v, const float *g, size_t n, const struct nt_adamw *a)
{
	for (size_t i = 0; i < n; i += 16) {
		__mmask16 k = mask_of(n - i);
		v16 gi = _mm512_mul_ps(all(a->g_scale), load(g + i, k));
		v16 mi = _mm512_mul_ps(all(1 - a->beta1), gi);
		v16 vi = _mm512_mul_ps(_mm512_mul_ps(all(1 - a->beta2), gi), gi);
		mi = _mm512_fmadd_ps(all(a->beta1), load(m + i, k), mi);
		vi = _mm512_fmadd_ps(all(a->beta2), load(v + i, k), vi);
		v16 under = _mm512_fmadd_ps(_mm512_sqrt_ps(vi), all(a->root_v), all(a->eps));
		v16 step = _mm512_div_ps(_mm512_mul_ps(all(a->lr_step), mi), under);
		store(m + i, k, mi);
		store(v + i, k, vi);
		store(w + i, k, _mm512_fmsub_ps(all(a->keep), load(w + i, k), step));
	}
}

const struct nt_kern nt_kern_avx512 = {
	.isa = NT_ISA_AVX512,
	.dot = dot,
	.sum_squares = sum_squares,
	.logsumexp = logsumexp,
	.softmax = softmax,
	.exp_shift = exp_shift,
	.softmax_back = softmax_back,
	.gelu = gelu,
	.gelu_back = gelu_back,
	.swiglu = swiglu,
	.swiglu_back = swiglu_back,
	.rmsnorm = rmsnorm,
	.rmsnorm_back = rmsnorm_back,
	.layernorm = layernorm,
	.layernorm_back = layernorm_back,
	.norm_weight = norm_weight,
	.add = add,
	.adamw = adamw,
};
#endif
