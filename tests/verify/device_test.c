/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real block devices: what an image shows a device shows as well, and where its block layer gives up, that costs what
 * lies there and no more.
 */
#include "drive/layer.h"
#include "maker/disk_writer.h"
#include "support/suite.h"
#include "verify/image_stage.h"
#include "verify/loop_device.h"
#include "verify/opening.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SKIPPED 77
#define PLACE ((uint64_t)17 << 20) /* of the volume on the disk */
#define PAGE ((uint64_t)4096)

static image_stage im;
static loop_device device;

static void check_device(const char *file, uint32_t sector_size)
{
	loop_device_attach(&device, file, sector_size);
	image_check(&im, device.path);
	loop_device_detach(&device);
}

/* ---- devices that work ---- */

START_TEST(a_device_tells_what_its_image_tells)
{
	static const unsigned jobs[] = {1, 3};
	image_begin(&im);
	stage_flip(&im.s, "disks/b.vhd", 5000);
	stage_remove(&im.s, "pictures/sub/c.txt");
	image_put_disk(&im, NULL);
	image_check(&im, im.disk);
	char *findings = strdup(im.t.findings), *counts = strdup(im.t.counts);
	image_expect(&im, "an image", "CompletedWithErrors", 1,
		     "V-20 error segment Corrupted\nV-10 error blob FileNotFound\n");
	for (size_t i = 0; i < 2; i++) {
		im.s.options.jobs = jobs[i];
		for (unsigned io = TALLY_IO_AUTO; io <= TALLY_IO_DIRECT; io++) {
			im.s.options.io = (tally_io_mode)io;
			check_device(im.disk, 512);
			ck_assert_str_eq(im.t.counts, counts);
			ck_assert_ptr_nonnull(strstr(im.t.whole, "source=device"));
			image_expect(&im, "a device", "CompletedWithErrors", 1, findings);
		}
	}
	free(findings);
	free(counts);
	image_end(&im);
}
END_TEST

static void put_4kn(void)
{
	const ntfs_options ntfs = {.sector_size = 4096};
	bitlocker_options options = image_lock_fast(&im);
	options.sector_size = 4096;
	image_lock_volume(im.volume, image_put_volume(&im, &ntfs), &options);
	const disk_volume volume = {.image = im.volume};
	disk_write_gpt(im.disk, &(disk_layout){.volumes = &volume, .count = 1, .sector_size = 4096});
}

START_TEST(sectors_of_4096_bytes)
{
	image_begin(&im);
	put_4kn();
	image_check(&im, im.disk);
	image_expect(&im, "an image", "Completed", 0, "");
	check_device(im.disk, 4096);
	/* What the service says of it depends on whether it rotates, which is this computer's affair. */
	ck_assert_int_eq(strncmp(im.t.findings, "D-02 ", 5), 0);
	ck_assert_str_eq(im.t.counts,
			 "blob: Completed 3; segment: Completed 6; metadata: Completed 3; properties: Completed 3");
	transcript_clear(&im.t);
	image_end(&im);
}
END_TEST

static const tally_os_disk known_disk = {
    .name = "sda", .serial = "9WM35C2V", .bus = "ata", .rotational = true, .logical = 512, .physical = 512};

static int answer_known(const char *path, tally_os_disk *known)
{
	(void)path;
	*known = known_disk;
	return 0;
}

static _Atomic uint64_t bytes_read;

static int count_reads(uint64_t offset, size_t size)
{
	(void)offset;
	atomic_fetch_add(&bytes_read, size);
	return 0;
}

static bool stop_at_half(void *context, const tally_progress *progress)
{
	(void)context;
	return strcmp(progress->stage, "checking") != 0 || progress->bytes_done < progress->bytes_total / 2;
}

