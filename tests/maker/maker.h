/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes drives for tests, the example and the benchmarks: a folder with files, the manifest that describes them and the
 * journal that goes with it, as the preparing tool would leave them. Hashes come from OpenSSL, not from what is tested.
 * Everything is determined by the seed. Failures end the program: a test that can't make its drive has no result.
 */
#ifndef TALLY_TESTS_MAKER_H
#define TALLY_TESTS_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct maker maker;

/* What a journal says of a drive. NULL leaves the element out; `manifest_hash` is text, so that it can be wrong. */
typedef struct maker_record {
	const char *drive_id, *bitlocker_key, *manifest_file, *manifest_hash;
} maker_record;

typedef struct maker_options {
	const char *drive;         /* folder to fill; made when it isn't there */
	const char *manifest;      /* its path on the drive, default "\\DriveManifest.xml" */
	const char *journal;       /* path of the journal, or NULL for none */
	const char *drive_id;      /* default "9WM35C2V" */
	const char *container_sas; /* instead of the account key of an import */
	maker_record record;       /* fields that are set replace what the journal would say */
	bool export_drive;         /* an export manifest: no credential, no disposition */
	bool manifest_only;        /* no files: hashes are made up */
	uint64_t seed;
} maker_options;

typedef struct maker_blob {
	const char *blob_path; /* "container/name" */
	const char *file_path; /* "\\folder\\name"; NULL: the blob path with backslashes */
	uint64_t size;
	uint64_t segment_size;             /* default 4 MiB */
	bool page;                         /* page ranges instead of blocks */
	bool ids;                          /* blocks have Ids */
	const char *metadata, *properties; /* content of a side file of its own, or NULL */
} maker_blob;

maker *maker_begin(const maker_options *options);
/* List-wide side files; before the first blob. Content, or NULL. */
void maker_list_files(maker *m, const char *metadata, const char *properties);
void maker_add(maker *m, const maker_blob *blob);
/* Ends the manifest. */
void maker_end(maker *m);
/* Replaces the first occurrence of a text in the manifest; before maker_seal. */
void maker_edit(maker *m, const char *old, const char *new);
/* Writes the journal with the manifest's present hash, and frees. */
void maker_seal(maker *m);

/* Base16 MD5 of a file, for records that are written by hand. */
void maker_hash_file(const char *path, char hex[33]);
/* A journal by itself, with any number of records, several of one drive included. */
void maker_write_journal(const char *path, const maker_record *records, size_t count);

/* A BitLocker recovery password that passes the arithmetic and opens nothing. */
extern const char maker_bitlocker_key[];

/* Small deterministic generator (xorshift64*), also for the tests' own choices. */
uint64_t maker_random(uint64_t *state);

#endif
