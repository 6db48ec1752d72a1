/* SPDX-License-Identifier: MIT */
/*
 * matrix.c - how a product of rows with weight matrices is cut
 *
 * A task takes some outputs through a block of rows, which stay in its second-level cache unless they
 * are very long, so that weights come from memory once for all of these. Sizes alone decide, and no
 * sum is cut. What runs inside a task is an instruction set's (matrix_ways.h).
 */
#include "kern/matrix.h"

#include <pthread.h>
#include <string.h>

#include "base/least.h"
#include "kern/matrix_ways.h"
#include "nt/err.h"

enum {
	FEW_ROWS = 7,             /* fewer are bound by memory */
	BLOCK_BYTES = 384 << 10,  /* of rows */
	BLOCK_ROWS = 128,         /* ... or so many, which share what of a matrix is read or copied */
	SLICE_BYTES = 384 << 10,  /* of weights that rows go by again and again */
	TASKS = 32,               /* of a product, about */
	WIDE = 512, NARROW = 4,   /* columns of [I][O] for a task of few rows, or so many tasks: it reads a
				   * piece of each row, pages apart, which memory gives the slower the shorter */
	TASK_COST = 48 << 10,     /* of a task, at least: bytes of weights, some 2 us on one core */
	ROW_COST = 8,             /* rows that take as long as reading the weights */
	PREPARED = 1 << 14,       /* elements of rows that a task prepares */
};

static size_t ceil_div(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

/* --- sizes ------------------------------------------------------------------------- */

static const size_t element_bytes[NT_MATRIX_TYPES] = {
	[NT_MATRIX_F32] = 4, [NT_MATRIX_F16] = 2, [NT_MATRIX_BF16] = 2, [NT_MATRIX_F64] = 8,
};

size_t nt_panel_bytes(enum nt_matrix_type type, size_t I)
{
	size_t block = type == NT_MATRIX_Q8_0 ? NT_BLOCK : NT_BLOCK / 2;
	return ceil_div(ceil_div(I, NT_BLOCK) * NT_MATRIX_PANEL * (block + sizeof(uint16_t)), 64) * 64;
}

size_t nt_matrix_bytes(enum nt_matrix_type type, size_t I, size_t O)
{
	if (type == NT_MATRIX_Q8_0 || type == NT_MATRIX_Q4_0)
		return ceil_div(O, NT_MATRIX_PANEL) * nt_panel_bytes(type, I);
	return O * I * element_bytes[type];
}

struct nt_matrix nt_matrix_outputs(const struct nt_matrix *m, size_t first, size_t n)
{
	struct nt_matrix part = *m;
	nt_assert(!m->is_in_out && first % NT_MATRIX_PANEL == 0);
	part.O = n;
	part.data = (const char *)m->data + nt_matrix_bytes(m->type, m->I, first);
	return part;
}

/* Bytes from a prepared row to the next: not a power of two, lest rows fall on the same cache lines. */
static size_t row_bytes(enum nt_rows rows, size_t I)
{
	static const size_t block[] = {
		[NT_ROWS_PLAIN] = NT_BLOCK * sizeof(nt_real), [NT_ROWS_BF16] = NT_BLOCK * sizeof(uint16_t),
		[NT_ROWS_INT8] = NT_BLOCK + sizeof(float) + sizeof(int32_t),
	};
	return ceil_div(ceil_div(I, NT_BLOCK) * block[rows], 64) * 64 + 64;
}

size_t nt_product_scratch(size_t I, size_t n_row)
{
	return n_row * row_bytes(NT_ROWS_PLAIN, I);
}

/* --- the way ----------------------------------------------------------------------- */

static struct nt_matrix_table best; /* under once */

static void decide(void)
{
	for (size_t t = 0; nt_matrix_tables[t]; t++) {
		const struct nt_matrix_table *table = nt_matrix_tables[t];
		if (!table->is_here())
			continue;
		best.pack = best.pack ? best.pack : table->pack;
		for (size_t i = 0; i < NT_MATRIX_WAYS; i++)
			best.way[i] = best.way[i].run ? best.way[i] : table->way[i];
	}
}

static const struct nt_matrix_table *best_table(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, decide);
	return &best;
}

void nt_matrix_pack(void *to, enum nt_matrix_type type, const struct nt_matrix *from, size_t first, size_t n)
{
	best_table()->pack(to, type, from, first, n);
}

/* --- tasks ------------------------------------------------------------------------- */

struct job {
	const struct nt_product *p;
	const struct nt_matrix_way *way;
	const char *rows;           /* prepared, row_bytes apart */
	size_t row_bytes;
	size_t block_rows;
	size_t n_share, n_unit;     /* tasks of a block of rows, and what they share */
	size_t prepared;            /* rows of a task that prepares them */
};

