/* SPDX-License-Identifier: MIT */
#ifndef MODEL_WORK_H
#define MODEL_WORK_H
/*
 * work.h - what a pass over a batch needs, and the layers it consists of
 *
 * N = B T positions, row by row. Sizes in letters: C hidden_size, H heads, K key-value
 * heads, D head_dim, F intermediate_size, V vocab_size, L layers; Q = (H + 2 K) D is a
 * row of queries, keys and values, U a row of what the MLP expands to: F, or 2 F where
 * there is a gate.
 *
 * Kept of every layer for the way back: the residual stream before attention and before
 * the MLP, q k v, what attention gave, its row sums, and U. The norms' outputs and the
 * activation are cheap and computed again. Without a way back all layers share the
 * memory of one; with NT_PASS_RECOMPUTE all but the residual stream before each layer does.
 */
#include <stdatomic.h>
#include <stdbool.h>

#include "kern/kern.h"
#include "kern/kv.h"
#include "model/family.h"
#include "model/layout.h"
#include "nt/model.h"
#include "nt/pool.h"

/* Positions [first, first + n) of the batch, counted over all rows: one document's. */
struct nt_span {
	uint32_t first, n;
};

/* Working memory of the tasks that run right now: each takes any free slot. */
struct nt_slots {
	nt_real *data;    /* [n][each] */
	atomic_bool *taken; /* [n] */
	size_t n, each;
};
nt_real *nt_slot_take(struct nt_slots *s);
void nt_slot_give(struct nt_slots *s, nt_real *slot);

struct nt_work {
	struct nt_config config;
	struct nt_layout layout;
	const struct nt_kern *kern;
	struct nt_pool *pool;
	size_t max_B, max_T, n_slot;
	enum nt_pass pass;
	bool is_bf16;
	bool is_first; /* matrices' gradients are written, not added to */
	double z_loss; /* nt_work_set_z_loss */
	void *memory; /* the one allocation behind all pointers below */

	/* of each layer, or of one: use nt_stream() and nt_kept() */
	nt_real *x;     /* [L + 1][N][C] residual stream before each layer, and behind the last */
	nt_real *mid;   /* [L][N][C] the same between attention and MLP */
	nt_real *qkv;   /* [L][N][Q], rotated; before norm and rotation if there is a norm of heads */
	nt_real *att;   /* [L][N][H D] */
	nt_real *lse;   /* [L][N][H] logsumexp of the scores */
	nt_real *up;    /* [L][N][U] before the activation */
	nt_real *stat1; /* [L][N][2] mean and 1/deviation of norm 1 */
	nt_real *stat2; /* [L][N][2] of norm 2 */

	nt_real *turned;  /* [N][Q] of the layer at work, normalised and rotated; NULL: qkv is */
	nt_real *stat_qk; /* [N][H + K][2] of those norms; or NULL */
	nt_real *stat_f;  /* [N][2] of the last norm */
	nt_real *norm;    /* [N][C] a norm's output */
	nt_real *act;     /* [N][F] the activation's */
	nt_real *logits;  /* [head_rows][V] */
	double *nll;      /* [N] nats */
	nt_real *turn;    /* [T][D] cos and sin of the rotary angles, interleaved by halves */
	struct nt_span *span; /* [N] of cap; n_span are in use */
	size_t n_span, head_rows;
	struct nt_slots slots; /* attention's score tiles */

	nt_real *dx;    /* [N][C] gradient on the residual stream */
	nt_real *dnorm; /* [N][C] */
	nt_real *datt;  /* [N][H D] */
	nt_real *dwide; /* [N][max(Q, U)] */
	nt_real *dact;  /* [N][F] */
	nt_real *dw_qk; /* [tasks of N rows][2][D] gradients of the norms of heads; or NULL */

	size_t N, T; /* of this batch, T in a row */
};

/* Layer l's part of a kept array, each elements per position. */
static inline nt_real *nt_kept(const struct nt_work *w, nt_real *array, size_t l, size_t each)
{
	return array + (w->pass == NT_PASS_BACKWARD ? l * w->max_B * w->max_T * each : 0);
}

