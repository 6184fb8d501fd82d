/* SPDX-License-Identifier: Apache-2.0 */
#include "format/drive_log_grammar.h"

#include "format/log_common.h"

#define NONE TALLY_RULE_NONE
#define MISSING TALLY_RULE_L_01_MISSING
#define ORDER TALLY_RULE_L_11

static const tally_child_rule document_children[] = {{DRIVE_LOG_ROOT, 0, false, NONE, NONE}};

static const tally_attribute_rule root_attributes[] = {{"Version", TALLY_VALUE_TEXT, TALLY_RULE_L_10_MISSING, NONE}};
static const tally_child_rule root_children[] = {
    {DRIVE_LOG_DRIVE_ID, 1, false, MISSING, ORDER}, {DRIVE_LOG_SUMMARY, 2, false, NONE, ORDER},
    {DRIVE_LOG_BLOB, 3, true, NONE, ORDER},         {DRIVE_LOG_FILE, 3, true, NONE, ORDER},
    {DRIVE_LOG_STATUS, 4, false, MISSING, ORDER},
};

static const tally_child_rule summary_children[] = {
    {DRIVE_LOG_VALIDATION_ERRORS, 1, false, NONE, ORDER},
    {DRIVE_LOG_COPY_ERRORS, 2, false, NONE, ORDER},
};
static const tally_child_rule validation_children[] = {{DRIVE_LOG_VALIDATION_CODE, 0, true, NONE, NONE}};
static const tally_child_rule copy_children[] = {{DRIVE_LOG_COPY_CODE, 0, true, NONE, NONE}};
static const tally_attribute_rule code_attributes[] = {
    [LOG_CODE_COUNT] = {"Count", TALLY_VALUE_UINT, TALLY_RULE_L_30_NUMBER, TALLY_RULE_L_30_NUMBER},
    [LOG_CODE_DESCRIPTION] = {"Description", TALLY_VALUE_TEXT, NONE, NONE},
};

/* Status may also be an element (L-15), and paths and lengths have two names each (L-31): the hook tells what is
 * missing. */
static const tally_attribute_rule status_attribute[] = {{"Status", TALLY_VALUE_TEXT, NONE, NONE}};
static const tally_child_rule blob_children[] = {
    {DRIVE_LOG_BLOB_STATUS, 1, false, NONE, NONE},    {DRIVE_LOG_BLOB_PATH, 1, false, MISSING, ORDER},
    {DRIVE_LOG_FILE_PATH, 2, false, NONE, ORDER},     {DRIVE_LOG_ORIGINAL_FILE_PATH, 2, false, NONE, ORDER},
    {DRIVE_LOG_SNAPSHOT, 3, false, NONE, ORDER},      {DRIVE_LOG_LENGTH, 4, false, NONE, ORDER},
    {DRIVE_LOG_SIZE_IN_BYTES, 4, false, NONE, ORDER}, {DRIVE_LOG_LAST_MODIFIED, 4, false, NONE, ORDER},
    {DRIVE_LOG_DISPOSITION, 5, false, NONE, ORDER},   {DRIVE_LOG_PAGE_RANGE_LIST, 6, false, NONE, ORDER},
    {DRIVE_LOG_BLOCK_LIST, 6, false, NONE, ORDER},    {DRIVE_LOG_METADATA, 7, false, NONE, ORDER},
    {DRIVE_LOG_PROPERTIES, 8, false, NONE, ORDER},
};
static const tally_child_rule file_children[] = {
    {DRIVE_LOG_FILE_STORAGE_PATH, 1, false, TALLY_RULE_L_32, ORDER},
    {DRIVE_LOG_FILE_PATH, 2, false, NONE, ORDER},
    {DRIVE_LOG_ORIGINAL_FILE_PATH, 2, false, NONE, ORDER},
    {DRIVE_LOG_LENGTH, 4, false, NONE, ORDER},
    {DRIVE_LOG_SIZE_IN_BYTES, 4, false, NONE, ORDER},
    {DRIVE_LOG_DISPOSITION, 5, false, NONE, ORDER},
    {DRIVE_LOG_FILE_RANGE_LIST, 6, false, NONE, ORDER},
};

