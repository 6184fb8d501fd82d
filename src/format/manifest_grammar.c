/* SPDX-License-Identifier: Apache-2.0 */
#include "format/manifest_grammar.h"

#define NONE TALLY_RULE_NONE
#define ORDER TALLY_RULE_M_05_ORDER

#define SHORT_TEXT_MAX 4096
#define COMMENT_TEXT_MAX (64 * 1024)

static const tally_child_rule document_children[] = {{MANIFEST_ROOT, 0, false, NONE, NONE}};

static const tally_attribute_rule root_attributes[] = {{"Version", TALLY_VALUE_TEXT, TALLY_RULE_M_03_MISSING, NONE}};
static const tally_child_rule root_children[] = {
	/* Repeated drives are M-01's, told by the hook: they are only a warning. */
	{MANIFEST_DRIVE, 0, true, TALLY_RULE_M_01_MISSING, NONE},
};

/* DriveId's order is M-10's, told by the hook: it is an error only behind a BlobList. */
static const tally_child_rule drive_children[] = {
	{MANIFEST_DRIVE_ID, 1, false, TALLY_RULE_M_10_MISSING, NONE}, {MANIFEST_ACCOUNT_KEY, 2, false, NONE, ORDER},
	{MANIFEST_CONTAINER_SAS, 2, false, NONE, ORDER},	      {MANIFEST_CLIENT_CREATOR, 3, false, NONE, ORDER},
	{MANIFEST_BLOB_LIST, 4, true, TALLY_RULE_M_16, ORDER},
};

static const tally_attribute_rule list_attributes[] = {{"Id", TALLY_VALUE_TEXT, NONE, NONE}};
static const tally_child_rule list_children[] = {
	{MANIFEST_LIST_METADATA, 1, false, NONE, ORDER},
	{MANIFEST_LIST_PROPERTIES, 2, false, NONE, ORDER},
	{MANIFEST_BLOB, 3, true, NONE, ORDER},
	{MANIFEST_AZURE_FILE, 3, true, NONE, ORDER},
};

static const tally_child_rule blob_children[] = {
	{MANIFEST_BLOB_PATH, 1, false, TALLY_RULE_M_18_MISSING, ORDER},
	{MANIFEST_FILE_PATH, 2, false, TALLY_RULE_M_19_MISSING, ORDER},
	{MANIFEST_CLIENT_DATA, 3, false, NONE, ORDER},
	{MANIFEST_SNAPSHOT, 4, false, NONE, ORDER},
	{MANIFEST_LENGTH, 5, false, TALLY_RULE_M_23_MISSING, ORDER},
	{MANIFEST_DISPOSITION, 6, false, NONE, ORDER},
	{MANIFEST_PAGE_RANGE_LIST, 7, false, NONE, ORDER},
	{MANIFEST_BLOCK_LIST, 7, false, NONE, ORDER},
	{MANIFEST_METADATA, 8, false, NONE, ORDER},
	{MANIFEST_PROPERTIES, 9, false, NONE, ORDER},
};

static const tally_child_rule page_list_children[] = {{MANIFEST_PAGE_RANGE, 0, true, NONE, NONE}};
static const tally_child_rule block_list_children[] = {{MANIFEST_BLOCK, 0, true, NONE, NONE}};

static const tally_attribute_rule segment_attributes[] = {
	[SEGMENT_OFFSET] = {"Offset", TALLY_VALUE_UINT, TALLY_RULE_M_30_ATTRIBUTE, TALLY_RULE_M_23_NUMBER},
	[SEGMENT_LENGTH] = {"Length", TALLY_VALUE_UINT, TALLY_RULE_M_30_ATTRIBUTE, TALLY_RULE_M_23_NUMBER},
	[SEGMENT_HASH] = {"Hash", TALLY_VALUE_MD5, TALLY_RULE_M_30_ATTRIBUTE, TALLY_RULE_M_50},
	[SEGMENT_ID] = {"Id", TALLY_VALUE_TEXT, NONE, NONE},
};
static const tally_attribute_rule side_attributes[] = {{"Hash", TALLY_VALUE_MD5, TALLY_RULE_M_17_HASH, TALLY_RULE_M_50}};

#define NO_TEXT .type = TALLY_VALUE_NONE, .invalid = NONE, .empty = NONE, .refused = NONE
#define SOME_TEXT(max) .type = TALLY_VALUE_TEXT, .invalid = NONE, .empty = NONE, .refused = NONE, .text_max = (max)
#define NEEDED_TEXT(max, rule) .type = TALLY_VALUE_TEXT, .invalid = NONE, .empty = (rule), .refused = NONE, .text_max = (max)
/* The hook tells that it is empty: at the level of metadata or properties, whichever it is. */
#define SIDE_FILE(title)                                                                                                  \
	{                                                                                                                \
		.name = (title), SOME_TEXT(MANIFEST_PATH_BYTES_MAX), TALLY_ATTRIBUTES(side_attributes)    \
	}

