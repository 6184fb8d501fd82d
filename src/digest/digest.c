/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the lanes of a kernel busy. A run of the kernel is as long as the shortest lane allows: until one needs
 * something. Then that lane's next bytes are asked for, or its segment is finished and another one takes its place.
 */
#include "digest/digest.h"

#include "base/memory.h"
#include "digest/crc64.h"
#include "digest/md5_kernel.h"

#include <string.h>

/*
 * Segments tend to start at the same place of a page, and lines at the same place of their pages compete for the same
 * set of the first-level cache, which holds 8 to 12 of them: fewer than there are lanes. So at first only ABREAST lanes
 * begin, and as many more after every STAGGER blocks; that is an odd number, so that the lanes spread over all sets,
 * and more than the lines that are fetched ahead. The lanes that begin together also end together where segments are
 * of one length, which makes fewer and longer runs.
 */
#define ABREAST 4
#define STAGGER 17

/*
 * With a CRC the bytes are read twice. The second time they should come from the first-level cache; this is the room
 * that the bytes of one run may take.
 */
#define CRC_WINDOW (32 * 1024)

/* MD5 appends a one bit, zeros and the length in 8 bytes up to the end of a block; that may take a second block. */
#define PADDING_MAX (2 * TALLY_MD5_BLOCK)

typedef struct digest_lane {
	bool busy;
	bool padded; /* the bytes at the cursor are the last: padding, no data */
	size_t index;
	uint64_t size;
	const uint8_t *piece; /* what hasn't been given to the kernel yet */
	size_t left;
	size_t carried; /* the beginning of a block that goes on in the next piece: so many bytes of scratch */
	uint8_t scratch[PADDING_MAX];
	tally_crc64 crc;
	tally_digest_state *state; /* or NULL */
} digest_lane;

struct tally_digest {
	const tally_md5_kernel *kernel;
	tally_crc64_blocks *crc_blocks; /* NULL: no CRC */
	const tally_digest_source *source;
	size_t next, count; /* segments */
	unsigned opened;    /* lanes that have begun */
	uint32_t state[TALLY_MD5_WORDS * TALLY_DIGEST_LANES_MAX];
	const uint8_t *cursor[TALLY_DIGEST_LANES_MAX];
	size_t steps[TALLY_DIGEST_LANES_MAX]; /* whole blocks at the cursor; 0: the lane is idle */
	digest_lane lanes[TALLY_DIGEST_LANES_MAX];
	tally_crc64_table table;
};

tally_result tally_digest_new(const tally_digest_options *options, tally_digest **digest, tally_error *error)
{
	static const tally_digest_options defaults = {0};
	*digest = NULL;
	if (options == NULL)
		options = &defaults;
	const unsigned features = tally_cpu_features() & ~options->hidden;
	const tally_md5_kernel *kernel = options->kernel == NULL ? tally_md5_kernel_best(features)
								 : tally_md5_kernel_named(options->kernel, features);
	if (kernel == NULL)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "there is no MD5 kernel \"%s\" for this processor",
				  options->kernel);
	tally_digest *made = tally_zalloc(1, sizeof *made);
	if (made == NULL)
		return tally_fail_memory(error);
	made->kernel = kernel;
	if (options->crc64) {
		made->crc_blocks = tally_crc64_best(features);
		tally_crc64_table_make(&made->table);
	}
	*digest = made;
	return TALLY_OK;
}

void tally_digest_free(tally_digest *digest)
{
	tally_free(digest);
}

unsigned tally_digest_lanes(const tally_digest *digest)
{
	return digest->kernel->lanes;
}

const char *tally_digest_kernel(const tally_digest *digest)
{
	return digest->kernel->name;
}

static void begin_segment(tally_digest *digest, unsigned number)
{
	static const uint32_t start[TALLY_MD5_WORDS] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	digest_lane *lane = &digest->lanes[number];
	lane->busy = true;
	lane->padded = false;
	lane->index = digest->next++;
	lane->left = 0;
	lane->state = digest->source->state != NULL ? digest->source->state(digest->source->context, lane->index) : NULL;
	const tally_digest_state *before = lane->state != NULL && lane->state->size > 0 ? lane->state : NULL;
	lane->size = before != NULL ? before->size : 0;
	lane->carried = lane->size % TALLY_MD5_BLOCK;
	if (before != NULL)
		memcpy(lane->scratch, before->begun, lane->carried);
	for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
		digest->state[word * digest->kernel->lanes + number] = before != NULL ? before->words[word] : start[word];
	if (digest->crc_blocks != NULL && before != NULL)
		lane->crc = before->crc;
	else if (digest->crc_blocks != NULL)
		tally_crc64_begin(&lane->crc);
}

