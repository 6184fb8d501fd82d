/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include "report/writer.h"

#include <inttypes.h>
#include <stdarg.h>

/* A rate over less time than this says nothing. */
#define RATE_AFTER_MS 1000

void tally_progress_meter_init(tally_progress_meter *meter, const tally_cli_streams *streams, bool quiet)
{
	*meter = (tally_progress_meter){.streams = streams, .quiet = quiet};
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

static void append_time(char out[TALLY_PROGRESS_COLUMNS + 1], uint64_t seconds)
{
	if (seconds < 60)
		append(out, "  %" PRIu64 " s left", seconds);
	else if (seconds < 3600)
		append(out, "  %" PRIu64 " min left", (seconds + 59) / 60);
	else
		append(out, "  %" PRIu64 " h %02" PRIu64 " min left", seconds / 3600, seconds % 3600 / 60);
}

void tally_progress_format(const tally_progress *progress, uint64_t elapsed, char out[TALLY_PROGRESS_COLUMNS + 1])
{
	out[0] = '\0';
	append(out, "%s", progress->stage);
	if (progress->bytes_total > 0) {
		char done[32], total[32];
		tally_format_size(progress->bytes_done, done);
		tally_format_size(progress->bytes_total, total);
		append(out, "  %u%%  %s of %s", percent_of(progress->bytes_done, progress->bytes_total), done, total);
	}
	uint64_t rate = elapsed >= RATE_AFTER_MS ? progress->bytes_done / (elapsed / RATE_AFTER_MS) : 0;
	if (rate > 0) {
		char text[32];
		tally_format_size(rate, text);
		append(out, "  %s/s", text);
		if (progress->bytes_total > progress->bytes_done)
			append_time(out, (progress->bytes_total - progress->bytes_done) / rate);
	}
	if (progress->findings > 0)
		append(out, "  %" PRIu64 " finding%s", progress->findings, progress->findings == 1 ? "" : "s");
}

/* Blanks over what the last line had more, rather than an escape sequence that a plain terminal would show. */
static void rewrite(tally_progress_meter *meter, const char *line)
{
	size_t columns = strlen(line);
	size_t rest = meter->columns > columns ? meter->columns - columns : 0;
	fprintf(meter->streams->err, "\r%s%*s%s", line, (int)rest, "", columns == 0 ? "\r" : "");
	fflush(meter->streams->err);
	meter->columns = columns;
}

void tally_progress_meter_update(tally_progress_meter *meter, const tally_progress *progress)
{
	if (meter->quiet)
		return;
	uint64_t now = meter->streams->clock();
	if (meter->stage == NULL)
		meter->written = now;
	if (meter->stage == NULL || strcmp(meter->stage, progress->stage) != 0) {
		meter->stage = progress->stage;
		meter->stage_begun = now;
	}
	bool terminal = meter->streams->err_terminal;
	if (now - meter->written < (terminal ? TALLY_PROGRESS_TERMINAL_MS : TALLY_PROGRESS_LINE_MS))
		return;
	meter->written = now;
	char line[TALLY_PROGRESS_COLUMNS + 1];
	tally_progress_format(progress, now - meter->stage_begun, line);
	if (terminal) {
		rewrite(meter, line);
	} else {
		fprintf(meter->streams->err, "tallyman: %s\n", line);
		fflush(meter->streams->err);
	}
}

void tally_progress_meter_end(tally_progress_meter *meter)
{
	if (meter->columns > 0)
		rewrite(meter, "");
}
