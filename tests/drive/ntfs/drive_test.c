/* SPDX-License-Identifier: Apache-2.0 */
/* An NTFS volume as the check sees it: a drive. */
#include "base/bytes.h"
#include "drive/ntfs/record.h"
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const ntfs_options small = {.size = 4 << 20};
static const uint64_t seed = 3;

static tally_text text(const char *string)
{
	return (tally_text){string, strlen(string)};
}

static void expect(const char *path, tally_find expected, const char *reason)
{
	tally_file file;
	tally_find_detail detail;
	tally_find found = tally_drive_find(drive, text(path), &file, &detail);
	ck_assert_msg(found == expected, "%s: %d, %s", path, (int)found, found == TALLY_FIND_OK ? "" : detail.text);
	ck_assert_str_eq(detail.text, reason);
	ck_assert_int_eq(tally_drive_find(drive, text(path), &file, NULL), expected);
}

static void expect_content(const char *path, const char *content)
{
	char buffer[256];
	tally_file file = open_file(path);
	ck_assert_uint_eq(file.size, strlen(content));
	ck_assert_int_eq(tally_file_read(&file, 0, buffer, sizeof buffer), (int64_t)strlen(content));
	ck_assert_mem_eq(buffer, content, strlen(content));
	tally_file_close(&file);
}

/* ---- finding ---- */

START_TEST(files_are_found)
{
	ntfs_writer *w = begin(&small);
	uint32_t pictures = ntfs_writer_directory(w, NTFS_ROOT, "Pictures");
	uint32_t bob = ntfs_writer_directory(w, pictures, "bob");
	add(w, bob, "desert.jpg");
	add(w, NTFS_ROOT, "DriveManifest.xml");
	add(w, NTFS_ROOT, "$mine");
	end_and_open(w);
	make_drive();
	expect_content("\\pictures\\BOB\\Desert.JPG", "desert.jpg");
	expect_content("pictures/bob\\desert.jpg", "desert.jpg");
	expect_content("\\drivemanifest.XML", "DriveManifest.xml");
	expect_content("\\$mine", "$mine");
	ck_assert_ptr_nonnull(tally_drive_ntfs_volume(drive));
}
END_TEST

START_TEST(what_is_not_found_is_explained)
{
	ntfs_writer *w = begin(&small);
	uint32_t folder = ntfs_writer_directory(w, NTFS_ROOT, "folder");
	add(w, folder, "file");
	add(w, folder, "Twin");
	add(w, folder, "tWIN");
	add(w, ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, "Dir", NTFS_POSIX}, 0), "a");
	ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, "DIR", NTFS_POSIX}, 0);
	end_and_open(w);
	make_drive();
	expect("\\folder\\nothing", TALLY_FIND_MISSING, "\\folder\\nothing does not exist");
	expect("\\nothing\\file", TALLY_FIND_MISSING, "\\nothing does not exist");
	expect("\\folder\\file\\more", TALLY_FIND_MISSING, "\\folder\\file is a file, not a directory");
	expect("\\folder", TALLY_FIND_NOT_A_FILE, "\\folder is a directory");
	expect("\\folder\\TWIN", TALLY_FIND_AMBIGUOUS, "\\folder\\TWIN could be Twin or tWIN");
	expect_content("\\folder\\Twin", "Twin");
	expect("\\dir\\a", TALLY_FIND_AMBIGUOUS, "\\dir could be DIR or Dir");
	expect_content("\\Dir\\A", "a");
	expect("\\$MFT", TALLY_FIND_DENIED, "\\$MFT belongs to NTFS itself");
	expect("\\$Extend\\$UsnJrnl", TALLY_FIND_DENIED, "\\$Extend belongs to NTFS itself");
	expect("\\folder\\..\\file", TALLY_FIND_NAME_INVALID, "a component is . or ..");
	expect("", TALLY_FIND_NAME_INVALID, "the path names nothing");
}
END_TEST

