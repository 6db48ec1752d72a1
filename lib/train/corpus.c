/* SPDX-License-Identifier: MIT */
/*
 * corpus.c - several data files as one, source after source
 *
 * cat may have put sources into a file in any order, and a source may lie in many files.
 * The segments of each are gathered, so that to everything above a source is one run of
 * tokens; nothing is copied.
 */
#include "train/corpus.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/last.h"
#include "base/le.h"
#include "nt/err.h"
#include "nt/hash.h"
#include "nt/mem.h"

/* --- files ----------------------------------------------------------------------- */

static int check_alike(const struct nt_corpus *c, const struct nt_data *d)
{
	const char *first = nt_data_name(c->file[0]), *path = nt_data_name(d);
	const struct nt_ident *id = nt_data_ident(d);
	if (memcmp(id->fingerprint, c->ident->fingerprint, sizeof(id->fingerprint)) != 0)
		return nt_fail(NT_EFORMAT,
			       "%s: its tokenizer is '%s' and that of %s is '%s': tokenize both with one",
			       path, id->name, first, c->ident->name);
	if (nt_data_kind(d) != nt_data_kind(c->file[0]) ||
	    nt_data_row_len(d) != nt_data_row_len(c->file[0]))
		return nt_fail(NT_EARG, "%s and %s differ in kind or row length: pack both alike",
			       first, path);
	return 0;
}

static int check_weight(const char *text, double weight)
{
	/* sums and shares of such stay far from what a double cannot hold */
	return weight >= 1e-9 && weight <= 1e9 ? 0 :
	       nt_fail(NT_EARG, "%s: a weight is a number above 0, such as 0.3, from 1e-9 to 1e9", text);
}

/* PATH:WEIGHT, unless there is a file of that name: cuts the weight off the path. */
static int parse_weight(char *path, double *weight)
{
	char *colon = strrchr(path, ':'), *end;
	*weight = 0;
	if (!colon || colon == path || !colon[1] || access(path, F_OK) == 0)
		return 0;
	double w = strtod(colon + 1, &end);
	if (*end)
		return 0;
	int rc = check_weight(path, w);
	*colon = 0;
	*weight = w;
	return rc;
}

static int open_file(struct nt_corpus *c, const char *operand)
{
	char *path = strdup(operand);
	if (!path)
		return nt_fail_sys("%s: cannot open", operand);
	int rc = parse_weight(path, &c->weight[c->n]);
	if (rc == 0)
		rc = nt_data_open(&c->file[c->n], path);
	free(path);
	if (rc < 0)
		return rc;
	c->has_weight |= c->weight[c->n] > 0;
	if (c->n++ == 0)
		c->ident = nt_data_ident(c->file[0]);
	return check_alike(c, c->file[c->n - 1]);
}

/* What has no weight shares what the others leave of 1. */
static int check_left(double sum, const char *without)
{
	return !without || sum < 1 ? 0 :
	       nt_fail(NT_EARG, "%s has no weight, and the others, %g together, leave nothing of 1 "
				"for it: give it one, too", without, sum);
}

static int check_weights(const struct nt_corpus *c)
{
	double sum = 0;
	const char *without = NULL;
	for (size_t i = 0; i < c->n; i++) {
		sum += c->weight[i];
		if (c->weight[i] == 0)
			without = nt_data_name(c->file[i]);
	}
	return check_left(sum, without);
}

/* --- sources --------------------------------------------------------------------- */

static int find_source(struct nt_corpus *c, const char *name, size_t operand, size_t *found)
{
	for (size_t i = 0; i < c->n_source; i++) {
		if (strcmp(c->source[i].name, name) != 0)
			continue;
		*found = i;
		if (c->has_weight && c->source[i].operand != operand)
			return nt_fail(NT_EARG, "%s and %s both hold '%s', and files that share a source cannot "
						"have weights: use --weight NAME=WEIGHT for sources",
				       nt_data_name(c->file[c->source[i].operand]),
				       nt_data_name(c->file[operand]), name);
		return 0;
	}
	char *copy = strdup(name);
	if (!copy || nt_grow(&c->source, &c->source_cap, c->n_source + 1, sizeof(*c->source)) < 0) {
		free(copy);
		return nt_fail(NT_ESYS, "out of memory");
	}
	*found = c->n_source;
	c->source[c->n_source++] = (struct nt_source){.name = copy, .operand = operand, .group = operand,
						      .weight = c->weight[operand]};
	return 0;
}

