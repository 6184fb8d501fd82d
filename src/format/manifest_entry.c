/* SPDX-License-Identifier: Apache-2.0 */
/* What a blob's entry and a drive's fields must obey, one rule after the other. */
#include "base/windows_path.h"
#include "format/drive_values.h"
#include "format/log_common.h"
#include "format/manifest_internal.h"
#include "format/storage_name.h"

#include <inttypes.h>

static const tally_text no_text = {NULL, 0};

#define PAGE_SIZE 512
/* M-23: "200 GB" is 50,000 blocks of 4 MiB; page blobs had 1 TB. Newer pages (N-10, N-11) allow far more (K-04). */
#define BLOCK_BLOB_OLD_MAX (TALLY_BLOCKS_MAX * TALLY_BLOCK_SIZE_MAX)
#define PAGE_BLOB_OLD_MAX (UINT64_C(1) << 40)
#define BLOCK_SIZE_NEW_MAX (UINT64_C(4000) << 20)
#define BLOCK_BLOB_NEW_MAX (TALLY_BLOCKS_MAX * BLOCK_SIZE_NEW_MAX)
#define PAGE_BLOB_NEW_MAX (UINT64_C(8) << 40)
#define IDS_RULE_MAX (UINT64_C(64) << 20) /* M-43 speaks of blobs up to 64 MB */

void tally_manifest_check_blob_path(tally_manifest *m, const tally_value *value)
{
	tally_blob_name name = tally_blob_path_split(value->text);
	if (name.leading_slash)
		tally_manifest_tell(m, TALLY_RULE_M_18_SLASH, value->place, value->text,
				    "BlobPath begins with a slash");
	const char *fault = tally_container_name_fault(name.container);
	if (fault != NULL)
		tally_manifest_tell(m, TALLY_RULE_N_02, value->place, name.container,
				    "the container of this blob is not valid: %s", fault);
	tally_manifest_check_container(m, name.container, value->place);
	switch (tally_blob_name_check(&name)) {
	case TALLY_BLOB_NAME_OK:
		break;
	case TALLY_BLOB_NAME_EMPTY:
		tally_manifest_tell(m, TALLY_RULE_M_18_BLOB, value->place, value->text,
				    "BlobPath names a container but no blob in it");
		break;
	case TALLY_BLOB_NAME_TOO_LONG:
		tally_manifest_tell(m, TALLY_RULE_N_03_LENGTH, value->place, value->text,
				    "the blob's name has more than 1,024 characters");
		break;
	case TALLY_BLOB_NAME_SEGMENTS:
		tally_manifest_tell(m, TALLY_RULE_N_03_LENGTH, value->place, value->text,
				    "the blob's name has more than 254 path segments");
		break;
	case TALLY_BLOB_NAME_CHARACTER:
		tally_manifest_tell(m, TALLY_RULE_N_03_CHARACTERS, value->place, value->text,
				    "the blob's name has a control or private-use character");
		break;
	case TALLY_BLOB_NAME_ROOT_SLASH:
		tally_manifest_tell(m, TALLY_RULE_N_04, value->place, value->text,
				    "a blob in $root has a slash in its name");
		break;
	case TALLY_BLOB_NAME_DELETE:
		tally_manifest_tell(m, TALLY_RULE_N_03_DELETE, value->place, value->text,
				    "the blob's name has the control character U+007F");
		break;
	case TALLY_BLOB_NAME_END:
		tally_manifest_tell(m, TALLY_RULE_N_03_END, value->place, value->text,
				    "the blob's name ends in a dot or a slash");
		break;
	}
}

void tally_manifest_check_file_path(tally_manifest *m, const tally_value *value)
{
	tally_path_problem problem;
	tally_path_fault fault = tally_windows_path_check(value->text, &problem);
	if (fault != TALLY_PATH_OK) {
		bool too_long = tally_path_fault_is_length(fault);
		tally_manifest_tell(m, too_long ? TALLY_RULE_M_19_LENGTH : TALLY_RULE_M_19_INVALID, value->place,
				    problem.component, "FilePath is not a name that Windows can hold: %s",
				    tally_path_fault_text(fault));
	} else if (value->text.data[0] != '\\') {
		tally_manifest_tell(m, TALLY_RULE_M_19_FORM, value->place, value->text,
				    "FilePath does not begin with a backslash");
	} else if (memchr(value->text.data, '/', value->text.size) != NULL) {
		tally_manifest_tell(m, TALLY_RULE_M_19_FORM, value->place, value->text,
				    "FilePath separates with slashes, not backslashes");
	}
}

