/* SPDX-License-Identifier: MIT */
/*
 * source.c - held-out losses of each source of a run's data
 *
 *	"sources": {"wiki": {"targets": 20480, "val_loss": 3.2}, "books": {...}}
 *
 * Sources are few, as people name them: those behind the first 64 of a log are left out, so
 * that a damaged one takes no memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "io/json.h"
#include "nt/err.h"
#include "report/run.h"

enum { SOURCES_MOST = 64 };
#define VALUE_MOST 1e30

/* The source of that name, a new one if there is room; NULL: there is none. */
static struct report_source *find(struct nt_run *r, const struct nt_json_text *name)
{
	for (size_t i = 0; i < r->n_source; i++)
		if (nt_json_is(name, r->source[i].name))
			return &r->source[i];
	if (memchr(name->p, 0, name->len)) /* no name of a file; cut there, it would never be found again */
		return NULL;
	if (r->n_source == SOURCES_MOST || nt_grow(&r->source, &r->source_cap, r->n_source + 1, sizeof(*r->source)) < 0)
		return NULL;
	char *copy = strndup((const char *)name->p, name->len);
	if (!copy)
		return NULL;
	r->source[r->n_source] = (struct report_source){.name = copy};
	return &r->source[r->n_source++];
}

/* {"targets": 20480, "val_loss": 3.2, ...}: NaN without a val_loss */
static int read_loss(struct nt_json *j, double *loss)
{
	struct nt_json_text key, value;
	*loss = NAN;
	int rc = nt_json_enter(j, '{');
	while (rc >= 0 && (rc = nt_json_key(j, &key)) > 0) {
		bool is_loss = nt_json_is(&key, "val_loss");
		is_loss = is_loss && nt_json_peek(j) == '0'; /* a number */
		rc = nt_json_skip(j, &value);
		double x = rc == 0 && is_loss ? strtod((const char *)value.p, NULL) : NAN;
		*loss = fabs(x) <= VALUE_MOST ? x : *loss;
	}
	return rc;
}

static int add_loss(struct report_track *t, const struct report_point *like, double loss)
{
	while (t->n && t->point[t->n - 1].step >= like->step)
		t->n--;
	int rc = nt_grow(&t->point, &t->cap, t->n + 1, sizeof(*t->point));
	if (rc < 0)
		return rc;
	t->point[t->n] = *like;
	t->point[t->n++].value[V_VAL_LOSS] = loss;
	return 0;
}

int nt_run_take_sources(struct nt_run *r, const struct nt_buf *json, const struct report_point *at)
{
	struct nt_json j;
	struct nt_json_text key;
	double loss;
	nt_json_init(&j, json->data, json->len);
	int rc = nt_json_enter(&j, '{');
	while (rc >= 0 && (rc = nt_json_key(&j, &key)) > 0) {
		struct report_source *s = find(r, &key); /* the key is gone with the next string */
		rc = read_loss(&j, &loss);
		if (rc == 0 && s && !isnan(loss))
			rc = add_loss(&s->look, at, loss);
	}
	nt_json_release(&j);
	return rc == NT_EFORMAT ? 0 : rc; /* sources that are none are no reason to pass a loss over */
}

void nt_run_cut_sources(struct nt_run *r, double step)
{
	for (size_t i = 0; i < r->n_source; i++)
		while (r->source[i].look.n && r->source[i].look.point[r->source[i].look.n - 1].step > step)
			r->source[i].look.n--;
}

void nt_run_free_sources(struct nt_run *r)
{
	for (size_t i = 0; i < r->n_source; i++) {
		free(r->source[i].name);
		free(r->source[i].look.point);
	}
	free(r->source);
}

/* --- of several runs ------------------------------------------------------------------- */

size_t nt_source_number(const struct report_names *s, const char *name)
{
	size_t i = 0;
	while (i < s->n && strcmp(s->name[i], name) != 0)
		i++;
	return i;
}

void nt_source_names(struct report_names *s, struct nt_run *const *run, size_t n_run)
{
	s->n = 0;
	for (size_t i = 0; i < n_run; i++)
		for (size_t k = 0; s->n < N_SOURCE && k < run[i]->n_source; k++)
			if (nt_source_number(s, run[i]->source[k].name) == s->n)
				s->name[s->n++] = run[i]->source[k].name;
}
