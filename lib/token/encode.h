/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_ENCODE_H
#define TOKEN_ENCODE_H
/* encode.h - encoders that share what they have learned */
#include "nt/tokenizer.h"
#include "token/cache.h"

/* One thread's working memory, over a cache that it shares; NULL: one of its own. */
struct nt_encoder *nt_encoder_share(const struct nt_tokenizer *t, struct nt_cache *cache);

#endif
