/* SPDX-License-Identifier: MIT */
/* cpu.c - instruction set, processors, clock */
#include "nt/cpu.h"

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cgroup.h"

static const char *const isa_name[NT_ISA_COUNT] = {"ref", "avx2", "avx512", "neon"};

const char *nt_isa_name(enum nt_isa isa)
{
	return isa_name[isa];
}

#if defined(__x86_64__)
/* Not a name that clang's __builtin_cpu_supports knows. */
static bool has_f16c(void)
{
	unsigned a, b, c, d;
	return __get_cpuid(1, &a, &b, &c, &d) && c & bit_F16C;
}
#endif

/* __builtin_cpu_supports asks XGETBV too: a kernel that does not save zmm says no here. */
static enum nt_isa detect(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
	    !__builtin_cpu_supports("aes"))
		return NT_ISA_REF;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return NT_ISA_AVX512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c())
		return NT_ISA_AVX2;
#elif defined(__aarch64__)
	return NT_ISA_NEON;
#endif
	return NT_ISA_REF;
}

enum nt_isa nt_cpu_isa(void)
{
	static const enum nt_isa weaker[NT_ISA_COUNT] = {
		[NT_ISA_AVX2] = NT_ISA_REF, [NT_ISA_AVX512] = NT_ISA_AVX2, [NT_ISA_NEON] = NT_ISA_REF};
	enum nt_isa best = detect(), isa = best;
	const char *cap = getenv("NT_ISA");
	while (cap && isa != NT_ISA_REF && strcmp(cap, isa_name[isa]) != 0)
		isa = weaker[isa];
	return cap && strcmp(cap, isa_name[isa]) == 0 ? isa : best;
}

bool nt_cpu_has_bf16(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	return nt_cpu_isa() == NT_ISA_AVX512 && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__)
	return nt_cpu_isa() == NT_ISA_NEON && getauxval(AT_HWCAP2) & HWCAP2_BF16;
#else
	return false;
#endif
}

bool nt_cpu_has_int8(void)
{
#if defined(__x86_64__)
	__builtin_cpu_init();
	return nt_cpu_isa() == NT_ISA_AVX512 && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
	return nt_cpu_isa() == NT_ISA_NEON && getauxval(AT_HWCAP) & HWCAP_ASIMDDP;
#else
	return false;
#endif
}

static void read_groups(struct nt_cgroup *g)
{
	nt_cgroup_read(g, "/proc/self/cgroup", "/sys/fs/cgroup");
}

int nt_cpu_count(void)
{
	struct nt_cgroup g;
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
	read_groups(&g);
	if (g.cpus > 0 && g.cpus < n)
		n = (int)ceil(g.cpus);
	return n > 0 ? n : 1;
}

uint64_t nt_cpu_memory(void)
{
	struct nt_cgroup g;
	long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	uint64_t all = pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
	read_groups(&g);
	return g.memory < all ? g.memory : all;
}

uint64_t nt_now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

double nt_cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}
