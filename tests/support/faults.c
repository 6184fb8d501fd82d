/* SPDX-License-Identifier: Apache-2.0 */
#include "support/faults.h"

#include "base/memory.h"

#include <check.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* What is tested may have threads. */
static atomic_int armed; /* 0: none */
static atomic_size_t wanted, allocations;
static atomic_bool lasting_fault, met;

static bool fails(faults_of whose)
{
	if ((atomic_load(&armed) & (int)whose) == 0)
		return false;
	size_t number = atomic_fetch_add(&allocations, 1) + 1, which = atomic_load(&wanted);
	bool fault = number == which || (number > which && atomic_load(&lasting_fault));
	if (fault)
		atomic_store(&met, true);
	return fault;
}

static int fail_ours(void)
{
	return fails(FAULTS_OURS);
}

static void *xml_malloc(size_t size)
{
	return fails(FAULTS_LIBXML) ? NULL : malloc(size);
}

static void *xml_realloc(void *memory, size_t size)
{
	return fails(FAULTS_LIBXML) ? NULL : realloc(memory, size);
}

static char *xml_strdup(const char *text)
{
	return fails(FAULTS_LIBXML) ? NULL : strdup(text);
}

size_t faults_each(faults_of whose, bool lasting, tally_result (*run)(void *context, tally_error *error),
		   void (*succeeded)(void *context, bool fault_met), void *context)
{
	return faults_some(whose, lasting, 1, run, succeeded, context);
}

size_t faults_some(faults_of whose, bool lasting, size_t step, tally_result (*run)(void *context, tally_error *error),
		   void (*succeeded)(void *context, bool fault_met), void *context)
{
	/* libxml2's own tables, made once, are not what is tested. */
	ck_assert_int_eq(xmlMemSetup(free, xml_malloc, xml_realloc, xml_strdup), 0);
	xmlInitParser();
	tally_allocation_fault = fail_ours;
	for (size_t n = 1;; n += step) {
		tally_error error = {0};
		atomic_store(&allocations, 0);
		atomic_store(&wanted, n);
		atomic_store(&lasting_fault, lasting);
		atomic_store(&met, false);
		atomic_store(&armed, (int)whose);
		tally_result result = run(context, &error);
		atomic_store(&armed, 0);
		ck_assert_msg(result == TALLY_OK || result == TALLY_ERROR_NO_MEMORY, "allocation %zu: result %d, %s", n,
			      (int)result, error.message);
		ck_assert_msg(result == TALLY_OK || error.code == result, "allocation %zu: the error says %d", n,
			      (int)error.code);
		ck_assert_msg(atomic_load(&met) || result == TALLY_OK, "out of memory without a fault: %s", error.message);
		if (result == TALLY_OK && succeeded != NULL)
			succeeded(context, atomic_load(&met));
		if (!atomic_load(&met))
			break;
	}
	tally_allocation_fault = NULL;
	return atomic_load(&allocations);
}

/* Of the address sanitizer, where it is linked. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

size_t heap_in_use(void)
{
	if (__sanitizer_get_current_allocated_bytes != NULL)
		return __sanitizer_get_current_allocated_bytes();
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
#else
	return 0;
#endif
}
