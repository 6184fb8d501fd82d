/* SPDX-License-Identifier: Apache-2.0 */
/* Every status and state is met by a test, quoted from a document, or said to be unknowable: states.txt, tried. */
#include "catalog/rules.h"
#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/cases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 512

typedef struct state_row {
	const tally_status *status;
	char *how, *what; /* what: "" where there is nothing */
} state_row;

static test_text table;
static state_row rows[ROWS_MAX];
static size_t row_count;

/* ---- the table ---- */

static const tally_status *find_status(const char *level_name, const char *code)
{
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		if (strcmp(tally_level_name(status->level), level_name) == 0 && strcmp(status->code, code) == 0)
			return status;
	}
	ck_abort_msg("states.txt: no status is called %s of level %s", code, level_name);
	return NULL;
}

/* Takes what is in front of " | " off the text; the rest where there is none. */
static char *next_field(char **text)
{
	char *field = *text, *end = field != NULL ? strstr(field, " | ") : NULL;
	*text = end != NULL ? end + 3 : NULL;
	if (end != NULL)
		*end = '\0';
	return field;
}

static void read_table(void)
{
	static char nothing[] = "";
	char *rest, *line;
	table = file_read(source_path("tests/catalog/states.txt"));
	for (rest = table.data; (line = strsep(&rest, "\n")) != NULL;) {
		if (line[0] == '#' || line[0] == '\0')
			continue;
		char *level = next_field(&line), *code = next_field(&line), *how = next_field(&line);
		ck_assert_msg(how != NULL, "states.txt: a row has no third field");
		ck_assert_uint_lt(row_count, ROWS_MAX);
		rows[row_count++] = (state_row){find_status(level, code), how, line != NULL ? line : nothing};
	}
}

static bool is_how(const state_row *row, const char *how)
{
	return strcmp(row->how, how) == 0;
}

static const state_row *row_of(tally_level level, const char *code)
{
	for (size_t k = 0; k < row_count; k++)
		if (rows[k].status == tally_status_find(level, code))
			return &rows[k];
	ck_abort_msg("states.txt: no status is called %s", code);
	return NULL;
}

static bool is_pending(const state_row *row)
{
	return is_how(row, "pending") || (is_how(row, "as") && is_how(row_of(TALLY_LEVEL_DRIVE, row->what), "pending"));
}

/* What can be established is not only quoted, and only what depends on others is unknowable. */
static bool may_be(const state_row *row)
{
	bool newer = row->status->level == TALLY_LEVEL_LOG_CODE;
	if (is_how(row, "quoted"))
		return row->status->offline != TALLY_OFFLINE_YES || newer;
	if (is_how(row, "unknowable"))
		return row->status->offline == TALLY_OFFLINE_NO || row->status->offline == TALLY_OFFLINE_PARTLY;
	return !is_how(row, "condition") || newer;
}

START_TEST(each_status_has_one_row)
{
	size_t pending = 0;
	read_table();
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		size_t count = 0;
		for (size_t k = 0; k < row_count; k++)
			count += rows[k].status == status;
		ck_assert_msg(count == 1, "states.txt has %zu rows for %s of level %s", count, status->code,
			      tally_level_name(status->level));
	}
	for (size_t k = 0; k < row_count; k++) {
		ck_assert_msg(may_be(&rows[k]), "%s can't be %s", rows[k].status->code, rows[k].how);
		ck_assert_msg((rows[k].what[0] == '\0') == is_how(&rows[k], "quoted"), "%s, %s: what?",
			      rows[k].status->code, rows[k].how);
		if (!is_pending(&rows[k]))
			continue;
		pending++;
		printf("pending: %s (%s): %s\n", rows[k].status->code, tally_level_name(rows[k].status->level),
		       rows[k].what);
	}
	printf("%zu statuses and states, %zu of them pending\n", row_count, pending);
}
END_TEST

/* ---- what leads to it ---- */

/* Whether this status is the one meant, or has it as its neighbour. */
static bool is_or_neighbours(const tally_status *met, const tally_status *meant)
{
	const char *neighbour = meant->level == TALLY_LEVEL_PORTAL        ? met->portal_state
				: meant->level == TALLY_LEVEL_DRIVE_STATE ? met->classic_state
				: meant->level == TALLY_LEVEL_COPY_STATUS ? met->copy_status
				: meant->level == TALLY_LEVEL_JOB         ? met->classic_state
									  : NULL;
	return met == meant || (neighbour != NULL && strcmp(neighbour, meant->code) == 0);
}

static void try_neighbour(const state_row *row)
{
	ck_assert_msg(is_or_neighbours(row_of(TALLY_LEVEL_DRIVE, row->what)->status, row->status),
		      "%s is no neighbour of %s", row->what, row->status->code);
}

static const check_case *find_case(const char *name)
{
	for (size_t i = 0; i < case_count(); i++)
		if (strcmp(case_at(i)->name, name) == 0)
			return case_at(i);
	ck_abort_msg("states.txt: no case is called %s", name);
	return NULL;
}

