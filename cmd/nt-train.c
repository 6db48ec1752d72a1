/* SPDX-License-Identifier: MIT */
/*
 * nt-train - train a causal transformer on data files
 *
 * The door reads the options, counts the bytes behind each token of the data's own
 * vocabulary (for bits/byte), and says what the run tells it. Everything else, what is
 * chosen when an option is left out too, is lib/train.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/tokenizer.h"
#include "nt/train.h"

struct options {
	struct nt_train_options train;
	struct nt_opt_every eval_every, save_every, sample_every;
	const char *sample_prompt, *replanned;
	struct nt_list named, weight;
	bool plan, bench, json;
};

/* What the callback needs. */
struct listener {
	const struct nt_cli *cli;
	const struct nt_tokenizer *tokenizer; /* of samples */
	double val_loss, val_bpb; /* the latest */
	struct nt_train_event last;
};

static int count_bytes(struct nt_train *t, const struct nt_tokenizer *tokenizer)
{
	uint32_t *bytes = nt_token_lengths(tokenizer);
	if (!bytes)
		return NT_ESYS;
	int rc = nt_train_set_token_bytes(t, bytes);
	free(bytes);
	return rc;
}

/* A model that is gone on with must have been made with the data's tokenizer. */
static int check_init(const char *dir, const struct nt_tokenizer *ours, const struct nt_cli *cli)
{
	struct nt_tokenizer *theirs;
	if (nt_tokenizer_open(&theirs, dir, NULL) < 0) {
		nt_cli_warn(cli, "%s: its tokenizer cannot be compared with that of the data: %s", dir,
			    nt_errmsg());
		return 0;
	}
	const struct nt_ident *a = nt_tokenizer_ident(theirs), *b = nt_tokenizer_ident(ours);
	bool are_known = a && b, is_same = are_known && memcmp(a->fingerprint, b->fingerprint, 16) == 0;
	nt_tokenizer_free(theirs);
	return !are_known ? NT_ESYS
	       : is_same  ? 0
		       : nt_fail(NT_EFORMAT, "%s: its tokenizer is not that of the data: "
					     "use nt-tokenize -t %s", dir, dir);
}

/* Samples go on from [B] and the prompt. */
static int set_prompt(struct nt_train *t, const struct nt_tokenizer *tokenizer, const char *text)
{
	uint32_t bos = nt_train_ident(t)->bos;
	struct nt_ids ids = {0};
	struct nt_encoder *e = nt_encoder_new(tokenizer);
	int rc = e ? 0 : NT_ESYS;
	if (rc == 0 && bos != NT_NO_TOKEN)
		rc = nt_ids_add(&ids, &bos, 1);
	if (rc == 0)
		rc = nt_encode(e, text, strlen(text), 0, &ids);
	if (rc == 0 && ids.n == 0)
		rc = nt_fail(NT_EARG, "the tokenizer has no token to begin a text with: samples need --sample-prompt");
	if (rc == 0)
		rc = nt_train_set_prompt(t, ids.id, ids.n);
	nt_encoder_free(e);
	nt_ids_release(&ids);
	return rc;
}

static int look_at_tokens(struct nt_tokenizer **tokenizer, struct nt_train *t, const struct options *o,
			  const struct nt_cli *cli)
{
	const struct nt_ident *ident = nt_train_ident(t);
	int rc = nt_tokenizer_parse(tokenizer, ident->json, ident->json_len, ident->name);
	if (rc == 0)
		rc = count_bytes(t, *tokenizer);
	if (rc == 0 && o->train.init)
		rc = check_init(o->train.init, *tokenizer, cli);
	if (rc == 0 && (o->sample_prompt || o->sample_every.count || o->sample_every.seconds > 0))
		rc = set_prompt(t, *tokenizer, o->sample_prompt ? o->sample_prompt : "");
	return rc;
}

static void text_of_time(char out[32], double seconds)
{
	if (seconds < 100)
		snprintf(out, 32, "%.0fs", seconds);
	else if (seconds < 6000)
		snprintf(out, 32, "%.0fm%02.0fs", floor(seconds / 60), fmod(floor(seconds), 60));
	else
		snprintf(out, 32, "%.1fh", seconds / 3600);
}

