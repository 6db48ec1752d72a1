/* SPDX-License-Identifier: MIT */
/*
 * train.c - the loop: steps, and what is judged, told, looked at and saved between them
 *
 * A step is judged by its loss before it moves the weights, and weights are saved only
 * if rows that come next have a loss like those before. A run that is to end with its
 * time counts its steps anew on the way. Opening is open.c's, a step step.c's.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/least.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "train/budget.h"
#include "train/log.h"
#include "train/pace.h"
#include "train/run.h"
#include "train/schedule.h"

enum { COUNTS = 64 }; /* times in a run that its steps are counted anew */

struct runner {
	struct nt_train *t;
	const struct nt_train_callback *callback;
	struct nt_log log;
	uint64_t saved_ns, looked_ns, sampled_ns;
	uint64_t n_look_row;   /* of evaluations on the way; 0: not known yet */
	struct nt_stretch stretch; /* since the steps were last counted, ... */
	uint64_t counted_ns;       /* ... then */
	double look_row, save;     /* seconds that a held-out row and a save took; 0: there was none */
	double seconds_before; /* of earlier runs */
	struct nt_watch watch;
	struct nt_pace first;  /* ... its first stretch; step 0: it has not ended */
	unsigned told;         /* causes of slowness, a bit each */
	double smooth_loss, smooth_tokens, smooth_seconds, weight; /* moving sums */
	uint64_t saved_step;   /* UINT64_MAX: none */
	struct nt_train_event event; /* the latest */
	struct nt_train_loss *loss;  /* [the most sources] what its `source` is */
};

static double seconds_between(uint64_t a, uint64_t b)
{
	return (double)(b - a) * 1e-9;
}

/* Seconds that the end is past its time, as far as can be told now. */
static double lateness(const struct runner *r)
{
	const struct nt_train_options *o = &r->t->options;
	double eta = r->t->step < o->max_steps ? r->event.eta : 0;
	return o->time > 0 && eta >= 0 ? fmax(0, r->t->seconds + eta - o->time) : 0;
}

/* Logs the event and tells the caller. */
static int tell(struct runner *r, enum nt_train_event_kind kind)
{
	struct nt_train *t = r->t;
	struct nt_train_event *e = &r->event;
	t->seconds = r->seconds_before + seconds_between(t->open_ns, nt_now_ns());
	e->kind = kind;
	e->step = t->step;
	e->max_steps = t->options.max_steps;
	e->tokens = t->tokens;
	e->time = t->seconds;
	e->late = lateness(r);
	int rc = nt_log_add(&r->log, e);
	if (r->callback && r->callback->event)
		r->callback->event(r->callback->arg, e);
	return rc;
}

/* Leaves in the event what each source made of the loss, if there are several. */
static void divide_loss(struct runner *r, const struct nt_corpus *c)
{
	for (size_t i = 0; i < c->n_source; i++) {
		const struct nt_tally *s = &r->t->tally[i];
		r->loss[i] = (struct nt_train_loss){
			.name = c->source[i].name,
			.loss = s->n_target ? s->nats / (double)s->n_target : NAN,
			.bpb = s->n_byte ? s->nats / log(2) / (double)s->n_byte : NAN,
			.n_target = s->n_target,
		};
	}
	r->event.source = r->loss;
	r->event.n_source = c->n_source > 1 ? c->n_source : 0;
}

/* Ends a run whose numbers are none any more, naming what there is to go back to. */
static int diverged(const struct runner *r, uint64_t step, const char *what, double value)
{
	const struct nt_train *t = r->t;
	struct nt_buf last = {0};
	if (nt_checkpoint_current(t->options.output, &last) < 0 || !last.data)
		nt_buf_add(&last, "none", 5);
	int rc = nt_fail(NT_EFAIL,
			 "step %" PRIu64 ": the %s is %g: it diverged; last checkpoint: %s; "
			 "try --restart with a lower --learning-rate than %g",
			 step, what, fabs(value), last.data ? (const char *)last.data : "none",
			 t->options.learning_rate);
	nt_buf_release(&last);
	return rc;
}

/* A step can leave weights behind that no gradient has seen yet: they are saved only if rows
 * that come next have a loss under them, and one like those before. */
static int check_weights(struct runner *r)
{
	double loss;
	bool is_sound;
	int rc = nt_train_is_sound(r->t, 0, &is_sound, &loss);
	return rc < 0 || is_sound ? rc : diverged(r, r->t->step, "loss of the rows that come next", loss);
}

