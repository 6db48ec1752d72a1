/* SPDX-License-Identifier: MIT */
/* plan.c - a plan as text: what --plan prints, and the options that would choose the same */
#include <inttypes.h>
#include <string.h>

#include "nt/file.h"
#include "nt/train.h"

static int add_source(const struct nt_train_share *s, bool as_json, bool is_first, struct nt_buf *out)
{
	if (!as_json)
		return nt_buf_printf(out, "%-28s %s: %.6g of the targets, %" PRIu64 " to train on, %" PRIu64
					  " held out, %.3g epochs\n",
				     "source", s->name, s->share, s->n_target, s->n_val_target, s->epochs);
	int rc = nt_buf_printf(out, is_first ? ", \"sources\": {" : ", ");
	if (rc == 0)
		rc = nt_json_string(out, s->name, strlen(s->name));
	return rc < 0 ? rc
		      : nt_buf_printf(out, ": {\"share\": %.15g, \"targets\": %" PRIu64
					   ", \"held_out_targets\": %" PRIu64 ", \"epochs\": %.15g}",
				      s->share, s->n_target, s->n_val_target, s->epochs);
}

int nt_train_plan_write(const struct nt_train_plan *p, bool as_json, struct nt_buf *out)
{
	const struct nt_train_options *o = &p->options;
	const struct {
		const char *name;
		double value;
	} row[] = {
		{"vocab_size", p->config.vocab_size},
		{"hidden_size", (double)o->hidden_size},
		{"intermediate_size", (double)o->intermediate_size},
		{"num_hidden_layers", (double)o->num_hidden_layers},
		{"num_attention_heads", (double)o->num_attention_heads},
		{"num_key_value_heads", (double)o->num_key_value_heads},
		{"head_dim", (double)o->head_dim},
		{"parameters", (double)p->n_param},
		{"seq_len", (double)o->seq_len},
		{"batch_size", (double)o->batch_size},
		{"gradient_accumulation_steps", (double)o->gradient_accumulation_steps},
		{"learning_rate", o->learning_rate},
		{"embedding_learning_rate", o->embedding_learning_rate},
		{"warmup_steps", (double)o->warmup_steps},
		{"max_steps", (double)o->max_steps},
		{"targets", (double)p->n_target},
		{"held_out_targets", (double)p->n_val_target},
		{"padding", p->padding},
		{"epochs", p->epochs},
		{"param_bytes", (double)p->param_bytes},
		{"grad_bytes", (double)p->grad_bytes},
		{"moment_bytes", (double)p->moment_bytes},
		{"activation_bytes", (double)p->activation_bytes},
		{"program_bytes", (double)p->program_bytes},
		{"total_bytes", (double)p->total_bytes},
		{"recompute", p->is_recomputed},
		{"flops_per_token", p->flops_per_token},
		{"flops", p->flops},
	};
	int rc = as_json ? nt_buf_printf(out, "{\"arch\": \"%s\"", nt_arch_name(p->config.arch))
			 : nt_buf_printf(out, "%-28s %s\n", "arch", nt_arch_name(p->config.arch));
	for (size_t i = 0; rc == 0 && i < sizeof(row) / sizeof(*row); i++)
		rc = nt_buf_printf(out, as_json ? ", \"%s\": %.15g" : "%-28s %.15g\n", row[i].name,
				   row[i].value);
	if (rc == 0 && p->predicted_loss > 0)
		rc = nt_buf_printf(out, as_json ? ", \"%s\": %.4g" : "%-28s %.4g\n", "predicted_loss", p->predicted_loss);
	for (size_t i = 0; rc == 0 && i < p->n_source; i++)
		rc = add_source(&p->source[i], as_json, i == 0, out);
	return rc == 0 && as_json ? nt_buf_printf(out, p->n_source ? "}}\n" : "}\n") : rc;
}

int nt_train_plan_options(const struct nt_train_plan *p, struct nt_buf *out)
{
	const struct nt_train_options *o = &p->options;
	const struct {
		const char *name;
		uint64_t value;
	} row[] = {
		{"hidden-size", o->hidden_size},
		{"intermediate-size", o->intermediate_size},
		{"num-hidden-layers", o->num_hidden_layers},
		{"num-attention-heads", o->num_attention_heads},
		{"num-key-value-heads", o->num_key_value_heads},
		{"seq-len", o->seq_len},
		{"batch-size", o->batch_size},
		{"gradient-accumulation-steps", o->gradient_accumulation_steps},
		{"warmup-steps", o->warmup_steps},
		{"max-steps", o->max_steps},
	};
	int rc = nt_buf_printf(out, "%s--arch=%s --learning-rate=%g --embedding-learning-rate=%g",
			       o->finetune ? "--finetune " : "", nt_arch_name(p->config.arch), o->learning_rate,
			       o->embedding_learning_rate);
	for (size_t i = 0; rc == 0 && i < sizeof(row) / sizeof(*row); i++)
		rc = nt_buf_printf(out, " --%s=%" PRIu64, row[i].name, row[i].value);
	if (rc == 0 && o->head_dim * o->num_attention_heads != o->hidden_size)
		rc = nt_buf_printf(out, " --head-dim=%" PRIu64, o->head_dim);
	return rc;
}
