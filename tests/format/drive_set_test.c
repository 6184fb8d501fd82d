/* SPDX-License-Identifier: Apache-2.0 */
/* driveset.csv: every combination of its values, and keys that stay where they are. */
#include "format/list_judge.h"
#include "support/suite.h"

#include <stdio.h>

#define KIND TALLY_DOCUMENT_DRIVE_SET
#define HEADER "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey\n"
#define KEY "000011-000022-000033-000044-000055-000066-000077-000088"
#define EXTERNAL "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void expect_rows(const char *rows, const char *rules)
{
	char text[2048];
	snprintf(text, sizeof text, HEADER "%s", rows);
	list_expect(KIND, text, rules);
}

START_TEST(test_corpus)
{
	list_check_corpus(KIND);
}
END_TEST

START_TEST(test_published)
{
	list_check_published(KIND, "driveset-v2.csv", "");
	list_check_published(KIND, "driveset-v2-workflow.csv", "");
	list_check_published(KIND, "driveset-v2-files-encrypt.csv", "CSV-02");
	list_check_published(KIND, "driveset-v2-files-alreadyencrypted.csv", "CSV-02");
	list_check_published(KIND, "driveset-v2-service-article.csv", "CSV-02 T-17");
}
END_TEST

/* What the page says of each: Format goes with Encrypt, AlreadyEncrypted with a key, Encrypt without. */
START_TEST(test_combinations)
{
	static const char *const formats[] = {"Format", "AlreadyFormatted"},
				 *const prompts[] = {"SilentMode", "PromptOnFormat"},
				 *const encryptions[] = {"Encrypt", "AlreadyEncrypted"}, *const keys[] = {"", KEY};
	static const struct {
		unsigned format, encryption, key;
		const char *rules;
	} expected[] = {
	    {0, 0, 0, ""},
	    {0, 0, 1, "T-16.key"},
	    {0, 1, 0, "T-16.combination T-16.no-key"},
	    {0, 1, 1, "T-16.combination"},
	    {1, 0, 0, ""},
	    {1, 0, 1, "T-16.key"},
	    {1, 1, 0, "T-16.no-key"},
	    {1, 1, 1, ""},
	};
	for (size_t i = 0; i < 8; i++)
		for (size_t prompt = 0; prompt < 2; prompt++) {
			char row[256];
			snprintf(row, sizeof row, "G,%s,%s,%s,%s\n", formats[expected[i].format], prompts[prompt],
				 encryptions[expected[i].encryption], keys[expected[i].key]);
			expect_rows(row, expected[i].rules);
		}
}
END_TEST

