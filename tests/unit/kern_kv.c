/* SPDX-License-Identifier: MIT */
/*
 * kern_kv.c - keys and values kept, and attention over them, against f64
 *
 * With u = 2^-24, a score is off by at most d = (D/2 + 4) u sum |q k| / sqrt(D), a weight by 2 d of
 * itself and the few u of exp and of the softmax's sum, and a sum of a part's values, which has two
 * sums of 256, by 258 u of its magnitude: so o is off by at most (2 d + 300 u) sum p |v|.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/half.h"
#include "kern/kv.h"
#include "nt/pool.h"
#include "nt/random.h"

enum { LONGEST = 1100, WIDEST = 128, HEADS = 8 };

static float key[LONGEST][WIDEST], value[LONGEST][WIDEST], query[HEADS][WIDEST];
static float out[HEADS][WIDEST], alone[HEADS][WIDEST], scratch[3 * HEADS * (WIDEST + 1)];

static void random_rows(float (*row)[WIDEST], size_t n, uint64_t array, float size, float mean)
{
	for (size_t t = 0; t < n; t++)
		for (size_t d = 0; d < WIDEST; d++)
			row[t][d] = size * (float)nt_random_normal(array, NT_RANDOM_INIT, t * WIDEST + d) + mean;
}

static float as_kept(float x, bool is_f16)
{
	return is_f16 ? nt_from_f16(nt_to_f16(x)) : x;
}

static int set_up(void **state)
{
	(void)state;
	random_rows(key, LONGEST, 1, 1, 0);
	random_rows(value, LONGEST, 2, 1, 0.3f);
	random_rows(query, HEADS, 3, 2, 0);
	return 0;
}

/* Room for n_position that ends where one more byte ends the program. */
struct room {
	struct nt_kv kv;
	unsigned char *map;
	size_t bytes;
};

static struct room room_for(const struct nt_kern *kern, size_t n_position, size_t D, bool is_f16)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), each = nt_kv_block_bytes(D, is_f16);
	size_t bytes = (n_position + NT_KV_BLOCK - 1) / NT_KV_BLOCK * each;
	struct room r = {.bytes = (bytes + page - 1) / page * page + page};
	r.map = mmap(NULL, r.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(r.map != MAP_FAILED);
	assert_int_equal(mprotect(r.map + r.bytes - page, page, PROT_NONE), 0);
	r.kv = (struct nt_kv){.kern = kern, .block = r.map + r.bytes - page - bytes, .stride = each, .D = D,
			      .is_f16 = is_f16};
	return r;
}

static void leave(struct room *r)
{
	munmap(r->map, r->bytes);
}

static struct nt_kv_query query_of(const struct nt_kv *kv, size_t n_key, size_t n_head)
{
	return (struct nt_kv_query){.kv = *kv, .n_key = n_key, .n_head = n_head, .q = query[0], .ldq = WIDEST,
				    .out = out[0], .ldo = WIDEST, .scratch = scratch};
}

static void attend(struct nt_kv_query *a)
{
	for (size_t part = 0; part < nt_kv_n_part(a->n_key); part++)
		nt_kv_attend_part(a, part);
}

/* Head h over the keys so far, in f64: sums of exp(s - top). */
struct exact {
	double top, score_error, total, o[WIDEST], size[WIDEST];
};

static double score(size_t h, size_t t, size_t D, bool is_f16, double *size)
{
	double s = 0;
	*size = 0;
	for (size_t d = 0; d < D; d++) {
		double qk = (double)query[h][d] * (double)as_kept(key[t][d], is_f16) / sqrt((double)D);
		s += qk;
		*size += fabs(qk);
	}
	return s;
}

static void one_more(struct exact *e, size_t h, size_t t, size_t D, bool is_f16)
{
	double size, s = score(h, t, D, is_f16, &size), top = fmax(s, e->top), keep = exp(e->top - top);
	double p = exp(s - top), off = (double)(D / 2 + 4) * 0x1p-24 * size;
	e->total = e->total * keep + p;
	e->score_error = fmax(e->score_error, off);
	for (size_t d = 0; d < D; d++) {
		double v = (double)as_kept(value[t][d], is_f16);
		e->o[d] = e->o[d] * keep + p * v;
		e->size[d] = e->size[d] * keep + p * fabs(v);
	}
	e->top = top;
}

static void check(const struct exact *e, const float *got, size_t n_key, size_t D, bool is_f16)
{
	for (size_t d = 0; d < D; d++) {
		double want = e->o[d] / e->total, bound = (2 * e->score_error + 300 * 0x1p-24) * e->size[d] / e->total;
		if (!(fabs((double)got[d] - want) <= bound))
			fail_msg("%zu keys of %zu, %s: o[%zu] is %.9g and not %.9g", n_key, D, is_f16 ? "f16" : "f32", d,
				 (double)got[d], want);
	}
}

