/* SPDX-License-Identifier: Apache-2.0 */
#include "format/job_judge.h"

#include <stdarg.h>
#include <stdio.h>

typedef tally_job_judge judge;

#define NAME_SHOWN 64 /* bytes of a name in a path */

/* ---- telling ---- */

/* What doesn't fit is left out: the path is only for people, and a finding has its place besides. */
static size_t append(judge *j, const char *text)
{
	size_t before = j->path_size, size = strlen(text);
	if (before + size < sizeof j->path) {
		memcpy(j->path + before, text, size + 1);
		j->path_size += size;
	}
	return before;
}

size_t tally_job_step_to(judge *j, tally_text name)
{
	char shown[NAME_SHOWN + 1];
	char *at = shown;
	if (j->path_size > 0)
		*at++ = '.';
	tally_mask(name, at, NAME_SHOWN);
	return append(j, shown);
}

size_t tally_job_step_into(judge *j, size_t index)
{
	char shown[32];
	snprintf(shown, sizeof shown, "[%zu]", index);
	return append(j, shown);
}

void tally_job_step_back(judge *j, size_t before)
{
	j->path_size = before;
	j->path[before] = '\0';
}

const char *tally_job_here(const judge *j)
{
	return j->path_size > 0 ? j->path : "the document";
}

void tally_job_tell(const judge *j, tally_rule_symbol rule, size_t node, const char *format, ...)
{
	char message[400];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	tally_fact fact = {.rule = rule, .in_document = true, .place = j->json->nodes[node].place};
	tally_find_fact(j->finder, &fact, "%s", message);
}

/* ---- looking ---- */

tally_text tally_job_text_of(const judge *j, size_t object, const char *name)
{
	size_t node = tally_json_member(j->json, object, name);
	return node != 0 ? tally_json_string(j->json, node) : (tally_text){"", 0};
}

bool tally_job_is_word(const judge *j, size_t object, const char *name, const char *word)
{
	return tally_text_equal_ascii_nocase(tally_job_text_of(j, object, name), (tally_text){word, strlen(word)});
}

bool tally_job_is_absent(const judge *j, size_t node)
{
	switch (tally_json_type_of(j->json, node)) {
	case TALLY_JSON_NULL:
		return true;
	case TALLY_JSON_STRING:
		return tally_json_string(j->json, node).size == 0;
	case TALLY_JSON_LIST:
	case TALLY_JSON_OBJECT:
		return tally_json_first(j->json, node) == 0;
	default:
		return false;
	}
}

size_t tally_job_given(const judge *j, size_t object, const char *name)
{
	size_t node = tally_json_member(j->json, object, name);
	return node != 0 && !tally_job_is_absent(j, node) ? node : 0;
}

static bool is_expression_text(const judge *j, tally_text text)
{
	return j->template && text.size >= 2 && text.data[0] == '[' && text.data[1] != '[' &&
	       text.data[text.size - 1] == ']';
}

bool tally_job_is_expression(const judge *j, size_t node)
{
	return is_expression_text(j, tally_json_string(j->json, node));
}

bool tally_job_is_copy(const judge *j, size_t node)
{
	return j->template && node != 0 && tally_text_equal_string(j->json->nodes[node].key, "copy");
}

void tally_job_check_text(const judge *j, size_t node, const char *what, void (*check)(const tally_job_value *value))
{
	tally_job_value value = {j->finder, what, tally_json_string(j->json, node), j->json->nodes[node].place};
	if (value.text.size > 0)
		check(&value);
}

/* ---- one value by its row of the table ---- */

static const char *type_name(tally_json_type type)
{
	static const char *const names[] = {
	    [TALLY_JSON_NULL] = "null",
	    [TALLY_JSON_BOOLEAN] = "true or false",
	    [TALLY_JSON_INTEGER] = "a whole number",
	    [TALLY_JSON_REAL] = "a number with a fraction or exponent",
	    [TALLY_JSON_STRING] = "a text",
	    [TALLY_JSON_LIST] = "a list",
	    [TALLY_JSON_OBJECT] = "an object",
	};
	return names[type];
}

