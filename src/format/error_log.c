/* SPDX-License-Identifier: Apache-2.0 */
#include "format/error_log.h"

#include "format/log_common.h"

#include <inttypes.h>

#define NONE TALLY_RULE_NONE
#define PART TALLY_RULE_C_16_PART

enum {
	ERROR_LOG_DOCUMENT,
	ERROR_LOG_ROOT,
	ERROR_LOG_SESSION_ID,
	ERROR_LOG_ITEM_TYPE,
	ERROR_LOG_SOURCE,
	ERROR_LOG_ERRORS,
	ERROR_LOG_WARNINGS,
	ERROR_LOG_ERROR,
	ERROR_LOG_DESCRIPTION,
	ERROR_LOG_LIST,
	ERROR_LOG_FILE,
	ERROR_LOG_CONTAINER,
	ERROR_LOG_COUNT,
	ERROR_LOG_ELEMENTS
};

static const tally_child_rule document_children[] = {{ERROR_LOG_ROOT, 0, false, NONE, NONE}};
static const tally_attribute_rule root_attributes[] = {{"Version", TALLY_VALUE_TEXT, PART, NONE}};
static const tally_child_rule root_children[] = {
    {ERROR_LOG_SESSION_ID, 0, false, PART, NONE}, {ERROR_LOG_ITEM_TYPE, 0, false, PART, NONE},
    {ERROR_LOG_SOURCE, 0, false, PART, NONE},     {ERROR_LOG_ERRORS, 0, false, PART, NONE},
    {ERROR_LOG_WARNINGS, 0, false, NONE, NONE},
};
/* No warning was ever published: whatever it is called, it is read as an Error is. */
static const tally_child_rule errors_children[] = {{ERROR_LOG_ERROR, 0, true, NONE, NONE}};
static const tally_attribute_rule error_attributes[] = {{"Code", TALLY_VALUE_TEXT, PART, NONE}};
static const tally_child_rule error_children[] = {
    {ERROR_LOG_DESCRIPTION, 0, false, NONE, NONE},
    {ERROR_LOG_LIST, 0, false, NONE, NONE},
    {ERROR_LOG_COUNT, 0, false, PART, NONE},
};
static const tally_child_rule list_children[] = {
    {ERROR_LOG_FILE, 0, true, NONE, NONE},
    {ERROR_LOG_CONTAINER, 0, true, NONE, NONE},
};
static const tally_attribute_rule file_attributes[] = {{"Path", TALLY_VALUE_TEXT, PART, NONE}};
static const tally_attribute_rule container_attributes[] = {{"Name", TALLY_VALUE_TEXT, PART, NONE}};

#define TEXT(max) TALLY_LOG_TEXT(max, NONE)
#define NO_TEXT TALLY_LOG_NO_TEXT

static const tally_element_rule elements[ERROR_LOG_ELEMENTS] = {
    [ERROR_LOG_DOCUMENT] = {.name = "the document", NO_TEXT, TALLY_CHILDREN(document_children)},
    [ERROR_LOG_ROOT] = {.name = "ErrorLog", NO_TEXT, TALLY_ATTRIBUTES(root_attributes), TALLY_CHILDREN(root_children)},
    [ERROR_LOG_SESSION_ID] = {.name = "SessionId", TEXT(TALLY_LOG_SHORT_MAX)},
    [ERROR_LOG_ITEM_TYPE] = {.name = "ItemType", TEXT(TALLY_LOG_SHORT_MAX)},
    [ERROR_LOG_SOURCE] = {.name = "SourceDirectory", TEXT(TALLY_LOG_PATH_MAX)},
    [ERROR_LOG_ERRORS] = {.name = "Errors", NO_TEXT, TALLY_CHILDREN(errors_children)},
    [ERROR_LOG_WARNINGS] = {.name = "Warnings", NO_TEXT, .any_child = true, TALLY_CHILDREN(errors_children)},
    [ERROR_LOG_ERROR] = {.name = "Error", NO_TEXT, TALLY_ATTRIBUTES(error_attributes), TALLY_CHILDREN(error_children)},
    [ERROR_LOG_DESCRIPTION] = {.name = "Description", TEXT(TALLY_LOG_MESSAGE_MAX)},
    [ERROR_LOG_LIST] = {.name = "List", NO_TEXT, TALLY_CHILDREN(list_children)},
    [ERROR_LOG_FILE] = {.name = "File", NO_TEXT, TALLY_ATTRIBUTES(file_attributes)},
    [ERROR_LOG_CONTAINER] = {.name = "Container", NO_TEXT, TALLY_ATTRIBUTES(container_attributes)},
    [ERROR_LOG_COUNT] = {.name = "Count", TALLY_LOG_NUMBER(TALLY_RULE_C_16_COUNT)},
};

static const tally_grammar grammar = {
    .elements = elements,
    TALLY_LOG_COPY_RULES,
};

typedef struct error_log {
	tally_document *document;
	/* Of the Error in hand. */
	uint64_t listed, said;
	bool has_list, has_count;
	tally_place place;
} error_log;

static void open_error(error_log *log, const tally_value *code, tally_place place)
{
	*log = (error_log){.document = log->document, .place = place};
	if (code->present && (!tally_log_is_validation_code(code->text) || tally_text_equal_string(code->text, "None")))
		tally_log_tell(log->document, TALLY_RULE_C_16_CODE, code->place, code->text,
			       "this error is not a published one");
}

static void close_error(error_log *log)
{
	if (log->has_list && log->has_count && log->listed != log->said)
		tally_document_find(
		    log->document,
		    &(tally_fact){.rule = TALLY_RULE_C_16_COUNT, .in_document = true, .place = log->place},
		    "Count is %" PRIu64 ", but %" PRIu64 " are listed", log->said, log->listed);
}

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	error_log *log = state;
	(void)name;
	switch (element) {
	case ERROR_LOG_ROOT:
		if (attributes[0].present && !tally_text_equal_string(attributes[0].text, "2018-10-01"))
			tally_log_tell(log->document, TALLY_RULE_C_16_VERSION, attributes[0].place, attributes[0].text,
				       "the ErrorLog's Version is not 2018-10-01");
		break;
	case ERROR_LOG_ERROR:
		open_error(log, &attributes[0], place);
		break;
	case ERROR_LOG_LIST:
		log->has_list = true;
		break;
	case ERROR_LOG_FILE:
	case ERROR_LOG_CONTAINER:
		log->listed++;
		break;
	default:
		break;
	}
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	error_log *log = state;
	(void)name, (void)attributes;
	if (element == ERROR_LOG_ITEM_TYPE) {
		tally_log_check_cloud_format(log->document, value);
	} else if (element == ERROR_LOG_COUNT) {
		log->has_count = value->present && value->valid;
		log->said = value->number;
	} else if (element == ERROR_LOG_ERROR) {
		close_error(log);
	}
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	error_log log = {.document = NULL};
	tally_result result = tally_log_read(run, &grammar, &hooks, &log, &log.document, error);
	tally_document_free(log.document);
	return result;
}

static bool has_root(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	(void)attributes, (void)count;
	return tally_text_equal_string(name, "ErrorLog");
}

const tally_format tally_error_log_format = {TALLY_DOCUMENT_ERROR_LOG, "error-log", has_root, NULL, lint};
