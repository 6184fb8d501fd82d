/* SPDX-License-Identifier: Apache-2.0 */
/* Each damage and what exactly comes of it. */
#include "base/bytes.h"
#include "drive/ntfs/record.h"
#include "fixture.h"
#include "maker/maker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const ntfs_options small = {.size = 4 << 20};
static const uint64_t seed = 3;

/* Three files: in runs, in a list of runs, compressed; and a small one. */
static uint32_t plain, listed, packed, little;

static void make_volume(void)
{
	ntfs_writer *w = begin(&small);
	plain = ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "plain", .content = noise(&seed, 50000), .pieces = 2});
	listed = ntfs_writer_file(
	    w,
	    &(ntfs_file){
		.directory = NTFS_ROOT, .name = "listed", .content = noise(&seed, 50000), .pieces = 4, .list = true});
	packed = ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "packed", .content = soft(400000), .compress = true});
	little =
	    ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "little", .content = noise(&seed, 60)});
	end(w);
}

/* ---- boot sector and $MFT ---- */

START_TEST(boot_sector_is_taken_from_its_copy)
{
	make_volume();
	image[13] = 3;
	open_image();
	expect_noise(record_of("plain"), seed, 50000);
	expect_notes("its boot sector is damaged; the copy at its end was used\n");
	/* Overwritten with nothing. */
	memset(image, 0, 512);
	open_image();
	ck_assert(tally_ntfs_facts_of(volume)->boot_from_copy);
	image[image_size - 512 + 13] = 5;
	expect_outcome(TALLY_NTFS_OTHER, "its boot sector is not one of NTFS");
	memcpy(image, image + image_size - 512, 512);
	expect_outcome(TALLY_NTFS_DAMAGED,
		       "its boot sector has an impossible cluster size, and there is no good copy of it");
}
END_TEST

START_TEST(another_file_system_is_no_damage)
{
	make_volume();
	memcpy(image + 3, "EXFAT   ", 8);
	expect_outcome(TALLY_NTFS_OTHER, "its boot sector is not one of NTFS");
	image_size = 100;
	expect_outcome(TALLY_NTFS_OTHER, "its boot sector is not one of NTFS");
	image_size = 0;
	expect_outcome(TALLY_NTFS_OTHER, "its boot sector is not one of NTFS");
}
END_TEST

START_TEST(record_0_is_taken_from_the_mirror)
{
	make_volume();
	record_bytes(0)[510] ^= 0xFF;
	open_image();
	expect_noise(record_of("plain"), seed, 50000);
	expect_notes("the first record of $MFT is damaged; $MFTMirr was used\n");
	image[2 * 4096 + 510] ^= 0xFF;
	expect_outcome(TALLY_NTFS_DAMAGED,
		       "the first record of $MFT is damaged, and its mirror, too: it is no record of a file in use");
}
END_TEST

/* Breaks record 0 and its mirror alike. */
static void damage_mft(uint64_t value, unsigned at, unsigned bytes, const char *reason)
{
	char text[160];
	make_volume();
	put(attribute_bytes(0, TALLY_NTFS_DATA, "") + at, value, bytes);
	memcpy(image + 2 * 4096, record_bytes(0), 1024);
	strcpy(text, "the first record of $MFT is damaged, and its mirror, too: ");
	strcat(text, reason);
	expect_outcome(TALLY_NTFS_DAMAGED, text);
}

START_TEST(mft_of_impossible_size_is_refused)
{
	damage_mft(UINT64_C(1) << 40, 48, 8, "its run list ends before its size");
	damage_mft(UINT64_MAX, 48, 8, "its sizes contradict each other");
	damage_mft(5 * 1024, 56, 8, "its size makes no sense");
	damage_mft(1, 16, 8, "the pieces of its run list don't follow each other");
	damage_mft(0, 64, 1, "its run list makes no sense or leaves the volume");
	damage_mft(1, 12, 2, "its compression unit has an impossible size");
	damage_mft(2, 12, 2, "it is compressed in an unknown way");
	damage_mft(0x81, 0, 4, "it is no record of a file in use");
}
END_TEST

START_TEST(what_the_disk_ends_before_is_not_read)
{
	make_volume();
	uint64_t mft = (uint64_t)(record_bytes(0) - image);
	uint8_t *whole = image;
	size_t size = image_size;
	/* A cut image: its own boot sector is all that is left. */
	image_size = 4096;
	expect_outcome(TALLY_NTFS_DAMAGED, "$MFT lies behind the end of the disk or image");
	image_size = (size_t)mft + 256 * 1024;
	open_image();
	ck_assert(tally_ntfs_facts_of(volume)->cut);
	tally_ntfs_file *file = open_stream(record_of("plain"), "");
	uint8_t bytes[10];
	ck_assert_int_eq(tally_ntfs_stream_read(&file->stream, 0, bytes, 10, TALLY_LAYER_CACHED), -ENODATA);
	tally_ntfs_file_close(file);
	expect_notes("it is larger than what it lies on: the image or partition was cut off\n"
		     "$UpCase can't be read: names are compared as Windows 10 does\n");
	image = whole;
	image_size = size;
}
END_TEST

