/* SPDX-License-Identifier: MIT */
/* kern_neon.c - the kernels in the 128-bit registers that every arm64 has */
#include "kern/kern.h"

#ifdef NT_HAS_NEON
#include <math.h>

#include "kern/neon.h"

#define WIDTH 4
#define REGISTERS 32
#define ISA   NT_ISA_NEON
#define TABLE nt_kern_neon
typedef float64x2_t wide_f64;

static inline wide all(float x)
{
	return vdupq_n_f32(x);
}

static inline wide either(size_t m, wide v, wide w)
{
	static const uint32_t lane[WIDTH] = {0, 1, 2, 3};
	return m >= WIDTH ? v : vbslq_f32(vcltq_u32(vld1q_u32(lane), vdupq_n_u32((uint32_t)m)), v, w);
}

static inline wide fused(wide a, wide b, wide c)
{
	return vfmaq_f32(c, a, b);
}

static inline wide root(wide v)
{
	return vsqrtq_f32(v);
}

static inline wide larger(wide a, wide b)
{
	return vmaxq_f32(a, b);
}

static inline float sum_of(wide v)
{
	return vaddvq_f32(v);
}

static inline float top_of(wide v)
{
	return vmaxvq_f32(v);
}

static inline wide between(float low, wide x, float high)
{
	return vminq_f32(all(high), vmaxq_f32(all(low), x)); /* a NaN stays one */
}

static inline wide twos(wide x)
{
	return vrndnq_f32(x * all(1.44269504088896341f));
}

static inline wide scaled(wide v, wide k)
{
	int32x4_t bits = vshlq_n_s32(vcvtq_s32_f32(k), 23);
	bits = vaddq_s32(bits, vdupq_n_s32(0x3f800000)); /* exponent k, above the bias */
	return v * vreinterpretq_f32_s32(bits);
}

static inline wide get_f16(const uint16_t *x)
{
	return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(x)));
}

static inline void put_f16(uint16_t *x, wide v)
{
	vst1_u16(x, vreinterpret_u16_f16(vcvt_f16_f32(v)));
}

static inline unsigned places(wide v, wide w)
{
	static const uint32_t bit[WIDTH] = {1, 2, 4, 8};
	return vaddvq_u32(vandq_u32(vcgeq_f32(v, w), vld1q_u32(bit)));
}

static inline wide_f64 fused_f64(wide_f64 a, wide_f64 b, wide_f64 c)
{
	return vfmaq_f64(c, a, b);
}

static inline void squares(wide_f64 s[2], wide v)
{
	wide_f64 low = vcvt_f64_f32(vget_low_f32(v)), high = vcvt_high_f64_f32(v);
	s[0] = vfmaq_f64(s[0], low, low);
	s[1] = vfmaq_f64(s[1], high, high);
}

static inline double squares_sum(const wide_f64 s[2])
{
	return vaddvq_f64(s[0] + s[1]);
}

#include "kern/kern_wide.h"
#endif
