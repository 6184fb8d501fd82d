/* SPDX-License-Identifier: Apache-2.0 */
/* An audit of a disk with a file that only Windows can read: what is known of the blob all the same, in words. */
#include "support/recorder.h"
#include "support/suite.h"
#include "verify/image_stage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WOF UINT32_C(0x80000017)

static image_stage im;
static char log_path[256];

/* Of b.vhd the bytes are Windows' secret, and its metadata file isn't as the manifest describes it. */
static void put_disk(void)
{
	uint64_t size;
	const image_order order = {.special = "b.vhd", .reparse_tag = WOF};
	stage_flip(&im.s, "disks/b.vhd.metadata", 60);
	image_make_volume_in(im.s.drive, im.volume, NULL, &order, &size);
	const bitlocker_options options = image_lock_fast(&im);
	image_lock_volume(im.volume, size, &options);
	image_make_disk(im.volume, NULL, im.disk);
}

static const char *audit_with(const char *entries)
{
	static char message[1024];
	const char *logs[] = {log_path};
	recorder r;
	tally_audit_summary summary;
	tally_error error;
	FILE *log = fopen(log_path, "w");
	ck_assert_ptr_nonnull(log);
	fprintf(log,
		"<DriveLog Version=\"2014-11-01\"><DriveId>9WM35C2V</DriveId>%s<Status>Completed</Status></DriveLog>",
		entries);
	ck_assert_int_eq(fclose(log), 0);
	recorder_begin(&r);
	const tally_sink sink = {.context = r.finder.context, .finding = r.finder.put};
	tally_audit_options options = {.check = im.s.options, .logs = logs, .log_count = 1};
	options.check.drive = im.disk;
	ck_assert_int_eq(tally_audit(&options, &sink, &summary, &error), TALLY_OK);
	ck_assert_uint_eq(recorder_count(&r, "V-17"), 1);
	ck_assert_uint_eq(recorder_count(&r, "V-32"), 1);
	recorder_expect_nowhere(&r, "(null)", entries);
	message[0] = '\0';
	for (size_t i = 0; i < r.count; i++)
		if (r.items[i].blob_path != NULL && strcmp(r.items[i].blob_path, "disks/b.vhd") == 0 &&
		    strncmp(r.items[i].rule->id, "A-", 2) == 0)
			snprintf(message, sizeof message, "%s %s", r.items[i].rule->id, r.items[i].message);
	tally_audit_summary_clear(&summary);
	recorder_clear(&r);
	return message;
}

#define BLOB(path, file, status)                                                             \
  "<Blob Status=\"" status "\"><BlobPath>" path "</BlobPath><FilePath>\\" file "</FilePath>" \
  "<Length>8192</Length></Blob>"

START_TEST(what_is_wrong_beside_a_file_that_only_windows_reads)
{
	image_begin(&im);
	snprintf(log_path, sizeof log_path, "%s/log.xml", im.s.root);
	put_disk();
	ck_assert_str_eq(audit_with(BLOB("disks/b.vhd", "disks\\b.vhd", "Completed")),
			 "A-30 the drive has an error (in its metadata or properties) that the service did not see");
	ck_assert_str_eq(audit_with(""),
			 "A-30 the drive has an error (in its metadata or properties) of which the log says nothing");
	ck_assert_str_eq(audit_with(BLOB("disks/b.vhd", "disks\\b.vhd", "CompletedWithErrors")),
			 "A-21 the service reports an error as the drive has one (in its metadata or properties): "
			 "CompletedWithErrors");
	image_end(&im);
}
END_TEST

int main(void)
{
	return suite_run("verify/audit_image",
			 (const suite_test[]){{what_is_wrong_beside_a_file_that_only_windows_reads, 0}, {NULL, 0}});
}
