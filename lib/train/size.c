/* SPDX-License-Identifier: MIT */
/*
 * size.c - the shape that ends with the lowest loss when the time is up
 *
 * A ladder of shapes is priced: measured speed and the time give the tokens each would
 * see, a scaling law the loss it would end with, and the lowest wins. The law is that
 * of Hoffmann et al. 2022 (arXiv:2203.15556) with the exponents of Besiroglu et al.
 * 2024 (arXiv:2404.10102) and factors fitted at this end, for each optimizer its own
 * (docs/recipe.md): theirs, from models a thousand times as large, choose models half as large
 * as do best here; tokens seen again count as Muennighoff et al. 2023
 * (arXiv:2305.16264) found: the k-th repeat is worth exp(-k / 15.4) of new text. Their
 * second term, for weights in excess of the data, is left out: it was fitted to models
 * a thousand times as large and forbids what works well at this end. In its place stands
 * a plain limit, far from where texts worth training on come: without one, the law gives
 * ten words the largest model there is time for.
 *
 * For the choice only the place of the minimum counts: the number depends on tokenizer and text.
 */
#include "train/size.h"

#include <inttypes.h>
#include <math.h>

#include "model/layout.h"
#include "nt/cpu.h"
#include "nt/err.h"
#include "train/run.h"
#include "train/settings.h"

static const struct {
	uint32_t hidden_size, num_hidden_layers;
} ladder[] = {
	{64, 2},  {96, 3},  {128, 4},  {192, 5},  {256, 6},   {320, 7},   {384, 8},
	{512, 8}, {640, 10}, {768, 12}, {1024, 16}, {1280, 20}, {1536, 24}, {2048, 24},
};
#define N_RUNG (sizeof(ladder) / sizeof(*ladder))

/* L = e + a / n^0.348 + b / d^0.366 */
struct law {
	double e, a, b;
};
static const struct law law_adamw = {2.39, 79.4, 175.8}, law_muon = {2.35, 77.9, 147.7};

double nt_size_n(const struct nt_config *c)
{
	/* the FLOPs of attention grow with T and are not weights: see what T does, undo it */
	double one = nt_flops_per_token(c, 1), two = nt_flops_per_token(c, 2);
	return (one - (two - one)) / 6;
}

double nt_size_loss(double n, double d, double u, int optimizer)
{
	const double fading = 15.4; /* repeats until one is worth 1/e of new text */
	if (d > u && u > 0)
		d = u * (1 + fading * (1 - exp(-(d / u - 1) / fading)));
	const struct law *law = optimizer == NT_OPTIMIZER_ADAMW ? &law_adamw : &law_muon;
	return law->e + law->a / pow(n, 0.3478) + law->b / pow(d > 1 ? d : 1, 0.3658);
}

/* Between two rungs in proportion. */
static uint64_t layers_for(uint64_t hidden_size)
{
	size_t i = 0;
	while (i < N_RUNG && ladder[i].hidden_size < hidden_size)
		i++;
	if (i == 0 || i == N_RUNG)
		return ladder[i ? N_RUNG - 1 : 0].num_hidden_layers;
	uint64_t from = ladder[i - 1].hidden_size, width = ladder[i].hidden_size - from;
	uint64_t layers = ladder[i - 1].num_hidden_layers, more = ladder[i].num_hidden_layers - layers;
	return layers + ((hidden_size - from) * more + width / 2) / width;
}

/* Heads of 32 below a width of 128 and of 64 from there on, a multiple of the key-value heads; fewer
 * if they do not divide the width: transformers 5 wants a Llama's to, whatever head_dim is told. */
static uint64_t heads_for(uint64_t hidden_size, uint64_t head_dim, uint64_t kv_heads)
{
	uint64_t step = kv_heads ? kv_heads : 1;
	uint64_t heads = hidden_size / (head_dim ? head_dim : hidden_size < 128 ? 32 : 64) / step * step;
	while (heads > step && (hidden_size % heads || (!head_dim && (hidden_size / heads) % 2)))
		heads -= step;
	return heads ? heads : step;
}

void nt_size_complete(struct nt_train_options *o)
{
	if (!o->num_hidden_layers)
		o->num_hidden_layers = layers_for(o->hidden_size);
	if (!o->num_attention_heads)
		o->num_attention_heads = heads_for(o->hidden_size, o->head_dim, o->num_key_value_heads);
	if (!o->head_dim && o->hidden_size % o->num_attention_heads == 0)
		o->head_dim = o->hidden_size / o->num_attention_heads;
	if (!o->num_key_value_heads)
		o->num_key_value_heads = o->num_attention_heads;
	/* SwiGLU has three matrices where GELU has two: 8/3 of the width instead of 4 */
	if (!o->intermediate_size)
		o->intermediate_size = o->arch == NT_GPT2 ? 4 * o->hidden_size
							  : (o->hidden_size * 8 / 3 + 31) / 32 * 32;
}