/* ---- files of NTFS ---- */

START_TEST(system_files_can_be_missing)
{
	make_volume();
	memset(record_bytes(3), 0, 1024);
	memset(record_bytes(8), 0, 1024);
	memset(record_bytes(10), 0, 1024);
	open_image();
	expect_noise(record_of("PLAIN"), seed, 50000);
	expect_notes("its list of bad clusters can't be read\n"
		     "$UpCase can't be read: names are compared as Windows 10 does\n"
		     "$Volume can't be read: its version and whether it is dirty are not known\n");
}
END_TEST

START_TEST(upcase_of_noise_is_not_used)
{
	make_volume();
	open_image();
	tally_ntfs_file *file = open_stream(10, "");
	uint64_t place = file->stream.runs.items[0].lcn * 4096;
	tally_ntfs_file_close(file);
	memset(image + place, 0x55, 131072);
	open_image();
	ck_assert(tally_ntfs_facts_of(volume)->own_upcase);
	expect_noise(record_of("PLAIN"), seed, 50000);
}
END_TEST

/* ---- records of files ---- */

START_TEST(torn_record_keeps_its_name)
{
	make_volume();
	record_bytes(plain)[1022] ^= 1;
	open_image();
	ck_assert_uint_eq(record_of("plain"), plain);
	expect_kind(plain, TALLY_NTFS_FILE_DAMAGED, "its record in $MFT is torn: sectors of different writings");
	expect_noise(little, seed, 60);
	expect_notes("1 damaged record of $MFT: files can't be read\n");
}
END_TEST

START_TEST(lost_records_are_counted)
{
	make_volume();
	memcpy(record_bytes(plain), "BAAD", 4);
	record_bytes(little)[510] ^= 1;
	/* Not in use: no loss. */
	memcpy(record_bytes(20), "noise", 5);
	open_image();
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->lost_records, 2);
	expect_kind(plain, TALLY_NTFS_NO_STREAM, NULL);
	expect_notes("2 records of $MFT can't be read: names may be missing\n");
}
END_TEST

START_TEST(torn_record_without_a_name_is_lost)
{
	make_volume();
	/* The name begins where nothing is sound. */
	uint8_t *bytes = record_bytes(plain);
	put(attribute_bytes(plain, TALLY_NTFS_STANDARD_INFORMATION, "") + 4, 480, 4);
	bytes[1022] ^= 1;
	open_image();
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->torn_records, 1);
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->lost_records, 1);
	/* The root's own record: then nothing can be found. */
	memcpy(record_bytes(TALLY_NTFS_ROOT), "BAAD", 4);
	open_image();
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->lost_records, 2);
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->names, 0);
	make_drive();
	tally_file file;
	tally_find_detail detail;
	ck_assert_int_eq(tally_drive_find(drive, TALLY_TEXT("\\little"), &file, &detail), TALLY_FIND_IO_FAILED);
	ck_assert_str_eq(detail.text, "\\little was not found, but may be lost: 2 records of $MFT can't be read");
}
END_TEST

START_TEST(broken_attributes_are_noticed)
{
	make_volume();
	put(attribute_bytes(plain, TALLY_NTFS_DATA, "") + 4, 0, 4);
	open_image();
	ck_assert_uint_eq(record_of("plain"), plain);
	expect_kind(plain, TALLY_NTFS_FILE_DAMAGED, "its record in $MFT has attributes that make no sense");
}
END_TEST

/* The attribute of content changed, and what is said of the file then. */
static const struct {
	uint32_t *record;
	unsigned at, bytes;
	uint64_t value;
	const char *what;
} contents[] = {
    {&plain, 48, 8, 1 << 20, "its run list ends before its size"},
    {&plain, 48, 8, UINT64_MAX, "its sizes contradict each other"},
    {&plain, 48, 8, 100, "its sizes contradict each other"},
    {&plain, 56, 8, 50001, "its sizes contradict each other"},
    {&plain, 16, 8, 1, "the pieces of its run list don't follow each other"},
    {&plain, 24, 8, 500, "its run list makes no sense or leaves the volume"},
    {&plain, 66, 2, 0x7FFF, "its run list makes no sense or leaves the volume"},
    {&plain, 64, 1, 0x9F, "its run list makes no sense or leaves the volume"},
    {&packed, 34, 1, 0, "its compression unit has an impossible size"},
    {&packed, 34, 1, 9, "its compression unit has an impossible size"},
    {&packed, 34, 1, 200, "its compression unit has an impossible size"},
    {&packed, 12, 2, 3, "it is compressed in an unknown way"},
    {&listed, 24, 8, 1, "its run list makes no sense or leaves the volume"},
    {&listed, 14, 2, 99, "its attribute list names an attribute that isn't there"},
};

