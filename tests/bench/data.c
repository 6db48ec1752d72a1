/* SPDX-License-Identifier: MIT */
/*
 * data.c - what data.sh and memory.sh need and a shell has not
 *
 *	data cost COMMAND...     runs it, its output thrown away, and prints `WALL CPU RSS`: seconds, seconds
 *	                         of all threads and children, and the largest process's peak in KiB
 *	data feed BYTES FILE     writes that much text: FILE again and again, in each copy with the words of
 *	                         every line turned by one place more, so that lines differ and words do not
 *	data limits FOLDER       prints how fast this machine does what nothing can do faster:
 *	                         `NAME MB/s`, of a pipe, of memory, of XXH3, of the disk behind FOLDER
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nt/cpu.h"
#include "nt/err.h"
#include "nt/file.h"
#include "nt/hash.h"

enum { MIB = 1 << 20 };

static void check(int rc)
{
	if (rc < 0)
		errx(1, "%s", nt_errmsg());
}

static double seconds_since(uint64_t ns)
{
	return (double)(nt_now_ns() - ns) / 1e9;
}

/* --- cost ------------------------------------------------------------------------ */

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int cost(char **command)
{
	struct rusage used;
	int status;
	uint64_t began = nt_now_ns();
	pid_t pid = fork();
	if (pid == 0) {
		int nowhere = open("/dev/null", O_WRONLY);
		if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
			err(127, "/dev/null");
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		err(1, "%s", command[0]);
	printf("%.6f %.6f %ld\n", seconds_since(began), seconds(used.ru_utime) + seconds(used.ru_stime),
	       used.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* --- feed ------------------------------------------------------------------------ */

/* Where the words of line[len] are cut to be turned: behind the blank before word `turn`. */
static size_t cut_of(const uint8_t *line, size_t len, uint64_t turn)
{
	size_t n_blank = 0, at = 0;
	for (size_t i = 0; i < len; i++)
		n_blank += line[i] == ' ';
	turn = n_blank ? turn % (n_blank + 1) : 0;
	while (turn && at < len)
		turn -= line[at++] == ' ';
	return at;
}

static void turn_line(uint8_t *to, const uint8_t *line, size_t len, uint64_t turn)
{
	size_t cut = cut_of(line, len, turn), rest = len - cut;
	if (cut == 0) {
		memcpy(to, line, len);
		return;
	}
	memcpy(to, line + cut, rest);
	to[rest] = ' ';
	memcpy(to + rest + 1, line, cut - 1);
}

/* The text with the words of its lines turned; lines end at a newline or a NUL. */
static void turn_text(uint8_t *to, const uint8_t *text, size_t len, uint64_t turn)
{
	for (size_t at = 0; at < len;) {
		size_t end = at;
		while (end < len && text[end] != '\n' && text[end] != 0)
			end++;
		turn_line(to + at, text + at, end - at, turn);
		if (end < len)
			to[end] = text[end];
		at = end + 1;
	}
}

static int feed(uint64_t bytes, const char *path)
{
	struct nt_buf text = {0}, turned = {0};
	check(nt_read_file(&text, path));
	check(nt_buf_reserve(&turned, text.len + 1));
	for (uint64_t copy = 0; bytes && text.len; copy++) {
		size_t n = bytes < text.len ? (size_t)bytes : text.len;
		turn_text(turned.data, text.data, text.len, copy);
		turned.data[text.len] = 0; /* behind the last document of a copy */
		check(nt_write_full(STDOUT_FILENO, turned.data, n, "standard output"));
		bytes -= n;
		if (bytes && (bytes--, turned.data[n - 1] != 0))
			check(nt_write_full(STDOUT_FILENO, "", 1, "standard output"));
	}
	nt_buf_release(&text);
	nt_buf_release(&turned);
	return 0;
}

/* --- limits ---------------------------------------------------------------------- */

static void say(const char *what, double bytes, uint64_t began)
{
	printf("%s\t%.0f\n", what, bytes / seconds_since(began) / 1e6);
	fflush(stdout);
}

/* A child writes, this process reads, as two programs of a pipeline do. */
static void time_pipe(uint8_t *block, size_t n_byte, size_t total, const char *what)
{
	int end[2];
	if (pipe(end) < 0)
		err(1, "pipe");
	uint64_t began = nt_now_ns();
	pid_t pid = fork();
	if (pid == 0) {
		close(end[0]);
		for (size_t done = 0; done < total; done += n_byte)
			check(nt_write_full(end[1], block, n_byte, "a pipe"));
		_exit(0);
	}
	close(end[1]);
	while (read(end[0], block, n_byte) > 0)
		;
	close(end[0]);
	say(what, (double)total, began);
	waitpid(pid, NULL, 0);
}

static uint64_t sum(const uint64_t *x, size_t n)
{
	uint64_t s[8] = {0};
	for (size_t i = 0; i + 8 <= n; i += 8)
		for (size_t k = 0; k < 8; k++)
			s[k] += x[i + k];
	return s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

static void time_memory(uint8_t *a, uint8_t *b, size_t n)
{
	volatile uint64_t keep;
	uint64_t began = nt_now_ns();
	keep = sum((uint64_t *)(void *)a, n / sizeof(uint64_t));
	say("memory, read", (double)n, began);
	began = nt_now_ns();
	memcpy(b, a, n);
	say("memory, copied", (double)n, began);
	began = nt_now_ns();
	keep = nt_hash64(a, n);
	say("XXH3", (double)n, began);
	(void)keep;
}

static void time_disk(const char *folder, const uint8_t *block, size_t n_byte, size_t total)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/limits.part", folder);
	uint64_t began = nt_now_ns();
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		err(1, "%s", path);
	for (size_t done = 0; done < total; done += n_byte)
		check(nt_write_full(fd, block, n_byte, path));
	if (fsync(fd) < 0)
		err(1, "%s", path);
	say("disk, written with fsync", (double)total, began);
	close(fd);
	unlink(path);
}

static int limits(const char *folder)
{
	enum { N_BYTE = 512 * MIB };
	static uint8_t block[MIB];
	memset(block, 1, MIB);
	time_pipe(block, 64 << 10, N_BYTE, "pipe, 64 KiB at a time");
	time_pipe(block, MIB, N_BYTE, "pipe, 1 MiB at a time");
	uint8_t *a = nt_alloc(N_BYTE, 1), *b = nt_alloc(N_BYTE, 1);
	if (!a || !b)
		check(NT_ESYS);
	memset(a, 1, N_BYTE);
	memset(b, 2, N_BYTE);
	time_memory(a, b, N_BYTE);
	time_disk(folder, block, MIB, N_BYTE);
	free(a);
	free(b);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "cost") == 0)
		return cost(argv + 2);
	if (argc == 4 && strcmp(argv[1], "feed") == 0)
		return feed(strtoull(argv[2], NULL, 10), argv[3]);
	if (argc == 3 && strcmp(argv[1], "limits") == 0)
		return limits(argv[2]);
	errx(2, "usage: data cost COMMAND... | feed BYTES FILE | limits FOLDER");
}
