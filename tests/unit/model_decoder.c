/* SPDX-License-Identifier: MIT */
/* model_decoder.c - sequences that grow against whole rows, in every form of weights */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/half.h"
#include "nt/err.h"
#include "nt/generate.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/random.h"
#include "nt/safetensors.h"

#include "model_row.h"

enum { V = 97, T = 200, LONG = 1200 };

static struct nt_model *make_model(enum nt_arch arch)
{
	return random_model(arch, V, 48, T, 3);
}

/* --- models in files: of every family, as f32 and as bf16, from parameters that both can hold --- */

static char dir[32] = "/tmp/nt-decoder.XXXXXX";

static const char *path_of(enum nt_arch arch, const char *dtype, const char *file)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s-%s/%s", dir, nt_arch_name(arch), dtype, file);
	return path;
}

static void save_narrow(const struct nt_model *m, const char *path)
{
	struct nt_safetensor_source *t = nt_calloc(m->n_tensor, sizeof(*t));
	uint16_t *bits = nt_alloc(m->n_param, sizeof(*bits));
	for (size_t i = 0; i < m->n_param; i++)
		bits[i] = nt_to_bf16(m->param[i]);
	for (size_t i = 0; i < m->n_tensor; i++)
		t[i] = (struct nt_safetensor_source){
			.name = m->tensor[i].name, .n_dim = m->tensor[i].n_dim, .half = bits + m->tensor[i].offset,
			.shape = {m->tensor[i].shape[0], m->tensor[i].shape[1]},
		};
	assert_int_equal(nt_safetensors_write(path, t, m->n_tensor), 0);
	free(bits);
	free(t);
}

static int save_models(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++) {
		struct nt_model *m = make_model((enum nt_arch)arch);
		for (size_t i = 0; i < m->n_param; i++)
			m->param[i] = nt_from_bf16(nt_to_bf16(m->param[i]));
		for (int narrow = 0; narrow < 2; narrow++) {
			const char *dtype = narrow ? "bf16" : "f32";
			mkdir(path_of((enum nt_arch)arch, dtype, ""), 0700);
			assert_int_equal(nt_model_save(m, path_of((enum nt_arch)arch, dtype, ""), NULL, NT_PRECISION_REAL), 0);
			if (narrow)
				save_narrow(m, path_of((enum nt_arch)arch, dtype, "model.safetensors"));
		}
		nt_model_free(m);
	}
	return 0;
}

static int remove_models(void **state)
{
	static const char *const file[] = {"model.safetensors", "config.json", "generation_config.json", ""};
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++)
		for (size_t i = 0; i < sizeof(file) / sizeof(*file); i++) {
			remove(path_of((enum nt_arch)arch, "f32", file[i]));
			remove(path_of((enum nt_arch)arch, "bf16", file[i]));
		}
	return remove(dir);
}

/* A decoder and what it stands on: a model in memory, or a file's weights in some form. */
struct made {
	struct nt_model *m;
	struct nt_lm *lm;
	struct nt_decoder *d;
};

static void release(struct made *x)
{
	nt_decoder_free(x->d);
	nt_lm_free(x->lm);
	nt_model_free(x->m);
}

static struct made make(enum nt_arch arch, size_t n_sequence, struct nt_pool *pool)
{
	struct made x = {.m = make_model(arch)};
	assert_int_equal(nt_lm_of_model(&x.lm, x.m), 0);
	assert_int_equal(nt_decoder_new(&x.d, x.lm, n_sequence, T, pool), 0);
	return x;
}

static struct made load(enum nt_arch arch, const char *file, enum nt_lm_dtype dtype, size_t n_sequence,
			struct nt_pool *pool)
{
	struct made x = {0};
	if (nt_lm_load(&x.lm, path_of(arch, file, ""), dtype, pool) < 0)
		fail_msg("%s", nt_errmsg());
	assert_int_equal(nt_decoder_new(&x.d, x.lm, n_sequence, T, pool), 0);
	return x;
}

/* --- the decoder beside training's forward pass ------------------------------------------------- */

