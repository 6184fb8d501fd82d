/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From sysfs, and what udev noted of the disk, whose ID_SERIAL_SHORT is the number that is printed on it; but of a disk
 * that shows itself as SCSI that is its worldwide name, and ID_SCSI_SERIAL the number. Without udev (a container, a
 * rescue system) the disk's own page of its serial number is read.
 */
#include "io/disk.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAPPINGS_MAX 8 /* one on top of another */
#define SECTOR 512     /* sysfs counts in these, whatever the disk has */

/* The whole file, cut to `size` - 1 bytes; its length, or -1. */
static int read_text(char *out, size_t size, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/%s", folder, name);
	if (length < 0 || (size_t)length >= sizeof path)
		return -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -1;
	size_t used = 0;
	ssize_t got;
	while (used < size - 1 && (got = read(fd, out + used, size - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	out[used] = '\0';
	return (int)used;
}

static uint64_t read_number(const char *folder, const char *name)
{
	char text[32];
	return read_text(text, sizeof text, folder, name) > 0 ? strtoull(text, NULL, 10) : 0;
}

/* What is printed of a text that a disk gives: without the blanks that fill its field. */
static void take_text(char *out, size_t size, const char *text, size_t length)
{
	while (length > 0 && (isspace((unsigned char)text[0]) || text[0] == '\0')) {
		text++;
		length--;
	}
	size_t used = 0;
	for (size_t i = 0;
	     i < length && used < size - 1 && (unsigned char)text[i] >= ' ' && (unsigned char)text[i] < 127; i++)
		out[used++] = text[i];
	while (used > 0 && out[used - 1] == ' ')
		used--;
	out[used] = '\0';
}

/* ---- the way to the disk ---- */

static bool exists(const char *folder, const char *name)
{
	char path[PATH_MAX];
	int length = snprintf(path, sizeof path, "%s/%s", folder, name);
	return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

static bool climb(char folder[PATH_MAX])
{
	char *slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return false;
	*slash = '\0';
	return true;
}

/* The one device that a mapping lies on. False when there is none, or several: a disk of its own is what it is then. */
static bool find_below(char folder[PATH_MAX])
{
	char path[PATH_MAX], found[PATH_MAX];
	unsigned count = 0;
	int length = snprintf(path, sizeof path, "%s/slaves", folder);
	DIR *slaves = length > 0 && (size_t)length < sizeof path ? opendir(path) : NULL;
	if (slaves == NULL)
		return false;
	const struct dirent *entry;
	while ((entry = readdir(slaves)) != NULL && count < 2) {
		if (entry->d_name[0] == '.')
			continue;
		length = snprintf(found, sizeof found, "%s/slaves/%s", folder, entry->d_name);
		count += length > 0 && (size_t)length < sizeof found;
	}
	closedir(slaves);
	return count == 1 && realpath(found, folder) != NULL;
}

static int find_disk(const char *sys, uint64_t device, char folder[PATH_MAX])
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/sys/dev/block/%u:%u", sys, major(device), minor(device));
	if (realpath(path, folder) == NULL)
		return -ENOENT;
	for (unsigned depth = 0; depth < MAPPINGS_MAX; depth++) {
		if (exists(folder, "partition") && !climb(folder))
			return -ENOENT;
		if (!find_below(folder))
			return exists(folder, "queue") ? 0 : -ENOENT;
	}
	return -ENOENT;
}

/* ---- what is known of it ---- */

typedef struct udev_notes {
	tally_os_disk disk;
	char scsi_serial[sizeof((tally_os_disk *)0)->serial];
} udev_notes;

static void take_property(udev_notes *notes, const char *line, size_t length)
{
	static const struct {
		const char *name;
		size_t offset, size;
	} known[] = {
	    {"E:ID_SERIAL_SHORT=", offsetof(udev_notes, disk.serial), sizeof notes->disk.serial},
	    {"E:ID_SCSI_SERIAL=", offsetof(udev_notes, scsi_serial), sizeof notes->scsi_serial},
	    {"E:ID_MODEL=", offsetof(udev_notes, disk.model), sizeof notes->disk.model},
	    {"E:ID_BUS=", offsetof(udev_notes, disk.bus), sizeof notes->disk.bus},
	};
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		size_t name = strlen(known[i].name);
		if (length > name && memcmp(line, known[i].name, name) == 0)
			take_text((char *)notes + known[i].offset, known[i].size, line + name, length - name);
	}
}

static void ask_udev(const char *run, const char *number, tally_os_disk *disk)
{
	char text[16384], folder[PATH_MAX], name[40];
	udev_notes notes = {.disk = *disk};
	snprintf(folder, sizeof folder, "%s/run/udev/data", run);
	snprintf(name, sizeof name, "b%s", number);
	if (read_text(text, sizeof text, folder, name) <= 0)
		return;
	for (const char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		take_property(&notes, line, length);
		line += length + (line[length] == '\n');
	}
	*disk = notes.disk;
	if (strcmp(disk->bus, "scsi") == 0)
		memcpy(disk->serial, notes.scsi_serial, sizeof disk->serial);
}

/* Page 0x80 of the vital product data of SCSI, which the kernel also makes for ATA: 4 bytes, then the number. */
static void ask_disk(const char *folder, tally_os_disk *disk)
{
	char text[256];
	int length = disk->serial[0] == '\0' ? read_text(text, sizeof text, folder, "device/vpd_pg80") : 0;
	if (length > 4)
		take_text(disk->serial, sizeof disk->serial, text + 4, (size_t)length - 4);
	static const char *const names[] = {"device/serial", "serial"};
	for (size_t i = 0; i < sizeof names / sizeof names[0] && disk->serial[0] == '\0'; i++)
		if ((length = read_text(text, sizeof text, folder, names[i])) > 0)
			take_text(disk->serial, sizeof disk->serial, text, (size_t)length);
	if (disk->model[0] == '\0' && (length = read_text(text, sizeof text, folder, "device/model")) > 0)
		take_text(disk->model, sizeof disk->model, text, (size_t)length);
}

int tally_os_disk_in(const char *sys, const char *run, uint64_t device, tally_os_disk *disk)
{
	char folder[PATH_MAX], number[32];
	*disk = (tally_os_disk){.device = device};
	int result = find_disk(sys, device, folder);
	if (result != 0)
		return result;
	const char *name = strrchr(folder, '/') + 1;
	take_text(disk->name, sizeof disk->name, name, strlen(name));
	disk->size = read_number(folder, "size") * SECTOR;
	disk->logical = (uint32_t)read_number(folder, "queue/logical_block_size");
	disk->physical = (uint32_t)read_number(folder, "queue/physical_block_size");
	disk->rotational = read_number(folder, "queue/rotational") != 0;
	disk->is_usb = strstr(folder, "/usb") != NULL;
	if (read_text(number, sizeof number, folder, "dev") > 0) {
		unsigned first, second;
		number[strcspn(number, "\n")] = '\0';
		disk->device = sscanf(number, "%u:%u", &first, &second) == 2 ? makedev(first, second) : device;
		ask_udev(run, number, disk);
	}
	ask_disk(folder, disk);
	if (disk->is_usb)
		memcpy(disk->bus, "usb", sizeof "usb");
	else if (disk->bus[0] == '\0' && strncmp(name, "nvme", 4) == 0)
		memcpy(disk->bus, "nvme", sizeof "nvme");
	else if (disk->bus[0] == '\0' && strstr(folder, "/ata") != NULL)
		memcpy(disk->bus, "ata", sizeof "ata");
	return 0;
}

int tally_os_disk_of(uint64_t device, tally_os_disk *disk)
{
	return tally_os_disk_in("", "", device, disk);
}

bool tally_os_disk_is_gone_in(const char *sys, uint64_t device)
{
	char all[PATH_MAX], folder[PATH_MAX];
	int length = snprintf(all, sizeof all, "%s/sys/dev/block", sys);
	if (length < 0 || (size_t)length >= sizeof all || access(all, F_OK) != 0)
		return false;
	snprintf(folder, sizeof folder, "%s/sys/dev/block/%u:%u", sys, major(device), minor(device));
	/* Without a medium it stays, and has no size. */
	return (access(folder, F_OK) != 0 && errno == ENOENT) || read_number(folder, "size") == 0;
}

bool tally_os_disk_is_gone(uint64_t device)
{
	return tally_os_disk_is_gone_in("", device);
}
