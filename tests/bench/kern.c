/* SPDX-License-Identifier: MIT */
/*
 * kern.c - how near the loops of training are to what a core can do (make bench BENCH=kern)
 *
 *	kern           everything
 *	kern peaks     only what a core can do
 *
 * Products: a share of what the innermost loop does with operands that never leave the first-level
 * cache. Passes over memory: a share of what memcpy moves, reads and writes both counted. One
 * thread, the time of that thread alone, the fastest of half a second: other programs only make
 * it slower.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kern/gemm.h"
#include "kern/kern.h"
#include "kern/tile.h"
#include "nt/mem.h"

enum { ELEMENTS = 1 << 25 }; /* of each array: 128 MiB, more than any cache */

static float *x, *y, *z, *w;
static double peak[2], memory; /* FLOP/s in f32 and bf16; bytes/s */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The shortest of the calls that half a second holds, at least three. */
static double fastest(void (*run)(const void *arg), const void *arg)
{
	double least = 1e9, begin = now();
	for (int i = 0; i < 3 || now() - begin < 0.5; i++) {
		double start = now();
		run(arg);
		double took = now() - start;
		least = took < least ? took : least;
	}
	return least;
}

/* --- products --------------------------------------------------------------------- */

enum { TILES = 4000, TILE_STEPS = 64 };
static const struct nt_tile_base none;

static void run_tiles(const void *arg)
{
	const struct nt_tile *tile = arg;
	struct nt_tile_rows rows = {.a = (const uint32_t *)(const void *)x, .row_stride = tile->words,
				    .step_stride = tile->words * tile->rows};
	const uint32_t *panel = (const uint32_t *)(const void *)y;
	for (int i = 0; i < TILES; i++)
		tile->run[tile->vectors - 1](z, NT_TILE_COLUMNS, &rows, panel, TILE_STEPS, &none);
}

static double peak_of(const struct nt_tile *tile)
{
	if (!tile)
		return 0;
	size_t columns = tile->vectors * tile->vector;
	double flop = 2.0 * (double)(tile->rows * columns * tile->k_step) * TILE_STEPS * TILES;
	return flop / fastest(run_tiles, tile);
}

/* Small ones again and again, so that a clock can see them. */
static size_t repeats(const struct nt_gemm *g)
{
	return 1 + (size_t)(1e8 / (2.0 * (double)g->m * (double)g->n * (double)g->k));
}

static void run_gemm(const void *arg)
{
	for (size_t i = repeats(arg); i > 0; i--)
		nt_gemm(NULL, arg);
}

/* Y = X W^T, dX = dY W and dW += dY^T X of a matrix [O][I] and N rows. */
static void linear(size_t N, size_t I, size_t O)
{
	printf("| %zu x %zu x %zu |", N, I, O);
	for (int is_bf16 = 0; is_bf16 <= nt_gemm_has_bf16(); is_bf16++) {
		const struct nt_gemm product[] = {
			{.m = N, .n = O, .k = I, .a = x, .lda = I, .b = w, .ldb = I, .is_b_transposed = true,
			 .c = z, .ldc = O, .alpha = 1, .is_bf16 = is_bf16},
			{.m = N, .n = I, .k = O, .a = y, .lda = O, .b = w, .ldb = I, .c = z, .ldc = I, .alpha = 1,
			 .is_bf16 = is_bf16},
			{.m = O, .n = I, .k = N, .a = y, .lda = O, .is_a_transposed = true, .b = x, .ldb = I,
			 .c = z, .ldc = I, .alpha = 1, .is_added = true, .is_bf16 = is_bf16},
		};
		for (size_t i = 0; i < sizeof(product) / sizeof(*product); i++) {
			double flop = 2.0 * (double)N * (double)I * (double)O * (double)repeats(&product[i]);
			double rate = flop / fastest(run_gemm, &product[i]);
			printf(" %.0f", rate * 1e-9);
			if (peak[is_bf16] > 0)
				printf(" (%.0f %%)", 100 * rate / peak[is_bf16]);
			printf(" |");
		}
	}
	printf("\n");
}

/* --- passes ------------------------------------------------------------------------ */

enum { ROW = 768, ROWS = ELEMENTS / ROW, VOCABULARY = 50304, LOGIT_ROWS = ELEMENTS / VOCABULARY };

static void copy(const void *arg)
{
	(void)arg;
	memcpy(y, x, ELEMENTS * sizeof(*x));
}

static void adamw(const void *arg)
{
	static const struct nt_adamw a = {.lr_step = 1e-9f, .beta1 = 0.9f, .beta2 = 0.99f, .root_v = 1,
					  .eps = 1e-8f, .keep = 1, .g_scale = 1};
	(void)arg;
	nt_kern()->adamw(w, y, z, x, ELEMENTS, &a);
}

