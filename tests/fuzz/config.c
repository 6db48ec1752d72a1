/* SPDX-License-Identifier: MIT */
/* config.c - any bytes as config.json: refused, or a configuration that writes itself back; and as the
 * generation_config.json beside one */
#include <string.h>

#include "nt/err.h"
#include "nt/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct nt_config c, again;
	struct nt_buf text = {0};
	nt_config_init(&c, NT_LLAMA);
	if (nt_config_parse_generation(&c, data, len, "fuzz") < 0)
		nt_assert(*nt_errmsg());
	if (nt_config_parse(&c, data, len, "fuzz") < 0) {
		nt_assert(*nt_errmsg());
		return 0;
	}
	nt_assert(nt_config_check(&c) == 0 && nt_config_n_param(&c) > 0);
	if (nt_config_print(&text, &c, NT_PRECISION_REAL) == 0) {
		nt_assert(nt_config_parse(&again, text.data, text.len, "again") == 0);
		nt_assert(nt_config_n_param(&again) == nt_config_n_param(&c));
		nt_assert(again.norm_eps == c.norm_eps && again.rope_theta == c.rope_theta);
		nt_assert(nt_config_ends(&again, NULL).n_eos == nt_config_ends(&c, NULL).n_eos);
		nt_assert(again.rope_scaling.factor == c.rope_scaling.factor);
	}
	nt_buf_release(&text);
	return 0;
}
