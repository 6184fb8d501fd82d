/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/whole_stage.h"

#include "verify/image_stage.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char whole_list_metadata[] = "<Metadata><Source>list</Source></Metadata>";
static const char list_properties[] = "<Properties><Content-Type>image/jpeg</Content-Type></Properties>";
static const char own_properties[] = "<Properties><Cache-Control>private</Cache-Control></Properties>";
const char whole_wrong_metadata[] = "<Metadata><a-b>x</a-b><Source>disk</Source></Metadata>";

const whole_side whole_sides[WHOLE_SIDES] = {
    {"data/a.bin.metadata",
     false,
     {"blob: Completed 2, CompletedWithErrors 1; " WHOLE_SEGMENTS
      "; metadata: Completed 2, IOFailed 1; properties: Completed 3",
      "blob: Completed 2, CompletedWithErrors 1; " WHOLE_SEGMENTS
      "; metadata: Completed 2, Corrupted 1; properties: Completed 3"}},
    {"data/b.bin.metadata",
     false,
     {"blob: Completed 2, CompletedWithErrors 1; " WHOLE_SEGMENTS
      "; metadata: Completed 2, IOFailed 1; properties: Completed 3",
      "blob: Completed 2, CompletedWithErrors 1; " WHOLE_SEGMENTS
      "; metadata: Completed 2, Corrupted 1; properties: Completed 3"}},
    {"data/a.bin.properties",
     true,
     {"blob: Completed 2, CompletedWithErrors 1; " WHOLE_SEGMENTS
      "; metadata: Completed 3; properties: Completed 2, IOFailed 1",
      "blob: Completed 2, CompletedWithErrors 1; " WHOLE_SEGMENTS
      "; metadata: Completed 3; properties: Completed 2, Corrupted 1"}},
    /* Of the list: two blobs go by it. */
    {"list.properties.xml",
     true,
     {"blob: Completed 1, CompletedWithErrors 2; " WHOLE_SEGMENTS
      "; metadata: Completed 3; properties: Completed 1, IOFailed 2",
      "blob: Completed 1, CompletedWithErrors 2; " WHOLE_SEGMENTS
      "; metadata: Completed 3; properties: Completed 1, Corrupted 2"}},
};

static char long_side[WHOLE_LONG_SIDE + 1], spaced[WHOLE_LONG_SIDE + 1];

void whole_begin(whole_stage *w, const char *metadata)
{
	/* White space may stand there: what is long needs not say much. */
	memset(long_side, '\n', WHOLE_LONG_SIDE);
	memcpy(long_side, "<Metadata>", 10);
	memcpy(long_side + WHOLE_LONG_SIDE - 11, "</Metadata>", 11);
	memset(spaced, '\n', WHOLE_LONG_SIDE);
	memcpy(spaced, "</Blob>", 7);
	stage_open(&w->s);
	snprintf(w->image, sizeof w->image, "%s/image", w->s.root);
	snprintf(w->key_file, sizeof w->key_file, "%s/key", w->s.root);
	snprintf(w->packed, sizeof w->packed, "%s/packed", w->s.root);
	maker *m = stage_begin(&w->s);
	maker_list_files(m, whole_list_metadata, list_properties);
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

void whole_end(whole_stage *w)
{
	stage_close(&w->s);
}

uint64_t whole_size(const whole_stage *w, const char *path)
{
	struct stat facts;
	ck_assert_int_eq(stat(stage_place(&w->s, path), &facts), 0);
	return (uint64_t)facts.st_size;
}

/* The same drive as it is shipped. */
static void make_image(whole_stage *w)
{
	image_stage im = {.s = w->s};
	snprintf(im.volume, sizeof im.volume, "%s/volume", w->s.root);
	strcpy(im.disk, w->image);
	strcpy(im.key_file, w->key_file);
	image_put_disk(&im, NULL);
	w->s.options.key_file = w->key_file;
	w->s.options.drive = w->image;
}

static const struct {
	tally_io_mode io;
	unsigned jobs;
} ways[WHOLE_WAYS] = {{TALLY_IO_READ, 1}, {TALLY_IO_READ, 8}, {TALLY_IO_DIRECT, 1}, {TALLY_IO_DIRECT, 8}};

void whole_choose_way(whole_stage *w, size_t i)
{
	size_t way = i < WHOLE_WAYS ? i : (i - WHOLE_WAYS) * (WHOLE_WAYS - 1);
	w->s.options.io = ways[way].io;
	w->s.options.jobs = ways[way].jobs;
	if (i >= WHOLE_WAYS)
		make_image(w);
}

void whole_check(whole_stage *w)
{
	transcript_take(&w->found, &w->s.options);
	ck_assert_msg(w->found.result == TALLY_OK, "%s", w->found.error.message);
}

void whole_expect_text(const whole_stage *w, const char *text)
{
	ck_assert_msg(strstr(w->found.whole, text) != NULL, "no \"%s\" in\n%s", text, w->found.whole);
}

void whole_expect_no_text(const whole_stage *w, const char *text)
{
	ck_assert_msg(strstr(w->found.whole, text) == NULL, "\"%s\" in\n%s", text, w->found.whole);
}
