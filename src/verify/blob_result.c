/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/blob_result.h"

#include "digest/crc64.h"
#include "verify/worker.h"

#include <inttypes.h>
#include <stdio.h>

#define FAILED_CHILD "CompletedWithErrors"

/* What becomes of a file that can't be opened: the rule, and the status at blob level. */
typedef struct find_meaning {
	tally_rule_symbol blob_rule, side_rule; /* TALLY_RULE_NONE: the manifest's own reading has told it */
	const char *status; /* NULL: it can't be known */
	const char *sentence;
} find_meaning;

static const find_meaning meanings[] = {
	[TALLY_FIND_NAME_INVALID] = {TALLY_RULE_NONE, TALLY_RULE_NONE, "FileNameInvalid", ""},
	[TALLY_FIND_NAME_TOO_LONG] = {TALLY_RULE_NONE, TALLY_RULE_NONE, "FileNameTooLong", ""},
	[TALLY_FIND_MISSING] = {TALLY_RULE_V_10, TALLY_RULE_V_30, "FileNotFound", "the file is not on the drive"},
	[TALLY_FIND_NOT_A_FILE] = {TALLY_RULE_V_11, TALLY_RULE_V_31, "FileAccessDenied", "there is no file at this path, but something else"},
	[TALLY_FIND_LEAVES_DRIVE] = {TALLY_RULE_V_11, TALLY_RULE_V_31, "FileAccessDenied", "the path leads through a link or mount point, which is not followed"},
	[TALLY_FIND_DENIED] = {TALLY_RULE_V_11, TALLY_RULE_V_31, "FileAccessDenied", "the file can't be opened: access denied"},
	[TALLY_FIND_WINDOWS_ONLY] = {TALLY_RULE_V_17, TALLY_RULE_V_35, NULL, "the file could not be checked here"},
	[TALLY_FIND_AMBIGUOUS] = {TALLY_RULE_V_12, TALLY_RULE_V_34, "Failed", "several files have names that NTFS takes for this one"},
	[TALLY_FIND_IO_FAILED] = {TALLY_RULE_V_13, TALLY_RULE_V_33, "IOFailed", "the file can't be opened: I/O error"},
};

static void tell_find(tally_run *run, const tally_batch_blob *part, tally_rule_symbol rule, tally_fact fact, const char *sentence,
		      const tally_find_detail *detail)
{
	fact.rule = rule;
	fact.in_document = true;
	fact.blob_path = part->entry.blob_path;
	tally_run_tell_find(run, &fact, sentence, detail);
}

static void take_file(tally_blob_result *r, tally_run *run, const tally_batch_blob *part)
{
	if (part->entry.file_path == NULL && part->ends && !part->late_path) {
		r->file_failed = true;
		r->status = "Failed";
	}
	if (!part->opened)
		return;
	if (part->find != TALLY_FIND_OK) {
		const find_meaning *m = &meanings[part->find];
		r->file_failed = true;
		r->unknown = m->status == NULL;
		r->status = m->status;
		if (!r->told_file && m->blob_rule != TALLY_RULE_NONE)
			tell_find(run, part, m->blob_rule, (tally_fact){.place = part->entry.place, .file_path = part->entry.file_path},
				  m->sentence, &part->detail);
		r->told_file = true;
		return;
	}
	if (part->on_bad && !r->told_bad)
		tally_find_fact(&run->finder,
				&(tally_fact){.rule = TALLY_RULE_V_63, .in_document = true, .place = part->entry.place,
					      .blob_path = part->entry.blob_path, .file_path = part->entry.file_path, .has_range = true,
					      .offset = part->bad_offset, .length = part->bad_length},
				"a part of the file lies on clusters that Windows found bad");
	r->told_bad |= part->on_bad;
	const tally_file_identity *now = &part->file.identity;
	bool differs = r->have_identity && tally_file_identity_changed(&r->identity, now);
	if ((part->changed || differs) && !r->told_changed) {
		r->told_changed = true;
		r->status = "IOFailed";
		tally_find_fact(&run->finder,
				&(tally_fact){.rule = TALLY_RULE_V_15, .in_document = true, .place = part->entry.place,
					      .blob_path = part->entry.blob_path, .file_path = part->entry.file_path},
				"the file changed while it was read; what was hashed is not what is there now");
	}
	r->identity = *now;
	r->have_identity = true;
}

static tally_fact segment_fact(const tally_batch_blob *part, const tally_batch_segment *s, tally_rule_symbol rule)
{
	return (tally_fact){.rule = rule, .in_document = true, .place = s->entry.place, .blob_path = part->entry.blob_path,
			    .file_path = part->entry.file_path, .has_range = true, .offset = s->entry.offset, .length = s->entry.length};
}

