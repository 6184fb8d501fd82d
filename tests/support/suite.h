/* SPDX-License-Identifier: Apache-2.0 */
/* The main function of a test program is a table of tests. */
#ifndef TALLY_TESTS_SUPPORT_SUITE_H
#define TALLY_TESTS_SUPPORT_SUITE_H

#include <check.h>

/* For loops of millions: where it holds, nothing is called. */
#define REQUIRE(condition, ...)  \
  do {                           \
    if (!(condition))            \
      ck_abort_msg(__VA_ARGS__); \
  } while (0)

/* What the header says of its version, "1.2.3"; for those who include it. */
#define SUITE_VERSION \
  SUITE_STRING(TALLY_VERSION_MAJOR) "." SUITE_STRING(TALLY_VERSION_MINOR) "." SUITE_STRING(TALLY_VERSION_PATCH)
#define SUITE_STRING(number) SUITE_STRING_OF(number)
#define SUITE_STRING_OF(number) #number

typedef struct suite_test {
	const TTest *test;
	int loops; /* 0: a test without _i */
} suite_test;

/* Runs the tests, up to one that is NULL; the exit status of the program. */
int suite_run(const char *name, const suite_test *tests);

#endif
