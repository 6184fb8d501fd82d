/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that others wrote, and what others say of ours. What isn't installed, or isn't there, is skipped with a word.
 */
#include "fixture.h"
#include "support/tools.h"

#include <unistd.h>

static tally_layer *layer;

static bool have_images(void)
{
	const char *shared = getenv("TALLY_SHARED_DIR");
	char path[4096];
	snprintf(path, sizeof path, "%s/images", shared != NULL ? shared : "");
	return access(path, R_OK) == 0;
}

/*
 * An image of ../shared/images, unpacked as far as its first `wanted` bytes, with a hole for the rest of its `size`.
 * False, with a message, when that can't be had.
 */
static bool unpack(const char *name, uint64_t wanted, uint64_t size)
{
	if (!have_images()) {
		printf("SKIPPED: ../shared/images is not there\n");
		return false;
	}
	if (!tools_have("zstd"))
		return false;
	tools_run("zstd -q -d -c '%s/images/%s.zst' | head -c %llu >'%s'", getenv("TALLY_SHARED_DIR"), name,
		  (unsigned long long)wanted, at(name));
	ck_assert_uint_eq(disk_size(at(name)), wanted);
	disk_truncate(at(name), size);
	return true;
}

START_TEST(reads_a_disk_of_windows_10)
{
	if (!unpack("ntfs-win10-lznt1-mbr.raw", MIB, UINT64_C(1) << 30))
		return;
	open_disk(at("ntfs-win10-lznt1-mbr.raw"), TALLY_DISK_RAW);
	tally_partitions_read(disk->layer, &partitions);
	ck_assert_int_eq(partitions.table, TALLY_TABLE_MBR);
	ck_assert_uint_eq(partitions.count, 1);
	ck_assert_uint_eq(partitions.sector_size, 512);
	ck_assert_uint_eq(partitions.notes.count, 0);
	const tally_partition *p = &partitions.items[0];
	ck_assert_uint_eq(p->offset, 65536);
	ck_assert_uint_eq(p->size, (2091135 - 128 + 1) * UINT64_C(512));
	ck_assert_uint_eq(p->number, 1);
	ck_assert_uint_eq(p->mbr_type, 7);
	ck_assert_int_eq(p->role, TALLY_PARTITION_DATA);
	uint8_t sector[TALLY_BOOT_SECTOR_SIZE];
	ck_assert_int_eq(tally_layer_read_all(disk->layer, p->offset, sector, sizeof sector), 0);
	ck_assert_int_eq(tally_boot_sector_of(sector), TALLY_BOOT_SECTOR_NTFS);
}
END_TEST

START_TEST(reads_bare_volumes_of_bitlocker)
{
	static const struct {
		const char *name;
		uint64_t size;
	} images[] = {
	    {"bl-win10-xts128-512.img", 104857600},
	    {"bl-win10-cbc128-4096.img", 104857600},
	    {"bl-win11-xts128-two-recovery.img", 105906176},
	    {"bl-win10-xts128-eow.img", 104857600},
	};
	for (size_t i = 0; i < sizeof images / sizeof *images; i++) {
		if (!unpack(images[i].name, MIB, images[i].size))
			return;
		open_disk(at(images[i].name), TALLY_DISK_RAW);
		tally_partitions_read(disk->layer, &partitions);
		ck_assert_int_eq(partitions.table, TALLY_TABLE_VOLUME);
		ck_assert_int_eq(partitions.volume, TALLY_BOOT_SECTOR_BITLOCKER);
		ck_assert_uint_eq(partitions.count, 1);
		ck_assert_uint_eq(partitions.items[0].offset, 0);
		ck_assert_uint_eq(partitions.items[0].size, disk->layer->size);
		ck_assert_uint_eq(partitions.notes.count, 0);
		uint8_t sector[TALLY_BOOT_SECTOR_SIZE];
		ck_assert_int_eq(tally_layer_read_all(disk->layer, 0, sector, sizeof sector), 0);
		ck_assert_uint_eq(tally_boot_sector_find_bitlocker_guid(sector, &(bool){false}), 160);
	}
}
END_TEST

