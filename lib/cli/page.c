/* SPDX-License-Identifier: MIT */
/*
 * page.c - what a user can read about a command, made from its tables
 *
 * Four forms of one list: the short usage, --help, the mdoc manual, and completions
 * for three shells. Nothing here knows any command.
 */
#include <ctype.h>
#include <string.h>

#include "cli/opt.h"
#include "nt/err.h"
#include "nt/version.h"

enum { COLUMN = 30, WIDTH = 88 };

static bool is_end(const struct nt_opt *o)
{
	return !o->name && !o->help;
}

/* Prints text in lines of WIDTH, the first one beginning at column `indent` already. */
static void wrapped(FILE *out, const char *text, int indent)
{
	int at = indent;
	while (*text) {
		int len = (int)strcspn(text, " \n");
		bool fits = at + 1 + len <= WIDTH;
		if (at > indent)
			at = fits ? at + fprintf(out, " ") : fprintf(out, "\n%*s", indent, "") - 1;
		at += fprintf(out, "%.*s", len, text);
		text += len;
		if (text[0] == '\n' && text[1] == '\n') {
			fprintf(out, "\n\n%*s", indent, "");
			at = indent;
			text++;
		}
		text += *text != 0;
	}
	fputc('\n', out);
}

static void help_entry(FILE *out, const struct nt_opt *o)
{
	char left[96], text[512];
	bool is_maybe = o->type == NT_OPT_MAYBE;
	snprintf(left, sizeof(left), "  %c%c%s--%s%s%s%s%s", o->key ? '-' : ' ', o->key ? o->key : ' ',
		 o->key ? ", " : "  ", o->name, is_maybe ? "[" : "", o->arg ? "=" : "", o->arg ? o->arg : "",
		 is_maybe ? "]" : "");
	snprintf(text, sizeof(text), "%s%s%s%s", o->help, o->init ? " [" : "", o->init ? o->init : "",
		 o->init ? "]" : "");
	int at = fprintf(out, "%-*s", COLUMN, left);
	if (at > COLUMN)
		fprintf(out, "\n%*s", COLUMN, "");
	wrapped(out, text, COLUMN);
}

static void help_table(FILE *out, const struct nt_opt *o, const char *title)
{
	if (o->name)
		fprintf(out, "\n%s:\n", title);
	for (; !is_end(o); o++) {
		if (o->name)
			help_entry(out, o);
		else
			fprintf(out, "\n%s:\n", o->help);
	}
}

void nt_page_usage(const struct nt_cmd *cmd, const struct nt_opt *common, FILE *out)
{
	fprintf(out, "usage: %s %s\n%s\n", cmd->name, cmd->synopsis, cmd->what);
	help_table(out, cmd->opts, "Options");
	help_table(out, common, "");
}

void nt_page_help(const struct nt_cmd *cmd, const struct nt_opt *common, FILE *out)
{
	fprintf(out, "usage: %s %s\n%s\n\n", cmd->name, cmd->synopsis, cmd->what);
	wrapped(out, cmd->about, 0);
	help_table(out, cmd->opts, "Options");
	help_table(out, common, "");
	if (cmd->examples)
		fprintf(out, "\nExamples:\n");
	for (const struct nt_example *e = cmd->examples; e && e->command; e++)
		fprintf(out, "  # %s\n  %s\n", e->what, e->command);
	fprintf(out, "\nExit status: 0 done, 1 a negative result, 2 asked wrongly, 3 bad input,\n"
		     "4 the system said no, 128+n ended by signal n.\n");
}

/*
 * roff takes a dot or an apostrophe at a line's start, and every backslash, for its own;
 * and it wants each sentence on a line of its own, to space them well.
 */
