/* SPDX-License-Identifier: MIT */
/*
 * recall.c - how many near duplicates nt-dedup finds, and how many others it takes for such
 *
 *	nt-cat ... | recall [N]
 *
 * Of N documents on standard input (NUL between them), cut to 150 to 1500 words, a copy is made in
 * which words are replaced, left out and put in at a rate drawn anew for each. The Jaccard
 * similarity J of the two is counted from their sets of five words in a row, spelt out and
 * sorted; no hash of nt-dedup's is in it. Then all originals are put in, and each copy is asked
 * about, by bands alone and as nt-dedup decides. A table of how many are found for each range of
 * J, beside what bands promise.
 */
#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/mem.h"
#include "nt/near.h"
#include "nt/random.h"

enum { MOST_WORDS = 1500, LEAST_WORDS = 150, N_RANGE = 20 };

static uint64_t counter;

static double draw(void)
{
	return nt_random_unit(1, NT_RANDOM_SAMPLE, counter++);
}

static void must(int rc)
{
	if (rc < 0) {
		fprintf(stderr, "recall: %s\n", nt_errmsg());
		exit(-rc);
	}
}

/* A text, word by word. */
struct text {
	char *word[2 * MOST_WORDS]; /* [n] lower case, NUL-terminated */
	size_t n;
};

