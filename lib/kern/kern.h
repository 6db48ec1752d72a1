/* SPDX-License-Identifier: MIT */
#ifndef KERN_KERN_H
#define KERN_KERN_H
/*
 * kern.h - the loops that training and generation spend their time in, beside GEMM
 *
 * A table of functions for each instruction set; kern_ref.c is the specification and
 * the only one in the double-precision build. Arrays need no alignment. None of these
 * can fail, and all are safe on disjoint arrays from several threads. Sums are taken
 * in an order that depends on n alone; it differs between tables, so results agree
 * between tables up to rounding and are the same bits within one.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/cpu.h"
#include "nt/real.h"

/* One AdamW step's numbers; those with a step number in them are worked out in f64. */
struct nt_adamw {
	nt_real lr_step;  /* lr / (1 - beta1^t) */
	nt_real beta1, beta2;
	nt_real root_v;   /* 1 / sqrt(1 - beta2^t) */
	nt_real eps;
	nt_real keep;     /* 1 - lr * weight_decay; 1: no decay */
	nt_real g_scale;  /* the clipping factor; 1: none */
};

struct nt_kv_query; /* kv.h */

enum { NT_TOPS_BLOCK = 64 };

struct nt_kern {
	enum nt_isa isa;

	/* sum_i x[i] y[i] */
	nt_real (*dot)(const nt_real *x, const nt_real *y, size_t n);

	/* sum_i x[i]^2, in f64 */
	double (*sum_squares)(const nt_real *x, size_t n);

	/* log sum_i exp(x[i]), n > 0 */
	nt_real (*logsumexp)(const nt_real *x, size_t n);

	/* x[i] = scale * exp(x[i]) / sum_j exp(x[j]); returns the logsumexp of x as it was */
	nt_real (*softmax)(nt_real *x, size_t n, nt_real scale);

	/*
	 * A softmax whose elements come in parts: before the first *high is -infinity and *sum 0.
	 * x[i] = exp(x[i] - h) and *sum = r *sum + sum_i x[i], with h = max(*high, x) the new
	 * *high. Returns r = exp(*high - h), which what was made of earlier parts is off by.
	 * Milakov and Gimelshein 2018, arXiv:1805.02867.
	 */
	nt_real (*softmax_part)(nt_real *x, size_t n, nt_real *high, nt_real *sum);

	/* x[i] *= factor */
	void (*times)(nt_real *x, size_t n, nt_real factor);

	/* x[i] = exp(x[i] - shift): a softmax again whose logsumexp was kept */
	void (*exp_shift)(nt_real *x, size_t n, nt_real shift);

	/* dp[i] = scale * p[i] * (dp[i] - delta): back through a softmax row */
	void (*softmax_back)(nt_real *dp, const nt_real *p, size_t n, nt_real delta, nt_real scale);

	/* out = x s(2u), u = sqrt(2/pi) (x + 0.044715 x^3): tanh GELU, as 1 + tanh(u) = 2 s(2u) */
	void (*gelu)(nt_real *out, const nt_real *x, size_t n);
	/* back through it; out is what it gave, worked out again on the way */
	void (*gelu_back)(nt_real *dx, nt_real *out, const nt_real *dout, const nt_real *x, size_t n);

	/* out = gate s(gate) up, s(x) = 1 / (1 + exp(-x)) */
	void (*swiglu)(nt_real *out, const nt_real *gate, const nt_real *up, size_t n);
	void (*swiglu_back)(nt_real *dgate, nt_real *dup, nt_real *out, const nt_real *dout,
			    const nt_real *gate, const nt_real *up, size_t n);

	/* out = w x r, r = 1 / sqrt(mean(x^2) + eps); returns r. out may be x. */
	nt_real (*rmsnorm)(nt_real *out, const nt_real *x, const nt_real *w, size_t n, nt_real eps);
	/* dx += r (w dy - x r^2 mean(w dy x)) */
	void (*rmsnorm_back)(nt_real *dx, const nt_real *dy, const nt_real *x, const nt_real *w,
			     size_t n, nt_real r);

	/* out = w (x - m) r + b, r = 1 / sqrt(mean((x - m)^2) + eps); stat = {m, r} */
	void (*layernorm)(nt_real *out, const nt_real *x, const nt_real *w, const nt_real *b, size_t n,
			  nt_real eps, nt_real stat[2]);
	/* with h = (x - m) r: dx += r (w dy - mean(w dy) - h mean(w dy h)) */
	void (*layernorm_back)(nt_real *dx, const nt_real *dy, const nt_real *x, const nt_real *w,
			       size_t n, const nt_real stat[2]);

