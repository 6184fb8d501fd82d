/* SPDX-License-Identifier: Apache-2.0 */
#include "format/json.h"

#include "base/memory.h"

#include <jansson.h>

/* ---- gathering ---- */

typedef struct gathering {
	char *bytes;
	size_t size, capacity;
	size_t values; /* at least as many as there are */
	bool in_string, escaped;
	bool too_large, too_many;
} gathering;

/*
 * Every value but the first stands behind a bracket that opens or a comma. Counted before jansson makes something of
 * it, because "[[],[]," costs 3 bytes a value as text and 50 times that as a tree.
 */
static void count_values(gathering *g, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];
		if (g->in_string) {
			g->in_string = g->escaped || c != '"';
			g->escaped = !g->escaped && c == '\\';
		} else {
			g->in_string = c == '"';
			g->values += c == '[' || c == '{' || c == ',';
		}
	}
	g->too_many = g->values > TALLY_JSON_VALUES_MAX;
}

static tally_result gather(void *reader, const void *bytes, size_t size, tally_error *error)
{
	gathering *g = reader;
	g->too_large = size > TALLY_JSON_SIZE_MAX - g->size;
	if (!g->too_large)
		count_values(g, bytes, size);
	if (g->too_large || g->too_many)
		return TALLY_ERROR_STOPPED; /* not for our caller, who didn't ask for it: see tally_json_read */
	char *grown = tally_grow_wiped(g->bytes, &g->capacity, g->size + size);
	if (grown == NULL)
		return tally_fail_memory(error);
	g->bytes = grown;
	memcpy(grown + g->size, bytes, size);
	g->size += size;
	return TALLY_OK;
}

/* ---- the text's tokens ---- */

/* A walk through text; all that is known of it may be that its strings end. */
typedef struct walk {
	tally_text text;
	size_t at;
	uint64_t line;
	uint64_t base; /* offset of the text in the document: that of what follows a byte-order mark */
} walk;

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_punctuation(char c)
{
	return c == ',' || c == ':' || c == '[' || c == ']' || c == '{' || c == '}';
}

/* Past one string, word or punctuation mark; false when the text ends within a string. */
static bool skip_token(walk *w)
{
	const char *text = w->text.data;
	if (is_punctuation(text[w->at])) {
		w->at++;
		return true;
	}
	if (text[w->at] != '"') {
		while (w->at < w->text.size && !is_blank(text[w->at]) && !is_punctuation(text[w->at]) &&
		       text[w->at] != '"')
			w->at++;
		return true;
	}
	for (w->at++; w->at < w->text.size && text[w->at] != '"'; w->at++)
		if (text[w->at] == '\\')
			w->at++;
	if (w->at >= w->text.size) {
		w->at = w->text.size;
		return false;
	}
	w->at++;
	return true;
}

static void skip_blanks(walk *w)
{
	for (; w->at < w->text.size && is_blank(w->text.data[w->at]); w->at++)
		w->line += w->text.data[w->at] == '\n';
}

static tally_place place_of(const walk *w)
{
	return (tally_place){w->line, w->base + w->at};
}

/* ---- what is wrong with it ---- */

static void tell(tally_finder *finder, tally_rule_symbol rule, tally_place place, const char *message)
{
	tally_find_fact(finder, &(tally_fact){.rule = rule, .in_document = true, .place = place}, "%s", message);
}

/* Where the token stands that holds the byte before `position`; *whole: it doesn't lack its end. */
static walk token_before(walk w, size_t position, bool *whole)
{
	walk token = w;
	*whole = true;
	while (w.at < position && w.at < w.text.size) {
		token = w;
		if (is_blank(w.text.data[w.at])) {
			w.line += w.text.data[w.at] == '\n';
			w.at++;
			continue;
		}
		*whole = skip_token(&w);
		for (size_t i = token.at; i < w.at; i++)
			w.line += w.text.data[i] == '\n'; /* in a string that is none */
	}
	return token;
}

static void walk_to(walk *w, size_t at)
{
	for (; w->at < at; w->at++)
		w->line += w->text.data[w->at] == '\n';
}

/* Slips that are easily made, because other notations allow them. */
static const char *syntax_message(const walk *token)
{
	size_t before = token->at;
	while (before > 0 && is_blank(token->text.data[before - 1]))
		before--;
	bool after_comma = before > 0 && token->text.data[before - 1] == ',';
	switch (token->at < token->text.size ? token->text.data[token->at] : '\0') {
	case '}':
	case ']':
		return after_comma ? "the document is not JSON: there is a comma behind the last value"
				   : "the document is not JSON: this bracket doesn't belong here";
	case '\'':
		return "the document is not JSON: texts and names stand in double quotes";
	case '/':
	case '#':
		return "the document is not JSON: there are no comments in JSON";
	case '"':
		return "the document is not JSON: this text is out of place, or there is a character or an escape in "
		       "it that JSON "
		       "doesn't have";
	default:
		return "the document is not JSON from here on";
	}
}

