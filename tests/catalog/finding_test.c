/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/finding.h"

#include "base/memory.h"
#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <openssl/evp.h>

static tally_text text(const char *string)
{
	return (tally_text){string, strlen(string)};
}

static const char *masked(const char *string)
{
	static char out[4096];
	tally_mask(text(string), out, sizeof out);
	return out;
}

/* ---- masking ---- */

#define PASSWORD "000011-000022-000033-000044-000055-000066-000077-000088"
#define SIGNATURE "sig=bm90IGEgc2lnbmF0dXJl%3D"

/* The Base64 of 64 bytes, digits of all kinds. */
static const char *account_key(void)
{
	static char key[96];
	unsigned char bytes[64];
	for (unsigned i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 37 + 251);
	ck_assert_int_eq(EVP_EncodeBlock((unsigned char *)key, bytes, sizeof bytes), 88);
	return key;
}

START_TEST(test_secrets_are_masked_and_the_rest_is_not)
{
	static const char *const cases[][2] = {
	    {PASSWORD, "[masked]"},
	    {"key " PASSWORD " of the drive", "key [masked] of the drive"},
	    {"000011 000022 000033 000044 000055 000066 000077 000088.", "[masked]."},
	    {"000011000022000033000044000055000066000077000088", "[masked]"},
	    {"cargo?sv=2014&" SIGNATURE "&se=2030", "cargo?sv=2014&sig=[masked]&se=2030"},
	    {"SIG=abc", "SIG=[masked]"},
	    {"sig=\"abc\"", "sig=\"abc\""},
	    {"AccountName=cargo;AccountKey=abc+/==;Protocol", "AccountName=cargo;AccountKey=[masked];Protocol"},
	    {"a sig=a sig=b", "a sig=[masked] sig=[masked]"},
	    {"BitLockerKey: 000011-000022", "BitLockerKey: [masked]"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_str_eq(masked(cases[i][0]), cases[i][1]);
	/* A digit in front belongs to the run; which 48 digits go doesn't matter, but no group may stay whole. */
	const char *glued = masked("crate7" PASSWORD "end");
	ck_assert_msg(strstr(glued, "000022") == NULL && strstr(glued, "000077") == NULL, "%s", glued);
}
END_TEST

START_TEST(test_ordinary_text_stays_as_it_is)
{
	static const char *const ordinary[] = {
	    "",
	    "\\crates\\2014-11-01\\IMG_20141101_123456-123457.jpg",
	    "pictures/city/redmond.jpg",
	    "\\9c1e4f52-7a90-4b1e-8f60-0a1b2c3d4e5f.manifest",
	    "0123456789ABCDEF0123456789ABCDEF",
	    "MD5/cAzn4h7VVSWXf696qp5Uaw==",
	    "2011-03-09T01:42:34.9360000Z",
	    "design/assigned=yes/signature.txt",
	    "18446744073709551615 18446744073709551615",
	    "a/very/long/path/that/has/nothing/in/it/but/letters/and/goes/on/and/on/and/on/until/it/is/longer/than/a/"
	    "key.bin",
	    "stra\xC3\x9F"
	    "e \xF0\x9F\x8D\x8E",
	};
	for (size_t i = 0; i < sizeof ordinary / sizeof ordinary[0]; i++) {
		ck_assert_str_eq(masked(ordinary[i]), ordinary[i]);
		ck_assert(!tally_has_secret(text(ordinary[i])));
	}
	/* One digit less than a password; no padding behind a run of digits. */
	ck_assert(!tally_has_secret(text("000011-000022-000033-000044-000055-000066-000077-00008")));
	ck_assert(!tally_has_secret((tally_text){account_key(), 86}));
	ck_assert(!tally_has_secret((tally_text){account_key() + 1, 87}));
}
END_TEST

/* To look for a value's end again and again would take reading 90 GiB here. */
START_TEST(test_what_was_masked_is_not_searched)
{
	static const char one[] = "sig=[masked]";
	static char many[(1 << 20) + 2 * sizeof one];
	size_t size = 0;
	for (; size < 1 << 20; size += sizeof one - 1)
		memcpy(many + size, one, sizeof one - 1);
	ck_assert(!tally_has_secret((tally_text){many, size}));
	static char out[sizeof many];
	tally_mask((tally_text){many, size}, out, sizeof out);
	ck_assert_str_eq(out, many);
	memcpy(many + size, "sig=abc", 7);
	ck_assert(tally_has_secret((tally_text){many, size + 7}));
}
END_TEST

static void expect_no_part(const char *out, const char *secret, const char *what)
{
	char part[9] = "";
	for (size_t i = 0; i + 8 <= strlen(secret); i++) {
		memcpy(part, secret + i, 8);
		REQUIRE(strstr(out, part) == NULL, "%s: \"%s\" is left in \"%s\"", what, part, out);
	}
}

/* Wherever a secret stands, whatever is around it, however short the space: no eight characters of it are seen. */
START_TEST(test_no_part_of_a_secret_is_seen)
{
	const char *const secrets[] = {PASSWORD, "000011 000022 000033 000044 000055 000066 000077 000088",
				       account_key(), "000011000022000033000044000055000066000077000088"};
	static const char *const fronts[] = {"",   " ",    "\\", "/",    "a/b/",     "pictures/",
					     "x",  "7",    "=",  "==",   "\xC3\xA4", "(",
					     "\"", "sig=", "-",  "\x80", "key:",     "AccountKey="};
	static const char *const backs[] = {"", " ", "\\", "/", "=", "x", "7", "\xC3\xA4", ".bin", "&", "\x80"};
	for (size_t s = 0; s < sizeof secrets / sizeof secrets[0]; s++) {
		for (size_t f = 0; f < sizeof fronts / sizeof fronts[0]; f++) {
			for (size_t b = 0; b < sizeof backs / sizeof backs[0]; b++) {
				test_text whole = {0};
				text_print(&whole, "%s%s%s", fronts[f], secrets[s], backs[b]);
				REQUIRE(tally_has_secret((tally_text){whole.data, whole.size}), "%s", whole.data);
				for (size_t size = 1; size <= whole.size + 20; size++) {
					char out[160];
					tally_mask((tally_text){whole.data, whole.size}, out, size);
					REQUIRE(strlen(out) < size, "%zu bytes in %zu", strlen(out), size);
					expect_no_part(out, secrets[s], whole.data);
				}
				text_clear(&whole);
			}
		}
	}
}
END_TEST

START_TEST(test_text_is_cut_at_a_character)
{
	static const char long_text[] =
	    "\xC3\xA4pfel \xF0\x9F\x8D\x8E und \xE6\x97\xA5\xE6\x9C\xAC sig=abc \xC3\xB6 und mehr";
	char out[sizeof long_text + 16];
	for (size_t size = 1; size <= sizeof out; size++) {
		memset(out, 'x', sizeof out);
		tally_mask(text(long_text), out, size);
		ck_assert_uint_lt(strlen(out), size);
		ck_assert(tally_utf8_valid(text(out)));
		size_t shown = strlen(out);
		bool cut = strstr(out, "mehr") == NULL;
		if (cut && size > 4)
			ck_assert_str_eq(out + shown - 3, "\xE2\x80\xA6");
	}
	ck_assert_str_eq(out,
			 "\xC3\xA4pfel \xF0\x9F\x8D\x8E und \xE6\x97\xA5\xE6\x9C\xAC sig=[masked] \xC3\xB6 und mehr");
}
END_TEST

/* ---- findings ---- */

START_TEST(test_a_finding_has_its_rules_severity_level_and_status)
{
	recorder r;
	recorder_begin(&r);
	r.finder.document = "crate.xml";
	tally_find_fact(&r.finder, &(tally_fact){.rule = TALLY_RULE_M_33, .in_document = true, .place = {3, 44}},
			"%d ends", 7);
	tally_find_fact(&r.finder,
			&(tally_fact){.rule = TALLY_RULE_M_19_FORM,
				      .file_path = "\\x",
				      .has_range = true,
				      .offset = 5,
				      .length = 6,
				      .expected = text("e"),
				      .actual = text("a")},
			"form");
	tally_find_fact(&r.finder, &(tally_fact){.rule = TALLY_RULE_M_14, .place = {9, 9}}, "note");
	tally_find_fact(&r.finder,
			&(tally_fact){.rule = TALLY_RULE_M_17_PATH, .use_level = true, .level = TALLY_LEVEL_PROPERTIES},
			"properties");
	tally_find_fact(&r.finder, &(tally_fact){.rule = TALLY_RULE_M_33, .status = "IOFailed"}, "other status");
	ck_assert_uint_eq(r.finder.errors, 3);
	ck_assert_uint_eq(r.finder.warnings, 1);
	ck_assert_uint_eq(r.finder.notes, 1);
	const recorded *f = r.items;
	ck_assert_str_eq(f[0].rule->id, "M-33");
	ck_assert_int_eq(f[0].severity, TALLY_SEVERITY_ERROR);
	ck_assert_ptr_eq(f[0].status, tally_status_find(TALLY_LEVEL_SEGMENT, "BlobUnexpectedEnd"));
	ck_assert_str_eq(f[0].document, "crate.xml");
	ck_assert_str_eq(f[0].message, "7 ends");
	ck_assert_uint_eq(f[0].line, 3);
	ck_assert_uint_eq(f[0].document_offset, 44);
	ck_assert(f[0].expected == NULL && f[0].actual == NULL && f[0].blob_path == NULL && !f[0].has_range);
	ck_assert_int_eq(f[1].severity, TALLY_SEVERITY_WARNING);
	ck_assert_str_eq(f[1].file_path, "\\x");
	ck_assert_str_eq(f[1].expected, "e");
	ck_assert_str_eq(f[1].actual, "a");
	ck_assert(f[1].has_range && f[1].offset == 5 && f[1].length == 6);
	ck_assert_uint_eq(f[2].line, 0);
	ck_assert_ptr_null(f[2].status);
	ck_assert_ptr_eq(f[3].status, tally_status_find(TALLY_LEVEL_PROPERTIES, "FileNameInvalid"));
	ck_assert_int_eq(f[3].level, TALLY_LEVEL_PROPERTIES);
	ck_assert_ptr_eq(f[4].status, tally_status_find(TALLY_LEVEL_SEGMENT, "IOFailed"));
	recorder_clear(&r);
}
END_TEST

START_TEST(test_strict_makes_errors_of_warnings_but_not_of_notes)
{
	recorder r;
	recorder_begin(&r);
	r.finder.strict = true;
	tally_find_fact(&r.finder, &(tally_fact){.rule = TALLY_RULE_M_19_FORM}, "warning");
	tally_find_fact(&r.finder, &(tally_fact){.rule = TALLY_RULE_M_14}, "note");
	ck_assert_int_eq(r.items[0].severity, TALLY_SEVERITY_ERROR);
	ck_assert_int_eq(r.items[1].severity, TALLY_SEVERITY_NOTE);
	ck_assert(r.finder.errors == 1 && r.finder.warnings == 0 && r.finder.notes == 1);
	recorder_clear(&r);
}
END_TEST

START_TEST(test_without_a_taker_findings_are_counted)
{
	tally_finder finder = {0};
	tally_find_fact(&finder, &(tally_fact){.rule = TALLY_RULE_M_33}, "nobody hears");
	ck_assert_uint_eq(finder.errors, 1);
}
END_TEST

START_TEST(test_no_field_of_a_finding_shows_a_secret)
{
	const char *const secrets[] = {PASSWORD, account_key()};
	for (size_t i = 0; i < 2; i++) {
		test_text path = {0};
		text_print(&path, "cargo/%s/apples.bin", secrets[i]);
		recorder r;
		recorder_begin(&r);
		tally_find_fact(&r.finder,
				&(tally_fact){.rule = TALLY_RULE_M_33,
					      .blob_path = path.data,
					      .file_path = path.data,
					      .expected = {path.data, path.size},
					      .actual = {path.data, path.size}},
				"%s is there", path.data);
		recorder_expect_nowhere(&r, secrets[i], "a finding");
		ck_assert_ptr_nonnull(strstr(r.items[0].blob_path, "[masked]"));
		ck_assert_ptr_nonnull(strstr(r.items[0].file_path, "apples.bin"));
		recorder_clear(&r);
		text_clear(&path);
	}
}
END_TEST

/* A path is what people look for: it goes through whole, unless it holds a secret; values are only samples. */
START_TEST(test_long_paths_are_whole_and_long_values_cut)
{
	test_text path = {0}, plain = {0};
	while (path.size < 90000)
		text_print(&path, "\\crates sig=x");
	while (plain.size < 90000)
		text_print(&plain, "\\crates");
	recorder r;
	recorder_begin(&r);
	tally_find_fact(&r.finder,
			&(tally_fact){.rule = TALLY_RULE_M_33,
				      .blob_path = plain.data,
				      .file_path = path.data,
				      .actual = {plain.data, plain.size}},
			"%s", plain.data);
	ck_assert_str_eq(r.items[0].blob_path, plain.data);
	ck_assert_ptr_null(strstr(r.items[0].file_path, "sig=x"));
	ck_assert_uint_gt(strlen(r.items[0].file_path), 2000);
	ck_assert_uint_lt(strlen(r.items[0].actual), 200);
	ck_assert_uint_lt(strlen(r.items[0].message), 1100);
	recorder_clear(&r);
	text_clear(&path);
	text_clear(&plain);
}
END_TEST

static int always(void)
{
	return 1;
}

START_TEST(test_a_finding_gets_through_without_memory)
{
	recorder r;
	recorder_begin(&r);
	tally_allocation_fault = always;
	tally_find_fact(&r.finder,
			&(tally_fact){.rule = TALLY_RULE_M_33, .blob_path = "cargo?sig=abc", .file_path = "\\x"}, "m");
	tally_allocation_fault = NULL;
	ck_assert_str_eq(r.items[0].blob_path, "cargo?sig=[masked]");
	ck_assert_str_eq(r.items[0].file_path, "\\x");
	recorder_clear(&r);
}
END_TEST

int main(void)
{
	return suite_run("finding", (const suite_test[]){{test_secrets_are_masked_and_the_rest_is_not, 0},
							 {test_ordinary_text_stays_as_it_is, 0},
							 {test_what_was_masked_is_not_searched, 0},
							 {test_no_part_of_a_secret_is_seen, 0},
							 {test_text_is_cut_at_a_character, 0},
							 {test_a_finding_has_its_rules_severity_level_and_status, 0},
							 {test_strict_makes_errors_of_warnings_but_not_of_notes, 0},
							 {test_without_a_taker_findings_are_counted, 0},
							 {test_no_field_of_a_finding_shows_a_secret, 0},
							 {test_long_paths_are_whole_and_long_values_cut, 0},
							 {test_a_finding_gets_through_without_memory, 0},
							 {NULL, 0}});
}
