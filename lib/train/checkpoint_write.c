/* SPDX-License-Identifier: MIT */
/*
 * checkpoint_write.c - a step becomes current whole, or not at all
 *
 * Everything is written into step-N.part and fsynced, the directory too; it is renamed
 * to step-N; then a link made beside `latest` is renamed over it. Whatever moment the
 * power fails, `latest` names a step that is complete. Old steps go last.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/hash.h"
#include "nt/safetensors.h"
#include "nt/version.h"
#include "train/checkpoint.h"
#include "train/settings.h"

/* Cut paths would name another file: they are refused. */
static int join(char path[NT_PATH_BYTES], const char *dir, const char *name)
{
	int n = snprintf(path, NT_PATH_BYTES, "%s/%s", dir, name);
	return n < NT_PATH_BYTES ? 0 : nt_fail(NT_EARG, "%.200s...: the path is too long", dir);
}

/* A directory of files, no deeper: what we made. A missing one is no failure. */
static int remove_step(const char *dir)
{
	DIR *d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : nt_fail_sys("%s: cannot open", dir);
	for (struct dirent *e; (e = readdir(d));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return rmdir(dir) < 0 ? nt_fail_sys("%s: cannot remove", dir) : 0;
}

/* What has the name of a step is whole, to the moment it is gone. */
static int drop_step(const char *dir, const char *name)
{
	char path[NT_PATH_BYTES], part[NT_PATH_BYTES], part_name[300];
	snprintf(part_name, sizeof(part_name), "%s.old.part", name);
	int rc = join(path, dir, name);
	if (rc < 0 || (rc = join(part, dir, part_name)) < 0 || (rc = remove_step(part)) < 0)
		return rc;
	if (rename(path, part) < 0)
		return errno == ENOENT ? 0 : nt_fail_sys("%s: cannot rename to '%s'", path, part);
	return remove_step(part);
}

/* --- trainer.json ---------------------------------------------------------------- */

static int is_hashed(const struct dirent *e)
{
	return e->d_name[0] != '.' && strcmp(e->d_name, "trainer.json") != 0;
}

static int add_file(struct nt_buf *b, const char *dir, const char *name, bool is_first)
{
	char path[NT_PATH_BYTES];
	struct nt_map map;
	int rc = join(path, dir, name);
	if (rc < 0 || (rc = nt_map_open(&map, path)) < 0)
		return rc;
	struct nt_hash128 h = nt_hash128(map.data, map.len);
	rc = nt_buf_printf(b, "%s\n    {\"name\": ", is_first ? "" : ",");
	if (rc == 0)
		rc = nt_json_string(b, name, strlen(name));
	if (rc == 0)
		rc = nt_buf_printf(b, ", \"bytes\": %zu, \"xxh3_128\": \"%016" PRIx64 "%016" PRIx64 "\"}",
				   map.len, h.hi, h.lo);
	nt_map_close(&map);
	return rc;
}

static int add_files(struct nt_buf *b, const char *dir)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_hashed, alphasort);
	int rc = n < 0 ? nt_fail_sys("%s: cannot read", dir) : nt_buf_printf(b, "  \"files\": [");
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = add_file(b, dir, entry[i]->d_name, i == 0);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	return rc < 0 ? rc : nt_buf_printf(b, "\n  ],\n");
}

static int add_head(struct nt_buf *b, const struct nt_trainer *t)
{
	uint64_t rows = t->options.batch_size * t->options.gradient_accumulation_steps;
	int rc = nt_buf_printf(b,
			       "{\n  \"format\": \"nt-trainer\",\n  \"version\": 1,\n"
			       "  \"producer\": \"nt %s\",\n  \"step\": %" PRIu64
			       ",\n  \"tokens\": %" PRIu64 ",\n  \"seconds\": %.3f,\n"
			       "  \"position\": {\"rows_taken\": %" PRIu64 "},\n"
			       "  \"band\": {\"n\": %" PRIu64 ", \"mean\": %.17g, \"variance\": %.17g, "
			       "\"skipped\": %" PRIu64 "},\n"
			       "  \"data\": {\"hash\": \"%s\", \"val_hash\": \"%s\", \"mixture\": \"%s\"},\n"
			       "  \"tokenizer\": {\"fingerprint\": \"%s\"},\n  \"options\": ",
			       NT_VERSION, t->step, t->tokens, t->seconds, t->step * rows, t->band.n, t->band.mean,
			       t->band.variance, t->band.skipped,
			       t->data_hash, t->val_hash, t->mixture, t->fingerprint);
	if (rc == 0)
		rc = nt_settings_write(&t->options, b);
	return rc < 0 ? rc : nt_buf_printf(b, ",\n");
}

