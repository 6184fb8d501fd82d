/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_drive: drives of any size for the example, measurements and experiments.
 *
 *   make_drive drive DIR JOURNAL FILES BYTES SEED   a drive of about BYTES bytes in FILES files (0 bytes to several GB,
 *                                                   Unicode names, block and page blobs, metadata)
 *   make_drive manifest DIR BLOBS SEED              only DIR/DriveManifest.xml, BLOBS blobs
 *   make_drive break DIR FILES BYTES SEED COUNT FAULT-SEED
 *                                                   COUNT faults on a drive made with FILES BYTES SEED, one line each
 */
#include "maker/maker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define METADATA "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Metadata>\n  <Source>example</Source>\n</Metadata>\n"
#define PROPERTIES                                                                                                        \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Properties>\n  <Content-Type>application/octet-stream</Content-Type>\n</Properties>\n"

static const char *const folders[] = {"pictures/2021", "Bücher/Größe", "音楽/夏", "документы", "a/b/c/d/e/f/g/h", "Mixed Case/Sub"};
#define FOLDERS (sizeof folders / sizeof folders[0])

/* What file number i is like, so that `break` knows without reading the manifest. */
typedef struct plan {
	char path[256]; /* below the drive, with slashes */
	uint64_t size;
	bool page, metadata;
} plan;

static plan plan_file(uint64_t i, uint64_t files, uint64_t bytes, uint64_t seed)
{
	plan p = {0};
	uint64_t state = (seed ^ (i + 1) * UINT64_C(0x9E3779B97F4A7C15)) | 1;
	maker_random(&state);
	uint64_t kind = maker_random(&state) % 1000;
	uint64_t average = bytes / 2 / files;
	p.page = i % 11 == 3;
	p.metadata = i % 50 == 7;
	if (i < 4)
		p.size = bytes / 8 + i * 12345; /* half of all bytes in four files */
	else if (kind < 20)
		p.size = 0;
	else if (kind < 30)
		p.size = average * 40 + maker_random(&state) % (average + 1);
	else
		p.size = maker_random(&state) % (average + average / 4 + 1);
	if (p.page)
		p.size &= ~UINT64_C(511);
	snprintf(p.path, sizeof p.path, "data/%s/%03" PRIu64 "/file-%06" PRIu64 ".bin", folders[i % FOLDERS], i / 1000, i);
	return p;
}

static void backslashes(const char *path, char *out, size_t size)
{
	snprintf(out, size, "\\%s", path);
	for (char *c = out; *c != '\0'; c++)
		if (*c == '/')
			*c = '\\';
}

static int make(const char *drive, const char *journal, uint64_t files, uint64_t bytes, uint64_t seed)
{
	maker *m = maker_begin(&(maker_options){.drive = drive, .journal = journal, .seed = seed});
	maker_list_files(m, NULL, PROPERTIES);
	for (uint64_t i = 0; i < files; i++) {
		plan p = plan_file(i, files, bytes, seed);
		char file_path[300];
		backslashes(p.path, file_path, sizeof file_path);
		maker_add(m, &(maker_blob){.blob_path = p.path, .file_path = file_path, .size = p.size, .page = p.page,
					   .ids = i % 3 == 0, .metadata = p.metadata ? METADATA : NULL});
	}
	maker_end(m);
	maker_seal(m);
	return 0;
}

static int make_manifest(const char *drive, uint64_t blobs, uint64_t seed)
{
	maker *m = maker_begin(&(maker_options){.drive = drive, .manifest_only = true, .seed = seed});
	for (uint64_t i = 0; i < blobs; i++) {
		char blob_path[128];
		snprintf(blob_path, sizeof blob_path, "container/%s/%" PRIu64 "/file-%" PRIu64 ".bin", folders[i % FOLDERS], i / 1000, i);
		/* Mostly one block, some with more: 1.1 on average, as on drives of small files. */
		maker_add(m, &(maker_blob){.blob_path = blob_path, .size = i % 10 == 0 ? UINT64_C(5) << 20 : 16384 + i % 1000, .ids = i % 2 == 0});
	}
	maker_end(m);
	maker_seal(m);
	return 0;
}

static void flip_byte(const char *path, uint64_t at)
{
	unsigned char byte = 0;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || pread(fd, &byte, 1, (off_t)at) != 1) {
		perror(path);
		exit(99);
	}
	byte ^= 0x10;
	if (pwrite(fd, &byte, 1, (off_t)at) != 1 || close(fd) != 0) {
		perror(path);
		exit(99);
	}
}

/* One fault of a kind that fits the file; false when none does. */
static bool break_file(const char *path, const plan *p, uint64_t kind, uint64_t chance)
{
	char side[4200];
	snprintf(side, sizeof side, "%s.metadata", path);
	switch (kind) {
	case 0:
	case 1:
		if (p->size == 0)
			return false;
		flip_byte(path, chance % p->size);
		printf("Corrupted %s byte %" PRIu64 "\n", p->path, chance % p->size);
		return true;
	case 2:
		if (p->size == 0 || truncate(path, (off_t)(chance % p->size)) != 0)
			return false;
		printf("FileUnexpectedEnd %s at %" PRIu64 "\n", p->path, chance % p->size);
		return true;
	case 3:
		unlink(path);
		printf("FileNotFound %s\n", p->path);
		return true;
	case 4:
		unlink(path);
		mkdir(path, 0777);
		printf("FileAccessDenied %s (now a folder)\n", p->path);
		return true;
	default:
		if (!p->metadata)
			return false;
		flip_byte(side, chance % (sizeof METADATA - 1));
		printf("Corrupted %s.metadata\n", p->path);
		return true;
	}
}

static int break_drive(const char *drive, uint64_t files, uint64_t bytes, uint64_t made_with, uint64_t count, uint64_t seed)
{
	uint64_t state = seed | 1;
	uint64_t last = UINT64_MAX;
	for (uint64_t done = 0, tries = 0; done < count && tries < 1000000; tries++) {
		uint64_t kind = maker_random(&state) % 6;
		uint64_t i = maker_random(&state) % files;
		if (kind == 5)
			i = i / 50 * 50 + 7; /* one that has metadata */
		if (i >= files)
			continue;
		plan p = plan_file(i, files, bytes, made_with);
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", drive, p.path);
		struct stat st;
		if (i == last || lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != p.size)
			continue;
		if (break_file(path, &p, kind, maker_random(&state))) {
			last = i;
			done++;
		}
	}
	return 0;
}

static uint64_t number(const char *text)
{
	char *end;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text) {
		fprintf(stderr, "make_drive: %s is not a number\n", text);
		exit(2);
	}
	return value;
}

int main(int argc, char **argv)
{
	if (argc == 7 && strcmp(argv[1], "drive") == 0)
		return make(argv[2], argv[3], number(argv[4]), number(argv[5]), number(argv[6]));
	if (argc == 5 && strcmp(argv[1], "manifest") == 0)
		return make_manifest(argv[2], number(argv[3]), number(argv[4]));
	if (argc == 8 && strcmp(argv[1], "break") == 0)
		return break_drive(argv[2], number(argv[3]), number(argv[4]), number(argv[5]), number(argv[6]), number(argv[7]));
	fputs("usage: make_drive drive DIR JOURNAL FILES BYTES SEED\n"
	      "       make_drive manifest DIR BLOBS SEED\n"
	      "       make_drive break DIR FILES BYTES SEED COUNT FAULT-SEED   (the drive's own FILES BYTES SEED)\n",
	      stderr);
	return 2;
}
