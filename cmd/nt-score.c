/* SPDX-License-Identifier: MIT */
/*
 * nt-score - what a model makes of a text, token by token
 *
 *	L = - sum_n log p(a_n | [B], x_1 .. x_{n-1})	nats, [E] included
 *
 * One line a position: what went in, what the model expected, what came, what that
 * cost, and the sum so far. For programs the same as TSV or JSON, for a browser as a page; for a
 * data file, or with --total, the sums alone, many documents to a pass. With --choices each line
 * is a question, and the model answers with the continuation that costs least.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "cmd/documents.h"
#include "nt/cpu.h"
#include "nt/data.h"
#include "nt/file.h"
#include "nt/generate.h"
#include "nt/idlines.h"
#include "nt/model.h"
#include "nt/quiz.h"
#include "nt/show.h"
#include "nt/tokenizer.h"

struct options {
	struct document_options documents;
	const char *output;
	bool ids, tsv, json, html, total, choices;
	uint64_t seq_len, stride;
	int dtype;
	struct nt_choices_fields names;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Input"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "each line is a sequence of decimal ids, taken as it stands: the first is only context"},
	DOCUMENT_OPTIONS(documents),
	{.help = "Long texts"},
	{0, "seq-len", NT_OPT_COUNT, AT(seq_len), "T", NULL, 1, 1 << 24,
	 "inputs that a target may be predicted from (default: the model's max_position_embeddings)"},
	{0, "stride", NT_OPT_COUNT, AT(stride), "N", NULL, 1, 1 << 24,
	 "slide a window of T inputs over the text, N at a time: what two of them share is context in "
	 "the later one (default T: cut, as training does)"},
	{.help = "Precision"},
	{0, "dtype", NT_OPT_ENUM, AT(dtype), NT_LM_DTYPES, "f32", 0, 0,
	 "what weights are held in: bf16 is twice as fast, and near; q8_0 and q4_0 are blocks of 8 and 4 bits, "
	 "which are multiplied by rows in 8"},
	{.help = "Choices"},
	{0, "choices", NT_OPT_FLAG, AT(choices), NULL, NULL, 0, 0,
	 "each line is a JSON object, a context and several continuations: which one is the likeliest, "
	 "which for each byte, and how often that is the right one"},
	{0, "context-field", NT_OPT_STR, AT(names.context), "NAME", NULL, 0, 0,
	 "field of the context (default ctx, context, prompt, question or query)"},
	{0, "choices-field", NT_OPT_STR, AT(names.choices), "NAME", NULL, 0, 0,
	 "field of the continuations (default endings, choices or options)"},
	{0, "answer-field", NT_OPT_STR, AT(names.answer), "NAME", NULL, 0, 0,
	 "field of the right one, from 0 (default label, answer, gold or answerKey)"},
	{.help = "Output"},
	{0, "tsv", NT_OPT_FLAG, AT(tsv), NULL, NULL, 0, 0,
	 "one line a target, tab-separated, with a header; bytes outside printable ASCII and "
	 "the backslash as \\xNN"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0,
	 "one JSON object a document: positions, nats, targets, bytes"},
	{0, "html", NT_OPT_FLAG, AT(html), NULL, NULL, 0, 0,
	 "a page that needs nothing else: tokens shaded by what they cost, their rivals under the pointer"},
	{0, "total", NT_OPT_FLAG, AT(total), NULL, NULL, 0, 0,
	 "only the sums over all documents, as for a data file"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_lm *lm;
	struct nt_tokenizer *t;  /* NULL: ids only */
	struct nt_encoder *encoder;
	struct nt_pool *pool;
	struct nt_scorer *scorer;
	struct nt_show *show;
	struct nt_ids ids;       /* of the document */
	bool is_total;
	struct nt_score_sums tally;
	uint64_t began_ns;       /* with the model at hand */
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
	struct nt_score_of doc = {.number = j->tally.sum.documents, .source = source, .id = id, .n = n};
	doc.bytes = text_bytes(j, id + n - n_target, n_target);
	int rc = j->is_total ? nt_scorer_add_behind(j->scorer, id, n, n_context)
			     : nt_scorer_run(j->scorer, id, n, &doc.scored);
	if (rc < 0)
		return rc == NT_EARG ? nt_fail(NT_EFORMAT, "%s: %s", source, nt_errmsg()) : rc;
	for (size_t i = 0; !j->is_total && i + 1 < n; i++)
		j->tally.sum.nats += doc.scored[i].nll;
	j->tally.sum.documents++;
	j->tally.sum.targets += n_target;
	j->tally.sum.bytes += doc.bytes;
	if (j->is_total || !isatty(STDOUT_FILENO)) /* a table on a terminal shows enough by itself */
		nt_cli_progress(j->cli, "%s, %s", nt_counted(j->tally.sum.documents, "document"),
				nt_counted(j->tally.sum.targets, "target"));
	return j->is_total ? 0 : nt_show_document(j->show, &doc);
}

