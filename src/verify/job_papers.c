/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a job, recognised by their content, and what they say of each drive. */
#include "base/memory.h"
#include "format/format.h"
#include "format/job.h"
#include "verify/job_model.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- entries ---- */

/* NULL, with the model's error set, when memory is short; `lost` when there are too many. */
static job_entry *add_entry(job_model *m, size_t subject, bool *lost)
{
	*lost = m->entry_count == TALLY_JOB_ENTRIES_MAX;
	if (*lost) {
		m->entries_lost = true;
		return NULL;
	}
	job_entry *grown = tally_grow(m->entries, &m->entry_capacity, m->entry_count + 1, sizeof *grown);
	if (grown == NULL) {
		tally_fail_memory(m->error);
		return NULL;
	}
	m->entries = grown;
	job_entry *entry = &grown[m->entry_count];
	*entry = (job_entry){.subject = subject, .order = m->entry_count, .drive = TALLY_JOB_NOWHERE};
	m->entry_count++;
	return entry;
}

static tally_result copy_if(job_model *m, tally_text text, char **copy)
{
	return text.size > 0 ? tally_job_copy(m, text, copy) : TALLY_OK;
}

static tally_result keep_journal_drive(job_model *m, size_t subject, tally_journal_drive *drive)
{
	bool lost;
	job_entry *entry = add_entry(m, subject, &lost);
	if (entry == NULL)
		return lost ? TALLY_OK : TALLY_ERROR_NO_MEMORY;
	entry->place = drive->place;
	entry->key_place = drive->key_place;
	entry->file_place = drive->file_place;
	entry->hash_place = drive->hash_place;
	entry->key_form = drive->key;
	entry->has_hash = drive->has_hash;
	memcpy(entry->hash, drive->manifest_hash, sizeof entry->hash);
	/* Taken over, so that there is no second copy of a key. */
	entry->key = drive->key_text;
	drive->key_text = NULL;
	entry->manifest_file = drive->manifest_file;
	drive->manifest_file = NULL;
	return tally_job_copy(m, (tally_text){drive->drive_id, strlen(drive->drive_id)}, &entry->drive_id);
}

static tally_result read_journal(job_model *m, size_t subject, const tally_source *source)
{
	tally_journal journal = {0};
	tally_result result = tally_journal_read_keys(&journal, source, &m->finder, m->error);
	if (result == TALLY_OK && journal.is_drive_info)
		m->summary->subjects[subject].kind = TALLY_DOCUMENT_DRIVE_INFO;
	for (size_t i = 0; i < journal.drive_count && result == TALLY_OK; i++)
		result = keep_journal_drive(m, subject, &journal.drives[i]);
	tally_journal_clear(&journal);
	return result;
}

/* ---- the job's description ---- */

typedef struct job_reading {
	job_model *m;
	size_t subject;
	uint64_t job; /* the one whose list counts: the first that lists drives */
	bool more;    /* there are others */
	tally_result result;
} job_reading;

static tally_result keep_values(job_model *m, job_entry *entry, const tally_job_entry *said)
{
	unsigned group;
	const char *reason;
	entry->place = said->place;
	entry->key_place = said->key_place;
	entry->file_place = said->file_place;
	entry->hash_place = said->hash_place;
	entry->key_form = tally_bitlocker_key_judge(said->bitlocker_key, &group, &reason);
	entry->has_hash = tally_hex_decode(said->manifest_hash, entry->hash, sizeof entry->hash);
	tally_result result = tally_job_copy(m, said->drive_id, &entry->drive_id);
	if (result == TALLY_OK)
		result = copy_if(m, said->bitlocker_key, &entry->key);
	if (result == TALLY_OK)
		result = copy_if(m, said->manifest_file, &entry->manifest_file);
	if (result == TALLY_OK)
		result = copy_if(m, said->header_hash, &entry->header_hash);
	return result;
}