static bool is_of_interest(size_t n, size_t D)
{
	return D == 64 ? n % 3 == 1 : n <= 36 || n % NT_KV_PART <= 2 || n % NT_KV_PART == 511 || n % 97 == 0;
}

/* Lengths up to the longest as keys come in. */
static void compare(const struct nt_kern *kern, size_t D, size_t n_head, bool is_f16)
{
	struct room room = room_for(kern, LONGEST, D, is_f16);
	struct exact e[HEADS] = {{0}};
	for (size_t h = 0; h < n_head; h++)
		e[h].top = -INFINITY;
	for (size_t n = 1; n <= LONGEST; n++) {
		nt_kv_put(&room.kv, n - 1, key[n - 1], value[n - 1]);
		for (size_t h = 0; h < n_head; h++)
			one_more(&e[h], h, n - 1, D, is_f16);
		if (!is_of_interest(n, D))
			continue;
		struct nt_kv_query a = query_of(&room.kv, n, n_head);
		attend(&a);
		for (size_t h = 0; h < n_head; h++)
			check(&e[h], out[h], n, D, is_f16);
	}
	leave(&room);
}

static void every_table_is_near_f64(void **state)
{
	static const struct {
		size_t D, n_head;
	} shape[] = {{1, 1}, {5, 2}, {24, 3}, {32, 1}, {48, 1}, {48, 6}, {64, 1}, {64, 4}, {80, 2}, {96, 7}, {128, 1}, {128, 8}};
	(void)state;
	for (int isa = 0; isa < NT_ISA_COUNT; isa++)
		for (size_t i = 0; i < sizeof(shape) / sizeof(*shape) && nt_kern_of((enum nt_isa)isa); i++)
			for (int is_f16 = 0; is_f16 < 2; is_f16++)
				compare(nt_kern_of((enum nt_isa)isa), shape[i].D, shape[i].n_head, is_f16);
}

static void fill(const struct nt_kv *kv, size_t n)
{
	for (size_t t = 0; t < n; t++)
		nt_kv_put(kv, t, key[t], value[t]);
}

static int attend_part(void *arg, size_t i)
{
	struct nt_kv_query *a = arg;
	nt_kv_attend_part(a, nt_kv_n_part(a->n_key) - 1 - i);
	return 0;
}

static void a_result_is_the_same_bits_by_any_thread_in_any_order_and_beside_any_head(void **state)
{
	struct nt_pool *pool = nt_pool_new(3);
	size_t D = 48, n = LONGEST;
	(void)state;
	assert_non_null(pool);
	for (int isa = 0; isa < NT_ISA_COUNT; isa++) {
		if (!nt_kern_of((enum nt_isa)isa))
			continue;
		struct room room = room_for(nt_kern_of((enum nt_isa)isa), n, D, isa % 2);
		fill(&room.kv, n);
		for (size_t h = 0; h < HEADS; h++) {
			struct nt_kv_query one = query_of(&room.kv, n, 1);
			one.q = query[h];
			one.out = alone[h];
			attend(&one);
		}
		struct nt_kv_query all = query_of(&room.kv, n, HEADS);
		for (int again = 0; again < 20; again++) {
			memset(out, 0, sizeof(out));
			assert_int_equal(nt_pool_run(pool, nt_kv_n_part(n), attend_part, &all), 0);
			assert_memory_equal(out, alone, sizeof(out));
		}
		leave(&room);
	}
	nt_pool_free(pool);
}

static void what_is_kept_comes_back(void **state)
{
	static float k[70][112], v[110 * 70];
	(void)state;
	for (int isa = 0; isa < NT_ISA_COUNT; isa++) {
		for (size_t D = 1; D <= 66 && nt_kern_of((enum nt_isa)isa); D += 13) {
			bool is_f16 = D % 2;
			struct room room = room_for(nt_kern_of((enum nt_isa)isa), 150, D, is_f16);
			fill(&room.kv, 150);
			for (size_t first = 0; first < 48; first += NT_KV_BLOCK) {
				size_t n = first + 63;
				nt_kv_get(&room.kv, first, n, k[0], 112, v);
				for (size_t i = 0; i < n * D; i++) {
					size_t t = i / D, d = i % D;
					assert_true(k[d][t] == as_kept(key[first + t][d], is_f16));
					assert_true(v[i] == as_kept(value[first + t][d], is_f16));
				}
			}
			leave(&room);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_is_near_f64),
		cmocka_unit_test(a_result_is_the_same_bits_by_any_thread_in_any_order_and_beside_any_head),
		cmocka_unit_test(what_is_kept_comes_back),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
