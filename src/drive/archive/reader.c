/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/archive/reader.h"

#include "base/memory.h"
#include "base/windows_path.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>

/* libarchive asks for one buffer after the other; seeks make what was read ahead useless. */
#define BUFFER ((size_t)256 * 1024)
/* libarchive may want a header read again; it never does so for long. */
#define RETRIES 16
/* One, and the bytes themselves. */
#define FILTERS_MAX 2

struct tally_archive_reader {
	tally_layer *layer;
	struct archive *archive;
	tally_archive_watch *watch;
	void *context;
	uint64_t place, end; /* of the data: blocks never go back */
	locale_t before;
	bool stopped, opened;
	char *path, *target;
	size_t path_capacity, target_capacity;
	char message[256];
	uint8_t buffer[BUFFER];
};

/*
 * libarchive brings names into the encoding of the thread's locale, and a program need not have set one. So ours is
 * UTF-8 while it works; of the process nothing changes. All readers share one locale, which stays: to make one loads
 * its tables, and the C library would drop them with the last reader and load them for the next.
 */
static locale_t utf8;

static void make_utf8(void)
{
	utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static void enter(tally_archive_reader *r)
{
	r->before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
}

static void leave(const tally_archive_reader *r)
{
	if (r->before != (locale_t)0)
		uselocale(r->before);
}

/* ---- the archive's bytes ---- */

static la_ssize_t read_bytes(struct archive *archive, void *context, const void **bytes)
{
	tally_archive_reader *r = context;
	*bytes = r->buffer;
	if (!r->stopped && r->watch != NULL && !r->watch(r->context, r->place))
		r->stopped = true;
	if (r->stopped) {
		archive_set_error(archive, ECANCELED, "stopped");
		return -1;
	}
	if (r->place >= r->layer->size)
		return 0;
	int64_t got = tally_layer_read(r->layer, r->place, r->buffer, BUFFER, TALLY_LAYER_CACHED);
	if (got < 0) {
		archive_set_error(archive, (int)-got, "the archive can't be read at byte %llu",
				  (unsigned long long)r->place);
		return -1;
	}
	r->place += (uint64_t)got;
	return (la_ssize_t)got;
}

static la_int64_t skip_bytes(struct archive *archive, void *context, la_int64_t wanted)
{
	tally_archive_reader *r = context;
	(void)archive;
	uint64_t left = r->layer->size > r->place ? r->layer->size - r->place : 0;
	uint64_t skipped = wanted < 0 ? 0 : (uint64_t)wanted < left ? (uint64_t)wanted : left;
	r->place += skipped;
	return (la_int64_t)skipped;
}

static la_int64_t seek_bytes(struct archive *archive, void *context, la_int64_t offset, int whence)
{
	tally_archive_reader *r = context;
	(void)archive;
	int64_t from = whence == SEEK_SET ? 0 : (int64_t)(whence == SEEK_CUR ? r->place : r->layer->size), to;
	if (__builtin_add_overflow(from, (int64_t)offset, &to) || to < 0)
		return ARCHIVE_FATAL;
	r->place = (uint64_t)to;
	return to;
}

/* ---- opening ---- */

typedef int support(struct archive *archive);

static support *const formats[] = {archive_read_support_format_tar, archive_read_support_format_zip,
				   archive_read_support_format_7zip, archive_read_support_format_iso9660,
				   archive_read_support_format_cpio};
static support *const filters[] = {archive_read_support_filter_gzip,     archive_read_support_filter_bzip2,
				   archive_read_support_filter_compress, archive_read_support_filter_xz,
				   archive_read_support_filter_lzma,     archive_read_support_filter_lzip,
				   archive_read_support_filter_lz4,      archive_read_support_filter_zstd};

/*
 * A filter for which libarchive was built without its library is there all the same and runs a program. It says so by a
 * warning, but can't be taken back; so it is asked on trial first.
 */
static bool is_built_in(support *filter)
{
	struct archive *trial = archive_read_new();
	bool built_in = trial != NULL && filter(trial) == ARCHIVE_OK;
	archive_read_free(trial);
	return built_in;
}

static bool prepare(tally_archive_reader *r)
{
	struct archive *a = r->archive = archive_read_new();
	if (a == NULL)
		return false;
	bool done = true;
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		done = done && formats[i](a) == ARCHIVE_OK;
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++)
		if (is_built_in(filters[i]))
			done = done && filters[i](a) == ARCHIVE_OK;
	return done && archive_read_set_read_callback(a, read_bytes) == ARCHIVE_OK &&
	       archive_read_set_skip_callback(a, skip_bytes) == ARCHIVE_OK &&
	       archive_read_set_seek_callback(a, seek_bytes) == ARCHIVE_OK &&
	       archive_read_set_callback_data(a, r) == ARCHIVE_OK;
}

