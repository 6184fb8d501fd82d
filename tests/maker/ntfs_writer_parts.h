/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the writer share. */
#ifndef TALLY_TESTS_NTFS_WRITER_PARTS_H
#define TALLY_TESTS_NTFS_WRITER_PARTS_H

#include "maker/ntfs_writer.h"

#define INDEX_SIZE 4096U

/* Where clusters lie; NTFS_NO_CLUSTER: a hole. */
typedef struct ntfs_piece {
	uint64_t lcn, count;
} ntfs_piece;

typedef struct ntfs_pieces {
	ntfs_piece *items;
	size_t count, capacity;
	uint64_t clusters; /* holes included */
} ntfs_pieces;

/* An attribute as it stands in a record. */
typedef struct ntfs_attribute {
	uint32_t type;
	char name[32];
	uint64_t first_vcn;
	uint8_t *bytes;
	uint32_t size;
	uint32_t record; /* that it is put into */
	uint16_t id;
	bool outside; /* shall be in a record of its own */
} ntfs_attribute;

typedef struct ntfs_attributes {
	ntfs_attribute *items;
	size_t count, capacity;
} ntfs_attributes;

/* A name in a directory. */
typedef struct ntfs_entry {
	uint32_t directory, child;
	uint64_t reference; /* to the child */
	uint8_t *key;       /* the $FILE_NAME */
	uint16_t key_size;
} ntfs_entry;

typedef struct ntfs_folder {
	uint32_t record;
	uint32_t reparse_tag;
	uint8_t *key; /* its own $FILE_NAME */
	uint16_t key_size;
} ntfs_folder;

struct ntfs_writer {
	int fd;
	ntfs_options options;
	uint32_t cluster, record_size;
	uint64_t sectors, clusters;
	uint16_t *upcase;
	uint8_t *used; /* $Bitmap */
	uint64_t next_cluster, end_cluster; /* what lies between them is free */
	ntfs_pieces mft;
	uint32_t next_record;
	uint8_t *used_records;
	uint16_t *sequences;
	uint64_t last_cluster;
	uint64_t mirror;
	ntfs_pieces bitmap, mft_bitmap;
	ntfs_folder *folders;
	size_t folder_count, folder_capacity;
	ntfs_entry *entries;
	size_t entry_count, entry_capacity;
};

#define FLAG_DIRECTORY 0x10000000U /* in a $FILE_NAME */

_Noreturn void ntfs_die(const char *what);
void *ntfs_room(void *array, size_t *capacity, size_t needed, size_t size);
void ntfs_put(uint8_t *at, uint64_t value, unsigned bytes);
uint64_t ntfs_get(const uint8_t *at, unsigned bytes);
void ntfs_write(const ntfs_writer *w, uint64_t place, const void *bytes, size_t size);

/* Free clusters in a row, marked as used. */
uint64_t ntfs_allocate(ntfs_writer *w, uint64_t count);
uint64_t ntfs_allocate_last(ntfs_writer *w, uint64_t count);
void ntfs_add_piece(ntfs_pieces *pieces, uint64_t lcn, uint64_t count);
uint64_t ntfs_clusters_for(const ntfs_writer *w, uint64_t size);
/* Four records, or as many as fill a cluster. */
uint64_t ntfs_mirror_size(const ntfs_writer *w);
/* Writes `size` bytes into new clusters. */
ntfs_pieces ntfs_store(ntfs_writer *w, const void *bytes, uint64_t size);
uint32_t ntfs_new_record(ntfs_writer *w);
void ntfs_put_record(const ntfs_writer *w, uint32_t record, const uint8_t *bytes);
uint64_t ntfs_reference(const ntfs_writer *w, uint32_t record);

/* A $FILE_NAME; free(). */
uint8_t *ntfs_file_name(const ntfs_writer *w, const ntfs_link *link, uint64_t size, uint64_t modified, uint32_t flags,
			uint16_t directory_sequence, uint16_t *key_size);
void ntfs_enter(ntfs_writer *w, uint32_t directory, uint32_t child, const uint8_t *key, uint16_t key_size);

typedef struct ntfs_sizes {
	uint64_t size, initialised;
	uint16_t flags;
	uint8_t unit_shift;
} ntfs_sizes;

void ntfs_add_resident(ntfs_attributes *list, uint32_t type, const char *name, const void *value, size_t size,
		       uint16_t flags);
/* As many attributes as the run list needs, of at most `most` pairs each; 0: one. */
void ntfs_add_runs(const ntfs_writer *w, ntfs_attributes *list, uint32_t type, const char *name,
		   const ntfs_pieces *pieces, const ntfs_sizes *sizes, size_t most);
void ntfs_add_standard(ntfs_attributes *list, uint64_t modified, uint32_t flags);
/* Writes the record, and more with an attribute list if it needs to or `list` says so. Frees the attributes. */
void ntfs_write_record(ntfs_writer *w, uint32_t record, uint16_t flags, ntfs_attributes *list, bool force_list,
		       bool list_outside);

/* What NTFS keeps for itself, with its names. */
void ntfs_write_system(ntfs_writer *w);
/* All directories' records with their indexes; after all names. */
void ntfs_write_folders(ntfs_writer *w);
/* $MFT, its mirror, $Bitmap and the boot sector, when everything has its place. */
void ntfs_write_rest(ntfs_writer *w);

#define NTFS_DEFAULT_TIME UINT64_C(134117280000000000) /* 2026-01-01 */

#endif
