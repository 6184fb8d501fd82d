/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listings of directories in which a name was looked up without regard to case, so that a directory is read once and
 * not once for each of its names. Bounded; the least recently used go first. For any number of threads: those that want
 * a directory which another one is reading wait for it.
 */
#ifndef TALLY_DRIVE_LISTING_CACHE_H
#define TALLY_DRIVE_LISTING_CACHE_H

#include "drive/listing.h"

typedef struct tally_listing_cache tally_listing_cache;

typedef struct tally_cache_limits {
	size_t directories;
	size_t bytes; /* of all but one listing that is larger than this by itself, which is kept all the same */
} tally_cache_limits;

/* A listing on loan: it stays until it is given back. */
typedef struct tally_cached_listing tally_cached_listing;

/* NULL when memory is short. */
tally_listing_cache *tally_listing_cache_new(tally_cache_limits limits, bool keep_access_time);
void tally_listing_cache_free(tally_listing_cache *cache);

/* The listing of the directory behind `dir`: 0, or -errno and no loan. */
int tally_listing_cache_borrow(tally_listing_cache *cache, int dir, tally_cached_listing **loan);
const tally_listing *tally_cached_listing_of(const tally_cached_listing *loan);
void tally_listing_cache_return(tally_listing_cache *cache, tally_cached_listing *loan);

typedef struct tally_cache_statistics {
	size_t directories, bytes; /* held now, all of them */
	uint64_t reads;            /* directories read so far */
} tally_cache_statistics;

tally_cache_statistics tally_listing_cache_statistics(tally_listing_cache *cache);

#endif
