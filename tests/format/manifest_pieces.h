/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of manifests, as literals. */
#ifndef TALLY_TESTS_FORMAT_MANIFEST_PIECES_H
#define TALLY_TESTS_FORMAT_MANIFEST_PIECES_H

#define HASH "Hash=\"0123456789ABCDEF0123456789abcdef\""
#define PATHS "<BlobPath>cargo/a</BlobPath><FilePath>\\a</FilePath>"
#define BLOCK(offset, length, more) "<Block Offset=\"" offset "\" Length=\"" length "\" " HASH more "/>"
#define RANGE(offset, length) "<PageRange Offset=\"" offset "\" Length=\"" length "\" " HASH "/>"

#define ID_ELEMENT "<DriveId>TM41X0007</DriveId>"
#define KEY "<StorageAccountKey>" KEY_64 "</StorageAccountKey>"
#define KEY_64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

#endif
