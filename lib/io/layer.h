/* SPDX-License-Identifier: MIT */
#ifndef IO_LAYER_H
#define IO_LAYER_H
/*
 * layer.h - one wrapping, undone over the bytes of the layer below
 *
 * The lowest layer is the operand's descriptor. Each type of wrapping is a struct of four
 * functions; what they share, looking ahead in the bytes below, is here (input.c).
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/block.h"
#include "io/input.h"

enum { NT_BLOCK_BYTES = NT_BLOCK(1 << 18) };

struct nt_layer;

struct nt_layer_type {
	const char *name;   /* as sentences call it */
	bool is_archive;    /* its members have names, or numbers, of their own */
	size_t state_bytes; /* of the state that begins as zeros */
	int (*open)(struct nt_layer *l); /* NULL: nothing to do */
	/* Goes to the next member, whatever is left of this one: 1, or 0 after the last, when the
	 * whole wrapping has been seen to be sound. */
	int (*next)(struct nt_layer *l);
	/* Up to n > 0 bytes of the member; 0 at its end. */
	ssize_t (*read)(struct nt_layer *l, void *buf, size_t n);
	void (*close)(struct nt_layer *l); /* NULL: nothing to do */
	/* Behind damage: goes to a place where reading can begin again, 1, or 0 if there is none;
	 * NULL: there never is. */
	int (*resume)(struct nt_layer *l);
	/* What the member says about itself; NULL: nothing. */
	void (*about)(const struct nt_layer *l, struct nt_input_about *about);
	/* What wraps the member, NULL: nothing; where this is NULL, its bytes are looked at. */
	const struct nt_layer_type *(*inner)(const struct nt_layer *l);
};

extern const struct nt_layer_type nt_gzip, nt_deflate, nt_zstd, nt_warc;
extern const struct nt_layer_type nt_xz, nt_bzip2, nt_lz4, nt_zip, nt_7z, nt_ar, nt_cpio, nt_tar;

struct nt_layer {
	struct nt_input *in;
	struct nt_layer *below;           /* NULL: this is the descriptor */
	const struct nt_layer_type *type;
	void *state;                      /* the type's own */
	bool at_end;        /* of the bytes of the member it is at */
	bool failed;        /* it gave an error, and can give nothing more ... */
	bool recovers;      /* ... unless it said that the error was of one member */
	bool is_forgiving;  /* what it undoes was damaged before it was stored: end there */
	size_t name_len;    /* of the input's name without this layer's members */
	uint64_t out_bytes; /* of all members */
	size_t pos, len;    /* block[pos, len) is read ahead */
	uint8_t block[NT_BLOCK_BYTES];
};

/*
 * The bytes ahead, at *p: at least n of them (n <= NT_BLOCK_BYTES), or all that are left.
 * Returns how many, or an error. They stay until nt_layer_skip takes them, or the next look.
 */
ssize_t nt_layer_look(struct nt_layer *l, size_t n, const uint8_t **p);
void nt_layer_skip(struct nt_layer *l, size_t n);
ssize_t nt_layer_take(struct nt_layer *l, void *buf, size_t n); /* 0: the end */

/* magic.c: the first bytes p[n] of something. The wrapping that begins so; NULL: none. */
enum { NT_MAGIC_BYTES = 512 }; /* a tar header, the longest of them */
const struct nt_layer_type *nt_layer_type_of(const uint8_t *p, size_t n);
/* Do they hold some that no text does? */
bool nt_is_binary(const uint8_t *p, size_t n);
/* Does the name promise a wrapping that they are not, so that they are what is left of one that was cut
 * inside of its magic, or damaged there: NT_EFORMAT, or else 1? Text under such a name is text. */
int nt_layer_check_promise(const char *name, const uint8_t *p, size_t n);

/* The descriptor of a file that stands at its first byte can be sought in. */
bool nt_layer_can_seek(const struct nt_layer *l);
int64_t nt_layer_seek(struct nt_layer *l, int64_t offset, int whence); /* negative: cannot */
void nt_layer_end(struct nt_layer *l); /* takes all of it for read */

int nt_layer_check_size(const struct nt_layer *l, uint64_t bytes); /* against --max-size */

const char *nt_layer_name(const struct nt_layer *l); /* of the operand and its members down to here */
int nt_layer_damaged(const struct nt_layer *l, const char *why); /* the sentence; NT_EFORMAT */

/* Behind damage in l: 1 if it can be read from a later place on, 0 if not. */
int nt_layer_resume(struct nt_layer *l);

/* Names the member: appends ":name". */
int nt_layer_name_member(struct nt_layer *l, const char *name);

const struct nt_input_options *nt_layer_options(const struct nt_layer *l);
void nt_layer_note_damage(const struct nt_layer *l); /* counts the last sentence: --lenient */

#endif