	/* dw += sum over rows of dy (x - m) r, with stat[row] = {m, r}: a norm's weight gradient,
	 * of n columns of rows that are ld apart */
	void (*norm_weight)(nt_real *dw, const nt_real *dy, const nt_real *x, const nt_real *stat, size_t ld,
			    size_t n_row, size_t n);

	/* sum += sum over rows of x, of n columns of rows that are ld apart */
	void (*sum_rows)(nt_real *sum, const nt_real *x, size_t ld, size_t n_row, size_t n);

	/* y += x */
	void (*add)(nt_real *y, const nt_real *x, size_t n);

	/* pair (x[i], x[half + i]) is turned by the angle of cosine[i] and sine[i]; sign -1: back */
	void (*turn)(nt_real *x, const nt_real *cosine, const nt_real *sine, size_t half, nt_real sign);

	/* y = a y + b x; x may be y */
	void (*blend)(nt_real *y, nt_real a, const nt_real *x, nt_real b, size_t n);

	/* out = x, which is bf16 */
	void (*widen)(nt_real *out, const uint16_t *x, size_t n);
	/*
	 * out = x in bf16, each rounded to one of its two neighbours, by chance and the more often
	 * to the one the nearer it is, so that a sum of many small steps is what it should be and
	 * does not stand still. The chance of x[i] is a function of noise + i.
	 */
	void (*narrow)(uint16_t *out, const nt_real *x, size_t n, uint32_t noise);

	/* out = x, which is f16; and the nearest f16 to x, the even one at a tie (base/half.h) */
	void (*from_f16)(nt_real *out, const uint16_t *x, size_t n);
	void (*to_f16)(uint16_t *out, const nt_real *x, size_t n);

	/* Of logits, where a NaN counts as minus infinity: the largest of every NT_TOPS_BLOCK, */
	void (*tops)(nt_real *top, const nt_real *x, size_t n);
	/* every i with x[i] >= least, in order; returns how many, */
	size_t (*at_least)(uint32_t *i, const nt_real *x, size_t n, nt_real least);
	/* and w[i] = exp((x[i] - top) / temperature) in f64, 0 below e^-700; returns the sum. */
	double (*weights)(double *w, const nt_real *x, size_t n, double top, double temperature);

	/*
	 * o[h] = softmax(q[h] K^T / sqrt(D)) V over positions [first, first + n) of what is kept, n from 1
	 * to NT_KV_PART and first a multiple of it; lse[h]: its logsumexp. Heads are ldo and ld_lse apart.
	 */
	void (*attend)(const struct nt_kv_query *a, size_t first, size_t n, nt_real *o, size_t ldo,
		       nt_real *lse, size_t ld_lse);

	/*
	 * g' = g_scale g; m = beta1 m + (1 - beta1) g'; v = beta2 v + (1 - beta2) g'^2;
	 * w = keep w - lr_step m / (sqrt(v) root_v + eps)
	 * Loshchilov and Hutter 2019, arXiv:1711.05101.
	 */
	void (*adamw)(nt_real *w, nt_real *m, nt_real *v, const nt_real *g, size_t n,
		      const struct nt_adamw *a);
};

/* The members of a table, where each loop is a function of its member's name. */
#define NT_KERN_LOOPS                                                                                   \
	.dot = dot, .sum_squares = sum_squares, .logsumexp = logsumexp, .softmax = softmax,             \
	.softmax_part = softmax_part, .times = times, .exp_shift = exp_shift,                           \
	.softmax_back = softmax_back, .gelu = gelu, .gelu_back = gelu_back, .swiglu = swiglu,           \
	.swiglu_back = swiglu_back, .rmsnorm = rmsnorm, .rmsnorm_back = rmsnorm_back,                   \
	.layernorm = layernorm, .layernorm_back = layernorm_back, .norm_weight = norm_weight,           \
	.sum_rows = sum_rows, .add = add, .turn = turn, .blend = blend, .widen = widen, .narrow = narrow,\
	.from_f16 = from_f16, .to_f16 = to_f16, .tops = tops, .at_least = at_least, .weights = weights, \
	.attend = attend, .adamw = adamw

/* The table for this CPU, chosen at the first call. */
const struct nt_kern *nt_kern(void);

/* The table of one instruction set, or NULL if it is not compiled in or the CPU lacks it. */
const struct nt_kern *nt_kern_of(enum nt_isa isa);

extern const struct nt_kern nt_kern_ref;
extern const struct nt_kern nt_kern_avx2, nt_kern_avx512, nt_kern_neon; /* as NT_HAS_WIDE, NT_HAS_NEON */

#endif
