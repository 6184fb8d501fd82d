/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/layer.h"

#include "base/memory.h"
#include "drive/beside.h"
#include "io/os.h"
#include "io/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef TALLY_FAULT_INJECTION
int (*tally_layer_fault)(uint64_t offset, size_t size);
#endif

static int admit(uint64_t offset, size_t size)
{
#ifdef TALLY_FAULT_INJECTION
	if (tally_layer_fault != NULL)
		return tally_layer_fault(offset, size);
#endif
	(void)offset, (void)size;
	return 0;
}

int64_t tally_layer_read(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	if (offset >= layer->size || size == 0)
		return 0;
	if (size > layer->size - offset)
		size = (size_t)(layer->size - offset);
	return layer->class->read(layer, offset, buffer, size, way);
}

size_t tally_layer_read_most(tally_layer *layer, uint64_t offset, void *buffer, size_t size, int *failed)
{
	size_t done = 0;
	*failed = 0;
	while (done < size) {
		int64_t got =
		    tally_layer_read(layer, offset + done, (uint8_t *)buffer + done, size - done, TALLY_LAYER_CACHED);
		if (got <= 0) {
			*failed = got < 0 ? (int)got : -ENODATA;
			break;
		}
		done += (size_t)got;
	}
	return done;
}

int tally_layer_read_all(tally_layer *layer, uint64_t offset, void *buffer, size_t size)
{
	int failed;
	tally_layer_read_most(layer, offset, buffer, size, &failed);
	return failed;
}

bool tally_layer_locate(tally_layer *layer, uint64_t offset, tally_layer_place *place)
{
	if (offset >= layer->size || layer->class->locate == NULL || !layer->class->locate(layer, offset, place))
		return false;
	if (place->length > layer->size - offset)
		place->length = layer->size - offset;
	return true;
}

void tally_layer_close(tally_layer *layer)
{
	if (layer != NULL)
		layer->class->close(layer);
}

/* ---- a file ---- */

/*
 * Two descriptors: O_DIRECT is a property of the opened file and not of a read, and other threads go on reading through
 * the cache meanwhile.
 */
typedef struct file_layer {
	tally_layer layer;
	int fd, direct; /* direct: -1 where the file system knows no such thing */
	tally_bad_place bad;
} file_layer;

static int64_t read_once(int fd, uint64_t offset, void *buffer, size_t size)
{
	int fault = admit(offset, size);
	int64_t got = fault != 0 ? fault : tally_os_read(fd, offset, buffer, size);
	/* It was cut since it was opened. */
	return got != 0 ? got : -ENODATA;
}

static int64_t read_medium(void *context, uint64_t offset, void *buffer, size_t size)
{
	const file_layer *file = context;
	if (file->direct >= 0) {
		int64_t got = read_once(file->direct, offset, buffer, size);
		if (got != -EINVAL)
			return got;
	}
	tally_os_drop(file->fd, offset, size);
	return read_once(file->fd, offset, buffer, size);
}

static int64_t read_cached(void *context, uint64_t offset, void *buffer, size_t size)
{
	return read_once(((const file_layer *)context)->fd, offset, buffer, size);
}

static int64_t read_file(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	file_layer *file = (file_layer *)layer;
	if (way == TALLY_LAYER_MEDIUM)
		return read_medium(layer, offset, buffer, size);
	const tally_beside from = {
	    .cached = read_cached, .medium = read_medium, .context = file, .end = layer->size, .bad = &file->bad};
	return tally_beside_read(&from, offset, buffer, size);
}

static bool locate_file(tally_layer *layer, uint64_t offset, tally_layer_place *place)
{
	*place =
	    (tally_layer_place){.fd = ((file_layer *)layer)->fd, .offset = offset, .length = layer->size - offset};
	return true;
}

static void close_file(tally_layer *layer)
{
	file_layer *file = (file_layer *)layer;
	if (file->direct >= 0)
		close(file->direct);
	close(file->fd);
	tally_bad_place_destroy(&file->bad);
	tally_free(file);
}

/* Of the same file: somebody may have put another one in its place since it was opened. */
static int open_direct(int fd, const char *path, int flags)
{
	struct stat opened, found;
	int direct = open(path, flags | O_DIRECT);
	if (direct < 0)
		return -1;
	if (fstat(fd, &opened) == 0 && fstat(direct, &found) == 0 && opened.st_dev == found.st_dev &&
	    opened.st_ino == found.st_ino)
		return direct;
	close(direct);
	return -1;
}

tally_result tally_layer_open_file(const char *path, tally_layer **out, tally_error *error)
{
	static const tally_layer_class class = {read_file, locate_file, close_file};
	const int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	*out = NULL;
	int fd = open(path, flags);
	if (fd < 0)
		return tally_fail_os(error, errno, "can't open %s", path);
	tally_os_extent extent;
	int failed = tally_os_extent_of(fd, &extent);
	if (failed != 0) {
		close(fd);
		return tally_fail_os(error, -failed, "can't read %s as a disk", path);
	}
	file_layer *file = tally_zalloc(1, sizeof *file);
	if (file == NULL) {
		close(fd);
		return tally_fail_memory(error);
	}
	file->layer = (tally_layer){&class, extent.size, extent.sector_size};
	file->fd = fd;
	file->direct = open_direct(fd, path, flags);
	tally_bad_place_init(&file->bad);
	*out = &file->layer;
	return TALLY_OK;
}

/* ---- a part ---- */

typedef struct part_layer {
	tally_layer layer;
	tally_layer *below;
	uint64_t offset;
} part_layer;

static int64_t read_part(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	const part_layer *part = (part_layer *)layer;
	return tally_layer_read(part->below, part->offset + offset, buffer, size, way);
}

static bool locate_part(tally_layer *layer, uint64_t offset, tally_layer_place *place)
{
	const part_layer *part = (part_layer *)layer;
	return tally_layer_locate(part->below, part->offset + offset, place);
}

static void close_part(tally_layer *layer)
{
	tally_free(layer);
}

tally_result tally_layer_open_part(tally_layer *below, uint64_t offset, uint64_t size, tally_layer **out,
				   tally_error *error)
{
	static const tally_layer_class class = {read_part, locate_part, close_part};
	part_layer *part = tally_zalloc(1, sizeof *part);
	*out = NULL;
	if (part == NULL)
		return tally_fail_memory(error);
	*part = (part_layer){{&class, size, below->sector_size}, below, offset};
	*out = &part->layer;
	return TALLY_OK;
}

/* ---- memory ---- */

typedef struct memory_layer {
	tally_layer layer;
	const uint8_t *bytes;
} memory_layer;

static int64_t read_memory(tally_layer *layer, uint64_t offset, void *buffer, size_t size, tally_layer_way way)
{
	(void)way;
	int fault = admit(offset, size);
	if (fault != 0)
		return fault;
	memcpy(buffer, ((memory_layer *)layer)->bytes + offset, size);
	return (int64_t)size;
}

tally_result tally_layer_open_memory(const void *bytes, uint64_t size, tally_layer **out, tally_error *error)
{
	static const tally_layer_class class = {read_memory, NULL, close_part};
	memory_layer *memory = tally_zalloc(1, sizeof *memory);
	*out = NULL;
	if (memory == NULL)
		return tally_fail_memory(error);
	*memory = (memory_layer){{&class, size, 0}, bytes};
	*out = &memory->layer;
	return TALLY_OK;
}
