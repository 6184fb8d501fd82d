/* SPDX-License-Identifier: Apache-2.0 */
/* BitLocker volumes that tests make, open and read. Freed by the end of the process of each test. */
#ifndef TALLY_TESTS_DRIVE_BITLOCKER_VOLUME_H
#define TALLY_TESTS_DRIVE_BITLOCKER_VOLUME_H

#include "drive/bitlocker/bitlocker.h"
#include "maker/bitlocker_writer.h"
#include "maker/maker.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((size_t)1024)

/* The external key of all volumes that have one: it opens them without stretching. */
extern const uint8_t external_key[TALLY_BITLOCKER_EXTERNAL_KEY];

typedef struct volume {
	uint8_t *plain, *stored, *expected; /* `expected`: what must be read from it */
	size_t plain_size, size;
	tally_layer *layer;
	tally_bitlocker *bitlocker;
	tally_bitlocker_outcome opened, unlocked;
	tally_layer *view; /* NULL unless it was unlocked */
} volume;

/* Noise behind NTFS's name, wrapped and opened; not unlocked. */
volume volume_make(size_t plain_size, const bitlocker_options *options);
/* Opens what is in memory already. */
void volume_open(volume *v, const uint8_t *stored, size_t size);
/* With the external key, or another one. */
void volume_unlock(volume *v);
void volume_unlock_with(volume *v, const tally_bitlocker_key *key);
/* From text; fails the test when it is malformed. */
tally_bitlocker_key *key_of(const char *text);
void volume_close(volume *v);

/* Fails the test unless an outcome is this one, with a text. */
void expect_outcome(const tally_bitlocker_outcome *outcome, tally_bitlocker_status status,
		    tally_bitlocker_reason reason, const char *what);
/* Fails the test unless these bytes of the view are right. */
void expect_bytes(const volume *v, uint64_t offset, size_t size);
/* All bytes, in reads of a size. */
void expect_all(const volume *v, size_t step);

#endif
