/* SPDX-License-Identifier: MIT */
#ifndef IO_TURNS_H
#define IO_TURNS_H
/*
 * turns.h - read, work, write: batches of documents on all threads, in order
 */
#include "io/batch.h"
#include "nt/pool.h"

enum { NT_LOADS = 3 }; /* being read, being worked on, being written */

/* A batch, whose number says where its user keeps what becomes of it. */
struct nt_load {
	struct nt_batch batch;
	int number;           /* below NT_LOADS */
	uint64_t input_bytes; /* nt_docs_bytes when it had been read */
};

/* Each returns 0, or a negative enum nt_err that ends it all. */
struct nt_turns {
	/* A load was read: makes room for what becomes of it. */
	int (*prepare)(void *arg, const struct nt_load *l);
	/* Works on group i of a load, while other threads do on others. What a thread needs for
	 * itself has a desk number, below nt_pool_size. */
	int (*work)(void *arg, const struct nt_load *l, size_t i, int desk);
	/* All groups of a load have been worked on; NULL: nothing to do. */
	int (*tend)(void *arg);
	/* Hands out what became of group i, while the next load is worked on: one after the other. */
	int (*write)(void *arg, const struct nt_load *l, size_t i);
	void *arg;
};

/* All documents that are left. One that cannot be read ends it, behind those that could. */
int nt_take_turns(const struct nt_turns *t, struct nt_docs *docs, struct nt_pool *pool);

#endif
