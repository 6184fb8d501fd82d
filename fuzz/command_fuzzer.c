/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: arguments and a file from the input. Each byte up to the first NUL chooses an argument from the table
 * below; what follows is the file that they name, also as the manifest of a little drive.
 */
#include "cli/cli.h"
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STAGE_RAN = 1, STAGE_CLEAN };
const unsigned fuzz_deepest = STAGE_CLEAN;

static char folder[] = "/tmp/tallyman-fuzz-XXXXXX";
static char file_path[64], drive_path[64], parent_path[80], manifest_path[96];

static const char *const words[] = {
	"check", "lint", "explain", file_path, drive_path, "--format", "json", "text", "--strict", "--quiet", "--verbose",
	"--journal", "--manifest", "\\DriveManifest.xml", "--drive-id", "9WM35C2V", "--kind", "manifest", "journal", "import",
	"export", "--jobs", "1", "0", "999999999999", "--list", "M-31", "Corrupted", "manifest file error", "nonsense", "--help",
	"--version", "--", "-", "", "--no-color", "sarif", "junit", "--unknown", parent_path, "/dev/null", "--help=man", "--help=bash",
};
#define WORDS (sizeof words / sizeof words[0])
#define ARGUMENTS_MAX 16

static void remove_folder(void)
{
	unlink(file_path);
	unlink(manifest_path);
	rmdir(drive_path);
	rmdir(folder);
}

static void make_folder(void)
{
	static bool made;
	if (made)
		return;
	made = true;
	if (mkdtemp(folder) == NULL)
		fuzz_fail("no temporary folder");
	snprintf(file_path, sizeof file_path, "%s/file", folder);
	snprintf(drive_path, sizeof drive_path, "%s/drive", folder);
	/* Of our own folder: what else a machine has is no input. */
	snprintf(parent_path, sizeof parent_path, "%s/..", drive_path);
	snprintf(manifest_path, sizeof manifest_path, "%s/DriveManifest.xml", drive_path);
	mkdir(drive_path, 0700);
	atexit(remove_folder);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	FILE *out = fopen(path, "wb");
	if (out == NULL || fwrite(data, 1, size, out) != size || fclose(out) != 0)
		fuzz_fail("the input's file can't be written");
}

static uint64_t no_clock(void)
{
	return 0;
}

static bool never(void)
{
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	const uint8_t *end = input.size > 0 ? memchr(input.data, 0, input.size) : NULL;
	size_t chosen = end != NULL ? (size_t)(end - input.data) : input.size;
	char *argv[ARGUMENTS_MAX + 2] = {(char *)(uintptr_t)"tallyman"};
	int argc = 1;
	make_folder();
	/* Standard input would wait for a terminal. */
	if (freopen("/dev/null", "r", stdin) == NULL)
		fuzz_fail("no /dev/null");
	for (size_t i = 0; i < chosen && argc <= ARGUMENTS_MAX; i++) {
		argv[argc] = (char *)(uintptr_t)words[input.data[i] % WORDS];
		argc++;
	}
	const uint8_t *content = end != NULL ? end + 1 : input.data + input.size;
	size_t content_size = end != NULL ? input.size - chosen - 1 : 0;
	write_file(file_path, content, content_size);
	write_file(manifest_path, content, content_size);

	char *text = NULL;
	size_t text_size = 0;
	FILE *out = open_memstream(&text, &text_size), *err = fopen("/dev/null", "w");
	if (out == NULL || err == NULL)
		fuzz_fail("no streams");
	tally_cli_streams streams = {.out = out, .err = err, .clock = no_clock, .stopped = never};
	fuzz_arm(input.fail);
	int status = tally_cli(argc, argv, &streams);
	bool injected = fuzz_disarm();
	fclose(out);
	fclose(err);
	if (status < 0 || status > 3)
		fuzz_fail("an exit status that is not documented");
	if (injected && status == TALLY_EXIT_OK)
		fuzz_fail("success although an allocation failed");
	if (tally_has_secret((tally_text){text, text_size}))
		fuzz_fail("a secret in the output");
	fuzz_stage = status == TALLY_EXIT_OK ? STAGE_CLEAN : status != TALLY_EXIT_USAGE ? STAGE_RAN : 0;
	free(text);
	return 0;
}
