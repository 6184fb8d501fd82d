/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/bytes.h"
#include "maker/maker.h"
#include "support/documents.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

uint8_t *image;
size_t image_size;
char image_path[64];
tally_layer *layer;
tally_ntfs *volume;
tally_drive *drive;

static void setup(void)
{
	strcpy(image_path, "/tmp/tally_ntfs_XXXXXX");
	int fd = mkstemp(image_path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

void close_all(void)
{
	tally_drive_close(drive);
	tally_ntfs_close(volume);
	tally_layer_close(layer);
	drive = NULL;
	volume = NULL;
	layer = NULL;
}

static void teardown(void)
{
	close_all();
	free(image);
	image = NULL;
	unlink(image_path);
}

int fixture_run(const char *name, const suite_test *tests)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, setup, teardown);
	for (; tests->test != NULL; tests++) {
		if (tests->loops > 0)
			tcase_add_loop_test(tcase, tests->test, 0, tests->loops);
		else
			tcase_add_test(tcase, tests->test);
	}
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}

ntfs_writer *begin(const ntfs_options *options)
{
	return ntfs_writer_begin(image_path, options);
}

void end(ntfs_writer *w)
{
	ntfs_writer_finish(w);
	test_text text = file_read(image_path);
	free(image);
	image_size = text.size;
	/* Just as large, so that the sanitizer sees what goes beyond. */
	image = malloc(image_size);
	ck_assert_ptr_nonnull(image);
	memcpy(image, text.data, image_size);
	text_clear(&text);
}

void open_image(void)
{
	tally_error error;
	tally_ntfs_problem problem;
	close_all();
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	ck_assert_msg(tally_ntfs_open(layer, NULL, &volume, &problem, &error) == TALLY_OK, "%s", error.message);
	ck_assert_msg(problem.outcome == TALLY_NTFS_OPEN, "%d: %s", (int)problem.outcome, problem.text);
	ck_assert_str_eq(problem.text, "");
}

void end_and_open(ntfs_writer *w)
{
	end(w);
	open_image();
}

void expect_outcome(tally_ntfs_outcome outcome, const char *text)
{
	tally_error error;
	tally_ntfs_problem problem;
	close_all();
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
	ck_assert_ptr_null(volume);
	ck_assert_str_eq(problem.text, text);
	ck_assert_int_eq(problem.outcome, outcome);
}

void make_drive(void)
{
	tally_error error;
	ck_assert_int_eq(tally_drive_open_ntfs(volume, NULL, &drive, &error), TALLY_OK);
	volume = NULL;
}

uint32_t add(ntfs_writer *w, uint32_t directory, const char *name)
{
	return ntfs_writer_file(w, &(ntfs_file){.directory = directory,
						.name = name,
						.space = NTFS_POSIX,
						.content = {.bytes = name, .size = strlen(name)}});
}

tally_file open_file(const char *path)
{
	tally_file file;
	tally_find_detail detail;
	tally_find found = tally_drive_find(drive, (tally_text){path, strlen(path)}, &file, &detail);
	ck_assert_msg(found == TALLY_FIND_OK, "%s: %d, %s", path, (int)found, detail.text);
	ck_assert_ptr_eq(file.drive, drive);
	return file;
}

/* ---- content ---- */

uint8_t noise_at(uint64_t seed, uint64_t offset)
{
	uint64_t x = (offset / 8 + 1) * UINT64_C(0x9E3779B97F4A7C15) ^ seed * UINT64_C(0xBF58476D1CE4E5B9);
	x ^= x >> 31;
	x *= UINT64_C(0x94D049BB133111EB);
	return (uint8_t)(x >> 8 * (offset % 8));
}

static void make_noise(void *context, uint64_t offset, uint8_t *buffer, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buffer[i] = noise_at(*(const uint64_t *)context, offset + i);
}

ntfs_content noise(const uint64_t *seed, uint64_t size)
{
	return (ntfs_content){.size = size, .make = make_noise, .context = (void *)(uintptr_t)seed};
}

uint8_t soft_at(uint64_t offset)
{
	switch (offset / 65536 % 4) {
	case 0:
		return (uint8_t)(offset / 64 * 37);
	case 1:
		return noise_at(7, offset);
	case 2:
		return 0;
	default:
		return offset % 8192 < 4096 ? noise_at(7, offset) : (uint8_t)(offset % 251);
	}
}

static void make_soft(void *context, uint64_t offset, uint8_t *buffer, size_t size)
{
	(void)context;
	for (size_t i = 0; i < size; i++)
		buffer[i] = soft_at(offset + i);
}

ntfs_content soft(uint64_t size)
{
	return (ntfs_content){.size = size, .make = make_soft};
}