static const char *segment_noun(const tally_batch_blob *part)
{
	return part->entry.kind == TALLY_BLOB_PAGE ? "page range" : "block";
}

static void tell_corrupted(tally_run *run, const tally_batch_blob *part, const tally_batch_segment *s)
{
	char expected[33], actual[33];
	tally_hex_encode(s->entry.md5, 16, expected);
	tally_hex_encode(s->actual, 16, actual);
	tally_fact fact = segment_fact(part, s, TALLY_RULE_V_20);
	fact.expected = (tally_text){expected, 32};
	fact.actual = (tally_text){actual, 32};
	tally_find_fact(&run->finder, &fact, "the bytes of %s %" PRIu64 " are not those that the manifest describes%s", segment_noun(part),
			s->entry.index + 1, tally_second_words(s->second));
}

static void tell_short(tally_run *run, const tally_batch_blob *part, const tally_batch_segment *s)
{
	char expected[32], actual[32];
	/* A file that shrank while it was read ended where reading ended. */
	uint64_t end = s->read > 0 || s->entry.offset + s->entry.length <= part->file.size ? s->entry.offset + s->read : part->file.size;
	snprintf(expected, sizeof expected, "%" PRIu64, s->entry.offset + s->entry.length);
	snprintf(actual, sizeof actual, "%" PRIu64, end);
	tally_fact fact = segment_fact(part, s, TALLY_RULE_V_21);
	fact.expected = (tally_text){expected, strlen(expected)};
	fact.actual = (tally_text){actual, strlen(actual)};
	tally_find_fact(&run->finder, &fact, "the file ends before %s %" PRIu64 " does", segment_noun(part), s->entry.index + 1);
}

static void tell_io(tally_run *run, const tally_batch_blob *part, const tally_batch_segment *s)
{
	tally_fact fact = segment_fact(part, s, TALLY_RULE_V_22);
	char range[TALLY_BAD_WORDS];
	tally_error error;
	tally_fail_os(&error, s->os_error, "reading");
	fact.actual = (tally_text){error.message, strlen(error.message)};
	if (s->bad.ranges > 0) {
		fact.offset = s->bad.offset;
		fact.length = s->bad.length;
	}
	tally_find_fact(&run->finder, &fact, "%s %" PRIu64 " can't be read%s%s", segment_noun(part), s->entry.index + 1,
			tally_bad_words(&s->bad, range), tally_second_words(s->second));
}

static void report_segment(tally_run *run, const tally_batch_blob *part, const tally_batch_segment *s, const tally_status *status)
{
	/* An id of 64 bytes looks like an account key; without it the entry is still true. */
	bool tells_id = s->entry.id.data != NULL && !tally_has_secret(s->entry.id);
	run->sink->segment(run->sink->context, &(tally_segment_report){.blob_index = part->entry.index,
								      .index = s->entry.index,
								      .kind = part->entry.kind,
								      .offset = s->entry.offset,
								      .length = s->entry.length,
								      .md5 = s->entry.usable ? s->entry.md5 : NULL,
								      .id = tells_id ? s->entry.id.data : NULL,
								      .status = status});
}

/* Segments come in the manifest's order. */
static void take_crc64(tally_blob_crc64 *crc, const tally_batch_segment *s)
{
	if (s->outcome != TALLY_SEGMENT_COMPLETED && s->outcome != TALLY_SEGMENT_CORRUPTED)
		crc->unknown = true;
	if (crc->unknown || s->entry.offset < crc->end) {
		crc->unknown = true;
		return;
	}
	crc->gaps = crc->gaps || s->entry.offset > crc->end;
	crc->value = tally_crc64_zeros(crc->value, s->entry.offset - crc->end);
	if (crc->power == 0 || crc->size != s->entry.length) {
		crc->size = s->entry.length;
		crc->power = tally_crc64_power(crc->size);
	}
	crc->value = tally_crc64_combine(crc->value, s->crc64, crc->power);
	crc->end = s->entry.offset + s->entry.length;
}

