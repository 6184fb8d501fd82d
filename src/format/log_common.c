/* SPDX-License-Identifier: Apache-2.0 */
#include "format/log_common.h"

#include "base/memory.h"

#include <inttypes.h>

/* ---- text ---- */

void tally_log_keep(tally_document *document, tally_log_text *kept, tally_text text)
{
	char *grown = tally_grow(kept->data, &kept->capacity, text.size + 1, 1);
	if (grown == NULL) {
		tally_error error;
		tally_fail_memory(&error);
		tally_document_fail(document, &error);
		return;
	}
	kept->data = grown;
	if (text.size > 0)
		memcpy(grown, text.data, text.size);
	grown[text.size] = '\0';
	kept->size = text.size;
	kept->set = true;
}

const char *tally_log_kept(const tally_log_text *kept)
{
	return kept->set ? kept->data : NULL;
}

void tally_log_tell(tally_document *document, tally_rule_symbol rule, tally_place place, tally_text actual,
		    const char *message)
{
	tally_document_find(document,
			    &(tally_fact){.rule = rule, .in_document = true, .place = place, .actual = actual}, "%s",
			    message);
}

bool tally_log_is_one_of(tally_text text, const char *const *names)
{
	for (; *names != NULL; names++)
		if (tally_text_equal_string(text, *names))
			return true;
	return false;
}

const tally_status *tally_log_status(tally_level level, tally_text code)
{
	char name[64]; /* longer than every code */
	if (code.size >= sizeof name)
		return NULL;
	if (code.size > 0)
		memcpy(name, code.data, code.size);
	name[code.size] = '\0';
	return strlen(name) == code.size ? tally_status_find(level, name) : NULL;
}

/* `shape`: d for a decimal digit, x for a hexadecimal one, anything else for itself. */
static bool has_shape(tally_text text, const char *shape)
{
	if (text.size != strlen(shape))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		tally_text c = {text.data + i, 1};
		bool fits = shape[i] == 'x' ? tally_is_hex(c) : text.data[i] == shape[i];
		if (shape[i] == 'd')
			fits = text.data[i] >= '0' && text.data[i] <= '9';
		if (!fits)
			return false;
	}
	return true;
}

bool tally_log_is_guid(tally_text text)
{
	return has_shape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
}

bool tally_log_is_in_new_container(tally_text path)
{
	static const char prefix[] = "databox-";
	size_t start = sizeof prefix - 1, end = start + 40;
	return path.size > end && tally_text_starts(path, prefix) &&
	       tally_is_hex((tally_text){path.data + start, 40}) && path.data[end] == '/';
}

bool tally_log_is_time(tally_text text)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:dd";
	static const char fraction[] = ".ddddddd";
	size_t n = sizeof shape - 1;
	if (text.size <= n || !has_shape((tally_text){text.data, n}, shape) || text.data[text.size - 1] != 'Z')
		return false;
	tally_text rest = {text.data + n, text.size - n - 1};
	char cut[sizeof fraction];
	if (rest.size == 0)
		return true;
	if (rest.size < 2 || rest.size >= sizeof cut)
		return false;
	memcpy(cut, fraction, rest.size);
	cut[rest.size] = '\0';
	return has_shape(rest, cut);
}

/* ---- values of files ---- */

void tally_log_check_cloud_format(tally_document *document, const tally_value *value)
{
	static const char *const known[] = {"BlockBlob", "PageBlob", "AppendBlob", "AzureFile", "ManagedDisk", NULL};
	if (value->present && !tally_log_is_one_of(value->text, known))
		tally_document_find(document,
				    &(tally_fact){.rule = TALLY_RULE_C_05_FORMAT,
						  .in_document = true,
						  .place = value->place,
						  .actual = value->text},
				    "this is none of the kinds of targets that the logs know");
}

