/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a document that holds keys leaves none of them in memory that is given back. */
#include "format/format.h"
#include "support/documents.h"
#include "support/suite.h"

#include <malloc.h>
#include <stdlib.h>

void __real_free(void *memory);
void *__real_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
void *__wrap_realloc(void *memory, size_t size);

/* Of the library's own blocks only: what libxml2 and Jansson give back comes by another way. */
static const char *watched;
static size_t freed_with_it, freed;

static void look(void *memory)
{
	if (watched == NULL || memory == NULL)
		return;
	freed++;
	freed_with_it += memmem(memory, malloc_usable_size(memory), watched, strlen(watched)) != NULL;
}

void __wrap_free(void *memory)
{
	look(memory);
	__real_free(memory);
}

/* It may move what it holds, and then leaves the old place as it is. */
void *__wrap_realloc(void *memory, size_t size)
{
	look(memory);
	return __real_realloc(memory, size);
}

static void lint(tally_document_kind kind, tally_text text, size_t piece)
{
	pieces p = {.text = text, .piece = piece};
	tally_source source = pieces_source(&p);
	tally_finder silent = {0};
	tally_lint_run run = {.source = &source, .finder = &silent, .kind = kind};
	ck_assert_int_eq(tally_format_of(kind)->lint(&run, NULL), TALLY_OK);
}

static const struct {
	tally_document_kind kind;
	const char *file, *secret;
} documents[] = {
    {TALLY_DOCUMENT_JOURNAL, "corpus/journal/B-01.good.jrn", "000011-000022-000033-000044"},
    {TALLY_DOCUMENT_DRIVE_INFO, "corpus/journal/B-01.good.jrn", "000011-000022-000033-000044"},
    {TALLY_DOCUMENT_MANIFEST, "corpus/manifest/M-31.length.good.xml", "Y29ycHVzIG9mIHRhbGx5bWFu"},
    {TALLY_DOCUMENT_MANIFEST, "corpus/manifest/M-13.form.good.xml", "bm90IGEgc2lnbmF0dXJl"},
    {TALLY_DOCUMENT_JOB_TEMPLATE, "corpus/job-template/R-12.path.good.xml", "bWFkZSB1cCBmb3IgYSB0ZXN0"},
    {TALLY_DOCUMENT_DRIVE_SET, "corpus/drive-set/T-16.case.good.csv", "000011-000022-000033-000044"},
    {TALLY_DOCUMENT_JOB, "corpus/job/B-02.good.json", "000011-000022-000033-000044"},
};

/* As it is and in UTF-16, whole and in pieces, and with text in front of the secret so that what holds it has to grow.
 */
START_TEST(nothing_is_left)
{
	static const size_t sizes[] = {SIZE_MAX, 7};
	test_text text = file_read(source_path(documents[_i].file)), wide = {0};
	ck_assert_ptr_nonnull(strstr(text.data, documents[_i].secret));
	if (documents[_i].kind != TALLY_DOCUMENT_JOB)
		text_add_utf16(&wide, text.data, false, true);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		freed = freed_with_it = 0;
		watched = documents[_i].secret;
		lint(documents[_i].kind, (tally_text){text.data, text.size}, sizes[i]);
		if (wide.size > 0)
			lint(documents[_i].kind, (tally_text){wide.data, wide.size}, sizes[i]);
		watched = NULL;
		ck_assert_uint_gt(freed, 3);
		ck_assert_uint_eq(freed_with_it, 0);
	}
	text_clear(&wide);
	text_clear(&text);
}
END_TEST

/* A value of many lines grows in its buffer behind the key. */
START_TEST(nothing_is_left_where_it_grew)
{
	static const char key[] = "<BitLockerKey>000011";
	test_text text = file_read(source_path(documents[0].file)), changed = {0};
	const char *end = strstr(text.data, "[EndValue]");
	ck_assert_ptr_nonnull(strstr(text.data, key));
	text_add(&changed, text.data, (size_t)(end - text.data));
	for (size_t i = 0; i < 5000; i++)
		text_print(&changed, "<!-- behind it -->\n");
	text_add(&changed, end, text.size - (size_t)(end - text.data));
	freed_with_it = 0;
	watched = documents[0].secret;
	lint(TALLY_DOCUMENT_JOURNAL, (tally_text){changed.data, changed.size}, SIZE_MAX);
	watched = NULL;
	ck_assert_uint_eq(freed_with_it, 0);
	text_clear(&changed);
	text_clear(&text);
}
END_TEST

int main(void)
{
	return suite_run("secrets left", (const suite_test[]){{nothing_is_left, sizeof documents / sizeof documents[0]},
							      {nothing_is_left_where_it_grew, 0},
							      {NULL, 0}});
}
