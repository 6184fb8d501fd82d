/* SPDX-License-Identifier: Apache-2.0 */
/* Judges one object of a job's description in JSON, by the tables of job_grammar.c and what they can't say. */
#ifndef TALLY_FORMAT_JOB_JUDGE_H
#define TALLY_FORMAT_JOB_JUDGE_H

#include "format/job.h"
#include "format/job_grammar.h"
#include "format/json.h"

typedef struct tally_job_judge {
	const tally_json *json;
	tally_finder *finder;
	tally_job_side side;
	bool template;  /* of a resource manager: a text in brackets is an expression */
	char path[256]; /* the way to the value in hand, for people: properties.driveList[0].driveId */
	size_t path_size;

	/* The job in hand. A template may leave open whether it is import or export. */
	bool backup; /* has backupDriveManifest */
	bool import, export;

	/* Who wants the values; NULL: nobody. */
	const tally_job_events *events;
	void *events_context;
	uint64_t job; /* the number of the one in hand */
} tally_job_judge;

/* One step down; the result is for tally_job_step_back. Secrets in names are masked, long names cut. */
size_t tally_job_step_to(tally_job_judge *judge, tally_text name);
size_t tally_job_step_into(tally_job_judge *judge, size_t index);
void tally_job_step_back(tally_job_judge *judge, size_t before);
/* "properties.driveList[0]", or "the document". */
const char *tally_job_here(const tally_job_judge *judge);

void tally_job_tell(const tally_job_judge *judge, tally_rule_symbol rule, size_t node, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The text of a member; "" when it has none. */
tally_text tally_job_text_of(const tally_job_judge *judge, size_t object, const char *name);
/* The service's own tools write absent members as null, and empty texts, lists and objects for the same. */
bool tally_job_is_absent(const tally_job_judge *judge, size_t node);
/* A member; 0 when it is absent in that sense. */
size_t tally_job_given(const tally_job_judge *judge, size_t object, const char *name);
/* What a resource manager puts something in the place of. */
bool tally_job_is_expression(const tally_job_judge *judge, size_t node);
/* What it makes members of; `node` may be 0. */
bool tally_job_is_copy(const tally_job_judge *judge, size_t node);
/* Judges a text by one of job_values.h, unless it is empty. `what` names it. */
void tally_job_check_text(const tally_job_judge *judge, size_t node, const char *what,
			  void (*check)(const tally_job_value *value));
/* Whether a member of an object is this word, capitals aside. */
bool tally_job_is_word(const tally_job_judge *judge, size_t object, const char *name, const char *word);
/* Whether an object has a member that its table knows. */
bool tally_job_knows(const tally_job_judge *judge, size_t node, tally_job_element element);
void tally_job_judge_object(tally_job_judge *judge, size_t node, tally_job_element element);
/* job_members.c: what must hold between the members of an object of this kind. */
void tally_job_check_members(const tally_job_judge *judge, size_t node, tally_job_element element);

#endif
