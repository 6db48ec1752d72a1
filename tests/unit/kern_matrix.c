/* SPDX-License-Identifier: MIT */
/*
 * kern_matrix.c - rows times weight matrices: every type by every instruction set of this CPU
 *
 * Against sums in f64 of the weights as they were packed, at sizes around those of tiles, panels and
 * blocks, at odd addresses, up against pages that may not be touched. The bound on an error: n f32
 * additions are off by n 2^-24 of the sum of magnitudes at most; rows in bf16 by 2^-8 of them
 * besides; rows of 8 bits by half a step of the scale of their 32, times the magnitude of weights.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/half.h"
#include "kern/matrix_ways.h"
#include "model/blocks.h"
#include "nt/mem.h"
#include "nt/random.h"

/* --- arrays ------------------------------------------------------------------------ */

/* `bytes` that end `gap` bytes before memory that ends the program. */
struct guarded {
	char *map;
	size_t map_bytes;
	char *at;
};

static struct guarded guard(size_t bytes, size_t gap)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct guarded g = {.map_bytes = ((bytes + gap) / page + 2) * page};
	g.map = mmap(NULL, g.map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(g.map != MAP_FAILED);
	assert_int_equal(mprotect(g.map + g.map_bytes - page, page, PROT_NONE), 0);
	g.at = g.map + g.map_bytes - page - gap - bytes;
	return g;
}

static void unguard(struct guarded *g)
{
	munmap(g->map, g->map_bytes);
}

/* Array k of n values, the same every time. */
static void fill(float *x, uint64_t k, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (float)nt_random_normal(k, NT_RANDOM_INIT, i);
}

static float *array(uint64_t k, size_t n)
{
	float *x = nt_alloc(n, sizeof(*x));
	assert_non_null(x);
	fill(x, k, n);
	return x;
}

/* --- a matrix, and what its weights are ------------------------------------------------ */

struct subject {
	struct nt_matrix w;
	struct guarded data;
	double *weight; /* [O][I] */
};

static double of_f16(uint16_t h)
{
	if ((h & 0x7fff) == 0x7c00)
		return h & 0x8000 ? -HUGE_VAL : HUGE_VAL;
	double x = (h & 0x7c00) == 0 ? ldexp(h & 0x3ff, -24) : ldexp((h & 0x3ff) + 1024, (h >> 10 & 31) - 25);
	return h & 0x8000 ? -x : x;
}

static double of_bf16(uint16_t h)
{
	uint32_t bits = (uint32_t)h << 16;
	float x;
	memcpy(&x, &bits, sizeof(x));
	return (double)x;
}

/* What ggml makes of 32 weights. */
static void block_values(double *out, enum nt_matrix_type type, const float *x, size_t n)
{
	float whole[NT_BLOCK] = {0};
	uint8_t block[2 + NT_BLOCK];
	memcpy(whole, x, n * sizeof(*x));
	nt_blocks_write(block, whole, NT_BLOCK, type == NT_MATRIX_Q8_0 ? NT_GGML_Q8_0 : NT_GGML_Q4_0);
	double d = of_f16((uint16_t)(block[0] | block[1] << 8));
	for (size_t i = 0; i < n; i++)
		out[i] = type == NT_MATRIX_Q8_0 ? d * (int8_t)block[2 + i]
			 : i < 16	       ? d * ((block[2 + i] & 15) - 8)
						: d * ((block[2 + i - 16] >> 4) - 8);
}

static void take_values(struct subject *s, const float *x)
{
	size_t I = s->w.I, n = I * s->w.O;
	if (s->w.type == NT_MATRIX_Q8_0 || s->w.type == NT_MATRIX_Q4_0) {
		for (size_t o = 0; o < s->w.O; o++)
			for (size_t i = 0; i < I; i += NT_BLOCK)
				block_values(s->weight + o * I + i, s->w.type, x + o * I + i,
					     I - i < NT_BLOCK ? I - i : NT_BLOCK);
		return;
	}
	for (size_t i = 0; i < n; i++)
		s->weight[i] = s->w.type == NT_MATRIX_F16    ? of_f16(nt_to_f16(x[i]))
			       : s->w.type == NT_MATRIX_BF16 ? of_bf16(nt_to_bf16(x[i]))
							     : (double)x[i];
}

static size_t type_of_way(size_t way)
{
	return way == NT_MATRIX_IN_OUT ? NT_MATRIX_F32 : way;
}

