/* SPDX-License-Identifier: MIT */
/*
 * nt-score - what a model makes of a text, token by token
 *
 *	L = - sum_n log p(a_n | [B], x_1 .. x_{n-1})	nats, [E] included
 *
 * One line a position: what went in, what the model expected, what came, what that
 * cost, and the sum so far. For programs the same as TSV or JSON; for a data file, or
 * with --total, the sums alone, many documents to a pass.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/blas.h"
#include "nt/data.h"
#include "nt/docs.h"
#include "nt/file.h"
#include "nt/idlines.h"
#include "nt/model.h"
#include "nt/show.h"
#include "nt/tokenizer.h"

struct options {
	const char *split, *output;
	struct nt_list field;
	bool is_nul, ids, tsv, json, total;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Input"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "each line is a sequence of decimal ids, taken as it stands: the first is only context"},
	{0, "split", NT_OPT_STR, AT(split), "HOW", "auto", 0, 0,
	 "what ends a document: auto, none, line, blank, nul, jsonl, or a delimiter"},
	{'0', "null", NT_OPT_FLAG, AT(is_nul), NULL, NULL, 0, 0, "the same as --split=nul"},
	{0, "field", NT_OPT_LIST, AT(field), "NAME", NULL, 0, 0,
	 "field of a JSON line that holds the text (default text)"},
	{.help = "Output"},
	{0, "tsv", NT_OPT_FLAG, AT(tsv), NULL, NULL, 0, 0,
	 "one line a target, tab-separated, with a header; bytes outside printable ASCII and "
	 "the backslash as \\xNN"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0,
	 "one JSON object a document: positions, nats, targets, bytes"},
	{0, "total", NT_OPT_FLAG, AT(total), NULL, NULL, 0, 0,
	 "only the sums over all documents, as for a data file"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_model *m;
	struct nt_tokenizer *t;  /* NULL: ids only */
	struct nt_encoder *encoder;
	struct nt_pool *pool;
	struct nt_scorer *scorer;
	struct nt_show *show;
	struct nt_ids ids;       /* of the document */
	bool is_total;
	struct nt_totals sum;
	struct nt_totals *source; /* [n_source] those of data files that have names */
	size_t n_source, source_cap;
};

/* --- documents ------------------------------------------------------------------ */

/* Bytes of text that ids stand for. */
static uint64_t text_bytes(const struct job *j, const uint32_t *id, size_t n)
{
	uint64_t sum = 0;
	for (size_t i = 0; j->t && i < n; i++) {
		size_t len;
		nt_token_bytes(j->t, id[i], &len);
		sum += len;
	}
	return sum;
}

/* The first n_context ids are only context; of a text that is shown, the first. */
static int score(struct job *j, const char *source, const uint32_t *id, size_t n, size_t n_context)
{
	size_t n_target = n > n_context ? n - n_context : 0;
	struct nt_score_of doc = {.number = j->sum.documents, .source = source, .id = id, .n = n};
	doc.bytes = text_bytes(j, id + n - n_target, n_target);
	int rc = j->is_total ? nt_scorer_add_behind(j->scorer, id, n, n_context)
			     : nt_scorer_run(j->scorer, id, n, &doc.scored);
	if (rc < 0)
		return rc == NT_EARG ? nt_fail(NT_EFORMAT, "%s: %s", source, nt_errmsg()) : rc;
	for (size_t i = 0; !j->is_total && i + 1 < n; i++)
		j->sum.nats += doc.scored[i].nll;
	j->sum.documents++;
	j->sum.targets += n_target;
	j->sum.bytes += doc.bytes;
	if (j->is_total || !isatty(STDOUT_FILENO)) /* a table on a terminal shows enough by itself */
		nt_cli_progress(j->cli, "%" PRIu64 " documents, %" PRIu64 " targets", j->sum.documents,
				j->sum.targets);
	return j->is_total ? 0 : nt_show_document(j->show, &doc);
}

