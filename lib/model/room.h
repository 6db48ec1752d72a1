/* SPDX-License-Identifier: MIT */
#ifndef MODEL_ROOM_H
#define MODEL_ROOM_H
/*
 * room.h - several arrays in one mapping
 *
 * All of it is there at once and becomes real page by page, as it is written: room for a long
 * context costs nothing while texts are short.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nt_room {
	uint8_t *memory;
	size_t mapped;
};

/* An array of n elements of a size, times each. */
struct nt_part {
	void *to; /* where its pointer is to be: NULL if there are none */
	size_t n, each, size;
};

/* 0, or NT_ESYS without a sentence. All is 0. is_dense: most of it will be used, so larger pages are welcome. */
int nt_room_map(struct nt_room *room, const struct nt_part *part, size_t n_part, bool is_dense);
void nt_room_unmap(struct nt_room *room); /* of an empty one, too */

#endif
