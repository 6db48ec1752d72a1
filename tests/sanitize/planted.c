/* SPDX-License-Identifier: MIT */
/* planted.c - one mistake, as its argument says, that a sanitizer or valgrind must find; none without one */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int shared;

static void *count(void *times)
{
	for (int i = 0; i < *(int *)times; i++)
		shared++;
	return NULL;
}

static void race(void)
{
	pthread_t one, two;
	int times = 1000;
	pthread_create(&one, NULL, count, &times);
	pthread_create(&two, NULL, count, &times);
	pthread_join(one, NULL);
	pthread_join(two, NULL);
}

static void *(*volatile take)(size_t n) = malloc; /* of which the compiler does not know how much it gives */

int main(int argc, char **argv)
{
	char mistake = argc > 1 ? *argv[1] : 0;
	volatile int *p = take(4 * sizeof(*p));
	p[0] = argc;
	if (mistake == 'o') /* overrun */
		p[2 + argc] = 1;
	if (mistake == 'u' && p[argc - 1]) /* uninitialized */
		puts("not 0");
	if (mistake == 'r')
		race();
	if (mistake == 's') /* shift out of range */
		printf("%d\n", 1 << (31 + p[0]));
	free((void *)(size_t)p);
	return 0;
}
