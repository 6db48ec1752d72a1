/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_COUNTS_H
#define TOKEN_COUNTS_H
/*
 * counts.h - the file of counts, NTC1 (docs/formats.md)
 */
#include <stdbool.h>

#include "nt/file.h"
#include "nt/hash.h"
#include "token/run.h"

/* What the end of a file says of it, and of what it was made of. */
struct nt_counts_sum {
	uint64_t n_distinct, n_piece, n_doc, bytes;
};

struct nt_counts_writer {
	struct nt_out *out;
	struct nt_hasher *hash;
	struct nt_run_writer run;
	struct nt_counts_sum sum;
};

/* rule: the canonical regular expression. */
int nt_counts_begin(struct nt_counts_writer *w, struct nt_out *out, const char *rule);
int nt_counts_add(struct nt_counts_writer *w, const uint8_t *p, size_t len, uint64_t count);
int nt_counts_end(struct nt_counts_writer *w, uint64_t n_doc, uint64_t bytes);
void nt_counts_writer_release(struct nt_counts_writer *w); /* harmless twice */

/*
 * Hands every piece of the file, whole and undamaged, to take, and adds its sums to *sum.
 * Several files one behind the other are one. NT_EFORMAT where the rule is another.
 */
int nt_counts_read(const char *path, const char *rule, struct nt_counts_sum *sum,
		   int (*take)(void *arg, const uint8_t *p, size_t len, uint64_t count), void *arg);

/* The same out of memory; name is for messages. */
int nt_counts_parse(const uint8_t *data, size_t len, const char *name, const char *rule,
		    struct nt_counts_sum *sum,
		    int (*take)(void *arg, const uint8_t *p, size_t len, uint64_t count), void *arg);

#endif
