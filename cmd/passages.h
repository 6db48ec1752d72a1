/* SPDX-License-Identifier: MIT */
#ifndef CMD_PASSAGES_H
#define CMD_PASSAGES_H
/*
 * passages.h - what a run's model makes of held-out text, for nt-report
 *
 * The text is that of the data file that was held out, or, where nt-train held out some of its
 * data, of these; spread evenly over it, so that runs with the same text show the same pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/data.h"
#include "nt/file.h"
#include "nt/generate.h"
#include "nt/report.h"
#include "nt/tokenizer.h"
#include "nt/train.h"

struct reader {
	const char *ckpt;
	struct nt_lm *lm;
	struct nt_tokenizer *t;
	struct nt_pool *pool;
	struct nt_scorer *scorer;
	struct nt_data *d;        /* a file that was held out ... */
	struct nt_held_out *held; /* ... or what was held out of the data */
	const char *name;
	struct nt_ids ids;
};
enum { PASSAGE = 256 }; /* tokens at most */

static const uint8_t *token_text(const void *t, uint32_t id, size_t *len)
{
	return nt_token_bytes(t, id, len);
}

static const char *token_mark(const void *t, uint32_t id)
{
	return nt_token_name(t, id);
}

static int open_model(struct reader *r, const struct nt_cli *cli)
{
	const struct nt_ident *of = r->d ? nt_data_ident(r->d) : nt_held_out_ident(r->held), *ident = NULL;
	size_t len;
	int rc = (r->pool = nt_pool_new((int)cli->threads)) ? 0 : NT_ESYS;
	if (rc == 0)
		rc = nt_lm_load(&r->lm, r->ckpt, NT_LM_F32, r->pool);
	const char *json = rc == 0 ? nt_lm_tokenizer_json(r->lm, &len) : NULL;
	if (rc == 0 && !json)
		rc = nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json", r->ckpt);
	if (rc == 0)
		rc = nt_tokenizer_parse(&r->t, json, len, r->ckpt);
	if (rc == 0 && !(ident = nt_tokenizer_ident(r->t)))
		rc = NT_ESYS;
	if (rc == 0 && !nt_ident_equal(of, ident))
		rc = nt_fail(NT_EFORMAT, "%s: of tokenizer '%s', the model of another, '%s'", r->name, of->name,
			     ident->name);
	return rc < 0 ? rc : nt_scorer_new(&r->scorer, r->lm, r->pool);
}

static void close_reader(struct reader *r)
{
	nt_scorer_free(r->scorer);
	nt_tokenizer_free(r->t);
	nt_lm_free(r->lm);
	nt_pool_free(r->pool);
	nt_data_close(r->d);
	nt_held_out_close(r->held);
	nt_ids_release(&r->ids);
}

/* What was held out of the data itself, if they are still there. */
static int open_held_out(struct reader *r, const struct nt_buf *names)
{
	char **path = NULL;
	size_t n = 0, cap = 0;
	int rc = 0;
	for (size_t at = 0; rc == 0 && at < names->len; at += strlen((char *)names->data + at) + 1) {
		rc = nt_grow(&path, &cap, n + 1, sizeof(*path));
		if (rc == 0)
			path[n++] = (char *)names->data + at;
	}
	if (rc == 0)
		rc = nt_held_out_open(&r->held, r->ckpt, path, n);
	free(path);
	return rc;
}

/* The beginning of document i, or of fragment i of rows. */
static int read_data(struct reader *r, uint64_t i)
{
	uint64_t start, len;
	struct nt_fragment f;
	bool is_rows = nt_data_kind(r->d) == NT_DATA_ROWS;
	int rc = is_rows ? nt_data_fragment(r->d, i, &f) : nt_data_doc(r->d, i, &start, &len);
	if (rc == 0 && is_rows) {
		start = f.row * nt_data_row_len(r->d) + f.start;
		len = f.len;
	}
	r->ids.n = rc == 0 && len < PASSAGE + 1 ? len : PASSAGE + 1;
	if (rc == 0)
		rc = nt_grow(&r->ids.id, &r->ids.cap, r->ids.n, sizeof(*r->ids.id));
	return rc < 0 ? rc : nt_data_read(r->d, start, r->ids.n, r->ids.id);
}

static int add_passage(struct reader *r, uint64_t i, struct nt_buf *html)
{
	struct nt_show_tokens tokens = {.vocabulary = r->t, .text = token_text, .mark = token_mark};
	int rc = r->d ? read_data(r, i) : nt_held_out_read(r->held, i, &r->ids);
	size_t n = r->ids.n < PASSAGE + 1 ? r->ids.n : PASSAGE + 1;
	const char *slash = strrchr(r->name, '/');
	struct nt_score_of doc = {.number = i, .source = slash ? slash + 1 : r->name, .id = r->ids.id, .n = n};
	for (size_t k = 1, len; rc == 0 && k < n; k++) {
		nt_token_bytes(r->t, doc.id[k], &len);
		doc.bytes += len;
	}
	if (rc < 0 || n < 2)
		return rc;
	rc = nt_scorer_run(r->scorer, doc.id, n, &doc.scored);
	return rc < 0 ? rc : nt_report_passage(html, &tokens, &doc);
}

/* Evenly over all that was held out. */
static int add_all(struct reader *r, const struct nt_cli *cli, uint64_t most, struct nt_buf *html)
{
	int rc = open_model(r, cli);
	if (rc < 0)
		return rc;
	bool is_rows = r->d && nt_data_kind(r->d) == NT_DATA_ROWS;
	uint64_t n = !r->d ? nt_held_out_n_row(r->held) : is_rows ? nt_data_n_fragment(r->d) : nt_data_n_doc(r->d);
	uint64_t n_shown = n < most ? n : most;
	for (uint64_t i = 0; rc == 0 && i < n_shown; i++) {
		nt_cli_progress(cli, "%s: passage %llu of %llu", r->name, nt_llu(i + 1), nt_llu(n_shown));
		rc = add_passage(r, n / n_shown * i, html);
	}
	return rc;
}

/* Appends up to `most` pieces; none if it is not known what was held out. val: of this data file;
 * NULL: of the run's own. */
static int passages_of(const struct nt_cli *cli, const struct nt_run *run, const char *ckpt, const char *val,
		       uint64_t most, struct nt_buf *html)
{
	struct nt_buf names = {0};
	val = val ? val : nt_run_val(run);
	struct reader r = {.ckpt = ckpt, .name = val ? val : "held-out row"};
	int rc = val ? 0 : nt_run_data(run, &names);
	bool is_known = rc == 0 && (val || names.len);
	if (is_known)
		rc = val ? nt_data_open(&r.d, val) : open_held_out(&r, &names);
	if (is_known && rc == 0)
		rc = add_all(&r, cli, most, html);
	close_reader(&r);
	nt_buf_release(&names);
	return rc;
}

#endif
