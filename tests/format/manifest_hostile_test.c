/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests that mean harm: refused with one clear finding, in bounded memory, without showing a secret. */
#include "manifest_judge.h"

#include "support/faults.h"
#include "support/suite.h"

#include <stdio.h>
#include <stdlib.h>

#define MIB (1024 * (size_t)1024)

/* ---- much of something ---- */

typedef struct stream {
	tally_manifest *manifest;
	recorder found;
	uint64_t fed;
	size_t before, most;
} stream;

static void stream_open(stream *s, const tally_manifest_options *options)
{
	*s = (stream){.fed = 0};
	recorder_begin(&s->found);
	ck_assert_int_eq(tally_manifest_new(&s->manifest, options, &s->found.finder, NULL), TALLY_OK);
	s->before = s->most = heap_in_use();
}

static void stream_feed(stream *s, const char *text, size_t size)
{
	REQUIRE(tally_manifest_feed(s->manifest, text, size, NULL) == TALLY_OK, "feeding failed");
	size_t now = heap_in_use();
	s->most = now > s->most ? now : s->most;
	s->fed += size;
}

static void stream_feed_string(stream *s, const char *text)
{
	stream_feed(s, text, strlen(text));
}

static void stream_repeat(stream *s, const char *text, uint64_t size)
{
	test_text chunk = {0};
	while (chunk.size < 60000)
		text_print(&chunk, "%s", text);
	for (uint64_t end = s->fed + size; s->fed < end;)
		stream_feed(s, chunk.data, chunk.size);
	text_clear(&chunk);
}

static void stream_close(stream *s, size_t most)
{
	ck_assert_int_eq(tally_manifest_finish(s->manifest, NULL), TALLY_OK);
	ck_assert_msg(s->most - s->before <= most, "%zu bytes of memory", s->most - s->before);
	tally_manifest_free(s->manifest);
}

#define ROOT "<DriveManifest Version=\"2014-11-01\"><Drive>"
#define LIST ROOT "<DriveId>TM41X0007</DriveId><BlobList>"
#define BLOB LIST "<Blob>"
#define END "</Blob></BlobList></Drive></DriveManifest>"

static const struct {
	const char *front, *unit, *back, *rules;
	size_t size;
} much[] = {
    {"<DriveManifest Version=\"", "2014-11-01", "\"/>", "XML-03", 24 * MIB},
    {BLOB "<BlockList><Block Hash=\"", "00", "\"/>", "XML-03", 24 * MIB},
    {"", "<DriveManifest>", "", "M-03.missing M-05.element XML-03", 150000}, /* 10,000 deep */
    {BLOB "<ClientData>", "<a>", "", "M-05.element XML-03", 30000},
    {BLOB "<BlobPath>", "cargo/crate", "</BlobPath>" END, "XML-03 M-19.missing M-23.missing M-26.none M-14", 24 * MIB},
    {BLOB "<ClientData>", "more crates ", "</ClientData>" END,
     "XML-03 M-18.missing M-19.missing M-23.missing M-26.none M-14", 24 * MIB},
    {ROOT "<StorageAccountKey>", "AAAA", "</StorageAccountKey></Drive></DriveManifest>", "XML-03 M-10.missing M-16",
     24 * MIB},
    {BLOB "<Crate>", "text <a/>", "</Crate>" END, "M-05.element M-18.missing M-19.missing M-23.missing M-26.none M-14",
     24 * MIB},
    {BLOB, "text", END, "M-05.text M-18.missing M-19.missing M-23.missing M-26.none M-14", 24 * MIB},
};

#define MUCH (int)(sizeof much / sizeof much[0])

START_TEST(test_much_of_something)
{
	stream s;
	stream_open(&s, &(tally_manifest_options){.find_duplicates = true});
	stream_feed_string(&s, much[_i].front);
	stream_repeat(&s, much[_i].unit, much[_i].size);
	stream_feed_string(&s, much[_i].back);
	stream_close(&s, 8 * MIB);
	/* A text that is too long counts as none. */
	test_text expected = {0};
	text_print(&expected, "%s", much[_i].rules);
	const char *rules = recorder_rules(&s.found);
	ck_assert_msg(strncmp(rules, expected.data, expected.size) == 0, "%s: %s", much[_i].front, rules);
	text_clear(&expected);
	recorder_clear(&s.found);
}
END_TEST

