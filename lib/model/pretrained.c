/* SPDX-License-Identifier: MIT */
/*
 * pretrained.c - a checkpoint is looked at before anything is made of it
 *
 * Every tensor's name and shape is compared with the table, so a config that promises more
 * than the file holds costs nothing. GPT-2 on the hub has no "transformer." before its names
 * and carries its causal masks as tensors: both are accepted. Whatever else is in a file and
 * not in the table is refused, since a weight that is left out changes what the model says.
 */
#include "model/pretrained.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/layout.h"
#include "nt/err.h"

static const char prefix[] = "transformer.";

static const struct nt_safetensor *find(const struct nt_weights *w, const char *name)
{
	const struct nt_safetensor *t = nt_weights_find(w, name);
	if (!t && strncmp(name, prefix, sizeof(prefix) - 1) == 0)
		t = nt_weights_find(w, name + sizeof(prefix) - 1);
	return t;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);
	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Tensors that are no weights of ours: masks, rotary tables, a tied head written twice. */
static bool is_passed_over(const struct nt_config *c, const char *name)
{
	if (c->tie_word_embeddings && strcmp(name, "lm_head.weight") == 0)
		return true;
	return ends_with(name, ".attn.bias") || ends_with(name, ".attn.masked_bias") ||
	       ends_with(name, ".rotary_emb.inv_freq");
}

static int check_shape(const char *path, const struct nt_tensor *want, const struct nt_safetensor *t)
{
	if (!t)
		return nt_fail(NT_EFORMAT, "%s: no tensor '%s'", path, want->name);
	bool is_same = t->n_dim == want->n_dim && t->shape[0] == want->shape[0] &&
		       (t->n_dim < 2 || t->shape[1] == want->shape[1]);
	if (is_same)
		return 0;
	return nt_fail(NT_EFORMAT, "%s: '%s' has %s in %s; config.json makes it %zu x %zu",
		       path, want->name, nt_counted(t->n, "value"), nt_counted(t->n_dim, "dimension"), want->shape[0],
		       want->n_dim > 1 ? want->shape[1] : 1);
}

/* Every tensor of the table is there, and every other one may be passed over. */
static int check_tensors(const char *path, const struct nt_config *c, const struct nt_weights *w)
{
	struct nt_tensor want;
	enum nt_role role;
	enum nt_first first;
	size_t n_known = 0, n = nt_weights_count(w);
	for (size_t i = 0; nt_layout_tensor(c, i, &want, &role, &first); i++) {
		int rc = check_shape(path, &want, find(w, want.name));
		if (rc < 0)
			return rc;
		n_known++;
	}
	for (size_t i = 0; i < n; i++)
		n_known += is_passed_over(c, nt_weights_at(w, i)->name);
	if (n_known < n)
		return nt_fail(NT_EFORMAT, "%s: holds %s that a model of config.json does not have",
			       path, nt_counted(n - n_known, "tensor"));
	return 0;
}

int nt_pretrained_path(struct nt_buf *path, const char *dir, const char *name)
{
	path->len = 0;
	return nt_buf_printf(path, "%s/%s", dir, name); /* which puts the NUL there */
}

/* The folder of path: itself, or where that file lies. */
static int locate(struct nt_buf *dir, const char *path)
{
	struct nt_buf config = {0};
	struct stat st;
	if (stat(path, &st) < 0)
		return nt_fail_sys("%s: cannot open", path);
	if (S_ISDIR(st.st_mode))
		return nt_buf_printf(dir, "%s", path);
	const char *slash = strrchr(path, '/');
	int rc = nt_buf_printf(dir, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	if (rc == 0 && (rc = nt_pretrained_path(&config, (const char *)dir->data, "config.json")) == 0 &&
	    access((const char *)config.data, F_OK) < 0)
		rc = nt_fail(NT_EFORMAT, "%s: not a checkpoint: expected a folder with a config.json, or a "
					 ".safetensors file beside one", path);
	nt_buf_release(&config);
	return rc;
}

int nt_pretrained_open(struct nt_pretrained *p, const char *path)
{
	struct nt_buf dir = {0}, tokenizer = {0};
	*p = (struct nt_pretrained){0};
	int rc = locate(&dir, path);
	if (rc == 0)
		rc = nt_config_read(&p->config, (const char *)dir.data);
	if (rc == 0)
		rc = nt_weights_open(&p->weights, path);
	if (rc == 0)
		rc = check_tensors(path, &p->config, p->weights);
	if (rc == 0)
		rc = nt_pretrained_path(&tokenizer, (const char *)dir.data, "tokenizer.json");
	if (rc == 0 && access((const char *)tokenizer.data, F_OK) == 0)
		rc = nt_map_open(&p->tokenizer, (const char *)tokenizer.data);
	nt_buf_release(&dir);
	nt_buf_release(&tokenizer);
	if (rc < 0)
		nt_pretrained_close(p);
	return rc;
}

void nt_pretrained_close(struct nt_pretrained *p)
{
	nt_weights_close(p->weights);
	nt_map_close(&p->tokenizer);
	p->weights = NULL;
}

const struct nt_safetensor *nt_pretrained_find(const struct nt_pretrained *p, const char *name)
{
	return find(p->weights, name);
}
