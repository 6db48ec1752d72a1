/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_BAND_H
#define TRAIN_BAND_H
/*
 * band.h - where the losses of the last steps lie, and how far outside one of them is
 *
 * A moving mean and variance of about NT_BAND_STEPS steps, three numbers that a checkpoint keeps,
 * so that a run that goes on judges as one that was never stopped. Losses of single steps have
 * heavy tails: of 208,298 steps in 180 runs of steps of 16 to 8,192 positions, the farthest lay 7.1
 * deviations above its band. One batch of noise lies 30 above. NT_BAND_MOST is between the two.
 * A band is never taken for narrower than NT_BAND_LEAST, or a text known by heart would spike.
 */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NT_BAND_STEPS = 64, NT_BAND_FIRST = 32 }; /* ... before which nothing is judged */
#define NT_BAND_MOST 10.0   /* deviations */
#define NT_BAND_LEAST 0.05  /* nats/token */

struct nt_band {
	uint64_t n;             /* losses that it was made of */
	double mean, variance;  /* nats/token */
	uint64_t skipped;       /* steps that the run left out */
};

static inline void nt_band_add(struct nt_band *b, double loss)
{
	double share = 1.0 / (double)(b->n < NT_BAND_STEPS ? b->n + 1 : NT_BAND_STEPS), off = loss - b->mean;
	b->n++;
	b->mean += share * off;
	b->variance = (1 - share) * (b->variance + share * off * off);
}

/* Standard deviations that it lies above the mean; 0 as long as there is no band. */
static inline double nt_band_deviations(const struct nt_band *b, double loss)
{
	return b->n < NT_BAND_FIRST ? 0 : (loss - b->mean) / fmax(sqrt(b->variance), NT_BAND_LEAST);
}

/*
 * A rate that grows ruins weights slowly enough for the band to follow them: so it also ends where
 * knowing nothing would cost a nat less, and before there is a band, half. (After 32 steps no
 * loss of those runs was above the first one's less 0.57; the highest before lay 2.9 above it.)
 */
static inline bool nt_band_is_out(const struct nt_band *b, double loss, size_t vocab_size)
{
	double nothing = log((double)vocab_size);
	return nt_band_deviations(b, loss) > NT_BAND_MOST || loss > (b->n < NT_BAND_FIRST ? 2 * nothing : nothing + 1);
}

#endif
