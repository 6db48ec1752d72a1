/* SPDX-License-Identifier: MIT */
/*
 * describe.c - streams and data files as one JSON object each
 *
 * The object is flat but for the manifest, so that a table for people can be printed
 * from it without knowing what it says.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/manifest.h"
#include "nt/data.h"
#include "nt/err.h"

static int add_number(struct nt_buf *json, const char *name, uint64_t value)
{
	return nt_buf_printf(json, ", \"%s\": %" PRIu64, name, value);
}

static int add_text(struct nt_buf *json, const char *name, const char *text)
{
	int rc = nt_buf_printf(json, ", \"%s\": ", name);
	return rc < 0 ? rc : nt_json_string(json, text, strlen(text));
}

static int add_hex(struct nt_buf *json, const char *name, const uint8_t bytes[16])
{
	char hex[33];
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	return add_text(json, name, hex);
}

static int add_mark(struct nt_buf *json, const char *name, uint32_t id)
{
	return id == NT_NO_TOKEN ? nt_buf_printf(json, ", \"%s\": null", name)
				 : add_number(json, name, id);
}

static int add_ident(struct nt_buf *json, const struct nt_ident *ident)
{
	int rc = add_text(json, "tokenizer", ident->name);
	if (rc == 0)
		rc = add_hex(json, "fingerprint", ident->fingerprint);
	if (rc == 0)
		rc = add_number(json, "vocab_size", ident->vocab_size);
	if (rc == 0)
		rc = add_mark(json, "bos_token_id", ident->bos);
	if (rc == 0)
		rc = add_mark(json, "eos_token_id", ident->eos);
	return rc < 0 ? rc : add_mark(json, "pad_token_id", ident->pad);
}

static int begin(struct nt_buf *json, const char *name, const char *kind, const char *format)
{
	int rc = nt_buf_add(json, "{\"file\": ", 9);
	if (rc == 0)
		rc = nt_json_string(json, name, strlen(name));
	return rc < 0 ? rc : nt_buf_printf(json, ", \"kind\": \"%s\", \"format\": \"%s\"", kind, format);
}

static int end(struct nt_buf *json, const char *manifest)
{
	return nt_buf_printf(json, ", \"manifest\": %s}", manifest ? manifest : "[]");
}

int nt_ident_describe(const struct nt_ident *ident, const char *name, struct nt_buf *json)
{
	int rc = begin(json, name, "tokenizer", "BPE");
	if (rc == 0)
		rc = add_ident(json, ident);
	return rc < 0 ? rc : nt_buf_printf(json, "}");
}

/* --- streams --------------------------------------------------------------------- */

static int describe_stream(struct nt_buf *json, const char *path, const struct nt_stream_reader *r)
{
	const struct nt_stream_counts *c = nt_stream_counts(r);
	int rc = begin(json, nt_input_name(path), "token stream", "NTS1");
	if (rc == 0)
		rc = add_number(json, "documents", c->documents);
	if (rc == 0)
		rc = add_number(json, "units", c->units);
	if (rc == 0)
		rc = add_number(json, "tokens", c->tokens);
	if (rc == 0)
		rc = add_number(json, "source_bytes", c->source_bytes);
	if (rc == 0)
		rc = add_ident(json, nt_stream_ident(r));
	return rc < 0 ? rc : end(json, nt_stream_manifest(r));
}

int nt_stream_describe(const char *path, struct nt_buf *json)
{
	char *operand[] = {(char *)(uintptr_t)path};
	struct nt_stream_reader *r;
	struct nt_tokens doc;
	int rc = nt_stream_open(&r, operand, 1);
	if (rc < 0)
		return rc;
	while ((rc = nt_stream_next(r, &doc)) == 1)
		;
	if (rc == 0)
		rc = describe_stream(json, path, r);
	nt_stream_close(r);
	return rc;
}

/* --- data files ------------------------------------------------------------------ */

static int count_padding(const struct nt_data *d, uint64_t *padding)
{
	*padding = nt_data_n_token(d);
	for (uint64_t i = 0; i < nt_data_n_fragment(d); i++) {
		struct nt_fragment f;
		int rc = nt_data_fragment(d, i, &f);
		if (rc < 0)
			return rc;
		*padding -= f.len;
	}
	return 0;
}