START_TEST(test_values)
{
	static const struct {
		const char *row, *rules;
	} rows[] = {
	    {"g,Format,SilentMode,Encrypt,\n", ""},
	    {"\"Z\",\"Format\",\"SilentMode\",\"Encrypt\",\"\"\n", ""},
	    {",Format,SilentMode,Encrypt,\n", "T-16.letter"},
	    {"G:,Format,SilentMode,Encrypt,\n", "T-16.letter"},
	    {"1,Format,SilentMode,Encrypt,\n", "T-16.letter"},
	    {"[,Format,SilentMode,Encrypt,\n", "T-16.letter"},
	    {"@,Format,SilentMode,Encrypt,\n", "T-16.letter"},
	    {"\xC3\xA4,Format,SilentMode,Encrypt,\n", "T-16.letter"},
	    {"G,,SilentMode,Encrypt,\n", "T-16.format"},
	    {"G,Format,,Encrypt,\n", "T-16.prompt"},
	    {"G,Format,SilentMode,,\n", "T-16.encryption"},
	    {"G,format,silentmode,ENCRYPT,\n", "T-16.case T-16.case T-16.case"},
	    {"G,format,SilentMode,alreadyencrypted," KEY "\n", "T-16.case T-16.case T-16.combination"},
	    {"G,Format,SilentMode,Encrypt\n", "T-16.columns"},
	    {"G,Format,SilentMode,Encrypt,,\n", "T-16.columns"},
	    {"G\n", "T-16.columns T-16.format T-16.prompt T-16.encryption"},
	    {"G,Format,SilentMode,Encrypt,\nH,Format,SilentMode,Encrypt,\ng,Format,SilentMode,Encrypt,\n",
	     "T-16.twice"},
	    /* What is wrong elsewhere says nothing of the key: then it is judged by itself. */
	    {"G,Format,SilentMode,x,\n", "T-16.encryption"},
	    {"G,Format,SilentMode,x," KEY "\n", "T-16.encryption"},
	    {"G,Format,SilentMode,x,1\n", "T-16.encryption B-01"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		expect_rows(rows[i].row, rows[i].rules);
}
END_TEST

START_TEST(test_keys)
{
	static const struct {
		const char *key, *rules;
	} keys[] = {
	    {KEY, ""},
	    {"000011000022000033000044000055000066000077000088", ""},
	    {EXTERNAL, "J-10"},
	    {"*******", "B-01"},
	    {"******-******", "B-01"},
	    {"000011-000022", "B-01"},
	    {"key", "B-01"},
	    {"000012-000022-000033-000044-000055-000066-000077-000088", "B-02"},
	    {"720896-000022-000033-000044-000055-000066-000077-000088", "B-02"},
	    {KEY " |", "T-17"},
	    {KEY "|", "T-17"},
	    {"000012-000022-000033-000044-000055-000066-000077-000088 |", "T-17 B-02"},
	    {"|", "T-17 T-16.no-key"},
	};
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		char row[256];
		snprintf(row, sizeof row, "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,%s\n", keys[i].key);
		expect_rows(row, keys[i].rules);
	}
	expect_rows("H,Format,SilentMode,Encrypt, |\n", "CSV-02 T-17");
	expect_rows("H,Format,SilentMode,Encrypt," KEY " |\n", "T-17 T-16.key");
}
END_TEST

/* Wherever a key stands, be it that a comma was lost, and whichever kind of key. */
START_TEST(test_no_key_gets_out)
{
	static const char *const keys[] = {KEY, EXTERNAL, "000012-000022-000033-000044-000055-000066-000077-000088",
					   KEY " |", EXTERNAL " |"};
	static const char *const rows[] = {
	    HEADER "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,%s\n",
	    HEADER "G,AlreadyFormatted,SilentMode,Encrypt,%s\n",
	    HEADER "G,AlreadyFormatted,SilentMode,%s\n",
	    HEADER "G,AlreadyFormatted,%s\n",
	    HEADER "G,%s\n",
	    HEADER "%s\n",
	    HEADER "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,,%s\n",
	    "DriveLetter,%s,Encryption\n",
	    "%s,Format\n",
	    HEADER "G,AlreadyFormatted,SilentMode,AlreadyEncrypted,\"%s\n",
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
			char text[512];
			test_text document = {0};
			memcpy(text, keys[k], strlen(keys[k]) + 1);
			text_add(&document, rows[i], strlen(rows[i]));
			text_replace(&document, "%s", text);
			recorder r;
			list_judge(&r, KIND, (tally_text){document.data, document.size}, document.data);
			recorder_expect_nowhere(&r, "000022", document.data);
			recorder_expect_nowhere(&r, "AAECAw", document.data);
			recorder_clear(&r);
			text_clear(&document);
		}
}
END_TEST

START_TEST(test_headers)
{
	list_expect(KIND, "", "T-16.empty");
	list_expect(KIND, HEADER, "T-16.empty");
	list_expect(KIND,
		    "driveletter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey\nG,Format,"
		    "SilentMode,Encrypt,\n",
		    "T-16.header");
	list_expect(KIND, "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption\nG,Format,SilentMode,Encrypt\n",
		    "T-16.header");
	list_expect(KIND,
		    "DriveLetter,FormatOption,SilentOrPromptOnFormat,Encryption,ExistingBitLockerKey,\nG,Format,"
		    "SilentMode,Encrypt,,\n",
		    "T-16.header");
	list_expect(KIND, "G,Format,SilentMode,Encrypt,\n", "T-16.no-header");
	list_expect(KIND, HEADER "\"G,Format,SilentMode,Encrypt,\nH,Format,SilentMode,Encrypt,\n", "CSV-01");
}
END_TEST

START_TEST(test_recognised)
{
	static const struct {
		const char *text;
		bool is_drive_set;
	} fronts[] = {{HEADER, true},
		      {"driveletter,x", true},
		      {"x,Encryption\n", true},
		      {"G,Format,SilentMode,Encrypt,", true},
		      {"G,alreadyformatted\n", true},
		      {"G,H\n", false},
		      {"Format\n", false}};
	for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
		ck_assert_msg((list_recognise((tally_text){fronts[i].text, strlen(fronts[i].text)}, 3) == KIND) ==
				  fronts[i].is_drive_set,
			      "%s", fronts[i].text);
}
END_TEST

static const char sample[] =
    HEADER "G,AlreadyFormatted,SilentMode,AlreadyEncrypted," KEY "\r\nH,Format,silentmode,Encrypt,\r\n";

START_TEST(test_truncated)
{
	list_truncate(KIND, (tally_text){sample, sizeof sample - 1}, NULL);
}
END_TEST

START_TEST(test_memory_runs_out)
{
	list_run_out_of_memory(KIND, sample, "T-16.case");
}
END_TEST

int main(void)
{
	return suite_run("drive set", (const suite_test[]){{test_corpus, 0},
							   {test_published, 0},
							   {test_combinations, 0},
							   {test_values, 0},
							   {test_keys, 0},
							   {test_no_key_gets_out, 0},
							   {test_headers, 0},
							   {test_recognised, 0},
							   {test_truncated, 0},
							   {test_memory_runs_out, 0},
							   {NULL, 0}});
}
