/* SPDX-License-Identifier: MIT */
/*
 * foreign_read.c - documents out of the token files of other trainers
 *
 * Tokens are read a piece at a time, so any size goes, and a raw file may come through a
 * pipe. Documents end where an index says so, and it must fit the tokens from the first to
 * the last; without one they end at marks. These formats hold no hashes: what can be known
 * to be wrong is a size, a count, an index that does not fit, an id outside the vocabulary,
 * and each is an error that names the file and the place.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/block.h"
#include "base/le.h"
#include "data/foreign.h"
#include "data/ids.h"
#include "data/ntd.h"
#include "nt/err.h"
#include "nt/file.h"

enum {
	PIECE = NT_BLOCK(1 << 15), /* tokens read at once */
	LONGEST = 1 << 30, /* of a document, which is held: 4 GiB. Without marks a file is one */
};

struct nt_foreign_reader {
	enum nt_foreign format;
	const struct nt_foreign_form *form;
	const struct nt_ident *ident;
	char *const *operand;
	size_t n, n_opened;

	/* the file being read */
	int fd;             /* -1: none */
	char *name;         /* of its tokens */
	size_t width;
	uint64_t header;    /* bytes in front of the tokens */
	uint64_t at;        /* tokens handed on, and in `piece` */
	uint64_t promised;  /* tokens by its header, or UINT64_MAX */
	uint8_t stored[PIECE * 4];
	uint32_t piece[PIECE];
	size_t n_piece, next;

	/* its index */
	bool has_index;
	char *index_name;
	struct nt_map index;    /* megatron, datatrove */
	gzFile lines;           /* olmo */
	uint64_t n_doc, doc;    /* documents in the index, and before the next one; olmo: not known */
	uint64_t n_sequence, sequence; /* megatron, and before the next one */
	uint64_t start;         /* token where the next document begins */

	struct nt_ids ids; /* the document handed out */
	uint32_t unit;
};

/* --- tokens ---------------------------------------------------------------------- */

static int outside(const struct nt_foreign_reader *r, size_t n)
{
	size_t i = 0;
	while (i < n && r->piece[i] < r->ident->vocab_size)
		i++;
	return nt_fail(NT_EFORMAT,
		       "%s: token %" PRIu64 " (at byte %" PRIu64 ") is %u, not below the size of the vocabulary '%s', "
		       "%u: -t names another one, or this is no %s file", r->name, r->at + i,
		       r->header + (r->at + i) * r->width, r->piece[i], r->ident->name, r->ident->vocab_size,
		       r->form->name);
}

/* Tokens of 16 or 32 bits begin with anything, and yet hardly as one of these does. */
static int looks_like_another(const struct nt_foreign_reader *r, size_t len)
{
	const uint8_t *p = r->stored;
	const char *what = NULL;
	if (len >= 8 && memcmp(p, NTD_MAGIC, 8) == 0)
		what = "a data file: it needs no --from";
	if (len >= 64 && memcmp(p, "NTS1\1\0\100", 7) == 0)
		what = "a token stream: it needs no --from";
	if (len >= 8 && (nt_le64(p) == (UINT64_C(1) << 32 | LLMC_MAGIC_16) ||
			 nt_le64(p) == (UINT64_C(7) << 32 | LLMC_MAGIC_32)))
		what = "a token file of llm.c: --from llmc reads it";
	if (len >= 8 && memcmp(p, "\x93NUMPY", 6) == 0)
		what = "an array that NumPy saved, with a header: OLMo's .npy are tokens and nothing else";
	return what ? nt_fail(NT_EFORMAT, "%s: %s", r->name, what) : 0;
}

