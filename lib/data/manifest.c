/* SPDX-License-Identifier: MIT */
/*
 * manifest.c - the funnel: what went into a file, through whom, and how much was left
 *
 * A program knows its options when it writes HELLO and its counts when it writes END,
 * so the manifest travels twice, the second time with the counts. What another program, or a
 * later version, put into its entry stays there.
 *
 * All is written in one form, and what is counted adds up. So work that was divided leaves
 * the same bytes behind, once its parts are joined, as work that was not.
 */
#include "data/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/version.h"

enum { HASH_BYTES = 16 };

static int no_memory(void)
{
	return nt_fail(NT_ESYS, "out of memory: a manifest");
}

static int parse(json_object **root, const char *json)
{
	return nt_json_tree(root, json, strlen(json));
}

static bool is_manifest(json_object *root)
{
	bool is_good = root && json_object_is_type(root, json_type_array);
	for (size_t i = 0; is_good && i < json_object_array_length(root); i++)
		is_good = json_object_is_type(json_object_array_get_idx(root, i), json_type_object);
	return is_good;
}

int nt_manifest_check(const char *json, size_t len, const char *name)
{
	json_object *root;
	int rc = nt_json_tree(&root, json, len);
	bool is_good = !memchr(json, 0, len) && is_manifest(root);
	json_object_put(root);
	if (rc == NT_ESYS)
		return rc;
	return is_good ? 0 : nt_fail(NT_EFORMAT, "%s: its manifest is not a JSON array of objects", name);
}

/* Appends the text of a manifest, unless rc says that it could not be made; a NUL stands behind.
 * Takes root. */
static int put(struct nt_buf *out, json_object *root, int rc)
{
	if (rc == 0)
		rc = nt_json_write(out, root);
	if (rc == 0 && (rc = nt_buf_add(out, "", 1)) == 0)
		out->len--;
	json_object_put(root);
	return rc;
}

/* --- one more entry ---------------------------------------------------------------- */

int nt_manifest_add(struct nt_buf *out, const char *old, const char *program, const char *members)
{
	struct nt_buf text = {0};
	json_object *root, *entry = NULL;
	int rc = parse(&root, old ? old : "[]");
	if (rc == 0)
		rc = nt_buf_printf(&text, "{\"program\": ");
	if (rc == 0)
		rc = nt_json_string(&text, program, strlen(program));
	if (rc == 0)
		rc = nt_buf_printf(&text, ", \"version\": \"%s\"%s%s}", NT_VERSION,
				   members && *members ? ", " : "", members ? members : "");
	if (rc == 0)
		rc = nt_json_tree(&entry, text.data, text.len);
	nt_buf_release(&text);
	if (rc == 0 && json_object_array_add(root, entry) < 0) {
		json_object_put(entry);
		rc = no_memory();
	}
	return put(out, root, rc);
}

/* The members are always the same, in the same order: a part must not differ from the whole. */
static int write_counts(struct nt_buf *out, const struct nt_stream_counts *c)
{
	return nt_buf_printf(out, "{\"documents\":%" PRIu64 ",\"units\":%" PRIu64 ",\"tokens\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
			     c->documents, c->units, c->tokens, c->source_bytes);
}

int nt_manifest_tokens(struct nt_buf *members, const char *name, const struct nt_stream_counts *c)
{
	int rc = nt_buf_printf(members, ", \"%s\": ", name);
	return rc < 0 ? rc : write_counts(members, c);
}

/* The hash as on disk: its lowest byte first. */
static void hash_to_hex(char hex[2 * HASH_BYTES + 1], struct nt_hash128 h)
{
	for (int i = 0; i < HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)((i < 8 ? h.lo : h.hi) >> 8 * (i % 8) & 0xff));
}

int nt_manifest_text(struct nt_buf *members, const char *name, const struct nt_digest *text)
{
	char hex[2 * HASH_BYTES + 1];
	hash_to_hex(hex, text->hash);
	return nt_buf_printf(members,
			     ", \"%s\": {\"documents\": %" PRIu64 ", \"bytes\": %" PRIu64
			     ", \"hash\": \"%s\"}",
			     name, text->documents, text->bytes, hex);
}

