/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the reports share: a writer into memory that can fail, and findings made by hand. */
#ifndef TALLY_TESTS_REPORT_FIXTURE_H
#define TALLY_TESTS_REPORT_FIXTURE_H

#include "catalog/rules.h"
#include "report/report.h"

/* A writer whose bytes end up in `text`; after `room` bytes every write fails with ENOSPC. */
typedef struct test_page {
	tally_writer writer;
	size_t room, size;
	unsigned writes; /* calls of the callback */
	char text[1 << 19];
} test_page;

void page_begin(test_page *page, size_t room);
/* Flushes; the text ends in NUL. */
const char *page_text(test_page *page);

/* A finding of this rule, with the rule's own severity, level and status, and a message. */
tally_finding make_finding(tally_rule_symbol rule);
/* A summary of a drive with one corrupted segment; status_counts is static. */
tally_summary make_summary(void);

#endif
