/* SPDX-License-Identifier: MIT */
/*
 * kern_kern.c - every kernel of every instruction set against the reference
 *
 * At lengths 0 to 67 and around the blocks of the long sums, at every alignment of four
 * bytes, up against a page that may not be touched. Tolerances are a few rounding
 * errors of the sum of magnitudes.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "kern/kern.h"
#include "nt/random.h"

enum { LONGEST = 1100, ARRAYS = 6 };

/* Arrays that end where reading or writing one more element ends the program. */
static float *guarded[ARRAYS];

static int set_up(void **state)
{
	(void)state;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (LONGEST * sizeof(float) / page + 2) * page;
	for (int i = 0; i < ARRAYS; i++) {
		char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED || mprotect(p + bytes - page, page, PROT_NONE) < 0)
			return -1;
		guarded[i] = (float *)(void *)(p + bytes - page);
	}
	return 0;
}

/* Array k of n values, the same every time. */
static float *array(int k, size_t n)
{
	float *x = guarded[k] - n;
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(3 * nt_random_normal((uint64_t)k, NT_RANDOM_INIT, i));
	return x;
}

/* ... as it is by now. */
static const float *array_of(int k, size_t n)
{
	return guarded[k] - n;
}

static void near(const char *what, size_t n, size_t i, float got, float want, float size)
{
	if (!(fabsf(got - want) <= 2e-6f * (fabsf(want) + size)))
		fail_msg("%s: n %zu: [%zu] is %.9g, the reference has %.9g", what, n, i, (double)got,
			 (double)want);
}

static void all_near(const char *what, const float *got, const float *want, size_t n, float size)
{
	for (size_t i = 0; i < n; i++)
		near(what, n, i, got[i], want[i], size);
}

static float magnitude(const float *x, const float *y, size_t n)
{
	float s = 0;
	for (size_t i = 0; i < n; i++)
		s += fabsf(x[i] * y[i]);
	return s;
}

static float want[LONGEST], want2[LONGEST], want3[LONGEST];

/* Runs the same call with both tables: `out` in the reference's copy, then in the guarded one. */
#define BOTH(copy, k, call)                                                                        \
	do {                                                                                       \
		float *out = copy;                                                                 \
		const struct nt_kern *t = &nt_kern_ref;                                            \
		memcpy(out, array(k, n), n * sizeof(*out));                                        \
		call;                                                                              \
		t = kern;                                                                          \
		out = guarded[k] - n;                                                              \
		call;                                                                              \
	} while (0)

static void sums(const struct nt_kern *kern, size_t n)
{
	const float *x = array(0, n), *y = array(1, n);
	near("dot", n, 0, kern->dot(x, y, n), nt_kern_ref.dot(x, y, n), magnitude(x, y, n));
	double s = nt_kern_ref.sum_squares(x, n);
	assert_true(fabs(kern->sum_squares(x, n) - s) <= 1e-14 * s);
}

static void softmaxes(const struct nt_kern *kern, size_t n)
{
	float lse[2], *x = array(0, n);
	near("logsumexp", n, 0, kern->logsumexp(x, n), nt_kern_ref.logsumexp(x, n), 1);
	BOTH(want, 0, lse[t == kern] = t->softmax(out, n, 0.5f));
	near("softmax's sum", n, 0, lse[1], lse[0], 1);
	all_near("softmax", x, want, n, 0);
	float high[2] = {-INFINITY, -INFINITY}, sum[2] = {0}, keep[2];
	for (size_t at = 0, left; at < n; at += left) { /* what three parts come to */
		left = n - at < n / 3 + 1 ? n - at : n / 3 + 1;
		BOTH(want, 2, keep[t == kern] = t->softmax_part(out + at, left, &high[t == kern],
								&sum[t == kern]));
		near("softmax_part keeps", n, at, keep[1], keep[0], 1);
		near("softmax_part's top", n, at, high[1], high[0], 0);
		near("softmax_part's sum", n, at, sum[1], sum[0], 0);
		all_near("softmax_part", array_of(2, n), want, n, 1);
	}
	near("softmax_part's logsumexp", n, 0, high[1] + logf(sum[1]),
	     nt_kern_ref.logsumexp(array(2, n), n), 1);
	BOTH(want, 2, t->times(out, n, 0.7f));
	all_near("times", array_of(2, n), want, n, 0);
	BOTH(want, 0, t->exp_shift(out, n, lse[0]));
	all_near("exp_shift", x, want, n, 0);
	const float *p = array(1, n);
	BOTH(want, 0, t->softmax_back(out, p, n, 0.3f, 0.25f));
	all_near("softmax_back", x, want, n, 1);
}