static int write_trainer(const char *dir, const struct nt_trainer *t)
{
	char path[NT_PATH_BYTES];
	struct nt_buf b = {0};
	struct nt_out *out = NULL;
	int rc = add_head(&b, t);
	if (rc == 0)
		rc = add_files(&b, dir);
	if (rc == 0)
		rc = nt_buf_printf(&b, "  \"xxh3_64\": \"%016" PRIx64 "\"\n}\n",
				   nt_hash64(b.data, b.len));
	if (rc == 0)
		rc = join(path, dir, "trainer.json");
	if (rc == 0)
		rc = nt_out_open(&out, path, 0);
	if (rc == 0)
		rc = nt_out_write(out, b.data, b.len);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	nt_out_discard(out);
	nt_buf_release(&b);
	return rc;
}

/* --- moments --------------------------------------------------------------------- */

static int write_moments(const char *dir, const struct nt_model *m, const struct nt_optimizer *o)
{
	char path[NT_PATH_BYTES];
	char(*name)[128] = nt_alloc(2 * m->n_tensor, sizeof(*name));
	struct nt_safetensor_source *s = nt_calloc(2 * m->n_tensor, sizeof(*s));
	int rc = name && s ? join(path, dir, "trainer.safetensors") : NT_ESYS;
	size_t n = 0;
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < 2 * m->n_tensor; i++) {
		const struct nt_tensor *t = &m->tensor[i / 2];
		struct nt_moment moment = nt_optimizer_moment(o, m, i / 2, i % 2);
		if (!moment.at && !moment.bf16)
			continue;
		snprintf(name[n], sizeof(*name), "%s.%s", moment.name, t->name);
		s[n] = (struct nt_safetensor_source){
			.name = name[n],
			.n_dim = moment.n_dim,
			.shape = {moment.shape[0], moment.shape[1]},
			.data = moment.at,
			.half = moment.bf16,
		};
		n++;
	}
	rc = nt_safetensors_write(path, s, n);
out:
	free(name);
	free(s);
	return rc;
}

/* --- links ----------------------------------------------------------------------- */

