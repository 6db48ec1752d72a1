/* SPDX-License-Identifier: MIT */
#ifndef NT_MODEL_H
#define NT_MODEL_H
/*
 * nt/model.h - causal transformers: configuration, weights, loss, gradient, choosing a token
 *
 * Families with Hugging Face's names, shapes and layouts: Llama (RMSNorm, RoPE in
 * rotate-half order, SwiGLU, grouped-query attention, tied or untied head); Qwen3, which is
 * Llama with a norm of each head of queries and keys, Qwen2 with biases of q, k and v, Mistral;
 * and GPT-2 (LayerNorm, learned positions, tanh GELU, biases, tied head, Conv1D weights
 * [in][out]).
 *
 *	L = - sum_n log p(a_n | x_1 .. x_{n-1}; theta)		nats, summed, over the
 *	whole sequence, [E] included; [B] is never a target.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nt/file.h"
#include "nt/gguf.h"
#include "nt/ident.h"
#include "nt/mem.h"
#include "nt/pool.h"
#include "nt/real.h"

enum nt_arch { NT_LLAMA, NT_GPT2, NT_QWEN3, NT_QWEN2, NT_MISTRAL, NT_ARCH_COUNT };
/* "llama", ...: model_type of config.json; NULL from NT_ARCH_COUNT on. */
const char *nt_arch_name(enum nt_arch arch);

/* Positions stretched as Llama 3.1 has them: long wavelengths are made longer. */
struct nt_rope_scaling {
	double factor;            /* how much longer; 0: no stretching */
	double low_freq_factor, high_freq_factor;
	uint32_t original_max_position_embeddings;
};

/* Names as in config.json of Hugging Face's LlamaConfig; readers accept GPT-2's own too. */
struct nt_config {
	enum nt_arch arch;
	uint32_t vocab_size, hidden_size, intermediate_size;
	uint32_t num_hidden_layers, num_attention_heads, num_key_value_heads, head_dim;
	uint32_t max_position_embeddings;
	double norm_eps;          /* rms_norm_eps or layer_norm_epsilon */
	double rope_theta;        /* all but GPT-2 */
	double initializer_range; /* standard deviation of first weights */
	struct nt_rope_scaling rope_scaling;
	bool attention_bias;      /* Llama and Qwen3: biases of q, k, v and o */
	bool mlp_bias;            /* Llama: of gate, up and down */
	bool tie_word_embeddings;
	uint32_t bos_token_id, eos_token_id; /* or NT_NO_TOKEN */
	uint32_t n_more_eos, more_eos[NT_EOS_MOST - 1]; /* what else ends a text, if eos_token_id is a list */
};

/* What Hugging Face's class takes where nothing is said; sizes stay 0, most of them. */
void nt_config_init(struct nt_config *c, enum nt_arch arch);
/* Says what in the configuration cannot be: NT_EARG. */
int nt_config_check(const struct nt_config *c);
/* DIR/config.json, checked, and of DIR/generation_config.json, if it is there, what ends a text.
 * NT_EFORMAT names a setting that is not implemented here. */
int nt_config_read(struct nt_config *c, const char *dir);
/* The same from the text of a config.json; name is for messages. */
int nt_config_parse(struct nt_config *c, const void *json, size_t len, const char *name);
/* ... and of a generation_config.json: ends of text that c does not have yet are added to it. */
int nt_config_parse_generation(struct nt_config *c, const void *json, size_t len, const char *name);
/* How weights are written: as they are, f32 (f64 in the double-precision build), or rounded to nearest. */
enum nt_precision { NT_PRECISION_REAL, NT_PRECISION_F16, NT_PRECISION_BF16 };
/* Appends the text of a config.json that Hugging Face's library reads as this model. */
int nt_config_print(struct nt_buf *out, const struct nt_config *c, enum nt_precision precision);
/* ... and of a generation_config.json: where a text begins and ends. */
int nt_config_print_generation(struct nt_buf *out, const struct nt_config *c);

/* The ends of the model, and where it names none the tokenizer's (NULL: there is no tokenizer). */
struct nt_ends nt_config_ends(const struct nt_config *c, const struct nt_ident *tokenizer);
bool nt_ends_is_eos(const struct nt_ends *e, uint32_t id);

size_t nt_config_n_param(const struct nt_config *c); /* of a checked one */

/* One row of the one tensor table: counting, allocating, saving, loading, printing. */
struct nt_tensor {
	char name[96];     /* Hugging Face's */
	uint32_t n_dim;    /* 1 or 2 */
	size_t shape[2];   /* row-major */
	size_t offset, n;  /* elements, into params, gradients and moments alike */
	bool has_decay;    /* weight decay: matrices (embeddings too), not vectors */
	uint32_t n_factor; /* matrices of a layer in it, side by side: 3 in GPT-2's c_attn [C][3 C],
			    * else 1; 0: embeddings, head and vectors */
	bool is_in_out;    /* such a matrix is [in][out] and not [out][in] */
};

