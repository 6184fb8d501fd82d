/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/recording.h"

#include "base/memory.h"

/*
 * Items one after the other, none across two chunks: a byte that says which event it is and what follows, then numbers
 * in groups of seven bits, the lowest first and 0x80 in all but the last, then texts with their NUL. Places are counted
 * from the item before. So a blob with one block takes about 35 bytes and its two paths.
 */
#define CHUNK ((size_t)256 << 10)
#define NUMBER_MAX 10 /* bytes */
/* All that an item can have beside its texts. */
#define ITEM_MAX (8 * NUMBER_MAX + 2 * (3 * NUMBER_MAX + 16) + 64)

enum {
	EVENT_SEGMENT,
	EVENT_BEGIN,
	EVENT_END,
	EVENT_MASK = 3,
	HAS_STATUS = 4,
	/* of a segment; a blob can have a list of each kind */
	IS_USABLE = 8,
	KIND_SHIFT = 4,
	/* of a blob */
	HAS_LENGTH = 8,
	HAS_BLOB_PATH = 16, /* at the end of a blob: another one than at its beginning */
	HAS_FILE_PATH = 32,
	HAS_METADATA = 64,
	HAS_PROPERTIES = 128
};
enum { SIDE_FROM_LIST = 1, SIDE_HAS_HASH = 2, SIDE_HAS_PATH = 4 };

typedef struct chunk {
	struct chunk *next;
	size_t used;
	uint8_t bytes[CHUNK];
} chunk;

struct tally_recording {
	size_t left; /* bytes that may still be allocated */
	bool failed;
	chunk *first, *last;
	tally_place place;                 /* of the item before */
	const char *blob_path, *file_path; /* of the blob in hand, in the recording */
};

tally_recording *tally_recording_new(size_t limit)
{
	tally_recording *r = tally_zalloc(1, sizeof *r);
	if (r != NULL)
		r->left = limit;
	return r;
}

static void drop(tally_recording *r)
{
	while (r->first != NULL) {
		chunk *next = r->first->next;
		tally_free(r->first);
		r->first = next;
	}
	r->last = NULL;
}

void tally_recording_free(tally_recording *r)
{
	if (r != NULL)
		drop(r);
	tally_free(r);
}

bool tally_recording_is_whole(const tally_recording *r)
{
	return !r->failed;
}

/* ---- writing ---- */

/* Room for an item, or NULL: then there is no recording any more. */
static uint8_t *item(tally_recording *r, size_t texts)
{
	size_t size = ITEM_MAX + texts;
	if (r->failed)
		return NULL;
	if (r->last != NULL && size <= CHUNK - r->last->used)
		return r->last->bytes + r->last->used;
	chunk *added = size <= CHUNK && sizeof *added <= r->left ? tally_alloc(sizeof *added) : NULL;
	if (added == NULL) {
		r->failed = true;
		drop(r);
		return NULL;
	}
	r->left -= sizeof *added;
	added->next = NULL;
	added->used = 0;
	if (r->last != NULL)
		r->last->next = added;
	else
		r->first = added;
	r->last = added;
	return added->bytes;
}

static void close_item(tally_recording *r, const uint8_t *end)
{
	r->last->used = (size_t)(end - r->last->bytes);
}

static uint8_t *put_number(uint8_t *at, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*at++ = (uint8_t)(number | 0x80);
	*at++ = (uint8_t)number;
	return at;
}

