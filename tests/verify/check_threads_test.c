/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drive of many batches with many faults comes out the same, whatever the number of threads. Meant to be run under
 * the thread sanitizer, too.
 */
#include "support/suite.h"
#include "verify/read_faults.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define FILES 300
#define FAULTS 50
#define METADATA "<Metadata><Number>%u</Number></Metadata>"

static stage s;

/* Every seventieth file has so many blocks that they fill several batches; together they fill some ten. */
static void blob_of(unsigned i, maker_blob *blob, char path[64], char metadata[64])
{
	uint64_t state = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
	snprintf(path, 64, "data/%u/file-%03u.bin", i % 13, i);
	snprintf(metadata, 64, METADATA, i);
	maker_random(&state);
	*blob = (maker_blob){
	    .blob_path = path, .size = 1 + maker_random(&state) % 5000, .segment_size = 1024, .ids = i % 2 == 0};
	if (i % 70 == 69) {
		blob->size = UINT64_C(1100) * 64;
		blob->segment_size = 64;
	}
	blob->metadata = i % 5 == 0 ? metadata : NULL;
}

/* Break a file in one of five ways. Those that are broken already are left alone. */
static bool break_file(unsigned i, unsigned how, uint64_t chance)
{
	static bool broken[FILES];
	char path[64], metadata[64], side[80];
	maker_blob blob;
	blob_of(i, &blob, path, metadata);
	snprintf(side, sizeof side, "%s.metadata", path);
	if (broken[i] || (how == 4 && blob.metadata == NULL))
		return false;
	broken[i] = true;
	switch (how) {
	case 0:
		stage_flip(&s, path, (off_t)(chance % blob.size));
		break;
	case 1:
		stage_resize(&s, path, (off_t)(chance % blob.size));
		break;
	case 2:
		stage_remove(&s, path);
		break;
	case 3:
		stage_folder(&s, path);
		break;
	default:
		stage_resize(&s, side, (off_t)(chance % strlen(metadata)));
		break;
	}
	return true;
}

static void make(void)
{
	stage_open(&s);
	maker *m = stage_begin(&s);
	maker_list_files(m, NULL, "<Properties><Content-Type>text/plain</Content-Type></Properties>");
	for (unsigned i = 0; i < FILES; i++) {
		char path[64], metadata[64];
		maker_blob blob;
		blob_of(i, &blob, path, metadata);
		maker_add(m, &blob);
	}
	maker_end(m);
	maker_seal(m);
	uint64_t state = 20161101;
	for (unsigned done = 0; done < FAULTS;) {
		unsigned i = (unsigned)(maker_random(&state) % FILES);
		done += break_file(i, done % 5, maker_random(&state));
	}
	stage_write(&s, "data/other.txt", "other");
}

START_TEST(results_do_not_depend_on_the_number_of_threads)
{
	transcript first, other;
	make();
	/* Among the faults, one of the medium: in a file that goes on in a second batch. */
	read_faults_fail(stage_place(&s, "data/4/file-069.bin"), 600 * 64 + 10, 600 * 64 + 12, EIO);
	s.options.jobs = 1;
	transcript_take(&first, &s.options);
	ck_assert_int_eq(first.result, TALLY_OK);
	ck_assert_str_eq(first.drive_status->code, "CompletedWithErrors");
	static const char *const codes[] = {"V-20 ", "V-21 ", "V-10 ", "V-11 ", "V-22 ", "V-32 ", "V-40 "};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		ck_assert_msg(strstr(first.findings, codes[i]) != NULL, "no %samong the faults", codes[i]);
	for (unsigned jobs = 2; jobs <= 8; jobs++) {
		s.options.jobs = jobs;
		transcript_take(&other, &s.options);
		ck_assert_msg(strcmp(other.whole, first.whole) == 0, "%u threads give another result than one", jobs);
		transcript_clear(&other);
	}
	read_faults_clear();
	transcript_clear(&first);
	stage_close(&s);
}
END_TEST

static void *check_alone(void *context)
{
	tally_check_options options = s.options;
	options.jobs = 3;
	transcript_take(context, &options);
	return NULL;
}

START_TEST(several_checks_at_once)
{
	transcript taken[4];
	pthread_t threads[3];
	make();
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, check_alone, &taken[i]), 0);
	check_alone(&taken[3]);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(taken[3].result, TALLY_OK);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(taken[i].whole, taken[3].whole);
	for (size_t i = 0; i < 4; i++)
		transcript_clear(&taken[i]);
	stage_close(&s);
}
END_TEST

/* More threads than there is work, and the number that the library chooses. */
START_TEST(any_number_of_threads)
{
	static const unsigned jobs[] = {1, 0, 64, 256};
	transcript taken[4];
	stage_open(&s);
	stage_make(&s, NULL);
	stage_flip(&s, "disks/b.vhd", 5000);
	for (size_t i = 0; i < 4; i++) {
		s.options.jobs = jobs[i];
		transcript_take(&taken[i], &s.options);
		ck_assert_int_eq(taken[i].result, TALLY_OK);
		ck_assert_str_eq(taken[i].whole, taken[0].whole);
	}
	for (size_t i = 0; i < 4; i++)
		transcript_clear(&taken[i]);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {results_do_not_depend_on_the_number_of_threads, 0},
	    {several_checks_at_once, 0},
	    {any_number_of_threads, 0},
	    {NULL, 0},
	};
	return suite_run("check threads", tests);
}
