/* SPDX-License-Identifier: MIT */
/* train_run.c - whole runs of a tiny model: stopped and resumed, refused, damaged, diverged */
#include "data_fake.h"

#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>

#include "nt/data.h"
#include "nt/hash.h"
#include "nt/model.h"
#include "nt/random.h"
#include "nt/train.h"
#include "train/run.h"

enum { V = 40, BOS = V - 1, EOS = V - 2 };

static void write_data(const char *path, uint64_t seed, size_t n_doc)
{
	struct nt_ident ident = fake_ident(V);
	struct nt_out *out;
	struct nt_data_writer *w;
	uint32_t doc[64];
	SUCCEEDS(nt_out_open(&out, path, NT_OUT_BINARY));
	SUCCEEDS(nt_data_create(&w, out, &ident, &(struct nt_data_options){.kind = NT_DATA_DOCUMENTS}));
	for (size_t i = 0; i < n_doc; i++) {
		size_t n = (size_t)nt_random_below(seed, NT_RANDOM_SAMPLE, i, 50);
		doc[0] = BOS;
		for (size_t k = 0; k < n; k++)
			doc[1 + k] = (uint32_t)(nt_random_below(seed, NT_RANDOM_SAMPLE, 1000 + 64 * i + k, 9) +
						k % 4 * 9);
		doc[n + 1] = EOS;
		SUCCEEDS(nt_data_write_doc(w, doc, n + 2));
	}
	SUCCEEDS(nt_data_end(w, 0, 1));
	nt_data_writer_free(w);
	SUCCEEDS(nt_out_close(out));
}

static int begin(void **state)
{
	if (fake_begin(state) < 0)
		return -1;
	write_data(fake_path("data.bin"), 1, 60);
	write_data(fake_path("other.bin"), 2, 60);
	return 0;
}

/* Everything pinned, so nothing is measured. */
static struct nt_train_options tiny(const char *output)
{
	return (struct nt_train_options){
		.arch = NT_LLAMA,
		.hidden_size = 16,
		.num_hidden_layers = 2,
		.num_attention_heads = 2,
		.tie_word_embeddings = 1,
		.seq_len = 24,
		.batch_size = 3,
		.gradient_accumulation_steps = 2,
		.max_steps = 20,
		.time = 600,
		.seed = 5,
		.learning_rate = 0.01,
		.weight_decay = 0.1,
		.adam_beta1 = 0.9,
		.adam_beta2 = 0.99,
		.adam_eps = 1e-8,
		.muon_momentum = 0.95,
		.max_grad_norm = 1,
		.eval_every.steps = 7,
		.save_every.steps = 5,
		.keep = 2,
		.output = output,
	};
}

struct watcher {
	uint64_t stop_at; /* 0: never */
	volatile sig_atomic_t stop;
	double loss[64];
	uint64_t n_step, n_save, n_eval;
	uint64_t n_lost; /* evaluations of a step that lies on no disk yet */
	uint64_t saved_step;
	double val_loss, late;
	struct nt_buf label;
};

static void watch(void *arg, const struct nt_train_event *e)
{
	struct watcher *w = arg;
	if (e->kind == NT_EVENT_STEP) {
		w->loss[e->step - 1] = e->loss;
		w->n_step++;
		w->stop = w->stop_at && e->step == w->stop_at;
	}
	if (e->kind == NT_EVENT_START && e->label)
		nt_buf_printf(&w->label, "%s|", e->label);
	if (e->kind == NT_EVENT_SAVE) {
		w->n_save++;
		w->saved_step = e->step;
	}
	w->n_eval += e->kind == NT_EVENT_EVAL;
	w->n_lost += e->kind == NT_EVENT_EVAL && e->step % 5 == 0 && e->step != w->saved_step;
	if (e->kind == NT_EVENT_END) {
		w->val_loss = e->val_loss;
		w->late = e->late;
	}
}

/* An id is a letter. */
static int text_of(void *arg, const uint32_t *id, size_t n, struct nt_buf *out)
{
	(void)arg;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = nt_buf_printf(out, "%c", 'A' + (int)id[i]);
	return rc;
}

