/* SPDX-License-Identifier: MIT */
/* XXH3 against the vectors of xxHash's own self-test (its sanity buffer, seed 0), and digests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "nt/hash.h"

static uint8_t sanity[2367];

static void fill_sanity(void)
{
	uint64_t g = 2654435761u;
	for (size_t i = 0; i < sizeof(sanity); i++) {
		sanity[i] = (uint8_t)(g >> 56);
		g *= 11400714785074694797u;
	}
}

static void known_64_bit_values(void **state)
{
	static const struct {
		size_t len;
		uint64_t want;
	} vector[] = {
		{0, 0x2D06800538D394C2},  {1, 0xC44BDFF4074EECDB},  {6, 0x27B56A84CD2D7325},
		{12, 0xA713DAF0DFBB77E7}, {24, 0xA3FE70BF9D3510EB}, {48, 0x397DA259ECBA1F11},
		{80, 0xBCDEFBBB2C47C90A}, {195, 0xCD94217EE362EC3A},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(vector) / sizeof(*vector); i++)
		assert_true(nt_hash64(sanity, vector[i].len) == vector[i].want);
}

static void known_128_bit_values(void **state)
{
	(void)state;
	struct nt_hash128 h = nt_hash128(sanity, 0);
	assert_true(h.lo == 0x6001C324468D497F && h.hi == 0x99AA06D3014798D8);
	h = nt_hash128(sanity, 1);
	assert_true(h.lo == 0xC44BDFF4074EECDB && h.hi == 0xA6CD5E9392000F6A);
}

static void pieces_hash_like_the_whole(void **state)
{
	(void)state;
	struct nt_hasher *h = nt_hasher_new();
	assert_non_null(h);
	struct nt_hash128 whole = nt_hash128(sanity, sizeof(sanity));
	for (size_t step = 1; step < 700; step = step * 3 + 1) {
		nt_hasher_reset(h);
		for (size_t i = 0; i < sizeof(sanity); i += step)
			nt_hasher_add(h, sanity + i, step < sizeof(sanity) - i ? step : sizeof(sanity) - i);
		assert_true(nt_hasher_sum64(h) == nt_hash64(sanity, sizeof(sanity)));
		assert_true(nt_hasher_sum128(h).lo == whole.lo && nt_hasher_sum128(h).hi == whole.hi);
	}
	nt_hasher_free(h);
}

static bool is_same(const struct nt_digest *a, const struct nt_digest *b)
{
	return a->documents == b->documents && a->bytes == b->bytes && a->hash.lo == b->hash.lo &&
	       a->hash.hi == b->hash.hi;
}

static void a_digest_is_of_the_set_of_documents(void **state)
{
	(void)state;
	struct nt_digest all = {0}, back = {0}, parts = {0}, other = {0};
	for (size_t i = 1; i < 100; i++) {
		assert_int_equal(nt_digest_add(&all, sanity + i, 20 * i, false), 0);
		assert_int_equal(nt_digest_add(&back, sanity + 100 - i, 20 * (100 - i), false), 0);
		assert_int_equal(nt_digest_add(&parts, sanity + i, 7 * i, true), 0);
		assert_int_equal(nt_digest_add(&parts, sanity + 8 * i, 13 * i, false), 0);
		assert_int_equal(nt_digest_add(&other, sanity + i, 20 * i + (i == 50), false), 0);
	}
	assert_true(all.documents == 99 && all.bytes == 99000);
	assert_true(is_same(&all, &back) && is_same(&all, &parts));
	assert_true(all.hash.lo != other.hash.lo && all.hash.hi != other.hash.hi);
	nt_digest_release(&parts);
	nt_digest_release(&parts);
}

static void an_empty_document_is_counted_and_not_hashed(void **state)
{
	(void)state;
	struct nt_digest d = {0};
	assert_int_equal(nt_digest_add(&d, "", 0, false), 0);
	assert_true(d.documents == 1 && d.bytes == 0 && d.hash.lo == 0 && d.hash.hi == 0);
}

static void sums_carry(void **state)
{
	(void)state;
	struct nt_hash128 a = {.lo = UINT64_MAX, .hi = UINT64_MAX}, one = {.lo = 1};
	struct nt_hash128 sum = nt_hash128_sum(a, one);
	assert_true(sum.lo == 0 && sum.hi == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_64_bit_values),
		cmocka_unit_test(known_128_bit_values),
		cmocka_unit_test(pieces_hash_like_the_whole),
		cmocka_unit_test(a_digest_is_of_the_set_of_documents),
		cmocka_unit_test(an_empty_document_is_counted_and_not_hashed),
		cmocka_unit_test(sums_carry),
	};
	fill_sanity();
	return cmocka_run_group_tests_name("base_hash", tests, NULL, NULL);
}
