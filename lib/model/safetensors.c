/* SPDX-License-Identifier: MIT */
/*
 * safetensors.c - tensor files, read with suspicion and written plainly
 *
 * json-c parses the header; what JSON cannot say is checked here: that dtype, shape and
 * offsets agree, and that the tensors, sorted by place, tile the data exactly. json-c
 * keeps the last of two equal keys without a word, so the members are counted in the
 * text as well. Data stays in the mapped file until it is converted.
 */
#include "nt/safetensors.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/le.h"
#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"

enum { HEADER_MAX = 100000000 }; /* bytes; the limit of the owner's library */

struct nt_safetensors {
	struct nt_map map;
	struct json_object *header;
	struct json_object *meta; /* in header; or NULL */
	struct nt_safetensor *tensor; /* [n], by place */
	size_t n;
};

static const struct {
	const char *name;
	size_t bytes;
} dtypes[] = {
	{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}, {"I32", 4}, {"I16", 2},
	{"I8", 1},  {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},  {"BOOL", 1},
};

static size_t dtype_bytes(const char *name)
{
	for (size_t i = 0; i < sizeof(dtypes) / sizeof(*dtypes); i++)
		if (strcmp(name, dtypes[i].name) == 0)
			return dtypes[i].bytes;
	return 0;
}

/* Members of the outermost object of well-formed JSON: its colons outside strings. */
static size_t count_members(const char *p, size_t len)
{
	size_t n = 0, depth = 0;
	bool in_string = false;
	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (p[i] == '\\')
				i++;
			else if (p[i] == '"')
				in_string = false;
		} else if (p[i] == '"') {
			in_string = true;
		} else if (p[i] == '{' || p[i] == '[') {
			depth++;
		} else if (p[i] == '}' || p[i] == ']') {
			depth--;
		} else if (p[i] == ':' && depth == 1) {
			n++;
		}
	}
	return n;
}

/* A list of at most max sizes; the number of them, or -1. */
static int sizes(struct json_object *a, size_t *out, size_t max)
{
	if (!a || !json_object_is_type(a, json_type_array) || json_object_array_length(a) > max)
		return -1;
	size_t n = json_object_array_length(a);
	for (size_t i = 0; i < n; i++) {
		struct json_object *v = json_object_array_get_idx(a, i);
		int64_t size = json_object_get_int64(v);
		if (!json_object_is_type(v, json_type_int) || size < 0)
			return -1;
		out[i] = (size_t)size;
	}
	return (int)n;
}

static int read_entry(struct nt_safetensor *t, const char *file, const char *name,
		      struct json_object *o, const uint8_t *data, size_t data_len)
{
	if (!json_object_is_type(o, json_type_object))
		return nt_fail(NT_EFORMAT, "%s: '%.80s': not an object", file, name);
	struct json_object *d = json_object_object_get(o, "dtype");
	const char *dtype = d && json_object_is_type(d, json_type_string) ? json_object_get_string(d) : "";
	size_t width = dtype_bytes(dtype), offset[2];
	if (!width)
		return nt_fail(NT_EFORMAT, "%s: '%.80s': unknown dtype '%.20s'", file, name, dtype);
	int n_dim = sizes(json_object_object_get(o, "shape"), t->shape, NT_SAFETENSOR_DIM_MAX);
	if (n_dim < 0)
		return nt_fail(NT_EFORMAT, "%s: '%.80s': bad shape", file, name);
	if (sizes(json_object_object_get(o, "data_offsets"), offset, 2) != 2 || offset[0] > offset[1] ||
	    offset[1] > data_len)
		return nt_fail(NT_EFORMAT, "%s: '%.80s': offsets outside the data, which is %s", file, name,
			       nt_counted(data_len, "byte"));
	t->name = name;
	snprintf(t->dtype, sizeof(t->dtype), "%s", dtype);
	t->n_dim = (uint32_t)n_dim;
	t->n = 1;
	for (int i = 0; i < n_dim; i++)
		if (__builtin_mul_overflow(t->n, t->shape[i], &t->n))
			return nt_fail(NT_EFORMAT, "%s: '%.80s': shape too large", file, name);
	t->data = data + offset[0];
	t->n_bytes = offset[1] - offset[0];
	if (t->n > SIZE_MAX / width || t->n * width != t->n_bytes)
		return nt_fail(NT_EFORMAT, "%s: '%.80s': its shape in %s does not take %s", file, name,
			       dtype, nt_counted(t->n_bytes, "byte"));
	return 0;
}

/* Empty tensors come before the one that begins where they stand. */
static int by_place(const void *a, const void *b)
{
	const struct nt_safetensor *x = a, *y = b;
	if (x->data != y->data)
		return x->data < y->data ? -1 : 1;
	return (x->n_bytes > y->n_bytes) - (x->n_bytes < y->n_bytes);
}

