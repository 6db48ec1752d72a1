/* SPDX-License-Identifier: MIT */
/*
 * state.c - the file that makes runs of nt-dedup incremental
 *
 * It is written whole each time, beside itself, so that a run that fails leaves the state of
 * the one before, with which it can be run again. It is read in one pass; its hash comes at the
 * end, when all that it says is in memory: damage ends the run.
 */
#include "data/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/le.h"
#include "nt/dedup.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/mem.h"

enum { HEADER = 64, FOOTER = 24, AT_ONCE = 1 << 20, VERSION = 1, MOST = 4096 };
enum { AT_VERSION = 8, AT_KIND = 12, AT_FINGERPRINT = 16, AT_SECRET = 32, AT_BANDS = 40, AT_ROWS = 44, AT_N = 48 };

static const uint8_t magic[8] = {0x89, 'N', 'T', 'K', '\r', '\n', 0x1a, '\n'};
static const uint8_t end_magic[8] = {'N', 'T', 'K', 'E', 'N', 'D', '\r', '\n'};

static const char *const kinds[] = {"", "units", "documents", "lines", "near duplicates"};

static size_t entry_bytes(const struct nt_state *s)
{
	return s->kind == NT_STATE_NEAR ? (size_t)s->bands * s->rows : 16;
}

/* --- reading --------------------------------------------------------------------- */

struct reader {
	const char *path;
	int fd;
	struct nt_hasher *hasher;
	uint64_t at;
};

static int read_part(struct reader *r, void *data, size_t len)
{
	ssize_t n = nt_read_full(r->fd, data, len, r->path);
	if (n < 0)
		return (int)n;
	r->at += (uint64_t)n;
	if ((size_t)n < len)
		return nt_fail(NT_EFORMAT, "%s: cut at byte %" PRIu64 ": a state is longer", r->path, r->at);
	return 0;
}

static int check_header(const struct reader *r, const uint8_t *h, struct nt_state *s)
{
	if (memcmp(h, magic, sizeof(magic)) != 0)
		return nt_fail(NT_EFORMAT, "%s: not a state of nt-dedup: name a new file", r->path);
	*s = (struct nt_state){.kind = nt_le32(h + AT_KIND), .secret = nt_le64(h + AT_SECRET),
			       .bands = nt_le32(h + AT_BANDS), .rows = nt_le32(h + AT_ROWS),
			       .n = nt_le64(h + AT_N)};
	memcpy(s->fingerprint, h + AT_FINGERPRINT, sizeof(s->fingerprint));
	if (nt_le32(h + AT_VERSION) != VERSION || s->kind < 1 || s->kind > NT_STATE_NEAR)
		return nt_fail(NT_EFORMAT, "%s: a state of version %u, kind %u, which this program does not read",
			       r->path, nt_le32(h + AT_VERSION), s->kind);
	if (s->kind == NT_STATE_NEAR && ((uint64_t)s->bands * s->rows < 1 || (uint64_t)s->bands * s->rows > MOST))
		return nt_fail(NT_EFORMAT, "%s: damaged: %u bands of %u rows", r->path, s->bands, s->rows);
	return 0;
}

/* Is there what the header promises? Memory is taken on its word. */
static int check_length(const struct reader *r, const struct nt_state *s)
{
	struct stat st;
	uint64_t bytes;
	if (fstat(r->fd, &st) != 0)
		return nt_fail_sys("%s: cannot look at it", r->path);
	if (__builtin_mul_overflow(s->n, entry_bytes(s), &bytes) ||
	    __builtin_add_overflow(bytes, HEADER + FOOTER, &bytes) || bytes != (uint64_t)st.st_size)
		return nt_fail(NT_EFORMAT, "%s: cut or damaged: %" PRIu64 " entries are promised, %lld bytes are here",
			       r->path, s->n, (long long)st.st_size);
	return 0;
}

static int check_due(const struct reader *r, const struct nt_state *s, const struct nt_state *due)
{
	if (s->kind != due->kind)
		return nt_fail(NT_EFORMAT, "%s: a state of %s, not of %s", r->path, kinds[s->kind],
			       kinds[due->kind]);
	if (memcmp(s->fingerprint, due->fingerprint, sizeof(s->fingerprint)) != 0)
		return nt_fail(NT_EFORMAT, "%s: a state of another tokenizer", r->path);
	if (s->bands != due->bands || s->rows != due->rows)
		return nt_fail(NT_EFORMAT, "%s: a state of %u bands and %u rows, not of %u and %u", r->path,
			       s->bands, s->rows, due->bands, due->rows);
	if (s->kind == NT_STATE_NEAR && s->secret != due->secret)
		return nt_fail(NT_EFORMAT, "%s: a state of --seed=%" PRIu64 ", not of %" PRIu64, r->path,
			       s->secret, due->secret);
	return 0;
}