static const tally_child_rule page_list_children[] = {{DRIVE_LOG_PAGE_RANGE, 0, true, NONE, NONE}};
static const tally_child_rule block_list_children[] = {{DRIVE_LOG_BLOCK, 0, true, NONE, NONE}};
static const tally_child_rule file_list_children[] = {{DRIVE_LOG_FILE_RANGE, 0, true, NONE, NONE}};
static const tally_attribute_rule segment_attributes[] = {
    [LOG_SEGMENT_OFFSET] = {"Offset", TALLY_VALUE_UINT, MISSING, TALLY_RULE_L_01_NUMBER},
    [LOG_SEGMENT_LENGTH] = {"Length", TALLY_VALUE_UINT, MISSING, TALLY_RULE_L_01_NUMBER},
    [LOG_SEGMENT_STATUS] = {"Status", TALLY_VALUE_TEXT, MISSING, NONE},
    [LOG_SEGMENT_HASH] = {"Hash", TALLY_VALUE_MD5, NONE, TALLY_RULE_L_12_HASH},
    [LOG_SEGMENT_ID] = {"Id", TALLY_VALUE_TEXT, NONE, NONE},
};
static const tally_attribute_rule file_range_attributes[] = {
    [LOG_SEGMENT_OFFSET] = {"Offset", TALLY_VALUE_UINT, TALLY_RULE_L_32, TALLY_RULE_L_01_NUMBER},
    [LOG_SEGMENT_LENGTH] = {"Length", TALLY_VALUE_UINT, TALLY_RULE_L_32, TALLY_RULE_L_01_NUMBER},
    [LOG_SEGMENT_STATUS] = {"Status", TALLY_VALUE_TEXT, TALLY_RULE_L_32, NONE},
    [LOG_SEGMENT_HASH] = {"Hash", TALLY_VALUE_MD5, NONE, TALLY_RULE_L_12_HASH},
};

static const tally_attribute_rule needed_status[] = {{"Status", TALLY_VALUE_TEXT, MISSING, NONE}};
static const tally_child_rule side_children[] = {
    {DRIVE_LOG_GLOBAL_SIDE_PATH, 1, false, NONE, ORDER},
    {DRIVE_LOG_SIDE_PATH, 2, false, NONE, ORDER},
};
static const tally_attribute_rule side_attributes[] = {{"Hash", TALLY_VALUE_MD5, NONE, TALLY_RULE_L_12_HASH}};

#define PATH_OR(rule) TALLY_LOG_TEXT(TALLY_LOG_PATH_MAX, rule)
#define SHORT_OR(rule) TALLY_LOG_TEXT(TALLY_LOG_SHORT_MAX, rule)
#define SIZE TALLY_LOG_NUMBER(TALLY_RULE_L_01_NUMBER)
#define NO_TEXT TALLY_LOG_NO_TEXT

