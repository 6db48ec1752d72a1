/* SPDX-License-Identifier: MIT */
#ifndef DATA_FOREIGN_H
#define DATA_FOREIGN_H
/*
 * foreign.h - what writer and reader of other people's formats share
 */
#include <stdbool.h>

#include "nt/foreign.h"

struct nt_foreign_form {
	const char *name, *ending; /* of the file with the tokens */
	const char *index;         /* ending of the index, NULL: none */
	bool has_mark_in_front;    /* [B], and not [E] behind */
};

static const struct nt_foreign_form nt_foreign_form[] = {
	[NT_NANOGPT] = {"nanogpt", ".bin", NULL, false},
	[NT_LLMC] = {"llmc", ".bin", NULL, true},
	[NT_MEGATRON] = {"megatron", ".bin", ".idx", false},
	[NT_OLMO] = {"olmo", ".npy", ".csv.gz", false},
	[NT_DATATROVE] = {"datatrove", ".ds", ".ds.index", false},
};

/* llm.c: 256 integers of 32 bits, the first three as follows and the others 0. */
enum {
	LLMC_HEADER = 1024,
	LLMC_MAGIC = 0,
	LLMC_VERSION = 4,
	LLMC_COUNT = 8, /* of tokens */
	LLMC_MAGIC_16 = 20240520, /* u16, version 1: "gpt-2" */
	LLMC_VERSION_16 = 1,
	LLMC_MAGIC_32 = 20240801, /* u32, version 7: "llama-3" */
	LLMC_VERSION_32 = 7,
};

/* Megatron-LM's .idx; behind the header i32 lengths of sequences, i64 places of them in the
 * .bin in bytes, i64 numbers of the sequences where documents begin, and where the last ends. */
#define IDX_MAGIC "MMIDIDX\0" /* and one more 0 */
enum {
	IDX_VERSION = 9, /* u64, 1 */
	IDX_DTYPE = 17,  /* u8 */
	IDX_N_SEQUENCE = 18,
	IDX_N_DOCUMENT = 26, /* and one */
	IDX_HEADER = 34,
	IDX_INT32 = 4,
	IDX_UINT16 = 8,
	IDX_UINT16_BELOW = 65500, /* vocabularies below this many entries are u16 */
};

#endif
