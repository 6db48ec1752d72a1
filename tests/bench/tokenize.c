/* SPDX-License-Identifier: MIT */
/*
 * tokenize.c - how long a tokenizer takes over one text in memory
 *
 *	tokenize VOCABULARY PATTERN TEXT PASSES THREADS
 *
 * Prints `load S`, a `pass S` for each time over the same text with the same encoder, the
 * first of which is cold, `decode S`, and `ids N HASH` of what came out, by which programs
 * are compared before their times are. Any program that is called so and prints so can
 * stand beside ours in `make bench-tokenize`; one that cannot do a vocabulary exits 3.
 *
 * VOCABULARY "-" is the built-in one. Text and ids lie in memory that was reserved before
 * the clock starts, in large pages where the system has them. With more than one thread
 * the text is read as nt-tokenize reads it, and every pass is cold.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nt/cpu.h"
#include "nt/encode.h"
#include "nt/file.h"

struct hash {
	size_t n;
	uint32_t a, b;
};

static void hash_ids(struct hash *h, const uint32_t *id, size_t n)
{
	h->n += n;
	for (size_t i = 0; i < n; i++) {
		h->a = (h->a ^ id[i]) * 0x01000193u; /* FNV-1a, by ids instead of bytes */
		h->b = (h->b ^ id[i]) * 0x9e3779b1u;
		h->b = h->b << 15 | h->b >> 17;
	}
}

static double seconds_since(uint64_t ns)
{
	return (double)(nt_now_ns() - ns) / 1e9;
}

static void check(int rc)
{
	if (rc < 0)
		errx(rc == NT_EFORMAT ? 3 : 1, "%s", nt_errmsg());
}

/* n elements of size bytes in large pages, if the system has any. */
static void *reserve(size_t n, size_t size)
{
	enum { LARGE = 2 << 20 };
	size_t bytes = (n * size / LARGE + 1) * LARGE;
	void *p = aligned_alloc(LARGE, bytes);
	if (!p)
		errx(4, "out of memory: %zu bytes", bytes);
	madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static void read_text(struct nt_buf *text, const char *path)
{
	struct nt_map file;
	check(nt_map_open(&file, path));
	text->data = reserve(file.len, 1);
	text->len = file.len;
	memcpy(text->data, file.data, file.len);
	nt_map_close(&file);
}

static void time_memory(const struct nt_tokenizer *t, const char *path, int n_pass, struct hash *h)
{
	struct nt_buf text = {0}, back = {0};
	struct nt_encoder *e = nt_encoder_new(t);
	read_text(&text, path);
	struct nt_ids ids = {.id = reserve(text.len / 2 + 1024, sizeof(*ids.id)), .cap = text.len / 2 + 1024};
	for (int i = 0; i < n_pass; i++) {
		uint64_t began = nt_now_ns();
		ids.n = 0;
		check(nt_encode(e, text.data, text.len, 0, &ids));
		printf("pass %.6f\n", seconds_since(began));
	}
	hash_ids(h, ids.id, ids.n);
	for (int i = 0; i <= n_pass; i++) {
		uint64_t began = nt_now_ns();
		back.len = 0;
		check(nt_decode(t, ids.id, ids.n, &back));
		if (i > 0) /* the first grows the buffer, which is then used again, as decoders' are */
			printf("decode %.6f\n", seconds_since(began));
	}
	/* Qwen's NFC and the like do not come back; whoever changes no byte must give all back */
	if (back.len == text.len && memcmp(back.data, text.data, text.len) != 0)
		errx(1, "decoding gave another text");
	nt_encoder_free(e);
	nt_ids_release(&ids);
	nt_buf_release(&text);
	nt_buf_release(&back);
}

static int take_hash(void *h, const struct nt_encoded *doc)
{
	hash_ids(h, doc->tokens.id, doc->tokens.n);
	return 0;
}

static int take_nothing(void *h, const struct nt_encoded *doc)
{
	(void)h;
	(void)doc;
	return 0;
}

/* One pass more than is timed, for the hash, which costs a nanosecond an id. */
static void time_threads(const struct nt_tokenizer *t, char *path, int n_pass, int n_thread,
			 struct hash *h)
{
	struct nt_encode_options options = {0};
	struct nt_docs_options how = {.split = "none"};
	struct nt_pool *pool = nt_pool_new(n_thread);
	nt_encode_parts(t, &how);
	for (int i = 0; i <= n_pass; i++) {
		struct nt_docs *docs;
		uint64_t began = nt_now_ns();
		check(nt_docs_open(&docs, &how, &path, 1));
		check(nt_encode_docs(t, docs, &options, pool, i < n_pass ? take_nothing : take_hash, h));
		if (i < n_pass)
			printf("pass %.6f\n", seconds_since(began));
		nt_docs_close(docs);
	}
	nt_pool_free(pool);
}

int main(int argc, char **argv)
{
	struct nt_tokenizer *t;
	struct hash h = {.a = 0x811c9dc5u};
	if (argc != 6)
		errx(2, "usage: tokenize VOCABULARY PATTERN TEXT PASSES THREADS");
	const char *spec = strcmp(argv[1], "-") == 0 ? NULL : argv[1];
	bool is_json = spec && strlen(spec) > 5 && strcmp(spec + strlen(spec) - 5, ".json") == 0;
	int n_pass = atoi(argv[4]), n_thread = atoi(argv[5]);
	uint64_t began = nt_now_ns();
	check(nt_tokenizer_open(&t, spec, spec && !is_json ? argv[2] : NULL));
	printf("load %.6f\n", seconds_since(began));
	if (n_thread > 1)
		time_threads(t, argv[3], n_pass, n_thread, &h);
	else
		time_memory(t, argv[3], n_pass, &h);
	printf("ids %zu %08" PRIx32 "%08" PRIx32 "\n", h.n, h.a, h.b);
	nt_tokenizer_free(t);
}
