/* SPDX-License-Identifier: MIT */
/* model_reference.c - in double precision: the same equations as the references */
#define LOGIT_REL 1e-13
#define GRAD_REL  1e-11
#define LOSS_ABS  1e-9
#include "reference.h"
