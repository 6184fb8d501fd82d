/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the engine (format/document.h) share. */
#ifndef TALLY_FORMAT_DOCUMENT_PARTS_H
#define TALLY_FORMAT_DOCUMENT_PARTS_H

#include "format/document.h"

/* An open element. */
typedef struct tally_document_frame {
	uint8_t element;
	uint8_t rank; /* highest rank of a child so far */
	bool has_children;
	bool has_inner; /* a child that is known: its attributes have taken the place of this element's own */
	bool stray_text; /* seen; told once */
	uint8_t next;    /* entry of the child table behind the latest: where the next child is looked for first */
	uint32_t seen;   /* a bit for each entry of the child table */
	tally_place place;
} tally_document_frame;

struct tally_document {
	const tally_grammar *grammar;
	const tally_format_hooks *hooks;
	void *state;
	tally_finder *finder;
	tally_xml_reader *reader;
	tally_document_frame stack[TALLY_XML_DEPTH_MAX + 2];
	size_t depth;     /* stack[depth] is the open element; stack[0] the document */
	size_t skipping;  /* depth within an element that is skipped */
	uint64_t skipped; /* elements that were */
	bool broken;
	bool loose_text_told; /* stray text between the roots of a fragment */
	tally_error failure;  /* code not TALLY_OK: ends the reading */
	const char *blob_path, *file_path;
	char *text; /* of the open element */
	size_t text_size, text_capacity;
	bool text_too_long;
	tally_value values[TALLY_ATTRIBUTES_MAX]; /* attributes of the latest start tag */
	char *copies;                             /* what their texts point to: a leaf's hook sees them at its end */
	size_t copies_size, copies_capacity;
};

/* tally_document_fail for want of memory. */
void tally_document_fail_memory(tally_document *document);

/* document_values.c */
/* Tells about an unknown name; one that differs only in capitals, `meant`, is most likely a slip. */
void tally_document_tell_unknown(tally_document *document, tally_rule_symbol rule, tally_place place, tally_text name,
				 const char *what, const char *parent, const char *meant);
/* Takes blanks off a value, and tells of them where the grammar has a rule for that. */
void tally_document_trim(tally_document *document, tally_value *value, const char *name);
/* Judges a value by its type, and fills in what it is as that. */
void tally_document_check_type(tally_document *document, tally_value_type type, tally_rule_symbol invalid,
			       const char *name, bool secret, tally_value *value);
/* Leaves those of a start tag in document->values. False: an error of the run has ended the reading. */
bool tally_document_read_attributes(tally_document *document, const tally_element_rule *rule, tally_place place,
				    const tally_xml_attribute *attributes, size_t count);

#endif
