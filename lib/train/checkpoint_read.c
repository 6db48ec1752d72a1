/* SPDX-License-Identifier: MIT */
/*
 * checkpoint_read.c - what is on the disk, believed only after its hashes agree
 *
 * trainer.json carries the hash of every other file of its step, and of its own bytes
 * before that line. A damaged step is named together with the newest older one that is
 * whole, so that whoever reads the sentence knows what to do; or that one takes its place.
 */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/json.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/hash.h"
#include "nt/safetensors.h"
#include "train/checkpoint.h"
#include "train/settings.h"

enum { TRAINER_BYTES_MAX = 1 << 24 };

void nt_trainer_release(struct nt_trainer *t)
{
	json_object_put(t->json);
	*t = (struct nt_trainer){0};
}

/* --- trainer.json ---------------------------------------------------------------- */

static int bad(const char *path, const char *what)
{
	return nt_fail(NT_EFORMAT, "%s: %s", path, what);
}

/* The end of the file is the hash of everything before it. */
static int check_own_hash(const char *text, size_t len, const char *path)
{
	char want[64];
	size_t tail = sizeof("  \"xxh3_64\": \"0123456789abcdef\"\n}\n") - 1;
	if (len < tail || memcmp(text + len - tail, "  \"xxh3_64\": \"", 14) != 0)
		return bad(path, "cut, or not written by nt-train: it should end with its hash");
	snprintf(want, sizeof(want), "  \"xxh3_64\": \"%016" PRIx64 "\"\n}\n",
		 nt_hash64(text, len - tail));
	if (memcmp(text + len - tail, want, tail) != 0)
		return bad(path, "damaged: its own hash does not agree");
	return 0;
}

static struct json_object *member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *v = NULL;
	if (!o || !json_object_is_type(o, json_type_object) || !json_object_object_get_ex(o, key, &v) ||
	    json_object_get_type(v) != type)
		return NULL;
	return v;
}

static bool take_text(struct json_object *o, const char *key, char *out, size_t cap)
{
	struct json_object *v = member(o, key, json_type_string);
	if (!v || (size_t)json_object_get_string_len(v) >= cap)
		return false;
	memcpy(out, json_object_get_string(v), (size_t)json_object_get_string_len(v) + 1);
	return true;
}

static bool take_count(struct json_object *o, const char *key, uint64_t *out)
{
	struct json_object *v = member(o, key, json_type_int);
	if (!v || json_object_get_int64(v) < 0)
		return false;
	*out = json_object_get_uint64(v);
	return true;
}

/* A run of before there was one has seen no losses. */
static bool take_band(struct json_object *band, struct nt_band *out)
{
	struct json_object *mean, *variance;
	*out = (struct nt_band){0};
	if (!band)
		return true;
	if (!take_count(band, "n", &out->n) || !take_count(band, "skipped", &out->skipped) ||
	    !json_object_object_get_ex(band, "mean", &mean) || !json_object_object_get_ex(band, "variance", &variance))
		return false;
	out->mean = json_object_get_double(mean);
	out->variance = json_object_get_double(variance);
	return isfinite(out->mean) && isfinite(out->variance) && out->variance >= 0;
}

static int take_members(struct nt_trainer *t, const char *path)
{
	struct json_object *data = member(t->json, "data", json_type_object);
	struct json_object *tokenizer = member(t->json, "tokenizer", json_type_object);
	struct json_object *options = member(t->json, "options", json_type_object);
	struct json_object *seconds = member(t->json, "seconds", json_type_double);
	char format[16];
	uint64_t version;
	if (!take_text(t->json, "format", format, sizeof(format)) || strcmp(format, "nt-trainer") != 0)
		return bad(path, "not a trainer.json of nt-train");
	if (!take_count(t->json, "version", &version) || version != 1)
		return bad(path, "of a version this program does not know: it knows 1");
	if (!take_count(t->json, "step", &t->step) || !take_count(t->json, "tokens", &t->tokens) ||
	    !seconds || !take_text(data, "hash", t->data_hash, sizeof(t->data_hash)) ||
	    !take_text(data, "val_hash", t->val_hash, sizeof(t->val_hash)) ||
	    !take_text(tokenizer, "fingerprint", t->fingerprint, sizeof(t->fingerprint)) || !options ||
	    !take_band(json_object_object_get(t->json, "band"), &t->band))
		return bad(path, "a member is missing or of the wrong type");
	struct json_object *mixture = member(data, "mixture", json_type_string); /* older ones lack it */
	t->mixture = mixture ? json_object_get_string(mixture) : "";
	t->seconds = json_object_get_double(seconds);
	return nt_settings_read(&t->options, options, path);
}

