/* SPDX-License-Identifier: MIT */
/*
 * nt-sample - text out of a model
 *
 * Takes a prompt, [B] before it, and lets the model go on until it says [E], a stop string or
 * enough, or its context is full: what lies beyond max_position_embeddings it has never seen, so
 * nothing slides. One prompt, many at once, or a conversation: the library does all three
 * (nt/answer.h), and here is what was asked for and what is said about it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/answer.h"
#include "nt/cpu.h"
#include "nt/file.h"
#include "nt/generate.h"
#include "nt/tokenizer.h"

struct options {
	const char *prompt, *output, *field, *answer_field;
	struct nt_list stop;
	struct nt_opt_maybe logprobs;
	bool ids, no_prompt, greedy, ignore_eos, lines, jsonl, json, interactive;
	double temperature, top_p, min_p, repeat_penalty;
	uint64_t n, top_k, seed, batch, repeat_last_n;
	int dtype;
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
	{'i', "interactive", NT_OPT_FLAG, AT(interactive), NULL, NULL, 0, 0,
	 "a conversation: what is typed and what the model says are one growing text"},
	{.help = "Many prompts"},
	{0, "lines", NT_OPT_FLAG, AT(lines), NULL, NULL, 0, 0,
	 "standard input has a prompt a line; each answer is a line, with \\\\ \\n \\r \\t and \\xNN for a "
	 "backslash, control bytes and what is not UTF-8"},
	{0, "jsonl", NT_OPT_FLAG, AT(jsonl), NULL, NULL, 0, 0,
	 "standard input has a JSON object a line; each answer is one, with its fields and text, "
	 "finish_reason, prompt_tokens, completion_tokens"},
	{0, "field", NT_OPT_STR, AT(field), "NAME", "prompt", 0, 0,
	 "field of an object that holds the prompt, as a string or an array of token ids"},
	{0, "answer-field", NT_OPT_STR, AT(answer_field), "NAME", "text", 0, 0,
	 "field of an answer that holds what the model adds"},
	{0, "batch", NT_OPT_COUNT, AT(batch), "N", NULL, 1, 65536,
	 "prompts to answer at once; the default is 32, or fewer if as many full contexts would take "
	 "more than a quarter of the memory. It changes no answer"},
	{.help = "Model"},
	{0, "dtype", NT_OPT_ENUM, AT(dtype), "stored|" NT_LM_DTYPES, "stored", 0, 0,
	 "what matrices are held in: as the checkpoint has them, or llama.cpp's blocks of 8 or 4 bits"},
	{.help = "Choosing tokens"},
	{'n', "tokens", NT_OPT_COUNT, AT(n), "N", "256", 0, 1e9,
	 "tokens to generate; 0 is until the end of the text or of the context"},
	{0, "stop", NT_OPT_LIST, AT(stop), "STRING", NULL, 0, 0,
	 "end in front of this string; \\n \\t \\r \\\\ stand for those bytes; may be repeated"},
	{0, "greedy", NT_OPT_FLAG, AT(greedy), NULL, NULL, 0, 0,
	 "always take the likeliest token; the same as --temp 0"},
	{0, "temp", NT_OPT_REAL, AT(temperature), "X", NT_OPT_TEXT(NT_SAMPLING_TEMPERATURE), 0, 1e6,
	 "temperature: below 1 the likely become likelier"},
	{0, "top-k", NT_OPT_COUNT, AT(top_k), "N", NT_OPT_TEXT(NT_SAMPLING_TOP_K), 0, 1e9,
	 "keep the N likeliest; 0 keeps all"},
	{0, "top-p", NT_OPT_REAL, AT(top_p), "P", NT_OPT_TEXT(NT_SAMPLING_TOP_P), 0, 1,
	 "keep the fewest tokens that together have at least this share of what --top-k left; 1 keeps all"},
	{0, "min-p", NT_OPT_REAL, AT(min_p), "P", NT_OPT_TEXT(NT_SAMPLING_MIN_P), 0, 1,
	 "keep tokens at least this times as likely as the likeliest; 0 keeps all"},
	{0, "repeat-penalty", NT_OPT_REAL, AT(repeat_penalty), "X", "1", 1e-3, 1e3,
	 "divide the logits of tokens that were there lately, or multiply those below 0; 1 is off"},
	{0, "repeat-last-n", NT_OPT_COUNT, AT(repeat_last_n), "N", NT_OPT_TEXT(NT_SAMPLING_REPEAT_LAST_N), 0, 1e9,
	 "lately is among the last N tokens, prompt included"},
	{'s', "seed", NT_OPT_COUNT, AT(seed), "N", "1337", 0, 0, "seed of the draws"},
	{0, "ignore-eos", NT_OPT_FLAG, AT(ignore_eos), NULL, NULL, 0, 0, "go on behind [E]"},
	{.help = "Output"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0, "an object for each answer, as with --jsonl"},
	{0, "logprobs", NT_OPT_MAYBE, AT(logprobs), "N", NULL, 0, 100000,
	 "an object for each token, as it comes: id, token, logprob, and the N likeliest in its place; "
	 "with many prompts or --json an array in each answer"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_lm *lm;
	struct nt_tokenizer *t; /* NULL where no text is wanted */
	struct nt_pool *pool;
	struct nt_lanes *lanes;
	struct nt_out *out;
	struct nt_stops stops;
	struct nt_buf prompt;
	bool is_many;
	struct nt_answer_options how;
	struct nt_answer_counts counts;
	uint64_t start_ns;
};