static int score_text(struct job *j, const struct nt_doc *doc)
{
	struct nt_ends ends = nt_config_ends(nt_lm_config(j->lm), nt_tokenizer_summary(j->t));
	if (ends.bos == NT_NO_TOKEN || ends.eos[0] == NT_NO_TOKEN)
		return nt_fail(NT_EFORMAT, "the model names no bos_token_id or no eos_token_id; "
					   "--ids does without");
	j->ids.n = 0;
	int rc = nt_ids_add(&j->ids, &ends.bos, 1);
	if (rc == 0)
		rc = nt_encode(j->encoder, doc->text, doc->len, 0, &j->ids);
	if (rc == 0)
		rc = nt_ids_add(&j->ids, ends.eos, 1);
	return rc < 0 ? rc : score(j, doc->source, j->ids.id, j->ids.n, 1);
}

/* Of the operands, and as one source. */
static int score_operands(struct job *j, char **operand, size_t n)
{
	const struct options *o = j->o;
	struct nt_docs_options how = documents_how(&o->documents);
	struct nt_totals before = j->tally.sum;
	struct nt_docs *docs;
	struct nt_doc doc;
	int rc = nt_docs_open(&docs, &how, operand, n);
	while (rc == 0 && (rc = nt_docs_next(docs, &doc)) == 1)
		rc = score_text(j, &doc);
	if (rc == 0 && nt_docs_remark(docs))
		nt_cli_say(j->cli, "%s", nt_docs_remark(docs));
	nt_docs_close(docs);
	j->tally.sum.nats += rc == 0 ? nt_scorer_total(j->scorer) : 0;
	return rc < 0 ? rc : nt_score_sums_add(&j->tally, nt_input_name(n ? *operand : NULL), &before);
}