static int add_extent(struct nt_corpus *c, const struct nt_extent *e)
{
	struct nt_extent *last = c->n_extent ? &c->extent[c->n_extent - 1] : NULL;
	if (last && last->file == e->file && last->source == e->source) {
		last->n_token += e->n_token;
		last->n_doc += e->n_doc;
		last->n_fragment += e->n_fragment;
		return 0;
	}
	int rc = nt_grow(&c->extent, &c->extent_cap, c->n_extent + 1, sizeof(*c->extent));
	if (rc == 0)
		c->extent[c->n_extent++] = *e;
	return rc;
}

static int add_segments(struct nt_corpus *c, size_t operand)
{
	const struct nt_data *d = c->file[operand];
	struct nt_extent e = {.file = d};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < nt_data_n_segment(d); i++) {
		struct nt_data_segment s;
		nt_data_segment(d, i, &s);
		const char *name = *s.source || !c->has_weight ? s.source : nt_data_name(d);
		e.n_token = s.n_token;
		e.n_doc = s.n_doc;
		e.n_fragment = s.n_fragment;
		if ((rc = find_source(c, name, operand, &e.source)) == 0)
			rc = add_extent(c, &e);
		e.token += e.n_token;
		e.doc += e.n_doc;
		e.fragment += e.n_fragment;
	}
	return rc;
}

static int by_source(const void *a, const void *b)
{
	const struct nt_extent *x = a, *y = b;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Brings the extents into the order of their sources, and numbers the tokens. */
static void gather(struct nt_corpus *c)
{
	uint64_t n = 0;
	for (size_t i = 0; i < c->n_extent; i++)
		c->extent[i].number = i; /* where it stands now, to keep that order */
	qsort(c->extent, c->n_extent, sizeof(*c->extent), by_source);
	for (size_t i = 0; i < c->n_extent; i++) {
		struct nt_extent *e = &c->extent[i];
		struct nt_source *s = &c->source[e->source];
		if (s->n_extent++ == 0) {
			s->extent = i;
			s->token = n;
		}
		e->number = n;
		s->n_token += e->n_token;
		n += e->n_token;
	}
}

/* What nobody named is told from what has names. */
static int name_the_rest(struct nt_corpus *c)
{
	for (size_t i = 0; i < c->n_source && c->n_source > 1; i++) {
		if (*c->source[i].name)
			continue;
		char *name = strdup("(no name)");
		if (!name)
			return nt_fail(NT_ESYS, "out of memory");
		free(c->source[i].name);
		c->source[i].name = name;
	}
	return 0;
}

int nt_corpus_open(struct nt_corpus *c, char *const *operand, size_t n)
{
	*c = (struct nt_corpus){0};
	c->file = nt_calloc(n, sizeof(*c->file));
	c->weight = nt_calloc(n, sizeof(*c->weight));
	int rc = c->file && c->weight ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = open_file(c, operand[i]);
	if (rc == 0 && c->has_weight)
		rc = check_weights(c);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = add_segments(c, i);
	if (rc == 0) {
		gather(c);
		rc = name_the_rest(c);
	}
	if (rc < 0)
		nt_corpus_close(c);
	return rc;
}

static int no_source(const struct nt_corpus *c, const char *text)
{
	struct nt_buf names = {0};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < c->n_source; i++)
		rc = nt_buf_printf(&names, " '%s'", c->source[i].name);
	if (rc == 0)
		rc = nt_fail(NT_EARG, "--weight %s: no source has that name; the data has%.*s", text,
			     names.len > 400 ? 400 : (int)names.len, (const char *)names.data);
	nt_buf_release(&names);
	return rc;
}

