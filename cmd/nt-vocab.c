/* SPDX-License-Identifier: MIT */
/*
 * nt-vocab - learn a vocabulary, or write one in another form
 *
 * Byte-level BPE: no text is ever outside the vocabulary, and ids give back the bytes. The
 * product is Hugging Face's tokenizer.json, or with --format=tiktoken a list of ranks.
 *
 * Beside learning: --counts does the first half of it, for shards; --convert writes a
 * vocabulary in another form; --compare says which of several fits a text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "cmd/documents.h"
#include "nt/cpu.h"
#include "nt/file.h"
#include "nt/vocab.h"

enum { HF, TIKTOKEN };

struct options {
	uint64_t vocab_size, min_frequency, min_count, limit_alphabet, memory;
	struct document_options documents;
	const char *pattern, *output;
	struct nt_list special;
	int alphabet, byte_ids, format;
	bool is_convert, is_counting, is_comparing, json, force;
	size_t before_dashes; /* operands there, or SIZE_MAX */
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Learning"},
	{'n', "vocab-size", NT_OPT_COUNT, AT(vocab_size), "N", "8192", 3, 1 << 24,
	 "entries in all: single bytes, merges and special tokens"},
	{0, "pattern", NT_OPT_STR, AT(pattern), "NAME|REGEX", NULL, 0, 0,
	 "how text is cut before merging: gpt2, cl100k (default), qwen2, o200k, deepseek, none, or a "
	 "regular expression"},
	{0, "min-frequency", NT_OPT_COUNT, AT(min_frequency), "N", "2", 1, 9e15,
	 "stop when no pair occurs so often"},
	{0, "special", NT_OPT_LIST, AT(special), "NAME", NULL, 0, 0,
	 "a special token; may be repeated; <|begin_of_text|> and <|end_of_text|> are added unless "
	 "one of these serves"},
	{0, "alphabet", NT_OPT_ENUM, AT(alphabet), "all|seen", "all", 0, 0,
	 "bytes that get a token: all 256, or those that occur"},
	{0, "limit-alphabet", NT_OPT_COUNT, AT(limit_alphabet), "N", NULL, 1, 256,
	 "of them only the N most frequent; the vocabulary cannot write a text with another"},
	{0, "byte-ids", NT_OPT_ENUM, AT(byte_ids), "gpt2|value", "gpt2", 0, 0,
	 "the order of their ids: that of GPT-2 and of Hugging Face's trainer, or by value; where "
	 "pairs are equally frequent, the lower ids are merged first"},
	{0, "min-count", NT_OPT_COUNT, AT(min_count), "N", "1", 1, 9e15,
	 "leave out pieces of text that occur less often: less memory, not quite the same merges"},
	{.help = "Documents"},
	DOCUMENT_OPTIONS(documents),
	{.help = "Large corpora"},
	{0, "counts", NT_OPT_FLAG, AT(is_counting), NULL, NULL, 0, 0,
	 "learn nothing: write how often each piece of text occurs, for a later run to take as FILE"},
	{'S', "memory", NT_OPT_SIZE, AT(memory), "SIZE", NULL, 1, 1e18,
	 "memory for counting before temporary files are used; the default is a quarter of the "
	 "machine's"},
	{.help = "Other work"},
	{0, "compare", NT_OPT_FLAG, AT(is_comparing), NULL, NULL, 0, 0,
	 "learn nothing: say how each of the vocabularies in front of -- fits the texts behind it, or "
	 "standard input; one is a file, as -t takes it elsewhere, bytes, or nt-8k, the built-in one"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0, "with --compare, one JSON object"},
	{0, "convert", NT_OPT_FLAG, AT(is_convert), NULL, NULL, 0, 0,
	 "learn nothing: FILE is a tokenizer.json or .tiktoken, written in the other form"},
	{.help = "Output"},
	{0, "format", NT_OPT_ENUM, AT(format), "hf|tiktoken", "hf", 0, 0,
	 "hf is tokenizer.json; tiktoken is a list of ranks, without specials and pattern"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write counts even to a terminal"},
	{0},
};