/* All that came of the segment has been hashed, but for what is carried. */
static tally_result pause_segment(tally_digest *digest, unsigned number, tally_error *error)
{
	digest_lane *lane = &digest->lanes[number];
	tally_digest_state *state = lane->state;
	if (state == NULL)
		return tally_fail(error, TALLY_ERROR_ARGUMENT, "segment %zu pauses and has no state", lane->index);
	state->size = lane->size;
	memcpy(state->begun, lane->scratch, lane->carried);
	for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
		state->words[word] = digest->state[word * digest->kernel->lanes + number];
	if (digest->crc_blocks != NULL)
		state->crc = lane->crc;
	lane->busy = false;
	return TALLY_OK;
}

static void put_little_endian(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

/* After the last run: the lane's column of the state is the digest. A failed segment has none. */
static void finish_segment(tally_digest *digest, unsigned number, bool failed)
{
	digest_lane *lane = &digest->lanes[number];
	tally_digest_result result = {.size = lane->size};
	for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
		put_little_endian(result.md5 + 4 * word, digest->state[word * digest->kernel->lanes + number], 4);
	/* Padding went behind the carried bytes and left them in place. */
	if (digest->crc_blocks != NULL)
		result.crc64 = tally_crc64_end(&lane->crc, &digest->table, lane->scratch, lane->carried);
	lane->busy = false;
	digest->source->done(digest->source->context, lane->index, number, failed ? NULL : &result);
}

/* Puts the padding of RFC 1321 sections 3.1 and 3.2 behind the carried bytes. Returns the number of blocks. */
static size_t pad(digest_lane *lane)
{
	size_t size = lane->carried + 1 + 8 <= TALLY_MD5_BLOCK ? TALLY_MD5_BLOCK : 2 * TALLY_MD5_BLOCK;
	lane->scratch[lane->carried] = 0x80;
	memset(lane->scratch + lane->carried + 1, 0, size - 8 - (lane->carried + 1));
	put_little_endian(lane->scratch + size - 8, lane->size * 8, 8);
	lane->padded = true;
	return size / TALLY_MD5_BLOCK;
}

/* Bytes of the piece that don't make a block by themselves go to the scratch. Returns true when that has a block. */
static bool carry(digest_lane *lane)
{
	size_t part = TALLY_MD5_BLOCK - lane->carried;
	if (part > lane->left)
		part = lane->left;
	memcpy(lane->scratch + lane->carried, lane->piece, part);
	lane->piece += part;
	lane->left -= part;
	lane->carried += part;
	if (lane->carried < TALLY_MD5_BLOCK)
		return false;
	lane->carried = 0;
	return true;
}

/* Asks for the next piece of a segment whose last one is used up, but for what is carried. */
static tally_result pull(tally_digest *digest, unsigned number, tally_error *error)
{
	digest_lane *lane = &digest->lanes[number];
	switch (digest->source->next(digest->source->context, lane->index, number, &lane->piece, &lane->left)) {
	case TALLY_PIECE_DATA:
		if (lane->left == 0)
			return tally_fail(error, TALLY_ERROR_ARGUMENT, "an empty piece of segment %zu", lane->index);
		lane->size += lane->left;
		return TALLY_OK;
	case TALLY_PIECE_END:
		digest->cursor[number] = lane->scratch;
		digest->steps[number] = pad(lane);
		return TALLY_OK;
	case TALLY_PIECE_PAUSE:
		return pause_segment(digest, number, error);
	case TALLY_PIECE_FAILED:
		finish_segment(digest, number, true);
		return TALLY_OK;
	case TALLY_PIECE_STOP:
		break;
	}
	return tally_fail(error, TALLY_ERROR_STOPPED, "stopped at segment %zu", lane->index);
}

/* The kernel fetches a lane's lines so far ahead that it never asks for the first ones: all at once, not each in turn.
 */
static void fetch_first(const digest_lane *lane)
{
	for (size_t offset = 0; offset < TALLY_MD5_PREFETCH && offset < lane->left; offset += TALLY_MD5_BLOCK)
		__builtin_prefetch(lane->piece + offset);
}

/* Gives a lane without steps new ones, from its segment or from the next; none are left: it becomes idle. */
static tally_result refill(tally_digest *digest, unsigned number, tally_error *error)
{
	digest_lane *lane = &digest->lanes[number];
	while (digest->steps[number] == 0) {
		if (lane->busy && lane->padded)
			finish_segment(digest, number, false);
		if (!lane->busy) {
			if (digest->next == digest->count)
				return TALLY_OK;
			begin_segment(digest, number);
		}
		if (lane->carried == 0 && lane->left >= TALLY_MD5_BLOCK) {
			digest->cursor[number] = lane->piece;
			fetch_first(lane);
			digest->steps[number] = lane->left / TALLY_MD5_BLOCK;
			lane->piece += lane->left - lane->left % TALLY_MD5_BLOCK;
			lane->left %= TALLY_MD5_BLOCK;
		} else if (lane->left > 0) {
			if (carry(lane)) {
				digest->cursor[number] = lane->scratch;
				digest->steps[number] = 1;
			}
		} else {
			tally_result result = pull(digest, number, error);
			if (result != TALLY_OK)
				return result;
		}
	}
	return TALLY_OK;
}

/* What a run took from a lane: the kernel has moved the cursor past it. */
static void account(tally_digest *digest, unsigned number, size_t steps)
{
	digest_lane *lane = &digest->lanes[number];
	if (digest->crc_blocks != NULL && !lane->padded)
		digest->crc_blocks(&lane->crc, &digest->table, digest->cursor[number] - steps * TALLY_MD5_BLOCK, steps);
	digest->steps[number] -= steps;
}

/* Too few lanes are busy for the wide kernel: one after the other, each as far as it goes. */
static void run_plain(tally_digest *digest, size_t limit)
{
	const unsigned lanes = digest->kernel->lanes;
	for (unsigned number = 0; number < lanes; number++) {
		size_t steps = digest->steps[number] < limit ? digest->steps[number] : limit;
		if (steps == 0)
			continue;
		uint32_t state[TALLY_MD5_WORDS];
		for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
			state[word] = digest->state[word * lanes + number];
		tally_md5_run_plain(state, &digest->cursor[number], steps);
		for (unsigned word = 0; word < TALLY_MD5_WORDS; word++)
			digest->state[word * lanes + number] = state[word];
		account(digest, number, steps);
	}
}

/* All lanes at once. `steps` is what every busy lane has; `busy` is one of them. */
static void run_wide(tally_digest *digest, size_t steps, unsigned busy)
{
	const unsigned lanes = digest->kernel->lanes;
	for (unsigned number = 0; number < lanes; number++)
		if (digest->steps[number] == 0)
			digest->cursor[number] = digest->cursor[busy];
	digest->kernel->run(digest->state, digest->cursor, steps);
	for (unsigned number = 0; number < lanes; number++)
		if (digest->steps[number] != 0)
			account(digest, number, steps);
}

/* One run with what the lanes have. Returns false when they have nothing. */
static bool run_lanes(tally_digest *digest)
{
	const unsigned lanes = digest->kernel->lanes;
	size_t limit = SIZE_MAX;
	if (digest->crc_blocks != NULL)
		limit = CRC_WINDOW / TALLY_MD5_BLOCK / lanes;
	if (digest->opened < lanes && limit > STAGGER)
		limit = STAGGER;
	unsigned live = 0, busy = 0;
	size_t shortest = limit;
	for (unsigned number = 0; number < lanes; number++) {
		if (digest->steps[number] == 0)
			continue;
		live++;
		busy = number;
		if (digest->steps[number] < shortest)
			shortest = digest->steps[number];
	}
	if (live == 0)
		return false;
	if (live < digest->kernel->worth)
		run_plain(digest, limit);
	else
		run_wide(digest, shortest, busy);
	return true;
}

tally_result tally_digest_run(tally_digest *digest, const tally_digest_source *source, size_t count, tally_error *error)
{
	const unsigned lanes = digest->kernel->lanes;
	digest->source = source;
	digest->next = 0;
	digest->count = count;
	digest->opened = 0;
	/* A run that was stopped has left them as they were. */
	for (unsigned number = 0; number < lanes; number++) {
		digest->steps[number] = 0;
		digest->lanes[number].busy = false;
	}
	do {
		if (digest->opened < lanes)
			digest->opened = lanes - digest->opened > ABREAST ? digest->opened + ABREAST : lanes;
		for (unsigned number = 0; number < digest->opened; number++) {
			if (digest->steps[number] != 0)
				continue;
			tally_result result = refill(digest, number, error);
			if (result != TALLY_OK)
				return result;
		}
	} while (run_lanes(digest));
	return TALLY_OK;
}
