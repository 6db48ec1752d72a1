/* SPDX-License-Identifier: MIT */
/*
 * unpack.c - what libarchive undoes: tar, cpio, ar, zip, 7z; xz, bzip2, lz4
 *
 * libarchive is only ever given bytes whose magic we know, and told which format to
 * expect: left to guess, it takes some plain text for an mtree listing. It is given one
 * filter or one format and never both: stacked, the end of a .tar inside a .xz ends the
 * reading, and nobody looks whether the .xz was whole.
 *
 * What it does not tell is looked for here: bytes behind the end of compressed data (a
 * damaged second stream of an .xz looks like that), a .tar without the zero blocks, a .zip
 * without the record or a .deb without the data that end one; and names of a cpio so long
 * that libarchive would ask for gigabytes to hold one. Its warnings are failures;
 * only those about names that the locale cannot spell are not. No name out of an archive
 * is ever opened: it becomes part of a source's name.
 *
 * A 7z has its table of contents at its end, and nothing before it says where a member is:
 * from a pipe, or out of another wrapping, all of it goes into a temporary file first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "io/archive.h"
#include "io/layer.h"
#include "io/spill.h"
#include "nt/err.h"

enum {
	TAR_END_BYTES = 512, /* two blocks of zeros by POSIX; some writers are content with one */
	ZIP_END_BYTES = 22,  /* the record at the end of a zip, without its comment */
	CPIO_HEAD = 110,     /* of "newc": a magic of 6 bytes and 13 numbers of 8 hex digits ... */
	CPIO_SIZE = 54, CPIO_NAME = 94, /* ... two of which are bytes of the file and of its name */
	NAME_MOST = 1 << 16
};
#define NEVER (UINT64_MAX / 2)

struct unpack {
	const struct nt_libarchive *lib;
	struct archive *archive;
	struct archive_entry *entry; /* the member at hand */
	bool seeks;       /* in the descriptor below, or ... */
	bool is_spilled;  /* ... in a temporary file that holds all that was below, ... */
	struct nt_spill spill;
	uint64_t at;      /* ... at this byte of it */
	bool lacks_data;  /* a .deb whose data has not come yet */
	int below_failed; /* what reading below came to, when that is why libarchive stopped */
	uint64_t fed;     /* bytes that libarchive was given ... */
	uint64_t zeros;   /* ... and how many zeros stood at their end */
	uint64_t zip_end; /* where they said that the zip ends; 0: they did not */
	uint64_t head_at; /* where the next head of a cpio begins, ... */
	uint8_t head[CPIO_HEAD];
	size_t n_head;    /* ... so much of which was there; */
	uint64_t over_at; /* behind the last one only zeros may stand; 0: it has not come */
	/* lent to libarchive until it asks for more, behind the last bytes of the one before */
	uint8_t feed[ZIP_END_BYTES - 1 + NT_BLOCK_BYTES];
};

static int failed(const struct nt_layer *l)
{
	const struct unpack *u = l->state;
	const char *why = u->lib->archive_error_string(u->archive);
	if (u->below_failed)
		return u->below_failed; /* and its sentence is said */
	/* where its first allocations fail it says nothing */
	if (u->lib->archive_errno(u->archive) == ENOMEM || (!why && errno == ENOMEM))
		return nt_fail(NT_ESYS, "%s: out of memory while unpacking", nt_layer_name(l));
	return nt_layer_damaged(l, why ? why : "it ends too early, or its bytes make no sense");
}

/* --- what libarchive asks of the layer below --------------------------------------- */

static void count_zeros(struct unpack *u, const uint8_t *p, size_t n)
{
	size_t zeros = 0;
	while (zeros < n && p[n - 1 - zeros] == 0)
		zeros++;
	u->zeros = zeros == n ? u->zeros + n : zeros;
}

/* The record: "PK\5\6", 16 bytes, and in two more the length of the comment behind it. */
static void find_zip_end(struct unpack *u, const uint8_t *block, size_t n)
{
	const uint8_t *p = u->feed, *end = block + n;
	while ((p = memmem(p, (size_t)(end - p), "PK\5\6", 4)) && end - p >= ZIP_END_BYTES) {
		u->zip_end = u->fed + (uint64_t)(p - block) + ZIP_END_BYTES + nt_le16(p + 20);
		p += 4;
	}
	memmove(u->feed, end - (ZIP_END_BYTES - 1), ZIP_END_BYTES - 1);
}

