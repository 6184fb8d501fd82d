/* SPDX-License-Identifier: Apache-2.0 */
/* The engine with a grammar of the test's own: what it tells by itself, and what its hooks get to see. */
#include "format/document.h"

#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <inttypes.h>

enum { DOCUMENT, SHIP, CAPTAIN, CRATE, HOLD, THING, LIFEBOAT, ELEMENTS };

static const tally_child_rule document_children[] = {{SHIP, 0, false, TALLY_RULE_NONE, TALLY_RULE_NONE}};
static const tally_attribute_rule ship_attributes[] = {
    {"Name", TALLY_VALUE_TEXT, TALLY_RULE_M_03_MISSING, TALLY_RULE_NONE},
    {"Tonnage", TALLY_VALUE_UINT, TALLY_RULE_NONE, TALLY_RULE_M_23_NUMBER},
};
static const tally_child_rule ship_children[] = {
    {CAPTAIN, 1, false, TALLY_RULE_M_10_MISSING, TALLY_RULE_M_05_ORDER},
    {CRATE, 2, true, TALLY_RULE_NONE, TALLY_RULE_M_05_ORDER},
    {HOLD, 3, true, TALLY_RULE_NONE, TALLY_RULE_NONE},
    {LIFEBOAT, 3, true, TALLY_RULE_NONE, TALLY_RULE_NONE},
};
static const tally_attribute_rule crate_attributes[] = {
    {"Mark", TALLY_VALUE_TEXT, TALLY_RULE_NONE, TALLY_RULE_NONE},
    {"Hash", TALLY_VALUE_MD5, TALLY_RULE_NONE, TALLY_RULE_M_50},
};
static const tally_child_rule hold_children[] = {{THING, 0, true, TALLY_RULE_NONE, TALLY_RULE_NONE}};

#define NO_RULES .invalid = TALLY_RULE_NONE, .empty = TALLY_RULE_NONE, .refused = TALLY_RULE_NONE

static const tally_element_rule elements[ELEMENTS] = {
    [DOCUMENT] = {.name = "the document", NO_RULES, TALLY_CHILDREN(document_children)},
    [SHIP] = {.name = "Ship", NO_RULES, TALLY_ATTRIBUTES(ship_attributes), TALLY_CHILDREN(ship_children)},
    [CAPTAIN] = {.name = "Captain",
		 .type = TALLY_VALUE_TEXT,
		 .invalid = TALLY_RULE_NONE,
		 .empty = TALLY_RULE_M_10_MISSING,
		 .refused = TALLY_RULE_NONE,
		 .text_max = 20},
    [CRATE] = {.name = "Crate",
	       .type = TALLY_VALUE_UINT,
	       .invalid = TALLY_RULE_M_23_NUMBER,
	       .empty = TALLY_RULE_NONE,
	       .refused = TALLY_RULE_NONE,
	       .text_max = 100,
	       .secret = true,
	       TALLY_ATTRIBUTES(crate_attributes)},
    [HOLD] = {.name = "Hold", NO_RULES, .any_child = true, TALLY_CHILDREN(hold_children)},
    [THING] = {.name = "thing", .type = TALLY_VALUE_TEXT, NO_RULES, .text_max = 100},
    [LIFEBOAT] = {.name = "Lifeboat", .refused = TALLY_RULE_M_60},
};

static const tally_grammar grammar = {
    .elements = elements,
    .root = TALLY_RULE_M_03_ROOT,
    .unknown_element = TALLY_RULE_M_05_ELEMENT,
    .unknown_attribute = TALLY_RULE_M_05_ATTRIBUTE,
    .repeated = TALLY_RULE_M_05_REPEATED,
    .text = TALLY_RULE_M_05_TEXT,
    .blanks = TALLY_RULE_M_52,
    .character = TALLY_RULE_M_06,
    .level = TALLY_LEVEL_METADATA,
    .status = "XmlReadFailed",
};

typedef struct reading {
	tally_document *document;
	recorder found;
	test_text log;
	tally_result result;
	tally_error error;
	const char *fail_at; /* name of the element at which a hook fails */
} reading;

