/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SARIF 2.1.0, for hosts of code that show findings where they are. One log with one run, however many drives or
 * documents: hosts refuse several runs of one tool that nothing tells apart.
 *
 * All rules come first, not only those that were violated, so that a result can name its rule's index while results
 * are still being written: nothing has to be kept until the end.
 *
 * What could not be checked is a result too (rule "unchecked"), besides invocations[0].executionSuccessful: SARIF has
 * notifications for it, but hosts don't show them, and silence would read as success.
 */
#include "catalog/rules.h"
#include "report/json_stream.h"
#include "report/report.h"
#include "report/uri.h"

#include <inttypes.h>
#include <stdio.h>

#define SCHEMA "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define UNCHECKED "unchecked"
/* Behind the catalogue's rules; facts, which nothing can violate, are left out. */
#define UNCHECKED_INDEX ((uint64_t)TALLY_RULE_SYMBOLS)

/* What the places of a finding refer to. */
typedef struct sarif_subject {
	const char *path;
	const char *const *papers; /* of a drive: documents that are not on it; NULL among them is none */
	size_t paper_count;
	bool is_drive;
} sarif_subject;

/* ---- texts -------------------------------------------------------------------------------------------------- */

/* Whether viewers would make a link of it, to wherever a hostile document wants: [text](destination). */
static bool has_link(const char *text)
{
	return strstr(text, "](") != NULL;
}

/*
 * {"text": …}, in which brackets and braces mean themselves: not the text of a link, and not an argument's place, for
 * which braces are doubled also where there are no arguments (3.11.5). Brackets do without, where no link is.
 */
static void put_text(tally_json_stream *json, const char *key, const char *text)
{
	char safe[4096];
	size_t used = 0;
	bool link = has_link(text);
	for (; *text != '\0' && used + 3 < sizeof safe; text++) {
		if (link && (*text == '[' || *text == ']'))
			safe[used++] = '\\';
		if (*text == '{' || *text == '}')
			safe[used++] = *text;
		safe[used++] = *text;
	}
	safe[used] = '\0';
	tally_json_write_open(json, key, "{");
	tally_json_write_string(json, "text", safe);
	tally_json_write_close(json, "}");
}

/*
 * Several rows of the catalogue may share an id, and hosts tell rules apart by their ids: so the aspect belongs to
 * the id here. SARIF reads what follows a slash as a part of the rule before it.
 */
static void make_rule_id(const tally_rule *rule, char id[64])
{
	snprintf(id, 64, "%s%s%s", rule->id, rule->aspect[0] != '\0' ? "/" : "", rule->aspect);
	for (char *c = id; *c != '\0'; c++)
		if (*c == ' ')
			*c = '-';
}

/* ---- rules -------------------------------------------------------------------------------------------------- */

static void put_rule(tally_json_stream *json, const tally_rule *rule)
{
	char id[64];
	make_rule_id(rule, id);
	tally_json_write_open(json, NULL, "{");
	tally_json_write_string(json, "id", id);
	if (rule->aspect[0] != '\0')
		tally_json_write_string(json, "name", rule->aspect);
	put_text(json, "shortDescription", rule->summary);
	if (rule->advice[0] != '\0')
		put_text(json, "help", rule->advice);
	tally_json_write_open(json, "defaultConfiguration", "{");
	tally_json_write_string(json, "level", tally_severity_name(rule->severity));
	tally_json_write_close(json, "}");
	tally_json_write_open(json, "properties", "{");
	tally_json_write_string(json, "source", rule->source);
	if (rule->status != NULL)
		tally_json_write_string(json, "status", rule->status);
	tally_json_write_close(json, "}");
	tally_json_write_close(json, "}");
}

