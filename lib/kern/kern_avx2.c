/* SPDX-License-Identifier: MIT */
/*
 * kern_avx2.c - the kernels in 256-bit registers, with FMA
 *
 * Eight elements at a time; the last ones go through VMASKMOV, which neither reads nor
 * writes what its mask leaves out, and come as zeros. The power of two in exp is put
 * together from exponent bits, so arguments are clamped to where it is a normal number.
 */
#include "kern/kern.h"

#ifdef NT_HAS_WIDE
#include <immintrin.h>
#include <math.h>

typedef __m256 v8;

static __m256i mask_of(size_t left)
{
	__m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
	return _mm256_cmpgt_epi32(_mm256_set1_epi32(left < 8 ? (int)left : 8), lane);
}

static v8 load(const float *x, __m256i m)
{
	return _mm256_maskload_ps(x, m);
}

static void store(float *x, __m256i m, v8 v)
{
	_mm256_maskstore_ps(x, m, v);
}

static v8 all(float x)
{
	return _mm256_set1_ps(x);
}

/* v where the mask is set, else 0 */
static v8 only(__m256i m, v8 v)
{
	return _mm256_and_ps(_mm256_castsi256_ps(m), v);
}

static float sum8(v8 v)
{
	__m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	h = _mm_add_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_add_ss(h, _mm_movehdup_ps(h)));
}

static float max8(v8 v)
{
	__m128 h = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	h = _mm_max_ps(h, _mm_movehl_ps(h, h));
	return _mm_cvtss_f32(_mm_max_ss(h, _mm_movehdup_ps(h)));
}

static v8 exp_clamped(v8 x)
{
	/* min and max hand on their second operand if one is a NaN */
	x = _mm256_min_ps(all(88.0f), _mm256_max_ps(all(-87.0f), x));
	/* adding 1.5 * 2^23 rounds, and leaves the integer in the low bits */
	v8 shifted = _mm256_fmadd_ps(x, all(1.44269504088896341f), all(12582912.0f));
	v8 k = _mm256_sub_ps(shifted, all(12582912.0f));
	v8 r = _mm256_fnmadd_ps(k, all(0.693359375f), x);
	r = _mm256_fmadd_ps(k, all(2.12194440e-4f), r);
	v8 p = all(1.9875691500e-4f);
	p = _mm256_fmadd_ps(p, r, all(1.3981999507e-3f));
	p = _mm256_fmadd_ps(p, r, all(8.3334519073e-3f));
	p = _mm256_fmadd_ps(p, r, all(4.1665795894e-2f));
	p = _mm256_fmadd_ps(p, r, all(1.6666665459e-1f));
	p = _mm256_fmadd_ps(p, r, all(5.0000001201e-1f));
	p = _mm256_fmadd_ps(_mm256_mul_ps(p, r), r, _mm256_add_ps(r, all(1)));
	__m256i bits = _mm256_slli_epi32(_mm256_castps_si256(shifted), 23);
	bits = _mm256_add_epi32(bits, _mm256_set1_epi32(0x3f800000));
	return _mm256_mul_ps(p, _mm256_castsi256_ps(bits));
}

static v8 sigmoid(v8 x)
{
	v8 e = exp_clamped(_mm256_sub_ps(_mm256_setzero_ps(), x));
	return _mm256_div_ps(all(1), _mm256_add_ps(all(1), e));
}

static float add_up(const v8 s[4])
{
	return sum8(_mm256_add_ps(_mm256_add_ps(s[0], s[1]), _mm256_add_ps(s[2], s[3])));
}

static float dot(const float *x, const float *y, size_t n)
{
	v8 s[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
	size_t i = 0;
	for (; i + 32 <= n; i += 32)
		for (size_t j = 0; j < 4; j++)
			s[j] = _mm256_fmadd_ps(_mm256_loadu_ps(x + i + 8 * j),
					       _mm256_loadu_ps(y + i + 8 * j), s[j]);
	for (; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		s[0] = _mm256_fmadd_ps(load(x + i, m), load(y + i, m), s[0]);
	}
	return add_up(s);
}

static float sum(const float *x, size_t n)
{
	v8 s[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
	size_t i = 0;
	for (; i + 32 <= n; i += 32)
		for (size_t j = 0; j < 4; j++)
			s[j] = _mm256_add_ps(s[j], _mm256_loadu_ps(x + i + 8 * j));
	for (; i < n; i += 8)
		s[0] = _mm256_add_ps(s[0], load(x + i, mask_of(n - i)));
	return add_up(s);
}

static double sum_squares(const float *x, size_t n)
{
	__m256d s[2] = {_mm256_setzero_pd(), _mm256_setzero_pd()};
	for (size_t i = 0; i < n; i += 8) {
		v8 v = load(x + i, mask_of(n - i));
		__m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v));
		__m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
		s[0] = _mm256_fmadd_pd(low, low, s[0]);
		s[1] = _mm256_fmadd_pd(high, high, s[1]);
	}
	double lane[4];
	_mm256_storeu_pd(lane, _mm256_add_pd(s[0], s[1]));
	return (lane[0] + lane[2]) + (lane[1] + lane[3]);
}

