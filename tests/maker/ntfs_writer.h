/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes NTFS volumes for tests and benchmarks: what mkntfs can't make without mounting, and what nobody should make.
 * Files are streamed as they are added; a large volume costs memory for its names only. Failures end the program.
 *
 *	ntfs_writer *w = ntfs_writer_begin("image", &(ntfs_options){.size = 64 << 20});
 *	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "pictures");
 *	ntfs_writer_file(w, &(ntfs_file){.directory = folder, .name = "a.jpg", .copy_from = "/some/where/a.jpg"});
 *	ntfs_writer_finish(w);
 */
#ifndef TALLY_TESTS_NTFS_WRITER_H
#define TALLY_TESTS_NTFS_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ntfs_writer ntfs_writer;

#define NTFS_ROOT 5U
#define NTFS_FIRST_FILE 24U
#define NTFS_NO_CLUSTER UINT64_MAX
#define NTFS_SET_ASIDE UINT64_C(65536)

/* `count` clusters from `first` on. */
typedef struct ntfs_range {
	uint64_t first, count;
} ntfs_range;

typedef struct ntfs_options {
	uint64_t offset; /* of the volume in the file, which is made if it isn't there */
	uint64_t size;   /* bytes of the partition; default 32 MiB */
	uint32_t sector_size, cluster_size, record_size; /* defaults 512, 4096, 1024 */
	const char *label;                               /* UTF-8, default none */
	uint64_t serial;                                 /* default 0x1122334455667788 */
	bool dirty;
	uint32_t records;      /* room in $MFT; default 256 */
	uint32_t mft_pieces;   /* $MFT lies in so many places; default 1 */
	bool mft_backwards;    /* the later ones further in front */
	bool mft_list;         /* and has an attribute list: all pieces but the first are in a record of their own */
	bool mft_last;         /* its last piece lies at the end of the volume */
	uint64_t set_aside;    /* bytes from NTFS_SET_ASIDE on that are taken, but by no file: BitLocker's, say */
	const ntfs_range *bad; /* $BadClus */
	size_t bad_count;
	const uint16_t *upcase; /* 65536; default that of Windows 10 */
	bool without_indexes;   /* no index of directories: for $MFTs of millions of records that only we read */
} ntfs_options;

typedef enum ntfs_space { NTFS_WIN32 = 0, NTFS_POSIX, NTFS_DOS, NTFS_BOTH } ntfs_space;

typedef struct ntfs_link {
	uint32_t directory;
	const char *name; /* UTF-8; a lone surrogate as the three bytes that it would be */
	ntfs_space space;
} ntfs_link;

/* Content: the bytes, a function, or a file to copy; else zeros, or what was there in a file that isn't new. */
typedef struct ntfs_content {
	uint64_t size; /* of `bytes` and `make` */
	const void *bytes;
	void (*make)(void *context, uint64_t offset, uint8_t *buffer, size_t size);
	void *context;
	const char *copy_from;
} ntfs_content;

typedef struct ntfs_stream {
	const char *name; /* ASCII */
	ntfs_content content;
} ntfs_stream;

typedef struct ntfs_file {
	uint32_t directory; /* what ntfs_writer_directory gave, or NTFS_ROOT */
	const char *name;
	ntfs_space space;
	const char *short_name; /* of DOS, or NULL */
	ntfs_content content;
	uint64_t modified;      /* 100 ns since 1601; default 2026-01-01 */
	const ntfs_link *links; /* further names */
	size_t link_count;
	const ntfs_stream *streams;
	size_t stream_count;
	bool not_resident;       /* default: resident when it fits */
	uint64_t never_written;  /* so many bytes at the end are allocated, but not initialised; noise is put there */
	const ntfs_range *holes; /* of the file, in order: sparse; content there is left out */
	size_t hole_count;
	uint32_t pieces; /* lies in so many places; default 1 */
	bool last;       /* lies at the end of the volume, in front of what was put there before */
	bool compress;   /* LZNT1, units of 16 clusters */
	bool encrypted;  /* flagged as EFS; the content is stored as it is */
	uint32_t reparse_tag;
	bool list;                   /* with an attribute list even when all fits into one record */
	bool list_outside;           /* which isn't resident */
	bool names_outside;          /* further names in records of their own; implies `list` */
	uint16_t sequence;           /* of its record; default 1 */
	uint16_t directory_sequence; /* what the name says of it; default as it is */
} ntfs_file;

ntfs_writer *ntfs_writer_begin(const char *path, const ntfs_options *options);
/* Returns the number of its record. */
uint32_t ntfs_writer_directory(ntfs_writer *w, uint32_t directory, const char *name);
uint32_t ntfs_writer_directory_as(ntfs_writer *w, const ntfs_link *link, uint32_t reparse_tag);
uint32_t ntfs_writer_file(ntfs_writer *w, const ntfs_file *file);
/* Leaves a record unused, as a removed file does. */
uint32_t ntfs_writer_skip(ntfs_writer *w);
/* Writes directories and what NTFS keeps for itself, and frees. */
void ntfs_writer_finish(ntfs_writer *w);

/* Where a record lies in the file; before finish. */
uint64_t ntfs_writer_record_place(const ntfs_writer *w, uint32_t record);
/* The first cluster of the last file added; NTFS_NO_CLUSTER when it has none. */
uint64_t ntfs_writer_last_cluster(const ntfs_writer *w);

/* Of a record or index block as it is on the disk: undo and redo the update sequence, so that it can be edited. */
void ntfs_unseal(uint8_t *block, size_t size);
void ntfs_seal(uint8_t *block, size_t size);

/* LZNT1: returns the packed size, or 0 when it would not fit. */
size_t ntfs_lznt1_pack(const uint8_t *in, size_t size, uint8_t *out, size_t room);

#endif