struct state {
	const struct nt_cli *cli;
	const struct options *options;
	const char *pattern;
	struct nt_buf rule;      /* of the files of counts, if there are any */
	char **text, **counted;  /* operands of either kind; NULL behind the last */
	size_t n_text, n_counted;
	struct nt_docs *docs; /* NULL with --convert, and where there is no text */
	struct nt_tokenizer *t;
	struct nt_learn_sum sum;
	uint64_t began_ns;
};

/* ", 12 s left" when `done` of `all` is done, or ""; valid until the next call. */
static const char *show_left(const struct state *s, double done, double all)
{
	static char text[48];
	double elapsed = (double)(nt_now_ns() - s->began_ns) / 1e9;
	double left = done > 0 && all > done ? elapsed * (all - done) / done : 0;
	snprintf(text, sizeof(text), ", %.0f s left", left);
	return left >= 1 ? text : "";
}

static void show_reading(void *arg, uint64_t n_doc, uint64_t bytes)
{
	struct state *s = arg;
	double read = (double)nt_docs_bytes(s->docs), total = (double)nt_docs_total(s->docs);
	nt_cli_progress(s->cli, "%s, %.1f MB counted%s", nt_counted(n_doc, "document"),
			(double)bytes / 1e6, show_left(s, read, total));
}

static void show_learning(void *arg, uint32_t n, uint64_t count)
{
	struct state *s = arg;
	if (nt_cli_progress_due(s->cli))
		nt_cli_progress(s->cli, "%u of %llu entries, the last one occurs %s%s", n,
				nt_llu(s->options->vocab_size), nt_counted(count, "time"),
				show_left(s, n, (double)s->options->vocab_size));
}

/* --- what there is to count ------------------------------------------------------------ */

static int sort_operands(struct state *s, char **operand, int n)
{
	s->text = nt_calloc((size_t)n + 1, sizeof(char *));
	s->counted = nt_calloc((size_t)n + 1, sizeof(char *));
	if (!s->text || !s->counted)
		return NT_ESYS;
	for (int i = 0; i < n; i++) {
		s->rule.len = 0;
		int is_counted = nt_counts_probe(operand[i], &s->rule);
		if (is_counted < 0)
			return is_counted;
		if (is_counted)
			s->counted[s->n_counted++] = operand[i];
		else
			s->text[s->n_text++] = operand[i];
	}
	s->pattern = s->options->pattern ? s->options->pattern : "cl100k";
	if (s->n_counted && !s->options->pattern) /* "" is the rule that is called none */
		s->pattern = *s->rule.data ? (char *)s->rule.data : "none";
	return 0;
}

static int count(struct state *s, struct nt_learner *l, struct nt_pool *pool)
{
	const struct options *o = s->options;
	struct nt_docs_options how = documents_how(&o->documents);
	int rc = 0;
	how.n_thread = (int)s->cli->threads;
	for (size_t i = 0; rc == 0 && i < s->n_counted; i++) {
		nt_cli_progress(s->cli, "adding up %s", s->counted[i]);
		rc = nt_learner_add_counts(l, pool, s->counted[i]);
	}
	if (rc < 0 || (s->n_counted && !s->n_text))
		return rc;
	nt_learner_parts(l, &how);
	rc = nt_docs_open(&s->docs, &how, s->text, s->n_text);
	return rc < 0 ? rc : nt_learner_count_docs(l, s->docs, pool, show_reading, s);
}

/* --- learning, or only counting ---------------------------------------------------------- */

static int learn_from(struct state *s, struct nt_learner *l, struct nt_out *out)
{
	struct nt_pool *pool = nt_pool_new((int)s->cli->threads);
	if (!pool)
		return NT_ESYS;
	s->began_ns = nt_now_ns();
	int rc = count(s, l, pool);
	s->sum = nt_learner_sum(l);
	s->began_ns = nt_now_ns();
	if (rc == 0)
		rc = s->options->is_counting ? nt_learner_write_counts(l, pool, out)
					     : nt_learner_run(l, pool, show_learning, s, &s->t);
	nt_pool_free(pool);
	return rc;
}

