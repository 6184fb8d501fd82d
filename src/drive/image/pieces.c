/* SPDX-License-Identifier: Apache-2.0 */
/* Raw images in pieces, as split and the imaging tools write them: NAME.001, NAME.002 ... read as one. */
#include "drive/image/opening.h"

#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Each takes a descriptor or two. */
#define PIECES_MAX 1000
#define WIDTH_MAX 6

typedef struct pieces_layer {
	tally_layer layer;
	unsigned count;
	tally_layer **files;
	uint64_t *ends; /* of each piece on the disk */
} pieces_layer;

/* How the pieces of an image are called: the path up to the number, and the number. */
typedef struct naming {
	const char *path;
	size_t stem;   /* bytes of the path before the number */
	size_t width;  /* digits */
	unsigned base; /* 10, or 26 for letters */
	unsigned number;
} naming;

static bool parse_number(const char *digits, size_t width, unsigned base, unsigned *number)
{
	*number = 0;
	for (size_t i = 0; i < width; i++) {
		unsigned digit = (unsigned char)digits[i] - (base == 10 ? (unsigned)'0' : (unsigned)'a');
		if (digit >= base)
			return false;
		*number = *number * base + digit;
	}
	return digits[width] == '\0';
}

/* False for a name without a number. Letters are one only where they begin with .aa: else every extension would be. */
static bool parse_name(const char *path, naming *n)
{
	const char *dot = strrchr(path, '.');
	if (dot == NULL || strchr(dot, '/') != NULL)
		return false;
	*n = (naming){.path = path, .stem = (size_t)(dot + 1 - path), .width = strlen(dot + 1), .base = 10};
	if (n->width < 2 || n->width > WIDTH_MAX)
		return false;
	if (parse_number(dot + 1, n->width, 10, &n->number))
		return true;
	n->base = 26;
	return parse_number(dot + 1, n->width, 26, &n->number) && n->number == 0;
}

static const char *name_of(const naming *n, unsigned number, char out[WIDTH_MAX + 1])
{
	out[n->width] = '\0';
	for (size_t i = n->width; i-- > 0; number /= n->base)
		out[i] = (char)((n->base == 10 ? '0' : 'a') + (int)(number % n->base));
	return out;
}

/* In a folder that may not be listed: up to the first number that isn't there. */
static void probe_range(const naming *n, char *scratch, unsigned *highest)
{
	char name[WIDTH_MAX + 1];
	memcpy(scratch, n->path, n->stem);
	for (unsigned number = n->number + 1; number - n->number < PIECES_MAX; number++) {
		strcpy(scratch + n->stem, name_of(n, number, name));
		if (access(scratch, F_OK) != 0)
			return;
		*highest = number;
	}
}

/* Which numbers there are. The folder's name is put into `scratch`, which has room for the path. */
static bool find_range(tally_opening *o, const naming *n, char *scratch, unsigned *lowest, unsigned *highest)
{
	const char *slash = strrchr(n->path, '/');
	size_t folder = slash != NULL ? (size_t)(slash + 1 - n->path) : 0, stem = n->stem - folder;
	*lowest = *highest = n->number;
	memcpy(scratch, n->path, folder);
	scratch[folder] = '\0';
	DIR *dir = opendir(folder != 0 ? scratch : ".");
	if (dir == NULL && errno == ENOMEM)
		return tally_opening_no_memory(o);
	if (dir == NULL) {
		probe_range(n, scratch, highest);
		return true;
	}
	const struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		unsigned number;
		if (strncmp(entry->d_name, n->path + folder, stem) != 0 || strlen(entry->d_name) != stem + n->width ||
		    !parse_number(entry->d_name + stem, n->width, n->base, &number))
			continue;
		*lowest = number < *lowest ? number : *lowest;
		*highest = number > *highest ? number : *highest;
	}
	closedir(dir);
	return true;
}

/* ---- reading ---- */

