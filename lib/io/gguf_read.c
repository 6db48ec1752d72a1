/* SPDX-License-Identifier: MIT */
/*
 * gguf_read.c - a GGUF file, looked at with suspicion
 *
 * One walk over keys and tensors, in which no length is believed before the bytes are known to be
 * there: so a number of keys that the file has no room for costs nothing. Tensors must begin at
 * multiples of the alignment, end inside the file, and have names of their own, as keys must.
 */
#include "nt/gguf.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/file.h"

struct nt_gguf {
	struct nt_map map;
	uint32_t version;
	struct nt_gguf_value *value; /* [n_value] */
	size_t n_value, cap_value;
	struct nt_gguf_tensor *tensor; /* [n_tensor] */
	size_t n_tensor, cap_tensor;
};

const struct nt_gguf_block *nt_gguf_block(uint32_t type)
{
	static const struct nt_gguf_block block[] = {
		[0] = {"F32", 1, 4}, [1] = {"F16", 1, 2}, [2] = {"Q4_0", 32, 18}, [3] = {"Q4_1", 32, 20},
		[6] = {"Q5_0", 32, 22}, [7] = {"Q5_1", 32, 24}, [8] = {"Q8_0", 32, 34}, [9] = {"Q8_1", 32, 36},
		[10] = {"Q2_K", 256, 84}, [11] = {"Q3_K", 256, 110}, [12] = {"Q4_K", 256, 144},
		[13] = {"Q5_K", 256, 176}, [14] = {"Q6_K", 256, 210}, [15] = {"Q8_K", 256, 292},
		[16] = {"IQ2_XXS", 256, 66}, [17] = {"IQ2_XS", 256, 74}, [18] = {"IQ3_XXS", 256, 98},
		[19] = {"IQ1_S", 256, 50}, [20] = {"IQ4_NL", 32, 18}, [21] = {"IQ3_S", 256, 110},
		[22] = {"IQ2_S", 256, 82}, [23] = {"IQ4_XS", 256, 136}, [24] = {"I8", 1, 1}, [25] = {"I16", 1, 2},
		[26] = {"I32", 1, 4}, [27] = {"I64", 1, 8}, [28] = {"F64", 1, 8}, [29] = {"IQ1_M", 256, 56},
		[30] = {"BF16", 1, 2}, [34] = {"TQ1_0", 256, 54}, [35] = {"TQ2_0", 256, 66}, [39] = {"MXFP4", 32, 17},
		[40] = {"NVFP4", 64, 36}, [41] = {"Q1_0", 128, 18}, [42] = {"Q2_0", 64, 18},
	};
	return type < sizeof(block) / sizeof(*block) && block[type].name ? &block[type] : NULL;
}

/* Where reading stands. */
struct walk {
	const uint8_t *p, *end, *begin;
	const char *file;
};

/* The next n bytes, or NULL with a sentence. */
static const uint8_t *take(struct walk *w, uint64_t n)
{
	const uint8_t *p = w->p;
	if (n > (uint64_t)(w->end - p)) {
		nt_fail(NT_EFORMAT, "%s: cut, or no GGUF file: byte %zu promises %s behind it, and here are %zu", w->file,
			(size_t)(p - w->begin), nt_counted(n, "byte"), (size_t)(w->end - p));
		return NULL;
	}
	w->p += n;
	return p;
}

static int take_u32(struct walk *w, uint32_t *v)
{
	const uint8_t *p = take(w, 4);
	*v = p ? nt_le32(p) : 0;
	return p ? 0 : NT_EFORMAT;
}

static int take_u64(struct walk *w, uint64_t *v)
{
	const uint8_t *p = take(w, 8);
	*v = p ? nt_le64(p) : 0;
	return p ? 0 : NT_EFORMAT;
}

static int take_string(struct walk *w, struct nt_gguf_string *s)
{
	uint64_t len;
	int rc = take_u64(w, &len);
	if (rc == 0 && !(s->p = (const char *)take(w, len)))
		rc = NT_EFORMAT;
	s->len = (size_t)len;
	return rc;
}

/* --- keys ------------------------------------------------------------------------------ */

static size_t kind_bytes(uint32_t kind)
{
	static const uint8_t bytes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
	return kind < sizeof(bytes) ? bytes[kind] : 0;
}

/* Neither a number nor text. */
static int refuse_kind(const struct walk *w, const struct nt_gguf_value *v, uint32_t kind)
{
	int len = v->key.len < 80 ? (int)v->key.len : 80;
	if (kind == NT_GGUF_ARRAY)
		return nt_fail(NT_EFORMAT, "%s: '%.*s' is an array of arrays: one of numbers or texts is expected",
			       w->file, len, v->key.p);
	return nt_fail(NT_EFORMAT, "%s: '%.*s' is %sof kind %" PRIu32 ", and GGUF has those from 0 to %d", w->file,
		       len, v->key.p, v->is_array ? "an array " : "", kind, NT_GGUF_KIND_COUNT - 1);
}

