/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every blob of the manifest against the drive. The manifest is gone through a second time (the first reading judged its
 * form and counted it): out of memory where it was kept whole, else from the drive. Its blobs become batches, and
 * finished batches become findings, statuses and counts in the manifest's order.
 */
#include "verify/blob_result.h"
#include "verify/checkpoint.h"
#include "verify/pipeline.h"
#include "verify/run.h"

#include "base/memory.h"
#include "format/block_ids.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define BLOCK_ID_TEXT_MAX (4 * ((TALLY_BLOCK_ID_MAX + 2) / 3))

typedef struct replay {
	tally_run *run;
	tally_pipeline *pipeline;
	tally_manifest_end end;
	tally_result result; /* of what the manifest's events led to */
	tally_error error;
	/* Filling: */
	bool begun;      /* the open blob has a part in the current batch */
	bool tells_blobs; /* somebody wants to know more of them than a check needs */
	bool tells_segments;
	bool began_without_path;
	uint64_t segments; /* so far */
	/* Offsets of the list-wide side files named last: they recur with every blob of their list. */
	uint64_t named_metadata, named_properties;
	tally_blob_result current; /* taking */
} replay;

static size_t text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static void fail(replay *r, tally_result result)
{
	if (r->result == TALLY_OK)
		r->result = result;
}

/* Makes sure that the current batch can take a part of this blob, or a further segment. */
static bool make_room(replay *r, const tally_manifest_blob *blob, size_t extra_text, uint64_t bytes)
{
	tally_batch *batch = tally_pipeline_batch(r->pipeline);
	size_t texts = extra_text + (r->begun ? 0 : text_size(blob->blob_path) + text_size(blob->file_path));
	if (tally_batch_has_room(batch, texts, bytes))
		return true;
	r->begun = false;
	fail(r, tally_pipeline_submit(r->pipeline, &r->error));
	return r->result == TALLY_OK;
}

/* Texts that only a report needs. */
static size_t told_size(const replay *r, const tally_manifest_blob *blob)
{
	return r->tells_blobs ? text_size(blob->snapshot) + text_size(blob->disposition) : 0;
}

/* They are copied where the blob begins and where it ends, once if that is the same part. */
static void copy_told(const replay *r, tally_batch *batch, tally_manifest_blob *entry, const tally_manifest_blob *blob,
		      const tally_manifest_blob *before)
{
	entry->snapshot = before->snapshot;
	entry->disposition = before->disposition;
	if (r->tells_blobs && entry->snapshot == NULL)
		entry->snapshot = tally_batch_copy(batch, blob->snapshot);
	if (r->tells_blobs && entry->disposition == NULL)
		entry->disposition = tally_batch_copy(batch, blob->disposition);
}

static tally_batch_blob *current_part(replay *r, const tally_manifest_blob *blob, bool begins)
{
	tally_batch *batch = tally_pipeline_batch(r->pipeline);
	if (r->begun)
		return &batch->blobs[batch->blob_count - 1];
	tally_batch_blob *part = &batch->blobs[batch->blob_count++];
	*part = (tally_batch_blob){.entry = *blob, .begins = begins, .first_segment = batch->segment_count};
	part->entry.blob_path = tally_batch_copy(batch, blob->blob_path);
	part->entry.file_path = tally_batch_copy(batch, blob->file_path);
	part->entry.snapshot = part->entry.disposition = NULL;
	if (begins)
		copy_told(r, batch, &part->entry, blob, &part->entry);
	part->entry.metadata = part->entry.properties = (tally_side_reference){0};
	part->late_path = r->began_without_path;
	r->begun = true;
	return part;
}

static void on_blob_begin(void *context, const tally_manifest_blob *blob)
{
	replay *r = context;
	r->begun = false;
	r->began_without_path = blob->file_path == NULL;
	if (r->result == TALLY_OK && make_room(r, blob, told_size(r, blob), 0))
		current_part(r, blob, true);
}

static tally_text copy_id(tally_batch *batch, tally_text id)
{
	char text[BLOCK_ID_TEXT_MAX + 1];
	memcpy(text, id.data, id.size);
	text[id.size] = '\0';
	return (tally_text){tally_batch_copy(batch, text), id.size};
}

