/* SPDX-License-Identifier: MIT */
/* data_pack.c - tests of packing: every target once, and the documents come back */
#include "data_fake.h"

#include "nt/data.h"
#include "nt/pack.h"
#include "nt/random.h"

enum { VOCAB = 5000, N_DOC = 2000 };

static size_t doc_len(uint64_t i)
{
	return (size_t)nt_random_below(3, NT_RANDOM_SAMPLE, i, i % 50 == 0 ? 400 : 40);
}

static void make_doc(uint32_t *id, uint64_t i, size_t n)
{
	for (size_t k = 0; k < n; k++)
		id[k] = (uint32_t)((i * 131 + k * 7) % (VOCAB - 2));
}

static struct nt_pack_counts pack(const char *path, struct nt_pack_options options, uint64_t n)
{
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	struct nt_pack *p;
	uint32_t id[400];
	SUCCEEDS(nt_out_open(&out, path, 0));
	SUCCEEDS(nt_pack_new(&p, out, &ident, &options));
	for (uint64_t i = 0; i < n; i++) {
		make_doc(id, i, doc_len(i));
		SUCCEEDS(nt_pack_add(p, id, doc_len(i)));
	}
	SUCCEEDS(nt_pack_end(p, "[{\"program\": \"test\"}]", 77));
	struct nt_pack_counts c = *nt_pack_counts(p);
	nt_pack_free(p);
	SUCCEEDS(nt_out_close(out));
	return c;
}

static void assert_docs_of(const char *path, uint64_t n)
{
	struct nt_data *d;
	struct nt_data_docs *docs;
	struct nt_tokens doc;
	uint32_t id[400];
	SUCCEEDS(nt_data_open(&d, path));
	SUCCEEDS(nt_data_verify(d));
	SUCCEEDS(nt_data_docs_new(&docs, d));
	for (uint64_t i = 0; i < n; i++) {
		int rc = nt_data_docs_next(docs, &doc);
		SUCCEEDS(rc);
		assert_int_equal(rc, 1);
		assert_int_equal(doc.n, doc_len(i));
		make_doc(id, i, doc.n);
		assert_memory_equal(doc.id, id, doc.n * sizeof(*id));
	}
	assert_int_equal(nt_data_docs_next(docs, &doc), 0);
	nt_data_docs_free(docs);
	nt_data_close(d);
}

static void documents_get_their_marks(void **state)
{
	(void)state;
	struct nt_data *d;
	uint32_t id[3];
	uint64_t start, len;
	const char *path = fake_path("docs");
	struct nt_pack_counts c = pack(path, (struct nt_pack_options){0}, N_DOC);
	assert_docs_of(path, N_DOC);
	assert_int_equal(c.documents, N_DOC);
	SUCCEEDS(nt_data_open(&d, path));
	assert_int_equal(nt_data_n_token(d), c.tokens);
	SUCCEEDS(nt_data_doc(d, 7, &start, &len));
	SUCCEEDS(nt_data_read(d, start, 1, id));
	assert_int_equal(id[0], VOCAB - 1);
	SUCCEEDS(nt_data_read(d, start + len - 1, 1, id));
	assert_int_equal(id[0], VOCAB - 2);
	nt_data_close(d);
}

static void rows_hold_every_target_once(void **state)
{
	(void)state;
	static const uint32_t T[] = {2, 3, 16, 63, 64, 65, 1000};
	for (size_t k = 0; k < sizeof(T) / sizeof(*T); k++) {
		struct nt_data *d;
		struct nt_fragment f;
		uint64_t targets = 0;
		const char *path = fake_path("rows");
		struct nt_pack_counts c =
			pack(path, (struct nt_pack_options){.seq_len = T[k], .buffer = 30}, N_DOC);
		assert_docs_of(path, N_DOC);
		SUCCEEDS(nt_data_open(&d, path));
		for (uint64_t i = 0; i < nt_data_n_fragment(d); i++) {
			SUCCEEDS(nt_data_fragment(d, i, &f));
			targets += f.len - 1;
		}
		assert_int_equal(targets, c.tokens - c.documents);
		assert_int_equal(nt_data_n_row(d), c.rows);
		assert_int_equal(nt_data_n_doc(d), N_DOC);
		nt_data_close(d);
	}
}

/* Marks the targets of document `doc` by their place in it; returns those of all. */
static uint64_t count_targets(const struct nt_data *d, uint64_t doc, uint8_t *seen, uint32_t *context)
{
	struct nt_fragment f;
	uint64_t n = 0;
	for (uint64_t i = 0; i < nt_data_n_fragment(d); i++) {
		SUCCEEDS(nt_data_fragment(d, i, &f));
		for (uint32_t k = f.context; k < f.len; k++, n++)
			if (f.doc == doc)
				seen[f.doc_offset + k]++;
		assert_true(f.doc_offset || f.context == 1);
		if (f.doc_offset)
			*context = f.context;
	}
	return n;
}

