/* SPDX-License-Identifier: MIT */
/* kern_gemm.c - matrix products against three loops in f64, in every form */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <cmocka.h>

#include "kern/gemm.h"
#include "kern/tile.h"
#include "nt/err.h"
#include "nt/mem.h"
#include "nt/random.h"

static float *matrix(uint64_t seed, size_t n)
{
	float *x = nt_alloc(n, sizeof(*x));
	for (size_t i = 0; i < n; i++)
		x[i] = (float)nt_random_normal(seed, NT_RANDOM_INIT, i);
	return x;
}

/* To bf16, to nearest even; none of our numbers is near the end of its range. */
static float rounded(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof(bits));
	bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
	memcpy(&x, &bits, sizeof(bits));
	return x;
}

static void round_all(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = rounded(x[i]);
}

static double at(const float *x, size_t ld, bool is_transposed, size_t row, size_t column)
{
	return (double)(is_transposed ? x[column * ld + row] : x[row * ld + column]);
}

/* Rows are longer in memory than the matrix, and what lies between must stay. */
enum { GAP = 3 };

static void check(struct nt_gemm g, struct nt_pool *pool, bool has_bias, bool has_plus)
{
	g.lda = (g.is_a_transposed ? g.m : g.k) + GAP;
	g.ldb = (g.is_b_transposed ? g.k : g.n) + GAP;
	g.ldc = g.n + GAP;
	float *a = matrix(1, g.lda * (g.is_a_transposed ? g.k : g.m));
	float *b = matrix(2, g.ldb * (g.is_b_transposed ? g.n : g.k));
	float *c = matrix(3, g.ldc * g.m), *before = matrix(3, g.ldc * g.m);
	float *bias = matrix(4, g.n), *plus = matrix(5, g.ldc * g.m);
	g.a = a;
	g.b = b;
	g.c = c;
	g.bias = has_bias ? bias : NULL;
	g.plus = has_plus ? plus : NULL;
	nt_gemm(pool, &g);
	if (g.is_bf16 && g.m > 1) {
		round_all(a, g.lda * (g.is_a_transposed ? g.k : g.m));
		round_all(b, g.ldb * (g.is_b_transposed ? g.n : g.k));
	}
	for (size_t i = 0; i < g.m; i++) {
		for (size_t j = 0; j < g.ldc; j++) {
			double want = (double)before[i * g.ldc + j], size = fabs(want) + 10;
			if (j < g.n) {
				double sum = 0;
				for (size_t k = 0; k < g.k; k++)
					sum += at(a, g.lda, g.is_a_transposed, i, k) *
					       at(b, g.ldb, g.is_b_transposed, k, j);
				want = (double)g.alpha * sum + (g.is_added ? want : 0) +
				       (has_bias ? (double)bias[j] : 0) +
				       (has_plus ? (double)plus[i * g.ldc + j] : 0);
			}
			if (!(fabs((double)c[i * g.ldc + j] - want) <= 1e-6 * size * sqrt((double)g.k + 1)))
				fail_msg("%zu x %zu x %zu: [%zu][%zu] is %g, not %g", g.m, g.n, g.k, i, j,
					 (double)c[i * g.ldc + j], want);
		}
	}
	free(a);
	free(b);
	free(c);
	free(before);
	free(bias);
	free(plus);
}

static void check_forms(struct nt_gemm g, struct nt_pool *pool)
{
	for (int form = 0; form < 4; form++) {
		g.is_a_transposed = form & 1;
		g.is_b_transposed = form & 2;
		g.is_added = false;
		check(g, pool, false, false);
		check(g, pool, true, false);
		check(g, pool, true, true);
		check(g, pool, false, true);
		g.is_added = true;
		check(g, pool, false, false);
	}
}

/* Sizes around those of tiles, panels, blocks of rows and of k, and of a slab. */
static void every_form_of_a_product_is_right(void **state)
{
	static const size_t shape[][3] = {{1, 1, 1}, {1, 7, 5}, {5, 1, 7}, {1, 300, 40}, {17, 19, 23},
					  {64, 33, 0}, {130, 260, 70}, {200, 150, 300}, {0, 4, 4}, {4, 0, 4},
					  {8, 48, 32}, {2, 64, 2}, {97, 65, 769}, {9, 113, 1537}};
	struct nt_pool *pool = nt_pool_new(2);
	(void)state;
	for (size_t s = 0; s < sizeof(shape) / sizeof(*shape); s++) {
		struct nt_gemm g = {.m = shape[s][0], .n = shape[s][1], .k = shape[s][2], .alpha = 0.5f};
		check_forms(g, pool);
		g.is_bf16 = nt_gemm_has_bf16();
		check_forms(g, pool);
	}
	nt_pool_free(pool);
}

