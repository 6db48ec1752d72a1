/* SPDX-License-Identifier: MIT */
/* section.c - what is too long to be held goes to a temporary file, in pieces of a MiB */
#include "data/section.h"

enum { HELD_BYTES = 1 << 20 };

void nt_section_init(struct nt_section *s)
{
	*s = (struct nt_section){.spilled.fd = -1};
}

static int spill(struct nt_section *s)
{
	int rc = s->spilled.fd < 0 ? nt_spill_open(&s->spilled, NULL, HELD_BYTES) : 0;
	if (rc == 0)
		rc = nt_spill_add(&s->spilled, s->held.data, s->held.len);
	s->held.len = 0;
	return rc;
}

int nt_section_add(struct nt_section *s, const void *data, size_t len)
{
	s->bytes += len;
	if (s->held.len + len > HELD_BYTES) {
		int rc = spill(s);
		if (rc < 0)
			return rc;
	}
	return nt_buf_add(&s->held, data, len);
}

/* What was spilled, by way of the buffer, which is empty then. */
static int take_spilled(struct nt_section *s, int (*put)(void *arg, const void *data, size_t len), void *arg)
{
	int rc = spill(s);
	if (rc == 0)
		rc = nt_spill_rewind(&s->spilled);
	for (uint64_t left = s->spilled.bytes, n; left && rc == 0; left -= n) {
		n = left < HELD_BYTES ? left : HELD_BYTES;
		if ((rc = nt_buf_reserve(&s->held, n)) == 0)
			rc = nt_spill_read(&s->spilled, s->held.data, n);
		if (rc == 0)
			rc = put(arg, s->held.data, n);
	}
	nt_spill_close(&s->spilled);
	return rc;
}

int nt_section_take(struct nt_section *s, int (*put)(void *arg, const void *data, size_t len), void *arg)
{
	int rc = s->spilled.fd < 0 ? put(arg, s->held.data, s->held.len) : take_spilled(s, put, arg);
	s->held.len = 0;
	s->bytes = 0;
	return rc;
}

void nt_section_release(struct nt_section *s)
{
	nt_spill_close(&s->spilled);
	nt_buf_release(&s->held);
}
