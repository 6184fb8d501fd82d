/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad media under what is read as a whole: the manifest, metadata and properties files. Whichever read fails or gives
 * something else, once or always: it is told whether that is flaky or bad, and everything else is checked.
 */
#include "drive/drive.h"
#include "maker/image_maker.h"
#include "support/suite.h"
#include "verify/pack.h"
#include "verify/read_faults.h"
#include "verify/stage.h"
#include "verify/transcript.h"
#include "verify/whole.h"

#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define LONG_SIDE 150000

static stage s;
static char image[192], key_file[192], packed[192];
static char long_side[LONG_SIDE + 1], spaced[LONG_SIDE + 1];
static transcript found;

/* ---- drives ---- */

static const char list_metadata[] = "<Metadata><Source>list</Source></Metadata>";
static const char list_properties[] = "<Properties><Content-Type>image/jpeg</Content-Type></Properties>";
static const char own_properties[] = "<Properties><Cache-Control>private</Cache-Control></Properties>";
/* It is read twice: to be judged, and to be told. */
static const char wrong_metadata[] = "<Metadata><a-b>x</a-b><Source>disk</Source></Metadata>";

/* The manifest is too large to stay in memory, and so is one side file. */
static void make(const char *metadata)
{
	/* White space may stand there: what is long needs not say much. */
	memset(long_side, '\n', LONG_SIDE);
	memcpy(long_side, "<Metadata>", 10);
	memcpy(long_side + LONG_SIDE - 11, "</Metadata>", 11);
	memset(spaced, '\n', LONG_SIDE);
	memcpy(spaced, "</Blob>", 7);
	stage_open(&s);
	snprintf(image, sizeof image, "%s/image", s.root);
	snprintf(key_file, sizeof key_file, "%s/key", s.root);
	snprintf(packed, sizeof packed, "%s/packed", s.root);
	maker *m = stage_begin(&s);
	maker_list_files(m, list_metadata, list_properties);
	maker_add(m, &(maker_blob){.blob_path = "data/a.bin",
				   .size = 10000,
				   .segment_size = 4096,
				   .metadata = metadata,
				   .properties = own_properties});
	maker_add(m, &(maker_blob){.blob_path = "data/b.bin", .size = 100, .metadata = long_side});
	maker_add(m, &(maker_blob){.blob_path = "data/c.bin", .size = 100});
	maker_end(m);
	maker_edit(m, "</Blob>", spaced);
	maker_seal(m);
}

/* The same drive as it is shipped. */
static void make_image(void)
{
	uint8_t external_key[32], bek[256];
	uint64_t size;
	for (size_t i = 0; i < sizeof external_key; i++)
		external_key[i] = (uint8_t)(i * 7);
	const bitlocker_options lock = {.external_key = external_key, .seed = 3};
	FILE *file = fopen(key_file, "wb");
	size_t key_size = bitlocker_write_bek(&lock, bek);
	ck_assert(file != NULL && fwrite(bek, 1, key_size, file) == key_size && fclose(file) == 0);
	char volume[200];
	snprintf(volume, sizeof volume, "%s.volume", image);
	image_make_volume(s.drive, volume, NULL, &size);
	image_lock_volume(volume, size, &lock);
	image_make_disk(volume, NULL, image);
	s.options.key_file = key_file;
	s.options.drive = image;
}

static uint64_t size_of(const char *path)
{
	struct stat facts;
	ck_assert_int_eq(stat(stage_place(&s, path), &facts), 0);
	return (uint64_t)facts.st_size;
}

static void check(void)
{
	transcript_take(&found, &s.options);
	ck_assert_msg(found.result == TALLY_OK, "%s", found.error.message);
}

static void expect_text(const char *text)
{
	ck_assert_msg(strstr(found.whole, text) != NULL, "no \"%s\" in\n%s", text, found.whole);
}

static void expect_no_text(const char *text)
{
	ck_assert_msg(strstr(found.whole, text) == NULL, "\"%s\" in\n%s", text, found.whole);
}

/* ---- the n-th read of one file, which is known by its size ---- */