static float top(const float *x, size_t n)
{
	v8 t = all(-INFINITY);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		t = _mm256_max_ps(t, _mm256_blendv_ps(t, load(x + i, m), _mm256_castsi256_ps(m)));
	}
	return max8(t);
}

static float logsumexp(const float *x, size_t n)
{
	float high = top(x, n);
	v8 s = _mm256_setzero_ps();
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 e = exp_clamped(_mm256_sub_ps(load(x + i, m), all(high)));
		s = _mm256_add_ps(s, only(m, e));
	}
	return high + logf(sum8(s));
}

static void exp_shift(float *x, size_t n, float shift)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		store(x + i, m, exp_clamped(_mm256_sub_ps(load(x + i, m), all(shift))));
	}
}

static float softmax(float *x, size_t n, float scale)
{
	float high = top(x, n);
	v8 s = _mm256_setzero_ps();
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 e = exp_clamped(_mm256_sub_ps(load(x + i, m), all(high)));
		s = _mm256_add_ps(s, only(m, e));
		store(x + i, m, e);
	}
	float total = sum8(s);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		store(x + i, m, _mm256_mul_ps(load(x + i, m), all(scale / total)));
	}
	return high + logf(total);
}

static void softmax_back(float *dp, const float *p, size_t n, float delta, float scale)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 d = _mm256_sub_ps(load(dp + i, m), all(delta));
		store(dp + i, m, _mm256_mul_ps(_mm256_mul_ps(all(scale), load(p + i, m)), d));
	}
}

#define GELU_A 0.79788456080286535588f
#define GELU_B 0.044715f

/* s(2u) */
static v8 gelu_gate(v8 x, v8 xx)
{
	v8 u = _mm256_mul_ps(_mm256_mul_ps(all(GELU_A), x), _mm256_fmadd_ps(all(GELU_B), xx, all(1)));
	return sigmoid(_mm256_add_ps(u, u));
}

static void gelu(float *out, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 v = load(x + i, m);
		store(out + i, m, _mm256_mul_ps(v, gelu_gate(v, _mm256_mul_ps(v, v))));
	}
}

static void gelu_back(float *dx, const float *dout, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 v = load(x + i, m), vv = _mm256_mul_ps(v, v), s = gelu_gate(v, vv);
		v8 du = _mm256_mul_ps(all(GELU_A), _mm256_fmadd_ps(all(3 * GELU_B), vv, all(1)));
		v8 slope = _mm256_mul_ps(_mm256_mul_ps(_mm256_add_ps(v, v), s), _mm256_sub_ps(all(1), s));
		store(dx + i, m, _mm256_mul_ps(load(dout + i, m), _mm256_fmadd_ps(slope, du, s)));
	}
}

static void swiglu(float *out, const float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 g = load(gate + i, m);
		store(out + i, m, _mm256_mul_ps(_mm256_mul_ps(g, sigmoid(g)), load(up + i, m)));
	}
}

static void swiglu_back(float *dgate, float *dup, const float *dout, const float *gate, const float *up,
			size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 g = load(gate + i, m), s = sigmoid(g), ds = _mm256_mul_ps(load(dout + i, m), s);
		v8 slope = _mm256_fmadd_ps(g, _mm256_sub_ps(all(1), s), all(1));
		store(dgate + i, m, _mm256_mul_ps(_mm256_mul_ps(ds, load(up + i, m)), slope));
		store(dup + i, m, _mm256_mul_ps(ds, g));
	}
}

