/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the documents and drives of a job say the same. Each finding stands at one place and names the other one.
 * A key is compared and never told, not even in part.
 */
#include "base/memory.h"
#include "format/job_values.h"
#include "verify/job_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACE_SHOWN 400

static const tally_place nowhere = {0, 0};

static const char *path_of(const job_model *m, size_t subject)
{
	return m->summary->subjects[subject].path;
}

/* "job1.jrn:12" */
static const char *describe(const job_model *m, size_t subject, tally_place place, char out[PLACE_SHOWN])
{
	if (place.line != 0)
		snprintf(out, PLACE_SHOWN, "%.300s:%" PRIu64, path_of(m, subject), place.line);
	else
		snprintf(out, PLACE_SHOWN, "%.300s", path_of(m, subject));
	return out;
}

static bool is_journal(const job_model *m, const job_entry *entry)
{
	tally_document_kind kind = m->summary->subjects[entry->subject].kind;
	return kind == TALLY_DOCUMENT_JOURNAL || kind == TALLY_DOCUMENT_DRIVE_INFO;
}

/* The first contradiction in the service's order is what it would report. `status` NULL: nothing comes of this one. */
static void contradict(job_drive *drive, const char *status)
{
	drive->contradicts = true;
	if (drive->predicted == NULL)
		drive->predicted = status;
}

/* ---- keys ---- */

static bool has_key(const job_entry *entry)
{
	return entry->key != NULL && entry->key_form != TALLY_KEY_NONE && entry->key_form != TALLY_KEY_MASKED;
}

static void compare_keys(job_model *m, job_drive *drive, const job_entry *entries)
{
	const job_entry *first = NULL;
	char other[PLACE_SHOWN];
	/* The service takes the first one. */
	bool is_proven = drive->has_right_key && !drive->has_wrong_key;
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &entries[i];
		if (!has_key(entry))
			continue;
		if (first == NULL) {
			first = entry;
			continue;
		}
		if (tally_bitlocker_key_equal((tally_text){first->key, strlen(first->key)},
					      (tally_text){entry->key, strlen(entry->key)}))
			continue;
		contradict(drive, is_proven ? NULL : "BitLockerKeyInvalid");
		tally_job_find(m, is_proven ? TALLY_RULE_W_07_PROVEN : TALLY_RULE_W_07, entry->subject,
			       entry->key_place, "the BitLocker key of drive %.100s differs from the one in %s%s",
			       drive->id, describe(m, first->subject, first->key_place, other),
			       is_proven ? ", which opens the drive" : "");
	}
}

/* ---- paths ---- */

typedef struct folded {
	char *text;
	size_t size, capacity;
	bool failed;
} folded;

static void put_folded(void *context, const char *data, size_t size)
{
	folded *f = context;
	char *grown = tally_grow(f->text, &f->capacity, f->size + size, 1);
	if (grown == NULL) {
		f->failed = true;
		return;
	}
	f->text = grown;
	memcpy(grown + f->size, data, size);
	f->size += size;
}

/* Whether two paths lead to one file. Without memory to tell: they do, for a finding must be certain. */
static bool is_same_path(const char *a, const char *b)
{
	folded left = {0}, right = {0};
	if (strcmp(a, b) == 0)
		return true;
	tally_ntfs_fold((tally_text){a, strlen(a)}, put_folded, &left);
	tally_ntfs_fold((tally_text){b, strlen(b)}, put_folded, &right);
	bool same = left.failed || right.failed ||
		    tally_text_equal((tally_text){left.text, left.size}, (tally_text){right.text, right.size});
	tally_free(left.text);
	tally_free(right.text);
	return same;
}

static void compare_paths(job_model *m, job_drive *drive, const job_entry *entries)
{
	const job_carrier *carrier = drive->carrier != TALLY_JOB_NOWHERE ? &m->carriers[drive->carrier] : NULL;
	const job_entry *first = NULL;
	char other[PLACE_SHOWN];
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &entries[i];
		if (entry->manifest_file == NULL)
			continue;
		if (first != NULL && !is_same_path(first->manifest_file, entry->manifest_file)) {
			contradict(drive, "ManifestNotFound");
			tally_job_find(m, TALLY_RULE_W_05, entry->subject, entry->file_place,
				       "the manifest of drive %.100s has another path than in %s", drive->id,
				       describe(m, first->subject, first->file_place, other));
		}
		if (first == NULL)
			first = entry;
		if (carrier == NULL || !carrier->is_drive || carrier->manifest_path == NULL ||
		    is_same_path(carrier->manifest_path, entry->manifest_file))
			continue;
		contradict(drive, "ManifestNotFound");
		tally_job_find(m, TALLY_RULE_W_05_DRIVE, entry->subject, entry->file_place,
			       "the manifest of drive %.100s is not here, but at %.400s", drive->id, carrier->shown);
	}
}

