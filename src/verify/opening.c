/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/opening.h"

#include "base/memory.h"
#include "drive/kind.h"
#include "drive/ntfs/drive.h"
#include "verify/keys.h"
#include "verify/run.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* How a finding of these stages reads: what is wrong, in the words of whoever found it. */
static void tell(tally_run *run, tally_rule_symbol rule, const char *text)
{
	tally_find_fact(&run->finder, &(tally_fact){.rule = rule}, "%s", text);
}

static void tell_read(tally_run *run, const char *what, int os_error)
{
	tally_error error;
	tally_fail_os(&error, os_error, "%s can't be read", what);
	tell(run, TALLY_RULE_V_51, error.message);
}

static void tell_notes(tally_run *run, const tally_notes *notes)
{
	for (unsigned i = 0; i < notes->count; i++)
		tell(run, TALLY_RULE_V_53, notes->text[i]);
}

/* ---- disk and partition ---- */

/* No device, none in its bay, no medium in it. */
static bool is_absent(const char *path, int os_error)
{
	bool gone = os_error == ENXIO || os_error == ENODEV || os_error == ENOMEDIUM;
	return gone || (os_error == ENOENT && strncmp(path, "/dev/", 5) == 0);
}

static tally_result open_disk(tally_run *run, tally_error *error)
{
	const char *path = run->options->drive;
	tally_disk_problem problem;
	tally_error reason = {.code = TALLY_OK};
	tally_result result = tally_disk_open(path, &run->opened.disk, &problem, &reason);
	if (result == TALLY_ERROR_IO && is_absent(path, reason.os_error)) {
		tell(run, TALLY_RULE_V_50, reason.message);
		return TALLY_OK;
	}
	if (result != TALLY_OK) {
		if (error != NULL)
			*error = reason;
		return result;
	}
	if (run->opened.disk != NULL) {
		tell_notes(run, &run->opened.disk->notes);
		return TALLY_OK;
	}
	if (problem.fault == TALLY_DISK_FAULT_EMPTY)
		tell(run, TALLY_RULE_V_50, problem.text);
	else if (problem.fault == TALLY_DISK_FAULT_UNREADABLE)
		tell(run, TALLY_RULE_V_51, problem.text);
	else /* It is the container's fault, of which the service knows nothing. */
		return tally_fail(error, TALLY_ERROR_IO, "%.100s: %s", path, problem.text);
	return TALLY_OK;
}

/* The first data volume: the service looks at no other (formats.md D-03). */
static const tally_partition *choose_partition(tally_run *run)
{
	const tally_partitions *p = run->opened.partitions;
	const tally_partition *first = NULL;
	unsigned others = 0;
	for (unsigned i = 0; i < p->count; i++) {
		if (p->items[i].role != TALLY_PARTITION_DATA)
			continue;
		others += first != NULL;
		if (first == NULL)
			first = &p->items[i];
	}
	if (others > 0)
		tally_find_fact(
		    &run->finder, &(tally_fact){.rule = TALLY_RULE_V_54},
		    "the disk has %u more data volume%s; the service processes only the first, which is partition %u",
		    others, others > 1 ? "s" : "", first->number);
	return first;
}

static void tell_no_volume(tally_run *run)
{
	const tally_partitions *p = run->opened.partitions;
	/* What can't be read may have had one. */
	if (p->incomplete && p->os_error != 0)
		tell_read(run, "a part of the partition table", p->os_error);
	else if (p->incomplete)
		tell(run, TALLY_RULE_V_52,
		     "the disk has a partition table, but no data volume in the part of it that makes sense");
	else
		tell(run, TALLY_RULE_V_52,
		     p->problem[0] != '\0' ? p->problem : "the disk has a partition table, but no data volume in it");
}

static tally_result open_volume(tally_run *run, tally_error *error)
{
	tally_opened *o = &run->opened;
	o->partitions = tally_zalloc(1, sizeof *o->partitions);
	if (o->partitions == NULL)
		return tally_fail_memory(error);
	tally_partitions *p = o->partitions;
	tally_partitions_read(o->disk->layer, p);
	tell_notes(run, &p->notes);
	if (p->table == TALLY_TABLE_UNREADABLE) {
		tell_read(run, "the partition table", p->os_error);
		return TALLY_OK;
	}
	const tally_partition *partition = choose_partition(run);
	if (partition == NULL) {
		tell_no_volume(run);
		return TALLY_OK;
	}
	return tally_layer_open_part(o->disk->layer, partition->offset, partition->size, &o->volume, error);
}