static void try_case(const state_row *row)
{
	const check_case *c = find_case(row->what);
	bool met = false;
	for (size_t i = 0; i < tally_status_count() && !met; i++) {
		const tally_status *status = tally_status_at(i);
		met = case_leads_to(c, status) && is_or_neighbours(status, row->status);
	}
	ck_assert_msg(met, "%s: the case \"%s\" doesn't lead there", row->status->code, row->what);
}

static void try_job(const state_row *row)
{
	tally_job_summary summary;
	stage s;
	stage_open(&s);
	ck_assert(case_make(find_case(row->what), &s));
	const char *subjects[] = {s.drive, s.journal};
	const tally_job_options options = {.subjects = subjects, .subject_count = 2};
	ck_assert_int_eq(tally_job(&options, NULL, &summary, NULL), TALLY_OK);
	ck_assert_msg(summary.job_status != NULL && is_or_neighbours(summary.job_status, row->status),
		      "%s: of the case \"%s\" comes %s", row->status->code, row->what,
		      summary.job_status != NULL ? summary.job_status->code : "nothing");
	tally_job_summary_clear(&summary);
	stage_close(&s);
}

static void judge_file(recorder *found, const char *path)
{
	tally_lint_result result;
	tally_error error;
	recorder_begin(found);
	const tally_sink sink = {.context = found, .finding = found->finder.put};
	ck_assert_msg(tally_lint_file(source_path(path), NULL, &sink, &result, &error) == TALLY_OK, "%s",
		      error.message);
}

static void try_lint(const state_row *row)
{
	recorder found;
	bool met = false;
	judge_file(&found, row->what);
	for (size_t i = 0; i < found.count; i++)
		met |= found.items[i].status != NULL && is_or_neighbours(found.items[i].status, row->status);
	ck_assert_msg(met, "%s: %s doesn't lead there", row->status->code, row->what);
	recorder_clear(&found);
}

/* "RULE FILE" or "FILE NAME". */
static char *split(const state_row *row, char first[256])
{
	char *blank = strchr(row->what, ' ');
	ck_assert_msg(blank != NULL && blank - row->what < 256, "%s: %s", row->status->code, row->what);
	memcpy(first, row->what, (size_t)(blank - row->what));
	first[blank - row->what] = '\0';
	return blank + 1;
}

static void try_condition(const state_row *row)
{
	char rule[256];
	recorder found;
	const char *path = split(row, rule);
	judge_file(&found, path);
	ck_assert_msg(recorder_count(&found, rule) > 0, "%s: %s doesn't break %s", row->status->code, path, rule);
	recorder_clear(&found);
}

static void try_test(const state_row *row)
{
	char path[256];
	const char *name = split(row, path);
	char in_c[300], in_python[300];
	snprintf(in_c, sizeof in_c, "START_TEST(%s)", name);
	snprintf(in_python, sizeof in_python, "def %s(", name);
	test_text text = file_read(source_path(path));
	ck_assert_msg(strstr(text.data, in_c) != NULL || strstr(text.data, in_python) != NULL, "%s: %s has no test %s",
		      row->status->code, path, name);
	text_clear(&text);
}

/* ---- what is only read ---- */

#define HEAD "<DriveLog Version=\"2014-11-01\"><DriveId>1</DriveId>"
#define BLOB(status, more) \
  "<Blob Status=\"" status "\"><BlobPath>c/b</BlobPath><FilePath>\\b</FilePath><Length>1</Length>" more "</Blob>"
#define END "<Status>CompletedWithErrors</Status></DriveLog>"
#define ANSWER(inner)                                                                        \
  "{\"id\": \"/subscriptions/1/resourceGroups/g/providers/Microsoft.ImportExport/jobs/j\", " \
  "\"type\": \"Microsoft.ImportExport/jobs\", \"properties\": {" inner "}}"
#define ORDER(inner)                                                                           \
  "{\"type\": \"Microsoft.DataBox/jobs\", \"properties\": {\"details\": {\"jobDetailsType\": " \
  "\"DataBoxCustomerDisk\", \"jobStages\": [{\"stageName\": \"" inner "\"}]}}}"