static bool is_link(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

/* The link is made beside its place and renamed over it. */
static int swap_link(const char *dir, const char *name, const char *target)
{
	char path[NT_PATH_BYTES], part[NT_PATH_BYTES];
	int rc = join(path, dir, name);
	if (rc < 0 || (rc = join(part, dir, ".link.part")) < 0)
		return rc;
	unlink(part);
	if (symlink(target, part) < 0 || rename(part, path) < 0)
		return nt_fail_sys("%s: cannot link to '%s'", path, target);
	return 0;
}

/* Each HF file of the step by its own name in dir, through `latest`. */
static int link_files(const char *dir, const char *step_dir)
{
	struct dirent **entry = NULL;
	int n = scandir(step_dir, &entry, is_hashed, alphasort), rc = 0;
	if (n < 0)
		return nt_fail_sys("%s: cannot read", step_dir);
	for (int i = 0; i < n; i++) {
		char path[NT_PATH_BYTES], target[512];
		const char *name = entry[i]->d_name;
		snprintf(target, sizeof(target), "latest/%s", name);
		if (rc == 0 && strcmp(name, "trainer.safetensors") != 0 &&
		    (rc = join(path, dir, name)) == 0 && !is_link(path))
			rc = swap_link(dir, name, target);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

/* --- steps ----------------------------------------------------------------------- */

static int is_step(const struct dirent *e)
{
	uint64_t step;
	return nt_checkpoint_is_step(e->d_name, &step);
}

/* 0 of a name that is no step's. */
static uint64_t number_of(const char *path)
{
	uint64_t step = 0;
	nt_checkpoint_is_step(path, &step);
	return step;
}

static int by_number(const struct dirent **a, const struct dirent **b)
{
	uint64_t x = number_of((*a)->d_name), y = number_of((*b)->d_name);
	return x < y ? -1 : x > y;
}

/* Removes steps before `step` until `keep` are left, that one counted. Newer ones, of a
 * run that was wound back by hand, are not touched. */
static int prune(const char *dir, uint64_t step, uint64_t keep)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_step, by_number), rc = 0, n_older = 0;
	if (n < 0)
		return nt_fail_sys("%s: cannot read", dir);
	for (int i = 0; i < n; i++)
		n_older += number_of(entry[i]->d_name) < step;
	for (int i = 0; i < n; i++) {
		if (rc == 0 && i < n_older && (uint64_t)(n_older - i) >= keep)
			rc = drop_step(dir, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

static int rename_damaged(const char *dir, const char *name)
{
	char path[NT_PATH_BYTES], aside[NT_PATH_BYTES], damaged[300];
	snprintf(damaged, sizeof(damaged), "%s.damaged", name);
	int rc = drop_step(dir, damaged); /* of an earlier time */
	if (rc < 0 || (rc = join(path, dir, name)) < 0 || (rc = join(aside, dir, damaged)) < 0)
		return rc;
	return rename(path, aside) < 0 ? nt_fail_sys("%s: cannot rename to '%s'", path, aside) : 0;
}

int nt_checkpoint_set_aside(const char *dir, const char *step_dir, const char *latest)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_step, by_number), rc = 0;
	if (n < 0)
		return nt_fail_sys("%s: cannot read", dir);
	for (int i = 0; i < n; i++) {
		uint64_t step = number_of(entry[i]->d_name);
		if (rc == 0 && step > number_of(step_dir) && step <= number_of(latest))
			rc = rename_damaged(dir, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return rc < 0 ? rc : nt_folder_sync(dir);
}

static int is_part(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return strncmp(e->d_name, "step-", 5) == 0 && n > 10 && strcmp(e->d_name + n - 5, ".part") == 0;
}

/* Removes what a run that was killed while it saved has left. */
static int sweep(const char *dir)
{
	struct dirent **entry = NULL;
	int n = scandir(dir, &entry, is_part, alphasort), rc = 0;
	if (n < 0)
		return nt_fail_sys("%s: cannot read", dir);
	for (int i = 0; i < n; i++) {
		char path[NT_PATH_BYTES];
		if (rc == 0 && (rc = join(path, dir, entry[i]->d_name)) == 0)
			rc = remove_step(path);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

int nt_checkpoint_point(const char *dir, const char *step_dir)
{
	const char *slash = strrchr(step_dir, '/');
	int rc = swap_link(dir, "latest", slash ? slash + 1 : step_dir);
	return rc < 0 ? rc : nt_folder_sync(dir);
}

int nt_checkpoint_tidy(const char *dir, uint64_t step, uint64_t keep)
{
	int rc = sweep(dir);
	return rc < 0 ? rc : prune(dir, step, keep);
}

int nt_checkpoint_clear(const char *dir)
{
	static const char *const link[] = {"latest", "model.safetensors", "config.json",
					   "generation_config.json", "tokenizer.json",
					   "tokenizer_config.json"};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(link) / sizeof(*link); i++) {
		char path[NT_PATH_BYTES];
		if ((rc = join(path, dir, link[i])) == 0 && is_link(path) && unlink(path) < 0)
			rc = nt_fail_sys("%s: cannot remove", path);
	}
	return rc < 0 ? rc : prune(dir, UINT64_MAX, 1);
}

int nt_checkpoint_claim(const char *dir, bool force)
{
	static const char *const ours[] = {"latest", "model.safetensors", "config.json",
					   "tokenizer.json"};
	struct stat st;
	int rc = nt_out_check_folder(dir);
	if (rc < 0)
		return rc;
	if (mkdir(dir, 0777) == 0)
		return nt_folder_sync_of(dir);
	if (errno != EEXIST)
		return nt_fail_sys("%s: cannot create", dir);
	if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode))
		return nt_fail(NT_EARG, "%s: is no folder: name another with -o", dir);
	for (size_t i = 0; !force && i < sizeof(ours) / sizeof(*ours); i++) {
		char path[NT_PATH_BYTES];
		if ((rc = join(path, dir, ours[i])) < 0)
			return rc;
		if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
			return nt_fail(NT_EARG, "%s: it was not written by nt-train: use -o OTHER, with "
						"--init %s to go on from a model there, or -f to replace it",
				       path, dir);
	}
	return 0;
}

static int write_step(const char *part, const struct nt_trainer *t, const struct nt_model *m,
		      const struct nt_optimizer *o, const struct nt_ident *ident)
{
	int rc;
	if (mkdir(part, 0777) < 0)
		return nt_fail_sys("%s: cannot create", part);
	if ((rc = nt_model_save(m, part, ident, NT_PRECISION_REAL)) < 0 || (rc = write_moments(part, m, o)) < 0 ||
	    (rc = write_trainer(part, t)) < 0)
		return rc;
	return nt_folder_sync(part);
}

int nt_checkpoint_save(const char *dir, const struct nt_trainer *t, const struct nt_model *m,
		       const struct nt_optimizer *o, const struct nt_ident *ident,
		       struct nt_buf *result)
{
	char name[40], part_name[48], path[NT_PATH_BYTES], part[NT_PATH_BYTES];
	snprintf(name, sizeof(name), "step-%06" PRIu64, t->step);
	snprintf(part_name, sizeof(part_name), "%s.part", name);
	int rc = join(path, dir, name);
	if (rc < 0 || (rc = join(part, dir, part_name)) < 0 || (rc = sweep(dir)) < 0)
		return rc;
	if ((rc = write_step(part, t, m, o, ident)) < 0) {
		remove_step(part);
		return rc;
	}
	if ((rc = drop_step(dir, name)) < 0) /* of a run that was wound back */
		return rc;
	if (rename(part, path) < 0)
		return nt_fail_sys("%s: cannot rename to '%s'", part, path);
	if ((rc = nt_folder_sync(dir)) < 0 || (rc = link_files(dir, path)) < 0 ||
	    (rc = swap_link(dir, "latest", name)) < 0 || (rc = nt_folder_sync(dir)) < 0)
		return rc;
	if ((rc = prune(dir, t->step, t->options.keep)) < 0)
		return rc;
	return nt_buf_add(result, path, strlen(path) + 1);
}
