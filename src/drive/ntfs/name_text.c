/* SPDX-License-Identifier: Apache-2.0 */
/* Names as text: UTF-16 on the volume, UTF-8 with us. */
#include "base/text.h"
#include "drive/ntfs/names.h"

#include <string.h>

/* A surrogate that has no partner stands for itself: NTFS doesn't ask that names be text. */
static uint32_t next(const tally_ntfs_name *name, size_t *i)
{
	return name->is_wide ? tally_utf16_next(name->letters, name->units, i) : name->letters[(*i)++];
}

int tally_ntfs_name_compare_bytes(const tally_ntfs_name *a, const tally_ntfs_name *b)
{
	size_t i = 0, j = 0;
	/* UTF-8 sorts as its code points do. */
	while (i < a->units && j < b->units) {
		uint32_t x = next(a, &i), y = next(b, &j);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return (i < a->units) - (j < b->units);
}

size_t tally_ntfs_name_write(const tally_ntfs_name *name, char out[TALLY_NTFS_NAME_BYTES + 1])
{
	size_t size = 0;
	for (size_t i = 0; i < name->units;) {
		uint32_t code_point = next(name, &i);
		size_t written = tally_utf8_put(code_point, out + size);
		if (code_point == 0) {
			/* It would end the text. */
			memcpy(out + size, "\xC0\x80", 2);
			written = 2;
		} else if (written == 0) {
			out[size] = (char)0xED;
			out[size + 1] = (char)(0x80 | (code_point >> 6 & 0x3F));
			out[size + 2] = (char)(0x80 | (code_point & 0x3F));
			written = 3;
		}
		size += written;
	}
	out[size] = '\0';
	return size;
}

unsigned tally_ntfs_name_read(const char *text, size_t size, uint16_t units[TALLY_NTFS_NAME_UNITS])
{
	tally_text rest = {text, size};
	unsigned count = 0;
	while (rest.size > 0) {
		uint32_t code_point = tally_utf8_next(&rest);
		if (code_point == TALLY_NOT_A_CODE_POINT ||
		    count + tally_utf16_units(code_point) > TALLY_NTFS_NAME_UNITS)
			return 0;
		if (code_point >= 0x10000) {
			units[count++] = (uint16_t)(0xD800 + ((code_point - 0x10000) >> 10));
			code_point = 0xDC00 + (code_point & 0x3FF);
		}
		units[count++] = (uint16_t)code_point;
	}
	return count;
}