static uint64_t target;
static atomic_uint reads;
static unsigned nth;
static int64_t answer;

static int64_t at_nth(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return file->size == target && atomic_fetch_add(&reads, 1) + 1 == nth ? answer : 0;
}

static void flip_at_nth(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size)
{
	(void)offset;
	if (file->size == target && atomic_fetch_add(&reads, 1) + 1 == nth)
		bytes[size / 2] ^= 0x04;
}

typedef struct fault_kind {
	int64_t answer; /* 0: a bit flips */
	bool is_nothing;
} fault_kind;

static const fault_kind kinds[] = {{-EIO, false}, {0, false}, {1000, true}};

static const struct {
	tally_io_mode io;
	unsigned jobs;
} ways[] = {{TALLY_IO_READ, 1}, {TALLY_IO_READ, 8}, {TALLY_IO_DIRECT, 1}, {TALLY_IO_DIRECT, 8}};

/* Of a directory all of them, of an image the first and the last. */
#define WAYS_WITH_IMAGES (COUNT(ways) + 2)
static void choose_way(size_t i)
{
	size_t way = i < COUNT(ways) ? i : (i - COUNT(ways)) * (COUNT(ways) - 1);
	s.options.io = ways[way].io;
	s.options.jobs = ways[way].jobs;
	if (i >= COUNT(ways))
		make_image();
}

/* What a check says when one read went wrong. */
typedef struct expectation {
	const char *status, *findings, *counts;
} expectation;

/* Until there is no n-th read any more. Returns how many there were. */
static unsigned for_every_read(const fault_kind *kind, const expectation *good, const expectation *bad)
{
	answer = kind->answer;
	tally_read_fault = answer != 0 ? at_nth : NULL;
	tally_read_damage = answer == 0 ? flip_at_nth : NULL;
	for (nth = 1;; nth++) {
		atomic_store(&reads, 0);
		check();
		bool met = atomic_load(&reads) >= nth && !kind->is_nothing;
		const expectation *e = met ? bad : good;
		ck_assert_str_eq(found.findings, e->findings);
		ck_assert_str_eq(found.counts, e->counts);
		ck_assert_str_eq(found.drive_status->code, e->status);
		if (met)
			expect_text("; flaky: a second reading, past the page cache, gave the right bytes");
		if (met)
			expect_text(" range=");
		bool was_last = atomic_load(&reads) < nth;
		transcript_clear(&found);
		if (was_last)
			break;
	}
	tally_read_fault = NULL;
	tally_read_damage = NULL;
	return nth - 1;
}

#define SEGMENTS "segment: Completed 5"
#define ALL_GOOD "blob: Completed 3; " SEGMENTS "; metadata: Completed 3; properties: Completed 3"

START_TEST(a_manifest_that_is_read_wrong_once_is_flaky)
{
	static const expectation good = {"Completed", "", ALL_GOOD};
	static const expectation bad[] = {
	    {"ReadManifestFailed", "V-03 error drive ReadManifestFailed\n", ALL_GOOD},
	    {"ManifestCorrupted", "M-54 error drive ManifestCorrupted\n", ALL_GOOD},
	    {"", "", ""},
	};
	make(list_metadata);
	target = size_of("DriveManifest.xml");
	ck_assert_uint_gt(target, TALLY_SOURCE_CHUNK);
	choose_way((size_t)_i);
	for (size_t k = 0; k < COUNT(kinds); k++)
		/* For its hash, for its form, for its blobs. */
		ck_assert_uint_ge(for_every_read(&kinds[k], &good, &bad[k]), 6);
	stage_close(&s);
}
END_TEST

