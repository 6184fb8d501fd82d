/* SPDX-License-Identifier: Apache-2.0 */
/* Where the key of a BitLocker volume comes from: a file of the user's, the documents, or the user. */
#ifndef TALLY_VERIFY_KEYS_H
#define TALLY_VERIFY_KEYS_H

#include "drive/bitlocker/bitlocker.h"

struct tally_run;

#define TALLY_KEY_FILE_MAX 4096 /* bytes; a .BEK file has some hundred */

/* Keys to be tried one after the other. */
typedef struct tally_run_keys {
	void *context;
	/* The n-th, from 0: text, or what a .BEK file holds; size 0 is passed over. False: there are no more. */
	bool (*at)(void *context, size_t n, tally_text *key);
} tally_run_keys;

/*
 * The bytes of a key's file, or of standard input for "-", cut where `buffer` of TALLY_KEY_FILE_MAX ends.
 * TALLY_ERROR_IO; TALLY_ERROR_ARGUMENT when there is nothing in it but white space.
 */
tally_result tally_key_file_read(const char *path, char *buffer, size_t *size, tally_error *error);

/* Whether the key opens one of the volume's protectors, says the outcome. What is unlocked stays so. */
tally_result tally_run_try_key(struct tally_run *run, tally_bitlocker *volume, tally_text key,
			       tally_bitlocker_outcome *outcome, tally_error *error);

/* Whether it says that the key is none of the volume's, which another one may be. */
bool tally_run_is_refusal(const tally_bitlocker_outcome *outcome);

/*
 * Tries keys one after the other, until one opens the volume, which is run->opened.key_of then, or the volume itself
 * turns out to be in the way. *tried: how many there were; outcome: what came of the one that opened it, else of the
 * one that came nearest.
 */
tally_result tally_run_try_keys(struct tally_run *run, const tally_run_keys *keys, tally_bitlocker *volume,
				unsigned *tried, tally_bitlocker_outcome *outcome, tally_error *error);

/*
 * Tries what keys there are; run->opened.key_of is the number of the one that unlocked it. outcome: what came of that
 * one, else of the one that came nearest.
 * TALLY_ERROR_ARGUMENT when there is no key at all, or nothing in the key's file; TALLY_ERROR_IO when that can't be
 * read.
 */
tally_result tally_run_unlock(struct tally_run *run, tally_bitlocker *volume, tally_bitlocker_outcome *outcome,
			      tally_error *error);

#endif