/* ---- hashes ---- */

static void compare_hashes(job_model *m, job_drive *drive, const job_entry *entries)
{
	const job_carrier *carrier = drive->carrier != TALLY_JOB_NOWHERE ? &m->carriers[drive->carrier] : NULL;
	const job_entry *first = NULL;
	char other[PLACE_SHOWN];
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &entries[i];
		if (!entry->has_hash)
			continue;
		if (first != NULL && memcmp(first->hash, entry->hash, sizeof entry->hash) != 0) {
			contradict(drive, "ManifestCorrupted");
			tally_job_find(m, TALLY_RULE_W_06, entry->subject, entry->hash_place,
				       "the manifest hash of drive %.100s differs from the one in %s", drive->id,
				       describe(m, first->subject, first->hash_place, other));
		}
		if (first == NULL)
			first = entry;
		if (carrier == NULL || !carrier->has_hash ||
		    memcmp(carrier->hash, entry->hash, sizeof entry->hash) == 0)
			continue;
		contradict(drive, "ManifestCorrupted");
		tally_job_find(m, TALLY_RULE_W_06_DRIVE, entry->subject, entry->hash_place,
			       "the manifest hash of drive %.100s is not that of %.400s", drive->id, carrier->shown);
	}
}

/* ---- once each ---- */

/*
 * A journal and the DriveInfo file beside it are one preparation (J-03), two journals are two. Lists of jobs are judged
 * by their own rules.
 */
static void find_second_paper(job_model *m, job_drive *drive, const job_entry *entries)
{
	const job_entry *first[2] = {NULL, NULL};
	char other[PLACE_SHOWN];
	for (size_t i = 0; i < drive->count; i++) {
		const job_entry *entry = &entries[i];
		if (!is_journal(m, entry))
			continue;
		size_t kind = m->summary->subjects[entry->subject].kind == TALLY_DOCUMENT_JOURNAL;
		if (first[kind] == NULL) {
			first[kind] = entry;
			continue;
		}
		drive->contradicts = true;
		tally_job_find(m, TALLY_RULE_W_03_PAPER, entry->subject, entry->place, "drive %.100s is already in %s",
			       drive->id, describe(m, first[kind]->subject, first[kind]->place, other));
	}
}

static void find_second_drives(job_model *m)
{
	for (size_t i = 0; i < m->carrier_count; i++) {
		const job_carrier *carrier = &m->carriers[i];
		if (!carrier->is_repeated || carrier->drive == TALLY_JOB_NOWHERE)
			continue;
		const job_carrier *first = &m->carriers[m->drives[carrier->drive].carrier];
		bool both_drives = carrier->is_drive && first->is_drive;
		bool same =
		    carrier->has_hash && first->has_hash && memcmp(carrier->hash, first->hash, sizeof first->hash) == 0;
		if (both_drives)
			m->drives[carrier->drive].contradicts = true;
		if (both_drives)
			tally_job_find(m, TALLY_RULE_W_03_ID, carrier->subject, nowhere,
				       "%s drive %.100s, which is also at %.300s",
				       carrier->is_named ? "the manifest on this drive is that of"
							 : "by its key or its serial number this is",
				       carrier->drive_id, path_of(m, first->subject));
		else if (!same)
			tally_job_find(m, TALLY_RULE_W_06_COPY, carrier->subject, nowhere,
				       "this manifest of drive %.100s is another one than %.400s", carrier->drive_id,
				       first->shown);
	}
}

/* ---- missing and extra ones ---- */