static int save(struct runner *r)
{
	struct nt_train *t = r->t;
	struct nt_trainer now = {.step = t->step, .tokens = t->tokens, .band = t->band, .options = t->options,
				 .mixture = (const char *)t->mixture.data};
	struct nt_buf path = {0};
	uint64_t start = nt_now_ns();
	now.seconds = t->seconds;
	nt_corpus_hash(&t->corpus, now.data_hash);
	if (t->val.n)
		nt_corpus_hash(&t->val, now.val_hash);
	nt_hex128(t->corpus.ident->fingerprint, now.fingerprint);
	int rc = check_weights(r);
	if (rc == 0) /* a checkpoint whose steps are not in the log would leave a gap there */
		rc = nt_log_sync(&r->log);
	if (rc == 0)
		rc = nt_checkpoint_save(t->options.output, &now, t->model, &t->optimizer, t->corpus.ident,
					&path);
	if (rc == 0) {
		r->saved_step = t->step;
		r->saved_ns = nt_now_ns();
		r->save = seconds_between(start, r->saved_ns);
		r->event.path = (const char *)path.data;
		rc = tell(r, NT_EVENT_SAVE);
	}
	nt_buf_release(&path);
	return rc;
}

/*
 * Rows of one evaluation on the way: all, if that takes less than a twentieth of the
 * training's time. A held-out row costs a third of a trained one. By the clock it is decided at
 * the first one, so that all look at the same rows.
 */
static uint64_t eval_rows(const struct runner *r)
{
	const struct nt_train *t = r->t;
	const struct nt_train_options *o = &t->options;
	const struct nt_interval *every = &o->eval_every;
	uint64_t all = t->split.val.n_row, most = r->n_look_row;
	uint64_t n = o->replanned.n ? o->replanned.was[0].max_steps : o->max_steps;
	if (every->steps)
		most = n * nt_rows_per_step(o) * 3 / 20 / (n / every->steps + 1);
	else if (!most)
		most = (uint64_t)fmin((double)all, every->seconds * r->weight / r->smooth_seconds *
							   (double)nt_rows_per_step(o) * 3 / 20);
	if (most < 8)
		most = 8;
	return all < most ? all : most;
}

/* The held-out loss over n_row rows, left in the event. */
static int look(struct runner *r, uint64_t n_row)
{
	struct nt_train_event *e = &r->event;
	uint64_t start = nt_now_ns();
	int rc = nt_train_evaluate(r->t, n_row, &e->val_loss, &e->val_bpb);
	r->look_row = seconds_between(start, nt_now_ns()) / (double)n_row;
	divide_loss(r, nt_val_corpus(r->t));
	if (rc == 0 && !isfinite(e->val_loss))
		rc = diverged(r, r->t->step, "held-out loss", e->val_loss);
	return rc;
}

static void average(struct runner *r, const struct nt_step_result *s, double seconds)
{
	struct nt_train *t = r->t;
	struct nt_train_event *e = &r->event;
	const double keep = 0.95;
	double loss = s->loss / (double)s->n_target;
	r->weight = keep * r->weight + 1;
	r->smooth_loss = keep * r->smooth_loss + loss;
	r->smooth_tokens = keep * r->smooth_tokens + (double)s->n_target;
	r->smooth_seconds = keep * r->smooth_seconds + seconds;
	e->loss = loss;
	e->smooth_loss = r->smooth_loss / r->weight;
	e->grad_norm = s->grad_norm;
	e->tokens_per_s = r->smooth_tokens / r->smooth_seconds;
	double flops = e->tokens_per_s * t->plan.flops_per_token, *peak = &t->plan.peak_flops;
	if (*peak > 0 && flops > *peak) /* it was measured while another program had the machine */
		*peak = flops;
	e->mfu = *peak > 0 ? flops / *peak : NAN;
	e->eta = (double)(t->options.max_steps - t->step) * r->smooth_seconds / r->weight;
}

/* Says why steps are slow, once for each cause. */
static int warn(struct runner *r, const struct nt_pace *first)
{
	struct nt_train *t = r->t;
	struct nt_pace *now = &r->watch.now;
	int n_thread = nt_pool_size(t->pool);
	enum nt_slow cause = nt_pace_judge(first, now, n_thread);
	char text[256];
	if (cause == NT_SLOW_UNKNOWN) {
		now->peak = nt_measure_peak(t->options.dtype, t->pool);
		cause = nt_pace_judge(first, now, n_thread);
	}
	if (cause == NT_SLOW_NOT || r->told & 1u << cause)
		return 0;
	r->told |= 1u << cause;
	nt_pace_text(text, cause, first, now);
	r->event.text = text;
	r->event.text_len = strlen(text);
	return tell(r, NT_EVENT_WARNING);
}