/*
 * Small models learn most from many small steps: reading most of Jane Austen once, a
 * width of 128 ends at 1.66 bits/byte with 512 positions a step and at 2.06 with 2048.
 * Large ones, which run longer, can wait for a cleaner gradient. Muon wants a cleaner one than
 * AdamW: a width of 96 ended a minute at 1.456 with 1024, and three minutes at 1.431 with 512.
 */
uint64_t nt_size_positions(uint64_t hidden_size, int optimizer)
{
	uint64_t least = optimizer != NT_OPTIMIZER_ADAMW ? 1024 : 512;
	return hidden_size <= 128 ? least : hidden_size <= 256 ? 1024 : hidden_size <= 384 ? 2048 :
	       hidden_size <= 640 ? 4096 : 16384;
}

struct nt_config nt_size_config(const struct nt_train_options *o, const struct nt_ident *ident)
{
	return (struct nt_config){
		.arch = (enum nt_arch)o->arch,
		.vocab_size = ident->vocab_size,
		.hidden_size = (uint32_t)o->hidden_size,
		.intermediate_size = (uint32_t)o->intermediate_size,
		.num_hidden_layers = (uint32_t)o->num_hidden_layers,
		.num_attention_heads = (uint32_t)o->num_attention_heads,
		.num_key_value_heads = (uint32_t)o->num_key_value_heads,
		.head_dim = (uint32_t)o->head_dim,
		.max_position_embeddings = (uint32_t)o->seq_len,
		.norm_eps = 1e-5,
		.rope_theta = 10000,
		.initializer_range = 0.02,
		.tie_word_embeddings = o->tie_word_embeddings,
		.bos_token_id = ident->bos,
		.eos_token_id = ident->eos,
	};
}

/* The shape of a width, as far as the user left it open. NT_EARG: the user's own numbers do not
 * go with it. */
static int at_width(struct nt_train_options *o, struct nt_config *c, uint64_t hidden_size, const struct nt_ident *ident)
{
	o->hidden_size = hidden_size;
	nt_size_complete(o);
	int rc = nt_settings_check(o);
	*c = nt_size_config(o, ident);
	return rc < 0 ? rc : nt_config_check(c);
}

/* What a width is a multiple of for the heads that are asked: they are of an even size, and divide
 * it even where they need not fill it. */
static uint64_t width_unit(const struct nt_train_options *o)
{
	uint64_t heads = o->num_attention_heads ? o->num_attention_heads : o->num_key_value_heads;
	if (o->arch == NT_GPT2 && o->head_dim)
		return o->head_dim * (heads ? heads : 1);
	return !heads ? 1 : o->head_dim ? heads : 2 * heads;
}

/* The multiple of unit nearest to a width. */
static uint64_t fit_width(uint64_t width, uint64_t unit)
{
	uint64_t n = (width + unit / 2) / unit;
	return n ? n * unit : unit;
}

/* After the last width was refused as all before it. */
static int no_width(void)
{
	return nt_fail(NT_EARG, "no width that is tried goes with the shape that is asked: %s", nt_errmsg());
}

/* FLOP/s that a model reaches, as measured at two sizes; between them in proportion. */
struct speed {
	double flops[2], rate[2]; /* FLOPs a token; FLOP/s */
};

static double rate_at(const struct speed *s, double flops)
{
	double at = log(flops / s->flops[0]) / log(s->flops[1] / s->flops[0]);
	at = at < 0 ? 0 : at > 1 ? 1 : at;
	return s->rate[0] * pow(s->rate[1] / s->rate[0], at);
}

