/* SPDX-License-Identifier: MIT */
/*
 * open.c - a tokenizer by its name: a file of any of the kinds we read, a folder, or one of our own
 *
 * A file is told by how it begins and not by what it is called: JSON by a brace, SentencePiece by
 * its first field, and what is neither is taken for a list of ranks.
 */
#include <stdio.h>
#include <string.h>

#include "nt/err.h"
#include "nt/file.h"
#include "token/tokenizer.h"

/* What people call the tokenizer of a path: the file without its ending, or the folder of
 * a tokenizer.json. */
static void name_of(char name[64], const char *path)
{
	size_t len;
	const char *part = nt_last_part(path, strlen(path), &len);
	static const char *const endings[] = {".tokenizer.json", "tokenizer.json", ".json", ".tiktoken",
					     ".model"};
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		size_t n = strlen(endings[i]);
		if (len < n || memcmp(part + len - n, endings[i], n) != 0)
			continue;
		len -= n;
		break;
	}
	if (len == 0) /* tokenizer.json itself */
		part = nt_last_part(path, (size_t)(part - path), &len);
	snprintf(name, 64, "%.*s", (int)len, part);
	if (!*name || strcmp(name, ".") == 0 || nt_is_standard(path))
		snprintf(name, 64, "tokenizer");
}

static int parse(struct nt_tokenizer **t, const uint8_t *text, size_t len, const char *name,
		 const char *pattern)
{
	const uint8_t *p = text, *end = text + len;
	if (nt_sentencepiece_is(text, len))
		return nt_sentencepiece_parse(t, text, len, name, pattern);
	while (p < end && strchr(" \t\r\n", *p) && *p)
		p++;
	return p < end && *p == '{' ? nt_hf_parse(t, text, len, name, pattern)
				    : nt_tiktoken_parse(t, text, len, name, pattern);
}

/* Pipes cannot be mapped. */
static int map_or_read(struct nt_map *map, struct nt_buf *file, const char *path)
{
	if (nt_map_open(map, path) == 0)
		return 0;
	int rc = nt_read_file(file, path);
	*map = (struct nt_map){0};
	return rc;
}

static int open_file(struct nt_tokenizer **t, const char *path, const char *pattern)
{
	struct nt_buf file = {0}, inside = {0};
	struct nt_map map = {0};
	char name[64];
	int rc = 0;
	name_of(name, path);
	if (nt_is_folder(path)) {
		rc = nt_buf_printf(&inside, "%s/tokenizer.json", path);
		path = (const char *)inside.data;
	}
	if (rc == 0)
		rc = map_or_read(&map, &file, path);
	if (rc == 0) {
		rc = map.data ? parse(t, map.data, map.len, name, pattern)
			      : parse(t, file.data, file.len, name, pattern);
		if (rc < 0)
			rc = nt_fail(rc, "%s: %s", nt_input_name(path), nt_errmsg());
	}
	nt_map_close(&map);
	nt_buf_release(&file);
	nt_buf_release(&inside);
	return rc;
}

int nt_tokenizer_open(struct nt_tokenizer **t, const char *spec, const char *pattern)
{
	*t = NULL;
	if (!spec)
		return nt_embedded_parse(t, pattern);
	if (strcmp(spec, "bytes") == 0)
		return pattern ? nt_fail(NT_EARG, "pattern '%s': the tokenizer 'bytes' does not cut text", pattern)
			       : nt_bytes_make(t);
	return open_file(t, spec, pattern);
}

int nt_tokenizer_parse(struct nt_tokenizer **t, const void *json, size_t len, const char *name)
{
	*t = NULL;
	return nt_hf_parse(t, json, len, name, NULL);
}

int nt_tokenizer_parse_tokens(struct nt_tokenizer **t, const void *json, size_t len, const char *name)
{
	*t = NULL;
	return nt_hf_parse_tokens(t, json, len, name);
}

int nt_bytes_make(struct nt_tokenizer **out)
{
	struct nt_tokenizer *t;
	int rc = nt_tokenizer_new(&t, "bytes");
	if (rc == 0)
		rc = nt_pattern_init(&t->split, "none");
	for (uint32_t b = 0; rc == 0 && b < 256; b++)
		rc = nt_tokenizer_add(t, b, &(uint8_t){(uint8_t)b}, 1, NT_KIND_ORDINARY);
	if (rc == 0)
		rc = nt_tokenizer_index(t);
	if (rc == 0)
		rc = nt_tokenizer_finish(t, false);
	if (rc == 0)
		t->remark[0] = 0; /* the two ends are part of what "bytes" means */
	else
		nt_tokenizer_free(t);
	*out = rc == 0 ? t : NULL;
	return rc;
}
