/* SPDX-License-Identifier: MIT */
/*
 * blocks.c - rows of weights in fewer bytes, as ggml writes them
 *
 * Portable and plain: a file is written once. The order of operations is ggml's, where another one
 * would round differently.
 */
#include "model/blocks.h"

#include <math.h>

#include "base/half.h"
#include "base/le.h"
#include "nt/err.h"

enum { BLOCK = 32 }; /* elements */

/* What is too much, and what to take then. A block's scale is an f16. */
static double find_limit(enum nt_gguf_type type, const char **name, const char **instead)
{
	const double f16 = 65520; /* between the greatest and 2^16: a tie, which rounds up */
	*name = "f32";
	*instead = "bf16";
	switch (type) {
	case NT_GGML_F16:
		*name = "f16";
		return f16;
	case NT_GGML_Q8_0:
		*name = "q8_0";
		return f16 * 127;
	case NT_GGML_Q4_0:
		*name = "q4_0";
		return f16 * 8;
	case NT_GGML_BF16:
		*name = "bf16";
		*instead = "f32";
		return 0x1.ffp127;
	case NT_GGML_F32:
		break;
	}
	return INFINITY;
}

int nt_blocks_check(const nt_real *x, size_t n, enum nt_gguf_type type, const char *tensor)
{
	const char *name, *instead;
	double limit = find_limit(type, &name, &instead);
	for (size_t i = 0; i < n; i++)
		if (fabs((double)x[i]) >= limit && !isinf(x[i]))
			return nt_fail(NT_EFAIL, "'%s' has a value of %g, which %s cannot hold: take %s", tensor,
				       (double)x[i], name, instead);
	return 0;
}

static void write_q8_0(uint8_t *out, const float *x)
{
	float most = 0;
	for (int i = 0; i < BLOCK; i++)
		most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
	float d = most / 127, per_d = d != 0 ? 1 / d : 0;
	nt_put16(out, nt_to_f16(d));
	for (int i = 0; i < BLOCK; i++)
		out[2 + i] = (uint8_t)(int8_t)roundf(x[i] * per_d);
}

static uint8_t to_4_bits(float x)
{
	int q = (int)(x + 8.5f);
	return (uint8_t)(q < 15 ? q : 15);
}

static void write_q4_0(uint8_t *out, const float *x)
{
	float most = 0, signed_most = 0;
	for (int i = 0; i < BLOCK; i++) {
		if (fabsf(x[i]) > most) {
			most = fabsf(x[i]);
			signed_most = x[i];
		}
	}
	float d = signed_most / -8, per_d = d != 0 ? 1 / d : 0;
	nt_put16(out, nt_to_f16(d));
	for (int i = 0; i < BLOCK / 2; i++)
		out[2 + i] = (uint8_t)(to_4_bits(x[i] * per_d) | to_4_bits(x[i + BLOCK / 2] * per_d) << 4);
}

void nt_blocks_write(uint8_t *out, const float *x, size_t n, enum nt_gguf_type type)
{
	switch (type) {
	case NT_GGML_F32:
		for (size_t i = 0; i < n; i++)
			nt_put32(out + 4 * i, nt_bits_of(x[i]));
		break;
	case NT_GGML_F16:
		for (size_t i = 0; i < n; i++)
			nt_put16(out + 2 * i, nt_to_f16(x[i]));
		break;
	case NT_GGML_BF16:
		for (size_t i = 0; i < n; i++)
			nt_put16(out + 2 * i, nt_to_bf16(x[i]));
		break;
	case NT_GGML_Q8_0:
		for (size_t i = 0; i < n; i += BLOCK, out += 2 + BLOCK)
			write_q8_0(out, x + i);
		break;
	case NT_GGML_Q4_0:
		for (size_t i = 0; i < n; i += BLOCK, out += 2 + BLOCK / 2)
			write_q4_0(out, x + i);
		break;
	}
}

static void read_q8_0(float *x, const uint8_t *in)
{
	float d = nt_from_f16(nt_le16(in));
	for (int i = 0; i < BLOCK; i++)
		x[i] = d * (float)(int8_t)in[2 + i];
}

static void read_q4_0(float *x, const uint8_t *in)
{
	float d = nt_from_f16(nt_le16(in));
	for (int i = 0; i < BLOCK / 2; i++) {
		x[i] = d * (float)((in[2 + i] & 15) - 8);
		x[i + BLOCK / 2] = d * (float)((in[2 + i] >> 4) - 8);
	}
}

void nt_blocks_read(float *x, const uint8_t *in, size_t n, enum nt_gguf_type type)
{
	switch (type) {
	case NT_GGML_F32:
		for (size_t i = 0; i < n; i++)
			x[i] = nt_from_bits(nt_le32(in + 4 * i));
		break;
	case NT_GGML_F16:
		for (size_t i = 0; i < n; i++)
			x[i] = nt_from_f16(nt_le16(in + 2 * i));
		break;
	case NT_GGML_BF16:
		for (size_t i = 0; i < n; i++)
			x[i] = nt_from_bf16(nt_le16(in + 2 * i));
		break;
	case NT_GGML_Q8_0:
		for (size_t i = 0; i < n; i += BLOCK, in += 2 + BLOCK)
			read_q8_0(x + i, in);
		break;
	case NT_GGML_Q4_0:
		for (size_t i = 0; i < n; i += BLOCK, in += 2 + BLOCK / 2)
			read_q4_0(x + i, in);
		break;
	}
}
