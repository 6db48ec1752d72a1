#!/bin/sh
# SPDX-License-Identifier: MIT
# What products with a model's weight matrices take from memory and from the CPU; what is measured says matrix.c.
exec matrix ${THREADS:+"$THREADS"}
