/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_MOMENTS_H
#define TRAIN_MOMENTS_H
/*
 * moments.h - what an optimizer remembers, in f32 or in bf16
 *
 * Half the memory, and half the way to it and back. A weight's step is a thousandth of its
 * second moment's, which the nearest bf16 cannot say: it would stand still where it was. So
 * bf16 is rounded by chance (nt_kern's narrow), and the mean of what is remembered is right.
 * The chances of a step are a function of (seed, step, place), so a run repeats bit for bit.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/real.h"

struct nt_moments {
	bool is_bf16;
	void *at;     /* [n] nt_real, or uint16_t */
	size_t n;
};

int nt_moments_init(struct nt_moments *s, size_t n, bool is_bf16); /* zeros */
void nt_moments_release(struct nt_moments *s);                     /* harmless twice */
void nt_moments_reset(struct nt_moments *s);                       /* zeros again */
size_t nt_moments_bytes(size_t n, bool is_bf16);

/* Where element i lies. */
void *nt_moments_place(const struct nt_moments *s, size_t i);

/*
 * So many at most are worked on at once: n of them from i on as numbers, in place or in room[n];
 * and back from there, where `noise` is a number of this array's and this step's.
 */
enum { NT_MOMENTS_MOST = 1024 };
nt_real *nt_moments_take(const struct nt_moments *s, size_t i, size_t n, nt_real *room);
void nt_moments_put(const struct nt_moments *s, size_t i, size_t n, const nt_real *x, uint32_t noise);

#endif
