/* SPDX-License-Identifier: MIT */
/*
 * opt.c - from argv to a struct, by way of the table
 *
 * getopt_long does the walking (clusters, abbreviations, operands among options); what
 * is ours is the meaning of a value and the help when a name is wrong.
 */
#include "cli/opt.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

static int bad(const struct nt_opt *o, const char *text, const char *wanted)
{
	return nt_fail(NT_EARG, "--%s: '%s' is not %s", o->name, text, wanted);
}

/* "1e9", "2.5e6": a power of ten that leaves no fraction. */
static int parse_power(const char *s, uint64_t *out)
{
	char *end;
	double v = strtod(s, &end);
	if (*end || !(v >= 0 && v < 0x1p63) || v != floor(v))
		return -1;
	*out = (uint64_t)v;
	return 0;
}

/* "64", "64k", "64KiB" are in units of 1024; "64kB" of 1000; for counts "64k" too. */
static int parse_scaled(const char *s, bool is_count, uint64_t *out)
{
	char *end;
	errno = 0;
	if (!isdigit((unsigned char)*s))
		return -1;
	if (is_count && s[strspn(s, "0123456789.")] == 'e')
		return parse_power(s, out);
	unsigned long long v = strtoull(s, &end, 10);
	if (errno)
		return -1;
	static const char unit[] = "KMGT";
	const char *u = *end ? strchr(unit, toupper((unsigned char)*end)) : NULL;
	if (u) {
		end++;
		uint64_t step = is_count || strcmp(end, "B") == 0 ? 1000 : 1024;
		for (const char *k = unit; k <= u; k++)
			if (__builtin_mul_overflow(v, step, &v))
				return -1;
		if (!is_count)
			end += strcmp(end, "iB") == 0 ? 2 : strcmp(end, "i") == 0 || strcmp(end, "B") == 0;
	}
	*out = v;
	return *end ? -1 : 0;
}

static int parse_time(const char *s, double *out)
{
	char *end;
	double total = 0;
	if (!*s)
		return -1;
	while (*s) {
		double v = strtod(s, &end);
		if (end == s || v < 0 || !isfinite(v))
			return -1;
		double unit = *end == 'd' ? 86400 : *end == 'h' ? 3600 : *end == 'm' ? 60 : 1;
		if (*end && strchr("smhd", *end))
			end++;
		else if (*end)
			return -1;
		total += v * unit;
		s = end;
	}
	*out = total;
	return 0;
}

/* 10m is ten minutes, and 10M ten million. */
static int parse_every(const char *s, struct nt_opt_every *out)
{
	size_t len = strlen(s);
	*out = (struct nt_opt_every){0};
	if (len && strchr("smhd", s[len - 1]))
		return parse_time(s, &out->seconds) || !(out->seconds > 0) ? -1 : 0;
	return parse_scaled(s, true, &out->count) || !out->count ? -1 : 0;
}

static int parse_choice(const char *choices, const char *s)
{
	size_t n = strlen(s);
	for (int i = 0; *choices; i++) {
		size_t len = strcspn(choices, "|");
		if (len == n && memcmp(choices, s, n) == 0)
			return i;
		choices += len + (choices[len] == '|');
	}
	return -1;
}

static int in_range(const struct nt_opt *o, double v)
{
	if ((o->lo == 0 && o->hi == 0) || (o->lo <= v && v <= o->hi))
		return 0;
	return nt_fail(NT_EARG, "--%s: %.10g is outside %.10g to %.10g", o->name, v, o->lo, o->hi);
}

static int add_item(struct nt_list *list, const char *s)
{
	int rc = nt_grow(&list->item, &list->cap, list->n + 1, sizeof(*list->item));
	if (rc == 0)
		list->item[list->n++] = s;
	return rc;
}

static int assign_count(const struct nt_opt *o, uint64_t *at, const char *s)
{
	if (parse_scaled(s, true, at))
		return bad(o, s, "a count, as in 500, 64k or 10M");
	return in_range(o, (double)*at);
}

