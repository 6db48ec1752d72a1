/* SPDX-License-Identifier: MIT */
/*
 * foreign_write.c - documents into the token files that other trainers read
 *
 * Each as its owner's own script writes it: nanoGPT's data/openwebtext/prepare.py, llm.c's
 * dev/data/data_common.py and fineweb.py, Megatron-LM's tools/preprocess_data.py with
 * --append-eod, the Dolma toolkit's `dolma tokens`, datatrove's DocumentTokenizer with an
 * eos_token, not shuffled. What is known only at the end (counts, Megatron's index) waits
 * in nameless temporary files or is put into the header then, so memory does not grow.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/le.h"
#include "data/foreign.h"
#include "data/ids.h"
#include "io/spill.h"
#include "nt/err.h"
#include "nt/file.h"

enum {
	FILE_TOKENS = 100000000, /* llmc: what fineweb.py and its users have */
	PIECE_BYTES = 1 << 16,
	SPILL_BUFFER = 1 << 16,
};

struct nt_foreign_writer {
	enum nt_foreign format;
	const struct nt_foreign_form *form;
	struct nt_foreign_options options;
	const struct nt_ident *ident;
	size_t width;
	char *stem;      /* the path without its ending; nanogpt: the path, NULL: standard output */
	bool has_ending; /* it had one */

	struct nt_out *out, *index;
	uint64_t in_file;  /* tokens in the file being written */
	uint64_t n_closed; /* files of tokens that have their names */
	bool is_done;
	struct nt_foreign_counts count;
	char *leftover;

	struct nt_spill length, first; /* megatron: u32 of sequences; u64 of documents, as in .idx */
	uint64_t n_sequence;
	z_stream gz; /* olmo */
	bool has_gz;
	uint8_t piece[PIECE_BYTES];
};

/* --- names ----------------------------------------------------------------------- */

/* The stem and an ending; free() it. */
static char *path_with(const struct nt_foreign_writer *w, const char *ending)
{
	struct nt_buf b = {0};
	if (nt_buf_printf(&b, "%s%s", w->stem, ending) < 0)
		nt_buf_release(&b);
	return (char *)b.data;
}

/* Of token file i. */
static char *token_path(const struct nt_foreign_writer *w, uint64_t i)
{
	char ending[32];
	if (w->format == NT_NANOGPT)
		return path_with(w, "");
	if (w->format != NT_LLMC || (i == 0 && w->has_ending))
		return path_with(w, w->form->ending);
	snprintf(ending, sizeof(ending), "_%06" PRIu64 "%s", i, w->form->ending);
	return path_with(w, ending);
}

static int take_path(struct nt_foreign_writer *w, const char *path)
{
	bool is_standard = nt_is_standard(path);
	if (is_standard && w->format == NT_NANOGPT)
		return 0;
	if (is_standard)
		return nt_fail(NT_EARG, "the format %s is more than one file: -o PREFIX says what their names "
			       "begin with", w->form->name);
	if (!(w->stem = strdup(path)))
		return nt_fail_sys("%s: cannot open", path);
	size_t len = strlen(path), tail = strlen(w->form->ending);
	if (w->format != NT_NANOGPT && len > tail && strcmp(path + len - tail, w->form->ending) == 0) {
		w->stem[len - tail] = 0;
		w->has_ending = true;
	}
	return 0;
}

/* --- files ----------------------------------------------------------------------- */

static int open_file(const struct nt_foreign_writer *w, struct nt_out **out, char *path)
{
	int rc = path ? nt_out_open(out, path, w->options.out_flags) : NT_ESYS;
	free(path);
	return rc;
}

static int open_tokens(struct nt_foreign_writer *w)
{
	static const uint8_t zero[LLMC_HEADER];
	int rc = w->stem ? open_file(w, &w->out, token_path(w, w->n_closed))
			 : nt_out_open(&w->out, NULL, w->options.out_flags);
	w->in_file = 0;
	w->count.files++;
	if (rc == 0 && w->format == NT_LLMC)
		rc = nt_out_write(w->out, zero, sizeof(zero));
	return rc;
}

