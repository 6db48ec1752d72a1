/* SPDX-License-Identifier: MIT */
/*
 * docs.c - where one document ends and the next begins
 *
 * Bytes of a member come into one buffer, and a document is a slice of it: found by
 * looking for the delimiter from where the last look stopped, so that a document of any
 * length is scanned once. Bytes move only when the buffer is refilled.
 *
 * `auto` needs no second look at a stream: it is cut at NULs from the start, and one in
 * which none was met until its end has turned out to be one document.
 */
#include "nt/docs.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "io/input.h"
#include "io/jsonl.h"
#include "io/walk.h"
#include "nt/err.h"

enum { READ_BYTES = 1 << 18 };

enum split { AUTO, NONE, LINE, BLANK, NUL, JSONL, DELIMITER };

struct nt_docs {
	enum split asked;    /* by the caller */
	enum split split;    /* of this member; AUTO: a stream that is not decided yet */
	struct nt_buf delimiter; /* the caller's ... */
	const uint8_t *cut;  /* [cut_len] ... and this member's, as bytes */
	size_t cut_len;
	struct nt_jsonl *jsonl;
	struct nt_walk *walk;
	struct nt_input *input; /* NULL between operands */
	uint64_t bytes_before;  /* of operands that are done */
	uint64_t total;

	bool in_member;
	bool is_whole;       /* all of the member is in the buffer */
	uint64_t n_piece;    /* of this member so far; lines, for JSONL */
	uint64_t n_cut;      /* delimiters met in all */
	bool has_text;       /* a document with a byte was handed out */
	struct nt_docs_options parts; /* what was asked about parts of documents */
	size_t part_due;     /* bytes that must be here before the next look for a seam */
	bool goes_on;        /* what was taken last is a part, and not the last one */
	struct nt_buf bytes; /* [pos, len) of it is not handed out yet */
	size_t pos, scanned; /* nothing was found in [pos, scanned) */

	struct nt_buf text, source, remark;
};

/* --- what was asked for ------------------------------------------------------------ */

/* Takes \n \t \r \0 \\ out of a delimiter. */
static int unescape(struct nt_buf *out, const char *s)
{
	static const char letters[] = "ntr0\\", bytes[] = "\n\t\r\0\\";
	for (; *s; s++) {
		char c = *s;
		if (c == '\\') {
			const char *at = s[1] ? strchr(letters, s[1]) : NULL;
			if (!at)
				return nt_fail(NT_EARG, "--split: unknown escape '\\%.1s': a backslash "
							"is \\\\, and there are \\n \\t \\r \\0", s + 1);
			c = bytes[at - letters];
			s++;
		}
		if (nt_buf_add(out, &c, 1) < 0)
			return NT_ESYS;
	}
	if (out->len == 0)
		return nt_fail(NT_EARG, "--split: the delimiter is empty; 'none' keeps each file whole");
	return 0;
}

static int read_split(struct nt_docs *d, const char *split)
{
	static const char *const word[] = {"auto", "none", "line", "blank", "nul", "jsonl"};
	for (int i = 0; i < DELIMITER; i++) {
		d->asked = (enum split)i;
		if (!split || strcmp(split, word[i]) == 0)
			return 0;
	}
	d->asked = DELIMITER;
	return unescape(&d->delimiter, split);
}

int nt_docs_open(struct nt_docs **docs, const struct nt_docs_options *options,
		 char *const *operand, size_t n)
{
	static const struct nt_docs_options defaults;
	struct nt_docs *d = nt_calloc(1, sizeof(*d));
	*docs = NULL;
	if (!d)
		return NT_ESYS;
	if (!options)
		options = &defaults;
	int rc = read_split(d, options->split);
	if (rc == 0)
		rc = nt_jsonl_new(&d->jsonl, options->field, options->n_field);
	if (rc == 0)
		rc = nt_walk_open(&d->walk, operand, n);
	if (rc < 0) {
		nt_docs_close(d);
		return rc;
	}
	d->total = nt_walk_total(d->walk);
	d->parts = *options;
	d->part_due = options->part_bytes;
	*docs = d;
	return 0;
}

/* --- the buffer -------------------------------------------------------------------- */