static uint64_t hex(const uint8_t *p)
{
	char digits[9] = {0};
	memcpy(digits, p, 8);
	return strtoull(digits, NULL, 16);
}

/* Goes from head to head in a block of a cpio; where the first is not "newc" all names are short.
 * libarchive would look for the next one behind what is none, and takes any name for true. */
static bool check_heads(struct unpack *u, const uint8_t *block, size_t n)
{
	while (u->head_at + u->n_head < u->fed + n) {
		size_t at = (size_t)(u->head_at + u->n_head - u->fed), room = CPIO_HEAD - u->n_head;
		size_t part = n - at < room ? n - at : room;
		memcpy(u->head + u->n_head, block + at, part);
		if ((u->n_head += part) < CPIO_HEAD)
			break;
		uint64_t name = hex(u->head + CPIO_NAME), size = hex(u->head + CPIO_SIZE);
		bool is_newc = memcmp(u->head, "07070", 5) == 0 && (u->head[5] == '1' || u->head[5] == '2');
		if (is_newc && name > NAME_MOST)
			return false;
		u->over_at = is_newc ? 0 : u->head_at;
		u->head_at = is_newc ? u->head_at + (CPIO_HEAD + name + 3) / 4 * 4 + (size + 3) / 4 * 4 : NEVER;
		u->n_head = 0;
	}
	return u->over_at == 0 || u->fed + n - u->over_at <= u->zeros;
}

static ssize_t take(struct nt_layer *l, uint8_t *buf, size_t n)
{
	struct unpack *u = l->state;
	if (!u->is_spilled)
		return nt_layer_take(l->below, buf, n);
	uint64_t left = u->at < u->spill.bytes ? u->spill.bytes - u->at : 0;
	if (n > left)
		n = (size_t)left;
	int rc = n ? nt_spill_read_at(&u->spill, u->at, buf, n) : 0;
	u->at += n;
	return rc < 0 ? rc : (ssize_t)n;
}

static la_ssize_t feed(struct archive *a, void *ctx, const void **block)
{
	struct nt_layer *l = ctx;
	struct unpack *u = l->state;
	uint8_t *into = u->feed + ZIP_END_BYTES - 1;
	ssize_t got = take(l, into, NT_BLOCK_BYTES);
	*block = into;
	if (got < 0) {
		u->below_failed = (int)got;
		u->lib->archive_set_error(a, EIO, "the bytes behind it cannot be read");
		return ARCHIVE_FATAL;
	}
	count_zeros(u, into, (size_t)got);
	if (l->type == &nt_zip)
		find_zip_end(u, into, (size_t)got);
	if (l->type == &nt_cpio && !check_heads(u, into, (size_t)got)) {
		u->lib->archive_set_error(a, EILSEQ, "a member has no head, or a name of more than %d bytes", NAME_MOST);
		return ARCHIVE_FATAL;
	}
	u->fed += (uint64_t)got;
	return got;
}

static la_int64_t feed_seek(struct archive *a, void *ctx, la_int64_t offset, int whence)
{
	(void)a;
	const struct nt_layer *l = ctx;
	struct unpack *u = l->state;
	if (!u->is_spilled) {
		int64_t at = nt_layer_seek(l->below, offset, whence);
		return at < 0 ? ARCHIVE_FATAL : at;
	}
	uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? u->at : u->spill.bytes;
	if (offset < -(int64_t)from || offset > (int64_t)u->spill.bytes)
		return ARCHIVE_FATAL;
	u->at = from + (uint64_t)offset;
	return (la_int64_t)u->at;
}

/* --- opening --------------------------------------------------------------------- */

