/* SPDX-License-Identifier: Apache-2.0 */
/* Every way in which NTFS keeps the bytes of a file, written by the writer and read back. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ntfs_options small = {.size = 4 << 20};
static const uint64_t seed = 3;

static const uint64_t sizes[] = {1, 600, 700, 800, 4095, 4096, 4097, 65536, 100001};

START_TEST(content_is_read)
{
	ntfs_writer *w = begin(&small);
	uint32_t files[9], pieces[9];
	for (unsigned i = 0; i < 9; i++) {
		char name[16];
		snprintf(name, sizeof name, "%u", i);
		files[i] = ntfs_writer_file(
		    w, &(ntfs_file){.directory = NTFS_ROOT, .name = name, .content = noise(&seed, sizes[i])});
		snprintf(name, sizeof name, "p%u", i);
		pieces[i] = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							     .name = name,
							     .content = noise(&seed, sizes[i]),
							     .pieces = 5,
							     .not_resident = true});
	}
	end_and_open(w);
	for (unsigned i = 0; i < 9; i++) {
		expect_noise(files[i], seed, sizes[i]);
		expect_noise(pieces[i], seed, sizes[i]);
	}
}
END_TEST

START_TEST(attribute_lists_are_followed)
{
	/* Resident and not; and so many pieces that they need several records. */
	ntfs_options options = {.size = 16 << 20};
	ntfs_writer *w = begin(&options);
	uint32_t short_list = ntfs_writer_file(
	    w,
	    &(ntfs_file){
		.directory = NTFS_ROOT, .name = "short", .content = noise(&seed, 100000), .pieces = 4, .list = true});
	uint32_t outside = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							    .name = "outside",
							    .content = noise(&seed, 100000),
							    .pieces = 4,
							    .list_outside = true});
	uint32_t many = ntfs_writer_file(
	    w, &(ntfs_file){
		   .directory = NTFS_ROOT, .name = "many", .content = noise(&seed, 4096 * 700 + 5), .pieces = 700});
	uint32_t resident = ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "resident", .content = noise(&seed, 50), .list = true});
	end_and_open(w);
	expect_noise(short_list, seed, 100000);
	expect_noise(outside, seed, 100000);
	tally_ntfs_file *file = open_stream(many, "");
	ck_assert_uint_ge(file->stream.runs.count, 700);
	tally_ntfs_file_close(file);
	expect_noise(many, seed, 4096 * 700 + 5);
	expect_noise(resident, seed, 50);
}
END_TEST

START_TEST(holes_are_zeros)
{
	static const ntfs_range holes[] = {{0, 3}, {10, 1}, {20, 100}};
	const uint64_t size = 30 * 4096 - 77;
	ntfs_writer *w = begin(&small);
	uint32_t record = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							   .name = "sparse",
							   .content = noise(&seed, size),
							   .holes = holes,
							   .hole_count = 3});
	uint32_t nothing = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							    .name = "nothing",
							    .content = noise(&seed, size),
							    .holes = (ntfs_range[]){{0, 1000}},
							    .hole_count = 1});
	end_and_open(w);
	static uint8_t expected[30 * 4096];
	expect_bytes(open_stream(nothing, ""), expected, size);
	for (uint64_t i = 0; i < size; i++) {
		uint64_t vcn = i / 4096;
		bool hole = vcn < 3 || vcn == 10 || vcn >= 20;
		expected[i] = hole ? 0 : noise_at(seed, i);
	}
	expect_bytes(open_stream(record, ""), expected, size);
}
END_TEST

START_TEST(what_was_never_written_is_zeros)
{
	static const uint64_t never[] = {1, 100, 4096, 5000, 50000, 100000};
	const uint64_t size = 100000;
	ntfs_writer *w = begin(&small);
	uint32_t records[6];
	for (unsigned i = 0; i < 6; i++)
		records[i] = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							      .name = (const char[]){(char)('a' + i), 0},
							      .content = noise(&seed, size),
							      .never_written = never[i],
							      .pieces = i});
	end_and_open(w);
	static uint8_t expected[100000];
	for (unsigned i = 0; i < 6; i++) {
		for (uint64_t j = 0; j < size; j++)
			expected[j] = j < size - never[i] ? noise_at(seed, j) : 0;
		expect_bytes(open_stream(records[i], ""), expected, size);
	}
}
END_TEST

START_TEST(compressed_files_are_unpacked)
{
	static const uint32_t clusters[] = {512, 1024, 4096, 16384};
	static const uint64_t lengths[] = {1, 4096, 65535, 65536, 65537, 400000, 524288};
	ntfs_options options = {.size = 16 << 20, .cluster_size = clusters[_i]};
	ntfs_writer *w = begin(&options);
	uint32_t records[7];
	for (unsigned i = 0; i < 7; i++)
		records[i] = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							      .name = (const char[]){(char)('a' + i), 0},
							      .content = soft(lengths[i]),
							      .compress = true,
							      .not_resident = i % 2 == 0});
	end_and_open(w);
	static uint8_t expected[524288];
	for (uint64_t i = 0; i < sizeof expected; i++)
		expected[i] = soft_at(i);
	for (unsigned i = 0; i < 7; i++)
		expect_bytes(open_stream(records[i], ""), expected, lengths[i]);
}
END_TEST