static void print_value(test_text *log, const tally_value *value)
{
	text_print(log, " '%.*s'", (int)value->text.size, value->text.data);
	if (value->present && value->valid && value->number > 0)
		text_print(log, "=%" PRIu64, value->number);
	if (!value->valid)
		text_print(log, "%s", value->present ? " invalid" : " none");
}

static void open_hook(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place)
{
	reading *r = state;
	text_print(&r->log, "open %.*s %d", (int)name.size, name.data, (int)place.offset);
	for (size_t i = 0; i < elements[element].attribute_count; i++)
		if (attributes[i].present)
			print_value(&r->log, &attributes[i]);
	text_print(&r->log, "\n");
	if (r->fail_at != NULL && tally_text_equal_string(name, r->fail_at)) {
		tally_error error;
		tally_fail(&error, TALLY_ERROR_STOPPED, "stopped at %s", r->fail_at);
		tally_document_fail(r->document, &error);
	}
}

static void close_hook(void *state, unsigned element, tally_text name, const tally_value *value,
		       const tally_value *attributes)
{
	reading *r = state;
	text_print(&r->log, "close %.*s", (int)name.size, name.data);
	print_value(&r->log, value);
	if (attributes != NULL)
		for (size_t i = 0; i < elements[element].attribute_count; i++)
			if (attributes[i].present)
				print_value(&r->log, &attributes[i]);
	if (element == SHIP)
		text_print(&r->log, "%s%s", tally_document_seen(r->document, CAPTAIN) ? " captain" : "",
			   tally_document_seen(r->document, CRATE) ? " crate" : "");
	text_print(&r->log, "\n");
}

static void read_text(reading *r, const char *text, const tally_grammar *by, const char *fail_at)
{
	static const tally_format_hooks hooks = {open_hook, close_hook};
	*r = (reading){.fail_at = fail_at};
	recorder_begin(&r->found);
	text_print(&r->log, "%s", "");
	ck_assert_int_eq(tally_document_new(&r->document, by, &hooks, r, &r->found.finder, &r->error), TALLY_OK);
	r->result = tally_document_feed(r->document, text, strlen(text), &r->error);
	if (r->result == TALLY_OK)
		r->result = tally_document_finish(r->document, &r->error);
}

static void close_reading(reading *r)
{
	tally_document_free(r->document);
	recorder_clear(&r->found);
	text_clear(&r->log);
}

START_TEST(test_hooks_see_elements_values_and_attributes)
{
	reading r;
	read_text(&r,
		  "<Ship Tonnage='77' Name='Ark'><Captain> Noah\n</Captain><Crate Mark='x'>2</Crate><Crate/>"
		  "<Hold><a>1</a><b/></Hold></Ship>",
		  &grammar, NULL);
	ck_assert_str_eq(r.log.data, "open Ship 0 'Ark' '77'=77\n"
				     "open Captain 30\n"
				     "close Captain 'Noah'\n"
				     "open Crate 55 'x'\n"
				     "close Crate '2'=2 'x'\n"
				     "open Crate 80\n"
				     "close Crate ''\n"
				     "open Hold 88\n"
				     "open a 94\n"
				     "close a '1'\n"
				     "open b 102\n"
				     "close b ''\n"
				     "close Hold '' none\n"
				     "close Ship '' none captain crate\n");
	recorder_expect(&r.found, "M-52", "a ship");
	ck_assert(!tally_document_broken(r.document));
	close_reading(&r);
}
END_TEST