static void on_step(struct listener *l, const struct nt_train_event *e)
{
	char eta[32], val[48] = "", over[32], end[96];
	if (!nt_cli_progress_due(l->cli))
		return;
	text_of_time(eta, e->eta);
	text_of_time(over, e->late);
	if (!isnan(l->val_loss))
		snprintf(val, sizeof(val), "  val %.3f", l->val_loss);
	if (e->late >= 1) /* of 80 columns there are not enough for both */
		snprintf(end, sizeof(end), "ETA %s, %s late", eta, over);
	else
		snprintf(end, sizeof(end), "MFU %.0f %%  ETA %s", 100 * e->mfu, eta);
	nt_cli_progress(l->cli, "step %" PRIu64 "/%" PRIu64 "  loss %.3f%s  %.0f tokens/s  %s", e->step,
			e->max_steps, e->smooth_loss, val, e->tokens_per_s, end);
}

/* "wiki 3.2100, books 3.5000", those that fit. */
static void text_of_sources(char out[400], const struct nt_train_event *e)
{
	size_t len = 0;
	*out = 0;
	for (size_t i = 0; i < e->n_source && len < 400; i++)
		if (e->source[i].n_target)
			len += (size_t)snprintf(out + len, 400 - len, "%s%s %.4f", len ? ", " : "",
						e->source[i].name, e->source[i].loss);
}

static void say_sources(const struct nt_cli *cli, const struct nt_train_event *e,
			void (*say)(const struct nt_cli *cli, const char *fmt, ...))
{
	char text[400];
	text_of_sources(text, e);
	if (*text)
		say(cli, "held out by source: %s nats/token", text);
}

static void on_event(void *arg, const struct nt_train_event *e)
{
	struct listener *l = arg;
	l->last = *e;
	if (e->kind == NT_EVENT_STEP)
		on_step(l, e);
	if (e->kind == NT_EVENT_END)
		say_sources(l->cli, e, nt_cli_say);
	if (e->kind == NT_EVENT_WARNING)
		nt_cli_warn(l->cli, "step %" PRIu64 ": %s", e->step, e->text);
	if (e->kind == NT_EVENT_SPIKE && strcmp(e->action, "stop") != 0)
		nt_cli_warn(l->cli, "step %" PRIu64 ": the loss is %.4g, where it was about %.4g: %s; its documents stand in "
				"the log", e->step, e->loss, e->mean, *e->action == 's' ? "left out" : "trained on, as --on-spike=warn says");
	if (e->kind == NT_EVENT_PLAN)
		nt_cli_note(l->cli, "step %" PRIu64 ": to end in time, %s in all", e->step,
			    nt_counted(e->max_steps, "step"));
	if (e->kind == NT_EVENT_SAVE)
		nt_cli_note(l->cli, "step %" PRIu64 ": saved %s", e->step, e->path);
	if (e->kind != NT_EVENT_EVAL)
		return;
	l->val_loss = e->val_loss;
	nt_cli_note(l->cli, "step %" PRIu64 ": loss %.4f, held out %.4f nats/token, %.4f bits/byte", e->step,
		    e->smooth_loss, e->val_loss, e->val_bpb);
	say_sources(l->cli, e, nt_cli_note);
}

static int text_of_ids(void *arg, const uint32_t *id, size_t n, struct nt_buf *out)
{
	const struct listener *l = arg;
	return nt_decode(l->tokenizer, id, n, out);
}

/* In millions, but of a small text not "0.00M". */
static const char *show_targets(char text[32], uint64_t n)
{
	if (n < 10000)
		return nt_counted(n, "target");
	snprintf(text, 32, "%.2fM targets", (double)n * 1e-6);
	return text;
}

