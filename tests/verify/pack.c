/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <check.h>
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pack {
	struct archive *archive;
	locale_t utf8, before;
};

static void good(pack *p, int result)
{
	ck_assert_msg(result == ARCHIVE_OK, "%s", archive_error_string(p->archive));
}

pack *pack_begin(const char *path, const char *format, const char *filter, const char *options)
{
	pack *p = calloc(1, sizeof *p);
	p->archive = archive_write_new();
	p->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	p->before = uselocale(p->utf8);
	int able = filter != NULL ? archive_write_add_filter_by_name(p->archive, filter) : ARCHIVE_OK;
	if (able == ARCHIVE_OK)
		able = archive_write_set_format_by_name(p->archive, format);
	if (able != ARCHIVE_OK) {
		fprintf(stderr, "%s %s: skipped, libarchive can't write it\n", format, filter != NULL ? filter : "");
		archive_write_free(p->archive);
		uselocale(p->before);
		freelocale(p->utf8);
		free(p);
		return NULL;
	}
	archive_write_set_bytes_in_last_block(p->archive, 1);
	if (options != NULL)
		good(p, archive_write_set_options(p->archive, options));
	good(p, archive_write_set_passphrase(p->archive, "secret"));
	good(p, archive_write_open_filename(p->archive, path));
	return p;
}

void pack_end(pack *p)
{
	good(p, archive_write_close(p->archive));
	archive_write_free(p->archive);
	uselocale(p->before);
	freelocale(p->utf8);
	free(p);
}

static struct archive_entry *entry_of(const char *name, unsigned type, int64_t size)
{
	struct archive_entry *e = archive_entry_new();
	archive_entry_copy_pathname(e, name);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, 0755);
	archive_entry_set_nlink(e, 1);
	archive_entry_set_size(e, size);
	return e;
}

static void write_entry(pack *p, struct archive_entry *e, const void *bytes, size_t size)
{
	int result = archive_write_header(p->archive, e);
	ck_assert_msg(result >= ARCHIVE_WARN, "%s: %s", archive_entry_pathname(e), archive_error_string(p->archive));
	if (size > 0)
		ck_assert_int_eq(archive_write_data(p->archive, bytes, size), (la_ssize_t)size);
	archive_entry_free(e);
}

void pack_file(pack *p, const char *name, const void *bytes, size_t size)
{
	write_entry(p, entry_of(name, AE_IFREG, (int64_t)size), bytes, size);
}

void pack_holes(pack *p, const char *name, const uint8_t *bytes, size_t size, size_t hole, size_t tail)
{
	struct archive_entry *e = entry_of(name, AE_IFREG, (int64_t)size);
	archive_entry_sparse_add_entry(e, 0, (int64_t)hole);
	archive_entry_sparse_add_entry(e, (int64_t)tail, (int64_t)(size - tail));
	write_entry(p, e, bytes, size);
}

void pack_link(pack *p, const char *name, const char *target, bool hard)
{
	struct archive_entry *e = entry_of(name, hard ? AE_IFREG : AE_IFLNK, 0);
	if (hard)
		archive_entry_copy_hardlink(e, target);
	else
		archive_entry_copy_symlink(e, target);
	archive_entry_unset_size(e);
	write_entry(p, e, NULL, 0);
}

static char *read_whole(const char *path, size_t size)
{
	char *bytes = malloc(size + 1);
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL && fread(bytes, 1, size, file) == size, "%s", path);
	fclose(file);
	return bytes;
}

static void pack_path(pack *p, const char *path, const char *name, const struct stat *facts)
{
	if (S_ISREG(facts->st_mode)) {
		char *bytes = read_whole(path, (size_t)facts->st_size);
		pack_file(p, name, bytes, (size_t)facts->st_size);
		free(bytes);
	} else if (S_ISLNK(facts->st_mode)) {
		char target[512];
		ssize_t size = readlink(path, target, sizeof target - 1);
		ck_assert_int_gt(size, 0);
		target[size] = '\0';
		pack_link(p, name, target, false);
	} else {
		write_entry(p, entry_of(name, facts->st_mode & S_IFMT, 0), NULL, 0);
	}
}

static int compare_backwards(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return -compare_backwards(a, b);
}

void pack_folder(pack *p, const char *folder, const char *prefix, bool backwards)
{
	struct dirent **names;
	int count = scandir(folder, &names, NULL, backwards ? compare_backwards : compare_names);
	ck_assert_int_ge(count, 0);
	for (int i = 0; i < count; i++) {
		char path[4096], name[4096];
		struct stat facts;
		snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
		snprintf(name, sizeof name, "%s%s", prefix, names[i]->d_name);
		bool dots = strcmp(names[i]->d_name, ".") == 0 || strcmp(names[i]->d_name, "..") == 0;
		free(names[i]);
		ck_assert_int_eq(lstat(path, &facts), 0);
		/* No archive format has sockets. */
		if (dots || S_ISSOCK(facts.st_mode))
			continue;
		pack_path(p, path, name, &facts);
		if (S_ISDIR(facts.st_mode)) {
			snprintf(name + strlen(name), sizeof name - strlen(name), "/");
			pack_folder(p, path, name, backwards);
		}
	}
	free(names);
}