static void put_unchecked_rule(tally_json_stream *json)
{
	tally_json_write_open(json, NULL, "{");
	tally_json_write_string(json, "id", UNCHECKED);
	put_text(json, "shortDescription", "What was to be checked can be checked.");
	put_text(json, "help", "Nothing is known about it. Put right what the message names, and run the check again.");
	tally_json_write_open(json, "defaultConfiguration", "{");
	tally_json_write_string(json, "level", "error");
	tally_json_write_close(json, "}");
	tally_json_write_close(json, "}");
}

static void write_begin(tally_writer *writer)
{
	tally_json_stream json = {writer, false};
	tally_json_write_open(&json, NULL, "{");
	tally_json_write_string(&json, "$schema", SCHEMA);
	tally_json_write_string(&json, "version", "2.1.0");
	tally_json_write_open(&json, "runs", "[");
	tally_json_write_open(&json, NULL, "{");
	tally_json_write_open(&json, "tool", "{");
	tally_json_write_open(&json, "driver", "{");
	tally_json_write_string(&json, "name", "tallyman");
	tally_json_write_string(&json, "semanticVersion", tally_version());
	tally_json_write_open(&json, "rules", "[");
	for (size_t i = 0; i < TALLY_RULE_SYMBOLS; i++)
		put_rule(&json, tally_rule_at(i));
	put_unchecked_rule(&json);
	tally_json_write_close(&json, "]");
	tally_json_write_close(&json, "}");
	tally_json_write_close(&json, "}");
	tally_json_write_open(&json, "results", "[");
}

static void write_end(tally_writer *writer, int exit_status, uint64_t omitted)
{
	tally_json_stream json = {writer, true};
	tally_json_write_close(&json, "]");
	tally_json_write_open(&json, "invocations", "[");
	tally_json_write_open(&json, NULL, "{");
	tally_json_write_boolean(&json, "executionSuccessful", exit_status != 3);
	tally_json_write_number(&json, "exitCode", (uint64_t)exit_status);
	tally_json_write_open(&json, "properties", "{");
	tally_json_write_number(&json, "findingsOmitted", omitted);
	tally_json_write_close(&json, "}");
	tally_json_write_close(&json, "}");
	tally_json_write_close(&json, "]");
	tally_json_write_close(&json, "}");
	tally_json_write_close(&json, "]");
	tally_json_write_close(&json, "}\n");
}

/* ---- places ------------------------------------------------------------------------------------------------- */

static void open_artifact(tally_json_stream *json)
{
	tally_json_write_open(json, "physicalLocation", "{");
	tally_json_write_open(json, "artifactLocation", "{");
	tally_json_write_key(json, "uri");
	tally_write(json->writer, "\"");
}

static void close_artifact(tally_json_stream *json)
{
	tally_write(json->writer, "\"");
	tally_json_write_close(json, "}");
}

static bool is_among(const char *const *papers, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++)
		if (papers[i] != NULL && strcmp(papers[i], path) == 0)
			return true;
	return false;
}

static bool is_on_drive(const sarif_subject *subject, const char *document)
{
	return subject->is_drive && !is_among(subject->papers, subject->paper_count, document);
}

static void put_document(tally_json_stream *json, const sarif_subject *subject, const tally_finding *finding)
{
	open_artifact(json);
	if (is_on_drive(subject, finding->document))
		tally_uri_write_on_drive(json->writer, subject->path, finding->document);
	else
		tally_uri_write(json->writer, finding->document);
	close_artifact(json);
	if (finding->line != 0) {
		tally_json_write_open(json, "region", "{");
		tally_json_write_number(json, "startLine", finding->line);
		tally_json_write_number(json, "byteOffset", finding->document_offset);
		tally_json_write_close(json, "}");
	}
	tally_json_write_close(json, "}");
}

