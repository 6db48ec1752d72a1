/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - what the control groups that this process is in allow it
 *
 * /proc/self/cgroup names a group in each hierarchy, "0::/a/b" in that of version 2 and
 * "4:cpu,cpuacct:/a/b" in one of version 1, and the least of what it and each group above it
 * say counts. In a container its name may be the one that it has outside, where nothing of
 * that name is mounted: walking up, the first that is found is the container's own.
 * Documentation/admin-guide/cgroup-v2.rst and -v1 of the Linux kernel.
 */
#include "base/cgroup.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 512 };

/* The numbers in a file, at most two; "max" is none. Returns how many. */
static int read_numbers(const char *dir, const char *name, double out[2])
{
	char path[PATH_BYTES + 64];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "re");
	int n = f ? fscanf(f, "%lf %lf", &out[0], &out[1]) : 0;
	if (f)
		fclose(f);
	return n > 0 ? n : 0;
}

static void take_cpus(struct nt_cgroup *g, const char *dir)
{
	double v[2], period[2];
	if (read_numbers(dir, "cpu.max", v) != 2) {
		if (read_numbers(dir, "cpu.cfs_quota_us", v) != 1 || read_numbers(dir, "cpu.cfs_period_us", period) != 1)
			return;
		v[1] = period[0];
	}
	if (!(v[0] > 0 && v[1] > 0) || (g->cpus > 0 && v[0] / v[1] >= g->cpus))
		return;
	g->cpus = v[0] / v[1];
	snprintf(g->cpu_dir, sizeof(g->cpu_dir), "%s", dir);
}

static void take_memory(struct nt_cgroup *g, const char *dir)
{
	double v[2];
	if (read_numbers(dir, "memory.max", v) != 1 && read_numbers(dir, "memory.limit_in_bytes", v) != 1)
		return;
	if (v[0] > 0 && v[0] < (double)g->memory)
		g->memory = (uint64_t)v[0];
}

/* The group of that path below `root`, and those above it. */
static void climb(struct nt_cgroup *g, const char *root, const char *path)
{
	char dir[PATH_BYTES];
	size_t top = strlen(root);
	if ((size_t)snprintf(dir, sizeof(dir), "%s%s", root, path) >= sizeof(dir))
		return;
	for (char *end = dir + strlen(dir); end >= dir + top; end--)
		if (end == dir + top || *end == '/' || *end == 0) {
			*end = 0;
			take_cpus(g, dir);
			take_memory(g, dir);
		}
}

void nt_cgroup_read(struct nt_cgroup *g, const char *self, const char *mount)
{
	char line[2 * PATH_BYTES], root[PATH_BYTES];
	FILE *f = fopen(self, "re");
	*g = (struct nt_cgroup){.memory = UINT64_MAX};
	while (f && fgets(line, sizeof(line), f)) {
		char *kind = strchr(line, ':'), *path = kind ? strchr(kind + 1, ':') : NULL;
		if (!path)
			continue;
		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		snprintf(root, sizeof(root), "%s%s%s", mount, kind[1] ? "/" : "", kind + 1);
		climb(g, root, strcmp(path, "/") == 0 ? "" : path);
	}
	if (f)
		fclose(f);
}
