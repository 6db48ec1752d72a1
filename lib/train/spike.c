/* SPDX-License-Identifier: MIT */
/*
 * spike.c - a loss far outside its band: is it the text or the weights, and which text?
 *
 * The same weights look at the rows of the steps that come next. If any of these has a loss
 * within the band, the weights are sound and the batch was odd; if none has, no batch is to
 * blame. Both are functions of the run's state alone, so a run that goes on decides alike.
 *
 * The documents of a batch are found from its rows: a span of a row begins at a token of the
 * corpus, which lies in an extent of a file, where documents or fragments are in order.
 */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "nt/err.h"
#include "nt/file.h"
#include "train/run.h"

int nt_train_is_sound(struct nt_train *t, uint64_t ahead, bool *is_sound, double *loss)
{
	enum { LOOKS = 4 };
	int rc = 0;
	*is_sound = false;
	for (uint64_t i = 0; rc == 0 && !*is_sound && i < LOOKS; i++) {
		rc = nt_train_probe(t, ahead + i, loss);
		*is_sound = isfinite(*loss) && (t->options.on_spike == NT_SPIKE_OFF ||
						!nt_band_is_out(&t->band, *loss, t->config.vocab_size));
	}
	return rc;
}

/* --- which documents -------------------------------------------------------------- */

/* Does document (or fragment) i of the extent begin at the file's token `at`, or before it? */
static int begins_by(const struct nt_extent *e, uint64_t i, uint64_t at, bool *begins, uint64_t *doc)
{
	uint64_t row_len = nt_data_row_len(e->file), start, len;
	struct nt_fragment f = {0};
	int rc = row_len ? nt_data_fragment(e->file, e->fragment + i, &f) : nt_data_doc(e->file, e->doc + i, &start, &len);
	*begins = rc == 0 && (row_len ? f.row * row_len + f.start : start) <= at;
	*doc = row_len ? f.doc : e->doc + i;
	return rc;
}

/* The number, in its file, of the document that a token of the corpus is of. */
static int document_of(const struct nt_extent *e, uint64_t token, uint64_t *doc)
{
	uint64_t lo = 0, hi = nt_data_row_len(e->file) ? e->n_fragment : e->n_doc, at = token - e->number + e->token;
	bool begins;
	while (hi - lo > 1) {
		uint64_t mid = lo + (hi - lo) / 2;
		int rc = begins_by(e, mid, at, &begins, doc);
		if (rc < 0)
			return rc;
		*(begins ? &lo : &hi) = mid;
	}
	return begins_by(e, lo, at, &begins, doc);
}

static int add_document(struct nt_buf *out, const struct nt_extent *e, uint64_t doc, bool is_first)
{
	const char *name = nt_data_name(e->file);
	int rc = nt_buf_printf(out, "%s{\"file\": ", is_first ? "" : ", ");
	if (rc == 0)
		rc = nt_json_string(out, name, strlen(name));
	return rc < 0 ? rc : nt_buf_printf(out, ", \"document\": %" PRIu64 "}", doc);
}

/* All documents of a row; of a window, the first and the last. One that follows itself is named once. */
static int add_documents(struct nt_buf *out, const struct nt_rows *r, uint64_t row)
{
	size_t first = r->is_windows ? 0 : r->first[row], end = r->is_windows ? 2 : r->first[row + 1];
	const struct nt_extent *before = NULL;
	uint64_t doc, doc_before = 0;
	for (size_t i = first; i < end; i++) {
		uint64_t token = r->is_windows ? row + i * r->T : r->span[i].token;
		const struct nt_extent *e = &r->corpus->extent[nt_corpus_extent_of(r->corpus, token)];
		int rc = document_of(e, token, &doc);
		if (rc == 0 && (!before || e->file != before->file || doc != doc_before))
			rc = add_document(out, e, doc, i == first);
		if (rc < 0)
			return rc;
		before = e;
		doc_before = doc;
	}
	return 0;
}

static uint64_t targets_in(const struct nt_train *t, uint64_t place)
{
	uint64_t n = 0;
	for (size_t i = 0; i < t->options.seq_len; i++)
		n += t->target[place * t->options.seq_len + i] != NT_IGNORE;
	return n;
}

int nt_train_name_rows(const struct nt_train *t, struct nt_buf *out)
{
	const struct nt_rows *r = &t->split.train;
	uint64_t n = nt_rows_per_step(&t->options);
	int rc = 0;
	for (uint64_t i = 0; rc == 0 && i < n; i++) {
		uint64_t n_target = targets_in(t, i);
		double loss = n_target ? t->row_nats[i] / (double)n_target : NAN;
		rc = nt_buf_printf(out, isfinite(loss) ? "%s{\"loss\": %.6g, \"documents\": [" : "%s{\"documents\": [",
				   i ? ", " : "", loss);
		if (rc == 0)
			rc = add_documents(out, r, nt_rows_order(r, t->options.seed, t->step * n + i));
		if (rc == 0)
			rc = nt_buf_printf(out, "]}");
	}
	return rc;
}
