/* SPDX-License-Identifier: MIT */
/* Bytes as questions with choices, of the usual names and of given ones. */
#include "nt/choices.h"
#include "nt/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t read_all(struct nt_choices_text t)
{
	size_t sum = 0;
	for (size_t i = 0; i < t.len; i++)
		sum += t.p[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct nt_choices_fields fields[] = {{0}, {"a", "b", "c"}, {"ctx", "ctx", "ctx"}};
	static volatile size_t sink;
	struct nt_choices c = {0};
	for (size_t i = 0; i < 3; i++) {
		if (nt_choices_read(&c, &fields[i], data, size, "fuzz:1") < 0)
			continue;
		nt_assert(c.n_choice >= 2 && (c.answer == SIZE_MAX || c.answer < c.n_choice));
		sink = read_all(c.context);
		for (size_t k = 0; k < c.n_choice; k++)
			sink = read_all(c.choice[k]);
	}
	(void)sink;
	nt_choices_release(&c);
	return 0;
}
