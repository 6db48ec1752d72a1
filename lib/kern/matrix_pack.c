/* SPDX-License-Identifier: MIT */
/*
 * matrix_pack.c - weights made what products take, while a model is loaded
 *
 * Portable, but written so that compilers find their vectors: a block of 32 weights of one output
 * becomes 32 floats, whatever they were, and then what they are to be.
 */
#include <math.h>
#include <string.h>

#include "base/half.h"
#include "base/least.h"
#include "kern/matrix_ways.h"

/* --- blocks ------------------------------------------------------------------------ */

static float element(enum nt_matrix_type type, const char *data, size_t at)
{
	uint16_t half;
	float single;
	double twice;
	if (type == NT_MATRIX_F32) {
		memcpy(&single, data + at * sizeof(single), sizeof(single));
		return single;
	}
	if (type == NT_MATRIX_F64) {
		memcpy(&twice, data + at * sizeof(twice), sizeof(twice));
		return (float)twice;
	}
	memcpy(&half, data + at * sizeof(half), sizeof(half));
	return type == NT_MATRIX_F16 ? nt_from_f16(half) : nt_from_bf16(half);
}

/* Weights [i, i + n) of output o, and zeros behind them. */
static void load_block(float x[NT_BLOCK], const struct nt_matrix *from, size_t o, size_t i, size_t n)
{
	size_t at = from->is_in_out ? i * from->O + o : o * from->I + i, step = from->is_in_out ? from->O : 1;
	for (size_t k = 0; k < NT_BLOCK; k++)
		x[k] = k < n ? element(from->type, from->data, at + k * step) : 0;
}

/* ggml's order of operations: another one would round differently (model/blocks.c). */
static float to_q8_0(int8_t q[NT_BLOCK], const float x[NT_BLOCK])
{
	float most = 0;
	for (int i = 0; i < NT_BLOCK; i++)
		most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
	float d = most / 127, per_d = d != 0 ? 1 / d : 0;
	for (int i = 0; i < NT_BLOCK; i++) /* what roundf does, of numbers below 2^22 */
		q[i] = (int8_t)(int)(x[i] * per_d + copysignf(0x1.fffffep-2f, x[i]));
	return d;
}

static float to_q4_0(int8_t q[NT_BLOCK], const float x[NT_BLOCK])
{
	float most = 0, signed_most = 0;
	for (int i = 0; i < NT_BLOCK; i++) {
		if (fabsf(x[i]) > most) {
			most = fabsf(x[i]);
			signed_most = x[i];
		}
	}
	float d = signed_most / -8, per_d = d != 0 ? 1 / d : 0;
	for (int i = 0; i < NT_BLOCK; i++) {
		int v = (int)(x[i] * per_d + 8.5f);
		q[i] = (int8_t)(v < 15 ? v : 15);
	}
	return d;
}

/* One output's block into its lane of a panel. */
static void put_block(uint8_t *panel, size_t n_block, size_t b, size_t lane, enum nt_matrix_type type,
		      const float x[NT_BLOCK])
{
	int8_t q[NT_BLOCK];
	float d = type == NT_MATRIX_Q8_0 ? to_q8_0(q, x) : to_q4_0(q, x);
	uint16_t scale = nt_to_f16(d);
	size_t bytes = NT_MATRIX_PANEL * (type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2);
	uint8_t *to = panel + b * bytes + lane * 4;
	memcpy(panel + n_block * bytes + (b * NT_MATRIX_PANEL + lane) * sizeof(scale), &scale, sizeof(scale));
	if (type == NT_MATRIX_Q4_0)
		for (int i = 0; i < NT_BLOCK / 2; i++)
			q[i] = (int8_t)(q[i] | q[i + NT_BLOCK / 2] << 4);
	for (size_t s = 0; s < (type == NT_MATRIX_Q8_0 ? 8 : 4); s++)
		memcpy(to + s * NT_MATRIX_PANEL * 4, q + s * 4, 4);
}

static void pack_panel(uint8_t *panel, enum nt_matrix_type type, const struct nt_matrix *from, size_t first)
{
	size_t I = from->I, n_block = (I + NT_BLOCK - 1) / NT_BLOCK, bytes = nt_panel_bytes(type, I);
	size_t used = n_block * NT_MATRIX_PANEL * ((type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2) + 2);
	float x[NT_BLOCK];
	for (size_t lane = 0; lane < NT_MATRIX_PANEL; lane++) {
		for (size_t b = 0; b < n_block; b++) {
			size_t o = first + lane, i = b * NT_BLOCK;
			load_block(x, from, o, i, o < from->O ? least(NT_BLOCK, I - i) : 0);
			put_block(panel, n_block, b, lane, type, x);
		}
	}
	memset(panel + used, 0, bytes - used);
}

/* An output as a row of 16 or 32 bits. */
static void pack_row(char *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t o)
{
	float x[NT_BLOCK];
	uint16_t half[NT_BLOCK];
	for (size_t i = 0; i < from->I; i += NT_BLOCK) {
		size_t n = least(NT_BLOCK, from->I - i);
		load_block(x, from, o, i, n);
		for (size_t k = 0; k < NT_BLOCK && type != NT_MATRIX_F32; k++)
			half[k] = type == NT_MATRIX_F16 ? nt_to_f16(x[k]) : nt_to_bf16(x[k]);
		if (type == NT_MATRIX_F32)
			memcpy(to + i * sizeof(*x), x, n * sizeof(*x));
		else
			memcpy(to + i * sizeof(*half), half, n * sizeof(*half));
	}
}

void nt_matrix_pack(void *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t n)
{
	bool is_panels = type == NT_MATRIX_Q8_0 || type == NT_MATRIX_Q4_0;
	char *at = (char *)to + nt_matrix_bytes(type, from->I, first);
	for (size_t o = first; o < first + n; o += is_panels ? NT_MATRIX_PANEL : 1) {
		if (is_panels)
			pack_panel((uint8_t *)at, type, from, o);
		else
			pack_row(at, type, from, o);
		at += nt_matrix_bytes(type, from->I, is_panels ? NT_MATRIX_PANEL : 1);
	}
}
