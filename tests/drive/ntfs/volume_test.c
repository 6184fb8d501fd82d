/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes of every shape, and names of every kind, written by the writer and found again. */
#include "base/windows_path.h"
#include "fixture.h"
#include "support/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ntfs_options small = {.size = 4 << 20};
static const uint64_t seed = 3;

/* ---- sizes ---- */

/* Sector, cluster and record sizes, and how large a volume must be for that. */
static const struct {
	uint32_t sector, cluster, record;
	uint64_t size;
} shapes[] = {
    {512, 512, 1024, 4 << 20},       {512, 1024, 1024, 4 << 20},    {512, 2048, 4096, 4 << 20},
    {512, 4096, 1024, 4 << 20},      {512, 8192, 1024, 4 << 20},    {512, 16384, 1024, 8 << 20},
    {512, 32768, 4096, 8 << 20},     {512, 65536, 1024, 8 << 20},   {512, 131072, 1024, 8 << 20},
    {512, 262144, 1024, 16 << 20},   {512, 524288, 1024, 32 << 20}, {512, 1048576, 1024, 48 << 20},
    {512, 2097152, 1024, 96 << 20},  {4096, 4096, 1024, 4 << 20},   {4096, 4096, 4096, 4 << 20},
    {4096, 2097152, 4096, 96 << 20},
};

START_TEST(every_size_is_read)
{
	ntfs_options options = {.size = shapes[_i].size,
				.sector_size = shapes[_i].sector,
				.cluster_size = shapes[_i].cluster,
				.record_size = shapes[_i].record};
	uint64_t large = shapes[_i].cluster * UINT64_C(3) / 2 + 12345;
	ntfs_writer *w = begin(&options);
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "folder");
	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "large", .content = noise(&seed, large)});
	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "little", .content = noise(&seed, 100)});
	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "nothing"});
	end_and_open(w);
	const tally_ntfs_facts *facts = tally_ntfs_facts_of(volume);
	ck_assert_uint_eq(facts->geometry.cluster_size, shapes[_i].cluster);
	ck_assert_uint_eq(facts->geometry.record_size, shapes[_i].record);
	ck_assert_uint_eq(facts->geometry.sector_size, shapes[_i].sector);
	expect_noise(record_of("folder\\large"), seed, large);
	expect_noise(record_of("folder\\little"), seed, 100);
	expect_noise(record_of("folder\\nothing"), seed, 0);
	expect_notes("");
}
END_TEST

START_TEST(facts_are_known)
{
	ntfs_options options = small;
	options.label = "Lieferung \xE2\x84\x96 1";
	options.serial = 0xBAA85F5BA85F14EB;
	ntfs_writer *w = begin(&options);
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "file"});
	end_and_open(w);
	const tally_ntfs_facts *facts = tally_ntfs_facts_of(volume);
	ck_assert_str_eq(facts->label, "Lieferung \xE2\x84\x96 1");
	ck_assert_uint_eq(facts->geometry.serial, 0xBAA85F5BA85F14EB);
	ck_assert_uint_eq(facts->geometry.sectors, (4 << 20) / 512 - 1);
	ck_assert(facts->major == 3 && facts->minor == 1 && !facts->dirty);
	ck_assert_uint_eq(facts->records, 25);
	/* $MFT and the like, four nameless records, and ours. */
	ck_assert_uint_eq(facts->files, 10 + 4 + 1);
	ck_assert_uint_eq(facts->directories, 2);
	ck_assert_uint_eq(facts->names, 12);
	options.dirty = true;
	options.label = NULL;
	w = begin(&options);
	end_and_open(w);
	ck_assert(tally_ntfs_facts_of(volume)->dirty);
	ck_assert_str_eq(tally_ntfs_facts_of(volume)->label, "");
	expect_notes("its last use was not ended cleanly (dirty): Windows would check it first\n");
}
END_TEST