static const struct side {
	const char *path;
	bool is_properties;
	const char *counts[2]; /* when it can't be read, when it is wrong */
} sides[] = {
    {"data/a.bin.metadata",
     false,
     {"blob: Completed 2, CompletedWithErrors 1; " SEGMENTS
      "; metadata: Completed 2, IOFailed 1; properties: Completed 3",
      "blob: Completed 2, CompletedWithErrors 1; " SEGMENTS
      "; metadata: Completed 2, Corrupted 1; properties: Completed 3"}},
    {"data/b.bin.metadata",
     false,
     {"blob: Completed 2, CompletedWithErrors 1; " SEGMENTS
      "; metadata: Completed 2, IOFailed 1; properties: Completed 3",
      "blob: Completed 2, CompletedWithErrors 1; " SEGMENTS
      "; metadata: Completed 2, Corrupted 1; properties: Completed 3"}},
    {"data/a.bin.properties",
     true,
     {"blob: Completed 2, CompletedWithErrors 1; " SEGMENTS
      "; metadata: Completed 3; properties: Completed 2, IOFailed 1",
      "blob: Completed 2, CompletedWithErrors 1; " SEGMENTS
      "; metadata: Completed 3; properties: Completed 2, Corrupted 1"}},
    /* Of the list: two blobs go by it. */
    {"list.properties.xml",
     true,
     {"blob: Completed 1, CompletedWithErrors 2; " SEGMENTS
      "; metadata: Completed 3; properties: Completed 1, IOFailed 2",
      "blob: Completed 1, CompletedWithErrors 2; " SEGMENTS
      "; metadata: Completed 3; properties: Completed 1, Corrupted 2"}},
};

static const char *side_finding(const struct side *side, bool wrong)
{
	if (side->is_properties)
		return wrong ? "V-32 error properties Corrupted\n" : "V-33 error properties IOFailed\n";
	return wrong ? "V-32 error metadata Corrupted\n" : "V-33 error metadata IOFailed\n";
}

START_TEST(a_side_file_that_is_read_wrong_once_is_flaky)
{
	static const expectation good = {"Completed", "", ALL_GOOD};
	make("<Metadata><Source>disk, not list</Source></Metadata>");
	choose_way((size_t)_i);
	for (size_t i = 0; i < COUNT(sides); i++) {
		target = size_of(sides[i].path);
		for (size_t k = 0; k < COUNT(kinds); k++) {
			bool wrong = kinds[k].answer == 0;
			const expectation bad = {"CompletedWithErrors", side_finding(&sides[i], wrong),
						 sides[i].counts[wrong]};
			/* The long one comes in pieces, twice. */
			ck_assert_uint_ge(for_every_read(&kinds[k], &good, &bad), target == LONG_SIDE ? 6 : 1);
		}
	}
	stage_close(&s);
}
END_TEST

/* The calling thread reads it once more, to tell what is wrong. */
START_TEST(what_is_wrong_with_a_flaky_side_file_is_told_too)
{
	make(wrong_metadata);
	s.options.io = ways[_i].io;
	s.options.jobs = ways[_i].jobs;
	check();
	char *findings = strdup(found.findings), *counts = strdup(found.counts);
	char with_fault[2][256];
	ck_assert_uint_gt(strlen(findings), 0);
	transcript_clear(&found);
	target = strlen(wrong_metadata);
	const expectation good = {"CompletedWithErrors", findings, counts};
	for (unsigned k = 0; k < 2; k++) {
		snprintf(with_fault[k], sizeof with_fault[k], "%s%s", findings, side_finding(&sides[0], k == 1));
		const expectation bad = {"CompletedWithErrors", with_fault[k], sides[0].counts[k]};
		ck_assert_uint_eq(for_every_read(&kinds[k], &good, &bad), 2);
	}
	free(findings);
	free(counts);
	stage_close(&s);
}
END_TEST

/* ---- what stays ---- */

static void flip_differently(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size)
{
	if (file->size == target && offset <= 70000 && offset + size > 70000)
		bytes[70000 - offset] ^= (uint8_t)(1 + atomic_fetch_add(&reads, 1) % 7);
}