START_TEST(a_check_that_is_stopped_goes_on)
{
	char checkpoint[192];
	tally_summary summary;
	tally_error error;
	struct stat facts;
	image_begin_empty(&im);
	stage_make_files(&im.s, 64, 1 << 20, 1 << 18);
	image_put_disk(&im, NULL);
	snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", im.s.root);
	loop_device_attach(&device, im.disk, 512);
	im.s.options.checkpoint = checkpoint;
	im.s.options.jobs = 1;
	im.s.options.io = TALLY_IO_READ;
	image_check(&im, device.path);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_ARGUMENT);
	ck_assert_ptr_nonnull(strstr(im.t.error.message, "whose serial number is not known"));
	transcript_clear(&im.t);
	tally_disk_answer = answer_known;
	const tally_sink sink = {.progress = stop_at_half};
	ck_assert_int_eq(tally_check(&im.s.options, &sink, &summary, &error), TALLY_ERROR_STOPPED);
	tally_summary_clear(&summary);
	ck_assert_int_eq(stat(checkpoint, &facts), 0);
	tally_layer_fault = count_reads;
	image_check(&im, device.path);
	tally_layer_fault = NULL;
	ck_assert_uint_lt(atomic_load(&bytes_read), UINT64_C(48) << 20);
	ck_assert_str_eq(im.t.counts, "blob: Completed 64; segment: Completed 256");
	image_expect(&im, "the rest", "Completed", 0, "");
	tally_disk_answer = NULL;
	loop_device_detach(&device);
	image_end(&im);
}
END_TEST

/* ---- the order of reading ---- */

#define FILES 200

static uint64_t reading_at;
static unsigned steps_back;

static int count_steps_back(uint64_t offset, size_t size)
{
	steps_back += offset < reading_at;
	reading_at = offset + size;
	return 0;
}

/* False, with a message, where that is not for this process to say. */
static bool set_rotational(bool rotates)
{
	char path[96];
	snprintf(path, sizeof path, "/sys/block/%s/queue/rotational", device.path + strlen("/dev/"));
	FILE *file = fopen(path, "w");
	if (file == NULL) {
		ck_assert_msg(errno == EROFS || errno == EACCES, "%s: %s", path, strerror(errno));
		printf("skipped: %s: %s\n", path, strerror(errno));
		return false;
	}
	fputs(rotates ? "1" : "0", file);
	ck_assert_int_eq(fclose(file), 0);
	return true;
}

/* False where the device can't be told whether it rotates. */
static bool check_counting(bool rotates)
{
	loop_device_attach(&device, im.disk, 512);
	if (!set_rotational(rotates)) {
		loop_device_detach(&device);
		return false;
	}
	steps_back = 0;
	reading_at = 0;
	tally_layer_fault = count_steps_back;
	image_check(&im, device.path);
	tally_layer_fault = NULL;
	loop_device_detach(&device);
	image_expect(&im, rotates ? "a disk that rotates" : "flash", "Completed", 0, "");
	return true;
}

/* Encrypted as they are: what the manifest names in one order and the disk has in another costs no seeks. */
START_TEST(a_disk_that_rotates_is_read_in_its_own_order)
{
	uint64_t size;
	image_begin_empty(&im);
	stage_make_files(&im.s, FILES, 20000, 0);
	unlink(im.volume);
	image_make_volume_in(im.s.drive, im.volume, NULL, &(image_order){.shuffled = true}, &size);
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, size, &options);
	image_make_disk(im.volume, NULL, im.disk);
	im.s.options.jobs = 1;
	im.s.options.io = TALLY_IO_READ;
	if (check_counting(false)) {
		ck_assert_uint_gt(steps_back, FILES / 3);
		ck_assert(check_counting(true));
		ck_assert_uint_lt(steps_back, FILES / 10);
	}
	image_end(&im);
}
END_TEST

/* ---- devices that can't be had ---- */

START_TEST(no_disk_in_it)
{
	image_begin(&im);
	stage_write(&im.s, "../disk.img", "");
	check_device(im.disk, 512);
	image_expect(&im, "a device of no bytes", "DiskNotFound", 1, "V-50 error drive DiskNotFound\n");
	image_end(&im);
}
END_TEST

