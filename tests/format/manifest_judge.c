/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest_judge.h"

#include <check.h>
#include <stdlib.h>

static tally_result feed(tally_manifest *m, const char *bytes, size_t size, size_t piece, tally_error *error)
{
	tally_result result = TALLY_OK;
	for (size_t at = 0; at < size && result == TALLY_OK; at += piece) {
		size_t take = size - at < piece ? size - at : piece;
		/* Alone in memory, so that reading beyond the piece is seen. */
		char *alone = malloc(take);
		ck_assert(alone != NULL);
		memcpy(alone, bytes + at, take);
		result = tally_manifest_feed(m, alone, take, error);
		free(alone);
	}
	return result == TALLY_OK ? tally_manifest_finish(m, error) : result;
}

void judge(judgement *j, const void *bytes, size_t size, size_t piece, const tally_manifest_options *options)
{
	*j = (judgement){.result = TALLY_OK};
	recorder_begin(&j->found);
	tally_manifest *m;
	j->result = tally_manifest_new(&m, options, &j->found.finder, &j->error);
	if (j->result == TALLY_OK)
		j->result = feed(m, bytes, size, piece, &j->error);
	struct pieces p = {.text = {bytes, size}, .piece = piece};
	tally_source source = pieces_source(&p);
	if (j->result == TALLY_OK && options->find_duplicates)
		j->result = tally_manifest_find_duplicates(m, &source, &j->error);
	if (m != NULL)
		j->totals = *tally_manifest_get_totals(m);
	tally_manifest_free(m);
}

void judge_text(judgement *j, const char *manifest)
{
	judge(j, manifest, strlen(manifest), PIECE_WHOLE, &(tally_manifest_options){.find_duplicates = true});
	ck_assert_msg(j->result == TALLY_OK, "%s", j->error.message);
}

void judgement_clear(judgement *j)
{
	recorder_clear(&j->found);
}

test_text manifest_of_drive(const char *drive)
{
	test_text t = {0};
	text_print(
	    &t,
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<DriveManifest Version=\"2014-11-01\">\n<Drive>\n%s</Drive>\n"
	    "</DriveManifest>\n",
	    drive);
	return t;
}

test_text manifest_of(const char *blobs)
{
	test_text drive = {0};
	text_print(&drive,
		   "<DriveId>TM41X0007</DriveId>\n<ContainerSas>cargo?sp=rwdl&amp;sig=c2lnbmF0dXJl</ContainerSas>\n"
		   "<BlobList>\n%s</BlobList>\n",
		   blobs);
	test_text t = manifest_of_drive(drive.data);
	text_clear(&drive);
	return t;
}

void add_blob(test_text *t, const char *blob_path, const char *file_path)
{
	text_print(t,
		   "<Blob><BlobPath>%s</BlobPath><FilePath>%s</FilePath><Length>12</Length><BlockList>"
		   "<Block Offset=\"0\" Length=\"12\" Hash=\"0123456789ABCDEF0123456789abcdef\"/></BlockList></Blob>\n",
		   blob_path, file_path);
}