static void report(const struct state *s)
{
	const struct nt_cli *cli = s->cli;
	if (s->docs && nt_docs_remark(s->docs))
		nt_cli_say(cli, "%s", nt_docs_remark(s->docs));
	if (s->sum.spilled)
		nt_cli_note(cli, "%s in temporary files", nt_counted(s->sum.spilled, "byte"));
	uint32_t n = s->t ? nt_tokenizer_summary(s->t)->vocab_size : 0;
	if (s->t && n < s->options->vocab_size)
		nt_cli_warn(cli, "%u entries instead of %llu: no other pair occurs %s", n,
			    nt_llu(s->options->vocab_size), nt_counted(s->options->min_frequency, "time"));
	char what[32] = "counted";
	if (s->t)
		snprintf(what, sizeof(what), "%u entries from", n);
	nt_cli_say(cli, "%s %s, %s, %s", what, nt_counted(s->sum.n_doc, "document"),
		   nt_counted(s->sum.bytes, "byte"), nt_counted(s->sum.n_piece, "piece"));
}

static int learn(struct state *s, char **operand, int n_operand, struct nt_out *out)
{
	const struct options *o = s->options;
	struct nt_learner *l = NULL;
	int rc = sort_operands(s, operand, n_operand);
	struct nt_learn_options how = {
		.vocab_size = (uint32_t)o->vocab_size,
		.pattern = s->pattern,
		.pattern_of = s->n_counted && !o->pattern ? s->counted[s->n_counted - 1] : NULL,
		.min_frequency = o->min_frequency,
		.special = o->special.item,
		.n_special = o->special.n,
		.only_seen = o->alphabet == 1,
		.limit_alphabet = (uint32_t)o->limit_alphabet,
		.bytes_by_value = o->byte_ids == 1,
		.min_count = o->min_count,
		.memory = o->memory ? o->memory : nt_cpu_memory() / 4,
	};
	if (rc == 0)
		rc = nt_learner_new(&l, &how, (int)s->cli->threads);
	if (rc == 0)
		rc = learn_from(s, l, out);
	nt_learner_free(l);
	return rc;
}

static int convert(struct state *s, char **operand, int n_operand)
{
	if (n_operand > 1)
		return nt_fail(NT_EARG, "--convert takes one FILE, not %d", n_operand);
	return nt_tokenizer_open(&s->t, n_operand ? operand[0] : "-", s->options->pattern);
}

static void report_converted(const struct state *s)
{
	const struct nt_ident *id = nt_tokenizer_summary(s->t);
	if (nt_tokenizer_remark(s->t))
		nt_cli_note(s->cli, "%s", nt_tokenizer_remark(s->t));
	nt_cli_say(s->cli, "%s: %u entries, cut by %s", id->name, id->vocab_size,
		   nt_tokenizer_pattern(s->t));
}

/* --- comparing ------------------------------------------------------------------------------ */

static int open_named(struct nt_tokenizer **t, const char *name, const char *pattern)
{
	bool is_built_in = strcmp(name, "nt-8k") == 0 && access(name, F_OK) != 0;
	return nt_tokenizer_open(t, is_built_in ? NULL : name, is_built_in ? NULL : pattern);
}