static void take_segment(tally_blob_result *r, tally_run *run, const tally_batch_blob *part, const tally_batch_segment *s)
{
	const char *status = "Cancelled";
	bool checked = true;
	switch (s->outcome) {
	case TALLY_SEGMENT_COMPLETED:
		status = s->entry.status != NULL ? s->entry.status : "Completed";
		break;
	case TALLY_SEGMENT_CORRUPTED:
		status = "Corrupted";
		tell_corrupted(run, part, s);
		break;
	case TALLY_SEGMENT_SHORT:
		status = "FileUnexpectedEnd";
		r->told_short = true;
		tell_short(run, part, s);
		break;
	case TALLY_SEGMENT_IO_FAILED:
		status = "IOFailed";
		tell_io(run, part, s);
		break;
	case TALLY_SEGMENT_WAITING:
	case TALLY_SEGMENT_UNUSABLE:
	case TALLY_SEGMENT_CANCELLED:
		status = r->unknown ? NULL : status;
		checked = false;
		break;
	case TALLY_SEGMENT_UNKNOWN:
		status = NULL;
		checked = false;
		r->segment_unknown = true;
		run->unhashed++;
		break;
	}
	const tally_status *known = status != NULL ? tally_run_count(run, TALLY_LEVEL_SEGMENT, status) : NULL;
	run->summary->segments_listed++;
	run->summary->segments_checked += checked;
	run->summary->bytes_hashed += s->read;
	run->progress.bytes_done += s->entry.usable ? s->entry.length : 0;
	r->counted++;
	if (s->outcome == TALLY_SEGMENT_CORRUPTED || s->outcome == TALLY_SEGMENT_SHORT || s->outcome == TALLY_SEGMENT_IO_FAILED)
		r->data_failed = true;
	if (run->observer != NULL && run->observer->crc64)
		take_crc64(&r->crc64, s);
	r->checked += checked;
	bool failed = s->outcome != TALLY_SEGMENT_COMPLETED && s->outcome != TALLY_SEGMENT_UNKNOWN;
	if (failed || s->entry.status != NULL)
		r->child_failed = true;
	if (run->sink->segment != NULL)
		report_segment(run, part, s, known);
}

static tally_result look_at_side(tally_run *run, tally_side_check *c, bool is_properties, tally_finder *finder,
				 tally_error *error)
{
	bool is_export = run->totals.kind != TALLY_MANIFEST_IMPORT;
	tally_result result = TALLY_OK;
	if (run->side_bytes == NULL)
		result = tally_whole_new(&run->side_bytes, &run->reading, error);
	return result == TALLY_OK ? tally_side_check_run(c, run->drive, run->side_bytes, is_properties, is_export,
							 finder, error)
				  : result;
}

/*
 * The worker only counted what is wrong with a side file's form; telling it in order is this thread's business. What is
 * told decides the outcome, as strictness makes errors of warnings; unless the worker met bytes that are flaky.
 */
static tally_result tell_form(tally_run *run, tally_side_check *c, bool is_properties, tally_error *error)
{
	if (!c->has_findings)
		return TALLY_OK;
	const tally_side_check before = *c;
	const char *document = run->finder.document;
	run->finder.document = c->reference.path;
	tally_result result = look_at_side(run, c, is_properties, &run->finder, error);
	run->finder.document = document;
	if (before.fault.met)
		*c = before;
	return result;
}

static void tell_side_fault(tally_run *run, tally_fact fact, const tally_side_check *c, const char *what)
{
	char expected[33], actual[33], sentence[80];
	tally_error reason;
	bool wrong = c->outcome == TALLY_SIDE_CORRUPTED;
	fact.rule = wrong ? TALLY_RULE_V_32 : TALLY_RULE_V_33;
	if (wrong) {
		tally_hex_encode(c->reference.md5, 16, expected);
		tally_hex_encode(c->actual, 16, actual);
		fact.expected = (tally_text){expected, 32};
		fact.actual = (tally_text){actual, 32};
	} else {
		tally_fail_os(&reason, c->fault.os_error, "reading");
		fact.actual = (tally_text){reason.message, strlen(reason.message)};
	}
	snprintf(sentence, sizeof sentence, "the %s file %s", what,
		 wrong ? "is not the one that the manifest describes" : "can't be read");
	tally_fault_tell(&c->fault, &run->finder, fact, sentence);
}

