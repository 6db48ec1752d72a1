/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H
/*
 * optimizer.h - AdamW over all tensors of a model
 *
 *	g  = scale * gradient			scale: what clipping makes of it
 *	m  = beta1 m + (1 - beta1) g
 *	v  = beta2 v + (1 - beta2) g^2
 *	w  = (1 - lr wd) w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
 *
 * with wd = 0 for tensors without decay, and t counted from 1.
 * Loshchilov and Hutter 2019, arXiv:1711.05101.
 */
#include "nt/model.h"

struct nt_optimizer {
	nt_real *m, *v;          /* [n_param] moments, at the tensors' offsets */
	size_t n_param;
	struct nt_piece *piece;  /* [n_piece] how the parameters are cut into tasks */
	size_t n_piece;
	double *partial;         /* [n_piece] sums of squares */
};

struct nt_optimizer_step {
	double lr, beta1, beta2, eps, weight_decay;
	double scale;
	uint64_t t; /* 1 in the first step */
};

/* Moments are zero. */
int nt_optimizer_init(struct nt_optimizer *o, const struct nt_model *m);
void nt_optimizer_release(struct nt_optimizer *o); /* harmless twice */

/*
 * The Euclidean norm of the whole gradient, summed in f64 in an order that the number
 * of threads does not change. Not finite if the gradient is not.
 */
double nt_optimizer_norm(struct nt_optimizer *o, const nt_real *grad, struct nt_pool *pool);

/* min(1, max / (norm + 1e-6)); 1 if max is 0 */
double nt_clip_scale(double norm, double max_grad_norm);

void nt_optimizer_update(struct nt_optimizer *o, nt_real *param, const nt_real *grad,
			 const struct nt_optimizer_step *step, struct nt_pool *pool);

#endif