static int watch(struct runner *r, double seconds, double cpu)
{
	if (!nt_watch_step(&r->watch, seconds, cpu))
		return 0;
	if (r->first.step > 0)
		return warn(r, &r->first);
	r->first = r->watch.now;
	r->first.peak = r->t->plan.peak_flops;
	return warn(r, NULL);
}

/* Tells of a loss far outside its band, or of what is no number; says whether its step is left out.
 * Weights that have such a loss on other rows too are not sound, and end the run. */
static int meet_spike(struct runner *r, double loss, bool *is_skipped)
{
	struct nt_train *t = r->t;
	struct nt_train_event *e = &r->event;
	struct nt_buf rows = {0};
	double other;
	bool is_sound = false;
	int policy = t->options.on_spike, rc = nt_train_name_rows(t, &rows);
	if (rc == 0 && isfinite(loss) && isfinite(e->grad_norm))
		rc = nt_train_is_sound(t, 1, &is_sound, &other);
	e->loss = loss;
	e->mean = t->band.mean;
	e->deviations = nt_band_deviations(&t->band, loss);
	e->rows = &rows;
	*is_skipped = is_sound && policy == NT_SPIKE_SKIP;
	e->action = *is_skipped ? "skip" : is_sound && policy == NT_SPIKE_WARN ? "warn" : "stop";
	t->step++; /* the one that is meant */
	if (rc == 0)
		rc = tell(r, NT_EVENT_SPIKE);
	t->step--;
	nt_buf_release(&rows);
	t->band.skipped += *is_skipped;
	if (rc < 0 || *e->action != 's' || *is_skipped)
		return rc;
	if (!is_sound)
		return isfinite(loss) && !isfinite(e->grad_norm) ? diverged(r, t->step + 1, "gradient's norm", e->grad_norm)
								 : diverged(r, t->step + 1, "loss", loss);
	if (t->step > 0 && t->step != r->saved_step && (rc = save(r)) < 0)
		return rc;
	return nt_fail(NT_EFAIL, "step %" PRIu64 ": the loss is %.4g, where it was about %.4g, and other rows have none such: its "
				 "documents stand in the log; --on-spike=skip goes on without them",
		       t->step + 1, loss, t->band.mean);
}

/* What to do with the gradient that there is now. */
static int judge(struct runner *r, const struct nt_step_result *s, bool *is_skipped)
{
	struct nt_train *t = r->t;
	double loss = s->loss / (double)s->n_target;
	bool is_number = isfinite(s->loss) && isfinite(s->grad_norm);
	*is_skipped = false;
	r->event.grad_norm = s->grad_norm;
	if (is_number && (t->options.on_spike == NT_SPIKE_OFF || !nt_band_is_out(&t->band, loss, t->config.vocab_size))) {
		nt_band_add(&t->band, loss);
		return 0;
	}
	return meet_spike(r, loss, is_skipped);
}

static int advance(struct runner *r)
{
	struct nt_train *t = r->t;
	struct nt_step_result s;
	uint64_t start = nt_now_ns();
	double cpu = nt_cpu_seconds();
	r->event.lr = nt_schedule_lr(&t->options, t->step);
	bool is_skipped;
	int rc = nt_train_gradient(t, &s);
	if (rc < 0)
		return rc;
	divide_loss(r, &t->corpus);
	if ((rc = judge(r, &s, &is_skipped)) < 0)
		return rc;
	if (!is_skipped)
		nt_train_update(t, r->event.lr, &s);
	t->step++;
	t->tokens += is_skipped ? 0 : s.n_target;
	double seconds = seconds_between(start, nt_now_ns());
	cpu = nt_cpu_seconds() - cpu;
	nt_stretch_add(&r->stretch, seconds);
	if (!is_skipped)
		average(r, &s, seconds);
	rc = tell(r, NT_EVENT_STEP);
	return rc < 0 ? rc : watch(r, seconds, cpu);
}

