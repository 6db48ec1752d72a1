/* SPDX-License-Identifier: MIT */
/*
 * weights.c - the tensors of a model, from one file or from several
 *
 * The tensors of all files are sorted by name, and so is the index: one walk along both tells
 * what is missing, what lies elsewhere, and what nobody listed. A name of two tensors, in two
 * files or twice in the index, is refused: which of them would be the weight?
 */
#include "model/weights.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"

/* --- the index ------------------------------------------------------------------------- */

/* Strings of an index, one behind the other. They and their NULs take no more than they took in
 * JSON, quotes included. */
struct strings {
	char *end;
};

static const char *keep(struct strings *to, const struct nt_json_text *s)
{
	char *at = to->end;
	memcpy(at, s->p, s->len);
	at[s->len] = '\0';
	to->end += s->len + 1;
	return at;
}

/* A file beside the index, by a name that cannot lead anywhere else. */
static bool is_beside(const struct nt_json_text *s)
{
	return s->len > 0 && s->p[0] != '.' && !memchr(s->p, '/', s->len) && !memchr(s->p, '\0', s->len);
}

static int read_entry(struct nt_index *x, struct nt_json *j, const struct nt_json_text *key,
		      struct strings *to)
{
	struct nt_json_text file;
	struct nt_index_entry entry = {.name = keep(to, key)};
	if (memchr(entry.name, '\0', key->len))
		return nt_fail(NT_EFORMAT, "the name of a tensor holds a NUL");
	int rc = nt_json_read_string(j, &file);
	if (rc < 0)
		return rc;
	if (!is_beside(&file))
		return nt_fail(NT_EFORMAT, "'%.80s' lies in '%.*s', which is no name of a file beside the index",
			       entry.name, file.len < 80 ? (int)file.len : 80, (const char *)file.p);
	entry.file = keep(to, &file);
	if ((rc = nt_grow(&x->entry, &x->cap, x->n + 1, sizeof(*x->entry))) == 0)
		x->entry[x->n++] = entry;
	return rc;
}

static int read_index(struct nt_index *x, struct nt_json *j)
{
	struct strings to = {x->text};
	struct nt_json_text key;
	bool has_map = false;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		if (!nt_json_is(&key, "weight_map")) {
			rc = nt_json_skip(j, NULL);
			continue;
		}
		if (has_map)
			return nt_fail(NT_EFORMAT, "two members are called weight_map");
		has_map = true;
		rc = nt_json_enter(j, '{');
		while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0)
			rc = read_entry(x, j, &key, &to);
	}
	if (rc == 0)
		rc = nt_json_end(j);
	return rc == 0 && x->n == 0 ? nt_fail(NT_EFORMAT, "no weight_map with tensors in it") : rc;
}

static int by_entry_name(const void *a, const void *b)
{
	return strcmp(((const struct nt_index_entry *)a)->name, ((const struct nt_index_entry *)b)->name);
}

static int sort_entries(struct nt_index *x)
{
	qsort(x->entry, x->n, sizeof(*x->entry), by_entry_name);
	for (size_t i = 1; i < x->n; i++)
		if (strcmp(x->entry[i - 1].name, x->entry[i].name) == 0)
			return nt_fail(NT_EFORMAT, "'%.80s' stands in it twice", x->entry[i].name);
	return 0;
}

int nt_index_parse(struct nt_index *x, const void *json, size_t len, const char *where)
{
	struct nt_json j;
	*x = (struct nt_index){.text = nt_alloc(len, 1)};
	if (!x->text)
		return NT_ESYS;
	nt_json_init(&j, json, len);
	int rc = read_index(x, &j);
	nt_json_release(&j);
	if (rc == 0)
		rc = sort_entries(x);
	if (rc == 0)
		return 0;
	nt_index_release(x);
	return nt_fail(rc, "%s: %s", where, nt_errmsg());
}

void nt_index_release(struct nt_index *x)
{
	free(x->entry);
	free(x->text);
	*x = (struct nt_index){0};
}

/* --- the files ------------------------------------------------------------------------- */

/* A tensor and the file that it lies in. */
struct place {
	const struct nt_safetensor *tensor;
	const char *file;
};

struct nt_weights {
	struct nt_safetensors **file; /* [n_file] */
	size_t n_file, cap_file;
	struct place *place;          /* [n], by name */
	size_t n, cap;
	struct nt_index index;
};

static int by_place_name(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->tensor->name, ((const struct place *)b)->tensor->name);
}

static void sort_places(struct nt_weights *w)
{
	if (w->n) /* qsort takes no NULL, not even for nothing */
		qsort(w->place, w->n, sizeof(*w->place), by_place_name);
}

/* Adds a file and its tensors; name is what index and messages call it. */
static int add_file(struct nt_weights *w, const char *path, const char *name)
{
	struct nt_safetensors *s;
	int rc = nt_grow(&w->file, &w->cap_file, w->n_file + 1, sizeof(*w->file));
	if (rc == 0)
		rc = nt_safetensors_open(&s, path);
	if (rc < 0)
		return rc;
	w->file[w->n_file++] = s;
	size_t n = nt_safetensors_count(s);
	rc = nt_grow(&w->place, &w->cap, w->n + n, sizeof(*w->place));
	for (size_t i = 0; rc == 0 && i < n; i++)
		w->place[w->n++] = (struct place){nt_safetensors_at(s, i), name};
	return rc;
}

