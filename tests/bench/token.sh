#!/bin/sh
# SPDX-License-Identifier: MIT
# What a generated token costs beside its products: attention, the choice, and the threads' jobs,
# quiet and with a busy process on every core. What the columns are say kv.c, sampler.c and pool.c.
set -eu
kv
echo
sampler
for others in 0 "$(nproc)"; do
	echo
	pool 2 "$others"
done
