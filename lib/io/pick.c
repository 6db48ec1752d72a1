/* SPDX-License-Identifier: MIT */
/*
 * pick.c - some members of a JSON object, out of its text
 *
 * In one pass: what a path leads into is walked as it comes. A member whose name is the path
 * itself, dots and all, counts before what lies deeper, wherever in the text they stand.
 */
#include "io/pick.h"

#include <stdlib.h>
#include <string.h>

#include "nt/err.h"

struct pick {
	struct nt_picked picked;
	const char *name, *rest; /* what is left of the path, at the level it was followed to */
	unsigned level, found;   /* found: at which level it was picked */
	struct nt_buf unescaped; /* what picked.value may lie in */
};

struct nt_picks {
	struct pick *pick; /* [n] */
	size_t n, cap;
	struct nt_buf unescaped; /* spare */
};

int nt_picks_new(struct nt_picks **p)
{
	return (*p = nt_calloc(1, sizeof(**p))) ? 0 : NT_ESYS;
}

int nt_picks_add(struct nt_picks *p, const char *name)
{
	for (size_t i = 0; i < p->n; i++)
		if (strcmp(p->pick[i].name, name) == 0)
			return (int)i;
	if (nt_grow(&p->pick, &p->cap, p->n + 1, sizeof(*p->pick)) < 0)
		return NT_ESYS;
	p->pick[p->n] = (struct pick){.name = name};
	return (int)p->n++;
}

/* Does name begin with key? What stands behind it then, or NULL. */
static const char *behind(const char *name, const struct nt_json_text *key)
{
	size_t i = 0;
	while (i < key->len && name[i] && (uint8_t)name[i] == key->p[i])
		i++;
	return i == key->len ? name + i : NULL;
}

static int walk(struct nt_picks *p, struct nt_json *j, unsigned level);

/* Keeps what was read; its unescaped text as well, for which the reader gets the last one's memory. */
static void keep(struct pick *pick, struct nt_json *j, const struct nt_picked *picked, unsigned level)
{
	if (picked->value.had_escape) {
		struct nt_buf spare = pick->unescaped;
		pick->unescaped = j->unescaped;
		j->unescaped = spare;
	}
	pick->picked = *picked;
	pick->found = level;
}

/* The value that comes next: paths go on in it, and whole, unless that is NULL, ends with it. */
static int take(struct nt_picks *p, struct nt_json *j, struct pick *whole, bool has_paths, unsigned level)
{
	struct nt_picked picked = {.kind = nt_json_peek(j)};
	const uint8_t *start = j->at;
	int rc = picked.kind;
	if (rc == '{' && has_paths)
		rc = walk(p, j, level + 1);
	else if (rc == '"' && whole)
		rc = nt_json_read_string(j, &picked.value);
	else if (rc >= 0)
		rc = nt_json_skip(j, NULL);
	if (rc < 0 || !whole)
		return rc;
	if (picked.kind != '"')
		picked.value = (struct nt_json_text){start, (size_t)(j->at - start), false};
	keep(whole, j, &picked, level);
	return 0;
}

/* Do paths go on in the member called key? They forget what an earlier one of that name gave.
 * *whole is the one that ends with it, or NULL. */
static bool follow(struct nt_picks *p, const struct nt_json_text *key, unsigned level, struct pick **whole)
{
	bool has_paths = false;
	*whole = NULL;
	for (size_t i = 0; i < p->n; i++) {
		struct pick *pick = &p->pick[i];
		const char *rest = pick->level == level ? behind(pick->rest, key) : NULL;
		if (!rest || (pick->picked.kind && pick->found < level))
			continue;
		if (*rest == 0) {
			*whole = pick; /* there is one: other names have other rests here */
		} else if (*rest == '.' && !memchr(key->p, '.', key->len)) {
			if (pick->found > level)
				pick->picked.kind = 0;
			pick->rest = rest + 1;
			pick->level = level + 1;
			has_paths = true;
		}
	}
	return has_paths;
}

static int walk(struct nt_picks *p, struct nt_json *j, unsigned level)
{
	struct nt_json_text key;
	struct pick *whole;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		size_t len = key.len + 1;
		bool has_paths = follow(p, &key, level, &whole);
		rc = take(p, j, whole, has_paths, level);
		for (size_t i = 0; has_paths && i < p->n; i++)
			if (p->pick[i].level > level) {
				p->pick[i].level = level;
				p->pick[i].rest -= len;
			}
	}
	return rc;
}

int nt_picks_read(struct nt_picks *p, const void *text, size_t len, bool *is_deep)
{
	struct nt_json j;
	nt_json_init(&j, text, len);
	j.is_lenient = true;
	j.unescaped = p->unescaped;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		j.at += 3;
	for (size_t i = 0; i < p->n; i++) {
		struct pick *pick = &p->pick[i];
		*pick = (struct pick){.name = pick->name, .rest = pick->name, .unescaped = pick->unescaped};
	}
	int rc = nt_json_peek(&j);
	if (rc > 0)
		rc = rc == '{' ? walk(p, &j, 0) : nt_fail(NT_EFORMAT, "not an object");
	if (rc == 0)
		rc = nt_json_end(&j);
	*is_deep = j.is_too_deep;
	p->unescaped = j.unescaped;
	return rc;
}

const struct nt_picked *nt_picks_get(const struct nt_picks *p, int index)
{
	return &p->pick[index].picked;
}

void nt_picks_free(struct nt_picks *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		nt_buf_release(&p->pick[i].unescaped);
	if (p) {
		nt_buf_release(&p->unescaped);
		free(p->pick);
	}
	free(p);
}
