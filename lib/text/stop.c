/* SPDX-License-Identifier: MIT */
/*
 * stop.c - strings that end a text, looked for while it grows
 *
 * A text that is shown as it comes must not show the beginning of what will turn out to be a
 * stop string, so what could be one is held back. What is looked at is short, a token and what
 * is held back, so every place is compared with every string.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/text.h"

int nt_stops_add(struct nt_stops *s, const char *written)
{
	size_t before = s->bytes.len;
	int rc = *written ? nt_grow(&s->end, &s->cap, s->n + 1, sizeof(*s->end))
			  : nt_fail(NT_EARG, "an empty string would end a text before it begins");
	if (rc == 0)
		rc = nt_buf_unescape(&s->bytes, written);
	if (rc == 0)
		s->end[s->n++] = s->bytes.len;
	else
		s->bytes.len = before;
	return rc;
}

void nt_stops_release(struct nt_stops *s)
{
	nt_buf_release(&s->bytes);
	free(s->end);
	*s = (struct nt_stops){0};
}

struct piece {
	const uint8_t *p; /* [len] */
	size_t len;
};

static struct piece stop_at(const struct nt_stops *s, size_t i)
{
	size_t start = i ? s->end[i - 1] : 0;
	return (struct piece){s->bytes.data + start, s->end[i] - start};
}

/* The longest string that text[end] ends with; s->n: none. */
static size_t longest_ending(const struct nt_stops *s, const uint8_t *text, size_t end)
{
	size_t longest = 0, found = s->n;
	for (size_t i = 0; i < s->n; i++) {
		struct piece stop = stop_at(s, i);
		if (stop.len > longest && stop.len <= end && memcmp(text + end - stop.len, stop.p, stop.len) == 0) {
			longest = stop.len;
			found = i;
		}
	}
	return found;
}

/* Does any string begin with p[n] and go on behind it? */
static bool may_become_stop(const struct nt_stops *s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < s->n; i++) {
		struct piece stop = stop_at(s, i);
		if (stop.len > n && memcmp(stop.p, p, n) == 0)
			return true;
	}
	return false;
}

size_t nt_stops_scan(const struct nt_stops *s, const void *text, size_t len, size_t *found)
{
	const uint8_t *p = text;
	*found = s->n;
	if (s->n == 0)
		return len;
	for (size_t end = 1; end <= len; end++)
		if ((*found = longest_ending(s, p, end)) < s->n)
			return end - stop_at(s, *found).len;
	for (size_t start = 0; start < len; start++)
		if (may_become_stop(s, p + start, len - start))
			return start;
	return len;
}
