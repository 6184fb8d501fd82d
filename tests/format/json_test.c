/* SPDX-License-Identifier: Apache-2.0 */
/* Reading JSON: what is taken and refused, where values stand, and what a hostile document costs. */
#include "format/json.h"

#include "support/documents.h"
#include "support/recorder.h"
#include "support/suite.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static tally_result read_source(tally_json *json, const tally_source *source, recorder *r, tally_error *error)
{
	tally_lint_run run = {.source = source, .finder = &r->finder, .kind = TALLY_DOCUMENT_JOB};
	return tally_json_read(json, &run, error);
}

static tally_result read_text(tally_json *json, const char *text, size_t size, recorder *r)
{
	pieces p = {{text, size}, SIZE_MAX, 0};
	tally_source source = pieces_source(&p);
	tally_error error;
	recorder_begin(r);
	return read_source(json, &source, r, &error);
}

/* ---- every value stands where it is said to ---- */

static void check_places(const tally_json *json, const char *text, size_t size)
{
	for (size_t i = 0; i < json->count; i++) {
		const tally_json_node *node = &json->nodes[i];
		ck_assert_uint_lt(node->place.offset, size);
		uint64_t line = 1;
		for (size_t k = 0; k < node->place.offset; k++)
			line += text[k] == '\n';
		ck_assert_uint_eq(node->place.line, line);
		json_t *again = json_loadb(text + node->place.offset, size - node->place.offset,
					   JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL);
		ck_assert_msg(again != NULL && json_equal(again, node->value), "value %zu is not at %ju of %s", i,
			      (uintmax_t)node->place.offset, text);
		json_decref(again);
	}
}

/* ---- what is JSON ---- */

typedef struct sample {
	const char *text;
	size_t size;
	const char *rules;
	uint64_t offset; /* of the first finding */
} sample;

#define SAMPLE(text, rules, offset)       \
  {                                       \
    text, sizeof(text) - 1, rules, offset \
  }

static const sample samples[] = {
    SAMPLE("{}", "", 0),
    SAMPLE(" \t\r\n[ ] \n", "", 0),
    SAMPLE("{\"a\":[1,-0,0.5,1e5,-1E-2,true,false,null,\"\"],\"b\":{}}", "", 0),
    SAMPLE("\"text\"", "", 0),
    SAMPLE("null", "", 0),
    SAMPLE("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20AC\\ud83d\\ude00\\u0000\"]", "", 0),
    SAMPLE("[\"\x7F\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"]", "", 0),
    SAMPLE("[9223372036854775807,-9223372036854775808]", "", 0),
    SAMPLE("{\"\":1,\"a\":1,\"A\":1}", "", 0),
    SAMPLE("", "JSON-01", 0),
    SAMPLE(" \n ", "JSON-01", 3),
    SAMPLE("{\"a\":1,}", "JSON-01", 7),
    SAMPLE("[1,]", "JSON-01", 3),
    SAMPLE("[,1]", "JSON-01", 1),
    SAMPLE("[1 2]", "JSON-01", 3),
    SAMPLE("{\"a\" 1}", "JSON-01", 5),
    SAMPLE("{a:1}", "JSON-01", 1),
    SAMPLE("{'a':1}", "JSON-01", 1),
    SAMPLE("{1:1}", "JSON-01", 1),
    SAMPLE("[01]", "JSON-01", 1),
    SAMPLE("[+1]", "JSON-01", 1),
    SAMPLE("[-]", "JSON-01", 1),
    SAMPLE("[1.]", "JSON-01", 1),
    SAMPLE("[.5]", "JSON-01", 1),
    SAMPLE("[1e]", "JSON-01", 1),
    SAMPLE("[0x10]", "JSON-01", 1),
    SAMPLE("[NaN]", "JSON-01", 1),
    SAMPLE("[Infinity]", "JSON-01", 1),
    SAMPLE("[True]", "JSON-01", 1),
    SAMPLE("[tru]", "JSON-01", 1),
    SAMPLE("[1] // one", "JSON-01", 4),
    SAMPLE("/* one */ [1]", "JSON-01", 0),
    SAMPLE("[1]]", "JSON-01", 3),
    SAMPLE("{} {}", "JSON-01", 3),
    SAMPLE("[\"a\nb\"]", "JSON-01", 1),
    SAMPLE("[\"a\tb\"]", "JSON-01", 1),
    SAMPLE("[\"\\x\"]", "JSON-01", 1),
    SAMPLE("[\"\\u12G4\"]", "JSON-01", 1),
    SAMPLE("[\"\\ud800\"]", "JSON-01", 1),
    SAMPLE("[\"\\udc00\"]", "JSON-01", 1),
    SAMPLE("[\"\\ud800\\u0041\"]", "JSON-01", 1),
    SAMPLE("[1,\n2", "JSON-01", 5),
    SAMPLE("[1,\n\"abc", "JSON-01", 4),
    SAMPLE("[\"abc\\", "JSON-01", 1),
    SAMPLE("[1}", "JSON-01", 2),
    SAMPLE("[\"\0\"]", "JSON-01", 2),
    SAMPLE("[\n1\0,2]", "JSON-01", 3),
    SAMPLE("[1]\0", "JSON-01", 3),
    SAMPLE("{\"a\":1,\"b\":{\"a\":2},\"a\":3}", "JSON-02", 19),
    SAMPLE("{\"a\":1,\"\\u0061\":2}", "JSON-02", 7),
    SAMPLE("[9223372036854775808]", "JSON-03", 1),
    SAMPLE("[1e999]", "JSON-03", 1),
    SAMPLE("{\"a\\u0000\":1}", "JSON-03", 1),
    SAMPLE("[\"\xFF\"]", "JSON-04", 2),
    SAMPLE("[\"ab\xC3\"]", "JSON-04", 4),
    SAMPLE("[\"\xC0\x80\"]", "JSON-04", 2),
    SAMPLE("[\"\xED\xA0\x80\"]", "JSON-04", 2),
    SAMPLE("[\"\xF4\x90\x80\x80\"]", "JSON-04", 2),
    SAMPLE("\xFE\xFF\0{\0}", "JSON-04", 0),
    SAMPLE("\xFF\xFE{\0}\0", "JSON-04", 0),
    SAMPLE("{\0}\0", "JSON-04", 0),
    SAMPLE("\0{\0}", "JSON-04", 0),
    SAMPLE("\xEF\xBB\xBF[1]", "JSON-04.mark", 0),
    SAMPLE("\xEF\xBB\xBF[1,\n2", "JSON-04.mark JSON-01", 0),
};

