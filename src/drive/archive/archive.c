/* SPDX-License-Identifier: Apache-2.0 */
/* Listing an archive. */
#include "drive/archive/archive_internal.h"

#include "base/memory.h"
#include "base/windows_path.h"

#include <stdio.h>
#include <sys/stat.h>

/* What is kept in memory of manifest and side files, before they go to a temporary file. */
#define SCRATCH_MEMORY ((size_t)64 << 20)
/* More would only bury the first ones. */
#define NOTES_MAX 100
/* Several copies of a manifest may lie about on a drive; which is the right one is known when all names are. */
#define MANIFESTS_MAX 4
/* A damaged archive may be made of entries that can't be read; libarchive looks for the next one each time. */
#define UNREADABLE_MAX 1000

tally_archive *tally_archive_of(const tally_drive *drive)
{
	return (tally_archive *)(uintptr_t)drive;
}

tally_drive *tally_archive_drive(tally_archive *a)
{
	return &a->drive;
}

uint64_t tally_archive_size(const tally_archive *a)
{
	return a->layer->size;
}

/* Zeros where it is in no file. */
static struct timespec last_write(const tally_archive *a)
{
	tally_layer_place place;
	struct stat facts;
	if (!tally_layer_locate(a->layer, 0, &place) || fstat(place.fd, &facts) != 0)
		return (struct timespec){0, 0};
	return facts.st_mtim;
}

bool tally_archive_changed(const tally_archive *a)
{
	struct timespec now = last_write(a);
	return now.tv_sec != a->modified.tv_sec || now.tv_nsec != a->modified.tv_nsec;
}

/* ---- notes ---- */

tally_result tally_archive_note_add(tally_archive *a, tally_archive_trouble trouble, tally_text path,
				    const char *message, tally_error *error)
{
	/* What ends the reading is always told. */
	if (a->note_count >= NOTES_MAX && trouble != TALLY_ARCHIVE_CUT && trouble != TALLY_ARCHIVE_BOMB) {
		a->notes_dropped++;
		return TALLY_OK;
	}
	tally_archive_note *notes = tally_grow(a->notes, &a->note_capacity, a->note_count + 1, sizeof *notes);
	if (notes == NULL)
		return tally_fail_memory(error);
	a->notes = notes;
	char *path_copy = tally_strndup(path.data, path.size), *message_copy = tally_strndup(message, strlen(message));
	if (path_copy == NULL || message_copy == NULL) {
		tally_free(path_copy);
		tally_free(message_copy);
		return tally_fail_memory(error);
	}
	notes[a->note_count++] = (tally_archive_note){trouble, path_copy, message_copy};
	return TALLY_OK;
}

size_t tally_archive_notes(const tally_archive *a, const tally_archive_note **notes, uint64_t *dropped)
{
	*notes = a->notes;
	*dropped = a->notes_dropped;
	return a->note_count;
}

char *tally_archive_path_of(const tally_archive *a, uint32_t node)
{
	size_t size = 0;
	for (uint32_t n = node; n != TALLY_NODE_ROOT; n = a->names.nodes[n].parent)
		size += 1 + (size_t)a->names.nodes[n].text_size;
	char *path = tally_alloc(size + 1);
	if (path == NULL)
		return NULL;
	path[size] = '\0';
	for (uint32_t n = node; n != TALLY_NODE_ROOT; n = a->names.nodes[n].parent) {
		tally_text name = tally_names_text(&a->names, n);
		size -= name.size + 1;
		path[size] = '\\';
		memcpy(path + size + 1, name.data, name.size);
	}
	return path;
}

/* ---- listing ---- */

typedef struct listing {
	tally_archive *archive;
	tally_archive_reader *reader;
	const tally_archive_options *options;
	uint64_t claimed; /* bytes of all files so far */
	unsigned unreadable;
	bool stopped;
	bool ended;
	tally_text last; /* the path of the entry before */
	char last_path[256];
} listing;

static bool watch_listing(void *context, uint64_t place)
{
	listing *l = context;
	const tally_archive_options *o = l->options;
	l->stopped = l->stopped || (o->watch != NULL && !o->watch(o->context, place));
	return !l->stopped;
}

static bool is_same_path(tally_text a, tally_text b)
{
	tally_text x, y;
	bool more;
	do {
		more = tally_windows_path_next(&a, &x);
		if (more != tally_windows_path_next(&b, &y) || (more && !tally_ntfs_equal(x, y)))
			return false;
	} while (more);
	return true;
}

/* The root may be the top or a folder there. */
static bool leads_to(tally_text path, const char *name)
{
	tally_text wanted = {name, strlen(name)}, rest = path, folder;
	return is_same_path(path, wanted) || (tally_windows_path_next(&rest, &folder) && is_same_path(rest, wanted));
}

/* Of each kind of names a few are kept. */
static bool count_up(unsigned *kept)
{
	bool may = *kept < MANIFESTS_MAX;
	*kept += may;
	return may;
}

