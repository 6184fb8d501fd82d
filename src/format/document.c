/* SPDX-License-Identifier: Apache-2.0 */
#include "format/document_parts.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

static const tally_element_rule *rule_of(const tally_document *d, const tally_document_frame *f)
{
	return &d->grammar->elements[f->element];
}

void tally_document_find(tally_document *d, const tally_fact *given, const char *format, ...)
{
	char message[800];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	tally_fact fact = *given;
	const tally_rule *rule = tally_rule_of(fact.rule);
	if (rule->level == TALLY_LEVEL_DOCUMENT && !fact.use_level) {
		bool error = rule->severity == TALLY_SEVERITY_ERROR || (d->finder->strict && rule->severity == TALLY_SEVERITY_WARNING);
		fact.use_level = true;
		fact.level = d->grammar->level;
		fact.status = error ? d->grammar->status : NULL;
	}
	if (fact.blob_path == NULL)
		fact.blob_path = d->blob_path;
	if (fact.file_path == NULL)
		fact.file_path = d->file_path;
	tally_find_fact(d->finder, &fact, "%s", message);
}

void tally_document_about(tally_document *d, const char *blob_path, const char *file_path)
{
	d->blob_path = blob_path;
	d->file_path = file_path;
}

void tally_document_fail(tally_document *d, const tally_error *error)
{
	if (d->failure.code == TALLY_OK)
		d->failure = *error;
	tally_xml_stop(d->reader);
}

void tally_document_fail_memory(tally_document *d)
{
	tally_error error;
	tally_fail_memory(&error);
	tally_document_fail(d, &error);
}

uint64_t tally_document_skipped(const tally_document *d)
{
	return d->skipped;
}

bool tally_document_broken(const tally_document *d)
{
	return d->broken;
}

bool tally_document_seen(const tally_document *d, unsigned child_element)
{
	const tally_document_frame *f = &d->stack[d->depth];
	const tally_element_rule *rule = rule_of(d, f);
	for (size_t i = 0; i < rule->child_count; i++)
		if (rule->children[i].element == child_element)
			return (f->seen >> i & 1) != 0;
	return false;
}

bool tally_document_has_children(const tally_document *d)
{
	return d->stack[d->depth].has_children;
}

static const char *element_title(const tally_document *d, const tally_document_frame *f)
{
	return f == d->stack ? "the document" : rule_of(d, f)->name;
}

static const char *child_name(const tally_document *d, const tally_element_rule *rule, size_t index)
{
	return d->grammar->elements[rule->children[index].element].name;
}

/* What stands in the published order is found by one comparison. */
static const tally_child_rule *find_child(const tally_document *d, tally_document_frame *parent, tally_text name, const char **meant)
{
	const tally_element_rule *rule = rule_of(d, parent);
	*meant = NULL;
	if (rule->any_child)
		return rule->children;
	size_t index = parent->next;
	for (size_t tried = 0; tried < rule->child_count; tried++, index++) {
		index = index < rule->child_count ? index : 0;
		if (!tally_text_equal_string(name, child_name(d, rule, index)))
			continue;
		/* What may be repeated most often is. */
		parent->next = (uint8_t)(index + !rule->children[index].many);
		return &rule->children[index];
	}
	for (size_t i = 0; i < rule->child_count; i++) {
		const char *known = child_name(d, rule, i);
		if (tally_text_equal_ascii_nocase(name, (tally_text){known, strlen(known)}))
			*meant = known;
	}
	return NULL;
}

static void judge_position(tally_document *d, tally_document_frame *parent, const tally_child_rule *child, tally_place place)
{
	size_t index = (size_t)(child - rule_of(d, parent)->children);
	const char *name = d->grammar->elements[child->element].name;
	if (rule_of(d, parent)->any_child)
		return;
	if ((parent->seen >> index & 1) != 0 && !child->many)
		tally_document_find(d, &(tally_fact){.rule = d->grammar->repeated, .in_document = true, .place = place},
				    "a second %s in one %s", name, element_title(d, parent));
	if (child->rank < parent->rank && child->order != TALLY_RULE_NONE)
		tally_document_find(d, &(tally_fact){.rule = child->order, .in_document = true, .place = place},
				    "%s comes later than the published order has it", name);
	if (child->rank > parent->rank)
		parent->rank = child->rank;
	parent->seen |= UINT32_C(1) << index;
}