static int take_items(struct walk *w, const struct nt_gguf_value *v, uint32_t kind)
{
	struct nt_gguf_string item;
	uint64_t bytes;
	int rc = 0;
	if (v->kind == NT_GGUF_STRING) {
		for (uint64_t i = 0; rc == 0 && i < v->n; i++)
			rc = take_string(w, &item);
		return rc;
	}
	if (!kind_bytes(v->kind))
		return refuse_kind(w, v, kind);
	if (__builtin_mul_overflow(v->n, (uint64_t)kind_bytes(v->kind), &bytes))
		bytes = UINT64_MAX;
	return take(w, bytes) ? 0 : NT_EFORMAT;
}

static int take_value(struct walk *w, struct nt_gguf_value *v)
{
	uint32_t kind = 0;
	int rc = take_string(w, &v->key);
	if (rc == 0)
		rc = take_u32(w, &kind);
	if (rc == 0 && kind == NT_GGUF_ARRAY) {
		v->is_array = true;
		rc = take_u32(w, &kind);
		if (rc == 0)
			rc = take_u64(w, &v->n);
	} else {
		v->n = 1;
	}
	if (rc < 0)
		return rc;
	v->kind = kind < NT_GGUF_KIND_COUNT ? (enum nt_gguf_kind)kind : NT_GGUF_KIND_COUNT;
	v->data = w->p;
	return take_items(w, v, kind);
}

static int take_values(struct nt_gguf *g, struct walk *w, uint64_t n)
{
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		struct nt_gguf_value v = {0};
		rc = take_value(w, &v);
		if (rc == 0)
			rc = nt_grow(&g->value, &g->cap_value, g->n_value + 1, sizeof(v));
		if (rc == 0)
			g->value[g->n_value++] = v;
	}
	return rc;
}

/* --- tensors --------------------------------------------------------------------------- */

static int size_of(struct nt_gguf_tensor *t, const char *file)
{
	const struct nt_gguf_block *block = nt_gguf_block(t->type);
	bool fits = true;
	t->n = 1;
	for (uint32_t i = 0; i < t->n_dim; i++)
		fits &= !__builtin_mul_overflow(t->n, t->dim[i], &t->n);
	if (fits && block)
		fits = t->dim[0] % block->n == 0 && !__builtin_mul_overflow(t->n / block->n, block->bytes, &t->n_bytes);
	if (fits)
		return 0;
	return nt_fail(NT_EFORMAT, "%s: '%.*s': its dimensions are too large, or no whole blocks of its type", file,
		       t->name.len < 80 ? (int)t->name.len : 80, t->name.p);
}

static int take_tensor(struct walk *w, struct nt_gguf_tensor *t)
{
	int rc = take_string(w, &t->name);
	if (rc == 0)
		rc = take_u32(w, &t->n_dim);
	if (rc == 0 && t->n_dim > NT_GGUF_DIM_MAX)
		return nt_fail(NT_EFORMAT, "%s: a tensor of %u dimensions; %d are the most", w->file, t->n_dim,
			       NT_GGUF_DIM_MAX);
	t->dim[0] = 1;
	for (uint32_t i = 0; rc == 0 && i < t->n_dim; i++)
		rc = take_u64(w, &t->dim[i]);
	if (rc == 0)
		rc = take_u32(w, &t->type);
	if (rc == 0)
		rc = take_u64(w, &t->offset);
	return rc < 0 ? rc : size_of(t, w->file);
}

static int take_tensors(struct nt_gguf *g, struct walk *w, uint64_t n)
{
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		struct nt_gguf_tensor t = {0};
		rc = take_tensor(w, &t);
		if (rc == 0)
			rc = nt_grow(&g->tensor, &g->cap_tensor, g->n_tensor + 1, sizeof(t));
		if (rc == 0)
			g->tensor[g->n_tensor++] = t;
	}
	return rc;
}

static int find_alignment(const struct nt_gguf *g, const char *file, uint32_t *align)
{
	static const char key[] = "general.alignment";
	*align = NT_GGUF_ALIGN;
	for (size_t i = 0; i < g->n_value; i++) {
		const struct nt_gguf_value *v = &g->value[i];
		if (v->key.len != sizeof(key) - 1 || memcmp(v->key.p, key, v->key.len) != 0)
			continue;
		*align = v->kind == NT_GGUF_U32 && !v->is_array ? nt_le32(v->data) : 0;
		if (*align == 0 || *align & (*align - 1))
			return nt_fail(NT_EFORMAT, "%s: '%s' is no power of two", file, key);
	}
	return 0;
}

