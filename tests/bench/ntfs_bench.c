/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an NTFS volume takes to open, what it keeps of each file, and how fast files are found.
 *
 *   ntfs_bench names IMAGE FILES          a volume with so many files that take no room: a large $MFT
 *   ntfs_bench make IMAGE FILES BYTES     a volume with so many files of so many bytes
 *   ntfs_bench open IMAGE                 opens it, looks a million paths up, walks it
 */
#include "drive/ntfs/drive.h"
#include "maker/maker.h"
#include "maker/ntfs_writer.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FOLDER 1000 /* files in each directory */
#define LOOKUPS 1000000

static double seconds(clockid_t clock)
{
	struct timespec at;
	clock_gettime(clock, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

typedef struct timer {
	double wall, processor;
} timer;

static timer begin(void)
{
	return (timer){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static void end(timer t, const char *what, uint64_t count)
{
	double wall = seconds(CLOCK_MONOTONIC) - t.wall, processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - t.processor;
	printf("%-28s %8.2f s, %8.2f s of processor, %10.0f a second of processor\n", what, wall, processor,
	       (double)count / processor);
}

static void make_bytes(void *context, uint64_t offset, uint8_t *buffer, size_t size)
{
	uint64_t state = *(const uint64_t *)context + offset / 4096 + 1;
	for (size_t i = 0; i + 8 <= size; i += 8) {
		uint64_t word = maker_random(&state);
		memcpy(buffer + i, &word, 8);
	}
	memset(buffer + size / 8 * 8, 'x', size % 8);
}

static int make(const char *path, uint64_t files, uint64_t bytes, bool for_names)
{
	uint64_t room = for_names ? 16384 : bytes;
	ntfs_options options = {
	    .size = files * ((room + 4095) / 4096 * 4096 + 1024) / 4096 * 4096 + files / FOLDER * 400000 +
		    (UINT64_C(64) << 20),
	    .records = (uint32_t)(files + files / FOLDER + 100),
	    .label = "Bench",
	    .without_indexes = for_names,
	};
	char name[64];
	uint32_t folder = NTFS_ROOT;
	ntfs_writer *w = ntfs_writer_begin(path, &options);
	for (uint64_t i = 0; i < files; i++) {
		if (i % FOLDER == 0) {
			snprintf(name, sizeof name, "folder %05" PRIu64, i / FOLDER);
			folder = ntfs_writer_directory(w, NTFS_ROOT, name);
		}
		snprintf(name, sizeof name, "IMG_%08" PRIu64 ".jpeg", i);
		ntfs_writer_file(
		    w, &(ntfs_file){.directory = folder,
				    .name = name,
				    .content = {.size = room, .make = for_names ? NULL : make_bytes, .context = &i}});
	}
	ntfs_writer_finish(w);
	return EXIT_SUCCESS;
}

static bool count_entry(void *context, const tally_walk_entry *entry)
{
	*(uint64_t *)context += entry->is_regular;
	return true;
}

static uint64_t look_up(tally_drive *drive, uint64_t files)
{
	uint64_t state = 1, found = 0;
	for (unsigned i = 0; i < LOOKUPS; i++) {
		char path[80];
		tally_file file;
		uint64_t n = maker_random(&state) % files;
		int size = snprintf(path, sizeof path, "\\Folder %05" PRIu64 "\\img_%08" PRIu64 ".JPEG", n / FOLDER, n);
		if (tally_drive_find(drive, (tally_text){path, (size_t)size}, &file, NULL) == TALLY_FIND_OK) {
			found++;
			tally_file_close(&file);
		}
	}
	return found;
}

static int open_volume(const char *path)
{
	tally_layer *layer;
	tally_ntfs *volume;
	tally_ntfs_problem problem;
	tally_drive *drive;
	tally_error error;
	if (tally_layer_open_file(path, &layer, &error) != TALLY_OK) {
		fprintf(stderr, "%s\n", error.message);
		return EXIT_FAILURE;
	}
	timer t = begin();
	if (tally_ntfs_open(layer, NULL, &volume, &problem, &error) != TALLY_OK || volume == NULL) {
		fprintf(stderr, "%s%s\n", error.message, problem.text);
		return EXIT_FAILURE;
	}
	tally_ntfs_facts facts = *tally_ntfs_facts_of(volume);
	struct mallinfo2 heap = mallinfo2();
	end(t, "opening, files", facts.files);
	printf("%" PRIu64 " files, %.1f bytes for each of them; all of the heap: %.1f\n", facts.files,
	       (double)facts.memory / (double)facts.files, (double)(heap.uordblks + heap.hblkhd) / (double)facts.files);
	if (tally_drive_open_ntfs(volume, NULL, &drive, &error) != TALLY_OK)
		return EXIT_FAILURE;
	t = begin();
	uint64_t found = look_up(drive, facts.files > 14 ? facts.files - 14 : 1);
	end(t, "look-ups and opening", LOOKUPS);
	printf("%" PRIu64 " of %d found\n", found, LOOKUPS);
	uint64_t walked = 0;
	t = begin();
	if (tally_drive_walk(drive, count_entry, &walked, &error) != TALLY_OK)
		return EXIT_FAILURE;
	end(t, "walking, files", walked);
	tally_drive_close(drive);
	tally_layer_close(layer);
	return EXIT_SUCCESS;
}

int main(int count, char **arguments)
{
	if (count == 4 && strcmp(arguments[1], "names") == 0)
		return make(arguments[2], strtoull(arguments[3], NULL, 10), 0, true);
	if (count == 5 && strcmp(arguments[1], "make") == 0)
		return make(arguments[2], strtoull(arguments[3], NULL, 10), strtoull(arguments[4], NULL, 10), false);
	if (count == 3 && strcmp(arguments[1], "open") == 0)
		return open_volume(arguments[2]);
	fprintf(stderr, "usage: ntfs_bench names IMAGE FILES | make IMAGE FILES BYTES | open IMAGE\n");
	return 2;
}