/* Opens, settles and runs; returns the first failure. */
static int run(const struct nt_train_options *o, const char *data, int n_thread, struct watcher *w)
{
	struct nt_pool *pool = nt_pool_new(n_thread);
	struct nt_train_plan plan;
	struct nt_train *t;
	int rc = nt_train_open(&t, o, (char *[]){(char *)(uintptr_t)data}, 1, pool);
	if (rc == 0)
		rc = nt_train_settle(t, &plan);
	if (rc == 0)
		rc = nt_train_run(t, &w->stop, &(struct nt_train_callback){watch, text_of, w});
	nt_train_free(t);
	nt_pool_free(pool);
	return rc;
}

static void assert_same_file(const char *a, const char *b)
{
	struct nt_buf x = {0}, y = {0};
	SUCCEEDS(nt_read_file(&x, a));
	SUCCEEDS(nt_read_file(&y, b));
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	nt_buf_release(&x);
	nt_buf_release(&y);
}

static void stop_and_resume(int optimizer, int moments)
{
	char straight[128], pieces[128];
	struct watcher a = {0}, b = {.stop_at = 10}, c = {0};
	snprintf(straight, sizeof(straight), "%s", fake_path("straight"));
	snprintf(pieces, sizeof(pieces), "%s", fake_path("pieces"));
	struct nt_train_options o = tiny(straight), p = tiny(pieces);
	o.restart = true;
	o.optimizer = p.optimizer = optimizer;
	o.moments = p.moments = moments;
	p.restart = true;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	SUCCEEDS(run(&p, fake_path("data.bin"), 2, &b));
	assert_int_equal(b.n_step, 10);
	p.restart = false;
	p.optimizer = NT_OPTIMIZER_ADAMW; /* not named: what is pinned counts */
	p.moments = NT_DTYPE_F32;
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &c));
	assert_int_equal(c.n_step, 10);
	assert_true(a.loss[19] < a.loss[0]);
	assert_true(a.loss[14] == c.loss[14]);
	assert_true(a.val_loss == c.val_loss);
	assert_same_file(fake_path("straight/model.safetensors"), fake_path("pieces/model.safetensors"));
	assert_same_file(fake_path("straight/latest/trainer.safetensors"),
			 fake_path("pieces/latest/trainer.safetensors"));
}

static void stopped_and_resumed_is_the_same_to_the_last_bit(void **state)
{
	(void)state;
	for (int moments = NT_DTYPE_F32; moments <= NT_DTYPE_BF16; moments++) {
		stop_and_resume(NT_OPTIMIZER_ADAMW, moments);
		stop_and_resume(NT_OPTIMIZER_MUON, moments);
		stop_and_resume(NT_OPTIMIZER_NORMUON, moments);
	}
}

/* Takes words out of a trainer.json and makes its hash agree. */
static void cut_trainer(const char *path, const char *words)
{
	struct nt_buf file = {0};
	size_t n = strlen(words), tail = sizeof("  \"xxh3_64\": \"0123456789abcdef\"\n}\n") - 1;
	char end[64];
	SUCCEEDS(nt_read_file(&file, path));
	char *at = memmem(file.data, file.len, words, n);
	assert_non_null(at);
	memmove(at, at + n, (size_t)((char *)file.data + file.len - at) - n);
	file.len -= n + tail;
	snprintf(end, sizeof(end), "  \"xxh3_64\": \"%016" PRIx64 "\"\n}\n", nt_hash64(file.data, file.len));
	SUCCEEDS(nt_buf_add(&file, end, tail));
	fake_write(path, file.data, file.len);
	nt_buf_release(&file);
}

