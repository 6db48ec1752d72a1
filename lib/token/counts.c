/* SPDX-License-Identifier: MIT */
/*
 * counts.c - the file of counts, NTC1
 *
 *	magic  u32 version  u32 rule_len  rule  run of pieces  trailer of 48 bytes
 *
 * The trailer has a hash of all before it, and is looked at first: the bytes of a file that
 * is cut or damaged are never counted. Whoever writes does not seek, and whoever reads maps.
 */
#include "token/counts.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/vocab.h"

enum { HEAD = 16, TRAILER = 48, FLUSH = 1 << 16, VERSION = 1 };

static const uint8_t magic[8] = {0x89, 'N', 'T', 'C', '\r', '\n', 0x1a, '\n'};
static const uint8_t end_magic[8] = {'N', 'T', 'C', 'E', 'N', 'D', '\r', '\n'};

/* So that no sum of a sum can pass 2^64. */
#define MOST_PIECES ((uint64_t)1 << 56)

/* Do these bytes begin like a file of counts? */
static bool is_counts(const uint8_t *p, size_t len)
{
	return len > 0 && memcmp(p, magic, len < sizeof(magic) ? len : sizeof(magic)) == 0;
}

/* --- writing ------------------------------------------------------------------------- */

static int put(struct nt_counts_writer *w, const void *data, size_t len)
{
	nt_hasher_add(w->hash, data, len);
	return nt_out_write(w->out, data, len);
}

static int flush(struct nt_counts_writer *w)
{
	int rc = put(w, w->run.out.data, w->run.out.len);
	w->run.out.len = 0;
	return rc;
}

int nt_counts_begin(struct nt_counts_writer *w, struct nt_out *out, const char *rule)
{
	uint8_t head[HEAD];
	*w = (struct nt_counts_writer){.out = out, .hash = nt_hasher_new()};
	if (!w->hash)
		return NT_ESYS;
	memcpy(head, magic, 8);
	nt_put32(head + 8, VERSION);
	nt_put32(head + 12, (uint32_t)strlen(rule));
	int rc = put(w, head, HEAD);
	return rc < 0 ? rc : put(w, rule, strlen(rule));
}

int nt_counts_add(struct nt_counts_writer *w, const uint8_t *p, size_t len, uint64_t count)
{
	w->sum.n_distinct++;
	w->sum.n_piece += count;
	int rc = nt_run_add(&w->run, p, len, count);
	return rc == 0 && w->run.out.len >= FLUSH ? flush(w) : rc;
}

int nt_counts_end(struct nt_counts_writer *w, uint64_t n_doc, uint64_t bytes)
{
	uint8_t trailer[TRAILER];
	int rc = nt_run_end(&w->run);
	if (rc == 0)
		rc = flush(w);
	nt_put64(trailer, w->sum.n_distinct);
	nt_put64(trailer + 8, w->sum.n_piece);
	nt_put64(trailer + 16, n_doc);
	nt_put64(trailer + 24, bytes);
	nt_hasher_add(w->hash, trailer, 32);
	nt_put64(trailer + 32, nt_hasher_sum64(w->hash));
	memcpy(trailer + 40, end_magic, 8);
	return rc < 0 ? rc : nt_out_write(w->out, trailer, TRAILER);
}

void nt_counts_writer_release(struct nt_counts_writer *w)
{
	nt_hasher_free(w->hash);
	nt_run_writer_release(&w->run);
	*w = (struct nt_counts_writer){0};
}

/* --- reading ------------------------------------------------------------------------- */

/* 1 with the rule behind the head, of which n bytes are there, or NT_EFORMAT: cut. */
static int read_rule(struct nt_buf *rule, int fd, const uint8_t *head, ssize_t n, off_t size,
		     const char *path)
{
	uint32_t len = n == HEAD ? nt_le32(head + 12) : UINT32_MAX;
	if (len > size - n)
		return nt_fail(NT_EFORMAT, "%s: cut: no whole file of counts", path);
	if (nt_buf_reserve(rule, len + 1) < 0)
		return NT_ESYS;
	ssize_t got = nt_read_full(fd, rule->data + rule->len, len, path);
	if (got != (ssize_t)len)
		return got < 0 ? (int)got : nt_fail(NT_EFORMAT, "%s: cut while it was read", path);
	rule->data[rule->len += len] = 0;
	return 1;
}

int nt_counts_probe(const char *path, struct nt_buf *rule)
{
	struct stat st;
	uint8_t head[HEAD];
	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0; /* whoever reads it will say what is wrong */
	int fd = nt_open_read(path), rc = 0;
	if (fd < 0)
		return fd;
	ssize_t n = nt_read_full(fd, head, HEAD, path);
	if (n > 0 && is_counts(head, (size_t)n))
		rc = read_rule(rule, fd, head, n, st.st_size, path);
	nt_close_read(fd);
	return n < 0 ? (int)n : rc;
}

/* The pieces of one file of counts, which begin at r->at. */
static int read_run(struct nt_run_reader *r, struct nt_counts_sum *sum,
		    int (*take)(void *, const uint8_t *, size_t, uint64_t), void *arg)
{
	int rc;
	while ((rc = nt_run_next(r)) > 0) {
		if (r->count > MOST_PIECES - sum->n_piece)
			return nt_fail(NT_EFORMAT, "its counts pass 2^56");
		sum->n_distinct++;
		sum->n_piece += r->count;
		if ((rc = take(arg, r->piece.data, r->piece.len, r->count)) < 0)
			return rc;
	}
	return rc;
}

