/* SPDX-License-Identifier: Apache-2.0 */
/* Journals of the corpus and the published ones, stored in every way, damaged and cut. */
#include "format/journal_outcome.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char corpus[4096];

static void find_corpus(void)
{
	const char *root = getenv("TALLY_SOURCE_DIR");
	ck_assert_msg(root != NULL, "TALLY_SOURCE_DIR is not set");
	snprintf(corpus, sizeof corpus, "%s/corpus/journal", root);
}

/* Calls `each` for every file of the corpus. */
static void for_corpus(void (*each)(const char *name, const char *bytes, size_t size))
{
	DIR *dir = opendir(corpus);
	ck_assert_ptr_nonnull(dir);
	unsigned files = 0;
	for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		size_t size;
		char *bytes = read_file(corpus, entry->d_name, &size);
		ck_assert_ptr_nonnull(bytes);
		each(entry->d_name, bytes, size);
		free(bytes);
		files++;
	}
	closedir(dir);
	ck_assert_uint_gt(files, 0);
}

/* ---- the corpus ------------------------------------------------------------------------------------------------- */

static void check_corpus_file(const char *name, const char *bytes, size_t size)
{
	char rule[64];
	snprintf(rule, sizeof rule, "%s", name);
	char *bad = strstr(rule, ".bad.jrn"), *good = strstr(rule, ".good.jrn");
	ck_assert_msg(bad != NULL || good != NULL, "%s is named wrongly", name);
	*(bad != NULL ? bad : good) = '\0';
	outcome o = judge_every_way(bytes, size);
	size_t count = count_rule(&o, rule);
	if (bad != NULL)
		ck_assert_msg(count == 1 && o.count == 1, "%s: %zu findings, %zu of the rule", name, o.count, count);
	else
		ck_assert_msg(o.finder.errors == 0 && count == 0, "%s: %zu findings, %zu of the rule", name, o.count,
			      count);
	clear(&o);
}

START_TEST(corpus_files)
{
	for_corpus(check_corpus_file);
}
END_TEST

/* Rules without files, and why. */
static const char *const without_files[] = {
    "J-03", /* takes a file of more than 2 MiB; test too_large makes it */
};

/* Of the R family, which speaks of jobs, a journal obeys these rows. */
static bool is_shared_with_jobs(const tally_rule *rule)
{
	static const char *const rows[][2] = {{"R-04", ""}, {"R-04", "length"}, {"R-05", ""}, {"R-05", "sha256"}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(rule->id, rows[i][0]) == 0 && strcmp(rule->aspect, rows[i][1]) == 0)
			return true;
	return false;
}

START_TEST(corpus_is_complete)
{
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		bool ours = strncmp(rule->id, "J-", 2) == 0 || strncmp(rule->id, "B-", 2) == 0 ||
			    strcmp(rule->id, "M-02") == 0 || is_shared_with_jobs(rule);
		bool excepted = false;
		for (size_t k = 0; k < sizeof without_files / sizeof without_files[0]; k++)
			excepted = excepted || strcmp(rule->id, without_files[k]) == 0;
		if (!ours || excepted || rule->scope != TALLY_SCOPE_DOCUMENT)
			continue;
		for (int good = 0; good <= 1; good++) {
			char name[256];
			snprintf(name, sizeof name, "%s%s%s.%s.jrn", rule->id, rule->aspect[0] != '\0' ? "." : "",
				 rule->aspect, good ? "good" : "bad");
			for (char *c = name; *c != '\0'; c++)
				*c = *c == ' ' ? '-' : *c;
			size_t size;
			char *bytes = read_file(corpus, name, &size);
			ck_assert_msg(bytes != NULL, "corpus/journal/%s is missing", name);
			free(bytes);
		}
	}
}
END_TEST

/* ---- encodings -------------------------------------------------------------------------------------------------- */

typedef enum form {
	FORM_CRLF,
	FORM_UTF8_MARK,
	FORM_UTF16LE_MARK,
	FORM_UTF16BE_MARK,
	FORM_UTF16LE,
	FORM_UTF16BE,
	FORMS
} form;

typedef struct rewritten {
	unsigned char *bytes;
	size_t size;
	uint64_t *offsets; /* of each byte of the original */
} rewritten;

