/* SPDX-License-Identifier: Apache-2.0 */
/* tallyman explain: the catalogue for people. */
#include "base/memory.h"
#include "cli/command.h"
#include "cli/suggest.h"
#include "tallyman.h"

#define LABEL_WIDTH 13

/* In "n % completed" the n stands for any number. */
static bool is_code(const char *code, const char *asked)
{
	size_t digits = strspn(asked, "0123456789");
	if (digits > 0 && strncmp(code, "n %", 3) == 0)
		return is_code(code + 1, asked + digits);
	return tally_text_equal_ascii_nocase((tally_text){code, strlen(code)}, (tally_text){asked, strlen(asked)});
}

static void write_label(tally_writer *writer, const char *label)
{
	tally_write(writer, "  ");
	tally_write_column(writer, label, LABEL_WIDTH - 2);
}

static void write_field(tally_writer *writer, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	write_label(writer, label);
	tally_write_wrapped(writer, LABEL_WIDTH, LABEL_WIDTH, text);
}

/* ---- rules -------------------------------------------------------------------------------------------------- */

static const char *scope_text(tally_scope scope)
{
	switch (scope) {
	case TALLY_SCOPE_FACT:
		return "nowhere; it tells how the service or its tools behave";
	case TALLY_SCOPE_DOCUMENT:
		return "in a document by itself (lint, check)";
	case TALLY_SCOPE_JOB:
		return "between the documents and drives of a job (job)";
	case TALLY_SCOPE_DRIVE:
		break;
	}
	return "between a drive and its documents (check)";
}

static void write_rule(tally_writer *writer, const tally_rule *rule)
{
	tally_write(writer, "Rule ");
	tally_write(writer, rule->id);
	if (rule->aspect[0] != '\0') {
		tally_write(writer, ", ");
		tally_write(writer, rule->aspect);
	}
	tally_write(writer, "\n");
	write_field(writer, rule->scope == TALLY_SCOPE_FACT ? "Fact" : "Must hold", rule->summary);
	write_field(writer, "To do", rule->advice);
	write_field(writer, "Found", scope_text(rule->scope));
	if (rule->scope != TALLY_SCOPE_FACT) {
		write_field(writer, "Severity", tally_severity_name(rule->severity));
		write_field(writer, "Level", tally_level_name(rule->level));
	}
	write_field(writer, "Status", rule->status);
	write_field(writer, "Source", rule->source);
}

/* ---- statuses and states ------------------------------------------------------------------------------------ */

static const char *level_text(tally_level level)
{
	switch (level) {
	case TALLY_LEVEL_DRIVE:
		return "status of a drive in the copy log";
	case TALLY_LEVEL_BLOB:
		return "status of a blob in the copy log";
	case TALLY_LEVEL_SEGMENT:
		return "status of a block or page range in the copy log";
	case TALLY_LEVEL_METADATA:
		return "status of a blob's metadata in the copy log";
	case TALLY_LEVEL_PROPERTIES:
		return "status of a blob's properties in the copy log";
	case TALLY_LEVEL_DISPOSITION:
		return "disposition of a blob in the copy log";
	case TALLY_LEVEL_DOCUMENT:
		return "status of a document";
	case TALLY_LEVEL_JOB:
		return "state of a job";
	case TALLY_LEVEL_DRIVE_STATE:
		return "state of a drive in the classic portal and the REST interface";
	case TALLY_LEVEL_PORTAL:
		return "state of a drive in the portal";
	case TALLY_LEVEL_COPY_STATUS:
		return "CopyStatus of the Data Box resource provider";
	case TALLY_LEVEL_STAGE:
		return "StageName of the Data Box resource provider";
	case TALLY_LEVEL_LOG_CODE:
		break;
	}
	return "code of the copy logs of 2018-10-01 and 2021-08-01";
}

static const char *offline_text(tally_offline offline)
{
	switch (offline) {
	case TALLY_OFFLINE_YES:
		return "can be established";
	case TALLY_OFFLINE_PARTLY:
		return "can be refuted or suspected, not proved";
	case TALLY_OFFLINE_QUOTED:
		return "only by reading it in a log or a saved answer";
	case TALLY_OFFLINE_NO:
		break;
	}
	return "no; it depends on the service, the network, the carrier or an operator";
}

/* A list of names behind a label, however many come. */
typedef struct name_list {
	tally_writer *writer;
	const char *label;
	size_t column; /* 0: nothing was written yet */
	const char *last;
} name_list;

static void add_name(name_list *list, const char *name)
{
	if (list->last != NULL && strcmp(list->last, name) == 0)
		return;
	list->last = name;
	bool first = list->column == 0;
	if (first) {
		write_label(list->writer, list->label);
		list->column = LABEL_WIDTH;
	}
	tally_write_listed(list->writer, &list->column, LABEL_WIDTH, first, name);
}

static void end_names(const name_list *list)
{
	if (list->column > 0)
		tally_write(list->writer, "\n");
}

/* Metadata and properties files share their rules, which stand at the level of metadata. */
static bool leads_to(const tally_rule *rule, const tally_status *status)
{
	tally_level level = status->level == TALLY_LEVEL_PROPERTIES ? TALLY_LEVEL_METADATA : status->level;
	return (rule->level == level || rule->level == status->level) && rule->status != NULL &&
	       strcmp(rule->status, status->code) == 0;
}

static void write_rules_of(tally_writer *writer, const tally_status *status)
{
	name_list list = {.writer = writer, .label = "Rules"};
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		if (leads_to(rule, status))
			add_name(&list, rule->id);
	}
	end_names(&list);
}

