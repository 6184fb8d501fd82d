/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a disk, from trees that look as the kernel's and udev's do. */
#include "io/disk.h"

#include "support/folder.h"
#include "support/suite.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char root[64];
static tally_os_disk disk;

/* A folder with all that lead to it. */
static void folder(const char *path)
{
	char full[1024];
	int start = snprintf(full, sizeof full, "%s/", root);
	snprintf(full + start, sizeof full - (size_t)start, "%s", path);
	for (char *slash = full + start; (slash = strchr(slash + 1, '/')) != NULL;) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	mkdir(full, 0700);
}

static void put(const char *path, const char *bytes, size_t size)
{
	char full[1024], parent[512];
	snprintf(parent, sizeof parent, "%s", path);
	*strrchr(parent, '/') = '\0';
	folder(parent);
	snprintf(full, sizeof full, "%s/%s", root, path);
	FILE *file = fopen(full, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static void text(const char *path, const char *content)
{
	put(path, content, strlen(content));
}

static void make_link(const char *path, const char *target)
{
	char full[1024], parent[512];
	snprintf(parent, sizeof parent, "%s", path);
	*strrchr(parent, '/') = '\0';
	folder(parent);
	snprintf(full, sizeof full, "%s/%s", root, path);
	ck_assert_int_eq(symlink(target, full), 0);
}

#define SATA "sys/devices/pci0000:00/ata3/host2/target2:0:0/2:0:0:0"
#define USB "sys/devices/pci0000:00/usb2/2-1/2-1:1.0/host4/target4:0:0/4:0:0:0"

static void make_disk(const char *device, const char *name, const char *number)
{
	char path[512];
	const struct {
		const char *file, *content;
	} files[] = {
	    {"size", "35156656128\n"},
	    {"queue/logical_block_size", "512\n"},
	    {"queue/physical_block_size", "4096\n"},
	    {"queue/rotational", "1\n"},
	};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/block/%s/%s", device, name, files[i].file);
		text(path, files[i].content);
	}
	snprintf(path, sizeof path, "%s/block/%s/dev", device, name);
	text(path, number);
	char link[128], target[512];
	snprintf(link, sizeof link, "sys/dev/block/%.*s", (int)strcspn(number, "\n"), number);
	snprintf(target, sizeof target, "../../../%s/block/%s", device, name);
	make_link(link, target);
	snprintf(path, sizeof path, "%s/block/%s/device", device, name);
	make_link(path, "../..");
}

static void make(void)
{
	strcpy(root, "/tmp/tallyman-disk-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	make_disk(SATA, "sda", "8:0\n");
	text(SATA "/block/sda/sda1/partition", "1\n");
	make_link("sys/dev/block/8:1", "../../../" SATA "/block/sda/sda1");
	text(SATA "/model", "WDC WD180EDGZ-1\n");
}

static void forget(void)
{
	folder_remove(root);
}

static int find(unsigned number_major, unsigned number_minor)
{
	return tally_os_disk_in(root, root, makedev(number_major, number_minor), &disk);
}

START_TEST(a_partition_leads_to_its_disk)
{
	make();
	put(SATA "/vpd_pg80", "\0\x80\0\x14      9WM35C2V     \0", 24);
	for (unsigned minor_number = 0; minor_number < 2; minor_number++) {
		ck_assert_int_eq(find(8, minor_number), 0);
		ck_assert_str_eq(disk.name, "sda");
		ck_assert_uint_eq(disk.device, makedev(8, 0));
		ck_assert_str_eq(disk.serial, "9WM35C2V");
		ck_assert_str_eq(disk.model, "WDC WD180EDGZ-1");
		ck_assert_str_eq(disk.bus, "ata");
		ck_assert(!disk.is_usb);
		ck_assert(disk.rotational);
		ck_assert_uint_eq(disk.size, UINT64_C(35156656128) * 512);
		ck_assert_uint_eq(disk.logical, 512);
		ck_assert_uint_eq(disk.physical, 4096);
	}
	forget();
}
END_TEST

START_TEST(what_udev_noted_comes_first)
{
	make();
	put(SATA "/vpd_pg80", "\0\x80\0\x04WRONG", 9);
	text("run/udev/data/b8:0", "S:disk/by-id/x\nE:ID_BUS=ata\nE:ID_MODEL=WDC_WD180EDGZ\nE:ID_SERIAL=WDC_9WM\n"
				   "E:ID_SERIAL_SHORT=9WM35C2V\nG:systemd\n");
	ck_assert_int_eq(find(8, 1), 0);
	ck_assert_str_eq(disk.serial, "9WM35C2V");
	ck_assert_str_eq(disk.model, "WDC_WD180EDGZ");
	ck_assert_str_eq(disk.bus, "ata");
	forget();
}
END_TEST

/* Its worldwide name is not what is printed on it. */
START_TEST(a_disk_that_shows_itself_as_scsi)
{
	make();
	text("run/udev/data/b8:0", "E:ID_BUS=scsi\nE:ID_SERIAL_SHORT=5000c500a1b2c3d4\nE:ID_SCSI_SERIAL=9WM35C2V\n");
	ck_assert_int_eq(find(8, 0), 0);
	ck_assert_str_eq(disk.serial, "9WM35C2V");
	ck_assert_str_eq(disk.bus, "scsi");
	text("run/udev/data/b8:0", "E:ID_BUS=scsi\nE:ID_SERIAL_SHORT=5000c500a1b2c3d4\n");
	ck_assert_int_eq(find(8, 0), 0);
	ck_assert_str_eq(disk.serial, "");
	put(SATA "/vpd_pg80", "\0\x80\0\x08" "9WM35C2V", 12);
	ck_assert_int_eq(find(8, 0), 0);
	ck_assert_str_eq(disk.serial, "9WM35C2V");
	forget();
}
END_TEST

START_TEST(a_disk_that_is_pulled_out_is_gone)
{
	char command[512];
	make();
	make_disk(USB, "sdb", "8:16\n");
	ck_assert(!tally_os_disk_is_gone_in(root, makedev(8, 0)));
	ck_assert(!tally_os_disk_is_gone_in(root, makedev(8, 16)));
	text(SATA "/block/sda/size", "0\n");
	ck_assert(tally_os_disk_is_gone_in(root, makedev(8, 0)));
	snprintf(command, sizeof command, "rm -r '%s/sys/dev/block/8:16' '%s/" USB "'", root, root);
	ck_assert_int_eq(system(command), 0);
	ck_assert(tally_os_disk_is_gone_in(root, makedev(8, 16)));
	/* Where nobody tells of any disk, none is gone. */
	snprintf(command, sizeof command, "rm -r '%s/sys/dev'", root);
	ck_assert_int_eq(system(command), 0);
	ck_assert(!tally_os_disk_is_gone_in(root, makedev(8, 16)));
	forget();
}
END_TEST

START_TEST(a_disk_behind_usb_is_known_as_one)
{
	make();
	make_disk(USB, "sdb", "8:16\n");
	text("run/udev/data/b8:16", "E:ID_BUS=ata\nE:ID_SERIAL_SHORT=BRIDGE\x01\n");
	ck_assert_int_eq(find(8, 16), 0);
	ck_assert(disk.is_usb);
	ck_assert_str_eq(disk.bus, "usb");
	ck_assert_str_eq(disk.serial, "BRIDGE");
	forget();
}
END_TEST

START_TEST(a_mapping_leads_to_what_it_lies_on)
{
	make();
	make_disk("sys/devices/virtual", "dm-0", "253:0\n");
	make_link("sys/devices/virtual/block/dm-0/slaves/sda1", "../../../../../../" SATA "/block/sda/sda1");
	text("sys/devices/virtual/block/dm-0/queue/rotational", "0\n");
	put(SATA "/vpd_pg80",
	    "\0\x80\0\x03"
	    "ABC",
	    7);
	ck_assert_int_eq(find(253, 0), 0);
	ck_assert_str_eq(disk.name, "sda");
	ck_assert_str_eq(disk.serial, "ABC");
	/* On two disks it is neither of them. */
	make_disk(USB, "sdb", "8:16\n");
	make_link("sys/devices/virtual/block/dm-0/slaves/sdb", "../../../../../../" USB "/block/sdb");
	ck_assert_int_eq(find(253, 0), 0);
	ck_assert_str_eq(disk.name, "dm-0");
	ck_assert_str_eq(disk.serial, "");
	forget();
}
END_TEST

START_TEST(mappings_in_a_ring_end)
{
	make();
	make_disk("sys/devices/virtual", "dm-0", "253:0\n");
	make_disk("sys/devices/virtual", "dm-1", "253:1\n");
	make_link("sys/devices/virtual/block/dm-0/slaves/dm-1", "../../dm-1");
	make_link("sys/devices/virtual/block/dm-1/slaves/dm-0", "../../dm-0");
	ck_assert_int_eq(find(253, 0), -ENOENT);
	forget();
}
END_TEST

START_TEST(what_is_no_disk_is_not_found)
{
	make();
	ck_assert_int_eq(find(0, 42), -ENOENT);
	ck_assert_str_eq(disk.serial, "");
	struct stat facts;
	/* The real one, whatever it is: an answer or none, and no crash. */
	ck_assert_int_eq(stat("/", &facts), 0);
	int result = tally_os_disk_of(facts.st_dev, &disk);
	ck_assert(result == 0 || result == -ENOENT);
	forget();
}
END_TEST

START_TEST(nvme_tells_in_a_file_of_its_own)
{
	make();
	make_disk("sys/devices/pci0000:00/nvme/nvme0", "nvme0n1", "259:0\n");
	text("sys/devices/pci0000:00/nvme/nvme0/serial", "S5GXNX0T  \n");
	make_link("sys/devices/pci0000:00/nvme/nvme0/block/nvme0n1/again", "..");
	ck_assert_int_eq(find(259, 0), 0);
	ck_assert_str_eq(disk.serial, "S5GXNX0T");
	ck_assert_str_eq(disk.bus, "nvme");
	forget();
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_partition_leads_to_its_disk, 0},
	    {what_udev_noted_comes_first, 0},
	    {a_disk_that_shows_itself_as_scsi, 0},
	    {a_disk_that_is_pulled_out_is_gone, 0},
	    {a_disk_behind_usb_is_known_as_one, 0},
	    {a_mapping_leads_to_what_it_lies_on, 0},
	    {mappings_in_a_ring_end, 0},
	    {what_is_no_disk_is_not_found, 0},
	    {nvme_tells_in_a_file_of_its_own, 0},
	    {NULL, 0},
	};
	return suite_run("io/disk", tests);
}