static bool has_type(judge *j, size_t node, tally_json_type wanted)
{
	tally_json_type type = tally_json_type_of(j->json, node);
	if (type != wanted)
		tally_job_tell(j, TALLY_RULE_JSON_05, node, "%s must be %s, not %s", tally_job_here(j),
			       type_name(wanted), type_name(type));
	return type == wanted;
}

static void judge_text(judge *j, size_t node, const tally_job_member *member)
{
	if (has_type(j, node, TALLY_JSON_STRING) && member->check != NULL && !tally_job_is_expression(j, node))
		tally_job_check_text(j, node, tally_job_here(j), member->check);
}

static void judge_number(judge *j, size_t node, int64_t max)
{
	if (!has_type(j, node, TALLY_JSON_INTEGER))
		return;
	int64_t number = tally_json_integer(j->json, node);
	if (number < 0 || number > max)
		tally_job_tell(j, TALLY_RULE_R_09_RANGE, node, "%s can't be %lld", tally_job_here(j),
			       (long long)number);
}

static void judge_list(judge *j, size_t node, const tally_job_member *member)
{
	if (!has_type(j, node, TALLY_JSON_LIST))
		return;
	size_t index = 0;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i)) {
		size_t before = tally_job_step_into(j, index++);
		if (tally_job_is_expression(j, i))
			;
		else if (member->type == JOB_TEXTS)
			judge_text(j, i, member);
		else
			tally_job_judge_object(j, i, member->element);
		tally_job_step_back(j, before);
	}
}

static void judge_drives(judge *j, size_t node, const tally_job_member *member)
{
	if (!has_type(j, node, TALLY_JSON_OBJECT))
		return;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i)) {
		tally_text id = j->json->nodes[i].key;
		size_t before = tally_job_step_to(j, id);
		if (id.size == 0)
			tally_job_tell(j, TALLY_RULE_R_02, i, "an entry of %s is named by no serial number", j->path);
		else if (!is_expression_text(j, id))
			tally_job_check_drive_id(&(tally_job_value){j->finder, j->path, id, j->json->nodes[i].place});
		tally_job_judge_object(j, i, member->element);
		tally_job_step_back(j, before);
	}
}

static void judge_value(judge *j, size_t node, const tally_job_member *member)
{
	if (member->output && j->side != TALLY_JOB_ANSWER && !tally_job_is_absent(j, node))
		tally_job_tell(j, TALLY_RULE_R_09_OUTPUT, node,
			       "%s is what the service reports, and has no place in a request", tally_job_here(j));
	switch (member->type) {
	case JOB_ANY:
		break;
	case JOB_TEXT:
		judge_text(j, node, member);
		break;
	case JOB_BOOLEAN:
		has_type(j, node, TALLY_JSON_BOOLEAN);
		break;
	case JOB_COUNT:
		judge_number(j, node, INT64_MAX);
		break;
	case JOB_PERCENT:
		judge_number(j, node, 100);
		break;
	case JOB_OBJECT:
		tally_job_judge_object(j, node, member->element);
		break;
	case JOB_TEXTS:
	case JOB_OBJECTS:
		judge_list(j, node, member);
		break;
	case JOB_DRIVES:
		judge_drives(j, node, member);
		break;
	}
}

/* ---- handing values out ---- */

/* What is no text, or would come to be a text only in a resource manager, is nothing. */
static tally_text value_of(const judge *j, size_t object, const char *name, tally_place *place)
{
	size_t node = tally_json_member(j->json, object, name);
	tally_text text = node != 0 ? tally_json_string(j->json, node) : (tally_text){"", 0};
	if (text.size == 0 || tally_job_is_expression(j, node) || memchr(text.data, '\0', text.size) != NULL)
		return (tally_text){"", 0};
	if (place != NULL)
		*place = j->json->nodes[node].place;
	return text;
}

