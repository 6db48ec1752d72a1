/* SPDX-License-Identifier: MIT */
/* lend.c - n desks for n threads */
#include "base/lend.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

int nt_lender_init(struct nt_lender *l, int n)
{
	*l = (struct nt_lender){.n = n};
	l->is_taken = nt_calloc((size_t)n, sizeof(*l->is_taken));
	if (!l->is_taken)
		return NT_ESYS;
	pthread_mutex_init(&l->lock, NULL);
	return 0;
}

void nt_lender_release(struct nt_lender *l)
{
	if (l->is_taken)
		pthread_mutex_destroy(&l->lock);
	free(l->is_taken);
	*l = (struct nt_lender){0};
}

int nt_lender_take(struct nt_lender *l)
{
	pthread_mutex_lock(&l->lock);
	int desk = 0;
	while (desk < l->n && l->is_taken[desk])
		desk++;
	nt_assert(desk < l->n);
	l->is_taken[desk] = true;
	pthread_mutex_unlock(&l->lock);
	return desk;
}

void nt_lender_give(struct nt_lender *l, int desk)
{
	pthread_mutex_lock(&l->lock);
	l->is_taken[desk] = false;
	pthread_mutex_unlock(&l->lock);
}
