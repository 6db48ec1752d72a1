/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_SETTINGS_H
#define TRAIN_SETTINGS_H
/*
 * settings.h - the options of a run as trainer.json keeps them
 *
 * One table names every option that is pinned, with the key it has in JSON (the name of
 * the command's option, '_' for '-') and whether a resumed run may change it: how long
 * and how often, yes; what decides the numbers, no.
 */
#include <json-c/json.h>

#include "nt/mem.h"
#include "nt/train.h"

/* Appends {"arch": "llama", ...}. */
int nt_settings_write(const struct nt_train_options *o, struct nt_buf *out);

/* Fills *o from such an object; strings belong to it. A key that is missing or of the wrong
 * type is NT_EFORMAT, with `path` in the sentence. */
int nt_settings_read(struct nt_train_options *o, struct json_object *object, const char *path);

/* Was this option, as in "max-steps", named by the user? */
bool nt_settings_named(const struct nt_train_options *o, const char *name);

/*
 * Gives *o the pinned values of a checkpoint, except those that the user named and that
 * may change. NT_EARG if a named one contradicts a pinned one.
 */
int nt_settings_resume(struct nt_train_options *o, const struct nt_train_options *pinned,
		       const char *dir);

/* What can be said before any data is seen: ranges that depend on each other. NT_EARG. */
int nt_settings_check(const struct nt_train_options *o);

#endif
