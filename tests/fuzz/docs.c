/* SPDX-License-Identifier: MIT */
/*
 * docs.c - bytes cut into documents, in every way there is
 *
 * The first byte says how. In parts or whole, the same text comes; of plain text cut at a delimiter, as
 * many documents as there are pieces; and a second reading gives the same.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nt/docs.h"
#include "nt/err.h"
#include "nt/hash.h"

enum { ENOUGH = 1 << 22 }; /* a few bytes may unpack to very many */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	size_t documents, bytes;
	struct nt_hash128 text;
	int rc;
};

static size_t halve(const void *arg, const uint8_t *text, size_t len)
{
	(void)arg;
	(void)text;
	return len / 2;
}

/* Pieces between delimiters; what is behind the last is one if it is not empty. */
static size_t count_pieces(const uint8_t *p, size_t len, const char *cut, size_t cut_len)
{
	const uint8_t *end = p + len, *at;
	size_t n = 0;
	for (; p < end && (at = memmem(p, (size_t)(end - p), cut, cut_len)); p = at + cut_len)
		n++;
	return n + (p < end);
}

/* As a file, or as standard input, which is told apart otherwise, and cannot be sought in behind byte 0. */
static struct sum read_all(int fd, const struct nt_docs_options *o, bool is_input)
{
	char path[32] = "-";
	char *operand[] = {path};
	struct sum s = {0};
	struct nt_buf text = {0};
	struct nt_docs *docs;
	struct nt_doc doc;
	if (is_input)
		nt_assert(dup2(fd, STDIN_FILENO) == 0 && lseek(fd, 1, SEEK_SET) == 1);
	else
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((s.rc = nt_docs_open(&docs, o, operand, 1)) < 0)
		return s;
	while (text.len < ENOUGH && (s.rc = nt_docs_next(docs, &doc)) == 1) {
		nt_assert(*doc.source && (!doc.goes_on || o->part_bytes));
		nt_assert(nt_buf_add(&text, doc.text, doc.len) == 0 && (doc.goes_on || nt_buf_add(&text, "", 1) == 0));
		s.documents += !doc.goes_on;
	}
	nt_assert(s.rc >= 0 || *nt_errmsg());
	nt_docs_remark(docs);
	nt_docs_damage(docs);
	nt_docs_close(docs);
	s.bytes = text.len;
	s.text = nt_hash128(text.data, text.len);
	nt_buf_release(&text);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const splits[] = {"auto", "none", "line", "blank", "nul", "jsonl", "ab", "\\n\\n"};
	static const char *const fields[] = {"text", "a.b,text"};
	static const char *const cuts[8] = {[2] = "\n", [4] = "", [6] = "ab", [7] = "\n\n"}; /* "": a NUL */
	static const char *const wheres[] = {"id!=7"};
	if (size == 0)
		return 0;
	unsigned how = *data % 32;
	struct nt_docs_options o = {.split = splits[how % 8], .field = fields, .n_field = how / 8 % 2,
				    .is_lenient = how / 16, .keep_lines = how / 8 % 2,
				    .where = wheres, .n_where = (how % 8 == 5 || how % 8 == 0) && how / 8 == 3};
	int fd = memfd_create("fuzz", 0);
	struct nt_buf members = {0};
	nt_assert(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)size - 1);
	nt_assert(nt_docs_describe(&members, &o) == 0);
	nt_buf_release(&members);
	struct sum whole = read_all(fd, &o, false), again = read_all(fd, &o, false);
	read_all(fd, &o, true);
	const char *cut = cuts[how % 8];
	if (cut && size > 1 && data[1] == 'x' && !memmem(data, size, "ustar", 5)) /* no wrapping begins so */
		nt_assert(whole.documents == count_pieces(data + 1, size - 1, cut, *cut ? strlen(cut) : 1));
	nt_assert(again.rc == whole.rc && again.documents == whole.documents && again.bytes == whole.bytes);
	o.part_bytes = 16;
	o.seam = halve;
	struct sum parts = read_all(fd, &o, false);
	if (whole.rc == 0)
		nt_assert(parts.rc == 0 && parts.documents == whole.documents && parts.bytes == whole.bytes &&
			  parts.text.lo == whole.text.lo && parts.text.hi == whole.text.hi);
	close(fd);
	return 0;
}
