/* SPDX-License-Identifier: Apache-2.0 */
/* What is recognised as what, images in pieces, and what can't be opened at all. */
#include "fixture.h"

#include "drive/tree.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(opens_a_raw_image)
{
	const char *raw = make_raw("disk.img", 5 * MIB + 512, 1);
	open_disk(raw, TALLY_DISK_RAW);
	ck_assert_uint_eq(disk->pieces, 1);
	ck_assert_uint_eq(disk->layer->sector_size, 0);
	ck_assert_uint_eq(disk->notes.count, 0);
	expect_content(disk->layer, raw);
	ck_assert_uint_eq(expect_located(disk->layer, raw), 5 * MIB + 512);
}
END_TEST

START_TEST(opens_the_smallest_image)
{
	for (uint64_t size = 1; size < 600; size += 37) {
		make_raw("disk", size, 1);
		open_disk(at("disk"), TALLY_DISK_RAW);
		ck_assert_uint_eq(disk->layer->size, size);
	}
}
END_TEST

START_TEST(tells_names_of_kinds)
{
	ck_assert_str_eq(tally_disk_kind_name(TALLY_DISK_RAW), "raw");
	ck_assert_str_eq(tally_disk_kind_name(TALLY_DISK_PIECES), "raw in pieces");
	ck_assert_str_eq(tally_disk_kind_name(TALLY_DISK_VHD_FIXED), "fixed VHD");
	ck_assert_str_eq(tally_disk_kind_name(TALLY_DISK_VHD_DYNAMIC), "dynamic VHD");
	ck_assert_str_eq(tally_disk_kind_name(TALLY_DISK_VHDX), "VHDX");
	tally_disk_close(NULL);
}
END_TEST

static void expect_error(const char *path, int os_error)
{
	tally_error error;
	tally_disk *opened;
	ck_assert_int_eq(tally_disk_open(path, &opened, &problem, &error), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, os_error);
	ck_assert_ptr_null(opened);
	ck_assert_int_eq(problem.fault, TALLY_DISK_FAULT_NONE);
}

START_TEST(reports_what_is_not_there)
{
	expect_error(at("nothing"), ENOENT);
	expect_error(at("nothing.001"), ENOENT);
	expect_error(at(""), EISDIR);
	ck_assert_int_eq(mkfifo(at("fifo"), 0644), 0);
	expect_error(at("fifo"), ENOTBLK);
}
END_TEST

START_TEST(refuses_an_empty_image)
{
	make_raw("disk", 0, 1);
	expect_problem(at("disk"), TALLY_DISK_FAULT_EMPTY, "not a single byte");
}
END_TEST

START_TEST(refuses_containers_of_others)
{
	static const struct {
		uint64_t offset;
		const char *bytes, *name;
	} others[] = {
	    {0, "QFI\xfb", "QCOW"},
	    {0, "KDMV", "VMDK"},
	    {0, "# Disk DescriptorFile\n", "VMDK"},
	    {0, "EVF\x09\x0d\x0a\xff", "EnCase"},
	    {0, "EVF2\x0d\x0a\x81", "EnCase"},
	    {64, "\x7f\x10\xda\xbe", "VDI"},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		make_raw("disk", MIB, 3);
		disk_patch(at("disk"), others[i].offset, others[i].bytes,
			   strlen(others[i].bytes) + (others[i].bytes[0] == 'E'));
		expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, others[i].name);
		ck_assert_ptr_nonnull(strstr(problem.text, "make a raw image"));
	}
}
END_TEST

/* ---- pieces ---- */

static void join(const char *first, unsigned count)
{
	open_disk(at(first), TALLY_DISK_PIECES);
	ck_assert_uint_eq(disk->pieces, count);
	expect_content(disk->layer, at("raw"));
	ck_assert_uint_eq(expect_located(disk->layer, at("raw")), disk_size(at("raw")));
}

START_TEST(joins_pieces)
{
	make_raw("raw", 3 * MIB + 777, 1);
	unsigned count = disk_write_pieces(at("raw"), at("disk"), 100000, 1);
	ck_assert_uint_eq(count, 32);
	/* What has nothing to do with it. */
	make_raw("disk.1000", 100, 9);
	make_raw("disk.02", 100, 9);
	make_raw("disk.0x2", 100, 9);
	make_raw("disc.033", 100, 9);
	make_raw("disk.033.txt", 100, 9);
	join("disk.001", 32);
	ck_assert_uint_eq(disk->notes.count, 0);
}
END_TEST