/* ---- BitLocker ---- */

static tally_rule_symbol rule_of(const tally_bitlocker_outcome *outcome)
{
	switch (outcome->status) {
	case TALLY_BITLOCKER_ABSENT:
		return TALLY_RULE_V_52;
	case TALLY_BITLOCKER_NOT_ACTIVATED:
		return outcome->reason == TALLY_BITLOCKER_SUSPENDED ? TALLY_RULE_V_55_SUSPENDED : TALLY_RULE_V_55;
	case TALLY_BITLOCKER_PROTECTOR_NOT_FOUND:
		return TALLY_RULE_V_56;
	case TALLY_BITLOCKER_KEY_INVALID:
		return TALLY_RULE_V_57;
	case TALLY_BITLOCKER_UNLOCK_FAILED:
		/* What Windows can't unlock now, but could: the volume is whole. Everything else is damage. */
		return outcome->reason == TALLY_BITLOCKER_EOW || outcome->reason == TALLY_BITLOCKER_PAUSED ||
			       outcome->reason == TALLY_BITLOCKER_CONVERTING || outcome->reason == TALLY_BITLOCKER_VISTA
			   ? TALLY_RULE_V_58
			   : TALLY_RULE_V_59;
	case TALLY_BITLOCKER_OK:
	case TALLY_BITLOCKER_IO_FAILED:
		break;
	}
	return TALLY_RULE_V_51;
}

void tally_run_tell_bitlocker(tally_run *run, const tally_bitlocker_outcome *outcome)
{
	tally_find_fact(&run->finder,
			&(tally_fact){.rule = rule_of(outcome),
				      .has_range = outcome->status == TALLY_BITLOCKER_IO_FAILED,
				      .offset = outcome->offset,
				      .length = outcome->length},
			"%s", outcome->text);
}

/* *layer: what to look for NTFS in; NULL when the volume stays locked, which was told. */
static tally_result open_bitlocker(tally_run *run, tally_layer **layer, tally_error *error)
{
	tally_opened *o = &run->opened;
	tally_bitlocker_outcome outcome, key_outcome;
	tally_result result = tally_bitlocker_open(o->volume, &o->bitlocker, &outcome, error);
	*layer = NULL;
	if (result != TALLY_OK || o->bitlocker == NULL) {
		if (result == TALLY_OK)
			tally_run_tell_bitlocker(run, &outcome);
		return result;
	}
	result = tally_run_unlock(run, o->bitlocker, &key_outcome, error);
	/* What is wrong with the volume whatever its key needs no key to be told. */
	if (result == TALLY_ERROR_ARGUMENT && outcome.status != TALLY_BITLOCKER_OK) {
		tally_run_tell_bitlocker(run, &outcome);
		return TALLY_OK;
	}
	if (result != TALLY_OK)
		return result;
	*layer = tally_bitlocker_layer(o->bitlocker);
	o->was_unlocked = *layer != NULL;
	/* A key that is wrong is worth telling beside what is wrong with the volume; a key that is right has said all.
	 */
	bool is_news = outcome.status != key_outcome.status;
	if (outcome.status != TALLY_BITLOCKER_OK && is_news)
		tally_run_tell_bitlocker(run, &outcome);
	o->is_refused = run->keys != NULL && tally_run_is_refusal(&key_outcome) && is_news;
	o->refusal = key_outcome;
	if (key_outcome.status != TALLY_BITLOCKER_OK && !o->is_refused)
		tally_run_tell_bitlocker(run, &key_outcome);
	return TALLY_OK;
}

/* ---- NTFS ---- */

static bool on_names(void *context, uint64_t done, uint64_t total)
{
	tally_run *run = context;
	run->progress.bytes_done = done;
	run->progress.bytes_total = total;
	return tally_run_progress(run, NULL) == TALLY_OK;
}

