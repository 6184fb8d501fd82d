/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the jobs in a JSON document, whatever they are wrapped in, and judges each by the tables of job_grammar.c. What
 * a table can't say, because it concerns several members, is judged when their object ends.
 */
#include "format/job.h"

#include "format/job_grammar.h"
#include "format/json.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct judge {
	const tally_json *json;
	tally_finder *finder;
	tally_job_side side;
	bool template; /* of a resource manager: a text in brackets is an expression */
	bool backup;   /* the job in hand has backupDriveManifest */
	bool import;   /* it is an import job, … */
	bool export;   /* … an export job; a template may leave both open */
	char path[256]; /* the way to the value in hand, for people: properties.driveList[0].driveId */
	size_t path_size;
} judge;

/* ---- telling ---- */

/* Goes a step down; the result is for step_back. What doesn't fit is left out: `path` is only for people. */
static size_t step(judge *j, const char *format, ...) __attribute__((format(printf, 2, 3)));
static size_t step(judge *j, const char *format, ...)
{
	size_t before = j->path_size, room = sizeof j->path - before;
	va_list args;
	va_start(args, format);
	int added = vsnprintf(j->path + before, room, format, args);
	va_end(args);
	if (added > 0)
		j->path_size += (size_t)added < room ? (size_t)added : room - 1;
	return before;
}

static size_t step_to(judge *j, tally_text name)
{
	return step(j, "%s%.*s", j->path_size > 0 ? "." : "", (int)(name.size < 60 ? name.size : 60), name.data);
}

static void step_back(judge *j, size_t before)
{
	j->path_size = before;
	j->path[before] = '\0';
}

static const char *here(const judge *j)
{
	return j->path_size > 0 ? j->path : "the document";
}

static void tell(const judge *j, tally_rule_symbol rule, size_t node, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
static void tell(const judge *j, tally_rule_symbol rule, size_t node, const char *format, ...)
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

static tally_text text_of(const judge *j, size_t object, const char *name)
{
	size_t node = tally_json_member(j->json, object, name);
	return node != 0 ? tally_json_string(j->json, node) : (tally_text){"", 0};
}

static bool is_word(const judge *j, size_t object, const char *name, const char *word)
{
	return tally_text_equal_ascii_nocase(text_of(j, object, name), (tally_text){word, strlen(word)});
}

static size_t count_children(const judge *j, size_t node)
{
	size_t count = 0;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i))
		count++;
	return count;
}

/* The service's own tools write absent members as null, and empty texts, lists and objects for the same. */
static bool is_absent(const judge *j, size_t node)
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

/* 0 when it is absent in that sense. */
static size_t given(const judge *j, size_t object, const char *name)
{
	size_t node = tally_json_member(j->json, object, name);
	return node != 0 && !is_absent(j, node) ? node : 0;
}

static bool is_expression(const judge *j, size_t node)
{
	tally_text text = tally_json_string(j->json, node);
	return j->template && text.size >= 2 && text.data[0] == '[' && text.data[1] != '[' && text.data[text.size - 1] == ']';
}

/* ---- what concerns several members ---- */

static void check_drives_differ(const judge *j, size_t list)
{
	tally_text ids[TALLY_JOB_DRIVES_MAX]; /* more drives are told anyway */
	size_t count = 0;
	for (size_t i = tally_json_first(j->json, list); i != 0 && count < TALLY_JOB_DRIVES_MAX; i = tally_json_next(j->json, list, i)) {
		ids[count] = text_of(j, i, "driveId");
		bool twice = false;
		for (size_t k = 0; k < count; k++)
			twice = twice || (ids[k].size > 0 && tally_text_equal_ascii_nocase(ids[k], ids[count]));
		if (twice)
			tell(j, TALLY_RULE_R_02_TWICE, i, "drive %zu of the list has the id of one before it", count + 1);
		count++;
	}
}

static void check_drive_count(const judge *j, size_t drives)
{
	size_t count = drives != 0 ? count_children(j, drives) : 0;
	if (count > TALLY_JOB_DRIVES_MAX && j->side != TALLY_JOB_ANSWER)
		tell(j, TALLY_RULE_R_01_COUNT, drives, "the job has %zu drives; it can have %d", count, TALLY_JOB_DRIVES_MAX);
}