START_TEST(joins_pieces_from_nought)
{
	make_raw("raw", 3 * MIB, 1);
	disk_write_pieces(at("raw"), at("disk"), MIB, 0);
	join("disk.000", 3);
	for (int i = 0; i < 3; i++) {
		char from[16], letters[16], two[16];
		snprintf(from, sizeof from, "disk.%03d", i);
		snprintf(letters, sizeof letters, "x.a%c", 'a' + i);
		snprintf(two, sizeof two, "y.%02d", i + 1);
		disk_copy(at(from), at(letters));
		disk_copy(at(from), at(two));
	}
	join("x.aa", 3);
	join("y.01", 3);
	/* Relative to where one is, too. */
	ck_assert_int_eq(chdir(at("")), 0);
	open_disk("disk.000", TALLY_DISK_PIECES);
	ck_assert_uint_eq(disk->layer->size, 3 * MIB);
}
END_TEST

START_TEST(joins_pieces_of_any_size)
{
	make_raw("raw", 3 * MIB, 1);
	disk_write_pieces(at("raw"), at("disk"), MIB, 1);
	/* The third piece becomes two, and an empty one comes between. */
	disk_copy(at("disk.003"), at("disk.005"));
	disk_truncate(at("disk.003"), 0);
	disk_copy(at("disk.005"), at("disk.004"));
	disk_truncate(at("disk.004"), MIB - 100);
	disk_truncate(at("disk.005"), 100);
	uint8_t end[100];
	disk_read(at("raw"), 3 * MIB - 100, end, sizeof end);
	disk_patch(at("disk.005"), 0, end, sizeof end);
	join("disk.001", 5);
	expect_note(&disk->notes, "piece .003 of the image has 0 bytes and the first one 1048576");
	ck_assert_uint_eq(disk->notes.count, 1);
}
END_TEST

START_TEST(opens_a_container_in_pieces)
{
	make_raw("raw", 7 * MIB, 1);
	disk_write_vhdx(at("raw"), at("vhdx"), MIB, 512);
	unsigned count = disk_write_pieces(at("vhdx"), at("disk"), 300000, 1);
	open_disk(at("disk.001"), TALLY_DISK_VHDX);
	ck_assert_uint_eq(disk->pieces, count);
	expect_content(disk->layer, at("raw"));
}
END_TEST

START_TEST(takes_a_number_alone_for_a_name)
{
	static const char *const names[] = {"disk.001", "disk.2024", "disk.1", "disk.1234567", "disk.aa",
					    "disk.ab",  "disk.",     "001",    ".001",         "d.001/disk"};
	ck_assert_int_eq(mkdir(at("d.001"), 0755), 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		make_raw(names[i], MIB, 1);
		open_disk(at(names[i]), TALLY_DISK_RAW);
		ck_assert_uint_eq(disk->pieces, 1);
		ck_assert_int_eq(unlink(at(names[i])), 0);
	}
	/* Years, which don't begin where pieces do. */
	make_raw("disk.2023", MIB, 1);
	make_raw("disk.2024", MIB, 1);
	open_disk(at("disk.2023"), TALLY_DISK_RAW);
	open_disk(at("disk.2024"), TALLY_DISK_RAW);
}
END_TEST

/* As where one may open files whose names one knows, and see no others. */
START_TEST(joins_pieces_in_a_folder_that_is_not_listed)
{
	make_raw("raw", 3 * MIB, 1);
	ck_assert_int_eq(mkdir(at("closed"), 0755), 0);
	disk_write_pieces(at("raw"), at("closed/disk"), MIB, 1);
	ck_assert_int_eq(chmod(at("closed"), 0311), 0);
	if (!tree_become_nobody())
		return;
	open_disk(at("closed/disk.001"), TALLY_DISK_PIECES);
	ck_assert_uint_eq(disk->pieces, 3);
	ck_assert_uint_eq(disk->layer->size, 3 * MIB);
	if (getuid() != 0)
		ck_assert_int_eq(chmod(at("closed"), 0755), 0);
}
END_TEST

START_TEST(misses_a_piece)
{
	make_raw("raw", 3 * MIB, 1);
	disk_write_pieces(at("raw"), at("disk"), MIB / 2, 1);
	ck_assert_int_eq(unlink(at("disk.004")), 0);
	expect_problem(at("disk.001"), TALLY_DISK_FAULT_GAP, "piece .004 of the image is missing, though later ones");
	expect_problem(at("disk.003"), TALLY_DISK_FAULT_GAP,
		       "this is piece .003 of an image, which begins with piece .001");
	make_raw("disk.004", MIB, 1);
	make_raw("disk.000", MIB, 1);
	expect_problem(at("disk.001"), TALLY_DISK_FAULT_GAP, "begins with piece .000");
	make_raw("far.01", MIB, 1);
	make_raw("far.99", MIB, 1);
	expect_problem(at("far.01"), TALLY_DISK_FAULT_GAP, "piece .02");
}
END_TEST