static void hand_out(const judge *j, size_t node, tally_job_element element)
{
	tally_job_entry entry = {.job = element == JOB_DRIVE_KEY ? 0 : j->job,
				 .is_answer = j->side == TALLY_JOB_ANSWER,
				 .place = j->json->nodes[node].place};
	entry.drive_id = value_of(j, node, "driveId", NULL);
	if (element == ORDER_IMPORT_DISK && !is_expression_text(j, j->json->nodes[node].key))
		entry.drive_id = j->json->nodes[node].key;
	entry.bitlocker_key = value_of(j, node, "bitLockerKey", &entry.key_place);
	entry.manifest_file = value_of(j, node, "manifestFile", &entry.file_place);
	entry.manifest_hash = value_of(j, node, "manifestHash", &entry.hash_place);
	entry.header_hash = value_of(j, node, "driveHeaderHash", NULL);
	if (entry.drive_id.size > 0)
		j->events->drive(j->events_context, &entry);
}

/* ---- one object by its table ---- */

/* An unknown member of an answer is no finding: the service may add some. */
static void tell_unknown(const judge *j, size_t node, const tally_job_object *object, const char *meant)
{
	if (j->side == TALLY_JOB_ANSWER || (object->open && meant == NULL) || tally_job_is_copy(j, node))
		return;
	tally_fact fact = {.rule = TALLY_RULE_JSON_06,
			   .in_document = true,
			   .place = j->json->nodes[node].place,
			   .actual = j->json->nodes[node].key};
	if (meant != NULL) {
		fact.expected = (tally_text){meant, strlen(meant)};
		tally_find_fact(j->finder, &fact, "%s is not known; the definition writes %s", tally_job_here(j),
				meant);
	} else {
		tally_find_fact(j->finder, &fact, "%s is not known", tally_job_here(j));
	}
}

static size_t find_member(const tally_job_object *object, tally_text key, const char **meant)
{
	*meant = NULL;
	for (size_t k = 0; k < object->count; k++) {
		const char *name = object->members[k].name;
		if (tally_text_equal_string(key, name))
			return k;
		if (tally_text_equal_ascii_nocase(key, (tally_text){name, strlen(name)}))
			*meant = name;
	}
	return object->count;
}

static void tell_missing(const judge *j, size_t node, const tally_job_object *object, uint32_t seen)
{
	for (size_t k = 0; k < object->count; k++) {
		const tally_job_member *member = &object->members[k];
		if ((member->needed & j->side) != 0 && (seen >> k & 1) == 0)
			tally_job_tell(j, member->missing, node, "%s has no %s", tally_job_here(j), member->name);
	}
}

static void prepare(judge *j, size_t node, tally_job_element element)
{
	if (element != JOB_PROPERTIES)
		return;
	size_t backup = tally_json_member(j->json, node, "backupDriveManifest");
	j->backup = backup != 0 && tally_json_is_true(j->json, backup);
	j->import = tally_job_is_word(j, node, "jobType", "Import");
	j->export = tally_job_is_word(j, node, "jobType", "Export");
}

/* Its depth of recursion is that of the tables. */
void tally_job_judge_object(judge *j, size_t node, tally_job_element element)
{
	const tally_job_object *object = tally_job_object_of(element);
	uint32_t seen = 0;
	if (!has_type(j, node, TALLY_JSON_OBJECT))
		return;
	prepare(j, node, element);
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i)) {
		const char *meant;
		size_t k = find_member(object, j->json->nodes[i].key, &meant);
		size_t before = tally_job_step_to(j, j->json->nodes[i].key);
		if (k == object->count)
			tell_unknown(j, i, object, meant);
		else if (!tally_job_is_absent(j, i))
			seen |= UINT32_C(1) << k;
		if (k < object->count && tally_json_type_of(j->json, i) != TALLY_JSON_NULL &&
		    !tally_job_is_expression(j, i))
			judge_value(j, i, &object->members[k]);
		tally_job_step_back(j, before);
	}
	tell_missing(j, node, object, seen);
	tally_job_check_members(j, node, element);
	if (j->events != NULL && (element == JOB_DRIVE || element == JOB_DRIVE_KEY || element == ORDER_IMPORT_DISK))
		hand_out(j, node, element);
}

bool tally_job_knows(const judge *j, size_t node, tally_job_element element)
{
	const char *meant;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i))
		if (find_member(tally_job_object_of(element), j->json->nodes[i].key, &meant) <
		    tally_job_object_of(element)->count)
			return true;
	return false;
}
