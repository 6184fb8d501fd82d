/* SPDX-License-Identifier: Apache-2.0 */
#include "format/blob_list_grammar.h"

#define NUMBER_BYTES_MAX 64

#define NONE TALLY_RULE_NONE
#define ANY_NUMBER(index)                                            \
  {                                                                  \
    .element = (index), .many = true, .missing = NONE, .order = NONE \
  }
#define ONCE(index)                                    \
  {                                                    \
    .element = (index), .missing = NONE, .order = NONE \
  }
#define HOLDER(title) .name = (title), .type = TALLY_VALUE_NONE, .invalid = NONE, .empty = NONE, .refused = NONE
#define ENTRY(title, rule)                                                                        \
  {                                                                                               \
    .name = (title), .type = TALLY_VALUE_TEXT, .invalid = NONE, .empty = (rule), .refused = NONE, \
    .text_max = LIST_ENTRY_BYTES_MAX                                                              \
  }
#define NUMBER(title)                                                                                                \
  {                                                                                                                  \
    .name = (title), .type = TALLY_VALUE_UINT, .invalid = TALLY_RULE_X_10_NUMBERS, .empty = TALLY_RULE_X_10_NUMBERS, \
    .refused = NONE, .text_max = NUMBER_BYTES_MAX                                                                    \
  }

/* Several roots are K-15's, told by the hook. */
static const tally_child_rule roots[] = {ANY_NUMBER(LIST_BLOBS), ANY_NUMBER(LIST_FILES), ANY_NUMBER(LIST_SUMMARY)};
static const tally_child_rule blob_entries[] = {ANY_NUMBER(LIST_BLOB_PATH), ANY_NUMBER(LIST_BLOB_PREFIX)};
static const tally_child_rule file_entries[] = {ANY_NUMBER(LIST_FILE_PATH), ANY_NUMBER(LIST_FILE_PREFIX)};
static const tally_child_rule summary_fields[] = {ONCE(LIST_NUM_BLOBS), ONCE(LIST_POD_SIZE),
						  ONCE(LIST_STORAGE_CONSUMED), ONCE(LIST_REMAINING_STORAGE)};
static const tally_attribute_rule path_attributes[] = {{"size", TALLY_VALUE_UINT, NONE, TALLY_RULE_X_10_NUMBERS}};

static const tally_element_rule elements[LIST_ELEMENTS] = {
    [LIST_DOCUMENT] = {HOLDER("the document"), TALLY_CHILDREN(roots)},
    [LIST_BLOBS] = {HOLDER("BlobList"), TALLY_CHILDREN(blob_entries)},
    [LIST_BLOB_PATH] = {.name = "BlobPath",
			.type = TALLY_VALUE_TEXT,
			.invalid = NONE,
			.empty = TALLY_RULE_X_04_FORM,
			.refused = NONE,
			.text_max = LIST_ENTRY_BYTES_MAX,
			TALLY_ATTRIBUTES(path_attributes)},
    [LIST_BLOB_PREFIX] = ENTRY("BlobPathPrefix", TALLY_RULE_X_05_SLASH),
    [LIST_FILES] = {HOLDER("AzureFileList"), TALLY_CHILDREN(file_entries)},
    [LIST_FILE_PATH] = ENTRY("FilePath", TALLY_RULE_X_04_FORM),
    [LIST_FILE_PREFIX] = ENTRY("FilePathPrefix", TALLY_RULE_X_05_SLASH),
    [LIST_SUMMARY] = {HOLDER("Summary"), TALLY_CHILDREN(summary_fields)},
    [LIST_NUM_BLOBS] = NUMBER("numBlobs"),
    [LIST_POD_SIZE] = NUMBER("podSize"),
    [LIST_STORAGE_CONSUMED] = NUMBER("storageConsumed"),
    [LIST_REMAINING_STORAGE] = NUMBER("remainingStorage"),
};

static tally_rule_symbol explain(tally_xml_problem problem)
{
	if (problem == TALLY_XML_AMPERSAND)
		return TALLY_RULE_X_10_AMPERSAND;
	return problem == TALLY_XML_MALFORMED ? TALLY_RULE_X_03_TAGS : TALLY_RULE_NONE;
}

const tally_grammar tally_list_grammar = {
    .elements = elements,
    .fragment = true,
    .root = TALLY_RULE_X_01_ROOT,
    .unknown_element = TALLY_RULE_X_03_ELEMENT,
    .unknown_attribute = TALLY_RULE_X_03_ATTRIBUTE,
    .repeated = TALLY_RULE_X_10_NUMBERS, /* in a Summary: nothing else has to be single */
    .text = TALLY_RULE_X_03_TEXT,
    .blanks = TALLY_RULE_X_06_BLANKS,
    .character = TALLY_RULE_X_03_CHARACTER,
    .explain = explain,
    .level = TALLY_LEVEL_DRIVE,
    .status = "BlobListFormatInvalid",
};
