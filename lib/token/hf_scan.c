/* SPDX-License-Identifier: MIT */
/*
 * hf_scan.c - the text of a tokenizer.json
 *
 * A file of 28 MB is a million short strings, and a page of everything else. It is read
 * once. Of the vocab it is written down where the strings are and their ids; merges become
 * ids at once, since their halves must be keys of the vocab, byte for byte; the rest
 * becomes a tree. What a string means, which may be said behind it, is not asked here.
 *
 * Time goes into cache misses and into waiting for where a string ends. Halves are
 * therefore looked up many at a time, each table's line asked for before it is needed; and
 * since a program wrote the file, what stands between two strings is compared with what
 * stood there before instead of being read again.
 */
#include "token/hf.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"

enum { DEPTH_MOST = 64, BATCH = 64, ENTRY_MASK = (1 << 24) - 1 };

const uint8_t *nt_hf_string_text(const struct nt_hf_file *f, struct nt_hf_string s, size_t *room)
{
	bool is_aside = s.at >= f->len;
	size_t at = is_aside ? s.at - f->len : s.at;
	*room = (is_aside ? f->aside.len : f->len) - at;
	return (is_aside ? f->aside.data : f->text) + at;
}

static int note(struct nt_hf_file *f, struct nt_hf_string *s, const struct nt_json_text *text)
{
	*s = (struct nt_hf_string){.len = (uint32_t)text->len};
	if (!text->had_escape) {
		s->at = (uint32_t)(text->p - f->text);
		return 0;
	}
	s->at = (uint32_t)(f->len + f->aside.len);
	return nt_buf_add(&f->aside, text->p, text->len);
}

/* --- keys of the vocab ---------------------------------------------------------------- */

/* A string on its way to its entry. */
struct probe {
	struct nt_short start; /* its first 16 bytes */
	uint64_t hash;
};

static inline struct probe probe_for(const struct nt_hf_file *f, struct nt_hf_string s)
{
	uint8_t copy[NT_SHORT_MOST];
	size_t room;
	const uint8_t *p = nt_hf_string_text(f, s, &room);
	if (room < NT_SHORT_MOST && s.len <= NT_SHORT_MOST)
		p = memcpy(copy, p, s.len); /* so that 16 bytes are there to be read */
	if (s.len > NT_SHORT_MOST)
		return (struct probe){nt_short_load(p, NT_SHORT_MOST), nt_short_hash_bytes(p, s.len)};
	struct nt_short start = nt_short_load(p, s.len);
	return (struct probe){start, nt_short_hash(start, s.len)};
}

static bool has_same_end(const struct nt_hf_file *f, struct nt_hf_string a, struct nt_hf_string b)
{
	size_t room;
	return memcmp(nt_hf_string_text(f, a, &room) + NT_SHORT_MOST, nt_hf_string_text(f, b, &room) + NT_SHORT_MOST,
		      a.len - NT_SHORT_MOST) == 0;
}

/* The slot of this key, or the empty one where it would be: its entry, and in the upper 8
 * bits some of the hash, so that other keys are nearly always known for others. */
static inline uint32_t *find_slot(const struct nt_hf_file *f, struct nt_hf_string s,
				  const struct probe *p)
{
	uint32_t tag = (uint32_t)(p->hash >> 32) & ~(uint32_t)ENTRY_MASK;
	for (size_t i = p->hash & f->mask;; i = (i + 1) & f->mask) {
		uint32_t slot = f->slot[i];
		if (slot == UINT32_MAX)
			return &f->slot[i];
		if ((slot & ~(uint32_t)ENTRY_MASK) != tag)
			continue;
		const struct nt_hf_entry *e = &f->vocab[slot & ENTRY_MASK];
		if (e->key.len == s.len && e->start.word[0] == p->start.word[0] &&
		    e->start.word[1] == p->start.word[1] &&
		    (s.len <= NT_SHORT_MOST || has_same_end(f, e->key, s)))
			return &f->slot[i];
	}
}

