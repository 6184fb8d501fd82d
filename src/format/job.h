/* SPDX-License-Identifier: Apache-2.0 */
/* Job descriptions: requests and answers of the REST interfaces, and the classic template (formats.md section 7). */
#ifndef TALLY_FORMAT_JOB_H
#define TALLY_FORMAT_JOB_H

#include "format/format.h"

extern const tally_format tally_job_format;          /* job.c */
extern const tally_format tally_job_template_format; /* job_template.c */

#endif