static void pieces_agree(enum nt_arch arch, size_t piece)
{
	struct made x = make(arch, 2, NULL);
	uint32_t id[T];
	const nt_real *got;
	random_ids(id, T, V);
	nt_real *want = whole_row(x.m, id, T);
	for (int again = 0; again < 2; again++) { /* a sequence taken back is as good as new */
		for (size_t at = 0, n; at < T; at += n) {
			n = T - at < piece ? T - at : piece;
			assert_int_equal(nt_decoder_extend(x.d, 1, id + at, n, &got), 0);
			assert_int_equal(nt_decoder_len(x.d, 1), at + n);
			for (size_t i = 0; i < V; i++)
				assert_true(fabsf(got[i] - want[(at + n - 1) * V + i]) <= 1e-5f);
		}
		nt_decoder_rewind(x.d, 1, 0);
	}
	assert_int_equal(nt_decoder_len(x.d, 0), 0);
	free(want);
	release(&x);
}

static void a_decoder_gives_the_logits_of_whole_rows(void **state)
{
	static const size_t piece[] = {1, 3, 128, 129, 150, T};
	(void)state;
	for (size_t i = 0; i < sizeof(piece) / sizeof(*piece); i++)
		for (int arch = 0; arch < NT_ARCH_COUNT; arch++)
			pieces_agree((enum nt_arch)arch, piece[i]);
}

/* --- sequences beside each other ---------------------------------------------------------------- */

/* Sequence s of a test has a prompt of its own length. */
enum { MANY = 40, STEPS = 7 };

static size_t prompt_len(size_t s)
{
	return 1 + s * 29 % 150;
}

/* The next id of each of n sequences. */
static int step(struct nt_decoder *d, const size_t *seq, const uint32_t *id, size_t n, const nt_real **logits)
{
	struct nt_next next[MANY];
	for (size_t i = 0; i < n; i++)
		next[i] = (struct nt_next){.seq = seq[i], .id = &id[i], .n = 1};
	return nt_decoder_take(d, next, n, logits);
}

/* want[STEPS][V]: the logits of sequence s alone, behind its prompt and single ids. */
static void alone(struct nt_decoder *d, size_t s, const uint32_t *id, nt_real *want)
{
	const nt_real *got;
	nt_decoder_rewind(d, 0, 0);
	for (size_t i = 0, at = 0; i < STEPS; i++) {
		size_t n = i ? 1 : prompt_len(s);
		assert_int_equal(nt_decoder_extend(d, 0, id + s + at, n, &got), 0);
		memcpy(want + i * V, got, V * sizeof(*want));
		at += n;
	}
}

/* n sequences at once, in another order each time; every third begins beside the first step of others. */
static void together(struct nt_decoder *d, size_t n, const uint32_t *id, const nt_real *want)
{
	const nt_real *got;
	for (size_t round = 0; round < STEPS + 1; round++) {
		struct nt_next next[MANY];
		size_t n_next = 0, number[MANY];
		for (size_t r = 0; r < n; r++) {
			size_t s = round % 2 ? (r + round) % n : n - 1 - (r + round) % n, late = s % 3 == 1;
			if (round < late || round - late >= STEPS)
				continue;
			number[n_next] = s * STEPS + round - late;
			next[n_next++] = (struct nt_next){.seq = s, .id = id + s + nt_decoder_len(d, s),
							  .n = round == late ? prompt_len(s) : 1};
		}
		if (n_next == 0)
			continue;
		assert_int_equal(nt_decoder_take(d, next, n_next, &got), 0);
		for (size_t r = 0; r < n_next; r++)
			assert_memory_equal(got + r * V, want + number[r] * V, V * sizeof(*got));
	}
}

static void beside_others(enum nt_arch arch, enum nt_lm_dtype dtype)
{
	static const size_t n[] = {1, 2, 3, 5, 8, 17, MANY};
	uint32_t id[T];
	nt_real *want = nt_alloc(MANY * STEPS * V, sizeof(*want));
	struct made x = load(arch, "f32", dtype, 1, NULL);
	random_ids(id, T, V);
	for (size_t s = 0; s < MANY; s++)
		alone(x.d, s, id, want + s * STEPS * V);
	release(&x);
	for (size_t i = 0; i < sizeof(n) / sizeof(*n); i++) {
		struct nt_pool *pool = nt_pool_new(1 + (int)i % 3);
		x = load(arch, "f32", dtype, n[i], pool);
		together(x.d, n[i], id, want);
		release(&x);
		nt_pool_free(pool);
	}
	free(want);
}

static void a_sequence_has_the_same_bits_alone_and_among_others(void **state)
{
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++)
		for (int dtype = NT_LM_F32; dtype <= NT_LM_Q4_0; dtype++)
			beside_others((enum nt_arch)arch, (enum nt_lm_dtype)dtype);
}

