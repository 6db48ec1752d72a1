/* SPDX-License-Identifier: MIT */
/* model_reference.c - in single precision: near enough to the references */
#define LOGIT_REL 3e-6
#define GRAD_REL  1e-5
#define LOSS_ABS  1e-4
#include "../golden/reference.h"
