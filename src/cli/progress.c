/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "cli/command.h"
#include "report/json_stream.h"

#include <inttypes.h>
#include <stdarg.h>

/* A rate over less time than this says nothing. */
#define RATE_AFTER_MS 1000
#define SUBJECT_COLUMNS 40 /* of the line, at most */

void tally_progress_meter_init(tally_progress_meter *meter, const tally_cli_streams *streams, tally_progress_form form)
{
	*meter = (tally_progress_meter){.streams = streams, .form = form};
}

__attribute__((format(printf, 2, 3))) static void append(char out[TALLY_PROGRESS_COLUMNS + 1], const char *format, ...)
{
	size_t used = strlen(out);
	va_list args;
	va_start(args, format);
	vsnprintf(out + used, TALLY_PROGRESS_COLUMNS + 1 - used, format, args);
	va_end(args);
}

static unsigned percent_of(uint64_t done, uint64_t total)
{
	if (done >= total)
		return 100;
	return (unsigned)(total > UINT64_MAX / 100 ? done / (total / 100) : done * 100 / total);
}

/* Bytes a second; 0 when nothing can be said. */
static uint64_t rate_of(const tally_progress_meter *meter, const tally_progress *progress, uint64_t now)
{
	uint64_t elapsed = now - meter->stage_begun;
	if (elapsed < RATE_AFTER_MS || progress->bytes_done <= meter->stage_bytes)
		return 0;
	return (progress->bytes_done - meter->stage_bytes) / (elapsed / RATE_AFTER_MS);
}

/* False when nothing can be said. */
static bool time_left(const tally_progress *progress, uint64_t rate, uint64_t *seconds)
{
	if (rate == 0 || progress->bytes_total <= progress->bytes_done)
		return false;
	*seconds = (progress->bytes_total - progress->bytes_done) / rate;
	return true;
}

static void append_time(char out[TALLY_PROGRESS_COLUMNS + 1], uint64_t seconds)
{
	if (seconds < 60)
		append(out, "  %" PRIu64 " s left", seconds);
	else if (seconds < 3600)
		append(out, "  %" PRIu64 " min left", (seconds + 59) / 60);
	else
		append(out, "  %" PRIu64 " h %02" PRIu64 " min left", seconds / 3600, seconds % 3600 / 60);
}

void tally_progress_format(const tally_progress *progress, uint64_t rate, char out[TALLY_PROGRESS_COLUMNS + 1])
{
	out[0] = '\0';
	append(out, "%s", progress->stage);
	if (progress->bytes_total > 0) {
		char done[32], total[32];
		tally_format_size(progress->bytes_done, done);
		tally_format_size(progress->bytes_total, total);
		append(out, "  %u%%  %s of %s", percent_of(progress->bytes_done, progress->bytes_total), done, total);
	}
	if (rate > 0) {
		uint64_t seconds;
		char text[32];
		tally_format_size(rate, text);
		append(out, "  %s/s", text);
		if (time_left(progress, rate, &seconds))
			append_time(out, seconds);
	}
	if (progress->findings > 0)
		append(out, "  %" PRIu64 " finding%s", progress->findings, progress->findings == 1 ? "" : "s");
}

/* Blanks over what the last line had more, rather than an escape sequence that a plain terminal would show. */
static void rewrite(tally_progress_meter *meter, const char *line, size_t columns)
{
	size_t rest = meter->columns > columns ? meter->columns - columns : 0;
	fprintf(meter->streams->err, "\r%s%*s%s", line, (int)rest, "", columns == 0 ? "\r" : "");
	fflush(meter->streams->err);
	meter->columns = columns;
}

