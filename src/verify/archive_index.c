/* SPDX-License-Identifier: Apache-2.0 */
/* Which segments belong to which file of an archive: the manifest read once for it. */
#include "verify/archive_index.h"

typedef struct indexing {
	tally_run *run;
	tally_stored *stored;
	tally_records *blobs;
	uint64_t first; /* segment of the blob at hand */
	tally_stored_segment last;
	bool began_without_path;
	uint64_t wanted_metadata, wanted_properties; /* the lists' side files named last */
	tally_result result;
	tally_error error;
} indexing;

static void on_blob_begin(void *context, const tally_manifest_blob *blob)
{
	indexing *x = context;
	x->first = tally_stored_count(x->stored);
	x->began_without_path = blob->file_path == NULL;
}

static void on_segment(void *context, const tally_manifest_blob *blob, const tally_manifest_segment *segment)
{
	indexing *x = context;
	(void)blob;
	if (x->result != TALLY_OK)
		return;
	x->last = (tally_stored_segment){.offset = segment->offset,
					 .length = segment->length,
					 .usable = segment->usable,
					 .outcome = TALLY_SEGMENT_WAITING};
	memcpy(x->last.expected, segment->md5, sizeof x->last.expected);
	x->result = tally_stored_put(x->stored, tally_stored_count(x->stored), &x->last, &x->error);
}

/* Finds a file of the drive; what becomes of one that isn't there is told when the blobs are gone through. */
static bool find(indexing *x, const char *path, tally_file *file)
{
	if (path == NULL || x->result != TALLY_OK)
		return false;
	tally_find found = tally_drive_find(x->run->drive, (tally_text){path, strlen(path)}, file, NULL);
	x->result = tally_find_shortage(found, NULL, &x->error);
	return found == TALLY_FIND_OK;
}

static void want(indexing *x, const tally_side_reference *side, uint64_t *wanted_last)
{
	tally_file file;
	if (side->from_list && side->place.offset == *wanted_last)
		return;
	if (side->from_list)
		*wanted_last = side->place.offset;
	if (side->present && find(x, side->path, &file))
		tally_archive_want(x->run->archive, &file);
}

static void on_blob_end(void *context, const tally_manifest_blob *blob)
{
	indexing *x = context;
	tally_file file;
	uint64_t count = tally_stored_count(x->stored);
	want(x, &blob->metadata, &x->wanted_metadata);
	want(x, &blob->properties, &x->wanted_properties);
	/* As in the report: segments in front of their FilePath are not checked. */
	if (count == x->first || x->began_without_path || !find(x, blob->file_path, &file))
		return;
	x->last.last = true;
	x->result = tally_stored_put(x->stored, count - 1, &x->last, &x->error);
	if (x->result == TALLY_OK)
		x->result =
		    tally_records_add(x->blobs, (tally_record){tally_archive_number(&file), x->first}, &x->error);
}

static bool goes_on(void *context)
{
	return ((const indexing *)context)->result == TALLY_OK;
}

tally_result tally_archive_index(tally_run *run, tally_stored *stored, tally_records *blobs, tally_error *error)
{
	static const tally_manifest_events events = {
	    .blob_begin = on_blob_begin, .segment = on_segment, .blob_end = on_blob_end};
	indexing x = {.run = run, .stored = stored, .blobs = blobs};
	tally_result result = tally_run_read_again(run, &events, goes_on, &x, NULL, error);
	if (result == TALLY_OK && x.result != TALLY_OK) {
		if (error != NULL)
			*error = x.error;
		result = x.result;
	}
	if (result == TALLY_OK)
		tally_records_sort(blobs);
	return result;
}