/* Its readings agree, or they don't. */
START_TEST(a_wrong_manifest_is_bad)
{
	make(list_metadata);
	s.options.io = ways[_i].io;
	s.options.jobs = ways[_i].jobs;
	stage_append(&s, "DriveManifest.xml", "\n");
	target = size_of("DriveManifest.xml");
	check();
	ck_assert_str_eq(found.findings, "M-54 error drive ManifestCorrupted\n");
	ck_assert_str_eq(found.counts, ALL_GOOD);
	expect_text("written for; bad: a second reading, past the page cache, gave the same wrong bytes\n");
	transcript_clear(&found);
	atomic_store(&reads, 0);
	tally_read_damage = flip_differently;
	check();
	tally_read_damage = NULL;
	ck_assert_str_eq(found.drive_status->code, "ReadManifestFailed");
	expect_text("M-54/ error drive ManifestCorrupted");
	expect_text("written for: bytes 69632 to 73727 of the file; bad: a second reading, past the page cache, gave "
		    "other wrong bytes\n");
	/* And the reading that it was judged by can't be had again. */
	expect_text("V-03/ error drive ReadManifestFailed");
	expect_text("the manifest is not what it was when it was read first");
	transcript_clear(&found);
	stage_close(&s);
}
END_TEST

START_TEST(a_wrong_side_file_is_bad)
{
	make(list_metadata);
	s.options.io = ways[_i].io;
	s.options.jobs = ways[_i].jobs;
	stage_flip(&s, "data/b.bin.metadata", 70000);
	check();
	ck_assert_str_eq(found.findings, "V-32 error metadata Corrupted\n");
	ck_assert_str_eq(found.counts, sides[1].counts[1]);
	expect_text("describes; bad: a second reading, past the page cache, gave the same wrong bytes\n");
	transcript_clear(&found);
	target = LONG_SIDE;
	atomic_store(&reads, 0);
	tally_read_damage = flip_differently;
	check();
	tally_read_damage = NULL;
	ck_assert_str_eq(found.findings, "V-32 error metadata Corrupted\n");
	expect_text(
	    "describes: bytes 69632 to 73727 of the file; bad: a second reading, past the page cache, gave other "
	    "wrong bytes\n");
	transcript_clear(&found);
	stage_close(&s);
}
END_TEST

/* Sectors that no reading gives. */
static const struct {
	uint64_t from, to;
} sectors[] = {{0, 512}, {512, 1024}, {65536, 65536 + 4096}, {69632 + 1536, 80000}, {98304, UINT64_MAX}};

static void expect_range(uint64_t from, uint64_t to)
{
	char text[128];
	snprintf(text, sizeof text, " range=%" PRIu64 "+%" PRIu64 " ", from, to - from);
	expect_text(text);
	snprintf(text, sizeof text,
		 ": bytes %" PRIu64 " to %" PRIu64 " of the file; bad: a second reading, past the page cache, failed\n",
		 from, to - 1);
	expect_text(text);
}

/* A whole sector fails when a byte of it does. */
static uint64_t end_of(uint64_t to, uint64_t size)
{
	to = (to < size ? to : size) + 511;
	to &= ~UINT64_C(511);
	return to < size ? to : size;
}

START_TEST(an_unreadable_manifest_is_told_exactly)
{
	make(list_metadata);
	s.options.io = ways[_i].io;
	s.options.jobs = ways[_i].jobs;
	uint64_t size = size_of("DriveManifest.xml");
	for (size_t i = 0; i < COUNT(sectors); i++) {
		read_faults_fail(stage_place(&s, "DriveManifest.xml"), sectors[i].from, sectors[i].to, EIO);
		check();
		ck_assert_str_eq(found.findings, "V-03 error drive ReadManifestFailed\n");
		ck_assert_str_eq(found.drive_status->code, "ReadManifestFailed");
		expect_text("the manifest can't be read: Input/output error: bytes");
		expect_range(sectors[i].from, end_of(sectors[i].to, size));
		/* As far as the bytes go, blobs are known and checked. */
		expect_text(i < 2 ? "blobs 0/0 " : "blobs 1/1 ");
		transcript_clear(&found);
	}
	read_faults_clear();
	stage_close(&s);
}
END_TEST

