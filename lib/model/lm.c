/* SPDX-License-Identifier: MIT */
/*
 * lm.c - a model's weights, made for generating
 *
 * Weights are used where they lie, in the mapped file or in the model that they are borrowed
 * from: nothing is read before it is multiplied with, and what several processes generate from
 * is in memory once. A matrix is packed only where that cannot be: where another form is asked
 * for, or a file holds Conv1D's [in][out] in 16 bits. That goes over the pool. Norms and biases
 * of a file become nt_real: they are a thousandth of it.
 *
 * A file in the page cache still costs a fault for every 64 KiB, some 2 us of the first token's
 * time. A thread reads a byte of each ahead of the product that needs it, in the order of the
 * layers, while whoever loads the model reads its tokenizer.
 */
#include "model/lm.h"

#include <stdlib.h>
#include <string.h>

#include "base/half.h"
#include "base/le.h"
#include "kern/gemm.h"
#include "model/layout.h"
#include "nt/err.h"
#include "nt/mem.h"

/* --- where a tensor of the table belongs ----------------------------------------------- */

struct slot {
	struct nt_matrix *matrix; /* one of the two */
	const nt_real **vector;
};

static struct slot next_part(struct nt_lm_linear *l)
{
	return (struct slot){.matrix = &l->part[l->n_part++]};
}

static struct slot next_bias(struct nt_lm_linear *l)
{
	return (struct slot){.vector = &l->bias[l->n_bias++]};
}

static struct slot slot_of(struct nt_lm *lm, enum nt_role role, struct nt_lm_layer *l)
{
	switch (role) {
	case NT_ROLE_EMBED:
		return (struct slot){.matrix = &lm->embed};
	case NT_ROLE_POSITION:
		return (struct slot){.matrix = &lm->position};
	case NT_ROLE_NORM1:
		return (struct slot){.vector = &l->norm1.w};
	case NT_ROLE_NORM1_BIAS:
		return (struct slot){.vector = &l->norm1.b};
	case NT_ROLE_QKV:
		return next_part(&l->qkv);
	case NT_ROLE_QKV_BIAS:
		return next_bias(&l->qkv);
	case NT_ROLE_Q_NORM:
		return (struct slot){.vector = &l->q_norm};
	case NT_ROLE_K_NORM:
		return (struct slot){.vector = &l->k_norm};
	case NT_ROLE_OUT:
		return next_part(&l->out);
	case NT_ROLE_OUT_BIAS:
		return next_bias(&l->out);
	case NT_ROLE_NORM2:
		return (struct slot){.vector = &l->norm2.w};
	case NT_ROLE_NORM2_BIAS:
		return (struct slot){.vector = &l->norm2.b};
	case NT_ROLE_UP:
		return next_part(&l->up);
	case NT_ROLE_UP_BIAS:
		return next_bias(&l->up);
	case NT_ROLE_DOWN:
		return next_part(&l->down);
	case NT_ROLE_DOWN_BIAS:
		return next_bias(&l->down);
	case NT_ROLE_NORM_F:
		return (struct slot){.vector = &lm->norm_f.w};
	case NT_ROLE_NORM_F_BIAS:
		return (struct slot){.vector = &lm->norm_f.b};
	case NT_ROLE_HEAD:
		return next_part(&lm->head);
	case NT_ROLE_COUNT:
		break;
	}
	nt_assert(false);
	return (struct slot){0};
}

/* Calls place for every tensor of the table, whose slot is empty but for the matrix's sides. */
static int fill(struct nt_lm *lm, int (*place)(void *arg, size_t i, const struct nt_tensor *t, struct slot s),
		void *arg)
{
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	struct nt_lm_layer *next = lm->layer;
	int rc = 0;
	for (size_t i = 0; rc == 0 && nt_layout_tensor(&lm->config, i, &t, &role, &first); i++) {
		next += role == NT_ROLE_NORM1; /* which a layer begins with */
		struct slot s = slot_of(lm, role, next - (next > lm->layer));
		if (s.matrix)
			*s.matrix = (struct nt_matrix){.is_in_out = t.is_in_out, .I = t.shape[!t.is_in_out],
						       .O = t.shape[t.is_in_out]};
		rc = place(arg, i, &t, s);
	}
	if (lm->config.tie_word_embeddings)
		*next_part(&lm->head).matrix = lm->embed;
	return rc;
}

