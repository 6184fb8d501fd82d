/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON, written one value after the other; commas come by themselves.
 *
 * Strings: bytes that are not valid UTF-8 become U+FFFD. Control characters and what else could deceive the reader of
 * a terminal (see writer.h) are written as \uNNNN, which JSON takes for the same character.
 */
#ifndef TALLY_REPORT_JSON_STREAM_H
#define TALLY_REPORT_JSON_STREAM_H

#include "report/writer.h"

typedef struct tally_json_stream {
	tally_writer *writer;
	bool comma; /* before the next key or element */
} tally_json_stream;

/* A key, its value to be written next. */
void tally_json_write_key(tally_json_stream *json, const char *key);
/* An object or an array, as an element or, with a key, as a member. `bracket` is "{" or "[". */
void tally_json_write_open(tally_json_stream *json, const char *key, const char *bracket);
/* `bracket` is "}" or "]", and what is to follow it, such as a newline behind the whole. */
void tally_json_write_close(tally_json_stream *json, const char *bracket);
/* null for NULL. */
void tally_json_write_string(tally_json_stream *json, const char *key, const char *value);
void tally_json_write_number(tally_json_stream *json, const char *key, uint64_t value);
/* null when not `present`. */
void tally_json_write_number_if(tally_json_stream *json, const char *key, bool present, uint64_t value);
void tally_json_write_boolean(tally_json_stream *json, const char *key, bool value);

#endif
