/* SPDX-License-Identifier: MIT */
/* once.c - exact repeats by a keyed hash */
#include "data/once.h"

#include <stdlib.h>
#include <sys/random.h>

#include "nt/err.h"
#include "nt/mem.h"

int nt_once_init(struct nt_once *s)
{
	*s = (struct nt_once){0};
	if (getrandom(&s->secret, sizeof(s->secret), 0) != sizeof(s->secret))
		return nt_fail_sys("cannot get random bytes");
	return 0;
}

void nt_once_release(struct nt_once *s)
{
	nt_keyset_release(&s->set);
	free(s->key);
	*s = (struct nt_once){0};
}

int nt_once_ask(struct nt_once *s, const void *bytes, size_t len)
{
	if (nt_grow(&s->key, &s->cap, s->n + 1, sizeof(*s->key)) < 0)
		return NT_ESYS;
	s->key[s->n] = nt_hash128_keyed(bytes, len, s->secret);
	nt_keyset_prefetch(&s->set, s->key[s->n++]);
	return 0;
}

int nt_once_answer(struct nt_once *s, size_t i)
{
	nt_assert(i < s->n);
	return nt_keyset_add(&s->set, s->key[i]);
}

void nt_once_done(struct nt_once *s)
{
	s->n = 0;
}
