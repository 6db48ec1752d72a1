/* SPDX-License-Identifier: MIT */
#ifndef DATA_NTS_H
#define DATA_NTS_H
/*
 * nts.h - where everything stands in a token stream (docs/formats.md, "Token stream")
 */
#include <stdint.h>

enum {
	NTS_HEADER = 64, /* bytes of a frame's header, and what frames are padded to */
	NTS_MAX_PAYLOAD = 1 << 26,
	NTS_USUAL_PAYLOAD = 1 << 18, /* what the writer aims at */
	NTS_VERSION = 1,
};

enum { NTS_HELLO = 1, NTS_DOCS = 2, NTS_END = 127, NTS_MAY_SKIP = 128 };
enum { NTS_ZSTD = 1 }; /* flags */

/* The header of a frame. */
enum {
	FRAME_MAGIC = 0, /* "NTS1" */
	FRAME_TYPE = 4,  /* u8 */
	FRAME_FLAGS = 5, /* u8 */
	FRAME_LEN = 6,   /* u16, NTS_HEADER */
	FRAME_PAYLOAD = 8,
	FRAME_PAD = 12,
	FRAME_N_UNIT = 16,
	FRAME_N_TOKEN = 20,
	FRAME_FIRST_DOC = 24,
	FRAME_FIRST_TOKEN = 32,
	FRAME_IDENT = 40,
	FRAME_PAYLOAD_HASH = 48,
	FRAME_HASH = 56,
};

/* HELLO's payload; the manifest and the tokenizer (one zstd frame) stand behind it. */
enum {
	HELLO_VERSION = 0,
	HELLO_WIDTH = 4,
	HELLO_VOCAB_SIZE = 8,
	HELLO_BOS = 12,
	HELLO_EOS = 16,
	HELLO_PAD = 20,
	HELLO_FINGERPRINT = 24,
	HELLO_NAME = 40,
	HELLO_PRODUCER = 104,
	HELLO_MANIFEST = 136, /* u32 bytes of it */
	HELLO_TOKZ = 140,     /* u32 bytes of it */
	HELLO_BYTES = 192,
	HELLO_NAME_BYTES = 64,
	HELLO_PRODUCER_BYTES = 32,
};

/* END's payload; the manifest with its counts stands behind it. */
enum {
	END_DOCUMENTS = 0,
	END_UNITS = 8,
	END_TOKENS = 16,
	END_SOURCE_BYTES = 24,
	END_HASH = 32,
	END_STATUS = 40, /* u32, 0: all is well */
	END_MANIFEST = 44,
	END_BYTES = 64,
};

/* A word of DOCS. */
#define UNIT_BEGINS    (UINT32_C(1) << 31) /* a document */
#define UNIT_CONTINUES (UINT32_C(1) << 30) /* the unit that the frame before left open */
#define UNIT_LEN       (UNIT_CONTINUES - 1)

#endif