static const struct {
	const char *document, *rules, *log;
} cases[] = {
    {"<Boat/>", "M-03.root", ""},
    {"<Ship/>", "M-03.missing M-10.missing", "open Ship 0\nclose Ship '' none\n"},
    {"<Ship Name='a'><Captain/></Ship>", "M-10.missing",
     "open Ship 0 'a'\nopen Captain 15\nclose Captain '' none\nclose Ship '' none captain\n"},
    {"<Ship Name='a'><Captain>a</Captain><Captain>b</Captain></Ship>", "M-05.repeated", NULL},
    {"<Ship Name='a'><Crate/><Captain>a</Captain></Ship>", "M-05.order", NULL},
    {"<Ship Name='a'><Hold/><Captain>a</Captain><Hold/><Crate/></Ship>", "M-05.order M-05.order", NULL},
    {"<Ship Name='a'><Captain>a</Captain><Mate><Crate>x</Crate></Mate></Ship>", "M-05.element",
     "open Ship 0 'a'\nopen Captain 15\nclose Captain 'a'\nclose Ship '' none captain\n"},
    {"<Ship Name='a'><Captain>a</Captain><Lifeboat><Crate>x</Crate></Lifeboat></Ship>", "M-60", NULL},
    {"<Ship Name='a' Colour='b'><Captain>a</Captain></Ship>", "M-05.attribute", NULL},
    {"<Ship Name='a'>x<Captain>a</Captain>y</Ship>", "M-05.text", NULL},
    {"<Ship Name='a'><Captain>a<b/>c</Captain></Ship>", "M-05.element",
     "open Ship 0 'a'\nopen Captain 15\nclose Captain 'ac'\nclose Ship '' none captain\n"},
    {"<Ship Name='a'><Captain>12345678901234567890</Captain></Ship>", "", NULL},
    {"<Ship Name='a'><Captain>123456789012345678901</Captain></Ship>", "XML-03",
     "open Ship 0 'a'\nopen Captain 15\nclose Captain '' none\nclose Ship '' none captain\n"},
    {"<Ship Name='a'><Captain>a</Captain><Crate>x</Crate></Ship>", "M-23.number",
     "open Ship 0 'a'\nopen Captain 15\nclose Captain 'a'\nopen Crate 35\nclose Crate 'x' invalid\nclose Ship '' none "
     "captain crate\n"},
    {"<Ship Name='a'><Captain>a</Captain><Crate Hash='00'/></Ship>", "M-50", NULL},
    {"<Ship Name='a'><Hold><Captain/><Ship/></Hold><Captain>a</Captain></Ship>", "M-05.order", NULL},
    {"<Ship Name='a'><Captain>a</Captain>", "XML-01", "open Ship 0 'a'\nopen Captain 15\nclose Captain 'a'\n"},
    {"<Ship Name='a'><Captain>a &#1;</Captain>", "M-06", "open Ship 0 'a'\nopen Captain 15\n"},
};

#define CASES (int)(sizeof cases / sizeof cases[0])

START_TEST(test_what_the_tables_say)
{
	reading r;
	read_text(&r, cases[_i].document, &grammar, NULL);
	ck_assert_int_eq(r.result, TALLY_OK);
	recorder_expect(&r.found, cases[_i].rules, cases[_i].document);
	if (cases[_i].log != NULL)
		ck_assert_str_eq(r.log.data, cases[_i].log);
	const char *broken = strstr("XML-01 M-06", cases[_i].rules);
	ck_assert_int_eq(tally_document_broken(r.document), cases[_i].rules[0] != '\0' && broken != NULL);
	close_reading(&r);
}
END_TEST

/* Errors of form mean what the grammar says; a warning leads to no status, unless it counts as an error. */
START_TEST(test_errors_of_form_have_the_grammars_level_and_status)
{
	static const char document[] = "<Ship Name='a'><Captain>a</Captain><Captain>b</Captain><Mate/></Ship>";
	reading r;
	read_text(&r, document, &grammar, NULL);
	const tally_status *failed = tally_status_find(TALLY_LEVEL_METADATA, "XmlReadFailed");
	ck_assert_ptr_nonnull(failed);
	ck_assert_ptr_eq(recorder_find(&r.found, "M-05.repeated", "")->status, failed);
	ck_assert_int_eq(recorder_find(&r.found, "M-05.element", "")->level, TALLY_LEVEL_METADATA);
	ck_assert_ptr_null(recorder_find(&r.found, "M-05.element", "")->status);
	close_reading(&r);
}
END_TEST