/* More k, and more columns, than are packed at once. */
static void a_product_of_several_slabs_is_right(void **state)
{
	struct nt_pool *pool = nt_pool_new(2);
	(void)state;
	for (int is_bf16 = 0; is_bf16 <= nt_gemm_has_bf16(); is_bf16++) {
		check((struct nt_gemm){.m = 10, .n = 50, .k = 13001, .alpha = 1, .is_bf16 = is_bf16}, pool,
		      true, true);
		check((struct nt_gemm){.m = 3, .n = 1500, .k = 3500, .alpha = 1, .is_bf16 = is_bf16,
				       .is_b_transposed = true, .is_added = true}, pool, false, false);
	}
	nt_pool_free(pool);
}

/* B in bf16 gives the bits of a B that is rounded to it on its way. */
static void a_matrix_may_be_in_bf16(void **state)
{
	static const size_t shape[][3] = {{2, 1, 1}, {3, 49, 33}, {97, 65, 769}, {20, 113, 1537}, {130, 48, 96}};
	struct nt_pool *pool = nt_pool_new(2);
	(void)state;
	for (size_t s = 0; nt_gemm_takes_bf16() && s < sizeof(shape) / sizeof(*shape); s++) {
		size_t m = shape[s][0], n = shape[s][1], k = shape[s][2];
		float *a = matrix(1, m * k), *b = matrix(2, n * k), *c[2] = {matrix(3, m * n), matrix(4, m * n)};
		uint16_t *half = nt_alloc(n * k, sizeof(*half));
		round_all(b, n * k);
		for (size_t i = 0; i < n * k; i++)
			memcpy(&half[i], (const char *)&b[i] + 2, sizeof(*half));
		struct nt_gemm g = {.m = m, .n = n, .k = k, .a = a, .lda = k, .b = b, .ldb = k, .c = c[0], .ldc = n,
				    .alpha = 1, .is_b_transposed = true, .is_bf16 = true};
		nt_gemm(pool, &g);
		g.b = NULL;
		g.b_bf16 = half;
		g.c = c[1];
		nt_gemm(pool, &g);
		assert_memory_equal(c[0], c[1], m * n * sizeof(float));
		free(a);
		free(b);
		free(c[0]);
		free(c[1]);
		free(half);
	}
	nt_pool_free(pool);
}

/* It has the bits of the product that is not told; above the diagonal they may be the mirrored ones. */
static void check_symmetric(struct nt_gemm g, size_t n, size_t k, struct nt_pool *pool)
{
	g.m = g.n = n;
	g.k = k;
	g.lda = g.ldb = (g.is_a_transposed ? n : k) + GAP;
	g.ldc = n + GAP;
	g.is_b_transposed = !g.is_a_transposed;
	float *a = matrix(1, g.lda * (g.is_a_transposed ? k : n));
	float *c = matrix(2, g.ldc * n), *want = matrix(2, g.ldc * n);
	g.a = g.b = a;
	g.c = want;
	nt_gemm(pool, &g);
	g.c = c;
	g.is_symmetric = true;
	nt_gemm(pool, &g);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			if (memcmp(&c[i * g.ldc + j], &c[j * g.ldc + i], sizeof(*c)) == 0)
				want[i * g.ldc + j] = want[j * g.ldc + i];
	assert_memory_equal(c, want, g.ldc * n * sizeof(float));
	free(a);
	free(c);
	free(want);
}

static void a_symmetric_product_is_mirrored(void **state)
{
	static const size_t sides[] = {1, 2, 8, 50, 97, 200, 1100};
	struct nt_pool *pool = nt_pool_new(2);
	(void)state;
	for (size_t i = 0; i < sizeof(sides) / sizeof(*sides); i++)
		for (int form = 0; form < 4; form++) {
			struct nt_gemm g = {.alpha = 0.5f, .is_a_transposed = form & 1,
					    .is_bf16 = form & 2 && nt_gemm_has_bf16()};
			check_symmetric(g, sides[i], sides[i] > 1000 ? 3100 : 130, pool);
		}
	nt_pool_free(pool);
}