static void a_stride_repeats_context_and_no_target(void **state)
{
	(void)state;
	static const uint32_t T[] = {2, 3, 16, 64, 100};
	enum { LONG = 100 }; /* see doc_len */
	for (size_t k = 0; k < sizeof(T) / sizeof(*T); k++)
		for (uint32_t stride = 1; stride < T[k]; stride += 1 + T[k] / 5) {
			struct nt_data *d;
			uint8_t seen[512] = {0};
			uint32_t context = 0;
			const char *path = fake_path("rows");
			struct nt_pack_counts c = pack(path, (struct nt_pack_options){
				.seq_len = T[k], .stride = stride, .buffer = 30}, 300);
			assert_docs_of(path, 300);
			SUCCEEDS(nt_data_open(&d, path));
			assert_int_equal(count_targets(d, LONG, seen, &context), c.tokens - c.documents);
			assert_int_equal(context, T[k] - stride);
			assert_int_equal(seen[0], 0);
			for (size_t i = 1; i < doc_len(LONG) + 2; i++)
				assert_int_equal(seen[i], 1);
			assert_int_equal(c.rows * T[k], c.tokens + c.repeated + c.padding);
			nt_data_close(d);
		}
}

static void best_fit_wastes_little(void **state)
{
	(void)state;
	const char *path = fake_path("rows");
	struct nt_pack_counts few =
		pack(path, (struct nt_pack_options){.seq_len = 64, .buffer = 1}, N_DOC);
	struct nt_pack_counts many =
		pack(path, (struct nt_pack_options){.seq_len = 64, .buffer = 1000}, N_DOC);
	assert_true(few.padding > many.padding);
	assert_true((double)many.padding < 0.01 * 64 * (double)many.rows);
	assert_int_equal(few.cut, many.cut);
	assert_true(many.cut > 0);
}

static void the_longest_that_fits_comes_first(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_out *out;
	struct nt_pack *p;
	struct nt_data *d;
	struct nt_fragment f;
	static const size_t len[] = {3, 5, 1, 2};        /* with their marks 5, 7, 3, 4 */
	static const uint64_t due[] = {1, 2, 0, 3};      /* 7 + 3, 5 + 4 */
	uint32_t id[8] = {0};
	SUCCEEDS(nt_out_open(&out, fake_path("rows"), 0));
	SUCCEEDS(nt_pack_new(&p, out, &ident, &(struct nt_pack_options){.seq_len = 10, .buffer = 9}));
	for (int i = 0; i < 4; i++)
		SUCCEEDS(nt_pack_add(p, id, len[i]));
	SUCCEEDS(nt_pack_end(p, NULL, 0));
	assert_int_equal(nt_pack_counts(p)->padding, 1);
	nt_pack_free(p);
	SUCCEEDS(nt_out_close(out));
	SUCCEEDS(nt_data_open(&d, fake_path("rows")));
	for (uint64_t i = 0; i < 4; i++) {
		SUCCEEDS(nt_data_fragment(d, i, &f));
		assert_int_equal(f.doc, due[i]);
		assert_int_equal(f.row, i / 2);
	}
	SUCCEEDS(nt_data_read(d, 19, 1, id));
	assert_int_equal(id[0], ident.eos); /* what padding is where there is no pad token */
	nt_data_close(d);
}

static void a_tokenizer_without_marks_is_refused(void **state)
{
	(void)state;
	struct nt_ident ident = fake_ident(VOCAB);
	struct nt_pack *p;
	ident.eos = NT_NO_TOKEN;
	assert_int_equal(nt_pack_new(&p, NULL, &ident, &(struct nt_pack_options){0}), NT_EFORMAT);
	assert_says("no token for the end of a document");
}

static void holding_out_depends_on_content_and_seed_alone(void **state)
{
	(void)state;
	size_t held = 0, other = 0;
	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t id[3] = {i, 1, 2};
		bool is = nt_pack_is_held_out(id, 3, 0.1, 1337);
		held += is;
		other += nt_pack_is_held_out(id, 3, 0.1, 1) != is;
		/* what is held out of little is held out of more, too */
		assert_true(!is || nt_pack_is_held_out(id, 3, 0.2, 1337));
		assert_false(nt_pack_is_held_out(id, 3, 0, 1337));
		assert_true(nt_pack_is_held_out(id, 3, 1, 1337));
	}
	assert_in_range(held, 1850, 2150);
	assert_true(other > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_get_their_marks),
		cmocka_unit_test(rows_hold_every_target_once),
		cmocka_unit_test(a_stride_repeats_context_and_no_target),
		cmocka_unit_test(best_fit_wastes_little),
		cmocka_unit_test(the_longest_that_fits_comes_first),
		cmocka_unit_test(a_tokenizer_without_marks_is_refused),
		cmocka_unit_test(holding_out_depends_on_content_and_seed_alone),
	};
	return cmocka_run_group_tests(tests, fake_begin, fake_end);
}