static void add_unit(rewritten *r, form f, uint32_t unit)
{
	bool big = f == FORM_UTF16BE || f == FORM_UTF16BE_MARK;
	r->bytes[r->size++] = (unsigned char)(big ? unit >> 8 : unit);
	r->bytes[r->size++] = (unsigned char)(big ? unit : unit >> 8);
}

static rewritten rewrite(const char *text, size_t size, form f)
{
	rewritten r = {malloc(2 * size + 4), 0, calloc(size + 1, sizeof(uint64_t))};
	ck_assert(r.bytes != NULL && r.offsets != NULL);
	if (f == FORM_UTF8_MARK) {
		memcpy(r.bytes, "\xEF\xBB\xBF", 3);
		r.size = 3;
	} else if (f == FORM_UTF16LE_MARK || f == FORM_UTF16BE_MARK) {
		add_unit(&r, f, 0xFEFF);
	}
	tally_text rest = {text, size};
	while (rest.size > 0) {
		const char *before = rest.data;
		r.offsets[before - text] = r.size;
		uint32_t c = tally_utf8_next(&rest);
		if (f == FORM_CRLF && c == '\n')
			r.bytes[r.size++] = '\r';
		if (f == FORM_CRLF || f == FORM_UTF8_MARK) {
			memcpy(r.bytes + r.size, before, (size_t)(rest.data - before));
			r.size += (size_t)(rest.data - before);
		} else if (c < 0x10000) {
			add_unit(&r, f, c);
		} else {
			add_unit(&r, f, 0xD800 + ((c - 0x10000) >> 10));
			add_unit(&r, f, 0xDC00 + ((c - 0x10000) & 0x3FF));
		}
	}
	r.offsets[size] = r.size;
	return r;
}

/* The findings of a journal, each where the same characters stand when it is stored in another form. */
static void check_forms(const char *name, const char *bytes, size_t size)
{
	outcome plain = judge_pieces(bytes, size, 0);
	for (form f = FORM_CRLF; f < FORMS; f++) {
		rewritten r = rewrite(bytes, size, f);
		outcome o = judge_pieces((const char *)r.bytes, r.size, 0);
		check_same_drives(&plain, &o);
		size_t k = 0;
		for (size_t i = 0; i < o.count; i++) {
			if (is_rule(&o.list[i], "M-04.encoding")) {
				ck_assert_int_ge(f, FORM_UTF16LE_MARK);
				continue;
			}
			ck_assert_msg(k < plain.count, "%s: more findings in form %d", name, (int)f);
			const found *expected = &plain.list[k++];
			ck_assert_ptr_eq(o.list[i].rule, expected->rule);
			ck_assert_uint_eq(o.list[i].line, expected->line);
			ck_assert_str_eq(o.list[i].text, expected->text);
			uint64_t offset = o.list[i].offset;
			bool top = offset == 0 && expected->offset == 0; /* of the journal as a whole */
			ck_assert_msg(top || offset == r.offsets[expected->offset], "%s: wrong place in form %d", name,
				      (int)f);
		}
		ck_assert_uint_eq(k, plain.count);
		ck_assert_uint_eq(count_rule(&o, "M-04.encoding"), f >= FORM_UTF16LE_MARK);
		outcome cut = judge_pieces((const char *)r.bytes, r.size, 1);
		check_same(&o, &cut);
		clear(&cut);
		clear(&o);
		free(r.bytes);
		free(r.offsets);
	}
	clear(&plain);
}

START_TEST(encodings)
{
	for_corpus(check_forms);
	static const char other_scripts[] =
	    NEW_JOURNAL CONTEXT("LogDirectory: C:\\caf\xC3\xA9\\\xF0\x9F\x93\xB7\n\xF0\x9F\x93\xB7\n")
		DRIVE_INFO(DECLARATION "<Drive><!-- \xF0\x9F\x93\xB7 \xC3\xA9 "
				       "--><DriveId>caf\xC3\xA9</DriveId><Size/><DriveId>A</DriveId></Drive>\n");
	check_forms("other scripts", other_scripts, sizeof other_scripts - 1);
	check(other_scripts, "J-04.line M-11.characters J-07.element J-07.field J-07.field J-07.field J-07.field");
}
END_TEST