static int enter_key(struct nt_hf_file *f, size_t i, struct probe *p)
{
	uint32_t *slot = find_slot(f, f->vocab[i].key, p);
	size_t room;
	if (*slot != UINT32_MAX)
		return nt_fail(NT_EFORMAT, "its vocab has '%.*s' twice", (int)f->vocab[i].key.len,
			       (const char *)nt_hf_string_text(f, f->vocab[i].key, &room));
	*slot = (uint32_t)i | ((uint32_t)(p->hash >> 32) & ~(uint32_t)ENTRY_MASK);
	f->vocab[i].start = p->start;
	return 0;
}

static int index_keys(struct nt_hf_file *f)
{
	struct probe probe[BATCH];
	size_t size = 16;
	while (size < 2 * f->n_vocab)
		size *= 2;
	if (f->n_vocab >= ENTRY_MASK)
		return nt_fail(NT_EFORMAT, "%zu entries of its vocab are too many", f->n_vocab);
	if (!(f->slot = nt_alloc(size, sizeof(*f->slot))))
		return NT_ESYS;
	memset(f->slot, 0xff, size * sizeof(*f->slot));
	f->mask = size - 1;
	int rc = 0;
	for (size_t from = 0, n; rc == 0 && from < f->n_vocab; from += n) {
		n = f->n_vocab - from < BATCH ? f->n_vocab - from : BATCH;
		for (size_t i = 0; i < n; i++) {
			probe[i] = probe_for(f, f->vocab[from + i].key);
			__builtin_prefetch(&f->slot[probe[i].hash & f->mask], 1);
		}
		for (size_t i = 0; rc == 0 && i < n; i++)
			rc = enter_key(f, from + i, &probe[i]);
	}
	return rc;
}

/* --- vocab ---------------------------------------------------------------------------- */

static bool is_id(const struct nt_json_text *number, uint32_t *id)
{
	uint64_t n = 0;
	for (size_t i = 0; i < number->len; i++) {
		if (number->p[i] < '0' || number->p[i] > '9' || n > UINT32_MAX)
			return false;
		n = n * 10 + (number->p[i] - '0');
	}
	*id = (uint32_t)n;
	return n < UINT32_MAX;
}

/* How many elements of so many bytes may be to come: what is reserved and not touched costs
 * nothing, and moving does. */
static size_t most(const struct nt_json *j, size_t bytes)
{
	return (size_t)(j->end - j->at) / bytes + 1;
}

static int scan_vocab(struct nt_hf_file *f, struct nt_json *j)
{
	struct nt_json_text key, value;
	int rc = nt_grow(&f->vocab, &f->vocab_cap, most(j, 16), sizeof(*f->vocab));
	if (rc == 0)
		rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		struct nt_hf_entry e = {0};
		if ((rc = note(f, &e.key, &key)) < 0 || (rc = nt_json_skip(j, &value)) < 0)
			break;
		if (!is_id(&value, &e.id))
			return nt_fail(NT_EFORMAT, "an id is %.*s: not a number from 0 on",
				       (int)value.len, (const char *)value.p);
		rc = nt_grow(&f->vocab, &f->vocab_cap, f->n_vocab + 1, sizeof(*f->vocab));
		if (rc == 0)
			f->vocab[f->n_vocab++] = e;
	}
	return rc < 0 || f->only_tokens ? rc : index_keys(f);
}

/* --- merges --------------------------------------------------------------------------- */

/* What stood between two strings, from one's closing quote up to the other's opening one. */
struct gap {
	const uint8_t *p;
	size_t len; /* 0: not known yet */
};

/* Merges that are read but not looked up yet, and how they were written. */
struct merges {
	struct nt_hf_string half[2 * BATCH]; /* [n] left, right, left, right ... */
	size_t n;
	size_t n_aside;     /* of nt_hf_file.aside, before them */
	size_t n_done;      /* merges that were read to their end, looked up or not */
	uint32_t made;      /* the entry that the last merge made */
	const uint8_t *end; /* of the last merge's last string, NULL at first */
	struct gap inside, between; /* two halves, two merges */
};

