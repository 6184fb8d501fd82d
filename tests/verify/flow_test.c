/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes that flow by: every segment gets its hash, however long, wherever it lies, in no more room than there is. */
#include "verify/flow.h"

#include "maker/maker.h"
#include "support/faults.h"
#include "support/suite.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW = 6 << 20, PARTS_MAX = 4000 };

static uint8_t row[ROW];

typedef struct part {
	uint64_t offset, length;
	unsigned taken, lost;
	uint64_t came;
	uint8_t md5[16];
	uint64_t crc64;
} part;

static part parts[PARTS_MAX];
static size_t part_count;
static size_t taken, fail_at;

static const unsigned jobs[] = {1, 2, 8};
#define JOBS (sizeof jobs / sizeof jobs[0])

static void begin(void)
{
	uint64_t state = 11;
	for (size_t i = 0; i < ROW; i += 8) {
		uint64_t word = maker_random(&state);
		memcpy(row + i, &word, 8);
	}
	part_count = 0;
	taken = fail_at = 0;
}

static void add(uint64_t offset, uint64_t length)
{
	ck_assert_uint_lt(part_count, PARTS_MAX);
	ck_assert_uint_le(offset + length, ROW);
	parts[part_count++] = (part){.offset = offset, .length = length};
}

static tally_result take(void *context, uint64_t number, const tally_digest_result *result, tally_error *error)
{
	(void)context;
	REQUIRE(number < part_count, "segment %zu", (size_t)number);
	part *p = &parts[number];
	p->taken++;
	memcpy(p->md5, result->md5, sizeof p->md5);
	p->crc64 = result->crc64;
	p->came = result->size;
	return ++taken == fail_at ? tally_fail(error, TALLY_ERROR_STOPPED, "enough") : TALLY_OK;
}

static tally_result lose(void *context, uint64_t number, uint64_t came, tally_error *error)
{
	(void)context, (void)error;
	parts[number].lost++;
	parts[number].came = came;
	return TALLY_OK;
}

static tally_result go_on(void *context, tally_error *error)
{
	(void)context, (void)error;
	return TALLY_OK;
}

static const tally_flow_sink sink = {NULL, take, go_on};

static tally_flow *open_flow(unsigned job_count, bool crc64)
{
	tally_flow *flow;
	const tally_flow_options how = {.jobs = job_count, .room = TALLY_FLOW_ROOM_MIN, .crc64 = crc64};
	ck_assert_int_eq(tally_flow_new(&flow, &how, &sink, NULL), TALLY_OK);
	return flow;
}

/* The row from its beginning to `end`, in pieces of any size up to `most`; parts are there by offset. */
static tally_result feed(tally_flow *flow, uint64_t end, uint64_t most, tally_error *error)
{
	uint64_t state = 3;
	tally_result result = TALLY_OK;
	size_t next = 0;
	for (uint64_t at = 0; result == TALLY_OK;) {
		for (; result == TALLY_OK && next < part_count && parts[next].offset == at; next++)
			result = tally_flow_begin(flow, next, parts[next].length, error);
		uint64_t size = maker_random(&state) % most + 1, nearest = tally_flow_nearest_end(flow);
		size = nearest < size ? nearest : size;
		if (next < part_count && parts[next].offset - at < size)
			size = parts[next].offset - at;
		size = end - at < size ? end - at : size;
		if (result != TALLY_OK || size == 0)
			break;
		if (tally_flow_open_count(flow) > 0)
			result = tally_flow_feed(flow, row + at, (size_t)size, error);
		at += size;
	}
	return result;
}

static uint64_t crc64_of(const uint8_t *bytes, size_t size)
{
	static tally_crc64_table table;
	tally_crc64 crc;
	tally_crc64_table_make(&table);
	tally_crc64_begin(&crc);
	tally_crc64_blocks_table(&crc, &table, bytes, size / 64);
	return tally_crc64_end(&crc, &table, bytes + size / 64 * 64, size % 64);
}