/* A VHDX of Hyper-V whose log waits; read without that, it would be wrong. */
START_TEST(refuses_a_log_of_hyper_v)
{
	if (!unpack("vhdx-dirty-log.vhdx", 37748736, 37748736))
		return;
	expect_problem(at("vhdx-dirty-log.vhdx"), TALLY_DISK_FAULT_NOT_CLOSED, "was not closed cleanly");
	if (!tools_have("qemu-img"))
		return;
	/* Once somebody has replayed it, it is a disk with two partitions of Linux. */
	tools_run("qemu-img check -q -r all '%s'", at("vhdx-dirty-log.vhdx"));
	tools_run("qemu-img convert -O raw '%s' '%s'", at("vhdx-dirty-log.vhdx"), at("raw"));
	open_disk(at("vhdx-dirty-log.vhdx"), TALLY_DISK_VHDX);
	ck_assert_uint_eq(disk->layer->size, UINT64_C(1) << 30);
	ck_assert_uint_eq(disk->layer->sector_size, 512);
	expect_content(disk->layer, at("raw"));
	tally_partitions_read(disk->layer, &partitions);
	ck_assert_int_eq(partitions.table, TALLY_TABLE_MBR);
	ck_assert_uint_eq(partitions.count, 2);
	ck_assert_uint_eq(partitions.items[0].offset, 2048 * 512);
	ck_assert_uint_eq(partitions.items[0].size, (206847 - 2048 + 1) * 512);
	ck_assert_uint_eq(partitions.items[1].offset, 206848 * 512);
	ck_assert_int_eq(partitions.items[1].role, TALLY_PARTITION_OTHER);
}
END_TEST

/* ---- qemu ---- */

static void convert(const char *format, const char *options, tally_disk_kind kind)
{
	tools_run("qemu-img convert -f raw -O %s %s '%s' '%s'", format, options, at("raw"), at("disk"));
	open_disk(at("disk"), kind);
	ck_assert_uint_eq(disk->notes.count, 0);
	expect_content(disk->layer, at("raw"));
}

START_TEST(reads_what_qemu_writes)
{
	if (!tools_have("qemu-img"))
		return;
	/* A size that cylinders, heads and sectors of VHD can say, and that is no whole block. */
	make_raw("raw", 68 * 17 * 4 * UINT64_C(512) * 15, 1);
	convert("vpc", "-o subformat=dynamic,force_size=on", TALLY_DISK_VHD_DYNAMIC);
	convert("vpc", "-o subformat=fixed,force_size=on", TALLY_DISK_VHD_FIXED);
	convert("vpc", "", TALLY_DISK_VHD_DYNAMIC);
	make_raw("raw", 70 * MIB + 512, 2);
	convert("vhdx", "", TALLY_DISK_VHDX);
	convert("vhdx", "-o subformat=fixed", TALLY_DISK_VHDX);
	convert("vhdx", "-o block_size=1M", TALLY_DISK_VHDX);
	convert("vhdx", "-o block_size=256M,log_size=2M", TALLY_DISK_VHDX);
}
END_TEST

START_TEST(refuses_what_else_qemu_writes)
{
	if (!tools_have("qemu-img"))
		return;
	make_raw("raw", 4 * MIB, 1);
	tools_run("qemu-img convert -f raw -O qcow2 '%s' '%s'", at("raw"), at("disk"));
	expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, "a QCOW image");
	tools_run("qemu-img convert -f raw -O vmdk '%s' '%s'", at("raw"), at("disk"));
	expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, "a VMDK image");
	tools_run("qemu-img convert -f raw -O vdi '%s' '%s'", at("raw"), at("disk"));
	expect_problem(at("disk"), TALLY_DISK_FAULT_UNSUPPORTED, "a VirtualBox image");
}
END_TEST

/* The tests' own writer is held against qemu, too: else it and the reader could be wrong together. */
START_TEST(writes_what_qemu_reads)
{
	if (!tools_have("qemu-img"))
		return;
	make_raw("raw", 33 * MIB + 4096, 1);
	disk_write_vhd_dynamic(at("raw"), at("disk"), 2 << 20);
	/* As qemu doesn't look at bitmaps, this holds because what they leave out is zero. */
	tools_run("qemu-img compare -f raw -F vpc '%s' '%s'", at("raw"), at("disk"));
	disk_write_vhd_fixed(at("raw"), at("disk"));
	tools_run("qemu-img compare -f raw -F vpc '%s' '%s'", at("raw"), at("disk"));
	disk_write_vhdx(at("raw"), at("disk"), 1 << 20, 512);
	tools_run("qemu-img compare -f raw -F vhdx '%s' '%s'", at("raw"), at("disk"));
	tools_run("qemu-img check -f vhdx '%s'", at("disk"));
}
END_TEST

/* ---- partition tables ---- */

/* Whether mmls lists a partition of these sectors. */
static bool listed(const char *listing, uint64_t first, uint64_t last)
{
	char numbers[64];
	snprintf(numbers, sizeof numbers, "%010llu   %010llu", (unsigned long long)first, (unsigned long long)last);
	return strstr(listing, numbers) != NULL;
}