static uint8_t *put_bytes(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* A difference may be negative: it wraps around, and back when it is added. */
static uint8_t *put_place(tally_recording *r, uint8_t *at, tally_place place)
{
	at = put_number(at, place.line - r->place.line);
	at = put_number(at, place.offset - r->place.offset);
	r->place = place;
	return at;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t size, const char **kept)
{
	*kept = (const char *)at;
	return put_bytes(at, text, size);
}

static size_t text_size(const char *text)
{
	return text != NULL ? strlen(text) + 1 : 0;
}

static void on_begin(void *context, const tally_manifest_blob *blob)
{
	tally_recording *r = context;
	size_t blob_path = text_size(blob->blob_path), file_path = text_size(blob->file_path);
	uint8_t *start = item(r, blob_path + file_path), *at = start;
	if (start == NULL)
		return;
	r->blob_path = r->file_path = NULL;
	*at++ = (uint8_t)(EVENT_BEGIN | (blob->status != NULL ? HAS_STATUS : 0) | (blob->has_length ? HAS_LENGTH : 0) |
			  (blob_path > 0 ? HAS_BLOB_PATH : 0) | (file_path > 0 ? HAS_FILE_PATH : 0));
	*at++ = (uint8_t)blob->kind;
	at = put_place(r, at, blob->place);
	if (blob->has_length)
		at = put_number(at, blob->length);
	if (blob->status != NULL)
		at = put_bytes(at, &blob->status, sizeof blob->status);
	if (blob_path > 0)
		at = put_text(at, blob->blob_path, blob_path, &r->blob_path);
	if (file_path > 0)
		at = put_text(at, blob->file_path, file_path, &r->file_path);
	close_item(r, at);
}

static void on_segment(void *context, const tally_manifest_blob *blob, const tally_manifest_segment *segment)
{
	tally_recording *r = context;
	uint8_t *start = item(r, 0), *at = start;
	if (start == NULL)
		return;
	*at++ = (uint8_t)(EVENT_SEGMENT | (segment->status != NULL ? HAS_STATUS : 0) |
			  (segment->usable ? IS_USABLE : 0) | (unsigned)blob->kind << KIND_SHIFT);
	at = put_place(r, at, segment->place);
	at = put_number(at, segment->offset);
	at = put_number(at, segment->length);
	at = put_bytes(at, segment->md5, sizeof segment->md5);
	if (segment->status != NULL)
		at = put_bytes(at, &segment->status, sizeof segment->status);
	close_item(r, at);
}

/* Its place by itself, as that of a whole list recurs with every blob of it. */
static uint8_t *put_side(uint8_t *at, const tally_side_reference *side)
{
	const char *kept;
	*at++ = (uint8_t)((side->from_list ? SIDE_FROM_LIST : 0) | (side->has_hash ? SIDE_HAS_HASH : 0) |
			  (side->path != NULL ? SIDE_HAS_PATH : 0));
	at = put_number(at, side->place.line);
	at = put_number(at, side->place.offset);
	if (side->has_hash)
		at = put_bytes(at, side->md5, sizeof side->md5);
	if (side->path != NULL)
		at = put_text(at, side->path, text_size(side->path), &kept);
	return at;
}

static bool differs(const char *then, const char *now)
{
	return now != NULL && (then == NULL || strcmp(then, now) != 0);
}

static void on_end(void *context, const tally_manifest_blob *blob)
{
	tally_recording *r = context;
	if (r->failed)
		return;
	size_t blob_path = differs(r->blob_path, blob->blob_path) ? text_size(blob->blob_path) : 0;
	size_t file_path = differs(r->file_path, blob->file_path) ? text_size(blob->file_path) : 0;
	const tally_side_reference *metadata = &blob->metadata, *properties = &blob->properties;
	size_t texts = blob_path + file_path + text_size(metadata->path) + text_size(properties->path);
	uint8_t *start = item(r, texts), *at = start;
	if (start == NULL)
		return;
	*at++ = (uint8_t)(EVENT_END | (blob->status != NULL ? HAS_STATUS : 0) | (blob->has_length ? HAS_LENGTH : 0) |
			  (blob_path > 0 ? HAS_BLOB_PATH : 0) | (file_path > 0 ? HAS_FILE_PATH : 0) |
			  (metadata->present ? HAS_METADATA : 0) | (properties->present ? HAS_PROPERTIES : 0));
	*at++ = (uint8_t)blob->kind;
	if (blob->has_length)
		at = put_number(at, blob->length);
	if (blob->status != NULL)
		at = put_bytes(at, &blob->status, sizeof blob->status);
	if (blob_path > 0)
		at = put_text(at, blob->blob_path, blob_path, &r->blob_path);
	if (file_path > 0)
		at = put_text(at, blob->file_path, file_path, &r->file_path);
	if (metadata->present)
		at = put_side(at, metadata);
	if (properties->present)
		at = put_side(at, properties);
	close_item(r, at);
}

const tally_manifest_events tally_recording_events = {.blob_begin = on_begin, .segment = on_segment, .blob_end = on_end};

/* ---- reading: only what was written above, so nothing is checked ---- */

typedef struct reading {
	const uint8_t *at;
	tally_place place;
	tally_manifest_blob blob;
	uint64_t blobs;
} reading;

static uint64_t get_number(reading *g)
{
	uint64_t number = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = *g->at++;
		number |= (uint64_t)(byte & 0x7F) << shift;
		if (byte < 0x80)
			return number;
	}
}