/* Specifications' examples and saved answers hold several jobs; the first one with drives is taken. */
static void on_job_drive(void *context, const tally_job_entry *said)
{
	job_reading *r = context;
	bool lost;
	if (r->result != TALLY_OK)
		return;
	if (said->job != 0 && r->job == 0)
		r->job = said->job;
	r->more = r->more || (said->job != 0 && said->job != r->job);
	if (said->job != 0 && said->job != r->job)
		return;
	job_entry *entry = add_entry(r->m, r->subject, &lost);
	if (entry == NULL) {
		r->result = lost ? TALLY_OK : TALLY_ERROR_NO_MEMORY;
		return;
	}
	entry->is_listed = said->job != 0;
	entry->is_answer = said->job == 0;
	r->result = keep_values(r->m, entry, said);
}

static tally_result read_job(job_model *m, size_t subject, const tally_source *source)
{
	static const tally_job_events events = {on_job_drive};
	job_reading r = {.m = m, .subject = subject};
	tally_result result = tally_job_read(source, &m->finder, &events, &r, m->error);
	if (result == TALLY_OK)
		result = r.result;
	if (result != TALLY_OK || r.job == 0)
		return result;
	if (m->summary->has_list)
		return tally_fail(m->error, TALLY_ERROR_ARGUMENT, "%.300s: a second job; one job at a time",
				  m->summary->subjects[subject].path);
	m->summary->has_list = true;
	if (r.more)
		tally_job_gap(m, "further jobs in the job's description",
			      "only the first one that lists drives was read");
	return TALLY_OK;
}

/* ---- subjects ---- */

static void refuse(tally_job_subject *subject, const char *why)
{
	tally_fail(&subject->error, TALLY_ERROR_ARGUMENT, "%.300s %s", subject->path, why);
}

static const char *refusal_of(tally_document_kind kind)
{
	switch (kind) {
	case TALLY_DOCUMENT_UNKNOWN:
		return "is text, but neither a journal, a DriveInfo file, a manifest nor a job in JSON";
	case TALLY_DOCUMENT_JOB_TEMPLATE:
		return "is a classic job template; give the job in JSON";
	default:
		return "is a document of another kind than journal, DriveInfo file, manifest or job";
	}
}

#define FRONT 512 /* a disk's first sector, or an archive's first header: neither is text */

static bool is_control(uint8_t byte)
{
	return byte < ' ' && (byte < '\t' || byte > '\r');
}

static bool is_text(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (is_control(bytes[i]))
			return false;
	return size > 0;
}

