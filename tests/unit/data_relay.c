/* SPDX-License-Identifier: MIT */
/* data_relay.c - tests of the relay: the same documents in the same order, and every failure */
#include "data_fake.h"

#include "data/relay.h"

enum { N_DOC = 40000 };

struct ends {
	uint64_t given, taken, n, fails_giving, fails_taking;
	uint16_t token[700];
	uint32_t unit[3];
};

/* Document i has i % 700 tokens, from i on, in one to three units. */
static size_t len(uint64_t i)
{
	return i % 700;
}

static int give(void *arg, struct nt_stored *doc)
{
	struct ends *e = arg;
	uint64_t i = e->given;
	if (i == e->fails_giving)
		return nt_fail(NT_EFORMAT, "document %d is damaged", (int)i);
	if (i == e->n)
		return 0;
	for (size_t k = 0; k < len(i); k++)
		e->token[k] = (uint16_t)(i + k);
	e->unit[0] = (uint32_t)len(i);
	e->unit[1] = e->unit[2] = 0;
	*doc = (struct nt_stored){(uint8_t *)e->token, len(i), e->unit, 1 + i % 3};
	e->given++;
	return 1;
}

static int take(void *arg, const struct nt_stored *doc)
{
	struct ends *e = arg;
	uint64_t i = e->taken++;
	if (i == e->fails_taking)
		return nt_fail(NT_ESYS, "document %d is one too many", (int)i);
	assert_int_equal(doc->n, len(i));
	assert_int_equal(doc->n_unit, 1 + i % 3);
	assert_int_equal(doc->unit[0], len(i));
	for (size_t k = 0; k < doc->n; k++)
		assert_memory_equal(doc->token + 2 * k, &(uint16_t){(uint16_t)(i + k)}, 2);
	return 0;
}

static int run(struct ends *e, int n_thread)
{
	struct nt_pool *pool = n_thread ? nt_pool_new(n_thread) : NULL;
	const struct nt_relay r = {give, e, take, e, sizeof(*e->token)};
	int rc = nt_relay(&r, pool);
	nt_pool_free(pool);
	return rc;
}

static void all_documents_come_in_their_order(void **state)
{
	(void)state;
	static const uint64_t n[] = {0, 1, 300, N_DOC};
	for (int n_thread = 0; n_thread < 4; n_thread++)
		for (size_t k = 0; k < sizeof(n) / sizeof(*n); k++) {
			struct ends e = {.n = n[k], .fails_giving = UINT64_MAX, .fails_taking = UINT64_MAX};
			SUCCEEDS(run(&e, n_thread));
			assert_int_equal(e.taken, n[k]);
		}
}

static void a_failure_on_either_side_ends_it(void **state)
{
	(void)state;
	static const uint64_t at[] = {0, 1, 999, N_DOC - 1};
	for (int n_thread = 0; n_thread < 3; n_thread++)
		for (size_t k = 0; k < sizeof(at) / sizeof(*at); k++) {
			struct ends e = {.n = N_DOC, .fails_giving = at[k], .fails_taking = UINT64_MAX};
			assert_int_equal(run(&e, n_thread), NT_EFORMAT);
			assert_says("is damaged");
			e = (struct ends){.n = N_DOC, .fails_giving = UINT64_MAX, .fails_taking = at[k]};
			assert_int_equal(run(&e, n_thread), NT_ESYS);
			assert_says("one too many");
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_documents_come_in_their_order),
		cmocka_unit_test(a_failure_on_either_side_ends_it),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}