static void get_bytes(reading *g, void *bytes, size_t size)
{
	memcpy(bytes, g->at, size);
	g->at += size;
}

static const char *get_text(reading *g)
{
	const char *text = (const char *)g->at;
	g->at += strlen(text) + 1;
	return text;
}

static tally_place get_place(reading *g)
{
	g->place.line += get_number(g);
	g->place.offset += get_number(g);
	return g->place;
}

/* What the two items of a blob have in common. */
static void get_facts(reading *g, unsigned flags)
{
	g->blob.has_length = (flags & HAS_LENGTH) != 0;
	g->blob.length = g->blob.has_length ? get_number(g) : 0;
	g->blob.status = NULL;
	if ((flags & HAS_STATUS) != 0)
		get_bytes(g, &g->blob.status, sizeof g->blob.status);
	if ((flags & HAS_BLOB_PATH) != 0)
		g->blob.blob_path = get_text(g);
	if ((flags & HAS_FILE_PATH) != 0)
		g->blob.file_path = get_text(g);
}

static void get_side(reading *g, tally_side_reference *side)
{
	unsigned flags = *g->at++;
	side->present = true;
	side->from_list = (flags & SIDE_FROM_LIST) != 0;
	side->has_hash = (flags & SIDE_HAS_HASH) != 0;
	side->place.line = get_number(g);
	side->place.offset = get_number(g);
	if (side->has_hash)
		get_bytes(g, side->md5, sizeof side->md5);
	if ((flags & SIDE_HAS_PATH) != 0)
		side->path = get_text(g);
}

static void replay_begin(reading *g, unsigned flags, const tally_manifest_events *events, void *context)
{
	g->blob = (tally_manifest_blob){.index = g->blobs, .kind = (tally_blob_kind)*g->at++};
	g->blob.place = get_place(g);
	get_facts(g, flags);
	events->blob_begin(context, &g->blob);
}

static void replay_segment(reading *g, unsigned flags, const tally_manifest_events *events, void *context)
{
	tally_manifest_segment segment = {.index = g->blob.segment_count++, .usable = (flags & IS_USABLE) != 0};
	g->blob.kind = (tally_blob_kind)(flags >> KIND_SHIFT);
	segment.place = get_place(g);
	segment.offset = get_number(g);
	segment.length = get_number(g);
	get_bytes(g, segment.md5, sizeof segment.md5);
	if ((flags & HAS_STATUS) != 0)
		get_bytes(g, &segment.status, sizeof segment.status);
	events->segment(context, &g->blob, &segment);
}

static void replay_end(reading *g, unsigned flags, const tally_manifest_events *events, void *context)
{
	g->blob.kind = (tally_blob_kind)*g->at++;
	get_facts(g, flags);
	if ((flags & HAS_METADATA) != 0)
		get_side(g, &g->blob.metadata);
	if ((flags & HAS_PROPERTIES) != 0)
		get_side(g, &g->blob.properties);
	g->blobs++;
	events->blob_end(context, &g->blob);
}

void tally_recording_replay(const tally_recording *r, const tally_manifest_events *events,
			    bool (*goes_on)(void *context), void *context)
{
	reading g = {0};
	for (const chunk *c = r->first; c != NULL; c = c->next) {
		g.at = c->bytes;
		while (g.at < c->bytes + c->used) {
			if (!goes_on(context))
				return;
			unsigned flags = *g.at++;
			if ((flags & EVENT_MASK) == EVENT_BEGIN)
				replay_begin(&g, flags, events, context);
			else if ((flags & EVENT_MASK) == EVENT_SEGMENT)
				replay_segment(&g, flags, events, context);
			else
				replay_end(&g, flags, events, context);
		}
	}
}
