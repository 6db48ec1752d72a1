/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SIZE_H
#define TRAIN_SIZE_H
/*
 * size.h - how large a model, given time and data (docs/training.md, "The size")
 */
#include "nt/train.h"

/* What a shape's weights multiply a token with: 6 n of the FLOPs of training it. */
double nt_size_n(const struct nt_config *c);

/*
 * The loss in nats/token that n weights end with after d tokens, u of them different.
 *
 *	L = E + A / n^0.348 + B / d'^0.366
 *	d' = d up to u; behind that, repeats count ever less
 */
double nt_size_loss(double n, double d, double u, int optimizer);

/* Fills the shape options that are 0 from those that are not; a hidden_size must be there. */
void nt_size_complete(struct nt_train_options *o);

/* Positions in a step of a model of this width, where nothing else is asked. */
uint64_t nt_size_positions(uint64_t hidden_size, int optimizer);

/* A configuration of the options' shape. */
struct nt_config nt_size_config(const struct nt_train_options *o, const struct nt_ident *ident);

/*
 * Measures this machine and chooses hidden_size and what depends on it, for o->time and
 * o->max_steps (0: time alone decides) and n_target different targets.
 */
int nt_size_choose(struct nt_train_options *o, const struct nt_ident *ident, uint64_t n_target,
		   struct nt_pool *pool);

/* Chooses them so that the model has about o->size weights. NT_EARG: no shape has. */
int nt_size_for(struct nt_train_options *o, const struct nt_ident *ident);

/* Is that about as many weights as the model has? n is left the model's. */
bool nt_size_is(const struct nt_config *c, uint64_t size, uint64_t *n);

#endif
