/* SPDX-License-Identifier: MIT */
/* archive.c - libarchive, loaded when it is needed */
#include "io/archive.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "nt/err.h"

/* The name says which interface it has: that of the header since libarchive 3.0. */
static const char soname[] = "libarchive.so.13";

static const struct {
	const char *name;
	size_t at;
} functions[] = {
#define NT_NAME(function) {#function, offsetof(struct nt_libarchive, function)},
	NT_ARCHIVE_FUNCTIONS(NT_NAME)
#undef NT_NAME
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct nt_libarchive library; /* set once */
static bool is_there;

static void load(void)
{
	void *handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	is_there = handle != NULL;
	for (size_t i = 0; is_there && i < sizeof(functions) / sizeof(*functions); i++) {
		void *function = dlsym(handle, functions[i].name);
		is_there = function != NULL;
		memcpy((char *)&library + functions[i].at, &function, sizeof(function));
	}
}

const struct nt_libarchive *nt_libarchive(void)
{
	pthread_once(&once, load);
	if (is_there)
		return &library;
	nt_fail(NT_ESYS, "%s, which unpacks, cannot be loaded: install libarchive", soname);
	return NULL;
}