int nt_trainer_parse(struct nt_trainer *t, const void *text, size_t len, const char *path)
{
	*t = (struct nt_trainer){0};
	if (len > TRAINER_BYTES_MAX)
		return bad(path, "too long for a trainer.json");
	int rc = check_own_hash(text, len, path);
	if (rc < 0)
		return rc;
	rc = nt_json_tree(&t->json, text, len);
	rc = rc < 0 ? nt_fail(rc, "%s: %s", path, nt_errmsg()) : take_members(t, path);
	if (rc < 0)
		nt_trainer_release(t);
	return rc;
}

int nt_checkpoint_read(struct nt_trainer *t, const char *step_dir)
{
	char path[NT_PATH_BYTES];
	struct nt_buf text = {0};
	*t = (struct nt_trainer){0};
	snprintf(path, sizeof(path), "%s/trainer.json", step_dir);
	int rc = nt_read_file(&text, path);
	if (rc == 0)
		rc = nt_trainer_parse(t, text.data ? text.data : (const uint8_t *)"", text.len, path);
	nt_buf_release(&text);
	return rc;
}

/* --- which step ------------------------------------------------------------------ */

static bool has_file(const char *dir, const char *name)
{
	char path[NT_PATH_BYTES];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return access(path, F_OK) == 0;
}

bool nt_checkpoint_is_step(const char *path, uint64_t *step)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *digits = name + 5;
	if (strncmp(name, "step-", 5) != 0 || !*digits || digits[strspn(digits, "0123456789")])
		return false;
	*step = strtoull(digits, NULL, 10);
	return true;
}

/* The newest step in dir that is older than `limit` and, if `check` is not NULL, passes it; into name. */
static bool find_step(const char *dir, uint64_t limit, int (*check)(const char *step_dir), char name[256])
{
	char path[NT_PATH_BYTES + 256];
	uint64_t n, best = 0;
	bool found = false;
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));) {
		if (!nt_checkpoint_is_step(e->d_name, &n) || n >= limit || (found && n <= best))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (check && check(path) < 0)
			continue;
		snprintf(name, 256, "%s", e->d_name);
		best = n;
		found = true;
	}
	if (d)
		closedir(d);
	return found;
}

/* What "latest" points to, or else the newest step; "": the folder itself is one. */
static bool find_current(const char *dir, char target[256])
{
	char link[NT_PATH_BYTES];
	snprintf(link, sizeof(link), "%s/latest", dir);
	ssize_t n = readlink(link, target, 255);
	target[n > 0 ? n : 0] = 0;
	return n > 0 || has_file(dir, "trainer.json") || find_step(dir, UINT64_MAX, NULL, target);
}

int nt_checkpoint_current(const char *dir, struct nt_buf *path)
{
	char target[256];
	if (!find_current(dir, target))
		return 0;
	int rc = nt_buf_printf(path, "%s%s%s", dir, *target ? "/" : "", target);
	if (rc == 0)
		rc = nt_buf_add(path, "", 1);
	return rc < 0 ? rc : 1;
}

bool nt_checkpoint_is(const char *dir)
{
	char target[256];
	return find_current(dir, target);
}

/* --- hashes ---------------------------------------------------------------------- */

/* A file that is gone is damage of its step; one that cannot be read, or for which there is no
 * memory, says nothing about it. */
static int or_missing(int rc, const char *step_dir, const char *name)
{
	return rc == NT_ESYS && !has_file(step_dir, name) ? nt_fail(NT_EFORMAT, "%s", nt_errmsg()) : rc;
}

static int check_file(const char *step_dir, struct json_object *entry)
{
	char path[NT_PATH_BYTES], name[256], want[33], is[33];
	uint64_t bytes;
	struct nt_map map;
	if (!take_text(entry, "name", name, sizeof(name)) || strchr(name, '/') ||
	    !take_text(entry, "xxh3_128", want, sizeof(want)) || !take_count(entry, "bytes", &bytes))
		return nt_fail(NT_EFORMAT, "%s/trainer.json: an entry of 'files' makes no sense", step_dir);
	snprintf(path, sizeof(path), "%s/%s", step_dir, name);
	int rc = nt_map_open(&map, path);
	if (rc < 0)
		return or_missing(rc, step_dir, name);
	struct nt_hash128 h = nt_hash128(map.data, map.len);
	snprintf(is, sizeof(is), "%016" PRIx64 "%016" PRIx64, h.hi, h.lo);
	if (map.len != bytes)
		rc = nt_fail(NT_EFORMAT, "%s: damaged: it has %zu bytes, and %" PRIu64 " were written",
			     path, map.len, bytes);
	else if (strcmp(is, want) != 0)
		rc = nt_fail(NT_EFORMAT, "%s: damaged: its bytes are not those that were written", path);
	nt_map_close(&map);
	return rc;
}

