/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/job_list.h"

#include "base/memory.h"
#include "format/job_values.h"

#include <stdio.h>
#include <stdlib.h>

/* Stands for a key, as in the published samples; no key looks like this, and lint refuses it. */
static const char no_key[] = "*******";

/* ---- making the list ---- */

/* What someone wrote as an id need not be one: it is shown as findings show it. */
static const char *shown_id(const char *id, char out[128])
{
	tally_mask((tally_text){id, strlen(id)}, out, 128);
	return out;
}

static bool is_usable_key(const job_entry *entry)
{
	return entry->key != NULL && (entry->key_form == TALLY_KEY_RECOVERY || entry->key_form == TALLY_KEY_EXTERNAL);
}

/* What the tool wrote comes before what someone copied from it: with two backslashes, perhaps (K-21). */
static bool is_better_path(const job_model *m, const job_entry *entry, const job_entry *known)
{
	tally_document_kind kind = m->summary->subjects[entry->subject].kind;
	return entry->manifest_file != NULL && (known == NULL || kind != TALLY_DOCUMENT_JOB);
}

/* What any document says, the job first; those that differ were found before. */
static tally_result fill_item(job_model *m, const job_drive *drive, job_item *item)
{
	const job_entry *file = NULL, *hash = NULL, *header = NULL, *key = NULL;
	char id[128];
	for (size_t i = drive->count; i-- > 0;) {
		const job_entry *entry = &m->entries[drive->first + i];
		file = is_better_path(m, entry, file) ? entry : file;
		hash = entry->has_hash ? entry : hash;
		header = entry->header_hash != NULL ? entry : header;
		key = is_usable_key(entry) ? entry : key;
	}
	const char *missing = file == NULL ? "path" : hash == NULL ? "hash" : NULL;
	if (missing != NULL) {
		snprintf(m->summary->list_refusal, sizeof m->summary->list_refusal,
			 "no document gives the manifest's %s of drive %.100s", missing, shown_id(drive->id, id));
		return TALLY_OK;
	}
	tally_hex_encode(hash->hash, sizeof hash->hash, item->hash);
	tally_result result = tally_job_copy(m, (tally_text){drive->id, strlen(drive->id)}, &item->drive_id);
	const char *header_hash = header != NULL ? header->header_hash : "";
	if (result == TALLY_OK)
		result = tally_job_copy(m, (tally_text){file->manifest_file, strlen(file->manifest_file)},
					&item->manifest_file);
	if (result == TALLY_OK)
		result = tally_job_copy(m, (tally_text){header_hash, strlen(header_hash)}, &item->header_hash);
	if (result == TALLY_OK && key != NULL)
		result = tally_job_copy(m, (tally_text){key->key, strlen(key->key)}, &item->key);
	return result;
}

/* Whether the drives are such that a list of them is worth making. */
static bool may_list(job_model *m, size_t *count)
{
	char *refusal = m->summary->list_refusal, id[128];
	*count = 0;
	for (size_t i = 0; i < m->drive_count; i++) {
		const job_drive *drive = m->ordered[i];
		if (!drive->is_of_job)
			continue;
		++*count;
		if (drive->contradicts) {
			snprintf(refusal, sizeof m->summary->list_refusal,
				 "the documents contradict each other about drive %.100s", shown_id(drive->id, id));
			return false;
		}
		if (drive->has_wrong_key) {
			snprintf(refusal, sizeof m->summary->list_refusal,
				 "the key that the documents give for drive %.100s doesn't open it",
				 shown_id(drive->id, id));
			return false;
		}
	}
	for (size_t i = 0; i < m->carrier_count && !m->summary->has_list; i++)
		if (tally_job_is_nameless(&m->carriers[i])) {
			snprintf(refusal, sizeof m->summary->list_refusal, "nothing tells which drive %.150s is",
				 m->summary->subjects[m->carriers[i].subject].path);
			return false;
		}
	if (*count == 0)
		snprintf(refusal, sizeof m->summary->list_refusal, "no document speaks of a drive");
	else if (*count > TALLY_JOB_DRIVES_MAX)
		snprintf(refusal, sizeof m->summary->list_refusal, "these are %zu drives; a job can have %d", *count,
			 TALLY_JOB_DRIVES_MAX);
	return *count > 0 && *count <= TALLY_JOB_DRIVES_MAX;
}

tally_result tally_job_list_make(job_model *m)
{
	size_t count;
	if (m->ordered == NULL || !may_list(m, &count))
		return TALLY_OK;
	tally_job_list *list = tally_zalloc(1, sizeof *list);
	if (list == NULL)
		return tally_fail_memory(m->error);
	list->items = tally_zalloc(count, sizeof *list->items);
	tally_result result = list->items != NULL ? TALLY_OK : tally_fail_memory(m->error);
	for (size_t i = 0; i < m->drive_count && result == TALLY_OK; i++)
		if (m->ordered[i]->is_of_job)
			result = fill_item(m, m->ordered[i], &list->items[list->count++]);
	if (result == TALLY_OK && m->summary->list_refusal[0] == '\0')
		m->summary->list = list;
	else
		tally_job_list_free(list);
	return result;
}

