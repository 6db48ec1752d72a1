/* SPDX-License-Identifier: MIT */
#ifndef MODEL_LAYERS_H
#define MODEL_LAYERS_H
/*
 * layers.h - rows through the layers of a model that is made for generating
 *
 * A row is an id at a place of its sequence. Which others it looks at is its caller's, and between
 * rows of different sequences nothing else is shared: what a row becomes does not depend on which
 * go with it, since products sum up each element by itself.
 */
#include "model/lm.h"
#include "model/room.h"
#include "model/work.h"

/* What targets cost, as far as their rows' logits have been seen. */
struct nt_gap {
	size_t row;
	double all, own; /* logsumexp; and that of the target */
};

struct nt_layers {
	const struct nt_lm *lm;
	const struct nt_config *c;
	struct nt_pool *pool;
	const struct nt_kern *kern;
	size_t n_row;       /* there is room for */
	size_t n_position;  /* that places are below */
	size_t *place;      /* [n_row], filled by whoever runs them */
	nt_real *x, *mid, *norm, *qkv, *att, *up, *act, *stat; /* [n_row][...], as in work.h */
	nt_real *turn;      /* [n_position][D], of which n_turn are made; or NULL: no rotation */
	size_t n_turn;
	void *rounded;      /* nt_product's */
	nt_real *logits;    /* a block of them, of rows and of the vocabulary */
	struct nt_gap *gap; /* [n_row] */
	struct nt_slots slots; /* attention's */
	struct nt_room room;
};

/* NT_ESYS: no room, and no sentence about it. is_dense: rows come by the hundred. */
int nt_layers_make(struct nt_layers *l, const struct nt_lm *lm, size_t n_row, size_t n_position, bool is_dense,
		   struct nt_pool *pool);
void nt_layers_release(struct nt_layers *l);

/* How many rows go through a product at once. */
enum nt_rows_how {
	NT_ROWS_FEW,   /* by the product whose bits are the same at any number */
	NT_ROWS_MANY,  /* where there are many, by training's, whose bits are others */
	NT_ROWS_AGAIN, /* ... and they are those of the product before */
};
enum { NT_ROWS_ALIKE = 191 }; /* so many are few, whichever is asked for */

/* out = rows times m, and plus (or NULL), which is as out */
void nt_layers_multiply(const struct nt_layers *l, const struct nt_lm_linear *m, nt_real *out, const nt_real *in,
			const nt_real *plus, size_t n_row, enum nt_rows_how how);

/* Between a layer's q, k and v of all rows, in qkv, and its att. */
typedef void nt_layers_look(void *arg, size_t layer);

/* n_row ids at their places become rows behind the last layer, in l->x. */
void nt_layers_run(struct nt_layers *l, const uint32_t *id, size_t n_row, enum nt_rows_how how,
		   nt_layers_look *look, void *arg);

/* What queries and keys become first. */
struct nt_heads nt_layers_heads(const struct nt_layers *l, size_t layer);

/* l->norm of n rows x behind the last layer, as the head takes it. */
void nt_layers_last(struct nt_layers *l, const nt_real *x, size_t n);

/* loss.c: nll[r] = -log p(target[r]) of the n rows that ran last, not written where the target is NT_IGNORE;
 * and scored[r], or NULL. Uses l->mid and l->norm. */
void nt_layers_losses(struct nt_layers *l, const uint32_t *target, size_t n, double *nll, struct nt_scored *scored);
size_t nt_loss_elements(size_t V); /* of l->logits */

#endif
