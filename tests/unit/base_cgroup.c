/* SPDX-License-Identifier: MIT */
/* base_cgroup.c - quotas and limits out of trees like those that kernels mount */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cgroup.h"

static char top[64];

/* Writes top/path, its directories too. */
static void put(const char *path, const char *text)
{
	char name[256];
	snprintf(name, sizeof(name), "%s/%s", top, path);
	for (char *p = name + strlen(top) + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = 0;
		mkdir(name, 0777);
	}
	FILE *f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct nt_cgroup read_tree(const char *self)
{
	struct nt_cgroup g;
	char list[128], mount[128];
	put("self", self);
	snprintf(list, sizeof(list), "%s/self", top);
	snprintf(mount, sizeof(mount), "%s/mount", top);
	nt_cgroup_read(&g, list, mount);
	return g;
}

static int begin(void **state)
{
	(void)state;
	snprintf(top, sizeof(top), "%s", "/tmp/nt-cgroup.XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int end(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", top);
	return system(command);
}

static bool is_at(const struct nt_cgroup *g, const char *path)
{
	char want[256];
	snprintf(want, sizeof(want), "%s/%s", top, path);
	return strcmp(g->cpu_dir, want) == 0;
}

static void the_least_of_a_group_and_those_above_it_counts(void **state)
{
	(void)state;
	put("mount/a/cpu.max", "150000 100000\n");
	put("mount/a/memory.max", "max\n");
	put("mount/a/b/cpu.max", "max 100000\n");
	put("mount/a/b/memory.max", "2000000000\n");
	put("mount/a/b/c/cpu.max", "400000 100000\n");
	put("mount/a/b/c/memory.max", "3000000000\n");
	struct nt_cgroup g = read_tree("0::/a/b/c\n");
	assert_true(g.cpus == 1.5 && g.memory == 2000000000 && is_at(&g, "mount/a"));
	put("mount/a/b/c/cpu.max", "50000 100000\n");
	g = read_tree("0::/a/b/c\n");
	assert_true(g.cpus == 0.5 && is_at(&g, "mount/a/b/c"));
	g = read_tree("0::/a\n");
	assert_true(g.cpus == 1.5 && g.memory == UINT64_MAX);
	g = read_tree("0::/\n"); /* the root has neither */
	assert_true(g.cpus == 0 && g.memory == UINT64_MAX && !*g.cpu_dir);
	g = read_tree("0::/not/mounted/here\n");
	assert_true(g.cpus == 0);
}

static void in_a_container_the_mount_is_its_own_group(void **state)
{
	(void)state;
	put("mount/cpu.max", "200000 100000\n");
	struct nt_cgroup g = read_tree("0::/\n");
	assert_true(g.cpus == 2 && is_at(&g, "mount"));
	g = read_tree("0::/docker/0123456789abcdef\n");
	assert_true(g.cpus == 2);
	put("mount/cpu.max", "max 100000\n");
}

static void version_1_has_a_tree_for_each_controller(void **state)
{
	(void)state;
	put("mount/cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n");
	put("mount/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");
	put("mount/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
	put("mount/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
	put("mount/memory/y/memory.limit_in_bytes", "1073741824\n");
	put("mount/memory/memory.limit_in_bytes", "9223372036854771712\n");
	struct nt_cgroup g = read_tree("9:name=systemd:/\n5:memory:/y/z\n4:cpu,cpuacct:/x\n0::/\n");
	assert_true(g.cpus == 2.5 && g.memory == 1 << 30 && is_at(&g, "mount/cpu,cpuacct/x"));
}

static void what_makes_no_sense_allows_everything(void **state)
{
	(void)state;
	char far[1200];
	memset(far, 'a', sizeof(far));
	memcpy(far, "0::/", 4);
	far[sizeof(far) - 1] = 0;
	const char *const bad[] = {"", "\n", "0", "0::", ":::", far};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(read_tree(bad[i]).cpus == 0);
	put("mount/bad/cpu.max", "0 0\n");
	put("mount/bad/memory.max", "none\n");
	struct nt_cgroup g = read_tree("0::/bad\n");
	assert_true(g.cpus == 0 && g.memory == UINT64_MAX);
	nt_cgroup_read(&g, "/nowhere/self", "/nowhere");
	assert_true(g.cpus == 0 && g.memory == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_of_a_group_and_those_above_it_counts),
		cmocka_unit_test(in_a_container_the_mount_is_its_own_group),
		cmocka_unit_test(version_1_has_a_tree_for_each_controller),
		cmocka_unit_test(what_makes_no_sense_allows_everything),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
