/* SPDX-License-Identifier: Apache-2.0 */
/* Another judge of well-formedness: xmllint on every manifest of the corpus. Skipped where it isn't installed. */
#include "manifest_judge.h"

#include "support/suite.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* The exit status of a command whose output nobody wants to see; -1 when it can't be run. */
static int run_quietly(char *const *command)
{
	posix_spawn_file_actions_t actions;
	pid_t process;
	int status;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", 1, 0);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", 1, 0);
	int failed = posix_spawnp(&process, command[0], &actions, NULL, command, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (failed != 0 || waitpid(process, &status, 0) != process || !WIFEXITED(status) || WEXITSTATUS(status) == 127)
		return -1;
	return WEXITSTATUS(status);
}

static bool xmllint_accepts(const char *path)
{
	char name[] = "xmllint", noout[] = "--noout", nonet[] = "--nonet", *file = strdup(path);
	int status = run_quietly((char *const[]){name, noout, nonet, file, NULL});
	free(file);
	ck_assert_int_ge(status, 0);
	return status == 0;
}

/* What we refuse although it is well-formed; M-04.encoding.bad.xml is ASCII in either encoding. */
static bool is_refused_on_purpose(const char *name)
{
	return strcmp(name, "XML-02.bad.xml") == 0;
}

static void compare(const char *folder, size_t *malformed)
{
	file_list files = files_in(folder, ".xml");
	ck_assert_uint_gt(files.count, 10);
	for (size_t i = 0; i < files.count; i++) {
		char relative[512];
		snprintf(relative, sizeof relative, "%s/%s", folder, files.names[i]);
		test_text text = file_read(source_path(relative));
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.kind = TALLY_MANIFEST_UNKNOWN});
		bool accepted = xmllint_accepts(source_path(relative));
		ck_assert_msg(accepted == j.totals.complete || is_refused_on_purpose(files.names[i]),
			      "%s: %s, and xmllint %s it", relative, recorder_rules(&j.found),
			      accepted ? "takes" : "refuses");
		if (!accepted)
			ck_assert(recorder_count(&j.found, "XML-01") + recorder_count(&j.found, "XML-04") +
				      recorder_count(&j.found, "M-06") ==
				  1);
		*malformed += !accepted;
		judgement_clear(&j);
		text_clear(&text);
	}
	files_clear(&files);
}

START_TEST(test_xmllint_agrees)
{
	size_t malformed = 0;
	compare("corpus/manifest", &malformed);
	compare("corpus/manifest/valid", &malformed);
	ck_assert_uint_ge(malformed, 3);
}
END_TEST

int main(void)
{
	char name[] = "xmllint", version[] = "--version";
	if (run_quietly((char *const[]){name, version, NULL}) != 0) {
		puts("skipped: there is no xmllint");
		return 77;
	}
	return suite_run("xmllint", (const suite_test[]){{test_xmllint_agrees, 0}, {NULL, 0}});
}
