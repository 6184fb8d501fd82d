/* SPDX-License-Identifier: Apache-2.0 */
#include "format/verbose_log.h"

#include "format/log_common.h"
#include "format/log_events.h"

enum { VERBOSE_DOCUMENT, VERBOSE_FILE };
enum { VERBOSE_CLOUD_FORMAT, VERBOSE_ETAG, VERBOSE_PATH, VERBOSE_SIZE, VERBOSE_CRC64 };

static const tally_child_rule document_children[] = {{VERBOSE_FILE, 0, true, TALLY_RULE_NONE, TALLY_RULE_NONE}};

static const tally_attribute_rule file_attributes[] = {
    [VERBOSE_CLOUD_FORMAT] = {"CloudFormat", TALLY_VALUE_TEXT, TALLY_RULE_C_05_MISSING, TALLY_RULE_NONE},
    [VERBOSE_ETAG] = {"ETag", TALLY_VALUE_TEXT, TALLY_RULE_NONE, TALLY_RULE_NONE},
    [VERBOSE_PATH] = {"Path", TALLY_VALUE_TEXT, TALLY_RULE_C_05_MISSING, TALLY_RULE_NONE},
    [VERBOSE_SIZE] = {"Size", TALLY_VALUE_UINT, TALLY_RULE_C_05_MISSING, TALLY_RULE_C_05_NUMBER},
    [VERBOSE_CRC64] = {"crc64", TALLY_VALUE_TEXT, TALLY_RULE_C_05_MISSING, TALLY_RULE_NONE},
};

static const tally_element_rule elements[] = {
    [VERBOSE_DOCUMENT] = {.name = "the document", TALLY_LOG_NO_TEXT, TALLY_CHILDREN(document_children)},
    [VERBOSE_FILE] = {.name = "File", TALLY_LOG_NO_TEXT, TALLY_ATTRIBUTES(file_attributes)},
};

static const tally_grammar grammar = {
    .elements = elements,
    TALLY_LOG_COPY_RULES,
};

typedef struct verbose_log {
	tally_document *document;
	tally_log_out out;
} verbose_log;

static void hand_out(verbose_log *log, const tally_value *attributes, tally_place place)
{
	tally_log_entry *entry = &log->out.entry;
	const tally_value *crc64 = &attributes[VERBOSE_CRC64];
	*entry = (tally_log_entry){.kind = TALLY_LOG_STORED, .place = place};
	if (attributes[VERBOSE_PATH].present)
		entry->blob_path = attributes[VERBOSE_PATH].text;
	tally_log_out_number(&attributes[VERBOSE_SIZE], &entry->has_size, &entry->size);
	entry->has_crc64 = crc64->present && tally_log_read_crc64(crc64->text, &entry->crc64);
	tally_log_out_entry(&log->out);
}

static void on_open(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	verbose_log *log = state;
	(void)element, (void)name;
	tally_log_check_cloud_format(log->document, &attributes[VERBOSE_CLOUD_FORMAT]);
	tally_log_check_file_path(log->document, &attributes[VERBOSE_PATH]);
	tally_log_check_crc64(log->document, &attributes[VERBOSE_SIZE], &attributes[VERBOSE_CRC64], false);
	hand_out(log, attributes, place);
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	static const tally_format_hooks hooks = {on_open, NULL};
	verbose_log log = {.out = {.run = run}};
	tally_result result = tally_log_read(run, &grammar, &hooks, &log, &log.document, error);
	if (result == TALLY_OK)
		tally_log_out_end(&log.out, log.document);
	tally_document_free(log.document);
	return result;
}

/* Its elements are called as those of Azure Files in a drive log are; there they are never the root. */
static bool has_root(tally_text name, const tally_xml_attribute *attributes, size_t count)
{
	if (!tally_text_equal_string(name, "File"))
		return false;
	for (size_t i = 0; i < count; i++)
		if (tally_text_equal_string(attributes[i].name, "crc64") ||
		    tally_text_equal_string(attributes[i].name, "CloudFormat"))
			return true;
	return false;
}

const tally_format tally_verbose_log_format = {TALLY_DOCUMENT_VERBOSE_LOG, "verbose-log", has_root, NULL, lint};