START_TEST(verdicts)
{
	const sample *s = &samples[_i];
	tally_json json;
	recorder r;
	ck_assert_int_eq(read_text(&json, s->text, s->size, &r), TALLY_OK);
	recorder_expect(&r, s->rules, s->text);
	if (r.count > 0)
		ck_assert_msg(r.items[0].document_offset == s->offset, "%s: at %ju", s->text,
			      (uintmax_t)r.items[0].document_offset);
	ck_assert_int_eq(json.count > 0, r.finder.errors == 0);
	check_places(&json, s->text, s->size);
	tally_json_clear(&json);
	recorder_clear(&r);
}
END_TEST

START_TEST(places_behind_a_mark)
{
	static const char text[] = "\xEF\xBB\xBF{\n \"a\" : [ 1 ,\n{\"b\\\"c\":\"d]\"} ] }";
	tally_json json;
	recorder r;
	ck_assert_int_eq(read_text(&json, text, sizeof text - 1, &r), TALLY_OK);
	ck_assert_uint_eq(json.count, 5);
	check_places(&json, text, sizeof text - 1);
	size_t a = tally_json_member(&json, 0, "a"), one = tally_json_first(&json, a),
	       object = tally_json_next(&json, a, one);
	ck_assert_uint_eq(json.nodes[a].place.line, 2);
	ck_assert_int_eq(tally_json_integer(&json, one), 1);
	ck_assert_uint_eq(json.nodes[object].place.line, 3);
	ck_assert(tally_text_equal_string(tally_json_string(&json, tally_json_member(&json, object, "b\"c")), "d]"));
	ck_assert_uint_eq(tally_json_next(&json, a, object), 0);
	ck_assert_uint_eq(tally_json_member(&json, 0, "b\"c"), 0);
	ck_assert_uint_eq(tally_json_member(&json, a, "a"), 0);
	tally_json_clear(&json);
	recorder_clear(&r);
}
END_TEST

/* ---- the verdicts of another reader ---- */

/*
 * Python's reader shares no code with jansson. Strictly used: no constants of its own, no name twice, and what comes
 * out must be text, that is, hold no half of a surrogate pair.
 */
static const char oracle[] =
    "import sys, json, struct\n"
    "def once(pairs):\n"
    "    if len(dict(pairs)) != len(pairs): raise ValueError\n"
    "    return dict(pairs)\n"
    "def no(name): raise ValueError\n"
    "data = sys.stdin.buffer.read(); at = 0\n"
    "while at < len(data):\n"
    "    size, = struct.unpack_from('<I', data, at); text = data[at + 4:at + 4 + size]; at += 4 + size\n"
    "    try:\n"
    "        value = json.loads(text.decode('utf-8'), object_pairs_hook=once, parse_constant=no)\n"
    "        json.dumps(value, ensure_ascii=False).encode('utf-8'); verdict = '1'\n"
    "    except ValueError: verdict = '0'\n"
    "    sys.stdout.write(verdict)\n";

