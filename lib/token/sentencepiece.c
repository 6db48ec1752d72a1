/* SPDX-License-Identifier: MIT */
/*
 * sentencepiece.c - vocabularies as SentencePiece writes them, .model files of BPE type
 *
 * The file is a protobuf message: pieces with their scores and types, what the trainer was
 * told, what a normalizer does. Two neighbours merge when their text together is a piece,
 * the highest score first; so every way to cut a piece into two others is a merge, in
 * order of score, then of length, as Hugging Face's converter puts them. Spaces become
 * U+2581, and one is put in front.
 *
 * Refused: other types than BPE, a map of characters (precompiled_charsmap) that is not
 * empty, white space as a suffix, pieces that are marked as unused. Symbols that users
 * defined are added tokens, found in the text as it is. The fields and their numbers are
 * those of sentencepiece_model.proto.
 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "nt/err.h"
#include "nt/text.h"
#include "token/tokenizer.h"

enum piece_type { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, UNUSED = 5, BYTE = 6 };

/* --- protobuf ----------------------------------------------------------------------- */

struct message {
	const uint8_t *p, *end;
};

/* A field's value: a number, or the bytes of a string or message. */
struct field {
	uint32_t number;
	uint64_t value;
	struct message bytes;
};

static bool read_varint(struct message *m, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; shift < 64 && m->p < m->end; shift += 7) {
		uint8_t b = *m->p++;
		*v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return true;
	}
	return false;
}

/* 1, or 0 at the end, or -1 if it is no message. */
static int next_field(struct message *m, struct field *f)
{
	uint64_t tag, len;
	if (m->p == m->end)
		return 0;
	if (!read_varint(m, &tag) || tag >> 3 == 0 || tag >> 32)
		return -1;
	*f = (struct field){.number = (uint32_t)(tag >> 3)};
	size_t left = (size_t)(m->end - m->p), fixed = (tag & 7) == 1 ? 8 : 4;
	switch (tag & 7) {
	case 0:
		return read_varint(m, &f->value) ? 1 : -1;
	case 1:
	case 5:
		if (left < fixed)
			return -1;
		f->value = fixed == 8 ? nt_le64(m->p) : nt_le32(m->p);
		m->p += fixed;
		return 1;
	case 2:
		if (!read_varint(m, &len) || len > (size_t)(m->end - m->p))
			return -1;
		f->bytes = (struct message){m->p, m->p + len};
		m->p += len;
		return 1;
	default:
		return -1;
	}
}

bool nt_sentencepiece_is(const void *data, size_t len)
{
	struct message m = {data, (const uint8_t *)data + len};
	struct field piece, text;
	return next_field(&m, &piece) == 1 && piece.number == 1 && piece.bytes.p &&
	       next_field(&piece.bytes, &text) == 1 && text.number == 1 && text.bytes.p;
}

/* --- pieces ------------------------------------------------------------------------- */

struct model {
	struct nt_tokenizer *t;
	float *score; /* [t->ident.vocab_size] */
	uint8_t *type;
	size_t n, score_cap, type_cap;
	bool *has_len; /* [longest + 1] is there a piece of so many bytes? */
};

/* The name of a symbol that is looked for in text: there, spaces are spaces. */
static int add_symbol(struct nt_tokenizer *t, uint32_t id, struct message text, enum nt_token_kind kind)
{
	struct nt_buf name = {0};
	int rc = 0;
	for (const uint8_t *p = text.p; rc == 0 && p < text.end;) {
		bool is_space = text.end - p >= 3 && memcmp(p, NT_SPACE_MARK, 3) == 0;
		rc = nt_buf_add(&name, is_space ? (const uint8_t *)" " : p, 1);
		p += is_space ? 3 : 1;
	}
	if (rc == 0)
		rc = nt_tokenizer_add(t, id, name.data, name.len, kind);
	nt_buf_release(&name);
	return rc;
}

static int add_piece(struct model *m, struct message text, float score, uint64_t type)
{
	uint32_t id = (uint32_t)m->n;
	size_t len = text.p ? (size_t)(text.end - text.p) : 0;
	if (len == 0 || nt_utf8_check(text.p, len).n_byte)
		return nt_fail(NT_EFORMAT, "piece %u is empty, or not UTF-8", id);
	int rc = nt_grow(&m->score, &m->score_cap, m->n + 1, sizeof(*m->score));
	if (rc == 0)
		rc = nt_grow(&m->type, &m->type_cap, m->n + 1, 1);
	if (rc < 0)
		return rc;
	m->score[m->n] = score;
	m->type[m->n++] = (uint8_t)type;
	switch (type) {
	case NORMAL:
	case BYTE:
		return nt_tokenizer_add(m->t, id, text.p, len, NT_KIND_ORDINARY);
	case UNKNOWN:
		m->t->unk = id;
		/* fall through */
	case CONTROL:
		return nt_tokenizer_add(m->t, id, text.p, len, NT_KIND_SPECIAL);
	case USER_DEFINED:
		return add_symbol(m->t, id, text, NT_KIND_ADDED);
	default:
		return nt_fail(NT_EFORMAT, "piece %u is of type %llu: not implemented", id,
			       (unsigned long long)type);
	}
}

