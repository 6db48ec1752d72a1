/* SPDX-License-Identifier: MIT */
/*
 * input.c - wrappings in wrappings, one layer at a time
 *
 * The descriptor is the lowest layer. The first bytes that a layer gives are looked at:
 * if they are a wrapping we know (magic.c), another layer that undoes it is put on top, and its
 * bytes are looked at in turn; if not, they are a member, for the caller to read. When a
 * member is used up its layer goes on to the next one or is taken away. Every layer is
 * read to its end, so that damage behind the last byte that was wanted is found.
 *
 * A layer that has failed is taken away with all above it when damage is to be passed
 * over (is_lenient): the archive below may well go on with its next member.
 */
#include "io/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/layer.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/mem.h"

enum {
	MAX_DEPTH = 8,     /* nobody wraps deeper; a file that contains itself does */
	USUAL_RATIO = 1000 /* deflate reaches 1032, of text nothing does */
};

static const uint64_t harmless_bytes = 1 << 30; /* with the usual ratio ... */
static const uint64_t small_bytes = 1 << 20;    /* ... and with one that was asked for */
static const uint64_t usual_size = (uint64_t)1 << 40;

struct nt_input {
	struct nt_layer *top;
	struct nt_input_options options;
	int depth;
	int fd;
	bool is_fresh;    /* the bytes at the top have not been looked at */
	bool is_regular;  /* the operand is a regular file ... */
	bool is_standard; /* ... or standard input, from whatever */
	bool can_seek;    /* a file from its first byte on */
	int n_archive;    /* archives among the layers */
	uint64_t size, bytes;
	struct nt_buf name; /* with a 0 behind it, not counted */
};

/* --- bytes of a layer ------------------------------------------------------------ */

const char *nt_layer_name(const struct nt_layer *l)
{
	return (const char *)l->in->name.data;
}

int nt_layer_damaged(const struct nt_layer *l, const char *why)
{
	return nt_fail(NT_EFORMAT, "%s: damaged or cut %s data: %s", nt_layer_name(l),
		       l->type->name, why);
}

const struct nt_input_options *nt_layer_options(const struct nt_layer *l)
{
	return &l->in->options;
}

void nt_layer_note_damage(const struct nt_layer *l)
{
	struct nt_input_tally *t = l->in->options.tally;
	if (t->damage++ == 0)
		snprintf(t->first, sizeof(t->first), "%s", nt_errmsg());
}

