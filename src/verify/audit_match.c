/* SPDX-License-Identifier: Apache-2.0 */
/* Which entries of the logs speak of a blob: under its name, its file's, or the one that the service gave it. */
#include "verify/audit.h"

#include "base/memory.h"
#include "format/storage_name.h"

static tally_text text_of(const char *text)
{
	return (tally_text){text != NULL ? text : "", text != NULL ? strlen(text) : 0};
}

/* All of one key are noted at once: a name that comes a second time finds the first one noted. */
static void note_key(tally_auditing *audit, uint64_t key)
{
	tally_audit_entry *entry;
	for (size_t i = 0; (entry = tally_audit_index_find(&audit->index, key, i)) != NULL; i++) {
		if ((entry->flags & TALLY_AUDIT_NAMED) != 0)
			break;
		entry->flags |= TALLY_AUDIT_NAMED;
	}
}

void tally_audit_note_name(tally_auditing *audit, const tally_manifest_blob *blob)
{
	tally_text path = text_of(blob->blob_path);
	if (blob->blob_path == NULL || audit->index.count == 0)
		return;
	note_key(audit, tally_audit_blob_key(&audit->index, path, (tally_text){"", 0}));
	if (blob->snapshot != NULL)
		note_key(audit, tally_audit_snapshot_key(&audit->index, path, text_of(blob->snapshot)));
}

static bool is_taken(const tally_audit_matches *matches, const tally_audit_entry *entry)
{
	for (size_t i = 0; i < matches->count; i++)
		if (matches->entries[i] == entry)
			return true;
	return false;
}

/* Entries of one key that are passed over, because they are another drive's, say. */
#define LOOKED_AT_MAX 1024

/* `free_only`: no other blob has that name. */
static void take_key(tally_auditing *audit, tally_audit_matches *matches, uint64_t key, bool free_only)
{
	for (size_t i = 0; i < LOOKED_AT_MAX && matches->count < TALLY_AUDIT_MATCHES_MAX; i++) {
		tally_audit_entry *entry = tally_audit_index_find(&audit->index, key, i);
		if (entry == NULL)
			return;
		if (audit->logs[entry->log].foreign || is_taken(matches, entry))
			continue;
		if (free_only && (entry->flags & (TALLY_AUDIT_NAMED | TALLY_AUDIT_MATCHED)) != 0)
			continue;
		entry->flags |= TALLY_AUDIT_MATCHED;
		matches->entries[matches->count++] = entry;
	}
}

static void take_name(tally_auditing *audit, tally_audit_matches *matches, tally_text container, tally_text name)
{
	take_key(audit, matches, tally_audit_blob_key(&audit->index, container, name), false);
}

/* A drive log tells snapshots of one blob apart; later logs don't. */
static void take_own_name(tally_auditing *audit, tally_audit_matches *matches, const tally_manifest_blob *blob)
{
	tally_text path = text_of(blob->blob_path);
	if (blob->snapshot != NULL)
		take_key(audit, matches, tally_audit_snapshot_key(&audit->index, path, text_of(blob->snapshot)), false);
	if (matches->count == 0)
		take_name(audit, matches, path, (tally_text){"", 0});
}

/* An entity tells the new name of what it is about (C-13); later entries have that one. */
static tally_result follow_entity(tally_auditing *audit, tally_audit_matches *matches, tally_text container,
				  const tally_audit_entry *entity, tally_error *error)
{
	tally_audit_words words = {0};
	tally_result result = tally_audit_read_words(audit, entity, &words, error);
	tally_text name = tally_audit_kept(&words.new_name);
	if (result == TALLY_OK && name.size > 0) {
		take_name(audit, matches, container, name);
		/* Behind the kind of the target, which a verbose log gives otherwise. */
		const char *slash = memchr(name.data, '/', name.size);
		if (slash != NULL)
			take_name(audit, matches, container,
				  (tally_text){slash + 1, name.size - (size_t)(slash + 1 - name.data)});
	}
	tally_audit_words_free(&words);
	return result;
}

static tally_result follow_renames(tally_auditing *audit, tally_audit_matches *matches, tally_text container,
				   tally_error *error)
{
	tally_result result = TALLY_OK;
	size_t direct = matches->count;
	for (size_t i = 0; i < direct && result == TALLY_OK; i++) {
		const tally_audit_entry *entry = matches->entries[i];
		if (audit->logs[entry->log].kind == TALLY_DOCUMENT_COPY_LOG && (entry->flags & TALLY_AUDIT_RENAME) != 0)
			result = follow_entity(audit, matches, container, entry, error);
	}
	return result;
}

