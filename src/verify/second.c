/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/second.h"

#include "base/memory.h"
#include "digest/digest.h"

#include <errno.h>

#define CHUNK ((uint64_t)256 << 10)
#define PHYSICAL ((uint64_t)4096) /* what disks read and lose as one */
#define LOGICAL ((uint64_t)512)   /* what old ones do, and what can be asked for at least */
/* What is asked of the medium for a chunk that begins and ends within sectors. */
#define BUFFER ((size_t)CHUNK + TALLY_MEDIUM_ALIGNMENT)
/* A disk tries for seconds before it gives up on a sector: after so many the rest isn't tried. */
#define FAILURES_MAX 24

struct tally_second {
	tally_reading *reading;
	tally_md5 *md5;
	uint8_t *memory, *buffer; /* BUFFER bytes, aligned */
};

/* Where a second reading stands. */
typedef struct scan {
	tally_second_scan *of;
	uint64_t at, end, step;
	unsigned failures;
	bool in_bad; /* the bytes before `at` could not be read */
	bool ended;  /* the file is shorter than that */
} scan;

tally_result tally_second_new(tally_second **out, tally_reading *reading, tally_error *error)
{
	tally_second *s = tally_zalloc(1, sizeof *s);
	*out = NULL;
	if (s == NULL)
		return tally_fail_memory(error);
	s->reading = reading;
	s->memory = tally_alloc_aligned(BUFFER, TALLY_MEDIUM_ALIGNMENT, &s->buffer);
	tally_result result = s->memory != NULL ? tally_md5_new(&s->md5, error) : tally_fail_memory(error);
	if (result != TALLY_OK) {
		tally_second_free(s);
		return result;
	}
	*out = s;
	return TALLY_OK;
}

void tally_second_free(tally_second *s)
{
	if (s == NULL)
		return;
	tally_md5_free(s->md5);
	/* Manifests hold the keys of storage accounts. */
	tally_free_wiped(s->memory, s->memory != NULL ? (size_t)(s->buffer - s->memory) + BUFFER : 0);
	tally_free(s);
}

int64_t tally_second_fetch(const tally_file *file, uint64_t offset, uint8_t *buffer, size_t size, size_t unit,
			   size_t *skipped)
{
	*skipped = (size_t)(offset & (unit - 1));
	size_t whole = (*skipped + size + unit - 1) & ~(unit - 1);
	int64_t got = tally_file_read_medium(file, offset - *skipped, buffer, whole);
	if (got <= 0)
		return got;
	/* A read may give less than it was asked for, even nothing of what is wanted. */
	if ((size_t)got <= *skipped) {
		*skipped = 0;
		return tally_file_read(file, offset, buffer, size);
	}
	size_t useful = (size_t)got - *skipped;
	return (int64_t)(useful < size ? useful : size);
}

/* The bytes up to the next multiple of `step`. */
static int64_t read_step(const tally_second *second, const scan *s, uint64_t *wanted, size_t *skipped)
{
	uint64_t to = (s->at / s->step + 1) * s->step;
	*wanted = (to < s->end ? to : s->end) - s->at;
	return tally_second_fetch(s->of->file, s->at, second->buffer, (size_t)*wanted, (size_t)LOGICAL, skipped);
}

static void note_bad(scan *s, uint64_t size)
{
	tally_bad_bytes *bad = &s->of->bad;
	if (!s->in_bad)
		bad->ranges++;
	if (bad->ranges == 1) {
		if (!s->in_bad)
			bad->offset = s->at;
		bad->length += size;
	}
	s->in_bad = true;
	s->at += size;
}

/* Of a block that fails behind others that failed: whether its end can be read, so that the bad range ends within it.
 */
static bool ends_well(const tally_second *second, const scan *s, uint64_t wanted)
{
	uint64_t last = (s->at + wanted - 1) & ~(LOGICAL - 1);
	return last > s->at && tally_file_read_medium(s->of->file, last, second->buffer, (size_t)LOGICAL) > 0;
}

/* A read failed. Narrows down what it was that failed; at last that is a range that can't be read. */
static void take_failure(const tally_second *second, scan *s, uint64_t wanted, int os_error)
{
	s->of->os_error = os_error;
	if (s->step > PHYSICAL) {
		s->step /= 4;
		return;
	}
	if (s->step == PHYSICAL && (!s->in_bad || ends_well(second, s, wanted))) {
		s->step = LOGICAL;
		return;
	}
	note_bad(s, wanted);
	s->step = PHYSICAL;
	if (++s->failures == FAILURES_MAX && s->at < s->end) {
		s->of->bad.unknown = true;
		note_bad(s, s->end - s->at);
	}
}

static tally_result take_bytes(tally_second *second, scan *s, size_t skipped, uint64_t got, tally_error *error)
{
	const uint8_t *bytes = second->buffer + skipped;
	tally_result result = tally_md5_update(second->md5, bytes, (size_t)got, error);
	if (result == TALLY_OK && s->of->take != NULL)
		result = s->of->take(s->of->context, s->at, bytes, (size_t)got, error);
	s->in_bad = false;
	s->at += got;
	if (s->step < CHUNK && s->at % s->step == 0)
		s->step = s->step == LOGICAL ? PHYSICAL : s->step * 4;
	return result;
}

static tally_result scan_all(tally_second *second, scan *s, tally_error *error)
{
	tally_result result = TALLY_OK;
	while (s->at < s->end && !s->ended && result == TALLY_OK && !atomic_load(&second->reading->stop)) {
		uint64_t wanted;
		size_t skipped;
		int64_t got = read_step(second, s, &wanted, &skipped);
		if (got > 0)
			result = take_bytes(second, s, skipped, (uint64_t)got, error);
		else if (got == 0)
			s->ended = true;
		else
			take_failure(second, s, wanted, (int)-got);
		if (got < 0 && s->of->take != NULL)
			result = s->of->take(s->of->context, s->at, NULL, 0, error);
		tally_rate_take(&second->reading->rate, wanted);
	}
	return result;
}

tally_result tally_second_run(tally_second *second, tally_second_scan *of, tally_error *error)
{
	scan s = {.of = of, .at = of->offset, .end = of->offset + of->length, .step = CHUNK};
	of->bad = (tally_bad_bytes){0};
	of->os_error = 0;
	tally_result result = tally_md5_begin(second->md5, error);
	if (result == TALLY_OK)
		result = scan_all(second, &s, error);
	if (result == TALLY_OK)
		result = tally_md5_end(second->md5, of->md5, error);
	of->end = s.at;
	return result;
}

tally_result tally_second_read(tally_second *second, const tally_file *file, tally_batch_segment *segment,
			       tally_error *error)
{
	const tally_manifest_segment *entry = &segment->entry;
	tally_second_scan s = {.file = file, .offset = entry->offset, .length = entry->length};
	tally_result result = tally_second_run(second, &s, error);
	if (result != TALLY_OK)
		return result;
	segment->bad = s.bad;
	if (s.os_error != 0)
		segment->os_error = s.os_error;
	if (s.bad.ranges > 0 || s.end < entry->offset + entry->length) {
		segment->second = TALLY_SECOND_FAILED;
		segment->read = (s.bad.ranges > 0 ? s.bad.offset : s.end) - entry->offset;
	} else {
		bool right = memcmp(s.md5, entry->md5, sizeof s.md5) == 0;
		segment->second = right ? TALLY_SECOND_RIGHT : TALLY_SECOND_OTHER;
		segment->read = entry->length;
	}
	return TALLY_OK;
}
