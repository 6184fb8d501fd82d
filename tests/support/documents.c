/* SPDX-License-Identifier: Apache-2.0 */
#include "support/documents.h"

#include <check.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void text_add(test_text *t, const void *bytes, size_t size)
{
	if (t->size + size + 1 > t->capacity) {
		t->capacity = 2 * (t->size + size + 1);
		t->data = realloc(t->data, t->capacity);
		ck_assert_ptr_nonnull(t->data);
	}
	if (size > 0)
		memcpy(t->data + t->size, bytes, size);
	t->size += size;
	t->data[t->size] = '\0';
}

void text_print(test_text *t, const char *format, ...)
{
	va_list args;
	char *line;
	va_start(args, format);
	int size = vasprintf(&line, format, args);
	va_end(args);
	ck_assert_int_ge(size, 0);
	text_add(t, line, (size_t)size);
	free(line);
}

void text_replace(test_text *t, const char *old, const char *new)
{
	char *found = t->data != NULL ? memmem(t->data, t->size, old, strlen(old)) : NULL;
	ck_assert_msg(found != NULL, "there is no \"%s\" to be replaced", old);
	test_text changed = {0};
	text_add(&changed, t->data, (size_t)(found - t->data));
	text_add(&changed, new, strlen(new));
	found += strlen(old);
	text_add(&changed, found, t->size - (size_t)(found - t->data));
	text_clear(t);
	*t = changed;
}

void text_clear(test_text *t)
{
	free(t->data);
	*t = (test_text){0};
}

static void add_unit(test_text *t, uint32_t unit, bool big_endian)
{
	char low = (char)(unit & 0xFF), high = (char)(unit >> 8);
	text_add(t, (char[2]){big_endian ? high : low, big_endian ? low : high}, 2);
}

void text_add_utf16(test_text *t, const char *utf8, bool big_endian, bool mark)
{
	if (mark)
		add_unit(t, 0xFEFF, big_endian);
	for (tally_text rest = {utf8, strlen(utf8)}; rest.size > 0;) {
		uint32_t c = tally_utf8_next(&rest);
		ck_assert_uint_ne(c, TALLY_NOT_A_CODE_POINT);
		if (c >= 0x10000) {
			add_unit(t, 0xD800 + ((c - 0x10000) >> 10), big_endian);
			c = 0xDC00 + ((c - 0x10000) & 0x3FF);
		}
		add_unit(t, c, big_endian);
	}
}

test_text file_read(const char *path)
{
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "%s can't be opened", path);
	test_text text = {0};
	char buffer[65536];
	size_t got;
	text_add(&text, "", 0);
	while ((got = fread(buffer, 1, sizeof buffer, file)) > 0)
		text_add(&text, buffer, got);
	ck_assert_int_eq(ferror(file), 0);
	fclose(file);
	return text;
}

const char *source_path(const char *relative)
{
	static char path[4096];
	const char *root = getenv("TALLY_SOURCE_DIR");
	ck_assert_msg(root != NULL, "TALLY_SOURCE_DIR is not set");
	snprintf(path, sizeof path, "%s/%s", root, relative);
	return path;
}

const char *shared_path(const char *relative)
{
	static char path[4096];
	const char *root = getenv("TALLY_SHARED_DIR");
	if (root != NULL) {
		snprintf(path, sizeof path, "%s/%s", root, relative);
		if (access(path, R_OK) == 0)
			return path;
	}
	printf("skipped: %s is not there (TALLY_SHARED_DIR)\n", relative);
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

file_list files_in(const char *folder, const char *ending)
{
	file_list list = {0};
	DIR *dir = opendir(source_path(folder));
	if (dir == NULL)
		return list;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		size_t length = strlen(entry->d_name), end = strlen(ending);
		if (length < end || strcmp(entry->d_name + length - end, ending) != 0)
			continue;
		list.names = realloc(list.names, (list.count + 1) * sizeof *list.names);
		ck_assert_ptr_nonnull(list.names);
		list.names[list.count++] = strdup(entry->d_name);
	}
	closedir(dir);
	if (list.count > 0)
		qsort(list.names, list.count, sizeof *list.names, compare_names);
	return list;
}

void files_clear(file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (file_list){0};
}

static int64_t read_pieces(void *context, uint64_t offset, void *buffer, size_t size)
{
	pieces *p = context;
	p->reads++;
	if (offset >= p->text.size)
		return 0;
	size_t left = p->text.size - (size_t)offset;
	size_t take = size < p->piece ? size : p->piece;
	if (take > left)
		take = left;
	memcpy(buffer, p->text.data + offset, take);
	return (int64_t)take;
}

tally_source pieces_source(pieces *p)
{
	return (tally_source){.context = p, .read = read_pieces};
}