static void expect_mmls_agrees(uint32_t sector_size)
{
	tally_error error;
	ck_assert_int_eq(tally_layer_open_file(at("disk"), &layer, &error), TALLY_OK);
	tally_partitions_read(layer, &partitions);
	const char *listing = tools_run("mmls %s '%s'", sector_size == 4096 ? "-b 4096" : "", at("disk"))->data;
	for (unsigned i = 0; i < partitions.count; i++) {
		const tally_partition *p = &partitions.items[i];
		uint64_t first = p->offset / sector_size, last = (p->offset + p->size) / sector_size - 1;
		ck_assert_msg(listed(listing, first, last), "%llu-%llu: %s", (unsigned long long)first,
			      (unsigned long long)last, listing);
	}
	tally_layer_close(layer);
}

START_TEST(agrees_with_mmls)
{
	if (!tools_have("mmls"))
		return;
	const disk_volume logical[] = {
	    {.size = MIB}, {.size = MIB, .logical = true}, {.size = 3 * MIB, .logical = true}};
	const disk_volume volumes[] = {{.size = 3 * MIB}, {.size = MIB, .type = DISK_TYPE_LINUX}};
	disk_write_mbr(at("disk"), &(disk_layout){.volumes = logical, .count = 3});
	expect_mmls_agrees(512);
	ck_assert_uint_eq(partitions.count, 3);
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 2});
	expect_mmls_agrees(512);
	ck_assert_uint_eq(partitions.count, 3);
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 2, .sector_size = 4096});
	expect_mmls_agrees(4096);
	ck_assert_uint_eq(partitions.count, 3);
}
END_TEST

START_TEST(writes_what_blkid_reads)
{
	if (!tools_have("blkid"))
		return;
	const disk_volume volumes[] = {{.size = 3 * MIB}};
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 1});
	ck_assert_ptr_nonnull(strstr(tools_run("blkid -p -o export '%s'", at("disk"))->data, "PTTYPE=gpt"));
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 1, .sector_size = 4096});
	ck_assert_ptr_nonnull(strstr(
	    tools_run("blkid -p -S 4096 -o export '%s' || blkid -p -o export '%s'", at("disk"), at("disk"))->data,
	    "PTTYPE="));
	disk_write_mbr(at("disk"), &(disk_layout){.volumes = volumes, .count = 1});
	ck_assert_ptr_nonnull(strstr(tools_run("blkid -p -o export '%s'", at("disk"))->data, "PTTYPE=dos"));
}
END_TEST

START_TEST(knows_what_mkntfs_makes)
{
	if (!tools_have("mkntfs"))
		return;
	make_raw("volume", 0, 1);
	disk_truncate(at("volume"), 8 * MIB);
	tools_run("mkntfs -q -F -Q -s 512 -p 2048 -H 0 -S 0 '%s'", at("volume"));
	const disk_volume volumes[] = {{.image = at("volume")}};
	disk_write_gpt(at("disk"), &(disk_layout){.volumes = volumes, .count = 1});
	disk_write_vhdx(at("disk"), at("vhdx"), 1 << 20, 512);
	open_disk(at("vhdx"), TALLY_DISK_VHDX);
	tally_partitions_read(disk->layer, &partitions);
	ck_assert_uint_eq(partitions.count, 2);
	ck_assert_int_eq(partitions.items[0].role, TALLY_PARTITION_RESERVED);
	ck_assert_int_eq(partitions.items[1].role, TALLY_PARTITION_DATA);
	tally_layer *part;
	tally_error error;
	ck_assert_int_eq(
	    tally_layer_open_part(disk->layer, partitions.items[1].offset, partitions.items[1].size, &part, &error),
	    TALLY_OK);
	expect_content(part, at("volume"));
	tally_partitions_read(part, &partitions);
	ck_assert_int_eq(partitions.volume, TALLY_BOOT_SECTOR_NTFS);
	tally_layer_close(part);
}
END_TEST

int main(void)
{
	static const char *const tools[] = {"qemu-img", "mmls", "blkid", "mkntfs", NULL};
	if (!have_images() && !tools_any(tools))
		return TOOLS_SKIPPED;
	const TTest *const tests[] = {
	    reads_a_disk_of_windows_10,
	    reads_bare_volumes_of_bitlocker,
	    refuses_a_log_of_hyper_v,
	    reads_what_qemu_writes,
	    refuses_what_else_qemu_writes,
	    writes_what_qemu_reads,
	    agrees_with_mmls,
	    writes_what_blkid_reads,
	    knows_what_mkntfs_makes,
	    NULL,
	};
	return image_suite("drive/image/oracles", tests);
}
