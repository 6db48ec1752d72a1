/* SPDX-License-Identifier: MIT */
/*
 * kv_wide.h - attention over kept keys and values (kv.h) for any register width
 *
 * A part of kern_wide.h. Scores come first, then their softmax, then the sum of values, so that each
 * reads its half of a block once, for up to four heads. A register of keys or values is multiplied
 * as soon as it is loaded, for each head. A quarter of all registers, heads times neighbours, are
 * sums on their way at once, and each of them twice, for even and for odd elements or positions:
 * that hides what an addition takes, and no sum depends on how many are beside it.
 */
enum { HEADS = 4, BESIDE = 4, SUMS = REGISTERS / 4 };

/* With constants for its last three arguments each of these becomes a loop of its own. */
#define SHAPED static inline __attribute__((always_inline))

/*
 * sum[h][r] += x[h] times register r, which begins at byte i of part[r]. What lies `ahead` of it is
 * needed next; a CPU sees that coming by itself where there is little to do but load.
 */
SHAPED void multiply(wide sum[SUMS], const float *x, size_t ldx, const unsigned char *const part[BESIDE],
		     size_t i, size_t ahead, bool is_f16, size_t n_head, size_t n_reg)
{
	for (size_t r = 0; r < n_reg; r++) {
		const void *at = part[r] + i;
		wide v = is_f16 ? get_f16(at) : load(at, WIDTH);
		if (is_f16 || n_head > 1)
			__builtin_prefetch(part[r] + i + ahead);
		for (size_t h = 0; h < n_head; h++)
			sum[h * n_reg + r] = fused(all(x[h * ldx]), v, sum[h * n_reg + r]);
	}
}

/* Scores of key first + at and those behind it. */
SHAPED void score(const struct nt_kv_query *a, size_t head, size_t first, float s[HEADS][NT_KV_PART], size_t at,
		  bool is_f16, size_t n_head, size_t n_reg)
{
	const float *q = a->q + head * a->ldq;
	size_t D = a->kv.D, bytes = is_f16 ? sizeof(uint16_t) : sizeof(float);
	const unsigned char *part[BESIDE];
	size_t ahead = (n_reg * WIDTH + NT_KV_BLOCK - 1) / NT_KV_BLOCK * a->kv.stride, column = NT_KV_BLOCK * bytes;
	wide even[SUMS], odd[SUMS], scale = all(1 / sqrtf((float)D));
	for (size_t r = 0; r < n_reg; r++) {
		size_t key = first + at + r * WIDTH;
		part[r] = a->kv.block + key / NT_KV_BLOCK * a->kv.stride + key % NT_KV_BLOCK * bytes;
	}
	for (size_t i = 0; i < n_head * n_reg; i++)
		even[i] = odd[i] = all(0);
	for (size_t d = 0; d < D; d += 2) {
		multiply(even, q + d, a->ldq, part, d * column, ahead, is_f16, n_head, n_reg);
		if (d + 1 < D)
			multiply(odd, q + d + 1, a->ldq, part, (d + 1) * column, ahead, is_f16, n_head, n_reg);
	}
	for (size_t h = 0; h < n_head; h++)
		for (size_t r = 0; r < n_reg; r++)
			store(s[h] + at + r * WIDTH, WIDTH, (even[h * n_reg + r] + odd[h * n_reg + r]) * scale);
}