static struct subject subject(size_t way, size_t I, size_t O, uint64_t seed)
{
	enum nt_matrix_type type = (enum nt_matrix_type)type_of_way(way);
	bool is_packed = type == NT_MATRIX_Q8_0 || type == NT_MATRIX_Q4_0;
	struct subject s = {.w = {.type = type, .is_in_out = way == NT_MATRIX_IN_OUT, .I = I, .O = O}};
	float *x = array(seed, I * O), *turned = array(seed, I * O);
	for (size_t o = 0; o < O; o++)
		for (size_t i = 0; i < I; i++)
			turned[i * O + o] = x[o * I + i];
	s.data = guard(nt_matrix_bytes(type, I, O), is_packed ? 0 : seed % 4);
	s.weight = nt_alloc(I * O, sizeof(*s.weight));
	s.w.data = s.data.at;
	if (s.w.is_in_out)
		memcpy(s.data.at, turned, I * O * sizeof(*turned));
	else
		for (size_t o = 0; o < O; o += NT_MATRIX_PANEL)
			nt_matrix_pack(s.data.at, type,
				       &(struct nt_matrix){.type = NT_MATRIX_F32, .is_in_out = seed % 2, .I = I,
							   .O = O, .data = seed % 2 ? turned : x},
				       o, O - o < NT_MATRIX_PANEL ? O - o : NT_MATRIX_PANEL);
	take_values(&s, x);
	free(x);
	free(turned);
	return s;
}

static void forget(struct subject *s)
{
	unguard(&s->data);
	free(s->weight);
}

/* --- a product ----------------------------------------------------------------------- */

/* How far element o of a row may be from the sum in f64. */
static double bound(enum nt_rows rows, const double *w, const float *x, size_t I)
{
	double size = 0, rounded = 0;
	for (size_t i = 0; i < I; i += NT_BLOCK) {
		double most = 0, weights = 0;
		for (size_t k = i; k < I && k < i + NT_BLOCK; k++) {
			double at = fabs((double)x[k]);
			size += fabs(w[k]) * at;
			weights += fabs(w[k]);
			most = at > most ? at : most;
		}
		rounded += weights * most / 254;
	}
	double sum = (double)(I + 8) * 0x1p-24 * (size + 8);
	return sum + (rows == NT_ROWS_BF16 ? 0x1p-8 * size : rows == NT_ROWS_INT8 ? 1.0001 * rounded : 0);
}

enum { GAP = 3 }; /* between rows of in and out */

/* Rows [0, n) of what way makes of them, everything against a guard. Returns out, [n][ldo]. */
static float *product(const struct nt_matrix_way *way, const struct nt_matrix *w, struct nt_pool *pool,
		      size_t n, bool has_bias, bool has_plus)
{
	size_t ldi = w->I + GAP, ldo = w->O + GAP;
	struct guarded in = guard(n * ldi * sizeof(float) - GAP * sizeof(float), 0);
	struct guarded out = guard(n * ldo * sizeof(float) - GAP * sizeof(float), 0);
	struct guarded bias = guard(w->O * sizeof(float), 0);
	struct guarded scratch = guard(nt_product_scratch(w->I, w->O, n), 0);
	const float *each[] = {(const float *)(const void *)bias.at};
	fill((float *)(void *)in.at, 1, n * ldi - GAP);
	fill((float *)(void *)out.at, 2, n * ldo - GAP);
	fill((float *)(void *)bias.at, 3, w->O);
	nt_product_by(way, pool, &(struct nt_product){
		.part = w, .bias = has_bias ? each : NULL, .n_part = 1, .n_row = n, .ldi = ldi, .ldo = ldo,
		.in = (const float *)(const void *)in.at, .out = (float *)(void *)out.at,
		.plus = has_plus ? (const float *)(const void *)out.at : NULL, .scratch = scratch.at});
	float *result = nt_alloc(n * ldo, sizeof(float));
	memcpy(result, out.at, (n * ldo - GAP) * sizeof(float));
	unguard(&in);
	unguard(&out);
	unguard(&bias);
	unguard(&scratch);
	return result;
}

