/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of an archive's files, in its order; and keeping some of them. */
#include "drive/archive/archive_internal.h"

#include "base/memory.h"

#include <errno.h>

static const uint8_t zeros[64 * 1024];

/* Where the bytes of one entry go. */
typedef struct flow {
	uint64_t wanted, done;
	tally_result (*data)(void *context, const uint8_t *bytes, size_t size, tally_error *error);
	void *context;
	tally_error *error;
} flow;

static tally_result pass(flow *f, const uint8_t *bytes, size_t size)
{
	if (size > f->wanted - f->done)
		size = (size_t)(f->wanted - f->done);
	f->done += size;
	return size > 0 ? f->data(f->context, bytes, size, f->error) : TALLY_OK;
}

static tally_result pass_zeros(flow *f, uint64_t end)
{
	tally_result result = TALLY_OK;
	end = end < f->wanted ? end : f->wanted;
	while (result == TALLY_OK && f->done < end)
		result = pass(f, zeros, end - f->done < sizeof zeros ? (size_t)(end - f->done) : sizeof zeros);
	return result;
}

/* The entry is at its end: what its header said of it holds, or something is missing. */
static tally_result finish(flow *f, tally_name_node *node, int *os_error)
{
	if (!node->has_size) {
		node->size = f->done;
		return TALLY_OK;
	}
	if (node->has_holes)
		return pass_zeros(f, node->size);
	if (f->done < node->size)
		*os_error = EIO;
	return TALLY_OK;
}

tally_result tally_archive_pump(tally_archive *a, tally_archive_reader *reader, uint32_t node, uint64_t wanted,
				tally_result (*data)(void *context, const uint8_t *bytes, size_t size,
						     tally_error *error),
				void *context, int *os_error, bool *broken, tally_error *error)
{
	tally_name_node *n = &a->names.nodes[node];
	flow f = {.wanted = n->has_size && n->size < wanted ? n->size : wanted,
		  .data = data,
		  .context = context,
		  .error = error};
	tally_result result = TALLY_OK;
	*os_error = 0;
	while (result == TALLY_OK && f.done < f.wanted && *os_error == 0) {
		const uint8_t *bytes;
		size_t size;
		uint64_t offset;
		tally_archive_step step = tally_archive_reader_data(reader, &bytes, &size, &offset);
		if (step == TALLY_ARCHIVE_END) {
			result = finish(&f, n, os_error);
			break;
		}
		if (step != TALLY_ARCHIVE_NEXT) {
			*os_error = EIO;
			*broken = step == TALLY_ARCHIVE_BROKEN;
			break;
		}
		result = pass_zeros(&f, offset);
		if (result == TALLY_OK)
			result = pass(&f, bytes, size);
	}
	/* Of a file that broke off before its size was told, so much is known. */
	if (!n->has_size && n->size < f.done)
		n->size = f.done;
	return result;
}

/* ---- keeping ---- */

typedef struct keeping {
	tally_archive *archive;
	uint64_t most, size;
} keeping;

static tally_result keep_bytes(void *context, const uint8_t *bytes, size_t size, tally_error *error)
{
	keeping *k = context;
	k->size += size;
	if (k->size > k->most)
		return TALLY_OK;
	return tally_scratch_write(k->archive->scratch, tally_scratch_size(k->archive->scratch), bytes, size, error);
}

static tally_result note_kept(tally_archive *a, uint32_t node, const tally_kept *kept, tally_error *error)
{
	tally_kept *all = tally_grow(a->kept, &a->kept_capacity, a->kept_count + 1, sizeof *all);
	if (all == NULL)
		return tally_fail_memory(error);
	a->kept = all;
	all[a->kept_count++] = *kept;
	a->names.nodes[node].kept = (uint32_t)a->kept_count;
	return TALLY_OK;
}

tally_result tally_archive_keep(tally_archive *a, tally_archive_reader *reader, uint32_t node, uint64_t most,
				bool *broken, tally_error *error)
{
	keeping k = {.archive = a, .most = most};
	tally_kept kept = {.offset = tally_scratch_size(a->scratch)};
	const tally_name_node *n = &a->names.nodes[node];
	tally_result result = TALLY_OK;
	if (n->has_size && n->size > most)
		kept.os_error = EFBIG;
	else
		result = tally_archive_pump(a, reader, node, most + 1, keep_bytes, &k, &kept.os_error, broken, error);
	if (k.size > most)
		kept.os_error = EFBIG;
	kept.size = tally_scratch_size(a->scratch) - kept.offset;
	return result == TALLY_OK ? note_kept(a, node, &kept, error) : result;
}

