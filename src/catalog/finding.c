/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/finding.h"

#include <stdarg.h>
#include <stdio.h>

#define VALUE_SHOWN 200   /* bytes of an expected or actual value that a finding carries */
#define MESSAGE_SHOWN 1000

/* Nothing is allocated: a finding must get through when memory is short. */
const char *tally_mask_path(const char *path, char copy[TALLY_MASKED_PATH])
{
	if (path == NULL || !tally_has_secret((tally_text){path, strlen(path)}))
		return path;
	tally_mask((tally_text){path, strlen(path)}, copy, TALLY_MASKED_PATH);
	return copy;
}

static void count(tally_finder *finder, tally_severity severity)
{
	switch (severity) {
	case TALLY_SEVERITY_ERROR:
		finder->errors++;
		break;
	case TALLY_SEVERITY_WARNING:
		finder->warnings++;
		break;
	case TALLY_SEVERITY_NOTE:
		finder->notes++;
		break;
	}
}

void tally_finder_relay(tally_finder *finder, const tally_finding *finding)
{
	count(finder, finding->severity);
	if (finder->put != NULL)
		finder->put(finder->context, finding);
}

void tally_find_fact(tally_finder *finder, const tally_fact *fact, const char *format, ...)
{
	const tally_rule *rule = tally_rule_of(fact->rule);
	tally_severity severity = rule->severity;
	if (severity == TALLY_SEVERITY_WARNING && finder->strict)
		severity = TALLY_SEVERITY_ERROR;
	count(finder, severity);
	if (finder->put == NULL)
		return;

	char raw[MESSAGE_SHOWN], message[MESSAGE_SHOWN + 64], expected[VALUE_SHOWN], actual[VALUE_SHOWN];
	va_list args;
	va_start(args, format);
	vsnprintf(raw, sizeof raw, format, args);
	va_end(args);
	tally_mask((tally_text){raw, strlen(raw)}, message, sizeof message);
	if (fact->expected.data != NULL)
		tally_mask(fact->expected, expected, sizeof expected);
	if (fact->actual.data != NULL)
		tally_mask(fact->actual, actual, sizeof actual);

	char blob_copy[TALLY_MASKED_PATH], file_copy[TALLY_MASKED_PATH], document_copy[TALLY_MASKED_PATH];
	tally_level level = fact->use_level ? fact->level : rule->level;
	tally_finding finding = {
		.rule = rule,
		.severity = severity,
		.level = level,
		.status = tally_status_find(level, fact->status != NULL ? fact->status : rule->status),
		.blob_path = tally_mask_path(fact->blob_path, blob_copy),
		.file_path = tally_mask_path(fact->file_path, file_copy),
		.document = tally_mask_path(finder->document, document_copy),
		.line = fact->in_document ? fact->place.line : 0,
		.document_offset = fact->in_document ? fact->place.offset : 0,
		.has_range = fact->has_range,
		.offset = fact->offset,
		.length = fact->length,
		.expected = fact->expected.data != NULL ? expected : NULL,
		.actual = fact->actual.data != NULL ? actual : NULL,
		.message = message,
	};
	finder->put(finder->context, &finding);
}
