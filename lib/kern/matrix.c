/* SPDX-License-Identifier: MIT */
/*
 * matrix.c - how a product of rows with weight matrices is cut
 *
 * A task takes some outputs through a block of rows, which stay in its second-level cache unless they
 * are very long, so that weights come from memory once for all of these. Sizes alone decide. Of a
 * matrix [I][O] and few rows a task takes NT_COLUMN_DEPTH rows of the matrix, which lie one behind
 * the other, where outputs would be pieces of each, pages apart: parts of sums wait in scratch until
 * all are there. Else no sum is cut. What runs inside a task is an instruction set's (matrix_ways.h).
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
	DEPTH_TASKS = 8,          /* of a matrix [I][O] and few rows, if each keeps */
	DEPTH_COLUMNS = 512,      /* so many columns */
	SUM_COLUMNS = 1024,       /* of which a task sums up the parts */
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

size_t nt_product_scratch(size_t I, size_t O, size_t n_row)
{
	size_t sums = ceil_div(I, NT_COLUMN_DEPTH) * O * least(n_row, FEW_ROWS - 1) * sizeof(nt_real);
	size_t rows = n_row * row_bytes(NT_ROWS_PLAIN, I);
	return sums > rows ? sums : rows;
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
	size_t n_share, n_unit, O;  /* tasks of a block of rows; what they share, and all outputs */
	nt_real *sums;              /* [][n_row][O], parts of sums, each of NT_COLUMN_DEPTH i; or NULL */
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

/* Outputs [first, first + n) of part k, which stand from `to` on, of a block of rows ... */
static void multiply_rows(const struct job *j, size_t block, size_t k, size_t first, size_t n, size_t to)
{
	const struct nt_product *p = j->p;
	size_t row = block * j->block_rows, at = row * p->ldo + to;
	j->way->run(&(struct nt_slice){
		.w = &p->part[k], .first = first, .n = n,
		.in = j->rows + row * j->row_bytes, .row_bytes = j->row_bytes,
		.n_row = least(p->n_row - row, j->block_rows),
		.out = p->out + at, .ldo = p->ldo,
		.bias = p->bias && p->bias[k] ? p->bias[k] + first : NULL,
		.plus = p->plus ? p->plus + at : NULL,
	});
}

/* ... or as parts of sums, of a block of i, of all rows. */
static void multiply_depth(const struct job *j, size_t block, size_t k, size_t first, size_t n, size_t to)
{
	const struct nt_product *p = j->p;
	struct nt_matrix w = p->part[k];
	size_t at = block * NT_COLUMN_DEPTH;
	w.I = least(w.I - at, NT_COLUMN_DEPTH);
	w.data = (const float *)w.data + at * w.O;
	j->way->run(&(struct nt_slice){
		.w = &w, .first = first, .n = n,
		.in = j->rows + at * sizeof(nt_real), .row_bytes = j->row_bytes, .n_row = p->n_row,
		.out = j->sums + block * p->n_row * j->O + to, .ldo = j->O,
	});
}

/* A share of all outputs, which may be pieces of several parts. */
static int multiply_task(void *arg, size_t i)
{
	const struct job *j = arg;
	const struct nt_product *p = j->p;
	size_t share = i % j->n_share, block = i / j->n_share;
	size_t begin = share * j->n_unit / j->n_share, end = (share + 1) * j->n_unit / j->n_share;
	size_t column = 0, unit = 0; /* where a part begins */
	for (size_t k = 0; k < p->n_part; k++) {
		size_t O = p->part[k].O, n_unit = ceil_div(O, j->way->unit);
		if (begin < unit + n_unit && end > unit) {
			size_t first = begin > unit ? (begin - unit) * j->way->unit : 0;
			size_t n = least(O, (end - unit) * j->way->unit) - first;
			(j->sums ? multiply_depth : multiply_rows)(j, block, k, first, n, column + first);
		}
		column += O;
		unit += n_unit;
	}
	return 0;
}

/* Columns [first, first + n) of a part of out, which begins at `column`: parts of sums in the order of i. */
static void sum_up(const struct job *j, size_t k, size_t column, size_t first, size_t n)
{
	const struct nt_product *p = j->p;
	const nt_real *bias = p->bias && p->bias[k] ? p->bias[k] + first : NULL;
	for (size_t r = 0; r < p->n_row; r++) {
		nt_real *out = p->out + r * p->ldo + column + first;
		const nt_real *plus = p->plus ? p->plus + r * p->ldo + column + first : NULL;
		const nt_real *sums = j->sums + r * j->O + column + first;
		for (size_t o = 0; o < n; o++)
			out[o] = (plus ? plus[o] : 0) + (bias ? bias[o] : 0);
		for (size_t at = 0; at < p->part->I; at += NT_COLUMN_DEPTH, sums += p->n_row * j->O)
			for (size_t o = 0; o < n; o++)
				out[o] += sums[o];
	}
}

static int sum_task(void *arg, size_t i)
{
	const struct job *j = arg;
	size_t begin = i * SUM_COLUMNS, end = begin + SUM_COLUMNS, column = 0;
	for (size_t k = 0; k < j->p->n_part; column += j->p->part[k++].O) {
		size_t first = begin > column ? begin - column : 0, last = least(j->p->part[k].O, end - column);
		if (end > column && first < last)
			sum_up(j, k, column, first, last - first);
	}
	return 0;
}

static bool is_in_out(const struct nt_product *p)
{
	return p->part->is_in_out && p->part->type == NT_MATRIX_F32;
}

/* How many tasks: as many as are worth it, shares a power of two, so that a few threads get as much each. */
static size_t cut(struct job *j)
{
	const struct nt_product *p = j->p;
	size_t most = BLOCK_BYTES / j->row_bytes;
	size_t n_block = ceil_div(p->n_row, most > BLOCK_ROWS ? most : BLOCK_ROWS);
	size_t bytes = nt_matrix_bytes(p->part->type, p->part->I, j->O);
	j->block_rows = ceil_div(p->n_row, n_block);
	n_block = ceil_div(p->n_row, j->block_rows);
	size_t cost = bytes + bytes / ROW_COST * j->block_rows;
	for (j->n_share = 1; 2 * j->n_share <= j->n_unit; j->n_share *= 2)
		if ((j->n_share * n_block >= TASKS || cost / j->n_share <= TASK_COST) &&
		    (p->n_row < FEW_ROWS || bytes / j->n_share <= SLICE_BYTES))
			break;
	return n_block * j->n_share;
}

/* ... of a matrix [I][O] and few rows. */
static size_t cut_sums(struct job *j)
{
	size_t n_sum = ceil_div(j->p->part->I, NT_COLUMN_DEPTH);
	j->block_rows = j->p->n_row;
	j->sums = j->p->scratch;
	for (j->n_share = 1; n_sum * j->n_share < DEPTH_TASKS && 2 * j->n_share * DEPTH_COLUMNS <= j->O;)
		j->n_share *= 2;
	return n_sum * j->n_share;
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
	for (size_t k = 0; k < p->n_part; k++) {
		j.n_unit += ceil_div(p->part[k].O, way->unit);
		j.O += p->part[k].O;
	}
	prepare(pool, &j);
	if (is_in_out(p) && p->n_row < FEW_ROWS) {
		nt_pool_run(pool, cut_sums(&j), multiply_task, &j);
		nt_pool_run(pool, ceil_div(j.O, SUM_COLUMNS), sum_task, &j);
	} else {
		nt_pool_run(pool, cut(&j), multiply_task, &j);
	}
}

void nt_product(struct nt_pool *pool, const struct nt_product *p)
{
	nt_product_by(&best_table()->way[is_in_out(p) ? NT_MATRIX_IN_OUT : p->part->type], pool, p);
}