struct nt_model {
	struct nt_config config;
	struct nt_tensor *tensor; /* [n_tensor] */
	size_t n_tensor, n_param;
	nt_real *param;           /* [n_param], 64-byte aligned */
	char *tokenizer_json;     /* what DIR/tokenizer.json held, or NULL */
	size_t tokenizer_json_len;
};

int nt_model_new(struct nt_model **m, const struct nt_config *c); /* checks c; params not set */
int nt_model_outline(struct nt_model **m, const struct nt_config *c); /* the same but for param, NULL */

/*
 * First weights: matrices N(0, initializer_range), those that end a residual branch
 * divided by sqrt(2 num_hidden_layers) (Radford et al. 2019), norms 1, biases 0.
 * Parameter i is draw i of the seed, so the same weights come out anywhere.
 */
void nt_model_init(struct nt_model *m, uint64_t seed);

/*
 * An HF directory, its weights in model.safetensors or in the files that
 * model.safetensors.index.json names; or a .safetensors file with config.json (and
 * tokenizer.json) beside it.
 */
int nt_model_load(struct nt_model **m, const char *path);
/* Has the directory a config.json and weights? */
bool nt_model_is(const char *dir);
/* Appends what such a directory holds as a JSON object; refuses what cannot be loaded. */
int nt_model_describe(const char *dir, struct nt_buf *json);
/*
 * Writes the HF files (model.safetensors, config.json, generation_config.json, and with
 * an ident tokenizer.json and tokenizer_config.json) into the existing directory, each
 * whole or not at all and fsynced. Before the first: NT_EFAIL names a weight that the precision
 * cannot hold, NT_EFORMAT says that the tokenizer has more ids than the model.
 */
int nt_model_save(const struct nt_model *m, const char *dir, const struct nt_ident *ident, enum nt_precision precision);
void nt_model_free(struct nt_model *m); /* NULL is harmless */

/* How a model becomes llama.cpp's file. */
struct nt_gguf_export {
	enum nt_gguf_type type; /* of matrices; vectors and GPT-2's positions stay f32 */
	const char *name;       /* general.name; NULL: none */
	const struct nt_gguf_keys *tokenizer; /* nt_tokenizer_gguf made them */
	void (*progress)(void *arg, double done); /* of 1; NULL: nobody asks */
	void *arg;
};
/* Writes it as a GGUF file. Before the first byte: NT_EARG, llama.cpp has no such model, and the sentence
 * says why; NT_EFAIL names a weight that the type cannot hold. */
int nt_model_write_gguf(struct nt_out *out, const struct nt_model *m, const struct nt_gguf_export *e);

/* --- whole rows: loss and gradient --------------------------------------------- */

#define NT_IGNORE UINT32_MAX /* a target that is not one */

/*
 * B rows of T positions. start[b*T + t] is the column at which the document fragment of
 * position t begins: t sees exactly [start, t], and its position is t - start. Padding:
 * any id, target NT_IGNORE, start t.
 */
struct nt_batch {
	size_t B, T;
	const uint32_t *input;  /* [B][T] */
	const uint32_t *target; /* [B][T] */
	const uint32_t *start;  /* [B][T] */
};

/* Which way a batch goes through the model. */
enum nt_pass {
	NT_PASS_FORWARD,
	NT_PASS_BACKWARD,  /* and forward */
	NT_PASS_RECOMPUTE, /* the same bits; of a layer only what goes in is kept, and the rest worked
	                    * out again on the way back: a third more work, a fraction of the memory */
};

/*
 * Activations for up to B rows of up to T <= max_position_embeddings positions,
 * allocated once: a step allocates nothing. The pool is borrowed (NULL: this thread).
 */
struct nt_work;
int nt_work_new(struct nt_work **w, const struct nt_config *c, size_t B, size_t T,
		enum nt_pass pass, struct nt_pool *pool);
/* What that takes; 0 with NT_ESYS's sentence if it is no size_t. */
size_t nt_work_bytes(const struct nt_config *c, size_t B, size_t T, enum nt_pass pass,
		     int n_thread);
void nt_work_free(struct nt_work *w); /* NULL is harmless */

/*
 * From now on matrix products take their operands rounded to bf16 and sum in f32; weights,
 * activations and gradients stay f32. Where the CPU does not multiply bf16 nothing changes.
 */
bool nt_has_bf16(void);
void nt_work_set_bf16(struct nt_work *w, bool is_bf16);

/*
 * From now on gradients are those of L + zeta sum_n log^2 Z_n, over all targets, where Z_n is the
 * sum that softmax divides by: logits do not drift. Losses that are returned stay L. 0: off.
 * Chowdhery et al. 2022, arXiv:2204.02311 (PaLM), section 5, with zeta = 1e-4.
 */
void nt_work_set_z_loss(struct nt_work *w, double zeta);

/*
 * Returns the summed loss in nats over all targets, in f64 and in a fixed order.
 * nll (or NULL): [B][T], 0 where ignored. logits (or NULL): [B][T][V].
 */
double nt_forward(struct nt_work *w, const struct nt_model *m, const struct nt_batch *batch,
		  nt_real *nll, nt_real *logits);

/* What of it is row b's, in nats, after either of these two. */
double nt_row_loss(const struct nt_work *w, size_t b);

