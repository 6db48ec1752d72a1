/* SPDX-License-Identifier: MIT */
#ifndef CMD_DOCUMENTS_H
#define CMD_DOCUMENTS_H
/* documents.h - the options that say what a document is, the same in every command that reads text */
#include "cli/opt.h"
#include "nt/docs.h"

struct document_options {
	const char *split;
	struct nt_list field;
	bool is_nul;
};

/* Rows of an option table; AT() is the command's own. */
#define DOCUMENT_OPTIONS(member)                                                                    \
	{0, "split", NT_OPT_STR, AT(member.split), "HOW", "auto", 0, 0,                             \
	 "what ends a document: auto, none, line, blank, nul, jsonl, or a delimiter, in which "     \
	 "\\n \\t \\r \\0 \\\\ stand for one byte"},                                                \
	{'0', "null", NT_OPT_FLAG, AT(member.is_nul), NULL, NULL, 0, 0, "the same as --split=nul"}, \
	{0, "field", NT_OPT_LIST, AT(member.field), "NAME", NULL, 0, 0,                             \
	 "field of a JSON line that holds the text (default text); several, repeated or with "      \
	 "commas, are joined by a blank line; a.b is b inside a"}

static inline const char *documents_split(const struct document_options *o)
{
	return o->is_nul ? "nul" : o->split;
}

static inline struct nt_docs_options documents_how(const struct document_options *o)
{
	return (struct nt_docs_options){
		.split = documents_split(o), .field = o->field.item, .n_field = o->field.n};
}

#endif