static int new_lm(struct nt_lm **result, const struct nt_config *c)
{
	struct nt_lm *lm = nt_calloc(1, sizeof(*lm));
	*result = NULL;
	if (!lm)
		return NT_ESYS;
	lm->config = *c;
	lm->layer = nt_calloc(c->num_hidden_layers, sizeof(*lm->layer));
	if (!lm->layer) {
		free(lm);
		return NT_ESYS;
	}
	*result = lm;
	return 0;
}

/* --- a model in memory ----------------------------------------------------------------- */

static int borrow(void *arg, size_t i, const struct nt_tensor *t, struct slot s)
{
	const struct nt_model *m = arg;
	const nt_real *data = m->param + m->tensor[i].offset;
	(void)t;
	if (s.vector) {
		*s.vector = data;
	} else {
		s.matrix->type = NT_MATRIX_REAL;
		s.matrix->data = data;
	}
	return 0;
}

int nt_lm_of_model(struct nt_lm **lm, const struct nt_model *m)
{
	int rc = new_lm(lm, &m->config);
	if (rc == 0)
		rc = fill(*lm, borrow, (void *)(uintptr_t)m);
	if (rc < 0) {
		nt_lm_free(*lm);
		*lm = NULL;
		return rc;
	}
	(*lm)->is_exact = true;
	(*lm)->tokenizer_json = m->tokenizer_json;
	(*lm)->tokenizer_json_len = m->tokenizer_json_len;
	return 0;
}

/* --- a checkpoint, mapped ---------------------------------------------------------------- */

static int type_of(enum nt_matrix_type *type, const struct nt_safetensor *t)
{
	static const char *const name[] = {[NT_MATRIX_F32] = "F32", [NT_MATRIX_F16] = "F16",
					   [NT_MATRIX_BF16] = "BF16", [NT_MATRIX_F64] = "F64"};
	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (name[i] && strcmp(name[i], t->dtype) == 0) {
			*type = (enum nt_matrix_type)i;
			return 0;
		}
	return nt_fail(NT_EFORMAT, "'%.80s' has dtype %s; expected F32, F16, BF16 or F64", t->name, t->dtype);
}

struct mapping {
	struct nt_lm *lm;
	nt_real *vector; /* the next one's place */
};

static int map_tensor(void *arg, size_t i, const struct nt_tensor *t, struct slot s)
{
	struct mapping *m = arg;
	const struct nt_safetensor *from = nt_pretrained_find(&m->lm->stored, t->name);
	(void)i;
	if (s.matrix) {
		s.matrix->data = from->data;
		return type_of(&s.matrix->type, from);
	}
	*s.vector = m->vector;
	m->vector += t->n;
	return nt_safetensor_real(from, m->vector - t->n);
}

static int map_weights(struct nt_lm *lm)
{
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	size_t n = 0;
	for (size_t i = 0; nt_layout_tensor(&lm->config, i, &t, &role, &first); i++)
		n += t.n_dim == 1 ? t.n : 0;
	if (!(lm->vectors = nt_alloc(n, sizeof(*lm->vectors))))
		return NT_ESYS;
	return fill(lm, map_tensor, &(struct mapping){lm, lm->vectors});
}

/* --- matrices in another form ------------------------------------------------------------ */

static bool is_real(enum nt_matrix_type type)
{
	return type == NT_MATRIX_F32 || type == NT_MATRIX_F64;
}

/* What a group is to be: its matrices go into one product. For the head, 4 bits are too few: so
 * llama.cpp's files have it, too. */
