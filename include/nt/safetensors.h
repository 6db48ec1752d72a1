/* SPDX-License-Identifier: MIT */
#ifndef NT_SAFETENSORS_H
#define NT_SAFETENSORS_H
/*
 * nt/safetensors.h - Hugging Face's tensor file
 *
 *	u64 header_len; header_len bytes of JSON; the tensors, one behind the other
 *
 *	{"__metadata__": {"format": "pt"},
 *	 "model.norm.weight": {"dtype": "F32", "shape": [32], "data_offsets": [0, 128]}, ...}
 *
 * The reader trusts nothing: offsets must cover the bytes behind the header without
 * holes or overlaps, lengths must be what dtype and shape make, names must be unique.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/model.h"

enum { NT_SAFETENSOR_DIM_MAX = 8 };

struct nt_safetensor {
	const char *name;
	char dtype[8];       /* "F64", "F32", "F16", "BF16", "I64", ...: as written */
	uint32_t n_dim;
	size_t shape[NT_SAFETENSOR_DIM_MAX];
	size_t n, n_bytes;   /* elements, and their bytes */
	const uint8_t *data; /* [n_bytes], any alignment, in the mapped file */
};

struct nt_safetensors; /* an open file; what it hands out is valid until it is closed */

int nt_safetensors_open(struct nt_safetensors **s, const char *path);
/* The same from bytes that outlive it. */
int nt_safetensors_parse(struct nt_safetensors **s, const void *data, size_t len, const char *name);
void nt_safetensors_close(struct nt_safetensors *s); /* NULL is harmless */

size_t nt_safetensors_count(const struct nt_safetensors *s);
const struct nt_safetensor *nt_safetensors_at(const struct nt_safetensors *s, size_t i); /* as in the file */
const struct nt_safetensor *nt_safetensors_find(const struct nt_safetensors *s, const char *name); /* or NULL */
/* A string of __metadata__, or NULL. */
const char *nt_safetensors_meta(const struct nt_safetensors *s, const char *key);
int nt_safetensors_metadata(const struct nt_safetensors *s, struct nt_buf *json); /* all of it, behind json */

/* Converts F64, F32, F16 or BF16 into out[t->n]; NT_EFORMAT: another dtype. */
int nt_safetensor_real(const struct nt_safetensor *t, nt_real *out);
/* The bits of BF16 into out[t->n]; NT_EFORMAT: another dtype. */
int nt_safetensor_bf16(const struct nt_safetensor *t, uint16_t *out);

/* One tensor to write, of dtype F32 (F64 in the double-precision build), BF16 or F16. */
struct nt_safetensor_source {
	const char *name;
	uint32_t n_dim;
	size_t shape[2];
	const nt_real *data;
	const uint16_t *half; /* in place of data: bf16 ... */
	bool is_f16;          /* ... or f16 */
};

/* Writes a whole file at path, fsynced. */
int nt_safetensors_write(const char *path, const struct nt_safetensor_source *t, size_t n);

#endif
