/* SPDX-License-Identifier: Apache-2.0 */
/* What can stand where a file should be or on the way to it, and reading the files that are there. */
#include "base/memory.h"
#include "finding.h"
#include "tree.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- what is no file -----------------------------------------------------------------------------------------------
 */

/* An inotify watch that tells whether something was opened (O_PATH doesn't count as such). */
static int watch_opens(const char *place)
{
	int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ck_assert_int_ge(inotify_add_watch(watch, place, IN_OPEN), 0);
	return watch;
}

static bool was_opened(int watch)
{
	char events[4096];
	return read(watch, events, sizeof events) > 0;
}

START_TEST(both_report_what_is_no_file)
{
	tree_directory("directory");
	tree_fifo("fifo");
	tree_socket("socket");
	open_drive("", _i);
	expect("\\directory", TALLY_FIND_NOT_A_FILE, "\\directory is a directory");
	expect("\\DIRECTORY", TALLY_FIND_NOT_A_FILE, "\\DIRECTORY is a directory");
	expect("\\fifo", TALLY_FIND_NOT_A_FILE, "\\fifo is a FIFO");
	expect("\\Fifo", TALLY_FIND_NOT_A_FILE, "\\Fifo is a FIFO");
	expect("\\socket", TALLY_FIND_NOT_A_FILE, "\\socket is a socket");
}
END_TEST

START_TEST(both_leave_devices_alone)
{
	if (!tree_device("device"))
		return;
	tree_file("file", "seen");
	open_drive("", _i);
	int watch = watch_opens(tree_place("device"));
	expect("\\device", TALLY_FIND_NOT_A_FILE, "\\device is a device");
	expect("\\DEVICE", TALLY_FIND_NOT_A_FILE, "\\DEVICE is a device");
	ck_assert_msg(tally_directory_of(drive)->refuses_devices || !was_opened(watch), "the device was opened");
	close(watch);
	/* The watch would have noticed. */
	watch = watch_opens(tree_place("file"));
	expect_content("\\file", "seen");
	ck_assert(was_opened(watch));
	close(watch);
}
END_TEST

/* Where nothing is mounted with nodev devices can be opened, and must not be; where it is they can't. */
START_TEST(both_know_mounts_that_refuse_devices)
{
	if (!tree_may_mount())
		return;
	tree_directory("mount");
	tree_mount("mount", MS_NODEV | MS_NOATIME);
	tree_file("mount/file", "content");
	bool has_device = tree_device("mount/device");
	open_drive("mount", _i);
	ck_assert(tally_directory_of(drive)->refuses_devices);
	ck_assert(!tally_directory_of(drive)->keep_access_time);
	expect_content("\\file", "content");
	if (has_device)
		expect("\\device", TALLY_FIND_NOT_A_FILE, "\\device is a device");
	tally_drive_close(drive);
	ck_assert_int_eq(umount(tree_place("mount")), 0);
	tree_mount("mount", 0);
	open_drive("mount", _i);
	/* A view of our own refuses them, and leaves times alone, whatever the mount does. */
	bool has_view = tally_directory_of(drive)->seen >= 0;
	ck_assert(_i != WITHOUT_VIEW || !has_view);
	ck_assert_int_eq(tally_directory_of(drive)->refuses_devices, has_view);
	ck_assert_int_eq(tally_directory_of(drive)->keep_access_time, !has_view);
	tally_drive_close(drive);
	drive = NULL;
	ck_assert_int_eq(umount(tree_place("mount")), 0);
}
END_TEST

