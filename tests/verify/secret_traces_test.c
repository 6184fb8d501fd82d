/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is left of secrets in the memory of a process that was done with them: nothing. Drive and documents are made by
 * another process, and this one knows the secrets under a mask only, so that whatever is found comes from the library.
 */
#include "maker/bitlocker_metadata.h"
#include "support/suite.h"
#include "verify/image_stage.h"

#include <check.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MASK 0xA5U

/* ---- the secrets ---- */

typedef enum secret {
	DIGITS,       /* two groups of the recovery password, as text */
	RECOVERY_KEY, /* the bytes that they stand for */
	VOLUME_KEY,   /* either half */
	ACCOUNT_KEY,  /* a part of the manifest's, as text */
	SECRETS
} secret;

static const char *const names[SECRETS] = {"recovery password", "recovery key", "volume key", "account key"};

#define ACCOUNT_PART "TallymanMustForgetThis+0"
#define WINDOWS 11U

/* Bytes to look for. */
typedef struct window {
	secret of;
	size_t size;
	uint8_t masked[24];
} window;

/* What this process knows. */
typedef struct scene {
	char root[128], disk[192], journal[160], key_file[192], job[192];
	uint8_t masked_digits[56];
	window windows[WINDOWS];
	size_t count;
} scene;

static scene made;

static void unmask(const uint8_t *masked, char *to, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = (char)(masked[i] ^ MASK);
}

static void add_window(secret of, const void *bytes, size_t size)
{
	window *w = &made.windows[made.count++];
	*w = (window){.of = of, .size = size};
	for (size_t i = 0; i < size; i++)
		w->masked[i] = ((const uint8_t *)bytes)[i] ^ MASK;
}

/* ---- made elsewhere ---- */

static void note_secrets(const char *digits, const bitlocker_options *lock, uint64_t volume_size)
{
	static uint8_t block[BITLOCKER_BLOCK];
	uint8_t key[64], recovery[16];
	for (unsigned i = 0; i < 8; i++) {
		const unsigned group = (unsigned)strtoul(digits + 7 * i, NULL, 10) / 11;
		recovery[2 * i] = (uint8_t)group;
		recovery[2 * i + 1] = (uint8_t)(group >> 8);
		if (i < 7)
			add_window(DIGITS, digits + 7 * i, 13);
	}
	add_window(RECOVERY_KEY, recovery, sizeof recovery);
	const bitlocker_layout layout = bitlocker_layout_of(volume_size, lock);
	bitlocker_metadata(&layout, lock, block, key);
	add_window(VOLUME_KEY, key, 16);
	add_window(VOLUME_KEY, key + 16, 16);
	add_window(ACCOUNT_KEY, ACCOUNT_PART, strlen(ACCOUNT_PART));
	for (size_t i = 0; i < sizeof made.masked_digits; i++)
		made.masked_digits[i] = (uint8_t)digits[i] ^ MASK;
}

static void make_elsewhere(int to)
{
	static image_stage im;
	char text[256];
	image_begin_empty(&im);
	stage_make(&im.s, (const char *const[]){"AAAAAAAAAAAAAAAAAAAAAAAA", ACCOUNT_PART, NULL});
	const bitlocker_options lock = image_lock(&im);
	const uint64_t size = image_put_volume(&im, NULL);
	image_lock_volume(im.volume, size, &lock);
	image_make_disk(im.volume, NULL, im.disk);
	note_secrets(im.digits, &lock, size);
	stage_write(&im.s, "../key", im.digits);
	snprintf(text, sizeof text, "{\"value\":[{\"driveId\":\"9WM35C2V\",\"bitLockerKey\":\"%s\"}]}", im.digits);
	stage_write(&im.s, "../job.json", text);
	strcpy(made.root, im.s.root);
	strcpy(made.disk, im.disk);
	strcpy(made.journal, im.s.journal);
	strcpy(made.key_file, im.key_file);
	snprintf(made.job, sizeof made.job, "%s/job.json", im.s.root);
	_exit(write(to, &made, sizeof made) == (ssize_t)sizeof made ? 0 : 1);
}

static void begin(void)
{
	int ends[2], status;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		make_elsewhere(ends[1]);
	close(ends[1]);
	size_t got = 0;
	for (ssize_t part; (part = read(ends[0], (char *)&made + got, sizeof made - got)) > 0;)
		got += (size_t)part;
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(status == 0 && got == sizeof made);
	ck_assert_uint_eq(made.count, WINDOWS);
}

static void end(void)
{
	stage s = {0};
	strcpy(s.root, made.root);
	stage_close(&s);
}

/* ---- looking for them ---- */

typedef struct range {
	const volatile uint8_t *begin, *end;
} range;

static bool is_at(const volatile uint8_t *at, const window *w)
{
	for (size_t i = 0; i < w->size; i++)
		if ((at[i] ^ MASK) != w->masked[i])
			return false;
	return true;
}