/* ---- published samples ------------------------------------------------------------------------------------------ */

static char *read_sample(const char *name, size_t *size)
{
	const char *shared = getenv("TALLY_SHARED_DIR");
	char folder[4096];
	snprintf(folder, sizeof folder, "%s/samples/published", shared != NULL ? shared : "");
	char *bytes = shared != NULL ? read_file(folder, name, size) : NULL;
	if (bytes == NULL)
		printf("skipped: the published sample %s is not there\n", name);
	return bytes;
}

START_TEST(published)
{
	size_t size;
	char *bytes = read_sample("journal-v2-session.jrn", &size);
	if (bytes == NULL)
		return;
	outcome o = judge_every_way(bytes, size);
	check_findings(&o, "J-07.none J-09");
	clear(&o);
	check_forms("journal-v2-session.jrn", bytes, size);
	free(bytes);

	bytes = read_sample("journal-v2-driveinfo.xml", &size);
	ck_assert_ptr_nonnull(bytes);
	o = judge_every_way(bytes, size);
	check_findings(&o, "J-09");
	ck_assert(o.journal.is_drive_info);
	ck_assert_uint_eq(o.journal.drive_count, 1);
	ck_assert_str_eq(o.journal.drives[0].drive_id, "drive-id");
	ck_assert_str_eq(o.journal.drives[0].manifest_file, "\\DriveManifest.xml");
	ck_assert_int_eq(o.journal.drives[0].key, TALLY_KEY_MASKED);
	ck_assert(o.journal.drives[0].has_hash);
	clear(&o);
	check_forms("journal-v2-driveinfo.xml", bytes, size);
	free(bytes);
}
END_TEST

/* ---- damage ------------------------------------------------------------------------------------------------------ */

/* The tool is stopped somewhere in a record, and goes on there when it is started again. */
START_TEST(interrupted_anywhere)
{
	static const char first[] = NEW_JOURNAL DRIVE_INFO(GOOD_DRIVE("A"));
	static const char cut[] = DRIVE_INFO(GOOD_DRIVE("B"));
	static const char last[] = DRIVE_INFO(GOOD_DRIVE("C"));
	size_t begin_size = sizeof "[BeginUpdateRecord]" - 1, whole_size = sizeof cut - 2; /* without the line's end */
	for (size_t n = begin_size; n < whole_size; n++) {
		char text[8192];
		snprintf(text, sizeof text, "%s%.*s%s", first, (int)n, cut, last);
		outcome o = judge(text);
		check_findings(&o, "J-08");
		ck_assert_uint_eq(o.list[0].offset, sizeof first - 1);
		ck_assert_uint_eq(o.journal.drive_count, 2);
		ck_assert_str_eq(o.journal.drives[1].drive_id, "C");
		clear(&o);
	}
}
END_TEST

START_TEST(truncated_anywhere)
{
	static const char head[] = NEW_JOURNAL CONTEXT("LogDirectory: F:\\logs\n");
	static const char a[] = DRIVE_INFO(GOOD_DRIVE("A")), b[] = DRIVE_INFO(GOOD_DRIVE("B"));
	char text[8192];
	snprintf(text, sizeof text, "%s%s%s", head, a, b);
	size_t a_end = sizeof head + sizeof a - 3, b_end = a_end + sizeof b - 1; /* behind ']' */
	for (size_t n = 0; n <= b_end; n++) {
		outcome o = judge_pieces(text, n, 0);
		ck_assert_int_eq(o.result, TALLY_OK);
		ck_assert_uint_eq(o.journal.drive_count, (n >= a_end ? 1U : 0U) + (n >= b_end ? 1U : 0U));
		/* Where the last record ends: a complete one leaves nothing behind, any other is told. */
		char *end = memrchr(text, ']', n), *begin = memrchr(text, '[', n);
		bool between = n > 0 && end != NULL && end > begin && memcmp(begin, END, sizeof END - 2) == 0;
		ck_assert_uint_eq(count_rule(&o, "J-08"), n >= 3 && !between);
		ck_assert_uint_eq(count_rule(&o, "J-07.none"), n >= sizeof HEAD("NewJournalFile") - 1 && n < a_end);
		ck_assert_uint_eq(count_rule(&o, "J-04.line"), 0);
		clear(&o);
	}
}
END_TEST

