#!/bin/sh
# SPDX-License-Identifier: MIT
# How near the loops of training are to what a core can do; what the columns are says kern.c.
exec kern