static int read_entries(struct reader *r, const struct nt_state *s,
			int (*take)(void *, const uint8_t *, size_t), void *arg)
{
	size_t bytes = entry_bytes(s), many = AT_ONCE / bytes;
	uint8_t *block = nt_alloc(many, bytes);
	int rc = block ? 0 : NT_ESYS;
	for (uint64_t left = s->n; rc == 0 && left;) {
		size_t n = left < many ? (size_t)left : many;
		if ((rc = read_part(r, block, n * bytes)) < 0)
			break;
		nt_hasher_add(r->hasher, block, n * bytes);
		rc = take ? take(arg, block, n) : 0;
		left -= n;
	}
	free(block);
	return rc;
}

static int read_end(struct reader *r)
{
	uint8_t foot[FOOTER], more;
	struct nt_hash128 sum = nt_hasher_sum128(r->hasher);
	int rc = read_part(r, foot, FOOTER);
	ssize_t behind = rc < 0 ? rc : nt_read_full(r->fd, &more, 1, r->path);
	if (behind < 0)
		return (int)behind;
	if (nt_le64(foot) != sum.lo || nt_le64(foot + 8) != sum.hi ||
	    memcmp(foot + 16, end_magic, sizeof(end_magic)) != 0 || behind > 0)
		return nt_fail(NT_EFORMAT, "%s: damaged: its hash is another; begin a new state", r->path);
	return 0;
}

int nt_state_read(const char *path, struct nt_state *s, const struct nt_state *due,
		  int (*begin)(void *, const struct nt_state *),
		  int (*take)(void *, const uint8_t *, size_t), void *arg)
{
	struct reader r = {.path = path};
	uint8_t h[HEADER];
	if ((r.fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return errno == ENOENT ? nt_out_check_folder(path) : nt_fail_sys("%s: cannot open", path);
	int rc = (r.hasher = nt_hasher_new()) ? read_part(&r, h, HEADER) : NT_ESYS;
	if (rc == 0 && (rc = check_header(&r, h, s)) == 0 && (rc = check_length(&r, s)) == 0 && due)
		rc = check_due(&r, s, due);
	if (rc == 0) {
		nt_hasher_add(r.hasher, h, HEADER);
		rc = begin ? begin(arg, s) : 0;
	}
	if (rc == 0)
		rc = read_entries(&r, s, take, arg);
	if (rc == 0)
		rc = read_end(&r);
	nt_hasher_free(r.hasher);
	close(r.fd);
	return rc < 0 ? rc : 1;
}

int nt_state_describe(const char *path, struct nt_buf *json)
{
	struct nt_state s;
	int rc = nt_state_read(path, &s, NULL, NULL, NULL, NULL);
	if (rc <= 0)
		return rc < 0 ? rc : nt_fail(NT_ESYS, "%s: no such file", path);
	rc = nt_buf_printf(json, "{\"file\": ");
	if (rc == 0)
		rc = nt_json_string(json, path, strlen(path));
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"kind\": \"state\", \"format\": \"NTK1\", \"of\": \"%s\", \"entries\": %" PRIu64,
				   kinds[s.kind], s.n);
	if (rc == 0 && s.bands)
		rc = nt_buf_printf(json, ", \"bands\": %u, \"rows\": %u, \"seed\": %" PRIu64, s.bands, s.rows,
				   s.secret);
	return rc < 0 ? rc : nt_buf_add(json, "}", 1);
}

/* --- writing --------------------------------------------------------------------- */

int nt_state_begin(struct nt_state_writer *w, const char *path, const struct nt_state *s)
{
	uint8_t h[HEADER] = {0};
	memcpy(h, magic, sizeof(magic));
	nt_put32(h + AT_VERSION, VERSION);
	nt_put32(h + AT_KIND, s->kind);
	memcpy(h + AT_FINGERPRINT, s->fingerprint, sizeof(s->fingerprint));
	nt_put64(h + AT_SECRET, s->secret);
	nt_put32(h + AT_BANDS, s->bands);
	nt_put32(h + AT_ROWS, s->rows);
	nt_put64(h + AT_N, s->n);
	*w = (struct nt_state_writer){.entry_bytes = entry_bytes(s)};
	if (!(w->hasher = nt_hasher_new()))
		return NT_ESYS;
	int rc = nt_out_open(&w->out, path, NT_OUT_BINARY);
	return rc < 0 ? rc : nt_state_add(w, h, HEADER);
}

int nt_state_add(struct nt_state_writer *w, const void *entries, size_t bytes)
{
	nt_hasher_add(w->hasher, entries, bytes);
	return nt_out_write(w->out, entries, bytes);
}

int nt_state_end(struct nt_state_writer *w, int rc)
{
	uint8_t foot[FOOTER];
	if (rc == 0) {
		struct nt_hash128 sum = nt_hasher_sum128(w->hasher);
		nt_put64(foot, sum.lo);
		nt_put64(foot + 8, sum.hi);
		memcpy(foot + 16, end_magic, sizeof(end_magic));
		rc = nt_out_write(w->out, foot, FOOTER);
	}
	nt_hasher_free(w->hasher);
	if (rc == 0)
		return nt_out_close(w->out);
	nt_out_discard(w->out);
	return rc;
}