/* ---- how $MFT lies ---- */

static const struct {
	uint32_t pieces;
	bool backwards, list;
	uint32_t cluster;
} mfts[] = {{2, false, false, 0}, {7, false, false, 0},   {7, true, false, 0},  {5, false, true, 0},
	    {5, true, true, 0},   {3, false, false, 512}, {8, false, true, 512}};

START_TEST(mft_in_pieces_is_read)
{
	ntfs_options options = {.size = 8 << 20,
				.records = 1000,
				.mft_pieces = mfts[_i].pieces,
				.mft_backwards = mfts[_i].backwards,
				.mft_list = mfts[_i].list,
				.cluster_size = mfts[_i].cluster};
	char name[32];
	ntfs_writer *w = begin(&options);
	for (unsigned i = 0; i < 900; i++) {
		snprintf(name, sizeof name, "file %u", i);
		ntfs_writer_file(
		    w, &(ntfs_file){.directory = NTFS_ROOT, .name = name, .content = {.bytes = name, .size = 7}});
	}
	end_and_open(w);
	for (unsigned i = 0; i < 900; i++) {
		snprintf(name, sizeof name, "FILE %u", i);
		tally_ntfs_file *file = open_stream(record_of(name), "");
		snprintf(name, sizeof name, "file %u", i);
		expect_bytes(file, (const uint8_t *)name, 7);
	}
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->lost_records, 0);
	expect_notes("");
}
END_TEST

START_TEST(records_across_two_runs_are_read)
{
	/* Clusters of half a record, and 33 of them in each piece. */
	ntfs_options options = {.size = 4 << 20, .records = 101, .mft_pieces = 6, .cluster_size = 512};
	char name[32];
	ntfs_writer *w = begin(&options);
	for (unsigned i = 0; i < 70; i++) {
		snprintf(name, sizeof name, "file %u", i);
		ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = name, .content = noise(&seed, 200)});
	}
	end_and_open(w);
	for (unsigned i = 0; i < 70; i++) {
		snprintf(name, sizeof name, "file %u", i);
		expect_noise(record_of(name), seed, 200);
	}
}
END_TEST

/* ---- names ---- */

START_TEST(names_are_found_in_any_case)
{
	ntfs_writer *w = begin(&small);
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT,
						"Stra\xC3\x9F"
						"e");
	uint32_t file = ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "\xC3\xA9T\xC3\x89.jpg"});
	uint32_t camera = ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "\xF0\x9F\x93\xB7"});
	uint32_t dos = ntfs_writer_file(
	    w, &(ntfs_file){.directory = folder, .name = "a long name.text", .short_name = "ALONGN~1.TEX"});
	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "alongn~1.te"});
	char longest[256];
	memset(longest, 'm', 255);
	longest[255] = '\0';
	uint32_t longer = ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = longest});
	end_and_open(w);
	ck_assert_uint_eq(record_of("STRA\xC3\x9F"
				    "E\\\xC3\x89t\xC3\xA9.JPG"),
			  file);
	ck_assert_uint_eq(record_of("stra\xC3\x9F"
				    "e\\\xF0\x9F\x93\xB7"),
			  camera);
	ck_assert_uint_eq(record_of("stra\xC3\x9F"
				    "e\\A LONG name.text"),
			  dos);
	ck_assert_uint_eq(record_of("stra\xC3\x9F"
				    "e\\alongn~1.tex"),
			  dos);
	memset(longest, 'M', 255);
	tally_ntfs_name found[2];
	ck_assert_int_eq(tally_ntfs_lookup(volume, folder, (tally_text){longest, 255}, found), TALLY_NTFS_MATCH);
	ck_assert_uint_eq(found[0].file, longer);
	ck_assert_int_eq(tally_ntfs_lookup(volume, folder, (tally_text){longest, 254}, found), TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, folder, TALLY_TEXT("\xC3\x89t\xC3\xA9.JPEG"), found),
			 TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, NTFS_ROOT, TALLY_TEXT("a long name.text"), found),
			 TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, 9999999, TALLY_TEXT("x"), found), TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, UINT32_MAX, TALLY_TEXT("x"), found), TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, folder, TALLY_TEXT("\xFF"), found), TALLY_NTFS_NO_MATCH);
}
END_TEST

