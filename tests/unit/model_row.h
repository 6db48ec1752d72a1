/* SPDX-License-Identifier: MIT */
/* model_row.h - random ids, and what training's pass over a whole row makes of them */
#include <stdlib.h>

#include "nt/mem.h"
#include "nt/random.h"

#include "model_random.h"

static void random_ids(uint32_t *id, size_t n, uint32_t vocab_size)
{
	for (size_t i = 0; i < n; i++)
		id[i] = (uint32_t)nt_random_below(9, NT_RANDOM_ROWS, i, vocab_size);
}

/* Logits [n][V] of every position of one row; the caller frees them. */
static nt_real *whole_row(const struct nt_model *m, const uint32_t *id, size_t n)
{
	struct nt_work *w;
	nt_real *logits = nt_alloc(n * m->config.vocab_size, sizeof(*logits));
	uint32_t *target = nt_alloc(n, sizeof(*target)), *start = nt_calloc(n, sizeof(*start));
	memset(target, 0xff, n * sizeof(*target));
	struct nt_batch b = {1, n, id, target, start};
	assert_int_equal(nt_work_new(&w, &m->config, 1, n, NT_PASS_FORWARD, NULL), 0);
	nt_forward(w, m, &b, NULL, logits);
	nt_work_free(w);
	free(target);
	free(start);
	return logits;
}
