/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now;
static char *text;
static size_t size;
static tally_cli_streams streams;
static tally_progress_meter meter;

static uint64_t clock_now(void)
{
	return now;
}

static void set_up(void)
{
	now = 5000000;
	streams = (tally_cli_streams){.err = open_memstream(&text, &size), .clock = clock_now};
	ck_assert_ptr_nonnull(streams.err);
}

static void tear_down(void)
{
	fclose(streams.err);
	free(text);
}

static const char *written(void)
{
	fflush(streams.err);
	return text;
}

static void update(const char *stage, uint64_t done, uint64_t total, uint64_t findings)
{
	tally_progress_meter_update(
	    &meter, &(tally_progress){.stage = stage, .bytes_done = done, .bytes_total = total, .findings = findings});
}

START_TEST(test_format)
{
	static const struct {
		uint64_t done, total, findings, rate;
		const char *line;
	} lines[] = {
	    {0, 0, 0, 0, "checking"},
	    {0, 1024, 0, 0, "checking  0%  0 bytes of 1.0 KiB"},
	    {512, 1024, 1, 0, "checking  50%  512 bytes of 1.0 KiB  1 finding"},
	    {1 << 20, 11 << 20, 2, 1 << 20, "checking  9%  1.0 MiB of 11.0 MiB  1.0 MiB/s  10 s left  2 findings"},
	    {1 << 20, 101 << 20, 0, 1 << 20, "checking  0%  1.0 MiB of 101.0 MiB  1.0 MiB/s  2 min left"},
	    {UINT64_C(1) << 30, UINT64_C(1) << 40, 0, (UINT64_C(1) << 30) / 10,
	     "checking  0%  1.0 GiB of 1.0 TiB  102.3 MiB/s  2 h 50 min left"},
	    {UINT64_MAX / 2, UINT64_MAX, 0, UINT64_MAX / 2, "checking  50%  7.9 EiB of 15.9 EiB  7.9 EiB/s  1 s left"},
	    {2048, 1024, 0, 409, "checking  100%  2.0 KiB of 1.0 KiB  409 bytes/s"},
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char line[TALLY_PROGRESS_COLUMNS + 1];
		tally_progress_format(&(tally_progress){.stage = "checking",
							.bytes_done = lines[i].done,
							.bytes_total = lines[i].total,
							.findings = lines[i].findings},
				      lines[i].rate, line);
		ck_assert_str_eq(line, lines[i].line);
	}
}
END_TEST

START_TEST(test_longest_line_is_cut)
{
	char line[TALLY_PROGRESS_COLUMNS + 1];
	tally_progress_format(&(tally_progress){.stage = "looking for other files in every folder of the drive",
						.bytes_done = UINT64_MAX / 3,
						.bytes_total = UINT64_MAX,
						.findings = UINT64_MAX},
			      1000, line);
	ck_assert_uint_eq(strlen(line), TALLY_PROGRESS_COLUMNS);
}
END_TEST

/* On a terminal: at most five times a second, one line over the other, and nothing of it left in the end. */
START_TEST(test_terminal)
{
	streams.err_terminal = true;
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_TEXT);
	update("checking", 0, 0, 10);
	ck_assert_str_eq(written(), "");
	now += TALLY_PROGRESS_TERMINAL_MS - 1;
	update("checking", 0, 0, 10);
	ck_assert_str_eq(written(), "");
	now += 1;
	update("checking", 0, 0, 10);
	ck_assert_str_eq(written(), "\rchecking  10 findings");
	now += TALLY_PROGRESS_TERMINAL_MS;
	update("done", 0, 0, 0);
	ck_assert_str_eq(written(), "\rchecking  10 findings\rdone                 ");
	tally_progress_meter_end(&meter);
	ck_assert_str_eq(written() + strlen("\rchecking  10 findings\rdone                 "), "\r    \r");
	size_t before = strlen(written());
	tally_progress_meter_end(&meter);
	ck_assert_uint_eq(strlen(written()), before);
}
END_TEST

START_TEST(test_log)
{
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_TEXT);
	for (int second = 0; second <= 60; second++) {
		update("checking", (uint64_t)second * 1024, 102400, 0);
		now += 1000;
	}
	tally_progress_meter_end(&meter);
	ck_assert_str_eq(written(), "tallyman: checking  30%  30.0 KiB of 100.0 KiB  1.0 KiB/s  2 min left\n"
				    "tallyman: checking  60%  60.0 KiB of 100.0 KiB  1.0 KiB/s  40 s left\n");
}
END_TEST

/* A stage's rate is its own. */
START_TEST(test_stages)
{
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_TEXT);
	update("reading the manifest", 0, 0, 0);
	now += 29000;
	update("checking", 0, 4096, 0);
	now += 1000;
	update("checking", 1024, 4096, 0);
	ck_assert_str_eq(written(), "tallyman: checking  25%  1.0 KiB of 4.0 KiB  1.0 KiB/s  3 s left\n");
}
END_TEST

START_TEST(test_quiet)
{
	streams.err_terminal = true;
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_NONE);
	update("checking", 0, 0, 0);
	now += 100000;
	update("checking", 0, 0, 0);
	tally_progress_meter_end(&meter);
	ck_assert_str_eq(written(), "");
}
END_TEST

