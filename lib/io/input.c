/* SPDX-License-Identifier: MIT */
/*
 * input.c - compression and archives, by libarchive, one layer at a time
 *
 * The descriptor is the lowest layer. The first bytes that a layer gives are looked at:
 * if they are a wrapping we know, another layer that undoes it is put on top, and its
 * bytes are looked at in turn; if not, they are a member, for the caller to read. When a
 * member is used up its layer goes on to the next one or is taken away. libarchive could
 * stack filters by itself, but then the end of a .tar inside a .gz ends the reading, and
 * nobody looks whether the .gz was whole. Here every layer is read to its end.
 *
 * libarchive is only ever given bytes whose magic we know, and told which format to
 * expect: left to guess, it takes some plain text for an mtree listing. For the same
 * reason a tar without "ustar" in its header (before 1988) is not recognised, nor cpio,
 * whose magic is six digits.
 *
 * What libarchive does not tell is looked for here: bytes behind the end of compressed
 * data (a damaged second member of a .gz looks like that), and a .tar without the zero
 * blocks, or a .zip without the record, that end one. The checksum of a .gz is not
 * verified: libarchive does not, and its length is not either.
 */
#include "io/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/le.h"
#include "io/archive.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/mem.h"

enum {
	BLOCK_BYTES = 1 << 18,
	MAX_DEPTH = 8,       /* nobody wraps deeper; a file that contains itself does */
	SNIFF_BYTES = 512,   /* a tar header, the longest magic */
	TAR_END_BYTES = 512, /* two blocks of zeros by POSIX; some writers are content with one */
	ZIP_END_BYTES = 22   /* the record at the end of a zip, without its comment */
};

enum kind { PLAIN, GZIP, ZSTD, XZ, BZIP2, LZ4, ZIP, SEVENZIP, AR, TAR };

#define MAGIC(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *name, *suffix;
	const char *magic;
	size_t magic_len;
	int filter; /* 0: an archive */
} kinds[] = {
	[GZIP] = {"gzip", ".gz", MAGIC("\x1f\x8b\x08"), ARCHIVE_FILTER_GZIP},
	[ZSTD] = {"zstd", ".zst", MAGIC("\x28\xb5\x2f\xfd"), ARCHIVE_FILTER_ZSTD},
	[XZ] = {"xz", ".xz", MAGIC("\xfd" "7zXZ\0"), ARCHIVE_FILTER_XZ},
	[BZIP2] = {"bzip2", ".bz2", MAGIC("BZh"), ARCHIVE_FILTER_BZIP2},
	[LZ4] = {"lz4", ".lz4", MAGIC("\x04\x22\x4d\x18"), ARCHIVE_FILTER_LZ4},
	[ZIP] = {"zip", ".zip", MAGIC("PK\3\4"), 0},
	[SEVENZIP] = {"7z", ".7z", MAGIC("7z\xbc\xaf\x27\x1c"), 0},
	[AR] = {"ar", ".a", MAGIC("!<arch>\n"), 0},
	[TAR] = {"tar", ".tar", MAGIC("ustar"), 0},
};

struct layer {
	struct nt_input *in;
	struct layer *below; /* NULL: this is the descriptor */
	enum kind kind;      /* of the wrapping that is undone here */
	struct archive *archive;
	const struct nt_libarchive *lib; /* of the archive */
	int fd;
	bool can_seek;    /* the descriptor, as a file from its first byte on */
	bool seeks;       /* the archive, in the descriptor below */
	bool at_end;      /* of the bytes of the member it is at */
	int below_failed; /* what reading below came to, when that is why libarchive stopped */
	uint64_t fed;     /* bytes that libarchive was given ... */
	uint64_t zeros;   /* ... and how many zeros stood at their end */
	uint64_t zip_end; /* where they said that the zip ends; 0: they did not */
	size_t name_len;  /* of the input's name without this layer's members */
	size_t pos, len;  /* block[pos, len) is read ahead */
	uint8_t block[BLOCK_BYTES];
	/* lent to libarchive until it asks for more, behind the last bytes of the one before */
	uint8_t feed[ZIP_END_BYTES - 1 + BLOCK_BYTES];
};