static enum nt_matrix_type wanted(const struct nt_lm *lm, const struct nt_lm_linear *l, enum nt_lm_dtype dtype)
{
	enum nt_matrix_type type = l->part[0].type;
	switch (dtype) {
	case NT_LM_F32:
		return NT_MATRIX_F32;
	case NT_LM_BF16:
		return NT_MATRIX_BF16;
	case NT_LM_Q8_0:
		return NT_MATRIX_Q8_0;
	case NT_LM_Q4_0:
		return l == &lm->head ? NT_MATRIX_Q8_0 : NT_MATRIX_Q4_0;
	case NT_LM_AS_STORED:
		break;
	}
	for (size_t k = 1; k < l->n_part; k++)
		type = l->part[k].type == type ? type : NT_MATRIX_REAL;
	return type == NT_MATRIX_F64 ? NT_MATRIX_REAL : type;
}

static bool is_usable(const struct nt_matrix *m, enum nt_matrix_type type)
{
	return m->type == type && (!m->is_in_out || is_real(type));
}

/* Group i of all, the head last; NULL behind it. */
static struct nt_lm_linear *nth_linear(struct nt_lm *lm, size_t i)
{
	size_t l = i / 4, L = lm->config.num_hidden_layers;
	if (l >= L)
		return i == 4 * L ? &lm->head : NULL;
	struct nt_lm_linear *of[4] = {&lm->layer[l].qkv, &lm->layer[l].out, &lm->layer[l].up, &lm->layer[l].down};
	return of[i % 4];
}

/* Some outputs of a matrix. */
struct job {
	struct nt_matrix from;
	void *to;
	enum nt_matrix_type type;
	size_t first, n;
};

struct jobs {
	struct job *job;
	size_t n, cap;
};

enum { JOB_ELEMENTS = 1 << 18 };

static int add_jobs(struct jobs *jobs, struct job job)
{
	size_t O = job.from.O, step = (JOB_ELEMENTS / job.from.I / NT_MATRIX_PANEL + 1) * NT_MATRIX_PANEL;
	for (; job.first < O; job.first += step) {
		int rc = nt_grow(&jobs->job, &jobs->cap, jobs->n + 1, sizeof(*jobs->job));
		if (rc < 0)
			return rc;
		job.n = O - job.first < step ? O - job.first : step;
		jobs->job[jobs->n++] = job;
	}
	return 0;
}

static int run_job(void *arg, size_t i)
{
	const struct job *j = (const struct job *)arg + i;
	nt_matrix_pack(j->to, j->type, &j->from, j->first, j->n);
	return 0;
}

/* Matrices to be packed: where the next one comes to lie, and how many bytes that was in all. */
struct plan {
	uint8_t *to; /* NULL: they are only counted */
	size_t bytes;
	struct jobs jobs;
};

static int plan_matrix(struct plan *p, struct nt_matrix *m, enum nt_matrix_type type)
{
	uint8_t *to = p->to ? p->to + p->bytes : NULL;
	p->bytes += (nt_matrix_bytes(type, m->I, m->O) + 63) / 64 * 64;
	if (!to)
		return 0;
	int rc = add_jobs(&p->jobs, (struct job){.from = *m, .to = to, .type = type});
	*m = (struct nt_matrix){.type = type, .I = m->I, .O = m->O, .data = to};
	return rc;
}

static int plan_all(struct plan *p, struct nt_lm *lm, enum nt_lm_dtype dtype)
{
	struct nt_lm_linear *l;
	int rc = 0;
	p->bytes = 0;
	for (size_t i = 0; rc == 0 && (l = nth_linear(lm, i)); i++) {
		enum nt_matrix_type type = wanted(lm, l, dtype);
		bool is_all_usable = true;
		for (size_t k = 0; k < l->n_part; k++)
			is_all_usable = is_all_usable && is_usable(&l->part[k], type);
		for (size_t k = 0; rc == 0 && k < l->n_part && !is_all_usable; k++)
			rc = plan_matrix(p, &l->part[k], type);
	}
	return rc;
}

static int pack(struct nt_lm *lm, enum nt_lm_dtype dtype, struct nt_pool *pool)
{
	struct plan p = {0};
	int rc = plan_all(&p, lm, dtype);
	if (p.bytes == 0)
		return rc;
	if (!(p.to = lm->packed = nt_alloc(p.bytes, 1)))
		return NT_ESYS;
	rc = plan_all(&p, lm, dtype);
	if (rc == 0)
		rc = nt_pool_run(pool, p.jobs.n, run_job, p.jobs.job);
	free(p.jobs.job);
	return rc;
}

