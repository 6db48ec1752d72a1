/* SPDX-License-Identifier: MIT */
/*
 * gemm_tiled.c - matrix products by our own tiles (tile.h)
 *
 * A slab of B, as much of its columns and k as fit the room, is packed by all threads and
 * then read by all of them: it lies in the cache that they share. A task takes a block of
 * rows of C through the slab: for each block of k it packs its rows of A, which then stay in
 * its second-level cache, and runs tiles down the rows of one panel after the other. A thread of the
 * pool for which there is no such room packs a panel at a time.
 * Sizes alone decide how a product is cut, and every element of C is summed up in the order
 * of k: the same bits at any number of threads.
 *
 * Goto and van de Geijn, Anatomy of high-performance matrix multiplication, 2008.
 */
#include "kern/gemm_ways.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/least.h"
#include "kern/tile.h"
#include "nt/err.h"

enum {
	PANEL_ROOM = 1 << 21, /* words: 8 MiB of packed B */
	SLAB_BLOCKS = 8,      /* of k */
	BLOCK_ROWS = 96,      /* of A, a multiple of any tile's: 144 KiB as packed, beside a panel */
	TASKS = 24,           /* to keep a dozen cores even */
	TASK_FLOP = 1 << 22,  /* of a task, at least: some 10 us on one core */
};

static pthread_key_t room_key;
static bool has_room_key;

static void make_room_key(void)
{
	has_room_key = pthread_key_create(&room_key, free) == 0;
}

/* Where this thread packs slabs, PANEL_ROOM words: taken at its first product and kept. NULL: no memory. */
static uint32_t *room_of_thread(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_room_key);
	uint32_t *room = has_room_key ? pthread_getspecific(room_key) : NULL;
	if (has_room_key && !room && (room = aligned_alloc(64, PANEL_ROOM * sizeof(*room))))
		pthread_setspecific(room_key, room);
	return room;
}

size_t nt_gemm_room(void)
{
	return PANEL_ROOM * sizeof(uint32_t);
}

int nt_gemm_take_room(void)
{
	return room_of_thread() ? 0 : nt_fail(NT_ESYS, "out of memory: %zu bytes to multiply matrices in", nt_gemm_room());
}