/* Looks up what became of a container. */
static tally_result look_up_container(tally_auditing *audit, tally_text container, tally_error *error)
{
	tally_audit_words words = {0};
	uint64_t key = tally_audit_blob_key(&audit->index, container, (tally_text){"", 0});
	audit->container_entry = NULL;
	tally_result result = tally_audit_keep(&audit->container, container, error);
	for (size_t i = 0; result == TALLY_OK && i < TALLY_AUDIT_MATCHES_MAX; i++) {
		tally_audit_entry *entry = tally_audit_index_find(&audit->index, key, i);
		if (entry == NULL)
			break;
		if ((entry->flags & TALLY_AUDIT_CONTAINER) == 0 || audit->logs[entry->log].foreign)
			continue;
		entry->flags |= TALLY_AUDIT_MATCHED;
		if ((entry->flags & TALLY_AUDIT_RENAME) == 0)
			continue;
		result = tally_audit_read_words(audit, entry, &words, error);
		if (result != TALLY_OK || words.new_name.size == 0 || !words.new_name.set)
			continue;
		audit->container_entry = entry;
		result = tally_audit_keep(&audit->new_container, tally_audit_kept(&words.new_name), error);
		break;
	}
	tally_audit_words_free(&words);
	return result;
}

static tally_result take_container(tally_auditing *audit, tally_audit_matches *matches, const tally_blob_name *name,
				   tally_error *error)
{
	tally_result result = TALLY_OK;
	if (!audit->container.set || !tally_text_equal(tally_audit_kept(&audit->container), name->container))
		result = look_up_container(audit, name->container, error);
	matches->container = audit->container_entry;
	if (result == TALLY_OK && matches->container != NULL && name->blob.size > 0)
		take_name(audit, matches, tally_audit_kept(&audit->new_container), name->blob);
	return result;
}

/* What the service calls a blob whose name was taken; only entries that no blob of the manifest accounts for. */
static tally_result guess(tally_auditing *audit, tally_audit_matches *matches, const tally_blob_name *name,
			  tally_error *error)
{
	tally_new_name new_name;
	tally_log_text path = {0};
	tally_result result = TALLY_OK;
	for (unsigned n = 0;
	     result == TALLY_OK && matches->count == 0 && tally_audit_new_name(name->blob, n, &new_name); n++) {
		size_t number = strlen(new_name.number);
		result = tally_audit_keep(&path, new_name.front, error);
		if (result != TALLY_OK)
			break;
		char *grown = tally_grow(path.data, &path.capacity, path.size + number + new_name.back.size + 1, 1);
		if (grown == NULL) {
			result = tally_fail_memory(error);
			break;
		}
		path.data = grown;
		memcpy(grown + path.size, new_name.number, number);
		if (new_name.back.size > 0)
			memcpy(grown + path.size + number, new_name.back.data, new_name.back.size);
		path.size += number + new_name.back.size;
		tally_text tried = {path.data, path.size};
		take_key(audit, matches, tally_audit_blob_key(&audit->index, name->container, tried), true);
	}
	matches->guessed = matches->count > 0;
	tally_free(path.data);
	return result;
}

static bool is_told(const tally_auditing *audit, const tally_audit_matches *matches)
{
	for (size_t i = 0; i < matches->count; i++)
		if (audit->logs[matches->entries[i]->log].kind != TALLY_DOCUMENT_COPY_LOG ||
		    (matches->entries[i]->flags & TALLY_AUDIT_RENAME) == 0)
			return true;
	return false;
}

tally_result tally_audit_match(tally_auditing *audit, const tally_manifest_blob *blob, tally_audit_matches *matches,
			       tally_error *error)
{
	tally_blob_name name = tally_blob_path_split(text_of(blob->blob_path));
	tally_result result = TALLY_OK;
	*matches = (tally_audit_matches){0};
	if (audit->index.count == 0)
		return TALLY_OK;
	if (blob->blob_path != NULL) {
		take_own_name(audit, matches, blob);
		matches->direct = matches->count;
		result = take_container(audit, matches, &name, error);
		if (result == TALLY_OK)
			result = follow_renames(audit, matches, name.container, error);
		if (result == TALLY_OK && matches->container != NULL)
			result = follow_renames(audit, matches, tally_audit_kept(&audit->new_container), error);
	}
	if (result == TALLY_OK && !is_told(audit, matches) && blob->file_path != NULL)
		take_key(audit, matches, tally_audit_file_key(&audit->index, text_of(blob->file_path)), true);
	if (result == TALLY_OK && matches->count == 0 && audit->summary->has_verbose && !audit->summary->is_export &&
	    name.blob.size > 0)
		result = guess(audit, matches, &name, error);
	return result;
}