/* A slip in a name's capitals is what it most likely is. */
START_TEST(test_a_name_in_other_capitals)
{
	static const char document[] = "<Ship name='a'><captain>a</captain></Ship>";
	tally_grammar exact = grammar;
	exact.exact_names = true;
	for (int i = 0; i < 2; i++) {
		reading r;
		read_text(&r, document, i == 0 ? &grammar : &exact, NULL);
		recorder_expect(&r.found,
				i == 0 ? "M-05.attribute M-03.missing M-05.element M-10.missing"
				       : "XML-06 M-03.missing XML-06 M-10.missing",
				document);
		ck_assert_str_eq(r.found.items[0].expected, "Name");
		ck_assert_str_eq(r.found.items[0].actual, "name");
		ck_assert_str_eq(r.found.items[2].expected, "Captain");
		close_reading(&r);
	}
}
END_TEST

START_TEST(test_a_secret_value_is_not_shown)
{
	reading r;
	read_text(&r, "<Ship Name='a'><Captain>a</Captain><Crate>tell nobody</Crate></Ship>", &grammar, NULL);
	recorder_expect(&r.found, "M-23.number", "a secret");
	recorder_expect_nowhere(&r.found, "nobody", "a secret");
	close_reading(&r);
}
END_TEST

START_TEST(test_a_hook_can_end_the_reading)
{
	reading r;
	read_text(&r, "<Ship Name='a'><Captain>a</Captain><Crate>1</Crate></Ship>", &grammar, "Captain");
	ck_assert_int_eq(r.result, TALLY_ERROR_STOPPED);
	ck_assert_int_eq(r.error.code, TALLY_ERROR_STOPPED);
	ck_assert_str_eq(r.error.message, "stopped at Captain");
	ck_assert_str_eq(r.log.data, "open Ship 0 'a'\nopen Captain 15\n");
	recorder_expect(&r.found, "", "stopped");
	ck_assert_int_eq(tally_document_feed(r.document, "<", 1, NULL), TALLY_ERROR_STOPPED);
	ck_assert_int_eq(tally_document_finish(r.document, NULL), TALLY_ERROR_STOPPED);
	close_reading(&r);
}
END_TEST

START_TEST(test_findings_are_about_what_was_named)
{
	reading r;
	read_text(&r, "<Ship Name='a'><Captain>a</Captain></Ship>", &grammar, NULL);
	tally_document_about(r.document, "cargo/a", "\\a");
	tally_document_find(r.document, &(tally_fact){.rule = TALLY_RULE_M_33}, "one");
	tally_document_find(r.document, &(tally_fact){.rule = TALLY_RULE_M_33, .file_path = "\\b"}, "two");
	tally_document_about(r.document, NULL, NULL);
	tally_document_find(r.document, &(tally_fact){.rule = TALLY_RULE_M_33}, "three");
	ck_assert_str_eq(r.found.items[0].blob_path, "cargo/a");
	ck_assert_str_eq(r.found.items[0].file_path, "\\a");
	ck_assert_str_eq(r.found.items[1].file_path, "\\b");
	ck_assert_ptr_null(r.found.items[2].blob_path);
	close_reading(&r);
}
END_TEST

START_TEST(test_fragments_have_several_roots)
{
	tally_grammar fragment = grammar;
	fragment.fragment = true;
	reading r;
	read_text(&r, " <?xml version='1.0'?><Ship Name='a'><Captain>a</Captain></Ship>\n<Boat/>", &fragment, NULL);
	recorder_expect(&r.found, "M-03.root", "a fragment");
	ck_assert_uint_eq(tally_document_skipped(r.document), 1);
	close_reading(&r);
}
END_TEST

int main(void)
{
	return suite_run("document", (const suite_test[]){{test_hooks_see_elements_values_and_attributes, 0},
							  {test_what_the_tables_say, CASES},
							  {test_errors_of_form_have_the_grammars_level_and_status, 0},
							  {test_a_name_in_other_capitals, 0},
							  {test_a_secret_value_is_not_shown, 0},
							  {test_a_hook_can_end_the_reading, 0},
							  {test_findings_are_about_what_was_named, 0},
							  {test_fragments_have_several_roots, 0},
							  {NULL, 0}});
}