static void put_file(tally_json_stream *json, const sarif_subject *subject, const tally_finding *finding)
{
	open_artifact(json);
	tally_uri_write_on_drive(json->writer, subject->path, finding->file_path);
	close_artifact(json);
	/* Readers take these numbers for signed ones of 64 bits at most. */
	if (finding->has_range && finding->offset <= INT64_MAX && finding->length <= INT64_MAX) {
		tally_json_write_open(json, "region", "{");
		tally_json_write_number(json, "byteOffset", finding->offset);
		tally_json_write_number(json, "byteLength", finding->length);
		tally_json_write_close(json, "}");
	}
	tally_json_write_close(json, "}");
}

static void put_subject(tally_json_stream *json, const sarif_subject *subject)
{
	open_artifact(json);
	tally_uri_write(json->writer, subject->path);
	close_artifact(json);
	tally_json_write_close(json, "}");
}

static bool has_document(const sarif_subject *subject, const tally_finding *finding)
{
	return finding->document != NULL &&
	       (!is_on_drive(subject, finding->document) || tally_uri_is_on_drive(finding->document));
}

/* On a drive the file comes first, for it is what is wrong; the manifest's line is related. */
static void put_locations(tally_json_stream *json, const sarif_subject *subject, const tally_finding *finding)
{
	bool in_document = has_document(subject, finding);
	bool in_file = subject->is_drive && finding->file_path != NULL && tally_uri_is_on_drive(finding->file_path);
	tally_json_write_open(json, "locations", "[");
	tally_json_write_open(json, NULL, "{");
	if (in_file)
		put_file(json, subject, finding);
	else if (in_document)
		put_document(json, subject, finding);
	else
		put_subject(json, subject);
	if (finding->blob_path != NULL) {
		tally_json_write_open(json, "logicalLocations", "[");
		tally_json_write_open(json, NULL, "{");
		tally_json_write_string(json, "fullyQualifiedName", finding->blob_path);
		tally_json_write_string(json, "kind", "resource");
		tally_json_write_close(json, "}");
		tally_json_write_close(json, "]");
	}
	tally_json_write_close(json, "}");
	tally_json_write_close(json, "]");
	if (!in_file || !in_document)
		return;
	tally_json_write_open(json, "relatedLocations", "[");
	tally_json_write_open(json, NULL, "{");
	tally_json_write_number(json, "id", 1);
	put_document(json, subject, finding);
	put_text(json, "message", "the place in the document");
	tally_json_write_close(json, "}");
	tally_json_write_close(json, "]");
}

/* ---- results ------------------------------------------------------------------------------------------------ */

/* FNV-1a, each text with the NUL behind it so that none runs into the next. */
static uint64_t mix(uint64_t hash, const char *text)
{
	const unsigned char *byte = (const unsigned char *)(text != NULL ? text : "");
	do {
		hash = (hash ^ *byte) * UINT64_C(0x100000001B3);
	} while (*byte++ != '\0');
	return hash;
}

/*
 * The same from run to run for what is the same fault: what it is about, not the line, which moves when something is
 * put right above it, nor the wording, which changes with versions.
 */
static void put_fingerprint(tally_json_stream *json, const tally_finding *finding, const char *rule_id)
{
	char text[48];
	uint64_t hash = mix(UINT64_C(0xCBF29CE484222325), rule_id);
	hash = mix(hash, tally_level_name(finding->level));
	hash = mix(hash, finding->document);
	hash = mix(hash, finding->blob_path);
	hash = mix(hash, finding->file_path);
	if (!finding->has_range) {
		hash = mix(hash, finding->actual);
	} else { /* bytes that are wrong stay the same fault when they are wrong in another way */
		snprintf(text, sizeof text, "%" PRIu64 "+%" PRIu64, finding->offset, finding->length);
		hash = mix(hash, text);
	}
	snprintf(text, sizeof text, "%016" PRIx64, hash);
	tally_json_write_open(json, "partialFingerprints", "{");
	tally_json_write_string(json, "subject/v1", text);
	tally_json_write_close(json, "}");
}