/* What is missing may be a drive at hand that nobody could name. */
static void describe_missing(const job_model *m, char out[PLACE_SHOWN])
{
	const job_carrier *first = NULL;
	size_t count = 0;
	for (size_t i = 0; i < m->carrier_count; i++) {
		if (!tally_job_is_nameless(&m->carriers[i]))
			continue;
		first = count++ == 0 ? &m->carriers[i] : first;
	}
	out[0] = '\0';
	if (count > 0)
		snprintf(out, PLACE_SHOWN, ", unless it is %.250s%s, of which nothing tells which drive it is",
			 path_of(m, first->subject), count > 1 ? " or another one" : "");
}

static void judge_presence(job_model *m, const job_drive *drive, bool any_journal, bool any_at_hand)
{
	char unless[PLACE_SHOWN];
	describe_missing(m, unless);
	const job_entry *entry = drive->count > 0 ? &m->entries[drive->first] : NULL;
	size_t subject = entry != NULL ? entry->subject : m->carriers[drive->carrier].subject;
	tally_place place = entry != NULL ? entry->place : nowhere;
	bool has_list = m->summary->has_list;
	if (has_list && !drive->is_listed && drive->is_at_hand)
		tally_job_find(m, TALLY_RULE_W_01, m->carriers[drive->carrier].subject, nowhere,
			       "drive %.100s is not in the job's list", drive->id);
	else if (has_list && !drive->is_listed && entry != NULL)
		tally_job_find(m, TALLY_RULE_W_01_JOURNAL, subject, place, "drive %.100s is not in the job's list",
			       drive->id);
	if (drive->is_listed && any_at_hand && !drive->is_at_hand)
		tally_job_find(m, TALLY_RULE_W_02, subject, place, "drive %.100s is not at hand%s", drive->id, unless);
	else if (!has_list && any_at_hand && !drive->is_at_hand && entry != NULL)
		tally_job_find(m, TALLY_RULE_W_02_JOURNAL, subject, place,
			       "drive %.100s is not at hand%s; it is not taken for one of this job", drive->id, unless);
	if (!drive->has_journal && (any_journal || drive->is_at_hand) && (drive->is_listed || !has_list))
		tally_job_find(m, TALLY_RULE_W_04, subject, place,
			       "no journal or DriveInfo file that was given speaks of drive %.100s", drive->id);
}

static void judge_count(job_model *m, bool any_at_hand)
{
	size_t count = 0, nameless = 0;
	for (size_t i = 0; i < m->drive_count; i++)
		count += m->drives[i].is_of_job;
	for (size_t i = 0; i < m->carrier_count; i++)
		nameless += tally_job_is_nameless(&m->carriers[i]);
	/* Beside drives that are known they are others; else they may be those that documents speak of. */
	count = any_at_hand ? count + nameless : count > nameless ? count : nameless;
	if (count <= TALLY_JOB_DRIVES_MAX || m->summary->has_list)
		return; /* a list is judged where it stands */
	m->finder.document = NULL;
	tally_find_fact(&m->finder, &(tally_fact){.rule = TALLY_RULE_R_01_COUNT},
			"these are %zu drives; a job can have %d", count, TALLY_JOB_DRIVES_MAX);
}

/* ---- accounts ---- */

/* An account has two keys, so that two that differ need not be of two accounts; what containers a SAS names is no
 * matter. */
static void compare_accounts(job_model *m)
{
	const job_carrier *first = NULL;
	for (size_t i = 0; i < m->carrier_count; i++) {
		const job_carrier *carrier = &m->carriers[i];
		bool counts = carrier->account_place.line != 0 && carrier->drive != TALLY_JOB_NOWHERE &&
			      m->drives[carrier->drive].is_of_job && !carrier->is_repeated;
		if (counts && first != NULL && carrier->account != first->account) {
			m->finder.document = carrier->shown;
			tally_find_fact(&m->finder,
					&(tally_fact){.rule = TALLY_RULE_W_10,
						      .in_document = true,
						      .place = carrier->account_place},
					"the StorageAccountKey differs from the one in %.400s:%" PRIu64, first->shown,
					first->account_place.line);
		}
		if (counts && first == NULL)
			first = carrier;
	}
}

/* ---- sessions ---- */

typedef struct session_use {
	const job_session *session;
	const job_carrier *carrier;
} session_use;

static int compare_uses(const void *a, const void *b)
{
	const session_use *left = a, *right = b;
	int order = strcmp(left->session->id, right->session->id);
	return order != 0 ? order : left->carrier < right->carrier ? -1 : left->carrier > right->carrier;
}

