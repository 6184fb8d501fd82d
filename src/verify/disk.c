/* SPDX-License-Identifier: Apache-2.0 */
#include "io/os.h"
#include "verify/opening.h"
#include "verify/run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define SECTOR 512
#define TERABYTE UINT64_C(1000000000000)
#define LARGEST (10 * TERABYTE) /* that a document names (formats.md D-06) */

#ifdef TALLY_FAULT_INJECTION
int (*tally_disk_answer)(const char *path, tally_os_disk *disk);
#endif

/* Of a directory only when it is the drive itself: a copy of it on another disk is none of that disk's business. */
static int ask(const char *path, tally_os_disk *disk)
{
	struct stat facts;
#ifdef TALLY_FAULT_INJECTION
	if (tally_disk_answer != NULL)
		return tally_disk_answer(path, disk);
#endif
	if (stat(path, &facts) != 0)
		return -errno;
	if (S_ISBLK(facts.st_mode))
		return tally_os_disk_of(facts.st_rdev, disk);
	return tally_os_is_ntfs_root(path) ? tally_os_disk_of(facts.st_dev, disk) : -ENOENT;
}

static void judge_connection(tally_run *run, const tally_os_disk *disk)
{
	bool is_sata = disk->bus[0] == '\0' || strcmp(disk->bus, "ata") == 0 || strcmp(disk->bus, "scsi") == 0;
	if (disk->is_usb)
		tally_find_fact(
		    &run->finder, &(tally_fact){.rule = TALLY_RULE_D_01},
		    "%s is connected by USB, and what is behind the adapter can't be told: the disk itself has to "
		    "be an internal one with SATA",
		    disk->name);
	else if (!is_sata)
		tally_find_fact(&run->finder, &(tally_fact){.rule = TALLY_RULE_D_01},
				"%s is connected by %s, not by SATA", disk->name, disk->bus);
}

void tally_run_ask_disk(tally_run *run)
{
	run->opened.has_facts = ask(run->options->drive, &run->opened.facts) == 0;
}

void tally_run_judge_disk(tally_run *run)
{
	const tally_os_disk *disk = &run->opened.facts;
	if (!run->opened.has_facts)
		return;
	judge_connection(run, disk);
	if (disk->logical != 0 && disk->logical != SECTOR) {
		char actual[16];
		snprintf(actual, sizeof actual, "%" PRIu32, disk->logical);
		tally_find_fact(&run->finder,
				&(tally_fact){.rule = disk->rotational ? TALLY_RULE_D_02 : TALLY_RULE_D_02_FLASH,
					      .expected = TALLY_TEXT("512"),
					      .actual = {actual, strlen(actual)}},
				"%s has sectors of %s bytes", disk->name, actual);
	}
	if (disk->size > LARGEST)
		tally_find_fact(&run->finder, &(tally_fact){.rule = TALLY_RULE_D_06},
				"%s has %" PRIu64 ".%" PRIu64 " TB", disk->name, disk->size / TERABYTE,
				disk->size % TERABYTE / (TERABYTE / 10));
}

/* Of the number alone: some disks fill their field with blanks, also in between, and udev writes them as "_". */
static const char *next_of_serial(const char *text)
{
	return text + strspn(text, " _");
}

static bool is_same_serial(const char *a, const char *b)
{
	for (;; a++, b++) {
		a = next_of_serial(a);
		b = next_of_serial(b);
		if (!tally_text_equal_ascii_nocase((tally_text){a, *a != '\0'}, (tally_text){b, *b != '\0'}))
			return false;
		if (*a == '\0')
			return true;
	}
}

void tally_run_compare_serial(tally_run *run)
{
	const tally_os_disk *disk = &run->opened.facts;
	const char *id = run->totals.drive_id;
	if (!run->opened.has_facts || id[0] == '\0' || disk->serial[0] == '\0' || is_same_serial(id, disk->serial))
		return;
	/* Whoever names the drive may know better than the disk; the service reads it from there. */
	run->serial_overruled = run->options->drive_id != NULL;
	tally_find_fact(&run->finder,
			&(tally_fact){.rule = disk->is_usb || run->serial_overruled ? TALLY_RULE_V_64
										    : TALLY_RULE_M_10_MISMATCH,
				      .expected = {disk->serial, strlen(disk->serial)},
				      .actual = {id, strlen(id)}},
			"the manifest is that of drive %s, and the disk says that it is %s%s", id, disk->serial,
			run->serial_overruled ? "; --drive-id says which it is" : "");
}