static void a_checkpoint_of_before_muon_goes_on_with_adamw(void **state)
{
	(void)state;
	char straight[128], old[128];
	struct watcher a = {0}, b = {.stop_at = 10}, c = {0};
	snprintf(straight, sizeof(straight), "%s", fake_path("new"));
	snprintf(old, sizeof(old), "%s", fake_path("old"));
	struct nt_train_options o = tiny(straight), p = tiny(old);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &b));
	cut_trainer(fake_path("old/latest/trainer.json"), "\"optimizer\": \"adamw\", \"moments\": \"f32\", \"muon_momentum\": 0.94999999999999996, ");
	p.optimizer = NT_OPTIMIZER_MUON;
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &c));
	assert_int_equal(c.n_step, 10);
	assert_same_file(fake_path("new/model.safetensors"), fake_path("old/model.safetensors"));
}

static void saving_and_looking_by_the_clock_changes_no_number(void **state)
{
	(void)state;
	char steps[128], clock[128];
	struct watcher a = {0}, b = {0};
	snprintf(steps, sizeof(steps), "%s", fake_path("steps"));
	snprintf(clock, sizeof(clock), "%s", fake_path("clock"));
	struct nt_train_options o = tiny(steps), p = tiny(clock);
	o.eval_every = (struct nt_interval){.steps = 5};
	p.eval_every = p.save_every = (struct nt_interval){.seconds = 1e-9}; /* always */
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &b));
	assert_int_equal(a.n_eval, 3);
	assert_int_equal(a.n_save, 4);
	assert_int_equal(b.n_eval, 19);
	assert_int_equal(b.n_save, 20);
	assert_int_equal(a.n_lost + b.n_lost, 0); /* what is looked at is saved before */
	assert_memory_equal(a.loss, b.loss, sizeof(a.loss));
	assert_same_file(fake_path("steps/model.safetensors"), fake_path("clock/model.safetensors"));
	o = tiny(clock); /* resumed, the clock is pinned; a named interval replaces it */
	o.max_steps = 24;
	o.named = (const char *const[]){"max-steps"};
	o.n_named = 1;
	b = (struct watcher){0};
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &b));
	assert_int_equal(b.n_save, 4);
	o.max_steps = 28;
	o.named = (const char *const[]){"max-steps", "save-every"};
	o.n_named = 2;
	b = (struct watcher){0};
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &b));
	assert_int_equal(b.n_save, 2);
}

static struct nt_train_options settled(struct nt_train_options o, const char *data)
{
	struct nt_train_plan plan;
	struct nt_train *t;
	SUCCEEDS(nt_train_open(&t, &o, (char *[]){(char *)(uintptr_t)data}, 1, NULL));
	SUCCEEDS(nt_train_settle(t, &plan));
	o = plan.options;
	if (o.epochs > 0)
		assert_true(fabs(plan.epochs - o.epochs) < (double)plan.step_targets / (double)plan.n_target);
	nt_train_free(t);
	return o;
}

static void tokens_and_epochs_say_how_many_steps(void **state)
{
	(void)state;
	struct nt_train_options o = tiny(fake_path("unused"));
	o.max_steps = 0;
	o.seq_len = 52;
	o.epochs = 1;
	uint64_t once = settled(o, fake_path("data.bin")).max_steps;
	o.epochs = 2.5;
	uint64_t more = settled(o, fake_path("data.bin")).max_steps;
	assert_true(once > 1 && more > 2 * once && more <= 3 * once);
	o.epochs = 0;
	o.max_tokens = 1000;
	struct nt_train_options s = settled(o, fake_path("data.bin"));
	assert_in_range(s.max_steps, 1000 / (6 * 52), 1000 / (6 * 20));
	assert_true(s.time == 0);
	o.epochs = 1;
	struct nt_train *t;
	assert_int_equal(nt_train_open(&t, &o, (char *[]){(char *)(uintptr_t)fake_path("data.bin")}, 1, NULL),
			 NT_EARG);
	assert_says("three ways to say how long");
}