static bool is_word(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

static void cut(struct text *t, char *from, size_t len, size_t most)
{
	t->n = 0;
	for (size_t i = 0; i < len && t->n < most; i++) {
		if (!is_word((unsigned char)from[i]))
			continue;
		t->word[t->n++] = from + i;
		for (; i < len && is_word((unsigned char)from[i]); i++)
			from[i] = (char)tolower((unsigned char)from[i]);
		from[i] = 0;
	}
}

/* from with some words changed; new ones are those of all. */
static void edit(struct text *t, const struct text *from, double rate, const struct text *all)
{
	t->n = 0;
	for (size_t i = 0; i < from->n; i++) {
		double u = draw();
		char *other = all->word[(size_t)(draw() * (double)all->n)];
		if (u < rate / 2)
			t->word[t->n++] = other;
		else if (u >= rate || u < rate * 3 / 4)
			t->word[t->n++] = from->word[i];
		if (u >= rate / 2 && u < rate * 3 / 4)
			t->word[t->n++] = other;
	}
}

static int compare_shingles(const void *a, const void *b)
{
	char *const *x = *(char *const *const *)a, *const *y = *(char *const *const *)b;
	for (int i = 0; i < 5; i++) {
		int order = strcmp(x[i], y[i]);
		if (order)
			return order;
	}
	return 0;
}

/* Where the distinct shingles of t begin, sorted. */
static size_t shingles(char **out[], struct text *t)
{
	size_t n = 0, k = 0;
	for (size_t i = 0; i + 5 <= t->n; i++)
		out[n++] = t->word + i;
	qsort(out, n, sizeof(*out), compare_shingles);
	for (size_t i = 0; i < n; i++)
		if (k == 0 || compare_shingles(&out[k - 1], &out[i]) != 0)
			out[k++] = out[i];
	return k;
}

static double jaccard(struct text *a, struct text *b)
{
	static char **x[2 * MOST_WORDS], **y[2 * MOST_WORDS];
	size_t n = shingles(x, a), m = shingles(y, b), i = 0, j = 0, both = 0;
	while (i < n && j < m) {
		int order = compare_shingles(&x[i], &y[j]);
		both += order == 0;
		i += order <= 0;
		j += order >= 0;
	}
	return (double)both / (double)(n + m - both);
}

static void sketch(struct nt_near_sketcher *s, uint8_t *out, const struct text *t)
{
	static struct nt_word_list list;
	static char joined[1 << 20];
	size_t len = 0;
	for (size_t i = 0; i < t->n; i++) {
		size_t n = strlen(t->word[i]);
		if (len + n + 1 > sizeof(joined))
			break;
		memcpy(joined + len, t->word[i], n);
		len += n;
		joined[len++] = ' ';
	}
	must(nt_words_of_text(&list, (const uint8_t *)joined, len));
	must(nt_near_sketch(s, out, list.hash, list.n));
}

/* A pair and what became of it. */
struct pair {
	double J;
	uint8_t first[NT_NEAR_BYTES], second[NT_NEAR_BYTES];
};

static size_t make_pairs(struct pair *pair, size_t most, struct nt_buf *text, struct nt_near_sketcher *s)
{
	static struct text whole, copy, vocabulary;
	size_t n = 0;
	char *at = (char *)text->data, *end = at + text->len;
	for (; at < end && n < most; at += strlen(at) + 1) {
		/* cutting writes NULs: find the document's end first */
		char *next = at + strlen(at);
		cut(&whole, at, (size_t)(next - at), LEAST_WORDS + (size_t)(draw() * (MOST_WORDS - LEAST_WORDS)));
		at = next;
		if (whole.n < LEAST_WORDS)
			continue;
		if (vocabulary.n == 0)
			vocabulary = whole;
		edit(&copy, &whole, pow(draw(), 2) * 0.3, &vocabulary);
		pair[n].J = jaccard(&whole, &copy);
		sketch(s, pair[n].first, &whole);
		sketch(s, pair[n].second, &copy);
		n++;
	}
	return n;
}

/* found[i]: is copy i taken for a near duplicate? */
static void ask(const struct nt_near_options *o, const struct pair *pair, size_t n, bool *found)
{
	struct nt_near *near;
	uint64_t of;
	must(nt_near_new(&near, o));
	for (size_t i = 0; i < n; i++)
		must(nt_near_add(near, pair[i].first, &of));
	for (size_t i = 0; i < n; i++) {
		int rc = nt_near_add(near, pair[i].second, &of);
		must(rc);
		found[i] = rc == 0;
	}
	nt_near_free(near);
}

static void print_table(const struct pair *pair, size_t n, const bool *bands, const bool *both)
{
	printf("|         J |  pairs | promised | by bands | nt-dedup |\n|---|---:|---:|---:|---:|\n");
	for (int r = N_RANGE - 1; r >= 6; r--) {
		size_t many = 0, found[2] = {0};
		double due = 0;
		for (size_t i = 0; i < n; i++) {
			int range = (int)(pair[i].J * N_RANGE);
			if ((range < N_RANGE ? range : N_RANGE - 1) != r)
				continue;
			many++;
			due += 1 - pow(1 - pow(pair[i].J, 8), 14);
			found[0] += bands[i];
			found[1] += both[i];
		}
		if (many)
			printf("| %.2f-%.2f | %6zu | %7.1f%% | %7.1f%% | %7.1f%% |\n", (double)r / N_RANGE,
			       (double)(r + 1) / N_RANGE, many, 100 * due / (double)many,
			       100 * (double)found[0] / (double)many, 100 * (double)found[1] / (double)many);
	}
}

int main(int argc, char **argv)
{
	size_t most = argc > 1 ? strtoull(argv[1], NULL, 10) : 50000;
	struct nt_near_options o = {.seed = 1337}, loose;
	struct nt_near *near;
	struct nt_near_sketcher *s;
	struct nt_buf text = {0};
	struct pair *pair = nt_alloc(most, sizeof(*pair));
	bool *bands = nt_calloc(most, 1), *both = nt_calloc(most, 1);
	nt_near_options_for(&o, 0.8);
	must(pair && bands && both ? 0 : NT_ESYS);
	must(nt_read_file(&text, NULL));
	must(nt_buf_add(&text, "", 1));
	must(nt_near_new(&near, &o));
	must(nt_near_sketcher_new(&s, near));
	size_t n = make_pairs(pair, most, &text, s);
	loose = o;
	loose.least = 1e-9;
	ask(&loose, pair, n, bands);
	ask(&o, pair, n, both);
	print_table(pair, n, bands, both);
	nt_near_sketcher_free(s);
	nt_near_free(near);
	nt_buf_release(&text);
	free(pair);
	free(bands);
	free(both);
	return 0;
}