START_TEST(damaged_content_is_named)
{
	make_volume();
	uint32_t record = *contents[_i].record;
	put(attribute_bytes(record, TALLY_NTFS_DATA, "") + contents[_i].at, contents[_i].value, contents[_i].bytes);
	open_image();
	expect_kind(record, TALLY_NTFS_FILE_DAMAGED, contents[_i].what);
	expect_noise(little, seed, 60);
}
END_TEST

START_TEST(file_without_content_is_named)
{
	make_volume();
	put(attribute_bytes(little, TALLY_NTFS_DATA, ""), 0x100, 4);
	open_image();
	expect_kind(little, TALLY_NTFS_NO_STREAM, NULL);
}
END_TEST

/* ---- attribute lists ---- */

/* The entry of the content's piece `n` in the resident list. */
static uint8_t *list_entry(unsigned n)
{
	uint8_t *at = attribute_bytes(listed, TALLY_NTFS_ATTRIBUTE_LIST, "") + 24;
	for (;; at += tally_le16(at + 4))
		if (tally_le32(at) == TALLY_NTFS_DATA && n-- == 0)
			return at;
}

static const struct {
	unsigned entry, at, bytes;
	uint64_t value;
	const char *what;
} entries[] = {
    {1, 8, 8, 0, "the pieces of its run list don't follow each other"},
    {1, 8, 8, 99, "the pieces of its run list don't follow each other"},
    {1, 16, 4, 5, "its attribute list names a record that isn't its own"},
    {1, 16, 4, 0x777777, "it refers to a record behind the end of $MFT"},
    {1, 16, 4, 23, "its attribute list names a record that isn't its own"},
    {1, 22, 2, 9, "its attribute list names a record that isn't its own"},
    {1, 24, 2, 9, "its attribute list names an attribute that isn't there"},
    {1, 4, 2, 0, "its run list ends before its size"},
    {1, 4, 2, 8, "its run list ends before its size"},
    {1, 4, 2, 65535, "its run list ends before its size"},
    {1, 7, 1, 255, "its run list ends before its size"},
};

START_TEST(damaged_attribute_list_is_named)
{
	make_volume();
	put(list_entry(entries[_i].entry) + entries[_i].at, entries[_i].value, entries[_i].bytes);
	/* An entry whose name is where no name can be must have one. */
	if (entries[_i].at == 7)
		list_entry(1)[6] = 200;
	open_image();
	expect_kind(listed, TALLY_NTFS_FILE_DAMAGED, entries[_i].what);
	expect_noise(plain, seed, 50000);
}
END_TEST

START_TEST(list_that_names_itself_ends)
{
	/* Every entry is the first piece once more. */
	make_volume();
	uint8_t first[32];
	memcpy(first, list_entry(0), 32);
	memcpy(list_entry(1), first, 32);
	open_image();
	expect_kind(listed, TALLY_NTFS_FILE_DAMAGED, "the pieces of its run list don't follow each other");
}
END_TEST

/* ---- bytes ---- */

START_TEST(damaged_compression_fails_where_it_is)
{
	make_volume();
	open_image();
	static uint8_t bytes[400000];
	tally_ntfs_file *file = open_stream(packed, "");
	/* The first unit is packed: its second byte becomes no chunk's. */
	image[file->stream.runs.items[0].lcn * 4096 + 1] = 0x40;
	ck_assert_int_eq(tally_ntfs_stream_read(&file->stream, 0, bytes, 100, TALLY_LAYER_CACHED), -EBADMSG);
	ck_assert_int_eq(tally_ntfs_stream_read(&file->stream, 65535, bytes, 100, TALLY_LAYER_CACHED), -EBADMSG);
	ck_assert_int_eq(tally_ntfs_stream_read(&file->stream, 65536, bytes, 300000, TALLY_LAYER_CACHED), 300000);
	for (uint64_t i = 0; i < 300000; i++)
		REQUIRE(bytes[i] == soft_at(65536 + i), "byte %llu", (unsigned long long)i);
	tally_ntfs_file_close(file);
}
END_TEST