void tally_log_check_file_path(tally_document *document, const tally_value *value)
{
	tally_text path = value->text;
	if (!value->present)
		return;
	size_t at = 0;
	while (at < path.size && path.data[at] != '\\' && path.data[at] != '/')
		at++;
	if (at == 0 || at + 1 >= path.size)
		tally_document_find(
		    document,
		    &(tally_fact){.rule = TALLY_RULE_C_06, .in_document = true, .place = value->place, .actual = path},
		    "the Path of a file is not a container or share and a name in it");
}

typedef enum crc64_notation { NOTATION_NONE, NOTATION_DECIMAL, NOTATION_HEXADECIMAL, NOTATION_SHORT } crc64_notation;

/* Hexadecimal with fewer digits than 16 is read too, but nobody writes it so. */
static crc64_notation read_crc64(tally_text text, uint64_t *crc64)
{
	static const char zeros[] = "0000000000000000";
	char digits[16];
	uint8_t bytes[8];
	if (tally_decimal_parse(text, crc64) == TALLY_NUMBER_OK)
		return NOTATION_DECIMAL;
	if (!tally_text_starts(text, "0x") || text.size < 3 || text.size > 2 + sizeof digits)
		return NOTATION_NONE;
	size_t size = text.size - 2;
	memcpy(digits, zeros, sizeof digits);
	memcpy(digits + sizeof digits - size, text.data + 2, size);
	if (!tally_hex_decode((tally_text){digits, sizeof digits}, bytes, sizeof bytes))
		return NOTATION_NONE;
	*crc64 = 0;
	for (size_t i = 0; i < sizeof bytes; i++)
		*crc64 = *crc64 << 8 | bytes[i];
	return size == sizeof digits ? NOTATION_HEXADECIMAL : NOTATION_SHORT;
}

bool tally_log_read_crc64(tally_text text, uint64_t *crc64)
{
	return read_crc64(text, crc64) != NOTATION_NONE;
}

void tally_log_check_crc64(tally_document *document, const tally_value *size, const tally_value *crc64,
			   bool hexadecimal)
{
	uint64_t value;
	if (!crc64->present)
		return;
	tally_fact fact = {.in_document = true, .place = crc64->place, .actual = crc64->text};
	crc64_notation notation = read_crc64(crc64->text, &value);
	if (notation == NOTATION_NONE) {
		fact.rule = TALLY_RULE_C_07_VALUE;
		tally_document_find(document, &fact, "crc64 is not a number of 64 bits");
		return;
	}
	if (notation != (hexadecimal ? NOTATION_HEXADECIMAL : NOTATION_DECIMAL)) {
		fact.rule = TALLY_RULE_C_07_NOTATION;
		fact.expected =
		    hexadecimal ? TALLY_TEXT("0x and 16 hexadecimal digits") : TALLY_TEXT("a decimal number");
		tally_document_find(document, &fact, "crc64 is written as in another kind of document");
		fact.expected.data = NULL;
	}
	if (!size->present || !size->valid || (size->number == 0) == (value == 0))
		return;
	fact.rule = size->number == 0 ? TALLY_RULE_C_08_EMPTY : TALLY_RULE_C_08_ZERO;
	if (size->number == 0)
		tally_document_find(document, &fact, "the file is empty, so its crc64 must be 0");
	else
		tally_document_find(document, &fact, "crc64 is 0, but the file has %" PRIu64 " bytes", size->number);
}

/* ---- codes and counts of a Summary ---- */

bool tally_log_is_validation_code(tally_text code)
{
	static const char *const known[] = {"None",
					    "InvalidXmlCharsInPath",
					    "OpenFileForReadFailed",
					    "Not512Aligned",
					    "InvalidBlobPath",
					    "EnumerationError",
					    "ShareSizeExceeded",
					    "AzureFileSizeExceeded",
					    "BlockBlobSizeExceeded",
					    "ManagedDiskSizeExceeded",
					    "PageBlobSizeExceeded",
					    "InvalidShareContainerFormat",
					    "InvalidBlobNameFormat",
					    "InvalidFileNameFormat",
					    "InvalidDiskNameFormat",
					    "NotPartOfFileShare",
					    "NonVhdFileNotSupportedForManagedDisk",
					    NULL};
	return tally_log_is_one_of(code, known);
}

