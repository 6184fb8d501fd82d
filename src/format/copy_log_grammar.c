/* SPDX-License-Identifier: Apache-2.0 */
#include "format/copy_log_grammar.h"

#include "format/log_common.h"

#define NONE TALLY_RULE_NONE
#define MISSING TALLY_RULE_C_03_MISSING

/* The order of the roots is C-03's, told by the hook; of anything else, nothing is published. */
static const tally_child_rule document_children[] = {
    {COPY_LOG_ENTITY, 0, true, NONE, NONE},
    {COPY_LOG_ROOT, 0, false, NONE, NONE},
};

static const tally_attribute_rule entity_attributes[] = {
    [ENTITY_PATH] = {"Path", TALLY_VALUE_TEXT, MISSING, NONE},
    [ENTITY_CLOUD_FORMAT] = {"CloudFormat", TALLY_VALUE_TEXT, NONE, NONE},
};
static const tally_child_rule entity_children[] = {
    {COPY_LOG_CATEGORY, 0, false, MISSING, NONE},   {COPY_LOG_ETAG, 0, false, NONE, NONE},
    {COPY_LOG_ERROR_CODE, 0, false, MISSING, NONE}, {COPY_LOG_ERROR_MESSAGE, 0, false, MISSING, NONE},
    {COPY_LOG_TYPE, 0, false, MISSING, NONE},
};

/* One of the two totals is needed: the hook tells. */
static const tally_attribute_rule root_attributes[] = {{"Summary", TALLY_VALUE_TEXT, NONE, NONE}};
static const tally_child_rule root_children[] = {
    {COPY_LOG_VERSION, 0, false, NONE, NONE},   {COPY_LOG_DRIVE_ID, 0, false, NONE, NONE},
    {COPY_LOG_STATUS, 0, false, MISSING, NONE}, {COPY_LOG_TOTAL, 0, false, NONE, NONE},
    {COPY_LOG_OLD_TOTAL, 0, false, NONE, NONE}, {COPY_LOG_ERRORED, 0, false, MISSING, NONE},
    {COPY_LOG_SUMMARY, 0, false, NONE, NONE},
};

static const tally_child_rule summary_children[] = {
    {COPY_LOG_VALIDATION_ERRORS, 0, false, NONE, NONE},
    {COPY_LOG_COPY_ERRORS, 0, false, NONE, NONE},
};
static const tally_child_rule validation_children[] = {{COPY_LOG_VALIDATION_CODE, 0, true, NONE, NONE}};
static const tally_child_rule copy_children[] = {{COPY_LOG_COPY_CODE, 0, true, NONE, NONE}};
static const tally_attribute_rule code_attributes[] = {
    [SUMMARY_COUNT] = {"Count", TALLY_VALUE_UINT, TALLY_RULE_L_30_NUMBER, TALLY_RULE_L_30_NUMBER},
    [SUMMARY_DESCRIPTION] = {"Description", TALLY_VALUE_TEXT, NONE, NONE},
};

#define SHORT_OR(rule) TALLY_LOG_TEXT(TALLY_LOG_SHORT_MAX, rule)
#define TOTAL TALLY_LOG_NUMBER(TALLY_RULE_C_03_NUMBER)
#define NO_TEXT TALLY_LOG_NO_TEXT

static const tally_element_rule elements[COPY_LOG_ELEMENTS] = {
    [COPY_LOG_DOCUMENT] = {.name = "the document", NO_TEXT, TALLY_CHILDREN(document_children)},
    [COPY_LOG_ENTITY] = {.name = "ErroredEntity",
			 NO_TEXT,
			 TALLY_ATTRIBUTES(entity_attributes),
			 TALLY_CHILDREN(entity_children)},
    [COPY_LOG_CATEGORY] = {.name = "Category", SHORT_OR(MISSING)},
    [COPY_LOG_ETAG] = {.name = "ETag", SHORT_OR(NONE)},
    [COPY_LOG_ERROR_CODE] = {.name = "ErrorCode", SHORT_OR(TALLY_RULE_C_11_NUMBER)},
    [COPY_LOG_ERROR_MESSAGE] = {.name = "ErrorMessage", TALLY_LOG_TEXT(TALLY_LOG_MESSAGE_MAX, NONE)},
    [COPY_LOG_TYPE] = {.name = "Type", SHORT_OR(MISSING)},
    [COPY_LOG_ROOT] = {.name = "CopyLog", NO_TEXT, TALLY_ATTRIBUTES(root_attributes), TALLY_CHILDREN(root_children)},
    [COPY_LOG_VERSION] = {.name = "DriveLogVersion", SHORT_OR(TALLY_RULE_C_04_VERSION)},
    [COPY_LOG_DRIVE_ID] = {.name = "DriveId", SHORT_OR(TALLY_RULE_C_04_DRIVE)},
    [COPY_LOG_STATUS] = {.name = "Status", SHORT_OR(MISSING)},
    [COPY_LOG_TOTAL] = {.name = "TotalFiles_Blobs", TOTAL},
    [COPY_LOG_OLD_TOTAL] = {.name = "TotalFiles", TOTAL},
    [COPY_LOG_ERRORED] = {.name = "FilesErrored", TOTAL},
    [COPY_LOG_SUMMARY] = {.name = "Summary", NO_TEXT, TALLY_CHILDREN(summary_children)},
    [COPY_LOG_VALIDATION_ERRORS] = {.name = "ValidationErrors",
				    NO_TEXT,
				    .any_child = true,
				    TALLY_CHILDREN(validation_children)},
    [COPY_LOG_VALIDATION_CODE] = {.name = "a code", NO_TEXT, TALLY_ATTRIBUTES(code_attributes)},
    [COPY_LOG_COPY_ERRORS] = {.name = "CopyErrors", NO_TEXT, .any_child = true, TALLY_CHILDREN(copy_children)},
    [COPY_LOG_COPY_CODE] = {.name = "a code", NO_TEXT, TALLY_ATTRIBUTES(code_attributes)},
};

const tally_grammar tally_copy_log_grammar = {
    .elements = elements,
    TALLY_LOG_COPY_RULES,
};
