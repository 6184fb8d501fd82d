/* SPDX-License-Identifier: Apache-2.0 */
#include "io/disk.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define LAYERS_MAX 16 /* of mapped devices above each other; the kernel allows few more than that */
#define PATH_SIZE 512

static bool read_number(const char *path, uint64_t *device)
{
	unsigned first, second;
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return false;
	bool got = fscanf(in, "%u:%u", &first, &second) == 2;
	fclose(in);
	if (got)
		*device = makedev(first, second);
	return got;
}

static bool exists(const char *path)
{
	FILE *in = fopen(path, "re");
	if (in == NULL)
		return false;
	fclose(in);
	return true;
}

/* By name, so that the answer doesn't depend on the order in which the kernel lists them. */
static bool first_slave(const char *folder, char name[NAME_MAX + 1])
{
	DIR *stream = opendir(folder);
	const struct dirent *entry;
	name[0] = '\0';
	if (stream == NULL)
		return false;
	while ((entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.' && (name[0] == '\0' || strcmp(entry->d_name, name) < 0))
			snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
	closedir(stream);
	return name[0] != '\0';
}

/* One layer down; false at the bottom. */
static bool descend(const char *sysfs, uint64_t *device)
{
	char path[PATH_SIZE], folder[PATH_SIZE - NAME_MAX - 8], name[NAME_MAX + 1];
	unsigned first = major(*device), second = minor(*device);
	snprintf(folder, sizeof folder, "%s/dev/block/%u:%u/slaves", sysfs, first, second);
	if (first_slave(folder, name)) {
		snprintf(path, sizeof path, "%s/%s/dev", folder, name);
		return read_number(path, device);
	}
	/* A partition's folder is in that of its disk. */
	snprintf(path, sizeof path, "%s/dev/block/%u:%u/partition", sysfs, first, second);
	if (!exists(path))
		return false;
	snprintf(path, sizeof path, "%s/dev/block/%u:%u/../dev", sysfs, first, second);
	return read_number(path, device);
}

uint64_t tally_os_disk_in(const char *sysfs, uint64_t device)
{
	for (unsigned layer = 0; layer < LAYERS_MAX && descend(sysfs, &device); layer++)
		;
	return device;
}

uint64_t tally_os_disk_of(uint64_t device)
{
	return tally_os_disk_in("/sys", device);
}