static int assign(const struct nt_opt *o, void *into, const char *s)
{
	void *at = (char *)into + o->at;
	char *end;
	errno = 0;
	switch (o->type) {
	case NT_OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case NT_OPT_STR:
		*(const char **)at = s;
		return 0;
	case NT_OPT_LIST:
		return add_item(at, s);
	case NT_OPT_ENUM:
		*(int *)at = parse_choice(o->arg, s);
		return *(int *)at < 0 ? nt_fail(NT_EARG, "--%s: '%s' is none of %s", o->name, s, o->arg) : 0;
	case NT_OPT_MAYBE:
		*(struct nt_opt_maybe *)at = (struct nt_opt_maybe){.is_given = true};
		return s ? assign_count(o, &((struct nt_opt_maybe *)at)->count, s) : 0;
	case NT_OPT_COUNT:
		return assign_count(o, at, s);
	case NT_OPT_SIZE:
		return parse_scaled(s, false, at) ? bad(o, s, "a size, as in 64k, 10M or 2G")
						  : in_range(o, (double)*(uint64_t *)at);
	case NT_OPT_TIME:
		return parse_time(s, at) ? bad(o, s, "a time, as in 90s, 10m or 2h")
					 : in_range(o, *(double *)at);
	case NT_OPT_EVERY:
		return parse_every(s, at) ? bad(o, s, "a count or a time, as in 500, 10k, 90s or 10m") : 0;
	case NT_OPT_INT:
		*(int64_t *)at = strtoll(s, &end, 10);
		if (errno || end == s || *end)
			return bad(o, s, "a whole number");
		return in_range(o, (double)*(int64_t *)at);
	case NT_OPT_REAL:
		*(double *)at = strtod(s, &end);
		if (end == s || *end || !isfinite(*(double *)at))
			return bad(o, s, "a number");
		return in_range(o, *(double *)at);
	}
	return bad(o, s, "understood");
}

/* Damerau's distance, adjacent swaps counted as one; words longer than 63 are cut. */
static size_t distance(const char *a, const char *b)
{
	enum { MAX = 63 };
	size_t n = strnlen(a, MAX), m = strnlen(b, MAX), row[3][MAX + 1];
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *upup = row[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t d = up[j - 1] + (a[i - 1] != b[j - 1]);
			if (up[j] + 1 < d)
				d = up[j] + 1;
			if (now[j - 1] + 1 < d)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upup[j - 2] + 1 < d)
				d = upup[j - 2] + 1;
			now[j] = d;
		}
	}
	return row[n % 3][m];
}

const char *nt_opt_nearest(const char *word, const char *(*candidate)(const void *ctx, size_t i),
			   const void *ctx)
{
	const char *best = NULL, *c;
	size_t least = strlen(word) / 3 + 2;
	for (size_t i = 0; (c = candidate(ctx, i)); i++) {
		/* a longer name that begins with the word is what a hasty hand means */
		size_t d = strncmp(word, c, strlen(word)) == 0 ? 1 : distance(word, c);
		if (d < least) {
			least = d;
			best = c;
		}
	}
	return best;
}

/* getopt's view of both tables, and the way back. */
struct view {
	struct option *option; /* [n + 1] */
	const struct nt_opt **opt;
	bool *is_common;
	size_t n;
	char letters[256];
};

static const char *long_name(const void *ctx, size_t i)
{
	const struct view *v = ctx;
	return i < v->n ? v->option[i].name : NULL;
}

static void add_table(struct view *v, const struct nt_opt *o, bool is_common)
{
	size_t used = strlen(v->letters);
	for (; o->name || o->help; o++) {
		if (!o->name)
			continue;
		int has_arg = o->type == NT_OPT_FLAG ? no_argument
			      : o->type == NT_OPT_MAYBE ? optional_argument : required_argument;
		v->option[v->n] = (struct option){.name = o->name, .has_arg = has_arg, .val = 256};
		v->opt[v->n] = o;
		v->is_common[v->n++] = is_common;
		if (o->key) {
			v->letters[used++] = (char)o->key;
			for (int i = 0; i < has_arg; i++) /* "x", "x:", "x::" */
				v->letters[used++] = ':';
		}
	}
}

static size_t table_len(const struct nt_opt *o)
{
	size_t n = 0;
	while (o[n].name || o[n].help)
		n++;
	return n;
}

static int unknown(const struct view *v, const char *word)
{
	char name[64];
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	size_t n_match = 0;
	for (size_t i = 0; i < v->n; i++)
		n_match += strncmp(v->option[i].name, name, strlen(name)) == 0;
	if (n_match > 1)
		return nt_fail(NT_EARG, "option '--%s' is ambiguous", name);
	const char *near = nt_opt_nearest(name, long_name, v);
	if (near)
		return nt_fail(NT_EARG, "unknown option '--%s': did you mean '--%s'?", name, near);
	return nt_fail(NT_EARG, "unknown option '--%s': --help lists those there are", name);
}

