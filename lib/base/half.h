/* SPDX-License-Identifier: MIT */
#ifndef BASE_HALF_H
#define BASE_HALF_H
/*
 * half.h - floating-point numbers of 16 bits: IEEE's half, and bf16, the high half of an f32
 *
 * Rounded to nearest, even at a tie; a NaN stays one and becomes quiet.
 */
#include <stdint.h>
#include <string.h>

static inline uint32_t nt_bits_of(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static inline float nt_from_bits(uint32_t bits)
{
	float x;
	memcpy(&x, &bits, sizeof(x));
	return x;
}

/* From 65520 on infinite. */
static inline uint16_t nt_to_f16(float x)
{
	uint32_t bits = nt_bits_of(x), sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
	if (size > 0x7f800000)
		return (uint16_t)(sign | 0x7e00 | (size >> 13 & 0x3ff)); /* NaN */
	if (size >= 0x47800000) /* 65536 */
		return (uint16_t)(sign | 0x7c00);
	if (size < 0x38800000) /* 2^-14: 0.5 has steps of 2^-24, as subnormal f16 have */
		return (uint16_t)(sign | (nt_bits_of(nt_from_bits(size) + 0.5f) - nt_bits_of(0.5f)));
	size -= 112u << 23;
	return (uint16_t)(sign | (size + 0xfff + (size >> 13 & 1)) >> 13);
}

/* A subnormal is its mantissa times 2^-24. */
static inline float nt_from_f16(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, mantissa = h & 1023;
	if (exponent == 0)
		return (sign ? -1.0f : 1.0f) * (float)mantissa * 0x1p-24f;
	if (exponent == 31)
		return nt_from_bits(sign | 0x7f800000 | mantissa << 13);
	return nt_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

static inline uint16_t nt_to_bf16(float x)
{
	uint32_t bits = nt_bits_of(x);
	if ((bits & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(bits >> 16 | 64);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float nt_from_bf16(uint16_t h)
{
	return nt_from_bits((uint32_t)h << 16);
}

#endif