START_TEST(limits_are_kept)
{
	make_volume();
	tally_error error;
	tally_ntfs_problem problem;
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	tally_ntfs_options options = {.memory_limit = 200};
	ck_assert_int_eq(tally_ntfs_open(layer, &options, &volume, &problem, &error), TALLY_OK);
	ck_assert_int_eq(problem.outcome, TALLY_NTFS_TOO_LARGE);
	ck_assert_str_eq(problem.text, "the names of its files need more than the 0 MiB of memory allowed for them");
	options.memory_limit = 1 << 20;
	ck_assert_int_eq(tally_ntfs_open(layer, &options, &volume, &problem, &error), TALLY_OK);
	ck_assert_int_eq(problem.outcome, TALLY_NTFS_TOO_LARGE);
	ck_assert_ptr_null(volume);
}
END_TEST

static bool stop(void *context, uint64_t done, uint64_t total)
{
	unsigned *calls = context;
	ck_assert_uint_le(done, total);
	return ++*calls < 3;
}

START_TEST(opening_can_be_stopped)
{
	ntfs_options options = {.size = 16 << 20, .records = 5000};
	ntfs_writer *w = begin(&options);
	for (unsigned i = 0; i < 4900; i++)
		ntfs_writer_skip(w);
	end(w);
	unsigned calls = 0;
	tally_error error;
	tally_ntfs_problem problem;
	tally_ntfs_options with = {.progress = stop, .context = &calls};
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	ck_assert_int_eq(tally_ntfs_open(layer, &with, &volume, &problem, &error), TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(calls, 3);
	ck_assert_ptr_null(volume);
}
END_TEST

/* ---- all of it ---- */

static bool count_entry(void *context, const tally_walk_entry *entry)
{
	++*(unsigned *)context;
	ck_assert_int_eq(entry->path[0], '\\');
	return true;
}

/* Whatever the metadata say: every record is opened, read and looked at, and all ends. */
static void use_all(void)
{
	static uint8_t bytes[4096];
	tally_ntfs_file *file;
	tally_ntfs_reason reason;
	const tally_ntfs_facts *facts = tally_ntfs_facts_of(volume);
	for (uint32_t record = 0; record < facts->records && record < 300; record++) {
		uint64_t offset, size;
		if (tally_ntfs_file_open(volume, record, "", &file, &reason) != TALLY_NTFS_FILE)
			continue;
		tally_ntfs_file_on_bad_clusters(volume, file, &offset, &size);
		for (uint64_t at = 0; at < file->stream.size && at < 20 * 65536; at += 30011)
			tally_ntfs_stream_read(&file->stream, at, bytes, sizeof bytes, TALLY_LAYER_CACHED);
		tally_ntfs_file_close(file);
	}
	unsigned count = 0;
	tally_error error;
	make_drive();
	ck_assert_int_eq(tally_drive_walk(drive, count_entry, &count, &error), TALLY_OK);
}

START_TEST(noise_anywhere_is_survived)
{
	uint64_t state = (uint64_t)_i + 1;
	make_volume();
	uint8_t *good = malloc(image_size);
	ck_assert_ptr_nonnull(good);
	memcpy(good, image, image_size);
	size_t mft = (size_t)(record_bytes(0) - image);
	for (unsigned turn = 0; turn < 150; turn++) {
		tally_error error;
		tally_ntfs_problem problem;
		for (unsigned i = 0; i < turn % 7 + 1; i++) {
			size_t record = maker_random(&state) % 35, at = maker_random(&state) % 512;
			image[mft + record * 1024 + at] =
			    (uint8_t)(maker_random(&state) % 3 == 0 ? 0xFF : maker_random(&state));
		}
		close_all();
		ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
		ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
		ck_assert_int_eq(volume != NULL, problem.outcome == TALLY_NTFS_OPEN);
		if (volume != NULL)
			use_all();
		memcpy(image, good, image_size);
	}
	free(good);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {boot_sector_is_taken_from_its_copy, 0},
	    {another_file_system_is_no_damage, 0},
	    {record_0_is_taken_from_the_mirror, 0},
	    {mft_of_impossible_size_is_refused, 0},
	    {what_the_disk_ends_before_is_not_read, 0},
	    {system_files_can_be_missing, 0},
	    {upcase_of_noise_is_not_used, 0},
	    {torn_record_keeps_its_name, 0},
	    {lost_records_are_counted, 0},
	    {torn_record_without_a_name_is_lost, 0},
	    {broken_attributes_are_noticed, 0},
	    {damaged_content_is_named, sizeof contents / sizeof contents[0]},
	    {file_without_content_is_named, 0},
	    {damaged_attribute_list_is_named, sizeof entries / sizeof entries[0]},
	    {list_that_names_itself_ends, 0},
	    {damaged_compression_fails_where_it_is, 0},
	    {limits_are_kept, 0},
	    {opening_can_be_stopped, 0},
	    {noise_anywhere_is_survived, 4},
	    {NULL, 0},
	};
	return fixture_run("ntfs_damage", tests);
}