static void check_package(const judge *j, size_t properties, size_t drives)
{
	size_t package = given(j, properties, "deliveryPackage");
	size_t node = package != 0 ? tally_json_member(j->json, package, "driveCount") : 0;
	if (node == 0 || drives == 0 || tally_json_type_of(j->json, node) != TALLY_JSON_INTEGER)
		return;
	int64_t count = tally_json_integer(j->json, node);
	if (count >= 0 && (uint64_t)count != count_children(j, drives))
		tell(j, TALLY_RULE_R_20_PACKAGE, node, "the package has %lld drives, the job's list %zu", (long long)count,
		     count_children(j, drives));
}

static void check_kind(const judge *j, size_t properties, size_t drives)
{
	size_t selection = given(j, properties, "export");
	bool create = j->side == TALLY_JOB_CREATE;
	if (j->import && create && drives == 0)
		tell(j, TALLY_RULE_R_01_IMPORT, properties, "the import job has no driveList");
	if (j->export && create && drives != 0)
		tell(j, TALLY_RULE_R_01_EXPORT, drives, "the export job has a driveList");
	if (j->export && create && selection == 0)
		tell(j, TALLY_RULE_R_12_EXPORT, properties, "the export job has no export member");
	if (j->import && create && selection != 0)
		tell(j, TALLY_RULE_R_12_IMPORT, selection, "the import job has an export member");
	size_t incomplete = given(j, properties, "incompleteBlobListUri");
	if (j->import && incomplete != 0)
		tell(j, TALLY_RULE_R_13, incomplete, "the import job has an incompleteBlobListUri");
}

static void check_update(const judge *j, size_t properties)
{
	size_t state = given(j, properties, "state");
	size_t cancel = tally_json_member(j->json, properties, "cancelRequested");
	if (cancel != 0 && tally_json_type_of(j->json, cancel) == TALLY_JSON_BOOLEAN && !tally_json_is_true(j->json, cancel))
		tell(j, TALLY_RULE_R_17, cancel, "cancelRequested is false; a request to cancel can't be taken back");
	if (state == 0 || tally_json_type_of(j->json, state) != TALLY_JSON_STRING)
		return;
	if (!tally_text_equal_string(tally_json_string(j->json, state), "Shipping"))
		tell(j, TALLY_RULE_R_11_UPDATE, state, "an update can't set this state");
	else if (given(j, properties, "returnAddress") == 0 || given(j, properties, "deliveryPackage") == 0)
		tell(j, TALLY_RULE_R_11_PACKAGE, state,
		     "returnAddress and deliveryPackage are not both here; then an earlier request must have set them");
}

static void check_properties(const judge *j, size_t node)
{
	size_t drives = given(j, node, "driveList");
	check_drive_count(j, drives);
	if (drives != 0)
		check_drives_differ(j, drives);
	check_package(j, node, drives);
	check_kind(j, node, drives);
	size_t state = given(j, node, "state");
	if (j->side == TALLY_JOB_UPDATE)
		check_update(j, node);
	else if (state != 0 && tally_json_type_of(j->json, state) == TALLY_JSON_STRING && !is_expression(j, state))
		tally_job_check_state(&(tally_job_value){.finder = j->finder, .what = "state", .text = tally_json_string(j->json, state),
							 .place = j->json->nodes[state].place});
}

static void check_drive(const judge *j, size_t node)
{
	if (j->side != TALLY_JOB_ANSWER)
		return;
	size_t key = given(j, node, "bitLockerKey"), status = given(j, node, "copyStatus"), uri = given(j, node, "manifestUri");
	if (key != 0)
		tell(j, TALLY_RULE_R_03, key, "the answer holds a BitLocker key");
	if (status != 0 && (is_word(j, node, "state", "Specified") || is_word(j, node, "state", "Received") ||
			    is_word(j, node, "state", "NeverReceived")))
		tell(j, TALLY_RULE_R_09_EARLY, status, "%s has a copyStatus before anything can have been copied", here(j));
	if (uri != 0 && !j->backup)
		tell(j, TALLY_RULE_R_10_BACKUP, uri, "%s has a manifestUri, but the job has no backupDriveManifest", here(j));
}

static void check_selection(const judge *j, size_t node)
{
	size_t list = given(j, node, "blobList");
	bool paths = list != 0 && (given(j, list, "blobPath") != 0 || given(j, list, "blobPathPrefix") != 0);
	if (!paths && given(j, node, "blobListBlobPath") == 0 && given(j, node, "blobListblobPath") == 0)
		tell(j, TALLY_RULE_R_12_EMPTY, node, "%s selects no blobs", here(j));
}

