/* SPDX-License-Identifier: MIT */
#ifndef NT_FILE_H
#define NT_FILE_H
/*
 * nt/file.h - whole reads, checked writes, files that appear complete or not at all
 *
 * In every function a path of NULL or "-" is the standard stream (nt_is_standard).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nt/mem.h"

bool nt_is_standard(const char *path);
bool nt_is_folder(const char *path); /* a link to one is one, too */

/* Reads until n bytes are here or the input ends; returns the bytes read, or NT_ESYS. */
ssize_t nt_read_full(int fd, void *buf, size_t n, const char *name);

/* Writes all n bytes; returns 0 or NT_ESYS. */
int nt_write_full(int fd, const void *buf, size_t n, const char *name);

/* Opens for reading; returns the descriptor (0 for "-") or NT_ESYS. A directory is refused. */
int nt_open_read(const char *path);
void nt_close_read(int fd); /* leaves standard input open; a negative fd is harmless */

/* What messages call a path: the path, or "standard input". */
const char *nt_input_name(const char *path);

/* The last part of path[len] and how long it is, without slashes behind it: "ckpt" of "runs/ckpt/". */
const char *nt_last_part(const char *path, size_t len, size_t *part_len);

/* Inputs read one after the other. Start with nt_operands_init. */
struct nt_operands {
	char *const *path; /* [n], borrowed */
	size_t n, n_opened;
	int fd;            /* of the one being read, -1: none */
	const char *name;  /* of it, as messages call it */
};
void nt_operands_init(struct nt_operands *o, char *const *path, size_t n); /* n 0: standard input */
int nt_operands_next(struct nt_operands *o); /* 1: the next is open, 0: there is none; NT_ESYS */
void nt_operands_close(struct nt_operands *o);

/* Appends the whole file to out. */
int nt_read_file(struct nt_buf *out, const char *path);

/* NT_EFORMAT, with a sentence that says which, if begin[n] begins a token stream, a data file, counts,
 * a state, or a model, and not text. Ten bytes are enough. */
int nt_check_text(const char *name, const void *begin, size_t n);

/* A file mapped for reading; data is NULL when it is empty. */
struct nt_map {
	const uint8_t *data;
	size_t len;
};
int nt_map_open(struct nt_map *m, const char *path); /* "-" cannot be mapped: NT_EARG */
void nt_map_close(struct nt_map *m);                 /* harmless twice */

/*
 * An output. A named regular file is written beside itself (FILE.part), and takes its
 * name when nt_out_close has flushed and fsynced it; whatever fails before leaves the
 * old file as it was. A pipe, a terminal or a device is written directly.
 */
struct nt_out;
enum {
	NT_OUT_BINARY = 1, /* refuse a terminal, with NT_EARG ... */
	NT_OUT_FORCE = 2,  /* ... unless this is set */
};
int nt_out_open(struct nt_out **out, const char *path, unsigned flags);
/* NT_ESYS, with a sentence that names it, if the folder of an output to come is not there. */
int nt_out_check_folder(const char *path);
bool nt_out_is_same(const char *path, const char *other); /* NULL and "-": standard output */
int nt_out_write(struct nt_out *out, const void *data, size_t len);
int nt_out_flush(struct nt_out *out); /* to the system, for a reader that waits */
/* Over bytes written before: what a header must say and only the end knows. NT_EARG for what is
 * no named regular file. */
int nt_out_rewrite(struct nt_out *out, uint64_t offset, const void *data, size_t len);
uint64_t nt_out_bytes(const struct nt_out *out); /* written so far */
const char *nt_out_name(const struct nt_out *out);

/* Completes the output and frees it, also when it returns NT_ESYS. */
int nt_out_close(struct nt_out *out);

/* Frees it and leaves nothing of a named file. NULL is harmless. */
void nt_out_discard(struct nt_out *out);

/* A name that was made or changed is on the disk when its folder is. NT_ESYS. */
int nt_folder_sync(const char *folder);
int nt_folder_sync_of(const char *path); /* the one that path lies in */

/*
 * Appends a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD, one
 * for each byte.
 */
int nt_json_string(struct nt_buf *out, const void *bytes, size_t len);
int nt_json_chars(struct nt_buf *out, const void *bytes, size_t len); /* without the quotes */

#endif
