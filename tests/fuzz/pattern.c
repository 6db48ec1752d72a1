/* SPDX-License-Identifier: MIT */
/*
 * pattern.c - a first line as a regular expression, of --pattern and of tokenizer.json, and the rest as text
 *
 * Whatever it matches, the pieces are the text.
 */
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "text/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cut(const struct nt_pattern *p, const uint8_t *text, size_t len)
{
	struct nt_cutter c;
	size_t start, end, at = 0;
	int rc = 0;
	nt_assert(nt_cutter_init(&c, p) == 0);
	if (nt_cutter_begin(&c, text, len) == 0)
		while ((rc = nt_cutter_next(&c, &start, &end)) > 0) {
			nt_assert(start == at && end > start && end <= len);
			at = end;
		}
	nt_assert(rc < 0 || at == len); /* < 0: it asked for too much work */
	nt_assert(nt_pattern_seam(p, text, len) <= len);
	nt_cutter_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *feed = size ? memchr(data, '\n', size) : NULL;
	if (!feed || feed - data > 256)
		return 0;
	size_t len = (size_t)(feed - data), rest = size - len - 1;
	char *regex = strndup((const char *)data, len);
	struct nt_pattern p = {0};
	struct nt_matcher m = {0};
	nt_assert(regex);
	if (nt_pattern_init(&p, regex) == 0)
		cut(&p, feed + 1, rest < 1024 ? rest : 1024);
	if (nt_matcher_pattern(&m, regex) == 0)
		cut(&m.pattern, feed + 1, rest < 1024 ? rest : 1024);
	nt_pattern_release(&p);
	nt_matcher_release(&m);
	free(regex);
	return 0;
}