/* The sum of n values times p, of column c and those behind it. */
SHAPED void weigh(const struct nt_kv_query *a, float *o, size_t ldo, size_t first, size_t n,
		  float p[HEADS][NT_KV_PART], size_t c, bool is_f16, size_t n_head, size_t n_reg)
{
	size_t D = a->kv.D, bytes = is_f16 ? sizeof(uint16_t) : sizeof(float);
	size_t row = nt_kv_width(D) * bytes, ahead = a->kv.stride;
	const unsigned char *part[BESIDE], *block = a->kv.block + first / NT_KV_BLOCK * a->kv.stride;
	wide even[SUMS], odd[SUMS];
	for (size_t i = 0; i < n_head * n_reg; i++)
		even[i] = odd[i] = all(0);
	for (size_t at = 0; at < n; at += NT_KV_BLOCK, block += a->kv.stride) {
		size_t left = n - at < NT_KV_BLOCK ? n - at : NT_KV_BLOCK;
		for (size_t r = 0; r < n_reg; r++)
			part[r] = block + (D * NT_KV_BLOCK + c + r * WIDTH) * bytes;
		for (size_t t = 0; t < left; t += 2) {
			multiply(even, p[0] + at + t, NT_KV_PART, part, t * row, ahead, is_f16, n_head, n_reg);
			if (t + 1 < left)
				multiply(odd, p[0] + at + t + 1, NT_KV_PART, part, (t + 1) * row, ahead, is_f16, n_head,
					 n_reg);
		}
	}
	for (size_t h = 0; h < n_head; h++)
		for (size_t r = 0; r < n_reg && c + r * WIDTH < D; r++)
			store(o + h * ldo + c + r * WIDTH, D - c - r * WIDTH, even[h * n_reg + r] + odd[h * n_reg + r]);
}

/*
 * Every shape there is, n_head 1, 2 or 4, n_reg up to BESIDE, their product up to SUMS: a
 * CALL(is_f16, n_head, n_reg) for each, in its case of a switch.
 */
#define SHAPE_OF(is_f16, n_head, n_reg) (((is_f16) * 8 + (n_head)) * 8 + (n_reg))
#define CASE(is_f16, n_head, n_reg)                                                                \
	case SHAPE_OF(is_f16, n_head, n_reg):                                                      \
		CALL(is_f16, n_head, n_reg);                                                       \
		break;
#if REGISTERS == 32
#define MORE(is_f16) CASE(is_f16, 2, 3) CASE(is_f16, 2, 4) CASE(is_f16, 4, 2)
#else
#define MORE(is_f16)
#endif
#define EACH_SHAPE(is_f16)                                                                         \
	CASE(is_f16, 1, 1) CASE(is_f16, 1, 2) CASE(is_f16, 1, 3) CASE(is_f16, 1, 4)                \
	CASE(is_f16, 2, 1) CASE(is_f16, 2, 2) CASE(is_f16, 4, 1) MORE(is_f16)

static void all_scores(const struct nt_kv_query *a, size_t head, size_t n_head, size_t first, size_t n,
		       float s[HEADS][NT_KV_PART])
{
#define CALL(f, h, r) score(a, head, first, s, at, f, h, r)
	for (size_t at = 0, n_reg; at < n; at += n_reg * WIDTH) {
		n_reg = least((n - at + WIDTH - 1) / WIDTH, least(SUMS / n_head, BESIDE));
		switch (SHAPE_OF(a->kv.is_f16, n_head, n_reg)) {
			EACH_SHAPE(0)
			EACH_SHAPE(1)
		}
	}
#undef CALL
}

static void all_columns(const struct nt_kv_query *a, size_t n_head, float *o, size_t ldo, size_t first, size_t n,
			float p[HEADS][NT_KV_PART])
{
#define CALL(f, h, r) weigh(a, o, ldo, first, n, p, c, f, h, r)
	size_t width = nt_kv_width(a->kv.D);
	for (size_t c = 0, n_reg; c < width; c += n_reg * WIDTH) {
		n_reg = least((width - c) / WIDTH, least(SUMS / n_head, BESIDE));
		switch (SHAPE_OF(a->kv.is_f16, n_head, n_reg)) {
			EACH_SHAPE(0)
			EACH_SHAPE(1)
		}
	}
#undef CALL
}

static void attend(const struct nt_kv_query *a, size_t first, size_t n, float *o, size_t ldo, float *lse,
		   size_t ld_lse)
{
	float s[HEADS][NT_KV_PART];
	for (size_t head = 0, n_head; head < a->n_head; head += n_head) {
		size_t left = a->n_head - head;
		n_head = left >= 4 ? 4 : left >= 2 ? 2 : 1;
		all_scores(a, head, n_head, first, n, s);
		for (size_t h = 0; h < n_head; h++)
			lse[(head + h) * ld_lse] = softmax(s[h], n, 1);
		all_columns(a, n_head, o + head * ldo, ldo, first, n, s);
	}
}