/* The next tokens of this file. Returns 1, or 0 at its end. */
static int fill(struct nt_foreign_reader *r)
{
	uint64_t left = r->promised - r->at;
	size_t want = left < PIECE ? (size_t)left : PIECE;
	ssize_t got = nt_read_full(r->fd, r->stored, want * r->width, r->name);
	r->n_piece = r->next = 0;
	if (got < 0)
		return (int)got;
	size_t n = (size_t)got / r->width;
	int rc = r->at == 0 && r->format != NT_LLMC ? looks_like_another(r, (size_t)got) : 0;
	if (rc < 0)
		return rc;
	if ((size_t)got < want * r->width && r->promised != UINT64_MAX)
		return nt_fail(NT_EFORMAT, "%s: cut at byte %" PRIu64 ": its header promises %s, and here are %" PRIu64,
			       r->name, r->header + r->at * r->width + (uint64_t)got,
			       nt_counted(r->promised, "token"), r->at + n);
	if ((size_t)got % r->width)
		return nt_fail(NT_EFORMAT, "%s: %s, and a token takes %zu: it is cut, or of another format or vocabulary",
			       r->name, nt_counted(r->header + r->at * r->width + (uint64_t)got, "byte"), r->width);
	if (n && nt_ids_widen(r->piece, r->stored, n, r->width) >= r->ident->vocab_size)
		return outside(r, n);
	r->n_piece = n;
	r->at += n;
	return n > 0;
}

static int too_long(const struct nt_foreign_reader *r, uint64_t end)
{
	return nt_fail(NT_EFORMAT, "%s: the document that ends at token %" PRIu64 ", or behind it, has more than 2^30: "
		       "does -t name its tokenizer?", r->name, end);
}

/* Appends n tokens of the piece to the document. */
static int take(struct nt_foreign_reader *r, size_t n)
{
	if (r->ids.n + n > LONGEST)
		return too_long(r, r->at);
	int rc = nt_ids_add(&r->ids, r->piece + r->next, n);
	r->next += n;
	return rc;
}

/* --- indexes --------------------------------------------------------------------- */

static int lies(const struct nt_foreign_reader *r, const char *what)
{
	return nt_fail(NT_EFORMAT, "%s: document %" PRIu64 ": %s", r->index_name, r->doc, what);
}

/* A document is sequences one behind the other, in the .bin as in the index. */
static int next_megatron(struct nt_foreign_reader *r, uint64_t *end)
{
	const uint8_t *length = r->index.data + IDX_HEADER, *place = length + 4 * r->n_sequence;
	const uint8_t *first = place + 8 * r->n_sequence;
	uint64_t last = nt_le64(first + 8 * (r->doc + 1));
	if (last < r->sequence || last > r->n_sequence || (r->doc + 1 == r->n_doc && last != r->n_sequence))
		return lies(r, "its sequences are not those behind the last one's");
	*end = r->start;
	for (; r->sequence < last; r->sequence++) {
		uint32_t n = nt_le32(length + 4 * r->sequence);
		if (n > INT32_MAX || nt_le64(place + 8 * r->sequence) != *end * r->width)
			return lies(r, "a sequence does not lie behind the one before it");
		*end += n;
	}
	return 1;
}

static int next_datatrove(struct nt_foreign_reader *r, uint64_t *end)
{
	*end = nt_le64(r->index.data + 8 * r->doc);
	return *end < r->start ? lies(r, "it ends before the one in front of it does") : 1;
}

/* One line, cut to the size of text. Returns 1, or 0 if there is none. */
static int next_line(struct nt_foreign_reader *r, char *text, int size)
{
	int error;
	if (gzgets(r->lines, text, size)) {
		bool is_whole = strchr(text, '\n');
		for (int c = 0; !is_whole && c != '\n' && c >= 0;)
			c = gzgetc(r->lines);
		return 1;
	}
	const char *why = gzerror(r->lines, &error);
	return error == Z_OK ? 0 : nt_fail(NT_EFORMAT, "%s: line %" PRIu64 ": cut or damaged: %s", r->index_name,
					   r->doc + 1, why);
}

