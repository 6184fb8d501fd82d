/* SPDX-License-Identifier: Apache-2.0 */
/* A document by itself: recognised, read to its end, judged. */
#include "base/memory.h"
#include "format/journal.h"
#include "format/manifest.h"
#include "format/recognise.h"
#include "format/sidefile.h"

typedef struct lint {
	const tally_source *source;
	const tally_sink *sink;
	tally_finder finder;
	tally_progress progress;
} lint;

static void put(void *context, const tally_finding *finding)
{
	const tally_sink *sink = context;
	if (sink->finding != NULL)
		sink->finding(sink->context, finding);
}

static tally_result tell_progress(lint *l, tally_error *error)
{
	if (l->sink->progress == NULL)
		return TALLY_OK;
	l->progress.findings = l->finder.errors + l->finder.warnings;
	return l->sink->progress(l->sink->context, &l->progress) ? TALLY_OK
								 : tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
}

typedef tally_result (*feeder)(void *reader, const void *bytes, size_t size, tally_error *error);

static tally_result feed_all(lint *l, feeder feed, void *reader, tally_error *error)
{
	char *chunk = tally_alloc(TALLY_SOURCE_CHUNK);
	if (chunk == NULL)
		return tally_fail_memory(error);
	tally_result result = TALLY_OK;
	int64_t got = 1;
	while (result == TALLY_OK && got > 0) {
		got = l->source->read(l->source->context, l->progress.bytes_done, chunk, TALLY_SOURCE_CHUNK);
		if (got < 0)
			result = tally_fail_os(error, (int)-got, "the document can't be read at byte %llu",
					       (unsigned long long)l->progress.bytes_done);
		if (got <= 0)
			break;
		l->progress.bytes_done += (uint64_t)got;
		result = feed(reader, chunk, (size_t)got, error);
		if (result == TALLY_OK)
			result = tell_progress(l, error);
	}
	tally_free(chunk);
	return result;
}

static tally_result feed_manifest(void *reader, const void *bytes, size_t size, tally_error *error)
{
	return tally_manifest_feed(reader, bytes, size, error);
}

static tally_result feed_sidefile(void *reader, const void *bytes, size_t size, tally_error *error)
{
	return tally_sidefile_feed(reader, bytes, size, error);
}

static tally_result lint_manifest(lint *l, tally_manifest_kind kind, tally_error *error)
{
	tally_manifest *manifest;
	tally_manifest_options options = {.kind = kind, .find_duplicates = true};
	tally_result result = tally_manifest_new(&manifest, &options, &l->finder, error);
	if (result == TALLY_OK)
		result = feed_all(l, feed_manifest, manifest, error);
	if (result == TALLY_OK)
		result = tally_manifest_finish(manifest, error);
	if (result == TALLY_OK)
		result = tally_manifest_find_duplicates(manifest, l->source, error);
	tally_manifest_free(manifest);
	return result;
}

static tally_result lint_sidefile(lint *l, bool is_properties, tally_error *error)
{
	tally_sidefile *sidefile;
	tally_result result = tally_sidefile_new(&sidefile, is_properties, true, &l->finder, error);
	if (result == TALLY_OK)
		result = feed_all(l, feed_sidefile, sidefile, error);
	if (result == TALLY_OK)
		result = tally_sidefile_finish(sidefile, error);
	tally_sidefile_free(sidefile);
	return result;
}

static tally_result lint_journal(lint *l, tally_error *error)
{
	tally_journal journal = {0};
	tally_result result = tally_journal_read(&journal, l->source, &l->finder, error);
	tally_journal_clear(&journal);
	return result;
}

static tally_result lint_kind(lint *l, tally_document_kind kind, tally_error *error)
{
	switch (kind) {
	case TALLY_DOCUMENT_MANIFEST:
		return lint_manifest(l, TALLY_MANIFEST_UNKNOWN, error);
	case TALLY_DOCUMENT_MANIFEST_IMPORT:
		return lint_manifest(l, TALLY_MANIFEST_IMPORT, error);
	case TALLY_DOCUMENT_MANIFEST_EXPORT:
		return lint_manifest(l, TALLY_MANIFEST_EXPORT, error);
	case TALLY_DOCUMENT_JOURNAL:
	case TALLY_DOCUMENT_DRIVE_INFO:
		return lint_journal(l, error);
	case TALLY_DOCUMENT_METADATA:
		return lint_sidefile(l, false, error);
	case TALLY_DOCUMENT_PROPERTIES:
		return lint_sidefile(l, true, error);
	case TALLY_DOCUMENT_UNKNOWN:
		break;
	}
	tally_find_fact(&l->finder, &(tally_fact){.rule = TALLY_RULE_XML_05, .in_document = true, .place = {1, 0}},
			"this is no document that is known here: neither its first element nor its first line is one of theirs");
	return TALLY_OK;
}

static tally_result lint_source(const tally_source *source, const char *name, const tally_lint_options *options, const tally_sink *sink,
				tally_lint_result *result, tally_error *error)
{
	static const tally_sink nobody = {0};
	lint l = {.source = source, .sink = sink != NULL ? sink : &nobody, .progress = {.stage = "reading"}};
	l.finder = (tally_finder){.put = put, .context = (void *)(uintptr_t)l.sink, .document = name, .strict = options != NULL && options->strict};
	tally_document_kind kind = options != NULL ? options->kind : TALLY_DOCUMENT_UNKNOWN;
	tally_result done = TALLY_OK;
	if (kind == TALLY_DOCUMENT_UNKNOWN)
		done = tally_recognise(source, &kind, error);
	if (done == TALLY_OK)
		done = lint_kind(&l, kind, error);
	if (result != NULL)
		*result = (tally_lint_result){.kind = kind, .valid = done == TALLY_OK && l.finder.errors == 0, .errors = l.finder.errors,
					      .warnings = l.finder.warnings, .notes = l.finder.notes};
	return done;
}

tally_result tally_lint_file(const char *path, const tally_lint_options *options, const tally_sink *sink, tally_lint_result *result,
			     tally_error *error)
{
	tally_source source;
	if (path == NULL)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "tally_lint_file needs a path");
	tally_result opened = tally_source_file(&source, path, error);
	if (opened != TALLY_OK)
		return opened;
	tally_result done = lint_source(&source, path, options, sink, result, error);
	tally_source_close(&source);
	return done;
}

tally_result tally_lint_memory(const void *bytes, size_t size, const char *name, const tally_lint_options *options, const tally_sink *sink,
			       tally_lint_result *result, tally_error *error)
{
	tally_source source;
	if (bytes == NULL && size > 0)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "tally_lint_memory needs bytes");
	tally_result opened = tally_source_memory(&source, bytes, size, error);
	if (opened != TALLY_OK)
		return opened;
	tally_result done = lint_source(&source, name, options, sink, result, error);
	tally_source_close(&source);
	return done;
}
