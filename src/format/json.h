/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON documents as a list of values with their places. Knows no document and no rule but those of JSON itself
 * (RFC 8259).
 *
 * jansson reads the text: it is maintained, in every distribution, and strict about what RFC 8259 leaves no choice in.
 * It builds a tree and knows no places. What a job's description is makes both harmless: a few kilobytes, one drive in
 * a dozen lines. So a document is held as a whole, within bounds that no real one comes near (a resource manager takes
 * requests of a few megabytes), and once jansson has found it to be JSON, a second look at the text, which then need
 * not judge anything any more, finds out where each value stands. The alternatives: yajl streams and knows places, but
 * has had no maintainer for ten years and uses memory that it did not get; json-c takes much that is not JSON, and the
 * last of two equal names.
 */
#ifndef TALLY_FORMAT_JSON_H
#define TALLY_FORMAT_JSON_H

#include "format/format.h"

#define TALLY_JSON_SIZE_MAX (16 * 1024 * 1024) /* bytes */
#define TALLY_JSON_VALUES_MAX 100000           /* with the bytes, this bounds the tree's memory */

typedef enum tally_json_type {
	TALLY_JSON_NULL,
	TALLY_JSON_BOOLEAN,
	TALLY_JSON_INTEGER, /* within int64_t, and written without fraction and exponent */
	TALLY_JSON_REAL,
	TALLY_JSON_STRING,
	TALLY_JSON_LIST,
	TALLY_JSON_OBJECT
} tally_json_type;

typedef struct tally_json_node {
	const struct json_t *value;
	tally_text key;    /* of an object's member; data NULL: the value is none */
	tally_place place; /* where the value begins */
	size_t end;        /* index of the first node behind this value and all it holds */
} tally_json_node;

/* All values in the order of the document, so that node 0 is the document's and no node's child. */
typedef struct tally_json {
	struct json_t *root;
	tally_json_node *nodes;
	size_t count;
} tally_json;

/*
 * Reads the run's document. What is wrong with it as JSON is told, and then `json` stays empty: its count is 0.
 * Cleared with tally_json_clear (all zero is fine).
 */
tally_result tally_json_read(tally_json *json, tally_lint_run *run, tally_error *error);
/* Nothing is left of the values' texts, which may be keys. */
void tally_json_clear(tally_json *json);

tally_json_type tally_json_type_of(const tally_json *json, size_t node);
tally_text tally_json_string(const tally_json *json, size_t node); /* empty when it is none; may hold U+0000 */
int64_t tally_json_integer(const tally_json *json, size_t node);   /* 0 when it is none */
bool tally_json_is_true(const tally_json *json, size_t node);

/* The children of a list or object: first, then next until 0. */
size_t tally_json_first(const tally_json *json, size_t node);
size_t tally_json_next(const tally_json *json, size_t parent, size_t child);
/* A member of an object; 0 when there is none of that name, when it is null, and when the node is no object. */
size_t tally_json_member(const tally_json *json, size_t node, const char *name);

#endif
