/* SPDX-License-Identifier: Apache-2.0 */
/* Export blob lists that are cut off or very long, memory that runs out, and prefixes against the plain way. */
#include "format/blob_list_prefixes.h"
#include "format/list_judge.h"
#include "support/faults.h"
#include "support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define KIND TALLY_DOCUMENT_BLOB_LIST
#define PATH(text) "<BlobPath>" text "</BlobPath>"
#define PREFIX(text) "<BlobPathPrefix>" text "</BlobPathPrefix>"

static tally_text text_of(const char *text)
{
	return (tally_text){text, strlen(text)};
}

/* ---- what goes wrong ------------------------------------------------------------------------------------------ */

#define SIZED(size) "\t<BlobPath size='" size "'>/videos/a</BlobPath>\n"
#define SUMMARY "<Summary>\n\t<numBlobs>2</numBlobs>\n\t<storageConsumed>4</storageConsumed>\n</Summary>\n"

static const char sample[] =
    "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlobList>\n" SIZED("1") SIZED("3") PREFIX("/videos/")
	PREFIX("/$root/") "</BlobList>\n" SUMMARY
			  "<AzureFileList>\n<FilePathPrefix>/share</FilePathPrefix></AzureFileList>\n";
#define SAMPLE_RULES "X-10.dialect K-16 K-15 K-15 X-02 X-11 X-04.swallowed"

static size_t borders;

/* Whole is only what ends behind a root: the one thing that nobody can tell. */
static void check_part(const recorder *r, tally_text part)
{
	static const char *const ends[] = {"</BlobList>", "</Summary>", "</AzureFileList>"};
	tally_text trimmed = tally_text_trim(part);
	bool border = false;
	for (size_t i = 0; i < 3; i++) {
		size_t size = strlen(ends[i]);
		border =
		    border || (trimmed.size >= size && memcmp(trimmed.data + trimmed.size - size, ends[i], size) == 0);
	}
	borders += border;
	ck_assert_msg((r->finder.errors == 0) == border, "the first %zu bytes: %s", part.size, recorder_rules(r));
}

START_TEST(test_truncated)
{
	list_expect(KIND, sample, SAMPLE_RULES);
	list_truncate(KIND, (tally_text){sample, sizeof sample - 2}, check_part);
	ck_assert_uint_ge(borders, 4);
}
END_TEST

START_TEST(test_memory_runs_out)
{
	list_run_out_of_memory(KIND, sample, SAMPLE_RULES);
}
END_TEST

/* ---- prefixes against the plain way --------------------------------------------------------------------------- */

static uint32_t state;

static unsigned draw(unsigned below)
{
	state = state * 1664525 + 1013904223;
	return (state >> 16) % below;
}

typedef struct drawn {
	char text[8];
	uint64_t offset;
} drawn;

static drawn draw_text(uint64_t offset)
{
	drawn d = {.offset = offset};
	size_t size = draw(6);
	d.text[0] = '/';
	for (size_t i = 1; i <= size; i++)
		d.text[i] = (char)('a' + draw(2));
	return d;
}

static bool begins(const drawn *text, const drawn *prefix)
{
	return strncmp(text->text, prefix->text, strlen(prefix->text)) == 0;
}

/* The shortest prefix that selects the text, as it first occurs; SIZE_MAX when none does. */
static size_t outermost(const drawn *prefixes, size_t count, const drawn *text)
{
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		if (begins(text, &prefixes[i]) &&
		    (best == SIZE_MAX || strlen(prefixes[i].text) < strlen(prefixes[best].text)))
			best = i;
	return best;
}

#define DRAWN 12