/* "start,end,...": of all that only these two matter. */
static int next_olmo(struct nt_foreign_reader *r, uint64_t *end)
{
	char text[64];
	uint64_t start;
	int n = 0, rc = next_line(r, text, sizeof(text));
	if (rc <= 0)
		return rc;
	if (strspn(text, "0123456789,") < 3 || sscanf(text, "%20" SCNu64 ",%20" SCNu64 "%n", &start, end, &n) != 2 ||
	    (text[n] && !strchr(",\r\n", text[n])))
		return lies(r, "its line does not begin with two numbers and a comma between them");
	return start != r->start || *end < start ? lies(r, "it does not lie behind the one before it") : 1;
}

/* Where the next document ends. Returns 1, or 0 if there is none. */
static int next_end(struct nt_foreign_reader *r, uint64_t *end)
{
	if (r->format == NT_OLMO)
		return next_olmo(r, end);
	if (r->doc == r->n_doc)
		return 0;
	return r->format == NT_MEGATRON ? next_megatron(r, end) : next_datatrove(r, end);
}

static int open_megatron(struct nt_foreign_reader *r)
{
	const uint8_t *p = r->index.data;
	uint64_t len = r->index.len;
	if (len < IDX_HEADER || memcmp(p, IDX_MAGIC, 9) != 0)
		return nt_fail(NT_EFORMAT, "%s: not an index of Megatron-LM: it does not begin with MMIDIDX",
			       r->index_name);
	if (nt_le64(p + IDX_VERSION) != 1)
		return nt_fail(NT_EFORMAT, "%s: version %" PRIu64 " of Megatron-LM's index, this program reads 1",
			       r->index_name, nt_le64(p + IDX_VERSION));
	if (p[IDX_DTYPE] != IDX_UINT16 && p[IDX_DTYPE] != IDX_INT32)
		return nt_fail(NT_EFORMAT, "%s: tokens of type %d: this program reads %d (uint16) and %d (int32)",
			       r->index_name, p[IDX_DTYPE], IDX_UINT16, IDX_INT32);
	r->width = p[IDX_DTYPE] == IDX_UINT16 ? 2 : 4;
	r->n_sequence = nt_le64(p + IDX_N_SEQUENCE);
	r->n_doc = nt_le64(p + IDX_N_DOCUMENT) - 1;
	uint64_t rest = len - IDX_HEADER, n = r->n_sequence;
	bool fits = n <= rest / 12 && r->n_doc < (rest - 12 * n) / 8;
	rest -= fits ? 12 * n + 8 * (r->n_doc + 1) : 0;
	if (!fits || (rest != 0 && rest != n)) /* a byte more for each: the mode of multimodal data */
		return nt_fail(NT_EFORMAT, "%s: of %s, it cannot hold the %s and %s that it promises", r->index_name,
			       nt_counted(len, "byte"), nt_counted(n, "sequence"), nt_counted(r->n_doc, "document"));
	return nt_le64(p + IDX_HEADER + 12 * n) == 0 ? 0 : lies(r, "it does not begin at the first sequence");
}

/* The first line of .ds.metadata: the tokenizer, a bar, bytes of a token. */
static int read_width(struct nt_foreign_reader *r)
{
	struct nt_buf path = {0}, text = {0};
	int rc = nt_buf_printf(&path, "%s.metadata", r->name);
	if (rc == 0 && access((char *)path.data, F_OK) == 0) {
		rc = nt_read_file(&text, (char *)path.data);
		uint8_t *end = rc == 0 && text.len ? memchr(text.data, '\n', text.len) : NULL;
		if (end && end - text.data >= 2 && end[-2] == '|' && (end[-1] == '2' || end[-1] == '4'))
			r->width = end[-1] - (size_t)'0';
		else if (rc == 0)
			rc = nt_fail(NT_EFORMAT, "%s: its first line does not end in |2 or |4, the bytes of a token",
				     (char *)path.data);
	}
	nt_buf_release(&path);
	nt_buf_release(&text);
	return rc;
}