void tally_manifest_check_side_path(tally_manifest *m, const tally_value *value, tally_level level)
{
	tally_fact fact = {.rule = TALLY_RULE_M_17_PATH,
			   .use_level = true,
			   .level = level,
			   .in_document = true,
			   .place = value->place};
	if (value->text.size == 0) {
		/* One that was too long is told as that. */
		if (value->valid)
			tally_document_find(m->document, &fact, "%s is empty",
					    level == TALLY_LEVEL_METADATA ? "MetadataPath" : "PropertiesPath");
		return;
	}
	tally_path_problem problem;
	tally_path_fault fault = tally_windows_path_check(value->text, &problem);
	if (fault == TALLY_PATH_OK)
		return;
	if (tally_path_fault_is_length(fault))
		fact.rule = TALLY_RULE_M_17_LENGTH;
	fact.actual = problem.component;
	tally_document_find(m->document, &fact, "the path of a side file is not a name that Windows can hold: %s",
			    tally_path_fault_text(fault));
}

void tally_manifest_check_snapshot(tally_manifest *m, const tally_value *value)
{
	if (!tally_manifest_set_kind(m, TALLY_MANIFEST_EXPORT))
		tally_manifest_tell(m, TALLY_RULE_M_22_IMPORT, value->place, no_text,
				    "a Snapshot in the manifest of an import");
	if (value->text.size > 0 && !tally_log_is_time(value->text))
		tally_manifest_tell(m, TALLY_RULE_M_22_FORM, value->place, value->text,
				    "Snapshot is not a time such as 2011-03-09T01:42:34.9360000Z");
}

static void check_page_range(tally_manifest *m, const tally_manifest_segment *s, const tally_value *offset,
			     const tally_value *length)
{
	if (s->offset % PAGE_SIZE != 0)
		tally_manifest_tell(m, TALLY_RULE_M_31_OFFSET, offset->place, offset->text,
				    "the page range starts at %" PRIu64 ", not at a multiple of 512", s->offset);
	if (s->length % PAGE_SIZE != 0)
		tally_manifest_tell(m, TALLY_RULE_M_31_LENGTH, length->place, length->text,
				    "the page range has %" PRIu64 " bytes, not a multiple of 512", s->length);
	if (s->length > TALLY_BLOCK_SIZE_MAX)
		tally_manifest_tell(m, TALLY_RULE_M_31_SIZE, length->place, length->text,
				    "the page range has more than 4 MiB (4,194,304 bytes)");
	if (m->offset_lost)
		return;
	m->totals.uncovered = m->totals.uncovered || s->offset > m->next_offset;
	if (s->offset < m->last_offset)
		tally_manifest_tell(m, TALLY_RULE_M_32_ORDER, offset->place, offset->text,
				    "the page range starts before the one in front of it (at %" PRIu64 ")",
				    m->last_offset);
	else if (s->offset < m->next_offset)
		tally_manifest_tell(m, TALLY_RULE_M_32_OVERLAP, offset->place, offset->text,
				    "the page range overlaps the one in front of it, which ends at %" PRIu64,
				    m->next_offset);
}

static void check_block(tally_manifest *m, tally_manifest_segment *s, const tally_value *offset,
			const tally_value *length)
{
	if (s->length > BLOCK_SIZE_NEW_MAX)
		tally_manifest_tell(m, TALLY_RULE_M_41_LIMIT, length->place, length->text,
				    "the block has more than 4,000 MiB");
	else if (s->length > TALLY_BLOCK_SIZE_MAX)
		tally_manifest_tell(m, TALLY_RULE_M_41_OLD_LIMIT, length->place, length->text,
				    "the block has more than 4 MiB (4,194,304 bytes)");
	if (m->offset_lost)
		; /* a gap or overlap would only repeat that the numbers in front are damaged */
	else if (s->offset < m->next_offset)
		tally_manifest_tell(m, TALLY_RULE_M_40_ORDER, offset->place, offset->text,
				    "the block starts at %" PRIu64
				    ", before the end of the one in front of it (%" PRIu64 ")",
				    s->offset, m->next_offset);
	else if (s->offset > m->next_offset)
		tally_manifest_tell(m, TALLY_RULE_M_40_GAP, offset->place, offset->text,
				    "no block covers the bytes from %" PRIu64 " to %" PRIu64, m->next_offset,
				    s->offset);
	if (s->index == TALLY_BLOCKS_MAX)
		tally_manifest_tell(m, TALLY_RULE_M_40_COUNT, s->place, no_text,
				    "the blob has more than 50,000 blocks");
}

