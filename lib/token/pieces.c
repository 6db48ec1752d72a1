/* SPDX-License-Identifier: MIT */
/* pieces.c - a text cut visibly at its tokens, and the places of the cuts; see nt/inspect.h */
#include "nt/inspect.h"

#include <inttypes.h>
#include <string.h>

#include "token/visible.h"

enum { FLUSH_BYTES = 1 << 16 };

/* What goes out next. */
struct view {
	struct nt_out *out;
	struct nt_buf line;
	bool has_color;
	bool is_at_start; /* of a line */
};

static const char *const colors[] = {"\033[30;46m", "\033[30;42m", "\033[30;43m", "\033[30;45m"};
static const char special_color[] = "\033[1;97;41m", gap_color[] = "\033[2m", no_color[] = "\033[0m";

static int flush(struct view *v, size_t more_than)
{
	int rc = v->line.len > more_than ? nt_out_write(v->out, v->line.data, v->line.len) : 0;
	if (v->line.len > more_than)
		v->line.len = 0;
	return rc;
}

static int put_text(struct view *v, const char *text)
{
	return nt_buf_add(&v->line, text, strlen(text));
}

static int put_bytes(struct view *v, const uint8_t *p, size_t len)
{
	return nt_visible_add(&v->line, p, len, v->has_color ? 0 : '|');
}

/* Bytes [start, end) in a colour, or behind a bar. */
static int put_piece(struct view *v, const struct nt_cut_text *doc, size_t start, size_t end,
		     const char *color)
{
	int rc = 0;
	if (v->has_color)
		rc = put_text(v, color);
	else if (!v->is_at_start)
		rc = put_text(v, "|");
	if (rc == 0)
		rc = put_bytes(v, doc->text + start, end - start);
	if (rc == 0 && v->has_color)
		rc = put_text(v, no_color);
	v->is_at_start = end > start && doc->text[end - 1] == '\n';
	if (rc == 0 && v->is_at_start)
		rc = put_text(v, "\n");
	return rc < 0 ? rc : flush(v, FLUSH_BYTES);
}

static int put_gap(struct view *v, const struct nt_cut_text *doc, size_t start, size_t end)
{
	int rc = put_text(v, v->has_color ? gap_color : "\\(");
	if (rc == 0)
		rc = put_bytes(v, doc->text + start, end - start);
	v->is_at_start = false;
	return rc < 0 ? rc : put_text(v, v->has_color ? no_color : "\\)");
}

int nt_pieces_write(struct nt_out *out, const struct nt_tokenizer *t,
		    const struct nt_cut_text *doc, bool has_color)
{
	struct view v = {.out = out, .has_color = has_color, .is_at_start = true};
	size_t at = 0;
	int rc = doc->number ? put_text(&v, "\n") : 0;
	for (size_t i = 0; rc == 0 && i < doc->spans->n; i++) {
		struct nt_span s = doc->spans->span[i];
		bool is_special = nt_token_is_special(t, doc->ids->id[i]);
		if (s.start > at)
			rc = put_gap(&v, doc, at, s.start);
		if (rc == 0)
			rc = put_piece(&v, doc, s.start, s.end, is_special ? special_color : colors[i % 4]);
		at = s.end;
	}
	if (rc == 0 && at < doc->len)
		rc = put_gap(&v, doc, at, doc->len);
	if (rc == 0 && !v.is_at_start)
		rc = put_text(&v, "\n");
	if (rc == 0)
		rc = flush(&v, 0);
	nt_buf_release(&v.line);
	return rc;
}

int nt_offsets_write(struct nt_out *out, const struct nt_cut_text *doc)
{
	struct view v = {.out = out};
	int rc = nt_buf_printf(&v.line, "{\"doc\": %" PRIu64 ", \"source\": ", doc->number);
	if (rc == 0)
		rc = nt_json_string(&v.line, doc->source, strlen(doc->source));
	if (rc == 0)
		rc = nt_buf_printf(&v.line, ", \"bytes\": %zu, \"ids\": [", doc->len);
	for (size_t i = 0; rc == 0 && i < doc->ids->n; i++) {
		rc = nt_buf_printf(&v.line, "%s%" PRIu32, i ? ", " : "", doc->ids->id[i]);
		rc = rc < 0 ? rc : flush(&v, FLUSH_BYTES);
	}
	if (rc == 0)
		rc = put_text(&v, "], \"offsets\": [");
	for (size_t i = 0; rc == 0 && i < doc->spans->n; i++) {
		struct nt_span s = doc->spans->span[i];
		rc = nt_buf_printf(&v.line, "%s[%zu, %zu]", i ? ", " : "", s.start, s.end);
		rc = rc < 0 ? rc : flush(&v, FLUSH_BYTES);
	}
	if (rc == 0)
		rc = put_text(&v, "]}\n");
	if (rc == 0)
		rc = flush(&v, 0);
	nt_buf_release(&v.line);
	return rc;
}