static void write_json(const tally_progress_meter *meter, const tally_progress *progress, uint64_t rate)
{
	tally_writer writer;
	tally_cli_writer_init(&writer, meter->streams->err);
	tally_json_stream json = {&writer, false};
	uint64_t seconds = 0;
	bool known = time_left(progress, rate, &seconds);
	tally_json_write_open(&json, NULL, "{");
	if (meter->subject[0] != '\0')
		tally_json_write_string(&json, "drives", meter->subject);
	tally_json_write_string(&json, "stage", progress->stage);
	tally_json_write_number(&json, "bytes_done", progress->bytes_done);
	tally_json_write_number(&json, "bytes_total", progress->bytes_total);
	tally_json_write_number(&json, "blobs_done", progress->blobs_done);
	tally_json_write_number(&json, "blobs_total", progress->blobs_total);
	tally_json_write_number(&json, "findings", progress->findings);
	tally_json_write_string(&json, "file", progress->file_path);
	tally_json_write_number_if(&json, "rate", rate > 0, rate);
	tally_json_write_number_if(&json, "seconds_left", known, seconds);
	tally_json_write_close(&json, "}\n");
	tally_writer_flush(&writer);
}

/* The names of drives and ": ", so that nothing in them moves the cursor. Returns how wide they show. */
static size_t escape_subject(const tally_progress_meter *meter, char *out)
{
	tally_text rest = {meter->subject, strlen(meter->subject)};
	size_t used = 0, columns = 0, more;
	rest.size = tally_text_fit(rest, SUBJECT_COLUMNS);
	while (rest.size > 0) {
		used += tally_text_escape(&rest, out + used, &more);
		columns += more;
	}
	if (used > 0)
		memcpy(out + used, ": ", 2);
	out[used > 0 ? used + 2 : 0] = '\0';
	return used > 0 ? columns + 2 : 0;
}

static void write_progress(tally_progress_meter *meter, const tally_progress *progress, uint64_t rate)
{
	if (meter->form == TALLY_PROGRESS_JSON) {
		write_json(meter, progress, rate);
		return;
	}
	char what[TALLY_PROGRESS_COLUMNS + 1], line[4 * SUBJECT_COLUMNS + 2 + sizeof what];
	tally_progress_format(progress, rate, what);
	size_t columns = escape_subject(meter, line), used = strlen(line);
	int more = snprintf(line + used, sizeof line - used, "%.*s", (int)(TALLY_PROGRESS_COLUMNS - columns), what);
	if (meter->form == TALLY_PROGRESS_TEXT && meter->streams->err_terminal) {
		rewrite(meter, line, columns + (size_t)more);
	} else {
		fprintf(meter->streams->err, "tallyman: %s\n", line);
		fflush(meter->streams->err);
	}
}

static bool is_due(const tally_progress_meter *meter, bool stage_begins, uint64_t now)
{
	uint64_t passed = now - meter->written;
	switch (meter->form) {
	case TALLY_PROGRESS_TEXT:
		return passed >= (meter->streams->err_terminal ? TALLY_PROGRESS_TERMINAL_MS : TALLY_PROGRESS_LINE_MS);
	case TALLY_PROGRESS_JSON:
		return stage_begins || passed >= TALLY_PROGRESS_JSON_MS;
	case TALLY_PROGRESS_NONE:
		break;
	}
	return false;
}

void tally_progress_meter_update(tally_progress_meter *meter, const tally_progress *progress)
{
	uint64_t now = meter->streams->clock();
	bool stage_begins = meter->stage == NULL || strcmp(meter->stage, progress->stage) != 0;
	if (meter->stage == NULL)
		meter->written = now;
	if (stage_begins) {
		meter->stage = progress->stage;
		meter->stage_bytes = progress->bytes_done;
		meter->stage_begun = now;
	}
	bool asked = meter->streams->progress_asked != NULL && meter->streams->progress_asked();
	if (!asked && !is_due(meter, stage_begins, now))
		return;
	meter->written = now;
	write_progress(meter, progress, rate_of(meter, progress, now));
}

void tally_progress_meter_end(tally_progress_meter *meter)
{
	if (meter->columns > 0)
		rewrite(meter, "", 0);
}