/* --- what was asked for ------------------------------------------------------------ */

static enum nt_answer_form form_of(const struct options *o)
{
	if (o->json || o->jsonl || (o->lines && o->logprobs.is_given))
		return NT_ANSWER_JSON;
	return o->lines ? NT_ANSWER_LINE : o->logprobs.is_given ? NT_ANSWER_TOKENS : NT_ANSWER_TEXT;
}

static bool is_member(const char *name)
{
	const char *const *member = nt_answer_members;
	while (*member && strcmp(*member, name) != 0)
		member++;
	return *member;
}

/* An object has each name once; what a line of --jsonl has is looked at when it is read. */
static int check_names(const struct options *o)
{
	if (form_of(o) != NT_ANSWER_JSON)
		return 0;
	if (is_member(o->answer_field) || (!o->jsonl && strcmp(o->answer_field, o->field) == 0))
		return nt_fail(NT_EARG, "--answer-field '%s': an answer has another field of that name", o->answer_field);
	if (!o->jsonl && is_member(o->field))
		return nt_fail(NT_EARG, "--field '%s': an answer has another field of that name", o->field);
	return 0;
}

/* Says which of two that were given exclude each other. */
static int check_options(const struct options *o, int n_operand)
{
	bool has_prompt = o->prompt || n_operand > 1;
	const struct {
		bool is_wrong;
		const char *why;
	} rule[] = {
		{o->lines && o->jsonl, "--lines and --jsonl are two forms of standard input: give one"},
		{(o->lines || o->jsonl) && has_prompt, "--lines and --jsonl take prompts from standard input: no other is given"},
		{o->interactive && (o->lines || o->jsonl), "--interactive is one conversation: no --lines, no --jsonl"},
		{o->interactive && (o->json || o->ids || o->logprobs.is_given),
		 "--interactive shows text: no --json, --ids or --logprobs"},
		{o->stop.n && o->ids && !o->json && !o->jsonl, "--stop is of text, and --ids shows none: add --json"},
	};
	for (size_t i = 0; i < sizeof(rule) / sizeof(*rule); i++)
		if (rule[i].is_wrong)
			return nt_fail(NT_EARG, "%s", rule[i].why);
	return check_names(o);
}

static int open_model(struct job *j, const char *path)
{
	bool wants_text = !j->o->ids || form_of(j->o) == NT_ANSWER_JSON || form_of(j->o) == NT_ANSWER_TOKENS;
	size_t len;
	if (!(j->pool = nt_pool_new((int)j->cli->threads)))
		return NT_ESYS;
	int rc = nt_lm_load(&j->lm, path, (enum nt_lm_dtype)j->o->dtype, j->pool);
	if (rc < 0 || !wants_text)
		return rc;
	const char *json = nt_lm_tokenizer_json(j->lm, &len);
	if (!json)
		return j->o->ids ? 0 : nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json; --ids does without", path);
	return nt_tokenizer_parse(&j->t, json, len, path);
}