static ssize_t read_descriptor(struct nt_layer *l, void *buf, size_t n)
{
	ssize_t got;
	do
		got = read(l->in->fd, buf, n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return nt_fail_sys("%s: cannot read", nt_layer_name(l));
	l->in->bytes += (uint64_t)got;
	return got;
}

static const struct nt_layer_type descriptor = {.name = "plain", .read = read_descriptor};

int nt_layer_check_size(const struct nt_layer *l, uint64_t bytes)
{
	uint64_t most = l->in->options.max_size ? l->in->options.max_size : usual_size;
	if (bytes <= most)
		return 0;
	return nt_fail(NT_EFORMAT, "%s: unpacks to more than %s; --max-size allows more",
		       nt_layer_name(l), nt_counted(most, "byte"));
}

/* What a few bytes unpack to must not fill the disk. */
static int check_size(const struct nt_layer *l)
{
	const struct nt_input *in = l->in;
	uint64_t ratio = in->options.max_ratio ? in->options.max_ratio : USUAL_RATIO;
	uint64_t allowed = in->options.max_ratio ? small_bytes : harmless_bytes;
	uint64_t bytes = in->is_regular ? in->size : in->bytes;
	int rc = nt_layer_check_size(l, l->out_bytes);
	if (rc < 0)
		return rc;
	if (l->out_bytes > allowed && l->out_bytes / ratio > bytes)
		return nt_fail(NT_EFORMAT, "%s: unpacks to more than %s its size, as no text does; --max-ratio allows more",
			       nt_layer_name(l), nt_counted(ratio, "time"));
	return 0;
}

static ssize_t read_layer(struct nt_layer *l, void *buf, size_t n)
{
	if (l->at_end)
		return 0;
	ssize_t got = l->type->read(l, buf, n);
	l->at_end = got == 0;
	if (got > 0 && l->below) {
		l->out_bytes += (uint64_t)got;
		int rc = check_size(l);
		got = rc < 0 ? rc : got;
	}
	if (got >= 0)
		return got;
	l->at_end = true;
	if (got == NT_EFORMAT && l->is_forgiving && !l->below->failed) {
		l->in->options.tally->warc.cut++;
		return 0;
	}
	l->failed = !l->recovers;
	return got;
}

int nt_layer_resume(struct nt_layer *l)
{
	int rc = l->type->resume ? l->type->resume(l) : 0;
	l->pos = l->len = 0;
	l->at_end = l->failed = rc != 1;
	return rc;
}

ssize_t nt_layer_look(struct nt_layer *l, size_t n, const uint8_t **p)
{
	if (l->len - l->pos < n) {
		memmove(l->block, l->block + l->pos, l->len - l->pos);
		l->len -= l->pos;
		l->pos = 0;
	}
	while (l->len - l->pos < n) {
		ssize_t got = read_layer(l, l->block + l->len, sizeof(l->block) - l->len);
		if (got < 0)
			return got;
		if (got == 0)
			break;
		l->len += (size_t)got;
	}
	*p = l->block + l->pos;
	return (ssize_t)(l->len - l->pos);
}

void nt_layer_skip(struct nt_layer *l, size_t n)
{
	l->pos += n;
}

ssize_t nt_layer_take(struct nt_layer *l, void *buf, size_t n)
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

bool nt_layer_can_seek(const struct nt_layer *l)
{
	return !l->below && l->in->can_seek;
}

int64_t nt_layer_seek(struct nt_layer *l, int64_t offset, int whence)
{
	l->pos = l->len = 0;
	l->at_end = false;
	return lseek(l->in->fd, offset, whence);
}

void nt_layer_end(struct nt_layer *l)
{
	l->pos = l->len = 0;
	l->at_end = true;
}

/* Reads a member to its end: damage behind the last byte that was wanted is damage. */
static int drain(struct nt_layer *l)
{
	ssize_t got;
	l->pos = l->len = 0;
	do
		got = read_layer(l, l->block, sizeof(l->block));
	while (got > 0);
	return (int)got;
}

/* --- layers --------------------------------------------------------------------- */

static void pop(struct nt_input *in)
{
	struct nt_layer *l = in->top;
	in->top = l->below;
	in->depth--;
	if (in->name.data)
		in->name.data[in->name.len = l->name_len] = 0;
	in->n_archive -= l->type->is_archive;
	if (l->type->close)
		l->type->close(l);
	free(l->state);
	free(l);
}

static struct nt_layer *push(struct nt_input *in, const struct nt_layer_type *type)
{
	struct nt_layer *l = nt_alloc(1, sizeof(*l));
	if (!l)
		return NULL;
	memset(l, 0, offsetof(struct nt_layer, block));
	if (type->state_bytes && !(l->state = nt_calloc(1, type->state_bytes))) {
		free(l);
		return NULL;
	}
	l->in = in;
	l->below = in->top;
	l->type = type;
	l->at_end = in->top != NULL; /* of nothing: next comes first */
	l->name_len = in->name.len;
	in->top = l;
	in->n_archive += type->is_archive;
	in->depth++;
	return l;
}

static int wrap(struct nt_input *in, const struct nt_layer_type *type)
{
	if (in->depth > MAX_DEPTH)
		return nt_fail(NT_EFORMAT, "%s: wrapped more than %d deep", nt_layer_name(in->top), MAX_DEPTH);
	bool is_known = in->top->type->inner != NULL;
	struct nt_layer *l = push(in, type);
	if (!l)
		return NT_ESYS;
	l->is_forgiving = is_known;
	int rc = type->open ? type->open(l) : 0;
	l->failed = rc < 0;
	return rc;
}

int nt_layer_name_member(struct nt_layer *l, const char *name)
{
	l->in->name.len = l->name_len;
	return nt_buf_printf(&l->in->name, ":%s", name) < 0 ? NT_ESYS : 0;
}

/* --- the input ------------------------------------------------------------------- */

static int open_bottom(struct nt_input *in, const char *path)
{
	struct stat st;
	struct nt_layer *l = push(in, &descriptor);
	if (!l || nt_buf_printf(&in->name, "%s", nt_input_name(path)) < 0)
		return NT_ESYS;
	if ((in->fd = nt_open_read(path)) < 0)
		return in->fd;
	in->is_standard = in->fd == STDIN_FILENO;
	if (fstat(in->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		in->size = (uint64_t)st.st_size;
		in->is_regular = true;
		in->can_seek = lseek(in->fd, 0, SEEK_CUR) == 0;
	}
	in->is_fresh = true;
	return 0;
}

int nt_input_open(struct nt_input **result, const char *path, const struct nt_input_options *options)
{
	struct nt_input *in = nt_calloc(1, sizeof(*in));
	*result = NULL;
	if (!in)
		return NT_ESYS;
	in->fd = -1;
	in->options = *options;
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
	const struct nt_layer_type *type;
	const uint8_t *p;
	in->is_fresh = false;
	if (in->top->type->inner) {
		type = in->top->type->inner(in->top);
		return type ? wrap(in, type) : 1;
	}
	ssize_t n = 0, before;
	do { /* no further than it must: there may be damage */
		before = n;
		if ((n = nt_layer_look(in->top, (size_t)n + 1, &p)) < 0)
			return (int)n;
		if ((type = nt_layer_type_of(p, (size_t)n)))
			return wrap(in, type);
	} while (n > before && n < NT_MAGIC_BYTES);
	if (in->n_archive == 0) { /* an archive's member is what it is, as pictures are */
		int rc = nt_check_text(nt_layer_name(in->top), p, (size_t)n);
		if (rc < 0)
			return rc;
	}
	bool is_unwrapped = in->top->below && !in->top->type->is_archive; /* as its name promised */
	return is_unwrapped ? 1 : nt_layer_check_promise(nt_layer_name(in->top), p, n < NT_MAGIC_BYTES ? (size_t)n : NT_MAGIC_BYTES);
}

/* The member at the top is used up: fresh bytes behind it, or a layer less. */
static int advance(struct nt_input *in)
{
	struct nt_layer *l = in->top;
	int rc = drain(l);
	l->at_end = false;
	if (rc == 0)
		rc = l->type->next(l);
	if (rc < 0) {
		l->failed = !l->recovers;
		l->at_end = true;
		return rc;
	}
	in->is_fresh = rc == 1;
	if (rc == 0)
		pop(in);
	return 0;
}

/* Takes away what has failed: the lowest layer that has, and all above it. */
static void drop_failed(struct nt_input *in)
{
	struct nt_layer *lowest = NULL;
	for (struct nt_layer *l = in->top; l; l = l->below)
		if (l->failed)
			lowest = l;
	if (!lowest)
		return;
	in->is_fresh = false;
	while (in->top != lowest)
		pop(in);
	if (lowest->below)
		pop(in);
	else
		lowest->at_end = true;
}

int nt_input_next(struct nt_input *in)
{
	for (;;) {
		if (in->options.is_lenient)
			drop_failed(in);
		bool was_fresh = in->is_fresh;
		int rc = in->is_fresh ? sniff(in) : !in->top->below ? drain(in->top) : advance(in);
		if (rc == NT_EFORMAT && in->options.is_lenient) {
			nt_layer_note_damage(in->top);
			in->is_fresh = was_fresh && in->top->failed && nt_layer_resume(in->top) == 1;
			continue;
		}
		if (rc != 0)
			return rc;
		if (!in->is_fresh && !in->top->below)
			return 0;
	}
}

ssize_t nt_input_read(struct nt_input *in, void *buf, size_t n)
{
	ssize_t got = nt_layer_take(in->top, buf, n);
	if (got != NT_EFORMAT || !in->options.is_lenient)
		return got;
	nt_layer_note_damage(in->top);
	in->top->at_end = true;
	return 0;
}

const char *nt_input_member(const struct nt_input *in)
{
	return nt_layer_name(in->top);
}

struct nt_input_about nt_input_about(const struct nt_input *in)
{
	struct nt_input_about about = {0};
	for (const struct nt_layer *l = in->top; l; l = l->below)
		if (l->type->about) {
			l->type->about(l, &about);
			break;
		}
	return about;
}

bool nt_input_is_stream(const struct nt_input *in)
{
	return (in->is_standard || !in->is_regular) && in->n_archive == 0;
}

bool nt_input_is_plain(const struct nt_input *in)
{
	return !in->top->below;
}

size_t nt_input_left(const struct nt_input *in)
{
	const struct nt_layer *l = in->top;
	if (l->below || !in->is_regular || in->size < in->bytes)
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
	nt_close_read(in->fd);
	nt_buf_release(&in->name);
	free(in);
}
