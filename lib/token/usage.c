/* SPDX-License-Identifier: MIT */
/*
 * usage.c - how a vocabulary is used by a text
 *
 * Bytes per token say how well a vocabulary fits; the entropy of its tokens says how much of
 * that a model that knew frequencies alone would still pay for every byte; tokens that
 * never come cost a row of the embedding each and are never trained.
 */
#include "nt/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "token/visible.h"

struct nt_usage {
	const struct nt_tokenizer *t;
	uint64_t *count; /* [vocab_size] */
	uint64_t n_token, bytes;
	uint64_t *document; /* [n_document] tokens in each, in order until they are sorted */
	size_t n_document, document_cap;
	uint64_t in_this;   /* tokens of the document at hand */
	/* What follows is made from the above when it is written. */
	uint32_t *order;    /* [n_reached] ids that came, most frequent first */
	size_t n_reached, n_entry; /* of the ids that stand for bytes ... */
	size_t n_special;          /* ... and those that do not, holes not counted */
	double entropy;     /* bits/token */
	struct nt_buf line;
};

int nt_usage_new(struct nt_usage **result, const struct nt_tokenizer *t)
{
	size_t n = nt_tokenizer_summary(t)->vocab_size;
	struct nt_usage *u = nt_calloc(1, sizeof(*u));
	*result = u;
	if (!u)
		return NT_ESYS;
	u->t = t;
	u->count = nt_calloc(n, sizeof(*u->count));
	u->order = nt_alloc(n, sizeof(*u->order));
	if (u->count && u->order)
		return 0;
	nt_usage_free(u);
	*result = NULL;
	return NT_ESYS;
}

void nt_usage_free(struct nt_usage *u)
{
	if (!u)
		return;
	free(u->count);
	free(u->order);
	free(u->document);
	nt_buf_release(&u->line);
	free(u);
}

void nt_usage_add(struct nt_usage *u, const uint32_t *id, size_t n, uint64_t bytes)
{
	for (size_t i = 0; i < n; i++)
		u->count[id[i]]++;
	u->n_token += n;
	u->in_this += n;
	u->bytes += bytes;
}

int nt_usage_end_document(struct nt_usage *u)
{
	int rc = nt_grow(&u->document, &u->document_cap, u->n_document + 1, sizeof(*u->document));
	if (rc < 0)
		return rc;
	u->document[u->n_document++] = u->in_this;
	u->in_this = 0;
	return 0;
}

/* --- what the counts come to ------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static int by_count(const void *a, const void *b, void *arg)
{
	const uint64_t *count = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	if (count[x] != count[y])
		return count[x] > count[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

static bool is_entry(const struct nt_usage *u, uint32_t id)
{
	size_t len;
	return nt_token_bytes(u->t, id, &len) != NULL;
}

static double ratio(uint64_t a, uint64_t b)
{
	return b ? (double)a / (double)b : 0;
}

static void sum_up(struct nt_usage *u)
{
	uint32_t n_id = nt_tokenizer_summary(u->t)->vocab_size;
	size_t n_order = 0;
	u->n_reached = u->n_entry = u->n_special = 0;
	u->entropy = 0;
	for (uint32_t id = 0; id < n_id; id++) {
		u->n_entry += is_entry(u, id);
		u->n_special += nt_token_is_special(u->t, id);
		if (!u->count[id])
			continue;
		u->n_reached += is_entry(u, id);
		u->order[n_order++] = id;
		u->entropy -= ratio(u->count[id], u->n_token) * log2(ratio(u->count[id], u->n_token));
	}
	qsort_r(u->order, n_order, sizeof(*u->order), by_count, u->count);
	if (u->n_document)
		qsort(u->document, u->n_document, sizeof(*u->document), by_size);
	for (; n_order < n_id; n_order++)
		u->order[n_order] = NT_NO_TOKEN;
}

/* Tokens in the document that a share q of them, from 0 to 1, are no longer than. */
static uint64_t quantile(const struct nt_usage *u, double q)
{
	return u->n_document ? u->document[(size_t)(q * (double)(u->n_document - 1) + 0.5)] : 0;
}

static bool has_rank(const struct nt_usage *u, size_t i)
{
	return i < nt_tokenizer_summary(u->t)->vocab_size && u->order[i] != NT_NO_TOKEN;
}

/* What an id stands for; a special's name. */
static const uint8_t *text_of(const struct nt_usage *u, uint32_t id, size_t *len)
{
	const char *name = nt_token_name(u->t, id);
	*len = name ? strlen(name) : 0;
	return name ? (const uint8_t *)name : nt_token_bytes(u->t, id, len);
}

/* --- for people --------------------------------------------------------------------------- */

/* In quotes, every byte visible, with what comes behind. */
static int put_visible(struct nt_usage *u, uint32_t id, const char *behind)
{
	size_t len;
	const uint8_t *text = text_of(u, id, &len);
	int rc = nt_buf_add(&u->line, "\"", 1);
	if (rc == 0)
		rc = nt_visible_add(&u->line, text, len, '"');
	return rc < 0 ? rc : nt_buf_printf(&u->line, "\"%s", behind);
}

