/* SPDX-License-Identifier: MIT */
#ifndef DATA_SOURCE_H
#define DATA_SOURCE_H
/* source.h - what can be the name of a source: what a log and a terminal can show */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "data/ntd.h"

static inline bool nt_source_is_name(const char *name, size_t len)
{
	uint32_t c;
	for (size_t i = 0, n; i < len; i += n) {
		n = nt_utf8_decode((const uint8_t *)name + i, len - i, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return len >= 1 && len <= NTD_SOURCE;
}

#endif