START_TEST(an_unreadable_side_file_is_told_exactly)
{
	make(list_metadata);
	s.options.io = ways[_i].io;
	s.options.jobs = ways[_i].jobs;
	for (size_t i = 0; i < COUNT(sectors); i++) {
		read_faults_fail(stage_place(&s, "data/b.bin.metadata"), sectors[i].from, sectors[i].to, EIO);
		check();
		ck_assert_str_eq(found.findings, "V-33 error metadata IOFailed\n");
		ck_assert_str_eq(found.counts, sides[1].counts[0]);
		expect_text("actual=reading: Input/output error message=the metadata file can't be read: bytes");
		expect_range(sectors[i].from, end_of(sectors[i].to, LONG_SIDE));
		transcript_clear(&found);
	}
	read_faults_clear();
	stage_close(&s);
}
END_TEST

static int64_t after_first(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return file->size == target && atomic_fetch_add(&reads, 1) > 0 ? -EIO : 0;
}

/* It was read once, and is wrong; where it can't be read a second time is worth knowing. */
START_TEST(what_is_wrong_and_then_fails_is_bad)
{
	make(list_metadata);
	stage_flip(&s, "list.properties.xml", 20);
	target = size_of("list.properties.xml");
	atomic_store(&reads, 0);
	tally_read_fault = after_first;
	check();
	tally_read_fault = NULL;
	ck_assert_str_eq(found.findings, "V-32 error properties Corrupted\n");
	ck_assert_str_eq(found.counts, sides[3].counts[1]);
	expect_range(0, target);
	transcript_clear(&found);
	stage_close(&s);
}
END_TEST

/* ---- what nobody knows the hash of ---- */

START_TEST(without_a_hash_a_second_reading_proves_less)
{
	make(list_metadata);
	s.options.journal = NULL;
	target = size_of("DriveManifest.xml");
	nth = 1;
	answer = -EIO;
	atomic_store(&reads, 0);
	tally_read_fault = at_nth;
	check();
	tally_read_fault = NULL;
	ck_assert_str_eq(found.findings, "V-03 error drive ReadManifestFailed\n");
	ck_assert_str_eq(found.counts, ALL_GOOD);
	expect_text("of the file; flaky: a second reading, past the page cache, gave all bytes\n");
	transcript_clear(&found);
	stage_close(&s);
}
END_TEST

/* Whose drive it is, only its manifest tells. */
START_TEST(a_journal_of_several_drives_knows_the_hash)
{
	char hash[33];
	make(list_metadata);
	maker_hash_file(stage_place(&s, "DriveManifest.xml"), hash);
	maker_write_journal(
	    s.journal,
	    (const maker_record[]){
		{"OTHER1", maker_bitlocker_key, "\\DriveManifest.xml", "0123456789ABCDEF0123456789ABCDEF"},
		{"9WM35C2V", maker_bitlocker_key, "\\DriveManifest.xml", hash},
	    },
	    2);
	target = size_of("DriveManifest.xml");
	static const expectation good = {"Completed", "", ALL_GOOD};
	static const expectation bad = {"ManifestCorrupted", "M-54 error drive ManifestCorrupted\n", ALL_GOOD};
	ck_assert_uint_ge(for_every_read(&kinds[1], &good, &bad), 6);
	stage_close(&s);
}
END_TEST

/* ---- a job, which reads manifests before it checks drives ---- */

static FILE *told;
static bool wrong_hash;

static void on_job_finding(void *context, const tally_finding *f)
{
	(void)context;
	wrong_hash |= strncmp(f->rule->id, "W-06", 4) == 0;
	fprintf(told, "%s %s\n", f->rule->id, f->message);
}

static void on_drive_finding(void *context, size_t subject, const tally_finding *f)
{
	(void)context, (void)subject;
	fprintf(told, "%s %s\n", f->rule->id, f->message);
}

/* What it tells of the manifest, of all that it reads. To be freed. */
static char *run_job(bool papers_only)
{
	char *text;
	size_t size;
	tally_error error;
	tally_job_summary summary;
	const char *const subjects[] = {s.journal, s.drive};
	const tally_job_options options = {.subjects = subjects,
					   .subject_count = 2,
					   .papers_only = papers_only,
					   .io = s.options.io,
					   .jobs = s.options.jobs};
	const tally_job_sink sink = {.finding = on_job_finding, .drive_finding = on_drive_finding};
	told = open_memstream(&text, &size);
	wrong_hash = false;
	ck_assert_int_eq(tally_job(&options, &sink, &summary, &error), TALLY_OK);
	ck_assert_int_eq(fclose(told), 0);
	ck_assert_msg(summary.exit_status == (text[0] != '\0'), "%d: %s", summary.exit_status, text);
	tally_job_summary_clear(&summary);
	return text;
}