static int no_key(const struct nt_hf_file *f, const struct nt_hf_string half[2], int which)
{
	size_t room[2];
	const char *left = (const char *)nt_hf_string_text(f, half[0], &room[0]);
	const char *right = (const char *)nt_hf_string_text(f, half[1], &room[1]);
	if (which < 2)
		return nt_fail(NT_EFORMAT, "merge %zu: '%.*s' is not in the vocabulary", f->n_merge,
			       (int)half[which].len, which ? right : left);
	return nt_fail(NT_EFORMAT, "merge %zu makes '%.*s%.*s', which is no token", f->n_merge,
		       (int)half[0].len, left, (int)half[1].len, right);
}

/* Is the key of entry i the two halves, one behind the other? */
static bool is_made(const struct nt_hf_file *f, size_t i, const struct nt_hf_string half[2])
{
	size_t room[3], left = half[0].len, right = half[1].len;
	if (i >= f->n_vocab || f->vocab[i].key.len != left + right)
		return false;
	const uint8_t *whole = nt_hf_string_text(f, f->vocab[i].key, &room[0]);
	const uint8_t *a = nt_hf_string_text(f, half[0], &room[1]), *b = nt_hf_string_text(f, half[1], &room[2]);
	if (room[0] < left + NT_SHORT_MOST || room[1] < NT_SHORT_MOST || room[2] < NT_SHORT_MOST)
		return memcmp(whole, a, left) == 0 && memcmp(whole + left, b, right) == 0;
	return nt_short_same(whole, a, left) && nt_short_same(whole + left, b, right);
}

/* The entry that two halves make, or UINT32_MAX, or NT_ESYS. Files list merges in the order of
 * what they make: nearly always that is what the merge before made, or the entry behind it. */
static int find_made(struct nt_hf_file *f, const struct nt_hf_string half[2], uint32_t *made)
{
	if (is_made(f, *made, half) || is_made(f, ++*made, half))
		return 0;
	size_t room, before = f->aside.len;
	struct nt_hf_string whole = {(uint32_t)(f->len + before), half[0].len + half[1].len};
	int rc = nt_buf_reserve(&f->aside, whole.len);
	for (int i = 0; rc == 0 && i < 2; i++)
		rc = nt_buf_add(&f->aside, nt_hf_string_text(f, half[i], &room), half[i].len);
	if (rc < 0)
		return rc;
	struct probe probe = probe_for(f, whole);
	uint32_t slot = *find_slot(f, whole, &probe);
	f->aside.len = before;
	*made = slot == UINT32_MAX ? slot : slot & ENTRY_MASK;
	return 0;
}

/* Looks up what is in m, and empties it. */
static int flush(struct nt_hf_file *f, struct merges *m)
{
	struct probe probe[2 * BATCH];
	uint32_t id[2];
	int rc = nt_grow(&f->merge, &f->merge_cap, f->n_merge + m->n / 2, sizeof(*f->merge));
	for (size_t i = 0; i < m->n; i++) {
		probe[i] = probe_for(f, m->half[i]);
		__builtin_prefetch(&f->slot[probe[i].hash & f->mask]);
	}
	for (size_t i = 0; i < m->n; i++) {
		uint32_t entry = f->slot[probe[i].hash & f->mask] & ENTRY_MASK;
		__builtin_prefetch(&f->vocab[entry < f->n_vocab ? entry : 0]);
	}
	for (size_t i = 0; rc == 0 && i < m->n; i += 2) {
		for (int k = 0; k < 2; k++) {
			uint32_t slot = *find_slot(f, m->half[i + k], &probe[i + k]);
			if (slot == UINT32_MAX)
				return no_key(f, &m->half[i], k);
			id[k] = f->vocab[slot & ENTRY_MASK].id;
		}
		if ((rc = find_made(f, &m->half[i], &m->made)) < 0)
			break;
		if (m->made == UINT32_MAX)
			return no_key(f, &m->half[i], 2);
		f->merge[f->n_merge++] = (struct nt_hf_merge){id[0], id[1], f->vocab[m->made].id};
	}
	m->n = 0;
	f->aside.len = m->n_aside;
	return rc;
}

