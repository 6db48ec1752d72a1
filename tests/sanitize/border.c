/* SPDX-License-Identifier: MIT */
/*
 * border.c - the border to libraries, for MemorySanitizer (make SAN=memory)
 *
 * It follows through the code that clang compiled with it what is initialized, and cannot look into
 * a library. So the calls that hand memory to one come here first (border.opts has the linker turn
 * them): what it is to read must be initialized, and what it has written is. A library's own memory
 * is taken to be initialized; ours is not until it is written.
 */
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <json.h>
#include <malloc.h>
#include <pthread.h>
#include <sanitizer/msan_interface.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zlib.h>
#include <zstd.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "io/archive.h"
#include "kern/gemm_ways.h"

#define BORDER(type, name, ...)                                                            \
	type __real_##name(__VA_ARGS__);                                                   \
	type __wrap_##name(__VA_ARGS__);                                                   \
	type __wrap_##name(__VA_ARGS__)

#define IN(p, bytes) __msan_check_mem_is_initialized((p), (bytes))
#define OUT(p, bytes) __msan_unpoison((p), (bytes))

/* --- memory: what is allocated from here on is that of libraries ------------------------------- */

const char *__msan_default_options(void)
{
	return "poison_in_malloc=0:poison_in_free=0";
}

static void *ours(void *p, size_t n)
{
	if (p)
		__msan_allocated_memory(p, n);
	return p;
}

BORDER(void *, malloc, size_t n)
{
	return ours(__real_malloc(n), n);
}

BORDER(void *, aligned_alloc, size_t align, size_t n)
{
	return ours(__real_aligned_alloc(align, n), n);
}

BORDER(void, free, void *p)
{
	if (p)
		OUT(p, malloc_usable_size(p));
	__real_free(p);
}

/* --- XXH3 -------------------------------------------------------------------------------------- */

BORDER(XXH64_hash_t, XXH3_64bits, const void *p, size_t n)
{
	IN(p, n);
	return __real_XXH3_64bits(p, n);
}

BORDER(XXH128_hash_t, XXH3_128bits, const void *p, size_t n)
{
	IN(p, n);
	return __real_XXH3_128bits(p, n);
}

BORDER(XXH128_hash_t, XXH3_128bits_withSeed, const void *p, size_t n, XXH64_hash_t seed)
{
	IN(p, n);
	return __real_XXH3_128bits_withSeed(p, n, seed);
}

BORDER(XXH_errorcode, XXH3_128bits_update, XXH3_state_t *s, const void *p, size_t n)
{
	IN(p, n);
	return __real_XXH3_128bits_update(s, p, n);
}

/* --- compression ------------------------------------------------------------------------------- */

BORDER(size_t, ZSTD_compress, void *to, size_t room, const void *from, size_t n, int level)
{
	IN(from, n);
	size_t came = __real_ZSTD_compress(to, room, from, n, level);
	OUT(to, ZSTD_isError(came) ? 0 : came);
	return came;
}

BORDER(size_t, ZSTD_decompress, void *to, size_t room, const void *from, size_t n)
{
	IN(from, n);
	size_t came = __real_ZSTD_decompress(to, room, from, n);
	OUT(to, ZSTD_isError(came) ? 0 : came);
	return came;
}

BORDER(size_t, ZSTD_decompressStream, ZSTD_DStream *d, ZSTD_outBuffer *out, ZSTD_inBuffer *in)
{
	size_t before = out->pos;
	IN((const char *)in->src + in->pos, in->size - in->pos);
	size_t rc = __real_ZSTD_decompressStream(d, out, in);
	OUT(out, sizeof(*out));
	OUT(in, sizeof(*in));
	OUT((char *)out->dst + before, out->pos - before);
	return rc;
}

BORDER(int, deflateInit2_, z_streamp z, int level, int method, int bits, int memory, int strategy,
	const char *version, int size)
{
	int rc = __real_deflateInit2_(z, level, method, bits, memory, strategy, version, size);
	OUT(z, sizeof(*z));
	return rc;
}

BORDER(int, deflate, z_streamp z, int flush)
{
	Bytef *to = z->next_out;
	IN(z->next_in, z->avail_in);
	int rc = __real_deflate(z, flush);
	OUT(z, sizeof(*z));
	OUT(to, (size_t)(z->next_out - to));
	return rc;
}

BORDER(char *, gzgets, gzFile file, char *to, int n)
{
	char *line = __real_gzgets(file, to, n);
	if (line)
		OUT(to, (size_t)n);
	return line;
}

BORDER(const char *, gzerror, gzFile file, int *code)
{
	OUT(code, sizeof(*code));
	return __real_gzerror(file, code);
}

BORDER(uint32_t, crc32_gzip_refl, uint32_t before, const unsigned char *p, uint64_t n)
{
	IN(p, n);
	return __real_crc32_gzip_refl(before, p, n);
}

BORDER(void, isal_inflate_init, struct inflate_state *z)
{
	__real_isal_inflate_init(z);
	OUT(z, sizeof(*z));
}

