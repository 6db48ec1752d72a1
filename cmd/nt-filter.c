/* SPDX-License-Identifier: MIT */
/*
 * nt-filter - documents by rule
 *
 * Documents come in as nt-cat reads them, and those that no rule drops go out as nt-cat
 * writes them, not a byte changed. Rules cost what they cost; the model, which costs far
 * more, is asked last about what is left.
 */
#include "cli/main.h"
#include "cmd/documents.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nt/file.h"
#include "nt/filter.h"
#include "nt/generate.h"
#include "nt/manifest.h"
#include "nt/model.h"
#include "nt/nultext.h"
#include "nt/tokenizer.h"

struct options {
	const char *rules, *output, *rejected, *report, *manifest, *perplexity;
	struct document_options documents;
	struct nt_list set, no;
	double below, above;
	bool list, explain, is_jsonl;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Rules"},
	{0, "rules", NT_OPT_STR, AT(rules), "LIST", "gopher,c4,fineweb", 0, 0,
	 "rules and families of rules to ask, with commas between them; none asks none"},
	{0, "set", NT_OPT_LIST, AT(set), "RULE=VALUE", NULL, 0, 0,
	 "another threshold; switches the rule on if it was not; several, repeated or with commas"},
	{0, "no", NT_OPT_LIST, AT(no), "LIST", NULL, 0, 0, "rules and families not to ask after all"},
	{0, "list-rules", NT_OPT_FLAG, AT(list), NULL, NULL, 0, 0,
	 "print the rules, their families and thresholds, and which would be asked"},
	{.help = "A model's opinion"},
	{0, "perplexity", NT_OPT_STR, AT(perplexity), "CKPT", NULL, 0, 0,
	 "a checkpoint; documents that the rules keep are dropped by their perplexity under it, exp "
	 "of the loss per token"},
	{0, "below", NT_OPT_REAL, AT(below), "X", NULL, 0, INFINITY, "keep documents of a perplexity below X"},
	{0, "above", NT_OPT_REAL, AT(above), "X", NULL, 0, INFINITY, "keep documents of a perplexity above X"},
	{.help = "Documents"},
	DOCUMENT_OPTIONS(documents),
	{.help = "Output"},
	{0, "explain", NT_OPT_FLAG, AT(explain), NULL, NULL, 0, 0,
	 "write no text but a line a document: its number, source, kept or dropped, and the rule, what "
	 "it measured, its threshold"},
	{0, "jsonl", NT_OPT_FLAG, AT(is_jsonl), NULL, NULL, 0, 0,
	 "write the JSON lines that documents came in, byte for byte, and not their text"},
	{0, "rejected", NT_OPT_STR, AT(rejected), "FILE", NULL, 0, 0, "write the documents that are dropped to FILE"},
	{0, "report", NT_OPT_STR, AT(report), "FILE", NULL, 0, 0, "write what each rule dropped to FILE, as a JSON object"},
	{0, "manifest", NT_OPT_STR, AT(manifest), "FILE", NULL, 0, 0,
	 "of text on standard input: when it has ended, take over from FILE what the program before counted "
	 "with its own --manifest, and add to it; text that is not all of that is refused. Of files: begin FILE"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_filter *filter;
	struct nt_docs *docs;
	struct nt_nultext kept, rejected; /* out NULL: nowhere */
	struct nt_out *out;
	struct nt_buf line;
	struct nt_filter_counts count;
	uint64_t invalid;
	struct nt_digest came, left; /* for the manifest */
	bool is_first;               /* of those that write it */

	struct nt_lm *lm;
	struct nt_tokenizer *tokenizer;
	struct nt_encoder *encoder;
	struct nt_pool *pool;
	struct nt_scorer *scorer;
	struct nt_ids ids;
};

/* --- which rules ------------------------------------------------------------------------ */

static const char *rule_name(const void *ctx, size_t i)
{
	static const char *const family[] = {"all", "none", "gopher", "length", "characters", "gopher_quality",
					     "gopher_repetition", "c4", "mc4", "fineweb"};
	enum { N = sizeof(family) / sizeof(*family) };
	(void)ctx;
	if (i < N)
		return family[i];
	const struct nt_filter_rule *rule = nt_filter_rule(i - N);
	return rule ? rule->name : NULL;
}

static int explain_name(int rc, const char *name)
{
	const char *near = nt_opt_nearest(name, rule_name, NULL);
	for (size_t i = 0; rule_name(NULL, i); i++)
		if (strcmp(rule_name(NULL, i), name) == 0)
			return rc;
	if (near)
		return nt_fail(NT_EARG, "unknown rule '%s': did you mean '%s'?", name, near);
	return nt_fail(NT_EARG, "unknown rule '%s': --list-rules prints them", name);
}

static int set_rule(struct nt_filter *f, char *item)
{
	char *value = strchr(item, '='), *end;
	if (!value)
		return nt_fail(NT_EARG, "--set %s: it is RULE=VALUE", item);
	*value++ = 0;
	double x = strtod(value, &end);
	if (end == value || *end || !isfinite(x))
		return nt_fail(NT_EARG, "--set %s=%s: the value is no number", item, value);
	int rc = nt_filter_set(f, item, x);
	return rc < 0 ? explain_name(rc, item) : 0;
}

static int rule_on(struct nt_filter *f, char *item)
{
	int rc = strcmp(item, "none") == 0 ? 0 : nt_filter_switch(f, item, true);
	return rc < 0 ? explain_name(rc, item) : 0;
}

static int rule_off(struct nt_filter *f, char *item)
{
	int rc = nt_filter_switch(f, item, false);
	return rc < 0 ? explain_name(rc, item) : 0;
}

/* Calls each for every item of a list with commas between them. */
static int for_each(struct nt_filter *f, const char *list, int (*each)(struct nt_filter *f, char *item))
{
	char *copy = strdup(list), *at = copy, *item;
	int rc = copy ? 0 : nt_fail_sys("out of memory");
	while (rc == 0 && at && (item = strsep(&at, ",")))
		if (*item)
			rc = each(f, item);
	free(copy);
	return rc;
}

static int choose_rules(struct nt_filter *f, const struct options *o)
{
	int rc = for_each(f, o->rules, rule_on);
	for (size_t i = 0; rc == 0 && i < o->set.n; i++)
		rc = for_each(f, o->set.item[i], set_rule);
	for (size_t i = 0; rc == 0 && i < o->no.n; i++)
		rc = for_each(f, o->no.item[i], rule_off);
	return rc;
}

static int list_rules(const struct job *j)
{
	struct nt_buf page = {0};
	int rc = nt_filter_list(&page, j->filter);
	if (rc == 0)
		rc = nt_out_write(j->out, page.data, page.len);
	nt_buf_release(&page);
	return rc;
}

/* --- documents ---------------------------------------------------------------------------- */

static int put_line(struct nt_out *out, const struct nt_judged *doc)
{
	if (!doc->line)
		return nt_fail(NT_EARG, "--jsonl: %s is no JSON line; nt-cat --jsonl makes some", doc->source);
	int rc = nt_out_write(out, doc->line, doc->line_len);
	return rc < 0 ? rc : nt_out_write(out, "\n", 1);
}

static int put(struct nt_nultext *to, const struct nt_judged *doc, bool is_jsonl)
{
	if (!to->out)
		return 0;
	if (is_jsonl)
		return put_line(to->out, doc);
	int rc = nt_nultext_begin(to);
	return rc < 0 ? rc : nt_nultext_add(to, doc->text, doc->len);
}

static void count(struct nt_filter_sum *s, const struct nt_judged *doc)
{
	s->documents++;
	s->bytes += doc->len;
}

/* The perplexity of the document, as nt-score has it. */
static int ask_model(struct job *j, const struct nt_judged *doc, double *perplexity)
{
	struct nt_ends ends = nt_config_ends(nt_lm_config(j->lm), nt_tokenizer_summary(j->tokenizer));
	if (ends.bos == NT_NO_TOKEN || ends.eos[0] == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT, "%s: the model names no bos_token_id or no eos_token_id",
			       j->o->perplexity);
	j->ids.n = 0;
	int rc = nt_ids_add(&j->ids, &ends.bos, 1);
	if (rc == 0)
		rc = nt_encode(j->encoder, doc->text, doc->len, 0, &j->ids);
	if (rc == 0)
		rc = nt_ids_add(&j->ids, ends.eos, 1);
	if (rc == 0)
		rc = nt_scorer_add(j->scorer, j->ids.id, j->ids.n);
	if (rc < 0)
		return rc;
	*perplexity = exp(nt_scorer_total(j->scorer) / (double)(j->ids.n - 1));
	return 0;
}

static int explain(struct job *j, const struct nt_judged *doc, const struct nt_filter_reason *why)
{
	j->line.len = 0;
	int rc = nt_filter_explain(&j->line, j->count.in.documents, doc->source, why);
	return rc < 0 ? rc : nt_out_write(j->out, j->line.data, j->line.len);
}

static void show_progress(const struct job *j, uint64_t input_bytes)
{
	double read = (double)input_bytes, total = (double)nt_docs_total(j->docs);
	if (!nt_cli_progress_due(j->cli))
		return;
	if (total > 0)
		nt_cli_progress(j->cli, "%s, %s kept, %.0f %% of %.1f MB", nt_counted(j->count.in.documents, "document"),
				nt_counted(j->count.kept.documents, "document"), 100 * read / total, total / 1e6);
	else
		nt_cli_progress(j->cli, "%s, %s kept, %.1f MB read", nt_counted(j->count.in.documents, "document"),
				nt_counted(j->count.kept.documents, "document"), read / 1e6);
}

/* Asks the model, after the rules, and says why the document is dropped, if it is. */
static int decide(struct job *j, const struct nt_judged *doc, struct nt_filter_reason *why)
{
	*why = (struct nt_filter_reason){.value = doc->verdict.value};
	if (doc->verdict.rule >= 0) {
		size_t i = (size_t)doc->verdict.rule;
		why->rule = nt_filter_rule(i)->name;
		why->threshold = nt_filter_value(j->filter, i);
		count(&j->count.by_rule[i], doc);
		return 0;
	}
	int rc = j->lm ? ask_model(j, doc, &why->value) : 0;
	if (rc < 0 || !j->lm)
		return rc;
	bool is_high = !(why->value < j->o->below), is_low = j->o->above > 0 && !(why->value > j->o->above);
	why->threshold = is_high ? j->o->below : j->o->above;
	if (is_high || is_low) {
		why->rule = j->count.other;
		count(&j->count.by_other, doc);
	}
	return 0;
}

static int take(void *arg, const struct nt_judged *doc)
{
	struct job *j = arg;
	struct nt_filter_reason why;
	int rc = decide(j, doc, &why);
	if (rc == 0)
		rc = put(why.rule ? &j->rejected : &j->kept, doc, j->o->is_jsonl);
	if (rc == 0 && j->o->manifest)
		rc = nt_digest_add(&j->came, doc->text, doc->len, false);
	if (rc == 0 && j->o->manifest && !why.rule)
		rc = nt_digest_add(&j->left, doc->text, doc->len, false);
	if (rc == 0 && j->o->explain)
		rc = explain(j, doc, &why);
	count(&j->count.in, doc);
	if (!why.rule)
		count(&j->count.kept, doc);
	j->invalid += doc->verdict.n_invalid;
	show_progress(j, doc->input_bytes);
	return rc;
}

/* --- what became of them --------------------------------------------------------------------- */

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100 * (double)part / (double)whole : 0;
}

