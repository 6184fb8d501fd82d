/* SPDX-License-Identifier: Apache-2.0 */
#include "support/suite.h"

/*
 * Called by each assertion that holds. Check's own writes the place to a file, so that a crash can be told to come
 * after it: that took most of the time of many tests, and the sanitizers tell more. (The linker puts this in its
 * place.)
 */
void __wrap__mark_point(const char *file, int line);

void __wrap__mark_point(const char *file, int line)
{
	(void)file, (void)line;
}

int suite_run(const char *name, const suite_test *tests)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	for (; tests->test != NULL; tests++) {
		if (tests->loops > 0)
			tcase_add_loop_test(tcase, tests->test, 0, tests->loops);
		else
			tcase_add_test(tcase, tests->test);
	}
	suite_add_tcase(suite, tcase);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