static int close_tokens(struct nt_foreign_writer *w)
{
	uint8_t h[LLMC_HEADER] = {0};
	int rc = 0;
	nt_put32(h + LLMC_MAGIC, w->width == 2 ? LLMC_MAGIC_16 : LLMC_MAGIC_32);
	nt_put32(h + LLMC_VERSION, w->width == 2 ? LLMC_VERSION_16 : LLMC_VERSION_32);
	nt_put32(h + LLMC_COUNT, (uint32_t)w->in_file);
	if (w->format == NT_LLMC)
		rc = nt_out_rewrite(w->out, 0, h, sizeof(h));
	if (rc == 0) {
		rc = nt_out_close(w->out);
		w->out = NULL;
	}
	w->n_closed += rc == 0;
	return rc;
}

static int open_index(struct nt_foreign_writer *w)
{
	static const uint8_t zero[IDX_HEADER];
	int rc = 0;
	if (w->form->index)
		rc = open_file(w, &w->index, path_with(w, w->form->index));
	if (rc == 0 && w->format == NT_MEGATRON)
		rc = nt_out_write(w->index, zero, sizeof(zero));
	if (rc == 0 && w->format == NT_MEGATRON)
		rc = nt_spill_open(&w->length, NULL, SPILL_BUFFER);
	if (rc == 0 && w->format == NT_MEGATRON)
		rc = nt_spill_open(&w->first, NULL, SPILL_BUFFER);
	if (rc == 0 && w->format == NT_OLMO) { /* 16: gzip; its header has no time in it */
		w->has_gz = deflateInit2(&w->gz, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK;
		rc = w->has_gz ? 0 : nt_fail(NT_ESYS, "out of memory: a compressor");
	}
	return rc;
}

/* --- documents ------------------------------------------------------------------- */

static int put_tokens(struct nt_foreign_writer *w, const uint32_t *id, size_t n)
{
	int rc = 0;
	w->count.tokens += n;
	while (n && rc == 0) {
		size_t take = n < PIECE_BYTES / w->width ? n : PIECE_BYTES / w->width;
		if (w->format == NT_LLMC && w->in_file == w->options.file_tokens &&
		    ((rc = close_tokens(w)) < 0 || (rc = open_tokens(w)) < 0))
			return rc;
		if (w->format == NT_LLMC && take > w->options.file_tokens - w->in_file)
			take = w->options.file_tokens - w->in_file;
		uint32_t top = nt_ids_narrow(w->piece, id, take, w->width);
		if (top >= w->ident->vocab_size)
			return nt_fail(NT_EFORMAT, "%s: token id %u is not below the vocabulary's size, %u",
				       nt_out_name(w->out), top, w->ident->vocab_size);
		rc = nt_out_write(w->out, w->piece, take * w->width);
		w->in_file += take;
		id += take;
		n -= take;
	}
	return rc;
}

/* Lengths are of 31 bits: a longer document is several sequences, as one of none is none. */
static int index_megatron(struct nt_foreign_writer *w, uint64_t n)
{
	uint8_t le[8];
	int rc = 0;
	nt_put64(le, w->n_sequence);
	rc = nt_spill_add(&w->first, le, 8);
	for (; n > 0 && rc == 0; w->n_sequence++) {
		uint32_t len = n < INT32_MAX ? (uint32_t)n : INT32_MAX;
		nt_put32(le, len);
		rc = nt_spill_add(&w->length, le, 4);
		n -= len;
	}
	return rc;
}

static int put_compressed(struct nt_foreign_writer *w, const char *text, size_t len, int flush)
{
	int rc = 0;
	w->gz.next_in = (Bytef *)(uintptr_t)text;
	w->gz.avail_in = (uInt)len;
	do {
		w->gz.next_out = w->piece;
		w->gz.avail_out = PIECE_BYTES;
		deflate(&w->gz, flush);
		rc = nt_out_write(w->index, w->piece, PIECE_BYTES - w->gz.avail_out);
	} while (rc == 0 && w->gz.avail_out == 0);
	return rc;
}

/* start, end, id, src, loc: there is no source to name, and ids count from 0, places from 1. */
static int index_olmo(struct nt_foreign_writer *w, uint64_t n)
{
	char line[128];
	uint64_t number = w->count.documents, end = w->count.tokens;
	int len = snprintf(line, sizeof(line), "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",,%" PRIu64 "\r\n",
			   end - n, end, number, number + 1);
	return put_compressed(w, line, (size_t)len, Z_NO_FLUSH);
}

static int add_to_index(struct nt_foreign_writer *w, uint64_t n)
{
	uint8_t le[8];
	if (w->format == NT_MEGATRON)
		return index_megatron(w, n);
	if (w->format == NT_OLMO)
		return index_olmo(w, n);
	nt_put64(le, w->count.tokens);
	return w->index ? nt_out_write(w->index, le, sizeof(le)) : 0;
}

int nt_foreign_write(struct nt_foreign_writer *w, const uint32_t *id, size_t n)
{
	bool has_mark = n > 0 || w->format != NT_MEGATRON;
	int rc = 0;
	if (has_mark && w->form->has_mark_in_front)
		rc = put_tokens(w, &w->ident->bos, 1);
	if (rc == 0)
		rc = put_tokens(w, id, n);
	if (rc == 0 && has_mark && !w->form->has_mark_in_front)
		rc = put_tokens(w, &w->ident->eos, 1);
	if (rc == 0)
		rc = add_to_index(w, n + has_mark);
	w->count.documents++;
	return rc;
}

/* --- the end --------------------------------------------------------------------- */

static int end_megatron(struct nt_foreign_writer *w)
{
	struct nt_map length = {0}, first = {0};
	uint8_t h[IDX_HEADER] = IDX_MAGIC, le[8];
	uint64_t at = 0;
	nt_put64(h + IDX_VERSION, 1);
	h[IDX_DTYPE] = w->width == 2 ? IDX_UINT16 : IDX_INT32;
	nt_put64(h + IDX_N_SEQUENCE, w->n_sequence);
	nt_put64(h + IDX_N_DOCUMENT, w->count.documents + 1);
	int rc = nt_spill_map(&w->length, &length);
	if (rc == 0)
		rc = nt_spill_map(&w->first, &first);
	if (rc == 0)
		rc = nt_out_rewrite(w->index, 0, h, sizeof(h));
	if (rc == 0)
		rc = nt_out_write(w->index, length.data, length.len);
	for (size_t i = 0; i < length.len && rc == 0; i += 4) {
		nt_put64(le, at);
		rc = nt_out_write(w->index, le, sizeof(le));
		at += (uint64_t)nt_le32(length.data + i) * w->width;
	}
	if (rc == 0)
		rc = nt_out_write(w->index, first.data, first.len);
	nt_put64(le, w->n_sequence);
	if (rc == 0)
		rc = nt_out_write(w->index, le, sizeof(le));
	nt_map_close(&length);
	nt_map_close(&first);
	return rc;
}

/* Three significant digits and a letter for the thousands: "12.3 kT". */
static void put_metric(char *text, size_t size, uint64_t n)
{
	int exponent = 0;
	for (uint64_t left = n; left >= 10; left /= 10)
		exponent++;
	double value = (double)n / pow(10, exponent / 3 * 3);
	snprintf(text, size, "%.*f %.*sT", 2 - exponent % 3, value, exponent >= 3, &" kMGTPE"[exponent / 3]);
}

static int end_datatrove(struct nt_foreign_writer *w)
{
	char human[32], line[160];
	struct nt_out *out = NULL;
	put_metric(human, sizeof(human), w->count.tokens);
	int len = snprintf(line, sizeof(line), "%s|%zu\n%" PRIu64 "\n%s", w->ident->name, w->width,
			   w->count.tokens, human);
	int rc = open_file(w, &out, path_with(w, ".ds.metadata"));
	if (rc == 0)
		rc = nt_out_write(out, line, (size_t)len);
	if (rc == 0)
		return nt_out_close(out);
	nt_out_discard(out);
	return rc;
}

static int look_for_leftover(struct nt_foreign_writer *w)
{
	char *next = token_path(w, w->n_closed);
	if (next && access(next, F_OK) == 0)
		w->leftover = next;
	else
		free(next);
	return next ? 0 : NT_ESYS;
}

int nt_foreign_end(struct nt_foreign_writer *w)
{
	int rc = 0;
	if (w->format == NT_MEGATRON)
		rc = end_megatron(w);
	if (w->format == NT_OLMO)
		rc = put_compressed(w, "", 0, Z_FINISH);
	if (rc == 0)
		rc = close_tokens(w);
	if (rc == 0 && w->index) {
		rc = nt_out_close(w->index);
		w->index = NULL;
	}
	if (rc == 0 && w->format == NT_DATATROVE)
		rc = end_datatrove(w);
	if (rc == 0 && w->format == NT_LLMC)
		rc = look_for_leftover(w);
	w->is_done = rc == 0;
	return rc;
}

const char *nt_foreign_name(enum nt_foreign format)
{
	return format == NT_NATIVE ? "nt" : nt_foreign_form[format].name;
}

const struct nt_foreign_counts *nt_foreign_counts(const struct nt_foreign_writer *w)
{
	return &w->count;
}

const char *nt_foreign_leftover(const struct nt_foreign_writer *w)
{
	return w->leftover;
}

/* --- opening --------------------------------------------------------------------- */

static int check_ident(const struct nt_foreign_writer *w)
{
	uint32_t mark = w->form->has_mark_in_front ? w->ident->bos : w->ident->eos;
	if (w->format == NT_NANOGPT && w->ident->vocab_size > 65536)
		return nt_fail(NT_EARG, "nanogpt: its tokens are of 16 bits, and the vocabulary '%s' has %u: "
			       "--format olmo writes the same with 32", w->ident->name, w->ident->vocab_size);
	if (w->format == NT_MEGATRON && w->ident->vocab_size > INT32_MAX)
		return nt_fail(NT_EARG, "megatron: its tokens are of 31 bits, and the vocabulary '%s' has %u",
			       w->ident->name, w->ident->vocab_size);
	if (mark == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT,
			       "tokenizer '%s' has no token for the %s of a document, and the format %s needs one: "
			       "add it to the tokenizer", w->ident->name,
			       w->form->has_mark_in_front ? "beginning" : "end", w->form->name);
	return 0;
}

int nt_foreign_create(struct nt_foreign_writer **result, enum nt_foreign format, const char *path,
		      const struct nt_ident *ident, const struct nt_foreign_options *options)
{
	struct nt_foreign_writer *w = nt_calloc(1, sizeof(*w));
	*result = NULL;
	if (!w)
		return NT_ESYS;
	w->format = format;
	w->form = &nt_foreign_form[format];
	w->options = *options;
	w->ident = ident;
	w->length.fd = w->first.fd = -1;
	if (!w->options.file_tokens)
		w->options.file_tokens = FILE_TOKENS;
	bool is_wide = ident->vocab_size > (format == NT_MEGATRON ? IDX_UINT16_BELOW - 1 : 65536);
	w->width = is_wide ? 4 : 2;
	int rc = check_ident(w);
	if (rc == 0)
		rc = take_path(w, path);
	if (rc == 0)
		rc = open_tokens(w);
	if (rc == 0)
		rc = open_index(w);
	if (rc < 0)
		nt_foreign_writer_free(w);
	else
		*result = w;
	return rc;
}

static void remove_file(char *path)
{
	if (path)
		unlink(path);
	free(path);
}

void nt_foreign_writer_free(struct nt_foreign_writer *w)
{
	if (!w)
		return;
	nt_out_discard(w->out);
	nt_out_discard(w->index);
	for (uint64_t i = 0; i < w->n_closed && !w->is_done; i++)
		remove_file(token_path(w, i));
	if (w->n_closed && !w->is_done && w->form->index)
		remove_file(path_with(w, w->form->index)); /* of other tokens, or of these */
	if (w->has_gz)
		deflateEnd(&w->gz);
	nt_spill_close(&w->length);
	nt_spill_close(&w->first);
	free(w->leftover);
	free(w->stem);
	free(w);
}
