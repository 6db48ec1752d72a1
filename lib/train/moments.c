/* SPDX-License-Identifier: MIT */
/* moments.c - what an optimizer remembers, in f32 or in bf16 */
#include "train/moments.h"

#include <stdlib.h>
#include <string.h>

#include "kern/kern.h"
#include "nt/mem.h"

static size_t element_bytes(bool is_bf16)
{
	return is_bf16 ? sizeof(uint16_t) : sizeof(nt_real);
}

size_t nt_moments_bytes(size_t n, bool is_bf16)
{
	return n * element_bytes(is_bf16);
}

int nt_moments_init(struct nt_moments *s, size_t n, bool is_bf16)
{
	*s = (struct nt_moments){.is_bf16 = is_bf16, .n = n, .at = nt_calloc(n, element_bytes(is_bf16))};
	return s->at ? 0 : -1;
}

void nt_moments_release(struct nt_moments *s)
{
	free(s->at);
	*s = (struct nt_moments){0};
}

void nt_moments_reset(struct nt_moments *s)
{
	memset(s->at, 0, nt_moments_bytes(s->n, s->is_bf16));
}

void *nt_moments_place(const struct nt_moments *s, size_t i)
{
	return (char *)s->at + nt_moments_bytes(i, s->is_bf16);
}

nt_real *nt_moments_take(const struct nt_moments *s, size_t i, size_t n, nt_real *room)
{
	if (!s->is_bf16)
		return nt_moments_place(s, i);
	nt_kern()->widen(room, nt_moments_place(s, i), n);
	return room;
}

void nt_moments_put(const struct nt_moments *s, size_t i, size_t n, const nt_real *x, uint32_t noise)
{
	if (s->is_bf16)
		nt_kern()->narrow(nt_moments_place(s, i), x, n, noise + (uint32_t)i);
}