/* Walks over the run without believing it: the place behind its end, or NULL. Files of before
 * shared all they could: what their words may be longer by than what is written today is free. */
static const uint8_t *skip_run(const uint8_t *at, const uint8_t *end)
{
	const uint64_t free_bytes = 1 << 20;
	struct nt_run_reader r = {.at = at, .end = end};
	uint64_t bytes = 0;
	int rc;
	while ((rc = nt_run_next(&r)) > 0) {
		bytes += r.piece.len;
		if (bytes > free_bytes + (uint64_t)(r.at - at) * (NT_RUN_SAME_MOST + 1)) {
			rc = NT_EFORMAT;
			break;
		}
	}
	nt_run_reader_release(&r);
	return rc < 0 ? NULL : r.at;
}

/* One file of counts at *at, which goes behind it. */
static int parse_one(const uint8_t **at, const uint8_t *end, const char *rule,
		     struct nt_counts_sum *sum,
		     int (*take)(void *, const uint8_t *, size_t, uint64_t), void *arg)
{
	const uint8_t *start = *at, *run;
	if (!is_counts(start, (size_t)(end - start)))
		return nt_fail(NT_EFORMAT, "no file of counts");
	if (end - start < HEAD)
		return nt_fail(NT_EFORMAT, "cut in its head");
	if (nt_le32(start + 8) != VERSION)
		return nt_fail(NT_EFORMAT, "version %u of a file of counts, this program reads %d",
			       nt_le32(start + 8), VERSION);
	size_t rule_len = nt_le32(start + 12);
	if (rule_len > (size_t)(end - start) - HEAD)
		return nt_fail(NT_EFORMAT, "cut in its head");
	if (rule_len != strlen(rule) || memcmp(start + HEAD, rule, rule_len) != 0)
		return nt_fail(NT_EFORMAT, "its pieces were cut by another pattern: '%.*s'",
			       (int)rule_len, (const char *)start + HEAD);
	run = start + HEAD + rule_len;
	const uint8_t *trailer = skip_run(run, end);
	if (!trailer || end - trailer < TRAILER)
		return nt_fail(NT_EFORMAT, "cut or damaged: no whole file of counts");
	if (memcmp(trailer + 40, end_magic, 8) != 0 ||
	    nt_le64(trailer + 32) != nt_hash64(start, (size_t)(trailer + 32 - start)))
		return nt_fail(NT_EFORMAT, "damaged: its hash is another");
	struct nt_run_reader r = {.at = run, .end = trailer};
	struct nt_counts_sum here = {0};
	int rc = read_run(&r, &here, take, arg);
	nt_run_reader_release(&r);
	if (rc == 0 && (here.n_distinct != nt_le64(trailer) || here.n_piece != nt_le64(trailer + 8)))
		rc = nt_fail(NT_EFORMAT, "damaged: its sums are not those of its pieces");
	sum->n_distinct += here.n_distinct;
	sum->n_piece += here.n_piece;
	sum->n_doc += nt_le64(trailer + 16);
	sum->bytes += nt_le64(trailer + 24);
	*at = trailer + TRAILER;
	return rc;
}

int nt_counts_parse(const uint8_t *data, size_t len, const char *name, const char *rule,
		    struct nt_counts_sum *sum,
		    int (*take)(void *arg, const uint8_t *p, size_t len, uint64_t count), void *arg)
{
	const uint8_t *at = data, *end = data + len;
	int rc = 0;
	do
		rc = parse_one(&at, end, rule, sum, take, arg);
	while (rc == 0 && at < end);
	return rc < 0 ? nt_fail(rc, "%s: %s", name, nt_errmsg()) : 0;
}

int nt_counts_read(const char *path, const char *rule, struct nt_counts_sum *sum,
		   int (*take)(void *arg, const uint8_t *p, size_t len, uint64_t count), void *arg)
{
	struct nt_map map;
	int rc = nt_map_open(&map, path);
	if (rc == 0)
		rc = nt_counts_parse(map.data, map.len, path, rule, sum, take, arg);
	nt_map_close(&map);
	return rc;
}

static int pass_over(void *arg, const uint8_t *p, size_t len, uint64_t count)
{
	(void)arg;
	(void)p;
	(void)len;
	(void)count;
	return 0;
}

int nt_counts_describe(const char *path, struct nt_buf *json)
{
	struct nt_buf rule = {0};
	struct nt_counts_sum sum = {0};
	int rc = nt_counts_probe(path, &rule);
	if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: cut: no whole file of counts", path);
	if (rc > 0)
		rc = nt_counts_read(path, (char *)rule.data, &sum, pass_over, NULL);
	if (rc == 0)
		rc = nt_buf_printf(json, "{\"file\": ");
	if (rc == 0)
		rc = nt_json_string(json, path, strlen(path));
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"kind\": \"counts\", \"format\": \"NTC1\", "
				   "\"pattern\": ");
	if (rc == 0)
		rc = nt_json_string(json, rule.data, rule.len);
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"documents\": %" PRIu64 ", \"pieces\": %" PRIu64
				   ", \"distinct\": %" PRIu64 ", \"source_bytes\": %" PRIu64 "}",
				   sum.n_doc, sum.n_piece, sum.n_distinct, sum.bytes);
	nt_buf_release(&rule);
	return rc;
}