static void roff(FILE *out, const char *text)
{
	bool at_start = true;
	for (; *text; text++) {
		if (text[0] == '.' && text[1] == ' ' && isupper((unsigned char)text[2])) {
			fputs(".\n", out);
			at_start = true;
			text++;
			continue;
		}
		if (at_start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (text[0] == '\n' && text[1] == '\n') {
			fputs("\n.Pp", out);
			at_start = true;
			continue;
		}
		at_start = *text == '\n';
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-' && text[1] == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

/* One sentence as its own paragraph line: capital first, full stop last. */
static void sentence(FILE *out, const char *text)
{
	char copy[512];
	snprintf(copy, sizeof(copy), "%s.", text);
	copy[0] = (char)toupper((unsigned char)copy[0]);
	roff(out, copy);
}

static void man_table(FILE *out, const struct nt_opt *o)
{
	bool in_list = false;
	for (; !is_end(o); o++) {
		if (!o->name) {
			if (in_list)
				fputs(".El\n", out);
			fprintf(out, ".Ss %s\n", o->help);
			in_list = false;
			continue;
		}
		if (!in_list)
			fputs(".Bl -tag -width Ds\n", out);
		in_list = true;
		fputs(".It ", out);
		if (o->key)
			fprintf(out, "Fl %c , ", o->key);
		const char *before = o->type == NT_OPT_MAYBE ? " Ns Op = Ns Ar " : o->arg ? " Ns = Ns Ar " : "";
		fprintf(out, "Fl -%s%s%s\n", o->name, before, o->arg ? o->arg : "");
		sentence(out, o->help);
		if (o->init)
			fprintf(out, "The default is\n.Li %s .\n", o->init);
	}
	if (in_list)
		fputs(".El\n", out);
}

static void man_see_also(FILE *out, const char *names)
{
	fputs(".Sh SEE ALSO\n", out);
	while (*names) {
		int len = (int)strcspn(names, " ");
		fprintf(out, ".Xr %.*s 1", len, names);
		names += len + (names[len] == ' ');
		fputs(*names ? " ,\n" : "\n", out);
	}
}

void nt_page_man(const struct nt_cmd *cmd, const struct nt_opt *common, FILE *out)
{
	char title[32];
	size_t n = 0;
	for (; cmd->name[n] && n + 1 < sizeof(title); n++)
		title[n] = (char)toupper((unsigned char)cmd->name[n]);
	title[n] = 0;
	fprintf(out, ".Dd %s\n.Dt %s 1\n.Os nt %s\n.Sh NAME\n.Nm %s\n.Nd %s\n", NT_VERSION_DATE,
		title, NT_VERSION, cmd->name, cmd->what);
	fprintf(out, ".Sh SYNOPSIS\n.Nm\n%s\n.Sh DESCRIPTION\n", cmd->synopsis);
	roff(out, cmd->about);
	fputs(".Sh OPTIONS\n", out);
	man_table(out, cmd->opts);
	man_table(out, common);
	fputs(".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
	      ".It Ev NT_THREADS\nThe number of threads when\n.Fl j\nis not given.\n"
	      ".It Ev NT_ISA\nThe strongest kernels to use: ref, avx2 or avx512, on arm64 ref or neon.\n"
	      ".It Ev TMPDIR\nWhere temporary files go.\n"
	      ".It Ev NO_COLOR\nIf set and not empty, no colours.\n.El\n"
	      ".Sh EXIT STATUS\n.Bl -tag -width Ds\n"
	      ".It 0\nDone.\n.It 1\nA negative result, or a run that failed.\n.It 2\nAsked wrongly.\n"
	      ".It 3\nBad input: cut, corrupt, or of another tokenizer.\n"
	      ".It 4\nThe system said no: disk full, no memory, permission.\n"
	      ".It 128+n\nEnded by signal n.\n.El\n",
	      out);
	if (cmd->examples && cmd->examples->command)
		fputs(".Sh EXAMPLES\n", out);
	for (const struct nt_example *e = cmd->examples; e && e->command; e++) {
		sentence(out, e->what);
		fputs(".Bd -literal -offset indent\n", out);
		roff(out, e->command);
		fputs(e[1].command ? ".Ed\n.Pp\n" : ".Ed\n", out);
	}
	if (cmd->see_also)
		man_see_also(out, cmd->see_also);
}

/* The choices of an enum as words. */
static void words(FILE *out, const char *choices)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, out);
}

/* Inside single quotes of any of the three shells. */
static void quoted(FILE *out, const char *text, const char *special)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr(special, *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

typedef void entry_fn(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *o);

static void each(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *common, entry_fn *entry)
{
	const struct nt_opt *table[] = {cmd->opts, common};
	for (int i = 0; i < 2; i++)
		for (const struct nt_opt *o = table[i]; !is_end(o); o++)
			if (o->name)
				entry(out, cmd, o);
}

static void bash_case(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *o)
{
	(void)cmd;
	if (o->type != NT_OPT_ENUM)
		return;
	fprintf(out, "\t--%s) COMPREPLY=($(compgen -W '", o->name);
	words(out, o->arg);
	fputs("' -- \"$cur\")); return ;;\n", out);
}

static void bash_word(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *o)
{
	(void)cmd;
	fprintf(out, "--%s ", o->name);
}

/* `nt help` takes a command's name, and what follows another name is that command's. */
static void bash_operands(FILE *out, const struct nt_cmd *cmd)
{
	fputs("\tif [[ $COMP_CWORD == 1 && $cur != -* || $COMP_CWORD == 2 && ${COMP_WORDS[1]} == help ]]; "
	      "then\n\t\tCOMPREPLY=($(compgen -W '", out);
	words(out, cmd->operands);
	fprintf(out, "' -- \"$cur\"))\n\t\treturn\n"
		     "\telif [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]]; then\n"
		     "\t\tlocal of=%s-${COMP_WORDS[1]}\n"
		     "\t\tdeclare -F \"_${of//-/_}\" >/dev/null ||\n"
		     "\t\t\tsource /dev/stdin <<<\"$(command \"$of\" --completion=bash 2>/dev/null)\"\n"
		     "\t\tdeclare -F \"_${of//-/_}\" >/dev/null || return\n"
		     "\t\tCOMP_WORDS=(\"$of\" \"${COMP_WORDS[@]:2}\")\n\t\tCOMP_CWORD=$((COMP_CWORD - 1))\n"
		     "\t\t\"_${of//-/_}\"\n\t\treturn\n\tfi\n",
		cmd->name);
}

static void bash(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *common)
{
	char function[64];
	snprintf(function, sizeof(function), "_%s", cmd->name);
	for (char *p = function; *p; p++)
		if (*p == '-')
			*p = '_';
	fprintf(out, "# bash completion for %s\n%s() {\n"
		     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
		     "\t[[ $cur == = ]] && cur=\n"
		     "\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n\tcase $prev in\n",
		cmd->name, function);
	each(out, cmd, common, bash_case);
	fputs("\tesac\n", out);
	if (cmd->operands)
		bash_operands(out, cmd);
	fputs("\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W '", out);
	each(out, cmd, common, bash_word);
	fputs("' -- \"$cur\"))\n", out);
	fprintf(out, "\tfi\n}\ncomplete -o default -o bashdefault -F %s %s\n", function, cmd->name);
}

static void zsh_spec(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *o)
{
	(void)cmd;
	fputs(" \\\n\t'", out);
	if (o->key)
		fprintf(out, "(-%c --%s)'{-%c,--%s%s}'", o->key, o->name, o->key, o->name,
			o->arg ? "=" : "");
	else
		fprintf(out, "--%s%s%s", o->name, o->arg ? "=" : "", o->type == NT_OPT_MAYBE ? "-" : "");
	fputc('[', out);
	quoted(out, o->help, "[]:");
	fputc(']', out);
	if (o->type == NT_OPT_ENUM) {
		fprintf(out, ":%s:(", o->name);
		words(out, o->arg);
		fputc(')', out);
	} else if (o->arg) {
		fprintf(out, "%s:%s:_files", o->type == NT_OPT_MAYBE ? ":" : "", o->arg);
	}
	fputc('\'', out);
}

static void zsh(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *common)
{
	if (cmd->operands)
		fprintf(out, "#compdef %s\nlocal curcontext=$curcontext state line\ntypeset -A opt_args\n"
			     "_arguments -C -s -S -A '-*'", cmd->name);
	else
		fprintf(out, "#compdef %s\n_arguments -s -S", cmd->name);
	each(out, cmd, common, zsh_spec);
	if (!cmd->operands) {
		fputs(" \\\n\t'*:file:_files'\n", out);
		return;
	}
	fputs(" \\\n\t'1:command:(", out);
	words(out, cmd->operands);
	fputs(")' \\\n\t'*::argument:->of' && return\n"
	      "if [[ $words[1] == help ]]; then\n\tcompadd -- ", out);
	words(out, cmd->operands);
	fprintf(out, "\nelse\n\twords[1]=%s-$words[1]\n\t_normal\nfi\n", cmd->name);
}

static void fish_line(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *o)
{
	fprintf(out, "complete -c %s", cmd->name);
	if (o->key)
		fprintf(out, " -s %c", o->key);
	fprintf(out, " -l %s", o->name);
	if (o->type == NT_OPT_ENUM) {
		fputs(" -x -a '", out);
		words(out, o->arg);
		fputc('\'', out);
	} else if (o->arg && o->type != NT_OPT_MAYBE) {
		fputs(" -r", out);
	}
	fputs(" -d '", out);
	quoted(out, o->help, "");
	fputs("'\n", out);
}

static void fish(FILE *out, const struct nt_cmd *cmd, const struct nt_opt *common)
{
	if (cmd->operands) {
		fprintf(out, "complete -c %s -n '__fish_use_subcommand; or __fish_seen_subcommand_from help' "
			     "-x -a '", cmd->name);
		words(out, cmd->operands);
		fprintf(out, "'\nfunction __%s_of\n\tset --local word (commandline -opc) (commandline -ct)\n"
			     "\tcomplete -C \"%s-$word[2] \"(string join ' ' -- $word[3..-1])\nend\n"
			     "complete -c %s -n 'not __fish_use_subcommand; and "
			     "not __fish_seen_subcommand_from help' -f -a '(__%s_of)'\n",
			cmd->name, cmd->name, cmd->name, cmd->name);
	}
	each(out, cmd, common, fish_line);
}

int nt_page_completion(const struct nt_cmd *cmd, const struct nt_opt *common, const char *shell,
		       FILE *out)
{
	if (strcmp(shell, "bash") == 0)
		bash(out, cmd, common);
	else if (strcmp(shell, "zsh") == 0)
		zsh(out, cmd, common);
	else if (strcmp(shell, "fish") == 0)
		fish(out, cmd, common);
	else
		return nt_fail(NT_EARG, "--completion: '%s' is not bash, zsh or fish", shell);
	return 0;
}