/* --- weights in every form ------------------------------------------------------------------------ */

/* Logits behind a prompt and behind each of some steps, [STEPS][V]. */
static nt_real *logits_of(enum nt_arch arch, const char *file, enum nt_lm_dtype dtype)
{
	struct made x = load(arch, file, dtype, 1, NULL);
	nt_real *all = nt_alloc(STEPS * V, sizeof(*all));
	uint32_t id[T];
	random_ids(id, T, V);
	alone(x.d, 5, id, all);
	release(&x);
	return all;
}

/* The root of the mean square of how far logits are from others, in deviations of those. */
static double distance(const nt_real *got, const nt_real *want)
{
	double off = 0, square = 0;
	for (size_t i = 0; i < STEPS * V; i++) {
		off += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
		square += (double)want[i] * (double)want[i];
	}
	return sqrt(off / square);
}

static void fewer_bits_cost_little(void **state)
{
	static const double most[] = {[NT_LM_F32] = 1e-6, [NT_LM_BF16] = 0.015, [NT_LM_Q8_0] = 0.06, [NT_LM_Q4_0] = 0.5};
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++) {
		nt_real *want = logits_of((enum nt_arch)arch, "f32", NT_LM_AS_STORED);
		for (int dtype = NT_LM_F32; dtype <= NT_LM_Q4_0; dtype++) {
			nt_real *got = logits_of((enum nt_arch)arch, "f32", (enum nt_lm_dtype)dtype);
			double d = distance(got, want);
			print_message("# %s, form %d: %.2e\n", nt_arch_name((enum nt_arch)arch), dtype, d);
			assert_true(d <= most[dtype] && (dtype == NT_LM_F32 || d > 0));
			free(got);
		}
		free(want);
	}
}

static void what_a_file_holds_is_not_what_is_asked_for(void **state)
{
	(void)state;
	for (int arch = 0; arch < NT_ARCH_COUNT; arch++) {
		nt_real *wide = logits_of((enum nt_arch)arch, "f32", NT_LM_AS_STORED);
		nt_real *widened = logits_of((enum nt_arch)arch, "bf16", NT_LM_F32);
		nt_real *narrow = logits_of((enum nt_arch)arch, "bf16", NT_LM_AS_STORED);
		nt_real *narrowed = logits_of((enum nt_arch)arch, "f32", NT_LM_BF16);
		assert_true(distance(widened, wide) <= 1e-6); /* GPT-2's lie the other way, and are summed so */
		assert_memory_equal(narrowed, narrow, STEPS * V * sizeof(*narrow));
		for (int dtype = NT_LM_Q8_0; dtype <= NT_LM_Q4_0; dtype++) {
			nt_real *a = logits_of((enum nt_arch)arch, "bf16", (enum nt_lm_dtype)dtype);
			nt_real *b = logits_of((enum nt_arch)arch, "f32", (enum nt_lm_dtype)dtype);
			assert_memory_equal(a, b, STEPS * V * sizeof(*a));
			free(a);
			free(b);
		}
		free(wide);
		free(widened);
		free(narrow);
		free(narrowed);
	}
}

/* --- what else ------------------------------------------------------------------------------------- */

static void a_decoder_gives_the_same_bits_with_any_threads(void **state)
{
	uint32_t id[T];
	nt_real one[V];
	(void)state;
	random_ids(id, T, V);
	for (int n_thread = 1; n_thread <= 3; n_thread++) {
		struct nt_pool *pool = nt_pool_new(n_thread);
		struct made x = make(NT_LLAMA, 1, pool);
		const nt_real *got;
		assert_int_equal(nt_decoder_extend(x.d, 0, id, 150, &got), 0);
		assert_int_equal(nt_decoder_extend(x.d, 0, id, 1, &got), 0);
		if (n_thread == 1)
			memcpy(one, got, sizeof(one));
		assert_memory_equal(one, got, sizeof(one));
		release(&x);
		nt_pool_free(pool);
	}
}

/* want[STEPS][V]: logits behind ids [LONG - STEPS, LONG) of sequence `seq`, whose keys are looked at
 * in parts, and which others may step beside. */
static void step_far(struct nt_decoder *d, size_t n, const uint32_t *id, nt_real *want)
{
	size_t seq[3] = {1, 0, 2};
	const nt_real *got;
	for (size_t s = n; s-- > 0;)
		assert_int_equal(nt_decoder_extend(d, s, id, s ? 3 * s : LONG - STEPS, &got), 0);
	for (size_t i = 0; i < STEPS; i++) {
		uint32_t next[3] = {id[i], id[LONG - STEPS + i], id[i]};
		assert_int_equal(step(d, seq + (n == 1), next + (n == 1), n, &got), 0);
		memcpy(want + i * V, got + (n > 1) * V, V * sizeof(*want));
	}
}

