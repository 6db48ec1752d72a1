/* SPDX-License-Identifier: MIT */
/* Bytes as prompts: lines, objects, ids; what is kept of an object is members of one. */
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/prompts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_object(const uint8_t *members, size_t len)
{
	struct nt_buf b = {0};
	struct nt_json j;
	nt_assert(nt_buf_add(&b, "{", 1) == 0 && nt_buf_add(&b, members, len) == 0 && nt_buf_add(&b, "}", 1) == 0);
	nt_json_init(&j, b.data, b.len);
	nt_assert(nt_json_skip(&j, NULL) == 0 && nt_json_end(&j) == 0);
	nt_json_release(&j);
	nt_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const others[] = {"b", NULL};
	static const struct nt_prompts_options form[] = {
		{.field = "a"}, {.field = "a", .is_ids = true}, {.is_jsonl = true, .field = "a", .answer = "c", .others = others},
	};
	static volatile size_t sink;
	int fd = memfd_create("fuzz", 0);
	nt_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	for (size_t i = 0; i < 3; i++) {
		struct nt_prompts *p;
		struct nt_prompt prompt;
		nt_assert(lseek(fd, 0, SEEK_SET) == 0 && nt_prompts_open(&p, &form[i], fd, "fuzz", NULL) == 0);
		while (nt_prompts_next(p, true, &prompt) == 1) {
			is_object(prompt.kept, prompt.kept_len);
			for (size_t k = 0; k < prompt.len; k++)
				sink += prompt.text[k];
			for (size_t k = 0; k < prompt.n_id; k++)
				sink += prompt.id[k];
		}
		nt_prompts_close(p);
	}
	(void)sink;
	close(fd);
	return 0;
}
