/* SPDX-License-Identifier: MIT */
/*
 * train_adamw.c - in single precision: good enough arithmetic
 *
 * A step is at most lr = 1e-3 long in each parameter; where a gradient is near zero
 * its rounding decides a part of that.
 */
#define STEP_REL  5e-6
#define PARAM_ABS 2e-5
#include "../golden/adamw.h"
