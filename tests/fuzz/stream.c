/* SPDX-License-Identifier: MIT */
/*
 * stream.c - bytes as a token stream
 *
 * A fuzzer does not find the hash that goes with what it changed. So the bytes are read
 * twice: as they are, and with every header and payload hash put right, which lets
 * the lies about lengths, counts and units through to the code that must see them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/le.h"
#include "data/nts.h"
#include "nt/hash.h"
#include "nt/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(const uint32_t *unit, size_t n_unit, size_t n)
{
	size_t sum = 0;
	for (size_t i = 0; i < n_unit; i++)
		sum += unit[i];
	if (sum != n)
		abort();
}

/* Documents decoded, or as they are stored: as many come, with the same end. */
static uint64_t drain(struct nt_stream_reader *r, bool is_stored, int *rc)
{
	struct nt_tokens doc;
	struct nt_stored stored;
	uint64_t n = 0;
	volatile uint8_t last = 0; /* all bytes of each can be read */
	while ((*rc = is_stored ? nt_stream_next_stored(r, &stored) : nt_stream_next(r, &doc)) == 1) {
		check(is_stored ? stored.unit : doc.unit, is_stored ? stored.n_unit : doc.n_unit,
		      is_stored ? stored.n : doc.n);
		for (size_t i = 0; is_stored && i < stored.n * (size_t)nt_ident_width(nt_stream_ident(r)); i++)
			last = stored.token[i];
		n++;
	}
	(void)last;
	return n;
}

static void read_all(const uint8_t *data, size_t len)
{
	char path[64];
	char *operand[] = {path};
	struct nt_stream_reader *r;
	uint64_t n[2] = {0};
	int rc[2] = {0}, fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 2 && (rc[i] = nt_stream_open(&r, operand, 1)) == 0; i++) {
		n[i] = drain(r, i, &rc[i]);
		nt_stream_close(r);
	}
	if (rc[0] == 0 && (rc[1] != 0 || n[0] != n[1]))
		abort();
	close(fd);
}

/* Makes the hashes of every frame that lies inside the bytes right. */
static void seal(uint8_t *s, size_t len)
{
	uint64_t chain[64];
	size_t n = 0;
	for (size_t at = 0; len - at >= NTS_HEADER && n < 64; n++) {
		uint8_t *h = s + at;
		size_t payload = nt_le32(h + FRAME_PAYLOAD), pad = -payload % NTS_HEADER;
		if (payload > len - at - NTS_HEADER)
			return;
		memcpy(h, "NTS1", 4);
		nt_put16(h + FRAME_LEN, NTS_HEADER);
		nt_put32(h + FRAME_PAD, (uint32_t)pad);
		if (h[FRAME_TYPE] == NTS_END && payload >= END_BYTES)
			nt_put64(h + NTS_HEADER + END_HASH, nt_hash64(chain, n * sizeof(*chain)));
		chain[n] = nt_hash64(h + NTS_HEADER, payload);
		nt_put64(h + FRAME_PAYLOAD_HASH, chain[n]);
		nt_put64(h + FRAME_HASH, nt_hash64(h, FRAME_HASH));
		if (len - at - NTS_HEADER - payload < pad)
			return;
		at += NTS_HEADER + payload + pad;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	read_all(data, len);
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy)
		return 0;
	if (len)
		memcpy(copy, data, len);
	seal(copy, len);
	read_all(copy, len);
	free(copy);
	return 0;
}
