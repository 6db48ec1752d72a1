/* SPDX-License-Identifier: MIT */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H
/*
 * weights.h - the tensors of a model, from one file or from several
 *
 *	model.safetensors, or
 *	model.safetensors.index.json  {"metadata": {...}, "weight_map": {"model.norm.weight":
 *	                               "model-00002-of-00002.safetensors", ...}}
 *
 * An index is not believed: its files must lie beside it, each tensor where it says and
 * nowhere else, and no file may hold one that it does not list.
 */
#include "nt/mem.h"
#include "nt/safetensors.h"

struct nt_weights; /* what it hands out is valid until it is closed */

/* A folder, or a .safetensors file. */
int nt_weights_open(struct nt_weights **w, const char *path);
void nt_weights_close(struct nt_weights *w); /* NULL is harmless */

size_t nt_weights_count(const struct nt_weights *w);
const struct nt_safetensor *nt_weights_at(const struct nt_weights *w, size_t i); /* by name */
const struct nt_safetensor *nt_weights_find(const struct nt_weights *w, const char *name); /* or NULL */
size_t nt_weights_n_file(const struct nt_weights *w);

/* An index as it is written: which file each tensor is said to lie in. */
struct nt_index_entry {
	const char *name, *file; /* in the text that the index keeps */
};
struct nt_index {
	struct nt_index_entry *entry; /* [n], by name */
	size_t n, cap;
	char *text;
};
/* where: what messages call it. NT_EFORMAT: it is no index, names a tensor twice, or a file that is
 * not beside it. */
int nt_index_parse(struct nt_index *x, const void *json, size_t len, const char *where);
void nt_index_release(struct nt_index *x);

#endif
