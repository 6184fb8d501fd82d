/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/keys.h"

#include "io/secret.h"
#include "verify/run.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define KEY_TEXT_MAX 4096 /* of a key's file: a .BEK file has some hundred bytes */

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

/* The text of a key as people keep it: alone in a file, perhaps with a line's end. */
static tally_text trim(tally_text text)
{
	while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1]) != NULL)
		text.size--;
	while (text.size > 0 && strchr(" \t\r\n", text.data[0]) != NULL) {
		text.data++;
		text.size--;
	}
	return text;
}

static bool is_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)bytes[i] < ' ' && strchr("\t\r\n", bytes[i]) == NULL)
			return false;
	return memchr(bytes, '\0', size) == NULL;
}

static tally_result try_bytes(tally_run *run, tally_bitlocker *volume, const char *bytes, size_t size,
			      tally_bitlocker_outcome *outcome, tally_error *error)
{
	tally_bitlocker_key *key = NULL;
	tally_result result = is_text(bytes, size)
				  ? tally_bitlocker_key_from_text(trim((tally_text){bytes, size}), &key, outcome, error)
				  : tally_bitlocker_key_from_bek(bytes, size, &key, outcome, error);
	return result == TALLY_OK ? try_key(run, volume, key, outcome, error) : result;
}

static tally_result try_file(tally_run *run, tally_bitlocker *volume, char *buffer, tally_bitlocker_outcome *outcome,
			     tally_error *error)
{
	const char *path = run->options->key_file;
	/* Not as a source: what can't be read twice would be copied to the disk. */
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t size = 0;
	ssize_t got = fd < 0 ? -1 : 1;
	while (got > 0 && size < KEY_TEXT_MAX) {
		got = read(fd, buffer + size, KEY_TEXT_MAX - size);
		size += got > 0 ? (size_t)got : 0;
		if (got < 0 && errno == EINTR)
			got = 1;
	}
	int os_error = errno;
	if (fd > STDIN_FILENO)
		close(fd);
	if (got < 0)
		return tally_fail_os(error, os_error, "can't read the key file %.200s", path);
	return try_bytes(run, volume, buffer, size, outcome, error);
}

/* The entry that this drive is known to be; or else all of them, as only its own key can open it. */
static tally_result try_journal(tally_run *run, tally_bitlocker *volume, bool *tried, tally_bitlocker_outcome *outcome,
				tally_error *error)
{
	const tally_journal *journal = &run->journal;
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < journal->drive_count && result == TALLY_OK; i++) {
		const tally_journal_drive *drive = &journal->drives[i];
		bool has_key = drive->key == TALLY_KEY_RECOVERY || drive->key == TALLY_KEY_EXTERNAL ||
			       drive->key == TALLY_KEY_INVALID;
		if (drive->key_text == NULL || !has_key || (run->entry != NULL && run->entry != drive))
			continue;
		*tried = true;
		result = try_bytes(run, volume, drive->key_text, strlen(drive->key_text), outcome, error);
		if (result == TALLY_OK && tally_bitlocker_layer(volume) != NULL) {
			run->opened.key_of = i;
			break;
		}
	}
	return result;
}

static tally_result ask(tally_run *run, tally_bitlocker *volume, char *buffer, tally_bitlocker_outcome *outcome,
			tally_error *error)
{
	const tally_bitlocker_facts *facts = tally_bitlocker_facts_of(volume);
	if (run->options->ask_key == NULL ||
	    !run->options->ask_key(run->options->ask_context, facts->description, buffer, KEY_TEXT_MAX))
		return tally_fail(
		    error, TALLY_ERROR_ARGUMENT,
		    "the volume is locked with BitLocker, and no key was given: name the journal (--journal), "
		    "or a file with the key (--key-file)");
	return try_bytes(run, volume, buffer, strlen(buffer), outcome, error);
}

tally_result tally_run_unlock(tally_run *run, tally_bitlocker *volume, tally_bitlocker_outcome *outcome,
			      tally_error *error)
{
	bool tried = false;
	*outcome = (tally_bitlocker_outcome){.status = TALLY_BITLOCKER_OK};
	char *buffer = tally_secret_alloc(KEY_TEXT_MAX + 1);
	if (buffer == NULL)
		return tally_fail_memory(error);
	tally_result result;
	if (run->options->key_file != NULL) {
		result = try_file(run, volume, buffer, outcome, error);
	} else {
		result = try_journal(run, volume, &tried, outcome, error);
		if (result == TALLY_OK && !tried)
			result = ask(run, volume, buffer, outcome, error);
	}
	tally_secret_free(buffer);
	return result;
}
