/* SPDX-License-Identifier: MIT */
/* model.c - a configuration's parameters: allocated, set to first values, freed */
#include "nt/model.h"

#include <math.h>
#include <stdlib.h>

#include "kern/gemm.h"
#include "model/layout.h"
#include "nt/err.h"
#include "nt/random.h"

static int make_table(struct nt_model *m)
{
	size_t cap = 0, offset = 0;
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	for (size_t i = 0; nt_layout_tensor(&m->config, i, &t, &role, &first); i++) {
		int rc = nt_grow(&m->tensor, &cap, i + 1, sizeof(t));
		if (rc < 0)
			return rc;
		t.offset = offset;
		offset += t.n;
		m->tensor[i] = t;
		m->n_tensor = i + 1;
	}
	m->n_param = offset;
	return 0;
}

int nt_model_outline(struct nt_model **result, const struct nt_config *c)
{
	*result = NULL;
	int rc = nt_config_check(c);
	if (rc == 0)
		rc = nt_gemm_load();
	if (rc < 0)
		return rc;
	struct nt_model *m = nt_calloc(1, sizeof(*m));
	if (!m)
		return NT_ESYS;
	m->config = *c;
	if ((rc = make_table(m)) == 0)
		*result = m;
	else
		nt_model_free(m);
	return rc;
}

int nt_model_new(struct nt_model **result, const struct nt_config *c)
{
	int rc = nt_model_outline(result, c);
	if (rc < 0 || ((*result)->param = nt_alloc((*result)->n_param, sizeof(nt_real))))
		return rc;
	nt_model_free(*result);
	*result = NULL;
	return NT_ESYS;
}

void nt_model_free(struct nt_model *m)
{
	if (!m)
		return;
	free(m->tensor);
	free(m->param);
	free(m->tokenizer_json);
	free(m);
}

void nt_model_init(struct nt_model *m, uint64_t seed)
{
	double range = m->config.initializer_range;
	double residual = range / sqrt(2.0 * m->config.num_hidden_layers);
	struct nt_tensor t;
	enum nt_role role;
	enum nt_first first;
	for (size_t i = 0; nt_layout_tensor(&m->config, i, &t, &role, &first); i++) {
		size_t from = m->tensor[i].offset, end = from + t.n;
		double deviation = first == NT_FIRST_RESIDUAL ? residual : range;
		for (size_t p = from; p < end; p++)
			m->param[p] = first == NT_FIRST_ONE ? 1
				      : first == NT_FIRST_ZERO
					      ? 0
					      : (nt_real)(deviation * nt_random_normal(seed, NT_RANDOM_INIT, p));
	}
}
