/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/audit_index.h"

#include "base/memory.h"
#include "base/windows_path.h"

tally_result tally_audit_index_init(tally_audit_index *index, tally_error *error)
{
	*index = (tally_audit_index){0};
	return tally_fingerprinter_new(&index->fingerprinter, error);
}

void tally_audit_index_clear(tally_audit_index *index)
{
	for (size_t i = 0; i < index->chunk_count; i++)
		tally_free(index->chunks[i]);
	tally_free(index->chunks);
	tally_records_clear(&index->records);
	tally_fingerprinter_free(index->fingerprinter);
	*index = (tally_audit_index){0};
}

tally_audit_entry *tally_audit_index_at(const tally_audit_index *index, size_t number)
{
	return &index->chunks[number / TALLY_AUDIT_CHUNK][number % TALLY_AUDIT_CHUNK];
}

tally_result tally_audit_index_add(tally_audit_index *index, const tally_audit_entry *entry, tally_error *error)
{
	if (index->count == index->chunk_count * TALLY_AUDIT_CHUNK) {
		void *chunks =
		    tally_grow(index->chunks, &index->chunk_capacity, index->chunk_count + 1, sizeof *index->chunks);
		if (chunks == NULL)
			return tally_fail_memory(error);
		index->chunks = chunks;
		tally_audit_entry *chunk = tally_alloc(TALLY_AUDIT_CHUNK * sizeof *chunk);
		if (chunk == NULL)
			return tally_fail_memory(error);
		index->chunks[index->chunk_count++] = chunk;
	}
	*tally_audit_index_at(index, index->count++) = *entry;
	return TALLY_OK;
}

tally_result tally_audit_index_name(tally_audit_index *index, uint64_t key, tally_error *error)
{
	return tally_records_add(&index->records, (tally_record){key, index->count - 1}, error);
}

void tally_audit_index_sort(tally_audit_index *index)
{
	tally_records_sort(&index->records);
	index->sorted = true;
}

tally_audit_entry *tally_audit_index_find(const tally_audit_index *index, uint64_t key, size_t nth)
{
	size_t low = 0, high = index->records.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_records_at(&index->records, middle)->fingerprint < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (nth >= index->records.count - low)
		return NULL;
	const tally_record *record = tally_records_at(&index->records, low + nth);
	return record->fingerprint == key ? tally_audit_index_at(index, (size_t)record->position) : NULL;
}

/* ---- keys ----------------------------------------------------------------------------------------------------- */

static tally_text without_slash(tally_text text)
{
	if (text.size > 0 && (text.data[0] == '/' || text.data[0] == '\\'))
		return (tally_text){text.data + 1, text.size - 1};
	return text;
}

/* With one kind of slash. */
static void update(tally_fingerprinter *fingerprinter, tally_text text)
{
	while (text.size > 0) {
		const char *slash = memchr(text.data, '\\', text.size);
		size_t size = slash != NULL ? (size_t)(slash - text.data) : text.size;
		tally_fingerprint_update(fingerprinter, text.data, size);
		if (slash == NULL)
			return;
		tally_fingerprint_update(fingerprinter, "/", 1);
		text = (tally_text){slash + 1, text.size - size - 1};
	}
}

uint64_t tally_audit_blob_key(tally_audit_index *index, tally_text container, tally_text name)
{
	tally_fingerprint_begin(index->fingerprinter);
	tally_fingerprint_update(index->fingerprinter, "b", 1);
	update(index->fingerprinter, without_slash(container));
	if (name.size > 0) {
		tally_fingerprint_update(index->fingerprinter, "/", 1);
		update(index->fingerprinter, name);
	}
	return tally_fingerprint_end(index->fingerprinter);
}

uint64_t tally_audit_snapshot_key(tally_audit_index *index, tally_text path, tally_text snapshot)
{
	tally_fingerprint_begin(index->fingerprinter);
	tally_fingerprint_update(index->fingerprinter, "s", 1);
	tally_fingerprint_update(index->fingerprinter, snapshot.data, snapshot.size);
	tally_fingerprint_update(index->fingerprinter, "", 1);
	update(index->fingerprinter, without_slash(path));
	return tally_fingerprint_end(index->fingerprinter);
}

uint64_t tally_audit_file_key(tally_audit_index *index, tally_text path)
{
	tally_fingerprint_begin(index->fingerprinter);
	tally_fingerprint_update(index->fingerprinter, "f", 1);
	tally_ntfs_fold(path, tally_fingerprint_update, index->fingerprinter);
	return tally_fingerprint_end(index->fingerprinter);
}

static char as_slash(char c)
{
	return c == '\\' ? '/' : c;
}

bool tally_audit_same_blob(tally_text a, tally_text b)
{
	a = without_slash(a);
	b = without_slash(b);
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++)
		if (as_slash(a.data[i]) != as_slash(b.data[i]))
			return false;
	return true;
}
