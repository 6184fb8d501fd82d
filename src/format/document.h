/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine that reads every XML document of the service. A format is a grammar (tables of elements, children,
 * attributes, value types and the rules that speak of them) and two hooks for what a table can't say. The engine does
 * the rest: finds children that are unknown, missing, repeated or out of order, checks values, and hands them over.
 */
#ifndef TALLY_FORMAT_DOCUMENT_H
#define TALLY_FORMAT_DOCUMENT_H

#include "catalog/finding.h"
#include "xml/reader.h"

typedef enum tally_value_type {
	TALLY_VALUE_NONE, /* no text: children only, or empty */
	TALLY_VALUE_TEXT,
	TALLY_VALUE_UINT, /* decimal, below 2^64 */
	TALLY_VALUE_MD5   /* 32 hexadecimal digits */
} tally_value_type;

typedef struct tally_attribute_rule {
	const char *name;
	tally_value_type type;
	tally_rule_symbol missing; /* TALLY_RULE_NONE: optional */
	tally_rule_symbol invalid; /* what a malformed value violates */
} tally_attribute_rule;

typedef struct tally_child_rule {
	uint8_t element; /* index into the grammar's elements */
	uint8_t rank;    /* position in the published order; equal ranks in any order */
	bool many;       /* may be repeated */
	tally_rule_symbol missing; /* TALLY_RULE_NONE: optional */
	tally_rule_symbol order;   /* TALLY_RULE_NONE: the format's hook judges the order of this one */
} tally_child_rule;

typedef struct tally_element_rule {
	const char *name;
	tally_value_type type;
	tally_rule_symbol invalid; /* what a malformed value violates */
	tally_rule_symbol empty;   /* what an empty value violates; TALLY_RULE_NONE: may be empty */
	tally_rule_symbol refused; /* not TALLY_RULE_NONE: a known foreign element; told by this rule and skipped */
	size_t text_max;           /* bytes; more violates XML-03 */
	bool secret;               /* its value never appears in a finding */
	bool any_child;            /* children have free names: all are the one element in `children` */
	uint8_t attribute_count, child_count;
	const tally_attribute_rule *attributes;
	const tally_child_rule *children;
} tally_element_rule;

#define TALLY_ATTRIBUTES(table) .attributes = (table), .attribute_count = sizeof(table) / sizeof((table)[0])
#define TALLY_CHILDREN(table) .children = (table), .child_count = sizeof(table) / sizeof((table)[0])
#define TALLY_CHILDREN_MAX 32
#define TALLY_ATTRIBUTES_MAX 8

typedef struct tally_grammar {
	const tally_element_rule *elements;
	/* The element that stands for the document itself: its children are the roots. 0, but for a part of a document. */
	uint8_t document;
	bool fragment;    /* several roots */
	bool exact_names; /* a known name in other capitals is an error (XML-06), not just unknown */
	tally_rule_symbol root;              /* what another root violates */
	tally_rule_symbol unknown_element, unknown_attribute, repeated, text, blanks;
	tally_rule_symbol character;         /* a character that XML can't hold */
	/*
	 * Which rule a problem of the XML violates, where the general one (XML-…) says too little for this format. NULL,
	 * or TALLY_RULE_NONE as the answer: the general one.
	 */
	tally_rule_symbol (*explain)(tally_xml_problem problem);
	tally_level level;                   /* what an error of the document's form means for the service: … */
	const char *status;                  /* … this status at this level */
} tally_grammar;

typedef struct tally_value {
	tally_text text; /* without blanks around it; NULL-terminated for an element's value */
	tally_place place;
	bool present;
	bool valid;      /* as its type demands */
	uint64_t number; /* TALLY_VALUE_UINT */
	uint8_t md5[16]; /* TALLY_VALUE_MD5 */
} tally_value;

typedef struct tally_document tally_document;

typedef struct tally_format_hooks {
	/* An element begins. `attributes` is in the order of its table. Either hook may be NULL. */
	void (*open)(void *state, unsigned element, tally_text name, const tally_value *attributes, tally_place place);
	/*
	 * It ends. `value` is its text; `attributes` are those of the start tag, NULL when the element has children that
	 * the grammar knows. Missing children have been told already; tally_document_seen and
	 * tally_document_has_children still answer for this element.
	 */
	void (*close)(void *state, unsigned element, tally_text name, const tally_value *value, const tally_value *attributes);
} tally_format_hooks;

/* All pointers must outlive the document. Freed with tally_document_free (NULL is fine). */
tally_result tally_document_new(tally_document **document, const tally_grammar *grammar, const tally_format_hooks *hooks,
				void *state, tally_finder *finder, tally_error *error);
void tally_document_free(tally_document *document);
tally_result tally_document_feed(tally_document *document, const void *bytes, size_t size, tally_error *error);
tally_result tally_document_finish(tally_document *document, tally_error *error);
/* From within a hook: an error of the run (no memory, say) that ends the reading and is returned by feed or finish. */
void tally_document_fail(tally_document *document, const tally_error *error);
/* Whether reading ended before the end of the document: not well-formed, a limit, … */
bool tally_document_broken(const tally_document *document);
/* Elements that were skipped with all they hold, because they are unknown or not part of this format. */
uint64_t tally_document_skipped(const tally_document *document);
/* Whether the open element that is being handled already has this child. */
bool tally_document_seen(const tally_document *document, unsigned child_element);
/* Whether it has any child, known or not. */
bool tally_document_has_children(const tally_document *document);

/*
 * Tells a finding of this document. Errors of form get the grammar's level and status. `fact` needs `rule` and what
 * is known; paths set with tally_document_about are filled in.
 */
void tally_document_find(tally_document *document, const tally_fact *fact, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* What the following findings speak of; either may be NULL. */
void tally_document_about(tally_document *document, const char *blob_path, const char *file_path);

#endif