START_TEST(a_view_can_only_be_read)
{
	if (!tree_may_mount())
		return;
	tree_directory("mount");
	tree_mount("mount", 0);
	tree_file("mount/file", "content");
	tree_directory("mount/inner");
	tree_mount("mount/inner", 0);
	tree_file("mount/inner/file", "");
	bool has_device = tree_device("mount/device");
	open_drive("mount", WITH_OPENAT2);
	int view = tally_directory_of(drive)->root;
	if (tally_directory_of(drive)->seen < 0) {
		fprintf(stderr, "skipped: no view of our own\n");
		return;
	}
	ck_assert_int_eq(openat(view, "file", O_RDWR | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, EROFS);
	ck_assert_int_eq(openat(view, "inner/file", O_RDWR | O_CLOEXEC), -1);
	ck_assert_int_eq(errno, EROFS);
	if (has_device) {
		ck_assert_int_eq(openat(view, "device", O_RDONLY | O_CLOEXEC), -1);
		ck_assert_int_eq(errno, EACCES);
	}
	expect_content("\\file", "content");
	expect("\\inner\\file", TALLY_FIND_LEAVES_DRIVE, "\\inner is a mount point");
	/* Nobody shall believe that he may pull the drive out. */
	ck_assert_int_eq(umount(tree_place("mount/inner")), 0);
	ck_assert_int_eq(umount(tree_place("mount")), -1);
	ck_assert_int_eq(errno, EBUSY);
	tally_drive_close(drive);
	drive = NULL;
	ck_assert_int_eq(umount(tree_place("mount")), 0);
}
END_TEST

START_TEST(both_follow_no_link)
{
	tree_file("real/file", "inside");
	tree_file("outside/secret", "outside");
	tree_file("real/sub/file", "inside");
	tree_link("real/to_file", "file");
	tree_link("real/to_sub", "sub");
	tree_link("real/to_nothing", "nothing");
	tree_link("real/to_root", "/");
	tree_link("real/up", "..");
	tree_link("real/out", "../outside");
	tree_link("real/loop", "loop");
	tree_link("real/proc", "/proc/self/root");
	char absolute[4096];
	snprintf(absolute, sizeof absolute, "%s", tree_place("outside/secret"));
	tree_link("real/absolute", absolute);
	open_drive("real", _i);
	int watch = watch_opens(tree_place("outside/secret"));
	expect_content("\\file", "inside");
	static const char *const links[] = {"to_file", "to_nothing", "to_root", "up",
					    "out",     "loop",       "proc",    "absolute"};
	for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
		char path[64], reason[96];
		snprintf(reason, sizeof reason, "\\%s is a symbolic link", links[i]);
		snprintf(path, sizeof path, "\\%s", links[i]);
		expect(path, TALLY_FIND_NOT_A_FILE, reason);
		snprintf(path, sizeof path, "\\%s\\secret", links[i]);
		expect(path, TALLY_FIND_LEAVES_DRIVE, reason);
	}
	expect("\\to_sub\\file", TALLY_FIND_LEAVES_DRIVE, "\\to_sub is a symbolic link");
	expect("\\OUT\\Secret", TALLY_FIND_LEAVES_DRIVE, "\\OUT is a symbolic link");
	expect("\\up\\outside\\secret", TALLY_FIND_LEAVES_DRIVE, "\\up is a symbolic link");
	ck_assert(!was_opened(watch));
	close(watch);
}
END_TEST

/* As ntfs-3g shows files that Windows compressed by its overlay filter, deduplicated and the like. */
START_TEST(both_know_what_only_windows_reads)
{
	tree_directory("real");
	tree_link("real/wof", "unsupported reparse tag 0x80000017");
	tree_link("real/short", "unsupported reparse tag");
	open_drive("real", _i);
	expect("\\wof", TALLY_FIND_WINDOWS_ONLY, "\\wof is a reparse point, which only Windows can follow");
	expect("\\WOF", TALLY_FIND_WINDOWS_ONLY, "\\WOF is a reparse point, which only Windows can follow");
	expect("\\wof\\file", TALLY_FIND_WINDOWS_ONLY, "\\wof is a reparse point, which only Windows can follow");
	expect("\\short", TALLY_FIND_NOT_A_FILE, "\\short is a symbolic link");
}
END_TEST

START_TEST(both_cross_no_mount)
{
	tree_file("mounted/hidden", "");
	tree_file("file", "");
	if (!tree_may_mount())
		return;
	tree_mount("mounted", 0);
	tree_file("mounted/file", "elsewhere");
	/* The same file system again: its device number gives nothing away. */
	tree_file("inner/file", "");
	tree_directory("bound");
	char inner[4096];
	snprintf(inner, sizeof inner, "%s", tree_place("inner"));
	ck_assert_int_eq(mount(inner, tree_place("bound"), NULL, MS_BIND, NULL), 0);
	open_drive("", _i);
	expect("\\mounted\\file", TALLY_FIND_LEAVES_DRIVE, "\\mounted is a mount point");
	expect("\\Mounted\\File", TALLY_FIND_LEAVES_DRIVE, "\\Mounted is a mount point");
	expect("\\mounted", TALLY_FIND_LEAVES_DRIVE, "\\mounted is a mount point");
	if (_i != WITHOUT_OPENAT2 || tally_directory_of(drive)->mount.is_number)
		expect("\\bound\\file", TALLY_FIND_LEAVES_DRIVE, "\\bound is a mount point");
	expect_content("\\inner\\file", "");
	ck_assert_int_eq(umount(tree_place("bound")), 0);
	ck_assert_int_eq(umount(tree_place("mounted")), 0);
}
END_TEST

/* ---- rights and failures -------------------------------------------------------------------------------------------
 */