static void a_long_context_is_looked_at_in_parts(void **state)
{
	static uint32_t id[LONG];
	nt_real one[STEPS * V], got[STEPS * V];
	(void)state;
	random_ids(id, LONG, V);
	for (int arch = NT_LLAMA; arch <= NT_GPT2; arch++) {
		struct nt_model *m = random_model((enum nt_arch)arch, V, 48, LONG, 3);
		struct nt_lm *lm;
		nt_real *want = whole_row(m, id, LONG);
		assert_int_equal(nt_lm_of_model(&lm, m), 0);
		for (int n_thread = 1; n_thread <= 3; n_thread++) {
			struct nt_pool *pool = nt_pool_new(n_thread);
			struct nt_decoder *d;
			assert_int_equal(nt_decoder_new(&d, lm, 3, LONG, pool), 0);
			step_far(d, (size_t)n_thread, id, n_thread == 1 ? one : got);
			if (n_thread > 1)
				assert_memory_equal(got, one, sizeof(got));
			nt_decoder_free(d);
			nt_pool_free(pool);
		}
		assert_true(distance(one, want + (LONG - STEPS) * V) < 1e-5);
		free(want);
		nt_lm_free(lm);
		nt_model_free(m);
	}
}

/* Prompts of whole pieces, and of more or fewer ids: a single one that is left over is a step. */
static void what_a_prompt_leaves_over_is_right(void **state)
{
	enum { PIECE = 512 };
	static const size_t n[] = {PIECE - 1, PIECE, PIECE + 1, PIECE + 2, 2 * PIECE, 2 * PIECE + 1, 2 * PIECE + 129};
	static uint32_t id[LONG];
	struct nt_model *m = random_model(NT_LLAMA, V, 48, LONG, 3);
	struct nt_lm *lm;
	struct nt_decoder *d;
	const nt_real *got;
	nt_real stepped[V];
	(void)state;
	random_ids(id, LONG, V);
	nt_real *want = whole_row(m, id, LONG);
	assert_int_equal(nt_lm_of_model(&lm, m), 0);
	assert_int_equal(nt_decoder_new(&d, lm, 1, LONG, NULL), 0);
	for (size_t i = 0; i < sizeof(n) / sizeof(*n); i++) {
		nt_decoder_rewind(d, 0, 0);
		assert_int_equal(nt_decoder_extend(d, 0, id, n[i] - 1, &got), 0);
		assert_int_equal(step(d, &(size_t){0}, &id[n[i] - 1], 1, &got), 0);
		memcpy(stepped, got, sizeof(stepped));
		nt_decoder_rewind(d, 0, 0);
		assert_int_equal(nt_decoder_extend(d, 0, id, n[i], &got), 0);
		for (size_t v = 0; v < V; v++)
			assert_true(fabs((double)(got[v] - want[(n[i] - 1) * V + v])) < 1e-4);
		if (n[i] % PIECE == 1)
			assert_memory_equal(got, stepped, sizeof(stepped));
	}
	free(want);
	nt_decoder_free(d);
	nt_lm_free(lm);
	nt_model_free(m);
}

static void what_was_taken_back_leaves_no_trace(void **state)
{
	struct made x = make(NT_QWEN3, 2, NULL);
	uint32_t id[T];
	const nt_real *got;
	nt_real want[V];
	(void)state;
	random_ids(id, T, V);
	assert_int_equal(nt_decoder_extend(x.d, 0, id, 90, &got), 0);
	assert_int_equal(nt_decoder_extend(x.d, 0, id + 90, 1, &got), 0);
	memcpy(want, got, sizeof(want));
	assert_int_equal(nt_decoder_extend(x.d, 1, id, 90, &got), 0);
	assert_int_equal(nt_decoder_extend(x.d, 1, id, T - 90, &got), 0);
	nt_decoder_rewind(x.d, 1, 90);
	assert_int_equal(nt_decoder_extend(x.d, 1, id + 90, 1, &got), 0);
	assert_memory_equal(want, got, sizeof(want));
	release(&x);
}

