/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out at any moment, in our code, in libxml2 or in OpenSSL: the check says so or gets through without
 * it, and is never wrong about the drive.
 */
#include "base/memory.h"
#include "support/suite.h"
#include "verify/stage.h"
#include "verify/transcript.h"

#include <check.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Which allocation fails, counted over all three and all threads; 0: none. */
static atomic_size_t countdown, allocations;
static atomic_bool lasting, met, met_by_openssl;

static bool fails(void)
{
	if (atomic_load(&countdown) == 0)
		return false;
	size_t number = atomic_fetch_add(&allocations, 1) + 1;
	size_t wanted = atomic_load(&countdown);
	bool fault = number == wanted || (number > wanted && atomic_load(&lasting));
	if (fault)
		atomic_store(&met, true);
	return fault;
}

static int fail_ours(void)
{
	return fails();
}

static void *xml_malloc(size_t size)
{
	return fails() ? NULL : malloc(size);
}

static void *xml_realloc(void *memory, size_t size)
{
	return fails() ? NULL : realloc(memory, size);
}

static char *xml_strdup(const char *text)
{
	return fails() ? NULL : strdup(text);
}

static bool crypto_fails(void)
{
	bool fault = fails();
	if (fault)
		atomic_store(&met_by_openssl, true);
	return fault;
}

static void *crypto_malloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return crypto_fails() ? NULL : malloc(size);
}

static void *crypto_realloc(void *memory, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return crypto_fails() ? NULL : realloc(memory, size);
}

static void crypto_free(void *memory, const char *file, int line)
{
	(void)file, (void)line;
	free(memory);
}

/* Before either library has allocated anything. */
static void take_over_allocation(void)
{
	ck_assert_int_eq(CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free), 1);
	ck_assert_int_eq(xmlMemSetup(free, xml_malloc, xml_realloc, xml_strdup), 0);
	xmlInitParser();
	tally_allocation_fault = fail_ours;
}

static void make_good(stage *s)
{
	stage_make(s, NULL);
}

/* Something of all that needs memory: names in other capitals, duplicates, files of the wrong form, secrets in names.
 */
static void make_bad(stage *s)
{
	maker *m = stage_begin(s);
	maker_list_files(m, "<Metadata><a-b>x</a-b></Metadata>", NULL);
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg", .size = 3000, .segment_size = 1000, .ids = true});
	maker_add(m, &(maker_blob){.blob_path = "pictures/a.jpg",
				   .file_path = "\\x\\sig=0123456789",
				   .size = 30,
				   .properties = "<Properties"});
	maker_add(m, &(maker_blob){.blob_path = "pictures/c.jpg", .size = 30});
	maker_end(m);
	maker_seal(m);
	stage_flip(s, "pictures/a.jpg", 1500);
	stage_rename(s, "pictures/c.jpg", "pictures/C.JPG");
	stage_append(s, "DriveManifest.xml", "\n");
	stage_write(s, "other.txt", "");
}

static void compare(const transcript *t, const transcript *good, size_t n)
{
	/* OpenSSL does not always tell why it failed. */
	bool internal = t->result == TALLY_ERROR_INTERNAL && atomic_load(&met_by_openssl);
	ck_assert_msg(t->result == TALLY_OK || t->result == TALLY_ERROR_NO_MEMORY || internal,
		      "allocation %zu: result %d, %s", n, (int)t->result, t->error.message);
	ck_assert_msg(atomic_load(&met) || t->result == TALLY_OK, "allocation %zu: out of memory without a fault", n);
	/* A name that could not be copied to mask its secret is masked as a whole: all the rest must be the same. */
	if (t->result == TALLY_OK) {
		ck_assert_msg(strcmp(t->findings, good->findings) == 0, "allocation %zu:\n%s---- instead of\n%s", n,
			      t->findings, good->findings);
		ck_assert_str_eq(t->counts, good->counts);
		ck_assert_ptr_eq(t->drive_status, good->drive_status);
		ck_assert_int_eq(t->exit_status, good->exit_status);
	}
}

START_TEST(memory_may_run_out_at_any_moment)
{
	static void (*const makes[])(stage *) = {make_good, make_bad};
	stage s;
	transcript good, t;
	take_over_allocation();
	stage_open(&s);
	makes[_i / 2](&s);
	s.options.jobs = 1;
	atomic_store(&countdown, 0);
	/* Twice: what the libraries make once and keep is not what is tested. */
	transcript_take(&good, &s.options);
	transcript_clear(&good);
	transcript_take(&good, &s.options);
	ck_assert_int_eq(good.result, TALLY_OK);
	size_t n = 1, failed = 0;
	for (bool more = true; more; n++) {
		atomic_store(&allocations, 0);
		atomic_store(&met, false);
		atomic_store(&met_by_openssl, false);
		atomic_store(&lasting, _i % 2 == 1);
		atomic_store(&countdown, n);
		transcript_take(&t, &s.options);
		atomic_store(&countdown, 0);
		compare(&t, &good, n);
		failed += t.result != TALLY_OK;
		more = atomic_load(&met);
		transcript_clear(&t);
	}
	ck_assert_uint_gt(failed, 50);
	transcript_clear(&good);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {memory_may_run_out_at_any_moment, 4},
	    {NULL, 0},
	};
	return suite_run("check memory", tests);
}
