/* SPDX-License-Identifier: MIT */
/* form.c - an answer as text, as a line, as an object, as objects of its tokens */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer/answer.h"
#include "base/utf8.h"
#include "nt/err.h"
#include "nt/idlines.h"

const char *const nt_answer_members[] = {"ids", "finish_reason", "stop", "prompt_tokens", "completion_tokens",
					 "logprobs", NULL};

/* --- a line -------------------------------------------------------------------------- */

static int add_escaped(struct nt_buf *to, const uint8_t *p, size_t n, uint32_t c)
{
	static const char named[] = "\\\\\nn\rr\tt";
	bool is_control = n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0);
	for (size_t i = 0; n && named[i]; i += 2)
		if (c == (uint8_t)named[i])
			return nt_buf_printf(to, "\\%c", named[i + 1]);
	int rc = is_control ? 0 : nt_buf_add(to, p, n);
	for (size_t i = 0; rc == 0 && is_control && i < (n ? n : 1); i++)
		rc = nt_buf_printf(to, "\\x%02x", p[i]);
	return rc;
}

static int write_line(const struct nt_answer *a, struct nt_out *out)
{
	struct nt_buf line = {0};
	uint32_t c = 0;
	int rc = 0;
	for (size_t i = 0, n; rc == 0 && i < a->text.len; i += n ? n : 1) {
		n = nt_utf8_decode(a->text.data + i, a->text.len - i, &c);
		rc = add_escaped(&line, a->text.data + i, n, c);
	}
	if (rc == 0)
		rc = nt_buf_add(&line, "\n", 1);
	if (rc == 0)
		rc = nt_out_write(out, line.data, line.len);
	nt_buf_release(&line);
	return rc;
}

/* --- objects ------------------------------------------------------------------------ */

static int add_ids(struct nt_buf *to, const uint32_t *id, size_t n)
{
	int rc = nt_buf_printf(to, ",\"ids\":[");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = nt_buf_printf(to, "%s%u", i ? "," : "", id[i]);
	return rc < 0 ? rc : nt_buf_add(to, "]", 1);
}

/* The string that ended it, as it was given. */
static int add_stop(struct nt_buf *to, const struct nt_answer *a)
{
	const struct nt_stops *s = a->o->stops;
	size_t start = a->stop ? s->end[a->stop - 1] : 0;
	int rc = nt_buf_printf(to, ",\"stop\":");
	return rc < 0 ? rc : nt_json_string(to, s->bytes.data + start, s->end[a->stop] - start);
}

/* ,"name":"text" */
static int add_member(struct nt_buf *to, const char *name, const void *text, size_t len)
{
	int rc = to->len > 1 ? nt_buf_add(to, ",", 1) : 0;
	if (rc == 0)
		rc = nt_json_string(to, name, strlen(name));
	if (rc == 0)
		rc = nt_buf_add(to, ":", 1);
	return rc < 0 ? rc : nt_json_string(to, text, len);
}

static int make_object(const struct nt_answer *a, struct nt_buf *to)
{
	const struct nt_answer_options *o = a->o;
	const char *reason = nt_reason_name(a->reason);
	size_t n_new = a->ids.n - a->n_prompt;
	int rc = nt_buf_add(to, "{", 1);
	if (rc == 0)
		rc = nt_buf_add(to, a->kept.data, a->kept.len);
	if (rc == 0 && o->tokenizer)
		rc = add_member(to, o->answer_field, a->text.data + a->given, a->text.len - a->given);
	if (rc == 0 && (o->ids || !o->tokenizer))
		rc = add_ids(to, a->ids.id + a->n_prompt, n_new);
	if (rc == 0)
		rc = add_member(to, "finish_reason", reason, strlen(reason));
	if (rc == 0 && a->reason == NT_ENDED_STOP)
		rc = add_stop(to, a);
	if (rc == 0)
		rc = nt_buf_printf(to, ",\"prompt_tokens\":%zu,\"completion_tokens\":%zu", a->n_prompt, n_new);
	if (rc == 0 && o->has_logprobs)
		rc = nt_buf_printf(to, ",\"logprobs\":[");
	if (rc == 0 && o->has_logprobs)
		rc = nt_buf_add(to, a->tokens.data, a->tokens.len);
	return rc < 0 ? rc : nt_buf_printf(to, o->has_logprobs ? "]}\n" : "}\n");
}