/* Of papers only, it is told here; of a drive that is checked, only what its check meets itself. */
START_TEST(a_job_takes_no_flaky_manifest_for_another)
{
	static const char *const rules[] = {"V-03 ", "M-54 "};
	make(list_metadata);
	s.options.io = ways[_i].io;
	s.options.jobs = ways[_i].jobs;
	target = size_of("DriveManifest.xml");
	for (unsigned k = 0; k < 4; k++) {
		bool papers_only = k >= 2, met = true;
		answer = kinds[k % 2].answer;
		tally_read_fault = answer != 0 ? at_nth : NULL;
		tally_read_damage = answer == 0 ? flip_at_nth : NULL;
		unsigned flaky = 0;
		for (nth = 1; met; nth++) {
			atomic_store(&reads, 0);
			char *text = run_job(papers_only);
			met = atomic_load(&reads) >= nth;
			ck_assert_msg(!wrong_hash, "%s", text);
			ck_assert_msg(text[0] == '\0' ||
					  (strncmp(text, rules[k % 2], 5) == 0 && strstr(text, "; flaky: ")),
				      "%s", text);
			flaky += text[0] != '\0';
			free(text);
		}
		ck_assert_uint_ge(flaky, 3);
	}
	tally_read_fault = NULL;
	tally_read_damage = NULL;
	stage_append(&s, "DriveManifest.xml", "\n");
	char *text = run_job(true);
	ck_assert(wrong_hash);
	free(text);
	stage_close(&s);
}
END_TEST

/* ---- what is neither flaky nor bad ---- */

static void append_blank(void *context)
{
	(void)context;
	stage_append(&s, "DriveManifest.xml", "\n");
	stage_append(&s, "list.metadata.xml", "\n");
}

/* It changes after its first reading has begun: no second one could say what the first one was. */
START_TEST(a_file_that_is_written_to_is_not_read_again)
{
	make(list_metadata);
	stage_flip(&s, "DriveManifest.xml", 30);
	read_faults_meanwhile(stage_place(&s, "DriveManifest.xml"), append_blank, NULL);
	check();
	ck_assert_int_eq(read_faults_met() > 0, 1);
	read_faults_clear();
	expect_text("M-54/ error drive ManifestCorrupted");
	expect_text("written for\n");
	expect_no_text("; flaky: ");
	transcript_clear(&found);
	stage_close(&s);
}
END_TEST

/* What is read is the archive's copy: it says nothing of the medium. */
START_TEST(an_archive_has_no_second_reading)
{
	make(list_metadata);
	stage_append(&s, "DriveManifest.xml", "\n");
	stage_flip(&s, "data/b.bin.metadata", 70000);
	pack *p = pack_begin(packed, "pax", NULL, NULL);
	ck_assert_ptr_nonnull(p);
	pack_folder(p, s.drive, "", false);
	pack_end(p);
	s.options.drive = packed;
	check();
	ck_assert_str_eq(found.findings, "M-54 error drive ManifestCorrupted\nV-32 error metadata Corrupted\n");
	ck_assert_str_eq(found.counts, sides[1].counts[1]);
	expect_no_text("second reading,");
	expect_text("whether wrong bytes are wrong at a second reading");
	transcript_clear(&found);
	stage_close(&s);
}
END_TEST

/* ---- how they are read ---- */

static atomic_uint seen, unaligned;

static int64_t look_at_place(const tally_file *file, uint64_t offset, size_t size)
{
	(void)file;
	atomic_fetch_add(&seen, 1);
	if (offset % TALLY_MEDIUM_ALIGNMENT != 0 || size % TALLY_MEDIUM_ALIGNMENT != 0)
		atomic_fetch_add(&unaligned, 1);
	return 0;
}