/* One journal may spread one session over several drives; K-20: the pages don't agree whether it must. */
static bool share_journal(const job_model *m, const job_carrier *a, const job_carrier *b)
{
	const job_drive *left = &m->drives[a->drive], *right = &m->drives[b->drive];
	for (size_t i = 0; i < left->count; i++)
		for (size_t k = 0; k < right->count; k++)
			if (m->entries[left->first + i].subject == m->entries[right->first + k].subject &&
			    is_journal(m, &m->entries[left->first + i]))
				return true;
	return false;
}

static void tell_session(job_model *m, const session_use *first, const session_use *use)
{
	const job_drive *left = &m->drives[first->carrier->drive], *right = &m->drives[use->carrier->drive];
	if (!left->has_journal || !right->has_journal || share_journal(m, first->carrier, use->carrier))
		return;
	m->finder.document = use->carrier->shown;
	tally_find_fact(&m->finder,
			&(tally_fact){.rule = TALLY_RULE_W_08,
				      .in_document = true,
				      .place = use->session->place,
				      .actual = {use->session->id, strlen(use->session->id)}},
			"the copy session %.40s is also in %.400s:%" PRIu64 ", by another journal", use->session->id,
			first->carrier->shown, first->session->place.line);
}

static void compare_sessions(job_model *m)
{
	size_t count = 0, used = 0;
	for (size_t i = 0; i < m->carrier_count; i++)
		count += m->carriers[i].session_count;
	session_use *uses = tally_zalloc(count + 1, sizeof *uses);
	if (uses == NULL) {
		tally_job_gap(m, "copy sessions", "there was no memory to compare them");
		return;
	}
	for (size_t i = 0; i < m->carrier_count; i++) {
		const job_carrier *carrier = &m->carriers[i];
		for (size_t k = 0; k < carrier->session_count; k++)
			if (!carrier->is_repeated && carrier->drive != TALLY_JOB_NOWHERE)
				uses[used++] = (session_use){&carrier->sessions[k], carrier};
	}
	if (used > 0)
		qsort(uses, used, sizeof *uses, compare_uses);
	for (size_t i = 1, first = 0; i < used; i++) {
		if (strcmp(uses[first].session->id, uses[i].session->id) != 0)
			first = i;
		else
			tell_session(m, &uses[first], &uses[i]);
	}
	tally_free(uses);
}

/* ---- all together ---- */

/* Drives in the order in which they are reported. */
static int compare_ranks(const void *a, const void *b)
{
	const job_drive *left = *(const job_drive *const *)a, *right = *(const job_drive *const *)b;
	if (left->is_listed != right->is_listed)
		return left->is_listed ? -1 : 1;
	return left->rank < right->rank ? -1 : left->rank > right->rank;
}

static void compare_drive(job_model *m, job_drive *drive)
{
	if (drive->count == 0)
		return;
	const job_entry *entries = &m->entries[drive->first];
	find_second_paper(m, drive, entries);
	compare_keys(m, drive, entries);
	compare_paths(m, drive, entries);
	compare_hashes(m, drive, entries);
}

tally_result tally_job_order_drives(job_model *m)
{
	m->ordered = tally_zalloc(m->drive_count + 1, sizeof *m->ordered);
	if (m->ordered == NULL)
		return tally_fail_memory(m->error);
	for (size_t i = 0; i < m->drive_count; i++)
		m->ordered[i] = &m->drives[i];
	if (m->drive_count > 0)
		qsort(m->ordered, m->drive_count, sizeof *m->ordered, compare_ranks);
	return TALLY_OK;
}

void tally_job_compare(job_model *m)
{
	bool any_journal = false, any_at_hand = false;
	for (size_t i = 0; i < m->drive_count; i++) {
		any_journal = any_journal || m->drives[i].has_journal;
		any_at_hand = any_at_hand || m->drives[i].is_at_hand;
	}
	judge_count(m, any_at_hand);
	for (size_t i = 0; i < m->drive_count; i++) {
		compare_drive(m, m->ordered[i]);
		judge_presence(m, m->ordered[i], any_journal, any_at_hand);
	}
	find_second_drives(m);
	compare_accounts(m);
	compare_sessions(m);
}
