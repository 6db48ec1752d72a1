/* SPDX-License-Identifier: MIT */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H
/* cgroup.h - what the control groups that this process is in allow it */
#include <stdint.h>

struct nt_cgroup {
	double cpus;         /* CPUs' worth of time; 0: no quota */
	char cpu_dir[512];   /* of the group whose quota that is, with its cpu.stat; or "" */
	uint64_t memory;     /* bytes; UINT64_MAX: no limit */
};

/* self and mount: where this process finds "/proc/self/cgroup" and "/sys/fs/cgroup". */
void nt_cgroup_read(struct nt_cgroup *g, const char *self, const char *mount);

#endif