static int read_half(struct nt_hf_file *f, struct nt_json *j, struct merges *m)
{
	struct nt_json_text text;
	int rc = nt_json_read_string(j, &text);
	return rc < 0 ? rc : note(f, &m->half[m->n++], &text);
}

/* A merge written "a b": 0 if it is not. */
static int read_joined(struct nt_hf_file *f, struct nt_json *j, struct merges *m)
{
	int rc = read_half(f, j, m);
	if (rc < 0)
		return rc;
	struct nt_hf_string *half = &m->half[m->n - 1];
	size_t room;
	const uint8_t *text = nt_hf_string_text(f, *half, &room), *space = memchr(text, ' ', half->len);
	if (!space)
		return 0;
	uint32_t left = (uint32_t)(space - text);
	half[1] = (struct nt_hf_string){half->at + left + 1, half->len - left - 1};
	half[0].len = left;
	m->n++;
	m->n_done++;
	return 1;
}

/* Merges that are written like the one before, as long as there are any. What comes next is
 * what came next behind that one. */
static int read_alike(struct nt_hf_file *f, struct nt_json *j, struct merges *m, bool is_pair)
{
	int rc = 1;
	while (rc > 0 && m->between.len) {
		if (m->n == 2 * BATCH && (rc = flush(f, m)) < 0)
			break;
		rc = 1; /* if this was the last one */
		const uint8_t *start = j->at;
		if (!nt_json_step(j, m->between.p, m->between.len))
			break;
		if (!is_pair) {
			rc = read_joined(f, j, m);
			continue;
		}
		if ((rc = read_half(f, j, m)) == 0 && !nt_json_step(j, m->inside.p, m->inside.len)) {
			m->n--;
			j->at = start;
			rc = 1;
			break;
		}
		m->n_done += rc == 0; /* the one before: its end is in what was stepped over */
		rc = rc < 0 || (rc = read_half(f, j, m)) < 0 ? rc : 1;
	}
	m->end = j->at;
	return rc;
}

/* A merge written ["a", "b"], and those like it: 0 if it is not. */
static int read_pairs(struct nt_hf_file *f, struct nt_json *j, struct merges *m)
{
	const uint8_t *end = m->end;
	int rc = nt_json_enter(j, '['), n = 0;
	while (rc >= 0 && (rc = nt_json_more(j)) > 0) {
		if (n == 2 || (rc = nt_json_peek(j)) != '"')
			return rc < 0 ? rc : 0;
		struct gap *gap = n == 0 ? &m->between : &m->inside;
		*gap = (struct gap){end, end ? (size_t)(j->at - end) : 0};
		rc = read_half(f, j, m);
		end = j->at;
		if (rc == 0 && ++n == 2)
			rc = read_alike(f, j, m, true);
	}
	m->n_done += rc == 0 && n == 2;
	return rc < 0 ? rc : n == 2;
}

static int read_strings(struct nt_hf_file *f, struct nt_json *j, struct merges *m)
{
	m->between = (struct gap){m->end, m->end ? (size_t)(j->at - m->end) : 0};
	int rc = read_joined(f, j, m);
	return rc > 0 ? read_alike(f, j, m, false) : rc;
}

static int scan_merges(struct nt_hf_file *f, struct nt_json *j)
{
	struct merges m = {.n_aside = f->aside.len};
	int rc = nt_grow(&f->merge, &f->merge_cap, most(j, 16), sizeof(*f->merge)), kind;
	if (rc == 0)
		rc = nt_json_enter(j, '[');
	while (rc >= 0 && (rc = nt_json_more(j)) > 0) {
		if (m.n == 2 * BATCH && (rc = flush(f, &m)) < 0)
			break;
		if ((rc = kind = nt_json_peek(j)) >= 0)
			rc = kind == '"' ? read_strings(f, j, &m) : kind == '[' ? read_pairs(f, j, &m) : 0;
		if (rc == 0)
			return nt_fail(NT_EFORMAT, "merge %zu, before byte %zu: neither \"a b\" nor [\"a\", \"b\"]",
				       m.n_done, (size_t)(j->at - j->text));
	}
	return rc < 0 ? rc : flush(f, &m);
}