int nt_manifest_count(struct nt_buf *out, const char *json, const struct nt_stream_counts *c)
{
	struct nt_buf text = {0};
	json_object *root, *counts = NULL;
	int rc = parse(&root, json);
	size_t n = rc == 0 ? json_object_array_length(root) : 0;
	if (n && (rc = write_counts(&text, c)) == 0)
		rc = nt_json_tree(&counts, text.data, text.len);
	if (n && rc == 0 && json_object_object_add(json_object_array_get_idx(root, n - 1), "out", counts) < 0) {
		json_object_put(counts);
		rc = no_memory();
	}
	nt_buf_release(&text);
	rc = put(out, root, rc);
	return rc < 0 ? rc : nt_buf_add(out, "", 1);
}

int nt_manifest_keep(char **kept, const char *json)
{
	char *copy = strdup(json);
	if (!copy)
		return nt_fail_sys("cannot keep the manifest");
	free(*kept);
	*kept = copy;
	return 0;
}

/* --- joining ----------------------------------------------------------------------- */

static json_object *member(json_object *o, const char *key)
{
	return json_object_object_get(o, key); /* nothing has no members */
}

static bool is_same(json_object *a, json_object *b, const char *key)
{
	return json_object_equal(member(a, key), member(b, key));
}

static bool is_same_chain(json_object *a, json_object *b)
{
	size_t n = json_object_array_length(b);
	bool same = n == json_object_array_length(a);
	for (size_t i = 0; same && i < n; i++) {
		json_object *ea = json_object_array_get_idx(a, i), *eb = json_object_array_get_idx(b, i);
		same = is_same(ea, eb, "program") && is_same(ea, eb, "version") &&
		       is_same(ea, eb, "options");
	}
	return same;
}

/* Reads a hash as it was written by hash_to_hex. */
static bool hash_of_hex(struct nt_hash128 *h, const char *hex)
{
	*h = (struct nt_hash128){0};
	for (int i = 0; i < HASH_BYTES; i++) {
		unsigned byte;
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		*(i < 8 ? &h->lo : &h->hi) |= (uint64_t)byte << 8 * (i % 8);
	}
	return true;
}

/* The hash of two sets of documents is the sum of both. */
static int add_hash(json_object *a, json_object *b)
{
	char hex[2 * HASH_BYTES + 1];
	struct nt_hash128 x, y;
	if (json_object_get_string_len(a) != 2 * HASH_BYTES || json_object_get_string_len(b) != 2 * HASH_BYTES ||
	    !hash_of_hex(&x, json_object_get_string(a)) || !hash_of_hex(&y, json_object_get_string(b)))
		return 0;
	hash_to_hex(hex, nt_hash128_sum(x, y));
	return json_object_set_string(a, hex) ? 0 : no_memory();
}

/* Adds what b counted to what a did; options are no counts. */
static int add_counts(json_object *a, json_object *b)
{
	int rc = 0;
	json_object_object_foreach(b, key, vb)
	{
		json_object *va = member(a, key);
		if (rc < 0 || strcmp(key, "options") == 0)
			continue;
		if (!va)
			rc = json_object_object_add(a, key, json_object_get(vb)) < 0 ? no_memory() : 0;
		else if (!json_object_is_type(va, json_object_get_type(vb)))
			continue;
		else if (json_object_is_type(va, json_type_object))
			rc = add_counts(va, vb);
		else if (json_object_is_type(va, json_type_int))
			json_object_int_inc(va, json_object_get_int64(vb));
		else if (json_object_is_type(va, json_type_string) && strcmp(key, "hash") == 0)
			rc = add_hash(va, vb);
	}
	return rc;
}

static int join(json_object *a, json_object *b)
{
	size_t n = json_object_array_length(b);
	bool same = is_same_chain(a, b);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		json_object *e = json_object_array_get_idx(b, i);
		if (same)
			rc = add_counts(json_object_array_get_idx(a, i), e);
		else if (json_object_array_add(a, json_object_get(e)) < 0)
			rc = no_memory();
	}
	return rc;
}

int nt_manifest_join(struct nt_buf *all, const char *json)
{
	json_object *a, *b = NULL;
	int rc = parse(&a, all->len ? (char *)all->data : "[]");
	if (rc == 0)
		rc = parse(&b, json);
	if (rc == 0)
		rc = join(a, b);
	all->len = 0;
	rc = put(all, a, rc);
	json_object_put(b);
	return rc < 0 ? rc : nt_buf_add(all, "", 1);
}

