/* SPDX-License-Identifier: MIT */
/* room.c - several arrays in one mapping; see room.h */
#include "model/room.h"

#include <string.h>
#include <sys/mman.h>

#include "nt/err.h"

/* Their distances from each other, of `memory` if it is there. Returns the total, SIZE_MAX: too much. */
static size_t lay_out(const struct nt_part *part, size_t n_part, uint8_t *memory)
{
	size_t total = 0;
	for (size_t i = 0; i < n_part; i++) {
		uint8_t *at = part[i].n && part[i].each ? memory + total : NULL;
		size_t bytes;
		if (memory)
			memcpy(part[i].to, &at, sizeof(at));
		if (__builtin_mul_overflow(part[i].n, part[i].each, &bytes) ||
		    __builtin_mul_overflow(bytes, part[i].size, &bytes) ||
		    __builtin_add_overflow(total, (bytes + 4095) / 4096 * 4096, &total) || total > SIZE_MAX / 2)
			return SIZE_MAX;
	}
	return total;
}

int nt_room_map(struct nt_room *room, const struct nt_part *part, size_t n_part, bool is_dense)
{
	size_t bytes = lay_out(part, n_part, NULL);
	void *memory = bytes == SIZE_MAX ? MAP_FAILED
					 : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return NT_ESYS;
	if (is_dense)
		madvise(memory, bytes, MADV_HUGEPAGE);
	room->memory = memory;
	room->mapped = bytes;
	lay_out(part, n_part, room->memory);
	return 0;
}

void nt_room_unmap(struct nt_room *room)
{
	if (room->memory)
		munmap(room->memory, room->mapped);
	*room = (struct nt_room){0};
}
