/* SPDX-License-Identifier: MIT */
/*
 * matrix_pack.h - weights made what products take, as text that a table includes once
 *
 * Written so that compilers find vectors of any width: 32 weights of each of 16 outputs become
 * floats, whatever they were and however they lay, and then what they are to be.
 */
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/least.h"
#include "kern/matrix_block.h"

/* --- blocks ------------------------------------------------------------------------ */

/* What is loaded next lies so many elements behind what is loaded now, and pages from what lies beside it. */
enum { AHEAD = 32 };

/* n elements that lie side by side. */
static inline __attribute__((always_inline)) void load_run(float *x, const struct nt_matrix *from, size_t at, size_t n)
{
	const char *data = from->data;
	uint16_t half[NT_BLOCK];
	double twice[NT_BLOCK];
	switch (from->type) {
	case NT_MATRIX_F32:
		__builtin_prefetch(data + (at + AHEAD) * sizeof(*x));
		memcpy(x, data + at * sizeof(*x), n * sizeof(*x));
		return;
	case NT_MATRIX_F64:
		memcpy(twice, data + at * sizeof(*twice), n * sizeof(*twice));
		for (size_t k = 0; k < n; k++)
			x[k] = (float)twice[k];
		return;
	case NT_MATRIX_F16:
		__builtin_prefetch(data + (at + AHEAD) * sizeof(*half));
		memcpy(half, data + at * sizeof(*half), n * sizeof(*half));
		for (size_t k = 0; k < n; k++)
			x[k] = nt_from_f16(half[k]);
		return;
	default:
		__builtin_prefetch(data + (at + AHEAD) * sizeof(*half));
		memcpy(half, data + at * sizeof(*half), n * sizeof(*half));
		for (size_t k = 0; k < n; k++)
			x[k] = nt_from_bf16(half[k]);
	}
}

/* Weights [i, i + 32) of outputs [o, o + 16): zeros where there are none. Of a matrix that lies as
 * [I][O] every line of memory is so looked at once, and not once for each output. */
static void load_tile(float x[NT_MATRIX_PANEL][NT_BLOCK], const struct nt_matrix *from, size_t o, size_t i)
{
	size_t n_o = least(NT_MATRIX_PANEL, from->O - o), n_i = least(NT_BLOCK, from->I - i);
	float row[NT_MATRIX_PANEL];
	if (n_o < NT_MATRIX_PANEL || n_i < NT_BLOCK)
		memset(x, 0, NT_MATRIX_PANEL * NT_BLOCK * sizeof(float));
	for (size_t lane = 0; lane < n_o && !from->is_in_out; lane++) {
		if (n_i == NT_BLOCK) /* a constant makes it a few instructions */
			load_run(x[lane], from, (o + lane) * from->I + i, NT_BLOCK);
		else
			load_run(x[lane], from, (o + lane) * from->I + i, n_i);
	}
	for (size_t k = 0; k < n_i && from->is_in_out; k++) {
		if (n_o == NT_MATRIX_PANEL)
			load_run(row, from, (i + k) * from->O + o, NT_MATRIX_PANEL);
		else
			load_run(row, from, (i + k) * from->O + o, n_o);
		for (size_t lane = 0; lane < n_o; lane++)
			x[lane][k] = row[lane];
	}
}

/* ggml's order of operations: another one would round differently (model/blocks.c). */
static float to_q8_0(uint8_t q[NT_BLOCK], const float x[NT_BLOCK])
{
	float d = greatest(x) / 127, per_d = d != 0 ? 1 / d : 0;
	for (size_t i = 0; i < NT_BLOCK; i++) /* what roundf does, of numbers below 2^22 */
		q[i] = (uint8_t)(128 + (int32_t)(x[i] * per_d + copysignf(0x1.fffffep-2f, x[i])));
	return d;
}

static float to_q4_0(uint8_t q[NT_BLOCK], const float x[NT_BLOCK])
{
	float most = greatest(x), signed_most = 0;
	for (size_t i = NT_BLOCK; i-- > 0;) /* the first of them */
		signed_most = fabsf(x[i]) == most ? x[i] : signed_most;
	float d = signed_most / -8, per_d = d != 0 ? 1 / d : 0;
	for (size_t i = 0; i < NT_BLOCK; i++) {
		int32_t v = (int32_t)(x[i] * per_d + 8.5f);
		q[i] = (uint8_t)(v < 15 ? v : 15);
	}
	return d;
}

