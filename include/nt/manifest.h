/* SPDX-License-Identifier: MIT */
#ifndef NT_MANIFEST_H
#define NT_MANIFEST_H
/*
 * nt/manifest.h - what each program of a pipeline was called with and counted
 *
 * A JSON array with an object a program (docs/formats.md, "Manifest"). Streams and data
 * files carry it; plain text cannot, so programs that write text leave it in a file which
 * the next one reads when its text has ended. Its last entry says what text was let through:
 * text that was cut on the way, because its producer failed, is told from all of it.
 */
#include "nt/hash.h"
#include "nt/mem.h"

struct nt_stream_counts;

/*
 * Appends to *out the manifest `old` (NULL for none) with one more entry:
 * {"program": ..., "version": ..., <members>}; members is the inside of a JSON object:
 * "options" holds what the result depends on, "in" and "out" what came and what was let
 * through, other members what else was counted. A NUL stands behind the text, past out->len.
 */
int nt_manifest_add(struct nt_buf *out, const char *old, const char *program, const char *members);

/* Appends ', "name": {...}' to members: counts of tokens, or of text with its hash. */
int nt_manifest_tokens(struct nt_buf *members, const char *name, const struct nt_stream_counts *c);
int nt_manifest_text(struct nt_buf *members, const char *name, const struct nt_digest *text);

/*
 * Files. A program that begins a manifest clears it first, and one that ends well saves it
 * before it closes its output: what the next one finds at the end of its text is of this run.
 *
 * clear   removes the manifest at path, if one is there; NT_EARG: it is another kind of file;
 *         NT_ESYS: nor is there a folder for it
 * save    writes it, whole or not at all
 * load    *manifest becomes that at path. NT_EFORMAT: there is none, or its last program let
 *         another text through than the one that came
 */
int nt_manifest_clear(const char *path);
int nt_manifest_save(const char *path, const char *manifest);
int nt_manifest_load(struct nt_buf *manifest, const char *path, const struct nt_digest *came);

/* Appends one JSON object that describes the manifest at path. A NUL stands behind. */
int nt_manifest_describe(const char *path, struct nt_buf *json);

#endif