static int open_datatrove(struct nt_foreign_reader *r)
{
	if (r->index.len % 8)
		return nt_fail(NT_EFORMAT, "%s: %s, and the end of a document takes 8: it is cut",
			       r->index_name, nt_counted(r->index.len, "byte"));
	r->n_doc = r->index.len / 8;
	return 0;
}

/* Megatron's must be there. */
static int open_index(struct nt_foreign_reader *r)
{
	int rc = r->format == NT_DATATROVE ? read_width(r) : 0;
	r->has_index = r->index_name && (r->format == NT_MEGATRON || access(r->index_name, F_OK) == 0);
	if (rc < 0 || !r->has_index)
		return rc;
	if (r->format == NT_OLMO && !(r->lines = gzopen(r->index_name, "rb")))
		return nt_fail_sys("%s: cannot open", r->index_name);
	if (r->format == NT_OLMO)
		return 0;
	if ((rc = nt_map_open(&r->index, r->index_name)) < 0)
		return rc;
	return r->format == NT_MEGATRON ? open_megatron(r) : open_datatrove(r);
}

/* --- files ----------------------------------------------------------------------- */

/* The length of a path without its ending, or 0 if it has another one. */
static size_t stem_of(const char *path, const char *ending)
{
	size_t len = strlen(path), tail = strlen(ending);
	return len > tail && strcmp(path + len - tail, ending) == 0 ? len - tail : 0;
}

/* "a.bin" of "a.bin", "a.idx" or "a", and beside it "a.idx". */
static int name_files(struct nt_foreign_reader *r, const char *operand)
{
	struct nt_buf name = {0}, index = {0};
	bool is_standard = nt_is_standard(operand);
	size_t stem = r->form->index ? stem_of(operand, r->form->ending) : 0;
	int rc = 0;
	if (!stem && r->form->index)
		stem = stem_of(operand, r->form->index);
	if (is_standard && r->format == NT_MEGATRON)
		return nt_fail(NT_EARG, "megatron: a .bin and an .idx, and standard input is only one: name them");
	if (is_standard || !r->form->index || (!stem && r->format != NT_MEGATRON && access(operand, F_OK) == 0))
		rc = nt_buf_printf(&name, "%s", nt_input_name(operand));
	else
		rc = nt_buf_printf(&name, "%.*s%s", stem ? (int)stem : (int)strlen(operand), operand,
				   r->form->ending);
	if (rc == 0 && r->form->index && !is_standard)
		rc = nt_buf_printf(&index, "%.*s%s", stem ? (int)stem : (int)strlen(operand), operand,
				   r->form->index);
	r->name = (char *)name.data;
	r->index_name = (char *)index.data;
	return rc;
}

static int open_llmc(struct nt_foreign_reader *r)
{
	uint8_t h[LLMC_HEADER];
	ssize_t got = nt_read_full(r->fd, h, sizeof(h), r->name);
	if (got < 0)
		return (int)got;
	uint32_t magic = got >= 4 ? nt_le32(h + LLMC_MAGIC) : 0;
	if (magic != LLMC_MAGIC_16 && magic != LLMC_MAGIC_32)
		return nt_fail(NT_EFORMAT, "%s: not a token file of llm.c: it begins with %u, where %d or %d is due",
			       r->name, magic, LLMC_MAGIC_16, LLMC_MAGIC_32);
	if (got < LLMC_HEADER)
		return nt_fail(NT_EFORMAT, "%s: cut at byte %zd: its header has %d", r->name, got, LLMC_HEADER);
	uint32_t due = magic == LLMC_MAGIC_16 ? LLMC_VERSION_16 : LLMC_VERSION_32;
	if (nt_le32(h + LLMC_VERSION) != due)
		return nt_fail(NT_EFORMAT, "%s: version %u of llm.c's token file %u, this program reads %u", r->name,
			       nt_le32(h + LLMC_VERSION), magic, due);
	r->width = magic == LLMC_MAGIC_16 ? 2 : 4;
	r->header = LLMC_HEADER;
	r->promised = nt_le32(h + LLMC_COUNT);
	return r->promised <= INT32_MAX ? 0 : nt_fail(NT_EFORMAT, "%s: a negative number of tokens", r->name);
}

