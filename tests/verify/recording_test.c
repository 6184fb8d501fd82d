/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a manifest's first reading is what a second reading hands out. */
#include "verify/recording.h"

#include "base/memory.h"
#include "support/faults.h"
#include "support/suite.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Events as text, a line for each. */
typedef struct notes {
	char *text;
	size_t size;
	FILE *out;
	unsigned events, stop_after;
} notes;

static void begin(notes *n)
{
	*n = (notes){0};
	n->out = open_memstream(&n->text, &n->size);
	ck_assert_ptr_nonnull(n->out);
}

static const char *end(notes *n)
{
	fflush(n->out);
	return n->text;
}

static void discard(notes *n)
{
	fclose(n->out);
	free(n->text);
}

static const char *shown(const char *text)
{
	return text != NULL ? text : "(none)";
}

static void note_md5(FILE *out, const uint8_t md5[16])
{
	for (size_t i = 0; i < 16; i++)
		fprintf(out, "%02X", md5[i]);
}

static void note_side(FILE *out, const tally_side_reference *side)
{
	fprintf(out, " side %d", side->present);
	if (!side->present)
		return;
	fprintf(out, " %d %s %" PRIu64 "/%" PRIu64 " %d ", side->from_list, shown(side->path), side->place.line,
		side->place.offset, side->has_hash);
	if (side->has_hash)
		note_md5(out, side->md5);
}

static void note_blob(notes *n, const char *event, const tally_manifest_blob *b)
{
	n->events++;
	fprintf(n->out, "%s %" PRIu64 " at %" PRIu64 "/%" PRIu64 " %s %s %d %" PRIu64 " %d %" PRIu64 " %s", event,
		b->index, b->place.line, b->place.offset, shown(b->blob_path), shown(b->file_path), b->has_length,
		b->length, (int)b->kind, b->segment_count, shown(b->status));
	note_side(n->out, &b->metadata);
	note_side(n->out, &b->properties);
	fputc('\n', n->out);
}

static void on_begin(void *context, const tally_manifest_blob *blob)
{
	note_blob(context, "begin", blob);
}

static void on_end(void *context, const tally_manifest_blob *blob)
{
	note_blob(context, "end", blob);
}

/* Of the blob what a segment's taker may look at. */
static void on_segment(void *context, const tally_manifest_blob *blob, const tally_manifest_segment *s)
{
	notes *n = context;
	n->events++;
	fprintf(n->out, "segment %" PRIu64 " of %" PRIu64 " (%d, %s, %s, %" PRIu64 ") at %" PRIu64 "/%" PRIu64,
		s->index, blob->index, (int)blob->kind, shown(blob->blob_path), shown(blob->file_path),
		blob->segment_count, s->place.line, s->place.offset);
	fprintf(n->out, " %" PRIu64 "+%" PRIu64 " %d %s ", s->offset, s->length, s->usable, shown(s->status));
	note_md5(n->out, s->md5);
	fputc('\n', n->out);
}

static const tally_manifest_events writing = {.blob_begin = on_begin, .segment = on_segment, .blob_end = on_end};

static bool goes_on(void *context)
{
	const notes *n = context;
	return n->stop_after == 0 || n->events < n->stop_after;
}

/* Whether the document was read to its end, and what kind it turned out to be. */
static bool read_all(tally_text document, tally_manifest_kind *kind, const tally_manifest_events *events, void *context)
{
	tally_finder finder = {0};
	tally_manifest_options options = {.kind = *kind, .events = events, .events_context = context};
	tally_manifest *manifest;
	tally_error error;
	ck_assert_int_eq(tally_manifest_new(&manifest, &options, &finder, &error), TALLY_OK);
	ck_assert_int_eq(tally_manifest_feed(manifest, document.data, document.size, &error), TALLY_OK);
	ck_assert_int_eq(tally_manifest_finish(manifest, &error), TALLY_OK);
	bool complete = tally_manifest_get_totals(manifest)->complete;
	*kind = tally_manifest_get_totals(manifest)->kind;
	tally_manifest_free(manifest);
	return complete;
}

