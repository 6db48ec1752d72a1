/* SPDX-License-Identifier: MIT */
/*
 * logits_wide.h - passes over logits, to choose a token by, for any register width
 *
 * A part of kern_wide.h. Which tokens are kept, and which of them is drawn, hangs on sums of tens of
 * thousands of exponentials that all tables have to agree upon, so these are f64: 2^k times the
 * exponential series up to the 12th power over [-ln 2 / 2, ln 2 / 2], where the 13th is 2e-16.
 */

/* Minus infinity where there was a NaN. */
static wide known(wide v)
{
	words is_known = (words)(v == v);
	return (wide)(((words)v & is_known) | ((words)all(-INFINITY) & ~is_known));
}

static void tops(float *top, const float *x, size_t n)
{
	for (size_t at = 0; at < n; at += NT_TOPS_BLOCK) {
		wide t = all(-INFINITY);
		for (size_t i = at; i < least(at + NT_TOPS_BLOCK, n); i += WIDTH)
			t = larger(t, either(n - i, known(load(x + i, n - i)), t));
		top[at / NT_TOPS_BLOCK] = top_of(t);
	}
}

static size_t at_least(uint32_t *found, const float *x, size_t n, float bound)
{
	size_t n_found = 0;
	for (size_t i = 0; i < n; i += WIDTH) {
		unsigned bits = places(load(x + i, n - i), all(bound));
		if (n - i < WIDTH)
			bits &= (1u << (n - i)) - 1;
		for (; bits; bits &= bits - 1)
			found[n_found++] = (uint32_t)(i + (size_t)__builtin_ctz(bits));
	}
	return n_found;
}

enum { LANES_F64 = WIDTH / 2 };
typedef double reals __attribute__((vector_size(8 * LANES_F64)));
typedef int64_t longs __attribute__((vector_size(8 * LANES_F64)));
typedef float floats __attribute__((vector_size(4 * LANES_F64)));

/* exp(x) of -700 < x <= 0, and 0 of what is below or a NaN. */
static reals power_f64(reals x)
{
	static const double series[] = {1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
					1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 1.0 / 2, 1, 1};
	const reals zero = {0}, shift = zero + 6755399441055744.0; /* 1.5 * 2^52 rounds, and keeps k in the low bits */
	reals shifted = (reals)fused_f64(x, zero + 1.44269504088896340736, shift), k = shifted - shift;
	reals r = (reals)fused_f64(k, zero - 1.42860682030941723212e-6, fused_f64(k, zero - 0.693145751953125, x));
	reals p = zero + 1.0 / 479001600;
	for (size_t i = 0; i < sizeof(series) / sizeof(*series); i++)
		p = (reals)fused_f64(p, r, zero + series[i]);
	longs scale = ((longs)shifted + 1023) << 52;
	return (reals)((longs)(p * (reals)scale) & (x > -700));
}

/* ... at any address. */
typedef floats floats_at __attribute__((aligned(4), may_alias));
typedef reals reals_at __attribute__((aligned(8), may_alias));

static double weights(double *w, const float *x, size_t n, double top, double temperature)
{
	const double inverse = 1 / temperature;
	reals sum = {0};
	size_t i = 0;
	for (; i + LANES_F64 <= n; i += LANES_F64) {
		floats z = *(const floats_at *)(x + i);
		reals e = power_f64((__builtin_convertvector(z, reals) - top) * inverse);
		*(reals_at *)(w + i) = e;
		sum += e;
	}
	double s = 0;
	for (size_t j = 0; j < LANES_F64; j++)
		s += sum[j];
	for (; i < n; i++) {
		w[i] = power_f64((reals){((double)x[i] - top) * inverse})[0];
		s += w[i];
	}
	return s;
}
