/* SPDX-License-Identifier: MIT */
/* config_write.c - config.json and generation_config.json, as Hugging Face's library reads them */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/config_keys.h"

/* A float in JSON must look like one: LlamaConfig is strictly typed since version 5. */
static const char *real(char text[32], double v)
{
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, 32, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
	return text;
}

/* One id, or the list of them. */
static int print_ends(struct nt_buf *out, const struct nt_config *c)
{
	struct nt_ends e = nt_config_ends(c, NULL);
	int rc = e.n_eos > 1 ? nt_buf_printf(out, "[") : e.n_eos ? 0 : nt_buf_printf(out, "null");
	for (size_t i = 0; rc == 0 && i < e.n_eos; i++)
		rc = nt_buf_printf(out, "%s%u", i ? ", " : "", e.eos[i]);
	return rc < 0 || e.n_eos < 2 ? rc : nt_buf_printf(out, "]");
}

static int print_field(struct nt_buf *out, const struct nt_config *c, const struct field *f)
{
	const void *from = (const char *)c + f->at;
	const char *key = key_of(f, c->arch);
	char text[32];
	int rc;
	switch (f->kind) {
	case BOOL:
		return nt_buf_printf(out, "  \"%s\": %s,\n", key, *(const bool *)from ? "true" : "false");
	case REAL:
		return nt_buf_printf(out, "  \"%s\": %s,\n", key, real(text, *(const double *)from));
	case ENDS:
		rc = nt_buf_printf(out, "  \"%s\": ", key);
		if (rc == 0)
			rc = print_ends(out, c);
		return rc < 0 ? rc : nt_buf_printf(out, ",\n");
	case TOKEN:
		if (*(const uint32_t *)from == NT_NO_TOKEN)
			return nt_buf_printf(out, "  \"%s\": null,\n", key);
		/* fall through */
	case COUNT:
		return nt_buf_printf(out, "  \"%s\": %u,\n", key, *(const uint32_t *)from);
	}
	return 0;
}

/* What is the same in every file of the family. */
static int print_constants(struct nt_buf *out, unsigned family)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < N_FIXED; i++)
		if (fixed[i].written & family)
			rc = nt_buf_printf(out, "  \"%s\": %s,\n", fixed[i].key, fixed[i].value[0]);
	for (size_t i = 0; rc == 0 && i < N_DROPOUT; i++)
		if (dropouts[i].families & family)
			rc = nt_buf_printf(out, "  \"%s\": 0.0,\n", dropouts[i].key);
	return rc;
}

/* What version 5 has in one object, version 4 has beside the rest and, if positions are stretched,
 * in another. */
static int print_rope(struct nt_buf *out, const struct nt_config *c)
{
	const struct nt_rope_scaling *s = &c->rope_scaling;
	char theta[32], factor[32], low[32], high[32], llama3[192];
	real(theta, c->rope_theta);
	if (!(s->factor > 0))
		return nt_buf_printf(out, "  \"rope_parameters\": {\"rope_theta\": %s, \"rope_type\": \"default\"},\n",
				     theta);
	snprintf(llama3, sizeof(llama3),
		 "\"rope_type\": \"llama3\", \"factor\": %s, \"low_freq_factor\": %s, \"high_freq_factor\": %s, "
		 "\"original_max_position_embeddings\": %u", real(factor, s->factor), real(low, s->low_freq_factor),
		 real(high, s->high_freq_factor), s->original_max_position_embeddings);
	return nt_buf_printf(out, "  \"rope_parameters\": {\"rope_theta\": %s, %s},\n  \"rope_scaling\": {%s},\n",
			     theta, llama3, llama3);
}

int nt_config_print(struct nt_buf *out, const struct nt_config *c, enum nt_precision precision)
{
	static const char *const name[] = {sizeof(nt_real) == 8 ? "float64" : "float32", "float16", "bfloat16"};
	const struct nt_family *f = nt_family(c->arch);
	unsigned family = 1u << c->arch;
	int rc = nt_buf_printf(out, "{\n  \"architectures\": [\"%s\"],\n  \"model_type\": \"%s\",\n",
			       f->class_name, f->name);
	for (size_t i = 0; rc == 0 && i < N_FIELD; i++)
		if (fields[i].families & family)
			rc = print_field(out, c, &fields[i]);
	if (rc == 0 && f->has_rope)
		rc = print_rope(out, c);
	if (rc == 0)
		rc = print_constants(out, family);
	return rc < 0 ? rc : nt_buf_printf(out, "  \"torch_dtype\": \"%s\"\n}\n", name[precision]);
}

int nt_config_print_generation(struct nt_buf *out, const struct nt_config *c)
{
	bool has_bos = c->bos_token_id != NT_NO_TOKEN, has_eos = c->eos_token_id != NT_NO_TOKEN;
	int rc = nt_buf_printf(out, "{\n");
	if (rc == 0 && has_bos)
		rc = nt_buf_printf(out, "  \"bos_token_id\": %u%s", c->bos_token_id, has_eos ? ",\n" : "");
	if (rc == 0 && has_eos)
		rc = nt_buf_printf(out, "  \"eos_token_id\": ");
	if (rc == 0 && has_eos)
		rc = print_ends(out, c);
	return rc < 0 ? rc : nt_buf_printf(out, "\n}\n");
}
