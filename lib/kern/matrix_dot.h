/* SPDX-License-Identifier: MIT */
/*
 * matrix_dot.h - rows times a matrix [O][I], as text that a type of weights includes once
 *
 * Both lie along i, so weights are taken as they lie: nothing is packed, and a file may stay mapped.
 * A tile is four outputs of up to DOT_ROWS rows. Each has a register of partial sums, which goes
 * along i in whole registers; at the end what four registers hold is summed up to four outputs.
 *
 * Whoever includes this says:
 *
 *	N(name)				name, made this type's own
 *	weight, item			elements of the matrix, and of rows as they are prepared
 *	STEP				of each in a register; i goes that far at a time
 *	DOT_ROWS			rows of a tile: 4 DOT_ROWS sums, DOT_ROWS registers of items and
 *					one of weights are held
 *	weights, items			their types, and
 *	get_weights(w, n), get_items(x, n)	how they are loaded: 0 behind the first n
 *	multiply(sum, w, x)		sum + w x, of `wide`
 *	sums_of(a, b, c, d)		the four sums over these registers, in one order
 */

static inline __attribute__((always_inline)) void N(step)(size_t n_row, wide sum[DOT_ROWS][4], const weight *w,
							  size_t ldw, const item *x, size_t ldx, size_t n)
{
	items in[DOT_ROWS];
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		in[r] = get_items(x + r * ldx, n);
#pragma GCC unroll 4
	for (size_t o = 0; o < 4; o++) {
		weights of_output = get_weights(w + o * ldw, n);
#pragma GCC unroll 8
		for (size_t r = 0; r < n_row; r++)
			sum[r][o] = multiply(sum[r][o], of_output, in[r]);
	}
}

/* Outputs ldw apart, and rows; weights to be fetched on the way, four rows of them ldnext apart. */
struct N(place) {
	const weight *w, *next;
	size_t ldw, ldnext;
	const item *x;
	size_t ldx, I;
};

static inline __attribute__((always_inline)) void N(tile)(size_t n_row, four *out, const struct N(place) *p)
{
	const weight *w = p->w, *next = p->next;
	const item *x = p->x;
	const size_t ldw = p->ldw, ldnext = p->ldnext, ldx = p->ldx, I = p->I;
	wide sum[DOT_ROWS][4];
	size_t i = 0;
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
#pragma GCC unroll 4
		for (size_t o = 0; o < 4; o++)
			sum[r][o] = (wide){0};
	for (; i + STEP <= I; i += STEP) {
		for (size_t o = 0; o < 4; o++)
			__builtin_prefetch(next + o * ldnext + i);
		N(step)(n_row, sum, w + i, ldw, x + i, ldx, STEP);
	}
	if (i < I)
		N(step)(n_row, sum, w + i, ldw, x + i, ldx, I - i);
#pragma GCC unroll 8
	for (size_t r = 0; r < n_row; r++)
		out[r] = sums_of(sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
}

#define TILE(n_row)                                                                               \
	static void N(tile_##n_row)(four *out, const struct N(place) *p)                          \
	{                                                                                         \
		N(tile)(n_row, out, p);                                                           \
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

static void (*const N(tiles)[])(four *out, const struct N(place) *p) = {
	N(tile_1), N(tile_2), N(tile_3),
#if DOT_ROWS > 3
	N(tile_4), N(tile_5), N(tile_6),
#endif
};

/* n outputs, four or the last one, of all rows. */
static void N(outputs)(const struct nt_slice *s, size_t o, size_t n)
{
	const size_t I = s->w->I, n_tile = (s->n_row + DOT_ROWS - 1) / DOT_ROWS;
	const weight *w = (const weight *)s->w->data + (s->first + o) * I;
	for (size_t t = 0; t < n_tile; t++) {
		size_t r = t * s->n_row / n_tile, end = (t + 1) * s->n_row / n_tile;
		four out[DOT_ROWS];
		struct N(place) p = {.w = w, .next = w, .ldw = n == 4 ? I : 0, .I = I,
				     .x = (const item *)(const void *)((const char *)s->in + r * s->row_bytes),
				     .ldx = s->row_bytes / sizeof(item)};
		if (n == 4 && o + 8 <= s->n && (n_tile < 4 ? t == 0 : t < 4)) {
			p.next = w + (4 + (n_tile < 4 ? 0 : t)) * I;
			p.ldnext = n_tile < 4 ? I : 0;
		}
		N(tiles)[end - r - 1](out, &p);
		for (size_t i = r; i < end; i++)
			put_four(s, i, o, n, out[i - r]);
	}
}

static void N(run)(const struct nt_slice *s)
{
	size_t o = 0;
	for (; o + 4 <= s->n; o += 4)
		N(outputs)(s, o, 4);
	for (; o < s->n; o++)
		N(outputs)(s, o, 1);
}

#undef N
#undef weight
#undef item
#undef STEP
#undef weights
#undef items
#undef get_weights
#undef get_items
#undef multiply