/* The status of a side file at its level; tells what is wrong. */
static tally_result take_side(tally_run *run, const tally_batch_blob *part, tally_side_check *c, bool is_properties, const char **status,
			      tally_error *error)
{
	tally_level level = is_properties ? TALLY_LEVEL_PROPERTIES : TALLY_LEVEL_METADATA;
	const char *what = is_properties ? "properties" : "metadata";
	tally_fact fact = {.use_level = true, .level = level, .in_document = true, .place = c->reference.place,
			   .blob_path = part->entry.blob_path, .file_path = c->reference.path};
	*status = "Completed";
	tally_result result = tell_form(run, c, is_properties, error);
	switch (c->outcome) {
	case TALLY_SIDE_NONE:
	case TALLY_SIDE_COMPLETED:
		break;
	case TALLY_SIDE_NOT_FOUND:
		*status = meanings[c->find].status;
		if (meanings[c->find].side_rule != TALLY_RULE_NONE)
			tell_find(run, part, meanings[c->find].side_rule, fact, meanings[c->find].sentence, &c->detail);
		break;
	case TALLY_SIDE_CORRUPTED:
		*status = "Corrupted";
		tell_side_fault(run, fact, c, what);
		break;
	case TALLY_SIDE_IO_FAILED:
		*status = "IOFailed";
		tell_side_fault(run, fact, c, what);
		break;
	case TALLY_SIDE_FORM:
		*status = c->status;
		break;
	}
	return result;
}

static tally_result finish_side(tally_blob_result *r, tally_run *run, const tally_batch_blob *part, tally_side_check *c,
				tally_list_side *list, bool is_properties, tally_error *error)
{
	if (!c->reference.present)
		return TALLY_OK;
	tally_result result = TALLY_OK;
	const char *status;
	if (!c->reference.from_list) {
		result = take_side(run, part, c, is_properties, &status, error);
	} else {
		if (!list->known || list->place != c->reference.place.offset) {
			tally_finder silent = {0};
			*list = (tally_list_side){.known = true, .place = c->reference.place.offset, .status = "Failed"};
			result = look_at_side(run, c, is_properties, &silent, error);
			if (result == TALLY_OK)
				result = take_side(run, part, c, is_properties, &list->status, error);
		}
		status = list->status;
	}
	if (result != TALLY_OK)
		return result;
	if (status == NULL)
		r->side_unknown = true;
	else if (strcmp(status, "Completed") != 0)
		r->child_failed = r->side_failed = true;
	tally_level level = is_properties ? TALLY_LEVEL_PROPERTIES : TALLY_LEVEL_METADATA;
	const char *code = r->unknown ? NULL : r->file_failed ? "Cancelled" : status;
	const tally_status *known = code != NULL ? tally_run_count(run, level, code) : NULL;
	char path[TALLY_MASKED_PATH];
	if (run->sink->side_file != NULL)
		run->sink->side_file(run->sink->context, &(tally_side_report){.blob_index = part->entry.index,
									     .level = level,
									     .is_global = c->reference.from_list,
									     .path = tally_mask_path(c->reference.path, path),
									     .md5 = c->reference.has_hash ? c->reference.md5 : NULL,
									     .status = known});
	return TALLY_OK;
}

static void judge_length(tally_blob_result *r, tally_run *run, const tally_batch_blob *part)
{
	if (!r->have_identity || !part->entry.has_length || r->identity.size == part->entry.length)
		return;
	bool longer = r->identity.size > part->entry.length;
	if (!longer && r->told_short)
		return;
	char expected[32], actual[32];
	snprintf(expected, sizeof expected, "%" PRIu64, part->entry.length);
	snprintf(actual, sizeof actual, "%" PRIu64, r->identity.size);
	tally_fact fact = {.rule = longer ? TALLY_RULE_V_14 : TALLY_RULE_V_16, .in_document = true, .place = part->entry.place,
			   .blob_path = part->entry.blob_path, .file_path = part->entry.file_path,
			   .expected = {expected, strlen(expected)}, .actual = {actual, strlen(actual)}};
	tally_find_fact(&run->finder, &fact, "the file has %s bytes, %s than the blob's Length of %s", actual, longer ? "more" : "fewer",
			expected);
}

/* Fills in what the manifest says. */
static void report_blob(tally_run *run, void (*callback)(void *context, const tally_blob_report *blob), const tally_batch_blob *part,
			tally_blob_report report)
{
	char blob_path[TALLY_MASKED_PATH], file_path[TALLY_MASKED_PATH], snapshot[TALLY_MASKED_PATH], disposition[TALLY_MASKED_PATH];
	report.index = part->entry.index;
	report.blob_path = tally_mask_path(part->entry.blob_path, blob_path);
	report.file_path = tally_mask_path(part->entry.file_path, file_path);
	report.kind = part->entry.kind;
	report.has_length = part->entry.has_length;
	report.length = part->entry.length;
	report.snapshot = tally_mask_path(part->entry.snapshot, snapshot);
	report.disposition = tally_mask_path(part->entry.disposition, disposition);
	callback(run->sink->context, &report);
}

