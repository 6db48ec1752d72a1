/* SPDX-License-Identifier: MIT */
/*
 * data.c - bytes as a data file
 *
 * The fuzzer's bytes are laid over a small file of ours, of one segment or two, at a place they
 * choose, and then every hash is put right again, section by section and from the inside out, so
 * that only the reader's own checks stand between a lie and a wild read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/le.h"
#include "data/ntd.h"
#include "nt/data.h"
#include "nt/hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_all(const uint8_t *file, size_t len)
{
	char path[64];
	struct nt_data *d;
	struct nt_data_docs *docs;
	struct nt_tokens doc;
	struct nt_buf json = {0};
	int fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, file, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (nt_data_open(&d, path) == 0) {
		nt_data_verify(d);
		nt_data_describe(d, &json);
		if (nt_data_docs_new(&docs, d) == 0)
			while (nt_data_docs_next(docs, &doc) == 1)
				;
		nt_data_docs_free(docs);
		nt_data_close(d);
	}
	nt_buf_release(&json);
	close(fd);
}

/* A file of two documents, or of rows, made once. */
static const struct nt_buf *sample(bool is_rows)
{
	static struct nt_buf made[2];
	char path[64];
	struct nt_out *out;
	struct nt_data_writer *w = NULL;
	enum { LONG = 1500 }; /* of the first document; a row holds its beginning */
	uint32_t id[LONG + 3] = {9, 1, 2, [LONG - 1] = 8, [LONG] = 9, 3, 8};
	const struct nt_fragment f[2] = {{.len = 13}, {.start = 13, .len = 3, .doc = 1}};
	const struct nt_ident ident = {.vocab_size = 10, .bos = 9, .eos = 8, .pad = NT_NO_TOKEN,
				       .json = (const uint8_t *)"{}", .json_len = 2};
	const struct nt_data_options how = {.kind = is_rows ? NT_DATA_ROWS : NT_DATA_DOCUMENTS,
					    .row_len = is_rows ? 16 : 0, .manifest = "[{}]",
					    .source = "books"};
	if (made[is_rows].len)
		return &made[is_rows];
	snprintf(path, sizeof(path), "/tmp/nt-fuzz-data.%d", (int)getpid());
	int rc = nt_out_open(&out, path, 0);
	if (rc == 0)
		rc = nt_data_create(&w, out, &ident, &how);
	if (rc == 0 && is_rows)
		rc = nt_data_write_row(w, id, f, 2);
	if (rc == 0 && !is_rows && (rc = nt_data_write_doc(w, id, LONG)) == 0)
		rc = nt_data_write_doc(w, id + LONG, 3);
	if (rc < 0 || nt_data_end(w, 5, 1) < 0 || nt_out_close(out) < 0 ||
	    nt_read_file(&made[is_rows], path) < 0)
		abort();
	nt_data_writer_free(w);
	unlink(path);
	return &made[is_rows];
}

/* Puts the hashes of a file of one segment right, as far as its own offsets lead. */
static void seal(uint8_t *s, size_t len)
{
	uint8_t *foot = s + len - NTD_FOOTER;
	uint64_t dir = nt_le64(foot + FOOT_DIR), n = nt_le32(foot + FOOT_N_ENTRY);
	nt_put64(s + HEAD_HASH, nt_hash64(s, HEAD_HASH));
	memcpy(foot + FOOT_HEAD_HASH, s + HEAD_HASH, 8);
	if (dir <= len - NTD_FOOTER && n <= (len - NTD_FOOTER - dir) / NTD_ENTRY) {
		for (uint64_t i = 0; i < n; i++) {
			uint8_t *e = s + dir + i * NTD_ENTRY;
			uint64_t at = nt_le64(e + ENTRY_OFFSET), size = nt_le64(e + ENTRY_LEN);
			if (at <= len && size <= len - at)
				nt_put64(e + ENTRY_HASH, nt_hash64(s + at, size));
		}
		nt_put64(foot + FOOT_DIR_HASH, nt_hash64(s + dir, n * NTD_ENTRY));
	}
	nt_put64(foot + FOOT_HASH, nt_hash64(foot, FOOT_HASH));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 4)
		return 0;
	const struct nt_buf *good = sample(data[0] & 1);
	size_t at = nt_le16(data + 1) % good->len, n = len - 3, before = data[0] & 16 ? good->len : 0;
	uint8_t *file = malloc(before + good->len), *last = file + before;
	if (!file)
		return 0;
	memcpy(file, sample(data[0] & 32)->data, before);
	memcpy(last, good->data, good->len);
	/* most places are padding: half of the time aim at what follows the tokens */
	if (data[0] & 2)
		at = data[0] & 4 ? good->len - NTD_FOOTER + at % NTD_FOOTER : NTD_PAGE + at % 512;
	memcpy(last + at, data + 3, n < good->len - at ? n : good->len - at);
	if (data[0] & 8)
		seal(last, good->len);
	read_all(file, before + good->len);
	free(file);
	return 0;
}