BORDER(int, isal_inflate, struct inflate_state *z)
{
	uint8_t *to = z->next_out;
	IN(z->next_in, z->avail_in);
	int rc = __real_isal_inflate(z);
	OUT(z, sizeof(*z));
	OUT(to, (size_t)(z->next_out - to));
	return rc;
}

/* --- JSON -------------------------------------------------------------------------------------- */

BORDER(json_bool, json_object_object_get_ex, const struct json_object *o, const char *key, struct json_object **value)
{
	OUT(value, sizeof(*value));
	return __real_json_object_object_get_ex(o, key, value);
}

/* A test's: see UNSEEN below. */
BORDER(struct json_object *, json_object_from_file, const char *path)
{
	__msan_scoped_disable_interceptor_checks();
	struct json_object *o = __real_json_object_from_file(path);
	__msan_scoped_enable_interceptor_checks();
	return o;
}

/* --- regular expressions ----------------------------------------------------------------------- */

BORDER(pcre2_code *, pcre2_compile_8, PCRE2_SPTR pattern, PCRE2_SIZE n, uint32_t options, int *err, PCRE2_SIZE *at,
	pcre2_compile_context *c)
{
	IN(pattern, n == PCRE2_ZERO_TERMINATED ? strlen((const char *)pattern) + 1 : n);
	OUT(err, sizeof(*err));
	OUT(at, sizeof(*at));
	return __real_pcre2_compile_8(pattern, n, options, err, at, c);
}

BORDER(int, pcre2_get_error_message_8, int code, PCRE2_UCHAR *to, PCRE2_SIZE room)
{
	OUT(to, room);
	return __real_pcre2_get_error_message_8(code, to, room);
}

BORDER(int, pcre2_pattern_info_8, const pcre2_code *code, uint32_t what, void *to)
{
	OUT(to, sizeof(uint32_t)); /* ours asks for nothing wider */
	return __real_pcre2_pattern_info_8(code, what, to);
}

BORDER(int, pcre2_match_8, const pcre2_code *code, PCRE2_SPTR text, PCRE2_SIZE n, PCRE2_SIZE from, uint32_t options,
	pcre2_match_data *match, pcre2_match_context *c)
{
	IN(text, n);
	return __real_pcre2_match_8(code, text, n, from, options, match, c);
}

/* --- what is loaded when it is needed: behind functions of ours -------------------------------- */

#define ROWS(check, p, n_row, ld, n)                                                                               \
	for (size_t i = 0; i < (n_row); i++)                                                                       \
		check((p) + i * (ld), (n) * sizeof(*(p)));

BORDER(void, nt_gemm_blas, struct nt_pool *pool, const struct nt_gemm *g)
{
	ROWS(IN, g->a, g->is_a_transposed ? g->k : g->m, g->lda, g->is_a_transposed ? g->m : g->k)
	ROWS(IN, g->b, g->is_b_transposed ? g->n : g->k, g->ldb, g->is_b_transposed ? g->k : g->n)
	if (g->is_added)
		ROWS(IN, g->c, g->m, g->ldc, g->n)
	__real_nt_gemm_blas(pool, g);
	ROWS(OUT, g->c, g->m, g->ldc, g->n)
}

/* What lies on its stack may look like a frame of ours that was there before. */
#define UNSEEN(type, name, arguments, ...)                                                         \
	static type name arguments                                                                 \
	{                                                                                          \
		__msan_scoped_disable_interceptor_checks();                                        \
		type result = library.archive_##name(__VA_ARGS__);                                 \
		__msan_scoped_enable_interceptor_checks();                                         \
		return result;                                                                     \
	}

static struct nt_libarchive library, turned;
static pthread_once_t once = PTHREAD_ONCE_INIT;

UNSEEN(int, read_open1, (struct archive *a), a)
UNSEEN(int, read_next_header2, (struct archive *a, struct archive_entry *e), a, e)
UNSEEN(const char *, entry_pathname, (struct archive_entry *e), e)
UNSEEN(const char *, entry_pathname_utf8, (struct archive_entry *e), e)
UNSEEN(la_ssize_t, read_data, (struct archive *a, void *to, size_t room), a, to, room)

static la_ssize_t read_data_out(struct archive *a, void *to, size_t room)
{
	la_ssize_t n = read_data(a, to, room);
	OUT(to, n > 0 ? (size_t)n : 0);
	return n;
}

const struct nt_libarchive *__real_nt_libarchive(void);
static void turn(void)
{
	library = turned = *__real_nt_libarchive();
	turned.archive_read_open1 = read_open1;
	turned.archive_read_next_header2 = read_next_header2;
	turned.archive_entry_pathname = entry_pathname;
	turned.archive_entry_pathname_utf8 = entry_pathname_utf8;
	turned.archive_read_data = read_data_out;
}

BORDER(const struct nt_libarchive *, nt_libarchive, void)
{
	if (!__real_nt_libarchive())
		return NULL;
	pthread_once(&once, turn);
	return &turned;
}