static int set_how(struct job *j)
{
	const struct options *o = j->o;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < o->stop.n; i++)
		if ((rc = nt_stops_add(&j->stops, o->stop.item[i])) == NT_EARG)
			rc = nt_fail(NT_EARG, "--stop: %s", nt_errmsg());
	j->how = (struct nt_answer_options){
		.tokenizer = j->t, .stops = &j->stops,
		.n_most = o->n,
		.ends = nt_config_ends(nt_lm_config(j->lm), j->t ? nt_tokenizer_summary(j->t) : NULL),
		.ignore_eos = o->ignore_eos, .ids = o->ids, .no_prompt = o->no_prompt,
		.has_logprobs = o->logprobs.is_given,
		.ends_line = o->interactive || (!o->output && isatty(STDOUT_FILENO)),
		.form = form_of(o), .answer_field = o->answer_field,
		.stop = nt_cli_stop_flag(),
	};
	return rc;
}

/* Full contexts are to take at most a quarter of the memory. */
static size_t batch_of(const struct job *j)
{
	double each = (double)nt_decoder_bytes(j->lm, nt_lm_config(j->lm)->max_position_embeddings);
	double most = (double)nt_cpu_memory() / 4 / each;
	return j->o->batch ? (size_t)j->o->batch : most > 32 ? 32 : most < 1 ? 1 : (size_t)most;
}

static int open_lanes(struct job *j)
{
	const struct options *o = j->o;
	struct nt_lanes_options how = {
		.n_lane = j->is_many ? batch_of(j) : 1,
		.n_position = nt_lm_config(j->lm)->max_position_embeddings,
		.sampling = {.temperature = o->greedy ? 0 : o->temperature, .top_k = (uint32_t)o->top_k,
			     .top_p = o->top_p, .min_p = o->min_p, .seed = o->seed,
			     .repeat_penalty = o->repeat_penalty, .repeat_last_n = (uint32_t)o->repeat_last_n},
		.has_logprobs = o->logprobs.is_given,
		.n_top = (uint32_t)o->logprobs.count,
	};
	return nt_lanes_new(&j->lanes, j->lm, &how, j->pool);
}

/* --- what is said about it ---------------------------------------------------------- */

static double per_second(uint64_t n, uint64_t ns)
{
	return ns ? (double)n * 1e9 / (double)ns : 0;
}

static void show_progress(void *arg, const struct nt_lanes *l, uint64_t n_answer)
{
	const struct job *j = arg;
	struct nt_lanes_counts c = nt_lanes_counts(l);
	nt_cli_progress(j->cli, "%s, %s, %.0f tokens/s", nt_counted(n_answer, "answer"), nt_counted(c.chosen, "token"),
			per_second(c.chosen, nt_now_ns() - j->start_ns));
}

static const char *sentence_of(const struct job *j, enum nt_reason reason)
{
	static const char *const sentence[NT_REASON_COUNT] = {
		[NT_ENDED_EOS] = "the text ended", [NT_ENDED_STOP] = "a stop string came",
		[NT_ENDED_LENGTH] = "-n tokens are there", [NT_ENDED_CONTEXT] = "the context is full",
		[NT_ENDED_INTERRUPT] = "interrupted",
	};
	if (reason == NT_ENDED_STOP && j->counts.stop < j->o->stop.n)
		return j->o->stop.item[j->counts.stop];
	return sentence[reason];
}

/* "; the text ended", or of many answers how many ended how. */
static int add_reasons(const struct job *j, struct nt_buf *to)
{
	int rc = 0;
	for (int r = NT_ENDED_EOS; rc == 0 && r < NT_REASON_COUNT; r++) {
		uint64_t n = j->counts.ended[r];
		const char *between = to->len ? "," : ";";
		if (n && j->is_many)
			rc = nt_buf_printf(to, "%s %" PRIu64 " %s", between, n, nt_reason_name((enum nt_reason)r));
		else if (n)
			rc = nt_buf_printf(to, r == NT_ENDED_STOP ? "; stopped at '%s'" : "; %s",
					   sentence_of(j, (enum nt_reason)r));
	}
	return rc < 0 ? rc : nt_buf_add(to, "", 1);
}