static int check_tiling(const struct nt_safetensors *s, const char *file, const uint8_t *data,
			size_t data_len)
{
	const uint8_t *at = data;
	for (size_t i = 0; i < s->n; at += s->tensor[i++].n_bytes)
		if (s->tensor[i].data != at)
			return nt_fail(NT_EFORMAT, "%s: '%.80s' begins at byte %zu of the data, not %zu", file,
				       s->tensor[i].name, (size_t)(s->tensor[i].data - data),
				       (size_t)(at - data));
	if (at != data + data_len)
		return nt_fail(NT_EFORMAT, "%s: %s of data, but the tensors end at %zu", file,
			       nt_counted(data_len, "byte"), (size_t)(at - data));
	return 0;
}

static int read_entries(struct nt_safetensors *s, const char *file, const uint8_t *data,
			size_t data_len)
{
	size_t n_member = (size_t)json_object_object_length(s->header);
	if (!(s->tensor = nt_calloc(n_member, sizeof(*s->tensor))))
		return NT_ESYS;
	json_object_object_foreach(s->header, name, v) {
		if (strcmp(name, "__metadata__") == 0) {
			if (!json_object_is_type(v, json_type_object))
				return nt_fail(NT_EFORMAT, "%s: '__metadata__' is not an object", file);
			s->meta = v;
			continue;
		}
		int rc = read_entry(&s->tensor[s->n], file, name, v, data, data_len);
		if (rc < 0)
			return rc;
		s->n++;
	}
	qsort(s->tensor, s->n, sizeof(*s->tensor), by_place);
	return check_tiling(s, file, data, data_len);
}

static int read_header(struct nt_safetensors *s, const char *file, const char *text, size_t len)
{
	int rc = nt_json_tree(&s->header, text, len);
	if (rc < 0)
		return nt_fail(rc, "%s: header: %s", file, nt_errmsg());
	if (count_members(text, len) != (size_t)json_object_object_length(s->header))
		return nt_fail(NT_EFORMAT, "%s: header: two tensors have the same name", file);
	return 0;
}

int nt_safetensors_parse(struct nt_safetensors **result, const void *bytes, size_t len,
			 const char *file)
{
	const uint8_t *p = bytes;
	*result = NULL;
	if (len < 8)
		return nt_fail(NT_EFORMAT, "%s: not a safetensors file: %s in all", file, nt_counted(len, "byte"));
	uint64_t header_len = nt_le64(p);
	if (header_len < 2 || header_len > HEADER_MAX || (len > 8 && p[8] != '{'))
		return nt_fail(NT_EFORMAT, "%s: not a safetensors file", file);
	if (header_len > len - 8)
		return nt_fail(NT_EFORMAT, "%s: cut: a header of %llu bytes in a file of %zu", file,
			       (unsigned long long)header_len, len);
	size_t text_len = (size_t)header_len;
	while (text_len && p[8 + text_len - 1] == ' ')
		text_len--;
	struct nt_safetensors *s = nt_calloc(1, sizeof(*s));
	if (!s)
		return NT_ESYS;
	int rc = read_header(s, file, (const char *)p + 8, text_len);
	if (rc == 0)
		rc = read_entries(s, file, p + 8 + header_len, len - 8 - (size_t)header_len);
	if (rc < 0) {
		nt_safetensors_close(s);
		return rc;
	}
	*result = s;
	return 0;
}

int nt_safetensors_open(struct nt_safetensors **s, const char *path)
{
	struct nt_map map;
	*s = NULL;
	int rc = nt_map_open(&map, path);
	if (rc < 0)
		return rc;
	rc = nt_safetensors_parse(s, map.data ? map.data : (const uint8_t *)"", map.len, path);
	if (rc < 0)
		nt_map_close(&map);
	else
		(*s)->map = map;
	return rc;
}

void nt_safetensors_close(struct nt_safetensors *s)
{
	if (!s)
		return;
	json_object_put(s->header);
	nt_map_close(&s->map);
	free(s->tensor);
	free(s);
}

size_t nt_safetensors_count(const struct nt_safetensors *s)
{
	return s->n;
}

const struct nt_safetensor *nt_safetensors_at(const struct nt_safetensors *s, size_t i)
{
	return &s->tensor[i];
}

const struct nt_safetensor *nt_safetensors_find(const struct nt_safetensors *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->tensor[i].name, name) == 0)
			return &s->tensor[i];
	return NULL;
}