void tally_job_list_free(tally_job_list *list)
{
	if (list == NULL)
		return;
	for (size_t i = 0; i < list->count; i++) {
		tally_free(list->items[i].drive_id);
		tally_free(list->items[i].manifest_file);
		tally_free(list->items[i].header_hash);
		tally_free_secret(list->items[i].key);
	}
	tally_free(list->items);
	tally_free(list);
}

/* ---- text ---- */

void tally_job_text_add(job_text *text, const char *bytes, size_t size)
{
	if (text->failed)
		return;
	char *grown = tally_grow_wiped(text->data, &text->capacity, text->size + size);
	if (grown == NULL) {
		text->failed = true;
		return;
	}
	text->data = grown;
	memcpy(grown + text->size, bytes, size);
	text->size += size;
}

void tally_job_text_clear(job_text *text)
{
	tally_free_wiped(text->data, text->capacity);
	*text = (job_text){0};
}

static void add(job_text *text, const char *string)
{
	tally_job_text_add(text, string, strlen(string));
}

void tally_job_quote_shell(job_text *text, const char *word)
{
	add(text, "'");
	for (const char *c = word; *c != '\0'; c++) {
		if (*c == '\'')
			add(text, "'\\''");
		else
			tally_job_text_add(text, c, 1);
	}
	add(text, "'");
}

void tally_job_quote_powershell(job_text *text, const char *word)
{
	tally_text rest = {word, strlen(word)};
	add(text, "'");
	while (rest.size > 0) {
		const char *start = rest.data;
		uint32_t c = tally_utf8_next(&rest);
		size_t size = (size_t)(rest.data - start);
		/* U+2018 to U+201B are quotation marks to it as well; each is doubled by itself. */
		if (c == '\'' || (c >= 0x2018 && c <= 0x201B))
			tally_job_text_add(text, start, size);
		tally_job_text_add(text, start, size);
	}
	add(text, "'");
}

void tally_job_quote_json(job_text *text, const char *word)
{
	char escape[8];
	add(text, "\"");
	for (const char *c = word; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20) {
			snprintf(escape, sizeof escape, "\\u%04X", (unsigned char)*c);
			add(text, escape);
			continue;
		}
		if (*c == '"' || *c == '\\')
			add(text, "\\");
		tally_job_text_add(text, c, 1);
	}
	add(text, "\"");
}

/* ---- JSON ---- */

static const char *key_of(const job_item *item, bool with_keys)
{
	return with_keys ? item->key : no_key;
}

/* By hand: jansson, which reads such documents, would leave copies of the keys in memory. */
static void write_object(job_text *text, const char *indent, const char *const (*members)[2], size_t count)
{
	add(text, "{\n");
	for (size_t i = 0; i < count; i++) {
		add(text, indent);
		add(text, "  ");
		tally_job_quote_json(text, members[i][0]);
		add(text, ": ");
		tally_job_quote_json(text, members[i][1]);
		add(text, i + 1 < count ? ",\n" : "\n");
	}
	add(text, indent);
	add(text, "}");
}

/* A driveList as the examples of the specifications have it, in a request that changes a job. */
static void write_rest(job_text *text, const tally_job_list *list, bool with_keys)
{
	add(text, "{\n  \"properties\": {\n    \"driveList\": [\n");
	for (size_t i = 0; i < list->count; i++) {
		const job_item *item = &list->items[i];
		const char *const members[][2] = {{"driveId", item->drive_id},
						  {"bitLockerKey", key_of(item, with_keys)},
						  {"manifestFile", item->manifest_file},
						  {"manifestHash", item->hash},
						  {"driveHeaderHash", item->header_hash}};
		add(text, "      ");
		write_object(text, "      ", members, sizeof members / sizeof members[0]);
		add(text, i + 1 < list->count ? ",\n" : "\n");
	}
	add(text, "    ]\n  }\n}\n");
}

/* a map from serial numbers. */
static void write_databox(job_text *text, const tally_job_list *list, bool with_keys)
{
	add(text, "{\n  \"properties\": {\n    \"details\": {\n      \"jobDetailsType\": \"DataBoxCustomerDisk\",\n"
		  "      \"importDiskDetailsCollection\": {\n");
	for (size_t i = 0; i < list->count; i++) {
		const job_item *item = &list->items[i];
		const char *const members[][2] = {{"manifestFile", item->manifest_file},
						  {"manifestHash", item->hash},
						  {"bitLockerKey", key_of(item, with_keys)}};
		add(text, "        ");
		tally_job_quote_json(text, item->drive_id);
		add(text, ": ");
		write_object(text, "        ", members, sizeof members / sizeof members[0]);
		add(text, i + 1 < list->count ? ",\n" : "\n");
	}
	add(text, "      }\n    }\n  }\n}\n");
}

