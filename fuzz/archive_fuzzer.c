/* SPDX-License-Identifier: Apache-2.0 */
/* Archives: listed, looked through and streamed; what the walk shows can be found, and nothing comes that wasn't
 * wanted. */
#include "drive/archive/archive.h"
#include "fuzz.h"

#include <string.h>

/* Of each file, so that an input of a few bytes doesn't take seconds. */
#define WANTED 100000

enum { STAGE_LISTED = 1, STAGE_FOUND, STAGE_STREAMED };
const unsigned fuzz_deepest = STAGE_STREAMED;

static void reach(unsigned stage)
{
	if (stage > fuzz_stage)
		fuzz_stage = stage;
}

typedef struct state {
	tally_archive *archive;
	tally_drive *drive;
	uint64_t left;
	bool open;
	uint8_t sum;
	unsigned found;
} state;

static bool visit(void *context, const tally_walk_entry *entry)
{
	state *s = context;
	tally_file file;
	tally_find_detail detail = {.os_error = 0};
	tally_find found = tally_drive_find(s->drive, (tally_text){entry->path, strlen(entry->path)}, &file, &detail);
	if (found == TALLY_FIND_MISSING || found == TALLY_FIND_AMBIGUOUS || found == TALLY_FIND_LEAVES_DRIVE)
		fuzz_fail("what the walk shows is not there");
	if (found == TALLY_FIND_OK && (!entry->is_regular || file.size != entry->size))
		fuzz_fail("the walk shows another file");
	if (found != TALLY_FIND_OK && found != TALLY_FIND_NO_MEMORY && detail.text[0] == '\0')
		fuzz_fail("nobody says why");
	if (found != TALLY_FIND_OK)
		return true;
	reach(STAGE_FOUND);
	if (s->found++ % 2 == 0)
		tally_archive_want(s->archive, &file);
	return true;
}

static tally_result begin(void *context, uint32_t number, uint64_t *wanted, tally_error *error)
{
	state *s = context;
	(void)number, (void)error;
	if (s->open)
		fuzz_fail("a file within a file");
	s->open = true;
	*wanted = s->left = WANTED;
	return TALLY_OK;
}

static tally_result data(void *context, const uint8_t *bytes, size_t size, tally_error *error)
{
	state *s = context;
	(void)error;
	if (!s->open || size == 0 || size > s->left)
		fuzz_fail("bytes that nobody wanted");
	uint8_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum ^= bytes[i];
	s->sum ^= sum; /* all of it can be read */
	s->left -= size;
	return TALLY_OK;
}

static tally_result end(void *context, int os_error, tally_error *error)
{
	state *s = context;
	(void)error;
	if (!s->open)
		fuzz_fail("the end of what didn't begin");
	s->open = false;
	if (os_error == 0)
		reach(STAGE_STREAMED);
	return TALLY_OK;
}

static bool visit_kept(void *context, const tally_walk_entry *entry)
{
	state *s = context;
	tally_file file;
	static char bytes[4096];
	if (tally_drive_find(s->drive, (tally_text){entry->path, strlen(entry->path)}, &file, NULL) != TALLY_FIND_OK)
		return true;
	/* Each is one more streaming. */
	if (s->found++ % 2 != 0)
		return s->found < 64;
	tally_error error;
	tally_result result = tally_archive_fetch(s->archive, &file, NULL, NULL, &error);
	if (result != TALLY_OK && result != TALLY_ERROR_NO_MEMORY)
		fuzz_fail("an input made the fetching fail");
	int64_t got = tally_file_read(&file, 0, bytes, sizeof bytes);
	/* Some formats tell a file's size behind its bytes only: it is known once they were read. */
	if (tally_drive_find(s->drive, (tally_text){entry->path, strlen(entry->path)}, &file, NULL) == TALLY_FIND_OK &&
	    got > (int64_t)file.size)
		fuzz_fail("more bytes than the file has");
	return s->found < 64;
}

static tally_result look(tally_archive *archive, tally_error *error)
{
	static const char *const manifests[] = {"\\DriveManifest.xml", "\\drive-manifest.xml"};
	state s = {.archive = archive, .drive = tally_archive_drive(archive)};
	const tally_archive_receiver receiver = {&s, begin, data, end};
	reach(STAGE_LISTED);
	tally_archive_settle(archive, manifests, 2);
	tally_result result = tally_drive_walk(s.drive, visit, &s, error);
	if (result == TALLY_OK)
		result = tally_archive_stream(archive, &receiver, NULL, NULL, error);
	s.found = 0;
	tally_error unasked;
	if (result == TALLY_OK && tally_drive_walk(s.drive, visit_kept, &s, &unasked) == TALLY_ERROR_NO_MEMORY)
		result = TALLY_ERROR_NO_MEMORY;
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	fuzz_input input = fuzz_take_orders(bytes, size);
	tally_layer *layer;
	tally_archive *archive = NULL;
	tally_error error = {.code = TALLY_OK};
	fuzz_arm(input.fail);
	tally_result result = tally_layer_open_memory(input.data, input.size, &layer, &error);
	if (result == TALLY_OK)
		result = tally_archive_open_layer(layer, "input", NULL, &archive, &error);
	if (archive != NULL)
		result = look(archive, &error);
	bool met = fuzz_disarm();
	if (result == TALLY_ERROR_NO_MEMORY && !met)
		fuzz_fail("there was memory");
	if (result != TALLY_OK && result != TALLY_ERROR_NO_MEMORY && archive != NULL)
		fuzz_fail("an input made the run fail");
	if (archive != NULL)
		tally_drive_close(tally_archive_drive(archive));
	return 0;
}
