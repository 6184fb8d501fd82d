/* SPDX-License-Identifier: Apache-2.0 */
#include "format/log_events.h"

void tally_log_out_segment(const tally_log_out *out, const tally_value *offset, const tally_value *length,
			   const tally_status *status)
{
	const tally_log_events *events = out->run->events;
	if (events == NULL || events->segment == NULL || !offset->valid || !length->valid)
		return;
	events->segment(out->run->events_context, &(tally_log_segment){offset->number, length->number, status});
}

void tally_log_out_entry(const tally_log_out *out)
{
	const tally_log_events *events = out->run->events;
	if (events != NULL && events->entry != NULL)
		events->entry(out->run->events_context, &out->entry);
}

void tally_log_out_drive_id(tally_log_out *out, const tally_value *value)
{
	size_t size =
	    value->text.size < sizeof out->totals.drive_id ? value->text.size : sizeof out->totals.drive_id - 1;
	if (!value->present)
		return;
	memcpy(out->totals.drive_id, value->text.data, size);
	out->totals.drive_id[size] = '\0';
}

void tally_log_out_number(const tally_value *value, bool *has, uint64_t *number)
{
	*has = value->present && value->valid;
	*number = *has ? value->number : 0;
}

void tally_log_out_end(tally_log_out *out, const tally_document *document)
{
	const tally_log_events *events = out->run->events;
	out->totals.complete = !tally_document_broken(document);
	out->totals.skipped = tally_document_skipped(document);
	if (events != NULL && events->end != NULL)
		events->end(out->run->events_context, &out->totals);
}

/* ---- an entry by itself --------------------------------------------------------------------------------------- */

/* What the reader of the whole log is given: the log from the entry on, until that was read. */
typedef struct part {
	const tally_source *log;
	uint64_t offset;
	tally_lint_run run;
	const tally_log_events *events;
	void *context;
} part;

/* An entry is short as a rule; what comes behind it is read for nothing. */
#define PART_CHUNK 1024

static int64_t read_part(void *context, uint64_t offset, void *buffer, size_t size)
{
	const part *p = context;
	return p->log->read(p->log->context, p->offset + offset, buffer, size < PART_CHUNK ? size : PART_CHUNK);
}

static void on_segment(void *context, const tally_log_segment *segment)
{
	const part *p = context;
	if (!p->run.over && p->events->segment != NULL)
		p->events->segment(p->context, segment);
}

static void on_entry(void *context, const tally_log_entry *entry)
{
	part *p = context;
	/* What begins elsewhere is another one. */
	if (!p->run.over && entry->place.offset == 0 && p->events->entry != NULL)
		p->events->entry(p->context, entry);
	p->run.over = true;
}

tally_result tally_log_read_entry(const tally_source *log, tally_document_kind kind, uint64_t offset,
				  const tally_log_events *events, void *context, tally_error *error)
{
	static const tally_log_events own = {on_segment, on_entry, NULL};
	part p = {.log = log, .offset = offset, .events = events, .context = context};
	tally_finder silent = {0};
	tally_source source = {&p, read_part, NULL};
	p.run = (tally_lint_run){
	    .source = &source, .finder = &silent, .kind = kind, .is_entry = true, .events = &own, .events_context = &p};
	return tally_format_of(kind)->lint(&p.run, error);
}