/* Codes of the later logs, then those of the classic ones, which go on being used. */
static const tally_status *find_code(tally_text code)
{
	const tally_status *status = tally_log_status(TALLY_LEVEL_LOG_CODE, code);
	return status != NULL ? status : tally_log_status(TALLY_LEVEL_BLOB, code);
}

/* NULL for a code that isn't known; it is told where it stands. */
static tally_log_count *count_of(tally_log_counts *counts, const tally_status *code)
{
	for (size_t i = 0; i < counts->count; i++)
		if (counts->list[i].code == code)
			return &counts->list[i];
	if (code == NULL || counts->count == TALLY_LOG_CODES_MAX)
		return NULL;
	counts->list[counts->count] = (tally_log_count){.code = code};
	return &counts->list[counts->count++];
}

void tally_log_count_listed(tally_log_counts *counts, tally_text code)
{
	tally_log_count *count = count_of(counts, find_code(code));
	if (count != NULL)
		count->listed++;
}

static void tell_code(tally_document *document, tally_text name, tally_place place)
{
	tally_document_find(
	    document, &(tally_fact){.rule = TALLY_RULE_L_30_CODE, .in_document = true, .place = place, .actual = name},
	    "the Summary counts a code that is not a published one");
}

void tally_log_take_validation_code(tally_document *document, tally_text name, tally_place place)
{
	if (!tally_log_is_validation_code(name))
		tell_code(document, name, place);
}

void tally_log_take_copy_code(tally_document *document, tally_log_counts *counts, tally_text name,
			      const tally_value *count, tally_place place)
{
	const tally_status *code = find_code(name);
	if (code == NULL && !tally_text_equal_string(name, "None")) {
		tell_code(document, name, place);
		return;
	}
	tally_log_count *entry = count_of(counts, code);
	if (entry == NULL || !count->present || !count->valid)
		return;
	if (__builtin_add_overflow(entry->said, count->number, &entry->said))
		entry->said = UINT64_MAX;
	entry->is_said = true;
	entry->place = place;
}

void tally_log_compare_counts(tally_document *document, const tally_log_counts *counts)
{
	for (size_t i = 0; counts->complete && i < counts->count; i++) {
		const tally_log_count *c = &counts->list[i];
		/* What succeeded is in the verbose log only. */
		if (strcmp(c->code->code, "Completed") == 0 || c->listed == c->said)
			continue;
		tally_document_find(document,
				    &(tally_fact){.rule = TALLY_RULE_L_30_COUNT,
						  .in_document = true,
						  .place = c->is_said ? c->place : counts->place},
				    "the Summary counts %" PRIu64 " %s, but the log lists %" PRIu64, c->said,
				    c->code->code, c->listed);
	}
}

/* ---- reading ---- */

typedef struct log_reading {
	tally_lint_run *run;
	tally_document *document;
} log_reading;

static tally_result feed(void *context, const void *bytes, size_t size, tally_error *error)
{
	const log_reading *r = context;
	tally_result result = tally_document_feed(r->document, bytes, size, error);
	r->run->over = r->run->over || tally_document_broken(r->document);
	return result;
}

tally_result tally_log_read(tally_lint_run *run, const tally_grammar *grammar, const tally_format_hooks *hooks,
			    void *state, tally_document **document, tally_error *error)
{
	tally_result result = tally_document_new(document, grammar, hooks, state, run->finder, error);
	if (result == TALLY_OK)
		result = tally_lint_feed(run, feed, &(log_reading){run, *document}, error);
	if (result == TALLY_OK)
		result = tally_document_finish(*document, error);
	return result;
}