static int print_fit_json(struct nt_buf *b, char **name, const struct nt_fit *fit, size_t n,
			  const struct nt_fit_text *text, size_t best)
{
	int rc = nt_buf_printf(b, "{\"documents\": %llu, \"bytes\": %llu, \"words\": %llu, \"vocabularies\": [",
			       nt_llu(text->n_doc), nt_llu(text->bytes), nt_llu(text->n_word));
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct nt_fit *f = &fit[i];
		rc = nt_buf_printf(b, "%s{\"name\": ", i ? ", " : "");
		if (rc == 0)
			rc = nt_json_string(b, name[i], strlen(name[i]));
		if (rc == 0)
			rc = nt_buf_printf(b, ", \"entries\": %u, \"unused\": %u, \"tokens\": %llu, "
					   "\"bytes_per_token\": %.4f, \"tokens_per_word\": %.4f, "
					   "\"bits_per_byte\": %.4f, \"mb_per_s\": %.1f}",
					   f->n_entry, f->n_unused, nt_llu(f->n_token), f->bytes_per_token,
					   f->tokens_per_word, f->bits_per_byte, f->mb_per_s);
	}
	if (rc == 0)
		rc = nt_buf_printf(b, "], \"best\": ");
	if (rc == 0)
		rc = nt_json_string(b, name[best], strlen(name[best]));
	return rc < 0 ? rc : nt_buf_printf(b, "}\n");
}

static int print_verdict(struct nt_buf *b, char **name, const struct nt_fit *fit, size_t n, size_t best)
{
	size_t next = best == 0;
	if (n < 2)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (i != best && fit[i].n_token < fit[next].n_token)
			next = i;
	if (fit[next].n_token == fit[best].n_token)
		return nt_buf_printf(b, "%s and %s fit these texts alike: %.3f bytes a token\n", name[best],
				     name[next], fit[best].bytes_per_token);
	double share = (double)fit[best].n_token / (double)fit[next].n_token;
	return nt_buf_printf(b, "%s fits these texts best: %.3f bytes a token, %.1f %% fewer tokens than %s\n",
			     name[best], fit[best].bytes_per_token, 100 * (1 - share), name[next]);
}

static int print_fit(struct nt_buf *b, char **name, const struct nt_fit *fit, size_t n,
		     const struct nt_fit_text *text, size_t best)
{
	int width = (int)strlen("vocabulary");
	(void)text;
	for (size_t i = 0; i < n; i++)
		width = (int)strlen(name[i]) > width ? (int)strlen(name[i]) : width;
	int rc = nt_buf_printf(b, "%-*s %9s %8s %12s %11s %11s %9s %8s\n", width, "vocabulary", "entries",
			       "unused", "tokens", "bytes/token", "tokens/word", "bits/byte", "MB/s");
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const struct nt_fit *f = &fit[i];
		rc = nt_buf_printf(b, "%-*s %9u %6.1f %% %12llu %11.3f %11.3f %9.3f %8.1f\n", width, name[i],
				   f->n_entry, f->n_entry ? 100.0 * f->n_unused / f->n_entry : 0,
				   nt_llu(f->n_token), f->bytes_per_token, f->tokens_per_word,
				   f->bits_per_byte, f->mb_per_s);
	}
	return rc < 0 ? rc : print_verdict(b, name, fit, n, best);
}

/* texts: operands behind the names of n vocabularies. */
static int compare_on(struct state *s, struct nt_tokenizer **t, char **name, size_t n, char **text,
		      size_t n_text, struct nt_out *out)
{
	const struct options *o = s->options;
	struct nt_docs_options how = documents_how(&o->documents);
	struct nt_fit *fit = nt_calloc(n, sizeof(*fit));
	struct nt_fit_text on;
	struct nt_buf page = {0};
	size_t best = 0;
	struct nt_pool *pool = nt_pool_new((int)s->cli->threads);
	how.n_thread = (int)s->cli->threads;
	nt_compare_parts(t, n, &how);
	int rc = fit && pool ? nt_docs_open(&s->docs, &how, text, n_text) : NT_ESYS;
	if (rc == 0)
		rc = nt_vocab_compare(fit, &on, t, n, s->docs, pool);
	if (rc == 0 && on.bytes == 0)
		rc = nt_fail(NT_EFORMAT, "there is no text to compare on");
	for (size_t i = 1; rc == 0 && i < n; i++)
		best = fit[i].n_token < fit[best].n_token ? i : best;
	if (rc == 0)
		rc = (o->json ? print_fit_json : print_fit)(&page, name, fit, n, &on, best);
	if (rc == 0)
		rc = nt_out_write(out, page.data, page.len);
	nt_buf_release(&page);
	nt_pool_free(pool);
	free(fit);
	return rc;
}