/* The index and the files say the same, tensor by tensor. */
static int compare(const struct nt_weights *w, const char *path)
{
	const struct nt_index *x = &w->index;
	for (size_t i = 1; i < w->n; i++)
		if (by_place_name(&w->place[i - 1], &w->place[i]) == 0)
			return nt_fail(NT_EFORMAT, "%s: '%.80s' lies in '%.80s' and in '%.80s'", path,
				       w->place[i].tensor->name, w->place[i - 1].file, w->place[i].file);
	for (size_t i = 0, k = 0; i < x->n || k < w->n; i++, k++) {
		int order = i == x->n ? 1 : k == w->n ? -1 : strcmp(x->entry[i].name, w->place[k].tensor->name);
		if (order > 0)
			return nt_fail(NT_EFORMAT, "%s: does not list '%.80s', which lies in '%.80s'", path,
				       w->place[k].tensor->name, w->place[k].file);
		if (order < 0 || strcmp(x->entry[i].file, w->place[k].file) != 0)
			return nt_fail(NT_EFORMAT, "%s: '%.80s' does not lie in '%.80s'", path, x->entry[i].name,
				       x->entry[i].file);
	}
	return 0;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static int by_file(const void *a, const void *b)
{
	return strcmp((*(const struct nt_index_entry *const *)a)->file, (*(const struct nt_index_entry *const *)b)->file);
}

/* Every file that the index names, once. */
static int add_files(struct nt_weights *w, const char *dir, const char *index)
{
	const struct nt_index *x = &w->index;
	struct nt_buf path = {0};
	const struct nt_index_entry **e = nt_calloc(x->n, sizeof(*e));
	int rc = e ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < x->n; i++)
		e[i] = &x->entry[i];
	if (rc == 0)
		qsort(e, x->n, sizeof(*e), by_file);
	for (size_t i = 0; rc == 0 && i < x->n; i++) {
		if (i > 0 && strcmp(e[i - 1]->file, e[i]->file) == 0)
			continue;
		path.len = 0;
		if ((rc = nt_buf_printf(&path, "%s/%s", dir, e[i]->file)) == 0)
			rc = exists((const char *)path.data)
				     ? add_file(w, (const char *)path.data, e[i]->file)
				     : nt_fail(NT_EFORMAT, "%s: '%.80s' lies in '%.80s', which is not here", index,
					       e[i]->name, e[i]->file);
	}
	nt_buf_release(&path);
	free(e);
	return rc;
}

static int open_index(struct nt_weights *w, const char *dir, const char *path)
{
	struct nt_buf text = {0};
	int rc = nt_read_file(&text, path);
	if (rc == 0)
		rc = nt_index_parse(&w->index, text.data, text.len, path);
	nt_buf_release(&text);
	if (rc == 0)
		rc = add_files(w, dir, path);
	if (rc < 0)
		return rc;
	sort_places(w);
	return compare(w, path);
}

static int open_file(struct nt_weights *w, const char *path)
{
	int rc = add_file(w, path, path);
	if (rc == 0)
		sort_places(w);
	return rc;
}

/* The one file, if it is there; else those of the index. */
static int open_folder(struct nt_weights *w, const char *dir)
{
	struct nt_buf one = {0}, index = {0};
	int rc = nt_buf_printf(&one, "%s/model.safetensors", dir);
	if (rc == 0)
		rc = nt_buf_printf(&index, "%s/model.safetensors.index.json", dir);
	if (rc == 0 && exists((const char *)one.data))
		rc = open_file(w, (const char *)one.data);
	else if (rc == 0 && exists((const char *)index.data))
		rc = open_index(w, dir, (const char *)index.data);
	else if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: no weights: expected model.safetensors, or model.safetensors.index.json "
					 "and the files that it names", dir);
	nt_buf_release(&one);
	nt_buf_release(&index);
	return rc;
}

int nt_weights_open(struct nt_weights **result, const char *path)
{
	struct nt_weights *w = nt_calloc(1, sizeof(*w));
	if (!(*result = w))
		return NT_ESYS;
	int rc = nt_is_folder(path) ? open_folder(w, path) : open_file(w, path);
	if (rc < 0) {
		nt_weights_close(w);
		*result = NULL;
	}
	return rc;
}

void nt_weights_close(struct nt_weights *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->n_file; i++)
		nt_safetensors_close(w->file[i]);
	free(w->file);
	free(w->place);
	nt_index_release(&w->index);
	free(w);
}

size_t nt_weights_count(const struct nt_weights *w)
{
	return w->n;
}

const struct nt_safetensor *nt_weights_at(const struct nt_weights *w, size_t i)
{
	return w->place[i].tensor;
}

static int name_and_place(const void *name, const void *place)
{
	return strcmp(name, ((const struct place *)place)->tensor->name);
}

const struct nt_safetensor *nt_weights_find(const struct nt_weights *w, const char *name)
{
	const struct place *p = !w->n ? NULL : bsearch(name, w->place, w->n, sizeof(*w->place), name_and_place);
	return p ? p->tensor : NULL;
}

size_t nt_weights_n_file(const struct nt_weights *w)
{
	return w->n_file;
}
