/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole disk as it is shipped, made of a folder: GPT → BitLocker → NTFS → the folder's files. In steps that a test
 * can leave out or spoil. Failures end the program.
 */
#ifndef TALLY_TESTS_IMAGE_MAKER_H
#define TALLY_TESTS_IMAGE_MAKER_H

#include "maker/bitlocker_writer.h"
#include "maker/ntfs_writer.h"

/*
 * Makes the volume, and *size its bytes. `options` may be NULL; where its size is 0 it is what the files need, and some
 * room.
 */
void image_make_volume(const char *folder, const char *path, const ntfs_options *options, uint64_t *size);

/* Where the files of a volume lie, by default as the folder's file system lists them; and what is special of one. */
typedef struct image_order {
	bool shuffled;    /* in an order of which nobody could know, but the same each time */
	const char *last; /* the file of this name at the volume's end; NULL: none */
	/* The file of this name is a reparse point; or one encrypted with EFS, where the tag is 0. NULL: none. */
	const char *special;
	uint32_t reparse_tag;
} image_order;

void image_make_volume_in(const char *folder, const char *path, const ntfs_options *options, const image_order *order,
			  uint64_t *size);
/* The options with what they leave open of the size: what the folder's files need, and some room. */
ntfs_options image_measure(const char *folder, const ntfs_options *options);
/* The same, encrypted. */
void image_lock_volume(const char *path, uint64_t size, const bitlocker_options *options);
/* A GPT disk of one volume, or, when `second` is not NULL, of two. */
void image_make_disk(const char *volume, const char *second, const char *path);

#endif
