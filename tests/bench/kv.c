/* SPDX-License-Identifier: MIT */
/*
 * kv.c - how fast one token attends to what is kept, over all layers (make bench BENCH=token)
 *
 * Blocks of all layers' heads lie side by side. A run of the pool for each layer, as in a decoder; the
 * fastest of half a second, by the clock on the wall. GB/s count every key and value once.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kern/kv.h"
#include "nt/cpu.h"
#include "nt/mem.h"
#include "nt/pool.h"

struct model {
	const char *name;
	size_t n_layer, n_head, group, D, n_key;
};

static const struct model model[] = {
	{"15M Llama", 6, 6, 1, 48, 1000},
	{"42M Llama", 8, 8, 1, 64, 1000},
	{"GPT-2", 12, 12, 1, 64, 900},
	{"1.1B Llama", 22, 4, 8, 64, 2000},
	{"8B Llama", 32, 8, 4, 128, 1000},
};

/* One layer's queries, one for each key-value head. */
struct layer {
	struct nt_kv_query *query;
	size_t n_part;
};

static int attend(void *arg, size_t i)
{
	const struct layer *l = arg;
	nt_kv_attend_part(&l->query[i / l->n_part], i % l->n_part);
	return 0;
}

static void *some(size_t n, size_t bytes)
{
	void *p = nt_calloc(n, bytes);
	if (!p)
		exit(1);
	return p;
}

static void set_up(struct layer *l, const struct model *m, bool is_f16, unsigned char *block)
{
	size_t each = nt_kv_block_bytes(m->D, is_f16);
	nt_real *row = some(m->group * m->D, 2 * sizeof(*row));
	l->query = some(m->n_head, sizeof(*l->query));
	l->n_part = nt_kv_n_part(m->n_key);
	for (size_t d = 0; d < m->group * m->D; d++)
		row[d] = (nt_real)(d % 7) / 7;
	for (size_t h = 0; h < m->n_head; h++) {
		struct nt_kv kv = {nt_kern(), block + h * each, m->n_layer * m->n_head * each, m->D, is_f16};
		for (size_t t = 0; t < m->n_key; t++)
			nt_kv_put(&kv, t, row, row);
		l->query[h] = (struct nt_kv_query){
			.kv = kv, .n_key = m->n_key, .n_head = m->group, .q = row, .ldq = m->D,
			.out = row + m->group * m->D, .ldo = m->D,
			.scratch = some(nt_kv_scratch(m->n_key, m->group, m->D), sizeof(nt_real)),
		};
	}
}

static double fastest(struct nt_pool *pool, struct layer *layer, const struct model *m)
{
	uint64_t least = UINT64_MAX, begin = nt_now_ns();
	while (nt_now_ns() - begin < 500000000) {
		uint64_t start = nt_now_ns();
		for (size_t l = 0; l < m->n_layer; l++)
			nt_pool_run(pool, m->n_head * layer[l].n_part, attend, &layer[l]);
		uint64_t took = nt_now_ns() - start;
		least = took < least ? took : least;
	}
	return (double)least * 1e-9;
}

static void measure(const struct model *m, bool is_f16)
{
	struct layer *layer = some(m->n_layer, sizeof(*layer));
	double bytes = 2.0 * (double)(m->n_layer * m->n_head * m->n_key * m->D) * (is_f16 ? 2 : sizeof(nt_real));
	size_t heads_bytes = m->n_head * nt_kv_block_bytes(m->D, is_f16);
	unsigned char *block = some((m->n_key + NT_KV_BLOCK - 1) / NT_KV_BLOCK, m->n_layer * heads_bytes);
	for (size_t l = 0; l < m->n_layer; l++)
		set_up(&layer[l], m, is_f16, block + l * heads_bytes);
	printf("| %s, %zu x %zu x %zu, D %zu, %zu keys | %s | %.1f |", m->name, m->n_layer, m->n_head, m->group,
	       m->D, m->n_key, is_f16 ? "f16" : "f32", bytes * 1e-6);
	for (int n = 1; n <= 2; n++) {
		struct nt_pool *pool = nt_pool_new(n);
		double took = fastest(pool, layer, m);
		printf(" %.0f (%.1f) |", took * 1e6, bytes / took * 1e-9);
		fflush(stdout);
		nt_pool_free(pool);
	}
	printf("\n");
}

int main(void)
{
	printf("| layers x heads x group | kept as | MB | 1 thread, us (GB/s) | 2 threads |\n|---|---|---:|---:|---:|\n");
	for (size_t i = 0; i < sizeof(model) / sizeof(*model); i++) {
		measure(&model[i], false);
		measure(&model[i], true);
	}
	return 0;
}