START_TEST(what_only_windows_reads_is_explained)
{
	static const struct {
		const char *name;
		uint32_t tag;
		tally_find file, folder;
		const char *reason;
	} links[] = {
	    {"wof", 0x80000017, TALLY_FIND_WINDOWS_ONLY, TALLY_FIND_WINDOWS_ONLY,
	     "is compressed by the Windows overlay filter, which only Windows can read"},
	    {"dedup", 0x80000013, TALLY_FIND_WINDOWS_ONLY, TALLY_FIND_WINDOWS_ONLY,
	     "is deduplicated: its content is in Windows Server's chunk store"},
	    {"link", 0xA000000C, TALLY_FIND_NOT_A_FILE, TALLY_FIND_LEAVES_DRIVE, "is a symbolic link"},
	    {"junction", 0xA0000003, TALLY_FIND_NOT_A_FILE, TALLY_FIND_LEAVES_DRIVE, "is a junction or mount point"},
	    {"cloud", 0x9000601A, TALLY_FIND_WINDOWS_ONLY, TALLY_FIND_WINDOWS_ONLY,
	     "is a reparse point with the tag 0x9000601A, which only Windows can follow"},
	};
	char path[64], reason[160];
	ntfs_writer *w = begin(&small);
	for (size_t i = 0; i < 5; i++) {
		ntfs_writer_file(
		    w, &(ntfs_file){.directory = NTFS_ROOT, .name = links[i].name, .reparse_tag = links[i].tag});
		snprintf(path, sizeof path, "d-%s", links[i].name);
		uint32_t folder = ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, path, NTFS_WIN32}, links[i].tag);
		add(w, folder, "file");
	}
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "efs", .content = noise(&seed, 5000), .encrypted = true});
	uint32_t empty = add(w, NTFS_ROOT, "empty");
	uint32_t torn = add(w, NTFS_ROOT, "torn");
	end(w);
	attribute_bytes(empty, TALLY_NTFS_DATA, "")[0] = 0x90;
	record_bytes(torn)[1022] ^= 1;
	open_image();
	make_drive();
	for (size_t i = 0; i < 5; i++) {
		snprintf(path, sizeof path, "\\%s", links[i].name);
		snprintf(reason, sizeof reason, "\\%s %s", links[i].name, links[i].reason);
		expect(path, links[i].file, reason);
		snprintf(path, sizeof path, "\\d-%s\\file", links[i].name);
		snprintf(reason, sizeof reason, "\\d-%s %s", links[i].name, links[i].reason);
		expect(path, links[i].folder, reason);
	}
	expect("\\efs", TALLY_FIND_DENIED, "\\efs is encrypted with EFS: only its owner's Windows can read it");
	expect("\\empty", TALLY_FIND_IO_FAILED, "\\empty has no content: its record in $MFT lacks $DATA");
	expect("\\torn", TALLY_FIND_IO_FAILED,
	       "\\torn can't be read: its record in $MFT is torn: sectors of different writings");
}
END_TEST

START_TEST(files_know_who_they_are)
{
	ntfs_writer *w = begin(&small);
	uint32_t large = ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
							  .name = "large",
							  .content = noise(&seed, 9000),
							  .modified = UINT64_C(116444736000000000) + 15,
							  .sequence = 7});
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
					 .name = "little",
					 .content = noise(&seed, 9),
					 .modified = UINT64_C(116444736000000000) - 15});
	end_and_open(w);
	make_drive();
	tally_file file = open_file("\\large");
	tally_file_identity identity;
	ck_assert_int_eq(tally_file_identify(&file, &identity), 0);
	ck_assert_uint_eq(identity.inode, UINT64_C(7) << 48 | large);
	ck_assert_uint_eq(identity.device, 0x1122334455667788);
	ck_assert_uint_eq(identity.size, 9000);
	ck_assert_int_eq(identity.modified_ns, 1500);
	ck_assert(!tally_file_identity_changed(&file.identity, &identity));
	tally_file_close(&file);
	file = open_file("\\little");
	ck_assert_int_eq(file.identity.modified_ns, -1500);
	tally_file_close(&file);
}
END_TEST

/* ---- walking ---- */

static char walked[4096];