static size_t ceil_div(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

/* Columns [column, column + n) and k [at, at + k) of a product. */
struct slab {
	const struct nt_gemm *g;
	const struct nt_tile *tile;
	uint32_t *panels;       /* [block of k][panel][step][its columns] */
	size_t column, n, at, k;
	size_t n_vec, n_panel;
	size_t n_row_block, n_share, panels_of_share; /* tasks: row blocks times shares of the panels */
};

/* --- panels ---------------------------------------------------------------------------- */

struct panel {
	size_t vec, n_vec; /* vectors: its first one in the slab, and how many */
};

/* Panels are as wide as a tile; where one vector of three would be left over, the last two have
 * 2 each. */
static struct panel panel_of(const struct slab *s, size_t i)
{
	size_t widest = s->tile->vectors;
	bool is_split = widest == 3 && s->n_vec % widest == 1 && s->n_vec > 1;
	struct panel p = {.vec = i * widest};
	if (is_split && i + 1 == s->n_panel)
		p.vec--;
	p.n_vec = least(s->n_vec - p.vec, is_split && i + 2 >= s->n_panel ? 2 : widest);
	return p;
}

static size_t block_k(const struct slab *s)
{
	return s->tile->steps * s->tile->k_step;
}

/* Steps in the block of k that begins at `at` behind the slab's. */
static size_t steps_at(const struct slab *s, size_t at)
{
	return ceil_div(least(block_k(s), s->k - at), s->tile->k_step);
}

static uint32_t *packed(const struct slab *s, size_t at, const struct panel *p)
{
	const struct nt_tile *t = s->tile;
	return s->panels + t->vector * t->words * (at / t->k_step * s->n_vec + p->vec * steps_at(s, at));
}

static int pack_task(void *arg, size_t i)
{
	const struct slab *s = arg;
	const struct nt_gemm *g = s->g;
	struct panel p = panel_of(s, i);
	size_t column = s->column + p.vec * s->tile->vector;
	size_t n = least(p.n_vec * s->tile->vector, s->column + s->n - column);
	for (size_t at = 0; at < s->k; at += block_k(s)) {
		size_t k = s->at + at;
		size_t b = g->is_b_transposed ? column * g->ldb + k : k * g->ldb + column;
		size_t n_k = least(block_k(s), s->k - at);
		if (g->b_bf16)
			s->tile->pack_bf16(packed(s, at, &p), p.n_vec, g->b_bf16 + b, g->ldb, n, n_k);
		else
			s->tile->pack_panel(packed(s, at, &p), p.n_vec, g->b + b, g->ldb, g->is_b_transposed, n, n_k);
	}
	return 0;
}

/* --- blocks of C ----------------------------------------------------------------------- */

struct block {
	const struct slab *s;
	size_t row, m;
	size_t first_panel, end_panel;
};

/* A tile that sticks out of C is worked out beside it. */
static void run_partly(const struct slab *s, nt_real *c, const struct nt_tile_rows *rows,
		       const uint32_t *panel, const struct panel *p, size_t n_step,
		       const struct nt_tile_base *base, size_t m, size_t n)
{
	static const struct nt_tile_base none;
	nt_real whole[NT_TILE_ROWS][NT_TILE_COLUMNS];
	s->tile->run[p->n_vec - 1](whole[0], NT_TILE_COLUMNS, rows, panel, n_step, &none);
	for (size_t r = 0; r < m; r++, c += s->g->ldc) {
		for (size_t j = 0; j < n; j++) {
			nt_real sum = whole[r][j];
			sum += base->plus ? base->plus[r * base->ld + j] : 0;
			c[j] = sum + (base->bias ? base->bias[j] : 0);
		}
	}
}

/* What the element of C at this row and column is added to: what it holds, once some k are in it. */
static struct nt_tile_base base_of(const struct nt_gemm *g, size_t row, size_t column, bool is_begun)
{
	struct nt_tile_base base = {.ld = g->ldc};
	if (is_begun || g->is_added)
		base.plus = g->c + row * g->ldc + column;
	else if (g->plus)
		base.plus = g->plus + row * g->ldc + column;
	if (!is_begun && g->bias)
		base.bias = g->bias + column;
	return base;
}

static void run_panel(const struct block *b, const struct nt_tile_rows *rows, size_t at,
		      const struct panel *p)
{
	const struct slab *s = b->s;
	const struct nt_tile *t = s->tile;
	const uint32_t *panel = packed(s, at, p);
	size_t n_step = steps_at(s, at);
	size_t column = s->column + p->vec * t->vector;
	size_t n = least(s->column + s->n - column, p->n_vec * t->vector);
	size_t first = s->g->is_symmetric && column > b->row ? (column - b->row) / t->rows : 0;
	for (size_t i = first; i * t->rows < b->m; i++) {
		struct nt_tile_rows tile = *rows;
		tile.a += i * rows->tile_stride;
		size_t r = i * t->rows;
		nt_real *c = s->g->c + (b->row + r) * s->g->ldc + column;
		struct nt_tile_base base = base_of(s->g, b->row + r, column, s->at + at > 0);
		if (b->m - r >= t->rows && n == p->n_vec * t->vector)
			t->run[p->n_vec - 1](c, s->g->ldc, &tile, panel, n_step, &base);
		else
			run_partly(s, c, &tile, panel, p, n_step, &base, least(b->m - r, t->rows), n);
	}
}

static int block_task(void *arg, size_t i)
{
	const struct slab *s = arg;
	const struct nt_gemm *g = s->g;
	uint32_t packed_rows[BLOCK_ROWS * (NT_TILE_WORDS + NT_TILE_GAP)];
	size_t n_tile = ceil_div(g->m, s->tile->rows), number = i / s->n_share; /* of a block */
	struct block b = {.s = s, .row = number * n_tile / s->n_row_block * s->tile->rows,
			  .first_panel = i % s->n_share * s->panels_of_share};
	b.m = least(g->m, (number + 1) * n_tile / s->n_row_block * s->tile->rows) - b.row;
	b.end_panel = least(b.first_panel + s->panels_of_share, s->n_panel);
	for (size_t at = 0; at < s->k; at += block_k(s)) {
		size_t k = s->at + at;
		const nt_real *a = g->a + (g->is_a_transposed ? k * g->lda + b.row : b.row * g->lda + k);
		struct nt_tile_rows rows =
			s->tile->pack_rows(packed_rows, a, g->lda, g->is_a_transposed, b.m,
					   least(block_k(s), s->k - at), g->alpha);
		for (size_t j = b.first_panel; j < b.end_panel; j++) {
			struct panel p = panel_of(s, j);
			run_panel(&b, &rows, at, &p);
		}
	}
	return 0;
}

/* --- symmetric products ------------------------------------------------------------ */

/* What is above the diagonal becomes what is below, square by square, so that the columns it
 * is read down stay in the first-level cache. */
static void mirror(const struct nt_gemm *g)
{
	enum { SIDE = 16 };
	for (size_t row = 0; row < g->m; row += SIDE)
		for (size_t column = row; column < g->n; column += SIDE)
			for (size_t i = row; i < g->m && i < row + SIDE; i++)
				for (size_t j = column > i ? column : i; j < g->n && j < column + SIDE; j++)
					g->c[i * g->ldc + j] = g->c[j * g->ldc + i];
}

/* --- slabs ----------------------------------------------------------------------------- */

static void cut_into_tasks(struct slab *s)
{
	double flop = 2.0 * (double)s->g->m * (double)s->n * (double)s->k;
	size_t wanted = least(TASKS, (size_t)(flop / TASK_FLOP) + 1);
	s->n_vec = ceil_div(s->n, s->tile->vector);
	s->n_panel = ceil_div(s->n_vec, s->tile->vectors);
	s->n_row_block = ceil_div(s->g->m, BLOCK_ROWS);
	/* to the nearest: every share packs the rows of its block for itself */
	s->n_share = (wanted + s->n_row_block / 2) / s->n_row_block;
	s->n_share = least(s->n_panel, s->n_share ? s->n_share : 1);
	s->panels_of_share = ceil_div(s->n_panel, s->n_share);
	s->n_share = ceil_div(s->n_panel, s->panels_of_share);
}

/* The largest even part of n that is at most `most`, in whole units. */
static size_t even_part(size_t n, size_t most, size_t unit)
{
	return ceil_div(ceil_div(n, ceil_div(n, most)), unit) * unit;
}

/* All slabs, through room for n_block blocks of k of so many words. The same bits whatever the room. */
static void multiply(struct nt_pool *pool, const struct nt_gemm *g, const struct nt_tile *tile, uint32_t *room,
		     size_t room_words, size_t n_block)
{
	size_t block = tile->steps * tile->k_step, panel = tile->vector * tile->vectors;
	size_t k_part = even_part(g->k, n_block * block, block);
	size_t words = ceil_div(least(k_part, g->k), tile->k_step) * tile->words;
	size_t n_part = even_part(g->n, room_words / words / panel * panel, panel);
	for (size_t column = 0; column < g->n; column += n_part) {
		for (size_t at = 0; at < g->k; at += k_part) {
			struct slab s = {.g = g, .tile = tile, .panels = room, .column = column, .at = at,
					 .n = least(n_part, g->n - column), .k = least(k_part, g->k - at)};
			cut_into_tasks(&s);
			nt_pool_run(pool, s.n_panel, pack_task, &s);
			nt_pool_run(pool, s.n_row_block * s.n_share, block_task, &s);
		}
	}
}

/* A panel at a time, on the stack. */
static void multiply_in_little(struct nt_pool *pool, const struct nt_gemm *g, const struct nt_tile *tile)
{
	uint32_t panel[NT_TILE_WORDS * NT_TILE_COLUMNS] __attribute__((aligned(64)));
	multiply(pool, g, tile, panel, NT_TILE_WORDS * NT_TILE_COLUMNS, 1);
}

void nt_gemm_tiled(struct nt_pool *pool, const struct nt_gemm *g, const struct nt_tile *tile)
{
	uint32_t *room = room_of_thread();
	if (room)
		multiply(pool, g, tile, room, PANEL_ROOM, SLAB_BLOCKS);
	else
		multiply_in_little(pool, g, tile);
	if (g->is_symmetric)
		mirror(g);
}
