/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H
/*
 * optimizer.h - AdamW over all tensors of a model, or over those that Muon (muon.h) leaves
 *
 *	g  = scale * gradient			scale: what clipping makes of it
 *	m  = beta1 m + (1 - beta1) g
 *	v  = beta2 v + (1 - beta2) g^2
 *	w  = (1 - lr wd) w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * with wd = 0 for tensors without decay, and t counted from 1. Embeddings, and a head of its own, move
 * by a rate of theirs instead of the second lr.
 * Loshchilov and Hutter 2019, arXiv:1711.05101.
 */
#include "nt/model.h"
#include "train/moments.h"
#include "train/muon.h"

struct nt_optimizer {
	struct nt_moments m;     /* [n_param] first moments, at the tensors' offsets */
	struct nt_moments v;     /* second ones of what is AdamW's, one behind the other */
	nt_real *square;         /* ... and of the outputs of what is NorMuon's; NULL: nothing is */
	struct nt_piece *piece;  /* [n_piece] how the parameters are cut into tasks */
	size_t n_piece;
	double *partial;         /* [n_piece] sums of squares */
	size_t *v_at;            /* [n_tensor] where in v or square; SIZE_MAX: Muon's, which has none */
	int kind;                /* enum nt_optimizer_kind */
	struct nt_muon muon;     /* of no matrix, if all is AdamW's */
};

struct nt_optimizer_step {
	double lr, embedding_lr, beta1, beta2, eps, weight_decay;
	double scale;
	uint64_t t; /* 1 in the first step */
	double momentum; /* Muon's */
	bool is_bf16;    /* ... and what its products are multiplied in */
	uint64_t seed;   /* of moments that are rounded by chance */
};

/* What an optimizer is made of: enums nt_optimizer_kind, and nt_dtype of moments as large as weights. */
struct nt_optimizer_make {
	int kind, moments;
	int n_thread;
};

/* Moments are zero. */
int nt_optimizer_init(struct nt_optimizer *o, const struct nt_model *m, struct nt_optimizer_make make);
void nt_optimizer_release(struct nt_optimizer *o); /* harmless twice */
void nt_optimizer_reset(struct nt_optimizer *o);   /* moments are zero again */

/* Bytes of moments, and of what Muon works in. */
size_t nt_optimizer_bytes(const struct nt_model *m, struct nt_optimizer_make make);

/* Moment k, 0 or 1, of tensor i, as PyTorch's optimizers call it, where it lies, as numbers or as
 * bf16, and its shape; both NULL: there is none. */
struct nt_moment {
	const char *name;
	nt_real *at;
	uint16_t *bf16;
	uint32_t n_dim;
	size_t shape[2], n;
};
struct nt_moment nt_optimizer_moment(const struct nt_optimizer *o, const struct nt_model *m,
				     size_t i, int k);

/*
 * The Euclidean norm of the whole gradient, summed in f64 in an order that the number
 * of threads does not change. Not finite if the gradient is not.
 */
double nt_optimizer_norm(struct nt_optimizer *o, const nt_real *grad, struct nt_pool *pool);

/* min(1, max / (norm + 1e-6)); 1 if max is 0 */
double nt_clip_scale(double norm, double max_grad_norm);

/* The gradient is used up. */
void nt_optimizer_update(struct nt_optimizer *o, nt_real *param, nt_real *grad,
			 const struct nt_optimizer_step *step, struct nt_pool *pool);

#endif