static tally_result open_ntfs(tally_run *run, tally_layer *layer, tally_error *error)
{
	tally_ntfs *ntfs;
	tally_ntfs_problem problem;
	const tally_ntfs_options options = {.progress = on_names, .context = run};
	run->progress = (tally_progress){.stage = "reading the volume's names"};
	tally_result result = tally_ntfs_open(layer, &options, &ntfs, &problem, error);
	if (result != TALLY_OK)
		return result;
	switch (problem.outcome) {
	case TALLY_NTFS_OPEN:
		break;
	case TALLY_NTFS_OTHER:
		tell(run, TALLY_RULE_V_60, problem.text);
		return TALLY_OK;
	case TALLY_NTFS_TOO_LARGE:
		return tally_fail(error, TALLY_ERROR_NO_MEMORY, "%.100s: %s", run->options->drive, problem.text);
	case TALLY_NTFS_DAMAGED:
	case TALLY_NTFS_UNREADABLE:
		tell(run, TALLY_RULE_V_61, problem.text);
		return TALLY_OK;
	}
	char note[160];
	for (unsigned n = 0; tally_ntfs_note(ntfs, n, note); n++)
		tell(run, TALLY_RULE_V_62, note);
	result = tally_drive_open_ntfs(ntfs, NULL, &run->drive, error);
	if (result != TALLY_OK)
		tally_ntfs_close(ntfs);
	return result;
}

/* ---- all of it ---- */

static tally_result open_image(tally_run *run, tally_error *error)
{
	tally_opened *o = &run->opened;
	tally_result result = open_disk(run, error);
	if (result == TALLY_OK && o->disk != NULL)
		result = open_volume(run, error);
	if (result != TALLY_OK || o->volume == NULL)
		return result;
	uint8_t sector[TALLY_BOOT_SECTOR_SIZE];
	int failed = tally_layer_read_all(o->volume, 0, sector, sizeof sector);
	if (failed != 0) {
		tell_read(run, "the volume's boot sector", -failed);
		return TALLY_OK;
	}
	tally_boot_sector kind = tally_boot_sector_of(sector);
	tally_layer *layer = o->volume;
	if (kind == TALLY_BOOT_SECTOR_BITLOCKER || kind == TALLY_BOOT_SECTOR_BITLOCKER_TO_GO)
		result = open_bitlocker(run, &layer, error);
	else if (kind == TALLY_BOOT_SECTOR_NTFS)
		/* What is on it is checked all the same: one error more or less is worth knowing. */
		tell(run, TALLY_RULE_V_55, "the first data volume is NTFS in plain: BitLocker does not protect it");
	else
		tally_find_fact(&run->finder, &(tally_fact){.rule = TALLY_RULE_V_52},
				"the first data volume holds %s: neither BitLocker nor NTFS",
				tally_boot_sector_name(kind));
	bool useful = kind == TALLY_BOOT_SECTOR_NTFS || o->bitlocker != NULL;
	return result == TALLY_OK && useful && layer != NULL ? open_ntfs(run, layer, error) : result;
}

tally_result tally_run_open_drive(tally_run *run, tally_error *error)
{
	struct stat facts;
	const char *path = run->options->drive;
	run->opened.key_of = SIZE_MAX;
	/* What isn't there is as likely a directory that isn't mounted as anything else. */
	bool is_there = stat(path, &facts) == 0;
	if (is_there ? S_ISDIR(facts.st_mode) : strncmp(path, "/dev/", 5) != 0)
		return tally_drive_open_directory(path, &run->drive, error);
	if (is_there && S_ISREG(facts.st_mode)) {
		tally_drive_kind kind;
		tally_result result = tally_drive_recognise(path, &kind, error);
		if (result != TALLY_OK || kind == TALLY_DRIVE_ARCHIVE)
			return result == TALLY_OK ? tally_run_open_archive(run, error) : result;
		if (kind == TALLY_DRIVE_PACKED)
			return tally_fail(error, TALLY_ERROR_IO, "%.300s is packed, but no archive: unpack it first", path);
	}
	run->summary->source = is_there && S_ISBLK(facts.st_mode) ? "device" : "image";
	return open_image(run, error);
}

void tally_run_close_drive(tally_run *run)
{
	tally_opened *o = &run->opened;
	tally_drive_close(run->drive);
	run->drive = NULL;
	run->archive = NULL;
	tally_bitlocker_close(o->bitlocker);
	tally_layer_close(o->volume);
	tally_free(o->partitions);
	tally_disk_close(o->disk);
	*o = (tally_opened){.key_of = SIZE_MAX};
}
