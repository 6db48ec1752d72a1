/* SPDX-License-Identifier: MIT */
#ifndef BASE_BLOCK_H
#define BASE_BLOCK_H
/*
 * block.h - how much is read at once
 *
 * Inputs of a fuzzer are short, and borders of blocks are where readers go wrong: under one, blocks are so
 * short (NT_SHORT_BLOCKS) that its inputs have some.
 */
#ifdef NT_SHORT_BLOCKS
#define NT_BLOCK(n) (1 << 10)
#else
#define NT_BLOCK(n) (n)
#endif

#endif