static tally_result tell_error(tally_finder *finder, const walk *start, const json_error_t *problem, tally_error *error)
{
	size_t position = problem->position > 0 ? (size_t)problem->position : 0;
	bool whole;
	walk token = token_before(*start, position, &whole);
	switch (json_error_code(problem)) {
	case json_error_out_of_memory:
	case json_error_unknown: /* what jansson says when there is no memory for a list or an object */
		return tally_fail_memory(error);
	case json_error_premature_end_of_input:
		if (whole)
			walk_to(&token, start->text.size);
		tell(finder, TALLY_RULE_JSON_01, place_of(&token),
		     start->text.size == 0 ? "the document is empty" : "the document ends too early: it is not whole");
		return TALLY_OK;
	case json_error_end_of_input_expected:
		tell(finder, TALLY_RULE_JSON_01, place_of(&token), "something follows behind the end of the document");
		return TALLY_OK;
	case json_error_invalid_syntax:
		tell(finder, TALLY_RULE_JSON_01, place_of(&token), syntax_message(&token));
		return TALLY_OK;
	case json_error_duplicate_key:
		tell(finder, TALLY_RULE_JSON_02, place_of(&token), "a second member of this name in one object");
		return TALLY_OK;
	case json_error_stack_overflow:
		tell(finder, TALLY_RULE_JSON_03, place_of(&token), "lists and objects are nested too deeply");
		return TALLY_OK;
	case json_error_numeric_overflow:
		tell(finder, TALLY_RULE_JSON_03, place_of(&token), "a number is too large");
		return TALLY_OK;
	case json_error_null_byte_in_key:
		tell(finder, TALLY_RULE_JSON_03, place_of(&token), "a member's name holds the character U+0000");
		return TALLY_OK;
	case json_error_invalid_utf8: /* the only one whose position is that of what is wrong, and not behind it */
		walk_to(&token, position);
		tell(finder, TALLY_RULE_JSON_04, place_of(&token), "these bytes are not UTF-8");
		return TALLY_OK;
	default:
		return tally_fail(error, TALLY_ERROR_INTERNAL,
				  "jansson refused a document for a reason that it can't have");
	}
}

/* ---- places ---- */

typedef struct frame {
	size_t node;
	size_t index; /* of the next child */
	void *member; /* jansson's iterator */
} frame;

/* Objects keep the order of the text, and equal names were refused: text and tree can be walked in step. */
static json_t *next_child(frame *f, json_t *container, tally_text *key)
{
	*key = (tally_text){NULL, 0};
	if (json_is_array(container))
		return json_array_get(container, f->index++);
	f->member = f->index++ == 0 ? json_object_iter(container) : json_object_iter_next(container, f->member);
	if (f->member == NULL)
		return NULL;
	const char *name = json_object_iter_key(f->member);
	*key = (tally_text){name, strlen(name)};
	return json_object_iter_value(f->member);
}

typedef struct placing {
	tally_json *json;
	walk walk;
	frame *stack;
	size_t depth, capacity;
} placing;

/* The walk stands before the value. False when memory is short. */
static bool place_value(placing *p, json_t *value, tally_text key)
{
	skip_blanks(&p->walk);
	size_t node = p->json->count++;
	p->json->nodes[node] =
	    (tally_json_node){.value = value, .key = key, .place = place_of(&p->walk), .end = node + 1};
	skip_token(&p->walk);
	if (!json_is_array(value) && !json_is_object(value))
		return true;
	frame *grown = tally_grow(p->stack, &p->capacity, p->depth + 1, sizeof *grown);
	if (grown == NULL)
		return false;
	p->stack = grown;
	p->stack[p->depth++] = (frame){.node = node};
	return true;
}

static void skip_mark(placing *p)
{
	skip_blanks(&p->walk);
	skip_token(&p->walk);
}

static bool place_values(placing *p)
{
	bool enough = place_value(p, p->json->root, (tally_text){NULL, 0});
	while (enough && p->depth > 0) {
		frame *f = &p->stack[p->depth - 1];
		tally_text key;
		/* jansson has no iterator for objects that are constant; nothing here changes one. */
		json_t *child = next_child(f, (json_t *)(uintptr_t)p->json->nodes[f->node].value, &key);
		if (child == NULL || f->index > 1)
			skip_mark(p); /* the closing bracket or the comma */
		if (child == NULL) {
			p->json->nodes[f->node].end = p->json->count;
			p->depth--;
			continue;
		}
		if (key.data != NULL) {
			skip_mark(p); /* the name */
			skip_mark(p); /* the colon */
		}
		enough = place_value(p, child, key);
	}
	tally_free(p->stack);
	return enough;
}

/* ---- reading ---- */

/*
 * Short of memory within a token, jansson 2.14 loses bytes and then stops the process by an assertion, or calls the
 * document malformed. So what it can need at most is asked for beforehand and given back: a list or object with its
 * first table takes below 512 bytes, a string four times its text while its token grows.
 */
static bool have_memory(const gathering *g)
{
	size_t needed;
	if (__builtin_mul_overflow(g->values + 1, (size_t)512, &needed) ||
	    __builtin_add_overflow(needed, 4 * g->size + 4096, &needed))
		return false;
	void *reserve = tally_alloc(needed);
	tally_free(reserve);
	return reserve != NULL;
}

