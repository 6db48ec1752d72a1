/* SPDX-License-Identifier: MIT */
/*
 * gguf.c - a model as llama.cpp's file
 *
 * The same numbers under other names, in three other orders:
 *
 *   rows of q and k   llama.cpp's "llama" turns elements 2 j and 2 j + 1 of a head together, Hugging
 *                     Face's j and j + D/2, so rows (and biases) go from [2][D/2] to [D/2][2] in each
 *                     head. Its "qwen2" and "qwen3" turn as we do, and nothing moves.
 *   Conv1D            GPT-2's [in][out] become [out][in]
 *   dimensions        are written backwards
 *
 * A wrong order loads and runs and writes nonsense; tests/interop/llama.sh has such a file.
 *
 * Norms, biases and GPT-2's positions stay f32, as llama.cpp's own converter has them. In a q4_0
 * file the matrix that makes logits is q8_0 (llama.cpp takes q6_K): it costs the most when it is
 * coarse. A matrix whose rows are no multiple of 32 is f16 there, as it is in llama.cpp's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/blocks.h"
#include "model/family.h"
#include "model/work.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/model.h"

enum { N_BLOCK = 32 };

/* --- names ----------------------------------------------------------------------------- */

static const struct {
	const char *ours, *theirs; /* without what stands in front of a layer's, and ".weight" */
} names[] = {
	{"model.embed_tokens", "token_embd"}, {"model.norm", "output_norm"}, {"lm_head", "output"},
	{"transformer.wte", "token_embd"}, {"transformer.wpe", "position_embd"}, {"transformer.ln_f", "output_norm"},

	{"input_layernorm", "attn_norm"}, {"self_attn.q_proj", "attn_q"}, {"self_attn.k_proj", "attn_k"},
	{"self_attn.v_proj", "attn_v"}, {"self_attn.o_proj", "attn_output"}, {"self_attn.q_norm", "attn_q_norm"},
	{"self_attn.k_norm", "attn_k_norm"}, {"post_attention_layernorm", "ffn_norm"},
	{"mlp.gate_proj", "ffn_gate"}, {"mlp.up_proj", "ffn_up"}, {"mlp.down_proj", "ffn_down"},

	{"ln_1", "attn_norm"}, {"attn.c_attn", "attn_qkv"}, {"attn.c_proj", "attn_output"}, {"ln_2", "ffn_norm"},
	{"mlp.c_fc", "ffn_up"}, {"mlp.c_proj", "ffn_down"},
};

/* "model.layers.3.mlp.up_proj.weight" to "blk.3.ffn_up.weight"; returns "ffn_up". */
static const char *rename_tensor(char *out, size_t room, const char *ours)
{
	static const char *const before[] = {"model.layers.", "transformer.h."};
	char layer[24] = "";
	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		size_t n = strlen(before[i]);
		if (strncmp(ours, before[i], n) != 0)
			continue;
		char *end;
		snprintf(layer, sizeof(layer), "blk.%lu.", strtoul(ours + n, &end, 10));
		ours = end + 1;
	}
	const char *last = strrchr(ours, '.');
	size_t len = (size_t)(last - ours), i = 0;
	while (strlen(names[i].ours) != len || memcmp(names[i].ours, ours, len) != 0)
		i++;
	snprintf(out, room, "%s%s%s", layer, names[i].theirs, last);
	return names[i].theirs;
}

/* --- what is written of each tensor ---------------------------------------------------- */

struct plan {
	const struct nt_tensor *t; /* NULL: frequencies of stretched positions */
	bool is_turned;            /* rows of heads change places */
	struct nt_gguf_source as;
};

static enum nt_gguf_type choose_type(const struct nt_model *m, const struct plan *p, const char *name,
				     enum nt_gguf_type asked)
{
	bool makes_logits = strcmp(name, "output") == 0 ||
			    (m->config.tie_word_embeddings && strcmp(name, "token_embd") == 0);
	if (p->as.n_dim == 1 || strcmp(name, "position_embd") == 0)
		return NT_GGML_F32;
	if ((asked == NT_GGML_Q8_0 || asked == NT_GGML_Q4_0) && p->as.shape[1] % N_BLOCK)
		return NT_GGML_F16;
	return asked == NT_GGML_Q4_0 && makes_logits ? NT_GGML_Q8_0 : asked;
}

static bool turns_rows(const struct nt_model *m)
{
	return m->config.arch == NT_LLAMA || m->config.arch == NT_MISTRAL;
}

static void plan_tensor(struct plan *p, const struct nt_model *m, const struct nt_tensor *t, enum nt_gguf_type type)
{
	p->t = t;
	p->as.n_dim = t->n_dim;
	p->as.shape[0] = t->is_in_out ? t->shape[1] : t->shape[0];
	p->as.shape[1] = t->is_in_out ? t->shape[0] : t->shape[1];
	const char *name = rename_tensor(p->as.name, sizeof(p->as.name), t->name);
	bool is_qk = strcmp(name, "attn_q") == 0 || strcmp(name, "attn_k") == 0;
	p->is_turned = is_qk && turns_rows(m);
	p->as.type = choose_type(m, p, name, type);
}

