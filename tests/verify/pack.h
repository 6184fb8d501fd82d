/* SPDX-License-Identifier: Apache-2.0 */
/* Packs drives into archives, good ones and such as no program would make. Failures end the test. */
#ifndef TALLY_TESTS_VERIFY_PACK_H
#define TALLY_TESTS_VERIFY_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct pack pack;

/* Names as libarchive's: "pax", "zip", …; a filter, or NULL. NULL when libarchive can't write that by itself. */
pack *pack_begin(const char *path, const char *format, const char *filter, const char *options);
void pack_file(pack *p, const char *name, const void *bytes, size_t size);
/* Only its first `size` bytes and the rest from `tail` on; in between is a hole. */
void pack_holes(pack *p, const char *name, const uint8_t *bytes, size_t size, size_t hole, size_t tail);
void pack_link(pack *p, const char *name, const char *target, bool hard);
/* Everything in a folder, each name with `prefix` in front, in the order of names or backwards. */
void pack_folder(pack *p, const char *folder, const char *prefix, bool backwards);
void pack_end(pack *p);

#endif
