/* SPDX-License-Identifier: MIT */
/*
 * walk.c - directories, one open level at a time
 *
 * Only the names of the directories we are inside of are in memory, so a tree of
 * millions of files costs as much as its largest directory. fts(3) would sort as well,
 * but reads links its own way and knows nothing of standard input.
 */
#include "io/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/mem.h"

struct level {
	struct dirent **name; /* [n], sorted */
	int n, next;
	size_t path_len;      /* of the directory, with its slash */
	dev_t dev;
	ino_t ino;
};

struct nt_walk {
	char *const *operand;
	size_t n, next;
	struct level *level; /* [n_level] the directories we are inside of */
	size_t n_level, cap;
	struct nt_buf path;  /* with a 0 behind it, not counted */
};

static char *only_stdin[] = {"-", NULL};

/* A folder that is named and holds a model is no folder of texts. */
static int check_folder(const char *path)
{
	int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return 0; /* none; or for `enter` to say why it cannot be read */
	bool is_model = faccessat(dir, "config.json", F_OK, 0) == 0 &&
			(faccessat(dir, "model.safetensors", F_OK, 0) == 0 ||
			 faccessat(dir, "model.safetensors.index.json", F_OK, 0) == 0);
	close(dir);
	return is_model ? nt_fail(NT_EFORMAT, "%s: a model, not text: nt-sample and nt-score take it", path) : 0;
}

int nt_walk_open(struct nt_walk **walk, char *const *operand, size_t n)
{
	struct nt_walk *w = nt_calloc(1, sizeof(*w));
	*walk = w;
	if (!w)
		return NT_ESYS;
	w->operand = n ? operand : only_stdin;
	w->n = n ? n : 1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = check_folder(operand[i]);
	return rc;
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_inside(const struct nt_walk *w, const struct stat *st)
{
	for (size_t i = 0; i < w->n_level; i++)
		if (w->level[i].dev == st->st_dev && w->level[i].ino == st->st_ino)
			return true;
	return false;
}

static const char *path_of(const struct nt_walk *w)
{
	return (const char *)w->path.data;
}

static int enter(struct nt_walk *w, const struct stat *st)
{
	struct level l = {.dev = st->st_dev, .ino = st->st_ino};
	if (nt_grow(&w->level, &w->cap, w->n_level + 1, sizeof(l)) < 0)
		return NT_ESYS;
	l.n = scandir(path_of(w), &l.name, is_visible, by_name);
	if (l.n < 0)
		return nt_fail_sys("%s: cannot read the directory", path_of(w));
	w->level[w->n_level++] = l; /* from here on released with the walk */
	if (path_of(w)[w->path.len - 1] != '/' && nt_buf_printf(&w->path, "/") < 0)
		return NT_ESYS;
	w->level[w->n_level - 1].path_len = w->path.len;
	return 0;
}

static void leave(struct nt_walk *w)
{
	struct level *l = &w->level[--w->n_level];
	while (l->n > 0)
		free(l->name[--l->n]);
	free(l->name);
}

/* The path is of something in a directory: 1 if it is a file, 0 if it is to be passed over. */
static int look_at(struct nt_walk *w)
{
	struct stat st;
	if (stat(path_of(w), &st) < 0)
		return nt_fail_sys("%s: cannot open", path_of(w));
	if (S_ISDIR(st.st_mode))
		return is_inside(w, &st) ? 0 : enter(w, &st);
	return S_ISREG(st.st_mode);
}

static int next_in_level(struct nt_walk *w)
{
	struct level *l = &w->level[w->n_level - 1];
	if (l->next == l->n) {
		leave(w);
		return 0;
	}
	w->path.len = l->path_len;
	if (nt_buf_printf(&w->path, "%s", l->name[l->next++]->d_name) < 0)
		return NT_ESYS;
	return look_at(w);
}

/* An operand is taken as it is, whatever it is, except that a directory is entered. */
static int next_operand(struct nt_walk *w)
{
	const char *path = w->operand[w->next++];
	struct stat st;
	w->path.len = 0;
	if (nt_buf_printf(&w->path, "%s", path) < 0)
		return NT_ESYS;
	if (nt_is_standard(path) || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 1;
	return enter(w, &st);
}

int nt_walk_next(struct nt_walk *w, const char **path)
{
	int rc = 0;
	while (rc == 0) {
		if (w->n_level == 0 && w->next == w->n)
			return 0;
		rc = w->n_level ? next_in_level(w) : next_operand(w);
	}
	*path = path_of(w);
	return rc;
}

uint64_t nt_walk_total(const struct nt_walk *w)
{
	uint64_t total = 0;
	struct stat st;
	for (size_t i = 0; i < w->n; i++) {
		if (nt_is_standard(w->operand[i]) || stat(w->operand[i], &st) < 0 ||
		    !S_ISREG(st.st_mode))
			return 0;
		total += (uint64_t)st.st_size;
	}
	return total;
}

void nt_walk_close(struct nt_walk *w)
{
	if (!w)
		return;
	while (w->n_level)
		leave(w);
	free(w->level);
	nt_buf_release(&w->path);
	free(w);
}
