/* SPDX-License-Identifier: MIT */
/*
 * zstd.c - zstd data by libzstd
 *
 * Frames behind each other, skippable ones among them; checksums are verified where a frame
 * has one; windows up to 2 GiB, as `zstd --long=31` writes them and its own decoder takes
 * only when asked to: the memory is the frame's to ask for, and used only as it fills.
 */
#include <zstd.h>
#include <zstd_errors.h>

#include "io/layer.h"
#include "nt/err.h"

struct unzstd {
	ZSTD_DCtx *d;
	bool has_begun;
	bool in_frame;
	size_t damage; /* what libzstd said behind the last good bytes */
};

static int open_zstd(struct nt_layer *l)
{
	struct unzstd *z = l->state;
	ZSTD_bounds window = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	if (!(z->d = ZSTD_createDCtx()) ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(z->d, ZSTD_d_windowLogMax, window.upperBound)))
		return nt_fail(NT_ESYS, "%s: out of memory while unpacking", nt_layer_name(l));
	return 0;
}

static int failed(const struct nt_layer *l, size_t code)
{
	if (ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation)
		return nt_fail(NT_ESYS, "%s: no memory for its window", nt_layer_name(l));
	return nt_layer_damaged(l, ZSTD_getErrorName(code));
}

static ssize_t read_zstd(struct nt_layer *l, void *buf, size_t n)
{
	struct unzstd *z = l->state;
	ZSTD_outBuffer out = {buf, n, 0};
	if (z->damage)
		return failed(l, z->damage);
	while (out.pos == 0) {
		const uint8_t *p;
		ssize_t ahead = nt_layer_look(l->below, 1, &p);
		if (ahead < 0)
			return ahead;
		if (ahead == 0 && !z->in_frame)
			return 0;
		ZSTD_inBuffer in = {p, (size_t)ahead, 0};
		size_t rc = ZSTD_decompressStream(z->d, &out, &in);
		if (ZSTD_isError(rc))
			z->damage = rc;
		if (ZSTD_isError(rc) && out.pos == 0)
			return failed(l, rc);
		nt_layer_skip(l->below, in.pos);
		z->in_frame = rc != 0;
		if (ahead == 0 && out.pos == 0 && z->in_frame)
			return nt_layer_damaged(l, "it ends too early");
	}
	return (ssize_t)out.pos;
}

static int next_zstd(struct nt_layer *l)
{
	struct unzstd *z = l->state;
	bool is_first = !z->has_begun;
	z->has_begun = true;
	return is_first;
}

static void close_zstd(struct nt_layer *l)
{
	ZSTD_freeDCtx(((struct unzstd *)l->state)->d);
}

const struct nt_layer_type nt_zstd = {
	.name = "zstd", .state_bytes = sizeof(struct unzstd), .open = open_zstd,
	.next = next_zstd, .read = read_zstd, .close = close_zstd,
};
