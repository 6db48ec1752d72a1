/* SPDX-License-Identifier: MIT */
#ifndef TOKEN_GGUF_H
#define TOKEN_GGUF_H
/*
 * gguf.h - what llama.cpp is told of tokens that are written in characters
 */
#include "token/tokenizer.h"

#define NT_NO_TURN UINT32_MAX

/*
 * turn[vocab_size] is the place of each token in the order of merging, NT_NO_TURN if nothing
 * makes it; *prepends: a space is put in front of text. NT_EARG: llama.cpp would give other ids.
 * Appends to remark where it does so only at the beginning of a text.
 */
int nt_gguf_written(const struct nt_tokenizer *t, uint32_t *turn, bool *prepends, struct nt_buf *remark);

#endif