START_TEST(names_are_compared_by_the_volumes_own_table)
{
	static uint16_t upcase[65536];
	for (uint32_t i = 0; i < 65536; i++)
		upcase[i] = (uint16_t)tally_ntfs_upcase(i);
	/* As no Windows does: a dotless i is an I. */
	upcase[0x131] = 'I';
	ntfs_options options = small;
	options.upcase = upcase;
	ntfs_writer *w = begin(&options);
	uint32_t file = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "\xC4\xB1"});
	end_and_open(w);
	ck_assert_uint_eq(record_of("i"), file);
	ck_assert(!tally_ntfs_facts_of(volume)->own_upcase);
}
END_TEST

START_TEST(names_of_posix_are_told_apart)
{
	ntfs_writer *w = begin(&small);
	uint32_t one = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "ReadMe", .space = NTFS_POSIX});
	uint32_t two = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "README", .space = NTFS_POSIX});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "readme", .space = NTFS_DOS});
	end_and_open(w);
	tally_ntfs_name found[2];
	ck_assert_uint_eq(record_of("ReadMe"), one);
	ck_assert_uint_eq(record_of("README"), two);
	ck_assert_int_eq(tally_ntfs_lookup(volume, NTFS_ROOT, TALLY_TEXT("Readme"), found), TALLY_NTFS_MATCHES);
	ck_assert_uint_eq(found[0].file, two);
	ck_assert_uint_eq(found[1].file, one);
}
END_TEST

START_TEST(a_million_spellings_cost_no_more_than_others)
{
	/* All of one folded name: the exact one is found by halving, not by going through them. */
	ntfs_options options = {.size = 8 << 20, .records = 3000};
	ntfs_writer *w = begin(&options);
	uint32_t records[2048];
	char name[16];
	for (unsigned i = 0; i < 2048; i++) {
		for (unsigned j = 0; j < 11; j++)
			name[j] = (i >> j & 1) != 0 ? 'A' : 'a';
		name[11] = '\0';
		records[i] =
		    ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = name, .space = NTFS_POSIX});
	}
	end_and_open(w);
	for (unsigned i = 0; i < 2048; i++) {
		for (unsigned j = 0; j < 11; j++)
			name[j] = (i >> j & 1) != 0 ? 'A' : 'a';
		ck_assert_uint_eq(record_of(name), records[i]);
	}
	tally_ntfs_name found[2];
	ck_assert_int_eq(tally_ntfs_lookup(volume, NTFS_ROOT, TALLY_TEXT("aaaaaaaaaaaa"), found), TALLY_NTFS_NO_MATCH);
}
END_TEST

START_TEST(links_lead_to_one_file)
{
	ntfs_writer *w = begin(&small);
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "folder");
	const ntfs_link links[] = {{NTFS_ROOT, "second", NTFS_WIN32}, {folder, "third", NTFS_POSIX}};
	uint32_t file = ntfs_writer_file(w, &(ntfs_file){.directory = folder,
							 .name = "first",
							 .content = noise(&seed, 5000),
							 .links = links,
							 .link_count = 2,
							 .names_outside = _i == 1});
	end_and_open(w);
	ck_assert_uint_eq(record_of("folder\\first"), file);
	ck_assert_uint_eq(record_of("second"), file);
	ck_assert_uint_eq(record_of("folder\\third"), file);
	expect_noise(file, seed, 5000);
}
END_TEST

