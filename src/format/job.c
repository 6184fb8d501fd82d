/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the jobs in a JSON document, whatever they are wrapped in. What they must be like stands in job_judge.c. */
#include "format/job.h"

#include "format/job_judge.h"

typedef tally_job_judge judge;

/* ---- where the jobs are ---- */

static bool is_object(const judge *j, size_t node)
{
	return tally_json_type_of(j->json, node) == TALLY_JSON_OBJECT;
}

static tally_job_side side_of(const judge *j, size_t node, size_t properties)
{
	if (tally_json_member(j->json, node, "id") != 0)
		return TALLY_JOB_ANSWER;
	bool update = tally_json_member(j->json, node, "location") == 0 &&
		      tally_json_member(j->json, properties, "jobType") == 0 &&
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
		tally_job_judge_object(j, node, JOB_DRIVE_KEY);
		return true;
	}
	if (properties == 0 || !is_object(j, properties))
		return false;
	tally_job_element element;
	if (tally_job_is_word(j, node, "type", "Microsoft.DataBox/jobs") ||
	    (!has_type_member && tally_json_member(j->json, properties, "details") != 0))
		element = ORDER_RESOURCE;
	else if (tally_job_is_word(j, node, "type", "Microsoft.ImportExport/jobs") ||
		 (!has_type_member && tally_job_knows(j, properties, JOB_PROPERTIES)))
		element = JOB_RESOURCE;
	else
		return false;
	j->side = side != 0 ? (tally_job_side)side : side_of(j, node, properties);
	j->job++;
	tally_job_judge_object(j, node, element);
	return true;
}

static void tell_no_job(const judge *j, size_t node)
{
	tally_job_tell(j, TALLY_RULE_JSON_07, node, "%s is no job, no order and no drive's key", tally_job_here(j));
}

/* What the service answers: a job, or a list of jobs or keys. */
static void judge_answer(judge *j, size_t node, unsigned side)
{
	size_t before = j->path_size, index = 0, list = node;
	if (is_object(j, node)) {
		list = tally_json_member(j->json, node, "value");
		if (list == 0 || tally_json_type_of(j->json, list) != TALLY_JSON_LIST) {
			if (!judge_body(j, node, side))
				tell_no_job(j, node);
			return;
		}
		tally_job_step_to(j, TALLY_TEXT("value"));
	} else if (tally_json_type_of(j->json, node) != TALLY_JSON_LIST) {
		tell_no_job(j, node);
	}
	for (size_t i = tally_json_first(j->json, list); i != 0; i = tally_json_next(j->json, list, i)) {
		size_t at = tally_job_step_into(j, index++);
		if (!judge_body(j, i, TALLY_JOB_ANSWER))
			tell_no_job(j, i);
		tally_job_step_back(j, at);
	}
	tally_job_step_back(j, before);
}

/* The resources of a template; those that are no jobs are none of our business, but one should be. */
static void judge_template(judge *j, size_t resources)
{
	bool found = false;
	j->template = true;
	size_t before = tally_job_step_to(j, TALLY_TEXT("resources")), index = 0;
	for (size_t i = tally_json_first(j->json, resources); i != 0; i = tally_json_next(j->json, resources, i)) {
		size_t at = tally_job_step_into(j, index++);
		found = (tally_json_member(j->json, i, "type") != 0 && judge_body(j, i, TALLY_JOB_CREATE)) || found;
		tally_job_step_back(j, at);
	}
	if (!found)
		tally_job_tell(j, TALLY_RULE_JSON_07, resources, "the template has no job among its resources");
	tally_job_step_back(j, before);
}

static void judge_example_request(judge *j, size_t parameters)
{
	size_t before = tally_job_step_to(j, TALLY_TEXT("parameters"));
	size_t name = tally_json_member(j->json, parameters, "jobName"),
	       body = tally_json_member(j->json, parameters, "body");
	size_t at = tally_job_step_to(j, TALLY_TEXT("jobName"));
	tally_text text = name != 0 ? tally_json_string(j->json, name) : (tally_text){"", 0};
	if (text.size > 0)
		tally_job_check_name(&(tally_job_value){j->finder, j->path, text, j->json->nodes[name].place});
	tally_job_step_back(j, at);
	tally_job_step_to(j, TALLY_TEXT("body"));
	if (body != 0)
		judge_answer(j, body, 0);
	tally_job_step_back(j, before);
}

/* The examples of the specification hold a request and its answers by their codes. */
static void judge_example(judge *j, size_t parameters, size_t responses)
{
	if (parameters != 0)
		judge_example_request(j, parameters);
	size_t before = tally_job_step_to(j, TALLY_TEXT("responses"));
	for (size_t i = responses != 0 ? tally_json_first(j->json, responses) : 0; i != 0;
	     i = tally_json_next(j->json, responses, i)) {
		size_t body = tally_json_member(j->json, i, "body"); /* some codes have none */
		tally_text code = j->json->nodes[i].key;
		size_t at = tally_job_step_to(j, code.data != NULL ? code : TALLY_TEXT("?"));
		tally_job_step_to(j, TALLY_TEXT("body"));
		if (body != 0)
			judge_answer(j, body, TALLY_JOB_ANSWER);
		tally_job_step_back(j, at);
	}
	tally_job_step_back(j, before);
}

static void judge_document(judge *j)
{
	size_t resources = tally_json_member(j->json, 0, "resources"),
	       properties = tally_json_member(j->json, 0, "properties");
	size_t parameters = tally_json_member(j->json, 0, "parameters"),
	       responses = tally_json_member(j->json, 0, "responses");
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

static tally_result read_job(tally_lint_run *run, const tally_job_events *events, void *context, tally_error *error)
{
	tally_json json;
	tally_result result = tally_json_read(&json, run, error);
	if (result == TALLY_OK && json.count > 0) {
		judge j = {.json = &json, .finder = run->finder, .events = events, .events_context = context};
		judge_document(&j);
	}
	tally_json_clear(&json);
	return result;
}

static tally_result lint(tally_lint_run *run, tally_error *error)
{
	return read_job(run, NULL, NULL, error);
}

tally_result tally_job_read(const tally_source *source, tally_finder *finder, const tally_job_events *events,
			    void *context, tally_error *error)
{
	tally_lint_run run = {.source = source, .finder = finder, .kind = TALLY_DOCUMENT_JOB};
	return read_job(&run, events, context, error);
}

const tally_format tally_job_format = {TALLY_DOCUMENT_JOB, "job", NULL, is_job, lint};