static int check_step(const char *step_dir)
{
	struct nt_trainer t;
	int rc = or_missing(nt_checkpoint_read(&t, step_dir), step_dir, "trainer.json");
	struct json_object *files = rc == 0 ? member(t.json, "files", json_type_array) : NULL;
	if (rc == 0 && !files)
		rc = nt_fail(NT_EFORMAT, "%s/trainer.json: 'files' is missing", step_dir);
	for (size_t i = 0; rc == 0 && i < json_object_array_length(files); i++)
		rc = check_file(step_dir, json_object_array_get_idx(files, i));
	nt_trainer_release(&t);
	return rc;
}

/* The newest step beside step_dir, older than it, that is whole; into name. */
static bool find_intact(const char *step_dir, char name[256])
{
	char parent[NT_PATH_BYTES];
	uint64_t own;
	const char *slash = strrchr(step_dir, '/');
	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - step_dir) : 1, slash ? step_dir : ".");
	return nt_checkpoint_is_step(step_dir, &own) && find_step(parent, own, check_step, name);
}

/* check_step, and on damage a sentence that says what to do. */
static int check_or_offer(const char *step_dir, enum nt_err code)
{
	char why[900], name[256];
	int rc = check_step(step_dir);
	if (rc >= 0 || rc == NT_ESYS)
		return rc;
	snprintf(why, sizeof(why), "%s", nt_errmsg());
	if (find_intact(step_dir, name))
		return nt_fail(code, "%s; %s is intact: nt-train --resume=auto goes on from it", why, name);
	return nt_fail(code, "%s; no older step is intact", why);
}

int nt_checkpoint_choose(struct nt_buf *step_dir, const char *latest, bool may_fall_back, struct nt_buf *damage)
{
	char name[256];
	int rc = may_fall_back ? check_step(latest) : check_or_offer(latest, NT_EFORMAT);
	if (rc == 0 || rc == NT_ESYS || !may_fall_back)
		return rc < 0 ? rc : nt_buf_add(step_dir, latest, strlen(latest) + 1);
	if ((rc = nt_buf_printf(damage, "%s", nt_errmsg())) < 0)
		return rc;
	if (!find_intact(latest, name))
		return nt_fail(NT_EFORMAT, "%s; no older step is intact: --restart begins anew", (const char *)damage->data);
	rc = nt_buf_printf(step_dir, "%.*s%s", (int)(strrchr(latest, '/') + 1 - latest), latest, name);
	if (rc == 0)
		rc = nt_buf_add(step_dir, "", 1);
	return rc < 0 ? rc : nt_buf_printf(damage, "; going on from %s", name);
}

int nt_checkpoint_verify(const char *dir)
{
	struct nt_buf path = {0};
	int rc = nt_checkpoint_current(dir, &path);
	if (rc == 1)
		rc = check_or_offer((const char *)path.data, NT_EFAIL);
	else if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: not a checkpoint of nt-train: it has no 'latest'", dir);
	nt_buf_release(&path);
	return rc;
}

/* --- weights and moments --------------------------------------------------------- */

static int load_moment(const struct nt_safetensors *s, const struct nt_moment *moment,
		       const struct nt_tensor *t, const char *step_dir)
{
	char name[128];
	snprintf(name, sizeof(name), "%s.%s", moment->name, t->name);
	const struct nt_safetensor *found = nt_safetensors_find(s, name);
	if (!found || found->n != moment->n)
		return nt_fail(NT_EFORMAT, "%s/trainer.safetensors: '%s' is missing or has another shape",
			       step_dir, name);
	return moment->bf16 ? nt_safetensor_bf16(found, moment->bf16) : nt_safetensor_real(found, moment->at);
}

