/* SPDX-License-Identifier: MIT */
/* idlines.c - token ids as text, read and written a line at a time */
#include "nt/idlines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/block.h"
#include "nt/err.h"

enum { READ_BYTES = NT_BLOCK(1 << 16) };

struct nt_idlines {
	struct nt_operands in;
	uint64_t line; /* number of the line being read, from 1 */
	size_t at, end; /* what is left in the buffer */
	bool is_fresh;  /* nothing was read of the operand */
	uint32_t n_id;  /* ids are below it */
	const char *vocabulary;
	char buffer[READ_BYTES];
};

int nt_idlines_open(struct nt_idlines **result, char *const *operand, size_t n)
{
	struct nt_idlines *r = nt_calloc(1, sizeof(*r));
	*result = r;
	if (!r)
		return NT_ESYS;
	nt_operands_init(&r->in, operand, n);
	r->n_id = UINT32_MAX;
	return 0;
}

void nt_idlines_limit(struct nt_idlines *r, uint32_t n_id, const char *vocabulary)
{
	r->n_id = n_id;
	r->vocabulary = vocabulary;
}

/* Goes on to the next operand. Returns 1, or 0 if that was the last. */
static int open_next(struct nt_idlines *r)
{
	r->line = 1;
	r->is_fresh = true;
	return nt_operands_next(&r->in);
}

/* The next byte, EOF at the end of this operand, or another negative number: failed. */
static int next_byte(struct nt_idlines *r)
{
	if (r->at == r->end) {
		ssize_t n = nt_read_full(r->in.fd, r->buffer, sizeof(r->buffer), r->in.name);
		if (n <= 0)
			return n < 0 ? NT_ESYS : EOF;
		int rc = r->is_fresh ? nt_check_text(r->in.name, r->buffer, (size_t)n) : 0;
		if (rc < 0)
			return rc;
		r->is_fresh = false;
		r->at = 0;
		r->end = (size_t)n;
	}
	return (unsigned char)r->buffer[r->at++];
}

static int bad(const struct nt_idlines *r, const char *what)
{
	return nt_fail(NT_EFORMAT,
		       "%s:%" PRIu64 ": %s: a line holds token ids in decimal with a space between",
		       r->in.name, r->line, what);
}

/* One more digit behind *value; has_digits: there were some before. */
static int add_digit(const struct nt_idlines *r, uint64_t *value, int c)
{
	*value = *value * 10 + (uint64_t)(c - '0');
	return *value < UINT32_MAX ? 0 : bad(r, "a number too large for an id");
}

static int add_id(const struct nt_idlines *r, uint32_t id, struct nt_ids *ids)
{
	if (id < r->n_id)
		return nt_ids_add(ids, &id, 1);
	return nt_fail(NT_EFORMAT, "%s:%" PRIu64 ": id %" PRIu32 " is none of the %" PRIu32 " of %s: -t names another "
		       "vocabulary", r->in.name, r->line, id, r->n_id, r->vocabulary);
}

/* Reads to the end of the line. Returns 1, or 0 where the operand ended before it began. */
static int read_line(struct nt_idlines *r, struct nt_ids *ids)
{
	uint64_t value = 0;
	bool has_digits = false, has_any = false;
	for (;; has_any = true) {
		int c = next_byte(r), rc = 0;
		if (c == EOF && !has_any)
			return 0;
		if (c < 0 && c != EOF)
			return c;
		if (c >= '0' && c <= '9') {
			has_digits = true;
			if ((rc = add_digit(r, &value, c)) < 0)
				return rc;
			continue;
		}
		if (c != EOF && (c == 0 || !strchr(" \t\r\n", c)))
			return bad(r, "not a number");
		if (has_digits && (rc = add_id(r, (uint32_t)value, ids)) < 0)
			return rc;
		if (c == '\n' || c == EOF)
			break;
		has_digits = false;
		value = 0;
	}
	r->line++;
	return 1;
}

int nt_idlines_next(struct nt_idlines *r, struct nt_ids *ids)
{
	ids->n = 0;
	for (;;) {
		int rc = r->in.fd < 0 ? 0 : read_line(r, ids);
		if (rc != 0)
			return rc;
		if ((rc = open_next(r)) <= 0)
			return rc;
	}
}

void nt_idlines_close(struct nt_idlines *r)
{
	if (!r)
		return;
	nt_operands_close(&r->in);
	free(r);
}

/* Writes n in decimal so that it ends at `end`; returns where it begins. */
static char *decimal(char *end, uint32_t n)
{
	do
		*--end = (char)('0' + n % 10);
	while (n /= 10);
	return end;
}

int nt_idlines_write_part(struct nt_out *out, const uint32_t *id, size_t n, bool is_first, bool is_last)
{
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		char text[12], *end = text + sizeof(text), *p = decimal(end, id[i]);
		if (i || !is_first)
			*--p = ' ';
		rc = nt_out_write(out, p, (size_t)(end - p));
	}
	return rc < 0 || !is_last ? rc : nt_out_write(out, "\n", 1);
}

int nt_idlines_write(struct nt_out *out, const uint32_t *id, size_t n)
{
	return nt_idlines_write_part(out, id, n, true, true);
}
