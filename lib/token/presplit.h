/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_PRESPLIT_H
#define TOKEN_PRESPLIT_H
/*
 * presplit.h - text to the pieces inside which merging happens, by a list of steps
 *
 * This is what tokenizer.json calls a pre-tokenizer. Each step cuts every piece of the
 * step before anew and sees nothing but the piece: a look-ahead ends where the piece
 * does. A tokenizer whose list comes to a single known pattern does without (split.h).
 */
#include "text/match.h"
#include "text/stretch.h"

enum nt_presplit_kind {
	NT_PRESPLIT_CUT,        /* at the places that match */
	NT_PRESPLIT_METASPACE,  /* spaces to a visible character, and cut before each of these */
	NT_PRESPLIT_BYTE_LEVEL, /* to the alphabet of bytes, maybe cut as GPT-2 does */
};

/* What becomes of a match. */
enum nt_behavior {
	NT_CUT_REMOVED,
	NT_CUT_ISOLATED,
	NT_CUT_MERGED_WITH_PREVIOUS,
	NT_CUT_MERGED_WITH_NEXT,
	NT_CUT_CONTIGUOUS, /* neighbouring matches are one piece */
};

enum nt_prepend { NT_PREPEND_NEVER, NT_PREPEND_FIRST, NT_PREPEND_ALWAYS };

struct nt_presplit {
	enum nt_presplit_kind kind;
	enum nt_behavior behavior;
	bool inverts;              /* what does not match counts as the match */
	bool cuts;                 /* METASPACE's split, BYTE_LEVEL's use_regex; true in CUT */
	enum nt_prepend prepend;   /* METASPACE's; in BYTE_LEVEL ALWAYS is add_prefix_space */
	struct nt_matcher matcher; /* what is cut at */
	char replacement[5];       /* METASPACE's character, a C string */
};

/* By the name that tokenizer.json gives it, or -1; and back. */
int nt_behavior_find(const char *name);
const char *nt_behavior_name(enum nt_behavior behavior);

void nt_presplit_release(struct nt_presplit *s); /* harmless twice */

struct nt_presplitting {
	const struct nt_presplit *step; /* [n], borrowed */
	size_t n;
	struct nt_presplit_state *state; /* [n] */
	/* Takes a piece, which is not empty and valid until it returns: 0 or < 0. */
	int (*sink)(void *arg, const struct nt_stretch *piece);
	void *arg;
};

int nt_presplitting_init(struct nt_presplitting *p, const struct nt_presplit *step, size_t n,
			 int (*sink)(void *arg, const struct nt_stretch *piece), void *arg);
void nt_presplitting_release(struct nt_presplitting *p); /* harmless twice */

/*
 * Hands the pieces of `in` to the sink, in order. After a BYTE_LEVEL that is not the last
 * step they are written in the alphabet of bytes (alphabet.c), else they are text.
 */
int nt_presplit(struct nt_presplitting *p, const struct nt_stretch *in);

#endif
