/* SPDX-License-Identifier: MIT */
/*
 * muon.c - momentum made orthogonal
 *
 * AdamW moves every weight by about the same length and does not know that weights stand in
 * a matrix. The gradients of one add up to a momentum U S V^T in which a few directions are
 * hundreds of times stronger than the rest; Muon takes U V^T in its place, so that all
 * directions that the loss has asked for are gone along by the same length. It keeps one
 * moment instead of two, and pays with matrix products.
 *
 * U V^T is come near to by five steps of a Newton-Schulz iteration, which needs nothing else:
 *
 *	X <- X / |X|
 *	X <- a X + b (X X^T) X + c (X X^T)^2 X		singular values: s <- a s + b s^3 + c s^5
 *
 * Jordan's a, b, c do not converge to 1: they lift small values as fast as can be, and leave
 * all from about 0.001 on between 0.7 and 1.2, which trains as well. As a square, with
 * h = b / 2c, a step is three products and two diagonals:
 *
 *	P = X X^T + h I,   Q = c P P + (a - c h^2) I,   X <- Q X
 *
 * or from the right, with X^T X, where X has more rows than columns: P is of the smaller side.
 *
 * Of U V^T some rows are several times as long as others, and keep being so. NorMuon evens them out
 * by a second moment that is one number for each output of a matrix.
 *
 * A matrix is one thread's from end to end, in a room (a lane) of its own: there are several
 * in each layer, and threads that each have one do not wait for each other.
 */
#include "train/muon.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/least.h"
#include "kern/gemm.h"
#include "kern/kern.h"
#include "model/layout.h"
#include "nt/err.h"
#include "nt/mem.h"

enum { STEPS = 5 };
_Static_assert(STEPS % 2 == 1, "the last step ends in the room and not in the gradient");

struct nt_muon_matrix {
	size_t offset, rows, columns, ld;
	size_t output; /* the number of its first one */
	bool is_in_out;
};

/* --- which matrices -------------------------------------------------------------------- */

static size_t n_output(const struct nt_muon_matrix *a)
{
	return a->is_in_out ? a->columns : a->rows;
}

/* The result, and beside it Newton-Schulz' two squares; then a factor for each output. */
static size_t room_for(const struct nt_muon_matrix *a)
{
	size_t n = least(a->rows, a->columns), beside = 2 * n * n;
	return a->rows * a->columns + (beside > n_output(a) ? beside : n_output(a));
}

size_t nt_muon_outputs(const struct nt_tensor *t)
{
	return t->n_factor ? t->shape[t->is_in_out ? 1 : 0] : 0;
}

/* Matrix k of a tensor's n_factor, which share its columns. */
static struct nt_muon_matrix matrix_of(const struct nt_tensor *t, size_t k)
{
	size_t columns = t->shape[1] / t->n_factor;
	return (struct nt_muon_matrix){.offset = t->offset + k * columns, .rows = t->shape[0],
				       .columns = columns, .ld = t->shape[1], .is_in_out = t->is_in_out};
}

/* Counts them and what they need, and lists them where there is a list. */
static void find_matrices(struct nt_muon *o, const struct nt_model *m, int n_thread)
{
	o->n_matrix = o->lane_room = o->n_output = 0;
	for (size_t i = 0; i < m->n_tensor; i++)
		for (size_t k = 0; k < m->tensor[i].n_factor; k++) {
			struct nt_muon_matrix a = matrix_of(&m->tensor[i], k);
			size_t room = room_for(&a);
			o->lane_room = room > o->lane_room ? room : o->lane_room;
			a.output = o->n_output;
			o->n_output += n_output(&a);
			if (o->matrix)
				o->matrix[o->n_matrix] = a;
			o->n_matrix++;
		}
	o->n_lane = least(o->n_matrix, (size_t)n_thread);
}

size_t nt_muon_bytes(const struct nt_model *m, int n_thread)
{
	struct nt_muon o = {0};
	find_matrices(&o, m, n_thread);
	return o.n_lane * o.lane_room * sizeof(nt_real);
}

