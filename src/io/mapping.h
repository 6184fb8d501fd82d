/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files mapped into memory, with a way to survive that their bytes can't be had: the kernel tells a program of that by
 * SIGBUS, at any access, because a file can be cut or a disk can fail after the mapping was made.
 *
 * While at least one guard is held, the process has a handler for SIGBUS. It puts zeros in the place of what can't be
 * read and marks the mapping as spoiled; whoever used the bytes finds the mark and reads them in another way. A SIGBUS
 * for anything else goes to the action that was there before, and that is put back with the last guard. (Should the
 * program have set its own handler meanwhile, that one stays: it may call ours, which then only passes on.)
 */
#ifndef TALLY_IO_MAPPING_H
#define TALLY_IO_MAPPING_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tally_mapping {
	uint8_t *volatile base; /* NULL: none */
	volatile size_t size;
	volatile sig_atomic_t spoiled;
} tally_mapping;

/* Guards may be held by several threads and checks at once. 0 or -errno. */
int tally_mapping_guard(void);
void tally_mapping_unguard(void);
/* The mappings that the calling thread is going to use, in an array that stays where it is; NULL, 0: no more. */
void tally_mapping_watch(tally_mapping *mappings, size_t count);

/*
 * Maps a range of a file, `offset` a multiple of the page size, and has its pages ready. -errno when a part of it can't
 * be read: which is for the caller to find out. `mapping` is one of those that the thread watches.
 */
int tally_mapping_make(tally_mapping *mapping, int fd, uint64_t offset, size_t size);
/* Returns false when the bytes were not those of the file. No mapping: true. */
bool tally_mapping_end(tally_mapping *mapping);

#endif
