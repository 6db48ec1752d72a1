/* SPDX-License-Identifier: MIT */
/* muon.c - in double precision: the same equations */
#define NEAR 1e-11
#include "muon.h"
