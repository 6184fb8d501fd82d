/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that tests read: of the corpus, of the published samples, and made in memory. */
#ifndef TALLY_TESTS_SUPPORT_DOCUMENTS_H
#define TALLY_TESTS_SUPPORT_DOCUMENTS_H

#include "base/text.h"
#include "io/source.h"

/* Text that grows; freed with text_clear. */
typedef struct test_text {
	char *data; /* NUL-terminated once something was added */
	size_t size, capacity;
} test_text;

void text_add(test_text *t, const void *bytes, size_t size);
void text_print(test_text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first place where `old` stands becomes `new`; fails the test when it stands nowhere. */
void text_replace(test_text *t, const char *old, const char *new);
void text_clear(test_text *t);

/* ASCII and all else of `utf8` as UTF-16, with a byte-order mark if asked for. */
void text_add_utf16(test_text *t, const char *utf8, bool big_endian, bool mark);

/* Reads a file; fails the test when that can't be done. */
test_text file_read(const char *path);
/* Where a file of the repository is (TALLY_SOURCE_DIR); in a buffer that the next call overwrites. */
const char *source_path(const char *relative);
/* Where a file beside the repository is (TALLY_SHARED_DIR); NULL, with a message, when it isn't there. */
const char *shared_path(const char *relative);

typedef struct file_list {
	char **names; /* sorted */
	size_t count;
} file_list;

/* The files of a folder of the repository whose names end so. */
file_list files_in(const char *folder, const char *ending);
void files_clear(file_list *list);

/* A source that gives at most `piece` bytes at a time. It must stay where it is. */
typedef struct pieces {
	tally_text text;
	size_t piece;
	uint64_t reads;
} pieces;

tally_source pieces_source(pieces *p);

#endif