typedef struct comparison {
	test_text documents; /* a size of 4 bytes before each */
	test_text verdicts;  /* '1' taken, '0' refused, '?' refused for a limit of ours */
} comparison;

static void add_document(comparison *c, const char *text, size_t size)
{
	unsigned char front[4];
	for (size_t i = 0; i < sizeof front; i++)
		front[i] = (unsigned char)(size >> 8 * i & 0xFF);
	text_add(&c->documents, front, sizeof front);
	text_add(&c->documents, text, size);
	tally_json json;
	recorder r;
	ck_assert_int_eq(read_text(&json, text, size, &r), TALLY_OK);
	const char *verdict = r.finder.errors == 0 ? "1" : recorder_count(&r, "JSON-03") > 0 ? "?" : "0";
	text_add(&c->verdicts, verdict, 1);
	check_places(&json, text, size);
	tally_json_clear(&json);
	recorder_clear(&r);
}

/* Freed by the caller. */
static char *ask_oracle(const test_text *documents, size_t count)
{
	char program[] = "/tmp/tally-oracle-XXXXXX", input[] = "/tmp/tally-input-XXXXXX", command[256];
	int program_fd = mkstemp(program), input_fd = mkstemp(input);
	ck_assert_int_ge(program_fd, 0);
	ck_assert_int_ge(input_fd, 0);
	ck_assert_int_eq(write(program_fd, oracle, sizeof oracle - 1), sizeof oracle - 1);
	ck_assert_int_eq(write(input_fd, documents->data, documents->size), (ssize_t)documents->size);
	close(program_fd);
	close(input_fd);
	snprintf(command, sizeof command, "python3 %s <%s", program, input);
	FILE *pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	char *answer = calloc(1, count + 2);
	ck_assert_ptr_nonnull(answer);
	size_t got = fread(answer, 1, count + 1, pipe);
	ck_assert_int_eq(pclose(pipe), 0);
	unlink(program);
	unlink(input);
	ck_assert_uint_eq(got, count);
	return answer;
}

static void compare(const comparison *c)
{
	char *answer = ask_oracle(&c->documents, c->verdicts.size);
	size_t at = 0, taken = 0;
	for (size_t i = 0; i < c->verdicts.size; i++) {
		const unsigned char *front = (const unsigned char *)c->documents.data + at;
		size_t size = front[0] | (size_t)front[1] << 8 | (size_t)front[2] << 16;
		char ours = c->verdicts.data[i];
		ck_assert_msg(ours == '?' || ours == answer[i], "%.*s: %c, but Python says %c", (int)size,
			      c->documents.data + at + 4, ours, answer[i]);
		taken += answer[i] == '1';
		at += 4 + size;
	}
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_lt(taken, c->verdicts.size);
	free(answer);
}

/* A document with everything in it, each byte of it lost, replaced and preceded by others. */
START_TEST(verdicts_of_python)
{
	static const char text[] =
	    "{\"a\":[-10.25e+3,0,\"\\u00e9\\n\\\\\"],\n\"b\":{\"\\ud83d\\ude00\":true},\"c\xC3\xA9\":null}";
	static const char others[] = "\"\\{}[],:019.eE+-tfn \n\t\x01\x7F\x80\xC3\xFF/uda'";
	comparison c = {{0}, {0}};
	char changed[sizeof text + 1];
	add_document(&c, text, sizeof text - 1);
	for (size_t i = 0; i < sizeof text - 1; i++) {
		memcpy(changed, text, i);
		memcpy(changed + i, text + i + 1, sizeof text - i - 1);
		add_document(&c, changed, sizeof text - 2);
		for (size_t k = 0; k < sizeof others; k++) {
			memcpy(changed, text, sizeof text);
			changed[i] = others[k];
			add_document(&c, changed, sizeof text - 1);
			memcpy(changed + i + 1, text + i, sizeof text - i);
			add_document(&c, changed, sizeof text);
		}
	}
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
		if (strncmp(samples[i].text, "\xEF\xBB\xBF", 3) != 0) /* a mark is a warning here */
			add_document(&c, samples[i].text, samples[i].size);
	compare(&c);
	text_clear(&c.documents);
	text_clear(&c.verdicts);
}
END_TEST

/* ---- limits ---- */

