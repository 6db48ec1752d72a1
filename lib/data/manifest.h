/* SPDX-License-Identifier: MIT */
#ifndef DATA_MANIFEST_H
#define DATA_MANIFEST_H
/*
 * manifest.h - what each program of a chain was called with and counted
 *
 * What streams and data files need beside nt/manifest.h, which is for programs.
 */
#include "nt/stream.h"

/* NT_EFORMAT unless json[len] is an array of objects. name: of the input it came from. */
int nt_manifest_check(const char *json, size_t len, const char *name);

/* Appends the manifest to out, its last entry with "out": {counts} in it; NUL behind. */
int nt_manifest_count(struct nt_buf *out, const char *json, const struct nt_stream_counts *c);

/* *kept becomes a copy of the manifest, in place of what it was (NULL: nothing). */
int nt_manifest_keep(char **kept, const char *json);

/*
 * *all, a manifest (empty: none yet), becomes the manifest of what it was and of one more
 * input. Two chains of the same programs with the same options are one chain that did
 * more work: their numbers are added. Different ones stand one behind the other.
 */
int nt_manifest_join(struct nt_buf *all, const char *json);

#endif
