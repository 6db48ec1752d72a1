/* SPDX-License-Identifier: MIT */
/*
 * weights.c - bytes as a folder with a model: config.json, NUL, model.safetensors; or config.json, NUL, an
 * index, NUL, the length of the first of two files in 16 bits, and both. In every second one the same text is
 * generation_config.json, too.
 *
 * What is taken has every tensor of its configuration, and can be loaded.
 */
#include <stdint.h>
#include <string.h>

#include "model/pretrained.h"
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The bytes in front of the next NUL into a file. */
static bool put_text(const char *name, const uint8_t **p, const uint8_t *end)
{
	const uint8_t *nul = *p < end ? memchr(*p, 0, (size_t)(end - *p)) : NULL;
	if (!nul)
		return false;
	put(name, *p, (size_t)(nul - *p));
	*p = nul + 1;
	return true;
}

static bool put_folder(const uint8_t *p, const uint8_t *end)
{
	unlink(path_of("model.safetensors"));
	unlink(path_of("model.safetensors.index.json"));
	const uint8_t *config = p;
	if (!put_text("config.json", &p, end))
		return false;
	if ((p - config) % 2)
		put_text("generation_config.json", &config, end);
	else
		unlink(path_of("generation_config.json"));
	if (p == end || *p != '{') {
		put("model.safetensors", p, (size_t)(end - p));
		return true;
	}
	if (!put_text("model.safetensors.index.json", &p, end) || end - p < 2)
		return false;
	size_t n = (size_t)(p[0] | p[1] << 8), rest = (size_t)(end - p) - 2;
	n = n < rest ? n : rest;
	put("a.safetensors", p + 2, n);
	put("b.safetensors", p + 2 + n, rest - n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_pretrained p;
	struct nt_model *m;
	if (!put_folder(data, data + len))
		return 0;
	path_of("");
	if (nt_pretrained_open(&p, folder) < 0) {
		nt_assert(*nt_errmsg());
		return 0;
	}
	nt_assert(nt_weights_count(p.weights) > 0);
	nt_pretrained_close(&p);
	const char *file = path_of("model.safetensors"); /* stands for its folder */
	if (access(file, F_OK) == 0) {
		nt_assert(nt_pretrained_open(&p, file) == 0);
		nt_pretrained_close(&p);
	}
	if (nt_model_load(&m, folder) == 0)
		nt_model_free(m);
	else
		nt_assert(*nt_errmsg());
	return 0;
}