static int damaged(void)
{
	return nt_fail(NT_EFORMAT, "cut or damaged: not a SentencePiece model");
}

static int read_piece(struct model *m, struct message piece)
{
	struct message text = {0};
	uint64_t type = NORMAL;
	uint32_t bits = 0;
	float score;
	struct field f;
	int rc;
	while ((rc = next_field(&piece, &f)) > 0) {
		if (f.number == 1)
			text = f.bytes;
		else if (f.number == 2)
			bits = (uint32_t)f.value;
		else if (f.number == 3)
			type = f.value;
	}
	if (rc < 0)
		return damaged();
	memcpy(&score, &bits, sizeof(score));
	return add_piece(m, text, score, type);
}

/* --- merges ------------------------------------------------------------------------- */

struct cut {
	float score;
	uint32_t left_len, right_len; /* bytes */
	struct nt_pair pair;
};

/* Highest score, longest left part, longest right part; then as the pieces stand. */
static int by_priority(const void *a, const void *b)
{
	const struct cut *x = a, *y = b;
	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (x->left_len != y->left_len)
		return x->left_len > y->left_len ? -1 : 1;
	if (x->right_len != y->right_len)
		return x->right_len > y->right_len ? -1 : 1;
	if (x->pair.left != y->pair.left)
		return x->pair.left < y->pair.left ? -1 : 1;
	return x->pair.right < y->pair.right ? -1 : x->pair.right > y->pair.right;
}

struct cuts {
	struct cut *cut; /* [n] */
	size_t n, cap;
};

static bool is_normal(const struct model *m, uint32_t id)
{
	return id < m->n && m->type[id] == NORMAL;
}

/* Which lengths there are. Of n bytes they are no more than the root of 2 n, and only beginnings and ends of
 * such a length are looked up: those of one long piece would all have to be hashed. */
static int note_lengths(struct model *m)
{
	uint32_t longest = 0;
	for (uint32_t id = 0; id < m->n; id++)
		longest = m->t->token[id].len > longest ? m->t->token[id].len : longest;
	if (!(m->has_len = nt_calloc((size_t)longest + 1, sizeof(*m->has_len))))
		return NT_ESYS;
	for (uint32_t id = 0; id < m->n; id++)
		m->has_len[m->t->token[id].len] = true;
	return 0;
}

/* Every way to cut piece id into two that are pieces. */
static int cut_piece(struct cuts *cuts, const struct model *m, uint32_t id)
{
	const uint8_t *p = nt_token_text(m->t, id);
	uint32_t n = m->t->token[id].len;
	for (uint32_t at = 1; at < n; at++) {
		if (!m->has_len[at] || !m->has_len[n - at])
			continue;
		uint32_t left = nt_token_find_ordinary(m->t, p, at);
		if (!is_normal(m, left))
			continue;
		uint32_t right = nt_token_find_ordinary(m->t, p + at, n - at);
		if (!is_normal(m, right))
			continue;
		int rc = nt_grow(&cuts->cut, &cuts->cap, cuts->n + 1, sizeof(*cuts->cut));
		if (rc < 0)
			return rc;
		cuts->cut[cuts->n++] = (struct cut){m->score[id], at, n - at, {left, right}};
	}
	return 0;
}

static int add_merges(struct model *m)
{
	struct cuts cuts = {0};
	int rc = note_lengths(m);
	for (uint32_t id = 0; rc == 0 && id < m->n; id++)
		if (m->type[id] == NORMAL)
			rc = cut_piece(&cuts, m, id);
	if (rc == 0 && cuts.n)
		qsort(cuts.cut, cuts.n, sizeof(*cuts.cut), by_priority);
	for (size_t i = 0; rc == 0 && i < cuts.n; i++)
		rc = nt_tokenizer_merge(m->t, cuts.cut[i].pair.left, cuts.cut[i].pair.right);
	free(cuts.cut);
	return rc;
}

/* --- the rest ----------------------------------------------------------------------- */