/* --- files ------------------------------------------------------------------------- */

/* The manifest in a file, or NULL with *rc 0 where there is no file, else why. */
static json_object *read_manifest(const char *path, int *rc)
{
	struct nt_buf text = {0};
	json_object *root = NULL;
	*rc = 0;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return NULL;
	if ((*rc = nt_read_file(&text, path)) == 0) {
		size_t len = text.len && text.data[text.len - 1] == '\n' ? text.len - 1 : text.len;
		*rc = nt_json_tree(&root, text.data, len);
		if (*rc != NT_ESYS && !is_manifest(root))
			*rc = nt_fail(NT_EFORMAT, "%s: not a manifest, which is a JSON array of objects", path);
	}
	nt_buf_release(&text);
	if (*rc == 0)
		return root;
	json_object_put(root);
	return NULL;
}

int nt_manifest_clear(const char *path)
{
	int rc;
	json_object *root = read_manifest(path, &rc);
	bool is_there = root != NULL;
	json_object_put(root);
	if (rc == NT_EFORMAT)
		return nt_fail(NT_EARG, "--manifest: %s is another kind of file and would be lost: "
					"name one that is not there", path);
	if (is_there && unlink(path) < 0)
		return nt_fail_sys("%s: cannot remove", path);
	return rc < 0 || is_there ? rc : nt_out_check_folder(path);
}

int nt_manifest_save(const char *path, const char *manifest)
{
	struct nt_out *out;
	int rc = nt_out_open(&out, path, 0);
	if (rc < 0)
		return rc;
	if ((rc = nt_out_write(out, manifest, strlen(manifest))) == 0 &&
	    (rc = nt_out_write(out, "\n", 1)) == 0)
		return nt_out_close(out);
	nt_out_discard(out);
	return rc;
}

/* Did the last program let through what came? */
static int check_text(const char *path, json_object *root, const struct nt_digest *came)
{
	char hex[2 * HASH_BYTES + 1];
	size_t n = json_object_array_length(root);
	json_object *last = n ? json_object_array_get_idx(root, n - 1) : NULL;
	json_object *text = member(last, "out"), *hash = member(text, "hash");
	if (!hash)
		return nt_fail(NT_EFORMAT, "%s: does not say what text its last program let through", path);
	hash_to_hex(hex, came->hash);
	if (strcmp(json_object_get_string(hash), hex) == 0)
		return 0;
	const char *who = json_object_get_string(member(last, "program"));
	return nt_fail(NT_EFORMAT,
		       "%s: %s let %s of %s through, and what came is %" PRIu64 " of %" PRIu64
		       ", or other text: it failed, or something stands in between",
		       path, who ? who : "a program",
		       nt_counted(json_object_get_uint64(member(text, "documents")), "document"),
		       nt_counted(json_object_get_uint64(member(text, "bytes")), "byte"), came->documents, came->bytes);
}

int nt_manifest_load(struct nt_buf *manifest, const char *path, const struct nt_digest *came)
{
	int rc;
	json_object *root = read_manifest(path, &rc);
	manifest->len = 0;
	if (!root)
		return rc < 0 ? rc : nt_fail(NT_EFORMAT, "%s: not there when the text ended: the program before "
							 "failed, or was not given --manifest", path);
	if ((rc = check_text(path, root, came)) == 0)
		return put(manifest, root, 0);
	json_object_put(root);
	return rc;
}

int nt_manifest_describe(const char *path, struct nt_buf *json)
{
	int rc;
	json_object *root = read_manifest(path, &rc);
	if (!root)
		return rc < 0 ? rc : nt_fail(NT_ESYS, "%s: not there", path);
	if ((rc = nt_buf_printf(json, "{\"file\": ")) == 0)
		rc = nt_json_string(json, path, strlen(path));
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"kind\": \"manifest\", \"manifest\": ");
	if (rc < 0) {
		json_object_put(root);
		return rc;
	}
	rc = put(json, root, 0);
	return rc < 0 ? rc : nt_buf_printf(json, "}");
}
