/* SPDX-License-Identifier: Apache-2.0 */
/* Running out of memory on purpose, in our allocations and in libxml2's; and how much memory is in use. */
#ifndef TALLY_TESTS_SUPPORT_FAULTS_H
#define TALLY_TESTS_SUPPORT_FAULTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum faults_of { FAULTS_OURS = 1, FAULTS_LIBXML = 2, FAULTS_BOTH = FAULTS_OURS | FAULTS_LIBXML } faults_of;

/*
 * Calls `run` with the 1st allocation failing, then the 2nd, and so on, until it gets through without meeting the
 * fault. `lasting`: all later allocations fail too. Every outcome must be TALLY_OK or a TALLY_ERROR_NO_MEMORY that is
 * also in the error; where the fault wasn't met, TALLY_OK. Calls `succeeded` (or NULL) after each TALLY_OK. Returns the
 * number of allocations that a whole run makes.
 */
size_t faults_each(faults_of whose, bool lasting, tally_result (*run)(void *context, tally_error *error),
		   void (*succeeded)(void *context, bool fault_met), void *context);

/* As above, but only with the 1st allocation failing, then the one `step` later, and so on. */
size_t faults_some(faults_of whose, bool lasting, size_t step, tally_result (*run)(void *context, tally_error *error),
		   void (*succeeded)(void *context, bool fault_met), void *context);

/* Bytes that are allocated at the moment, by whatever allocator there is; 0 where that can't be told. */
size_t heap_in_use(void);

#endif