/* One output's block into its lane of a panel. */
static void put_block(uint8_t *panel, size_t n_block, size_t b, size_t lane, enum nt_matrix_type type,
		      const float x[NT_BLOCK])
{
	uint8_t q[NT_BLOCK];
	float d = type == NT_MATRIX_Q8_0 ? to_q8_0(q, x) : to_q4_0(q, x);
	uint16_t scale = nt_to_f16(d);
	size_t bytes = NT_MATRIX_PANEL * (type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2);
	uint8_t *to = panel + b * bytes + lane * 4;
	memcpy(panel + n_block * bytes + (b * NT_MATRIX_PANEL + lane) * sizeof(scale), &scale, sizeof(scale));
	if (type == NT_MATRIX_Q4_0)
		for (int i = 0; i < NT_BLOCK / 2; i++)
			q[i] = (uint8_t)(q[i] | q[i + NT_BLOCK / 2] << 4);
	for (size_t s = 0; s < (type == NT_MATRIX_Q8_0 ? 8 : 4); s++)
		memcpy(to + s * NT_MATRIX_PANEL * 4, q + s * 4, 4);
}

/* Block b of 16 outputs. */
static void pack_block(uint8_t *panel, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t b)
{
	size_t n_block = (from->I + NT_BLOCK - 1) / NT_BLOCK;
	float x[NT_MATRIX_PANEL][NT_BLOCK];
	load_tile(x, from, first, b * NT_BLOCK);
	for (size_t lane = 0; lane < NT_MATRIX_PANEL; lane++)
		put_block(panel, n_block, b, lane, type, x[lane]);
	if (b + 1 == n_block) {
		size_t used = n_block * NT_MATRIX_PANEL * ((type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2) + 2);
		memset(panel + used, 0, nt_panel_bytes(type, from->I) - used);
	}
}

/* Part of an output's row of 16 or 32 bits. */
static void put_run(char *to, enum nt_matrix_type type, const float *x, size_t n)
{
	uint16_t half[NT_BLOCK];
	if (type == NT_MATRIX_F32) {
		memcpy(to, x, n * sizeof(*x));
		return;
	}
	for (size_t k = 0; k < n; k++)
		half[k] = type == NT_MATRIX_F16 ? nt_to_f16(x[k]) : nt_to_bf16(x[k]);
	memcpy(to, half, n * sizeof(*half));
}

/* Elements [i, i + 32) of n outputs. */
static void pack_runs(char *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t n, size_t i)
{
	size_t row = nt_matrix_bytes(type, from->I, 1), each = nt_matrix_bytes(type, 1, 1);
	float x[NT_MATRIX_PANEL][NT_BLOCK];
	load_tile(x, from, first, i);
	for (size_t o = 0; o < n; o++)
		put_run(to + o * row + i * each, type, x[o], least(NT_BLOCK, from->I - i));
}

/* Blocks of [I][O] become panels along its rows, which are long; rows of [O][I] are written one after the other. */
static void pack(void *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t n)
{
	size_t n_block = (from->I + NT_BLOCK - 1) / NT_BLOCK, n_panel = (n + NT_MATRIX_PANEL - 1) / NT_MATRIX_PANEL;
	bool is_panels = type == NT_MATRIX_Q8_0 || type == NT_MATRIX_Q4_0, is_across = is_panels && from->is_in_out;
	for (size_t k = 0; k < n_block * n_panel; k++) {
		size_t b = is_across ? k / n_panel : k % n_block;
		size_t o = (is_across ? k % n_panel : k / n_block) * NT_MATRIX_PANEL;
		char *at = (char *)to + nt_matrix_bytes(type, from->I, first + o);
		if (is_panels)
			pack_block((uint8_t *)at, type, from, first + o, b);
		else
			pack_runs(at, type, from, first + o, least(NT_MATRIX_PANEL, n - o), b * NT_BLOCK);
	}
}
