/* SPDX-License-Identifier: Apache-2.0 */
#include "base/windows_path.h"

#include "support/tools.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static tally_text text(const char *string)
{
	return (tally_text){string, strlen(string)};
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static const struct check_case {
	const char *path;
	tally_path_fault fault;
	const char *component;
} check_cases[] = {
    {"\\DriveManifest.xml", TALLY_PATH_OK, ""},
    {"DriveManifest.xml", TALLY_PATH_OK, ""},
    {"/DriveManifest.xml", TALLY_PATH_OK, ""},
    {"\\pictures\\bob\\wild\\desert.jpg", TALLY_PATH_OK, ""},
    {"\\pictures/bob\\wild/desert.jpg", TALLY_PATH_OK, ""},
    /* Names that were exported without complaint (N-08). */
    {"\\sc%3Aifi\\sc#Aifi", TALLY_PATH_OK, ""},
    {"\\@GMT-2001.03.30-14.44.00", TALLY_PATH_OK, ""},
    {"\\.......txt\\test..txt", TALLY_PATH_OK, ""},
    {"\\ leading blank\\.hidden", TALLY_PATH_OK, ""},
    {"\\\x7F\\\xC2\x85", TALLY_PATH_OK, ""},
    {"\\caf\xC3\xA9\\\xF0\x9F\x93\xB7.jpg", TALLY_PATH_OK, ""},
    {"\\a\\C:", TALLY_PATH_CHARACTER, "C:"},

    {"", TALLY_PATH_EMPTY, ""},
    {"\\", TALLY_PATH_EMPTY, "\\"},
    {"\\a\\\\b", TALLY_PATH_EMPTY_COMPONENT, ""},
    {"\\a\\", TALLY_PATH_EMPTY_COMPONENT, ""},
    {"a/", TALLY_PATH_EMPTY_COMPONENT, ""},
    {"\\\\", TALLY_PATH_EMPTY_COMPONENT, ""},
    {"\\\\DriveManifest.xml", TALLY_PATH_EMPTY_COMPONENT, ""},
    {"\\\\a\\", TALLY_PATH_EMPTY_COMPONENT, ""},

    {"C:\\pictures", TALLY_PATH_DRIVE_LETTER, "C:"},
    {"\\c:\\pictures", TALLY_PATH_DRIVE_LETTER, "c:"},
    {"z:", TALLY_PATH_DRIVE_LETTER, "z:"},
    {"\\z:", TALLY_PATH_DRIVE_LETTER, "z:"},
    {"C:name", TALLY_PATH_DRIVE_LETTER, "C:"},
    {"\\a:stream", TALLY_PATH_CHARACTER, "a:stream"},
    {"\\1:\\a", TALLY_PATH_CHARACTER, "1:"},

    {"\\\\?\\C:\\a", TALLY_PATH_DEVICE_PREFIX, "\\\\?\\C:\\a"},
    {"\\\\?", TALLY_PATH_DEVICE_PREFIX, "\\\\?"},
    {"\\\\.\\PhysicalDrive0", TALLY_PATH_DEVICE_PREFIX, "\\\\.\\PhysicalDrive0"},
    {"\\\\server\\share\\a", TALLY_PATH_DEVICE_PREFIX, "\\\\server\\share\\a"},
    {"//server/share", TALLY_PATH_DEVICE_PREFIX, "//server/share"},
    {"\\??\\C:\\a", TALLY_PATH_CHARACTER, "??"},

    {"\\..", TALLY_PATH_DOT_COMPONENT, ".."},
    {"..\\a", TALLY_PATH_DOT_COMPONENT, ".."},
    {"\\a\\..\\..\\etc\\passwd", TALLY_PATH_DOT_COMPONENT, ".."},
    {"\\a\\.\\b", TALLY_PATH_DOT_COMPONENT, "."},
    {"\\a\\...", TALLY_PATH_TRAILING, "..."},

    {"\\a\\CON", TALLY_PATH_RESERVED_DEVICE, "CON"},
    {"\\con.txt\\b", TALLY_PATH_RESERVED_DEVICE, "con.txt"},
    {"\\nul.tar.gz", TALLY_PATH_RESERVED_DEVICE, "nul.tar.gz"},
    {"\\Prn", TALLY_PATH_RESERVED_DEVICE, "Prn"},
    {"\\aux .txt", TALLY_PATH_RESERVED_DEVICE, "aux .txt"},
    {"\\com1", TALLY_PATH_RESERVED_DEVICE, "com1"},
    {"\\LPT9.dat", TALLY_PATH_RESERVED_DEVICE, "LPT9.dat"},
    {"\\COM\xC2\xB9", TALLY_PATH_RESERVED_DEVICE, "COM\xC2\xB9"},
    {"\\lpt\xC2\xB3.x", TALLY_PATH_RESERVED_DEVICE, "lpt\xC2\xB3.x"},
    {"\\CONIN$", TALLY_PATH_RESERVED_DEVICE, "CONIN$"},
    {"\\conout$", TALLY_PATH_RESERVED_DEVICE, "conout$"},
    {"\\console\\conx\\COM0\\COM10\\lpt\\AUXILIARY\\nul1\\CONIN$.txt\\COM\xC2\xB4", TALLY_PATH_OK, ""},

    {"\\a.", TALLY_PATH_TRAILING, "a."},
    {"\\a \\b", TALLY_PATH_TRAILING, "a "},
    {"\\ ", TALLY_PATH_TRAILING, " "},

    {"\\a\xFF", TALLY_PATH_ENCODING, "a\xFF"},
    {"\\\xED\xA0\x80", TALLY_PATH_ENCODING, "\xED\xA0\x80"},
    {"\\\xC0\xAE\xC0\xAE\\etc", TALLY_PATH_ENCODING, "\xC0\xAE\xC0\xAE"},
};

START_TEST(judges_paths)
{
	const struct check_case *c = &check_cases[_i];
	tally_path_problem problem;
	ck_assert_msg(tally_windows_path_check(text(c->path), &problem) == c->fault, "%s: %s", c->path,
		      tally_path_fault_text(problem.fault));
	ck_assert_int_eq(problem.fault, c->fault);
	ck_assert_msg(tally_text_equal_string(problem.component, c->component), "%s: %.*s", c->path,
		      (int)problem.component.size, problem.component.data);
	ck_assert_int_eq(tally_windows_path_check(text(c->path), NULL), c->fault);
}
END_TEST

START_TEST(refuses_just_the_characters_that_windows_refuses)
{
	for (int c = 0; c < 0x80; c++) {
		char path[] = {'\\', 'a', 'a', (char)c, 'b'};
		bool refused = c < 0x20 || strchr("<>:\"|?*", c) != NULL;
		tally_path_fault fault = tally_windows_path_check((tally_text){path, sizeof path}, NULL);
		ck_assert_msg(fault == (refused ? TALLY_PATH_CHARACTER : TALLY_PATH_OK), "0x%02X", (unsigned)c);
	}
}
END_TEST

static tally_path_fault check_repeated(const char *unit, size_t count)
{
	size_t size = strlen(unit);
	char *path = malloc(size * count + 1);
	ck_assert_ptr_nonnull(path);
	for (size_t i = 0; i < count; i++)
		memcpy(path + i * size, unit, size);
	tally_path_fault fault = tally_windows_path_check((tally_text){path, size * count}, NULL);
	free(path);
	return fault;
}

START_TEST(counts_utf16_units)
{
	ck_assert_int_eq(check_repeated("x", 255), TALLY_PATH_OK);
	ck_assert_int_eq(check_repeated("x", 256), TALLY_PATH_COMPONENT_TOO_LONG);
	ck_assert_int_eq(check_repeated("\xE2\x82\xAC", 255), TALLY_PATH_OK);
	ck_assert_int_eq(check_repeated("\xE2\x82\xAC", 256), TALLY_PATH_COMPONENT_TOO_LONG);
	ck_assert_int_eq(check_repeated("\xF0\x9F\x93\xB7", 127), TALLY_PATH_OK);
	ck_assert_int_eq(check_repeated("\xF0\x9F\x93\xB7", 128), TALLY_PATH_COMPONENT_TOO_LONG);
	/* 16,384 times `\a` has 32,767 units behind its first separator. */
	ck_assert_int_eq(check_repeated("\\a", 16384), TALLY_PATH_OK);
	ck_assert_int_eq(check_repeated("\\a", 16385), TALLY_PATH_TOO_LONG);
	ck_assert(tally_path_fault_is_length(TALLY_PATH_TOO_LONG));
	ck_assert(tally_path_fault_is_length(TALLY_PATH_COMPONENT_TOO_LONG));
	for (tally_path_fault fault = TALLY_PATH_OK; fault < TALLY_PATH_COMPONENT_TOO_LONG; fault++)
		ck_assert(!tally_path_fault_is_length(fault));
}
END_TEST

START_TEST(takes_components_off)
{
	tally_text rest = TALLY_TEXT("\\a/bc\\\\d\\"), component;
	ck_assert(tally_windows_path_next(&rest, &component) && tally_text_equal_string(component, "a"));
	ck_assert(tally_windows_path_next(&rest, &component) && tally_text_equal_string(component, "bc"));
	ck_assert(tally_windows_path_next(&rest, &component) && tally_text_equal_string(component, "d"));
	ck_assert(!tally_windows_path_next(&rest, &component));
	rest = (tally_text){NULL, 0};
	ck_assert(!tally_windows_path_next(&rest, &component));
}
END_TEST

/* ---- upper case -------------------------------------------------------------------------------------------------- */

/*
 * FNV-1a of the 131,072 bytes of $UpCase, computed from the file itself as icat gave it out of a volume that Windows 10
 * formatted. mkntfs writes the same 131,072 bytes.
 */
#define UPCASE_FNV1A UINT64_C(0x48ed4531e9399927)

START_TEST(has_the_table_of_windows)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (uint32_t c = 0; c < 0x10000; c++) {
		uint32_t upper = tally_ntfs_upcase(c);
		hash = (hash ^ (upper & 0xFF)) * UINT64_C(0x100000001b3);
		hash = (hash ^ upper >> 8) * UINT64_C(0x100000001b3);
	}
	ck_assert_uint_eq(hash, UPCASE_FNV1A);
}
END_TEST