static int put_summary(struct nt_usage *u)
{
	int rc = nt_buf_printf(&u->line,
		"tokenizer        %s, %zu entries and %s\n"
		"documents        %zu\n"
		"bytes            %" PRIu64 "\n"
		"tokens           %" PRIu64 "\n"
		"bytes/token      %.3f\n"
		"entropy          %.3f bits/token, %.3f bits/byte\n",
		nt_tokenizer_summary(u->t)->name, u->n_entry, nt_counted(u->n_special, "special"), u->n_document, u->bytes, u->n_token,
		ratio(u->bytes, u->n_token), u->entropy, u->entropy * ratio(u->n_token, u->bytes));
	if (rc == 0 && u->n_document > 1)
		rc = nt_buf_printf(&u->line,
			"tokens/document  mean %.1f, least %" PRIu64 ", median %" PRIu64 ", p90 %" PRIu64
			", most %" PRIu64 "\n", ratio(u->n_token, u->n_document), quantile(u, 0),
			quantile(u, 0.5), quantile(u, 0.9), quantile(u, 1));
	if (rc == 0)
		rc = nt_buf_printf(&u->line, "reached          %zu entries, %.2f %%; %zu never\n",
				   u->n_reached, 100 * ratio(u->n_reached, u->n_entry),
				   u->n_entry - u->n_reached);
	return rc;
}

/* The first of the entries that never came, but for single bytes, which every vocabulary has:
 * by id, so the most frequent where it was learned. */
static int put_unreached(struct nt_usage *u, size_t n_most)
{
	size_t n = 0, len;
	int rc = nt_buf_printf(&u->line, "never            ");
	for (uint32_t id = 0; rc == 0 && n < n_most && id < nt_tokenizer_summary(u->t)->vocab_size; id++) {
		if (u->count[id] || !nt_token_bytes(u->t, id, &len) || len == 1)
			continue;
		rc = put_visible(u, id, " ");
		n++;
	}
	return rc < 0 ? rc : nt_buf_printf(&u->line, "%s%zu%s\n", n ? "and " : "",
					   u->n_entry - u->n_reached - n, n ? " more" : " single bytes");
}

static int put_table(struct nt_usage *u, size_t n_top)
{
	int rc = put_summary(u);
	if (rc == 0 && n_top && u->n_reached < u->n_entry)
		rc = put_unreached(u, n_top);
	if (rc == 0 && n_top && u->n_token)
		rc = nt_buf_printf(&u->line, "\n%10s  %12s  %8s  %s\n", "share", "count", "id", "token");
	for (size_t i = 0; rc == 0 && i < n_top && has_rank(u, i); i++) {
		uint32_t id = u->order[i];
		rc = nt_buf_printf(&u->line, "%8.4f %%  %12" PRIu64 "  %8" PRIu32 "  ",
				   100 * ratio(u->count[id], u->n_token), u->count[id], id);
		if (rc == 0)
			rc = put_visible(u, id, "\n");
	}
	return rc;
}

/* --- for programs --------------------------------------------------------------------------- */

static int put_json_head(struct nt_usage *u)
{
	const struct nt_ident *ident = nt_tokenizer_summary(u->t);
	int rc = nt_buf_printf(&u->line, "{\"tokenizer\": ");
	if (rc == 0)
		rc = nt_json_string(&u->line, ident->name, strlen(ident->name));
	if (rc == 0)
		rc = nt_buf_printf(&u->line,
			", \"vocab_size\": %" PRIu32 ", \"entries\": %zu, \"documents\": %zu, \"bytes\": %" PRIu64
			", \"tokens\": %" PRIu64 ", \"bytes_per_token\": %.6f, \"entropy_bits_per_token\": %.6f, "
			"\"tokens_per_document\": {\"mean\": %.3f, \"min\": %" PRIu64 ", \"median\": %" PRIu64
			", \"p90\": %" PRIu64 ", \"max\": %" PRIu64 "}, \"reached\": %zu, \"unreached\": %zu",
			ident->vocab_size, u->n_entry, u->n_document, u->bytes, u->n_token,
			ratio(u->bytes, u->n_token), u->entropy, ratio(u->n_token, u->n_document),
			quantile(u, 0), quantile(u, 0.5), quantile(u, 0.9), quantile(u, 1), u->n_reached,
			u->n_entry - u->n_reached);
	return rc;
}

static int put_json(struct nt_usage *u)
{
	int rc = put_json_head(u);
	if (rc == 0)
		rc = nt_buf_printf(&u->line, ", \"counts\": [");
	for (size_t i = 0; rc == 0 && has_rank(u, i); i++) {
		size_t len;
		uint32_t id = u->order[i];
		const uint8_t *text = text_of(u, id, &len);
		rc = nt_buf_printf(&u->line, "%s{\"id\": %" PRIu32 ", \"count\": %" PRIu64 ", \"share\": %.9f, "
				   "\"token\": ", i ? ", " : "", id, u->count[id], ratio(u->count[id], u->n_token));
		if (rc == 0)
			rc = nt_json_string(&u->line, text, len);
		if (rc == 0)
			rc = nt_buf_add(&u->line, "}", 1);
	}
	if (rc == 0)
		rc = nt_buf_printf(&u->line, "], \"unreached_ids\": [");
	const char *comma = "";
	for (uint32_t id = 0; rc == 0 && id < nt_tokenizer_summary(u->t)->vocab_size; id++) {
		if (u->count[id] || !is_entry(u, id))
			continue;
		rc = nt_buf_printf(&u->line, "%s%" PRIu32, comma, id);
		comma = ", ";
	}
	return rc < 0 ? rc : nt_buf_printf(&u->line, "]}\n");
}

int nt_usage_write(struct nt_usage *u, struct nt_out *out, bool is_json, size_t n_top)
{
	sum_up(u);
	u->line.len = 0;
	int rc = is_json ? put_json(u) : put_table(u, n_top);
	return rc < 0 ? rc : nt_out_write(out, u->line.data, u->line.len);
}