/* Only the medium is asked for nothing but whole sectors. */
START_TEST(direct_is_past_the_cache_for_all_files)
{
	make(wrong_metadata);
	tally_read_fault = look_at_place;
	for (size_t i = 0; i < COUNT(ways); i++) {
		atomic_store(&seen, 0);
		atomic_store(&unaligned, 0);
		s.options.io = ways[i].io;
		s.options.jobs = ways[i].jobs;
		check();
		ck_assert_uint_gt(atomic_load(&seen), 10);
		ck_assert_msg((atomic_load(&unaligned) == 0) == (ways[i].io == TALLY_IO_DIRECT), "way %zu: %u of %u", i,
			      atomic_load(&unaligned), atomic_load(&seen));
		transcript_clear(&found);
	}
	tally_read_fault = NULL;
	stage_close(&s);
}
END_TEST

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool is_never(void *context, const uint8_t md5[16])
{
	(void)context, (void)md5;
	return false;
}

/* Every byte of every reading is paid for, whoever reads next. */
START_TEST(the_rate_holds_for_all_readings)
{
	enum { SIZE = 60000 };
	tally_drive *drive;
	tally_file file;
	tally_error error;
	tally_reading reading;
	tally_whole *whole;
	tally_whole_outcome outcome;
	make(list_metadata);
	stage_resize(&s, "data/b.bin.metadata", SIZE);
	ck_assert_int_eq(tally_drive_open_directory(s.drive, &drive, &error), TALLY_OK);
	ck_assert_int_eq(tally_drive_find(drive, (tally_text){"\\data\\b.bin.metadata", 20}, &file, NULL),
			 TALLY_FIND_OK);
	tally_reading_init(&reading, drive,
			   &(tally_reading_options){.jobs = 1,
						    .io = _i == 0 ? TALLY_IO_READ : TALLY_IO_DIRECT,
						    .max_rate = (uint64_t)SIZE * 20});
	ck_assert_int_eq(tally_whole_new(&whole, &reading, &error), TALLY_OK);
	uint64_t start = now_ns();
	ck_assert_int_eq(
	    tally_whole_take(whole, &(tally_whole_subject){.file = &file, .is_right = is_never}, &outcome, &error),
	    TALLY_OK);
	ck_assert(outcome.complete && !outcome.right);
	ck_assert_int_eq(outcome.fault.second, TALLY_SECOND_SAME);
	/* A twentieth of a second each; what is made up for at most is as much. */
	ck_assert_uint_ge(reading.rate.free_at, start - 50000000 + 2 * 50000000);
	tally_whole_free(whole);
	tally_whole_free(NULL);
	tally_reading_destroy(&reading);
	tally_file_close(&file);
	tally_drive_close(drive);
	stage_close(&s);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {a_manifest_that_is_read_wrong_once_is_flaky, WAYS_WITH_IMAGES},
	    {a_side_file_that_is_read_wrong_once_is_flaky, WAYS_WITH_IMAGES},
	    {what_is_wrong_with_a_flaky_side_file_is_told_too, COUNT(ways)},
	    {a_wrong_manifest_is_bad, COUNT(ways)},
	    {a_wrong_side_file_is_bad, COUNT(ways)},
	    {an_unreadable_manifest_is_told_exactly, COUNT(ways)},
	    {an_unreadable_side_file_is_told_exactly, COUNT(ways)},
	    {what_is_wrong_and_then_fails_is_bad, 0},
	    {without_a_hash_a_second_reading_proves_less, 0},
	    {a_journal_of_several_drives_knows_the_hash, 0},
	    {a_job_takes_no_flaky_manifest_for_another, COUNT(ways)},
	    {a_file_that_is_written_to_is_not_read_again, 0},
	    {an_archive_has_no_second_reading, 0},
	    {direct_is_past_the_cache_for_all_files, 0},
	    {the_rate_holds_for_all_readings, 2},
	    {NULL, 0},
	};
	return suite_run("whole faults", tests);
}
