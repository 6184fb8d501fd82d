/* SPDX-License-Identifier: Apache-2.0 */
#include "drive/ntfs/drive.h"

#include "base/memory.h"
#include "drive/ntfs/ntfs_drive.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static const tally_ntfs_file *file_of(const tally_file *file)
{
	/* A handle is wide enough for a pointer. */
	return (const tally_ntfs_file *)file->handle;
}

static tally_ntfs_drive *drive_of(const tally_file *file)
{
	return (tally_ntfs_drive *)file->drive;
}

/* The last one out. */
static void leave(tally_ntfs_drive *drive)
{
	if (atomic_fetch_sub(&drive->users, 1) > 1)
		return;
	tally_ntfs_close(drive->volume);
	if (drive->release != NULL)
		drive->release(drive->context);
	tally_free(drive);
}

static void close_drive(tally_drive *drive)
{
	leave((tally_ntfs_drive *)drive);
}

static void close_file(tally_file *file)
{
	tally_ntfs_file_close((tally_ntfs_file *)file->handle);
	file->handle = 0;
	leave(drive_of(file));
}

/* ---- bytes ---- */

static int64_t read_file(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	return tally_ntfs_stream_read(&file_of(file)->stream, offset, buffer, size, TALLY_LAYER_CACHED);
}

static int64_t read_medium(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	return tally_ntfs_stream_read(&file_of(file)->stream, offset, buffer, size, TALLY_LAYER_MEDIUM);
}

tally_file_identity tally_ntfs_drive_identity(const tally_ntfs_drive *drive, const tally_ntfs_file *file)
{
	/* From 1601 to 1970; wraps around for what doesn't fit, as drive.h allows. */
	uint64_t modified = (file->modified - UINT64_C(116444736000000000)) * 100;
	return (tally_file_identity){
	    .device = tally_ntfs_facts_of(drive->volume)->geometry.serial,
	    .inode = file->reference,
	    .size = file->stream.size,
	    .links = 1,
	    .modified_ns = (int64_t)modified,
	};
}

/* Nobody writes to the volume meanwhile: what was kept of it is what it is. */
static int identify(const tally_file *file, tally_file_identity *identity)
{
	*identity = tally_ntfs_drive_identity(drive_of(file), file_of(file));
	return 0;
}

/* ---- where they lie ---- */

/* As much from `offset` on as lies in one piece in a file; *kind tells about bytes that lie in none. */
static bool locate(const tally_file *file, uint64_t offset, tally_ntfs_extent *extent, tally_layer_place *place)
{
	const tally_ntfs_stream *stream = &file_of(file)->stream;
	*extent = (tally_ntfs_extent){.kind = TALLY_NTFS_EXTENT_ZEROS};
	if (!tally_ntfs_stream_extent(stream, offset, extent))
		return false;
	if (extent->kind == TALLY_NTFS_EXTENT_ZEROS || extent->kind == TALLY_NTFS_EXTENT_RESIDENT ||
	    !tally_layer_locate(stream->layer, extent->place, place))
		return false;
	if (place->length > extent->length)
		place->length = extent->length;
	extent->length = place->length;
	return true;
}

static int map(const tally_file *file, uint64_t offset, size_t size, tally_mapping *mapping)
{
	tally_ntfs_extent extent;
	tally_layer_place place;
	if (!locate(file, offset, &extent, &place) || extent.kind != TALLY_NTFS_EXTENT_PLAIN || place.enciphered ||
	    place.length < size || place.offset % (uint64_t)sysconf(_SC_PAGESIZE) != 0)
		return -ENOTSUP;
	return tally_mapping_make(mapping, place.fd, place.offset, size);
}

/* Calls `use` for what of the range lies in files. False when there are bytes of which that can't be known. */
static bool for_each_place(const tally_file *file, uint64_t offset, uint64_t size,
			   void (*use)(void *context, const tally_layer_place *place), void *context)
{
	while (size > 0) {
		tally_ntfs_extent extent;
		tally_layer_place place;
		if (locate(file, offset, &extent, &place)) {
			place.length = place.length < size ? place.length : size;
			use(context, &place);
		} else if (extent.length == 0) {
			return true; /* the end */
		} else if (extent.kind == TALLY_NTFS_EXTENT_PLAIN || extent.kind == TALLY_NTFS_EXTENT_PACKED) {
			return false;
		}
		uint64_t step = extent.length < size ? extent.length : size;
		offset += step;
		size -= step;
	}
	return true;
}