/* Where a code of each level stands in a document, as %s, and what is told when it isn't known. */
static const struct {
	tally_level level;
	tally_document_kind kind;
	tally_rule_symbol rule;
	const char *document;
} quotations[] = {
    {TALLY_LEVEL_DRIVE, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_21_DRIVE, HEAD "<Status>%s</Status></DriveLog>"},
    {TALLY_LEVEL_BLOB, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_21_BLOB, HEAD BLOB("%s", "") END},
    {TALLY_LEVEL_SEGMENT, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_21_SEGMENT,
     HEAD BLOB("Failed", "<BlockList><Block Offset=\"0\" Length=\"1\" Status=\"%s\"/></BlockList>") END},
    {TALLY_LEVEL_METADATA, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_21_SIDE,
     HEAD BLOB("Failed", "<Metadata Status=\"%s\"/>") END},
    {TALLY_LEVEL_PROPERTIES, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_21_SIDE,
     HEAD BLOB("Failed", "<Properties Status=\"%s\"/>") END},
    {TALLY_LEVEL_DISPOSITION, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_21_DISPOSITION,
     HEAD BLOB("Failed", "<ImportDisposition Status=\"%s\">rename</ImportDisposition>") END},
    {TALLY_LEVEL_LOG_CODE, TALLY_DOCUMENT_DRIVE_LOG, TALLY_RULE_L_35,
     "<DriveLog Version=\"2018-10-01\"><DriveId>1</DriveId>" BLOB("%s", "") END},
    {TALLY_LEVEL_JOB, TALLY_DOCUMENT_JOB, TALLY_RULE_R_11, ANSWER("\"state\": \"%s\"")},
    {TALLY_LEVEL_DRIVE_STATE, TALLY_DOCUMENT_JOB, TALLY_RULE_R_08,
     ANSWER("\"driveList\": [{\"driveId\": \"1\", \"state\": \"%s\"}]")},
    {TALLY_LEVEL_PORTAL, TALLY_DOCUMENT_JOB, TALLY_RULE_R_09_STATUS,
     ANSWER("\"driveList\": [{\"driveId\": \"1\", \"copyStatus\": \"%s\"}]")},
    {TALLY_LEVEL_COPY_STATUS, TALLY_DOCUMENT_JOB, TALLY_RULE_R_09_STATUS,
     ANSWER("\"driveList\": [{\"driveId\": \"1\", \"copyStatus\": \"%s\"}]")},
    {TALLY_LEVEL_STAGE, TALLY_DOCUMENT_JOB, TALLY_RULE_R_19_STAGE, ORDER("%s")},
};
#define QUOTATIONS (sizeof quotations / sizeof quotations[0])

/* Whether the reader of such documents doesn't know the word. */
static bool is_told(size_t quotation, const char *code)
{
	char document[2048];
	const char *template = quotations[quotation].document, *mark = strstr(template, "%s");
	recorder found;
	tally_lint_result result;
	tally_error error;
	bool told = false;
	snprintf(document, sizeof document, "%.*s%s%s", (int)(mark - template), template, code, mark + 2);
	recorder_begin(&found);
	const tally_lint_options options = {.kind = quotations[quotation].kind};
	const tally_sink sink = {.context = &found, .finding = found.finder.put};
	ck_assert_msg(tally_lint_memory(document, strlen(document), code, &options, &sink, &result, &error) == TALLY_OK,
		      "%s", error.message);
	for (size_t i = 0; i < found.count; i++)
		told |= found.items[i].rule == tally_rule_of(quotations[quotation].rule);
	recorder_clear(&found);
	return told;
}

static void try_quoted(const state_row *row)
{
	char code[80], misspelt[96];
	const char *spelled = row->status->code;
	/* That one stands for any number. */
	snprintf(code, sizeof code, "%s%s", strncmp(spelled, "n %", 3) == 0 ? "37" : "",
		 strncmp(spelled, "n %", 3) == 0 ? spelled + 1 : spelled);
	snprintf(misspelt, sizeof misspelt, "%sx", code);
	for (size_t i = 0; i < QUOTATIONS; i++) {
		if (quotations[i].level != row->status->level)
			continue;
		ck_assert_msg(!is_told(i, code), "%s is not taken from a document of its level", code);
		ck_assert_msg(is_told(i, misspelt), "%s is taken for a status", misspelt);
		return;
	}
	ck_abort_msg("no document holds statuses of level %s", tally_level_name(row->status->level));
}

/* ---- all of them ---- */

static void try_nothing(const state_row *row)
{
	size_t size = strlen(row->what);
	ck_assert_msg(size > 14 && size < 200, "%s: %s", row->status->code, row->what);
}

START_TEST(each_row_holds)
{
	static const struct {
		const char *how;
		void (*attempt)(const state_row *row);
	} attempts[] = {
	    {"case", try_case},           {"job", try_job},   {"lint", try_lint},     {"as", try_neighbour},
	    {"condition", try_condition}, {"test", try_test}, {"quoted", try_quoted}, {"unknowable", try_nothing},
	    {"pending", try_nothing},
	};
	read_table();
	for (size_t k = 0; k < row_count; k++) {
		size_t i = 0;
		while (i < sizeof attempts / sizeof attempts[0] && !is_how(&rows[k], attempts[i].how))
			i++;
		ck_assert_msg(i < sizeof attempts / sizeof attempts[0], "states.txt: %s is no way to meet %s",
			      rows[k].how, rows[k].status->code);
		attempts[i].attempt(&rows[k]);
	}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {each_status_has_one_row, 0},
	    {each_row_holds, 0},
	    {NULL, 0},
	};
	return suite_run("states", tests);
}