static void activations(const struct nt_kern *kern, size_t n)
{
	const float *x = array(1, n), *y = array(2, n), *z = array(3, n);
	float *got = guarded[0] - n, *other = guarded[4] - n;
	BOTH(want, 0, t->gelu(out, x, n));
	all_near("gelu", got, want, n, 1e-2f);
	nt_kern_ref.gelu_back(want, want2, y, x, n);
	kern->gelu_back(got, other, y, x, n);
	all_near("gelu_back", got, want, n, 1);
	all_near("gelu_back's gelu", other, want2, n, 1e-2f);
	BOTH(want, 0, t->swiglu(out, x, y, n));
	all_near("swiglu", got, want, n, 1e-2f);
	float *third = guarded[5] - n;
	nt_kern_ref.swiglu_back(want, want2, want3, z, x, y, n);
	kern->swiglu_back(got, other, third, z, x, y, n);
	all_near("swiglu_back's swiglu", third, want3, n, 1e-2f);
	all_near("swiglu_back gate", got, want, n, 1);
	all_near("swiglu_back up", other, want2, n, 1);
}

static void norms(const struct nt_kern *kern, size_t n)
{
	const float *x = array(1, n), *w = array(2, n), *b = array(3, n);
	float *got = guarded[0] - n, stat[2][2] = {{0}}, r[2];
	BOTH(want, 0, r[t == kern] = t->rmsnorm(out, x, w, n, 1e-5f));
	near("rmsnorm's r", n, 0, r[1], r[0], 0);
	all_near("rmsnorm", got, want, n, 1);
	BOTH(want, 0, t->rmsnorm_back(out, b, x, w, n, r[0]));
	all_near("rmsnorm_back", got, want, n, 30);
	BOTH(want, 0, t->layernorm(out, x, w, b, n, 1e-5f, stat[t == kern]));
	all_near("layernorm's stat", stat[1], stat[0], 2, 1);
	all_near("layernorm", got, want, n, 30 + stat[0][1]);
	BOTH(want, 0, t->layernorm_back(out, b, x, w, n, stat[0]));
	all_near("layernorm_back", got, want, n, 30 * (1 + stat[0][1]));
	/* three rows, the last one ending where the memory does */
	static const float stats[] = {0.4f, 0.7f, -0.2f, 1.5f, 0.1f, 0.3f};
	size_t third = n / 3, ld = third + (n - 3 * third) / 2;
	BOTH(want, 0, t->norm_weight(out, b, x, stats, ld, 3, third));
	all_near("norm_weight", got, want, n, 10);
	BOTH(want, 0, t->sum_rows(out, x, ld, 3, third));
	all_near("sum_rows", got, want, n, 10);
	BOTH(want, 0, t->add(out, x, n));
	all_near("add", got, want, n, 0);
	BOTH(want, 0, t->turn(out, x, w, n / 2, -1));
	all_near("turn", got, want, n, 1);
	BOTH(want, 0, t->blend(out, 0.95f, x, -0.3f, n));
	all_near("blend", got, want, n, 1);
}

static void optimizer(const struct nt_kern *kern, size_t n)
{
	static const struct nt_adamw a = {
		.lr_step = 0.01f, .beta1 = 0.9f, .beta2 = 0.99f, .root_v = 1.5f, .eps = 1e-8f,
		.keep = 0.999f, .g_scale = 0.5f,
	};
	float *w = array(0, n), *m = array(1, n), *v = array(2, n), *g = array(3, n);
	for (size_t i = 0; i < n; i++)
		v[i] *= v[i];
	memcpy(want, w, n * sizeof(*w));
	memcpy(want2, m, n * sizeof(*w));
	memcpy(want3, v, n * sizeof(*w));
	nt_kern_ref.adamw(want, want2, want3, g, n, &a);
	kern->adamw(w, m, v, g, n, &a);
	all_near("adamw w", w, want, n, 1);
	all_near("adamw m", m, want2, n, 1);
	all_near("adamw v", v, want3, n, 1);
}

