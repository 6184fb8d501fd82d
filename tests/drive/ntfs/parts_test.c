/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no volume: boot sectors, records, run lists, names. */
#include "drive/ntfs/boot.h"
#include "drive/ntfs/names.h"
#include "drive/ntfs/record.h"
#include "drive/ntfs/runs.h"
#include "fixture.h"
#include "maker/ntfs_writer.h"

#include <string.h>

/* ---- boot sector ---- */

static void make_boot(uint8_t sector[512])
{
	memset(sector, 0, 512);
	memcpy(sector + 3, "NTFS    ", 8);
	put(sector + 11, 512, 2);
	sector[13] = 8;
	put(sector + 40, 204799, 8);
	put(sector + 48, 8533, 8);
	put(sector + 56, 2, 8);
	sector[64] = 0xF6;
	sector[68] = 1;
	put(sector + 72, 0x68844E71844E41B4, 8);
	put(sector + 510, 0xAA55, 2);
}

START_TEST(boot_sector_gives_sizes)
{
	static const struct {
		unsigned sector, sectors, record;
		uint32_t cluster_size, record_size;
	} cases[] = {
	    {512, 1, 2, 512, 1024},          {512, 8, 0xF6, 4096, 1024},        {512, 128, 0xF6, 65536, 1024},
	    {512, 0xF8, 0xF6, 131072, 1024}, {512, 0xF4, 0xF6, 2097152, 1024},  {4096, 1, 1, 4096, 4096},
	    {4096, 1, 0xF4, 4096, 4096},     {4096, 0xF7, 0xF6, 2097152, 1024}, {1024, 4, 0xF7, 4096, 512},
	    {512, 128, 0xF0, 65536, 65536},  {512, 2, 1, 1024, 1024},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t sector[512];
		tally_ntfs_geometry g;
		const char *what;
		make_boot(sector);
		put(sector + 11, cases[i].sector, 2);
		sector[13] = (uint8_t)cases[i].sectors;
		sector[64] = (uint8_t)cases[i].record;
		put(sector + 48, 3, 8);
		put(sector + 40, UINT64_C(1) << 30, 8);
		ck_assert_int_eq(tally_ntfs_boot_parse(sector, &g, &what), TALLY_NTFS_BOOT_OK);
		ck_assert_ptr_null(what);
		ck_assert_uint_eq(g.cluster_size, cases[i].cluster_size);
		ck_assert_uint_eq(g.record_size, cases[i].record_size);
		ck_assert_uint_eq(g.sector_size, cases[i].sector);
		ck_assert_uint_eq(g.clusters, (UINT64_C(1) << 30) / (cases[i].cluster_size / cases[i].sector));
		ck_assert_uint_eq(g.serial, 0x68844E71844E41B4);
	}
}
END_TEST

START_TEST(boot_sector_is_refused)
{
	static const struct {
		unsigned at, bytes;
		uint64_t value;
		const char *what;
	} cases[] = {
	    {510, 2, 0x55AA, "no signature at its end"},
	    {11, 2, 0, "an impossible sector size"},
	    {11, 2, 256, "an impossible sector size"},
	    {11, 2, 8192, "an impossible sector size"},
	    {11, 2, 513, "an impossible sector size"},
	    {13, 1, 0, "an impossible cluster size"},
	    {13, 1, 3, "an impossible cluster size"},
	    {13, 1, 0x81, "an impossible cluster size"},
	    {13, 1, 0xF3, "an impossible cluster size"},
	    {64, 1, 0, "an impossible size of $MFT's records"},
	    {64, 1, 3, "an impossible size of $MFT's records"},
	    {64, 1, 0x80, "an impossible size of $MFT's records"},
	    {64, 1, 0xF8, "an impossible size of $MFT's records"},
	    {64, 1, 0xEF, "an impossible size of $MFT's records"},
	    {64, 1, 0x7F, "an impossible size of $MFT's records"},
	    {40, 8, 0, "an impossible size of the volume"},
	    {40, 8, 7, "an impossible size of the volume"},
	    {40, 8, UINT64_MAX, "an impossible size of the volume"},
	    {48, 8, 0, "$MFT outside the volume"},
	    {48, 8, 25599, "$MFT outside the volume"},
	    {56, 8, UINT64_MAX, "$MFT outside the volume"},
	};
	uint8_t sector[512];
	tally_ntfs_geometry g;
	const char *what;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		make_boot(sector);
		put(sector + cases[i].at, cases[i].value, cases[i].bytes);
		ck_assert_int_eq(tally_ntfs_boot_parse(sector, &g, &what), TALLY_NTFS_BOOT_DAMAGED);
		ck_assert_str_eq(what, cases[i].what);
	}
	make_boot(sector);
	memcpy(sector + 3, "-FVE-FS-", 8);
	ck_assert_int_eq(tally_ntfs_boot_parse(sector, &g, &what), TALLY_NTFS_BOOT_OTHER);
}
END_TEST