static bool is_utf16(tally_text text)
{
	const unsigned char *b = (const unsigned char *)text.data;
	return text.size >= 2 &&
	       ((b[0] == 0xFE && b[1] == 0xFF) || (b[0] == 0xFF && b[1] == 0xFE) || b[0] == 0 || b[1] == 0);
}

static tally_result parse(tally_json *json, const gathering *g, tally_finder *finder, tally_error *error)
{
	static const char mark[] = "\xEF\xBB\xBF";
	placing p = {.json = json, .walk = {.text = {g->size > 0 ? g->bytes : "", g->size}, .line = 1}};
	if (is_utf16(p.walk.text)) {
		tell(finder, TALLY_RULE_JSON_04, place_of(&p.walk),
		     "the document is UTF-16; JSON is exchanged as UTF-8");
		return TALLY_OK;
	}
	if (tally_text_starts(p.walk.text, mark)) {
		tell(finder, TALLY_RULE_JSON_04_MARK, place_of(&p.walk), "the document begins with a byte-order mark");
		p.walk.base = sizeof mark - 1;
		p.walk.text = (tally_text){g->bytes + p.walk.base, g->size - p.walk.base};
	}
	/* Nowhere allowed, but jansson 2.14 overlooks one behind a number. */
	const char *zero = p.walk.text.size > 0 ? memchr(p.walk.text.data, '\0', p.walk.text.size) : NULL;
	if (zero != NULL) {
		walk_to(&p.walk, (size_t)(zero - p.walk.text.data));
		tell(finder, TALLY_RULE_JSON_01, place_of(&p.walk),
		     "the document is not JSON: there is a byte 0 in it");
		return TALLY_OK;
	}
	if (!have_memory(g))
		return tally_fail_memory(error);
	json_error_t problem;
	json->root = json_loadb(p.walk.text.data, p.walk.text.size,
				JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
	if (json->root == NULL)
		return tell_error(finder, &p.walk, &problem, error);
	json->nodes = tally_zalloc(g->values + 1, sizeof *json->nodes);
	return json->nodes != NULL && place_values(&p) ? TALLY_OK : tally_fail_memory(error);
}

tally_result tally_json_read(tally_json *json, tally_lint_run *run, tally_error *error)
{
	*json = (tally_json){0};
	gathering g = {0};
	tally_place top = {1, 0};
	tally_result result = tally_lint_feed(run, gather, &g, error);
	if (g.too_large || g.too_many) {
		tell(run->finder, TALLY_RULE_JSON_03, top,
		     g.too_large ? "the document is larger than 16 MiB and was not read"
				 : "the document has more than 100,000 values "
				   "and was not read");
		result = TALLY_OK;
	} else if (result == TALLY_OK) {
		result = parse(json, &g, run->finder, error);
	}
	tally_free_wiped(g.bytes, g.capacity);
	if (result != TALLY_OK)
		tally_json_clear(json);
	return result;
}

void tally_json_clear(tally_json *json)
{
	json_decref(json->root);
	tally_free(json->nodes);
	*json = (tally_json){0};
}

/* ---- looking at it ---- */

tally_json_type tally_json_type_of(const tally_json *json, size_t node)
{
	switch (json_typeof(json->nodes[node].value)) {
	case JSON_OBJECT:
		return TALLY_JSON_OBJECT;
	case JSON_ARRAY:
		return TALLY_JSON_LIST;
	case JSON_STRING:
		return TALLY_JSON_STRING;
	case JSON_INTEGER:
		return TALLY_JSON_INTEGER;
	case JSON_REAL:
		return TALLY_JSON_REAL;
	case JSON_TRUE:
	case JSON_FALSE:
		return TALLY_JSON_BOOLEAN;
	case JSON_NULL:
		break;
	}
	return TALLY_JSON_NULL;
}

tally_text tally_json_string(const tally_json *json, size_t node)
{
	const json_t *value = json->nodes[node].value;
	if (!json_is_string(value))
		return (tally_text){"", 0};
	return (tally_text){json_string_value(value), json_string_length(value)};
}

int64_t tally_json_integer(const tally_json *json, size_t node)
{
	return json_integer_value(json->nodes[node].value);
}

bool tally_json_is_true(const tally_json *json, size_t node)
{
	return json_is_true(json->nodes[node].value);
}

size_t tally_json_first(const tally_json *json, size_t node)
{
	return json->nodes[node].end > node + 1 ? node + 1 : 0;
}

size_t tally_json_next(const tally_json *json, size_t parent, size_t child)
{
	size_t next = json->nodes[child].end;
	return next < json->nodes[parent].end ? next : 0;
}

size_t tally_json_member(const tally_json *json, size_t node, const char *name)
{
	if (tally_json_type_of(json, node) != TALLY_JSON_OBJECT)
		return 0;
	for (size_t i = tally_json_first(json, node); i != 0; i = tally_json_next(json, node, i))
		if (tally_text_equal_string(json->nodes[i].key, name))
			return tally_json_type_of(json, i) == TALLY_JSON_NULL ? 0 : i;
	return 0;
}