static int say_plan(const struct nt_cli *cli, const struct nt_train_plan *p)
{
	char targets[32];
	const struct nt_train_options *o = &p->options;
	struct nt_buf pins = {0};
	if (*p->remark)
		nt_cli_say(cli, "%s", p->remark);
	if (p->is_finished)
		return 0;
	if (p->first_step) {
		nt_cli_say(cli, "resuming %s at step %" PRIu64 " of %" PRIu64, o->output, p->first_step,
			   o->max_steps);
		return 0;
	}
	nt_cli_say(cli, "%.2fM parameters, %s, %s of %" PRIu64 " tokens, %.3g epochs", (double)p->n_param * 1e-6,
		   show_targets(targets, p->n_target), nt_counted(o->max_steps, "step"), p->step_targets, p->epochs);
	for (size_t i = 0; i < p->n_source && i < 20; i++)
		nt_cli_say(cli, "%s: %.1f %% of what is trained on, %.3g epochs of %s", p->source[i].name,
			   100 * p->source[i].share, p->source[i].epochs,
			   show_targets(targets, p->source[i].n_target));
	if (p->predicted_loss > 0) /* what texts came to beside it: docs/training.md */
		nt_cli_say(cli, "novels would end at about %.2f nats/token held out; other texts in English came to "
				"within 0.8 of that", p->predicted_loss);
	int rc = nt_train_plan_options(p, &pins);
	if (rc == 0 && p->chosen_for > 0)
		nt_cli_say(cli, "chosen for %.0f s on this machine; the same again: %.*s", p->chosen_for,
			   (int)pins.len, (const char *)pins.data);
	nt_buf_release(&pins);
	return rc;
}

static int print_plan(const struct nt_train_plan *p, bool as_json)
{
	struct nt_buf text = {0};
	int rc = nt_train_plan_write(p, as_json, &text);
	if (rc == 0)
		fwrite(text.data, 1, text.len, stdout);
	nt_buf_release(&text);
	return rc;
}

static int bench(struct nt_train *t, bool as_json)
{
	struct nt_train_bench b;
	int rc = nt_train_measure(t, &b);
	if (rc < 0)
		return rc;
	printf(as_json ? "{\"tokens_per_s\": %.1f, \"mfu\": %.4f, \"peak_rss\": %.0f, \"step_ms\": %.3f, "
			 "\"steps\": %" PRIu64 "}\n"
		       : "tokens_per_s %.1f\nmfu          %.4f\npeak_rss     %.0f bytes\n"
			 "step_ms      %.3f\nsteps        %" PRIu64 "\n",
	       b.tokens_per_s, b.mfu, (double)b.peak_rss, b.step_ms, b.n_step);
	return 0;
}

static int train(struct nt_train *t, const struct nt_train_plan *p, const struct nt_tokenizer *tokenizer,
		 const struct nt_cli *cli)
{
	const char *dir = p->options.output;
	struct listener l = {.cli = cli, .tokenizer = tokenizer, .val_loss = NAN};
	struct nt_train_callback callback = {on_event, text_of_ids, &l};
	char took[32], over[32], loss[32] = "", held_out[96] = "";
	if (p->is_finished) {
		nt_cli_say(cli, "%s: already trained for %s, which is all: --max-steps=N goes on, --restart begins anew",
			   dir, nt_counted(p->options.max_steps, "step"));
		return 0;
	}
	int rc = nt_train_run(t, nt_cli_stop_flag(), &callback);
	if (rc < 0)
		return rc;
	text_of_time(took, l.last.time);
	if (!isnan(l.last.smooth_loss)) /* a run that was stopped at once has none */
		snprintf(loss, sizeof(loss), ": loss %.4f", l.last.smooth_loss);
	if (!isnan(l.last.val_loss))
		snprintf(held_out, sizeof(held_out), ", held out %.4f nats/token, %.4f bits/byte",
			 l.last.val_loss, l.last.val_bpb);
	nt_cli_say(cli, "%s %s at step %" PRIu64 " of %" PRIu64 "%s%s; %" PRIu64
			" tokens in %s",
		   dir, l.last.step < l.last.max_steps ? "stopped and saved" : "finished", l.last.step,
		   l.last.max_steps, loss, held_out, l.last.tokens, took);
	text_of_time(over, l.last.late);
	if (l.last.step == l.last.max_steps && l.last.late >= fmax(1, 0.03 * p->options.time))
		nt_cli_warn(cli, "%s longer than --time: the machine became slower at the very end", over);
	return 0;
}