static int score_text(struct job *j, const struct nt_doc *doc)
{
	const struct nt_ident *ident = nt_tokenizer_summary(j->t);
	const struct nt_config *c = &j->m->config;
	uint32_t bos = c->bos_token_id == NT_NO_TOKEN ? ident->bos : c->bos_token_id;
	uint32_t eos = c->eos_token_id == NT_NO_TOKEN ? ident->eos : c->eos_token_id;
	if (bos == NT_NO_TOKEN || eos == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT, "the model names no bos_token_id or no eos_token_id; "
					   "--ids does without");
	j->ids.n = 0;
	int rc = nt_ids_add(&j->ids, &bos, 1);
	if (rc == 0)
		rc = nt_encode(j->encoder, doc->text, doc->len, 0, &j->ids);
	if (rc == 0)
		rc = nt_ids_add(&j->ids, &eos, 1);
	return rc < 0 ? rc : score(j, doc->source, j->ids.id, j->ids.n, 1);
}

static int score_docs(struct job *j, char **operand, int n)
{
	const struct options *o = j->o;
	struct nt_docs_options how = {.split = o->is_nul ? "nul" : o->split,
				      .field = o->field.item, .n_field = o->field.n};
	struct nt_docs *docs;
	struct nt_doc doc;
	int rc = nt_docs_open(&docs, &how, operand, (size_t)n);
	while (rc == 0 && (rc = nt_docs_next(docs, &doc)) == 1)
		rc = score_text(j, &doc);
	if (rc == 0 && nt_docs_remark(docs))
		nt_cli_say(j->cli, "%s", nt_docs_remark(docs));
	nt_docs_close(docs);
	return rc;
}

static int score_lines(struct job *j, char **operand, int n)
{
	struct nt_idlines *lines;
	char name[64];
	int rc = nt_idlines_open(&lines, operand, (size_t)n);
	for (uint64_t line = 1; rc == 0 && (rc = nt_idlines_next(lines, &j->ids)) == 1; line++) {
		snprintf(name, sizeof(name), "line %" PRIu64, line);
		rc = score(j, name, j->ids.id, j->ids.n, 1);
	}
	nt_idlines_close(lines);
	return rc;
}

/* --- data files ------------------------------------------------------------------ */

/* Tokens [start, start + n) of a data file: a document, or a row's piece of one. */
static int score_span(struct job *j, const struct nt_data *d, uint64_t start, uint64_t n,
		      size_t n_context)
{
	j->ids.n = 0;
	int rc = nt_grow(&j->ids.id, &j->ids.cap, n, sizeof(*j->ids.id));
	if (rc == 0)
		rc = nt_data_read(d, start, n, j->ids.id);
	return rc < 0 ? rc : score(j, nt_data_name(d), j->ids.id, n, n_context);
}

/* Document i of a file, or fragment i of one of rows. */
static int score_piece(struct job *j, const struct nt_data *d, uint64_t i)
{
	uint64_t start, len;
	struct nt_fragment f;
	if (nt_data_kind(d) == NT_DATA_DOCUMENTS) {
		int rc = nt_data_doc(d, i, &start, &len);
		return rc < 0 ? rc : score_span(j, d, start, len, 1);
	}
	int rc = nt_data_fragment(d, i, &f);
	return rc < 0 ? rc : score_span(j, d, f.row * nt_data_row_len(d) + f.start, f.len, f.context);
}

/* Adds what was scored since `before` to the totals of this source. Its name is copied. */
static int add_to_source(struct job *j, const char *name, const struct nt_totals *before)
{
	size_t i = 0;
	while (i < j->n_source && strcmp(j->source[i].source, name) != 0)
		i++;
	if (i == j->n_source) {
		char *copy = strdup(name);
		if (!copy || nt_grow(&j->source, &j->source_cap, i + 1, sizeof(*j->source)) < 0) {
			free(copy);
			return nt_fail(NT_ESYS, "out of memory");
		}
		j->source[j->n_source++] = (struct nt_totals){.source = copy};
	}
	struct nt_totals *sum = &j->source[i];
	sum->nats += j->sum.nats - before->nats;
	sum->documents += j->sum.documents - before->documents;
	sum->targets += j->sum.targets - before->targets;
	sum->bytes += j->sum.bytes - before->bytes;
	return 0;
}

