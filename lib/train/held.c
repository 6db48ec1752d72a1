/* SPDX-License-Identifier: MIT */
/*
 * held.c - what a run held out of its data, found again
 *
 * Content decides what is held out (holdout.c), so the same data cut in the same way give
 * the same rows, long after the run. Which data and which way, its checkpoint says. A run that
 * was given a data file to hold out needs no more than that.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"
#include "train/checkpoint.h"
#include "train/rows.h"

struct nt_held_out {
	struct nt_data *file; /* or NULL, and all of these */
	struct nt_trainer trainer;
	struct nt_corpus corpus;
	struct nt_split split;
	uint32_t *input, *target, *start; /* [seq_len] each, one allocation, input's */
};

/* Is it the data of the run, and mixed as it was? */
static int check(const struct nt_held_out *h, const char *dir, const char *data)
{
	struct nt_buf mixture = {0};
	char hex[33];
	nt_corpus_hash(&h->corpus, hex);
	if (*h->trainer.val_hash)
		return nt_fail(NT_EARG, "%s: it held nothing out of its data, but was given a file for that", dir);
	if (strcmp(hex, h->trainer.data_hash) != 0)
		return nt_fail(NT_EARG, "%s: it was trained on other data than %s", dir, data);
	int rc = nt_corpus_mixture(&h->corpus, &mixture);
	if (rc == 0 && strcmp((char *)mixture.data, h->trainer.mixture) != 0)
		rc = nt_fail(NT_EARG, "%s: its data were mixed with weights", dir);
	nt_buf_release(&mixture);
	return rc;
}

static int open_all(struct nt_held_out *h, const char *dir, char *const *data, size_t n)
{
	struct nt_buf step_dir = {0};
	const struct nt_train_options *o = &h->trainer.options;
	size_t all;
	int rc = nt_checkpoint_current(dir, &step_dir);
	if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: holds no checkpoint", dir);
	if (rc > 0)
		rc = nt_checkpoint_read(&h->trainer, (char *)step_dir.data);
	nt_buf_release(&step_dir);
	if (rc == 0)
		rc = nt_corpus_open(&h->corpus, data, n);
	if (rc == 0)
		rc = check(h, dir, data[0]);
	if (rc == 0)
		rc = o->rows == NT_ROWS_CONCAT ? nt_rows_concat(&h->split, &h->corpus, NULL, o->seq_len)
					       : nt_rows_fit(&h->split, &h->corpus, NULL, o->seq_len, o->stride);
	if (rc == 0)
		rc = nt_mul(o->seq_len, 3, &all);
	if (rc == 0 && !(h->input = nt_alloc(all, sizeof(*h->input))))
		rc = NT_ESYS;
	if (rc == 0) {
		h->target = h->input + o->seq_len;
		h->start = h->target + o->seq_len;
	}
	return rc;
}

/* What is not whole is not handed out. */
static int hand_out(struct nt_held_out **result, struct nt_held_out *h, int rc)
{
	*result = h;
	if (rc < 0) {
		nt_held_out_close(h);
		*result = NULL;
	}
	return rc;
}

int nt_held_out_open(struct nt_held_out **result, const char *dir, char *const *data, size_t n)
{
	struct nt_held_out *h = nt_calloc(1, sizeof(*h));
	return hand_out(result, h, h ? open_all(h, dir, data, n) : NT_ESYS);
}

int nt_held_out_open_file(struct nt_held_out **result, const char *path)
{
	struct nt_held_out *h = nt_calloc(1, sizeof(*h));
	return hand_out(result, h, h ? nt_data_open(&h->file, path) : NT_ESYS);
}

void nt_held_out_close(struct nt_held_out *h)
{
	if (!h)
		return;
	nt_data_close(h->file);
	free(h->input);
	nt_split_release(&h->split);
	nt_corpus_close(&h->corpus);
	nt_trainer_release(&h->trainer);
	free(h);
}

const struct nt_ident *nt_held_out_ident(const struct nt_held_out *h)
{
	return h->file ? nt_data_ident(h->file) : h->corpus.ident;
}

uint64_t nt_held_out_n_row(const struct nt_held_out *h)
{
	return h->file ? nt_data_n_piece(h->file) : h->split.val.n_row;
}

static int read_piece(const struct nt_data *d, uint64_t i, size_t most, struct nt_ids *ids)
{
	struct nt_data_piece piece;
	int rc = nt_data_piece(d, i, &piece);
	ids->n = rc == 0 && piece.len < most ? piece.len : most;
	if (rc == 0)
		rc = nt_grow(&ids->id, &ids->cap, ids->n, sizeof(*ids->id));
	return rc < 0 ? rc : nt_data_read(d, piece.start, ids->n, ids->id);
}

int nt_held_out_read(struct nt_held_out *h, uint64_t row, size_t most, struct nt_ids *ids)
{
	if (h->file)
		return read_piece(h->file, row, most, ids);
	size_t T = h->trainer.options.seq_len, n = 0;
	nt_assert(row < h->split.val.n_row);
	int rc = nt_rows_fill(&h->split.val, row, h->input, h->target, h->start);
	ids->n = 0;
	if (rc < 0)
		return rc;
	while (n < T && h->start[n] == 0 && h->target[n] != NT_IGNORE)
		n++;
	if (n == 0)
		return 0;
	rc = nt_ids_add(ids, h->input, n < most ? n : most);
	return rc == 0 && n < most ? nt_ids_add(ids, &h->target[n - 1], 1) : rc;
}
