/* SPDX-License-Identifier: MIT */
/* nultext.c - documents as text, with a NUL between them */
#include "nt/nultext.h"

int nt_nultext_begin(struct nt_nultext *t)
{
	t->is_empty = true;
	return t->n_doc++ ? nt_out_write(t->out, "", 1) : 0;
}

int nt_nultext_add(struct nt_nultext *t, const void *text, size_t len)
{
	t->is_empty = t->is_empty && len == 0;
	return nt_out_write(t->out, text, len);
}

int nt_nultext_end(struct nt_nultext *t)
{
	return t->is_empty && t->n_doc > 1 ? nt_out_write(t->out, "", 1) : 0;
}