/* M-44: MD5/ and the Base64 of the hash is an id that proves itself; no need to remember it. */
static bool is_hash_id(tally_manifest *m, const tally_manifest_segment *s, const tally_value *id)
{
	uint8_t md5[16];
	size_t size;
	if (!tally_text_starts(id->text, "MD5/") ||
	    !tally_base64_decode((tally_text){id->text.data + 4, id->text.size - 4}, md5, sizeof md5, &size) ||
	    size != sizeof md5)
		return false;
	if (memcmp(md5, s->md5, sizeof md5) == 0)
		return true;
	tally_manifest_tell(m, TALLY_RULE_M_44, id->place, id->text, "the id names another MD5 than the block's Hash");
	return false;
}

static void check_block_id(tally_manifest *m, const tally_manifest_segment *s, const tally_value *id)
{
	if (!id->present) {
		m->without_id++;
		return;
	}
	if (m->with_id++ == 0)
		m->id_text_size = id->text.size;
	uint8_t decoded[TALLY_BLOCK_ID_MAX];
	size_t size;
	if (!tally_base64_decode(id->text, decoded, sizeof decoded, &size) || size == 0) {
		tally_manifest_tell(m, TALLY_RULE_M_42_BASE64, id->place, id->text,
				    "the block's Id is not Base64 of 1 to 64 bytes");
		return;
	}
	if (id->text.size != m->id_text_size && !m->ids_differ) {
		m->ids_differ = true;
		tally_manifest_tell(m, TALLY_RULE_M_42_LENGTH, id->place, id->text,
				    "the block's Id has another length than those before it");
	}
	if (s->usable && !is_hash_id(m, s, id) &&
	    !tally_block_ids_add(m->ids, decoded, size, s->length, s->md5, id->place)) {
		tally_error error;
		tally_manifest_fail(m, tally_fail_memory(&error), &error);
	}
}

/* Where it lies; false when its numbers are damaged. */
static bool check_extent(tally_manifest *m, tally_manifest_segment *s, const tally_value *offset,
			 const tally_value *length)
{
	uint64_t end;
	if (!offset->valid || !length->valid)
		return false;
	if (__builtin_add_overflow(s->offset, s->length, &end)) {
		tally_manifest_tell(m, TALLY_RULE_M_23_NUMBER, offset->place, offset->text,
				    "Offset + Length is above 2^64");
		return false;
	}
	if (s->length == 0)
		tally_manifest_tell(m, TALLY_RULE_M_34, length->place, no_text, "the segment is empty");
	if (m->blob.kind == TALLY_BLOB_PAGE)
		check_page_range(m, s, offset, length);
	else
		check_block(m, s, offset, length);
	if (m->blob.has_length && end > m->blob.length) {
		s->status = "BlobUnexpectedEnd";
		tally_manifest_tell(m, TALLY_RULE_M_33, offset->place, no_text,
				    "the segment ends at %" PRIu64 ", behind the blob's Length of %" PRIu64, end,
				    m->blob.length);
	}
	if (!m->blob.has_length && end > m->early_end)
		m->early_end = end;
	m->last_offset = s->offset;
	m->next_offset = end;
	return true;
}

void tally_manifest_check_segment(tally_manifest *m, const tally_value *attributes, tally_place place)
{
	const tally_value *offset = &attributes[SEGMENT_OFFSET], *length = &attributes[SEGMENT_LENGTH];
	tally_manifest_segment s = {
	    .index = m->blob.segment_count++, .place = place, .offset = offset->number, .length = length->number};
	memcpy(s.md5, attributes[SEGMENT_HASH].md5, sizeof s.md5);
	if (m->blob.kind == TALLY_BLOB_BLOCK && attributes[SEGMENT_ID].present)
		s.id = attributes[SEGMENT_ID].text;
	bool known = check_extent(m, &s, offset, length);
	s.usable = known && attributes[SEGMENT_HASH].valid;
	m->offset_lost = !known;
	if (m->blob.kind == TALLY_BLOB_BLOCK)
		check_block_id(m, &s, &attributes[SEGMENT_ID]);
	if (s.usable && __builtin_add_overflow(m->totals.segment_bytes, s.length, &m->totals.segment_bytes))
		m->totals.segment_bytes = UINT64_MAX;
	if (m->options.events != NULL && m->options.events->segment != NULL)
		m->options.events->segment(m->options.events_context, &m->blob, &s);
}

