/* SPDX-License-Identifier: MIT */
/*
 * tally_sort.c - counted pieces in order, in memory and out of it
 *
 * A table that is full is sorted into a run in a temporary file. At the end the runs and
 * what is left in the tables are merged: the least of their first pieces comes next, with
 * the sum of its counts. The file is mapped, so it may be larger than the memory.
 */
#include <stdlib.h>

#include "base/le.h"
#include "nt/err.h"
#include "token/run.h"
#include "token/tally.h"

enum { SPILL_BUFFER = 1 << 20 };

/* A piece of a table, with its first eight bytes, big-endian: most comparisons end there. */
struct ordered {
	uint64_t head;
	const struct nt_count *slot;
};

struct cursor {
	const uint8_t *p; /* the piece it stands at ... */
	size_t len;
	uint64_t count;
	const struct nt_counter *counter; /* ... of a table; NULL: of a run */
	const struct ordered *order;      /* [n] */
	size_t at, n;
	uint8_t buf[16];
	struct nt_run_reader run;
};

struct sorting {
	struct nt_tally *tally;
	struct ordered **order; /* [n_desk] */
};

/* --- sorting a table ----------------------------------------------------------------------- */

static int compare_ordered(const void *a, const void *b, void *counter)
{
	const struct ordered *x = a, *y = b;
	uint8_t x_buf[16], y_buf[16];
	size_t x_len, y_len;
	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	const uint8_t *x_p = nt_counter_piece(counter, x->slot, x_buf, &x_len);
	const uint8_t *y_p = nt_counter_piece(counter, y->slot, y_buf, &y_len);
	return nt_piece_compare(x_p, x_len, y_p, y_len);
}

static int sort_desk(void *arg, size_t desk)
{
	struct sorting *s = arg;
	struct nt_counter *c = &s->tally->desk[desk].counter;
	uint8_t buf[16];
	size_t n = 0, len;
	struct ordered *order = nt_alloc(c->n_piece, sizeof(*order));
	if (!(s->order[desk] = order))
		return NT_ESYS;
	for (size_t i = 0; i < nt_counter_size(c); i++)
		if (c->slot[i].n) {
			const uint8_t *p = nt_counter_piece(c, &c->slot[i], buf, &len);
			/* a short piece has zeros behind it, a long one has eight bytes */
			order[n++] = (struct ordered){__builtin_bswap64(nt_le64(p)), &c->slot[i]};
		}
	qsort_r(order, n, sizeof(*order), compare_ordered, c);
	return 0;
}

static int sort_desks(struct sorting *s, struct nt_tally *t, struct nt_pool *pool)
{
	s->tally = t;
	s->order = nt_calloc((size_t)t->n_desk, sizeof(struct ordered *));
	return s->order ? nt_pool_run(pool, (size_t)t->n_desk, sort_desk, s) : NT_ESYS;
}

static void release_sorting(struct sorting *s)
{
	for (int i = 0; s->order && i < s->tally->n_desk; i++)
		free(s->order[i]);
	free(s->order);
}

/* --- to the temporary file ------------------------------------------------------------------- */

static int spill_desk(struct nt_tally *t, const struct ordered *order, struct nt_counter *c)
{
	struct nt_run_writer w = {0};
	uint8_t buf[16];
	size_t len;
	int rc = nt_grow(&t->run, &t->run_cap, t->n_run + 2, sizeof(*t->run));
	for (size_t i = 0; rc == 0 && i < c->n_piece; i++) {
		const uint8_t *p = nt_counter_piece(c, order[i].slot, buf, &len);
		rc = nt_run_add(&w, p, len, order[i].slot->n);
		if (rc == 0 && (w.out.len >= SPILL_BUFFER || i + 1 == c->n_piece)) {
			rc = i + 1 == c->n_piece ? nt_run_end(&w) : 0;
			rc = rc < 0 ? rc : nt_spill_add(&t->spill, w.out.data, w.out.len);
			w.out.len = 0;
		}
	}
	nt_run_writer_release(&w);
	if (rc < 0 || c->n_piece == 0)
		return rc;
	if (!t->n_run)
		t->run[0] = 0;
	t->run[++t->n_run] = t->spill.bytes;
	t->n_gone += c->n_total;
	nt_counter_reset(c);
	return 0;
}