/* --- the whole -------------------------------------------------------------------------- */

/* Adds to rest what stands before the list that comes next, and an empty one for it. */
static int leave_out(struct nt_json *j, struct nt_buf *rest, const uint8_t **kept, const char *empty)
{
	int rc = nt_buf_add(rest, *kept, (size_t)(j->at - *kept));
	return rc < 0 ? rc : nt_buf_add(rest, empty, 2);
}

/* A list that is none, as in the files of other models, stays with the rest. */
static int scan_model(struct nt_hf_file *f, struct nt_json *j, struct nt_buf *rest,
		      const uint8_t **kept)
{
	struct nt_json later = {0}; /* where merges are that stand before the vocab */
	struct nt_json_text key;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		bool is_vocab = nt_json_is(&key, "vocab"), is_merges = nt_json_is(&key, "merges");
		int kind = nt_json_peek(j);
		if (kind != (is_vocab ? '{' : is_merges ? '[' : 0)) {
			rc = kind < 0 ? kind : nt_json_skip(j, NULL);
			continue;
		}
		bool *has = is_vocab ? &f->has_vocab : &f->has_merges;
		if (*has)
			return nt_fail(NT_EFORMAT, "its model has %s twice", is_vocab ? "vocab" : "merges");
		*has = true;
		if ((rc = leave_out(j, rest, kept, is_vocab ? "{}" : "[]")) < 0)
			break;
		bool is_now = is_merges && f->has_vocab && !f->only_tokens;
		if (is_merges && !f->has_vocab && !f->only_tokens)
			later = *j;
		rc = is_vocab ? scan_vocab(f, j) : is_now ? scan_merges(f, j) : nt_json_skip(j, NULL);
		*kept = j->at;
	}
	if (rc == 0 && later.at && f->has_vocab) {
		later.unescaped = (struct nt_buf){0};
		rc = scan_merges(f, &later);
		nt_json_release(&later);
	}
	return rc;
}

static int scan(struct nt_hf_file *f, struct nt_json *j, struct nt_buf *rest)
{
	struct nt_json_text key;
	const uint8_t *kept = f->text;
	int rc = nt_json_peek(j);
	if (rc == '{') {
		rc = nt_json_enter(j, '{');
		while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
			rc = nt_json_is(&key, "model") ? nt_json_peek(j) : 0;
			if (rc >= 0)
				rc = rc == '{' ? scan_model(f, j, rest, &kept) : nt_json_skip(j, NULL);
		}
	} else if (rc > 0) {
		rc = nt_json_skip(j, NULL);
	}
	if (rc == 0)
		rc = nt_json_end(j);
	return rc < 0 ? rc : nt_buf_add(rest, kept, (size_t)(j->end - kept));
}

int nt_hf_open(struct nt_hf_file *f, const void *json, size_t len, bool only_tokens)
{
	struct nt_buf rest = {0};
	struct nt_json j;
	*f = (struct nt_hf_file){.text = json, .len = len, .only_tokens = only_tokens};
	if (len > INT_MAX / 2)
		return nt_fail(NT_EFORMAT, "%zu bytes of JSON are too many", len);
	nt_json_init(&j, json, len);
	int rc = scan(f, &j, &rest);
	if (rc == 0)
		rc = nt_json_tree(&f->root, rest.data, rest.len);
	nt_json_release(&j);
	nt_buf_release(&rest);
	return rc;
}

void nt_hf_close(struct nt_hf_file *f)
{
	json_object_put(f->root);
	nt_buf_release(&f->aside);
	free(f->vocab);
	free(f->merge);
	free(f->slot);
	*f = (struct nt_hf_file){0};
}