static int perform(const struct nt_cli *cli, const struct options *o, struct nt_train *t,
		   const struct nt_tokenizer *tokenizer)
{
	struct nt_train_plan plan;
	int rc;
	if (!o->plan && !o->bench)
		nt_cli_stop_flag(); /* who stops the run while it measures finds a checkpoint, too */
	if ((rc = nt_train_settle(t, &plan)) < 0)
		return rc;
	if (o->plan)
		return print_plan(&plan, o->json);
	if ((rc = say_plan(cli, &plan)) < 0)
		return rc;
	return o->bench ? bench(t, o->json) : train(t, &plan, tokenizer, cli);
}

/* The speed of a shape by itself. */
static int perform_blank(const struct nt_cli *cli, const struct options *o, struct nt_train *t)
{
	struct nt_train_plan plan;
	int rc = nt_train_settle(t, &plan);
	if (rc < 0)
		return rc;
	nt_cli_say(cli, "%.2fM parameters, steps of %" PRIu64 " tokens that are made up",
		   (double)plan.n_param * 1e-6, plan.step_targets);
	return bench(t, o->json);
}

/* What writes nothing need not agree with a checkpoint that is there. */
static int open_run(struct nt_train **t, const struct options *o, char **operand, size_t n,
		    struct nt_pool *pool, const struct nt_cli *cli)
{
	int rc = nt_train_open(t, &o->train, operand, n, pool);
	if (rc == 0 || o->train.restart || !(o->plan || o->bench))
		return rc;
	struct nt_train_options anew = o->train;
	char why[1024];
	snprintf(why, sizeof(why), "%s", nt_errmsg());
	anew.restart = true;
	rc = nt_train_open(t, &anew, operand, n, pool);
	if (rc == 0)
		nt_cli_warn(cli, "%s; this is about a new run", why);
	return rc;
}

static int run(struct nt_cli *cli, void *opts, char **operand, int n_operand)
{
	struct options *o = opts;
	struct nt_train *t;
	struct nt_tokenizer *tokenizer = NULL;
	if (n_operand == 0 && !o->bench)
		return nt_fail(NT_EARG, "no data file: name what nt-pack wrote, as in nt-train data.bin");
	if (n_operand && o->train.vocab_size)
		return nt_fail(NT_EARG, "--vocab-size is for --bench without data: a data file names its vocabulary");
	if (n_operand == 0 && !o->train.vocab_size)
		o->train.vocab_size = 8192;
	if (o->json && !o->plan && !o->bench)
		return nt_fail(NT_EARG, "--json goes with --plan or --bench; a run keeps its log in %s/log.jsonl",
			       o->train.output);
	o->train.eval_every = (struct nt_interval){o->eval_every.count, o->eval_every.seconds};
	o->train.sample_every = (struct nt_interval){o->sample_every.count, o->sample_every.seconds};
	o->train.save_every = (struct nt_interval){o->save_every.count, o->save_every.seconds};
	o->train.named = o->named.item;
	o->train.n_named = o->named.n;
	o->train.weight = o->weight.item;
	o->train.n_weight = o->weight.n;
	if (o->replanned && nt_train_read_replanned(&o->train.replanned, o->replanned) < 0)
		return NT_EARG;
	struct nt_pool *pool = nt_pool_new((int)cli->threads);
	if (!pool)
		return NT_ESYS;
	int rc = open_run(&t, o, operand, (size_t)n_operand, pool, cli);
	if (rc == 0 && n_operand == 0)
		rc = perform_blank(cli, o, t);
	else if (rc == 0 && (rc = look_at_tokens(&tokenizer, t, o, cli)) == 0)
		rc = perform(cli, o, t, tokenizer);
	nt_tokenizer_free(tokenizer);
	nt_train_free(t);
	nt_pool_free(pool);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-train data.bin", "Train for ten minutes, into ckpt/; run it again to resume"},
	{"nt-train --time 2h --val val.bin data.bin -o big", "Two hours, with held-out data of its own"},
	{"nt-train wiki.bin:0.7 books.bin:0.3", "Seven tokens of ten out of one file, three out of the other"},
	{"nt-train --plan --hidden-size 768 --num-hidden-layers 12 data.bin",
	 "Say what that takes, and stop"},
	{"nt-train --size 10M --time 1h data.bin", "A model of about so many weights, as good as it gets in an hour"},
	{"nt-train --bench --hidden-size 768 --num-hidden-layers 12 --seq-len 512 --batch-size 4",
	 "Time a shape, without any data"},
	{"nt-train --init gpt2/ --learning-rate 1e-4 --max-steps 500 -o tuned data.bin",
	 "Go on from a Hugging Face directory"},
	{0},
};

