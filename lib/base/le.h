/* SPDX-License-Identifier: MIT */
#ifndef BASE_LE_H
#define BASE_LE_H
/*
 * le.h - little-endian integers in bytes, at any alignment
 *
 * Compilers turn each into one load or store on a little-endian machine.
 */
#include <stdint.h>

static inline uint16_t nt_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t nt_le32(const uint8_t *p)
{
	return (uint32_t)nt_le16(p) | (uint32_t)nt_le16(p + 2) << 16;
}

static inline uint64_t nt_le64(const uint8_t *p)
{
	return (uint64_t)nt_le32(p) | (uint64_t)nt_le32(p + 4) << 32;
}

static inline void nt_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void nt_put32(uint8_t *p, uint32_t v)
{
	nt_put16(p, (uint16_t)v);
	nt_put16(p + 2, (uint16_t)(v >> 16));
}

static inline void nt_put64(uint8_t *p, uint64_t v)
{
	nt_put32(p, (uint32_t)v);
	nt_put32(p + 4, (uint32_t)(v >> 32));
}

#endif
