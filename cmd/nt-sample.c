/* SPDX-License-Identifier: MIT */
/*
 * nt-sample - text out of a model
 *
 * Takes a prompt, [B] before it, and lets the model go on until it says [E], has said
 * enough, or its context is full: what lies beyond max_position_embeddings it has never
 * seen, so nothing slides. Standard output gets text and nothing else, in whole UTF-8
 * characters: a token may end inside one, and its bytes wait for the rest.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/blas.h"
#include "nt/cpu.h"
#include "nt/file.h"
#include "nt/generate.h"
#include "nt/model.h"
#include "nt/text.h"
#include "nt/tokenizer.h"

struct options {
	const char *prompt, *output;
	bool ids, no_prompt, greedy, ignore_eos;
	double temperature, top_p, min_p;
	uint64_t n, top_k, seed;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Prompt"},
	{'p', "prompt", NT_OPT_STR, AT(prompt), "TEXT", NULL, 0, 0,
	 "text to go on from; without it, the second operand, or standard input if that is no "
	 "terminal, or nothing"},
	{0, "no-prompt", NT_OPT_FLAG, AT(no_prompt), NULL, NULL, 0, 0,
	 "write only what the model adds"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "prompt and output are token ids in decimal; no [B] is added to ids that are given"},
	{.help = "Choosing tokens"},
	{'n', "tokens", NT_OPT_COUNT, AT(n), "N", "256", 0, 1e9,
	 "tokens to generate; 0 is until the end of the text or of the context"},
	{0, "greedy", NT_OPT_FLAG, AT(greedy), NULL, NULL, 0, 0,
	 "always take the likeliest token; the same as --temp 0"},
	{0, "temp", NT_OPT_REAL, AT(temperature), "X", NT_OPT_TEXT(NT_SAMPLING_TEMPERATURE), 0, 1e6,
	 "temperature: below 1 the likely become likelier"},
	{0, "top-k", NT_OPT_COUNT, AT(top_k), "N", NT_OPT_TEXT(NT_SAMPLING_TOP_K), 0, 1e9,
	 "keep the N likeliest; 0 keeps all"},
	{0, "top-p", NT_OPT_REAL, AT(top_p), "P", NT_OPT_TEXT(NT_SAMPLING_TOP_P), 0, 1,
	 "keep the fewest tokens that together have at least this probability; 1 keeps all"},
	{0, "min-p", NT_OPT_REAL, AT(min_p), "P", NT_OPT_TEXT(NT_SAMPLING_MIN_P), 0, 1,
	 "keep tokens at least this times as likely as the likeliest; 0 keeps all"},
	{'s', "seed", NT_OPT_COUNT, AT(seed), "N", "1337", 0, 0, "seed of the draws"},
	{0, "ignore-eos", NT_OPT_FLAG, AT(ignore_eos), NULL, NULL, 0, 0, "go on behind [E]"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_lm *lm;
	const struct nt_config *c;
	struct nt_tokenizer *t; /* NULL with --ids */
	struct nt_pool *pool;
	struct nt_decoder *decoder;
	struct nt_sampler *sampler;
	struct nt_out *out;
	struct nt_ids prompt;
	struct nt_buf held;     /* bytes of a character whose end has not come */
	uint64_t n;             /* tokens generated */
	bool is_behind_id, is_at_newline;
	const char *why;        /* it ended */
};

/* --- prompt ----------------------------------------------------------------------- */

static int read_prompt(struct nt_buf *text, const struct options *o, char **operand, int n_operand)
{
	const char *given = o->prompt ? o->prompt : n_operand > 1 ? operand[1] : NULL;
	if (given)
		return nt_buf_add(text, given, strlen(given));
	return isatty(STDIN_FILENO) ? 0 : nt_read_file(text, "-");
}

/* text[len] is a NUL. */
static int parse_ids(struct nt_ids *ids, const char *text)
{
	int rc = 0;
	for (char *end; rc == 0 && *(text += strspn(text, " \t\r\n")); text = end) {
		unsigned long id = *text >= '0' && *text <= '9' ? strtoul(text, &end, 10) : UINT32_MAX;
		if (id >= UINT32_MAX)
			return nt_fail(NT_EARG, "the prompt holds '%.20s', which is no token id", text);
		rc = nt_ids_add(ids, &(uint32_t){(uint32_t)id}, 1);
	}
	return rc;
}

