/* SPDX-License-Identifier: Apache-2.0 */
/* Job descriptions that are cut off, too much, or full of secrets. */
#include "format/job_judging.h"
#include "support/faults.h"
#include "support/suite.h"

START_TEST(truncated)
{
	test_text text = file_read(source_path("corpus/job/R-18.key.good.json"));
	size_t end = text.size;
	while (text.data[end - 1] != '}')
		end--;
	for (size_t n = 0; n <= text.size; n++) {
		recorder r;
		tally_error error;
		ck_assert_int_eq(job_judge(text.data, n, SIZE_MAX, &r, &error), TALLY_OK);
		recorder_expect(&r, n < end ? "JSON-01" : "", "a part of a document");
		recorder_clear(&r);
	}
	text_clear(&text);
}
END_TEST

#define ACCOUNT_KEY "bWFkZSB1cCBmb3IgYSB0ZXN0LCBvcGVucyBub3RoaW5nLiBtYWRlIHVwIGZvciBhIHRlc3QsIG9wZW5zIG5vdA=="

START_TEST(secrets_in_odd_places)
{
	static const char *const secrets[] = {KEY, ACCOUNT_KEY,
					      "https://a.blob.core.windows.net/c/b?sv=1&sig=c2VjcmV0c2VjcmV0%3D"};
	static const char *const pieces_of_secrets[] = {"000033", "000088", "bWFkZSB1", "b3IgYSB0", "c2VjcmV0"};
	static const char *const texts[] = {
	    REQUEST("\"SECRET\":1"),
	    REQUEST(DRIVES("{\"driveId\":\"SECRET\",\"bitLockerKey\":\"SECRETx\",\"manifestFile\":\"C:SECRET\","
			   "\"manifestHash\":\"SECRET\",\"driveHeaderHash\":\"SECRET\",\"state\":\"SECRET\"}")),
	    ANSWER("\"diagnosticsPath\":\"SECRET\",\"logLevel\":\"SECRET\",\"state\":\"SECRET\",\"storageAccountId\":"
		   "\"SECRET\""),
	    ANSWER(DRIVES("{\"errorLogUri\":\"x SECRET\",\"manifestUri\":\"SECRET\",\"copyStatus\":\"SECRET\"}")),
	    "{\"id\":\"/x\",\"properties\":{\"details\":{\"importDiskDetailsCollection\":{\"SECRET\":7}}}}",
	    "{\"parameters\":{\"jobName\":\"SECRET\"},\"responses\":{\"SECRET\":{\"body\":1}}}",
	    "{\"SECRET\":1,\"SECRET\":2}",
	    "[\"SECRET\" \"SECRET\"]",
	    "SECRET",
	    "{\"a\":\"SECRET\\q\"}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		for (size_t k = 0; k < sizeof secrets / sizeof secrets[0]; k++) {
			test_text text = {0};
			text_add(&text, texts[i], strlen(texts[i]));
			while (strstr(text.data, "SECRET") != NULL)
				text_replace(&text, "SECRET", secrets[k]);
			recorder r;
			job_judge_every_way(text.data, text.size, &r, text.data);
			ck_assert_uint_gt(r.count, 0);
			for (size_t n = 0; n < sizeof pieces_of_secrets / sizeof pieces_of_secrets[0]; n++)
				recorder_expect_nowhere(&r, pieces_of_secrets[n], text.data);
			recorder_clear(&r);
			text_clear(&text);
		}
	}
}
END_TEST

/* Paths in findings stay whole characters, however long the names are. */
START_TEST(long_names)
{
	test_text text = {0};
	text_print(&text, "{\"location\":\"x\",\"properties\":{\"details\":{\"importDiskDetailsCollection\":{\"");
	for (size_t i = 0; i < 5000; i++)
		text_print(&text, "\xE2\x82\xAC");
	text_print(&text, "\":{\"manifestFile\":1}}}}}");
	recorder r;
	job_judge_every_way(text.data, text.size, &r, "a long name");
	recorder_expect(&r, "R-02.characters JSON-05 R-19 R-19", "a long name");
	for (size_t i = 0; i < r.count; i++) {
		ck_assert(tally_utf8_valid((tally_text){r.items[i].message, strlen(r.items[i].message)}));
		ck_assert_ptr_nonnull(strstr(r.items[i].message, "importDiskDetailsCollection"));
	}
	recorder_clear(&r);
	text_clear(&text);
}
END_TEST

/* As many drives as fit: what costs time is the number of findings, not its square. */
START_TEST(many_drives)
{
	test_text text = {0};
	text_print(&text, "{\"location\":\"x\",\"properties\":{\"storageAccountId\":\"" ACCOUNT
			  "\",\"jobType\":\"Import\",\"driveList\":[");
	for (size_t i = 0; i < 40000; i++)
		text_print(&text, "%s{\"driveId\":\"A\"}", i > 0 ? "," : "");
	text_print(&text, "]}}");
	recorder r;
	tally_error error;
	ck_assert_int_eq(job_judge(text.data, text.size, SIZE_MAX, &r, &error), TALLY_OK);
	ck_assert_uint_eq(recorder_count(&r, "R-01.count"), 1);
	ck_assert_uint_eq(recorder_count(&r, "R-02.twice"), 9);
	ck_assert_uint_eq(recorder_count(&r, "R-07.request"), 120000);
	recorder_clear(&r);
	text_clear(&text);
}
END_TEST

static tally_result run_good(void *context, tally_error *error)
{
	const test_text *text = context;
	recorder r;
	tally_result result = job_judge(text->data, text->size, SIZE_MAX, &r, error);
	recorder_expect(&r, "", "out of memory is no finding");
	recorder_clear(&r);
	return result;
}

START_TEST(faults)
{
	test_text text = file_read(source_path("corpus/job/R-18.key.good.json"));
	ck_assert_uint_gt(faults_each(FAULTS_OURS, _i != 0, run_good, NULL, &text), 3);
	text_clear(&text);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {truncated, 0}, {secrets_in_odd_places, 0}, {long_names, 0}, {many_drives, 0}, {faults, 2}, {NULL, 0},
	};
	return suite_run("format/job hostile", tests);
}