/* Reads more of the member, into at least `room` bytes. Sets is_whole when there is no more. */
static int fill(struct nt_docs *d, size_t room)
{
	if (d->pos > 0) {
		memmove(d->bytes.data, d->bytes.data + d->pos, d->bytes.len - d->pos);
		d->bytes.len -= d->pos;
		d->scanned -= d->pos;
		d->pos = 0;
	}
	if (nt_buf_reserve(&d->bytes, room) < 0)
		return NT_ESYS;
	ssize_t got = nt_input_read(d->input, d->bytes.data + d->bytes.len,
				    d->bytes.cap - d->bytes.len);
	if (got < 0)
		return (int)got;
	d->bytes.len += (size_t)got;
	d->is_whole = got == 0;
	return 0;
}

/* As much again as is here: bytes are moved at most as often as the buffer doubles. */
static int fill_more(struct nt_docs *d)
{
	size_t here = d->bytes.len - d->pos;
	return fill(d, here < READ_BYTES ? READ_BYTES : here);
}

/* Reads all of the member. */
static int fill_all(struct nt_docs *d)
{
	size_t left = nt_input_left(d->input);
	int rc = nt_buf_reserve(&d->bytes, left ? left + 1 : READ_BYTES);
	while (rc == 0 && !d->is_whole)
		rc = fill(d, 1);
	return rc;
}

static const uint8_t *search(const struct nt_docs *d)
{
	size_t n = d->bytes.len - d->scanned;
	if (n < d->cut_len || d->cut_len == 0)
		return NULL;
	const uint8_t *p = d->bytes.data + d->scanned;
	return d->cut_len == 1 ? memchr(p, d->cut[0], n) : memmem(p, n, d->cut, d->cut_len);
}

/* The length of a part that can be handed out already, or 0. */
static size_t find_part(struct nt_docs *d)
{
	size_t here = d->scanned - d->pos;
	if (!d->part_due || here < d->part_due || d->split == BLANK || d->split == JSONL)
		return 0;
	size_t len = d->parts.seam(d->parts.seam_arg, d->bytes.data + d->pos, here);
	d->part_due = len ? d->parts.part_bytes : 2 * here; /* or each read would look at all again */
	return len;
}

/*
 * Takes the bytes before the next delimiter off the buffer: 1, also for none between two
 * delimiters; 0 when no byte is left of the member. Without a delimiter the rest is it.
 */
static int take_piece(struct nt_docs *d, const uint8_t **piece, size_t *len)
{
	const uint8_t *at;
	d->goes_on = false;
	while (!(at = search(d)) && !d->is_whole) {
		/* the delimiter may have begun in the last bytes */
		size_t begun = d->cut_len > 1 ? d->cut_len - 1 : 0;
		if (d->bytes.len - d->scanned > begun)
			d->scanned = d->bytes.len - begun;
		*piece = d->bytes.data + d->pos;
		if ((*len = find_part(d)) > 0) {
			d->pos += *len;
			d->goes_on = true;
			return 1;
		}
		int rc = fill_more(d);
		if (rc < 0)
			return rc;
	}
	if (!at && d->pos == d->bytes.len)
		return 0;
	size_t end = at ? (size_t)(at - d->bytes.data) : d->bytes.len;
	*piece = d->bytes.data + d->pos;
	*len = end - d->pos;
	d->pos = d->scanned = at ? end + d->cut_len : end;
	d->n_cut += at != NULL;
	d->n_piece++;
	return 1;
}

/* --- members ----------------------------------------------------------------------- */

static bool is_blank(const uint8_t *p, size_t n)
{
	while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
		n--;
	return n == 0;
}

/* Cuts a suffix off name[*len], if it is there. */
static bool strip(const char *name, size_t *len, const char *suffix)
{
	size_t n = strlen(suffix);
	if (*len < n || strncasecmp(name + *len - n, suffix, n) != 0)
		return false;
	*len -= n;
	return true;
}

/* Does a name promise JSON lines, under whatever compression? */
static bool is_jsonl_name(const char *name)
{
	size_t len = strlen(name);
	while (strip(name, &len, ".gz") || strip(name, &len, ".zst") || strip(name, &len, ".xz") ||
	       strip(name, &len, ".bz2") || strip(name, &len, ".lz4"))
		;
	return strip(name, &len, ".jsonl") || strip(name, &len, ".ndjson");
}

