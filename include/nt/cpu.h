/* SPDX-License-Identifier: MIT */
#ifndef NT_CPU_H
#define NT_CPU_H
/* nt/cpu.h - what this machine lets us use */
#include <stdbool.h>
#include <stdint.h>

/* The build has kernels beside the portable ones: for x86-64's wider instruction sets, or arm64's. */
#if !defined(NT_REAL_IS_DOUBLE) && !defined(NT_NO_WIDE)
#if defined(__x86_64__)
#define NT_HAS_WIDE 1
#elif defined(__aarch64__)
#define NT_HAS_NEON 1
#endif
#endif

/* Instruction sets that have kernels, x86-64's weakest first. */
enum nt_isa { NT_ISA_REF, NT_ISA_AVX2, NT_ISA_AVX512, NT_ISA_NEON, NT_ISA_COUNT };

/*
 * The strongest set that the CPU and the operating system support and the environment
 * variable NT_ISA ("ref", "avx2", "avx512", "neon") does not lower.
 */
enum nt_isa nt_cpu_isa(void);
const char *nt_isa_name(enum nt_isa isa);
/* That set, with what not every CPU has that has it: AVX512-BF16, or arm64's BF16; and products of
 * bytes that are summed up by fours: AVX512-VNNI, or arm64's DotProd. */
bool nt_cpu_has_bf16(void);
bool nt_cpu_has_int8(void);

/* CPUs that this process may use: no more than its affinity mask has, and than the quotas of its
 * control groups pay for, rounded up; at least 1. */
int nt_cpu_count(void);

uint64_t nt_cpu_memory(void); /* bytes of physical memory, or what its control groups allow of them */
uint64_t nt_now_ns(void);     /* monotonic, ns */
double nt_cpu_seconds(void);  /* CPU time of this process, all threads */

#endif