static float rmsnorm(float *out, const float *x, const float *w, size_t n, float eps)
{
	float r = 1 / sqrtf(dot(x, x, n) / (float)n + eps);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		store(out + i, m, _mm256_mul_ps(load(w + i, m), _mm256_mul_ps(load(x + i, m), all(r))));
	}
	return r;
}

static void rmsnorm_back(float *dx, const float *dy, const float *x, const float *w, size_t n, float r)
{
	v8 s = _mm256_setzero_ps();
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		s = _mm256_fmadd_ps(_mm256_mul_ps(load(w + i, m), load(dy + i, m)), load(x + i, m), s);
	}
	v8 mean = all(sum8(s) / (float)n * r * r);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 g = _mm256_mul_ps(load(w + i, m), load(dy + i, m));
		g = _mm256_fnmadd_ps(load(x + i, m), mean, g);
		store(dx + i, m, _mm256_fmadd_ps(all(r), g, load(dx + i, m)));
	}
}

static void layernorm(float *out, const float *x, const float *w, const float *b, size_t n, float eps,
		      float stat[2])
{
	float mean = sum(x, n) / (float)n;
	v8 s = _mm256_setzero_ps();
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 d = only(m, _mm256_sub_ps(load(x + i, m), all(mean)));
		s = _mm256_fmadd_ps(d, d, s);
	}
	float r = 1 / sqrtf(sum8(s) / (float)n + eps);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 h = _mm256_mul_ps(_mm256_sub_ps(load(x + i, m), all(mean)), all(r));
		store(out + i, m, _mm256_fmadd_ps(load(w + i, m), h, load(b + i, m)));
	}
	stat[0] = mean;
	stat[1] = r;
}

static void layernorm_back(float *dx, const float *dy, const float *x, const float *w, size_t n,
			   const float stat[2])
{
	v8 s = _mm256_setzero_ps(), sh = _mm256_setzero_ps(), mean = all(stat[0]), r = all(stat[1]);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 g = _mm256_mul_ps(load(w + i, m), load(dy + i, m));
		s = _mm256_add_ps(s, g);
		sh = _mm256_fmadd_ps(g, _mm256_mul_ps(_mm256_sub_ps(load(x + i, m), mean), r), sh);
	}
	v8 mean_g = all(sum8(s) / (float)n);
	v8 mean_h = all(sum8(sh) / (float)n);
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 g = _mm256_fmsub_ps(load(w + i, m), load(dy + i, m), mean_g);
		v8 h = _mm256_mul_ps(_mm256_sub_ps(load(x + i, m), mean), r);
		g = _mm256_fnmadd_ps(h, mean_h, g);
		store(dx + i, m, _mm256_fmadd_ps(r, g, load(dx + i, m)));
	}
}

static void norm_weight(float *dw, const float *dy, const float *x, size_t n, float mean, float r)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		v8 h = _mm256_mul_ps(_mm256_sub_ps(load(x + i, m), all(mean)), all(r));
		store(dw + i, m, _mm256_fmadd_ps(load(dy + i, m), h, load(dw + i, m)));
	}
}

static void add(float *y, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i m = mask_of(n - i);
		store(y + i, m, _mm256_add_ps(load(y + i, m), load(x + i, m)));
	}
}

static void adamw(float *w, float *m, float *v, const float *g, size_t n, const struct nt_adamw *a)
{
	for (size_t i = 0; i < n; i += 8) {
		__m256i k = mask_of(n - i);
		v8 gi = _mm256_mul_ps(all(a->g_scale), load(g + i, k));
		v8 mi = _mm256_mul_ps(all(1 - a->beta1), gi);
		v8 vi = _mm256_mul_ps(_mm256_mul_ps(all(1 - a->beta2), gi), gi);
		mi = _mm256_fmadd_ps(all(a->beta1), load(m + i, k), mi);
		vi = _mm256_fmadd_ps(all(a->beta2), load(v + i, k), vi);
		v8 under = _mm256_fmadd_ps(_mm256_sqrt_ps(vi), all(a->root_v), all(a->eps));
		v8 step = _mm256_div_ps(_mm256_mul_ps(all(a->lr_step), mi), under);
		store(m + i, k, mi);
		store(v + i, k, vi);
		store(w + i, k, _mm256_fmsub_ps(all(a->keep), load(w + i, k), step));
	}
}

const struct nt_kern nt_kern_avx2 = {
	.isa = NT_ISA_AVX2,
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