int nt_muon_init(struct nt_muon *o, const struct nt_model *m, int n_thread)
{
	*o = (struct nt_muon){0};
	find_matrices(o, m, n_thread);
	o->matrix = nt_calloc(o->n_matrix, sizeof(*o->matrix));
	o->room = nt_calloc(o->n_lane, o->lane_room * sizeof(*o->room));
	if (!o->matrix || !o->room) {
		nt_muon_release(o);
		return NT_ESYS;
	}
	find_matrices(o, m, n_thread);
	return 0;
}

void nt_muon_release(struct nt_muon *o)
{
	free(o->matrix);
	free(o->room);
	*o = (struct nt_muon){0};
}

/* --- Newton-Schulz --------------------------------------------------------------------- */

static void add_to_diagonal(nt_real *a, size_t n, double x)
{
	for (size_t i = 0; i < n; i++)
		a[i * (n + 1)] += (nt_real)x;
}

struct view {
	nt_real *at;
	size_t ld;
};

/* One step, of scale x instead of x: to is scale Q x, and P of scale^2 X X^T. */
static void newton_schulz(struct view to, struct view x, size_t rows, size_t columns, nt_real scale,
			  nt_real *room, bool is_bf16)
{
	const double a = 3.4445, b = -4.7750, c = 2.0315, h = b / (2 * c);
	bool is_tall = rows > columns;
	size_t n = is_tall ? columns : rows;
	nt_real *p = room, *q = room + n * n;
	nt_gemm_here(&(struct nt_gemm){
		.m = n, .n = n, .k = is_tall ? rows : columns, .a = x.at, .lda = x.ld, .b = x.at, .ldb = x.ld,
		.is_a_transposed = is_tall, .is_b_transposed = !is_tall, .c = p, .ldc = n,
		.alpha = scale * scale, .is_bf16 = is_bf16, .is_symmetric = true,
	});
	add_to_diagonal(p, n, h);
	nt_gemm_here(&(struct nt_gemm){
		.m = n, .n = n, .k = n, .a = p, .lda = n, .b = p, .ldb = n, .c = q, .ldc = n,
		.alpha = (nt_real)c, .is_bf16 = is_bf16, .is_symmetric = true,
	});
	add_to_diagonal(q, n, a - c * h * h);
	struct view left = is_tall ? x : (struct view){q, n}, right = is_tall ? (struct view){q, n} : x;
	nt_gemm_here(&(struct nt_gemm){
		.m = rows, .n = columns, .k = n, .a = left.at, .lda = left.ld, .b = right.at, .ldb = right.ld,
		.c = to.at, .ldc = to.ld, .alpha = scale, .is_bf16 = is_bf16,
	});
}

double nt_muon_flops(const struct nt_config *c)
{
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	double flops = 0;
	for (size_t i = 0; nt_layout_tensor(c, i, &t, &role, &first); i++)
		if (t.n_factor) {
			size_t columns = t.shape[1] / t.n_factor, n = least(t.shape[0], columns);
			double longer = (double)(t.shape[0] + columns - n), shorter = (double)n;
			flops += t.n_factor * STEPS * shorter * shorter * (4 * longer + 2 * shorter);
		}
	return flops;
}

void nt_orthogonalise(nt_real *out, nt_real *x, size_t rows, size_t columns, size_t ld,
		      nt_real *room, bool is_bf16)
{
	struct view from = {x, ld}, to = {out, columns};
	double squares = 0;
	for (size_t r = 0; r < rows; r++)
		squares += nt_kern()->sum_squares(x + r * ld, columns);
	nt_real scale = (nt_real)(1 / fmax(sqrt(squares), 1e-12)); /* its square must stay finite */
	for (int i = 0; i < STEPS; i++) {
		newton_schulz(to, from, rows, columns, i == 0 ? scale : 1, room, is_bf16);
		struct view other = from;
		from = to;
		to = other;
	}
}

/* --- a step ---------------------------------------------------------------------------- */

