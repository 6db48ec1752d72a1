/* SPDX-License-Identifier: MIT */
/*
 * gemm_blas.c - matrix products by OpenBLAS, cut and scheduled by us: where there are no tiles (tile.h)
 *
 * OpenBLAS's own threads would be a second pool fighting ours, and would cut a product
 * by their number, so that results differed with it. It is held to one thread, and a
 * product is halved along its longer side until there are about BLOCKS pieces, enough
 * to keep a dozen cores even, or the pieces get so small that packing them would cost
 * more than it gains. A product with one row is a matrix-vector product: those only
 * read memory, and gemm would copy the matrix first.
 *
 * OpenBLAS is loaded with the first model, not with the program: most runs of nt-filter have
 * none. It must know then that it has one thread. Left alone it starts one for each CPU; they spin
 * for 0.1 s before they sleep, and the end of the program waits for theirs.
 *
 * Every thread in a product has a buffer of 128 MB, which OpenBLAS keeps for the next one, and asks
 * for for ever where there is no address space. So all are taken at the beginning, as many as there
 * is space for, and so many products go on at a time.
 */
#include "kern/gemm_ways.h"

#include <cblas.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kern/kern.h"
#include "nt/cpu.h"
#include "nt/err.h"

enum {
	BLOCKS = 24,
	SIDE_MIN = 64,             /* elements; of a block of C */
	SIDE_STEP = 16,            /* a register tile's side: no block ends inside one */
	FLOP_MIN = 1 << 22,        /* of a block: some 40 us on one core */
	VECTOR_BLOCK = 1 << 16,    /* matrix elements for one task of a matrix-vector product */
	BUFFERS = 32,              /* at most; OpenBLAS has places for twice as many in its smallest builds */
	BUFFER_ROOM = 160 << 20,   /* bytes: there is something left for others */
};

/* Of OpenBLAS's own: which buffer it is does not matter. */
void *blas_memory_alloc(int place);
void blas_memory_free(void *buffer);

#ifdef NT_REAL_IS_DOUBLE
#define BLAS_FUNCTIONS(f) f(gemm, cblas_dgemm) f(gemv, cblas_dgemv) BLAS_COMMON(f)
#else
#define BLAS_FUNCTIONS(f) f(gemm, cblas_sgemm) f(gemv, cblas_sgemv) BLAS_COMMON(f)
#endif
#define BLAS_COMMON(f)                                                                     \
	f(set_num_threads, openblas_set_num_threads) f(take, blas_memory_alloc) f(give_back, blas_memory_free)

static const char soname[] = "libopenblas.so.0";

static struct {
#define POINTER(name, function) __typeof__(function) *name;
	BLAS_FUNCTIONS(POINTER)
#undef POINTER
} blas; /* set once */

static bool is_there;

static struct {
	pthread_mutex_t lock;
	pthread_cond_t is_free;
	int n, n_free;
} buffers = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0};

