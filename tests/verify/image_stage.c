/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/image_stage.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void image_begin_empty(image_stage *im)
{
	bitlocker_recovery(7, im->digits);
	bitlocker_recovery(8, im->other_digits);
	stage_open(&im->s);
	im->s.made.record.bitlocker_key = im->digits;
	snprintf(im->volume, sizeof im->volume, "%s/volume.img", im->s.root);
	snprintf(im->disk, sizeof im->disk, "%s/disk.img", im->s.root);
	snprintf(im->key_file, sizeof im->key_file, "%s/key", im->s.root);
}

void image_begin(image_stage *im)
{
	image_begin_empty(im);
	stage_make(&im->s, (const char *const[]){NULL});
}

void image_end(image_stage *im)
{
	stage_close(&im->s);
}

bitlocker_options image_lock(const image_stage *im)
{
	return (bitlocker_options){.recovery = {im->digits}, .seed = 1};
}

bitlocker_options image_lock_fast(image_stage *im)
{
	static uint8_t external_key[32];
	uint8_t bek[256];
	for (size_t i = 0; i < sizeof external_key; i++)
		external_key[i] = (uint8_t)(i * 7);
	const bitlocker_options options = {.external_key = external_key, .seed = 3};
	size_t size = bitlocker_write_bek(&options, bek);
	FILE *file = fopen(im->key_file, "wb");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bek, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
	im->s.options.key_file = im->key_file;
	return options;
}

uint64_t image_put_volume(const image_stage *im, const ntfs_options *options)
{
	uint64_t size;
	unlink(im->volume);
	image_make_volume(im->s.drive, im->volume, options, &size);
	return size;
}

void image_put_disk(image_stage *im, const bitlocker_options *options)
{
	const uint64_t size = image_put_volume(im, NULL);
	const bitlocker_options right = options != NULL ? *options : image_lock_fast(im);
	image_lock_volume(im->volume, size, &right);
	image_make_disk(im->volume, NULL, im->disk);
}

void image_check(image_stage *im, const char *path)
{
	im->s.options.drive = path;
	transcript_take(&im->t, &im->s.options);
}

void image_expect(image_stage *im, const char *what, const char *status, int exit_status, const char *findings)
{
	const transcript *t = &im->t;
	ck_assert_msg(t->result == TALLY_OK, "%s: %s", what, t->error.message);
	const char *found = t->drive_status != NULL ? t->drive_status->code : "none";
	ck_assert_msg(strcmp(found, status) == 0 && t->exit_status == exit_status &&
			  (findings == NULL || strcmp(t->findings, findings) == 0),
		      "%s: %s, %d\n%.2000s\n%.2000s", what, found, t->exit_status, t->findings, t->whole);
	transcript_clear(&im->t);
}
