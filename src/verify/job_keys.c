/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a job's documents, and which of its volumes they open. Whose a volume is, only the manifest in it tells;
 * so every key is tried until one opens it, each taking half a second for each protector. Those of all documents are
 * tried, but none twice, and each drive begins with another one: with the key of its serial number where that is known,
 * else with that of its place among the arguments, which is right where journals and drives come in one order.
 *
 * The key that opened a volume need not be the one that the documents give for that drive: then that one is tried as
 * well, for it is the one that the service will use.
 */
#include "base/memory.h"
#include "format/job_values.h"
#include "io/secret.h"
#include "verify/job_model.h"

#include <inttypes.h>
#include <stdio.h>

#define KEYS_MAX 1000 /* that are tried: more would take hours, and no job has so many */

/* ---- which there are ---- */

static bool has_key(const job_entry *entry)
{
	return entry->key != NULL && (entry->key_form == TALLY_KEY_RECOVERY || entry->key_form == TALLY_KEY_EXTERNAL ||
				      entry->key_form == TALLY_KEY_INVALID);
}

static bool is_same_key(const char *a, tally_text b)
{
	return tally_bitlocker_key_equal((tally_text){a, strlen(a)}, b);
}

static void gather(job_model *m, const job_entry *entry)
{
	for (size_t i = 0; i < m->key_count; i++) {
		job_key *known = &m->keys[i];
		if (!is_same_key(entry->key, known->text))
			continue;
		if (known->drive_id != NULL && !tally_job_same_id(known->drive_id, entry->drive_id))
			known->drive_id = NULL;
		return;
	}
	if (m->key_count == KEYS_MAX) {
		tally_job_gap(m, "some of the documents' BitLocker keys", "there are more than 1,000");
		return;
	}
	m->keys[m->key_count++] = (job_key){.text = {entry->key, strlen(entry->key)},
					    .drive_id = entry->drive_id,
					    .subject = entry->subject,
					    .place = entry->key_place};
}

/* Once for all drives: standard input can't be read again. */
static tally_result read_key_file(job_model *m)
{
	size_t size;
	m->key_file = tally_secret_alloc(TALLY_KEY_FILE_MAX);
	if (m->key_file == NULL)
		return tally_fail_memory(m->error);
	tally_result result = tally_key_file_read(m->options->key_file, m->key_file, &size, m->error);
	if (result == TALLY_OK)
		m->keys[m->key_count++] = (job_key){.text = {m->key_file, size}, .subject = TALLY_JOB_NOWHERE};
	return result;
}

tally_result tally_job_gather_keys(job_model *m)
{
	size_t most = m->entry_count < KEYS_MAX ? m->entry_count : KEYS_MAX;
	m->keys = tally_zalloc(most + 1, sizeof *m->keys);
	if (m->keys == NULL)
		return tally_fail_memory(m->error);
	for (size_t i = 0; i < m->entry_count; i++)
		if (has_key(&m->entries[i]))
			gather(m, &m->entries[i]);
	return m->options->key_file != NULL ? read_key_file(m) : TALLY_OK;
}

void tally_job_clear_keys(job_model *m)
{
	tally_free(m->keys);
	tally_secret_free(m->key_file);
}

/* ---- trying them ---- */

/* How many are of documents; the key file's comes behind them. */
static size_t count_of_documents(const job_model *m)
{
	bool has_file = m->key_count > 0 && m->keys[m->key_count - 1].subject == TALLY_JOB_NOWHERE;
	return m->key_count - has_file;
}

static size_t first_for(const job_check *check, size_t count)
{
	const tally_opened *opened = &check->run.opened;
	for (size_t i = 0; i < count && opened->has_facts; i++) {
		const char *id = check->m->keys[i].drive_id;
		if (id != NULL && tally_job_same_id(id, opened->facts.serial))
			return i;
	}
	return check->number % count;
}

/* The n-th that is tried on a drive's volume; NULL when there is none any more. */
static const job_key *key_at(const job_check *check, size_t n)
{
	const job_model *m = check->m;
	size_t count = count_of_documents(m);
	if (n < count)
		n = (first_for(check, count) + n) % count;
	return n < m->key_count ? &m->keys[n] : NULL;
}

