/* SPDX-License-Identifier: MIT */
#ifndef MODEL_LM_H
#define MODEL_LM_H
/* lm.h - what a decoder knows of a model's weights */
#include "nt/generate.h"

struct nt_lm {
	const struct nt_model *m;
	struct nt_model *own; /* m, where it was loaded for this; else NULL */
};

#endif
