/* SPDX-License-Identifier: MIT */
#ifndef CLI_OPT_H
#define CLI_OPT_H
/*
 * opt.h - one table per command: parsing, help, manual, completions
 *
 * The table is the only list of a command's options. Everything a user can read about
 * them comes from it, so nothing can drift.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum nt_opt_type {
	NT_OPT_FLAG,  /* bool, set by the option's presence */
	NT_OPT_STR,   /* const char * */
	NT_OPT_LIST,  /* struct nt_list; the option may be repeated */
	NT_OPT_INT,   /* int64_t */
	NT_OPT_COUNT, /* uint64_t; 10k is 10,000, and so is 1e4 */
	NT_OPT_SIZE,  /* uint64_t bytes; 10k is 10,240 and 10kB is 10,000 */
	NT_OPT_REAL,  /* double */
	NT_OPT_TIME,  /* double, seconds; 90s 10m 2h 1d */
	NT_OPT_EVERY, /* struct nt_opt_every; a time if s, m, h or d ends it, else a count */
	NT_OPT_ENUM,  /* int, the place in "a|b|c" */
	NT_OPT_MAYBE, /* struct nt_opt_maybe; --name, or --name=N with a count */
};

struct nt_opt_every {
	uint64_t count; /* 0: by the clock */
	double seconds;
};

struct nt_opt_maybe {
	bool is_given;
	uint64_t count; /* 0 without =N */
};

struct nt_list {
	const char **item; /* [n], freed by nt_cli_main */
	size_t n, cap;
};

/* The text of a number that is a macro, for `init`. */
#define NT_OPT_TEXT(macro) NT_OPT_TEXT_(macro)
#define NT_OPT_TEXT_(number) #number

/* An entry with a help but no name is a heading. {0} ends the table. */
struct nt_opt {
	int key;          /* short letter, or 0 */
	const char *name; /* long name, without the dashes */
	enum nt_opt_type type;
	size_t at;        /* offsetof the field in the command's struct */
	const char *arg;  /* placeholder, or "a|b|c" for an enum */
	const char *init; /* default, parsed like an argument; NULL: the field stays zero */
	double lo, hi;    /* range of a number, both ends belong; both 0: any */
	const char *help; /* one sentence, no full stop */
};

struct nt_example {
	const char *command, *what;
};

struct nt_cli;

struct nt_cmd {
	const char *name;     /* "nt-pack" */
	const char *what;     /* one line, no full stop */
	const char *synopsis; /* what follows the name: "[OPTION...] [FILE...]" */
	const char *about;    /* paragraphs, a blank line between them */
	const struct nt_example *examples; /* {0} ends them */
	const char *see_also; /* names of other commands, a space between them */
	const char *operands; /* the words an operand can be, "a|b|c"; NULL: file names */
	const struct nt_opt *opts;
	size_t opts_bytes;
	/* offsetof a struct nt_list that gets the long name of every option the user gave, for a
	 * command to which saying the default is not the same as saying nothing; 0: none */
	size_t named_at;
	/* offsetof a size_t that gets the number of operands in front of "--", or SIZE_MAX if there
	 * is no "--", for a command that takes two kinds of them; 0: none */
	size_t before_dashes_at;
	/* Returns 0 or a negative enum nt_err. operand[n_operand] is NULL. */
	int (*run)(struct nt_cli *cli, void *opts, char **operand, int n_operand);
};

/*
 * Fills *into from argv. Options may stand among operands, "--" ends them, and a long
 * name may be cut as long as it is unique. Returns the index in argv of the first
 * operand (argv is reordered), or NT_EARG.
 */
int nt_opt_parse(const struct nt_cmd *cmd, const struct nt_opt *common, void *into,
		 void *common_into, int argc, char **argv);
void nt_opt_release(const struct nt_cmd *cmd, void *into);

/* The candidate nearest to word by edit distance, or NULL if none is near. */
const char *nt_opt_nearest(const char *word, const char *(*candidate)(const void *ctx, size_t i),
			   const void *ctx);

/* What is printed from the tables (page.c). */
void nt_page_usage(const struct nt_cmd *cmd, const struct nt_opt *common, FILE *out);
void nt_page_help(const struct nt_cmd *cmd, const struct nt_opt *common, FILE *out);
void nt_page_man(const struct nt_cmd *cmd, const struct nt_opt *common, FILE *out);
int nt_page_completion(const struct nt_cmd *cmd, const struct nt_opt *common, const char *shell,
		       FILE *out);

#endif
