/* SPDX-License-Identifier: MIT */
/*
 * about.c - what a run is made of and runs on, for whoever reads its log later
 *
 * The loss of a run says little by itself. So its log begins with the story of its data,
 * from bytes to tokens, as the files carry it, and with the machine: the files may be gone
 * and the machine forgotten when somebody asks.
 */
#include <stdio.h>
#include <string.h>

#include "nt/cpu.h"
#include "nt/err.h"
#include "nt/file.h"
#include "train/run.h"

enum { MANIFEST_MOST = 1 << 20 }; /* bytes: that of thousands of different files is left out */

static int add_text(struct nt_buf *out, const char *before, const char *text)
{
	int rc = nt_buf_printf(out, "%s", before);
	return rc < 0 ? rc : nt_json_string(out, text, strlen(text));
}

static int add_data(struct nt_buf *out, const struct nt_train *t)
{
	struct nt_buf manifest = {0};
	int rc = nt_buf_printf(out, ", \"data\": [");
	for (size_t i = 0; rc == 0 && i < t->corpus.n; i++)
		rc = add_text(out, i ? ", " : "", nt_data_name(t->corpus.file[i]));
	if (rc == 0)
		rc = nt_buf_printf(out, "]");
	if (rc == 0 && t->options.val)
		rc = add_text(out, ", \"val\": ", t->options.val);
	for (size_t i = 0; rc == 0 && i < t->corpus.n; i++)
		rc = nt_data_manifest(t->corpus.file[i], &manifest);
	size_t len = manifest.len ? strlen((char *)manifest.data) : 0;
	if (rc == 0 && len && len <= MANIFEST_MOST)
		rc = nt_buf_printf(out, ", \"manifest\": ");
	if (rc == 0 && len && len <= MANIFEST_MOST)
		rc = nt_buf_add(out, manifest.data, len);
	nt_buf_release(&manifest);
	return rc;
}

/* The name of the CPU, where the system says it; else "". */
static void cpu_name(char *name, size_t room)
{
	static const char key[] = "model name\t: ";
	char line[512];
	FILE *f = fopen("/proc/cpuinfo", "re");
	*name = 0;
	while (f && !*name && fgets(line, sizeof(line), f))
		if (strncmp(line, key, strlen(key)) == 0)
			snprintf(name, room, "%.*s", (int)strcspn(line + strlen(key), "\n"), line + strlen(key));
	if (f)
		fclose(f);
}

int nt_train_about(struct nt_buf *out, const struct nt_train *t)
{
	char cpu[256];
	int rc = add_data(out, t);
	cpu_name(cpu, sizeof(cpu));
	if (rc == 0 && *cpu)
		rc = add_text(out, ", \"cpu\": ", cpu);
	if (rc == 0)
		rc = nt_buf_printf(out, ", \"cpus\": %d, \"threads\": %d, \"isa\": \"%s\"", nt_cpu_count(),
				   nt_pool_size(t->pool), nt_isa_name(nt_cpu_isa()));
	return rc;
}
