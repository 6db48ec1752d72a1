/* SPDX-License-Identifier: MIT */
/*
 * matrix_dot.h - rows times a matrix [O][I], as text that a type of weights includes once
 *
 * Both lie along i, so weights are taken as they lie: nothing is packed, and a file may stay mapped.
 * A tile is four outputs of up to DOT_ROWS rows. Each has a register of partial sums, which goes
 * along i in whole registers; at the end what four registers hold is summed up to four outputs.
 * Weights that are read once go by one output after the other where a register takes a whole line of
 * the cache: memory gives one stream faster than four, and a chain of one output's sums keeps up.
 *
 * Whoever includes this says:
 *
 *	N(name)				name, made this type's own
 *	weight, item			elements of the matrix, and of rows as they are prepared
 *	STEP				of each in a register; i goes that far at a time
 *	BLOCK				and that far before sums are made of partial ones
 *	GROUP				rows that stay in the first-level cache, along a block, for all weights
 *	DOT_ROWS			rows of a tile: 4 DOT_ROWS sums, DOT_ROWS registers of items and
 *					one of weights are held
 *	weights, items			their types, and
 *	get_weights(w, n), get_items(x, n)	how they are loaded: 0 behind the first n
 *	multiply(sum, w, x)		sum + w x, of `wide`
 *	add_sums(n_row, out, ldo, sum)	adds to four numbers of each row what the elements of their
 *					registers come to, in one order
 */
#include "kern/matrix_begin.h"

/* Outputs ldw apart, and rows; n_next outputs to be fetched on the way; where sums are added. */
struct N(place) {
	const weight *w, *next;
	size_t ldw, ldnext, n_next;
	const item *x;
	size_t ldx, I;
	float *out;
	size_t ldo;
	bool is_once; /* no other rows go by these weights */
};

/* One register along i, of outputs [o, end) of a tile. */
static inline __attribute__((always_inline)) void N(step)(size_t n_row, size_t o, size_t end, wide sum[DOT_ROWS][4],
							  const struct N(place) *p, size_t i, size_t n)
{
	items in[DOT_ROWS];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		in[r] = get_items(p->x + r * p->ldx + i, n);
#pragma GCC unroll 4
	for (; o < end; o++) {
		weights of_output = get_weights(p->w + o * p->ldw + i, n);
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++)
			sum[r][o] = multiply(sum[r][o], of_output, in[r]);
	}
}

static inline __attribute__((always_inline)) void N(tile)(size_t n_row, size_t n_beside, struct N(place) p)
{
	wide sum[DOT_ROWS][4];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 4
		for (size_t o = 0; o < 4; o++)
			sum[r][o] = (wide){0};
#pragma GCC unroll 4
	for (size_t o = 0; o < 4; o += n_beside) {
		size_t i = 0;
		for (; i + STEP <= p.I; i += STEP) {
			for (size_t k = 0; k < p.n_next && n_beside > 1; k++)
				__builtin_prefetch(p.next + k * p.ldnext + i);
			N(step)(n_row, o, o + n_beside, sum, &p, i, STEP);
		}
		if (i < p.I)
			N(step)(n_row, o, o + n_beside, sum, &p, i, p.I - i);
	}
	add_sums(n_row, p.out, p.ldo, sum);
}

#define TILE(n_row)                                                                               \
	static void N(tile_##n_row)(const struct N(place) *p)                                     \
	{                                                                                         \
		if (sizeof(wide) == 64 && p->is_once)                                             \
			N(tile)(n_row, 1, *p);                                                    \
		else                                                                              \
			N(tile)(n_row, 4, *p);                                                    \
	}
TILE(1)
TILE(2)
TILE(3)
#if DOT_ROWS > 3
TILE(4)
TILE(5)
TILE(6)
#endif
#undef TILE

static void (*const N(tiles)[])(const struct N(place) *p) = {
	N(tile_1), N(tile_2), N(tile_3),
#if DOT_ROWS > 3
	N(tile_4), N(tile_5), N(tile_6),
#endif
};

/* Rows [r, end), at most GROUP, of four outputs from o or of the last one, over i from `at`. */
static void N(outputs)(const struct nt_slice *s, size_t r, size_t end, size_t o, size_t at)
{
	const size_t I = s->w->I, n_row = end - r, n_tile = (n_row + DOT_ROWS - 1) / DOT_ROWS;
	const size_t fetched = (4 + n_tile - 1) / n_tile; /* by each tile of rows, of the next four */
	bool is_four = o + 4 <= s->n, is_ahead = s->first + o + 8 <= s->w->O;
	const weight *w = (const weight *)s->w->data + (s->first + o) * I + at;
	struct N(place) p = {.w = w, .ldw = is_four ? I : 0, .ldnext = I, .ldx = s->row_bytes / sizeof(item),
			     .I = I - at < BLOCK ? I - at : BLOCK, .ldo = s->ldo, .is_once = n_tile == 1};
	for (size_t t = 0; t < n_tile; t++) {
		size_t first = r + t * n_row / n_tile, n_here = r + (t + 1) * n_row / n_tile - first;
		float single[DOT_ROWS * 4] = {0}; /* a last output four times */
		p.x = (const item *)(const void *)((const char *)s->in + first * s->row_bytes) + at;
		p.next = w + (4 + t * fetched) * I;
		p.n_next = is_ahead && t * fetched < 4 ? fetched : 0;
		p.out = is_four ? s->out + first * s->ldo + o : single;
		p.ldo = is_four ? s->ldo : 4;
		N(tiles)[n_here - 1](&p);
		for (size_t i = 0; i < n_here && !is_four; i++)
			s->out[(first + i) * s->ldo + o] += single[4 * i];
	}
}

static void N(run)(const struct nt_slice *s)
{
	const size_t n_group = (s->n_row + GROUP - 1) / GROUP;
	const size_t stretch = n_group > 1 ? BLOCK : s->w->I; /* of weights that all of a group goes by */
	begin(s);
	for (size_t g = 0; g < n_group; g++) {
		size_t r = g * s->n_row / n_group, end = (g + 1) * s->n_row / n_group;
		for (size_t from = 0; from < s->w->I; from += stretch)
			for (size_t o = 0; o < s->n; o += o + 4 <= s->n ? 4 : 1)
				for (size_t at = from; at < s->w->I && at < from + stretch; at += BLOCK)
					N(outputs)(s, r, end, o, at);
	}
}
