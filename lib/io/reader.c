/* SPDX-License-Identifier: MIT */
/*
 * reader.c - where one document ends and the next begins
 *
 * Bytes of a member come into one buffer, and a document is a slice of it: found by
 * looking for the delimiter from where the last look stopped, so that a document of any
 * length is scanned once. Bytes move only when the buffer is refilled.
 *
 * `auto` needs no second look at a stream: it is cut at NULs from the start, and one in
 * which none was met until its end has turned out to be one document.
 */
#include "io/reader.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/block.h"
#include "io/jsonl.h"
#include "nt/err.h"

enum { READ_BYTES = NT_BLOCK(1 << 18) };

enum split { AUTO, NONE, LINE, BLANK, NUL, JSONL, DELIMITER };

struct nt_reader {
	enum split asked;    /* by the caller */
	enum split split;    /* of this member; AUTO: a stream that is not decided yet */
	struct nt_buf delimiter; /* the caller's ... */
	const uint8_t *cut;  /* [cut_len] ... and this member's, as bytes */
	size_t cut_len;
	struct nt_jsonl *jsonl;
	struct nt_docs_options options; /* what was asked */
	struct nt_input_options input_options;
	struct nt_input *input; /* NULL between operands */
	struct nt_reader_counts counts; /* bytes: of operands that are done */

	bool in_member;
	bool is_whole;       /* all of the member is in the buffer */
	uint64_t n_piece;    /* of this member so far; lines, for JSONL */
	size_t part_due;     /* bytes that must be here before the next look for a seam */
	bool goes_on;        /* what was taken last is a part, and not the last one */
	struct nt_buf bytes; /* [pos, len) of it is not handed out yet */
	size_t pos, scanned; /* nothing was found in [pos, scanned) */

	struct nt_buf text, source, remark;
};

/* --- what was asked for ------------------------------------------------------------ */

static int read_split(struct nt_reader *r, const char *split)
{
	static const char *const word[] = {"auto", "none", "line", "blank", "nul", "jsonl"};
	for (int i = 0; i < DELIMITER; i++) {
		r->asked = (enum split)i;
		if (!split || strcmp(split, word[i]) == 0)
			return 0;
	}
	r->asked = DELIMITER;
	int rc = nt_buf_unescape(&r->delimiter, split);
	if (rc == NT_EARG)
		return nt_fail(NT_EARG, "--split: %s", nt_errmsg());
	if (rc == 0 && r->delimiter.len == 0)
		return nt_fail(NT_EARG, "--split: the delimiter is empty; 'none' keeps each file whole");
	return rc;
}

static void close_input(struct nt_reader *r)
{
	r->counts.bytes += r->input ? nt_input_bytes(r->input) : 0;
	nt_input_close(r->input);
	r->input = NULL;
	r->in_member = false;
}

int nt_reader_new(struct nt_reader **reader, const struct nt_docs_options *options)
{
	struct nt_reader *r = nt_calloc(1, sizeof(*r));
	*reader = r;
	if (!r)
		return NT_ESYS;
	r->options = *options;
	r->part_due = options->part_bytes;
	r->input_options = (struct nt_input_options){
		.is_lenient = options->is_lenient,
		.max_ratio = options->max_ratio,
		.max_size = options->max_size,
		.tally = &r->counts.input,
	};
	int rc = read_split(r, options->split);
	if (rc == 0)
		rc = nt_jsonl_new(&r->jsonl, options->field, options->n_field, options->where,
				  options->n_where);
	if (rc < 0) {
		nt_reader_free(r);
		*reader = NULL;
	}
	return rc;
}

int nt_reader_open(struct nt_reader *r, const char *path)
{
	close_input(r);
	return nt_input_open(&r->input, path, &r->input_options);
}

/* --- the buffer -------------------------------------------------------------------- */

/* Reads more of the member, into at least `room` bytes. Sets is_whole when there is no more. */
static int fill(struct nt_reader *r, size_t room)
{
	if (r->pos > 0) {
		memmove(r->bytes.data, r->bytes.data + r->pos, r->bytes.len - r->pos);
		r->bytes.len -= r->pos;
		r->scanned -= r->pos;
		r->pos = 0;
	}
	if (nt_buf_reserve(&r->bytes, room) < 0)
		return NT_ESYS;
	ssize_t got = nt_input_read(r->input, r->bytes.data + r->bytes.len,
				    r->bytes.cap - r->bytes.len);
	if (got < 0)
		return (int)got;
	r->bytes.len += (size_t)got;
	r->is_whole = got == 0;
	return 0;
}

