/* SPDX-License-Identifier: Apache-2.0 */
#include "support/recorder.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
	if (text == NULL)
		return NULL;
	char *copied = strdup(text);
	ck_assert_ptr_nonnull(copied);
	return copied;
}

static void put(void *context, const tally_finding *f)
{
	recorder *r = context;
	if (r->count == r->capacity) {
		r->capacity = r->capacity == 0 ? 16 : 2 * r->capacity;
		r->items = realloc(r->items, r->capacity * sizeof *r->items);
		ck_assert_ptr_nonnull(r->items);
	}
	r->items[r->count++] = (recorded){
	    .rule = f->rule,
	    .severity = f->severity,
	    .level = f->level,
	    .status = f->status,
	    .line = f->line,
	    .document_offset = f->document_offset,
	    .has_range = f->has_range,
	    .offset = f->offset,
	    .length = f->length,
	    .blob_path = copy(f->blob_path),
	    .file_path = copy(f->file_path),
	    .document = copy(f->document),
	    .expected = copy(f->expected),
	    .actual = copy(f->actual),
	    .message = copy(f->message),
	};
}

void recorder_begin(recorder *r)
{
	*r = (recorder){.finder = {.put = put, .context = r}};
}

void recorder_clear(recorder *r)
{
	for (size_t i = 0; i < r->count; i++) {
		recorded *f = &r->items[i];
		char *const texts[] = {f->blob_path, f->file_path, f->document, f->expected, f->actual, f->message};
		for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
			free(texts[k]);
	}
	free(r->items);
	*r = (recorder){0};
}

const char *rule_name(const tally_rule *rule, char out[RULE_NAME_MAX])
{
	const char *dot = rule->aspect[0] != '\0' ? "." : "";
	snprintf(out, RULE_NAME_MAX, "%s%s%s", rule->id, dot, rule->aspect);
	for (char *c = out; *c != '\0'; c++)
		if (*c == ' ')
			*c = '-';
	return out;
}

static bool is_rule(const recorded *f, const char *rule)
{
	char name[RULE_NAME_MAX];
	return strcmp(rule_name(f->rule, name), rule) == 0;
}

size_t recorder_count(const recorder *r, const char *rule)
{
	size_t count = 0;
	for (size_t i = 0; i < r->count; i++)
		count += is_rule(&r->items[i], rule);
	return count;
}

const recorded *recorder_find(const recorder *r, const char *rule, const char *what)
{
	for (size_t i = 0; i < r->count; i++)
		if (is_rule(&r->items[i], rule))
			return &r->items[i];
	ck_abort_msg("%s: no %s among: %s", what, rule, recorder_rules(r));
	return NULL;
}

const char *recorder_rules(const recorder *r)
{
	static char text[4096];
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < r->count && used < sizeof text; i++) {
		char name[RULE_NAME_MAX];
		const char *blank = i > 0 ? " " : "";
		int n = snprintf(text + used, sizeof text - used, "%s%s", blank, rule_name(r->items[i].rule, name));
		used += (size_t)n;
	}
	return text;
}

void recorder_expect(const recorder *r, const char *rules, const char *what)
{
	const char *found = recorder_rules(r);
	ck_assert_msg(strcmp(found, rules) == 0, "%s: found \"%s\", not \"%s\"; the first one says: %s", what, found,
		      rules, r->count > 0 ? r->items[0].message : "nothing");
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_finding(const recorded *a, const recorded *b)
{
	return a->rule == b->rule && a->severity == b->severity && a->level == b->level && a->status == b->status &&
	       a->line == b->line && a->document_offset == b->document_offset && a->has_range == b->has_range &&
	       a->offset == b->offset && a->length == b->length && same_text(a->blob_path, b->blob_path) &&
	       same_text(a->file_path, b->file_path) && same_text(a->document, b->document) &&
	       same_text(a->expected, b->expected) && same_text(a->actual, b->actual) &&
	       same_text(a->message, b->message);
}

void recorder_expect_same(const recorder *a, const recorder *b, const char *what)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const recorded *x = &a->items[i], *y = &b->items[i];
		ck_assert_msg(same_finding(x, y),
			      "%s: finding %zu differs: %s %s at line %llu, byte %llu against %s %s at %llu, %llu",
			      what, i, x->rule->id, x->message, (unsigned long long)x->line,
			      (unsigned long long)x->document_offset, y->rule->id, y->message,
			      (unsigned long long)y->line, (unsigned long long)y->document_offset);
	}
	ck_assert_msg(a->count == b->count, "%s: %zu findings against %zu", what, a->count, b->count);
}

void recorder_expect_nowhere(const recorder *r, const char *text, const char *what)
{
	for (size_t i = 0; i < r->count; i++) {
		const recorded *f = &r->items[i];
		const char *const texts[] = {f->blob_path, f->file_path, f->document,
					     f->expected,  f->actual,    f->message};
		for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
			ck_assert_msg(texts[k] == NULL || strstr(texts[k], text) == NULL, "%s: %s shows \"%s\": %s",
				      what, f->rule->id, text, texts[k]);
	}
}