/* NAME=WEIGHT: of the last '=', for names may hold one. */
static int weigh_source(struct nt_corpus *c, const char *text)
{
	const char *sign = strrchr(text, '=');
	size_t len = sign ? (size_t)(sign - text) : 0, i = 0;
	char *end;
	if (!sign || !sign[1])
		return nt_fail(NT_EARG, "--weight %s: it is not NAME=WEIGHT, such as wiki=0.7", text);
	double weight = strtod(sign + 1, &end);
	while (i < c->n_source && (strlen(c->source[i].name) != len || memcmp(c->source[i].name, text, len)))
		i++;
	if (i == c->n_source)
		return no_source(c, text);
	c->source[i].weight = weight;
	c->source[i].group = c->n + i;
	return check_weight(text, *end ? 0 : weight);
}

int nt_corpus_weigh(struct nt_corpus *c, const char *const *weight, size_t n)
{
	const char *without = NULL;
	double sum = 0;
	int rc = 0;
	if (n && c->has_weight)
		return nt_fail(NT_EARG, "--weight is for sources, and files have weights: one or the other");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = weigh_source(c, weight[i]);
	for (size_t i = 0; n && i < c->n_source; i++) {
		sum += c->source[i].weight;
		if (c->source[i].weight == 0)
			without = c->source[i].name;
	}
	c->has_weight |= n > 0;
	return rc < 0 ? rc : check_left(sum, without);
}

void nt_corpus_close(struct nt_corpus *c)
{
	for (size_t i = 0; i < c->n; i++)
		nt_data_close(c->file[i]);
	for (size_t i = 0; i < c->n_source; i++)
		free(c->source[i].name);
	free(c->file);
	free(c->weight);
	free(c->source);
	free(c->extent);
	*c = (struct nt_corpus){0};
}

/* --- asking ---------------------------------------------------------------------- */

uint64_t nt_corpus_n_token(const struct nt_corpus *c)
{
	const struct nt_extent *last = &c->extent[c->n_extent - 1];
	return last->number + last->n_token;
}

enum nt_data_kind nt_corpus_kind(const struct nt_corpus *c)
{
	return nt_data_kind(c->file[0]);
}

size_t nt_corpus_extent_of(const struct nt_corpus *c, uint64_t token)
{
	return nt_last_from(c->extent, c->n_extent, sizeof(*c->extent), offsetof(struct nt_extent, number), token);
}

int nt_corpus_read(const struct nt_corpus *c, uint64_t start, size_t n, uint32_t *id)
{
	for (size_t k = nt_corpus_extent_of(c, start); n > 0; k++) {
		nt_assert(k < c->n_extent);
		const struct nt_extent *e = &c->extent[k];
		uint64_t at = start - e->number, left = e->n_token - at;
		size_t part = left < n ? (size_t)left : n;
		int rc = part ? nt_data_read(e->file, e->token + at, part, id) : 0;
		if (rc < 0)
			return rc;
		start += part;
		id += part;
		n -= part;
	}
	return 0;
}

int nt_corpus_mixture(const struct nt_corpus *c, struct nt_buf *text)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < c->n_source && c->n_source > 1; i++)
		rc = nt_buf_printf(text, "%s%.17g:%" PRIu64, i ? " " : "",
				   c->source[i].weight, c->source[i].n_token);
	return rc < 0 ? rc : nt_buf_add(text, "", 1);
}

void nt_hex128(const uint8_t bytes[16], char hex[33])
{
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

void nt_corpus_hash(const struct nt_corpus *c, char hex[33])
{
	uint8_t pair[32]; /* what came before, and one more */
	nt_data_hash(c->file[0], pair);
	for (size_t i = 1; i < c->n; i++) {
		nt_data_hash(c->file[i], pair + 16);
		struct nt_hash128 both = nt_hash128(pair, sizeof(pair));
		nt_put64(pair, both.lo);
		nt_put64(pair + 8, both.hi);
	}
	nt_hex128(pair, hex);
}