static void check_encryption_key(const judge *j, size_t node)
{
	if (is_word(j, node, "kekType", "CustomerManaged") &&
	    (given(j, node, "kekUrl") == 0 || given(j, node, "kekVaultResourceID") == 0))
		tell(j, TALLY_RULE_R_18_KEY, node, "%s doesn't say which key, or in which vault", here(j));
}

static void check_order(const judge *j, size_t properties)
{
	size_t details = given(j, properties, "details");
	size_t drives = details != 0 ? given(j, details, "importDiskDetailsCollection") : 0;
	check_drive_count(j, drives);
	if (drives == 0 && j->side == TALLY_JOB_CREATE && is_word(j, properties, "transferType", "ImportToAzure"))
		tell(j, TALLY_RULE_R_19_DRIVES, details != 0 ? details : properties, "the order to import lists no drives");
}

static void check_order_details(const judge *j, size_t node)
{
	size_t type = given(j, node, "jobDetailsType");
	if (type != 0 && !is_expression(j, type) && !is_word(j, node, "jobDetailsType", "DataBoxCustomerDisk"))
		tell(j, TALLY_RULE_R_19_KIND, type, "this is an order of another kind than DataBoxCustomerDisk");
}

static void check_object(const judge *j, size_t node, tally_job_element element)
{
	switch (element) {
	case JOB_PROPERTIES:
		check_properties(j, node);
		break;
	case JOB_DRIVE:
		check_drive(j, node);
		break;
	case JOB_EXPORT:
		check_selection(j, node);
		break;
	case JOB_ENCRYPTION_KEY:
		check_encryption_key(j, node);
		break;
	case ORDER_PROPERTIES:
		check_order(j, node);
		break;
	case ORDER_DETAILS:
		check_order_details(j, node);
		break;
	default:
		break;
	}
}

/* ---- one value by its row of the table ---- */

static const char *type_name(tally_json_type type)
{
	static const char *const names[] = {
		[TALLY_JSON_NULL] = "null",     [TALLY_JSON_BOOLEAN] = "true or false",
		[TALLY_JSON_INTEGER] = "a whole number", [TALLY_JSON_REAL] = "a number with a fraction or exponent",
		[TALLY_JSON_STRING] = "a text", [TALLY_JSON_LIST] = "a list",
		[TALLY_JSON_OBJECT] = "an object",
	};
	return names[type];
}

static bool has_type(judge *j, size_t node, tally_json_type wanted)
{
	tally_json_type type = tally_json_type_of(j->json, node);
	if (type != wanted)
		tell(j, TALLY_RULE_JSON_05, node, "%s must be %s, not %s", here(j), type_name(wanted), type_name(type));
	return type == wanted;
}

static void judge_text(judge *j, size_t node, const tally_job_member *member)
{
	if (!has_type(j, node, TALLY_JSON_STRING) || member->check == NULL || is_absent(j, node) || is_expression(j, node))
		return;
	member->check(&(tally_job_value){.finder = j->finder, .what = j->path, .text = tally_json_string(j->json, node),
					 .place = j->json->nodes[node].place});
}

static void judge_number(judge *j, size_t node, int64_t max)
{
	if (!has_type(j, node, TALLY_JSON_INTEGER))
		return;
	int64_t number = tally_json_integer(j->json, node);
	if (number < 0 || number > max)
		tell(j, TALLY_RULE_R_09_RANGE, node, "%s can't be %lld", here(j), (long long)number);
}

static void judge_object(judge *j, size_t node, tally_job_element element);

static void judge_list(judge *j, size_t node, const tally_job_member *member)
{
	if (!has_type(j, node, TALLY_JSON_LIST))
		return;
	size_t index = 0;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i)) {
		size_t before = step(j, "[%zu]", index++);
		if (is_expression(j, i))
			;
		else if (member->type == JOB_TEXTS)
			judge_text(j, i, member);
		else
			judge_object(j, i, member->element);
		step_back(j, before);
	}
}

static void judge_drives(judge *j, size_t node, const tally_job_member *member)
{
	if (!has_type(j, node, TALLY_JSON_OBJECT))
		return;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i)) {
		tally_text id = j->json->nodes[i].key;
		size_t before = step_to(j, id);
		tally_job_check_drive_id(&(tally_job_value){.finder = j->finder, .what = j->path, .text = id,
							    .place = j->json->nodes[i].place});
		judge_object(j, i, member->element);
		step_back(j, before);
	}
}