/* Text between the roots of a fragment has no element to be told at: the next root is the best place, or the last. */
static void tell_loose_text(tally_document *d, tally_place place, const char *where)
{
	if (!d->stack[0].stray_text || d->loose_text_told)
		return;
	d->loose_text_told = true;
	tally_document_find(d, &(tally_fact){.rule = d->grammar->text, .in_document = true, .place = place},
			    "there is text %s, where only elements belong", where);
}

static void on_start(void *context, tally_text name, const tally_xml_attribute *attributes, size_t count, tally_place place)
{
	tally_document *d = context;
	if (d->skipping > 0) {
		d->skipping++;
		return;
	}
	tally_document_frame *parent = &d->stack[d->depth];
	parent->has_children = true;
	if (d->depth == 0) {
		tell_loose_text(d, place, "in front of this element");
		parent->place = place;
	}
	const char *meant;
	const tally_child_rule *child = find_child(d, parent, name, &meant);
	if (child == NULL) {
		tally_rule_symbol rule = d->depth == 0 ? d->grammar->root : d->grammar->unknown_element;
		tally_document_tell_unknown(d, rule, place, name, "element", element_title(d, parent), meant);
		d->skipping = 1;
		d->skipped++;
		return;
	}
	const tally_element_rule *rule = &d->grammar->elements[child->element];
	if (rule->refused != TALLY_RULE_NONE) {
		tally_document_find(d, &(tally_fact){.rule = rule->refused, .in_document = true, .place = place, .actual = name},
				    "%s in %s is not part of this format and was not read", rule->name, element_title(d, parent));
		d->skipping = 1;
		d->skipped++;
		return;
	}
	judge_position(d, parent, child, place);
	parent->has_inner = true;
	if (!tally_document_read_attributes(d, rule, place, attributes, count))
		return;
	d->stack[++d->depth] = (tally_document_frame){.element = child->element, .place = place};
	d->text_size = 0;
	d->text_too_long = false;
	if (d->hooks->open != NULL)
		d->hooks->open(d->state, child->element, name, d->values, place);
}

static bool is_blank(tally_text text)
{
	return tally_text_trim(text).size == 0;
}

static void on_text(void *context, tally_text piece)
{
	tally_document *d = context;
	if (d->skipping > 0)
		return;
	tally_document_frame *f = &d->stack[d->depth];
	const tally_element_rule *rule = rule_of(d, f);
	if (rule->type == TALLY_VALUE_NONE) {
		if (!f->stray_text && !is_blank(piece)) {
			f->stray_text = true;
			if (d->depth == 0)
				return;
			tally_document_find(d, &(tally_fact){.rule = d->grammar->text, .in_document = true, .place = f->place},
					    "there is text in %s, where only elements belong", element_title(d, f));
		}
		return;
	}
	if (d->text_size + piece.size > rule->text_max) {
		d->text_too_long = true;
		return;
	}
	char *grown = tally_grow_wiped(d->text, &d->text_capacity, d->text_size + piece.size + 1);
	if (grown == NULL) {
		tally_document_fail_memory(d);
		return;
	}
	d->text = grown;
	memcpy(d->text + d->text_size, piece.data, piece.size);
	d->text_size += piece.size;
}

/* The open element's text as a value; false when it can't be used. */
static void take_value(tally_document *d, const tally_document_frame *f, const tally_element_rule *rule, tally_value *value)
{
	value->place = f->place;
	value->text = (tally_text){d->text_size > 0 ? d->text : "", d->text_size};
	if (d->text_too_long) {
		tally_document_find(d, &(tally_fact){.rule = TALLY_RULE_XML_03, .in_document = true, .place = f->place},
				    "the text of %s is longer than %zu bytes", rule->name, rule->text_max);
		value->text.size = 0;
		return;
	}
	tally_document_trim(d, value, rule->name);
	if (value->text.size > 0) {
		value->present = true;
		((char *)(uintptr_t)value->text.data)[value->text.size] = '\0';
		tally_document_check_type(d, rule->type, rule->invalid, rule->name, rule->secret, value);
	} else if (rule->empty != TALLY_RULE_NONE) {
		tally_document_find(d, &(tally_fact){.rule = rule->empty, .in_document = true, .place = f->place}, "%s is empty",
				    rule->name);
	} else {
		value->valid = true;
	}
}