const char *nt_safetensors_meta(const struct nt_safetensors *s, const char *key)
{
	struct json_object *v = s->meta ? json_object_object_get(s->meta, key) : NULL;
	return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

int nt_safetensors_metadata(const struct nt_safetensors *s, struct nt_buf *json)
{
	return s->meta ? nt_json_write(json, s->meta) : nt_buf_printf(json, "{}");
}

static double from_f64(const uint8_t *p)
{
	uint64_t bits = nt_le64(p);
	double d;
	memcpy(&d, &bits, sizeof(d));
	return d;
}

int nt_safetensor_real(const struct nt_safetensor *t, nt_real *out)
{
	const uint8_t *p = t->data;
	if (strcmp(t->dtype, "F32") == 0)
		for (size_t i = 0; i < t->n; i++)
			out[i] = nt_from_bits(nt_le32(p + 4 * i));
	else if (strcmp(t->dtype, "F64") == 0)
		for (size_t i = 0; i < t->n; i++)
			out[i] = (nt_real)from_f64(p + 8 * i);
	else if (strcmp(t->dtype, "BF16") == 0)
		for (size_t i = 0; i < t->n; i++)
			out[i] = nt_from_bf16(nt_le16(p + 2 * i));
	else if (strcmp(t->dtype, "F16") == 0)
		for (size_t i = 0; i < t->n; i++)
			out[i] = nt_from_f16(nt_le16(p + 2 * i));
	else
		return nt_fail(NT_EFORMAT, "'%.80s': %s is no floating-point dtype that can be read", t->name,
			       t->dtype);
	return 0;
}

int nt_safetensor_bf16(const struct nt_safetensor *t, uint16_t *out)
{
	if (strcmp(t->dtype, "BF16") != 0)
		return nt_fail(NT_EFORMAT, "'%.80s': it is %s, and BF16 was expected", t->name, t->dtype);
	for (size_t i = 0; i < t->n; i++)
		out[i] = nt_le16(t->data + 2 * i);
	return 0;
}

static size_t source_n(const struct nt_safetensor_source *t)
{
	return t->shape[0] * (t->n_dim > 1 ? t->shape[1] : 1);
}

static size_t source_bytes(const struct nt_safetensor_source *t)
{
	return source_n(t) * (t->half ? sizeof(*t->half) : sizeof(*t->data));
}

static const char *dtype_name(const struct nt_safetensor_source *t)
{
	if (t->half)
		return t->is_f16 ? "F16" : "BF16";
	return sizeof(*t->data) == 8 ? "F64" : "F32";
}

/* Several readers refuse a file that does not say "pt". */
static int make_header(struct nt_buf *b, const struct nt_safetensor_source *t, size_t n)
{
	size_t at = 0;
	int rc = nt_buf_printf(b, "{\"__metadata__\":{\"format\":\"pt\"}");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		size_t end = at + source_bytes(&t[i]);
		rc = nt_buf_printf(b, ",");
		if (rc == 0)
			rc = nt_json_string(b, t[i].name, strlen(t[i].name));
		if (rc == 0)
			rc = nt_buf_printf(b, ":{\"dtype\":\"%s\",\"shape\":[%zu",
					   dtype_name(&t[i]),
					   t[i].shape[0]);
		if (rc == 0 && t[i].n_dim > 1)
			rc = nt_buf_printf(b, ",%zu", t[i].shape[1]);
		if (rc == 0)
			rc = nt_buf_printf(b, "],\"data_offsets\":[%zu,%zu]}", at, end);
		at = end;
	}
	if (rc == 0)
		rc = nt_buf_printf(b, "}");
	while (rc == 0 && b->len % 8) /* so that the data is aligned where the file is mapped */
		rc = nt_buf_printf(b, " ");
	return rc;
}

static int write_data(struct nt_out *out, const struct nt_safetensor_source *t)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return nt_out_write(out, t->half ? (const void *)t->half : t->data, source_bytes(t));
#else
#error "nt stores numbers little-endian and is not ported to big-endian machines"
#endif
}

int nt_safetensors_write(const char *path, const struct nt_safetensor_source *t, size_t n)
{
	struct nt_buf header = {0};
	struct nt_out *out = NULL;
	int rc = make_header(&header, t, n);
	if (rc == 0)
		rc = nt_out_open(&out, path, NT_OUT_BINARY);
	if (rc < 0)
		goto out;
	uint8_t len[8];
	nt_put64(len, header.len);
	rc = nt_out_write(out, len, sizeof(len));
	if (rc == 0)
		rc = nt_out_write(out, header.data, header.len);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = write_data(out, &t[i]);
	if (rc < 0)
		nt_out_discard(out);
	else
		rc = nt_out_close(out);
out:
	nt_buf_release(&header);
	return rc;
}