static void batch_tokens_are_positions_of_a_step(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {0};
	snprintf(dir, sizeof(dir), "%s", fake_path("positions"));
	struct nt_train_options o = tiny(dir), s;
	o.batch_tokens = 24 * 7 + 5;
	o.batch_size = o.gradient_accumulation_steps = 0;
	s = settled(o, fake_path("data.bin"));
	assert_int_equal(s.batch_size, 7);
	assert_int_equal(s.gradient_accumulation_steps, 1);
	o.gradient_accumulation_steps = 2;
	assert_int_equal(settled(o, fake_path("data.bin")).batch_size, 4);
	o.gradient_accumulation_steps = 0;
	o.batch_size = 2;
	assert_int_equal(settled(o, fake_path("data.bin")).gradient_accumulation_steps, 4);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	o.batch_size = 0;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w)); /* the same again resumes */
	o.batch_tokens = 24 * 12;
	assert_int_equal(run(&o, fake_path("data.bin"), 1, &w), NT_EARG);
	assert_says("its steps have 192 positions, and 288 were asked");
	o.output = fake_path("elsewhere");
	o.batch_tokens = 23;
	assert_int_equal(run(&o, fake_path("data.bin"), 1, &w), NT_EARG);
	assert_says("less than a row");
}

static void a_label_is_pinned_and_free_to_change(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {.stop_at = 3};
	snprintf(dir, sizeof(dir), "%s", fake_path("label"));
	struct nt_train_options o = tiny(dir);
	o.label = "\"a\" try";
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	o.label = NULL;
	w.stop_at = 6;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	o.label = "b";
	o.named = (const char *const[]){"label"};
	o.n_named = 1;
	w.stop_at = 9;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	assert_int_equal(w.label.len, sizeof("\"a\" try|\"a\" try|b|") - 1);
	assert_memory_equal(w.label.data, "\"a\" try|\"a\" try|b|", w.label.len);
	nt_buf_release(&w.label);
}

static void a_run_says_by_how_much_it_is_late(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {.stop_at = 3};
	snprintf(dir, sizeof(dir), "%s", fake_path("late"));
	struct nt_train_options o = tiny(dir);
	o.time = 1e-6;
	o.max_steps = 0; /* one, then: so little time is there */
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	assert_int_equal(w.n_step, 1);
	assert_true(w.late > 0);
	o.max_steps = 3;
	o.named = (const char *const[]){"max-steps"};
	o.n_named = 1;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w)); /* steps were asked: nothing is late */
	assert_true(w.late == 0);
}

static void tuning_takes_less_of_everything(void **state)
{
	(void)state;
	char from[128];
	struct watcher a = {0};
	snprintf(from, sizeof(from), "%s", fake_path("base"));
	struct nt_train_options o = tiny(from), p = tiny(fake_path("tuned")), s;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	p.finetune = true;
	struct nt_train *t;
	assert_int_equal(nt_train_open(&t, &p, (char *[]){(char *)(uintptr_t)fake_path("data.bin")}, 1, NULL),
			 NT_EARG);
	assert_says("--finetune goes on from a model");
	p.init = from;
	p.hidden_size = p.num_hidden_layers = p.num_attention_heads = p.max_steps = 0;
	p.learning_rate = 0;
	s = settled(p, fake_path("data.bin"));
	assert_true(s.learning_rate > 0 && s.min_learning_rate == 0);
	assert_int_equal(s.lr_schedule, NT_LR_WSD);
	p.epochs = 3;
	assert_int_equal(settled(p, fake_path("data.bin")).max_steps, s.max_steps);
	p.finetune = false;
	struct nt_train_options full = settled(p, fake_path("data.bin"));
	assert_true(fabs(full.learning_rate / s.learning_rate - 3) < 0.01);
	p.finetune = true;
	p.learning_rate = 0.5;
	p.named = (const char *const[]){"learning-rate", "lr-schedule", "min-learning-rate"};
	p.n_named = 3;
	s = settled(p, fake_path("data.bin"));
	assert_true(s.learning_rate == 0.5 && s.lr_schedule == NT_LR_COSINE);
}

