/* SPDX-License-Identifier: MIT */
#ifndef MODEL_PRETRAINED_H
#define MODEL_PRETRAINED_H
/* pretrained.h - a checkpoint that is looked at: its settings, its tensors where they lie, its tokenizer */
#include "model/weights.h"
#include "nt/file.h"
#include "nt/model.h"

struct nt_pretrained {
	struct nt_config config;
	struct nt_weights *weights; /* of all tensors of the table, and of none that is not passed over */
	struct nt_map tokenizer;    /* tokenizer.json, mapped; data NULL: there is none */
};

/* Whatever nt_model_load takes. */
int nt_pretrained_open(struct nt_pretrained *p, const char *path);
void nt_pretrained_close(struct nt_pretrained *p); /* harmless twice */
/* *path = dir/name, with a NUL behind it. */
int nt_pretrained_path(struct nt_buf *path, const char *dir, const char *name);
/* One of the table, by the name it has there. */
const struct nt_safetensor *nt_pretrained_find(const struct nt_pretrained *p, const char *name);

#endif
