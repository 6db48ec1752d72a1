/* SPDX-License-Identifier: MIT */
#ifndef DATA_IDS_H
#define DATA_IDS_H
/*
 * ids.h - token ids as they are stored: 2 or 4 bytes each, little-endian
 */
#include <stddef.h>
#include <stdint.h>

/* Each returns the largest id it saw (0 for none), for the caller to hold against the
 * vocabulary: one comparison a token, and no branch. */
uint32_t nt_ids_narrow(uint8_t *out, const uint32_t *id, size_t n, size_t width);
uint32_t nt_ids_widen(uint32_t *id, const uint8_t *in, size_t n, size_t width);

#endif