static int prepare_task(void *arg, size_t i)
{
	const struct job *j = arg;
	const struct nt_product *p = j->p;
	for (size_t r = i * j->prepared; r < least(p->n_row, (i + 1) * j->prepared); r++) {
		char *to = (char *)p->scratch + r * j->row_bytes;
		if (j->way->prepare)
			j->way->prepare(to, p->in + r * p->ldi, p->part->I);
		else
			memcpy(to, p->in + r * p->ldi, p->part->I * sizeof(*p->in));
	}
	return 0;
}

/* Many rows are copied even if they stay what they are, to where they do not fall on the same lines. */
static void prepare(struct nt_pool *pool, struct job *j)
{
	j->rows = (const char *)j->p->in;
	j->row_bytes = j->p->ldi * sizeof(*j->p->in);
	if (!j->way->prepare && j->p->n_row < FEW_ROWS)
		return;
	j->rows = j->p->scratch;
	j->row_bytes = row_bytes(j->way->rows, j->p->part->I);
	j->prepared = PREPARED / j->p->part->I + 1;
	if (!j->p->is_prepared)
		nt_pool_run(pool, ceil_div(j->p->n_row, j->prepared), prepare_task, j);
}

static int multiply_task(void *arg, size_t i)
{
	const struct job *j = arg;
	const struct nt_product *p = j->p;
	size_t row = i / j->n_share * j->block_rows, share = i % j->n_share;
	size_t begin = share * j->n_unit / j->n_share, end = (share + 1) * j->n_unit / j->n_share;
	size_t column = 0, unit = 0; /* where a part begins */
	for (size_t k = 0; k < p->n_part; k++) {
		const struct nt_matrix *w = &p->part[k];
		size_t n_unit = ceil_div(w->O, j->way->unit);
		if (begin < unit + n_unit && end > unit) {
			size_t first = begin > unit ? (begin - unit) * j->way->unit : 0;
			size_t at = row * p->ldo + column + first;
			j->way->run(&(struct nt_slice){
				.w = w, .first = first, .n = least(w->O, (end - unit) * j->way->unit) - first,
				.in = j->rows + row * j->row_bytes, .row_bytes = j->row_bytes,
				.n_row = least(p->n_row - row, j->block_rows), .out = p->out + at, .ldo = p->ldo,
				.bias = p->bias && p->bias[k] ? p->bias[k] + first : NULL,
				.plus = p->plus ? p->plus + at : NULL,
			});
		}
		column += w->O;
		unit += n_unit;
	}
	return 0;
}

static bool is_in_out(const struct nt_product *p)
{
	return p->part->is_in_out && p->part->type == NT_MATRIX_F32;
}

/* Beyond so many tasks of a product an even end gains nothing. */
static size_t enough_tasks(const struct nt_product *p)
{
	size_t O = 0, n = NARROW;
	if (p->n_row >= FEW_ROWS || !is_in_out(p))
		return TASKS;
	for (size_t k = 0; k < p->n_part; k++)
		O += p->part[k].O;
	while (2 * n * WIDE <= O)
		n *= 2;
	return n;
}

/* How many tasks: as many as are worth it, shares a power of two, so that a few threads get as much each. */
static size_t cut(struct job *j)
{
	const struct nt_product *p = j->p;
	size_t most = BLOCK_BYTES / j->row_bytes;
	size_t n_block = ceil_div(p->n_row, most > BLOCK_ROWS ? most : BLOCK_ROWS), bytes = 0;
	j->block_rows = ceil_div(p->n_row, n_block);
	n_block = ceil_div(p->n_row, j->block_rows);
	for (size_t k = 0; k < p->n_part; k++) {
		j->n_unit += ceil_div(p->part[k].O, j->way->unit);
		bytes += nt_matrix_bytes(p->part[k].type, p->part[k].I, p->part[k].O);
	}
	size_t cost = bytes + bytes / ROW_COST * j->block_rows, enough = enough_tasks(p);
	for (j->n_share = 1; 2 * j->n_share <= j->n_unit; j->n_share *= 2)
		if ((j->n_share * n_block >= enough || cost / j->n_share <= TASK_COST) &&
		    (p->n_row < FEW_ROWS || bytes / j->n_share <= SLICE_BYTES))
			break;
	return n_block * j->n_share;
}

void nt_product_by(const struct nt_matrix_way *way, struct nt_pool *pool, const struct nt_product *p)
{
	nt_assert(p->n_part > 0 && p->n_part <= NT_PRODUCT_PARTS && way->run);
	for (size_t k = 1; k < p->n_part; k++)
		nt_assert(p->part[k].type == p->part->type && p->part[k].I == p->part->I &&
			  p->part[k].is_in_out == p->part->is_in_out);
	struct job j = {.p = p, .way = way};
	if (p->n_row == 0)
		return;
	prepare(pool, &j);
	nt_pool_run(pool, cut(&j), multiply_task, &j);
}

void nt_product(struct nt_pool *pool, const struct nt_product *p)
{
	nt_product_by(&best_table()->way[is_in_out(p) ? NT_MATRIX_IN_OUT : p->part->type], pool, p);
}
