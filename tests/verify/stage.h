/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A drive in a folder of its own, made for one test and then broken in one way. Paths of files are relative to the
 * drive, with slashes.
 */
#ifndef TALLY_TESTS_VERIFY_STAGE_H
#define TALLY_TESTS_VERIFY_STAGE_H

#include "maker/maker.h"
#include "tallyman.h"

#include <sys/types.h>

typedef struct stage {
	char root[128];    /* holds all that follows, readable for everybody */
	char drive[160];   /* the folder that is checked */
	char journal[160]; /* path of the journal */
	tally_check_options options;
	maker_options made; /* what a case may change before its drive is made */
	char text[64];      /* options may point into it */
} stage;

/* An empty folder in TMPDIR or /tmp; nothing is made in it. */
void stage_open(stage *s);
void stage_close(stage *s);

/*
 * The standard drive: three blobs of three blocks, two page ranges and one block; metadata and properties for the list,
 * and for the second blob its own. Texts of the manifest are replaced, old by new, before the journal is written; the
 * list ends with NULL.
 *
 *	0  pictures/a.jpg      10,000 bytes in blocks of 4,096
 *	1  disks/b.vhd          8,192 bytes in page ranges of 4,096; disks/b.vhd.metadata, disks/b.vhd.properties
 *	2  pictures/sub/c.txt     100 bytes in one block
 */
void stage_make(stage *s, const char *const *edits);
/* Begins a drive as stage_make does, for tests that add their own blobs. */
maker *stage_begin(stage *s);
/* A drive of data/0.bin and so on, all of one size, in blocks of `block` bytes; 0: of the usual size. */
void stage_make_files(stage *s, unsigned files, uint64_t size, uint64_t block);

/* A file of the drive, in a buffer that the next call but one overwrites. */
const char *stage_place(const stage *s, const char *path);
void stage_remove(const stage *s, const char *path);
/* Where a text is in a file. */
uint64_t stage_find(const stage *s, const char *path, const char *text);
/* Changes one byte. */
void stage_flip(const stage *s, const char *path, off_t at);
/* Makes a file shorter, or longer. */
void stage_resize(const stage *s, const char *path, off_t size);
void stage_append(const stage *s, const char *path, const char *text);
/* A new file, with the folders that lead to it. */
void stage_write(const stage *s, const char *path, const char *text);
/* Takes the first `size` bytes of a file out of the page cache. */
void stage_drop(const stage *s, const char *path, uint64_t size);
void stage_rename(const stage *s, const char *path, const char *new_path);
void stage_mode(const stage *s, const char *path, mode_t mode);

/* These put something else where a file was. */
void stage_folder(const stage *s, const char *path);
void stage_fifo(const stage *s, const char *path);
void stage_socket(const stage *s, const char *path);
void stage_device(const stage *s, const char *path);
void stage_link(const stage *s, const char *path, const char *target);

/* Whether this process can make devices, become another user, and so on. */
bool stage_is_root(void);
/* For what root is never denied; one undoes the other. Both do nothing when this process isn't root's. */
void stage_become_nobody(void);
void stage_become_root(void);

#endif
