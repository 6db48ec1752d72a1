/* SPDX-License-Identifier: MIT */
#ifndef DATA_RELAY_H
#define DATA_RELAY_H
/*
 * relay.h - documents from one who gives them to one who takes them, each in a thread
 */
#include "nt/pool.h"
#include "nt/stream.h"

struct nt_relay {
	/* Returns 1 with a document (valid until the next call), 0 at the end, or a code. */
	int (*give)(void *giver, struct nt_stored *doc);
	void *giver;
	int (*take)(void *taker, const struct nt_stored *doc); /* 0 or a code */
	void *taker;
	size_t width; /* bytes of a token */
};

/* Until there is none left, in order; the two may use nothing in common, nor the pool. With a
 * pool of one thread, or none, by turns. Returns 0 or the first code. */
int nt_relay(const struct nt_relay *r, struct nt_pool *pool);

#endif
