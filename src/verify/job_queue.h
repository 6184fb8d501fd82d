/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of the job's queue need. */
#ifndef TALLY_VERIFY_JOB_QUEUE_H
#define TALLY_VERIFY_JOB_QUEUE_H

#include <stdint.h>

#ifdef TALLY_FAULT_INJECTION
/* Test only: which disk a drive lies on, instead of the kernel's answer. NULL switches it off. */
extern uint64_t (*tally_job_disk_of)(const char *path);
#endif

#endif