static void values_that_were_pinned_need_not_be_repeated(void **state)
{
	(void)state;
	char straight[128], pieces[128];
	struct watcher a = {0}, b = {.stop_at = 4}, c = {0};
	snprintf(straight, sizeof(straight), "%s", fake_path("unbroken"));
	snprintf(pieces, sizeof(pieces), "%s", fake_path("broken"));
	struct nt_train_options o = tiny(straight), p = tiny(pieces);
	o.warmup_steps = p.warmup_steps = 8;
	o.min_learning_rate = p.min_learning_rate = 0.009;
	o.named = p.named = (const char *const[]){"warmup-steps", "min-learning-rate"};
	o.n_named = p.n_named = 2;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &b));
	p.n_named = 0;
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &c));
	assert_same_file(fake_path("unbroken/model.safetensors"), fake_path("broken/model.safetensors"));
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
	(void)state;
	char one[128], three[128];
	struct watcher a = {0}, b = {0};
	snprintf(one, sizeof(one), "%s", fake_path("one"));
	snprintf(three, sizeof(three), "%s", fake_path("three"));
	struct nt_train_options o = tiny(one), p = tiny(three);
	o.arch = p.arch = NT_GPT2;
	o.rows = p.rows = NT_ROWS_CONCAT;
	o.optimizer = p.optimizer = NT_OPTIMIZER_NORMUON;
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	SUCCEEDS(run(&p, fake_path("data.bin"), 3, &b));
	assert_same_file(fake_path("one/model.safetensors"), fake_path("three/model.safetensors"));
	assert_memory_equal(a.loss, b.loss, sizeof(a.loss));
}

static void old_steps_go_and_a_finished_run_has_nothing_to_do(void **state)
{
	(void)state;
	char dir[128];
	struct watcher a = {0}, b = {0};
	snprintf(dir, sizeof(dir), "%s", fake_path("keep"));
	struct nt_train_options o = tiny(dir);
	assert_int_equal(mkdir(dir, 0777), 0);
	assert_int_equal(mkdir(fake_path("keep/step-000003.part"), 0777), 0); /* of a killed run */
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	assert_int_equal(a.n_save, 4);
	assert_int_not_equal(access(fake_path("keep/step-000003.part"), F_OK), 0);
	assert_int_equal(access(fake_path("keep/step-000020/trainer.json"), F_OK), 0);
	assert_int_equal(access(fake_path("keep/step-000015/trainer.json"), F_OK), 0);
	assert_int_not_equal(access(fake_path("keep/step-000010"), F_OK), 0);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &b));
	assert_int_equal(b.n_step, 0);
	assert_int_equal(b.n_save, 0);
}

static void other_data_and_other_options_are_refused_by_name(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {.stop_at = 3};
	snprintf(dir, sizeof(dir), "%s", fake_path("refuse"));
	struct nt_train_options o = tiny(dir);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	assert_int_equal(run(&o, fake_path("other.bin"), 1, &w), NT_EARG);
	assert_says("trained on other data");
	o.hidden_size = 32;
	o.named = (const char *const[]){"hidden-size"};
	o.n_named = 1;
	assert_int_equal(run(&o, fake_path("data.bin"), 1, &w), NT_EARG);
	assert_says("its hidden-size is 16, and 32 was asked");
	o.n_named = 0; /* not asked for: what is pinned counts */
	w = (struct watcher){0};
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	assert_int_equal(w.n_step, 17);
	o.restart = true;
	w = (struct watcher){0};
	SUCCEEDS(run(&o, fake_path("other.bin"), 1, &w));
	assert_int_equal(w.n_step, 20);
}

static void damage_is_named_and_an_older_step_offered(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {.stop_at = 12};
	struct nt_buf file = {0};
	snprintf(dir, sizeof(dir), "%s", fake_path("damage"));
	struct nt_train_options o = tiny(dir);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	SUCCEEDS(nt_checkpoint_verify(dir));
	const char *moments = fake_path("damage/step-000012/trainer.safetensors");
	SUCCEEDS(nt_read_file(&file, moments));
	file.data[file.len - 5] ^= 1;
	fake_write(moments, file.data, file.len);
	nt_buf_release(&file);
	assert_int_equal(nt_checkpoint_verify(dir), NT_EFAIL);
	assert_says("step-000012/trainer.safetensors: damaged");
	assert_says("step-000010 is intact: nt-train --resume=auto");
	assert_int_equal(run(&o, fake_path("data.bin"), 1, &w), NT_EFORMAT);
	assert_says("step-000010 is intact");
	/* what the sentence says helps */
	assert_int_equal(unlink(fake_path("damage/latest")), 0);
	assert_int_equal(symlink("step-000010", fake_path("damage/latest")), 0);
	w = (struct watcher){0};
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	assert_int_equal(w.n_step, 10);
}