struct nt_input {
	struct layer *top;
	int depth;
	bool is_fresh;    /* the bytes at the top have not been looked at */
	bool is_regular;  /* the operand is a regular file ... */
	bool is_standard; /* ... or standard input, from whatever */
	int n_archive;    /* archives among the layers */
	uint64_t size, bytes;
	struct nt_buf name; /* with a 0 behind it, not counted */
};

/* --- what the first bytes say ---------------------------------------------------- */

static bool begins(const uint8_t *p, size_t n, const char *magic, size_t len)
{
	return n >= len && memcmp(p, magic, len) == 0;
}

/* Behind "BZh" and a level comes a block or the end: pi or its square root in BCD. */
static bool is_bzip2(const uint8_t *p, size_t n)
{
	return n >= 10 && p[3] >= '1' && p[3] <= '9' &&
	       (memcmp(p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
		memcmp(p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static enum kind kind_of(const uint8_t *p, size_t n)
{
	for (enum kind k = GZIP; k < TAR; k++)
		if (begins(p, n, kinds[k].magic, kinds[k].magic_len))
			return k == BZIP2 && !is_bzip2(p, n) ? PLAIN : k;
	/* pzstd puts a skippable frame in front, 184D2A50 to 5F */
	if (n >= 4 && (p[0] & 0xf0) == 0x50 && begins(p + 1, 3, "\x2a\x4d\x18", 3))
		return ZSTD;
	if (begins(p, n, "\x02\x21\x4c\x18", 4)) /* before 2013 */
		return LZ4;
	if (begins(p, n, "PK\5\6", 4)) /* nothing in it */
		return ZIP;
	return n >= SNIFF_BYTES && begins(p + 257, 5, kinds[TAR].magic, 5) ? TAR : PLAIN;
}

/* Is it what remains of a wrapping that was cut inside of its magic, as its name says? */
static bool is_stump(const char *name, const uint8_t *p, size_t n)
{
	size_t len = strlen(name);
	for (enum kind k = GZIP; k < AR; k++) {
		size_t suffix = strlen(kinds[k].suffix), magic = kinds[k].magic_len;
		if (len > suffix && strcmp(name + len - suffix, kinds[k].suffix) == 0)
			return n < 10 && memcmp(p, kinds[k].magic, n < magic ? n : magic) == 0;
	}
	return false;
}

/* --- bytes of a layer ------------------------------------------------------------ */

static const char *name_of(const struct nt_input *in)
{
	return (const char *)in->name.data;
}

static int damaged(const struct layer *l, const char *why)
{
	return nt_fail(NT_EFORMAT, "%s: damaged or cut %s data: %s", name_of(l->in),
		       kinds[l->kind].name, why);
}

static int archive_failed(const struct layer *l)
{
	const char *why = l->lib->archive_error_string(l->archive);
	if (l->below_failed)
		return l->below_failed; /* and its sentence is said */
	if (l->lib->archive_errno(l->archive) == ENOMEM)
		return nt_fail(NT_ESYS, "%s: out of memory while unpacking", name_of(l->in));
	return damaged(l, why ? why : "libarchive does not say why");
}

static ssize_t read_descriptor(struct layer *l, void *buf, size_t n)
{
	ssize_t got;
	do
		got = read(l->fd, buf, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return nt_fail_sys("%s: cannot read", name_of(l->in));
	l->in->bytes += (uint64_t)got;
	return got;
}

static ssize_t read_layer(struct layer *l, void *buf, size_t n)
{
	if (l->at_end)
		return 0;
	if (!l->archive) {
		ssize_t got = read_descriptor(l, buf, n);
		l->at_end = got == 0;
		return got;
	}
	la_ssize_t got = l->lib->archive_read_data(l->archive, buf, n);
	if (got < 0) /* warnings too: a wrong CRC in a zip is one */
		return archive_failed(l);
	l->at_end = got == 0;
	return (ssize_t)got;
}

/* Reads ahead until n bytes are there, or all there are. Returns how many, or an error. */
static ssize_t look_ahead(struct layer *l, size_t n)
{
	l->pos = l->len = 0;
	while (l->len < n) {
		ssize_t got = read_layer(l, l->block + l->len, sizeof(l->block) - l->len);
		if (got < 0)
			return got;
		if (got == 0)
			break;
		l->len += (size_t)got;
	}
	return (ssize_t)l->len;
}

static ssize_t take(struct layer *l, void *buf, size_t n)
{
	size_t ahead = l->len - l->pos;
	if (ahead == 0)
		return read_layer(l, buf, n);
	if (n > ahead)
		n = ahead;
	memcpy(buf, l->block + l->pos, n);
	l->pos += n;
	return (ssize_t)n;
}

/* Reads a member to its end: damage behind the last byte that was wanted is damage. */
static int drain(struct layer *l)
{
	ssize_t got;
	l->pos = l->len = 0;
	do
		got = read_layer(l, l->block, sizeof(l->block));
	while (got > 0);
	return (int)got;
}

/* --- what libarchive asks of the layer below --------------------------------------- */

static void count_zeros(struct layer *l, const uint8_t *p, size_t n)
{
	size_t zeros = 0;
	while (zeros < n && p[n - 1 - zeros] == 0)
		zeros++;
	l->zeros = zeros == n ? l->zeros + n : zeros;
}

/* The record: "PK\5\6", 16 bytes, and in two more the length of the comment behind it. */
static void find_zip_end(struct layer *l, const uint8_t *block, size_t n)
{
	const uint8_t *p = l->feed, *end = block + n;
	while ((p = memmem(p, (size_t)(end - p), "PK\5\6", 4)) && end - p >= ZIP_END_BYTES) {
		l->zip_end = l->fed + (uint64_t)(p - block) + ZIP_END_BYTES + nt_le16(p + 20);
		p += 4;
	}
	memmove(l->feed, end - (ZIP_END_BYTES - 1), ZIP_END_BYTES - 1);
}

static la_ssize_t feed(struct archive *a, void *ctx, const void **block)
{
	struct layer *l = ctx;
	uint8_t *into = l->feed + ZIP_END_BYTES - 1;
	ssize_t got = take(l->below, into, BLOCK_BYTES);
	*block = into;
	if (got < 0) {
		l->below_failed = (int)got;
		l->lib->archive_set_error(a, EIO, "the bytes behind it cannot be read");
		return ARCHIVE_FATAL;
	}
	count_zeros(l, into, (size_t)got);
	if (l->kind == ZIP)
		find_zip_end(l, into, (size_t)got);
	l->fed += (uint64_t)got;
	return got;
}

static la_int64_t feed_seek(struct archive *a, void *ctx, la_int64_t offset, int whence)
{
	struct layer *below = ((struct layer *)ctx)->below;
	(void)a;
	off_t at = lseek(below->fd, offset, whence);
	below->pos = below->len = 0;
	below->at_end = false;
	return at < 0 ? ARCHIVE_FATAL : at;
}

/* --- layers --------------------------------------------------------------------- */

static void pop(struct nt_input *in)
{
	struct layer *l = in->top;
	in->top = l->below;
	in->depth--;
	if (in->name.data)
		in->name.data[in->name.len = l->name_len] = 0;
	if (l->archive) {
		in->n_archive -= !kinds[l->kind].filter;
		l->lib->archive_read_free(l->archive);
	} else {
		nt_close_read(l->fd);
	}
	free(l);
}

static struct layer *push(struct nt_input *in, enum kind kind)
{
	struct layer *l = nt_alloc(1, sizeof(*l));
	if (!l)
		return NULL;
	memset(l, 0, offsetof(struct layer, block));
	memset(l->feed, 0, ZIP_END_BYTES - 1);
	l->in = in;
	l->below = in->top;
	l->kind = kind;
	l->at_end = in->top != NULL; /* of nothing: next_member comes first */
	l->fd = -1;
	l->name_len = in->name.len;
	in->top = l;
	in->depth++;
	return l;
}

/* What makes libarchive read this kind of archive. */
static int (*support_format(const struct nt_libarchive *lib, const struct layer *l))(struct archive *)
{
	switch (l->kind) {
	case ZIP:
		return l->seeks ? lib->archive_read_support_format_zip_seekable
				: lib->archive_read_support_format_zip_streamable;
	case SEVENZIP:
		return lib->archive_read_support_format_7zip;
	case AR:
		return lib->archive_read_support_format_ar;
	default:
		return lib->archive_read_support_format_tar;
	}
}

/* A zip's table of contents is at its end: better to seek there, where that is possible. */
static int open_archive(struct layer *l)
{
	const struct nt_libarchive *lib = l->lib;
	struct archive *a = l->archive;
	l->seeks = l->below->can_seek && (l->kind == ZIP || l->kind == SEVENZIP);
	if (kinds[l->kind].filter) {
		if (lib->archive_read_set_format(a, ARCHIVE_FORMAT_RAW) != ARCHIVE_OK ||
		    lib->archive_read_append_filter(a, kinds[l->kind].filter) != ARCHIVE_OK)
			return ARCHIVE_FATAL;
	} else {
		if (support_format(lib, l)(a) != ARCHIVE_OK)
			return ARCHIVE_FATAL;
	}
	if (l->kind == TAR &&
	    lib->archive_read_set_option(a, "tar", "read_concatenated_archives", "1") != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	lib->archive_read_set_read_callback(a, feed);
	if (l->seeks)
		lib->archive_read_set_seek_callback(a, feed_seek);
	lib->archive_read_set_callback_data(a, l);
	return lib->archive_read_open1(a);
}

static int wrap(struct nt_input *in, enum kind kind)
{
	if (in->depth > MAX_DEPTH)
		return nt_fail(NT_EFORMAT, "%s: wrapped more than %d deep", name_of(in), MAX_DEPTH);
	if (kind == SEVENZIP && !in->top->can_seek)
		return nt_fail(NT_EFORMAT, "%s: 7z can only be read from a file, not from a pipe "
					   "or out of another archive", name_of(in));
	struct layer *l = push(in, kind);
	if (!l)
		return NT_ESYS;
	if (!(l->lib = nt_libarchive()))
		return NT_ESYS;
	if (!(l->archive = l->lib->archive_read_new()))
		return nt_fail(NT_ESYS, "%s: out of memory while unpacking", name_of(in));
	in->n_archive += !kinds[kind].filter;
	return open_archive(l) == ARCHIVE_OK ? 0 : archive_failed(l);
}

/* Appends ":member" to the name as far as the archive's own name goes. */
static int name_member(struct nt_input *in, const struct layer *l, struct archive_entry *e)
{
	const char *name = l->lib->archive_entry_pathname(e);
	if (!name) /* UTF-8 that the locale cannot hold */
		name = l->lib->archive_entry_pathname_utf8(e);
	in->name.len = l->name_len;
	if (nt_buf_printf(&in->name, ":%s", name ? name : "(a name that cannot be read)") < 0)
		return NT_ESYS;
	return 0;
}

/* Goes to the next member that holds bytes: 1, or 0 at the end. */
static int next_member(struct nt_input *in, struct layer *l)
{
	struct archive_entry *e;
	for (;;) {
		/* a warning here is about a name or an owner; data has checks of its own */
		int rc = l->lib->archive_read_next_header(l->archive, &e);
		if (rc == ARCHIVE_EOF)
			return 0;
		if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
			return archive_failed(l);
		l->at_end = false;
		if (kinds[l->kind].filter)
			return 1;
		/* no type at all is what ar's members have */
		mode_t type = l->lib->archive_entry_filetype(e);
		if ((type == AE_IFREG || type == 0) && !l->lib->archive_entry_hardlink(e))
			break;
	}
	if (l->lib->archive_entry_is_encrypted(e))
		return name_member(in, l, e) < 0
			       ? NT_ESYS
			       : nt_fail(NT_EFORMAT, "%s: encrypted", name_of(in));
	return name_member(in, l, e) < 0 ? NT_ESYS : 1;
}

/*
 * libarchive is content: is it right to be? Reads what is left below, to its end. Behind
 * compressed data only zeros may stand (padding of tapes); anything else is a further
 * member whose head is damaged, which libarchive passes over.
 */
static int check_end(struct layer *l)
{
	uint64_t used = (uint64_t)l->lib->archive_filter_bytes(l->archive, -1);
	const void *block;
	la_ssize_t got;
	if (l->seeks) {
		l->below->at_end = true;
		return 0;
	}
	while ((got = feed(l->archive, l, &block)) > 0)
		;
	if (got < 0)
		return l->below_failed;
	if (kinds[l->kind].filter && l->fed - used > l->zeros)
		return damaged(l, "what stands behind it is not of that format");
	if (l->kind == TAR && l->zeros < TAR_END_BYTES)
		return damaged(l, "the blocks of zeros that end an archive are missing");
	if (l->kind == ZIP && (!l->zip_end || l->fed - l->zip_end > l->zeros))
		return damaged(l, "the record that ends an archive is missing");
	return 0;
}

/* --- the input ------------------------------------------------------------------- */

static int open_bottom(struct nt_input *in, const char *path)
{
	struct stat st;
	struct layer *l = push(in, PLAIN);
	if (!l || nt_buf_printf(&in->name, "%s", nt_input_name(path)) < 0)
		return NT_ESYS;
	if ((l->fd = nt_open_read(path)) < 0)
		return l->fd;
	in->is_standard = l->fd == STDIN_FILENO;
	if (fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		in->size = (uint64_t)st.st_size;
		in->is_regular = true;
		l->can_seek = lseek(l->fd, 0, SEEK_CUR) == 0;
	}
	in->is_fresh = true;
	return 0;
}

int nt_input_open(struct nt_input **result, const char *path)
{
	struct nt_input *in = nt_calloc(1, sizeof(*in));
	*result = NULL;
	if (!in)
		return NT_ESYS;
	int rc = open_bottom(in, path);
	if (rc < 0)
		nt_input_close(in);
	else
		*result = in;
	return rc;
}

/* Looks at fresh bytes: 1 if they are a member, 0 if another layer was put on them. */
static int sniff(struct nt_input *in)
{
	in->is_fresh = false;
	ssize_t n = look_ahead(in->top, SNIFF_BYTES);
	if (n < 0)
		return (int)n;
	enum kind kind = kind_of(in->top->block, (size_t)n);
	if (kind == PLAIN && is_stump(name_of(in), in->top->block, (size_t)n))
		return nt_fail(NT_EFORMAT, "%s: cut at byte %zd, before its format can be told",
			       name_of(in), n);
	return kind == PLAIN ? 1 : wrap(in, kind);
}

/* The member at the top is used up: fresh bytes behind it, or a layer less. */
static int advance(struct nt_input *in)
{
	struct layer *l = in->top;
	int rc = drain(l);
	if (rc < 0 || (rc = next_member(in, l)) < 0)
		return rc;
	in->is_fresh = rc == 1;
	if (rc == 0 && (rc = check_end(l)) == 0)
		pop(in);
	return rc < 0 ? rc : 0;
}

int nt_input_next(struct nt_input *in)
{
	for (;;) {
		int rc = in->is_fresh ? sniff(in) : !in->top->archive ? drain(in->top) : advance(in);
		if (rc != 0)
			return rc;
		if (!in->is_fresh && !in->top->archive)
			return 0;
	}
}

ssize_t nt_input_read(struct nt_input *in, void *buf, size_t n)
{
	return take(in->top, buf, n);
}

const char *nt_input_member(const struct nt_input *in)
{
	return name_of(in);
}

bool nt_input_is_stream(const struct nt_input *in)
{
	return (in->is_standard || !in->is_regular) && in->n_archive == 0;
}

size_t nt_input_left(const struct nt_input *in)
{
	const struct layer *l = in->top;
	if (l->archive || !in->is_regular || in->size < in->bytes)
		return 0;
	return (size_t)(in->size - in->bytes) + l->len - l->pos;
}

uint64_t nt_input_bytes(const struct nt_input *in)
{
	return in->bytes;
}

void nt_input_close(struct nt_input *in)
{
	if (!in)
		return;
	while (in->top)
		pop(in);
	nt_buf_release(&in->name);
	free(in);
}