static int refuse(const struct view *v, int answer, const char *word)
{
	if (answer == ':') {
		for (size_t i = 0; i < v->n; i++)
			if (v->opt[i]->key == optopt && optopt != 256)
				return nt_fail(NT_EARG, "option '-%c' needs %s", optopt, v->opt[i]->arg);
		return nt_fail(NT_EARG, "option '%s' needs a value", word);
	}
	if (optopt == 256) /* a long flag that was given a value */
		return nt_fail(NT_EARG, "option '%.*s' takes no value", (int)strcspn(word, "="), word);
	if (optopt)
		return nt_fail(NT_EARG, "unknown option '-%c': -h lists those there are", optopt);
	return unknown(v, word + 2);
}

/* One option of the command line, row `at` of the view. */
static int take(const struct view *v, size_t at, struct nt_list *named, void *into,
		void *common_into)
{
	const struct nt_opt *o = v->opt[at];
	int rc = assign(o, v->is_common[at] ? common_into : into, optarg);
	return rc == 0 && named ? add_item(named, o->name) : rc;
}

static int walk(const struct view *v, struct nt_list *named, void *into, void *common_into,
		int argc, char **argv)
{
	int c, at = 0;
	opterr = 0;
	optind = 0; /* GNU: forget an earlier walk */
	while ((c = getopt_long(argc, argv, v->letters, v->option, &at)) != -1) {
		if (c == '?' || c == ':')
			return refuse(v, c, argv[optind - 1]);
		if (c != 256)
			for (at = 0; v->opt[at]->key != c; at++)
				;
		int rc = take(v, (size_t)at, named, into, common_into);
		if (rc < 0)
			return rc;
	}
	return optind;
}

static int set_defaults(const struct nt_opt *o, void *into)
{
	int rc = 0;
	for (; rc == 0 && (o->name || o->help); o++)
		if (o->init)
			rc = assign(o, into, o->init);
	return rc;
}

/*
 * How many operands stood in front of "--". Of the words in front of it the walk has put the
 * operands behind it, so that it is the last of the options: the rest is a subtraction.
 */
static size_t before_dashes(char *const *given, char *const *argv, int first)
{
	int at = 1;
	if (first < 2 || strcmp(argv[first - 1], "--") != 0)
		return SIZE_MAX;
	while (given[at] != argv[first - 1])
		at++;
	return (size_t)(at - (first - 1));
}

int nt_opt_parse(const struct nt_cmd *cmd, const struct nt_opt *common, void *into,
		 void *common_into, int argc, char **argv)
{
	size_t n = table_len(cmd->opts) + table_len(common);
	struct view v = {
		.option = nt_calloc(n + 1, sizeof(*v.option)),
		.opt = nt_calloc(n + 1, sizeof(*v.opt)),
		.is_common = nt_calloc(n + 1, sizeof(*v.is_common)),
		.letters = ":",
	};
	char **given = nt_alloc((size_t)argc, sizeof(char *));
	void *named = cmd->named_at ? (char *)into + cmd->named_at : NULL;
	int rc = NT_ESYS;
	if (!v.option || !v.opt || !v.is_common || !given)
		goto out;
	memcpy(given, argv, (size_t)argc * sizeof(char *));
	add_table(&v, cmd->opts, false);
	add_table(&v, common, true);
	if ((rc = set_defaults(cmd->opts, into)) == 0 && (rc = set_defaults(common, common_into)) == 0)
		rc = walk(&v, named, into, common_into, argc, argv);
	if (rc > 0 && cmd->before_dashes_at)
		*(size_t *)(void *)((char *)into + cmd->before_dashes_at) = before_dashes(given, argv, rc);
out:
	free(given);
	free(v.option);
	free(v.opt);
	free(v.is_common);
	return rc;
}

void nt_opt_release(const struct nt_cmd *cmd, void *into)
{
	if (cmd->named_at)
		free(((struct nt_list *)(void *)((char *)into + cmd->named_at))->item);
	for (const struct nt_opt *o = cmd->opts; o->name || o->help; o++)
		if (o->name && o->type == NT_OPT_LIST)
			free(((struct nt_list *)(void *)((char *)into + o->at))->item);
}