static bool note(void *context, const tally_walk_entry *entry)
{
	char line[256];
	(void)context;
	snprintf(line, sizeof line, "%s %llu%s%s %d\n", entry->path, (unsigned long long)entry->size,
		 entry->is_regular ? "" : " irregular", entry->clashes ? " clashes" : "", entry->os_error);
	ck_assert_uint_lt(strlen(walked) + strlen(line), sizeof walked);
	strcat(walked, line);
	return true;
}

static void expect_walk(const char *expected)
{
	tally_error error;
	walked[0] = '\0';
	ck_assert_int_eq(tally_drive_walk(drive, note, NULL, &error), TALLY_OK);
	ck_assert_str_eq(walked, expected);
}

START_TEST(walk_is_in_order)
{
	ntfs_writer *w = begin(&small);
	uint32_t b = ntfs_writer_directory(w, NTFS_ROOT, "b");
	add(w, b, "z");
	add(w, b, "\xEF\xBD\x9E");     /* U+FF5E */
	add(w, b, "\xF0\x9F\x93\xB7"); /* U+1F4F7 */
	add(w, b, "\xED\xA0\xBD");     /* a lone surrogate */
	ntfs_writer_directory(w, b, "empty");
	add(w, NTFS_ROOT, "a");
	add(w, NTFS_ROOT, "B-file");
	uint32_t information = ntfs_writer_directory(w, NTFS_ROOT, "System Volume Information");
	add(w, information, "FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.1");
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
					 .name = "with a long name",
					 .short_name = "WITHAL~1",
					 .content = noise(&seed, 5000),
					 .links = (ntfs_link[]){{b, "link", NTFS_WIN32}},
					 .link_count = 1});
	end_and_open(w);
	make_drive();
	expect_walk("\\B-file 6 0\n"
		    "\\System Volume Information\\FVE2.{e40ad34d-dae9-4bc7-95bd-b16218c10f72}.1 45 0\n"
		    "\\a 1 0\n"
		    "\\b\\link 5000 0\n"
		    "\\b\\z 1 0\n"
		    "\\b\\\xED\xA0\xBD 3 0\n"
		    "\\b\\\xEF\xBD\x9E 3 0\n"
		    "\\b\\\xF0\x9F\x93\xB7 4 0\n"
		    "\\with a long name 5000 0\n");
}
END_TEST

START_TEST(walk_tells_what_is_no_file)
{
	ntfs_writer *w = begin(&small);
	uint32_t lower = ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, "d", NTFS_POSIX}, 0);
	ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, "D", NTFS_POSIX}, 0);
	add(w, lower, "x");
	add(w, NTFS_ROOT, "Twin");
	add(w, NTFS_ROOT, "twin");
	ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT, .name = "link", .reparse_tag = 0xA000000C});
	ntfs_writer_directory_as(w, &(ntfs_link){NTFS_ROOT, "mount", NTFS_WIN32}, 0xA0000003);
	ntfs_writer_file(
	    w,
	    &(ntfs_file){.directory = NTFS_ROOT, .name = "secret", .content = noise(&seed, 5000), .encrypted = true});
	ntfs_writer_file(
	    w, &(ntfs_file){.directory = NTFS_ROOT, .name = "several", .content = noise(&seed, 50000), .list = true});
	/* Files for everybody but for whom it takes Windows to read them. */
	static const struct {
		const char *name;
		uint32_t tag;
	} windows_only[] = {{"wof", 0x80000017}, {"chunks", 0x80000013}, {"cloud", 0x9000601A}, {"joint", 0xA0000003}};
	for (size_t i = 0; i < sizeof windows_only / sizeof *windows_only; i++)
		ntfs_writer_file(w, &(ntfs_file){.directory = NTFS_ROOT,
						 .name = windows_only[i].name,
						 .content = noise(&seed, 7000),
						 .reparse_tag = windows_only[i].tag});
	uint32_t torn = add(w, NTFS_ROOT, "torn");
	end(w);
	record_bytes(torn)[1022] ^= 1;
	open_image();
	make_drive();
	expect_walk("\\Twin 4 clashes 0\n"
		    "\\chunks 7000 0\n"
		    "\\cloud 0 irregular 0\n"
		    "\\d\\x 1 clashes 0\n"
		    "\\joint 0 irregular 0\n"
		    "\\link 0 irregular 0\n"
		    "\\mount 0 irregular 18\n"
		    "\\secret 5000 0\n"
		    "\\several 50000 0\n"
		    "\\torn 0 irregular 74\n"
		    "\\twin 4 clashes 0\n"
		    "\\wof 7000 0\n");
}
END_TEST