START_TEST(removed_files_are_not_there)
{
	ntfs_writer *w = begin(&small);
	uint32_t skipped = ntfs_writer_skip(w);
	uint32_t removed = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "removed"});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "stale", .directory_sequence = 77});
	ntfs_writer_file(w, &(ntfs_file){.directory = 20, .name = "orphan"});
	uint32_t any = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "again", .sequence = 4711});
	end(w);
	uint8_t *bytes = record_bytes(removed);
	bytes[22] = 0;
	open_image();
	tally_ntfs_name found[2];
	ck_assert_int_eq(tally_ntfs_lookup(volume, NTFS_ROOT, TALLY_TEXT("removed"), found), TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, NTFS_ROOT, TALLY_TEXT("stale"), found), TALLY_NTFS_NO_MATCH);
	ck_assert_int_eq(tally_ntfs_lookup(volume, 20, TALLY_TEXT("orphan"), found), TALLY_NTFS_NO_MATCH);
	ck_assert_uint_eq(record_of("again"), any);
	expect_kind(removed, TALLY_NTFS_NO_STREAM, NULL);
	expect_kind(skipped, TALLY_NTFS_NO_STREAM, NULL);
	tally_ntfs_file *file = open_stream(any, "");
	ck_assert_uint_eq(file->reference, UINT64_C(4711) << 48 | any);
	tally_ntfs_file_close(file);
	expect_notes("2 names in directories that don't exist\n");
}
END_TEST

/* Names and places as drives have them, millions of which have to fit into memory. */
START_TEST(a_file_takes_a_hundred_bytes_at_most)
{
	enum { FILES = 20000, IN_FOLDER = 500 };
	const ntfs_options options = {.size = 64 << 20, .cluster_size = 512, .records = FILES + FILES / IN_FOLDER + 64};
	ntfs_writer *w = begin(&options);
	uint32_t folder = NTFS_ROOT;
	for (unsigned i = 0; i < FILES; i++) {
		char name[48];
		snprintf(name, sizeof name, "Holidays in %u", i / IN_FOLDER);
		if (i % IN_FOLDER == 0)
			folder = ntfs_writer_directory(w, NTFS_ROOT, name);
		snprintf(name, sizeof name, "IMG_20260%u_%06u_edited.jpg", i % 9 + 1, i * 7919 % 1000000);
		ntfs_writer_file(
		    w, &(ntfs_file){.directory = folder, .name = name, .content.size = 700, .not_resident = true});
	}
	end(w);
	tally_error error;
	tally_ntfs_problem problem;
	ck_assert_int_eq(tally_layer_open_memory(image, image_size, &layer, &error), TALLY_OK);
	const size_t before = heap_in_use();
	ck_assert_int_eq(tally_ntfs_open(layer, NULL, &volume, &problem, &error), TALLY_OK);
	const size_t used = heap_in_use() - before;
	const tally_ntfs_facts *facts = tally_ntfs_facts_of(volume);
	ck_assert_uint_ge(facts->files, FILES);
	ck_assert_msg(used <= 100 * FILES + (256 << 10), "%zu bytes for %d files", used, FILES);
	ck_assert_uint_le(facts->memory, 100 * FILES + (256 << 10));
	printf("%.1f bytes for each of %d files\n", (double)used / FILES, FILES);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {every_size_is_read, sizeof shapes / sizeof shapes[0]},
	    {facts_are_known, 0},
	    {mft_in_pieces_is_read, sizeof mfts / sizeof mfts[0]},
	    {records_across_two_runs_are_read, 0},
	    {names_are_found_in_any_case, 0},
	    {names_are_compared_by_the_volumes_own_table, 0},
	    {names_of_posix_are_told_apart, 0},
	    {a_million_spellings_cost_no_more_than_others, 0},
	    {links_lead_to_one_file, 2},
	    {removed_files_are_not_there, 0},
	    {a_file_takes_a_hundred_bytes_at_most, 0},
	    {NULL, 0},
	};
	return fixture_run("ntfs_volume", tests);
}
