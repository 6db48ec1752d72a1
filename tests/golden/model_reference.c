/* SPDX-License-Identifier: MIT */
/* model_reference.c - in double precision: the same equations as the references */
#define LOGIT_ABS 1e-10
#define GRAD_REL  1e-8
#define LOSS_ABS  1e-9
#include "reference.h"
