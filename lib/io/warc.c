/* SPDX-License-Identifier: MIT */
/*
 * warc.c - WARC 0.17 to 1.1 (ISO 28500), and so WET: documents out of records
 *
 *	WARC/1.0 CRLF name: value CRLF ... CRLF  block  CRLF CRLF
 *
 * Of each record the head is read, and its length is a claim: behind that many bytes the two
 * line ends must stand, and then another record or the end. Names are of any case, lines may
 * be folded, and a line feed alone ends them as well.
 *
 *	response     the body: the HTTP head is taken away, chunks are joined, and a body
 *	             that begins as its Content-Encoding of gzip or deflate says is inflated
 *	             (Common Crawl once stored bodies that it had decoded, with the heads of
 *	             those it had not)
 *	conversion   the block, which is text: what WET files hold
 *	resource     the block
 *
 * Other types, what is not text by its type (images, PDF), and bodies in another encoding
 * (br, zstd) are passed over and counted; HTML is handed out as it is, and counted. A page
 * that the server or the crawler cut is not damage of the file: it is handed out as far as
 * it goes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/layer.h"
#include "nt/err.h"
#include "nt/mem.h"

enum { CHUNK_LINE = 64, SNIFF_BYTES = 512 };

struct warc {
	struct nt_buf head, http; /* lines, each with a 0 behind it, the last one empty */
	uint64_t number;          /* of the record, from 1 */
	uint64_t left;            /* bytes of its block not read yet */
	bool in_record;
	bool has_cr;              /* CRLF ends its lines, not LF */
	bool is_chunked;
	bool is_first_chunk;
	bool is_over; /* the chunks, whatever stands behind them */
	uint64_t chunk_left;
	const struct nt_layer_type *inner;
};

static struct nt_input_tally *tally_of(const struct nt_layer *l)
{
	return nt_layer_options(l)->tally;
}

/* --- heads ------------------------------------------------------------------------ */

