/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_stream.h"

#include <inttypes.h>
#include <stdio.h>

static void write_string(tally_writer *writer, const char *string)
{
	if (string == NULL) {
		tally_write(writer, "null");
		return;
	}
	tally_write(writer, "\"");
	tally_text text = {string, strlen(string)};
	while (text.size > 0) {
		const char *start = text.data;
		uint32_t c = tally_utf8_next(&text);
		char escaped[16];
		if (c == '"' || c == '\\') {
			tally_write(writer, "\\");
			tally_write_bytes(writer, start, 1);
		} else if (c == TALLY_NOT_A_CODE_POINT) {
			tally_write(writer, "\xEF\xBF\xBD");
		} else if (tally_text_is_hidden(c)) { /* all of them below U+10000 */
			snprintf(escaped, sizeof escaped, "\\u%04" PRIX32, c);
			tally_write(writer, escaped);
		} else {
			tally_write_bytes(writer, start, (size_t)(text.data - start));
		}
	}
	tally_write(writer, "\"");
}

static void put_comma(tally_json_stream *json)
{
	if (json->comma)
		tally_write(json->writer, ", ");
	json->comma = true;
}

void tally_json_write_key(tally_json_stream *json, const char *key)
{
	put_comma(json);
	write_string(json->writer, key);
	tally_write(json->writer, ": ");
}

void tally_json_write_open(tally_json_stream *json, const char *key, const char *bracket)
{
	if (key != NULL)
		tally_json_write_key(json, key);
	else
		put_comma(json);
	tally_write(json->writer, bracket);
	json->comma = false;
}

void tally_json_write_close(tally_json_stream *json, const char *bracket)
{
	tally_write(json->writer, bracket);
	json->comma = true;
}

void tally_json_write_string(tally_json_stream *json, const char *key, const char *value)
{
	tally_json_write_key(json, key);
	write_string(json->writer, value);
}

void tally_json_write_number(tally_json_stream *json, const char *key, uint64_t value)
{
	tally_json_write_key(json, key);
	tally_write_number(json->writer, value);
}

void tally_json_write_number_if(tally_json_stream *json, const char *key, bool present, uint64_t value)
{
	if (present)
		tally_json_write_number(json, key, value);
	else
		tally_json_write_string(json, key, NULL);
}

void tally_json_write_boolean(tally_json_stream *json, const char *key, bool value)
{
	tally_json_write_key(json, key);
	tally_write(json->writer, value ? "true" : "false");
}
