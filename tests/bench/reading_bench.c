/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What bench.sh needs besides the tools that it compares with:
 *
 *   reading_bench make DIR JOURNAL FILES BYTES [SEGMENT]
 *                                                a drive of equal files, in blocks of SEGMENT bytes
 *   reading_bench map < LIST                     plain reading through mappings, of files separated by NUL
 *   reading_bench read < LIST                    plain reading through a buffer
 *   reading_bench stages DIR                     how long each stage of a check takes by itself, for each file
 */
#include "digest/digest.h"
#include "drive/drive.h"
#include "maker/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WINDOW ((size_t)4 << 20)
#define BUFFER ((size_t)256 << 10)

static _Noreturn void fail(const char *what, const char *path)
{
	fprintf(stderr, "reading_bench: %s %s: %s\n", what, path, strerror(errno));
	exit(EXIT_FAILURE);
}

static double now(void)
{
	struct timespec at;
	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* ---- drives ---- */

static int make(const char *drive, const char *journal, uint64_t files, uint64_t bytes, uint64_t segment)
{
	maker *m = maker_begin(&(maker_options){.drive = drive, .journal = journal, .seed = files});
	for (uint64_t i = 0; i < files; i++) {
		char path[64];
		snprintf(path, sizeof path, "data/%04" PRIu64 "/%06" PRIu64 ".bin", i / 1000, i);
		maker_add(m, &(maker_blob){.blob_path = path, .size = bytes, .segment_size = segment});
	}
	maker_end(m);
	maker_seal(m);
	return EXIT_SUCCESS;
}

/* ---- plain reading: every byte is touched, nothing else is done ---- */

typedef uint64_t words __attribute__((vector_size(64)));
static words sum;

static void touch(const uint8_t *bytes, size_t size)
{
	words a = sum, b = {0};
	for (; size >= 2 * sizeof a; bytes += 2 * sizeof a, size -= 2 * sizeof a) {
		words left, right;
		memcpy(&left, bytes, sizeof left);
		memcpy(&right, bytes + sizeof left, sizeof right);
		a ^= left;
		b ^= right;
	}
	for (; size > 0; size--)
		a[0] += bytes[size - 1];
	sum = a ^ b;
}

static void read_mapped(int fd, uint64_t size, const char *path)
{
	for (uint64_t at = 0; at < size; at += WINDOW) {
		size_t length = size - at < WINDOW ? (size_t)(size - at) : WINDOW;
		uint8_t *bytes = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, (off_t)at);
		if (bytes == MAP_FAILED)
			fail("mmap", path);
		touch(bytes, length);
		munmap(bytes, length);
	}
}

static void read_buffered(int fd, const char *path)
{
	static uint8_t buffer[BUFFER] __attribute__((aligned(4096)));
	ssize_t got;
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		touch(buffer, (size_t)got);
	if (got < 0)
		fail("read", path);
}

static int read_plainly(bool mapped)
{
	char *path = NULL;
	size_t room = 0;
	while (getdelim(&path, &room, '\0', stdin) > 0) {
		struct stat facts;
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &facts) != 0)
			fail("open", path);
		if (mapped)
			read_mapped(fd, (uint64_t)facts.st_size, path);
		else
			read_buffered(fd, path);
		close(fd);
	}
	free(path);
	/* So that the compiler can't leave it out. */
	return sum[0] == 42 ? 2 : EXIT_SUCCESS;
}

/* ---- stages ---- */

typedef struct stages {
	double begin;
	const char *names[8];
	double seconds[8];
	size_t count;
} stages;

static bool on_progress(void *context, const tally_progress *progress)
{
	stages *s = context;
	double at = now();
	if (s->count == 0 || strcmp(s->names[s->count - 1], progress->stage) != 0)
		s->names[s->count++] = progress->stage;
	s->seconds[s->count - 1] += at - s->begin;
	s->begin = at;
	return s->count < 8;
}

typedef struct walk {
	tally_drive *drive;
	uint64_t files, bytes;
	bool reads;
	uint8_t *buffer;
} walk;