static void a_cut_or_changed_trainer_json_is_refused(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {.stop_at = 2};
	struct nt_buf file = {0};
	struct nt_trainer t;
	snprintf(dir, sizeof(dir), "%s", fake_path("trainer"));
	struct nt_train_options o = tiny(dir);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &w));
	SUCCEEDS(nt_read_file(&file, fake_path("trainer/latest/trainer.json")));
	SUCCEEDS(nt_trainer_parse(&t, file.data, file.len, "trainer.json"));
	assert_int_equal(t.step, 2);
	nt_trainer_release(&t);
	for (size_t len = 0; len < file.len; len++)
		assert_int_equal(nt_trainer_parse(&t, file.data, len, "trainer.json"), NT_EFORMAT);
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= 4;
		assert_int_equal(nt_trainer_parse(&t, file.data, file.len, "trainer.json"), NT_EFORMAT);
		file.data[i] ^= 4;
	}
	nt_buf_release(&file);
}

static void a_diverged_run_fails_and_is_not_saved(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {0};
	snprintf(dir, sizeof(dir), "%s", fake_path("diverged"));
	struct nt_train_options o = tiny(dir);
	o.learning_rate = 1e30;
	o.max_grad_norm = 0;
	assert_int_equal(run(&o, fake_path("data.bin"), 1, &w), NT_EFAIL);
	assert_says("it diverged");
	assert_int_equal(w.n_save, 0);
	assert_false(nt_checkpoint_is(dir));
}

static void a_model_that_is_not_ours_is_not_overwritten(void **state)
{
	(void)state;
	char dir[128];
	struct watcher w = {0};
	snprintf(dir, sizeof(dir), "%s", fake_path("foreign"));
	assert_int_equal(mkdir(dir, 0777), 0);
	fake_write(fake_path("foreign/config.json"), "{}", 2);
	struct nt_train_options o = tiny(dir);
	assert_int_equal(run(&o, fake_path("data.bin"), 1, &w), NT_EARG);
	assert_says("was not written by nt-train");
}

static void going_on_from_a_model_begins_with_its_weights(void **state)
{
	(void)state;
	char from[128], to[128];
	struct watcher a = {0}, b = {0};
	snprintf(from, sizeof(from), "%s", fake_path("from"));
	snprintf(to, sizeof(to), "%s", fake_path("to"));
	struct nt_train_options o = tiny(from), p = tiny(to);
	SUCCEEDS(run(&o, fake_path("data.bin"), 1, &a));
	p.init = from;
	p.hidden_size = 0; /* the model says it */
	p.num_hidden_layers = p.num_attention_heads = 0;
	SUCCEEDS(run(&p, fake_path("data.bin"), 1, &b));
	assert_true(b.loss[0] < a.loss[0] - 0.3);
	assert_int_equal(b.n_step, 20);
}

/* One span by itself, behind nothing: what its targets lose. */
static double lose_alone(struct nt_work *w, const struct nt_train *t, const struct nt_span *s)
{
	uint32_t id[64], target[64], start[64] = {0};
	SUCCEEDS(nt_corpus_read(&t->corpus, s->token, s->n + 1, id));
	for (size_t i = 0; i < s->n; i++)
		target[i] = i < s->context ? NT_IGNORE : id[i + 1];
	struct nt_batch batch = {1, s->n, id, target, start};
	return nt_forward(w, t->model, &batch, NULL, NULL);
}