static void close_file(struct nt_foreign_reader *r)
{
	nt_close_read(r->fd);
	nt_map_close(&r->index);
	if (r->lines)
		gzclose(r->lines);
	free(r->name);
	free(r->index_name);
	r->fd = -1;
	r->lines = NULL;
	r->name = r->index_name = NULL;
	r->at = r->header = r->n_piece = r->next = 0;
	r->n_doc = r->doc = r->n_sequence = r->sequence = r->start = 0;
	r->promised = UINT64_MAX;
	r->has_index = false;
}

/* "a.idx", where "a.bin" is an operand, too: a pattern of the shell has brought it along. */
static bool is_brought_along(const struct nt_foreign_reader *r, const char *operand)
{
	size_t stem = r->form->index ? stem_of(operand, r->form->index) : 0;
	bool is = r->format == NT_DATATROVE && stem_of(operand, ".ds.metadata");
	for (size_t i = 0; stem && i < r->n && !is; i++)
		is = stem_of(r->operand[i], r->form->ending) == stem && memcmp(r->operand[i], operand, stem) == 0;
	return is;
}

/* Opens the next operand and reads its first tokens. Returns 1, or 0 if there is none. */
static int open_next(struct nt_foreign_reader *r)
{
	close_file(r);
	while (r->n_opened < r->n && is_brought_along(r, r->operand[r->n_opened]))
		r->n_opened++;
	if (r->n_opened == r->n)
		return 0;
	const char *operand = r->operand[r->n_opened++];
	r->width = r->format == NT_NANOGPT || r->ident->vocab_size <= 65536 ? 2 : 4;
	int rc = name_files(r, operand);
	if (rc == 0)
		rc = open_index(r);
	if (rc == 0)
		rc = r->fd = nt_open_read(nt_is_standard(operand) ? operand : r->name);
	if (rc >= 0 && r->format == NT_LLMC)
		rc = open_llmc(r);
	if (rc < 0)
		return rc;
	rc = fill(r);
	if (rc == 0 && !r->has_index && !r->header)
		return nt_fail(NT_EFORMAT, "%s: empty: did the program that should write it fail?", r->name);
	return rc < 0 ? rc : 1;
}

/* The end of a file's tokens: nothing may be behind them. */
static int finish_file(struct nt_foreign_reader *r)
{
	uint8_t more;
	ssize_t n = r->promised != UINT64_MAX ? nt_read_full(r->fd, &more, 1, r->name) : 0;
	if (n > 0)
		return nt_fail(NT_EFORMAT, "%s: goes on behind the %s that its header promises",
			       r->name, nt_counted(r->promised, "token"));
	return (int)n;
}

/* --- documents ------------------------------------------------------------------- */

static int hand_out(struct nt_foreign_reader *r, struct nt_tokens *doc)
{
	r->unit = (uint32_t)r->ids.n;
	*doc = (struct nt_tokens){.id = r->ids.id, .n = r->ids.n, .unit = &r->unit, .n_unit = 1};
	return 1;
}

/* What is left of the piece up to a mark. */
static size_t text_len(const struct nt_foreign_reader *r)
{
	size_t i = r->next;
	while (i < r->n_piece && r->piece[i] != r->ident->bos && r->piece[i] != r->ident->eos)
		i++;
	return i - r->next;
}

/* Is there another token? llm.c's files are one behind the other; else this is of one file. */
static int more(struct nt_foreign_reader *r)
{
	while (r->next == r->n_piece) {
		int rc = r->fd < 0 ? 0 : fill(r);
		if (rc == 0 && r->fd >= 0)
			rc = finish_file(r);
		if (rc == 0 && r->format == NT_LLMC)
			rc = open_next(r);
		if (rc <= 0)
			return rc;
	}
	return 1;
}