void tally_archive_want(tally_archive *a, const tally_file *file)
{
	tally_name_node *node = &a->names.nodes[file->handle];
	if (node->kept == 0)
		node->kept = TALLY_KEPT_WANTED;
}

uint32_t tally_archive_number(const tally_file *file)
{
	return (uint32_t)file->handle;
}

/* ---- streaming ---- */

typedef struct streaming {
	tally_archive *archive;
	tally_archive_reader *reader;
	const tally_archive_receiver *receiver;
	tally_archive_watch *watch;
	void *context;
	bool stopped;
	tally_error *error;
} streaming;

static bool watch_stream(void *context, uint64_t place)
{
	streaming *s = context;
	s->stopped = s->stopped || (s->watch != NULL && !s->watch(s->context, place));
	return !s->stopped;
}

typedef struct both {
	streaming *s;
	bool keep;
	keeping k;
	uint64_t left; /* for the receiver */
} both;

static tally_result give_both(void *context, const uint8_t *bytes, size_t size, tally_error *error)
{
	both *b = context;
	uint64_t given = size < b->left ? size : b->left;
	tally_result result = TALLY_OK;
	b->left -= given;
	if (given > 0)
		result = b->s->receiver->data(b->s->receiver->context, bytes, (size_t)given, error);
	if (result == TALLY_OK && b->keep)
		result = keep_bytes(&b->k, bytes, size, error);
	return result;
}

#ifdef TALLY_FAULT_INJECTION
uint64_t tally_archive_sides_max = TALLY_ARCHIVE_SIDES_MAX;
#  define SIDES_MAX tally_archive_sides_max
#else
#  define SIDES_MAX TALLY_ARCHIVE_SIDES_MAX
#endif

/* So much may be kept of the next side file. */
static uint64_t room_for_side(const tally_archive *a)
{
	uint64_t left = SIDES_MAX - a->sides;
	return left < TALLY_ARCHIVE_SIDE_MAX ? left : TALLY_ARCHIVE_SIDE_MAX;
}

/* One file, which is also kept when somebody asked for that. */
static tally_result stream_file(streaming *s, uint32_t node, bool *broken)
{
	tally_archive *a = s->archive;
	tally_name_node *n = &a->names.nodes[node];
	const tally_archive_receiver *r = s->receiver;
	both b = {.s = s, .keep = n->kept == TALLY_KEPT_WANTED, .k = {.archive = a, .most = room_for_side(a)}};
	tally_kept kept = {.offset = tally_scratch_size(a->scratch)};
	tally_result result = r->begin(r->context, node, &b.left, s->error);
	/* One byte more tells that it is too long. */
	uint64_t wanted = b.keep && b.left <= b.k.most ? b.k.most + 1 : b.left;
	if (!n->has_size && b.left > 0)
		wanted = UINT64_MAX; /* how long it is can't be known in another way */
	int os_error = 0;
	bool asked = b.left > 0;
	if (result == TALLY_OK && wanted > 0)
		result = tally_archive_pump(a, s->reader, node, wanted, give_both, &b, &os_error, broken, s->error);
	if (result == TALLY_OK && asked)
		result = r->end(r->context, os_error, s->error);
	if (result == TALLY_OK && os_error != 0 && !s->stopped) {
		char *path = tally_archive_path_of(a, node);
		result = path == NULL ? tally_fail_memory(s->error)
				      : tally_archive_note_add(a, TALLY_ARCHIVE_ENTRY, (tally_text){path, strlen(path)},
							       tally_archive_reader_message(s->reader), s->error);
		tally_free(path);
	}
	if (result != TALLY_OK || !b.keep)
		return result;
	kept.os_error = b.k.size > b.k.most ? EFBIG : os_error;
	kept.size = tally_scratch_size(a->scratch) - kept.offset;
	a->sides += kept.size;
	return note_kept(a, node, &kept, s->error);
}