/* *n of them; plan[n_tensor + 1] is room enough. */
static void plan_all(struct plan *plan, size_t *n, const struct nt_model *m, enum nt_gguf_type type)
{
	*n = 0;
	if (m->config.rope_scaling.factor > 0)
		plan[(*n)++] = (struct plan){.as = {.name = "rope_freqs.weight", .type = NT_GGML_F32, .n_dim = 1,
						    .shape = {m->config.head_dim / 2}}};
	for (size_t i = 0; i < m->n_tensor; i++)
		plan_tensor(&plan[(*n)++], m, &m->tensor[i], type);
}

static int check_values(const struct nt_model *m, const struct plan *plan, size_t n)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (plan[i].t)
			rc = nt_blocks_check(m->param + plan[i].t->offset, plan[i].t->n, plan[i].as.type, plan[i].t->name);
	return rc;
}

/* --- keys ------------------------------------------------------------------------------ */

static const char *their_arch(enum nt_arch arch)
{
	return arch == NT_MISTRAL ? "llama" : nt_arch_name(arch);
}

static int add_count(struct nt_gguf_keys *k, const struct nt_config *c, const char *key, uint32_t value)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.%s", their_arch(c->arch), key);
	return nt_gguf_add_u32(k, name, value);
}

static int add_real(struct nt_gguf_keys *k, const struct nt_config *c, const char *key, double value)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.%s", their_arch(c->arch), key);
	return nt_gguf_add_f32(k, name, value);
}

static int add_sizes(struct nt_gguf_keys *k, const struct nt_config *c)
{
	bool has_rope = nt_family(c->arch)->has_rope;
	const struct {
		const char *key;
		uint32_t value;
		bool is_of_rope;
	} row[] = {
		{"block_count", c->num_hidden_layers, false},
		{"context_length", c->max_position_embeddings, false},
		{"embedding_length", c->hidden_size, false},
		{"feed_forward_length", c->intermediate_size, false},
		{"attention.head_count", c->num_attention_heads, false},
		{"vocab_size", c->vocab_size, false},
		{"attention.head_count_kv", c->num_key_value_heads, true},
		{"attention.key_length", c->head_dim, true},
		{"attention.value_length", c->head_dim, true},
		{"rope.dimension_count", c->head_dim, true},
	};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(row) / sizeof(*row); i++)
		if (has_rope || !row[i].is_of_rope)
			rc = add_count(k, c, row[i].key, row[i].value);
	if (rc == 0 && has_rope)
		rc = add_real(k, c, "rope.freq_base", c->rope_theta);
	return rc < 0 ? rc : add_real(k, c, has_rope ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon",
				      c->norm_eps);
}

static int add_general(struct nt_gguf_keys *k, const struct nt_config *c, const struct nt_gguf_export *e)
{
	static const uint32_t file_type[] = {
		[NT_GGML_F32] = 0, [NT_GGML_F16] = 1, [NT_GGML_Q4_0] = 2, [NT_GGML_Q8_0] = 7, [NT_GGML_BF16] = 32,
	};
	int rc = nt_gguf_add_text(k, "general.architecture", their_arch(c->arch));
	if (rc == 0)
		rc = nt_gguf_add_text(k, "general.type", "model");
	if (rc == 0 && e->name)
		rc = nt_gguf_add_text(k, "general.name", e->name);
	if (rc == 0)
		rc = nt_gguf_add_u32(k, "general.file_type", file_type[e->type]);
	return rc < 0 ? rc : nt_gguf_add_u32(k, "general.quantization_version", 2);
}

static int check(const struct nt_config *c)
{
	if (c->rope_scaling.factor > 0 && c->arch != NT_LLAMA && c->arch != NT_MISTRAL)
		return nt_fail(NT_EARG, "llama.cpp stretches positions as Llama 3 does in llama models only, not in %s",
			       nt_arch_name(c->arch));
	if (c->arch == NT_QWEN3 && c->attention_bias)
		return nt_fail(NT_EARG, "llama.cpp's qwen3 has no biases of attention, and this model does");
	return 0;
}

/* --- tensors --------------------------------------------------------------------------- */

struct writer {
	const struct nt_model *m;
	struct nt_out *out;
	float *row;      /* [widest] */
	uint8_t *blocks; /* [widest] in f32, which is the most */
};

/* Which of our rows is row r of theirs: element 2 j + s of a head was s D/2 + j. */
static size_t turned(size_t r, size_t head_dim)
{
	size_t i = r % head_dim;
	return r - i + i % 2 * (head_dim / 2) + i / 2;
}