/* Makes the outputs' parts of x equally long, going by all steps so far; factor is room for [n]. */
static void even_out(nt_real *x, const struct nt_muon_matrix *a, nt_real *square, nt_real *factor)
{
	const double beta2 = 0.95;
	size_t n = n_output(a);
	double in = (double)(a->is_in_out ? a->rows : a->columns), before = 0, after = 0;
	for (size_t i = 0; i < n; i++)
		factor[i] = a->is_in_out ? 0 : (nt_real)nt_kern()->sum_squares(x + i * a->columns, a->columns);
	for (size_t r = 0; r < a->rows && a->is_in_out; r++)
		for (size_t c = 0; c < n; c++)
			factor[c] += x[r * n + c] * x[r * n + c];
	for (size_t i = 0; i < n; i++) {
		double now = (double)factor[i];
		square[i] = (nt_real)(beta2 * (double)square[i] + (1 - beta2) * now / in);
		double each = 1 / (sqrt((double)square[i]) + 1e-10);
		before += now;
		after += now * each * each;
		factor[i] = (nt_real)each;
	}
	nt_real all = (nt_real)(after > 0 ? sqrt(before / after) : 0);
	nt_kern()->times(factor, n, all);
	for (size_t r = 0; r < a->rows && !a->is_in_out; r++)
		nt_kern()->times(x + r * a->columns, a->columns, factor[r]);
	for (size_t r = 0; r < a->rows && a->is_in_out; r++)
		for (size_t c = 0; c < n; c++)
			x[r * n + c] *= factor[c];
}

struct job {
	struct nt_muon *o;
	nt_real *param, *square, *grad;
	const struct nt_moments *momentum;
	const struct nt_muon_step *step;
	atomic_size_t next;
};

/* Takes n of the gradient, from `at` on, into the momentum and leaves where that leads. */
static void remember(const struct job *j, size_t at, size_t n)
{
	const struct nt_muon_step *s = j->step;
	nt_real mu = (nt_real)s->momentum, rest = (nt_real)((1 - s->momentum) * s->scale);
	nt_real room[NT_MOMENTS_MOST], *g = j->grad + at;
	nt_real *m = nt_moments_take(j->momentum, at, n, room);
	nt_kern()->blend(m, mu, g, rest, n);
	nt_kern()->blend(g, rest, m, mu, n);
	nt_moments_put(j->momentum, at, n, m, s->noise);
}

static void update_matrix(const struct job *j, const struct nt_muon_matrix *a, nt_real *room)
{
	const struct nt_muon_step *s = j->step;
	const struct nt_kern *kern = nt_kern();
	for (size_t r = 0; r < a->rows; r++)
		for (size_t c = 0; c < a->columns; c += NT_MOMENTS_MOST)
			remember(j, a->offset + r * a->ld + c, least(a->columns - c, NT_MOMENTS_MOST));
	nt_orthogonalise(room, j->grad + a->offset, a->rows, a->columns, a->ld,
			 room + a->rows * a->columns, s->is_bf16);
	if (j->square)
		even_out(room, a, j->square + a->output, room + a->rows * a->columns);
	size_t longest = a->rows > a->columns ? a->rows : a->columns;
	nt_real keep = (nt_real)(1 - s->lr * s->weight_decay);
	nt_real length = (nt_real)(-0.2 * sqrt((double)longest) * s->lr);
	for (size_t r = 0; r < a->rows; r++)
		kern->blend(j->param + a->offset + r * a->ld, keep, room + r * a->columns, length, a->columns);
}

static int run_lane(void *arg, size_t lane)
{
	struct job *j = arg;
	nt_real *room = j->o->room + lane * j->o->lane_room;
	for (size_t i; (i = atomic_fetch_add(&j->next, 1)) < j->o->n_matrix;)
		update_matrix(j, &j->o->matrix[i], room);
	return 0;
}

void nt_muon_update(struct nt_muon *o, nt_real *param, const struct nt_moments *momentum, nt_real *square,
		    nt_real *grad, const struct nt_muon_step *step, struct nt_pool *pool)
{
	struct job j = {.o = o, .param = param, .momentum = momentum, .square = square, .grad = grad, .step = step};
	nt_pool_run(pool, o->n_lane, run_lane, &j);
}
