/* SPDX-License-Identifier: MIT */
/*
 * work.c - the memory of a pass, planned before the first batch
 *
 * plan() walks the list of arrays twice: once to add up their sizes, once to lay them
 * into the one allocation. What it says is what nt_work_bytes says and what is taken.
 */
#include "model/work.h"

#include <stdlib.h>

#include "kern/gemm.h"
#include "nt/err.h"

enum {
	HEAD_ELEMENTS = 1 << 26, /* of a chunk of logits, at most: 256 MiB in f32 */
	HEAD_ROWS_MIN = 64,      /* fewer, and a product spends its time packing the matrix */
	HEAD_ROWS_MAX = 1024,
};

struct plan {
	uint8_t *base; /* NULL: only count */
	size_t bytes;
	bool is_too_large;
};

static void *take(struct plan *p, size_t n, size_t each, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, each, &bytes) || __builtin_mul_overflow(bytes, size, &bytes) ||
	    bytes > SIZE_MAX / 4 - p->bytes - 64)
		p->is_too_large = true;
	void *at = p->base ? p->base + p->bytes : NULL;
	if (!p->is_too_large)
		p->bytes += (bytes + 63) / 64 * 64;
	return at;
}

static nt_real *reals(struct plan *p, size_t n, size_t each)
{
	return take(p, n, each, sizeof(nt_real));
}

/* Rows of a chunk of logits; the last chunk is not much smaller than the others. */
static size_t head_rows(size_t V, size_t N)
{
	size_t n = HEAD_ELEMENTS / V;
	n = n < HEAD_ROWS_MIN ? HEAD_ROWS_MIN : n > HEAD_ROWS_MAX ? HEAD_ROWS_MAX : n;
	size_t n_chunk = (N + n - 1) / n;
	return n_chunk ? (N + n_chunk - 1) / n_chunk : 0;
}

static bool has_head_norms(const struct nt_config *c)
{
	return nt_family_has(c) & NT_HAS_QK_NORM;
}

static void plan_backward(struct nt_work *w, struct plan *p, size_t N)
{
	const struct nt_config *c = &w->config;
	size_t Q = nt_qkv_width(c), U = nt_up_width(c);
	w->dx = reals(p, N, c->hidden_size);
	w->dnorm = reals(p, N, c->hidden_size);
	w->datt = reals(p, N, (size_t)c->num_attention_heads * c->head_dim);
	w->dwide = reals(p, N, Q > U ? Q : U);
	w->dact = reals(p, N, c->intermediate_size);
	size_t each = nt_rows_per_task(Q);
	w->dw_qk = has_head_norms(c) ? reals(p, (N + each - 1) / each, 2 * c->head_dim) : NULL;
}

/* Products of configuration sizes fit (nt_config_check); those with N are checked. */
static void plan(struct nt_work *w, struct plan *p)
{
	const struct nt_config *c = &w->config;
	size_t N, C = c->hidden_size, L = w->pass == NT_PASS_BACKWARD ? c->num_hidden_layers : 1;
	bool has_norm = has_head_norms(c);
	if (__builtin_mul_overflow(w->max_B, w->max_T, &N) || N > UINT32_MAX) {
		p->is_too_large = true;
		return;
	}
	w->x = reals(p, N, (w->pass == NT_PASS_FORWARD ? 1 : (size_t)c->num_hidden_layers + 1) * C);
	w->mid = reals(p, N, L * C);
	w->qkv = reals(p, N, L * nt_qkv_width(c));
	w->att = reals(p, N, L * c->num_attention_heads * c->head_dim);
	w->lse = reals(p, N, L * c->num_attention_heads);
	w->up = reals(p, N, L * nt_up_width(c));
	w->stat1 = reals(p, N, L * 2);
	w->stat2 = reals(p, N, L * 2);
	w->turned = has_norm ? reals(p, N, nt_qkv_width(c)) : NULL;
	w->stat_qk = has_norm ? reals(p, N, 2 * (size_t)(c->num_attention_heads + c->num_key_value_heads)) : NULL;
	w->stat_f = reals(p, N, 2);
	w->norm = reals(p, N, C);
	w->act = reals(p, N, c->intermediate_size);
	w->head_rows = head_rows(c->vocab_size, N);
	w->logits = reals(p, w->head_rows, c->vocab_size);
	w->turn = nt_family(c->arch)->has_rope ? reals(p, w->max_T, c->head_dim) : NULL;
	w->nll = take(p, N, 1, sizeof(*w->nll));
	w->span = take(p, N, 1, sizeof(*w->span));
	w->slots.n = w->n_slot;
	w->slots.each = w->pass == NT_PASS_FORWARD ? NT_ATTEND_TILE : 2 * NT_ATTEND_TILE;
	w->slots.data = reals(p, w->n_slot, w->slots.each);
	w->slots.taken = take(p, w->n_slot, 1, sizeof(*w->slots.taken));
	if (w->pass != NT_PASS_FORWARD)
		plan_backward(w, p, N);
}