/* The length of the head at p[n], the empty line that ends it included; 0: none ends here. */
static size_t head_len(const uint8_t *p, size_t n)
{
	const uint8_t *at = p, *end = p + n;
	while ((at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		if (at < end && *at == '\n')
			return (size_t)(at + 1 - p);
		if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
			return (size_t)(at + 2 - p);
	}
	return 0;
}

/* Puts the lines into *head: a line that begins with white space goes on with the last one. */
static int keep_lines(struct nt_buf *head, const uint8_t *p, size_t n)
{
	head->len = 0;
	if (nt_buf_reserve(head, n + 2) < 0)
		return NT_ESYS;
	for (size_t i = 0; i < n; i++) {
		bool is_end = p[i] == '\n' || (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n');
		bool is_folded = p[i] == '\n' && i + 1 < n && (p[i + 1] == ' ' || p[i + 1] == '\t');
		if (is_end && p[i] == '\r')
			continue;
		head->data[head->len++] = is_end && !is_folded ? 0 : p[i] ? p[i] : '?';
		if (is_folded)
			head->data[head->len - 1] = ' ';
	}
	head->data[head->len] = head->data[head->len + 1] = 0;
	return 0;
}

/* The value of a field, or NULL. */
static char *field(const struct nt_buf *head, const char *name)
{
	size_t len = strlen(name);
	if (head->len == 0)
		return NULL;
	char *line = (char *)head->data, *end = line + head->len;
	for (; line < end && *line; line += strlen(line) + 1)
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	return NULL;
}

/* Is this, of any case, what a value says before its parameters? */
static bool is_word(const char *value, const char *word)
{
	return value && strncasecmp(value, word, strlen(word)) == 0 &&
	       strcspn(value, ";, \t") == strlen(word);
}

/* Looks at a whole head of at most `most` bytes, and no further than it must: the bytes behind
 * may be damaged. Returns its length, 0 if it ends nowhere. */
static ssize_t look_at_head(struct nt_layer *l, uint64_t most, const uint8_t **p)
{
	ssize_t n = 0, before;
	do {
		before = n;
		if ((n = nt_layer_look(l->below, (size_t)n + 1, p)) < 0)
			return n;
		if ((uint64_t)n > most)
			n = (ssize_t)most;
		size_t len = head_len(*p, (size_t)n);
		if (len > 0)
			return (ssize_t)len;
	} while (n > before && n < NT_BLOCK_BYTES);
	return 0;
}

/* --- records ----------------------------------------------------------------------- */

static int cut(const struct nt_layer *l, uint64_t missing)
{
	return nt_fail(NT_EFORMAT, "%s: cut: the record's length promises %s more than is here",
		       nt_layer_name(l), nt_counted(missing, "byte"));
}

/* A decimal number and nothing else. */
static bool read_length(const char *s, uint64_t *length)
{
	char *end;
	if (!s || *s < '0' || *s > '9')
		return false;
	*length = strtoull(s, &end, 10);
	return end[strspn(end, " \t")] == 0 && *length <= INT64_MAX;
}

/* Some writers put the address between < and >, as the first edition of the standard says. */
static void take_brackets_off(char *url)
{
	size_t len = url ? strlen(url) : 0;
	if (len < 2 || url[0] != '<' || url[len - 1] != '>')
		return;
	memmove(url, url + 1, len - 2);
	url[len - 2] = 0;
}

/* Reads the head of a record: 1, or 0 at the end of all. */
static int read_head(struct nt_layer *l)
{
	struct warc *w = l->state;
	const uint8_t *p;
	ssize_t n = nt_layer_look(l->below, 1, &p);
	if (n <= 0)
		return (int)n;
	char number[24];
	snprintf(number, sizeof(number), "%llu", (unsigned long long)++w->number);
	if (nt_layer_name_member(l, number) < 0 || (n = look_at_head(l, UINT64_MAX, &p)) < 0)
		return n < 0 ? (int)n : NT_ESYS;
	if (n == 0) {
		nt_layer_skip(l->below, 1); /* whoever goes on must not find this one again */
		return nt_layer_damaged(l, "the head of the record has no end");
	}
	if (memcmp(p, "WARC/", 5) != 0)
		return nt_layer_damaged(l, "no record begins here; the length of the one before may be wrong");
	if (keep_lines(&w->head, p, (size_t)n) < 0)
		return NT_ESYS;
	w->has_cr = p[n - 2] == '\r';
	nt_layer_skip(l->below, (size_t)n);
	if (!read_length(field(&w->head, "Content-Length"), &w->left))
		return nt_layer_damaged(l, "the record has no Content-Length, or one that is no number");
	take_brackets_off(field(&w->head, "WARC-Target-URI"));
	w->in_record = true;
	return 1;
}

/* The two line ends behind a block, of the kind that the head has, and no others but more of
 * them: a length that is wrong by one is found. */
static int read_end(struct nt_layer *l)
{
	struct warc *w = l->state;
	const char *end = w->has_cr ? "\r\n\r\n" : "\n\n";
	size_t len = strlen(end);
	const uint8_t *p;
	ssize_t n = nt_layer_look(l->below, len, &p);
	if (n < 0)
		return (int)n;
	if ((size_t)n < len || memcmp(p, end, len) != 0)
		return nt_layer_damaged(l, "the record is cut or its length is wrong: it should end in two "
					   "empty lines");
	nt_layer_skip(l->below, len);
	while ((n = nt_layer_look(l->below, 1, &p)) > 0 && (*p == '\n' || *p == '\r'))
		nt_layer_skip(l->below, 1);
	w->in_record = false;
	return n < 0 ? (int)n : 0;
}

/* Passes over what is left of the record. */
static int finish(struct nt_layer *l)
{
	struct warc *w = l->state;
	const uint8_t *p;
	while (w->left) {
		ssize_t n = nt_layer_look(l->below, 1, &p);
		if (n <= 0)
			return n < 0 ? (int)n : cut(l, w->left);
		if ((uint64_t)n > w->left)
			n = (ssize_t)w->left;
		nt_layer_skip(l->below, (size_t)n);
		w->left -= (uint64_t)n;
	}
	return w->in_record ? read_end(l) : 0;
}

/* --- which records are documents ------------------------------------------------------- */

static bool is_html(const char *type)
{
	return is_word(type, "text/html") || is_word(type, "application/xhtml+xml");
}

static bool ends_with(const char *type, const char *end)
{
	size_t n = strcspn(type, "; \t"), len = strlen(end);
	return n >= len && strncasecmp(type + n - len, end, len) == 0;
}

/* By its media type; what has none, or one that says nothing, by its bytes. */
static bool is_text(const char *type, const uint8_t *p, size_t n)
{
	static const char *const text[] = {"application/json", "application/xml", "application/javascript",
					   "application/x-javascript", "application/ecmascript"};
	if (!type || !strchr(type, '/') || is_word(type, "unk") || is_word(type, "application/octet-stream"))
		return !nt_is_binary(p, n);
	if (strncasecmp(type, "text/", 5) == 0 || is_html(type))
		return true;
	for (size_t i = 0; i < sizeof(text) / sizeof(*text); i++)
		if (is_word(type, text[i]))
			return true;
	return strncasecmp(type, "application/", 12) == 0 && (ends_with(type, "+xml") || ends_with(type, "+json"));
}

/* Wget stores its own log as a resource. */
static bool is_log(const char *url)
{
	return url && strncasecmp(url, "metadata:", 9) == 0;
}

/* Takes the HTTP head off the block, if it has one. */
static int read_http(struct nt_layer *l)
{
	struct warc *w = l->state;
	const uint8_t *p;
	w->http.len = 0;
	if (!is_word(field(&w->head, "Content-Type"), "application/http"))
		return 0;
	ssize_t n = nt_layer_look(l->below, 5, &p);
	if (n < 5 || w->left < 5 || memcmp(p, "HTTP/", 5) != 0)
		return n < 0 ? (int)n : 0;
	if ((n = look_at_head(l, w->left, &p)) < 0)
		return (int)n;
	if (n == 0) { /* no empty line: there is no body */
		n = nt_layer_look(l->below, 1, &p);
		n = n < 0 || (uint64_t)n < w->left ? n : (ssize_t)w->left;
	}
	if (n < 0 || keep_lines(&w->http, p, (size_t)n) < 0)
		return n < 0 ? (int)n : NT_ESYS;
	nt_layer_skip(l->below, (size_t)n);
	w->left -= (uint64_t)n;
	w->is_chunked = is_word(field(&w->http, "Transfer-Encoding"), "chunked");
	w->is_first_chunk = w->is_chunked;
	return 0;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* The next chunk of a body: 1, 0 at its end. What is no chunk at all is a body that was
 * joined before it was stored. */
static int next_chunk(struct nt_layer *l)
{
	struct warc *w = l->state;
	char line[CHUNK_LINE + 1], *digits = line, *end;
	const uint8_t *p;
	size_t most = w->left < CHUNK_LINE ? (size_t)w->left : CHUNK_LINE;
	ssize_t n = nt_layer_look(l->below, most, &p);
	if (n < 0)
		return (int)n;
	n = (size_t)n > most ? (ssize_t)most : n;
	memcpy(line, p, (size_t)n);
	line[n] = 0;
	if (!w->is_first_chunk)
		digits += strspn(line, "\r\n");
	w->chunk_left = strtoull(digits, &end, 16);
	char *newline = strchr(end, '\n');
	bool is_chunk = end > digits && newline && is_hex(digits[0]) &&
			(w->chunk_left <= w->left || !w->is_first_chunk);
	w->is_chunked = is_chunk || !w->is_first_chunk;
	w->is_first_chunk = false;
	if (!w->is_chunked)
		return 1;
	tally_of(l)->warc.cut += !is_chunk; /* the page ended before its chunks did */
	w->is_over = !is_chunk || w->chunk_left == 0;
	if (w->is_over) {
		w->chunk_left = 0;
		return 0;
	}
	nt_layer_skip(l->below, (size_t)(newline + 1 - line));
	w->left -= (uint64_t)(newline + 1 - line);
	return 1;
}

static ssize_t read_block(struct nt_layer *l, void *buf, size_t n)
{
	struct warc *w = l->state;
	if (w->is_chunked && w->chunk_left == 0) {
		int rc = w->is_over ? 0 : next_chunk(l);
		if (rc <= 0)
			return rc;
	}
	uint64_t most = w->is_chunked && w->chunk_left < w->left ? w->chunk_left : w->left;
	if (most == 0)
		return 0;
	ssize_t got = nt_layer_take(l->below, buf, n < most ? n : (size_t)most);
	if (got == 0)
		return cut(l, w->left);
	if (got > 0) {
		w->left -= (uint64_t)got;
		w->chunk_left -= w->is_chunked ? (uint64_t)got : 0;
	}
	return got;
}

/*
 * Is the record's body a document? Looks at its beginning, with the HTTP head taken away and
 * chunks joined, and decides whether it must be inflated.
 */
static int choose(struct nt_layer *l, uint64_t **passed_over)
{
	struct warc *w = l->state;
	struct nt_input_tally *tally = tally_of(l);
	const char *coding = field(&w->http, "Content-Encoding");
	const char *type = field(&w->head, "WARC-Identified-Payload-Type");
	const uint8_t *p;
	l->at_end = false;
	l->pos = l->len = 0;
	ssize_t n = nt_layer_look(l, SNIFF_BYTES, &p);
	if (n < 0)
		return (int)n;
	n = n < SNIFF_BYTES ? n : SNIFF_BYTES;
	if (!type)
		type = field(w->http.len ? &w->http : &w->head, "Content-Type");
	if (is_word(type, "application/http")) /* and no head of HTTP */
		type = NULL;
	w->inner = NULL;
	if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b && (is_word(coding, "gzip") || is_word(coding, "x-gzip")))
		w->inner = &nt_gzip;
	else if (is_word(coding, "deflate") && nt_is_binary(p, (size_t)n))
		w->inner = &nt_deflate;
	else if (coding && *coding && !is_word(coding, "identity") && nt_is_binary(p, (size_t)n))
		*passed_over = &tally->warc.encoded;
	if (!*passed_over && !(w->inner && !type) && !is_text(type, p, (size_t)n))
		*passed_over = &tally->warc.not_text;
	tally->warc.html += !*passed_over && is_html(type);
	return 0;
}

/* Goes to the next record: 1 if it is a document, with *passed_over NULL; 0 at the end. */
static int next_record(struct nt_layer *l, uint64_t **passed_over)
{
	struct warc *w = l->state;
	struct nt_input_tally *tally = tally_of(l);
	int rc = finish(l);
	if (rc < 0 || (rc = read_head(l)) <= 0)
		return rc;
	const char *type = field(&w->head, "WARC-Type");
	w->http.len = 0;
	w->is_chunked = w->is_over = false;
	w->chunk_left = 0;
	tally->warc.records++;
	*passed_over = NULL;
	if (!is_word(type, "response") && !is_word(type, "conversion") && !is_word(type, "resource"))
		*passed_over = is_word(type, "continuation") ? &tally->warc.segments : &tally->warc.other_types;
	else if (field(&w->head, "WARC-Segment-Number"))
		*passed_over = &tally->warc.segments;
	else if (is_word(field(&w->head, "Content-Type"), "text/dns") || is_log(field(&w->head, "WARC-Target-URI")))
		*passed_over = &tally->warc.other_types;
	if (!*passed_over && is_word(type, "response"))
		rc = read_http(l);
	if (!*passed_over && rc >= 0)
		rc = choose(l, passed_over);
	return rc < 0 ? rc : 1;
}

/* --- behind damage ----------------------------------------------------------------------- */

/* Goes to the next line that begins a record, or to the end. */
static int find_record(struct nt_layer *l)
{
	const uint8_t *p, *at;
	ssize_t n;
	while ((n = nt_layer_look(l->below, 8, &p)) >= 8) {
		if (memcmp(p, "WARC/", 5) == 0)
			return 1;
		at = memmem(p, (size_t)n - 2, "\nWARC/", 6);
		nt_layer_skip(l->below, at ? (size_t)(at + 1 - p) : (size_t)n - 7);
	}
	if (n > 0)
		nt_layer_skip(l->below, (size_t)n);
	return n < 0 ? (int)n : 0;
}

/* Counts the damage just met and goes to where the next record begins. */
static int pass_over_damage(struct nt_layer *l)
{
	struct warc *w = l->state;
	int rc;
	w->in_record = w->is_chunked = false;
	w->left = 0;
	do {
		nt_layer_note_damage(l);
		rc = l->below->failed ? nt_layer_resume(l->below) : 1;
		if (rc == 1)
			rc = find_record(l);
	} while (rc == NT_EFORMAT);
	return rc;
}

/* --- the layer ---------------------------------------------------------------------------- */

static int next_warc(struct nt_layer *l)
{
	for (;;) {
		uint64_t *passed_over = NULL;
		int rc = next_record(l, &passed_over);
		if (rc == NT_EFORMAT && nt_layer_options(l)->is_lenient) {
			if ((rc = pass_over_damage(l)) <= 0)
				return rc;
			continue;
		}
		if (rc <= 0 || !passed_over)
			return rc;
		++*passed_over;
	}
}

static ssize_t read_warc(struct nt_layer *l, void *buf, size_t n)
{
	ssize_t got = read_block(l, buf, n);
	if (got != NT_EFORMAT || !nt_layer_options(l)->is_lenient)
		return got;
	int rc = pass_over_damage(l);
	return rc < 0 ? rc : 0;
}

static void about_record(const struct nt_layer *l, struct nt_input_about *about)
{
	const struct warc *w = l->state;
	about->id = field(&w->head, "WARC-Record-ID");
	about->url = field(&w->head, "WARC-Target-URI");
	about->date = field(&w->head, "WARC-Date");
}

static const struct nt_layer_type *inner(const struct nt_layer *l)
{
	return ((const struct warc *)l->state)->inner;
}

static void close_warc(struct nt_layer *l)
{
	struct warc *w = l->state;
	nt_buf_release(&w->head);
	nt_buf_release(&w->http);
}

const struct nt_layer_type nt_warc = {
	.name = "WARC", .is_archive = true, .state_bytes = sizeof(struct warc),
	.next = next_warc, .read = read_warc, .close = close_warc,
	.about = about_record, .inner = inner,
};