#define AT(field) offsetof(struct options, field)
#define TRAIN(field) AT(train.field)
static const struct nt_opt opts[] = {
	{'o', "output", NT_OPT_STR, TRAIN(output), "DIR", "ckpt", 0, 0, "the checkpoint directory"},
	{0, "resume", NT_OPT_ENUM, TRAIN(resume), "latest|auto", "latest", 0, 0,
	 "what a run goes on from: the latest checkpoint, which must be whole, or the newest that is"},
	{0, "restart", NT_OPT_FLAG, TRAIN(restart), NULL, NULL, 0, 0,
	 "forget the checkpoint that is there and begin anew"},
	{'f', "force", NT_OPT_FLAG, TRAIN(force), NULL, NULL, 0, 0,
	 "write into a folder that holds a model of another program, in its place"},
	{0, "time", NT_OPT_TIME, TRAIN(time), "TIME", "10m", 0.1, 1e9,
	 "what size is chosen for and, unless steps are said, when the run ends"},
	{0, "max-steps", NT_OPT_COUNT, TRAIN(max_steps), "N", NULL, 1, 1e15,
	 "steps in all; chosen from --time unless said"},
	{0, "replanned", NT_OPT_STR, AT(replanned), "STEP:N,...", NULL, 0, 0,
	 "do again a run that --time has changed on its way: until each STEP --max-steps was N"},
	{0, "max-tokens", NT_OPT_COUNT, TRAIN(max_tokens), "N", NULL, 1, 1e18,
	 "the same in tokens to be predicted, as in 500M or 1e9"},
	{0, "epochs", NT_OPT_REAL, TRAIN(epochs), "X", NULL, 1e-9, 1e9,
	 "the same in times that the data is seen"},
	{0, "init", NT_OPT_STR, TRAIN(init), "DIR", NULL, 0, 0,
	 "go on from the weights of a Hugging Face directory"},
	{0, "finetune", NT_OPT_FLAG, TRAIN(finetune), NULL, NULL, 0, 0,
	 "with --init: a third of the learning rate, a short warm-up, the rate constant and then down to 0, "
	 "and three epochs at most, unless said"},
	{'s', "seed", NT_OPT_COUNT, TRAIN(seed), "N", "1337", 0, 1e18,
	 "for the first weights and the order of rows"},
	{0, "weight", NT_OPT_LIST, AT(weight), "NAME=X", NULL, 0, 0,
	 "a source's share of the tokens that are trained on, whatever files it lies in"},
	{.help = "The model; what is left out is chosen"},
	{0, "arch", NT_OPT_ENUM, TRAIN(arch), "llama|gpt2|qwen3|qwen2|mistral", "llama", 0, 0,
	 "the family; qwen3 is llama with norms of queries and keys"},
	{0, "size", NT_OPT_COUNT, TRAIN(size), "N", NULL, 1, 1e12,
	 "weights in all, about, as in 10M: width, layers and heads follow"},
	{0, "hidden-size", NT_OPT_COUNT, TRAIN(hidden_size), "N", NULL, 1, 1 << 20, "width"},
	{0, "intermediate-size", NT_OPT_COUNT, TRAIN(intermediate_size), "N", NULL, 1, 1 << 22,
	 "width inside the MLP"},
	{0, "num-hidden-layers", NT_OPT_COUNT, TRAIN(num_hidden_layers), "N", NULL, 1, 1 << 12, "depth"},
	{0, "num-attention-heads", NT_OPT_COUNT, TRAIN(num_attention_heads), "N", NULL, 1, 1 << 12,
	 "query heads"},
	{0, "num-key-value-heads", NT_OPT_COUNT, TRAIN(num_key_value_heads), "N", NULL, 1, 1 << 12,
	 "key and value heads; fewer than query heads share them"},
	{0, "head-dim", NT_OPT_COUNT, TRAIN(head_dim), "N", NULL, 1, 1 << 12,
	 "width of a head; --hidden-size divided among them unless said"},
	{0, "vocab-size", NT_OPT_COUNT, TRAIN(vocab_size), "N", NULL, 2, 1 << 24,
	 "with --bench and no data; 8192 unless said"},
	{0, "tie-word-embeddings", NT_OPT_ENUM, TRAIN(tie_word_embeddings), "false|true", "true", 0, 0,
	 "one matrix for input and output"},
	{0, "dtype", NT_OPT_ENUM, TRAIN(dtype), "f32|bf16|auto", "auto", 0, 0,
	 "what matrix products are multiplied in; sums and weights are f32. auto: bf16 where the CPU does"},
	{.help = "Rows and steps"},
	{0, "rows", NT_OPT_ENUM, TRAIN(rows), "fit|concat", "fit", 0, 0,
	 "whole documents side by side, or windows of all text in a line"},
	{0, "seq-len", NT_OPT_COUNT, TRAIN(seq_len), "N", NULL, 1, 1 << 24,
	 "positions in a row; 256 unless the data says otherwise"},
	{0, "stride", NT_OPT_COUNT, TRAIN(stride), "N", NULL, 1, 1 << 24,
	 "rows of a document that is longer begin N tokens apart; as many as --seq-len unless said"},
	{0, "batch-size", NT_OPT_COUNT, TRAIN(batch_size), "N", NULL, 1, 1 << 20,
	 "rows computed at once"},
	{0, "gradient-accumulation-steps", NT_OPT_COUNT, TRAIN(gradient_accumulation_steps), "N", NULL, 1,
	 1 << 20, "batches in a step"},
	{0, "batch-tokens", NT_OPT_COUNT, TRAIN(batch_tokens), "N", NULL, 1, 1e12,
	 "positions in a step: these two follow from it and from memory"},
	{0, "memory", NT_OPT_SIZE, TRAIN(memory), "SIZE", NULL, 1 << 20, 0x1p53,
	 "what training may take in all, as in 8G: smaller batches, then --recompute make it fit"},
	{0, "recompute", NT_OPT_ENUM, TRAIN(recompute), "auto|no|yes", "auto", 0, 0,
	 "keep of a layer only what goes in, for a third more work; auto: where memory is short"},
	{.help = "The optimizer"},
	{0, "optimizer", NT_OPT_ENUM, TRAIN(optimizer), "adamw|muon|normuon", "normuon", 0, 0,
	 "what moves the matrices of layers; the rest is AdamW's. normuon: muon, and all outputs of a matrix "
	 "are moved equally far"},
	{0, "moments", NT_OPT_ENUM, TRAIN(moments), "f32|bf16", "f32", 0, 0,
	 "what it remembers of gradients; bf16 takes half the memory, is rounded by chance, and ends as low"},
	{0, "learning-rate", NT_OPT_REAL, TRAIN(learning_rate), "X", NULL, 1e-12, 100,
	 "its highest value; chosen from the width unless said"},
	{0, "min-learning-rate", NT_OPT_REAL, TRAIN(min_learning_rate), "X", NULL, 0, 100,
	 "its last value; a tenth of the highest unless said"},
	{0, "embedding-learning-rate", NT_OPT_REAL, TRAIN(embedding_learning_rate), "X", NULL, 1e-12, 100,
	 "the highest rate of embeddings and head, which rises and falls with the other; 6 times "
	 "--learning-rate with Muon unless said"},
	{0, "lr-schedule", NT_OPT_ENUM, TRAIN(lr_schedule), "cosine|wsd|constant", "cosine", 0, 0,
	 "how it gets there"},
	{0, "warmup-steps", NT_OPT_COUNT, TRAIN(warmup_steps), "N", NULL, 0, 1e15,
	 "steps to the highest rate; a twentieth, at most 200, unless said"},
	{0, "weight-decay", NT_OPT_REAL, TRAIN(weight_decay), "X", "0.1", 0, 100,
	 "of matrices, decoupled"},
	{0, "adam-beta1", NT_OPT_REAL, TRAIN(adam_beta1), "X", "0.9", 0, 0.9999999, "memory of the gradient"},
	{0, "adam-beta2", NT_OPT_REAL, TRAIN(adam_beta2), "X", "0.99", 0, 0.9999999, "memory of its square"},
	{0, "adam-eps", NT_OPT_REAL, TRAIN(adam_eps), "X", "1e-8", 1e-30, 1, "added to the root"},
	{0, "muon-momentum", NT_OPT_REAL, TRAIN(muon_momentum), "X", "0.95", 0, 0.9999999,
	 "Muon's memory of the gradient"},
	{0, "max-grad-norm", NT_OPT_REAL, TRAIN(max_grad_norm), "X", "1", 0, 1e30,
	 "longer gradients are shortened to it; 0 leaves them"},
	{0, "on-spike", NT_OPT_ENUM, TRAIN(on_spike), "warn|skip|stop|off", "warn", 0, 0,
	 "a step with a loss far above those before it is told and trained on, left out, or ends the run; weights "
	 "that have such a loss on all rows end it, unless off"},
	{0, "z-loss", NT_OPT_REAL, TRAIN(z_loss), "X", "0", 0, 1,
	 "add X times the square of log Z to each target's loss, so that logits do not drift; PaLM took 1e-4"},
	{.help = "Looking and saving"},
	{0, "val", NT_OPT_STR, TRAIN(val), "FILE", NULL, 0, 0,
	 "held-out data file; about 1 % of the data unless said"},
	{0, "eval-every", NT_OPT_EVERY, AT(eval_every), "N|TIME", NULL, 0, 0,
	 "steps (500) or time (10m) between evaluations; a tenth of the run unless said"},
	{0, "save-every", NT_OPT_EVERY, AT(save_every), "N|TIME", NULL, 0, 0,
	 "steps or time between checkpoints; a tenth of the run, at most ten minutes, unless said"},
	{0, "keep", NT_OPT_COUNT, TRAIN(keep), "N", "2", 1, 1e9, "checkpoints to keep"},
	{0, "sample-prompt", NT_OPT_STR, AT(sample_prompt), "TEXT", NULL, 0, 0,
	 "at each evaluation, write what the model makes of TEXT into the log"},
	{0, "sample-every", NT_OPT_EVERY, AT(sample_every), "N|TIME", NULL, 0, 0,
	 "do so at steps or times of its own; without a prompt, from the beginning of a text"},
	{0, "label", NT_OPT_STR, TRAIN(label), "TEXT", NULL, 0, 0,
	 "what you call the run, for its log and its checkpoints"},
	{0, "plan", NT_OPT_FLAG, AT(plan), NULL, NULL, 0, 0, "print memory and FLOPs, and stop"},
	{0, "bench", NT_OPT_FLAG, AT(bench), NULL, NULL, 0, 0,
	 "print the speed, and stop; without a data file, that of the shape on made-up tokens"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0, "print --plan or --bench as one JSON object"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-train",
	.what = "train a causal transformer",
	.synopsis = "[OPTION...] DATA[:WEIGHT]...",
	.about =
		"Trains on data files that nt-pack wrote, and writes a directory that Hugging Face's "
		"programs load as it is. Without options it measures this machine, chooses the size that "
		"should end with the lowest loss when the time is up, says which options would choose the "
		"same, and keeps them in the checkpoint.\n\n"
		"The same command again goes on where the last one stopped, bit for bit as if it had not. "
		"Other data, or an option that contradicts the checkpoint, is refused. SIGINT, SIGTERM "
		"and, but for nohup(1), SIGHUP finish the step, save, and stop.\n\n"
		"Several files are one set, read in proportion to their sizes; DATA:WEIGHT gives a file that share "
		"of the tokens that are trained on, whatever its size, and files without a weight share what is left "
		"of 1. --weight does the same for a source that lies in many files. Sources, which nt-pack --source "
		"names, and files that have weights keep their rows apart, and the log tells the loss of each.\n\n"
		"The loss is the sum of -log p over all targets of a step divided by their number, in "
		"nats/token. Documents that share a row do not see each other.",
	.examples = examples,
	.see_also = "nt-info nt-pack nt-sample nt-score",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.named_at = AT(named),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
