/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of blob lists (formats.md) as tables. */
#ifndef TALLY_FORMAT_BLOB_LIST_GRAMMAR_H
#define TALLY_FORMAT_BLOB_LIST_GRAMMAR_H

#include "format/document.h"

enum {
	LIST_DOCUMENT,
	LIST_BLOBS,
	LIST_BLOB_PATH,
	LIST_BLOB_PREFIX,
	LIST_FILES,
	LIST_FILE_PATH,
	LIST_FILE_PREFIX,
	LIST_SUMMARY,
	LIST_NUM_BLOBS,
	LIST_POD_SIZE,
	LIST_STORAGE_CONSUMED,
	LIST_REMAINING_STORAGE,
	LIST_ELEMENTS
};

/* Above any name that can exist, so that one somewhat too long gets the rule that says so. */
#define LIST_ENTRY_BYTES_MAX (64 * 1024)

extern const tally_grammar tally_list_grammar;

#endif
