/* SPDX-License-Identifier: MIT */
#ifndef REPORT_SHOW_H
#define REPORT_SHOW_H
/*
 * show.h - ways to show scores
 *
 * Each is a struct of what it does. They write into m, whose memory is handed on and emptied
 * after each call; a NULL does nothing.
 */
#include "nt/show.h"
#include "report/markup.h"

struct nt_show_way {
	void (*header)(struct nt_show *s);
	void (*document)(struct nt_show *s, const struct nt_score_of *doc);
	void (*total)(struct nt_show *s, const struct nt_score_sums *tally);
	void (*choices_header)(struct nt_show *s);
	void (*choices)(struct nt_show *s, const struct nt_chosen *c);
	void (*choices_total)(struct nt_show *s, const struct nt_choice_totals *t);
};
extern const struct nt_show_way nt_show_table, nt_show_tsv, nt_show_json, nt_show_page;

struct nt_show {
	struct nt_out *out;
	struct nt_show_tokens tokens;
	struct nt_show_options options;
	const struct nt_show_way *way;
	struct nt_buf line; /* what goes out next ... */
	struct report_markup m; /* ... and who writes it */
	int rc; /* of the first write that failed */
};

/* Hands on what has been written so far, so that a long document need not be in memory twice. */
void nt_show_flush(struct nt_show *s);

/* The bytes of a token, or the name of a special one; "" where nobody knows. */
const char *nt_show_text(const struct nt_show_tokens *t, uint32_t id, size_t *len);

double nt_nats_per_token(const struct nt_totals *t);
double nt_bits_per_byte(const struct nt_totals *t); /* NaN: of no bytes */

/* Says what a bin of positions holds: "1", "2-3", "4-7". Returns text. */
const char *nt_bin_name(size_t bin, char text[32]);
/* The last bin that holds a target, and one; 0: there is none. */
size_t nt_n_bin(const struct nt_position_sum *position);

#endif
