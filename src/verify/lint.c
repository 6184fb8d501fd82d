/* SPDX-License-Identifier: Apache-2.0 */
/* A document by itself: recognised, read to its end, judged. */
#include "format/format.h"

typedef struct progress_state {
	const tally_sink *sink;
	const tally_finder *finder;
} progress_state;

static void put(void *context, const tally_finding *finding)
{
	const progress_state *state = context;
	if (state->sink->finding != NULL)
		state->sink->finding(state->sink->context, finding);
}

static tally_result tell_progress(void *context, uint64_t bytes_done, tally_error *error)
{
	const progress_state *state = context;
	if (state->sink->progress == NULL)
		return TALLY_OK;
	tally_progress progress = {.stage = "reading", .bytes_done = bytes_done, .findings = state->finder->errors + state->finder->warnings};
	if (state->sink->progress(state->sink->context, &progress))
		return TALLY_OK;
	return tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
}

static tally_result lint_source(const tally_source *source, const char *name, const tally_lint_options *options, const tally_sink *sink,
				tally_lint_result *result, tally_error *error)
{
	static const tally_sink nobody = {0};
	tally_finder finder = {.put = put, .document = name, .strict = options != NULL && options->strict};
	progress_state state = {.sink = sink != NULL ? sink : &nobody, .finder = &finder};
	finder.context = &state;
	tally_lint_run run = {.source = source, .finder = &finder, .progress = tell_progress, .progress_context = &state};
	const tally_format *format = NULL;
	tally_result done = TALLY_OK;
	if (options != NULL && options->kind != TALLY_DOCUMENT_UNKNOWN)
		format = tally_format_of(options->kind);
	else
		done = tally_format_recognise(source, &format, error);
	run.kind = format != NULL ? format->kind : TALLY_DOCUMENT_UNKNOWN;
	if (done == TALLY_OK)
		done = format != NULL ? format->lint(&run, error) : tally_lint_unknown(&run, error);
	if (result != NULL)
		*result = (tally_lint_result){.kind = run.kind, .valid = done == TALLY_OK && finder.errors == 0, .errors = finder.errors,
					      .warnings = finder.warnings, .notes = finder.notes};
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