static void on_segment(void *context, const tally_manifest_blob *blob, const tally_manifest_segment *segment)
{
	replay *r = context;
	/* What is longer is no id, and could fill a batch by itself. */
	bool tells_id = r->tells_segments && segment->id.data != NULL && segment->id.size <= BLOCK_ID_TEXT_MAX;
	if (r->result != TALLY_OK || !make_room(r, blob, tells_id ? segment->id.size + 1 : 0, segment->length))
		return;
	tally_batch *batch = tally_pipeline_batch(r->pipeline);
	tally_batch_blob *part = current_part(r, blob, false);
	tally_batch_segment *s = &batch->segments[batch->segment_count++];
	*s = (tally_batch_segment){
	    .entry = *segment, .blob = (uint32_t)(part - batch->blobs), .number = r->segments++};
	s->entry.id = tells_id ? copy_id(batch, segment->id) : (tally_text){0};
	part->segment_count++;
	if (__builtin_add_overflow(batch->bytes, segment->usable ? segment->length : 0, &batch->bytes))
		batch->bytes = UINT64_MAX;
}

static tally_result name_side_file(replay *r, const tally_side_reference *side, uint64_t *named_last)
{
	if (side->path == NULL || (side->from_list && side->place.offset == *named_last))
		return TALLY_OK;
	if (side->from_list)
		*named_last = side->place.offset;
	return tally_run_name(r->run, side->path, &r->error);
}

/* Every file that the entry names is accounted for when the drive is searched for others. */
static tally_result name_files(replay *r, const tally_manifest_blob *blob)
{
	tally_result result = TALLY_OK;
	if (blob->file_path != NULL)
		result = tally_run_name(r->run, blob->file_path, &r->error);
	if (result == TALLY_OK)
		result = name_side_file(r, &blob->metadata, &r->named_metadata);
	if (result == TALLY_OK)
		result = name_side_file(r, &blob->properties, &r->named_properties);
	return result;
}

/* Paths that were not known when the part in hand was begun. */
static size_t late_size(replay *r, const tally_manifest_blob *blob)
{
	if (!r->begun)
		return 0;
	const tally_manifest_blob *before = &current_part(r, blob, false)->entry;
	return (before->blob_path == NULL ? text_size(blob->blob_path) : 0) +
	       (before->file_path == NULL ? text_size(blob->file_path) : 0);
}

static void on_blob_end(void *context, const tally_manifest_blob *blob)
{
	replay *r = context;
	size_t texts = text_size(blob->metadata.path) + text_size(blob->properties.path) + told_size(r, blob) +
		       late_size(r, blob);
	if (r->result != TALLY_OK || !make_room(r, blob, texts, 0))
		return;
	tally_batch *batch = tally_pipeline_batch(r->pipeline);
	tally_batch_blob *part = current_part(r, blob, false);
	const tally_manifest_blob before = part->entry;
	bool late = r->began_without_path && blob->segment_count > 0;
	part->entry = *blob;
	part->entry.blob_path = before.blob_path != NULL ? before.blob_path : tally_batch_copy(batch, blob->blob_path);
	part->entry.file_path = before.file_path != NULL ? before.file_path : tally_batch_copy(batch, blob->file_path);
	copy_told(r, batch, &part->entry, blob, &before);
	part->late_path = late && blob->file_path != NULL;
	part->metadata.reference = blob->metadata;
	part->metadata.reference.path = tally_batch_copy(batch, blob->metadata.path);
	part->properties.reference = blob->properties;
	part->properties.reference.path = tally_batch_copy(batch, blob->properties.path);
	part->ends = true;
	r->begun = false;
	fail(r, name_files(r, blob));
}

static tally_result take(void *context, tally_batch *batch, tally_error *error)
{
	replay *r = context;
	tally_result result = TALLY_OK;
	for (size_t i = 0; i < batch->blob_count && result == TALLY_OK; i++)
		result = tally_blob_result_add(&r->current, r->run, batch, &batch->blobs[i], error);
	if (result == TALLY_OK)
		result = tally_run_progress(r->run, error);
	r->run->progress.file_path = NULL; /* it is the batch's, which goes back to be filled again */
	return result;
}

/* Nothing to take for a while: still somebody may want to stop. */
static tally_result on_wait(void *context, tally_error *error)
{
	replay *r = context;
	return tally_run_progress(r->run, error);
}

/* Blobs that the second reading does not come to are not checked, and nobody else would notice. */
static void tell_read_error(tally_run *run, uint64_t offset, int os_error)
{
	char loss[96];
	uint64_t missing = run->totals.blobs - run->progress.blobs_done;
	if (!run->totals.complete || missing == 0)
		return;
	snprintf(loss, sizeof loss, "%" PRIu64 " of its %" PRIu64 " blobs were not checked", missing, run->totals.blobs);
	tally_run_tell_not_again(run, offset, os_error, loss);
}

static bool goes_on(void *context)
{
	return ((const replay *)context)->result == TALLY_OK;
}