tally_result tally_archive_reader_new(tally_archive_reader **out, tally_layer *layer, tally_archive_watch *watch,
				      void *context, tally_error *error)
{
	*out = NULL;
	tally_archive_reader *r = tally_alloc(sizeof *r);
	if (r == NULL)
		return tally_fail_memory(error);
	memset(r, 0, offsetof(tally_archive_reader, buffer));
	r->layer = layer;
	r->watch = watch;
	r->context = context;
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_utf8);
	if (!prepare(r)) {
		tally_archive_reader_free(r);
		return tally_fail_memory(error);
	}
	*out = r;
	return TALLY_OK;
}

void tally_archive_reader_free(tally_archive_reader *r)
{
	if (r == NULL)
		return;
	enter(r);
	if (r->archive != NULL)
		archive_read_free(r->archive);
	leave(r);
	tally_free(r->path);
	tally_free(r->target);
	tally_free(r);
}

/* ---- names ---- */

static bool is_separator(char c)
{
	return c == '/' || c == '\\';
}

/* Takes the next component off a name; false at the end. */
static bool next_component(tally_text *rest, tally_text *component)
{
	while (rest->size > 0 && is_separator(rest->data[0]))
		*rest = (tally_text){rest->data + 1, rest->size - 1};
	size_t size = 0;
	while (size < rest->size && !is_separator(rest->data[size]))
		size++;
	*component = (tally_text){rest->data, size};
	*rest = (tally_text){rest->data + size, rest->size - size};
	return size > 0;
}

static const char no_memory[] = "out of memory";

/*
 * Brings a name into the form of tally_archive_entry.path, in a buffer that grows. Names that lead out of the folder
 * they are unpacked in are never brought into one that doesn't: programs differ in what they make of them.
 */
static const char *normalise(tally_text name, char **buffer, size_t *capacity, tally_text *path)
{
	*path = name;
	if (name.size > TALLY_WINDOWS_PATH_BYTES)
		return "the name is longer than any path of Windows";
	if (name.size > 0 && is_separator(name.data[0]))
		return "the name is absolute";
	if (name.size > 1 && name.data[1] == ':')
		return "the name begins with a drive's letter";
	char *grown = tally_grow(*buffer, capacity, name.size + 1, 1);
	if (grown == NULL)
		return no_memory;
	*buffer = grown;
	size_t size = 0;
	tally_text component, rest = name;
	while (next_component(&rest, &component)) {
		if (tally_text_equal(component, TALLY_TEXT("..")))
			return "the name leads out of its folder";
		if (tally_text_equal(component, TALLY_TEXT(".")))
			continue;
		if (size > 0)
			grown[size++] = '\\';
		memcpy(grown + size, component.data, component.size);
		size += component.size;
	}
	grown[size] = '\0';
	*path = (tally_text){grown, size};
	return NULL;
}

static tally_text text_of(const char *text)
{
	return text != NULL ? (tally_text){text, strlen(text)} : (tally_text){"", 0};
}

/* As it stands in the archive where that has no encoding, else UTF-8. NULL: it can't be told. */
static const char *name_of(struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);
	return name != NULL ? name : archive_entry_pathname_utf8(e);
}

static const char *hard_link_of(struct archive_entry *e)
{
	const char *name = archive_entry_hardlink(e);
	return name != NULL ? name : archive_entry_hardlink_utf8(e);
}

/* ---- entries ---- */

static uint64_t positive(la_int64_t number)
{
	return number > 0 ? (uint64_t)number : 0;
}

static void measure(struct archive_entry *from, tally_archive_entry *entry)
{
	entry->has_size = archive_entry_size_is_set(from);
	entry->size = entry->has_size ? positive(archive_entry_size(from)) : 0;
	entry->unpacked = entry->size;
	if (archive_entry_sparse_reset(from) == 0)
		return;
	la_int64_t offset, length;
	entry->has_holes = true;
	entry->unpacked = 0;
	while (archive_entry_sparse_next(from, &offset, &length) == ARCHIVE_OK)
		if (__builtin_add_overflow(entry->unpacked, positive(length), &entry->unpacked))
			entry->unpacked = UINT64_MAX;
}

static tally_archive_kind kind_of(struct archive_entry *from)
{
	switch (archive_entry_filetype(from)) {
	case AE_IFREG:
		return TALLY_ARCHIVE_FILE;
	case AE_IFDIR:
		return TALLY_ARCHIVE_DIRECTORY;
	case AE_IFLNK:
		return TALLY_ARCHIVE_LINK;
	default:
		return TALLY_ARCHIVE_OTHER;
	}
}