/* Of n halves, the same bits as ref's, and nothing is read or written behind the n-th. */
static void halves(const struct nt_kern *kern, size_t n)
{
	float *x = array(0, n);
	uint16_t *end = (uint16_t *)(void *)guarded[1], *h = end - n;
	uint16_t ref[LONGEST];
	for (uint32_t noise = 0; noise < 3; noise++) {
		nt_kern_ref.narrow(ref, x, n, noise * 0x7fffffffu);
		kern->narrow(h, x, n, noise * 0x7fffffffu);
		if (memcmp(h, ref, n * sizeof(*h)) != 0)
			fail_msg("narrow of %zu differs", n);
	}
	nt_kern_ref.widen(want, ref, n);
	float *out = guarded[2] - n;
	kern->widen(out, h, n);
	all_near("widen", out, want, n, 0);
}

static void f16(const struct nt_kern *kern, size_t n)
{
	float *x = array(0, n);
	uint16_t *h = (uint16_t *)(void *)guarded[1] - n, ref[LONGEST];
	for (size_t i = 0; i < n; i++) /* from beyond the greatest to below the least */
		x[i] = ldexpf(x[i], (int)(i % 44) - 26);
	nt_kern_ref.to_f16(ref, x, n);
	kern->to_f16(h, x, n);
	if (memcmp(h, ref, n * sizeof(*h)) != 0)
		fail_msg("to_f16 of %zu differs", n);
	nt_kern_ref.from_f16(want, ref, n);
	kern->from_f16(x, h, n);
	if (memcmp(x, want, n * sizeof(*x)) != 0)
		fail_msg("from_f16 of %zu differs", n);
}

/* With a NaN here and there, infinities, and what is far below. */
static void logits(const struct nt_kern *kern, size_t n)
{
	static double w[LONGEST], ref_w[LONGEST];
	static uint32_t found[LONGEST], ref_found[LONGEST];
	static const float odd[] = {NAN, -INFINITY, -800, -NAN, -5000};
	float *x = array(0, n), *got = guarded[1] - (n + 63) / 64;
	for (size_t i = 0; i < n; i++)
		if (i % 11 == 3 || i % 128 >= 100)
			x[i] = odd[i % 5];
	nt_kern_ref.tops(want, x, n);
	kern->tops(got, x, n);
	for (size_t i = 0; i < (n + 63) / 64; i++)
		assert_true(got[i] == want[i]);
	for (int least = -3; least < 9; least += 3) {
		size_t n_found = nt_kern_ref.at_least(ref_found, x, n, (float)least);
		assert_int_equal(kern->at_least(found, x, n, (float)least), n_found);
		assert_memory_equal(found, ref_found, n_found * sizeof(*found));
	}
	double sum = nt_kern_ref.weights(ref_w, x, n, 12, 0.8);
	assert_true(fabs(kern->weights(w, x, n, 12, 0.8) - sum) <= 1e-14 * sum);
	for (size_t i = 0; i < n; i++)
		if (!(fabs(w[i] - ref_w[i]) <= 4e-15 * ref_w[i]))
			fail_msg("weights: n %zu: [%zu] is %.17g, the reference has %.17g", n, i, w[i], ref_w[i]);
}

static void compare(enum nt_isa isa)
{
	const struct nt_kern *kern = nt_kern_of(isa);
	if (!kern)
		skip();
	for (size_t n = 0; n <= LONGEST; n += n < 67 ? 1 : n < 120 ? 53 : 97) {
		sums(kern, n);
		halves(kern, n);
		f16(kern, n);
		logits(kern, n);
		if (n > 0)
			softmaxes(kern, n);
		activations(kern, n);
		if (n > 0)
			norms(kern, n);
		optimizer(kern, n);
	}
}

static void avx2_agrees_with_the_reference(void **state)
{
	(void)state;
	compare(NT_ISA_AVX2);
}

static void avx512_agrees_with_the_reference(void **state)
{
	(void)state;
	compare(NT_ISA_AVX512);
}

static void neon_agrees_with_the_reference(void **state)
{
	(void)state;
	compare(NT_ISA_NEON);
}

/* The reference itself, against the C library in f64. */
static void the_reference_is_near_the_exact_functions(void **state)
{
	(void)state;
	for (int i = -8600; i <= 0; i++) {
		float x = (float)i / 100, e = x, one[2] = {x, 0}, out;
		nt_kern_ref.exp_shift(&e, 1, 0);
		assert_true(fabs((double)e - exp((double)x)) <= 3e-7 * exp((double)x));
		assert_true(fabs((double)nt_kern_ref.logsumexp(one, 2) - log1p(exp((double)x))) <= 1e-6);
		float g = x / 8;
		double u = 0.79788456080286535588 * ((double)g + 0.044715 * pow((double)g, 3));
		nt_kern_ref.gelu(&out, &g, 1);
		assert_true(fabs((double)out - 0.5 * (double)g * (1 + tanh(u))) <= 1e-6);
	}
}