/* Its file was there, and whatever says what its bytes are was held against them. */
static bool is_checked(const tally_blob_result *r, const tally_batch_blob *part)
{
	return !r->file_failed && !part->late_path && r->checked == r->counted && !part->entry.uncovered;
}

/* Whoever looks on hears of each blob when everything else is told of it. */
static tally_result show_blob(tally_blob_result *r, tally_run *run, const tally_batch_blob *part, const char *status,
			      tally_error *error)
{
	tally_blob_crc64 *crc = &r->crc64;
	const tally_manifest_blob *entry = &part->entry;
	if (run->observer == NULL)
		return TALLY_OK;
	bool known = run->observer->crc64 && !crc->unknown && !r->file_failed && entry->has_length && crc->end <= entry->length;
	if (known && crc->end < entry->length) {
		crc->value = tally_crc64_zeros(crc->value, entry->length - crc->end);
		crc->gaps = true;
	}
	const tally_run_blob blob = {
	    .entry = entry,
	    .status = status,
	    .checked = is_checked(r, part),
	    .data_failed = r->data_failed || (r->file_failed && !r->unknown) || r->told_changed,
	    .side_failed = r->side_failed,
	    /* Of a page blob the pages that no range has are zeros; a block blob has nothing but its blocks. */
	    .has_crc64 = known && (!crc->gaps || entry->kind == TALLY_BLOB_PAGE),
	    .gaps = crc->gaps,
	    .crc64 = crc->value,
	};
	return run->observer->blob(run->observer->context, &blob, error);
}

/* The blob's status; NULL where it can't be known. */
static const char *code_of(const tally_blob_result *r, const tally_batch_blob *part)
{
	if (r->unknown || r->status != NULL)
		return r->status;
	if (part->entry.status != NULL)
		return part->entry.status;
	if (r->child_failed)
		return FAILED_CHILD;
	return r->side_unknown || r->segment_unknown ? NULL : "Completed";
}

static tally_result finish_blob(tally_blob_result *r, tally_run *run, const tally_batch_blob *part, tally_error *error)
{
	if (part->late_path)
		tally_find_fact(&run->finder,
				&(tally_fact){.rule = TALLY_RULE_V_23, .in_document = true, .place = part->entry.place,
					      .blob_path = part->entry.blob_path, .file_path = part->entry.file_path},
				"FilePath comes behind the list, so the blob's segments were not checked");
	judge_length(r, run, part);
	const char *code = code_of(r, part);
	const tally_status *status = code != NULL ? tally_run_count(run, TALLY_LEVEL_BLOB, code) : NULL;
	run->unknown = run->unknown || code == NULL;
	run->only_windows = run->only_windows || r->unknown || (code == NULL && r->side_unknown);
	if (code != NULL && strcmp(code, "Completed") != 0)
		tally_run_predict(run, "CompletedWithErrors");
	run->summary->blobs_listed++;
	run->summary->blobs_checked += is_checked(r, part);
	run->progress.blobs_done++;
	/* Whatever the account holds: without the file the service doesn't come to the blob. */
	const char *disposition = part->entry.disposition != NULL && r->file_failed && !r->unknown ? "Cancelled" : NULL;
	if (run->sink->blob != NULL)
		report_blob(run, run->sink->blob, part,
			    (tally_blob_report){.status = status,
						.disposition_status = tally_status_find(TALLY_LEVEL_DISPOSITION, disposition),
						.segments_listed = r->counted,
						.segments_checked = r->checked});
	r->open = false;
	return show_blob(r, run, part, code, error);
}

tally_result tally_blob_result_add(tally_blob_result *r, tally_run *run, tally_batch *batch, tally_batch_blob *part, tally_error *error)
{
	if (part->begins)
		*r = (tally_blob_result){.open = true, .metadata = r->metadata, .properties = r->properties};
	if (part->begins && run->sink->blob_begin != NULL)
		report_blob(run, run->sink->blob_begin, part, (tally_blob_report){0});
	run->progress.file_path = part->entry.file_path;
	take_file(r, run, part);
	for (size_t i = 0; i < part->segment_count; i++)
		take_segment(r, run, part, &batch->segments[part->first_segment + i]);
	if (!part->ends)
		return TALLY_OK;
	tally_result result = finish_side(r, run, part, &part->metadata, &r->metadata, false, error);
	if (result == TALLY_OK)
		result = finish_side(r, run, part, &part->properties, &r->properties, true, error);
	return result == TALLY_OK ? finish_blob(r, run, part, error) : result;
}

void tally_blob_result_abandon(tally_blob_result *r, tally_run *run)
{
	if (r->open)
		run->summary->blobs_listed++;
	r->open = false;
}
