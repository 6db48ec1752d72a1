/* SPDX-License-Identifier: MIT */
/* random.c - Philox4x32-10 and what is made of it; the why is in nt/random.h */
#include "nt/random.h"

#include <math.h>

static void mulhilo(uint32_t a, uint32_t b, uint32_t *hi, uint32_t *lo)
{
	uint64_t p = (uint64_t)a * b;
	*hi = (uint32_t)(p >> 32);
	*lo = (uint32_t)p;
}

void nt_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
	uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
	uint32_t k0 = key[0], k1 = key[1];
	for (int round = 0; round < 10; round++) {
		uint32_t hi0, lo0, hi1, lo1;
		mulhilo(0xD2511F53u, c0, &hi0, &lo0);
		mulhilo(0xCD9E8D57u, c2, &hi1, &lo1);
		c0 = hi1 ^ c1 ^ k0;
		c1 = lo1;
		c2 = hi0 ^ c3 ^ k1;
		c3 = lo0;
		k0 += 0x9E3779B9u; /* golden ratio */
		k1 += 0xBB67AE85u; /* sqrt(3) - 1 */
	}
	out[0] = c0;
	out[1] = c1;
	out[2] = c2;
	out[3] = c3;
}

static void draw(uint64_t out[2], uint64_t seed, uint32_t purpose, uint64_t counter, uint32_t lane)
{
	uint32_t c[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), purpose, lane};
	uint32_t k[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)}, r[4];
	nt_philox(r, c, k);
	out[0] = r[0] | (uint64_t)r[1] << 32;
	out[1] = r[2] | (uint64_t)r[3] << 32;
}

static double unit(uint64_t x)
{
	return (double)(x >> 11) * 0x1p-53;
}

uint64_t nt_random_u64(uint64_t seed, enum nt_purpose purpose, uint64_t counter)
{
	uint64_t r[2];
	draw(r, seed, purpose, counter, 0);
	return r[0];
}

double nt_random_unit(uint64_t seed, enum nt_purpose purpose, uint64_t counter)
{
	return unit(nt_random_u64(seed, purpose, counter));
}

double nt_random_normal(uint64_t seed, enum nt_purpose purpose, uint64_t counter)
{
	uint64_t r[2];
	draw(r, seed, purpose, counter, 0);
	/* Box and Muller 1958; 1 - u is in (0, 1], so the logarithm is finite */
	return sqrt(-2 * log(1 - unit(r[0]))) * cos(2 * 3.14159265358979323846 * unit(r[1]));
}

uint64_t nt_random_below(uint64_t seed, enum nt_purpose purpose, uint64_t counter, uint64_t n)
{
	return (uint64_t)((unsigned __int128)nt_random_u64(seed, purpose, counter) * n >> 64);
}

uint64_t nt_random_permute(uint64_t seed, enum nt_purpose purpose, uint64_t n, uint64_t i)
{
	unsigned half = 1;
	while (half < 32 && (uint64_t)1 << 2 * half < n)
		half++;
	uint64_t mask = ((uint64_t)1 << half) - 1;
	do {
		uint64_t left = i >> half, right = i & mask;
		for (uint32_t round = 0; round < 6; round++) {
			uint64_t r[2];
			draw(r, seed, purpose, right, 0x80000000u + round);
			uint64_t next = left ^ (r[0] & mask);
			left = right;
			right = next;
		}
		i = left << half | right;
	} while (i >= n);
	return i;
}