static bool next_key(void *context, size_t n, tally_text *text)
{
	const job_key *key = key_at(context, n);
	if (key != NULL)
		*text = key->text;
	return key != NULL;
}

tally_run_keys tally_job_keys_for(job_check *check)
{
	return (tally_run_keys){check, next_key};
}

/* ---- what they tell ---- */

static const job_key *key_that_opened(const job_check *check)
{
	const tally_opened *opened = &check->run.opened;
	return opened->was_unlocked && opened->key_of != SIZE_MAX ? key_at(check, opened->key_of) : NULL;
}

static bool is_spoken_of(const job_model *m, const char *id)
{
	for (size_t i = 0; i < m->entry_count; i++)
		if (tally_job_same_id(m->entries[i].drive_id, id))
			return true;
	return false;
}

void tally_job_identify(const job_model *m, job_carrier *carrier)
{
	const job_check *check = carrier->check;
	carrier->is_named = carrier->drive_id[0] != '\0';
	if (carrier->is_named || check == NULL || !check->has_run)
		return;
	const tally_opened *opened = &check->run.opened;
	const job_key *key = key_that_opened(check);
	const char *id = NULL;
	if (opened->has_facts && opened->facts.serial[0] != '\0' && is_spoken_of(m, opened->facts.serial))
		id = opened->facts.serial;
	else if (key != NULL)
		id = key->drive_id;
	if (id != NULL && strlen(id) < sizeof carrier->drive_id)
		memcpy(carrier->drive_id, id, strlen(id) + 1);
}

/* ---- the key that the service will use ---- */

static const job_entry *own_entry(const job_model *m, const job_drive *drive)
{
	for (size_t i = 0; i < drive->count; i++)
		if (has_key(&m->entries[drive->first + i]))
			return &m->entries[drive->first + i];
	return NULL;
}

/* `why`: what opened the volume instead, or what stands in the way of this key. */
static void tell_wrong_key(job_model *m, job_check *check, const job_entry *own, const tally_bitlocker_outcome *outcome,
			   const char *why)
{
	tally_run *run = &check->run;
	m->drives[check->carrier->drive].has_wrong_key = true;
	run->finder.document = m->summary->subjects[own->subject].path;
	tally_find_fact(&run->finder,
			&(tally_fact){.rule = outcome->status == TALLY_BITLOCKER_PROTECTOR_NOT_FOUND ? TALLY_RULE_V_56
												     : TALLY_RULE_V_57,
				      .in_document = own->key_place.line != 0,
				      .place = own->key_place},
			"the BitLocker key of drive %.100s that stands here doesn't open its volume; %s", own->drive_id,
			why);
	run->finder.document = NULL;
}

static void describe_opener(const job_model *m, const job_key *used, char out[480])
{
	snprintf(out, 480, "another one does");
	if (used != NULL && used->subject != TALLY_JOB_NOWHERE && used->drive_id != NULL)
		snprintf(out, 480, "that of drive %.100s in %.300s:%" PRIu64 " does", used->drive_id,
			 m->summary->subjects[used->subject].path, used->place.line);
	else if (used != NULL && used->subject == TALLY_JOB_NOWHERE)
		snprintf(out, 480, "that of the key file does");
}

static tally_result judge_key(job_model *m, job_check *check, const job_entry *own)
{
	char opener[480];
	tally_bitlocker_outcome outcome = {.status = TALLY_BITLOCKER_OK};
	const job_key *used = key_that_opened(check);
	tally_result result = TALLY_OK;
	if (used == NULL || !is_same_key(own->key, used->text))
		result = tally_run_try_key(&check->run, check->run.opened.bitlocker,
					   (tally_text){own->key, strlen(own->key)}, &outcome, m->error);
	if (result != TALLY_OK)
		return result;
	/* Anything else is something about the volume, which was told when it was opened. */
	if (tally_run_is_refusal(&outcome)) {
		describe_opener(m, used, opener);
		tell_wrong_key(m, check, own, &outcome, opener);
	} else if (outcome.status == TALLY_BITLOCKER_OK || outcome.status == TALLY_BITLOCKER_NOT_ACTIVATED) {
		m->drives[check->carrier->drive].has_right_key = true;
	}
	return TALLY_OK;
}

