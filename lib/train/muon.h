/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_MUON_H
#define TRAIN_MUON_H
/*
 * muon.h - Muon over the matrices of a model's layers
 *
 *	g  = scale * gradient			scale: what clipping makes of it
 *	m  = mu m + (1 - mu) g
 *	u  = mu m + (1 - mu) g			Nesterov's look ahead
 *	w  = (1 - lr wd) w - lr 0.2 sqrt(max(rows, columns)) orthogonalised(u)
 *
 * q, k, v, gate and up are matrices of their own. The factor makes a step's root mean square
 * 0.2, about that of AdamW's, so that its learning rate and weight decay carry over.
 * Jordan et al. 2024, kellerjordan.github.io/posts/muon; the factor: Liu et al. 2025,
 * arXiv:2502.16982.
 *
 * NorMuon divides what moves output i of a matrix, a row o_i of `in` elements, by its size so far:
 *
 *	v_i = 0.95 v_i + 0.05 |o_i|^2 / in
 *	o_i = c o_i / (sqrt(v_i) + 1e-10)	c: the matrix o is as long as it was
 *
 * Li et al. 2025, arXiv:2510.05491.
 */
#include "nt/model.h"
#include "train/moments.h"

struct nt_muon {
	struct nt_muon_matrix *matrix; /* [n_matrix] */
	size_t n_matrix;
	size_t n_output;               /* of all matrices */
	nt_real *room;                 /* [n_lane][lane_room] */
	size_t n_lane, lane_room;
};

struct nt_muon_step {
	double lr, momentum, weight_decay;
	double scale;
	bool is_bf16;   /* products round their operands to it */
	uint32_t noise; /* of this step, for a momentum that is bf16 */
};

int nt_muon_init(struct nt_muon *o, const struct nt_model *m, int n_thread);
void nt_muon_release(struct nt_muon *o); /* harmless twice */
size_t nt_muon_bytes(const struct nt_model *m, int n_thread); /* that it works in */
size_t nt_muon_outputs(const struct nt_tensor *t); /* of a tensor's matrices; 0: it has none */

double nt_muon_flops(const struct nt_config *c); /* of a step */

/* Moves the matrices in param; momentum and grad, which is used up, lie as param does. square is
 * NorMuon's v, [n_output] in the order of the model's tensors, or NULL. */
void nt_muon_update(struct nt_muon *o, nt_real *param, const struct nt_moments *momentum, nt_real *square,
		    nt_real *grad, const struct nt_muon_step *step, struct nt_pool *pool);

/*
 * out = nearly U V^T, where x = U S V^T: singular values from 0.7 to 1.2, 0 where x has next
 * to nothing.
 *
 * out    [rows][columns]
 * x      [rows] of ld elements each; used up
 * room   [2][n][n], n the smaller of rows and columns
 */
void nt_orthogonalise(nt_real *out, nt_real *x, size_t rows, size_t columns, size_t ld,
		      nt_real *room, bool is_bf16);

#endif