static void check(const char *name, const struct nt_matrix_way *way, const struct subject *s,
		  struct nt_pool *pool, size_t n, bool has_bias, bool has_plus)
{
	size_t I = s->w.I, O = s->w.O, ldi = I + GAP, ldo = O + GAP;
	float *in = array(1, n * ldi), *before = array(2, n * ldo), *bias = array(3, O);
	float *out = product(way, &s->w, pool, n, has_bias, has_plus);
	for (size_t r = 0; r < n; r++) {
		for (size_t o = 0; o < O; o++) {
			const double *w = s->weight + o * I;
			double want = (has_bias ? (double)bias[o] : 0) + (has_plus ? (double)before[r * ldo + o] : 0);
			for (size_t i = 0; i < I; i++)
				want += w[i] * (double)in[r * ldi + i];
			double got = (double)out[r * ldo + o], may = bound(way->rows, w, in + r * ldi, I);
			if (!(fabs(got - want) <= may))
				fail_msg("%s, type %d: %zu x %zu x %zu: [%zu][%zu] is %g, not %g +- %g", name,
					 (int)s->w.type, n, I, O, r, o, got, want, may);
		}
		if (r + 1 < n)
			assert_memory_equal(out + r * ldo + O, before + r * ldo + O, GAP * sizeof(float));
	}
	free(in);
	free(before);
	free(bias);
	free(out);
}

/* Runs what is to be seen for every way that this CPU has. */
static void for_every_way(void (*see)(const char *name, size_t k, const struct nt_matrix_way *way))
{
	for (size_t t = 0; nt_matrix_tables[t]; t++)
		for (size_t k = 0; k < NT_MATRIX_WAYS && nt_matrix_tables[t]->is_here(); k++)
			if (k != NT_MATRIX_F64 && nt_matrix_tables[t]->way[k].run)
				see(nt_matrix_tables[t]->name, k, &nt_matrix_tables[t]->way[k]);
}

/* --- tests --------------------------------------------------------------------------- */

static void see_shapes(const char *name, size_t k, const struct nt_matrix_way *way)
{
	static const size_t sizes[][3] = {
		{1, 1, 1}, {2, 5, 3}, {3, 16, 4}, {6, 31, 5}, {7, 32, 16}, {8, 33, 17}, {1, 64, 50}, {4, 100, 70},
		{13, 288, 33}, {1, 513, 130}, {5, 1100, 20}, {12, 15, 64}, {1, 7, 257}, {2, 96, 48}, {70, 40, 37},
		{9, 1, 100}, {24, 129, 31}, {1, 2100, 7}, {70, 2100, 9}, {3, 300, 2100},
	};
	struct nt_pool *pool = nt_pool_new(2);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct subject s = subject(k, sizes[i][1], sizes[i][2], 10 + i);
		check(name, way, &s, i % 2 ? pool : NULL, sizes[i][0], i % 3 == 1, i % 3 > 0);
		check(name, way, &s, pool, sizes[i][0], true, false);
		forget(&s);
	}
	nt_pool_free(pool);
}

static void every_way_is_right_at_any_shape(void **state)
{
	(void)state;
	for_every_way(see_shapes);
}

/* The same element has the same bits, whatever else is worked out and by whom. */
static void see_bits(const char *name, size_t k, const struct nt_matrix_way *way)
{
	enum { I = 330, O = 530, MOST = 70, LD = O + GAP };
	struct subject s = subject(k, I, O, 5);
	struct nt_pool *pool[] = {NULL, nt_pool_new(2), nt_pool_new(3)};
	float *all = product(way, &s.w, NULL, MOST, true, true);
	for (size_t n = 1; n <= MOST; n += n < 26 ? 1 : 11) {
		float *some = product(way, &s.w, pool[n % 3], n, true, true);
		if (memcmp(some, all, (n * LD - GAP) * sizeof(float)) != 0)
			fail_msg("%s, way %zu: %zu rows have other bits than %d", name, k, n, MOST);
		free(some);
	}
	nt_pool_free(pool[1]);
	nt_pool_free(pool[2]);
	free(all);
	forget(&s);
}

static void any_number_of_rows_and_of_threads_gives_the_same_bits(void **state)
{
	(void)state;
	for_every_way(see_bits);
}