/* ---- expectations ---- */

uint32_t record_of(const char *path)
{
	tally_text rest = {path, strlen(path)}, component;
	uint32_t record = TALLY_NTFS_ROOT;
	tally_ntfs_name found[2];
	while (tally_windows_path_next(&rest, &component)) {
		tally_ntfs_match match = tally_ntfs_lookup(volume, record, component, found);
		ck_assert_msg(match == TALLY_NTFS_MATCH, "%s: %d at %.*s", path, (int)match, (int)component.size,
			      component.data);
		record = found[0].file;
	}
	return record;
}

tally_ntfs_file *open_stream(uint32_t record, const char *stream)
{
	tally_ntfs_file *file;
	tally_ntfs_reason reason;
	tally_ntfs_kind kind = tally_ntfs_file_open(volume, record, stream, &file, &reason);
	ck_assert_msg(kind == TALLY_NTFS_FILE, "record %u: %d, %s", record, (int)kind,
		      reason.what != NULL ? reason.what : "");
	return file;
}

uint8_t *read_whole(const tally_ntfs_file *file)
{
	uint8_t *bytes = malloc((size_t)file->stream.size + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(tally_ntfs_stream_read_all(&file->stream, 0, bytes, (size_t)file->stream.size), 0);
	ck_assert_int_eq(tally_ntfs_stream_read(&file->stream, file->stream.size, bytes, 1, TALLY_LAYER_CACHED), 0);
	return bytes;
}

void expect_bytes(tally_ntfs_file *file, const uint8_t *expected, uint64_t size)
{
	uint64_t state = 99;
	ck_assert_uint_eq(file->stream.size, size);
	uint8_t *bytes = read_whole(file);
	for (uint64_t i = 0; i < size; i++)
		REQUIRE(bytes[i] == expected[i], "byte %llu is %02X and not %02X", (unsigned long long)i, bytes[i],
			expected[i]);
	for (unsigned i = 0; i < 200 && size > 0; i++) {
		uint64_t offset = maker_random(&state) % size,
			 length = maker_random(&state) % (i % 2 ? 100000 : 700) + 1;
		length = length < size - offset ? length : size - offset;
		memset(bytes, 0xEE, (size_t)length);
		ck_assert_int_eq(
		    tally_ntfs_stream_read(&file->stream, offset, bytes, (size_t)length, TALLY_LAYER_CACHED),
		    (int64_t)length);
		REQUIRE(memcmp(bytes, expected + offset, (size_t)length) == 0, "%llu bytes from %llu",
			(unsigned long long)length, (unsigned long long)offset);
	}
	free(bytes);
	tally_ntfs_file_close(file);
}

void expect_noise(uint32_t record, uint64_t seed, uint64_t size)
{
	uint8_t *expected = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(expected);
	for (uint64_t i = 0; i < size; i++)
		expected[i] = noise_at(seed, i);
	expect_bytes(open_stream(record, ""), expected, size);
	free(expected);
}

void expect_kind(uint32_t record, tally_ntfs_kind kind, const char *what)
{
	tally_ntfs_file *file;
	tally_ntfs_reason reason;
	ck_assert_int_eq(tally_ntfs_file_open(volume, record, "", &file, &reason), kind);
	ck_assert_ptr_null(file);
	if (what != NULL)
		ck_assert_str_eq(reason.what, what);
}

void expect_notes(const char *notes)
{
	char all[1024] = "", text[160];
	for (unsigned i = 0; tally_ntfs_note(volume, i, text); i++) {
		strcat(all, text);
		strcat(all, "\n");
	}
	ck_assert_str_eq(all, notes);
}

/* ---- damage ---- */

void put(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

uint8_t *record_bytes(uint32_t record)
{
	tally_ntfs_geometry g;
	const char *what;
	/* Of volumes whose $MFT is in one piece. */
	ck_assert_int_eq(tally_ntfs_boot_parse(image, &g, &what), TALLY_NTFS_BOOT_OK);
	return image + g.mft * g.cluster_size + (size_t)record * g.record_size;
}

uint8_t *attribute_bytes(uint32_t record, uint32_t type, const char *name)
{
	uint8_t *bytes = record_bytes(record), *at = bytes + tally_le16(bytes + 20);
	for (; tally_le32(at) != UINT32_MAX; at += tally_le32(at + 4)) {
		size_t units = at[9];
		bool same = tally_le32(at) == type && units == strlen(name);
		for (size_t i = 0; same && i < units; i++)
			same = at[tally_le16(at + 10) + 2 * i] == (uint8_t)name[i];
		if (same)
			return at;
	}
	ck_abort_msg("record %u has no such attribute", record);
}
