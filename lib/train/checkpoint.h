/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H
/*
 * checkpoint.h - a run on disk (docs/training.md, "The checkpoint")
 *
 *	DIR/latest -> step-000500	one rename makes it the current one
 *	DIR/step-000500/		the HF files, trainer.safetensors, trainer.json
 *	DIR/config.json -> latest/config.json, and so on for each HF file
 */
#include <json-c/json.h>

#include "nt/train.h"
#include "train/band.h"
#include "train/optimizer.h"

enum { NT_PATH_BYTES = 4096 }; /* of any file in DIR; a longer path is refused */

/* Is this the folder of a step, by the name that ends its path? Then *step is its number. */
bool nt_checkpoint_is_step(const char *path, uint64_t *step);

/* What trainer.json says. */
struct nt_trainer {
	uint64_t step, tokens;
	double seconds;
	struct nt_band band;
	char data_hash[33], val_hash[33]; /* val_hash "": none of its own */
	const char *mixture;              /* nt_corpus_mixture; belongs to json, or to the caller */
	char fingerprint[33];             /* of the tokenizer */
	struct nt_train_options options;  /* the pinned ones; strings belong to json */
	struct json_object *json;         /* what it was read from, or NULL */
};

void nt_trainer_release(struct nt_trainer *t); /* harmless twice */

/* From the bytes of a trainer.json; its own hash is checked first. NT_EFORMAT. */
int nt_trainer_parse(struct nt_trainer *t, const void *text, size_t len, const char *path);

/* Appends to *path the step directory that dir means: what `latest` names, without it the newest.
 * Returns 1, or 0 if there is none. */
int nt_checkpoint_current(const char *dir, struct nt_buf *path);

/*
 * Appends to *step_dir the one to go on from: `latest` if every hash agrees; else, if it may
 * fall back, the newest older one that is whole, with a sentence in *damage that says so.
 * NT_EFORMAT names what is damaged.
 */
int nt_checkpoint_choose(struct nt_buf *step_dir, const char *latest, bool may_fall_back, struct nt_buf *damage);

/* Reads STEP_DIR/trainer.json. */
int nt_checkpoint_read(struct nt_trainer *t, const char *step_dir);

/* Reads weights and moments of a step that was chosen. */
int nt_checkpoint_load(struct nt_model **m, struct nt_optimizer *o, struct nt_optimizer_make make,
		       const char *step_dir);

/* Writes DIR/step-N, makes it current, drops those beyond options.keep; appends its path. */
int nt_checkpoint_save(const char *dir, const struct nt_trainer *t, const struct nt_model *m,
		       const struct nt_optimizer *o, const struct nt_ident *ident,
		       struct nt_buf *path);

/* Makes dir if it is missing; NT_EARG if it holds files that are not ours to replace, and
 * that is not forced. */
int nt_checkpoint_claim(const char *dir, bool force);
/* Makes a step the current one. */
int nt_checkpoint_point(const char *dir, const char *step_dir);
/* Gives each step after step_dir, up to `latest`, a name that ends in ".damaged": nobody counts them
 * among those to keep. */
int nt_checkpoint_set_aside(const char *dir, const char *step_dir, const char *latest);
/* Removes what a run that was killed has left, and steps before `step` beyond `keep` with it. */
int nt_checkpoint_tidy(const char *dir, uint64_t step, uint64_t keep);
/* Removes every step, and all links to them. */
int nt_checkpoint_clear(const char *dir);

#endif
