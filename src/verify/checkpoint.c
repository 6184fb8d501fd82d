/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/checkpoint.h"

#include "base/memory.h"
#include "io/disk.h"
#include "io/os.h"
#include "verify/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PIECE ((size_t)64 * 1024) /* read at a time */
/* How much work a loss of power may cost; a killed process loses nothing that was written. */
#define SYNC_SECONDS 5
/* Batches that were in work at one time lie mixed; more than this many back, one gets a second entry in the index. */
#define RECENT 16

/* Where in the file the records of a batch are, those of others among them. */
typedef struct extent {
	uint32_t batch;
	uint64_t begin, end;
} extent;

struct tally_checkpoint {
	int fd;
	tally_crc64_table table;
	extent *index; /* of what earlier runs wrote, by batch */
	size_t index_count, index_capacity;
	pthread_mutex_t lock;
	uint64_t end; /* of the file */
	time_t synced;
};

static tally_result refuse(const char *path, const char *why, tally_error *error)
{
	return tally_fail(error, TALLY_ERROR_ARGUMENT,
			  "the checkpoint %.200s %s; name another file, or remove this one to begin anew", path, why);
}

static int read_at(int fd, uint64_t offset, uint8_t *buffer, size_t size, size_t *got)
{
	*got = 0;
	while (*got < size) {
		ssize_t count = pread(fd, buffer + *got, size - *got, (off_t)(offset + *got));
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return errno;
		if (count == 0)
			break;
		*got += (size_t)count;
	}
	return 0;
}

/* ---- reading records ---- */

typedef struct reading {
	const tally_checkpoint *checkpoint;
	uint8_t buffer[PIECE];
	uint64_t offset; /* of the buffer */
	size_t at, size;
	int os_error;
} reading;

/* The next record that begins before `end`; false at the first that isn't whole, or when it can't be read. */
static bool next_record(reading *r, uint64_t end, tally_checkpoint_record *record)
{
	if (r->size - r->at < TALLY_CHECKPOINT_RECORD_MAX) {
		r->offset += r->at;
		r->at = 0;
		r->os_error = read_at(r->checkpoint->fd, r->offset, r->buffer, sizeof r->buffer, &r->size);
	}
	if (r->os_error != 0 || r->offset + r->at >= end)
		return false;
	size_t size = tally_checkpoint_decode(record, &r->checkpoint->table, r->buffer + r->at, r->size - r->at);
	r->at += size;
	return size > 0;
}

static tally_result add_to_index(tally_checkpoint *c, uint32_t batch, uint64_t begin, uint64_t end, tally_error *error)
{
	for (size_t i = c->index_count; i > 0 && i + RECENT > c->index_count; i--) {
		if (c->index[i - 1].batch != batch)
			continue;
		c->index[i - 1].end = end;
		return TALLY_OK;
	}
	extent *index = tally_grow(c->index, &c->index_capacity, c->index_count + 1, sizeof *index);
	if (index == NULL)
		return tally_fail_memory(error);
	c->index = index;
	index[c->index_count++] = (extent){batch, begin, end};
	return TALLY_OK;
}

static int compare_extents(const void *a, const void *b)
{
	const extent *left = a, *right = b;
	if (left->batch != right->batch)
		return left->batch < right->batch ? -1 : 1;
	return left->begin < right->begin ? -1 : left->begin > right->begin;
}

/* Finds out what is there, and where the last whole record ends. */
static tally_result make_index(tally_checkpoint *c, const char *path, tally_error *error)
{
	reading *r = tally_zalloc(1, sizeof *r);
	if (r == NULL)
		return tally_fail_memory(error);
	*r = (reading){.checkpoint = c, .offset = TALLY_CHECKPOINT_HEAD};
	tally_result result = TALLY_OK;
	tally_checkpoint_record record;
	uint64_t begin = r->offset;
	while (result == TALLY_OK && next_record(r, UINT64_MAX, &record)) {
		uint64_t end = r->offset + r->at;
		result = add_to_index(c, record.batch, begin, end, error);
		begin = end;
	}
	if (result == TALLY_OK && r->os_error != 0)
		result = tally_fail_os(error, r->os_error, "can't read the checkpoint %.200s", path);
	c->end = begin;
	tally_free(r);
	if (c->index_count > 0)
		qsort(c->index, c->index_count, sizeof *c->index, compare_extents);
	return result;
}