START_TEST(no_right_to_read_it)
{
	image_begin(&im);
	image_put_disk(&im, NULL);
	loop_device_attach(&device, im.disk, 512);
	stage_become_nobody();
	image_check(&im, device.path);
	stage_become_root();
	loop_device_detach(&device);
	ck_assert_int_eq(im.t.result, TALLY_ERROR_IO);
	ck_assert_int_eq(im.t.error.os_error, EACCES);
	ck_assert_ptr_nonnull(strstr(im.t.error.message, device.path));
	transcript_clear(&im.t);
	image_end(&im);
}
END_TEST

/* Mounted, or used by some program alone: reading needs no consent. */
START_TEST(a_device_that_is_busy)
{
	image_begin(&im);
	image_put_disk(&im, NULL);
	loop_device_attach(&device, im.disk, 512);
	int fd = open(device.path, O_RDONLY | O_EXCL | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	image_check(&im, device.path);
	close(fd);
	loop_device_detach(&device);
	image_expect(&im, "a busy device", "Completed", 0, "");
	image_end(&im);
}
END_TEST

/* ---- bad media ---- */

#define BIG ((uint64_t)2 << 20)
#define BLOCK ((uint64_t)64 << 10)

/* More on the drive: a large file, and some that go on behind it in the manifest. */
static void put_files(void)
{
	/* A name that comes before the folder's in the order of the image. */
	im.s.made.manifest = "\\drive-manifest.xml";
	maker *m = stage_begin(&im.s);
	maker_add(m, &(maker_blob){.blob_path = "data/first.bin", .size = 300000, .segment_size = BLOCK});
	maker_add(m, &(maker_blob){.blob_path = "data/big.bin", .size = BIG, .segment_size = BLOCK});
	maker_add(m, &(maker_blob){.blob_path = "data/small.txt", .size = 100});
	maker_add(m, &(maker_blob){.blob_path = "data/last.bin", .size = 300000, .segment_size = BLOCK});
	maker_end(m);
	maker_seal(m);
}

/*
 * A disk whose end holds nothing but `last` or the end of $MFT, and the spare copies of the GPT. Returns where NTFS
 * ends on it.
 */
static uint64_t put_disk_ending(const ntfs_options *options, const char *last)
{
	ntfs_options ntfs = *options;
	uint64_t size;
	ntfs.set_aside = 4 * 65536;
	unlink(im.volume);
	image_make_volume_in(im.s.drive, im.volume, &ntfs, &(image_order){.shuffled = true, .last = last}, &size);
	bitlocker_options options_of_volume = image_lock_fast(&im);
	for (unsigned i = 0; i < 3; i++)
		options_of_volume.metadata[i] = NTFS_SET_ASIDE + i * 65536;
	options_of_volume.header = NTFS_SET_ASIDE + 3 * 65536;
	image_lock_volume(im.volume, size, &options_of_volume);
	image_make_disk(im.volume, NULL, im.disk);
	return PLACE + (size / 512 - 1) / 8 * PAGE;
}

/* What was cut off. */
static uint8_t *tail;
static uint64_t tail_offset, tail_size;

/* The disk ends at `offset`, and its device doesn't know. False when this kernel makes up for what is missing. */
static bool attach_cut(uint64_t offset)
{
	tail_offset = offset;
	tail_size = disk_size(im.disk) - offset;
	tail = malloc(tail_size);
	ck_assert_ptr_nonnull(tail);
	disk_read(im.disk, offset, tail, tail_size);
	loop_device_attach(&device, im.disk, 512);
	disk_truncate(im.disk, offset);
	return loop_device_fails_at(&device, offset);
}

static void detach_cut(void)
{
	loop_device_detach(&device);
	disk_truncate(im.disk, tail_offset + tail_size);
	disk_patch(im.disk, tail_offset, tail, tail_size);
	free(tail);
}

static void explain_skipping(void)
{
	printf("skipped: this kernel gives zeros for what a device lacks\n");
}

#define BACKUP_LOST "V-53 warning drive -\nV-53 warning drive -\n"
#define UNUSUAL_NAME "M-02 note drive -\n" /* see put_files */

static void expect_bad_end(uint64_t bad)
{
	char range[96];
	snprintf(range, sizeof range, "range=%" PRIu64 "+%" PRIu64 " ", BIG - bad, bad);
	ck_assert_ptr_nonnull(strstr(im.t.whole, range));
	ck_assert_ptr_nonnull(strstr(im.t.whole, "blob=data/big.bin file=\\data\\big.bin"));
	ck_assert_ptr_nonnull(strstr(im.t.whole, "Input/output error"));
	ck_assert_str_eq(im.t.counts, "blob: Completed 3, CompletedWithErrors 1; segment: Completed 42, IOFailed 1");
	image_expect(&im, "one bad place", "CompletedWithErrors", 1,
		     BACKUP_LOST UNUSUAL_NAME "V-22 error segment IOFailed\n");
}

/*
 * The kernel reads ahead in pieces that know nothing of segments, and gives nothing of a piece that has a bad place in
 * it: what lies beside it has to be had all the same.
 */
START_TEST(a_bad_place_costs_one_segment)
{
	static const uint64_t bad[] = {PAGE, 3 * PAGE, BLOCK};
	image_begin_empty(&im);
	put_files();
	const uint64_t end = put_disk_ending(&(ntfs_options){0}, "big.bin");
	bool can_fail = true;
	for (size_t i = 0; i < 4 * sizeof bad / sizeof bad[0] && can_fail; i++) {
		const uint64_t size = bad[i / 4];
		im.s.options.io = (tally_io_mode)(i % 4);
		im.s.options.jobs = i % 2 == 0 ? 1 : 3;
		can_fail = attach_cut(end - size);
		image_check(&im, device.path);
		detach_cut();
		if (can_fail)
			expect_bad_end(size);
		else
			transcript_clear(&im.t);
	}
	if (!can_fail)
		explain_skipping();
	image_end(&im);
}
END_TEST

/* Nobody may say of names that were in there that they are missing. */
START_TEST(a_bad_place_in_the_table_of_files)
{
	image_begin_empty(&im);
	put_files();
	/*
	 * Twelve pages of four records, the second half of them at the end: 24 is the manifest, 25 the folder, then the
	 * files.
	 */
	const ntfs_options ntfs = {.records = 48, .mft_pieces = 2, .mft_last = true};
	const uint64_t end = put_disk_ending(&ntfs, NULL);
	bool can_fail = attach_cut(end - 4 * PAGE);
	image_check(&im, device.path);
	detach_cut();
	if (can_fail)
		image_expect(&im, "records that nobody uses", "Completed", 0, BACKUP_LOST UNUSUAL_NAME);
	else
		transcript_clear(&im.t);
	can_fail = can_fail && attach_cut(end - 5 * PAGE);
	if (can_fail) {
		image_check(&im, device.path);
		detach_cut();
		ck_assert_ptr_nonnull(strstr(im.t.whole, "2 records of $MFT can't be read: names may be missing"));
		ck_assert_ptr_nonnull(strstr(im.t.whole, "was not found, but may be lost"));
		ck_assert_str_eq(im.t.counts, "blob: Completed 2, IOFailed 2; segment: Completed 37, Cancelled 6");
		image_expect(&im, "records of files", "CompletedWithErrors", 1,
			     BACKUP_LOST "V-62 warning drive -\n" UNUSUAL_NAME
					 "V-13 error blob IOFailed\nV-13 error blob IOFailed\n");
	} else {
		explain_skipping();
	}
	image_end(&im);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_device_tells_what_its_image_tells, 0},
	    {sectors_of_4096_bytes, 0},
	    {a_check_that_is_stopped_goes_on, 0},
	    {a_disk_that_rotates_is_read_in_its_own_order, 0},
	    {no_disk_in_it, 0},
	    {no_right_to_read_it, 0},
	    {a_device_that_is_busy, 0},
	    {a_bad_place_costs_one_segment, 0},
	    {a_bad_place_in_the_table_of_files, 0},
	    {NULL, 0},
	};
	const char *obstacle = loop_device_obstacle();
	if (obstacle == NULL)
		return suite_run("verify/device", tests);
	printf("skipped: %s\n", obstacle);
	return SKIPPED;
}