/* For programs: a line at once when a stage begins, then one a second. */
START_TEST(test_json)
{
	streams.err_terminal = true;
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_JSON);
	update("reading the manifest", 0, 0, 0);
	now += TALLY_PROGRESS_JSON_MS - 1;
	update("reading the manifest", 10, 0, 0);
	ck_assert_str_eq(written(), "{\"stage\": \"reading the manifest\", \"bytes_done\": 0, \"bytes_total\": 0, "
				    "\"blobs_done\": 0, \"blobs_total\": 0, \"findings\": 0, \"file\": null, "
				    "\"rate\": null, \"seconds_left\": null}\n");
	size_t before = strlen(written());
	update("checking", 0, 4096, 0);
	now += TALLY_PROGRESS_JSON_MS;
	tally_progress_meter_update(&meter, &(tally_progress){.stage = "checking",
							      .bytes_done = 1024,
							      .bytes_total = 4096,
							      .blobs_done = 1,
							      .blobs_total = 3,
							      .findings = 2,
							      .file_path = "\\a\n\"b"});
	tally_progress_meter_end(&meter);
	ck_assert_str_eq(written() + before,
			 "{\"stage\": \"checking\", \"bytes_done\": 0, \"bytes_total\": 4096, "
			 "\"blobs_done\": 0, \"blobs_total\": 0, \"findings\": 0, \"file\": null, "
			 "\"rate\": null, \"seconds_left\": null}\n"
			 "{\"stage\": \"checking\", \"bytes_done\": 1024, \"bytes_total\": 4096, "
			 "\"blobs_done\": 1, \"blobs_total\": 3, \"findings\": 2, \"file\": \"\\\\a\\u000A\\\"b\", "
			 "\"rate\": 1024, \"seconds_left\": 3}\n");
}
END_TEST

/* What was done before a stage came back is not this one's speed. */
START_TEST(test_stage_that_comes_back)
{
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_JSON);
	update("checking", 0, 4096, 0);
	now += 60000;
	update("looking for other files", 0, 0, 0);
	update("checking", 4096, 12288, 0);
	now += 1999;
	update("checking", 5120, 12288, 0);
	const char *last = strstr(written(), "\"bytes_done\": 5120");
	ck_assert_ptr_nonnull(last);
	ck_assert_ptr_nonnull(strstr(last, "\"rate\": 1024, \"seconds_left\": 7}"));
}
END_TEST

static void name(const char *subject)
{
	snprintf(meter.subject, sizeof meter.subject, "%s", subject);
}

/* A drive's name does nothing to the terminal, and is not cut within a character. */
START_TEST(test_names)
{
	char wide[97] = "";
	streams.err_terminal = true;
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_TEXT);
	name("a\x1b[31m\n\xFF");
	update("checking", 0, 0, 0);
	now += TALLY_PROGRESS_TERMINAL_MS;
	update("checking", 0, 0, 0);
	ck_assert_str_eq(written(), "\ra\\x1B[31m\\x0A\\xFF: checking");
	size_t before = strlen(written());
	/* 20 columns in 60 bytes and one in 30: what the first line was longer by is counted in columns. */
	for (int i = 0; i < 20; i++)
		strcat(wide, "\u97f3");
	name(wide);
	now += TALLY_PROGRESS_TERMINAL_MS;
	update("checking", 0, 0, 0);
	strcat(wide, ": checking");
	ck_assert_int_eq(written()[before], '\r');
	ck_assert_int_eq(strncmp(written() + before + 1, wide, strlen(wide)), 0);
	ck_assert_str_eq(written() + before + 1 + strlen(wide), "");
	before = strlen(written());
	name("one, two");
	now += TALLY_PROGRESS_TERMINAL_MS;
	update("checking", 0, 0, 0);
	ck_assert_str_eq(written() + before, "\rone, two: checking            ");
}
END_TEST

/* Many names take no more than their part of the line. */
START_TEST(test_many_names)
{
	streams.err_terminal = true;
	tally_progress_meter_init(&meter, &streams, TALLY_PROGRESS_TEXT);
	name("0123456789012345678\u00fc, 0123456789012345678\u00fc, 0123456789");
	update("checking", 1 << 20, UINT64_MAX, UINT64_MAX);
	now += TALLY_PROGRESS_TERMINAL_MS;
	update("checking", 1 << 20, UINT64_MAX, UINT64_MAX);
	ck_assert_str_eq(written(),
			 "\r0123456789012345678\u00fc, 012345678901234567: checking  0%  1.0 MiB of 15.9 EiB  18");
}
END_TEST

static bool asked;

static bool take_asked(void)
{
	bool was = asked;
	asked = false;
	return was;
}

/* Whoever asks sees it at once, once, and also where nothing else is shown. */
START_TEST(test_asked)
{
	static const tally_progress_form forms[] = {TALLY_PROGRESS_TEXT, TALLY_PROGRESS_NONE};
	streams.progress_asked = take_asked;
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		tally_progress_meter_init(&meter, &streams, forms[i]);
		fflush(streams.err);
		size_t before = size;
		update("checking", 0, 4096, 0);
		asked = true;
		update("checking", 1024, 4096, 0);
		update("checking", 2048, 4096, 0);
		ck_assert_str_eq(written() + before, "tallyman: checking  25%  1.0 KiB of 4.0 KiB\n");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/progress");
	TCase *tests = tcase_create("progress");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_format);
	tcase_add_test(tests, test_longest_line_is_cut);
	tcase_add_test(tests, test_terminal);
	tcase_add_test(tests, test_log);
	tcase_add_test(tests, test_stages);
	tcase_add_test(tests, test_stage_that_comes_back);
	tcase_add_test(tests, test_names);
	tcase_add_test(tests, test_many_names);
	tcase_add_test(tests, test_quiet);
	tcase_add_test(tests, test_json);
	tcase_add_test(tests, test_asked);
	suite_add_tcase(suite, tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
