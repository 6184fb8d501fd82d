/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a job's description in JSON (formats.md section 7) as tables. job.c reads them. */
#ifndef TALLY_FORMAT_JOB_GRAMMAR_H
#define TALLY_FORMAT_JOB_GRAMMAR_H

#include "format/job_values.h"

/* What a description is; a member can be needed in some of them. */
typedef enum tally_job_side {
	TALLY_JOB_CREATE = 1, /* a request for a new job, also as a resource in a template */
	TALLY_JOB_UPDATE = 2, /* a request to change one */
	TALLY_JOB_REQUEST = TALLY_JOB_CREATE | TALLY_JOB_UPDATE,
	TALLY_JOB_ANSWER = 4
} tally_job_side;

typedef enum tally_job_type {
	JOB_ANY, /* known by name, not looked into */
	JOB_TEXT,
	JOB_BOOLEAN,
	JOB_COUNT, /* a number of bytes or things */
	JOB_PERCENT,
	JOB_OBJECT,
	JOB_TEXTS,   /* a list of texts */
	JOB_OBJECTS, /* a list of objects */
	JOB_DRIVES   /* an object whose members are objects, named by drive ids */
} tally_job_type;

/* Elements refer only to elements further down: that bounds how deep job.c goes, whatever the document. */
typedef enum tally_job_element {
	JOB_RESOURCE,
	JOB_PROPERTIES,
	JOB_RETURN_ADDRESS,
	JOB_RETURN_SHIPPING,
	JOB_SHIPPING_INFORMATION,
	JOB_DELIVERY_PACKAGE,
	JOB_RETURN_PACKAGE,
	JOB_DRIVE,
	JOB_EXPORT,
	JOB_BLOB_LIST,
	JOB_ENCRYPTION_KEY,
	JOB_IDENTITY,
	JOB_DRIVE_KEY,  /* of listBitLockerKeys */
	ORDER_RESOURCE, /* the same job as an order of Microsoft.DataBox */
	ORDER_PROPERTIES,
	ORDER_DETAILS,
	ORDER_IMPORT_DISK,
	ORDER_COPY_PROGRESS,
	ORDER_STAGE
} tally_job_element;

typedef struct tally_job_member {
	const char *name;
	tally_job_type type;
	bool output;                                 /* the service's: R-09 in a request */
	uint8_t needed;                              /* sides that need it: … */
	tally_rule_symbol missing;                   /* … by this rule */
	tally_job_element element;                   /* of an object, or of all in a list */
	void (*check)(const tally_job_value *value); /* of a text, or of all in a list; or NULL */
} tally_job_member;

typedef struct tally_job_object {
	const tally_job_member *members;
	size_t count;
	bool open; /* has members that are not in the table */
} tally_job_object;

#define TALLY_JOB_MEMBERS_MAX 32

const tally_job_object *tally_job_object_of(tally_job_element element);

#endif