static void count_cached(void *context, const tally_layer_place *place)
{
	unsigned *seen = context;
	seen[tally_os_cached(place->fd, place->offset, place->length)]++;
}

static tally_os_presence cached(const tally_file *file, uint64_t offset, uint64_t size)
{
	unsigned seen[TALLY_OS_PRESENT + 1] = {0};
	if (!for_each_place(file, offset, size, count_cached, seen) || seen[TALLY_OS_PARTLY] > 0)
		return TALLY_OS_PARTLY;
	if (seen[TALLY_OS_ABSENT] == 0)
		return TALLY_OS_PRESENT;
	return seen[TALLY_OS_PRESENT] == 0 ? TALLY_OS_ABSENT : TALLY_OS_PARTLY;
}

static void will_need_place(void *context, const tally_layer_place *place)
{
	(void)context;
	tally_os_will_need(place->fd, place->offset, place->length);
}

static void will_need(const tally_file *file, uint64_t offset, uint64_t size)
{
	for_each_place(file, offset, size, will_need_place, NULL);
}

static void drop_place(void *context, const tally_layer_place *place)
{
	(void)context;
	tally_os_drop(place->fd, place->offset, place->length);
}

static void drop(const tally_file *file, uint64_t offset, uint64_t size)
{
	for_each_place(file, offset, size, drop_place, NULL);
}

static bool place_on_medium(const tally_file *file, uint64_t offset, uint64_t *place)
{
	tally_ntfs_extent extent;
	if (!tally_ntfs_stream_extent(&file_of(file)->stream, offset, &extent) ||
	    extent.kind == TALLY_NTFS_EXTENT_ZEROS)
		return false;
	*place = extent.place;
	return true;
}

static tally_os_medium medium(const tally_drive *drive)
{
	return ((const tally_ntfs_drive *)drive)->medium;
}

static tally_os_medium medium_of_layer(tally_layer *layer)
{
	tally_layer_place place;
	struct stat facts;
	if (!tally_layer_locate(layer, 0, &place) || fstat(place.fd, &facts) != 0)
		return tally_os_medium_of(0);
	return tally_os_medium_of(S_ISBLK(facts.st_mode) ? facts.st_rdev : facts.st_dev);
}

static bool on_bad_clusters(const tally_file *file, uint64_t *offset, uint64_t *length)
{
	return tally_ntfs_file_on_bad_clusters(drive_of(file)->volume, file_of(file), offset, length);
}

static const tally_drive_class class = {
    .find = tally_ntfs_drive_find,
    .walk = tally_ntfs_drive_walk,
    .medium = medium,
    .close = close_drive,
    .read = read_file,
    .read_medium = read_medium,
    .identify = identify,
    .close_file = close_file,
    .on_bad_clusters = on_bad_clusters,
    .map = map,
    .cached = cached,
    .will_need = will_need,
    .drop = drop,
    .place = place_on_medium,
};

tally_result tally_drive_open_ntfs(tally_ntfs *volume, const tally_ntfs_drive_options *options, tally_drive **out,
				   tally_error *error)
{
	static const tally_ntfs_drive_options none;
	if (options == NULL)
		options = &none;
	*out = NULL;
	tally_ntfs_drive *drive = tally_zalloc(1, sizeof *drive);
	if (drive == NULL)
		return tally_fail_memory(error);
	drive->drive.class = &class;
	drive->volume = volume;
	drive->medium = options->medium != NULL ? *options->medium : medium_of_layer(tally_ntfs_layer(volume));
	drive->release = options->release;
	drive->context = options->context;
	atomic_init(&drive->users, 1);
	*out = &drive->drive;
	return TALLY_OK;
}

const tally_ntfs *tally_drive_ntfs_volume(const tally_drive *drive)
{
	return drive->class == &class ? ((const tally_ntfs_drive *)drive)->volume : NULL;
}