static void expect_refused(const test_text *t, const char *rule)
{
	tally_json json;
	recorder r;
	ck_assert_int_eq(read_text(&json, t->data, t->size, &r), TALLY_OK);
	recorder_expect(&r, rule, "a document beyond the limits");
	ck_assert_uint_eq(json.count, 0);
	recorder_clear(&r);
}

START_TEST(deep)
{
	static const char *const opening[] = {"[", "{\"a\":"};
	for (size_t lists = 0; lists < 2; lists++) {
		test_text t = {0};
		for (size_t k = 0; k < 100000; k++)
			text_add(&t, opening[lists], strlen(opening[lists]));
		expect_refused(&t, "JSON-03");
		text_clear(&t);
	}
	test_text t = {0};
	for (size_t k = 0; k < 90000; k++) /* fewer values than are too many */
		text_add(&t, opening[k % 2], strlen(opening[k % 2]));
	expect_refused(&t, "JSON-03");
	text_clear(&t);
}
END_TEST

START_TEST(deep_enough)
{
	test_text t = {0};
	tally_json json;
	recorder r;
	for (size_t k = 0; k < 2000; k++)
		text_add(&t, "[", 1);
	for (size_t k = 0; k < 2000; k++)
		text_add(&t, "]", 1);
	ck_assert_int_eq(read_text(&json, t.data, t.size, &r), TALLY_OK);
	recorder_expect(&r, "", "2,000 lists");
	ck_assert_uint_eq(json.count, 2000);
	for (size_t i = 0; i < json.count; i++) {
		ck_assert_uint_eq(json.nodes[i].place.offset, i);
		ck_assert_uint_eq(json.nodes[i].end, 2000);
	}
	tally_json_clear(&json);
	recorder_clear(&r);
	text_clear(&t);
}
END_TEST

START_TEST(many_values)
{
	test_text t = {0};
	tally_json json;
	recorder r;
	text_add(&t, "[0", 2);
	for (size_t k = 2; k < TALLY_JSON_VALUES_MAX; k++)
		text_add(&t, ",0", 2);
	text_add(&t, "]", 1);
	ck_assert_int_eq(read_text(&json, t.data, t.size, &r), TALLY_OK);
	recorder_expect(&r, "", "100,000 values");
	ck_assert_uint_eq(json.count, TALLY_JSON_VALUES_MAX);
	tally_json_clear(&json);
	recorder_clear(&r);
	text_replace(&t, "[0", "[0,0");
	text_replace(&t, "[0,0", "[0,0,\",,\\\",\"");
	expect_refused(&t, "JSON-03");
	text_clear(&t);
}
END_TEST

/* What doesn't end: text, a string's content, values. */
static int64_t read_endless(void *context, uint64_t offset, void *buffer, size_t size)
{
	uint64_t *read = context;
	if (offset >= UINT64_C(100) << 20)
		return 0;
	memset(buffer, 'x', size);
	if (offset == 0)
		memcpy(buffer, "[\"", 2);
	*read += size;
	return (int64_t)size;
}

START_TEST(long_string)
{
	uint64_t read = 0;
	tally_source source = {&read, read_endless, NULL};
	tally_json json;
	tally_error error;
	recorder r;
	recorder_begin(&r);
	ck_assert_int_eq(read_source(&json, &source, &r, &error), TALLY_OK);
	recorder_expect(&r, "JSON-03", "a string of 100 MiB");
	ck_assert_uint_le(read, TALLY_JSON_SIZE_MAX + TALLY_SOURCE_CHUNK);
	ck_assert_uint_eq(json.count, 0);
	recorder_clear(&r);
}
END_TEST

/* ---- who has enough ---- */

static tally_result run_broken(void *context, uint64_t bytes_done, tally_error *error)
{
	(void)context, (void)bytes_done;
	return tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
}

START_TEST(stopped_on_request)
{
	pieces p = {{"[1,2]", 5}, 2, 0};
	tally_source source = pieces_source(&p);
	tally_json json;
	tally_error error = {0};
	recorder r;
	recorder_begin(&r);
	tally_lint_run run = {.source = &source, .finder = &r.finder, .progress = run_broken};
	ck_assert_int_eq(tally_json_read(&json, &run, &error), TALLY_ERROR_STOPPED);
	ck_assert_int_eq(error.code, TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(r.count, 0);
	recorder_clear(&r);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {verdicts, sizeof samples / sizeof samples[0]},
	    {places_behind_a_mark, 0},
	    {verdicts_of_python, 0},
	    {deep, 0},
	    {deep_enough, 0},
	    {many_values, 0},
	    {long_string, 0},
	    {stopped_on_request, 0},
	    {NULL, 0},
	};
	return suite_run("format/json", tests);
}
