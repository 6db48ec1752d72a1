/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_CHECK_H
#define TOKEN_CHECK_H
/* token_check.h - what several tests ask of a tokenizer; behind cmocka.h */
#include <stdio.h>
#include <string.h>

#include "nt/err.h"
#include "nt/tokenizer.h"

/* Its canonical form, which streams carry, is the same tokenizer, and itself. */
static inline void check_canonical(const struct nt_tokenizer *t)
{
	struct nt_tokenizer *again;
	const struct nt_ident *id = nt_tokenizer_ident(t), *again_id;
	if (nt_tokenizer_parse(&again, id->json, id->json_len, id->name) < 0)
		fail_msg("%s", nt_errmsg());
	again_id = nt_tokenizer_ident(again);
	assert_memory_equal(id->fingerprint, again_id->fingerprint, 16);
	assert_int_equal(id->json_len, again_id->json_len);
	assert_memory_equal(id->json, again_id->json, id->json_len);
	nt_tokenizer_free(again);
}

/* The ids of text[len] are, in decimal with spaces between, what is wanted. */
static inline void check_ids_of(const struct nt_tokenizer *t, const char *text, size_t len,
				unsigned flags, const char *want)
{
	struct nt_encoder *e = nt_encoder_new(t);
	struct nt_ids ids = {0};
	char got[512] = "";
	assert_int_equal(nt_encode(e, text, len, flags, &ids), 0);
	for (size_t i = 0; i < ids.n; i++) {
		size_t n = strlen(got);
		snprintf(got + n, sizeof(got) - n, i ? " %u" : "%u", ids.id[i]);
	}
	assert_string_equal(got, want);
	nt_ids_release(&ids);
	nt_encoder_free(e);
}

#endif
