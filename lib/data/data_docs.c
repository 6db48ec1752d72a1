/* SPDX-License-Identifier: MIT */
/*
 * data_docs.c - the documents of a data file, one after the other, as they were
 *
 * In a file of documents that is the order of the tokens. In a file of rows best fit has
 * moved them about and a long one lies in several rows: an index of the fragments,
 * sorted by document, finds them; neighbours share what is context in the later one.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/block.h"
#include "nt/data.h"
#include "nt/err.h"

/* Where a fragment of a document is found. */
struct place {
	uint64_t doc, doc_offset, fragment;
};

struct nt_data_docs {
	const struct nt_data *d;
	uint64_t doc;        /* the next one */
	struct place *place; /* [n_place], kind 2 */
	size_t n_place, next_place;
	struct nt_ids ids;
	uint32_t unit;
	uint64_t n_read;     /* tokens since pages were last given back */
};

enum { FORGET_TOKENS = NT_BLOCK(2 << 20) };

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->doc != y->doc)
		return x->doc < y->doc ? -1 : 1;
	return x->doc_offset < y->doc_offset ? -1 : x->doc_offset > y->doc_offset;
}

static int index_fragments(struct nt_data_docs *it)
{
	size_t n = nt_data_n_fragment(it->d);
	if (!(it->place = nt_alloc(n, sizeof(*it->place))))
		return NT_ESYS;
	for (it->n_place = 0; it->n_place < n; it->n_place++) {
		struct nt_fragment f;
		int rc = nt_data_fragment(it->d, it->n_place, &f);
		if (rc < 0)
			return rc;
		it->place[it->n_place] = (struct place){f.doc, f.doc_offset, it->n_place};
	}
	if (n)
		qsort(it->place, n, sizeof(*it->place), compare);
	return 0;
}

int nt_data_docs_new(struct nt_data_docs **result, const struct nt_data *d)
{
	struct nt_data_docs *it = nt_calloc(1, sizeof(*it));
	*result = NULL;
	if (!it)
		return NT_ESYS;
	it->d = d;
	int rc = nt_data_kind(d) == NT_DATA_ROWS ? index_fragments(it) : 0;
	if (rc < 0)
		nt_data_docs_free(it);
	else
		*result = it;
	return rc;
}

/* Appends n tokens of the file from `start` on. */
static int add_tokens(struct nt_data_docs *it, uint64_t start, uint64_t n)
{
	if (n == 0) /* of a file of empty documents there is no array to point into */
		return 0;
	int rc = nt_grow(&it->ids.id, &it->ids.cap, it->ids.n + n, sizeof(uint32_t));
	if (rc == 0)
		rc = nt_data_read(it->d, start, n, it->ids.id + it->ids.n);
	it->ids.n += n;
	it->n_read += n;
	if (it->n_read > FORGET_TOKENS) {
		nt_data_forget(it->d);
		it->n_read = 0;
	}
	return rc;
}

static int broken(const struct nt_data_docs *it)
{
	return nt_fail(NT_EFORMAT, "%s: the fragments of document %" PRIu64 " do not make a whole",
		       nt_data_name(it->d), it->doc);
}

static int add_fragments(struct nt_data_docs *it)
{
	uint64_t first = it->next_place;
	while (it->next_place < it->n_place && it->place[it->next_place].doc == it->doc) {
		struct nt_fragment f;
		int rc = nt_data_fragment(it->d, it->place[it->next_place].fragment, &f);
		if (rc < 0)
			return rc;
		uint32_t overlap = it->next_place > first ? f.context : 0; /* they are here already */
		if (f.doc_offset + overlap != it->ids.n || f.len < overlap)
			return broken(it);
		uint64_t at = f.row * nt_data_row_len(it->d) + f.start + overlap;
		if ((rc = add_tokens(it, at, f.len - overlap)) < 0)
			return rc;
		it->next_place++;
	}
	return it->next_place > first ? 0 : broken(it);
}

int nt_data_docs_next(struct nt_data_docs *it, struct nt_tokens *doc)
{
	const struct nt_ident *ident = nt_data_ident(it->d);
	uint64_t start, len;
	int rc;
	if (it->doc == nt_data_n_doc(it->d))
		return 0;
	it->ids.n = 0;
	if (it->place)
		rc = add_fragments(it);
	else if ((rc = nt_data_doc(it->d, it->doc, &start, &len)) == 0)
		rc = add_tokens(it, start, len);
	if (rc < 0)
		return rc;
	it->doc++;
	*doc = (struct nt_tokens){.id = it->ids.id, .n = it->ids.n, .unit = &it->unit, .n_unit = 1};
	if (doc->n && doc->id[0] == ident->bos) {
		doc->id++;
		doc->n--;
	}
	if (doc->n && doc->id[doc->n - 1] == ident->eos)
		doc->n--;
	if (doc->n > UINT32_MAX)
		return nt_fail(NT_EFORMAT, "%s: document %" PRIu64 " has %zu tokens, 2^32 or more",
			       nt_data_name(it->d), it->doc - 1, doc->n);
	it->unit = (uint32_t)doc->n;
	return 1;
}

void nt_data_docs_free(struct nt_data_docs *it)
{
	if (!it)
		return;
	free(it->place);
	nt_ids_release(&it->ids);
	free(it);
}