static int measure_speed(struct speed *s, const struct nt_train_options *options,
			 const struct nt_ident *ident, struct nt_pool *pool)
{
	static const size_t rung[2] = {2, 5};
	for (int i = 0; i < 2; i++) {
		struct nt_train_options o = *options;
		struct nt_config c;
		o.num_attention_heads = o.num_key_value_heads = o.num_hidden_layers = o.intermediate_size = 0;
		o.head_dim = o.arch == NT_GPT2 ? 0 : o.head_dim; /* its heads fill the width, also these two */
		int rc = at_width(&o, &c, ladder[rung[i]].hidden_size, ident);
		if (rc < 0)
			return rc;
		size_t B = o.seq_len < 1024 ? (size_t)(1024 / o.seq_len) : 1;
		s->flops[i] = nt_flops_per_token(&c, o.seq_len);
		rc = nt_measure_model(&c, B, o.seq_len, o.dtype, pool, &s->rate[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* What the optimizer adds to each token: Muon's products are by the step. */
static double optimizer_flops(const struct nt_train_options *o, const struct nt_config *c)
{
	uint64_t n = o->gradient_accumulation_steps ? o->gradient_accumulation_steps : 1;
	uint64_t positions = o->batch_tokens ? o->batch_tokens
			     : o->batch_size ? o->batch_size * n * o->seq_len
					     : nt_size_positions(c->hidden_size, o->optimizer);
	return o->optimizer != NT_OPTIMIZER_ADAMW ? nt_muon_flops(c) / (double)positions : 0;
}

/* Is a shape too large for the text, or for the memory: a weight has its gradient and two
 * moments beside it? */
static bool is_too_large(const struct nt_config *c, uint64_t n_target)
{
	const double most_per_target = 20;
	double n = nt_size_n(c), n_stored = n + (double)c->vocab_size * c->hidden_size;
	return n > most_per_target * (double)n_target ||
	       4 * sizeof(nt_real) * n_stored > (double)nt_cpu_memory() / 2;
}

/* Tokens that the user wants at most; 0: as many as there is time for. */
static double most_tokens(const struct nt_train_options *o, uint64_t n_target)
{
	if (o->max_tokens)
		return (double)o->max_tokens;
	if (o->epochs > 0)
		return o->epochs * (double)n_target;
	return (double)(o->max_steps * nt_rows_per_step(o) * o->seq_len);
}

int nt_size_choose(struct nt_train_options *o, const struct nt_ident *ident, uint64_t n_target,
		   struct nt_pool *pool)
{
	struct speed speed;
	struct nt_train_options best = *o;
	int rc = measure_speed(&speed, o, ident, pool);
	double lowest = INFINITY;
	uint64_t unit = width_unit(o);
	for (size_t rung = 0; rc == 0 && rung < N_RUNG; rung++) {
		struct nt_train_options shape = *o;
		struct nt_config c;
		if (at_width(&shape, &c, fit_width(ladder[rung].hidden_size, unit), ident) < 0)
			continue;
		if (is_too_large(&c, n_target) && isfinite(lowest))
			continue;
		double flops = nt_flops_per_token(&c, o->seq_len);
		double d = o->time * rate_at(&speed, flops) / (flops + optimizer_flops(o, &c));
		double most = most_tokens(o, n_target);
		if (most > 0 && d > most)
			d = most;
		double loss = nt_size_loss(nt_size_n(&c), d, (double)n_target, o->optimizer);
		if (loss < lowest) {
			lowest = loss;
			best = shape;
		}
	}
	*o = best;
	return rc < 0 || isfinite(lowest) ? rc : no_width();
}

/* --- a size that is asked ------------------------------------------------------------- */

static const double ABOUT = 1.5; /* a layer more or less is much in a small model */

/* Widths that are tried come as close as their weights do. */
static uint64_t next_width(uint64_t width, uint64_t unit)
{
	uint64_t step = width < 128 ? 16 : width < 256 ? 32 : 64;
	return width + (step < unit ? unit : step - step % unit);
}

/* How many times as large the one is as the other. */
static double times(double a, double b)
{
	return a > b ? a / b : b / a;
}

bool nt_size_is(const struct nt_config *c, uint64_t size, uint64_t *n)
{
	struct nt_layout l;
	nt_layout_make(&l, c);
	*n = l.n_param;
	return times((double)l.n_param, (double)size) < ABOUT;
}

int nt_size_for(struct nt_train_options *o, const struct nt_ident *ident)
{
	const uint64_t most = 2 * ladder[N_RUNG - 1].hidden_size, unit = width_unit(o);
	const uint64_t least = (32 + unit - 1) / unit * unit;
	struct nt_train_options best = {0};
	uint64_t n, n_best = 0;
	for (uint64_t width = least; width == least || width <= most; width = next_width(width, unit)) {
		struct nt_train_options shape = *o;
		struct nt_config c;
		if (at_width(&shape, &c, width, ident) < 0)
			continue;
		nt_size_is(&c, o->size, &n);
		if (!n_best || times((double)n, (double)o->size) < times((double)n_best, (double)o->size)) {
			best = shape;
			n_best = n;
		}
	}
	if (!n_best)
		return no_width();
	if (times((double)n_best, (double)o->size) >= ABOUT)
		return nt_fail(NT_EARG, "--size %" PRIu64 ": no model has about so many weights; with %" PRIu32
					" entries of the vocabulary the nearest has %" PRIu64, o->size,
			       ident->vocab_size, n_best);
	*o = best;
	return 0;
}