/* What the hash can't say when it differs. */
START_TEST(maps_letters)
{
	static const uint32_t pairs[][2] = {
	    {'a', 'A'},
	    {'z', 'Z'},
	    {'{', '{'},
	    {'`', '`'},
	    {0xE9, 0xC9},
	    {0xF7, 0xF7},
	    {0xFF, 0x178},
	    {0x101, 0x100},
	    {0x100, 0x100},
	    {0x3B1, 0x391},
	    {0x3C3, 0x3A3},
	    {0x44F, 0x42F},
	    {0x450, 0x400},
	    {0x1E01, 0x1E00},
	    {0x1F70, 0x1FBA},
	    {0x2170, 0x2160},
	    {0x24D0, 0x24B6},
	    {0x2C65, 0x23A},
	    {0xFF41, 0xFF21},
	    /* Where Unicode says otherwise. */
	    {0xB5, 0xB5},
	    {0xDF, 0xDF},
	    {0x131, 0x131},
	    {0x17F, 0x17F},
	    {0x1C5, 0x1C5},
	    {0x1C6, 0x1C4},
	    {0x3C2, 0x3C2},
	    {0x10D0, 0x10D0},
	    {0x1E9B, 0x1E9B},
	    {0xA661, 0xA661},
	    {0xAB70, 0xAB70},
	    /* Beyond the BMP nothing has a case. */
	    {0x10428, 0x10428},
	    {0x10FFFF, 0x10FFFF},
	    {0xD800, 0xD800},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		ck_assert_uint_eq(tally_ntfs_upcase(pairs[i][0]), pairs[i][1]);
}
END_TEST

/* ---- the table again, from a disk image of Windows ------------------------------------------------------------------
 */

static uint64_t little(const uint8_t *p, unsigned bytes)
{
	uint64_t value = 0;
	while (bytes-- > 0)
		value = value << 8 | p[bytes];
	return value;
}

static void skip(FILE *image, uint64_t size)
{
	static uint8_t unwanted[1 << 20];
	while (size > 0) {
		size_t part = size < sizeof unwanted ? (size_t)size : sizeof unwanted;
		ck_assert_uint_eq(fread(unwanted, 1, part, image), part);
		size -= part;
	}
}

/*
 * MFT record 10 of the volume that starts at `volume`. The image comes through a pipe, so this is good only for one
 * like it, with $UpCase in one run near the volume's start and $MFT behind it; asserts what it relies on.
 */
static const uint8_t *read_upcase(FILE *image, size_t volume)
{
	static uint8_t start[1 << 20];
	uint8_t record[1024];
	ck_assert_uint_eq(fread(start, 1, sizeof start, image), sizeof start);
	const uint8_t *boot = start + volume;
	uint64_t cluster = little(boot + 11, 2) * boot[13];
	skip(image, volume + little(boot + 48, 8) * cluster + 10 * sizeof record - sizeof start);
	ck_assert_uint_eq(fread(record, 1, sizeof record, image), sizeof record);
	ck_assert_mem_eq(record, "FILE", 4);
	const uint8_t *fixups = record + little(record + 4, 2);
	memcpy(record + 510, fixups + 2, 2);
	memcpy(record + 1022, fixups + 4, 2);
	const uint8_t *attribute = record + little(record + 20, 2);
	while (little(attribute, 4) != 0x80)
		attribute += little(attribute + 4, 4);
	ck_assert_int_eq(attribute[8], 1); /* not resident */
	ck_assert_uint_eq(little(attribute + 48, 8), 131072);
	const uint8_t *run = attribute + little(attribute + 32, 2);
	unsigned length_bytes = run[0] & 15, place_bytes = run[0] >> 4;
	ck_assert_uint_eq(little(run + 1, length_bytes) * cluster, 131072);
	uint64_t place = volume + little(run + 1 + length_bytes, place_bytes) * cluster;
	ck_assert_uint_le(place, sizeof start - 131072);
	return start + place;
}

START_TEST(agrees_with_a_volume_of_windows)
{
	const char *packed = shared_path("images/ntfs-win10-lznt1-mbr.raw.zst");
	char command[8192];
	if (packed == NULL || !tools_have("zstd"))
		return;
	snprintf(command, sizeof command, "zstd -dcq '%s'", packed);
	FILE *image = popen(command, "r");
	ck_assert_ptr_nonnull(image);
	const uint8_t *table = read_upcase(image, 65536);
	for (uint32_t c = 0; c < 0x10000; c++)
		ck_assert_msg(tally_ntfs_upcase(c) == little(table + 2 * (size_t)c, 2), "U+%04X", c);
	pclose(image);
}
END_TEST

/* ---- folding ----------------------------------------------------------------------------------------------------- */

typedef struct folded {
	char data[8192];
	size_t size;
} folded;

static void put(void *context, const char *data, size_t size)
{
	folded *f = context;
	ck_assert_uint_gt(size, 0);
	ck_assert_uint_le(size, sizeof f->data - f->size);
	memcpy(f->data + f->size, data, size);
	f->size += size;
}

static folded fold(tally_text path)
{
	folded f = {.size = 0};
	tally_ntfs_fold(path, put, &f);
	return f;
}

START_TEST(folds_paths)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"\\", ""},
	    {"//\\\\", ""},
	    {"a", "A"},
	    {"\\a\\b", "A\\B"},
	    {"a/b", "A\\B"},
	    {"\\\\\\a\\\\//b\\/", "A\\B"},
	    {"\\abcdefg\\hijklmn\\opqrstu\\vwxyz", "ABCDEFG\\HIJKLMN\\OPQRSTU\\VWXYZ"},
	    {"\\abcdefgh\\\\ijklmnop", "ABCDEFGH\\IJKLMNOP"},
	    {"\\abcdefg\\\\ijklmnop", "ABCDEFG\\IJKLMNOP"},
	    {"\\@[`{~\x7F 0189 az AZ", "@[`{~\x7F 0189 AZ AZ"},
	    {"\\Caf\xC3\xA9\\pi\xC3\xB1"
	     "ata",
	     "CAF\xC3\x89\\PI\xC3\x91"
	     "ATA"},
	    {"\\stra\xC3\x9F"
	     "e",
	     "STRA\xC3\x9F"
	     "E"},
	    {"\\\xE2\xB1\xA5", "\xC8\xBA"},
	    {"\\\xF0\x90\x90\xA8\xF0\x9F\x93\xB7", "\xF0\x90\x90\xA8\xF0\x9F\x93\xB7"},
	    {"\\a\xFF\xC3z\xE9", "A\xFF\xC3Z\xE9"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		folded f = fold(text(cases[i][0]));
		ck_assert_msg(tally_text_equal_string((tally_text){f.data, f.size}, cases[i][1]), "%s: %.*s",
			      cases[i][0], (int)f.size, f.data);
	}
}
END_TEST

