/* SPDX-License-Identifier: MIT */
/* warc.c - bytes behind "WARC/1.0" as a file of records, as they are and with damage passed over */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nt/docs.h"
#include "nt/err.h"

enum { ENOUGH = 1 << 22 }; /* a few bytes may unpack to very many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(int fd, bool is_lenient)
{
	char path[32];
	char *operand[] = {path};
	const struct nt_docs_options o = {.is_lenient = is_lenient};
	struct nt_docs *docs;
	struct nt_doc doc;
	size_t n = 0, bytes = 0;
	int rc = 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	nt_assert(nt_docs_open(&docs, &o, operand, 1) == 0);
	while (bytes < ENOUGH && (rc = nt_docs_next(docs, &doc)) == 1) {
		nt_assert(!doc.url || !strchr(doc.url, '\n'));
		bytes += doc.len;
		n++;
	}
	nt_assert(rc >= 0 || *nt_errmsg());
	nt_docs_remark(docs);
	nt_docs_damage(docs);
	nt_docs_close(docs);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", 0);
	nt_assert(fd >= 0 && write(fd, "WARC/1.0", 8) == 8 && write(fd, data, size) == (ssize_t)size);
	size_t n = count(fd, false);
	nt_assert(count(fd, true) >= n);
	close(fd);
	return 0;
}
