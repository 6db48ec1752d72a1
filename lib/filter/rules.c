/* SPDX-License-Identifier: MIT */
/* rules.c - the table of rules, and which of them are on */
#include "filter/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nt/err.h"
#include "nt/mem.h"

#define NONE INFINITY /* what stands in the list where a rule has no threshold */
#define RULE(family, ID, name, sense, value, what) \
	{#family, #name, NT_RULE_##sense, !isinf((float)(value)), value, what},
static const struct nt_filter_rule rules[] = {NT_RULES(RULE)};

const struct nt_filter_rule *nt_filter_rule(size_t i)
{
	return i < NT_N_RULE ? &rules[i] : NULL;
}

struct nt_filter *nt_filter_new(void)
{
	struct nt_filter *f = nt_calloc(1, sizeof(*f));
	for (size_t i = 0; f && i < NT_N_RULE; i++)
		f->value[i] = rules[i].value;
	return f;
}

void nt_filter_free(struct nt_filter *f)
{
	free(f);
}

/* Does a name, of a rule, a family or two, mean rule i? */
static bool means(const char *name, size_t i)
{
	const char *family = rules[i].family;
	if (strcmp(name, "all") == 0)
		return true;
	return strcmp(name, rules[i].name) == 0 || strcmp(name, family) == 0 ||
	       (strcmp(name, "gopher") == 0 && strncmp(family, "gopher_", 7) == 0);
}

int nt_filter_switch(struct nt_filter *f, const char *name, bool on)
{
	size_t n = 0, n_open = 0;
	for (size_t i = 0; i < NT_N_RULE; i++) {
		if (!means(name, i))
			continue;
		n++;
		if (on && isnan(f->value[i])) {
			n_open++;
			continue;
		}
		f->on[i] = on;
	}
	if (n == 0)
		return nt_fail(NT_EARG, "no rule or family is called '%s'", name);
	if (n_open == n)
		return nt_fail(NT_EARG, "%s has no threshold of its own: set one, as in %s=VALUE", name, name);
	return 0;
}

int nt_filter_set(struct nt_filter *f, const char *name, double value)
{
	for (size_t i = 0; i < NT_N_RULE; i++) {
		if (strcmp(name, rules[i].name) != 0)
			continue;
		if (!rules[i].has_value)
			return nt_fail(NT_EARG, "%s has no threshold: it is on or off", name);
		f->value[i] = value;
		f->on[i] = true;
		return 0;
	}
	return nt_fail(NT_EARG, "no rule is called '%s'", name);
}

bool nt_filter_is_on(const struct nt_filter *f, size_t rule)
{
	return f->on[rule];
}

double nt_filter_value(const struct nt_filter *f, size_t rule)
{
	return f->value[rule];
}
