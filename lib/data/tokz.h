/* SPDX-License-Identifier: MIT */
#ifndef DATA_TOKZ_H
#define DATA_TOKZ_H
/*
 * tokz.h - the tokenizer that travels inside streams and data files
 *
 * It is a tokenizer.json as one zstd frame; to this room it is only bytes.
 */
#include "nt/ident.h"
#include "nt/mem.h"

int nt_tokz_pack(struct nt_buf *out, const struct nt_ident *ident);

/*
 * Appends the bytes of the one zstd frame in z[len] to out. The size that the frame
 * claims must be known, at most max_bytes, and true. name: whose fault it is.
 */
int nt_zstd_unpack(struct nt_buf *out, const void *z, size_t len, size_t max_bytes,
		   const char *name);

enum { NT_TOKZ_MAX = 1 << 28 }; /* bytes of the largest tokenizer.json that is believed */

/*
 * The fields of an ident as HELLO and the header page hold them, one after the other:
 * u32 vocab_size, bos, eos, pad.
 */
void nt_ident_put(uint8_t at[16], const struct nt_ident *ident);
void nt_ident_get(struct nt_ident *ident, const uint8_t at[16]);

/* NT_EFORMAT with a sentence if the numbers of an ident from outside cannot be. */
int nt_ident_check(const struct nt_ident *ident, uint32_t width, const char *name);

/* "0123456789abcdef": the first 8 bytes of the fingerprint, as people see it. */
void nt_ident_hex(char hex[17], const struct nt_ident *ident);

/* Copies a name of `cap` bytes on disk that may lack its NUL. */
void nt_name_get(char *name, const uint8_t *at, size_t cap);

#endif