/* The same, and grad[n_param] += scale * dL/dparam. The same bits at any pool size. */
double nt_forward_backward(struct nt_work *w, const struct nt_model *m,
			   const struct nt_batch *batch, double scale, nt_real *grad);

/* The same into a grad that holds nothing yet: it is written, and need not be cleared. */
double nt_forward_backward_first(struct nt_work *w, const struct nt_model *m,
				 const struct nt_batch *batch, double scale, nt_real *grad);

/* --- what a model makes of a sequence ------------------------------------------- */
enum { NT_SCORED_TOP = 5, NT_POSITION_BINS = 26 };
struct nt_scored {
	double nll;                     /* -log p(target), nats */
	uint32_t rank;                  /* of the target among all tokens; 1: the likeliest */
	uint32_t pred_id, wrong_id;     /* the likeliest token; and the likeliest but the target */
	double p_pred, p_wrong;
	uint32_t top_id[NT_SCORED_TOP]; /* the likeliest, the likeliest first ... */
	float top_p[NT_SCORED_TOP];     /* ... and 0 behind the last of a smaller vocabulary */
};

/* What targets cost that had [2^b, 2^(b+1)) inputs to be predicted from, for b = 0, 1, ... */
struct nt_position_sum {
	double nats;
	uint64_t targets;
};

/*
 * Scores sequences of any length. Those with more than seq_len targets are cut as training
 * cuts rows: the next piece begins with the last token of the one before, so every target is
 * predicted once. With a stride pieces of seq_len inputs begin that many tokens apart, and
 * what a piece shares with the one before is context in it, no target: a sliding window, in
 * which a target has at least seq_len - stride inputs before it. lm (nt/generate.h) and pool are
 * borrowed; products are multiplied in what lm's matrices are held in.
 */
struct nt_lm;
struct nt_scorer;
int nt_scorer_new(struct nt_scorer **s, const struct nt_lm *lm, struct nt_pool *pool);
void nt_scorer_free(struct nt_scorer *s); /* NULL is harmless */
/* Before anything is scored. 0: max_position_embeddings, and seq_len. NT_EARG: seq_len is more
 * than the first, or stride more than seq_len. */
int nt_scorer_set_window(struct nt_scorer *s, uint64_t seq_len, uint64_t stride);
/* id[0] is only context. *scored has n - 1 entries, valid until the next call. NT_EARG:
 * an id is not of the vocabulary. */
int nt_scorer_run(struct nt_scorer *s, const uint32_t *id, size_t n, const struct nt_scored **scored);
/* The same for the total alone, many sequences to a pass: nothing is certain before
 * nt_scorer_total, which adds up what was added since the last call of it. */
int nt_scorer_add(struct nt_scorer *s, const uint32_t *id, size_t n);
/* ... where the first n_context ids, at least 1, are only context. */
int nt_scorer_add_behind(struct nt_scorer *s, const uint32_t *id, size_t n, size_t n_context);
double nt_scorer_total(struct nt_scorer *s); /* nats */
/* [NT_POSITION_BINS] of all targets so far, those waiting for nt_scorer_total not. */
const struct nt_position_sum *nt_scorer_positions(const struct nt_scorer *s);

/* FLOPs of one training step per token at row length T, causal attention counted once. */
double nt_flops_per_token(const struct nt_config *c, size_t T);

/* --- choosing a token ----------------------------------------------------------- */
/* In this order, with the meaning they have in llama.cpp. */
struct nt_sampling {
	double repeat_penalty;  /* of tokens among the last repeat_last_n: a logit above 0 is divided by it,
	                         * any other multiplied, once; 0 or 1: off */
	uint32_t repeat_last_n; /* UINT32_MAX: all of them */
	uint32_t top_k;     /* keep the k likeliest; 0: off */
	double top_p;       /* the fewest that together have at least p of what those kept so far have; 1: off */
	double min_p;       /* those at least p times as likely as the likeliest; 0: off */
	double temperature; /* divides the logits of what is left; 0: the likeliest */
	uint64_t seed;
};
/* What nt-sample and samples of a training take unless told otherwise. */
#define NT_SAMPLING_TOP_K 40
#define NT_SAMPLING_TOP_P 0.95
#define NT_SAMPLING_MIN_P 0.05
#define NT_SAMPLING_TEMPERATURE 0.8
#define NT_SAMPLING_REPEAT_LAST_N 64
struct nt_sampler;
/* NT_EARG: an option out of range. */
int nt_sampler_new(struct nt_sampler **s, const struct nt_sampling *options, size_t vocab_size);
void nt_sampler_free(struct nt_sampler *s);
/* counter: the draw's number, so that a seed gives the same text at any -j. A NaN is the
 * least likely of all. */
uint32_t nt_sample(struct nt_sampler *s, const nt_real *logits, uint64_t counter);
/* The same behind the tokens id[n], prompt included: what repeat_penalty looks at the last of. Of a
 * sampler only the options are kept between calls: sequences that take turns may share one. */
uint32_t nt_sample_behind(struct nt_sampler *s, const nt_real *logits, const uint32_t *id, size_t n,
			  uint64_t counter);

#endif
