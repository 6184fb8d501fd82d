/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/keys.h"

#include "io/secret.h"
#include "verify/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool keep_going(void *context)
{
	return tally_run_progress(context, NULL) == TALLY_OK;
}

static tally_result try_key(tally_run *run, tally_bitlocker *volume, tally_bitlocker_key *key,
			    tally_bitlocker_outcome *outcome, tally_error *error)
{
	/* A malformed one has an outcome already. */
	if (key == NULL)
		return TALLY_OK;
	run->progress = (tally_progress){.stage = "unlocking the volume"};
	tally_result result = tally_bitlocker_unlock(volume, key, keep_going, run, outcome, error);
	tally_bitlocker_key_free(key);
	return result;
}

static bool is_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)bytes[i] < ' ' && strchr("\t\r\n", bytes[i]) == NULL)
			return false;
	return memchr(bytes, '\0', size) == NULL;
}

tally_result tally_run_try_key(tally_run *run, tally_bitlocker *volume, tally_text bytes,
			       tally_bitlocker_outcome *outcome, tally_error *error)
{
	tally_bitlocker_key *key = NULL;
	tally_result result = is_text(bytes.data, bytes.size)
				  ? tally_bitlocker_key_from_text(bytes, &key, outcome, error)
				  : tally_bitlocker_key_from_bek(bytes.data, bytes.size, &key, outcome, error);
	return result == TALLY_OK ? try_key(run, volume, key, outcome, error) : result;
}

/* A command that should have written the key may have failed: that says nothing of the drive. */
static tally_result refuse_empty(const char *path, tally_text key, tally_error *error)
{
	if (tally_text_trim(key).size > 0)
		return TALLY_OK;
	if (strcmp(path, "-") == 0)
		return tally_fail(error, TALLY_ERROR_ARGUMENT,
				  "no BitLocker key came from standard input: it is empty");
	return tally_fail(error, TALLY_ERROR_ARGUMENT, "the key file %.200s is empty", path);
}

