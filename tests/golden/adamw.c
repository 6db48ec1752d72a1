/* SPDX-License-Identifier: MIT */
/* adamw.c - in double precision: the same equations as the references */
#define STEP_REL  1e-8
#define PARAM_ABS 1e-8
#include "adamw.h"