/* As much again as is here: bytes are moved at most as often as the buffer doubles. */
static int fill_more(struct nt_reader *r)
{
	size_t here = r->bytes.len - r->pos;
	return fill(r, here < READ_BYTES ? READ_BYTES : here);
}

/* Reads all of the member. */
static int fill_all(struct nt_reader *r)
{
	size_t left = nt_input_left(r->input);
	int rc = nt_buf_reserve(&r->bytes, left ? left + 1 : READ_BYTES);
	while (rc == 0 && !r->is_whole)
		rc = fill(r, 1);
	return rc;
}

static const uint8_t *search(const struct nt_reader *r)
{
	size_t n = r->bytes.len - r->scanned;
	if (n < r->cut_len || r->cut_len == 0)
		return NULL;
	const uint8_t *p = r->bytes.data + r->scanned;
	return r->cut_len == 1 ? memchr(p, r->cut[0], n) : memmem(p, n, r->cut, r->cut_len);
}

/* The length of a part that can be handed out already, or 0. */
static size_t find_part(struct nt_reader *r)
{
	size_t here = r->scanned - r->pos;
	if (!r->part_due || here < r->part_due || r->split == BLANK || r->split == JSONL)
		return 0;
	size_t len = r->options.seam(r->options.seam_arg, r->bytes.data + r->pos, here);
	r->part_due = len ? r->options.part_bytes : 2 * here; /* or each read would look at all again */
	return len;
}

/*
 * Takes the bytes before the next delimiter off the buffer: 1, also for none between two
 * delimiters; 0 when no byte is left of the member. Without a delimiter the rest is it. What
 * was said to go on has an end, if only an empty one.
 */