/* Everything that was wholly before `end` has its hash, and of the rest is known how much came. */
static void expect(uint64_t end, bool crc64)
{
	for (size_t i = 0; i < part_count; i++) {
		const part *p = &parts[i];
		uint8_t md5[16];
		bool whole = p->offset + p->length <= end;
		REQUIRE(p->taken == whole && p->lost == (!whole && p->offset <= end),
			"segment %zu: taken %u times, lost %u times", i, p->taken, p->lost);
		REQUIRE(p->offset > end || p->came == (whole ? p->length : end - p->offset),
			"segment %zu: %zu bytes came", i, (size_t)p->came);
		if (!whole)
			continue;
		REQUIRE(EVP_Digest(row + p->offset, p->length, md5, NULL, EVP_md5(), NULL) == 1, "no MD5");
		REQUIRE(memcmp(md5, p->md5, sizeof md5) == 0, "segment %zu at %zu of %zu bytes has another hash", i,
			(size_t)p->offset, (size_t)p->length);
		REQUIRE(p->crc64 == (crc64 ? crc64_of(row + p->offset, p->length) : 0), "segment %zu: crc64", i);
	}
}

static void flow_by(unsigned job_count, uint64_t most, bool crc64)
{
	tally_flow *flow = open_flow(job_count, crc64);
	ck_assert_int_eq(feed(flow, ROW, most, NULL), TALLY_OK);
	ck_assert_uint_eq(tally_flow_open_count(flow), 0);
	ck_assert_int_eq(tally_flow_finish(flow, NULL), TALLY_OK);
	expect(ROW, crc64);
	tally_flow_free(flow);
}

START_TEST(many_of_uneven_lengths)
{
	uint64_t state = 17, at = 0;
	begin();
	for (size_t i = 0; i < PARTS_MAX; i++) {
		uint64_t length = maker_random(&state) % (i % 4 == 0 ? 9000 : 700);
		add(at, length);
		at += length + (i % 5 == 0 ? maker_random(&state) % 50 : 0);
	}
	flow_by(jobs[_i], 20000, _i % 2 == 1);
}
END_TEST

/* More segments without a byte than there can be at a time. */
START_TEST(empty_ones)
{
	begin();
	for (size_t i = 0; i < PARTS_MAX; i++)
		add(0, 0);
	tally_flow *flow = open_flow(jobs[_i], false);
	for (int round = 0; round < 3; round++)
		ck_assert_int_eq(feed(flow, 0, 1, NULL), TALLY_OK);
	ck_assert_int_eq(tally_flow_finish(flow, NULL), TALLY_OK);
	ck_assert_uint_eq(taken, 3 * PARTS_MAX);
	tally_flow_free(flow);
}
END_TEST

START_TEST(longer_than_the_room)
{
	begin();
	add(5, ROW - 6);
	flow_by(jobs[_i], 300000, true);
	begin();
	add(0, 5 << 20);
	add(5 << 20, 77);
	add((5 << 20) + 77, 0);
	add((5 << 20) + 77, ROW - (5 << 20) - 77);
	flow_by(jobs[_i], 300000, false);
}
END_TEST

/* Each begins and ends somewhere else, some within others. */
START_TEST(overlapping)
{
	uint64_t state = 23, at = 0;
	begin();
	for (size_t i = 0; i < 60; i++) {
		uint64_t length = maker_random(&state) % (i % 6 == 0 ? 5000000 : 50000);
		add(at, ROW - at < length ? ROW - at : length);
		at += i % 3 == 0 ? maker_random(&state) % 300000 : 0;
	}
	flow_by(jobs[_i], 100000, true);
}
END_TEST

/* As many as may be open, all of one file that is longer than the room; they take no more of it than one. */
START_TEST(as_many_as_blobs_name_one_file)
{
	begin();
	for (size_t i = 0; i < TALLY_FLOW_OPEN_MAX; i++)
		add(i / 100, (i % 200 == 0 ? 5 << 20 : 3000) + i);
	flow_by(jobs[_i], 200000, false);
}
END_TEST

/* If anything of a segment that breaks off kept its place, there would soon be none left. */
START_TEST(breaking_off)
{
	uint64_t state = 29;
	begin();
	tally_flow *flow = open_flow(jobs[_i], false);
	for (int round = 0; round < 15; round++) {
		part_count = 0;
		for (uint64_t i = 0; i < 40; i++)
			add(i * 1000, i % 3 == 0 ? 5 << 20 : maker_random(&state) % 100000);
		uint64_t end = 40000 + maker_random(&state) % (5 << 20);
		ck_assert_int_eq(feed(flow, end, 200000, NULL), TALLY_OK);
		ck_assert_int_eq(tally_flow_break(flow, lose, NULL, NULL), TALLY_OK);
		ck_assert_uint_eq(tally_flow_open_count(flow), 0);
		ck_assert_uint_eq(tally_flow_nearest_end(flow), UINT64_MAX);
		ck_assert_int_eq(tally_flow_finish(flow, NULL), TALLY_OK);
		expect(end, false);
	}
	tally_flow_free(flow);
}
END_TEST