START_TEST(refuses_pieces_that_are_none)
{
	make_raw("disk.001", MIB, 1);
	ck_assert_int_eq(mkdir(at("disk.002"), 0755), 0);
	expect_problem(at("disk.001"), TALLY_DISK_FAULT_UNREADABLE, "piece .002 of the image can't be opened: ");
	ck_assert_int_eq(problem.os_error, EISDIR);
	make_raw("many.00001", 10, 1);
	make_raw("many.02000", 10, 1);
	expect_problem(at("many.00001"), TALLY_DISK_FAULT_UNSUPPORTED, "in 2000 pieces; up to 1000");
	make_raw("none.001", 0, 1);
	make_raw("none.002", 0, 1);
	expect_problem(at("none.001"), TALLY_DISK_FAULT_EMPTY, "not a single byte");
}
END_TEST

/* ---- faults ---- */

START_TEST(survives_failing_reads)
{
	open_with_read_faults(make_raw("disk", MIB, 1));
	disk_write_pieces(at("disk"), at("disk"), 300000, 1);
	open_with_read_faults(at("disk.001"));
}
END_TEST

START_TEST(survives_failing_allocations)
{
	ck_assert_uint_eq(open_with_allocation_faults(make_raw("disk", MIB, 1)), 2);
	disk_write_pieces(at("disk"), at("disk"), 500000, 1);
	/* The disk, the first file, a path, the layer and its two arrays, three files. */
	ck_assert_uint_eq(open_with_allocation_faults(at("disk.001")), 9);
}
END_TEST

static int shrink(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return -ENODATA;
}

START_TEST(notices_a_file_that_shrinks)
{
	make_raw("disk", MIB, 1);
	tally_layer_fault = shrink;
	expect_problem(at("disk"), TALLY_DISK_FAULT_TRUNCATED, "became shorter while its first sector was read");
	tally_layer_fault = NULL;
}
END_TEST

/* Where there is no file that could be mapped. */
static void open_in_memory(const char *path)
{
	static uint8_t bytes[16 * MIB];
	tally_layer *memory;
	tally_disk *opened;
	tally_error error;
	ck_assert_uint_le(disk_size(path), sizeof bytes);
	disk_read(path, 0, bytes, (size_t)disk_size(path));
	ck_assert_int_eq(tally_layer_open_memory(bytes, disk_size(path), &memory, &error), TALLY_OK);
	ck_assert_int_eq(tally_disk_open_layer(memory, &opened, &problem, &error), TALLY_OK);
	ck_assert_msg(opened != NULL, "%s", problem.text);
	expect_content(opened->layer, at("raw"));
	ck_assert_uint_eq(expect_located(opened->layer, at("raw")), 0);
	tally_disk_close(opened);
	tally_layer_close(memory);
}

START_TEST(reads_containers_in_memory)
{
	make_raw("raw", 4 * MIB, 1);
	disk_write_vhdx(at("raw"), at("disk"), MIB, 512);
	open_in_memory(at("disk"));
	disk_write_vhd_dynamic(at("raw"), at("disk"), 4096);
	open_in_memory(at("disk"));
	disk_write_vhd_fixed(at("raw"), at("disk"));
	open_in_memory(at("disk"));
	open_in_memory(at("raw"));
}
END_TEST

START_TEST(borrows_a_layer)
{
	make_raw("raw", MIB, 1);
	open_disk(at("raw"), TALLY_DISK_RAW);
	tally_disk *top;
	tally_error error;
	ck_assert_int_eq(tally_disk_open_layer(disk->layer, &top, &problem, &error), TALLY_OK);
	ck_assert_ptr_eq(top->layer, disk->layer);
	tally_disk_close(top);
	expect_content(disk->layer, at("raw"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
	    opens_a_raw_image,
	    opens_the_smallest_image,
	    tells_names_of_kinds,
	    reports_what_is_not_there,
	    refuses_an_empty_image,
	    refuses_containers_of_others,
	    joins_pieces,
	    joins_pieces_from_nought,
	    joins_pieces_of_any_size,
	    opens_a_container_in_pieces,
	    takes_a_number_alone_for_a_name,
	    joins_pieces_in_a_folder_that_is_not_listed,
	    misses_a_piece,
	    refuses_pieces_that_are_none,
	    survives_failing_reads,
	    survives_failing_allocations,
	    notices_a_file_that_shrinks,
	    reads_containers_in_memory,
	    borrows_a_layer,
	    NULL,
	};
	return image_suite("drive/image/disk", tests);
}