/* " at 12 tokens/s", or nothing of no tokens. */
static const char *at_speed(char text[40], uint64_t n, uint64_t ns)
{
	*text = '\0';
	if (n)
		snprintf(text, 40, " at %.0f tokens/s", per_second(n, ns));
	return text;
}

/* The first token of an answer is chosen in the prompt's time. */
static int say_counts(struct job *j)
{
	struct nt_lanes_counts c = nt_lanes_counts(j->lanes);
	struct nt_buf reasons = {0};
	int rc = add_reasons(j, &reasons);
	char answers[64] = "", taken[40], stepped[40];
	if (j->is_many)
		snprintf(answers, sizeof(answers), "%s; ", nt_counted(j->counts.answers, "answer"));
	if (rc == 0)
		nt_cli_say(j->cli, "%s%s%s, %" PRIu64 " generated%s%s", answers, nt_counted(c.taken, "prompt token"),
			   at_speed(taken, c.taken, c.extend_ns), c.chosen, at_speed(stepped, c.stepped, c.step_ns),
			   (const char *)reasons.data);
	nt_buf_release(&reasons);
	return rc;
}

/* --- one prompt, many, a conversation ------------------------------------------------- */

static int answer(struct job *j)
{
	struct nt_prompts_options form = {.is_jsonl = j->o->jsonl, .field = j->o->field, .is_ids = j->o->ids,
					  .answer = j->o->answer_field, .others = nt_answer_members};
	struct nt_prompts *prompts;
	int rc = j->is_many ? nt_prompts_open(&prompts, &form, STDIN_FILENO, "standard input", j->how.stop)
			    : nt_prompts_of(&prompts, &form, j->prompt.data, j->prompt.len);
	if (j->is_many && !isatty(STDOUT_FILENO)) {
		j->how.progress = show_progress;
		j->how.progress_arg = j;
	}
	if (rc == 0)
		rc = nt_answer_prompts(&j->how, j->lanes, prompts, j->out, &j->counts);
	nt_prompts_close(prompts);
	return rc;
}

static void show_mark(void *arg, bool goes_on)
{
	const struct job *j = arg;
	if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && !j->cli->quiet)
		fputs(goes_on ? ". " : "> ", stderr);
}

static bool was_interrupted(void *arg)
{
	(void)arg;
	return nt_cli_was_interrupted();
}

static void note_end(void *arg, enum nt_reason reason, const char *remark)
{
	struct job *j = arg;
	j->counts.answers++;
	j->counts.ended[reason]++;
	if (remark)
		nt_cli_warn(j->cli, "%s; /reset begins another text", remark);
	else if (reason == NT_ENDED_CONTEXT)
		nt_cli_warn(j->cli, "the context is full; /reset begins another text");
	else
		nt_cli_note(j->cli, "%s", sentence_of(j, reason));
}

static int talk(struct job *j)
{
	struct nt_talk host = {.waits = show_mark, .was_interrupted = was_interrupted, .ended = note_end, .arg = j};
	struct nt_lines *lines;
	int rc = nt_lines_new(&lines, STDIN_FILENO, "standard input", j->how.stop);
	if (rc == 0)
		rc = nt_talk(&j->how, &host, j->lanes, lines, &j->prompt, j->out);
	nt_lines_free(lines);
	return rc;
}

static int read_prompt(struct job *j, char **operand, int n_operand)
{
	const char *given = j->o->prompt ? j->o->prompt : n_operand > 1 ? operand[1] : NULL;
	if (given)
		return nt_buf_add(&j->prompt, given, strlen(given));
	bool is_input = !j->is_many && !j->o->interactive && !isatty(STDIN_FILENO);
	int rc = is_input ? nt_read_file(&j->prompt, "-") : 0;
	return rc < 0 ? rc : nt_check_text("standard input", j->prompt.data, j->prompt.len);
}