/* Two hundred thousand page ranges in one blob take no memory at all; blobs take 32 bytes each, and only to find
 * duplicates. */
START_TEST(test_memory_does_not_grow)
{
	static const char range[] =
	    "<PageRange Offset=\"0\" Length=\"x\" Hash=\"0123456789ABCDEF0123456789ABCDEF\"/>\n";
	static const char blob[] =
	    "<Blob><BlobPath>cargo/a</BlobPath><FilePath>\\a</FilePath><Length>0</Length></Blob>\n";
	stream s;
	stream_open(&s, &(tally_manifest_options){.find_duplicates = true});
	s.found.finder.put = NULL;
	stream_feed_string(&s, BLOB
			   "<BlobPath>cargo/a</BlobPath><FilePath>\\a</FilePath><Length>512</Length><PageRangeList>");
	stream_repeat(&s, range, 201000 * (sizeof range - 1));
	stream_feed_string(&s, "</PageRangeList>" END);
	ck_assert_uint_ge(s.found.finder.errors, 200000);
	stream_close(&s, 1 * MIB);
	for (int find = 0; find < 2; find++) {
		stream_open(&s, &(tally_manifest_options){.find_duplicates = find == 1});
		stream_feed_string(&s, LIST);
		stream_repeat(&s, blob, 51000 * (sizeof blob - 1));
		stream_feed_string(&s, "</BlobList></Drive></DriveManifest>");
		ck_assert_uint_ge(tally_manifest_get_totals(s.manifest)->blobs, 50000);
		stream_close(&s, find == 1 ? 32 * 51000 + 1 * MIB : 1 * MIB);
		recorder_clear(&s.found);
	}
}
END_TEST

typedef struct watched {
	pieces pieces;
	size_t most;
} watched;

static int64_t read_watched(void *context, uint64_t offset, void *buffer, size_t size)
{
	watched *w = context;
	size_t now = heap_in_use();
	w->most = now > w->most ? now : w->most;
	tally_source source = pieces_source(&w->pieces);
	return source.read(source.context, offset, buffer, size);
}

/* Entries are read again to confirm duplicates; a text that was too long for a name in the first reading still is. */
START_TEST(test_memory_does_not_grow_when_entries_are_read_again)
{
	test_text blobs = {0}, name = {0};
	while (name.size < 20 * MIB)
		text_print(&name,
			   "\\crates and more crates, and barrels besides, and sacks, chests, bales and amphorae");
	for (int i = 0; i < 2; i++)
		text_print(&blobs, "<Blob><BlobPath>cargo/a</BlobPath><FilePath>%s</FilePath></Blob>", name.data);
	test_text text = manifest_of(blobs.data);
	recorder r;
	recorder_begin(&r);
	tally_manifest *m;
	watched w = {.pieces = {.text = {text.data, text.size}, .piece = PIECE_WHOLE}};
	tally_source source = {.context = &w, .read = read_watched};
	ck_assert_int_eq(tally_manifest_new(&m, &(tally_manifest_options){.find_duplicates = true}, &r.finder, NULL),
			 TALLY_OK);
	ck_assert_int_eq(tally_manifest_feed(m, text.data, text.size, NULL), TALLY_OK);
	ck_assert_int_eq(tally_manifest_finish(m, NULL), TALLY_OK);
	size_t before = heap_in_use();
	ck_assert_int_eq(tally_manifest_find_duplicates(m, &source, NULL), TALLY_OK);
	ck_assert_uint_eq(recorder_count(&r, "N-09.blob-path"), 1);
	ck_assert_msg(w.most < before + 4 * MIB, "%zu bytes of memory", w.most - before);
	tally_manifest_free(m);
	recorder_clear(&r);
	text_clear(&text);
	text_clear(&blobs);
	text_clear(&name);
}
END_TEST