/* Bytes are looked at where they are: a copy would be found as well. */
static void look(const range *r, size_t found[SECRETS])
{
	bool first[256] = {false};
	for (size_t i = 0; i < made.count; i++)
		first[made.windows[i].masked[0] ^ MASK] = true;
	for (const volatile uint8_t *at = r->begin; at < r->end; at++)
		for (size_t i = 0; first[*at] && i < made.count; i++)
			if ((size_t)(r->end - at) >= made.windows[i].size && is_at(at, &made.windows[i]))
				found[made.windows[i].of]++;
}

/* In all that this process can write to. */
static void look_everywhere(size_t found[SECRETS])
{
	static range ranges[4096];
	size_t count = 0;
	char line[512];
	FILE *maps = fopen("/proc/self/maps", "r");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long long from, to;
		char rights[8];
		if (sscanf(line, "%llx-%llx %7s", &from, &to, rights) != 3 || strncmp(rights, "rw", 2) != 0)
			continue;
		ck_assert_uint_lt(count, COUNT(ranges));
		ranges[count++] =
		    (range){(const volatile uint8_t *)(uintptr_t)from, (const volatile uint8_t *)(uintptr_t)to};
	}
	fclose(maps);
	memset(found, 0, SECRETS * sizeof *found);
	for (size_t i = 0; i < count; i++)
		look(&ranges[i], found);
}

/* ---- who has had them ---- */

static void check(const tally_check_options *options)
{
	tally_summary summary;
	ck_assert_int_eq(tally_check(options, NULL, &summary, NULL), TALLY_OK);
	ck_assert_int_eq(summary.exit_status, 0);
	tally_summary_clear(&summary);
}

static void check_with_journal(void)
{
	check(&(tally_check_options){.drive = made.disk, .journal = made.journal});
}

static void check_with_key_file(void)
{
	check(&(tally_check_options){.drive = made.disk, .key_file = made.key_file});
}

static bool type_key(void *context, const char *volume, char *key, size_t size)
{
	(void)context, (void)volume;
	ck_assert_uint_ge(size, sizeof made.masked_digits);
	unmask(made.masked_digits, key, sizeof made.masked_digits);
	return true;
}

static void check_with_typed_key(void)
{
	check(&(tally_check_options){.drive = made.disk, .ask_key = type_key});
}

static void lint(const char *path)
{
	tally_lint_result result;
	ck_assert_int_eq(tally_lint_file(path, NULL, NULL, &result, NULL), TALLY_OK);
}

static void lint_journal(void)
{
	lint(made.journal);
}

static void lint_job(void)
{
	lint(made.job);
}

static void run_job(const char *document)
{
	tally_job_summary summary;
	const char *const subjects[] = {document, made.disk};
	const tally_job_options options = {.subjects = subjects, .subject_count = 2};
	ck_assert_int_eq(tally_job(&options, NULL, &summary, NULL), TALLY_OK);
	ck_assert_int_eq(summary.exit_status, 0);
	tally_job_summary_clear(&summary);
}

static void job_with_journal(void)
{
	run_job(made.journal);
}

static void job_with_description(void)
{
	run_job(made.job);
}

static const struct {
	const char *name;
	void (*run)(void);
} users[] = {
    {"a check with a journal", check_with_journal},
    {"a check with a key file", check_with_key_file},
    {"a check with a typed key", check_with_typed_key},
    {"lint of a journal", lint_journal},
    {"lint of a job", lint_job},
    {"a job with a journal", job_with_journal},
    {"a job with a description", job_with_description},
};

/* jansson's buffer for the text of a token can't be had from outside, and keeps a part of what it grew out of. */
static bool may_leave(void (*run)(void), secret of)
{
	return run == lint_job && of == DIGITS;
}

START_TEST(nothing_is_left)
{
	size_t before[SECRETS], found[SECRETS];
	begin();
	look_everywhere(before);
	users[_i].run();
	look_everywhere(found);
	for (secret s = 0; s < SECRETS; s++) {
		bool may = may_leave(users[_i].run, s);
		ck_assert_uint_eq(before[s], 0);
		ck_assert_msg(found[s] == 0 || may, "%s leaves %zu x %s", users[_i].name, found[s], names[s]);
		if (may)
			fprintf(stderr, "%s still leaves %zu x %s\n", users[_i].name, found[s], names[s]);
	}
	end();
}
END_TEST

/* Who finds nothing has proved nothing, unless he would find what is there. */
START_TEST(what_is_left_is_found)
{
	size_t found[SECRETS];
	begin();
	for (size_t i = 0; i < made.count; i++) {
		const window *w = &made.windows[i];
		char *left = malloc(w->size + 1);
		ck_assert_ptr_nonnull(left);
		unmask(w->masked, left + 1, w->size);
		look_everywhere(found);
		ck_assert_uint_eq(found[w->of], 1);
		OPENSSL_cleanse(left, w->size + 1);
		free(left);
	}
	end();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {nothing_is_left, (int)COUNT(users)},
	    {what_is_left_is_found, 0},
	    {NULL, 0},
	};
	return suite_run("verify/secret_traces", tests);
}