static int set_remark(struct nt_docs *d, const char *what)
{
	d->remark.len = 0;
	return nt_buf_printf(&d->remark, "%s: %s", nt_input_member(d->input), what);
}

static void set_split(struct nt_docs *d, enum split split)
{
	d->split = split;
	d->cut = (const uint8_t *)(split == LINE || split == BLANK || split == JSONL ? "\n" : "");
	d->cut_len = split != NONE;
	if (split == DELIMITER) {
		d->cut = d->delimiter.data;
		d->cut_len = d->delimiter.len;
	}
}

/* Is the first line of a stream an object with our fields? Its length is not bounded: text
 * that is not JSON lines must be read to its end anyway. */
static int looks_like_jsonl(struct nt_docs *d)
{
	const uint8_t *newline = NULL;
	do {
		int rc = fill_more(d);
		if (rc < 0)
			return rc;
		if (d->bytes.len == 0 || (d->bytes.data[0] != '{' && d->bytes.data[0] != 0xef))
			return 0; /* 0xef may begin a byte order mark */
		newline = memchr(d->bytes.data, '\n', d->bytes.len);
	} while (!newline && !d->is_whole);
	size_t len = newline ? (size_t)(newline - d->bytes.data) : d->bytes.len;
	return nt_jsonl_fits(d->jsonl, d->bytes.data, len);
}

/* Decides how the member is cut. Returns 1. */
static int begin_member(struct nt_docs *d)
{
	d->in_member = true;
	d->is_whole = false;
	d->n_piece = 0;
	d->pos = d->scanned = d->bytes.len = 0;
	if (d->asked != AUTO) {
		set_split(d, d->asked);
	} else if (is_jsonl_name(nt_input_member(d->input))) {
		set_split(d, JSONL);
	} else if (!nt_input_is_stream(d->input)) {
		set_split(d, NONE);
	} else {
		int is_jsonl = looks_like_jsonl(d);
		set_split(d, is_jsonl ? JSONL : AUTO);
		if (is_jsonl < 0)
			return is_jsonl;
		if (is_jsonl && set_remark(d, "JSON lines, a document each") < 0)
			return NT_ESYS;
	}
	return 1;
}

/* --- documents --------------------------------------------------------------------- */

/* The name of a document: the member's, with the number of the piece or line where
 * it is cut. */
static int set_source(struct nt_docs *d, bool has_number)
{
	d->source.len = 0;
	if (nt_buf_printf(&d->source, "%s", nt_input_member(d->input)) < 0)
		return NT_ESYS;
	return has_number ? nt_buf_printf(&d->source, ":%llu", (unsigned long long)d->n_piece) : 0;
}

/* All of the member. An empty stream is no document; an empty file is an empty one. */
static int next_whole(struct nt_docs *d, struct nt_doc *doc)
{
	if (d->n_piece)
		return 0;
	int rc = d->part_due ? 0 : fill_all(d);
	if (rc == 0)
		rc = take_piece(d, &doc->text, &doc->len);
	if (rc < 0 || (rc == 0 && nt_input_is_stream(d->input)))
		return rc;
	d->n_piece += rc == 0;
	if (d->asked == AUTO && doc->len && memchr(doc->text, 0, doc->len) &&
	    set_remark(d, "one document, though it holds NUL bytes; -0 or --split=nul cuts at them") < 0)
		return NT_ESYS;
	return set_source(d, false) < 0 ? NT_ESYS : 1;
}

static int next_piece(struct nt_docs *d, struct nt_doc *doc)
{
	int rc = take_piece(d, &doc->text, &doc->len);
	return rc <= 0 ? rc : set_source(d, true) < 0 ? NT_ESYS : 1;
}

/* A stream that is not decided: its first piece decides. */
static int next_undecided(struct nt_docs *d, struct nt_doc *doc)
{
	uint64_t before = d->n_cut;
	int rc = take_piece(d, &doc->text, &doc->len);
	if (rc <= 0)
		return rc;
	if (d->goes_on)
		return set_source(d, false) < 0 ? NT_ESYS : 1;
	bool is_cut = d->n_cut > before;
	set_split(d, is_cut ? NUL : NONE); /* NONE: its one document has been handed out */
	rc = set_remark(d, is_cut ? "documents with a NUL between them"
				  : "one document: no NUL and no JSON lines in it");
	return rc < 0 || set_source(d, is_cut) < 0 ? NT_ESYS : 1;
}