/* What the rows of a step sum to is what their spans give one by one, in all and for each source. */
static void check_packed_step(char *const *data, size_t n_data, uint64_t seq_len, uint64_t stride)
{
	struct nt_train_options o = tiny(fake_path("unused"));
	struct nt_train_plan plan;
	struct nt_train *t;
	struct nt_step_result r;
	struct nt_work *w;
	double alone[2] = {0};
	uint64_t n_target[2] = {0};
	o.seq_len = seq_len;
	o.stride = stride;
	o.batch_size = 4;
	SUCCEEDS(nt_train_open(&t, &o, data, n_data, NULL));
	SUCCEEDS(nt_train_settle(t, &plan));
	SUCCEEDS(nt_train_prepare(t));
	SUCCEEDS(nt_train_one_step(t, 0, &r));
	SUCCEEDS(nt_work_new(&w, &t->config, 1, seq_len, NT_PASS_FORWARD, NULL));
	nt_model_init(t->model, o.seed); /* without the decay of that step */
	const struct nt_rows *rows = &t->split.train;
	for (uint64_t k = 0; k < 8; k++) {
		uint64_t row = nt_rows_order(rows, o.seed, k);
		size_t source = nt_rows_source(rows, row);
		for (size_t i = rows->first[row]; i < rows->first[row + 1]; i++) {
			alone[source] += lose_alone(w, t, &rows->span[i]);
			n_target[source] += rows->span[i].n - rows->span[i].context;
		}
	}
	assert_int_equal(r.n_target, n_target[0] + n_target[1]);
	assert_true(fabs(r.loss / (alone[0] + alone[1]) - 1) < 1e-6);
	for (size_t i = 0; i < t->corpus.n_source; i++) {
		assert_int_equal(t->tally[i].n_target, n_target[i]);
		assert_true(n_target[i] > 0);
		assert_true(fabs(t->tally[i].nats / alone[i] - 1) < 1e-6);
	}
	nt_work_free(w);
	nt_train_free(t);
}

static void a_packed_step_is_the_sum_of_its_documents(void **state)
{
	(void)state;
	char a[160], b[160], *data[2] = {a, b};
	snprintf(a, sizeof(a), "%s", fake_path("data.bin"));
	check_packed_step(data, 1, 52, 0); /* every document whole */
	check_packed_step(data, 1, 20, 0);
	check_packed_step(data, 1, 20, 7);
	snprintf(a, sizeof(a), "%s:0.4", fake_path("data.bin"));
	snprintf(b, sizeof(b), "%s:0.6", fake_path("other.bin"));
	check_packed_step(data, 2, 52, 0);
	check_packed_step(data, 2, 20, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stopped_and_resumed_is_the_same_to_the_last_bit),
		cmocka_unit_test(a_checkpoint_of_before_muon_goes_on_with_adamw),
		cmocka_unit_test(saving_and_looking_by_the_clock_changes_no_number),
		cmocka_unit_test(tokens_and_epochs_say_how_many_steps),
		cmocka_unit_test(batch_tokens_are_positions_of_a_step),
		cmocka_unit_test(a_label_is_pinned_and_free_to_change),
		cmocka_unit_test(a_run_says_by_how_much_it_is_late),
		cmocka_unit_test(tuning_takes_less_of_everything),
		cmocka_unit_test(values_that_were_pinned_need_not_be_repeated),
		cmocka_unit_test(any_number_of_threads_gives_the_same_bits),
		cmocka_unit_test(old_steps_go_and_a_finished_run_has_nothing_to_do),
		cmocka_unit_test(other_data_and_other_options_are_refused_by_name),
		cmocka_unit_test(damage_is_named_and_an_older_step_offered),
		cmocka_unit_test(a_cut_or_changed_trainer_json_is_refused),
		cmocka_unit_test(a_diverged_run_fails_and_is_not_saved),
		cmocka_unit_test(a_model_that_is_not_ours_is_not_overwritten),
		cmocka_unit_test(going_on_from_a_model_begins_with_its_weights),
		cmocka_unit_test(a_packed_step_is_the_sum_of_its_documents),
	};
	return cmocka_run_group_tests(tests, begin, fake_end);
}
