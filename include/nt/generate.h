/* SPDX-License-Identifier: MIT */
#ifndef NT_GENERATE_H
#define NT_GENERATE_H
/*
 * nt/generate.h - a model that goes on from what it is given
 *
 *	struct nt_lm *lm;
 *	struct nt_decoder *d;
 *	const nt_real *logits;
 *	nt_lm_load(&lm, "ckpt", NT_LM_AS_STORED, pool);
 *	nt_decoder_new(&d, lm, 1, 1024, pool);
 *	nt_decoder_extend(d, 0, prompt, n_prompt, &logits);
 *	for (;;) {
 *		id = nt_sample(sampler, logits, n++);
 *		nt_decoder_extend(d, 0, &id, 1, &logits);
 *	}
 *
 * The same ids give the same logits, bit for bit, at any number of threads, whatever other
 * sequences grow in the same decoder and in whatever order. That a prompt came in pieces, or
 * was taken back and given again, may change the last bits: it is then other products.
 */
#include <stddef.h>
#include <stdint.h>

#include "nt/model.h"
#include "nt/pool.h"

/* --- weights --------------------------------------------------------------------- */

/* What matrices are held in. Norms and biases are f32, embeddings what the file has. */
enum nt_lm_dtype {
	NT_LM_AS_STORED, /* as the file has them, where they lie */
	NT_LM_F32,
	NT_LM_BF16,
	NT_LM_Q8_0, /* blocks of 32 with a scale, as in a GGUF file; 8.5 bits a weight */
	NT_LM_Q4_0, /* 4.5 bits */
};
#define NT_LM_DTYPES "f32|bf16|q8_0|q4_0" /* what options call them, from NT_LM_F32 on */

/* A model made for generating. Nothing in it changes, so that any number of decoders, of any
 * threads, may use it, and each must be freed before it. */
struct nt_lm;
/* Whatever nt_model_load takes. The pool is for loading alone; where it has several threads, one
 * more maps the file's pages ahead of their use for a moment. NT_EFORMAT: it is no checkpoint, or of a
 * model that is not implemented; NT_ESYS: it cannot be read, or there is no memory. */
int nt_lm_load(struct nt_lm **lm, const char *path, enum nt_lm_dtype dtype, struct nt_pool *pool);
/* Uses the weights of m where they lie, as they are whenever a decoder computes. */
int nt_lm_of_model(struct nt_lm **lm, const struct nt_model *m);
void nt_lm_free(struct nt_lm *lm); /* NULL is harmless */
const struct nt_config *nt_lm_config(const struct nt_lm *lm);
/* What tokenizer.json held, [*len] bytes; or NULL. Valid as long as lm, or the model that
 * nt_lm_of_model was given. */
const char *nt_lm_tokenizer_json(const struct nt_lm *lm, size_t *len);

/* --- sequences --------------------------------------------------------------------- */

/* n_sequence > 0 sequences of up to n_position ids, all empty. Memory for keys and values is
 * taken as they come: f16, but nt_real where matrices have all bits of an f32. lm and pool (or NULL)
 * are borrowed. One thread at a time. NT_EARG: n_position is 0 or above
 * max_position_embeddings; NT_ESYS: no room for them. */
struct nt_decoder;
int nt_decoder_new(struct nt_decoder **d, const struct nt_lm *lm, size_t n_sequence, size_t n_position,
		   struct nt_pool *pool);
void nt_decoder_free(struct nt_decoder *d); /* NULL is harmless */
/* What keys and values of a sequence of n_position ids take; SIZE_MAX: more than there can be. */
size_t nt_decoder_bytes(const struct nt_lm *lm, size_t n_position);
size_t nt_decoder_room(const struct nt_decoder *d);            /* n_position */
size_t nt_decoder_len(const struct nt_decoder *d, size_t seq); /* ids in a sequence */
/* Forgets all ids of a sequence but the first n. */
void nt_decoder_rewind(struct nt_decoder *d, size_t seq, size_t n);

/*
 * Takes the next ids of each of n > 0 different sequences; logits [n][V], behind the last of each, valid until
 * the next call. They go through the model together, but prompts of 192 ids or more each alone. NT_EARG: some do
 * not fit, or an id is not of the vocabulary; nothing is taken in then.
 */
struct nt_next {
	size_t seq;
	const uint32_t *id; /* [n] */
	size_t n;           /* > 0 */
};
int nt_decoder_take(struct nt_decoder *d, const struct nt_next *next, size_t n, const nt_real **logits);
/* The same for one sequence. */
int nt_decoder_extend(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const nt_real **logits);
/* NT_EARG: it would refuse them. */
int nt_decoder_check(const struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n);
/* Takes n > 0 ids into a sequence, and nll[i] = -log p(target[i]) in nats behind id[i], all three [n]; not
 * written where the target is NT_IGNORE. Fails as nt_decoder_extend does. */
int nt_decoder_score(struct nt_decoder *d, size_t seq, const uint32_t *id, size_t n, const uint32_t *target,
		     double *nll);

/*
 * Several continuations of what they have in common, weighed: nats[i] = -log p of the ids of
 * choice i from n_context[i] >= 1 on, given those before. What all begin with is computed
 * once. Choices longer than the decoder has room for lose ids at their beginning, all as many.
 * Sequence 0 is used. NT_EARG: a choice has no id left before its continuation, or one that is
 * not of the vocabulary.
 */
struct nt_choice {
	const uint32_t *id; /* [n] */
	size_t n, n_context;
	size_t bytes;       /* of text in the continuation: whoever shows it wants to know */
	double nats;
};
int nt_choose(struct nt_decoder *d, struct nt_choice *choice, size_t n_choice);

#endif
