/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/cases.h"

#include <stdio.h>
#include <string.h>

static const check_case *const tables[] = {
    drive_cases, manifest_cases, journal_cases, other_cases, blob_cases, file_cases, segment_cases, side_cases,
};
#define TABLES (sizeof tables / sizeof tables[0])

size_t case_count(void)
{
	size_t count = 0;
	for (size_t i = 0; i < TABLES; i++)
		for (const check_case *c = tables[i]; c->name != NULL; c++)
			count++;
	return count;
}

const check_case *case_at(size_t index)
{
	for (size_t i = 0; i < TABLES; i++)
		for (const check_case *c = tables[i]; c->name != NULL; c++)
			if (index-- == 0)
				return c;
	return NULL;
}

/* Whether "level: …, code n" stands in a case's counts. */
static bool counts_hold(const char *counts, const tally_status *status)
{
	char level[32], code[64];
	snprintf(level, sizeof level, "%s: ", tally_level_name(status->level));
	snprintf(code, sizeof code, " %s ", status->code);
	const char *from = strstr(counts, level);
	if (from == NULL)
		return false;
	const char *end = strchr(from, ';'), *found = strstr(from, code);
	return found != NULL && (end == NULL || found < end);
}

bool case_leads_to(const check_case *c, const tally_status *status)
{
	if (status->level == TALLY_LEVEL_DRIVE)
		return c->drive_status != NULL && strcmp(c->drive_status, status->code) == 0;
	return counts_hold(c->counts, status);
}

bool case_make(const check_case *c, stage *s)
{
	if (c->needs_root && !stage_is_root()) {
		fprintf(stderr, "%s: skipped, it takes root to make this drive\n", c->name);
		return false;
	}
	if (c->prepare != NULL)
		c->prepare(s);
	if (c->make != NULL)
		c->make(s);
	else
		stage_make(s, c->edits);
	if (c->damage != NULL)
		c->damage(s);
	return true;
}
