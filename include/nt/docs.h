/* SPDX-License-Identifier: MIT */
#ifndef NT_DOCS_H
#define NT_DOCS_H
/*
 * nt/docs.h - documents out of files
 *
 * A source walks its operands in order (a directory: its files, sorted by name bytewise,
 * deeper ones included, hidden ones not), undoes compression (gzip, zstd, xz, bzip2, lz4)
 * and archives (tar, cpio, zip, 7z, ar and so .deb), in each other too, by what the bytes
 * say and never by the name alone, and hands out one document at a time. Only that document
 * is in memory.
 *
 * What ends a document needs evidence (docs/cli.md, "Documents and units"): a file
 * operand, an archive member, a WARC record, a JSON line, a NUL, or the delimiter that was
 * asked for.
 *
 *	auto     a file or an archive's member is one document; JSON lines if its name
 *	         ends in .jsonl or .ndjson, .gz and the like behind it or not. A stream
 *	         (standard input, a pipe): cut at NULs if it holds any, JSON lines if its
 *	         first line is an object with the fields, else one document
 *	none     each file, member or stream whole
 *	line     the newline ends the document and is not in it; empty lines are documents
 *	blank    lines up to a blank one; no document is empty
 *	nul, or a delimiter of your own, in which \n \t \r \0 \\ stand for those bytes:
 *	         what stands between; a delimiter at the very end begins no document
 *	jsonl    each line an object; blank lines are passed over
 *
 * Of WARC files (and WET, which is WARC) the text of `response`, `conversion` and `resource`
 * records are documents: HTTP heads, chunks and the gzip or deflate of a page are taken
 * away, HTML is not. Other records, and what is not text, are passed over and counted.
 *
 * Token streams, data files, counts, states and models are no text: NT_EFORMAT, with a sentence
 * that says who takes them (nt_check_text). As members of an archive they are handed out.
 *
 * An empty file is an empty document; an empty stream is none. Whether text is UTF-8 is
 * not asked here. A compressed file or archive that is cut or damaged is NT_EFORMAT,
 * wherever the damage is; documents in front of it have been handed out by then. So is one
 * that unpacks to more than max_ratio and max_size allow. No name that an archive holds is
 * ever opened.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/mem.h"

struct nt_docs;

struct nt_docs_options {
	const char *split; /* auto none line blank nul jsonl, or a delimiter; NULL: auto */
	/* [n_field] JSON fields whose strings, joined by "\n\n", are the text; an item may be
	 * several with commas between them, and a.b is b inside a. n_field 0: "text" */
	const char *const *field;
	size_t n_field;
	/* A document longer than part_bytes may come in parts, so that no more of it need be in
	 * memory: all but the last end where seam(seam_arg, text, len) says, the last place in
	 * text[len] where it may be cut; 0: nowhere, and more is read first. Those out of JSON
	 * lines, and --split=blank, come whole. part_bytes 0: all do. */
	size_t part_bytes;
	size_t (*seam)(const void *arg, const uint8_t *text, size_t len);
	const void *seam_arg;
	/* [n_where] what a JSON line must be to be taken: "lang=en,de", "a.b!=x", "score>=0.5",
	 * with = != < <= > >=; all of them. A member that is not JSON lines is then NT_EARG. */
	const char *const *where;
	size_t n_where;
	/* Damage is passed over and counted: what is left of the JSON line, the WARC record, the
	 * archive's member or the file; text in front of it has been handed out and stays. */
	bool is_lenient;
	bool keep_lines;    /* hand out the JSON line of a document too */
	uint64_t max_ratio; /* bytes unpacked for each byte of an operand; 0: 1000 behind a GiB */
	uint64_t max_size;  /* bytes unpacked from an operand; 0: 1 TiB */
	/* Several operands, or the files of a directory, are read by so many threads at once and
	 * handed out in their order, all the same as by one; seam is then called from them. What
	 * they have read ahead is at most ahead_bytes (0: 32 MiB), or else one document each.
	 * n_thread 0 or 1: reading is done in nt_docs_next. */
	int n_thread;
	uint64_t ahead_bytes;
};

/* Appends "split": "auto", and where they are given "field": [...], "where": [...], "lenient": true:
 * the members of a manifest that say what became documents. */
int nt_docs_describe(struct nt_buf *members, const struct nt_docs_options *options);

/* Pointers are valid until the next nt_docs_next. */
struct nt_doc {
	const uint8_t *text; /* [len], any bytes */
	size_t len;
	const char *source;  /* "a.txt", "a.tar:b.jsonl:17", "standard input:2"; the number is of
				the line, or of the piece */
	/* what a JSON line says (its "id", "url", and "date" or "timestamp", there or in its
	 * "metadata"; a number in decimal) or the head of a WARC record; else NULL */
	const char *id, *url, *date;
	const uint8_t *line; /* [line_len] the JSON line without its newline, if asked for; else NULL */
	size_t line_len;
	bool goes_on;        /* a part: the next one is more of this document */
};

/* operand[n]; n = 0 reads standard input. The array and its strings must outlive the source. */
int nt_docs_open(struct nt_docs **docs, const struct nt_docs_options *options,
		 char *const *operand, size_t n);

/* Returns 1 with a document, 0 at the end, or a negative enum nt_err. */
int nt_docs_next(struct nt_docs *docs, struct nt_doc *doc);

/* Bytes read from the operands so far, and their total size where it is known, else 0. */
uint64_t nt_docs_bytes(const struct nt_docs *docs);
uint64_t nt_docs_total(const struct nt_docs *docs);

/* Sentences that the user may want to know: what auto decided for a stream, NULs in a file
 * that was kept whole, a delimiter that is nowhere, what WARC files held, lines that `where`
 * passed over. "; " between them; NULL: there are none. Ask at the end. */
const char *nt_docs_remark(const struct nt_docs *docs);

/* What was passed over because it is damaged (is_lenient), as one sentence, or NULL. */
const char *nt_docs_damage(const struct nt_docs *docs);

void nt_docs_close(struct nt_docs *docs); /* NULL is harmless */

#endif