/* White space, and what UTF-16 has between two characters of ASCII. */
static bool is_blank(uint8_t byte)
{
	return byte == 0 || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/*
 * Whether a file is a document, right or not; or else a drive, whatever is left of it: what has nothing of text is a
 * disk that was wiped or broke rather than a document. A document that an archive begins with is the archive's.
 */
static bool is_document(const uint8_t *front, size_t size, bool is_recognised)
{
	bool is_utf16 = size >= 2 && ((front[0] == 0xFF && front[1] == 0xFE) || (front[0] == 0xFE && front[1] == 0xFF));
	bool is_marked = size >= 3 && front[0] == 0xEF && front[1] == 0xBB && front[2] == 0xBF;
	size_t first = is_utf16 ? 2 : is_marked ? 3 : 0;
	if (is_utf16 || is_text(front, size))
		return true;
	while (first < size && is_blank(front[first]))
		first++;
	return is_recognised && first < size && strchr("<[{", front[first]) != NULL;
}

/* Of what can be read once only there is no drive to be made. */
static bool may_be_drive(const job_model *m, size_t index)
{
	struct stat facts;
	return index < m->options->subject_count && stat(m->summary->subjects[index].path, &facts) == 0 &&
	       S_ISREG(facts.st_mode);
}

static bool looks_like_drive(const job_model *m, size_t index, const tally_source *source, bool is_recognised)
{
	uint8_t front[FRONT];
	int64_t got = source->read(source->context, 0, front, sizeof front);
	return may_be_drive(m, index) && !is_document(front, got > 0 ? (size_t)got : 0, is_recognised);
}

static tally_result read_paper(job_model *m, size_t index, const tally_source *source)
{
	tally_job_subject *subject = &m->summary->subjects[index];
	const tally_format *format = NULL;
	tally_result result = tally_format_recognise(source, &format, m->error);
	if (result != TALLY_OK)
		return result;
	subject->is_drive = looks_like_drive(m, index, source, format != NULL);
	if (subject->is_drive)
		return TALLY_OK;
	subject->kind = format != NULL ? format->kind : TALLY_DOCUMENT_UNKNOWN;
	m->finder.document = subject->path;
	bool asked_for_job = index == m->options->subject_count;
	if (asked_for_job && subject->kind != TALLY_DOCUMENT_JOB)
		refuse(subject, "is no job in JSON");
	else if (subject->kind == TALLY_DOCUMENT_JOB)
		result = read_job(m, index, source);
	else if (subject->kind == TALLY_DOCUMENT_JOURNAL || subject->kind == TALLY_DOCUMENT_DRIVE_INFO)
		result = read_journal(m, index, source);
	else if (subject->kind != TALLY_DOCUMENT_MANIFEST)
		refuse(subject, refusal_of(subject->kind));
	return result;
}

/* A directory or a device; also one that isn't there. */
static bool is_mounted_or_device(const char *path)
{
	struct stat facts;
	if (stat(path, &facts) != 0)
		return strncmp(path, "/dev/", 5) == 0;
	return S_ISDIR(facts.st_mode) || S_ISBLK(facts.st_mode);
}

/* What is wrong with one document ends the work with that one. */
static tally_result read_subject(job_model *m, size_t index)
{
	tally_job_subject *subject = &m->summary->subjects[index];
	tally_source source;
	tally_result result = tally_job_progress(m, "reading the documents", subject->path, 0, 0);
	if (result != TALLY_OK)
		return result;
	if (is_mounted_or_device(subject->path)) {
		subject->is_drive = index < m->options->subject_count;
		if (!subject->is_drive)
			refuse(subject, "is no job in JSON but a directory or a device");
		return TALLY_OK;
	}
	result = tally_source_file(&source, subject->path, m->error);
	if (result == TALLY_OK) {
		result = read_paper(m, index, &source);
		tally_source_close(&source);
	}
	if (result == TALLY_ERROR_IO) {
		subject->error = *m->error;
		return TALLY_OK;
	}
	return result;
}

tally_result tally_job_read_papers(job_model *m)
{
	size_t count = m->summary->subject_count;
	tally_result result = TALLY_OK;
	/* The job's own description comes first, so that drives are reported in its order. */
	if (m->options->job != NULL)
		result = read_subject(m, count - 1);
	for (size_t i = 0; i < m->options->subject_count && result == TALLY_OK; i++)
		result = read_subject(m, i);
	if (m->entries_lost)
		tally_job_gap(m, "some drives that the documents speak of", "they speak of more than 10,000");
	return result;
}

/* ---- drives ---- */

static int compare_ids(const char *a, const char *b)
{
	for (;; a++, b++) {
		unsigned char left = (unsigned char)*a, right = (unsigned char)*b;
		left = left >= 'a' && left <= 'z' ? (unsigned char)(left - 'a' + 'A') : left;
		right = right >= 'a' && right <= 'z' ? (unsigned char)(right - 'a' + 'A') : right;
		if (left != right)
			return left < right ? -1 : 1;
		if (left == '\0')
			return 0;
	}
}

/* What the job lists comes first: its values are what the service uses. */
static int compare_entries(const void *a, const void *b)
{
	const job_entry *left = a, *right = b;
	int order = compare_ids(left->drive_id, right->drive_id);
	if (order != 0)
		return order;
	if (left->is_listed != right->is_listed)
		return left->is_listed ? -1 : 1;
	return left->order < right->order ? -1 : left->order > right->order;
}

static void take_entry(job_model *m, job_drive *drive, job_entry *entry)
{
	const tally_job_subject *subject = &m->summary->subjects[entry->subject];
	drive->count++;
	drive->is_listed = drive->is_listed || entry->is_listed;
	drive->has_journal =
	    drive->has_journal || subject->kind == TALLY_DOCUMENT_JOURNAL || subject->kind == TALLY_DOCUMENT_DRIVE_INFO;
	entry->drive = (size_t)(drive - m->drives);
}

static job_drive *new_drive(job_model *m, const char *id, size_t first, size_t rank)
{
	job_drive *drive = &m->drives[m->drive_count++];
	*drive = (job_drive){.id = id, .first = first, .carrier = TALLY_JOB_NOWHERE, .rank = rank};
	return drive;
}

static job_drive *find_drive(job_model *m, size_t known, const char *id)
{
	size_t low = 0, high = known;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_ids(m->drives[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < known && compare_ids(m->drives[low].id, id) == 0)
		return &m->drives[low];
	for (size_t i = known; i < m->drive_count; i++)
		if (compare_ids(m->drives[i].id, id) == 0)
			return &m->drives[i];
	return NULL;
}

/* A drive goes before a manifest by itself, whatever their order; what comes second is a repetition. */
static void take_carrier(job_model *m, job_drive *drive, size_t index)
{
	job_carrier *carrier = &m->carriers[index];
	bool at_hand = carrier->is_drive;
	carrier->drive = (size_t)(drive - m->drives);
	if (drive->carrier == TALLY_JOB_NOWHERE) {
		drive->carrier = index;
	} else if (at_hand && !drive->is_at_hand) {
		m->carriers[drive->carrier].is_repeated = true;
		drive->carrier = index;
	} else {
		carrier->is_repeated = true;
	}
	drive->is_at_hand = drive->is_at_hand || at_hand;
}

/* Which drives are the job's: those of its list; else those at hand, and without any, all that documents name. */
static void choose_job(job_model *m)
{
	bool any_at_hand = false;
	for (size_t i = 0; i < m->drive_count; i++)
		any_at_hand = any_at_hand || m->drives[i].is_at_hand;
	for (size_t i = 0; i < m->drive_count; i++) {
		job_drive *drive = &m->drives[i];
		drive->is_of_job = m->summary->has_list ? drive->is_listed : !any_at_hand || drive->is_at_hand;
	}
}

tally_result tally_job_group(job_model *m)
{
	m->drives = tally_zalloc(m->entry_count + m->carrier_count + 1, sizeof *m->drives);
	if (m->drives == NULL)
		return tally_fail_memory(m->error);
	if (m->entry_count > 0)
		qsort(m->entries, m->entry_count, sizeof *m->entries, compare_entries);
	for (size_t i = 0; i < m->entry_count; i++) {
		job_entry *entry = &m->entries[i];
		job_drive *last = m->drive_count > 0 ? &m->drives[m->drive_count - 1] : NULL;
		if (last == NULL || compare_ids(last->id, entry->drive_id) != 0)
			last = new_drive(m, entry->drive_id, i, entry->order);
		take_entry(m, last, entry);
	}
	size_t known = m->drive_count;
	for (size_t i = 0; i < m->carrier_count; i++) {
		job_carrier *carrier = &m->carriers[i];
		if (carrier->drive_id[0] == '\0')
			continue;
		job_drive *drive = find_drive(m, known, carrier->drive_id);
		if (drive == NULL)
			drive = new_drive(m, carrier->drive_id, 0, m->entry_count + i);
		take_carrier(m, drive, i);
	}
	choose_job(m);
	return TALLY_OK;
}
