/* SPDX-License-Identifier: MIT */
#ifndef BASE_LEND_H
#define BASE_LEND_H
/*
 * lend.h - n desks for n threads
 *
 * A task of a pool does not know which thread runs it, and need not: it takes a free desk,
 * of which there is one for each thread, and gives it back.
 */
#include <pthread.h>
#include <stdbool.h>

struct nt_lender {
	pthread_mutex_t lock;
	bool *is_taken; /* [n] */
	int n;
};

int nt_lender_init(struct nt_lender *l, int n);
void nt_lender_release(struct nt_lender *l); /* harmless twice, and on {0} */
int nt_lender_take(struct nt_lender *l);     /* the number of the desk, below n */
void nt_lender_give(struct nt_lender *l, int desk);

#endif