static void on_end(void *context, tally_text name, tally_place place)
{
	(void)place;
	tally_document *d = context;
	if (d->skipping > 0) {
		d->skipping--;
		return;
	}
	tally_document_frame *f = &d->stack[d->depth];
	const tally_element_rule *rule = rule_of(d, f);
	tally_value value = {.place = f->place, .text = {"", 0}};
	if (rule->type != TALLY_VALUE_NONE)
		take_value(d, f, rule, &value);
	for (size_t i = 0; i < rule->child_count; i++)
		if ((f->seen >> i & 1) == 0 && rule->children[i].missing != TALLY_RULE_NONE)
			tally_document_find(d, &(tally_fact){.rule = rule->children[i].missing, .in_document = true, .place = f->place},
					    "%s has no %s", rule->name, d->grammar->elements[rule->children[i].element].name);
	if (d->hooks->close != NULL)
		d->hooks->close(d->state, f->element, name, &value, f->has_inner ? NULL : d->values);
	d->depth--;
}

static void on_problem(void *context, tally_xml_problem problem, tally_place place, const char *message)
{
	tally_document *d = context;
	tally_fact fact = {.in_document = true, .place = place};
	switch (problem) {
	case TALLY_XML_MALFORMED:
	case TALLY_XML_AMPERSAND:
		fact.rule = TALLY_RULE_XML_01;
		break;
	case TALLY_XML_CHARACTER:
		fact.rule = d->grammar->character;
		break;
	case TALLY_XML_DOCTYPE:
		fact.rule = TALLY_RULE_XML_02;
		break;
	case TALLY_XML_LIMIT:
		fact.rule = TALLY_RULE_XML_03;
		break;
	case TALLY_XML_ENCODING:
		fact.rule = TALLY_RULE_XML_04;
		break;
	case TALLY_XML_DECLARED:
		fact.rule = TALLY_RULE_M_04_ENCODING;
		break;
	case TALLY_XML_NAMESPACE:
		fact.rule = TALLY_RULE_M_04_NAMESPACE;
		break;
	}
	tally_rule_symbol own = d->grammar->explain != NULL ? d->grammar->explain(problem) : TALLY_RULE_NONE;
	if (own != TALLY_RULE_NONE)
		fact.rule = own;
	if (problem != TALLY_XML_DECLARED && problem != TALLY_XML_NAMESPACE)
		d->broken = true;
	char shown[400];
	tally_mask((tally_text){message, strlen(message)}, shown, sizeof shown);
	tally_document_find(d, &fact, "%s", shown);
}

tally_result tally_document_new(tally_document **out, const tally_grammar *grammar, const tally_format_hooks *hooks, void *state,
				tally_finder *finder, tally_error *error)
{
	static const tally_xml_handler handler = {on_start, on_end, on_text, on_problem};
	*out = NULL;
	tally_document *d = tally_zalloc(1, sizeof *d);
	if (d == NULL)
		return tally_fail_memory(error);
	d->grammar = grammar;
	d->hooks = hooks;
	d->state = state;
	d->finder = finder;
	d->stack[0].element = grammar->document;
	tally_result result = tally_xml_new(&d->reader, &handler, d, &(tally_xml_options){.fragment = grammar->fragment}, error);
	if (result != TALLY_OK) {
		tally_free(d);
		return result;
	}
	*out = d;
	return TALLY_OK;
}

void tally_document_free(tally_document *d)
{
	if (d == NULL)
		return;
	tally_xml_free(d->reader);
	/* The last text of all may be the key of a storage account, or a part of it is left behind a shorter one. */
	tally_free_wiped(d->text, d->text_capacity);
	tally_free_wiped(d->copies, d->copies_capacity);
	tally_free(d);
}

static tally_result outcome(const tally_document *d, tally_result result, tally_error *error)
{
	if (d->failure.code == TALLY_OK)
		return result;
	if (error != NULL)
		*error = d->failure;
	return d->failure.code;
}

tally_result tally_document_feed(tally_document *d, const void *bytes, size_t size, tally_error *error)
{
	return outcome(d, tally_xml_feed(d->reader, bytes, size, error), error);
}

tally_result tally_document_finish(tally_document *d, tally_error *error)
{
	tally_result result = outcome(d, tally_xml_finish(d->reader, error), error);
	if (result != TALLY_OK || d->broken)
		return result;
	/* The reader holds an empty fragment for well-formed. */
	if (!d->stack[0].has_children)
		on_problem(d, TALLY_XML_MALFORMED, (tally_place){1, 0}, "the document has no complete element: it is empty or cut off");
	else
		tell_loose_text(d, d->stack[0].place, "behind this element, the last one");
	return TALLY_OK;
}
