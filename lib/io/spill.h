/* SPDX-License-Identifier: MIT */
#ifndef IO_SPILL_H
#define IO_SPILL_H
/*
 * spill.h - a temporary file without a name: appended to, then read from its start or at
 * any place, or mapped
 *
 * No name means nothing to clean up, even after kill -9.
 */
#include <stdint.h>

#include "nt/file.h"
#include "nt/mem.h"

struct nt_spill {
	int fd;
	uint64_t bytes;       /* appended, the buffered ones included */
	size_t buffer_bytes;
	struct nt_buf buffer; /* of buffer_bytes: what is not written yet; once it is rewound, what was read ahead ... */
	size_t pos;           /* ... and is not asked for yet from here on */
};

int nt_spill_open(struct nt_spill *s, const char *folder, size_t buffer_bytes);
int nt_spill_add(struct nt_spill *s, const void *data, size_t len);
/* Writes what is left and frees the buffer. From then on it is read, and not at any place. */
int nt_spill_rewind(struct nt_spill *s);
int nt_spill_read(struct nt_spill *s, void *data, size_t len); /* exactly len bytes */
/* Exactly len bytes from `at` on, of all that was appended, while more is being appended. */
int nt_spill_read_at(const struct nt_spill *s, uint64_t at, void *data, size_t len);
int nt_spill_map(struct nt_spill *s, struct nt_map *m); /* all of it, until nt_map_close */
void nt_spill_close(struct nt_spill *s); /* harmless on one never opened: fd -1 */

#endif