/* Is it time again after this step? `last`: when it last was. */
static bool is_due(const struct nt_interval *every, uint64_t step, uint64_t last)
{
	return every->steps ? step % every->steps == 0
			    : seconds_between(last, nt_now_ns()) >= every->seconds;
}

static bool is_set(const struct nt_interval *every)
{
	return every->steps || every->seconds > 0;
}

static int look_on_the_way(struct runner *r)
{
	int rc = 0;
	if (r->t->split.val.n_row) {
		r->n_look_row = eval_rows(r);
		rc = look(r, r->n_look_row);
		if (rc == 0)
			rc = tell(r, NT_EVENT_EVAL);
	}
	r->looked_ns = nt_now_ns();
	return rc;
}

/* Tells what the model makes of the prompt. */
static int sample(struct runner *r)
{
	struct nt_train *t = r->t;
	const struct nt_train_callback *c = r->callback;
	uint32_t id[NT_SAMPLE_TOKENS];
	struct nt_buf text = {0};
	size_t n;
	int rc = nt_train_sample(t, id, &n);
	if (rc == 0)
		rc = c->text(c->arg, t->prompt, t->n_prompt, &text);
	if (rc == 0)
		rc = c->text(c->arg, id, n, &text);
	if (rc == 0) {
		r->event.text = text.len ? (const char *)text.data : "";
		r->event.text_len = text.len;
		rc = tell(r, NT_EVENT_SAMPLE);
	}
	r->sampled_ns = nt_now_ns();
	nt_buf_release(&text);
	return rc;
}

/* How often something will happen on the way from the step to the end. */
static double times_left(const struct nt_interval *every, const struct nt_train *t, double step_seconds)
{
	uint64_t last = t->options.max_steps - 1;
	return every->steps ? (double)(last / every->steps - t->step / every->steps)
			    : (double)(last - t->step) * step_seconds / every->seconds;
}

/* Seconds that evaluations and saves will still take. */
static double aside(struct runner *r, double step_seconds)
{
	const struct nt_train *t = r->t;
	const struct nt_train_options *o = &t->options;
	double row = r->look_row > 0 ? r->look_row : step_seconds / (double)nt_rows_per_step(o) / 3;
	double n_row = times_left(&o->eval_every, t, step_seconds) * (double)eval_rows(r);
	return (n_row + (double)t->split.val.n_row) * row + (times_left(&o->save_every, t, step_seconds) + 1) * r->save;
}

/* Gives a run that is to end with its time as many steps as there are still time for, where these
 * are others than planned. What was planned until here is kept: the schedule depends on it. */
static int keep_time(struct runner *r)
{
	struct nt_train *t = r->t;
	struct nt_train_options *o = &t->options;
	struct nt_replanned *was = &o->replanned;
	double step = nt_stretch_step(&r->stretch);
	if (!(o->time > 0) || t->step == o->max_steps || t->step < o->warmup_steps || was->n == NT_REPLANS_MAX ||
	    !(step > 0) || seconds_between(r->counted_ns, nt_now_ns()) < o->time / COUNTS)
		return 0;
	r->counted_ns = nt_now_ns();
	r->stretch = (struct nt_stretch){0};
	struct nt_rest rest = {.time = o->time, .step = step, .n_step = o->max_steps - t->step};
	rest.left = o->time - t->seconds - aside(r, step);
	uint64_t n = least(t->step + nt_budget_steps(&rest), nt_steps_of_use(t));
	if (n == o->max_steps || n <= t->step)
		return 0;
	was->was[was->n].until = t->step;
	was->was[was->n++].max_steps = o->max_steps;
	o->max_steps = n;
	return tell(r, NT_EVENT_PLAN);
}

/* What a step calls for beside itself. It is saved first, so that nothing is lost to what comes
 * behind. Long runs that save by their steps also save by the clock. */
static int save_and_look(struct runner *r)
{
	static const struct nt_interval at_least = {.seconds = 600};
	const struct nt_train *t = r->t;
	const struct nt_train_options *o = &t->options;
	int rc = 0;
	if (t->step == o->max_steps)
		return 0;
	if (is_due(&o->save_every, t->step, r->saved_ns) ||
	    (o->save_every.steps && is_due(&at_least, t->step, r->saved_ns)))
		rc = save(r);
	bool is_look = is_due(&o->eval_every, t->step, r->looked_ns), has_own = is_set(&o->sample_every);
	bool is_sample = has_own ? is_due(&o->sample_every, t->step, r->sampled_ns) : is_look;
	if (rc == 0 && is_look)
		rc = look_on_the_way(r);
	if (rc == 0 && is_sample && t->n_prompt)
		rc = sample(r);
	return rc;
}