static int read_trainer(struct nt_tokenizer *t, struct message spec)
{
	enum { BPE = 2 };
	static const char *const names[] = {"", "Unigram", "BPE", "word", "character"};
	uint64_t type = 1;
	struct field f;
	int rc;
	while ((rc = next_field(&spec, &f)) > 0) {
		if (f.number == 3)
			type = f.value;
		else if (f.number == 24 && f.value)
			return nt_fail(NT_EFORMAT, "white space as a suffix is not implemented");
		else if (f.number == 35)
			t->has_fallback = f.value;
	}
	if (rc < 0)
		return damaged();
	if (type != BPE)
		return nt_fail(NT_EFORMAT, "its model '%s' is not implemented", type < 5 ? names[type] : "?");
	return 0;
}

static int add_replace(struct nt_tokenizer *t, const char *regex, const char *string,
		       const char *content)
{
	struct nt_normalizer *s = &t->normalizer[t->n_normalizer++];
	*s = (struct nt_normalizer){.kind = regex || string ? NT_NORMALIZE_REPLACE : NT_NORMALIZE_PREPEND,
				    .content_len = strlen(content)};
	if (!(s->content = nt_alloc(s->content_len, 1)))
		return NT_ESYS;
	memcpy(s->content, content, s->content_len);
	if (regex)
		return nt_matcher_pattern(&s->matcher, regex);
	return string ? nt_matcher_string(&s->matcher, string, strlen(string)) : 0;
}

static int read_normalizer(struct nt_tokenizer *t, struct message spec)
{
	bool adds_prefix = true, removes_extra = true, escapes = true;
	struct field f;
	int rc;
	while ((rc = next_field(&spec, &f)) > 0) {
		if (f.number == 2 && f.bytes.p < f.bytes.end)
			return nt_fail(NT_EFORMAT, "its precompiled_charsmap is not implemented");
		adds_prefix = f.number == 3 ? f.value != 0 : adds_prefix;
		removes_extra = f.number == 4 ? f.value != 0 : removes_extra;
		escapes = f.number == 5 ? f.value != 0 : escapes;
	}
	if (rc < 0)
		return damaged();
	if (!(t->normalizer = nt_calloc(4, sizeof(*t->normalizer))))
		return NT_ESYS;
	if (removes_extra)
		rc = add_replace(t, "\\A +|[ " NT_SPACE_MARK "]+\\z", NULL, "");
	if (rc == 0 && removes_extra)
		rc = add_replace(t, " {2,}", NULL, " ");
	if (rc == 0 && adds_prefix)
		rc = add_replace(t, NULL, NULL, escapes ? NT_SPACE_MARK : " ");
	if (rc == 0 && escapes)
		rc = add_replace(t, NULL, " ", NT_SPACE_MARK);
	strcpy(t->space, escapes ? NT_SPACE_MARK : "");
	t->strips_space = adds_prefix;
	return rc;
}

static int read_parts(struct model *m, struct message file)
{
	struct message trainer = {0}, normalizer = {0};
	struct field f;
	int rc = 0, more;
	while (rc == 0 && (more = next_field(&file, &f)) != 0) {
		if (more < 0)
			return damaged();
		if (f.number == 1)
			rc = read_piece(m, f.bytes);
		else if (f.number == 2)
			trainer = f.bytes;
		else if (f.number == 3)
			normalizer = f.bytes;
	}
	if (rc == 0)
		rc = read_trainer(m->t, trainer);
	return rc < 0 ? rc : read_normalizer(m->t, normalizer);
}

int nt_sentencepiece_parse(struct nt_tokenizer **out, const void *data, size_t len, const char *name,
			   const char *pattern)
{
	struct model m = {0};
	int rc = pattern ? nt_fail(NT_EARG, "pattern '%s': the vocabulary is not one of bytes", pattern)
			 : nt_tokenizer_new(&m.t, name);
	if (rc == 0) {
		m.t->is_written = m.t->fuses_unk = true;
		m.t->is_plain = false;
		rc = nt_pattern_init(&m.t->split, "none");
	}
	if (rc == 0)
		rc = read_parts(&m, (struct message){data, (const uint8_t *)data + len});
	if (rc == 0)
		rc = nt_tokenizer_index(m.t);
	if (rc == 0)
		rc = add_merges(&m);
	if (rc == 0)
		rc = nt_tokenizer_finish(m.t, false);
	free(m.score);
	free(m.type);
	free(m.has_len);
	if (rc < 0)
		nt_tokenizer_free(m.t);
	*out = rc == 0 ? m.t : NULL;
	return rc;
}