static int load_moments(struct nt_optimizer *o, const struct nt_model *m, const char *step_dir)
{
	char path[NT_PATH_BYTES];
	struct nt_safetensors *s;
	snprintf(path, sizeof(path), "%s/trainer.safetensors", step_dir);
	int rc = nt_safetensors_open(&s, path);
	for (size_t i = 0; rc == 0 && i < 2 * m->n_tensor; i++) {
		struct nt_moment moment = nt_optimizer_moment(o, m, i / 2, i % 2);
		if (moment.at || moment.bf16)
			rc = load_moment(s, &moment, &m->tensor[i / 2], step_dir);
	}
	nt_safetensors_close(s);
	return rc;
}

int nt_checkpoint_load(struct nt_model **m, struct nt_optimizer *o, struct nt_optimizer_make make,
		       const char *step_dir)
{
	*m = NULL;
	*o = (struct nt_optimizer){0};
	int rc = nt_model_load(m, step_dir);
	if (rc == 0)
		rc = nt_optimizer_init(o, *m, make);
	if (rc == 0)
		rc = load_moments(o, *m, step_dir);
	if (rc < 0) {
		nt_model_free(*m);
		*m = NULL;
		nt_optimizer_release(o);
	}
	return rc;
}

/* --- for people ------------------------------------------------------------------ */

static int add_line(struct nt_buf *out, const char *name, const char *value)
{
	size_t from = out->len;
	int rc = nt_buf_printf(out, "%-20s %s", name, value);
	if (rc < 0)
		return rc;
	nt_printable(out->data + from, out->len - from);
	return nt_buf_add(out, "\n", 1);
}

static int describe_lines(const struct nt_trainer *t, const struct nt_config *c, const char *dir,
			  const char *step_dir, struct nt_buf *out)
{
	const struct nt_train_options *o = &t->options;
	int rc = add_line(out, "file", dir);
	if (rc == 0)
		rc = nt_buf_printf(out,
				   "kind                 checkpoint\n"
				   "step                 %" PRIu64 " of %" PRIu64 "\n"
				   "tokens               %" PRIu64 "\n"
				   "seconds              %.1f\n",
				   t->step, o->max_steps, t->tokens, t->seconds);
	if (rc == 0)
		rc = add_line(out, "folder", step_dir);
	if (rc == 0)
		rc = nt_buf_printf(out,
				   "arch                 %s\n"
				   "hidden_size          %" PRIu32 "\n"
				   "num_hidden_layers    %" PRIu32 "\n"
				   "num_attention_heads  %" PRIu32 "\n"
				   "vocab_size           %" PRIu32 "\n"
				   "seq_len              %" PRIu64 "\n"
				   "batch                %" PRIu64 " x %" PRIu64 " rows\n"
				   "seed                 %" PRIu64 "\n",
				   nt_arch_name(c->arch), c->hidden_size, c->num_hidden_layers,
				   c->num_attention_heads, c->vocab_size, o->seq_len, o->batch_size,
				   o->gradient_accumulation_steps, o->seed);
	if (rc == 0)
		rc = add_line(out, "data", t->data_hash);
	if (rc == 0)
		rc = add_line(out, "tokenizer", t->fingerprint);
	return rc == 0 && o->label ? add_line(out, "label", o->label) : rc;
}

static int add_text(struct json_object *o, const char *name, const char *text)
{
	struct json_object *value = json_object_new_string(text);
	if (value && json_object_object_add(o, name, value) == 0)
		return 0;
	json_object_put(value);
	return nt_fail(NT_ESYS, "out of memory: JSON");
}

int nt_checkpoint_describe(const char *dir, bool as_json, struct nt_buf *out)
{
	struct nt_buf path = {0};
	struct nt_trainer t = {0};
	struct nt_config c;
	int rc = nt_checkpoint_current(dir, &path);
	if (rc == 0)
		rc = nt_fail(NT_EFORMAT, "%s: not a checkpoint of nt-train: it has no 'latest'", dir);
	const char *step_dir = (const char *)path.data;
	if (rc < 0 || (rc = nt_checkpoint_read(&t, step_dir)) < 0 ||
	    (rc = nt_config_read(&c, step_dir)) < 0)
		goto out;
	if (!as_json) {
		rc = describe_lines(&t, &c, dir, step_dir, out);
	} else {
		if ((rc = add_text(t.json, "file", dir)) == 0 && (rc = add_text(t.json, "kind", "checkpoint")) == 0 &&
		    (rc = add_text(t.json, "folder", step_dir)) == 0)
			rc = nt_json_write(out, t.json);
	}
out:
	nt_trainer_release(&t);
	nt_buf_release(&path);
	return rc;
}