/* ---- bytes that don't belong ---- */

START_TEST(test_a_wrong_byte_anywhere)
{
	static const struct {
		char byte;
		const char *rules[3];
	} wrong[] = {{'\0', {"XML-04", "XML-04", "XML-01"}},
		     {'\xFF', {"XML-04", "XML-04", "XML-04"}},
		     {'\x01', {"M-06", "XML-01", "XML-04"}}};
	test_text good = file_read(source_path("corpus/manifest/M-30.good.xml"));
	for (size_t at = 0; at < good.size; at++) {
		test_text text = {0};
		text_add(&text, good.data, good.size);
		text.data[at] = wrong[_i].byte;
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
		const char *rules = recorder_rules(&j.found);
		bool told = false;
		for (size_t i = 0; i < 3; i++)
			told = told || strstr(rules, wrong[_i].rules[i]) != NULL;
		/* Among the first two bytes a zero looks like UTF-16; in a name a control character is no character of
		 * it. */
		REQUIRE(told && !j.totals.complete, "byte %02X at %zu: %s", (unsigned char)wrong[_i].byte, at, rules);
		judgement_clear(&j);
		text_clear(&text);
	}
	text_clear(&good);
}
END_TEST

/* Damaged at random, always alike: whatever it is, it is judged, and judged the same however it arrives. */
START_TEST(test_random_damage)
{
	static const char *const names[] = {"valid/import-account-key.xml", "valid/export.xml", "valid/utf16le-bom.xml",
					    "valid/cdata-references.xml"};
	char path[128];
	snprintf(path, sizeof path, "corpus/manifest/%s", names[_i]);
	test_text good = file_read(source_path(path));
	uint32_t state = (uint32_t)_i + 1;
	for (int round = 0; round < 400; round++) {
		test_text text = {0};
		text_add(&text, good.data, good.size);
		for (int hit = 0; hit < 1 + round % 4; hit++) {
			state = state * 1664525 + 1013904223;
			size_t at = (state >> 4) % text.size;
			static const char bytes[] = "<>&\"/= 01xAz\n\\";
			if (round % 3 == 0) { /* a piece is missing */
				size_t size = (state >> 20) % 40;
				size = size < text.size - at ? size : text.size - at;
				memmove(text.data + at, text.data + at + size, text.size - at - size);
				text.size -= size;
			} else {
				text.data[at] = bytes[(state >> 24) % (sizeof bytes - 1)];
			}
		}
		judgement whole, cut;
		judge(&whole, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
		judge(&cut, text.data, text.size, round % 2 == 0 ? 1 : 13,
		      &(tally_manifest_options){.find_duplicates = true});
		REQUIRE(whole.result == TALLY_OK && cut.result == TALLY_OK, "round %d", round);
		recorder_expect_same(&whole.found, &cut.found, names[_i]);
		REQUIRE(whole.totals.complete ==
			    (recorder_count(&whole.found, "XML-01") + recorder_count(&whole.found, "XML-04") +
				 recorder_count(&whole.found, "XML-02") + recorder_count(&whole.found, "XML-03") +
				 recorder_count(&whole.found, "M-06") ==
			     0),
			"round %d: %s", round, recorder_rules(&whole.found));
		judgement_clear(&whole);
		judgement_clear(&cut);
		text_clear(&text);
	}
	text_clear(&good);
}
END_TEST

/* ---- secrets where nobody expects them ---- */

#define PASSWORD "000011-000022-000033-000044-000055-000066-000077-000088"
#define KEY "0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD=="
#define HASH "Hash=\"0123456789ABCDEF0123456789abcdef\""

/* %s becomes a secret; what XML can't hold in a name is left to the password. */
static const struct {
	const char *document;
	bool in_name;
} places[] = {
    {"<DriveManifest Version=\"%s\"/>", false},
    {ROOT "<DriveId>%s</DriveId></Drive></DriveManifest>", false},
    {ROOT "<DriveId>x %s</DriveId></Drive></DriveManifest>", false},
    {ROOT "<StorageAccountKey>x%sx</StorageAccountKey></Drive></DriveManifest>", false},
    {ROOT "<StorageAccountKey>%s %s</StorageAccountKey></Drive></DriveManifest>", false},
    {ROOT "<ContainerSas>%s</ContainerSas></Drive></DriveManifest>", false},
    {ROOT "<ContainerSas>cargo?sp=%s&amp;sig=%s</ContainerSas></Drive></DriveManifest>", false},
    {ROOT "<ContainerSas>%s?sp=rwd&amp;sig=x</ContainerSas><BlobList><Blob><BlobPath>cargo/a</BlobPath>" END, false},
    {ROOT "<Crate%s/></Drive></DriveManifest>", true},
    {ROOT
     "<Crate-and-a-name-so-long-that-it-is-cut-off-in-the-message-somewhere-in-the-middle-%s/></Drive></DriveManifest>",
     true},
    {ROOT "</Crate%s>", true},
    {ROOT "&crate%s;", true},
    {ROOT "<a b%s='1' b%s='2'>", true},
    {"<DriveManifest c%s='x'/>", true},
    {BLOB "<BlobPath>cargo/%s</BlobPath>" END, false},
    {BLOB "<BlobPath>%s</BlobPath>" END, false},
    {BLOB "<BlobPath>/Cargo/a %s</BlobPath>" END, false},
    {BLOB "<FilePath>%s</FilePath>" END, false},
    {BLOB "<FilePath>\\a\\%s?\\b</FilePath>" END, false},
    {BLOB "<FilePath>\\sig=%s</FilePath><BlobPath>cargo/sig=%s</BlobPath>" END, false},
    {BLOB "<Length>%s</Length>" END, false},
    {BLOB "<Snapshot>%s</Snapshot>" END, false},
    {BLOB "<ImportDisposition>%s</ImportDisposition>" END, false},
    {BLOB "<BlockList><Block Offset=\"%s\" Length=\"%s\" Hash=\"%s\" Id=\"%s\"/></BlockList>" END, false},
    {BLOB "<PageRangeList><PageRange Offset=\"0\" Length=\"1\" Hash=\"%s\" %s=\"\"/></PageRangeList>" END, false},
    {BLOB "<MetadataPath Hash=\"%s\">%s|</MetadataPath>" END, false},
    {BLOB "<BlobPath>cargo/%s</BlobPath><FilePath>\\%s</FilePath></Blob>"
	  "<Blob><BlobPath>cargo/%s</BlobPath><FilePath>\\%s</FilePath>" END,
     false},
};

#define HIDING_PLACES (int)(sizeof places / sizeof places[0])

START_TEST(test_no_secret_is_seen)
{
	static const char *const secrets[] = {PASSWORD, KEY};
	for (size_t i = 0; i < (places[_i].in_name ? 1 : 2); i++) {
		test_text text = {0};
		text_print(&text, "%s", places[_i].document);
		while (strstr(text.data, "%s") != NULL)
			text_replace(&text, "%s", secrets[i]);
		judgement j;
		judge(&j, text.data, text.size, PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
		ck_assert_int_eq(j.result, TALLY_OK);
		ck_assert_uint_gt(j.found.count, 0);
		char part[9] = "";
		for (size_t k = 0; k + 8 <= strlen(secrets[i]); k++) {
			memcpy(part, secrets[i] + k, 8);
			if (strstr(HASH, part) == NULL)
				recorder_expect_nowhere(&j.found, part, text.data);
			ck_assert_ptr_null(strstr(j.totals.drive_id, part));
		}
		judgement_clear(&j);
		text_clear(&text);
	}
}
END_TEST

int main(void)
{
	return suite_run("hostile manifests",
			 (const suite_test[]){{test_much_of_something, MUCH},
					      {test_memory_does_not_grow, 0},
					      {test_memory_does_not_grow_when_entries_are_read_again, 0},
					      {test_a_wrong_byte_anywhere, 3},
					      {test_random_damage, 4},
					      {test_no_secret_is_seen, HIDING_PLACES},
					      {NULL, 0}});
}