/* Each operand is a source. */
static int score_docs(struct job *j, char **operand, int n)
{
	int rc = n == 0 ? score_operands(j, operand, 0) : 0;
	for (int i = 0; rc == 0 && i < n; i++)
		rc = score_operands(j, operand + i, 1);
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

/* Document i of a file, or fragment i of one of rows. */
static int score_piece(struct job *j, const struct nt_data *d, uint64_t i)
{
	struct nt_data_piece piece;
	int rc = nt_data_piece(d, i, &piece);
	j->ids.n = 0;
	if (rc == 0)
		rc = nt_grow(&j->ids.id, &j->ids.cap, piece.len, sizeof(*j->ids.id));
	if (rc == 0)
		rc = nt_data_read(d, piece.start, piece.len, j->ids.id);
	return rc < 0 ? rc : score(j, nt_data_name(d), j->ids.id, piece.len, piece.n_context);
}

static int score_segments(struct job *j, const struct nt_data *d)
{
	uint64_t next = 0;
	int rc = 0;
	for (size_t k = 0; rc == 0 && k < nt_data_n_segment(d); k++) {
		struct nt_data_segment s;
		struct nt_totals before = j->tally.sum;
		nt_data_segment(d, k, &s);
		uint64_t n = nt_data_kind(d) == NT_DATA_ROWS ? s.n_fragment : s.n_doc;
		for (uint64_t end = next + n; rc == 0 && next < end; next++)
			rc = score_piece(j, d, next);
		j->tally.sum.documents = before.documents + s.n_doc;
		if (rc == 0)
			j->tally.sum.nats += nt_scorer_total(j->scorer);
		if (rc == 0)
			rc = nt_score_sums_add(&j->tally, *s.source ? s.source : nt_data_name(d), &before);
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

/* --- choices ----------------------------------------------------------------------- */

static void say_accuracy(const struct job *j, const struct nt_choice_totals *t)
{
	double n = (double)t->answered;
	if (t->answered)
		nt_cli_say(j->cli, "%s, accuracy %.4f +- %.4f, by byte %.4f +- %.4f", nt_counted(t->items, "item"),
			   (double)t->right / n, nt_share_error(t->right, t->answered),
			   (double)t->right_by_byte / n, nt_share_error(t->right_by_byte, t->answered));
	else
		nt_cli_say(j->cli, "%s, none with an answer", nt_counted(t->items, "item"));
}

static int answer(struct job *j, const struct nt_quiz_item *item, struct nt_choice_totals *t)
{
	struct nt_chosen chosen = {.number = t->items, .source = item->source, .choice = item->choice,
				   .n_choice = item->n_choice, .answer = item->answer};
	nt_chosen_count(t, &chosen);
	if (j->o->total || !isatty(STDOUT_FILENO))
		nt_cli_progress(j->cli, "%s, %" PRIu64 " right", nt_counted(t->items, "item"), t->right);
	return j->o->total ? 0 : nt_show_choices(j->show, &chosen);
}

static int score_choices(struct job *j, char **operand, int n)
{
	struct nt_quiz_options how = {.lm = j->lm, .tokenizer = j->t, .pool = j->pool, .names = j->o->names,
				      .n_position = j->o->seq_len};
	struct nt_choice_totals sum = {0};
	struct nt_quiz_item item;
	struct nt_quiz *quiz;
	int rc = nt_quiz_open(&quiz, &how, operand, (size_t)n);
	if (rc == 0 && !j->o->total)
		rc = nt_show_choices_header(j->show);
	while (rc == 0 && (rc = nt_quiz_next(quiz, &item)) == 1)
		rc = answer(j, &item, &sum);
	if (rc == 0 && j->o->total)
		rc = nt_show_choices_total(j->show, &sum);
	if (rc == 0)
		say_accuracy(j, &sum);
	nt_quiz_close(quiz);
	return rc;
}

/* --- the command ---------------------------------------------------------------- */

static int open_model(struct job *j, const char *path)
{
	size_t len;
	int rc = (j->pool = nt_pool_new((int)j->cli->threads)) ? 0 : NT_ESYS;
	if (rc == 0)
		rc = nt_lm_load(&j->lm, path, (enum nt_lm_dtype)(NT_LM_F32 + j->o->dtype), j->pool);
	const char *json = rc == 0 ? nt_lm_tokenizer_json(j->lm, &len) : NULL;
	if (json)
		rc = nt_tokenizer_parse(&j->t, json, len, path);
	if (rc == 0 && j->t && !(j->encoder = nt_encoder_new(j->t)))
		rc = NT_ESYS;
	if (rc == 0)
		rc = nt_scorer_new(&j->scorer, j->lm, j->pool);
	if (rc == 0)
		rc = nt_scorer_set_window(j->scorer, j->o->seq_len, j->o->stride);
	return rc;
}

/* How many of the operands are data files: all or none. */
static int count_data(char **operand, int n, int *n_data)
{
	const char *other = NULL;
	*n_data = 0;
	for (int i = 0; i < n; i++) {
		int is = nt_data_is(operand[i]);
		if (is < 0)
			return is;
		*n_data += is;
		if (!is)
			other = operand[i];
	}
	if (*n_data && other)
		return nt_fail(NT_EARG, "'%s' is no data file, and others are: score them one by one", other);
	return 0;
}

static int score_all(struct job *j, const char *ckpt, char **operand, int n)
{
	int n_data = 0, rc = j->o->ids || j->o->choices ? 0 : count_data(operand, n, &n_data);
	if (rc < 0)
		return rc;
	if (!n_data && !j->o->ids && !j->t)
		return nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json; --ids does without", ckpt);
	if (j->o->choices)
		return score_choices(j, operand, n);
	j->is_total = j->o->total || n_data;
	if (!j->is_total || j->o->html)
		rc = nt_show_header(j->show);
	for (int i = 0; rc == 0 && i < n_data; i++)
		rc = score_data(j, operand[i]);
	if (rc == 0 && j->o->ids)
		rc = score_lines(j, operand, n);
	else if (rc == 0 && !n_data)
		rc = score_docs(j, operand, n);
	if (rc == 0)
		j->tally.sum.nats += nt_scorer_total(j->scorer);
	j->tally.position = nt_scorer_positions(j->scorer);
	return rc == 0 && (j->is_total || j->o->html) ? nt_show_total(j->show, &j->tally) : rc;
}

static const uint8_t *token_text(const void *t, uint32_t id, size_t *len)
{
	return nt_token_bytes(t, id, len);
}

static const char *token_mark(const void *t, uint32_t id)
{
	return nt_token_name(t, id);
}

static int open_show(struct job *j, struct nt_out *out, const char *ckpt)
{
	const struct options *o = j->o;
	struct nt_show_tokens tokens = {0};
	if (j->t)
		tokens = (struct nt_show_tokens){
			.vocabulary = j->t, .text = token_text, .mark = token_mark,
			.bos = nt_tokenizer_summary(j->t)->bos, .eos = nt_tokenizer_summary(j->t)->eos,
		};
	struct nt_show_options how = {
		.form = o->tsv ? NT_SHOW_TSV : o->json ? NT_SHOW_JSON : o->html ? NT_SHOW_PAGE : NT_SHOW_TABLE,
		.has_color = j->cli->has_color && !o->output, .title = ckpt,
	};
	return nt_show_new(&j->show, out, &tokens, &how);
}

static int check(const struct options *o, int n_operand)
{
	bool has_fields = o->names.context || o->names.choices || o->names.answer;
	if (n_operand < 1)
		return nt_fail(NT_EARG, "no checkpoint named");
	if (o->tsv + o->json + o->html > 1)
		return nt_fail(NT_EARG, "--tsv, --json and --html: choose one");
	if (o->choices && (o->ids || o->html || o->stride || o->documents.field.n))
		return nt_fail(NT_EARG, "--choices reads JSON lines of its own: leave %s out",
			       o->ids ? "--ids" : o->html ? "--html" : o->stride ? "--stride" : "--field");
	if (has_fields && !o->choices)
		return nt_fail(NT_EARG, "--context-field, --choices-field and --answer-field are for --choices");
	return 0;
}

static void say_sums(const struct job *j)
{
	const struct nt_totals *sum = &j->tally.sum;
	double seconds = (double)(nt_now_ns() - j->began_ns) * 1e-9;
	nt_cli_say(j->cli, "%s, %s, %.4f nats, %.4f nats/token, %.0f targets/s", nt_counted(sum->documents, "document"),
		   nt_counted(sum->targets, "target"), sum->nats, sum->targets ? sum->nats / (double)sum->targets : 0,
		   (double)sum->targets / seconds);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	struct job j = {.cli = cli, .o = o};
	struct nt_out *out = NULL;
	int rc = check(o, n_operand);
	if (rc == 0)
		rc = open_model(&j, operand[0]);
	j.began_ns = nt_now_ns();
	if (rc == 0)
		rc = nt_out_open(&out, o->output, 0);
	if (rc == 0)
		rc = open_show(&j, out, operand[0]);
	if (rc == 0)
		rc = score_all(&j, operand[0], operand + 1, n_operand - 1);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0 && !o->choices)
		say_sums(&j);
	nt_out_discard(out);
	nt_show_free(j.show);
	nt_scorer_free(j.scorer);
	nt_encoder_free(j.encoder);
	nt_tokenizer_free(j.t);
	nt_lm_free(j.lm);
	nt_pool_free(j.pool);
	nt_ids_release(&j.ids);
	nt_score_sums_release(&j.tally);
	return rc;
}

static const struct nt_example examples[] = {
	{"echo 'The weather in London is bad' | nt-score ckpt", "The loss of a sentence, token by token"},
	{"nt-score --tsv ckpt poem.txt | sort -t\"$(printf '\\t')\" -k7nr | head", "What surprised it most"},
	{"nt-score --json ckpt val.bin", "Perplexity and bits per byte of a data file"},
	{"nt-score --html ckpt poem.txt > poem.html", "The same to look at: every token shaded by what it cost"},
	{"nt-score --total --stride 512 ckpt book.txt", "A text longer than the context, by a sliding window"},
	{"nt-score --choices --total ckpt hellaswag.jsonl", "How often the likeliest ending is the right one"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-score",
	.what = "what a model makes of a text, token by token",
	.synopsis = "[OPTION...] CKPT [FILE...]",
	.about = "Prints the loss L of every document under a checkpoint: the sum over its tokens and [E] "
		 "of -log p(token | [B] and all tokens before), in nats, nothing masked. A line of the "
		 "table holds the input, the token the model would have said, the target, both with their "
		 "probabilities, the target's rank, the likeliest token but the target, by how many nats "
		 "the target was ahead of it or behind, what the target cost, and L so far.\n\n"
		 "A checkpoint is a directory of nt-train's or of Hugging Face's format with a Llama, Mistral, "
		 "Qwen2, Qwen3 or GPT-2 model, or a .safetensors file that has its config.json beside it.\n\n"
		 "Documents are read as nt-cat reads them. A text with more tokens than the model's context "
		 "is cut as training cuts it: each piece begins with the last token of the one before, and "
		 "every token is predicted once. With --stride N windows of --seq-len T inputs begin N "
		 "apart, and each token but those of the first is predicted from at least T - N others. "
		 "The guide of Hugging Face's to perplexity uses windows of one input less than the "
		 "model's context.\n\n"
		 "Data files of nt-pack give totals only: nats, nats per token, perplexity, bits per byte "
		 "of text, documents, targets, and by how many tokens stood before a target. With a checkpoint that holds no tokenizer, --ids works, and "
		 "tokens are shown as their ids (in --tsv and --json as empty text).\n\n"
		 "--choices reads one question a line, as of HellaSwag, ARC or MMLU: a space is put between "
		 "context and continuation where neither has one, the continuation's tokens are those "
		 "behind the context's, [E] is not one of them, and what all continuations share is "
		 "computed once. The answer is the one of the highest log p, or of the highest log p for "
		 "each byte; +- is the standard error.",
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
