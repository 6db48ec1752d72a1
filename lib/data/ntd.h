/* SPDX-License-Identifier: MIT */
#ifndef DATA_NTD_H
#define DATA_NTD_H
/*
 * ntd.h - where everything stands in a data file (docs/formats.md, "Data file")
 *
 * Offsets only: the bytes are read and written one integer at a time, so neither the
 * compiler's padding nor the machine's byte order can get into a file.
 */
#include <stdint.h>

#define NTD_MAGIC     "\x89NTD\r\n\x1a\n"
#define NTD_END_MAGIC "NTDEND\r\n"

enum {
	NTD_VERSION = 1,
	NTD_PAGE = 4096,    /* header page; a segment is a multiple of it */
	NTD_FOOTER = 128,   /* the last bytes of a segment */
	NTD_ENTRY = 32,     /* of the directory */
	NTD_FRAGMENT = 32,  /* in ROWS */
	NTD_ALIGN = 64,     /* where a section begins */
	NTD_CHUNK = 1 << 20, /* bytes of tokens under one hash of SUMS */
	NTD_NAME = 64,
	NTD_PRODUCER = 32,
	NTD_SOURCE = 255,   /* bytes of a source's name, at most */
};

/* The header page. */
enum {
	HEAD_MAGIC = 0,
	HEAD_VERSION = 8,
	HEAD_LEN = 12,
	HEAD_WIDTH = 16, /* u8: bytes a token takes, 2 or 4 */
	HEAD_KIND = 17,  /* u8: enum nt_data_kind */
	HEAD_VOCAB_SIZE = 20,
	HEAD_BOS = 24,
	HEAD_EOS = 28,
	HEAD_PAD = 32,
	HEAD_ROW_LEN = 36,
	HEAD_N_TOKEN = 40, /* ~0: the footer says it */
	HEAD_FINGERPRINT = 48,
	HEAD_NAME = 64,
	HEAD_PRODUCER = 128,
	HEAD_SEED = 160,
	HEAD_SEGMENT = 168, /* u64: number of the segment in its write, from 0 */
	HEAD_HASH = 4088,   /* XXH3_64 of the bytes before it */
};

/* The footer. */
enum {
	FOOT_LEN = 0, /* bytes of the whole segment */
	FOOT_N_TOKEN = 8,
	FOOT_N_DOC = 16,
	FOOT_N_ROW = 24,
	FOOT_DIR = 32, /* offset of the directory in the segment */
	FOOT_N_ENTRY = 40,
	FOOT_WIDTH = 44, /* u32 */
	FOOT_FINGERPRINT = 48,
	FOOT_TOKEN_HASH = 64, /* XXH3_128 of the token bytes */
	FOOT_SOURCE_BYTES = 80,
	FOOT_DIR_HASH = 88,
	FOOT_HEAD_HASH = 96,
	FOOT_FLAGS = 104,
	FOOT_HASH = 112, /* XXH3_64 of the bytes before it */
	FOOT_MAGIC = 120,
};

enum {
	NTD_FINAL = 1, /* the last segment of its write */
	NTD_CLEAN = 2, /* the end of the input was seen, and it was whole */
};

/* An entry of the directory. */
enum {
	ENTRY_TAG = 0, /* 4 letters */
	ENTRY_OFFSET = 8,
	ENTRY_LEN = 16,
	ENTRY_HASH = 24,
};

/* A fragment in ROWS. */
enum {
	FRAG_DOC = 0, /* u64, counted over its write */
	FRAG_DOC_OFFSET = 8,
	FRAG_ROW = 16, /* u32, in this segment */
	FRAG_START = 20,
	FRAG_LEN = 24,
	FRAG_CONTEXT = 28, /* u32: tokens behind the first that are no targets, either */
};

#endif
