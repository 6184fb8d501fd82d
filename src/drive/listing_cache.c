/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/listing_cache.h"

#include "base/memory.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

/* Chains stay short at this many for the usual limits; a drive whose inode numbers all fall into one costs a walk of
 * it. */
#define BUCKETS 1024

/* The time is part of the key: a directory that was changed is another one, and the old listing ages out. */
typedef struct listing_key {
	dev_t device;
	ino_t inode;
	struct timespec changed;
} listing_key;

struct tally_cached_listing {
	listing_key key;
	tally_listing listing;
	bool is_loading;
	unsigned users;
	uint64_t last_used;
	tally_cached_listing *next; /* in its bucket */
};

struct tally_listing_cache {
	tally_cache_limits limits;
	bool keep_access_time;
	pthread_mutex_t lock; /* of everything below, and of each listing's fields but its key and names */
	pthread_cond_t loaded;
	uint64_t clock;
	tally_cache_statistics statistics;
	size_t huge;  /* how many listings are larger than the limit by themselves */
	size_t bytes; /* of the others */
	tally_cached_listing *buckets[BUCKETS];
};

tally_listing_cache *tally_listing_cache_new(tally_cache_limits limits, bool keep_access_time)
{
	tally_listing_cache *cache = tally_zalloc(1, sizeof *cache);
	if (cache == NULL)
		return NULL;
	cache->limits = limits;
	cache->keep_access_time = keep_access_time;
	/* With default attributes these only take memory, which is there. */
	pthread_mutex_init(&cache->lock, NULL);
	pthread_cond_init(&cache->loaded, NULL);
	return cache;
}

static void free_listing(tally_cached_listing *held)
{
	tally_listing_free(&held->listing);
	tally_free(held);
}

void tally_listing_cache_free(tally_listing_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (cache->buckets[i] != NULL) {
			tally_cached_listing *held = cache->buckets[i];
			cache->buckets[i] = held->next;
			free_listing(held);
		}
	pthread_cond_destroy(&cache->loaded);
	pthread_mutex_destroy(&cache->lock);
	tally_free(cache);
}

static bool same_key(const listing_key *a, const listing_key *b)
{
	return a->device == b->device && a->inode == b->inode && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

static tally_cached_listing **bucket_of(tally_listing_cache *cache, const listing_key *key)
{
	return &cache->buckets[(key->inode ^ key->inode / BUCKETS) % BUCKETS];
}

static tally_cached_listing *find_held(tally_listing_cache *cache, const listing_key *key)
{
	tally_cached_listing *held = *bucket_of(cache, key);
	while (held != NULL && !same_key(&held->key, key))
		held = held->next;
	return held;
}

static bool is_huge(const tally_listing_cache *cache, const tally_cached_listing *held)
{
	return held->listing.bytes > cache->limits.bytes;
}

static void count_in(tally_listing_cache *cache, const tally_cached_listing *held)
{
	cache->statistics.bytes += held->listing.bytes;
	if (is_huge(cache, held))
		cache->huge++;
	else
		cache->bytes += held->listing.bytes;
}

static void count_out(tally_listing_cache *cache, const tally_cached_listing *held)
{
	cache->statistics.bytes -= held->listing.bytes;
	if (is_huge(cache, held))
		cache->huge--;
	else
		cache->bytes -= held->listing.bytes;
}

static void take_out(tally_listing_cache *cache, tally_cached_listing *held)
{
	tally_cached_listing **link = bucket_of(cache, &held->key);
	while (*link != held)
		link = &(*link)->next;
	*link = held->next;
	cache->statistics.directories--;
	count_out(cache, held);
}

static tally_cached_listing *least_recently_used(tally_listing_cache *cache, bool huge)
{
	tally_cached_listing *oldest = NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		for (tally_cached_listing *held = cache->buckets[i]; held != NULL; held = held->next)
			if (held->users == 0 && is_huge(cache, held) == huge &&
			    (oldest == NULL || held->last_used < oldest->last_used))
				oldest = held;
	return oldest;
}

/* Looks through the whole cache for each that goes, which is little beside reading the directory that came. */
static void make_room(tally_listing_cache *cache)
{
	for (;;) {
		tally_cached_listing *oldest = NULL;
		if (cache->huge > 1)
			oldest = least_recently_used(cache, true);
		if (oldest == NULL &&
		    (cache->statistics.directories > cache->limits.directories || cache->bytes > cache->limits.bytes))
			oldest = least_recently_used(cache, false);
		if (oldest == NULL)
			return;
		take_out(cache, oldest);
		free_listing(oldest);
	}
}

static tally_cached_listing *put_in(tally_listing_cache *cache, const listing_key *key)
{
	tally_cached_listing *held = tally_zalloc(1, sizeof *held);
	if (held == NULL)
		return NULL;
	tally_cached_listing **bucket = bucket_of(cache, key);
	held->key = *key;
	held->is_loading = true;
	held->users = 1;
	held->next = *bucket;
	*bucket = held;
	cache->statistics.directories++;
	cache->statistics.reads++;
	return held;
}

/* Called, and returns, with the lock held. */
static int load(tally_listing_cache *cache, const listing_key *key, int dir, tally_cached_listing **loan)
{
	tally_cached_listing *held = put_in(cache, key);
	if (held == NULL)
		return -ENOMEM;
	pthread_mutex_unlock(&cache->lock);
	tally_listing listing = {0};
	int result = tally_listing_read(&listing, dir, cache->keep_access_time);
	pthread_mutex_lock(&cache->lock);
	held->is_loading = false;
	pthread_cond_broadcast(&cache->loaded);
	if (result != 0) {
		/* Whoever waited for it finds it gone and tries for himself. */
		take_out(cache, held);
		free_listing(held);
		return result;
	}
	held->listing = listing;
	count_in(cache, held);
	held->last_used = ++cache->clock;
	make_room(cache);
	*loan = held;
	return 0;
}

int tally_listing_cache_borrow(tally_listing_cache *cache, int dir, tally_cached_listing **loan)
{
	struct stat facts;
	if (fstat(dir, &facts) != 0)
		return -errno;
	listing_key key = {facts.st_dev, facts.st_ino, facts.st_mtim};
	int result = 0;
	pthread_mutex_lock(&cache->lock);
	tally_cached_listing *held;
	while ((held = find_held(cache, &key)) != NULL && held->is_loading)
		pthread_cond_wait(&cache->loaded, &cache->lock);
	if (held != NULL) {
		held->users++;
		held->last_used = ++cache->clock;
		*loan = held;
	} else {
		result = load(cache, &key, dir, loan);
	}
	pthread_mutex_unlock(&cache->lock);
	return result;
}

const tally_listing *tally_cached_listing_of(const tally_cached_listing *loan)
{
	return &loan->listing;
}

void tally_listing_cache_return(tally_listing_cache *cache, tally_cached_listing *loan)
{
	pthread_mutex_lock(&cache->lock);
	loan->users--;
	make_room(cache);
	pthread_mutex_unlock(&cache->lock);
}

tally_cache_statistics tally_listing_cache_statistics(tally_listing_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	tally_cache_statistics statistics = cache->statistics;
	pthread_mutex_unlock(&cache->lock);
	return statistics;
}