static void a_product_has_the_same_bits_at_any_number_of_threads(void **state)
{
	enum { M = 300, N = 200, K = 500 };
	float *a = matrix(1, M * K), *b = matrix(2, K * N), *c[6];
	(void)state;
	for (int i = 0; i < 6; i++) {
		struct nt_pool *pool = nt_pool_new(i / 2 + 1);
		c[i] = nt_alloc(M * N, sizeof(float));
		nt_gemm(pool, &(struct nt_gemm){.m = M, .n = N, .k = K, .a = a, .b = b, .c = c[i], .lda = K,
						.ldb = N, .ldc = N, .alpha = 1, .is_bf16 = i % 2});
		assert_memory_equal(c[i % 2], c[i], M * N * sizeof(float));
		nt_pool_free(pool);
	}
	for (int i = 0; i < 6; i++)
		free(c[i]);
	free(a);
	free(b);
}

static void a_product_over_nothing_is_what_is_added(void **state)
{
	float c[2][3] = {{1, 2, 3}, {4, 5, 6}}, bias[3] = {1, 1, 1};
	struct nt_gemm g = {.m = 2, .n = 3, .a = bias, .b = bias, .c = c[0], .ldc = 3, .alpha = 1, .is_added = true};
	(void)state;
	nt_gemm_here(&g);
	assert_true(c[1][2] == 6);
	g.is_added = false;
	g.plus = c[0];
	g.bias = bias;
	nt_gemm_here(&g);
	assert_true(c[0][0] == 2 && c[1][2] == 7);
	g.plus = g.bias = NULL;
	nt_gemm_here(&g);
	assert_true(c[0][0] == 0 && c[1][2] == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !defined(__clang__)
/* In a thread that cannot have more address space. (Sanitizers end a program then, and clang does not say that one is there.) */
static void *multiply_starved(void *product)
{
	struct rlimit was, none;
	getrlimit(RLIMIT_AS, &was);
	none = (struct rlimit){.rlim_cur = 1 << 20, .rlim_max = was.rlim_max};
	setrlimit(RLIMIT_AS, &none);
	/* an emulator passes no limit on */
	void *room = mmap(NULL, 1 << 26, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room != MAP_FAILED)
		munmap(room, 1 << 26);
	int rc = nt_gemm_load();
	nt_gemm_here(product);
	setrlimit(RLIMIT_AS, &was);
	return rc == (room == MAP_FAILED ? NT_ESYS : 0) ? product : NULL;
}

static void without_memory_a_product_has_the_same_bits(void **state)
{
	enum { M = 130, N = 500, K = 3300 };
	float *a = matrix(1, M * K), *b = matrix(2, K * N), *c = matrix(3, M * N), *want = matrix(4, M * N);
	(void)state;
	for (int form = 0; form < 2 && nt_tile_f32(); form++) {
		struct nt_gemm g = {.m = M, .n = N, .k = K, .a = a, .b = b, .c = want, .lda = K, .ldb = N, .ldc = N,
				    .alpha = 1, .is_bf16 = form};
		pthread_t thread;
		void *starved;
		nt_gemm_here(&g);
		g.c = c;
		assert_int_equal(pthread_create(&thread, NULL, multiply_starved, &g), 0);
		assert_int_equal(pthread_join(thread, &starved), 0);
		assert_non_null(starved);
		assert_memory_equal(c, want, M * N * sizeof(float));
	}
	free(a);
	free(b);
	free(c);
	free(want);
}
#define STARVED cmocka_unit_test(without_memory_a_product_has_the_same_bits),
#else
#define STARVED
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_a_product_is_right),
		cmocka_unit_test(a_product_of_several_slabs_is_right),
		cmocka_unit_test(a_matrix_may_be_in_bf16),
		cmocka_unit_test(a_symmetric_product_is_mirrored),
		cmocka_unit_test(a_product_over_nothing_is_what_is_added),
		STARVED
		cmocka_unit_test(a_product_has_the_same_bits_at_any_number_of_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