static void tell_id_conflict(void *context, tally_place place)
{
	tally_manifest_tell(context, TALLY_RULE_M_45, place, no_text,
			    "another block of this blob has the same Id but other content");
}

static void check_page_list_end(tally_manifest *m)
{
	if (!m->blob.has_length || m->next_offset >= m->blob.length || m->offset_lost)
		return;
	m->totals.uncovered = true;
	m->blob.uncovered = m->blob.segment_count == 0;
	if (m->blob.uncovered)
		tally_manifest_tell(m, TALLY_RULE_M_30_EMPTY, m->blob.place, no_text,
				    "no page range says what the blob's %" PRIu64 " bytes are", m->blob.length);
}

static void check_block_list_end(tally_manifest *m)
{
	if (m->blob.has_length && m->next_offset < m->blob.length && !m->offset_lost)
		tally_manifest_tell(m, TALLY_RULE_M_40_COVER, m->blob.place, no_text,
				    "the blocks end at %" PRIu64 ", but the blob's Length is %" PRIu64, m->next_offset,
				    m->blob.length);
	if (m->with_id > 0 && m->without_id > 0) {
		bool large = m->blob.has_length && m->blob.length > IDS_RULE_MAX;
		tally_manifest_tell(m, large ? TALLY_RULE_M_43_LARGE : TALLY_RULE_M_43_MIXED, m->blob.place, no_text,
				    "%" PRIu64 " blocks have an Id and %" PRIu64 " have none", m->with_id,
				    m->without_id);
	}
}

static void check_blob_size(tally_manifest *m)
{
	bool page = m->blob.kind == TALLY_BLOB_PAGE;
	if (page && m->blob.length % PAGE_SIZE != 0)
		tally_manifest_tell(m, TALLY_RULE_M_23_PAGE, m->blob.place, no_text,
				    "the page blob has %" PRIu64 " bytes, not a multiple of 512", m->blob.length);
	if (m->blob.length > (page ? PAGE_BLOB_NEW_MAX : BLOCK_BLOB_NEW_MAX))
		tally_manifest_tell(m, TALLY_RULE_M_23_LIMIT, m->blob.place, no_text,
				    "the blob is larger than the storage service allows");
	else if (m->blob.length > (page ? PAGE_BLOB_OLD_MAX : BLOCK_BLOB_OLD_MAX))
		tally_manifest_tell(m, TALLY_RULE_M_23_OLD_LIMIT, m->blob.place, no_text,
				    "the blob is larger than the manifest's own page allows (%s)",
				    page ? "1 TB" : "200 GB");
}

void tally_manifest_check_blob_end(tally_manifest *m)
{
	if (m->blob.has_length)
		check_blob_size(m);
	if (m->blob.kind == TALLY_BLOB_BLOCK)
		check_block_list_end(m);
	else if (m->list_seen)
		check_page_list_end(m);
	if (m->blob.has_length && m->early_end > m->blob.length) {
		tally_manifest_tell(m, TALLY_RULE_M_33, m->blob.place, no_text,
				    "a segment ends at %" PRIu64 ", behind the blob's Length of %" PRIu64, m->early_end,
				    m->blob.length);
		if (m->blob.status == NULL)
			m->blob.status = "CompletedWithErrors";
	}
	/* Also where a PageRangeList came behind the BlockList: the next blob's ids are its own. */
	tally_block_ids_end(m->ids, tell_id_conflict, m);
	if (!m->list_seen && (!m->blob.has_length || m->blob.length > 0))
		tally_manifest_tell(m, TALLY_RULE_M_26_NONE, m->blob.place, no_text,
				    "the blob has neither a BlockList nor a PageRangeList");
}

void tally_manifest_check_drive_id(tally_manifest *m, const tally_value *value)
{
	if (m->totals.drive_id[0] == '\0')
		tally_mask(value->text, m->totals.drive_id, sizeof m->totals.drive_id);
	if (m->drive_has_lists)
		tally_manifest_tell(m, TALLY_RULE_M_10_ORDER, value->place, no_text, "DriveId comes behind a BlobList");
	tally_drive_id_form form = tally_drive_id_judge(value->text);
	if (form == TALLY_DRIVE_ID_BLANK)
		tally_manifest_tell(m, TALLY_RULE_M_11_BLANK, value->place, value->text, "DriveId has a blank in it");
	else if (form == TALLY_DRIVE_ID_UNUSUAL)
		tally_manifest_tell(m, TALLY_RULE_M_11_CHARACTERS, value->place, value->text,
				    "DriveId has a character that no known serial number has");
}