/* What bf16 can say stays; of anything else the mean is right, also over many small steps, which
 * the nearest bf16 would never add up. */
static void rounding_by_chance_is_right_on_average(void **state)
{
	(void)state;
	enum { N = 4096 };
	static float x[N];
	static uint16_t h[N];
	const float exact[] = {0, -0.0f, 1, -1.5f, 3e38f, 1e-38f};
	for (size_t k = 0; k < sizeof(exact) / sizeof(*exact); k++) {
		float kept = 1, again;
		nt_kern_ref.narrow(h, &exact[k], 1, 7);
		nt_kern_ref.widen(&kept, h, 1);
		nt_kern_ref.narrow(h, &kept, 1, 99);
		nt_kern_ref.widen(&again, h, 1);
		assert_true(again == kept && fabsf(kept - exact[k]) <= fabsf(exact[k]) / 128);
	}
	for (float value = -2; value < 2; value += 0.0371f) {
		double sum = 0;
		for (size_t i = 0; i < N; i++)
			x[i] = value;
		nt_kern_ref.narrow(h, x, N, 12345);
		nt_kern_ref.widen(x, h, N);
		for (size_t i = 0; i < N; i++)
			sum += (double)x[i];
		/* a neighbour is at most 2^-7 off, the error of the mean of N a 64th of half of that */
		assert_true(fabs(sum / N - (double)value) < 4 * fabs((double)value) / 128 / 2 / 64);
	}
	for (size_t i = 0; i < N; i++)
		x[i] = 1;
	for (uint32_t t = 0; t < 1000; t++) {
		nt_kern_ref.narrow(h, x, N, t * 0x9e3779b9u);
		nt_kern_ref.widen(x, h, N);
		for (size_t i = 0; i < N; i++)
			x[i] += 1e-4f;
	}
	double mean = 0;
	for (size_t i = 0; i < N; i++)
		mean += (double)x[i] / N;
	assert_true(fabs(mean - 1.1) < 0.002);
}

static void every_f16_is_one_and_what_lies_between_is_rounded_to_even(void **state)
{
	(void)state;
	for (unsigned h = 0; h < 0x7c00; h++) {
		uint16_t half[2] = {(uint16_t)h, (uint16_t)(h + 1)}, got;
		float x[2], middle;
		nt_kern_ref.from_f16(x, half, 2);
		middle = h == 0x7bff ? 65520 : (x[0] + x[1]) / 2;
		assert_true(x[0] == (h < 1024 ? ldexpf((float)h, -24) : ldexpf((float)(1024 + h % 1024), (int)(h / 1024) - 25)));
		nt_kern_ref.to_f16(&got, &x[0], 1);
		assert_int_equal(got, h);
		nt_kern_ref.to_f16(&got, &middle, 1);
		assert_int_equal(got, h + h % 2);
	}
}

static void extremes(const struct nt_kern *kern)
{
	float x[3] = {1e30f, -INFINITY, -1e30f}, nan[3] = {0, NAN, 1}, far[2] = {-200, 200}, out[2];
	assert_true(kern->softmax(x, 3, 1) == 1e30f);
	assert_true(x[0] == 1 && x[1] < 1e-30f && x[2] < 1e-30f);
	assert_true(isnan(kern->softmax(nan, 3, 1)));
	kern->gelu(out, far, 2);
	assert_true(fabsf(out[0]) < 1e-30f && out[1] == 200);
	kern->swiglu(out, far, (float[]){1, 1}, 2);
	assert_true(fabsf(out[0]) < 1e-30f && out[1] == 200);
}

static void extreme_values_stay_what_they_are(void **state)
{
	(void)state;
	for (int isa = 0; isa < NT_ISA_COUNT; isa++)
		if (nt_kern_of((enum nt_isa)isa))
			extremes(nt_kern_of((enum nt_isa)isa));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(avx2_agrees_with_the_reference),
		cmocka_unit_test(avx512_agrees_with_the_reference),
		cmocka_unit_test(neon_agrees_with_the_reference),
		cmocka_unit_test(the_reference_is_near_the_exact_functions),
		cmocka_unit_test(rounding_by_chance_is_right_on_average),
		cmocka_unit_test(every_f16_is_one_and_what_lies_between_is_rounded_to_even),
		cmocka_unit_test(extreme_values_stay_what_they_are),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
