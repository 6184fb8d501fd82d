/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out at every allocation in turn, ours and libxml2's: the run says so, or goes on and finds what it
 * finds otherwise. Leaks are the address sanitizer's to find.
 */
#include "manifest_judge.h"

#include "support/faults.h"
#include "support/suite.h"

typedef struct attempt {
	test_text document;
	judgement expected; /* of a run in which nothing fails */
	recorder found;
	size_t piece;
} attempt;

static tally_result run(void *context, tally_error *error)
{
	attempt *a = context;
	judgement j;
	judge(&j, a->document.data, a->document.size, a->piece, &(tally_manifest_options){.find_duplicates = true});
	recorder_clear(&a->found);
	a->found = j.found;
	*error = j.error;
	return j.result;
}

static void succeeded(void *context, bool fault_met)
{
	attempt *a = context;
	recorder_expect_same(&a->expected.found, &a->found, fault_met ? "in spite of a fault" : "without a fault");
}

/* An entry that has everything, one that repeats it in other capitals, and one with findings of all kinds. */
static test_text small_manifest(void)
{
	test_text blobs = {0};
	text_print(&blobs,
		   "<MetadataPath Hash=\"0123456789ABCDEF0123456789ABCDEF\">\\m</MetadataPath>\n"
		   "<Blob><BlobPath>cargo/a&amp;b</BlobPath><FilePath>\\a</FilePath><Length>2</Length><BlockList>"
		   "<Block Offset=\"0\" Length=\"1\" Id=\"BAAAA&#65;==\" Hash=\"0123456789ABCDEF0123456789ABCDEF\"/>"
		   "<Block Offset=\"1\" Length=\"1\" Id=\"BAAAAA==\" Hash=\"1123456789ABCDEF0123456789ABCDEF\"/>"
		   "</BlockList></Blob>\n");
	add_blob(&blobs, "cargo/a&amp;b", "\\A");
	add_blob(&blobs, "Cargo/000011-000022-000033-000044-000055-000066-000077-000088", "\\a?");
	text_print(&blobs, "<Crate x:y=\"z\" xmlns:x=\"u\">text</Crate>");
	test_text text = manifest_of(blobs.data);
	text_clear(&blobs);
	return text;
}

enum { COMPLETE, BROKEN, UTF16, WAYS };

START_TEST(test_every_allocation_fails_once)
{
	static const faults_of whose[] = {FAULTS_OURS, FAULTS_LIBXML};
	for (int way = 0; way < WAYS; way++) {
		attempt a = {.piece = way == COMPLETE ? PIECE_WHOLE : 100};
		test_text text = small_manifest();
		if (way == UTF16)
			text_add_utf16(&a.document, text.data, false, true);
		else
			text_add(&a.document, text.data, way == BROKEN ? text.size - 30 : text.size);
		judge(&a.expected, a.document.data, a.document.size, a.piece,
		      &(tally_manifest_options){.find_duplicates = true});
		ck_assert_int_eq(a.expected.result, TALLY_OK);
		recorder_find(&a.expected.found, "M-45", "the small manifest");
		recorder_find(&a.expected.found, "N-09.blob-path", "the small manifest");
		recorder_find(&a.expected.found, "N-09.case", "the small manifest");
		size_t allocations = faults_each(whose[_i % 2], _i / 2 == 1, run, succeeded, &a);
		ck_assert_uint_gt(allocations, 10);
		recorder_clear(&a.found);
		judgement_clear(&a.expected);
		text_clear(&a.document);
		text_clear(&text);
	}
}
END_TEST

int main(void)
{
	return suite_run("manifests without memory",
			 (const suite_test[]){{test_every_allocation_fails_once, 4}, {NULL, 0}});
}