/* Lines up to a blank one, without the newline of the last. */
static int next_paragraph(struct nt_docs *d, struct nt_doc *doc)
{
	const uint8_t *line;
	size_t len;
	int rc;
	d->text.len = 0;
	while ((rc = take_piece(d, &line, &len)) == 1) {
		bool blank = is_blank(line, len);
		if (blank && d->text.len)
			break;
		if (blank)
			continue;
		rc = d->text.len ? nt_buf_add(&d->text, "\n", 1) : set_source(d, true);
		if (rc < 0 || (rc = nt_buf_add(&d->text, line, len)) < 0)
			return rc;
	}
	if (rc < 0 || d->text.len == 0)
		return rc;
	doc->text = d->text.data;
	doc->len = d->text.len;
	return 1;
}

static int next_json(struct nt_docs *d, struct nt_doc *doc)
{
	const uint8_t *line;
	size_t len;
	int rc;
	do
		rc = take_piece(d, &line, &len);
	while (rc == 1 && is_blank(line, len));
	if (rc <= 0)
		return rc;
	if ((rc = set_source(d, true)) < 0 ||
	    (rc = nt_jsonl_read(d->jsonl, line, len, (char *)d->source.data, &d->text, &doc->id)) < 0)
		return rc;
	doc->text = d->text.data;
	doc->len = d->text.len;
	return 1;
}

static int next_in_member(struct nt_docs *d, struct nt_doc *doc)
{
	switch (d->split) {
	case AUTO:
		return next_undecided(d, doc);
	case NONE:
		return next_whole(d, doc);
	case BLANK:
		return next_paragraph(d, doc);
	case JSONL:
		return next_json(d, doc);
	default:
		return next_piece(d, doc);
	}
}

/* Goes to the next member, of this operand or a later one: 1, or 0 after the last. */
static int next_member(struct nt_docs *d)
{
	const char *path;
	for (;;) {
		int rc = d->input ? nt_input_next(d->input) : 0;
		if (rc == 1)
			rc = begin_member(d);
		if (rc != 0)
			return rc;
		if (d->input)
			d->bytes_before += nt_input_bytes(d->input);
		nt_input_close(d->input);
		d->input = NULL;
		if ((rc = nt_walk_next(d->walk, &path)) <= 0 ||
		    (rc = nt_input_open(&d->input, path)) < 0)
			return rc;
	}
}

/* A delimiter that is nowhere is likelier misspelt than meant. */
static int remark_at_end(struct nt_docs *d)
{
	if (d->asked != DELIMITER || d->n_cut || !d->has_text)
		return 0;
	return nt_buf_printf(&d->remark, "the delimiter of --split is nowhere in the text: it is not cut; "
					 "words with a meaning are auto, none, line, blank, nul, jsonl");
}

int nt_docs_next(struct nt_docs *d, struct nt_doc *doc)
{
	for (;;) {
		*doc = (struct nt_doc){0};
		int rc = d->in_member ? next_in_member(d, doc) : 0;
		if (rc != 0) {
			doc->source = (const char *)d->source.data;
			doc->goes_on = d->goes_on;
			d->has_text |= doc->len > 0;
			return rc;
		}
		d->in_member = false;
		if ((rc = next_member(d)) <= 0)
			return rc < 0 ? rc : remark_at_end(d);
	}
}

uint64_t nt_docs_bytes(const struct nt_docs *d)
{
	return d->bytes_before + (d->input ? nt_input_bytes(d->input) : 0);
}

uint64_t nt_docs_total(const struct nt_docs *d)
{
	return d->total;
}

const char *nt_docs_remark(const struct nt_docs *d)
{
	return d->remark.len ? (const char *)d->remark.data : NULL;
}

void nt_docs_close(struct nt_docs *d)
{
	if (!d)
		return;
	nt_input_close(d->input);
	nt_walk_close(d->walk);
	nt_jsonl_free(d->jsonl);
	nt_buf_release(&d->delimiter);
	nt_buf_release(&d->bytes);
	nt_buf_release(&d->text);
	nt_buf_release(&d->source);
	nt_buf_release(&d->remark);
	free(d);
}