static int encode_prompt(struct job *j, const struct nt_buf *text)
{
	struct nt_encoder *e = nt_encoder_new(j->t);
	int rc = e ? nt_encode(e, text->data ? text->data : (const uint8_t *)"", text->len, 0, &j->prompt)
		   : NT_ESYS;
	nt_encoder_free(e);
	return rc;
}

static int take_prompt(struct job *j, char **operand, int n_operand)
{
	struct nt_buf text = {0};
	uint32_t bos = j->c->bos_token_id;
	if (bos == NT_NO_TOKEN && j->t)
		bos = nt_tokenizer_summary(j->t)->bos;
	int rc = read_prompt(&text, j->o, operand, n_operand);
	if (rc == 0 && j->o->ids && (rc = nt_buf_add(&text, "", 1)) == 0)
		rc = parse_ids(&j->prompt, (const char *)text.data);
	bool has_bos = !j->o->ids || j->prompt.n == 0;
	if (rc == 0 && has_bos && bos == NT_NO_TOKEN)
		rc = nt_fail(NT_EFORMAT, "the model names no bos_token_id to begin with");
	if (rc == 0 && has_bos)
		rc = nt_ids_add(&j->prompt, &bos, 1);
	if (rc == 0 && !j->o->ids)
		rc = encode_prompt(j, &text);
	nt_buf_release(&text);
	return rc;
}

/* --- output ----------------------------------------------------------------------- */

static int put(struct job *j, const uint8_t *bytes, size_t len)
{
	if (len == 0)
		return 0;
	j->is_at_newline = bytes[len - 1] == '\n';
	return nt_out_write(j->out, bytes, len);
}

static int put_id(struct job *j, uint32_t id)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%s%u", j->is_behind_id ? " " : "", id);
	j->is_behind_id = true;
	return put(j, (const uint8_t *)text, (size_t)len);
}

/* Writes what is complete, or can never become a character, and holds the rest back. */
static int put_text(struct job *j, uint32_t id)
{
	int rc = nt_decode(j->t, &id, 1, &j->held);
	size_t ready = j->held.len - nt_utf8_unfinished(j->held.data, j->held.len);
	if (rc == 0)
		rc = put(j, j->held.data, ready);
	j->held.len -= ready;
	if (ready && j->held.len)
		memmove(j->held.data, j->held.data + ready, j->held.len);
	return rc;
}

static int put_token(struct job *j, uint32_t id)
{
	int rc = j->t ? put_text(j, id) : put_id(j, id);
	return rc < 0 ? rc : nt_out_flush(j->out);
}

static int put_end(struct job *j)
{
	int rc = put(j, j->held.data, j->held.len);
	bool is_terminal = !j->o->output && isatty(STDOUT_FILENO);
	if (rc == 0 && (j->o->ids || (is_terminal && !j->is_at_newline)))
		rc = put(j, (const uint8_t *)"\n", 1);
	return rc;
}

/* --- generation ------------------------------------------------------------------- */

static int prepare(struct job *j)
{
	const struct options *o = j->o;
	size_t limit = j->c->max_position_embeddings;
	struct nt_sampling how = {
		.temperature = o->greedy ? 0 : o->temperature,
		.top_k = (uint32_t)o->top_k, .top_p = o->top_p, .min_p = o->min_p, .seed = o->seed,
	};
	if (j->prompt.n > limit)
		return nt_fail(NT_EARG, "a prompt of %zu tokens does not fit into the model's context of %zu",
			       j->prompt.n, limit);
	size_t room = o->n && o->n < limit - j->prompt.n ? j->prompt.n + (size_t)o->n : limit;
	int rc = nt_decoder_new(&j->decoder, j->lm, 1, room, j->pool);
	return rc < 0 ? rc : nt_sampler_new(&j->sampler, &how, j->c->vocab_size);
}

/* Is there to be another token behind the last? */
static bool goes_on(struct job *j, uint32_t last)
{
	if (last == j->c->eos_token_id && !j->o->ignore_eos)
		j->why = "the text ended";
	else if (j->o->n && j->n >= j->o->n)
		j->why = NULL;
	else if (nt_decoder_len(j->decoder, 0) >= j->c->max_position_embeddings)
		j->why = "the context is full";
	else if (*nt_cli_stop_flag())
		j->why = "interrupted";
	else
		return true;
	return false;
}