/* The plain way to do it, to hold the fast one against. */
static folded fold_plainly(tally_text path)
{
	folded f = {.size = 0};
	tally_text component;
	while (tally_windows_path_next(&path, &component)) {
		if (f.size > 0)
			f.data[f.size++] = '\\';
		while (component.size > 0) {
			char byte = component.data[0];
			uint32_t c = tally_utf8_next(&component);
			if (c == TALLY_NOT_A_CODE_POINT)
				f.data[f.size++] = byte;
			else
				f.size += tally_utf8_put(tally_ntfs_upcase(c), f.data + f.size);
		}
	}
	return f;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Separators, letters of one to four bytes and stray bytes in all positions, across the borders of pieces. */
static size_t random_path(uint64_t *state, char *path, size_t limit)
{
	static const char *const parts[] = {
	    "\\",   "/",   "a", "Z", "q7", "abcdefghijklm", "\xC3\xA9", "\xC3\x89", "\xE2\xB1\xA5", "\xF0\x9F\x93\xB7",
	    "\xFF", "\xC3"};
	size_t wanted = next_random(state) % limit, size = 0;
	unsigned variety = 3 + (unsigned)(next_random(state) % 10);
	while (size < wanted) {
		const char *part = parts[next_random(state) % (variety < 12 ? variety : 12)];
		memcpy(path + size, part, strlen(part));
		size += strlen(part);
	}
	return size;
}

START_TEST(folds_as_the_plain_way_does)
{
	uint64_t state = UINT64_C(0x9E3779B97F4A7C15);
	for (int i = 0; i < 20000; i++) {
		char path[1600];
		size_t size = random_path(&state, path, 1500);
		folded quick = fold((tally_text){path, size}), plain = fold_plainly((tally_text){path, size});
		ck_assert_uint_eq(quick.size, plain.size);
		ck_assert_mem_eq(quick.data, plain.data, plain.size);
	}
}
END_TEST

START_TEST(compares_names)
{
	ck_assert(tally_ntfs_equal(TALLY_TEXT("Readme.TXT"), TALLY_TEXT("rEADME.txt")));
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("readme"), TALLY_TEXT("readme.")));
	ck_assert(tally_ntfs_equal(TALLY_TEXT("\xC3\xA9\xE2\xB1\xA5"), TALLY_TEXT("\xC3\x89\xC8\xBA")));
	/* NTFS doesn't compose: e and an accent aren't é. */
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("e\xCC\x81"), TALLY_TEXT("\xC3\xA9")));
	/* Nor has it the Kelvin sign's or the long s's equality with k and s, of Unicode's full folding. */
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("\xE2\x84\xAA"), TALLY_TEXT("k")));
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("\xC5\xBF"), TALLY_TEXT("s")));
	ck_assert(tally_ntfs_equal(TALLY_TEXT("A\xFF"), TALLY_TEXT("a\xFF")));
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("\xFF"), TALLY_TEXT("\xFE")));
	/* The byte FF isn't U+00FF, nor what that maps to. */
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("\xFF"), TALLY_TEXT("\xC3\xBF")));
	ck_assert(!tally_ntfs_equal(TALLY_TEXT("\xE9"), TALLY_TEXT("\xC3\x89")));
	ck_assert(tally_ntfs_equal((tally_text){NULL, 0}, TALLY_TEXT("")));
}
END_TEST