/* ---- records ---- */

/* A record with one resident attribute of 8 bytes. */
static void make_record(uint8_t bytes[1024])
{
	memset(bytes, 0, 1024);
	memcpy(bytes, "FILE", 4);
	put(bytes + 4, 48, 2);
	put(bytes + 6, 3, 2);
	put(bytes + 16, 9, 2);
	put(bytes + 20, 56, 2);
	put(bytes + 22, 1, 2);
	put(bytes + 24, 56 + 32 + 8, 4);
	put(bytes + 56, 0x80, 4);
	put(bytes + 60, 32, 4);
	put(bytes + 56 + 16, 8, 4);
	put(bytes + 56 + 20, 24, 2);
	memcpy(bytes + 56 + 24, "content!", 8);
	put(bytes + 88, UINT32_MAX, 4);
	ntfs_seal(bytes, 1024);
}

START_TEST(record_opens)
{
	uint8_t bytes[1024];
	tally_ntfs_record record;
	tally_ntfs_attribute attribute;
	make_record(bytes);
	ck_assert_int_eq(tally_ntfs_record_open(bytes, 1024, &record), TALLY_NTFS_RECORD_OK);
	ck_assert_uint_eq(record.sequence, 9);
	ck_assert(record.in_use && !record.is_directory);
	ck_assert(tally_ntfs_attribute_find(&record, TALLY_NTFS_DATA, "", &attribute));
	ck_assert_uint_eq(attribute.value_size, 8);
	ck_assert_mem_eq(attribute.value, "content!", 8);
	ck_assert(!tally_ntfs_attribute_find(&record, TALLY_NTFS_DATA, "name", &attribute));
	memset(bytes, 0, sizeof bytes);
	ck_assert_int_eq(tally_ntfs_record_open(bytes, 1024, &record), TALLY_NTFS_RECORD_EMPTY);
}
END_TEST

START_TEST(record_head_is_checked)
{
	static const struct {
		unsigned at, bytes;
		uint64_t value;
		tally_ntfs_record_state state;
	} cases[] = {
	    {0, 4, 0x44414142, TALLY_NTFS_RECORD_DAMAGED}, /* BAAD */
	    {0, 1, 'f', TALLY_NTFS_RECORD_DAMAGED},         {4, 2, 0, TALLY_NTFS_RECORD_DAMAGED},
	    {4, 2, 49, TALLY_NTFS_RECORD_DAMAGED},          {4, 2, 506, TALLY_NTFS_RECORD_DAMAGED},
	    {4, 2, 65534, TALLY_NTFS_RECORD_DAMAGED},       {6, 2, 0, TALLY_NTFS_RECORD_DAMAGED},
	    {6, 2, 1, TALLY_NTFS_RECORD_DAMAGED},           {6, 2, 4, TALLY_NTFS_RECORD_DAMAGED},
	    {6, 2, 9, TALLY_NTFS_RECORD_DAMAGED},           {6, 2, 65535, TALLY_NTFS_RECORD_DAMAGED},
	    {20, 2, 0, TALLY_NTFS_RECORD_DAMAGED},          {20, 2, 57, TALLY_NTFS_RECORD_DAMAGED},
	    {20, 2, 1024, TALLY_NTFS_RECORD_DAMAGED},       {24, 4, 1025, TALLY_NTFS_RECORD_DAMAGED},
	    {24, 4, UINT32_MAX, TALLY_NTFS_RECORD_DAMAGED}, {48, 2, 0x9999, TALLY_NTFS_RECORD_TORN},
	    {510, 2, 0x9999, TALLY_NTFS_RECORD_TORN},       {1022, 2, 0x9999, TALLY_NTFS_RECORD_TORN},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t bytes[1024];
		tally_ntfs_record record;
		make_record(bytes);
		put(bytes + cases[i].at, cases[i].value, cases[i].bytes);
		/* No sector at all is of this writing: nothing of the record is. */
		tally_ntfs_record_state expected =
		    cases[i].at == 48 || cases[i].at == 510 ? TALLY_NTFS_RECORD_DAMAGED : cases[i].state;
		ck_assert_int_eq(tally_ntfs_record_open(bytes, 1024, &record), expected);
	}
}
END_TEST