static int generate(struct job *j)
{
	const nt_real *logits;
	int rc = nt_decoder_extend(j->decoder, 0, j->prompt.id, j->prompt.n, &logits);
	for (;;) {
		if (rc < 0)
			return rc;
		uint32_t id = nt_sample(j->sampler, logits, j->n++);
		bool is_end = id == j->c->eos_token_id && !j->o->ignore_eos;
		if (!is_end || j->o->ids)
			rc = put_token(j, id);
		if (rc < 0 || !goes_on(j, id))
			return rc;
		rc = nt_decoder_extend(j->decoder, 0, &id, 1, &logits);
	}
}

static int run_job(struct job *j)
{
	int rc = 0;
	size_t first = j->t ? 1 : 0; /* [B] has no text */
	for (size_t i = first; rc == 0 && !j->o->no_prompt && i < j->prompt.n; i++)
		rc = put_token(j, j->prompt.id[i]);
	uint64_t start = nt_now_ns();
	if (rc == 0)
		rc = generate(j);
	double seconds = (double)(nt_now_ns() - start) * 1e-9;
	if (rc == 0)
		rc = put_end(j);
	if (rc == 0)
		rc = nt_out_flush(j->out); /* the line below goes to the same terminal */
	if (rc == 0)
		nt_cli_say(j->cli, "%llu tokens behind %zu, %.0f tokens/s%s%s", nt_llu(j->n),
			   j->prompt.n, (double)j->n / seconds, j->why ? "; " : "", j->why ? j->why : "");
	return rc;
}

static int open_model(struct job *j, const char *path)
{
	size_t len;
	int rc = nt_lm_load(&j->lm, path, NT_LM_AS_STORED, j->pool);
	if (rc < 0)
		return rc;
	j->c = nt_lm_config(j->lm);
	const char *json = nt_lm_tokenizer_json(j->lm, &len);
	if (j->o->ids)
		return 0;
	if (!json)
		return nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json; --ids does without", path);
	return nt_tokenizer_parse(&j->t, json, len, path);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct job j = {.cli = cli, .o = opt};
	if (n_operand < 1)
		return nt_fail(NT_EARG, "no checkpoint named");
	if (n_operand > 2 || (n_operand == 2 && j.o->prompt))
		return nt_fail(NT_EARG, "'%s': one prompt is enough: put it in quotes", operand[n_operand - 1]);
	nt_cli_stop_flag();
	j.pool = nt_pool_new((int)cli->threads);
	int rc = j.pool ? open_model(&j, operand[0]) : NT_ESYS;
	if (rc == 0)
		rc = take_prompt(&j, operand, n_operand);
	if (rc == 0)
		rc = prepare(&j);
	if (rc == 0)
		rc = nt_out_open(&j.out, j.o->output, 0);
	if (rc == 0 && nt_blas_hint())
		nt_cli_note(cli, "%s", nt_blas_hint());
	if (rc == 0)
		rc = run_job(&j);
	if (rc == 0) {
		rc = nt_out_close(j.out);
		j.out = NULL;
	}
	nt_out_discard(j.out);
	nt_sampler_free(j.sampler);
	nt_decoder_free(j.decoder);
	nt_pool_free(j.pool);
	nt_tokenizer_free(j.t);
	nt_lm_free(j.lm);
	nt_ids_release(&j.prompt);
	nt_buf_release(&j.held);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-sample ckpt", "A text from its beginning"},
	{"nt-sample ckpt -p 'It is a truth' -n 100 --seed 7", "Go on from a prompt"},
	{"printf 'Once upon a time' | nt-sample ckpt --greedy --no-prompt", "A pipe; always the likeliest"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-sample",
	.what = "generate text",
	.synopsis = "[OPTION...] CKPT [PROMPT]",
	.about = "Writes the prompt and what a model adds to it. The prompt is taken byte for byte, a "
		 "newline at its end included.\n\n"
		 "A checkpoint is a directory of nt-train's or of Hugging Face's format with a Llama, Mistral, "
		 "Qwen2, Qwen3 or GPT-2 model, or a .safetensors file that has its config.json beside it.\n\n"
		 "Tokens are chosen as llama.cpp does: the likeliest by --top-k, then by --top-p, then by "
		 "--min-p, each on the model's own probabilities, and one of what is left at the "
		 "temperature --temp. The same seed gives the same text with any number of threads.\n\n"
		 "Generation ends at [E], after -n tokens, or when prompt and text fill the context the "
		 "model was made for. An interrupt ends it too, after the token that is being worked on.",
	.examples = examples,
	.see_also = "nt-score nt-train",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
