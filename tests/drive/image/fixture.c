/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "drive/tree.h"
#include "maker/disk_file.h"
#include "maker/maker.h"
#include "support/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

tally_disk *disk;
tally_disk_problem problem;
tally_partitions partitions;

const char *at(const char *name)
{
	static char places[8][4200];
	static unsigned next;
	char *place = places[next++ % 8];
	snprintf(place, sizeof places[0], "%s", tree_place(name));
	return place;
}

const char *make_raw(const char *name, uint64_t size, uint64_t seed)
{
	const char *path = at(name);
	int fd = disk_file_create(path);
	uint64_t state = seed * 2 + 1, offset = 0;
	uint8_t noise[70000];
	for (size_t i = 0; i < sizeof noise; i++)
		noise[i] = (uint8_t)maker_random(&state);
	while (offset < size) {
		uint64_t stretch = maker_random(&state) % sizeof noise + 1;
		if (stretch > size - offset)
			stretch = size - offset;
		disk_file_put(fd, offset, noise + sizeof noise - stretch, (size_t)stretch);
		offset += stretch;
		/* Now and then a hole for whole blocks. */
		uint64_t kind = maker_random(&state) % 4;
		offset += maker_random(&state) % (kind == 0 ? 3 * MIB : kind == 1 ? 100 * KIB : 5000);
	}
	disk_file_end(fd, size);
	return path;
}

void open_disk(const char *path, tally_disk_kind kind)
{
	tally_error error = {0};
	tally_disk_close(disk);
	ck_assert_msg(tally_disk_open(path, &disk, &problem, &error) == TALLY_OK, "%s: %s", path, error.message);
	ck_assert_msg(disk != NULL, "%s: %s", path, problem.text);
	ck_assert_int_eq(problem.fault, TALLY_DISK_FAULT_NONE);
	ck_assert_str_eq(tally_disk_kind_name(disk->kind), tally_disk_kind_name(kind));
}

void expect_problem(const char *path, tally_disk_fault fault, const char *text)
{
	tally_error error = {0};
	tally_disk_close(disk);
	ck_assert_msg(tally_disk_open(path, &disk, &problem, &error) == TALLY_OK, "%s: %s", path, error.message);
	ck_assert_msg(disk == NULL, "%s was opened, but \"%s\" was expected", path, text);
	ck_assert_msg(problem.fault == fault && strstr(problem.text, text) != NULL,
		      "%s: fault %d: \"%s\", expected %d, \"%s\"", path, (int)problem.fault, problem.text, (int)fault,
		      text);
	ck_assert_uint_lt(strlen(problem.text), sizeof problem.text - 1);
}

void expect_note(const tally_notes *notes, const char *text)
{
	for (unsigned i = 0; i < notes->count; i++)
		if (strstr(notes->text[i], text) != NULL)
			return;
	ck_abort_msg("no note says \"%s\"; there are %u, the first is \"%s\"", text, notes->count,
		     notes->count > 0 ? notes->text[0] : "");
}

static void compare(tally_layer *layer, int fd, uint64_t offset, size_t size)
{
	static uint8_t got[1 << 20], expected[1 << 20];
	REQUIRE(tally_layer_read_all(layer, offset, got, size) == 0, "%zu bytes at %llu can't be read", size,
		(unsigned long long)offset);
	disk_file_get(fd, offset, expected, size);
	for (size_t i = 0; i < size && memcmp(got, expected, size) != 0; i++)
		REQUIRE(got[i] == expected[i], "byte %llu differs (read %zu from %llu)",
			(unsigned long long)(offset + i), size, (unsigned long long)offset);
}

#define IN_ORDER_MAX (80 * MIB) /* larger disks are nearly empty */

void expect_content(tally_layer *layer, const char *raw)
{
	int fd = disk_file_open(raw);
	uint64_t state = 0x7A11E;
	uint8_t byte;
	ck_assert_uint_eq(layer->size, disk_size(raw));
	for (int n = 0; n < 1500; n++) {
		size_t size = (size_t)(maker_random(&state) % 70000) + 1;
		uint64_t offset = maker_random(&state) % layer->size;
		if (size > layer->size - offset)
			size = (size_t)(layer->size - offset);
		compare(layer, fd, offset, size);
	}
	for (uint64_t offset = 0; offset < layer->size && offset < IN_ORDER_MAX; offset += MIB)
		compare(layer, fd, offset, layer->size - offset < MIB ? (size_t)(layer->size - offset) : (size_t)MIB);
	ck_assert_int_eq(tally_layer_read(layer, layer->size, &byte, 1, TALLY_LAYER_CACHED), 0);
	ck_assert_int_eq(tally_layer_read_all(layer, layer->size - 1, &(uint8_t[2]){0}, 2), -ENODATA);
	close(fd);
}

