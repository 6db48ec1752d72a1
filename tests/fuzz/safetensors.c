/* SPDX-License-Identifier: MIT */
/* safetensors.c - any bytes as a tensor file: refused, or every tensor can be read */
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"
#include "nt/safetensors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_safetensors *s;
	struct nt_buf metadata = {0};
	if (nt_safetensors_parse(&s, data, len, "fuzz") < 0) {
		nt_assert(!s && *nt_errmsg());
		return 0;
	}
	nt_safetensors_meta(s, "format");
	nt_assert(nt_safetensors_metadata(s, &metadata) == 0 && *metadata.data == '{');
	nt_buf_release(&metadata);
	for (size_t i = 0; i < nt_safetensors_count(s); i++) {
		const struct nt_safetensor *t = nt_safetensors_at(s, i);
		nt_assert(t->data >= data && t->data + t->n_bytes <= data + len);
		nt_assert(nt_safetensors_find(s, t->name) != NULL);
		nt_real *x = nt_alloc(t->n, sizeof(*x));
		uint16_t *half = nt_alloc(t->n, sizeof(*half));
		if (x && half) {
			int is_read = nt_safetensor_real(t, x);
			nt_assert(nt_safetensor_bf16(t, half) < 0 || is_read == 0);
		}
		free(half);
		free(x);
	}
	nt_safetensors_close(s);
	return 0;
}
