/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NTFS: boot sector, records of $MFT and the attributes in them, on a disk as in disk.h. Names are not read from the
 * indexes of directories, so that there is no target for these. The seeds are what stands in front of the log in
 * volumes of the tests' writer.
 */
#include "disk.h"
#include "drive/ntfs/drive.h"

enum { STAGE_OPEN = 1, STAGE_READ, STAGE_PUT_TOGETHER };
const unsigned fuzz_deepest = STAGE_PUT_TOGETHER;

static void reach(unsigned stage)
{
	if (fuzz_stage < stage)
		fuzz_stage = stage;
}

/* The same bytes, whole and in two parts, unless reading fails. */
static void read_file(const tally_ntfs_file *file, bool fails)
{
	static uint8_t whole[5000], parts[5000];
	int64_t got = tally_ntfs_stream_read(&file->stream, 0, whole, sizeof whole, TALLY_LAYER_CACHED);
	if (got > 1) {
		int64_t half = got / 2;
		int64_t first = tally_ntfs_stream_read(&file->stream, 0, parts, (size_t)half, TALLY_LAYER_CACHED);
		int64_t second = tally_ntfs_stream_read(&file->stream, (uint64_t)half, parts + half,
							(size_t)(got - half), TALLY_LAYER_CACHED);
		bool same = first == half && second == got - half && memcmp(whole, parts, (size_t)got) == 0;
		if (!same && !fails)
			fuzz_fail("a file's bytes depend on how it is read");
		reach(STAGE_READ);
		if (file->stream.runs.count > 3)
			reach(STAGE_PUT_TOGETHER);
	}
	tally_ntfs_stream_read(&file->stream, file->stream.size - 1, whole, sizeof whole, TALLY_LAYER_CACHED);
}

static bool visit(void *context, const tally_walk_entry *entry)
{
	tally_drive *drive = context;
	tally_file file;
	tally_find_detail detail;
	size_t size = strlen(entry->path);
	tally_find found = tally_drive_find(drive, (tally_text){entry->path, size}, &file, &detail);
	if (found == TALLY_FIND_OK) {
		if (entry->is_regular && file.size != entry->size && !entry->clashes)
			fuzz_fail("a file has two sizes");
		tally_file_close(&file);
	} else if (detail.text[0] == '\0') {
		fuzz_fail("a path is not found, and nothing says why");
	}
	return true;
}

static tally_result use(tally_ntfs *volume, bool fails, tally_error *error)
{
	const tally_ntfs_facts *facts = tally_ntfs_facts_of(volume);
	tally_result result = TALLY_OK;
	char text[160];
	for (unsigned i = 0; tally_ntfs_note(volume, i, text); i++)
		if (text[0] == '\0')
			fuzz_fail("a note without a text");
	for (uint32_t record = 0; record < facts->records && record < 200 && result == TALLY_OK; record++) {
		tally_ntfs_file *file;
		tally_ntfs_reason reason;
		uint64_t offset, size;
		tally_ntfs_kind kind = tally_ntfs_file_open(volume, record, "", &file, &reason);
		if (kind == TALLY_NTFS_NO_MEMORY)
			result = tally_fail_memory(error);
		if (kind == TALLY_NTFS_FILE_DAMAGED && reason.what == NULL)
			fuzz_fail("a damaged file without a reason");
		if (kind != TALLY_NTFS_FILE)
			continue;
		tally_ntfs_file_on_bad_clusters(volume, file, &offset, &size);
		read_file(file, fails);
		tally_ntfs_file_close(file);
	}
	return result;
}

static tally_result judge(fuzz_disk *disk, tally_error *error)
{
	tally_ntfs_options options = {.memory_limit = 64 << 20};
	tally_ntfs_problem problem;
	tally_ntfs *volume;
	tally_drive *drive;
	tally_result result = tally_ntfs_open(&disk->layer, &options, &volume, &problem, error);
	if (volume == NULL) {
		if (result == TALLY_OK && (problem.outcome == TALLY_NTFS_OPEN || problem.text[0] == '\0'))
			fuzz_fail("a volume is refused, and nothing says why");
		return result;
	}
	reach(STAGE_OPEN);
	result = use(volume, disk->failing_read != 0, error);
	if (result == TALLY_OK)
		result = tally_drive_open_ntfs(volume, NULL, &drive, error);
	if (result != TALLY_OK) {
		tally_ntfs_close(volume);
		return result;
	}
	result = tally_drive_walk(drive, visit, drive, error);
	tally_drive_close(drive);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_input input = fuzz_take_orders(data, size);
	static fuzz_disk disk;
	tally_error error;
	fuzz_disk_begin(&disk, &input);
	fuzz_disk_arm(&disk);
	fuzz_arm(input.fail);
	tally_result result = judge(&disk, &error);
	bool met = fuzz_disarm();
	if (result != TALLY_OK && (!met || result != TALLY_ERROR_NO_MEMORY))
		fuzz_fail("an error of the run that the input can't justify");
	return 0;
}