static tally_result stream_entries(streaming *s)
{
	tally_archive *a = s->archive;
	tally_result result = TALLY_OK;
	bool broken = false;
	/* Not further than it was listed: what made the listing end there would do so again. */
	for (size_t i = 0; i < a->entry_count && result == TALLY_OK && !broken && !s->stopped; i++) {
		tally_archive_entry entry;
		tally_archive_step step = tally_archive_reader_next(s->reader, &entry);
		uint32_t node = a->nodes[i];
		if (step == TALLY_ARCHIVE_NO_MEMORY)
			return tally_fail_memory(s->error);
		if (step == TALLY_ARCHIVE_UNREADABLE)
			continue;
		if (step != TALLY_ARCHIVE_NEXT)
			break;
		if (node == TALLY_NODE_NONE || a->names.nodes[node].entry != i ||
		    a->names.nodes[node].kind != TALLY_ARCHIVE_FILE || a->names.nodes[node].encrypted)
			continue;
		result = stream_file(s, node, &broken);
	}
	if (result == TALLY_OK && s->stopped)
		result = tally_fail(s->error, TALLY_ERROR_STOPPED, "stopped on request");
	return result;
}

tally_result tally_archive_stream(tally_archive *a, const tally_archive_receiver *receiver, tally_archive_watch *watch,
				  void *context, tally_error *error)
{
	streaming s = {.archive = a, .receiver = receiver, .watch = watch, .context = context, .error = error};
	tally_result result = tally_archive_reader_new(&s.reader, a->layer, watch_stream, &s, error);
	if (result == TALLY_OK)
		result = stream_entries(&s);
	tally_archive_reader_free(s.reader);
	return result;
}

/* ---- one more streaming ---- */

/* Up to the entry, and keeps it. */
static tally_result fetch(streaming *s, uint32_t node)
{
	tally_archive *a = s->archive;
	tally_archive_step step = TALLY_ARCHIVE_NEXT;
	bool broken = false;
	for (uint32_t i = 0, number = a->names.nodes[node].entry; i <= number; i++) {
		tally_archive_entry entry;
		step = tally_archive_reader_next(s->reader, &entry);
		if (step != TALLY_ARCHIVE_NEXT && step != TALLY_ARCHIVE_UNREADABLE)
			break;
	}
	tally_result result = TALLY_OK;
	if (step == TALLY_ARCHIVE_NO_MEMORY)
		result = tally_fail_memory(s->error);
	else if (step == TALLY_ARCHIVE_NEXT)
		result = tally_archive_keep(a, s->reader, node, TALLY_ARCHIVE_MANIFEST_MAX, &broken, s->error);
	else if (!s->stopped)
		result = note_kept(a, node, &(tally_kept){.os_error = EIO}, s->error);
	return result == TALLY_OK && s->stopped ? tally_fail(s->error, TALLY_ERROR_STOPPED, "stopped on request")
						: result;
}

tally_result tally_archive_fetch(tally_archive *a, tally_file *file, tally_archive_watch *watch, void *context,
				 tally_error *error)
{
	streaming s = {.archive = a, .watch = watch, .context = context, .error = error};
	const uint32_t node = (uint32_t)file->handle;
	if (a->names.nodes[node].kept != 0 && a->names.nodes[node].kept != TALLY_KEPT_WANTED)
		return TALLY_OK;
	tally_result result = tally_archive_reader_new(&s.reader, a->layer, watch_stream, &s, error);
	if (result == TALLY_OK)
		result = fetch(&s, node);
	tally_archive_reader_free(s.reader);
	file->size = file->identity.size = a->names.nodes[node].size;
	return result;
}

/* ---- reading what was kept ---- */

int64_t tally_archive_read(const tally_file *file, uint64_t offset, void *buffer, size_t size)
{
	tally_archive *a = tally_archive_of(file->drive);
	uint32_t node = (uint32_t)file->handle;
	pthread_mutex_lock(&a->lock);
	uint32_t number = a->names.nodes[node].kept;
	tally_kept kept = {.os_error = EIO};
	if (number != 0 && number != TALLY_KEPT_WANTED)
		kept = a->kept[number - 1];
	pthread_mutex_unlock(&a->lock);
	/* What was read before it broke off can be read. */
	if (offset >= kept.size)
		return -kept.os_error;
	size = size < kept.size - offset ? size : (size_t)(kept.size - offset);
	return tally_scratch_read(a->scratch, kept.offset + offset, buffer, size);
}