/* Rows of what 127 steps cannot measure beside one of ones: each is what it must be, and changes no other. */
static void see_extremes(const char *name, size_t k, const struct nt_matrix_way *way)
{
	enum { I = 70, O = 40, N = 6 };
	static const float odd[N] = {1, 1e-39f, NAN, INFINITY, 0, 1e37f};
	if (way->rows != NT_ROWS_INT8)
		return;
	struct subject s = subject(k, I, O, 5);
	float in[N * I], out[N * O];
	void *scratch = nt_alloc(nt_product_scratch(I, O, N), 1);
	for (size_t i = 0; i < N * I; i++)
		in[i] = i % I == 33 || i / I == 1 || i / I > 3 ? odd[i / I] : 1;
	nt_product_by(way, NULL, &(struct nt_product){.part = &s.w, .n_part = 1, .n_row = N, .in = in, .ldi = I,
						      .out = out, .ldo = O, .scratch = scratch});
	for (size_t o = 0; o < O; o++) {
		double sum = 0;
		for (size_t i = 0; i < I; i++)
			sum += s.weight[o * I + i];
		double got[N] = {0};
		for (size_t r = 0; r < N; r++)
			got[r] = (double)out[r * O + o];
		if (!(fabs(got[0] - sum) < 1e-4 && fabs(got[1]) < 1e-36 && isnan(got[2]) && !isfinite(got[3]) &&
		      got[4] == 0 && fabs(got[5] / 1e37 - sum) < 1e-4))
			fail_msg("%s: %g, %g, %g, %g, %g, %g", name, got[0], got[1], got[2], got[3], got[4], got[5]);
	}
	free(scratch);
	forget(&s);
}

static void what_has_no_scale_is_nothing_or_no_number(void **state)
{
	(void)state;
	for_every_way(see_extremes);
}

static void see_parts(const char *name, size_t k, const struct nt_matrix_way *way)
{
	enum { I = 70, ROWS = 9, ALL = 33 + 20 + 100 };
	static const size_t width[] = {33, 20, 100};
	struct subject s[3];
	struct nt_matrix part[3];
	float *bias = array(3, ALL), *in = array(1, ROWS * I);
	float *out = array(2, ROWS * ALL), *alone = array(2, ROWS * ALL);
	void *scratch = nt_alloc(nt_product_scratch(I, ALL, ROWS), 1);
	for (size_t i = 0; i < 3; i++) {
		s[i] = subject(k, I, width[i], 20 + i);
		part[i] = s[i].w;
	}
	struct nt_product p = {.part = part, .n_part = 3, .bias = (const float *const[]){bias, NULL, bias + 53},
			       .n_row = ROWS, .in = in, .out = out, .plus = out, .ldi = I, .ldo = ALL,
			       .scratch = scratch};
	nt_product_by(way, NULL, &p);
	for (size_t i = 0, at = 0; i < 3; at += width[i++]) {
		struct nt_product one = p;
		one.part = &part[i];
		one.n_part = 1;
		one.bias = p.bias + i;
		one.plus = one.out = alone + at;
		nt_product_by(way, NULL, &one);
		forget(&s[i]);
	}
	if (memcmp(out, alone, ROWS * ALL * sizeof(float)) != 0)
		fail_msg("%s, way %zu: parts come out differently side by side", name, k);
	free(bias);
	free(in);
	free(out);
	free(alone);
	free(scratch);
}

static void parts_come_out_side_by_side(void **state)
{
	(void)state;
	for_every_way(see_parts);
}

/* Some outputs after others, of rows that are prepared once. */
static void see_blocks(const char *name, size_t k, const struct nt_matrix_way *way)
{
	enum { I = 70, ROWS = 9, O = 133, FIRST = 96 };
	if (k == NT_MATRIX_IN_OUT)
		return;
	struct subject s = subject(k, I, O, 20);
	float *in = array(1, ROWS * I), *out = array(2, ROWS * O), *whole = array(3, ROWS * O);
	void *scratch = nt_alloc(nt_product_scratch(I, O, ROWS), 1);
	struct nt_product p = {.part = &s.w, .n_part = 1, .n_row = ROWS, .in = in, .out = whole, .ldi = I, .ldo = O,
			       .scratch = scratch};
	nt_product_by(way, NULL, &p);
	struct nt_matrix part = nt_matrix_outputs(&s.w, 0, FIRST);
	p.part = &part;
	p.out = out;
	nt_product_by(way, NULL, &p);
	part = nt_matrix_outputs(&s.w, FIRST, O - FIRST);
	p.is_prepared = true;
	p.out = out + FIRST;
	nt_product_by(way, NULL, &p);
	if (memcmp(out, whole, ROWS * O * sizeof(float)) != 0)
		fail_msg("%s, way %zu: blocks of outputs are not those of the whole", name, k);
	forget(&s);
	free(in);
	free(out);
	free(whole);
	free(scratch);
}

static void outputs_come_in_blocks(void **state)
{
	(void)state;
	for_every_way(see_blocks);
}

