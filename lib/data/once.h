/* SPDX-License-Identifier: MIT */
#ifndef DATA_ONCE_H
#define DATA_ONCE_H
/*
 * once.h - what was there before, many questions at a time
 *
 * Keys are hashed with a secret of this set, so that nobody can make up things whose keys
 * crowd in one place of the table, or are equal. Start with nt_once_init.
 */
#include "data/keyset.h"

struct nt_once {
	struct nt_keyset set;
	uint64_t secret;
	struct nt_hash128 *key; /* [n] asked about and not yet answered */
	size_t n, cap;
};

int nt_once_init(struct nt_once *s);
void nt_once_release(struct nt_once *s); /* harmless twice */

/* Asks about bytes[len], and begins to fetch what answers it. Dozens may be asked at once. */
int nt_once_ask(struct nt_once *s, const void *bytes, size_t len);
/* The answers in order of the questions, from i 0 on: 1 if that was never there, and is now; 0
 * if it was; or NT_ESYS. */
int nt_once_answer(struct nt_once *s, size_t i);
void nt_once_done(struct nt_once *s); /* all are answered */

#endif