static bool has_space(void)
{
	void *room = mmap(NULL, BUFFER_ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return room != MAP_FAILED && munmap(room, BUFFER_ROOM) == 0;
}

static void take_buffers(void)
{
	void *taken[BUFFERS];
	int most = nt_cpu_count() < BUFFERS ? nt_cpu_count() : BUFFERS, n = 0;
	while (n < most && has_space())
		taken[n++] = blas.take(0);
	buffers.n = buffers.n_free = n;
	while (n > 0)
		blas.give_back(taken[--n]);
}

static void wait_for_buffer(void)
{
	pthread_mutex_lock(&buffers.lock);
	while (buffers.n_free == 0)
		pthread_cond_wait(&buffers.is_free, &buffers.lock);
	buffers.n_free--;
	pthread_mutex_unlock(&buffers.lock);
}

static void leave_buffer(void)
{
	pthread_mutex_lock(&buffers.lock);
	buffers.n_free++;
	pthread_cond_signal(&buffers.is_free);
	pthread_mutex_unlock(&buffers.lock);
}

static void load(void)
{
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	is_there = handle != NULL;
#define LOOK_UP(name, function)                                                            \
	if (is_there) {                                                                    \
		void *found = dlsym(handle, #function);                                    \
		memcpy(&blas.name, &found, sizeof(found));                                 \
		is_there = found != NULL;                                                  \
	}
	BLAS_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
	if (is_there) {
		blas.set_num_threads(1);
		take_buffers();
	}
}

int nt_blas_load(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (!is_there)
		return nt_fail(NT_ESYS, "%s, which multiplies matrices, cannot be loaded: install OpenBLAS", soname);
	return buffers.n ? 0 : nt_fail(NT_ESYS, "out of memory: no address space for OpenBLAS, which takes 128 MB of it");
}

static blasint blas_int(size_t n)
{
	nt_assert(n <= INT_MAX);
	return (blasint)n;
}

static void gemv(const struct nt_gemm *g, nt_real beta)
{
	bool t = g->is_b_transposed;
	size_t rows = t ? g->n : g->k, columns = t ? g->k : g->n;
	blas.gemv(CblasRowMajor, t ? CblasNoTrans : CblasTrans, blas_int(rows), blas_int(columns),
		  g->alpha, g->b, blas_int(g->ldb), g->a, g->is_a_transposed ? blas_int(g->lda) : 1,
		  beta, g->c, 1);
}

static void gemm(const struct nt_gemm *g, nt_real beta)
{
	blas.gemm(CblasRowMajor, g->is_a_transposed ? CblasTrans : CblasNoTrans,
		  g->is_b_transposed ? CblasTrans : CblasNoTrans, blas_int(g->m), blas_int(g->n),
		  blas_int(g->k), g->alpha, g->a, blas_int(g->lda), g->b, blas_int(g->ldb), beta, g->c,
		  blas_int(g->ldc));
}

/* c[j] = plus[j] + bias[j], j < n; one of them may be NULL. plus may be c. */
static void fill(nt_real *c, const nt_real *plus, const nt_real *bias, size_t n)
{
	const nt_real *first = plus ? plus : bias;
	if (c != first)
		memcpy(c, first, n * sizeof(*c));
	if (plus && bias)
		nt_kern()->add(c, bias, n);
}

static void in_one_call(const struct nt_gemm *g)
{
	bool is_filled = g->bias || g->plus;
	for (size_t i = 0; is_filled && i < g->m; i++)
		fill(g->c + i * g->ldc, g->plus ? g->plus + i * g->ldc : NULL, g->bias, g->n);
	nt_real beta = g->is_added || is_filled ? 1 : 0;
	wait_for_buffer();
	if (g->m == 1)
		gemv(g, beta);
	else
		gemm(g, beta);
	leave_buffer();
}

struct cut {
	const struct nt_gemm *whole;
	size_t m, n;     /* sides of a block */
	size_t n_column; /* blocks beside each other */
};

static size_t half(size_t side)
{
	return (side / 2 + SIDE_STEP - 1) / SIDE_STEP * SIDE_STEP;
}

static size_t ceil_div(size_t a, size_t b)
{
	return (a + b - 1) / b;
}

static void decide(struct cut *c, const struct nt_gemm *g)
{
	c->whole = g;
	c->m = g->m;
	c->n = g->n;
	if (g->m == 1) {
		size_t n = VECTOR_BLOCK / (g->k + 1) / SIDE_STEP * SIDE_STEP;
		c->n = n < SIDE_MIN ? SIDE_MIN : n;
	}
	for (size_t blocks = 1; g->m > 1 && blocks < BLOCKS;) {
		size_t *side = c->m >= c->n ? &c->m : &c->n;
		if (*side < 2 * SIDE_MIN || 2.0 * (double)c->m * (double)c->n * (double)g->k < 2.0 * FLOP_MIN)
			break;
		*side = half(*side);
		blocks = ceil_div(g->m, c->m) * ceil_div(g->n, c->n);
	}
	c->n_column = ceil_div(g->n, c->n);
}

static int block(void *arg, size_t i)
{
	const struct cut *c = arg;
	struct nt_gemm g = *c->whole;
	size_t row = i / c->n_column * c->m, column = i % c->n_column * c->n;
	g.m = g.m - row < c->m ? g.m - row : c->m;
	g.n = g.n - column < c->n ? g.n - column : c->n;
	g.a += g.is_a_transposed ? row : row * g.lda;
	g.b += g.is_b_transposed ? column * g.ldb : column;
	g.c += row * g.ldc + column;
	g.bias = g.bias ? g.bias + column : NULL;
	g.plus = g.plus ? g.plus + row * g.ldc + column : NULL;
	in_one_call(&g);
	return 0;
}

void nt_gemm_blas(struct nt_pool *pool, const struct nt_gemm *g)
{
	struct cut c;
	nt_assert(nt_blas_load() == 0); /* as it was for the model */
	if (!pool) {
		in_one_call(g);
		return;
	}
	decide(&c, g);
	nt_pool_run(pool, ceil_div(g->m, c.m) * c.n_column, block, &c);
}
