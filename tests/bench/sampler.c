/* SPDX-License-Identifier: MIT */
/*
 * sampler.c - what choosing a token of a vocabulary of GPT-2's size takes (make bench BENCH=token)
 *
 * Logits as a trained model's, where some hundreds of tokens are 0.95, and as a new one's, all nearly
 * as likely. The fastest and the middle of a thousand tokens.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "nt/cpu.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"

enum { V = 50257, N_LOGITS = 8, N = 1000, CONTEXT = 64 };

static nt_real *logits[2]; /* [N_LOGITS][V] each, peaked and flat */

static void make_logits(void)
{
	for (size_t k = 0; k < 2; k++)
		if (!(logits[k] = nt_alloc(N_LOGITS * V, sizeof(nt_real))))
			exit(1);
	for (size_t i = 0; i < N_LOGITS * V; i++) {
		double normal = nt_random_normal(1, NT_RANDOM_INIT, i), rank = nt_random_unit(2, NT_RANDOM_INIT, i) * V;
		logits[0][i] = (nt_real)(normal - 1.5 * log(1 + rank) - 30);
		logits[1][i] = (nt_real)(0.55 * normal);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void measure(const char *name, struct nt_sampling o)
{
	static uint64_t ns[N];
	struct nt_sampler *s;
	uint32_t id[CONTEXT + N];
	if (nt_sampler_new(&s, &o, V) < 0)
		exit(1);
	printf("| %s |", name);
	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < CONTEXT; i++)
			id[i] = (uint32_t)(i * 641 % V);
		for (size_t i = 0; i < N; i++) {
			uint64_t start = nt_now_ns();
			id[CONTEXT + i] = nt_sample_behind(s, logits[k] + i % N_LOGITS * V, id, CONTEXT + i, i);
			ns[i] = nt_now_ns() - start;
		}
		qsort(ns, N, sizeof(*ns), compare);
		printf(" %.1f (%.1f) |", (double)ns[0] * 1e-3, (double)ns[N / 2] * 1e-3);
	}
	printf("\n");
	nt_sampler_free(s);
}

int main(void)
{
	struct nt_sampling o = {.top_k = NT_SAMPLING_TOP_K, .top_p = NT_SAMPLING_TOP_P, .min_p = NT_SAMPLING_MIN_P,
				.temperature = NT_SAMPLING_TEMPERATURE, .repeat_last_n = NT_SAMPLING_REPEAT_LAST_N};
	make_logits();
	printf("| a token of %d, us | peaked (middle) | flat |\n|---|---:|---:|\n", V);
	measure("unless told otherwise", o);
	o.repeat_penalty = 1.1;
	measure("the same with a repeat penalty", o);
	o = (struct nt_sampling){.top_p = 1};
	measure("the likeliest", o);
	o.temperature = 0.8;
	measure("temperature alone", o);
	o.top_k = 40;
	measure("top-k 40", o);
	o.top_k = 1000;
	measure("top-k 1000", o);
	o.top_k = 0;
	o.top_p = 0.95;
	measure("top-p 0.95", o);
	o.top_p = 1;
	o.min_p = 0.05;
	measure("min-p 0.05", o);
	return 0;
}