static void compare_with_hand_count(uint32_t seed)
{
	state = seed;
	drawn prefixes[DRAWN], paths[DRAWN];
	uint64_t counts[DRAWN] = {0}, examples[DRAWN];
	size_t count = 1 + draw(DRAWN);
	tally_prefixes p = {0};
	tally_error error;
	memset(examples, 0xFF, sizeof examples);
	for (size_t i = 0; i < count; i++) {
		prefixes[i] = draw_text(10 * i);
		ck_assert_int_eq(tally_prefixes_add(&p, text_of(prefixes[i].text), (tally_place){i, 10 * i}, &error),
				 TALLY_OK);
	}
	tally_prefixes_settle(&p);
	for (size_t i = 0; i < DRAWN; i++) {
		paths[i] = draw_text(10 * i + 5);
		tally_prefixes_swallow(&p, text_of(paths[i].text), (tally_place){i, paths[i].offset});
	}
	for (size_t i = 0; i < count + DRAWN; i++) {
		const drawn *d = i < count ? &prefixes[i] : &paths[i - count];
		size_t owner = outermost(prefixes, count, d);
		if (owner == SIZE_MAX || (i < count && strcmp(prefixes[owner].text, d->text) == 0))
			continue;
		counts[owner]++;
		if (d->offset < examples[owner])
			examples[owner] = d->offset;
	}
	tally_prefixes_conclude(&p);
	size_t k = 0;
	for (size_t i = 0; i < count; i++) {
		if (counts[i] == 0)
			continue;
		ck_assert_uint_lt(k, p.count);
		ck_assert_uint_eq(p.items[k].place.offset, prefixes[i].offset);
		ck_assert_uint_eq(p.items[k].swallowed, counts[i]);
		ck_assert_uint_eq(p.items[k].example.offset, examples[i]);
		k++;
	}
	ck_assert_uint_eq(k, p.count);
	tally_prefixes_clear(&p);
}

START_TEST(test_prefixes_as_counted_by_hand)
{
	for (uint32_t seed = 0; seed < 5000; seed++)
		compare_with_hand_count(seed);
}
END_TEST

START_TEST(test_prefixes_are_bounded_in_bytes)
{
	tally_prefixes p = {0};
	tally_error error;
	char *text = calloc(1, 1 << 20);
	ck_assert_ptr_nonnull(text);
	for (unsigned i = 0; i < 10; i++) {
		text[0] = (char)i;
		ck_assert_int_eq(tally_prefixes_add(&p, (tally_text){text, 1 << 20}, (tally_place){1, i}, &error),
				 TALLY_OK);
	}
	ck_assert_uint_eq(p.count, 8);
	ck_assert_uint_eq(p.left_out, 2);
	free(text);
	tally_prefixes_clear(&p);
}
END_TEST

/* ---- long lists ----------------------------------------------------------------------------------------------- */

#define ENTRY_SIZE 48

/* A list of `count` entries of equal size, made as it is read. */
typedef struct long_list {
	uint64_t count;
	uint64_t repeated; /* this entry is like the first one */
	uint64_t prefix;   /* this one is a prefix that takes in all others */
	size_t heap_begin, heap_most;
	uint64_t last_progress;
	bool stop_late; /* in the second reading */
} long_list;

static void write_entry(const long_list *l, uint64_t index, char out[ENTRY_SIZE + 1])
{
	char text[ENTRY_SIZE];
	if (index == 0)
		snprintf(text, sizeof text, "<BlobList>");
	else if (index > l->count)
		snprintf(text, sizeof text, "</BlobList>");
	else if (index == l->prefix)
		snprintf(text, sizeof text, PREFIX("/ccc/"));
	else
		snprintf(text, sizeof text, PATH("ccc/%07u"), (unsigned)(index == l->repeated ? 1 : index));
	snprintf(out, ENTRY_SIZE + 1, "%-*s\n", ENTRY_SIZE - 1, text);
}

static int64_t read_long(void *context, uint64_t offset, void *buffer, size_t size)
{
	const long_list *l = context;
	size_t done = 0;
	while (done < size && offset / ENTRY_SIZE <= l->count + 1) {
		char entry[ENTRY_SIZE + 1];
		write_entry(l, offset / ENTRY_SIZE, entry);
		size_t from = (size_t)(offset % ENTRY_SIZE), take = ENTRY_SIZE - from;
		if (take > size - done)
			take = size - done;
		memcpy((char *)buffer + done, entry + from, take);
		done += take;
		offset += take;
	}
	return (int64_t)done;
}

static tally_result watch(void *context, uint64_t bytes_done, tally_error *error)
{
	long_list *l = context;
	size_t heap = heap_in_use();
	if (heap > l->heap_most)
		l->heap_most = heap;
	ck_assert_uint_gt(bytes_done, l->last_progress);
	l->last_progress = bytes_done;
	if (l->stop_late && bytes_done > ENTRY_SIZE * (l->count + 2))
		return tally_fail(error, TALLY_ERROR_STOPPED, "stopped");
	return TALLY_OK;
}