/* ---- secrets ---------------------------------------------------------------------------------------------------- */

static void check_no_secret(const outcome *o, const char *about)
{
	static const char *const pieces_of_keys[] = {"000011", "000022", "000033", "000044",   "000055",
						     "000066", "000077", "000088", "TWFkZSB1", "b3IgYSB0"};
	for (size_t i = 0; i < o->count; i++)
		for (size_t k = 0; k < sizeof pieces_of_keys / sizeof pieces_of_keys[0]; k++)
			ck_assert_msg(strstr(o->list[i].text, pieces_of_keys[k]) == NULL, "%s: %s", about,
				      o->list[i].text);
}

START_TEST(secrets_in_odd_places)
{
	static const char *const texts[] = {
	    NEW_JOURNAL CONTEXT("StorageAccountKey: " ACCOUNT_KEY "\nStorageAccountKey " ACCOUNT_KEY "\n" ACCOUNT_KEY
				"\n"),
	    NEW_JOURNAL ACCOUNT_KEY "\n" KEY "\n" CONTEXT("BitLockerKey: " KEY "\n"),
	    NEW_JOURNAL HEAD(KEY) "ActivityId: " KEY "\n" END HEAD(ACCOUNT_KEY) "ActivityId: " ACCOUNT_KEY "\n" END,
	    NEW_JOURNAL HEAD(EXTERNAL_KEY) "ActivityId: " EXTERNAL_KEY "\n" END,
	    HEAD("NewJournalFile") "VocabularyVersion: " EXTERNAL_KEY "\n" END,
	    HEAD("NewJournalFile") "VocabularyVersion: " KEY "\n" END,
	    NEW_JOURNAL DRIVE_INFO(DRIVE(KEY, KEY "-000099", KEY ":", KEY)),
	    NEW_JOURNAL DRIVE_INFO(DRIVE("A", KEY "<x/>", "\\x", HASH)),
	    NEW_JOURNAL DRIVE_INFO("<Drive " KEY "=\"\"/>\n"),
	    NEW_JOURNAL DRIVE_INFO("<Drive key=\"" KEY "\"><K" KEY "/>" KEY "</Drive>\n"),
	    NEW_JOURNAL DRIVE_INFO("<Drive><" ACCOUNT_KEY "></Drive>\n"),
	    KEY "\n" ACCOUNT_KEY,
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		outcome o = judge(texts[i]);
		ck_assert_uint_gt(o.count, 0);
		check_no_secret(&o, texts[i]);
		clear(&o);
	}
}
END_TEST

/* Every byte damaged in several ways, or lost. */
START_TEST(secrets_in_damaged_journals)
{
	static const char good[] = NEW_JOURNAL CONTEXT("StorageAccountKey: " ACCOUNT_KEY "\n")
	    DRIVE_INFO(GOOD_DRIVE("A")) DRIVE_INFO(DRIVE("B", EXTERNAL_KEY, "\\DriveManifest.xml", HASH));
	static const char damage[] = "x<>:& \n]";
	for (size_t i = 0; i < sizeof good - 1; i++) {
		char text[sizeof good];
		for (size_t k = 0; k < sizeof damage; k++) {
			memcpy(text, good, sizeof good);
			if (damage[k] != '\0')
				text[i] = damage[k];
			else
				memmove(text + i, text + i + 1, sizeof good - i - 1);
			outcome o = judge(text);
			check_no_secret(&o, text);
			clear(&o);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format/journal_files");
	TCase *tcase = tcase_create("journal_files");
	tcase_add_checked_fixture(tcase, find_corpus, NULL);
	tcase_add_test(tcase, corpus_files);
	tcase_add_test(tcase, corpus_is_complete);
	tcase_add_test(tcase, encodings);
	tcase_add_test(tcase, published);
	tcase_add_test(tcase, interrupted_anywhere);
	tcase_add_test(tcase, truncated_anywhere);
	tcase_add_test(tcase, secrets_in_odd_places);
	tcase_add_test(tcase, secrets_in_damaged_journals);
	suite_add_tcase(suite, tcase);
	return run_journal_suite(suite);
}
