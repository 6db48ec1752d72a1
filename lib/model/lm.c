/* SPDX-License-Identifier: MIT */
/* lm.c - a model's weights, made for generating */
#include "model/lm.h"

#include <stdlib.h>

#include "nt/err.h"
#include "nt/mem.h"

int nt_lm_of_model(struct nt_lm **result, const struct nt_model *m)
{
	struct nt_lm *lm = nt_calloc(1, sizeof(*lm));
	if (!(*result = lm))
		return NT_ESYS;
	lm->m = m;
	return 0;
}

int nt_lm_load(struct nt_lm **result, const char *path, enum nt_lm_dtype dtype, struct nt_pool *pool)
{
	struct nt_model *m;
	(void)pool;
	*result = NULL;
	if (dtype > NT_LM_F32)
		return nt_fail(NT_EARG, "weights of this dtype are not generated from yet");
	int rc = nt_model_load(&m, path);
	if (rc < 0)
		return rc;
	if ((rc = nt_lm_of_model(result, m)) == 0)
		(*result)->own = m;
	else
		nt_model_free(m);
	return rc;
}

void nt_lm_free(struct nt_lm *lm)
{
	if (!lm)
		return;
	nt_model_free(lm->own);
	free(lm);
}

const struct nt_config *nt_lm_config(const struct nt_lm *lm)
{
	return &lm->m->config;
}

const char *nt_lm_tokenizer_json(const struct nt_lm *lm, size_t *len)
{
	*len = lm->m->tokenizer_json_len;
	return lm->m->tokenizer_json;
}