static void row(const struct job *j, const char *name, const struct nt_filter_sum *s)
{
	if (s->documents)
		fprintf(stderr, "  %-30s %12llu %6.2f %%  %15llu %6.2f %%\n", name, nt_llu(s->documents),
			percent(s->documents, j->count.in.documents), nt_llu(s->bytes),
			percent(s->bytes, j->count.in.bytes));
}

static void show_table(const struct job *j)
{
	const struct nt_filter_sum *in = &j->count.in, *kept = &j->count.kept;
	nt_cli_say(j->cli, "%s, %s; %s kept (%.2f %%), %s (%.2f %%)", nt_counted(in->documents, "document"),
		   nt_counted(in->bytes, "byte"), nt_counted(kept->documents, "document"),
		   percent(kept->documents, in->documents), nt_counted(kept->bytes, "byte"),
		   percent(kept->bytes, in->bytes));
	if (j->cli->quiet || kept->documents == in->documents)
		return;
	fprintf(stderr, "  %-30s %12s %8s  %15s %8s\n", "dropped by", "documents", "", "bytes", "");
	for (size_t i = 0; nt_filter_rule(i); i++)
		row(j, nt_filter_rule(i)->name, &j->count.by_rule[i]);
	row(j, "perplexity", &j->count.by_other);
}

