/* SPDX-License-Identifier: Apache-2.0 */
#include "report/collector.h"

#include "base/memory.h"

#include <string.h>

void tally_collector_init(tally_collector *collector)
{
	*collector = (tally_collector){0};
}

void tally_collector_clear(tally_collector *collector)
{
	for (size_t i = 0; i < collector->kept_count; i++)
		tally_free(collector->kept[i]);
	tally_free(collector->kept);
	tally_free(collector->groups);
	*collector = (tally_collector){0};
}

static bool in_group(const tally_finding_group *group, const tally_finding *finding)
{
	return group->rule == finding->rule && group->severity == finding->severity && group->level == finding->level &&
	       group->status == finding->status;
}

/* The catalogue bounds the number of groups to a few hundred; findings alike mostly come one after the other. */
static tally_finding_group *group_of(tally_collector *collector, const tally_finding *finding)
{
	for (size_t i = collector->group_count; i-- > 0;)
		if (in_group(&collector->groups[i], finding))
			return &collector->groups[i];
	tally_finding_group *groups =
	    tally_grow(collector->groups, &collector->group_capacity, collector->group_count + 1, sizeof *groups);
	if (groups == NULL)
		return NULL;
	collector->groups = groups;
	tally_finding_group *group = &groups[collector->group_count++];
	*group = (tally_finding_group){
	    .rule = finding->rule,
	    .severity = finding->severity,
	    .level = finding->level,
	    .status = finding->status,
	    .first = TALLY_COLLECTOR_END,
	    .last = TALLY_COLLECTOR_END,
	};
	return group;
}

static size_t size_of(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static const char *copy_text(char **room, const char *text)
{
	if (text == NULL)
		return NULL;
	char *copy = *room;
	*room = stpcpy(copy, text) + 1;
	return copy;
}

/* A finding and its text in one allocation of `size` bytes. */
static tally_kept_finding *copy_finding(const tally_finding *finding, size_t size)
{
	tally_kept_finding *kept = tally_alloc(size);
	if (kept == NULL)
		return NULL;
	char *room = (char *)(kept + 1);
	kept->finding = *finding;
	kept->next = TALLY_COLLECTOR_END;
	kept->finding.blob_path = copy_text(&room, finding->blob_path);
	kept->finding.file_path = copy_text(&room, finding->file_path);
	kept->finding.document = copy_text(&room, finding->document);
	kept->finding.expected = copy_text(&room, finding->expected);
	kept->finding.actual = copy_text(&room, finding->actual);
	kept->finding.message = copy_text(&room, finding->message);
	return kept;
}

static bool has_room(const tally_collector *collector, const tally_finding_group *group, size_t size)
{
	size_t most = TALLY_COLLECTOR_MAX;
	if (group->kept >= TALLY_COLLECTOR_FIRST)
		most -= TALLY_COLLECTOR_RESERVED;
	return group->kept < TALLY_COLLECTOR_GROUP_MAX && collector->kept_count < most &&
	       size <= TALLY_COLLECTOR_BYTES_MAX - collector->bytes;
}

static bool keep(tally_collector *collector, tally_finding_group *group, const tally_finding *finding)
{
	size_t size = sizeof(tally_kept_finding) + size_of(finding->blob_path) + size_of(finding->file_path) +
		      size_of(finding->document) + size_of(finding->expected) + size_of(finding->actual) +
		      size_of(finding->message);
	if (!has_room(collector, group, size))
		return true;
	tally_kept_finding **kept =
	    tally_grow(collector->kept, &collector->kept_capacity, collector->kept_count + 1, sizeof *kept);
	if (kept == NULL)
		return false;
	collector->kept = kept;
	size_t index = collector->kept_count;
	kept[index] = copy_finding(finding, size);
	if (kept[index] == NULL)
		return false;
	collector->kept_count++;
	collector->bytes += size;
	if (group->kept++ == 0)
		group->first = index;
	else
		kept[group->last]->next = index;
	group->last = index;
	return true;
}

void tally_collector_put(void *context, const tally_finding *finding)
{
	tally_collector *collector = context;
	collector->total++;
	tally_finding_group *group = group_of(collector, finding);
	if (group == NULL) {
		collector->out_of_memory = true;
		return;
	}
	group->total++;
	if (!keep(collector, group, finding))
		collector->out_of_memory = true;
}

uint64_t tally_collector_omitted(const tally_collector *collector)
{
	return collector->total - collector->kept_count;
}

uint64_t tally_collector_count(const tally_collector *collector, tally_severity severity)
{
	uint64_t count = 0;
	for (size_t i = 0; i < collector->group_count; i++)
		if (collector->groups[i].severity == severity)
			count += collector->groups[i].total;
	return count;
}

/* Negative when a comes first. Groups are elements of one array, so their addresses tell which came first. */
static int compare(const tally_finding_group *a, const tally_finding_group *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	if ((a->status != NULL) != (b->status != NULL))
		return a->status != NULL ? -1 : 1;
	if (a->level != b->level)
		return a->level < b->level ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Quadratic in a few hundred groups at most, and needs no memory that could be short. */
const tally_finding_group *tally_collector_next(const tally_collector *collector, const tally_finding_group *previous)
{
	const tally_finding_group *next = NULL;
	for (size_t i = 0; i < collector->group_count; i++) {
		const tally_finding_group *group = &collector->groups[i];
		if (previous != NULL && compare(group, previous) <= 0)
			continue;
		if (next == NULL || compare(group, next) < 0)
			next = group;
	}
	return next;
}