/* A file that an interrupt cut short is not left. */
static int close_output(struct job *j)
{
	struct nt_out *out = j->out;
	j->out = NULL; /* the line behind this may go to the same terminal */
	if (!j->o->output || !*j->how.stop)
		return nt_out_close(out);
	nt_out_discard(out);
	nt_cli_say(j->cli, "interrupted: %s is not written", j->o->output);
	return 0;
}

static int run_job(struct job *j, char **operand, int n_operand)
{
	int rc = open_model(j, operand[0]);
	if (rc == 0)
		rc = set_how(j);
	if (rc == 0)
		rc = read_prompt(j, operand, n_operand);
	if (rc == 0)
		rc = open_lanes(j);
	if (rc == 0)
		rc = nt_out_open(&j->out, j->o->output, 0);
	j->start_ns = nt_now_ns();
	if (rc == 0)
		rc = j->o->interactive ? talk(j) : answer(j);
	if (rc == 0)
		rc = close_output(j);
	return rc < 0 ? rc : say_counts(j);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	const struct options *o = opt;
	struct job j = {.cli = cli, .o = o, .is_many = o->lines || o->jsonl};
	if (n_operand < 1)
		return nt_fail(NT_EARG, "no checkpoint named");
	if (n_operand > 2 || (n_operand == 2 && o->prompt))
		return nt_fail(NT_EARG, "'%s': one prompt is enough: put it in quotes", operand[n_operand - 1]);
	nt_cli_stop_flag();
	int rc = check_options(o, n_operand);
	if (rc == 0)
		rc = run_job(&j, operand, n_operand);
	nt_out_discard(j.out);
	nt_lanes_free(j.lanes);
	nt_lm_free(j.lm);
	nt_pool_free(j.pool);
	nt_tokenizer_free(j.t);
	nt_stops_release(&j.stops);
	nt_buf_release(&j.prompt);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-sample ckpt", "A text from its beginning"},
	{"nt-sample ckpt -p 'It is a truth' -n 100 --seed 7", "Go on from a prompt"},
	{"printf 'Once upon a time' | nt-sample ckpt --greedy --no-prompt", "A pipe; always the likeliest"},
	{"nt-sample ckpt -p 'The rain in' --stop . --stop '\\n' --dtype q8_0", "A sentence, from weights of 8 bits"},
	{"nt-sample ckpt --lines --no-prompt <prompts.txt >answers.txt", "A prompt a line, many at once"},
	{"nt-sample ckpt --jsonl --field question <questions.jsonl", "The same with objects: all their fields and the answer"},
	{"nt-sample ckpt -p 'The cat' -n 1 --logprobs=5", "What the model expects, and how much"},
	{"nt-sample ckpt --interactive", "A conversation; Ctrl-C ends an answer, Ctrl-D all of it"},
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
		 "Tokens are chosen as llama.cpp does: --repeat-penalty first, then the likeliest by --top-k, then by --top-p "
		 "those that have this share of what --top-k left, then by --min-p, all of them as probable as at "
		 "temperature 1; and one of what is left at the temperature --temp.\n\n"
		 "Generation ends at [E], which a model may have several of, in front of a --stop string, after "
		 "-n tokens, or when prompt and text fill the context the model was made for. An interrupt ends "
		 "it too, after the token that is being worked on; then a FILE of --output is not written.\n\n"
		 "With --lines or --jsonl prompts are read as there is room for them, and answered in their order, "
		 "each as soon as those before it are there. What a prompt's answer is depends on the prompt, its "
		 "number and the seed, and not on what is answered beside it, nor on --batch or --threads. The "
		 "first answer is the one that the prompt would get alone. A line that is no prompt ends the run, "
		 "when those before it are answered.\n\n"
		 "With --interactive each line is added to the text without the newline that ends it, and the "
		 "model goes on from there. A backslash at its end is a newline in the text, and the next line "
		 "belongs to it too. An empty line lets the model go on. /reset begins another text, from the "
		 "prompt if there is one. An interrupt ends the answer, or forgets what is typed, and the conversation "
		 "goes on; the end of input (Ctrl-D) ends it.",
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
