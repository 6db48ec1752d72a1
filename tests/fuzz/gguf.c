/* SPDX-License-Identifier: MIT */
/* gguf.c - any bytes as a GGUF file: refused, or every value and tensor lies inside and can be shown */
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_gguf *g;
	struct nt_buf json = {0};
	struct nt_json j;
	if (nt_gguf_parse(&g, data, len, "fuzz") < 0) {
		nt_assert(!g && *nt_errmsg());
		return 0;
	}
	for (size_t i = 0; i < nt_gguf_n_tensor(g); i++) {
		const struct nt_gguf_tensor *t = nt_gguf_tensor(g, i);
		nt_assert(t->data >= data && t->data <= data + len);
		nt_assert(t->n_bytes <= (uint64_t)(data + len - t->data));
	}
	nt_assert(nt_gguf_describe(g, "fuzz", &json) == 0 && json.data[0] == '{');
	nt_json_init(&j, json.data, json.len);
	nt_assert(nt_json_skip(&j, NULL) == 0 && nt_json_end(&j) == 0);
	nt_json_release(&j);
	nt_buf_release(&json);
	nt_gguf_close(g);
	return 0;
}