static int write_report(const struct job *j)
{
	struct nt_out *out = NULL;
	struct nt_buf b = {0};
	int rc = nt_filter_report(&b, j->filter, &j->count);
	if (rc == 0)
		rc = nt_out_open(&out, j->o->report, 0);
	if (rc == 0)
		rc = nt_out_write(out, b.data, b.len);
	if (rc == 0)
		rc = nt_out_close(out);
	else
		nt_out_discard(out);
	nt_buf_release(&b);
	return rc;
}

static int make_members(const struct job *j, struct nt_buf *members)
{
	const struct options *o = j->o;
	struct nt_docs_options how = documents_how(&o->documents);
	int rc = nt_buf_printf(members, "\"options\": {");
	if (rc == 0)
		rc = nt_docs_describe(members, &how);
	if (rc == 0)
		rc = nt_buf_printf(members, ", \"rules\": {");
	if (rc == 0)
		rc = nt_filter_thresholds(members, j->filter);
	if (rc == 0)
		rc = nt_buf_printf(members, "}");
	if (rc == 0 && o->perplexity && (rc = nt_buf_printf(members, ", \"perplexity\": ")) == 0)
		rc = nt_json_string(members, o->perplexity, strlen(o->perplexity));
	if (rc == 0 && o->below < INFINITY)
		rc = nt_buf_printf(members, ", \"below\": %.15g", o->below);
	if (rc == 0 && o->above > 0)
		rc = nt_buf_printf(members, ", \"above\": %.15g", o->above);
	if (rc == 0)
		rc = nt_buf_printf(members, "}, \"dropped\": {");
	if (rc == 0)
		rc = nt_filter_dropped(members, j->filter, &j->count);
	if (rc == 0)
		rc = nt_buf_printf(members, "}");
	if (rc == 0)
		rc = nt_manifest_text(members, "in", &j->came);
	return rc < 0 ? rc : nt_manifest_text(members, "out", &j->left);
}