/* ---- opening ---- */

/* In a file system of the disk, whichever of its partitions that is on. */
static bool lies_on_disk(const char *folder, const char *drive_path)
{
	struct stat drive, place;
	tally_os_disk checked, written;
	return stat(drive_path, &drive) == 0 && S_ISBLK(drive.st_mode) && stat(folder, &place) == 0 &&
	       tally_os_disk_of(drive.st_rdev, &checked) == 0 && tally_os_disk_of(place.st_dev, &written) == 0 &&
	       checked.device == written.device;
}

/* Nothing writes to a drive that is checked. */
static bool lies_on(const char *path, const char *drive_path)
{
	char folder[PATH_MAX], drive[PATH_MAX], file[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t size = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (size >= sizeof file)
		return false; /* can't be opened either */
	memcpy(file, path, size);
	file[size] = '\0';
	if (realpath(drive_path, drive) == NULL || realpath(size > 0 ? file : ".", folder) == NULL)
		return false;
	if (lies_on_disk(folder, drive_path))
		return true;
	size_t length = strlen(drive);
	if (strncmp(folder, drive, length) == 0 && (folder[length] == '/' || folder[length] == '\0'))
		return true;
	return strcmp(drive, "/") == 0 || (realpath(path, file) != NULL && strcmp(file, drive) == 0);
}

/* A new file's name must outlast a loss of power as well. */
static void sync_folder(const char *path)
{
	char folder[PATH_MAX] = ".";
	const char *slash = strrchr(path, '/');
	if (slash != NULL && (size_t)(slash - path) + 1 < sizeof folder) {
		memcpy(folder, path, (size_t)(slash - path) + 1);
		folder[slash - path + 1] = '\0';
	}
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* The head: made where there is none, held against the subject where there is one. */
static tally_result take_head(tally_checkpoint *c, const char *path, const tally_checkpoint_subject *subject,
			      tally_error *error)
{
	uint8_t wanted[TALLY_CHECKPOINT_HEAD], found[TALLY_CHECKPOINT_HEAD];
	size_t got;
	tally_checkpoint_head(subject, wanted);
	int os_error = read_at(c->fd, 0, found, sizeof found, &got);
	if (os_error != 0)
		return tally_fail_os(error, os_error, "can't read the checkpoint %.200s", path);
	/* Less than a head is one that was torn when it was made. */
	if (got == sizeof found || memcmp(found, wanted, got) != 0) {
		memset(found + got, 0, sizeof found - got);
		const char *refusal = tally_checkpoint_refusal(wanted, found);
		return refusal != NULL ? refuse(path, refusal, error) : make_index(c, path, error);
	}
	os_error = tally_os_write_at(c->fd, 0, wanted, sizeof wanted);
	c->end = sizeof wanted;
	if (os_error != 0)
		return tally_fail_os(error, os_error, "can't write the checkpoint %.200s", path);
	fsync(c->fd);
	sync_folder(path);
	return TALLY_OK;
}

static tally_result open_file(tally_checkpoint *c, const char *path, const tally_checkpoint_subject *subject,
			      tally_error *error)
{
	struct stat facts;
	c->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (c->fd < 0 || fstat(c->fd, &facts) != 0)
		return tally_fail_os(error, errno, "can't open the checkpoint %.200s", path);
	if (!S_ISREG(facts.st_mode))
		return refuse(path, "is no regular file", error);
	if (flock(c->fd, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? tally_fail(error, TALLY_ERROR_ARGUMENT,
							 "the checkpoint %.200s is in use by another check", path)
					    : tally_fail_os(error, errno, "can't lock the checkpoint %.200s", path);
	tally_result result = take_head(c, path, subject, error);
	if (result == TALLY_OK && ftruncate(c->fd, (off_t)c->end) != 0)
		result = tally_fail_os(error, errno, "can't write the checkpoint %.200s", path);
	return result;
}

tally_result tally_checkpoint_open(const char *path, const char *drive_path, const tally_checkpoint_subject *subject,
				   tally_checkpoint **out, tally_error *error)
{
	*out = NULL;
	if (lies_on(path, drive_path))
		return tally_fail(error, TALLY_ERROR_ARGUMENT,
				  "the checkpoint %.200s would be on the drive, to which nothing is written", path);
	tally_checkpoint *c = tally_zalloc(1, sizeof *c);
	if (c == NULL)
		return tally_fail_memory(error);
	pthread_mutex_init(&c->lock, NULL);
	tally_crc64_table_make(&c->table);
	c->synced = time(NULL);
	tally_result result = open_file(c, path, subject, error);
	if (result != TALLY_OK)
		tally_checkpoint_close(c);
	else
		*out = c;
	return result;
}

void tally_checkpoint_close(tally_checkpoint *c)
{
	if (c == NULL)
		return;
	if (c->fd >= 0)
		close(c->fd);
	pthread_mutex_destroy(&c->lock);
	tally_free(c->index);
	tally_free(c);
}

/* ---- recalling ---- */

static void forget(tally_batch *batch, uint32_t blob)
{
	tally_batch_blob *part = &batch->blobs[blob];
	for (size_t i = 0; i < part->segment_count; i++) {
		tally_batch_segment *s = &batch->segments[part->first_segment + i];
		*s = (tally_batch_segment){.entry = s->entry, .blob = s->blob};
	}
	part->noted = false;
}

static bool is_same_file(const tally_file_identity *a, const tally_file_identity *b)
{
	return a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns;
}

static void take_record(const tally_checkpoint *c, tally_batch *batch, const tally_checkpoint_record *record)
{
	if (record->type == TALLY_CHECKPOINT_FILE) {
		if (record->index >= batch->blob_count)
			return;
		tally_batch_blob *blob = &batch->blobs[record->index];
		/* It was read anew since, because it had become another. */
		if (blob->noted && !is_same_file(&blob->noted_identity, &record->identity))
			forget(batch, record->index);
		blob->noted = true;
		blob->noted_identity = record->identity;
		return;
	}
	if (record->index >= batch->segment_count)
		return;
	tally_batch_segment *s = &batch->segments[record->index];
	if (!batch->blobs[s->blob].noted || record->entry != tally_checkpoint_entry(&s->entry, &c->table))
		return;
	tally_batch_segment known = record->segment;
	if (record->type == TALLY_CHECKPOINT_DONE)
		known = (tally_batch_segment){.outcome = TALLY_SEGMENT_COMPLETED, .read = s->entry.length};
	known.entry = s->entry;
	known.blob = s->blob;
	known.recalled = true;
	*s = known;
}

/* Takes a part of a batch for done only if its file is still what it was. */
static tally_result confirm(tally_batch *batch, uint32_t index, tally_drive *drive, tally_reading *how,
			    tally_error *error)
{
	tally_batch_blob *blob = &batch->blobs[index];
	tally_result result = TALLY_OK;
	size_t recalled = 0;
	for (size_t i = 0; i < blob->segment_count; i++)
		recalled += batch->segments[blob->first_segment + i].recalled;
	if (recalled > 0)
		result = tally_batch_await_open(batch, blob, drive, how, error);
	if (result != TALLY_OK)
		return result;
	if (recalled == 0 || !blob->is_open || !is_same_file(&blob->noted_identity, &blob->file.identity))
		forget(batch, index);
	/* What is left of it opens the file for itself. */
	if (blob->is_open && (recalled < blob->segment_count || !blob->noted))
		blob->opened = false;
	tally_batch_close(batch, blob);
	return TALLY_OK;
}

static tally_result recall_extent(tally_checkpoint *c, const extent *e, tally_batch *batch, tally_error *error)
{
	reading *r = tally_zalloc(1, sizeof *r);
	if (r == NULL)
		return tally_fail_memory(error);
	*r = (reading){.checkpoint = c, .offset = e->begin};
	tally_checkpoint_record record;
	while (next_record(r, e->end, &record))
		if (record.batch == batch->number)
			take_record(c, batch, &record);
	int os_error = r->os_error;
	tally_free(r);
	return os_error == 0 ? TALLY_OK : tally_fail_os(error, os_error, "can't read the checkpoint");
}

tally_result tally_checkpoint_recall(tally_checkpoint *c, tally_batch *batch, tally_drive *drive, tally_reading *how,
				     tally_error *error)
{
	size_t low = 0, high = c->index_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (c->index[middle].batch < batch->number)
			low = middle + 1;
		else
			high = middle;
	}
	tally_result result = TALLY_OK;
	bool any = low < c->index_count && c->index[low].batch == batch->number;
	for (; result == TALLY_OK && low < c->index_count && c->index[low].batch == batch->number; low++)
		result = recall_extent(c, &c->index[low], batch, error);
	for (uint32_t i = 0; any && result == TALLY_OK && i < batch->blob_count; i++)
		result = confirm(batch, i, drive, how, error);
	return result;
}

/* ---- noting ---- */

static tally_result append(tally_checkpoint *c, const uint8_t *bytes, size_t size, tally_error *error)
{
	pthread_mutex_lock(&c->lock);
	int os_error = tally_os_write_at(c->fd, c->end, bytes, size);
	if (os_error == 0)
		c->end += size;
	time_t now = time(NULL);
	bool is_due = now - c->synced >= SYNC_SECONDS || now < c->synced;
	if (is_due)
		c->synced = now;
	pthread_mutex_unlock(&c->lock);
	if (is_due && os_error == 0 && fdatasync(c->fd) != 0)
		os_error = errno;
	return os_error == 0 ? TALLY_OK : tally_fail_os(error, os_error, "can't write the checkpoint");
}

tally_result tally_checkpoint_note(tally_checkpoint *c, tally_batch *batch, const tally_batch_segment *s,
				   tally_error *error)
{
	uint8_t bytes[2 * TALLY_CHECKPOINT_RECORD_MAX];
	tally_batch_blob *blob = &batch->blobs[s->blob];
	size_t size = 0;
	bool was_read = s->outcome == TALLY_SEGMENT_COMPLETED || s->outcome == TALLY_SEGMENT_CORRUPTED ||
			s->outcome == TALLY_SEGMENT_SHORT;
	if (!was_read || blob->changed)
		return TALLY_OK;
	tally_checkpoint_record record = {.batch = (uint32_t)batch->number,
					  .entry = tally_checkpoint_entry(&s->entry, &c->table)};
	if (!blob->noted || !is_same_file(&blob->noted_identity, &blob->file.identity)) {
		record.type = TALLY_CHECKPOINT_FILE;
		record.index = (uint16_t)s->blob;
		record.identity = blob->noted_identity = blob->file.identity;
		blob->noted = true;
		size = tally_checkpoint_encode(&record, &c->table, bytes);
	}
	record.type = s->outcome == TALLY_SEGMENT_COMPLETED ? TALLY_CHECKPOINT_DONE : TALLY_CHECKPOINT_FAILED;
	record.index = (uint16_t)(s - batch->segments);
	record.segment = *s;
	size += tally_checkpoint_encode(&record, &c->table, bytes + size);
	return append(c, bytes, size, error);
}
