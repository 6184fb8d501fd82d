/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for a fuzzing engine: runs a target on files and folders, for builds with any compiler. Each input is run as
 * it is, in small pieces, and with each of the first allocations failing.
 *
 *   TARGET [--reach] FILE|FOLDER...
 *
 * --reach: the good documents (files with .good. in their names, or in a folder called valid) must get to the target's
 * deepest stage, and there must be some.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FAULTS 64 /* allocations that are made to fail for each input, beyond which the fuzzer takes over */
#define FILE_MAX (16u << 20)

static size_t inputs, good, shallow;
static bool reach;

static void run_orders(uint8_t *data, size_t size, unsigned chunk, unsigned fail)
{
	memcpy(data + size, FUZZ_MARK, FUZZ_MARK_SIZE);
	size += FUZZ_MARK_SIZE;
	data[size++] = (uint8_t)chunk;
	data[size++] = (uint8_t)(fail >> 8);
	data[size++] = (uint8_t)fail;
	LLVMFuzzerTestOneInput(data, size);
}

static void run_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = malloc(FILE_MAX + FUZZ_ORDERS_SIZE);
	if (in == NULL || data == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(99);
	}
	size_t size = fread(data, 1, FILE_MAX, in);
	fclose(in);
	/* An allocation of just the right size, so that the sanitizer sees reads beyond it. */
	uint8_t *exact = malloc(size != 0 ? size : 1);
	if (exact == NULL)
		exit(99);
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	inputs++;
	if (strstr(path, ".good.") != NULL || strstr(path, "/valid/") != NULL) {
		good++;
		if (fuzz_stage < fuzz_deepest) {
			shallow++;
			if (reach)
				fprintf(stderr, "%s: stops at stage %u of %u\n", path, fuzz_stage, fuzz_deepest);
		}
	}
	if (!reach && size < 65536) {
		run_orders(data, size, 1, 0);
		run_orders(data, size, 7, 0);
		for (unsigned fail = 1; fail <= FAULTS; fail++)
			run_orders(data, size, 0, fail);
	}
	free(data);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void run_path(const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(99);
	}
	if (!S_ISDIR(st.st_mode)) {
		run_file(path);
		return;
	}
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, by_name);
	for (int i = 0; i < count; i++) {
		char below[4096];
		snprintf(below, sizeof below, "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.' && stat(below, &st) == 0 && S_ISREG(st.st_mode))
			run_file(below);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--reach") == 0)
			reach = true;
		else
			run_path(argv[i]);
	}
	printf("%zu inputs, %zu good ones, %zu of them not to the deepest stage\n", inputs, good, shallow);
	if (inputs == 0)
		return 99;
	return reach && (good == 0 || shallow > 0) ? 1 : 0;
}