static int save_manifest(const struct job *j)
{
	struct nt_buf members = {0}, before = {0}, manifest = {0};
	int rc = make_members(j, &members);
	if (rc == 0 && !j->is_first)
		rc = nt_manifest_load(&before, j->o->manifest, &j->came);
	if (rc == 0)
		rc = nt_manifest_add(&manifest, (char *)before.data, j->cli->name, (char *)members.data);
	if (rc == 0)
		rc = nt_manifest_save(j->o->manifest, (char *)manifest.data);
	nt_buf_release(&members);
	nt_buf_release(&before);
	nt_buf_release(&manifest);
	return rc;
}

/* --- the command ------------------------------------------------------------------------------- */

static int open_model(struct job *j)
{
	const char *path = j->o->perplexity;
	size_t len;
	int rc = nt_lm_load(&j->lm, path, NT_LM_F32, j->pool);
	const char *json = rc == 0 ? nt_lm_tokenizer_json(j->lm, &len) : NULL;
	if (rc == 0 && !json)
		return nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json", path);
	if (rc == 0)
		rc = nt_tokenizer_parse(&j->tokenizer, json, len, path);
	if (rc == 0 && !(j->encoder = nt_encoder_new(j->tokenizer)))
		rc = NT_ESYS;
	return rc == 0 ? nt_scorer_new(&j->scorer, j->lm, j->pool) : rc;
}

static int check(const struct options *o)
{
	bool is_bound = o->below < INFINITY || o->above > 0;
	if (o->perplexity && !is_bound)
		return nt_fail(NT_EARG, "--perplexity: say which to keep, with --below X or --above X");
	if (!o->perplexity && is_bound)
		return nt_fail(NT_EARG, "--below and --above are about --perplexity CKPT, which is missing");
	if (o->manifest && (o->explain || o->list))
		return nt_fail(NT_EARG, "--manifest is about text, and with %s none is written",
			       o->list ? "--list-rules" : "--explain");
	return 0;
}