static int tell_start(struct runner *r)
{
	struct nt_buf about = {0};
	int rc = nt_train_about(&about, r->t);
	r->event.label = r->t->options.label;
	r->event.about = &about;
	if (rc == 0)
		rc = tell(r, NT_EVENT_START);
	r->event.about = NULL;
	nt_buf_release(&about);
	if (rc == 0 && r->t->damage.len) {
		r->event.text = (const char *)r->t->damage.data;
		r->event.text_len = r->t->damage.len;
		rc = tell(r, NT_EVENT_WARNING);
	}
	return rc;
}

static int loop(struct runner *r, const volatile sig_atomic_t *stop)
{
	const struct nt_train *t = r->t;
	int rc = tell_start(r);
	while (rc == 0 && t->step < t->options.max_steps && !(stop && *stop)) {
		rc = advance(r);
		if (rc == 0)
			rc = keep_time(r);
		if (rc == 0)
			rc = save_and_look(r);
	}
	if (rc < 0)
		return rc;
	r->event.val_loss = r->event.val_bpb = NAN;
	r->event.n_source = 0;
	if (t->step != r->saved_step)
		rc = save(r);
	bool is_end = t->step == t->options.max_steps;
	if (rc == 0 && is_end && t->n_prompt)
		rc = sample(r);
	if (rc == 0 && is_end && t->split.val.n_row)
		rc = look(r, t->split.val.n_row);
	if (rc == 0)
		rc = tell(r, NT_EVENT_END);
	return rc < 0 ? rc : nt_log_end(&r->log);
}

/* Between reading the checkpoint and locking the directory another run may have ended. */
static int check_unchanged(const struct nt_train *t)
{
	struct nt_buf now = {0};
	int rc = t->options.restart ? 0 : nt_checkpoint_current(t->options.output, &now);
	if (rc >= 0 && (now.len != t->latest.len ||
			(now.len && memcmp(now.data, t->latest.data, now.len) != 0)))
		rc = nt_fail(NT_EFAIL, "%s: another nt-train has just changed it: run again",
			     t->options.output);
	nt_buf_release(&now);
	return rc < 0 ? rc : 0;
}

int nt_train_run(struct nt_train *t, const volatile sig_atomic_t *stop,
		 const struct nt_train_callback *callback)
{
	struct runner r = {.t = t, .callback = callback, .log.fd = -1,
			   .saved_step = t->is_resumed ? t->step : UINT64_MAX,
			   .event.smooth_loss = NAN,
			   .seconds_before = t->seconds};
	size_t a = t->corpus.n_source, b = nt_val_corpus(t)->n_source;
	nt_assert(t->is_settled && t->corpus.n);
	int rc = nt_train_check_prompt(t);
	if (rc < 0 || (rc = nt_memory_check(t)) < 0) /* before a checkpoint makes way for it */
		return rc;
	if (!(r.loss = nt_calloc(a > b ? a : b, sizeof(*r.loss))))
		return NT_ESYS;
	r.saved_ns = r.looked_ns = r.sampled_ns = r.counted_ns = nt_now_ns();
	rc = nt_checkpoint_claim(t->options.output, t->options.force);
	if (rc == 0)
		rc = nt_log_open(&r.log, t->options.output, t->options.force);
	if (rc == 0)
		rc = check_unchanged(t);
	if (rc == 0 && t->options.restart)
		rc = nt_checkpoint_clear(t->options.output);
	if (rc == 0)
		rc = nt_train_prepare(t);
	if (rc == 0 && t->damage.len)
		rc = nt_checkpoint_point(t->options.output, (const char *)t->step_dir.data);
	if (rc == 0 && t->damage.len)
		rc = nt_checkpoint_set_aside(t->options.output, (const char *)t->step_dir.data,
					     (const char *)t->latest.data);
	if (rc == 0 && t->is_resumed)
		rc = nt_checkpoint_tidy(t->options.output, t->step, t->options.keep);
	if (rc == 0) {
		t->plan.peak_flops = nt_measure_peak(t->options.dtype, t->pool);
		nt_watch_start(&r.watch, 60);
		rc = loop(&r, stop);
	}
	nt_log_close(&r.log);
	free(r.loss);
	return rc;
}