/* ---- PowerShell and shell ---- */

/* Without a byte-order mark, Windows PowerShell takes a script for one in the system's own encoding. */
static void mark_encoding(job_text *text)
{
	for (size_t i = 0; i < text->size && !text->failed; i++)
		if ((unsigned char)text->data[i] >= 0x80) {
			job_text marked = {0};
			add(&marked, "\xEF\xBB\xBF");
			tally_job_text_add(&marked, text->data, text->size);
			tally_job_text_clear(text);
			*text = marked;
			return;
		}
}

/* The hash table of the published script. One backslash in front of the path: PowerShell doesn't need two (K-21). */
static void write_powershell(job_text *text, const tally_job_list *list, bool with_keys)
{
	add(text, "$driveList = @(\n");
	for (size_t i = 0; i < list->count; i++) {
		const job_item *item = &list->items[i];
		const char *const fields[][2] = {{"DriveId", item->drive_id},
						 {"BitLockerKey", key_of(item, with_keys)},
						 {"ManifestFile", item->manifest_file},
						 {"ManifestHash", item->hash},
						 {"DriveHeaderHash", item->header_hash}};
		add(text, "  @{\n");
		for (size_t k = 0; k < sizeof fields / sizeof fields[0]; k++) {
			add(text, "    ");
			add(text, fields[k][0]);
			add(text, " = ");
			tally_job_quote_powershell(text, fields[k][1]);
			add(text, "\n");
		}
		add(text, i + 1 < list->count ? "  },\n" : "  }\n");
	}
	add(text, ")\n");
	mark_encoding(text);
}

static void add_argument(job_text *text, const char *name, const char *value)
{
	job_text word = {0};
	add(&word, name);
	add(&word, "=");
	tally_job_text_add(&word, value, strlen(value) + 1);
	add(text, " ");
	if (word.failed)
		text->failed = true;
	else
		tally_job_quote_shell(text, word.data);
	tally_job_text_clear(&word);
}

/*
 * The published command has one drive; that --drive-list is repeated for each further one is inferred [inf]. The
 * shell's own arguments are the one list of words that every POSIX shell has.
 */
static void write_cli(job_text *text, const tally_job_list *list, bool with_keys)
{
	add(text, "# Read this file (. ./FILE), then: az import-export create ... \"$@\"\nset --");
	for (size_t i = 0; i < list->count; i++) {
		const job_item *item = &list->items[i];
		add(text, " \\\n\t--drive-list");
		add_argument(text, "bit-locker-key", key_of(item, with_keys));
		add_argument(text, "drive-header-hash", item->header_hash);
		add_argument(text, "drive-id", item->drive_id);
		add_argument(text, "manifest-file", item->manifest_file);
		add_argument(text, "manifest-hash", item->hash);
	}
	add(text, "\n");
}

/* ---- writing ---- */

static void write_form(job_text *text, const tally_job_list *list, tally_job_form form, bool with_keys)
{
	switch (form) {
	case TALLY_JOB_REST:
		write_rest(text, list, with_keys);
		break;
	case TALLY_JOB_DATABOX:
		write_databox(text, list, with_keys);
		break;
	case TALLY_JOB_POWERSHELL:
		write_powershell(text, list, with_keys);
		break;
	case TALLY_JOB_CLI:
		write_cli(text, list, with_keys);
		break;
	}
}

tally_result tally_job_list_write(const tally_job_list *list, tally_job_form form, bool with_keys,
				  int (*put)(void *context, const char *bytes, size_t size), void *context,
				  tally_error *error)
{
	char id[128];
	if (list == NULL || put == NULL || (unsigned)form > TALLY_JOB_CLI)
		return tally_fail(error, TALLY_ERROR_ARGUMENT,
				  "tally_job_list_write needs a list, a known form and put");
	for (size_t i = 0; i < list->count && with_keys; i++)
		if (list->items[i].key == NULL)
			return tally_fail(error, TALLY_ERROR_ARGUMENT,
					  "no document gives a usable BitLocker key of drive %.100s",
					  shown_id(list->items[i].drive_id, id));
	job_text text = {0};
	write_form(&text, list, form, with_keys);
	tally_result result = TALLY_OK;
	int failed = text.failed ? 0 : put(context, text.data, text.size);
	if (text.failed)
		result = tally_fail_memory(error);
	else if (failed != 0)
		result = tally_fail_os(error, failed, "the drive list could not be written");
	tally_job_text_clear(&text);
	return result;
}