static void many(void)
{
	begin();
	for (uint64_t i = 0; i < 1000; i++)
		add(i * 1000, i % 100 == 0 ? 5 << 20 : i * 7);
}

START_TEST(a_sink_that_has_enough_ends_it)
{
	static const size_t ends[] = {1, 500, 1000};
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		tally_error error = {0};
		many();
		fail_at = ends[i];
		tally_flow *flow = open_flow(jobs[_i], false);
		tally_result result = feed(flow, ROW, 100000, &error);
		if (result == TALLY_OK)
			result = tally_flow_finish(flow, &error);
		ck_assert_int_eq(result, TALLY_ERROR_STOPPED);
		ck_assert_str_eq(error.message, "enough");
		ck_assert_uint_ge(taken, ends[i]);
		tally_flow_free(flow);
	}
}
END_TEST

START_TEST(it_can_be_left_at_any_moment)
{
	for (uint64_t end = 0; end < ROW; end += ROW / 7) {
		many();
		tally_flow *flow = open_flow(jobs[_i], false);
		ck_assert_int_eq(feed(flow, end, 100000, NULL), TALLY_OK);
		if (end % 2 == 1)
			ck_assert_int_eq(tally_flow_break(flow, NULL, NULL, NULL), TALLY_OK);
		tally_flow_free(flow);
	}
	tally_flow_free(NULL);
}
END_TEST

START_TEST(it_takes_all_memory_in_the_beginning)
{
	many();
	tally_flow *flow = open_flow(jobs[_i], true);
	size_t held = heap_in_use();
	for (int round = 0; round < 3; round++) {
		ck_assert_int_eq(feed(flow, ROW, 100000, NULL), TALLY_OK);
		ck_assert_int_eq(tally_flow_finish(flow, NULL), TALLY_OK);
	}
	ck_assert_uint_le(heap_in_use(), held + (64 << 10));
	tally_flow_free(flow);
}
END_TEST

static tally_result run(void *context, tally_error *error)
{
	tally_flow *flow;
	const tally_flow_options how = {.jobs = *(const unsigned *)context, .room = TALLY_FLOW_ROOM_MIN};
	begin();
	add(0, 100000);
	add(50000, ROW - 50000);
	tally_result result = tally_flow_new(&flow, &how, &sink, error);
	ck_assert((result == TALLY_OK) == (flow != NULL));
	if (result == TALLY_OK)
		result = feed(flow, ROW, 1000000, error);
	if (result == TALLY_OK)
		result = tally_flow_finish(flow, error);
	if (result == TALLY_OK)
		expect(ROW, false);
	tally_flow_free(flow);
	return result;
}

START_TEST(memory_runs_out_anywhere)
{
	unsigned job_count = jobs[_i];
	ck_assert_uint_gt(faults_each(FAULTS_OURS, _i % 2 == 1, run, NULL, &job_count), 6 + job_count);
}
END_TEST

START_TEST(what_it_refuses)
{
	static const tally_flow_options wrong[] = {{.jobs = 0, .room = TALLY_FLOW_ROOM},
						   {.jobs = TALLY_FLOW_JOBS_MAX + 1, .room = TALLY_FLOW_ROOM},
						   {.jobs = 1, .room = TALLY_FLOW_ROOM_MIN - 1}};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		tally_error error = {0};
		tally_flow *flow = (tally_flow *)&error;
		ck_assert_int_eq(tally_flow_new(&flow, &wrong[i], &sink, &error), TALLY_ERROR_ARGUMENT);
		ck_assert_int_eq(error.code, TALLY_ERROR_ARGUMENT);
		ck_assert_ptr_null(flow);
	}
}
END_TEST

int main(void)
{
	return suite_run("flow", (const suite_test[]){{many_of_uneven_lengths, JOBS},
						      {empty_ones, JOBS},
						      {longer_than_the_room, JOBS},
						      {overlapping, JOBS},
						      {as_many_as_blobs_name_one_file, JOBS},
						      {breaking_off, JOBS},
						      {a_sink_that_has_enough_ends_it, JOBS},
						      {it_can_be_left_at_any_moment, JOBS},
						      {it_takes_all_memory_in_the_beginning, JOBS},
						      {memory_runs_out_anywhere, JOBS},
						      {what_it_refuses, 0},
						      {NULL, 0}});
}