static int too_large(size_t B, size_t T)
{
	return nt_fail(NT_ESYS, "out of memory: a batch of %zu x %zu positions", B, T);
}

size_t nt_work_bytes(const struct nt_config *c, size_t B, size_t T, enum nt_pass pass, int n_thread)
{
	struct plan p = {0};
	struct nt_work w = {
		.config = *c, .max_B = B, .max_T = T, .pass = pass,
		.n_slot = (size_t)n_thread,
	};
	plan(&w, &p);
	if (p.is_too_large) {
		too_large(B, T);
		return 0;
	}
	return p.bytes;
}

static int allocate(struct nt_work *w)
{
	struct plan p = {0};
	plan(w, &p);
	if (p.is_too_large)
		return too_large(w->max_B, w->max_T);
	if (!(w->memory = nt_alloc(p.bytes, 1)))
		return NT_ESYS;
	size_t counted = p.bytes;
	p = (struct plan){.base = w->memory};
	plan(w, &p);
	nt_assert(p.bytes == counted);
	for (size_t i = 0; i < w->n_slot; i++)
		atomic_init(&w->slots.taken[i], false);
	return 0;
}

int nt_work_new(struct nt_work **result, const struct nt_config *c, size_t B, size_t T,
		enum nt_pass pass, struct nt_pool *pool)
{
	*result = NULL;
	int rc = nt_config_check(c);
	if (rc < 0)
		return rc;
	if (B < 1 || T < 1)
		return nt_fail(NT_EARG, "a batch of %zu x %zu positions is empty", B, T);
	if (T > c->max_position_embeddings)
		return nt_fail(NT_EARG, "rows of %zu are longer than max_position_embeddings %u", T,
			       c->max_position_embeddings);
	struct nt_work *w = nt_calloc(1, sizeof(*w));
	if (!w)
		return NT_ESYS;
	w->config = *c;
	w->kern = nt_kern();
	w->pool = pool;
	w->max_B = B;
	w->max_T = T;
	w->pass = pass;
	w->n_slot = (size_t)nt_pool_size(pool);
	nt_layout_make(&w->layout, c);
	if ((rc = allocate(w)) < 0) {
		nt_work_free(w);
		return rc;
	}
	if (w->turn)
		nt_rope_table(w->turn, 0, T, c);
	*result = w;
	return 0;
}

void nt_work_free(struct nt_work *w)
{
	if (!w)
		return;
	free(w->memory);
	free(w);
}

bool nt_has_bf16(void)
{
	return nt_gemm_has_bf16();
}

void nt_work_set_bf16(struct nt_work *w, bool is_bf16)
{
	w->is_bf16 = is_bf16;
}

void nt_work_set_z_loss(struct nt_work *w, double zeta)
{
	w->z_loss = zeta;
}

nt_real *nt_slot_take(struct nt_slots *s)
{
	/* No more tasks run than there are slots, so one is free. */
	for (size_t i = 0;; i = (i + 1) % s->n)
		if (!atomic_exchange_explicit(&s->taken[i], true, memory_order_acquire))
			return s->data + i * s->each;
}

void nt_slot_give(struct nt_slots *s, nt_real *slot)
{
	atomic_store_explicit(&s->taken[(size_t)(slot - s->data) / s->each], false,
			      memory_order_release);
}

struct rows {
	nt_rows_fn *f;
	const void *arg;
	size_t n_row, each;
};

static int rows_task(void *arg, size_t i)
{
	const struct rows *r = arg;
	size_t first = i * r->each, left = r->n_row - first;
	r->f(r->arg, first, left < r->each ? left : r->each);
	return 0;
}

void nt_rows_run(struct nt_pool *pool, size_t n_row, size_t width, nt_rows_fn *f, const void *arg)
{
	struct rows r = {.f = f, .arg = arg, .n_row = n_row, .each = nt_rows_per_task(width)};
	nt_pool_run(pool, (n_row + r.each - 1) / r.each, rows_task, &r);
}