uint64_t expect_located(tally_layer *layer, const char *raw)
{
	static uint8_t there[65536], expected[65536];
	uint64_t located = 0;
	int fd = disk_file_open(raw);
	for (uint64_t offset = 0; offset < layer->size;) {
		tally_layer_place place;
		uint64_t step = 65536 - offset % 65536;
		if (tally_layer_locate(layer, offset, &place)) {
			ck_assert_uint_gt(place.length, 0);
			ck_assert_uint_le(place.length, layer->size - offset);
			step = place.length < step ? place.length : step;
			disk_file_get(place.fd, place.offset, there, (size_t)step);
			disk_file_get(fd, offset, expected, (size_t)step);
			REQUIRE(memcmp(there, expected, (size_t)step) == 0, "byte %llu isn't where it was located",
				(unsigned long long)offset);
			located += step;
		}
		offset += step < layer->size - offset ? step : layer->size - offset;
	}
	ck_assert(!tally_layer_locate(layer, layer->size, &(tally_layer_place){0}));
	close(fd);
	return located;
}

void flip(const char *path, uint64_t offset)
{
	uint8_t byte;
	disk_read(path, offset, &byte, 1);
	byte ^= 0x10;
	disk_patch(path, offset, &byte, 1);
}

void put_le(const char *path, uint64_t offset, unsigned size, uint64_t number)
{
	uint8_t bytes[8];
	disk_le(bytes, size, number);
	disk_patch(path, offset, bytes, size);
}

void put_be(const char *path, uint64_t offset, unsigned size, uint64_t number)
{
	uint8_t bytes[8];
	disk_be(bytes, size, number);
	disk_patch(path, offset, bytes, size);
}

/* ---- faults ---- */

static unsigned reads_left;
static bool read_failed;

static int fail_read(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	if (reads_left == 0 || --reads_left > 0)
		return 0;
	read_failed = true;
	return -EIO;
}

void open_with_read_faults(const char *path)
{
	unsigned refused = 0, noted = 0;
	tally_layer_fault = fail_read;
	for (unsigned n = 1;; n++) {
		tally_error error = {0};
		reads_left = n;
		read_failed = false;
		tally_disk_close(disk);
		ck_assert_int_eq(tally_disk_open(path, &disk, &problem, &error), TALLY_OK);
		reads_left = 0;
		if (!read_failed) {
			ck_assert_msg(disk != NULL, "without a fault: %s", problem.text);
			break;
		}
		refused += disk == NULL;
		noted += disk != NULL;
		if (disk == NULL)
			ck_assert_msg(problem.fault == TALLY_DISK_FAULT_UNREADABLE && problem.os_error == EIO,
				      "read %u: %s", n, problem.text);
		else
			expect_note(&disk->notes, "can't be read");
	}
	tally_layer_fault = NULL;
	ck_assert_uint_gt(refused + noted, 0);
	/* Only that of a footer which isn't there is no loss. */
	ck_assert_uint_le(noted, 1);
}

static tally_result open_and_read(void *path, tally_error *error)
{
	static uint8_t bytes[65536];
	tally_disk *opened;
	tally_disk_problem wrong;
	tally_result result = tally_disk_open(path, &opened, &wrong, error);
	if (result != TALLY_OK)
		return result;
	ck_assert_msg(opened != NULL, "%s", wrong.text);
	tally_partitions_read(opened->layer, &partitions);
	ck_assert_int_eq(tally_layer_read_all(opened->layer, 0, bytes, sizeof bytes), 0);
	tally_disk_close(opened);
	return TALLY_OK;
}

size_t open_with_allocation_faults(const char *path)
{
	char copy[4200];
	snprintf(copy, sizeof copy, "%s", path);
	size_t count = faults_each(FAULTS_OURS, false, open_and_read, NULL, copy);
	ck_assert_uint_eq(count, faults_each(FAULTS_OURS, true, open_and_read, NULL, copy));
	return count;
}

/* ---- running ---- */

static void tear_down(void)
{
	tally_disk_close(disk);
	disk = NULL;
	/* A test may have become nobody, whom the leak sanitizer can't look into. */
	if (getuid() == 0 && geteuid() != 0) {
		ck_assert(seteuid(0) == 0 && setegid(0) == 0);
		ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
	}
	tree_remove();
}

int image_suite(const char *name, const TTest *const *tests)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, tree_make, tear_down);
	for (; *tests != NULL; tests++)
		tcase_add_test(tcase, *tests);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
