/* SPDX-License-Identifier: MIT */
/*
 * nt-vocab - learn a vocabulary, or write one in another form
 *
 * Byte-level BPE: no text is ever outside the vocabulary, and ids give back the bytes. The
 * product is Hugging Face's tokenizer.json, or with --format=tiktoken a list of ranks.
 */
#include <stdio.h>

#include "cli/main.h"
#include "nt/file.h"
#include "nt/vocab.h"

enum { HF, TIKTOKEN };

struct options {
	uint64_t vocab_size, min_frequency;
	const char *pattern, *split, *output;
	struct nt_list special, field;
	int alphabet, format;
	bool is_convert, is_nul;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Learning"},
	{'n', "vocab-size", NT_OPT_COUNT, AT(vocab_size), "N", "8192", 3, 1 << 24,
	 "entries in all: single bytes, merges and special tokens"},
	{0, "pattern", NT_OPT_STR, AT(pattern), "NAME|REGEX", NULL, 0, 0,
	 "how text is cut before merging: gpt2, cl100k (default), qwen2, o200k, none, or a regular "
	 "expression"},
	{0, "min-frequency", NT_OPT_COUNT, AT(min_frequency), "N", "2", 1, 9e15,
	 "stop when no pair occurs so often"},
	{0, "special", NT_OPT_LIST, AT(special), "NAME", NULL, 0, 0,
	 "a special token; may be repeated; <|begin_of_text|> and <|end_of_text|> are added unless "
	 "one of these serves"},
	{0, "alphabet", NT_OPT_ENUM, AT(alphabet), "all|seen", "all", 0, 0,
	 "bytes that get a token: all 256, or those that occur"},
	{.help = "Documents"},
	{0, "split", NT_OPT_STR, AT(split), "HOW", "auto", 0, 0,
	 "what ends a document: auto, none, line, blank, nul, jsonl, or a delimiter"},
	{'0', "null", NT_OPT_FLAG, AT(is_nul), NULL, NULL, 0, 0, "the same as --split=nul"},
	{0, "field", NT_OPT_LIST, AT(field), "NAME", NULL, 0, 0,
	 "field of a JSON line that holds the text (default text)"},
	{.help = "Output"},
	{0, "convert", NT_OPT_FLAG, AT(is_convert), NULL, NULL, 0, 0,
	 "learn nothing: FILE is a tokenizer.json or .tiktoken, written in the other form"},
	{0, "format", NT_OPT_ENUM, AT(format), "hf|tiktoken", "hf", 0, 0,
	 "hf is tokenizer.json; tiktoken is a list of ranks, without specials and pattern"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct state {
	const struct nt_cli *cli;
	const struct options *options;
	struct nt_docs *docs; /* NULL with --convert */
	struct nt_tokenizer *t;
	uint64_t n_doc, bytes, n_piece;
};

static void show_reading(void *arg, uint64_t n_doc, uint64_t bytes)
{
	struct state *s = arg;
	s->n_doc = n_doc;
	s->bytes = bytes;
	nt_cli_progress(s->cli, "%s, %.1f MB read", nt_cli_count(n_doc, "document"),
			(double)bytes / 1e6);
}

static void show_learning(void *arg, uint32_t n, uint64_t count)
{
	struct state *s = arg;
	nt_cli_progress(s->cli, "%u of %llu entries, the last one occurs %llu times", n,
			nt_llu(s->options->vocab_size), nt_llu(count));
}

static int learn_from(struct state *s, struct nt_learner *l)
{
	struct nt_pool *pool = nt_pool_new((int)s->cli->threads);
	if (!pool)
		return NT_ESYS;
	int rc = nt_learner_count_docs(l, s->docs, pool, show_reading, s);
	s->n_piece = nt_learner_n_piece(l);
	if (rc == 0)
		rc = nt_learner_run(l, pool, show_learning, s, &s->t);
	nt_pool_free(pool);
	return rc;
}

static void report_learned(const struct state *s)
{
	uint32_t n = nt_tokenizer_ident(s->t)->vocab_size;
	if (nt_docs_remark(s->docs))
		nt_cli_say(s->cli, "%s", nt_docs_remark(s->docs));
	if (n < s->options->vocab_size)
		nt_cli_warn(s->cli, "%u entries instead of %llu: no other pair occurs %llu times", n,
			    nt_llu(s->options->vocab_size), nt_llu(s->options->min_frequency));
	nt_cli_say(s->cli, "%u entries from %s, %s, %s", n, nt_cli_count(s->n_doc, "document"),
		   nt_cli_count(s->bytes, "byte"), nt_cli_count(s->n_piece, "piece"));
}

static int learn(struct state *s, char **operand, int n_operand)
{
	const struct options *o = s->options;
	struct nt_docs_options how = {.split = o->is_nul ? "nul" : o->split,
				      .field = o->field.item, .n_field = o->field.n};
	struct nt_learn_options learn_how = {
		.vocab_size = (uint32_t)o->vocab_size,
		.pattern = o->pattern ? o->pattern : "cl100k",
		.min_frequency = o->min_frequency,
		.special = o->special.item,
		.n_special = o->special.n,
		.only_seen = o->alphabet == 1,
	};
	struct nt_learner *l = NULL;
	int rc = nt_learner_new(&l, &learn_how, (int)s->cli->threads);
	if (rc == 0)
		nt_learner_parts(l, &how);
	if (rc == 0)
		rc = nt_docs_open(&s->docs, &how, operand, (size_t)n_operand);
	if (rc == 0)
		rc = learn_from(s, l);
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
	const struct nt_ident *id = nt_tokenizer_ident(s->t);
	if (nt_tokenizer_remark(s->t))
		nt_cli_note(s->cli, "%s", nt_tokenizer_remark(s->t));
	nt_cli_say(s->cli, "%s: %u entries, cut by %s", id->name, id->vocab_size,
		   nt_tokenizer_pattern(s->t));
}

static int write_to(struct nt_out *out, const struct state *s)
{
	const struct nt_ident *id = nt_tokenizer_ident(s->t);
	struct nt_buf ranks = {0};
	if (s->options->format != TIKTOKEN)
		return nt_out_write(out, id->json, id->json_len);
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
	int rc = nt_out_open(&out, o->output, 0); /* before the work, which may take minutes */
	if (rc == 0)
		rc = o->is_convert ? convert(&s, operand, n_operand) : learn(&s, operand, n_operand);
	if (rc == 0)
		rc = write_to(out, &s);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0 && o->is_convert)
		report_converted(&s);
	else if (rc == 0)
		report_learned(&s);
	nt_out_discard(out);
	nt_docs_close(s.docs);
	nt_tokenizer_free(s.t);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-cat corpus/ | nt-vocab > tokenizer.json", "8,192 entries from every file below corpus/"},
	{"nt-vocab -n 32000 --special '<|endoftext|>' -o tokenizer.json books.jsonl",
	 "One special token that begins and ends a document"},
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
		 "The result depends on the texts and the options alone. Ids are the bytes in order, "
		 "then merges in the order they were learned, then special tokens.",
	.examples = examples,
	.see_also = "nt-cat nt-tokenize",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
