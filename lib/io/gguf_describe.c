/* SPDX-License-Identifier: MIT */
/*
 * gguf_describe.c - what a GGUF file holds, as a JSON object
 *
 * Values stand as they are; of an array, which may be a vocabulary, the beginning and the length.
 * A dtype that all tensors of more than one dimension share is the file's: norms stay f32 in any.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/gguf.h"

enum { ITEMS_SHOWN = 8 };

static int add_real(struct nt_buf *json, double v, int digits)
{
	/* JSON has no NaN and no infinity */
	return isfinite(v) ? nt_buf_printf(json, "%.*g", digits, v) : nt_buf_printf(json, "null");
}

static int add_number(struct nt_buf *json, enum nt_gguf_kind kind, const uint8_t *p)
{
	uint64_t bits = 0;
	float f;
	double d;
	switch (kind) {
	case NT_GGUF_U8:
		return nt_buf_printf(json, "%u", p[0]);
	case NT_GGUF_I8:
		return nt_buf_printf(json, "%d", (int8_t)p[0]);
	case NT_GGUF_U16:
		return nt_buf_printf(json, "%u", nt_le16(p));
	case NT_GGUF_I16:
		return nt_buf_printf(json, "%d", (int16_t)nt_le16(p));
	case NT_GGUF_U32:
		return nt_buf_printf(json, "%" PRIu32, nt_le32(p));
	case NT_GGUF_I32:
		return nt_buf_printf(json, "%" PRId32, (int32_t)nt_le32(p));
	case NT_GGUF_U64:
		return nt_buf_printf(json, "%" PRIu64, nt_le64(p));
	case NT_GGUF_I64:
		return nt_buf_printf(json, "%" PRId64, (int64_t)nt_le64(p));
	case NT_GGUF_BOOL:
		return nt_buf_printf(json, "%s", p[0] ? "true" : "false");
	case NT_GGUF_F32:
		memcpy(&f, &(uint32_t){nt_le32(p)}, sizeof(f));
		return add_real(json, f, 9);
	default:
		bits = nt_le64(p);
		memcpy(&d, &bits, sizeof(d));
		return add_real(json, d, 17);
	}
}

/* The item at *p, which moves behind it. */
static int add_item(struct nt_buf *json, enum nt_gguf_kind kind, const uint8_t **p)
{
	static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
	if (kind != NT_GGUF_STRING) {
		int rc = add_number(json, kind, *p);
		*p += bytes[kind];
		return rc;
	}
	size_t len = (size_t)nt_le64(*p);
	*p += 8 + len;
	return nt_json_string(json, *p - len, len);
}

static int add_value(struct nt_buf *json, const struct nt_gguf_value *v)
{
	const uint8_t *p = v->data;
	if (!v->is_array)
		return add_item(json, v->kind, &p);
	uint64_t n = v->n < ITEMS_SHOWN ? v->n : ITEMS_SHOWN;
	int rc = n < v->n ? nt_buf_printf(json, "{\"items\": %" PRIu64 ", \"first\": [", v->n)
			  : nt_buf_printf(json, "[");
	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		rc = nt_buf_printf(json, i ? ", " : "");
		if (rc == 0)
			rc = add_item(json, v->kind, &p);
	}
	return rc < 0 ? rc : nt_buf_printf(json, n < v->n ? "]}" : "]");
}

static int add_metadata(struct nt_buf *json, const struct nt_gguf *g)
{
	int rc = nt_buf_printf(json, ", \"metadata\": {");
	for (size_t i = 0; rc == 0 && i < nt_gguf_n_value(g); i++) {
		const struct nt_gguf_value *v = nt_gguf_value(g, i);
		rc = nt_buf_printf(json, i ? ", " : "");
		if (rc == 0)
			rc = nt_json_string(json, v->key.p, v->key.len);
		if (rc == 0)
			rc = nt_buf_printf(json, ": ");
		if (rc == 0)
			rc = add_value(json, v);
	}
	return rc < 0 ? rc : nt_buf_printf(json, "}");
}

static void type_name(char name[16], uint32_t type)
{
	const struct nt_gguf_block *block = nt_gguf_block(type);
	if (block)
		snprintf(name, 16, "%s", block->name);
	else
		snprintf(name, 16, "%u", type);
}

/* Shapes are written as safetensors has them, the dimension of a row's elements last. */
static int add_tensor(struct nt_buf *json, const struct nt_gguf_tensor *t)
{
	char dtype[16];
	type_name(dtype, t->type);
	int rc = nt_buf_printf(json, "{\"name\": ");
	if (rc == 0)
		rc = nt_json_string(json, t->name.p, t->name.len);
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"dtype\": \"%s\", \"shape\": [", dtype);
	for (uint32_t i = t->n_dim; rc == 0 && i-- > 0;)
		rc = nt_buf_printf(json, "%" PRIu64 "%s", t->dim[i], i ? ", " : "");
	return rc < 0 ? rc : nt_buf_printf(json, "], \"bytes\": %" PRIu64 "}", t->n_bytes);
}

static int add_sums(struct nt_buf *json, const struct nt_gguf *g)
{
	uint64_t parameters = 0, bytes = 0;
	char dtype[16] = "", one[16];
	for (size_t i = 0; i < nt_gguf_n_tensor(g); i++) {
		const struct nt_gguf_tensor *t = nt_gguf_tensor(g, i);
		parameters += t->n;
		bytes += t->n_bytes;
		if (t->n_dim < 2)
			continue;
		type_name(one, t->type);
		bool differs = *dtype && strcmp(dtype, one) != 0;
		snprintf(dtype, sizeof(dtype), "%s", differs ? "mixed" : one);
	}
	return nt_buf_printf(json, ", \"kind\": \"tensors\", \"format\": \"GGUF %u\", \"tensors\": %zu, "
			     "\"parameters\": %" PRIu64 ", \"dtype\": \"%s\", \"tensor_bytes\": %" PRIu64,
			     nt_gguf_version(g), nt_gguf_n_tensor(g), parameters, dtype, bytes);
}

int nt_gguf_describe(const struct nt_gguf *g, const char *path, struct nt_buf *json)
{
	int rc = nt_buf_printf(json, "{\"file\": ");
	if (rc == 0)
		rc = nt_json_string(json, path, strlen(path));
	if (rc == 0)
		rc = add_sums(json, g);
	if (rc == 0)
		rc = add_metadata(json, g);
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"list\": [");
	for (size_t i = 0; rc == 0 && i < nt_gguf_n_tensor(g); i++) {
		rc = nt_buf_printf(json, i ? ", " : "");
		if (rc == 0)
			rc = add_tensor(json, nt_gguf_tensor(g, i));
	}
	return rc < 0 ? rc : nt_buf_printf(json, "]}");
}