static void widen(const void *arg)
{
	(void)arg;
	nt_kern()->widen(y, (const uint16_t *)(const void *)x, ELEMENTS);
}

static void narrow(const void *arg)
{
	(void)arg;
	nt_kern()->narrow((uint16_t *)(void *)y, x, ELEMENTS, 1);
}

static void sum_squares(const void *arg)
{
	(void)arg;
	z[0] = (float)nt_kern()->sum_squares(x, ELEMENTS);
}

static void gelu(const void *arg)
{
	(void)arg;
	nt_kern()->gelu(y, x, ELEMENTS);
}

static void gelu_back(const void *arg)
{
	(void)arg;
	nt_kern()->gelu_back(y, z, w, x, ELEMENTS);
}

static void layernorm(const void *arg)
{
	float stat[2];
	(void)arg;
	for (size_t r = 0; r < ROWS; r++)
		nt_kern()->layernorm(y + r * ROW, x + r * ROW, w, w + ROW, ROW, 1e-5f, stat);
}

static void layernorm_back(const void *arg)
{
	static const float stat[2] = {0, 1};
	(void)arg;
	for (size_t r = 0; r < ROWS; r++)
		nt_kern()->layernorm_back(y + r * ROW, z + r * ROW, x + r * ROW, w, ROW, stat);
}

static void sum_rows(const void *arg)
{
	(void)arg;
	for (size_t i = 0; i < ROW; i += 64)
		nt_kern()->sum_rows(y + i, x + i, ROW, ROWS, 64);
}

static void softmax(const void *arg)
{
	(void)arg;
	for (size_t r = 0; r < LOGIT_ROWS; r++)
		nt_kern()->softmax(y + r * VOCABULARY, VOCABULARY, 1e-3f);
}

/* Passes that touch `arrays` times the elements, reading and writing counted. */
static void pass(const char *name, void (*run)(const void *arg), double arrays)
{
	double rate = arrays * ELEMENTS * sizeof(*x) / fastest(run, NULL);
	printf("| %s | %.1f | %.0f %% |\n", name, rate * 1e-9, 100 * rate / memory);
}

static void fill(float *a, unsigned step)
{
	for (size_t i = 0; i < ELEMENTS; i++)
		a[i] = (float)(i * step % 1024) / 512 - 1;
}

int main(int argc, char **argv)
{
	if (nt_gemm_load() < 0 || !(x = nt_alloc(ELEMENTS, sizeof(*x))) || !(y = nt_alloc(ELEMENTS, sizeof(*y))) ||
	    !(z = nt_alloc(ELEMENTS, sizeof(*z))) || !(w = nt_alloc(ELEMENTS, sizeof(*w))))
		return 1;
	fill(x, 40503);
	fill(y, 2654435);
	fill(w, 7919);
	memset(z, 0, ELEMENTS * sizeof(*z));
	peak[0] = peak_of(nt_tile_f32());
	peak[1] = peak_of(nt_tile_bf16());
	memory = 2.0 * ELEMENTS * sizeof(*x) / fastest(copy, NULL);
	printf("one core, GFLOP/s: a tile in f32 %.0f, in bf16 %.0f; memory copied, both ways: %.1f GB/s\n",
	       peak[0] * 1e-9, peak[1] * 1e-9, memory * 1e-9);
	if (argc > 1 && strcmp(argv[1], "peaks") == 0)
		return 0;
	printf("\n| rows x in x out | f32 Y | dX | dW |%s\n|---|---|---|---|%s\n",
	       nt_gemm_has_bf16() ? " bf16 Y | dX | dW |" : "", nt_gemm_has_bf16() ? "---|---|---|" : "");
	linear(4096, 384, 1152);
	linear(4096, 384, 384);
	linear(4096, 384, 1536);
	linear(4096, 1536, 384);
	linear(1024, 384, 8192);
	linear(2048, 768, 2304);
	linear(2048, 768, 3072);
	linear(2048, 3072, 768);
	linear(320, 768, 50304);
	linear(256, 768, 3072);
	linear(128, 64, 256);
	printf("\n| pass | GB/s | of a copy |\n|---|---:|---:|\n");
	pass("softmax, rows of 50304, in place", softmax, 2);
	memset(z, 0, ELEMENTS * sizeof(*z));
	pass("GELU", gelu, 2);
	pass("GELU, back", gelu_back, 4);
	pass("LayerNorm, rows of 768", layernorm, 2);
	pass("LayerNorm, back", layernorm_back, 4);
	pass("sum of rows (a bias)", sum_rows, 1);
	pass("sum of squares", sum_squares, 1);
	memset(z, 0, ELEMENTS * sizeof(*z));
	pass("AdamW", adamw, 7);
	pass("bf16 to f32", widen, 1.5);
	pass("f32 to bf16, by chance", narrow, 1.5);
	return 0;
}