static tally_result hand_out(replay *r, tally_error *error)
{
	static const tally_manifest_events events = {
	    .blob_begin = on_blob_begin, .segment = on_segment, .blob_end = on_blob_end};
	tally_result result = tally_run_read_again(r->run, &events, goes_on, r, &r->end, error);
	if (result == TALLY_OK && r->result != TALLY_OK) {
		if (error != NULL)
			*error = r->error;
		result = r->result;
	}
	return result;
}

/*
 * What tells a disk or an image from a copy of it, whose files are the same to the last number. Of a device that is its
 * serial number; of an image the file that it is in.
 */
static tally_result identify_disk(const tally_run *run, tally_file_identity *disk, tally_error *error)
{
	struct stat facts;
	const tally_opened *o = &run->opened;
	const char *why = NULL;
	if (o->disk == NULL)
		return TALLY_OK;
	if (stat(run->options->drive, &facts) != 0)
		return tally_fail_os(error, errno, "can't look at %.300s", run->options->drive);
	*disk = (tally_file_identity){
	    .inode = facts.st_ino,
	    .size = o->disk->layer->size,
	    .modified_ns = facts.st_mtim.tv_sec * INT64_C(1000000000) + facts.st_mtim.tv_nsec,
	};
	if (S_ISBLK(facts.st_mode)) {
		/* The node is made anew whenever the disk is connected, and changes with every reading of it. */
		disk->inode = 0;
		disk->modified_ns = 0;
		for (const char *c = o->facts.serial; *c != '\0'; c++)
			disk->inode = (disk->inode ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
		if (!o->has_facts || o->facts.serial[0] == '\0')
			why = "a disk whose serial number is not known";
	} else if (o->disk->pieces > 1) {
		why = "an image in pieces";
	}
	return why == NULL ? TALLY_OK
			   : tally_fail(error, TALLY_ERROR_ARGUMENT, "no checkpoint can be kept of %s, as it could be another's",
					why);
}

/*
 * Only of a manifest that was read to its end can be said whether a checkpoint belongs to it. An archive is read in one
 * go: hashing could be saved, but not the unpacking that leads to the bytes.
 */
static tally_result open_checkpoint(tally_run *run, tally_checkpoint **checkpoint, tally_error *error)
{
	*checkpoint = NULL;
	if (run->options->checkpoint == NULL || !run->manifest_outcome.complete || run->archive != NULL)
		return TALLY_OK;
	tally_checkpoint_subject subject = {.manifest = run->manifest.identity, .kind = run->totals.kind};
	memcpy(subject.manifest_md5, run->manifest_outcome.md5, sizeof subject.manifest_md5);
	tally_result result = identify_disk(run, &subject.disk, error);
	if (result == TALLY_OK)
		result = tally_checkpoint_open(run->options->checkpoint, run->options->drive, &subject, checkpoint, error);
	run->summary->checkpointed = result == TALLY_OK;
	return result;
}

tally_result tally_run_replay(tally_run *run, tally_error *error)
{
	replay r = {.run = run,
		    .tells_blobs = run->sink->blob_begin != NULL || run->sink->blob != NULL || run->observer != NULL,
		    .tells_segments = run->sink->segment != NULL};
	const tally_pipeline_options how = {
	    .is_export = run->totals.kind != TALLY_MANIFEST_IMPORT,
	    .crc64 = run->observer != NULL && run->observer->crc64,
	};
	/* Outcomes that are there already: what is left is to look at side files. */
	run->reading.stored = run->stored;
	const tally_pipeline_sink sink = {&r, take, on_wait};
	run->progress = (tally_progress){.stage = "checking", .bytes_total = run->totals.segment_bytes, .blobs_total = run->totals.blobs};
	tally_result result = open_checkpoint(run, &run->reading.checkpoint, error);
	if (result == TALLY_OK)
		result = tally_pipeline_new(&r.pipeline, run->drive, &run->reading, &how, &sink, error);
	if (result == TALLY_OK)
		result = hand_out(&r, error);
	if (result == TALLY_OK)
		result = tally_pipeline_finish(r.pipeline, error);
	if (result == TALLY_OK && r.end.os_error != 0 && tally_reading_is_lost(&run->reading))
		result = tally_reading_fail_stopped(&run->reading, error);
	/* A manifest that breaks off within a blob leaves its last one unfinished. */
	if (result == TALLY_OK)
		tally_blob_result_abandon(&r.current, run);
	if (result == TALLY_OK)
		tell_read_error(run, r.end.offset, r.end.os_error);
	if (result == TALLY_OK)
		tally_run_tell_flaky_manifest(run);
	tally_pipeline_free(r.pipeline);
	tally_checkpoint_close(run->reading.checkpoint);
	run->reading.checkpoint = NULL;
	return result;
}