/* --- pages of the file -------------------------------------------------------------------- */

enum { TOUCH = 64 << 10 }; /* what Linux maps around a page that is read */

static void touch(const struct nt_matrix *m)
{
	const volatile uint8_t *p = m->data;
	size_t n = nt_matrix_bytes(m->type, m->I, m->O);
	for (size_t at = 0; at < n; at += TOUCH)
		(void)p[at];
}

/* What a file is mapped for, in the order in which it is needed. */
static void touch_all(void *arg)
{
	struct nt_lm *lm = arg;
	const struct nt_lm_linear *l;
	for (size_t i = 0; (l = nth_linear(lm, i)) && !atomic_load(&lm->is_ending); i++)
		for (size_t k = 0; k < l->n_part; k++)
			touch(&l->part[k]);
}

static bool has_all_bits(struct nt_lm *lm)
{
	const struct nt_lm_linear *l;
	for (size_t i = 0; (l = nth_linear(lm, i)); i++)
		if (!is_real(l->part[0].type))
			return false;
	return true;
}

int nt_lm_load(struct nt_lm **result, const char *path, enum nt_lm_dtype dtype, struct nt_pool *pool)
{
	struct nt_pretrained stored;
	*result = NULL;
	int rc = nt_gemm_load(); /* for a prompt */
	if (rc == 0)
		rc = nt_pretrained_open(&stored, path);
	if (rc < 0)
		return rc;
	rc = new_lm(result, &stored.config);
	if (rc < 0) {
		nt_pretrained_close(&stored);
		return rc;
	}
	struct nt_lm *lm = *result;
	lm->stored = stored;
	lm->tokenizer_json = (const char *)stored.tokenizer.data;
	lm->tokenizer_json_len = stored.tokenizer.len;
	if ((rc = map_weights(lm)) < 0)
		rc = nt_fail(rc, "%s: %s", path, nt_errmsg());
	if (rc == 0)
		rc = pack(lm, dtype, pool);
	lm->is_exact = rc == 0 && has_all_bits(lm);
	if (rc == 0 && nt_pool_size(pool) > 1)
		rc = nt_thread_start(&lm->toucher, touch_all, lm);
	if (rc < 0) {
		nt_lm_free(lm);
		*result = NULL;
	}
	return rc;
}

void nt_lm_free(struct nt_lm *lm)
{
	if (!lm)
		return;
	atomic_store(&lm->is_ending, true);
	nt_thread_join(lm->toucher);
	nt_pretrained_close(&lm->stored);
	free(lm->layer);
	free(lm->vectors);
	free(lm->packed);
	free(lm);
}

const struct nt_config *nt_lm_config(const struct nt_lm *lm)
{
	return &lm->config;
}

const char *nt_lm_tokenizer_json(const struct nt_lm *lm, size_t *len)
{
	*len = lm->tokenizer_json_len;
	return lm->tokenizer_json;
}

void nt_lm_row(nt_real *out, const struct nt_matrix *m, size_t row)
{
	size_t n = m->I;
	const uint8_t *data = m->data, *half = data + 2 * row * n;
	float single;
	double twice;
	switch (m->type) {
	case NT_MATRIX_F32:
		for (size_t i = 0; i < n; i++) {
			memcpy(&single, data + (row * n + i) * sizeof(single), sizeof(single));
			out[i] = (nt_real)single;
		}
		break;
	case NT_MATRIX_F64:
		for (size_t i = 0; i < n; i++) {
			memcpy(&twice, data + (row * n + i) * sizeof(twice), sizeof(twice));
			out[i] = (nt_real)twice;
		}
		break;
	case NT_MATRIX_F16:
		for (size_t i = 0; i < n; i++)
			out[i] = (nt_real)nt_from_f16(nt_le16(half + 2 * i));
		break;
	default:
		for (size_t i = 0; i < n; i++)
			out[i] = (nt_real)nt_from_bf16(nt_le16(half + 2 * i));
	}
}