static tally_result run_long(long_list *l, recorder *r, tally_error *error)
{
	recorder_begin(r);
	tally_source source = {l, read_long, NULL};
	tally_lint_run run = {
	    .source = &source, .finder = &r->finder, .kind = KIND, .progress = watch, .progress_context = l};
	l->heap_begin = heap_in_use();
	return tally_format_of(KIND)->lint(&run, error);
}

START_TEST(test_a_million_entries)
{
	long_list l = {.count = 1000000, .repeated = 999999};
	recorder r;
	tally_error error;
	ck_assert_int_eq(run_long(&l, &r, &error), TALLY_OK);
	recorder_expect(&r, "X-11", "a long list");
	ck_assert_uint_eq(r.items[0].document_offset, ENTRY_SIZE * l.repeated);
	recorder_clear(&r);
	if (l.heap_most == 0)
		printf("skipped: the heap can't be measured here\n");
	/* 16 bytes an entry, and what does not depend on their number. */
	size_t grown = l.heap_most - l.heap_begin;
	ck_assert_msg(grown < 16 * l.count + (1 << 20), "%zu bytes for %" PRIu64 " entries", grown, l.count);
}
END_TEST

START_TEST(test_more_prefixes_than_are_kept)
{
	test_text text = {0};
	text_print(&text, "<BlobList>\n");
	for (unsigned i = 0; i < TALLY_PREFIXES_MAX; i++)
		text_print(&text, PREFIX("/%05u/") "\n", i);
	size_t fits = text.size;
	text_print(&text, PATH("00007/a") "</BlobList>");
	recorder r;
	tally_error error;
	ck_assert_int_eq(list_run(&r, KIND, (tally_text){text.data, text.size}, SIZE_MAX, &error), TALLY_OK);
	recorder_expect(&r, "X-04.swallowed", "as many as are kept");
	ck_assert_uint_eq(r.items[0].line, 9);
	recorder_clear(&r);
	text.size = fits;
	text_print(&text, PREFIX("/abc/") PREFIX("/abc/d") PATH("00007/a") "</BlobList>");
	ck_assert_int_eq(list_run(&r, KIND, (tally_text){text.data, text.size}, SIZE_MAX, &error), TALLY_OK);
	recorder_expect(&r, "X-04.compared X-04.swallowed", "two more");
	ck_assert_ptr_nonnull(strstr(r.items[0].message, "first 100000 prefixes"));
	ck_assert_ptr_nonnull(strstr(r.items[0].message, "; 2 were not"));
	recorder_clear(&r);
	text_clear(&text);
}
END_TEST

/* Progress goes on through the second reading, and can end it. */
START_TEST(test_progress)
{
	long_list l = {.count = 30000, .prefix = 20000};
	uint64_t size = ENTRY_SIZE * (l.count + 2);
	recorder r;
	tally_error error;
	ck_assert_int_eq(run_long(&l, &r, &error), TALLY_OK);
	recorder_expect(&r, "X-04.swallowed", "a prefix of all");
	ck_assert_ptr_nonnull(strstr(r.items[0].message, " 29999 other entries"));
	ck_assert_uint_eq(l.last_progress, 2 * size);
	recorder_clear(&r);
	l.last_progress = 0;
	l.stop_late = true;
	ck_assert_int_eq(run_long(&l, &r, &error), TALLY_ERROR_STOPPED);
	ck_assert_uint_eq(r.count, 0);
	recorder_clear(&r);
	/* Without a prefix, or without a path, there is nothing to read twice. */
	l = (long_list){.count = 30000};
	ck_assert_int_eq(run_long(&l, &r, &error), TALLY_OK);
	ck_assert_uint_eq(l.last_progress, size);
	recorder_clear(&r);
}
END_TEST

int main(void)
{
	return suite_run("blob list limits", (const suite_test[]){{test_truncated, 0},
								  {test_memory_runs_out, 0},
								  {test_prefixes_as_counted_by_hand, 0},
								  {test_prefixes_are_bounded_in_bytes, 0},
								  {test_a_million_entries, 0},
								  {test_more_prefixes_than_are_kept, 0},
								  {test_progress, 0},
								  {NULL, 0}});
}