/* The residual stream before layer l, or behind the last. */
static inline nt_real *nt_stream(const struct nt_work *w, size_t l)
{
	size_t each = w->config.hidden_size;
	return w->x + (w->pass == NT_PASS_FORWARD ? 0 : l * w->max_B * w->max_T * each);
}

static inline size_t nt_qkv_width(const struct nt_config *c)
{
	return (size_t)(c->num_attention_heads + 2 * c->num_key_value_heads) * c->head_dim;
}

/* What attention takes of layer l. */
static inline nt_real *nt_attended(const struct nt_work *w, size_t l)
{
	return w->turned ? w->turned : nt_kept(w, w->qkv, l, nt_qkv_width(&w->config));
}

static inline size_t nt_up_width(const struct nt_config *c)
{
	return (size_t)c->intermediate_size * (nt_family(c->arch)->has_gate ? 2 : 1);
}

/* Rows of `width` elements that make a task worth starting: 64 KiB or so. */
static inline size_t nt_rows_per_task(size_t width)
{
	return width < 16384 ? 16384 / width : 1;
}

/* What a task of rows gets: the struct that its layer's function filled. */
typedef void nt_rows_fn(const void *arg, size_t first, size_t n);
/* Calls f over rows [0, n_row) in pieces of about nt_rows_per_task(width) rows. */
void nt_rows_run(struct nt_pool *pool, size_t n_row, size_t width, nt_rows_fn *f, const void *arg);

/* --- layers: forward and backward beside each other, in the file of their name --- */

/* embed.c: x[n] = embed[id[n]] (+ position[t - start]) */
void nt_embed(const struct nt_work *w, const struct nt_model *m, const struct nt_batch *b);
void nt_embed_back(const struct nt_work *w, const struct nt_batch *b, nt_real *grad);

/* norm.c: LayerNorm or RMSNorm of n rows of C; b NULL: RMSNorm. stat[n][2]. */
struct nt_norm {
	const struct nt_kern *kern;
	const nt_real *x, *w, *b;
	nt_real *stat;
	size_t n_row, C;
	nt_real eps;
};
void nt_norm(struct nt_pool *pool, const struct nt_norm *norm, nt_real *out);
/* dx += ..., dw += ..., db += ... */
void nt_norm_back(struct nt_pool *pool, const struct nt_norm *norm, nt_real *dx, const nt_real *dy,
		  nt_real *dw, nt_real *db);

/* linear.c: out[n][O] = in[n][I] W (+ bias) (+ plus), W as the family stores it. */
struct nt_linear {
	const nt_real *w, *bias; /* bias or NULL */
	size_t n_row, I, O;
	bool is_in_out;          /* W is [I][O], as Conv1D has it; else [O][I] */
	bool is_bf16;            /* how it is multiplied */
	bool is_first;           /* backward writes dw */
};
void nt_linear(struct nt_pool *pool, const struct nt_linear *l, nt_real *out, const nt_real *in,
	       const nt_real *plus);
/* din is written; dw (unless is_first) and dbias (or NULL) are added to. Both, or one after the other. */
void nt_linear_back(struct nt_pool *pool, const struct nt_linear *l, nt_real *din, const nt_real *dout,
		    const nt_real *in, nt_real *dw, nt_real *dbias);
void nt_linear_back_input(struct nt_pool *pool, const struct nt_linear *l, nt_real *din,
			  const nt_real *dout);
void nt_linear_back_weight(struct nt_pool *pool, const struct nt_linear *l, const nt_real *dout,
			   const nt_real *in, nt_real *dw, nt_real *dbias);

/* view.c: those parts of a model, for n_row rows. A role's bias follows it in nt_role. */
struct nt_view {
	const struct nt_model *m;
	const struct nt_layout *layout;
	const struct nt_kern *kern;
	size_t n_row;
	bool is_bf16, is_first;
};
struct nt_norm nt_view_norm(const struct nt_view *v, enum nt_role role, size_t layer, const nt_real *x,
			    nt_real *stat);
struct nt_linear nt_view_linear(const struct nt_view *v, enum nt_role role, size_t layer);
struct nt_linear nt_view_head(const struct nt_view *v);