static tally_archive_step take_entry(tally_archive_reader *r, struct archive_entry *from, tally_archive_entry *entry)
{
	const char *name = name_of(from), *target = hard_link_of(from);
	*entry = (tally_archive_entry){.path = TALLY_TEXT(""),
				       .target = TALLY_TEXT(""),
				       .kind = kind_of(from),
				       .encrypted = archive_entry_is_encrypted(from) == 1};
	r->end = 0;
	measure(from, entry);
	if (name == NULL) {
		entry->fault = "the name's encoding is not known";
		return TALLY_ARCHIVE_NEXT;
	}
	entry->fault = normalise(text_of(name), &r->path, &r->path_capacity, &entry->path);
	if (entry->fault == no_memory)
		return TALLY_ARCHIVE_NO_MEMORY;
	if (target == NULL)
		return TALLY_ARCHIVE_NEXT;
	/* A hard link that brings bytes of its own (cpio; pax can) is as good as a file. */
	entry->kind = entry->size > 0 ? TALLY_ARCHIVE_FILE : TALLY_ARCHIVE_SAME_FILE;
	const char *fault = normalise(text_of(target), &r->target, &r->target_capacity, &entry->target);
	if (fault != NULL)
		entry->target = (tally_text){"", 0};
	if (fault == no_memory)
		return TALLY_ARCHIVE_NO_MEMORY;
	return TALLY_ARCHIVE_NEXT;
}

static tally_archive_step fail(tally_archive_reader *r, int result)
{
	const char *text = archive_error_string(r->archive);
	snprintf(r->message, sizeof r->message, "%s", text != NULL ? text : "");
	return result == ARCHIVE_FAILED || result == ARCHIVE_WARN ? TALLY_ARCHIVE_UNREADABLE : TALLY_ARCHIVE_BROKEN;
}

static int open_or_next(tally_archive_reader *r, struct archive_entry **entry)
{
	if (!r->opened && archive_read_open1(r->archive) < ARCHIVE_WARN)
		return ARCHIVE_FATAL;
	r->opened = true;
	/* Each packing multiplies what a bomb unpacks to; nobody who packs a drive needs two. */
	if (archive_filter_count(r->archive) > FILTERS_MAX) {
		archive_set_error(r->archive, ENOTSUP, "the archive is packed more than once");
		return ARCHIVE_FATAL;
	}
	int result = ARCHIVE_RETRY;
	for (int i = 0; i < RETRIES && result == ARCHIVE_RETRY; i++)
		result = archive_read_next_header(r->archive, entry);
	return result == ARCHIVE_RETRY ? ARCHIVE_FATAL : result;
}

tally_archive_step tally_archive_reader_next(tally_archive_reader *r, tally_archive_entry *entry)
{
	struct archive_entry *from = NULL;
	enter(r);
	int result = open_or_next(r, &from);
	tally_archive_step step = TALLY_ARCHIVE_END;
	/* A warning concerns facts of the entry that nobody asks for here, or its name, which is judged. */
	if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
		step = take_entry(r, from, entry);
	else if (result != ARCHIVE_EOF)
		step = fail(r, result);
	leave(r);
	return step;
}

tally_archive_step tally_archive_reader_data(tally_archive_reader *r, const uint8_t **bytes, size_t *size,
					     uint64_t *offset)
{
	const void *block = NULL;
	la_int64_t at = 0;
	int result;
	*size = 0;
	enter(r);
	do
		result = archive_read_data_block(r->archive, &block, size, &at);
	while (result == ARCHIVE_OK && *size == 0);
	tally_archive_step step = TALLY_ARCHIVE_END;
	if (result != ARCHIVE_OK && result != ARCHIVE_EOF)
		step = fail(r, result);
	leave(r);
	if (result != ARCHIVE_OK)
		return step;
	if (at < 0 || (uint64_t)at < r->end || *size > (uint64_t)INT64_MAX - (uint64_t)at) {
		snprintf(r->message, sizeof r->message, "the blocks of an entry are in disorder");
		return TALLY_ARCHIVE_UNREADABLE;
	}
	*bytes = block;
	*offset = (uint64_t)at;
	r->end = *offset + *size;
	return TALLY_ARCHIVE_NEXT;
}

const char *tally_archive_reader_message(tally_archive_reader *r)
{
	return r->message;
}

const char *tally_archive_reader_format(tally_archive_reader *r)
{
	return archive_format(r->archive) != 0 ? archive_format_name(r->archive) : NULL;
}

bool tally_archive_reader_is_packed(tally_archive_reader *r)
{
	return archive_filter_count(r->archive) > 1;
}
