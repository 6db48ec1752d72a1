/* SPDX-License-Identifier: MIT */
/*
 * matrix.c - what products with a model's weight matrices take from memory and from the CPU
 *
 *	matrix [THREADS [MODEL [TYPE [ROWS]]]]
 *
 * All matrices of a model one after the other, each with weights of its own, as a step of
 * generating goes through them: with one row that is one token. The shortest step of a second: other
 * programs only make it longer. Weights of a file's types lie in small pages, as a mapped file
 * does. Logits are worked out for 128 rows at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "kern/matrix.h"
#include "nt/cpu.h"
#include "nt/mem.h"

enum { HEAD_ROWS = 128, ROWS = 512, MATRICES = 128 };

struct shape {
	size_t I, O, n_part;
};

static const struct model {
	const char *name;
	bool is_in_out;       /* its F32, but for the head */
	size_t n_layer;
	struct shape part[4];
	struct shape head;
} models[] = {
	{"gpt2-124m", true, 12, {{768, 2304, 1}, {768, 768, 1}, {768, 3072, 1}, {3072, 768, 1}}, {768, 50257, 1}},
	{"llama-15m", false, 6, {{288, 288, 3}, {288, 288, 1}, {288, 768, 2}, {768, 288, 1}}, {288, 32000, 1}},
};

static const struct type {
	const char *name;
	enum nt_matrix_type type;
	bool is_in_out;
} types[] = {
	{"f32", NT_MATRIX_F32, false}, {"f32-conv1d", NT_MATRIX_F32, true}, {"f16", NT_MATRIX_F16, false},
	{"bf16", NT_MATRIX_BF16, false}, {"q8_0", NT_MATRIX_Q8_0, false}, {"q4_0", NT_MATRIX_Q4_0, false},
};

static struct nt_matrix matrix[MATRICES][NT_PRODUCT_PARTS];
static size_t n_part[MATRICES], n_matrix, bytes, elements;
static nt_real *in, *out;
static void *scratch;
static float *source; /* random weights */
enum { SOURCE = 1 << 22 };

static void fill(struct nt_matrix *w)
{
	size_t size = nt_matrix_bytes(w->type, w->I, w->O);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		exit(1);
	bool is_packed = w->type == NT_MATRIX_Q8_0 || w->type == NT_MATRIX_Q4_0;
	madvise(p, size, is_packed ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	size_t rows = SOURCE / w->I / NT_MATRIX_PANEL * NT_MATRIX_PANEL;
	struct nt_matrix from = {.type = NT_MATRIX_F32, .I = w->I, .O = w->O, .data = source};
	for (size_t o = 0, n; o < w->O; o += n) {
		n = w->O - o < rows ? w->O - o : rows;
		from.O = n;
		nt_matrix_pack(p + nt_matrix_bytes(w->type, w->I, o), w->type, &from, 0, n);
	}
	w->data = p;
	bytes += size;
	elements += w->I * w->O;
}

static void add(const struct type *t, bool is_in_out, const struct shape *s)
{
	for (size_t k = 0; k < s->n_part; k++) {
		matrix[n_matrix][k] =
			(struct nt_matrix){.type = t->type, .is_in_out = is_in_out, .I = s->I, .O = s->O};
		fill(&matrix[n_matrix][k]);
	}
	n_part[n_matrix++] = s->n_part;
}

static void make(const struct model *m, const struct type *t)
{
	n_matrix = bytes = elements = 0;
	for (size_t l = 0; l < m->n_layer; l++)
		for (size_t i = 0; i < 4; i++)
			add(t, t->is_in_out, &m->part[i]);
	add(t, false, &m->head);
}

static void unmake(void)
{
	for (size_t i = 0; i < n_matrix; i++)
		for (size_t k = 0; k < n_part[i]; k++)
			munmap((void *)matrix[i][k].data,
			       nt_matrix_bytes(matrix[i][k].type, matrix[i][k].I, matrix[i][k].O));
}

static void step(struct nt_pool *pool, size_t n_row)
{
	for (size_t i = 0; i < n_matrix; i++) {
		const struct nt_matrix *w = matrix[i];
		size_t most = i + 1 == n_matrix ? HEAD_ROWS : n_row;
		for (size_t r = 0; r < n_row; r += most)
			nt_product(pool, &(struct nt_product){
				.part = w, .n_part = n_part[i], .in = in + r * w->I, .ldi = w->I, .out = out,
				.ldo = w->O * n_part[i], .n_row = n_row - r < most ? n_row - r : most,
				.scratch = scratch});
	}
}

static void measure(struct nt_pool *pool, const struct model *m, const struct type *t, size_t n_row)
{
	uint64_t least = UINT64_MAX, begin = nt_now_ns();
	for (int i = 0; i < 4 || nt_now_ns() - begin < 1000000000; i++) {
		uint64_t start = nt_now_ns();
		step(pool, n_row);
		uint64_t took = nt_now_ns() - start;
		least = took < least ? took : least;
	}
	double s = (double)least * 1e-9;
	printf("| %s | %s | %zu | %.0f | %.1f | %.0f |\n", m->name, t->name, n_row, (double)n_row / s,
	       (double)bytes * 1e-9 / s, 2e-9 * (double)elements * (double)n_row / s);
	fflush(stdout);
}

static bool is_asked(int argc, char **argv, int i, const char *name)
{
	return argc <= i || strcmp(argv[i], "all") == 0 || strcmp(argv[i], name) == 0;
}

int main(int argc, char **argv)
{
	static const size_t rows[] = {1, 2, 4, 8, 32, 128, 512};
	int n_thread = argc > 1 ? atoi(argv[1]) : nt_cpu_count();
	struct nt_pool *pool = nt_pool_new(n_thread);
	in = nt_alloc(ROWS * 3072, sizeof(*in));
	out = nt_alloc(HEAD_ROWS * 50304, sizeof(*out));
	scratch = nt_alloc(nt_product_scratch(3072, 3072, ROWS), 1);
	source = nt_alloc(SOURCE, sizeof(*source));
	if (!pool || !in || !out || !scratch || !source)
		return 1;
	for (size_t i = 0; i < SOURCE; i++)
		source[i] = (float)(i * 2654435761u % 1009) / 504 - 1;
	for (size_t i = 0; i < ROWS * 3072; i++)
		in[i] = (float)(i * 40503u % 1021) / 510 - 1;
	printf("%d threads\n\n", n_thread);
	printf("| model | weights | rows | tokens/s | GB/s | GFLOP/s |\n|---|---|---:|---:|---:|---:|\n");
	for (size_t k = 0; k < sizeof(models) / sizeof(*models); k++) {
		for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
			if (!is_asked(argc, argv, 2, models[k].name) ||
			    !is_asked(argc, argv, 3, types[i].name))
				continue;
			make(&models[k], &types[i]);
			for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
				char name[24];
				snprintf(name, sizeof(name), "%zu", rows[r]);
				if (is_asked(argc, argv, 4, name))
					measure(pool, &models[k], &types[i], rows[r]);
			}
			unmake();
		}
	}
	nt_pool_free(pool);
	return 0;
}
