/* SPDX-License-Identifier: Apache-2.0 */
#include "format/blob_list_entry.h"

#include "format/storage_name.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct entry {
	tally_finder *finder;
	const tally_value *value;
	const char *element;
	const char *holder; /* what the first part of the name is */
	bool is_prefix, is_file;
	tally_blob_name name;
} entry;

__attribute__((format(printf, 4, 5))) static void tell(const entry *e, tally_rule_symbol rule, tally_text actual,
						       const char *format, ...)
{
	char message[300];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	tally_fact fact = {.rule = rule, .in_document = true, .place = e->value->place, .actual = actual};
	if (!e->is_file)
		fact.blob_path = e->value->text.data;
	tally_find_fact(e->finder, &fact, "%s", message);
}

static void judge_container(const entry *e)
{
	bool partial = e->is_prefix && e->name.blob.data == NULL;
	const char *fault =
	    e->is_prefix ? tally_prefix_container_fault(&e->name) : tally_container_name_fault(e->name.container);
	if (fault != NULL)
		tell(e, TALLY_RULE_X_06_CONTAINER, e->name.container, "no %s can have this name%s: %s", e->holder,
		     partial ? " or one that begins so" : "", fault);
}

/* Of an entry whose name goes on behind the container. */
static void judge_blob(const entry *e)
{
	switch (tally_blob_name_check(&e->name)) {
	case TALLY_BLOB_NAME_OK:
	case TALLY_BLOB_NAME_EMPTY: /* a whole container; a path without a blob was told */
		break;
	case TALLY_BLOB_NAME_TOO_LONG:
		tell(e, TALLY_RULE_X_06_NAME, e->name.blob, "the blob's name is longer than 1,024 characters");
		break;
	case TALLY_BLOB_NAME_SEGMENTS:
		tell(e, TALLY_RULE_X_06_NAME, e->name.blob, "the blob's name has more than 254 path segments");
		break;
	case TALLY_BLOB_NAME_CHARACTER:
		tell(e, TALLY_RULE_X_06_NAME, e->name.blob,
		     "the blob's name has a control character or a private-use code point");
		break;
	case TALLY_BLOB_NAME_ROOT_SLASH:
		tell(e, TALLY_RULE_X_06_ROOT, e->name.blob, "a blob of the root container has no slash in its name");
		break;
	case TALLY_BLOB_NAME_DELETE:
		tell(e, TALLY_RULE_X_06_DELETE, e->name.blob, "the blob's name has the control character U+007F");
		break;
	case TALLY_BLOB_NAME_END:
		if (!e->is_prefix && e->name.blob.data[e->name.blob.size - 1] == '/')
			tell(e, TALLY_RULE_X_04_SLASH, e->name.blob,
			     "this path ends in a slash: it selects the one blob of that name, not what is below it");
		break;
	}
}

static void judge_path(const entry *e)
{
	tally_text text = e->value->text;
	if (tally_text_equal_string(text, "/") || tally_text_equal_string(text, "\\")) {
		tell(e, TALLY_RULE_K_17, text,
		     "%s is %s, which selects nothing; everything is selected by the prefix /", e->element, text.data);
		return;
	}
	if (e->name.blob.size == 0)
		tell(e, TALLY_RULE_X_04_FORM, text, "%s names nothing within a %s%s", e->element, e->holder,
		     e->name.blob.data != NULL || e->is_file ? ""
							     : "; one in the root container is written $root/name");
	else
		judge_container(e);
}

static void judge_prefix(const entry *e)
{
	if (!e->name.leading_slash)
		tell(e, TALLY_RULE_X_05_SLASH, e->value->text, "%s does not begin with a slash", e->element);
	else if (e->value->text.size > 1)
		judge_container(e);
}

void tally_list_entry_judge(tally_finder *finder, unsigned element, const tally_value *value)
{
	entry e = {
	    .finder = finder,
	    .value = value,
	    .element = tally_list_grammar.elements[element].name,
	    .is_prefix = element == LIST_BLOB_PREFIX || element == LIST_FILE_PREFIX,
	    .is_file = element == LIST_FILE_PATH || element == LIST_FILE_PREFIX,
	    .name = tally_blob_path_split(value->text),
	};
	e.holder = e.is_file ? "share" : "container";
	if (e.is_prefix)
		judge_prefix(&e);
	else
		judge_path(&e);
	/* Names of files have other rules, but Import/Export can't export them anyway. */
	if (!e.is_file && e.name.blob.size > 0)
		judge_blob(&e);
}
