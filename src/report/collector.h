/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sink that keeps findings until the report is written. A damaged drive can have millions of them, so what is kept
 * is bounded; what is counted is exact.
 *
 * Findings that share rule, severity, level and status form a group: they mean the same and ask for the same.
 */
#ifndef TALLY_REPORT_COLLECTOR_H
#define TALLY_REPORT_COLLECTOR_H

#include "tallyman.h"

/* Nobody reads a thousand findings of one kind; what is behind them is one cause. */
#define TALLY_COLLECTOR_GROUP_MAX 1000
/* Keeps a report below some 20 MB, which editors and viewers still open. */
#define TALLY_COLLECTOR_MAX 20000
/*
 * The last thousand places are for the first five findings of a group, so that a few noisy kinds don't crowd out one
 * that comes late: the last segment of a drive can be the only one that can't be read.
 */
#define TALLY_COLLECTOR_FIRST 5
#define TALLY_COLLECTOR_RESERVED 1000
/* Names in a hostile manifest may be as long as its reader lets them be. */
#define TALLY_COLLECTOR_BYTES_MAX ((size_t)64 << 20)

#define TALLY_COLLECTOR_END SIZE_MAX

typedef struct tally_kept_finding {
	tally_finding finding; /* its text belongs to the collector */
	size_t next;           /* the group's next one, or TALLY_COLLECTOR_END */
} tally_kept_finding;

typedef struct tally_finding_group {
	const tally_rule *rule;
	tally_severity severity;
	tally_level level;
	const tally_status *status; /* or NULL */
	uint64_t total;             /* exact */
	size_t kept;                /* how many of them can be listed */
	size_t first, last;         /* indexes into `kept` of the collector; TALLY_COLLECTOR_END when none was kept */
} tally_finding_group;

typedef struct tally_collector {
	tally_kept_finding **kept; /* in the order in which they came */
	size_t kept_count, kept_capacity;
	tally_finding_group *groups; /* in the order of their first finding */
	size_t group_count, group_capacity;
	size_t bytes;
	uint64_t total;
	bool out_of_memory; /* something was lost: the report must not be taken for complete */
} tally_collector;

void tally_collector_init(tally_collector *collector);
void tally_collector_clear(tally_collector *collector);
/* The callback of a tally_sink; its context is the collector. */
void tally_collector_put(void *collector, const tally_finding *finding);
/* How many findings were counted but not kept. */
uint64_t tally_collector_omitted(const tally_collector *collector);
/* How many findings of a severity there were. */
uint64_t tally_collector_count(const tally_collector *collector, tally_severity severity);
/*
 * The groups, worst first: errors before warnings before notes; then those that lead to a status of the service, wider
 * levels (the drive) before narrower ones (a segment); then as they came. NULL begins; NULL at the end.
 */
const tally_finding_group *tally_collector_next(const tally_collector *collector, const tally_finding_group *previous);

#endif
