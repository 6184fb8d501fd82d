/* SPDX-License-Identifier: Apache-2.0 */
#include "format/box_lists.h"

#include "format/log_common.h"

#define NONE TALLY_RULE_NONE
#define MISSING TALLY_RULE_C_16_MISSING

enum { LIST_DOCUMENT, LIST_FILE };
enum { LIST_ENCODING, LIST_ERROR, LIST_SIZE = LIST_ERROR, LIST_CRC64 };

static const tally_child_rule document_children[] = {{LIST_FILE, 0, true, NONE, NONE}};

static const tally_attribute_rule bill_attributes[] = {
    [LIST_ENCODING] = {"name_encoding", TALLY_VALUE_TEXT, NONE, NONE},
    [LIST_SIZE] = {"size", TALLY_VALUE_UINT, MISSING, TALLY_RULE_C_05_NUMBER},
    [LIST_CRC64] = {"crc64", TALLY_VALUE_TEXT, MISSING, NONE},
};
static const tally_attribute_rule error_attributes[] = {
    [LIST_ENCODING] = {"name_encoding", TALLY_VALUE_TEXT, NONE, NONE},
    [LIST_ERROR] = {"error", TALLY_VALUE_TEXT, MISSING, NONE},
};

#define LIST_OF(table)                                                                                    \
  {                                                                                                       \
    [LIST_DOCUMENT] = {.name = "the document", TALLY_LOG_NO_TEXT, TALLY_CHILDREN(document_children)},     \
    [LIST_FILE] = {.name = "file", TALLY_LOG_TEXT(TALLY_LOG_PATH_MAX, MISSING), TALLY_ATTRIBUTES(table)}, \
  }
static const tally_element_rule bill_elements[] = LIST_OF(bill_attributes);
static const tally_element_rule error_elements[] = LIST_OF(error_attributes);

#define GRAMMAR_OF(table)                                                                                             \
  {                                                                                                                   \
    .elements = (table), .fragment = true, .root = TALLY_RULE_C_02_ROOT, .unknown_element = TALLY_RULE_C_02_UNKNOWN,  \
    .unknown_attribute = TALLY_RULE_C_02_UNKNOWN, .repeated = TALLY_RULE_C_02_REPEATED, .text = TALLY_RULE_C_02_TEXT, \
    .blanks = NONE, .character = TALLY_RULE_M_06, .level = TALLY_LEVEL_DOCUMENT, .status = NULL,                      \
  }
static const tally_grammar bill_grammar = GRAMMAR_OF(bill_elements);
static const tally_grammar error_grammar = GRAMMAR_OF(error_elements);

typedef struct box_list {
	tally_document *document;
	bool is_bill;
} box_list;

static void check_name(box_list *list, const tally_value *value, const tally_value *encoding)
{
	size_t size;
	if (!value->present)
		return;
	if (!encoding->present) {
		if (value->text.data[0] != '\\')
			tally_log_tell(list->document, TALLY_RULE_C_16_PATH, value->place, value->text,
				       "the path does not begin with a backslash");
	} else if (!tally_text_equal_string(encoding->text, "Base64")) {
		tally_log_tell(list->document, TALLY_RULE_C_15, encoding->place, encoding->text,
			       "this encoding of names is not known, only Base64 is");
	} else if (!tally_base64_decode(value->text, NULL, 0, &size)) {
		tally_log_tell(list->document, TALLY_RULE_C_15, value->place, value->text,
			       "the name is said to be Base64, but is not");
	}
}

/* The device's codes (N-14). */
static void check_error(box_list *list, const tally_value *error)
{
	static const char *const known[] = {"ERROR_CONTAINER_OR_SHARE_NAME_LENGTH",
					    "ERROR_CONTAINER_OR_SHARE_NAME_ALPHA_NUMERIC_DASH",
					    "ERROR_CONTAINER_OR_SHARE_NAME_IMPROPER_DASH",
					    "ERROR_CONTAINER_OR_SHARE_NAME_DISALLOWED_FOR_TYPE",
					    "ERROR_CONTAINER_OR_SHARE_CAPACITY_EXCEEDED",
					    "ERROR_BLOB_OR_FILE_SIZE_LIMIT",
					    "ERROR_BLOB_OR_FILE_SIZE_ALIGNMENT",
					    "ERROR_BLOB_OR_FILE_TYPE_UNSUPPORTED",
					    "ERROR_DIRECTORY_DISALLOWED_FOR_TYPE",
					    "REPARSE_POINT_ERROR",
					    "ERROR_BLOB_OR_FILE_NAME_CHARACTER_CONTROL",
					    "ERROR_BLOB_OR_FILE_NAME_CHARACTER_ILLEGAL",
					    "ERROR_BLOB_OR_FILE_NAME_ENDING",
					    "ERROR_BLOB_OR_FILE_NAME_SEGMENT_COUNT",
					    "ERROR_BLOB_OR_FILE_NAME_AGGREGATE_LENGTH",
					    "ERROR_BLOB_OR_FILE_NAME_COMPONENT_LENGTH",
					    NULL};
	if (error->present && !tally_log_is_one_of(error->text, known))
		tally_log_tell(list->document, TALLY_RULE_C_16_CODE, error->place, error->text,
			       "this error is not a published one");
}

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	box_list *list = state;
	(void)element, (void)name, (void)place;
	if (list->is_bill)
		tally_log_check_crc64(list->document, &attributes[LIST_SIZE], &attributes[LIST_CRC64], true);
	else
		check_error(list, &attributes[LIST_ERROR]);
}

static void on_close(void *state, unsigned element, tally_text name, const tally_value *value,
		     const tally_value *attributes)
{
	const box_list *list = state;
	(void)element, (void)name;
	/* When an element stands in the line, which is told, its text is not the name alone. */
	if (!tally_document_has_children(list->document))
		check_name(state, value, &attributes[LIST_ENCODING]);
}

static tally_result read_list(tally_lint_run *run, bool is_bill, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, on_close};
	box_list list = {.is_bill = is_bill};
	tally_result result =
	    tally_log_read(run, is_bill ? &bill_grammar : &error_grammar, &hooks, &list, &list.document, error);
	tally_document_free(list.document);
	return result;
}

static tally_result lint_bill(tally_lint_run *run, tally_error *error)
{
	return read_list(run, true, error);
}

static tally_result lint_errors(tally_lint_run *run, tally_error *error)
{
	return read_list(run, false, error);
}

static bool is_file_with(tally_text name, const char *wanted, const tally_xml_attribute *attributes, size_t count)
{
	if (!tally_text_equal_string(name, "file"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (tally_text_equal_string(attributes[i].name, wanted))
			return true;
	return false;
}

static bool is_bill(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	return is_file_with(name, "size", attributes, count) || is_file_with(name, "crc64", attributes, count);
}

static bool is_error_list(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	return is_file_with(name, "error", attributes, count);
}

const tally_format tally_bill_of_materials_format = {TALLY_DOCUMENT_BILL_OF_MATERIALS, "bill-of-materials", is_bill,
						     NULL, lint_bill};
const tally_format tally_error_list_format = {TALLY_DOCUMENT_ERROR_LIST, "error-list", is_error_list, NULL,
					      lint_errors};
