/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.c - trainer.json from anybody, alone and in a checkpoint: trainer.json, NUL, config.json
 *
 * The hash that ends the file would stop almost every input at the door, so it is put
 * right first: what is behind it must stand on its own. Of two such steps the newer one's
 * configuration is cut where trainer.json is odd bytes long, so that the older one may be offered.
 */
#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "nt/hash.h"
#include "nt/mem.h"
#include "tests/fuzz/folder.h"
#include "train/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_steps(const struct nt_buf *trainer, const uint8_t *config, size_t len)
{
	struct nt_buf text = {0}, latest = {0}, chosen = {0}, damage = {0};
	bool is_cut = trainer->len % 2 && len;
	path_of("");
	mkdir(path_of("step-1"), 0700);
	mkdir(path_of("step-2"), 0700);
	put("step-1/trainer.json", trainer->data, trainer->len);
	put("step-2/trainer.json", trainer->data, trainer->len);
	put("step-1/config.json", config, len);
	put("step-2/config.json", config, len - is_cut);
	nt_checkpoint_describe(folder, false, &text);
	nt_checkpoint_describe(folder, true, &text);
	int is_whole = nt_checkpoint_verify(folder);
	nt_assert(nt_checkpoint_current(folder, &latest) == 1);
	nt_assert(strcmp((char *)latest.data, path_of("step-2")) == 0);
	int rc = nt_checkpoint_choose(&chosen, (char *)latest.data, true, &damage);
	nt_assert(rc == 0 || is_whole < 0);
	nt_assert(rc < 0 || strcmp((char *)chosen.data, path_of(is_whole < 0 ? "step-1" : "step-2")) == 0);
	nt_buf_release(&text);
	nt_buf_release(&latest);
	nt_buf_release(&chosen);
	nt_buf_release(&damage);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_trainer t;
	struct nt_buf b = {0};
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t len = nul ? (size_t)(nul - data) : size;
	if (nt_trainer_parse(&t, data, len, "as it is") == 0)
		nt_trainer_release(&t);
	nt_assert(nt_buf_add(&b, data, len) == 0);
	nt_assert(nt_buf_printf(&b, "  \"xxh3_64\": \"%016" PRIx64 "\"\n}\n", nt_hash64(b.data, b.len)) == 0);
	if (nt_trainer_parse(&t, b.data, b.len, "with its hash") == 0) {
		nt_trainer_release(&t);
		if (nul)
			read_steps(&b, nul + 1, size - len - 1);
	}
	nt_buf_release(&b);
	return 0;
}