static const tally_element_rule elements[MANIFEST_ELEMENTS] = {
	[MANIFEST_DOCUMENT] = {.name = "the document", NO_TEXT, TALLY_CHILDREN(document_children)},
	[MANIFEST_ROOT] = {.name = "DriveManifest", NO_TEXT, TALLY_ATTRIBUTES(root_attributes), TALLY_CHILDREN(root_children)},
	[MANIFEST_DRIVE] = {.name = "Drive", NO_TEXT, TALLY_CHILDREN(drive_children)},
	[MANIFEST_DRIVE_ID] = {.name = "DriveId", NEEDED_TEXT(SHORT_TEXT_MAX, TALLY_RULE_M_10_MISSING)},
	[MANIFEST_ACCOUNT_KEY] = {.name = "StorageAccountKey", NEEDED_TEXT(SHORT_TEXT_MAX, TALLY_RULE_M_12_FORM), .secret = true},
	[MANIFEST_CONTAINER_SAS] = {.name = "ContainerSas", NEEDED_TEXT(SHORT_TEXT_MAX, TALLY_RULE_M_13_FORM), .secret = true},
	[MANIFEST_CLIENT_CREATOR] = {.name = "ClientCreator", SOME_TEXT(COMMENT_TEXT_MAX)},
	[MANIFEST_BLOB_LIST] = {.name = "BlobList", NO_TEXT, TALLY_ATTRIBUTES(list_attributes), TALLY_CHILDREN(list_children)},
	[MANIFEST_LIST_METADATA] = SIDE_FILE("MetadataPath"),
	[MANIFEST_LIST_PROPERTIES] = SIDE_FILE("PropertiesPath"),
	[MANIFEST_BLOB] = {.name = "Blob", NO_TEXT, TALLY_CHILDREN(blob_children)},
	[MANIFEST_BLOB_PATH] = {.name = "BlobPath", NEEDED_TEXT(MANIFEST_PATH_BYTES_MAX, TALLY_RULE_M_18_MISSING)},
	[MANIFEST_FILE_PATH] = {.name = "FilePath", NEEDED_TEXT(MANIFEST_PATH_BYTES_MAX, TALLY_RULE_M_19_MISSING)},
	[MANIFEST_CLIENT_DATA] = {.name = "ClientData", SOME_TEXT(COMMENT_TEXT_MAX)},
	[MANIFEST_SNAPSHOT] = {.name = "Snapshot", NEEDED_TEXT(SHORT_TEXT_MAX, TALLY_RULE_M_22_FORM)},
	[MANIFEST_LENGTH] = {.name = "Length", .type = TALLY_VALUE_UINT, .invalid = TALLY_RULE_M_23_NUMBER,
			     .empty = TALLY_RULE_M_23_NUMBER, .refused = NONE, .text_max = SHORT_TEXT_MAX},
	[MANIFEST_DISPOSITION] = {.name = "ImportDisposition", NEEDED_TEXT(SHORT_TEXT_MAX, TALLY_RULE_M_24_VALUE)},
	[MANIFEST_PAGE_RANGE_LIST] = {.name = "PageRangeList", NO_TEXT, TALLY_CHILDREN(page_list_children)},
	[MANIFEST_PAGE_RANGE] = {.name = "PageRange", NO_TEXT, .attributes = segment_attributes, .attribute_count = SEGMENT_ID},
	[MANIFEST_BLOCK_LIST] = {.name = "BlockList", NO_TEXT, TALLY_CHILDREN(block_list_children)},
	[MANIFEST_BLOCK] = {.name = "Block", NO_TEXT, TALLY_ATTRIBUTES(segment_attributes)},
	[MANIFEST_METADATA] = SIDE_FILE("MetadataPath"),
	[MANIFEST_PROPERTIES] = SIDE_FILE("PropertiesPath"),
	[MANIFEST_AZURE_FILE] = {.name = "File", .refused = TALLY_RULE_M_60},
};

const tally_grammar tally_manifest_grammar = {
	.elements = elements,
	.exact_names = true,
	.root = TALLY_RULE_M_03_ROOT,
	.unknown_element = TALLY_RULE_M_05_ELEMENT,
	.unknown_attribute = TALLY_RULE_M_05_ATTRIBUTE,
	.repeated = TALLY_RULE_M_05_REPEATED,
	.text = TALLY_RULE_M_05_TEXT,
	.blanks = TALLY_RULE_M_52,
	.character = TALLY_RULE_M_06,
	.level = TALLY_LEVEL_DRIVE,
	.status = "ManifestFormatInvalid",
};
