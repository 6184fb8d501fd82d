/* SPDX-License-Identifier: Apache-2.0 */
#include "format/journal_outcome.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t read_piece(void *context, uint64_t offset, void *buffer, size_t size)
{
	const pieces *p = context;
	if (offset >= p->broken_at)
		return -EIO;
	if (offset >= p->size)
		return 0;
	size_t left = p->size - (size_t)offset;
	size = size < left ? size : left;
	size = p->piece == 0 || size < p->piece ? size : p->piece;
	memcpy(buffer, p->bytes + offset, size);
	return (int64_t)size;
}

static void keep(void *context, const tally_finding *finding)
{
	outcome *o = context;
	if (o->count == o->capacity) {
		o->capacity = o->capacity * 2 + 16;
		o->list = realloc(o->list, o->capacity * sizeof *o->list);
		ck_assert_ptr_nonnull(o->list);
	}
	found *f = &o->list[o->count++];
	*f = (found){finding->rule, finding->severity, finding->line, finding->document_offset, NULL};
	ck_assert_int_gt(asprintf(&f->text, "%s|%s|%s|%s|%s", finding->message,
				  finding->expected ? finding->expected : "", finding->actual ? finding->actual : "",
				  finding->blob_path ? finding->blob_path : "",
				  finding->file_path ? finding->file_path : ""),
			 0);
}

outcome judge_source(const pieces *given)
{
	outcome o = {.count = 0};
	pieces p = *given;
	tally_source source = {&p, read_piece, NULL};
	o.finder = (tally_finder){.put = keep, .context = &o};
	o.result = tally_journal_read(&o.journal, &source, &o.finder, &o.error);
	o.finder.put = NULL;
	o.finder.context = NULL;
	return o;
}

outcome judge_pieces(const char *bytes, size_t size, size_t piece)
{
	return judge_source(&(pieces){bytes, size, piece, SIZE_MAX});
}

outcome judge(const char *text)
{
	outcome o = judge_pieces(text, strlen(text), 0);
	ck_assert_int_eq(o.result, TALLY_OK);
	return o;
}

void clear(outcome *o)
{
	for (size_t i = 0; i < o->count; i++)
		free(o->list[i].text);
	free(o->list);
	tally_journal_clear(&o->journal);
	ck_assert_uint_eq(o->journal.drive_count, 0);
}

bool is_rule(const found *f, const char *name)
{
	size_t id = strlen(f->rule->id);
	if (strncmp(f->rule->id, name, id) != 0)
		return false;
	return f->rule->aspect[0] == '\0' ? name[id] == '\0'
					  : name[id] == '.' && strcmp(f->rule->aspect, name + id + 1) == 0;
}

size_t count_rule(const outcome *o, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < o->count; i++)
		count += is_rule(&o->list[i], name);
	return count;
}

void check_findings(const outcome *o, const char *expected)
{
	char list[1024] = "";
	for (size_t i = 0; i < o->count; i++) {
		const tally_rule *rule = o->list[i].rule;
		size_t used = strlen(list);
		snprintf(list + used, sizeof list - used, "%s%s%s%s", i > 0 ? " " : "", rule->id,
			 rule->aspect[0] != '\0' ? "." : "", rule->aspect);
	}
	ck_assert_str_eq(list, expected);
}

void check(const char *text, const char *expected)
{
	outcome o = judge(text);
	check_findings(&o, expected);
	clear(&o);
}

void check_same_drives(const outcome *a, const outcome *b)
{
	ck_assert_int_eq(a->journal.is_drive_info, b->journal.is_drive_info);
	ck_assert_uint_eq(a->journal.drive_count, b->journal.drive_count);
	for (size_t i = 0; i < a->journal.drive_count; i++) {
		const tally_journal_drive *x = &a->journal.drives[i], *y = &b->journal.drives[i];
		ck_assert_str_eq(x->drive_id, y->drive_id);
		ck_assert_pstr_eq(x->manifest_file, y->manifest_file);
		ck_assert_int_eq(x->key, y->key);
		ck_assert_int_eq(x->has_hash, y->has_hash);
		ck_assert_mem_eq(x->manifest_hash, y->manifest_hash, sizeof x->manifest_hash);
		ck_assert_uint_eq(x->place.line, y->place.line);
		ck_assert_uint_lt(x->place.offset, x->end_offset);
	}
}

void check_same(const outcome *a, const outcome *b)
{
	ck_assert_int_eq(a->result, b->result);
	ck_assert_uint_eq(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		ck_assert_ptr_eq(a->list[i].rule, b->list[i].rule);
		ck_assert_uint_eq(a->list[i].line, b->list[i].line);
		ck_assert_uint_eq(a->list[i].offset, b->list[i].offset);
		ck_assert_str_eq(a->list[i].text, b->list[i].text);
	}
	ck_assert_uint_eq(a->finder.errors, b->finder.errors);
	ck_assert_uint_eq(a->finder.warnings, b->finder.warnings);
	ck_assert_uint_eq(a->finder.notes, b->finder.notes);
	check_same_drives(a, b);
}

outcome judge_every_way(const char *bytes, size_t size)
{
	static const size_t sizes[] = {1, 2, 3, 7, 64, 4096};
	outcome whole = judge_pieces(bytes, size, 0);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		outcome cut = judge_pieces(bytes, size, sizes[i]);
		check_same(&whole, &cut);
		clear(&cut);
	}
	uint64_t counts[3] = {0};
	for (size_t i = 0; i < whole.count; i++) {
		const found *f = &whole.list[i];
		counts[f->severity]++;
		uint64_t line = 1;
		for (uint64_t at = 0; at < f->offset; at++)
			line += bytes[at] == '\n';
		ck_assert_uint_eq(f->line, line);
	}
	ck_assert_uint_eq(whole.finder.notes, counts[TALLY_SEVERITY_NOTE]);
	ck_assert_uint_eq(whole.finder.warnings, counts[TALLY_SEVERITY_WARNING]);
	ck_assert_uint_eq(whole.finder.errors, counts[TALLY_SEVERITY_ERROR]);
	return whole;
}

char *read_file(const char *folder, const char *name, size_t *size)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		return NULL;
	char *bytes = malloc(1 << 20);
	ck_assert_ptr_nonnull(bytes);
	*size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

int run_journal_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