START_TEST(named_streams_are_read)
{
	const ntfs_stream streams[] = {{"Zone.Identifier", {.bytes = "[ZoneTransfer]", .size = 14}},
				       {"thumbnail", noise(&seed, 9000)}};
	ntfs_writer *w = begin(&small);
	uint32_t record = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							   .name = "file",
							   .content = {.bytes = "content", .size = 7},
							   .streams = streams,
							   .stream_count = 2});
	end_and_open(w);
	expect_bytes(open_stream(record, ""), (const uint8_t *)"content", 7);
	expect_bytes(open_stream(record, "Zone.Identifier"), (const uint8_t *)"[ZoneTransfer]", 14);
	uint8_t expected[9000];
	for (uint64_t i = 0; i < sizeof expected; i++)
		expected[i] = noise_at(seed, i);
	expect_bytes(open_stream(record, "thumbnail"), expected, sizeof expected);
	tally_ntfs_file *file;
	tally_ntfs_reason reason;
	ck_assert_int_eq(tally_ntfs_file_open(volume, record, "other", &file, &reason), TALLY_NTFS_NO_STREAM);
	ck_assert_int_eq(tally_ntfs_file_open(volume, 99999, "", &file, &reason), TALLY_NTFS_NO_STREAM);
}
END_TEST

START_TEST(what_only_windows_reads_is_named)
{
	static const struct {
		uint32_t tag;
		tally_ntfs_kind kind;
	} tags[] = {{0x80000017, TALLY_NTFS_WOF},
		    {0x80000013, TALLY_NTFS_DEDUPLICATED},
		    {0xA000000C, TALLY_NTFS_SYMBOLIC_LINK},
		    {0xA0000003, TALLY_NTFS_JUNCTION},
		    {0x9000601A, TALLY_NTFS_REPARSE}};
	uint32_t files[5], folders[5];
	ntfs_writer *w = begin(&small);
	for (unsigned i = 0; i < 5; i++) {
		const char name[] = {(char)('a' + i), 0}, folder[] = {(char)('k' + i), 0};
		files[i] = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							    .name = name,
							    .content = noise(&seed, 20000),
							    .reparse_tag = tags[i].tag,
							    .list = i == 1});
		folders[i] = ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, folder, NTFS_WIN32}, tags[i].tag);
	}
	uint32_t efs = ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "efs", .content = noise(&seed, 9000), .encrypted = true});
	uint32_t little = ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "little", .content = noise(&seed, 10), .encrypted = true});
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "folder");
	end_and_open(w);
	for (unsigned i = 0; i < 5; i++) {
		tally_ntfs_file *file;
		tally_ntfs_reason reason;
		expect_kind(files[i], tags[i].kind, NULL);
		expect_kind(folders[i], tags[i].kind, NULL);
		tally_ntfs_file_open(volume, files[i], "", &file, &reason);
		ck_assert_uint_eq(reason.tag, tags[i].tag);
		ck_assert(tally_ntfs_has_reparse_point(volume, files[i]));
	}
	expect_kind(efs, TALLY_NTFS_EFS, NULL);
	expect_kind(little, TALLY_NTFS_EFS, NULL);
	expect_kind(folder, TALLY_NTFS_DIRECTORY, NULL);
	tally_ntfs_glance glance = tally_ntfs_glance_at(volume, efs);
	ck_assert(glance.is_known && !glance.is_plain);
	ck_assert(!tally_ntfs_glance_at(volume, folder).is_known);
	ck_assert(!tally_ntfs_glance_at(volume, 99999).is_known);
}
END_TEST

START_TEST(bad_clusters_are_known)
{
	/* Of three files that follow each other, the middle one's end and the last one's beginning. */
	uint64_t first[3];
	uint32_t records[3];
	ntfs_writer *w = NULL;
	ntfs_range bad[2] = {{0, 0}, {0, 0}};
	for (unsigned turn = 0; turn < 2; turn++) {
		ntfs_options options = small;
		options.bad = bad;
		options.bad_count = turn == 0 ? 0 : 2;
		w = begin(&options);
		for (unsigned i = 0; i < 3; i++) {
			records[i] = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
								      .name = (const char[]){(char)('a' + i), 0},
								      .content = noise(&seed, 40000)});
			first[i] = ntfs_writer_last_cluster(w);
		}
		if (turn == 0)
			ntfs_writer_finish(w);
		bad[0] = (ntfs_range){first[1] + 4, 2};
		bad[1] = (ntfs_range){first[2] + 9, 5};
	}
	end_and_open(w);
	ck_assert_uint_eq(tally_ntfs_facts_of(volume)->bad_clusters, 7);
	expect_notes("7 clusters known to be bad\n");
	static const struct {
		bool met;
		uint64_t offset, size;
	} expected[] = {{false, 0, 0}, {true, 4 * 4096, 2 * 4096}, {true, 9 * 4096, 40000 - 9 * 4096}};
	for (unsigned i = 0; i < 3; i++) {
		uint64_t offset = 0, size = 0;
		tally_ntfs_file *file = open_stream(records[i], "");
		ck_assert_int_eq(tally_ntfs_file_on_bad_clusters(volume, file, &offset, &size), expected[i].met);
		ck_assert_uint_eq(offset, expected[i].offset);
		ck_assert_uint_eq(size, expected[i].size);
		tally_ntfs_file_close(file);
		expect_noise(records[i], seed, 40000);
	}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {content_is_read, 0},
	    {attribute_lists_are_followed, 0},
	    {holes_are_zeros, 0},
	    {what_was_never_written_is_zeros, 0},
	    {compressed_files_are_unpacked, 4},
	    {named_streams_are_read, 0},
	    {what_only_windows_reads_is_named, 0},
	    {bad_clusters_are_known, 0},
	    {NULL, 0},
	};
	return fixture_run("ntfs_content", tests);
}