START_TEST(rings_are_entered_once)
{
	ntfs_writer *w = begin(&small);
	uint32_t a = ntfs_writer_directory(w, NTFS_ROOT, "a");
	uint32_t b = ntfs_writer_directory(w, a, "b");
	add(w, b, "file");
	end(w);
	/* `a` is now in `b`, too, as `b` is in `a`: neither can be reached, and that's no reason to search for ever. */
	uint8_t *name = attribute_bytes(a, TALLY_NTFS_FILE_NAME, "");
	name[24] = (uint8_t)b;
	name[24 + 6] = 1;
	open_image();
	make_drive();
	expect_walk("");
	expect("\\a\\b\\file", TALLY_FIND_MISSING, "\\a does not exist");
	tally_drive_close(drive);
	drive = NULL;
	/* With two names, the root and itself. */
	w = begin(&small);
	a = ntfs_writer_directory(w, NTFS_ROOT, "a");
	b = ntfs_writer_directory(w, a, "b");
	add(w, b, "file");
	end(w);
	/* The name of a file becomes one of `a`, in `b`: by a record that says to extend it. */
	uint8_t *bytes = record_bytes(b + 1);
	ntfs_unseal(bytes, 1024);
	bytes[32] = (uint8_t)a;
	bytes[32 + 6] = 1;
	ntfs_seal(bytes, 1024);
	open_image();
	make_drive();
	expect_walk("\\a\\b\\file 0 irregular 40\n");
	expect("\\a\\b\\file\\b\\file\\b\\none", TALLY_FIND_MISSING, "\\a\\b\\file\\b\\file\\b\\none does not exist");
}
END_TEST

static bool count(void *context, const tally_walk_entry *entry)
{
	++*(unsigned *)context;
	ck_assert_int_eq(entry->os_error, ENAMETOOLONG);
	return true;
}

START_TEST(walk_ends_where_windows_has_no_names)
{
	char name[256];
	ntfs_options options = {.size = 8 << 20, .records = 600};
	memset(name, 'n', 255);
	name[255] = '\0';
	ntfs_writer *w = begin(&options);
	uint32_t directory = NTFS_ROOT;
	for (unsigned i = 0; i < 400; i++)
		directory = ntfs_writer_directory(w, directory, name);
	add(w, directory, "unreachable");
	end_and_open(w);
	make_drive();
	unsigned visits = 0;
	tally_error error;
	ck_assert_int_eq(tally_drive_walk(drive, count, &visits, &error), TALLY_OK);
	ck_assert_uint_eq(visits, 1);
}
END_TEST

static bool stop(void *context, const tally_walk_entry *entry)
{
	(void)context, (void)entry;
	return false;
}

START_TEST(walk_stops_when_told)
{
	tally_error error;
	ntfs_writer *w = begin(&small);
	add(w, NTFS_ROOT, "a");
	end_and_open(w);
	make_drive();
	ck_assert_int_eq(tally_drive_walk(drive, stop, NULL, &error), TALLY_ERROR_STOPPED);
}
END_TEST

int main(void)
{
	const suite_test tests[] = {
	    {files_are_found, 0},
	    {what_is_not_found_is_explained, 0},
	    {what_only_windows_reads_is_explained, 0},
	    {files_know_who_they_are, 0},
	    {walk_is_in_order, 0},
	    {walk_tells_what_is_no_file, 0},
	    {rings_are_entered_once, 0},
	    {walk_ends_where_windows_has_no_names, 0},
	    {walk_stops_when_told, 0},
	    {NULL, 0},
	};
	return fixture_run("ntfs_drive", tests);
}