/* Tensors begin where the walk ended, at the next multiple of the alignment. */
static int place_tensors(struct nt_gguf *g, const struct walk *w)
{
	uint32_t align;
	int rc = find_alignment(g, w->file, &align);
	if (rc < 0 || g->n_tensor == 0)
		return rc;
	uint64_t head = (uint64_t)(w->p - w->begin), size = (uint64_t)(w->end - w->begin);
	head = (head + align - 1) / align * align;
	for (size_t i = 0; i < g->n_tensor; i++) {
		struct nt_gguf_tensor *t = &g->tensor[i];
		bool is_inside = head <= size && t->offset <= size - head && t->n_bytes <= size - head - t->offset;
		if (!is_inside || t->offset % align)
			return nt_fail(NT_EFORMAT, "%s: cut, or damaged: '%.*s' of %llu bytes lies at byte %llu of %llu", w->file,
				       t->name.len < 80 ? (int)t->name.len : 80, t->name.p,
				       (unsigned long long)t->n_bytes, (unsigned long long)(head + t->offset),
				       (unsigned long long)size);
		t->data = w->begin + head + t->offset;
	}
	return 0;
}

/* --- all of it ------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	const struct nt_gguf_string *x = a, *y = b;
	int order = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* No two of the names are the same; sorts them. */
static int check_unique(struct nt_gguf_string *name, size_t n, const char *file)
{
	qsort(name, n, sizeof(*name), by_text);
	for (size_t i = 1; i < n; i++)
		if (by_text(&name[i - 1], &name[i]) == 0)
			return nt_fail(NT_EFORMAT, "%s: '%.*s' stands in it twice", file,
				       name[i].len < 80 ? (int)name[i].len : 80, name[i].p);
	return 0;
}

static int check_names(const struct nt_gguf *g, const char *file)
{
	size_t most = g->n_value > g->n_tensor ? g->n_value : g->n_tensor;
	struct nt_gguf_string *name = nt_alloc(most, sizeof(*name));
	if (!name)
		return NT_ESYS;
	for (size_t i = 0; i < g->n_value; i++)
		name[i] = g->value[i].key;
	int rc = check_unique(name, g->n_value, file);
	for (size_t i = 0; i < g->n_tensor; i++)
		name[i] = g->tensor[i].name;
	if (rc == 0)
		rc = check_unique(name, g->n_tensor, file);
	free(name);
	return rc;
}

static int read_all(struct nt_gguf *g, struct walk *w)
{
	uint64_t n_tensor, n_value;
	if (w->end - w->p < 4 || memcmp(w->p, "GGUF", 4) != 0)
		return nt_fail(NT_EFORMAT, "%s: not a GGUF file: its first 4 bytes are another format's", w->file);
	w->p += 4;
	int rc = take_u32(w, &g->version);
	if (rc == 0 && g->version != 2 && g->version != 3)
		return nt_fail(NT_EFORMAT, "%s: GGUF of version %u; versions 2 and 3 can be read", w->file, g->version);
	if (rc == 0)
		rc = take_u64(w, &n_tensor);
	if (rc == 0)
		rc = take_u64(w, &n_value);
	if (rc == 0)
		rc = take_values(g, w, n_value);
	if (rc == 0)
		rc = take_tensors(g, w, n_tensor);
	if (rc == 0)
		rc = place_tensors(g, w);
	return rc < 0 ? rc : check_names(g, w->file);
}

int nt_gguf_parse(struct nt_gguf **result, const void *data, size_t len, const char *name)
{
	const uint8_t *p = data;
	struct nt_gguf *g = nt_calloc(1, sizeof(*g));
	if (!(*result = g))
		return NT_ESYS;
	int rc = read_all(g, &(struct walk){p, p + len, p, name});
	if (rc < 0) {
		nt_gguf_close(g);
		*result = NULL;
	}
	return rc;
}

int nt_gguf_open(struct nt_gguf **g, const char *path)
{
	struct nt_map map;
	*g = NULL;
	int rc = nt_map_open(&map, path);
	if (rc < 0)
		return rc;
	rc = nt_gguf_parse(g, map.data ? map.data : (const uint8_t *)"", map.len, path);
	if (rc < 0)
		nt_map_close(&map);
	else
		(*g)->map = map;
	return rc;
}

void nt_gguf_close(struct nt_gguf *g)
{
	if (!g)
		return;
	nt_map_close(&g->map);
	free(g->value);
	free(g->tensor);
	free(g);
}

uint32_t nt_gguf_version(const struct nt_gguf *g)
{
	return g->version;
}

size_t nt_gguf_n_value(const struct nt_gguf *g)
{
	return g->n_value;
}

const struct nt_gguf_value *nt_gguf_value(const struct nt_gguf *g, size_t i)
{
	return &g->value[i];
}

size_t nt_gguf_n_tensor(const struct nt_gguf *g)
{
	return g->n_tensor;
}

const struct nt_gguf_tensor *nt_gguf_tensor(const struct nt_gguf *g, size_t i)
{
	return &g->tensor[i];
}