static int compare(struct state *s, char **operand, int n_operand, struct nt_out *out)
{
	size_t all = (size_t)n_operand, before = s->options->before_dashes, n = before < all ? before : all;
	struct nt_tokenizer **t = nt_calloc(n + 1, sizeof(struct nt_tokenizer *));
	int rc = t ? 0 : NT_ESYS;
	if (rc == 0 && n == 0)
		rc = nt_fail(NT_EARG, "--compare A B -- TEXT...: no vocabulary is named");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = open_named(&t[i], operand[i], s->options->pattern);
	if (rc == 0)
		rc = compare_on(s, t, operand, n, operand + n, all - n, out);
	for (size_t i = 0; t && i < n; i++)
		nt_tokenizer_free(t[i]);
	free(t);
	return rc;
}

static int write_to(struct nt_out *out, const struct state *s)
{
	struct nt_buf ranks = {0};
	if (s->options->format != TIKTOKEN) {
		const struct nt_ident *id = nt_tokenizer_ident(s->t);
		return id ? nt_out_write(out, id->json, id->json_len) : NT_ESYS;
	}
	int rc = nt_vocab_ranks(s->t, &ranks);
	if (rc == 0)
		rc = nt_out_write(out, ranks.data, ranks.len);
	nt_buf_release(&ranks);
	return rc;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	const struct options *o = opt;
	struct state s = {.cli = cli, .options = o};
	struct nt_out *out = NULL;
	unsigned flags = (o->is_counting ? NT_OUT_BINARY : 0) | (o->force ? NT_OUT_FORCE : 0);
	if (o->is_counting + o->is_convert + o->is_comparing > 1)
		return nt_fail(NT_EARG, "--counts, --convert, --compare: choose one");
	if (o->json && !o->is_comparing)
		return nt_fail(NT_EARG, "--json says nothing without --compare");
	int rc = nt_out_open(&out, o->output, flags); /* before the work, which may take minutes */
	if (rc == 0)
		rc = o->is_convert     ? convert(&s, operand, n_operand)
		     : o->is_comparing ? compare(&s, operand, n_operand, out)
				       : learn(&s, operand, n_operand, out);
	if (rc == 0 && s.t)
		rc = write_to(out, &s);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0 && o->is_convert)
		report_converted(&s);
	else if (rc == 0 && !o->is_comparing)
		report(&s);
	nt_out_discard(out);
	nt_docs_close(s.docs);
	nt_tokenizer_free(s.t);
	nt_buf_release(&s.rule);
	free(s.text);
	free(s.counted);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-cat corpus/ | nt-vocab > tokenizer.json", "8,192 entries from every file below corpus/"},
	{"nt-vocab -n 32000 --special '<|endoftext|>' -o tokenizer.json books.jsonl",
	 "One special token that begins and ends a document"},
	{"nt-vocab --counts -o 07.ntc shard-07.jsonl.zst && nt-vocab -n 64k -o tokenizer.json *.ntc",
	 "Texts counted one by one, on as many machines as there are, then learned from together"},
	{"nt-vocab --compare tokenizer.json nt-8k cl100k_base.tiktoken -- corpus/*.txt",
	 "Which vocabulary fits a corpus better"},
	{"nt-vocab --convert cl100k_base.tiktoken > tokenizer.json", "Ranks as Hugging Face's form"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-vocab",
	.what = "learn a byte-level BPE vocabulary",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads documents and learns which strings of bytes deserve a token: the most frequent "
		 "pair of neighbours becomes one, again and again. Writes a tokenizer.json that "
		 "nt-tokenize -t and Hugging Face's tokenizers load.\n\n"
		 "The result depends on the texts and the options alone, and the merges are those of "
		 "Hugging Face's trainer. Ids are the single bytes, then merges in the order they were "
		 "learned, then special tokens.",
	.examples = examples,
	.see_also = "nt-cat nt-tokenize",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.before_dashes_at = AT(before_dashes),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
