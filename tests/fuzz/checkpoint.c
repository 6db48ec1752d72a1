/* SPDX-License-Identifier: MIT */
/*
 * checkpoint.c - trainer.json from anybody
 *
 * The hash that ends the file would stop almost every input at the door, so it is put
 * right first: what is behind it must stand on its own.
 */
#include <inttypes.h>
#include <stdint.h>

#include "nt/hash.h"
#include "nt/mem.h"
#include "train/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_trainer t;
	struct nt_buf b = {0};
	if (nt_trainer_parse(&t, data, size, "as it is") == 0)
		nt_trainer_release(&t);
	if (nt_buf_add(&b, data, size) == 0 &&
	    nt_buf_printf(&b, "  \"xxh3_64\": \"%016" PRIx64 "\"\n}\n", nt_hash64(b.data, b.len)) == 0 &&
	    nt_trainer_parse(&t, b.data, b.len, "with its hash") == 0)
		nt_trainer_release(&t);
	nt_buf_release(&b);
	return 0;
}