static int support_format(const struct nt_layer *l)
{
	const struct unpack *u = l->state;
	const struct nt_libarchive *lib = u->lib;
	if (l->type == &nt_zip)
		return u->seeks ? lib->archive_read_support_format_zip_seekable(u->archive)
				: lib->archive_read_support_format_zip_streamable(u->archive);
	if (l->type == &nt_7z)
		return lib->archive_read_support_format_7zip(u->archive);
	if (l->type == &nt_ar)
		return lib->archive_read_support_format_ar(u->archive);
	if (l->type == &nt_cpio)
		return lib->archive_read_support_format_cpio(u->archive);
	int rc = lib->archive_read_support_format_tar(u->archive);
	return rc != ARCHIVE_OK ? rc
				: lib->archive_read_set_option(u->archive, "tar",
							       "read_concatenated_archives", "1");
}

static int filter_of(const struct nt_layer *l)
{
	return l->type == &nt_xz      ? ARCHIVE_FILTER_XZ
	       : l->type == &nt_bzip2 ? ARCHIVE_FILTER_BZIP2
				      : ARCHIVE_FILTER_LZ4;
}

static int support(const struct nt_layer *l)
{
	const struct unpack *u = l->state;
	if (l->type->is_archive)
		return support_format(l);
	int rc = u->lib->archive_read_set_format(u->archive, ARCHIVE_FORMAT_RAW);
	return rc != ARCHIVE_OK ? rc : u->lib->archive_read_append_filter(u->archive, filter_of(l));
}

/* Where nothing below can be sought in: all of it, into a file that can be. */
static int spill(struct nt_layer *l)
{
	struct unpack *u = l->state;
	uint8_t *block = u->feed;
	ssize_t got;
	int rc = nt_spill_open(&u->spill, NULL, 0);
	u->is_spilled = u->seeks = rc == 0;
	while (rc == 0 && (got = nt_layer_take(l->below, block, NT_BLOCK_BYTES)) != 0) {
		rc = got < 0 ? (int)got : nt_spill_add(&u->spill, block, (size_t)got);
		if (rc == 0)
			rc = nt_layer_check_size(l, u->spill.bytes);
	}
	return rc;
}

static int open_unpack(struct nt_layer *l)
{
	struct unpack *u = l->state;
	/* a zip's table of contents is at its end: better to seek there, where that is possible */
	u->seeks = nt_layer_can_seek(l->below) && (l->type == &nt_zip || l->type == &nt_7z);
	int rc = l->type == &nt_7z && !u->seeks ? spill(l) : 0;
	if (rc < 0)
		return rc;
	if (!(u->lib = nt_libarchive()))
		return NT_ESYS;
	if (!(u->archive = u->lib->archive_read_new()) || !(u->entry = u->lib->archive_entry_new()))
		return nt_fail(NT_ESYS, "%s: out of memory while unpacking", nt_layer_name(l));
	if (support(l) != ARCHIVE_OK)
		return failed(l);
	u->lib->archive_read_set_read_callback(u->archive, feed);
	if (u->seeks)
		u->lib->archive_read_set_seek_callback(u->archive, feed_seek);
	/* to open without the data it had no memory for would be the end of the program */
	errno = 0;
	bool opens = u->lib->archive_read_set_callback_data(u->archive, l) == ARCHIVE_OK &&
		     u->lib->archive_read_open1(u->archive) == ARCHIVE_OK;
	return opens ? 0 : failed(l);
}

/* --- members --------------------------------------------------------------------- */

/*
 * libarchive is content: is it right to be? Reads what is left below, to its end. Behind
 * compressed data only zeros may stand (padding of tapes); anything else is a further
 * stream whose head is damaged, which libarchive passes over.
 */
static int check_end(struct nt_layer *l)
{
	struct unpack *u = l->state;
	uint64_t used = (uint64_t)u->lib->archive_filter_bytes(u->archive, -1);
	const void *block;
	la_ssize_t got;
	if (u->seeks) {
		nt_layer_end(l->below);
		return 0;
	}
	while ((got = feed(u->archive, l, &block)) > 0)
		;
	if (got < 0)
		return failed(l);
	if ((!l->type->is_archive || l->type == &nt_cpio) && u->fed - used > u->zeros)
		return nt_layer_damaged(l, "what stands behind it is not of that format");
	if (l->type == &nt_tar && u->zeros < TAR_END_BYTES)
		return nt_layer_damaged(l, "the blocks of zeros that end an archive are missing");
	if (l->type == &nt_zip && (!u->zip_end || u->fed - u->zip_end > u->zeros))
		return nt_layer_damaged(l, "the record that ends an archive is missing");
	if (u->lacks_data)
		return nt_layer_damaged(l, "the data of a Debian package is missing");
	return 0;
}

