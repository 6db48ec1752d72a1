/* SPDX-License-Identifier: MIT */
/*
 * main.c - what every command does around its work
 *
 * Parses the tables, answers --help and friends, runs the command, prints the one
 * sentence of a failure, and looks at what closing stdout says: a full disk shows
 * only there when the last block is still in the buffer.
 */
#include "cli/main.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/litter.h"
#include "nt/cpu.h"
#include "nt/mem.h"
#include "nt/version.h"

struct common {
	struct nt_cli cli;
	bool help, usage, version, help_man;
	const char *completion;
};

#define AT(field) offsetof(struct common, field)
static const struct nt_opt common_opts[] = {
	{.help = "Common options"},
	{'j', "threads", NT_OPT_INT, AT(cli.threads), "N", NULL, 1, 1024,
	 "threads to use; the default is the CPUs of this machine, or NT_THREADS"},
	{'q', "quiet", NT_OPT_FLAG, AT(cli.quiet), NULL, NULL, 0, 0, "print errors only"},
	{'v', "verbose", NT_OPT_FLAG, AT(cli.verbose), NULL, NULL, 0, 0, "say more about the work"},
	{0, "progress", NT_OPT_ENUM, AT(cli.progress), "auto|always|never", "auto", 0, 0,
	 "show a progress line on standard error"},
	{0, "color", NT_OPT_ENUM, AT(cli.color), "auto|always|never", "auto", 0, 0,
	 "colour what is printed for people"},
	{'h', "usage", NT_OPT_FLAG, AT(usage), NULL, NULL, 0, 0, "print a short help"},
	{0, "help", NT_OPT_FLAG, AT(help), NULL, NULL, 0, 0, "print this help with examples"},
	{'V', "version", NT_OPT_FLAG, AT(version), NULL, NULL, 0, 0, "print the version"},
	{0, "help-man", NT_OPT_FLAG, AT(help_man), NULL, NULL, 0, 0, "print the manual page, as mdoc"},
	{0, "completion", NT_OPT_STR, AT(completion), "SHELL", NULL, 0, 0,
	 "print the completion script for bash, zsh or fish"},
	{0},
};

/* There is one terminal, and one signal state, in a process: these may be file-scope. */
static volatile sig_atomic_t stop_signal;
static const char *command = "nt";
static bool line_is_shown;
static uint64_t line_shown_ns;

static void print_line(const struct nt_cli *cli, const char *prefix, const char *fmt, va_list ap)
{
	char text[2048];
	vsnprintf(text, sizeof(text), fmt, ap);
	nt_printable(text, strlen(text));
	nt_cli_progress_end(cli);
	fprintf(stderr, "%s: %s%s\n", cli->name, prefix, text);
}

void nt_cli_warn(const struct nt_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (!cli->quiet)
		print_line(cli, "warning: ", fmt, ap);
	va_end(ap);
}

void nt_cli_say(const struct nt_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (!cli->quiet)
		print_line(cli, "", fmt, ap);
	va_end(ap);
}

void nt_cli_complain(const struct nt_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	print_line(cli, "", fmt, ap);
	va_end(ap);
}

void nt_cli_note(const struct nt_cli *cli, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (cli->verbose)
		print_line(cli, "", fmt, ap);
	va_end(ap);
}

bool nt_cli_progress_due(const struct nt_cli *cli)
{
	return cli->has_progress && nt_now_ns() - line_shown_ns > 200000000u;
}

void nt_cli_progress(const struct nt_cli *cli, const char *fmt, ...)
{
	if (!nt_cli_progress_due(cli))
		return;
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	nt_printable(text, strlen(text));
	struct winsize w;
	size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 80;
	size_t room = width - 1, name = strlen(cli->name) + 2;
	int shown = (int)(room > name ? room - name : 0);
	fprintf(stderr, "\r%s: %.*s\033[K", cli->name, shown, text);
	fflush(stderr);
	line_is_shown = true;
	line_shown_ns = nt_now_ns();
}

void nt_cli_progress_end(const struct nt_cli *cli)
{
	if (line_is_shown && cli->has_progress)
		fputs("\r\033[K", stderr);
	line_is_shown = false;
}

/* The signal does what it would have done, and no unfinished file is left. */
static void on_end(int number)
{
	nt_litter_remove();
	signal(number, SIG_DFL);
	raise(number);
}

static void on_stop(int number)
{
	if (stop_signal)
		on_end(number);
	stop_signal = number;
}

/* A page of a mapped file that cannot be read is told by a signal. Another SIGBUS is our bug. */
static void on_bus(int number, siginfo_t *info, void *context)
{
	static const char why[] = ": a file that is mapped could not be read: it became shorter, or its disk failed\n";
	(void)context;
	if (info->si_code != BUS_ADRERR)
		on_end(number);
	nt_litter_remove();
	if (write(STDERR_FILENO, command, strlen(command)) < 0 || write(STDERR_FILENO, why, strlen(why)) < 0)
		_exit(-NT_ESYS);
	_exit(-NT_ESYS);
}

