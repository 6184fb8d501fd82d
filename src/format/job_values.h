/* SPDX-License-Identifier: Apache-2.0 */
/* What single values of a job's description must obey, whichever notation they stand in (formats.md section 7). */
#ifndef TALLY_FORMAT_JOB_VALUES_H
#define TALLY_FORMAT_JOB_VALUES_H

#include "catalog/finding.h"

#define TALLY_JOB_DRIVES_MAX 10 /* */

/* A value that is there and not empty. */
typedef struct tally_job_value {
	tally_finder *finder;
	const char *what; /* for messages: its name, with the way to it where that helps */
	tally_text text;
	tally_place place;
} tally_job_value;

void tally_job_check_drive_id(const tally_job_value *value);
/* The key never appears in a finding. */
void tally_job_check_bitlocker_key(const tally_job_value *value);
void tally_job_check_manifest_file(const tally_job_value *value);
void tally_job_check_manifest_hash(const tally_job_value *value);
void tally_job_check_header_hash(const tally_job_value *value);
void tally_job_check_account_name(const tally_job_value *value);
/* The resource id of a storage account. */
void tally_job_check_account_id(const tally_job_value *value);
/* Where logs go: a container, perhaps a path in it. */
void tally_job_check_log_path(const tally_job_value *value);
/* What to export: the path of a blob (or of the list of them), and a prefix of such paths. */
void tally_job_check_blob_path(const tally_job_value *value);
void tally_job_check_blob_prefix(const tally_job_value *value);
void tally_job_check_uri(const tally_job_value *value);
void tally_job_check_name(const tally_job_value *value);
void tally_job_check_classic_name(const tally_job_value *value);
void tally_job_check_type(const tally_job_value *value);
void tally_job_check_log_level(const tally_job_value *value);
void tally_job_check_kek_type(const tally_job_value *value);
/* Words of the service: the state of a job and of a drive, a copyStatus, a stage. */
void tally_job_check_state(const tally_job_value *value);
void tally_job_check_drive_state(const tally_job_value *value);
void tally_job_check_copy_status(const tally_job_value *value);
void tally_job_check_stage(const tally_job_value *value);

#endif
