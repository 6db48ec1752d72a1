/* SPDX-License-Identifier: MIT */
/*
 * batch.c - documents read ahead, in groups that are worth a task each
 *
 * A source's document is gone when the next one is asked for, so they are copied; but one
 * that is as large as a batch is always the last and stays where it is.
 */
#include "io/batch.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH_BYTES = 8 << 20, BATCH_DOCS = 1 << 15, GROUP_BYTES = 128 << 10 };

static int keep(struct nt_batch *b, struct nt_doc *doc)
{
	size_t *place = b->place + 3 * b->n_doc;
	int rc = 0;
	place[0] = b->bytes.len;
	rc = nt_buf_add(&b->bytes, doc->text, doc->len);
	place[1] = b->bytes.len;
	if (rc == 0)
		rc = nt_buf_add(&b->bytes, doc->source, strlen(doc->source) + 1);
	place[2] = b->bytes.len;
	if (rc == 0 && doc->line)
		rc = nt_buf_add(&b->bytes, doc->line, doc->line_len);
	return rc;
}

/* Takes the document in; *copied says whether it is safe from the next one. */
static int add(struct nt_batch *b, struct nt_doc *doc, bool copied)
{
	int rc = nt_grow(&b->doc, &b->doc_cap, b->n_doc + 1, sizeof(*b->doc));
	if (rc == 0)
		rc = nt_grow(&b->place, &b->place_cap, 3 * b->n_doc + 3, sizeof(*b->place));
	if (rc == 0 && copied)
		rc = keep(b, doc);
	if (rc == 0)
		b->doc[b->n_doc++] = (struct nt_batch_doc){
			.text = doc->text, .len = doc->len, .source = doc->source, .line = doc->line,
			.line_len = doc->line_len, .before = b->before, .goes_on = doc->goes_on,
		};
	b->before = doc->goes_on ? b->before + doc->len : 0;
	return rc;
}

static int group(struct nt_batch *b)
{
	int rc = 0;
	for (size_t i = 0, bytes; rc == 0 && i < b->n_doc;) {
		struct nt_batch_group g = {.first = i};
		for (bytes = 0; i < b->n_doc && bytes < GROUP_BYTES; i++, g.n++)
			bytes += b->doc[i].len;
		rc = nt_grow(&b->group, &b->group_cap, b->n_group + 1, sizeof(*b->group));
		if (rc == 0)
			b->group[b->n_group++] = g;
	}
	return rc;
}

int nt_batch_read(struct nt_batch *b, struct nt_docs *docs)
{
	struct nt_doc doc;
	size_t bytes = 0, n_copied = 0, most = b->most ? b->most : BATCH_BYTES;
	int rc = 1;
	b->n_doc = b->n_group = b->bytes.len = 0;
	while (bytes < most && b->n_doc < BATCH_DOCS && (rc = nt_docs_next(docs, &doc)) > 0) {
		bytes += doc.len + doc.line_len; /* a short text may come in a long line */
		b->is_copied = doc.len < most;
		rc = add(b, &doc, b->is_copied);
		if (rc < 0)
			return rc;
		n_copied += b->is_copied;
	}
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n_copied; i++) {
		b->doc[i].text = b->bytes.data + b->place[3 * i];
		b->doc[i].source = (const char *)b->bytes.data + b->place[3 * i + 1];
		b->doc[i].line = b->doc[i].line ? b->bytes.data + b->place[3 * i + 2] : NULL;
	}
	rc = group(b);
	return rc < 0 ? rc : b->n_doc > 0;
}

void nt_batch_release(struct nt_batch *b)
{
	free(b->doc);
	free(b->group);
	free(b->place);
	nt_buf_release(&b->bytes);
	*b = (struct nt_batch){0};
}