/* A document begins at [B] and ends behind [E]. */
static int next_marked(struct nt_foreign_reader *r, struct nt_tokens *doc)
{
	bool is_one = r->ident->bos == r->ident->eos, is_open = false;
	int rc;
	while ((rc = more(r)) == 1) {
		size_t n = text_len(r);
		if (n && (rc = take(r, n)) < 0)
			return rc;
		is_open |= n > 0;
		if (r->next == r->n_piece)
			continue;
		bool begins = is_one ? r->form->has_mark_in_front : r->piece[r->next] == r->ident->bos;
		if (begins && is_open)
			return hand_out(r, doc);
		r->next++;
		if (!begins)
			return hand_out(r, doc);
		is_open = true;
	}
	return rc == 0 && is_open ? hand_out(r, doc) : rc;
}

static void strip_marks(struct nt_foreign_reader *r, struct nt_tokens *doc)
{
	if (doc->n && doc->id[0] == r->ident->bos && r->ident->bos != r->ident->eos) {
		doc->id++;
		doc->n--;
	}
	if (doc->n && doc->id[doc->n - 1] == r->ident->eos)
		doc->n--;
	r->unit = (uint32_t)doc->n;
}

static int next_indexed(struct nt_foreign_reader *r, struct nt_tokens *doc)
{
	uint64_t end = 0;
	int rc = next_end(r, &end);
	if (rc == 0 && (rc = more(r)) == 1)
		return nt_fail(NT_EFORMAT, "%s: more tokens than the %" PRIu64 " of its index, %s", r->name, r->start,
			       r->index_name);
	if (rc <= 0)
		return rc;
	if (end - r->start > LONGEST) /* before any of it is read */
		return too_long(r, end);
	for (uint64_t left = end - r->start, n; left > 0 && (rc = more(r)) == 1; left -= n) {
		n = r->n_piece - r->next < left ? r->n_piece - r->next : left;
		int taken = take(r, n);
		if (taken < 0)
			return taken;
	}
	if (rc == 0)
		return nt_fail(NT_EFORMAT, "%s: cut after %s: document %" PRIu64 " ends at %" PRIu64 " by %s", r->name,
			       nt_counted(r->at, "token"), r->doc, end, r->index_name);
	if (rc < 0)
		return rc;
	r->start = end;
	r->doc++;
	hand_out(r, doc);
	strip_marks(r, doc);
	return 1;
}

int nt_foreign_next(struct nt_foreign_reader *r, struct nt_tokens *doc)
{
	r->ids.n = 0;
	for (;;) {
		int rc = r->fd < 0 ? 0 : r->has_index ? next_indexed(r, doc) : next_marked(r, doc);
		if (rc == 0 && (rc = open_next(r)) == 1)
			continue;
		return rc;
	}
}

int nt_foreign_open(struct nt_foreign_reader **result, enum nt_foreign format, char *const *operand,
		    size_t n, const struct nt_ident *ident)
{
	static char *const standard_input[] = {"-"};
	struct nt_foreign_reader *r = nt_calloc(1, sizeof(*r));
	*result = NULL;
	if (!r)
		return NT_ESYS;
	r->format = format;
	r->form = &nt_foreign_form[format];
	r->ident = ident;
	r->operand = n ? operand : standard_input;
	r->n = n ? n : 1;
	r->fd = -1;
	int rc = open_next(r);
	if (rc < 0)
		nt_foreign_close(r);
	else
		*result = r;
	return rc < 0 ? rc : 0;
}

void nt_foreign_close(struct nt_foreign_reader *r)
{
	if (!r)
		return;
	close_file(r);
	nt_ids_release(&r->ids);
	free(r);
}