static void a_full_decoder_and_a_foreign_id_are_refused(void **state)
{
	struct made x = make(NT_GPT2, 1, NULL);
	struct nt_decoder *d;
	const nt_real *got;
	uint32_t id[5] = {1, 2, 3, 4, V};
	static const size_t seq[2] = {0, 1};
	(void)state;
	assert_int_equal(nt_decoder_new(&d, x.lm, 1, T + 1, NULL), NT_EARG);
	assert_int_equal(nt_decoder_new(&d, x.lm, 2, 4, NULL), 0);
	assert_int_equal(nt_decoder_room(d), 4);
	assert_int_equal(nt_decoder_extend(d, 0, id + 4, 1, &got), NT_EARG);
	assert_int_equal(nt_decoder_extend(d, 0, id, 3, &got), 0);
	assert_int_equal(nt_decoder_extend(d, 0, id, 2, &got), NT_EARG);
	assert_int_equal(step(d, seq, id + 3, 2, &got), NT_EARG); /* the second is V */
	assert_int_equal(nt_decoder_len(d, 0), 3);
	assert_int_equal(step(d, seq, id, 2, &got), 0);
	assert_int_equal(step(d, seq, id, 2, &got), NT_EARG);
	assert_int_equal(nt_decoder_extend(d, 0, id, 1, &got), NT_EARG);
	assert_int_equal(nt_decoder_len(d, 1), 1);
	nt_decoder_free(d);
	release(&x);
}

