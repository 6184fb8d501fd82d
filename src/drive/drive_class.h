/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind of drive implements: drive.h says what each of these does, and what threads may do at once. */
#ifndef TALLY_DRIVE_DRIVE_CLASS_H
#define TALLY_DRIVE_DRIVE_CLASS_H

#include "drive/drive.h"

typedef struct tally_drive_class {
	/* `path` was found right by tally_windows_path_check. */
	tally_find (*find)(tally_drive *drive, tally_text path, tally_file *file, tally_find_detail *detail);
	/* The same with a folder; and closes what is open of one. NULL: the drive has nothing to remember. */
	tally_find (*find_near)(tally_drive *drive, tally_folder *folder, tally_text path, tally_file *file,
				tally_find_detail *detail);
	void (*leave)(tally_folder *folder);
	tally_result (*walk)(tally_drive *drive, bool (*visit)(void *context, const tally_walk_entry *entry),
			     void *context, tally_error *error);
	tally_os_medium (*medium)(const tally_drive *drive);
	void (*close)(tally_drive *drive);

	int64_t (*read)(const tally_file *file, uint64_t offset, void *buffer, size_t size);
	int64_t (*read_medium)(const tally_file *file, uint64_t offset, void *buffer, size_t size);
	int (*identify)(const tally_file *file, tally_file_identity *identity);
	void (*close_file)(tally_file *file);
	bool (*on_bad_clusters)(const tally_file *file, uint64_t *offset, uint64_t *length); /* NULL: it isn't known */

	/* NULL: the drive has no such thing. All but the first two are advice. */
	int64_t (*read_cached)(const tally_file *file, uint64_t offset, void *buffer, size_t size);
	bool (*begin_read)(const tally_file *file, tally_reads *reads, unsigned number, void *buffer, size_t size);
	int64_t (*end_read)(const tally_file *file, tally_reads *reads, unsigned number);
	int (*map)(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping);
	tally_os_presence (*cached)(const tally_file *file, uint64_t offset, uint64_t size);
	void (*will_need)(const tally_file *file, uint64_t offset, uint64_t size);
	void (*drop)(const tally_file *file, uint64_t offset, uint64_t size);
	void (*expect_no_order)(const tally_file *file);
	bool (*place)(const tally_file *file, uint64_t offset, uint64_t *place);
} tally_drive_class;

/* The head of what implements one. */
struct tally_drive {
	const tally_drive_class *class;
};

#endif
