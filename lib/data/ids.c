/* SPDX-License-Identifier: MIT */
/* ids.c - token ids to bytes and back */
#include "data/ids.h"

#include "base/le.h"

uint32_t nt_ids_narrow(uint8_t *out, const uint32_t *id, size_t n, size_t width)
{
	uint32_t top = 0;
	for (size_t i = 0; i < n; i++) {
		if (width == 2)
			nt_put16(out + 2 * i, (uint16_t)id[i]);
		else
			nt_put32(out + 4 * i, id[i]);
		top = id[i] > top ? id[i] : top;
	}
	return top;
}

uint32_t nt_ids_widen(uint32_t *id, const uint8_t *in, size_t n, size_t width)
{
	uint32_t top = 0;
	for (size_t i = 0; i < n; i++) {
		id[i] = width == 2 ? nt_le16(in + 2 * i) : nt_le32(in + 4 * i);
		top = id[i] > top ? id[i] : top;
	}
	return top;
}
