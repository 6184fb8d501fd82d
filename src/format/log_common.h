/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the readers of logs share: drive logs, copy logs, verbose logs, validation logs and the lists of Data Box
 * (formats.md sections 3 and 4). All of them are read as fragments: most are several roots, and some have blanks before
 * the XML declaration.
 */
#ifndef TALLY_FORMAT_LOG_COMMON_H
#define TALLY_FORMAT_LOG_COMMON_H

#include "format/format.h"

/* 32,767 UTF-16 units in UTF-8, as Base64 (C-15), with room for blanks. */
#define TALLY_LOG_PATH_MAX (32767 * 4 + 1024)
#define TALLY_LOG_SHORT_MAX 4096
#define TALLY_LOG_MESSAGE_MAX (2 * TALLY_LOG_PATH_MAX + 4096) /* of a rename: it holds two paths */

/* The usual shapes of an element in a grammar. */
#define TALLY_LOG_NO_TEXT \
  .type = TALLY_VALUE_NONE, .invalid = TALLY_RULE_NONE, .empty = TALLY_RULE_NONE, .refused = TALLY_RULE_NONE
#define TALLY_LOG_TEXT(max, empty_rule)                                                                    \
  .type = TALLY_VALUE_TEXT, .invalid = TALLY_RULE_NONE, .empty = (empty_rule), .refused = TALLY_RULE_NONE, \
  .text_max = (max)
#define TALLY_LOG_NUMBER(rule)                                                              \
  .type = TALLY_VALUE_UINT, .invalid = (rule), .empty = (rule), .refused = TALLY_RULE_NONE, \
  .text_max = TALLY_LOG_SHORT_MAX

/* What copy logs and what goes with them have in common (C-02). */
#define TALLY_LOG_COPY_RULES                                                                                        \
  .fragment = true, .root = TALLY_RULE_C_02_ROOT, .unknown_element = TALLY_RULE_C_02_UNKNOWN,                       \
  .unknown_attribute = TALLY_RULE_C_02_UNKNOWN, .repeated = TALLY_RULE_C_02_REPEATED, .text = TALLY_RULE_C_02_TEXT, \
  .blanks = TALLY_RULE_NONE, .character = TALLY_RULE_M_06, .level = TALLY_LEVEL_DOCUMENT, .status = NULL

/* Text that must outlive the parser's buffers. `data` is NULL or NUL-terminated. */
typedef struct tally_log_text {
	char *data;
	size_t size, capacity;
	bool set;
} tally_log_text;

/* When memory is short, the document fails. */
void tally_log_keep(tally_document *document, tally_log_text *kept, tally_text text);
const char *tally_log_kept(const tally_log_text *kept); /* NULL when not set */

/* `actual` may be without data: there is nothing to show. */
void tally_log_tell(tally_document *document, tally_rule_symbol rule, tally_place place, tally_text actual,
		    const char *message);

/* `names` ends with NULL. */
bool tally_log_is_one_of(tally_text text, const char *const *names);
const tally_status *tally_log_status(tally_level level, tally_text code);
/* 8-4-4-4-12 hexadecimal digits. */
bool tally_log_is_guid(tally_text text);
/* L-34: a blob's path in a container that was given another name: databox-, 40 hexadecimal digits, a slash. */
bool tally_log_is_in_new_container(tally_text path);
/* 2012-09-18T23:47:08Z; the seconds may have a fraction of up to seven digits. */
bool tally_log_is_time(tally_text text);

/* C-05: CloudFormat and ItemType. */
void tally_log_check_cloud_format(tally_document *document, const tally_value *value);
/* C-06: container or share, separator, name. */
void tally_log_check_file_path(tally_document *document, const tally_value *value);
/* C-07: a number of 64 bits in any of the notations. */
bool tally_log_read_crc64(tally_text text, uint64_t *crc64);
/* C-07, C-08. `hexadecimal`: the notation that belongs into this kind of document. */
void tally_log_check_crc64(tally_document *document, const tally_value *size, const tally_value *crc64,
			   bool hexadecimal);

/*
 * What a Summary says of each code, and how many entries have it (L-30). There are two score of codes; only known ones
 * are counted, so this never grows.
 */
#define TALLY_LOG_CODES_MAX 64

typedef struct tally_log_count {
	const tally_status *code;
	uint64_t listed, said;
	bool is_said;
	tally_place place; /* where it is said */
} tally_log_count;

typedef struct tally_log_counts {
	tally_log_count list[TALLY_LOG_CODES_MAX];
	size_t count;
	bool complete; /* the Summary has CopyErrors */
	tally_place place;
} tally_log_counts;

/* An entry with this code is listed. */
void tally_log_count_listed(tally_log_counts *counts, tally_text code);
/* An element of ValidationErrors or CopyErrors. */
void tally_log_take_validation_code(tally_document *document, tally_text name, tally_place place);
void tally_log_take_copy_code(tally_document *document, tally_log_counts *counts, tally_text name,
			      const tally_value *count, tally_place place);
void tally_log_compare_counts(tally_document *document, const tally_log_counts *counts);

/* The codes of validation (N-15), which ErrorLog and ValidationErrors share. */
bool tally_log_is_validation_code(tally_text code);

/*
 * Reads the run's document to its end. *document is set before the first hook is called, for the hooks, and stays so
 * that the caller can still tell findings; the caller frees it whatever the result.
 */
tally_result tally_log_read(tally_lint_run *run, const tally_grammar *grammar, const tally_format_hooks *hooks,
			    void *state, tally_document **document, tally_error *error);

#endif