/* Returns the number of events. */
static unsigned compare(const char *name, tally_text document)
{
	tally_manifest_kind kind = TALLY_MANIFEST_UNKNOWN;
	tally_recording *recording = tally_recording_new(TALLY_RECORDING_ROOM);
	ck_assert_ptr_nonnull(recording);
	bool complete = read_all(document, &kind, &tally_recording_events, recording);
	ck_assert(tally_recording_is_whole(recording));
	notes again, replayed;
	begin(&again);
	begin(&replayed);
	/* As the check does it: the kind is known from the first reading. */
	read_all(document, &kind, &writing, &again);
	tally_recording_replay(recording, &writing, goes_on, &replayed);
	if (complete)
		ck_assert_msg(strcmp(end(&again), end(&replayed)) == 0, "%s:\n%s\nis not\n%s", name, replayed.text,
			      again.text);
	unsigned events = replayed.events;
	for (unsigned stop = 1; stop < events && stop < 5; stop++) {
		notes part;
		begin(&part);
		part.stop_after = stop;
		tally_recording_replay(recording, &writing, goes_on, &part);
		ck_assert_uint_eq(part.events, stop);
		ck_assert(strncmp(end(&part), end(&replayed), part.size) == 0);
		discard(&part);
	}
	discard(&again);
	discard(&replayed);
	tally_recording_free(recording);
	return events;
}

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s", path);
	char *text = malloc(1 << 20);
	ck_assert_ptr_nonnull(text);
	*size = fread(text, 1, 1 << 20, file);
	ck_assert_uint_lt(*size, 1 << 20);
	fclose(file);
	return text;
}

START_TEST(every_manifest_of_the_corpus)
{
	char folder[512], path[1024];
	snprintf(folder, sizeof folder, "%s/corpus/manifest", getenv("TALLY_SOURCE_DIR"));
	DIR *list = opendir(folder);
	ck_assert_msg(list != NULL, "%s", folder);
	unsigned files = 0, events = 0;
	for (const struct dirent *entry; (entry = readdir(list)) != NULL;) {
		if (strstr(entry->d_name, ".xml") == NULL)
			continue;
		size_t size;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		char *text = read_file(path, &size);
		events += compare(entry->d_name, (tally_text){text, size});
		free(text);
		files++;
	}
	closedir(list);
	ck_assert_uint_gt(files, 100);
	ck_assert_uint_gt(events, 300);
}
END_TEST

#define HEAD "<DriveManifest Version=\"2014-11-01\"><Drive><DriveId>D</DriveId><BlobList>"
#define TAIL "</BlobList></Drive></DriveManifest>"
#define HASH "0123456789ABCDEF0123456789ABCDEF"
#define BLOCKS "<BlockList><Block Offset=\"0\" Length=\"5\" Hash=\"" HASH "\"/></BlockList>"
#define PAGES \
  "<PageRangeList><PageRange Offset=\"512\" Length=\"18446744073709551615\" Hash=\"" HASH "\"/></PageRangeList>"

START_TEST(what_is_out_of_the_ordinary)
{
	static const char *const documents[] = {
	    /* Paths that come late, or twice, or never; a length that comes late. */
	    HEAD "<Blob><BlobPath>a/b</BlobPath>" BLOCKS "<FilePath>\\b</FilePath><Length>5</Length></Blob>" TAIL,
	    HEAD "<Blob>" BLOCKS "<FilePath>\\b</FilePath><BlobPath>a/b</BlobPath></Blob>" TAIL,
	    HEAD "<Blob><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath>" BLOCKS
		 "<FilePath>\\c</FilePath><BlobPath>a/d</BlobPath></Blob>" TAIL,
	    HEAD "<Blob><Length>7</Length></Blob><Blob/>" TAIL,
	    /* Both lists, and numbers of all sizes. */
	    HEAD
	    "<Blob><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><Length>18446744073709551615</Length>" BLOCKS PAGES
	    "</Blob><Blob>" PAGES BLOCKS "</Blob>" TAIL,
	    HEAD "<Blob><BlobPath>a/b</BlobPath><FilePath>\\b</FilePath><Length>1</Length><BlockList>"
		 "<Block Offset=\"-1\" Length=\"x\" Hash=\"y\"/><Block/></BlockList></Blob>" TAIL,
	    /* Side files of the list and of a blob, with and without path and hash. */
	    HEAD "<MetadataPath Hash=\"" HASH "\">\\m</MetadataPath><PropertiesPath>\\p</PropertiesPath>"
		 "<Blob><BlobPath>a/b</BlobPath>" BLOCKS "</Blob><Blob><BlobPath>a/c</BlobPath>" BLOCKS
		 "<MetadataPath/><PropertiesPath Hash=\"" HASH "\">\\own</PropertiesPath></Blob>" TAIL,
	    HEAD TAIL,
	};
	for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
		compare(documents[i], (tally_text){documents[i], strlen(documents[i])});
}
END_TEST