static void gather_row(float *row, const struct nt_model *m, const struct plan *p, size_t r)
{
	size_t n = p->as.shape[1], D = m->config.head_dim;
	const nt_real *x = m->param + p->t->offset;
	size_t step = p->t->is_in_out ? p->as.shape[0] : 1;
	x += p->t->is_in_out ? r : (p->is_turned ? turned(r, D) : r) * n;
	for (size_t i = 0; i < n; i++)
		row[i] = (float)x[i * step];
}

static void gather_vector(float *row, const struct nt_model *m, const struct plan *p)
{
	for (size_t i = 0; i < p->as.shape[0]; i++)
		row[i] = (float)m->param[p->t->offset + (p->is_turned ? turned(i, m->config.head_dim) : i)];
}

/* What llama.cpp divides the turn of each pair by: 1 for the short wavelengths, the factor for the
 * long ones, and between them what rope.c says of stretched positions. */
static void make_frequencies(float *row, const struct nt_config *c)
{
	struct nt_config plain = *c;
	plain.rope_scaling.factor = 0;
	for (uint32_t i = 0; i < c->head_dim / 2; i++)
		row[i] = (float)(nt_rope_speed(&plain, i) / nt_rope_speed(c, i));
}

static int write_tensor(struct writer *w, const struct plan *p)
{
	static const uint8_t zero[NT_GGUF_ALIGN];
	const struct nt_gguf_source *as = &p->as;
	size_t n_row = as->n_dim > 1 ? as->shape[0] : 1, n = as->shape[as->n_dim - 1];
	int rc = 0;
	for (size_t r = 0; rc == 0 && r < n_row; r++) {
		if (!p->t)
			make_frequencies(w->row, &w->m->config);
		else if (as->n_dim > 1)
			gather_row(w->row, w->m, p, r);
		else
			gather_vector(w->row, w->m, p);
		nt_blocks_write(w->blocks, w->row, n, as->type);
		rc = nt_out_write(w->out, w->blocks, nt_gguf_row_bytes(as));
	}
	return rc < 0 ? rc : nt_out_write(w->out, zero, (size_t)-nt_gguf_source_bytes(as) % NT_GGUF_ALIGN);
}

static int write_tensors(struct nt_out *out, const struct nt_model *m, const struct plan *plan, size_t n,
			 void (*progress)(void *arg, double done), void *arg)
{
	size_t widest = 0, done = 0;
	for (size_t i = 0; i < n; i++)
		widest = plan[i].as.shape[plan[i].as.n_dim - 1] > widest ? plan[i].as.shape[plan[i].as.n_dim - 1] : widest;
	struct writer w = {m, out, nt_alloc(widest, sizeof(float)), nt_alloc(widest, sizeof(float))};
	int rc = w.row && w.blocks ? 0 : NT_ESYS;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = write_tensor(&w, &plan[i]);
		done += plan[i].t ? plan[i].t->n : 0;
		if (rc == 0 && progress)
			progress(arg, (double)done / (double)m->n_param);
	}
	free(w.row);
	free(w.blocks);
	return rc;
}

/* All that stands before the tensors. */
static int make_head(struct nt_buf *head, const struct nt_model *m, const struct nt_gguf_export *e,
		     const struct plan *plan, size_t n)
{
	struct nt_gguf_keys k = {0};
	struct nt_gguf_source *source = nt_calloc(n, sizeof(*source));
	int rc = source ? add_general(&k, &m->config, e) : NT_ESYS;
	if (rc == 0)
		rc = add_sizes(&k, &m->config);
	if (rc == 0)
		rc = nt_buf_add(&k.bytes, e->tokenizer->bytes.data, e->tokenizer->bytes.len);
	k.n += e->tokenizer->n;
	for (size_t i = 0; rc == 0 && i < n; i++)
		source[i] = plan[i].as;
	if (rc == 0)
		rc = nt_gguf_head(head, &k, source, n);
	free(source);
	nt_gguf_keys_release(&k);
	return rc;
}

int nt_model_write_gguf(struct nt_out *out, const struct nt_model *m, const struct nt_gguf_export *e)
{
	struct nt_buf head = {0};
	size_t n;
	struct plan *plan = nt_calloc(m->n_tensor + 1, sizeof(*plan));
	int rc = plan ? check(&m->config) : NT_ESYS;
	if (rc < 0)
		goto out;
	plan_all(plan, &n, m, e->type);
	rc = check_values(m, plan, n);
	if (rc == 0)
		rc = make_head(&head, m, e, plan, n);
	if (rc == 0)
		rc = nt_out_write(out, head.data, head.len);
	if (rc == 0)
		rc = write_tensors(out, m, plan, n, e->progress, e->arg);
out:
	free(plan);
	nt_buf_release(&head);
	return rc;
}