static int write_object(const struct nt_answer *a, struct nt_out *out)
{
	struct nt_buf object = {0};
	int rc = make_object(a, &object);
	if (rc == 0)
		rc = nt_out_write(out, object.data, object.len);
	nt_buf_release(&object);
	return rc;
}

/* --- tokens ------------------------------------------------------------------------- */

/* "id":1,"token":" a","logprob":-0.5; bytes only where text cannot show them */
static int add_likely(struct nt_buf *to, const struct nt_tokenizer *t, uint32_t id, double logprob)
{
	size_t len = 0;
	int rc = nt_buf_printf(to, "\"id\":%u", id);
	const char *name = t ? nt_token_name(t, id) : NULL;
	const void *bytes = name ? (len = strlen(name), name) : t ? (const char *)nt_token_bytes(t, id, &len) : NULL;
	if (rc == 0 && bytes)
		rc = add_member(to, "token", bytes, len);
	bool is_text = !bytes || nt_utf8_check(bytes, len).n_byte == 0;
	for (size_t i = 0; rc == 0 && !is_text && i < len; i++)
		rc = nt_buf_printf(to, "%s%u%s", i ? "," : ",\"bytes\":[", ((const uint8_t *)bytes)[i], i + 1 < len ? "" : "]");
	if (rc < 0)
		return rc;
	return isfinite(logprob) ? nt_buf_printf(to, ",\"logprob\":%.7g", logprob) : nt_buf_printf(to, ",\"logprob\":null");
}

int nt_answer_add_token(struct nt_answer *a, const struct nt_latest *latest)
{
	struct nt_buf *to = &a->tokens;
	bool is_object = a->o->form == NT_ANSWER_JSON;
	int rc = nt_buf_printf(to, is_object && to->len ? ",{" : "{");
	if (rc == 0)
		rc = add_likely(to, a->o->tokenizer, latest->id, latest->logprob);
	for (size_t i = 0; rc == 0 && i < latest->n_top; i++) {
		rc = nt_buf_printf(to, i ? "},{" : ",\"top_logprobs\":[{");
		if (rc == 0)
			rc = add_likely(to, a->o->tokenizer, latest->top[i].id, latest->top[i].logprob);
	}
	if (rc == 0 && latest->n_top)
		rc = nt_buf_printf(to, "}]");
	return rc < 0 ? rc : nt_buf_printf(to, is_object ? "}" : "}\n");
}

/* --- all of them -------------------------------------------------------------------- */

static int write_ids(struct nt_answer *a, struct nt_out *out)
{
	bool is_end = a->reason != NT_GOES_ON, is_first = a->shown == 0 || (a->o->no_prompt && a->shown == a->n_prompt);
	int rc = nt_idlines_write_part(out, a->ids.id + a->shown, a->ids.n - a->shown, is_first, is_end);
	a->shown = a->ids.n;
	return rc;
}

static int write_text(struct nt_answer *a, struct nt_out *out)
{
	int rc = nt_out_write(out, a->text.data + a->shown, a->settled - a->shown);
	a->shown = a->settled;
	bool is_open = a->shown == 0 || a->text.data[a->shown - 1] != '\n';
	if (rc == 0 && a->reason != NT_GOES_ON && a->o->ends_line && is_open)
		rc = nt_out_write(out, "\n", 1);
	return rc;
}

static int write_tokens(struct nt_answer *a, struct nt_out *out)
{
	int rc = nt_out_write(out, a->tokens.data, a->tokens.len);
	a->tokens.len = 0;
	return rc;
}

int nt_answer_write(struct nt_answer *a, struct nt_out *out)
{
	enum nt_answer_form form = a->o->form;
	if (form == NT_ANSWER_TOKENS)
		return write_tokens(a, out);
	if (form == NT_ANSWER_TEXT)
		return a->o->ids ? write_ids(a, out) : write_text(a, out);
	if (a->reason == NT_GOES_ON)
		return 0;
	if (form == NT_ANSWER_JSON)
		return write_object(a, out);
	size_t first = a->o->no_prompt ? a->n_prompt : 0;
	return a->o->ids ? nt_idlines_write(out, a->ids.id + first, a->ids.n - first) : write_line(a, out);
}
