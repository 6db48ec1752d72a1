/* SPDX-License-Identifier: MIT */
/*
 * nt - the umbrella: `nt train` is nt-train, `nt help pack` opens its page
 *
 * A command is looked for beside this program first, so that a build folder works
 * without being installed, and then in PATH. Nothing is known about a command but its
 * name: a program called nt-anything in PATH is a command.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/mem.h"

static const struct {
	const char *name, *what;
} commands[] = {
	{"cat", "documents out of files and archives"},
	{"vocab", "learn a byte-level BPE vocabulary"},
	{"filter", "drop documents by rule"},
	{"tokenize", "text to token stream, and back"},
	{"dedup", "drop repeated paragraphs, lines or documents, exact and near"},
	{"shuffle", "permute documents"},
	{"pack", "token stream to mapped data file, or to and from other trainers' files"},
	{"info", "describe and verify any file of the suite"},
	{"train", "train a causal transformer"},
	{"score", "what a model makes of a text, token by token"},
	{"sample", "generate text"},
	{"report", "training runs as a page, or as a chart"},
	{"export", "write a model as llama.cpp's file, or in another dtype"},
};

static const char *command_name(const void *ctx, size_t i)
{
	(void)ctx;
	return i < sizeof(commands) / sizeof(*commands) ? commands[i].name : NULL;
}

/* The folder of this program, with a trailing slash; "" if it cannot be told. */
static void own_folder(char *folder, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", folder, cap - 1);
	folder[n > 0 ? n : 0] = 0;
	char *slash = strrchr(folder, '/');
	if (slash)
		slash[1] = 0;
}

static int unknown(const char *name)
{
	const char *near = nt_opt_nearest(name, command_name, NULL);
	if (near)
		return nt_fail(NT_EARG, "unknown command '%s': did you mean '%s'?", name, near);
	return nt_fail(NT_EARG, "unknown command '%s'", name);
}

/* Becomes the program called word with these arguments; argv[0] is filled in. Returns only
 * on failure. */
static void become(char *word, char **argv)
{
	char folder[PATH_MAX], path[PATH_MAX + 512];
	own_folder(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s%s", folder, word);
	argv[0] = word;
	if (*folder)
		execv(path, argv);
	execvp(word, argv);
}

static const char *without_prefix(const char *name)
{
	return strncmp(name, "nt-", 3) == 0 ? name + 3 : name;
}

static int run_command(const char *name, char **argv)
{
	char word[256];
	name = without_prefix(name);
	if (strlen(name) > 200 || strchr(name, '/'))
		return unknown(name);
	snprintf(word, sizeof(word), "nt-%s", name);
	become(word, argv);
	return errno == ENOENT ? unknown(name) : nt_fail_sys("cannot run '%s'", word);
}

/* The page from the build folder or from where it was installed, else the plain help. */
static int open_page(const char *name)
{
	static const char *const place[] = {"man", "share/man/man1"};
	char folder[PATH_MAX], page[PATH_MAX + 512], word[256] = "nt";
	size_t i = 0;
	if (*name) {
		while (command_name(NULL, i) && strcmp(command_name(NULL, i), name) != 0)
			i++;
		if (!command_name(NULL, i))
			return unknown(name);
		snprintf(word, sizeof(word), "nt-%s", command_name(NULL, i));
	}
	own_folder(folder, sizeof(folder));
	for (i = 0; i < sizeof(place) / sizeof(*place); i++) {
		snprintf(page, sizeof(page), "%s../%s/%s.1", folder, place[i], word);
		if (access(page, R_OK) == 0)
			execlp("man", "man", "-l", page, (char *)NULL);
	}
	become(word, (char *[]){NULL, "--help", NULL});
	return nt_fail_sys("cannot run '%s'", word);
}

static int nt(struct nt_cli *cli, void *opts, char **operand, int n_operand)
{
	(void)cli;
	(void)opts;
	if (n_operand && strcmp(operand[0], "help") == 0)
		return open_page(n_operand > 1 ? without_prefix(operand[1]) : "");
	if (n_operand)
		return nt_fail(NT_EARG, "options stand before the command '%s': they go behind it", operand[0]);
	puts("usage: nt COMMAND [ARGUMENT...]\n\nCommands:");
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].what);
	puts("\n'nt help COMMAND' opens its manual page.");
	return 0;
}

static const struct nt_example examples[] = {
	{"nt train data.bin", "The same as nt-train data.bin"},
	{"nt help pack", "Open the manual page of nt-pack"},
	{0},
};

static const struct nt_opt opts[] = {{0}};

static const struct nt_cmd cmd = {
	.name = "nt",
	.what = "next-token-prediction pretraining as Unix filters",
	.synopsis = "COMMAND [ARGUMENT...]",
	.about = "Runs the program nt-COMMAND with the arguments behind it, or opens its manual "
		 "page. Without a command it lists them.\n\n"
		 "Text becomes a model in a pipeline: nt-cat | nt-tokenize | nt-dedup | nt-shuffle | "
		 "nt-pack > data.bin, then nt-train data.bin, then nt-sample ckpt.",
	.examples = examples,
	.see_also = "nt-cat nt-dedup nt-export nt-filter nt-info nt-pack nt-report nt-sample nt-score nt-shuffle nt-tokenize "
		    "nt-train nt-vocab",
	.operands = "cat|dedup|export|filter|help|info|pack|report|sample|score|shuffle|tokenize|train|vocab",
	.opts = opts,
	.run = nt,
};

int main(int argc, char **argv)
{
	if (argc > 1 && argv[1][0] != '-' && strcmp(argv[1], "help") != 0) {
		int rc = run_command(argv[1], argv + 1);
		fprintf(stderr, "nt: %s\n", nt_errmsg());
		return -rc;
	}
	return nt_cli_main(&cmd, argc, argv);
}