static void judge_value(judge *j, size_t node, const tally_job_member *member)
{
	if (member->output && j->side != TALLY_JOB_ANSWER && !is_absent(j, node))
		tell(j, TALLY_RULE_R_09_OUTPUT, node, "%s is what the service reports, and has no place in a request", here(j));
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
		judge_object(j, node, member->element);
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

/* ---- one object by its table ---- */

/* An unknown member of an answer is no finding: the service may add some. */
static void tell_unknown(const judge *j, size_t node, const tally_job_object *object, const char *meant)
{
	if (j->side == TALLY_JOB_ANSWER || (object->open && meant == NULL))
		return;
	tally_fact fact = {.rule = TALLY_RULE_JSON_06, .in_document = true, .place = j->json->nodes[node].place,
			   .actual = j->json->nodes[node].key};
	if (meant != NULL) {
		fact.expected = (tally_text){meant, strlen(meant)};
		tally_find_fact(j->finder, &fact, "%s is not known; the definition writes %s", here(j), meant);
	} else {
		tally_find_fact(j->finder, &fact, "%s is not known", here(j));
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
			tell(j, member->missing, node, "%s has no %s", here(j), member->name);
	}
}

static void prepare(judge *j, size_t node, tally_job_element element)
{
	if (element != JOB_PROPERTIES)
		return;
	size_t backup = tally_json_member(j->json, node, "backupDriveManifest");
	j->backup = backup != 0 && tally_json_is_true(j->json, backup);
	j->import = is_word(j, node, "jobType", "Import");
	j->export = is_word(j, node, "jobType", "Export");
}

/* Its depth of recursion is that of the tables. */
static void judge_object(judge *j, size_t node, tally_job_element element)
{
	const tally_job_object *object = tally_job_object_of(element);
	uint32_t seen = 0;
	if (!has_type(j, node, TALLY_JSON_OBJECT))
		return;
	prepare(j, node, element);
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i)) {
		const char *meant;
		size_t k = find_member(object, j->json->nodes[i].key, &meant);
		size_t before = step_to(j, j->json->nodes[i].key);
		if (k == object->count)
			tell_unknown(j, i, object, meant);
		else if (!is_absent(j, i))
			seen |= UINT32_C(1) << k;
		if (k < object->count && tally_json_type_of(j->json, i) != TALLY_JSON_NULL && !is_expression(j, i))
			judge_value(j, i, &object->members[k]);
		step_back(j, before);
	}
	tell_missing(j, node, object, seen);
	check_object(j, node, element);
}

/* ---- where the jobs are ---- */

static bool knows_a_member(const judge *j, size_t node, tally_job_element element)
{
	const char *meant;
	for (size_t i = tally_json_first(j->json, node); i != 0; i = tally_json_next(j->json, node, i))
		if (find_member(tally_job_object_of(element), j->json->nodes[i].key, &meant) < tally_job_object_of(element)->count)
			return true;
	return false;
}

static bool is_object(const judge *j, size_t node)
{
	return tally_json_type_of(j->json, node) == TALLY_JSON_OBJECT;
}

static tally_job_side side_of(const judge *j, size_t node, size_t properties)
{
	if (tally_json_member(j->json, node, "id") != 0)
		return TALLY_JOB_ANSWER;
	bool update = tally_json_member(j->json, node, "location") == 0 && tally_json_member(j->json, properties, "jobType") == 0 &&
		      tally_json_member(j->json, properties, "storageAccountId") == 0;
	return update ? TALLY_JOB_UPDATE : TALLY_JOB_CREATE;
}

/* Judges a job, an order or a drive's key; false when it is none of them. `side` 0: by what it has. */
static bool judge_body(judge *j, size_t node, unsigned side)
{
	size_t properties = tally_json_member(j->json, node, "properties");
	bool has_type_member = tally_json_member(j->json, node, "type") != 0;
	if (properties == 0 && tally_json_member(j->json, node, "driveId") != 0) {
		j->side = TALLY_JOB_ANSWER;
		judge_object(j, node, JOB_DRIVE_KEY);
		return true;
	}
	if (properties == 0 || !is_object(j, properties))
		return false;
	tally_job_element element;
	if (is_word(j, node, "type", "Microsoft.DataBox/jobs") ||
	    (!has_type_member && tally_json_member(j->json, properties, "details") != 0))
		element = ORDER_RESOURCE;
	else if (is_word(j, node, "type", "Microsoft.ImportExport/jobs") ||
		 (!has_type_member && knows_a_member(j, properties, JOB_PROPERTIES)))
		element = JOB_RESOURCE;
	else
		return false;
	j->side = side != 0 ? (tally_job_side)side : side_of(j, node, properties);
	judge_object(j, node, element);
	return true;
}

