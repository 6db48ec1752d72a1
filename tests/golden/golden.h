/* SPDX-License-Identifier: MIT */
/*
 * golden.h - the reference models and their batch, as tests open them
 *
 * Tests skip where the references are not there.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "nt/err.h"
#include "nt/file.h"
#include "nt/model.h"
#include "nt/safetensors.h"

enum { B = 2, T = 16 };

static const char *golden(const char *family, const char *file)
{
	static char path[4][512];
	static int next;
	const char *shared = getenv("NT_SHARED");
	char *p = path[next++ % 4];
	snprintf(p, sizeof(path[0]), "%s/data/golden/%s/%s", shared ? shared : "../shared", family, file);
	return p;
}

static void need(int rc)
{
	if (rc < 0)
		fail_msg("%s", nt_errmsg());
}

struct reference {
	struct nt_model *m;
	struct nt_work *w;
	struct nt_batch batch;
	uint32_t input[B * T], target[B * T], start[B * T];
};

static void read_ids(uint32_t *id, const struct nt_safetensor *t)
{
	assert_non_null(t);
	assert_int_equal(t->n, B * T);
	for (size_t i = 0; i < t->n; i++) {
		int64_t v;
		memcpy(&v, t->data + 8 * i, 8);
		id[i] = v < 0 ? NT_IGNORE : (uint32_t)v;
	}
}

/* Skips the test when the references are not there. */
static void open_reference(struct reference *r, const char *family)
{
	struct nt_safetensors *s;
	struct nt_buf probe = {0};
	if (nt_read_file(&probe, golden(family, "config.json")) < 0)
		skip();
	nt_buf_release(&probe);
	need(nt_model_load(&r->m, golden(family, "model.safetensors")));
	need(nt_safetensors_open(&s, golden(family, "batch.safetensors")));
	read_ids(r->input, nt_safetensors_find(s, "input_ids"));
	read_ids(r->target, nt_safetensors_find(s, "labels"));
	nt_safetensors_close(s);
	memset(r->start, 0, sizeof(r->start)); /* padding stands behind the document */
	r->batch = (struct nt_batch){B, T, r->input, r->target, r->start};
	need(nt_work_new(&r->w, &r->m->config, B, T, true, NULL));
}

static void close_reference(struct reference *r)
{
	nt_work_free(r->w);
	nt_model_free(r->m);
}

static nt_real *read_real(const struct nt_safetensor *t)
{
	assert_non_null(t);
	nt_real *out = nt_alloc(t->n, sizeof(*out));
	need(nt_safetensor_real(t, out));
	return out;
}
