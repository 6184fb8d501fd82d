/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/read_faults.h"

#include "drive/drive.h"
#include "drive/layer.h"

#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* Set before a check and read by its threads. */
static struct {
	uint64_t device, inode;
	uint64_t from, to;
	int os_error;
	size_t shorten;
	bool counting;
	void (*happen)(void *context);
	void *context;
} fault;

static atomic_flag happened;
static atomic_int met;

static int64_t answer(const tally_file *file, uint64_t offset, size_t size)
{
	if (fault.shorten > 0) {
		atomic_fetch_add(&met, 1);
		return size > fault.shorten ? (int64_t)fault.shorten : 0;
	}
	if (file->identity.inode != fault.inode || file->identity.device != fault.device)
		return 0;
	if (fault.counting) {
		atomic_fetch_add(&met, offset == 0);
		return 0;
	}
	if (fault.happen != NULL) {
		if (!atomic_flag_test_and_set(&happened))
			fault.happen(fault.context);
		atomic_fetch_add(&met, 1);
		return 0;
	}
	if (offset >= fault.to || offset + size <= fault.from)
		return 0;
	atomic_fetch_add(&met, 1);
	return offset < fault.from ? (int64_t)(fault.from - offset) : -fault.os_error;
}

static void arm(const char *place)
{
	read_faults_clear();
	if (place != NULL) {
		struct stat file;
		ck_assert_int_eq(stat(place, &file), 0);
		fault.device = file.st_dev;
		fault.inode = file.st_ino;
	}
	tally_read_fault = answer;
}

void read_faults_fail(const char *place, uint64_t from, uint64_t to, int os_error)
{
	arm(place);
	fault.from = from;
	fault.to = to;
	fault.os_error = os_error;
}

void read_faults_meanwhile(const char *place, void (*happen)(void *context), void *context)
{
	arm(place);
	fault.happen = happen;
	fault.context = context;
}

void read_faults_shorten(size_t size)
{
	arm(NULL);
	fault.shorten = size;
}

/* ---- the n-th read ---- */

static struct {
	unsigned n;
	uint64_t size;
	int64_t answer;
} nth;

static atomic_uint counted;

static bool is_nth(void)
{
	bool is = atomic_fetch_add(&counted, 1) + 1 == nth.n;
	atomic_fetch_add(&met, is);
	return is;
}

static int fail_nth(uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return is_nth() ? -EIO : 0;
}

static int64_t answer_nth(const tally_file *file, uint64_t offset, size_t size)
{
	(void)offset, (void)size;
	return file->size == nth.size && is_nth() ? nth.answer : 0;
}

static void flip_nth(const tally_file *file, uint64_t offset, uint8_t *bytes, size_t size)
{
	(void)offset;
	if (file->size == nth.size && is_nth())
		bytes[size / 2] ^= 0x04;
}

void read_faults_fail_nth(unsigned n)
{
	read_faults_clear();
	nth.n = n;
	tally_layer_fault = fail_nth;
}

void read_faults_spoil_nth(uint64_t size, unsigned n, int64_t answer)
{
	read_faults_clear();
	nth.n = n;
	nth.size = size;
	nth.answer = answer;
	if (answer != 0)
		tally_read_fault = answer_nth;
	else
		tally_read_damage = flip_nth;
}

unsigned read_faults_counted(void)
{
	return atomic_load(&counted);
}

/* ---- all of them ---- */

void read_faults_count(const char *place)
{
	arm(place);
	fault.counting = true;
}

void read_faults_clear(void)
{
	tally_read_fault = NULL;
	tally_read_damage = NULL;
	tally_layer_fault = NULL;
	atomic_store(&counted, 0);
	fault.shorten = 0;
	fault.counting = false;
	fault.happen = NULL;
	fault.from = fault.to = 0;
	atomic_flag_clear(&happened);
	atomic_store(&met, 0);
}

int read_faults_met(void)
{
	return atomic_load(&met);
}