START_TEST(both_report_what_is_denied)
{
	tree_file("closed", "");
	tree_file("locked/file", "");
	tree_file("unlisted/File", "known by name");
	ck_assert_int_eq(chmod(tree_place("closed"), 0), 0);
	ck_assert_int_eq(chmod(tree_place("locked"), 0), 0);
	ck_assert_int_eq(chmod(tree_place("unlisted"), 0311), 0);
	if (!tree_become_nobody())
		return;
	open_drive("", _i);
	expect("\\closed", TALLY_FIND_DENIED, "\\closed may not be opened");
	expect("\\Closed", TALLY_FIND_DENIED, "\\Closed may not be opened");
	expect("\\locked\\file", TALLY_FIND_DENIED, "\\locked\\file may not be opened");
	expect_content("\\unlisted\\File", "known by name");
	expect("\\unlisted\\FILE", TALLY_FIND_DENIED,
	       "\\unlisted\\FILE can't be looked up: its directory may not be read");
	tally_drive_close(drive);
	drive = NULL;
	/* So that whoever runs the test can remove the tree. */
	if (getuid() != 0) {
		chmod(tree_place("locked"), 0755);
		chmod(tree_place("unlisted"), 0755);
	}
}
END_TEST

START_TEST(both_report_failing_calls)
{
	tree_file("file", "");
	open_drive("", _i);
	/* Not openat, which removing the tree needs. */
	if (!tree_forbid_call(_i != WITHOUT_OPENAT2 ? SYS_openat2 : SYS_statx, EIO))
		return;
	tally_file file;
	tally_find_detail detail;
	ck_assert_int_eq(tally_drive_find(drive, TALLY_TEXT("\\file"), &file, &detail), TALLY_FIND_IO_FAILED);
	ck_assert_int_eq(detail.os_error, EIO);
	ck_assert_str_eq(detail.text, "\\file can't be opened");
}
END_TEST

/* Somebody's write lease would make an ordinary open wait until he gives it up, 45 seconds at most. */
START_TEST(both_do_not_wait_for_leases)
{
	tree_file("file", "");
	open_drive("", _i);
	signal(SIGIO, SIG_IGN);
	int holder = open(tree_place("file"), O_RDWR | O_CLOEXEC);
	if (fcntl(holder, F_SETLEASE, F_WRLCK) != 0) {
		fprintf(stderr, "skipped: no leases here\n");
		return;
	}
	expect("\\file", TALLY_FIND_IO_FAILED, "\\file is kept by another program, which has a lease on it");
	close(holder);
	expect_content("\\file", "");
}
END_TEST

START_TEST(walks_where_openat2_is_refused)
{
	static const int refusals[] = {ENOSYS, EPERM, EINVAL};
	tree_file("A/b", "content");
	tree_link("link", "A");
	if (!tree_forbid_call(SYS_openat2, refusals[_i]))
		return;
	tally_error error;
	ck_assert_int_eq(tally_drive_open_directory(tree_place(""), &drive, &error), TALLY_OK);
	ck_assert(!tally_directory_of(drive)->has_openat2);
	expect_content("\\A\\b", "content");
	expect_content("\\a\\B", "content");
	expect("\\link\\b", TALLY_FIND_LEAVES_DRIVE, "\\link is a symbolic link");
}
END_TEST

START_TEST(opens_directories_only)
{
	tree_file("file", "");
	tally_error error;
	ck_assert_int_eq(tally_drive_open_directory(tree_place("file"), &drive, &error), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, ENOTDIR);
	ck_assert_int_eq(tally_drive_open_directory(tree_place("none"), &drive, &error), TALLY_ERROR_IO);
	ck_assert_int_eq(error.os_error, ENOENT);
	ck_assert_ptr_null(drive);
}
END_TEST

static int allocations_left;

static int fail_when_used_up(void)
{
	return allocations_left-- <= 0;
}

START_TEST(both_survive_short_memory)
{
	tree_file("Dir/File", "content");
	tally_directory_options options = {.without_openat2 = _i == WITHOUT_OPENAT2,
					   .without_view = _i == WITHOUT_VIEW,
					   .cache = TALLY_DIRECTORY_CACHE};
	tally_find found = TALLY_FIND_NO_MEMORY;
	int limit = 0;
	for (; found != TALLY_FIND_OK; limit++) {
		ck_assert_int_lt(limit, 100);
		allocations_left = limit;
		tally_allocation_fault = fail_when_used_up;
		tally_error error;
		tally_file file;
		tally_result opened = tally_directory_open(tree_place(""), &options, &drive, &error);
		if (opened == TALLY_OK)
			found = tally_drive_find(drive, TALLY_TEXT("\\dir\\file"), &file, NULL);
		tally_allocation_fault = NULL;
		if (opened != TALLY_OK) {
			ck_assert_int_eq(opened, TALLY_ERROR_NO_MEMORY);
			continue;
		}
		ck_assert(found == TALLY_FIND_OK || found == TALLY_FIND_NO_MEMORY);
		/* What failed for want of memory works when there is some. */
		if (found == TALLY_FIND_OK)
			tally_file_close(&file);
		expect_content("\\dir\\file", "content");
		tally_drive_close(drive);
		drive = NULL;
	}
	ck_assert_int_gt(limit, 6);
}
END_TEST