tally_result tally_key_file_read(const char *path, char *buffer, size_t *size, tally_error *error)
{
	/* Not as a source: what can't be read twice would be copied to the disk. */
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : 1;
	*size = 0;
	while (got > 0 && *size < TALLY_KEY_FILE_MAX) {
		got = read(fd, buffer + *size, TALLY_KEY_FILE_MAX - *size);
		*size += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	int os_error = errno;
	if (fd > STDIN_FILENO)
		close(fd);
	if (got < 0)
		return tally_fail_os(error, os_error, "can't read the key file %.200s", path);
	return refuse_empty(path, (tally_text){buffer, *size}, error);
}

static tally_result try_file(tally_run *run, tally_bitlocker *volume, char *buffer, tally_bitlocker_outcome *outcome,
			     tally_error *error)
{
	size_t size;
	tally_result result = tally_key_file_read(run->options->key_file, buffer, &size, error);
	return result == TALLY_OK ? tally_run_try_key(run, volume, (tally_text){buffer, size}, outcome, error) : result;
}

/* ---- several keys ---- */

/* The entry that this drive is known to be; or else all of them, as only its own key can open it. */
static bool journal_key(void *context, size_t n, tally_text *key)
{
	const tally_run *run = context;
	if (n >= run->journal.drive_count)
		return false;
	const tally_journal_drive *drive = &run->journal.drives[n];
	bool has_key = drive->key_text != NULL && (drive->key == TALLY_KEY_RECOVERY ||
						   drive->key == TALLY_KEY_EXTERNAL || drive->key == TALLY_KEY_INVALID);
	bool counts = has_key && (run->entry == NULL || run->entry == drive);
	*key = counts ? (tally_text){drive->key_text, strlen(drive->key_text)} : (tally_text){"", 0};
	return true;
}

/* What no other key makes better: the volume itself is in the way, or this key was the right one. */
static bool is_final(const tally_bitlocker_outcome *outcome)
{
	return outcome->status == TALLY_BITLOCKER_NOT_ACTIVATED ||
	       (outcome->status == TALLY_BITLOCKER_UNLOCK_FAILED && outcome->reason != TALLY_BITLOCKER_ENTRIES);
}

bool tally_run_is_refusal(const tally_bitlocker_outcome *outcome)
{
	return outcome->status == TALLY_BITLOCKER_KEY_INVALID || outcome->status == TALLY_BITLOCKER_PROTECTOR_NOT_FOUND;
}

/* How much an outcome says of the volume: of a key that is another drive's least. */
static unsigned weight_of(const tally_bitlocker_outcome *outcome)
{
	switch (outcome->status) {
	case TALLY_BITLOCKER_PROTECTOR_NOT_FOUND:
		return 1;
	case TALLY_BITLOCKER_KEY_INVALID:
		return outcome->reason == TALLY_BITLOCKER_KEY_MALFORMED ? 0 : 2;
	default:
		return 3;
	}
}

tally_result tally_run_try_keys(tally_run *run, const tally_run_keys *keys, tally_bitlocker *volume, unsigned *tried,
				tally_bitlocker_outcome *outcome, tally_error *error)
{
	tally_text key;
	*tried = 0;
	*outcome = (tally_bitlocker_outcome){.status = TALLY_BITLOCKER_OK};
	for (size_t n = 0; keys->at(keys->context, n, &key); n++) {
		tally_bitlocker_outcome this = {.status = TALLY_BITLOCKER_OK};
		if (key.size == 0)
			continue;
		tally_result result = tally_run_try_key(run, volume, key, &this, error);
		if (result != TALLY_OK)
			return result;
		bool opened = tally_bitlocker_layer(volume) != NULL;
		if ((*tried)++ == 0 || opened || weight_of(&this) > weight_of(outcome))
			*outcome = this;
		if (opened)
			run->opened.key_of = n;
		if (opened || is_final(&this))
			return TALLY_OK;
	}
	if (*tried > 1 && outcome->reason == TALLY_BITLOCKER_KEY_WRONG)
		snprintf(outcome->text, sizeof outcome->text,
			 "none of the %u keys that may be its own opens the volume", *tried);
	return TALLY_OK;
}

static tally_result ask(tally_run *run, tally_bitlocker *volume, char *buffer, tally_bitlocker_outcome *outcome,
			tally_error *error)
{
	const tally_check_options *options = run->options;
	const char *description = tally_bitlocker_facts_of(volume)->description;
	bool answered =
	    options->ask_key != NULL && options->ask_key(options->ask_context, description, buffer, TALLY_KEY_FILE_MAX);
	const tally_text key = {buffer, answered ? strlen(buffer) : 0};
	if (tally_text_trim(key).size == 0)
		return tally_fail(
		    error, TALLY_ERROR_ARGUMENT,
		    "the volume is locked with BitLocker, and no key was given: %s, or a file with the key "
		    "(--key-file)",
		    run->keys != NULL ? "give the drive's journal" : "name the journal (--journal)");
	return tally_run_try_key(run, volume, key, outcome, error);
}

tally_result tally_run_unlock(tally_run *run, tally_bitlocker *volume, tally_bitlocker_outcome *outcome,
			      tally_error *error)
{
	const tally_run_keys of_journal = {run, journal_key};
	unsigned tried;
	char *buffer = tally_secret_alloc(TALLY_KEY_FILE_MAX + 1);
	if (buffer == NULL)
		return tally_fail_memory(error);
	tally_result result;
	if (run->options->key_file != NULL) {
		result = try_file(run, volume, buffer, outcome, error);
	} else {
		result = tally_run_try_keys(run, run->keys != NULL ? run->keys : &of_journal, volume, &tried, outcome,
					    error);
		if (result == TALLY_OK && tried == 0)
			result = ask(run, volume, buffer, outcome, error);
	}
	tally_secret_free(buffer);
	return result;
}
