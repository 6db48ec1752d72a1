/* SPDX-License-Identifier: MIT */
/*
 * gguf_write.c - what stands before the tensors of a GGUF file
 *
 * Keys are collected first, by whoever knows them, since their number stands in front.
 */
#include "nt/gguf.h"

#include <string.h>

#include "base/le.h"
#include "nt/err.h"

static int add_u32(struct nt_buf *b, uint32_t v)
{
	uint8_t p[4];
	nt_put32(p, v);
	return nt_buf_add(b, p, sizeof(p));
}

static int add_u64(struct nt_buf *b, uint64_t v)
{
	uint8_t p[8];
	nt_put64(p, v);
	return nt_buf_add(b, p, sizeof(p));
}

static int add_string(struct nt_buf *b, const void *text, size_t len)
{
	int rc = add_u64(b, len);
	return rc < 0 ? rc : nt_buf_add(b, text, len);
}

static int add_key(struct nt_gguf_keys *k, const char *key, enum nt_gguf_kind kind)
{
	int rc = add_string(&k->bytes, key, strlen(key));
	k->n++;
	return rc < 0 ? rc : add_u32(&k->bytes, kind);
}

int nt_gguf_add_u32(struct nt_gguf_keys *k, const char *key, uint32_t value)
{
	int rc = add_key(k, key, NT_GGUF_U32);
	return rc < 0 ? rc : add_u32(&k->bytes, value);
}

int nt_gguf_add_f32(struct nt_gguf_keys *k, const char *key, double value)
{
	int rc = add_key(k, key, NT_GGUF_F32);
	return rc < 0 ? rc : nt_gguf_item_f32(k, (float)value);
}

int nt_gguf_add_bool(struct nt_gguf_keys *k, const char *key, bool value)
{
	int rc = add_key(k, key, NT_GGUF_BOOL);
	return rc < 0 ? rc : nt_buf_add(&k->bytes, &(uint8_t){value}, 1);
}

int nt_gguf_add_text(struct nt_gguf_keys *k, const char *key, const char *value)
{
	int rc = add_key(k, key, NT_GGUF_STRING);
	return rc < 0 ? rc : add_string(&k->bytes, value, strlen(value));
}

int nt_gguf_add_array(struct nt_gguf_keys *k, const char *key, enum nt_gguf_kind kind, uint64_t n)
{
	int rc = add_key(k, key, NT_GGUF_ARRAY);
	if (rc == 0)
		rc = add_u32(&k->bytes, kind);
	return rc < 0 ? rc : add_u64(&k->bytes, n);
}

int nt_gguf_item_string(struct nt_gguf_keys *k, const void *bytes, size_t len)
{
	return add_string(&k->bytes, bytes, len);
}

int nt_gguf_item_i32(struct nt_gguf_keys *k, int32_t value)
{
	return add_u32(&k->bytes, (uint32_t)value);
}

int nt_gguf_item_f32(struct nt_gguf_keys *k, float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof(bits));
	return add_u32(&k->bytes, bits);
}

void nt_gguf_keys_release(struct nt_gguf_keys *k)
{
	nt_buf_release(&k->bytes);
	k->n = 0;
}

size_t nt_gguf_row_bytes(const struct nt_gguf_source *t)
{
	const struct nt_gguf_block *block = nt_gguf_block(t->type);
	size_t n = t->shape[t->n_dim - 1];
	nt_assert(n % block->n == 0);
	return n / block->n * block->bytes;
}

size_t nt_gguf_source_bytes(const struct nt_gguf_source *t)
{
	return nt_gguf_row_bytes(t) * (t->n_dim > 1 ? t->shape[0] : 1);
}

static int add_tensor(struct nt_buf *out, const struct nt_gguf_source *t, uint64_t offset)
{
	int rc = add_string(out, t->name, strlen(t->name));
	if (rc == 0)
		rc = add_u32(out, t->n_dim);
	for (uint32_t i = t->n_dim; rc == 0 && i-- > 0;)
		rc = add_u64(out, t->shape[i]);
	if (rc == 0)
		rc = add_u32(out, t->type);
	return rc < 0 ? rc : add_u64(out, offset);
}

int nt_gguf_head(struct nt_buf *out, const struct nt_gguf_keys *k, const struct nt_gguf_source *t,
		 size_t n)
{
	static const uint8_t zero[NT_GGUF_ALIGN];
	size_t begin = out->len;
	uint64_t offset = 0;
	int rc = nt_buf_add(out, "GGUF\3\0\0\0", 8);
	if (rc == 0)
		rc = add_u64(out, n);
	if (rc == 0)
		rc = add_u64(out, k->n);
	if (rc == 0)
		rc = nt_buf_add(out, k->bytes.data, k->bytes.len);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = add_tensor(out, &t[i], offset);
		offset += (nt_gguf_source_bytes(&t[i]) + NT_GGUF_ALIGN - 1) / NT_GGUF_ALIGN * NT_GGUF_ALIGN;
	}
	return rc < 0 ? rc : nt_buf_add(out, zero, (size_t)-(out->len - begin) % NT_GGUF_ALIGN);
}
