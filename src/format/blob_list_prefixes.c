/* SPDX-License-Identifier: Apache-2.0 */
#include "format/blob_list_prefixes.h"

#include "base/memory.h"

#include <stdlib.h>

void tally_prefixes_clear(tally_prefixes *p)
{
	tally_free(p->items);
	tally_free(p->texts);
	*p = (tally_prefixes){0};
}

tally_text tally_prefix_text(const tally_prefixes *p, const tally_prefix *prefix)
{
	return (tally_text){p->texts + prefix->begin, prefix->size};
}

tally_result tally_prefixes_add(tally_prefixes *p, tally_text text, tally_place place, tally_error *error)
{
	if (p->count == TALLY_PREFIXES_MAX || text.size > TALLY_PREFIXES_BYTES_MAX - p->texts_size) {
		p->left_out++;
		return TALLY_OK;
	}
	char *texts = tally_grow(p->texts, &p->texts_capacity, p->texts_size + text.size + 1, 1);
	if (texts == NULL)
		return tally_fail_memory(error);
	p->texts = texts;
	tally_prefix *items = tally_grow(p->items, &p->capacity, p->count + 1, sizeof *items);
	if (items == NULL)
		return tally_fail_memory(error);
	p->items = items;
	memcpy(texts + p->texts_size, text.data, text.size);
	items[p->count++] = (tally_prefix){.begin = p->texts_size, .size = text.size, .place = place};
	p->texts_size += text.size;
	return TALLY_OK;
}

static int by_offset(const void *left, const void *right)
{
	const tally_prefix *a = left, *b = right;
	return (a->place.offset > b->place.offset) - (a->place.offset < b->place.offset);
}

/* Equal ones by their places, so that the first in the document stays. */
static int by_text(const void *left, const void *right, void *prefixes)
{
	const tally_prefix *a = left, *b = right;
	int order = tally_text_compare(tally_prefix_text(prefixes, a), tally_prefix_text(prefixes, b));
	return order != 0 ? order : by_offset(a, b);
}

static bool selects(tally_text prefix, tally_text text)
{
	return text.size >= prefix.size && memcmp(text.data, prefix.data, prefix.size) == 0;
}

static void count(tally_prefix *prefix, tally_place place)
{
	if (prefix->swallowed++ == 0 || place.offset < prefix->example.offset)
		prefix->example = place;
}

/* In this order all that a prefix selects stands right behind it. */
void tally_prefixes_settle(tally_prefixes *p)
{
	if (p->count == 0)
		return;
	qsort_r(p->items, p->count, sizeof *p->items, by_text, p);
	size_t kept = 1;
	for (size_t i = 1; i < p->count; i++) {
		tally_prefix *last = &p->items[kept - 1];
		tally_text outer = tally_prefix_text(p, last), inner = tally_prefix_text(p, &p->items[i]);
		if (!selects(outer, inner))
			p->items[kept++] = p->items[i];
		else if (inner.size > outer.size)
			count(last, p->items[i].place); /* an equal one is a duplicate, and told as such */
	}
	p->count = kept;
}

/* None selects another, so only the last one that does not come behind the text can select it. */
void tally_prefixes_swallow(tally_prefixes *p, tally_text text, tally_place place)
{
	size_t low = 0, high = p->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (tally_text_compare(tally_prefix_text(p, &p->items[middle]), text) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0 && selects(tally_prefix_text(p, &p->items[low - 1]), text))
		count(&p->items[low - 1], place);
}

void tally_prefixes_conclude(tally_prefixes *p)
{
	size_t kept = 0;
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].swallowed > 0)
			p->items[kept++] = p->items[i];
	p->count = kept;
	if (kept > 0)
		qsort(p->items, kept, sizeof *p->items, by_offset);
}