static int take_piece(struct nt_reader *r, const uint8_t **piece, size_t *len)
{
	const uint8_t *at;
	bool is_awaited = r->goes_on;
	r->goes_on = false;
	while (!(at = search(r)) && !r->is_whole) {
		/* the delimiter may have begun in the last bytes */
		size_t begun = r->cut_len > 1 ? r->cut_len - 1 : 0;
		if (r->bytes.len - r->scanned > begun)
			r->scanned = r->bytes.len - begun;
		if ((*len = find_part(r)) > 0) {
			*piece = r->bytes.data + r->pos;
			r->pos += *len;
			r->goes_on = true;
			return 1;
		}
		int rc = fill_more(r);
		if (rc < 0)
			return rc;
	}
	if (!at && r->pos == r->bytes.len && !is_awaited)
		return 0;
	size_t end = at ? (size_t)(at - r->bytes.data) : r->bytes.len;
	*piece = r->bytes.data + r->pos;
	*len = end - r->pos;
	r->pos = r->scanned = at ? end + r->cut_len : end;
	r->counts.delimiters += at != NULL;
	r->n_piece++;
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

static int set_remark(struct nt_reader *r, const char *what)
{
	r->remark.len = 0;
	return nt_buf_printf(&r->remark, "%s: %s", nt_input_member(r->input), what);
}

static void set_split(struct nt_reader *r, enum split split)
{
	r->split = split;
	r->cut = (const uint8_t *)(split == LINE || split == BLANK || split == JSONL ? "\n" : "");
	r->cut_len = split != NONE;
	if (split == DELIMITER) {
		r->cut = r->delimiter.data;
		r->cut_len = r->delimiter.len;
	}
}

/* Is the first line of a stream an object with our fields? Its length is not bounded: text
 * that is not JSON lines must be read to its end anyway. */
static int looks_like_jsonl(struct nt_reader *r)
{
	const uint8_t *newline = NULL;
	do {
		int rc = fill_more(r);
		if (rc < 0)
			return rc;
		if (r->bytes.len == 0 || (r->bytes.data[0] != '{' && r->bytes.data[0] != 0xef))
			return 0; /* 0xef may begin a byte order mark */
		newline = memchr(r->bytes.data, '\n', r->bytes.len);
	} while (!newline && !r->is_whole);
	size_t len = newline ? (size_t)(newline - r->bytes.data) : r->bytes.len;
	return nt_jsonl_fits(r->jsonl, r->bytes.data, len);
}

/* Decides how the member is cut. Returns 1. */
static int begin_member(struct nt_reader *r)
{
	r->in_member = true;
	r->is_whole = false;
	r->n_piece = 0;
	r->pos = r->scanned = r->bytes.len = 0;
	if (r->asked != AUTO) {
		set_split(r, r->asked);
	} else if (is_jsonl_name(nt_input_member(r->input))) {
		set_split(r, JSONL);
	} else if (!nt_input_is_stream(r->input)) {
		set_split(r, NONE);
	} else {
		int is_jsonl = looks_like_jsonl(r);
		set_split(r, is_jsonl ? JSONL : AUTO);
		if (is_jsonl < 0)
			return is_jsonl;
		if (is_jsonl && set_remark(r, "JSON lines, a document each") < 0)
			return NT_ESYS;
	}
	if (r->options.n_where && r->split != JSONL)
		return nt_fail(NT_EARG, "%s: --where asks about JSON lines, and this is something else; if it "
					"is not, --split=jsonl", nt_input_member(r->input));
	return 1;
}

/* --- documents --------------------------------------------------------------------- */

/* The name of a document: the member's, with the number of the piece or line where
 * it is cut. */
static int set_source(struct nt_reader *r, bool has_number)
{
	r->source.len = 0;
	if (nt_buf_printf(&r->source, "%s", nt_input_member(r->input)) < 0)
		return NT_ESYS;
	return has_number ? nt_buf_printf(&r->source, ":%llu", (unsigned long long)r->n_piece) : 0;
}

/* All of the member. An empty stream is no document; an empty file is an empty one. */
static int next_whole(struct nt_reader *r, struct nt_doc *doc)
{
	if (r->n_piece)
		return 0;
	int rc = r->part_due ? 0 : fill_all(r);
	if (rc == 0)
		rc = take_piece(r, &doc->text, &doc->len);
	if (rc < 0 || (rc == 0 && nt_input_is_stream(r->input)))
		return rc;
	r->n_piece += rc == 0;
	if (r->asked == AUTO && doc->len && memchr(doc->text, 0, doc->len) &&
	    set_remark(r, "one document, though it holds NUL bytes; -0 or --split=nul cuts at them") < 0)
		return NT_ESYS;
	return set_source(r, false) < 0 ? NT_ESYS : 1;
}

static int next_piece(struct nt_reader *r, struct nt_doc *doc)
{
	int rc = take_piece(r, &doc->text, &doc->len);
	return rc <= 0 ? rc : set_source(r, true) < 0 ? NT_ESYS : 1;
}

/* A stream that is not decided: its first piece decides. */
static int next_undecided(struct nt_reader *r, struct nt_doc *doc)
{
	uint64_t before = r->counts.delimiters;
	int rc = take_piece(r, &doc->text, &doc->len);
	if (rc <= 0)
		return rc;
	if (r->goes_on)
		return set_source(r, false) < 0 ? NT_ESYS : 1;
	bool is_cut = r->counts.delimiters > before;
	set_split(r, is_cut ? NUL : NONE); /* NONE: its one document has been handed out */
	rc = set_remark(r, is_cut ? "documents with a NUL between them"
				  : "one document: no NUL and no JSON lines in it");
	return rc < 0 || set_source(r, is_cut) < 0 ? NT_ESYS : 1;
}

/* Lines up to a blank one, without the newline of the last. */
static int next_paragraph(struct nt_reader *r, struct nt_doc *doc)
{
	const uint8_t *line;
	size_t len;
	int rc;
	r->text.len = 0;
	while ((rc = take_piece(r, &line, &len)) == 1) {
		bool blank = is_blank(line, len);
		if (blank && r->text.len)
			break;
		if (blank)
			continue;
		rc = r->text.len ? nt_buf_add(&r->text, "\n", 1) : set_source(r, true);
		if (rc < 0 || (rc = nt_buf_add(&r->text, line, len)) < 0)
			return rc;
	}
	if (rc < 0 || r->text.len == 0)
		return rc;
	doc->text = r->text.data;
	doc->len = r->text.len;
	return 1;
}

static void note_damage(struct nt_reader *r)
{
	if (r->counts.input.damage++ == 0)
		snprintf(r->counts.input.first, sizeof(r->counts.input.first), "%s", nt_errmsg());
}

/* Takes the next line that is not blank: 1, 0 behind the last. */
static int take_line(struct nt_reader *r, const uint8_t **line, size_t *len)
{
	int rc;
	do
		rc = take_piece(r, line, len);
	while (rc == 1 && is_blank(*line, *len));
	return rc == 1 && set_source(r, true) < 0 ? NT_ESYS : rc;
}

static int next_json(struct nt_reader *r, struct nt_doc *doc)
{
	struct nt_jsonl_about about;
	const uint8_t *line;
	size_t len;
	int rc;
	while ((rc = take_line(r, &line, &len)) == 1) {
		rc = nt_jsonl_read(r->jsonl, line, len, (char *)r->source.data, &r->text, &about);
		r->counts.lines++;
		r->counts.unwanted += rc == 0;
		if (rc == NT_EFORMAT && r->options.is_lenient)
			note_damage(r);
		else if (rc != 0)
			break;
	}
	if (rc <= 0)
		return rc;
	*doc = (struct nt_doc){.text = r->text.data, .len = r->text.len,
			       .id = about.id, .url = about.url, .date = about.date};
	if (r->options.keep_lines) {
		doc->line = line;
		doc->line_len = len;
	}
	return 1;
}

static int next_in_member(struct nt_reader *r, struct nt_doc *doc)
{
	switch (r->split) {
	case AUTO:
		return next_undecided(r, doc);
	case NONE:
		return next_whole(r, doc);
	case BLANK:
		return next_paragraph(r, doc);
	case JSONL:
		return next_json(r, doc);
	default:
		return next_piece(r, doc);
	}
}

int nt_reader_next(struct nt_reader *r, struct nt_doc *doc)
{
	for (;;) {
		*doc = (struct nt_doc){0};
		int rc = r->in_member ? next_in_member(r, doc) : 0;
		if (rc != 0) {
			struct nt_input_about about = nt_input_about(r->input);
			doc->source = (const char *)r->source.data;
			doc->id = doc->id ? doc->id : about.id;
			doc->url = doc->url ? doc->url : about.url;
			doc->date = doc->date ? doc->date : about.date;
			doc->goes_on = r->goes_on;
			r->counts.has_text |= doc->len > 0;
			return rc;
		}
		r->in_member = false;
		rc = nt_input_next(r->input);
		if (rc == 1)
			rc = begin_member(r);
		if (rc <= 0)
			return rc;
	}
}

void nt_reader_counts(const struct nt_reader *r, struct nt_reader_counts *counts)
{
	*counts = r->counts;
	counts->bytes += r->input ? nt_input_bytes(r->input) : 0;
}

const char *nt_reader_remark(const struct nt_reader *r)
{
	return r->remark.len ? (const char *)r->remark.data : NULL;
}

void nt_reader_reset(struct nt_reader *r)
{
	close_input(r);
	r->counts = (struct nt_reader_counts){0};
	r->remark.len = 0;
}

bool nt_reader_is_plain(const struct nt_reader *r)
{
	return r->split == NONE && nt_input_is_plain(r->input);
}

bool nt_reader_has_delimiter(const struct nt_reader *r)
{
	return r->asked == DELIMITER;
}

void nt_reader_free(struct nt_reader *r)
{
	if (!r)
		return;
	close_input(r);
	nt_jsonl_free(r->jsonl);
	nt_buf_release(&r->delimiter);
	nt_buf_release(&r->bytes);
	nt_buf_release(&r->text);
	nt_buf_release(&r->source);
	nt_buf_release(&r->remark);
	free(r);
}

void nt_reader_add(struct nt_reader_counts *a, const struct nt_reader_counts *b)
{
	if (a->input.damage == 0)
		memcpy(a->input.first, b->input.first, sizeof(a->input.first));
	a->input.damage += b->input.damage;
	a->input.warc.records += b->input.warc.records;
	a->input.warc.html += b->input.warc.html;
	a->input.warc.cut += b->input.warc.cut;
	a->input.warc.other_types += b->input.warc.other_types;
	a->input.warc.not_text += b->input.warc.not_text;
	a->input.warc.encoded += b->input.warc.encoded;
	a->input.warc.segments += b->input.warc.segments;
	a->bytes += b->bytes;
	a->delimiters += b->delimiters;
	a->lines += b->lines;
	a->unwanted += b->unwanted;
	a->has_text |= b->has_text;
}
