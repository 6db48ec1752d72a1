/* SPDX-License-Identifier: MIT */
#ifndef NT_GGUF_H
#define NT_GGUF_H
/*
 * nt/gguf.h - llama.cpp's model file: keys with values, and tensors
 *
 *	"GGUF", u32 version; u64 n_tensor, n_key
 *	n_key of      string key, u32 kind, value
 *	n_tensor of   string name, u32 n_dim, u64 dim[n_dim], u32 type, u64 offset
 *	zeros up to a multiple of the alignment (general.alignment, or 32); the tensors
 *
 * All little-endian; a string is a u64 length and its bytes. Dimensions begin with the one whose
 * elements lie side by side. This is the file alone: what the keys and tensors of a model are,
 * nt/model.h and nt/tokenizer.h know.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

enum { NT_GGUF_ALIGN = 32, NT_GGUF_DIM_MAX = 4 };

/* What a value is; the numbers are the format's. */
enum nt_gguf_kind {
	NT_GGUF_U8, NT_GGUF_I8, NT_GGUF_U16, NT_GGUF_I16, NT_GGUF_U32, NT_GGUF_I32, NT_GGUF_F32,
	NT_GGUF_BOOL, NT_GGUF_STRING, NT_GGUF_ARRAY, NT_GGUF_U64, NT_GGUF_I64, NT_GGUF_F64,
	NT_GGUF_KIND_COUNT,
};

/* How a tensor's elements are written; more types can be read about than written. */
enum nt_gguf_type {
	NT_GGML_F32 = 0, NT_GGML_F16 = 1, NT_GGML_Q4_0 = 2, NT_GGML_Q8_0 = 8, NT_GGML_BF16 = 30,
};

/* Elements of a block, which lie side by side, and its bytes. */
struct nt_gguf_block {
	const char *name; /* "Q4_0" */
	uint32_t n, bytes;
};
const struct nt_gguf_block *nt_gguf_block(uint32_t type); /* NULL: a type that is not known here */

/* --- reading: a file is not believed ---------------------------------------------- */

struct nt_gguf_string {
	const char *p; /* [len], no NUL behind it */
	size_t len;
};

struct nt_gguf_value {
	struct nt_gguf_string key;
	enum nt_gguf_kind kind; /* of the value, or of each item of an array */
	bool is_array;
	uint64_t n;             /* items; 1 if it is no array */
	const uint8_t *data;    /* as it lies in the file */
};

struct nt_gguf_tensor {
	struct nt_gguf_string name;
	uint32_t type, n_dim;
	uint64_t dim[NT_GGUF_DIM_MAX]; /* the first is that of a row's elements */
	uint64_t n, n_bytes;           /* elements, and their bytes: 0 of an unknown type */
	uint64_t offset;               /* of data, from where tensors begin */
	const uint8_t *data;           /* [n_bytes] */
};

struct nt_gguf; /* an open file; what it hands out is valid until it is closed */

int nt_gguf_open(struct nt_gguf **g, const char *path);
/* The same from bytes that outlive it. */
int nt_gguf_parse(struct nt_gguf **g, const void *data, size_t len, const char *name);
void nt_gguf_close(struct nt_gguf *g); /* NULL is harmless */

uint32_t nt_gguf_version(const struct nt_gguf *g);
size_t nt_gguf_n_value(const struct nt_gguf *g);
const struct nt_gguf_value *nt_gguf_value(const struct nt_gguf *g, size_t i);
size_t nt_gguf_n_tensor(const struct nt_gguf *g);
const struct nt_gguf_tensor *nt_gguf_tensor(const struct nt_gguf *g, size_t i);

/* Appends what the file holds as a JSON object; of long arrays the beginning. */
int nt_gguf_describe(const struct nt_gguf *g, const char *path, struct nt_buf *json);

/* --- writing ---------------------------------------------------------------------- */

/* Keys and values, as they will lie in the file. Start with {0}. */
struct nt_gguf_keys {
	struct nt_buf bytes;
	uint64_t n;
};
void nt_gguf_keys_release(struct nt_gguf_keys *k); /* harmless twice */
int nt_gguf_add_u32(struct nt_gguf_keys *k, const char *key, uint32_t value);
int nt_gguf_add_f32(struct nt_gguf_keys *k, const char *key, double value);
int nt_gguf_add_bool(struct nt_gguf_keys *k, const char *key, bool value);
int nt_gguf_add_text(struct nt_gguf_keys *k, const char *key, const char *value);
/* An array of n items of kind STRING, I32 or F32, which must follow. */
int nt_gguf_add_array(struct nt_gguf_keys *k, const char *key, enum nt_gguf_kind kind, uint64_t n);
int nt_gguf_item_string(struct nt_gguf_keys *k, const void *bytes, size_t len);
int nt_gguf_item_i32(struct nt_gguf_keys *k, int32_t value);
int nt_gguf_item_f32(struct nt_gguf_keys *k, float value);

/* One tensor to be written. */
struct nt_gguf_source {
	char name[64];
	enum nt_gguf_type type;
	uint32_t n_dim;    /* 1 or 2 */
	size_t shape[2];   /* row-major: the last dimension is that of a row's elements */
};
size_t nt_gguf_row_bytes(const struct nt_gguf_source *t);
size_t nt_gguf_source_bytes(const struct nt_gguf_source *t); /* without what fills it up to ALIGN */

/* Appends all that stands before the tensors, which follow in their order, each filled up to a
 * multiple of NT_GGUF_ALIGN bytes. */
int nt_gguf_head(struct nt_buf *out, const struct nt_gguf_keys *k, const struct nt_gguf_source *t,
		 size_t n);

#endif
