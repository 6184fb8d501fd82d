/* SPDX-License-Identifier: Apache-2.0 */
/* Judging job descriptions in tests, and what they are made of. */
#ifndef TEST_FORMAT_JOB_JUDGING_H
#define TEST_FORMAT_JOB_JUDGING_H

#include "format/job.h"
#include "support/documents.h"
#include "support/recorder.h"

/* Made up; right by its arithmetic only. */
#define KEY "000011-000022-000033-000044-000055-000066-000077-000088"
#define HASH "0123456789ABCDEF0123456789ABCDEF"
#define ACCOUNT "/subscriptions/1/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/tallyaccount"
#define DRIVE                                                                                           \
  "{\"driveId\":\"TALLY0001\",\"bitLockerKey\":\"" KEY "\",\"manifestFile\":\"\\\\DriveManifest.xml\"," \
  "\"manifestHash\":\"" HASH "\"}"
#define IMPORT(more) "\"properties\":{\"storageAccountId\":\"" ACCOUNT "\",\"jobType\":\"Import\"," more "}"
#define DRIVES(drives) "\"driveList\":[" drives "]"
#define REQUEST(more) "{\"location\":\"westeurope\"," IMPORT(more) "}"
#define ANSWER(more) "{\"id\":\"/x\",\"name\":\"tally-job\",\"type\":\"Microsoft.ImportExport/jobs\"," IMPORT(more) "}"

/* Reads at most `piece` bytes at a time. The recorder is begun, and to be cleared. */
tally_result job_judge(const char *text, size_t size, size_t piece, recorder *r, tally_error *error);
/* However the document is cut, the same is found. */
void job_judge_every_way(const char *text, size_t size, recorder *r, const char *what);
/* Exactly these rules are found, in this order, however the text is cut. */
void job_expect(const char *text, const char *rules);

#endif