/* The drive statuses whose neighbour in this state's own vocabulary is this state. */
static void write_causes(tally_writer *writer, const tally_status *state)
{
	name_list list = {.writer = writer, .label = "Caused by"};
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		const char *neighbour = state->level == TALLY_LEVEL_PORTAL        ? status->portal_state
					: state->level == TALLY_LEVEL_DRIVE_STATE ? status->classic_state
					: state->level == TALLY_LEVEL_COPY_STATUS ? status->copy_status
										  : NULL;
		if (status->level == TALLY_LEVEL_DRIVE && neighbour != NULL && strcmp(neighbour, state->code) == 0)
			add_name(&list, status->code);
	}
	end_names(&list);
}

static void write_status(tally_writer *writer, const tally_status *status)
{
	tally_write(writer, status->code);
	tally_write(writer, ", ");
	tally_write(writer, level_text(status->level));
	tally_write(writer, "\n");
	write_field(writer, "Meaning", status->meaning);
	write_field(writer, "To do", status->advice);
	write_field(writer, "Offline", offline_text(status->offline));
	write_field(writer, "Evidence", status->offline_evidence);
	if (status->level != TALLY_LEVEL_PORTAL)
		write_field(writer, "Portal", status->portal_state);
	if (status->level != TALLY_LEVEL_DRIVE_STATE)
		write_field(writer, "Classic", status->classic_state);
	if (status->level != TALLY_LEVEL_COPY_STATUS)
		write_field(writer, "CopyStatus", status->copy_status);
	write_rules_of(writer, status);
	write_causes(writer, status);
}

/* ---- the command -------------------------------------------------------------------------------------------- */

/* Writes all that is called `code`; how many there were. `before` says whether a blank line comes first. */
static size_t write_code(tally_writer *writer, const char *code, bool before)
{
	size_t count = 0;
	for (size_t i = 0; i < tally_rule_count(); i++) {
		if (!is_code(tally_rule_at(i)->id, code))
			continue;
		tally_write(writer, before || count > 0 ? "\n" : "");
		write_rule(writer, tally_rule_at(i));
		count++;
	}
	for (size_t i = 0; i < tally_status_count(); i++) {
		if (!is_code(tally_status_at(i)->code, code))
			continue;
		tally_write(writer, before || count > 0 ? "\n" : "");
		write_status(writer, tally_status_at(i));
		count++;
	}
	return count;
}

static void write_list(tally_writer *writer)
{
	for (size_t i = 0; i < tally_rule_count(); i++) {
		const tally_rule *rule = tally_rule_at(i);
		const char *severity = rule->scope == TALLY_SCOPE_FACT ? "fact" : tally_severity_name(rule->severity);
		tally_write_column(writer, rule->id, 8);
		tally_write_column(writer, severity, 9);
		tally_write(writer, rule->summary);
		tally_write(writer, "\n");
	}
	for (size_t i = 0; i < tally_status_count(); i++) {
		const tally_status *status = tally_status_at(i);
		tally_write(writer, status->code);
		tally_write(writer, "  (");
		tally_write(writer, tally_level_name(status->level));
		tally_write(writer, ")  ");
		tally_write(writer, status->meaning);
		tally_write(writer, "\n");
	}
}

static void complain_unknown(const tally_cli_call *call, const char *code)
{
	const char *names[TALLY_SUGGESTIONS];
	size_t count = tally_cli_suggest(code, names);
	char text[256] = "";
	size_t used = 0;
	for (size_t i = 0; i < count && used < sizeof text; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? ", " : "; did you mean ",
					 names[i]);
	tally_cli_complain(call->streams, "no rule, status or state is called %.200s%s%s", code, text,
			   count > 0 ? "?" : "");
}

/* A state has blanks in its name, and not everyone quotes it: all arguments as one code, to be freed. */
static char *join_arguments(const tally_cli_call *call)
{
	size_t size = 1;
	for (size_t i = 0; i < call->argument_count; i++)
		size += strlen(call->arguments[i]) + 1;
	char *joined = tally_alloc(size);
	if (joined == NULL)
		return NULL;
	char *end = joined;
	for (size_t i = 0; i < call->argument_count; i++) {
		if (i > 0)
			*end++ = ' ';
		end = stpcpy(end, call->arguments[i]);
	}
	*end = '\0';
	return joined;
}

static int write_codes(const tally_cli_call *call, tally_writer *writer)
{
	char *joined = join_arguments(call);
	if (joined == NULL) {
		tally_cli_complain(call->streams, "out of memory");
		return TALLY_EXIT_UNCHECKED;
	}
	size_t found = write_code(writer, joined, false);
	tally_free(joined);
	if (found > 0)
		return TALLY_EXIT_OK;
	int status = TALLY_EXIT_OK;
	for (size_t i = 0; i < call->argument_count; i++) {
		size_t count = write_code(writer, call->arguments[i], found > 0);
		if (count == 0) {
			complain_unknown(call, call->arguments[i]);
			status = TALLY_EXIT_USAGE;
		}
		found += count;
	}
	return status;
}

int tally_cli_explain(const tally_cli_call *call)
{
	bool list = call->given[TALLY_OPTION_LIST];
	if (list == (call->argument_count > 0))
		return tally_cli_usage_error(call, list ? "--list takes no CODE" : "explain needs a CODE or --list");
	tally_writer writer;
	tally_cli_writer_init(&writer, call->streams->out);
	int status = TALLY_EXIT_OK;
	if (list)
		write_list(&writer);
	else
		status = write_codes(call, &writer);
	return tally_cli_finish(call->streams, &writer, status);
}
