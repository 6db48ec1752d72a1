/* SPDX-License-Identifier: MIT */
#ifndef DATA_FAKE_H
#define DATA_FAKE_H
/*
 * data_fake.h - what the tests of lib/data share: a made-up tokenizer, a folder, files
 *
 * To this room a tokenizer is a fingerprint and bytes, so one that nobody could use serves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/ident.h"

#define SUCCEEDS(x)                                                                               \
	do {                                                                                      \
		if ((x) < 0)                                                                      \
			fail_msg("%s: %s", #x, nt_errmsg());                                      \
	} while (0)

static const char fake_json[] = "{\"model\": {\"type\": \"none\"}}";

static inline struct nt_ident fake_ident(uint32_t vocab_size)
{
	struct nt_ident id = {
		.fingerprint = "0123456789abcde",
		.vocab_size = vocab_size,
		.bos = vocab_size - 1,
		.eos = vocab_size - 2,
		.pad = NT_NO_TOKEN,
		.name = "fake",
		.json = (const uint8_t *)fake_json,
		.json_len = sizeof(fake_json) - 1,
	};
	return id;
}

static char fake_folder[64];

/* A path in this test's own folder; valid until the eighth call after. */
static inline const char *fake_path(const char *name)
{
	static char path[8][128];
	static unsigned at;
	char *p = path[at++ % 8];
	snprintf(p, 128, "%s/%s", fake_folder, name);
	return p;
}

static inline int fake_begin(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	snprintf(fake_folder, sizeof(fake_folder), "%s/nt-test.XXXXXX",
		 tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	return mkdtemp(fake_folder) ? 0 : -1;
}

static inline int fake_end(void **state)
{
	(void)state;
	char command[128];
	snprintf(command, sizeof(command), "rm -rf '%s'", fake_folder);
	return system(command);
}

static inline void fake_write(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb"); /* without nt_out's fsync: hundreds of these are written */
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* path = a, then b: what `cat a b >path` makes. */
static inline void fake_cat(const char *path, const char *a, const char *b)
{
	struct nt_buf all = {0};
	SUCCEEDS(nt_read_file(&all, a));
	SUCCEEDS(nt_read_file(&all, b));
	fake_write(path, all.data, all.len);
	nt_buf_release(&all);
}

static inline void assert_says(const char *words)
{
	if (!strstr(nt_errmsg(), words))
		fail_msg("'%s' does not say '%s'", nt_errmsg(), words);
}

#endif
