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
		uint64_t done, total, findings, elapsed;
		const char *line;
	} lines[] = {
	    {0, 0, 0, 0, "checking"},
	    {0, 1024, 0, 0, "checking  0%  0 bytes of 1.0 KiB"},
	    {512, 1024, 1, 999, "checking  50%  512 bytes of 1.0 KiB  1 finding"},
	    {1 << 20, 11 << 20, 2, 1000, "checking  9%  1.0 MiB of 11.0 MiB  1.0 MiB/s  10 s left  2 findings"},
	    {1 << 20, 101 << 20, 0, 1999, "checking  0%  1.0 MiB of 101.0 MiB  1.0 MiB/s  2 min left"},
	    {UINT64_C(1) << 30, UINT64_C(1) << 40, 0, 10000,
	     "checking  0%  1.0 GiB of 1.0 TiB  102.3 MiB/s  2 h 50 min left"},
	    {UINT64_MAX / 2, UINT64_MAX, 0, 1000, "checking  50%  7.9 EiB of 15.9 EiB  7.9 EiB/s  1 s left"},
	    {2048, 1024, 0, 5000, "checking  100%  2.0 KiB of 1.0 KiB  409 bytes/s"},
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char line[TALLY_PROGRESS_COLUMNS + 1];
		tally_progress_format(&(tally_progress){.stage = "checking",
							.bytes_done = lines[i].done,
							.bytes_total = lines[i].total,
							.findings = lines[i].findings},
				      lines[i].elapsed, line);
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