static int add_rows(struct nt_buf *json, const struct nt_data *d)
{
	uint64_t padding;
	int rc = count_padding(d, &padding);
	if (rc == 0)
		rc = add_number(json, "rows", nt_data_n_row(d));
	if (rc == 0)
		rc = add_number(json, "seq_len", nt_data_row_len(d));
	if (rc == 0)
		rc = add_number(json, "fragments", nt_data_n_fragment(d));
	return rc < 0 ? rc : add_number(json, "padding", padding);
}

static int add_counts(struct nt_buf *json, const struct nt_data *d)
{
	int rc = add_number(json, "documents", nt_data_n_doc(d));
	if (rc == 0)
		rc = add_number(json, "tokens", nt_data_n_token(d));
	if (rc == 0 && nt_data_kind(d) == NT_DATA_ROWS)
		rc = add_rows(json, d);
	return rc < 0 ? rc : add_number(json, "source_bytes", nt_data_source_bytes(d));
}

int nt_data_manifest(const struct nt_data *d, struct nt_buf *manifest)
{
	struct nt_data_segment s;
	struct nt_buf one = {0};
	int rc = 0;
	for (size_t i = 0; i < nt_data_n_segment(d) && rc == 0; i++) {
		nt_data_segment(d, i, &s);
		if (!s.manifest)
			continue;
		one.len = 0;
		rc = nt_manifest_check(s.manifest, s.manifest_len, nt_data_name(d));
		if (rc == 0 && (rc = nt_buf_add(&one, s.manifest, s.manifest_len)) == 0)
			rc = nt_buf_add(&one, "", 1);
		if (rc == 0)
			rc = nt_manifest_join(manifest, (char *)one.data);
	}
	nt_buf_release(&one);
	return rc;
}

/* Each source with its documents and tokens, as far as they have names: a run of segments
 * counts as one, and a name that comes back is added up where it came first. */
static int add_sources(struct nt_buf *json, const struct nt_data *d)
{
	struct nt_data_segment s, t;
	size_t n = nt_data_n_segment(d), n_named = 0;
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		uint64_t n_doc = 0, n_token = 0;
		bool is_known = false;
		nt_data_segment(d, i, &s);
		for (size_t k = 0; k < n && *s.source && !is_known; k++) {
			nt_data_segment(d, k, &t);
			if (strcmp(s.source, t.source) != 0)
				continue;
			is_known = k < i;
			n_doc += t.n_doc;
			n_token += t.n_token;
		}
		if (!*s.source || is_known)
			continue;
		rc = nt_buf_printf(json, n_named++ ? ", " : ", \"sources\": {");
		if (rc == 0)
			rc = nt_json_string(json, s.source, strlen(s.source));
		if (rc == 0)
			rc = nt_buf_printf(json, ": {\"documents\": %" PRIu64 ", \"tokens\": %" PRIu64 "}",
					   n_doc, n_token);
	}
	return rc == 0 && n_named ? nt_buf_printf(json, "}") : rc;
}

static int add_segments(struct nt_buf *json, const struct nt_data *d)
{
	struct nt_data_segment s = {0};
	size_t n = nt_data_n_segment(d);
	nt_data_segment(d, n - 1, &s);
	int rc = add_number(json, "segments", n);
	if (rc == 0)
		rc = add_number(json, "bytes", s.offset + s.bytes);
	if (rc == 0)
		rc = add_number(json, "seed", s.seed);
	return rc < 0 ? rc : add_text(json, "producer", s.producer);
}

int nt_data_describe(const struct nt_data *d, struct nt_buf *json)
{
	struct nt_buf manifest = {0};
	uint8_t hash[16];
	nt_data_hash(d, hash);
	int rc = begin(json, nt_data_name(d), "data file", "NTD1");
	if (rc == 0)
		rc = add_text(json, "holds", nt_data_kind(d) == NT_DATA_ROWS ? "rows" : "documents");
	if (rc == 0)
		rc = add_counts(json, d);
	if (rc == 0)
		rc = add_sources(json, d);
	if (rc == 0)
		rc = add_ident(json, nt_data_ident(d));
	if (rc == 0)
		rc = add_segments(json, d);
	if (rc == 0)
		rc = add_hex(json, "hash", hash);
	if (rc == 0)
		rc = nt_data_manifest(d, &manifest);
	if (rc == 0)
		rc = end(json, (char *)manifest.data);
	nt_buf_release(&manifest);
	return rc;
}
