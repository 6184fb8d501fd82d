/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/cases.h"

#include <stdio.h>

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