/* Whether it may be the manifest, and is to be kept. */
static bool may_be_manifest(listing *l, tally_text path)
{
	static const char *const usual[] = {"DriveManifest.xml", "drive-manifest.xml"};
	tally_archive *a = l->archive;
	for (size_t i = 0; i < l->options->manifest_count; i++)
		if (leads_to(path, l->options->manifests[i]))
			return count_up(&a->known);
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		if (leads_to(path, usual[i]))
			return count_up(&a->usual);
	return false;
}

static tally_result remember(tally_archive *a, uint32_t node, tally_error *error)
{
	uint32_t *nodes = tally_grow(a->nodes, &a->entry_capacity, a->entry_count + 1, sizeof *nodes);
	if (nodes == NULL)
		return tally_fail_memory(error);
	a->nodes = nodes;
	nodes[a->entry_count++] = node;
	return TALLY_OK;
}

static tally_result end_listing(listing *l, tally_archive_trouble trouble, tally_text path, const char *message,
				tally_error *error)
{
	l->ended = true;
	l->archive->cut = true;
	return tally_archive_note_add(l->archive, trouble, path, message, error);
}

/* Whether all files together still are what an archive of this size may hold. */
static bool is_bomb(listing *l, const tally_archive_entry *entry)
{
	uint64_t most;
	if (__builtin_mul_overflow(l->archive->layer->size, TALLY_ARCHIVE_RATIO, &most) ||
	    __builtin_add_overflow(most, TALLY_ARCHIVE_FREE_BYTES, &most))
		return false;
	return __builtin_add_overflow(l->claimed, entry->unpacked, &l->claimed) || l->claimed > most;
}

static tally_result add_name(listing *l, const tally_archive_entry *entry, tally_error *error)
{
	tally_archive *a = l->archive;
	uint32_t number = (uint32_t)a->entry_count, node = TALLY_NODE_NONE;
	bool replaced = false;
	tally_names_outcome outcome = tally_names_add(&a->names, entry, number, &node, &replaced, error);
	if (outcome == TALLY_NAMES_FAILED)
		return error != NULL ? error->code : TALLY_ERROR_INTERNAL;
	if (outcome == TALLY_NAMES_FULL)
		return end_listing(l, TALLY_ARCHIVE_BOMB, entry->path, "the archive has more names than any drive",
				   error);
	tally_result result = remember(a, node, error);
	if (result == TALLY_OK && replaced)
		result = tally_archive_note_add(a, TALLY_ARCHIVE_TWICE, entry->path, "", error);
	if (result != TALLY_OK || node == TALLY_NODE_NONE || entry->kind != TALLY_ARCHIVE_FILE || entry->encrypted ||
	    !may_be_manifest(l, entry->path))
		return result;
	bool broken = false;
	result = tally_archive_keep(a, l->reader, node, TALLY_ARCHIVE_MANIFEST_MAX, &broken, error);
	if (result == TALLY_OK && broken && !l->stopped)
		return end_listing(l, TALLY_ARCHIVE_CUT, entry->path, tally_archive_reader_message(l->reader), error);
	return result;
}

static tally_result take_entry(listing *l, const tally_archive_entry *entry, tally_error *error)
{
	tally_archive *a = l->archive;
	if (is_bomb(l, entry))
		return end_listing(l, TALLY_ARCHIVE_BOMB, entry->path,
				   "it would unpack to more than an archive of this size can hold", error);
	if (entry->fault == NULL)
		return add_name(l, entry, error);
	tally_result result = remember(a, TALLY_NODE_NONE, error);
	return result == TALLY_OK ? tally_archive_note_add(a, TALLY_ARCHIVE_NAME, entry->path, entry->fault, error)
				  : result;
}

static tally_result take_step(listing *l, tally_archive_step step, const tally_archive_entry *entry, tally_error *error)
{
	const char *message = tally_archive_reader_message(l->reader);
	if (l->stopped)
		return tally_fail(error, TALLY_ERROR_STOPPED, "stopped on request");
	switch (step) {
	case TALLY_ARCHIVE_NEXT: {
		tally_result result = take_entry(l, entry, error);
		l->last.size = entry->path.size < sizeof l->last_path ? entry->path.size : 0;
		memcpy(l->last_path, entry->path.data, l->last.size);
		return result;
	}
	case TALLY_ARCHIVE_END:
		l->ended = true;
		return TALLY_OK;
	case TALLY_ARCHIVE_UNREADABLE:
		if (++l->unreadable <= UNREADABLE_MAX) {
			tally_result result = remember(l->archive, TALLY_NODE_NONE, error);
			l->archive->cut = true;
			return result == TALLY_OK
				   ? tally_archive_note_add(l->archive, TALLY_ARCHIVE_AFTER, l->last, message, error)
				   : result;
		}
		return end_listing(l, TALLY_ARCHIVE_CUT, l->last, message, error);
	case TALLY_ARCHIVE_NO_MEMORY:
		return tally_fail_memory(error);
	case TALLY_ARCHIVE_BROKEN:
		break;
	}
	return end_listing(l, TALLY_ARCHIVE_CUT, l->last, message, error);
}

