/* SPDX-License-Identifier: Apache-2.0 */
#include "support/faults.h"

#include "base/memory.h"

#include <check.h>
#include <libxml/parser.h>
#include <libxml/xmlmemory.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static faults_of armed; /* 0: none */
static size_t countdown, allocations;
static bool lasting_fault, met;

static bool fails(faults_of whose)
{
	if ((armed & whose) == 0)
		return false;
	allocations++;
	if (countdown > 0)
		countdown--;
	bool fault = countdown == 0 && (lasting_fault || !met);
	met = met || fault;
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
	/* libxml2's own tables, made once, are not what is tested. */
	ck_assert_int_eq(xmlMemSetup(free, xml_malloc, xml_realloc, xml_strdup), 0);
	xmlInitParser();
	tally_allocation_fault = fail_ours;
	for (size_t n = 1;; n++) {
		tally_error error = {0};
		allocations = 0;
		countdown = n;
		lasting_fault = lasting;
		met = false;
		armed = whose;
		tally_result result = run(context, &error);
		armed = 0;
		ck_assert_msg(result == TALLY_OK || result == TALLY_ERROR_NO_MEMORY, "allocation %zu: result %d, %s", n,
			      (int)result, error.message);
		ck_assert_msg(result == TALLY_OK || error.code == result, "allocation %zu: the error says %d", n,
			      (int)error.code);
		ck_assert_msg(met || result == TALLY_OK, "out of memory without a fault: %s", error.message);
		if (result == TALLY_OK && succeeded != NULL)
			succeeded(context, met);
		if (!met)
			break;
	}
	tally_allocation_fault = NULL;
	return allocations;
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