static int score_segments(struct job *j, const struct nt_data *d)
{
	uint64_t next = 0;
	int rc = 0;
	for (size_t k = 0; rc == 0 && k < nt_data_n_segment(d); k++) {
		struct nt_data_segment s;
		struct nt_totals before = j->sum;
		nt_data_segment(d, k, &s);
		uint64_t n = nt_data_kind(d) == NT_DATA_ROWS ? s.n_fragment : s.n_doc;
		for (uint64_t end = next + n; rc == 0 && next < end; next++)
			rc = score_piece(j, d, next);
		j->sum.documents = before.documents + s.n_doc;
		if (rc == 0)
			j->sum.nats += nt_scorer_total(j->scorer);
		if (rc == 0)
			rc = add_to_source(j, *s.source ? s.source : nt_data_name(d), &before);
	}
	return rc;
}

static int score_data(struct job *j, const char *path)
{
	struct nt_data *d;
	int rc = nt_data_open(&d, path);
	if (rc < 0)
		return rc;
	const struct nt_ident *ident = j->t ? nt_tokenizer_ident(j->t) : NULL;
	if (j->t && !ident)
		rc = NT_ESYS;
	else if (ident && !nt_ident_equal(nt_data_ident(d), ident))
		rc = nt_fail(NT_EFORMAT, "%s: of tokenizer '%s', the model of another, '%s'", path,
			     nt_data_ident(d)->name, ident->name);
	if (rc == 0)
		rc = score_segments(j, d);
	nt_data_close(d);
	return rc;
}

static void free_sources(struct job *j)
{
	for (size_t i = 0; i < j->n_source; i++)
		free((char *)(uintptr_t)j->source[i].source);
	free(j->source);
}

/* --- the command ---------------------------------------------------------------- */

static int open_model(struct job *j, const char *path)
{
	int rc = nt_model_load(&j->m, path);
	if (rc == 0 && j->m->tokenizer_json)
		rc = nt_tokenizer_parse(&j->t, j->m->tokenizer_json, j->m->tokenizer_json_len, path);
	if (rc == 0 && j->t && !(j->encoder = nt_encoder_new(j->t)))
		rc = NT_ESYS;
	if (rc == 0 && !(j->pool = nt_pool_new((int)j->cli->threads)))
		rc = NT_ESYS;
	if (rc == 0)
		rc = nt_scorer_new(&j->scorer, j->m, j->pool);
	if (rc == 0 && nt_blas_hint())
		nt_cli_note(j->cli, "%s", nt_blas_hint());
	return rc;
}

/* How many of the operands are data files: all or none. */
static int count_data(char **operand, int n, int *n_data)
{
	const char *other = NULL;
	*n_data = 0;
	for (int i = 0; i < n; i++) {
		if (nt_data_is(operand[i]))
			(*n_data)++;
		else
			other = operand[i];
	}
	if (*n_data && other)
		return nt_fail(NT_EARG, "'%s' is no data file, and others are: score them one by one", other);
	return 0;
}

static int score_all(struct job *j, const char *ckpt, char **operand, int n)
{
	int n_data = 0, rc = j->o->ids ? 0 : count_data(operand, n, &n_data);
	if (rc < 0)
		return rc;
	j->is_total = j->o->total || n_data;
	if (!j->is_total)
		rc = nt_show_header(j->show);
	for (int i = 0; rc == 0 && i < n_data; i++)
		rc = score_data(j, operand[i]);
	if (rc == 0 && j->o->ids)
		rc = score_lines(j, operand, n);
	else if (rc == 0 && !n_data && !j->t)
		rc = nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json; --ids does without", ckpt);
	else if (rc == 0 && !n_data)
		rc = score_docs(j, operand, n);
	if (rc == 0 && j->is_total) {
		j->sum.nats += nt_scorer_total(j->scorer);
		rc = nt_show_total(j->show, &j->sum, j->source, j->n_source > 1 ? j->n_source : 0);
	}
	return rc;
}