static void tell_no_job(const judge *j, size_t node)
{
	tell(j, TALLY_RULE_JSON_07, node, "%s is no job, no order and no drive's key", here(j));
}

/* What the service answers: a job, or a list of jobs or keys. */
static void judge_answer(judge *j, size_t node, unsigned side)
{
	size_t list = tally_json_member(j->json, node, "value");
	if (tally_json_type_of(j->json, node) == TALLY_JSON_LIST)
		list = node;
	else if (list == 0 || tally_json_type_of(j->json, list) != TALLY_JSON_LIST) {
		if (!judge_body(j, node, side))
			tell_no_job(j, node);
		return;
	}
	size_t before = list != node ? step_to(j, TALLY_TEXT("value")) : j->path_size, index = 0;
	for (size_t i = tally_json_first(j->json, list); i != 0 || (i == 0 && list == 0); i = tally_json_next(j->json, list, i)) {
		size_t at = step(j, "[%zu]", index++);
		if (!judge_body(j, i, TALLY_JOB_ANSWER))
			tell_no_job(j, i);
		step_back(j, at);
	}
	step_back(j, before);
}

/* The resources of a template; those that are no jobs are none of our business, but one should be. */
static void judge_template(judge *j, size_t resources)
{
	bool found = false;
	j->template = true;
	size_t before = step_to(j, TALLY_TEXT("resources")), index = 0;
	for (size_t i = tally_json_first(j->json, resources); i != 0; i = tally_json_next(j->json, resources, i)) {
		size_t at = step(j, "[%zu]", index++);
		found = (tally_json_member(j->json, i, "type") != 0 && judge_body(j, i, TALLY_JOB_CREATE)) || found;
		step_back(j, at);
	}
	if (!found)
		tell(j, TALLY_RULE_JSON_07, resources, "the template has no job among its resources");
	step_back(j, before);
}

/* The examples of the specification hold a request and its answers. */
static void judge_example(judge *j, size_t parameters, size_t responses)
{
	size_t name = parameters != 0 ? given(j, parameters, "jobName") : 0;
	size_t body = parameters != 0 ? tally_json_member(j->json, parameters, "body") : 0;
	if (name != 0 && tally_json_type_of(j->json, name) == TALLY_JSON_STRING)
		tally_job_check_name(&(tally_job_value){.finder = j->finder, .what = "parameters.jobName",
							.text = tally_json_string(j->json, name), .place = j->json->nodes[name].place});
	if (body != 0) {
		size_t before = step(j, "parameters.body");
		judge_answer(j, body, 0);
		step_back(j, before);
	}
	for (size_t i = responses != 0 ? tally_json_first(j->json, responses) : 0; i != 0; i = tally_json_next(j->json, responses, i)) {
		size_t answer = tally_json_member(j->json, i, "body");
		if (answer == 0)
			continue;
		tally_text code = j->json->nodes[i].key;
		size_t before = step(j, "responses.%.*s.body", (int)(code.size < 60 ? code.size : 60),
				     code.data != NULL ? code.data : "");
		judge_answer(j, answer, TALLY_JOB_ANSWER);
		step_back(j, before);
	}
}

static void judge_document(judge *j)
{
	size_t resources = tally_json_member(j->json, 0, "resources"), properties = tally_json_member(j->json, 0, "properties");
	size_t parameters = tally_json_member(j->json, 0, "parameters"), responses = tally_json_member(j->json, 0, "responses");
	bool example = responses != 0 || (parameters != 0 && tally_json_member(j->json, parameters, "body") != 0);
	if (resources != 0 && properties == 0)
		judge_template(j, resources);
	else if (example)
		judge_example(j, parameters, responses);
	else
		judge_answer(j, 0, 0);
}

/* ---- the format ---- */

/* Nothing else of a job is JSON. A list is one of objects, so that "[BeginUpdateRecord]" is none. */
static bool is_job(tally_text front)
{
	if (tally_text_starts(front, "{"))
		return true;
	if (!tally_text_starts(front, "["))
		return false;
	tally_text rest = tally_text_trim((tally_text){front.data + 1, front.size - 1});
	return tally_text_starts(rest, "{");
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	tally_json json;
	tally_result result = tally_json_read(&json, run, error);
	if (result == TALLY_OK && json.count > 0) {
		judge j = {.json = &json, .finder = run->finder};
		judge_document(&j);
	}
	tally_json_clear(&json);
	return result;
}

const tally_format tally_job_format = {TALLY_DOCUMENT_JOB, "job", NULL, is_job, lint};