/* A step takes one id of each: two of one sequence are a mistake of the caller's, and no hang. */
static void a_sequence_twice_in_a_step_is_our_bug(void **state)
{
	static const size_t seq[3] = {0, 1, 0};
	static const uint32_t id[3] = {1, 2, 3};
	const nt_real *got;
	int status;
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit no_core = {0};
		struct made x = make(NT_LLAMA, 3, NULL);
		setrlimit(RLIMIT_CORE, &no_core);
		signal(SIGABRT, SIG_DFL);
		if (!freopen("/dev/null", "w", stderr))
			_exit(1);
		alarm(20);
		step(x.d, seq, id, 3, &got);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static size_t resident_bytes(void)
{
	size_t all, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	assert_true(f && fscanf(f, "%zu %zu", &all, &resident) == 2);
	fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* Asks for large pages wherever a mapping is larger than `least`; returns how many bytes these have. */
static size_t want_large_pages(size_t least)
{
	unsigned long from, to;
	char line[512];
	size_t n = 0;
	FILE *f = fopen("/proc/self/maps", "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx rw-p", &from, &to) == 2 && to - from > least) {
			madvise((void *)from, to - from, MADV_HUGEPAGE);
			n += to - from;
		}
	fclose(f);
	return n;
}

/* A thousandth of a long context takes about a thousandth of its memory, though pages be of 2 MiB. */
static void memory_is_taken_as_ids_come(void **state)
{
	enum { SEQUENCES = 8, POSITIONS = 1 << 16 };
	struct nt_model *m = random_model(NT_QWEN3, V, 48, POSITIONS, 3);
	struct nt_lm *lm;
	struct nt_decoder *d;
	const nt_real *got;
	uint32_t id[64];
	(void)state;
	random_ids(id, 64, V);
	assert_int_equal(nt_lm_of_model(&lm, m), 0);
	assert_int_equal(nt_decoder_new(&d, lm, SEQUENCES, POSITIONS, NULL), 0);
	size_t each = nt_decoder_bytes(lm, POSITIONS), mapped = want_large_pages(SEQUENCES * each);
	assert_true(each >> 20 >= 16 && mapped >= SEQUENCES * each);
	size_t before = resident_bytes();
	for (size_t s = 0; s < SEQUENCES; s++)
		assert_int_equal(nt_decoder_extend(d, s, id, 64, &got), 0);
	size_t took = resident_bytes() - before;
	print_message("# %d times 64 of %d positions: %zu KiB of %zu\n", SEQUENCES, POSITIONS, took >> 10, mapped >> 10);
	const char *sanitizer = getenv("SAN"); /* its memory counts, too */
	if (!sanitizer || !*sanitizer)
		assert_true(took < (SEQUENCES + 12) * ((size_t)2 << 20)); /* a page each, and what layers work in */
	nt_decoder_free(d);
	nt_lm_free(lm);
	nt_model_free(m);
}

/* They are f16 unless weights have all bits of an f32. */
static void the_bytes_of_a_sequence_are_known(void **state)
{
	(void)state;
	struct made wide = load(NT_LLAMA, "f32", NT_LM_AS_STORED, 1, NULL), narrow = load(NT_LLAMA, "f32", NT_LM_BF16, 1, NULL);
	size_t heads = 2 * 2, D = 12, width = 16;
	assert_int_equal(nt_decoder_bytes(wide.lm, 32), heads * 32 * (D + width) * 4);
	assert_int_equal(nt_decoder_bytes(wide.lm, 33), heads * 48 * (D + width) * 4);
	assert_int_equal(nt_decoder_bytes(narrow.lm, 33), heads * 48 * (D + width) * 2);
	assert_true(nt_decoder_bytes(wide.lm, SIZE_MAX / 16) == SIZE_MAX);
	release(&wide);
	release(&narrow);
}

static double cost_alone(struct nt_scorer *s, const struct nt_choice *c)
{
	const struct nt_scored *scored;
	double sum = 0;
	assert_int_equal(nt_scorer_run(s, c->id, c->n, &scored), 0);
	for (size_t i = c->n_context - 1; i + 1 < c->n; i++)
		sum += scored[i].nll;
	return sum;
}

static void choices_cost_what_they_cost_alone(void **state)
{
	struct made x = make(NT_GPT2, 1, NULL);
	struct nt_scorer *s;
	uint32_t id[4][T + 20];
	(void)state;
	assert_int_equal(nt_scorer_new(&s, x.lm, NULL), 0);
	for (size_t n_context = 1; n_context < T; n_context += 60) {
		struct nt_choice choice[4];
		for (size_t i = 0; i < 4; i++) {
			random_ids(id[i], T + 20, V);
			for (size_t t = n_context; i && t < T + 20; t++)
				id[i][t] = (id[i][t] + (uint32_t)(i * t)) % V;
			choice[i] = (struct nt_choice){.id = id[i], .n = n_context + i * 5, .n_context = n_context};
		}
		id[3][n_context / 2] = 1; /* one has another context */
		double want[4];
		for (size_t i = 0; i < 4; i++)
			want[i] = cost_alone(s, &choice[i]);
		assert_int_equal(nt_choose(x.d, choice, 4), 0);
		for (size_t i = 0; i < 4; i++)
			assert_true(fabs(choice[i].nats - want[i]) < 1e-4 * (1 + want[i]));
	}
	/* what is too long loses its beginning; what is nothing else is refused */
	struct nt_choice longer[2] = {{.id = id[0], .n = T + 9, .n_context = T}, {.id = id[1], .n = T + 4, .n_context = T}};
	struct nt_choice cut[2] = {{.id = id[0] + 8, .n = T + 1, .n_context = T - 8},
				   {.id = id[1] + 8, .n = T - 4, .n_context = T - 8}};
	assert_int_equal(nt_choose(x.d, longer, 2), 0);
	for (size_t i = 0; i < 2; i++)
		assert_true(fabs(longer[i].nats - cost_alone(s, &cut[i])) < 1e-3);
	longer[0] = (struct nt_choice){.id = id[0], .n = T + 9, .n_context = 8};
	assert_int_equal(nt_choose(x.d, longer, 1), NT_EARG);
	id[0][T - 1] = V;
	longer[0] = (struct nt_choice){.id = id[0], .n = T, .n_context = 8};
	assert_int_equal(nt_choose(x.d, longer, 1), NT_EARG);
	nt_scorer_free(s);
	release(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decoder_gives_the_logits_of_whole_rows),
		cmocka_unit_test(a_sequence_has_the_same_bits_alone_and_among_others),
		cmocka_unit_test(fewer_bits_cost_little),
		cmocka_unit_test(what_a_file_holds_is_not_what_is_asked_for),
		cmocka_unit_test(a_decoder_gives_the_same_bits_with_any_threads),
		cmocka_unit_test(a_long_context_is_looked_at_in_parts),
		cmocka_unit_test(what_a_prompt_leaves_over_is_right),
		cmocka_unit_test(what_was_taken_back_leaves_no_trace),
		cmocka_unit_test(a_full_decoder_and_a_foreign_id_are_refused),
		cmocka_unit_test(a_sequence_twice_in_a_step_is_our_bug),
		cmocka_unit_test(memory_is_taken_as_ids_come),
		cmocka_unit_test(the_bytes_of_a_sequence_are_known),
		cmocka_unit_test(choices_cost_what_they_cost_alone),
	};
	return cmocka_run_group_tests(tests, save_models, remove_models);
}