/* What was ignored when we came stays so: nohup(1). A file-size limit is an error of write(2). */
static void handle_signals(void)
{
	static const int end[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM, SIGXCPU};
	struct sigaction was, act = {.sa_handler = on_end, .sa_flags = SA_NODEFER};
	sigemptyset(&act.sa_mask);
	for (size_t i = 0; i < sizeof(end) / sizeof(end[0]); i++)
		if (sigaction(end[i], NULL, &was) == 0 && was.sa_handler == SIG_DFL)
			sigaction(end[i], &act, NULL);
	act = (struct sigaction){.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO};
	sigaction(SIGBUS, &act, NULL);
	signal(SIGXFSZ, SIG_IGN);
}

const volatile sig_atomic_t *nt_cli_stop_flag(void)
{
	struct sigaction was, act = {.sa_handler = on_stop};
	sigemptyset(&act.sa_mask);
	sigaction(SIGINT, &act, NULL); /* a script's shell ignores it for what it starts with "&" */
	sigaction(SIGTERM, &act, NULL);
	if (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &act, NULL);
	return &stop_signal;
}

bool nt_cli_was_interrupted(void)
{
	if (stop_signal != SIGINT)
		return false;
	stop_signal = 0;
	return true;
}

static bool decide(int when, bool possible)
{
	return when == NT_ALWAYS || (when == NT_AUTO && possible);
}

/* A misspelt name would leave the strongest kernels on without a word. */
static int check_isa(void)
{
	const char *asked = getenv("NT_ISA");
	if (!asked || !*asked)
		return 0;
	for (int i = 0; i < NT_ISA_COUNT; i++)
		if (strcmp(asked, nt_isa_name((enum nt_isa)i)) == 0)
			return 0;
	return nt_fail(NT_EARG, "NT_ISA: '%s' is not ref, avx2, avx512 or neon", asked);
}

static int settle(struct nt_cli *cli)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool smart = !term || strcmp(term, "dumb") != 0;
	cli->has_progress = decide(cli->progress, isatty(STDERR_FILENO) && smart) && !cli->quiet;
	cli->has_color = decide(cli->color, isatty(STDOUT_FILENO) && smart && !(no_color && *no_color));
	const char *threads = getenv("NT_THREADS");
	if (!cli->threads && threads && *threads) {
		char *end;
		cli->threads = strtol(threads, &end, 10);
		if (*end || cli->threads < 1 || cli->threads > 1024)
			return nt_fail(NT_EARG, "NT_THREADS: '%s' is not a number from 1 to 1024", threads);
	}
	if (!cli->threads)
		cli->threads = nt_cpu_count();
	return check_isa();
}

static int answer(const struct nt_cmd *cmd, const struct common *c)
{
	if (c->completion)
		return nt_page_completion(cmd, common_opts, c->completion, stdout);
	if (c->help_man)
		nt_page_man(cmd, common_opts, stdout);
	else if (c->help)
		nt_page_help(cmd, common_opts, stdout);
	else if (c->usage)
		nt_page_usage(cmd, common_opts, stdout);
	else
		printf("%s (nt) %s\nkernels: %s%s\nUnicode: %s, normal forms %s\n", cmd->name, NT_VERSION,
		       nt_isa_name(nt_cpu_isa()), nt_cpu_has_bf16() ? ", bf16" : "", NT_UNICODE_VERSION,
		       NT_NORMAL_VERSION);
	return 0;
}

static int perform(const struct nt_cmd *cmd, struct common *c, void *opts, int argc, char **argv)
{
	int rc = nt_opt_parse(cmd, common_opts, opts, c, argc, argv);
	if (rc < 0)
		return rc;
	int first = rc;
	if (c->help || c->usage || c->version || c->help_man || c->completion)
		return answer(cmd, c);
	if ((rc = settle(&c->cli)) < 0)
		return rc;
	rc = cmd->run(&c->cli, opts, argv + first, argc - first);
	nt_cli_progress_end(&c->cli);
	return rc;
}

int nt_cli_main(const struct nt_cmd *cmd, int argc, char **argv)
{
	struct common c = {.cli.name = cmd->name};
	void *opts = nt_calloc(1, cmd->opts_bytes ? cmd->opts_bytes : 1);
	command = cmd->name;
	handle_signals();
	int rc = opts ? perform(cmd, &c, opts, argc, argv) : NT_ESYS;
	if (rc >= 0 && (fflush(stdout) || ferror(stdout) || fclose(stdout)))
		rc = nt_fail_sys("standard output: cannot write");
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", cmd->name, nt_errmsg());
	if (opts)
		nt_opt_release(cmd, opts);
	free(opts);
	if (stop_signal && rc >= 0)
		return 128 + stop_signal;
	return rc < 0 ? -rc : 0;
}
