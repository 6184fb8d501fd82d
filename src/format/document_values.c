/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes and values: known, there, of their type. */
#include "format/document_parts.h"

#include "base/memory.h"

void tally_document_tell_unknown(tally_document *d, tally_rule_symbol rule, tally_place place, tally_text name,
				 const char *what, const char *parent, const char *meant)
{
	bool slip = meant != NULL && d->grammar->exact_names && rule != d->grammar->root;
	tally_fact fact = {
	    .rule = slip ? TALLY_RULE_XML_06 : rule, .in_document = true, .place = place, .actual = name};
	/* Masked while it is whole: half a secret can't be told any more. */
	char shown[104];
	tally_mask(name, shown, sizeof shown);
	if (meant != NULL) {
		fact.expected = (tally_text){meant, strlen(meant)};
		tally_document_find(d, &fact, "%s %s in %s is not known; names are case-sensitive, %s is", what, shown,
				    parent, meant);
	} else {
		tally_document_find(d, &fact, "%s %s in %s is not known", what, shown, parent);
	}
}

void tally_document_trim(tally_document *d, tally_value *value, const char *name)
{
	tally_text trimmed = tally_text_trim(value->text);
	if (trimmed.size != value->text.size && trimmed.size > 0 && d->grammar->blanks != TALLY_RULE_NONE)
		tally_document_find(
		    d, &(tally_fact){.rule = d->grammar->blanks, .in_document = true, .place = value->place},
		    "the value of %s has blanks around it", name);
	value->text = trimmed;
}

static void tell_hash(tally_document *d, tally_rule_symbol rule, const tally_value *value, const char *name)
{
	tally_fact fact = {.rule = rule,
			   .in_document = true,
			   .place = value->place,
			   .expected = TALLY_TEXT("32 hexadecimal digits"),
			   .actual = value->text};
	size_t decoded;
	if (tally_base64_decode(value->text, NULL, 0, &decoded) && decoded == 16)
		tally_document_find(d, &fact, "%s is an MD5 in Base64; it must be written as 32 hexadecimal digits",
				    name);
	else if (tally_is_hex(value->text))
		tally_document_find(d, &fact, "%s has %zu hexadecimal digits instead of 32", name, value->text.size);
	else
		tally_document_find(d, &fact, "%s is not a hash of 32 hexadecimal digits", name);
}

void tally_document_check_type(tally_document *d, tally_value_type type, tally_rule_symbol invalid, const char *name,
			       bool secret, tally_value *value)
{
	value->valid = true;
	if (type == TALLY_VALUE_MD5) {
		value->valid = tally_hex_decode(value->text, value->md5, sizeof value->md5);
		if (!value->valid)
			tell_hash(d, invalid, value, name);
	} else if (type == TALLY_VALUE_UINT) {
		tally_number number = tally_decimal_parse(value->text, &value->number);
		value->valid = number == TALLY_NUMBER_OK;
		tally_fact fact = {.rule = invalid, .in_document = true, .place = value->place};
		if (!secret)
			fact.actual = value->text;
		if (number == TALLY_NUMBER_MALFORMED)
			tally_document_find(d, &fact, "%s is not a number: only the digits 0 to 9 may occur", name);
		else if (number == TALLY_NUMBER_OVERFLOW)
			tally_document_find(d, &fact, "%s is too large: it must be below 2^64", name);
	}
}

/* The parser's buffers move on before a leaf's end tag; keep what its hook will want to see. */
static bool keep_values(tally_document *d, size_t count)
{
	size_t total = 0;
	for (size_t i = 0; i < count; i++)
		total += d->values[i].text.size;
	char *grown = tally_grow_wiped(d->copies, &d->copies_capacity, total + 1);
	if (grown == NULL) {
		tally_document_fail_memory(d);
		return false;
	}
	d->copies = grown;
	for (size_t i = 0; i < count; i++) {
		tally_text *text = &d->values[i].text;
		if (text->size > 0)
			memcpy(grown, text->data, text->size);
		text->data = grown;
		grown += text->size;
	}
	return true;
}

/* The attribute's index in the rule; attribute_count when it isn't there. Most come in the order of the table. */
static size_t find_attribute(const tally_element_rule *rule, size_t first, tally_text name, const char **meant)
{
	*meant = NULL;
	size_t index = first;
	for (size_t tried = 0; tried < rule->attribute_count; tried++, index++) {
		index = index < rule->attribute_count ? index : 0;
		if (tally_text_equal_string(name, rule->attributes[index].name))
			return index;
	}
	for (size_t i = 0; i < rule->attribute_count; i++) {
		const char *known = rule->attributes[i].name;
		if (tally_text_equal_ascii_nocase(name, (tally_text){known, strlen(known)}))
			*meant = known;
	}
	return rule->attribute_count;
}

bool tally_document_read_attributes(tally_document *d, const tally_element_rule *rule, tally_place place,
				    const tally_xml_attribute *attributes, size_t count)
{
	memset(d->values, 0, rule->attribute_count * sizeof d->values[0]);
	for (size_t i = 0, next = 0; i < count; i++) {
		const char *meant;
		size_t found = find_attribute(rule, next, attributes[i].name, &meant);
		if (found == rule->attribute_count) {
			tally_document_tell_unknown(d, d->grammar->unknown_attribute, attributes[i].place,
						    attributes[i].name, "attribute", rule->name, meant);
			continue;
		}
		next = found + 1;
		tally_value *value = &d->values[found];
		*value = (tally_value){.text = attributes[i].value, .place = attributes[i].place, .present = true};
		tally_document_trim(d, value, rule->attributes[found].name);
		tally_document_check_type(d, rule->attributes[found].type, rule->attributes[found].invalid,
					  rule->attributes[found].name, rule->secret, value);
	}
	for (size_t k = 0; k < rule->attribute_count; k++)
		if (!d->values[k].present && rule->attributes[k].missing != TALLY_RULE_NONE)
			tally_document_find(
			    d, &(tally_fact){.rule = rule->attributes[k].missing, .in_document = true, .place = place},
			    "%s has no %s", rule->name, rule->attributes[k].name);
	return rule->attribute_count == 0 || keep_values(d, rule->attribute_count);
}
