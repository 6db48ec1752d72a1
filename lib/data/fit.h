/* SPDX-License-Identifier: MIT */
#ifndef DATA_FIT_H
#define DATA_FIT_H
/*
 * fit.h - which of the pieces that wait come next into a row
 *
 * It knows lengths only. A piece that waits has a slot, a number from 0 up that was free,
 * under which the caller keeps whatever the piece is. Memory: 8 bytes a slot, 8 a length.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_fit;

/* Rows of row_len, at least 1; `buffer` pieces are to wait, at least 1. */
int nt_fit_new(struct nt_fit **f, uint32_t row_len, size_t buffer);
void nt_fit_free(struct nt_fit *f); /* NULL is harmless */

size_t nt_fit_n_waiting(const struct nt_fit *f);
/* There is enough to choose from: `buffer` pieces, which are two rows at least. */
bool nt_fit_is_full(const struct nt_fit *f);

/* A piece of 1 to row_len waits, in this slot. */
int nt_fit_add(struct nt_fit *f, uint32_t len, size_t *slot);

/*
 * Takes out the piece that comes next into a row with this much room left, row_len at
 * its beginning. Returns its length, or 0 if none fits: then the row is done. Pieces of
 * one length leave in the order they came in.
 */
uint32_t nt_fit_next(struct nt_fit *f, uint32_t room, size_t *slot);

#endif