START_TEST(torn_record_gives_its_sound_part)
{
	uint8_t bytes[1024];
	tally_ntfs_record record;
	tally_ntfs_attribute attribute;
	make_record(bytes);
	bytes[1023] ^= 1;
	put(bytes + 24, 1000, 4);
	ck_assert_int_eq(tally_ntfs_record_open(bytes, 1024, &record), TALLY_NTFS_RECORD_TORN);
	ck_assert_uint_eq(record.size, 512);
	ck_assert(tally_ntfs_attribute_find(&record, TALLY_NTFS_DATA, "", &attribute));
	/* Its first attribute is where nothing is sound. */
	make_record(bytes);
	bytes[1023] ^= 1;
	put(bytes + 20, 600, 2);
	put(bytes + 24, 1000, 4);
	ck_assert_int_eq(tally_ntfs_record_open(bytes, 1024, &record), TALLY_NTFS_RECORD_TORN);
	ck_assert(!tally_ntfs_attribute_find(&record, TALLY_NTFS_DATA, "", &attribute));
}
END_TEST

START_TEST(attribute_is_checked)
{
	static const struct {
		unsigned at, bytes; /* within the attribute */
		uint64_t value;
	} cases[] = {
	    {4, 4, 0},  {4, 4, 8},           {4, 4, 25},  {4, 4, 48},     {4, 4, UINT32_MAX}, {9, 1, 255},
	    {16, 4, 9}, {16, 4, UINT32_MAX}, {20, 2, 25}, {20, 2, 65535}, {8, 1, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t bytes[1024];
		tally_ntfs_record record;
		tally_ntfs_attribute attribute;
		make_record(bytes);
		put(bytes + 56 + cases[i].at, cases[i].value, cases[i].bytes);
		ck_assert_int_eq(tally_ntfs_record_open(bytes, 1024, &record), TALLY_NTFS_RECORD_OK);
		tally_ntfs_attributes iteration = {.record = &record};
		ck_assert_msg(!tally_ntfs_attribute_next(&iteration, &attribute), "case %zu", i);
		ck_assert(iteration.broken);
		ck_assert(!tally_ntfs_attribute_next(&iteration, &attribute));
	}
}
END_TEST

START_TEST(names_of_odd_lengths_are_refused)
{
	uint8_t value[80] = {[64] = 7, [65] = 1};
	tally_ntfs_attribute attribute = {
	    .type = TALLY_NTFS_FILE_NAME, .resident = true, .value = value, .value_size = 80};
	tally_ntfs_file_name name;
	ck_assert(tally_ntfs_file_name_parse(&attribute, &name));
	ck_assert_uint_eq(name.units, 7);
	attribute.value_size = 79;
	ck_assert(!tally_ntfs_file_name_parse(&attribute, &name));
	attribute.value_size = 65;
	ck_assert(!tally_ntfs_file_name_parse(&attribute, &name));
	attribute.value_size = 80;
	value[64] = 8;
	ck_assert(!tally_ntfs_file_name_parse(&attribute, &name));
	value[64] = 0;
	ck_assert(!tally_ntfs_file_name_parse(&attribute, &name));
	value[64] = 7;
	value[65] = 4;
	ck_assert(!tally_ntfs_file_name_parse(&attribute, &name));
	value[65] = 1;
	attribute.resident = false;
	ck_assert(!tally_ntfs_file_name_parse(&attribute, &name));
}
END_TEST

/* ---- run lists ---- */

static const tally_ntfs_run_limits limits = {.clusters = 1000, .vcns = UINT64_C(1) << 51};

START_TEST(runs_are_decoded)
{
	static const uint8_t pairs[] = {0x11, 10,   100,  0x01, 5, 0x11, 3, 0xF6, 0x21,
					2,    0x2C, 0x01, 0x11, 1, 2,    0, 0x99};
	tally_ntfs_runs runs = {0};
	ck_assert_int_eq(tally_ntfs_runs_add(&runs, pairs, sizeof pairs, 20, &limits), TALLY_NTFS_RUNS_OK);
	/* 100…109, a hole of 5, 90…92, and 390…391 with 392, which goes on from there. */
	static const tally_ntfs_run expected[] = {{0, 100, 10}, {10, TALLY_NTFS_HOLE, 5}, {15, 90, 3}, {18, 390, 3}};
	ck_assert_uint_eq(runs.count, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(runs.items[i].vcn, expected[i].vcn);
		ck_assert_uint_eq(runs.items[i].lcn, expected[i].lcn);
		ck_assert_uint_eq(runs.items[i].count, expected[i].count);
	}
	for (uint64_t vcn = 0; vcn < 21; vcn++) {
		const tally_ntfs_run *run = tally_ntfs_runs_at(&runs, vcn);
		ck_assert(run != NULL && run->vcn <= vcn && vcn < run->vcn + run->count);
	}
	ck_assert_ptr_null(tally_ntfs_runs_at(&runs, 21));
	tally_ntfs_runs_clear(&runs);
	ck_assert_ptr_null(tally_ntfs_runs_at(&runs, 0));
	/* An empty stream ends at -1. */
	ck_assert_int_eq(tally_ntfs_runs_add(&runs, (const uint8_t[]){0}, 1, UINT64_MAX, &limits), TALLY_NTFS_RUNS_OK);
	ck_assert_uint_eq(runs.count, 0);
}
END_TEST

START_TEST(runs_are_checked)
{
	static const struct {
		uint8_t pairs[20];
		uint32_t size;
		uint64_t last;
	} cases[] = {
	    {{0x11, 10, 100, 0}, 4, 10},                        /* fewer than said */
	    {{0x11, 10, 100, 0}, 4, 8},                         /* more */
	    {{0x11, 10, 0x80, 0}, 4, 9},                        /* in front of the volume */
	    {{0x11, 10, 100, 0x11, 1, 0x80, 0}, 7, 10},         /* back to in front of it */
	    {{0x21, 10, 0xDF, 0x03, 0}, 5, 9},                  /* 991…1000 */
	    {{0x21, 1, 0xE8, 0x03, 0}, 5, 0},                   /* 1000 */
	    {{0x10, 100, 0}, 3, 0},                             /* no length */
	    {{0x11, 0, 100, 0}, 4, UINT64_MAX},                 /* an empty run */
	    {{0x11, 0x80, 100, 0}, 4, 127},                     /* a negative one */
	    {{0x19, 1, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0}, 12, 0}, /* nine bytes of length */
	    {{0x91, 1, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 12, 0}, /* nine of place */
	    {{0x11, 10}, 2, 9},                                 /* cut off */
	    {{0x11}, 1, 9},
	    {{0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0}, 10, INT64_MAX - 1}, /* a huge hole */
	    {{0x81, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0}, 11, 0},
	    {{0x18, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 100, 0}, 11, INT64_MAX - 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		tally_ntfs_runs runs = {0};
		ck_assert_msg(tally_ntfs_runs_add(&runs, cases[i].pairs, cases[i].size, cases[i].last, &limits) ==
				  TALLY_NTFS_RUNS_DAMAGED,
			      "case %zu", i);
		tally_ntfs_runs_clear(&runs);
	}
}
END_TEST

/* ---- names ---- */

START_TEST(names_become_text_and_back)
{
	static const struct {
		const char *text;
		unsigned units;
		uint16_t utf16[4];
		bool back; /* it can come from a manifest */
	} cases[] = {
	    {"a", 1, {'a'}, true},
	    {"\xC3\xA9", 1, {0xE9}, true},
	    {"\xE2\x82\xAC", 1, {0x20AC}, true},
	    {"\xF0\x9F\x93\xB7", 2, {0xD83D, 0xDCF7}, true},
	    {"\xED\xA0\xBD", 1, {0xD83D}, false},
	    {"\xED\xB3\xB7\xED\xA0\xBD", 2, {0xDCF7, 0xD83D}, false},
	    {"\xED\xA0\xBD\x61", 2, {0xD83D, 'a'}, false},
	    {"a\xC0\x80z", 3, {'a', 0, 'z'}, false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t letters[8];
		char text[TALLY_NTFS_NAME_BYTES + 1];
		uint16_t units[TALLY_NTFS_NAME_UNITS];
		for (unsigned j = 0; j < 4; j++)
			put(letters + 2 * j, cases[i].utf16[j], 2);
		tally_ntfs_name name = {.units = (uint8_t)cases[i].units, .is_wide = true, .letters = letters};
		ck_assert_uint_eq(tally_ntfs_name_write(&name, text), strlen(cases[i].text));
		ck_assert_str_eq(text, cases[i].text);
		unsigned got = tally_ntfs_name_read(cases[i].text, strlen(cases[i].text), units);
		ck_assert_uint_eq(got, cases[i].back ? cases[i].units : 0);
		for (unsigned j = 0; j < got; j++)
			ck_assert_uint_eq(units[j], cases[i].utf16[j]);
	}
	char longest[3 * 256];
	uint16_t units[TALLY_NTFS_NAME_UNITS];
	memset(longest, 'x', sizeof longest);
	ck_assert_uint_eq(tally_ntfs_name_read(longest, 255, units), 255);
	ck_assert_uint_eq(tally_ntfs_name_read(longest, 256, units), 0);
	ck_assert_uint_eq(tally_ntfs_name_read(longest, 0, units), 0);
}
END_TEST

START_TEST(names_sort_as_their_bytes)
{
	/* U+FF5E is before U+1F4F7 in UTF-8 and after it in UTF-16; a lone surrogate before both. */
	static const uint8_t tilde[] = {0x5E, 0xFF}, camera[] = {0x3D, 0xD8, 0xF7, 0xDC}, lone[] = {0x3D, 0xD8};
	tally_ntfs_name names[] = {
	    {.units = 1, .letters = (const uint8_t *)"a"},    {.units = 2, .letters = (const uint8_t *)"aa"},
	    {.units = 1, .letters = (const uint8_t *)"\xE9"}, {.units = 1, .is_wide = true, .letters = lone},
	    {.units = 1, .is_wide = true, .letters = tilde},  {.units = 2, .is_wide = true, .letters = camera}};
	for (size_t i = 0; i < 6; i++)
		for (size_t j = 0; j < 6; j++) {
			int order = tally_ntfs_name_compare_bytes(&names[i], &names[j]);
			ck_assert_int_eq((order > 0) - (order < 0), (i > j) - (i < j));
		}
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {boot_sector_gives_sizes, 0},
	    {boot_sector_is_refused, 0},
	    {record_opens, 0},
	    {record_head_is_checked, 0},
	    {torn_record_gives_its_sound_part, 0},
	    {attribute_is_checked, 0},
	    {names_of_odd_lengths_are_refused, 0},
	    {runs_are_decoded, 0},
	    {runs_are_checked, 0},
	    {names_become_text_and_back, 0},
	    {names_sort_as_their_bytes, 0},
	    {NULL, 0},
	};
	return suite_run("ntfs_parts", tests);
}
