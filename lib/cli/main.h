/* SPDX-License-Identifier: MIT */
#ifndef CLI_MAIN_H
#define CLI_MAIN_H
/*
 * main.h - what every command does around its work
 *
 * A command is `return nt_cli_main(&cmd, argc, argv);`. Its run function gets what the
 * options that all commands share were set to, and speaks to the user through here:
 * standard output is for the product only.
 */
#include <signal.h>

#include "cli/opt.h"
#include "nt/err.h"

enum nt_when { NT_AUTO, NT_ALWAYS, NT_NEVER };

struct nt_cli {
	const char *name; /* of the command */
	bool quiet, verbose;
	int64_t threads;  /* >= 1 */
	int progress;     /* enum nt_when, as asked ... */
	int color;
	bool has_progress; /* ... and as decided: a progress line on standard error */
	bool has_color;    /* colours on standard output */
};

int nt_cli_main(const struct nt_cmd *cmd, int argc, char **argv);

/* One line on standard error, the command's name before it. -q silences these two. */
void nt_cli_warn(const struct nt_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void nt_cli_say(const struct nt_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The same whatever is asked: what is wrong, though the command goes on. */
void nt_cli_complain(const struct nt_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* A 64-bit count for %llu. */
static inline unsigned long long nt_llu(uint64_t n)
{
	return n;
}
/* Only with -v. */
void nt_cli_note(const struct nt_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The progress line: rewritten in place at most five times a second, cut to the width
 * of the terminal, nothing at all where standard error is no terminal. A line printed
 * by the three above clears it first.
 */
void nt_cli_progress(const struct nt_cli *cli, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
bool nt_cli_progress_due(const struct nt_cli *cli); /* is it time for another one? */
void nt_cli_progress_end(const struct nt_cli *cli); /* clears the line */

/*
 * From the first call on, SIGINT and SIGTERM do not end the program but set the flag
 * to the signal's number; a second one ends it. The exit status is then 128 + number.
 */
const volatile sig_atomic_t *nt_cli_stop_flag(void);
/* Was it SIGINT? Then the flag is clear again: what was under way ended, and the program goes on. */
bool nt_cli_was_interrupted(void);

#endif