int nt_tally_spill(struct nt_tally *t, struct nt_pool *pool)
{
	struct sorting s = {0};
	int rc = t->spill.fd < 0 ? nt_spill_open(&t->spill, NULL, SPILL_BUFFER) : 0;
	if (rc == 0)
		rc = sort_desks(&s, t, pool);
	for (int i = 0; rc == 0 && i < t->n_desk; i++)
		rc = spill_desk(t, s.order[i], &t->desk[i].counter);
	release_sorting(&s);
	return rc;
}

/* --- merging ---------------------------------------------------------------------------------- */

/* The next piece: 1, or 0 behind the last. */
static int advance(struct cursor *c)
{
	int rc = 1;
	if (c->counter) {
		if (c->at == c->n)
			return 0;
		c->count = c->order[c->at].slot->n;
		c->p = nt_counter_piece(c->counter, c->order[c->at++].slot, c->buf, &c->len);
	} else if ((rc = nt_run_next(&c->run)) > 0) {
		c->p = c->run.piece.data;
		c->len = c->run.piece.len;
		c->count = c->run.count;
	}
	return rc;
}

/* The cursor at i of a heap, least first, goes down to its place. */
static void sink(struct cursor **heap, size_t n, size_t i)
{
	struct cursor *c = heap[i];
	for (size_t child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && nt_piece_compare(heap[child + 1]->p, heap[child + 1]->len,
						      heap[child]->p, heap[child]->len) < 0)
			child++;
		if (nt_piece_compare(heap[child]->p, heap[child]->len, c->p, c->len) >= 0)
			break;
		heap[i] = heap[child];
	}
	heap[i] = c;
}

/* Adds the counts of all cursors that stand at the least piece, and moves them on. */
static int take_least(struct cursor **heap, size_t *n, struct nt_buf *piece, uint64_t *count)
{
	piece->len = 0;
	*count = 0;
	int rc = nt_buf_add(piece, heap[0]->p, heap[0]->len);
	while (rc == 0 && *n && nt_piece_compare(heap[0]->p, heap[0]->len, piece->data, piece->len) == 0) {
		*count += heap[0]->count;
		int more = advance(heap[0]);
		if (more < 0)
			return more;
		if (!more)
			heap[0] = heap[--*n];
		if (*n)
			sink(heap, *n, 0);
	}
	return rc;
}

static int merge(struct cursor *cursor, size_t n, uint64_t least,
		 int (*take)(void *, const uint8_t *, size_t, uint64_t), void *arg)
{
	struct cursor **heap = nt_alloc(n, sizeof(struct cursor *));
	struct nt_buf piece = {0};
	size_t n_heap = 0;
	uint64_t count;
	int rc = heap ? 0 : NT_ESYS;
	for (size_t i = 0; rc >= 0 && i < n; i++)
		if ((rc = advance(&cursor[i])) > 0)
			heap[n_heap++] = &cursor[i];
	for (size_t i = n_heap / 2; rc >= 0 && i-- > 0;)
		sink(heap, n_heap, i);
	while (rc >= 0 && n_heap) {
		rc = take_least(heap, &n_heap, &piece, &count);
		if (rc == 0 && count >= least)
			rc = take(arg, piece.data, piece.len, count);
	}
	nt_buf_release(&piece);
	free(heap);
	return rc < 0 ? rc : 0;
}

int nt_tally_sorted(struct nt_tally *t, struct nt_pool *pool, uint64_t least,
		    int (*take)(void *arg, const uint8_t *p, size_t len, uint64_t count), void *arg)
{
	struct sorting s = {0};
	struct nt_map map = {0};
	size_t n_desk = (size_t)t->n_desk, n = n_desk + t->n_run;
	struct cursor *cursor = nt_calloc(n, sizeof(*cursor));
	int rc = cursor ? sort_desks(&s, t, pool) : NT_ESYS;
	if (rc == 0 && t->n_run)
		rc = nt_spill_map(&t->spill, &map);
	for (size_t i = 0; rc == 0 && i < n_desk; i++) {
		const struct nt_counter *c = &t->desk[i].counter;
		cursor[i] = (struct cursor){.counter = c, .order = s.order[i], .n = c->n_piece};
	}
	for (size_t i = 0; rc == 0 && i < t->n_run; i++) {
		cursor[n_desk + i].run.at = map.data + t->run[i];
		cursor[n_desk + i].run.end = map.data + t->run[i + 1];
	}
	if (rc == 0)
		rc = merge(cursor, n, least, take, arg);
	for (size_t i = 0; cursor && i < n; i++)
		nt_run_reader_release(&cursor[i].run);
	free(cursor);
	release_sorting(&s);
	nt_map_close(&map);
	return rc;
}