static bool visit(void *context, const tally_walk_entry *entry)
{
	walk *w = context;
	tally_file file;
	if (!entry->is_regular)
		return true;
	if (tally_drive_find(w->drive, (tally_text){entry->path, strlen(entry->path)}, &file, NULL) != TALLY_FIND_OK)
		fail("open", entry->path);
	int64_t got = 1;
	for (uint64_t at = 0; w->reads && got > 0; at += (uint64_t)got)
		got = tally_file_read(&file, at, w->buffer, BUFFER);
	w->files++;
	w->bytes += file.size;
	tally_file_close(&file);
	return true;
}

static bool look(void *context, const tally_walk_entry *entry)
{
	(void)context, (void)entry;
	return true;
}

static double walk_drive(walk *w, bool (*visitor)(void *context, const tally_walk_entry *entry), bool reads)
{
	double start = now();
	w->files = w->bytes = 0;
	w->reads = reads;
	if (tally_drive_walk(w->drive, visitor, w, NULL) != TALLY_OK)
		fail("walk", "");
	return now() - start;
}

typedef struct hashing {
	const uint8_t *bytes;
	size_t size;
	bool taken[TALLY_DIGEST_LANES_MAX];
} hashing;

static tally_piece next(void *context, size_t index, unsigned lane, const uint8_t **piece, size_t *size)
{
	hashing *h = context;
	(void)index;
	h->taken[lane] = !h->taken[lane];
	*piece = h->bytes;
	*size = h->size;
	return h->taken[lane] ? TALLY_PIECE_DATA : TALLY_PIECE_END;
}

static void done(void *context, size_t index, unsigned lane, const tally_digest_result *result)
{
	(void)context, (void)index, (void)lane, (void)result;
}

static double hash(const walk *w)
{
	tally_digest *digest;
	hashing h = {.bytes = w->buffer, .size = (size_t)(w->bytes / w->files)};
	const tally_digest_source source = {.context = &h, .next = next, .done = done};
	if (h.size > BUFFER)
		h.size = BUFFER;
	if (tally_digest_new(NULL, &digest, NULL) != TALLY_OK)
		fail("digest", "");
	double start = now();
	if (tally_digest_run(digest, &source, w->bytes / h.size, NULL) != TALLY_OK)
		fail("digest", "");
	double took = now() - start;
	tally_digest_free(digest);
	return took;
}

static int show_stages(const char *path)
{
	walk w = {.buffer = aligned_alloc(4096, BUFFER)};
	stages s = {.begin = now()};
	tally_sink sink = {.context = &s, .progress = on_progress};
	tally_summary summary;
	tally_error error;
	if (w.buffer == NULL || tally_drive_open_directory(path, &w.drive, &error) != TALLY_OK)
		fail("open", path);
	memset(w.buffer, 1, BUFFER);
	/* The first time for nothing: the caches are to hold the same for all that follows. */
	walk_drive(&w, visit, true);
	double walked = walk_drive(&w, look, false), opened = walk_drive(&w, visit, false),
	       seen = walk_drive(&w, visit, true);
	double files = (double)w.files, hashed = hash(&w);
	s.begin = now();
	if (tally_check(&(tally_check_options){.drive = path, .jobs = 1}, &sink, &summary, &error) != TALLY_OK)
		fail("check", error.message);
	printf("by itself, microseconds a file: open and close %.2f, read %.2f, hash %.2f\n",
	       (opened - walked) / files * 1e6, (seen - opened) / files * 1e6, hashed / files * 1e6);
	for (size_t i = 0; i < s.count; i++)
		printf("within a check with one thread: %s %.2f\n", s.names[i], s.seconds[i] / files * 1e6);
	tally_summary_clear(&summary);
	tally_drive_close(w.drive);
	free(w.buffer);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	if ((argc == 6 || argc == 7) && strcmp(argv[1], "make") == 0)
		return make(argv[2], argv[3], strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10),
			    argc == 7 ? strtoull(argv[6], NULL, 10) : 0);
	if (argc == 2 && (strcmp(argv[1], "map") == 0 || strcmp(argv[1], "read") == 0))
		return read_plainly(strcmp(argv[1], "map") == 0);
	if (argc == 3 && strcmp(argv[1], "stages") == 0)
		return show_stages(argv[2]);
	fputs("usage: reading_bench make DIR JOURNAL FILES BYTES | map | read | stages DIR\n", stderr);
	return 2;
}