/* ---- volumes that no key opens ---- */

static bool was_file_used(const job_model *m)
{
	for (size_t i = 0; i < m->check_count; i++) {
		const job_key *key = m->checks[i].has_run ? key_that_opened(&m->checks[i]) : NULL;
		if (key != NULL && key->subject == TALLY_JOB_NOWHERE)
			return true;
	}
	return false;
}

/*
 * Whether a key may have been meant for a volume that it doesn't open: of a drive that is known only its own, else
 * those of drives that aren't at hand, and the key file's unless it opened another one. What came of others says
 * nothing.
 */
static bool is_meant(const job_model *m, const job_carrier *carrier, const job_key *key)
{
	bool is_known = carrier->drive != TALLY_JOB_NOWHERE;
	if (!is_known && key->subject == TALLY_JOB_NOWHERE)
		return !was_file_used(m);
	for (size_t i = 0; i < m->drive_count; i++) {
		bool may_be = is_known ? i == carrier->drive : !m->drives[i].is_at_hand;
		const job_entry *own = may_be ? own_entry(m, &m->drives[i]) : NULL;
		if (own != NULL && is_same_key(own->key, key->text))
			return true;
	}
	return false;
}

static bool next_meant_key(void *context, size_t n, tally_text *text)
{
	const job_check *check = context;
	const job_key *key = key_at(check, n);
	if (key != NULL)
		*text = is_meant(check->m, check->carrier, key) ? key->text : (tally_text){"", 0};
	return key != NULL;
}

static size_t count_meant(const job_check *check)
{
	size_t count = 0;
	for (size_t i = 0; i < check->m->key_count; i++)
		count += is_meant(check->m, check->carrier, &check->m->keys[i]);
	return count;
}

static void tell_refusal(job_model *m, job_check *check, const tally_bitlocker_outcome *outcome)
{
	const size_t drive = check->carrier->drive;
	if (drive != TALLY_JOB_NOWHERE && tally_run_is_refusal(outcome))
		tell_wrong_key(m, check, own_entry(m, &m->drives[drive]), outcome, outcome->text);
	else
		tally_run_tell_bitlocker(&check->run, outcome);
}

/* Where only some of the keys were meant for the volume, what comes of these without the others is to be told. */
static tally_result judge_refusal(job_model *m, job_check *check)
{
	const tally_run_keys meant = {check, next_meant_key};
	const size_t count = count_meant(check);
	tally_bitlocker_outcome outcome = check->run.opened.refusal;
	unsigned tried;
	tally_result result = TALLY_OK;
	if (count == 0) {
		check->result =
		    tally_fail(&check->error, TALLY_ERROR_ARGUMENT,
			       "the volume is locked with BitLocker, and the keys that were given are those of other "
			       "drives: give the drive's journal, or a file with the key (--key-file)");
		return TALLY_OK;
	}
	if (count < m->key_count)
		result =
		    tally_run_try_keys(&check->run, &meant, check->run.opened.bitlocker, &tried, &outcome, m->error);
	if (result == TALLY_OK)
		tell_refusal(m, check, &outcome);
	return result;
}

static tally_result judge_check(job_model *m, job_check *check)
{
	const job_carrier *carrier = check->carrier;
	const tally_opened *opened = &check->run.opened;
	if (!check->has_run || check->result != TALLY_OK)
		return TALLY_OK;
	if (opened->is_refused)
		return judge_refusal(m, check);
	if (!opened->was_unlocked || carrier->drive == TALLY_JOB_NOWHERE)
		return TALLY_OK;
	const job_entry *own = own_entry(m, &m->drives[carrier->drive]);
	return own != NULL ? judge_key(m, check, own) : TALLY_OK;
}

tally_result tally_job_judge_keys(job_model *m)
{
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < m->check_count && result == TALLY_OK; i++)
		result = judge_check(m, &m->checks[i]);
	return result;
}