/* Enough for several chunks. */
static char *many_blobs(unsigned count)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
	fputs(HEAD, out);
	for (unsigned i = 0; i < count; i++)
		fprintf(out,
			"\n<Blob><BlobPath>c/%0*u</BlobPath>\n<FilePath>\\%u</FilePath><Length>5</Length>" BLOCKS
			"</Blob>",
			(int)(i % 900), i, i);
	fputs(TAIL, out);
	fclose(out);
	return text;
}

START_TEST(several_chunks)
{
	char *text = many_blobs(3000);
	ck_assert_uint_eq(compare("many blobs", (tally_text){text, strlen(text)}), 9000);
	free(text);
}
END_TEST

START_TEST(there_is_not_room_for_all)
{
	char *text = many_blobs(3000);
	tally_manifest_kind kind = TALLY_MANIFEST_UNKNOWN;
	static const size_t limits[] = {0, 1000, 300 << 10, 600 << 10};
	for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		size_t before = heap_in_use();
		tally_recording *recording = tally_recording_new(limits[i]);
		ck_assert(read_all((tally_text){text, strlen(text)}, &kind, &tally_recording_events, recording));
		ck_assert(!tally_recording_is_whole(recording));
		/* What is of no use any more is given back at once: less than a chunk is left. */
		ck_assert_uint_le(heap_in_use(), before + (128 << 10));
		notes n;
		begin(&n);
		tally_recording_replay(recording, &writing, goes_on, &n);
		ck_assert_uint_eq(n.events, 0);
		discard(&n);
		tally_recording_free(recording);
	}
	free(text);
}
END_TEST

static int allocations_left;

static int fail_when_used_up(void)
{
	return allocations_left-- <= 0;
}

START_TEST(there_is_no_memory)
{
	static const tally_manifest_blob blob = {.blob_path = "a/b", .file_path = "\\b"};
	static const tally_manifest_segment segment = {.usable = true};
	allocations_left = 0;
	tally_allocation_fault = fail_when_used_up;
	ck_assert_ptr_null(tally_recording_new(TALLY_RECORDING_ROOM));
	allocations_left = 1;
	tally_recording *recording = tally_recording_new(TALLY_RECORDING_ROOM);
	tally_recording_events.blob_begin(recording, &blob);
	tally_recording_events.segment(recording, &blob, &segment);
	tally_recording_events.blob_end(recording, &blob);
	tally_allocation_fault = NULL;
	ck_assert(!tally_recording_is_whole(recording));
	tally_recording_free(recording);
	tally_recording_free(NULL);
}
END_TEST

/* An entry that no chunk can hold. */
START_TEST(a_path_is_too_long)
{
	size_t size = (size_t)300 << 10;
	char *path = malloc(size + 1);
	ck_assert_ptr_nonnull(path);
	memset(path, 'p', size);
	path[size] = '\0';
	tally_recording *recording = tally_recording_new(TALLY_RECORDING_ROOM);
	tally_recording_events.blob_begin(recording, &(tally_manifest_blob){.blob_path = path});
	ck_assert(!tally_recording_is_whole(recording));
	tally_recording_free(recording);
	free(path);
}
END_TEST

int main(void)
{
	return suite_run("recording", (const suite_test[]){{every_manifest_of_the_corpus, 0},
							   {what_is_out_of_the_ordinary, 0},
							   {several_chunks, 0},
							   {there_is_not_room_for_all, 0},
							   {there_is_no_memory, 0},
							   {a_path_is_too_long, 0},
							   {NULL, 0}});
}