/* The name as far as the archive's own goes. */
static const char *name_of(const struct unpack *u, struct archive_entry *e)
{
	const char *name = u->lib->archive_entry_pathname(e);
	if (!name) /* UTF-8 that the locale cannot hold */
		name = u->lib->archive_entry_pathname_utf8(e);
	return name ? name : "(a name that cannot be read)";
}

/* A warning that says nothing about the data: of names and owners in another spelling. */
static bool is_about_names(const struct unpack *u)
{
	const char *why = u->lib->archive_error_string(u->archive);
	return why && strstr(why, "can't be converted");
}

static void look_for_data(struct unpack *u, const char *name)
{
	if (strcmp(name, "debian-binary") == 0)
		u->lacks_data = true;
	if (strncmp(name, "data.tar", 8) == 0)
		u->lacks_data = false;
}

/* Goes to the next member that holds bytes: 1, or 0 at the end. */
static int next_member(struct nt_layer *l)
{
	struct unpack *u = l->state;
	struct archive_entry *e = u->entry;
	for (;;) {
		int rc = u->lib->archive_read_next_header2(u->archive, e);
		if (rc == ARCHIVE_EOF)
			return check_end(l);
		l->recovers = rc == ARCHIVE_WARN;
		if (rc != ARCHIVE_OK && (rc != ARCHIVE_WARN || !is_about_names(u)))
			return failed(l);
		if (!l->type->is_archive)
			return 1;
		/* no type at all is what ar's members have */
		mode_t type = u->lib->archive_entry_filetype(e);
		if ((type == AE_IFREG || type == 0) && !u->lib->archive_entry_hardlink(e))
			break;
	}
	const char *name = name_of(u, e);
	if (l->type == &nt_ar)
		look_for_data(u, name);
	if (nt_layer_name_member(l, name) < 0)
		return NT_ESYS;
	l->recovers = u->lib->archive_entry_is_encrypted(e);
	return l->recovers
		       ? nt_fail(NT_EFORMAT, "%s: encrypted", nt_layer_name(l))
		       : 1;
}

static ssize_t read_unpack(struct nt_layer *l, void *buf, size_t n)
{
	const struct unpack *u = l->state;
	la_ssize_t got = u->lib->archive_read_data(u->archive, buf, n);
	l->recovers = got == ARCHIVE_WARN || got == ARCHIVE_FAILED;
	return got < 0 ? failed(l) : (ssize_t)got; /* warnings too: a wrong CRC in a zip is one */
}

static void close_unpack(struct nt_layer *l)
{
	struct unpack *u = l->state;
	if (u->archive)
		u->lib->archive_read_free(u->archive);
	if (u->entry)
		u->lib->archive_entry_free(u->entry);
	if (u->is_spilled)
		nt_spill_close(&u->spill);
}

#define TYPE(called, packs)                                                                        \
	{                                                                                          \
		.name = called, .is_archive = packs, .state_bytes = sizeof(struct unpack),         \
		.open = open_unpack, .next = next_member, .read = read_unpack,                     \
		.close = close_unpack,                                                             \
	}

const struct nt_layer_type nt_xz = TYPE("xz", false);
const struct nt_layer_type nt_bzip2 = TYPE("bzip2", false);
const struct nt_layer_type nt_lz4 = TYPE("lz4", false);
const struct nt_layer_type nt_zip = TYPE("zip", true);
const struct nt_layer_type nt_7z = TYPE("7z", true);
const struct nt_layer_type nt_ar = TYPE("ar", true);
const struct nt_layer_type nt_cpio = TYPE("cpio", true);
const struct nt_layer_type nt_tar = TYPE("tar", true);
