/* SPDX-License-Identifier: MIT */
/* data_ids.c - ids to bytes and back, by the loops of each instruction set */
#include "data_fake.h"

#include "data/ids.h"

enum { MOST = 200 };

static const struct nt_id_loops *loops[2];
static size_t n_loops;

static void choose(void)
{
	loops[n_loops++] = &nt_id_loops_ref;
#ifdef NT_HAS_WIDE
	if (nt_cpu_isa() >= NT_ISA_AVX2)
		loops[n_loops++] = &nt_id_loops_avx2;
#endif
}

/* Ids of which one, at any place, is the largest. */
static uint32_t fill(uint32_t *id, size_t n, size_t width)
{
	uint32_t most = width == 2 ? UINT16_MAX : UINT32_MAX;
	for (size_t i = 0; i < n; i++)
		id[i] = (uint32_t)(i * UINT32_C(2654435761)) % (most - 1);
	if (n)
		id[n * 5 / 7] = most;
	return n ? most : 0;
}

static void ids_come_back_and_the_largest_is_seen(void **state)
{
	(void)state;
	for (size_t l = 0; l < n_loops; l++)
		for (size_t width = 2; width <= 4; width += 2)
			for (size_t n = 0; n < MOST; n++) {
				uint32_t id[MOST], again[MOST + 1];
				uint8_t bytes[4 * MOST + 1];
				uint32_t most = fill(id, n, width);
				bytes[n * width] = 0xa5;
				again[n] = 0xa5a5;
				assert_int_equal(loops[l]->narrow(bytes, id, n, width), most);
				assert_int_equal(loops[l]->top(bytes, n, width), most);
				assert_int_equal(loops[l]->widen(again, bytes, n, width), most);
				assert_memory_equal(again, id, n * sizeof(*id));
				assert_int_equal(bytes[n * width], 0xa5);
				assert_int_equal(again[n], 0xa5a5);
			}
}

static void the_lower_byte_comes_first(void **state)
{
	(void)state;
	for (size_t l = 0; l < n_loops; l++) {
		const uint32_t id[2] = {0x0102, 0x03040506};
		uint8_t bytes[8];
		loops[l]->narrow(bytes, id, 1, 2);
		assert_memory_equal(bytes, "\2\1", 2);
		loops[l]->narrow(bytes, id, 2, 4);
		assert_memory_equal(bytes, "\2\1\0\0\6\5\4\3", 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_come_back_and_the_largest_is_seen),
		cmocka_unit_test(the_lower_byte_comes_first),
	};
	choose();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