static tally_result list(tally_archive *a, const char *name, const tally_archive_options *options, tally_error *error)
{
	static const tally_archive_options nothing = {0};
	listing l = {.archive = a, .options = options != NULL ? options : &nothing};
	l.last.data = l.last_path;
	tally_error unasked;
	error = error != NULL ? error : &unasked;
	tally_result result = tally_archive_reader_new(&l.reader, a->layer, watch_listing, &l, error);
	while (result == TALLY_OK && !l.ended) {
		tally_archive_entry entry = {.path = {"", 0}};
		tally_archive_step step = tally_archive_reader_next(l.reader, &entry);
		if (a->entry_count == 0 && step != TALLY_ARCHIVE_NEXT && !l.stopped &&
		    tally_archive_reader_format(l.reader) == NULL) {
			result = tally_fail(error, TALLY_ERROR_IO, "%.200s is no archive: %.200s", name,
					    tally_archive_reader_message(l.reader));
			break;
		}
		result = take_step(&l, step, &entry, error);
	}
	tally_archive_reader_free(l.reader);
	return result;
}

/* ---- opening, closing ---- */

static tally_os_medium medium(const tally_drive *drive)
{
	(void)drive;
	return (tally_os_medium){.readahead = 128 * 1024};
}

static int identify(const tally_file *file, tally_file_identity *identity)
{
	*identity = file->identity;
	return 0;
}

static void close_file(tally_file *file)
{
	(void)file;
}

static void close_archive(tally_drive *drive)
{
	tally_archive *a = tally_archive_of(drive);
	for (size_t i = 0; i < a->note_count; i++) {
		tally_free((char *)(uintptr_t)a->notes[i].path);
		tally_free((char *)(uintptr_t)a->notes[i].message);
	}
	tally_free(a->notes);
	tally_free(a->kept);
	tally_free(a->nodes);
	tally_scratch_free(a->scratch);
	tally_names_release(&a->names);
	tally_layer_close(a->layer);
	pthread_mutex_destroy(&a->lock);
	tally_free(a);
}

static const tally_drive_class archive_class = {
    .find = tally_archive_find,
    .walk = tally_archive_walk,
    .medium = medium,
    .close = close_archive,
    .read = tally_archive_read,
    .read_medium = tally_archive_read,
    .identify = identify,
    .close_file = close_file,
};

tally_result tally_archive_open_layer(tally_layer *layer, const char *name, const tally_archive_options *options,
				      tally_archive **archive, tally_error *error)
{
	*archive = NULL;
	tally_archive *a = tally_zalloc(1, sizeof *a);
	if (a == NULL) {
		tally_layer_close(layer);
		return tally_fail_memory(error);
	}
	a->drive.class = &archive_class;
	a->layer = layer;
	a->modified = last_write(a);
	pthread_mutex_init(&a->lock, NULL);
	tally_result result = tally_names_init(&a->names, error);
	if (result == TALLY_OK)
		result = tally_scratch_new(&a->scratch, SCRATCH_MEMORY, error);
	if (result == TALLY_OK)
		result = list(a, name, options, error);
	if (result != TALLY_OK) {
		close_archive(&a->drive);
		return result;
	}
	*archive = a;
	return TALLY_OK;
}

tally_result tally_archive_open(const char *path, const tally_archive_options *options, tally_archive **archive,
				tally_error *error)
{
	tally_layer *layer;
	*archive = NULL;
	tally_result result = tally_layer_open_file(path, &layer, error);
	return result == TALLY_OK ? tally_archive_open_layer(layer, path, options, archive, error) : result;
}

/* ---- the root ---- */

static bool holds(tally_archive *a, uint32_t folder, const char *const *manifests, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t node;
		if (manifests[i] != NULL &&
		    tally_archive_look(a, folder, (tally_text){manifests[i], strlen(manifests[i])}, &node, NULL) ==
			TALLY_FIND_OK)
			return true;
	}
	return false;
}

void tally_archive_settle(tally_archive *a, const char *const *manifests, size_t count)
{
	uint32_t found = TALLY_NODE_NONE;
	a->root = TALLY_NODE_ROOT;
	if (holds(a, TALLY_NODE_ROOT, manifests, count))
		return;
	for (uint32_t n = a->names.nodes[TALLY_NODE_ROOT].child; n != TALLY_NODE_NONE; n = a->names.nodes[n].sibling) {
		if (a->names.nodes[n].kind != TALLY_ARCHIVE_DIRECTORY || !holds(a, n, manifests, count))
			continue;
		if (found != TALLY_NODE_NONE)
			return; /* two drives, or a drive and a copy of another: nobody said which */
		found = n;
	}
	if (found != TALLY_NODE_NONE)
		a->root = found;
}

uint64_t tally_archive_outside(const tally_archive *a)
{
	uint64_t count = 0;
	if (a->root != TALLY_NODE_ROOT)
		for (uint32_t n = a->names.nodes[TALLY_NODE_ROOT].child; n != TALLY_NODE_NONE;
		     n = a->names.nodes[n].sibling)
			count += n != a->root;
	return count;
}