static size_t piece_at(const pieces_layer *self, uint64_t offset)
{
	size_t low = 0, high = self->count - 1;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (offset < self->ends[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static uint64_t within_piece(const pieces_layer *self, size_t piece, uint64_t offset)
{
	return offset - (self->ends[piece] - self->files[piece]->size);
}

static int64_t read_pieces(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	const pieces_layer *self = (pieces_layer *)layer;
	size_t piece = piece_at(self, offset);
	return tally_layer_read(self->files[piece], within_piece(self, piece, offset), buffer, size, way);
}

static bool locate_pieces(tally_layer *layer, uint64_t offset, tally_layer_place *place)
{
	const pieces_layer *self = (pieces_layer *)layer;
	size_t piece = piece_at(self, offset);
	return tally_layer_locate(self->files[piece], within_piece(self, piece, offset), place);
}

static void close_pieces(tally_layer *layer)
{
	pieces_layer *self = (pieces_layer *)layer;
	for (size_t i = 0; self->files != NULL && i < self->count; i++)
		tally_layer_close(self->files[i]);
	tally_free(self->files);
	tally_free(self->ends);
	tally_free(self);
}

/* ---- opening ---- */

static bool add_piece(tally_opening *o, const naming *n, pieces_layer *self, unsigned number, char *path)
{
	char name[WIDTH_MAX + 1];
	tally_error error;
	tally_layer *file;
	strcpy(path + n->stem, name_of(n, number, name));
	tally_result result = tally_layer_open_file(path, &file, &error);
	if (result == TALLY_ERROR_NO_MEMORY)
		return tally_opening_no_memory(o);
	if (result == TALLY_ERROR_NO_FILES) {
		o->result = tally_fail_os(o->error, error.os_error, "can't open all pieces of the image");
		return false;
	}
	if (result != TALLY_OK && error.os_error == ENOENT)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_GAP,
					    "piece .%s of the image is missing, though later ones are there", name);
	if (result != TALLY_OK)
		return tally_opening_refuse_os(o, error.os_error, "piece .%s of the image can't be opened", name);
	self->files[self->count] = file;
	if (__builtin_add_overflow(self->layer.size, file->size, &self->layer.size)) {
		tally_layer_close(file);
		return tally_opening_refuse(o, TALLY_DISK_FAULT_UNSUPPORTED,
					    "the pieces of the image are too large together");
	}
	self->ends[self->count++] = self->layer.size;
	return true;
}

/* Only the last may be shorter where they were cut by size. */
static void note_sizes(tally_opening *o, const naming *n, const pieces_layer *self)
{
	char name[WIDTH_MAX + 1];
	for (size_t i = 1; i + 1 < self->count; i++)
		if (self->files[i]->size != self->files[0]->size) {
			tally_notes_add(
			    o->notes,
			    "piece .%s of the image has %llu bytes and the first one %llu; if it was cut off, all "
			    "that follows is at the wrong place",
			    name_of(n, n->number + (unsigned)i, name), (unsigned long long)self->files[i]->size,
			    (unsigned long long)self->files[0]->size);
			return;
		}
}

static bool open_all(tally_opening *o, const naming *n, unsigned count, char *path, pieces_layer *self)
{
	self->files = tally_zalloc(count, sizeof *self->files);
	self->ends = tally_zalloc(count, sizeof *self->ends);
	if (self->files == NULL || self->ends == NULL)
		return tally_opening_no_memory(o);
	for (unsigned i = 0; i < count; i++)
		if (!add_piece(o, n, self, n->number + i, path))
			return false;
	note_sizes(o, n, self);
	return true;
}

static bool open_range(tally_opening *o, const naming *n, unsigned count, char *path, tally_layer **layer)
{
	static const tally_layer_class class = {read_pieces, locate_pieces, close_pieces};
	if (count > PIECES_MAX)
		return tally_opening_refuse(o, TALLY_DISK_FAULT_UNSUPPORTED,
					    "the image is in %u pieces; up to %d can be read", count, PIECES_MAX);
	pieces_layer *self = tally_zalloc(1, sizeof *self);
	if (self == NULL)
		return tally_opening_no_memory(o);
	self->layer.class = &class;
	if (!open_all(o, n, count, path, self)) {
		close_pieces(&self->layer);
		return false;
	}
	*layer = &self->layer;
	return true;
}

static bool open_named(tally_opening *o, const naming *n, char *scratch, unsigned *pieces, tally_layer **layer)
{
	unsigned lowest, highest;
	char name[WIDTH_MAX + 1];
	if (!find_range(o, n, scratch, &lowest, &highest))
		return false;
	/* Pieces are counted from 0 or 1: DRIVE.2024 beside DRIVE.2023 is something else. */
	if (lowest > 1 || highest == lowest)
		return true;
	if (lowest < n->number)
		return tally_opening_refuse(
		    o, TALLY_DISK_FAULT_GAP,
		    "this is piece .%s of an image, which begins with piece .%s: check that one", n->path + n->stem,
		    name_of(n, lowest, name));
	memcpy(scratch, n->path, n->stem);
	*pieces = highest - lowest + 1;
	return open_range(o, n, *pieces, scratch, layer);
}

bool tally_pieces_open(tally_opening *o, const char *path, unsigned *pieces, tally_layer **layer)
{
	naming n;
	*pieces = 1;
	*layer = NULL;
	if (!parse_name(path, &n))
		return true;
	char *scratch = tally_strndup(path, strlen(path));
	if (scratch == NULL)
		return tally_opening_no_memory(o);
	bool opened = open_named(o, &n, scratch, pieces, layer);
	tally_free(scratch);
	return opened;
}