static const uint8_t *token_text(const void *t, uint32_t id, size_t *len)
{
	return nt_token_bytes(t, id, len);
}

static const char *token_mark(const void *t, uint32_t id)
{
	return nt_token_name(t, id);
}

static int open_show(struct job *j, struct nt_out *out)
{
	const struct options *o = j->o;
	struct nt_show_tokens tokens = {0};
	if (j->t)
		tokens = (struct nt_show_tokens){
			.vocabulary = j->t, .text = token_text, .mark = token_mark,
			.bos = nt_tokenizer_summary(j->t)->bos, .eos = nt_tokenizer_summary(j->t)->eos,
		};
	return nt_show_new(&j->show, out, &tokens,
			   o->tsv ? NT_SHOW_TSV : o->json ? NT_SHOW_JSON : NT_SHOW_TABLE,
			   j->cli->has_color && !o->output);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	struct job j = {.cli = cli, .o = o};
	struct nt_out *out = NULL;
	if (n_operand < 1)
		return nt_fail(NT_EARG, "no checkpoint named");
	if (o->tsv && o->json)
		return nt_fail(NT_EARG, "--tsv and --json: choose one");
	int rc = open_model(&j, operand[0]);
	if (rc == 0)
		rc = nt_out_open(&out, o->output, 0);
	if (rc == 0)
		rc = open_show(&j, out);
	if (rc == 0)
		rc = score_all(&j, operand[0], operand + 1, n_operand - 1);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0)
		nt_cli_say(cli, "%s, %s, %.4f nats, %.4f nats/token",
			   nt_cli_count(j.sum.documents, "document"), nt_cli_count(j.sum.targets, "target"), j.sum.nats,
			   j.sum.targets ? j.sum.nats / (double)j.sum.targets : 0);
	nt_out_discard(out);
	nt_show_free(j.show);
	nt_scorer_free(j.scorer);
	nt_pool_free(j.pool);
	nt_encoder_free(j.encoder);
	nt_tokenizer_free(j.t);
	nt_model_free(j.m);
	nt_ids_release(&j.ids);
	free_sources(&j);
	return rc;
}

static const struct nt_example examples[] = {
	{"echo 'The weather in London is bad' | nt-score ckpt", "The loss of a sentence, token by token"},
	{"nt-score --tsv ckpt poem.txt | sort -t\"$(printf '\\t')\" -k7nr | head", "What surprised it most"},
	{"nt-score --json ckpt val.bin", "Perplexity and bits per byte of a data file"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-score",
	.what = "what a model makes of a text, token by token",
	.synopsis = "[OPTION...] CKPT [FILE...]",
	.about = "Prints the loss L of every document under a checkpoint: the sum over its tokens and [E] "
		 "of -log p(token | [B] and all tokens before), in nats, nothing masked. A line of the "
		 "table holds the input, the token the model would have said, the target and its "
		 "probability, the likeliest token but the target and its probability, what the target "
		 "cost, and L so far.\n\n"
		 "A checkpoint is a directory of nt-train's or of Hugging Face's format with a Llama, Mistral, "
		 "Qwen2, Qwen3 or GPT-2 model, or a .safetensors file that has its config.json beside it.\n\n"
		 "Documents are read as nt-cat reads them. A text with more tokens than the model's context "
		 "is cut as training cuts it: each piece begins with the last token of the one before, and "
		 "every token is predicted once.\n\n"
		 "Data files of nt-pack give totals only: nats, nats per token, perplexity, bits per byte "
		 "of text, documents, targets. With a checkpoint that holds no tokenizer, --ids works, and "
		 "tokens are shown as their ids (in --tsv and --json as empty text).",
	.examples = examples,
	.see_also = "nt-cat nt-pack nt-sample nt-train",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