static void put_result(tally_json_stream *json, const sarif_subject *subject, const tally_finding *finding)
{
	char id[64];
	make_rule_id(finding->rule, id);
	tally_json_write_open(json, NULL, "{");
	tally_json_write_string(json, "ruleId", id);
	tally_json_write_number(json, "ruleIndex", (uint64_t)(finding->rule - tally_rule_at(0)));
	tally_json_write_string(json, "level", tally_severity_name(finding->severity));
	put_text(json, "message", finding->message);
	put_locations(json, subject, finding);
	put_fingerprint(json, finding, id);
	tally_json_write_open(json, "properties", "{");
	tally_json_write_string(json, "level", tally_level_name(finding->level));
	if (finding->status != NULL)
		tally_json_write_string(json, "status", finding->status->code);
	if (finding->expected != NULL)
		tally_json_write_string(json, "expected", finding->expected);
	if (finding->actual != NULL)
		tally_json_write_string(json, "actual", finding->actual);
	tally_json_write_close(json, "}");
	tally_json_write_close(json, "}");
}

static void put_unchecked(tally_json_stream *json, const sarif_subject *subject, const tally_error *error)
{
	tally_json_write_open(json, NULL, "{");
	tally_json_write_string(json, "ruleId", UNCHECKED);
	tally_json_write_number(json, "ruleIndex", UNCHECKED_INDEX);
	tally_json_write_string(json, "level", "error");
	put_text(json, "message", error->message);
	tally_json_write_open(json, "locations", "[");
	tally_json_write_open(json, NULL, "{");
	put_subject(json, subject);
	tally_json_write_close(json, "}");
	tally_json_write_close(json, "]");
	tally_json_write_close(json, "}");
}

/* Every result on a line of its own, so that two reports can be compared with the tools for text. */
static void put_results(tally_writer *writer, bool comma, const sarif_subject *subject, const tally_error *error,
			const tally_collector *findings)
{
	tally_json_stream json = {writer, false};
	if (error != NULL) {
		tally_write(writer, comma ? ",\n" : "\n");
		put_unchecked(&json, subject, error);
		comma = true;
	}
	for (size_t i = 0; i < findings->kept_count; i++) {
		tally_write(writer, comma ? ",\n" : "\n");
		json.comma = false;
		put_result(&json, subject, &findings->kept[i]->finding);
		comma = true;
	}
}

/* ---- check and lint ----------------------------------------------------------------------------------------- */

static void write_check(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
			const tally_check_report *report)
{
	(void)style;
	const sarif_subject subject = {.path = report->path,
				       .papers = report->papers,
				       .paper_count = report->paper_count,
				       .is_drive = !is_among(report->papers, report->paper_count, report->path)};
	put_results(writer, totals->results > 0, &subject, report->error, report->findings);
}

static void write_job(tally_writer *writer, const tally_report_style *style, const tally_check_totals *totals,
		      const tally_job_report *report)
{
	(void)style;
	const sarif_subject subject = {.path = report->path};
	put_results(writer, totals->results > 0, &subject, report->error, report->findings);
}

static void write_check_end(tally_writer *writer, const tally_check_totals *totals)
{
	write_end(writer, totals->exit_status, totals->omitted);
}

static void write_lint_document(tally_writer *writer, const tally_report_style *style, const tally_lint_totals *totals,
				const tally_lint_report *report)
{
	(void)style;
	const sarif_subject subject = {.path = report->path};
	put_results(writer, totals->results > 0, &subject, report->error, report->findings);
}

static void write_lint_end(tally_writer *writer, const tally_lint_totals *totals)
{
	write_end(writer, totals->exit_status, totals->omitted);
}

const tally_report_format tally_report_sarif = {
    .name = "sarif",
    .check_begin = write_begin,
    .check = write_check,
    .job = write_job,
    .check_end = write_check_end,
    .lint_begin = write_begin,
    .lint_document = write_lint_document,
    .lint_end = write_lint_end,
};