static int filter(struct job *j, char **operand, int n_operand)
{
	const struct options *o = j->o;
	struct nt_docs_options how = documents_how(&o->documents);
	struct nt_pool *pool = NULL;
	how.n_thread = (int)j->cli->threads;
	how.keep_lines = o->is_jsonl;
	j->is_first = n_operand > 0;
	int rc = o->manifest && j->is_first ? nt_manifest_clear(o->manifest) : 0;
	if (rc == 0)
		rc = nt_docs_open(&j->docs, &how, operand, (size_t)n_operand);
	if (rc == 0 && !(j->pool = nt_pool_new((int)j->cli->threads)))
		rc = NT_ESYS;
	if (rc == 0 && o->perplexity)
		rc = open_model(j);
	/* the model is asked from within a task of the pool, and needs one of its own */
	if (rc == 0 && o->perplexity && !(pool = nt_pool_new(1)))
		rc = NT_ESYS;
	if (rc == 0 && o->rejected)
		rc = nt_out_open(&j->rejected.out, o->rejected, 0);
	if (rc == 0 && o->explain && (rc = nt_filter_explain_names(&j->line)) == 0)
		rc = nt_out_write(j->out, j->line.data, j->line.len);
	if (rc == 0)
		rc = nt_filter_docs(j->filter, j->docs, pool ? pool : j->pool, take, j);
	if (rc == 0)
		rc = nt_nultext_end(&j->kept);
	if (rc == 0)
		rc = nt_nultext_end(&j->rejected);
	if (rc == 0 && j->rejected.out) {
		rc = nt_out_close(j->rejected.out);
		j->rejected.out = NULL;
	}
	nt_pool_free(pool);
	return rc;
}

static void release(struct job *j)
{
	nt_out_discard(j->rejected.out);
	nt_docs_close(j->docs);
	nt_scorer_free(j->scorer);
	nt_encoder_free(j->encoder);
	nt_tokenizer_free(j->tokenizer);
	nt_lm_free(j->lm);
	nt_pool_free(j->pool);
	nt_ids_release(&j->ids);
	nt_buf_release(&j->line);
	nt_filter_free(j->filter);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	struct job j = {.cli = cli, .o = o, .filter = nt_filter_new()};
	if (o->below == 0)
		o->below = INFINITY;
	j.count.other = o->perplexity ? "perplexity" : NULL;
	int rc = j.filter ? check(o) : NT_ESYS;
	if (rc == 0)
		rc = choose_rules(j.filter, o);
	if (rc == 0 && o->report)
		rc = nt_out_check_folder(o->report); /* before the work */
	if (rc == 0)
		rc = nt_out_open(&j.out, o->output, 0);
	if (rc == 0 && !o->explain)
		j.kept.out = j.out;
	if (rc == 0)
		rc = o->list ? list_rules(&j) : filter(&j, operand, n_operand);
	if (rc == 0 && o->manifest)
		rc = save_manifest(&j);
	if (rc == 0) {
		rc = nt_out_close(j.out);
		j.out = NULL;
	}
	if (rc == 0 && !o->list && o->report)
		rc = write_report(&j);
	if (rc == 0 && !o->list) {
		if (nt_docs_remark(j.docs))
			nt_cli_say(cli, "%s", nt_docs_remark(j.docs));
		if (j.invalid)
			nt_cli_warn(cli, "invalid UTF-8: %s, kept; each counts as a character",
				    nt_counted(j.invalid, "byte"));
		show_table(&j);
	}
	nt_out_discard(j.out);
	release(&j);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-cat crawl.warc.wet.gz | nt-filter | nt-tokenize > clean.nts", "Gopher's, C4's and FineWeb's rules"},
	{"nt-filter --rules gopher --set gopher_short_doc=20 --no gopher_enough_stop_words docs.jsonl",
	 "One family with another threshold and without one rule"},
	{"nt-filter --explain docs.jsonl | cut -f4 | sort | uniq -c", "Which rule drops how many"},
	{"nt-filter --rules none --perplexity ckpt --below 80 docs.jsonl", "What a model finds likely"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-filter",
	.what = "drop documents by rule",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads documents as nt-cat does and writes those that no rule drops, byte for byte, with a "
		 "NUL between them. A table on standard error says how many documents each rule dropped.\n\n"
		 "The rules are those published with Gopher (families gopher_quality and gopher_repetition, "
		 "together gopher), C4 and FineWeb, named and defined as in datatrove; further ones "
		 "about length and kinds of characters are asked once --set gives them a threshold. "
		 "--list-rules prints them all. The first rule that drops a document is the reason; "
		 "they are asked in the order of that list.\n\n"
		 "C4 takes lines out of a page. nt-filter changes no text: C4's rules for lines decide which "
		 "lines count when the sentences of a document are counted.\n\n"
		 "Words are cut as spaCy's rules for English do; thresholds are about English.",
	.examples = examples,
	.see_also = "nt-cat nt-dedup nt-score nt-tokenize",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