/* f16 and bf16 as sources, and numbers at the ends of what 16 bits hold. */
static void weights_are_packed_from_any_type(void **state)
{
	enum { I = 40, O = 18, N = I * O };
	static const float odd[] = {0, -0.0f, 1e-8f, -6e-8f, 6.1e-5f, 65504, 65520, 1e30f, -INFINITY, 0x1p-130f};
	float *x = array(9, N);
	uint16_t half[2][N], again[N];
	(void)state;
	memcpy(x, odd, sizeof(odd));
	for (size_t i = 0; i < N; i++) {
		half[0][i] = nt_to_f16(x[i]);
		half[1][i] = nt_to_bf16(x[i]);
	}
	for (int k = 0; k < 2; k++) {
		enum nt_matrix_type type = k ? NT_MATRIX_BF16 : NT_MATRIX_F16;
		struct nt_matrix from = {.type = NT_MATRIX_F32, .I = I, .O = O, .data = x};
		nt_matrix_pack(again, type, &from, 0, O);
		assert_memory_equal(again, half[k], sizeof(again));
		from.type = type;
		from.data = half[k];
		nt_matrix_pack(again, type, &from, 0, O);
		assert_memory_equal(again, half[k], sizeof(again));
		float wide[N];
		nt_matrix_pack(wide, NT_MATRIX_F32, &from, 0, O);
		for (size_t i = 0; i < N; i++)
			assert_true((double)wide[i] == (k ? of_bf16(half[k][i]) : of_f16(half[k][i])));
	}
	free(x);
}

static void every_instruction_set_packs_the_same_bytes(void **state)
{
	enum { I = 75, O = 37 };
	(void)state;
	for (int type = 0; type <= NT_MATRIX_Q4_0; type++) {
		size_t bytes = nt_matrix_bytes((enum nt_matrix_type)type, I, O);
		char *want = nt_alloc(bytes, 1), *got = nt_alloc(bytes, 1);
		float *x = array(7, I * O);
		memset(x, 0, NT_BLOCK * sizeof(*x)); /* a block without a scale */
		for (int is_in_out = 0; is_in_out < 2; is_in_out++) {
			struct nt_matrix from = {.type = NT_MATRIX_F32, .is_in_out = is_in_out, .I = I, .O = O,
						 .data = x};
			nt_matrix_ref.pack(want, (enum nt_matrix_type)type, &from, 0, O);
			for (size_t t = 0; nt_matrix_tables[t]; t++) {
				if (!nt_matrix_tables[t]->is_here() || !nt_matrix_tables[t]->pack)
					continue;
				memset(got, 1, bytes);
				nt_matrix_tables[t]->pack(got, (enum nt_matrix_type)type, &from, 0, O);
				assert_memory_equal(got, want, bytes);
			}
		}
		free(x);
		free(want);
		free(got);
	}
}

static void the_best_way_of_this_cpu_is_taken(void **state)
{
	enum { I = 64, O = 40 };
	float *in = array(1, I), out[2][O];
	void *scratch = nt_alloc(nt_product_scratch(I, O, 1), 1);
	(void)state;
	for (size_t k = 0; k < NT_MATRIX_WAYS; k++) {
		if (k == NT_MATRIX_F64)
			continue;
		struct subject s = subject(k, I, O, 2);
		struct nt_product p = {.part = &s.w, .n_part = 1, .n_row = 1, .in = in, .ldi = I, .out = out[0],
				       .ldo = O, .scratch = scratch};
		nt_product(NULL, &p);
		size_t t = 0;
		while (!nt_matrix_tables[t]->is_here() || !nt_matrix_tables[t]->way[k].run)
			t++;
		p.out = out[1];
		nt_product_by(&nt_matrix_tables[t]->way[k], NULL, &p);
		assert_memory_equal(out[0], out[1], sizeof(out[0]));
		forget(&s);
	}
	free(in);
	free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_is_right_at_any_shape),
		cmocka_unit_test(any_number_of_rows_and_of_threads_gives_the_same_bits),
		cmocka_unit_test(what_has_no_scale_is_nothing_or_no_number),
		cmocka_unit_test(parts_come_out_side_by_side),
		cmocka_unit_test(outputs_come_in_blocks),
		cmocka_unit_test(weights_are_packed_from_any_type),
		cmocka_unit_test(every_instruction_set_packs_the_same_bytes),
		cmocka_unit_test(the_best_way_of_this_cpu_is_taken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
