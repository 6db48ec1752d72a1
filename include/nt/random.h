/* SPDX-License-Identifier: MIT */
#ifndef NT_RANDOM_H
#define NT_RANDOM_H
/*
 * nt/random.h - random numbers as a pure function of (seed, purpose, counter)
 *
 * Nothing is kept between calls, so a run that is resumed, or cut among threads, asks
 * for the same counter and gets the same number. Two purposes never share a stream.
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw 2011, "Parallel Random Numbers: As Easy
 * as 1, 2, 3". All functions here are thread safe and cannot fail.
 */
#include <stdint.h>

/* Part of the file formats' promise: a number once given keeps its meaning. */
enum nt_purpose {
	NT_RANDOM_INIT = 1,    /* first weights of a model */
	NT_RANDOM_SHUFFLE = 2, /* nt-shuffle's keys */
	NT_RANDOM_ROWS = 3,    /* order of rows in an epoch of training */
	NT_RANDOM_WINDOW = 4,  /* where a window of concatenated text begins */
	NT_RANDOM_SAMPLE = 5,  /* nt-sample's draws */
	NT_RANDOM_HOLDOUT = 6, /* which documents are held out */
	NT_RANDOM_MOMENTS = 7, /* which way a step's moments are rounded */
};

/* The block cipher: 4 words of counter and 2 of key in, 4 random words out. */
void nt_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

uint64_t nt_random_u64(uint64_t seed, enum nt_purpose purpose, uint64_t counter);
double nt_random_unit(uint64_t seed, enum nt_purpose purpose, uint64_t counter); /* [0, 1) */
double nt_random_normal(uint64_t seed, enum nt_purpose purpose, uint64_t counter); /* N(0, 1) */

/* [0, n), n > 0; without modulo bias above 2^-64 */
uint64_t nt_random_below(uint64_t seed, enum nt_purpose purpose, uint64_t counter, uint64_t n);

/*
 * Where a pseudo-random permutation of [0, n) sends i; needs no table. A six-round
 * Feistel network over the next even power of two, walked until it lands inside.
 */
uint64_t nt_random_permute(uint64_t seed, enum nt_purpose purpose, uint64_t n, uint64_t i);

#endif
