/* SPDX-License-Identifier: Apache-2.0 */
#include "report/report_fixture.h"

#include <check.h>
#include <errno.h>

static int put(void *context, const char *bytes, size_t size)
{
	test_page *page = context;
	page->writes++;
	if (size > page->room)
		return ENOSPC;
	page->room -= size;
	memcpy(page->text + page->size, bytes, size);
	page->size += size;
	return 0;
}

void page_begin(test_page *page, size_t room)
{
	page->room = room < sizeof page->text ? room : sizeof page->text - 1;
	page->size = 0;
	page->writes = 0;
	tally_writer_init(&page->writer, put, page);
}

const char *page_text(test_page *page)
{
	ck_assert_int_eq(tally_writer_flush(&page->writer), 0);
	page->text[page->size] = '\0';
	return page->text;
}

tally_finding make_finding(tally_rule_symbol symbol)
{
	const tally_rule *rule = tally_rule_of(symbol);
	return (tally_finding){
	    .rule = rule,
	    .severity = rule->severity,
	    .level = rule->level,
	    .status = tally_status_find(rule->level, rule->status),
	    .message = "made by hand",
	};
}

static void count(uint64_t *counts, tally_level level, const char *code, uint64_t number)
{
	const tally_status *status = tally_status_find(level, code);
	ck_assert_ptr_nonnull(status);
	counts[status - tally_status_at(0)] = number;
}

tally_summary make_summary(void)
{
	static uint64_t counts[1024];
	ck_assert_uint_le(tally_status_count(), sizeof counts / sizeof counts[0]);
	memset(counts, 0, sizeof counts);
	count(counts, TALLY_LEVEL_BLOB, "Completed", 23);
	count(counts, TALLY_LEVEL_BLOB, "CompletedWithErrors", 1);
	count(counts, TALLY_LEVEL_SEGMENT, "Completed", 119);
	count(counts, TALLY_LEVEL_SEGMENT, "Corrupted", 1);
	return (tally_summary){
	    .drive = "/mnt/drive1",
	    .source = "directory",
	    .drive_id = "9WM35C2V",
	    .drive_status = tally_status_find(TALLY_LEVEL_DRIVE, "CompletedWithErrors"),
	    .exit_status = 1,
	    .blobs_listed = 24,
	    .blobs_checked = 24,
	    .segments_listed = 120,
	    .segments_checked = 120,
	    .bytes_hashed = 9876543,
	    .gaps = {{"the disk", "a directory was given"}},
	    .gap_count = 1,
	    .errors = 1,
	    .other_files = 2,
	    .other_bytes = 1500,
	    .status_counts = counts,
	};
}