static const tally_element_rule elements[DRIVE_LOG_ELEMENTS] = {
    [DRIVE_LOG_DOCUMENT] = {.name = "the document", NO_TEXT, TALLY_CHILDREN(document_children)},
    [DRIVE_LOG_ROOT] = {.name = "DriveLog", NO_TEXT, TALLY_ATTRIBUTES(root_attributes), TALLY_CHILDREN(root_children)},
    [DRIVE_LOG_DRIVE_ID] = {.name = "DriveId", SHORT_OR(MISSING)},
    [DRIVE_LOG_SUMMARY] = {.name = "Summary", NO_TEXT, TALLY_CHILDREN(summary_children)},
    [DRIVE_LOG_VALIDATION_ERRORS] = {.name = "ValidationErrors",
				     NO_TEXT,
				     .any_child = true,
				     TALLY_CHILDREN(validation_children)},
    [DRIVE_LOG_VALIDATION_CODE] = {.name = "a code", NO_TEXT, TALLY_ATTRIBUTES(code_attributes)},
    [DRIVE_LOG_COPY_ERRORS] = {.name = "CopyErrors", NO_TEXT, .any_child = true, TALLY_CHILDREN(copy_children)},
    [DRIVE_LOG_COPY_CODE] = {.name = "a code", NO_TEXT, TALLY_ATTRIBUTES(code_attributes)},
    [DRIVE_LOG_BLOB] = {.name = "Blob", NO_TEXT, TALLY_ATTRIBUTES(status_attribute), TALLY_CHILDREN(blob_children)},
    [DRIVE_LOG_BLOB_STATUS] = {.name = "Status", SHORT_OR(MISSING)},
    [DRIVE_LOG_BLOB_PATH] = {.name = "BlobPath", PATH_OR(MISSING)},
    [DRIVE_LOG_FILE] = {.name = "File", NO_TEXT, TALLY_ATTRIBUTES(status_attribute), TALLY_CHILDREN(file_children)},
    [DRIVE_LOG_FILE_STORAGE_PATH] = {.name = "FileStoragePath", PATH_OR(TALLY_RULE_L_32)},
    [DRIVE_LOG_FILE_PATH] = {.name = "FilePath", PATH_OR(MISSING)},
    [DRIVE_LOG_ORIGINAL_FILE_PATH] = {.name = "OriginalFilePath", PATH_OR(MISSING)},
    [DRIVE_LOG_SNAPSHOT] = {.name = "Snapshot", SHORT_OR(TALLY_RULE_L_13_TIME)},
    [DRIVE_LOG_LENGTH] = {.name = "Length", SIZE},
    [DRIVE_LOG_SIZE_IN_BYTES] = {.name = "SizeInBytes", SIZE},
    [DRIVE_LOG_LAST_MODIFIED] = {.name = "LastModified", SHORT_OR(TALLY_RULE_L_13_TIME)},
    [DRIVE_LOG_DISPOSITION] = {.name = "ImportDisposition",
			       SHORT_OR(TALLY_RULE_L_13_VALUE),
			       TALLY_ATTRIBUTES(needed_status)},
    [DRIVE_LOG_PAGE_RANGE_LIST] = {.name = "PageRangeList", NO_TEXT, TALLY_CHILDREN(page_list_children)},
    [DRIVE_LOG_PAGE_RANGE] = {.name = "PageRange",
			      NO_TEXT,
			      .attributes = segment_attributes,
			      .attribute_count = LOG_SEGMENT_ID},
    [DRIVE_LOG_BLOCK_LIST] = {.name = "BlockList", NO_TEXT, TALLY_CHILDREN(block_list_children)},
    [DRIVE_LOG_BLOCK] = {.name = "Block", NO_TEXT, TALLY_ATTRIBUTES(segment_attributes)},
    [DRIVE_LOG_FILE_RANGE_LIST] = {.name = "FileRangeList", NO_TEXT, TALLY_CHILDREN(file_list_children)},
    [DRIVE_LOG_FILE_RANGE] = {.name = "FileRange", NO_TEXT, TALLY_ATTRIBUTES(file_range_attributes)},
    [DRIVE_LOG_METADATA] = {.name = "Metadata",
			    NO_TEXT,
			    TALLY_ATTRIBUTES(needed_status),
			    TALLY_CHILDREN(side_children)},
    [DRIVE_LOG_PROPERTIES] = {.name = "Properties",
			      NO_TEXT,
			      TALLY_ATTRIBUTES(needed_status),
			      TALLY_CHILDREN(side_children)},
    [DRIVE_LOG_GLOBAL_SIDE_PATH] = {.name = "GlobalPath", PATH_OR(MISSING), TALLY_ATTRIBUTES(side_attributes)},
    [DRIVE_LOG_SIDE_PATH] = {.name = "Path", PATH_OR(MISSING), TALLY_ATTRIBUTES(side_attributes)},
    [DRIVE_LOG_STATUS] = {.name = "Status", SHORT_OR(MISSING)},
};

const tally_grammar tally_drive_log_grammar = {
    .elements = elements,
    .fragment = true,
    .root = TALLY_RULE_L_01_ROOT,
    .unknown_element = TALLY_RULE_L_01_UNKNOWN,
    .unknown_attribute = TALLY_RULE_L_01_UNKNOWN,
    .repeated = TALLY_RULE_L_01_REPEATED,
    .text = TALLY_RULE_L_01_TEXT,
    .blanks = TALLY_RULE_L_12_BLANKS,
    .character = TALLY_RULE_M_06,
    .level = TALLY_LEVEL_DOCUMENT,
    .status = NULL,
};