START_TEST(orders_names_as_their_folded_forms)
{
	uint64_t state = 42;
	unsigned equal = 0;
	for (int i = 0; i < 20000; i++) {
		char a[64], b[64];
		tally_text first = {a, random_path(&state, a, 6)}, second = {b, random_path(&state, b, 6)};
		if (memchr(a, '/', first.size) != NULL || memchr(b, '/', second.size) != NULL ||
		    memchr(a, '\\', first.size) != NULL || memchr(b, '\\', second.size) != NULL)
			continue;
		folded x = fold(first), y = fold(second);
		bool same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
		equal += same;
		int order = tally_ntfs_compare(first, second);
		ck_assert_int_eq(order == 0, same);
		ck_assert_int_eq(tally_ntfs_compare(second, first), -order);
	}
	ck_assert_uint_gt(equal, 100);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base/windows_path");
	TCase *tests = tcase_create("windows_path");
	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, judges_paths, 0, (int)(sizeof check_cases / sizeof check_cases[0]));
	tcase_add_test(tests, refuses_just_the_characters_that_windows_refuses);
	tcase_add_test(tests, counts_utf16_units);
	tcase_add_test(tests, takes_components_off);
	tcase_add_test(tests, has_the_table_of_windows);
	tcase_add_test(tests, maps_letters);
	tcase_add_test(tests, agrees_with_a_volume_of_windows);
	tcase_add_test(tests, folds_paths);
	tcase_add_test(tests, folds_as_the_plain_way_does);
	tcase_add_test(tests, compares_names);
	tcase_add_test(tests, orders_names_as_their_folded_forms);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