/* ---- reading ----------------------------------------------------------------------------------------------------- */

START_TEST(both_read_at_offsets)
{
	tree_file("file", "0123456789");
	open_drive("", _i);
	tally_file file;
	ck_assert_int_eq(tally_drive_find(drive, TALLY_TEXT("\\file"), &file, NULL), TALLY_FIND_OK);
	char buffer[16];
	ck_assert_int_eq(tally_file_read(&file, 3, buffer, 4), 4);
	ck_assert_mem_eq(buffer, "3456", 4);
	ck_assert_int_eq(tally_file_read(&file, 8, buffer, sizeof buffer), 2);
	ck_assert_int_eq(tally_file_read(&file, 10, buffer, sizeof buffer), 0);
	ck_assert_int_eq(tally_file_read(&file, UINT64_MAX, buffer, sizeof buffer), 0);
	ck_assert_int_eq(tally_file_read(&file, 0, NULL, 4), -EFAULT);
	tally_file_identity identity;
	ck_assert_int_eq(tally_file_identify(&file, &identity), 0);
	ck_assert_mem_eq(&identity, &file.identity, sizeof identity);
	const struct timespec times[] = {{1000000000, 0}, {1000000000, 7}};
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_place("file"), times, 0), 0);
	ck_assert_int_eq(truncate(tree_place("file"), 5), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_place("file"), times, 0), 0);
	ck_assert_int_eq(tally_file_read(&file, 3, buffer, 4), 2);
	ck_assert_int_eq(tally_file_identify(&file, &identity), 0);
	ck_assert_uint_eq(identity.size, 5);
	ck_assert_int_eq(identity.modified_ns, INT64_C(1000000000000000007));
	ck_assert_uint_eq(identity.inode, file.identity.inode);
	tally_file_close(&file);
}
END_TEST

/* relatime writes an access time that is older than the last change, unless it is asked not to. */
START_TEST(both_leave_access_times_alone)
{
	tree_file("Dir/file", "content");
	const struct timespec times[] = {{1000000000, 0}, {1000000001, 0}};
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_place("Dir/file"), times, 0), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, tree_place("Dir"), times, 0), 0);
	open_drive("", _i);
	expect_content("\\Dir\\FILE", "content");
	struct stat facts;
	ck_assert_int_eq(stat(tree_place("Dir/file"), &facts), 0);
	ck_assert_int_eq(facts.st_atim.tv_sec, 1000000000);
	ck_assert_int_eq(stat(tree_place("Dir"), &facts), 0);
	ck_assert_int_eq(facts.st_atim.tv_sec, 1000000000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("drive/obstacles");
	TCase *tests = tcase_create("obstacles");
	suite_add_tcase(suite, tests);
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, tree_make, drive_teardown);
	tcase_add_loop_test(tests, both_report_what_is_no_file, 0, BOTH);
	tcase_add_loop_test(tests, both_leave_devices_alone, 0, BOTH);
	tcase_add_loop_test(tests, both_know_mounts_that_refuse_devices, 0, BOTH);
	tcase_add_test(tests, a_view_can_only_be_read);
	tcase_add_loop_test(tests, both_follow_no_link, 0, BOTH);
	tcase_add_loop_test(tests, both_know_what_only_windows_reads, 0, BOTH);
	tcase_add_loop_test(tests, both_cross_no_mount, 0, BOTH);
	tcase_add_loop_test(tests, both_report_what_is_denied, 0, BOTH);
	tcase_add_loop_test(tests, both_report_failing_calls, 0, BOTH);
	tcase_add_loop_test(tests, both_do_not_wait_for_leases, 0, BOTH);
	tcase_add_loop_test(tests, walks_where_openat2_is_refused, 0, 3);
	tcase_add_test(tests, opens_directories_only);
	tcase_add_loop_test(tests, both_survive_short_memory, 0, BOTH);
	tcase_add_loop_test(tests, both_read_at_offsets, 0, BOTH);
	tcase_add_loop_test(tests, both_leave_access_times_alone, 0, BOTH);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
