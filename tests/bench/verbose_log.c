/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the verbose log (2021-08-01) that the service would give for the files of a folder, for measuring an audit:
 *
 *   verbose_log FOLDER > LOG
 *
 * Blobs are named like their files. The CRC-64 is our own; that it is right is the tests' business.
 */
#include "digest/cpu.h"
#include "digest/crc64.h"

#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static tally_crc64_table table;

static uint64_t crc_of(const char *path, uint64_t size)
{
	tally_crc64 crc;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint8_t *bytes = size > 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	tally_crc64_begin(&crc);
	size_t whole = size / TALLY_CRC64_BLOCK;
	tally_crc64_best(tally_cpu_features())(&crc, &table, bytes, whole);
	uint64_t value = tally_crc64_end(&crc, &table, bytes + whole * TALLY_CRC64_BLOCK, size % TALLY_CRC64_BLOCK);
	if (size > 0)
		munmap(bytes, size);
	close(fd);
	return value;
}

static void put(const char *path, uint64_t size, const char *name)
{
	const char *slash = strchr(name, '/');
	const char *end = strrchr(name, '.');
	/* At the drive's root are its papers; and side files are no blobs. */
	if (slash == NULL || (end != NULL && (strcmp(end, ".metadata") == 0 || strcmp(end, ".properties") == 0)))
		return;
	printf("<File CloudFormat=\"BlockBlob\" Path=\"%.*s\\%s\" Size=\"%" PRIu64 "\" crc64=\"%" PRIu64
	       "\">\n</File>\n",
	       (int)(slash - name), name, slash + 1, size, crc_of(path, size));
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return fputs("usage: verbose_log FOLDER\n", stderr), 2;
	FTS *walk = fts_open(argv + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	if (walk == NULL)
		return perror(argv[1]), 1;
	tally_crc64_table_make(&table);
	for (FTSENT *entry; (entry = fts_read(walk)) != NULL;)
		if (entry->fts_info == FTS_F)
			put(entry->fts_path, (uint64_t)entry->fts_statp->st_size,
			    entry->fts_path + strlen(argv[1]) + 1);
	fts_close(walk);
	return 0;
}
