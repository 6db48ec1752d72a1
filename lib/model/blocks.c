/* SPDX-License-Identifier: MIT */
/*
 * blocks.c - rows of weights in fewer bytes, as ggml writes them
 *
 * Portable and plain: a file is written once. The order of operations is ggml's, where another one
 * would round differently.
 */
#include "model/blocks.h"

#include <math.h>
#include <string.h>

#include "base/le.h"

enum { BLOCK = 32 }; /* elements */

static uint32_t bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

uint16_t nt_to_f16(float x)
{
	uint32_t bits = bits_of(x), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
	if (size > 0x7f800000)
		return (uint16_t)(sign | 0x7e00 | (size >> 13 & 0x3ff)); /* NaN */
	if (size >= 0x47800000) /* 65536 */
		return (uint16_t)(sign | 0x7c00);
	if (size < 0x38800000) /* 2^-14: 0.5 has steps of 2^-24, as subnormal f16 have */
		return (uint16_t)(sign | (bits_of(fabsf(x) + 0.5f) - bits_of(0.5f)));
	size -= 112u << 23;
	return (uint16_t)(sign | (size + 0xfff + (size >> 13 & 1)) >> 13);
}

uint16_t nt_to_bf16(float x)
{
	uint32_t bits = bits_of(x);
	if ((bits & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(bits >> 16 | 64); /* NaN, and quiet */
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
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
			nt_put32(out + 4 * i, bits_of(x[i]));
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
