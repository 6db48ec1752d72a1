/* SPDX-License-Identifier: MIT */
/* train_muon.c - in single precision, by the products that training takes */
#define NEAR 1e-3
#include "../golden/muon.h"