/* rope.c */
/* Radians by which pair i < D/2 of a head turns from one position to the next. */
double nt_rope_speed(const struct nt_config *c, size_t i);
/* Rows [first, first + n) of turn[][D]. */
void nt_rope_table(nt_real *turn, size_t first, size_t n, const struct nt_config *c);
/* Turns n_head heads of D at x by the angles of position p; sign -1 turns back. */
void nt_rope_turn(nt_real *x, size_t n_head, size_t D, const nt_real *turn, size_t p, nt_real sign);

/* heads.c: a norm of each head of queries and keys, and rotation, where the family has them */
struct nt_heads {
	const struct nt_kern *kern;
	const nt_real *w_q, *w_k; /* [D], or NULL: no norm */
	const nt_real *turn;      /* nt_rope_table's, or NULL: no rotation */
	size_t H, K, D;
	nt_real eps;
};
struct nt_heads nt_view_heads(const struct nt_view *v, size_t layer, const nt_real *turn); /* view.c */
/* A row at a position of its document; y may be x, and must be without a norm. stat: [H + K][2] or NULL. */
void nt_heads_row(const struct nt_heads *h, nt_real *y, const nt_real *x, size_t place, nt_real *stat);
/* All rows of a batch, from what the layer's product gave to nt_attended(). */
void nt_heads(struct nt_work *w, const struct nt_heads *h, const struct nt_batch *b, size_t layer);
/* dwide, of what attention took, becomes that of the product; dw_q, dw_k (or NULL) += ... */
void nt_heads_back(struct nt_work *w, const struct nt_heads *h, const struct nt_batch *b, size_t layer,
		   nt_real *dw_q, nt_real *dw_k);

/* attention.c: rows of queries over rows of keys, the last query sees the last key. */
struct nt_attend {
	const struct nt_kern *kern;
	const nt_real *q, *k, *v; /* row r of q at q + r ldq; k and v at r ldkv */
	size_t ldq, ldkv, n_query, n_key, D;
	const struct nt_kv *kv; /* where k and v are kept, which are then not given; or NULL */
	bool is_bf16;
};
/* Queries and keys in a tile of scores; 128 KiB of them stay in a core's second-level cache. */
enum { NT_ATTEND_ROWS = 128, NT_ATTEND_KEYS = 256, NT_ATTEND_TILE = NT_ATTEND_ROWS * NT_ATTEND_KEYS };
/* Elements of scratch that a kv takes. */
static inline size_t nt_attend_scratch(size_t D)
{
	return NT_ATTEND_TILE + 2 * NT_ATTEND_KEYS * D;
}
/* o[r] at o + r ldo; lse[r ld_lse] or NULL. scratch: [NT_ATTEND_TILE], or nt_attend_scratch(D) */
void nt_attend(const struct nt_attend *a, nt_real *o, size_t ldo, nt_real *lse, size_t ld_lse,
	       nt_real *scratch);
/* All heads of some documents, q, k and v of which are rows side by side. */
struct nt_attention {
	const struct nt_kern *kern;
	struct nt_slots *slots;     /* [NT_ATTEND_TILE] each, at least */
	const struct nt_span *span; /* [n_span] */
	size_t n_span;
	const nt_real *qkv;         /* [n][(H + 2 K) D] */
	nt_real *att, *lse;         /* [n][H D]; [n][H] or NULL */
	size_t H, K, D;
	bool is_bf16;
};
void nt_attention(struct nt_pool *pool, struct nt_attention *a);
void nt_attention_of_layer(struct nt_work *w, size_t layer);
/* dwide = gradient of qkv, from datt */
void nt_attention_back(struct nt_work *w, size_t layer);

/* mlp.c: the activation between up and down */
void nt_activate(struct nt_pool *pool, const struct nt_kern *kern, bool has_gate, nt_real *act,
		 const nt_real *up, size_t n_row, size_t F);
/* dup from dact; act again, which was not kept */
void nt_activate_back(struct nt_pool *pool, const struct nt_kern *kern, bool has_gate,
		      nt_real *dup, nt_real *act, const nt_real *dact, const nt_real *up, size_t n_row,
		      size_t F);

/* head.c: logits, loss and their gradient, in chunks of rows */
/* logits [N][V] may be NULL. */
void nt_head(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b, nt_real *logits);
void nt_head_back(struct nt_work *w, const struct nt_model *m, const struct nt_batch *b, double scale,
		  nt_real *grad);

#endif
